"""Reads delimited text."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from analysis.errors import SourceError
from analysis.intake.sources.limits import LONGEST_CELL, check_text, open_inside
from analysis.intake.sources.log import Log, make_log
from analysis.intake.sources.settings import SETTINGS_FILE, Format

_FEWEST_MARKS: Final = 3
"""A line inside a cell that holds as many delimiters as a row is a row; fewer may be prose."""


def read_delimited(path: Path, written: Format) -> Log:
    """Return the header and the rows of one delimited text file.

    Lines are counted as an editor counts them, so that a quoted cell with a line break in it does
    not shift the rows below. A blank line is a row without a cell.
    """
    text = _read_text(path, written.encoding, written.delimiter)
    records = _read_records(path, text, written.delimiter)
    _, header = next(records, (0, []))
    return make_log(header, records, file=path.name)


def _read_text(path: Path, encoding: str, delimiter: str) -> str:
    with open_inside(path.parent, path.name) as file:
        check_text(file, path.name, encoding=encoding, delimiter=delimiter)
        raw = file.read()
    try:
        return raw.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as problem:
        raise SourceError(
            f"The log {path.name!r} is not {encoding} (byte {problem.start}); "
            f"declare its encoding in {SETTINGS_FILE}, for instance cp1252."
        ) from None
    except (LookupError, ValueError):
        raise SourceError(
            f"There is no encoding {encoding!r}; correct encoding in {SETTINGS_FILE}."
        ) from None


def _read_records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    first = 1
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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
