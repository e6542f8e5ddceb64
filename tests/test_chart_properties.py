"""Control charts whatever the numbers: gaps from a log in any order, other units, what holds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.control_charts import (
    SIGNALS,
    Chart,
    chart_days_between,
    chart_means,
    chart_shares,
    list_days_between,
    list_sessions_between,
)

LINES = ("low", "high", "near_low", "near_high")


def count(points: list[tuple[int, int]]) -> pd.DataFrame:
    """Return points to chart: each a count and a total."""
    return pd.DataFrame(points, columns=["count", "total"])


def measure(values: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"value": values, "total": 20})


def read_line(chart: Chart, name: str) -> list[float]:
    return chart.points[name].tolist()


# --- from dates to gaps -----------------------------------------------------------------------

# day | event (? not recorded)
LOG = [
    ("2024-01-03", False), ("2024-01-03", True), ("2024-01-04", False), ("2024-01-05", None),
    ("2024-01-06", True), ("2024-01-06", False), ("2024-01-06", True), ("2024-01-09", True),
    ("2024-01-12", False),
]  # fmt: skip


@given(st.permutations(range(len(LOG))))
def test_gaps_whatever_the_order_of_rows(order: list[int]) -> None:
    """Days and sessions between the events of a log, in any order of its rows and of what lies on
    one day: of the sixth the one without the event counts first."""
    log = pd.DataFrame([LOG[at] for at in order], columns=["date", "event"], index=order)
    log["date"] = pd.to_datetime(log["date"])
    events = log.loc[log["event"].eq(True), "date"]
    days, sessions = list_days_between(events), list_sessions_between(log)

    labels = [*pd.to_datetime(["2024-01-06", "2024-01-06", "2024-01-09"])]
    assert [*days.items()] == [*zip(labels, [3, 0, 3], strict=True)]
    assert [*sessions.items()] == [*zip(labels, [2, 0, 0], strict=True)]


@pytest.mark.parametrize("dates", [[], ["2024-01-03"]])
def test_one_event_is_no_gap(dates: list[str]) -> None:
    """None or one event leaves no gap, and a chart that says so."""
    events = pd.Series(pd.to_datetime(dates))
    log = pd.DataFrame({"date": events, "event": True})

    assert list_days_between(events).empty
    assert list_sessions_between(log).empty
    assert chart_days_between(list_days_between(events)).note == "there is no point"


def test_time_of_day_is_no_part_of_a_day() -> None:
    """From late one day to early the next is a day."""
    events = pd.Series(pd.to_datetime(["2024-01-03 23:00", "2024-01-04 01:00"]))

    assert list_days_between(events).tolist() == [1]


def test_events_without_a_date() -> None:
    """A date that is not known would make two gaps into one."""
    dates = pd.Series(pd.to_datetime(["2024-01-03", None]))

    with pytest.raises(ValueError, match="without a date"):
        list_days_between(dates)
    with pytest.raises(ValueError, match="without a date"):
        list_sessions_between(pd.DataFrame({"date": dates, "event": True}))


# --- whatever the numbers ---------------------------------------------------------------------

POINTS = st.lists(
    st.integers(5, 200).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))),
    min_size=12,
    max_size=40,
)


@given(POINTS)
def test_shares_hold_together(points: list[tuple[int, int]]) -> None:
    """Lines within 0 and 1 and in their order, the centre between the least and the largest share,
    limits never narrower than chance; what has a signal has lines."""
    rows = count(points)
    chart = chart_shares(rows)
    if chart.limits == "none":
        return
    drawn = chart.points
    order = drawn[["low", "near_low", "centre", "near_high", "high"]].to_numpy()

    assert (np.diff(order, axis=1) >= 0).all()
    assert order.min() >= 0
    assert order.max() <= 1
    assert drawn["value"].min() - 1e-12 <= order[0, 2] <= drawn["value"].max() + 1e-12
    plain = chart_shares(rows, widened=False).points
    assert (drawn["se"] >= plain["se"] * (1 - 1e-12)).all()
    assert ((drawn["outside"] == 1) == (drawn["value"] > drawn["high"] + 1e-9)).all()


@given(
    st.lists(st.integers(-1000, 1000), min_size=12, max_size=40),
    st.sampled_from([0.25, 1.0, 3.0, 64.0]),
    st.sampled_from([-500.0, 0.0, 7.0]),
)
def test_means_on_another_scale(values: list[int], factor: float, shift: float) -> None:
    """Other units of the scale move the lines with the points and leave the signals."""
    chart = chart_means(measure([float(value) for value in values]))
    other = chart_means(measure([factor * value + shift for value in values]))

    assert (chart.status, chart.note) == (other.status, other.note)
    for line in ("centre", *LINES):
        moved = (factor * chart.points[line] + shift).tolist()
        assert read_line(other, line) == pytest.approx(moved, rel=1e-9, abs=1e-9, nan_ok=True)
    assert other.points[[*SIGNALS]].equals(chart.points[[*SIGNALS]])


@given(st.lists(st.integers(0, 400), min_size=12, max_size=40), st.sampled_from([7, 24, 365]))
def test_days_in_other_units(days: list[int], factor: int) -> None:
    """Days told in hours have the same signals, and limits that many times as large."""
    chart, other = (
        chart_days_between(pd.Series([day * times for day in days], dtype="float64"))
        for times in (1, factor)
    )

    assert chart.status == other.status
    for line in ("centre", *LINES):
        moved = (chart.points[line] * factor).tolist()
        assert read_line(other, line) == pytest.approx(moved, rel=1e-6, abs=1e-9, nan_ok=True)
    assert other.points[[*SIGNALS]].equals(chart.points[[*SIGNALS]])


@given(POINTS)
def test_what_is_given_is_left_alone(points: list[tuple[int, int]]) -> None:
    """The rows given are not changed, and stand in the chart in their order with their labels."""
    rows = count(points)
    rows.index = pd.Index([f"month {at}" for at in range(len(rows), 0, -1)])
    before = rows.copy()
    chart = chart_shares(rows)

    pd.testing.assert_frame_equal(rows, before)
    assert chart.points.index.equals(rows.index)
    assert chart.points["count"].tolist() == rows["count"].tolist()
