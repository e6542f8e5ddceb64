"""The generated documents are what the code says today."""

import subprocess
import sys
from pathlib import Path

from analysis.intake.cells import RULES
from analysis.vocabulary import METHODS


def test_the_generated_parts_are_up_to_date(project: Path) -> None:
    """METHODS.md and data/README.md hold what `make docs` would write."""
    command = [sys.executable, "tools/write_documents.py", "--check"]

    found = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)

    assert (found.returncode, found.stderr) == (0, "")


def test_every_method_is_documented(project: Path) -> None:
    """METHODS.md names every method that may stand behind a number."""
    text = (project / "METHODS.md").read_text(encoding="utf-8")

    assert [key for key in METHODS if f"`{key}`" not in text] == []


def test_every_rule_is_told_in_a_sentence() -> None:
    """A rule that `check` can name has words that say what was found."""
    assert [rule for rule, words in RULES.items() if len(words.split()) < 3] == []


def test_every_explained_rule_is_applied(project: Path) -> None:
    """Every rule that RULES explains is named by the code that applies it."""
    code = "".join(
        path.read_text(encoding="utf-8") for path in (project / "src/analysis/intake").rglob("*.py")
    )

    assert [rule for rule in RULES if code.count(f'"{rule}"') < 2] == []
