"""Reads one cell at a time: text in, a value or a problem out.

Every parser is a plain function of the text and of what the source has declared. It never guesses:
what is ambiguous comes back without a value and with the rule that says why. A text that a declared
format or a known spelling covers counts as "as written"; anything else carries a rule.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from analysis.intake.schema import ALL_TERMS
from analysis.intake.sources import Answers, DateOrder
from analysis.vocabulary import PROTOCOL, Scale, Vocabulary

Consequence = Literal["", "row set aside", "cell blanked", "repaired", "noted"]


@dataclass(frozen=True)
class Found:
    """What a cell was read as. ``value`` is None where nothing can be known from it."""

    value: object = None
    rule: str = ""
    """Key of RULES; empty where the cell was used as written or is blank."""
    consequence: Consequence = ""
    suggestion: str = ""


RULES: Final[Mapping[str, str]] = {
    "missing_patient": "no patient in the patient column",
    "name_in_id_column": "a name where an id belongs: words of letters only",
    "patient_id_tidied": "a patient id that differs from others only in case, spaces or zeros",
    "missing_date": "no date in the date column",
    "impossible_date": "a date that is not in the calendar or not in the declared order",
    "date_too_early": "a date before microneedling was done",
    "ambiguous_date": "a date whose day and month, or century, cannot be told apart",
    "excel_serial_date": "a day written as Excel's number of days since 1900",
    "session_before_birth": "a session before the day of birth",
    "unknown_status": "not a status of a booking the vocabulary of this column knows",
    "date_in_the_future": "a date after the day the log was extracted",
    "duplicate_row": "the same row stands further up",
    "wrong_number_of_cells": "the row has more or fewer cells than the header",
    "missing_concern": "a session without a concern",
    "no_previous_session": "side effects of the session before, on a patient's first row",
    "two_scores_on_a_day": "several scores of one day that differ",
    "unknown_concern": "a concern that is not in the vocabulary",
    "concern_out_of_scope": "a concern that is known and not analysed",
    "unknown_skin_type": "not a Fitzpatrick type from I to VI",
    "skin_type_range": "a range of skin types counts as its higher type",
    "conflicting_skin_type": "one patient with several skin types counts as the higher",
    "impossible_age": "not an age in years that can be",
    "unknown_sex": "not a sex the vocabulary of this column knows",
    "conflicting_sex": "one patient with several values for sex",
    "unknown_number": "not a number",
    "ambiguous_needle": "a needle length between millimetres and micrometres",
    "needle_range": "a range of needle lengths; its longest counts",
    "unusual_needle": "a needle shorter or longer than is usual; it counts as written",
    "impossible_passes": "more passes than can be, or none",
    "impossible_minutes": "a session of no minutes, or of more than can be",
    "impossible_pain": "pain outside 0 to 10",
    "impossible_months": "more months than can be, or fewer than none",
    "unknown_modality": "not a modality the vocabulary of this column knows; it counts as other",
    "unknown_setting": "neither the clinic nor at home",
    "unknown_side": "not left, right or both",
    "unknown_rater": "not a kind of rater the vocabulary of this column knows",
    "unknown_severity": "not mild, moderate, severe or 1 to 5",
    "unknown_answer": "neither yes nor no",
    "unknown_scale": "a scale that is not in the vocabulary",
    "undeclared_scale": "a scale whose order source.toml must declare",
    "scale_missing": "a score whose row names no scale",
    "scale_does_not_fit": "a scale that does not fit the concern of its row",
    "several_concerns_fit": "the scale fits several concerns of the row; the first one counts",
    "score_outside_scale": "a score outside the range of its scale, or a stand-in such as 99 or -1",
    "unknown_score": "not a score of its scale",
    "ambiguous_percent": "a share or a percentage: below 1 on a scale in percent",
    "score_without_date": "a later score without the day it was taken",
    "follow_up_before_session": "a later score that was not taken after the day of its session",
    "unknown_side_effect": "text that names no side effect the vocabulary knows",
    "history_not_event": "side effect named as history, warning or improvement, not as an event",
    "uncertain_side_effect": "side effect named with a question mark, or after a negation that may "
    "or may not reach it",
    "side_effect_not_named": "the cell says yes without naming a side effect; it counts as other",
    "detail_without_side_effect": "a severity or consequence in a row without a side effect",
    "unknown_contraindication": "text that names no contraindication the vocabulary knows",
    "uncertain_contraindication": "contraindication named as past, or with a question mark",
    "undefined_code": "a code the data dictionary does not define",
    "not_canonical": "a cell of a canonical table that breaks the schema",
    "unknown_patient": "a row of a canonical table whose patient is not there",
    "unknown_session": "a row of a canonical table whose session is not there",
    "correction_does_not_match": "a correction whose cell does not hold the text it was made for",
    "side_effect_not_asked": "the cell says that nothing was asked or recorded",
    "undeclared_session": "side effects of which source.toml must say whose session they are of",
    "undeclared_not_applicable": 'side effects "N/A", which source.toml must explain',
}
"""Every rule a problem can name, with its meaning. One number, one home: also the documentation."""

_QUESTIONS: Final[Mapping[str, str]] = {
    "ambiguous_date": "In which order are the dates written? Declare date_order in source.toml.",
    "undeclared_scale": "Which score is best on the scales that clinics write in several orders? "
    "Declare each under [scales] in source.toml.",
    "scale_missing": "On which scale are the scores? Name its column, or `scale` under [answers].",
    "score_without_date": "When were the later scores taken? Name the column as score_after_date.",
    "ambiguous_needle": "Are the needle lengths from 3.5 to 100 in millimetres or micrometres? "
    "Write the unit in the cells.",
    "unknown_scale": "What are the range and direction of the scales the vocabulary does not know? "
    "Add them to vocabulary.toml.",
    "undeclared_session": "Are the side effects of a row those of its session or of the one "
    "before? Answer side_effects_belong_to in source.toml.",
    "undeclared_not_applicable": 'What does "N/A" mean where side effects are written? Answer '
    "not_applicable_side_effects in source.toml.",
}


def ask_questions(rules: Iterable[str]) -> list[str]:
    """Return the open questions that problems of these rules raise, in a fixed order."""
    raised = set(rules)
    return [question for rule, question in _QUESTIONS.items() if rule in raised]


SENTINELS: Final = frozenset(
    "null|nan|#n/a|n/a|na|tbc|none given|n/k|not known|not recorded|unknown|?".split("|")
)
_ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}


def fold(text: str) -> str:
    """Return the text as spellings are compared: lower case, single spaces, one kind of dash, and
    an accent as part of its letter."""
    plain = unicodedata.normalize("NFC", text)
    plain = plain.replace("\u2019", "'").replace("\u2013", "-").replace("\u2212", "-")
    return " ".join(plain.casefold().split())


def is_blank(text: str | None) -> bool:
    """Return whether a cell holds nothing, or a word that stands for nothing."""
    return text is None or not text.strip() or fold(text) in SENTINELS


_NO_PATIENT = re.compile(
    r"[\W_]*|0+(?:[.,]0+)?|none|nil|missing|no id|pending"
    r"|#(?:ref|value|name|div/0|null|num|n/a|spill|calc)[!?]?"
)


def is_no_patient(text: str | None) -> bool:
    """Return whether a patient cell holds a stand-in for "none": no id, only marks or zeros, or
    the error a formula left."""
    return text is None or is_blank(text) or _NO_PATIENT.fullmatch(fold(text)) is not None


_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?(?:,?\s+[^\W\d_]+(?:['’-][^\W\d_]+)*\.?)+")


def find_width(ids: Iterable[str]) -> int:
    """Return how many digits the ids of a column have, where zeros in front show it; else 0.

    A spreadsheet takes such zeros away; an id that is shorter than all others has lost them.
    """
    digits = [text.strip() for text in ids if text.strip().isdecimal()]
    padded = {len(text) for text in digits if text.startswith("0") and text.strip("0")}
    width = padded.pop() if len(padded) == 1 else 0
    return 0 if any(len(text) > width for text in digits) else width


def fold_patient(text: str, width: int) -> str:
    """Return the id as ids are compared, with the zeros in front that the column has."""
    plain = fold(text)
    return plain.zfill(width) if plain.isdecimal() else plain


def parse_patient(text: str, chosen: Mapping[str, str], source: str, width: int = 0) -> Found:
    """Return the patient as ``source/ID``.

    ``chosen`` is the form that counts of ids which differ only in case, spaces or zeros that the
    column should have in front, by folded id.
    Words of letters alone, one of them with a capital, are a person's name: it must not go on.
    """
    if is_no_patient(text):
        return Found(rule="missing_patient", consequence="row set aside")
    if _NAME.fullmatch(text.strip()) and text != text.casefold():
        hint = "write the patient's id instead"
        return Found(rule="name_in_id_column", consequence="row set aside", suggestion=hint)
    patient = chosen[fold_patient(text, width)]
    if patient == text:
        return Found(f"{source}/{patient}")
    hint = "write the id the same way everywhere"
    return Found(f"{source}/{patient}", "patient_id_tidied", "repaired", hint)


def parse_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the calendar day.

    The declared order says which number is the day; ISO dates and months by name are read whatever
    the order. Two-digit years are this century; a time of day is read over. Five digits are Excel's
    count of days, and repaired. A day after ``as_of``, or before microneedling was done, is a
    problem. While the order is undeclared,
    a date is read only if it can be read in one way.
    """
    if is_blank(text):
        return Found(rule="missing_date", consequence="row set aside")
    if order == "undeclared":
        days = {read_day(text, each) for each in DATE_ORDERS} - {None}
        if len(days) > 1:
            hint = "declare date_order in source.toml"
            return Found(rule="ambiguous_date", consequence="row set aside", suggestion=hint)
        order = next((each for each in DATE_ORDERS if read_day(text, each)), DATE_ORDERS[0])
    serial = _read_serial(text)
    day = read_day(text, order) or serial
    if day in _NO_DAYS:
        return Found(rule="missing_date", consequence="row set aside")
    if day is None:
        hint = f"write an existing day as {order}"
        return Found(rule="impossible_date", consequence="row set aside", suggestion=hint)
    if day.year < PROTOCOL["earliest_session"].whole:
        hint = "correct the year"
        return Found(rule="date_too_early", consequence="row set aside", suggestion=hint)
    if day > as_of:
        hint = "correct the day, or extracted_on in source.toml"
        return Found(rule="date_in_the_future", consequence="row set aside", suggestion=hint)
    return _note_serial(day) if serial else Found(day)


def _note_serial(day: date) -> Found:
    return Found(day, "excel_serial_date", "repaired", "format the column as dates")


def parse_later_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the day of a later score: it may be blank, and a bad one blanks its cell alone."""
    if is_blank(text):
        return Found()
    found = parse_date(text, order, as_of)
    return found if found.value else replace(found, consequence="cell blanked")


def parse_birth_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the day of birth.

    A year of two digits is read if only one century makes a person of a possible age.
    """
    if is_blank(text):
        return Found()
    orders = DATE_ORDERS if order == "undeclared" else (order,)
    serial = _read_serial(text)
    days = {serial} if serial else {read_day(text, each) for each in orders} - {None}
    if not re.search(r"\d{3}", text):
        days |= {_add_years(day, -100) for day in days if day}
    oldest = _add_years(as_of, -PROTOCOL["oldest_age"].whole)
    possible = sorted(day for day in days - _NO_DAYS if day and oldest < day <= as_of)
    if len(possible) == 1:
        return _note_serial(possible[0]) if serial else Found(possible[0])
    rule = "ambiguous_date" if possible else "impossible_age" if days else "impossible_date"
    hint = "write the day with a year of four digits; declare date_order in source.toml"
    return Found(rule=rule, consequence="cell blanked", suggestion=hint)


def _add_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def read_day(text: str, order: DateOrder) -> date | None:
    """Return the day a text names in this order, if there is one in the calendar."""
    text = text.strip()
    try:
        if named := _read_month_name(text):
            text = named
            order = "year-month-day" if re.match(r"\d{4}", text) else "day-month-year"
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-]\d{2}:?\d{2})?)?", text):
            return datetime.fromisoformat(text[:10]).date()
        parts = re.fullmatch(_DAY, text).group(1, 2, 3)  # type: ignore[union-attr]
        day = dict(zip(order.split("-"), parts, strict=True))
        if len(day["year"]) not in (2, 4):
            return None
        year = int(day["year"]) + (2000 if len(day["year"]) == 2 else 0)
        return date(year, int(day["month"]), int(day["day"]))
    except (AttributeError, ValueError):
        return None


def _read_month_name(text: str) -> str:
    """Return "3-4-24" for "3-Apr-24", "3 April 2024" or "Apr 3, 2024"; empty for other texts."""
    parts = [part for part in re.split(r"[\s.,/-]+", fold(text)) if part]
    if parts and parts[0][:3] in _WEEKDAYS:
        parts = parts[1:]
    if len(parts) == 3 and parts[0].isalpha():
        parts = [parts[1], parts[0], parts[2]]
    if len(parts) != 3 or len(parts[1]) < 3 or not parts[1].isalpha():
        return ""
    month = next(
        (n for n, names in enumerate(_MONTHS, 1) if any(m.startswith(parts[1]) for m in names)), 0
    )
    return f"{re.sub(r'(?<=[0-9])(st|nd|rd|th)$', '', parts[0])}-{month}-{parts[2]}"


def _read_serial(text: str) -> date | None:
    """Return the day of Excel's number of days; the part after the point is the time of day."""
    if match := re.fullmatch(r"\s*(\d{5})(\.\d+)?\s*", text):
        return date(1899, 12, 30) + timedelta(days=int(match[1]))
    return None


DATE_ORDERS: Final[tuple[DateOrder, ...]] = ("day-month-year", "month-day-year", "year-month-day")
_DAY = r"(\d{1,4})[./-] ?(\d{1,2})[./-] ?(\d{1,4})(?: \d{1,2}:\d{2}(?::\d{2})?)?"
_NO_DAYS: Final = frozenset({date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1)})
"""What spreadsheets and databases write where there is no date."""
_WEEKDAYS: Final = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
_MONTHS: Final = (
    *(("january", "januar", "enero", "janvier"), ("february", "februar", "febrero", "février")),
    *(("march", "märz", "marzo", "mars"), ("april", "abril", "avril")),
    *(("may", "mai", "mayo"), ("june", "juni", "junio", "juin")),
    *(("july", "juli", "julio", "juillet"), ("august", "agosto", "août")),
    *(("september", "septiembre", "septembre"), ("october", "oktober", "octubre", "octobre")),
    *(("november", "noviembre", "novembre"), ("december", "dezember", "diciembre", "décembre")),
)


def parse_number(text: str, decimal: str) -> Found:
    """Return the number, read with the declared decimal mark; blank has no value."""
    if is_blank(text):
        return Found()
    plain = text.strip()
    if decimal == ",":
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", plain):
            # 1.500 may be one and a half or fifteen hundred
            return Found(rule="unknown_number", consequence="cell blanked")
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d+)?|\.\d+)", plain):
        return Found(rule="unknown_number", consequence="cell blanked")
    return Found(float(plain))


def parse_skin_type(text: str) -> Found:
    """Return ``(type, is_range)``, Fitzpatrick 1 to 6; a range counts as its higher type."""
    if is_blank(text):
        return Found()
    plain = re.sub(r"^((fitzpatrick|fitz|fst|skin|type)[ .:]*)+", "", fold(text))
    parts = [part.strip() for part in re.split(r"-|/|\bto\b", plain)]
    types = [
        _ROMAN.get(part) or (int(part[0]) if re.fullmatch("[1-6]([.,]0)?", part) else 0)
        for part in parts
    ]
    if len(types) > 2 or not all(types):
        hint = "Fitzpatrick I to VI"
        return Found(rule="unknown_skin_type", consequence="cell blanked", suggestion=hint)
    if len(types) == 2:
        return Found((max(types), True), "skin_type_range", "noted")
    return Found((types[0], False))


def parse_age(text: str, decimal: str) -> Found:
    """Return the age in whole years."""
    number = parse_number(text, decimal)
    if isinstance(number.value, float) and 0 < number.value <= PROTOCOL["oldest_age"].value:
        return Found(int(number.value))
    if number.value is None and not number.rule:
        return number
    return Found(rule="impossible_age", consequence="cell blanked", suggestion="age in years")


_SEXES: Final = {
    **dict.fromkeys(("f", "female", "w", "woman", "frau", "weiblich", "mujer"), "female"),
    **dict.fromkeys(("m", "male", "man", "herr", "männlich", "hombre"), "male"),
    **dict.fromkeys(("x", "other", "diverse", "d", "non-binary"), "other"),
}


def parse_sex(text: str) -> Found:
    """Return ``female``, ``male`` or ``other``."""
    if is_blank(text):
        return Found()
    if fold(text) in _SEXES:
        return Found(_SEXES[fold(text)])
    return Found(rule="unknown_sex", consequence="cell blanked", suggestion="female, male or other")


_LENGTH = re.compile(r"(?P<number>\d*[.,]?\d+)\s*(?P<unit>mm|µm|um|micron)?")
_NOT_A_LENGTH = re.compile(r"^-|\d\s*g\b|gauge|\bpass|\bpins?\b|needles|\bx\s*\d|\d\s*x\b")
"""A negative number, a gauge, a count of passes or pins: none of them is a length."""


def parse_needle(text: str, decimal: str) -> Found:
    """Return ``(shortest, longest)`` in millimetres.

    0 means missing. Numbers with µm, or from 100 on, are micrometres; between 3.5 and 100 without a
    unit nothing can be known. Neither can a cell with anything else that is a number. A length
    that is shorter or longer than usual counts and is noted.
    """
    if is_blank(text):
        return Found()
    plain = fold(text).replace("\u03bc", "\u00b5")
    found = [*_LENGTH.finditer(plain)]
    numbers = [parse_number(each["number"], decimal).value for each in found]
    lengths = [number for number in numbers if isinstance(number, float)]
    is_length = len(lengths) == len(numbers) in (1, 2) and not _NOT_A_LENGTH.search(plain)
    if not is_length:
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="length in mm")
    units = {each["unit"] for each in found} - {None}
    in_micrometres = bool(units) and "mm" not in units
    limit = PROTOCOL["needle_micrometre_from"].value
    lengths = [each / 1000 if in_micrometres or each >= limit else each for each in lengths]
    if max(lengths) == 0:
        return Found()
    if max(lengths) > PROTOCOL["needle_longest"].value:
        hint = "write the length in mm"
        return Found(rule="ambiguous_needle", consequence="cell blanked", suggestion=hint)
    span = (min(lengths), max(lengths))
    usual = PROTOCOL["needle_shortest"].value, PROTOCOL["needle_unusual_above"].value
    if span[0] < usual[0] or span[1] > usual[1]:
        hint = "confirm the length and its unit"
        return Found(span, "unusual_needle", "noted", hint)
    return Found(span, "needle_range", "noted") if len(lengths) == 2 else Found(span)


def parse_passes(text: str, decimal: str) -> Found:
    """Return the number of passes."""
    number = parse_number(text, decimal)
    if not isinstance(number.value, float):
        return number
    fewest, most = PROTOCOL["passes_fewest"].value, PROTOCOL["passes_most"].value
    if fewest <= number.value <= most and number.value.is_integer():
        return Found(int(number.value))
    return Found(rule="impossible_passes", consequence="cell blanked")


def parse_minutes(text: str, decimal: str) -> Found:
    """Return the minutes of a session: ``45``, ``45 min``, ``1 h``, ``1h30``, ``0:45``."""
    if is_blank(text):
        return Found()
    plain = fold(text)
    number = parse_number(re.sub(r"\s*(minutes?|mins?|min\.|m|')$", "", plain), decimal).value
    if match := re.fullmatch(r"(\d{1,2})\s*(?:h|hr|hour|hours|:)\s*(\d{1,2})?\s*(?:m|min)?", plain):
        number = float(int(match[1]) * 60 + int(match[2] or 0))
    if not isinstance(number, float):
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="minutes")
    if not 0 < number <= _LONGEST_SESSION:
        return Found(rule="impossible_minutes", consequence="cell blanked", suggestion="minutes")
    return Found(number)


_LONGEST_SESSION: Final = 600
"""Minutes; ten hours are a slip of the pen."""


def parse_pain(text: str, decimal: str) -> Found:
    """Return pain from 0 to 10; ``4/10`` is 4."""
    if is_blank(text):
        return Found()
    plain, most = fold(text), PROTOCOL["pain_most"].value
    number = parse_number(re.sub(rf"\s*/\s*{most:g}$", "", plain), decimal).value
    if not isinstance(number, float):
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="0 to 10")
    if not 0 <= number <= most:
        return Found(rule="impossible_pain", consequence="cell blanked", suggestion="0 to 10")
    return Found(number)


def parse_isotretinoin_months(text: str, decimal: str) -> Found:
    """Return the months since isotretinoin: a number, with its unit or not; 0 is now.

    "never" has no months and is no problem.
    """
    if is_blank(text) or fold(text) in ("never", "none", "no", "nil"):
        return Found()
    plain = fold(text)
    if plain in ("current", "currently", "now", "on it", "ongoing", "yes, current"):
        return Found(0.0)
    years = re.fullmatch(r"(.*?)\s*(?:years?|yrs?|y)(?: ago)?", plain)
    bare = years[1] if years else re.sub(r"\s*(months?|mths?|mo|m)?\.?( ago)?$", "", plain)
    number = parse_number(bare, decimal).value
    if not isinstance(number, float):
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="months")
    months = number * 12 if years else number
    if not 0 <= months <= PROTOCOL["oldest_age"].value * 12:
        return Found(rule="impossible_months", consequence="cell blanked", suggestion="months")
    return Found(months)


# --- words that stand for one of a few -------------------------------------------------------


def _spell(**spellings: str) -> dict[str, str]:
    """Return spelling → key from ``key="one spelling|another"``; the key spells itself."""
    return {
        spelling: key
        for key, words in spellings.items()
        for spelling in (key, key.replace("_", " "), *words.split("|"))
    }


_STATUSES: Final = _spell(
    attended="attend|completed|complete|done|arrived|seen|checked out|checked in|closed|finished"
    "|yes|y|ok|show|showed|treated",
    absent="cancelled|canceled|cancellation|cancel|late cancel|late cancellation|no-show|no show"
    "|noshow|no_show|dna|did not attend|didn't attend|missed|not attended|rescheduled|postponed"
    "|booked|scheduled|pending|fta|failed to attend|abgesagt|nicht erschienen|cancelada",
)
_MODALITIES: Final = _spell(
    microneedling="micro-needling|micro needling|needling|medical needling|skin needling|mn|cit|pci"
    "|mnt|collagen induction|collagen induction therapy|dermapen|pen|skinpen|mechanical needling"
    "|automated microneedling|roller|dermaroller|derma roller|derma-roller|stamp|micorneedling"
    "|micronileng|microneedeling|mesoneedling",
    rf_microneedling="rf|rf needling|rf micro-needling|rf micro needling|microneedling rf|mn rf"
    "|mnrf|rfmn|fractional rf|fractional rf microneedling|frf|fmr|fractional radiofrequency"
    "|radiofrequency|radiofrequency microneedling|radio-frequency microneedling|needle rf"
    "|rf-microneedling|microneedling with rf|microneedle rf|morpheus8|morpheus|secret rf|infini"
    "|vivace|potenza|genius",
    laser="co2|co2 laser|fractional laser|fractional co2|fractional co2 laser|ablative laser|erbium"
    "|er:yag|er:yag laser|erbium laser|fraxel|pico|pico laser|nd:yag|q-switched|laser resurfacing"
    "|non-ablative laser",
    chemical_peel="peel|peeling|chem peel|tca|tca peel|tca cross|glycolic|glycolic peel|salicylic"
    "|salicylic peel|jessner|jessner peel|mandelic peel",
    dermabrasion="derm-abrasion",
    other="other|prp|mesotherapy|microdermabrasion|hydrafacial|ipl|botox|botulinum toxin|filler|led"
    "|subcision|facial|consultation",
)
_SETTINGS: Final = _spell(
    clinic="in clinic|in-clinic|office|in office|practice|surgery|salon|praxis",
    home="at home|home use|home roller|self|self-treatment|self treatment|zuhause",
)
_AT_HOME = re.compile(r"[\s(,/-]*\b(?:at[ -])?home\b(?:[ -]use)?[\s),/-]*")
_SIDES: Final = _spell(
    left="l|lt|lhs|left side|left half|left cheek|left face|l side|links|izquierda|gauche",
    right="r|rt|rhs|right side|right half|right cheek|right face|r side|rechts|derecha|droite",
    both="bilateral|b/l|l+r|l & r|l/r|left and right|both sides|whole|beidseits",
)
_RATERS: Final = _spell(
    blinded="blind|blinded investigator|blinded rater|independent|independent rater"
    "|blinded physician|photo panel|photographs blinded|blinded photo",
    investigator="physician|doctor|dr|clinician|treating physician|operator|therapist|nurse|staff"
    "|dermatologist|treating clinician|provider|practitioner|unblinded",
    device="instrument|camera|visia|antera|mexameter|cutometer|colorimeter|machine",
    patient="self|self-assessed|self assessed|self-assessment|client|subject|pt|patient reported"
    "|patient-reported",
)
_SEVERITIES: Final = _spell(
    **{
        "1": "mild|slight|minimal|light|minor|i|leicht",
        "2": "moderate|mod|ii|mittel",
        "3": "severe|marked|strong|iii|schwer",
        "4": "life-threatening|life threatening|iv",
        "5": "fatal|death|v",
    }
)
_YES: Final = frozenset(
    "yes|y|true|t|1|x|✓|ja|sí|si|oui|resolved|gone|settled|serious|sae|stopped".split("|")
)
_NO: Final = frozenset(
    "no|n|false|f|0|nein|non|not resolved|ongoing|unresolved|persisting|not serious"
    "|continued|none".split("|")
)


def _parse_word(text: str, spellings: Mapping[str, str], rule: str, hint: str) -> Found:
    if is_blank(text):
        return Found()
    if key := spellings.get(fold(text).strip(" .")):
        return Found(key)
    return Found(rule=rule, consequence="cell blanked", suggestion=hint)


def parse_status(text: str) -> Found:
    """Return whether a booking became a session; a blank cell says so.

    What is not understood sets its row aside: it is neither counted as a session nor left out as a
    booking.
    """
    if is_blank(text):
        return Found(True)
    found = _parse_word(text, _STATUSES, "unknown_status", "attended, cancelled or no-show")
    if found.value is None:
        return replace(found, consequence="row set aside")
    return Found(found.value == "attended")


def parse_modality(text: str) -> Found:
    """Return ``(modality, setting)``; the setting only where the text says "at home".

    What is not understood is ``other``: it is not counted as microneedling.
    """
    if is_blank(text):
        return Found()
    plain = fold(text).strip(" .")
    bare = _AT_HOME.sub(" ", plain).strip()
    setting = "home" if bare != plain else None
    key = _MODALITIES.get(bare)
    if key:
        return Found((key, setting))
    hint = "name one of: " + ", ".join(dict.fromkeys(_MODALITIES.values()))
    return Found(("other", setting), "unknown_modality", "noted", hint)


def parse_setting(text: str) -> Found:
    """Return ``clinic`` or ``home``."""
    return _parse_word(text, _SETTINGS, "unknown_setting", "clinic or home")


def parse_side(text: str) -> Found:
    """Return ``left``, ``right`` or ``both``."""
    return _parse_word(text, _SIDES, "unknown_side", "left, right or both")


def parse_rater(text: str) -> Found:
    """Return ``blinded``, ``investigator``, ``device`` or ``patient``."""
    return _parse_word(
        text,
        _RATERS,
        "unknown_rater",
        "blinded, investigator, device or patient; until then default_rater counts",
    )


def parse_severity(text: str) -> Found:
    """Return the severity from 1 mild to 5 fatal; "none" and 0 are none."""
    if is_blank(text) or fold(text) in ("0", "none", "nil", "no"):
        return Found()
    plain = re.sub(r"^(ctcae|grade|gr|g)[ .:]*", "", fold(text))
    hint = "mild, moderate, severe, or 1 to 5"
    found = _parse_word(plain, _SEVERITIES, "unknown_severity", hint)
    return found if found.value is None else Found(int(str(found.value)))


def parse_answer(text: str) -> Found:
    """Return yes or no."""
    if is_blank(text):
        return Found()
    plain = fold(text).strip(" .")
    if plain in _YES or plain in _NO:
        return Found(plain in _YES)
    return Found(rule="unknown_answer", consequence="cell blanked", suggestion="yes or no")


def parse_text(text: str) -> Found:
    """Return the text without spaces around it, for names of devices, lots, staff and areas."""
    return Found() if is_blank(text) or not text.strip(" -") else Found(" ".join(text.split()))


def parse_scale(text: str, spellings: Mapping[str, str], declared: frozenset[str]) -> Found:
    """Return the key of the scale; ``declared`` are scales whose order is still to be declared."""
    if is_blank(text):
        return Found()
    key = spellings.get(fold(text))
    if key is None:
        hint = "name a scale of the vocabulary, or add it to vocabulary.toml"
        return Found(rule="unknown_scale", consequence="cell blanked", suggestion=hint)
    if key in declared:
        hint = f"declare scales.{key} in source.toml"
        return Found(rule="undeclared_scale", consequence="cell blanked", suggestion=hint)
    return Found(key)


def parse_score(text: str, scale: Scale | None, decimal: str) -> Found:
    """Return the score in the unit of its scale.

    Roman numerals count for ordinal scales only, words where the scale's grades have them, and "%"
    on scales in percent. A fraction, an arrow or a share below 1 on a scale in percent can be read
    in two ways and is not read. Where the scale has no range of its own, a number below zero, 99,
    999 or 9999 stands for "none" and is no score.
    """
    if is_blank(text):
        return Found()
    if scale is None:
        return Found(rule="scale_missing", consequence="cell blanked", suggestion="name the scale")
    plain = re.sub(r"^(grade|gr|score)[ .:]*", "", fold(text))
    is_percent = scale.unit == "%"
    number = parse_number(re.sub(r"\s*%$", "", plain) if is_percent else plain, decimal).value
    if number is None and scale.kind != "continuous":
        number = _ROMAN.get(plain)
    if number is None:
        named = [grade for grade, word in scale.grades.items() if fold(word) == plain]
        number = float(named[0]) if len(named) == 1 else None
    if number is None:
        hint = "a number"
        if re.search(r"→|➔|->|=>", plain):
            hint = "write the score before and the score after into two columns"
        return Found(rule="unknown_score", consequence="cell blanked", suggestion=hint)
    score = float(number)  # type: ignore[arg-type]
    if not math.isfinite(score) or _is_stand_in(score, scale):
        hint = "leave the cell empty where there is no score"
        return Found(rule="score_outside_scale", consequence="cell blanked", suggestion=hint)
    if (scale.minimum is not None and score < scale.minimum) or (
        scale.maximum is not None and score > scale.maximum
    ):
        low = "" if scale.minimum is None else f"{scale.minimum:g}"
        high = "" if scale.maximum is None else f"{scale.maximum:g}"
        hint = f"a score from {low} to {high}"
        return Found(rule="score_outside_scale", consequence="cell blanked", suggestion=hint)
    if is_percent and 0 < score < 1 and "%" not in plain:
        hint = "write percent, from 0 to 100"
        return Found(rule="ambiguous_percent", consequence="cell blanked", suggestion=hint)
    return Found(score)


def _is_stand_in(score: float, scale: Scale) -> bool:
    is_below = scale.minimum is None and score < 0
    return is_below or (scale.maximum is None and score in _STAND_INS)


_STAND_INS: Final = (99.0, 999.0, 9999.0)


@dataclass(frozen=True)
class Target:
    """One concern named in a cell, with its subtype where the spelling tells it."""

    concern: str
    subtype: str


_LIST_SPLIT = re.compile(r"\s*(?:[/+&,;|\n]|\band\b|\by\b|\bund\b|\bet\b)\s*", re.IGNORECASE)


def parse_concerns(
    text: str, vocabulary: Vocabulary, known: Mapping[str, Target] | None = None
) -> list[Found]:
    """Return one entry per concern named in the cell, in order, each once.

    The value is a :class:`Target`; what the vocabulary does not know comes back as a problem.
    ``known`` are its spellings, for whoever reads many cells.
    """
    if is_blank(text):
        return []
    known = spell_concerns(vocabulary) if known is None else known
    whole = fold(text)
    parts = [whole] if whole in known else [fold(each) for each in _LIST_SPLIT.split(text)]
    found: dict[object, Found] = {}
    for part in filter(None, parts):
        target = known.get(part)
        if target is None:
            hint = "name a concern of the vocabulary, or add the spelling to vocabulary.toml"
            found[part] = Found(rule="unknown_concern", consequence="noted", suggestion=hint)
        elif vocabulary.concerns[target.concern].out_of_scope:
            found[target.concern] = Found(target, "concern_out_of_scope", "noted")
        else:
            found.setdefault(target.concern, Found(target))
    return list(found.values())


def spell_concerns(vocabulary: Vocabulary) -> dict[str, Target]:
    """Return folded spelling → target, for all concerns."""
    known: dict[str, Target] = {}
    for key, concern in vocabulary.concerns.items():
        for spelling in (key, concern.name, *concern.spellings, *concern.short_spellings):
            known[fold(spelling)] = Target(key, "")
        for subtype, spellings in concern.subtypes.items():
            known |= {fold(spelling): Target(key, subtype) for spelling in spellings}
    return known


def spell_scales(vocabulary: Vocabulary) -> dict[str, str]:
    """Return folded spelling → key, for all scales."""
    return {
        fold(spelling): key
        for key, scale in vocabulary.scales.items()
        for spelling in (key, scale.name, *scale.spellings)
    }


# --- side effects in free text ---------------------------------------------------------------

NONE_WORDS: Final = frozenset(
    "-|--|ø|0|zero|n|ok|fine|happy|good|all good|all fine|all ok|all well|uneventful"
    "|well tolerated|tolerated well|sin novedad|sin efectos secundarios|sin efectos adversos|keine"
    "|keine nebenwirkungen|aucun|aucune|aucun effet secondaire|pas d'effets secondaires"
    "|sem efeitos adversos".split("|")
)
"""What stands for "asked, and none", beside the phrases of :data:`_NONE`."""
NOT_RECORDED_WORDS: Final = frozenset("n/a|n.a.|na|y/n|not asked|not recorded|dna|lost".split("|"))
NOT_APPLICABLE_WORDS: Final = frozenset("n/a|n.a.|n. a.|na|not applicable".split("|"))
"""What may mean that nobody asked, or that there was none; see :func:`answer_side_effects`."""
_YES_ALONE: Final = frozenset("y|yes|ja|si|sí|oui|sim|positive".split("|"))
_NONE = re.compile(
    r"(?:(?:pt|patient|client) (?:is |was )?)?"
    r"(?:happy with (?:the )?(?:results?|outcome|progress|treatment)|no|none|nil"
    r"|nill|nothing|nad|without|happy|fine)(?: (?:any|adverse|side|untoward|other))*"
    r"(?: (?:s/e|se|aes?|ae's|(?:side-)?effects?|events?|reactions?|complications?|complaints?"
    r"|concerns?|issues?|problems?))?(?: (?:reported|noted|seen|observed|of note|to report))?"
)
_LABEL = re.compile(
    r"^(?:side[ -]?effects?|s/?e|aes?|adverse (?:events?|effects?)|reactions?|complications?)"
    r"\s*[:=]\s*"
)
_UNIT = r"(?:min(?:ute)?s?|h(?:ou)?rs?|h|d(?:ay)?s?|w(?:ee)?ks?|w|mo(?:nth)?s?)"
_NUMBER_WORDS: Final = {
    **{"a couple of": 2, "couple of": 2, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3},
    **{"four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"eleven": 11, "twelve": 12, "fourteen": 14},
}
_REWRITE: Final = tuple(
    (re.compile(pattern), whole)
    for pattern, whole in (
        (r"(?<!\w)r/o(?!\w)", "rule out"),
        (r"(?<!\w)w/o(?!\w)", "without"),
        (r"(?<!\w)h/o(?!\w)", "history of"),
        (r"(?<!\w)n/a(?!\w)", "not asked"),
        (r"(?<!\w)(?:s/e(?:'?s)?)(?!\w)", "side effects"),
        (r"(?<!\w)n\. ?a\. ?d\b\.?", "nad"),
        (r"\b(did|has|have|had|is|was|were|does|do|are)n'?t\b", r"\1 not"),
        # a score of nought is "zero", the British 3/7 and 2/52 are days and weeks; any other
        # score says that it was there
        (r"(?<![\d/.,])0+(?:[.,]0+)?\s*/\s*\d+(?![\d/])", "zero"),
        (r"(?<![\d/.,])(\d+(?:-\d+)?)\s*/\s*7(?![\d/])", r"\1 days"),
        (r"(?<![\d/.,])(\d+(?:-\d+)?)\s*/\s*52(?![\d/])", r"\1 weeks"),
        (r"(?<![\d/.,])(\d+(?:-\d+)?)\s*/\s*12(?![\d/])", r"\1 months"),
        (r"(?<![\d/.,])\d+(?:[.,]\d+)?\s*/\s*(?:3|4|5|6|10|100)(?![\d/])", " "),
        (rf"(?<!twice )(?<!once )(?<!times )\b({'|'.join(_NUMBER_WORDS)}) (?={_UNIT}\b)", ""),
        (r"\b(\d+) or (?=\d)", r"\1-"),
        (r"\bor (?:so|more|less|longer)\b", " "),
        # "7 days+", but not the plus between two side effects
        (rf"(\d)\s*({_UNIT})(?:\+(?!\w)|\s*\+(?=\s*(?:$|[,;.)])))", r"\1+ \2"),
    )
)
"""What is written short or as a word, and how it is read; an empty text stands for the number."""
_DENYING = (
    r"no|nil|without|denies|denied|den(?:y|ying)|free (?:of|from)|negative for|neg for|-ve for"
    r"|absence of|lack of|kein(?:e[nrms]?)?|ohne|sin|pas de|aucune?|sem|zero"
)
_NEGATION = re.compile(
    rf"(?<!\w)(?:(?:{_DENYING}|not|never)(?!\w)|pas d'|(?<!day )(?<![.,])0(?= *$))"
)
_NOTHING = re.compile(rf"(?<!\w)(?:(?:{_DENYING}|none|nothing)(?!\w)|pas d')")
_NEGATION_AFTER = re.compile(
    r"[\s:=(\[-]*(?:was |were |is )?(?:no|none|nil|zero|0(?:[.,]0+)?|absent|denied|negative"
    r"|ruled out|excluded|not (?:noted|seen|reported|present|observed))[\s.)\]]*"
)
_NEGATION_BETWEEN = re.compile(
    r"\s*(?:[:=(\[-]\s*(?:no|none|nil|zero|absent)\b|(?:zero|0|none|absent)\b)"
)
_PARTLY = re.compile(
    r"(?:no|not|without|nil) (?:\w+ )?(?:severe|significant|major|marked|excessive|undue|much"
    r"|abnormal|unusual)\b"
)
_AFFIRMED = re.compile(r"\b(?:only|just|some|still|now|yes)\b")
_STILL_THERE = re.compile(
    r"\bunresolved\b|\bnot (?:(?:yet|fully|completely|quite) )*(?:resolv|settl|gone\b|subsid|improv"
    r"|better\b|heal|fad|clear)\w*"
)
_GOES_ON = re.compile(r"\b(?:still|ongoing|persist\w*)\b")
_PAST = (
    r"hx|history|previous|previously|risk of|advised|warned|prone|resolved|no longer|no change"
    r"|no improvement"
)
_PAST_WORDS = re.compile(rf"\b(?:{_PAST})\b")
_HISTORY = re.compile(
    rf"\b(?:{_PAST}|discuss\w*|explained|counsel\w*|consent\w*|(?:pre-?)?existing"
    r"|(?<!no )known|prior|prophyla\w*)\b|(?<!day )(?<!days )(?<!week )(?<!weeks )\bold\b"
)
_HISTORY_AFTER = re.compile(
    r"\b(?:hx|history|risks?|prophyla\w*|discuss\w*|explained|counsel\w*|consent\w*|warn\w*|advice"
    r"|at baseline|before (?:treatment|session)|pre-?existing)\b"
)
_BETTER = re.compile(
    r"\b(?:improved|improving|better|lighter|softer|fainter|flatter|smoother|faded|reduced"
    r"|less(?! than))\b"
)
_NOT_ASKED = re.compile(
    r"\bnot (?:asked|assessed|checked|recorded|reviewed|seen|applicable|known)\b|\bno show\b"
    r"|\bdid not attend\b|\bdna\b"
)
_UNCERTAIN = re.compile(r"\?|\brule out\b|\bpossible\b|\bquery\b|\bsuspected\b|\bmaybe\b")
_RESOLVED = re.compile(r"\b(?:resolved|settled|gone|subsided)\b")
_CLAUSE_END = re.compile(
    r"[;|]|\.(?!\d)|\bbut\b|\bhowever\b|\bexcept(?: for)?\b|\b(?:apart|aside) from\b|\bother than\b"
)
# a comma between digits is a decimal comma, a plus after a digit says "or more"
_PIECE_END = re.compile(
    r"((?<!\d),|,(?!\d)|(?<!\d)\+|[/&]|\b(?:and|then|und|y|or|nor|oder|ou|ni|nem)\b)"
)
_ALSO_MARKS: Final = frozenset(("and", "&", "und", "y"))
_OR_MARKS: Final = frozenset(("or", "nor", "oder", "ou", "ni", "nem"))
_DURATION = re.compile(
    r"(?:(?<![^\W\d_])(?P<lead>x|for|in|within|after|by|from|at|on|post|until|till?|up to|to"
    r"|through|lasted|lasting)|@)?\s*(?:about|approx\.?|ca\.?)?\s*"
    r"(?P<over>>|over|more than|longer than|beyond)?\s*"
    rf"(?:\d+(?:[.,]\d+)?\s*{_UNIT}?\s*(?:-|to)\s*)?"
    rf"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<more>\+)?[\s-]*(?P<unit>{_UNIT})\b"
    r"(?P<onset>\s*(?:after|post|later|following|since|ago)\b)?"
)
_DAY_NUMBER = re.compile(
    r"\b(?:until|till?|up to|to|through)\s+(?:day|d)\s?(?P<until>\d+)\b"
    r"|\bdays?\s?\d+\s?(?:-|to|until)\s?(?:day\s?|d)?(?P<last>\d+)\b"
    r"|\b(?:day|d)\s?(?P<on>\d+)\b"
)
_STARTS: Final = frozenset(("in", "within", "after", "by", "from", "at", "on", "post"))
"""What stands before the time when something began, or ended; not before how long it lasted."""
_HOURS_PER: Final = {"m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0, "mo": 730.5}
_SEVERITY: Final = {
    **dict.fromkeys(("mild", "slight", "slightly", "minimal", "light", "little", "minor"), 1),
    **dict.fromkeys(("moderate", "moderately"), 2),
    **dict.fromkeys(("severe", "severely", "marked", "strong", "intense", "bad"), 3),
}
_FILLERS: Final = frozenset(
    "a an the of on in at for after with was is were very bit skin face area treated post day days"
    " x only resolved settled gone subsided still today normal usual mild later around all over by"
    " reported noted seen had has have some cheeks cheek forehead chin nose eyes lip neck left"
    " right both sides ongoing resolving settling fading yes until till til within lasted lasting"
    " through up since ago then more than over few several couple hours weeks months just again"
    " completely fully all together there".split()
)
_UNKNOWN: Final = Found(
    None,
    "unknown_side_effect",
    "noted",
    "name a side effect of the vocabulary, or add the spelling to vocabulary.toml",
)
OTHER: Final = "other"
"""The term of what is written and not in the vocabulary."""


@dataclass(frozen=True)
class Event:
    """One side effect read from a cell. Hours and severity are None where the text says neither."""

    term: str
    severity: int | None = None
    hours: float | None = None
    resolved: bool | None = None

    def join(self, later: "Event") -> "Event":
        """Return the event with what a later mention of it adds: the worse and the longer count."""
        return Event(
            self.term,
            max(filter(None, (self.severity, later.severity)), default=None),
            max(filter(None, (self.hours, later.hours)), default=None),
            self.resolved if later.resolved is None else later.resolved,
        )


@dataclass(frozen=True)
class SideEffectsCell:
    """What a side-effect cell says.

    ``recorded`` is ``event``, ``none`` (asked, none), or ``not recorded``; ``denied`` are the terms
    the text denies one by one ("no PIH"): for them alone, none is recorded.
    """

    recorded: Literal["event", "none", "not recorded"]
    events: tuple[Event, ...] = ()
    denied: tuple[str, ...] = ()
    problems: tuple[Found, ...] = ()


@dataclass(frozen=True)
class SideEffectSpellings:
    """The spellings of all side effects, as one search for the longest match."""

    keys: Mapping[str, str]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "SideEffectSpellings":
        keys = {
            fold(spelling): key
            for key, effect in vocabulary.side_effects.items()
            for spelling in (
                key.replace("_", " "),
                effect.name,
                *effect.spellings,
                *effect.short_spellings,
            )
        }
        return cls(keys, _match_longest(keys))

    def protect(self, text: str) -> str:
        """Return the text with every spelling that holds a mark of division replaced by one that
        holds none, so that it is not cut in two."""

        def plain(match: re.Match[str]) -> str:
            spelling = match[0]
            is_cut = _PIECE_END.search(spelling) or _CLAUSE_END.search(spelling)
            return self.keys[spelling].replace("_", " ") if is_cut else spelling

        return self.pattern.sub(plain, text)


_Verdict = Literal["", "denied", "history", "not asked", "uncertain", "unclear"]
_LISTED: Final[Mapping[str, tuple[str, str]]] = {
    "history": ("history_not_event", ""),
    "not asked": ("side_effect_not_asked", ""),
    "uncertain": ("uncertain_side_effect", "confirm or remove"),
    "unclear": (
        "uncertain_side_effect",
        'write "no" before each side effect that is denied, and a semicolon before those seen',
    ),
}


@dataclass
class _Reading:
    """What has been read of a cell so far."""

    events: dict[str, Event] = field(default_factory=dict)
    denied: dict[str, None] = field(default_factory=dict)
    problems: dict[str, Found] = field(default_factory=dict)
    says_none: bool = False
    listed: list[str] = field(default_factory=list)
    """The terms of the list that was read last: what "resolved after 10 days" is about."""
    latest: list[str] = field(default_factory=list)

    def add_event(self, event: Event) -> None:
        known = self.events.get(event.term)
        self.events[event.term] = known.join(event) if known else event
        if event.term == OTHER:
            self.add_problem(_UNKNOWN)

    def add_problem(self, problem: Found) -> None:
        self.problems.setdefault(problem.rule, problem)

    def add_verdict(self, term: str, verdict: "_Verdict", event: Event) -> None:
        """Take down one term as what its words make of it: an event, where they say nothing."""
        if verdict == "denied":
            self.denied[term] = None
        elif verdict:
            rule, hint = _LISTED[verdict]
            self.add_problem(Found(None, rule, "noted", hint))
        else:
            self.add_event(event)

    def add_to_last(self, hours: float | None, resolved: bool | None) -> None:
        """Let a time that stands alone count for the terms of the list that have none."""
        without = [term for term in self.listed if self.events[term].hours is None]
        for term in without or self.latest:
            self.add_event(Event(term, None, hours, resolved))

    def close(self) -> SideEffectsCell:
        for term in self.events:
            self.denied.pop(term, None)
        if not (self.events or self.denied or self.problems or self.says_none):
            self.add_problem(_UNKNOWN)
        return SideEffectsCell(
            "event" if self.events else "none" if self.says_none else "not recorded",
            tuple(self.events.values()),
            tuple(self.denied),
            tuple(self.problems.values()),
        )


def parse_side_effects(text: str, spellings: SideEffectSpellings) -> SideEffectsCell:
    """Read free text with negation, history, severity and duration.

    A negation or a word of history reaches forward inside its clause (to ``;``, ``.``, a new line,
    "but") over "or", "nor" and "and", and over the commas of a list that ends with one of them. A
    bare term behind another comma is an event where the clause named one before the negation;
    otherwise nothing can be known and it is listed. "redness: none" and "pain 0/10" deny what
    stands before them. "resolved in 2 days" is an event with a duration; "after 10 days" alone is
    its onset, which is not kept. A duration behind "redness and swelling" counts for both. A text
    that says nothing that can be used is a problem, never silence.
    """
    if text is None or not text.strip():
        return SideEffectsCell("not recorded")
    plain = fold(re.sub(r"\s*[\r\n]+\s*", "; ", text.strip()))
    reading = _Reading()
    if plain in spellings.keys:
        reading.add_event(Event(spellings.keys[plain], _read_severity(plain)))
        return reading.close()
    if plain in NOT_RECORDED_WORDS or plain in SENTINELS:
        reading.add_problem(Found(None, "side_effect_not_asked", "noted"))
        return reading.close()
    if _LABEL.sub("", plain).strip(" .!") in _YES_ALONE:
        # somebody saw something: no known term can be counted, and leaving it out would hide it
        reading.events[OTHER] = Event(OTHER)
        hint = "name what was seen"
        reading.add_problem(Found(None, "side_effect_not_named", "noted", hint))
        return reading.close()
    for clause in _CLAUSE_END.split(spellings.protect(_write_out(plain))):
        _read_clause(clause, spellings, reading)
    return reading.close()


UNDECLARED_SESSION: Final = Found(
    None, "undeclared_session", "cell blanked", "answer side_effects_belong_to in source.toml"
)


def answer_side_effects(cell: SideEffectsCell, text: str, answers: Answers) -> SideEffectsCell:
    """Return what a side-effect cell says once a person has answered what its text leaves open.

    While it is not known whose session it tells of, nothing of it is used and it is a problem.
    """
    plain = fold(text)
    meaning: str = answers.empty_side_effects if not plain else ""
    if plain in NOT_APPLICABLE_WORDS:
        meaning = answers.not_applicable_side_effects
    if meaning == "none":
        cell = SideEffectsCell("none")
    elif meaning == "undeclared":
        hint = "answer not_applicable_side_effects in source.toml"
        problem = Found(None, "undeclared_not_applicable", "cell blanked", hint)
        return SideEffectsCell("not recorded", problems=(problem,))
    says_something = cell.recorded != "not recorded" or cell.denied or cell.problems
    if answers.side_effects_belong_to == "undeclared" and says_something:
        return SideEffectsCell("not recorded", problems=(UNDECLARED_SESSION,))
    return cell


def _write_out(text: str) -> str:
    """Return the text with short forms, scores and numbers in words written in one way."""
    for pattern, whole in _REWRITE:
        text = pattern.sub(whole or (lambda match: f"{_NUMBER_WORDS[match[1]]} "), text)
    return text


def _says_none(text: str) -> bool:
    plain = _LABEL.sub("", text.strip()).strip(" .!")
    return plain in NONE_WORDS or _NONE.fullmatch(plain) is not None


@dataclass
class _Piece:
    """What stands between two marks of division, read on its own."""

    mark: str
    """The mark before it that says most: "or" before "and" before a comma."""
    around: str
    """The text with its terms blanked out; lengths stay, so that places can be looked at."""
    found: list[re.Match[str]]
    severity: int | None
    hours: float | None
    resolved: bool | None
    scope: _Verdict
    """What its own words say that may reach over to the next piece."""
    is_denied: bool
    """A word behind its last term denies it."""
    inherited: _Verdict = ""
    """What a neighbour says of it."""

    @classmethod
    def read(cls, mark: str, text: str, spellings: SideEffectSpellings) -> "_Piece":
        found = [*spellings.pattern.finditer(text)]
        around = _mask(spellings.pattern, text)
        is_there = _STILL_THERE.search(around) is not None
        goes_on = is_there or _GOES_ON.search(around) is not None
        around = _mask(_STILL_THERE, around)
        ended = _RESOLVED.search(around) is not None
        hours = _read_hours(around, goes_on, ended or _BETTER.search(around) is not None)
        ended = ended or (hours is not None and _BETTER.search(around) is not None)
        ahead = around[: found[-1].start()] if found else _mask(_RESOLVED, around)
        is_denied = bool(found and _NEGATION_AFTER.fullmatch(around[found[-1].end() :]))
        return cls(
            mark,
            around,
            found,
            _read_severity(text),
            hours,
            False if is_there else True if ended else None,
            _find_scope(ahead),
            is_denied,
        )

    @property
    def is_bare(self) -> bool:
        """Whether nothing but its neighbours can say what becomes of its terms."""
        ahead = self.around[: self.found[0].start()] if self.found else ""
        is_open = bool(self.found) and not self.scope and not self.is_denied and not self.inherited
        has_time = self.hours is not None and self.mark not in _OR_MARKS
        is_open = is_open and self.severity is None and not has_time
        return is_open and not _AFFIRMED.search(ahead)

    def judge(self, place: int) -> _Verdict:
        """Return what the words around one of its terms say of it."""
        match, term = self.found[place], self.found[place][0]
        start = self.found[place - 1].end() if place else 0
        is_last = place + 1 == len(self.found)
        end = len(self.around) if is_last else self.found[place + 1].start()
        ahead, before = self.around[: match.start()], self.around[start : match.start()]
        after = self.around[match.end() : end]
        if place and (said := _NEGATION_BETWEEN.match(before)):
            ahead = before = before[said.end() :]
        if _UNCERTAIN.search(ahead):
            return "uncertain"
        if _NOT_ASKED.search(ahead):
            return "not asked"
        if (self.is_denied and is_last) or (not is_last and _NEGATION_BETWEEN.match(after)):
            return "denied"
        is_better = _BETTER.search(self.around) and self.hours is None
        if _HISTORY.search(ahead) or _HISTORY_AFTER.search(after) or is_better:
            return "history"
        if negations := [*_NEGATION.finditer(before)]:
            if _AFFIRMED.search(before[negations[-1].end() :]):
                return ""
            return "unclear" if _PARTLY.search(before) else "denied"
        if _NEGATION.search(ahead):
            is_same = term in (each[0] for each in self.found[:place])
            is_seen = _AFFIRMED.search(before) or _read_severity(before) is not None
            return "denied" if is_same else "" if is_seen else "unclear"
        return self.inherited


def _find_scope(ahead: str) -> _Verdict:
    if _NOT_ASKED.search(ahead):
        return "not asked"
    if _HISTORY.search(ahead):
        return "history"
    negations = [*_NEGATION.finditer(ahead)]
    if not negations or _AFFIRMED.search(ahead[negations[-1].end() :]):
        return ""
    return "denied"


def _cut(clause: str, spellings: SideEffectSpellings, reading: _Reading) -> list[_Piece]:
    """Return the pieces of a clause; those that say "none" are taken down here."""
    pieces: list[_Piece] = []
    parts = _PIECE_END.split(clause)
    marks: list[str] = []
    for mark, text in zip(["", *parts[1::2]], parts[0::2], strict=True):
        marks.append(mark)
        if not text.strip():
            continue
        if _says_none(text):
            reading.says_none = True
            marks = []
            continue
        telling = [each for each in marks if each in _OR_MARKS]
        telling += [each for each in marks if each in _ALSO_MARKS]
        pieces.append(_Piece.read((telling or marks)[0 if telling else -1], text, spellings))
        marks = []
    return pieces


def _share_backwards(pieces: list[_Piece]) -> None:
    """Let what stands behind the last term of a list count for the whole list: a duration behind
    "redness and swelling", and the "none" of "redness/swelling: none"."""
    for at in range(len(pieces) - 1, 0, -1):
        last = pieces[at]
        is_number = re.search(r"\b(?:0|zero)\b", last.around)
        shares_time = last.hours is not None and not last.scope and not last.is_denied
        shares_denial = last.is_denied and not last.scope and not is_number
        if not last.found or not (shares_time or shares_denial):
            continue
        joining = {*_ALSO_MARKS, "/", "+"} | (_OR_MARKS if shares_denial else set())
        is_joined = False
        for before in range(at - 1, -1, -1):
            mark, piece = pieces[before + 1].mark, pieces[before]
            is_joined = is_joined or mark in joining
            is_free = piece.found and not piece.scope and not piece.is_denied
            if not is_free or not is_joined or mark not in (*joining, ",") or piece.hours:
                break
            if shares_time:
                piece.hours = last.hours
                piece.resolved = last.resolved if piece.resolved is None else piece.resolved
            elif piece.severity is None:
                piece.inherited = "unclear" if mark == "," else "denied"


def _reach(pieces: list[_Piece]) -> None:
    """Decide over which of the next pieces a negation or a word of history reaches."""
    scope: _Verdict = ""
    has_events = names_events = False
    for at, piece in enumerate(pieces):
        if piece.scope:
            scope, has_events = piece.scope, names_events
        elif piece.is_bare and scope:
            piece.inherited = _judge_bare(pieces[at:], scope, has_events)
            scope = scope if piece.inherited else ""
        elif piece.found and not piece.is_denied and not piece.inherited:
            scope = ""
        verdicts = [piece.judge(place) for place in range(len(piece.found))]
        names_events = names_events or "" in verdicts


def _judge_bare(pieces: list[_Piece], scope: _Verdict, has_events: bool) -> _Verdict:
    """Return what a scope makes of the first of these pieces, which says nothing of its own."""
    for at, piece in enumerate(pieces):
        if at and not piece.is_bare:
            break
        if piece.mark in _OR_MARKS:
            return scope
        if piece.mark in _ALSO_MARKS and (not has_events or not at):
            return "unclear" if has_events else scope
    return "" if has_events else "unclear"


def _read_clause(clause: str, spellings: SideEffectSpellings, reading: _Reading) -> None:
    if _says_none(clause):
        reading.says_none = True
        return
    pieces = _cut(clause, spellings, reading)
    _share_backwards(pieces)
    _reach(pieces)
    is_uncertain = is_history = False
    is_first = True
    for piece in pieces:
        is_uncertain = "?" in piece.around or (is_uncertain and piece.mark not in (",", "then"))
        happened = []
        for place, match in enumerate(piece.found):
            term = spellings.keys[match[0]]
            verdict = "uncertain" if is_uncertain else piece.judge(place)
            is_uncertain = verdict == "uncertain"
            reading.add_verdict(
                term, verdict, Event(term, piece.severity, piece.hours, piece.resolved)
            )
            if not verdict:
                happened.append(term)
        if not piece.found:
            _read_words(piece, is_history, reading)
        is_history = is_history or piece.scope == "history"
        if happened:
            reading.listed = happened if is_first else [*reading.listed, *happened]
            reading.latest, is_first = happened, False


def _read_words(piece: _Piece, is_history: bool, reading: _Reading) -> None:
    """Read a piece that names no side effect: more about the last one, or unknown words."""
    around = piece.around
    if reading.latest and not _has_unknown_words(_mask(_GOES_ON, _mask(_BETTER, around))):
        reading.add_to_last(piece.hours, piece.resolved)
    elif _NOT_ASKED.search(around):
        reading.add_problem(Found(None, "side_effect_not_asked", "noted"))
    elif _has_unknown_words(around) or piece.hours is not None:
        if is_history or piece.scope == "history" or _NOTHING.search(around):
            reading.add_problem(_UNKNOWN)
        else:
            reading.add_event(Event(OTHER, piece.severity, piece.hours, piece.resolved))


def _mask(pattern: re.Pattern[str], text: str) -> str:
    """Return the text with what the pattern finds blanked out."""
    return pattern.sub(lambda match: " " * len(match[0]), text)


def _read_severity(text: str) -> int | None:
    words = re.findall(r"(?<![\w-])\w+(?![\w-])", text)  # "light-headed" is not light
    return next((_SEVERITY[word] for word in words if word in _SEVERITY), None)


def _read_hours(text: str, goes_on: bool, ended: bool) -> float | None:
    """Return how long it lasted; of "2-3 days" the larger end, of "over 7 days", and of what still
    goes on, the least above it.

    "after 10 days", "10 days after" and "on day 10" say how long only of what ended or goes on
    then; otherwise that is when it began.
    """
    hours: float | None = None
    is_longer = goes_on
    for match in _DURATION.finditer(text):
        is_start = match["lead"] in _STARTS or bool(match["onset"] and not match["lead"])
        if not is_start or goes_on or ended:
            unit = match["unit"]
            key = "mo" if unit.startswith("mo") else unit[0]
            hours = float(match["number"].replace(",", ".")) * _HOURS_PER[key]
            is_longer = is_longer or bool(match["over"] or match["more"])
            break
    else:
        for match in _DAY_NUMBER.finditer(text):
            if day := match["until"] or match["last"] or (match["on"] if goes_on or ended else ""):
                hours = float(day) * _HOURS_PER["d"]
                break
    return math.nextafter(hours, math.inf) if hours is not None and is_longer else hours


def _has_unknown_words(text: str) -> bool:
    words = re.findall(r"[^\W\d]+", _DURATION.sub(" ", text))
    return any(
        word not in _FILLERS and word not in _SEVERITY and not _NEGATION.fullmatch(word)
        for word in words
    )


# --- contraindications -----------------------------------------------------------------------


@dataclass(frozen=True)
class ContraindicationsCell:
    """What a contraindications cell says: key → present or absent; ``*`` absent is "none"."""

    known: Mapping[str, bool]
    problems: tuple[Found, ...] = ()


@dataclass(frozen=True)
class ContraindicationSpellings:
    """The spellings of all contraindications, as one search for the longest match."""

    keys: Mapping[str, str]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "ContraindicationSpellings":
        keys = {
            fold(spelling): key
            for key, each in vocabulary.contraindications.items()
            for spelling in (key.replace("_", " "), each.name, *each.spellings)
        }
        return cls(keys, _match_longest(keys))


def parse_contraindications(
    text: str, spellings: ContraindicationSpellings
) -> ContraindicationsCell:
    """Read a free list of contraindications with negation.

    A blank cell says nothing; "none" says that all were asked about and none was present. A
    negation reaches to the end of its clause. What is named as past counts only where the spelling
    itself is about the past.
    """
    if is_blank(text):
        return ContraindicationsCell({})
    plain = fold(re.sub(r"\s*[\r\n]+\s*", "; ", text.strip()))
    plain = re.sub(r"\b(hx|h/o|history)( of)?\b", "history of", plain)
    if _says_none(plain) or plain.strip(" .!") in _NO_CONTRAINDICATION:
        return ContraindicationsCell({ALL_TERMS: False})
    known: dict[str, bool] = {}
    problems: dict[str, Found] = {}
    for clause in _CLAUSE_END.split(plain):
        is_negated = False
        for piece in _LIST_SPLIT.split(clause):
            terms = [spellings.keys[match] for match in spellings.pattern.findall(piece)]
            rest = spellings.pattern.sub(" ", piece)
            is_negated = is_negated or bool(_NEGATION.search(rest))
            if terms and (_UNCERTAIN.search(rest) or _PAST_WORDS.search(rest)):
                rule, hint = "uncertain_contraindication", "confirm or remove"
                problems[rule] = Found(None, rule, "noted", hint)
            elif terms:
                for term in terms:
                    known[term] = known.get(term, False) or not is_negated
            elif _has_unknown_words(rest):
                rule = "unknown_contraindication"
                hint = "name a contraindication of the vocabulary, or add the spelling to it"
                problems[rule] = Found(None, rule, "noted", hint)
    return ContraindicationsCell(known, tuple(problems.values()))


def _match_longest(keys: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(keys, key=lambda each: (-len(each), each))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


_NO_CONTRAINDICATION: Final = frozenset(
    "none known|no contraindications|no contraindication|no known contraindications|none of these"
    "|none of the above|all clear|clear|cleared|denies|denies all".split("|")
)
