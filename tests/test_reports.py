"""The real notebooks on real kernels: each report, both audiences, the same bytes each time."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analysis.show.tables import name_measure
from commands import Shell

REPORTS = ("claims", "concern", "overview", "side_effects")
INTERNAL_TOO = ("concern", "side_effects")
AUDIENCES = ("shareable", "internal")


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """One process for the commands that need none of their own."""
    with Shell() as opened:
        yield opened


@pytest.fixture(scope="module")
def rendered(shell: Shell, small_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own in which every report was rendered, two for both audiences."""
    folder = tmp_path_factory.mktemp("rendered") / "project"
    shutil.copytree(small_project, folder)
    for report in REPORTS:
        # every page has the same banner and ending, so two of them stand for the internal ones
        for audience in AUDIENCES if report in INTERNAL_TOO else AUDIENCES[:1]:
            found = shell.run(folder, "report", report, "--audience", audience)
            assert (found.returncode, found.stderr) == (0, "")
    return folder


def read_pages(folder: Path, audience: str) -> dict[str, str]:
    """Return name → text of the pages and data files of one audience."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((folder / "reports").rglob("example*"))
        if ("--internal" in path.name) == (audience == "internal")
    }


def test_every_report_has_a_page_and_its_data(rendered: Path) -> None:
    """A page and a data file per report and audience, and nothing else."""
    names = sorted(
        path.relative_to(rendered / "reports").as_posix()
        for path in (rendered / "reports").rglob("*.*")
        if path.parent != rendered / "reports"
    )

    assert names == [
        f"{report}/example{audience}{ending}"
        for report in REPORTS
        for audience in (("--internal", "") if report in INTERNAL_TOO else ("",))
        for ending in (".html", ".json")
    ]


def test_no_patient_of_the_log_is_in_a_shareable_page(rendered: Path) -> None:
    """No patient id and no lot of the log stands in a shareable page or its data file."""
    log = pd.read_csv(rendered / "data/example/session-log.csv", sep=";", dtype="str")
    ids = {each.strip().upper() for each in log["Client ID"].dropna()}
    telling = {each for each in ids if re.fullmatch(r"P-\d{4}", each)}
    lots = set(log["Cartridge lot"].dropna()) - {"Cartridge lot"}
    texts = read_pages(rendered, "shareable")

    assert len(telling) == 150
    assert [
        (name, place)
        for name, text in texts.items()
        for each in telling | lots
        if (place := text.upper().find(each.upper())) >= 0
    ] == []


def test_single_patients_are_on_internal_pages_only(rendered: Path) -> None:
    """The internal page of a concern draws each patient; the shareable one says where they are, and
    no data file holds them."""
    shareable, internal = (read_pages(rendered, audience) for audience in AUDIENCES)

    assert 'data-audience="internal"' in internal["reports/concern/example--internal.html"]
    assert "patient, sorted by change" in internal["reports/concern/example--internal.html"]
    for name, text in shareable.items():
        assert "data-audience" not in text
        assert ("shown on internal pages only" in text) == (name == "reports/concern/example.html")
    for text in (shareable | internal).values():
        assert "individuals/" not in text.partition('"estimates"')[2]


INTERNAL = """release(
    outcomes.estimate_outcomes(cohort, concern), cohort.origin, audience="internal"
)"""
RELEASED = """individuals = outcomes.list_individuals(cohort, concern)
released = release(
    outcomes.estimate_outcomes(cohort, concern), cohort.origin, audience=audience
)
released"""
PLANTED = {
    # a last cell that would put single patients on the page
    "a figure with a release of its own": f"figures.plot_trajectories(individuals, {INTERNAL})",
    "HTML inside other HTML": f"""\
table = tables.show_individual_changes(individuals, {INTERNAL})
type(sentences.describe_headline(released))("<p>" + table.html + "</p>")""",
    "a frame of the cohort": "cohort.course_scores[['baseline', 'follow_up']]",
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_call_refuses_the_shareable_page(
    shell: Shell, rendered: Path, tmp_path: Path, name: str
) -> None:
    """Exit code 8, a sentence without a score, and nothing is written."""
    folder = tmp_path / "project"
    shutil.copytree(rendered, folder, ignore=shutil.ignore_patterns("reports"))
    path = folder / "notebooks" / "concern.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    # the cells up to the loaded log, and of the page only what the planted call needs
    begin = notebook["cells"][:4]
    released, last = (
        dict(notebook["cells"][-1], id=key, source=source)
        for key, source in (("released", RELEASED), ("planted", PLANTED[name]))
    )
    path.write_text(json.dumps(notebook | {"cells": [*begin, released, last]}), encoding="utf-8")

    found = shell.run(folder, "report", "concern")

    assert found.returncode == 8, found.stderr
    assert "a shareable page may not hold" in found.stderr
    assert [*(folder / "reports").rglob("example*")] == []


def test_a_shareable_page_has_no_session_day_and_no_path(rendered: Path) -> None:
    """Only the day of the export stands on a page; no day of a session, no path, no user."""
    texts = read_pages(rendered, "shareable")

    days = {day for text in texts.values() for day in re.findall(r"\b20\d\d-\d\d-\d\d\b", text)}
    assert days <= {"2026-06-30"}
    assert [name for name, text in texts.items() if str(rendered) in text] == []
    assert [name for name, text in texts.items() if str(Path.home()) in text] == []


def test_a_page_says_that_the_example_is_synthetic(rendered: Path) -> None:
    """Every page of the example says that these are not real patients."""
    for audience in AUDIENCES:
        for name, text in read_pages(rendered, audience).items():
            if name.endswith(".html"):
                assert "not real patients" in text


def test_an_internal_page_is_marked(rendered: Path) -> None:
    """Internal pages carry the confidential banner; shareable ones do not."""
    banner = "Confidential"

    assert all(
        banner in text
        for name, text in read_pages(rendered, "internal").items()
        if name.endswith(".html")
    )
    assert not any(banner in text for text in read_pages(rendered, "shareable").values())


def test_every_number_has_a_definition(rendered: Path) -> None:
    """What is counted or measured has words, for every kind of number of every report."""
    unknown = {
        (row["statistic"], row["by"])
        for path in (rendered / "reports").glob("*/example*.json")
        for row in json.loads(path.read_text(encoding="utf-8"))["estimates"].values()
        if not name_measure(row)[1]
    }

    assert unknown == set()


def test_a_page_refers_to_nothing_outside(rendered: Path) -> None:
    """One file: no script, no address, no image or style from elsewhere."""
    outside = re.compile(r"<script|https?://|\bsrc=|@import|url\((?!#)", re.IGNORECASE)
    for audience in AUDIENCES:
        for name, text in read_pages(rendered, audience).items():
            if name.endswith(".html"):
                assert outside.findall(text) == [], name


def test_the_data_file_holds_what_the_page_shows(rendered: Path) -> None:
    """The estimates in the data file are those of the page, suppressed ones without numbers."""
    told = json.loads((rendered / "reports/concern/example.json").read_text(encoding="utf-8"))
    hidden = [each for each in told["estimates"].values() if each["status"] == "suppressed"]

    assert told["status"] == "done"
    assert hidden
    for each in hidden:
        numbers = ("count", "patients_count", "value", "low", "high", "se", "df")
        assert [each[name] for name in numbers] == [None] * 7
    (responders,) = (
        each
        for each in told["estimates"].values()
        if (each["statistic"], each["by"], each["population"]) == ("responders", "", "analysed")
    )
    assert (responders["count"], responders["total"]) == (20, 25)


ELSEWHERE = {
    "PYTHONHASHSEED": "7",
    "TZ": "Pacific/Auckland",
    "LANG": "",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "MPLCONFIGDIR": "matplotlib",
    "COLUMNS": "40",
}


def test_the_same_page_whatever_the_process(rendered: Path, project: Path, tmp_path: Path) -> None:
    """Another copy of project and code, hash seed, time zone, locale, thread count, umask, home
    and working directory give the same bytes, of the report with the most in it."""
    report = "side_effects"
    folder = tmp_path / "else where"
    shutil.copytree(rendered, folder, ignore=shutil.ignore_patterns(".cache", "reports"))
    shutil.copytree(project / "src", folder / "src")
    (folder / "reports").mkdir()
    (folder / "home").mkdir()
    command = "import os; os.umask(0o077); from analysis.cli import main; main()"
    where = {"PYTHONPATH": str(folder / "src"), "HOME": str(folder / "home")}

    found = subprocess.run(
        [sys.executable, "-c", command, "report", report],
        cwd=folder / "notebooks",
        env=os.environ | ELSEWHERE | where,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stderr
    for name in ("example.html", "example.json"):
        first = (rendered / "reports" / report / name).read_bytes()
        assert (folder / "reports" / report / name).read_bytes() == first


def test_plain_papermill_runs_a_report(rendered: Path, tmp_path: Path) -> None:
    """The notebooks need nothing of ours but the package: papermill alone runs them."""
    papermill = [sys.executable, "-m", "papermill"]
    notebook = str(rendered / "notebooks/concern.ipynb")
    out = tmp_path / "out.ipynb"

    helped = subprocess.run(
        [*papermill, "--help-notebook", notebook], cwd=rendered, capture_output=True, text=True
    )
    ran = subprocess.run(
        [*papermill, notebook, str(out), "-p", "concern", "fine_lines", "-k", "python3"],
        cwd=rendered,
        capture_output=True,
        text=True,
    )

    assert helped.returncode == 0, helped.stderr
    assert 'concern: str (default "acne_scars")' in helped.stdout
    assert ran.returncode == 0, ran.stderr
    assert "fine lines" in out.read_text(encoding="utf-8").lower()


def test_a_patient_id_in_a_page_refuses_publication(
    shell: Shell, rendered: Path, tmp_path: Path
) -> None:
    """When the log's own identifier would stand on a shareable page, nothing is written."""
    folder = tmp_path / "project"
    shutil.copytree(rendered, folder, ignore=shutil.ignore_patterns("reports"))
    settings = folder / "data/example/source.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("Example clinic (synthetic)", "Example clinic of P-0795"), encoding="utf-8"
    )

    found = shell.run(folder, "report", "claims")

    assert found.returncode == 8
    assert "identifier" in found.stderr
    assert "P-0795" not in found.stderr
    assert not list(folder.rglob("example*.html"))
