"""How the treatment was given: intervals between sessions against the usual four weeks."""

from typing import Final

import pandas as pd

from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_median
from analysis.statistics.proportions import estimate_share

QUESTION: Final = "protocol"
POPULATION: Final = "patients with a further session"


def estimate_intervals(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return the patients with an interval under four weeks, and the median interval in days.

    The median is taken within each patient first, then over patients, so that a patient with many
    sessions counts once. ``concern`` narrows to sessions that treated it.
    """
    intervals = cohort.intervals[cohort.intervals["concern"] == concern]
    short = int((intervals["short_intervals"] > 0).sum())
    rows = [
        {"statistic": "interval under four weeks", **estimate_share(short, len(intervals))},
        {
            "statistic": "median interval",
            "note": "days; median within each patient, then over patients",
            **estimate_median(intervals["median_days"]),
        },
    ]
    return make_estimates(
        rows,
        question=QUESTION,
        concern=concern,
        unit="patients",
        population=POPULATION,
        source=cohort.origin.source,
    )
