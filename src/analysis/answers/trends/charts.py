"""Harm and pain over time, on control charts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from analysis.answers.side_effects import ANY_HARM, list_harm_terms
from analysis.answers.trends.calendar import PERIODS, is_complete, list_periods
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.control_charts import (
    Chart,
    chart_means,
    chart_rates,
    chart_shares,
    choose_chart,
    list_estimates,
)
from analysis.vocabulary import PROTOCOL

QUESTION: Final = "trends"
HARM: Final = ANY_HARM
"""In place of a term: any harm, whatever it is called."""
SHARE: Final = "sessions with, over time"
RATE: Final = "events, over time"
PAIN: Final = "mean pain, over time"
LIMITS: Final = ", limits"
"""After a statistic: its centre and control limits, and its signals in words."""
NOT_COMPLETE: Final = "not complete"
_PER: Final = 100
"""Events are per so many sessions."""


@dataclass(frozen=True)
class _Kind:
    """What is counted of a session, and on which chart."""

    statistic: str
    unit: str
    column: str
    """Of the counts of a patient: the numerator."""
    chart: Callable[[pd.DataFrame], Chart]
    factor: int


_SHARES: Final = _Kind(SHARE, "sessions", "sessions_with", chart_shares, 1)
_RATES: Final = _Kind(RATE, "events", "onsets", chart_rates, _PER)


def chart_harms(cohort: Cohort, term: str = HARM) -> pd.DataFrame:
    """Return the share of sessions with a harm, and its events per 100 sessions, over time.

    ``term`` is a side effect, or :data:`HARM` for any harm. Only sessions of the index modality
    that were asked about it. By month where that has control limits and no month rests on a few
    patients, else by quarter where that has; else by month where enough events are expected a
    month, else by quarter where they are enough a quarter, else by quarter without limits. Every
    period between the first session and the last is a point, also one that nobody was asked in.

    The row over all periods stands beside; ``limits`` rows have the centre, the limits and, in
    their note, the signals of their point.
    """
    terms = list_terms(cohort, term)
    counts = {by: cohort.count_harms(terms, by=by) for by in PERIODS}
    points = {
        by: count_levels(each, _SHARES.column, list_periods(each["level"], by))
        for by, each in counts.items()
    }
    by = _choose_period(points)
    rows = []
    for kind in (_SHARES, _RATES):
        found = count_levels(counts[by], kind.column, [*points[by].index])
        whole = count_all(counts[by], kind.column)
        about = {"statistic": kind.statistic, "unit": kind.unit}
        rows.append(about | describe_whole(whole, kind.factor))
        rows += _list_rows(cohort, kind.chart(found), by, about, found, whole, kind.factor)
    shared = {"question": QUESTION, "term": term, "population": "sessions asked"}
    return make_estimates(rows, source=cohort.origin.source, **shared)


def chart_pain(cohort: Cohort) -> pd.DataFrame:
    """Return the mean pain during sessions of the index modality over time, from 0 to 10.

    A mean over the sessions at which pain was written down; by month, or by quarter where that has
    control limits or rests on enough patients and the month does not.
    """
    points, charts = {}, {}
    for by in PERIODS:
        found = cohort.measure_pain(by).set_index("level")
        periods = list_periods(found.index, by)
        counts = found[["sessions", "patients"]].reindex(periods, fill_value=0)
        points[by] = pd.DataFrame(
            {
                "value": found["value"].reindex(periods),
                "count": counts["sessions"],
                "total": counts["sessions"],
                "patients_count": counts["patients"],
                "patients_total": counts["patients"],
            }
        )
        charts[by] = chart_means(points[by])
    fitting = [by for by in PERIODS if charts[by].limits != "none" and _is_of_enough(points[by])]
    fitting += [by for by in PERIODS if _is_of_enough(points[by])]
    by = [*fitting, PERIODS[0]][0]
    whole = _measure_all(cohort)
    about = {"statistic": PAIN, "unit": "sessions"}
    rows = [about | whole, *_list_rows(cohort, charts[by], by, about, points[by], whole, 1)]
    shared = {"question": QUESTION, "population": "sessions with pain recorded"}
    return make_estimates(rows, source=cohort.origin.source, **shared)


def list_terms(cohort: Cohort, term: str) -> list[str]:
    """Return the terms that are counted under a term."""
    return list_harm_terms(cohort) if term == HARM else [term]


def count_levels(counts: pd.DataFrame, column: str, levels: list[str]) -> pd.DataFrame:
    """Return count, total, patients_count and patients_total of each level, zeros too.

    ``counts`` is what :meth:`Cohort.count_harms` returns; ``column`` the numerator.
    """
    asked = counts[counts["sessions_asked"] > 0]
    groups = asked.assign(has=asked[column] > 0).groupby("level")
    found = groups.agg(
        count=(column, "sum"),
        total=("sessions_asked", "sum"),
        patients_count=("has", "sum"),
        patients_total=("patient", "nunique"),
    )
    return found.reindex(levels, fill_value=0).astype("int64")


def count_all(counts: pd.DataFrame, column: str) -> dict[str, int]:
    """Return the same over all levels, each patient once."""
    asked = counts[counts["sessions_asked"] > 0]
    return {
        "count": int(asked[column].sum()),
        "total": int(asked["sessions_asked"].sum()),
        "patients_count": asked.loc[asked[column] > 0, "patient"].nunique(),
        "patients_total": asked["patient"].nunique(),
    }


def describe_whole(whole: Mapping[str, int], factor: int = 1) -> dict[str, Any]:
    """Return the row over all levels; it has no interval, for it only stands beside them."""
    if not whole["total"]:
        return {**whole, "method": "count", "status": "not estimable"}
    return {**whole, "method": "count", "value": factor * whole["count"] / whole["total"]}


def _choose_period(points: Mapping[str, pd.DataFrame]) -> str:
    safe = [by for by in PERIODS if _is_of_enough(points[by])]
    drawn = [by for by in safe if chart_shares(points[by]).limits != "none"]
    enough = [by for by in PERIODS if choose_chart(points[by], "share") == "p_prime_chart"]
    return [*drawn, *enough, PERIODS[-1]][0]


def _is_of_enough(points: pd.DataFrame) -> bool:
    """Return whether no point rests on a few patients, in numerator or denominator."""
    least = PROTOCOL["too_small_for_a_rate"].whole
    few = points[["patients_count", "patients_total"]]
    return not bool(((few > 0) & (few < least)).any(axis=None))


def _list_rows(
    cohort: Cohort,
    chart: Chart,
    by: str,
    about: Mapping[str, str],
    points: pd.DataFrame,
    whole: Mapping[str, Any],
    factor: int,
) -> list[dict[str, Any]]:
    """Return two rows for each point: the point, and its limits.

    The limits rest on all points, so that the patients behind them are those of all. Their note has
    the signals: where limits may not be seen, what lies beyond them may not either.
    """
    rows, signals = [], ""
    rests_on = {name: whole[name] for name in ("total", "patients_total")}
    for row in list_estimates(chart):
        level = row["level"]
        shared = {**about, "by": by, "level": level, "method": row["method"]}
        for name in ("value", "low", "high"):
            if name in row:
                shared[name] = factor * row[name]
        if row["statistic"] == "point":
            signals = "" if chart.limits == "none" else row["note"]
            notes = [chart.note if chart.limits == "none" else ""]
            notes.append("" if is_complete(cohort, level, by) else NOT_COMPLETE)
            counts = {name: int(number) for name, number in points.loc[level, _COUNTS].items()}
            shared |= counts | {"status": row["status"], "note": join_notes(*notes)}
        else:
            shared |= rests_on | {"statistic": about["statistic"] + LIMITS}
            shared["note"] = join_notes(signals, chart.note)
        rows.append(shared)
    return rows


_COUNTS: Final = ["count", "total", "patients_count", "patients_total"]


def join_notes(*notes: str) -> str:
    """Return the notes there are, with semicolons."""
    return "; ".join(note for note in notes if note)


def _measure_all(cohort: Cohort) -> dict[str, Any]:
    found = cohort.measure_pain()
    if found.empty:
        return dict.fromkeys(_COUNTS, 0) | {"method": "xmr_chart", "status": "not estimable"}
    row = found.iloc[0]
    sessions, patients = int(row["sessions"]), int(row["patients"])
    counts = {"count": sessions, "total": sessions}
    counts |= {"patients_count": patients, "patients_total": patients}
    return {**counts, "method": "xmr_chart", "value": float(row["value"])}
