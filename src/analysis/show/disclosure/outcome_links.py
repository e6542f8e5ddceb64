"""The sums in which the rows about outcomes stand: what a reader who knows the rules can add up.

A responder on an ordinal scale is a patient who got better; shift tables add up to better, same and
worse; the best answers are the responders; a population counted otherwise differs from the one
analysed by a group of patients, and so do the responders in it.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from analysis.show.disclosure.page import Number, Page
from analysis.show.disclosure.rows import ANALYSED, Row

_Place = tuple[str, ...]
_SKIN_TYPES: Final = ("I", "II", "III", "IV", "V", "VI")
_GOOD: Final = "good"
_OTHERWISE: Final = "responders, counted otherwise"


def link_outcomes(page: Page) -> None:
    """Add the sums of the outcomes of every concern and scale to the page."""
    subjects: dict[_Place, dict[_Place, int]] = {}
    for index, row in enumerate(page.rows):
        if row.question == "outcomes":
            place = (row.statistic, row.population, row.by, row.level, row.by2, row.level2)
            subjects.setdefault((row.source, row.period, row.concern, row.scale), {})[place] = index
    for places in subjects.values():
        _Outcomes(page, places).link()


class _Outcomes:
    """The rows of one concern and scale."""

    def __init__(self, page: Page, places: Mapping[_Place, int]) -> None:
        self.page = page
        self.places = places

    def link(self) -> None:
        """Add all sums these rows stand in."""
        self._link_better()
        self._link_shifts()
        self._link_answers()
        self._link_populations()
        self._link_unseen()
        self._link_skin_types()

    def _get(self, statistic: str, population: str, *place: str) -> int | None:
        """Return the index of a row with a count and a total."""
        by = (*place, "", "", "", "")[:4]
        index = self.places.get((statistic, population, *by))
        if index is None or self.page.counts[index] is None or self.page.totals[index] is None:
            return None
        return index

    def _count(self, index: int) -> Number:
        name = self.page.counts[index]
        assert name is not None
        return name

    def _total(self, index: int) -> Number:
        name = self.page.totals[index]
        assert name is not None
        return name

    def _is(self, whole: Number, parts: Iterable[Number]) -> bool:
        return sum(self.page.values[part] for part in parts) == self.page.values[whole]

    @property
    def _responders(self) -> int | None:
        return self._get("responders", ANALYSED)

    def _link_better(self) -> None:
        """Responders are among those who got better, and on an ordinal scale often the same."""
        better = self._get("direction", "seen again", "change", "better")
        if better is not None and self._responders is not None:
            self._nest(self._count(better), self._count(self._responders))

    def _nest(self, whole: Number, part: Number) -> Number | None:
        """Note that one group is inside another, and that the rest is a group too."""
        if self.page.values[part] > self.page.values[whole]:
            return None
        rest = self.page.add_sum(whole, [part])
        self.page.add_secret(of=rest)
        return rest

    def _link_shifts(self) -> None:
        """The cells of a shift table are all patients, and better, same and worse."""
        cells = [
            (page_row, self._count(index))
            for place, index in self.places.items()
            if place[0] == "shift" and self.page.counts[index] is not None
            for page_row in [self.page.rows[index]]
        ]
        if not cells:
            return
        total = next(self._total(index) for p, index in self.places.items() if p[0] == "shift")
        self.page.add_sum(total, [name for _, name in cells])
        sides: dict[int, list[Number]] = {-1: [], 0: [], 1: []}
        for row, name in cells:
            sides[_compare(row)].append(name)
        for level in ("better", "same", "worse"):
            index = self._get("direction", "seen again", "change", level)
            if index is None:
                continue
            whole = self._count(index)
            for side in (0,) if level == "same" else (-1, 1):
                # which side is better is the scale's to say; what fits the numbers is assumed
                if self._is(whole, sides[side]):
                    self.page.add_sum(whole, sides[side])

    def _link_answers(self) -> None:
        """The good answers on a change scale are its responders."""
        good = [
            self._count(index)
            for place, index in self.places.items()
            if place[0] == "answer" and place[5] == _GOOD and self.page.counts[index] is not None
        ]
        for index in (self._responders, self._get("good answers", "seen again")):
            if index is not None and good and self._is(self._count(index), good):
                self.page.add_sum(self._count(index), good)

    def _link_populations(self) -> None:
        """The same share over more or fewer patients: the difference is a group of patients."""
        base = self._responders
        if base is None:
            return
        again = self._get(_OTHERWISE, "seen again")
        if again is not None:
            # who cannot respond did not
            self.page.add_sum(self._count(again), [self._count(base)])
        for population, is_larger in (
            ("analysed, no other procedure", False),
            ("all courses analysed", True),
        ):
            other = self._get(_OTHERWISE, population)
            if other is None:
                continue
            whole, part = (other, base) if is_larger else (base, other)
            counts = self._nest(self._count(whole), self._count(part))
            totals = self._nest(self._total(whole), self._total(part))
            if counts is not None and totals is not None:
                self.page.add_secret(of=totals, less=counts)

    def _link_unseen(self) -> None:
        """With those not seen, the population is larger; at best all of them responded."""
        base = self._responders
        rows = {
            level: index
            for level in ("unchanged", "worst", "best")
            if (index := self._get("responders", "due", "unseen", level)) is not None
        }
        if base is None or not rows:
            return
        unseen = self._nest(self._total(next(iter(rows.values()))), self._total(base))
        for level, index in rows.items():
            parts = [self._count(base)]
            if level == "best" and unseen is not None:
                parts.append(unseen)
            if self._is(self._count(index), parts):
                self.page.add_sum(self._count(index), parts)
        tipping = self._get("tipping point", "not seen again")
        if tipping is not None and unseen is not None:
            self.page.add_sum(self._total(tipping), [unseen])

    def _link_skin_types(self) -> None:
        """A group of skin types is the sum of its types, in counts and totals."""
        for place, index in self.places.items():
            statistic, population, by, level = place[:4]
            if by != "skin type group" or level.count("-") != 1:
                continue
            first, last = level.split("-")
            if not {first, last} <= {*_SKIN_TYPES}:
                continue
            kinds = _SKIN_TYPES[_SKIN_TYPES.index(first) : _SKIN_TYPES.index(last) + 1]
            found = [self._get(statistic, population, "skin type", kind) for kind in kinds]
            parts = [each for each in found if each is not None]
            if self._get(*place[:4]) is None or not parts:
                continue
            for get in (self._count, self._total):
                if self._is(get(index), [get(part) for part in parts]):
                    self.page.add_sum(get(index), [get(part) for part in parts])


def _compare(row: Row) -> int:
    """Return whether the later grade of a cell is lower, the same or higher."""
    before, after = float(row.level), float(row.level2)
    return (after > before) - (after < before)
