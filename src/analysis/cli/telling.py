"""How the command line says things: lines, JSON documents, counts and places."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from analysis.errors import write_out

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def say(line: str, *, err: bool = False) -> None:
    """Print one line, whatever stands in the names it repeats."""
    typer.echo(write_out(line), err=err)


def say_json(found: object) -> None:
    """Print one JSON document; a mark that cannot be seen is written as JSON writes its code."""
    text = json.dumps(found, ensure_ascii=False, indent=1)
    typer.echo(re.sub(r"[^\n -~]", _write_as_json, text))


def _write_as_json(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1]


def list_places(places: Iterable[tuple[str, str, int]]) -> str:
    """Return "log.csv lines 2, 5; book.xlsx, sheet Anna, lines 3"."""
    lines: dict[tuple[str, str], list[int]] = {}
    for file, sheet, line in places:
        lines.setdefault((file, sheet), []).append(line)
    return "; ".join(
        file + (f", sheet {sheet}," if sheet else "") + f" lines {', '.join(map(str, found))}"
        for (file, sheet), found in lines.items()
    )


def count(number: int, noun: str) -> str:
    """Return "1 patient" or "2 patients"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shorten(path: Path, project: Path) -> str:
    """Return a path as it is seen from the project's folder."""
    return path.resolve().relative_to(project).as_posix()
