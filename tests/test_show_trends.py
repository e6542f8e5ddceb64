"""Trends as a reader sees them: alarm first, signals by shape and in words, nothing by mistake."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.answers import trends
from analysis.errors import UsageError
from analysis.estimates import bind_estimates
from analysis.individuals import InternalEstimates
from analysis.intake.cohort import Cohort
from analysis.show import figures, sentences, tables
from analysis.show.disclosure import Released, admit, release
from counted import Counted, count_months, list_months
from logs import load
from test_disclosure import ORIGIN

# March is far above the others, and the last month is not over.
CELLS = [(6, 60)] * 2 + [(40, 60)] + [(6, 60)] * 10 + [(9, 60)]
CLINICS = {f"clinic {n}": (20 + n, 200) for n in range(7)} | {"<far> clinic": (120, 200)}
OVER_TIME: list[Callable[[Released], Any]] = [
    sentences.describe_freshness,
    sentences.describe_trends,
    sentences.describe_clinics,
    tables.show_freshness,
    tables.show_clinics,
    figures.plot_clinics,
    *(
        lambda released, show=show, kind=kind: show(released, kind)
        for show in (tables.show_chart, figures.plot_chart)
        for kind in ("share", "rate", "pain")
    ),
]
HELD: list[Callable[[InternalEstimates, Released], Any]] = [
    sentences.describe_events,
    sentences.describe_units,
    tables.show_events,
    tables.show_units,
    figures.plot_events,
    figures.plot_units,
]


def make(audience: str = "shareable", *, last: int = 20, column: int = 40) -> Released:
    """A page with charts, clinics and what is known of the log."""
    months = count_months("2024-01", CELLS)
    pain = dict.fromkeys(list_months("2024-01", 14), (4.0, 30, 30)) | {"2024-05": (5.0, 30, 30)}
    quarters = ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1"]
    volume = dict.fromkeys(list_months("2024-03", 12), 20) | {"2025-03": last}
    filled = {
        "": volume | dict.fromkeys(quarters, 40),
        "needle length": dict.fromkeys(quarters, 40) | {"2025-Q1": column},
    }
    counted = Counted(months, as_of="2025-02-20", pain=pain)
    log = Counted({}, as_of="2025-03-31", filled=filled)
    page = bind_estimates(
        trends.check_freshness(log),
        trends.chart_harms(counted),
        trends.chart_pain(counted),
        trends.compare_clinics(Counted(CLINICS)),
    )
    origin = replace(ORIGIN, as_of="2025-03-31", data_until="2025-03")
    return release(page, origin, audience=audience)


def read(shown: Any) -> str:
    """Return the words of what is shown."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown._repr_html_())).strip()


@pytest.mark.parametrize("show", OVER_TIME)
def test_only_released_estimates_are_shown(show: Callable[[Any], Any]) -> None:
    """A frame is refused, even one that was taken out of a release."""
    with pytest.raises((TypeError, AttributeError)):
        show(make().frame)


@pytest.mark.parametrize("show", OVER_TIME)
def test_the_same_page_is_the_same_bytes(show: Callable[[Any], Any]) -> None:
    """No clock, no random id."""
    assert show(make())._repr_html_() == show(make())._repr_html_()


def test_an_alarm_comes_first_and_alone() -> None:
    """As a paragraph of its own, before until when the data go."""
    html = sentences.describe_freshness(make(last=9, column=10)).html
    first, second, third = re.findall(r"<p>(.*?)</p>", html)
    assert first == (
        "<strong>Alarm:</strong> in March 2025 the log has less than 50 % of the usual number of "
        "sessions."
    )
    assert second == (
        "<strong>Alarm:</strong> needle length were written down at less than 50 % of the usual "
        "share of sessions in 2025-Q1 (10 of 40 (25 %); usual 100 %)."
    )
    assert third.startswith("Data until March 2025. The log was read on 2025-03-31;")
    assert "No alarm" not in html


def test_without_an_alarm_it_is_said_so() -> None:
    """And the usual number stands beside."""
    told = read(sentences.describe_freshness(make()))
    assert told == (
        "Data until March 2025. The log was read on 2025-03-31; its last session was in the same "
        "month. Sessions in the last full month, March 2025: 20 (usual 20, the median of the year "
        "before). No alarm: what is usual goes on."
    )


def test_days_since_the_last_session_are_for_internal_pages() -> None:
    """A shareable page has months only, whatever it is handed."""
    held = InternalEstimates(pd.DataFrame(), days_since=17)
    assert "17 days" in read(sentences.describe_freshness(make("internal"), held))
    assert "17" not in read(sentences.describe_freshness(make(), held))
    assert "17" not in repr(held)


def test_signals_are_told_in_words_and_by_shape() -> None:
    """March is above the limit; a hollow mark is the month that is not complete."""
    released = make()
    told = read(sentences.describe_trends(released))
    assert "Sessions with any harm , by month, January 2024 to February 2025" in told
    assert "Trial limits, from fewer than 20 points. Signals: above the upper limit (March" in told
    assert "Making Data Count" in told
    assert "chance alone is an unlikely reason; it does not say what the reason is" in told
    figure = figures.plot_chart(released, "share")
    assert "March 2024: 67 % (beyond a limit)" in figure.alt
    assert "beyond a limit</text>" in figure.html
    assert "n = 60 sessions a month</text>" in figure.html
    assert "not complete" in read(tables.show_chart(released, "share"))
    assert "A hollow mark is a period that is not complete." in figure.html


def test_a_chart_without_limits_says_why() -> None:
    """And has no line for them."""
    counted = Counted(count_months("2024-01", [(9, 60)] * 5), as_of="2025-01-01")
    released = release(trends.chart_harms(counted), ORIGIN)
    shown = [
        sentences.describe_trends(released),
        figures.plot_chart(released, "share"),
        tables.show_chart(released, "share"),
    ]
    for each in shown:
        assert "Fewer than 12 points have no limits." in read(each)
    assert "dashed steps" not in shown[1].html


def test_the_table_has_what_the_figure_draws() -> None:
    """Number, value, limits and signal of each month, and all of them."""
    text = repr(tables.show_chart(make(), "share"))
    lines = {line.split("\t")[0]: line.split("\t")[1:] for line in text.splitlines()[2:]}
    assert len(lines) == len(CELLS) + 1
    # 0.1440 + 3 * 0.0453 * 1.780: centre, standard error of sixty, and (12.5 + 12.5 + 1.1) / 13
    # standard errors from one month to the next, over 1.128
    assert lines["March 2024"] == ["40 of 60", "67 %", "0 to 39 %", "above the upper limit"]
    assert lines["all"][0] == "121 of 840 sessions (14.4 %)"
    rate = repr(tables.show_chart(make(), "rate"))
    assert "40 in 60\t66.7 per 100 sessions" in rate


def test_a_clinic_beyond_the_funnel_is_named_and_none_is_ranked() -> None:
    """Clinics come by name, their names are escaped."""
    released = make()
    told = read(sentences.describe_clinics(released))
    assert "&lt;far&gt; clinic: above the 99.8 % limit." in told
    assert "this is no ranking" in told
    figure = figures.plot_clinics(released)
    assert "<far>" not in figure.html
    assert "above the 99.8 % limit" in figure.alt
    names = [line.split("\t")[0] for line in repr(tables.show_clinics(released)).splitlines()[2:]]
    assert names == [*sorted(CLINICS), "all"]


def test_an_unknown_chart_is_refused_with_the_possible_ones() -> None:
    """Not drawn empty."""
    with pytest.raises(UsageError, match="share"):
        figures.plot_chart(make(), "shares")


def test_a_page_without_trends_has_nothing_of_them() -> None:
    """A sentence in place of each, and no empty figure."""
    released = release(trends.compare_clinics(Counted({})), ORIGIN)
    for show in OVER_TIME:
        assert "<svg" not in show(released)._repr_html_()


# --- for internal pages -------------------------------------------------------------------------

LOG = """
patient | day | operator | cartridge_lot | harm
""" + "".join(
    f"p{n} | {10 * n} | Dr {n % 6} | LOT{n % 7} | {'hypopigmentation' if n % 2 else 'none'}\n"
    f"p{n} | {10 * n + 90} | Dr {n % 6} | LOT{n % 7} | none\n"
    for n in range(30)
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Thirty patients, fifteen with a lasting harm."""
    return load(tmp_path_factory.mktemp("show-trends"), LOG, as_of=1000)


@pytest.mark.parametrize("show", HELD, ids=lambda show: show.__name__)
def test_events_operators_and_lots_are_on_internal_pages_only(
    show: Callable[[Any, Any], Any], cohort: Cohort
) -> None:
    """A shareable page with them by mistake shows none; an internal one is marked."""
    answer = trends.list_events if "events" in show.__name__ else trends.compare_units
    held = answer(cohort) if answer is trends.list_events else answer(cohort, "hypopig")
    assert not held.frame.empty
    estimates = trends.chart_harms(cohort)
    for audience in ("shareable", "internal"):
        shown = show(held, release(estimates, cohort.origin, audience=audience))
        everything = f"{shown._repr_html_()} {shown!r} {vars(shown)}"
        tells = any(name in everything for name in ("Dr 1", "LOT1", "2024-"))
        is_marked = "data-audience" in shown._repr_html_()
        if audience == "shareable":
            assert not tells
            assert not is_marked
        else:
            assert tells or "describe" in show.__name__
            assert is_marked or "describe" in show.__name__
            assert not any(name in repr(shown) for name in ("Dr 1", "LOT1")) or not is_marked


def test_what_is_held_is_opened_for_internal_pages_only(cohort: Cohort, tmp_path: Path) -> None:
    """And a frame is refused."""
    held = trends.list_events(cohort)
    released = release(trends.chart_harms(cohort), cohort.origin)
    assert admit(held, released) is None
    with pytest.raises(TypeError, match="Only what an answer holds"):
        admit(held.frame, released)  # type: ignore[type-var]


def test_the_rules_for_signals_stand_among_the_methods() -> None:
    """No number has them as its method, and a page with charts names them."""
    told = read(sentences.describe_methods(make()))
    for name in ("P'-chart", "XmR-chart", "Signals by the rules of Making Data Count", "Alarm"):
        assert name in told.replace("&#x27;", "'")
    clinics = release(trends.compare_clinics(Counted(CLINICS)), ORIGIN)
    assert "Making Data Count" not in read(sentences.describe_methods(clinics))
