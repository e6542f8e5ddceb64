"""Writes a tiny project from a log that is visible in the test.

A log is a table with ``|`` between the cells. The header names roles; a whole number in a date
column is a day after :data:`DAY_0`; a blank line of the table is left out.
"""

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from analysis.intake.cohort import Cohort, load_cohort

DAY_0 = date(2024, 1, 1)
SHORT = {
    "day": "date",
    "before": "score_before",
    "after": "score_after",
    "reviewed": "score_after_date",
    "harm": "side_effects",
    "skin": "skin_type",
}
DATES = ("day", "date", "reviewed", "score_after_date")


def to_day(text: str | int) -> str:
    """Return the ISO day of a number of days; any other text as it is."""
    number = str(text)
    return str(DAY_0 + timedelta(int(number))) if number.lstrip("-").isdigit() else number


def read_table(table: str) -> list[list[str]]:
    """Return the cells of a visible table, header first."""
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines() if line]
    rows = [row for row in rows if any(row)]
    header = rows[0]
    return [
        header,
        *(
            [
                to_day(cell) if name in DATES else cell
                for name, cell in zip(header, row, strict=True)
            ]
            for row in rows[1:]
        ),
    ]


def to_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    """Return the rows as a delimited file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_settings(
    header: list[str],
    *,
    name: str = "clinic",
    files: tuple[str, ...] = ("log.csv",),
    as_of: str | int = 1000,
    more: str = "",
    delimiter: str = ",",
    decimal: str = ".",
    date_order: str = "year-month-day",
) -> str:
    """Return a ``source.toml`` for columns named by their roles; ``more`` stands before them."""
    columns = [
        f"{SHORT.get(each, each.replace(' ', '_'))} = '{each}'"
        for each in header
        if each[:1] != "("
    ]
    return "\n".join(
        [
            f"name = '{name}'",
            "title = 'A clinic (synthetic)'",
            f"extracted_on = {to_day(as_of)}",
            f"files = {list(files)}",
            f"format = {{delimiter = '{delimiter}', decimal = '{decimal}',"
            f" date_order = '{date_order}'}}",
            more,
            "[columns]",
            *columns,
            "",
        ]
    )


def write_project(folder: Path, table: str, **settings: Any) -> Path:
    """Write ``data/<name>/`` with the log and its ``source.toml``, and return the project."""
    rows = read_table(table)
    home = folder / "data" / settings.get("name", "clinic")
    home.mkdir(parents=True)
    (folder / "notebooks").mkdir(exist_ok=True)
    (home / "log.csv").write_text(to_csv(rows, settings.get("delimiter", ",")), encoding="utf-8")
    (home / "source.toml").write_text(write_settings(rows[0], **settings), encoding="utf-8")
    return folder


def load(folder: Path, table: str, **settings: Any) -> Cohort:
    """Write the project and return its cohort."""
    name = settings.get("name", "clinic")
    return load_cohort(name, project=write_project(folder, table, **settings))
