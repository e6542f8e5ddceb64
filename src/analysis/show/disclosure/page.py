"""The numbers of a page, and the sums in which a reader can put them together."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from analysis.show.disclosure.rows import (
    ANALYSED,
    AVERAGES,
    OF_PATIENTS,
    PROTOCOL,
    TIPPING_POINT,
    WITHOUT_SIZES,
    Row,
)

_FIRST_COURSES: Final = "first courses"
# The populations made of the steps of a first course.
_MADE_OF: Final = {"seen again": ("cannot respond", "analysed"), "analysed": ("analysed",)}
_IN_CLINIC: Final = "patients treated in the clinic"
_TREATED_THERE: Final = (
    ("where treated", "in the clinic alone"),
    ("where treated", "both"),
)
_TOO_EARLY: Final = ("interval under four weeks", "")
_EARLY_ONCE: Final = (
    *(("shortest interval", "under 5 days"), ("shortest interval", "5 to 13 days")),
    ("shortest interval", "14 to 27 days"),
)
_EARLY_MOSTLY: Final = ("median interval of the patient", "under 4 weeks")
# A population and those it is part of: their difference is a group of patients too.
_PART_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "patients with a further session": ("patients treated",),
    _IN_CLINIC: ("patients treated",),
    _FIRST_COURSES: ("patients treated",),
    ANALYSED: ("seen again", "due"),
    "seen again": ("due, any first score",),
    "both halves scored": ("seen again",),
    "analysed, no other procedure": (ANALYSED,),
    "patients followed": ("patients asked",),
    "pain recorded, numbed": ("pain recorded",),
    "pain recorded, not numbed": ("pain recorded",),
}
# Levels of these are the same patients again, not parts of them.
_NOT_PARTS: Final = ("unseen", "visit", "quartile", "halves", "modality", "column", "alarm")
_SKIN_TYPES: Final = ("I", "II", "III", "IV", "V", "VI")
# Who came to one visit is no part of who came to another.
_AT_A_VISIT: Final = ("observed mean", "responders at visit")
# Which population is given up first when a hidden number cannot be kept otherwise: the later
# ones carry what the page is about. Populations not named come first.
GIVEN_UP_LAST: Final = ("seen again", "analysed", "patients asked", "patients treated")

Number = tuple[Any, ...]
"""The name of one number a reader may know or work out; equal names are the same number."""
Sum = Mapping[Number, int]
"""Numbers with their factors, which together make zero."""


class Page:
    """The numbers of a page, the sums in which they stand, and what can be worked out from them.

    ``counts`` and ``totals`` hold the name of each row's numbers (the same total has the same name
    in all its rows), ``values`` what they are, ``sums`` what a reader can add up, and ``secrets``
    the differences between rows that are groups too small to be found out.
    """

    def __init__(
        self, rows: Sequence[Row], threshold: int, classes: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.rows = rows
        self.classes = classes
        """Key of a side effect → its severity class."""
        self.threshold = threshold
        self.counts: list[Number | None] = []
        self.totals: list[Number | None] = []
        self.values: dict[Number, int] = {}
        self.sums: list[Sum] = []
        self.secrets: list[Sum] = []
        self._collect_groups()
        self._name_numbers()
        self._link_complements()
        self._link_levels()
        self._link_steps()
        self._link_populations()
        self._link_skin_types()
        self._link_treatments()

    # What a reader can add up

    def _collect_groups(self) -> None:
        """Find rows that differ in their level only, and the row over all their levels."""
        wholes: dict[Number, int] = {}
        groups: dict[Number, list[int]] = {}
        for index, row in enumerate(self.rows):
            if row.count is None or row.total is None or row.unit == "rows":
                continue
            if row.statistic in WITHOUT_SIZES:
                continue
            subject = (
                *(row.source, row.question, row.statistic, row.concern, row.scale, row.term),
                *(row.period, row.unit, row.population),
            )
            if row.by in _NOT_PARTS:
                continue
            if row.by:
                # good and other answers are levels of one group
                second = () if row.by2 == "answer kind" else (row.by2, row.level2)
                groups.setdefault((subject, row.by, *second), []).append(index)
            else:
                wholes[subject] = index
        self.groups: list[tuple[list[int], int | None]] = []
        """Rows of all levels, and the row over all of them if their patients are parts of it."""
        self.strata: set[int] = set()
        """Rows whose total is a part of the total over all levels."""
        for (subject, *_), members in groups.items():
            whole = wholes.get(subject)
            # Less than the whole is possible: patients may be of no level.
            is_part = whole is not None and all(
                sum(getattr(self.rows[index], name) for index in members)
                <= getattr(self.rows[whole], name)
                for name in ("count", "total")
            )
            self.groups.append((members, whole if is_part else None))
            if is_part:
                self.strata.update(members)

    def _name_numbers(self) -> None:
        for index, row in enumerate(self.rows):
            count = total = None
            if row.statistic in WITHOUT_SIZES:
                self.counts.append(None)
                self.totals.append(None)
                continue
            if row.unit != "rows" and row.total is not None:
                total = self._name_total(index, row.total)
            is_of_people = row.unit != "rows" and row.statistic != TIPPING_POINT
            if is_of_people and row.count is not None:
                is_size = row.total is None or row.method in AVERAGES
                count = self._name_total(index, row.count) if is_size else ("count", row.address)
                self.values[count] = row.count
            self.counts.append(count)
            self.totals.append(total)

    def _name_total(self, index: int, value: int) -> Number:
        row = self.rows[index]
        # A scale does not change who began a course.
        scale = "" if row.population == _FIRST_COURSES else row.scale
        has_own = index in self.strata or row.statistic in _AT_A_VISIT
        stratum: tuple[str, ...] = (row.by, row.level, row.by2, row.level2) if has_own else ()
        if row.by == "halves":  # every contrast has patients of its own
            stratum = (row.by, row.level)
        unit = "patients" if row.unit in OF_PATIENTS else row.unit
        about = (row.source, row.period, unit, row.population, row.concern, scale, row.term)
        name = ("total", *about, *stratum, value)
        self.values[name] = value
        return name

    def add_sum(self, whole: Number, parts: Iterable[Number]) -> Number | None:
        """Note that the parts and a rest make the whole; return the rest, if there is one."""
        numbers = [*parts]
        left = self.values[whole] - sum(self.values[number] for number in numbers)
        rest = ("rest", whole, *numbers) if left else None
        if rest is not None:
            self.values[rest] = left
            numbers.append(rest)
        factors: dict[Number, int] = {whole: -1}
        for number in numbers:
            factors[number] = factors.get(number, 0) + 1
        self.sums.append({number: factor for number, factor in factors.items() if factor})
        return rest

    def add_secret(self, *, of: Number | None, less: Number | None = None) -> None:
        """Note that this number, or difference, is not to be found out if it is small."""
        factors = {name: factor for name, factor in ((of, 1), (less, -1)) if name is not None}
        if 0 < sum(factor * self.values[name] for name, factor in factors.items()) < self.threshold:
            self.secrets.append(factors)

    def _link_complements(self) -> None:
        """No count is larger than its total: four of eleven are left if the others are seven."""
        for row, count, total in zip(self.rows, self.counts, self.totals, strict=True):
            if row.question != "outcomes" or count is None or total is None or count[0] == "total":
                continue
            left = ("complement", row.address)
            # also where nobody is left, for that is not known beforehand
            self.values[left] = self.values[total] - self.values[count]
            self.sums.append({total: -1, count: 1, left: 1})

    def _link_levels(self) -> None:
        """Levels add up to their common total, or to the row over all of them."""
        for members, whole in self.groups:
            counts = [name for index in members if (name := self.counts[index])]
            totals = [name for index in members if (name := self.totals[index])]
            if whole is not None:
                over_all = self.counts[whole], self.totals[whole]
                if over_all[0] is not None and over_all[1] is not None:
                    count = self.add_sum(over_all[0], counts)
                    total = self.add_sum(over_all[1], totals)
                    self.add_secret(of=total)
                    self.add_secret(of=count)
                    if total is not None:
                        self.add_secret(of=total, less=count)
            elif len({*totals}) == 1 and (
                sum(self.values[name] for name in counts) == self.values[totals[0]]
            ):
                self.add_sum(totals[0], counts)

    def _link_steps(self) -> None:
        """The populations "seen again" and "analysed" are sums of the steps of a first course."""
        steps: dict[Number, dict[str, Number]] = {}
        for row, count in zip(self.rows, self.counts, strict=True):
            if row.statistic == "fate" and count is not None:
                key = (row.source, row.period, row.concern, row.scale)
                steps.setdefault(key, {})[row.level] = count
        linked = set()
        for index, row in enumerate(self.rows):
            levels = steps.get((row.source, row.period, row.concern, row.scale), {})
            names = _MADE_OF.get(row.population, ())
            parts = [levels[name] for name in names if name in levels]
            total = self.totals[index] or self.counts[index]
            if total is None or total in linked or not parts or len(parts) < len(names):
                continue
            if sum(self.values[part] for part in parts) == self.values[total]:
                linked.add(total)
                self.add_sum(total, parts)

    def _link_populations(self) -> None:
        """A population inside another leaves a rest, and the rest is a group of patients too."""
        sizes: dict[Number, dict[Number, None]] = {}
        with_concern: dict[Number, Number] = {}
        for row, count, total in zip(self.rows, self.counts, self.totals, strict=True):
            size = total or count
            if size is not None and size[0] == "total":
                sizes.setdefault(size[1:-1], {})[size] = None
            if row.statistic == "characteristic" and row.by == "concern" and count is not None:
                with_concern[row.source, row.period, row.level] = count

        def find_largest(names: Iterable[Number]) -> Number:
            return max(names, key=lambda name: self.values[name])

        pairs: list[tuple[Number, Number]] = []
        for (source, period, unit, population, concern, *about), names in sizes.items():
            # One population with two sizes: an average, say, over those whose value is known.
            largest = find_largest(names)
            pairs += [(largest, name) for name in names if name != largest]
            for larger in _PART_OF.get(population, ()):
                key = (source, period, unit, larger, concern, *about)
                if key in sizes:
                    pairs.append((find_largest(sizes[key]), largest))
            if population == _FIRST_COURSES and (source, period, concern) in with_concern:
                pairs.append((with_concern[source, period, concern], largest))
        for whole, part in pairs:
            if self.values[part] <= self.values[whole]:
                self.add_secret(of=self.add_sum(whole, [part]))

    def _link_skin_types(self) -> None:
        """A group of skin types ("IV-VI") is the sum of its types in the table of patients, and
        the patients of one type analysed are some of those treated."""
        types: dict[Number, dict[str, Number]] = {}
        for row, count in zip(self.rows, self.counts, strict=True):
            if row.statistic == "characteristic" and row.by == "skin type" and count is not None:
                types.setdefault((row.source, row.period), {})[row.level] = count
        for row, total in zip(self.rows, self.totals, strict=True):
            if total is None or row.by not in ("skin type", "skin type group"):
                continue
            names = list_skin_types(row.level)
            if row.statistic == "characteristic" or not names:
                continue
            counts = types.get((row.source, row.period), {})
            parts = [counts[name] for name in names if name in counts]
            if parts and row.question == "outcomes":
                self._nest_in(parts, total)
                continue
            # Fewer may have been asked than treated; then nothing is known for certain.
            if parts and sum(self.values[part] for part in parts) == self.values[total]:
                self.add_sum(total, parts)

    def _link_treatments(self) -> None:
        """Who was treated in the clinic was so alone or also at home; who came too early once did
        so by a few days or many, and some of them mostly."""
        counts: dict[Number, dict[tuple[str, str], Number]] = {}
        in_clinic: dict[Number, Number] = {}
        for row, count, total in zip(self.rows, self.counts, self.totals, strict=True):
            place = (row.source, row.period, row.concern)
            if row.question == PROTOCOL and row.unit == "patients" and count is not None:
                counts.setdefault(place, {})[row.statistic, row.level] = count
                if row.population == _IN_CLINIC and total is not None:
                    in_clinic[place] = total
        for place, found in counts.items():
            whole = {_IN_CLINIC: in_clinic.get(place), _TOO_EARLY: found.get(_TOO_EARLY)}
            for name, parts in ((_IN_CLINIC, _TREATED_THERE), (_TOO_EARLY, _EARLY_ONCE)):
                number = whole[name]
                if number is not None and all(part in found for part in parts):
                    self.add_sum(number, [found[part] for part in parts])
            too_early = whole[_TOO_EARLY]
            if too_early is not None and _EARLY_MOSTLY in found:
                self.add_secret(of=self.add_sum(too_early, [found[_EARLY_MOSTLY]]))

    def _nest_in(self, wholes: Iterable[Number], part: Number) -> None:
        """Note that a group is inside several others together, and that the rest is one too."""
        parts = [*wholes]
        together = ("together", *parts)
        self.values[together] = sum(self.values[each] for each in parts)
        if self.values[part] <= self.values[together]:
            self.add_sum(together, parts)
            self.add_secret(of=self.add_sum(together, [part]))


def list_skin_types(level: str) -> tuple[str, ...]:
    """Return the skin types that "IV-VI" or "IV" stands for; none for any other level."""
    first, _, last = level.replace("\N{EN DASH}", "-").partition("-")
    last = last or first
    if not {first, last} <= {*_SKIN_TYPES}:
        return ()
    return _SKIN_TYPES[_SKIN_TYPES.index(first) : _SKIN_TYPES.index(last) + 1]
