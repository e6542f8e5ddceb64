"""Delete each place of intake that names a rule: the mutants must notice.

The first place of every rule is deleted, then the second of those that have several, and so on;
the mutants of all rules are loaded once for each round, which takes some minutes in all. It is not
part of the tests.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from analysis.intake.cells import RULES

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
INTAKE = SOURCE / "analysis" / "intake"
ROOMS = ("cells", "clean", "derive")
LISTS = ("RULES", "_QUESTIONS")
"""What describes rules; naming one there raises nothing."""
TRY = """
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from mutant_bases import read_bases
from mutation import ENTRIES, make_mutant
from test_mutants import compare_mutants
folder = Path(sys.argv[2])
bases = read_bases(folder / "example")
mutants = [make_mutant(number, bases, 0) for number in range(2 * len(ENTRIES))]
found = compare_mutants(folder / "project", mutants, 0)
missing = {rule for _done, missing, _more in found.differences for _at, _in, rule, _how in missing}
print(json.dumps(sorted(missing)))
"""
"""Prints the rules that were expected somewhere and not raised there."""


@dataclass(frozen=True)
class Place:
    """Where a rule is named."""

    rule: str
    path: Path
    line: int
    start: int
    end: int


def find_places(path: Path) -> Iterable[Place]:
    """Yield where a file names a rule to raise it."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        if any(getattr(target, "id", "") in LISTS for target in targets):
            continue
        asked = {id(each) for node in ast.walk(statement) for each in _list_asked(node)}
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and node.value in RULES and id(node) not in asked:
                end = node.end_col_offset or node.col_offset
                yield Place(str(node.value), path, node.lineno, node.col_offset, end)


def _list_asked(node: ast.AST) -> list[ast.expr]:
    """Return what a comparison or a look-up asks for: a rule is not raised there."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return [node.slice] if isinstance(node, ast.Subscript) else []


def list_missing(places: Iterable[Place]) -> list[str]:
    """Return the rules that the mutants miss when nothing is named at these places."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        # the last of a line first, so that the others stay where they are
        for place in sorted(places, key=lambda each: (each.line, each.start), reverse=True):
            path = copy / place.path.relative_to(SOURCE)
            lines = path.read_bytes().splitlines(keepends=True)
            line = lines[place.line - 1]
            lines[place.line - 1] = line[: place.start] + b'""' + line[place.end :]
            path.write_bytes(b"".join(lines))
        done = subprocess.run(
            [sys.executable, "-c", TRY, str(ROOT / "tests"), folder],
            env=os.environ | {"PYTHONPATH": str(copy)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    # the engine shows the progress of a slow query on the same stream
    return list(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Print place, rule, and whether its deletion was noticed; return 1 where one was not."""
    files = [path for room in ROOMS for path in sorted((INTAKE / room).glob("*.py"))]
    rounds: dict[int, list[Place]] = defaultdict(list)
    for path in files:
        for place in find_places(path):
            nth = sum(place.rule == each.rule for some in rounds.values() for each in some)
            rounds[nth].append(place)
    if whole := list_missing([]):
        raise SystemExit(f"the mutants fail with all rules in place: {', '.join(whole)}")
    missed = 0
    for places in rounds.values():
        missing = list_missing(places)
        for place in places:
            told = "noticed" if place.rule in missing else "NOT NOTICED"
            missed += place.rule not in missing
            where = f"{place.path.relative_to(INTAKE)}:{place.line}"
            sys.stdout.write(f"{where:28} {place.rule:28} {told}\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
