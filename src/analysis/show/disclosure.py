"""Decides what may be shared: :func:`release` is called once per page, over all its estimates.

The protected unit is the distinct patient. What rests on 1 to threshold - 1 patients (in the
numerator, in the complement, or in the difference between linked rows) is hidden with its share,
interval and everything else that would tell it. Two steps:

1. :func:`_judge` looks at one row alone.
2. :func:`_hide_linked` looks at the rows together: it does the sums that a reader could do (levels
   and their total, the steps of a course and the populations made of them), and hides one more row
   while one of the hidden numbers comes out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.errors import UsageError
from analysis.estimates import MIME_TYPE, Origin, check_estimates, to_records

SHAREABLE: Final = "shareable"
INTERNAL: Final = "internal"
THRESHOLDS: Final[Mapping[str, int]] = MappingProxyType({"clinic": 5})
"""Threshold profiles: the smallest number of patients a shown number may rest on."""
PROFILES: Final[Mapping[str, str]] = MappingProxyType({SHAREABLE: "clinic", INTERNAL: ""})
"""The threshold profile of each audience; none for a page that stays in the clinic."""

NOT_SHOWN: Final = "not shown"

# How much of a row is hidden.
_NOTHING, _COUNT, _EVERYTHING = 0, 1, 2
# These methods are used where nobody or everybody counts, so their name would tell the number.
_METHOD_ELSEWHERE: Final = {"clopper_pearson": "wilson", "session_zero": "session_share"}
_AVERAGES: Final = ("mean_t", "median")
# One patient has one first course.
_OF_PATIENTS: Final = ("patients", "courses")
# How complete the log is says something about the clinic, not about the patients without an entry.
_ABOUT_THE_LOG: Final = {("side effects", "recorded")}

_SEAL: Final = object()


@dataclass(frozen=True, eq=False)
class Released:
    """Estimates that an audience may see; made by :func:`release` only.

    ``frame`` has the columns of the estimates frame and ``shown_as``: the words that stand in
    place of a suppressed number, empty for all others. Suppressed numbers are missing in it.
    """

    frame: pd.DataFrame
    audience: str
    threshold: int
    """Smallest number of patients a shown number rests on; 0 where nothing is hidden."""
    origin: Origin
    status: str
    """``done``, or ``empty`` when no number rests on any patient."""
    is_whole: bool = True
    """False for a part made by :meth:`keep`; the page's numbers are collected from the whole."""
    seal: InitVar[object] = None
    """Keeps frames that were not released from being passed off as such."""

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("Released is made by release(estimates, origin), not by hand.")

    def keep(self, **columns: Any) -> "Released":
        """Return only the rows whose columns have these values; a value may be a list.

        Raises
        ------
        UsageError
            For a column that estimates do not have.
        """
        kept = pd.Series(data=True, index=self.frame.index)
        for name, wanted in columns.items():
            if name not in self.frame.columns:
                raise UsageError.for_unknown("column of estimates", name, self.frame.columns)
            several = isinstance(wanted, list | tuple | set | frozenset)
            kept &= self.frame[name].isin([*wanted] if several else [wanted])
        part = self.frame[kept].reset_index(drop=True)
        return replace(self, frame=part, is_whole=False, seal=_SEAL)

    def __repr__(self) -> str:
        hidden = int((self.frame["status"] == "suppressed").sum())
        shown = len(self.frame) - hidden
        numbers = f"{shown} number{'' if shown == 1 else 's'} released"
        if not self.threshold:
            return f"{numbers} for internal use, nothing suppressed"
        return f"{numbers} for sharing, {hidden} suppressed (threshold {self.threshold})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if self.is_whole:
            bundle[MIME_TYPE] = {
                "status": self.status,
                "audience": self.audience,
                "threshold": self.threshold,
                "origin": _describe_origin(self.origin),
                "estimates": to_records(self.frame),
            }
        return bundle


def require_released(released: object) -> Released:
    """Return what was given, or raise TypeError: unreleased numbers are never shown."""
    if isinstance(released, Released):
        return released
    raise TypeError(
        f"Only released estimates can be shown, not a {type(released).__name__}: "
        "pass what release(estimates, origin) returned."
    )


def release(estimates: pd.DataFrame, origin: Origin, *, audience: str = SHAREABLE) -> Released:
    """Return the estimates of a page as this audience may see them.

    Call it once per page and with all its estimates: a number is safe or not only beside the
    others. For ``shareable`` the numbers that rest on too few patients are suppressed; for
    ``internal`` nothing is hidden. Rows keep their order; an upper bound that would tell a hidden
    zero is left out.

    Raises
    ------
    UsageError
        For an audience that does not exist, or a choice that may be shown internally only.
    """
    if audience not in PROFILES:
        raise UsageError.for_unknown("audience", audience, PROFILES)
    if audience == SHAREABLE and origin.stays_internal:
        raise UsageError(
            "The choice of an operator is for internal pages only: leave it out, or ask for the "
            "audience internal."
        )
    frame = check_estimates(estimates)
    people = frame[["patients_count", "patients_total"]].max().max()
    status = "done" if pd.notna(people) and people > 0 else "empty"
    threshold = THRESHOLDS.get(PROFILES[audience], 0)
    rows = [_Row(**row) for row in _iterate_rows(frame)]
    alone = _hide_rows_of_few(rows, [_judge(row, threshold) for row in rows])
    hiding = _hide_linked(rows, alone, threshold)
    return Released(
        frame=_blank(frame, rows, hiding),
        audience=audience,
        threshold=threshold,
        origin=origin,
        status=status,
        seal=_SEAL,
    )


def _describe_origin(origin: Origin) -> dict[str, Any]:
    names = ("source", "title", "synthetic", "as_of", "data_until", "data_hash", "selection")
    return {name: getattr(origin, name) for name in names} | {
        "vocabulary_reviewed": origin.vocabulary.is_reviewed
    }


# --- one row alone ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """What disclosure control must know of one estimate; None is missing."""

    address: str
    question: str
    statistic: str
    concern: str
    scale: str
    term: str
    by: str
    level: str
    by2: str
    level2: str
    period: str
    unit: str
    method: str
    population: str
    source: str
    count: int | None
    total: int | None
    patients_count: int | None
    patients_total: int | None


@dataclass(frozen=True)
class _Hiding:
    """How much of a row is hidden, what is said instead, and what must not be found out.

    ``secret`` holds "count", "complement" and "total": the numbers that are too small; "patients"
    where their number is not known; nothing where a row is hidden for the sake of others.
    ``lowest`` and ``highest`` are the range in which the words instead place the count.
    """

    extent: int = _NOTHING
    shown_as: str = ""
    secret: frozenset[str] = frozenset()
    lowest: int = 0
    highest: int | None = None


_SHOWN: Final = _Hiding()


def _iterate_rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    names = [*_Row.__dataclass_fields__]
    for row in frame[names].itertuples(index=False, name=None):
        yield {
            name: value if isinstance(value, str) else None if pd.isna(value) else int(value)
            for name, value in zip(names, row, strict=True)
        }


def _judge(row: _Row, threshold: int) -> _Hiding:
    """Return what one row alone must hide."""
    if row.unit == "rows" or not threshold:
        return _SHOWN

    def is_small(patients: int | None) -> bool:
        return patients is not None and 0 < patients < threshold

    is_of_patients = row.unit in _OF_PATIENTS
    count, total = row.patients_count, row.patients_total
    if is_of_patients:
        count = row.count if count is None else count
        total = row.total if total is None else total
    is_unknown = (row.count and count is None) or (row.total and total is None)
    if is_unknown or (count is None and total is None):
        # Nobody can say how many patients stand behind it, so it may be one.
        return _Hiding(_EVERYTHING, NOT_SHOWN, frozenset({"patients"}))
    if is_small(total):
        hidden = frozenset({"total", "count"} if count else {"total"})
        return _Hiding(_EVERYTHING, NOT_SHOWN, hidden, 0, threshold - 1 if is_of_patients else None)

    left = _subtract(total, count)
    secret = set()
    if is_small(count):
        secret.add("count")
    if (row.question, row.statistic) not in _ABOUT_THE_LOG and (
        is_small(left) or (not is_of_patients and is_small(_subtract(row.total, row.count)))
    ):
        secret.add("complement")
    if not secret:
        return _SHOWN
    if (row.count, row.total) != (count, total):
        # The words would be about patients where the row counts sessions or courses.
        return _Hiding(_COUNT, NOT_SHOWN, frozenset(secret))
    if total is None:
        words, lowest, highest = f"1 to {threshold - 1}", 1, threshold - 1
    else:
        lowest, highest = _find_range(count, total, threshold)
        words = f"{lowest} to {highest} of {total}"
    return _Hiding(_COUNT, words, frozenset(secret), lowest, highest)


def _hide_rows_of_few(rows: Sequence[_Row], hiding: Sequence[_Hiding]) -> list[_Hiding]:
    """Hide how many rows a log has where the number of its patients is hidden."""
    few = any(
        row.statistic == "patients" and hidden.extent
        for row, hidden in zip(rows, hiding, strict=True)
    )
    whole = _Hiding(_EVERYTHING, NOT_SHOWN)
    return [
        whole if few and row.unit == "rows" else hidden
        for row, hidden in zip(rows, hiding, strict=True)
    ]


def _subtract(total: int | None, count: int | None) -> int | None:
    return None if total is None or count is None else total - count


def _find_range(count: int | None, total: int, threshold: int) -> tuple[int, int]:
    """Return the range in which a small numerator or complement is said to lie.

    In a total so small that the two ranges overlap, naming one of them would rule the other out
    ("2 to 5 of 6" could only be 5), so there the range is all between nobody and everybody.
    """
    if total <= 2 * (threshold - 1):
        return 1, total - 1
    if count is not None and count < threshold:
        return 1, threshold - 1
    return total - threshold + 1, total - 1


# --- the rows together ------------------------------------------------------------------------

_FIRST_COURSES: Final = "first courses"
_ANALYSED: Final = "analysed"
# The populations made of the steps of a first course.
_MADE_OF: Final = {"seen again": ("cannot respond", "analysed"), "analysed": ("analysed",)}
# A population and the one it is part of: their difference is a group of patients too.
_PART_OF: Final = {
    "patients with a further session": "patients treated",
    _FIRST_COURSES: "patients treated",
}
_SKIN_TYPES: Final = ("I", "II", "III", "IV", "V", "VI")
# Which population is given up first when a hidden number cannot be kept otherwise: the later
# ones carry what the page is about. Populations not named come first.
_GIVEN_UP_LAST: Final = ("seen again", "analysed", "patients asked", "patients treated")

_Number = tuple[Any, ...]
"""The name of one number a reader may know or work out; equal names are the same number."""
_Sum = Mapping[_Number, int]
"""Numbers with their factors, which together make zero."""
_Extents = Mapping[int, int]
"""How much of which rows is hidden."""


def _hide_linked(rows: Sequence[_Row], hiding: Sequence[_Hiding], threshold: int) -> list[_Hiding]:
    """Return the hiding with as many further rows hidden as keep the hidden ones hidden.

    The simplest complementary rule: while a hidden number can be worked out from the shown ones,
    the next smallest count that helps is hidden too (the patients analysed last); where no count
    helps, a whole population is given up. At the end each of these is taken back if the others
    turn out to be enough.
    """
    if not threshold:
        return [*hiding]
    # In the order of addresses, so that the order of the rows changes nothing.
    order = sorted(range(len(rows)), key=lambda index: rows[index].address)
    page = _Page([rows[index] for index in order], threshold)
    alone = [hiding[index] for index in order]
    result, given_up = alone, list[_Extents]()
    while (leak := page.find_leak(result)) is not None:
        possible = [*page.list_sacrifices(result, leak)]
        if not possible:
            break
        helping = (each for each in possible if not page.tells(leak, _hide(result, each)))
        given_up.append(next(helping, possible[0]))
        result = _hide(result, given_up[-1])
    for each in [*given_up]:
        fewer = [other for other in given_up if other is not each]
        if page.find_leak(_hide(alone, *fewer)) is None:
            given_up = fewer
    result = _hide(alone, *given_up)
    places = {index: place for place, index in enumerate(order)}
    return [result[places[index]] for index in range(len(rows))]


def _hide(hiding: Sequence[_Hiding], *further: _Extents) -> list[_Hiding]:
    """Return the hiding with these rows hidden as well."""
    result = [*hiding]
    for extents in further:
        for index, extent in extents.items():
            if extent > result[index].extent:
                result[index] = replace(
                    result[index], extent=extent, shown_as=NOT_SHOWN, lowest=0, highest=None
                )
    return result


class _Page:
    """The numbers of a page, the sums in which they stand, and what can be worked out from them.

    ``counts`` and ``totals`` hold the name of each row's numbers (the same total has the same name
    in all its rows), ``values`` what they are, ``sums`` what a reader can add up, and ``secrets``
    the differences between rows that are groups too small to be found out.
    """

    def __init__(self, rows: Sequence[_Row], threshold: int) -> None:
        self.rows = rows
        self.threshold = threshold
        self.counts: list[_Number | None] = []
        self.totals: list[_Number | None] = []
        self.values: dict[_Number, int] = {}
        self.sums: list[_Sum] = []
        self.secrets: list[_Sum] = []
        self._collect_groups()
        self._name_numbers()
        self._link_levels()
        self._link_steps()
        self._link_populations()
        self._link_skin_types()

    # What a reader can add up

    def _collect_groups(self) -> None:
        """Find rows that differ in their level only, and the row over all their levels."""
        wholes: dict[_Number, int] = {}
        groups: dict[_Number, list[int]] = {}
        for index, row in enumerate(self.rows):
            if row.count is None or row.total is None or row.unit == "rows":
                continue
            subject = (
                *(row.source, row.question, row.statistic, row.concern, row.scale, row.term),
                *(row.period, row.unit, row.population),
            )
            if row.by:
                groups.setdefault((subject, row.by, row.by2, row.level2), []).append(index)
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
            if row.unit != "rows" and row.total is not None:
                total = self._name_total(index, row.total)
            if row.unit != "rows" and row.count is not None:
                is_size = row.total is None or row.method in _AVERAGES
                count = self._name_total(index, row.count) if is_size else ("count", row.address)
                self.values[count] = row.count
            self.counts.append(count)
            self.totals.append(total)

    def _name_total(self, index: int, value: int) -> _Number:
        row = self.rows[index]
        # A scale does not change who began a course.
        scale = "" if row.population == _FIRST_COURSES else row.scale
        stratum = (row.by, row.level, row.by2, row.level2) if index in self.strata else ()
        unit = "patients" if row.unit in _OF_PATIENTS else row.unit
        about = (row.source, row.period, unit, row.population, row.concern, scale, row.term)
        name = ("total", *about, *stratum, value)
        self.values[name] = value
        return name

    def _add_sum(self, whole: _Number, parts: Iterable[_Number]) -> _Number | None:
        """Note that the parts and a rest make the whole; return the rest, if there is one."""
        numbers = [*parts]
        left = self.values[whole] - sum(self.values[number] for number in numbers)
        rest = ("rest", whole, *numbers) if left else None
        if rest is not None:
            self.values[rest] = left
            numbers.append(rest)
        factors: dict[_Number, int] = {whole: -1}
        for number in numbers:
            factors[number] = factors.get(number, 0) + 1
        self.sums.append({number: factor for number, factor in factors.items() if factor})
        return rest

    def _add_secret(self, *, of: _Number | None, less: _Number | None = None) -> None:
        """Note that this number, or difference, is not to be found out if it is small."""
        factors = {name: factor for name, factor in ((of, 1), (less, -1)) if name is not None}
        if 0 < sum(factor * self.values[name] for name, factor in factors.items()) < self.threshold:
            self.secrets.append(factors)

    def _link_levels(self) -> None:
        """Levels add up to their common total, or to the row over all of them."""
        for members, whole in self.groups:
            counts = [name for index in members if (name := self.counts[index])]
            totals = [name for index in members if (name := self.totals[index])]
            if whole is not None:
                over_all = self.counts[whole], self.totals[whole]
                if over_all[0] is not None and over_all[1] is not None:
                    count = self._add_sum(over_all[0], counts)
                    total = self._add_sum(over_all[1], totals)
                    self._add_secret(of=total)
                    self._add_secret(of=count)
                    if total is not None:
                        self._add_secret(of=total, less=count)
            elif len({*totals}) == 1 and (
                sum(self.values[name] for name in counts) == self.values[totals[0]]
            ):
                self._add_sum(totals[0], counts)

    def _link_steps(self) -> None:
        """The populations "seen again" and "analysed" are sums of the steps of a first course."""
        steps: dict[_Number, dict[str, _Number]] = {}
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
                self._add_sum(total, parts)

    def _link_populations(self) -> None:
        """A population inside another leaves a rest, and the rest is a group of patients too."""
        sizes: dict[_Number, dict[_Number, None]] = {}
        with_concern: dict[_Number, _Number] = {}
        for row, count, total in zip(self.rows, self.counts, self.totals, strict=True):
            size = total or count
            if size is not None and size[0] == "total":
                sizes.setdefault(size[1:-1], {})[size] = None
            if row.statistic == "characteristic" and row.by == "concern" and count is not None:
                with_concern[row.source, row.period, row.level] = count

        def find_largest(names: Iterable[_Number]) -> _Number:
            return max(names, key=lambda name: self.values[name])

        pairs: list[tuple[_Number, _Number]] = []
        for (source, period, unit, population, concern, *about), names in sizes.items():
            # One population with two sizes: an average, say, over those whose value is known.
            largest = find_largest(names)
            pairs += [(largest, name) for name in names if name != largest]
            if population in _PART_OF:
                key = (source, period, unit, _PART_OF[population], concern, *about)
                if key in sizes:
                    pairs.append((find_largest(sizes[key]), largest))
            if population == _FIRST_COURSES and (source, period, concern) in with_concern:
                pairs.append((with_concern[source, period, concern], largest))
        for whole, part in pairs:
            if self.values[part] <= self.values[whole]:
                self._add_secret(of=self._add_sum(whole, [part]))

    def _link_skin_types(self) -> None:
        """A group of skin types ("IV-VI") is the sum of its types in the table of patients."""
        types: dict[_Number, dict[str, _Number]] = {}
        for row, count in zip(self.rows, self.counts, strict=True):
            if row.statistic == "characteristic" and row.by == "skin type" and count is not None:
                types.setdefault((row.source, row.period), {})[row.level] = count
        for row, total in zip(self.rows, self.totals, strict=True):
            first, _, last = row.level.replace("\N{EN DASH}", "-").partition("-")
            is_group = row.by == "skin type group" and {first, last} <= {*_SKIN_TYPES}
            if total is None or not is_group:
                continue
            names = _SKIN_TYPES[_SKIN_TYPES.index(first) : _SKIN_TYPES.index(last) + 1]
            counts = types.get((row.source, row.period), {})
            parts = [counts[name] for name in names if name in counts]
            # Fewer may have been asked than treated; then nothing is known for certain.
            if parts and sum(self.values[part] for part in parts) == self.values[total]:
                self._add_sum(total, parts)

    # What can be worked out

    def find_leak(self, hiding: Sequence[_Hiding]) -> _Sum | None:
        """Return the first secret that can be worked out, or None."""
        secrets: list[_Sum] = []
        for count, total, hidden in zip(self.counts, self.totals, hiding, strict=True):
            if "total" in hidden.secret and total is not None:
                secrets.append({total: 1})
            if "count" in hidden.secret and count is not None:
                secrets.append({count: 1})
            if "complement" in hidden.secret and count is not None and total is not None:
                secrets.append({total: 1, count: -1})
        return next((each for each in secrets + self.secrets if self.tells(each, hiding)), None)

    def tells(self, secret: _Sum, hiding: Sequence[_Hiding]) -> bool:
        """Return whether what is shown leaves one value only for the secret."""
        known, ranges = self._collect_known(hiding)
        sums = self._reach(secret, known)
        unknown = [
            *dict.fromkeys(name for sum_ in (secret, *sums) for name in sum_ if name not in known)
        ]
        aim = np.array([secret.get(name, 0) for name in unknown])
        if not aim.any():
            return True
        matrix = np.array([[sum_.get(name, 0) for name in unknown] for sum_ in sums])
        ends = [
            -sum(factor * self.values[name] for name, factor in sum_.items() if name in known)
            for sum_ in sums
        ]
        beyond = 10 * (1 + max(self.values.values()))
        lowest, highest = zip(*(ranges.get(name, (0, beyond)) for name in unknown), strict=True)
        least, most = (
            milp(
                sign * aim,
                constraints=LinearConstraint(matrix, ends, ends) if sums else None,
                bounds=Bounds(lowest, highest),
                integrality=np.ones(len(unknown)),
            )
            for sign in (1, -1)
        )
        if not (least.success and most.success):
            return True
        return bool(-most.fun - least.fun < 0.5)

    def _collect_known(
        self, hiding: Sequence[_Hiding]
    ) -> tuple[set[_Number], dict[_Number, tuple[int, int]]]:
        """Return the numbers a reader sees, and the range of those he is told a range of."""
        known: set[_Number] = set()
        ranges: dict[_Number, tuple[int, int]] = {}
        for count, total, hidden in zip(self.counts, self.totals, hiding, strict=True):
            if count is not None and hidden.extent == _NOTHING:
                known.add(count)
            if total is not None and hidden.extent != _EVERYTHING:
                known.add(total)
            if hidden.highest is None:
                continue
            if count is not None and hidden.extent == _COUNT:
                ranges[count] = (hidden.lowest, hidden.highest)
            if total is not None and hidden.extent == _EVERYTHING:
                ranges[total] = (1, hidden.highest)
        return known, ranges

    def _reach(self, secret: _Sum, known: set[_Number]) -> list[_Sum]:
        """Return the sums that say anything about the secret."""
        wanted = {name for name in secret if name not in known}
        reached, left = list[_Sum](), self.sums
        while touching := [sum_ for sum_ in left if not wanted.isdisjoint(sum_)]:
            left = [sum_ for sum_ in left if wanted.isdisjoint(sum_)]
            reached += touching
            wanted |= {name for sum_ in touching for name in sum_ if name not in known}
        return reached

    # What else could be hidden

    def list_sacrifices(self, hiding: Sequence[_Hiding], leak: _Sum) -> Iterator[_Extents]:
        """Yield rows that could be hidden against the leak, the smallest loss first."""
        known, _ = self._collect_known(hiding)
        near = {name for sum_ in self._reach(leak, known) for name in sum_}
        counts = [
            index
            for index, row in enumerate(self.rows)
            if self.counts[index] in near and hiding[index].extent == _NOTHING
            if row.count and row.total is not None and row.method not in _AVERAGES
        ]
        for index in sorted(counts, key=self._rank_count):
            yield {index: _COUNT}

        populations: dict[_Number, list[int]] = {}
        for index, (count, total) in enumerate(zip(self.counts, self.totals, strict=True)):
            for name in dict.fromkeys((count, total)):
                if name is not None and name[0] == "total" and name in near & known:
                    populations.setdefault(name, []).append(index)
        for members in sorted(populations.values(), key=self._rank_population):
            yield dict.fromkeys(members, _EVERYTHING)

    def _rank_count(self, index: int) -> tuple[Any, ...]:
        row = self.rows[index]
        is_headline = row.statistic == "fate" and row.level == _ANALYSED
        return (not row.by, is_headline, row.count, index)

    def _rank_population(self, members: Sequence[int]) -> tuple[Any, ...]:
        row = self.rows[members[0]]
        names = _GIVEN_UP_LAST
        order = names.index(row.population) + 1 if row.population in names else 0
        return (order, members[0] not in self.strata, row.total or row.count, members[0])


# --- what is left -----------------------------------------------------------------------------


def _blank(frame: pd.DataFrame, rows: Sequence[_Row], hiding: Sequence[_Hiding]) -> pd.DataFrame:
    """Return the frame with ``shown_as``, and nothing of what is hidden."""
    released = frame.copy()
    released["shown_as"] = pd.Series([each.shown_as for each in hiding], index=frame.index).astype(
        "str"
    )
    extent = pd.Series([each.extent for each in hiding], index=frame.index, dtype="int64")
    hidden, wholly = extent > _NOTHING, extent == _EVERYTHING
    # A median says nothing of how many it rests on, so it may stay where only that is given up.
    is_given_up = pd.Series([not each.secret for each in hiding], index=frame.index)
    is_median = wholly & is_given_up & (released["method"] == "median")
    for name in ("count", "patients_count"):
        released.loc[hidden, name] = pd.NA
    for name in ("value", "low", "high", "confidence", "se", "df"):
        released.loc[hidden & ~is_median, name] = float("nan")
    for name in ("total", "patients_total"):
        released.loc[wholly, name] = pd.NA
    # A note, or a method used at the ends only, may tell what the number was.
    released.loc[hidden & ~is_median, "note"] = ""
    released.loc[hidden, "method"] = released.loc[hidden, "method"].replace(_METHOD_ELSEWHERE)
    released.loc[hidden & ~is_median, "status"] = "suppressed"
    released.loc[is_median, "shown_as"] = ""

    # The patients behind sessions are the count of the row on patients.
    secret = {_get_twin(row) for row, gone in zip(rows, hidden, strict=True) if gone}
    twins = [row.unit in ("sessions", "events") and _get_twin(row) in secret for row in rows]
    released.loc[twins, "patients_count"] = pd.NA

    # An upper bound exists only where nobody had the event.
    kept = ~(wholly & (released["statistic"] == "upper bound"))
    return released[kept].reset_index(drop=True)


def _get_twin(row: _Row) -> _Number:
    return (
        *(row.source, row.question, row.concern, row.term, row.period),
        *(row.by, row.level, row.by2, row.level2),
    )
