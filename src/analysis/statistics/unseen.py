"""Patients who were not seen again: what they could do to a result, and what would overturn it.

"Not seen" are those whose follow-up was due and is missing; who is not yet due is not among them.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.change import estimate_mean_change
from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL

CASES: Final = ("unchanged", "worst", "best")
"""What is supposed of those not seen: no change, the worst there could be, the best."""

_NOBODY_SEEN: Final = "nobody was seen again"
_ALL_SEEN: Final = "everybody was seen again"


def bound_responders(responders: int, seen: int, unseen: int) -> dict[str, dict[str, Any]]:
    """Return the share of responders among all, for each of :data:`CASES`.

    Those not seen count as non-responders (unchanged and worst) or as responders (best). Nobody
    seen: not estimable; fewer seen than the protocol's least number: too few.

    Raises
    ------
    ValueError
        When the counts cannot be.
    """
    _check(responders, seen, unseen)
    counts = zip(CASES, (responders, responders, responders + unseen), strict=True)
    obstacle = _find_obstacle(seen)
    if obstacle:
        shared = {"total": seen + unseen, "method": "wilson"} | obstacle
        return {case: {"count": count} | shared for case, count in counts}
    return {case: estimate_share(count, seen + unseen) for case, count in counts}


def bound_mean_change(
    changes: pd.Series,
    unseen: int,
    lowest: Sequence[float] | ArrayLike | None,
    highest: Sequence[float] | ArrayLike | None,
) -> dict[str, dict[str, Any]]:
    """Return the mean change among all with its t interval, for each of :data:`CASES`.

    Parameters
    ----------
    changes
        One change for each patient seen, in points of the scale, above zero for better; missing
        ones are not counted.
    unseen
        How many were not seen.
    lowest, highest
        (unseen,): the worst and best change each of them could have had from the own baseline
        within the scale. None for a scale without that end, which makes the case not estimable,
        as does a missing one.

    Raises
    ------
    ValueError
        When there are not as many worst or best changes as patients not seen.
    """
    known = changes.dropna().astype(float)
    _check(0, len(known), unseen)
    supposed = {
        "unchanged": np.zeros(unseen),
        "worst": _read_ends(lowest, unseen),
        "best": _read_ends(highest, unseen),
    }
    return {case: _suppose_changes(known, unseen, supposed[case]) for case in CASES}


def find_tipping_count(responders: int, seen: int, unseen: int, benchmark: float) -> dict[str, Any]:
    """Return how many of those not seen must have responded for the claim to stand.

    The claim is that the lower limit of the share of responders among all is above ``benchmark``
    (a share; 0 for "above zero"); the interval is the one
    :func:`~analysis.statistics.proportions.estimate_share` gives. ``count`` is the smallest number
    that is enough, ``total`` those not seen, ``value`` the one divided by the other. Zero, with a
    note, where the claim stands if none of them responded; not estimable where it fails if all of
    them did, where everybody was seen and where nobody was.

    Raises
    ------
    ValueError
        When the counts cannot be, or the benchmark is not a share.
    """
    _check(responders, seen, unseen)
    if not 0 <= benchmark <= 1:
        raise ValueError("a benchmark is a share from 0 to 1")
    estimate: dict[str, Any] = {"total": unseen, "method": "tipping_count"}
    obstacle = _find_obstacle(seen, unseen)
    if obstacle:
        return estimate | obstacle

    def stands(more: int) -> bool:
        return bool(estimate_share(responders + more, seen + unseen)["low"] > benchmark)

    needed = bisect_left(range(unseen + 1), True, key=stands)
    if needed > unseen:
        note = "it does not hold even if everybody not seen again responded"
        return estimate | {"status": "not estimable", "note": note}
    estimate |= {"count": needed, "value": needed / unseen}
    if not needed:
        return estimate | {"note": "it holds even if nobody not seen again responded"}
    return estimate


def find_tipping_change(changes: pd.Series, unseen: int, margin: float = 0.0) -> dict[str, Any]:
    """Return the mean change of those not seen at which the claim falls, in points of the scale.

    The claim is that the lower limit of the t interval of the mean change among all is above
    ``margin``. ``value`` is the mean change (above zero better) of those not seen at which that
    limit touches the margin: the claim stands if theirs was better than this, and falls if it was
    worse. Nothing is said of whether the scale allows such a change.

    Those not seen are supposed to vary about their own mean as those seen vary about theirs: they
    add ``unseen`` times the seen's mean squared deviation, and the distance of the two means adds
    to the variance of all. This is what the seen's own changes, repeated and shifted, would do.

    ``count`` and ``total`` are those not seen. Not estimable where no mean would do, where all
    changes are the same, where everybody was seen and where nobody was.
    """
    known = np.sort(changes.dropna().to_numpy(dtype=float))
    _check(0, len(known), unseen)
    estimate: dict[str, Any] = {"count": unseen, "total": unseen, "method": "tipping_change"}
    obstacle = _find_obstacle(len(known), unseen)
    if obstacle:
        return estimate | obstacle
    if known[0] == known[-1]:
        note = "all changes are the same, so there is no interval to tip"
        return estimate | {"status": "not estimable", "note": note}
    distance = _solve_distance(known, unseen, margin)
    if distance is None:
        note = "it does not hold whatever the change of those not seen again was"
        return estimate | {"status": "not estimable", "note": note}
    return estimate | {"value": float(known.mean()) - distance}


def _solve_distance(known: np.ndarray, unseen: int, margin: float) -> float | None:
    """Return how far below the seen's mean that of the unseen is at the tipping point.

    With d the distance, n seen, m unseen and N together, the lower limit touches the margin where

        mean - m/N d - margin = t sqrt((N/n squares + n m/N d^2) / ((N - 1) N)).

    The left is a falling line and the right convex, so there are two solutions, one or none; the
    claim stands between them, and the larger d is the worse mean.
    """
    n, m = len(known), unseen
    together = n + m
    squares = float(((known - known.mean()) ** 2).sum()) * together / n
    t = float(stats.t.ppf((1 + PROTOCOL["confidence"].value) / 2, together - 1))
    weight = t**2 / ((together - 1) * together)
    room = float(known.mean()) - margin
    # squared, and divided by (m / N)^2 to keep the numbers of one size
    scaled = room * together / m
    leading = 1 - weight * n * together / m
    constant = scaled**2 - weight * squares * (together / m) ** 2
    roots = np.roots([leading, -2 * scaled, constant])
    real = [float(root.real) for root in roots if abs(root.imag) <= 1e-9 * (1 + abs(root))]
    # squaring lets in distances where the mean lies below the margin
    fitting = [root for root in real if root <= scaled]
    return max(fitting) if fitting else None


def _suppose_changes(known: pd.Series, unseen: int, supposed: np.ndarray | None) -> dict[str, Any]:
    total = len(known) + unseen
    estimate: dict[str, Any] = {"count": total, "total": total, "method": "mean_t"}
    obstacle = _find_obstacle(len(known))
    if obstacle:
        return estimate | obstacle
    if supposed is None:
        return estimate | {"status": "not estimable", "note": "the scale has no such end"}
    if np.isnan(supposed).any():
        note = "how far some of those not seen again could change is not known"
        return estimate | {"status": "not estimable", "note": note}
    return estimate_mean_change(pd.concat([known, pd.Series(supposed)], ignore_index=True))


def _read_ends(ends: Sequence[float] | ArrayLike | None, unseen: int) -> np.ndarray | None:
    if ends is None:
        return None
    read = pd.Series(ends, dtype="Float64").to_numpy(dtype=float, na_value=math.nan)
    if len(read) != unseen:
        raise ValueError(f"{len(read)} possible changes for {unseen} patients not seen")
    return read


def _find_obstacle(seen: int, unseen: int | None = None) -> dict[str, Any]:
    """Return status and note where there is no result to bound or to tip, else nothing."""
    if not seen:
        return {"status": "not estimable", "note": _NOBODY_SEEN}
    if unseen == 0:
        return {"status": "not estimable", "note": _ALL_SEEN}
    if seen < PROTOCOL["too_small_for_a_rate"].whole:
        return {"status": "too few"}
    return {}


def _check(responders: int, seen: int, unseen: int) -> None:
    if not 0 <= responders <= seen or unseen < 0:
        raise ValueError(f"{responders} of {seen} seen, {unseen} not seen cannot be")
