"""Parquet files: typed columns are read as the text a person would have written."""

import shutil
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.errors import SourceError
from analysis.intake.clean import Account
from analysis.intake.corrections import write_corrections
from analysis.intake.engine import Engine
from analysis.intake.sources import read_log, read_source
from forms import list_problems, load, read_tables, read_text, write_source

SETTINGS = """
    files = ["log.parquet"]
    format = {kind = "parquet"}
    [columns]
    patient = "client"
    date = "day"
    concern = "for"
    needle = "depth"
    serious = "serious"
    side_effects = "harm"
    [scores]
    gb_qual = "gb"
"""
ROWS = {
    "client": pa.array([7, 7, 8, 9], pa.int32()),
    "day": pa.array([date(2024, 1, 3), date(2024, 2, 7), None, date(2024, 1, 4)]),
    "for": pa.array(["acne scars", "acne scars", "acne scars", "fine lines"]).dictionary_encode(),
    "depth": pa.array([1.5, 1500.0, 0.5, float("nan")]),
    "serious": pa.array([False, True, None, None]),
    "harm": pa.array(["none", "PIH", "none", None]),
    "gb": pa.array([3, 7, 2, None], pa.int8()),
}


def write(folder: Path, rows: dict[str, pa.Array], settings: str = SETTINGS) -> Path:
    project = write_source(folder, settings, {})
    pq.write_table(pa.table(rows), project / "data/clinic/log.parquet")
    return project


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows above, which nothing changes; what is loaded of them is kept there."""
    return write(tmp_path_factory.mktemp("rows"), ROWS)


@pytest.fixture
def project(kept: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    load(kept)
    return shutil.copytree(kept, tmp_path / "project")


def test_rows_become_sessions(kept: Path) -> None:
    """Three rows have a day; needle lengths and side effects are understood as in any log."""
    assert load(kept).account == Account(read=4, used=3, set_aside=1, not_data=0)
    assert [
        (each["patient"], each["date"], each.get("needle_longest"), each["recorded"])
        for each in read_tables(kept)["sessions"]
    ] == [
        ("clinic/7", "2024-01-03", 1.5, "none"),
        ("clinic/7", "2024-02-07", 1.5, "event"),
        ("clinic/9", "2024-01-04", None, "not recorded"),
    ]


def test_problems_name_the_row(kept: Path) -> None:
    """The first row is line 1, because a Parquet file has no header line."""
    assert list_problems(kept) == [
        "log.parquet 2 gb score_outside_scale, cell blanked",
        "log.parquet 3 day missing_date, row set aside",
    ]


TEXTS = [
    # what is in the file, what is read
    (pa.array([7, None, -1]), ["7", "", "-1"]),
    (pa.array([7.0, 0.1, float("nan"), None]), ["7", "0.1", "", ""]),
    (pa.array([1.1, 0.25], pa.float32()), ["1.1", "0.25"]),
    (pa.array([Decimal("1.50"), Decimal("2.00"), Decimal("10.00")]), ["1.5", "2", "10"]),
    (pa.array([100.0, 1e15]), ["100", "1000000000000000"]),
    (pa.array([True, False, None]), ["yes", "no", ""]),
    (pa.array([date(2024, 1, 3), None]), ["2024-01-03", ""]),
    (
        pa.array([datetime(2024, 1, 3), datetime(2024, 1, 3, 10, 30)], pa.timestamp("ms")),
        ["2024-01-03", "2024-01-03T10:30:00"],
    ),
    (
        pa.array([datetime(2024, 1, 3), datetime(2024, 1, 3, 0, 0, 0, 500)], pa.timestamp("ns")),
        ["2024-01-03", "2024-01-03T00:00:00.0005"],
    ),
    (pa.array([datetime(2024, 1, 3)], pa.timestamp("us")), ["2024-01-03"]),
    (pa.array([datetime(2024, 1, 3)], pa.timestamp("us", "UTC")), ["2024-01-03T00:00:00+00"]),
    (pa.array(["007", " a ", "1.50", None]), ["007", " a ", "1.50", ""]),
    (pa.nulls(2), ["", ""]),
    (pa.array([b"\xff\x00", None]), ["", ""]),
]


@pytest.mark.parametrize(("cells", "texts"), TEXTS)
def test_cell_as_a_person_would_have_written_it(tmp_path: Path, cells, texts: list[str]) -> None:
    """The same in any time zone and locale; text is left alone, bytes are no text."""
    day = pa.array([date(2024, 1, 3)] * len(cells))
    settings = """
        files = ["log.parquet"]
        format = {kind = "parquet"}
        columns = {patient = "client", date = "day"}
    """
    project = write(tmp_path, {"client": day, "day": day, "more": cells}, settings)

    assert read_text(project, "more") == texts


def test_several_files_are_one_log(engine: Engine, tmp_path: Path) -> None:
    """Each has lines of its own; a file name may hold what a pattern would."""
    settings = SETTINGS.replace('["log.parquet"]', '["log.parquet", "log[1].parquet"]')
    project = write(tmp_path, ROWS, settings)
    later = ROWS | {"client": pa.array([7, 8, 8, 10], pa.int32())}
    pq.write_table(pa.table(later), project / "data/clinic/log[1].parquet")

    log = read_log(engine, read_source(project, "clinic"))

    places = log.rows.order_by("row").select("file", "line").execute()
    assert places.to_numpy().tolist() == [
        *(["log.parquet", line] for line in (1, 2, 3, 4)),
        *(["log[1].parquet", line] for line in (1, 2, 3, 4)),
    ]
    assert load(project).account == Account(read=8, used=5, set_aside=3, not_data=0)


def test_correction_finds_its_cell(engine: Engine, project: Path) -> None:
    """By file, line and column, like that of any other log."""
    source = read_source(project, "clinic")
    path = write_corrections(source, read_log(engine, source), load(project).problems)
    head, row, *rest = path.read_text(encoding="utf-8").splitlines()
    assert row.split(",")[:5] == ["log.parquet", "", "2", "gb", "7"]

    path.write_text("\n".join([head, row + "4", *rest]) + "\n", encoding="utf-8")

    assert [each["score"] for each in read_tables(project)["assessments"]] == [3.0, 4.0]


def test_changed_file_is_another_cohort(project: Path) -> None:
    """The hash of the data is over the file's bytes."""
    before = load(project).origin.data_hash

    changed = ROWS | {"harm": pa.array(["none", "none", "none", None])}
    pq.write_table(pa.table(changed), project / "data/clinic/log.parquet")

    assert load(project).origin.data_hash != before
    assert load(project).account.used == 3


# --- what cannot be read --------------------------------------------------------------------

SLIPS = [
    # column, its cells, what the sentence must hold
    ("day", None, ["no column 'day'", "names as date", "'client', 'for'"]),
    ("harm", pa.array([["PIH"], [], None, []]), ["'harm', mapped as side_effects,", "lists"]),
    ("harm", pa.array([{"term": "SECRET"}, {}, None, {}]), ["'harm'", "lists or records"]),
    ("harm", pa.array([b"SECRET", b"", None, b""]), ["'harm'", "holds bytes"]),
    (
        "day",
        pa.array([datetime(2024, 1, 3, 23), None, None, None], pa.timestamp("us", "UTC")),
        ["'day', mapped as date,", "moments with a time zone", "give the day itself"],
    ),
    (  # midnight there is no midnight elsewhere
        "day",
        pa.array([datetime(2024, 1, 3), None, None, None], pa.timestamp("us", "UTC")),
        ["'day', mapped as date,", "moments with a time zone", "give the day itself"],
    ),
]


@pytest.mark.parametrize(("column", "cells", "parts"), SLIPS)
def test_column_that_cannot_be_read(tmp_path: Path, column: str, cells, parts) -> None:
    """One sentence names the column, what it holds and what to do."""
    rows = {name: each for name, each in ROWS.items() if name != column}
    project = write(tmp_path, rows if cells is None else rows | {column: cells})

    with pytest.raises(SourceError) as refused:
        load(project)

    sentence = str(refused.value)
    assert "'log.parquet' of 'clinic'" in sentence
    assert [part for part in parts if part not in sentence] == []
    assert "SECRET" not in sentence
    assert "\n" not in sentence


def test_column_without_a_role_may_hold_anything(tmp_path: Path) -> None:
    """A list that nobody asked for is no reason to refuse the log."""
    project = write(tmp_path, ROWS | {"sites": pa.array([["cheeks", "nose"], [], None, ["chin"]])})

    assert load(project).account.used == 3


@pytest.mark.parametrize("content", [b"", b"client,day\n", b"PAR1 and then nothing PAR1"])
def test_file_that_is_no_parquet(tmp_path: Path, content: bytes) -> None:
    """One sentence says what the file is not."""
    project = write(tmp_path, ROWS)
    (project / "data/clinic/log.parquet").write_bytes(content)

    with pytest.raises(SourceError, match=r"'log\.parquet' is not a Parquet file") as refused:
        load(project)

    assert str(project) not in str(refused.value)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """The file is named, without the way to it."""
    project = write(tmp_path, ROWS)
    (project / "data/clinic/log.parquet").unlink()

    with pytest.raises(SourceError, match=r"'log\.parquet' cannot be read \(no such file"):
        load(project)
