"""Hostile files: they are loaded by a process that may hold 1 GB, and each ends in a clear sentence
or a listed problem; what is listed is nothing a page, a terminal or a spreadsheet runs.

The limit is on memory a process may write to (``RLIMIT_DATA``; Linux enforces it). Addresses that
are only set aside do not count: Python, DuckDB, pyarrow and pandas set aside more than 1 GB of them
before a single row is read, and write to a quarter of it.
"""

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

import hostile
from analysis.errors import SourceError
from analysis.intake.corrections import (
    FILE,
    read_all_rows,
    read_corrections,
    write_all_rows,
)
from analysis.intake.sources import read_source
from analysis.intake.sources.limits import check_parquet, check_sqlite, open_inside
from commands import Done, Shell
from hostile import (
    HEADER,
    MEGABYTE,
    ROW,
    write_log_records,
    write_log_rows,
    write_row,
    write_rows,
    write_workbook,
)

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

GIGABYTE = 1 << 30
SECONDS = 240
"""Far more than any of these takes, also on a busy machine: it stops what would never end."""
Write = Callable[[Path], None]


def open_shell() -> Shell:
    """Run `outcomes` as a user would, in a process that may hold 1 GB."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (GIGABYTE, GIGABYTE))

    return Shell(limit=limit if resource else None, seconds=SECONDS, OPENBLAS_NUM_THREADS="1")


def run(root: Path, *words: str) -> Done:
    """Run one command alone."""
    with open_shell() as shell:
        return shell.run(root, *words)


def write_source(root: Path, name: str, kind: str = "delimited", header: str = HEADER) -> Path:
    """Write ``source.toml`` and return the folder of the source."""
    home = root / "data" / "clinic"
    home.mkdir(parents=True)
    (root / "notebooks").mkdir()
    roles = dict(
        zip("patient date concern side_effects device".split(), HEADER.split(","), strict=True)
    )
    columns = "\n".join(f"{role} = {json.dumps(column)}" for role, column in roles.items())
    (home / "source.toml").write_text(
        f'name = "clinic"\ntitle = "A clinic"\nextracted_on = 2026-01-31\n'
        f"files = [{json.dumps(name)}]\n"
        f'format = {{kind = "{kind}", date_order = "year-month-day"}}\n[columns]\n{columns}\n',
        encoding="utf-8",
    )
    return home


def put(*rows: str, header: str = HEADER) -> Write:
    return lambda path: write_rows(path, *rows, header=header)


def put_bytes(content: bytes) -> Write:
    return lambda path: path.write_bytes(content) and None


def put_book(rows: str, **parts: str) -> Write:
    return lambda path: write_workbook(path, rows, **parts)


def put_old_book(cells: bytes, *, texts: bytes = b"", sheets: int = 1, **told: int) -> Write:
    book = hostile.write_book(cells, texts=texts, sheets=sheets)
    return lambda path: hostile.write_old_workbook(path, book, **told)


def put_cut_short(path: Path) -> None:
    hostile.write_old_workbook(path, hostile.write_book(OLD))
    path.write_bytes(path.read_bytes()[:-600])


def put_link(path: Path) -> None:
    elsewhere = path.parents[2] / "elsewhere.csv"
    write_rows(elsewhere, ROW)
    path.symlink_to(elsewhere)


def put_password(path: Path) -> None:
    shutil.copy(Path(__file__).parent / "data" / "hostile" / "password.xlsx", path)


def put_texts(count: int, length: int) -> Write:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.write(HEADER + "\n")
            for n in range(count):
                file.write(f"P-{n},2024-01-03,acne scars,{n} {'x' * length},pen\n")

    return write


LONG = "x" * 10 * MEGABYTE
FAR = write_log_rows() + '<row r="1048576">' + hostile.write_cell("XFD1048576", "z") + "</row>"
SHARED = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(3, 20_003))
FORMULA = (
    '<row r="3"><c r="A3" t="str"><f>HYPERLINK("http://x.example")</f><v>P-2</v></c>'
    f"{hostile.write_cell('B3', '2024-01-03')}</row>"
)
OLD = write_log_records()
POINTING = b"".join(hostile.write_shared(n, 0, 0) for n in range(2, 60_000))
PANIC = hostile.write_record(0x00E5, b"")
"""Merged cells without their number: calamine reads beyond the end, and panics."""
MISSING = ["missing_concern"]
# each workbook that is read has a patient of its own, as each text file gets below
WORKBOOK_ROW, OLD_ROW, FORMULA_ROW = (ROW.replace("P-1", f"{letter}-1") for letter in "WOF")
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

# what it is: file | how it is written | exit code | what the sentence says
REFUSED: dict[str, tuple[str, Write, int, str]] = {
    "an empty file": ("log.csv", put_bytes(b""), 3, "is empty (zero bytes); export it again"),
    "NUL bytes": ("log.csv", put("P-1\0,2024-01-03,,,"), 3, "is not text (it holds NUL bytes)"),
    "bytes that are no UTF-8": ("log.csv", put_bytes(b"patient\xff\xfe\n"), 3, "is not utf-8"),
    "two encodings in one file": (
        *("log.csv", put_bytes(f"{HEADER}\nRötung\n".encode() + "Rötung\n".encode("cp1252"))),
        *(3, "is not utf-8 (byte 41); declare its encoding"),
    ),
    "half a surrogate": ("log.csv", put("P-1,2024-01-03,,\ud800,"), 3, "is not utf-8"),
    "a cell of 10 MB": ("log.csv", put(f"P-1,2024-01-03,,{LONG},"), 3, "line 2, is longer than"),
    "10 MB on short lines in one cell": (
        *("log.csv", put('P-1,2024-01-03,,"' + "x\n" * 5 * MEGABYTE + '",')),
        *(3, "line 2, is not readable as delimited text (field larger than field limit"),
    ),
    "one line of 100 MB": (
        "log.csv",
        put_bytes(b"a" * 100 * MEGABYTE),
        3,
        "line 1, is longer than",
    ),
    "5,000 columns": (
        "log.csv",
        lambda path: hostile.write_columns(path, 4_995),
        3,
        "5,000 columns",
    ),
    "a link out of the folder": ("log.csv", put_link, 3, "lies outside its folder"),
    "a folder in place of a file": ("log.csv", Path.mkdir, 3, "is a folder; name a file"),
    "a pipe in place of a file": ("log.csv", hostile.write_pipe, 3, "is a pipe or a device"),
    "a device": ("/dev/zero", lambda path: None, 3, "lies outside its folder"),
    "a way out of the folder": ("../../elsewhere.csv", put(ROW), 3, "lies outside its folder"),
    "a name with a NUL byte": ("log\0.csv", lambda path: None, 3, "lies outside its folder"),
    "a workbook with a password": ("log.xlsx", put_password, 3, "protected by a password"),
    "a workbook that is text": ("log.xlsx", put(ROW), 3, "is not an Excel workbook"),
    "a bomb of more than 1 GB": (
        *("log.xlsx", lambda path: hostile.write_bomb(path, 1_100 * MEGABYTE)),
        *(3, "at most 200,000,000 are read: save its sheets as CSV"),
    ),
    "a bomb that says it is small": (
        *("log.xlsx", lambda path: hostile.write_bomb(path, 1_100 * MEGABYTE, told=1_000)),
        *(3, "at most 200,000,000 are read: save its sheets as CSV"),
    ),
    "a zip of zips": ("log.xlsx", hostile.write_zip_of_zips, 3, "is not an .xlsx workbook inside"),
    "20,000 parts": ("log.xlsx", lambda path: hostile.write_parts(path, 20_000), 3, "20,006 parts"),
    "a cell in the last corner": ("log.xlsx", put_book(FAR), 3, "has 16,384 columns"),
    "a cell in the last row of 1,000 columns": (
        *("log.xlsx", put_book(FAR.replace("XFD", "ALL"))),
        *(3, "1,048,576,000 cells (empty ones up to the last used row"),
    ),
    "a cell beyond the last corner": (
        *("log.xlsx", put_book(FAR.replace("1048576", "99999999"))),
        *(3, "is not an Excel workbook, or a broken one"),
    ),
    "one text in 20,000 cells": (
        *("log.xlsx", put_book(write_log_rows() + SHARED, shared=f"<si><t>{'x' * 9_999}</t></si>")),
        *(3, "characters; at most 100,000,000 are read"),
    ),
    "a cell of 10 MB in a workbook": (
        *("log.xlsx", put_book(write_log_rows() + write_row(3, LONG))),
        *(3, "has a longer cell; at most 1,000,000 characters are read"),
    ),
    "entities that unfold": ("log.xlsx", put_book(write_log_rows(), before=ENTITIES), 3, "broken"),
    "an old workbook that is cut short": ("log.xls", put_cut_short, 3, "or a broken one"),
    "an old workbook that bites its tail": ("log.xls", put_old_book(OLD, turn_to=3), 3, "broken"),
    "an old workbook that runs out of its file": (
        *("log.xls", put_old_book(OLD, turn_to=70_000)),
        *(3, "or a broken one"),
    ),
    "an old workbook that says it is large": (
        *("log.xls", put_old_book(OLD, told=2_000 * MEGABYTE)),
        *(3, "or a broken one"),
    ),
    "an old workbook with a cell in the last corner": (
        *("log.xls", put_old_book(OLD + hostile.write_label(65_535, 255, "z"))),
        *(3, "16,777,216 cells (empty ones up to the last used row"),
    ),
    "an old workbook that says it has a last corner": (
        *("log.xls", put_old_book(hostile.write_size(1 << 31, 256) + OLD)),
        *(3, "549,755,813,888 cells (empty ones up to the last used row"),
    ),
    "an old workbook with fewer rows than none": (
        *("log.xls", put_old_book(hostile.write_size(2, 5, first=9) + OLD)),
        *(3, "or a broken one"),
    ),
    "an old workbook with 60,000 columns": (
        *("log.xls", put_old_book(OLD + hostile.write_label(0, 59_999, "z"))),
        *(3, "60,000 columns"),
    ),
    "one text in 60,000 cells of an old workbook": (
        *("log.xls", put_old_book(OLD + POINTING, texts=hostile.write_texts("x" * 8_000))),
        *(3, "characters; at most 100,000,000 are read"),
    ),
    "an old workbook that says it has texts": (
        *("log.xls", put_old_book(OLD, texts=hostile.write_texts("x", told=1 << 31))),
        *(3, "or a broken one"),
    ),
    "an old workbook with one sheet 9,000 times": (
        *("log.xls", put_old_book(OLD, sheets=9_000)),
        *(3, "or a broken one"),
    ),
    "an old workbook calamine panics at": ("log.xls", put_old_book(OLD + PANIC), 3, "broken one"),
}

# what it is: file | how it is written | rows used | rules that are listed
LISTED: dict[str, tuple[str, Write, int, list[str]]] = {
    "an ordinary log": ("log.csv", put(ROW), 1, []),
    "an ordinary workbook": ("log.xlsx", put_book(write_log_rows(WORKBOOK_ROW)), 1, []),
    "an ordinary old workbook": (
        *("log.xls", put_old_book(hostile.write_size(2, 5) + write_log_records(OLD_ROW))),
        *(1, []),
    ),
    "a text of 3,000 letters": (
        *("log.csv", put(f"P-1,2024-01-03,acne scars,{'x' * 3_000},pen")),
        *(1, ["cell_too_long"]),
    ),
    "40 texts of 10 kB": ("log.csv", put_texts(40, 10_000), 40, ["cell_too_long"] * 40),
    "formulas": (
        "log.csv",
        put("P-1,2024-01-03,=HYPERLINK(\"\"),=cmd|' /C calc'!A0,@SUM(1)".replace('"', "")),
        1,
        ["unknown_concern", "unknown_side_effect"],
    ),
    "a formula in a workbook": (
        "log.xlsx",
        put_book(write_log_rows(FORMULA_ROW) + FORMULA),
        2,
        MISSING,
    ),
    "scripts": (
        "log.csv",
        put("<script>alert(1)</script>,2024-01-03,{{7*7}},javascript:alert(1),\x1b[31mpen"),
        1,
        ["invisible_characters", "unknown_concern", "unknown_side_effect"],
    ),
    "ids that look the same": (
        "log.csv",
        put(ROW, "P-1,2024-02-03,acne scars,none,pen", "P\u200b-1,2024-03-03,acne scars,none,pen"),
        3,
        ["patient_id_tidied"],
    ),
    "an id in letters and digits of elsewhere": (
        "log.csv",
        put(
            ROW,
            "\u0420-1,2024-02-03,acne scars,none,pen",  # a Cyrillic letter
            "P-\uff11,2024-03-03,acne scars,none,pen",  # a digit as wide as a sign
            "\u0420-2,2024-03-03,acne scars,none,pen",  # like no other
        ),
        *(4, ["look_alike_id"] * 2),
    ),
    "text turned round": (
        "log.csv",
        put("P-1,2024-01-03,acne scars,\u202eenon,\u202epen"),
        1,
        ["invisible_characters", "unknown_side_effect"],
    ),
    "a header of zero width beside the real one": (
        *("log.csv", put(f"{ROW},x", header=f"{HEADER},day\u200b")),
        *(1, []),
    ),
    "brackets": (
        *("log.csv", put(f"P-1,2024-01-03,acne scars,{'(' * 2_000},")),
        *(1, ["unknown_side_effect"]),
    ),
    "the word no": (
        *("log.csv", put(f"P-1,2024-01-03,acne scars,{'no ' * 600},")),
        *(1, ["unknown_side_effect"]),
    ),
    "a megabyte of the word no": (
        *("log.csv", put(f"P-1,2024-01-03,,{'no ' * 300_000},")),
        *(1, ["cell_too_long", "missing_concern"]),
    ),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Done]]:
    """Each source above, and what `check` says of it; all of them in one process."""
    homes = {}
    for number, (case, (name, write, _code, _sentence)) in enumerate(REFUSED.items()):
        root = tmp_path_factory.mktemp(f"refused{number}")
        homes[case] = write_source(root, name, "workbook" if ".xls" in name else "delimited")
        if "\0" not in name:
            write(homes[case] / name)
    with open_shell() as shell:
        return {
            case: (home, shell.run(home.parents[1], "check", "clinic"))
            for case, home in homes.items()
        }


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_file_is_refused(case: str, refused: dict[str, tuple[Path, Done]]) -> None:
    """One sentence says what the file is and what to do; nothing is written."""
    _name, _write, code, sentence = REFUSED[case]
    home, told = refused[case]

    assert told.returncode == code, told.stderr
    assert sentence in told.stderr
    steps = "outcomes: reading"  # a long log says what is being done
    assert len([line for line in told.stderr.splitlines() if not line.startswith(steps)]) == 1
    assert len(told.stderr) < 600
    assert not (home / FILE).exists()


LAYOUT = """
[[layouts]]
files = ["FILE"]
format = {kind = "KIND", date_order = "year-month-day"}
[layouts.columns]
"""


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `check` says of one source with all files above, each with a layout of its own. The
    patients of a text file have its number in their ids."""
    root = tmp_path_factory.mktemp("listed")
    home = write_source(root, "log.csv")
    settings = (home / "source.toml").read_text(encoding="utf-8")
    head, columns = settings.partition("files = ")[0], settings.partition("[columns]\n")[2]
    for number, (name, write, _used, _rules) in enumerate(LISTED.values()):
        path = home / f"{number}-{name}"
        write(path)
        if path.suffix == ".csv":
            text = path.read_bytes().decode("utf-8")
            text = re.sub("(?m)^([P\u0420])(?=[-\u200b])", rf"\g<1>{number}", text)
            path.write_bytes(text.encode("utf-8"))
        kind = "workbook" if ".xls" in name else "delimited"
        head += LAYOUT.replace("FILE", path.name).replace("KIND", kind) + columns
    (home / "source.toml").write_text(head, encoding="utf-8")
    told = run(root, "check", "clinic", "--json")

    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_every_row_of_hostile_files_is_used(listed: dict[str, Any]) -> None:
    """Whatever is in its cells."""
    used = sum(used for _name, _write, used, _rules in LISTED.values())
    assert listed["rows"]["read"] == listed["rows"]["used"] == used


@pytest.mark.parametrize("number", range(len(LISTED)), ids=[*LISTED])
def test_hostile_cell_is_listed(number: int, listed: dict[str, Any]) -> None:
    """Every cell that was not used is listed under its rule."""
    name, _write, _used, rules = [*LISTED.values()][number]

    file = f"{number}-{name}"
    found = sorted(each["rule"] for each in listed["problems"] if each["file"] == file)
    assert found == rules


def test_a_log_of_long_texts_is_never_held_whole(tmp_path: Path) -> None:
    """200 MB of distinct texts in a process that may hold 1 GB: any command writes to a quarter of
    that, and four copies of the texts would be too many."""
    home = write_source(tmp_path, "log.csv")
    put_texts(20_000, 10_000)(home / "log.csv")

    told = run(tmp_path, "check", "clinic", "--json")

    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["rows"]["read"] == found["rows"]["used"] == 20_000
    assert [each["rule"] for each in found["problems"]] == ["cell_too_long"] * 20_000


# --- files that are opened ------------------------------------------------------------------


def test_link_that_is_made_after_the_settings_were_read(tmp_path: Path) -> None:
    """What counts is what the name leads to when the file is opened."""
    folder = tmp_path / "clinic"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for place in (folder / "inner", tmp_path / "elsewhere"):
        write_rows(place / "log.csv", ROW)
    with open_inside(folder, "inner/log.csv") as file:
        assert file.read()

    shutil.rmtree(folder / "inner")
    (folder / "inner").symlink_to(tmp_path / "elsewhere")
    (folder / "log.csv").symlink_to(tmp_path / "elsewhere" / "log.csv")

    for name in ("inner/log.csv", "log.csv"):
        with pytest.raises(SourceError, match="is a link, or lies behind one"):
            open_inside(folder, name)


def test_folder_of_the_source_may_be_a_link(tmp_path: Path) -> None:
    """A clinic may keep its source on a share."""
    (tmp_path / "share").mkdir()
    write_rows(tmp_path / "share" / "log.csv", ROW)
    (tmp_path / "clinic").symlink_to(tmp_path / "share")

    with open_inside(tmp_path / "clinic", "log.csv") as file:
        assert file.readline().decode().strip() == HEADER


def test_hard_link_is_the_file_itself(tmp_path: Path) -> None:
    """A log with a second name, as backups make them, is read; no file of the folder is written
    through to its other name."""
    home = write_source(tmp_path, "log.csv")
    elsewhere = tmp_path / "backup.csv"
    write_rows(elsewhere, "P-1,2024-02-31,acne scars,none,pen")
    os.link(elsewhere, home / "log.csv")
    other = tmp_path / "other.csv"
    write_all_rows(read_source(tmp_path, "clinic"), [])
    os.link(home / FILE, other)
    before = elsewhere.read_bytes(), other.read_bytes()

    told = run(tmp_path, "check", "clinic")

    assert told.returncode == 0, told.stderr
    assert "1 rows read = 0 used + 1 set aside" in told.stdout
    assert (elsewhere.read_bytes(), other.read_bytes()) == before
    assert (home / FILE).read_bytes() != before[1]


PARQUET = {
    # what is done to a good file | what the sentence says
    "text": (lambda good: b"patient,day\n", "is not a Parquet file"),
    "cut short": (lambda good: good[:-20], "is not a Parquet file"),
    "a footer longer than the file": (
        *(lambda good: good[:-8] + b"\xff\xff\xff\x7fPAR1", "is not a Parquet file"),
    ),
    "a footer of nothing": (
        *(lambda good: good[:4] + b"\xff" * (len(good) - 12) + good[-8:], "is a broken"),
    ),
}


@pytest.mark.parametrize("case", PARQUET)
def test_parquet_that_is_none(case: str, tmp_path: Path) -> None:
    """A description that is not there, not whole or not true is met before the file is read."""
    change, sentence = PARQUET[case]
    path = tmp_path / "log.parquet"
    hostile.write_parquet(path)
    with path.open("rb") as file:
        check_parquet(file, path.name)
        good = file.read()
    path.write_bytes(change(good))

    with path.open("rb") as file, pytest.raises(SourceError, match=sentence):
        check_parquet(file, path.name)


def test_parquet_with_too_many_columns(tmp_path: Path) -> None:
    """The description tells the columns."""
    path = tmp_path / "log.parquet"
    hostile.write_parquet(path, columns=4_995)

    with path.open("rb") as file, pytest.raises(SourceError, match="5,000 columns"):
        check_parquet(file, path.name)


def test_database_that_is_none(tmp_path: Path) -> None:
    """Another file, or one that is cut short, is met before it is opened as a database."""
    path = tmp_path / "log.db"
    connection = sqlite3.connect(path)
    connection.execute("create table log (patient text)")
    connection.execute("insert into log values (zeroblob(20000))")
    connection.commit()
    connection.close()
    with path.open("rb") as file:
        check_sqlite(file, path.name)
        good = file.read()

    for content, sentence in ((good[:9_000], "is cut short"), (b"SQLite", "is not an SQLite")):
        path.write_bytes(content)
        with path.open("rb") as file, pytest.raises(SourceError, match=sentence):
            check_sqlite(file, path.name)


# --- what goes out --------------------------------------------------------------------------

TEXTS = {
    # in the log | in the file, where a spreadsheet must show it and not run it
    "=1+1": "'=1+1",
    "  =1+1": "  '=1+1",
    "+49 30": "'+49 30",
    "-": "'-",
    "@SUM(1)": "'@SUM(1)",
    "＝1": "'＝1",
    "x;=cmd|' /C calc'!A0": "x;'=cmd|' /C calc'!A0",
    "one\n=1": "one\n'=1",
    "'=1": "''=1",
    "'": "'",
    "'n": "'n",
    "1-2": "1-2",
    "a = b": "a = b",
}


@pytest.mark.parametrize("text", TEXTS)
def test_corrections_are_no_formulas(text: str, tmp_path: Path) -> None:
    """A spreadsheet that opens the file runs nothing, and the text comes back letter by letter."""
    home = write_source(tmp_path, "log.csv")
    source = read_source(tmp_path, "clinic")
    row = {"file": "log.csv", "sheet": "", "line": 2, "column": "harm", "found": text}
    row |= {"rule": "unknown_side_effect", "suggestion": "", "correction": text + "!"}

    write_all_rows(source, [row])

    with (home / FILE).open(encoding="utf-8", newline="") as file:
        (written,) = csv.DictReader(file)
    assert (written["found"], written["correction"]) == (TEXTS[text], TEXTS[text] + "!")
    assert [*read_all_rows(source)] == [row]
    assert read_corrections(source)["correction"].tolist() == [text + "!"]


HIDDEN = "\x1b]0;x\x07\u202e\x9b2J"
"""Renames a terminal, turns round what follows, clears the screen."""
SHEET = "She\u202e\x9b2Jet"
COMMANDS = {
    # the words of the command | what it repeats, written out
    "check": (["clinic"], SHEET),
    "check in JSON": (["clinic", "--json"], SHEET),
    "init": (["../log" + HIDDEN + ".xlsx", "--name", "other"], HIDDEN),
    "init of a folder": (["../more", "--name", "more"], SHEET),
    "forget": (["clinic", "--patient", "P-1"], SHEET),
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """The commands above, one after another in one project."""
    tmp_path = tmp_path_factory.mktemp("printed")
    name = f"log{HIDDEN}.xlsx"
    home = write_source(tmp_path / "project", name, "workbook")
    (tmp_path / "more").mkdir()
    rows = [[*HEADER.split(","), HIDDEN], [*ROW.split(","), "7"], ["P-1", "2024-02-31"]]
    for folder in (home, tmp_path, tmp_path / "more"):
        with xlsxwriter.Workbook(folder / name) as book:
            book.add_worksheet("notes" + SHEET).write_row(0, 0, ["to", "do" + HIDDEN])
            sheet = book.add_worksheet(SHEET)
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
    settings = home / "source.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[columns]", f"sheets = [{json.dumps(SHEET)}]\n[columns]"))

    with open_shell() as shell:
        return {
            name: shell.run(tmp_path / "project", name.split()[0], *words)
            for name, (words, _repeated) in COMMANDS.items()
        }


@pytest.mark.parametrize("command", COMMANDS)
def test_names_do_not_command_the_terminal(command: str, printed: dict[str, Done]) -> None:
    """The names of files, sheets and columns are printed as text, with the codes of hidden marks,
    also by an error."""
    _words, repeated = COMMANDS[command]
    told = printed[command]

    assert told.returncode == 0, told.stderr
    text = told.stdout + told.stderr
    assert not [each for each in text if not each.isprintable() and each != "\n"]
    assert repeated.partition("\u202e")[0].partition("\x1b")[0] + "\\u" in text


def test_error_does_not_command_the_terminal(tmp_path: Path) -> None:
    """A sentence that repeats a name of the log repeats it as text."""
    home = write_source(tmp_path, "log.csv")
    write_rows(home / "log.csv", ROW, header=HEADER.replace("day", f"day{HIDDEN}"))

    told = run(tmp_path, "check", "clinic")

    assert told.returncode == 3
    assert "has no column 'day'" in told.stderr
    assert not [each for each in told.stderr if not each.isprintable() and each != "\n"]


class Page(HTMLParser):
    """Collects what a browser would run, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.live += [tag] if tag in ("script", "iframe", "object", "embed") else []
        self.live += [name for name, _value in attrs if name.startswith("on")]
        self.live += [value for _name, value in attrs if value and "javascript:" in value]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_of_a_hostile_log_is_dead(tmp_path: Path, project: Path) -> None:
    """Names that are script, markup or turned round reach a page as text, without hidden marks."""
    home = write_source(tmp_path, "log.csv")
    names = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "\u202epen"]
    rows = [
        f"P-{n:04},2024-{1 + n % 6:02}-03,acne scars,{['none', 'redness'][n % 2]},{names[n % 4]}"
        for n in range(80)
    ]
    write_rows(home / "log.csv", *rows)
    text = (home / "source.toml").read_text(encoding="utf-8")
    title = f'title = "A clinic {names[0]} {names[1]} {names[2]}"'
    text = text.replace('title = "A clinic"', title)
    (home / "source.toml").write_text(text, encoding="utf-8")
    shutil.copytree(project / "notebooks", tmp_path / "notebooks", dirs_exist_ok=True)
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy(project / name, tmp_path / name)

    told = subprocess.run(
        [
            *(sys.executable, "-c", "from analysis.cli import main; main()", "report", "concern"),
            *("-p", "source=clinic", "-p", "concern=acne_scars", "--json"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert told.returncode == 0, told.stderr
    html = (tmp_path / json.loads(told.stdout)["page"]).read_text(encoding="utf-8")
    page = Page()
    page.feed(html)
    assert page.live == []
    assert names[0] in page.text
    assert names[2] in page.text
    assert not set(html) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")
