"""Side effects on a shared page: somebody adds up all that is shown, and is left with a choice.

As in ``test_outcome_disclosure``, the attacker shares no code with disclosure control: he thinks of
patients, of whom each has some of three side effects, one of them with a grade and one that shows
late.
"""

import re
from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis.estimates import make_estimates
from analysis.show.disclosure import release
from test_disclosure import ORIGIN, share
from test_outcome_disclosure import find_range

GRADES = ("1 mild", "2 moderate", "not recorded")
Cell = tuple[bool, str, bool, bool, bool]
"""Asked, grade of the acne flare (empty: none), milia, darkening, seen inside its window."""
CELLS: list[Cell] = [
    (False, "", False, False, False),
    *product((True,), ("", *GRADES), (False, True), (False, True), (False, True)),
]
HARMS: dict[str, Callable[[Cell], bool]] = {
    "acne_flare": lambda cell: bool(cell[1]),
    "milia": lambda cell: cell[2],
    "pih": lambda cell: cell[3],
    "any_harm": lambda cell: any(cell[1:4]),
    "any_special_interest": lambda cell: cell[3],
}


def pick(group: Callable[[Cell], bool]) -> np.ndarray:
    return np.array([float(group(cell)) for cell in CELLS])


ASKED, ALL = pick(lambda cell: cell[0]), pick(lambda _: True)
EVENTS = sum(pick(HARMS[term]) for term in ("acne_flare", "milia", "pih"))
IN_WINDOW = pick(lambda cell: cell[4])
Line = tuple[dict[str, str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""What a row is about; its count, total, and the patients behind both, as sums of cells."""


def list_lines() -> list[Line]:
    lines: list[Line] = []
    for term, group in HARMS.items():
        of_term = pick(group)
        events = EVENTS if term == "any_harm" else of_term
        for population, total in (("asked", ASKED), ("all, blank as none", ALL)):
            if population != "asked" and term.startswith("any"):
                continue
            for statistic, unit, count in (
                ("patients with", "patients", of_term),
                ("sessions with", "sessions", of_term),  # everybody has one session
                ("events per 100 sessions", "events", events),
            ):
                whom = "patients" if unit == "patients" else "sessions"
                about = {"statistic": statistic, "unit": unit, "term": term}
                about["population"] = f"{whom} {population}"
                lines.append((about, count, total, of_term, total))
    for grade in GRADES:
        of_grade = pick(lambda cell, grade=grade: cell[1] == grade)
        having = pick(HARMS["acne_flare"])
        about = {"statistic": "worst grade", "unit": "patients", "term": "acne_flare"}
        about |= {"by": "worst grade", "level": grade, "population": "patients with it"}
        lines.append((about | {"method": "count"}, of_grade, having, of_grade, having))
    late = pick(lambda cell: cell[3] and cell[4])
    about = {"statistic": "patients with", "unit": "patients", "term": "pih"}
    about["population"] = "patients asked, seen in the onset window"
    lines.append((about, late, IN_WINDOW, late, IN_WINDOW))
    return lines


LINES = list_lines()
SECRETS = {
    "asked and none": pick(lambda cell: cell[0] and not any(cell[1:4])),
    "harm that is not of special interest alone": pick(lambda cell: any(cell[1:3]) and not cell[3]),
    "darkening seen at another time": pick(lambda cell: cell[3] and not cell[4]),
    **{term: pick(group) for term, group in HARMS.items()},
    **{f"grade {grade}": pick(lambda cell, grade=grade: cell[1] == grade) for grade in GRADES},
}


def make_page(counts: np.ndarray) -> pd.DataFrame:
    rows = []
    for about, count, total, having, people in LINES:
        numbers = [int(each @ counts) for each in (count, total, having, people)]
        row = share(numbers[0], numbers[1], **{"question": "side effects", **about})
        row |= {"low": None, "high": None, "confidence": None}
        rows.append(row | {"patients_count": numbers[2], "patients_total": numbers[3]})
    return make_estimates(rows)


def collect_clues(frame: pd.DataFrame) -> list[tuple[np.ndarray, float, float]]:
    """Return what the released rows tell: sums of cells, each with its lowest and highest."""
    names = ("statistic", "unit", "term", "by", "level", "population")
    groups = {tuple(line[0].get(name, "") for name in names): line for line in LINES}
    clues = []
    for row in frame.to_dict("records"):
        _, count, total, having, people = groups[tuple(row[name] for name in names)]
        told = {"total": total, "count": count, "patients_count": having, "patients_total": people}
        clues += [(told[name], row[name], row[name]) for name in told if not pd.isna(row[name])]
        if pd.isna(row["count"]) and (found := re.match(r"(\d+) to (\d+)", row["shown_as"])):
            clues.append((count, float(found[1]), float(found[2])))
        if not pd.isna(row["value"]) and pd.isna(row["count"]):
            raise AssertionError(f"a share without its count is shown: {row['address']}")
    return clues


def find_leaks(counts: np.ndarray) -> list[str]:
    """Return the small groups that somebody can work out of the released page."""
    clues = collect_clues(release(make_page(counts), ORIGIN).frame)
    if not clues:
        return []
    return [
        f"{name}: {true}"
        for name, cells in SECRETS.items()
        if 0 < (true := int(cells @ counts)) < 5 and find_range(clues, cells) == (true, true)
    ]


def count_cells(**numbers: int) -> np.ndarray:
    """Return the cells: ``f1=3`` are three with a mild flare, ``fm`` one without a grade and milia,
    ``p`` darkening inside its window and ``P`` outside, ``_`` none of these, ``x`` not asked."""
    counts = dict.fromkeys(CELLS, 0)
    for key, number in numbers.items():
        if key == "x":
            counts[CELLS[0]] = number
            continue
        grade = ""
        if "f" in key:
            grade = "1 mild" if "1" in key else "2 moderate" if "2" in key else "not recorded"
        late = "p" in key or "P" in key
        counts[True, grade, "m" in key, late, "p" in key or "w" in key] += number
    return np.array([counts[cell] for cell in CELLS], dtype=float)


PAGES = {
    "one rare harm": count_cells(_=40, w=20, f1=10, m=2),
    "events of all less those of the others": count_cells(_=50, w=10, f1=12, m=3, p=20),
    "two rare harms": count_cells(_=50, w=10, f1=12, m=3, p=2),
    "all harm but one kind": count_cells(_=40, w=10, f1=7, f2=1, fm=6, p=20),
    "one grade of few": count_cells(_=40, w=10, f1=12, f2=2, f=9, m=8, p=9),
    "darkening outside the window": count_cells(_=40, w=20, f1=10, m=9, p=9, P=3),
    "few not asked": count_cells(_=40, w=10, f1=12, m=8, p=9, x=2),
    "nearly all have it": count_cells(_=3, f1=30, m=8, p=9),
    "one patient": count_cells(f1=1),
    "nobody": count_cells(_=30, w=8),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_small_group_can_be_worked_out(name: str) -> None:
    """What rests on one to four patients has more than one possible value."""
    assert find_leaks(PAGES[name]) == []


def test_the_attacker_finds_what_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the sums of harm, events of all tell those of the hidden one."""
    monkeypatch.setattr("analysis.show.disclosure.hiding.link_harms", lambda _: None)

    leaks = [leak for counts in PAGES.values() for leak in find_leaks(counts)]

    assert "milia: 3" in leaks
    assert "darkening seen at another time: 3" in leaks


def test_enough_is_shown() -> None:
    """Large numbers stay where they are, and a rare harm is said in words."""
    frame = release(make_page(count_cells(_=40, w=20, f1=10, f2=9, m=2, p=12)), ORIGIN).frame
    patients = frame[frame["population"] == "patients asked"].set_index("term")

    assert patients.loc["acne_flare", "count"] == 19
    assert patients.loc["pih", "count"] == 12
    assert patients.loc["milia", "shown_as"] == "1 to 4 of 93"


numbers = st.lists(st.integers(0, 12), min_size=len(CELLS), max_size=len(CELLS))
sparse = st.lists(
    st.one_of(st.just(0), st.just(0), st.integers(0, 9)),
    min_size=len(CELLS),
    max_size=len(CELLS),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(counts=st.one_of(numbers, sparse))
@example(counts=[0, 30, *([0] * 30), 3])
def test_no_small_group_of_any_page(counts: list[int]) -> None:
    """Whatever the patients have."""
    assert find_leaks(np.array(counts, dtype=float)) == []
