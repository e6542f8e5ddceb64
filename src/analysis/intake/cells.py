"""Reads one cell at a time: text in, a value or a problem out.

Every parser is a plain function of the text and of what the source has declared. It never guesses:
what is ambiguous comes back without a value and with the rule that says why. A text that a declared
format or a known spelling covers counts as "as written"; anything else carries a rule.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from analysis.intake.schema import ALL_TERMS
from analysis.intake.sources import DateOrder
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
    "name_in_id_column": "a name where an id belongs: letters and spaces only",
    "patient_id_tidied": "a patient id that differs from another only in case or spaces",
    "missing_date": "no date in the date column",
    "impossible_date": "a date that is not in the calendar or not in the declared order",
    "ambiguous_date": "a date whose day and month, or century, cannot be told apart",
    "excel_serial_date": "a day written as Excel's number of days since 1900",
    "sentinel": "a number or day that stands for nothing: 0, 99, 999, -1, 1900-01-01",
    "session_before_birth": "a session before the day of birth",
    "unknown_status": "not a status of a booking the vocabulary of this column knows",
    "date_in_the_future": "a date after the day the log was extracted",
    "duplicate_row": "the same row stands further up",
    "wrong_number_of_cells": "the row has more or fewer cells than the header",
    "unknown_concern": "a concern that is not in the vocabulary",
    "concern_out_of_scope": "a concern that is known and not analysed",
    "unknown_skin_type": "not a Fitzpatrick type from I to VI",
    "look_alike_skin_type": "a skin type with a letter or sign that looks like an I",
    "skin_type_range": "a range of skin types counts as its higher type",
    "conflicting_skin_type": "one patient with several skin types counts as the higher",
    "impossible_age": "not an age in years that can be",
    "unknown_sex": "not a sex the vocabulary of this column knows",
    "conflicting_sex": "one patient with several values for sex",
    "unknown_number": "not a number",
    "ambiguous_needle": "a needle length between millimetres and micrometres",
    "needle_range": "a range of needle lengths; its longest counts",
    "needle_gauge": "a needle gauge, which is a thickness, where a length belongs",
    "other_decimal_mark": "a length with a decimal mark other than the declared one",
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
    "scale_missing": "a score without a scale",
    "scale_does_not_fit": "a scale that does not fit the concern of its row",
    "several_concerns_fit": "the scale fits several concerns of the row; the first one counts",
    "score_outside_scale": "a score outside the range of its scale",
    "unknown_score": "not a score of its scale",
    "score_as_fraction": "a score written as a fraction: between two grades, or out of the best?",
    "two_scores_in_cell": "a score before and one after in the same cell",
    "ambiguous_percent": "a share or a percentage: below 1 on a scale in percent",
    "score_between_grades": "a score between two grades, as from two raters",
    "score_without_date": "a later score without the day it was taken",
    "follow_up_before_session": "a later score taken before its session",
    "unknown_side_effect": "text that names no side effect the vocabulary knows",
    "history_not_event": "side effect named as history, warning or improvement, not as an event",
    "uncertain_side_effect": "side effect named with a question mark",
    "detail_without_side_effect": "a severity or consequence in a row without a side effect",
    "unknown_contraindication": "text that names no contraindication the vocabulary knows",
    "uncertain_contraindication": "contraindication named as past, or with a question mark",
    "undefined_code": "a code the data dictionary does not define",
    "not_canonical": "a cell of a canonical table that breaks the schema",
    "unknown_patient": "a row of a canonical table whose patient is not there",
    "unknown_session": "a row of a canonical table whose session is not there",
    "correction_does_not_match": "a correction whose cell does not hold the text it was made for",
    "side_effect_not_asked": "the cell says that nothing was asked or recorded",
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
}


def ask_questions(rules: Iterable[str]) -> list[str]:
    """Return the open questions that problems of these rules raise, in a fixed order."""
    raised = set(rules)
    return [question for rule, question in _QUESTIONS.items() if rule in raised]


SENTINELS: Final = frozenset(
    "null|nan|#n/a|n/a|na|tbc|none given|n/k|not known|not recorded|unknown|?|-|--".split("|")
)
_STAND_FOR_NOTHING: Final = frozenset({-1.0, 99.0, 999.0, 9999.0})
"""Numbers typed where nothing is known; read as written where they can be true."""
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)")
_ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}


def fold(text: str) -> str:
    """Return the text as spellings are compared: lower case, single spaces, one kind of dash."""
    plain = text.replace("\u2019", "'").replace("\u2013", "-").replace("\u2212", "-")
    return " ".join(plain.casefold().split())


def is_blank(text: str | None) -> bool:
    """Return whether a cell holds nothing, or a word that stands for nothing."""
    return text is None or not text.strip() or fold(text) in SENTINELS


_NAME = re.compile(r"[^\W\d_]+\.?(?:[ ,'-]+[^\W\d_]+\.?)+")


def parse_patient(text: str, chosen: Mapping[str, str], source: str) -> Found:
    """Return the patient as ``source/ID``.

    ``chosen`` is the form that counts of ids which differ only in case or spaces, by folded id.
    Letters and spaces alone are a person's name: it must not go on.
    """
    if is_blank(text):
        return Found(rule="missing_patient", consequence="row set aside")
    if " " in (plain := fold(text)) and _NAME.fullmatch(plain):
        hint = "write the patient's id instead"
        return Found(rule="name_in_id_column", consequence="row set aside", suggestion=hint)
    patient = chosen[plain]
    if patient == text:
        return Found(f"{source}/{patient}")
    hint = "write the id the same way everywhere"
    return Found(f"{source}/{patient}", "patient_id_tidied", "repaired", hint)


def parse_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the calendar day.

    The declared order says which number is the day; ISO dates and months by name are read whatever
    the order, a time of day is left out. Two-digit years are this century. Five digits are Excel's
    count of days, which is repaired. A day after ``as_of`` is a problem. While the order is
    undeclared, a date is read only if it can be read in one way.
    """
    if is_blank(text):
        return Found(rule="missing_date", consequence="row set aside")
    plain = _TIME_OF_DAY.sub("", text.strip())
    if order == "undeclared":
        days = {_read_day(plain, each) for each in _ORDERS} - {None}
        if len(days) > 1:
            hint = "declare date_order in source.toml"
            return Found(rule="ambiguous_date", consequence="row set aside", suggestion=hint)
        order = next((each for each in _ORDERS if _read_day(plain, each)), _ORDERS[0])
    day = _read_day(plain, order) or _read_serial(plain)
    if day in _SENTINEL_DAYS or plain == "0":
        return Found(rule="sentinel", consequence="row set aside", suggestion="write the day")
    if day is None or day < _EARLIEST_SESSION:
        hint = f"write an existing day as {order}"
        return Found(rule="impossible_date", consequence="row set aside", suggestion=hint)
    if day > as_of:
        hint = "correct the day, or extracted_on in source.toml"
        return Found(rule="date_in_the_future", consequence="row set aside", suggestion=hint)
    if plain.replace(".", "").isdigit() and len(plain.partition(".")[0]) == _SERIAL_DIGITS:
        return Found(day, "excel_serial_date", "repaired", "format the column as dates")
    return Found(day)


def parse_birth_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the day of birth.

    A year of two digits is read if only one century makes a person of a possible age.
    """
    if is_blank(text):
        return Found()
    plain = _TIME_OF_DAY.sub("", text.strip())
    orders = _ORDERS if order == "undeclared" else (order,)
    days = {_read_day(plain, each) for each in orders} - {None} or {_read_serial(plain)} - {None}
    if days & _SENTINEL_DAYS:
        return Found(rule="sentinel", consequence="cell blanked", suggestion="write the day")
    if not re.search(r"\d{3}", plain):
        days |= {_add_years(day, -100) for day in days if day}
    oldest = _add_years(as_of, -PROTOCOL["oldest_age"].whole)
    possible = sorted(day for day in days if day and oldest < day <= as_of)
    if len(possible) == 1 and _read_serial(plain):
        return Found(possible[0], "excel_serial_date", "repaired", "format the column as dates")
    if len(possible) == 1:
        return Found(possible[0])
    rule = "ambiguous_date" if possible else "impossible_date"
    hint = "write the day with a year of four digits; declare date_order in source.toml"
    return Found(rule=rule, consequence="cell blanked", suggestion=hint)


def _add_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _read_day(text: str, order: DateOrder) -> date | None:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return datetime.fromisoformat(text).date()
        if named := _read_month_name(text):
            text = named
            order = "year-month-day" if re.match(r"\d{4}", text) else "day-month-year"
        parts = [int(part) for part in re.fullmatch(_DAY, text).group(1, 2, 3)]  # type: ignore[union-attr]
        day = dict(zip(order.split("-"), parts, strict=True))
        year = day["year"] + 2000 if day["year"] < 100 else day["year"]
        return date(year, day["month"], day["day"])
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
    if match := re.fullmatch(rf"(\d{{{_SERIAL_DIGITS}}})(\.\d+)?", text):
        return date(1899, 12, 30) + timedelta(days=int(match[1]))
    return None


_ORDERS: Final[tuple[DateOrder, ...]] = ("day-month-year", "month-day-year", "year-month-day")
_DAY = r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})\.?"
_TIME_OF_DAY = re.compile(
    r"(?<=\d)(T|\s+)\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([ap]m)?(Z|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)
_SERIAL_DIGITS: Final = 5
_SENTINEL_DAYS: Final[frozenset[date | None]] = frozenset(
    {date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1), date(1904, 1, 1), date(1970, 1, 1)}
    | {date(9999, 12, 31)}
)
_EARLIEST_SESSION: Final = date(1990, 1, 1)
"""Needling of the skin was first described after it (Orentreich and Orentreich 1995, Dermatol Surg
21:543), so an earlier day is a slip."""
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
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d+)?|\.\d+)", plain):
        return Found(rule="unknown_number", consequence="cell blanked")
    return Found(float(plain))


def parse_skin_type(text: str) -> Found:
    """Return ``(type, is_range)``, Fitzpatrick 1 to 6; a range counts as its higher type."""
    if is_blank(text):
        return Found()
    plain = re.sub(r"^((fitzpatrick|fitz|fst|skin|photo|type)[ .:-]*)+", "", fold(text))
    parts = [part.strip() for part in re.split(r"-|/|\bto\b", plain)]
    types = [
        _ROMAN.get(part) or (int(part) if re.fullmatch("[1-6]", part) else 0) for part in parts
    ]
    if not all(types) and _is_sentinel(plain, "0"):
        return Found(rule="sentinel", consequence="cell blanked", suggestion="Fitzpatrick I to VI")
    if types == [0] and "v" in plain:
        # "lV", "|V", "V1": a letter or sign that looks like an I, and one way to read it
        likely = _ROMAN.get(re.sub(r"[l1|!]", "i", plain), 0)
        if likely:
            hint = "write the Roman numeral with the letter I"
            return Found((likely, False), "look_alike_skin_type", "repaired", hint)
    if len(types) > 2 or not all(types):
        hint = "Fitzpatrick I to VI"
        return Found(rule="unknown_skin_type", consequence="cell blanked", suggestion=hint)
    if len(types) == 2:
        return Found((max(types), True), "skin_type_range", "noted")
    return Found((types[0], False))


def _is_sentinel(text: str, *others: str) -> bool:
    """Return whether the text is a number that stands for nothing."""
    return text in others or text in {f"{number:g}" for number in _STAND_FOR_NOTHING}


def parse_age(text: str, decimal: str) -> Found:
    """Return the age in whole years."""
    if _is_sentinel(fold(text), "0") and fold(text) != "99":
        return Found(rule="sentinel", consequence="cell blanked", suggestion="age in years")
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


def parse_needle(text: str, decimal: str) -> Found:
    """Return ``(shortest, longest)`` in millimetres.

    0 means missing. Numbers with µm, or from 100 on, are micrometres; between 3.5 and 100 without a
    unit nothing can be known. A gauge is no length.
    """
    if is_blank(text):
        return Found()
    plain = fold(text).replace("μ", "µ")
    if re.search(r"\d\s*(g|ga|gauge)\b", plain):
        hint = "write the length in mm; a gauge is a thickness"
        return Found(rule="needle_gauge", consequence="cell blanked", suggestion=hint)
    if _is_sentinel(plain):
        return Found(rule="sentinel", consequence="cell blanked", suggestion="length in mm")
    in_micrometres = bool(re.search(r"(µm|um|micron)", plain))
    is_other_mark = decimal == "." and bool(re.search(r"\d,\d", plain))
    numbers = [
        parse_number(part, "," if is_other_mark else decimal).value
        for part in re.findall(r"\d*[.,]?\d+", plain)
    ]
    lengths = [number for number in numbers if isinstance(number, float)]
    if not lengths or len(lengths) != len(numbers) or len(lengths) > 2:
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="length in mm")
    limit = PROTOCOL["needle_micrometre_from"].value
    lengths = [each / 1000 if in_micrometres or each >= limit else each for each in lengths]
    if max(lengths) == 0:
        return Found(rule="sentinel", consequence="cell blanked", suggestion="length in mm")
    if max(lengths) > PROTOCOL["needle_longest"].value:
        hint = "write the length in mm"
        return Found(rule="ambiguous_needle", consequence="cell blanked", suggestion=hint)
    span = (min(lengths), max(lengths))
    if is_other_mark:
        hint = f"write the length with {decimal!r}, or declare decimal in source.toml"
        return Found(span, "other_decimal_mark", "repaired", hint)
    return Found(span, "needle_range", "noted") if len(lengths) == 2 else Found(span)


def parse_passes(text: str, decimal: str) -> Found:
    """Return the number of passes."""
    if _is_sentinel(fold(text), "0"):
        return Found(rule="sentinel", consequence="cell blanked")
    number = parse_number(text, decimal)
    if not isinstance(number.value, float):
        return number
    if 1 <= number.value <= PROTOCOL["passes_most"].value and number.value.is_integer():
        return Found(int(number.value))
    return Found(rule="impossible_passes", consequence="cell blanked")


def parse_minutes(text: str, decimal: str) -> Found:
    """Return the minutes of a session: ``45``, ``45 min``, ``1 h``, ``1h30``, ``0:45``."""
    if is_blank(text):
        return Found()
    plain = fold(text)
    if _is_sentinel(plain, "0"):
        return Found(rule="sentinel", consequence="cell blanked", suggestion="minutes")
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
    if _is_sentinel(plain):
        return Found(rule="sentinel", consequence="cell blanked", suggestion="pain from 0 to 10")
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
    if _is_sentinel(plain):
        return Found(
            rule="sentinel", consequence="cell blanked", suggestion="months since the last"
        )
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
    return Found() if is_blank(text) else Found(" ".join(text.split()))


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
    on scales in percent. A fraction, an arrow or a share below 1 on a scale in percent has two
    readings and is not read.
    """
    if is_blank(text):
        return Found()
    if scale is None:
        return Found(rule="scale_missing", consequence="cell blanked", suggestion="name the scale")
    plain = re.sub(r"^(grade|gr|score)[ .:]*", "", fold(text))
    if re.fullmatch(r"\S+\s*(→|->|=>|➔|>)\s*\S+", plain):
        hint = "write the score before and the score after into two columns"
        return Found(rule="two_scores_in_cell", consequence="cell blanked", suggestion=hint)
    if re.fullmatch(r"[\d.,]+\s*/\s*[\d.,]+", plain):
        hint = "write one number"
        return Found(rule="score_as_fraction", consequence="cell blanked", suggestion=hint)
    is_percent = scale.unit == "%"
    number = parse_number(re.sub(r"\s*%$", "", plain) if is_percent else plain, decimal).value
    if number is None and scale.kind != "continuous":
        number = _ROMAN.get(plain)
    if number is None:
        named = [grade for grade, word in scale.grades.items() if fold(word) == plain]
        number = float(named[0]) if len(named) == 1 else None
    if number is None:
        return Found(rule="unknown_score", consequence="cell blanked", suggestion="a number")
    score = float(number)  # type: ignore[arg-type]
    if (scale.minimum is not None and score < scale.minimum) or (
        scale.maximum is not None and score > scale.maximum
    ):
        low = "" if scale.minimum is None else f"{scale.minimum:g}"
        high = "" if scale.maximum is None else f"{scale.maximum:g}"
        hint = f"a score from {low} to {high}"
        rule = "sentinel" if score in _STAND_FOR_NOTHING else "score_outside_scale"
        return Found(rule=rule, consequence="cell blanked", suggestion=hint)
    if is_percent and 0 < score < 1 and "%" not in plain:
        hint = "write percent, from 0 to 100"
        return Found(rule="ambiguous_percent", consequence="cell blanked", suggestion=hint)
    if scale.kind != "continuous" and scale.step == 1 and not score.is_integer():
        return Found(score, "score_between_grades", "noted")
    return Found(score)


@dataclass(frozen=True)
class Target:
    """One concern named in a cell, with its subtype where the spelling tells it."""

    concern: str
    subtype: str


_CONCERN_SPLIT = re.compile(r"\s*(?:[/+&,;|\n]|\band\b|\by\b|\bund\b|\bet\b)\s*", re.IGNORECASE)


def parse_concerns(text: str, vocabulary: Vocabulary) -> list[Found]:
    """Return one entry per concern named in the cell, in order, each once.

    The value is a :class:`Target`; what the vocabulary does not know comes back as a problem.
    """
    if is_blank(text):
        return []
    known = spell_concerns(vocabulary)
    whole = fold(text)
    parts = [whole] if whole in known else [fold(each) for each in _CONCERN_SPLIT.split(text)]
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
    "none|nil|nill|no|no s/e|no se|no ae|no aes|nad|-|--|ø|0|none reported|none noted|none seen"
    "|uneventful|well tolerated|no complications|no side effects|no side-effects|no reaction"
    "|sin novedad|keine|aucun|no issues|ok|all good".split("|")
)
NOT_RECORDED_WORDS: Final = frozenset("n/a|na|not asked|not recorded|dna|lost|see notes".split("|"))
_NEGATION = re.compile(r"\b(no|not|nil|without|denies|denied|free of|no sign of|never)\b")
_HISTORY = re.compile(
    r"\b(hx|history|previous|previously|risk of|advised|warned|improved|improving|better|prone)\b"
)
_UNCERTAIN = re.compile(r"\?|\br/o\b|\brule out\b|\bpossible\b|\bquery\b")
_CLAUSE_END = re.compile(r"[;\n|]|\.(?!\d)|\bbut\b|\bhowever\b")
_PIECE_END = re.compile(r"[,/+&]|\band\b|\bthen\b|\bund\b|\by\b")
_DURATION = re.compile(
    r"(?:x|for|in|after|about|approx\.?|ca\.?)?\s*(\d+(?:[.,]\d+)?)\s*"
    r"(min(?:ute)?s?|h(?:ou)?rs?|h|d(?:ay)?s?|w(?:ee)?ks?|w|mo(?:nth)?s?)\b"
)
_HOURS_PER: Final = {"m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0, "mo": 730.5}
_SEVERITY: Final = {
    **dict.fromkeys(("mild", "slight", "slightly", "minimal", "light", "little", "minor"), 1),
    **dict.fromkeys(("moderate", "moderately", "some"), 2),
    **dict.fromkeys(("severe", "severely", "marked", "strong", "intense", "bad"), 3),
}
_FILLERS: Final = frozenset(
    "a an the of on in at for after with was is were very bit skin face area treated post day days"
    " x only resolved settled gone subsided still today normal usual mild later around all over by"
    " reported noted seen had has have slightly some cheeks cheek forehead chin nose eyes".split()
)


@dataclass(frozen=True)
class Event:
    """One side effect read from a cell. Hours and severity are None where the text says neither."""

    term: str
    severity: int | None = None
    hours: float | None = None
    resolved: bool | None = None


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


def parse_side_effects(text: str, spellings: SideEffectSpellings) -> SideEffectsCell:
    """Read free text with negation, history, severity and duration.

    A negation reaches to the end of its clause (``;``, ``.``, "but"), except over a later piece
    that has a duration or severity of its own. "resolved in 2 days" is an event with a duration.
    """
    if text is None or not text.strip():
        return SideEffectsCell("not recorded")
    plain = fold(text)
    if plain in spellings.keys:
        return SideEffectsCell("event", (Event(spellings.keys[plain]),))
    if plain.strip(" .!") in NONE_WORDS:
        return SideEffectsCell("none")
    if plain in NOT_RECORDED_WORDS or plain in SENTINELS:
        return SideEffectsCell(
            "not recorded", problems=(Found(None, "side_effect_not_asked", "noted"),)
        )
    events: dict[str, Event] = {}
    denied: dict[str, None] = {}
    problems: dict[str, Found] = {}
    for clause in _CLAUSE_END.split(plain):
        _read_clause(clause, spellings, events, denied, problems)
    for term in events:
        denied.pop(term, None)
    return SideEffectsCell(
        "event" if events else "not recorded",
        tuple(events.values()),
        tuple(denied),
        tuple(problems.values()),
    )


def _read_clause(
    clause: str,
    spellings: SideEffectSpellings,
    events: dict[str, Event],
    denied: dict[str, None],
    problems: dict[str, Found],
) -> None:
    is_negated = is_history = False
    last: list[str] = []
    # "r/o" and protected spellings with a slash must not be cut at the slash
    for piece in _PIECE_END.split(clause.replace("r/o", "rule out")):
        if not piece.strip():
            continue
        terms = [spellings.keys[match] for match in spellings.pattern.findall(piece)]
        rest = spellings.pattern.sub(" ", piece)
        hours = _read_hours(rest)
        severity = next((_SEVERITY[word] for word in rest.split() if word in _SEVERITY), None)
        if _NEGATION.search(rest):
            is_negated = True
        elif hours is not None or severity is not None:
            is_negated = False
        is_history = bool(_HISTORY.search(rest)) or (is_history and hours is None)
        if _UNCERTAIN.search(rest) and terms:
            problems["uncertain"] = Found(
                None, "uncertain_side_effect", "noted", "confirm or remove"
            )
            continue
        if terms and is_negated:
            denied.update(dict.fromkeys(terms))
        elif terms and is_history:
            problems["history"] = Found(None, "history_not_event", "noted")
        elif terms:
            resolved = True if re.search(r"\b(resolved|settled|gone|subsided)\b", rest) else None
            for term in terms:
                events.setdefault(term, Event(term, severity, hours, resolved))
            last = terms
        elif hours is not None and last:
            for term in last:
                known = events[term]
                events[term] = Event(term, known.severity, known.hours or hours, known.resolved)
        elif _has_unknown_words(rest):
            hint = "name a side effect of the vocabulary, or add the spelling to vocabulary.toml"
            problems["unknown"] = Found(None, "unknown_side_effect", "noted", hint)
            events.setdefault("other", Event("other", severity, hours))


def _read_hours(text: str) -> float | None:
    match = _DURATION.search(text)
    if match is None:
        return None
    unit = match.group(2)
    key = "mo" if unit.startswith("mo") else unit[0]
    return float(match.group(1).replace(",", ".")) * _HOURS_PER[key]


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
    if is_blank(text) and text.strip() not in NONE_WORDS:
        return ContraindicationsCell({})
    plain = re.sub(r"\b(hx|h/o|history)( of)?\b", "history of", fold(text))
    if plain.strip(" .!") in _NO_CONTRAINDICATION:
        return ContraindicationsCell({ALL_TERMS: False})
    known: dict[str, bool] = {}
    problems: dict[str, Found] = {}
    for clause in _CLAUSE_END.split(plain):
        is_negated = False
        for piece in _PIECE_END.split(clause):
            terms = [spellings.keys[match] for match in spellings.pattern.findall(piece)]
            rest = spellings.pattern.sub(" ", piece)
            is_negated = is_negated or bool(_NEGATION.search(rest))
            if terms and (_UNCERTAIN.search(rest) or _HISTORY.search(rest)):
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


_NO_CONTRAINDICATION: Final = NONE_WORDS | frozenset(
    "none known|nkda|no contraindications|no contraindication|none of these|none of the above"
    "|nothing|all clear|clear|cleared|denies|denies all".split("|")
)
