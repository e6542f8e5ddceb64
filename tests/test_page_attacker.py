"""Somebody has the file of a page and nothing else, reads whatever is in it, and does the sums.

The attacker knows how reports are made, for that is public: which rows make up which, and how an
interval is computed. It reads tables, sentences, texts for screen readers, the texts and the places
of the marks of figures, and intervals, and asks an integer program which values a hidden number may
still have. It shares no code with disclosure control.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from statsmodels.stats.proportion import proportion_confint

from analysis.show import figures, sentences, tables
from analysis.show.disclosure import hiding, release
from test_disclosure import ORIGIN, course

THRESHOLD = 5
STEPS = {
    "follow-up not yet due": "due",
    "no score before treatment": "baseline",
    "not seen again": "lost",
    "seen again, but could not respond": "cannot",
    "analysed": "analysed",
}
SUMS = (
    ("first", ("due", "baseline", "lost", "cannot", "analysed")),
    ("again", ("cannot", "analysed")),
    ("again", ("better", "same", "worse")),
    ("analysed", ("responders", "others")),
)
"""What any reader of the methods knows: a whole, and its parts."""
NAMES = [*dict.fromkeys(name for whole, parts in SUMS for name in (whole, *parts))]
_RANGE = re.compile(r"(?:between )?(\d+) (?:to|and) (\d+) of (\d+)")
_EXACT = re.compile(r"(?<!to )(?<!and )(?<!\d)(\d+) of (?:the )?(\d+)")


@dataclass
class Seen:
    """What is told of each number: a lowest and a highest value."""

    lowest: dict[str, int] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)

    def note(self, name: str, low: int, high: int) -> None:
        self.lowest[name] = max(low, self.lowest.get(name, 0))
        self.highest[name] = min(high, self.highest.get(name, 9_999))

    def note_text(self, name: str, whole: str, text: str) -> None:
        """Note "12 of 40", "1 to 4 of 40" and "between 36 and 39 of 40"."""
        if found := _RANGE.search(text):
            low, high, total = map(int, found.groups())
        elif found := _EXACT.search(text):
            low, total = map(int, found.groups())
            high = low
        else:
            return
        self.note(name, low, high)
        self.note(whole, total, total)


def read_page(path: Path) -> Seen:
    """Return what the file tells."""
    page, seen = html.unescape(path.read_text(encoding="utf-8")), Seen()
    for label, cells in iterate_rows(page):
        if label in STEPS:
            seen.note_text(STEPS[label], "first", cells[0])
        if label in ("better", "same", "worse"):
            seen.note_text(label, "again", cells[0])
            read_interval(seen, label, "again", cells)
        if "qualitative grade" in label:
            seen.note_text("responders", "analysed", cells[0])
            read_interval(seen, "responders", "analysed", cells)
    plain = re.sub(r"<[^>]*>", " ", page)
    texts = [
        *re.findall(r"aria-label=\"([^\"]*)\"", page),
        *re.findall(r"<text[^>]*>([^<]*)", page),
    ]
    number = r"(?:between )?\d[\d andto]* of \d+ patients"
    told = [found for text in texts for found in re.findall(number, text)]
    for text in (*told, *re.findall(rf"{number}(?= responded)", plain)):
        seen.note_text("responders", "analysed", text)
    for share in read_marks(page):
        total = seen.highest.get("analysed", 0)
        if total and abs(share * total - round(share * total)) < 1e-3:
            seen.note("responders", round(share * total), round(share * total))
    return seen


def iterate_rows(page: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the label and the cells of every row of a table."""
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        label = re.search(r"<th[^>]* scope=\"row\"[^>]*>(.*?)</th>", row, re.DOTALL)
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        if label and cells:
            yield re.sub(r"<[^>]*>", "", label[1]).strip(), cells


def read_interval(seen: Seen, name: str, whole: str, cells: list[str]) -> None:
    """Find the numbers whose interval would be printed so."""
    total = seen.highest.get(whole, 0)
    for cell in cells[1:]:
        found = re.search(r"(\d+(?:\.\d+)?) to (\d+(?:\.\d+)?) %", cell)
        if not found or not total:
            continue
        digits = len(found[1].partition(".")[2])
        fitting = [
            count
            for count in range(total + 1)
            if [*map(float, found.groups())]
            == [
                round(100 * limit, digits)
                for limit in proportion_confint(count, total, method="wilson")
            ]
        ]
        if fitting:
            seen.note(name, min(fitting), max(fitting))


def read_marks(page: str) -> Iterator[float]:
    """Yield the share at which each mark of the figure stands, by the texts of its axis."""
    ticks = [
        (float(x), float(share) / 100)
        for x, share in re.findall(r"<text[^>]* x=\"([\d.]+)\"[^>]*>(\d+) %</text>", page)
    ]
    if len(ticks) < 2:
        return
    (left, low), (right, high) = ticks[0], ticks[-1]
    for x in re.findall(r"<use[^>]* x=\"([\d.]+)\"", page):
        yield low + (float(x) - left) / (right - left) * (high - low)


def find_possible(seen: Seen, name: str) -> set[int]:
    """Return the values under the threshold that a number may have, for all the file tells."""
    matrix = np.zeros((len(SUMS), len(NAMES)))
    for row, (whole, parts) in enumerate(SUMS):
        matrix[row, NAMES.index(whole)] = -1
        for part in parts:
            matrix[row, NAMES.index(part)] = 1
    lowest = [seen.lowest.get(each, 0) for each in NAMES]
    highest = [seen.highest.get(each, 9_999) for each in NAMES]
    possible = set()
    for value in range(1, THRESHOLD):
        aim = np.array([[float(each == name) for each in NAMES]])
        solved = milp(
            np.zeros(len(NAMES)),
            constraints=[LinearConstraint(matrix, 0, 0), LinearConstraint(aim, value, value)],
            bounds=Bounds(lowest, highest),
            integrality=np.ones(len(NAMES)),
        )
        if solved.success:
            possible.add(value)
    return possible


def list_pages() -> list[tuple[int, ...]]:
    """Return the steps of a course and the responders, small ones among them, always the same."""
    random = Random(7)
    pages = []
    while len(pages) < 30:
        small = [random.choice((0, 1, 2, 3, 4, 4, 6, 12)) for _step in range(4)]
        analysed = random.randint(20, 60)
        responders = random.choice((2, 3, 10, 15, analysed - 2, analysed - 4, analysed))
        if small[3] + analysed > 30:
            pages.append((*small, analysed, responders))
    return pages


def write_page(numbers: tuple[int, ...], path: Path) -> dict[str, int]:
    """Write the part of a page that these numbers are in, and return the truth."""
    *steps, responders = numbers
    released = release(course(*steps, responders=responders), ORIGIN)
    shown = (
        sentences.describe_headline(released),
        tables.show_fate(released),
        figures.plot_responders(released),
        tables.show_responders(released),
        tables.show_direction(released),
        sentences.describe_change(released),
    )
    path.write_text("\n".join(each._repr_html_() for each in shown), encoding="utf-8")
    truth = dict(zip(STEPS.values(), steps, strict=True))
    return truth | {"responders": responders, "first": sum(steps)}


def find_losses(folder: Path) -> list[str]:
    """Return each small number of the pages of which a reader can rule a value out."""
    lost = []
    for place, numbers in enumerate(list_pages()):
        path = folder / f"{place}.html"
        truth = write_page(numbers, path)
        seen = read_page(path)
        assert "first" in seen.lowest or "analysed" in seen.lowest, "nothing was read"
        for name, whole in (
            *((step, "first") for step in STEPS.values()),
            ("responders", "analysed"),
        ):
            if 0 < truth[name] < THRESHOLD:
                wanted = {*range(1, min(THRESHOLD - 1, truth[whole]) + 1)}
                if not wanted <= find_possible(seen, name):
                    lost.append(f"{numbers}: {name}")
    return lost


def test_the_attacker_finds_no_small_number(tmp_path: Path) -> None:
    """Each number from 1 to 4 may still have any of these values."""
    assert find_losses(tmp_path) == []


def test_without_further_hiding_the_attacker_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what is hidden besides that keeps the small numbers."""
    monkeypatch.setattr(hiding, "_choose", lambda page, alone: [])
    lost = find_losses(tmp_path)
    assert len(lost) > 25
    assert {each.rpartition(" ")[2] for each in lost} >= {"lost", "cannot", "baseline", "due"}


LEAKS = {
    # what stands on the page besides, and what is told by it
    "a sentence": ("<p>38 of 40 patients responded</p>", 38),
    "a text for a screen reader": ('<svg aria-label="38 of 40 patients."></svg>', 38),
    # the axis is that of the figure on the page
    "a mark in a figure": ('<use x="428.696470" y="3"/>', 38),
    "an interval": (
        '<tr><th scope="row">a, qualitative grade</th><td>not shown</td>'
        "<td>83.5 to 98.6 %</td></tr>",
        38,
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_the_attacker_reads_every_part_of_a_page(tmp_path: Path, name: str) -> None:
    """One of them that tells the number is enough."""
    told, number = LEAKS[name]
    write_page((6, 6, 8, 5, 40, 38), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    (tmp_path / "told.html").write_text(re.sub("</?svg[^>]*>", "", page) + told, encoding="utf-8")

    seen = read_page(tmp_path / "page.html")
    assert (seen.lowest["responders"], seen.highest["responders"]) == (36, 39)
    seen = read_page(tmp_path / "told.html")
    assert seen.lowest["responders"] == seen.highest["responders"] == number
