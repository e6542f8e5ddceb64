"""Reads delimited text: DuckDB where it reads what is written, Python's ``csv`` where it does not.

Lines are counted apart from DuckDB. It may read a file only if it finds one row on each line; a
file with a short or a long row, a blank line or a line break inside a cell is read by ``csv``.
"""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final, TypeAlias

import duckdb
import ibis

from analysis.errors import SourceError
from analysis.intake.engine import NUMBER, Engine, Table
from analysis.intake.sources.limits import (
    LONGEST_CELL,
    LONGEST_LINE,
    check_columns,
    check_text,
    open_inside,
)
from analysis.intake.sources.log import Log, make_log, make_rows, name_texts, place_rows
from analysis.intake.sources.settings import SETTINGS_FILE, Format

Record: TypeAlias = tuple[int, list[str]]
"""Line and cells."""
FindHeader: TypeAlias = Callable[[Iterable[Sequence[str]]], int]

_FEWEST_MARKS: Final = 3
"""A line inside a cell that holds as many delimiters as a row is a row; fewer may be prose."""
HEADER_WITHIN: Final = 100
"""Rows; a header further down is not looked for."""
_CELLS_LOOKED_AT: Final = 200_000
"""Cells of them: what a hundred rows of the most columns have."""
_CHUNK: Final = 1 << 20
_UTF_8: Final = ("utf-8", "utf-8-sig")


def read_delimited(
    engine: Engine,
    path: Path,
    written: Format,
    name: str = "",
    find_header: FindHeader = lambda _records: 0,
) -> Log:
    """Return the header and the rows of one delimited text file.

    Lines are counted as an editor counts them, so that a quoted cell with a line break in it does
    not shift the rows below. A blank line is a row without a cell. ``name`` is what the file is
    called in problems. ``find_header`` takes records until it knows which one is the header, and
    returns its position; rows above it are titles.
    """
    text = _open_text(engine, path, written)
    with text.path.open(encoding="utf-8-sig", newline="") as file:
        records = _read_records(path, file, written)
        looked_at, found = _look_for_header(records, find_header)
        above, (line, header) = looked_at[:found], (looked_at or [(0, [])])[found]
        check_columns(len(header), path.name)
        names = tuple(each.strip() for each in header)
        kinds = {at: "title" for at, cells in above if any(map(str.strip, cells))}
        if text.is_plain and names and not any("\n" in each for each in header):
            part = _read_strictly(engine, text, written, names, line)
            if part is not None:
                if above:
                    titles = make_rows(engine, names, above, kinds)
                    part = ibis.union(titles, part.mutate(row=part.row + len(above)))
                return place_rows(part, names, file=name or path.name)
        rest = chain(above, looked_at[found + 1 :], records)
        return make_log(engine, names, rest, file=name or path.name, kinds=kinds)


def _look_for_header(
    records: Iterator[Record], find_header: FindHeader
) -> tuple[list[Record], int]:
    """Return the records that had to be read to find the header, and its position among them."""
    looked_at: list[Record] = []

    def look() -> Iterator[list[str]]:
        cells = 0
        for record in islice(records, HEADER_WITHIN):
            looked_at.append(record)
            yield record[1]
            cells += len(record[1])
            if cells > _CELLS_LOOKED_AT:
                return

    rest = look()
    first = [*islice(rest, 1)]
    found = find_header(chain(first, rest)) if first else 0
    return looked_at, found


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
    engine: Engine, text: _Text, written: Format, names: tuple[str, ...], header: int
) -> Table | None:
    """Return the rows below the line of the header as DuckDB reads them; None where it does not
    find exactly one row on each line."""
    texts = name_texts(names)
    try:
        found = engine.connection.read_csv(
            text.path,
            auto_detect=False,
            header=False,
            skip=header,
            delim=written.delimiter,
            quote=written.quote,
            escape=written.quote,
            columns=dict.fromkeys(texts, "VARCHAR"),
            strict_mode=True,
            null_padding=False,
            max_line_size=LONGEST_LINE,
        )
        filled = found.select(**{each: found[each].fill_null("") for each in texts})
        row_size = text.path.stat().st_size // max(text.lines, 1)
        part = engine.keep(engine.name_part(), filled, numbered=True, row_size=row_size)
    except duckdb.Error:
        return None
    if int(part.count().execute()) + header != text.lines:
        return None
    row = part[NUMBER]
    cells = ibis.literal(len(names), "int64")
    return part.select(*texts, row=row, line=row + header + 1, cells=cells, kind=ibis.literal(""))


def _read_records(path: Path, file: IO[str], written: Format) -> Iterator[Record]:
    csv.field_size_limit(LONGEST_CELL)
    first = 1
    try:
        reader = csv.reader(
            file,
            delimiter=written.delimiter,
            quotechar=written.quote or None,
            quoting=csv.QUOTE_MINIMAL if written.quote else csv.QUOTE_NONE,
            strict=True,
        )
        marks = _FEWEST_MARKS
        for record in reader:
            if first <= HEADER_WITHIN and reader.line_num == first:
                marks = max(marks, len(record) - 1)
            if _swallows_rows(record, written.delimiter, marks):
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
