"""Every page of the example for everybody: axe-core's rules, the keyboard, any width, zoom, print.

axe-core comes as a file with a locked package and runs in the page with the network off; what a
reader would unfold is unfolded first.
"""

import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

REPORTS = ("claims", "concern", "overview", "side_effects")
AUDIENCES = ("shareable", "internal")
AXE = files("axe_playwright_python") / "axe.min.js"
LARGEST_PAGE = 800_000
SCHEMES = ("light", "dark")
NARROW, WIDE = 400, 1280
TELEPHONE = 360
PAPER = 658
"""What the margins leave of a sheet of A4, in pixels of a browser."""
UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
SHORTEN = """most => document.querySelectorAll('tbody').forEach(
    each => { [...each.rows].slice(most).forEach(row => row.remove()); })"""
ROWS = {"light": 12, "dark": 3}
"""Rows of a table (or of a group in it) that stand for the others, which are like them."""
VIOLATIONS = """async () => {
    const found = await axe.run(document, {resultTypes: ['violations']});
    return found.violations.flatMap(
        each => each.nodes.map(node => `${each.id}: ${node.target} ${node.failureSummary}`));
}"""
OVERHANGING = """width => [...document.body.querySelectorAll('*')]
    .filter(each => !each.closest('.scroll, .skip') && each.checkVisibility())
    .filter(each => each.getBoundingClientRect().right > width + 1)
    .map(each => each.outerHTML.slice(0, 100))"""
TOO_WIDE = """width => [...document.querySelectorAll('main *')]
    .filter(each => each.getBoundingClientRect().right > width + 1)
    .map(each => each.outerHTML.slice(0, 100))"""
OUT_OF_REACH = """() => [...document.querySelectorAll('*')]
    .filter(each => each.scrollWidth > each.clientWidth + 1)
    .filter(each => ['auto', 'scroll', 'hidden'].includes(getComputedStyle(each).overflowX))
    .filter(each => each.tabIndex < 0)
    .map(each => each.outerHTML.slice(0, 100))"""
FOCUSED = """() => {
    const each = document.activeElement, style = getComputedStyle(each);
    const {left, top, right, bottom} = each.getBoundingClientRect();
    return {
        what: each.outerHTML.slice(0, 100),
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        inSight: right > 0 && left < innerWidth && bottom > 0 && top < innerHeight,
        isBody: each === document.body,
    };
}"""
FOLDED_IN_PRINT = """() => [...document.querySelectorAll('details > :not(summary)')]
    .filter(each => !each.checkVisibility() || !each.getBoundingClientRect().height)
    .map(each => each.outerHTML.slice(0, 100))"""
each_page = pytest.mark.parametrize(
    ("report", "audience"), [(report, audience) for report in REPORTS for audience in AUDIENCES]
)
Pages = dict[tuple[str, str], Path]


def open_page(browser: Browser, path: Path, width: int, **options: object) -> Page:
    """Return the page in a window of its own, without a network."""
    context = browser.new_context(
        offline=True,
        viewport={"width": width, "height": 800},
        **options,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(path.resolve().as_uri())
    return page


@each_page
def test_axe_finds_no_violation(
    browser: Browser, example_pages: Pages, report: str, audience: str
) -> None:
    """No rule of axe-core is broken, best practices included: light and wide, dark and narrow."""
    found = []
    for scheme, width in zip(SCHEMES, (WIDE, NARROW), strict=True):
        page = open_page(browser, example_pages[report, audience], width, color_scheme=scheme)
        page.evaluate(UNFOLD)
        page.evaluate(SHORTEN, ROWS[scheme])
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found += page.evaluate(VIOLATIONS)
        page.context.close()

    assert found == []


def test_axe_finds_what_is_planted(browser: Browser, tmp_path: Path) -> None:
    """Faint text, a picture without words and a heading out of order are found."""
    path = tmp_path / "page.html"
    path.write_text(
        '<!DOCTYPE html><html lang="en"><title>A page</title><main><h1>A page</h1><h4>Deep</h4>'
        '<p style="color: #999; background: #aaa">faint</p><svg role="img"></svg></main></html>',
        encoding="utf-8",
    )
    page = open_page(browser, path, WIDE)
    page.evaluate(AXE.read_text(encoding="utf-8"))

    found = {each.partition(":")[0] for each in page.evaluate(VIOLATIONS)}

    assert found == {"color-contrast", "heading-order", "svg-img-alt"}
    page.context.close()


@each_page
def test_nothing_hangs_over_and_all_can_be_reached(
    browser: Browser, example_pages: Pages, report: str, audience: str
) -> None:
    """On a telephone, and at 200 % zoom of a window of 1280: what is wider scrolls in a frame of
    its own that the keyboard reaches, and nothing is cut off."""
    for width, scale in ((TELEPHONE, 3), (WIDE // 2, 2)):
        page = open_page(browser, example_pages[report, audience], width, device_scale_factor=scale)
        page.evaluate(UNFOLD)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERHANGING, width) == []
        assert page.evaluate(OUT_OF_REACH) == []
        page.context.close()


def test_the_keyboard_alone_is_enough(browser: Browser, example_pages: Pages) -> None:
    """The first stop skips to the report; every stop is in sight and outlined; Enter unfolds."""
    page = open_page(browser, example_pages["concern", "shareable"], NARROW)
    stops = page.locator("a[href], summary, [tabindex='0']").filter(visible=True).count()

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#report")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")

    page.goto(page.url.partition("#")[0])
    seen = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))

    assert [each["what"] for each in seen if not (each["outlined"] and each["inSight"])] == []
    assert not any(each["isBody"] for each in seen)
    folded = page.locator("details.meaning").first
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.locator("li").first.is_visible()
    page.context.close()


@pytest.mark.parametrize("report", REPORTS)
def test_definitions_are_one_tap_away_without_scripts(
    browser: Browser, example_pages: Pages, report: str
) -> None:
    """With JavaScript switched off, a tap on "What each number means" tells it."""
    page = open_page(browser, example_pages[report, "shareable"], NARROW, java_script_enabled=False)
    folded = page.locator("details.meaning").first

    folded.locator("summary").click()

    assert folded.locator("li").first.is_visible()
    page.context.close()


@each_page
def test_a_page_on_paper_has_everything_unfolded(
    browser: Browser, example_pages: Pages, report: str, audience: str
) -> None:
    """Print shows what is folded on the screen, in the colours of paper; nothing is wider than a
    sheet, where nobody can scroll."""
    page = open_page(browser, example_pages[report, audience], PAPER, color_scheme="dark")
    page.emulate_media(media="print")

    assert page.locator("details").count() > 0
    assert page.evaluate(FOLDED_IN_PRINT) == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert page.evaluate(TOO_WIDE, PAPER) == []
    page.context.close()


@each_page
def test_a_page_is_a_document(example_pages: Pages, report: str, audience: str) -> None:
    """Headings in order; every table captioned and its headings scoped; every figure in words and
    in numbers; small enough for a mail."""
    text = example_pages[report, audience].read_text(encoding="utf-8")
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", text)]
    tables = re.findall(r"<table\b.*?</table>", text, re.DOTALL)
    figures = re.findall(r"<figure\b.*?</figure>", text, re.DOTALL)

    assert levels.count(1) == 1 == levels[0]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert tables
    assert [each[:80] for each in tables if each.count("<caption") != 1] == []
    assert re.findall(r"<th\b(?![^>]* scope=)[^>]*>", text) == []
    assert (report == "claims") == (not figures)
    for each in figures:
        assert re.search(r'<svg role="img" aria-label="[^"]{20,}"', each)
        assert "<figcaption>" in each
        assert re.search(r"<details>\s*<summary>.*<table", each, re.DOTALL)
    assert len(text.encode()) < LARGEST_PAGE
