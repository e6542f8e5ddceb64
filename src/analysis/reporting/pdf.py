"""Prints a published page to PDF, because many mail gateways strip HTML.

The printer is the Chromium that is on the machine; none is ever downloaded. It gets the file that
was published and nothing else, so a page that was refused has no PDF either. Chromium writes the
time and the machine's kind into what it prints: both are taken out, and the same page is the same
bytes from the same Chromium.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from analysis.errors import ReportFailedError

PROGRAM: Final = "CHROMIUM"
"""The environment variable that names the program."""
PRINT_LIMIT: Final = 120.0
"""Seconds after which printing is given up."""

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ON_A_MAC: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_ON_WINDOWS: Final = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
_WINDOWS_FOLDERS: Final = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
_OPTIONS: Final = (
    *("--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check"),
    *("--disable-extensions", "--disable-sync", "--disable-background-networking"),
    *("--disable-component-update", "--disable-crash-reporter"),
    # nothing is asked of a network, even if a page slipped through that asks
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    *("--export-tagged-pdf", "--generate-pdf-document-outline"),
    "--font-render-hinting=none",
    # becomes the PDF's Creator, where the browser would name itself and the machine
    "--user-agent=microneedling-outcomes",
)
_MARKS: Final = (
    rb"/(?:Creation|Mod)Date \(D:[^)]*\)",
    rb"/ID \[\s*<[^>]*>\s*<[^>]*>\s*\]",
)
"""What differs from one printing to the next."""
_START: Final = b"%PDF-"
_END: Final = b"%%EOF"


def find_chromium(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the program of Chromium, Chrome or Edge: the one that ``CHROMIUM`` names, else one on
    the path, else one where systems usually put it; None where there is none."""
    named = environment.get(PROGRAM)
    if named:
        return shutil.which(named, path=environment.get("PATH"))
    found = (shutil.which(name, path=environment.get("PATH")) for name in _NAMES)
    return next(filter(None, found), None) or next(
        (place for place in _list_places(environment) if Path(place).is_file()), None
    )


def _list_places(environment: Mapping[str, str]) -> Iterator[str]:
    yield from _ON_A_MAC
    for folder in filter(None, map(environment.get, _WINDOWS_FOLDERS)):
        yield from (f"{folder}/{place}" for place in _ON_WINDOWS)


def renew_pdf(page: Path, *, wanted: bool) -> Path | None:
    """Print a page that was made anew, when that is wanted; else remove its PDF, which shows the
    page that was, and return None."""
    if wanted:
        return print_page(page)
    remove_pdf(page)
    return None


def print_page(page: Path, *, limit: float = PRINT_LIMIT) -> Path:
    """Print a published page to ``<edition>.pdf`` beside it and return that path.

    An earlier PDF, which was of another page, is removed first. The new one is written aside and
    renamed.

    Raises :class:`ReportFailedError` when there is no Chromium or it printed nothing; the page
    stays as it is.
    """
    remove_pdf(page)
    program = find_chromium()
    if program is None:
        raise _fail(
            page,
            "no Chromium, Chrome or Edge was found; install one, or name its program in the "
            f"environment variable {PROGRAM}",
        )
    try:
        # beside the page: a browser in a sandbox of its own may not see the system's folder
        with tempfile.TemporaryDirectory(prefix=".pdf-", dir=page.parent) as folder:
            content = _print(program, page, Path(folder), limit)
            if content is None:
                raise _fail(page, f"{Path(program).name} printed nothing")
            aside = Path(folder) / "pinned.pdf"
            aside.write_bytes(remove_marks(content))
            os.replace(aside, name_pdf(page))
    except subprocess.TimeoutExpired:
        told = f"{Path(program).name} was stopped after its time limit of {limit:g} seconds"
        raise _fail(page, told) from None
    except OSError as error:
        raise _fail(page, f"{error.strerror or 'the system refused'}") from None
    return name_pdf(page)


def remove_pdf(page: Path) -> None:
    """Remove the PDF beside a page, if there is one."""
    with suppress(FileNotFoundError):
        name_pdf(page).unlink()


def name_pdf(page: Path) -> Path:
    """Return where the PDF of a page is."""
    return page.with_suffix(".pdf")


def remove_marks(content: bytes) -> bytes:
    """Return a PDF without its dates and its number, as long as before: it is read by places."""
    for mark in _MARKS:
        content = re.sub(mark, lambda found: b" " * len(found[0]), content)
    return content


def _print(program: str, page: Path, folder: Path, limit: float) -> bytes | None:
    # under one name for every page and place
    copy, printed = folder / "page.html", folder / "page.pdf"
    shutil.copyfile(page, copy)
    # the first process of a container is often root's, for whom Chromium has no sandbox
    as_root = ("--no-sandbox",) if getattr(os, "geteuid", lambda: 1)() == 0 else ()
    subprocess.run(
        [
            *(program, *_OPTIONS, *as_root, f"--user-data-dir={folder / 'profile'}"),
            *(f"--print-to-pdf={printed}", copy.resolve().as_uri()),
        ],
        env={**os.environ, "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=limit,
        check=False,
    )
    content = printed.read_bytes() if printed.is_file() else b""
    is_whole = content.startswith(_START) and content.rstrip().endswith(_END)
    return content if is_whole else None


def _fail(page: Path, why: str) -> ReportFailedError:
    place = "/".join(page.parts[-3:])
    return ReportFailedError(f"{place} is written, but no PDF of it: {why}.")
