"""Split faces: which half was treated with what, and whose scores are whose."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.intake.cohort import Cohort
from forms import list_problems, read_tables, write_source
from logs import load
from test_layouts import CANONICAL
from test_tables import SETTINGS

# A patient is a rule; a row is one half, or all of the face.
LOG = """
patient                      | day | side  | adjunct | concern
one row, one half            | 0   | left  | PRP     | acne scars
one row, both                | 0   | both  | PRP     | acne scars
one row, no side             | 0   |       | PRP     | acne scars
nothing put on               | 0   | left  |         | acne scars
nothing put on               | 0   | right |         | acne scars
on the right only            | 0   | left  |         | acne scars
on the right only            | 0   | right | PRP     | acne scars
on both, row by row          | 0   | left  | PRP     | acne scars
on both, row by row          | 0   | right | PRP     | acne scars
one row of the whole face    | 0   | left  |         | acne scars
one row of the whole face    | 0   | both  | PRP     | acne scars
a row without a side         | 0   | left  |         | acne scars
a row without a side         | 0   |       | PRP     | acne scars
another on each half         | 0   | left  | PRP     | acne scars
another on each half         | 0   | right | vitamin | acne scars
two rows, no half            | 0   | both  | PRP     | acne scars
two rows, no half            | 0   | both  |         | fine lines
"""
ADJUNCT_SIDES = {
    "one row, one half": "left",
    "one row, both": None,
    "one row, no side": None,
    "nothing put on": None,
    "on the right only": "right",
    "on both, row by row": "both",
    "one row of the whole face": "both",
    "a row without a side": None,
    "another on each half": None,
    "two rows, no half": None,
}


def find_sides(cohort: Cohort, table: str, column: str) -> dict[str, str | None]:
    """Return patient → what the column says."""
    found = pd.read_parquet(cohort.folder / f"{table}.parquet")
    found = found.sort_values(table.removesuffix("s")).drop_duplicates("patient")
    names = found["patient"].str.removeprefix("clinic/")
    return {
        name: None if pd.isna(side) else side
        for name, side in zip(names, found[column], strict=True)
    }


def test_half_on_which_the_adjunct_was_put(tmp_path: Path) -> None:
    """Where the rows of a session tell the halves apart, and only there."""
    cohort = load(tmp_path, LOG)

    assert find_sides(cohort, "sessions", "adjunct_side") == ADJUNCT_SIDES


# Sessions are "day side adjunct"; then the half of the course, and that of its adjunct.
COURSES = {
    "left in all": ("0 left . / 30 left .", "left", None),
    "both in all": ("0 both . / 30 both .", "both", None),
    "one half, then the other": ("0 left . / 30 right .", "both", None),
    "one half, then both": ("0 left . / 30 both .", "both", None),
    "one session does not tell": ("0 left . / 30 . .", None, None),
    "none tells": ("0 . PRP / 30 . PRP", None, None),
    "adjunct on one half in all": ("0 left PRP / 30 left PRP", "left", "left"),
    "adjunct in one session only": ("0 left PRP / 30 left .", "left", "left"),
    "adjunct on one half, then the other": ("0 left PRP / 30 right PRP", "both", None),
    "adjunct on a half, then untold": ("0 left PRP / 30 both PRP", "both", None),
    "halves row by row": ("0 left . / 0 right PRP / 30 left . / 30 right PRP", "both", "right"),
    "two courses": ("0 left PRP / 300 right PRP", "left", "left"),
}


def test_half_of_a_course(tmp_path: Path) -> None:
    """What all sessions say is the course's; a session that does not tell leaves it unknown."""
    rows = ["patient | day | side | adjunct | concern"]
    for name, (sessions, _side, _adjunct) in COURSES.items():
        for session in sessions.split(" / "):
            day, side, adjunct = ("" if cell == "." else cell for cell in session.split())
            rows.append(f"{name} | {day} | {side} | {adjunct} | acne scars")

    cohort = load(tmp_path, "\n".join(rows))

    expected = {name: side for name, (_, side, _adjunct) in COURSES.items()}
    assert find_sides(cohort, "courses", "side") == expected
    expected = {name: adjunct for name, (_, _side, adjunct) in COURSES.items()}
    assert find_sides(cohort, "courses", "adjunct_side") == expected
    again = cohort.courses[cohort.courses["patient"] == "clinic/two courses"]
    assert again[["side", "adjunct_side"]].to_numpy().tolist() == [["left"] * 2, ["right"] * 2]


def test_concerns_have_sides_of_their_own(tmp_path: Path) -> None:
    """What was needled for one concern says nothing of another one."""
    log = """
    patient | day | side  | concern
    a       | 0   | left  | acne scars
    a       | 0   | right | fine lines
    a       | 30  | left  | acne scars
    a       | 30  |       | wrinkles
    """
    courses = load(tmp_path, log).courses

    sides = dict(zip(courses["concern"], courses["side"].fillna("-"), strict=True))
    assert sides == {"acne_scars": "left", "fine_lines": "right", "wrinkles": "-"}


# Rows are "day side before after"; scores after are of day 90. Then baseline and follow-up.
SCORED = {
    # both halves needled: as before, the worse of a day on a graded scale
    "both halves needled": ("0 left 2 1 / 0 right 3 3", 3, 3),
    # one half needled: the other half was not, and is not its score
    "left needled": ("0 left 2 1 / 0 laser-right 4 4", 2, 1),
    "left needled, half without a score": ("0 left . . / 0 laser-right 4 4", None, None),
    "a score without a side counts": ("0 left 2 . / 0 laser- . 1", 2, 1),
    "a score of both counts": ("0 left 2 . / 0 laser-both . 1", 2, 1),
    "the worse of its own": ("0 left 2 1 / 0 laser- 3 2", 3, 2),
    "no side at all": ("0 . 2 1", 2, 1),
}


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the patients above, and of one with a course for each half."""
    rows = ["patient | day | modality | side | concern | scale | before | after | reviewed"]
    for name, (visits, _before, _after) in SCORED.items():
        for visit in visits.split(" / "):
            day, side, *scores = ("" if cell == "." else cell for cell in visit.split())
            modality, _dash, side = side.rpartition("-")
            scores = " | ".join([*scores, "90" if scores[1] else ""])
            rows.append(f"{name} | {day} | {modality} | {side} | acne scars | gb | {scores}")
    for day, side, before, after in (
        *((0, "left", 4, ""), (0, "laser-right", 3, ""), (30, "left", 2, 1)),
        *((30, "laser-right", 4, 4),),
    ):
        modality, _dash, side = side.rpartition("-")
        reviewed = "120" if after else ""
        cells = [modality, side, "acne scars", "gb", before, after, reviewed]
        rows.append(" | ".join(map(str, ["two visits", day, *cells])))
    more = "[answers]\ndefault_modality = 'microneedling'"
    return load(tmp_path_factory.mktemp("halves"), "\n".join(rows), more=more)


@pytest.mark.parametrize("name", SCORED)
def test_a_course_of_one_half_takes_no_score_of_the_other(scored: Cohort, name: str) -> None:
    """A half that was not needled is not the result of needling."""
    _visits, before, after = SCORED[name]
    scores = scored.courses.merge(scored.course_scores, on="course", how="left")
    found = scores[scores["patient"] == f"clinic/{name}"]

    assert [None if pd.isna(each) else each for each in found["baseline"]] == [before]
    assert [None if pd.isna(each) else each for each in found["follow_up"]] == [after]


def test_scores_before_a_session_are_those_of_the_half(scored: Cohort) -> None:
    """The visits of a course have the same rule as its ends."""
    visits = scored.find_visit_scores("acne_scars", "gb_qual")

    of_two = visits[visits["patient"] == "clinic/two visits"]
    assert of_two[["visit", "score"]].to_numpy().tolist() == [[0, 4], [1, 2], [2, 1]]


# --- canonical tables ---------------------------------------------------------------------------


def add_side(sides: list[str]) -> dict[str, str]:
    """Return canonical tables whose sessions have the column, with these cells."""
    head, *rows = CANONICAL["sessions.csv"].strip().splitlines()
    named = [f"{head.strip()},adjunct_side"]
    named += [f"{row.strip()},{side}" for row, side in zip(rows, sides, strict=True)]
    return {**CANONICAL, "sessions.csv": "\n".join(named)}


def test_tables_written_before_the_column_are_read(tmp_path: Path) -> None:
    """Where it is not there, nothing is known of it."""
    project = write_source(tmp_path, SETTINGS, CANONICAL)

    assert "adjunct_side" not in CANONICAL["sessions.csv"]
    assert list_problems(project) == []
    tables = read_tables(project)
    assert len(tables["sessions"]) == 4
    assert not any("adjunct_side" in each for each in tables["sessions"])


def test_column_is_read_and_checked(tmp_path: Path) -> None:
    """As any other column of a canonical table, wherever it stands."""
    project = write_source(tmp_path, SETTINGS, add_side(["left", "", "L", "both"]))

    problems = [each for each in list_problems(project) if each.startswith("sessions")]
    assert problems == ["sessions.csv 4 adjunct_side not_canonical, row set aside"]
    sides = [each.get("adjunct_side") for each in read_tables(project)["sessions"]]
    assert sides == ["left", None, "both"]
