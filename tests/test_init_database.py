"""`outcomes init` of a database: its tables are listed, those that hold a log are recognised."""

import sqlite3
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysis import cli
from analysis.errors import OutcomesError, SourceError, UsageError
from analysis.intake.recognise import Database, find_database
from forms import list_problems, load

TABLES = """
    create table visits (
        id integer primary key, client_id text, visit_date date, concern text,
        needle_depth_mm real, side_effects text
    );
    insert into visits values
        (1, 'A1', '2024-01-13', 'acne scars', 1.5, 'none'),
        (2, 'A1', '2024-02-14', 'acne scars', 1.5, 'redness'),
        (3, 'A2', '2024-02-31', 'acne scars', 1.0, 'none');
    create table clients (client_id text, age integer, sex text, fitzpatrick text);
    insert into clients values ('A1', 31, 'f', 'III'), ('A2', 42, 'm', 'IV');
    create table staff (login text, secret text);
    insert into staff values ('anna', 'hunter2');
"""


def write_database(path: Path, script: str = TABLES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    database.executescript(script)
    database.close()
    return path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, in which the command is run; the databases lie beside it."""
    for name in ("data", "notebooks"):
        (tmp_path / "project" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def init(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["init", *words], catch_exceptions=True)


def refuse(*words: str) -> OutcomesError:
    error = init(*words).exception
    assert isinstance(error, OutcomesError)
    assert "\n" not in str(error)
    return error


WAYS = ["{path}", "sqlite:{path}", "sqlite://{path}", "sqlite:///../clinic.db", "../clinic.db"]


@pytest.mark.parametrize("way", WAYS)
def test_tables_are_recognised(way: str, root: Path) -> None:
    """Sessions and patients are two layouts of one source, the table of nobody's business is told
    and not read, and the account is that of three rows of sessions and two of patients."""
    path = write_database(root.parent / "clinic.db")

    told = init(way.format(path=path))

    assert told.exit_code == 0, told.exception
    assert "visits: a row is a session" in told.output
    assert "clients: a row is a patient" in told.output
    assert "not read: 'staff': its columns are not called as those of a log" in told.output
    home = root / "data" / "clinic"
    text = (home / "source.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)
    assert [(each["connection"], each["table"]) for each in declared["layouts"]] == [
        ("sqlite:clinic.db", "clients"),
        ("sqlite:clinic.db", "visits"),
    ]
    visits = declared["layouts"][1]
    assert visits["format"]["kind"] == "query"
    assert visits["columns"] == {
        "patient": "client_id",
        "date": "visit_date",
        "concern": "concern",
        "needle": "needle_depth_mm",
        "side_effects": "side_effects",
    }
    assert "hunter2" not in text + told.output
    assert (home / "clinic.db").stat().st_mode & 0o777 == 0o600

    (home / "source.toml").write_text(
        text.replace("# extracted_on = 2026-01-31", "extracted_on = 2024-06-30").replace(
            'belong_to = "undeclared"', 'belong_to = "this session"'
        )
    )
    account = load(root).account
    assert (account.read, account.used, account.set_aside) == (5, 4, 1)
    assert list_problems(root) == [
        "clients 2 client_id patient_without_session, noted",
        "visits 3 visit_date impossible_date, row set aside",
    ]


def test_table_that_may_be_a_copy(root: Path) -> None:
    """Two tables with sessions are both read, and it is asked whether one is a copy."""
    copy = TABLES + "create view visits_of_today as select * from visits;"
    write_database(root.parent / "clinic.db", copy)

    told = init("../clinic.db").output

    asked = [line for line in told.splitlines() if "sessions of its own" in line]
    assert len(asked) == 1
    assert "the table 'visits_of_today' hold" in asked[0]
    assert "those of 'visits' again" in asked[0]


def test_database_in_its_place(root: Path) -> None:
    """A database that lies in the folder of the source already is not copied."""
    write_database(root / "data" / "mine" / "clinic.db")

    assert init("data/mine/clinic.db", "--name", "mine").exit_code == 0
    assert sorted(path.name for path in (root / "data" / "mine").iterdir()) == [
        *("clinic.db", "source.toml")
    ]


def test_database_that_is_written_to(root: Path) -> None:
    """What a program has not written into the file yet would be lost by a copy."""
    path = write_database(root.parent / "clinic.db")
    database = sqlite3.connect(path)
    database.execute("pragma journal_mode = wal")
    database.execute("insert into staff values ('x', 'y')")
    database.commit()

    error = refuse("../clinic.db")
    database.close()

    assert "'clinic.db-wal' beside the database holds what is not in it yet" in str(error)
    assert not [*(root / "data").iterdir()]
    assert init("../clinic.db").exit_code == 0


ADDRESSES = ["postgresql://anna:hunter2@db/clinic", "mysql://anna:hunter2@db", "https://x/a.csv"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_address_is_not_taken(address: str, root: Path) -> None:
    """An address in the command is refused and not repeated; nothing is written."""
    error = refuse(address)

    assert isinstance(error, UsageError)
    assert "outcomes init env:CLINIC_DB" in str(error)
    assert "hunter2" not in str(error)
    assert not [*(root / "data").iterdir()]


def test_variable_that_is_not_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable without an address is told by its name; one with another's is not repeated."""
    monkeypatch.delenv("CLINIC_DB", raising=False)
    assert "CLINIC_DB, which is not set" in str(refuse("env:CLINIC_DB"))

    monkeypatch.setenv("CLINIC_DB", "mysql://anna:hunter2@db")
    error = refuse("env:CLINIC_DB")
    assert "holds no such address" in str(error)
    assert "hunter2" not in str(error)


BROKEN = {
    # what it is | its bytes | what the sentence says
    "DuckDB": (b"x" * 8 + b"DUCK" + bytes(4_000), "is a DuckDB database"),
    "cut short": (None, "is cut short"),
    "a head only": (b"SQLite format 3\0", "is not an SQLite database"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_file_that_cannot_be_read(case: str, root: Path) -> None:
    """One sentence, and nothing is written."""
    content, sentence = BROKEN[case]
    path = write_database(root.parent / "clinic.db", TABLES + "create table x (y);")
    path.write_bytes(content or path.read_bytes()[:-5_000])

    assert sentence in str(refuse("../clinic.db"))
    assert not [*(root / "data").iterdir()]


EMPTY = {
    "no table": ("", "has no table"),
    "no log": (
        "create table staff (login text, secret text)",
        "'staff': its columns are not called as",
    ),
    "a table that its program cannot describe": (
        *("create table visits (client_id, concern, side_effects)", "is refused by its database"),
    ),
    "no day": (
        "create table visits (client_id text, concern text, side_effects text)",
        "No date column was recognised in 'visits'",
    ),
}


@pytest.mark.parametrize("case", EMPTY)
def test_database_without_a_log(case: str, root: Path) -> None:
    """What is there is told, without a cell of it."""
    script, sentence = EMPTY[case]
    write_database(root.parent / "clinic.db", "create table z (y); drop table z;" + script)

    error = refuse("../clinic.db")

    assert isinstance(error, SourceError)
    assert sentence in str(error)


def test_other_files_are_no_databases(tmp_path: Path) -> None:
    """A file is a database by its first bytes, whatever its name says."""
    (tmp_path / "log.db").write_text("patient,date\n", encoding="utf-8")
    write_database(tmp_path / "log.txt")

    assert find_database(str(tmp_path / "log.db")) is None
    assert find_database(str(tmp_path / "nothing.db")) is None
    assert find_database(str(tmp_path)) is None
    assert find_database(str(tmp_path / "log.txt")) == Database("sqlite:log.txt", tmp_path)
