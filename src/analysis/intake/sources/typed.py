"""Typed columns as the text a person would have written, so that they go up the same stairs as any
other log.

Parquet files and databases have types; a log is text. A day is an ISO date, a moment at midnight is
a day, a number has a point and no zeros behind it, a truth is yes or no, what is missing is blank.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import ibis
import ibis.expr.datatypes as dt

from analysis.errors import SourceError
from analysis.intake.engine import Table
from analysis.intake.sources.log import Log, check_headers, name_texts, place_rows
from analysis.intake.sources.settings import Layout, Source

_LINE: Final = "line"
_MIDNIGHT: Final = r"^(\d{4}-\d\d-\d\d)[ T]00:00(:00(\.0+)?)?$"
"""A moment with a zone is none: where its day begins depends on where the clinic is."""
_MOMENT: Final = r"^(\d{4}-\d\d-\d\d) (\d)"
_WITH_ZONE: Final = r"\d{2}:\d{2}.*([+-]\d{2}(:?\d{2})?|Z)$"


def cast_to_text(rows: Table, types: Mapping[str, dt.DataType], **more: ibis.Value) -> Table:
    """Return the columns ``c0``, ``c1`` … as the engine that holds them writes them, and ``more``.

    Bytes are no text: a column of them is left out, blank.
    """
    return rows.select(
        **{
            text: ibis.literal("") if kind.is_binary() else rows[name].cast("string")
            for text, (name, kind) in zip(name_texts([*types]), types.items(), strict=True)
        },
        **more,
    )


def spell(texts: Table, types: Mapping[str, dt.DataType]) -> Table:
    """Return the texts of :func:`cast_to_text` as a person would have written them.

    A text that is not what the type of its column promises (SQLite keeps any text in any column)
    stays as it is.
    """
    kinds = zip(name_texts([*types]), types.values(), strict=True)
    return texts.mutate(**{text: _spell(texts[text].fill_null(""), kind) for text, kind in kinds})


def _spell(text: ibis.Value, kind: dt.DataType) -> ibis.Value:
    if kind.is_boolean():
        yes, no = (text.lower().isin(words) for words in (("true", "1"), ("false", "0")))
        return ibis.cases((yes, "yes"), (no, "no"), else_=text)
    if kind.is_floating() or kind.is_decimal():
        number = (text.lower() == "nan").ifelse("", text)
        number = number.re_replace(r"^(-?\d+)\.0*$", r"\1")
        return number.re_replace(r"^(-?\d+\.\d*[1-9])0+$", r"\1")
    if kind.is_timestamp():
        return text.re_replace(_MIDNIGHT, r"\1").re_replace(_MOMENT, r"\1T\2")
    return text


def number_rows(texts: Table, types: Mapping[str, dt.DataType]) -> Table:
    """Return the rows with a ``line`` (1, 2, …) that depends on nothing but what is in them.

    They stand in the order of their columns from left to right, numbers by size and all else as
    text; rows that are the same in every cell cannot be told apart and need not be.
    """
    order = []
    for name, kind in zip(texts.columns, types.values(), strict=True):
        if kind.is_numeric():
            order.append(texts[name].try_cast("float64"))
        order.append(texts[name])
    return texts.mutate(line=ibis.row_number().over(order_by=order) + 1)


def make_typed_log(
    source: Source, layout: Layout, name: str, rows: Table, types: Mapping[str, dt.DataType]
) -> Log:
    """Return the log of rows with a ``line`` and their texts.

    Raises
    ------
    SourceError
        When a mapped column is missing, holds lists, records or bytes, or moments whose day depends
        on a time zone.
    """
    headers = tuple(name.strip() for name in types)
    check_headers(source, layout, repr(name), headers)
    _check_types(source, layout, name, rows, types)
    width = ibis.literal(len(headers), "int64")
    placed = rows.mutate(row=rows.line - 1, cells=width, kind=ibis.literal(""))
    return place_rows(placed, headers, file=name)


def _check_types(
    source: Source, layout: Layout, name: str, rows: Table, types: Mapping[str, dt.DataType]
) -> None:
    texts = zip(name_texts([*types]), types.items(), strict=True)
    columns = {header.strip(): (rows[text], kind) for text, (header, kind) in texts}
    for role, header in layout.headers:
        column, kind = columns[header]
        where = f"The log {name!r} of {source.name!r}: the column {header!r}, mapped as {role},"
        if kind.is_nested() or kind.is_json() or kind.is_binary():
            what = "bytes" if kind.is_binary() else "lists or records"
            raise SourceError(f"{where} holds {what}; give it as one value in each cell.")
        has_zone = kind.is_timestamp() and kind.timezone is not None
        if has_zone and column.re_search(_WITH_ZONE).any().execute():
            raise SourceError(
                f"{where} holds moments with a time zone, and their day depends on where the "
                "clinic is; give the day itself, or the clinic's own time without a zone."
            )


def hash_rows(rows: Table, headers: Sequence[str]) -> bytes:
    """Return the digest of headers and cells, in the order of ``line``."""
    whole = hashlib.sha256()
    # the length in front keeps one cell from running into the next
    for header in headers:
        whole.update(f"{len(header)}:{header}".encode())
    cells = [rows[name] for name in rows.columns if name != _LINE]
    texts = [text.length().cast("string") + ":" + text for text in cells]
    joined = rows.select(_LINE, whole=ibis.literal("").join(texts)).order_by(_LINE)
    for batch in joined.to_pyarrow_batches(chunk_size=100_000):
        for text in batch.column("whole").to_pylist():
            whole.update(text.encode())
    return whole.digest()
