"""The local corrections file: every problem with its place and text, and what a person wrote there.

``corrections.csv`` lies beside the log, readable by its owner only, and is the one place besides
the log where a cell's text is written. A correction is applied before the log is read, and only
while its cell still holds the text it was written for.

The file may be as large as the log. It is read and written row by row, and of the log only the
cells that are asked for leave the engine, some at a time.
"""

import csv
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias

import ibis
import numpy as np
import pandas as pd

from analysis.errors import SourceError
from analysis.intake.engine import Engine, Table, make_table
from analysis.intake.sources import Log, Source

Row: TypeAlias = dict[str, Any]

FILE: Final = "corrections.csv"
COLUMNS: Final = ("file", "sheet", "line", "column", "found", "rule", "suggestion", "correction")
STALE_RULE: Final = "correction_does_not_match"
_PLACE: Final = ["file", "sheet", "line", "column"]
_LINE: Final = ["file", "sheet", "line"]
_TEXTS: Final = ("file", "sheet", "column", "found", "suggestion", "correction")
"""What the log or a person wrote."""
_START: Final = r"((?:^|[;\t\r\n])[^\S\t\r\n]*)"
"""Where a spreadsheet begins a cell, also one that takes a semicolon or a tab for the delimiter."""
_MARKS: Final = "=+@＝＋－＠-"
"""What a formula begins with."""
_FORMULA: Final = re.compile(f"{_START}('*[{_MARKS}])")
_GUARDED: Final = re.compile(f"{_START}'('*[{_MARKS}])")
_LONGEST: Final = 4_000_000
"""Characters of a cell of the file: the longest cell of a log with a guard before each mark."""
_LARGEST_LINE: Final = 2**63 - 1
_CELLS_AT_ONCE: Final = 20_000
_TEXT_AT_ONCE: Final = 4_000_000
"""Cells and characters that leave the engine together."""
_NOWHERE: Final = (-1, -1, "")


# --- the file ---------------------------------------------------------------------------------


def read_corrections(source: Source) -> pd.DataFrame:
    """Return the rows of the corrections file in which a correction is written.

    All columns are text but ``line``; a source without the file has none.

    Raises
    ------
    SourceError
        When the file cannot be read, lacks a column, or has no whole number in ``line``.
    """
    rows = [row for row in read_all_rows(source) if row["correction"] != ""]
    return _make_frame(rows)


def _make_frame(rows: Iterable[Row]) -> pd.DataFrame:
    types = {name: "int64" if name == "line" else "str" for name in COLUMNS}
    return pd.DataFrame([*rows], columns=[*COLUMNS]).astype(types)


def read_all_rows(source: Source) -> Iterator[Row]:
    """Yield every row of the corrections file, as the log writes its cells; none without a file.

    Raises
    ------
    SourceError
        As :func:`read_corrections`.
    """
    path = source.folder / FILE
    if not path.exists():
        return
    csv.field_size_limit(_LONGEST)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            _check_that(set(COLUMNS) <= {*(reader.fieldnames or ())})
            for row in reader:
                line = int(row["line"])
                _check_that(None not in row and 0 <= line <= _LARGEST_LINE)
                texts = {name: row[name] for name in COLUMNS}
                yield texts | {name: _take_guard(row[name]) for name in _TEXTS} | {"line": line}
    except (csv.Error, ValueError, OSError):
        raise SourceError(
            f"data/{source.name}/{FILE} cannot be read: it needs the columns "
            f"{', '.join(COLUMNS)}, with a whole number in line."
        ) from None


def _check_that(is_so: bool) -> None:
    if not is_so:
        raise ValueError


def write_all_rows(source: Source, rows: Iterable[Row]) -> Path:
    """Write the corrections file anew from its rows; it has mode 0600.

    The rows may be read from the file that is there at the moment: it stays until all are written.
    """
    path = source.folder / FILE
    write_privately(path, lambda file: _write_rows(file, rows))
    return path


def write_privately(path: Path, write: Callable[[TextIO], None]) -> None:
    """Write a file that its owner alone may read, aside first and then renamed: it is there whole
    or as it was. A link that stands in its place is replaced, and never followed."""
    aside = path.with_name(f"{path.name}.part")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            # a umask takes rights away, and could leave the owner none
            aside.chmod(0o600)
            write(file)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _write_rows(file: TextIO, rows: Iterable[Row]) -> None:
    plain = csv.writer(file, lineterminator="\n")
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(COLUMNS)
    for row in rows:
        written = row | {name: guard(row[name]) for name in _TEXTS}
        texts = [str(written[name]) for name in COLUMNS]
        # a carriage return alone would end the row, and is not quoted of itself
        writer = quoted if any("\r" in text for text in texts) else plain
        writer.writerow(texts)


def guard(text: str) -> str:
    """Return text that a spreadsheet shows and does not run: a ``'`` stands before each formula."""
    # most texts have no such mark, and to look for a mark is far quicker than for its place
    return _FORMULA.sub(r"\1'\2", text) if any(mark in text for mark in _MARKS) else text


def _take_guard(text: str) -> str:
    """Return the text as it was before :func:`guard`; where no ``'`` stands, as it is."""
    return _GUARDED.sub(r"\1\2", text) if "'" in text else text


# --- the log ----------------------------------------------------------------------------------


def apply_corrections(
    engine: Engine, log: Log, corrections: pd.DataFrame
) -> tuple[Log, pd.DataFrame]:
    """Return the log with the corrections in place, and the problems of those that do not match.

    A correction matches while its file, sheet, line and column exist and the cell holds ``found``.
    Of several for one cell the first counts; one that says something else does not match then.
    """
    matching = _find_matching(log, corrections) if len(corrections) else corrections
    stale = corrections[~corrections.index.isin(matching.index)]
    hint = "check the cell, then write the correction again or remove it"
    problems = stale[_PLACE].assign(rule=STALE_RULE, consequence="noted", suggestion=hint)
    if len(matching):
        first = matching.groupby(_PLACE)["correction"].transform("first")
        hint = "another correction of the cell stands above and counts: remove one of them"
        later = matching.loc[matching["correction"] != first, _PLACE]
        later = later.assign(rule=STALE_RULE, consequence="noted", suggestion=hint)
        problems = pd.concat([problems, later])
    if len(matching):
        log = replace(log, rows=_put_in_place(engine, log, matching))
    corrected = {*matching[_PLACE].itertuples(index=False, name=None)}
    listed = log.problems.fillna({"sheet": ""})[_PLACE].itertuples(index=False, name=None)
    is_open = [place not in corrected for place in listed]
    return replace(log, problems=log.problems[is_open]), problems.reset_index(drop=True)


def _find_matching(log: Log, corrections: pd.DataFrame) -> pd.DataFrame:
    """Return the corrections whose cell is there and holds what they found, with its ``row``."""
    possible = corrections[corrections["column"].isin(log.headers)]
    found = possible["found"].to_numpy()
    matching = {
        possible.index[n]: row for n, row, text in _read_cells(log, possible) if text == found[n]
    }
    rows = pd.Series(matching, name="row", dtype="int64")
    return corrections.join(rows, how="inner")


def _put_in_place(engine: Engine, log: Log, matching: pd.DataFrame) -> Table:
    """Return the rows of the log with each correction in its cell.

    One join brings all of them: a case for each would be looked at for every row of the log.
    """
    wide = matching.pivot_table(
        index="row", columns="column", values="correction", aggfunc="first"
    ).reset_index()
    texts = {f"new_{log.find_text(str(header))}": str(header) for header in wide.columns[1:]}
    new = make_table(
        wide.set_axis(["row", *texts], axis="columns"),
        {"row": "int64"} | dict.fromkeys(texts, "string"),
    )
    # a view may come to rest on these rows, and must not rest on a frame
    joined = log.rows.left_join(engine.keep(engine.name_part(), new), "row")
    columns = {name: joined[name] for name in log.rows.columns}
    columns |= {name[4:]: joined[name].coalesce(joined[name[4:]]) for name in texts}
    return joined.select(**columns)


def write_corrections(source: Source, log: Log, problems: pd.DataFrame) -> Path:
    """Write every problem with its cell's text; corrections written earlier are kept.

    ``log`` is the log as read, before corrections. The file has mode 0600.
    """
    listed = problems[problems["rule"] != STALE_RULE]
    listed = listed.fillna({"sheet": "", "column": "", "suggestion": ""})
    kept = read_corrections(source)
    is_kept = listed.set_index(_PLACE).index.isin(kept.set_index(_PLACE).index)
    listed = listed[~is_kept].assign(found="", correction="")
    rows = pd.concat([listed[[*COLUMNS]], kept], ignore_index=True)
    rows = rows.sort_values([*_PLACE, "rule"], kind="stable", ignore_index=True)
    return write_all_rows(source, _list_rows(log, rows))


def _list_rows(log: Log, rows: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows with the text of their cells; that of a correction is what it found."""
    cells = _read_cells(log, rows)
    n, _row, text = next(cells, _NOWHERE)
    for place, row in enumerate(rows.itertuples(index=False, name=None)):
        told = dict(zip(COLUMNS, row, strict=True))
        if place == n:
            told["found"] = told["found"] if told["correction"] else text
            n, _row, text = next(cells, _NOWHERE)
        yield told


# --- cells of the log -------------------------------------------------------------------------


def _read_cells(log: Log, places: pd.DataFrame) -> Iterator[tuple[int, int, str]]:
    """Yield the position of each place that is in the log (0, 1, …), its row and the text of its
    cell, in order; the text is empty where the log has no such column.

    The texts of a log may be larger than memory. First it is asked where they are and how long,
    then for the texts themselves, a few megabytes at a time.
    """
    names = {header: log.find_text(header) for header in {*places["column"]} & {*log.headers}}
    found = _find_rows(log, places, {*names.values()})
    is_first = ~found["row"].duplicated()
    amount = found["size"].where(is_first, 0).cumsum() // _TEXT_AT_ONCE
    part = amount + np.arange(len(found)) // _CELLS_AT_ONCE
    columns = places["column"].to_numpy()
    for _number, some in found.groupby(part.to_numpy(), sort=False):
        wanted = [columns[n] for n in some["n"]]
        texts = _read_texts(log, some["row"], {names[each] for each in wanted if each in names})
        for n, row, column in zip(some["n"], some["row"], wanted, strict=True):
            yield int(n), int(row), texts[row][names[column]] if column in names else ""


def _find_rows(log: Log, places: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Return n, row and size of the places that are in the log, by ``n``; ``size`` is the number of
    characters of these columns of the row. Should a line stand twice, its first row counts."""
    asked = places[_LINE].reset_index(drop=True).reset_index(names="n")
    lengths = (log.rows[name].length() for name in names)
    lines = log.rows.select(
        "file",
        "line",
        "row",
        sheet=log.rows.sheet.fill_null(""),
        size=reduce(add, lengths, ibis.literal(0, "int64")),
    )
    types = {"n": "int64", "file": "string", "sheet": "string", "line": "int64"}
    found = lines.inner_join(make_table(asked, types), _LINE).select("n", "row", "size").execute()
    return found.sort_values(["n", "row"], ignore_index=True).drop_duplicates("n")


def _read_texts(log: Log, rows: pd.Series, names: Collection[str]) -> dict[int, dict[str, str]]:
    """Return row → name → text."""
    wanted = make_table(pd.DataFrame({"row": rows.unique()}), {"row": "int64"})
    # between the first and the last one, so that the engine need not look at the rest
    near = log.rows.filter(log.rows.row.between(int(rows.min()), int(rows.max())))
    found = near.semi_join(wanted, "row").select("row", *names).to_pyarrow()
    return {each.pop("row"): each for each in found.to_pylist()}
