"""Months and quarters: which there are, and which of them are over."""

from collections.abc import Iterable
from datetime import date
from typing import Final

import pandas as pd

from analysis.intake.cohort import Cohort

PERIODS: Final = ("month", "quarter")
_FREQUENCIES: Final = {"month": "M", "quarter": "Q"}


def list_periods(levels: Iterable[str], by: str) -> list[str]:
    """Return every calendar period from the first of these to the last, in order."""
    present = sorted({*levels})
    if not present:
        return []
    ends = (_read(present[0], by), _read(present[-1], by))
    return [_name(each, by) for each in pd.period_range(*ends, freq=_FREQUENCIES[by])]


def find_last_full(cohort: Cohort, by: str) -> str:
    """Return the last period that is over: at as_of, or when the chosen days end."""
    day = pd.Timestamp(_find_end(cohort))
    period = pd.Period(day, freq=_FREQUENCIES[by])
    is_over = period.end_time.date() <= day.date()
    return _name(period if is_over else period - 1, by)


def list_before(level: str, by: str, how_many: int) -> list[str]:
    """Return so many periods before one, in order."""
    period = _read(level, by)
    return [_name(period - n, by) for n in range(how_many, 0, -1)]


def is_complete(cohort: Cohort, level: str, by: str) -> bool:
    """Return whether all days of a period are over and were chosen."""
    period, days = _read(level, by), cohort.selection.days
    begins = days is None or days[0] <= period.start_time.date()
    return begins and period.end_time.date() <= _find_end(cohort)


def _find_end(cohort: Cohort) -> date:
    read_at = date.fromisoformat(cohort.origin.as_of)
    days = cohort.selection.days
    return read_at if days is None else min(read_at, days[1])


def _read(level: str, by: str) -> pd.Period:
    return pd.Period(level.replace("-Q", "Q"), freq=_FREQUENCIES[by])


def _name(period: pd.Period, by: str) -> str:
    return f"{period.year}-Q{period.quarter}" if by == "quarter" else str(period)
