"""What patients who were not seen again could do to a result, and what would overturn it."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from analysis.statistics.unseen import (
    bound_mean_change,
    bound_responders,
    find_tipping_change,
    find_tipping_count,
)

Z = 1.959963984540054
MISSING = float("nan")


def column(*numbers: float) -> pd.Series:
    return pd.Series(numbers, dtype=float)


def wilson_low(count: int, total: int) -> float:
    """Lower limit, written out; exact where none or all responded, as a share on a page is."""
    if count == 0:
        return 0.0
    if count == total:
        return 0.025 ** (1 / total)
    p = count / total
    middle = p + Z**2 / (2 * total)
    return (middle - Z * math.sqrt(p * (1 - p) / total + Z**2 / (4 * total**2))) / (
        1 + Z**2 / total
    )


def t_limits(numbers: list[float]) -> tuple[float, float]:
    half = stats.t.ppf(0.975, len(numbers) - 1) * np.std(numbers, ddof=1) / math.sqrt(len(numbers))
    return float(np.mean(numbers) - half), float(np.mean(numbers) + half)


# --- bounds -----------------------------------------------------------------------------------

RESPONDERS = [
    # responders, seen, unseen, counts of unchanged, worst and best among how many
    (20, 30, 10, (20, 20, 30), 40),
    (20, 30, 0, (20, 20, 20), 30),
    (0, 30, 10, (0, 0, 10), 40),
    (30, 30, 10, (30, 30, 40), 40),
    (3, 5, 0, (3, 3, 3), 5),
]


@pytest.mark.parametrize(("responders", "seen", "unseen", "counts", "total"), RESPONDERS)
def test_bounds_of_responders(
    responders: int, seen: int, unseen: int, counts: tuple[int, int, int], total: int
) -> None:
    """Those not seen count as non-responders, and in the best case as responders."""
    found = bound_responders(responders, seen, unseen)

    assert list(found) == ["unchanged", "worst", "best"]
    assert tuple(row["count"] for row in found.values()) == counts
    assert {row["total"] for row in found.values()} == {total}
    for row in found.values():
        assert row["value"] == row["count"] / total
        assert row["low"] < row["high"]
    if 0 < counts[0] < total:
        assert found["worst"]["low"] == pytest.approx(wilson_low(counts[0], total))


@pytest.mark.parametrize(
    ("responders", "seen", "unseen", "status"),
    [(0, 0, 0, "not estimable"), (0, 0, 20, "not estimable"), (2, 4, 20, "too few")],
)
def test_bounds_need_somebody_seen(responders: int, seen: int, unseen: int, status: str) -> None:
    """Of nobody seen there is no result to bound, of very few none that is shown."""
    for row in bound_responders(responders, seen, unseen).values():
        assert row["status"] == status
        assert row["total"] == seen + unseen
        assert "value" not in row


def test_bounds_of_a_mean() -> None:
    """Six seen, two not: one could still fall by 3 or gain 1, the other fall by 1 or gain 4."""
    seen = [1.0, 2, 0, -1, 3, 2]

    found = bound_mean_change(column(*seen, MISSING), 2, [-3, -1], [1, 4])

    for case, supposed in (("unchanged", [0, 0]), ("worst", [-3, -1]), ("best", [1, 4])):
        row = found[case]
        assert row["value"] == pytest.approx(np.mean([*seen, *supposed]))
        assert (row["low"], row["high"]) == pytest.approx(t_limits([*seen, *supposed]))
        assert (row["count"], row["total"], row["method"]) == (8, 8, "mean_t")


def test_a_scale_without_an_end() -> None:
    """Days of work lost have no worst: that case is not estimable, the others are."""
    found = bound_mean_change(column(1, 2, 0, -1, 3), 2, None, [1, 4])

    assert found["worst"]["status"] == "not estimable"
    assert "no such end" in found["worst"]["note"]
    assert "value" in found["unchanged"]
    assert "value" in found["best"]


BOUNDED = [
    # changes, unseen, lowest, highest, statuses of unchanged, worst and best
    (column(), 3, [-1] * 3, [1] * 3, ["not estimable"] * 3),
    (column(1, 2, 3, 4), 3, [-1] * 3, [1] * 3, ["too few"] * 3),
    (column(1, 2, 3, 4, 5), 0, [], [], ["shown"] * 3),
    (column(1, 2, 3, 4, 5), 2, [-1, None], [1, 2], ["shown", "not estimable", "shown"]),
    (column(1, 1, 1, 1, 1), 2, [1, 1], None, ["shown", "shown", "not estimable"]),
]


@pytest.mark.parametrize(("changes", "unseen", "lowest", "highest", "statuses"), BOUNDED)
def test_bounds_of_little(
    changes: pd.Series, unseen: int, lowest: Any, highest: Any, statuses: list[str]
) -> None:
    """Nobody seen, too few, nobody unseen, an unknown end, all alike: each row has its status."""
    found = bound_mean_change(changes, unseen, lowest, highest)

    assert [row.get("status", "shown") for row in found.values()] == statuses
    for row in found.values():
        if row.get("status") == "not estimable":
            assert row["note"]
        if "low" in row:
            assert row["low"] < row["high"]


def test_as_many_ends_as_patients() -> None:
    """Two possible changes for three patients are a mistake of ours."""
    with pytest.raises(ValueError, match="2 possible changes for 3 patients"):
        bound_mean_change(column(1, 2, 3, 4, 5), 3, [-1, -2], None)


@pytest.mark.parametrize(("responders", "seen", "unseen"), [(6, 5, 1), (-1, 5, 1), (3, 5, -1)])
def test_counts_that_cannot_be(responders: int, seen: int, unseen: int) -> None:
    """A mistake of ours and no number."""
    with pytest.raises(ValueError, match="cannot be"):
        bound_responders(responders, seen, unseen)
    with pytest.raises(ValueError, match="cannot be"):
        find_tipping_count(responders, seen, unseen, 0.5)


# --- tipping point in patients ----------------------------------------------------------------


def count_by_force(responders: int, seen: int, unseen: int, benchmark: float) -> int | None:
    for more in range(unseen + 1):
        if wilson_low(responders + more, seen + unseen) > benchmark:
            return more
    return None


@settings(max_examples=300)
@given(
    st.integers(5, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(1, 60),
    st.sampled_from([0.0, 0.25, 0.5, 0.8, 0.95]),
)
def test_tipping_count(pair: tuple[int, int], unseen: int, benchmark: float) -> None:
    """The smallest number, found by trying all."""
    needed = count_by_force(*pair, unseen, benchmark)
    found = find_tipping_count(*pair, unseen, benchmark)

    assert found.get("count") == needed
    assert found["total"] == unseen
    assert (found.get("status") == "not estimable") == (needed is None)
    assert bool(found.get("note")) == (needed in (0, None))


# A log in which worse patients stayed away: of 92 treated 31 were not seen again, and of these
# the planted truth is that 6 responded; of the 61 seen, 45 did.
PLANTED = [
    # benchmark, how many of the 31 must have responded, does the truth hold the claim?
    (0.0, 0, True),
    (0.45, 6, True),
    (0.50, 11, False),
    (0.70, 29, False),
    (0.80, None, False),
]


@pytest.mark.parametrize(("benchmark", "needed", "holds"), PLANTED)
def test_informative_dropout(benchmark: float, needed: int | None, holds: bool) -> None:
    """The claim holds in truth exactly where at least as many responded as must have."""
    found = find_tipping_count(45, 61, 31, benchmark)

    assert found.get("count") == needed == count_by_force(45, 61, 31, benchmark)
    assert (needed is not None and needed <= 6) == holds
    assert (wilson_low(45 + 6, 92) > benchmark) == holds


EDGES = [
    # responders, seen, unseen, benchmark, count, status, word of the note
    (25, 30, 10, 0.4, 0, "shown", "even if nobody"),
    (2, 30, 3, 0.4, None, "not estimable", "even if everybody"),
    (25, 30, 0, 0.4, None, "not estimable", "everybody was seen"),
    (0, 0, 10, 0.4, None, "not estimable", "nobody was seen"),
    (0, 0, 0, 0.4, None, "not estimable", "nobody was seen"),
    (4, 4, 10, 0.4, None, "too few", ""),
    (0, 10, 10, 0.0, 1, "shown", ""),  # one of twenty is above zero, none is not
    (10, 10, 10, 1.0, None, "not estimable", "even if everybody"),
]


@pytest.mark.parametrize(
    ("responders", "seen", "unseen", "benchmark", "count", "status", "word"), EDGES
)
def test_edges_of_the_tipping_count(
    responders: int,
    seen: int,
    unseen: int,
    benchmark: float,
    count: int | None,
    status: str,
    word: str,
) -> None:
    """It stands anyway, it falls anyway, nobody is missing, nobody was seen."""
    found = find_tipping_count(responders, seen, unseen, benchmark)

    assert found.get("count") == count
    assert found.get("status", "shown") == status
    assert word in found.get("note", "")
    assert found["method"] == "tipping_count"


@pytest.mark.parametrize("benchmark", [-0.1, 1.1, MISSING])
def test_benchmarks_that_cannot_be(benchmark: float) -> None:
    """A benchmark in percent is a mistake of ours."""
    with pytest.raises(ValueError, match="from 0 to 1"):
        find_tipping_count(20, 30, 10, benchmark)


# --- tipping point in points of the scale -----------------------------------------------------


def low_by_force(seen: np.ndarray, unseen: int, mean: float) -> float:
    """The lower limit if those not seen vary as those seen do, about a mean of their own: by
    numbers with that mean and spread, not by a formula of sums."""
    pattern = np.array([1.0, -1.0] * (unseen // 2) + [0.0] * (unseen % 2))
    spread = np.sqrt(((seen - seen.mean()) ** 2).mean() * unseen / max((pattern**2).sum(), 1))
    return t_limits([*seen, *(mean + spread * pattern)])[0]


SEEN = {
    "sleep": [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4],
    "bacilli": [5.0, 8, 3, 6, 8, 2, -3, 5, 3, 3, 6, 4, 4, 7, 0, 4, 5, -1, 4, 6],
    "large": [float(number % 7) for number in range(70)],
}


@pytest.mark.parametrize("unseen", [2, 4, 10, 40])
@pytest.mark.parametrize("margin", [0.0, 0.3, -1.0])
@pytest.mark.parametrize("name", SEEN)
def test_tipping_change(name: str, margin: float, unseen: int) -> None:
    """At the tipping point the lower limit touches the margin, computed from made-up patients; a
    hair better holds, a hair worse does not; and no worse mean holds either."""
    seen = np.array(SEEN[name])
    found = find_tipping_change(pd.Series(seen), unseen, margin)["value"]

    assert low_by_force(seen, unseen, found) == pytest.approx(margin, abs=1e-9)
    assert low_by_force(seen, unseen, found + 1e-4) > margin
    assert low_by_force(seen, unseen, found - 1e-4) < margin
    assert all(low_by_force(seen, unseen, found - step) < margin for step in np.geomspace(1, 1e5))


def test_repeated_and_shifted() -> None:
    """As many unseen as seen: the seen's own changes, shifted, by bisection."""
    seen = np.array(SEEN["sleep"])

    def low(mean: float) -> float:
        return t_limits([*seen, *(seen - seen.mean() + mean)])[0]

    expected = optimize.brentq(low, -10, seen.mean())
    found = find_tipping_change(pd.Series(seen), len(seen))

    assert found["value"] == pytest.approx(expected, rel=1e-9)
    assert (found["count"], found["total"], found["method"]) == (10, 10, "tipping_change")


def test_informative_dropout_in_points() -> None:
    """Thirty patients got 2 points better on average; twenty more stayed away, and by the planted
    truth they got 3 points worse: beyond the tipping point, as the whole says too."""
    seen = [2 + (number - 14.5) / 10 for number in range(30)]
    away = [-3 + (number - 9.5) / 7 for number in range(20)]
    found = find_tipping_change(pd.Series(seen), 20)["value"]

    assert t_limits(seen)[0] > 0 > t_limits([*seen, *away])[0]
    assert np.mean(away) < found
    mild = [found + 0.3 + value - np.mean(away) for value in away]
    assert t_limits([*seen, *mild])[0] > 0


EDGES_IN_POINTS = [
    # changes, unseen, margin, status, word of the note
    (column(), 5, 0.0, "not estimable", "nobody was seen"),
    (column(1, 2, 3, 4, 5), 0, 0.0, "not estimable", "everybody was seen"),
    (column(1, 2, 3, 4), 5, 0.0, "too few", ""),
    (column(2, 2, 2, 2, 2), 5, 0.0, "not estimable", "all changes are the same"),
    (column(-5, -4, -6, -5, -5.5), 1, 0.0, "not estimable", "whatever the change"),
    (column(1, 2, 3, 4, 5, MISSING), 2, 0.0, "shown", ""),
]


@pytest.mark.parametrize(("changes", "unseen", "margin", "status", "word"), EDGES_IN_POINTS)
def test_edges_of_the_tipping_change(
    changes: pd.Series, unseen: int, margin: float, status: str, word: str
) -> None:
    """Nobody seen, nobody missing, too few, no spread, or no mean that would do."""
    found = find_tipping_change(changes, unseen, margin)

    assert found.get("status", "shown") == status
    assert word in found.get("note", "")
    assert ("value" in found) == (status == "shown")


def test_no_mean_would_do() -> None:
    """One patient not seen cannot lift five who got worse: no mean was overlooked."""
    seen = np.array([-5, -4, -6, -5, -5.5])

    assert all(low_by_force(seen, 1, mean) < 0 for mean in np.linspace(-100, 1000, 2001))


def test_order_does_not_show() -> None:
    """The same patients in another order tip at the same point, to the last bit."""
    seen = pd.Series(SEEN["bacilli"])
    shuffled = seen.sample(frac=1, random_state=2)

    assert find_tipping_change(seen, 7) == find_tipping_change(shuffled, 7)
