"""Split faces as a reader sees them."""

import re
from typing import Any

import pytest

from analysis.estimates import make_estimates
from analysis.show import sentences, tables
from analysis.show.disclosure import Released, release
from test_disclosure import ORIGIN, share

PRP = "microneedling with PRP | microneedling"
LASER = "microneedling | laser"
GRADES = {"concern": "acne_scars", "scale": "gb_qual"}
SHOW = [sentences.describe_halves, tables.show_halves]


def pair_rows(contrast: str, counts: tuple[int, int, int, int], scale: str) -> list[dict[str, Any]]:
    """The rows of a contrast from its four cells: both, first only, other only, neither."""
    both, first, other, neither = counts
    total = sum(counts)
    about = {"concern": "acne_scars", "scale": scale, "by": "halves", "level": contrast}
    about |= {"population": "pairs of halves that could respond"}
    rows = [
        share(count, total, **about, statistic="responders of a half", by2="half", level2=half)
        for half, count in (("first half", both + first), ("other half", both + other))
    ]
    cells = {"both halves": both, "first half only": first}
    cells |= {"other half only": other, "neither half": neither}
    rows += [
        share(count, total, **about, statistic="halves that responded", method="count")
        | {"by2": "which", "level2": which}
        for which, count in cells.items()
    ]
    difference = share(first + other, total, **about, method="newcombe_paired")
    difference |= {"statistic": "difference in responders between halves"}
    value = (first - other) / total
    return [*rows, difference | {"value": value, "low": value - 0.1, "high": value + 0.1}]


def done_rows(scale: str, **counts: int) -> list[dict[str, Any]]:
    """The rows about what was done."""
    about = {"concern": "acne_scars", "scale": scale, "statistic": "halves", "method": "count"}
    about |= {"by": "what was done", "population": "both halves scored"}
    total = sum(counts.values())
    levels = {"PRP": PRP, "laser": LASER, "alike": "treated alike", "untold": "not told apart"}
    return [share(n, total, **about, level=levels[name]) for name, n in counts.items()]


def change_rows() -> list[dict[str, Any]]:
    """A contrast on a continuous scale."""
    about = {"concern": "acne_scars", "scale": "ecca", "by": "halves", "level": PRP}
    about |= {"population": "pairs of halves", "method": "mean_t"}
    rows = [
        share(30, 30, **about, statistic="mean change of a half", by2="half", level2=half)
        | {"value": value, "low": value - 1, "high": value + 1}
        for half, value in (("first half", 9.0), ("other half", 6.5))
    ]
    difference = share(30, 30, **about, statistic="difference in change between halves")
    return [*rows, difference | {"value": 2.5, "low": 0.5, "high": 4.5}]


def make(small: int, audience: str = "shareable") -> Released:
    """A page on which so many responded on the first half only."""
    rows = done_rows("gb_qual", PRP=40 + small, laser=3, alike=12, untold=0)
    rows += pair_rows(PRP, (20, small, 9, 11), "gb_qual")
    return release(make_estimates(rows), ORIGIN, audience=audience)


def read(shown: Any) -> str:
    """Return the words of what is shown."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown._repr_html_())).strip()


@pytest.mark.parametrize("show", SHOW, ids=lambda show: show.__name__)
def test_only_released_estimates_are_shown(show: Any) -> None:
    """A frame is refused, even one that was taken out of a release."""
    with pytest.raises(TypeError, match="Only released"):
        show(make(6).frame)


@pytest.mark.parametrize("show", SHOW, ids=lambda show: show.__name__)
def test_a_page_without_split_faces_shows_none(show: Any) -> None:
    """No table, and a sentence that there is nothing."""
    assert "<table" not in show(release(make_estimates([]), ORIGIN))._repr_html_()


def test_the_halves_stand_side_by_side() -> None:
    """What was done names the halves; a difference is in percentage points, of pairs."""
    told = read(tables.show_halves(make(14)))

    for part in (
        "Microneedling with PRP against microneedling",
        "responders: microneedling with PRP 34 of 54 63 %",
        "responders: microneedling 29 of 54 54 %",
        "responded: both halves 20 of 54",
        "responded only: microneedling with PRP 14 of 54",
        "23 of 54 +9.3 \N{MINUS SIGN}0.7 to +19.3",
        "Patients are counted, not halves.",
    ):
        assert part in told


def test_the_difference_is_told_in_a_sentence() -> None:
    """With its interval, its pairs and its direction, and never as an effect."""
    told = read(sentences.describe_halves(make(14)))

    assert (
        "Microneedling with PRP against microneedling: the difference between halves in responders "
        "is +9.3 percentage points (95 % interval \N{MINUS SIGN}0.7 to +19.3; plus: more on the "
        "first half), 54 pairs."
    ) in told
    assert "due to" not in told


def test_the_difference_of_a_continuous_scale_is_in_its_unit() -> None:
    """A mean of pairs, with its interval."""
    rows = [*done_rows("ecca", PRP=30, alike=10), *change_rows()]
    page = release(make_estimates(rows), ORIGIN)

    assert (
        "mean difference between halves +2.5 points (95 % interval +0.5 to +4.5; plus: the first "
        "half changed more for the better), 30 pairs."
    ) in read(sentences.describe_halves(page))
    assert "mean change: microneedling with PRP 30 +9.0 points +8.0 to +10.0" in read(
        tables.show_halves(page)
    )


@pytest.mark.parametrize("small", [1, 4])
def test_a_small_number_and_what_tells_it_are_hidden(small: int) -> None:
    """Those on the first half only, the interval that would tell them, and the three with a
    laser."""
    table, told = (
        read(show(make(small))) for show in (tables.show_halves, sentences.describe_halves)
    )

    assert "responded only: microneedling with PRP not shown" in table
    assert f"responders: microneedling with PRP {20 + small} of {40 + small}" in table
    assert "microneedling against laser 1 to 4 of" in table
    assert "difference in responders between halves, in percentage points" in table
    assert f"{small + 9} of" not in table
    assert "the difference between halves in responders is not shown (to protect" in told
    assert "Microneedling against laser" not in told


def test_few_split_faces_are_one_sentence() -> None:
    """Three patients: neither how many nor what was done, and no table of nothing."""
    page = release(make_estimates(done_rows("gb_qual", PRP=2, alike=1)), ORIGIN)

    assert read(sentences.describe_halves(page)) == (
        "What became of both halves of a face (Goodman and Baron qualitative grade) is not shown "
        "(to protect small groups)."
    )
    assert tables.show_halves(page)._repr_html_() == ""


def test_what_did_not_happen_is_not_told() -> None:
    """No pair is left untold: the sentence lists what there is, the table all of it."""
    page = make(14)
    assert "not told apart" not in read(sentences.describe_halves(page))
    assert "not told apart 0 of 69" in read(tables.show_halves(page))


def test_inside_the_clinic_everything_is_shown() -> None:
    """Nothing is hidden from whoever treats these patients."""
    told = read(tables.show_halves(make(1, "internal")))
    assert "responded only: microneedling with PRP 1 of 41" in told
    assert "microneedling against laser 3 of 56" in told
