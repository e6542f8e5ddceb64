"""Reads a table or a query of a database through ibis, every cell as text.

A database is only read: SQLite is opened read-only, PostgreSQL in read-only transactions. Where
PostgreSQL is, and who may read it, stands in an environment variable and never in a file, a log or
a message.
"""

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final

import duckdb
import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis.common.exceptions import IbisError, TableNotFound
from sqlglot.errors import SqlglotError

from analysis.errors import SourceError, sentence_for_unknown
from analysis.intake.engine import Engine, Table
from analysis.intake.sources.limits import check_columns, check_sqlite, open_inside
from analysis.intake.sources.log import Log
from analysis.intake.sources.settings import SETTINGS_FILE, Layout, Source
from analysis.intake.sources.typed import (
    cast_to_text,
    hash_rows,
    make_typed_log,
    number_rows,
    spell,
)

_SCHEMES: Final = ("postgresql://", "postgres://")
_OWN_SPACES: Final = ("pg_", "information_schema")
_OWN_TABLES: Final = ("sqlite_",)
"""What a database keeps for itself."""
_LIST: Final = "list of tables"
_SECONDS_TO_CONNECT: Final = 20
_ROWS_AT_ONCE: Final = 20_000


def list_tables(source: Source, layout: Layout) -> list[str]:
    """Return the tables and views of the database of a layout, as settings name them: ``name``, or
    ``schema.name`` where it is not the schema in use.

    Raises
    ------
    SourceError
        When the database cannot be reached or refuses.
    """
    with _open_database(source, layout) as database, _in_one_sentence(_LIST, source):
        tables = [each for each in database.list_tables() if not each.startswith(_OWN_TABLES)]
        if database.name != "sqlite":
            here = database.current_database
            for space in database.list_databases():
                if space != here and not space.startswith(_OWN_SPACES):
                    inside = database.list_tables(database=space)
                    tables += [f"{space}.{table}" for table in inside]
    return sorted(tables)


def read_columns(source: Source, layout: Layout) -> list[str]:
    """Return the names of the columns of the table a layout names.

    Raises
    ------
    SourceError
        As :func:`read_query`.
    """
    with _open_database(source, layout) as database, _in_one_sentence(layout.table, source):
        return [*_find_rows(database, source, layout, layout.table)[1]]


def read_query(
    engine: Engine, source: Source, layout: Layout, name: str, limit: int | None = None
) -> Log:
    """Return the rows of the table or the query a layout names, or some of them.

    A table of a database has no order. ``line`` counts the rows by their columns from left to
    right, numbers by size and all else as text, whatever order a query asks for: the same rows have
    the same lines. A table whose first column is a key that grows keeps its lines when rows are
    added.

    Raises
    ------
    SourceError
        When the database cannot be reached or refuses, the table is not there (the possible ones
        are listed), or a mapped column is not there or cannot be read as text.
    """
    rows, types = _fetch(engine, source, layout, name, limit)
    return make_typed_log(source, layout, name, rows, types)


def hash_query(engine: Engine, source: Source, layout: Layout, name: str) -> bytes:
    """Return the digest of the rows :func:`read_query` would return now."""
    rows, types = _fetch(engine, source, layout, name)
    return hash_rows(rows, [*types])


def _fetch(
    engine: Engine, source: Source, layout: Layout, name: str, limit: int | None = None
) -> tuple[Table, Mapping[str, dt.DataType]]:
    """Bring the rows into the engine, and return them with their lines and their types."""
    with _open_database(source, layout) as database, _in_one_sentence(name, source):
        rows, types = _find_rows(database, source, layout, name)
        check_columns(len(types), name)
        texts = cast_to_text(rows.limit(limit) if limit else rows, types)
        # ibis hands no stream on to DuckDB, so the parts go in one by one
        landing = engine.name_part()
        landed = engine.connection.create_table(landing, schema=texts.schema())
        for part in _read_parts(database, texts):
            engine.connection.insert(landing, pa.Table.from_batches([part]))
    numbered = number_rows(spell(landed, types), types)
    return engine.keep(engine.name_part(), numbered), types


def _read_parts(database: ibis.BaseBackend, texts: Table) -> Iterator[pa.RecordBatch]:
    """Yield the rows a part at a time; ibis would hold all those of SQLite at once."""
    if database.name != "sqlite":
        yield from database.to_pyarrow_batches(texts, chunk_size=_ROWS_AT_ONCE)
        return
    row = pa.struct([*texts.schema().to_pyarrow()])
    with closing(database.raw_sql(database.compile(texts))) as cursor:
        while part := cursor.fetchmany(_ROWS_AT_ONCE):
            yield pa.RecordBatch.from_struct_array(pa.array(part, row))


# --- what is read -----------------------------------------------------------------------------


def _find_rows(
    database: ibis.BaseBackend, source: Source, layout: Layout, name: str
) -> tuple[Table, Mapping[str, dt.DataType]]:
    if layout.query:
        types = _find_types(database, layout.query)
        _check_names(source, name, types)
        schema = ibis.schema(dict(types))
        return database.sql(layout.query, schema=schema), dict(types)
    space, _dot, table = layout.table.rpartition(".")
    try:
        schema = database.get_schema(table, database=space or None)
    except TableNotFound:
        tables = database.list_tables(database=space or None)
        raise SourceError(
            sentence_for_unknown("table", layout.table, tables, where=f" in {layout.connection!r}")
        ) from None
    return ibis.table(schema, name=table, database=space or None), dict(schema.items())


def _find_types(database: ibis.BaseBackend, query: str) -> list[tuple[str, dt.DataType]]:
    if database.name == "sqlite":
        return [*database.sql(query).schema().items()]
    # ibis would ask for the types by a temporary view, which needs the right to write
    with database.con.cursor(name="types") as cursor, database.con.transaction():
        columns = cursor.execute(query).description
    read_type = database.compiler.type_mapper.from_string
    return [(each.name, read_type(each.type_display)) for each in columns]


def _check_names(source: Source, name: str, types: list[tuple[str, Any]]) -> None:
    names = [column for column, _type in types]
    twice = next((column for column in names if names.count(column) > 1), None)
    if twice is not None:
        raise SourceError(
            f"The {name} of {source.name!r} gives two columns {twice!r}; name one of them "
            "otherwise with `as`."
        )


# --- the database -----------------------------------------------------------------------------


@contextmanager
def _open_database(source: Source, layout: Layout) -> Iterator[ibis.BaseBackend]:
    kind, _colon, place = layout.connection.partition(":")
    database = _open_sqlite(source, place) if kind == "sqlite" else _open_postgres(source, place)
    try:
        yield database
    finally:
        database.con.close()


def _open_sqlite(source: Source, name: str) -> ibis.BaseBackend:
    with open_inside(source.folder, name) as file:
        check_sqlite(file, name)
    path = (source.folder / name).resolve()
    try:
        return ibis.sqlite.from_connection(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True))
    except sqlite3.Error:
        raise SourceError(f"The database {name!r} cannot be opened; check its file.") from None


def _open_postgres(source: Source, variable: str) -> ibis.BaseBackend:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    url = os.environ.get(variable, "")
    if not url.startswith(_SCHEMES):
        found = "holds no such address" if url else "is not set"
        raise SourceError(
            f"{SETTINGS_FILE} of {source.name!r} reads the address of a database from the "
            f"environment variable {variable}, which {found}; set it to postgresql://…"
        )
    try:
        asked: dict[str, Any] = {"connect_timeout": _SECONDS_TO_CONNECT} | conninfo_to_dict(url)
        # days are written by the server, whatever it is set to
        asked["options"] = f"{asked.get('options') or ''} -c DateStyle=ISO".strip()
        server = psycopg.connect(**asked, autocommit=True)
        server.read_only = True
        return ibis.postgres.from_connection(server)
    except psycopg.Error:
        raise SourceError(
            f"The database that {variable} names cannot be reached, or lets nobody in with what "
            "stands there; check the server, the user and the password."
        ) from None


@contextmanager
def _in_one_sentence(name: str, source: Source) -> Iterator[None]:
    """Say that the database refuses. What it says itself may quote a patient, or the address."""
    import psycopg

    refusals = (
        sqlite3.Error,
        psycopg.Error,
        SqlglotError,
        IbisError,
        duckdb.Error,
        pa.ArrowInvalid,
    )
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise  # it is the log that is too large, and no fault of its database
    except refusals as problem:
        what = name if name in ("query", _LIST) else f"table {name!r}"
        reason = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(problem).__name__).lower()
        raise SourceError(
            f"The {what} of {source.name!r} is refused by its database ({reason}); try it in the "
            f"database's own program, then correct {SETTINGS_FILE}."
        ) from None
