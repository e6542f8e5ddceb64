"""The time between sessions, against the usual four weeks."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from analysis.answers.protocol.levels import QUESTION, count_levels
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_median
from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL

POPULATION: Final = "patients with a further session"
MEDIAN_INTERVAL: Final = "median interval of the patient"
SHORTEST_INTERVAL: Final = "shortest interval"
_WEEK: Final = 7
_FLOOR, _SHORT, _USUAL, _LATEST, _LONGEST = (
    PROTOCOL[key].whole
    for key in (
        *("interval_floor", "interval_short", "usual_interval", "article_repeat_to"),
        "interval_longest_scars",
    )
)
MEDIAN_BANDS: Final = {
    f"under {_USUAL // _WEEK} weeks": (0, _USUAL),
    f"{_USUAL // _WEEK} to under {_LATEST // _WEEK} weeks": (_USUAL, _LATEST),
    # so long are the longest that were reviewed, and eight weeks are still within them
    f"{_LATEST // _WEEK} to {_LONGEST // _WEEK} weeks": (_LATEST, _LONGEST + 1),
    f"over {_LONGEST // _WEEK} weeks": (_LONGEST + 1, float("inf")),
}
"""From so many days to under so many; a median of two intervals may lie between two days."""
SHORTEST_BANDS: Final = {
    f"under {_FLOOR} days": (0, _FLOOR),
    f"{_FLOOR} to {_SHORT - 1} days": (_FLOOR, _SHORT),
    f"{_SHORT} to {_USUAL - 1} days": (_SHORT, _USUAL),
    f"{_USUAL} days and more": (_USUAL, float("inf")),
}


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


def count_interval_bands(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return the patients by their median interval, and by their shortest one.

    Of those with a session at most the course's gap after another one. Only where the shortest is
    long did nobody come too early.
    """
    intervals = cohort.intervals[cohort.intervals["concern"] == concern]
    rows = []
    for by, column, bands in (
        (MEDIAN_INTERVAL, "median_days", MEDIAN_BANDS),
        (SHORTEST_INTERVAL, "shortest_days", SHORTEST_BANDS),
    ):
        levels = intervals[column].map(lambda days, bands=bands: _name_band(days, bands))
        rows += count_levels(levels, bands, by=by, population=POPULATION)
    return make_estimates(rows, question=QUESTION, concern=concern, source=cohort.origin.source)


def _name_band(days: float, bands: Mapping[str, tuple[float, float]]) -> str:
    return next(name for name, (low, high) in bands.items() if low <= days < high)
