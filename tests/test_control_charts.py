"""Control charts: limits as in R, in print and by qicharts2; a defined answer for no limits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.estimates import make_estimates
from analysis.statistics.control_charts import (
    SIGNALS,
    Chart,
    chart_days_between,
    chart_means,
    chart_rates,
    chart_sessions_between,
    chart_shares,
    choose_chart,
    list_estimates,
)
from analysis.vocabulary import METHODS

HERE = Path(__file__).parent / "reference"
R = json.loads((HERE / "charts.json").read_text(encoding="utf-8"))
QICHARTS2 = json.loads((HERE / "qicharts2.json").read_text(encoding="utf-8"))
LINES = ("low", "high", "near_low", "near_high")


def count(counts: list[float], totals: Any) -> pd.DataFrame:
    """Return points to chart; one total stands for all."""
    return pd.DataFrame({"count": counts, "total": totals})


def measure(values: list[float], total: float = 20) -> pd.DataFrame:
    return pd.DataFrame({"value": values, "total": total})


def read_line(chart: Chart, name: str) -> list[float]:
    return chart.points[name].tolist()


def spread(numbers: Any, points: int) -> list[float]:
    """Return one number for each point; a limit that is the same at all is written once."""
    each = numbers if isinstance(numbers, list) else [numbers]
    return each * points if len(each) == 1 else each


# --- as in R, and as in print -----------------------------------------------------------------

COUNTED = {"shares": chart_shares, "rates": chart_rates}


@pytest.mark.parametrize(
    ("measure", "name", "widened"),
    [
        (measure, name, widened)
        for measure in COUNTED
        for name in R[measure]
        for widened in (False, True)
    ],
)
def test_counts_as_in_r(measure: str, name: str, widened: bool) -> None:
    """Plain and Laney's limits of shares and rates, written out in base R from the papers; where
    sigma z is below one it must not narrow them."""
    case = R[measure][name]
    reference = case["laney" if widened and case["sigma_z"] > 1 else "plain"]
    chart = COUNTED[measure](count(case["count"], case["total"]), widened=widened)

    assert chart.status == "shown"
    assert chart.dispersion == (pytest.approx(max(case["sigma_z"], 1)) if widened else None)
    expected = {
        "low": reference["limits"]["low"],
        "high": reference["limits"]["high"],
        "near_low": reference["near"]["low"],
        "near_high": reference["near"]["high"],
        "se": reference["se"],
        "centre": [case["centre"]] * len(case["count"]),
    }
    for line, numbers in expected.items():
        assert read_line(chart, line) == pytest.approx(numbers, rel=1e-6)


def test_one_reference_is_under_dispersed() -> None:
    """The floor of sigma z is tried by a published set of data that has one below it."""
    assert R["shares"]["purchase_orders"]["sigma_z"] < 1 < R["shares"]["orange_juice"]["sigma_z"]


# Montgomery 2005, Introduction to Statistical Quality Control, chapters 5 and 6 (recalled from the
# literature): centre, lower and upper limit as printed, and the samples beyond them.
PRINTED = [
    ("shares", "orange_juice", 4, (0.2313, 0.0524, 0.4102), [15, 23]),
    ("shares", "orange_juice_without_15_and_23", 4, (0.2150, 0.0407, 0.3893), [20]),
    ("rates", "computers", 2, (1.93, 0.07, 3.79), []),
]


@pytest.mark.parametrize(("measure", "name", "decimals", "printed", "beyond"), PRINTED)
def test_counts_as_in_print(
    measure: str, name: str, decimals: int, printed: tuple[float, ...], beyond: list[int]
) -> None:
    """Orange juice cans and personal computers. The plain chart has two samples of cans out, and,
    when these are left out of the limits, one more."""
    case = R[measure][name]
    chart = COUNTED[measure](count(case["count"], case["total"]), widened=False)

    found = tuple(round(read_line(chart, line)[0], decimals) for line in ("centre", "low", "high"))
    assert found == printed
    assert [at + 1 for at, sign in enumerate(chart.points["outside"]) if sign] == beyond


def test_limits_follow_each_total() -> None:
    """Purchase orders, samples of 80 to 120: limits step with the size. By those of its own size
    the eleventh week (20 of 110) is out, as the book says; by the mean size it would not be."""
    case = R["shares"]["purchase_orders"]
    chart = chart_shares(count(case["count"], case["total"]), widened=False)

    highs = dict(zip(case["total"], read_line(chart, "high"), strict=True))
    assert highs[80] > highs[90] > highs[100] > highs[110] > highs[120]
    assert [at + 1 for at, sign in enumerate(chart.points["outside"]) if sign] == [11]
    at_mean_size = case["centre"] * (1 - case["centre"]) / np.mean(case["total"])
    assert highs[110] < 20 / 110 < case["centre"] + 3 * np.sqrt(at_mean_size)


def test_means_as_in_r_and_in_print() -> None:
    """Costs of mortgage applications: Montgomery prints 300.5, 279.78 and 321.22 (recalled)."""
    case = R["means"]["mortgage_costs"]
    chart = chart_means(measure(case["value"]))

    for low, high, key in (("low", "high", "limits"), ("near_low", "near_high", "near")):
        assert read_line(chart, low) == pytest.approx([case[key][0]] * 20, rel=1e-6)
        assert read_line(chart, high) == pytest.approx([case[key][1]] * 20, rel=1e-6)
    first = chart.points.iloc[0]
    assert (first["centre"], round(first["low"], 2), round(first["high"], 2)) == (
        300.5,
        279.78,
        321.22,
    )
    assert first["se"] == pytest.approx(case["se"], rel=1e-6)


@pytest.mark.parametrize("name", ["valve_failures", "with_zeros"])
@pytest.mark.parametrize(
    ("kind", "draw"), [("days", chart_days_between), ("sessions", chart_sessions_between)]
)
def test_gaps_as_in_r(kind: str, draw: Callable[[pd.Series], Chart], name: str) -> None:
    """Nelson's t-chart and Benneyan's g-chart, with gaps of zero too."""
    case = R[kind][name]
    chart = draw(pd.Series(case["value"]))

    for line, expected in (
        ("centre", case["centre"]),
        ("low", case["limits"][0]),
        ("high", case["limits"][1]),
        ("near_low", case["near"][0]),
        ("near_high", case["near"][1]),
    ):
        assert read_line(chart, line) == pytest.approx([expected] * 20, rel=1e-6)


DRAWN = {
    "p": lambda case: chart_shares(count(case["count"], case["total"]), widened=False),
    "pp": lambda case: chart_shares(count(case["count"], case["total"])),
    "u": lambda case: chart_rates(count(case["count"], case["total"]), widened=False),
    "up": lambda case: chart_rates(count(case["count"], case["total"])),
    "i": lambda case: chart_means(measure(case["value"])),
    "g": lambda case: chart_sessions_between(pd.Series(case["value"])),
    "t": lambda case: chart_days_between(pd.Series(case["value"])),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_as_qicharts2(kind: str) -> None:
    """The limits that the R package draws for its own data, at every point."""
    case = QICHARTS2[kind]
    chart = DRAWN[kind](case)

    for line in (*LINES, *(["centre"] if "centre" in case else [])):
        expected = spread(case[line], len(chart.points))
        assert read_line(chart, line) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_large_totals_need_laney() -> None:
    """A quarter of a million attendances a week: the plain chart has nearly all weeks beyond its
    limits, Laney's none (Mohammed et al. 2013, BMJ Qual Saf 22:362-368)."""
    case = QICHARTS2["p"]
    points = count(case["count"], case["total"])
    charts = (chart_shares(points, widened=widened) for widened in (False, True))

    assert [int(chart.points["outside"].abs().sum()) for chart in charts] == [16, 0]


# --- no limits, trial limits, limits ----------------------------------------------------------

STEADY = [6, 9, 7, 8, 6, 10, 7, 9, 8, 6, 9, 7, 8, 10, 6, 9, 7, 8, 6, 9]
FEW = "fewer than 12 points have no limits"
TRIAL = "trial limits, from fewer than 20 points"

NO_POINT = "there is no point"
NO_EVENT = "no event at all"
ALL = "all have the event"
RARE = "fewer than 5 events expected a point"

# counts, totals (one for all)             status           limits   note
DEGENERATE = [
    (STEADY[:20], 30,                      "shown",         "full",  ""),
    (STEADY[:19], 30,                      "shown",         "trial", TRIAL),
    (STEADY[:12], 30,                      "shown",         "trial", TRIAL),
    (STEADY[:11], 30,                      "too few",       "none",  FEW),
    (STEADY[:1], 30,                       "too few",       "none",  FEW),
    ([], 30,                               "not estimable", "none",  NO_POINT),
    ([0] * 20, 0,                          "not estimable", "none",  NO_POINT),
    ([3] * 20, 4,                          "not estimable", "none",  NO_POINT),
    ([0] * 20, 30,                         "not estimable", "none",  NO_EVENT),
    ([30] * 20, 30,                        "not estimable", "none",  ALL),
    ([5] * 19 + [4], 30,                   "too few",       "none",  RARE),
    ([5] * 20, 30,                         "shown",         "full",  ""),
    # a period without sessions, with too few, or not known, is no point
    ([*STEADY[:11], 0], [30] * 11 + [0],   "too few",       "none",  FEW),
    ([*STEADY[:11], 4], [30] * 11 + [4],   "too few",       "none",  FEW),
    ([*STEADY[:11], 5], [30] * 11 + [5],   "shown",         "trial", TRIAL),
    ([*STEADY[:11], None], 30,             "too few",       "none",  FEW),
    ([*STEADY[:11], 7], [30] * 11 + [None], "too few",      "none",  FEW),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "totals", "status", "limits", "note"), DEGENERATE)
def test_when_shares_have_limits(
    counts: list, totals: Any, status: str, limits: str, note: str
) -> None:
    """Under 12 points none, 12 to 19 on trial, 20 and more full ones; none without an event,
    without a session that has none, or with fewer than five expected a point."""
    chart = chart_shares(count(counts, totals))

    assert (chart.status, chart.limits, chart.note) == (status, limits, note)
    shown = chart.points["status"] == "shown"
    assert chart.points["centre"].notna().tolist() == (shown & (limits != "none")).tolist()
    assert chart.points["value"].notna().tolist() == shown.tolist()
    if limits == "none":
        assert not chart.points[[*SIGNALS]].any(axis=None)
        assert chart.dispersion is None


def test_shares_stay_between_none_and_all() -> None:
    """Where nearly all have the event the upper limit is all, and no share is beyond it; where few
    have it the lower limit is none."""
    many = chart_shares(count([28, 29, 30, 29] * 5, 30)).points
    few = chart_shares(count([7, 5, 4, 6] * 5, [30, 10, 30, 10] * 5)).points

    assert many[["high", "near_high"]].to_numpy().tolist() == [[1, 1]] * 20
    assert not many["outside"].any()
    assert few.loc[1, ["low", "near_low"]].tolist() == [0, 0]
    assert few.loc[0, "high"] < 1


def test_rates_have_no_ceiling() -> None:
    """Where every session has an event, a rate still has limits: it could have had two."""
    chart = chart_rates(count([30] * 20, 30))

    assert chart.status == "shown"
    assert chart.points.iloc[0]["high"] == pytest.approx(1 + 3 * np.sqrt(1 / 30))


# gaps (or means)                              status           limits   note
GAPS = [
    (chart_days_between,     list(range(20)),   "shown",         "full",  ""),
    (chart_days_between,     list(range(19)),   "shown",         "trial", TRIAL),
    (chart_days_between,     list(range(12)),   "shown",         "trial", TRIAL),
    (chart_days_between,     list(range(11)),   "too few",       "none",  FEW),
    (chart_days_between,     [],                "not estimable", "none",  NO_POINT),
    (chart_days_between,     [7] * 12,          "not estimable", "none",  "all gaps are the same"),
    (chart_days_between,     [0] * 12,          "not estimable", "none",  "all gaps are the same"),
    (chart_sessions_between, list(range(20)),   "shown",         "full",  ""),
    (chart_sessions_between, list(range(12)),   "shown",         "trial", TRIAL),
    (chart_sessions_between, list(range(11)),   "too few",       "none",  FEW),
    (chart_sessions_between, [7] * 12,          "shown",         "trial", TRIAL),
    (chart_sessions_between, [0] * 12,          "not estimable", "none",  ALL),
    (chart_sessions_between, [0] * 11 + [None], "too few",       "none",  FEW),
]  # fmt: skip


@pytest.mark.parametrize(("draw", "gaps", "status", "limits", "note"), GAPS)
def test_when_gaps_have_limits(
    draw: Callable[[pd.Series], Chart], gaps: list, status: str, limits: str, note: str
) -> None:
    """Gaps are points; all the same says nothing of how days vary, while sessions between events
    vary by their mean alone."""
    chart = draw(pd.Series(gaps, dtype="float64"))

    assert (chart.status, chart.limits, chart.note) == (status, limits, note)
    assert chart.points["centre"].notna().any() == (limits != "none")


@pytest.mark.parametrize(
    ("values", "total", "status", "note"),
    [
        ([1, 2] * 10, 20, "shown", ""),
        ([1, 2] * 6, 20, "shown", TRIAL),
        ([1, 2] * 5 + [1], 20, "too few", FEW),
        ([0.1] * 20, 20, "not estimable", "all means are the same"),
        ([0.1 + 0.2, 0.3] * 10, 20, "not estimable", "all means are the same"),
        ([1, 2] * 10, 4, "not estimable", "there is no point"),
    ],
)
def test_when_means_have_limits(values: list, total: int, status: str, note: str) -> None:
    """Means of fewer than five are no points; means that differ by rounding alone are the same."""
    chart = chart_means(measure(values, total))

    assert (chart.status, chart.note) == (status, note)


def test_periods_without_a_point_are_stepped_over() -> None:
    """An empty month, one with three sessions and one not known, between the others: the lines of
    the others are as if they were not there, and they keep their places."""
    gappy = count(
        [*STEADY[:5], 0, *STEADY[5:12], 2, *STEADY[12:], None],
        [30] * 5 + [0] + [30] * 7 + [3] + [30] * 8 + [30],
    )
    full, with_gaps = chart_shares(count(STEADY, 30)), chart_shares(gappy)
    kept = with_gaps.points["status"] == "shown"

    assert with_gaps.points.loc[~kept, "status"].tolist() == [
        "not estimable",
        "too few",
        "not estimable",
    ]
    assert with_gaps.dispersion == full.dispersion
    for line in ("value", "centre", *LINES, *SIGNALS):
        assert with_gaps.points.loc[kept, line].tolist() == full.points[line].tolist()


@pytest.mark.parametrize(
    ("draw", "rows"),
    [
        (chart_shares, count([-1], 30)),
        (chart_shares, count([31], 30)),
        (chart_shares, count([1.5], 30)),
        (chart_shares, count([1], 30.5)),
        (chart_shares, count([1], 0)),
        (chart_shares, count([1], np.inf)),
        (chart_rates, count([-1], 30)),
        (chart_rates, count([np.inf], 30)),
        (chart_rates, count([1], -30)),
        (chart_rates, count([1], 0)),
        (chart_means, measure([1.0], -1)),
        (chart_means, measure([np.inf])),
        (chart_days_between, pd.Series([-1.0])),
        (chart_days_between, pd.Series([np.inf])),
        (chart_sessions_between, pd.Series([-1.0])),
        (chart_sessions_between, pd.Series([1.5])),
    ],
)
def test_what_cannot_be(draw: Callable[[Any], Chart], rows: Any) -> None:
    """Numbers that cannot be are a mistake of ours and must not become limits."""
    with pytest.raises(ValueError, match="cannot be"):
        draw(rows)


# --- which chart ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "totals", "shares", "rates"),
    [
        ([5, 5, 5], 30, "p_prime_chart", "u_prime_chart"),
        ([15, 0, 0], 30, "p_prime_chart", "u_prime_chart"),
        ([5, 5, 4], 30, "g_chart", "t_chart"),
        ([0, 0, 0], 30, "g_chart", "t_chart"),
        ([], 30, "g_chart", "t_chart"),
        ([5, 5, 0], [30, 30, 0], "p_prime_chart", "u_prime_chart"),
        ([5, 5, 3], [30, 30, 4], "p_prime_chart", "u_prime_chart"),
    ],
)
def test_chart_by_events_expected(counts: list, totals: Any, shares: str, rates: str) -> None:
    """Five events a point on average, over the points that are points; fewer are charted by the
    gaps between them."""
    points = count(counts, totals)

    assert (choose_chart(points, "share"), choose_chart(points, "rate")) == (shares, rates)
    assert {shares, rates} <= {*METHODS}


# --- as estimates -----------------------------------------------------------------------------


def test_points_and_limits_as_estimates() -> None:
    """Two rows a point, which the estimates frame takes: the share, and the lines at it; a signal
    is told in words, a month without sessions keeps its row."""
    chart = chart_shares(count([*STEADY[:19], 27, 0], [30] * 20 + [0]))
    frame = make_estimates(
        list_estimates(chart), question="trends", unit="sessions", by="month", population="all"
    )
    points, limits = (frame[frame["statistic"] == name] for name in ("point", "limits"))

    assert (len(points), len(limits)) == (21, 20)
    assert points["status"].tolist() == ["shown"] * 20 + ["not estimable"]
    assert points["note"].tolist()[-2:] == ["above the upper limit", ""]
    assert points["count"].tolist() == [*STEADY[:19], 27, 0]
    assert points["low"].isna().all()
    assert limits["value"].tolist() == pytest.approx([sum(STEADY[:19], 27) / 600] * 20)
    assert limits["confidence"].isna().all()
    assert (limits["low"] < limits["value"]).all()


def test_few_points_as_estimates() -> None:
    """Without limits each point has one row, which says why there are none."""
    rows = list_estimates(chart_rates(count(STEADY[:3], 30)))
    frame = make_estimates(rows, question="trends", unit="sessions", by="month", population="all")

    assert frame["statistic"].tolist() == ["point"] * 3
    assert frame["note"].unique().tolist() == [FEW]
    assert frame["value"].tolist() == pytest.approx([0.2, 0.3, 7 / 30])
