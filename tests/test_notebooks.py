"""A notebook tells a story and nothing else: stripped, thin, with one cell of parameters."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))

FIRST_REPORTS = ("overview.ipynb", "concern.ipynb")
"""Reports that must be there; any other notebook is held to the same rules by being there."""

PARAMETERS_OF_EVERY_REPORT = ("source", "as_of", "audience", "period")
PARAMETER_TYPES = ("str", "int", "float", "bool", "list[str]")
KERNEL = "python3"
METADATA = {
    "kernelspec": {"name", "display_name", "language"},
    "language_info": {"name"},
}
"""What the notebook may say about itself; JupyterLab adds versions, which differ by machine."""

NOT_IN_A_STORY = {
    ast.FunctionDef: "a function",
    ast.AsyncFunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.Lambda: "a lambda",
    ast.For: "a loop",
    ast.AsyncFor: "a loop",
    ast.While: "a loop",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}
RESULTS = {
    "a percentage": re.compile(r"\d\s*(%|per ?cent\b)"),
    "a p value": re.compile(r"\bp\**\s*(<|=|≤|&lt;)", re.IGNORECASE),
    "a count": re.compile(r"\bn\**\s*=\s*\d", re.IGNORECASE),
}

Notebook = dict[str, Any]

# ---- the rules -----------------------------------------------------------------------------


def read_notebook(path: Path) -> Notebook:
    """Return a notebook as it is in its file, each source one text.

    Not with ``nbformat.read``, which gives a cell without an id a new one and says nothing.
    """
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def find_breaches(notebook: Notebook) -> list[str]:
    """Return one sentence for each rule a notebook breaks, each with the number of its cell."""
    return [
        *_check_metadata(notebook),
        *_check_ids(notebook),
        *_check_parameters(notebook),
        *(
            f"cell {number}: {sentence}"
            for number, cell in enumerate(notebook["cells"], start=1)
            for sentence in _check_cell(cell)
        ),
    ]


def _check_metadata(notebook: Notebook) -> Iterator[str]:
    metadata = notebook["metadata"]
    name = metadata.get("kernelspec", {}).get("name")
    if name != KERNEL:
        yield f"the kernel is {name!r}, not {KERNEL!r}"
    for block, said in METADATA.items():
        for key in sorted(set(metadata.get(block, {})) - said):
            yield f"{block} says {key!r}, which differs from machine to machine"
    if "widgets" in metadata:
        yield "widgets have left their state in the metadata"


def _check_ids(notebook: Notebook) -> Iterator[str]:
    ids = [cell.get("id", "") for cell in notebook["cells"]]
    if (notebook["nbformat"], notebook["nbformat_minor"]) < (4, 5) or not all(ids):
        yield "not every cell has an id (nbformat 4.5)"
    if len(set(ids)) < len(ids):
        yield "two cells have the same id"


def _check_parameters(notebook: Notebook) -> Iterator[str]:
    tagged = [
        cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])
    ]
    if len(tagged) != 1 or tagged[0]["cell_type"] != "code":
        yield f"{len(tagged)} cells are tagged 'parameters', not one code cell"
        return
    source = tagged[0]["source"]
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return  # said where the cell is read
    lines = source.splitlines()
    named = []
    for statement in statements:
        line = lines[(statement.end_lineno or statement.lineno) - 1]
        if not isinstance(statement, ast.AnnAssign) or statement.value is None:
            yield f"the parameters hold {line!r}, which is no annotated assignment"
            continue
        named.append(ast.unparse(statement.target))
        if ast.unparse(statement.annotation) not in PARAMETER_TYPES:
            listed = ", ".join(PARAMETER_TYPES)
            yield f"parameter {named[-1]} is of none of the types {listed}"
        after = line.encode()[statement.end_col_offset or 0 :].decode()
        if not re.fullmatch(r"\s*#\s*\S.*", after):
            yield f"parameter {named[-1]} has no comment behind it"
    for name in PARAMETERS_OF_EVERY_REPORT:
        if name not in named:
            yield f"there is no parameter {name}"


def _check_cell(cell: dict[str, Any]) -> Iterator[str]:
    if cell["cell_type"] == "code":
        if cell["outputs"]:
            yield "holds an output"
        if cell["execution_count"] is not None:
            yield "holds an execution count"
        yield from _check_code(cell["source"])
    else:
        for kind, pattern in RESULTS.items():
            match = pattern.search(cell["source"])
            if match:
                yield f"{kind} is typed into the text ({match.group()!r}); sentences are generated"
    if cell.get("attachments"):
        yield "holds an attachment"
    if {"execution", "papermill"} & cell["metadata"].keys():
        yield "holds times of a run"


def _check_code(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"is not plain Python: {error.msg}"
        return
    for node in ast.walk(tree):
        if type(node) in NOT_IN_A_STORY:
            yield f"holds {NOT_IN_A_STORY[type(node)]}; it belongs into the package"
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name != "analysis":
                    yield f"imports {name.name}, not from analysis"
        elif isinstance(node, ast.ImportFrom):
            if node.module != "analysis" or node.level:
                yield f"imports from {node.module or '.'}, not from analysis"
            elif any(name.name == "*" for name in node.names):
                yield "imports *, so that nobody sees where a name comes from"


# ---- the rules are able to fail ------------------------------------------------------------

PARAMETERS = """\
source: str = "example"  # folder below data/
as_of: str = ""  # ISO date; empty = the day the log was extracted
audience: str = "shareable"  # shareable or internal
period: str = ""  # for example 2024-Q1; empty = all
clinic: list[str] = []  # empty = all
"""


def tell_story() -> Notebook:
    """Return a small notebook that keeps every rule."""
    cells = [
        nbformat.v4.new_markdown_cell("# Acne scars\n\nSince 2024, in 4 clinics.", id="title"),
        nbformat.v4.new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("from analysis import load_cohort, population", id="imports"),
        nbformat.v4.new_code_cell("population.count_flow(load_cohort(source))", id="flow"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def with_code(source: str) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"][3].update(source=source)


def with_text(source: str) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"][0].update(source=source)


def with_parameters(source: str) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"][1].update(source=PARAMETERS + source)


def with_cell(**changes: Any) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"][3].update(changes)


def with_metadata(**changes: Any) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["metadata"].update(changes)


PLANTED = [
    (with_cell(outputs=[nbformat.v4.new_output("stream", text="1")]), "cell 4: holds an output"),
    (with_cell(execution_count=3), "cell 4: holds an execution count"),
    (with_cell(metadata={"papermill": {"duration": 1.0}}), "cell 4: holds times of a run"),
    (with_cell(id=""), "not every cell has an id"),
    (lambda notebook: notebook["cells"][3].pop("id"), "not every cell has an id"),
    (with_cell(id="title"), "two cells have the same id"),
    (with_cell(metadata={"tags": ["parameters"]}), "2 cells are tagged"),
    (lambda notebook: notebook["cells"].pop(1), "0 cells are tagged"),
    (with_parameters("clinic = []  # empty = all"), "no annotated assignment"),
    (with_parameters("skin_type: str  # no default"), "no annotated assignment"),
    (with_parameters("from analysis import audience"), "no annotated assignment"),
    (with_parameters("device: str = '# all'"), "parameter device has no comment"),
    (with_parameters("device: str = ''  #"), "parameter device has no comment"),
    (with_parameters("device: list[str] = [\n]"), "parameter device has no comment"),
    (with_parameters("since: date = '2024-01-01'  # a day"), "parameter since is of none"),
    (lambda notebook: notebook["cells"][1].update(source=""), "there is no parameter audience"),
    (with_code("import pandas as pd"), "cell 4: imports pandas"),
    (with_code("from analysis.intake import derive"), "cell 4: imports from analysis.intake"),
    (with_code("from . import helpers"), "cell 4: imports from ."),
    (with_code("from analysis import *"), "cell 4: imports *"),
    (with_code("def share(): ..."), "cell 4: holds a function"),
    (with_code("class Page: ..."), "cell 4: holds a class"),
    (with_code("released.sort(key=lambda row: row)"), "cell 4: holds a lambda"),
    (with_code("for row in released: row"), "cell 4: holds a loop"),
    (with_code("while released: released"), "cell 4: holds a loop"),
    (with_code("[row for row in released]"), "cell 4: holds a comprehension"),
    (with_code("sum(row for row in released)"), "cell 4: holds a comprehension"),
    (with_code("{row: 1 for row in released}"), "cell 4: holds a comprehension"),
    (with_code("%matplotlib inline"), "cell 4: is not plain Python"),
    (with_text("Of all, 62 % improved."), "cell 1: a percentage"),
    (with_text("Of all, 62.5% improved."), "cell 1: a percentage"),
    (with_text("Of all, 62 percent improved."), "cell 1: a percentage"),
    (with_text("Better than before (*p* < 0.01)."), "cell 1: a p value"),
    (with_text("Better than before (p<.01)."), "cell 1: a p value"),
    (with_text("All who came (n = 148)."), "cell 1: a count"),
    (with_metadata(kernelspec={"name": "scars"}), "the kernel is 'scars'"),
    (with_metadata(language_info={"name": "python", "version": "3.13.1"}), "says 'version'"),
    (with_metadata(widgets={}), "widgets have left"),
]


def test_a_story_that_keeps_the_rules_has_no_breach() -> None:
    """Nothing is found in a good notebook, so that a breach below is no false alarm."""
    assert find_breaches(tell_story()) == []


@pytest.mark.parametrize(("plant", "expected"), PLANTED)
def test_a_planted_breach_is_found(
    tmp_path: Path, plant: Callable[[Notebook], None], expected: str
) -> None:
    """What breaks a rule is found in the file, and said with the number of its cell."""
    notebook = tell_story()
    plant(notebook)
    path = tmp_path / "planted.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")

    found = find_breaches(read_notebook(path))

    assert any(expected in sentence for sentence in found), found


# ---- the notebooks keep them ---------------------------------------------------------------


@pytest.mark.parametrize("name", FIRST_REPORTS)
def test_the_first_reports_are_there(name: str) -> None:
    """The reports that README and schedule speak of exist."""
    assert name in NOTEBOOKS, f"there is no notebooks/{name}"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_keeps_the_rules(name: str) -> None:
    """Every notebook is stripped, thin, with annotated parameters and no result in its text."""
    notebook = read_notebook(FOLDER / name)

    found = find_breaches(notebook)

    assert not found, "\n".join([f"notebooks/{name}", *found])
    nbformat.validate(notebook)
