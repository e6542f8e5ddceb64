"""Reads a source: its ``source.toml``, and its files as text with file, sheet and line.

Only files named by ``source.toml`` are read, and they are never changed. Each kind of file has a
reader of its own; all of them return the same :class:`Log`.
"""

from collections.abc import Iterator
from functools import partial

from analysis.errors import SourceError
from analysis.intake.engine import Engine, open_engine
from analysis.intake.sources.delimited import read_delimited
from analysis.intake.sources.log import (
    PLACE,
    PROBLEM,
    Log,
    check_headers,
    find_header,
    find_numbered,
    join_logs,
    list_problems,
)
from analysis.intake.sources.parquet import read_parquet
from analysis.intake.sources.query import hash_query, read_query
from analysis.intake.sources.redcap import read_redcap
from analysis.intake.sources.settings import (
    CANONICAL,
    REQUIRED_ROLES,
    ROLES,
    SETTINGS_FILE,
    VOCABULARY_FILE,
    Answers,
    DateOrder,
    Decimal,
    Format,
    Layout,
    Rows,
    Source,
    find_project,
    list_sources,
    read_source,
)
from analysis.intake.sources.tables import check_tables, read_tables
from analysis.intake.sources.wide import spread_wide
from analysis.intake.sources.workbook import read_sheets, read_workbook

__all__ = [
    "CANONICAL",
    "PLACE",
    "PROBLEM",
    "REQUIRED_ROLES",
    "ROLES",
    "SETTINGS_FILE",
    "VOCABULARY_FILE",
    "Answers",
    "DateOrder",
    "Decimal",
    "Format",
    "Layout",
    "Log",
    "Rows",
    "Source",
    "check_tables",
    "find_numbered",
    "find_project",
    "hash_queries",
    "list_problems",
    "list_sources",
    "read_delimited",
    "read_log",
    "read_sheets",
    "read_source",
    "spread_wide",
]


def read_log(engine: Engine, source: Source) -> Log:
    """Return every row of the source's files as text.

    Raises
    ------
    SourceError
        When a file is missing, empty, not of the declared kind or encoding, or lacks a column that
        ``source.toml`` names (the columns that are there are listed).
    """
    parts = []
    for place, layout in enumerate(source.every_layout):
        parts += [(place, part) for part in _read_layout(engine, source, layout)]
    return join_logs(engine, parts)


def hash_queries(source: Source) -> Iterator[bytes]:
    """Yield the digest of the rows of each table and query as they are now in their database.

    Raises
    ------
    SourceError
        When one cannot be read.
    """
    layouts = [layout for layout in source.every_layout if layout.format.kind == "query"]
    for layout in layouts:
        with open_engine() as engine:
            for name in layout.log_names:
                yield hash_query(engine, source, layout, name)


def _read_layout(engine: Engine, source: Source, layout: Layout) -> list[Log]:
    kind = layout.format.kind
    if kind == "tables":
        return read_tables(engine, source, layout)
    parts: list[Log] = []
    for name in layout.log_names:
        if kind == "workbook":
            parts += read_workbook(engine, source, layout, name)
            continue
        if kind == "redcap":
            part = read_redcap(engine, source, layout, name)
        elif kind == "parquet":
            part = read_parquet(engine, source, layout, name)
        elif kind == "query":
            part = read_query(engine, source, layout, name)
        else:
            find = partial(find_header, source, layout, repr(name))
            part = read_delimited(engine, source.folder / name, layout.format, name, find)
        check_headers(source, layout, repr(name), part.headers)
        if parts and part.headers != parts[0].headers:
            raise SourceError(
                f"{name} of {source.name!r} has other columns than {layout.files[0]}."
            )
        parts.append(part)
    return parts
