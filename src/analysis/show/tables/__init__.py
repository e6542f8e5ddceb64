"""Tables made from released estimates: each number with its denominator, interval and method.

``making`` makes every table; the others hold the tables of one part of a page.
"""

from analysis.show.tables.halves import show_halves
from analysis.show.tables.individuals import (
    make_rows,
    name_scores,
    show_individual_changes,
    show_trajectories,
)
from analysis.show.tables.making import (
    NO_INTERVAL,
    POPULATIONS,
    Table,
    fold,
    make_key,
    make_table,
)
from analysis.show.tables.outcome_details import (
    GROUPINGS,
    list_groups,
    name_level,
    show_answers,
    show_differences,
    show_groups,
    show_other_estimates,
    show_shift,
    show_unseen,
    show_visits,
)
from analysis.show.tables.outcomes import (
    show_direction,
    show_mean_change,
    show_responders,
)
from analysis.show.tables.population import STEPS, show_characteristics, show_fate, show_rows
from analysis.show.tables.side_effects import show_intervals, show_side_effects

__all__ = [
    "GROUPINGS",
    "NO_INTERVAL",
    "POPULATIONS",
    "STEPS",
    "Table",
    "fold",
    "list_groups",
    "make_key",
    "make_rows",
    "make_table",
    "name_level",
    "name_scores",
    "show_answers",
    "show_characteristics",
    "show_differences",
    "show_direction",
    "show_fate",
    "show_groups",
    "show_halves",
    "show_individual_changes",
    "show_intervals",
    "show_mean_change",
    "show_other_estimates",
    "show_responders",
    "show_rows",
    "show_shift",
    "show_side_effects",
    "show_trajectories",
    "show_unseen",
    "show_visits",
]
