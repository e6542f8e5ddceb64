"""How the cells of each role are read in a layout."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.clean.reading import Reading
from analysis.intake.clean.roles import TYPED
from analysis.intake.sources import Layout

Parse: TypeAlias = Callable[[str], Found]


def make_parsers(reading: Reading, layout: Layout, sexes: Sequence[str]) -> dict[str, Parse]:
    """Return role → how one of its cells is read in this layout; patients are read apart.

    ``sexes`` are all distinct cells of its column: what a letter means depends on the others.
    """
    decimal, order, as_of = layout.format.decimal, layout.format.date_order, reading.as_of
    spelled = cells.spell_scales(reading.vocabulary)
    undeclared = frozenset(reading.vocabulary.scales) - frozenset(reading.scales)
    parsers: dict[str, Parse] = {
        "date": lambda text: cells.parse_date(text, order, as_of),
        "status": cells.parse_status,
        "age": lambda text: cells.parse_age(text, decimal),
        "birth_date": lambda text: cells.parse_birth_date(text, order, as_of),
        "sex": lambda text: cells.parse_sex(text, beside=sexes),
        "skin_type": cells.parse_skin_type,
        "side": cells.parse_side,
        "modality": cells.parse_modality,
        "setting": cells.parse_setting,
        "needle": lambda text: cells.parse_needle(text, decimal),
        "passes": lambda text: cells.parse_passes(text, decimal),
        "minutes": lambda text: cells.parse_minutes(text, decimal),
        "pain": lambda text: cells.parse_pain(text, decimal),
        "isotretinoin_months": lambda text: cells.parse_isotretinoin_months(text, decimal),
        "scale": lambda text: cells.parse_scale(text, spelled, undeclared),
        "score_after_date": lambda text: cells.parse_later_date(text, order, as_of),
        "rater": cells.parse_rater,
        "side_effects": lambda text: Found(reading.read_effects(layout, text).recorded),
        "severity": cells.parse_severity,
        "serious": cells.parse_answer,
        "resolved": cells.parse_answer,
        "stopped": cells.parse_answer,
    }
    return {role: parsers.get(role, cells.parse_text) for role in TYPED if role != "patient"}
