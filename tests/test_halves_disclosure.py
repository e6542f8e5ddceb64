"""Split faces on a shared page: somebody adds up all that is shown, and is left with a choice.

As in ``test_outcome_disclosure``, the attacker shares no code with disclosure control: he thinks of
patients, and knows that who responded on one half only did better on it.
"""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.estimates import make_estimates
from analysis.show.disclosure import release
from test_disclosure import ORIGIN, share
from test_outcome_disclosure import find_range

ABOUT = {"concern": "acne_scars", "scale": "gb_qual"}
CONTRASTS = ("microneedling with PRP | microneedling", "microneedling | laser")
LEFT_OUT = "treated alike"
Cell = tuple[str, bool, bool, bool, int]
"""Contrast (or none), could respond on both, responded on the first and on the other half, and the
half that did better: 1 the first, -1 the other, 0 neither."""


def is_possible(could: bool, first: bool, other: bool, better: int) -> bool:
    """Return whether somebody can be so."""
    if not could:
        return not (first or other)
    return better == 1 if first > other else better == -1 if other > first else True


CELLS: list[Cell] = [
    ("", True, False, False, 0),  # seen again, without the scores of both halves
    (LEFT_OUT, True, False, False, 0),
    *(
        (contrast, *rest)
        for contrast in CONTRASTS
        for rest in product((True, False), (True, False), (True, False), (1, 0, -1))
        if is_possible(*rest)
    ),
]
Belongs = Callable[[Cell], bool]
Line = tuple[dict[str, Any], Belongs, Belongs]


def list_lines() -> list[Line]:
    """What a page shows of halves: what a row is about, its numerator and its denominator."""
    lines: list[Line] = [
        (
            {"statistic": "rater", "by": "rater", "level": "blinded", "population": "seen again"},
            lambda _cell: True,
            lambda _cell: True,
        )
    ]
    done = {"statistic": "halves", "by": "what was done", "population": "both halves scored"}
    lines += [
        (
            done | {"level": level, "method": "count"},
            lambda cell, level=level: cell[0] == level,
            lambda cell: cell[0] != "",
        )
        for level in (*CONTRASTS, LEFT_OUT)
    ]
    for contrast in CONTRASTS:
        lines += list_lines_of(contrast)
    return lines


def list_lines_of(contrast: str) -> list[Line]:
    """The rows of one contrast."""

    def is_pair(cell: Cell) -> bool:
        return cell[0] == contrast

    def could(cell: Cell) -> bool:
        return is_pair(cell) and cell[1]

    pairs = {"by": "halves", "level": contrast, "population": "pairs of halves"}
    lines: list[Line] = [
        (
            pairs | {"statistic": "half that did better", "by2": "half", "level2": half},
            lambda cell, better=better: is_pair(cell) and cell[4] == better,
            is_pair,
        )
        for half, better in (("first half", 1), ("neither half", 0), ("other half", -1))
    ]
    pairs |= {"population": "pairs of halves that could respond"}
    lines += [
        (
            pairs | {"statistic": "responders of a half", "by2": "half", "level2": half},
            lambda cell, place=place: could(cell) and cell[place],
            could,
        )
        for half, place in (("first half", 2), ("other half", 3))
    ]
    which = {
        "both halves": (True, True),
        "first half only": (True, False),
        "other half only": (False, True),
        "neither half": (False, False),
    }
    pairs |= {"method": "count"}
    lines += [
        (
            pairs | {"statistic": "halves that responded", "by2": "which", "level2": level},
            lambda cell, who=who: could(cell) and cell[2:4] == who,
            could,
        )
        for level, who in which.items()
    ]
    difference = {"statistic": "difference in responders between halves"}
    lines.append(
        (
            pairs | difference | {"method": "newcombe_paired"},
            lambda cell: could(cell) and cell[2] != cell[3],
            could,
        )
    )
    return lines


LINES = list_lines()


SECRETS: dict[str, Belongs] = {
    "seen again, not both halves scored": lambda cell: cell[0] == "",
    **{
        f"{contrast}: could not respond": lambda cell, contrast=contrast: (
            cell[0] == contrast and not cell[1]
        )
        for contrast in CONTRASTS
    },
    **{
        f"{contrast}: better on the first, and not responding on it alone": (
            lambda cell, contrast=contrast: (
                cell[0] == contrast and cell[4] == 1 and not cell[2] > cell[3]
            )
        )
        for contrast in CONTRASTS
    },
}


def is_cell(about: dict[str, Any], contrast: str) -> bool:
    """Return whether a row is one of the four cells of a contrast."""
    return about["statistic"] == "halves that responded" and about["level"] == contrast


def pick(group: Belongs) -> np.ndarray:
    """Return which cells belong to a group."""
    return np.array([float(group(cell)) for cell in CELLS])


def make_page(counts: np.ndarray) -> pd.DataFrame:
    """Return the rows of these patients."""
    rows = []
    for about, numerator, denominator in LINES:
        count, total = (int(pick(group) @ counts) for group in (numerator, denominator))
        rows.append(share(count, total, **ABOUT) | about)
    return make_estimates(rows)


def find_leaks(counts: np.ndarray) -> list[str]:
    """Return the small groups that somebody can work out of the released page."""
    frame = release(make_page(counts), ORIGIN).frame
    clues: list[tuple[np.ndarray, float, float]] = []
    wanted: dict[str, np.ndarray] = {}
    for row, (about, numerator, denominator) in zip(frame.to_dict("records"), LINES, strict=True):
        name = " ".join(str(each) for each in about.values())
        count, total = pick(numerator), pick(denominator)
        wanted |= {f"{name}: count": count, f"{name}: rest": total - count}
        if not pd.isna(row["total"]):
            clues.append((total, row["total"], row["total"]))
        if not pd.isna(row["count"]):
            clues.append((count, row["count"], row["count"]))
        elif found := re.match(r"(\d+) to (\d+)", row["shown_as"]):
            clues.append((count, float(found[1]), float(found[2])))
        if row["method"] == "newcombe_paired" and not pd.isna(row["low"]):
            # whoever knows how the interval is computed finds the four numbers behind it
            cells = (pick(group) for each, group, _ in LINES if is_cell(each, row["level"]))
            clues += [(cell, cell @ counts, cell @ counts) for cell in cells]
    wanted |= {name: pick(group) for name, group in SECRETS.items()}
    leaks = []
    for name, cells in wanted.items():
        true = int(cells @ counts)
        if 0 < true < 5 and clues and find_range(clues, cells) == (true, true):
            leaks.append(f"{name}: {true}")
    return leaks


def count_cells(numbers: dict[Cell, int]) -> np.ndarray:
    """Return how many patients are in each cell."""
    return np.array([numbers.get(cell, 0) for cell in CELLS])


PRP, LASER = CONTRASTS
NOT_SPLIT, ALIKE = CELLS[:2]
WELL_FILLED = {
    NOT_SPLIT: 40,
    ALIKE: 12,
    (PRP, True, True, True, 0): 20,
    (PRP, True, True, False, 1): 14,
    (PRP, True, False, True, -1): 9,
    (PRP, True, False, False, 0): 11,
    (LASER, True, True, True, 0): 15,
    (LASER, True, True, False, 1): 8,
    (LASER, True, False, True, -1): 7,
    (LASER, True, False, False, 0): 9,
}
PAGES: dict[str, dict[Cell, int]] = {
    "nothing small": {},
    "three on the first half alone": {(PRP, True, True, False, 1): 3},
    "nobody on the first half alone": {(PRP, True, True, False, 1): 0},
    "two who could not respond": {(PRP, False, False, False, 0): 2},
    "four treated alike": {ALIKE: 4},
    "three of a contrast": {cell: 0 for cell in CELLS if cell[0] == LASER}
    | {(LASER, True, True, False, 1): 3},
    "two who are not split": {NOT_SPLIT: 2},
    "one better than the response says": {(PRP, True, True, True, 1): 1},
    "one pair without a response": {(PRP, True, False, False, 0): 1},
}


@pytest.mark.parametrize("name", PAGES)
def test_no_small_group_comes_out_of_the_halves(name: str) -> None:
    """Pairs, those who could respond, both, one or none: all of it is one sum."""
    assert find_leaks(count_cells(WELL_FILLED | PAGES[name])) == []


def test_pairs_that_are_many_are_shown() -> None:
    """Where no group is small, nothing is hidden."""
    frame = release(make_page(count_cells(WELL_FILLED)), ORIGIN).frame
    assert (frame["status"] == "shown").all()


def test_the_difference_goes_with_the_numbers_behind_it() -> None:
    """Its interval would tell the three that the count of 12 does not."""
    counts = count_cells(WELL_FILLED | {(PRP, True, True, False, 1): 3})
    frame = release(make_page(counts), ORIGIN).frame
    differences = frame[frame["statistic"] == "difference in responders between halves"]
    shown = differences.set_index("level")["value"].notna()
    assert shown.to_dict() == {PRP: False, LASER: True}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(st.just(0), st.integers(0, 6), st.integers(0, 25)),
        min_size=len(CELLS),
        max_size=len(CELLS),
    )
)
def test_no_page_of_halves_tells_a_small_group(numbers: list[int]) -> None:
    """Whoever the patients are."""
    assert find_leaks(np.array(numbers)) == []
