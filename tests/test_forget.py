"""Forgetting: what we keep beside the log goes, what is the clinic's stays, the user is told."""

import csv
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.intake.cache import ACCOUNT, BUILDING, COHORTS_KEPT, HOURS_KEPT, remove_older
from analysis.intake.cohort import load_cohort
from commands import Done, Shell
from logs import write_project

LOG = """
patient | day        | concern    | needle | harm
P-01    | 2024-01-03 | acne scars | 15     | none
P-02    | 2024-01-04 | acne scars | 1.5    | blotchy
p-01    | 2024-03-04 | acne scars | 1.5    | blotchy
P-03    | 2024-02-31 | acne scars | 1.5    | none
"""


SHELLS: list[Shell] = []
"""The process of this module's commands, while it is open."""


@pytest.fixture(scope="module", autouse=True)
def shell() -> Iterator[None]:
    """One process for all commands."""
    with Shell() as opened:
        SHELLS.append(opened)
        yield
        SHELLS.remove(opened)


def run(root: Path, *words: str) -> Done:
    """Run `outcomes` as a user would."""
    return SHELLS[-1].run(root, *words)


@pytest.fixture(scope="module")
def checked(shell: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose source was checked once: one cohort, and a corrections file."""
    folder = write_project(tmp_path_factory.mktemp("checked"), LOG)
    assert run(folder, "check", "clinic").returncode == 0
    return folder


@pytest.fixture
def root(checked: Path, tmp_path: Path) -> Path:
    """A project of its own, checked."""
    return shutil.copytree(checked, tmp_path / "project")


def list_cohorts(root: Path) -> list[Path]:
    return sorted((root / ".cache" / "clinic").glob("*"))


def list_own_files(root: Path) -> dict[str, bytes]:
    """Return the clinic's own files with their bytes."""
    home = root / "data" / "clinic"
    return {name: (home / name).read_bytes() for name in ("log.csv", "source.toml")}


def list_corrections(root: Path) -> list[tuple[int, str, str]]:
    with (root / "data/clinic/corrections.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    return [(int(row["line"]), row["column"], row["correction"]) for row in rows]


def write_correction(root: Path, line: int, correction: str) -> None:
    path = root / "data/clinic/corrections.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    for row in rows:
        if row["line"] == str(line):
            row["correction"] = correction
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_page(root: Path, edition: str, source: str, audience: str) -> None:
    folder = root / "reports" / "concern"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{edition}.html").write_text("a page", encoding="utf-8")
    parameters = f'{{"source": "{source}"}}'
    text = f'{{"status": "done", "audience": "{audience}", "parameters": {parameters}}}'
    (folder / f"{edition}.json").write_text(text, encoding="utf-8")


# --- a source -------------------------------------------------------------------------------


def test_source_is_forgotten(root: Path) -> None:
    """All its cohorts and its corrections go; the log and ``source.toml`` stay as they are."""
    load_cohort("clinic", project=root, as_of="2026-01-31")
    (root / ".cache/other/abc").mkdir(parents=True)
    assert len(list_cohorts(root)) == 2
    before = list_own_files(root)

    told = run(root, "forget", "clinic")

    assert told.returncode == 0, told.stderr
    assert not (root / ".cache/clinic").exists()
    assert (root / ".cache/other/abc").is_dir()
    assert sorted(os.listdir(root / "data/clinic")) == ["log.csv", "source.toml"]
    assert list_own_files(root) == before
    assert "removed: 2 cached cohorts of clinic" in told.stdout
    assert "removed: 5 rows of data/clinic/corrections.csv, and the file" in told.stdout
    assert "not changed: the log and data/clinic/source.toml" in told.stdout
    assert run(root, "forget", "clinic").returncode == 0  # again: nothing is left to remove


def test_source_whose_folder_is_gone_is_forgotten(root: Path) -> None:
    """A clinic that deleted its folder first can still empty the cache."""
    (root / "data/clinic/source.toml").unlink()

    told = run(root, "forget", "clinic")

    assert told.returncode == 0, told.stderr
    assert not (root / ".cache/clinic").exists()


@pytest.mark.parametrize("name", ["clinik", "../clinic", "", ".", "clinic/.."])
def test_unknown_source(root: Path, name: str) -> None:
    """Exit 3 with the possible ones, and nothing is removed."""
    told = run(root, "forget", name)

    assert told.returncode == 3
    assert "Possible: clinic." in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert len(list_cohorts(root)) == 1


def test_pages_are_listed(root: Path, project: Path) -> None:
    """Pages made from the source are named and left; an internal one may show single patients."""
    shutil.copy(project / "notebooks" / "concern.ipynb", root / "notebooks")
    write_page(root, "source=clinic", "clinic", "shareable")
    write_page(root, "source=clinic--internal", "clinic", "internal")
    write_page(root, "source=other", "other", "shareable")

    told = run(root, "forget", "clinic")

    assert "not touched: 2 pages made from clinic" in told.stdout
    assert "reports/concern/source=clinic.html (shareable)" in told.stdout
    assert "source=clinic--internal.html (internal; may show single patients" in told.stdout
    assert "source=other" not in told.stdout
    assert len([*(root / "reports/concern").iterdir()]) == 6


# --- a patient ------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["P-01", " p-01", "clinic/P-01"])
def test_patient_is_forgotten(root: Path, written: str) -> None:
    """Their rows of the corrections and the cohorts that hold them go; others' corrections stay."""
    write_correction(root, 3, "bruise")
    before = list_own_files(root)

    told = run(root, "forget", "clinic", "--patient", written)

    assert told.returncode == 0, told.stderr
    assert list_cohorts(root) == []
    assert list_corrections(root) == [(3, "harm", "bruise"), (5, "day", "")]
    assert (root / "data/clinic/corrections.csv").stat().st_mode & 0o777 == 0o600
    assert list_own_files(root) == before
    assert "removed: 1 cached cohort of clinic" in told.stdout
    assert "removed: 3 rows of data/clinic/corrections.csv" in told.stdout
    assert "the log still holds the patient: log.csv lines 2, 4\n" in told.stdout
    assert "P-01" not in (told.stdout + told.stderr).upper()


def test_cohort_without_the_patient_stays(root: Path) -> None:
    """A patient whose rows were all set aside is in no cohort: only their corrections go."""
    told = run(root, "forget", "clinic", "--patient", "P-03")

    assert told.returncode == 0, told.stderr
    assert len(list_cohorts(root)) == 1
    assert [line for line, _column, _correction in list_corrections(root)] == [2, 3, 4, 4]
    assert "removed: 0 cached cohorts" in told.stdout
    assert "log.csv lines 5\n" in told.stdout


def test_patient_whose_rows_were_deleted_first(root: Path) -> None:
    """The cohort goes; a correction whose cell has moved may be theirs, and is named."""
    write_correction(root, 4, "bruise")
    log = root / "data/clinic/log.csv"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    log.write_text("".join(line for line in lines if "-01" not in line), encoding="utf-8")

    told = run(root, "forget", "clinic", "--patient", "P-01")

    assert told.returncode == 0, told.stderr
    assert list_cohorts(root) == []
    assert "still holds" not in told.stdout
    assert "corrections that fit no cell any more may be of the patient: log.csv lines 4" in (
        told.stdout
    )


def test_corrected_id_is_the_patients_too(root: Path) -> None:
    """A row that a correction gave to the patient is theirs."""
    path = root / "data/clinic/corrections.csv"
    with path.open("a", encoding="utf-8") as file:
        file.write("log.csv,,5,patient,P-03,,,P-01\n")

    told = run(root, "forget", "clinic", "--patient", "P-01")

    assert "the log still holds the patient: log.csv lines 2, 4, 5\n" in told.stdout
    assert [line for line, _column, _correction in list_corrections(root)] == [3]


def test_log_that_cannot_be_read(root: Path) -> None:
    """The cohort goes all the same, and the user is told what was not done."""
    (root / "data/clinic/log.csv").unlink()

    told = run(root, "forget", "clinic", "--patient", "P-01")

    assert told.returncode == 0, told.stderr
    assert list_cohorts(root) == []
    assert "the log could not be searched, nor the corrections: The log 'log.csv'" in told.stdout


def test_unknown_patient(root: Path) -> None:
    """A misspelt id must not look like a patient forgotten: exit 2, and nothing is removed."""
    before = list_corrections(root)

    told = run(root, "forget", "clinic", "--patient", "P-99")

    assert told.returncode == 2
    assert "nothing was removed" in told.stderr
    assert "P-99" not in told.stderr
    assert len(list_cohorts(root)) == 1
    assert list_corrections(root) == before


def test_patient_of_canonical_tables(tmp_path: Path, project: Path) -> None:
    """Rows that name only a session of the patient are theirs too."""
    (tmp_path / "notebooks").mkdir()
    made = run(tmp_path, "example", "data/tables", "--patients", "40", "--format", "tables")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "data/tables"
    with (folder / "sessions.csv").open(encoding="utf-8", newline="") as file:
        sessions = [*csv.DictReader(file)]
    patient = sessions[0]["patient"]
    theirs = {row["session"] for row in sessions if row["patient"] == patient}
    with (folder / "targets.csv").open(encoding="utf-8", newline="") as file:
        lines = [n for n, row in enumerate(csv.DictReader(file), 2) if row["session"] in theirs]

    told = run(tmp_path, "forget", "tables", "--patient", patient)

    assert told.returncode == 0, told.stderr
    assert f"targets.csv lines {', '.join(map(str, lines))}\n" in told.stdout


# --- older cohorts --------------------------------------------------------------------------

DAY = 86_400


def write_folder(home: Path, name: str, days_ago: float) -> Path:
    """Write a folder of the cache that was last used some days before the newest one."""
    folder = home / name
    folder.mkdir(parents=True)
    (folder / ACCOUNT).write_text("{}", encoding="utf-8")
    moment = 1_800_000_000 - days_ago * DAY
    for path in (folder / ACCOUNT, folder):
        os.utime(path, (moment, moment))
    return folder


def test_older_cohorts_are_removed(tmp_path: Path) -> None:
    """The newest few stay, and whatever was used a day before; what was left unfinished goes."""
    ages = {"new": 0, "a": 2, "b": 3, "c": 4, "d": 5, "e": 6, f"{BUILDING}x": 7}
    ages |= {f"{BUILDING}y": 0.5}
    assert (COHORTS_KEPT, HOURS_KEPT) == (4, 24)
    folders = {name: write_folder(tmp_path / "clinic", name, age) for name, age in ages.items()}
    other = write_folder(tmp_path / "other", "old", 99)

    remove_older(folders["new"])

    stay = {name for name, folder in folders.items() if folder.exists()}
    assert stay == {"new", "a", "b", "c", f"{BUILDING}y"}
    assert other.exists()


def test_cohorts_in_use_stay(tmp_path: Path) -> None:
    """However many there are: a report rendered for minutes reads its cohort as it goes."""
    folders = [write_folder(tmp_path / "clinic", str(n), 0.01 * n) for n in range(9)]

    remove_older(folders[0])

    assert all(folder.exists() for folder in folders)


def test_building_removes_what_is_old(tmp_path: Path) -> None:
    """A new cohort takes the place of those of months ago, and a loaded one counts as used."""
    root = write_project(tmp_path, LOG)
    home = root / ".cache" / "clinic"
    loaded = load_cohort("clinic", project=root, as_of="2026-01-31").folder
    for n in range(6):
        write_folder(home, f"old-{n}", 10_000 + n)
    for path in (loaded / ACCOUNT, loaded):
        os.utime(path, (0, 0))

    load_cohort("clinic", project=root, as_of="2026-01-31")
    newest = load_cohort("clinic", project=root, as_of="2026-02-28").folder

    kept = {path.name for path in home.iterdir()}
    assert kept == {newest.name, loaded.name, "old-0", "old-1"}
