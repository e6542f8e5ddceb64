"""The record of what was released: what two pages together give away, and that no line is lost.

A row of these tables is one number: its address, unit, numerator and denominator; "hidden" in
place of a numerator that the page hides.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import Result
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from analysis.cli import app
from analysis.errors import ReportFailedError
from analysis.intake.cohort import holds
from analysis.reporting import released, render
from analysis.reporting.released import (
    FEW,
    HIDDEN_BEFORE,
    SHOWN_BEFORE,
    find_warnings,
    is_same,
    read_record,
    remember_release,
)
from analysis.reporting.render import Made
from logs import write_project

CHOICE = {
    **{"source": "clinic", "as_of": "", "audience": "shareable", "index_modality": "microneedling"},
    **{"period": "", "clinic": [], "skin_type": [], "needle": "", "sessions": ""},
}
ROWS = """
responders | patients | 20     | 40
women      | patients | 30     | 40
with harm  | sessions | 12     | 90
scars      | patients | hidden | 40
"""


def read_rows(table: str) -> dict[str, dict[str, Any]]:
    """Return address to row, as a data file has them."""
    rows = {}
    for line in filter(str.strip, table.splitlines()):
        address, unit, count, total = (cell.strip() for cell in line.split("|"))
        is_hidden = count == "hidden"
        rows[address] = {
            "unit": unit,
            "status": "suppressed" if is_hidden else "shown",
            "count": None if is_hidden or not count else int(count),
            "total": int(total) if total else None,
        }
    return rows


def make_content(
    table: str = ROWS,
    *,
    edition: str = "first",
    data: str = "one",
    report: str = "concern",
    threshold: int = 5,
    **choice: Any,
) -> dict[str, Any]:
    """Return what a data file holds, as far as the record reads it."""
    return {
        "report": report,
        "edition": edition,
        "parameters": CHOICE | choice,
        "origin": {"data_hash": data, "as_of": "2026-06-30"},
        "page": {"sha256": f"{edition} of {report} from {data}"},
        "threshold": threshold,
        "estimates": read_rows(table),
    }


def warn(*contents: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return what the last of these pages gives away together with those before it."""
    records = [released.make_record(each) for each in contents]
    found = find_warnings(records[:-1], records[-1], holds)
    return [(each.row, each.edition, each.reason) for each in found]


LATER = {
    # what the page of a later log shows of a row          | whether it gives away a few
    "one more, who responded": ("responders | patients | 21 | 41", True),
    "one more, who did not": ("responders | patients | 20 | 41", True),
    "four more": ("responders | patients | 24 | 44", True),
    "five more, all of whom responded": ("responders | patients | 25 | 45", False),
    "five more, none of whom responded": ("responders | patients | 20 | 45", False),
    "six more, one of whom did not": ("responders | patients | 25 | 46", True),
    "ten more, half and half": ("responders | patients | 25 | 50", False),
    "nobody": ("responders | patients | 20 | 40", False),
    "one fewer": ("responders | patients | 19 | 39", True),
    "a correction from one answer to the other": ("responders | patients | 21 | 40", True),
    "two more in all, of whom it is hidden how many": ("scars | patients | hidden | 42", True),
    "six more in all, of whom it is hidden how many": ("scars | patients | hidden | 46", False),
    "a row that is hidden now": ("responders | patients | hidden | 60", False),
    "three more sessions": ("with harm | sessions | 12 | 93", True),
    "a number without a denominator": ("responders | patients | 22 | ", True),
    "a row the first page does not have": ("new row | patients | 3 | 41", False),
}


@pytest.mark.parametrize("case", LATER)
def test_the_same_choice_of_a_later_log(case: str) -> None:
    """Who is in one log and not in the other is a group that may not be small."""
    row, is_told = LATER[case]

    found = warn(make_content(), make_content(row, data="two"))

    address = row.partition("|")[0].strip()
    assert found == ([(address, "first", FEW)] if is_told else [])


@pytest.mark.parametrize(("profile", "is_told"), [("clinic", True), ("opensafely", False)])
def test_between_rounded_counts_lies_no_known_group(profile: str, is_told: bool) -> None:
    """Five more of rounded counts are one more, or nine."""
    of = {"threshold": 8, "threshold_profile": profile}
    later = make_content("responders | patients | 20 | 45", data="two")

    assert bool(warn(make_content() | of, later | of)) == is_told
    assert bool(warn(make_content(), later | of)) == is_told


ONE_MORE = "responders | patients | 21 | 41"
CHOICES = {
    # choice of the first page       | of the second                   | whether one holds the other
    "a clinic of all": ({}, {"clinic": ["north"]}, True),
    "all, after a clinic": ({"clinic": ["north"]}, {}, True),
    "one clinic of two": ({"clinic": ["north", "south"]}, {"clinic": ["north"]}, True),
    "two clinics apart": ({"clinic": ["north"]}, {"clinic": ["south"]}, False),
    "two pairs with one in common": ({"clinic": ["a", "b"]}, {"clinic": ["b", "c"]}, False),
    "skin types": ({"skin_type": ["IV", "V", "VI"]}, {"skin_type": ["V", "VI"]}, True),
    "a quarter of its year": ({"period": "2025"}, {"period": "2025-Q3"}, True),
    "a year of all time": ({}, {"period": "2025"}, True),
    "days inside a quarter": (
        {"period": "2025-Q3"},
        {"period": "2025-07-01..2025-09-29"},
        True,
    ),
    "two quarters": ({"period": "2025-Q3"}, {"period": "2025-Q4"}, False),
    "days across a quarter": ({"period": "2025-Q3"}, {"period": "2025-09-01..2025-10-01"}, False),
    "needles": ({"needle": "0.5-2"}, {"needle": "0.5-1.5"}, True),
    "other needles": ({"needle": "0.5-2"}, {"needle": "1.5-2.5"}, False),
    "sessions of a course": ({"sessions": "3-6"}, {"sessions": "3"}, True),
    "courses of another modality": ({}, {"index_modality": "laser"}, False),
    "two things at once": ({}, {"clinic": ["north"], "period": "2025"}, False),
    "another source": ({}, {"source": "elsewhere"}, False),
}


@pytest.mark.parametrize("case", CHOICES)
def test_a_choice_inside_another_of_the_same_log(case: str) -> None:
    """Where one choice holds the other and nothing else differs, the rest is a group."""
    first, second, is_told = CHOICES[case]

    found = warn(make_content(ONE_MORE, **first), make_content(**second, edition="second"))

    assert found == ([("responders", "first", FEW)] if is_told else [])


def test_a_choice_inside_another_of_another_log_is_no_part() -> None:
    """Two things differ, and nobody can take the one from the other."""
    narrower = make_content(ONE_MORE, data="two", clinic=["north"])

    assert warn(make_content(), narrower) == []


SAME = {
    # first page                     | second page of the same log       | reason
    "hidden now": ("a | patients | 7 | 40", "a | patients | hidden | 40", SHOWN_BEFORE),
    "shown now": ("a | patients | hidden | 40", "a | patients | 7 | 40", HIDDEN_BEFORE),
    "shown twice": ("a | patients | 7 | 40", "a | patients | 7 | 40", ""),
    "hidden twice": ("a | patients | hidden | 40", "a | patients | hidden | 40", ""),
}


@pytest.mark.parametrize("case", SAME)
def test_two_pages_of_one_log_and_choice(case: str) -> None:
    """What one page hides the other must not show, whichever came first."""
    first, second, reason = SAME[case]

    found = warn(make_content(first), make_content(second, report="overview"))

    assert found == ([("a", "first", reason)] if reason else [])


def test_a_row_is_named_once_with_the_latest_page() -> None:
    """Of three pages of a growing log, the last one is warned of beside the one before it."""
    pages = [
        make_content(f"a | patients | {20 + n} | 40", data=f"log {n}", edition=f"page {n}")
        for n in range(3)
    ]

    assert warn(*pages) == [("a", "page 1", FEW)]


def test_what_stood_there_yesterday_is_not_told_again_today() -> None:
    """The day changes, the log does not: the row was warned of when it was new."""
    pages = [
        make_content(f"a | patients | {count} | 40", data=f"day {n}", edition=f"day {n}")
        for n, count in enumerate((20, 22, 22, 22, 23))
    ]

    assert warn(*pages[:2]) == [("a", "day 0", FEW)]
    assert warn(*pages[:3]) == warn(*pages[:4]) == []
    assert warn(*pages) == [("a", "day 3", FEW)]


def test_the_higher_of_two_thresholds_counts() -> None:
    """A page that hides what rests on fewer than 11 is not undone by one that hides less."""
    new = make_content("responders | patients | 30 | 55", data="two", threshold=11)

    assert warn(make_content(), new) == [("responders", "first", FEW)]


def test_the_record_holds_what_the_page_shows_and_nothing_more(tmp_path: Path) -> None:
    """A line has the page's hash and counts; of a hidden row only what is shown, none of the log's
    own lines."""
    content = make_content(ROWS + "read | rows | 500 | 500\n")

    remember_release(tmp_path, content, holds)

    (line,) = (tmp_path / "reports/released.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert (record["report"], record["edition"], record["threshold"]) == ("concern", "first", 5)
    assert (record["data_hash"], record["as_of"]) == ("one", "2026-06-30")
    assert (record["page"], record["parameters"]) == ("first of concern from one", CHOICE)
    assert record["rows"] == {
        "responders": {"unit": "patients", "count": 20, "total": 40},
        "women": {"unit": "patients", "count": 30, "total": 40},
        "with harm": {"unit": "sessions", "count": 12, "total": 90},
        "scars": {"unit": "patients", "hidden": True, "total": 40},
    }


def test_the_same_again_is_no_second_line_and_no_warning(tmp_path: Path) -> None:
    """Also when other pages came between."""
    pages = [make_content(), make_content(ONE_MORE, data="two"), make_content()]

    found = [remember_release(tmp_path, each, holds).warnings for each in pages]

    assert [len(each) for each in found] == [0, 1, 0]
    assert len(read_record(tmp_path / "reports/released.jsonl")[0]) == 2


DAMAGES = {
    "a line that broke off": b'{"report":"concern","ed',
    "a line that is no record": b'{"report": 1}\n',
    "a record with a row that is none": b'{"report":"a","edition":"b","parameters":{},'
    b'"data_hash":"c","as_of":"","page":"d","threshold":5,"rows":{"e":{"count":"many"}}}\n',
    "no text": b"\xff\xfe\x00\n",
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_line_is_told_kept_and_harms_no_other(case: str, tmp_path: Path) -> None:
    """What is before and after it is read; the line itself stays as it is."""
    path = tmp_path / "reports/released.jsonl"
    remember_release(tmp_path, make_content(), holds)
    with path.open("ab") as file:
        file.write(DAMAGES[case])

    found = remember_release(tmp_path, make_content(ONE_MORE, data="two"), holds)

    assert found.damaged == (2,)
    assert [each.row for each in found.warnings] == ["responders"]
    assert [len(part) for part in read_record(path)] == [2, 1]
    assert DAMAGES[case].strip() in path.read_bytes().split(b"\n")


def test_without_the_record_nothing_is_published(tmp_path: Path) -> None:
    """What is shared and not on record can never be reckoned with."""
    (tmp_path / "reports").write_text("a file where a folder should be")

    with pytest.raises(ReportFailedError, match=r"reports/released\.jsonl cannot be"):
        remember_release(tmp_path, make_content(), is_same)


# ── the command ──────────────────────────────────────────────────────────────────────────────

PARAMETERS = """\
source: str = "clinic"  # the log
audience: str = "shareable"  # who may see the page; one of: shareable, internal
as_of: str = ""  # ISO day
period: str = ""  # the period
"""
LOG = """
patient | day | concern
a       | 3   | acne scars
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a log and a report."""
    folder = write_project(tmp_path_factory.mktemp("clinic"), LOG)
    cell = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[cell]), folder / "notebooks" / "trial.ipynb")
    return folder


@pytest.fixture
def report(clinic: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``outcomes report trial`` with a page that is made up, of the rows given."""

    def call(rows: str, *words: str) -> Result:
        def make(name: str, values: dict[str, Any], **_: Any) -> Made:
            content = make_content(rows, report=name, edition="clinic", data=rows, **values)
            return Made(
                page="<p>page</p>", data="{}", content={**content, "status": "done"}, warned=()
            )

        monkeypatch.setattr(render, "make_edition", make)
        monkeypatch.chdir(clinic)
        return CliRunner().invoke(app, ["report", "trial", *words])

    return call


def test_the_command_warns_and_publishes(report: Callable[..., Result], clinic: Path) -> None:
    """One line on stderr with the addresses, never a number; --json has them all."""
    first = report("responders | patients | 20 | 40")
    second = report("responders | patients | 22 | 43", "--json")
    with (clinic / "reports/released.jsonl").open("a", encoding="utf-8") as file:
        file.write("half a li")
    third = report("responders | patients | 23 | 43")

    assert (first.exit_code, first.stderr) == (0, "")
    assert second.exit_code == 0
    assert json.loads(second.stdout)["warnings"] == [
        {"row": "responders", "report": "trial", "edition": "clinic", "reason": FEW}
    ]
    assert third.stderr.splitlines() == [
        "outcomes: reports/released.jsonl, line 3, cannot be read and was left out; do not delete "
        "it",
        "outcomes: whoever also has trial/clinic can learn more than this page shows, in 1 row, "
        "since the two differ by a small group of patients: responders",
    ]
    assert (clinic / "reports/trial/clinic.html").exists()


def test_an_internal_page_is_not_on_record(report: Callable[..., Result], clinic: Path) -> None:
    """It is not released to anybody."""
    before = read_record(clinic / "reports/released.jsonl")

    done = report("women | patients | 1 | 2", "--audience", "internal")

    assert (done.exit_code, done.stderr) == (0, "")
    assert read_record(clinic / "reports/released.jsonl") == before


def test_a_relative_period_names_the_period_it_is(
    report: Callable[..., Result], clinic: Path
) -> None:
    """The same words, three months later, are another edition: the day of the log decides."""
    done = report("women | patients | 20 | 40", "-p", "period=last-quarter", "--json")

    found = json.loads(done.stdout)
    assert (found["parameters"]["as_of"], found["parameters"]["period"]) == ("", "2026-Q2")
    assert found["page"] == "reports/trial/clinic--period=2026-Q2.html"
