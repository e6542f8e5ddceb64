"""The sums in which the rows about side effects stand: what a reader can add up.

The same patients stand in several rows: with blanks left out and taken for none, by their worst
grade, by how long it lasted. Sessions with a side effect are never fewer than its patients, the
events of a class are those of its side effects together, and its patients are at most so many.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from analysis.show.disclosure.page import Number, Page

PATIENTS: Final = ("patients with", "patients asked")
SESSIONS: Final = ("sessions with", "sessions asked")
EVENTS: Final = ("events per 100 sessions", "sessions asked")
_BLANK_AS_NONE: Final = {
    PATIENTS: "patients all, blank as none",
    SESSIONS: "sessions all, blank as none",
    EVENTS: "sessions all, blank as none",
}
_IN_WINDOW: Final = "patients asked, seen in the onset window"
_CLASSES: Final = ("any_expected", "any_harm", "any_special_interest")
_LASTED: Final = ("lasted", "expected reactions")
_WITH_IT: Final = "patients with it"
_SERIOUSNESS: Final = {"serious": "serious", "stopped because of harm": "treatment stopped"}
"""What harm may have been, and the level of those of whom it was."""
_RECORDED: Final = ("resolution recorded", _WITH_IT)
_OF_THOSE: Final = "patients with it, resolution recorded"
_Subject = tuple[str, str, str]
_Place = tuple[str, ...]


def link_harms(page: Page) -> None:
    """Add the sums of the side effects of every concern to the page."""
    subjects: dict[_Subject, dict[str, dict[_Place, int]]] = {}
    for index, row in enumerate(page.rows):
        if row.question != "side effects" or page.counts[index] is None:
            continue
        terms = subjects.setdefault((row.source, row.period, row.concern), {})
        place = (row.statistic, row.population, row.by, row.level)
        terms.setdefault(row.term, {})[place] = index
    for terms in subjects.values():
        for places in terms.values():
            _Term(page, places).link()
        _link_classes(page, terms)


class _Term:
    """The rows of one side effect, or of all of a class."""

    def __init__(self, page: Page, places: Mapping[_Place, int]) -> None:
        self.page = page
        self.places = places

    def link(self) -> None:
        """Add all sums these rows stand in."""
        self._link_denominators()
        self._link_grades()
        self._link_seriousness()
        self._link_lasting()
        self._link_resolution()
        self._link_levels()

    def count(self, kind: tuple[str, str], by: str = "", level: str = "") -> Number | None:
        """Return the name of a count, if there is one."""
        index = self.places.get((*kind, by, level))
        return None if index is None else self.page.counts[index]

    def total(self, kind: tuple[str, str], by: str = "", level: str = "") -> Number | None:
        """Return the name of a total, if there is one."""
        index = self.places.get((*kind, by, level))
        return None if index is None else self.page.totals[index]

    def _link_denominators(self) -> None:
        for kind, otherwise in _BLANK_AS_NONE.items():
            equate(self.page, self.count(kind), self.count((kind[0], otherwise)))
        patients, sessions, events = (self.count(each) for each in (PATIENTS, SESSIONS, EVENTS))
        nest(self.page, sessions, patients)
        nest(self.page, events, sessions)
        window = (PATIENTS[0], _IN_WINDOW)
        for whole, part in (
            (patients, self.count(window)),
            (self.total(PATIENTS), self.total(window)),
        ):
            self.page.add_secret(of=nest(self.page, whole, part))

    def _link_grades(self) -> None:
        """All who had it have a worst grade, or none that was written."""
        for (statistic, _population, by, _level), index in self.places.items():
            if (statistic, by) == ("worst grade", "worst grade"):
                equate(self.page, self.count(PATIENTS), self.page.totals[index])
                return

    def _link_seriousness(self) -> None:
        """All who had harm had serious harm, or not, or nobody wrote it; the first are told of
        those asked as well."""
        for statistic, level in _SERIOUSNESS.items():
            place = (f"{statistic}, of harm", _WITH_IT)
            by = f"{statistic}, of harm"
            equate(self.page, self.count(PATIENTS), self.total(place, by, level))
            asked = (statistic, PATIENTS[1])
            equate(self.page, self.count(asked), self.count(place, by, level))
            equate(self.page, self.total(PATIENTS), self.total(asked))

    def _link_lasting(self) -> None:
        """What lasted longer is counted as another side effect, so both make all that began."""
        longer = self.count(_LASTED, "lasted", "longer")
        whole, sessions = self.total(_LASTED, "lasted", "longer"), self.count(SESSIONS)
        if whole is None or longer is None or sessions is None:
            return
        values = self.page.values
        if values[longer] + values[sessions] <= values[whole]:
            self.page.add_sum(whole, [longer, sessions])

    def _link_resolution(self) -> None:
        with_it, known = self.total(_RECORDED), self.count(_RECORDED)
        patients = self.count(PATIENTS)
        # as it was written: the long ones, which became harm, are among them
        self.page.add_secret(of=nest(self.page, with_it, patients))
        lasting = []
        for place, index in self.places.items():
            if place[1] == _OF_THOSE:
                equate(self.page, known, self.page.totals[index])
                count = self.page.counts[index]
                if count is not None and count[0] == "count":
                    lasting.append(count)
        lasting.sort(key=lambda name: -self.page.values[name])
        for earlier, later in pairwise(lasting):
            self.page.add_secret(of=nest(self.page, earlier, later))

    def _link_levels(self) -> None:
        """A patient may be in several levels: all patients are at most those of the levels, and of
        two levels it is known how many are in both."""
        counts: dict[str, list[Number]] = {}
        totals: dict[str, list[Number]] = {}
        for (statistic, population, by, level), index in self.places.items():
            count, total = self.page.counts[index], self.page.totals[index]
            if (statistic, population) != PATIENTS or not by or count is None or total is None:
                continue
            counts.setdefault(by, []).append(count)
            totals.setdefault(by, []).append(total)
            nest(self.page, self.count(SESSIONS, by, level), count)
        for whole, groups in ((self.count(PATIENTS), counts), (self.total(PATIENTS), totals)):
            for by, numbers in groups.items():
                if by == "modality":  # the others' sessions are no part of the page's
                    continue
                in_several = unite(self.page, whole, numbers)
                if len(numbers) == 2:
                    self.page.add_secret(of=in_several)


def _link_classes(page: Page, terms: Mapping[str, Mapping[_Place, int]]) -> None:
    """What is of a class is one of its side effects, and its events are all of theirs."""
    found = {name: _Term(page, places) for name, places in terms.items()}
    harm, special = found.get("any_harm"), found.get("any_special_interest")
    if harm is not None and special is not None:
        for kind in (PATIENTS, SESSIONS, EVENTS):
            page.add_secret(of=nest(page, harm.count(kind), special.count(kind)))
    for name, of_class in found.items():
        if name not in _CLASSES:
            continue
        members = [found[term] for term in found if name in _find_classes(page.classes, term)]
        for kind in (PATIENTS, SESSIONS):
            unite(page, of_class.count(kind), (member.count(kind) for member in members))
        whole = of_class.count(EVENTS)
        events = [count for member in members if (count := member.count(EVENTS)) is not None]
        if whole is not None and sum(page.values[each] for each in events) <= page.values[whole]:
            page.add_sum(whole, events)


def _find_classes(classes: Mapping[str, str], term: str) -> tuple[str, ...]:
    """Return the classes a side effect is of; an expected reaction that lasts too long is harm."""
    if term in _CLASSES or not term:
        return ()
    severity_class = classes.get(term, "adverse")
    if severity_class == "expected":
        return ("any_expected",)
    special = ("any_special_interest",) if severity_class == "special_interest" else ()
    return ("any_harm", *special)


def equate(page: Page, one: Number | None, other: Number | None) -> None:
    """Note that two numbers are one, if they are equal."""
    if one is None or other is None or one == other:
        return
    if page.values[one] == page.values[other]:
        page.add_sum(one, [other])


def nest(page: Page, whole: Number | None, part: Number | None) -> Number | None:
    """Note that one number is part of another; return the rest."""
    if whole is None or part is None or whole == part or page.values[part] > page.values[whole]:
        return None
    # also where nothing is left, for that is not known beforehand
    rest = ("rest", whole, part)
    page.values[rest] = page.values[whole] - page.values[part]
    page.sums.append({whole: -1, part: 1, rest: 1})
    return rest


def unite(page: Page, whole: Number | None, parts: Iterable[Number | None]) -> Number | None:
    """Note that a whole is made of parts that may overlap: it is at most all of them together;
    return by how much they overlap, if they do."""
    numbers = [part for part in parts if part is not None]
    if whole is None or not numbers:
        return None
    together = ("together", whole, *numbers)
    page.values[together] = sum(page.values[number] for number in numbers)
    if page.values[together] < page.values[whole]:
        return None
    page.add_sum(together, numbers)
    for number in numbers:
        nest(page, whole, number)
    # also where they do not, for that is not known beforehand
    overlap = ("overlap", whole, *numbers)
    page.values[overlap] = page.values[together] - page.values[whole]
    page.sums.append({together: -1, whole: 1, overlap: 1})
    return overlap
