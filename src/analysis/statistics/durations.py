"""How long something lasts, where of some it is only known that it had not ended yet."""

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL

_SAME: Final = 1e-9  # a share so near to one half is one half


def estimate_median_duration(days: pd.Series, has_ended: pd.Series) -> dict[str, Any]:
    """Return the median of a duration, by Kaplan and Meier, with its log-log interval.

    Parameters
    ----------
    days
        One number for each patient, in any unit of time: until the end, or as long as was looked.
    has_ended
        Whether that was the end; in the same order. Nothing may be missing.

    Returns
    -------
    ``count`` and ``total`` are the patients. The median is the first time by which half have ended;
    where exactly half have until the next end, half way to it. Without a median (more than half
    have not ended as far as is known) not estimable, and the note says so; a limit that cannot be
    told is missing.

    Raises
    ------
    ValueError
        When a duration is missing, negative or infinite.

    Notes
    -----
    Kaplan and Meier 1958, J Am Stat Assoc 53:457-481; Brookmeyer and Crowley 1982, Biometrics
    38:29-41, on the log-log scale.
    """
    each = _read(days, has_ended)
    estimate = {"count": len(each), "total": len(each), "method": "kaplan_meier_median"}
    obstacle = _find_obstacle(each)
    if obstacle:
        return estimate | obstacle
    curve = _draw_curve(each)
    if not (curve["share"] <= 0.5 + _SAME).any():
        half = "more than half had not ended when last seen"
        return estimate | {"status": "not estimable", "note": half}
    value = _find_crossing(curve.index, curve["share"])
    assert value is not None
    confidence = PROTOCOL["confidence"].value
    limits = _limit(curve, confidence)
    low = _find_crossing(curve.index, limits["low"])
    high = _find_crossing(curve.index, limits["high"])
    return estimate | {
        "value": value,
        "low": low if low is None else min(low, value),
        "high": high if high is None else max(high, value),
        "confidence": confidence,
    }


def estimate_share_lasting(days: pd.Series, has_ended: pd.Series, until: float) -> dict[str, Any]:
    """Return the share in whom it lasts longer than ``until``, by Kaplan and Meier, with its
    log-log interval.

    Parameters as for :func:`estimate_median_duration`. Where nobody's, or everybody's, lasts longer
    as far as is known, the exact interval of the patients followed so long stands.

    Returns
    -------
    ``count`` and ``total`` are the patients. Not estimable where nobody was followed so long.

    Raises
    ------
    ValueError
        When a duration is missing, negative or infinite.

    Notes
    -----
    Kaplan and Meier 1958, J Am Stat Assoc 53:457-481; Kalbfleisch and Prentice 1980, The
    Statistical Analysis of Failure Time Data, for the log-log interval with Greenwood's variance.
    """
    each = _read(days, has_ended)
    estimate = {"count": len(each), "total": len(each), "method": "kaplan_meier_share"}
    obstacle = _find_obstacle(each)
    if obstacle:
        return estimate | obstacle
    followed = int(((each["days"] >= until) | each["has_ended"]).sum())
    curve = _draw_curve(each)
    before = curve[curve.index <= until]
    share = float(before["share"].iloc[-1]) if len(before) else 1.0
    if share > 0 and not (each["days"] >= until).any():
        return estimate | {"status": "not estimable", "note": "nobody was followed so long"}
    if share in (0.0, 1.0):
        exact = estimate_share(followed if share else 0, followed)
        kept = {key: exact[key] for key in ("value", "low", "high", "confidence") if key in exact}
        return estimate | kept | {"method": "kaplan_meier_ends"} | _keep_status(exact)
    confidence = PROTOCOL["confidence"].value
    limits = _limit(before.iloc[-1:], confidence).iloc[0]
    return estimate | {
        "value": share,
        "low": float(limits["low"]),
        "high": float(limits["high"]),
        "confidence": confidence,
    }


def _keep_status(estimate: dict[str, Any]) -> dict[str, Any]:
    return {key: estimate[key] for key in ("status", "note") if key in estimate}


def _read(days: pd.Series, has_ended: pd.Series) -> pd.DataFrame:
    if len(days) != len(has_ended):
        raise ValueError("durations and ends are not of the same patients")
    each = pd.DataFrame(
        {
            "days": days.astype("float64").to_numpy(),
            "has_ended": has_ended.astype("boolean").to_numpy(),
        }
    )
    if each.isna().any(axis=None) or (each["days"] < 0).any() or np.isinf(each["days"]).any():
        raise ValueError("a duration that is missing, below zero or without end cannot be")
    each["has_ended"] = each["has_ended"].astype(bool)
    return each


def _find_obstacle(each: pd.DataFrame) -> dict[str, str]:
    if not len(each):
        return {"status": "not estimable", "note": "nobody whose end is known"}
    if len(each) < PROTOCOL["too_small_for_a_rate"].whole:
        return {"status": "too few"}
    return {}


def _draw_curve(each: pd.DataFrame) -> pd.DataFrame:
    """Return the share lasting longer and its standard error at every end, indexed by time."""
    fitted = SurvfuncRight(each["days"].to_numpy(), each["has_ended"].to_numpy(dtype=float))
    curve = pd.DataFrame(
        {"share": fitted.surv_prob, "se": fitted.surv_prob_se}, index=fitted.surv_times
    )
    # at times at which nobody's ended the share stays what it was
    ends = each.loc[each["has_ended"], "days"].unique()
    return curve[curve.index.isin(ends)]


def _limit(curve: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return the pointwise log-log limits of a curve; missing at 0 and 1."""
    share, error = curve["share"], curve["se"]
    inside = (share > _SAME) & (share < 1 - _SAME)
    share = share.where(inside)
    reach = stats.norm.ppf((1 + confidence) / 2) * error / (share * np.log(share))
    return pd.DataFrame(
        {"low": share ** np.exp(-reach), "high": share ** np.exp(reach)}, index=curve.index
    )


def _find_crossing(times: pd.Index, shares: pd.Series) -> float | None:
    """Return when a falling curve has come down to one half: where it stays there, half way until
    it falls on; nothing where it does not come down."""
    values = shares.to_numpy(dtype=float)
    below = np.flatnonzero(values <= 0.5 + _SAME)
    if not len(below):
        return None
    first = int(below[0])
    if abs(values[first] - 0.5) <= _SAME and first + 1 < len(values):
        return float(times[first] + times[first + 1]) / 2
    return float(times[first])
