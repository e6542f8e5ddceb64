"""Writes the logs as Excel workbooks: one for each clinic, one sheet for each of its staff.

As people keep them: a title above, merged cells over some headers, the columns in another order on
every sheet, columns hidden, a line of totals below, and a sheet of remarks that is no log.
"""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analysis.errors import UsageError
from analysis.intake.example.clinics import EXTRACTED_ON
from analysis.intake.example.layouts import LAYOUTS, Layout, write_source
from analysis.intake.example.rows import Row
from analysis.intake.example.surviving import Known
from analysis.intake.example.truth import Truth

MOST_ROWS: Final = 1_048_575
"""Rows of a sheet below its first one."""
ROWS_PER_PATIENT: Final = 5
"""A little more than there are on average, titles and slips included."""
MADE_ON: Final = datetime(EXTRACTED_ON.year, EXTRACTED_ON.month, EXTRACTED_ON.day)
TITLE: Final = "{name}: treatment log (synthetic, nobody in it exists)"
_BLANK_AFTER: Final = 150
_DAYS: Final = ("date", "_entered", "birth_date", "score_after_date")
_NUMBERS: Final = ("age", "needle", "passes", "minutes", "pain", "isotretinoin_months", "_pain")
_HIDDEN: Final = ("device_serial", "_entered", "_pain", "aftercare")
PROTECTED: Final = ("L2", "S1")
"""Sheets that cannot be changed without lifting their protection; they can be read."""
_NOT_WRITTEN: Final = ("wrong_number_of_cells",)
"""Slips that only delimited text can have."""


def check_size(patients: int) -> None:
    """Refuse an example that no workbook can hold.

    Raises
    ------
    UsageError
        When the rows would be more than a sheet has.
    """
    rows = patients * ROWS_PER_PATIENT
    if rows > MOST_ROWS:
        raise UsageError(
            f"An example of {patients:,} patients has about {rows:,} rows, and a sheet of a "
            f"workbook holds {MOST_ROWS:,}: ask for at most {MOST_ROWS // ROWS_PER_PATIENT:,} "
            "patients, or for another form."
        )


class Sheet:
    """One sheet, written row by row."""

    def __init__(
        self, book: Workbook, formats: Mapping[str, Format], layout: Layout, name: str, truth: Truth
    ) -> None:
        self.name, self._layout, self._truth, self._formats = name, layout, truth, formats
        self._sheet: Worksheet = book.add_worksheet(name)
        self._roles = order_roles(layout, layout.sheets.index(name))
        self._rows, self._next = 0, 0
        self._write_head()

    def add(self, row: Row) -> None:
        """Write a row, and note its slips."""
        for copy in range(row.copies):
            self._rows += 1
            if self._rows % _BLANK_AFTER == 0:
                self._note(None, "blank", "blank_line")
                self._next += 1
            if copy:
                self._note(None, "duplicate_row", "row_twice")
            else:
                self._note_slips(row)
            for column, role in enumerate(self._roles):
                self._write_cell(column, role, row)
            self._next += 1
            if self._next > MOST_ROWS:
                raise UsageError(
                    f"The sheet {self.name!r} is full: a workbook holds {MOST_ROWS:,} rows below "
                    "the first one; ask for fewer patients, or for another form."
                )

    def close(self) -> None:
        """Write the line of totals."""
        self._note(None, "total", "line_of_totals")
        total = self._roles.index("patient")
        self._sheet.write_string(self._next, total, "Total")
        self._sheet.write_number(self._next, len(self._roles), self._rows)
        if self.name in PROTECTED:
            self._sheet.protect()

    def _write_head(self) -> None:
        title = TITLE.format(name=self._layout.answers["clinic"])
        self._sheet.merge_range(0, 0, 0, 5, title, self._formats["title"])
        self._sheet.write_string(
            1, 0, f"extracted on {EXTRACTED_ON.isoformat()}, sheet {self.name}"
        )
        tops = {roles[0]: (top, roles) for top, roles in self._layout.groups.items()}
        for column, role in enumerate(self._roles):
            if role in tops:
                top, roles = tops[role]
                last = column + len(roles) - 1
                self._sheet.merge_range(3, column, 3, last, top, self._formats["title"])
        grouped = {role: top for top, roles in self._layout.groups.items() for role in roles}
        for column, role in enumerate(self._roles):
            header = self._layout.headers[role]
            below = header.removeprefix(grouped.get(role, "")).strip()
            self._sheet.write_string(4, column, below, self._formats["header"])
            if role in _HIDDEN:
                self._sheet.set_column(column, column, None, None, {"hidden": True})
        self._sheet.freeze_panes(5, 0)
        self._next = 5

    def _write_cell(self, column: int, role: str, row: Row) -> None:
        text = row.texts.get(role, "")
        if not text:
            return
        slipped = any(each[0] == role for each in row.slips)
        value = None if slipped else read_plain(role, text, row, self._layout.decimal)
        if role == "date" and any(slip == "excel_serial" for _, _, slip in row.slips):
            value = float(text)
        if isinstance(value, date):
            self._sheet.write_datetime(self._next, column, value, self._formats["day"])
        elif value is not None:
            self._sheet.write_number(self._next, column, value)
        else:
            self._sheet.write_string(self._next, column, text)

    def _note_slips(self, row: Row) -> None:
        for role, rule, slip in row.slips:
            if slip != "row_twice":
                self._note(self._layout.headers.get(role), rule, slip)

    def _note(self, header: str | None, rule: str, slip: str) -> None:
        book = self._layout.workbook
        self._truth.plant(book, self.name, self._next + 1, header, rule, slip)


class Workbooks:
    """All logs of the example as workbooks."""

    def __init__(self, folder: Path, truth: Truth) -> None:
        self._folder = folder
        self._books: dict[str, Workbook] = {}
        self._formats: dict[str, dict[str, Format]] = {}
        self._sheets: dict[tuple[str, str], Sheet] = {}
        for layout in LAYOUTS.values():
            book = self._open(layout.workbook)
            formats = self._formats[layout.workbook]
            for name in layout.sheets:
                self._sheets[layout.key, name] = Sheet(book, formats, layout, name, truth)

    def add(self, known: Known) -> None:
        """Write the rows of one patient, each on the sheet of who treated."""
        for row in known.rows:
            if not any(rule in _NOT_WRITTEN for _, rule, _ in row.slips):
                name = row.desk or LAYOUTS[row.layout].sheets[0]
                self._sheets[row.layout, name].add(row)

    def close(self) -> None:
        """Finish all files and write ``source.toml``."""
        for sheet in self._sheets.values():
            sheet.close()
        for name, book in self._books.items():
            remarks = book.add_worksheet("Remarks")
            remarks.write_string(0, 0, f"{name}: all of it is synthetic")
            book.close()
        layouts = [_describe_layout(layout) for layout in LAYOUTS.values()]
        text = write_source(self._folder.name, layouts)
        (self._folder / "source.toml").write_text(text, encoding="utf-8", newline="\n")

    def _open(self, name: str) -> Workbook:
        if name in self._books:
            return self._books[name]
        # rows leave memory as they are written; a sheet is written from top to bottom
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = Workbook(str(self._folder / name), options)
        book.set_properties({"title": "Synthetic example", "created": MADE_ON})
        self._books[name] = book
        self._formats[name] = {
            "title": book.add_format({"bold": True, "align": "center"}),
            "header": book.add_format({"bold": True, "text_wrap": True}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        return book


def order_roles(layout: Layout, place: int) -> list[str]:
    """Return the columns of a sheet: those of the layout, begun further on on every sheet.

    Columns under one merged cell stay together, and the patient stays in front.
    """
    blocks = []
    grouped = {role: roles for roles in layout.groups.values() for role in roles}
    for role in layout.headers:
        roles = grouped.get(role, (role,))
        if role == roles[0] and role != "patient":
            blocks.append(roles)
    start = 3 * place % len(blocks)
    turned = blocks[start:] + blocks[:start]
    return ["patient", *(role for roles in turned for role in roles)]


def read_plain(role: str, text: str, row: Row, decimal: str) -> date | float | None:
    """Return the day or number that a spreadsheet would hold for a text; None for other text."""
    if role in _DAYS:
        days = {"date": row.day, "_entered": row.entered, "birth_date": row.birthday}
        day = days.get(role, row.reviewed_on)
        is_plain = day is not None and not text[10:]
        return day if is_plain else None
    if role in _NUMBERS or role.startswith("score"):
        number = text.replace(decimal, ".", 1)
        return float(number) if number.replace(".", "", 1).isdecimal() else None
    return None


def _describe_layout(layout: Layout) -> dict[str, Any]:
    return {
        "files": (layout.workbook,),
        "sheets": layout.sheets,
        "format": {
            "kind": "workbook",
            "decimal": layout.decimal,
            "date_order": layout.date_order,
        },
        "columns": layout.columns,
        "scores": layout.scores,
        "answers": layout.answers,
    }
