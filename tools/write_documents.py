"""Writes the generated parts of METHODS.md and data/README.md; ``make docs`` runs it.

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. With ``--check``
nothing is written and the exit code is 1 when a file is not what it would be.
"""

import re
import sys
from pathlib import Path

from analysis.intake.schema import describe_tables
from analysis.vocabulary import BUILT_IN, METHODS
from analysis.vocabulary.describing import describe_methods, describe_protocol

ROOT = Path(__file__).parents[1]
# appended, so that a benchmark never stands in for a package of the same name
sys.path.append(str(ROOT / "benchmarks"))
from lots import describe_lots  # noqa: E402
from verdicts import describe_coverage  # noqa: E402

PARTS = {
    "METHODS.md": {
        "methods": describe_methods(METHODS),
        "coverage": describe_coverage(),
        "lots": describe_lots(),
        "protocol": describe_protocol(BUILT_IN),
    },
    "data/README.md": {"tables": describe_tables()},
}


def fill(text: str, parts: dict[str, str]) -> str:
    """Return the text with every generated part written anew."""
    for name, part in parts.items():
        pattern = rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)"
        text, times = re.subn(
            pattern, lambda match, part=part: f"{match[1]}\n{part}\n{match[2]}", text, flags=re.S
        )
        if times != 1:
            raise SystemExit(f"the generated part {name!r} is not there exactly once")
    return text


def main() -> None:
    """Write the files, or only check them."""
    stale = []
    for name, parts in PARTS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        filled = fill(text, parts)
        if filled != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(filled, encoding="utf-8")
    if stale and "--check" in sys.argv:
        raise SystemExit(f"out of date, run make docs: {', '.join(stale)}")


if __name__ == "__main__":
    main()
