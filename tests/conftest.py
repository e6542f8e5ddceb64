"""What several test modules share: where the project is, and a small project to run in."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from analysis.intake.engine import Engine, open_engine

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
    return make_project(project, tmp_path_factory, project / "data" / "example")


@pytest.fixture(scope="session")
def small_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like ``example_project``, with one log of 150 synthetic patients under the same name."""
    return make_project(project, tmp_path_factory, project / "tests" / "data" / "small-clinic")


def make_project(project: Path, tmp_path_factory: pytest.TempPathFactory, log: Path) -> Path:
    """Return a folder with the notebooks, a log as the source ``example``, and no page yet."""
    folder = tmp_path_factory.mktemp("project")
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
def example_pages(example_project: Path) -> dict[tuple[str, str], Path]:
    """Every report of the example for both audiences: (report, audience) → page."""
    # one process and no command line: what is tested is the page
    from analysis.reporting.render import render_report

    pages = {}
    for report in sorted(path.stem for path in (example_project / "notebooks").glob("*.ipynb")):
        for audience in ("shareable", "internal"):
            rendered = render_report(report, {}, project=example_project, audience=audience)
            pages[report, audience] = rendered.page
    return pages
