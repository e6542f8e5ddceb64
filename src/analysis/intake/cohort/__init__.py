"""The cohort of a source: a log, or the chosen part of it, ready for questions.

:func:`load_cohort` finds it in ``.cache/`` or builds it.
"""

from analysis.intake.cohort.cohort import Cohort
from analysis.intake.cohort.harms import LASTED, find_onset_window, find_window, name_window
from analysis.intake.cohort.keeping import hash_data
from analysis.intake.cohort.loading import find_as_of, load_cohort
from analysis.intake.cohort.selection import (
    Selection,
    holds,
    parse_period,
    parse_span,
    settle_period,
)
from analysis.intake.cohort.timeline import Period
from analysis.intake.cohort.treatments import Treatments, read_numbing

__all__ = [
    "LASTED",
    "Cohort",
    "Period",
    "Selection",
    "Treatments",
    "find_as_of",
    "find_onset_window",
    "find_window",
    "hash_data",
    "holds",
    "load_cohort",
    "name_window",
    "parse_period",
    "parse_span",
    "read_numbing",
    "settle_period",
]
