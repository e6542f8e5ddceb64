"""What a reader can work out of a page: an integer program for each number that is hidden."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from analysis.show.disclosure.page import Number, Page, Sum
from analysis.show.disclosure.rows import COUNT, EVERYTHING, NOTHING, Hiding

_MOST_KEPT: Final = 2_000
"""Possible pages held in memory: more would take longer to look through than they spare."""


@dataclass(frozen=True)
class Secret:
    """A number, or difference, that must not be found out."""

    of: Sum
    most: int
    """It must be able to be each number from 1 to this one, as far as a reader can tell; 0 where
    any second number is enough."""


@dataclass(frozen=True)
class View:
    """What a reader is told of the numbers of a page, by their places, and how they hang together.

    Sums and unknown numbers of one ``part`` say something about each other, and nothing about
    those of another.
    """

    is_known: NDArray[np.bool_]
    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]
    """The range of each number; where it is not told, up to more than any number there is."""
    part_of_sum: NDArray[np.int32]
    part_of_number: NDArray[np.int32]


class Reader:
    """Somebody who sees what is shown of a page and does all the sums he can.

    A secret is safe while each value that a small group can have is possible, from 1 patient to one
    fewer than the threshold. He remembers every other page that would have looked the same: where
    these have all the values, no program need be solved.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._places = {name: place for place, name in enumerate(page.values)}
        self._truth = np.array([*page.values.values()], dtype=np.int64)
        cells = [
            (row, self._places[name], factor)
            for row, sum_ in enumerate(page.sums)
            for name, factor in sum_.items()
        ]
        rows, columns, factors = zip(*cells, strict=True) if cells else ((), (), ())
        shape = (len(page.sums), len(self._truth))
        self._sums = csr_array(coo_array((factors, (rows, columns)), shape=shape, dtype=np.int64))
        self._sum_of_cell = np.repeat(np.arange(shape[0]), np.diff(self._sums.indptr))
        self._beyond = 10 * (1 + int(self._truth.max(initial=0)))
        self._possible = np.zeros((_MOST_KEPT, len(self._truth)), dtype=np.int64)
        self._differs = np.zeros((_MOST_KEPT, len(self._truth)), dtype=bool)
        self._found = 0
        self._count_places = self._find_places(page.counts)
        self._total_places = self._find_places(page.totals)
        self.solved = 0
        """How many programs were solved so far."""

    def find_leak(self, hiding: Sequence[Hiding], first: Secret | None = None) -> Secret | None:
        """Return a secret of which too much can be worked out, or None; ``first`` is tried before
        the others."""
        view = self._look_at(hiding)
        fitting = self._list_fitting(view)
        if first is not None and self._tells(first, view, fitting):
            return first
        return next(self._find_leaks(hiding, view, fitting), None)

    def find_leaks(self, hiding: Sequence[Hiding]) -> Iterator[Secret]:
        """Yield each secret of which too much can be worked out."""
        view = self._look_at(hiding)
        yield from self._find_leaks(hiding, view, self._list_fitting(view))

    def tells(self, secret: Secret, hiding: Sequence[Hiding]) -> bool:
        """Return whether what is shown rules out a value that the secret might have."""
        view = self._look_at(hiding)
        return self._tells(secret, view, self._list_fitting(view))

    def list_near(self, secret: Secret, hiding: Sequence[Hiding]) -> set[Number]:
        """Return the numbers that are shown, or told a range of, and say anything about the
        secret."""
        view = self._look_at(hiding)
        rows = self._find_sums(secret, view)
        names = [*self._places]
        cells = np.isin(self._sum_of_cell, rows)
        near = np.unique(self._sums.indices[cells])
        is_told = view.is_known | (view.highest < self._beyond)
        return {names[place] for place in near if is_told[place]}

    # What is told

    def _look_at(self, hiding: Sequence[Hiding]) -> View:
        size = len(self._truth)
        extents = np.array([hidden.extent for hidden in hiding], dtype=np.int64)
        # one more, for what has no number
        is_known = np.zeros(size + 1, dtype=bool)
        is_known[self._count_places[extents == NOTHING]] = True
        is_known[self._total_places[extents != EVERYTHING]] = True
        is_known = is_known[:-1]
        lowest = np.zeros(size, dtype=np.int64)
        highest = np.full(size, self._beyond)
        for index, hidden in enumerate(hiding):
            if hidden.highest is None:
                continue
            place = self._count_places[index]
            if place >= 0 and hidden.extent == COUNT:
                lowest[place], highest[place] = hidden.lowest, hidden.highest
            place = self._total_places[index]
            if place >= 0 and hidden.extent == EVERYTHING:
                lowest[place], highest[place] = 1, hidden.highest
        parts = self._find_parts(is_known)
        return View(is_known, lowest, highest, parts[: -size or None], parts[len(parts) - size :])

    def _find_places(self, names: Sequence[Number | None]) -> NDArray[np.int64]:
        """Return the place of each number, -1 where there is none."""
        return np.array([-1 if name is None else self._places[name] for name in names], dtype=int)

    def _find_parts(self, is_known: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return the part of each sum, and after these that of each number."""
        cells = ~is_known[self._sums.indices]
        sums, numbers = self._sum_of_cell[cells], self._sums.indices[cells]
        count = self._sums.shape[0]
        size = count + len(self._truth)
        edges = coo_array((np.ones(len(sums)), (sums, count + numbers)), shape=(size, size))
        parts: NDArray[np.int32] = connected_components(edges, directed=False)[1]
        return parts

    def _list_secrets(self, hiding: Sequence[Hiding]) -> Iterator[Secret]:
        """Yield what must not be found out: each number that is too small, and each difference."""
        page = self.page
        for count, total, hidden in zip(page.counts, page.totals, hiding, strict=True):
            if "total" in hidden.secret and total is not None:
                yield Secret({total: 1}, 0)
            if "count" in hidden.secret and count is not None:
                most = page.threshold - 1
                yield Secret({count: 1}, most if total is None else min(most, page.values[total]))
            if "complement" in hidden.secret and count is not None and total is not None:
                yield Secret({total: 1, count: -1}, 0)
        for sum_ in page.secrets:
            yield Secret(sum_, 0)

    # What can be worked out

    def _find_leaks(
        self, hiding: Sequence[Hiding], view: View, fitting: list[int]
    ) -> Iterator[Secret]:
        secrets = self._list_secrets(hiding)
        return (each for each in secrets if self._tells(each, view, fitting))

    def _list_fitting(self, view: View) -> list[int]:
        """Return the places of the remembered pages that look the same as what is shown."""
        # of what is shown, nothing would be otherwise
        fits = ~(self._differs[: self._found] & view.is_known).any(axis=1)
        told = np.flatnonzero((view.lowest > 0) | (view.highest < self._beyond))
        ranges = self._possible[np.ix_(np.flatnonzero(fits), told)]
        inside = ((ranges >= view.lowest[told]) & (ranges <= view.highest[told])).all(axis=1)
        return [*map(int, np.flatnonzero(fits)[inside])]

    def _remember(self, page: NDArray[np.int64]) -> int:
        """Keep a page, in the place of the oldest one when there is no other; return its place."""
        place = self._found % _MOST_KEPT
        self._possible[place] = page
        self._differs[place] = page != self._truth
        self._found += 1
        return place

    def _tells(self, secret: Secret, view: View, fitting: list[int]) -> bool:
        places = [self._places[name] for name in secret.of]
        factors = np.array([*secret.of.values()])
        true = int(factors @ self._truth[places])
        seen = {*map(int, self._possible[np.ix_(fitting, places)] @ factors), true}
        # as many sessions of few patients are no group of their own: another number is enough
        is_group = true <= secret.most
        if is_group:
            left = sorted({*range(1, secret.most + 1)} - seen, reverse=True)
            ranges = [(value, value) for value in left]
        else:
            ranges = [] if len(seen) > 1 else [(true + 1, np.inf), (-np.inf, true - 1)]
        if not ranges:
            return False
        aim = np.zeros(len(self._truth))
        aim[places] = factors
        if not aim[~view.is_known].any():
            return True
        sums = self._find_sums(secret, view)
        for low, high in ranges:
            found = self._solve(aim, (low, high), sums, view)
            if found is not None:
                fitting.append(self._remember(found))
            if (found is None) == is_group:
                return is_group
        return not is_group

    def _find_sums(self, secret: Secret, view: View) -> NDArray[np.int64]:
        """Return the sums that say anything about the secret."""
        places = np.array([self._places[name] for name in secret.of])
        unknown = places[~view.is_known[places]]
        rows: NDArray[np.int64] = np.flatnonzero(
            np.isin(view.part_of_sum, view.part_of_number[unknown])
        )
        return rows

    def _solve(
        self,
        aim: NDArray[np.float64],
        ends: tuple[float, float],
        sums: NDArray[np.int64],
        view: View,
    ) -> NDArray[np.int64] | None:
        """Return a page that looks the same with what is aimed at between these ends, or None."""
        matrix = self._sums[sums]
        touched = np.zeros(len(aim), dtype=bool)
        touched[matrix.indices] = True
        unknown = np.flatnonzero((touched | (aim != 0)) & ~view.is_known)
        shown = np.where(view.is_known, self._truth, 0)
        own = float(aim @ shown)
        rest = -(matrix @ shown)
        constraints = [
            LinearConstraint(aim[np.newaxis, unknown], ends[0] - own, ends[1] - own),
            LinearConstraint(matrix[:, unknown], rest, rest),
        ]
        self.solved += 1
        solved = milp(
            np.zeros(len(unknown)),
            constraints=constraints if len(sums) else constraints[:1],
            bounds=Bounds(view.lowest[unknown], view.highest[unknown]),
            integrality=np.ones(len(unknown)),
        )
        if not solved.success:
            return None
        page = self._truth.copy()
        page[unknown] = np.round(solved.x).astype(np.int64)
        return page
