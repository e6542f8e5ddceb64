"""Delimited text as it is kept: titles above the header, other marks than ``"`` around cells."""

import csv
import io
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import SourceError
from analysis.intake.engine import open_engine
from analysis.intake.recognise import RecognisedLayout, recognise_log, write_source
from analysis.intake.sources import Format, read_delimited
from forms import list_problems, load, read_text
from forms import write_source as write_project

SETTINGS = """
files = ['log.csv']
format = {delimiter = ';', date_order = 'year-month-day'MORE}
[columns]
patient = 'Client'
date = 'Day'
concern = 'Concern'
side_effects = 'Harm'
"""
TITLED = """
North clinic: session log
Exported 2024-05-01; by "Anna"
;;;

Client;Day;Concern;Harm
a;2024-01-03;acne scars;none
b;2024-02-31;acne scars;none

c;2024-01-05;acne scars;redness
"""


def write(folder: Path, text: str, more: str = "") -> Path:
    project = write_project(folder, SETTINGS.replace("MORE", more), {})
    (project / "data" / "clinic" / "log.csv").write_text(text.lstrip("\n"), encoding="utf-8")
    return project


# --- titles -----------------------------------------------------------------------------------


def test_titles_are_not_data(tmp_path: Path) -> None:
    """The header is the first row with all mapped columns: three rows of data are used or listed
    with the line an editor shows, three titles and two blank lines are not data."""
    project = write(tmp_path, TITLED)

    account = load(project).account

    assert (account.read, account.used, account.set_aside, account.not_data) == (8, 2, 1, 5)
    assert list_problems(project) == ["log.csv 7 Day impossible_date, row set aside"]
    assert read_text(project, "Client") == [
        *("North clinic: session log", "Exported 2024-05-01", "", ""),
        *("a", "b", "", "c"),
    ]


def test_title_with_a_line_break(tmp_path: Path) -> None:
    """The rows below say where they are, however many lines a title has."""
    project = write(tmp_path, 'North; "session\nlog"\n'.replace("; ", ";") + TITLED.lstrip("\n"))

    account = load(project).account

    assert (account.read, account.used, account.set_aside, account.not_data) == (9, 2, 1, 6)
    assert list_problems(project) == ["log.csv 9 Day impossible_date, row set aside"]


def test_header_that_stands_again(tmp_path: Path) -> None:
    """A header in the middle of a log is no data, and what stands above it is no title."""
    again = TITLED.replace("c;2024", "Client;Day;Concern;Harm\nc;2024")

    account = load(write(tmp_path, again)).account

    assert (account.read, account.used, account.set_aside, account.not_data) == (9, 2, 1, 6)


def test_column_that_is_not_there(tmp_path: Path) -> None:
    """Where no row has all mapped columns, the one with the most is told."""
    project = write(tmp_path, TITLED.replace("Harm", "Problems"))

    with pytest.raises(SourceError, match="no column 'Harm'") as told:
        load(project)
    assert str(told.value).endswith("Its columns are: 'Client', 'Day', 'Concern', 'Problems'.")


def test_header_too_far_down(tmp_path: Path) -> None:
    """A header below the first hundred rows is not looked for."""
    project = write(tmp_path, "title\n" * 100 + TITLED.lstrip("\n"))

    with pytest.raises(SourceError, match="no column 'Client'"):
        load(project)


def test_wide_header_below_a_title_is_refused(tmp_path: Path) -> None:
    """The limit of columns holds wherever the header stands."""
    wide = TITLED.replace("Client;", "Client;" + "x;" * 3_000)

    with pytest.raises(SourceError, match="3,004 columns"):
        load(write(tmp_path, wide))


# --- quotes -----------------------------------------------------------------------------------

QUOTED = """
'Client';'Day';'Concern';'Harm'
'a';'2024-01-03';'acne scars';'none'
'b';'2024-01-04';'acne scars; fine lines';'didn''t ask'
'c';'2024-01-05';'acne scars';'red
all over'
"""


@pytest.mark.parametrize(("rows", "last"), [(QUOTED, 4), (QUOTED.replace("red\nall", "red"), 4)])
def test_single_quotes(rows: str, last: int, tmp_path: Path) -> None:
    """A cell may hold the delimiter, the mark itself, written twice, and a line break."""
    project = write(tmp_path, rows, """, quote = "'" """)

    account = load(project).account

    assert (account.read, account.used, account.set_aside) == (3, 3, 0)
    assert read_text(project, "Concern")[1] == "acne scars; fine lines"
    assert read_text(project, "Harm")[:2] == ["none", "didn't ask"]
    assert read_text(project, "Client") == ["a", "b", "c"]


def test_no_quotes(tmp_path: Path) -> None:
    """Where no mark stands around cells, one that stands in a cell belongs to it."""
    rows = 'Client;Day;Concern;Harm\na;2024-01-03;"acne" scars;"\nb;2024-01-04;acne scars;none\n'
    project = write(tmp_path, rows, ", quote = ''")

    assert load(project).account.read == 2
    assert read_text(project, "Concern") == ['"acne" scars', "acne scars"]
    assert read_text(project, "Harm") == ['"', "none"]


@pytest.mark.parametrize("mark", ["''", ";", "\\n"])
def test_mark_that_is_none(mark: str, tmp_path: Path) -> None:
    """Two marks, the delimiter or the end of a line cannot stand around a cell."""
    project = write(tmp_path, QUOTED, f', quote = "{mark}"')

    with pytest.raises(SourceError, match="key 'quote'"):
        load(project)


def find_titled(titles: int, rows: Iterable[Sequence[str]]) -> int:
    """Return the position of the header below so many titles."""
    return next(position for position, _row in enumerate(rows) if position == titles)


CELLS = st.text(st.sampled_from("ab'\";, \n"), max_size=5)


@settings(max_examples=40)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6),
    st.sampled_from(["'", '"', "|"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.integers(0, 3),
)
def test_every_cell_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    mark: str,
    quoting: int,
    titles: int,
) -> None:
    """Whatever the cells hold and however many titles stand above, each cell is read as it is."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", quotechar=mark, quoting=quoting, lineterminator="\n")
    writer.writerows([["x", "y", "z"], *rows])
    path = tmp_path_factory.getbasetemp() / "quoted.csv"
    path.write_text("a title\n" * titles + file.getvalue(), encoding="utf-8", newline="")

    with open_engine() as engine:
        written = Format(delimiter=";", quote=mark)
        log = read_delimited(engine, path, written, "", partial(find_titled, titles))
        read = log.rows.order_by("row").execute()

    assert log.headers == ("x", "y", "z")
    assert read["kind"].tolist()[:titles] == ["title"] * titles
    cells = read[["c0", "c1", "c2"]].to_numpy().tolist()[titles:]
    assert cells == rows


# --- recognised -------------------------------------------------------------------------------


def recognise(folder: Path, text: str) -> tuple[RecognisedLayout, str]:
    """Return the one layout, and the text of ``source.toml``."""
    path = folder / "log.csv"
    path.write_text(text.lstrip("\n"), encoding="utf-8")
    found = recognise_log(path, "clinic")
    (layout,) = found.layouts
    return layout, write_source(found)


RECOGNISED = {
    # what the file is | its text | quote | what is told of titles
    "no title": ("Client;Day;Harm\na;2024-01-03;none\n", '"', ""),
    "titles": (TITLED.replace(";;;", ""), '"', "found below 2 rows of titles"),
    "titles filled up with delimiters": (
        *("North;;;\nClient;Day;Concern;Harm\na;2024-01-03;acne scars;none\n", '"'),
        "found below one row of titles",
    ),
    "what a spreadsheet writes of the delimiter": (
        *("sep=;\nClient;Day;Concern;Harm\na;2024-01-03;acne scars;none\n", '"'),
        "found below one row of titles",
    ),
    "a long title and few rows": (
        *("one\n" * 20 + "Client;Day;Concern;Harm\na;2024-01-03;acne scars;none\n", '"'),
        "found below 20 rows of titles",
    ),
    "a title that names a column": (
        *("Date: 2024-05-01\nClient;Day;Concern;Harm\na;2024-01-03;acne scars;none\n", '"'),
        "found below one row of titles",
    ),
    "a title above cells with commas": (
        *("North, Anna\nClient;Day;Needle\na;2024-01-03;0,5 red, sore, dry, tight\n", '"'),
        "found below one row of titles",
    ),
    "single quotes around all cells": (QUOTED, "'", ""),
    "single quotes where they are needed": (
        *("Client;Day;Concern\na;2024-01-03;'scars; lines'\nb;2024-01-04;scars\n", "'"),
        "",
    ),
    "single quotes below a title": ("North\n" + QUOTED.lstrip("\n"), "'", "one row of titles"),
    "apostrophes": ("Client;Day;Harm\na;2024-01-03;'tis\nb;2024-01-04;didn't\n", '"', ""),
    "an apostrophe on each side of a cell": ("Client;Day;Harm\na;2024-01-03;'none'\n", '"', ""),
    "both marks": ("Client;Day;Harm\na;2024-01-03;\"x;'y'\"\nb;2024-01-04;'x'\n", '"', ""),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_what_is_recognised(case: str, tmp_path: Path) -> None:
    """Titles and marks are told in ``source.toml``, and are taken for one only where the file
    shows it: what the file leaves open stays as it is written."""
    text, quote, titles = RECOGNISED[case]

    layout, settings = recognise(tmp_path, text)

    assert (layout.written.delimiter, layout.written.quote) == (";", quote)
    assert layout.columns.keys() >= {"patient", "date"}
    assert ("quote = " in settings) == (quote != '"')
    assert (titles in settings) if titles else ("titles" not in settings)


def test_row_of_data_is_no_header(tmp_path: Path) -> None:
    """Cells that are called like columns make no header of a row, and no titles of those above."""
    text = "Foo;Bar;Baz;Qux\na;2024-01-03;Date;Pain\nb;2024-01-04;Clinic;Operator\n"
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceError, match="its columns are: 'Foo', 'Bar', 'Baz', 'Qux'"):
        recognise_log(path, "clinic")


def test_recognised_file_is_read_as_recognised(tmp_path: Path) -> None:
    """From the file alone to its account: what `init` writes is what `check` reads."""
    text = "North\nExported by Anna\n" + QUOTED.lstrip("\n")
    _layout, settings = recognise(tmp_path, text)
    home = tmp_path / "data" / "clinic"
    home.mkdir(parents=True)
    settings = settings.replace("# extracted_on", "extracted_on").replace(
        "undeclared", "this session"
    )
    (home / "source.toml").write_text(settings, encoding="utf-8")
    (home / "log.csv").write_text(text, encoding="utf-8")

    account = load(tmp_path).account

    assert (account.read, account.used, account.set_aside, account.not_data) == (5, 3, 0, 2)
