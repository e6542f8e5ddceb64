"""The page as a reader's browser shows it: offline, on a telephone, without a complaint."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

pytestmark = pytest.mark.browser

WIDTHS = {"telephone": 360, "desktop": 1280}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium: the one `make test-browser` found, else the first on the path."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "Chromium is needed: see `make test-browser`"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page_file(example_project: Path) -> Path:
    """The report that `make report` renders."""
    command = Path(sys.executable).with_name("outcomes")
    done = subprocess.run(
        [
            command,
            "report",
            "concern",
            "-p",
            "source=example",
            "-p",
            "concern=acne_scars",
            "--json",
        ],
        cwd=example_project,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return example_project / json.loads(done.stdout)["page"]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_opens_offline(browser: Browser, page_file: Path, width: int, scheme: str) -> None:
    """It asks for nothing but itself, complains of nothing, and fits the width of the screen."""
    context = browser.new_context(
        offline=True, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(page_file.resolve().as_uri())

    assert [url for url in requests if not url.startswith("data:")] == [
        page_file.resolve().as_uri()
    ]
    assert complaints == []
    assert page.locator("h1").count() == 1
    assert page.locator("main").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
