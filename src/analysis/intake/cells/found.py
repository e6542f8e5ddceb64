"""What a cell is read as, the rules a problem can name, and the texts that stand for nothing."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

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
    "cell_too_long": "a cell longer than any a front desk writes; it is not read",
    "invisible_characters": "marks nobody sees in the name of a clinic, device or lot",
    "missing_patient": "no patient in the patient column",
    "name_in_id_column": "a name where an id belongs: words of letters only",
    "patient_id_tidied": "a patient id that differs from others only in case, spaces or zeros",
    "look_alike_id": "a patient id in letters or digits that look like those of another id",
    "missing_date": "no date in the date column",
    "impossible_date": "a date that is not in the calendar or not in the declared order",
    "date_too_early": "a date before microneedling was done",
    "other_calendar": "a year that is none of our calendar, and may be one of another",
    "ambiguous_date": "a date whose day and month, or century, cannot be told apart",
    "excel_serial_date": "a day written as Excel's number of days since 1900",
    "date_with_zone": "a moment with a time zone; its day counts as it is written there",
    "stand_in_birth_date": "a day of birth that software writes for none, and that may be one",
    "session_before_birth": "a session before the day of birth",
    "unknown_status": "not a status of a booking the vocabulary of this column knows",
    "date_in_the_future": "a date after the day the log was extracted",
    "duplicate_row": "the same row stands further up",
    "wrong_number_of_cells": "the row has more or fewer cells than the header",
    "missing_concern": "a session without a concern",
    "conflicting_session": "rows of one session that differ in what a session has once; the first "
    "one counts",
    "no_previous_session": "side effects of the session before, on a patient's first row",
    "short_interval": "a session less than two weeks after another for the same concern; it counts",
    "two_scores_on_a_day": "several scores of one day that differ",
    "unknown_concern": "a concern that is not in the vocabulary",
    "several_subtypes": "several subtypes of one concern in a session; the first one counts",
    "concern_out_of_scope": "a concern that is known and not analysed",
    "unknown_skin_type": "not a Fitzpatrick type from I to VI",
    "skin_type_range": "a range of skin types counts as its higher type",
    "conflicting_skin_type": "one patient with several skin types counts as the higher",
    "impossible_age": "not an age in years that can be",
    "unknown_sex": "not a sex the vocabulary of this column knows",
    "ambiguous_sex": "M in a column that is also written in Spanish or Portuguese: mujer or male",
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
    "score_over_maximum": "a score over the highest of its scale, such as 3/4, which could be two "
    "grades; it counts as the score",
    "score_with_arrow": "two scores with an arrow between them; the one of the column counts",
    "percent_as_grade": "a percentage on a scale of bands counts as the grade of its band",
    "score_between_grades": "a score that is neither a grade nor halfway between two; it counts",
    "ambiguous_percent": "a share or a percentage: below 1 on a scale in percent",
    "score_without_date": "a later score without the day it was taken",
    "follow_up_before_session": "a later score that was not taken after the day of its session",
    "unknown_side_effect": "text that names no side effect the vocabulary knows",
    "history_not_event": "side effect named as history, warning, advice or improvement, not as an "
    "event",
    "uncertain_side_effect": "side effect named with a question mark, or after a negation that may "
    "or may not reach it",
    "side_effect_not_named": "the cell says yes without naming a side effect; it counts as other",
    "detail_without_side_effect": "a severity or consequence in a row without a side effect",
    "unknown_contraindication": "text that names no contraindication the vocabulary knows",
    "uncertain_contraindication": "contraindication named as past, or with a question mark",
    "undefined_code": "a code the data dictionary does not define",
    "ambiguous_code": "a code or a label of the data dictionary, in an export that holds both",
    "cell_without_session": "a cell in a row without a session, about one day or said otherwise",
    "score_without_session": "a score of a patient whose session is not in the log",
    "score_dated_by_session": "a score before the first session, which counts on its day",
    "not_canonical": "a cell of a canonical table that breaks the schema",
    "unknown_patient": "a row of a canonical table whose patient is not there",
    "patient_without_session": "a row of a patient whose sessions are not in the log",
    "unknown_session": "a row of a canonical table whose session is not there",
    "correction_does_not_match": "a correction whose cell does not hold the text it was made for",
    "side_effect_not_asked": "the cell says that nothing was asked or recorded",
    "undeclared_session": "side effects of which source.toml must say whose session they are of",
    "undeclared_not_applicable": 'side effects "N/A", which source.toml must explain',
}
"""Every rule a problem can name, with its meaning. One number, one home: also the documentation."""

_QUESTIONS: Final[Mapping[str, str]] = {
    "ambiguous_date": "In which order are the dates written? Declare date_order in source.toml.",
    "ambiguous_sex": "Does M stand for mujer or for male, beside words of Spanish or Portuguese? "
    "Write female or male in the cells.",
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
ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}


_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""Marks without a shape of their own: control codes, signs of no width, signs that turn the
direction of what follows. The codes from 80 to 9f are not among them: read in another encoding they
are dashes and quotation marks."""


def drop_invisible(text: str) -> str:
    """Return the text without marks that nobody sees and that make equal words unequal."""
    return _INVISIBLE.sub("", text)


def fold(text: str) -> str:
    """Return the text as spellings are compared: lower case, single spaces, one kind of dash, an
    accent as part of its letter, nothing invisible."""
    plain = unicodedata.normalize("NFC", drop_invisible(text))
    plain = plain.replace("\u2019", "'").replace("\u2013", "-").replace("\u2212", "-")
    return " ".join(plain.casefold().split())


def strip_accents(text: str) -> str:
    """Return the text without its accents, as people write it on a foreign keyboard."""
    letters = unicodedata.normalize("NFD", text)
    return "".join(each for each in letters if not unicodedata.combining(each))


def fold_signs(text: str) -> str:
    """Return the text as :func:`fold` does, with signs such as "Ⅳ" and "½" written in letters and
    digits."""
    return fold(unicodedata.normalize("NFKC", text))


def is_blank(text: str | None) -> bool:
    """Return whether a cell holds nothing, or a word that stands for nothing."""
    return text is None or not text.strip() or fold(text) in SENTINELS
