"""Parameters: declared in a notebook, given as text, never guessed."""

import json
from pathlib import Path

import pytest

from analysis.errors import UsageError
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
        cells.append({"cell_type": "code", "metadata": tagged, "source": cell, "outputs": []})
    path = folder / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
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
    ],
)
def test_a_slip_in_the_cell_is_named_with_its_line(tmp_path, cell, said):
    """Whatever is not an annotated plain value is refused, not run."""
    with pytest.raises(UsageError) as raised:
        read_parameters(write_notebook(tmp_path, cell))

    assert str(raised.value).startswith("notebooks/trial.ipynb, parameters cell, line ")
    assert said in str(raised.value)


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
