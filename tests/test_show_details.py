"""Outcomes in detail as a reader sees them: grades, answers, groups, visits, those not seen."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from analysis.estimates import make_estimates
from analysis.show import figures, sentences, tables
from analysis.show.disclosure import Released, release
from test_disclosure import ORIGIN, share
from test_outcome_disclosure import fates

Show = Callable[[Released], Any]
FIGURES: list[Show] = [figures.plot_answers, figures.plot_groups, figures.plot_visits]
DETAILS: list[Show] = [
    *FIGURES,
    tables.show_answers,
    tables.show_differences,
    tables.show_groups,
    tables.show_other_estimates,
    tables.show_shift,
    tables.show_unseen,
    tables.show_visits,
    sentences.describe_groups,
    sentences.describe_scoring,
    sentences.describe_unseen,
    sentences.describe_visits,
]
GRADES = {"concern": "acne_scars", "scale": "gb_qual"}
AREA = {"concern": "pigmentation", "scale": "mmasi"}


def mean(statistic: str, value: float, n: int, **columns: Any) -> dict[str, Any]:
    """A mean with an interval of one point to each side."""
    row = share(n, n, statistic=statistic, method="mean_t", population="seen again")
    return row | {"value": value, "low": value - 1, "high": value + 1} | columns


def grades(small: int = 6) -> list[dict[str, Any]]:
    """Rows of a scale of grades; ``small`` patients got worse, and are of skin type V."""
    again = {"population": "seen again"} | GRADES
    total = 50 + small
    cells = {("3", "2"): 30, ("3", "3"): 20, ("2", "3"): small}
    rows = [
        share(
            number, total, **again, statistic="shift", by="baseline", level=before, method="count"
        )
        | {"by2": "follow-up", "level2": after}
        for before in ("2", "3")
        for after in ("2", "3")
        for number in [cells.get((before, after), 0)]
    ]
    rows += fates(20, 10, 40, 0, total)
    rows.append(share(30, total, **GRADES))
    rows += [
        share(count, n, **GRADES, by="skin type", level=level)
        for level, count, n in (("II", 20, 30), ("III", 10, 20), ("V", 0, small))
    ]
    rows += [
        share(count, total + 40, **GRADES, by="unseen", level=level, population="due")
        for level, count in (("unchanged", 30), ("worst", 30), ("best", 70))
    ]
    tipping = share(19, 40, **GRADES, statistic="tipping point", method="tipping_count")
    rows.append(tipping | {"population": "not seen again", "low": None, "high": None})
    rows += [
        share(count, total, **again, statistic="rater", by="rater", level=level, method="count")
        for level, count in (("blinded", 30), ("investigator", 20), ("patient", small))
    ]
    days = zip(("first quartile", "median", "third quartile"), (70, 92, 120), strict=True)
    rows += [
        mean("days to follow-up", day, total, **GRADES, by="quartile", level=level)
        | {"method": "quartiles", "low": None, "high": None, "confidence": None}
        for level, day in days
    ]
    answers = {"1 very much improved": 20, "3 improved": 12, "4 no change": 8, "5 worse": small}
    rows += [
        share(count, 40 + small, concern="acne_scars", scale="gais", population="seen again")
        | {"statistic": "answer", "by": "answer", "level": level, "by2": "answer kind"}
        | {"level2": "good" if level[0] < "4" else "not good", "method": "count"}
        for level, count in answers.items()
    ]
    visits = {"statistic": "responders at visit", "by": "visit", "method": "gee_responders"}
    visits |= {"population": "could respond, seen at the visit"}
    rows += [
        share(count, n, **(GRADES | visits), level=level)
        for level, count, n in (
            ("before session 2", small, 30),
            ("before session 3", 15, 25),
            ("follow-up", 30, total),
        )
    ]
    difference = mean("difference in responders", -0.12, total, **GRADES, method="newcombe")
    difference |= {"low": -0.3, "high": 0.06, "population": "analysed", "level": "IV-VI less I-III"}
    rows.append(difference | {"by": "skin type group, difference", "note": "exploratory"})
    return rows


def area() -> list[dict[str, Any]]:
    """Rows of a continuous scale, in points of which fewer are better."""
    rows = [mean("mean change", 3.0, 40, **AREA), mean("mean change, bootstrap", 3.0, 40, **AREA)]
    rows[1] |= {"method": "mean_bca"}
    rows.append(mean("median percent change", 41.5, 40, **AREA, method="median_percent"))
    for level, value, n in (("baseline", 9.0, 60), ("follow-up", 6.0, 40)):
        at = AREA | {"by": "visit", "level": level, "population": "due, any first score"}
        method = "mixed_unstructured_kenward_roger"
        rows.append(mean("observed mean", value, n, **at))
        rows.append(mean("marginal mean", value + 0.5, 60, **(at | {"method": method})))
    change = mean("change at visit", 2.5, 60, **AREA, by="visit", level="follow-up")
    rows.append(change | {"method": method, "population": "due, any first score"})
    tipping = mean("tipping change", -1.1, 20, **AREA, population="due, any first score")
    rows.append(tipping | {"method": "tipping_change", "low": None, "high": None})
    return rows


@cache
def release_grades(small: int, audience: str = "shareable") -> Released:
    return release(make_estimates(grades(small)), ORIGIN, audience=audience)


def read(shown: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown._repr_html_())).strip()


GRADED, MEASURED = release_grades(6), release(make_estimates(area()), ORIGIN)
NOTHING = release(make_estimates([]), ORIGIN)
each_of = pytest.mark.parametrize("show", DETAILS, ids=lambda show: show.__name__)


@each_of
@pytest.mark.parametrize("given", [None, GRADED.frame], ids=["None", "frame"])
def test_only_released_estimates_are_shown(show: Show, given: Any) -> None:
    """A frame is refused, even one that was taken out of a release."""
    with pytest.raises((TypeError, AttributeError)) as raised:
        show(given)
    assert "Only released" in str(raised.value) or given is None


@each_of
def test_a_page_without_details_draws_nothing(show: Show) -> None:
    """No table, no figure, and no sentence about patients there are none of."""
    html = show(NOTHING)._repr_html_()
    assert "<table" not in html
    assert "<svg" not in html


@each_of
def test_a_hidden_number_shows_nowhere(show: Show) -> None:
    """Whether one, two, three or four patients got worse, the words are the same but for totals
    that are shown."""
    told = {
        small: read(show(release_grades(small)))
        .replace(f"{50 + small}", "N")
        .replace(f"{40 + small}", "M")
        .replace(f"{90 + small}", "D")
        for small in (1, 4)
    }
    hidden = [re.findall(r"(?<!to )(?<!and )\b[14] of [NM]\b", text) for text in told.values()]
    assert hidden == [[], []]


@pytest.mark.parametrize(
    ("show", "released", "words"),
    [
        (tables.show_shift, GRADED, ["First and later grade", "3 30 20", "2 0 6", "56"]),
        (tables.show_answers, GRADED, ["1 very much improved 20 of 46 43 %", "5 worse 6 of 46"]),
        (tables.show_groups, GRADED, ["II 20 of 30 67 %", "V 0 of 6 0 %", "Exploratory"]),
        (tables.show_unseen, GRADED, ["among those seen 30 of 56", "as well as can be 70 of 96"]),
        (tables.show_visits, GRADED, ["before session 3 15 of 25 60 %", "follow-up 30 of 56"]),
        (tables.show_visits, MEASURED, ["baseline 60 9.0", "follow-up 40 6.0", "follow-up 60 6.5"]),
        (tables.show_visits, MEASURED, ["follow-up 60 +2.5 points +1.5 to +3.5"]),
        (tables.show_other_estimates, MEASURED, ["percentage 40 +41.5 %", "bootstrap 40 +3.0"]),
        (tables.show_differences, GRADED, ["as it is 56 −12.0 −30.0 to +6.0", "exploratory"]),
        (sentences.describe_scoring, GRADED, ["blinded 30 of 56", "92 days", "day 70 and day 120"]),
        (sentences.describe_scoring, GRADED, ["regression to the mean"]),
        (sentences.describe_unseen, GRADED, ["unless fewer than 19 of the 40 patients not seen"]),
        (sentences.describe_unseen, MEASURED, ["20 patients not seen again was worse than −1.1"]),
        (sentences.describe_groups, GRADED, ["−12.0 percentage points (95 % interval −30.0 to"]),
        (sentences.describe_visits, MEASURED, ["had all patients continued"]),
        (figures.plot_answers, GRADED, ["20 of 46", "does not", "meets the responder rule"]),
        (figures.plot_groups, GRADED, ["All patients", "30 of 56", "Skin type (Fitzpatrick)"]),
        (figures.plot_visits, GRADED, ["n = 25", "n = 56", "responders, 95 % interval"]),
        (figures.plot_visits, MEASURED, ["n = 60", "n = 40", "mean of the model"]),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_details_are_told(show: Show, released: Released, words: list[str]) -> None:
    """Every number stands with its patients, in the words a reader knows."""
    text = read(show(released))
    assert [each for each in words if each not in text] == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"count": 0, "value": 0.0}, "even if none of the 40 patients"),
        (
            {"count": None, "value": None, "status": "not estimable", "note": "x"},
            "not even if all of the 40 patients not seen again responded",
        ),
        ({"count": None, "value": None, "status": "too few"}, "Too few were seen again"),
    ],
)
def test_the_tipping_point_has_words_for_its_ends(changed: dict[str, Any], words: str) -> None:
    """It may hold whatever they did, or not even if all of them responded."""
    rows = [row | changed if row["statistic"] == "tipping point" else row for row in grades()]
    assert words in read(sentences.describe_unseen(release(make_estimates(rows), ORIGIN)))


def test_everybody_seen_again_is_said() -> None:
    """Nobody missing needs no bounds."""
    released = release(make_estimates(fates(10, 10, 0, 0, 40)), ORIGIN)
    assert read(sentences.describe_unseen(released)).startswith("Everybody whose follow-up was due")


@pytest.mark.parametrize("plot", FIGURES, ids=lambda plot: plot.__name__)
def test_the_alternative_text_has_the_numbers_of_the_figure(plot: Show) -> None:
    """What is drawn is told, and an interval with it."""
    figure = plot(GRADED)
    assert isinstance(figure, figures.Figure)
    numbers = re.findall(r"\b\d+ of \d+ patients", figure.alt)
    drawn = figure.html.split("</svg>")[0]
    assert len(numbers) >= 3
    for number in numbers:
        count, _, total, _ = number.split()
        assert f">{count} of {total}<" in drawn or f">n = {total}<" in drawn
    assert f'aria-label="{figure.alt.split(".")[0]}' in figure.html


@pytest.mark.parametrize("plot", FIGURES, ids=lambda plot: plot.__name__)
def test_a_suppressed_number_is_words_without_a_mark(plot: Show) -> None:
    """One mark less than on the internal page, and the caption says why."""
    shared, internal = plot(release_grades(3)), plot(release_grades(3, "internal"))
    drawings = [each.html.split("</svg>")[0] for each in (shared, internal)]
    marks = [len(re.findall(r"<(?:use|path)\b", drawing)) for drawing in drawings]
    assert marks[0] < marks[1]
    assert "words without a mark" in shared.html
    assert "words without a mark" not in internal.html


def test_where_nothing_can_be_drawn_the_numbers_are_folded() -> None:
    """A forest without a tree would be an empty card."""
    rows = [share(2, 3, **GRADES, by="skin type", level=level) for level in ("II", "III")]
    shown = figures.plot_groups(release(make_estimates([share(30, 40, **GRADES), *rows]), ORIGIN))
    html = shown._repr_html_()
    assert "<svg" not in html
    assert "none of them can be drawn" in html


def test_a_scale_without_a_rule_has_a_mean_and_says_why_no_share() -> None:
    """Millimetres of a stretch mark: nobody has published from how many on somebody responded."""
    width = {"concern": "stretch_marks", "scale": "striae_width"}
    steps = [row | width for row in fates(20, 10, 40, 0, 56)]
    released = release(make_estimates([*steps, mean("mean change", 1.4, 56, **width)]), ORIGIN)

    headline = read(sentences.describe_headline(released))
    assert "no share of responders, since nothing is published" in headline
    assert "The mean change was +1.4 mm (95 % interval +0.4 to +2.4; plus is better)" in headline
    assert "since nothing is published" in read(figures.plot_responders(released))


def test_a_scale_with_a_rule_has_no_such_reason() -> None:
    """Nobody was seen yet; what a responder is has long been published."""
    steps = [row | GRADES for row in fates(20, 10, 0, 0, 0)]
    released = release(make_estimates(steps), ORIGIN)

    for told in (sentences.describe_headline(released), figures.plot_responders(released)):
        assert "no share of responders" in read(told)
        assert "published" not in read(told)
