"""A table or a query of a database: SQLite here, a PostgreSQL server in test_server.py."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from analysis.errors import SourceError
from analysis.intake.clean import Account
from analysis.intake.corrections import write_corrections
from analysis.intake.engine import Engine, open_engine
from analysis.intake.sources import read_log, read_source
from forms import list_problems, load, read_tables, write_source

SETTINGS = """
    connection = "sqlite:clinic.db"
    table = "visits"
    format = {kind = "query"}
    [columns]
    patient = "client"
    date = "day"
    concern = "reason"
    needle = "depth"
    serious = "serious"
    side_effects = "harm"
    [scores]
    gb_qual = "gb"
"""
TABLE = """
    create table visits (
        id integer primary key, client varchar(9), day date, reason text, depth decimal(5,2),
        serious boolean, harm text, gb real
    );
    insert into visits values
        (10, 'A2', '2024-01-04', 'acne scars', '0.50', null, null, null),
        (9, 'A1', '2024-02-07', 'acne scars', 1.5, 1, 'PIH', 7.0),
        (2, 'A1', '2024-01-03 00:00:00', 'acne scars', 1500, 0, 'none', 3.0),
        (11, 'A2', 'N/A', 'acne scars', 'deep', 'maybe', 'none', 2.0);
"""


def write(folder: Path, settings: str = SETTINGS, table: str = TABLE) -> Path:
    project = write_source(folder, settings, {})
    execute(project, table)
    return project


def execute(project: Path, script: str) -> None:
    database = sqlite3.connect(project / "data/clinic/clinic.db")
    database.executescript(script)
    database.close()


def read_rows(project: Path) -> list[list[object]]:
    """Return line and cells of every row."""
    with open_engine() as engine:
        log = read_log(engine, read_source(project, "clinic"))
        rows = log.rows.order_by("row").select("line", *log.texts).execute()
    return rows.astype("object").to_numpy().tolist()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table above, which nothing changes; what is loaded of it is kept there."""
    project = write(tmp_path_factory.mktemp("kept"))
    load(project)
    return project


def test_table_is_read_as_text(kept: Path) -> None:
    """Rows stand by their first column, numbers by size; a cell that is not of the column's type
    stays what it is."""
    assert read_rows(kept) == [
        [1, "2", "A1", "2024-01-03 00:00:00", "acne scars", "1500", "no", "none", "3"],
        [2, "9", "A1", "2024-02-07", "acne scars", "1.5", "yes", "PIH", "7"],
        [3, "10", "A2", "2024-01-04", "acne scars", "0.5", "", "", ""],
        [4, "11", "A2", "N/A", "acne scars", "deep", "maybe", "none", "2"],
    ]


def test_rows_become_sessions(kept: Path) -> None:
    """Three rows have a day; the problems name the table and the line."""
    assert load(kept).account == Account(read=4, used=3, set_aside=1, not_data=0)
    assert load(kept).files == ("visits",)
    assert list_problems(kept) == [
        "visits 2 gb score_outside_scale, cell blanked",
        "visits 4 day missing_date, row set aside",
    ]
    assert [(each["patient"], each["date"]) for each in read_tables(kept)["sessions"]] == [
        ("clinic/A1", "2024-01-03"),
        ("clinic/A1", "2024-02-07"),
        ("clinic/A2", "2024-01-04"),
    ]


QUERY = SETTINGS.replace(
    'table = "visits"',
    '''query = """
        select client, max(day) as day, reason, depth, serious, harm, gb
        from visits where day <> 'N/A' group by id order by id desc
    """''',
)


def test_query_is_read_as_text(tmp_path: Path) -> None:
    """The order is that of the columns, not that of the query: the same rows, the same lines."""
    assert read_rows(write(tmp_path, QUERY)) == [
        [1, "A1", "2024-01-03 00:00:00", "acne scars", "1500", "no", "none", "3"],
        [2, "A1", "2024-02-07", "acne scars", "1.5", "yes", "PIH", "7"],
        [3, "A2", "2024-01-04", "acne scars", "0.5", "", "", ""],
    ]
    assert list_problems(tmp_path) == ["query 2 gb score_outside_scale, cell blanked"]


def test_table_without_types(tmp_path: Path) -> None:
    """SQLite needs none; a first cell that is empty hides nothing below it."""
    table = """
        create table visits (client, day, reason, depth, serious, harm, gb);
        insert into visits values (1, '2024-01-03', null, null, null, null, 3),
            (2, '2024-01-04', 'acne scars', 1.5, 'yes', 'none', null);
    """
    assert read_rows(write(tmp_path, table=table)) == [
        [1, "1", "2024-01-03", "", "", "", "", "3"],
        [2, "2", "2024-01-04", "acne scars", "1.5", "yes", "none", ""],
    ]


def test_order_of_writing_does_not_matter(kept: Path, tmp_path: Path) -> None:
    """The same rows in another order are the same log, with the same hash."""
    head, rows = TABLE.split("values")
    turned = ",\n".join(reversed([row.strip(" \n,;") for row in rows.strip().splitlines()]))
    other = write(tmp_path, table=f"{head} values {turned};")

    assert read_rows(other) == read_rows(kept)
    assert load(other).origin.data_hash == load(kept).origin.data_hash


CHANGES = [
    # what is done to the table, rows used afterwards
    ("update visits set harm = 'none' where id = 9", 3),
    ("insert into visits values (12, 'A2', '2024-03-04', 'acne scars', 1, 0, 'none', 2)", 4),
    ("delete from visits where id = 10", 2),
    ("alter table visits rename column serious to is_serious", 3),
]


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table, of which one column has no role, and its cohort."""
    settings = SETTINGS.replace('    serious = "serious"\n', "")
    project = write(tmp_path_factory.mktemp("unchanged"), settings)
    load(project)
    return project


@pytest.mark.parametrize(("change", "used"), CHANGES)
def test_changed_rows_are_another_cohort(
    unchanged: Path, tmp_path: Path, change: str, used: int
) -> None:
    """The hash of the data is over the rows, so a cohort that was kept is not taken for them."""
    project = shutil.copytree(unchanged, tmp_path / "project")
    before = load(project)

    execute(project, change)
    after = load(project)

    assert after.origin.data_hash != before.origin.data_hash
    assert after.account.used == used


def test_correction_finds_its_cell(engine: Engine, kept: Path, tmp_path: Path) -> None:
    """By table, line and column; a row that is added behind the others does not move it."""
    project = shutil.copytree(kept, tmp_path / "project")
    source = read_source(project, "clinic")
    path = write_corrections(source, read_log(engine, source), load(project).problems)
    head, row, *rest = path.read_text(encoding="utf-8").splitlines()
    assert row.split(",")[:5] == ["visits", "", "2", "gb", "7"]

    path.write_text("\n".join([head, row + "4", *rest]) + "\n", encoding="utf-8")
    execute(project, "insert into visits values (100, 'A2', '2024-03-04', 'PIH', 1, 0, '', 2)")

    scores = [each["score"] for each in read_tables(project)["assessments"]]
    assert sorted(scores) == [3.0, 4.0]
    assert list_problems(project)[:1] == ["visits 4 day missing_date, row set aside"]


def test_rows_that_change_while_they_are_read(tmp_path: Path) -> None:
    """What is different each time it is asked is no log that could be read again."""
    query = "select client, day, reason, depth, serious, harm, gb, random() as luck from visits"
    project = write(tmp_path, SETTINGS.replace('table = "visits"', f'query = "{query}"'))

    with pytest.raises(SourceError, match="rows of 'clinic' changed while they were read"):
        load(project)

    kept = project / ".cache" / "clinic"
    assert [path.name for path in kept.iterdir() if path.is_dir()] == []


def test_database_is_only_read(tmp_path: Path) -> None:
    """Its file has the same bytes afterwards, and nothing is left beside it."""
    project = write(tmp_path)
    home = project / "data/clinic"
    before = {path.name: path.read_bytes() for path in home.iterdir()}

    load(project)

    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


# --- what cannot be read --------------------------------------------------------------------

SLIPS = [
    # change of the settings, what the sentence must hold
    (("clinic.db", "klinik.db"), ["The log 'klinik.db' cannot be read (no such file"]),
    (("clinic.db", "../secrets.db"), ["'../secrets.db' of 'clinic' lies outside its folder"]),
    (('"visits"', '"visit"'), ["Unknown table 'visit'", "Did you mean 'visits'?"]),
    (('"day"', '"date"'), ["'visits' of 'clinic' has no column 'date'", "'client', 'day'"]),
    (('table = "visits"', 'query = "select SECRET"'), ["The query of 'clinic' is refused"]),
    (('table = "visits"', 'query = "delete from visits"'), ["The query of 'clinic' is refused"]),
    (
        ('table = "visits"', 'query = "select 1; delete from visits"'),
        ["The query of 'clinic' is refused"],
    ),
    (('table = "visits"', ""), ["name either the table or the query"]),
    (('table = "visits"', 'table = "a"\nquery = "select 1"'), ["name either the table or"]),
    (('table = "visits"', 'table = "visits"\nfiles = ["a.csv"]'), ["reads no files"]),
    (("sqlite:clinic.db", ""), ["key 'connection'", "environment variable"]),
    (("sqlite:clinic.db", "mysql:clinic"), ["key 'connection'"]),
    (("sqlite:clinic.db", "env:"), ["key 'connection'"]),
    (
        ("sqlite:clinic.db", "postgresql://ana:SECRET@server/clinic"),
        ["key 'connection'", "no password stands in a file"],
    ),
    (("sqlite:clinic.db", "env:NO_SUCH_DATABASE"), ["NO_SUCH_DATABASE, which is not set"]),
]


@pytest.mark.parametrize(("change", "parts"), SLIPS)
def test_slip_in_the_settings(tmp_path: Path, change: tuple[str, str], parts: list[str]) -> None:
    """One sentence says what is missing and what is there; it repeats no password and no query."""
    project = write(tmp_path, SETTINGS.replace(*change))

    with pytest.raises(SourceError) as refused:
        load(project)

    sentence = str(refused.value)
    assert [part for part in parts if part not in sentence] == []
    assert "SECRET" not in sentence
    assert str(tmp_path) not in sentence
    assert "\n" not in sentence


def test_address_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the variable is not repeated."""
    monkeypatch.setenv("CLINIC_DATABASE", "mysql://ana:SECRET@server/clinic")
    project = write(tmp_path, SETTINGS.replace("sqlite:clinic.db", "env:CLINIC_DATABASE"))

    with pytest.raises(
        SourceError, match="CLINIC_DATABASE, which holds no such address"
    ) as refused:
        load(project)

    assert "SECRET" not in str(refused.value)


def test_file_that_is_no_database(tmp_path: Path) -> None:
    """A text file under the name of a database is refused."""
    project = write_source(tmp_path, SETTINGS, {"clinic.db": "client,day\n" * 100})

    with pytest.raises(SourceError, match=r"'clinic\.db' is not an SQLite database"):
        load(project)


def test_text_that_cannot_be_decoded(tmp_path: Path) -> None:
    """SQLite quotes such a cell in its message; ours does not."""
    project = write(tmp_path)
    execute(project, "update visits set harm = cast(x'534543524554ff' as text) where id = 9")

    with pytest.raises(SourceError, match="is refused by its database") as refused:
        load(project)

    assert "SECRET" not in str(refused.value)


def test_column_of_bytes_is_not_read(tmp_path: Path) -> None:
    """A picture in an unmapped column harms nobody; a mapped one is refused."""
    table = TABLE + "alter table visits add column photo blob; update visits set photo = x'ff00';"
    assert [row[-1] for row in read_rows(write(tmp_path / "a", table=table))] == [""] * 4

    mapped = write(tmp_path / "b", SETTINGS.replace('"harm"', '"photo"'), table)
    with pytest.raises(SourceError, match="'photo', mapped as side_effects, holds bytes"):
        load(mapped)


def test_table_of_two_layouts(tmp_path: Path) -> None:
    """Two layouts cannot read one table, because a line could not be found again."""
    layout = SETTINGS.replace("[columns]", "[layouts.columns]").replace(
        "[scores]", "[layouts.scores]"
    )
    project = write(tmp_path, f"[[layouts]]\n{layout}\n[[layouts]]\n{layout}")

    with pytest.raises(SourceError, match="two layouts read a 'visits'"):
        load(project)


def test_table_without_rows(tmp_path: Path) -> None:
    """An empty table is an empty log."""
    project = write(tmp_path)
    execute(project, "delete from visits")

    assert load(project).account == Account(read=0, used=0, set_aside=0, not_data=0)
