"""A table or a query of a real PostgreSQL server, which these tests start and stop themselves."""

import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from analysis import cli
from analysis.errors import SourceError
from analysis.intake.clean import Account
from analysis.intake.corrections import write_corrections
from analysis.intake.engine import Engine, open_engine
from analysis.intake.sources import read_log, read_source
from forms import list_problems, load, read_tables, write_source

pytestmark = pytest.mark.server

PASSWORD = "not-for-logs"
SETTINGS = """
    connection = "env:CLINIC_DATABASE"
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
    drop table if exists visits;
    create table visits (
        id integer primary key, client varchar(9), day date, reason text, depth numeric,
        serious boolean, harm text, gb double precision
    );
    insert into visits values
        (10, 'A2', '2024-01-04', 'acne scars', '0.50', null, null, null),
        (9, 'A1', '2024-02-07', 'acne scars', 1.5, true, 'PIH', 7.0),
        (2, 'A1', '2024-01-03', 'acne scars', 1500, false, 'none', 3.0),
        (11, 'A2', null, 'acne scars', null, null, 'none', 2.0);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """A server on a socket in a folder of its own, set to write days as nobody expects them."""
    place = shutil.which("initdb")
    found = [Path(place).parent] if place else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.fail("PostgreSQL is needed and was not found (Debian: apt-get install postgresql)")
    programs = found[-1]
    # a short path, because that of a socket may be no longer than 107 bytes
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    # the server refuses to run as root
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(home, **user)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, "-D", home / "data", *arguments],
            **user,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            pytest.fail(f"{program}: {Path(log.name).read_text()}")

    with tempfile.NamedTemporaryFile("w") as log:
        secret = home / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        run("initdb", "-U", "owner", "-E", "UTF8", "-A", "scram-sha-256", f"--pwfile={secret}")
        settings = {
            **{"listen_addresses": "", "unix_socket_directories": str(home), "fsync": "off"},
            **{"datestyle": "SQL,DMY", "timezone": "Asia/Tokyo"},
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        run("pg_ctl", "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield {"host": str(home), "password": PASSWORD, "dbname": "postgres"}
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
            shutil.rmtree(home)


@pytest.fixture
def project(
    server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A source that reads the table as somebody who may do nothing but read."""
    execute(server, TABLE)
    execute(
        server,
        f"""
        create role reader login password '{PASSWORD}';
        revoke all on database postgres from public;
        grant connect on database postgres to reader;
        grant select on visits to reader;
        """,
    )
    url = f"postgresql://reader:{PASSWORD}@/postgres?host={server['host']}"
    monkeypatch.setenv("CLINIC_DATABASE", url)
    yield write_source(tmp_path, SETTINGS, {})
    execute(server, "drop owned by reader; drop role reader")


def execute(server: dict[str, str], script: str) -> None:
    with psycopg.connect(**server, user="owner", autocommit=True) as connection:
        connection.execute(script)


def change_settings(project: Path, old: str, new: str) -> None:
    path = project / "data/clinic/source.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def read_rows(project: Path) -> list[list[object]]:
    """Return line and cells of every row."""
    with open_engine() as engine:
        log = read_log(engine, read_source(project, "clinic"))
        rows = log.rows.order_by("row").select("line", *log.texts).execute()
    return rows.astype("object").to_numpy().tolist()


ROWS = [
    [1, "2", "A1", "2024-01-03", "acne scars", "1500", "no", "none", "3"],
    [2, "9", "A1", "2024-02-07", "acne scars", "1.5", "yes", "PIH", "7"],
    [3, "10", "A2", "2024-01-04", "acne scars", "0.5", "", "", ""],
    [4, "11", "A2", "", "acne scars", "", "", "none", "2"],
]


def test_table_is_read_as_text(project: Path) -> None:
    """However the server is set to write days; rows stand by their first column."""
    assert read_rows(project) == ROWS


def test_rows_become_sessions(project: Path) -> None:
    """Three rows have a day; the problems name the table and the line."""
    cohort = load(project)

    assert cohort.account == Account(read=4, used=3, set_aside=1, not_data=0)
    assert cohort.files == ("visits",)
    assert list_problems(project) == [
        "visits 2 gb score_outside_scale, cell blanked",
        "visits 4 day missing_date, row set aside",
    ]
    assert [(each["patient"], each["date"]) for each in read_tables(project)["sessions"]] == [
        ("clinic/A1", "2024-01-03"),
        ("clinic/A1", "2024-02-07"),
        ("clinic/A2", "2024-01-04"),
    ]


def test_query_is_read_as_text(project: Path) -> None:
    """Whatever it asks for, the lines are those of the columns; a percent sign is one."""
    query = """query = '''
        select id, client, max(day) as day, reason, depth, serious, harm, gb
        from visits where reason like 'acne%' group by id order by id desc
    '''"""
    change_settings(project, 'table = "visits"', query)

    assert read_rows(project) == ROWS
    assert load(project).files == ("query",)


TYPES = [
    # type, values as the server takes them, what is read
    ("bigint", ["9007199254740993", "-1"], ["9007199254740993", "-1"]),
    ("numeric(6,2)", ["1.50", "10"], ["1.5", "10"]),
    ("numeric", ["0.10", "'NaN'"], ["0.1", ""]),
    ("real", ["1.1", "7"], ["1.1", "7"]),
    ("boolean", ["true", "null"], ["yes", ""]),
    ("timestamp", ["'2024-01-03'", "'2024-01-03 10:30'"], ["2024-01-03", "2024-01-03T10:30:00"]),
    ("timestamptz", ["'2024-01-03 00:00+00'", "null"], ["2024-01-03T00:00:00+00", ""]),
    ("time", ["'10:30'", "null"], ["10:30:00", ""]),
    ("char(5)", ["'IV'", "' I'"], ["IV", " I"]),
    ("varchar(20)", ["'Müller’s'", "'a\nb'"], ["Müller’s", "a\nb"]),
    ("skin", ["'IV'", "null"], ["IV", ""]),
    ("uuid", ["'6a2f41a3-c54c-fce8-32d2-0324e1c32e22'"], ["6a2f41a3-c54c-fce8-32d2-0324e1c32e22"]),
    ("jsonb", ["""'{"site": "chin"}'"""], ['{"site": "chin"}']),
    ("text[]", ["array['chin', 'nose']"], ["{chin,nose}"]),
    ("bytea", [r"'\xff00'"], [""]),
    ("inet", ["'10.0.0.1'"], ["10.0.0.1/32"]),
]


@pytest.mark.parametrize(("kind", "values", "texts"), TYPES)
def test_cell_as_a_person_would_have_written_it(
    project: Path, server: dict[str, str], kind: str, values: list[str], texts: list[str]
) -> None:
    """A type that nobody maps harms nobody, whatever it is."""
    rows = ", ".join(f"({n}, '2024-01-03', {value})" for n, value in enumerate(values))
    execute(server, "drop type if exists skin cascade; create type skin as enum ('III', 'IV')")
    execute(
        server,
        f"""
        drop table visits;
        create table visits (client integer, day date, more {kind});
        insert into visits values {rows};
        grant select on visits to reader;
        """,
    )
    path = project / "data/clinic/source.toml"
    head = path.read_text(encoding="utf-8").partition("[columns]")[0]
    path.write_text(f'{head}[columns]\npatient = "client"\ndate = "day"\n', encoding="utf-8")

    assert [row[-1] for row in read_rows(project)] == texts


def test_changed_rows_are_another_cohort(project: Path, server: dict[str, str]) -> None:
    """The hash of the data is over the rows."""
    before = load(project)
    assert load(project).origin.data_hash == before.origin.data_hash

    execute(server, "update visits set day = '2024-03-05' where id = 11")
    after = load(project)

    assert after.origin.data_hash != before.origin.data_hash
    assert (before.account.used, after.account.used) == (3, 4)


def test_correction_finds_its_cell(engine: Engine, project: Path) -> None:
    """By table, line and column."""
    source = read_source(project, "clinic")
    path = write_corrections(source, read_log(engine, source), load(project).problems)
    head, row, *rest = path.read_text(encoding="utf-8").splitlines()
    assert row.split(",")[:5] == ["visits", "", "2", "gb", "7"]

    path.write_text("\n".join([head, row + "4", *rest]) + "\n", encoding="utf-8")

    assert sorted(each["score"] for each in read_tables(project)["assessments"]) == [3.0, 4.0]


def test_table_of_another_schema(project: Path, server: dict[str, str]) -> None:
    """It is named with its schema."""
    execute(
        server,
        """
        drop schema if exists emr cascade; create schema emr;
        create table emr.seen as select * from visits;
        grant usage on schema emr to reader; grant select on emr.seen to reader;
        """,
    )
    change_settings(project, '"visits"', '"emr.seen"')

    assert read_rows(project) == ROWS


# --- what cannot be read --------------------------------------------------------------------

THROUGH_A_QUERY = "with gone as (delete from visits returning *) select * from gone"
SLIPS = [
    # change of the settings, what the sentence must hold
    (('"visits"', '"visit"'), ["Unknown table 'visit'", "Did you mean 'visits'?"]),
    (('"visits"', '"emr.nothing"'), ["Unknown table 'emr.nothing'"]),
    (('"day"', '"date"'), ["'visits' of 'clinic' has no column 'date'", "'client', 'day'"]),
    (
        ('table = "visits"', 'query = "select dya from visits"'),
        ["The query of 'clinic' is refused by its database (undefined column)"],
    ),
    (('table = "visits"', 'query = "select from where"'), ["is refused by its database"]),
    (
        ('table = "visits"', "query = \"select 'not-for-logs'::int\""),
        ["is refused by its database (invalid text representation)"],
    ),
    (('table = "visits"', f'query = "{THROUGH_A_QUERY}"'), ["is refused by its database"]),
    (('table = "visits"', 'query = "select 1; delete from visits"'), ["is refused by"]),
    (
        ('table = "visits"', 'query = "select client, day, id as day from visits"'),
        ["The query of 'clinic' gives two columns 'day'"],
    ),
    (
        ('table = "visits"', 'query = "select passwd from pg_shadow"'),
        ["is refused by its database (insufficient privilege)"],
    ),
    (
        (
            'table = "visits"',
            "query = \"select client, day + time with time zone '10:00+09' as day, reason, depth, "
            'serious, harm, gb from visits"',
        ),
        ["'day', mapped as date,", "moments with a time zone"],
    ),
]


def refuse(project: Path) -> str:
    with pytest.raises(SourceError) as refused:
        load(project)
    sentence = str(refused.value)
    assert PASSWORD not in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(("change", "parts"), SLIPS)
def test_slip_in_the_settings(
    project: Path, server: dict[str, str], change: tuple[str, str], parts: list[str]
) -> None:
    """One sentence, exit code 3, no value and no password; and nothing is ever written."""
    execute(server, "grant delete on visits to reader")
    change_settings(project, *change)

    sentence = refuse(project)

    assert [part for part in parts if part not in sentence] == []
    with psycopg.connect(**server, user="owner") as connection:
        assert connection.execute("select count(*) from visits").fetchone() == (4,)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f":{PASSWORD}@", ":wrong@"),
        ("reader:", "nobody:"),
        ("/postgres?", "/nothing?"),
        ("host=/tmp", "host=/nowhere"),
    ],
)
def test_server_that_lets_nobody_in(
    project: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    """A wrong password, user or database and a server that is not there: the variable is named."""
    url = os.environ["CLINIC_DATABASE"]
    assert old in url
    monkeypatch.setenv("CLINIC_DATABASE", url.replace(old, new))

    assert "The database that CLINIC_DATABASE names cannot be reached" in refuse(project)


def test_init_of_a_server(
    project: Path, server: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables that may be read are listed, of every schema; those that look like a log are
    recognised, by the variable of the address, which itself is neither written nor told."""
    execute(
        server,
        """
        create schema other;
        create table other.scans (patient text, "date" date, concern text);
        insert into other.scans values ('A1', '2024-03-13', 'acne scars');
        grant usage on schema other to reader; grant select on other.scans to reader;
        create table scans (patient text, "date" date, concern text);
        insert into scans values ('A1', '2024-02-13', 'acne scars');
        grant select on scans to reader; create table shut (patient text, "date" date);
        """,
    )
    monkeypatch.chdir(project)

    told = CliRunner().invoke(cli.app, ["init", "env:CLINIC_DATABASE"])

    assert told.exit_code == 0, told.exception
    text = (project / "data/clinic-database/source.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)
    assert [(each["connection"], each["table"]) for each in declared["layouts"]] == [
        ("env:CLINIC_DATABASE", "other.scans"),
        ("env:CLINIC_DATABASE", "scans"),
    ]
    assert "not read: 'visits': no patient column was recognised" in told.output
    assert "shut" not in told.output
    assert PASSWORD not in text + told.output
    assert sorted(path.name for path in (project / "data/clinic-database").iterdir()) == [
        "source.toml"
    ]
    execute(server, "drop table other.scans, scans, shut; drop schema other")
