"""Charts of one number for each period: shares, rates and means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from analysis.statistics.control_charts.chart import (
    Chart,
    Reals,
    estimate_sigma,
    find_obstacle,
    make_chart,
    make_chart_without_lines,
    place_lines,
)
from analysis.statistics.control_charts.counts import read_counts, read_totals
from analysis.vocabulary import PROTOCOL, Constant

Measure = Literal["share", "rate"]

_SAME: Final = 1e-9  # of the largest value: a standard deviation below it is rounding


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What tells shares from rates."""

    measure: Measure
    plain: str
    widened: str
    variance: Callable[[float], float]
    """Variance of one session (or patient) at this centre."""
    ceiling: float


_SHARE: Final = _Kind(
    measure="share",
    plain="p_chart",
    widened="p_prime_chart",
    variance=lambda centre: centre * (1 - centre),
    ceiling=1.0,
)
_RATE: Final = _Kind(
    measure="rate",
    plain="u_chart",
    widened="u_prime_chart",
    variance=lambda centre: centre,
    ceiling=np.inf,
)
_GAPS: Final = {"share": "g_chart", "rate": "t_chart"}


def choose_chart(
    points: pd.DataFrame,
    measure: Measure,
    least: Constant = PROTOCOL["too_small_for_a_rate"],
) -> str:
    """Return the method to chart these counts by: p_prime_chart or u_prime_chart where the events
    expected a point are enough on average, else g_chart or t_chart.

    For the gaps between rare events see :func:`chart_sessions_between` (shares: each session has
    the event or not) and :func:`chart_days_between` (rates: a session may have several). Points
    are as for :func:`chart_shares`; how many there are does not matter here.
    """
    kind = _SHARE if measure == "share" else _RATE
    return kind.widened if _has_enough(read_counts(points, measure, least)) else _GAPS[measure]


def chart_shares(
    points: pd.DataFrame,
    least: Constant = PROTOCOL["too_small_for_a_rate"],
    *,
    widened: bool = True,
) -> Chart:
    """Return the p'-chart of shares: Laney's, with sigma z never below one.

    Limits three standard errors from the share of all points together, at each point by its own
    total and within 0 and 1. Laney's sigma z (how much more neighbouring points differ than chance
    makes them) widens them; sessions of one patient are not independent, so it must.

    Parameters
    ----------
    points
        One row for each period in order, with the columns count and total: sessions (or patients)
        with the event, and all that it is known of. A missing number or a total of zero makes no
        point: value missing, status ``not estimable``. Fewer than the ``least`` in total make none
        either (``too few``). What is no point counts nowhere, not in the centre either.
    widened
        False gives the plain p-chart that books print; for comparison only.

    Returns
    -------
    No lines below the protocol's least number of points, with fewer events expected a point than
    it asks for (see :func:`choose_chart`), and where no session has the event or all have it.

    Raises
    ------
    ValueError
        When the counts cannot be.

    Notes
    -----
    Laney 2002, Qual Eng 14:531-537; the floor of one is ours. Shewhart 1931, Economic Control of
    Quality of Manufactured Product, for the plain chart.
    """
    return _chart(points, _SHARE, least, widened)


def chart_rates(
    points: pd.DataFrame,
    least: Constant = PROTOCOL["too_small_for_a_rate"],
    *,
    widened: bool = True,
) -> Chart:
    """Return the u'-chart of rates: events per session, of which a session may have several.

    As :func:`chart_shares`, with the variance of a count; ``count`` may be above ``total``, and
    ``total`` may have a fraction (time at risk). Lower limits are never below zero.

    Notes
    -----
    Laney 2002, Qual Eng 14:531-537.
    """
    return _chart(points, _RATE, least, widened)


def chart_means(points: pd.DataFrame, least: Constant = PROTOCOL["too_small_for_a_rate"]) -> Chart:
    """Return the XmR-chart of means, in the units of the scale.

    Limits three standard deviations from the mean of the points, the standard deviation from the
    moving ranges of neighbours. Every point counts alike, whatever it rests on. No range is left
    out as an outlier.

    Parameters
    ----------
    points
        One row for each period in order, with the columns value (a mean) and total (how many it is
        of). No value or a total of zero makes no point, fewer than the ``least`` in total neither.

    Returns
    -------
    No lines below the protocol's least number of points, or where all means are the same.

    Raises
    ------
    ValueError
        When a total is negative or a value infinite.

    Notes
    -----
    Wheeler and Chambers 1992, Understanding Statistical Process Control; the moving range from one
    point to the next that there is, also across a period without one.
    """
    frame = read_totals(points, least)
    obstacle = find_obstacle(frame)
    if obstacle:
        return make_chart_without_lines("xmr_chart", frame, obstacle)
    values = frame.loc[frame["status"] == "shown", "value"].to_numpy(dtype=float)
    sigma = estimate_sigma(values)
    if sigma <= _SAME * np.abs(values).max():
        same = {"status": "not estimable", "note": "all means are the same"}
        return make_chart_without_lines("xmr_chart", frame, same)
    lines = place_lines(float(values.mean()), np.full(len(values), sigma))
    return make_chart("xmr_chart", frame, lines)


def _chart(points: pd.DataFrame, kind: _Kind, least: Constant, widened: bool) -> Chart:
    method = kind.widened if widened else kind.plain
    frame = read_counts(points, kind.measure, least)
    obstacle = find_obstacle(frame) or _find_obstacle(frame, kind)
    if obstacle:
        return make_chart_without_lines(method, frame, obstacle)
    shown = frame[frame["status"] == "shown"]
    centre = float(shown["count"].sum() / shown["total"].sum())
    chance = np.sqrt(kind.variance(centre) / shown["total"].to_numpy(dtype=float))
    dispersion = 1.0
    if widened:
        dispersion = estimate_dispersion((shown["value"].to_numpy(dtype=float) - centre) / chance)
    lines = place_lines(centre, chance * dispersion, 0.0, kind.ceiling)
    return make_chart(method, frame, lines, dispersion if widened else None)


def estimate_dispersion(distances: Reals) -> float:
    """Return Laney's sigma z of the points' distances from the centre, in standard errors that
    chance makes; one where neighbours differ less than chance makes them."""
    return max(estimate_sigma(distances), 1.0)


def _find_obstacle(frame: pd.DataFrame, kind: _Kind) -> dict[str, str]:
    """Return status and note of why counts have no lines, or nothing."""
    shown = frame[frame["status"] == "shown"]
    events = shown["count"].sum()
    if not events:
        return {"status": "not estimable", "note": "no event at all"}
    if kind.measure == "share" and events == shown["total"].sum():
        return {"status": "not estimable", "note": "all have the event"}
    if not _has_enough(frame):
        expected = PROTOCOL["chart_expected_least"].whole
        return {"status": "too few", "note": f"fewer than {expected} events expected a point"}
    return {}


def _has_enough(frame: pd.DataFrame) -> bool:
    """Return whether the points have enough events on average; what is expected of all points by
    the centre is what they have."""
    shown = frame[frame["status"] == "shown"]
    least = PROTOCOL["chart_expected_least"].whole
    return len(shown) > 0 and bool(shown["count"].sum() >= least * len(shown))
