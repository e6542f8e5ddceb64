"""The cohort: built once per state of its inputs, and narrowed by what is asked for."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import SourceError, UsageError
from analysis.intake.cohort import (
    Cohort,
    Selection,
    find_as_of,
    hash_data,
    keeping,
    load_cohort,
    loading,
    parse_period,
    parse_span,
)
from analysis.intake.engine import connect, open_engine
from analysis.intake.sources import read_source
from logs import to_csv, to_day, write_project

LOG = """
patient | day | concern    | clinic | operator | device | skin | needle | harm
a       | 0   | acne scars | north  | D1       | pen    | II   | 0.5    | none
a       | 40  | acne scars | north  | D1       | pen    | II   | 1.0    | redness
a       | 80  | fine lines | south  | N1       | pen    | II   | 0.5    | none
b       | 10  | acne scars | south  | D1       | roller | IV-V | 1.5    | PIH
c       | 200 | acne scars |        | N1       | pen    |      |        | none
"""
SECOND = """
import sys
from pathlib import Path
from analysis.intake.cohort import load_cohort
cohort = load_cohort("clinic", project=Path(sys.argv[1]))
print(cohort.origin.data_hash, cohort.folder.name, cohort.account.used, len(cohort.patients))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose cohort two processes have built at the same time."""
    root = write_project(tmp_path_factory.mktemp("cohort"), LOG)
    command = [sys.executable, "-c", SECOND, str(root)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120) for process in both]

    assert [process.returncode for process in both] == [0, 0], told
    assert told[0][0] == told[1][0]
    return root


@pytest.fixture
def no_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if anything is built."""

    def refuse(*_: object) -> None:
        raise AssertionError("the cohort was built again")

    monkeypatch.setattr(loading, "build_tables", refuse)


# --- the cache --------------------------------------------------------------------------------


def test_two_builders_leave_one_good_folder(project: Path) -> None:
    """Both finish, nothing half-written stays, and only the owner can look inside."""
    kept = [*(project / ".cache" / "clinic").iterdir()]

    assert len(kept) == 1
    assert (kept[0] / "account.json").exists()
    for folder in (project / ".cache", project / ".cache" / "clinic"):
        assert oct(folder.stat().st_mode)[-3:] == "700"


def test_second_load_reads_what_is_kept(project: Path, no_builder: None) -> None:
    """The same inputs are not worked through twice, whatever part of them is asked about."""
    whole = load_cohort("clinic", project=project)
    part = load_cohort("clinic", project=project, clinic=["north"], period="2024")

    assert whole.account == part.account
    assert whole.origin.data_hash == part.origin.data_hash
    assert (len(whole.patients), len(part.patients)) == (3, 1)
    assert part.origin.selection == "period 2024; clinic north"


DAMAGE = {
    "nothing": (lambda folder: None, True),
    "a table is gone": (lambda folder: (folder / "targets.parquet").unlink(), False),
    "a table is cut": (lambda folder: (folder / "targets.parquet").write_bytes(b"PAR1"), False),
    "the account is cut": (lambda folder: (folder / "account.json").write_text('{"ro'), False),
    "the account is of another kind": (
        lambda folder: (folder / "account.json").write_text("[]"),
        False,
    ),
    "everything is gone": (shutil.rmtree, False),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_cache_is_not_trusted(project: Path, tmp_path: Path, name: str) -> None:
    """A folder that is not whole is built again, not read."""
    damage, is_whole = DAMAGE[name]
    folder = tmp_path / "kept"
    shutil.copytree(narrow(project).folder, folder)

    damage(folder)

    assert (keeping.read_kept(folder) is not None) == is_whole


def append(name: str, text: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        with (home / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return change


CORRECTIONS = "file,sheet,line,column,found,rule,suggestion,correction\n"
CORRECTED = CORRECTIONS + "log.csv,,2,skin,II,,,III\n"
CHANGES = {
    # what is done to the folder, is it another cohort?
    "nothing": (lambda home: None, False),
    "the files are touched": (lambda home: (home / "log.csv").touch(), False),
    "a cell": (append("log.csv", "d,2024-01-01,acne scars,,,,,,\n"), True),
    "a comment in source.toml": (append("source.toml", "# seen\n"), True),
    "an empty list of corrections": (append("corrections.csv", CORRECTIONS), False),
    "a problem nobody has answered": (
        append("corrections.csv", CORRECTIONS + "log.csv,,5,skin,IV-V,skin_type_range,,\n"),
        False,
    ),
    "a correction": (append("corrections.csv", CORRECTED), True),
    "the clinic's vocabulary": (append("vocabulary.toml", "[concerns]\n"), True),
    "a file beside the log": (append("notes.csv", "patient\n"), False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_cache_follows_its_inputs(tmp_path: Path, name: str) -> None:
    """Log, ``source.toml``, corrections and vocabulary make the key, and nothing else does."""
    root = write_project(tmp_path, LOG)
    day = date(2026, 6, 30)
    before = hash_data(read_source(root, "clinic"), day)
    change, is_other = CHANGES[name]

    change(root / "data" / "clinic")

    assert (hash_data(read_source(root, "clinic"), day) != before) == is_other


def test_a_relative_period_is_that_before_the_day_of_the_log(project: Path) -> None:
    """Also where a notebook is run without the command; what is told is the period it is."""
    cohort = load_cohort("clinic", project=project, period="last-quarter")

    assert cohort.selection.period == "2026-Q2"
    assert cohort.origin.selection == "period 2026-Q2"


def test_cache_follows_the_day(tmp_path: Path) -> None:
    """What is in the future depends on the day, so the day is part of the key."""
    source = read_source(write_project(tmp_path, LOG), "clinic")

    assert hash_data(source, date(2026, 6, 30)) == hash_data(source, date(2026, 6, 30))
    assert hash_data(source, date(2026, 6, 30)) != hash_data(source, date(2026, 7, 1))


def test_key_does_not_run_together() -> None:
    """Moving a letter from one input to the next is another key."""
    assert keeping.hash_parts([b"ab", b"c"]) != keeping.hash_parts([b"a", b"bc"])


# --- selection --------------------------------------------------------------------------------

SELECTIONS = [
    # choice, patients, sessions, courses as patient-concern
    ({}, "a b c", 5, "a-acne_scars a-fine_lines b-acne_scars c-acne_scars"),
    ({"clinic": ["north"]}, "a", 2, "a-acne_scars"),
    ({"clinic": ["south"]}, "a b", 2, "a-fine_lines b-acne_scars"),
    ({"clinic": ["north", "south"]}, "a b", 4, "a-acne_scars a-fine_lines b-acne_scars"),
    ({"clinic": ["west"]}, "", 0, ""),
    ({"operator": ["N1"]}, "a c", 2, "a-fine_lines c-acne_scars"),
    ({"device": ["roller"]}, "b", 1, "b-acne_scars"),
    ({"skin_type": ["V"]}, "b", 1, "b-acne_scars"),  # IV-V counts as V
    ({"skin_type": ["II", "V"]}, "a b", 4, "a-acne_scars a-fine_lines b-acne_scars"),
    # both ends in; a course by its longest needle, a session by its own
    ({"needle": "0.5-1.0"}, "a", 3, "a-acne_scars a-fine_lines"),
    ({"needle": "0.5"}, "a", 2, "a-fine_lines"),
    ({"sessions": "2-6"}, "a b c", 5, "a-acne_scars"),  # courses only
    ({"sessions": "1"}, "a b c", 5, "a-fine_lines b-acne_scars c-acne_scars"),
    (
        {"modality": ["microneedling"]},
        "a b c",
        5,
        "a-acne_scars a-fine_lines b-acne_scars c-acne_scars",
    ),
    ({"modality": ["laser"]}, "", 0, ""),
    ({"setting": ["home"]}, "", 0, ""),
    # sessions in the period; courses whose window (180 days after the last session) closes in it
    ({"period": "2024-01"}, "a b", 2, ""),
    ({"period": "2024-02"}, "a", 1, ""),
    ({"period": "2024-07"}, "c", 1, "b-acne_scars"),  # closes on day 190, 9 July
    ({"period": f"{to_day(220)}..{to_day(220)}"}, "", 0, "a-acne_scars"),
    ({"period": f"{to_day(221)}..{to_day(259)}"}, "", 0, ""),
    ({"period": f"{to_day(260)}..{to_day(260)}"}, "", 0, "a-fine_lines"),
    ({"period": "2025", "clinic": ["north"]}, "", 0, ""),
]


def narrow(project: Path, **choice: object) -> Cohort:
    return load_cohort("clinic", project=project, **choice)  # type: ignore[arg-type]


@pytest.mark.parametrize(("choice", "patients", "sessions", "courses"), SELECTIONS)
def test_selection(
    project: Path, choice: dict, patients: str, sessions: int, courses: str, no_builder: None
) -> None:
    """A session counts by what it was, a course by its first session and its longest needle."""
    cohort = narrow(project, **choice)
    together = cohort.exposures[cohort.exposures["concern"] == ""]
    found = cohort.courses.assign(patient=cohort.courses["patient"].str.removeprefix("clinic/"))

    assert cohort.patients["patient"].str.removeprefix("clinic/").tolist() == patients.split()
    assert int(together["sessions"].sum()) == sessions
    assert sorted(found["patient"] + "-" + found["concern"]) == courses.split()


def test_history_before_the_period_builds_the_course(project: Path) -> None:
    """A course that closes in the period keeps the sessions it had before it."""
    day = f"{to_day(220)}..{to_day(220)}"

    course = narrow(project, period=day).courses.iloc[0]

    assert (course["sessions"], str(course["first_date"].date())) == (2, to_day(0))


INTERVALS = [
    # choice, patient-concern: intervals, short ones, median days
    ({}, {"a-": (2, 0, 40), "a-acne_scars": (1, 0, 40)}),
    ({"period": "2024-02"}, {"a-": (1, 0, 40), "a-acne_scars": (1, 0, 40)}),
    ({"clinic": ["south"]}, {"a-": (1, 0, 40)}),
    ({"period": "2024-01"}, {}),
]


@pytest.mark.parametrize(("choice", "expected"), INTERVALS)
def test_interval_belongs_to_the_session_that_ends_it(
    project: Path, choice: dict, expected: dict
) -> None:
    """A choice does not make two sessions neighbours that are none, nor hide the one before."""
    found = narrow(project, **choice).intervals

    assert {
        f"{it.patient.removeprefix('clinic/')}-{it.concern}": (
            it.intervals,
            it.short_intervals,
            it.median_days,
        )
        for it in found.itertuples()
    } == expected


def test_harms_and_exposures_are_those_of_the_choice(project: Path) -> None:
    """Numerator and denominator are narrowed by the same choice."""
    north = narrow(project, clinic=["north"])

    assert north.harms[["patient", "concern", "term", "sessions_with"]].to_numpy().tolist() == [
        ["clinic/a", "", "erythema", 1],
        ["clinic/a", "acne_scars", "erythema", 1],
    ]
    assert north.exposures.to_numpy().tolist() == [
        ["clinic/a", "", 2, 2],
        ["clinic/a", "acne_scars", 2, 2],
    ]


def test_cohort_does_not_hand_out_sessions(project: Path) -> None:
    """Above the cohort there are people: no public name leads to a row of the log."""
    cohort = narrow(project)
    frames = {
        name: getattr(cohort, name)
        for name in dir(cohort)
        if not name.startswith("_") and isinstance(getattr(cohort, name), pd.DataFrame)
    }

    assert "patients" in frames
    for name, frame in frames.items():
        assert "session" not in frame.columns, name
        if name != "problems":
            assert len(frame) == len(frame.drop_duplicates(frame.columns[: min(3, frame.shape[1])]))


def test_patients_are_those_of_the_whole_log(project: Path) -> None:
    """What must not leave the clinic is known whatever is chosen."""
    assert narrow(project, clinic=["north"]).list_patients() == [
        "clinic/a",
        "clinic/b",
        "clinic/c",
    ]


# --- what cannot be read ----------------------------------------------------------------------

PERIODS = {
    "2026": ("2026-01-01", "2026-12-31"),
    "2026-Q1": ("2026-01-01", "2026-03-31"),
    "2026-Q4": ("2026-10-01", "2026-12-31"),
    "2024-02": ("2024-02-01", "2024-02-29"),
    "2026-12": ("2026-12-01", "2026-12-31"),
    "2026-01-05..2026-03-31": ("2026-01-05", "2026-03-31"),
    "2026-01-05..2026-01-05": ("2026-01-05", "2026-01-05"),
}
NOT_PERIODS = ["2026-Q5", "2026-13", "2026-00", "26", "Q1", "last", "٢٠٢٦", "2026-01-01.."]
NOT_PERIODS += ["2026-03-31..2026-01-01", "20260101..20260131", "2026-W01-1..2026-W02-1"]


@pytest.mark.parametrize("text", PERIODS)
def test_period(text: str) -> None:
    """Year, quarter, month or two days, both ends in."""
    assert tuple(map(str, parse_period(text))) == PERIODS[text]


@pytest.mark.parametrize("text", NOT_PERIODS)
def test_bad_period(text: str) -> None:
    """One sentence shows how a period is written."""
    with pytest.raises(UsageError, match=r"cannot be read; write a year \(2026\), a quarter"):
        parse_period(text)


@pytest.mark.parametrize("text", ["a", "0.5-", "-1", "1,5", "1-2-3", "0.5 to 1"])
def test_bad_span(text: str) -> None:
    """One number, or from-to."""
    with pytest.raises(UsageError, match=r"The needle length .* write one number"):
        parse_span(text, "needle length")


def test_span_the_wrong_way_round() -> None:
    """A span that would choose nobody is a slip, not an empty report."""
    with pytest.raises(UsageError, match=r"larger end first; write 0\.5-1\.5"):
        parse_span("1.5-0.5", "needle length")


BAD_CHOICES = [
    ({"period": "2026-13"}, "The period '2026-13' cannot be read"),
    ({"needle": "deep"}, "The needle length 'deep' cannot be read"),
    ({"sessions": "many"}, "The number of sessions 'many' cannot be read"),
    ({"skin_type": ["4"]}, "Unknown skin type '4'"),
    ({"modality": ["lazer"]}, "Unknown modality 'lazer'. Did you mean 'laser'"),
    ({"setting": ["hospital"]}, "Unknown setting 'hospital'"),
    ({"as_of": "30.6.2026"}, "as_of is '30.6.2026'; write an ISO day"),
]


@pytest.mark.parametrize(("choice", "sentence"), BAD_CHOICES)
def test_bad_choice(project: Path, choice: dict, sentence: str) -> None:
    """What cannot be read is said in one sentence, with exit code 2, before anything is built."""
    with pytest.raises(UsageError) as refused:
        narrow(project, **choice)

    assert sentence in str(refused.value)
    assert refused.value.exit_code == 2


def test_unknown_source(project: Path) -> None:
    """Exit code 3, with the sources there are."""
    with pytest.raises(SourceError, match="Unknown source 'clinique' in data/") as no:
        load_cohort("clinique", project=project)
    assert "Did you mean 'clinic'" in str(no.value)
    assert no.value.exit_code == 3


def test_no_day_is_known(tmp_path: Path) -> None:
    """No clock is read: the day is given, or stands in ``source.toml``, or is asked for."""
    root = write_project(tmp_path, LOG)
    file = root / "data" / "clinic" / "source.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("extracted_on", "# extracted_on"), encoding="utf-8")
    source = read_source(root, "clinic")

    with pytest.raises(SourceError, match=r"give as_of, or write extracted_on in data/clinic/"):
        load_cohort("clinic", project=root)
    assert find_as_of(source, "2026-06-30") == date(2026, 6, 30)


def test_selection_in_words() -> None:
    """A page says what was chosen, in the reader's words, and nothing where all was."""
    chosen = Selection(skin_type=("IV", "V"), needle="0.5-1.5", sessions="3-6")

    told = "skin type IV, V; needle 0.5-1.5; for outcomes only: sessions in a course 3-6"
    assert chosen.describe() == told
    assert Selection().describe() == ""


def test_csv_of_a_table_is_what_it_says() -> None:
    """The builder of these tests is not the reason they pass."""
    assert to_csv([["a", "b"], ["x,y", ""]]) == 'a,b\n"x,y",\n'


def test_engine_draws_nothing_on_stdout() -> None:
    """What a slow query would draw there would stand in the middle of ``--json``."""
    with open_engine() as engine:
        for connection in (engine.connection, connect()):
            assert connection.settings["enable_progress_bar"] == "false"


def test_a_first_load_tells_its_steps(tmp_path: Path) -> None:
    """What takes long says what it does, without a word of the log; a kept cohort is silent."""
    project = write_project(tmp_path, "patient | day | concern\nSECRET | 0 | acne scars\n")
    told: list[str] = []

    load_cohort("clinic", project=project, tell=told.append)
    first, again = [*told], told.clear()
    load_cohort("clinic", project=project, tell=told.append)

    assert len(first) == 4
    assert not [step for step in first if "SECRET" in step]
    assert (told, again) == ([], None)
