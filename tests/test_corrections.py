"""The corrections file: written for a person, filled in, applied, and outlived by its cell."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import SourceError
from analysis.intake import corrections
from analysis.intake.cohort import load_cohort
from analysis.intake.corrections import (
    COLUMNS,
    FILE,
    apply_corrections,
    read_corrections,
    write_corrections,
)
from analysis.intake.engine import Engine
from analysis.intake.sources import Log, Source, read_delimited, read_log, read_source
from analysis.intake.sources.log import join_logs, make_log
from logs import write_project

LOG = """
patient | day        | concern    | needle | harm
a       | 2024-01-03 | acne scars | 15     | none
b       | 2024-02-31 | acne scars | 1.5    | none
c       | 2024-01-05 | acne scars | 1.5    | blotchy
"""
PROBLEMS = [
    # line, column, rule, consequence
    (2, "needle", "ambiguous_needle", "cell blanked"),
    (3, "day", "impossible_date", "row set aside"),
    (4, "harm", "unknown_side_effect", "noted"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path, LOG)


@pytest.fixture
def source(root: Path) -> Source:
    return read_source(root, "clinic")


def list_problems(*problems: tuple[int, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(problems, columns=["line", "column", "rule", "consequence"])
    frame = frame.assign(file="log.csv", sheet=None, suggestion="do it").astype({"line": "Int64"})
    return frame[["file", "sheet", "line", "column", "rule", "consequence", "suggestion"]]


def fill_in(source: Source, written: dict[int, str]) -> None:
    """Write a correction beside the problem of each line, as a person would."""
    path = source.folder / FILE
    with path.open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    for row in rows:
        row["correction"] = written.get(int(row["line"]), row["correction"])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def read_rows_of(log: Log) -> pd.DataFrame:
    return log.rows.order_by("row").execute()


def read_rows(source: Source) -> list[list[str]]:
    with (source.folder / FILE).open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)]


def test_file_holds_every_problem_with_its_text(engine: Engine, source: Source) -> None:
    """One row per problem, by line, with the text as written and a column to fill in."""
    log = read_log(engine, source)

    path = write_corrections(source, log, list_problems(*PROBLEMS[::-1]))

    assert path == source.folder / "corrections.csv"
    assert read_rows(source) == [
        ["file", "sheet", "line", "column", "found", "rule", "suggestion", "correction"],
        ["log.csv", "", "2", "needle", "15", "ambiguous_needle", "do it", ""],
        ["log.csv", "", "3", "day", "2024-02-31", "impossible_date", "do it", ""],
        ["log.csv", "", "4", "harm", "blotchy", "unknown_side_effect", "do it", ""],
    ]


def test_only_the_owner_may_read_it_and_nothing_else_changes(
    engine: Engine, source: Source
) -> None:
    """It holds cells of patients: mode 0600, and no other file of the folder is touched."""
    log = read_log(engine, source)
    before = {path.name: path.read_bytes() for path in source.folder.iterdir()}

    path = write_corrections(source, log, list_problems(*PROBLEMS))
    path.chmod(0o644)
    write_corrections(source, log, list_problems(*PROBLEMS))

    after = {path.name: path.read_bytes() for path in source.folder.iterdir()}
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert {name: text for name, text in after.items() if name != FILE} == before


def test_corrected_cell_is_read(engine: Engine, source: Source) -> None:
    """The correction stands where the cell stood; every other cell is as it was."""
    log = read_log(engine, source)
    write_corrections(source, log, list_problems(*PROBLEMS))
    fill_in(source, {2: "1.5", 3: "2024-02-28"})

    corrected, stale = apply_corrections(engine, log, read_corrections(source))

    expected = read_rows_of(log)
    assert expected.loc[0, log.find_text("needle")] == "15"
    expected.loc[0, log.find_text("needle")] = "1.5"
    expected.loc[1, log.find_text("day")] = "2024-02-28"
    pd.testing.assert_frame_equal(read_rows_of(corrected), expected)
    assert stale.empty


STALE = {
    # what becomes of the log, is the correction of line 2 still used?
    "nothing": (lambda text: text, True),
    "a column more": (lambda text: text.replace("t,d", "t,age,d").replace(",2024", ",,2024"), True),
    "another text in the cell": (lambda text: text.replace(",15,", ",14,"), False),
    "the row has moved": (lambda text: text.replace("a,2024", "\na,2024"), False),
    "another name of the column": (lambda text: text.replace("needle", "depth"), False),
    "the rows are gone": (lambda text: text.splitlines()[0] + "\n", False),
}


@pytest.mark.parametrize("name", STALE)
def test_correction_is_used_while_its_cell_holds_its_text(
    engine: Engine, source: Source, name: str
) -> None:
    """A correction whose cell has changed, moved or gone is reported, not applied to another."""
    change, is_used = STALE[name]
    write_corrections(source, read_log(engine, source), list_problems(*PROBLEMS))
    fill_in(source, {2: "0.75"})
    path = source.folder / "log.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    written = read_delimited(engine, path, source.format)

    log, stale = apply_corrections(engine, written, read_corrections(source))

    cells = read_rows_of(log)[[*log.texts]].to_numpy().ravel().tolist()
    assert cells.count("0.75") == is_used
    if is_used:
        assert stale.empty
    else:
        (row,) = stale.to_dict("records")
        assert (row["file"], row["line"], row["column"]) == ("log.csv", 2, "needle")
        assert (row["rule"], row["consequence"]) == ("correction_does_not_match", "noted")
        pd.testing.assert_frame_equal(read_rows_of(log), read_rows_of(written))


def test_earlier_corrections_outlive_a_new_list(engine: Engine, source: Source) -> None:
    """Writing the file again keeps what a person wrote, also where the problem is gone."""
    log = read_log(engine, source)
    write_corrections(source, log, list_problems(*PROBLEMS))
    fill_in(source, {2: "1.5"})

    write_corrections(source, log, list_problems(*PROBLEMS[1:]))

    assert [(row[2], row[4], row[7]) for row in read_rows(source)[1:]] == [
        ("2", "15", "1.5"),
        ("3", "2024-02-31", ""),
        ("4", "blotchy", ""),
    ]


NASTY = [
    "a\nb",
    "a\r\nb",
    "a\rb",
    ' "quoted" ',
    "=1+1",
    "a;b,c",
    "NaN",
    "NA",
    "007",
    "Rötung →",
    "'",
]


@pytest.mark.parametrize("text", NASTY)
def test_any_text_goes_round(engine: Engine, root: Path, text: str) -> None:
    """Line breaks, quotes, leading zeros and words for nothing come back letter by letter."""
    source = read_source(root, "clinic")
    log = make_log(engine, ["harm"], [(2, [text])], file="log.csv")
    write_corrections(source, log, list_problems((2, "harm", "unknown_side_effect", "noted")))
    fill_in(source, {2: text + "!"})

    corrected, stale = apply_corrections(engine, log, read_corrections(source))

    assert stale.empty
    assert read_rows_of(corrected).loc[0, "c0"] == text + "!"


TWO_FILES = {
    "b.csv": "patient,day,harm,device\nb,2024-01-03,blotchy,pen\nc,2024-01-04,=1,\n",
    "a.csv": "patient,day,harm,device\nd,2024-01-05,,roller\ne,2024-01-06,odd,pen\n",
}
PLACES = [
    # file, line, column, text of the cell
    ("a.csv", 2, "device", "roller"),
    ("a.csv", 3, "", ""),
    ("a.csv", 3, "harm", "odd"),
    ("a.csv", 9, "harm", ""),  # there is no such line
    ("b.csv", 2, "device", "pen"),
    ("b.csv", 2, "harm", "blotchy"),
    ("b.csv", 2, "weight", ""),  # nor such a column
    ("b.csv", 3, "harm", "=1"),
]


@pytest.mark.parametrize(("cells", "characters"), [(20_000, 4_000_000), (1, 4_000_000), (9, 1)])
def test_texts_leave_the_engine_some_at_a_time(
    engine: Engine, tmp_path: Path, cells: int, characters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many go together, each place of each file has the text of its own cell."""
    monkeypatch.setattr(corrections, "_CELLS_AT_ONCE", cells)
    monkeypatch.setattr(corrections, "_TEXT_AT_ONCE", characters)
    source = read_source(write_project(tmp_path, LOG), "clinic")
    parts = []
    for name, text in TWO_FILES.items():
        (source.folder / name).write_text(text, encoding="utf-8")
        parts.append((0, read_delimited(engine, source.folder / name, source.format, name)))
    listed = pd.DataFrame(PLACES[::-1], columns=["file", "line", "column", "text"])
    problems = listed.assign(sheet=None, rule="odd", suggestion=None)

    write_corrections(source, join_logs(engine, parts), problems)

    found = [(row["file"], row["line"], row["column"], row["found"]) for row in read_all(source)]
    assert found == PLACES


def read_all(source: Source) -> list[corrections.Row]:
    return [*corrections.read_all_rows(source)]


def test_several_corrections_of_a_row(engine: Engine, source: Source) -> None:
    """Each stands in its cell; of two for one cell the first counts, and the second is listed where
    it says something else. All other cells are as they were."""
    log = read_log(engine, source)
    columns = ["line", "column", "found", "correction"]
    rows = [
        (2, "needle", "15", "1.5"),
        (2, "needle", "15", "0.5"),
        (2, "harm", "none", "redness"),
        (2, "harm", "none", "redness"),
        (4, "needle", "1.5", "2"),
    ]
    written = pd.DataFrame(rows, columns=columns).assign(file="log.csv", sheet="", rule="x")

    corrected, stale = apply_corrections(engine, log, written)

    assert stale[["line", "column", "rule", "consequence"]].to_numpy().tolist() == [
        [2, "needle", "correction_does_not_match", "noted"]
    ]
    assert read_rows_of(corrected)[[*log.texts]].to_numpy().tolist() == [
        ["a", "2024-01-03", "acne scars", "1.5", "redness"],
        ["b", "2024-02-31", "acne scars", "1.5", "none"],
        ["c", "2024-01-05", "acne scars", "2", "blotchy"],
    ]


MORE = ",".join(COLUMNS).encode() + b"\nlog.csv,,2,needle,15,,,1.5,6\n"
"""A row with a cell more than the header."""


@pytest.mark.parametrize("content", [b"", b"line,found\n2,15\n", b"\xff\xfe", b"x" * 9, MORE])
def test_file_that_is_none(source: Source, content: bytes) -> None:
    """One sentence says which columns it needs, and holds no cell."""
    (source.folder / FILE).write_bytes(content)

    with pytest.raises(SourceError, match=r"data/clinic/corrections.csv cannot be read: it needs"):
        read_corrections(source)


def test_line_that_is_no_number(source: Source) -> None:
    """A line number that a spreadsheet has spoilt is the same sentence."""
    header = ",".join(COLUMNS)
    text = f"{header}\nlog.csv,,two,needle,SECRET,,,1.5\n"
    (source.folder / FILE).write_text(text, encoding="utf-8")

    with pytest.raises(SourceError, match="with a whole number in line") as refused:
        read_corrections(source)
    assert "SECRET" not in str(refused.value)


def test_round_trip(engine: Engine, root: Path, source: Source) -> None:
    """From a load with problems, over the filled-in file, to a load that used the corrections and
    says which one no longer fits."""
    before = load_cohort("clinic", project=root)
    found = before.problems[["line", "column", "rule", "consequence"]]
    assert [*found.itertuples(index=False, name=None)] == PROBLEMS
    assert (before.account.used, before.account.set_aside) == (2, 1)

    write_corrections(source, read_log(engine, source), before.problems)
    fill_in(source, {2: "1.5", 3: "2024-02-28", 4: "bruise"})
    log = source.folder / "log.csv"
    log.write_text(log.read_text(encoding="utf-8").replace("blotchy", "purple"), encoding="utf-8")
    after = load_cohort("clinic", project=root)

    assert after.origin.data_hash != before.origin.data_hash
    assert (after.account.used, after.account.set_aside) == (3, 0)
    assert after.courses["needle_longest"].tolist() == [1.5, 1.5, 1.5]
    found = after.problems[["line", "column", "rule"]].itertuples(index=False, name=None)
    assert sorted(found) == [
        (4, "harm", "correction_does_not_match"),
        (4, "harm", "unknown_side_effect"),
    ]
