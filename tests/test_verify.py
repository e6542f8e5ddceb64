"""Proof of a page: whatever was changed, in the page, beside it or below it, is found and named."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from analysis.cli import app
from analysis.errors import PublishingRefusedError, SourceError, UsageError, VerificationError
from analysis.reporting import verify
from analysis.reporting.editions import read_published
from analysis.reporting.render import Made, StepFailedError, make_edition
from analysis.reporting.verify import Verification, verify_page

PARAMETERS = """\
source: str = "example"  # the log
audience: str = "shareable"  # who may see the page; one of: shareable, internal
"""
RELEASE = """\
from IPython.display import HTML, Markdown, display
def row(address, count, total, **more):
    value = round(count / total, 10)
    return {"address": address, "unit": "patients", "status": "shown", "count": count,
            "total": total, "value": value, "shown_as": "", **more}
display({"application/vnd.microneedling-outcomes.released+json": {
    "status": "done", "audience": audience, "threshold": 5,
    "origin": {"source": source, "title": "A clinic", "synthetic": True, "as_of": "2026-07-01",
               "data_until": "2026-06", "data_hash": "0123456789abcdef", "selection": "",
               "vocabulary_reviewed": False},
    "estimates": [row("outcomes/responders?sex=women", 20, 25),
                  row("outcomes/responders?sex=men", 11, 40),
                  row("population/patients?sex=men", 11, 40),
                  row("population/patients?sex=women", 11, 40)],
}, "text/plain": "the private bundle"}, raw=True)
"""
TABLE = """\
HTML('''<table class="gt_table" id="t"><caption>Responders</caption>
<thead><tr><th id="t-who">Who</th><th id="t-number">Number</th><th id="t-share">Share</th></tr>
</thead><tbody>
<tr><th id="t-1">women</th><td headers="t-1 t-number">20 of 25</td>
<td headers="t-1 t-share">80 %</td></tr>
<tr><th id="t-2">men</th><td headers="t-2 t-number">11 of 40</td>
<td headers="t-2 t-share">28 %</td></tr>
</tbody></table>''')
"""
STORY = (
    new_markdown_cell("# A report"),
    new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
    new_code_cell(RELEASE),
    new_markdown_cell("## How many got better"),
    new_code_cell('Markdown("Of the women, 20 of 25 responded.")'),
    new_code_cell(TABLE),
)
INPUTS = {"as_of": "a", "log": "b", "source.toml": "c", "vocabulary.toml": "d", "vocabulary": "e"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one report, whose numbers are made up."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=[*STORY]), folder / "notebooks" / "trial.ipynb")
    return folder


@pytest.fixture(scope="module", params=["shareable", "internal"])
def audience(request: pytest.FixtureRequest) -> str:
    """Both, because of an internal page nothing that stands there is told."""
    return str(request.param)


@pytest.fixture(scope="module")
def made(project: Path, audience: str) -> Made:
    """What rendering the report gives, once."""
    values = {"source": "example", "audience": audience}
    return make_edition("trial", values, project=project, inputs=INPUTS)


@pytest.fixture
def page(made: Made, tmp_path: Path) -> Path:
    """The page as it was published, with its data file beside it."""
    path = tmp_path / "example.html"
    path.write_bytes(made.page.encode())
    path.with_suffix(".json").write_bytes(made.data.encode())
    return path


@pytest.fixture
def again(
    page: Path, made: Made, project: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Verification]:
    """Hold what was published against what rendering gives, or would give after a change."""

    def call(now: Made | None = None) -> Verification:
        monkeypatch.setattr(verify, "make_edition", lambda *_, **__: now or made)
        published = read_published(page, unreadable=VerificationError)
        return verify_page(published, project=project, inputs=INPUTS)

    return call


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")

    assert old in text

    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_an_untouched_page_is_proved(again: Any) -> None:
    """Nothing is named."""
    found = again()

    assert found.is_proved
    assert (found.made_from, found.page, found.data, found.numbers) == ((), (), (), ())


def find_women(text: str) -> list[str]:
    """A scanner to which the women of the report are somebody's name."""
    return ["a patient at character 7"] if "women" in text else []


def test_what_was_rendered_is_read_before_anything_is_told(
    page: Path, made: Made, project: Path, audience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a page that is shared; an internal one is for the clinic's own eyes."""
    monkeypatch.setattr(verify, "make_edition", lambda *_, **__: made)
    published = read_published(page, unreadable=VerificationError)

    def again() -> Verification:
        return verify_page(published, project=project, inputs=INPUTS, scan=find_women)

    if audience == "internal":
        assert again().is_proved
        return
    with pytest.raises(PublishingRefusedError, match="a patient at character 7"):
        again()


def test_a_failure_that_names_somebody_is_not_repeated(
    page: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error keeps its class and its step, and loses its words."""

    def fail(*_: object, **__: object) -> Made:
        raise StepFailedError("Who came", SourceError("No row of the women."))

    monkeypatch.setattr(verify, "make_edition", fail)
    published = read_published(page, unreadable=VerificationError)

    with pytest.raises(SourceError, match="failed at the step 'Who came'") as raised:
        verify_page(published, project=project, inputs=INPUTS, scan=find_women)
    assert "women" not in str(raised.value)


NOT_THE_PAGE = "the page is not the one its data file was written with (sha256)"
IN_PAGE = {
    # what stood there, what stands there, and how it is told
    "a cell": (
        '"t-2 t-number">11 of 40',
        '"t-2 t-number">12 of 40',
        "under 'How many got better', table 'Responders', 'men', 'Number': '12 of 40' where "
        "'11 of 40' should stand; the number is that of outcomes/responders?sex=men or "
        "population/patients?sex=men",
    ),
    "a share": (
        "28 %",
        "38 %",
        "under 'How many got better', table 'Responders', 'men', 'Share': '38 %' where '28 %' "
        "should stand; the number is that of outcomes/responders?sex=men or "
        "population/patients?sex=men",
    ),
    "a sentence": (
        "women, 20 of 25",
        "women, 21 of 25",
        "under 'How many got better': 'Of the women, 21 of 25 responded.' where 'Of the women, "
        "20 of 25 responded.' should stand; the number is that of outcomes/responders?sex=women",
    ),
    "the header": (
        "June 2026",
        "July 2026",
        "under 'A report': 'July 2026' where 'June 2026' should stand",
    ),
    "what no reader sees": ("</main>", " </main>", "the file, where no reader sees it"),
}


@pytest.mark.parametrize("case", IN_PAGE)
def test_a_changed_digit_in_the_page(case: str, page: Path, audience: str, again: Any) -> None:
    """The place is named, and the address of the number; of an internal page not what stands
    there, nor whose row it is."""
    old, new, told = IN_PAGE[case]
    rewrite(page, old, new)

    found = again()

    assert (found.made_from, found.data, found.numbers) == ((), (), ())
    if audience == "shareable":
        assert [*found.page] == [NOT_THE_PAGE, told]
    else:
        place = told.partition(", 'men'")[0].partition(": ")[0]
        number = told.partition("; the number is")
        assert [*found.page] == [NOT_THE_PAGE, place + number[1] + number[2]]


def test_several_changes_are_all_told(page: Path, audience: str, again: Any) -> None:
    """One in a cell, one in a sentence."""
    rewrite(page, "women, 20 of 25", "women, 21 of 25")
    rewrite(page, "28 %", "38 %")

    assert len(again().page) == 3


def test_a_page_whose_hash_was_changed_with_it(page: Path, made: Made, again: Any) -> None:
    """The data file vouches for the page, and rendering again still tells."""
    rewrite(page, "28 %", "38 %")
    pages = (made.page.encode(), page.read_bytes())
    hashes = [hashlib.sha256(each).hexdigest() for each in pages]
    rewrite(page.with_suffix(".json"), *hashes)

    found = again()

    assert len(found.page) == 1
    assert "'Responders'" in found.page[0]
    assert not found.is_proved


IN_DATA = {
    # what stood there, what stands there, what is named
    "a number": ('"count": 11', '"count": 12', "outcomes/responders?sex=men"),
    "an address": (
        '"outcomes/responders?sex=women"',
        '"outcomes/responders?sex=wemen"',
        "outcomes/responders?sex=women",
    ),
    "the log's month": ('"data_until": "2026-06"', '"data_until": "2026-05"', "origin.data_until"),
    "the code": ('"code": "', '"code": "0', "provenance.code"),
    "a package": ('"pandas": "', '"pandas": "9', "provenance.packages.pandas"),
    "a vocabulary file": ('"protocol.toml": "', '"protocol.toml": "0', "provenance.vocabulary"),
    "the threshold": ('"threshold": 5', '"threshold": 4', "threshold"),
    "the page's hash": ('"sha256": "', '"sha256": "0', "page.sha256"),
    "white space": ('"threshold": 5', '"threshold":  5', "white space"),
}


@pytest.mark.parametrize("case", IN_DATA)
def test_a_changed_digit_in_the_data_file(case: str, page: Path, again: Any) -> None:
    """The key or the address is named, and nothing the page was made from is blamed."""
    old, new, named = IN_DATA[case]
    rewrite(page.with_suffix(".json"), old, new)

    found = again()

    assert found.made_from == ()
    told = [*found.data, *(each.address for each in found.numbers)]
    assert [each for each in told if each.startswith(named)]
    assert not found.is_proved


SINCE = {
    # what rendering gives now, below "provenance"        | how it is told
    "the code": ({"code": "0"}, "the code changed: the package, or the notebook of the report"),
    "the lock": ({"lock": "0"}, "the lock file changed: requirements.txt"),
    "Python": ({"python": "3.99"}, "Python was "),
    "a package": ({"packages": {"pandas": "0"}}, "the package pandas was "),
    "a constant": ({"vocabulary": {"protocol.toml": "0"}}, "the vocabulary changed: protocol.toml"),
}


@pytest.mark.parametrize("case", SINCE)
def test_what_it_was_made_from_is_named(case: str, made: Made, again: Any) -> None:
    """Only that, and not all that differs on the page because of it."""
    changed, told = SINCE[case]
    then = made.content["provenance"]
    provenance = then | {
        key: then[key] | value if isinstance(value, dict) else value
        for key, value in changed.items()
    }
    now = replace(
        made,
        page=made.page.replace("</main>", "<p>other</p></main>"),
        content={**made.content, "provenance": provenance},
    )

    found = again(now)

    (sentence,) = found.made_from
    assert sentence.startswith(told)
    assert (found.page, found.data) == ((), ())


def test_a_tampered_page_is_told_beside_what_changed(page: Path, made: Made, again: Any) -> None:
    """Where it was changed nobody can say any more; that it was, its hash does."""
    rewrite(page, "28 %", "38 %")
    provenance = made.content["provenance"] | {"code": "0"}

    found = again(replace(made, content={**made.content, "provenance": provenance}))

    assert len(found.made_from) == 1
    assert [*found.page] == [NOT_THE_PAGE]


def test_what_cannot_be_proved_is_one_sentence(page: Path, project: Path, again: Any) -> None:
    """No data file, none that can be read, no page, no such report, no such parameter."""
    data = page.with_suffix(".json")
    written = data.read_text(encoding="utf-8")

    for old, new, kind, said in (
        ('"report": "trial"', '"report": "trail"', UsageError, "Unknown report 'trail'. Did you"),
        ('"source": "example"', '"sauce": "example"', VerificationError, "cannot be asked again"),
        ('"source": "example"', '"source": 7', VerificationError, "is not of type str"),
        ('"format": 1', '"format": 1,,', VerificationError, "cannot be read as the data file"),
    ):
        data.write_text(written.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(kind, match=said):
            again()
    data.write_text(written, encoding="utf-8")
    page.unlink()
    with pytest.raises(VerificationError, match="only its data file"):
        again()
    data.unlink()
    with pytest.raises(UsageError, match="There is no page"):
        again()


# ── on a real log ────────────────────────────────────────────────────────────────────────────

SETTINGS = """
name = "mine"
title = "My clinic (synthetic)"
extracted_on = 2026-01-31
files = ["log.csv"]
[format]
delimiter = ","
date_order = "year-month-day"
[columns]
patient = "patient"
date = "day"
concern = "concern"
skin_type = "skin"
"""
LOG = "patient,day,concern,skin\n" + "".join(
    f"P-0{n:03},2025-03-{n + 1:02},acne scars,{('II', 'IV')[n % 2]}\n" for n in range(24)
)
REAL = (
    new_markdown_cell("# Who came"),
    new_code_cell(
        PARAMETERS.replace("example", "mine") + 'as_of: str = ""  # ISO day',
        metadata={"tags": ["parameters"]},
    ),
    new_code_cell(
        "from analysis import load_cohort, population, release\n"
        "cohort = load_cohort(source, as_of=as_of)\n"
        "release(population.describe_patients(cohort), cohort.origin, audience=audience)"
    ),
)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a log and a page of it."""
    folder = tmp_path_factory.mktemp("clinic")
    for name, text in {"source.toml": SETTINGS, "log.csv": LOG}.items():
        path = folder / "data" / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=[*REAL]), folder / "notebooks" / "who.ipynb")
    done = call(folder, "report", "who")
    assert done.exit_code == 0, done.output
    return folder


def call(folder: Path, *words: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(app, [*words])


def list_pages(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (folder / "reports").rglob("*.*")}


def test_one_changed_cell_of_the_log(clinic: Path) -> None:
    """The log is named, and each number that moved; nothing published is touched."""
    before = list_pages(clinic)
    rewrite(clinic / "data/mine/log.csv", "2025-03-01,acne scars,II", "2025-03-01,acne scars,IV")

    done = call(clinic, "verify", "reports/who/mine.html", "--json")

    rewrite(clinic / "data/mine/log.csv", "2025-03-01,acne scars,IV", "2025-03-01,acne scars,II")
    found = json.loads(done.stdout)
    assert isinstance(done.exception, VerificationError)
    assert done.exception.exit_code == 6
    assert found["changed"] == ["the data changed: the log, or its corrections"]
    moved = {each["address"].partition("?")[2]: each["new"] for each in found["numbers"]}
    assert moved == {
        "skin type=II&unit=patients&population=patients treated": "11 of 24 (45.8 %)",
        "skin type=IV&unit=patients&population=patients treated": "13 of 24 (54.2 %)",
    }
    assert list_pages(clinic) == before


def test_one_changed_constant_of_the_vocabulary(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is named, and the log is not blamed."""
    code = tmp_path / "src"
    package = Path(verify.__file__).parents[1]
    shutil.copytree(package, code / "analysis")
    protocol = code / "analysis/vocabulary/protocol.toml"
    rewrite(protocol, "value = 180", "value = 181")

    done = subprocess.run(
        [sys.executable, "-c", "from analysis.cli import main; main()", "verify", "mine.json"],
        cwd=clinic / "reports" / "who",
        env=os.environ | {"PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 6, done.stderr
    assert done.stdout.splitlines() == ["changed: the vocabulary changed: protocol.toml"]
    assert done.stderr == "outcomes: mine.json is not what rendering it again gives.\n"
