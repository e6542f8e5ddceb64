"""A log with an identifier in every column, and notebooks that try to publish them: whatever way
they take, nobody outside reads one."""

import base64
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis.intake.cohort import load_cohort
from analysis.intake.identifiers import list_identifiers, make_scanner
from analysis.intake.sources.settings import ROLES
from commands import Done, Shell
from logs import write_project

DAYS = ("date", "birth_date", "score_after_date")
OTHER = "(note to self)"
# somebody's name with a number stands in each column that is not a day, also where none belongs
TOLD = ("clinic", "device")
"""What stands there is the name of a clinic or a device, whatever it looks like."""
SEEDS = {
    role: f"Quirrel{n:02}{role[:4].title()}x"
    for n, role in enumerate([*ROLES, OTHER], 11)
    if role not in TOLD
} | {"date": "2024-03-07", "birth_date": "1981-07-04", "score_after_date": "2024-04-21"}
FIRST = {"patient": "PX-4711", "date": "2024-02-01", "concern": "acne scars"}
WRITTEN = {
    "date": "7 March 2024",
    "birth_date": "04.07.1981",
    "score_after_date": "21. April 2024",
}
"""How a page would write the days."""

PARAMETERS = """\
source: str = "clinic"  # the log
as_of: str = ""  # ISO day; empty: that of source.toml
way: str = "nothing"  # how it gets out
audience: str = "shareable"  # who may see the page; one of: shareable, internal
"""
READ = """\
import base64, csv, json, sys
from IPython.display import HTML, Markdown, display
rows = list(csv.DictReader(open("data/clinic/log.csv", encoding="utf-8")))
seeds = [cell for cell in rows[1].values() if cell]
note = title = ""
"""
WAYS = {
    "a sentence": "display(Markdown(', '.join(seeds)))",
    "one cell of a table": "display(HTML(f'<table><tr><td>{seeds[0]}</td></tr></table>'))",
    "the text of a figure": "display(HTML(f'<svg><text>{seeds[3][:4]}</text>"
    "<text>{seeds[3][4:]}</text></svg>'))",
    "an alternative text": 'display(HTML(f\'<img src="data:image/png;base64,iVBORw0K" '
    'alt="{seeds[9]}">\'))',
    "a picture": 'display(HTML(\'<img alt="a picture" src="data:image/png;base64,\' + '
    "base64.b64encode(b'\\x89PNG\\0' + seeds[5].encode()).decode() + '\">'))",
    "the data file": "note = seeds[20]",
    "the title of the source": "title = seeds[0]",
    "a frame": "import pandas; display(pandas.DataFrame(rows))",
}
"""Ways onto the page or into its data file, which refuse publication."""
UNSEEN = {
    "what is printed": "print(*seeds)",
    "what goes to stderr": "print(*seeds, file=sys.stderr)",
    "metadata of an output": "display(Markdown('a word'), metadata={'seeds': seeds})",
    "another kind of output": "display({'application/json': seeds, 'text/plain': 'a word'}, "
    "raw=True)",
    "the name of a variable": "globals()[seeds[0]] = 1",
}
"""Ways that no page follows."""
FAILURES = {
    "an error of Python": "raise ValueError(seeds[0])",
    "an error of ours": "from analysis.errors import SourceError; raise SourceError(seeds[0])",
    "an error with a note": "try:\n    int(seeds[0])\nexcept ValueError as error:\n"
    "    error.add_note(seeds[1]); raise",
    "a key": "{}[seeds[0]]",
    "the end of the kernel": "sys.stderr.write(seeds[0]); import os; os._exit(1)",
}
"""Ways into a failure page, a traceback or a log."""
RELEASE = """\
display({"application/vnd.microneedling-outcomes.released+json": {
    "status": "done", "audience": audience, "threshold": 5,
    "origin": {"source": source, "title": title or "A clinic", "synthetic": True,
               "as_of": "2026-07-01", "data_until": "2026-06", "data_hash": "0123456789abcdef",
               "selection": "", "vocabulary_reviewed": False},
    "estimates": [{"address": "a/b", "note": note}]}, "text/plain": "released"}, raw=True)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log, and a notebook that takes the way it is told."""
    header = [*ROLES, OTHER]
    rows = ([each.get(role, "") for role in header] for each in (FIRST, SEEDS))
    table = "\n".join(" | ".join(cells) for cells in (header, *rows))
    folder = write_project(tmp_path_factory.mktemp("seeded"), table)
    ways = "\n".join(
        f"if way == {name!r}:\n" + "".join(f"    {line}\n" for line in code.splitlines())
        for name, code in (WAYS | UNSEEN | FAILURES).items()
    )
    cells = [
        new_markdown_cell("# A report"),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell(READ),
        new_markdown_cell("## A step"),
        new_code_cell(ways, metadata={"seeds": [*SEEDS.values()]}),
        new_code_cell(RELEASE),
    ]
    notebook = new_notebook(cells=cells, metadata={"authors": [*SEEDS.values()]})
    nbformat.write(notebook, folder / "notebooks" / "leak.ipynb")
    return folder


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    with Shell() as opened:
        yield opened


def run(shell: Shell, project: Path, way: str) -> Done:
    return shell.run(project, "report", "leak", "-p", f"way={way}")


def find_seeds(*texts: str) -> list[str]:
    """Return the seeds that stand in any text, also when it is decoded."""
    looked = []
    for text in texts:
        packed = re.findall(r"[A-Za-z0-9+/]{12,}", text)
        unpacked = (base64.b64decode(each[: len(each) // 4 * 4]) for each in packed)
        looked += [text, unquote(text), re.sub(r"<[^>]*>", "", text)]
        looked += [each.decode("latin-1") for each in unpacked]
    whole = "\n".join(looked).lower()
    return [seed for seed in (*SEEDS.values(), *WRITTEN.values()) if seed.lower() in whole]


def read_all(project: Path) -> list[str]:
    """Return the name and the text of every file below reports/."""
    files = [path for path in (project / "reports").rglob("*") if path.is_file()]
    return [str(path) + "\n" + path.read_text(encoding="utf-8") for path in files]


def test_every_column_holds_a_seed(project: Path) -> None:
    """Each role of a log and a column that has none."""
    text = (project / "data/clinic/log.csv").read_text(encoding="utf-8")
    seeded = [*csv.DictReader(io.StringIO(text))][1]

    assert {role for role, text in seeded.items() if text} == {*ROLES, OTHER} - {*TOLD}
    assert sorted(filter(None, seeded.values())) == sorted(SEEDS.values())


def test_the_seed_of_every_column_is_found(project: Path) -> None:
    """Whether or not the column could be read; a day in another form than that of the log."""
    scan = make_scanner(list_identifiers(load_cohort("clinic", project=project), project))
    written = SEEDS | WRITTEN

    assert [role for role in written if not scan(f"<p>of {written[role]} too</p>")] == []
    assert not scan("<p>of acne scars too</p>")


@pytest.mark.parametrize("way", WAYS)
def test_what_would_stand_on_the_page_refuses_it(shell: Shell, project: Path, way: str) -> None:
    """Exit code 8, nothing is written, and what is said holds no seed."""
    before = read_all(project)
    found = run(shell, project, way)

    assert (found.returncode, found.stdout) == (8, ""), found.stderr
    assert read_all(project) == before
    assert find_seeds(found.stderr, *before) == []


@pytest.mark.parametrize("way", ["nothing", *UNSEEN])
def test_what_no_page_shows_is_in_no_file(shell: Shell, project: Path, way: str) -> None:
    """Nor the metadata of the notebook and of its cells: the page is published without them."""
    found = run(shell, project, way)

    assert found.returncode == 0, found.stderr
    assert len(read_all(project)) >= 2
    assert find_seeds(found.stdout, found.stderr, *read_all(project)) == []


@pytest.mark.parametrize("way", FAILURES)
def test_a_failure_tells_nobody(shell: Shell, project: Path, way: str) -> None:
    """The failure page is there, and neither it nor what is said holds a seed."""
    found = run(shell, project, way)
    failed = [text for text in read_all(project) if ".failed.html" in text.splitlines()[0]]

    assert found.returncode in (3, 5), found.stderr
    assert len(failed) > 0
    assert "Traceback" not in found.stderr
    assert find_seeds(found.stdout, found.stderr, *read_all(project)) == []
