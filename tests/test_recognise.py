"""A log nobody has described yet: what is recognised, and what is asked instead of guessed."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import SourceError
from analysis.intake.engine import Engine
from analysis.intake.recognise import (
    ALIASES,
    find_decimal,
    prove_date_order,
    recognise_columns,
    recognise_log,
    write_source,
)
from analysis.intake.sources import ROLES, Format, read_log, read_source

HEADER = "Client ID;Date of visit;Concern;Needle (mm);Score before;Side effects;Comments\n"


def write_log(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "log.csv"
    path.write_bytes(text.encode(encoding))
    return path


# --- the example log --------------------------------------------------------------------------


def test_example_log_is_recognised_whole(project: Path) -> None:
    """Every column but the comments, the mark, the decimal comma and the order of the dates: what
    its own ``source.toml`` says, without having read it."""
    home = project / "tests" / "data" / "small-clinic"
    declared = tomllib.loads((home / "source.toml").read_text(encoding="utf-8"))

    found = recognise_log(home / "session-log.csv", "example")

    assert dict(found.columns) == declared["columns"]
    assert found.unused == ("Comments",)
    assert found.format == Format(**declared["format"])
    # only what no log can prove is left open
    assert len(found.questions) == 1
    assert "side_effects_belong_to" in found.questions[0]


def test_written_source_can_be_read(engine: Engine, project: Path, tmp_path: Path) -> None:
    """What is written beside the log is a valid ``source.toml`` for the same columns and format."""
    text = (project / "tests" / "data" / "small-clinic" / "session-log.csv").read_bytes()
    home = tmp_path / "data" / "north"
    home.mkdir(parents=True)
    (home / "log.csv").write_bytes(text)
    found = recognise_log(home / "log.csv", "north")

    (home / "source.toml").write_text(write_source(found), encoding="utf-8")

    source = read_source(tmp_path, "north")
    assert (source.name, source.files) == ("north", ("log.csv",))
    assert (source.format, dict(source.columns)) == (found.format, dict(found.columns))
    assert source.extracted_on is None
    assert read_log(engine, source).rows.count().execute() == 602


def test_written_source_says_why_and_what_is_open(tmp_path: Path) -> None:
    """Each setting has its reason beside it, each open question and unused column is named."""
    path = write_log(tmp_path, HEADER + 'a;03.04.2024;AS;0,5;3;none;"see ""notes"""\n')

    text = write_source(recognise_log(path, 'north "one"'))

    assert 'name = "north \\"one\\""' in text
    assert 'decimal = ","  # more numbers are written with a comma than with a point' in text
    assert 'date_order = "undeclared"  # not proved by the column' in text
    assert '# not used: "Comments"' in text
    assert text.count("# OPEN QUESTION: ") == 3
    assert tomllib.loads(text)["name"] == 'north "one"'


# --- columns ----------------------------------------------------------------------------------

HEADERS = {
    "patient": ["Client ID", "client id", "File no.", "MRN", "Chart #", "customer_id", "ID", "Pt"],
    "date": ["Date", "Visit date", "tx_date", "DOS", "Appointment", "fecha", "Datum"],
    "concern": ["Indication", "Skin concern", "Complaint", "Goal", "Dx", "Treatment for"],
    "skin_type": ["Skin type", "FST", "Phototype", "Fitz"],
    "needle": ["Needle (mm)", "Depth [mm]", "Length", "needle_size", "mm"],
    "side_effects": ["Side effects", "AE", "Adverse events", "Reactions"],
    "anaesthetic": ["Numbing", "LA"],
    "score_after_date": ["Reviewed on", "Score date"],
}


@pytest.mark.parametrize(
    ("role", "header"), [(role, each) for role, headers in HEADERS.items() for each in headers]
)
def test_header(role: str, header: str) -> None:
    """The names clinics give their columns, with units, stops and underscores."""
    assert recognise_columns([header]) == {role: header}


def test_headers_that_are_not_known_are_not_guessed() -> None:
    """A header that only resembles a name is left, and of two for one role the first is taken."""
    assert recognise_columns(["Patience", "Update", "Notes", "Concern", "Indication"]) == {
        "concern": "Concern"
    }


def test_header_that_stands_twice_is_left_to_a_person() -> None:
    """Which of the two is meant cannot be known."""
    assert recognise_columns(["ID", "Date", "Concern", "Concern", "Goal"]) == {
        "patient": "ID",
        "date": "Date",
        "concern": "Goal",
    }


def test_log_without_a_header(tmp_path: Path) -> None:
    """A first row of values is not listed as columns: it may name a patient."""
    path = write_log(tmp_path, "P-0417;03.04.2024;acne scars\nP-0418;04.04.2024;acne scars\n")

    with pytest.raises(SourceError, match="does not look like a header") as no:
        recognise_log(path, "north")
    assert "'log.csv'" in str(no.value)
    assert "0417" not in str(no.value)


def test_names_belong_to_one_role_each() -> None:
    """No header can mean two things, and every name leads to a role there is."""
    names = [name for aliases in ALIASES.values() for name in aliases]

    assert len(names) == len({*names})
    assert set(ALIASES) <= set(ROLES)


@pytest.mark.parametrize(
    ("header", "role", "alias"),
    [("Name;Date;Concern", "patient", "patient"), ("Client;When;Concern", "date", "date")],
)
def test_without_patient_or_date_there_is_no_source(
    tmp_path: Path, header: str, role: str, alias: str
) -> None:
    """The columns there are stand in the sentence, with what one of them should be called."""
    with pytest.raises(SourceError, match=f"No {role} column was recognised in 'log.csv'") as no:
        recognise_log(write_log(tmp_path, header + "\n"), "north")

    assert ", ".join(map(repr, header.split(";"))) in str(no.value)
    assert f"Rename one to {alias!r}" in str(no.value)
    assert no.value.exit_code == 3


# --- formats ----------------------------------------------------------------------------------

ORDERS = [
    (["03.04.2024", "13.04.2024"], "day-month-year"),
    (["03/04/2024", "04/13/2024"], "month-day-year"),
    (["2024-04-03", "2024-04-13"], "year-month-day"),
    (["2024/04/03", "2024/13/04", "2024/05/01"], "year-month-day"),  # a slip proves nothing
    (["2024-04-03", "13.04.2024"], "day-month-year"),  # ISO is read in any order
    (["03.04.2024", "04.05.2024"], "undeclared"),
    (["13.04.2024", "04/13/2024"], "undeclared"),  # two people, two habits
    (["31.02.2024", "03.04.2024"], "undeclared"),  # 31 February is no day in any order
    (["13.04.24", "03.04.24"], "undeclared"),  # or 24 April 2013
    (["24-04-03", "24-05-13"], "undeclared"),
    (["spring", "", "45385"], "undeclared"),
    ([], "undeclared"),
]


@pytest.mark.parametrize(("dates", "order"), ORDERS)
def test_order_of_dates(dates: list[str], order: str) -> None:
    """Declared only where the column proves it: in no other order does every date exist."""
    assert prove_date_order(pd.Series(dates, dtype="str"))[0] == order


@pytest.mark.parametrize(
    ("numbers", "mark"),
    [(["0,5", "1,5 mm", "2"], ","), (["0.5", "1"], "."), (["1", "2"], "."), (["0.5", "0,5"], ".")],
)
def test_decimal_mark(numbers: list[str], mark: str) -> None:
    """The mark more numbers are written with."""
    assert find_decimal(pd.Series(numbers, dtype="str"))[0] == mark


QUESTIONS = [
    # header, first row, what is asked
    ("id,date,ae", "a,13.04.2024,none", ["side_effects_belong_to"]),
    ("id,date,ae", "a,03.04.2024,none", ["date_order", "side_effects_belong_to"]),
    ("id,date,before", "a,13.04.2024,3", ["`scale`"]),
    ("id,date,scale,before,after", "a,13.04.2024,gb,3,2", ["score_after_date"]),
    ("id,date,scale,before,after,reviewed", "a,13.04.2024,gb,3,2,1.6.2024", []),
    ("id,date", "a,13.04.2024", []),
]


@pytest.mark.parametrize(("header", "row", "asked"), QUESTIONS)
def test_open_questions(tmp_path: Path, header: str, row: str, asked: list[str]) -> None:
    """What the log cannot prove is asked, and nothing else."""
    found = recognise_log(write_log(tmp_path, f"{header}\n{row}\n"), "north")

    assert len(found.questions) == len(asked)
    for question, words in zip(found.questions, asked, strict=True):
        assert words in question


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_delimiter(tmp_path: Path, mark: str) -> None:
    """The mark that splits the header into the most columns."""
    text = HEADER.replace(";", mark) + mark.join(["a", "13.04.2024", "AS", "1", "3", "none", ""])

    found = recognise_log(write_log(tmp_path, text + "\n"), "north")

    assert found.format.delimiter == mark
    assert len(found.columns) == 6


ROWS = "".join(
    f"P-{n};13.04.2024;Pigmentflecken für große Flächen;0,5;3;Rötung, Schwellung – später;geprüft\n"
    for n in range(20)
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encoding(engine: Engine, tmp_path: Path, encoding: str) -> None:
    """What a spreadsheet saves is read letter by letter, with its encoding written down."""
    found = recognise_log(write_log(tmp_path, HEADER + ROWS, encoding), "north")
    home = tmp_path / "data" / "north"
    home.mkdir(parents=True)
    (tmp_path / "log.csv").rename(home / "log.csv")
    (home / "source.toml").write_text(write_source(found), encoding="utf-8")

    log = read_log(engine, read_source(tmp_path, "north"))

    assert log.read_column("Side effects").tolist() == ["Rötung, Schwellung – später"] * 20


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "'log.csv' is empty (zero bytes)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "'log.csv'"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0b\xee\x9dh", "'log.csv'"),
    ],
)
def test_file_that_is_no_log(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A picture or a workbook under the wrong name is refused in one sentence."""
    (tmp_path / "log.csv").write_bytes(content)

    with pytest.raises(SourceError) as refused:
        recognise_log(tmp_path / "log.csv", "north")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """The file's name, not the way to it."""
    with pytest.raises(SourceError, match=r"The log 'log.csv' cannot be read \(no such file"):
        recognise_log(tmp_path / "log.csv", "north")
