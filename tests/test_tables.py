"""Canonical tables: nothing is parsed for mess, and no row that breaks the schema gets in."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import SourceError
from analysis.intake.engine import open_engine
from analysis.intake.schema import COLUMNS
from analysis.intake.sources import CANONICAL as NAMES
from analysis.intake.sources import check_tables, read_log, read_source
from forms import list_problems, load, read_tables, write_source
from test_layouts import CANONICAL

SETTINGS = f"""
    scales = {{gais = "one_is_best"}}
    files = {[*CANONICAL]}
    format = {{kind = "tables"}}
"""


def write(folder: Path, **changes: tuple[str, str]) -> Path:
    """Write the tables with one text replaced in each named table."""
    files = dict(CANONICAL)
    for name, (old, new) in changes.items():
        assert old in files[f"{name}.csv"]
        files[f"{name}.csv"] = files[f"{name}.csv"].replace(old, new, 1)
    return write_source(folder, SETTINGS, files)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables as they are, which nothing changes; what is loaded of them is kept there."""
    return write(tmp_path_factory.mktemp("whole"))


def check(project: Path) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables as they are taken over, and the problems."""
    source = read_source(project, "clinic")
    vocabulary = source.read_vocabulary()
    with open_engine() as engine:
        log = read_log(engine, source)
        return check_tables(log, source, vocabulary, date(2026, 6, 30))


def test_tables_have_the_columns_of_the_schema() -> None:
    """The names of the files are those of the tables below the cohort, derived ones left out."""
    assert [*NAMES] == [name for name in COLUMNS if name in NAMES]
    assert {*COLUMNS} - {*NAMES} == {"courses", "course_scores", "problems"}


def test_ids_are_made_unique_across_clinics(whole: Path) -> None:
    """Patients get the source's name in front, sessions their own key, whatever the file has."""
    found = read_tables(whole)

    assert [each["patient"] for each in found["patients"]] == ["clinic/A1", "clinic/B2"]
    assert {each["session"] for each in found["targets"]} == {
        each["session"] for each in found["sessions"]
    }
    assert found["sessions"][0]["session"] == "clinic/A1 | 2024-01-03 | microneedling | clinic"


BROKEN = [
    # table, old text, new text, problem of that line
    ("patients", "A1,female", "A1,F", "patients.csv 2 sex not_canonical"),
    ("patients", ",33,", ",33.5,", "patients.csv 2 age not_canonical"),
    ("patients", ",33,", ",133,", "patients.csv 2 age not_canonical"),
    ("patients", "B2,male", "A1,male", "patients.csv 3 patient not_canonical"),  # twice
    ("patients", "B2,male", ",male", "patients.csv 3 patient not_canonical"),
    ("sessions", "2024-04-05", "05.04.2024", "sessions.csv 5 date not_canonical"),
    ("sessions", "2024-04-05", "2024-02-30", "sessions.csv 5 date not_canonical"),
    ("sessions", "2024-04-05", "2027-04-05", "sessions.csv 5 date date_in_the_future"),
    ("sessions", "home,", "Home,", "sessions.csv 5 setting not_canonical"),
    ("sessions", ",0.3,0.3,", ',"0,3",0.3,', "sessions.csv 5 needle_shortest not_canonical"),
    ("sessions", "4,B2", "4,C3", "sessions.csv 5 patient unknown_patient"),
    ("targets", "4,wrinkles", "4,wrinkle", "targets.csv 6 concern unknown_concern"),
    ("targets", "4,wrinkles", "5,wrinkles", "targets.csv 6 session unknown_session"),
    ("targets", "1,acne_scars,true", "1,acne_scars,yes", "targets.csv 2 is_primary not_canonical"),
    ("assessments", "lemperle", "Lemperle", "assessments.csv 6 scale unknown_scale"),
    ("assessments", ",,4,", ",,9,", "assessments.csv 6 score score_outside_scale"),
    ("assessments", "B2,wrinkles", "A1,wrinkles", "assessments.csv 6 patient unknown_patient"),
    ("side_effects", ",pih,pih,", ",PIH,pih,", "side_effects.csv 3 term unknown_side_effect"),
    ("side_effects", ",pih,2,", ",pih,7,", "side_effects.csv 3 severity not_canonical"),
    ("screening", "diabetes,true", "sugar,true", "screening.csv 4 contraindication unknown_contra"),
    ("recorded", "3,B2,*", "3,B2", "recorded.csv 4 wrong_number_of_cells"),
]


@pytest.mark.parametrize(("table", "old", "new", "problem"), BROKEN)
def test_row_that_breaks_the_schema_is_set_aside(
    tmp_path: Path, table: str, old: str, new: str, problem: str
) -> None:
    """Nothing is repaired: the row is left out, listed, and counted."""
    tables, problems = check(write(tmp_path, **{table: (old, new)}))

    listed = [" ".join(map(str, row)) for row in problems.fillna("").to_numpy()]
    listed = [re.sub(" +", " ", each) for each in listed]
    assert [each for each in listed if each.startswith(problem)]
    assert all("row set aside" in each for each in listed)
    assert sum(map(len, tables.values())) == 24 - len(listed)


def test_rows_of_a_session_that_is_set_aside_go_with_it(tmp_path: Path) -> None:
    """Without its session a target, a score or a side effect belongs to nobody."""
    project = write(tmp_path, sessions=("2,A1,2024-02-07", "2,A1,07.02.2024"))

    assert list_problems(project) == [
        "assessments.csv 4 session unknown_session, row set aside",
        "assessments.csv 5 session unknown_session, row set aside",
        "recorded.csv 3 session unknown_session, row set aside",
        "screening.csv 3 session unknown_session, row set aside",
        "sessions.csv 3 date not_canonical, row set aside",
        "side_effects.csv 3 session unknown_session, row set aside",
        "targets.csv 3 session unknown_session, row set aside",
    ]


def test_two_sessions_of_one_kind_on_one_day(tmp_path: Path) -> None:
    """One patient's day, modality and setting are one session; the second is set aside."""
    project = write(tmp_path, sessions=("2,A1,2024-02-07", "2,A1,2024-01-03"))

    assert "sessions.csv 3 duplicate_row, row set aside" in list_problems(project)


def test_reaction_that_lasted_too_long(tmp_path: Path) -> None:
    """What an expected reaction becomes is a term too, although it has no block of its own."""
    project = write(tmp_path, side_effects=(",pih,pih,", ",prolonged_oedema,oedema,"))

    assert read_tables(project)["side_effects"][1]["term"] == "prolonged_oedema"
    assert list_problems(project) == []


def test_scale_whose_order_is_not_declared(tmp_path: Path) -> None:
    """Two is good in one order of GAIS and bad in the other."""
    project = write_source(
        tmp_path,
        SETTINGS.replace("gais = ", "iga = ").replace("one_is_best", "zero_to_four"),
        CANONICAL,
    )

    assert list_problems(project) == ["assessments.csv 5 scale unknown_scale, row set aside"]


SLIPS = [
    (", 'screening.csv'", "", ["missing: screening.csv"]),
    ("'screening.csv'", "'screening.csv', 'courses.csv'", ["unknown: courses"]),
]


@pytest.mark.parametrize(("old", "new", "parts"), SLIPS)
def test_all_tables_are_needed(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    """A table that is not there is not taken for an empty one."""
    assert old in SETTINGS
    project = write_source(tmp_path, SETTINGS.replace(old, new), CANONICAL)

    with pytest.raises(SourceError) as refused:
        load(project)

    assert [part for part in parts if part not in str(refused.value)] == []


def test_table_that_is_not_in_the_folder(tmp_path: Path) -> None:
    """The file is named."""
    project = write(tmp_path)
    (project / "data/clinic/recorded.csv").unlink()

    with pytest.raises(SourceError, match=r"'recorded\.csv' cannot be read"):
        load(project)


@pytest.mark.parametrize(
    ("old", "new"), [("patient,term", "patient,Term"), ("patient,term", "patient")]
)
def test_table_with_other_columns(tmp_path: Path, old: str, new: str) -> None:
    """Both lists are given: what is there, and what is expected."""
    with pytest.raises(SourceError) as refused:
        load(write(tmp_path, recorded=(old, new)))

    assert "'recorded.csv' of 'clinic' has not the columns of its table" in str(refused.value)
    assert "Expected: 'session', 'patient', 'term'" in str(refused.value)


def test_ids_that_look_alike_are_noted(whole: Path, tmp_path: Path) -> None:
    """An id in letters of elsewhere counts as it is written, and is noted; its row is used."""
    more = "B2,male,,2,false\n        \u04101,female,,,false"  # a Cyrillic letter
    before = load(whole).account
    project = write(tmp_path, patients=("B2,male,,2,false", more))

    after = load(project).account

    assert list_problems(project) == ["patients.csv 4 patient look_alike_id, noted"]
    assert (after.used, after.set_aside) == (before.used + 1, before.set_aside)
