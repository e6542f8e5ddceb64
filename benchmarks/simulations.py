"""Patients made up with a known truth, for coverage.py.

Nothing of ``analysis`` is imported: what is drawn cannot share a mistake with what estimates it.
Each function draws all runs of a setting at once. Shapes: r runs, n patients, v visits.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Reals = NDArray[np.float64]
Random = np.random.Generator

SESSIONS = (1, 6)
"""The fewest and the most sessions of a patient, all numbers between equally likely."""
SCORES = (6.0, 5.2, 4.6, 4.2)
"""Mean score at each visit; lower is better."""
SPREADS = (1.0, 1.2, 1.5, 1.8)
"""Standard deviation at each visit, where the visits are not alike."""
CORRELATIONS = (0.7, 0.5, 0.35)
"""Of scores that are one, two and three visits apart, where the visits are not alike."""
RESPONDING = (0.25, 0.4, 0.5)
"""Share of responders at each visit."""
KINDS = (0.5, 0.3, 0.2)
"""Share of each kind of patient."""
CHOSEN = (0.3, 0.5, 0.7)
"""Of each kind, the share in the group; those with the worse outlook are in it more often."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What was drawn of all runs."""

    runs: tuple[NDArray[Any], ...]
    """One array or more, each with one element a run: zipped, they are what an estimate gets."""
    truth: float


# ---- shares ------------------------------------------------------------------------------------


def draw_counts(random: Random, runs: int, n: int, share: float) -> Drawn:
    """Draw how many of n patients have it: (r,)."""
    return Drawn(runs=(random.binomial(n, share, runs),), truth=share)


def draw_two_counts(
    random: Random, runs: int, sizes: tuple[int, int], shares: tuple[float, float]
) -> Drawn:
    """Draw how many have it in each of two groups: (r,) twice. The truth is first less second."""
    counts = (random.binomial(size, share, runs) for size, share in zip(sizes, shares, strict=True))
    return Drawn(runs=tuple(counts), truth=shares[0] - shares[1])


def list_pair_shares(first: float, second: float, correlation: float) -> tuple[float, ...]:
    """Return the shares of patients who have both, the first only, the second only, and neither.

    Raises
    ------
    ValueError
        When two shares cannot be so correlated.
    """
    spread = (first * (1 - first) * second * (1 - second)) ** 0.5
    both = first * second + correlation * spread
    shares = (both, first - both, second - both, 1 - first - second + both)
    if min(shares) < 0:
        raise ValueError(f"shares of {first} and {second} cannot be correlated by {correlation}")
    return shares


def draw_pairs(random: Random, runs: int, n: int, shares: tuple[float, ...]) -> Drawn:
    """Draw n patients observed twice: (r, 4), in the order of :func:`list_pair_shares`.

    The truth is the share of the first less that of the second.
    """
    return Drawn(runs=(random.multinomial(n, shares, runs),), truth=shares[1] - shares[2])


# ---- change within patients --------------------------------------------------------------------


def draw_changes(
    random: Random, runs: int, n: int, shape: Literal["normal", "grades", "skewed"]
) -> Drawn:
    """Draw the change of each patient, (r, n): normal about 1, whole grades about 0.9, or
    exponential with mean 1, which has a skewness of 2."""
    if shape == "grades":
        grades, shares = (-1, 0, 1, 2, 3), (0.05, 0.3, 0.4, 0.2, 0.05)
        drawn = random.choice(np.array(grades, dtype=float), (runs, n), p=shares)
        return Drawn(runs=(drawn,), truth=float(np.dot(grades, shares)))
    if shape == "skewed":
        return Drawn(runs=(random.exponential(1, (runs, n)),), truth=1)
    return Drawn(runs=(random.normal(1, 2, (runs, n)),), truth=1)


def draw_percent(random: Random, runs: int, n: int, shape: Literal["normal", "skewed"]) -> Drawn:
    """Draw each patient's baseline and improvement, (r, n) twice, the latter in points.

    In percent of the baseline the improvement has a median of 30 whatever the baseline: normal
    with a standard deviation of 25, or 100 less what is left, a log-normal 70 in the middle.
    """
    baseline = random.gamma(4, 5, (runs, n)) + 1
    if shape == "normal":
        percent = random.normal(30, 25, (runs, n))
    else:
        percent = 100 - 70 * np.exp(random.normal(0, 0.6, (runs, n)))
    return Drawn(runs=(baseline, baseline * percent / 100), truth=30)


# ---- several of one patient --------------------------------------------------------------------


def draw_sessions(
    random: Random, runs: int, patients: int, share: float, correlation: float
) -> Drawn:
    """Draw each patient's sessions with the event and sessions in all, (r, n) twice.

    How many sessions there are says nothing of the event. A patient's own share is from a beta
    distribution, so any two sessions of one patient have the stated correlation.
    """
    totals = random.integers(SESSIONS[0], SESSIONS[1], (runs, patients), endpoint=True)
    own: Reals | float = share
    if correlation:
        both = 1 / correlation - 1  # the sum of a beta distribution's two parameters
        own = random.beta(share * both, (1 - share) * both, (runs, patients))
    return Drawn(runs=(random.binomial(totals, own), totals), truth=share)


def draw_events(random: Random, runs: int, patients: int, rate: float, spread: float) -> Drawn:
    """Draw each patient's events and sessions, (r, n) twice; a session may have several events.

    A patient's own rate is from a gamma distribution about the true one, with the stated standard
    deviation as a part of it.
    """
    totals = random.integers(SESSIONS[0], SESSIONS[1], (runs, patients), endpoint=True)
    shape = 1 / spread**2
    own = random.gamma(shape, rate / shape, (runs, patients))
    return Drawn(runs=(random.poisson(own * totals), totals), truth=rate)


def draw_two_groups_of_sessions(
    random: Random, runs: int, patients: int, shares: tuple[float, float], spread: float
) -> Drawn:
    """Draw sessions with the event and sessions in all, in each of two groups, (r, n) four times;
    a patient may have sessions in both, and is as prone to it in one as in the other.

    ``shares`` are those of a patient in the middle, ``spread`` the standard deviation of the log
    odds between patients. The truth is the difference of the two shares over all patients.
    """
    prone = random.normal(0, spread, (runs, patients))
    drawn, truth = [], 0.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    for sign, share in zip((1, -1), shares, strict=True):
        totals = random.integers(0, SESSIONS[1] - 2, (runs, patients), endpoint=True)
        own = special.expit(special.logit(share) + prone)
        drawn += [random.binomial(totals, own), totals]
        mean = weights @ special.expit(special.logit(share) + spread * nodes) / weights.sum()
        truth += sign * float(mean)
    return Drawn(runs=tuple(drawn), truth=truth)


def draw_durations(
    random: Random, runs: int, patients: int, mean: float, seen: tuple[float, float]
) -> Drawn:
    """Draw how long it lasted, or was followed, and whether it had ended, (r, n) twice.

    Durations are exponential; how long a patient is followed lies anywhere between the two ends of
    ``seen`` and says nothing of the duration. The truth is the mean duration.
    """
    lasts = random.exponential(mean, (runs, patients))
    followed = random.uniform(*seen, (runs, patients))
    return Drawn(runs=(np.minimum(lasts, followed), lasts <= followed), truth=mean)


def draw_visits(random: Random, runs: int, n: int, alike: bool) -> Drawn:
    """Draw scores of patients, (r, n, v), missing from some visit on for some of them.

    Baseline is there for all. Who has a worse score than most at a visit is likelier to stay away
    from the next one on: by the recorded score alone, which is what the model supposes. The truth
    is the change from baseline to the last visit had all continued. ``alike``: equal variances and
    equal correlations.
    """
    visits = len(SCORES)
    apart = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    correlation = np.array([1.0, *([0.5] * (visits - 1) if alike else CORRELATIONS)])[apart]
    spreads = np.full(visits, 1.5) if alike else np.array(SPREADS)
    root = np.linalg.cholesky(correlation * np.outer(spreads, spreads))
    scores = SCORES + random.normal(size=(runs, n, visits)) @ root.T
    for visit in range(1, visits):
        worse = (scores[..., visit - 1] - SCORES[visit - 1]) / spreads[visit - 1]
        stays_away = random.random((runs, n)) < special.expit(-2.8 + worse)
        # once away, the score before is missing, its comparison false, and so is all after it
        stays_away |= np.isnan(worse)
        scores[stays_away, visit] = np.nan
    return Drawn(runs=(scores,), truth=SCORES[-1] - SCORES[0])


def draw_responses(random: Random, runs: int, n: int, correlation: float) -> Drawn:
    """Draw who responded at each visit, (r, n, v): 1, 0, or missing for a tenth after the first
    visit, whoever they are.

    A patient responds where a normal number falls below a bound; ``correlation`` is that of these
    numbers at any two visits. The truth is the share at the last visit.
    """
    own = random.normal(size=(runs, n, 1)) * correlation**0.5
    rest = random.normal(size=(runs, n, len(RESPONDING))) * (1 - correlation) ** 0.5
    responses = (own + rest < stats.norm.ppf(RESPONDING)).astype(float)
    missing = random.random(responses.shape) < 0.1
    missing[..., 0] = False
    responses[missing] = np.nan
    return Drawn(runs=(responses,), truth=RESPONDING[-1])


# ---- two groups --------------------------------------------------------------------------------


def draw_groups(random: Random, runs: int, n: int, is_share: bool) -> Drawn:
    """Draw each patient's outcome, group (true or false) and kind (0, 1, 2): (r, n) each.

    The kind decides both the outlook and who is in the group, so the plain difference is wrong.
    The truth is the difference had all been in the group, less had none been, over the kinds as
    they are among all patients.
    """
    kinds = random.choice(len(KINDS), (runs, n), p=KINDS)
    group = random.random((runs, n)) < np.array(CHOSEN)[kinds]
    if not is_share:
        outcome = 3 - 1.5 * kinds + 1.0 * group + random.normal(0, 2, (runs, n))
        return Drawn(runs=(outcome, group, kinds), truth=1.0)
    log_odds = 0.6 - 0.8 * np.arange(len(KINDS))
    outcome = random.random((runs, n)) < special.expit(log_odds[kinds] + 0.9 * group)
    difference = special.expit(log_odds + 0.9) - special.expit(log_odds)
    return Drawn(runs=(outcome.astype(float), group, kinds), truth=float(np.dot(KINDS, difference)))
