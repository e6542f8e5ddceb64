"""What several test modules share: where the project is, and a small project to run in."""

import gc
import json
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from analysis.intake.engine import Engine, open_engine

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_RENDERED_WITHIN = 600
"""Seconds after which nobody waits for the pages of the example any more."""

# The same examples every time where nobody watches; a slow machine is no failure anywhere.
settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")


def pytest_collection_finish() -> None:
    """Keep the collector off what stays: it would walk the libraries and thousands of collected
    tests again and again, about a fifth of the time of each load."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def example_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own: the notebooks, the tracked example, and no page yet.

    One for the whole session, so that the cohort is prepared once; a test that writes more than
    pages under its own names asks for a copy.
    """
    return make_project(project, tmp_path_factory.mktemp("of"), project / "data" / "example")


@pytest.fixture(scope="session")
def small_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like ``example_project``, with one log of 150 synthetic patients under the same name."""
    log = project / "tests" / "data" / "small-clinic"
    return make_project(project, tmp_path_factory.mktemp("of"), log)


def make_project(project: Path, place: Path, log: Path) -> Path:
    """Return a folder with the notebooks, a log as the source ``example``, and no page yet."""
    folder = place / "project"
    shutil.copytree(
        project / "notebooks",
        folder / "notebooks",
        ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
    )
    shutil.copytree(
        log, folder / "data" / "example", ignore=shutil.ignore_patterns("corrections.csv")
    )
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy2(project / name, folder / name)
    (folder / "reports").mkdir()
    return folder


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine for one test."""
    with open_engine() as opened:
        yield opened


# ---- what the tests marked ``browser`` share: one browser, and each page rendered once ----------


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """The system's Chromium: the one `make test-browser` found, else the first on the path."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "Chromium is needed: see `make test-browser`"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def example_pages(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Path]:
    """Every report of the example for both audiences: (report, audience) → page.

    They are rendered once: of several workers the first one does it, and the others wait.
    """
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "example-pages"
    told = shared / "pages.json"
    try:
        shared.mkdir()
    except FileExistsError:
        end = time.monotonic() + _RENDERED_WITHIN
        while not told.exists():
            assert time.monotonic() < end, "another worker was to render the pages"
            time.sleep(0.5)
    else:
        rendered = _render_all(make_project(project, shared, project / "data" / "example"))
        aside = shared / "aside.json"
        aside.write_text(json.dumps(rendered), encoding="utf-8")
        aside.replace(told)
    return {
        (report, audience): Path(page)
        for report, audience, page in json.loads(told.read_text(encoding="utf-8"))
    }


def _render_all(project: Path) -> list[tuple[str, str, str]]:
    # no command line: what is tested is the page
    from analysis.intake.cohort import load_cohort

    reports = sorted(path.stem for path in (project / "notebooks").glob("*.ipynb"))
    wanted = [(name, audience) for name in reports for audience in ("shareable", "internal")]
    load_cohort("example", project=project)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        pages = [pool.submit(_render, *each, project) for each in wanted]
        return [(*each, str(page.result())) for each, page in zip(wanted, pages, strict=True)]


def _render(report: str, audience: str, project: Path) -> Path:
    from analysis.reporting.render import render_report

    return render_report(report, {}, project=project, audience=audience).page
