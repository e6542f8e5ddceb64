"""Delete each place of intake that names a rule, one after the other: the mutants must notice.

Not part of the tests: it loads a source per place, about ten seconds each.

    python tools/delete_rules.py            every place
    python tools/delete_rules.py unknown_sex impossible_date
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INTAKE = ROOT / "src" / "analysis" / "intake"
LISTS = ("RULES", "_QUESTIONS")
"""What describes rules; naming one there raises nothing."""
TRY = """
import sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from mutant_bases import read_bases
from mutation import ENTRIES, make_mutant
from test_mutants import check_mutants
folder = Path(tempfile.mkdtemp(dir=sys.argv[2]))
bases = read_bases(folder / "example")
chosen = [n for n, entry in enumerate(ENTRIES) if entry.rule == sys.argv[3]]
check_mutants(folder / "project", [make_mutant(n, bases, 0) for n in chosen], 0)
"""


def find_places(path: Path, rules: set[str]) -> Iterator[tuple[str, ast.Constant]]:
    """Yield each rule a file names where it can be raised, with the text that names it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for statement in tree.body:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        if any(getattr(target, "id", "") in LISTS for target in targets):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and node.value in rules:
                yield node.value, node


def delete(path: Path, node: ast.Constant) -> None:
    """Write an empty text where the rule is named."""
    lines = path.read_bytes().splitlines(keepends=True)
    line = lines[node.lineno - 1]
    lines[node.lineno - 1] = line[: node.col_offset] + b'""' + line[node.end_col_offset :]
    path.write_bytes(b"".join(lines))


def is_noticed(rule: str, path: Path, node: ast.Constant) -> bool:
    """Return whether the mutants of a rule fail without this place of it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        delete(copy / path.relative_to(ROOT / "src"), node)
        done = subprocess.run(
            [sys.executable, "-c", TRY, str(ROOT / "tests"), folder, rule],
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
    return (
        "AssertionError" in done.stderr or "Mismatch" in done.stderr if done.returncode else False
    )


def main(chosen: list[str]) -> int:
    """Print place, rule, and whether its deletion was noticed; return 1 where one was not."""
    from analysis.intake.cells import RULES

    files = [*INTAKE.glob("cells*.py"), *INTAKE.glob("cells/*.py"), INTAKE / "clean.py"]
    missed = 0
    for path in [*files, INTAKE / "derive.py"]:
        for rule, node in find_places(path, {*chosen} or {*RULES}):
            noticed = is_noticed(rule, path, node)
            missed += not noticed
            place = f"{path.relative_to(INTAKE)}:{node.lineno}"
            told = "noticed" if noticed else "NOT NOTICED"
            sys.stdout.write(f"{place:28} {rule:28} {told}\n")
            sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
