"""The cohort of a source: a log, or the chosen part of it, ready for questions.

:func:`load_cohort` finds it in ``.cache/`` or builds it.
"""

from analysis.intake.cohort.cohort import Cohort
from analysis.intake.cohort.keeping import hash_data
from analysis.intake.cohort.loading import find_as_of, load_cohort
from analysis.intake.cohort.selection import Selection, parse_period, parse_span

__all__ = [
    "Cohort",
    "Selection",
    "find_as_of",
    "hash_data",
    "load_cohort",
    "parse_period",
    "parse_span",
]
