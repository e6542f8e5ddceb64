"""Reads delimited text: DuckDB where it reads what is written, Python's ``csv`` where it does not.

Lines are counted apart from DuckDB. It may read a file only if it finds one row on each line; a
file with a short or a long row, a blank line or a line break inside a cell is read by ``csv``.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import duckdb
import ibis

from analysis.errors import SourceError
from analysis.intake.engine import NUMBER, Engine, Table
from analysis.intake.sources.limits import LONGEST_CELL, LONGEST_LINE, check_text, open_inside
from analysis.intake.sources.log import Log, make_log, name_texts, place_rows
from analysis.intake.sources.settings import SETTINGS_FILE, Format

_FEWEST_MARKS: Final = 3
"""A line inside a cell that holds as many delimiters as a row is a row; fewer may be prose."""
_CHUNK: Final = 1 << 20
_UTF_8: Final = ("utf-8", "utf-8-sig")


def read_delimited(engine: Engine, path: Path, written: Format, name: str = "") -> Log:
    """Return the header and the rows of one delimited text file.

    Lines are counted as an editor counts them, so that a quoted cell with a line break in it does
    not shift the rows below. A blank line is a row without a cell. ``name`` is what the file is
    called in problems.
    """
    text = _open_text(engine, path, written)
    with text.path.open(encoding="utf-8-sig", newline="") as file:
        records = _read_records(path, file, written.delimiter)
        _line, header = next(records, (0, []))
        names = tuple(each.strip() for each in header)
        if text.is_plain and names and not any("\n" in each for each in header):
            part = _read_strictly(engine, text, written.delimiter, names)
            if part is not None:
                return place_rows(part, names, file=name or path.name)
        return make_log(engine, names, records, file=name or path.name)


@dataclass(frozen=True)
class _Text:
    """A file of UTF-8: the log itself, or a copy of it in the engine's folder."""

    path: Path
    lines: int
    is_plain: bool
    """Whether every line ends as DuckDB expects it."""


def _open_text(engine: Engine, path: Path, written: Format) -> _Text:
    try:
        b"".decode(written.encoding)  # refuses what is no encoding of text, such as hex
        known = codecs.lookup(written.encoding).name
    except (LookupError, ValueError):
        raise SourceError(
            f"There is no encoding {written.encoding!r}; correct encoding in {SETTINGS_FILE}."
        ) from None
    with open_inside(path.parent, path.name) as file:
        check_text(file, path.name, encoding=known, delimiter=written.delimiter)
        if known in _UTF_8:
            return _count_lines(path, path, file, written.encoding, None)
        copy = engine.make_path(".csv")
        with copy.open("wb") as out:
            return _count_lines(path, copy, file, written.encoding, out)


def _count_lines(
    path: Path, kept: Path, file: IO[bytes], encoding: str, out: IO[bytes] | None
) -> _Text:
    """Decode a file piece by piece, count its lines and, where asked, write it as UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = lines = 0
    last = ""
    is_plain = True
    while True:
        raw = file.read(_CHUNK)
        try:
            text = decoder.decode(raw, final=not raw)
        except UnicodeError as problem:
            # UTF-16 without its mark is refused without a place
            place = read + getattr(problem, "start", 0)
            raise SourceError(
                f"The log {path.name!r} is not {encoding} (byte {place}); "
                f"declare its encoding in {SETTINGS_FILE}, for instance cp1252."
            ) from None
        if out is not None:
            out.write(text.encode("utf-8"))
        lines += text.count("\n")
        joined = last + text
        is_plain = is_plain and joined.count("\r") == joined.count("\r\n") + joined.endswith("\r")
        last = text[-1:] or last
        read += len(raw)
        if not raw:
            break
    return _Text(kept, lines + (last not in ("", "\n")), is_plain and last != "\r")


def _read_strictly(
    engine: Engine, text: _Text, delimiter: str, names: tuple[str, ...]
) -> Table | None:
    """Return the rows below the header as DuckDB reads them; None where it does not find exactly
    one row on each line."""
    texts = name_texts(names)
    try:
        found = engine.connection.read_csv(
            text.path,
            auto_detect=False,
            header=False,
            skip=1,
            delim=delimiter,
            quote='"',
            escape='"',
            columns=dict.fromkeys(texts, "VARCHAR"),
            strict_mode=True,
            null_padding=False,
            max_line_size=LONGEST_LINE,
        )
        filled = found.select(**{each: found[each].fill_null("") for each in texts})
        part = engine.keep(engine.name_part(), filled, numbered=True)
    except duckdb.Error:
        return None
    if int(part.count().execute()) + 1 != text.lines:
        return None
    row = part[NUMBER]
    cells = ibis.literal(len(names), "int64")
    return part.select(*texts, row=row, line=row + 2, cells=cells, kind=ibis.literal(""))


def _read_records(path: Path, file: IO[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    first = 1
    try:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        marks = _FEWEST_MARKS
        for record in reader:
            if first == 1:
                marks = max(marks, len(record) - 1)
            if _swallows_rows(record, delimiter, marks):
                raise SourceError(
                    f"The log {path.name!r}, lines {first} to {reader.line_num}: a quotation mark "
                    "is opened and not closed, so that rows became one cell; close or remove it."
                )
            yield first, record
            first = reader.line_num + 1
    except (csv.Error, TypeError, ValueError) as problem:
        raise SourceError(
            f"The log {path.name!r}, line {first}, is not readable as delimited text ({problem})."
        ) from None


def _swallows_rows(record: list[str], delimiter: str, marks: int) -> bool:
    """Return whether a cell with line breaks holds a line that looks like a row."""
    return any(
        line.count(delimiter) >= marks
        for cell in record
        if "\n" in cell or "\r" in cell
        for line in cell.splitlines()
    )
