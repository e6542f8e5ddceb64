"""Writes docs/example/concern.html, a page as anybody gets it from the example log, and its
picture docs/page.png; ``make example-page`` runs it.

With ``--check PAGE`` nothing is written, and the exit code is 1 when that page, rendered from the
example log too, tells a reader anything else. The hashes of code and lock file and the packages'
versions do not count: they change with every commit, the report with few of them.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from analysis.reporting.pdf import find_chromium

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "example" / "concern.html"
PICTURE = ROOT / "docs" / "page.png"
REPORT = ("report", "concern", "-p", "concern=fine_lines")
"""The command of the README whose page it is, so that a test needs no rendering of its own."""
COMPARED = ("As of", "Data", "Python")
"""Of what the page was made of, what a reader must be told anew."""
WIDTH, HEIGHT = 900, 1500


def forget_versions(page: str) -> str:
    """Return a page without the hashes of code and lock file and the packages' versions."""
    before, title, after = page.partition("<caption>What it was made of</caption>")
    rows = r'<tr><th scope="row">([^<]*)</th>.*?</tr>\n'
    return before + title + re.sub(rows, lambda row: row[0] if row[1] in COMPARED else "", after)


def render_example(folder: Path) -> Path:
    """Render the page in a project of its own, where nothing was corrected or kept."""
    for name in ("notebooks", "data/example"):
        ignored = shutil.ignore_patterns("corrections.csv", "trace-*.csv", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy2(ROOT / name, folder / name)
    (folder / "reports").mkdir()
    command = [sys.executable, "-c", "from analysis.cli import main; main()", *REPORT]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return folder / done.stdout.splitlines()[0]


def take_picture(page: Path, folder: Path) -> None:
    """Write what stands at the top of the page."""
    program = find_chromium()
    if program is None:
        raise SystemExit("docs/page.png needs Chromium: see `make test-browser`")
    taken = folder / "page.png"
    subprocess.run(
        [
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(f"--user-data-dir={folder / 'profile'}", f"--window-size={WIDTH},{HEIGHT}"),
            *(f"--screenshot={taken}", page.as_uri()),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    shutil.copyfile(taken, PICTURE)


def main() -> None:
    """Write page and picture, or only check the page."""
    if sys.argv[1:2] == ["--check"]:
        texts = (path.read_text(encoding="utf-8") for path in (PAGE, Path(sys.argv[2])))
        kept, rendered = map(forget_versions, texts)
        if kept != rendered:
            raise SystemExit("docs/example/concern.html is out of date, run make example-page")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        PAGE.parent.mkdir(exist_ok=True)
        shutil.copyfile(render_example(folder), PAGE)
        take_picture(PAGE, folder)


if __name__ == "__main__":
    main()
