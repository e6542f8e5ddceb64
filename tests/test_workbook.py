"""Excel workbooks: what a person sees in the sheets is what is read, with sheet and row."""

import shutil
from datetime import date, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from analysis.errors import SourceError
from analysis.intake.clean import Account
from analysis.intake.corrections import write_corrections
from analysis.intake.engine import Engine
from analysis.intake.sources import read_log, read_source
from forms import (
    Sheet,
    list_problems,
    load,
    read_headers,
    read_tables,
    read_text,
    write_source,
    write_workbook,
)

SETTINGS = """
    files = ["log.xlsx"]
    format = {kind = "workbook", date_order = "day-month-year"}
    SHEETS
    [columns]
    patient = "Client"
    date = "Day"
    concern = "For"
    needle = "Needle"
    score_before = "Score before"
    score_after = "Score after"
    score_after_date = "Score seen"
    side_effects = "Harm"
    [answers]
    scale = "gb_qual"
"""
# two people keep a sheet each, in their own order of columns
ANNA: Sheet = [
    ["Treatments 2024"],
    [],
    ["Client", "Day", "For", "Needle", "Score", None, None, "Harm", "Remarks"],
    [None, None, None, None, "before", "after", "seen"],
    ["A1", date(2024, 1, 3), "acne scars", 1.5, 3, None, None, "none", "a holiday before"],
    ["A1", datetime(2024, 2, 7, 10, 30), "acne scars", 1500, 7, 2, date(2024, 5, 10), "PIH"],
    [],
    ["A2", "31.04.2024", "acne scars", "0.5", 2, None, None, "none"],
    ["A2", 45385, "acne scars", "15", None, None, None, None, True],
    ["Total", None, None, None, None, None, None, "4 visits"],
]
BEN: Sheet = [
    ["Day", "Client", "Harm", "Score", None, None, "Needle", "For"],
    [None, None, None, "before", "after", "seen"],
    ["03.01.2024", "B1", "red 2 days", "III", None, None, 0.5, "acne scars"],
    ["Day", "Client", "Harm", "Score", None, None, "Needle", "For"],
    [None, None, None, "before", "after", "seen"],
    ["04.02.2024", "B1", None, "x", None, None, 0.5, "acne scars"],
]
MERGED = {"Anna": (2, 4, 6), "Ben": (0, 3, 5)}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source with both sheets and an empty one, which nothing changes; what is loaded of it is
    kept there."""
    project = write_source(tmp_path_factory.mktemp("sheets"), SETTINGS.replace("SHEETS", ""), {})
    path = project / "data/clinic/log.xlsx"
    write_workbook(path, {"Anna": ANNA, "Ben": BEN, "Sheet3": []}, MERGED)
    return project


@pytest.fixture
def project(kept: Path, tmp_path: Path) -> Path:
    """The same source, to be changed."""
    return shutil.copytree(kept, tmp_path / "project")


def test_sheets_are_one_log(kept: Path) -> None:
    """Titles and merged headers are understood, columns found by name, days and numbers read as
    Excel means them."""
    found = read_tables(kept)

    sessions = [
        (each["patient"], each["date"], each["needle_longest"], each["recorded"])
        for each in found["sessions"]
        if "needle_longest" in each
    ]
    assert sessions == [
        ("clinic/A1", "2024-01-03", 1.5, "none"),
        ("clinic/A1", "2024-02-07", 1.5, "event"),
        ("clinic/B1", "2024-01-03", 0.5, "event"),
        ("clinic/B1", "2024-02-04", 0.5, "not recorded"),
    ]
    assert [(each["date"], each["score"]) for each in found["assessments"]] == [
        ("2024-01-03", 3.0),
        ("2024-05-10", 2.0),
        ("2024-01-03", 3.0),
    ]


def test_problems_name_sheet_and_row(kept: Path) -> None:
    """The row is the one Excel shows beside the cell, the column its header in one line."""
    assert list_problems(kept) == [
        "log.xlsx Anna: 6 Score before score_outside_scale, cell blanked",
        "log.xlsx Anna: 8 Day impossible_date, row set aside",
        "log.xlsx Anna: 9 Day excel_serial_date, repaired",
        "log.xlsx Anna: 9 Needle ambiguous_needle, cell blanked",
        "log.xlsx Ben: 6 Score before unknown_score, cell blanked",
    ]


def test_every_row_of_every_sheet_is_accounted_for(kept: Path) -> None:
    """Anna: title, two blank rows, total, four visits; Ben: two visits, the header again (2)."""
    assert load(kept).account == Account(read=12, used=5, set_aside=1, not_data=6)


def test_real_cells_become_plain_text(kept: Path) -> None:
    """A day is an ISO date, a whole number has no point, a tick is yes."""
    days, needles = read_text(kept, "Day"), read_text(kept, "Needle")

    assert days[2:6] == ["2024-01-03", "2024-02-07T10:30:00", "", "31.04.2024"]
    assert needles[2:4] == ["1.5", "1500"]
    assert read_text(kept, "Remarks")[6] == "yes"


def test_header_cell_that_is_merged(tmp_path: Path) -> None:
    """``Score`` over three columns is the first word of all three, whatever stands beside it."""
    project = write_source(tmp_path, SETTINGS.replace("SHEETS", ""), {})
    rows = [row[:] for row in ANNA[2:6]]
    write_workbook(project / "data/clinic/log.xlsx", {"Anna": rows}, {"Anna": (0, 4, 6)})

    assert read_headers(project) == (
        *("Client", "Day", "For", "Needle", "Score before", "Score after", "Score seen"),
        *("Harm", "Remarks"),
    )


def test_only_named_sheets_are_read(project: Path) -> None:
    """``sheets`` leaves the others alone."""
    file = project / "data/clinic/source.toml"
    file.write_text(file.read_text().replace("[columns]", 'sheets = ["Ben"]\n[columns]'))

    assert [each["patient"] for each in read_tables(project)["patients"]] == ["clinic/B1"]


def test_correction_finds_its_sheet(engine: Engine, project: Path) -> None:
    """Two sheets have a row 6; a correction is for one of them."""
    source = read_source(project, "clinic")
    problems = load(project).problems
    path = write_corrections(source, read_log(engine, source), problems)
    rows = path.read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[:5] for row in rows[1:3]] == [
        ["log.xlsx", "Anna", "6", "Score before", "7"],
        ["log.xlsx", "Anna", "8", "Day", "31.04.2024"],
    ]

    corrected = [rows[0], rows[1] + "4", *rows[2:]]
    path.write_text("\n".join(corrected) + "\n", encoding="utf-8")

    scores = {each["date"]: each["score"] for each in read_tables(project)["assessments"]}
    assert scores["2024-02-07"] == 4.0


# --- the old binary format ------------------------------------------------------------------


@pytest.fixture(scope="module")
def old_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source whose workbook is a real ``.xls``; how it was made stands beside the file."""
    settings = SETTINGS.replace("SHEETS", "").replace("log.xlsx", "log.xls")
    project = write_source(tmp_path_factory.mktemp("old"), settings, {})
    shutil.copy(
        Path(__file__).parent / "data/workbooks/two-sheets.xls", project / "data/clinic/log.xls"
    )
    return project


def test_old_workbook_is_read_like_a_new_one(old_project: Path) -> None:
    """Days and moments, results of formulas, a hidden column, titles and merged headers."""
    names = ("Client", "Day", "Needle", "Score before", "Score seen", "Remarks")
    columns = [read_text(old_project, name) for name in names]

    assert [list(row) for row in zip(*columns, strict=True)] == [
        ["Treatments 2024", "", "", "", "", ""],
        ["", "", "", "", "", ""],
        ["A1", "2024-01-03", "1.5", "3", "", "moved from Müller’s"],
        ["A1", "2024-02-07T10:30:00", "1", "3", "2024-05-10", ""],
        ["", "", "", "", "", ""],
        ["A2", "31.04.2024", "0.5", "2", "", ""],
        ["A2", "2024-02-08", "15", "", "", "yes"],
        ["Total", "", "2.5", "", "", ""],
        ["B1", "03.01.2024", "0.5", "III", "", ""],
        ["B1", "2024-02-04", "0.5", "2", "", ""],
    ]


def test_every_row_of_an_old_workbook_is_accounted_for(old_project: Path) -> None:
    """Title, two blank rows and total are no data; the 31st of April is set aside."""
    assert load(old_project).account == Account(read=10, used=5, set_aside=1, not_data=4)
    assert list_problems(old_project) == [
        "log.xls Anna: 8 Day impossible_date, row set aside",
        "log.xls Anna: 9 Needle ambiguous_needle, cell blanked",
    ]


def test_old_workbook_that_is_cut_off(old_project: Path, tmp_path: Path) -> None:
    """Half a file is no workbook."""
    project = shutil.copytree(old_project, tmp_path / "project")
    path = project / "data/clinic/log.xls"
    path.write_bytes(path.read_bytes()[:2000])

    assert "'log.xls' is not an Excel workbook, or a broken one" in refuse(project)


# --- what cannot be read --------------------------------------------------------------------


def refuse(project: Path) -> str:
    with pytest.raises(SourceError) as refused:
        load(project)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert str(project) not in sentence
    return sentence


COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le")


def test_sheet_that_is_broken(project: Path) -> None:
    """A workbook may open whose sheet cannot be read."""
    path = project / "data/clinic/log.xlsx"
    with ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    with ZipFile(path, "w") as book:
        for name, content in members.items():
            book.writestr(name, b"<sheet a=>" if name.endswith("sheet1.xml") else content)

    assert "'log.xlsx' is not an Excel workbook, or a broken one" in refuse(project)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (COMPOUND, "'log.xlsx' is protected by a password; save it without one"),
        (b"PK\x03\x04 and then nothing", "'log.xlsx' is not an Excel workbook, or a broken one"),
        (b"Client;Day\n", "'log.xlsx' is not an Excel workbook"),
        (b"", "'log.xlsx' is empty (zero bytes)"),
    ],
)
def test_file_that_is_no_workbook(project: Path, content: bytes, part: str) -> None:
    """One sentence says what the file is and what to do."""
    (project / "data/clinic/log.xlsx").write_bytes(content)

    assert part in refuse(project)


def test_workbook_that_is_not_there(project: Path) -> None:
    """The file is named, without the way to it."""
    (project / "data/clinic/log.xlsx").unlink()

    assert "'log.xlsx' cannot be read (no such file or directory)" in refuse(project)


def test_sheet_that_is_not_there(project: Path) -> None:
    """A misspelt sheet is met with those there are."""
    file = project / "data/clinic/source.toml"
    file.write_text(file.read_text().replace("[columns]", 'sheets = ["Bens"]\n[columns]'))

    sentence = refuse(project)

    assert "Unknown sheet 'Bens' in the log 'log.xlsx'" in sentence
    assert "Possible: Anna, Ben, Sheet3" in sentence


def test_sheet_without_the_header(project: Path) -> None:
    """A sheet whose header has changed is not skipped: what stands there is listed."""
    sheets = {"Anna": ANNA, "Ben": [["Day", "Client", "AE"], ["03.01.2024", "SECRET", "none"]]}
    write_workbook(project / "data/clinic/log.xlsx", sheets, {"Anna": MERGED["Anna"]})

    sentence = refuse(project)

    assert "'log.xlsx', sheet 'Ben', of 'clinic' has no column 'For'" in sentence
    assert "Its columns are: 'Day', 'Client', 'AE'" in sentence
    assert "SECRET" not in sentence


def test_workbook_without_a_cell(project: Path) -> None:
    """An empty workbook is no log."""
    write_workbook(project / "data/clinic/log.xlsx", {"Sheet1": []})

    assert "has no sheet with a cell in it" in refuse(project)
