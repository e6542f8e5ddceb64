"""Reads one cell at a time: text in, a value or a problem out.

Every parser is a plain function of the text and of what the source has declared. It never guesses:
what is ambiguous comes back without a value and with the rule that says why. A text that a declared
format or a known spelling covers counts as "as written"; anything else carries a rule.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

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
    "patient_id_tidied": "a patient id that differs from another only in case or spaces",
    "missing_date": "no date in the date column",
    "impossible_date": "a date that is not in the calendar or not in the declared order",
    "ambiguous_date": "a date whose day and month cannot be told apart",
    "date_in_the_future": "a date after the day the log was extracted",
    "duplicate_row": "the same row stands further up",
    "wrong_number_of_cells": "the row has more or fewer cells than the header",
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
    "impossible_passes": "more passes than can be, or none",
    "unknown_scale": "a scale that is not in the vocabulary",
    "undeclared_scale": "a scale whose order source.toml must declare",
    "scale_missing": "a score whose row names no scale",
    "scale_does_not_fit": "a scale that does not fit the concern of its row",
    "several_concerns_fit": "the scale fits several concerns of the row; the first one counts",
    "score_outside_scale": "a score outside the range of its scale",
    "unknown_score": "not a score of its scale",
    "score_without_date": "a later score without the day it was taken",
    "follow_up_before_session": "a later score taken before its session",
    "unknown_side_effect": "text that names no side effect the vocabulary knows",
    "history_not_event": "side effect named as history, warning or improvement, not as an event",
    "uncertain_side_effect": "side effect named with a question mark",
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


SENTINELS: Final = frozenset({"null", "nan", "#n/a", "tbc", "none given", "n/k", "unknown", "?"})
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)")
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


def parse_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the calendar day.

    The declared order says which number is the day; ISO dates are read whatever the order.
    Two-digit years are this century; a time of day is read over. A day after ``as_of`` is a
    problem. While the order is undeclared, a date is read only if it can be read in one way.
    """
    if is_blank(text):
        return Found(rule="missing_date", consequence="row set aside")
    if order == "undeclared":
        days = {read_day(text, each) for each in DATE_ORDERS} - {None}
        if len(days) > 1:
            hint = "declare date_order in source.toml"
            return Found(rule="ambiguous_date", consequence="row set aside", suggestion=hint)
        order = next((each for each in DATE_ORDERS if read_day(text, each)), DATE_ORDERS[0])
    day = read_day(text, order)
    if day in _NO_DAYS:
        return Found(rule="missing_date", consequence="row set aside")
    if day is None:
        hint = f"write an existing day as {order}"
        return Found(rule="impossible_date", consequence="row set aside", suggestion=hint)
    if day > as_of:
        hint = "correct the day, or extracted_on in source.toml"
        return Found(rule="date_in_the_future", consequence="row set aside", suggestion=hint)
    return Found(day)


def read_day(text: str, order: DateOrder) -> date | None:
    """Return the day a text names in this order, if there is one in the calendar."""
    text = text.strip()
    try:
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


DATE_ORDERS: Final[tuple[DateOrder, ...]] = ("day-month-year", "month-day-year", "year-month-day")
_DAY = r"(\d{1,4})[./-] ?(\d{1,2})[./-] ?(\d{1,4})(?: \d{1,2}:\d{2}(?::\d{2})?)?"
_NO_DAYS: Final = frozenset({date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1)})
"""What spreadsheets and databases write where there is no date."""


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
    unit nothing can be known. Neither can a cell with anything else that is a number.
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
    return Found(span, "needle_range", "noted") if len(lengths) == 2 else Found(span)


def parse_passes(text: str, decimal: str) -> Found:
    """Return the number of passes."""
    number = parse_number(text, decimal)
    if not isinstance(number.value, float):
        return number
    if 1 <= number.value <= PROTOCOL["passes_most"].value and number.value.is_integer():
        return Found(int(number.value))
    return Found(rule="impossible_passes", consequence="cell blanked")


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
    """Return the score in the unit of its scale; Roman numerals count for ordinal scales only."""
    if is_blank(text):
        return Found()
    if scale is None:
        return Found(rule="scale_missing", consequence="cell blanked", suggestion="name the scale")
    plain = re.sub(r"^(grade|gr|score)[ .:]*", "", fold(text))
    number = parse_number(plain, decimal).value
    if number is None and scale.kind != "continuous":
        number = _ROMAN.get(plain)
    if number is None:
        return Found(rule="unknown_score", consequence="cell blanked", suggestion="a number")
    score = float(number)  # type: ignore[arg-type]
    if (scale.minimum is not None and score < scale.minimum) or (
        scale.maximum is not None and score > scale.maximum
    ):
        low = "" if scale.minimum is None else f"{scale.minimum:g}"
        high = "" if scale.maximum is None else f"{scale.maximum:g}"
        hint = f"a score from {low} to {high}"
        return Found(rule="score_outside_scale", consequence="cell blanked", suggestion=hint)
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
    "-|--|ø|0|ok|fine|all good|uneventful|well tolerated|tolerated well|sin novedad|keine"
    "|aucun".split("|")
)
"""What stands for "asked, and none", beside the phrases of :data:`_NONE`."""
NOT_RECORDED_WORDS: Final = frozenset("n/a|na|not asked|not recorded|dna|lost".split("|"))
_NONE = re.compile(
    r"(?:no|none|nil|nill|nothing|nad|without)(?: (?:any|adverse|side|untoward|other))*"
    r"(?: (?:s/e|se|aes?|ae's|(?:side-)?effects?|events?|reactions?|complications?|complaints?"
    r"|concerns?|issues?|problems?))?(?: (?:reported|noted|seen|observed|of note|to report))?"
)
_LABEL = re.compile(
    r"^(?:side[ -]?effects?|s/?e|aes?|adverse (?:events?|effects?)|reactions?|complications?)"
    r"\s*[:=]\s*"
)
_SHORT_FORMS: Final[Mapping[str, str]] = {
    "r/o": "rule out",
    "w/o": "without",
    "h/o": "history of",
    "n/a": "not asked",
}
_NEGATION = re.compile(r"\b(?:no|not|nil|without|denies|denied|free of|no signs? of|never)\b")
_NOTHING = re.compile(r"\b(?:no|none|nothing|nil|without|denies|free of)\b")
_NEGATION_AFTER = re.compile(
    r"[\s:=-]*(?:was |were |is )?(?:no|none|nil|absent|denied|negative|ruled out|excluded"
    r"|not (?:noted|seen|reported|present|observed))[\s.]*"
)
_STILL_THERE = re.compile(
    r"\bunresolved\b|\bnot (?:(?:yet|fully|completely|quite) )*(?:resolv|settl|gone\b|subsid|improv"
    r"|better\b|heal|fad|clear)\w*"
)
_HISTORY = re.compile(
    r"\b(?:hx|history|previous|previously|risk of|advised|warned|prone|resolved|no longer"
    r"|no change|no improvement)\b"
)
_BETTER = re.compile(r"\b(?:improved|improving|better)\b")
_NOT_ASKED = re.compile(
    r"\bnot (?:asked|assessed|checked|recorded|reviewed|seen|applicable|known)\b|\bno show\b"
    r"|\bdid not attend\b|\bdna\b"
)
_UNCERTAIN = re.compile(r"\?|\brule out\b|\bpossible\b|\bquery\b|\bsuspected\b|\bmaybe\b")
_RESOLVED = re.compile(r"\b(?:resolved|settled|gone|subsided)\b")
_CLAUSE_END = re.compile(r"[;|]|\.(?!\d)|\bbut\b|\bhowever\b")
# a comma between digits is a decimal comma, a plus after a digit says "or more"
_PIECE_END = re.compile(r"((?<!\d),|,(?!\d)|(?<!\d)\+|[/&]|\band\b|\bthen\b|\bund\b|\by\b)")
_UNIT = r"(?:min(?:ute)?s?|h(?:ou)?rs?|h|d(?:ay)?s?|w(?:ee)?ks?|w|mo(?:nth)?s?)"
_DURATION = re.compile(
    r"(?:x|for|in|after|about|approx\.?|ca\.?)?\s*(?P<over>>|over|more than|longer than)?\s*"
    rf"(?:\d+(?:[.,]\d+)?\s*{_UNIT}?\s*(?:-|to)\s*)?"
    rf"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<more>\+)?\s*(?P<unit>{_UNIT})\b"
)
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
    " right both sides ongoing resolving settling fading yes".split()
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
        longest_first = sorted(keys, key=lambda each: (-len(each), each))
        either = "|".join(map(re.escape, longest_first))
        return cls(keys, re.compile(rf"(?<!\w)(?:{either})(?!\w)"))

    def protect(self, text: str) -> str:
        """Return the text with every spelling that holds a mark of division replaced by one that
        holds none, so that it is not cut in two."""

        def plain(match: re.Match[str]) -> str:
            spelling = match[0]
            is_cut = _PIECE_END.search(spelling) or _CLAUSE_END.search(spelling)
            return self.keys[spelling].replace("_", " ") if is_cut else spelling

        return self.pattern.sub(plain, text)


@dataclass
class _Reading:
    """What has been read of a cell so far."""

    events: dict[str, Event] = field(default_factory=dict)
    denied: dict[str, None] = field(default_factory=dict)
    problems: dict[str, Found] = field(default_factory=dict)
    says_none: bool = False

    def add_event(self, event: Event) -> None:
        known = self.events.get(event.term)
        self.events[event.term] = known.join(event) if known else event
        if event.term == OTHER:
            self.add_problem(_UNKNOWN)

    def add_problem(self, problem: Found) -> None:
        self.problems.setdefault(problem.rule, problem)

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

    A negation or a word of history reaches forward to the end of its clause (``;``, ``.``, a new
    line, "but"), except over a later piece that has a duration or severity of its own; "redness:
    none" denies what stands before it. "resolved in 2 days" is an event with a duration. A text
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
    for short, whole in _SHORT_FORMS.items():
        plain = re.sub(rf"(?<!\w){short}(?!\w)", whole, plain)
    for clause in _CLAUSE_END.split(spellings.protect(plain)):
        _read_clause(clause, spellings, reading)
    return reading.close()


def _says_none(text: str) -> bool:
    plain = _LABEL.sub("", text.strip()).strip(" .!")
    return plain in NONE_WORDS or _NONE.fullmatch(plain) is not None


def _read_clause(clause: str, spellings: SideEffectSpellings, reading: _Reading) -> None:
    if _says_none(clause):
        reading.says_none = True
        return
    is_negated = is_history = is_uncertain = False
    last: list[str] = []
    parts = _PIECE_END.split(clause)
    for mark, piece in zip(["", *parts[1::2]], parts[0::2], strict=True):
        if not piece.strip():
            continue
        if _says_none(piece):
            reading.says_none = True
            continue
        found = [*spellings.pattern.finditer(piece)]
        hours, severity = _read_hours(_mask(spellings.pattern, piece)), _read_severity(piece)
        if hours is not None or severity is not None:
            is_negated = False
        # lengths stay, so that what stands before and after a term can be looked at
        around = _mask(spellings.pattern, piece)
        is_there = _STILL_THERE.search(around) is not None
        around = _mask(_STILL_THERE, around)
        resolved = False if is_there else True if _RESOLVED.search(around) else None
        is_denied = bool(found and _NEGATION_AFTER.fullmatch(around[found[-1].end() :]))
        is_history = is_history and hours is None
        is_uncertain = "?" in around or (is_uncertain and mark not in (",", "then"))
        happened = []
        for match in found:
            term, ahead = spellings.keys[match[0]], around[: match.start()]
            if is_uncertain or _UNCERTAIN.search(ahead):
                hint = "confirm or remove"
                reading.add_problem(Found(None, "uncertain_side_effect", "noted", hint))
                is_uncertain = True
            elif _NOT_ASKED.search(ahead):
                reading.add_problem(Found(None, "side_effect_not_asked", "noted"))
            elif is_history or _HISTORY.search(ahead) or _BETTER.search(around):
                reading.add_problem(Found(None, "history_not_event", "noted"))
            elif is_denied or is_negated or _NEGATION.search(ahead):
                reading.denied[term] = None
            else:
                reading.add_event(Event(term, severity, hours, resolved))
                happened.append(term)
        if not found:
            is_about_last = bool(last) and not _has_unknown_words(_mask(_BETTER, around))
            if is_about_last:
                for term in last:
                    reading.add_event(Event(term, None, hours, resolved))
            elif _NOT_ASKED.search(around):
                reading.add_problem(Found(None, "side_effect_not_asked", "noted"))
            elif _has_unknown_words(around) or hours is not None:
                is_past = is_history or _HISTORY.search(_mask(_RESOLVED, around))
                if is_past or _NOTHING.search(around):
                    reading.add_problem(_UNKNOWN)
                else:
                    reading.add_event(Event(OTHER, severity, hours, resolved))
        last = happened or last
        if not is_denied:
            is_negated = is_negated or _NEGATION.search(around) is not None
        is_history = is_history or _HISTORY.search(_mask(_RESOLVED, around)) is not None


def _mask(pattern: re.Pattern[str], text: str) -> str:
    """Return the text with what the pattern finds blanked out."""
    return pattern.sub(lambda match: " " * len(match[0]), text)


def _read_severity(text: str) -> int | None:
    words = re.findall(r"(?<![\w-])\w+(?![\w-])", text)  # "light-headed" is not light
    return next((_SEVERITY[word] for word in words if word in _SEVERITY), None)


def _read_hours(text: str) -> float | None:
    """Return the duration; of "2-3 days" the larger end, of "over 7 days" the least above it."""
    match = _DURATION.search(text)
    if match is None:
        return None
    unit = match["unit"]
    key = "mo" if unit.startswith("mo") else unit[0]
    hours = float(match["number"].replace(",", ".")) * _HOURS_PER[key]
    return math.nextafter(hours, math.inf) if match["over"] or match["more"] else hours


def _has_unknown_words(text: str) -> bool:
    words = re.findall(r"[^\W\d]+", _DURATION.sub(" ", text))
    return any(
        word not in _FILLERS and word not in _SEVERITY and not _NEGATION.fullmatch(word)
        for word in words
    )
