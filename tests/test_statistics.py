"""Estimates against published numbers, and what happens where there is nothing to estimate."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.estimates import make_estimates
from analysis.statistics.change import estimate_mean_change, estimate_median
from analysis.statistics.proportions import (
    estimate_share,
    estimate_upper_bound,
)
from analysis.vocabulary import PROTOCOL

# --- against references -----------------------------------------------------------------------

# Newcombe RG 1998, Stat Med 17:857-872, Table I (four decimals, recalled from the literature), and
# the same to ten digits from R 4.2.2: prop.test(x, n, correct = FALSE), binom.test(x, n).
PROPORTIONS = [
    # x, n, low and high in the table, low and high in R, method
    (81, 263, (0.2553, 0.3662), (0.2552885199, 0.366209577), "wilson"),
    (15, 148, (0.0624, 0.1605), (0.06238639953, 0.1604872417), "wilson"),
    (1, 29, (0.0061, 0.1718), (0.006113214293, 0.1717552188), "wilson"),
    (0, 20, (0, 0.1684), (0, 0.168433471), "clopper_pearson"),
    (20, 20, (0.8316, 1), (1 - 0.168433471, 1), "clopper_pearson"),
]


@pytest.mark.parametrize(("count", "total", "table", "r", "method"), PROPORTIONS)
def test_share_of_patients(
    count: int,
    total: int,
    table: tuple[float, float],
    r: tuple[float, float],
    method: str,
) -> None:
    """Wilson's interval as published; the exact one where nobody or everybody counts."""
    found = estimate_share(count, total)

    assert found["method"] == method
    assert found["value"] == count / total
    assert (round(found["low"], 4), round(found["high"], 4)) == table
    assert (found["low"], found["high"]) == pytest.approx(r, rel=1e-6)
    assert found["confidence"] == 0.95


# No event among n patients, 95 %, in percent: one-sided 1 - 0.05^(1/n), two-sided Clopper-Pearson.
NO_EVENT = [
    # n, one-sided, two-sided
    (10, 25.9, 30.8),
    (20, 13.9, 16.8),
    (25, 11.3, 13.7),
    (30, 9.5, 11.6),
    (41, 7.0, 8.6),
    (50, 5.8, 7.1),
    (100, 3.0, 3.6),
    (300, 1.0, 1.2),
]


@pytest.mark.parametrize(("total", "one_sided", "two_sided"), NO_EVENT)
def test_nothing_seen_is_not_zero_risk(total: int, one_sided: float, two_sided: float) -> None:
    """The two-sided limit stands beside the share, the one-sided bound is a number of its own."""
    assert round(100 * estimate_share(0, total)["high"], 1) == two_sided
    assert round(100 * estimate_upper_bound(total)["value"], 1) == one_sided
    assert estimate_upper_bound(total)["value"] == pytest.approx(1 - 0.05 ** (1 / total), rel=1e-9)


# Changes after - before of ten patients each. Leprosy bacilli on drugs A, B and placebo C: Snedecor
# & Cochran 1967, Statistical Methods, p. 422. Hours of sleep: Student 1908, Biometrika 6:1. Means
# and 95 % intervals from R 4.2.2, t.test(change).
CHANGES = {
    "leprosy A": (
        [-5, -8, -3, -6, -8, -2, 3, -5, -3, -3],
        (-4, -6.311880843, -1.688119157, 3.231786572),
    ),
    "leprosy B": (
        [-6, -4, -4, -7, 0, -4, -5, 1, -4, -6],
        (-3.9, -5.730034035, -2.069965965, 2.558211181),
    ),
    "leprosy C": (
        [-3, -3, 7, -4, 2, -4, -7, 4, -6, 8],
        (-0.6, -4.477325352, 3.277325352, 5.4201271),
    ),
    "sleep": (
        [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4],
        (1.58, 0.7001142, 2.4598858, 1.229995),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_mean_change(name: str) -> None:
    """Mean of one change per patient, with t on n - 1 degrees of freedom."""
    changes, (mean, low, high, sd) = CHANGES[name]

    found = estimate_mean_change(pd.Series(changes))

    assert (found["value"], found["low"], found["high"]) == pytest.approx((mean, low, high), 1e-6)
    assert found["se"] == pytest.approx(sd / 10**0.5, rel=1e-6)
    assert (found["count"], found["total"], found["df"]) == (10, 10, 9)
    assert (found["method"], found["confidence"]) == ("mean_t", 0.95)


def test_patients_without_a_change_are_not_counted() -> None:
    """A missing score is no change of zero."""
    known = pd.Series(CHANGES["sleep"][0])
    missing = pd.concat([known, pd.Series([float("nan"), None])])

    assert estimate_mean_change(missing) == estimate_mean_change(known)


@pytest.mark.parametrize("total", [10, 20, 50])
def test_coverage(total: int) -> None:
    """Over all shares from 2 to 98 %, the interval holds the truth in 93 to 97 % of logs on
    average (by the binomial distribution, not by simulation), and never in under 88 %."""
    limits = [estimate_share(count, total) for count in range(total + 1)]
    shares = np.linspace(0.02, 0.98, 481)
    covered = np.zeros_like(shares)
    for count, found in enumerate(limits):
        holds = (found["low"] <= shares) & (shares <= found["high"])
        covered += binom.pmf(count, total, shares) * holds

    assert 0.93 <= covered.mean() <= 0.97
    assert covered.min() >= 0.88


# --- degenerate input -------------------------------------------------------------------------

DEGENERATE = [
    # what is asked for, status, value, is there an interval?
    (estimate_share(0, 0), "not estimable", None, False),
    (estimate_share(0, 1), "too few", None, False),
    (estimate_share(1, 1), "too few", None, False),
    (estimate_share(2, 4), "too few", None, False),
    (estimate_share(0, 5), "shown", 0.0, True),
    (estimate_share(5, 5), "shown", 1.0, True),
    (estimate_share(2, 5), "shown", 0.4, True),
    (estimate_share(2, 9, PROTOCOL["too_small_for_a_subgroup"]), "too few", None, False),
    (estimate_share(2, 10, PROTOCOL["too_small_for_a_subgroup"]), "shown", 0.2, True),
    (estimate_upper_bound(0), "not estimable", None, False),
    (estimate_upper_bound(4), "too few", None, False),
    (estimate_mean_change(pd.Series([], dtype=float)), "not estimable", None, False),
    (estimate_mean_change(pd.Series([None, None])), "not estimable", None, False),
    (estimate_mean_change(pd.Series([1.0])), "too few", None, False),
    (estimate_mean_change(pd.Series([1.0, 2, 3, 4])), "too few", None, False),
    (estimate_mean_change(pd.Series([1.0, 2, 3, 4, 5])), "shown", 3.0, True),
    (estimate_mean_change(pd.Series([2.0] * 5)), "shown", 2.0, False),
    (estimate_mean_change(pd.Series([0.1] * 7)), "shown", 0.1, False),
    (estimate_mean_change(pd.Series([0.0] * 5)), "shown", 0.0, False),
    (estimate_median(pd.Series([], dtype=float)), "not estimable", None, False),
    (estimate_median(pd.Series([28.0] * 4)), "too few", None, False),
    (estimate_median(pd.Series([28.0, 35, 28, 30, None, 42])), "shown", 30.0, False),
    (estimate_median(pd.Series([28, 35, 28, 30, 42, 32])), "shown", 31.0, False),
]


@pytest.mark.parametrize(("found", "status", "value", "has_interval"), DEGENERATE)
def test_degenerate_input(
    found: dict, status: str, value: float | None, has_interval: bool
) -> None:
    """Nobody, too few, all alike: an estimates row with a status and never an interval of width
    zero."""
    shared = {"question": "q", "statistic": "s", "unit": "patients", "population": "p"}
    (row,) = make_estimates([found], **shared).to_dict("records")

    assert row["status"] == status
    assert row["value"] == value or (value is None and pd.isna(row["value"]))
    for limit in ("low", "high", "confidence"):
        assert pd.notna(row[limit]) == has_interval
    if has_interval:
        assert row["low"] < row["high"]
    if status == "not estimable":
        assert row["note"]


@pytest.mark.parametrize(("count", "total"), [(-1, 5), (6, 5), (1, 0)])
def test_counts_that_cannot_be(count: int, total: int) -> None:
    """More counted than there are is a mistake of ours and must not become a number."""
    with pytest.raises(ValueError, match="cannot be"):
        estimate_share(count, total)


@given(st.integers(5, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_its_estimate(pair: tuple[int, int]) -> None:
    """Any share lies inside its interval, the interval inside 0 to 1, and the complement mirrors
    it."""
    count, total = pair
    found, other = estimate_share(count, total), estimate_share(total - count, total)

    assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1
    assert found["low"] < found["high"]
    assert found["low"] == pytest.approx(1 - other["high"], abs=1e-9)
