"""Writes the logs as delimited text: one file for each habit, in its own format."""

import csv
import io
from pathlib import Path
from typing import IO, Final

from analysis.intake.example.layouts import LAKESIDE_SPLIT, LAYOUTS, Layout, write_source
from analysis.intake.example.rows import Row
from analysis.intake.example.surviving import Known
from analysis.intake.example.truth import Truth

HEADER_AGAIN: Final = 700
BLANK_AFTER: Final = 450
"""Lines of a file after which the header, or an empty line, stands once more."""
_MISSING_CELLS: Final = 4
"""Of a line that is too short."""


class LogFile:
    """One file, written line by line."""

    def __init__(self, folder: Path, name: str, layout: Layout, truth: Truth) -> None:
        self.name, self._layout, self._truth = name, layout, truth
        # Python writes the mark of UTF-16 itself
        encoding = "utf-8-sig" if layout.has_mark and layout.encoding == "utf-8" else None
        self._file: IO[str] = (folder / name).open(
            "w", encoding=encoding or layout.encoding, newline=""
        )
        self._headers = [*layout.headers.values()]
        self._lines, self._rows, self._visits = 0, 0, 0
        self._write(self._headers)

    def add(self, row: Row, *, is_copy: bool = False) -> None:
        """Write a row, and note its slips; of a copy only that it is one."""
        self._interrupt()
        cells = [row.texts.get(role, "") for role in self._layout.headers]
        if any(rule == "wrong_number_of_cells" for _, rule, _ in row.slips):
            cells = cells[:-_MISSING_CELLS]
        line = self._write(cells)
        self._visits += 1
        if is_copy and len(cells) == len(self._headers):
            self._truth.plant(self.name, None, line, None, "duplicate_row", "row_twice")
            return
        for role, rule, slip in row.slips:
            if slip != "row_twice":
                header = self._layout.headers.get(role)
                self._truth.plant(self.name, None, line, header, rule, slip)

    def close(self) -> None:
        """Write the line of totals and close the file."""
        total = ["Total", *[""] * (len(self._headers) - 2), f"{self._visits} visits"]
        line = self._write(total)
        self._truth.plant(self.name, None, line, None, "total", "line_of_totals")
        self._file.close()

    def _interrupt(self) -> None:
        self._rows += 1
        if self._rows % HEADER_AGAIN == 0:
            line = self._write(self._headers)
            self._truth.plant(self.name, None, line, None, "header", "header_again")
        if self._rows % BLANK_AFTER == 0:
            line = self._write([])
            self._truth.plant(self.name, None, line, None, "blank", "blank_line")

    def _write(self, cells: list[str]) -> int:
        """Write one line and return its number, as an editor counts."""
        text = io.StringIO()
        csv.writer(
            text, delimiter=self._layout.delimiter, lineterminator=self._layout.line_end
        ).writerow(cells)
        written = text.getvalue() if cells else self._layout.line_end
        self._file.write(written)
        first = self._lines + 1
        self._lines += written.count("\n")
        return first


class DelimitedLogs:
    """All logs of the example as delimited text."""

    def __init__(self, folder: Path, truth: Truth) -> None:
        self._folder = folder
        self._files = {
            name: LogFile(folder, name, layout, truth)
            for layout in LAYOUTS.values()
            for name in layout.files
        }

    def add(self, known: Known) -> None:
        """Write the rows of one patient."""
        for row in known.rows:
            for place, name in enumerate(_find_files(row)):
                for copy in range(row.copies):
                    self._files[name].add(row, is_copy=place + copy > 0)

    def close(self) -> None:
        """Finish all files and write ``source.toml``."""
        for file in self._files.values():
            file.close()
        layouts = [describe_layout(layout) for layout in LAYOUTS.values()]
        text = write_source(self._folder.name, layouts)
        (self._folder / "source.toml").write_text(text, encoding="utf-8", newline="\n")


def describe_layout(layout: Layout) -> dict[str, object]:
    """Return a layout as ``source.toml`` tells it."""
    return {
        "files": layout.files,
        "format": {
            "kind": "delimited",
            "delimiter": layout.delimiter,
            "encoding": layout.encoding,
            "decimal": layout.decimal,
            "date_order": layout.date_order,
        },
        "columns": layout.columns,
        "scores": layout.scores,
        "answers": layout.answers,
    }


def _find_files(row: Row) -> tuple[str, ...]:
    """Return the files a row stands in: two exports of Lakeside overlap by two months."""
    files = LAYOUTS[row.layout].files
    if row.layout != "lakeside":
        return files
    month = (row.day.year, row.day.month)
    return files[(month > LAKESIDE_SPLIT[1]) : 1 + (month >= LAKESIDE_SPLIT[0])]
