"""Parameters: declared in a notebook, given as text, never guessed."""

import ast
import json
from datetime import date
from pathlib import Path

import pytest
from papermill.inspection import inspect_notebook

from analysis.errors import UsageError
from analysis.intake.cohort import Selection, parse_period, settle_period
from analysis.intake.cohort.selection import check_selection
from analysis.intake.schema import INDEX_MODALITIES, INDEX_MODALITY
from analysis.reporting.parameters import (
    Parameter,
    cast_parameters,
    find_headings,
    find_report,
    find_reports,
    read_notebook,
    read_parameters,
    read_title,
)

CELL = """\
from typing import Optional
source: str = "example"  # the log, a folder of data/
audience: str = "shareable"  # who may see the page; one of: shareable, internal
threshold: int = 5
share: float = 1  # a share
whole: bool = True
clinic: list[str] = []  # clinics; empty for all
least: Optional[int] = None  # least number of sessions
"""


def write_notebook(folder: Path, cell: str | None, *, name: str = "trial") -> Path:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["Before.\n", "# A title #\n"]}]
    if cell is not None:
        tagged = {"tags": ["parameters"]}
        code = {"cell_type": "code", "outputs": [], "execution_count": None}
        cells.append(code | {"metadata": tagged, "source": cell})
    path = folder / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    form = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}}
    path.write_text(json.dumps(form | {"cells": cells}))
    return path


@pytest.mark.parametrize("report", ["overview", "concern"])
def test_a_report_offers_every_index_modality(project, report):
    """What a report offers is what the log is read for, and its default is that of the package."""
    declared = read_parameters(project / "notebooks" / f"{report}.ipynb")
    index = next(each for each in declared if each.name == "index_modality")

    assert index.choices == INDEX_MODALITIES
    assert (index.kind, index.default) == ("str", INDEX_MODALITY)


def test_a_cell_declares_name_type_default_help_and_choices(tmp_path):
    """Each annotated line is one parameter; its comment is its help."""
    declared = read_parameters(write_notebook(tmp_path, CELL))

    assert declared == (
        Parameter("source", "str", "example", "the log, a folder of data/"),
        Parameter(
            "audience",
            "str",
            "shareable",
            "who may see the page; one of: shareable, internal",
            ("shareable", "internal"),
        ),
        Parameter("threshold", "int", 5),
        Parameter("share", "float", 1.0, "a share"),
        Parameter("whole", "bool", True),
        Parameter("clinic", "list[str]", [], "clinics; empty for all"),
        Parameter("least", "Optional[int]", None, "least number of sessions"),
    )


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("source = 'example'", "line 1: a parameter is written as"),
        ("import os", "line 1: a parameter is written as"),
        ("a: str = 'x'\na: str = 'y'", "line 2: 'a' is declared twice"),
        ("day: date = 1", "'day' has the type 'date'"),
        ("n: int = 'five'", "the default of 'n' is not of type int"),
        ("n: int = True", "the default of 'n' is not of type int"),
        ("n: int", "the default of 'n' is not of type int"),
        ("n: int = len('ab')", "the default of 'n' is computed"),
        ("n: int = (", "this is not Python"),
        # what papermill's own inspection would leave out, or read otherwise
        ("n: int | None = None", "which papermill does not read; write Optional[int]"),
        ("n: None | float = None", "which papermill does not read; write Optional[float]"),
        ("n: Literal['a', 'b'] = 'a'", "write str, and the values in the comment behind it: 'one"),
        ("n: typing.Literal['a'] = 'a'", "write str, and the values in the comment behind it"),
        ("n: str = 'a'  # such as n=3", "papermill does not see 'n': there is a second '='"),
        ("n: str = 'a=b'", "papermill does not see 'n': there is a second '='"),
        ("n: str = '#1'  # place", "papermill does not see 'n': there is a '#' in its default"),
        ("n: str = 'a'  # type: of scar", "papermill does not see 'n': its help begins with"),
        ("n: list[str] = [\n    'a',\n]", "its declaration is longer than one line"),
    ],
)
def test_a_slip_in_the_cell_is_named_with_its_line(tmp_path, cell, said):
    """Whatever is not an annotated plain value is refused, not run."""
    with pytest.raises(UsageError) as raised:
        read_parameters(write_notebook(tmp_path, cell))

    assert str(raised.value).startswith("notebooks/trial.ipynb, parameters cell, line ")
    assert said in str(raised.value)


UNSEEN = [
    "n: int | None = None  # whole",
    "n: Literal['a', 'b'] = 'a'  # choice",
    "n: str = 'a'  # such as n=3",
    "n: str = 'a=b'  # text",
    "n: str = '#1'  # place",
    "n: str = 'a'  # type: of scar",
    "n: list[str] = [  # several\n    'a',\n]",
]


@pytest.mark.parametrize("cell", UNSEEN)
def test_what_is_refused_is_what_papermill_does_not_see(tmp_path, cell):
    """Each of these lines, read by papermill itself, has no type, help or name of its own."""
    path = write_notebook(tmp_path, cell)

    found = inspect_notebook(str(path))

    (statement,) = ast.parse(cell).body
    expected = (ast.unparse(statement.annotation), ast.literal_eval(statement.value))
    assert [
        (each["inferred_type_name"], ast.literal_eval(each["default"]))
        for each in found.values()
        if each["help"] == cell.partition("  # ")[2].partition("\n")[0]
    ] != [expected]
    with pytest.raises(UsageError):
        read_parameters(path)


def test_papermill_sees_what_we_see(tmp_path):
    """Every kind of parameter, with its type and its help."""
    path = write_notebook(tmp_path, CELL)

    assert_seen_by_papermill(path)


def test_papermill_sees_every_parameter_of_every_report(project):
    """``papermill --help-notebook`` tells name, type, default and help of each."""
    reports = find_reports(project)

    assert len(reports) >= 4
    for path in reports.values():
        assert_seen_by_papermill(path)


def assert_seen_by_papermill(path):
    seen = inspect_notebook(str(path))

    assert [
        (each["name"], each["inferred_type_name"], ast.literal_eval(each["default"]), each["help"])
        for each in seen.values()
    ] == [(each.name, each.kind, each.default, each.help) for each in read_parameters(path)]


def test_every_report_takes_a_relative_period(project):
    """Its help says so, because the command line prints it."""
    for path in find_reports(project).values():
        (period,) = (each for each in read_parameters(path) if each.name == "period")
        assert "last-quarter" in period.help, path.name


PERIODS = [
    # asked for, day the log is read at, what it is
    ("this-month", "2026-06-30", "2026-06"),
    ("this-quarter", "2026-06-30", "2026-Q2"),
    ("this-year", "2026-06-30", "2026"),
    ("last-month", "2026-06-30", "2026-05"),
    ("last-month", "2026-01-01", "2025-12"),
    ("last-month", "2024-03-31", "2024-02"),
    ("last-quarter", "2026-06-30", "2026-Q1"),
    ("last-quarter", "2026-07-01", "2026-Q2"),
    ("last-quarter", "2026-02-14", "2025-Q4"),
    ("last-year", "2026-01-01", "2025"),
    ("last-12-months", "2026-06-30", "2025-06-01..2026-05-31"),
    ("last-12-months", "2026-01-15", "2025-01-01..2025-12-31"),
    ("last-2-months", "2024-03-01", "2024-01-01..2024-02-29"),
    ("last-1-months", "2026-06-30", "2026-05"),
    ("last-4-quarters", "2026-06-30", "2025-04-01..2026-03-31"),
    ("last-3-years", "2026-06-30", "2023-01-01..2025-12-31"),
    ("2026-Q1", "2026-06-30", "2026-Q1"),
    ("2026-01-01..2026-01-31", "2026-06-30", "2026-01-01..2026-01-31"),
    ("", "2026-06-30", ""),
]


@pytest.mark.parametrize(("asked", "as_of", "period"), PERIODS)
def test_a_relative_period_is_settled_by_the_day_of_the_log(asked, as_of, period):
    """What is last is whole and before the month, quarter or year of the day."""
    settled = settle_period(asked, date.fromisoformat(as_of))

    assert settled == period
    assert not settled or parse_period(settled)


@pytest.mark.parametrize(
    "text",
    [
        *("last-week", "next-month", "last month", "Last-month", "this-3-months"),
        *("last-0-months", "last-1000-years", "last-12-month", "last-months", "quarter"),
    ],
)
def test_another_relative_period_is_refused_with_those_there_are(text):
    """Nothing that resembles one is guessed."""
    with pytest.raises(UsageError, match="last-12-months, this-month"):
        check_selection(Selection(period=text))


def test_a_period_before_the_calendar_is_refused():
    """A sentence, and no fault of the calendar."""
    with pytest.raises(UsageError, match="before the first year"):
        settle_period("last-999-years", date(500, 1, 1))


def test_a_notebook_without_parameters_cell_is_named(tmp_path):
    """papermill would only warn and run with nothing set."""
    with pytest.raises(UsageError, match=r"notebooks/trial\.ipynb has no cell tagged 'parameters'"):
        read_parameters(write_notebook(tmp_path, None))


DECLARED = (
    Parameter("text", "str", ""),
    Parameter("number", "int", 5),
    Parameter("share", "float", 0.5),
    Parameter("whole", "bool", False),
    Parameter("names", "list[str]", ["A"]),
    Parameter("least", "Optional[int]", None),
    Parameter("who", "str", "", "one of: us, them", ("us", "them")),
)


REFUSED = object()
LOOK_ALIKES = {
    # text:    str       int      float    bool     list[str]    Optional[int]  Optional[str]
    "0012": ("0012", REFUSED, REFUSED, REFUSED, ["0012"], REFUSED, "0012"),
    "1_000": ("1_000", REFUSED, REFUSED, REFUSED, ["1_000"], REFUSED, "1_000"),
    "nan": ("nan", REFUSED, REFUSED, REFUSED, ["nan"], REFUSED, "nan"),
    "true": ("true", REFUSED, REFUSED, True, ["true"], REFUSED, "true"),
    "1e5": ("1e5", REFUSED, REFUSED, REFUSED, ["1e5"], REFUSED, "1e5"),
    "12": ("12", 12, 12.0, REFUSED, ["12"], 12, "12"),
    "0.5": ("0.5", REFUSED, 0.5, REFUSED, ["0.5"], REFUSED, "0.5"),
    "None": ("None", REFUSED, REFUSED, REFUSED, ["None"], REFUSED, "None"),
    "": ("", REFUSED, REFUSED, REFUSED, [], None, None),
}
KINDS = ("str", "int", "float", "bool", "list[str]", "Optional[int]", "Optional[str]")


@pytest.mark.parametrize("text", LOOK_ALIKES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_text_becomes_what_the_declared_type_makes_of_it(kind, text):
    """Whatever it looks like to papermill's command line, or to YAML."""
    expected = LOOK_ALIKES[text][KINDS.index(kind)]
    declared = (Parameter("value", kind, None),)

    if expected is REFUSED:
        with pytest.raises(UsageError, match="Parameter 'value' takes"):
            cast_parameters(declared, {"value": text})
    else:
        value = cast_parameters(declared, {"value": text})["value"]
        assert value == expected
        assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "0012", "0012"),
        ("text", "1_000", "1_000"),
        ("text", "1e5", "1e5"),
        ("text", "nan", "nan"),
        ("text", "true", "true"),
        ("text", "2025-Q3", "2025-Q3"),
        ("text", "", ""),
        ("number", "12", 12),
        ("number", "-3", -3),
        ("number", "0", 0),
        ("share", "0.25", 0.25),
        ("share", "3", 3.0),
        ("whole", "true", True),
        ("whole", "false", False),
        ("names", "North, 0012 ,South", ["North", "0012", "South"]),
        ("names", '"Smith, Jones & Co",North', ["Smith, Jones & Co", "North"]),
        ("names", "", []),
        ("least", "3", 3),
        ("least", "", None),
        ("who", "them", "them"),
        ("who", "", ""),
    ],
)
def test_text_is_cast_by_the_declared_type_alone(name, text, value):
    """A value looks like what it was declared as, never like what its text resembles."""
    cast = cast_parameters(DECLARED, {name: text})[name]

    assert cast == value
    assert type(cast) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        *[
            ("number", text, f"'number' takes a whole number in digits, such as 12, and '{text}'")
            for text in ("1_000", "1e5", "nan", "true", "5.0", "0012", "", " 5", "٣", "five")
        ],
        *[
            (
                "share",
                text,
                f"'share' takes a number with a decimal point, such as 0.5, and '{text}'",
            )
            for text in ("nan", "inf", "1e5", "0,5", "1_0", "true")
        ],
        *[
            ("whole", text, f"'whole' takes true or false, and '{text}' is not that")
            for text in ("True", "1", "yes", "")
        ],
        ("least", "none", "'least' takes a whole number"),
        ("names", 'a,"b', "the quotes in"),
        ("who", "thm", "Unknown value 'thm' of parameter 'who'. Did you mean 'them'?"),
        ("numbr", "5", "Unknown parameter 'numbr'. Did you mean 'number'?"),
    ],
)
def test_text_of_another_type_is_refused_in_one_sentence(name, text, said):
    """What papermill's command line would silently turn into something else is refused."""
    with pytest.raises(UsageError) as raised:
        cast_parameters(DECLARED, {name: text})

    assert said in str(raised.value)


def test_what_is_not_given_has_its_default_and_keeps_it():
    """A caller that changes a list it was handed does not change the declaration."""
    first = cast_parameters(DECLARED, {})
    first["names"].append("B")

    assert cast_parameters(DECLARED, {}) == {
        "text": "",
        "number": 5,
        "share": 0.5,
        "whole": False,
        "names": ["A"],
        "least": None,
        "who": "",
    }


def test_only_a_notebook_with_an_audience_is_a_report(tmp_path):
    """The interactive notebook and a broken file are not offered as reports."""
    report = write_notebook(tmp_path, CELL, name="overview")
    write_notebook(tmp_path, "source: str = 'x'", name="explore")
    (tmp_path / "notebooks" / "broken.ipynb").write_text("{")

    assert find_reports(tmp_path) == {"overview": report}
    assert find_report(tmp_path, "overview") == report
    for name, said in {
        "overvew": "Unknown report 'overvew'. Did you mean 'overview'? Possible: overview.",
        "explore": "notebooks/explore.ipynb is not a report",
        "broken": "notebooks/broken.ipynb cannot be read as a notebook",
        "../overview": "Unknown report '../overview'.",
    }.items():
        with pytest.raises(UsageError) as raised:
            find_report(tmp_path, name)
        assert str(raised.value).startswith(said)


def test_the_title_is_the_first_heading(tmp_path):
    """A comment inside a code block is no heading."""
    assert read_title(read_notebook(write_notebook(tmp_path, CELL)), otherwise="x") == "A title"
    assert find_headings("```\n# not this\n```\n## This one\n#nor this\n") == ["This one"]
