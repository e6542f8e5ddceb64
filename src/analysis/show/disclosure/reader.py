"""What a reader can work out of a page: an integer program for each number that is hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.show.disclosure.page import Number, Page, Sum
from analysis.show.disclosure.rows import COUNT, EVERYTHING, NOTHING, Hiding

_MOST_KEPT = 400
"""Possible pages held in memory: more would take longer to look through than they spare."""


@dataclass(frozen=True)
class Known:
    """The numbers a reader sees, and the range of those he is told a range of."""

    numbers: set[Number]
    ranges: Mapping[Number, tuple[int, int]]


def collect_known(page: Page, hiding: Sequence[Hiding]) -> Known:
    """Return what is told of the numbers of a page."""
    numbers: set[Number] = set()
    ranges: dict[Number, tuple[int, int]] = {}
    for count, total, hidden in zip(page.counts, page.totals, hiding, strict=True):
        if count is not None and hidden.extent == NOTHING:
            numbers.add(count)
        if total is not None and hidden.extent != EVERYTHING:
            numbers.add(total)
        if hidden.highest is None:
            continue
        if count is not None and hidden.extent == COUNT:
            ranges[count] = (hidden.lowest, hidden.highest)
        if total is not None and hidden.extent == EVERYTHING:
            ranges[total] = (1, hidden.highest)
    return Known(numbers, ranges)


def reach(page: Page, secret: Sum, known: set[Number]) -> list[Sum]:
    """Return the sums that say anything about the secret."""
    wanted = {name for name in secret if name not in known}
    reached, left = list[Sum](), page.sums
    while touching := [sum_ for sum_ in left if not wanted.isdisjoint(sum_)]:
        left = [sum_ for sum_ in left if wanted.isdisjoint(sum_)]
        reached += touching
        wanted |= {name for sum_ in touching for name in sum_ if name not in known}
    return reached


@dataclass
class Reader:
    """Somebody who sees what is shown of a page and does all the sums he can.

    He remembers every other page that would have looked the same: while one of them gives a secret
    another value than the true one, the secret is safe, and no program need be solved.
    """

    page: Page
    possible: list[NDArray[np.float64]] = field(default_factory=list)
    _places: dict[Number, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places = {name: place for place, name in enumerate(self.page.values)}
        self._truth = np.array([*self.page.values.values()], dtype=float)

    def find_leak(self, hiding: Sequence[Hiding], first: Sum | None = None) -> Sum | None:
        """Return a secret that can be worked out, or None; ``first`` is tried before the others."""
        page = self.page
        secrets: list[Sum] = [] if first is None else [first]
        for count, total, hidden in zip(page.counts, page.totals, hiding, strict=True):
            if "total" in hidden.secret and total is not None:
                secrets.append({total: 1})
            if "count" in hidden.secret and count is not None:
                secrets.append({count: 1})
            if "complement" in hidden.secret and count is not None and total is not None:
                secrets.append({total: 1, count: -1})
        secrets += page.secrets
        known = collect_known(page, hiding)
        fitting = self._list_fitting(known)
        return next((each for each in secrets if self._tells(each, known, fitting)), None)

    def tells(self, secret: Sum, hiding: Sequence[Hiding]) -> bool:
        """Return whether what is shown leaves one value only for the secret."""
        known = collect_known(self.page, hiding)
        return self._tells(secret, known, self._list_fitting(known))

    def _list_fitting(self, known: Known) -> list[NDArray[np.float64]]:
        """Return the remembered pages that look the same as what is shown."""
        seen = [self._places[name] for name in known.numbers]
        told = [self._places[name] for name in known.ranges]
        lowest = [low for low, _ in known.ranges.values()]
        highest = [high for _, high in known.ranges.values()]
        return [
            each
            for each in self.possible
            if (each[seen] == self._truth[seen]).all()
            and (each[told] >= lowest).all()
            and (each[told] <= highest).all()
        ]

    def _tells(self, secret: Sum, known: Known, fitting: list[NDArray[np.float64]]) -> bool:
        places = [self._places[name] for name in secret]
        factors = np.array([*secret.values()], dtype=float)
        true = float(factors @ self._truth[places])
        if any(float(factors @ each[places]) != true for each in fitting):
            return False
        sums = reach(self.page, secret, known.numbers)
        unknown = [
            *dict.fromkeys(
                name for sum_ in (secret, *sums) for name in sum_ if name not in known.numbers
            )
        ]
        aim = np.array([secret.get(name, 0) for name in unknown])
        if not aim.any():
            return True
        own = true - sum(
            factor * self.page.values[name]
            for name, factor in secret.items()
            if name in known.numbers
        )
        for sign in (1, -1):
            found = self._solve(sign * aim, sign * own - 1, unknown, sums, known)
            if found is not None and float(factors @ found[places]) != true:
                self.possible = [*self.possible[-_MOST_KEPT:], found]
                fitting.append(found)
                return False
        return True

    def _solve(
        self,
        aim: NDArray[np.int64],
        most: float,
        unknown: Sequence[Number],
        sums: Sequence[Sum],
        known: Known,
    ) -> NDArray[np.float64] | None:
        """Return a page that looks the same with at most so much of what is aimed at, or None.

        Any will do: to look for the least would take minutes on some pages.
        """
        values = self.page.values
        matrix = np.array([[sum_.get(name, 0) for name in unknown] for sum_ in sums])
        ends = [
            -sum(factor * values[name] for name, factor in sum_.items() if name in known.numbers)
            for sum_ in sums
        ]
        beyond = 10 * (1 + max(values.values()))
        lowest, highest = zip(
            *(known.ranges.get(name, (0, beyond)) for name in unknown), strict=True
        )
        constraints = [LinearConstraint(aim[np.newaxis, :], -np.inf, most)]
        if sums:
            constraints.append(LinearConstraint(matrix, ends, ends))
        solved = milp(
            np.zeros(len(unknown)),
            constraints=constraints,
            bounds=Bounds(lowest, highest),
            integrality=np.ones(len(unknown)),
        )
        if not solved.success:
            return None
        page = self._truth.copy()
        page[[self._places[name] for name in unknown]] = np.round(solved.x)
        return page
