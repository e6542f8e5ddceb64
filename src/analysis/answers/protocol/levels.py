"""Patients by level: every patient is in one of them, so that the levels add up."""

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

QUESTION: Final = "protocol"


def count_levels(
    levels: pd.Series, order: Iterable[str], *, by: str, population: str
) -> list[dict[str, Any]]:
    """Return one row per level, also of those that nobody has, in this order.

    ``levels`` has the level of each patient. A count of everybody needs no interval.
    """
    found, total = levels.value_counts(), len(levels)
    return [
        {
            "statistic": by,
            "by": by,
            "level": level,
            "unit": "patients",
            "population": population,
            "count": count,
            "total": total,
            "method": "count",
        }
        | ({"value": count / total} if total else {"status": "not estimable"})
        for level in order
        for count in [int(found.get(level, 0))]
    ]


def count_recorded(what: str, recorded: pd.Series, sessions: pd.Series) -> dict[str, Any]:
    """Return at how many sessions something was recorded, of one entry a patient."""
    count, total = int(recorded.sum()), int(sessions.sum())
    row = {
        "statistic": f"{what} recorded",
        "unit": "sessions",
        "population": "sessions in the clinic",
        "count": count,
        "total": total,
        "patients_count": int((recorded > 0).sum()),
        "patients_total": int((sessions > 0).sum()),
        "method": "count",
    }
    return row | ({"value": count / total} if total else {"status": "not estimable"})
