"""Rendering: one notebook in, one page that stands alone and its data out, or nothing changed.

The notebooks here emit made-up estimates; no patient is involved, because reporting knows none.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from analysis.errors import (
    OutcomesError,
    PublishingRefusedError,
    ReportFailedError,
    SourceError,
    UsageError,
)
from analysis.estimates import MIME_TYPE
from analysis.reporting.catalogue import Edition, list_reports
from analysis.reporting.page import TEMPLATE, check_page
from analysis.reporting.parameters import Parameter
from analysis.reporting.provenance import hash_code, hash_vocabulary
from analysis.reporting.render import name_edition, name_subject, render_report

PARAMETERS = """\
source: str = "example"  # the log
audience: str = "shareable"  # who may see the page; one of: shareable, internal
concern: str = "acne_scars"  # the concern
"""
RELEASE = f"""\
from IPython.display import HTML, Markdown, display
bundle = {{
    "status": "done",
    "audience": audience,
    "threshold": 5,
    "origin": {{
        "source": source, "title": "Example clinic", "synthetic": True, "as_of": "2026-07-01",
        "data_until": "2026-06", "data_hash": "0123456789abcdef" * 4, "selection": "",
        "vocabulary_reviewed": False,
    }},
    "estimates": [{{"address": "population/patients?unit=patients", "value": 1 / 3, "low": None}}],
}}
def emit():
    display({{"{MIME_TYPE}": bundle, "text/plain": "the private bundle"}}, raw=True)
emit()
"""
FIGURE = """\
HTML('''<figure><?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"
role="img" aria-label="Two of three"><metadata>2026-01-01</metadata><path d="M0 0"/></svg>
</figure>''')
"""
TABLE = """\
HTML('''<div id="t"><style>#t {color: red}</style><table class="gt_table">
<tr class="gt_heading"><td class="gt_heading gt_title">Who came</td></tr></table></div>''')
"""
STORY = (
    new_markdown_cell("# A report\n\nIt says <b>this</b>."),
    new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
    new_code_cell(RELEASE),
    new_markdown_cell("## Who came\n\n#### By age\n\nRead [more](https://example.org/more)."),
    new_code_cell('print("printed text")\nMarkdown(f"Treated for {concern}.\\n\\n## Who came")'),
    new_code_cell(FIGURE),
    new_code_cell(TABLE),
    new_code_cell('import sys; print("a warning", file=sys.stderr)\n"the value of a cell"'),
)


def write_notebook(project: Path, *cells, name: str = "trial") -> None:
    """Write a report's notebook; its kernel is one that nobody has."""
    path = project / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "no-such-kernel", "display_name": "None", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=[*cells], metadata=metadata), path)


def write_failing(project: Path, code: str) -> None:
    """Write the notebook again so that it fails after its estimates were released."""
    failing = new_code_cell(f"import os\nopen('pid', 'w').write(str(os.getpid()))\n{code}")
    write_notebook(project, *STORY[:3], new_markdown_cell("## The weak step"), failing)


def list_files(project: Path) -> dict[str, bytes]:
    folder = project / "reports"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The report of these tests, rendered once."""
    project = tmp_path_factory.mktemp("project")
    write_notebook(project, *STORY)
    return render_report("trial", {}, project=project, scan=lambda _: [])


@pytest.fixture(scope="module")
def page(rendered):
    return rendered.page.read_text(encoding="utf-8")


@pytest.fixture
def published(tmp_path, rendered):
    """A project of one's own that holds the rendered page."""
    write_notebook(tmp_path, *STORY)
    folder = tmp_path / "reports" / "trial"
    folder.mkdir(parents=True)
    for path in (rendered.page, rendered.data):
        (folder / path.name).write_bytes(path.read_bytes())
    return tmp_path


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def test_the_page_stands_alone(page):
    """Nothing is loaded, nothing runs, and a browser is told so."""
    for word in ("http", "src=", "<script", "<link", "@import", "javascript"):
        assert word not in page.replace("http-equiv", "")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page


def test_the_page_can_be_navigated(page):
    """Language, title, landmarks, a skip link, and contents that lead somewhere."""
    for part in (
        '<html lang="en">',
        "<title>A report – Example clinic</title>",
        '<meta name="viewport"',
        '<a class="skip" href="#report">',
        "<header>",
        '<nav aria-label="Contents">',
        '<main id="report">',
    ):
        assert part in page
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets == ["report", "section-who-came", "section-who-came-2", "provenance"]
    for target in targets:
        assert page.count(f'id="{target}"') == 1


def test_headings_are_in_order_and_the_title_stands_once(page):
    """h1 once, then no level skipped: the h4 of the notebook becomes an h3."""
    headings = re.findall(r"<h(\d)[^>]*>(.*?)</h\1>", page)

    assert headings == [
        ("1", "A report"),
        ("2", "Who came"),
        ("3", "By age"),
        ("2", "Who came"),
        ("2", "Provenance"),
    ]


def test_the_page_shows_the_story_and_nothing_of_the_notebook(page):
    """No code, no injected parameters, no printed text, warning, repr or private bundle."""
    assert "Treated for acne_scars." in page
    for hidden in (
        "import",
        "# Parameters",
        "emit",
        "printed text",
        "a warning",
        "the value of a cell",
        "the private bundle",
        "population/patients",
        "no-such-kernel",
        str(Path.home()),
    ):
        assert hidden not in page


def test_html_typed_into_prose_is_shown_and_links_lead_nowhere_else(page):
    """Raw HTML is escaped; an address stands beside its text instead of behind it."""
    assert "It says &lt;b&gt;this&lt;/b&gt;." in page
    assert 'Read more <span class="address">(example.org/more)</span>.' in page


def test_figures_and_tables_lose_what_the_page_does_not_need(page):
    """Namespaces, metadata and a table's own style go; a figure's attributes keep their case."""
    assert '<figure><svg viewBox="0 0 9 9"' in page
    assert "<metadata" not in page
    assert page.count("<style") == 1
    assert '<div class="scroll" role="region" tabindex="0" aria-label="Who came">' in page


def test_the_header_says_whose_numbers_these_are(page):
    """Synthetic data are called so first; the month stands in words."""
    assert "Synthetic example data: these are not real patients." in page
    assert "Confidential" not in page
    for label, value in {
        "Source": "example",
        "Data until": "June 2026",
        "Audience": "shareable: totals only",
        "Concern": "acne_scars",
        "Vocabulary": "not yet reviewed by a clinician",
    }.items():
        assert f"<dt>{label}</dt><dd>{value}</dd>" in page


def test_the_page_ends_with_its_provenance(page, rendered):
    """Parameters with their help, then what the page was made of; no patch level of Python."""
    ending = page[page.index('<section class="made-of"') :]
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"

    for label, value in {
        "Concern": 'acne_scars <span class="help">the concern</span>',
        "As of": "2026-07-01",
        "Data": "sha256 0123456789abcdef",
        "Lock file": "none found",
        "Python": minor,
    }.items():
        assert f'<tr><th scope="row">{label}</th><td>{value}</td></tr>' in ending
    code = json.loads(rendered.data.read_text())["provenance"]["code"]
    assert f"<td>sha256 {code[:16]}</td>" in ending


def test_an_internal_page_is_marked_and_named_so(published):
    """The shareable page of the same edition is not touched."""
    before = list_files(published)

    internal = render_report("trial", {}, project=published, audience="internal")

    assert internal.page.name == "example--internal.html"
    assert "Confidential: internal page." in internal.page.read_text(encoding="utf-8")
    assert before.items() <= list_files(published).items()


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("<script>1</script>", "a <script> element"),
        ("<iframe></iframe>", "a <iframe> element"),
        ('<p onclick="x()">', "the script attribute 'onclick'"),
        ('<a href="https://example.org">', "a link to elsewhere"),
        ('<a href="javascript:x()">', "a link to elsewhere"),
        ('<img alt="x" src="figure.png">', "something loaded from elsewhere"),
        ('<img src="data:image/png;base64,AA">', "an image without alternative text"),
        ("<style>@import 'x.css'</style>", "a style that loads from elsewhere"),
        ('<p style="background: url(//example.org/x)">', "a style that loads from elsewhere"),
    ],
)
def test_a_page_that_loads_or_runs_something_is_refused(part, found):
    """What a notebook shows may not break the promise that the page stands alone."""
    with pytest.raises(ReportFailedError) as raised:
        check_page(f"<main>{part}</main>")

    assert found in str(raised.value)


def test_a_page_may_point_into_itself():
    """Clip paths of figures and embedded pictures are not loaded from elsewhere."""
    part = '<g clip-path="url(#a)"/><a href="#b">b</a><img alt="x" src="data:image/png;base64,AA">'

    assert check_page(part) == part


def test_the_style_sheet_stays_small():
    """It is written by hand and served once."""
    assert len((TEMPLATE / "style.css").read_bytes()) < 20_000


def test_the_template_works_with_plain_nbconvert(tmp_path):
    """The story comes out without our own code around it: what was shown, in our style, and no
    code, printed text or released estimates."""
    shown = {"text/html": "<table><caption>Who came</caption></table>"}
    outputs = [
        new_output("display_data", shown),
        new_output("display_data", {MIME_TYPE: {}, "text/plain": "the private bundle"}),
        new_output("display_data", {"image/svg+xml": '<svg role="img" aria-label="Dots"></svg>'}),
        new_output("stream", name="stdout", text="printed text"),
    ]
    cell = new_code_cell("code = 'not shown'", outputs=outputs)
    write_notebook(tmp_path, *STORY[:2], STORY[3], cell)
    command = ["-m", "nbconvert", "--to", "html", "--template", str(TEMPLATE), "trial.ipynb"]

    subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path / "notebooks",
        check=True,
        capture_output=True,
    )

    page = (tmp_path / "notebooks" / "trial.html").read_text(encoding="utf-8")
    for part in ("By age", "<caption>Who came", 'aria-label="Dots"', "--paper:", 'href="#report"'):
        assert part in page
    for part in ("audience", "not shown", "private bundle", "printed text", "<script", "src="):
        assert part not in page
    assert page.count("<h1") == 1


# ── the data file ────────────────────────────────────────────────────────────────────────────


def test_the_data_file_holds_what_the_page_was_made_from(rendered):
    """Estimates by address with ten digits, and the hash of the page they belong to."""
    content = json.loads(rendered.data.read_text(encoding="utf-8"))

    assert rendered.sha256 == hashlib.sha256(rendered.page.read_bytes()).hexdigest()
    assert content["page"] == {"file": "example.html", "sha256": rendered.sha256}
    assert content["estimates"] == {
        "population/patients?unit=patients": {"value": 0.3333333333, "low": None}
    }
    assert content["parameters"] == {
        "source": "example",
        "audience": "shareable",
        "concern": "acne_scars",
    }
    assert (content["format"], content["report"], content["edition"]) == (1, "trial", "example")
    assert (content["status"], content["audience"], content["threshold"]) == (
        "done",
        "shareable",
        5,
    )
    assert content["origin"]["data_until"] == "2026-06"


def test_what_was_rendered_is_told(rendered):
    """Enough for one log line; warnings are told by step, not shown."""
    assert (rendered.report, rendered.edition, rendered.status) == ("trial", "example", "done")
    assert rendered.page.name == "example.html"
    assert rendered.data.name == "example.json"
    assert rendered.seconds > 0
    assert rendered.warned == ("By age",)


def test_the_same_inputs_give_the_same_bytes(tmp_path, rendered):
    """Whatever the hash seed, time zone, locale, thread count or place of the project."""
    code = (
        "import sys, pathlib; from analysis.reporting.render import render_report; "
        "render_report('trial', {}, project=pathlib.Path(sys.argv[1]))"
    )
    settings = {
        "one": {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "1"},
        "the other": {"PYTHONHASHSEED": "2", "TZ": "America/Lima", "LC_ALL": "C"},
    }
    for name, setting in settings.items():
        write_notebook(tmp_path / name, *STORY)
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / name],
            env={**os.environ, **setting},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("", "")

    one, other = (list_files(tmp_path / name) for name in settings)
    versions = [
        json.loads(each["trial/example.json"])["provenance"]["code"] for each in (one, other)
    ]

    assert versions[0] == versions[1], "the code was edited while this test ran"
    assert one == other
    assert one["trial/example.html"] == rendered.page.read_bytes()


# ── the edition's name ───────────────────────────────────────────────────────────────────────

DECLARED = (
    Parameter("source", "str", "example"),
    Parameter("audience", "str", "shareable"),
    Parameter("concern", "str", "acne_scars"),
    Parameter("clinic", "list[str]", []),
    Parameter("whole", "bool", True),
    Parameter("least", "Optional[int]", None),
)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "example"),
        ({"audience": "internal"}, "example--internal"),
        ({"source": "city"}, "city"),
        ({"concern": "fine_lines"}, "example--concern=fine_lines"),
        (
            {"clinic": ["North", "South"], "whole": False, "least": 3, "audience": "internal"},
            "example--clinic=North+South--whole=false--least=3--internal",
        ),
    ],
)
def test_an_edition_is_named_by_what_differs_from_the_defaults(given, name):
    """The name can be read and typed; the audience stands at its end."""
    assert name_edition(DECLARED, {each.name: each.default for each in DECLARED} | given) == name


def test_names_are_safe_for_files_and_never_shared():
    """What had to be cleaned or shortened carries a hash, so that no edition hides another."""
    defaults = {each.name: each.default for each in DECLARED}
    awkward = [
        {"concern": ""},
        {"concern": "a b"},
        {"concern": "a/b"},
        {"concern": "a_b"},
        {"concern": "../../a"},
        {"concern": "a--internal"},
        {"concern": "a", "audience": "internal"},
        {"concern": "Zürich"},
        {"concern": "Zurich"},
        {"concern": "a.failed"},
        {"concern": "a."},
        {"concern": "x" * 300},
        {"concern": "x" * 301},
        {"clinic": ["a+b"]},
        {"clinic": ["a", "b"]},
        {"clinic": ["a,b"]},
    ]

    names = [name_edition(DECLARED, defaults | each) for each in awkward]

    assert len({*names}) == len(awkward)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,150}", name)
        assert ".." not in name
        assert not name.endswith((".failed", "."))


# ── what can go wrong ────────────────────────────────────────────────────────────────────────


def test_a_failing_cell_keeps_the_last_page_and_tells_no_value(published):
    """The failure page names step and class; the next good run removes it."""
    before = list_files(published)
    write_failing(published, "raise KeyError('P-0417 is missing')")

    with pytest.raises(ReportFailedError) as raised:
        render_report("trial", {}, project=published)

    after = list_files(published)
    failure = after.pop("trial/example.failed.html").decode()
    assert after == before
    assert "The weak step" in failure
    assert "KeyError" in failure
    assert "The last good page is unchanged." in failure
    assert "'The weak step': the error was of class KeyError." in str(raised.value)
    for text in (failure, str(raised.value)):
        assert "P-0417" not in text
        assert "Traceback" not in text
    assert raised.value.__suppress_context__
    assert raised.value.exit_code == 5
    assert not is_running(int((published / "pid").read_text()))

    write_notebook(published, *STORY)
    render_report("trial", {}, project=published)

    assert [*list_files(published)] == [
        "released.jsonl",
        "trial/example.html",
        "trial/example.json",
    ]


@pytest.mark.parametrize(("error", "leaves_page"), [(SourceError, True), (UsageError, False)])
def test_an_error_of_our_own_comes_back_as_it_was(tmp_path, error, leaves_page):
    """Class, sentence and exit code travel from the kernel to the caller; a slip of the caller
    leaves no page."""
    sentence = "data/clinic/source.toml names the column 'Datum', and there is none <such>."
    write_failing(
        tmp_path, f"from analysis import errors\nraise errors.{error.__name__}({sentence!r})"
    )

    with pytest.raises(OutcomesError) as raised:
        render_report("trial", {}, project=tmp_path)

    assert type(raised.value) is error
    assert str(raised.value) == sentence
    failure = tmp_path / "reports" / "trial" / "example.failed.html"
    assert failure.exists() == leaves_page
    if leaves_page:
        text = failure.read_text(encoding="utf-8")
        assert "there is none &lt;such&gt;." in text
        assert "There is no earlier page." in text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("emit()", "The notebook emitted 2 sets of released estimates"),
        ("raise SystemExit(0)", "the error was of class SystemExit"),
        ("import os; os._exit(1)", "its kernel died"),
    ],
)
def test_a_notebook_that_ends_otherwise_is_refused(published, code, said):
    """A page is never made of half a notebook or of two sets of numbers."""
    before = list_files(published)
    write_failing(published, code)

    with pytest.raises(ReportFailedError) as raised:
        render_report("trial", {}, project=published)

    assert said in str(raised.value)
    assert before.items() <= list_files(published).items()


@pytest.mark.parametrize(
    ("emitted", "said"),
    [
        ("pass", "emitted none of released estimates"),
        ('bundle["audience"] = "internal"; emit()', "released for the audience 'internal'"),
        ('bundle["estimates"] *= 2; emit()', "twice"),
        ('del bundle["origin"]; emit()', "no 'origin'"),
    ],
)
def test_estimates_that_do_not_fit_the_page_are_refused(tmp_path, emitted, said):
    """Internal numbers never reach a shareable page, and nothing is published."""
    cell = new_code_cell(RELEASE.replace("\nemit()", f"\n{emitted}"))
    write_notebook(tmp_path, *STORY[:2], cell)

    with pytest.raises(ReportFailedError) as raised:
        render_report("trial", {}, project=tmp_path)

    assert said in str(raised.value)
    assert [*list_files(tmp_path)] == ["trial/example.failed.html"]


def test_the_time_limit_stops_the_notebook_and_its_kernel(tmp_path):
    """The limit is for the whole notebook; the step it was in is named."""
    write_failing(tmp_path, "import time; time.sleep(60)")

    with pytest.raises(ReportFailedError) as raised:
        render_report("trial", {}, project=tmp_path, run_limit=6)

    assert "it was stopped after its time limit of 6 seconds" in str(raised.value)
    assert "'The weak step'" in str(raised.value)
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_an_identifier_refuses_the_page_and_writes_nothing(published):
    """The sentence names kind and place; an internal page is for the clinic's own eyes."""
    before = list_files(published)

    def scan(text: str) -> list[str]:
        return ["an identifier at character 7"] if "<!DOCTYPE" in text else []

    with pytest.raises(PublishingRefusedError) as raised:
        render_report("trial", {"concern": "other"}, project=published, scan=scan)

    assert "an identifier at character 7 (page)" in str(raised.value)
    assert list_files(published) == before
    assert render_report("trial", {}, project=published, audience="internal", scan=scan)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("tral", {}, "Unknown report 'tral'. Did you mean 'trial'?"),
        ("trial", {"concrn": "x"}, "Unknown parameter 'concrn'. Did you mean 'concern'?"),
        ("trial", {"audience": "all"}, "Unknown value 'all' of parameter 'audience'"),
    ],
)
def test_a_slip_in_the_call_is_found_before_any_kernel_starts(published, name, given, said):
    """One sentence with a did-you-mean, exit code 2, and nothing changed."""
    before = list_files(published)

    with pytest.raises(UsageError) as raised:
        render_report(name, given, project=published)

    assert str(raised.value).startswith(said)
    assert list_files(published) == before


# ── kernel, provenance, catalogue, plain papermill ───────────────────────────────────────────


def test_the_kernel_is_this_interpreter_in_the_project(tmp_path, capfd):
    """Whatever kernel the notebook names; nobody's profile is run, and nothing is printed."""
    cell = new_code_cell(
        "import os, sys\nfrom IPython import get_ipython\n"
        "from ipykernel import get_connection_info\n"
        "open('kernel', 'w').write('\\n'.join([sys.executable, os.getcwd(), "
        "get_connection_info(unpack=True)['transport']]))"
    )
    write_notebook(tmp_path, *STORY[:3], cell)

    render_report("trial", {}, project=tmp_path)

    executable, folder, transport = (tmp_path / "kernel").read_text().splitlines()
    assert executable == sys.executable
    assert Path(folder) == tmp_path.resolve()
    assert transport == ("tcp" if sys.platform == "win32" else "ipc")
    assert capfd.readouterr() == ("", "")


def test_the_code_version_depends_on_content_alone(tmp_path):
    """Not on where the code lies, how lines end or that a notebook was run; a word counts."""
    for place, end in {"here": b"\n", "there": b"\r\n"}.items():
        package = tmp_path / place / "analysis"
        (package / "vocabulary").mkdir(parents=True)
        (package / "cli.py").write_bytes(b"a = 1" + end)
        (package / "vocabulary" / "scales.toml").write_bytes(b"[gais]" + end)
        write_notebook(tmp_path / place, *STORY)
    here, there = (tmp_path / place / "analysis" for place in ("here", "there"))
    notebooks = [tmp_path / place / "notebooks" / "trial.ipynb" for place in ("here", "there")]
    run = nbformat.read(notebooks[1], as_version=4)
    run.cells[2].execution_count = 3
    nbformat.write(run, notebooks[1])

    first = hash_code(notebooks[0], package=here)
    assert hash_code(notebooks[1], package=there) == first

    (there / "cli.py").write_text("a = 2")
    assert hash_code(notebooks[1], package=there) != first


def test_each_vocabulary_file_has_a_hash_apart_from_the_code(tmp_path):
    """So that it can be said whether the medicine changed, and where, or the program."""
    write_notebook(tmp_path, *STORY)
    notebook, package = tmp_path / "notebooks" / "trial.ipynb", tmp_path / "analysis"
    (package / "vocabulary").mkdir(parents=True)
    for name in ("scales.toml", "protocol.toml"):
        (package / "vocabulary" / name).write_bytes(b"[gais]\r\n")
    code, words = hash_code(notebook, package=package), hash_vocabulary(package=package)

    (package / "vocabulary" / "scales.toml").write_bytes(b"[gais]\ndirection = 'lower'\n")
    (package / "vocabulary" / "protocol.toml").write_bytes(b"[gais]\n")

    after = hash_vocabulary(package=package)
    assert hash_code(notebook, package=package) == code
    assert after.keys() == words.keys() == {"scales.toml", "protocol.toml"}
    assert after["scales.toml"] != words["scales.toml"]
    assert after["protocol.toml"] == words["protocol.toml"]


def test_the_catalogue_lists_reports_and_their_editions(published):
    """Title, parameters with help, and each edition's state; a failed one is offered as such."""
    write_notebook(published, *STORY[:2], name="other")
    (published / "reports" / "trial" / "city.failed.html").write_text("failed")

    other, trial = list_reports(published)

    assert (other.name, other.title, other.editions) == ("other", "A report", ())
    assert [each.name for each in trial.parameters] == ["source", "audience", "concern"]
    assert trial.editions == (
        Edition(
            edition="city",
            page="reports/trial/city.failed.html",
            status="failed",
            audience="shareable",
            data_until="",
            parameters={},
        ),
        Edition(
            edition="example",
            page="reports/trial/example.html",
            status="done",
            audience="shareable",
            data_until="2026-06",
            parameters={"source": "example", "audience": "shareable", "concern": "acne_scars"},
        ),
    )


def test_plain_papermill_runs_the_same_notebook(tmp_path):
    """No engine of ours is needed, and its help knows the parameters."""
    write_notebook(tmp_path, *STORY)
    papermill = [sys.executable, "-m", "papermill", "notebooks/trial.ipynb"]

    def run(*words: str) -> str:
        command = [*papermill, *words]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout

    assert 'concern: str (default "acne_scars")' in run("--help-notebook")
    run("out.ipynb", "-k", "python3", "-p", "concern", "fine_lines")
    assert "Treated for fine_lines." in (tmp_path / "out.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("title", "subject", "named"),
    [
        ("Outcomes of one concern", "acne scars", "Acne scars: outcomes"),
        ("Outcomes of one concern", "", "Outcomes of one concern"),
        ("Overview", "acne scars", "Overview"),
    ],
)
def test_a_page_of_one_concern_is_named_after_it(title: str, subject: str, named: str) -> None:
    """The notebook's heading says what kind of page it is, the estimates which concern."""
    assert name_subject(title, subject) == named
