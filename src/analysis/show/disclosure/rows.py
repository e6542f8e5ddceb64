"""What disclosure control knows of one estimate, and what that row alone must hide."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

NOT_SHOWN: Final = "not shown"

# How much of a row is hidden.
NOTHING, COUNT, EVERYTHING = 0, 1, 2
# These methods are used where nobody or everybody counts, so their name would tell the number.
METHOD_ELSEWHERE: Final = {
    "clopper_pearson": "wilson",
    "clustered_exact": "clustered_gee",
    "clustered_ends": "clustered_gee",
}
AVERAGES: Final = (
    *("mean_t", "mean_bca", "median", "median_percent", "quartiles"),
    *("newcombe", "standardised_difference", "clustered_difference", "kaplan_meier_median"),
    *("mixed_unstructured_kenward_roger", "mixed_unstructured_satterthwaite"),
    *("mixed_compound_symmetry_kenward_roger", "mixed_compound_symmetry_satterthwaite"),
    "tipping_change",
    "xmr_chart",
)
"""Methods whose numerator is the number of patients they rest on."""
# One patient has one first course.
OF_PATIENTS: Final = ("patients", "courses")
ANALYSED: Final = "analysed"
TIPPING_POINT: Final = "tipping point"
"""Its numerator is no patients: it is computed from responders, those seen and those not seen."""
# What is computed from other rows, over all or by a grouping: their statistic and grouping.
_DIFFERENCE: Final = ", difference"
_DERIVED_FROM: Final = {
    TIPPING_POINT: (("responders", ""), ("responders", "unseen")),
    "tipping change": (("mean change", ""), ("mean change", "unseen")),
}
WITHOUT_SIZES: Final = (
    *("difference in sessions with", "standardised difference in sessions with"),
)
"""Shown without the sessions and patients they rest on, for those left out are a group too."""
_PAIRED: Final = "difference in responders between halves"
"""Its interval tells how many patients responded on both halves, on one and on none."""
_PAIRS: Final = "halves that responded"
# How complete the log is says something about the clinic, not about the patients without an entry.
_ABOUT_THE_LOG: Final = {
    ("side effects", "recorded"),
    ("trends", "recorded of late"),
    ("claims", "recorded"),
    *(
        ("protocol", f"{what} recorded")
        for what in ("length", "needle", "pain", "anaesthetic", "endpoint", "aftercare")
    ),
}
PROTOCOL: Final = "protocol"
"""The question whose rows count every patient in one level of each grouping."""


@dataclass(frozen=True)
class Row:
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
class Hiding:
    """How much of a row is hidden, what is said instead, and what must not be found out.

    ``secret`` holds "count", "complement" and "total": the numbers that are too small; "patients"
    where their number is not known; nothing where a row is hidden for the sake of others.
    ``lowest`` and ``highest`` are the range in which the words instead place the count.
    """

    extent: int = NOTHING
    shown_as: str = ""
    secret: frozenset[str] = frozenset()
    lowest: int = 0
    highest: int | None = None


_SHOWN: Final = Hiding()


def iterate_rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield what :class:`Row` holds of each estimate."""
    names = [*Row.__dataclass_fields__]
    for row in frame[names].itertuples(index=False, name=None):
        yield {
            name: value if isinstance(value, str) else None if pd.isna(value) else int(value)
            for name, value in zip(names, row, strict=True)
        }


def judge_row(row: Row, threshold: int) -> Hiding:
    """Return what one row alone must hide."""
    if row.unit == "rows" or not threshold:
        return _SHOWN
    if row.statistic == TIPPING_POINT:
        row = replace(row, count=None, patients_count=None)

    def is_small(patients: int | None) -> bool:
        return patients is not None and 0 < patients < threshold

    is_of_patients = row.unit in OF_PATIENTS
    count, total = row.patients_count, row.patients_total
    if is_of_patients:
        count = row.count if count is None else count
        total = row.total if total is None else total
    is_unknown = (row.count and count is None) or (row.total and total is None)
    if is_unknown or (count is None and total is None):
        # Nobody can say how many patients stand behind it, so it may be one.
        return Hiding(EVERYTHING, NOT_SHOWN, frozenset({"patients"}))
    if is_small(total):
        left = _subtract(total, count)
        hidden = frozenset({"total", *(["count"] * bool(count)), *(["complement"] * bool(left))})
        # six courses of three patients are a small group, and not "1 to 4"
        highest = threshold - 1 if is_of_patients and row.total == total else None
        return Hiding(EVERYTHING, NOT_SHOWN, hidden, 0, highest)

    secret = set()
    left = _subtract(total, count)
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
        return Hiding(COUNT, NOT_SHOWN, frozenset(secret))
    if total is None:
        words, lowest, highest = f"1 to {threshold - 1}", 1, threshold - 1
    else:
        lowest, highest = _find_range(count, total, threshold)
        words = f"{lowest} to {highest} of {total}"
    return Hiding(COUNT, words, frozenset(secret), lowest, highest)


def hide_rows_of_few(rows: Sequence[Row], hiding: Sequence[Hiding]) -> list[Hiding]:
    """Hide how many rows a log has where the number of its patients is hidden."""
    few = any(
        row.statistic == "patients" and hidden.extent
        for row, hidden in zip(rows, hiding, strict=True)
    )
    whole = Hiding(EVERYTHING, NOT_SHOWN)
    return [
        whole if few and row.unit == "rows" else hidden
        for row, hidden in zip(rows, hiding, strict=True)
    ]


def hide_pairs_of_few(rows: Sequence[Row], hiding: Sequence[Hiding]) -> list[Hiding]:
    """Hide how many patients responded on both halves, on one and on none, where one of these
    numbers is hidden, and their difference: the responders of each half can then be shown."""

    def place(row: Row) -> tuple[str, ...]:
        return (row.source, row.period, row.concern, row.scale, row.level)

    few = {
        place(row)
        for row, hidden in zip(rows, hiding, strict=True)
        if row.statistic == _PAIRS and hidden.extent
    }
    return [
        replace(hidden, extent=EVERYTHING, shown_as=NOT_SHOWN, lowest=0, highest=None)
        if row.statistic in (_PAIRS, _PAIRED) and place(row) in few
        else hidden
        for row, hidden in zip(rows, hiding, strict=True)
    ]


def hide_derived(rows: Sequence[Row], hiding: Sequence[Hiding]) -> list[Hiding]:
    """Hide what was computed from several rows where one of these is hidden."""
    hidden: set[tuple[str, ...]] = set()
    for row, each in zip(rows, hiding, strict=True):
        if each.extent and row.by == "halves":
            hidden.add((row.source, row.period, row.concern, row.scale, row.by, row.level))
        if each.extent and row.statistic in ("responders", "mean change", "sessions with"):
            place = (row.source, row.period, row.concern, row.scale)
            hidden.add((*place, row.statistic, row.by))
    whole = Hiding(EVERYTHING, NOT_SHOWN)
    result = []
    for row, each in zip(rows, hiding, strict=True):
        place = (row.source, row.period, row.concern, row.scale)
        needed: tuple[tuple[str, str], ...] = _DERIVED_FROM.get(row.statistic, ())
        if row.by.endswith(_DIFFERENCE):
            of = "sessions with" if row.statistic in WITHOUT_SIZES else "responders"
            needed = ((of, row.by.removesuffix(_DIFFERENCE)),)
        if row.statistic == _PAIRED:
            needed = ((row.by, row.level),)
        is_told = any((*place, *name) in hidden for name in needed)
        result.append(whole if is_told and each.extent < EVERYTHING else each)
    return result


def hide_what_levels_had(rows: Sequence[Row], hiding: Sequence[Hiding]) -> list[Hiding]:
    """Hide what is told of the patients of each level where the number of those of one is hidden:
    of how many something is known may tell how many they are."""
    few = {
        (row.source, row.period, row.by)
        for row, hidden in zip(rows, hiding, strict=True)
        if row.question == PROTOCOL and row.by and row.statistic == row.by and hidden.extent
    }
    return [
        replace(hidden, extent=EVERYTHING, shown_as=NOT_SHOWN, lowest=0, highest=None)
        if row.statistic != row.by and (row.source, row.period, row.by) in few
        else hidden
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
