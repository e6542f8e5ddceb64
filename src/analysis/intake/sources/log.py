"""The text of a source as it was written, with its place: what every kind of file is read as."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from operator import and_
from typing import Any, Final

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import SourceError
from analysis.intake.engine import Engine, Table
from analysis.intake.sources.settings import SETTINGS_FILE, Layout, Source

PLACE: Final[Mapping[str, str]] = {
    "row": "int64",
    "record": "int64",
    "slot": "int64",
    "layout": "int64",
    "file": "string",
    "sheet": "string",
    "line": "int64",
    "cells": "int64",
    "width": "int64",
    "kind": "string",
}
"""Where a row stands, how many cells it and its header have, and why it is no data."""
PROBLEM: Final = ("file", "sheet", "line", "column", "rule", "consequence", "suggestion")
_AT_ONCE: Final = 20_000
"""Rows that pass through Python together; more of them cost memory and save no time."""


@dataclass(frozen=True)
class Log:
    """The text of a file, a sheet, or a whole source.

    ``rows`` has one row per row of the log: ``row`` (0, 1, … in reading order), ``record`` and
    ``slot`` (the same row and 0, unless a wide row was spread), ``layout`` (0, 1, …
    as declared), ``file``, ``sheet``, ``line``, ``cells`` (how many there were), ``width`` (how
    many its header has), ``kind`` (empty, or why the reader knows that it is no data: a ``title``
    above the header, the ``header`` again, the ``base`` row of a REDCap record), and one text
    column per header, named ``c0``, ``c1`` … by position; a cell that is not there is empty.
    """

    rows: Table
    headers: tuple[str, ...]
    problems: pd.DataFrame = field(default_factory=lambda: list_problems([]))
    """What could not be read as it is written before any cell was looked at."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the text columns."""
        return name_texts(self.headers)

    def find_text(self, header: str) -> str:
        """Return the name of the text column with this header."""
        return self.texts[self.headers.index(header)]

    def read_column(self, header: str) -> pd.Series:
        """Return the cells below a header in reading order."""
        return self.rows.order_by("row")[self.find_text(header)].execute()


def name_texts(headers: Sequence[str]) -> tuple[str, ...]:
    """Return the name of the text column of each header."""
    return tuple(f"c{place}" for place in range(len(headers)))


def make_log(
    engine: Engine,
    headers: Sequence[str],
    records: Iterable[tuple[int, Sequence[str]]],
    *,
    file: str,
    sheet: str | None = None,
    kinds: Mapping[int, str] | None = None,
) -> Log:
    """Return the log of one file or sheet from ``(line, cells)``; ``kinds`` are by line."""
    names = tuple(header.strip() for header in headers)
    rows = make_rows(engine, names, records, kinds or {})
    return place_rows(rows, names, file=file, sheet=sheet)


def make_rows(
    engine: Engine,
    names: Sequence[str],
    records: Iterable[tuple[int, Sequence[str]]],
    kinds: Mapping[int, str],
) -> Table:
    """Return ``(line, cells)`` as :func:`place_rows` takes them.

    The rows go to the engine's folder some at a time.
    """
    schema = pa.schema(
        [("row", pa.int64()), ("line", pa.int64()), ("cells", pa.int64()), ("kind", pa.string())]
        + [(text, pa.string()) for text in name_texts(names)]
    )
    path = engine.make_path(".parquet")
    rest = enumerate(records)
    with pq.ParquetWriter(path, schema, compression="none") as writer:
        while some := [*islice(rest, _AT_ONCE)]:
            rows = [
                (row, line, len(record), kinds.get(line, ""), *_fit(record, len(names)))
                for row, (line, record) in some
            ]
            columns = [pa.array(each) for each in zip(*rows, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    return engine.connection.read_parquet(path)


def _fit(record: Sequence[str], width: int) -> list[str]:
    """Return as many cells as there are headers."""
    return [*record[:width], *[""] * (width - len(record))]


def place_rows(part: Table, headers: Sequence[str], *, file: str, sheet: str | None = None) -> Log:
    """Return the log of a table with ``row``, ``line``, ``cells``, ``kind`` and the texts ``c0``,
    ``c1`` … of the headers. A row that repeats the header is marked."""
    texts = name_texts(headers)
    same = (part[text].strip() == header for text, header in zip(texts, headers, strict=True))
    is_header = reduce(and_, same) if texts else ibis.literal(False)
    rows = part.select(
        "row",
        "line",
        "cells",
        record=part.row,
        slot=ibis.literal(0, "int64"),
        layout=ibis.literal(0, "int64"),
        file=ibis.literal(file),
        sheet=ibis.literal(sheet, "string"),
        width=ibis.literal(len(texts), "int64"),
        kind=is_header.ifelse("header", part.kind),
        **{text: part[text] for text in texts},
    )
    return Log(rows, tuple(headers))


def list_problems(problems: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return problems as a frame with the columns of the schema."""
    types = dict.fromkeys(PROBLEM, "str") | {"line": "int64"}
    return pd.DataFrame([*problems], columns=[*PROBLEM]).astype(types)


def join_logs(engine: Engine, parts: Sequence[tuple[int, Log]]) -> Log:
    """Return several logs, each with the number of its layout, as one: a column for every header,
    rows in the order of the parts.

    Of columns without a mapped header, those with the same name are one; so are the first, the
    second and so on of several columns with one name in a file.
    """
    keys: dict[tuple[str, int], str] = {}
    placed = []
    for layout, part in parts:
        nth = [part.headers[:place].count(header) for place, header in enumerate(part.headers)]
        names = [
            keys.setdefault((header, n), f"c{len(keys)}")
            for header, n in zip(part.headers, nth, strict=True)
        ]
        placed.append((layout, part, dict(zip(names, part.texts, strict=True))))
    rows, first = [], 0
    for layout, part, texts in placed:
        table = part.rows
        rows.append(
            table.select(
                row=table.row + first,
                record=table.row + first,
                slot=table.slot,
                layout=ibis.literal(layout, "int64"),
                **{name: table[name] for name in [*PLACE][4:]},
                **{
                    name: table[texts[name]] if name in texts else ibis.literal("")
                    for name in keys.values()
                },
            )
        )
        first += int(table.count().execute())
    problems = pd.concat([part.problems for _layout, part in parts], ignore_index=True)
    whole = engine.keep("log", ibis.union(*rows)) if len(rows) > 1 else engine.name("log", rows[0])
    return Log(whole, tuple(header for header, _nth in keys), problems)


def find_numbered(headers: Sequence[str], template: str) -> dict[int, str]:
    """Return number → header, for the headers with a number where the template has ``{n}``."""
    before, _mark, after = template.partition("{n}")
    pattern = re.compile(rf"{re.escape(before)}(\d{{1,3}}){re.escape(after)}")
    found = ((pattern.fullmatch(header), header) for header in headers)
    return {int(match[1]): header for match, header in found if match}


def check_headers(
    source: Source, layout: Layout, place: str, headers: Sequence[str], needed: bool = True
) -> bool:
    """Return whether every mapped header stands exactly once among the headers of ``place``; one
    with ``{n}`` with any number.

    Raises
    ------
    SourceError
        When one does not and is ``needed``; the headers that are there are listed. A first row with
        none of the mapped ones may be a visit, and a header with line breaks may have swallowed
        some: neither is repeated.
    """
    for role, header in layout.headers:
        count = [*headers].count(header)
        if "{n}" in header:
            count = bool(find_numbered(headers, header))
        if count != 1:
            if not needed:
                return False
            found = "two columns" if count else "no column"
            raise SourceError(
                f"The log {place} of {source.name!r} has {found} {header!r}, which "
                f"{SETTINGS_FILE} names as {role}. {_list_headers(layout, headers)}"
            )
    return True


def find_header(source: Source, layout: Layout, place: str, rows: Iterable[Sequence[str]]) -> int:
    """Return the position of the first row that holds all mapped headers; where none does, of the
    one that holds the most of them."""
    mapped = {header for _role, header in layout.headers}
    nearest, most = 0, 0
    for position, row in enumerate(rows):
        headers = [*map(str.strip, row)]
        if check_headers(source, layout, place, headers, needed=False):
            return position
        if (known := len(mapped.intersection(headers))) > most:
            nearest, most = position, known
    return nearest


def _list_headers(layout: Layout, headers: Sequence[str]) -> str:
    if not {header for _role, header in layout.headers} & {*headers}:
        return "Its first row has none of the columns named there; check that it is the header."
    plain = [each if len(each.splitlines()) < 2 else "(several lines)" for each in headers]
    return f"Its columns are: {', '.join(map(repr, plain))}."
