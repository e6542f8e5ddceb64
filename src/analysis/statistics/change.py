"""Change within patients, and middle values. Above zero is better."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL, Constant

_ALL_THE_SAME = "all changes are the same, so there is no interval"
_VALUES_AT_ONCE = 10_000_000  # resampled changes held in memory at a time: 80 MB


def estimate_mean_change(
    changes: pd.Series, least: Constant = PROTOCOL["too_small_for_a_rate"]
) -> dict[str, Any]:
    """Return the mean of one change (or other number) per patient with its t interval.

    Missing ones are not counted. One patient, or changes that are all the same, have a mean and
    no interval; fewer than the ``least`` number have neither.
    """
    known = changes.dropna().astype(float)
    estimate = _begin(known, "mean_t", least)
    if "value" not in estimate or "note" in estimate:
        return estimate
    summary = DescrStatsW(known.to_numpy())
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


def estimate_mean_change_bootstrap(changes: pd.Series, seed: int) -> dict[str, Any]:
    """Return the mean of one change per patient with its BCa bootstrap interval.

    Patients are drawn with replacement, as often as the protocol says; the same changes in any
    order and the same seed give the same interval. Missing changes are not counted. Where there is
    no t interval there is none here; of more patients than the protocol's most, none is drawn.

    Notes
    -----
    Efron 1987, J Am Stat Assoc 82:171-185; scipy.stats.bootstrap.
    """
    known = changes.dropna().astype(float).sort_values()
    estimate = _begin(known, "mean_bca")
    if "value" not in estimate or "note" in estimate:
        return estimate
    if len(known) > PROTOCOL["bootstrap_most"].whole:
        note = "so many patients are not resampled; the t interval needs no check by it"
        return estimate | {"note": note}
    confidence = PROTOCOL["confidence"].value
    drawn = stats.bootstrap(
        (known.to_numpy(),),
        np.mean,
        n_resamples=PROTOCOL["bootstrap_resamples"].whole,
        batch=max(1, _VALUES_AT_ONCE // len(known)),
        confidence_level=confidence,
        method="BCa",
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    low, high = (float(limit) for limit in drawn.confidence_interval)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return estimate | {"note": "the changes are too much alike for a bootstrap interval"}
    # the correction for skewness may leave the mean outside by a hair where few changes differ
    value = estimate["value"]
    return estimate | {
        "low": min(low, value),
        "high": max(high, value),
        "confidence": confidence,
        "se": float(drawn.standard_error),
    }


def estimate_quartiles(values: pd.Series) -> dict[str, dict[str, Any]]:
    """Return the quartiles over patients by name, without interval; missing values are not counted.

    Between two patients the quartile is interpolated, as pandas and R (type 7) do.
    """
    known = values.dropna().astype(float)
    shared: dict[str, Any] = {"count": len(known), "total": len(known), "method": "quartiles"}
    if known.empty:
        shared |= {"status": "not estimable", "note": "nobody has a value"}
    elif len(known) < PROTOCOL["too_small_for_a_rate"].whole:
        shared |= {"status": "too few"}
    shares = {"first quartile": 0.25, "median": 0.5, "third quartile": 0.75}
    if "status" in shared:
        return {name: {**shared} for name in shares}
    return {name: shared | {"value": float(known.quantile(at))} for name, at in shares.items()}


def estimate_median(values: pd.Series) -> dict[str, Any]:
    """Return the median over patients, without interval; missing values are not counted."""
    known = values.dropna().astype(float)
    estimate: dict[str, Any] = {"count": len(known), "total": len(known), "method": "median"}
    if known.empty:
        return estimate | {"status": "not estimable", "note": "nobody has a value"}
    if len(known) < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    return estimate | {"value": float(known.median())}


def estimate_median_percent(baseline: pd.Series, improvement: pd.Series) -> dict[str, Any]:
    """Return the median over patients of each one's improvement in percent of the own baseline.

    ``value`` and limits are in percent (25 is a quarter better). A patient whose baseline is zero
    or below has no percentage: ``total`` is the patients with both numbers, ``count`` those of them
    with a percentage, and the note says how many were left out. The interval is from one ordered
    percentage to another, so that at least the protocol's confidence is kept whatever the
    distribution; six patients are the fewest that have one.

    Parameters
    ----------
    baseline, improvement
        One row per patient, in the same order; points of the same scale. Missing in either: not
        counted.

    Notes
    -----
    Thompson 1936, Ann Math Stat 7:122-128.
    """
    pairs = np.column_stack(
        [each.to_numpy(dtype=float, na_value=np.nan) for each in (baseline, improvement)]
    )
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    used = pairs[pairs[:, 0] > 0]
    percent = np.sort((used[:, 1] * 100 / used[:, 0]).round(9))
    n, left_out = len(percent), len(pairs) - len(percent)
    estimate: dict[str, Any] = {"count": n, "total": len(pairs), "method": "median_percent"}
    notes = [f"{left_out} with a baseline of zero or below left out"] if left_out else []
    if not n:
        reason = "nobody has a percentage" if left_out else "nobody has both scores"
        return estimate | {"status": "not estimable", "note": "; ".join([reason, *notes])}
    if n < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    estimate["value"] = float(np.median(percent))
    confidence = PROTOCOL["confidence"].value
    # the largest rank whose tail beyond it is at most half of what the confidence leaves
    rank = int(stats.binom.ppf((1 - confidence) / 2, n, 0.5))
    if rank < 1:
        notes.append("so few patients have no interval")
    elif percent[rank - 1] == percent[n - rank]:
        notes.append("most percentages are the same, so there is no interval")
    else:
        low, high = float(percent[rank - 1]), float(percent[n - rank])
        estimate |= {"low": low, "high": high, "confidence": confidence}
    return estimate | ({"note": "; ".join(notes)} if notes else {})


def estimate_beyond(changes: pd.Series, smallest_detectable: float) -> dict[str, Any]:
    """Return the share of patients who got better by more than a published smallest detectable
    change, as :func:`~analysis.statistics.proportions.estimate_share` has it.

    A change of just that size is not beyond it. Missing changes are not counted.

    Raises
    ------
    ValueError
        When the smallest detectable change is not above zero.
    """
    if not smallest_detectable > 0:
        raise ValueError("a smallest detectable change is above zero")
    # rounded, for binary fractions must not decide whether 3.2 - 1.6 is beyond 1.6
    known = changes.dropna().astype(float).round(9)
    return estimate_share(int((known > round(smallest_detectable, 9)).sum()), len(known))


def test_better_worse(better: int, worse: int) -> dict[str, Any]:
    """Return the exact two-sided sign test of as many better as worse, in ``p``.

    Patients who stayed the same say nothing either way and are not in it. ``count`` is those who
    got better, ``total`` those who changed; ``p`` is none where nobody changed, or fewer than the
    protocol's least number.

    Raises
    ------
    ValueError
        When a count is negative.
    """
    if min(better, worse) < 0:
        raise ValueError(f"{better} better and {worse} worse cannot be")
    total = better + worse
    found: dict[str, Any] = {"count": better, "total": total, "method": "sign_test", "p": None}
    if not total:
        return found | {"status": "not estimable", "note": "nobody got better or worse"}
    if total < PROTOCOL["too_small_for_a_rate"].whole:
        return found | {"status": "too few"}
    return found | {"p": float(stats.binomtest(better, total, 0.5).pvalue)}


def _begin(
    known: pd.Series, method: str, least: Constant = PROTOCOL["too_small_for_a_rate"]
) -> dict[str, Any]:
    """Return what can be said without an interval: a value unless there are too few patients, a
    note where there can be no interval."""
    estimate: dict[str, Any] = {"count": len(known), "total": len(known), "method": method}
    if known.empty:
        return estimate | {"status": "not estimable", "note": "nobody has both scores"}
    if len(known) < least.whole:
        return estimate | {"status": "too few"}
    if known.min() == known.max():
        return estimate | {"value": float(known.iloc[0]), "note": _ALL_THE_SAME}
    return estimate | {"value": float(known.mean())}
