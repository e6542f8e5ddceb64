"""Tables made from released estimates: each number with its denominator, interval and method.

``making`` makes every table; the others hold the tables of one part of a page.
"""

from analysis.show.tables.making import (
    NO_INTERVAL,
    POPULATIONS,
    Table,
    make_key,
    make_table,
)
from analysis.show.tables.outcomes import (
    show_direction,
    show_mean_change,
    show_responders,
)
from analysis.show.tables.population import STEPS, show_characteristics, show_fate, show_rows
from analysis.show.tables.side_effects import show_intervals, show_side_effects

__all__ = [
    "NO_INTERVAL",
    "POPULATIONS",
    "STEPS",
    "Table",
    "make_key",
    "make_table",
    "show_characteristics",
    "show_direction",
    "show_fate",
    "show_intervals",
    "show_mean_change",
    "show_responders",
    "show_rows",
    "show_side_effects",
]
