"""The local corrections file: every problem with its place and text, and what a person wrote there.

``corrections.csv`` lies beside the log, readable by its owner only, and is the one place besides
the log where a cell's text is written. A correction is applied before the log is read, and only
while its cell still holds the text it was written for.
"""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import ibis
import pandas as pd

from analysis.errors import SourceError
from analysis.intake.engine import make_table
from analysis.intake.sources import Log, Source

FILE: Final = "corrections.csv"
COLUMNS: Final = ("file", "sheet", "line", "column", "found", "rule", "suggestion", "correction")
STALE_RULE: Final = "correction_does_not_match"
_PLACE: Final = ["file", "sheet", "line", "column"]
_TEXTS: Final = ("file", "sheet", "column", "found", "suggestion", "correction")
"""What the log or a person wrote."""
_START: Final = r"((?:^|[;\t\r\n])[^\S\t\r\n]*)"
"""Where a spreadsheet begins a cell, also one that takes a semicolon or a tab for the delimiter."""
_FORMULA: Final = re.compile(_START + "('*[=+@＝＋－＠-])")
_GUARDED: Final = re.compile(_START + "'('*[=+@＝＋－＠-])")


def read_corrections(source: Source) -> pd.DataFrame:
    """Return the rows of the corrections file in which a correction is written.

    All columns are text but ``line``; a source without the file has none.
    """
    rows = read_all_rows(source)
    return rows[rows["correction"] != ""].reset_index(drop=True)


def read_all_rows(source: Source) -> pd.DataFrame:
    """Return every row of the corrections file, as the log writes its cells.

    All columns are text but ``line``; a source without the file has none.
    """
    path = source.folder / FILE
    if not path.exists():
        return pd.DataFrame(columns=[*COLUMNS])
    try:
        rows = pd.read_csv(path, dtype="str", keep_default_na=False)[[*COLUMNS]]
        for column in _TEXTS:
            rows[column] = rows[column].map(_take_guard)
        return rows.assign(line=rows["line"].astype("int64"))
    except (KeyError, ValueError, OverflowError, OSError):
        raise SourceError(
            f"data/{source.name}/{FILE} cannot be read: it needs the columns "
            f"{', '.join(COLUMNS)}, with a whole number in line."
        ) from None


def write_all_rows(source: Source, rows: pd.DataFrame) -> Path:
    """Write the corrections file anew from its rows; it has mode 0600."""
    written = rows[[*COLUMNS]].copy()
    for column in _TEXTS:
        written[column] = written[column].map(_guard)
    path = source.folder / FILE
    aside = path.with_suffix(".csv.part")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        written.to_csv(file, index=False, lineterminator="\n")
    aside.replace(path)
    return path


def _guard(text: str) -> str:
    """Return text that a spreadsheet shows and does not run: a ``'`` stands before each formula."""
    return _FORMULA.sub(r"\1'\2", text)


def _take_guard(text: str) -> str:
    """Return the text as it was before :func:`_guard`; where no ``'`` stands, as it is."""
    return _GUARDED.sub(r"\1\2", text)


def apply_corrections(log: Log, corrections: pd.DataFrame) -> tuple[Log, pd.DataFrame]:
    """Return the log with the corrections in place, and the problems of those that do not match.

    A correction matches while its file, sheet, line and column exist and the cell holds ``found``.
    """
    matching = _find_matching(log, corrections) if len(corrections) else corrections
    stale = corrections[~corrections.index.isin(matching.index)]
    hint = "check the cell, then write the correction again or remove it"
    problems = stale[_PLACE].assign(rule=STALE_RULE, consequence="noted", suggestion=hint)
    rows = log.rows
    for column, cells in matching.groupby("column"):
        text = log.find_text(str(column))
        branches = zip(cells["row"], cells["correction"], strict=True)
        written = ibis.cases(*((rows.row == at, new) for at, new in branches), else_=rows[text])
        rows = rows.mutate(**{text: written})
    corrected = {*matching[_PLACE].itertuples(index=False, name=None)}
    listed = log.problems.fillna({"sheet": ""})[_PLACE].itertuples(index=False, name=None)
    is_open = [place not in corrected for place in listed]
    return replace(log, rows=rows, problems=log.problems[is_open]), problems.reset_index(drop=True)


def _find_matching(log: Log, corrections: pd.DataFrame) -> pd.DataFrame:
    """Return the corrections whose cell is there and holds what they found, with its ``row``."""
    places = corrections[corrections["column"].isin(log.headers)]
    found = _find_cells(log, places)
    return found[found["text"] == found["found"]]


def _find_cells(log: Log, places: pd.DataFrame) -> pd.DataFrame:
    """Return the places that are in the log, with ``row`` and the ``text`` of the cell; that of a
    whole row is empty."""
    asked = places[["file", "sheet", "line"]].drop_duplicates()
    types = {"file": "string", "sheet": "string", "line": "int64"}
    rows = log.rows.mutate(sheet=log.rows.sheet.fill_null(""))
    rows = rows.semi_join(make_table(asked, types), [*types])
    lines = rows.drop("record", "slot", "layout", "cells", "width", "kind").execute()
    joined = places.reset_index(names="index").merge(lines, on=[*types]).set_index("index")
    names = {header: log.find_text(header) for header in log.headers}
    text = [
        row[names[row["column"]]] if row["column"] in names else ""
        for row in joined.to_dict("records")
    ]
    return joined[[*places.columns, "row"]].assign(text=text)


def write_corrections(source: Source, log: Log, problems: pd.DataFrame) -> Path:
    """Write every problem with its cell's text; corrections written earlier are kept.

    ``log`` is the log as read, before corrections. The file has mode 0600.
    """
    listed = problems[problems["rule"] != STALE_RULE].reset_index(drop=True)
    listed = listed.fillna({"sheet": "", "column": "", "suggestion": ""})
    text = _find_cells(log, listed)["text"]
    text = text[~text.index.duplicated()]
    found = listed.assign(found=text.reindex(listed.index, fill_value=""), correction="")
    kept = read_corrections(source)
    found = found[
        ~found.set_index(_PLACE).index.isin(kept.set_index(_PLACE).index)
        if len(kept)
        else slice(None)
    ]
    rows = pd.concat([found[[*COLUMNS]], kept], ignore_index=True)
    rows = rows.sort_values(["file", "sheet", "line", "column", "rule"], kind="stable")
    return write_all_rows(source, rows)
