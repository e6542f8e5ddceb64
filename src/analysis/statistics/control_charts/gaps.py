"""Charts of rare events, event by event: the days or the sessions from one to the next.

For internal pages: a point is one event of one patient.
"""

from typing import Final

import numpy as np
import pandas as pd

from analysis.statistics.control_charts.chart import (
    Chart,
    estimate_sigma,
    find_obstacle,
    make_chart,
    make_chart_without_lines,
    place_lines,
)
from analysis.vocabulary import PROTOCOL

_SAME: Final = 1e-9  # of the largest value: a standard deviation below it is rounding


def list_days_between(dates: pd.Series) -> pd.Series:
    """Return the days from each event to the next, labelled by the date of the later.

    Of ``dates`` each is one event, in any order; events of one day are no days apart. What lies
    before the first event and after the last is no gap.

    Raises
    ------
    ValueError
        When an event has no date: the gaps beside it would be wrong.
    """
    _check_dates(dates)
    days = pd.to_datetime(dates).sort_values(ignore_index=True).dt.normalize()
    between = days.diff().dt.days.iloc[1:].astype("float64")
    return pd.Series(between.to_numpy(), index=pd.Index(days.iloc[1:], name="date"), name="days")


def list_sessions_between(sessions: pd.DataFrame) -> pd.Series:
    """Return the sessions without the event between one with it and the next, labelled by the date
    of the later.

    Parameters
    ----------
    sessions
        One row for each session in any order, with the columns date and event (whether it had the
        event; missing where that was not recorded: such a session is not counted). Of one day
        those without the event count first, since a log does not tell their order.

    Raises
    ------
    ValueError
        When a session has no date.
    """
    recorded = sessions.loc[sessions["event"].notna(), ["date", "event"]]
    _check_dates(recorded["date"])
    days = pd.to_datetime(recorded["date"]).dt.normalize()
    ordered = pd.DataFrame({"date": days, "event": recorded["event"].astype(bool)})
    ordered = ordered.sort_values(["date", "event"], ignore_index=True)
    at = np.flatnonzero(ordered["event"])
    labels = pd.Index(ordered["date"].iloc[at[1:]], name="date")
    return pd.Series((np.diff(at) - 1).astype("float64"), index=labels, name="sessions")


def chart_days_between(days: pd.Series) -> Chart:
    """Return the t-chart of the days between events.

    The days to the power 1/3.6 are about normal where events come at random: their XmR-chart,
    turned back into days. The centre is near the median. Lower limits are never below zero.

    Parameters
    ----------
    days
        One number for each gap, in order. Zero (two events of one day) is a gap like any other; a
        missing one is no point.

    Returns
    -------
    No lines below the protocol's least number of gaps, or where all are the same.

    Raises
    ------
    ValueError
        When a gap is negative or infinite.

    Notes
    -----
    Nelson 1994, J Qual Technol 26:239-240. It supposes about as many sessions a day throughout; a
    log that grows shortens the gaps. The g-chart does not.
    """
    frame = _read(days)
    obstacle = find_obstacle(frame)
    if obstacle:
        return make_chart_without_lines("t_chart", frame, obstacle)
    power = PROTOCOL["chart_gap_power"].value
    gaps = frame.loc[frame["status"] == "shown", "value"].to_numpy(dtype=float)
    normal = gaps ** (1 / power)
    sigma = estimate_sigma(normal)
    if sigma <= _SAME * normal.max():
        same = {"status": "not estimable", "note": "all gaps are the same"}
        return make_chart_without_lines("t_chart", frame, same)
    lines = place_lines(float(normal.mean()), np.full(len(normal), sigma), 0.0)
    del lines["se"]  # of the power, not of the days
    return make_chart("t_chart", frame, {name: line**power for name, line in lines.items()})


def chart_sessions_between(sessions: pd.Series) -> Chart:
    """Return the g-chart of the sessions without the event between one with it and the next.

    Limits from the mean and the standard deviation of a geometric distribution with this mean; the
    centre, and so the shift, is the median, since most gaps are below the mean. Lower limits are
    zero, so more frequent events show as a shift or a trend only. A steady process has about one
    gap in sixty above the upper limit, many times more than on the other charts.

    Parameters
    ----------
    sessions
        One whole number for each gap, in order; zero where two sessions in a row had the event. A
        missing one is no point.

    Returns
    -------
    No lines below the protocol's least number of gaps, or where all are zero.

    Raises
    ------
    ValueError
        When a gap is negative, infinite or not whole.

    Notes
    -----
    Benneyan 2001, Health Care Manag Sci 4:305-318; the median as centre: Provost and Murray 2011,
    The Health Care Data Guide.
    """
    frame = _read(sessions)
    if (frame["value"].dropna() % 1 != 0).any():
        raise ValueError("a gap that is no whole number of sessions cannot be")
    obstacle = find_obstacle(frame)
    if obstacle:
        return make_chart_without_lines("g_chart", frame, obstacle)
    gaps = frame.loc[frame["status"] == "shown", "value"].to_numpy(dtype=float)
    mean = float(gaps.mean())
    if mean == 0:
        all_of_them = {"status": "not estimable", "note": "all have the event"}
        return make_chart_without_lines("g_chart", frame, all_of_them)
    lines = place_lines(mean, np.full(len(gaps), np.sqrt(mean * (mean + 1))), 0.0)
    lines["centre"] = np.full(len(gaps), float(np.median(gaps)))
    return make_chart("g_chart", frame, lines)


def _read(gaps: pd.Series) -> pd.DataFrame:
    values = gaps.astype("float64")
    if (values < 0).any() or np.isinf(values).any():
        raise ValueError("a gap below zero or without end cannot be")
    status = pd.Series("shown", index=gaps.index, dtype="str").where(
        values.notna(), "not estimable"
    )
    return pd.DataFrame({"value": values, "status": status})


def _check_dates(dates: pd.Series) -> None:
    if dates.isna().any():
        raise ValueError("an event or a session without a date has no place among the others")
