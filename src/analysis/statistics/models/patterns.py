"""Patients who were seen at the same visits, as counts, means and scatter.

A model for normal scores needs nothing else of the patients: these are its sufficient statistics,
and there are as many of them as there are patterns of missing visits, however many patients.

The sums are the same to the last bit whatever the order of the patients (see
:func:`_sum_by_pattern`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Positions = NDArray[np.int64]

_BEYOND = 1e100  # the squares of such a number, summed, are no number any more
_VISITS_IN_A_KEY = 31  # visits whose being seen or not fits into one half of a 64-bit number


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of patients by visit, one row for each patient and one column for each visit."""

    visits: tuple[int, ...]
    """The visits somebody was seen at, ascending."""
    values: Reals
    """(patients, visits), in the units of the scale; missing where a patient was not seen."""

    @property
    def patients(self) -> int:
        """Patients who were seen at least once."""
        return len(self.values)

    @property
    def rows(self) -> int:
        """Scores there are."""
        return int((~np.isnan(self.values)).sum())

    @cached_property
    def _together(self) -> Reals:
        """(visits, visits): patients seen at both."""
        seen = (~np.isnan(self.values)).astype(float)
        return np.asarray(seen.T @ seen)

    def count_seen(self, first: int, second: int | None = None) -> int:
        """Patients seen at a visit, or at both of two."""
        if not {first, first if second is None else second} <= set(self.visits):
            return 0
        row = self.visits.index(first)
        return int(self._together[row, row if second is None else self.visits.index(second)])

    def keep(self, visits: Sequence[int]) -> "Scores":
        """Return the scores at these visits of the patients who were seen at one of them."""
        values = self.values[:, [self.visits.index(visit) for visit in visits]]
        seen = ~np.isnan(values).all(axis=1)
        return Scores(visits=tuple(visits), values=values[seen])


@dataclass(frozen=True, kw_only=True)
class Patterns:
    """Groups of patients with equally many visits; those of one group share visits and design.

    Shapes: k groups, m visits in each, p coefficients.
    """

    visits: Positions
    """(k, m): positions of the visits, ascending."""
    design: Reals
    """(k, m, p): what each visit's mean is made of."""
    patients: Reals
    """(k,): how many patients."""
    means: Reals
    """(k, m): mean score at each visit."""
    scatter: Reals
    """(k, m, m): sums of squares and products about the group's own means."""


def read_scores(rows: pd.DataFrame) -> Scores:
    """Return the scores of a frame with the columns patient, visit and value.

    ``visit`` is a whole number. Rows with a missing value are visits nobody recorded and are left
    out, and with them patients who have no other.

    Raises
    ------
    ValueError
        When a patient has two values at one visit, or a value is infinite or beyond any scale.
    """
    known = rows[rows["value"].notna()]
    values = known["value"].to_numpy(dtype=float)
    if not (np.abs(values) < _BEYOND).all():
        raise ValueError("a value is infinite, or too large to be a score")
    patients, names = pd.factorize(known["patient"])
    columns, visits = pd.factorize(known["visit"], sort=True)
    cells = patients * len(visits) + columns
    wide = np.full(len(names) * len(visits), np.nan)
    wide[cells] = values
    if np.isnan(wide).sum() != len(wide) - len(values):
        raise ValueError("a patient has two values at one visit")
    return Scores(
        visits=tuple(int(visit) for visit in visits),
        values=wide.reshape(len(names), len(visits)),
    )


def summarise_patterns(values: Reals, design: Reals) -> list[Patterns]:
    """Return the patterns of patients who share a design, those with fewest visits first.

    Parameters
    ----------
    values
        (patients, visits); missing where a patient was not seen, somewhere seen everyone.
    design
        (visits, p); the identity gives each visit a mean of its own.
    """
    seen = ~np.isnan(values)
    sizes = seen @ np.ones(seen.shape[1])
    # about a mean near their own, squares lose no digits when a constant is added to all scores
    total = _sum_by_pattern(np.where(seen, values, 0.0).T, np.zeros(1, dtype=int))[:, 0]
    centre = total / np.maximum(seen.sum(axis=0), 1)
    found = []
    for size in range(1, seen.shape[1] + 1):
        chosen = np.flatnonzero(sizes == size)
        if not len(chosen):
            continue
        keys = _number_patterns(seen[chosen])
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        rows = chosen[order]
        counts = np.diff(starts, append=len(rows)).astype(float)
        visits = np.nonzero(seen[rows[starts]])[1].reshape(len(starts), size)
        columns = np.repeat(visits.T, counts.astype(int), axis=1)
        deviations = values[rows, columns] - centre[columns]
        sums = _sum_by_pattern(deviations, starts)
        scatter = np.empty((len(starts), size, size))
        for left in range(size):
            products = _sum_by_pattern(deviations[left] * deviations[left:], starts)
            products -= sums[left] * sums[left:] / counts
            scatter[:, left, left:] = products.T
            scatter[:, left:, left] = products.T
        found.append(
            Patterns(
                visits=visits,
                design=design[visits],
                patients=counts,
                means=(sums / counts).T + centre[visits],
                scatter=scatter,
            )
        )
    return found


def _number_patterns(seen: NDArray[np.bool_]) -> Positions:
    """Return one number for each row, the same for rows that are the same, in a fixed order."""
    numbers = np.zeros(len(seen), dtype=np.int64)
    for first in range(0, seen.shape[1], _VISITS_IN_A_KEY):
        block = seen[:, first : first + _VISITS_IN_A_KEY]
        bits = block @ (1 << np.arange(block.shape[1], dtype=np.int64))
        if first:
            numbers = np.unique(numbers, return_inverse=True)[1]
        numbers = (numbers << _VISITS_IN_A_KEY) | bits
    return numbers


def _sum_by_pattern(values: Reals, starts: NDArray[Any]) -> Reals:
    """Return the sums over the columns from each start to the next, one row for each row.

    Each value is split into a coarse and a fine part, on grids chosen so that a sum of as many
    such parts is exact. An exact sum does not depend on the order of its terms, so neither the
    order of the patients nor the number of threads shows in the result. (Rump, Ogita and Oishi
    2008, SIAM J Sci Comput 31:189-224; Demmel and Nguyen 2013, on reproducible sums.)
    """
    total = np.zeros((len(values), len(starts)))
    rest = values
    room = np.ceil(np.log2(values.shape[1] + 2))
    for _ in range(2):
        largest = np.maximum(rest.max(axis=1), -rest.min(axis=1))[:, None]
        powers = np.log2(largest, where=largest > 0, out=np.zeros_like(largest))
        grid = np.exp2(np.ceil(powers) + room)
        part = (rest + grid) - grid
        total += np.add.reduceat(part, starts, axis=1)
        rest = rest - part
    return total
