"""Bootstrap, median percent, beyond measurement error, and the sign test."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.estimates import make_estimates
from analysis.statistics import change
from analysis.vocabulary import PROTOCOL

R = json.loads((Path(__file__).parent / "reference" / "estimates.json").read_text(encoding="utf-8"))
MISSING = float("nan")


def column(*numbers: float) -> pd.Series:
    return pd.Series(numbers, dtype=float)


# --- bootstrap --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", R["bca"])
def test_bootstrap(name: str) -> None:
    """R's boot.ci(type = "bca") with 200,000 resamples; what is left is the noise of ours."""
    case = R["bca"][name]
    low, high = case["found"]

    found = change.estimate_mean_change_bootstrap(column(*case["changes"]), seed=1)

    assert found["value"] == pytest.approx(np.mean(case["changes"]))
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=0.04 * (high - low))
    assert found["se"] == pytest.approx(case["se"], rel=0.03)
    assert (found["method"], found["confidence"]) == ("mean_bca", 0.95)
    assert found["count"] == found["total"] == len(case["changes"])


def test_bootstrap_follows_the_skew() -> None:
    """Where a few got much better the interval reaches further up than down; t reaches as far
    either way."""
    found = change.estimate_mean_change_bootstrap(column(*R["bca"]["skewed"]["changes"]), seed=1)

    assert found["high"] - found["value"] > 1.5 * (found["value"] - found["low"])


def test_bootstrap_depends_on_the_changes_only() -> None:
    """Neither the order of the patients nor a missing change shows; another seed does."""
    changes = column(*R["bca"]["skewed"]["changes"])
    shuffled = pd.concat([changes.sample(frac=1, random_state=3), column(MISSING)])
    found = change.estimate_mean_change_bootstrap(changes, seed=1)

    assert change.estimate_mean_change_bootstrap(shuffled, seed=1) == found
    assert change.estimate_mean_change_bootstrap(changes, seed=2)["low"] != found["low"]


DEGENERATE = [
    # changes, status, value, is there an interval?
    (column(), "not estimable", None, False),
    (column(MISSING, MISSING), "not estimable", None, False),
    (column(1), "too few", None, False),
    (column(1, 2, 3, 4), "too few", None, False),
    (column(2, 2, 2, 2, 2), "shown", 2.0, False),
    (column(0, 0, 0, 0, 0, 0), "shown", 0.0, False),
    (column(0, 0, 0, 0, 5), "shown", 1.0, True),
    (column(1, 2, 3, 4, 5), "shown", 3.0, True),
]


@pytest.mark.parametrize(("changes", "status", "value", "has_interval"), DEGENERATE)
def test_bootstrap_of_little(
    changes: pd.Series, status: str, value: float | None, has_interval: bool
) -> None:
    """Nobody, too few, all alike: a row with a status, never an interval of width zero."""
    found = change.estimate_mean_change_bootstrap(changes, seed=1)
    shared = {"question": "q", "statistic": "s", "unit": "patients", "population": "p"}
    (row,) = make_estimates([found], **shared).to_dict("records")

    assert row["status"] == status
    assert row["value"] == value or (value is None and pd.isna(row["value"]))
    assert pd.notna(row["low"]) == pd.notna(row["high"]) == has_interval
    if has_interval:
        assert row["low"] < row["high"]
    else:
        assert row["note"] or status == "too few"


def test_very_many_are_not_resampled() -> None:
    """Above the protocol's number of patients the t interval stands alone, which is said."""
    many = pd.Series(np.arange(PROTOCOL["bootstrap_most"].whole + 1), dtype=float)
    found = change.estimate_mean_change_bootstrap(many, seed=1)

    assert "low" not in found
    assert "resampled" in found["note"]


# --- median percent ---------------------------------------------------------------------------

# Ranks of the 95 % interval of a median, by number of patients: Altman DG et al. 2000, Statistics
# with Confidence, Table 18.4 (recalled), which are those of the binomial distribution.
RANKS = {6: 1, 7: 1, 8: 1, 9: 2, 10: 2, 11: 2, 12: 3, 15: 4, 20: 6, 25: 8, 30: 10, 40: 14, 50: 18}


@pytest.mark.parametrize(("n", "rank"), RANKS.items())
def test_median_percent(n: int, rank: int) -> None:
    """Patients who got 1, 2, ... n percent better: the limits are the percentages of those
    ranks from below and from above."""
    percent = np.arange(1, n + 1, dtype=float)

    found = change.estimate_median_percent(pd.Series([50.0] * n), pd.Series(percent / 2))

    assert found["value"] == (n + 1) / 2
    assert (found["low"], found["high"]) == (rank, n + 1 - rank)
    assert (found["count"], found["total"], found["method"]) == (n, n, "median_percent")


def test_percent_of_the_own_baseline() -> None:
    """baseline      10   20   40    0   -5    8  none    4
    better by         5    5  -10    3    3    4     2  none
    percent          50   25  -25    -    -   50     -     -
    and the median of five is none of the mean change in percent of the mean baseline."""
    baseline = column(10, 20, 40, 0, -5, 8, MISSING, 4, 1)
    better = column(5, 5, -10, 3, 3, 4, 2, MISSING, 1)

    found = change.estimate_median_percent(baseline, better)

    assert found["value"] == 50  # of -25, 25, 50, 50, 100
    assert (found["count"], found["total"]) == (5, 7)
    assert found["note"].startswith("2 with a baseline of zero or below left out")
    assert "low" not in found


PERCENT = [
    # baseline, improvement, status, value, is there an interval?
    (column(), column(), "not estimable", None, False),
    (column(0, 0, 0, 0, 0, 0), column(1, 2, 3, 4, 5, 6), "not estimable", None, False),
    (column(10), column(5), "too few", None, False),
    (column(10, 10, 10, 10, 0), column(1, 2, 3, 4, 5), "too few", None, False),
    (column(10, 10, 10, 10, 10), column(1, 2, 3, 4, 5), "shown", 30.0, False),
    (column(*[10] * 6), column(1, 2, 3, 4, 5, 6), "shown", 35.0, True),
    (column(*[10] * 9), column(*[5] * 9), "shown", 50.0, False),
    (column(*[10] * 9), column(1, *[5] * 7, 9), "shown", 50.0, False),
]


@pytest.mark.parametrize(("baseline", "better", "status", "value", "has_interval"), PERCENT)
def test_median_percent_of_little(
    baseline: pd.Series, better: pd.Series, status: str, value: float | None, has_interval: bool
) -> None:
    """Nobody with a percentage, too few, all alike: a row with a status."""
    found = change.estimate_median_percent(baseline, better)

    assert found.get("status", "shown") == status
    assert found.get("value") == value
    assert ("low" in found) == ("high" in found) == ("confidence" in found) == has_interval
    if status == "not estimable" or (status == "shown" and not has_interval):
        assert found["note"]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-1, 10), st.integers(-10, 10)), max_size=40))
def test_median_percent_depends_on_the_patients_only(
    pairs: list[tuple[int, int]],
) -> None:
    """Their order does not show, and the median lies inside its interval."""
    table = pd.DataFrame(pairs, columns=["baseline", "better"], dtype=float)
    shuffled = table.sample(frac=1, random_state=1)
    found = change.estimate_median_percent(table["baseline"], table["better"])

    assert change.estimate_median_percent(shuffled["baseline"], shuffled["better"]) == found
    if "low" in found:
        assert found["low"] <= found["value"] <= found["high"]
        assert found["low"] < found["high"]


# --- beyond measurement error -----------------------------------------------------------------


def test_beyond_measurement_error() -> None:
    """Seven patients, smallest detectable change 1.6: only more than that is beyond it, and only
    for the better; 3.2 - 1.6 is not more, whatever binary fractions make of it."""
    changes = column(3.2 - 1.6, 1.7, 5, -4, 0, 1.5, 1.6000000001, MISSING)

    found = change.estimate_beyond(changes, 1.6)

    assert (found["count"], found["total"], found["method"]) == (2, 7, "wilson")
    assert found["value"] == 2 / 7


@pytest.mark.parametrize(
    ("changes", "status"),
    [(column(), "not estimable"), (column(5), "too few"), (column(*[5] * 5), "shown")],
)
def test_beyond_of_little(changes: pd.Series, status: str) -> None:
    """As any other share."""
    assert change.estimate_beyond(changes, 1).get("status", "shown") == status


@pytest.mark.parametrize("size", [0, -1, MISSING])
def test_no_smallest_detectable_change(size: float) -> None:
    """Without a published figure above zero nothing is beyond it."""
    with pytest.raises(ValueError, match="above zero"):
        change.estimate_beyond(column(1, 2, 3, 4, 5), size)


# --- sign test --------------------------------------------------------------------------------

# 2 * sum of choose(n, k) over the smaller tail / 2^n, by hand.
SIGNS = [
    # better, worse, p
    (10, 0, 2 / 1024),
    (0, 10, 2 / 1024),
    (8, 2, 112 / 1024),
    (9, 1, 22 / 1024),
    (5, 5, 1.0),
    (6, 5, 1.0),
    (5, 0, 2 / 32),
    (0, 0, None),
    (4, 0, None),
]


@pytest.mark.parametrize(("better", "worse", "p"), SIGNS)
def test_sign_test(better: int, worse: int, p: float | None) -> None:
    """Exact and two-sided; none of nobody, and none of so few."""
    found = change.test_better_worse(better, worse)

    assert found["p"] == (None if p is None else pytest.approx(p))
    assert (found["count"], found["total"]) == (better, better + worse)
    assert ("status" in found) == (p is None)
    assert "value" not in found


def test_sign_test_falls_with_the_lead() -> None:
    """The further apart better and worse, the smaller p."""
    found = [change.test_better_worse(10 + lead, 10 - lead)["p"] for lead in range(11)]

    assert all(after < before for before, after in pairwise(found))


def test_signs_below_zero() -> None:
    """A count below zero is a mistake of ours."""
    with pytest.raises(ValueError, match="cannot be"):
        change.test_better_worse(-1, 5)
