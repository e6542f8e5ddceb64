"""Funnels: how far the share or rate of one unit may lie from that of all by chance.

Units are clinics, operators, lots. A funnel ranks none of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics.control_charts.counts import read_counts
from analysis.vocabulary import PROTOCOL, Constant

Reals = NDArray[np.float64]
Measure = Literal["share", "rate"]

LIMITS: Final = ("outer_low", "inner_low", "inner_high", "outer_high")
_METHODS: Final = {"share": "funnel_shares", "rate": "funnel_rates"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Funnel:
    """A funnel, with limits or with the reason why it has none."""

    method: str
    status: str
    """shown, too few, or not estimable; without limits the units still stand."""
    note: str
    """Why there are no limits; empty where there are."""
    target: float | None = None
    """The share or rate of all units together."""
    dispersion: float | None = None
    """How many times wider the limits are than chance alone makes them, one or more."""
    units: pd.DataFrame
    """One row for each row given, index and order kept: count, total, value, status (shown, too
    few, not estimable) of the unit; outer_low, inner_low, inner_high, outer_high, missing where
    there are none; outside: 2 above the outer limit, 1 above the inner one, -1 and -2 below, 0
    within."""


def funnel_shares(
    units: pd.DataFrame, least: Constant = PROTOCOL["too_small_for_a_rate"]
) -> Funnel:
    """Return the funnel of shares: exact binomial limits of 95 % and 99.8 % about the share of all
    units together, widened where the units differ more than chance makes them.

    Parameters
    ----------
    units
        One row for each unit in any order, with the columns count and total: patients (or sessions)
        with the event, and all that it is known of. A missing number or a total of zero, and fewer
        than the ``least`` in total, make no unit of the funnel; they count in the target neither.

    Returns
    -------
    No limits with fewer units than the protocol asks for, or where none or all have the event.

    Raises
    ------
    ValueError
        When the counts cannot be.

    Notes
    -----
    Spiegelhalter 2005, Stat Med 24:1185-1202: exact limits interpolated between two counts (its
    appendix A.1.1), and the multiplicative over-dispersion with winsorised distances. The upper
    limits are one count further out than there: a count is beyond a limit only where chance gives
    it or a more extreme one less than half of 5 % (or 0.2 %), above as below. That the exact
    limits' distances from the target are multiplied by the root of the over-dispersion, and that
    there is no test of it before, is ours too; the root is never below one. Among five
    units one far out widens the outer limits so much that it is hardly ever beyond them.
    """
    return _draw(units, "share", least)


def funnel_rates(units: pd.DataFrame, least: Constant = PROTOCOL["too_small_for_a_rate"]) -> Funnel:
    """Return the funnel of rates (events per session), as :func:`funnel_shares` with exact Poisson
    limits; ``count`` may be above ``total``."""
    return _draw(units, "rate", least)


def draw_funnel(funnel: Funnel, totals: Iterable[float]) -> pd.DataFrame:
    """Return the limits for units of these totals, to draw them: one row for each total, with the
    columns total, target and the four limits. No rows where the funnel has no limits."""
    if funnel.target is None or funnel.dispersion is None:
        return pd.DataFrame(columns=["total", "target", *LIMITS], dtype="float64")
    sizes = np.asarray([*totals], dtype=float)
    measure: Measure = "share" if funnel.method == _METHODS["share"] else "rate"
    limits = _place_limits(sizes, funnel.target, funnel.dispersion, measure)
    return pd.DataFrame({"total": sizes, "target": funnel.target} | limits)


def _draw(units: pd.DataFrame, measure: Measure, least: Constant) -> Funnel:
    frame = read_counts(units, measure, least)
    complete = frame.assign(**dict.fromkeys(LIMITS, np.nan), outside=0)
    shown = frame["status"] == "shown"
    obstacle = _find_obstacle(frame[shown], measure)
    if obstacle:
        return Funnel(method=_METHODS[measure], units=complete, **obstacle)
    counts, totals, values = (
        frame.loc[shown, name].to_numpy(dtype=float) for name in ("count", "total", "value")
    )
    target = float(counts.sum() / totals.sum())
    chance = np.sqrt(_vary(target, measure) / totals)
    dispersion = _estimate_dispersion((values - target) / chance)
    limits = _place_limits(totals, target, dispersion, measure)
    for name, numbers in limits.items():
        complete.loc[shown, name] = numbers
    beyond = sum(
        sign * (sign * (values - limits[name]) > 0)
        for name, sign in zip(LIMITS, (-1, -1, 1, 1), strict=True)
    )
    complete.loc[shown, "outside"] = beyond
    return Funnel(
        method=_METHODS[measure],
        status="shown",
        note="",
        target=target,
        dispersion=dispersion,
        units=complete,
    )


def _find_obstacle(shown: pd.DataFrame, measure: Measure) -> dict[str, Any]:
    """Return status and note of why there are no limits, or nothing."""
    least = PROTOCOL["funnel_units_least"].whole
    events = shown["count"].sum()
    if len(shown) < least:
        return {"status": "too few", "note": f"fewer than {least} units have no limits"}
    if not events:
        return {"status": "not estimable", "note": "no event at all"}
    if measure == "share" and events == shown["total"].sum():
        return {"status": "not estimable", "note": "all have the event"}
    return {}


def _vary(target: float, measure: Measure) -> float:
    """Return the variance of one session (or patient)."""
    return target * (1 - target) if measure == "share" else target


def _estimate_dispersion(distances: Reals) -> float:
    """Return the root of the mean square of the units' distances from the target, in standard
    errors that chance makes, never below one. The largest and smallest tenth count as much as the
    next, so that one unit far out does not hide itself."""
    tail = PROTOCOL["funnel_winsorised"].value
    lowest, highest = np.quantile(distances, [tail, 1 - tail])
    squares = np.clip(distances, lowest, highest) ** 2
    return max(float(np.sqrt(squares.mean())), 1.0)


def _place_limits(
    totals: Reals, target: float, dispersion: float, measure: Measure
) -> dict[str, Reals]:
    outer = (1 - PROTOCOL["funnel_outer"].value) / 2
    inner = (1 - PROTOCOL["funnel_inner"].value) / 2
    ceiling = 1.0 if measure == "share" else np.inf
    placed = {}
    for name, below in zip(LIMITS, (outer, inner, 1 - inner, 1 - outer), strict=True):
        exact = _interpolate(below, totals, target, measure) / totals
        placed[name] = np.clip(target + dispersion * (exact - target), 0.0, ceiling)
    return placed


def _interpolate(below: float, totals: Reals, target: float, measure: Measure) -> Reals:
    """Return the number of events that chance passes with this probability at most, downwards if
    it is below a half, else upwards; between two counts."""
    law = stats.binom(totals, target) if measure == "share" else stats.poisson(totals * target)
    count = law.ppf(below)
    reached, before = law.cdf(count), law.cdf(count - 1)
    step = 0 if below < 0.5 else 1
    return np.asarray(count + step - (reached - below) / (reached - before), dtype=float)
