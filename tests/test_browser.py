"""The page as a reader's browser shows it: offline, on a telephone, without a complaint; and as it
prints it."""

import hashlib
import re
import shutil
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from analysis.reporting.pdf import print_page

pytestmark = pytest.mark.browser

WIDTHS = {"telephone": 360, "desktop": 1280}


@pytest.fixture(scope="module")
def page_file(example_pages: dict[tuple[str, str], Path]) -> Path:
    """The report that `make report` renders."""
    return example_pages["concern", "shareable"]


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


def read_pdf(path: Path) -> bytes:
    """Return a PDF with every packed part unpacked."""
    content = path.read_bytes()

    def unpack(found: re.Match[bytes]) -> bytes:
        try:
            return zlib.decompress(found[1])
        except zlib.error:
            return found[1]

    return re.sub(rb"stream\r?\n(.*?)\r?\nendstream", unpack, content, flags=re.DOTALL)


def test_a_page_is_printed_the_same_every_time(page_file: Path, tmp_path: Path) -> None:
    """A tagged PDF with bookmarks, beside the page: the same bytes in another folder, and nothing
    in it of the machine, the clock or the network."""
    printed = []
    for place in ("here", "a folder elsewhere"):
        folder = tmp_path / place
        folder.mkdir()
        page = Path(shutil.copy2(page_file, folder))
        page.with_suffix(".pdf").write_bytes(b"of an earlier page")

        printed.append(print_page(page))

        assert sorted(path.name for path in folder.iterdir()) == ["example.html", "example.pdf"]
    first, second = (path.read_bytes() for path in printed)
    assert first.startswith(b"%PDF-")
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    told = read_pdf(printed[0])
    assert b"/StructTreeRoot" in told
    assert b"/Outlines" in told
    for word in (str(tmp_path), "/tmp", "file:", "Linux", "Headless", "CreationDate", "http:"):
        assert word.encode() not in told, word
