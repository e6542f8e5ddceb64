"""Funnels between units: exact limits as in R, widened where units differ more than chance."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.control_charts import Funnel, draw_funnel, funnel_rates, funnel_shares

R = json.loads((Path(__file__).parent / "reference" / "charts.json").read_text(encoding="utf-8"))
CASES = R["funnels"]
LIMITS = ["outer_low", "inner_low", "inner_high", "outer_high"]


def count(counts: list, totals: Any) -> pd.DataFrame:
    """Return units; one total stands for all."""
    return pd.DataFrame({"count": counts, "total": totals})


def draw(case: dict) -> Funnel:
    funnel = funnel_rates if case["rates"] else funnel_shares
    return funnel(count(case["count"], case["total"]))


@pytest.mark.parametrize("name", CASES)
def test_as_in_r(name: str) -> None:
    """Interpolated exact limits, winsorised over-dispersion and the limits widened by it, counted
    up in base R without a quantile function."""
    case = CASES[name]
    funnel = draw(case)

    assert funnel.target == pytest.approx(case["target"], rel=1e-6)
    assert funnel.dispersion == pytest.approx(max(case["phi"], 1) ** 0.5, rel=1e-6)
    for limit in LIMITS:
        assert funnel.units[limit].tolist() == pytest.approx(case["adjusted"][limit], rel=1e-6)


def test_references_with_and_without_dispersion() -> None:
    """Of the references some are widened and some are not; those that are not keep exact limits."""
    assert CASES["alike"]["phi"] < 1 < CASES["child_heart_surgery"]["phi"]
    assert CASES["alike"]["adjusted"] == CASES["alike"]["exact"]
    assert CASES["child_heart_surgery"]["adjusted"] != CASES["child_heart_surgery"]["exact"]


def test_bristol_is_out() -> None:
    """Deaths after heart surgery of children in twelve hospitals, 1991 to 1995: Bristol is above
    the outer limit although it widens it, and no other hospital is beyond any but Leeds below."""
    case = CASES["child_heart_surgery"]
    outside = draw(case).units["outside"].tolist()

    assert case["count"][0] / case["total"][0] == pytest.approx(41 / 143)
    assert outside[0] == 2
    assert set(outside[1:]) <= {0, -1}


FEW = "fewer than 5 units have no limits"

# counts, totals (one for all)              status           note
DEGENERATE = [
    ([3, 4, 5, 4, 3], 40,                   "shown",         ""),
    ([3, 4, 5, 4], 40,                      "too few",       FEW),
    ([], 40,                                "too few",       FEW),
    ([3, 4, 5, 4, 0], [40] * 4 + [0],       "too few",       FEW),
    ([3, 4, 5, 4, 1], [40] * 4 + [4],       "too few",       FEW),
    ([3, 4, 5, 4, 1], [40] * 4 + [5],       "shown",         ""),
    ([3, 4, 5, 4, None], 40,                "too few",       FEW),
    ([0] * 5, 40,                           "not estimable", "no event at all"),
    ([40] * 5, 40,                          "not estimable", "all have the event"),
    ([0, 0, 0, 0, 1], 40,                   "shown",         ""),
    ([0, 0, 0, 0, 40], 40,                  "shown",         ""),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "totals", "status", "note"), DEGENERATE)
def test_when_there_are_limits(counts: list, totals: Any, status: str, note: str) -> None:
    """Five units or more that have a rate, some event, and some without."""
    funnel = funnel_shares(count(counts, totals))

    assert (funnel.status, funnel.note) == (status, note)
    shown = funnel.units["status"] == "shown"
    assert funnel.units[LIMITS].notna().any(axis=1).tolist() == (
        (shown & (status == "shown")).tolist()
    )
    assert len(draw_funnel(funnel, [10, 20])) == (2 if status == "shown" else 0)


def test_rates_where_all_have_events() -> None:
    """As many events as sessions: a rate of one, not the end of a scale."""
    assert funnel_rates(count([40] * 5, 40)).status == "shown"
    assert funnel_rates(count([80] * 5, 40)).target == 2


# one unit's events of 100 beside seven that have 20 of 100 -> where it lies, by the tails of R's
# pbinom(x, 100, (140 + x) / 800): below 0.025 and below 0.001
@pytest.mark.parametrize(
    ("events", "outside"),
    [(6, -2), (7, -1), (11, -1), (12, 0), (20, 0), (30, 0), (31, 1), (35, 1), (36, 2)],
)
def test_where_a_unit_lies(events: int, outside: int) -> None:
    """One event more or less takes a unit over a limit."""
    funnel = funnel_shares(count([20] * 7 + [events], 100))

    assert funnel.dispersion == 1
    assert funnel.units["outside"].tolist() == [0] * 7 + [outside]


def test_one_unit_far_out_does_not_hide_itself() -> None:
    """Nine units, one with thrice the events: were its own distance counted in full, no unit of
    nine could ever be beyond the outer limit."""
    units = count([20, 21, 19, 22, 18, 20, 21, 19, 60], 100)
    funnel = funnel_shares(units)
    share = units["count"].sum() / 900
    distances = (units["count"] / 100 - share) / np.sqrt(share * (1 - share) / 100)

    assert funnel.units["outside"].tolist() == [0] * 8 + [2]
    assert distances.iloc[-1] / np.sqrt((distances**2).mean()) < stats.norm.ppf(0.999)


def test_limits_to_draw() -> None:
    """The curves go through the limits of the units, and narrow as totals grow."""
    case = CASES["child_heart_surgery"]
    funnel = draw(case)
    curves = draw_funnel(funnel, case["total"])

    for limit in LIMITS:
        assert curves[limit].tolist() == funnel.units[limit].tolist()
    widths = draw_funnel(funnel, [50, 100, 200, 400, 800])
    assert (np.diff(widths["outer_high"] - widths["outer_low"]) < 0).all()


@pytest.mark.parametrize("rows", [count([6], 5), count([-1], 5), count([0.5], 5), count([1], 0)])
def test_what_cannot_be(rows: pd.DataFrame) -> None:
    """Counts that cannot be are a mistake of ours."""
    with pytest.raises(ValueError, match="cannot be"):
        funnel_shares(rows)


UNITS = st.lists(
    st.integers(5, 300).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))),
    min_size=5,
    max_size=15,
)


@given(UNITS, st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(units: list[tuple[int, int]], random: Any) -> None:
    """Shuffled and renamed, each unit has the same limits; they hold the target and their order."""
    rows = count(*(list(each) for each in zip(*units, strict=True)))
    shuffled = [*range(len(rows))]
    random.shuffle(shuffled)
    renamed = rows.iloc[shuffled].set_axis([f"clinic {at}" for at in shuffled])
    one, other = funnel_shares(rows), funnel_shares(renamed)

    assert one.status == other.status
    if one.status != "shown":
        return
    assert one.dispersion == pytest.approx(other.dispersion, rel=1e-12)
    limits = one.units[LIMITS].to_numpy()
    assert other.units[LIMITS].to_numpy() == pytest.approx(limits[shuffled], rel=1e-12)
    assert (np.diff(limits, axis=1) >= 0).all()
    assert ((limits[:, 0] <= one.target) & (one.target <= limits[:, 3])).all()
    assert limits.min() >= 0
    assert limits.max() <= 1


@given(st.integers(5, 300), st.integers(0, 300), st.floats(0.01, 0.99))
def test_limits_keep_their_promise(total: int, events: int, target: float) -> None:
    """A count is beyond a limit where, and only where, chance gives it or a more extreme one less
    often than half of what the limits leave out; for shares and for rates."""
    for method, law in (
        ("funnel_shares", stats.binom(total, target)),
        ("funnel_rates", stats.poisson(total * target)),
    ):
        events = min(events, total) if method == "funnel_shares" else events
        drawn = Funnel(
            method=method,
            status="shown",
            note="",
            target=target,
            dispersion=1.0,
            units=pd.DataFrame(),
        )
        limits = draw_funnel(drawn, [total]).iloc[0] * total
        for name, level in (("inner", 0.025), ("outer", 0.001)):
            for side, tail in (("low", law.cdf(events)), ("high", law.sf(events - 1))):
                if abs(tail / level - 1) > 1e-6:
                    beyond = events < limits[f"{name}_low"]
                    if side == "high":
                        beyond = events > limits[f"{name}_high"]
                    assert bool(beyond) == (tail < level)
