"""Signals of a control chart: the four rules of Making Data Count, by name.

A signal says that chance alone is an unlikely explanation. It does not say what the reason is, nor
whether the change is for the better.
"""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.vocabulary import PROTOCOL

Reals = NDArray[np.float64]
Signs = NDArray[np.int64]

SIGNALS: Final = {
    "outside": "beyond the limits",
    "shift": f"one of {PROTOCOL['chart_shift'].whole} or more in a row on one side of the centre",
    "trend": f"one of {PROTOCOL['chart_trend'].whole} or more in a row that all rise or all fall",
    "near": f"one of {PROTOCOL['chart_near_least'].whole} of {PROTOCOL['chart_near_of'].whole} in "
    "a row that are close to a limit or beyond it, all on one side of the centre",
}
"""The rules and what a point they mark is, in words."""

LINES: Final = ("centre", "low", "high", "near_low", "near_high")
"""Columns that say where the lines lie at a point: the limits, and two thirds of the way there."""

_SLACK: Final = 1e-9  # of the largest value: what differs by less is the same, but for rounding


def mark_signals(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points with a column for each of :data:`SIGNALS`: 1 high or rising, -1 low or
    falling, 0 no signal.

    Parameters
    ----------
    points
        One row for each point in their order, with the columns value and :data:`LINES`, all in the
        units of what is charted. A row without a value is no point: what stands before it and
        behind it are neighbours. Where a point has no lines, nothing is marked.

    Notes
    -----
    A value on a line is not beyond it. One on the centre is on no side and ends a run. Two equal
    neighbours end a trend. All points of a shift or a trend are marked; where one trend turns into
    another, the turning point belongs to the earlier. Of the points near a
    limit those are marked that are beyond two thirds of the way, also beyond the limit itself; the
    third must be on the same side. NHS England, Making Data Count, rules as its tools apply them
    since November 2023 (nhs-r-community/NHSRplotthedots, issue 194).
    """
    numbers = points[["value", *LINES]].to_numpy(dtype=float)
    known = ~np.isnan(numbers).any(axis=1)
    values = numbers[known, 0]
    lines = dict(zip(LINES, numbers[known, 1:].T, strict=True))
    slack = _SLACK * float(np.abs(values).max(initial=0.0))

    def compare(low: str, high: str) -> Signs:
        above, below = values > lines[high] + slack, values < lines[low] - slack
        return above.astype(np.int64) - below.astype(np.int64)

    sides = compare("centre", "centre")
    found = {
        "outside": compare("low", "high"),
        "shift": _mark_shifts(sides, PROTOCOL["chart_shift"].whole),
        "trend": _mark_trends(values, slack, PROTOCOL["chart_trend"].whole),
        "near": _mark_near(compare("near_low", "near_high"), sides),
    }
    marks = {rule: np.zeros(len(points), dtype=np.int64) for rule in SIGNALS}
    for rule, signs in found.items():
        marks[rule][known] = signs
    return points.assign(**marks)


def _mark_shifts(sides: Signs, least: int) -> Signs:
    """Return the side of each point that is one of so many in a row on it, else zero."""
    return np.where(_measure_runs(sides) >= least, sides, 0)


def _mark_trends(values: Reals, slack: float, least: int) -> Signs:
    """Return 1 or -1 for each point that is one of so many in a row that all rise or all fall."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    changes = np.diff(values)
    steps = np.where(np.abs(changes) > slack, np.sign(changes), 0).astype(np.int64)
    # so many points have one step less between them
    steps = np.where(_measure_runs(steps) >= least - 1, steps, 0)
    arriving, leaving = np.append(0, steps), np.append(steps, 0)
    return np.where(arriving != 0, arriving, leaving)


def _mark_near(beyond: Signs, sides: Signs) -> Signs:
    """Return the side of each point near a limit or outside that has others like it around it."""
    least, of = PROTOCOL["chart_near_least"].whole, PROTOCOL["chart_near_of"].whole
    marked = np.zeros_like(sides)
    for start in range(len(sides) - of + 1):
        window = slice(start, start + of)
        together = abs(int(sides[window].sum())) == of
        if together and np.count_nonzero(beyond[window]) >= least:
            marked[window] = np.where(beyond[window] != 0, beyond[window], marked[window])
    return marked


def _measure_runs(signs: Signs) -> Signs:
    """Return for each entry how many equal ones stand in a row with it."""
    if not len(signs):
        return signs
    run = np.cumsum(np.append(True, signs[1:] != signs[:-1])) - 1
    return np.bincount(run)[run]
