"""What a report's notebook declares: its title and its parameters, read without running it.

The cell tagged ``parameters`` is read with :mod:`ast`: one annotated assignment per parameter,
its trailing comment as help. Values given as text are cast to the declared type and never to
anything else, because a clinic called ``0012`` is not the number twelve.
"""

import ast
import csv
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.errors import UsageError

Value = str | int | float | bool | list[str] | None

NOTEBOOKS: Final = "notebooks"
"""The folder of a project that holds its notebooks."""
REPORTS: Final = "reports"
"""The folder of a project that holds its pages."""
FAILED: Final = ".failed.html"
"""End of the name of the page that a failed run leaves."""

_SCALARS: Final = ("str", "int", "float", "bool")
_WANTED: Final = {
    "int": "a whole number in digits, such as 12",
    "float": "a number with a decimal point, such as 0.5",
    "bool": "true or false",
}
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_CHOICES: Final = re.compile(r"\bone of:\s*([^;.()]+)", re.IGNORECASE)
_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a report, as its notebook declares it."""

    name: str
    kind: str
    """``str``, ``int``, ``float``, ``bool``, ``list[str]`` or ``Optional[...]`` of a scalar."""
    default: Value
    help: str = ""
    choices: tuple[str, ...] = ()
    """The values allowed, from "one of: a, b, c" in the help; empty when any value is."""

    @property
    def is_optional(self) -> bool:
        return self.kind.startswith("Optional[")

    @property
    def scalar(self) -> str:
        """The type of one value: ``str`` for ``list[str]``, ``int`` for ``Optional[int]``."""
        return self.kind.partition("[")[2].removesuffix("]") or self.kind


# ── the notebook as a file ───────────────────────────────────────────────────────────────────


def read_notebook(path: Path) -> dict[str, Any]:
    """Return a notebook file as JSON holds it, or raise :class:`UsageError` naming it."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        if not all(isinstance(cell["metadata"], dict) and "source" in cell for cell in cells):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"{_place(path)} cannot be read as a notebook; open it in JupyterLab and save it again."
        ) from None
    return dict(notebook)


def read_title(notebook: Mapping[str, Any], *, otherwise: str) -> str:
    """Return the first heading of the notebook, or ``otherwise`` when it has none."""
    for cell in notebook["cells"]:
        headings = find_headings(_source(cell)) if cell["cell_type"] == "markdown" else []
        if headings:
            return headings[0]
    return otherwise


def find_headings(markdown: str) -> list[str]:
    """Return the texts of the ``#`` headings of a Markdown text, outside its code blocks."""
    prose = re.sub(r"^(```|~~~).*?(^\1|\Z)", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return [match[2] for match in _HEADING.finditer(prose)]


def find_reports(project: Path) -> dict[str, Path]:
    """Return the notebooks of a project that are reports, by name.

    A notebook is a report when its parameters declare ``audience``; one that cannot be read is
    left out here and named when it is asked for.
    """
    reports = {}
    for path in sorted((project / NOTEBOOKS).glob("*.ipynb")):
        try:
            declared = read_parameters(path)
        except UsageError:
            continue
        if any(each.name == "audience" for each in declared):
            reports[path.stem] = path
    return reports


def find_report(project: Path, name: str) -> Path:
    """Return the notebook of one report.

    Raises :class:`UsageError` when there is no such notebook, or when it is not a report.
    """
    notebooks = {path.stem: path for path in (project / NOTEBOOKS).glob("*.ipynb")}
    if name not in notebooks:
        raise UsageError.for_unknown("report", name, find_reports(project))
    path = notebooks[name]
    if all(each.name != "audience" for each in read_parameters(path)):
        raise UsageError(
            f"{_place(path)} is not a report: its parameters do not declare 'audience'; "
            "open it in JupyterLab instead."
        )
    return path


# ── what the parameters cell declares ────────────────────────────────────────────────────────


def read_parameters(path: Path) -> tuple[Parameter, ...]:
    """Return the parameters a notebook declares, in the order of its cell.

    Raises :class:`UsageError` when the notebook has no cell tagged ``parameters``, or when a line
    of that cell is anything but an annotated assignment of a plain value.
    """
    cell = next(
        (
            each
            for each in read_notebook(path)["cells"]
            if each["cell_type"] == "code" and "parameters" in each["metadata"].get("tags", [])
        ),
        None,
    )
    if cell is None:
        raise UsageError(
            f"{_place(path)} has no cell tagged 'parameters'; add the tag to the cell that "
            "holds them."
        )
    return _parse_parameters(_source(cell), _place(path))


def _parse_parameters(source: str, place: str) -> tuple[Parameter, ...]:
    try:
        statements = ast.parse(source).body
        comments = dict(_read_comments(source))
    except (SyntaxError, tokenize.TokenError) as slip:
        line = getattr(slip, "lineno", None) or 1
        raise _slip(place, line, "this is not Python") from None
    parameters: dict[str, Parameter] = {}
    for statement in statements:
        if _is_allowed_beside(statement):
            continue
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            raise _slip(
                place, statement.lineno, "a parameter is written as 'name: type = value  # help'"
            )
        name = statement.target.id
        if name in parameters:
            raise _slip(place, statement.lineno, f"{name!r} is declared twice")
        parameters[name] = _read_parameter(statement, name, comments, place)
    return tuple(parameters.values())


def _is_allowed_beside(statement: ast.stmt) -> bool:
    """A docstring, and the import an ``Optional[int]`` needs, are not parameters."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "typing"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _read_parameter(
    statement: ast.AnnAssign, name: str, comments: Mapping[int, str], place: str
) -> Parameter:
    kind = _read_kind(statement.annotation)
    if kind is None:
        raise _slip(place, statement.lineno, _explain_kind(name, statement.annotation))
    try:
        default = None if statement.value is None else ast.literal_eval(statement.value)
    except ValueError:
        raise _slip(place, statement.lineno, f"the default of {name!r} is computed") from None
    if kind.removeprefix("Optional[").startswith("float") and type(default) is int:
        default = float(default)
    if statement.value is None or not _is_of_kind(default, kind):
        raise _slip(place, statement.lineno, f"the default of {name!r} is not of type {kind}")
    text = comments.get(statement.end_lineno or statement.lineno, "")
    if hidden := _find_hidden(statement, text):
        raise _slip(place, statement.lineno, f"papermill does not see {name!r}: {hidden}")
    return Parameter(name, kind, default, text, _read_choices(text))


def _read_kind(annotation: ast.expr) -> str | None:
    match annotation:
        case ast.Name(id=name) if name in _SCALARS:
            return name
        case ast.Constant(value=str(text)):
            return _read_kind(ast.parse(text, mode="eval").body)
        case ast.Subscript(value=ast.Name(id="list" | "List"), slice=ast.Name(id="str")):
            return "list[str]"
        case ast.Subscript(value=ast.Name(id="Optional"), slice=ast.Name(id=name)):
            return f"Optional[{name}]" if name in _SCALARS else None
    return None


def _explain_kind(name: str, annotation: ast.expr) -> str:
    """Return what is wrong with a type, and what to write instead of one that papermill's own
    inspection (``papermill --help-notebook``) does not read: it would leave the parameter out."""
    written = ast.unparse(annotation)
    said = f"{name!r} has the type {written!r}, "
    if isinstance(annotation, ast.BinOp):
        names = [each for each in re.split(r"\W+", written) if each != "None"]
        kind = names[0] if names and names[0] in _SCALARS else "int"
        return f"{said}which papermill does not read; write Optional[{kind}]"
    if "Literal" in written:
        return (
            f"{said}which papermill does not read; write str, and the values in the comment behind "
            "it: 'one of: a, b'"
        )
    return f"{said}and a parameter is one of str, int, float, bool, list[str] or Optional[...]"


def _find_hidden(statement: ast.AnnAssign, text: str) -> str:
    """Return why papermill's own inspection would not see a parameter as it is, or nothing.

    It reads lines, not Python: one with two equals signs is left out, and the first number sign
    begins the help.
    """
    if statement.end_lineno != statement.lineno:
        return "its declaration is longer than one line"
    value = ast.unparse(statement.value) if statement.value else ""
    if "=" in text or "=" in value:
        return "there is a second '=' in its line; say it without"
    if "#" in value:
        return "there is a '#' in its default"
    return "its help begins with 'type:'" if text.startswith("type:") else ""


def _is_of_kind(value: object, kind: str) -> bool:
    if kind.startswith("Optional["):
        return value is None or _is_of_kind(value, kind[9:-1])
    if kind == "list[str]":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    # by exact type, because True is an int to Python and not to a reader
    return type(value).__name__ == kind


def _read_comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#").strip()


def _read_choices(text: str) -> tuple[str, ...]:
    found = _CHOICES.search(text)
    return tuple(re.split(r"\s*,\s*(?:or\s+)?|\s+or\s+", found[1].strip())) if found else ()


# ── values given as text ─────────────────────────────────────────────────────────────────────


def cast_parameters(declared: Sequence[Parameter], given: Mapping[str, str]) -> dict[str, Value]:
    """Return the value of every declared parameter: as given, else its default.

    Text is cast by the declared type alone: ``0012`` stays text for ``str`` and is refused for
    ``int``, as are ``1_000``, ``1e5``, ``nan`` and ``true``. ``list[str]`` is comma-separated;
    an item that holds a comma stands in double quotes. Empty text is None for ``Optional[...]``.

    Raises :class:`UsageError` for an unknown name, a value of the wrong type and a value that is
    not among the choices.
    """
    known = {each.name: each for each in declared}
    for name in given:
        if name not in known:
            raise UsageError.for_unknown("parameter", name, known)
    return {
        name: _cast(each, given[name]) if name in given else _copy(each.default)
        for name, each in known.items()
    }


def check_values(declared: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, Value]:
    """Return a value for every declared parameter from values that were written down with their
    types, as a page's data file has them; a parameter that is new since has its default.

    Raises :class:`UsageError` for an unknown name and for a value of another type.
    """
    known = {each.name: each for each in declared}
    for name in values:
        if name not in known:
            raise UsageError.for_unknown("parameter", name, known)
    for name, value in values.items():
        parameter = known[name]
        if not _is_of_kind(value, parameter.kind):
            raise UsageError(
                f"The value of the parameter {name!r} is not of type {parameter.kind}."
            )
        if isinstance(value, str) and value != parameter.default:
            _check_choice(parameter, value)
    return {each.name: _copy(values.get(each.name, each.default)) for each in declared}


def _cast(parameter: Parameter, text: str) -> Value:
    if parameter.kind == "list[str]":
        items = _split_list(parameter, text)
        for item in items:
            _check_choice(parameter, item)
        return items
    if parameter.is_optional and text == "":
        return None
    value = _cast_scalar(parameter, text)
    if text != parameter.default:
        _check_choice(parameter, text)
    return value


def _cast_scalar(parameter: Parameter, text: str) -> str | int | float | bool:
    if parameter.scalar == "str":
        return text
    if parameter.scalar == "int" and _WHOLE.fullmatch(text):
        return int(text)
    if parameter.scalar == "float" and _DECIMAL.fullmatch(text):
        return float(text)
    if parameter.scalar == "bool" and text in ("true", "false"):
        return text == "true"
    raise UsageError(
        f"Parameter {parameter.name!r} takes {_WANTED[parameter.scalar]}, and {text!r} is not that."
    )


def _split_list(parameter: Parameter, text: str) -> list[str]:
    try:
        rows = [*csv.reader([text], skipinitialspace=True, strict=True)]
    except csv.Error:
        raise UsageError(
            f"Parameter {parameter.name!r} takes a comma-separated list, and the quotes in "
            f"{text!r} do not match."
        ) from None
    return [item.strip() for row in rows for item in row if item.strip()]


def _check_choice(parameter: Parameter, text: str) -> None:
    if parameter.choices and text not in parameter.choices:
        raise UsageError.for_unknown(
            "value", text, parameter.choices, where=f" of parameter {parameter.name!r}"
        )


def _copy(value: Value) -> Value:
    return [*value] if isinstance(value, list) else value


def _source(cell: Mapping[str, Any]) -> str:
    """The file format allows a cell's text as one string or as a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _slip(place: str, line: int, slip: str) -> UsageError:
    return UsageError(f"{place}, parameters cell, line {line}: {slip}.")
