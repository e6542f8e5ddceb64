"""Writes a tiny project from a log that is visible in the test.

A log is a table with ``|`` between the cells. The header names roles; a whole number in a date
column is a day after :data:`DAY_0`; a blank line of the table is left out.
"""

import csv
import io
from collections.abc import Iterator, Mapping
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


class Clinics(Mapping[str, Cohort]):
    """Several visible logs as one, each of them a clinic: a load takes seconds however small the
    log is, and a choice of a kept one none.

    A column that one log has and another has not is blank there. Patients have the place of their
    log in front: ``a`` of the first log and ``a`` of the third are two people, ``0-a`` and ``2-a``.
    """

    def __init__(self, folder: Path, tables: Mapping[str, str], **settings: Any) -> None:
        self.names = [*tables]
        header: dict[str, None] = {"patient": None, "clinic": None}
        rows: list[dict[str, str]] = []
        for place, (name, table) in enumerate(tables.items()):
            columns, *cells = read_table(table)
            assert "clinic" not in columns, "the clinic tells the logs apart"
            header |= dict.fromkeys(columns)
            for row in cells:
                found = dict(zip(columns, row, strict=True))
                rows.append(found | {"patient": f"{place}-{found['patient']}", "clinic": name})
        lines = [
            " | ".join(header),
            *(" | ".join(row.get(each, "") for each in header) for row in rows),
        ]
        self.project = write_project(folder, "\n".join(lines), **settings)

    def __getitem__(self, name: str) -> Cohort:
        if name not in self.names:
            raise KeyError(name)
        return load_cohort("clinic", project=self.project, clinic=[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
