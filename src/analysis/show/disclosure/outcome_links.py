"""The sums in which the rows about outcomes stand: what a reader who knows the rules can add up.

A responder on an ordinal scale is a patient who got better; shift tables add up to better, same and
worse, and those who start too well to respond are a row of it; the best answers are the
responders; a population counted otherwise differs from the one analysed by a group of patients, and
so do the responders in it; those not seen again are a step of the course and the difference between
two populations; the last visit of a model is the follow-up; the halves of a face that responded are
both, one or none.

What fits the numbers is assumed to be so: a reader who knows the scale would know it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from analysis.show.disclosure.page import Number, Page, list_skin_types
from analysis.show.disclosure.rows import ANALYSED, Row

_Place = tuple[str, ...]
_GOOD: Final = "good"
_OTHERWISE: Final = "responders, counted otherwise"
_ALL_DUE: Final = "due, any first score"
_PAIRS: Final = "pairs of halves"
_COULD: Final = "pairs of halves that could respond"


def link_outcomes(page: Page) -> None:
    """Add the sums of the outcomes of every concern and scale to the page."""
    subjects: dict[_Place, dict[_Place, int]] = {}
    for index, row in enumerate(page.rows):
        if row.question == "outcomes" or row.statistic == "fate":
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
        self._link_visits()
        self._link_skin_types()
        self._link_halves()

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
        """Responders are among those who got better, and on an ordinal scale often the same.

        So are those beyond the measurement error. Who has no percentage starts at zero, and where
        the rule is a percentage that is who cannot respond.
        """
        better = self._get("direction", "seen again", "change", "better")
        responders = self._responders
        for index in (responders, self._get("beyond measurement error", "seen again")):
            if better is not None and index is not None:
                self._nest(self._count(better), self._count(index))
        percent = self._get("median percent change", "seen again")
        if percent is not None and responders is not None:
            self._equate(self._count(percent), self._total(responders))

    def _nest(self, whole: Number, part: Number) -> Number | None:
        """Note that one group is inside another, and that the rest is a group too."""
        if self.page.values[part] > self.page.values[whole]:
            return None
        rest = self.page.add_sum(whole, [part])
        self.page.add_secret(of=rest)
        return rest

    def _equate(self, one: Number, other: Number) -> None:
        """Note that two numbers are one, if they are equal."""
        if one != other and self.page.values[one] == self.page.values[other]:
            self.page.add_sum(one, [other])

    def _count_fate(self, fate: str) -> Number | None:
        index = self._get("fate", "first courses", "step", fate)
        return None if index is None else self._count(index)

    def _link_shifts(self) -> None:
        """The cells of a shift table are all patients, better, same and worse, the responders, and
        who cannot respond."""
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
        self._link_cells([(_compare_grades(row), float(row.level), name) for row, name in cells])

    def _link_cells(self, cells: Sequence[tuple[float, float, Number]]) -> None:
        """Add up the cells some grades apart, and those of the lowest and highest first grades.

        ``cells`` are the change of grade, the first grade and the number.
        """
        responders = self._responders
        if responders is not None:
            for least in sorted({abs(change) for change, _, _ in cells} - {0.0}):
                for sign in (-1, 1):
                    names = [name for change, _, name in cells if sign * change >= least]
                    if self._is(self._count(responders), names):
                        self.page.add_sum(self._count(responders), names)
        cannot = self._count_fate("cannot respond")
        if cannot is None:
            return
        firsts = sorted({first for _, first, _ in cells})
        for end in (firsts, firsts[::-1]):
            for number in range(1, len(end)):
                names = [name for _, first, name in cells if first in end[:number]]
                if self._is(cannot, names):
                    self.page.add_sum(cannot, names)

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
            further = self._get(_OTHERWISE, "further courses analysed") if is_larger else None
            if further is not None:
                # courses are no patients: the row of the further ones is judged by its patients
                self.page.add_sum(self._count(whole), [self._count(part), self._count(further)])
                self.page.add_sum(self._total(whole), [self._total(part), self._total(further)])
                continue
            counts = self._nest(self._count(whole), self._count(part))
            totals = self._nest(self._total(whole), self._total(part))
            if counts is not None and totals is not None:
                self.page.add_secret(of=totals, less=counts)

    def _link_unseen(self) -> None:
        """With those not seen, the population is larger; at best all of them responded.

        Not seen again is a step of the course too; of those, some could not have responded.
        """
        missed = self._count_fate("not seen again")
        self._link_all_due(missed)
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
        if unseen is None:
            return
        if missed is not None:
            self._nest(missed, unseen)
        tipping = self.places.get(("tipping point", "not seen again", "", "", "", ""))
        total = None if tipping is None else self.page.totals[tipping]
        if total is not None:
            self.page.add_sum(total, [unseen])

    def _link_all_due(self, missed: Number | None) -> None:
        """All who were due, whatever their first score, were seen again or not."""
        due = self._get("mean change", _ALL_DUE, "unseen", "unchanged")
        tipping = self._get("tipping change", _ALL_DUE)
        if missed is None:
            return
        if tipping is not None:
            self._equate(self._total(tipping), missed)
        if due is not None and self._again is not None:
            self._add_up(self._total(due), [self._again, missed])

    def _add_up(self, whole: Number, parts: Sequence[Number]) -> None:
        """Note that the parts make the whole, if they do."""
        if self._is(whole, parts):
            self.page.add_sum(whole, parts)

    @property
    def _again(self) -> Number | None:
        """The patients seen again, the most of them where some have no percentage."""
        totals = [
            name
            for place, index in self.places.items()
            if place[1] == "seen again" and (name := self.page.totals[index]) is not None
        ]
        return max(totals, key=lambda name: self.page.values[name], default=None)

    def _link_visits(self) -> None:
        """The first visit is all who were due, the last one the follow-up; all are in the model."""
        observed = self._list_visits("observed mean")
        responders = self._list_visits("responders at visit")
        modelled = [*self._list_visits("marginal mean").values()]
        for visit, index in observed.items():
            if modelled:
                self._nest(self._total(modelled[0]), self._total(index))
            if visit in responders:
                self._nest(self._total(index), self._total(responders[visit]))
        again, missed = self._again, self._count_fate("not seen again")
        if again is not None and "follow-up" in observed:
            self._nest(self._total(observed["follow-up"]), again)
        if again is not None and missed is not None and "baseline" in observed:
            self._add_up(self._total(observed["baseline"]), [again, missed])
        if self._responders is not None and "follow-up" in responders:
            last = responders["follow-up"]
            self._nest(self._count(last), self._count(self._responders))
            self._nest(self._total(last), self._total(self._responders))

    def _list_visits(self, statistic: str) -> dict[str, int]:
        """Return the rows of a statistic by the name of the visit."""
        return {
            place[3]: index
            for place, index in self.places.items()
            if place[0] == statistic and self.page.totals[index] is not None
        }

    def _link_skin_types(self) -> None:
        """A group of skin types is the sum of its types, in counts and totals."""
        for place, index in self.places.items():
            statistic, population, by, level = place[:4]
            if by != "skin type group":
                continue
            kinds = list_skin_types(level)
            found = [self._get(statistic, population, "skin type", kind) for kind in kinds]
            parts = [each for each in found if each is not None]
            if self._get(*place[:4]) is None or not parts:
                continue
            for get in (self._count, self._total):
                if self._is(get(index), [get(part) for part in parts]):
                    self.page.add_sum(get(index), [get(part) for part in parts])

    def _link_halves(self) -> None:
        """The pairs of a contrast are a part of the split faces; responders on the first half are
        those on both and on it alone; on whichever half alone somebody responded did better."""
        for place, index in self.places.items():
            if place[0] != "halves" or self.page.counts[index] is None:
                continue
            contrast = ("halves", place[3])
            better, cells, responders = (
                self._list_halves(statistic, population, *contrast)
                for statistic, population in (
                    ("half that did better", _PAIRS),
                    ("halves that responded", _COULD),
                    ("responders of a half", _COULD),
                )
            )
            for row in self._list_pairs(_PAIRS, contrast)[:1]:
                self._equate(self._count(index), self._total(row))
            for row in self._list_pairs(_COULD, contrast)[:1]:
                self._nest(self._count(index), self._total(row))
            if better:
                self.page.add_sum(self._count(index), better.values())
            if len(cells) < 4:
                continue
            self.page.add_sum(self._total(self._list_pairs(_COULD, contrast)[0]), cells.values())
            for half, of_half in responders.items():
                self.page.add_sum(of_half, [cells["both halves"], cells[f"{half} only"]])
                if half in better:
                    self._nest(better[half], cells[f"{half} only"])
            difference = self._get("difference in responders between halves", _COULD, *contrast)
            if difference is not None:
                only = [cells["first half only"], cells["other half only"]]
                self.page.add_sum(self._count(difference), only)

    def _list_pairs(self, population: str, contrast: tuple[str, str]) -> list[int]:
        """Return the rows of a contrast that have a total."""
        return [
            index
            for place, index in self.places.items()
            if place[1:4] == (population, *contrast) and self.page.totals[index] is not None
        ]

    def _list_halves(self, statistic: str, population: str, *contrast: str) -> dict[str, Number]:
        """Return the counts of a statistic of a contrast by half."""
        found = {
            place[5]: self.page.counts[index]
            for place, index in self.places.items()
            if place[:4] == (statistic, population, *contrast)
        }
        return {half: count for half, count in found.items() if count is not None}


def _compare(row: Row) -> int:
    """Return whether the later grade of a cell is lower, the same or higher."""
    change = _compare_grades(row)
    return (change > 0) - (change < 0)


def _compare_grades(row: Row) -> float:
    """Return by how much the later grade of a cell is higher."""
    return float(row.level2) - float(row.level)
