"""Shares of patients and their intervals."""

from typing import Any, Final

from scipy import stats
from statsmodels.stats.proportion import proportion_confint

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


def estimate_session_share(
    count: int, total: int, patients_count: int, patients_total: int
) -> dict[str, Any]:
    """Return the share of sessions, which has no interval: sessions of one patient are not
    independent. At zero the exact interval on the patients behind the sessions stands in."""
    _check_counts(count, total)
    estimate = {
        "count": count,
        "total": total,
        "patients_count": patients_count,
        "patients_total": patients_total,
        "method": "session_share" if count else "session_zero",
    }
    if total == 0:
        return estimate | {"status": "not estimable", "note": "no session in the denominator"}
    if patients_total < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    if count:
        return estimate | {"value": count / total}
    on_patients = estimate_share(0, patients_total)
    return estimate | {key: on_patients[key] for key in ("value", "low", "high", "confidence")}


def _check_counts(count: int, total: int) -> None:
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} cannot be")
