"""Restricted maximum likelihood for a covariance that is linear in its parameters.

The covariance of the scores at all visits is ``sum(parameter * base)``: for compound symmetry the
bases are the identity and the matrix of ones, for an unstructured covariance there is one base for
each variance and each covariance. Patterns that miss visits have the rows and columns they have.

Notation (Kenward and Roger 1997, Biometrics 53:983-997): V is the covariance of one patient's
scores, W its inverse, X the design, G a base. ``minus2`` is minus twice the restricted log
likelihood, with ``log|X'WX|`` and ``(rows - p) log 2 pi`` and without ``log|X'X|``, as lme4, nlme
and SAS print it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.statistics.models.patterns import Patterns, Reals

Outcome = Literal["converged", "singular", "not identified", "not converged"]

_MOST_STEPS = 200
_MOST_HALVINGS = 40
_DECREMENT = 1e-10  # of minus twice the log likelihood: far below any digit that is shown
_IDENTIFIED = 1e-11  # least eigenvalue of the scaled information that can still be inverted
_NEAR_EDGE = 1e-4  # least eigenvalue of a correlation matrix, when a search ends without success


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The restricted likelihood at one set of parameters, and what inference needs of it.

    Shapes: q parameters, p coefficients.
    """

    parameters: Reals
    minus2: float
    coefficients: Reals
    """(p,)"""
    variance: Reals
    """(p, p): (X'WX)^-1, the covariance of the coefficients were the parameters known."""
    slopes: Reals
    """(q, p, p): X'WGWX, minus the derivative of X'WX."""
    gradient: Reals
    """(q,): of minus2."""
    observed: Reals
    """(q, q): second derivatives of minus2."""
    expected: Reals
    """(q, q): their expectation."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How the search ended."""

    outcome: Outcome
    steps: int
    at: Evaluation | None = None
    """The largest likelihood, if it was found."""


def list_compound_bases(visits: int) -> Reals:
    """Return the two bases of compound symmetry, (2, visits, visits)."""
    return np.stack([np.eye(visits), np.ones((visits, visits))])


def list_unstructured_bases(visits: int) -> Reals:
    """Return one base for each variance and covariance, (visits (visits + 1) / 2, visits,
    visits)."""
    rows, columns = np.tril_indices(visits)
    bases = np.zeros((len(rows), visits, visits))
    bases[np.arange(len(rows)), rows, columns] = 1
    bases[np.arange(len(rows)), columns, rows] = 1
    return bases


def fit_reml(patterns: Sequence[Patterns], bases: Reals) -> Fit:
    """Return the fit with the largest restricted likelihood.

    Newton's method on the parameters, with the expected in place of the observed second
    derivatives where these do not point downhill, and steps halved until every pattern's
    covariance is one and the likelihood grows. No random numbers, no tuning.
    """
    at = evaluate(patterns, bases, _choose_start(patterns, bases))
    steps = 0
    while at is not None and steps < _MOST_STEPS:
        here, steps = at, steps + 1
        if not _is_identified(here.expected):
            near_edge = _is_near_edge(patterns, bases, here.parameters)
            return Fit(outcome="singular" if near_edge else "not identified", steps=steps)
        downhill = _is_identified(here.observed)
        direction = _solve(here.observed if downhill else here.expected, here.gradient)
        at = _step(patterns, bases, here, direction)
        if downhill and here.gradient @ direction < _DECREMENT:
            return Fit(outcome="converged", steps=steps, at=at or here)
        if at is None:
            near_edge = _is_near_edge(patterns, bases, here.parameters)
            return Fit(outcome="singular" if near_edge else "not converged", steps=steps)
    return Fit(outcome="not converged", steps=steps)


def adjust_variance(
    patterns: Sequence[Patterns], bases: Reals, at: Evaluation, spread: Reals
) -> Reals:
    """Return Kenward and Roger's covariance of the coefficients, (p, p).

    ``spread`` is the covariance of the parameters, (q, q). The term with second derivatives of V is
    zero, because V is linear in its parameters: this is the "linear" adjustment, which is the same
    whatever parameters describe the covariance.
    """
    inner = np.zeros_like(at.variance)
    mixed = np.einsum("hl,lij->hij", spread, bases)
    for each in patterns:
        inverse = _invert(_take(combine(bases, at.parameters)[None], each)[0])
        middle = (_take(bases, each) @ inverse @ _take(mixed, each)).sum(axis=0)
        weighted = inverse @ each.design
        inner += np.einsum(
            "kip,kiq->pq", weighted * each.patients[:, None, None], middle @ weighted
        )
    for slope, other in zip(at.slopes, np.einsum("hl,lij->hij", spread, at.slopes), strict=True):
        inner -= slope @ at.variance @ other
    return at.variance + 2 * at.variance @ inner @ at.variance


def combine(bases: Reals, parameters: Reals) -> Reals:
    """Return the covariance at all visits, (visits, visits)."""
    return np.einsum("h,hij->ij", parameters, bases)


# ---- one evaluation ----------------------------------------------------------------------------


def evaluate(patterns: Sequence[Patterns], bases: Reals, parameters: Reals) -> Evaluation | None:
    """Return the likelihood and its derivatives, or nothing where a covariance is none."""
    p = patterns[0].design.shape[2]
    precision, weighted_sum, log_determinant, rows = np.zeros((p, p)), np.zeros(p), 0.0, 0.0
    inverses = []
    for each in patterns:
        covariance = _take(combine(bases, parameters)[None], each)[0]
        try:
            root, inverse = np.linalg.cholesky(covariance), _invert(covariance)
        except np.linalg.LinAlgError:
            return None
        inverses.append(inverse)
        weights = inverse @ each.design * each.patients[:, None, None]
        precision += np.einsum("kip,kiq->pq", weights, each.design)
        weighted_sum += np.einsum("kip,ki->p", weights, each.means)
        logs = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        log_determinant += float(2 * np.einsum("k,k->", each.patients, logs))
        rows += float(each.patients.sum() * each.visits.shape[1])
    try:
        variance = _invert(precision[None])[0]
    except np.linalg.LinAlgError:
        return None
    coefficients = variance @ weighted_sum
    squares, slopes, derivatives = _differentiate(patterns, bases, inverses, coefficients, variance)
    minus2 = log_determinant + squares + float(np.linalg.slogdet(precision)[1])
    return Evaluation(
        parameters=parameters,
        minus2=minus2 + (rows - p) * float(np.log(2 * np.pi)),
        coefficients=coefficients,
        variance=variance,
        slopes=slopes,
        gradient=derivatives[0],
        observed=derivatives[1],
        expected=derivatives[2],
    )


def _differentiate(
    patterns: Sequence[Patterns],
    bases: Reals,
    inverses: Sequence[Reals],
    coefficients: Reals,
    variance: Reals,
) -> tuple[float, Reals, tuple[Reals, Reals, Reals]]:
    """Return the weighted residual squares, the slopes, and the gradient of minus2 with its
    observed and expected second derivatives.

    With P = W - WX(X'WX)^-1X'W over all patients, these are tr(PG) - y'PGPy,
    2 y'PGPGPy - tr(PGPG) and tr(PGPG).
    """
    q, p = len(bases), len(coefficients)
    squares, gradient = 0.0, np.zeros(q)
    slopes, pull = np.zeros((q, p, p)), np.zeros((q, p))
    traces, quadratic = np.zeros((q, q)), np.zeros((q, q))
    for each, inverse in zip(patterns, inverses, strict=True):
        n = each.patients[:, None, None]
        off = each.means - np.einsum("kip,p->ki", each.design, coefficients)
        products = each.scatter + n * off[:, :, None] * off[:, None, :]
        base = _take(bases, each)
        turned = inverse @ base  # WG, (q, k, m, m)
        sandwich = turned @ inverse  # WGW
        weighted = sandwich @ each.design  # WGWX
        fitted = each.design @ variance @ np.swapaxes(each.design, 1, 2)  # X(X'WX)^-1X'
        squares += float(np.einsum("kij,kij->", inverse, products))
        gradient += np.einsum("hkij,kij->h", base, n * inverse)
        gradient -= np.einsum("hkij,kij->h", sandwich, products)
        slopes += np.einsum("kip,hkiq->hpq", n * each.design, weighted)
        pull += np.einsum("hkip,ki->hp", weighted, each.patients[:, None] * off)
        traces += np.einsum("hkij,lkji->hl", turned, n * turned - 2 * sandwich @ (n * fitted))
        quadratic += np.einsum("hkij,lkji->hl", turned, sandwich @ products)
    known = variance @ slopes
    gradient -= np.einsum("hii->h", known)
    traces += np.einsum("hij,lji->hl", known, known)
    quadratic -= np.einsum("hp,lp->hl", pull @ variance, pull)
    expected, observed = (traces + traces.T) / 2, quadratic + quadratic.T - (traces + traces.T) / 2
    return squares, slopes, (gradient, observed, expected)


def _take(matrices: Reals, patterns: Patterns) -> Reals:
    """Return the rows and columns each pattern has, (matrices, k, m, m)."""
    visits = patterns.visits
    return matrices[:, visits[:, :, None], visits[:, None, :]]


def _invert(covariance: Reals) -> Reals:
    inverse = np.linalg.inv(covariance)
    return np.asarray(inverse + np.swapaxes(inverse, 1, 2)) / 2


# ---- the search --------------------------------------------------------------------------------


def _choose_start(patterns: Sequence[Patterns], bases: Reals) -> Reals:
    """Return parameters with the visits' own variances and a correlation of one half."""
    visits, p = bases.shape[1], patterns[0].design.shape[2]
    precision, total = np.zeros((p, p)), np.zeros(p)
    for each in patterns:
        design = each.design * each.patients[:, None, None]
        precision += np.einsum("kip,kiq->pq", design, each.design)
        total += np.einsum("kip,ki->p", design, each.means)
    coefficients = np.linalg.solve(precision, total)
    squares, seen = np.zeros(visits), np.zeros(visits)
    for each in patterns:
        off = each.means - np.einsum("kip,p->ki", each.design, coefficients)
        own = np.diagonal(each.scatter, axis1=1, axis2=2) + each.patients[:, None] * off**2
        np.add.at(squares, each.visits, own)
        np.add.at(seen, each.visits, np.broadcast_to(each.patients[:, None], own.shape))
    variances = squares / seen
    if len(bases) == 2:
        return np.full(2, squares.sum() / seen.sum() / 2)
    spreads = np.sqrt(variances)
    covariance = (np.eye(visits) + 1) / 2 * np.outer(spreads, spreads)
    return covariance[np.tril_indices(visits)]


def _step(
    patterns: Sequence[Patterns], bases: Reals, at: Evaluation, direction: Reals
) -> Evaluation | None:
    for halving in range(_MOST_HALVINGS):
        tried = evaluate(patterns, bases, at.parameters - direction / 2**halving)
        if tried is not None and tried.minus2 <= at.minus2 + 1e-12 * abs(at.minus2):
            return tried
    return None


def _is_near_edge(patterns: Sequence[Patterns], bases: Reals, parameters: Reals) -> bool:
    """Return whether the scores at some visit all but follow from those at the others."""
    covariance = combine(bases, parameters)
    spreads = np.sqrt(np.diagonal(covariance))
    correlation = covariance / np.outer(spreads, spreads)
    return any(
        bool((np.linalg.eigvalsh(_take(correlation[None], each)[0]) < _NEAR_EDGE).any())
        for each in patterns
    )


def _solve(curvature: Reals, gradient: Reals) -> Reals:
    scale = np.sqrt(np.diagonal(curvature))
    return np.asarray(np.linalg.solve(curvature / np.outer(scale, scale), gradient / scale) / scale)


def _is_identified(information: Reals) -> bool:
    """Return whether second derivatives are those of a minimum in every direction."""
    sizes = np.diagonal(information)
    if not (np.isfinite(information).all() and (sizes > 0).all()):
        return False
    scaled = information / np.sqrt(np.outer(sizes, sizes))
    return bool(np.linalg.eigvalsh(scaled)[0] > _IDENTIFIED)
