"""Reads Excel workbooks, every cell as text."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from analysis.errors import SourceError, sentence_for_unknown
from analysis.intake.engine import Engine
from analysis.intake.sources.limits import open_inside
from analysis.intake.sources.log import Log, check_headers, make_log
from analysis.intake.sources.settings import SETTINGS_FILE, Layout, Source
from analysis.intake.sources.workbook_limits import check_workbook

_HEADER_WITHIN: Final = 100
"""A header further down is not looked for."""


def read_workbook(engine: Engine, source: Source, layout: Layout, name: str) -> list[Log]:
    """Return one log per sheet; sheets without a single cell are left out.

    The header is the first row that holds all mapped headers, alone or together with the row above
    it (a merged ``Score`` over ``before`` and ``after`` gives ``Score before``, ``Score after``).
    Rows above it are titles. Days are written as ISO dates, numbers with a point.

    Raises
    ------
    SourceError
        When the file is missing, no workbook, broken or password-protected, a named sheet is not
        there, or a sheet has no row with the mapped headers (what is there is listed).
    """
    workbook = _open_workbook(source.folder, name)
    for sheet in layout.sheets:
        if sheet not in workbook.sheet_names:
            raise SourceError(
                sentence_for_unknown(
                    "sheet", sheet, workbook.sheet_names, where=f" in the log {name!r}"
                )
            )
    parts = []
    for sheet in layout.sheets or workbook.sheet_names:
        part = _read_sheet(engine, source, layout, name, _open_sheet(workbook, name, sheet))
        if part is not None:
            parts.append(part)
    if not parts:
        raise SourceError(f"The log {name!r} has no sheet with a cell in it; export it again.")
    return parts


@dataclass(frozen=True)
class ProposedHeader:
    """A row that may be the header, alone or together with the row above it."""

    cells: tuple[str, ...]
    last: int
    """Its last row, from 0."""
    is_below_merged: bool
    """Taken together with a row that has a cell merged over several columns."""


@dataclass(frozen=True)
class Sheet:
    """One sheet as text, before its header is known."""

    name: str
    rows: list[list[str]]
    headers: tuple[ProposedHeader, ...]


def read_sheets(folder: Path, name: str) -> list[Sheet]:
    """Return the sheets with a cell in them, and every header that each may have.

    Raises
    ------
    SourceError
        As :func:`read_workbook` does for the file.
    """
    workbook = _open_workbook(folder, name)
    sheets = []
    for title in workbook.sheet_names:
        sheet = _open_sheet(workbook, name, title)
        rows = _read_rows(sheet, name)
        if any(map(any, rows)):
            merged = _find_merged(sheet)
            wide = {top for (top, column), (_top, left) in merged.items() if column != left}
            proposed = tuple(
                ProposedHeader(tuple(headers), last, first != last and first in wide)
                for first, headers, last in _propose_headers(rows, merged)
            )
            sheets.append(Sheet(title, rows, proposed))
    return sheets


def _open_workbook(folder: Path, name: str) -> CalamineWorkbook:
    with open_inside(folder, name) as file:
        check_workbook(file, name)
        with _in_one_sentence(name):
            return CalamineWorkbook.from_filelike(file)


def _open_sheet(workbook: CalamineWorkbook, name: str, sheet: str) -> CalamineSheet:
    with _in_one_sentence(name):
        return workbook.get_sheet_by_name(sheet)


@contextmanager
def _in_one_sentence(name: str) -> Iterator[None]:
    """Say that calamine refuses a file, or panics: that is no ``Exception``, and before it is
    raised calamine writes of it on stderr, with what stood in the cell."""
    try:
        with _hold_back_stderr():
            yield
    except PasswordError:
        raise SourceError(
            f"The log {name!r} is protected by a password; save it without one."
        ) from None
    except CalamineError:
        raise _refuse_broken(name) from None
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":
            raise
        raise _refuse_broken(name) from None


@contextmanager
def _hold_back_stderr() -> Iterator[None]:
    """Send what compiled code writes on stderr nowhere."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _refuse_broken(name: str) -> SourceError:
    return SourceError(
        f"The log {name!r} is not an Excel workbook, or a broken one; save it again as "
        f"{Path(name).suffix or '.xlsx'}, or correct kind in {SETTINGS_FILE}."
    )


def _read_sheet(
    engine: Engine, source: Source, layout: Layout, name: str, sheet: CalamineSheet
) -> Log | None:
    rows = _read_rows(sheet, name)
    if not any(map(any, rows)):
        return None
    for first, headers, last in _propose_headers(rows, _find_merged(sheet)):
        if check_headers(source, layout, name, headers, needed=False):
            kinds = {line: "title" for line in range(1, first + 1) if any(rows[line - 1])}
            again = rows[first : last + 1]
            kinds |= {
                line: "header"
                for line, row in enumerate(rows, 1)
                if line > last + 1 and row in again
            }
            above, below = enumerate(rows[:first], 1), enumerate(rows[last + 1 :], last + 2)
            records = [*above, *below]
            return make_log(engine, headers, records, file=name, sheet=sheet.name, kinds=kinds)
    mapped = {header for _role, header in layout.headers}
    proposed = (headers for _first, headers, _last in _propose_headers(rows, _find_merged(sheet)))
    nearest = max(filter(any, proposed), key=lambda headers: len(mapped.intersection(headers)))
    place = f"{name!r}, sheet {sheet.name!r},"
    check_headers(source, layout, place, [header for header in nearest if header])
    raise AssertionError("a header that was not found is there")


def _read_rows(sheet: CalamineSheet, name: str) -> list[list[str]]:
    with _in_one_sentence(name):
        rows = sheet.to_python(skip_empty_area=False)
    return [[_write_cell(cell) for cell in row] for row in rows]


def _propose_headers(
    rows: Sequence[Sequence[str]], merged: dict[tuple[int, int], tuple[int, int]]
) -> Iterator[tuple[int, list[str], int]]:
    """Yield the header each row would make alone, then with the row above: first, headers, last."""
    for last, row in enumerate(rows[:_HEADER_WITHIN]):
        yield last, [*map(str.strip, row)], last
        if last and any(rows[last - 1]):
            above = [
                rows[place[0]][place[1]] if (place := merged.get((last - 1, column))) else text
                for column, text in enumerate(rows[last - 1])
            ]
            pairs = zip(above, row, strict=True)
            yield last - 1, [" ".join(f"{top} {under}".split()) for top, under in pairs], last


def _find_merged(sheet: CalamineSheet) -> dict[tuple[int, int], tuple[int, int]]:
    """Return cell → first cell of the merged cell it lies in, along the first row of that cell."""
    return {
        (top, column): (top, left)
        for (top, left), (_bottom, right) in sheet.merged_cell_ranges or ()
        for column in range(left, right + 1)
    }


def _write_cell(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return f"{cell.total_seconds() / 60:g} min"
    return str(cell)
