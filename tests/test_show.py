"""What a reader is shown: sentences, tables and figures, made from released estimates only."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.estimates import bind_estimates, make_estimates
from analysis.show import figures, sentences, tables
from analysis.show.disclosure import Released, release
from analysis.show.figures.making import STYLES
from analysis.show.tables.definitions import define
from analysis.vocabulary import BUILT_IN
from test_disclosure import LEVELS, ORIGIN, course, share

Show = Callable[[Released], Any]

TABLES: list[Show] = [
    tables.show_rows,
    tables.show_characteristics,
    tables.show_fate,
    tables.show_responders,
    tables.show_direction,
    tables.show_mean_change,
    tables.show_side_effects,
    tables.show_intervals,
]
FIGURES: list[Show] = [figures.plot_responders, figures.plot_side_effects]
STORY: list[Show] = [
    sentences.describe_headline,
    sentences.describe_population,
    sentences.describe_change,
    sentences.describe_side_effects,
    sentences.describe_intervals,
    sentences.describe_scales,
    sentences.describe_terms,
]
ALWAYS: list[Show] = [sentences.describe_limitations, sentences.describe_provenance]
EVERYTHING = [*TABLES, *FIGURES, *STORY, *ALWAYS, sentences.describe_methods]


def side_effect(
    term: str, count: int, sessions: int, *, patients: int = 200, visits: int = 800
) -> list[dict[str, Any]]:
    about = {"question": "side effects", "term": term}
    rows = [share(count, patients, statistic="patients with", population="patients asked", **about)]
    if not count:
        bound = {"value": 1 - 0.05 ** (1 / patients), "low": None, "high": None}
        rows.append(rows[0] | {"statistic": "upper bound", "method": "exact_upper_bound"} | bound)
        rows[0] |= {"method": "clopper_pearson", "low": 0.0, "high": 0.018}
    of_sessions = {
        "statistic": "sessions with",
        "unit": "sessions",
        "method": "clustered_gee",
        "population": "sessions asked",
        "patients_count": count,
        "patients_total": patients,
        **{"low": None, "high": None, "confidence": None},
    }
    rows.append(share(sessions, visits, **about) | of_sessions)
    return rows


def a_page(*, small: int = 20) -> pd.DataFrame:
    """One of everything; ``small`` patients had milia, and as many sessions."""
    described = {"question": "population", "method": "count", "low": None, "high": None}
    described |= {"confidence": None, "value": None}
    treated = {"population": "patients treated", "statistic": "characteristic"}
    rows = [
        *(
            share(count, 602, statistic="rows", unit="rows", by="step", level=level, **described)
            for level, count in {"read": 602, "used": 598, "set aside": 4, "not data": 0}.items()
        ),
        share(598, None, statistic="sessions", unit="sessions", patients_count=210, **described),
        share(210, None, statistic="patients", population="patients treated", **described),
        share(150, 210, by="sex", level="female", **(described | treated | {"value": 150 / 210})),
        share(60, 210, by="sex", level="male", **(described | treated | {"value": 60 / 210})),
        share(71, 210, by="concern", level="acne_scars", **(described | treated)),
        share(
            *(210, 210),
            **(described | {"statistic": "age", "method": "median", "value": 36.0}),
            population="patients treated",
        ),
        *side_effect("erythema", 160, 400),
        *side_effect("milia", small, small),
        *side_effect("keloid", 0, 0),
        share(
            *(800, 900),
            question="side effects",
            statistic="recorded",
            unit="sessions",
            method="count",
            population="sessions selected",
            patients_count=200,
            patients_total=210,
            **{"low": None, "high": None, "confidence": None},
        ),
        share(
            *(65, 140),
            question="protocol",
            statistic="interval under four weeks",
            population="patients with a further session",
        ),
        share(
            *(140, 140),
            question="protocol",
            statistic="median interval",
            method="median",
            population="patients with a further session",
            value=32.0,
            **{"low": None, "high": None, "confidence": None},
        ),
    ]
    change = {"concern": "pigmentation", "scale": "mmasi", "statistic": "mean change"}
    change |= {"population": "seen again", "method": "mean_t", "value": -1.25}
    rows.append(share(22, 22, **change) | {"low": -2.04, "high": -0.46})
    return bind_estimates(make_estimates(rows), course(12, 6, 8, 5, 40, responders=24))


@cache
def release_page(small: int) -> Released:
    return release(a_page(small=small), ORIGIN)


def render(show: Show, released: Released) -> str:
    return str(show(released)._repr_html_())


def read_text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


PAGE = release_page(20)
AGAIN = release(a_page(), ORIGIN)
NOTHING = release(make_estimates([]), ORIGIN)
each_of = pytest.mark.parametrize("show", EVERYTHING, ids=lambda show: show.__name__)


@each_of
@pytest.mark.parametrize("given", [a_page(), None, PAGE.frame], ids=["estimates", "None", "frame"])
def test_only_released_estimates_are_shown(show: Show, given: Any) -> None:
    """A raw frame is refused, even one that was taken out of a release."""
    with pytest.raises(TypeError, match="Only released estimates can be shown"):
        show(given)


@pytest.mark.parametrize("show", [*TABLES, *FIGURES, *STORY], ids=lambda show: show.__name__)
def test_nothing_to_show_is_a_sentence(show: Show) -> None:
    """An empty table or figure is a sentence that says what there is nothing about."""
    html = render(show, NOTHING)
    assert "There is nothing to show yet about" in html
    assert "<table" not in html
    assert "<svg" not in html


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "total", "written"),
    [
        (0.6, 40, "60 %"),
        (0.125, 40, "13 %"),
        (0.285, 199, "29 %"),
        (1 / 3, 200, "33.3 %"),
        (0.0, 500, "0.0 %"),
        (1.0, 12, "100 %"),
        (0.5, None, "50 %"),
    ],
)
def test_percentages_feign_no_precision(value: float, total: int | None, written: str) -> None:
    """Whole percents below 200 in the denominator, one decimal from there; halves go up."""
    assert sentences.write_percent(value, total) == written


@pytest.mark.parametrize(
    ("row", "written"),
    [
        (share(24, 40), "24 of 40 patients (60 %, 95 % interval 30 to 80 %)"),
        (share(3, 200), "between 1 and 4 of 200 patients"),
        (share(198, 200), "between 196 and 199 of 200 patients"),
        (share(2, 3), "not shown (to protect small groups)"),
        (
            share(0, 0) | {"status": "not estimable", "value": None, "low": None, "high": None},
            "0 of 0 patients (cannot be estimated)",
        ),
    ],
)
def test_a_share_is_never_written_without_its_total(row: dict[str, Any], written: str) -> None:
    """Count, total, percentage and interval stand together, or words stand in their place."""
    released = release(make_estimates([row]), ORIGIN)
    shown = released.frame.to_dict("records")[0]
    assert sentences.write_share(shown, "patients") == written


def test_too_few_for_a_rate_is_said_in_words() -> None:
    """An internal page shows two of three, without a percentage, and no empty cell."""
    row = share(2, 3, concern="acne_scars", scale="gb_qual", status="too few", value=None)
    row |= {"low": None, "high": None, "confidence": None}
    released = release(make_estimates([row]), ORIGIN, audience="internal")
    assert "2 of 3 patients (too few for a percentage) responded" in read_text(
        render(sentences.describe_headline, released)
    )
    cells = re.findall(r"<td[^>]*>(.*?)</td>", render(tables.show_responders, released))
    assert cells[:3] == ["2 of 3", "too few for a percentage", "too few for a percentage"]


# --- nothing hidden gets out ------------------------------------------------------------------


@each_of
def test_a_hidden_number_shows_nowhere(show: Show) -> None:
    """Whether one, two, three or four patients had it, the reader sees the same bytes."""
    assert len({render(show, release_page(small)) for small in (1, 2, 3, 4)}) == 1


@pytest.mark.parametrize(
    "show", [tables.show_side_effects, figures.plot_side_effects, sentences.describe_side_effects]
)
def test_a_shown_number_shows(show: Show) -> None:
    """The test before this one could not fail if milia stood nowhere at all."""
    assert "20 of 200" in render(show, release_page(20))
    assert render(show, release_page(20)) != render(show, release_page(21))


def test_a_hidden_harm_is_said_in_words() -> None:
    """Never blank, never zero: in the sentence, the table, the figure and its alternative text."""
    released = release_page(3)
    told = read_text(render(sentences.describe_side_effects, released))
    assert "Milia: between 1 and 4 of 200 patients" in told
    row = re.search(
        r"<tr>\s*<th[^>]*>Milia</th>(.*?)</tr>",
        render(tables.show_side_effects, released),
        re.DOTALL,
    )
    assert row is not None
    assert re.findall(r"<td[^>]*>(.*?)</td>", row[1]) == [
        "1 to 4 of 200",  # patients
        "not shown",  # sessions
        "\N{EN DASH}",  # no events on this page
    ]
    figure = figures.plot_side_effects(released)
    assert isinstance(figure, figures.Figure)
    svg = figure.html.split("</svg>")[0]
    assert svg.count(">1 to 4 of 200<") == 1
    assert "Milia: between 1 and 4 of 200 patients" in figure.alt
    # "harm" is vermillion: in the legend always; as mark and line only where the number is shown
    shown = render(figures.plot_side_effects, release_page(20)).split("</svg>")[0]
    assert (svg.count("#d55e00"), shown.count("#d55e00")) == (3, 5)


def test_hidden_rows_stand_last_by_name() -> None:
    """Sorted by rate, a hidden row would tell its rate."""
    rows = [
        *side_effect("milia", 3, 3),
        *side_effect("bruising", 20, 30),
        *side_effect("acne_flare", 4, 4),
        *side_effect("keloid", 0, 0),
        *side_effect("erythema", 160, 400),
    ]
    released = release(make_estimates(rows), ORIGIN)
    kept = sentences.get_rows(released, "patients with")
    order = [row["term"] for row in sentences.sort_by_rate(released, kept)]
    assert order == ["erythema", "bruising", "keloid", "acne_flare", "milia"]


# --- the story --------------------------------------------------------------------------------


def test_the_headline_has_n_share_interval_and_follow_up() -> None:
    """One sentence per concern, and how many of those who were due were seen again."""
    told = read_text(render(sentences.describe_headline, PAGE))
    assert told.startswith(
        "Acne scars, Goodman and Baron qualitative grade: 24 of 40 patients (60 %, 95 % interval "
        "30 to 80 %) responded (responder: at least one grade better)."
    )
    assert "45 of 53 patients with a first score who were due were seen again (85 %); of 8" in told


def test_the_page_says_what_its_courses_are_of() -> None:
    """Headline, fates, intervals and provenance name the index modality in a reader's words."""
    shows = (
        *(sentences.describe_headline, tables.show_fate, tables.show_intervals),
        *(sentences.describe_intervals, sentences.describe_provenance),
    )
    usual = [read_text(render(show, PAGE)) for show in shows]
    assert all("mechanical microneedling in the clinic" in told for told in usual)
    for modality, words in {
        "rf_microneedling": "radiofrequency microneedling",
        "chemical_peel": "chemical peeling",
        "laser": "laser",
    }.items():
        released = release(a_page(), replace(ORIGIN, index_modality=modality))
        for show in shows:
            told = read_text(render(show, released))
            assert f"of {words} in the clinic" in told
            assert "mechanical" not in told


def test_the_headline_does_not_add_up_what_is_hidden() -> None:
    """Where a step is hidden, completeness is not told."""
    told = read_text(render(sentences.describe_headline, release(course(12, 3, 8, 2, 40), ORIGIN)))
    assert "How many were" in told
    assert "not shown" in told


def test_harm_that_nobody_had_has_its_upper_bound() -> None:
    """Zero of 200 is not "never"."""
    told = read_text(render(sentences.describe_side_effects, PAGE))
    assert "Not seen in any of 200 patients who were asked: keloid." in told
    assert "up to 1.5 % of patients could still have each of them (one-sided 95 %" in told
    assert "Redness: 160 of 200 patients (80.0 %, 95 % interval 40.0 to 90.0 %)" in told
    assert "sessions: 400 of 800 (50.0 %)" in told
    assert "recorded (also as none) at 800 of 900 sessions (88.9 %)" in told


def test_change_is_after_and_never_due_to() -> None:
    """A log without controls cannot say what caused a change."""
    told = read_text(render(sentences.describe_change, PAGE))
    assert "after the course" in told
    assert "change after treatment" in told
    whole = " ".join(read_text(render(show, PAGE)) for show in EVERYTHING).lower()
    for word in ("due to", "anonymous", "effective", "caused by", "safe "):
        assert word not in whole


def test_a_mean_change_has_its_sign_and_says_what_plus_is() -> None:
    """Minus is worse, whatever the direction of the scale."""
    told = read_text(render(sentences.describe_change, PAGE))
    assert (
        "The mean change was \N{MINUS SIGN}1.3 points (95 % interval \N{MINUS SIGN}2.0 to "
        "\N{MINUS SIGN}0.5; plus is better), in 22 patients." in told
    )


def test_each_scale_says_which_direction_is_better() -> None:
    """And whether the rule for responders was published."""
    told = read_text(render(sentences.describe_scales, PAGE))
    assert "Goodman and Baron qualitative grade: lower is better (1 to 4 grades)." in told
    assert "at least one grade better; a convention, not a published threshold." in told


def test_each_term_on_the_page_is_told_with_its_source() -> None:
    """Concerns, scales and side effects that the page uses, and who has checked them."""
    told = read_text(render(sentences.describe_terms, PAGE))
    assert "Acne scars: Scars left by acne" in told
    assert "Goodman GJ, Baron JA 2006" in told
    assert "Not reviewed by a clinician." in told
    assert "Stretch marks" not in told


@pytest.mark.parametrize(
    "limit",
    [
        "Retrospective",
        "No control group",
        "Regression to the mean",
        "Missing follow-up",
        "Not a prediction for one person",
        "Not for advertising, and not a medical device",
        "fewer than 5 patients",
    ],
)
def test_the_page_says_what_it_cannot_tell(limit: str) -> None:
    """Every limitation stands on every page."""
    assert limit in read_text(render(sentences.describe_limitations, PAGE))


def test_synthetic_data_and_an_unreviewed_vocabulary_are_said_plainly() -> None:
    """Said where it holds, and nowhere else."""
    told = read_text(render(sentences.describe_limitations, PAGE))
    assert told.startswith("Synthetic data: these patients were invented")
    assert ("The vocabulary is unreviewed" in told) == (not BUILT_IN.is_reviewed)
    real = release(a_page(), replace(ORIGIN, synthetic=False))
    for show in [*STORY, *ALWAYS]:
        assert "ynthetic" not in render(show, real)


def test_the_methods_are_those_that_stand_behind_a_number() -> None:
    """Footnotes come from the methods of the released rows."""
    told = read_text(render(sentences.describe_methods, PAGE))
    assert "Wilson score interval" in told
    assert "Exact one-sided upper bound" in told
    only = render(sentences.describe_methods, PAGE.keep(statistic="responders"))
    assert "Wilson score interval" in only
    assert "Median" not in only


def test_the_provenance_has_months_and_no_dates_of_patients() -> None:
    """Data until is a calendar month."""
    told = read_text(render(sentences.describe_provenance, PAGE))
    assert "Data until June 2026" in told
    assert "0123456789abcdef" in told


def test_what_comes_from_a_source_is_escaped() -> None:
    """A title or selection is text, never markup."""
    evil = "<script>alert(1)</script> & <b>"
    acne = replace(BUILT_IN.concerns["acne_scars"], name=evil)
    keloid = replace(BUILT_IN.side_effects["keloid"], name=evil)
    vocabulary = replace(
        BUILT_IN,
        concerns={**BUILT_IN.concerns, "acne_scars": acne},
        side_effects={**BUILT_IN.side_effects, "keloid": keloid},
    )
    origin = replace(
        ORIGIN, title=evil, source=evil, selection=evil, data_hash=evil, vocabulary=vocabulary
    )
    released = release(a_page(), origin)
    for show in EVERYTHING:
        html = render(show, released)
        assert "<script" not in html
        assert "<b>" not in html


# --- tables -----------------------------------------------------------------------------------


class Outline(HTMLParser):
    """Ids, references, header cells and tags of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: set[str] = set()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("headers", "aria-labelledby"):
            self.references.update(given.get(name, "").split())
        for value in given.values():
            self.references.update(re.findall(r"url\(#([^)]+)\)", value))
        if given.get("href", "").startswith("#"):
            self.references.add(given["href"][1:])


@pytest.mark.parametrize("show", TABLES, ids=lambda show: show.__name__)
def test_a_table_can_be_read_by_a_screen_reader(show: Show) -> None:
    """Caption, scope on every header cell, a focusable region named by the caption, no style."""
    html = render(show, PAGE)
    outline = Outline(html)
    tags = [tag for tag, _ in outline.tags]
    region = outline.tags[0][1]
    assert (region["class"], region["role"], region["tabindex"]) == ("scroll", "region", "0")
    assert tags.count("caption") == 1
    assert all(given.get("scope") for tag, given in outline.tags if tag == "th")
    assert "style" not in tags
    assert "style=" not in html
    assert outline.references <= {*outline.ids}


def test_ids_do_not_collide_on_a_page() -> None:
    """All tables and figures of a page together have each id once, and every reference ends."""
    parts = [PAGE.keep(concern=["", "acne_scars"]), PAGE.keep(concern="pigmentation")]
    html = "".join(render(show, PAGE) for show in [*TABLES, *FIGURES])
    html += "".join(render(tables.show_responders, part) for part in parts[:1]).replace(
        render(tables.show_responders, PAGE), ""
    )
    html += render(tables.show_mean_change, parts[1]).replace(
        render(tables.show_mean_change, PAGE), ""
    )
    outline = Outline(html)
    assert len(outline.ids) == len({*outline.ids})
    assert outline.references <= {*outline.ids}


def test_side_effects_stand_on_patients_and_sessions() -> None:
    """Side by side, zero with its bound, the share recorded and the counting rule beneath."""
    text = read_text(render(tables.show_side_effects, PAGE))
    assert "Redness 160 of 200, 80.0 % 40.0 to 90.0 % 400 of 800, 50.0 %" in text
    assert "Keloid 0 of 200, 0.0 % 0.0 to 1.8 % bound 1.5 % 0 of 800, 0.0 %" in text
    assert "recorded at 800 of 900 sessions (88.9 %)" in text
    assert "counts once per side effect" in text


def test_below_a_table_stands_what_its_numbers_mean() -> None:
    """No number without saying what is counted, of whom, how, and where the method is from."""
    html = render(tables.show_responders, PAGE)
    assert re.search(r'</div>\s*<details class="meaning">\s*<summary>What each number', html)
    text = read_text(html)
    assert "Responders: patients whose scores meet the responder rule of the scale, of pati" in text
    assert "patients of a first course with the scores the scale needs who could respond (" in text
    assert "by Wilson score interval (Wilson EB 1927, J Am Stat Assoc 22:209-212;" in text
    assert text.endswith(", confidence 95 %.")


@pytest.mark.parametrize("show", [*TABLES, *FIGURES], ids=lambda show: show.__name__)
def test_definitions_stand_one_tap_away(show: Show) -> None:
    """Once for a table, and never folded inside what is folded already."""
    html = render(show, PAGE)
    assert html.count("What each number means") == 1
    folded = html.partition("<details")[2]
    assert "<details" not in folded
    assert "What each number means" in folded


def test_a_number_of_an_unknown_kind_still_has_whom_and_how() -> None:
    """A statistic without words of its own is named as it is; markup in it is text."""
    row = {"statistic": "<b>new", "by": "", "population": "<i>all", "method": "wilson"}
    told = define([row | {"confidence": 0.95}])
    assert "&lt;b&gt;new:</strong> <em>of</em> &lt;i&gt;all, <em>by</em> Wilson" in told
    assert define([{"address": "a published result"}]) == ""


def test_columns_below_one_heading_are_a_group() -> None:
    """What a heading over several columns belongs to is said by groups of columns, and a heading
    over several lines stands in a body of its own: no cell needs to name its headings."""
    made = tables.make_table(
        "trial",
        "Trial",
        [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "6\n7"}],
        {"a": "A", "b": "B", "c": "C"},
        shown=[],
        groups=["x <y>", "z"],
        spanners={"both": ["b", "c"]},
    )
    assert '<colgroup span="1"></colgroup><colgroup span="2"></colgroup>' in made.html
    assert made.html.count("<tbody>") == 2
    assert '<th class="gt_group_heading" scope="rowgroup" colspan="3">x &lt;y&gt;</th>' in made.html
    assert "headers=" not in made.html
    assert '<td class="gt_right">6\n7</td>' in made.html


def test_the_flow_keeps_not_yet_due_apart_from_lost() -> None:
    """Each step of a first course has its own line."""
    text = read_text(render(tables.show_fate, PAGE))
    for words, count in zip(tables.STEPS.values(), (12, 6, 8, 5, 40), strict=True):
        assert f"{words} {count} of 71" in text
    assert [*tables.STEPS] == [*LEVELS]


# --- figures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("plot", FIGURES, ids=lambda plot: plot.__name__)
def test_a_figure_says_its_numbers_in_words(plot: Show) -> None:
    """The alternative text, made of the numbers, and a table behind it; text is text."""
    figure = plot(PAGE)
    svg = next(given for tag, given in Outline(figure.html).tags if tag == "svg")
    assert svg["role"] == "img"
    assert svg["aria-label"] == figure.alt == repr(figure)
    for row in sentences.get_rows(
        PAGE, "responders" if "esponders" in plot.__name__ else "patients with"
    ):
        assert sentences.write_share(row, "patients") in figure.alt
        assert f">{sentences.write_count(row)}</text>" in figure.html
    assert "<figcaption>" in figure.html
    assert re.search(r"<details>\s*<summary>.*<table", figure.html, re.DOTALL)
    for cargo in ("<style", "<metadata", "<!--", "<?xml", "<!DOCTYPE", "xlink", "base64", "http:"):
        assert cargo not in figure.html.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_every_colour_has_a_shape_of_its_own() -> None:
    """Who sees no colours tells the kinds of marks apart by their shapes."""
    colours, shapes = zip(*STYLES, strict=True)
    assert len({*colours}) == len({*shapes}) == len(STYLES)


def test_no_figure_stays_open() -> None:
    """Drawing leaves nothing behind in pyplot, whatever number of reports one process makes."""
    from matplotlib import pyplot

    for plot in FIGURES:
        plot(PAGE)
    assert pyplot.get_fignums() == []


def test_the_readers_own_settings_do_not_change_a_figure() -> None:
    """A style that somebody set in a notebook or in matplotlibrc is not in the page."""
    from matplotlib import rc_context

    with rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        styled = render(figures.plot_responders, PAGE)
    assert styled == render(figures.plot_responders, PAGE)


# --- the same numbers are the same bytes ------------------------------------------------------


@each_of
def test_the_same_numbers_are_the_same_bytes(show: Show) -> None:
    """Twice in one process, and from another release of the same estimates."""
    assert render(show, PAGE) == render(show, AGAIN)
    assert "0x" not in repr(show(PAGE))


def test_another_process_makes_the_same_bytes() -> None:
    """With another hash seed and time zone."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_show as t; import hashlib;"
        "print(hashlib.sha256(''.join(t.render(s, t.PAGE) for s in t.EVERYTHING).encode())"
        ".hexdigest())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(texts) == 1
    assert len(texts.pop().strip()) == 64
