"""Shares and rates of what one patient has several of: sessions, or courses.

Sessions of one patient are not independent, so they never count as people.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL

Reals = NDArray[np.float64]

_TOLERANCE: Final = 1e-10  # of the last step of the log odds
_MOST_STEPS: Final = 200
_EDGE: Final = 1e-6  # a working correlation matrix with a smaller eigenvalue is singular


@dataclass(frozen=True, kw_only=True)
class _Patients:
    """Patients who have equally many with the event and equally many in all; entries ascend."""

    counts: Reals
    totals: Reals
    patients: Reals

    def sum(self, each: Reals) -> float:
        """Return the sum over patients of what each has."""
        return float(self.patients @ each)


def estimate_share_clustered(
    count_by_patient: Sequence[int] | ArrayLike, total_by_patient: Sequence[int] | ArrayLike
) -> dict[str, Any]:
    """Return the share of sessions (or courses) with the event, with a patient-clustered interval.

    A logit model with a common share, by generalised estimating equations with an exchangeable
    working correlation (its moment estimate) and the covariance of Mancl and DeRouen, t on one less
    than the patients. Where fewer patients than the protocol's least number for a subgroup have a
    session with the event, or one without it, or where the model has no solution, the exact
    interval on the sessions divided by their design effect stands. Where no session has the event,
    or all have it, the exact interval is that of the patients.

    Parameters
    ----------
    count_by_patient, total_by_patient
        One entry for each patient, in the same order: sessions with the event, and sessions it is
        known of. A patient with none of those is not counted. Nothing may be missing.

    Returns
    -------
    ``count`` and ``total`` are sessions, ``patients_count`` the patients with at least one of
    them. ``value`` is the model's share where there is a model, in which a session of a patient
    with many weighs less if sessions of one patient are alike; else ``count / total``.

    Raises
    ------
    ValueError
        When the counts cannot be.

    Notes
    -----
    Liang and Zeger 1986, Biometrika 73:13-22; Mancl and DeRouen 2001, Biometrics 57:126-134; Korn
    and Graubard 1998, Surv Methodol 24:193-201, for the exact interval, with the design effect
    never below one and without their correction for the degrees of freedom.
    """
    each = _read(count_by_patient, total_by_patient)
    people = int(each.patients.sum())
    count, total = int(each.sum(each.counts)), int(each.sum(each.totals))
    having = int(each.sum((each.counts > 0).astype(float)))
    lacking = int(each.sum((each.counts < each.totals).astype(float)))
    estimate: dict[str, Any] = {
        "count": count,
        "total": total,
        "patients_count": having,
        "patients_total": people,
        "method": "clustered_gee",
    }
    if not people:
        return estimate | {"status": "not estimable", "note": "nobody in the denominator"}
    if people < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    if count in (0, total):
        on_patients = estimate_share(having, people)
        limits = {key: on_patients[key] for key in ("value", "low", "high", "confidence")}
        return estimate | limits | {"method": "clustered_ends"}
    if min(having, lacking) >= PROTOCOL["too_small_for_a_subgroup"].whole:
        found = _fit(each)
        if found:
            return estimate | found
        note = "the model cannot be fitted, so the interval is the exact one"
        return estimate | _compute_exact(each) | {"note": note}
    return estimate | _compute_exact(each)


def estimate_difference_clustered(
    first_counts: Sequence[int] | ArrayLike,
    first_totals: Sequence[int] | ArrayLike,
    other_counts: Sequence[int] | ArrayLike,
    other_totals: Sequence[int] | ArrayLike,
) -> dict[str, Any]:
    """Return the share of one group of sessions less that of another, when one patient may have
    sessions in both.

    The difference of the two shares of all sessions, with the patient-clustered covariance of a
    linear model with a mean for each group (an independence working correlation), corrected as
    Mancl and DeRouen do, and t on one less than the patients. The interval ends at -1 and 1.

    Parameters
    ----------
    first_counts, first_totals, other_counts, other_totals
        One entry for each patient, in the same order in all four: sessions with the event and
        sessions it is known of, in each group; zeros where a patient has none. Nothing may be
        missing.

    Returns
    -------
    ``count`` and ``total`` are the sessions of both groups, ``patients_count`` the patients with
    the event in either. Not estimable where a group has no session, the event nobody or no session
    of a group without it, and where all patients are alike, so that there is no chance to be seen;
    too few where a group has fewer patients than the protocol's least number for a subgroup, or
    where fewer patients than that have a session with the event, or one without.

    Raises
    ------
    ValueError
        When the counts cannot be.

    Notes
    -----
    Liang and Zeger 1986, Biometrika 73:13-22; Mancl and DeRouen 2001, Biometrics 57:126-134.
    """
    groups = [_read_each(first_counts, first_totals), _read_each(other_counts, other_totals)]
    counts, totals = (groups[0][i] + groups[1][i] for i in (0, 1))
    having, lacking = int((counts > 0).sum()), int((counts < totals).sum())
    estimate: dict[str, Any] = {
        "count": int(counts.sum()),
        "total": int(totals.sum()),
        "patients_count": having,
        "patients_total": int((totals > 0).sum()),
        "method": "clustered_difference",
    }
    least = PROTOCOL["too_small_for_a_subgroup"].whole
    people = [int((of_group[1] > 0).sum()) for of_group in groups]
    if not min(people):
        return estimate | {"status": "not estimable", "note": "no session in one of the groups"}
    if min(*people, having, lacking) < least:
        return estimate | {"status": "too few"}
    if any(of_group[0].sum() in (0, of_group[1].sum()) for of_group in groups):
        ends = "no session of one of the groups has it, or all have it"
        return estimate | {"status": "not estimable", "note": ends}
    influence: Reals = np.zeros(len(counts))
    shares = []
    for sign, (having_it, known) in zip((1, -1), groups, strict=True):
        share = having_it.sum() / known.sum()
        leverage = known / known.sum()
        influence += sign * (having_it - known * share) / known.sum() / (1 - leverage)
        shares.append(float(share))
    value, error = shares[0] - shares[1], math.sqrt(float((influence**2).sum()))
    if error < _EDGE:
        return estimate | {"status": "not estimable", "note": "all patients are alike"}
    df = estimate["patients_total"] - 1
    confidence = PROTOCOL["confidence"].value
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * error
    return estimate | {
        "value": value,
        "low": max(value - half, -1.0),
        "high": min(value + half, 1.0),
        "confidence": confidence,
        "se": error,
        "df": float(df),
    }


def estimate_rate_clustered(
    count_by_patient: Sequence[int] | ArrayLike, total_by_patient: Sequence[int] | ArrayLike
) -> dict[str, Any]:
    """Return the events of a session, with a patient-clustered interval; a session may have
    several.

    A Poisson model with a common rate and the number of sessions as its exposure, by generalised
    estimating equations with an independence working correlation, the covariance of Mancl and
    DeRouen, and t on one less than the patients. Without any event the exact interval of the
    share of patients stands in. Where fewer patients than the protocol's least number for a
    subgroup have any, or all have the same rate, there is a rate and no interval.

    Parameters
    ----------
    count_by_patient, total_by_patient
        One entry for each patient, in the same order: events, and sessions they are known of. A
        patient without such a session is not counted.

    Returns
    -------
    ``value``, ``low`` and ``high`` are events per session, ``count`` events, ``total`` sessions,
    ``patients_count`` the patients with any.

    Raises
    ------
    ValueError
        When the counts cannot be.

    Notes
    -----
    Zeger and Liang 1986, Biometrics 42:121-130; Mancl and DeRouen 2001, Biometrics 57:126-134.
    """
    counts, totals = _read_each(count_by_patient, total_by_patient, at_most=False)
    counts, totals = counts[totals > 0], totals[totals > 0]
    people, having = len(totals), int((counts > 0).sum())
    events, sessions = float(counts.sum()), float(totals.sum())
    estimate: dict[str, Any] = {
        "count": int(events),
        "total": int(sessions),
        "patients_count": having,
        "patients_total": people,
        "method": "clustered_poisson",
    }
    if not people:
        return estimate | {"status": "not estimable", "note": "nobody in the denominator"}
    if people < PROTOCOL["too_small_for_a_rate"].whole:
        return estimate | {"status": "too few"}
    if not events:
        on_patients = estimate_share(0, people)
        limits = {key: on_patients[key] for key in ("value", "low", "high", "confidence")}
        return estimate | limits | {"method": "clustered_none"}
    rate = events / sessions
    if having < PROTOCOL["too_small_for_a_subgroup"].whole:
        few = "too few patients with any for an interval"
        return estimate | {"value": rate, "method": "rate", "note": few}
    # of the log rate: what each patient adds, its own leverage taken out
    influence = (counts - totals * rate) / events / (1 - totals / sessions)
    error = math.sqrt(float((influence**2).sum()))
    if error < _EDGE:
        alike = "all patients have the same rate, so there is no interval"
        return estimate | {"value": rate, "method": "rate", "note": alike}
    confidence = PROTOCOL["confidence"].value
    half = float(stats.t.ppf((1 + confidence) / 2, people - 1)) * error
    return estimate | {
        "value": rate,
        "low": rate * math.exp(-half),
        "high": rate * math.exp(half),
        "confidence": confidence,
        "se": rate * error,
        "df": float(people - 1),
    }


def _read_each(counts: Any, totals: Any, *, at_most: bool = True) -> tuple[Reals, Reals]:
    """Return counts and totals, one entry for each patient, in the order given."""
    read = np.asarray(counts, dtype=float), np.asarray(totals, dtype=float)
    if read[0].shape != read[1].shape or read[0].ndim != 1:
        raise ValueError("counts and totals are not of the same patients")
    if not all((each % 1 == 0).all() and (each >= 0).all() for each in read):
        raise ValueError("a patient has no whole number")
    if at_most and not (read[0] <= read[1]).all():
        raise ValueError("more with the event than there are cannot be")
    if not (read[0][read[1] == 0] == 0).all():
        raise ValueError("events without a session they are known of cannot be")
    return read


def _read(count_by_patient: Any, total_by_patient: Any) -> _Patients:
    counts = np.asarray(count_by_patient, dtype=float)
    totals = np.asarray(total_by_patient, dtype=float)
    whole = counts.shape == totals.shape and counts.ndim == 1
    if not whole or not ((counts % 1 == 0) & (totals % 1 == 0)).all():
        raise ValueError("a patient has no whole number")
    if not ((counts >= 0) & (counts <= totals)).all():
        raise ValueError("more with the event than there are cannot be")
    pairs = np.column_stack([counts, totals])[totals > 0]
    # alike patients are one entry, in a fixed order: that of the patients cannot show in a sum
    entries, patients = np.unique(pairs, axis=0, return_counts=True)
    return _Patients(counts=entries[:, 0], totals=entries[:, 1], patients=patients.astype(float))


# ---- the exact interval ------------------------------------------------------------------------


def _compute_exact(each: _Patients) -> dict[str, Any]:
    """Return Clopper and Pearson's interval with the sessions divided by their design effect."""
    count, total = each.sum(each.counts), each.sum(each.totals)
    share = count / total
    # never more than there are: sessions less alike than chance gain nothing
    effective = total / max(_compute_design_effect(each), 1.0)
    confidence = PROTOCOL["confidence"].value
    tail = (1 - confidence) / 2
    yes, no = share * effective, (1 - share) * effective
    return {
        "value": share,
        "low": float(stats.beta.ppf(tail, yes, no + 1)),
        "high": float(stats.beta.ppf(1 - tail, yes + 1, no)),
        "confidence": confidence,
        "method": "clustered_exact",
    }


def _compute_design_effect(each: _Patients) -> float:
    """Return how much larger the variance of the share is than were the sessions independent.

    The linearised variance of a ratio with patients as clusters, over that of a simple random
    sample; exactly one where every patient has one session (Kish 1965, Survey Sampling).
    """
    people, total = float(each.patients.sum()), each.sum(each.totals)
    share = each.sum(each.counts) / total
    squares = each.sum((each.counts - each.totals * share) ** 2)
    clustered = squares * people / (people - 1) / total**2
    return clustered / (share * (1 - share) / (total - 1))


# ---- the estimating equations ------------------------------------------------------------------
# With one share for all, what they need of a patient is the number with the event and the number
# in all: the working correlation's inverse sums to totals / (1 + (totals - 1) correlation).


def _fit(each: _Patients) -> dict[str, Any]:
    """Return the share with its interval; nothing without a solution."""
    solved = _solve_equations(each)
    if solved is None:
        return {}
    log_odds, error = solved
    df = float(each.patients.sum()) - 1
    confidence = PROTOCOL["confidence"].value
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * error
    share = float(special.expit(log_odds))
    return {
        "value": share,
        "low": float(special.expit(log_odds - half)),
        "high": float(special.expit(log_odds + half)),
        "confidence": confidence,
        "se": share * (1 - share) * error,
        "df": df,
    }


def _solve_equations(each: _Patients) -> tuple[float, float] | None:
    """Return the log odds and their standard error, or nothing without a solution: no convergence,
    or a working correlation matrix that is singular or none."""
    log_odds = float(special.logit(each.sum(each.counts) / each.sum(each.totals)))
    for _ in range(_MOST_STEPS):
        share = float(special.expit(log_odds))
        correlation = _estimate_correlation(each, share)
        inner = 1 + (each.totals - 1) * correlation
        if not min(1 - correlation, inner.min()) > _EDGE:
            return None
        weights = 1 / inner
        information = each.sum(weights * each.totals)
        residuals = weights * (each.counts - each.totals * share)
        step = each.sum(residuals) / (share * (1 - share) * information)
        if abs(step) < _TOLERANCE:
            leverage = weights * each.totals / information
            squares = each.sum((residuals / (1 - leverage)) ** 2)
            return log_odds, math.sqrt(squares) / (share * (1 - share) * information)
        log_odds += step
    return None


def _estimate_correlation(each: _Patients, share: float) -> float:
    """Return the moment estimate of the common correlation; zero where nobody has two sessions."""
    squares = each.counts * (1 - share) ** 2 + (each.totals - each.counts) * share**2
    products = ((each.counts - each.totals * share) ** 2 - squares) / 2
    pairs = each.sum(each.totals * (each.totals - 1) / 2)
    if pairs <= 1:
        return 0.0
    scale = each.sum(squares) / (each.sum(each.totals) - 1)
    return each.sum(products) / (pairs - 1) / scale
