"""A PDF beside a page: where the browser is found, what is taken out, and what is said without one.

What a real browser prints is tested with the pages in `test_browser`.
"""

import os
import re
from pathlib import Path

import pytest

from analysis.errors import ReportFailedError
from analysis.reporting.pdf import find_chromium, print_page, remove_marks, renew_pdf

PRINTED = (
    b"%PDF-1.4\n1 0 obj\n<</Creator (a)\n/CreationDate (D:20261123234500+00'00')\n"
    b"/ModDate (D:20261123234501+00'00')>>\nendobj\ntrailer\n<</Size 2\n"
    b"/ID [<0123ABCD> <0123ABCD>]>>\n%%EOF\n"
)
PAGE = "<!DOCTYPE html><title>A page</title>"


def write_program(path: Path, script: str) -> Path:
    """Write a browser that does this instead of printing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A published page with a PDF of an earlier one beside it."""
    path = tmp_path / "reports" / "concern" / "example.html"
    path.parent.mkdir(parents=True)
    path.write_text(PAGE, encoding="utf-8")
    path.with_suffix(".pdf").write_bytes(b"of an earlier page")
    return path


def test_dates_and_number_are_taken_out_in_place() -> None:
    """Nothing of the clock is left, and every byte stays where the PDF's index says it is."""
    pinned = remove_marks(PRINTED)

    assert len(pinned) == len(PRINTED)
    assert pinned.index(b"trailer") == PRINTED.index(b"trailer")
    for word in (b"2026", b"Date", b"/ID", b"0123ABCD"):
        assert word not in pinned
    assert b"/Creator (a)" in pinned


def test_the_program_named_goes_first(tmp_path: Path) -> None:
    """CHROMIUM, then the path, then the usual places of a Mac and of Windows; otherwise none."""
    named = write_program(tmp_path / "named" / "mine", "")
    on_path = write_program(tmp_path / "bin" / "chromium-browser", "")
    installed = tmp_path / "Programs" / "Google" / "Chrome" / "Application" / "chrome.exe"
    write_program(installed, "")
    path = {"PATH": str(on_path.parent)}
    places = {"PATH": "", "PROGRAMFILES": str(tmp_path / "Programs")}

    assert find_chromium(path | {"CHROMIUM": str(named)}) == str(named)
    assert find_chromium(path | {"CHROMIUM": str(tmp_path / "none")}) is None
    assert find_chromium(path) == str(on_path)
    assert Path(str(find_chromium(places))) == installed
    assert find_chromium({"PATH": ""}) is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "no Chromium, Chrome or Edge was found"),
        ("exit 1", "browser printed nothing"),
        ('echo half >"${out}"', "browser printed nothing"),
        ("exec sleep 60", "browser was stopped after its time limit of 0.5 seconds"),
    ],
)
def test_without_a_pdf_the_page_stays(
    page: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, said: str
) -> None:
    """One sentence without a path of the machine; the page is left, the PDF of the earlier page is
    not, and neither is anything half done."""
    program = page.parents[2] / "browser"
    if script is not None:
        find_out = 'for each; do case "$each" in --print-to-pdf=*) out="${each#*=}";; esac; done'
        write_program(program, f"{find_out}\n{script}")
    monkeypatch.setenv("CHROMIUM", str(program))

    with pytest.raises(ReportFailedError) as raised:
        print_page(page, limit=0.5)

    assert said in str(raised.value)
    assert str(raised.value).startswith("reports/concern/example.html is written, but no PDF of it")
    assert str(page.parents[2]) not in str(raised.value)
    assert page.read_text(encoding="utf-8") == PAGE
    assert os.listdir(page.parent) == ["example.html"]


def test_a_pdf_of_an_earlier_page_does_not_stay(page: Path) -> None:
    """A page that is made anew and not printed has none beside it, asked once or twice."""
    for _ in range(2):
        assert renew_pdf(page, wanted=False) is None
        assert os.listdir(page.parent) == ["example.html"]


def test_what_is_printed_is_the_published_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program gets a copy of the file beside which the PDF comes to lie, and no network."""
    told = page.parents[2] / "told"
    script = f"""for each; do
    case "$each" in
      --print-to-pdf=*) out="${{each#*=}}";;
      file://*) cp "${{each#file://}}" "{told}.html";;
    esac
done
echo "$@" > "{told}"
printf '%%PDF-1.4\\n/CreationDate (D:20260101000000)\\n%%%%EOF' > "$out"
"""
    monkeypatch.setenv("CHROMIUM", str(write_program(page.parents[2] / "browser", script)))

    printed = print_page(page)

    assert printed == page.with_suffix(".pdf")
    assert re.fullmatch(rb"%PDF-1.4\n +\n%%EOF", printed.read_bytes())
    assert Path(f"{told}.html").read_text(encoding="utf-8") == PAGE
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in told.read_text(encoding="utf-8")
    assert sorted(os.listdir(page.parent)) == ["example.html", "example.pdf"]
