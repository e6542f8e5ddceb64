"""Signals of a control chart: for each rule the smallest table that flips it."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.control_charts import SIGNALS, chart_means, mark_signals

CENTRE, NEAR, LIMIT = 10.0, 2.0, 3.0


def draw(distances: list[float | None]) -> pd.DataFrame:
    """Return points so far from the centre, with a limit at 3 and two thirds of the way at 2."""
    values = CENTRE + np.array([np.nan if each is None else each for each in distances], float)
    lines = {
        "centre": CENTRE,
        "low": CENTRE - LIMIT,
        "high": CENTRE + LIMIT,
        "near_low": CENTRE - NEAR,
        "near_high": CENTRE + NEAR,
    }
    return pd.DataFrame({"value": values}).assign(**lines)


def mark(rule: str, distances: list[float | None]) -> list[int]:
    return mark_signals(draw(distances))[rule].tolist()


# rule       distances from the centre                       marked
RULES = [
    # beyond the limit, not on it
    ("outside", [3, -3],                                     [0, 0]),
    ("outside", [3.01, -3.01],                               [1, -1]),
    # seven on one side
    ("shift",   [1] * 6,                                     [0] * 6),
    ("shift",   [1] * 7,                                     [1] * 7),
    ("shift",   [-1] * 7,                                    [-1] * 7),
    ("shift",   [-1, *[1] * 6, -1],                          [0] * 8),
    ("shift",   [-1, *[1] * 8, -1],                          [0, *[1] * 8, 0]),
    # a point on the centre is on no side and ends the run
    ("shift",   [1, 1, 1, 0, 1, 1, 1, 1],                    [0] * 8),
    ("shift",   [0] * 7,                                     [0] * 7),
    # no point is no neighbour
    ("shift",   [1, 1, 1, None, 1, 1, 1, 1],                 [1, 1, 1, 0, 1, 1, 1, 1]),
    # six that rise, or fall, on whatever side
    ("trend",   [-2, -1, 0, 1, 2],                           [0] * 5),
    ("trend",   [-2, -1, 0, 1, 2, 2.5],                      [1] * 6),
    ("trend",   [2.5, 2, 1, 0, -1, -2],                      [-1] * 6),
    ("trend",   [1, -2, -1, 0, 1, 2, 2.5, 1],                [0, 1, 1, 1, 1, 1, 1, 0]),
    # two equal neighbours end the trend
    ("trend",   [-2, -1, 0, 0, 1, 2, 2.5],                   [0] * 7),
    ("trend",   [-2, -1, 0, None, 1, 2, 2.5],                [1, 1, 1, 0, 1, 1, 1]),
    # the turning point belongs to the earlier of two trends
    ("trend",   [-2, -1, 0, 1, 2, 2.5, 2, 1, 0, -1, -2],     [1] * 6 + [-1] * 5),
    # two of three close to a limit; the third on the same side, and not marked itself
    ("near",    [2.1, 2.1],                                  [0, 0]),
    ("near",    [2.1, 2.1, 0.1],                             [1, 1, 0]),
    ("near",    [2.1, 0.1, 2.1],                             [1, 0, 1]),
    ("near",    [0.1, -2.1, -2.1],                           [0, 0, 0]),
    ("near",    [-0.1, -2.1, -2.1],                          [0, -1, -1]),
    ("near",    [2.1, 2.1, -0.1],                            [0, 0, 0]),
    ("near",    [2.1, 2.1, 0],                               [0, 0, 0]),
    ("near",    [2.1, -2.1, 2.1],                            [0, 0, 0]),
    ("near",    [2.1, 2.0, 0.1],                             [0, 0, 0]),
    ("near",    [2.1, 0.1, 0.1, 2.1],                        [0, 0, 0, 0]),
    ("near",    [2.1, 2.1, 2.1],                             [1, 1, 1]),
    # beyond the limit itself is close to it too
    ("near",    [3.5, 2.1, 0.1],                             [1, 1, 0]),
    ("near",    [2.1, None, 2.1, 0.1],                       [1, 0, 1, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "distances", "marked"), RULES)
def test_rule(rule: str, distances: list[float | None], marked: list[int]) -> None:
    """One point more or less, or one on the other side, and the rule holds or does not."""
    assert mark(rule, distances) == marked


@pytest.mark.parametrize(("rule", "distances", "marked"), RULES)
def test_rule_upside_down(rule: str, distances: list[float | None], marked: list[int]) -> None:
    """High and low are treated alike."""
    turned = [None if each is None else -each for each in distances]

    assert mark(rule, turned) == [-sign for sign in marked]


@pytest.mark.parametrize(
    ("rule", "distances", "marked"), [each for each in RULES if not {1, -1} <= {*each[2]}]
)
def test_rule_backwards(rule: str, distances: list[float | None], marked: list[int]) -> None:
    """Seen from the end a shift is the same and a rise is a fall. (A turning point changes hands:
    it belongs to the earlier of two trends.)"""
    sign = -1 if rule == "trend" else 1

    assert mark(rule, distances[::-1]) == [sign * each for each in marked[::-1]]


def test_no_lines_no_signals() -> None:
    """Points without lines are marked by no rule, and neither is nothing."""
    bare = draw([5] * 10).assign(centre=np.nan)

    assert not mark_signals(bare)[[*SIGNALS]].any(axis=None)
    assert mark_signals(draw([])).columns.tolist()[-4:] == [*SIGNALS]


def test_rounding_is_no_side() -> None:
    """A tenth added three times is above 0.3 by rounding alone: on the centre, not above it."""
    points = draw([0] * 7).assign(value=0.1 + 0.1 + 0.1, centre=0.3, high=1.0, near_high=0.9)

    assert not mark_signals(points)["shift"].any()


def test_lines_may_step() -> None:
    """Each point is compared with the lines at it."""
    points = draw([2.5, 2.5]).assign(high=[CENTRE + 2, CENTRE + 3])

    assert mark_signals(points)["outside"].tolist() == [1, 0]


@given(st.lists(st.sampled_from([-3.5, -2.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.5, 3.5]), max_size=30))
def test_signals_by_counting(distances: list[float]) -> None:
    """As counted window by window: a point is marked when some window of the rule's length holds
    it and every point of the window does what the rule says."""
    found = mark_signals(draw(distances))

    def windows(at: int, length: int) -> list[list[float]]:
        starts = range(max(0, at - length + 1), min(at, len(distances) - length) + 1)
        return [distances[start : start + length] for start in starts]

    for at, here in enumerate(distances):
        shift = any(all(each * here > 0 for each in window) for window in windows(at, 7))
        trend = any(
            all(a < b for a, b in pairwise(w)) or all(a > b for a, b in pairwise(w))
            for w in windows(at, 6)
        )
        near = abs(here) > 2 and any(
            all(each * here > 0 for each in window) and sum(abs(each) > 2 for each in window) >= 2
            for window in windows(at, 3)
        )
        row = found.iloc[at]
        assert (row["outside"] != 0, row["shift"] != 0, row["trend"] != 0, row["near"] != 0) == (
            abs(here) > 3,
            shift,
            trend,
            near,
        )
        assert row["shift"] in (0, np.sign(here))


def test_signals_of_a_chart() -> None:
    """From points to marks: after twelve steady means seven higher ones are a shift, and the
    chart's own lines say what is outside."""
    values = [5.0, 5.4, 4.9, 5.2, 4.8, 5.3, 5.0, 4.7, 5.1, 5.3, 4.9, 5.0]
    values += [6.4, 6.6, 6.3, 6.7, 6.5, 6.4, 6.6, 8.5]
    chart = chart_means(pd.DataFrame({"value": values, "total": 20}))

    assert chart.points["shift"].tolist() == [-1] * 12 + [1] * 8
    assert chart.points["outside"].tolist() == [0] * 19 + [1]
    assert not chart.points["trend"].any()
