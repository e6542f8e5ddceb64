"""Writes what a correct reader gets as canonical tables: one CSV file for each."""

import csv
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

from analysis.intake.example.layouts import write_source
from analysis.intake.example.surviving import TABLES, Known, Record

_YES: Final = {True: "true", False: "false"}


class CanonicalTables:
    """The tables of the schema, as they fill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[str]] = {}
        self._writers: dict[str, Any] = {}
        for name, columns in TABLES.items():
            file = (folder / f"{name}.csv").open("w", encoding="utf-8", newline="")
            self._files[name] = file
            self._writers[name] = csv.writer(file, lineterminator="\n")
            self._writers[name].writerow(columns)

    def add(self, known: Known) -> None:
        """Write the records of one patient."""
        for tables in known.tables.values():
            for name, records in tables.items():
                self._writers[name].writerows(
                    write_record(record, TABLES[name]) for record in records
                )

    def close(self) -> None:
        """Finish all files and write ``source.toml``."""
        for file in self._files.values():
            file.close()
        files = tuple(f"{name}.csv" for name in TABLES)
        layout = {"files": files, "format": {"kind": "tables"}}
        text = write_source(self._folder.name, [layout])
        (self._folder / "source.toml").write_text(text, encoding="utf-8", newline="\n")


def write_record(record: Record, columns: tuple[str, ...]) -> list[str]:
    """Return the cells of a record: ISO days, points, true and false; empty is not known."""
    return [_write_cell(record[column]) for column in columns]


def _write_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES[value]
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)
