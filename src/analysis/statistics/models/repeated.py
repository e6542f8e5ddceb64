"""Scores by visit: the mixed model for repeated measures.

score ~ visit, with a mean for each visit and baseline as visit 0 among the scores, normal, the
scores of one patient correlated: every pair of visits its own way (unstructured) or all alike
(compound symmetry). Patients who missed visits count with those they have; what is estimated is
the mean had all continued, if who misses a visit depends on recorded scores only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.models.inference import Degrees, infer
from analysis.statistics.models.likelihood import (
    combine,
    fit_reml,
    list_compound_bases,
    list_unstructured_bases,
)
from analysis.statistics.models.patterns import (
    Scores,
    read_scores,
    summarise_patterns,
)
from analysis.vocabulary import PROTOCOL

Covariance = Literal["unstructured", "compound_symmetry"]
Pair = tuple[int] | tuple[int, int]
"""A visit, or a visit and the one its change is counted from."""

BASELINE: Final = 0

_BASES: Final = {
    "unstructured": list_unstructured_bases,
    "compound_symmetry": list_compound_bases,
}
_TOO_FEW: Final = "no visit has enough patients"
_NOTES: Final = {
    "singular": "the scores at one visit follow from those at the others, so their covariance is "
    "singular",
    "not identified": "the scores do not tell the covariance of the visits",
    "not converged": "the search for the largest likelihood did not converge",
}


@dataclass(frozen=True, kw_only=True)
class VisitEstimate:
    """The estimate for one visit; its fields are called as the columns of the estimates frame."""

    visit: int
    against: int | None = None
    """The visit a change is counted from; none for a mean or share."""
    count: int
    """Patients seen at the visit, or at both; of a share, those who responded."""
    total: int
    """Patients in the model (of a visit that is not in it, patients with any score); of a share,
    those seen at the visit."""
    method: str
    status: str = "shown"
    note: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    se: float | None = None
    df: float | None = None


@dataclass(frozen=True, kw_only=True)
class VisitModel:
    """A model of all visits, or why there is none."""

    method: str
    status: str
    """shown, too few, or not estimable."""
    note: str
    """Why there is no estimate; empty where there is."""
    patients: int
    """Patients in the model."""
    rows: int
    """Scores in the model."""
    means: tuple[VisitEstimate, ...]
    """One for each visit, ascending; in the units of the scale."""
    changes: tuple[VisitEstimate, ...]
    """One for each visit after baseline: its mean less that of baseline."""
    log_likelihood: float | None = None
    """Restricted, as lme4, nlme and SAS print it."""
    covariance: tuple[tuple[float, ...], ...] = ()
    """Covariance of the scores at the visits in the model, in squared units of the scale."""


def estimate_by_visit(
    rows: pd.DataFrame,
    covariance: Covariance = "unstructured",
    degrees: Degrees = "kenward_roger",
    visits: Iterable[int] = (),
) -> VisitModel:
    """Return the mean at each visit and its change from baseline, with t intervals.

    Visits with fewer patients than the protocol's least number are too few for an estimate and
    are left out of the model.

    Parameters
    ----------
    rows
        Columns patient, visit (whole number, 0 is baseline) and value (in the units of the scale;
        missing where the score was not taken). One row for each patient and visit at most; the
        order of rows and the names of patients change nothing.
    covariance
        ``unstructured``, or ``compound_symmetry``: equal variances and equal correlations. The
        common correlation may be negative.
    degrees
        Kenward and Roger's adjustment, or Satterthwaite's degrees of freedom alone.
    visits
        Visits that must be among the estimates even if nobody was seen there.

    Raises
    ------
    ValueError
        When a patient has two values at one visit, or a value is infinite or beyond any scale.

    Notes
    -----
    REML; Kenward and Roger 1997, Biometrics 53:983-997, with V linear in its parameters and the
    observed information, as SAS MIXED with ddfm=kr(linear) and R's mmrm compute it.
    """
    everyone = read_scores(rows)
    scores = _keep_visits(everyone)
    method = f"mixed_{covariance}_{degrees}"
    asked = sorted({*everyone.visits, *(int(visit) for visit in visits)})
    pairs: list[Pair] = [(visit,) for visit in asked]
    pairs += [(visit, BASELINE) for visit in asked if visit != BASELINE]
    reason = _find_obstacle(everyone, scores, covariance)
    fitted = reason or _fit(scores, covariance, degrees, pairs)
    if isinstance(fitted, str):
        fitted = _Fitted(reason=fitted)
    estimates = [_estimate(everyone, scores, pair, method, fitted) for pair in pairs]
    status = "too few" if fitted.reason == _TOO_FEW else "not estimable"
    return VisitModel(
        method=method,
        status=status if fitted.reason else "shown",
        note=fitted.reason,
        patients=scores.patients,
        rows=scores.rows,
        means=tuple(each for each in estimates if each.against is None),
        changes=tuple(each for each in estimates if each.against is not None),
        log_likelihood=fitted.log_likelihood,
        covariance=fitted.covariance,
    )


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    reason: str = ""
    numbers: Mapping[Pair, tuple[float, float, float]] = field(default_factory=dict)
    """Value, standard error and degrees of freedom."""
    log_likelihood: float | None = None
    covariance: tuple[tuple[float, ...], ...] = ()


def _fit(
    scores: Scores, covariance: Covariance, degrees: Degrees, pairs: Iterable[Pair]
) -> _Fitted | str:
    """Return the model, or why there is none."""
    patterns = summarise_patterns(scores.values, np.eye(len(scores.visits)))
    bases = _BASES[covariance](len(scores.visits))
    fit = fit_reml(patterns, bases)
    if fit.at is None:
        return _NOTES[fit.outcome]
    matrix = combine(bases, fit.at.parameters)
    if covariance == "unstructured" and np.linalg.eigvalsh(matrix)[0] <= 0:
        # possible where nobody was seen at all visits: no patient could have such scores
        return _NOTES["not identified"]
    known = [pair for pair in pairs if set(pair) <= set(scores.visits)]
    contrasts = np.array([_weigh(pair, scores.visits) for pair in known])
    found = infer(patterns, bases, fit.at, contrasts, degrees)
    columns = (found.values, found.standard_errors, found.degrees_of_freedom)
    numbers = zip(*(column.tolist() for column in columns), strict=True)
    return _Fitted(
        numbers=dict(zip(known, numbers, strict=True)),
        log_likelihood=-fit.at.minus2 / 2,
        covariance=tuple(tuple(row) for row in matrix.tolist()),
    )


def _keep_visits(scores: Scores) -> Scores:
    least = PROTOCOL["too_small_for_a_rate"].whole
    return scores.keep([visit for visit in scores.visits if scores.count_seen(visit) >= least])


def _find_obstacle(everyone: Scores, scores: Scores, covariance: Covariance) -> str:
    """Return why no model can be fitted, or nothing."""
    if not everyone.rows:
        return "nobody has a score"
    if not scores.visits:
        return _TOO_FEW
    if len(scores.visits) == 1:
        return "there is one visit only, so nothing is repeated"
    same = np.nanmin(scores.values, axis=0) == np.nanmax(scores.values, axis=0)
    together = {
        (first, second): scores.count_seen(first, second)
        for first, second in combinations(scores.visits, 2)
    }
    if covariance == "compound_symmetry":
        if same.all():
            return "all scores of a visit are the same, at every visit"
        return "" if any(together.values()) else "no patient was seen at two visits"
    if same.any():
        visit = scores.visits[int(same.argmax())]
        return f"all scores at visit {visit} are the same, so nothing can be said of how they vary"
    for (first, second), count in together.items():
        if not count:
            return f"no patient was seen at both visit {first} and visit {second}"
    return ""


def _weigh(pair: Pair, visits: tuple[int, ...]) -> list[float]:
    """Return the weights of the visits' means: of one visit, or of one less another."""
    signs = dict(zip(pair, (1.0, -1.0), strict=False))
    return [signs.get(visit, 0.0) for visit in visits]


def _estimate(
    everyone: Scores, scores: Scores, pair: Pair, method: str, fitted: _Fitted
) -> VisitEstimate:
    visit, against = pair[0], pair[1] if len(pair) > 1 else None
    count = everyone.count_seen(*pair)
    shared: dict[str, Any] = {
        "visit": visit,
        "against": against,
        "count": count,
        "total": (scores if visit in scores.visits else everyone).patients,
        "method": method,
    }
    if not count:
        where = "visit" if against is None else "baseline and visit"
        note = f"nobody was seen at {where} {visit}"
        return VisitEstimate(**shared, status="not estimable", note=note)
    if count < PROTOCOL["too_small_for_a_rate"].whole:
        return VisitEstimate(**shared, status="too few")
    if fitted.reason:
        return VisitEstimate(**shared, status="not estimable", note=fitted.reason)
    value, se, df = fitted.numbers[pair]
    confidence = PROTOCOL["confidence"].value
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * se
    return VisitEstimate(
        **shared,
        value=value,
        low=value - half,
        high=value + half,
        confidence=confidence,
        se=se,
        df=df,
    )
