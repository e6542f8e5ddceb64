"""Logs that are not one row per session: patients on one row, and files joined by the patient."""

import shutil
from pathlib import Path

import pytest

from analysis.errors import SourceError
from analysis.intake.clean import Account
from analysis.intake.corrections import write_corrections
from analysis.intake.engine import Engine
from analysis.intake.sources import read_log, read_source
from forms import list_problems, load, read_tables, write_source

WIDE = """
files = ["log.csv"]
[format]
date_order = "year-month-day"
[columns]
patient = "ID"
date = "s{n}_date"
concern = "Concern"
skin_type = "FST"
needle = "s{n}_mm"
side_effects = "s{n}_ae"
score_before = "pre_score"
score_after = "post_score"
score_after_date = "post_date"
[answers]
scale = "gb_qual"
"""
PATIENTS = """
ID,FST,Concern,pre_score,s1_date,s1_mm,s1_ae,s2_date,s2_mm,s2_ae,s3_date,s3_mm,s3_ae,post_score,post_date
A,III,acne scars,4,2024-01-03,1.5,red,2024-02-07,1.5,none,,,,2,2024-06-01
B,olive,acne scars,3,2024-01-04,1,none,2024-02-31,1,none,2024-03-07,15,PIH,1,2024-06-02
C,IV,acne scars,3,,,,,,,,,,,
,,,,,,,,,,,,,,
D,V,acne scars,2,,,,,1.5,red,,,,,
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read by several tests; what is loaded of it is kept there."""
    return write_source(tmp_path_factory.mktemp("wide"), WIDE, {"log.csv": PATIENTS})


def test_sessions_that_stand_side_by_side(wide: Path) -> None:
    """Each numbered day is a session with the numbered cells beside it; a blank one is none."""
    found = read_tables(wide)

    assert [
        (each["patient"], each["date"], each.get("needle_longest"), each["recorded"])
        for each in found["sessions"]
    ] == [
        ("clinic/A", "2024-01-03", 1.5, "event"),
        ("clinic/A", "2024-02-07", 1.5, "none"),
        ("clinic/B", "2024-01-04", 1.0, "none"),
        ("clinic/B", "2024-03-07", None, "event"),
    ]
    assert [(each["session"], each["term"]) for each in found["side_effects"]] == [
        ("clinic/A | 2024-01-03 | microneedling | clinic", "erythema"),
        ("clinic/B | 2024-03-07 | microneedling | clinic", "pih"),
    ]
    assert [(each["patient"], each.get("skin_type")) for each in found["patients"]] == [
        ("clinic/A", 3),
        ("clinic/B", None),
    ]


def test_score_before_is_of_the_first_session_and_after_of_the_last(wide: Path) -> None:
    """The score after has its own day and stands with the last session."""
    found = read_tables(wide)["assessments"]

    assert [(each["session"][:21], each["date"], each["score"]) for each in found] == [
        ("clinic/A | 2024-01-03", "2024-01-03", 4.0),
        ("clinic/A | 2024-02-07", "2024-06-01", 2.0),
        ("clinic/B | 2024-01-04", "2024-01-04", 3.0),
        ("clinic/B | 2024-03-07", "2024-06-02", 1.0),
    ]


def test_rows_are_counted_as_they_are_written(wide: Path) -> None:
    """A row with one good session is used; what was wrong in it is listed once, in its column."""
    assert load(wide).account == Account(read=5, used=2, set_aside=2, not_data=1)
    assert list_problems(wide) == [
        "log.csv 3 FST unknown_skin_type, cell blanked",
        "log.csv 3 s2_date impossible_date, cell blanked",
        "log.csv 3 s3_mm ambiguous_needle, cell blanked",
        "log.csv 4 s1_date missing_date, row set aside",
        "log.csv 6 s2_date missing_date, row set aside",
    ]


def test_correction_of_a_numbered_cell(engine: Engine, wide: Path, tmp_path: Path) -> None:
    """The numbered column as it is written is where a correction goes."""
    project = shutil.copytree(wide, tmp_path / "project")
    source = read_source(project, "clinic")
    path = write_corrections(source, read_log(engine, source), load(project).problems)
    text = path.read_text(encoding="utf-8")
    lines = [line + "2024-02-08" if "2024-02-31" in line else line for line in text.splitlines()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    days = [each["date"] for each in read_tables(project)["sessions"]]

    assert days == ["2024-01-03", "2024-02-07", "2024-01-04", "2024-02-08", "2024-03-07"]


def test_number_without_a_numbered_day(tmp_path: Path) -> None:
    """Which session a numbered cell is of, its day must say."""
    settings = WIDE.replace("s{n}_date", "s1_date")
    project = write_source(tmp_path, settings, {"log.csv": PATIENTS})

    with pytest.raises(SourceError, match=r"'s\{n\}_mm'.* the date column must have it too"):
        load(project)


def test_no_such_numbered_column(tmp_path: Path) -> None:
    """The columns that are there are listed."""
    settings = WIDE.replace("s{n}_mm", "visit {n} depth")
    project = write_source(tmp_path, settings, {"log.csv": PATIENTS})

    with pytest.raises(SourceError, match=r"has no column 'visit \{n\} depth'"):
        load(project)


# --- files that are joined by the patient ---------------------------------------------------

JOINED = """
[[layouts]]
files = ["patients.csv"]
rows = "patients"
format = {date_order = "year-month-day"}
[layouts.columns]
patient = "ID"
sex = "Sex"
birth_date = "Born"
skin_type = "FST"
[[layouts]]
files = ["visits.csv"]
format = {date_order = "year-month-day"}
[layouts.columns]
patient = "Client"
date = "Day"
concern = "For"
side_effects = "Harm"
[[layouts]]
files = ["scores.csv"]
rows = "scores"
format = {date_order = "year-month-day"}
[layouts.columns]
patient = "ID"
date = "Scored on"
scale = "Scale"
score_before = "Score"
rater = "By"
"""
FILES = {
    "patients.csv": """
        ID,Sex,Born,FST
        p-1,f,1990-05-01,IV
        P-2,m,1980-02-29,olive
        P-9,f,1970-05-01,II
    """,
    "visits.csv": """
        Client,Day,For,Harm
        P-1,2024-04-30,acne scars,red
        P-1,2024-06-10,melasma,none
        P-2,2024-02-28,fine lines,none
        P-3,2024-02-28,fine lines,none
    """,
    "scores.csv": """
        ID,Scored on,Scale,Score,By
        P-1,2024-04-29,gb,3,blinded
        P-1,2024-07-01,gb,2,blinded
        P-1,2024-07-01,mmasi,9,
        P-1,2024-07-01,wsrs,2,
        P-8,2024-07-01,gb,2,
        P-2,2024-13-01,gb,2,
    """,
}


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read by several tests; what is loaded of it is kept there."""
    return write_source(tmp_path_factory.mktemp("joined"), JOINED, FILES)


def test_what_is_known_of_a_patient_reaches_the_sessions(joined: Path) -> None:
    """Age is that at the first session, the day before a birthday included."""
    found = read_tables(joined)["patients"]

    assert [(each["patient"], each.get("sex"), each.get("age")) for each in found] == [
        ("clinic/P-1", "female", 33),
        ("clinic/P-2", "male", 43),
        ("clinic/P-3", None, None),
    ]
    assert [each.get("skin_type") for each in found] == [4, None, None]


def test_score_stands_with_the_nearest_session_its_scale_fits(joined: Path) -> None:
    """A score before the first session stands with it; a later one with the last that treated what
    the scale scores."""
    found = read_tables(joined)["assessments"]

    assert [
        (each["scale"], each["date"], each["concern"], each["session"][:23], each["rater"])
        for each in found
    ] == [
        ("gb_qual", "2024-04-29", "acne_scars", "clinic/P-1 | 2024-04-30", "blinded"),
        ("gb_qual", "2024-07-01", "acne_scars", "clinic/P-1 | 2024-04-30", "blinded"),
        ("mmasi", "2024-07-01", "pigmentation", "clinic/P-1 | 2024-06-10", "investigator"),
    ]


def test_every_row_of_every_file_is_accounted_for(joined: Path) -> None:
    """Rows of patients and of scores are read, used and listed like any other."""
    assert load(joined).account == Account(read=13, used=12, set_aside=1, not_data=0)
    assert list_problems(joined) == [
        "patients.csv 2 ID patient_id_tidied, repaired",
        "patients.csv 3 FST unknown_skin_type, cell blanked",
        "patients.csv 4 ID patient_without_session, noted",
        "scores.csv 5 Score scale_does_not_fit, cell blanked",
        "scores.csv 6 Score score_without_session, cell blanked",
        "scores.csv 7 Scored on impossible_date, row set aside",
    ]


BEFORE_AND_AFTER = """
files = ["log.csv"]
[format]
date_order = "year-month-day"
[columns]
patient = "ID"
date = "Day"
concern = "For"
score_before = "Before"
score_after = "After"
score_after_date = "Seen"
[answers]
scale = "gb_qual"
"""


def test_before_and_after_in_one_row(tmp_path: Path) -> None:
    """Two scores of one row, each on its day."""
    rows = "ID,Day,For,Before,After,Seen\na,2024-01-01,acne scars,4,2,2024-05-01\n"
    project = write_source(tmp_path, BEFORE_AND_AFTER, {"log.csv": rows})

    found = read_tables(project)["assessments"]

    assert [(each["date"], each["score"]) for each in found] == [
        ("2024-01-01", 4.0),
        ("2024-05-01", 2.0),
    ]
