"""Differences of shares, and published percentages that cannot be."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.proportions import (
    estimate_difference,
    estimate_paired_difference,
    list_possible_counts,
    possible,
)

R = json.loads((Path(__file__).parent / "reference" / "estimates.json").read_text(encoding="utf-8"))
COUNTS = st.integers(0, 60)

# --- different patients -----------------------------------------------------------------------

# Newcombe RG 1998, Stat Med 17:873-890, Table II, method 10 (recalled from the literature), and the
# same to ten digits from Wilson's intervals in R 4.2.2: prop.test(x, n, correct = FALSE).
DIFFERENCES = [
    # first, second, in the table, in R
    ((56, 70), (48, 80), (0.0524, 0.3339), (0.0524314724, 0.333872654)),
    ((9, 10), (3, 10), (0.1705, 0.8090), (0.1705227239, 0.8090179735)),
    ((6, 7), (2, 7), (0.0582, 0.8062), (0.05822792748, 0.8062496375)),
    ((5, 56), (0, 29), (-0.0381, 0.1926), (-0.0381371479, 0.1925600139)),
    ((0, 10), (0, 20), (-0.1611, 0.2775), (-0.1611251581, 0.2775327999)),
    ((0, 10), (0, 10), (-0.2775, 0.2775), (-0.2775327999, 0.2775327999)),
    ((10, 10), (0, 20), (0.6791, 1), (0.6790860371, 1)),
    ((10, 10), (0, 10), (0.6075, 1), (0.6075093504, 1)),
]


@pytest.mark.parametrize(("first", "second", "table", "r"), DIFFERENCES)
def test_difference(
    first: tuple[int, int],
    second: tuple[int, int],
    table: tuple[float, float],
    r: tuple[float, float],
) -> None:
    """The first share less the second, with Newcombe's interval as published."""
    found = estimate_difference(*first, *second)

    assert found["value"] == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (round(found["low"], 4), round(found["high"], 4)) == table
    assert (found["low"], found["high"]) == pytest.approx(r, rel=1e-6)
    assert (found["count"], found["total"]) == (first[0] + second[0], first[1] + second[1])
    assert (found["method"], found["confidence"]) == ("newcombe", 0.95)


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ((0, 0), (3, 10), "not estimable"),
        ((3, 10), (0, 0), "not estimable"),
        ((0, 0), (0, 0), "not estimable"),
        ((1, 4), (3, 10), "too few"),
        ((3, 10), (1, 4), "too few"),
    ],
)
def test_groups_that_are_too_small(
    first: tuple[int, int], second: tuple[int, int], status: str
) -> None:
    """A group of nobody, or of fewer than five, has no difference from another."""
    found = estimate_difference(*first, *second)

    assert found["status"] == status
    assert "value" not in found
    assert "low" not in found


@pytest.mark.parametrize("counts", [(4, 3, 1, 5), (1, 5, -1, 5), (-1, 5, 1, 5), (1, 5, 6, 5)])
def test_counts_that_cannot_be(counts: tuple[int, int, int, int]) -> None:
    """More counted than there are is a mistake of ours and must not become a number."""
    with pytest.raises(ValueError, match="cannot be"):
        estimate_difference(*counts)


# --- the same patients twice ------------------------------------------------------------------

# Printed: Altman DG et al. 2000, Statistics with Confidence, p. 52 (recalled: 0.011 to 0.226);
# contingencytables (ocbe-uio/contingencytables, tests/testthat/test-ch8.R, commit 00b5af3), the
# book of Fagerland, Lydersen and Laake 2017, chapter 8: -0.0621 (-0.1186 to -0.0046).
PRINTED = [
    ((14, 5, 0, 22), 3, (0.122, 0.011, 0.226)),
    ((59, 6, 16, 80), 4, (-0.0621, -0.1186, -0.0046)),
]


@pytest.mark.parametrize(("table", "decimals", "printed"), PRINTED)
def test_paired_difference_in_print(
    table: tuple[int, int, int, int], decimals: int, printed: tuple[float, float, float]
) -> None:
    """As two books print it."""
    found = estimate_paired_difference(*table)

    assert tuple(round(found[key], decimals) for key in ("value", "low", "high")) == printed


@pytest.mark.parametrize("case", R["paired"], ids=lambda case: str(case["table"]))
def test_paired_difference(case: dict) -> None:
    """As written out in R, with no discordant pair, none concordant, and a share of one."""
    found = estimate_paired_difference(*case["table"])

    assert [found[key] for key in ("value", "low", "high")] == pytest.approx(
        case["found"], rel=1e-6, abs=1e-12
    )
    assert found["low"] < found["high"]
    assert (found["count"], found["total"]) == (sum(case["table"][1:3]), sum(case["table"]))
    assert (found["method"], found["confidence"]) == ("newcombe_paired", 0.95)


def test_pairs_are_not_two_groups() -> None:
    """Thirty patients of whom 24 had the same twice: taken for two groups of thirty, the interval
    would be far too wide."""
    paired = estimate_paired_difference(12, 5, 1, 12)
    independent = estimate_difference(17, 30, 13, 30)

    assert paired["value"] == pytest.approx(independent["value"])
    assert paired["high"] - paired["low"] < 0.7 * (independent["high"] - independent["low"])


@pytest.mark.parametrize(
    ("table", "status"), [((0, 0, 0, 0), "not estimable"), ((1, 1, 1, 1), "too few")]
)
def test_pairs_that_are_too_few(table: tuple[int, int, int, int], status: str) -> None:
    """No pairs, or fewer than five, have no difference."""
    found = estimate_paired_difference(*table)

    assert found["status"] == status
    assert "value" not in found


def test_pairs_below_zero() -> None:
    """A count below zero is a mistake of ours."""
    with pytest.raises(ValueError, match="cannot be"):
        estimate_paired_difference(5, -1, 5, 5)


@given(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS).filter(lambda table: sum(table) >= 5))
def test_paired_differences_mirror(table: tuple[int, int, int, int]) -> None:
    """Whatever the table: an interval within -1 to 1 that holds its estimate and is never of width
    zero, and the second less the first is the same with the sign turned."""
    both, first, second, neither = table
    found = estimate_paired_difference(both, first, second, neither)
    turned = estimate_paired_difference(both, second, first, neither)

    assert -1 <= found["low"] <= found["value"] <= found["high"] <= 1
    assert found["low"] < found["high"]
    assert (found["low"], found["high"]) == pytest.approx((-turned["high"], -turned["low"]))


# --- published percentages --------------------------------------------------------------------

PUBLISHED = [
    # percent, n, decimals, the counts it can be
    (91.8, 36, 1, []),  # 33 are 91.7, 34 are 94.4
    (91.7, 36, 1, [33]),
    (41.38, 29, 2, [12]),
    (41.37, 29, 2, []),  # cut off, not rounded
    (100, 36, 0, [36]),
    (0, 36, 0, [0]),
    (0, 1000, 0, [0, 1, 2, 3, 4, 5]),  # 0.5 percent may have been rounded down
    (50, 3, 0, []),
    (12.5, 8, 1, [1]),
    (12, 8, 0, [1]),  # 12.5 rounded down
    (13, 8, 0, [1]),  # 12.5 rounded up
    (101, 36, 0, []),
    (-3, 36, 0, []),
    (50, 0, 0, []),  # there is no percentage of nobody
    (33.3, 3000, 1, [998, 999, 1000]),
]


@pytest.mark.parametrize(("percent", "n", "decimals", "counts"), PUBLISHED)
def test_published_percentages(percent: float, n: int, decimals: int, counts: list[int]) -> None:
    """A percentage and a number of patients that cannot both be true have no count."""
    assert list_possible_counts(percent, n, decimals) == counts
    assert possible(percent, n, decimals) == bool(counts)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_what_was_counted_is_possible(pair: tuple[int, int]) -> None:
    """Any count, written as a percentage with Python's rounding, is among those possible."""
    count, n = pair
    for decimals in (0, 1, 2):
        assert count in list_possible_counts(float(f"{100 * count / n:.{decimals}f}"), n, decimals)


@pytest.mark.parametrize(
    ("percent", "n", "decimals"), [(91.85, 36, 1), (50, -1, 0), (50, 10, -1), (float("nan"), 9, 1)]
)
def test_percentages_that_are_asked_wrongly(percent: float, n: int, decimals: int) -> None:
    """More decimals than it is said to have, or numbers that cannot be, are a mistake of ours."""
    with pytest.raises(ValueError, match=r"cannot be|decimals"):
        possible(percent, n, decimals)
