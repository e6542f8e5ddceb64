"""Reads the tables of a database nobody has described yet.

A database is named by its file or by the environment variable that holds its address. An address
itself is never taken: it may hold a password, and what is typed into a command is kept by shells.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analysis.errors import SourceError, UsageError
from analysis.intake.engine import open_engine
from analysis.intake.recognise.files import (
    FEWEST_KNOWN,
    ROWS_LOOKED_AT,
    Part,
    take_rows,
)
from analysis.intake.recognise.headers import Names
from analysis.intake.sources import Format, Layout, Source
from analysis.intake.sources.query import list_tables, read_columns, read_query

_SQLITE: Final = b"SQLite format 3\0"
_DUCKDB: Final = b"DUCK"
_START_OF_DUCKDB: Final = 8
_JOURNALS: Final = ("-wal", "-journal")
"""What SQLite keeps beside a file until a program has written it in."""
_WRITTEN: Final = Format(kind="query")


@dataclass(frozen=True)
class Database:
    """A database as ``source.toml`` names it, and the folder its file lies in."""

    connection: str
    folder: Path = Path()

    @property
    def title(self) -> str:
        """What a source of it may be called."""
        kind, _colon, place = self.connection.partition(":")
        return Path(place).stem if kind == "sqlite" else place

    @property
    def journals(self) -> list[Path]:
        """The files beside it that hold what is not in it yet."""
        kind, _colon, place = self.connection.partition(":")
        beside = [self.folder / f"{place}{end}" for end in _JOURNALS if kind == "sqlite"]
        return [path for path in beside if path.is_file() and path.stat().st_size]


def find_database(log: str) -> Database | None:
    """Return the database that is meant: an SQLite file, its path after ``sqlite:``, or ``env:``
    and a variable; None for any other file or folder.

    Raises
    ------
    UsageError
        For an address, which is not repeated.
    SourceError
        For a DuckDB file, which is not read as it is.
    """
    if re.fullmatch(r"env:\w+", log):
        return Database(log)
    if log.startswith("sqlite:"):
        path = _find_file(log.removeprefix("sqlite:"))
        return Database(f"sqlite:{path.name}", path.parent)
    if re.match(r"\w[\w+.-]*://", log):
        raise UsageError(
            "An address of a database may hold a password and is not taken from the command line; "
            "put it into an environment variable such as CLINIC_DB and run "
            "`outcomes init env:CLINIC_DB`."
        )
    path = Path(log)
    start = _read_start(path)
    if start[_START_OF_DUCKDB:].startswith(_DUCKDB):
        raise SourceError(
            f"{path.name!r} is a DuckDB database, which is not read as it is; write its tables as "
            "Parquet files (COPY … TO 'log.parquet') and run init on those."
        )
    return Database(f"sqlite:{path.name}", path.parent) if start.startswith(_SQLITE) else None


def _find_file(place: str) -> Path:
    """Return the file of ``clinic.db``, ``///clinic.db`` or ``///way/to/clinic.db``; after three
    strokes some programs count from here and some from the root."""
    plain = re.sub(r"^//+", "", place) if place.startswith("//") else place
    rooted = Path("/", plain)
    return rooted if place.startswith("//") and not Path(plain).exists() else Path(plain)


def _read_start(path: Path) -> bytes:
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(16)
    except (OSError, ValueError):
        return b""


def read_tables(database: Database, name: str, names: Names) -> tuple[list[Part], dict[str, str]]:
    """Return the tables of which two columns or more are called as in a log, and of each other one
    why it is not read.

    Raises
    ------
    SourceError
        When the database cannot be reached.
    """
    source = Source(name=name, title=name, folder=database.folder)
    tables = list_tables(source, Layout(connection=database.connection, format=_WRITTEN))
    if not tables:
        raise SourceError(f"The database of {name!r} has no table; check which one it is.")
    parts: list[Part] = []
    unread: dict[str, str] = {}
    for table in tables:
        layout = Layout(connection=database.connection, table=table, format=_WRITTEN)
        try:
            parts += _read_table(source, layout, names)
        except SourceError as problem:
            unread[table] = str(problem)
    read = {part.file for part in parts}
    why = "its columns are not called as those of a log"
    return parts, {each: unread.get(each, why) for each in tables if each not in read}


def _read_table(source: Source, layout: Layout, names: Names) -> Iterator[Part]:
    known = {
        name for column in read_columns(source, layout) if (name := names.read(column)).is_known
    }
    if len(known) < FEWEST_KNOWN:
        return
    with open_engine() as engine:
        log = read_query(engine, source, layout, layout.table, ROWS_LOOKED_AT)
        reasons = {"kind": f"the table {layout.table!r} of a database"}
        rows = take_rows(log)
    yield Part(layout.table, log.headers, rows, _WRITTEN, reasons, connection=layout.connection)
