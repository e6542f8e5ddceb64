"""Tables made from released estimates: each number with its denominator, interval and method.

``making`` makes every table, ``definitions`` says what its numbers mean; the others hold the tables
of one part of a page.
"""

from analysis.show.tables.claims import show_claim, show_verdicts
from analysis.show.tables.definitions import MEASURES, POPULATIONS, name_measure
from analysis.show.tables.halves import show_halves
from analysis.show.tables.harm_details import (
    HARM_GROUPINGS,
    list_harm_groups,
    name_harm_level,
    show_grades,
    show_harm_differences,
    show_harm_groups,
    show_lasting,
    show_other_denominators,
    show_resolution,
)
from analysis.show.tables.individuals import (
    make_rows,
    name_scores,
    show_individual_changes,
    show_trajectories,
)
from analysis.show.tables.making import (
    NO_INTERVAL,
    Table,
    explain,
    fold,
    make_key,
    make_table,
    write_reason,
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
from analysis.show.tables.protocol import show_needle_ranges, show_protocol, show_screening
from analysis.show.tables.reportable import show_reportable_events, show_seriousness
from analysis.show.tables.side_effects import show_intervals, show_side_effects
from analysis.show.tables.trends import (
    make_chart_table,
    make_units_table,
    show_chart,
    show_clinics,
    show_events,
    show_freshness,
    show_units,
)

__all__ = [
    "GROUPINGS",
    "HARM_GROUPINGS",
    "MEASURES",
    "NO_INTERVAL",
    "POPULATIONS",
    "STEPS",
    "Table",
    "explain",
    "fold",
    "list_groups",
    "list_harm_groups",
    "make_chart_table",
    "make_key",
    "make_rows",
    "make_table",
    "make_units_table",
    "name_harm_level",
    "name_level",
    "name_measure",
    "name_scores",
    "show_answers",
    "show_characteristics",
    "show_chart",
    "show_claim",
    "show_clinics",
    "show_differences",
    "show_direction",
    "show_events",
    "show_fate",
    "show_freshness",
    "show_grades",
    "show_groups",
    "show_halves",
    "show_harm_differences",
    "show_harm_groups",
    "show_individual_changes",
    "show_intervals",
    "show_lasting",
    "show_mean_change",
    "show_needle_ranges",
    "show_other_denominators",
    "show_other_estimates",
    "show_protocol",
    "show_reportable_events",
    "show_resolution",
    "show_responders",
    "show_rows",
    "show_screening",
    "show_seriousness",
    "show_shift",
    "show_side_effects",
    "show_trajectories",
    "show_units",
    "show_unseen",
    "show_verdicts",
    "show_visits",
    "write_reason",
]
