"""Reading a source: its ``source.toml`` and its files, and one sentence for all that is wrong."""

import csv
import io
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.answers import outcomes, population, protocol, side_effects
from analysis.errors import OutcomesError, SourceError
from analysis.intake.cohort import load_cohort
from analysis.intake.engine import Engine, open_engine
from analysis.intake.schema import COLUMNS
from analysis.intake.sources import (
    PLACE,
    Format,
    find_project,
    list_sources,
    read_delimited,
    read_log,
    read_source,
)
from logs import load, write_project

LOG = """
patient | day | concern    | harm
SECRET  | 0   | acne scars | none
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a source that can be read."""
    return write_project(tmp_path, LOG) / "data" / "clinic"


def read(home: Path) -> None:
    source = read_source(home.parents[1], "clinic")
    source.read_vocabulary()
    with open_engine() as engine:
        read_log(engine, source)


def refuse(home: Path) -> str:
    """Return the sentence with which reading the source ends."""
    with pytest.raises(SourceError) as refused:
        read(home)
    sentence = str(refused.value)
    assert refused.value.exit_code == 3
    assert "\n" not in sentence
    assert "SECRET" not in sentence
    assert str(home.parents[1]) not in sentence
    return sentence


def change(home: Path, old: str, new: str) -> None:
    file = home / "source.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_source_that_is_right_can_be_read(home: Path) -> None:
    """What every test below breaks in one place is whole to begin with."""
    read(home)


# --- projects and sources -------------------------------------------------------------------


def test_project_is_found_from_below(home: Path, tmp_path: Path) -> None:
    """A notebook may be run from its own folder; outside a project a sentence says where to go."""
    assert find_project(tmp_path / "notebooks") == tmp_path.resolve()
    with pytest.raises(SourceError, match="run this inside the folder that holds data/"):
        find_project(tmp_path.parent)


def test_missing_source_lists_those_there_are(home: Path, tmp_path: Path) -> None:
    """A misspelt source is met with the nearest one; without any, with how to make one."""
    assert list_sources(tmp_path) == ["clinic"]
    with pytest.raises(SourceError, match="Did you mean 'clinic'"):
        read_source(tmp_path, "clinik")

    (home / "source.toml").unlink()
    with pytest.raises(SourceError, match="Write one with `outcomes init FILE`"):
        read_source(tmp_path, "clinic")


# --- source.toml ----------------------------------------------------------------------------

SETTINGS = [
    # what is replaced, by what, what the sentence must hold
    ("title =", "titel =", ["Unknown key 'titel'", "data/clinic/source.toml", "'title'"]),
    ("delimiter =", "delimeter =", ["Unknown key 'delimeter'", "[format]", "'delimiter'"]),
    ("title = 'A clinic (synthetic)'", "title = 7", ["'title'", "int"]),
    ("title = 'A clinic (synthetic)'\n", "", ["no key 'title'", "add it"]),
    ("files = ['log.csv']", "files = 'log.csv'", ["'files'", "str"]),
    ("files = ['log.csv']", "files = []", ["names no files"]),
    ("extracted_on = 2026-09-27", "extracted_on = '27.9.2026'", ["'extracted_on'", "str"]),
    ("extracted_on = 2026-09-27", "extracted_on = 2026-09-27T10:00:00", ["'extracted_on'"]),
    ("'year-month-day'", "'day first'", ["date_order", "'day first'", "day-month-year"]),
    ("decimal = '.'", "decimal = 'point'", ["decimal", "'point'"]),
    ("[columns]", "[columns", ["not valid TOML", "data/clinic/source.toml"]),
    ("concern = 'concern'", "complaint = 'concern'", ["Unknown role 'complaint'", "concern"]),
    ("patient = 'patient'\n", "", ["No patient column is mapped", 'patient = "header']),
    ("date = 'day'\n", "", ["No date column is mapped", 'date = "header']),
    ("name = 'clinic'", "name = 'praxis'", ["'praxis'", "that of its folder"]),
    ("'log.csv'", "'../elsewhere.csv'", ["'../elsewhere.csv'", "outside its folder"]),
    ("'log.csv'", "'/etc/hostname'", ["outside its folder"]),
    ("date = 'day'", "date = 'Day'", ["no column 'Day'", "names as date", "'patient', 'day'"]),
]
WORDS = [
    # a block to add, what the sentence must hold
    ("[answers]\nside_effects_belong_to = 'This session'", ["'This session'", "previous session"]),
    ("[answers]\ndefault_modality = 'microneedle'", ["'microneedle'", "rf_microneedling"]),
    ("[answers]\ndefault_setting = 'hospital'", ["'hospital'", "clinic, home"]),
    ("[answers]\ndefault_rater = 'nurse'", ["'nurse'", "investigator"]),
    ("[answers]\nconcern = 'acne'", ["Unknown concern 'acne'", "acne_scars"]),
    ("[answers]\nscale = 'goodman'", ["Unknown scale 'goodman'", "gb_qual"]),
    ("[answers]\nscale = 'gais'", ["declare the order of 'gais'"]),
    ("[scales]\ngaiss = 'one_is_best'", ["Unknown scale 'gaiss'", "gais"]),
    ("[scales]\ngais = 'best_is_one'", ["Unknown coding of gais", "one_is_best"]),
    ("[scales]\nmmasi = 'one_is_best'", ["Unknown coding of mmasi"]),
    ("[primary_scale]\nacne = 'gb_qual'", ["Unknown concern 'acne'"]),
    ("[primary_scale]\nacne_scars = 'goodman'", ["Unknown scale 'goodman'"]),
    ("[primary_scale]\nacne_scars = 'gais'", ["declare the order of 'gais'"]),
    ("[primary_scale]\nacne_scars = 'mmasi'", ["'mmasi' does not score 'acne_scars'"]),
]


@pytest.mark.parametrize(("old", "new", "parts"), SETTINGS)
def test_slip_in_the_settings(home: Path, old: str, new: str, parts: list[str]) -> None:
    """One sentence names the file, the key and what is possible."""
    change(home, old, new)

    sentence = refuse(home)

    assert [part for part in parts if part not in sentence] == []


@pytest.mark.parametrize(("block", "parts"), WORDS)
def test_word_that_is_not_known(home: Path, block: str, parts: list[str]) -> None:
    """A word for which there is a list is in it, or refused with the list; never ignored."""
    change(home, "[columns]", f"{block}\n[columns]")

    sentence = refuse(home)

    assert "source.toml" in sentence
    assert [part for part in parts if part not in sentence] == []


def test_settings_that_are_a_folder(home: Path) -> None:
    """An unreadable ``source.toml`` is a sentence too."""
    (home / "source.toml").unlink()
    (home / "source.toml").mkdir()

    assert "source.toml cannot be read (is a directory)" in refuse(home)


# --- files ----------------------------------------------------------------------------------

FILES = [
    # bytes of the log, what the sentence must hold
    (b"", ["'log.csv' is empty (zero bytes)", "export it again"]),
    (b"\n\n", ["no column 'patient'"]),
    (
        b"patient,day,harm\nSECRET,2024-01-01,none\n",
        ["no column 'concern'", "'patient', 'day', 'ha"],
    ),
    (b"SECRET,2024-01-01,AS,none\n", ["no column 'patient'", "check that it is the header"]),
    (b'"patient,day\nSECRET,2024",day,concern,harm\n', ["'(several lines)', 'day'"]),
    (b"patient,day,concern,harm,harm\n", ["two columns 'harm'", "names as side_effects"]),
    (b"patient,day,concern,harm\nSECRET\0,2024-01-01,AS,none\n", ["not text (it holds NUL bytes)"]),
    (b"PK\x03\x04\0\0", ["not text"]),
    ("patient,day,concern,harm\nSECRET,,,Rötung\n".encode("cp1252"), ["not utf-8", "cp1252"]),
    (b'patient,day,concern,harm\na,b,c,d\nSECRET,"x"y,AS,none\n', ["'log.csv', line 3"]),
    (b'patient,day,concern,harm\na,"never\nended,AS,none\n', ["'log.csv', line 2"]),
]


@pytest.mark.parametrize(("content", "parts"), FILES)
def test_file_that_cannot_be_read(home: Path, content: bytes, parts: list[str]) -> None:
    """One sentence names the file and what to do; a cell's text is never in it."""
    (home / "log.csv").write_bytes(content)

    sentence = refuse(home)

    assert [part for part in parts if part not in sentence] == []
    assert "SECRET" not in sentence


def test_utf_16_without_its_mark(home: Path) -> None:
    """Which byte comes first is not guessed."""
    file = home / "source.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("format = {", "format = {encoding = 'utf-16', "), encoding="utf-8")
    (home / "log.csv").write_bytes("patient,day,concern,harm\n".encode("utf-16-be"))

    assert "The log 'log.csv' is not utf-16 (byte 0)" in refuse(home)


def test_file_that_is_not_there(home: Path) -> None:
    """The file is named, without the way to it."""
    (home / "log.csv").unlink()

    assert "'log.csv' cannot be read (no such file" in refuse(home)


@pytest.mark.parametrize(
    ("format_key", "sentence"),
    [
        ("encoding = 'utf-9'", "no encoding 'utf-9'; correct encoding in source.toml"),
        ("delimiter = ';;'", "line 1, is not readable as delimited text"),
        ("delimiter = ''", "line 1, is not readable as delimited text"),
    ],
)
def test_format_that_does_not_exist(home: Path, format_key: str, sentence: str) -> None:
    """An encoding nobody knows, or a mark that is not one letter, is refused."""
    change(home, "delimiter = ','", format_key)

    assert sentence in refuse(home)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_declared_encodings(engine: Engine, home: Path, encoding: str) -> None:
    """The same log in another encoding is the same log, with or without a byte-order mark."""
    text = "patient,day,concern,harm\na,2024-01-01,AS,Rötung\n"
    (home / "log.csv").write_bytes(text.encode(encoding))
    change(home, "format = {", f"format = {{encoding = '{encoding}', ")

    log = read_log(engine, read_source(home.parents[1], "clinic"))

    assert log.headers == ("patient", "day", "concern", "harm")
    assert log.read_column("harm").tolist() == ["Rötung"]


def test_files_of_one_name_in_two_folders(engine: Engine, home: Path) -> None:
    """A problem must lead to one file, so the folder is part of the name."""
    for year in ("2024", "2025"):
        (home / year).mkdir()
        (home / year / "log.csv").write_bytes((home / "log.csv").read_bytes())
    change(home, "['log.csv']", "['2024/log.csv', '2025/log.csv']")

    log = read_log(engine, read_source(home.parents[1], "clinic"))

    rows = log.rows.order_by("row").execute()
    assert rows["file"].tolist() == ["2024/log.csv", "2025/log.csv"]
    assert rows["row"].tolist() == [0, 1]


def test_files_with_other_columns_are_not_mixed(home: Path) -> None:
    """A second file must have the columns of the first one, in their order."""
    (home / "more.csv").write_text("day,patient,concern,harm\n", encoding="utf-8")
    change(home, "['log.csv']", "['log.csv', 'more.csv']")

    assert "more.csv of 'clinic' has other columns than log.csv" in refuse(home)


def test_nothing_beside_the_log_is_read_or_changed(home: Path) -> None:
    """Reading leaves every byte and time stamp of the folder as it was."""
    (home / "other.csv").write_text("patient\nSECRET\n", encoding="utf-8")
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in home.iterdir()}

    read(home)

    after = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in home.iterdir()}
    assert after == before


# --- lines ----------------------------------------------------------------------------------


def test_lines_are_those_of_an_editor(engine: Engine, tmp_path: Path) -> None:
    """A line break inside a quoted cell moves the rows below, and they still say where they are."""
    text = 'id,note\na,"two\nlines"\n\nb,x\r\nc,"three\r\nmore\nlines"\nd,\n'
    (tmp_path / "log.csv").write_bytes(text.encode())

    rows = read_delimited(engine, tmp_path / "log.csv", Format()).rows.order_by("row").execute()

    assert rows[["line", "c0", "cells"]].to_numpy().tolist() == [
        [2, "a", 2],
        [4, "", 0],  # a blank line is a row without a cell
        [5, "b", 2],
        [6, "c", 2],
        [9, "d", 2],
    ]
    assert rows["c1"][0] == "two\nlines"


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=8
) | st.sampled_from(['"', "a\nb", "a\r\nb", ";", ",", " ", "", "\u2028", "\x85", "\x0b", "\ufeff"])


@settings(max_examples=40)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_row_is_read_at_its_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], mark: str, end: str
) -> None:
    """Whatever the cells hold, each row comes back whole, with the line it starts on."""
    written, line = [], 2
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c", "d"])
    for row in rows:
        before = file.tell()
        writer.writerow(row)
        text = file.getvalue()[before:]
        written.append([line, len(row), *[*row, "", "", ""][:4]])
        line += len(re.findall("\r\n|\r|\n", text))
    path = tmp_path_factory.getbasetemp() / "hostile.csv"
    path.write_bytes(file.getvalue().encode("utf-8"))

    with open_engine() as engine:
        log = read_delimited(engine, path, Format(delimiter=mark))
        rows = log.rows.order_by("row").execute()

    assert rows[["line", "cells", "c0", "c1", "c2", "c3"]].to_numpy().tolist() == written


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """A file that is no log is refused in a sentence, never with a traceback."""
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(content)

    with suppress(OutcomesError), open_engine() as engine:
        log = read_delimited(engine, path, Format())
        assert len(log.rows.execute().columns) == len(PLACE) + len(log.headers)


# --- a log without rows ---------------------------------------------------------------------


def test_header_without_rows_is_an_empty_log(tmp_path: Path) -> None:
    """A log that has only begun is no error: every question has an answer without a number."""
    cohort = load(
        tmp_path,
        "patient | day | age | sex | skin | concern | needle | scale | before | after | reviewed"
        " | harm",
    )

    account = cohort.account
    assert (account.read, account.used, account.set_aside, account.not_data) == (0, 0, 0, 0)
    assert cohort.origin.data_until == ""
    for name in ("patients", "courses", "course_scores", "problems"):
        assert (len(getattr(cohort, name)), name) == (0, name)
        assert list(getattr(cohort, name).columns) == [*COLUMNS[name]]
    for estimates in (
        population.count_flow(cohort),
        population.describe_patients(cohort),
        population.describe_patients(cohort, "acne_scars"),
        population.count_all_fates(cohort),
        population.count_fates(cohort, "acne_scars"),
        outcomes.estimate_all_outcomes(cohort),
        outcomes.estimate_outcomes(cohort, "acne_scars"),
        side_effects.estimate_side_effects(cohort),
        side_effects.estimate_side_effects(cohort, "acne_scars"),
        protocol.estimate_intervals(cohort),
    ):
        assert estimates["value"].isna().all()
        assert (estimates["count"].fillna(0) == 0).all()
    assert cohort.list_patients() == []
    assert cohort.count_sessions()["recorded"] == {"event": 0, "none": 0, "not_recorded": 0}


def test_unreadable_log_leaves_no_cache(home: Path) -> None:
    """A load that fails leaves nothing behind that a later one could take for a cohort."""
    (home / "log.csv").write_bytes(b"")

    with pytest.raises(SourceError):
        load_cohort("clinic", project=home.parents[1])

    kept = home.parents[1] / ".cache"
    assert not kept.exists() or not any(name for _, _, name in os.walk(kept))


def test_carriage_returns_on_one_long_line(tmp_path: Path) -> None:
    """Where lines end in a carriage return alone, only the first of them is the header."""
    rows = "".join(f"P-{n},2024-01-{n % 28 + 1:02},acne scars\r" for n in range(1500))
    project = write_project(tmp_path, "patient | day | concern")
    (project / "data/clinic/log.csv").write_bytes(f"patient,day,concern\r{rows}".encode())

    assert load_cohort("clinic", project=project).account.used == 1500
