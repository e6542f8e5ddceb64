"""Responders by visit: how many patients have, at each visit, what counts as a response."""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.models.patterns import Scores, read_scores
from analysis.statistics.models.repeated import VisitEstimate
from analysis.vocabulary import PROTOCOL, Constant

_TOLERANCE: Final = 1e-10  # of the estimating equations
_MOST_STEPS: Final = 200
_EDGE: Final = 1e-6  # a working correlation matrix with a smaller eigenvalue is singular
_NO_MODEL: Final = "the model of all visits cannot be fitted, so the interval is the exact one"


def estimate_responders_by_visit(
    rows: pd.DataFrame,
    visits: Iterable[int] = (),
    least: Constant = PROTOCOL["too_small_for_a_subgroup"],
) -> tuple[VisitEstimate, ...]:
    """Return the share of responders at each visit, ascending, with its interval.

    A logit model with a share for each visit, by generalised estimating equations with an
    exchangeable working correlation (its moment estimate) and the covariance of Mancl and
    DeRouen; t on one less than the patients in the model. At a visit where fewer than ``least``
    patients responded, or did not, the visit is left out of the model and the exact interval
    stands; so it does everywhere if the model does not converge or its working correlation is
    none, as when all patients respond at all visits or at none.

    Parameters
    ----------
    rows
        Columns patient, visit (whole number) and value (1 responded, 0 did not, missing where it
        is not known). One row for each patient and visit at most.
    visits
        Visits that must be among the estimates even if nobody was seen there.

    Returns
    -------
    ``count`` responders out of ``total`` patients seen at the visit; ``value`` is the model's share
    and ``se`` its standard error on the same scale, by the delta method.

    Raises
    ------
    ValueError
        When a patient has two values at one visit, or a value is neither 0 nor 1.

    Notes
    -----
    Liang and Zeger 1986, Biometrika 73:13-22; Mancl and DeRouen 2001, Biometrics 57:126-134.
    """
    scores = read_scores(rows)
    if not np.isin(scores.values, (0, 1)).all(where=~np.isnan(scores.values)):
        raise ValueError("a response is neither 0 nor 1")
    asked = sorted({*scores.visits, *(int(visit) for visit in visits)})
    counts = {
        visit: (int(np.nansum(column)), scores.count_seen(visit))
        for visit, column in zip(scores.visits, scores.values.T, strict=True)
    }
    modelled = [
        visit for visit, (yes, seen) in counts.items() if min(yes, seen - yes) >= least.whole
    ]
    found = _fit(scores.keep(modelled)) if modelled else {}
    note = "" if found is not None else _NO_MODEL
    return tuple(
        _estimate(visit, *counts.get(visit, (0, 0)), (found or {}).get(visit, {}), note)
        for visit in asked
    )


def _estimate(
    visit: int, count: int, total: int, found: Mapping[str, Any], note: str
) -> VisitEstimate:
    method = "gee_responders" if found else "clopper_pearson"
    shared: dict[str, Any] = {"visit": visit, "count": count, "total": total, "method": method}
    if not total:
        note = f"nobody was seen at visit {visit}"
        return VisitEstimate(**shared, status="not estimable", note=note)
    if total < PROTOCOL["too_small_for_a_rate"].whole:
        return VisitEstimate(**shared, status="too few")
    confidence = PROTOCOL["confidence"].value
    if found:
        return VisitEstimate(**shared, confidence=confidence, **found)
    low, high = proportion_confint(count, total, 1 - confidence, method="beta")
    return VisitEstimate(
        **shared,
        note=note,
        value=count / total,
        low=float(low),
        high=float(high),
        confidence=confidence,
    )


def _fit(scores: Scores) -> dict[int, dict[str, float]] | None:
    """Return the share at each visit with its interval, or nothing if the search fails."""
    # patients stand in the order of what was seen of them: sums do not know the order of the rows
    ordered = scores.values[np.lexsort(np.nan_to_num(scores.values, nan=2.0).T)]
    patients, columns = np.nonzero(~np.isnan(ordered))
    most = int(np.bincount(patients).max())
    working = sm.cov_struct.Exchangeable() if most > 1 else sm.cov_struct.Independence()
    model = sm.GEE(
        ordered[patients, columns],
        np.eye(len(scores.visits))[columns],
        groups=patients,
        family=sm.families.Binomial(),
        cov_struct=working,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = model.fit(cov_type="bias_reduced", ctol=_TOLERANCE, maxiter=_MOST_STEPS)
        except (np.linalg.LinAlgError, ValueError, ZeroDivisionError):
            return None
    log_odds, errors = np.asarray(result.params), np.asarray(result.bse)
    correlation = float(working.dep_params) if most > 1 else 0.0
    least_eigenvalue = min(1 - correlation, 1 + (most - 1) * correlation)
    # comparisons with a missing number are false: what is not a number is not accepted
    if not (result.converged and least_eigenvalue > _EDGE and (errors > 0).all()):
        return None
    df = scores.patients - 1
    half = stats.t.ppf((1 + PROTOCOL["confidence"].value) / 2, df) * errors
    shares = special.expit(log_odds)
    return {
        visit: {
            "value": float(shares[i]),
            "low": float(special.expit(log_odds[i] - half[i])),
            "high": float(special.expit(log_odds[i] + half[i])),
            "se": float(shares[i] * (1 - shares[i]) * errors[i]),
            "df": float(df),
        }
        for i, visit in enumerate(scores.visits)
    }
