"""Writes a tiny source whose files and ``source.toml`` are visible in the test, and reads it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import xlsxwriter

from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.engine import open_engine
from analysis.intake.schema import COLUMNS
from analysis.intake.sources import read_log, read_source

TABLES = ("patients", "sessions", "targets", "assessments", "side_effects", "recorded", "screening")
HEAD = "name = 'clinic'\ntitle = 'A clinic (synthetic)'\nextracted_on = 2026-06-30\n"
Sheet = list[list[object]]


def write_source(folder: Path, settings: str, files: Mapping[str, str]) -> Path:
    """Write ``data/clinic/`` and return the project; a file's text loses the margin of the test."""
    home = folder / "data" / "clinic"
    home.mkdir(parents=True)
    (folder / "notebooks").mkdir()
    (home / "source.toml").write_text(HEAD + settings, encoding="utf-8")
    for name, text in files.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (home / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_workbook(
    path: Path,
    sheets: Mapping[str, Sheet],
    merged: Mapping[str, tuple[int, int, int]] | None = None,
) -> None:
    """Write one sheet per entry, cell by cell; ``merged`` is sheet → row, first and last column of
    a merged cell. A ``date`` becomes a cell with Excel's own format for days."""
    with xlsxwriter.Workbook(path) as book:
        days = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if hasattr(cell, "isoformat"):
                        sheet.write_datetime(row, column, cell, days)
                    elif cell is not None:
                        sheet.write(row, column, cell)
            if merged and name in merged:
                row, first, last = merged[name]
                sheet.merge_range(row, first, row, last, rows[row][first])


def load(project: Path) -> Cohort:
    """Return the cohort of the source."""
    return load_cohort("clinic", project=project)


def read_tables(project: Path) -> dict[str, list[dict[str, object]]]:
    """Return what is in the tables below the cohort, in order, without what is missing."""
    folder = load(project).folder
    found = {}
    for name in (*TABLES, "courses", "course_scores"):
        rows = pd.read_parquet(folder / f"{name}.parquet").astype("object")
        rows = rows.sort_values([*COLUMNS[name]], key=lambda column: column.astype(str))
        found[name] = [
            {key: tell(value) for key, value in row.items() if pd.notna(value)}
            for row in rows.to_dict("records")
        ]
    return found


def read_headers(project: Path) -> tuple[str, ...]:
    """Return the headers of the whole log."""
    with open_engine() as engine:
        return read_log(engine, read_source(project, "clinic")).headers


def read_text(project: Path, header: str) -> list[str]:
    """Return the cells below a header, in reading order."""
    with open_engine() as engine:
        return read_log(engine, read_source(project, "clinic")).read_column(header).tolist()


def tell(value: object) -> object:
    """Return a day as ISO text, any other value as it is."""
    return value.isoformat() if isinstance(value, date) else value


def list_problems(project: Path) -> list[str]:
    """Return "file sheet:line column rule consequence" of every problem, in order."""
    rows = load(project).problems.astype({"line": "str"}).fillna("")
    return sorted(
        " ".join(filter(None, (row.file, row.sheet and f"{row.sheet}:", row.line, row.column)))
        + f" {row.rule}, {row.consequence}"
        for row in rows.itertuples()
    )
