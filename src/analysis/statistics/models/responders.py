"""Responders by visit: how many patients have, at each visit, what counts as a response."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.models.patterns import (
    Patterns,
    Reals,
    Scores,
    read_scores,
    summarise_patterns,
)
from analysis.statistics.models.repeated import VisitEstimate
from analysis.vocabulary import PROTOCOL, Constant

_TOLERANCE: Final = 1e-10  # of the last step of a log odds
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
    notes = dict.fromkeys(modelled, _NO_MODEL)
    return tuple(
        _estimate(visit, *counts.get(visit, (0, 0)), found.get(visit, {}), notes.get(visit, ""))
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


def _fit(scores: Scores) -> dict[int, dict[str, float]]:
    """Return the share at each visit with its interval; no visit if there is no solution."""
    solved = _solve_equations(summarise_patterns(scores.values, np.eye(len(scores.visits))))
    if solved is None:
        return {}
    log_odds, errors = solved
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


# ---- the estimating equations ------------------------------------------------------------------
# Of the patients they need what a pattern holds: its number, means and products of residuals. The
# covariance of Mancl and DeRouen too, for patients of one pattern have the same leverage.


def _solve_equations(patterns: Sequence[Patterns]) -> tuple[Reals, Reals] | None:
    """Return the log odds at the visits and their standard errors, or nothing without a solution:
    no convergence, or a working correlation matrix that is singular or none."""
    visits = patterns[0].design.shape[2]
    total, seen = np.zeros(visits), np.zeros(visits)
    for each in patterns:
        np.add.at(total, each.visits, each.means * each.patients[:, None])
        np.add.at(seen, each.visits, np.broadcast_to(each.patients[:, None], each.means.shape))
    log_odds = special.logit(total / seen)
    most = max(each.visits.shape[1] for each in patterns)
    for _ in range(_MOST_STEPS):
        correlation = _estimate_correlation(patterns, log_odds)
        if not min(1 - correlation, 1 + (most - 1) * correlation) > _EDGE:
            return None
        bread, score, meat = _sum_equations(patterns, log_odds, correlation)
        step = bread @ score
        if np.abs(step).max() < _TOLERANCE:
            return log_odds, np.sqrt(np.diagonal(bread @ meat @ bread))
        log_odds = log_odds + step
    return None


def _estimate_correlation(patterns: Sequence[Patterns], log_odds: Reals) -> float:
    """Return the moment estimate of the common correlation; zero where nobody was seen twice."""
    squares = products = rows = pairs = 0.0
    for each in patterns:
        spread, _, residuals = _list_residuals(each, log_odds)
        standard = residuals / (spread[:, :, None] * spread[:, None, :])
        diagonal = float(np.einsum("kii->", standard))
        size = each.visits.shape[1]
        squares += diagonal
        products += (float(np.einsum("kij->", standard)) - diagonal) / 2
        rows += float(each.patients.sum()) * size
        pairs += float(each.patients.sum()) * size * (size - 1) / 2
    p = len(log_odds)
    if pairs <= p:
        return 0.0
    return products / (pairs - p) / (squares / (rows - p))


def _sum_equations(
    patterns: Sequence[Patterns], log_odds: Reals, correlation: float
) -> tuple[Reals, Reals, Reals]:
    """Return the inverse of the equations' derivative, the equations, and the sum of their
    squares over patients with residuals corrected for leverage; the scale cancels."""
    p = len(log_odds)
    derivative, score, meat = np.zeros((p, p)), np.zeros(p), np.zeros((p, p))
    parts = []
    for each in patterns:
        spread, off, residuals = _list_residuals(each, log_odds)
        size = each.visits.shape[1]
        working = np.full((size, size), correlation) + (1 - correlation) * np.eye(size)
        slope = spread[:, :, None] ** 2 * each.design
        inverse = np.linalg.inv(working) / (spread[:, :, None] * spread[:, None, :])
        weights = np.swapaxes(slope, 1, 2) @ inverse
        n = each.patients[:, None, None]
        derivative += np.einsum("kpq->pq", n * (weights @ slope))
        score += np.einsum("kpi,ki->p", weights, each.patients[:, None] * off)
        parts.append((slope, weights, residuals))
    bread = np.asarray(np.linalg.inv(derivative), dtype=np.float64)
    for slope, weights, residuals in parts:
        leverage = slope @ bread @ weights
        corrected = weights @ np.linalg.inv(np.eye(leverage.shape[1]) - leverage)
        meat += np.einsum("kpq->pq", corrected @ residuals @ np.swapaxes(corrected, 1, 2))
    return bread, score, meat


def _list_residuals(patterns: Patterns, log_odds: Reals) -> tuple[Reals, Reals, Reals]:
    """Return, for each pattern, the standard deviation of a response at its visits, the mean
    residual there, and the products of residuals summed over patients."""
    shares = special.expit(log_odds)[patterns.visits]
    spread: Reals = np.sqrt(shares * (1 - shares))
    off = patterns.means - shares
    products = off[:, :, None] * off[:, None, :] * patterns.patients[:, None, None]
    return spread, off, patterns.scatter + products
