"""Change within patients, and middle values."""

from typing import Any

import pandas as pd
from statsmodels.stats.weightstats import DescrStatsW

from analysis.vocabulary import PROTOCOL


def estimate_mean_change(changes: pd.Series) -> dict[str, Any]:
    """Return the mean of one change per patient with its t interval.

    Missing changes are not counted. One patient, or changes that are all the same, have a mean and
    no interval; fewer than the protocol's least number have neither.
    """
    known = changes.dropna().astype(float)
    estimate: dict[str, Any] = {"count": len(known), "total": len(known), "method": "mean_t"}
    if known.empty:
        return estimate | {"status": "not estimable", "note": "nobody has both scores"}
    if len(known) < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    summary = DescrStatsW(known.to_numpy())
    if known.min() == known.max():
        note = "all changes are the same, so there is no interval"
        return estimate | {"value": float(known.iloc[0]), "note": note}
    confidence = PROTOCOL["confidence"].value
    low, high = summary.tconfint_mean(1 - confidence)
    return estimate | {
        "value": float(summary.mean),
        "low": float(low),
        "high": float(high),
        "confidence": confidence,
        "se": float(summary.std_mean),
        "df": float(len(known) - 1),
    }


def estimate_median(values: pd.Series) -> dict[str, Any]:
    """Return the median over patients, without interval; missing values are not counted."""
    known = values.dropna().astype(float)
    estimate: dict[str, Any] = {"count": len(known), "total": len(known), "method": "median"}
    if known.empty:
        return estimate | {"status": "not estimable", "note": "nobody has a value"}
    if len(known) < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    return estimate | {"value": float(known.median())}
