"""Outcomes on a shared page: somebody adds up all that is shown, and must be left with a choice.

The attacker here shares no code with disclosure control. He thinks of patients: so many with this
skin type, this first grade and this later one. Every number of the page is a sum of such cells, so
an integer program tells whether a hidden number could be another one than it is.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.estimates import make_estimates
from analysis.show.disclosure import release
from test_disclosure import ORIGIN, share

GRADES = (1, 2, 3)
UNSEEN = 0
SKIN = {"II": "I-III", "V": "IV-VI"}
Cell = tuple[str, int, int]
"""Skin type, first grade, later grade; grade 1 cannot get better, later grade 0 is not seen."""
CELLS: list[Cell] = [
    *((skin, before, after) for skin in SKIN for before in GRADES for after in (UNSEEN, *GRADES)),
    # not yet due, and due without a first score
    *((skin, before, UNSEEN) for skin in SKIN for before in (-1, -2)),
]
Belongs = Callable[[str, int, int], bool]


def is_seen(_: str, before: int, after: int) -> bool:
    return before > 0 and after > 0


def is_missed(_: str, before: int, after: int) -> bool:
    return before > 0 and after == UNSEEN


def is_analysed(skin: str, before: int, after: int) -> bool:
    return is_seen(skin, before, after) and before > 1


def is_responder(skin: str, before: int, after: int) -> bool:
    return is_analysed(skin, before, after) and after < before


def is_unseen_chance(skin: str, before: int, after: int) -> bool:
    return is_missed(skin, before, after) and before > 1


def either(*groups: Belongs) -> Belongs:
    return lambda *cell: any(group(*cell) for group in groups)


def both(*groups: Belongs) -> Belongs:
    return lambda *cell: all(group(*cell) for group in groups)


def has_skin(*types: str) -> Belongs:
    return lambda skin, *_: skin in types


def everybody(*_: Any) -> bool:
    return True


FATES: dict[str, Belongs] = {
    "not yet due": lambda _, before, __: before == -1,
    "no baseline": lambda _, before, __: before == -2,
    "not seen again": is_missed,
    "cannot respond": lambda *cell: is_seen(*cell) and cell[1] == 1,
    "analysed": is_analysed,
}
DIRECTIONS: dict[str, Belongs] = {
    "better": lambda *cell: is_seen(*cell) and cell[2] < cell[1],
    "same": lambda *cell: is_seen(*cell) and cell[2] == cell[1],
    "worse": lambda *cell: is_seen(*cell) and cell[2] > cell[1],
}
DUE = either(is_analysed, is_unseen_chance)
ABOUT = {"concern": "acne_scars", "scale": "gb_qual"}

Line = tuple[dict[str, Any], Belongs, Belongs]
"""What a row is about, who is in its numerator and who in its denominator."""


def list_lines() -> list[Line]:
    """What the page of a concern on an ordinal scale shows of its courses."""
    population = {"question": "population", "method": "count"}
    step = population | {"statistic": "fate", "by": "step", "unit": "courses"}
    lines: list[Line] = [
        (step | {"level": level, "population": "first courses"}, group, everybody)
        for level, group in FATES.items()
    ]
    treated = population | {"statistic": "characteristic", "population": "patients treated"}
    again = {"population": "seen again"}
    lines += [
        (treated | {"by": "skin type", "level": kind}, has_skin(kind), everybody) for kind in SKIN
    ]
    lines.append(({}, is_responder, is_analysed))
    lines += [
        (again | {"statistic": "direction", "by": "change", "level": level}, group, is_seen)
        for level, group in DIRECTIONS.items()
    ]
    for before in GRADES:
        for after in GRADES:
            cell = {"statistic": "shift", "by": "baseline", "level": f"{before}"}
            cell |= {"by2": "follow-up", "level2": f"{after}", "method": "count"}
            group = both(is_seen, lambda _, b, a, x=before, y=after: (b, a) == (x, y))
            lines.append((again | cell, group, is_seen))
    for kind, group_name in SKIN.items():
        for by, level in (("skin type", kind), ("skin type group", group_name)):
            of = has_skin(kind)
            lines.append(
                ({"by": by, "level": level}, both(is_responder, of), both(is_analysed, of))
            )
    due = {"population": "due", "by": "unseen"}
    lines += [(due | {"level": level}, is_responder, DUE) for level in ("unchanged", "worst")]
    lines.append((due | {"level": "best"}, either(is_responder, is_unseen_chance), DUE))
    otherwise = {"statistic": "responders, counted otherwise"}
    lines.append((again | otherwise, is_responder, is_seen))
    visit = {"statistic": "responders at visit", "by": "visit", "level": "follow-up"}
    lines.append(
        (visit | {"population": "could respond, seen at the visit"}, is_responder, is_analysed)
    )
    return lines


LINES = list_lines()
SECRETS: dict[str, Belongs] = {
    "could not respond, not seen": lambda *cell: is_missed(*cell) and cell[1] == 1,
    "could respond, not seen": is_unseen_chance,
    "due, not analysed": lambda *cell: cell[1] > 0 and not is_analysed(*cell),
    **{
        f"{kind}, not analysed": lambda *cell, kind=kind: cell[0] == kind and not is_analysed(*cell)
        for kind in SKIN
    },
}


def pick(group: Belongs) -> np.ndarray:
    """Return which cells belong to a group."""
    return np.array([float(group(*cell)) for cell in CELLS])


def make_page(counts: np.ndarray) -> pd.DataFrame:
    """Return the rows of these patients, and the tipping point of those not seen."""
    rows = []
    for about, numerator, denominator in LINES:
        count, total = (int(pick(group) @ counts) for group in (numerator, denominator))
        of_skin = about.get("statistic") == "characteristic"
        rows.append(share(count, total, concern="acne_scars") | ({} if of_skin else ABOUT) | about)
    tipping = {"statistic": "tipping point", "population": "not seen again"}
    total = int(pick(is_unseen_chance) @ counts)
    rows.append(
        share(None, total, **ABOUT, **tipping, method="tipping_count")
        | ({"count": 1, "value": 1 / total} if total else {"status": "not estimable"})
    )
    return make_estimates(rows)


def collect_clues(frame: pd.DataFrame) -> list[tuple[np.ndarray, float, float]]:
    """Return what the released rows tell: sums of cells, each with its lowest and highest."""
    groups = {
        tuple(
            about.get(name, default)
            for name, default in (
                *(("statistic", "responders"), ("population", "analysed")),
                *(("by", ""), ("level", ""), ("level2", "")),
            )
        ): (numerator, denominator)
        for about, numerator, denominator in LINES
    }
    clues = []
    for row in frame.to_dict("records"):
        if row["statistic"] == "tipping point":
            if not pd.isna(row["total"]):
                clues.append((pick(is_unseen_chance), row["total"], row["total"]))
            continue
        names = ("statistic", "population", "by", "level", "level2")
        numerator, denominator = groups[tuple(row[name] for name in names)]
        if not pd.isna(row["total"]):
            clues.append((pick(denominator), row["total"], row["total"]))
        if not pd.isna(row["count"]):
            clues.append((pick(numerator), row["count"], row["count"]))
        elif found := re.match(r"(\d+) to (\d+)", row["shown_as"]):
            clues.append((pick(numerator), float(found[1]), float(found[2])))
    return clues


def find_range(
    clues: Iterable[tuple[np.ndarray, float, float]], wanted: np.ndarray
) -> tuple[int, int]:
    """Return the smallest and largest that a sum of cells can be for one who has these clues: sums
    of cells, each with its lowest and highest."""
    matrix, low, high = zip(*clues, strict=True)
    ends = []
    for sign in (1, -1):
        solved = milp(
            sign * wanted,
            constraints=LinearConstraint(np.array(matrix), np.array(low), np.array(high)),
            bounds=Bounds(0, 400),
            integrality=np.ones(len(wanted)),
        )
        assert solved.success, "what is shown is not what happened"
        ends.append(round(sign * solved.fun))
    return ends[0], ends[1]


def find_leaks(counts: np.ndarray) -> list[str]:
    """Return the small groups that somebody can work out of the released page."""
    frame = release(make_page(counts), ORIGIN).frame
    clues = collect_clues(frame)
    wanted = {name: pick(group) for name, group in SECRETS.items()}
    for about, numerator, denominator in LINES:
        name = " ".join(f"{each}" for each in about.values())
        wanted[f"{name}: count"] = pick(numerator)
        wanted[f"{name}: total"] = pick(denominator)
        wanted[f"{name}: rest"] = pick(denominator) - pick(numerator)
    leaks = []
    for name, cells in wanted.items():
        true = int(cells @ counts)
        if 0 < true < 5 and find_range(clues, cells) == (true, true):
            leaks.append(f"{name}: {true}")
    return leaks


def count_cells(**numbers: int) -> np.ndarray:
    """Return the cells: ``II_32=10`` are ten of skin type II who went from grade 3 to grade 2,
    ``V_3x`` those not seen again; ``II_due`` and ``II_none`` have no scores yet, or none at all."""
    counts = dict.fromkeys(CELLS, 0)
    for name, number in numbers.items():
        skin, rest = name.split("_")
        before, after = {"due": (-1, 0), "none": (-2, 0)}.get(rest) or (
            int(rest[0]),
            0 if rest[1] == "x" else int(rest[1]),
        )
        counts[skin, before, after] = number
    return np.array([counts[cell] for cell in CELLS])


WELL_FILLED = {"II_due": 20, "V_due": 20, "II_none": 10, "V_none": 10, "II_3x": 12, "V_3x": 12}
PAGES = {
    "two in a cell of the shift table": {"II_32": 20, "V_32": 20, "II_33": 9, "V_33": 9, "V_21": 2},
    "three who cannot respond": {"II_32": 20, "V_32": 15, "II_33": 9, "V_33": 9, "V_11": 3},
    "six who cannot, in two cells": {"II_32": 20, "V_32": 15, "II_33": 9, "V_11": 4, "II_12": 2},
    "one group without non-responders": {"II_32": 20, "V_32": 20, "II_33": 9, "V_33": 1},
    "two not seen who cannot respond": {"II_32": 20, "V_32": 15, "II_33": 9, "V_33": 9, "V_1x": 2},
    "hardly anybody seen of one type": {"II_32": 20, "II_33": 9, "V_32": 2, "V_33": 1},
}


@pytest.mark.parametrize("name", PAGES)
def test_no_small_group_comes_out_of_a_page_of_outcomes(name: str) -> None:
    """Cells, groups, those not seen and populations counted otherwise are all one sum."""
    assert find_leaks(count_cells(**(WELL_FILLED | PAGES[name]))) == []


@pytest.mark.parametrize("missed", [1, 4])
def test_few_not_seen_again_are_not_told_by_their_bounds(missed: int) -> None:
    """Not in the flow, not as the total of the tipping point, not as due less analysed."""
    filled = WELL_FILLED | {"II_3x": missed, "V_3x": 0, "II_32": 20, "V_32": 20, "II_33": 9}
    counts = count_cells(**filled, V_33=9)
    assert find_leaks(counts) == []
    frame = release(make_page(counts), ORIGIN).frame
    tipping = frame[frame["statistic"] == "tipping point"]
    assert tipping[["count", "total", "value"]].isna().all(axis=None)


def test_the_tipping_point_is_told_where_what_it_is_made_of_is() -> None:
    """One of 24 is no patient: whoever knows the three shares can compute it."""
    filled = WELL_FILLED | {"II_32": 20, "V_32": 20, "II_33": 9, "V_33": 9}
    frame = release(make_page(count_cells(**filled)), ORIGIN).frame
    (row,) = frame[frame["statistic"] == "tipping point"].to_dict("records")
    assert (row["status"], row["count"], row["total"]) == ("shown", 1, 24)


# --- rows that are no share of the patients of one page -----------------------------------------


def mean(count: int, total: int, **columns: Any) -> dict[str, Any]:
    """A row of a scale whose value rests on ``count`` patients."""
    row = share(count, total, **ABOUT, statistic="mean change", method="mean_t", value=1.5)
    return row | {"population": "seen again", "low": 1.0, "high": 2.0} | columns


def get(frame: pd.DataFrame, statistic: str, **columns: str) -> dict[str, Any]:
    """The one row of a statistic."""
    found = frame[frame["statistic"] == statistic]
    for name, value in columns.items():
        found = found[found[name] == value]
    (row,) = found.to_dict("records")
    return {str(name): value for name, value in row.items()}


def fates(*counts: int) -> list[dict[str, Any]]:
    """The steps of first courses: not yet due, no baseline, not seen, cannot respond, analysed."""
    step = {"question": "population", "statistic": "fate", "by": "step", "unit": "courses"}
    step |= {"population": "first courses", "method": "count"}
    return [
        share(count, sum(counts), **ABOUT) | step | {"level": level}
        for level, count in zip(FATES, counts, strict=True)
    ]


def test_a_median_percentage_does_not_tell_who_has_none() -> None:
    """43 of 46 have a percentage: neither the row nor its note says that three have not."""
    note = "3 with a baseline of zero or below left out"
    percent = {"statistic": "median percent change", "method": "median_percent", "value": 40.0}
    rows = [mean(46, 46), mean(43, 46, **percent, low=30.0, high=50.0, note=note)]
    row = get(release(make_estimates(rows), ORIGIN).frame, "median percent change")
    assert row["note"] == ""
    names = ["count", "value", "low", "high", "patients_count"]
    assert all(pd.isna(row[name]) for name in names)
    assert "43" not in row["shown_as"]


def test_a_median_percentage_does_not_tell_a_hidden_step() -> None:
    """Where the rule is a percentage, who has none is who cannot respond: seven, hidden here for
    the sake of the three without a first score."""
    percent = {"statistic": "median percent change", "method": "median_percent", "value": 40.0}
    rows = [
        *fates(20, 3, 12, 7, 40),
        share(20, 40, **ABOUT),
        mean(40, 47, **percent, low=30.0, high=50.0, note="7 with a baseline of zero or below"),
    ]
    frame = release(make_estimates(rows), ORIGIN).frame
    steps = frame[frame["statistic"] == "fate"].set_index("level")["count"]
    assert pd.isna(steps["no baseline"])
    assert steps.isna().sum() >= 2
    if pd.isna(steps["cannot respond"]):
        assert pd.isna(get(frame, "median percent change")["count"])


@pytest.mark.parametrize(
    ("steps", "status"), [((30, 0, 0, 0, 0), "empty"), ((30, 6, 0, 0, 0), "done")]
)
def test_a_concern_without_a_closed_course_is_an_empty_page(
    steps: tuple[int, ...], status: str
) -> None:
    """Patients were treated, and none of their follow-ups is due."""
    treated = {"statistic": "patients", "question": "population", "method": "count"}
    treated |= {"population": "patients treated", "concern": "acne_scars"}
    released = release(make_estimates([share(40, None, **treated), *fates(*steps)]), ORIGIN)
    assert released.status == status
    assert released.subject == "acne scars"


def courses(count: int, total: int, patients: tuple[int, int], population: str) -> dict[str, Any]:
    """Responders over courses, of which a patient may have several."""
    row = share(count, total, **ABOUT, statistic="responders, counted otherwise", unit="courses")
    row |= {"patients_count": patients[0], "patients_total": patients[1], "df": patients[1] - 1.0}
    return row | {"population": population, "method": "clustered_gee", "se": 0.05}


@pytest.mark.parametrize(
    ("patients", "is_shown"), [((3, 3), False), ((3, 8), False), ((6, 14), True)]
)
def test_further_courses_are_judged_by_the_patients_who_had_them(
    patients: tuple[int, int], *, is_shown: bool
) -> None:
    """Sixteen further courses of three patients are three patients, and 66 less 50 are sixteen."""
    rows = [
        share(30, 50, **ABOUT),
        courses(39, 66, (33, 52), "all courses analysed"),
        courses(9, 16, patients, "further courses analysed"),
    ]
    frame = release(make_estimates(rows), ORIGIN).frame
    every = frame[frame["unit"] == "courses"]
    assert every["count"].notna().all() == is_shown
    # two patients were analysed in a later course only, and 52 is what would tell it
    hidden = ["patients_count", "patients_total", "df", "se"]
    assert every[hidden].isna().all(axis=None)


def visit(statistic: str, level: str, count: int, total: int, **columns: Any) -> dict[str, Any]:
    """A row of a model or a mean at one visit."""
    population = "due, any first score"
    row = mean(count, total, statistic=statistic, by="visit", level=level, population=population)
    return row | columns


def test_the_n_of_the_visits_does_not_tell_who_was_not_seen() -> None:
    """60 at the first visit and 57 at the last: the three in between are hidden in the flow."""
    rows = [
        *fates(20, 20, 3, 0, 57),
        share(30, 57, **ABOUT),
        mean(57, 57),
        visit("observed mean", "baseline", 60, 60),
        visit("observed mean", "follow-up", 57, 57),
    ]
    frame = release(make_estimates(rows), ORIGIN).frame
    first, last = (
        get(frame, "observed mean", level=level)["total"] for level in ("baseline", "follow-up")
    )
    assert get(frame, "responders")["total"] == 57
    assert pd.isna(first)
    assert pd.isna(last) or last == 57


def test_the_last_visit_is_the_follow_up() -> None:
    """Responders hidden for the sake of a group are hidden at the last visit as well."""
    at_visit = {"statistic": "responders at visit", "by": "visit", "level": "follow-up"}
    at_visit |= {"population": "could respond, seen at the visit", "method": "gee_responders"}
    rows = [
        share(20, 20, **ABOUT, by="clinic", level="north"),
        share(16, 26, **ABOUT, by="clinic", level="south"),
        share(36, 46, **ABOUT),
        share(36, 46, **(ABOUT | at_visit), df=50.0, se=0.05),
        share(20, 47, **ABOUT, statistic="direction", by="change", level="x", population="due"),
    ]
    rows[0] |= {"count": 18}
    rows[1] |= {"count": 18}
    frame = release(make_estimates(rows), ORIGIN).frame
    shown = [
        not pd.isna(get(frame, name, by=by)["count"])
        for name, by in (("responders", ""), ("responders at visit", "visit"))
    ]
    north, south = (get(frame, "responders", level=level)["count"] for level in ("north", "south"))
    assert pd.isna(north)
    assert not (any(shown) and not pd.isna(south))
    last = get(frame, "responders at visit")
    # degrees of freedom are the patients who came to any visit, less one
    assert pd.isna(last["df"])
    assert pd.isna(last["se"])


@pytest.mark.parametrize(("blinded", "is_shown"), [(4, False), (6, True)])
def test_a_rater_of_few_is_hidden_with_the_other(blinded: int, *, is_shown: bool) -> None:
    """Raters add up to those seen again."""
    rows = [
        mean(count, 46, statistic="rater", by="rater", level=level, method="count")
        for level, count in (("blinded", blinded), ("investigator", 46 - blinded))
    ]
    frame = release(make_estimates([*rows, mean(46, 46)]), ORIGIN).frame
    assert frame.loc[frame["by"] == "rater", "count"].notna().all() == is_shown
    assert get(frame, "mean change")["total"] == 46


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(st.just(0), st.integers(0, 6), st.integers(0, 25)),
        min_size=len(CELLS),
        max_size=len(CELLS),
    )
)
def test_no_page_of_outcomes_tells_a_small_group(numbers: list[int]) -> None:
    """Whoever the patients are."""
    assert find_leaks(np.array(numbers)) == []
