"""Two groups of patients, compared as if both had the same mixture of what is adjusted for."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from analysis.vocabulary import PROTOCOL

Reals = NDArray[np.float64]

_TOLERANCE: Final = 1e-9  # of the last step of a coefficient
_MOST_STEPS: Final = 40
_LONGEST_STEP: Final = 5.0  # of a coefficient of a logistic model
_RIDGE: Final = 1e-9  # of the patients, so that a resample without a level can be solved
_SAME: Final = 1e-9  # rank tolerance of the scaled design
_NUMBERS_AT_ONCE: Final = 2_000_000  # weights of resamples held in memory at a time: 16 MB
_MOST_PROFILED: Final = 20_000_000  # patients times cells: 160 MB
_NOT_PARTED: Final = 15.0  # log odds: a share nearer to 0 or 1 than 3 in ten million is an edge


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """Patients who are alike in everything, as one row each; c cells, p coefficients."""

    design: Reals
    """(c, p): intercept, group, and what is adjusted for."""
    outcome: Reals
    """(c,)"""
    patients: Reals
    """(c,): how many patients, or sessions."""
    profiles: Reals
    """(q, c): how many of each cell a patient has; patients who are alike in that are one row."""
    alike: Reals
    """(q,): how many patients have each profile."""
    is_share: bool
    """Whether the outcome is 0 or 1 for everybody."""


def estimate_standardised_difference(
    outcome: pd.Series,
    group: pd.Series,
    adjust: pd.DataFrame,
    seed: int,
    patient: pd.Series | None = None,
) -> dict[str, Any]:
    """Return the mean outcome had all patients been in the group, less that had none been.

    Both from one regression of the outcome on the group and what is adjusted for, main effects
    only: logistic for an outcome of 0 and 1 (so that the difference is one of shares), linear for
    others. The interval is that of the percentiles over resampled patients; the same patients in
    any order and the same seed give the same interval. Says what is left of a difference when the
    groups are made alike in what is recorded; not what the group did.

    Parameters
    ----------
    outcome
        One number for each patient; 0 or 1 (also False or True) for a share.
    group
        Whether the patient is in the group, in the same order.
    adjust
        One row for each patient, in the same order. Numbers count as they are, everything else as
        its levels. No columns: the plain difference.
    patient
        Where the entries are sessions: whose each is, in the same order. Patients are resampled
        with all their sessions. Left out, each entry is a patient.

    Returns
    -------
    ``count`` is the patients (or sessions) of whom all is known, ``total`` all given; the others
    are left out, which the note says. With ``patient`` also patients_count and patients_total. Not
    estimable with one group empty, the outcome the same for everybody, what is adjusted for telling
    the group (singular), or the outcome being told apart without error (separation); too few with
    less than the protocol's least number of patients for a subgroup in either group.

    Notes
    -----
    Robins 1986, Math Model 7:1393-1512 (g-computation); Snowden, Rose and Mortimer 2011, Am J
    Epidemiol 173:731-738.
    """
    known = _keep_known(outcome, group, adjust, patient)
    estimate: dict[str, Any] = {
        "count": len(known),
        "total": len(outcome),
        "method": "standardised_difference",
    }
    if patient is not None:
        estimate |= {"patients_count": known["patient"].nunique()}
        estimate |= {"patients_total": patient.nunique()}
    least = min(known.loc[known["group"] == side, "patient"].nunique() for side in (0, 1))
    if not least:
        return estimate | {"status": "not estimable", "note": "nobody in one of the groups"}
    if least < PROTOCOL["too_small_for_a_subgroup"].whole:
        return estimate | {"status": "too few"}
    cells = _list_cells(known)
    reason = _find_obstacle(cells)
    if reason:
        return estimate | {"status": "not estimable", "note": reason}
    value = float(_standardise(cells, cells.patients[None])[0])
    drawn = _resample(cells, seed)
    confidence = PROTOCOL["confidence"].value
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    estimate |= {
        "value": value,
        "low": min(float(low), value),
        "high": max(float(high), value),
        "confidence": confidence,
        "se": float(drawn.std(ddof=1)),
    }
    if len(known) < len(outcome):
        estimate["note"] = "patients of whom not all is known are left out"
    return estimate


# ---- from patients to cells --------------------------------------------------------------------


def _keep_known(
    outcome: pd.Series, group: pd.Series, adjust: pd.DataFrame, patient: pd.Series | None
) -> pd.DataFrame:
    """Return the patients of whom all is known: patient, outcome, group, and columns by name."""
    whose = np.arange(len(outcome)) if patient is None else pd.factorize(patient)[0]
    if len(whose) != len(outcome):
        raise ValueError("outcome and patient are not of the same sessions")
    if not len(outcome) == len(group) == len(adjust):
        raise ValueError("outcome, group and what is adjusted for are not of the same patients")
    columns: dict[Any, Any] = {
        "patient": whose,
        "outcome": outcome.astype("Float64").to_numpy(dtype=float, na_value=np.nan),
        "group": group.astype("boolean").astype("Float64").to_numpy(dtype=float, na_value=np.nan),
    }
    # in the order of their names, so that the order they come in cannot show in a result
    for number, name in enumerate(sorted(adjust.columns)):
        columns[number] = adjust[name].reset_index(drop=True)
    return pd.DataFrame(columns).dropna()


def _list_cells(known: pd.DataFrame) -> _Cells:
    outcome = known["outcome"].to_numpy(dtype=float)
    columns = [np.ones(len(known)), known["group"].to_numpy(dtype=float)]
    for name in known.columns[3:]:
        columns += _code(known[name])
    rows = np.column_stack([outcome, *columns])
    cells, places, patients = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    profiles, alike = _list_profiles(known["patient"].to_numpy(), places.ravel(), len(cells))
    return _Cells(
        design=cells[:, 1:],
        outcome=cells[:, 0],
        patients=patients.astype(float),
        profiles=profiles,
        alike=alike,
        is_share=bool(np.isin(outcome, (0, 1)).all()),
    )


def _list_profiles(whose: Any, places: Any, cells: int) -> tuple[Reals, Reals]:
    """Return what patients have of each cell, (q, c), and how many have the same, (q,); nothing for
    more patients with several entries than are resampled."""
    if len(np.unique(whose)) == len(whose):
        return np.eye(cells), np.bincount(places, minlength=cells).astype(float)
    _, patients = np.unique(whose, return_inverse=True)
    if (patients.max() + 1) * cells > _MOST_PROFILED:
        return np.empty((0, cells)), np.empty(0)
    had = np.zeros((patients.max() + 1, cells))
    np.add.at(had, (patients, places), 1)
    profiles, alike = np.unique(had, axis=0, return_counts=True)
    return profiles, alike.astype(float)


def _code(column: pd.Series) -> list[Reals]:
    """Return a column of numbers about its mean in units of its spread, or one column for each
    level but the first; none for a column that is the same for everybody."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = column.to_numpy(dtype=float)
        spread = numbers.std()
        return [(numbers - numbers.mean()) / spread] if numbers.min() < numbers.max() else []
    levels = column.astype(str).to_numpy()
    return [np.where(levels == level, 1.0, 0.0) for level in sorted({*levels})[1:]]


def _find_obstacle(cells: _Cells) -> str:
    """Return why there is no comparison, or nothing."""
    if cells.outcome.min() == cells.outcome.max():
        return "the outcome is the same for everybody"
    if not len(cells.profiles) or max(cells.profiles.shape) > PROTOCOL["bootstrap_most"].whole:
        return "so many different patients are not resampled"
    scaled = cells.design * np.sqrt(cells.patients)[:, None]
    scaled = scaled / np.linalg.norm(scaled, axis=0)
    if np.linalg.matrix_rank(scaled, tol=_SAME) < scaled.shape[1]:
        return "what is adjusted for tells one column from the others"
    if not cells.is_share:
        if cells.patients.sum() <= cells.design.shape[1]:
            return "there are not more patients than what is adjusted for"
        return ""
    coefficients = _fit(cells, cells.patients[None])[0]
    if np.abs(cells.design @ coefficients).max() > _NOT_PARTED:
        return "the outcome is told without error by the groups or what is adjusted for"
    return ""


# ---- models ------------------------------------------------------------------------------------
# A resample is how often each cell was drawn, so all resamples share one design and every sum over
# patients is one product of matrices. Shapes: r resamples, c cells, p coefficients.


def _resample(cells: _Cells, seed: int) -> Reals:
    """Return the difference in each resample of patients that has both groups."""
    random = np.random.default_rng(seed)
    people = int(cells.alike.sum())
    wanted = PROTOCOL["standardised_resamples"].whole
    at_once = max(1, _NUMBERS_AT_ONCE // max(cells.profiles.shape))
    found = []
    for start in range(0, wanted, at_once):
        size = min(at_once, wanted - start)
        drawn = random.multinomial(people, cells.alike / people, size=size).astype(float)
        weights = drawn @ cells.profiles
        inside = weights @ cells.design[:, 1]
        has_both = (inside > 0) & (inside < weights.sum(axis=1))
        found.append(_standardise(cells, weights[has_both]))
    return np.concatenate(found)


def _standardise(cells: _Cells, weights: Reals) -> Reals:
    """Return, for each resample (r, c), the difference of the two standardised means, (r,)."""
    coefficients = _fit(cells, weights)
    if not cells.is_share:
        return coefficients[:, 1]
    means = []
    for group in (1.0, 0.0):
        supposed = cells.design.copy()
        supposed[:, 1] = group
        shares = special.expit(coefficients @ supposed.T)
        means.append((weights * shares).sum(axis=1) / weights.sum(axis=1))
    return np.asarray(means[0] - means[1])


def _fit(cells: _Cells, weights: Reals) -> Reals:
    """Return the coefficients for each resample, (r, p).

    Newton's method for a logistic model; where a resample has no patient of a level, or is told
    apart without error, the coefficients stop where they no longer matter for the shares.
    """
    if not cells.is_share:
        ridge = _RIDGE * weights.sum(axis=1)
        return _solve(cells, weights, weights * cells.outcome, ridge)
    coefficients = np.zeros((len(weights), cells.design.shape[1]))
    moving = np.arange(len(weights))
    for _ in range(_MOST_STEPS):
        shares = special.expit(coefficients[moving] @ cells.design.T)
        rest = weights[moving] * (cells.outcome - shares)
        # the ridge is of the patients: the information is nothing where all are told apart
        ridge = _RIDGE * weights[moving].sum(axis=1)
        step = _solve(cells, weights[moving] * shares * (1 - shares), rest, ridge)
        step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        coefficients[moving] += step
        moving = moving[np.abs(step).max(axis=1) > _TOLERANCE]
        if not len(moving):
            break
    return coefficients


def _solve(cells: _Cells, weights: Reals, right: Reals, ridge: Reals) -> Reals:
    """Return the solution of the weighted normal equations of each resample, (r, p).

    The ridge, (r,), lets a resample without a patient of some level be solved; a billionth of the
    patients moves a linear coefficient by as much.
    """
    p = cells.design.shape[1]
    products = (cells.design[:, :, None] * cells.design[:, None, :]).reshape(-1, p * p)
    information = (weights @ products).reshape(-1, p, p)
    sides = right @ cells.design
    information += ridge[:, None, None] * np.eye(p)
    return np.asarray(np.linalg.solve(information, sides[:, :, None])[:, :, 0], dtype=np.float64)
