"""Proves that a page is the same file wherever it is made; ``make same-bytes`` runs it.

Clones the last commit into two folders and renders reports of the example in both, in processes
that differ in all that a page must not depend on, then compares the hashes. A second interpreter
of the same minor version can be named, with an environment made from the same lock file::

    python tools/same_bytes.py [--python OTHER/bin/python] [REPORT ...]
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = "import os, sys; os.umask(int(sys.argv.pop(1), 8)); from analysis.cli import main; main()"
PROCESSES = (
    # folder of the clone, umask, working directory, environment
    ("one", "022", ".", {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}),
    (
        "an other place, with spaces",
        "077",
        "notebooks",
        {
            **{"PYTHONHASHSEED": "4294967295", "TZ": "Pacific/Auckland", "LC_ALL": "C"},
            **{"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "40"},
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        },
    ),
)


def main() -> None:
    """Render, print one line for each file, and fail when two hashes differ."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("reports", nargs="*", default=["overview", "concern", "side_effects"])
    asked.add_argument("--python", default=sys.executable, help="interpreter of the second process")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="same-bytes-") as folder:
        interpreters = (sys.executable, given.python)
        found = [
            render(Path(folder), process, interpreter, given.reports)
            for process, interpreter in zip(PROCESSES, interpreters, strict=True)
        ]
    differing = [name for name in found[0] if found[0][name] != found[1].get(name)]
    for name, digest in found[0].items():
        sys.stdout.write(f"{'DIFFERS' if name in differing else 'same   '} {digest} {name}\n")
    if differing or found[0].keys() != found[1].keys():
        raise SystemExit("the two are not the same")


def render(
    folder: Path, process: tuple[str, str, str, dict[str, str]], interpreter: str, names: list[str]
) -> dict[str, str]:
    """Return the hash of each file that rendering these reports in a clone of its own gives."""
    place, umask, inside, environment = process
    clone = folder / place
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    home = clone / ".home"
    home.mkdir()
    where = {"PYTHONPATH": str(clone / "src"), "HOME": str(home)}
    for name in names:
        for audience in ("shareable", "internal"):
            subprocess.run(
                [interpreter, "-c", COMMAND, umask, "report", name, "--audience", audience],
                cwd=clone / inside,
                env=os.environ | environment | where,
                stdout=subprocess.DEVNULL,
                check=True,
            )
    return {
        path.relative_to(clone).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((clone / "reports").rglob("example*"))
    }


if __name__ == "__main__":
    main()
