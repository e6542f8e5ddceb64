"""Rare harm event by event, for pages that stay in the clinic."""

from typing import Any, Final

import pandas as pd

from analysis.answers.trends.charts import LIMITS, QUESTION, join_notes
from analysis.estimates import make_estimates
from analysis.individuals import InternalEstimates
from analysis.intake.cohort import Cohort
from analysis.statistics.control_charts import (
    Chart,
    chart_days_between,
    chart_sessions_between,
    choose_chart,
    list_days_between,
    list_estimates,
    list_sessions_between,
)

DAYS: Final = "days between"
SESSIONS: Final = "sessions between"
EVENT: Final = "event"
_FEWEST: Final = 2
"""Events that have something between them."""


def list_events(cohort: Cohort) -> InternalEstimates:
    """Return the days and the sessions from each event to the next, for internal pages.

    Of every harm of special interest with two sessions at least that had it, and too rare for a
    chart by month. Sessions of the index modality that were asked about it, without those that had
    it; the level is the day of the later of two events.
    """
    effects = cohort.vocabulary.side_effects
    special = [key for key, each in effects.items() if each.severity_class == "special_interest"]
    rows: list[dict[str, Any]] = []
    for term in special:
        sessions = cohort.list_days_of_harm([term])
        if sessions["event"].sum() < _FEWEST or not _is_rare(sessions):
            continue
        days = sessions.loc[sessions["event"], "date"]
        charts = {
            DAYS: chart_days_between(list_days_between(days)),
            SESSIONS: chart_sessions_between(list_sessions_between(sessions)),
        }
        for statistic, chart in charts.items():
            rows += [{"term": term, **row} for row in _list_rows(statistic, chart)]
    last = cohort.find_last_day()
    read_at = pd.Timestamp(cohort.origin.as_of)
    days_since = None if last is None else int((read_at - pd.Timestamp(last)).days)
    shared = {"question": QUESTION, "unit": "events", "population": "sessions asked"}
    frame = make_estimates(rows, source=cohort.origin.source, **shared)
    return InternalEstimates(frame, days_since)


def _is_rare(sessions: pd.DataFrame) -> bool:
    months = sessions.groupby(pd.to_datetime(sessions["date"]).dt.to_period("M"))["event"]
    points = pd.DataFrame({"count": months.sum(), "total": months.size()})
    return choose_chart(points, "share") == "g_chart"


def _list_rows(statistic: str, chart: Chart) -> list[dict[str, Any]]:
    """Return two rows for each event after the first: what lies before it, and the limits."""
    days = [f"{pd.Timestamp(label):%Y-%m-%d}" for label in chart.points.index]
    before = pd.Series(days).groupby(days).cumcount()
    levels = [f"{day} ({n + 1})" if n else day for day, n in zip(days, before, strict=True)]
    numbered = iter(levels)
    rows, level, signals = [], "", ""
    for row in list_estimates(chart):
        row.pop("se", None)
        is_point = row["statistic"] == "point"
        if is_point:
            level = next(numbered)
            signals = row["note"] if chart.limits != "none" else ""
        place = {"by": EVENT, "level": level}
        place["statistic"] = statistic if is_point else statistic + LIMITS
        why = chart.note if chart.limits == "none" else ""
        note = why if is_point else join_notes(signals, chart.note)
        rows.append(row | place | {"note": note})
    return rows
