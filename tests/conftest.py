"""What several test modules share: where the project is, and a small project to run in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from analysis.intake.engine import Engine, open_engine

# The same examples every time where nobody watches; a slow machine is no failure anywhere.
settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")


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
