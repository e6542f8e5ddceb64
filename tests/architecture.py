"""Reads the imports of ``src/analysis`` and says where they break the plan of the house.

The plan is the tables below: which room may import which, in which order the modules of a room
stand, and through which door each heavy library comes in. :func:`find_breaches` compares a folder
with them; nothing of the folder is imported or run, only parsed.

Imports count wherever they stand: at the top, inside a function, below ``if TYPE_CHECKING``,
relative, or as ``importlib.import_module("...")``.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "analysis"

# ---- the plan ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Room:
    """One module or folder of the package, what it may import, and its modules in order."""

    floor: str
    may_import: tuple[str, ...]
    modules: tuple[str, ...] = ()


FLOOR_0 = ("errors", "vocabulary", "estimates", "individuals")
BELOW_ROOF = (*FLOOR_0, "intake", "statistics", "answers", "show", "reporting")

# A module of a room imports only modules that stand before it in the room's list.
ROOMS: dict[str, Room] = {
    "errors": Room("floor 0", ()),
    "vocabulary": Room(
        "floor 0", ("errors",), ("terms", "published", "checking", "reading", "describing")
    ),
    "estimates": Room("floor 0", ("errors", "vocabulary")),
    "individuals": Room("floor 0", ("errors", "vocabulary", "estimates")),
    "intake": Room(
        "floor 1",
        FLOOR_0,
        (
            *("engine", "schema", "keys", "sources", "cells", "recognise", "clean"),
            *("corrections", "derive", "cache", "cohort", "changes", "trace", "forget"),
            *("identifiers", "example"),
        ),
    ),
    "statistics": Room(
        "floor 2",
        FLOOR_0,
        (
            *("proportions", "change", "unseen", "standardised", "models", "clustered"),
            *("durations", "control_charts", "pooling"),
        ),
    ),
    "answers": Room(
        "floor 3",
        (*FLOOR_0, "intake", "statistics"),
        (
            *("population", "outcomes", "side_effects", "protocol", "reportable", "literature"),
            *("trends", "claims"),
        ),
    ),
    "show": Room("floor 4", FLOOR_0, ("disclosure", "sentences", "tables", "published", "figures")),
    "reporting": Room(
        "wall",
        ("errors", "estimates"),
        (
            *("parameters", "kernels", "page", "pdf", "provenance", "editions", "publishing"),
            *("released", "render", "schedule", "catalogue", "compare", "differences", "verify"),
        ),
    ),
    "cli": Room("roof", BELOW_ROOF, ("telling", "loading", "logs", "proof", "reports")),
}

# A library that is named here comes in through these rooms and modules only; the longest name
# that fits decides. A library that is not named is free.
DOORS: dict[str, tuple[str, ...]] = {
    "pandas": BELOW_ROOF,
    "numpy": BELOW_ROOF,
    "pandera": ("estimates", "intake.schema"),
    "ibis": ("intake",),
    "psycopg": ("intake",),
    "sqlglot": ("intake",),
    "duckdb": ("intake",),
    "pyarrow": ("intake",),
    "python_calamine": ("intake",),
    "statsmodels": ("statistics",),
    "scipy": ("statistics",),
    "scipy.optimize": ("statistics", "show.disclosure"),
    "scipy.sparse": ("statistics", "show.disclosure"),
    "great_tables": ("show.tables",),
    "seaborn": ("show.figures",),
    "matplotlib": ("show.figures",),
    "papermill": ("reporting",),
    "nbconvert": ("reporting",),
    "nbclient": ("reporting",),
    "nbformat": ("reporting",),
    "jupyter_client": ("reporting",),
    "typer": ("cli",),
    "click": ("cli",),
}

# What may stand at the top of a room that must be quick to import, besides the standard library;
# everything else it imports inside the function that needs it.
QUICK: dict[str, tuple[str, ...]] = {
    "": (),
    "cli": ("typer", "click", f"{PACKAGE}.errors", f"{PACKAGE}.cli"),
}

# Only here may a module be imported by a name that is not written out: the package hands out its
# names when they are asked for, and the kernels are warmed with modules they are told.
BY_NAME = ("", "cli", "reporting.kernels")

NAMES_THAT_SAY_NOTHING = ("utils", "helpers", "common", "core", "base", "manager")

MAY_READ_THE_CLOCK = ("cli.loading",)
CLOCKS = re.compile(
    r"time\.time(_ns)?|(datetime\.)?(datetime|date)\.(now|today|utcnow)"
    r"|(pandas|pd)\.Timestamp\.(now|today|utcnow)"
)
CLOCK_CALLS = ("now", "today", "utcnow")
CLOCK_WORDS = ("now", "today")
TIME_CONSTRUCTORS = ("Timestamp", "to_datetime", "datetime64")

# ---- what is found -------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Breach:
    """One place where the code departs from the plan."""

    file: str
    line: int
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.sentence}"


@dataclass(frozen=True)
class Import:
    """What one line imports: a dotted name, empty where it is only known when the code runs."""

    line: int
    target: str
    at_top: bool


def find_breaches(package: Path) -> list[Breach]:
    """Return every breach in the modules of a package folder, by file and line.

    ``package`` is the folder that holds ``errors``, ``intake`` and so on. It need not be complete:
    a module of the plan that does not exist is no breach, a module that is not in the plan is.
    """
    found: set[Breach] = set()
    for path in sorted(package.rglob("*.py")):
        file = path.relative_to(package.parent).as_posix()
        found.update(_check_file(package, path, file))
    return sorted(found)


def _check_file(package: Path, path: Path, file: str) -> Iterator[Breach]:
    place = _name_place(package, path)
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=file)
    aliases = _read_aliases(tree)
    for rule, sentence in _check_name(package, path, place):
        yield Breach(file, 1, rule, sentence)
    for found in _read_imports(package, path, tree, aliases):
        for rule, sentence in _check_import(place, found):
            yield Breach(file, found.line, rule, sentence)
    if place not in MAY_READ_THE_CLOCK:
        for line, clock in _find_clocks(tree, aliases):
            yield Breach(file, line, "clock", f"reads the clock ({clock}); as_of is a parameter")


def _name_place(package: Path, path: Path) -> str:
    """Return "room.module", "room" for its front door, "" for the front door of the package."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(part for part in parts[:2] if part != "__init__")


# ---- rules ---------------------------------------------------------------------------------


def _check_name(package: Path, path: Path, place: str) -> Iterator[tuple[str, str]]:
    for part in path.relative_to(package).with_suffix("").parts:
        for word in NAMES_THAT_SAY_NOTHING:
            if word in part.split("_"):
                yield "name", f"{part!r} says nothing: no module is called {word}"
    room, _, module = place.partition(".")
    if room and room not in ROOMS:
        yield "plan", f"{PACKAGE}.{room} is not in the plan of the house"
    elif module and module not in ROOMS[room].modules:
        yield "plan", f"{module!r} is not in the list of {PACKAGE}.{room}"


def _check_import(place: str, found: Import) -> Iterator[tuple[str, str]]:
    if not found.target:
        if place not in BY_NAME:
            yield "by name", "imports a module whose name is not written out"
        return
    room = place.partition(".")[0]
    if room in QUICK and found.at_top and not _is_quick(room, found.target):
        where = f"{PACKAGE}.{place}".rstrip(".")
        yield "lazy", f"{where} imports {found.target} at its top; import it where it is needed"
    if place == "":
        return
    if found.target.split(".")[0] == PACKAGE:
        yield from _check_own_import(place, found.target)
    else:
        yield from _check_door(place, found.target)


def _is_quick(room: str, target: str) -> bool:
    return target.split(".")[0] in sys.stdlib_module_names or any(
        _is_within(target, name) for name in QUICK[room]
    )


def _check_own_import(place: str, target: str) -> Iterator[tuple[str, str]]:
    room, _, module = place.partition(".")
    _, other, other_module = [*target.split("."), "", ""][:3]
    if room not in ROOMS:  # said already, and no list to hold it against
        return
    if not other:
        if room != "cli":
            yield "floor", f"{room} imports {PACKAGE} itself, which is the door for notebooks"
    elif other != room:
        allowed = ROOMS[room].may_import
        if other not in allowed:
            listed = ", ".join(allowed) or "nothing"
            yield "floor", f"{room} imports {target}; it may import {listed}"
    elif not other_module:
        yield "order", f"{place} imports its own room {target} whole"
    elif module and module != other_module:
        listed_modules = ROOMS[room].modules
        before = listed_modules[: listed_modules.index(module)] if module in listed_modules else ()
        if other_module not in before:
            yield "order", f"{place} imports {target}, which does not stand before it in its room"


def _check_door(place: str, target: str) -> Iterator[tuple[str, str]]:
    fitting = [library for library in DOORS if _is_within(target, library)]
    if not fitting:
        return
    library = max(fitting, key=len)
    if not any(_is_within(place, door) for door in DOORS[library]):
        yield "door", f"{place} imports {target}; {library} comes in at {', '.join(DOORS[library])}"


def _is_within(name: str, whole: str) -> bool:
    return name == whole or name.startswith(f"{whole}.")


# ---- reading imports -----------------------------------------------------------------------


def _read_imports(
    package: Path, path: Path, tree: ast.Module, aliases: dict[str, str]
) -> Iterator[Import]:
    inside = (PACKAGE, *path.relative_to(package).parent.parts)
    for node, at_top in _walk(tree, at_top=True):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(node.lineno, name.name, at_top)
        elif isinstance(node, ast.ImportFrom):
            source = _resolve(node.module or "", node.level, inside)
            for name in node.names:
                yield Import(node.lineno, _choose_target(package, source, name.name), at_top)
        elif isinstance(node, ast.Call) and _name_of(node.func, aliases) in (
            "importlib.import_module",
            "__import__",
        ):
            yield Import(node.lineno, _read_literal_target(node, inside), at_top)


def _walk(node: ast.AST, *, at_top: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield every node, and whether it runs when the module is imported."""
    for child in ast.iter_child_nodes(node):
        runs = at_top and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.If) and _is_type_checking(node.test) and child in node.body:
            runs = False
        yield child, runs
        yield from _walk(child, at_top=runs)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _resolve(name: str, level: int, inside: tuple[str, ...]) -> str:
    if not level:
        return name
    return ".".join([*inside[: len(inside) - level + 1], *([name] if name else [])])


def _choose_target(package: Path, source: str, name: str) -> str:
    """Return the module that ``from source import name`` reaches: ``name`` may be one itself."""
    target = f"{source}.{name}"
    if source.split(".")[0] != PACKAGE:
        return target
    *_, last = parts = target.split(".")[1:]
    room = ROOMS.get(parts[0])
    planned = (len(parts) == 1 and room) or (len(parts) == 2 and room and last in room.modules)
    path = package.joinpath(*parts)
    there = path.with_suffix(".py").is_file() or path.is_dir()
    return target if planned or there else source


def _read_literal_target(call: ast.Call, inside: tuple[str, ...]) -> str:
    first = call.args[0] if call.args else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return ""
    name = first.value.lstrip(".")
    return _resolve(name, len(first.value) - len(name), inside)


def _read_aliases(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name of the file stands for: "t" for "time" after import as."""
    aliases = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases.update({each.asname: each.name for each in node.names if each.asname})
        elif isinstance(node, ast.ImportFrom) and not node.level:
            aliases.update(
                {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
            )
    return aliases


def _name_of(node: ast.expr, aliases: dict[str, str]) -> str:
    """Return the dotted name an expression spells, or "" if it is something else."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = _name_of(node.value, aliases)
        return f"{owner}.{node.attr}" if owner else f"(...).{node.attr}"
    return ""


# ---- reading clocks ------------------------------------------------------------------------


def _find_clocks(tree: ast.Module, aliases: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Yield line and name of every clock that is called, or handed on to be called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = _name_of(node, aliases)
            if CLOCKS.fullmatch(name):
                yield node.lineno, name
        elif isinstance(node, ast.Call):
            name = _name_of(node.func, aliases)
            owner, _, last = name.rpartition(".")
            if owner and last in CLOCK_CALLS:
                yield node.lineno, name
            elif last in TIME_CONSTRUCTORS:
                for given in node.args:
                    if isinstance(given, ast.Constant) and given.value in CLOCK_WORDS:
                        yield node.lineno, f"{name}({given.value!r})"
