"""Reads one cell at a time: text in, a value or a problem out.

Every parser is a plain function of the text and of what the source has declared. It never guesses:
what is ambiguous comes back without a value and with the rule that says why. A text that a declared
format or a known spelling covers counts as "as written"; anything else carries a rule.
"""

from analysis.intake.cells.concerns import Target, parse_concerns, spell_concerns
from analysis.intake.cells.contraindications import (
    ContraindicationsCell,
    ContraindicationSpellings,
    parse_contraindications,
)
from analysis.intake.cells.dates import (
    DATE_ORDERS,
    parse_birth_date,
    parse_date,
    parse_later_date,
    read_day,
)
from analysis.intake.cells.found import (
    RULES,
    SENTINELS,
    Consequence,
    Found,
    ask_questions,
    fold,
    is_blank,
)
from analysis.intake.cells.numbers import (
    parse_isotretinoin_months,
    parse_minutes,
    parse_needle,
    parse_number,
    parse_pain,
    parse_passes,
)
from analysis.intake.cells.patients import (
    find_look_alikes,
    find_width,
    fold_patient,
    is_no_patient,
    look_alike,
    note_look_alike,
    parse_age,
    parse_patient,
    parse_sex,
    parse_skin_type,
)
from analysis.intake.cells.phrases import NONE_WORDS, NOT_APPLICABLE_WORDS, NOT_RECORDED_WORDS
from analysis.intake.cells.scores import Side, parse_scale, parse_score, spell_scales
from analysis.intake.cells.side_effects import (
    OTHER,
    UNDECLARED_SESSION,
    Event,
    SideEffectsCell,
    SideEffectSpellings,
    answer_side_effects,
    parse_side_effects,
)
from analysis.intake.cells.words import (
    parse_answer,
    parse_modality,
    parse_rater,
    parse_setting,
    parse_severity,
    parse_side,
    parse_status,
    parse_text,
)

__all__ = [
    "DATE_ORDERS",
    "NONE_WORDS",
    "NOT_APPLICABLE_WORDS",
    "NOT_RECORDED_WORDS",
    "OTHER",
    "RULES",
    "SENTINELS",
    "UNDECLARED_SESSION",
    "Consequence",
    "ContraindicationSpellings",
    "ContraindicationsCell",
    "Event",
    "Found",
    "Side",
    "SideEffectSpellings",
    "SideEffectsCell",
    "Target",
    "answer_side_effects",
    "ask_questions",
    "find_look_alikes",
    "find_width",
    "fold",
    "fold_patient",
    "is_blank",
    "is_no_patient",
    "look_alike",
    "note_look_alike",
    "parse_age",
    "parse_answer",
    "parse_birth_date",
    "parse_concerns",
    "parse_contraindications",
    "parse_date",
    "parse_isotretinoin_months",
    "parse_later_date",
    "parse_minutes",
    "parse_modality",
    "parse_needle",
    "parse_number",
    "parse_pain",
    "parse_passes",
    "parse_patient",
    "parse_rater",
    "parse_scale",
    "parse_score",
    "parse_setting",
    "parse_severity",
    "parse_sex",
    "parse_side",
    "parse_side_effects",
    "parse_skin_type",
    "parse_status",
    "parse_text",
    "read_day",
    "spell_concerns",
    "spell_scales",
]
