"""Shares of patients, differences of shares, and their intervals."""

import math
from fractions import Fraction
from typing import Any, Final

from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis.vocabulary import PROTOCOL, Constant

_STATSMODELS: Final = {"wilson": "wilson", "clopper_pearson": "beta"}


def estimate_share(
    count: int, total: int, least: Constant = PROTOCOL["too_small_for_a_rate"]
) -> dict[str, Any]:
    """Return value, low, high, confidence, method and status of ``count`` out of ``total``
    patients.

    Wilson's interval, and the exact one where nobody or everybody counts. Without patients the
    share is not estimable; with fewer than the protocol's least number it is too few for a rate.

    Raises
    ------
    ValueError
        When the counts cannot be: negative, or more counted than there are.
    """
    _check_counts(count, total)
    method = "clopper_pearson" if count in (0, total) else "wilson"
    estimate = {"count": count, "total": total, "method": method}
    if total == 0:
        return estimate | {"status": "not estimable", "note": "nobody in the denominator"}
    if total < least.whole:
        return estimate | {"status": "too few"}
    confidence = PROTOCOL["confidence"].value
    low, high = proportion_confint(count, total, 1 - confidence, method=_STATSMODELS[method])
    # rounding inside the library can leave a limit a hair's breadth beyond the estimate
    value = count / total
    return estimate | {
        "value": value,
        "low": min(float(low), value),
        "high": max(float(high), value),
        "confidence": confidence,
    }


def estimate_upper_bound(total: int) -> dict[str, Any]:
    """Return the exact one-sided upper bound for no event among ``total`` patients."""
    _check_counts(0, total)
    estimate = {"count": 0, "total": total, "method": "exact_upper_bound"}
    if total == 0:
        return estimate | {"status": "not estimable", "note": "nobody in the denominator"}
    if total < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    confidence = PROTOCOL["confidence"].value
    bound = float(stats.beta.ppf(confidence, 1, total))
    return estimate | {"value": bound, "confidence": confidence}


# ---- two shares --------------------------------------------------------------------------------


def estimate_difference(
    count: int, total: int, other_count: int, other_total: int
) -> dict[str, Any]:
    """Return the share of one group of patients less that of another, with Newcombe's interval.

    The groups are different patients; for the same patients twice see
    :func:`estimate_paired_difference`. ``count`` and ``total`` of the estimate are those of both
    groups together. A group without patients makes it not estimable, a group with fewer than the
    protocol's least number too few for a rate. No counts at all, and all in both groups, have an
    interval like any other.

    Raises
    ------
    ValueError
        When the counts cannot be.

    Notes
    -----
    Newcombe 1998, Stat Med 17:873-890, method 10.
    """
    _check_counts(count, total)
    _check_counts(other_count, other_total)
    estimate = {
        "count": count + other_count,
        "total": total + other_total,
        "method": "newcombe",
    }
    if 0 in (total, other_total):
        return estimate | {"status": "not estimable", "note": "nobody in one of the groups"}
    if min(total, other_total) < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    confidence = PROTOCOL["confidence"].value
    low, high = confint_proportions_2indep(
        count, total, other_count, other_total, method="newcomb", alpha=1 - confidence
    )
    value = count / total - other_count / other_total
    return estimate | _place(value, float(low), float(high))


def estimate_paired_difference(
    both: int, first_only: int, second_only: int, neither: int
) -> dict[str, Any]:
    """Return the share of the first less that of the second of two observations of the same
    patients, with Newcombe's interval for paired shares.

    ``total`` of the estimate is the patients, ``count`` those whose two observations differ. Where
    all agree, the difference is zero and the interval says how far from it the truth may be.

    Raises
    ------
    ValueError
        When a count is negative.

    Notes
    -----
    Newcombe 1998, Stat Med 17:2635-2650, method 10: the Wilson intervals of the two shares,
    combined with the correlation phi, which is corrected for continuity where it is positive and
    zero where a share is 0 or 1.
    """
    if min(both, first_only, second_only, neither) < 0:
        raise ValueError("a count below zero cannot be")
    total = both + first_only + second_only + neither
    estimate = {"count": first_only + second_only, "total": total, "method": "newcombe_paired"}
    if total == 0:
        return estimate | {"status": "not estimable", "note": "nobody was observed twice"}
    if total < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    phi = _correlate(both, first_only, second_only, neither)
    first, below_first, above_first = _reach(both + first_only, total)
    second, below_second, above_second = _reach(both + second_only, total)
    value = first - second
    down = below_first**2 - 2 * phi * below_first * above_second + above_second**2
    up = above_first**2 - 2 * phi * above_first * below_second + below_second**2
    return estimate | _place(value, value - math.sqrt(down), value + math.sqrt(up))


def _reach(count: int, total: int) -> tuple[float, float, float]:
    """Return a share, and how far Wilson's interval reaches below and above it."""
    low, high = proportion_confint(count, total, 1 - PROTOCOL["confidence"].value, method="wilson")
    share = count / total
    return share, max(share - float(low), 0.0), max(float(high) - share, 0.0)


def _correlate(both: int, first_only: int, second_only: int, neither: int) -> float:
    """Return the correlation of two observations, as method 10 corrects it."""
    first, second = both + first_only, both + second_only
    total = first + second_only + neither
    spread = math.sqrt(first * (total - first)) * math.sqrt(second * (total - second))
    excess = both * neither - first_only * second_only
    if spread == 0:
        return 0.0
    return (max(excess - total / 2, 0.0) if excess > 0 else excess) / spread


def _place(value: float, low: float, high: float) -> dict[str, float]:
    """Return a difference of shares with its limits, which lie from -1 to 1 and hold it."""
    return {
        "value": value,
        "low": max(min(low, value), -1.0),
        "high": min(max(high, value), 1.0),
        "confidence": PROTOCOL["confidence"].value,
    }


# ---- published percentages ---------------------------------------------------------------------


def possible(percent: float, n: int, decimals: int) -> bool:
    """Return whether some number of ``n`` patients is ``percent``, rounded to ``decimals``."""
    return bool(list_possible_counts(percent, n, decimals))


def list_possible_counts(percent: float, n: int, decimals: int) -> list[int]:
    """Return the numbers of ``n`` patients that are ``percent`` when rounded to ``decimals``,
    ascending; none where the percentage and ``n`` cannot both be true.

    ``percent`` is from 0 to 100, as it is printed. A half may have been rounded up or down. Cut-off
    digits (66.6 for two thirds) are not rounded and do not fit. Of no patients there is no
    percentage.

    Raises
    ------
    ValueError
        When ``n`` or ``decimals`` is negative, or ``percent`` has more decimals than it is said to
        have, or is no number.
    """
    if n < 0 or decimals < 0:
        raise ValueError(f"{n} patients and {decimals} decimals cannot be")
    if not math.isfinite(percent):
        raise ValueError("a percentage that is no number cannot be")
    printed = Fraction(str(percent))
    unit = Fraction(1, 10**decimals)
    if printed % unit:
        raise ValueError(f"{percent} has more than {decimals} decimals")
    if n == 0:
        return []
    least = math.ceil((printed - unit / 2) * n / 100)
    most = math.floor((printed + unit / 2) * n / 100)
    return [*range(max(least, 0), min(most, n) + 1)]


def _check_counts(count: int, total: int) -> None:
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} cannot be")
