"""How the treatment was given: intervals, length, needles, numbing, contraindications, at home.

``intervals`` is about the time between sessions; ``sessions`` about what a session was like;
``screening`` about contraindications that were present at a treatment. All of it is described and
says nothing of what comes of what.
"""

import pandas as pd

from analysis.answers.protocol.intervals import count_interval_bands, estimate_intervals
from analysis.answers.protocol.levels import QUESTION
from analysis.answers.protocol.screening import compare_screened_harm, count_screening
from analysis.answers.protocol.sessions import (
    describe_comfort,
    describe_length,
    describe_needles,
    describe_settings,
)
from analysis.estimates import bind_estimates
from analysis.intake.cohort import Cohort

__all__ = [
    "QUESTION",
    "compare_screened_harm",
    "describe_protocol",
    "estimate_intervals",
]


def describe_protocol(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return how patients were treated: intervals, length of sessions, where, numbing with pain,
    endpoint and aftercare, needles against the usual range, contraindications.

    The patient is the unit wherever that can be: a patient whose sessions differ counts once, as
    such. ``concern`` narrows to sessions that treated it. :func:`estimate_intervals` and
    :func:`compare_screened_harm` stand beside it.
    """
    return bind_estimates(
        count_interval_bands(cohort, concern),
        describe_length(cohort, concern),
        describe_settings(cohort, concern),
        describe_comfort(cohort, concern),
        describe_needles(cohort, concern),
        count_screening(cohort, concern),
    )
