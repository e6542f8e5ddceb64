"""Charts on a shared page: somebody adds up the points, and must be left with a choice.

The attacker here shares no code with disclosure control. He thinks of months: so many sessions with
the harm, so many without, so many events beyond the first of a session. Every number of the page is
a sum of these, so an integer program tells whether a hidden one could be another than it is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.answers import trends
from analysis.estimates import bind_estimates, make_estimates
from analysis.show import figures, sentences, tables
from analysis.show.disclosure import Released, release
from counted import Counted, count_months, list_months
from test_disclosure import ORIGIN, share
from test_outcome_disclosure import find_range

SHARE, RATE = "sessions with, over time", "events, over time"
FIRST = "2024-01"
WITH, WITHOUT, MORE = range(3)
"""Of each month: sessions with the harm, sessions without, events beyond the first."""


def make_page(cells: Sequence[tuple[int, ...]], term: str = trends.HARM) -> pd.DataFrame:
    """The chart of these months, and the same sessions among the side effects."""
    frame = trends.chart_harms(Counted(count_months(FIRST, cells), as_of="2030-01-01"), term)
    whole = frame[(frame["statistic"] == SHARE) & (frame["by"] == "")].iloc[0]
    names = ("count", "total", "patients_count", "patients_total")
    same = share(**{name: int(whole[name]) for name in names}, question="side effects")
    same |= {"statistic": "sessions with", "unit": "sessions", "population": "sessions asked"}
    return bind_estimates(frame, make_estimates([same | {"term": term}], source="clinic"))


def list_quarters(months: int) -> dict[str, list[int]]:
    """Each month and quarter, and which months are in it."""
    places: dict[str, list[int]] = {"": [*range(months)]}
    for place, month in enumerate(list_months(FIRST, months)):
        year, number = month.split("-")
        places[month] = [place]
        places.setdefault(f"{year}-Q{(int(number) + 2) // 3}", []).append(place)
    return places


def pick(months: int, among: Sequence[int], *kinds: int) -> np.ndarray:
    """Return which cells make a number."""
    wanted = np.zeros((months, 3))
    wanted[np.ix_([*among], [*kinds])] = 1
    return wanted.ravel()


def collect_clues(frame: pd.DataFrame, months: int) -> list[tuple[np.ndarray, float, float]]:
    """What the released rows tell: sums of cells and what they are."""
    places = list_quarters(months)
    clues = []
    for row in frame.to_dict("records"):
        if row["statistic"].endswith(", limits"):
            continue
        among = places[row["level"]]
        kinds = (WITH, MORE) if row["unit"] == "events" else (WITH,)
        if not pd.isna(row["count"]):
            clues.append((pick(months, among, *kinds), row["count"], row["count"]))
        if not pd.isna(row["total"]):
            clues.append((pick(months, among, WITH, WITHOUT), row["total"], row["total"]))
    return clues


def find_leaks(cells: Sequence[tuple[int, ...]], frame: pd.DataFrame) -> list[str]:
    """Return the small groups that somebody can work out; a patient came once in these months."""
    # that no number is below none is known without any row
    clues = [(np.zeros(3 * len(cells)), 0.0, 0.0), *collect_clues(frame, len(cells))]
    leaks = []
    for name, among in list_quarters(len(cells)).items():
        if name not in {*frame["level"]}:
            continue
        numbers = {
            "with": (sum(cells[each][0] for each in among), (WITH,)),
            "asked": (sum(cells[each][1] for each in among), (WITH, WITHOUT)),
        }
        for what, (true, kinds) in numbers.items():
            wanted = pick(len(cells), among, *kinds)
            if 0 < true < 5 and find_range(clues, wanted) == (true, true):
                leaks.append(f"{name}, {what}: {true}")
    return leaks


def has_limits(frame: pd.DataFrame, statistic: str) -> bool:
    limits = frame[frame["statistic"] == f"{statistic}, limits"]
    return bool(limits["value"].notna().any())


def is_whole(frame: pd.DataFrame, statistic: str) -> bool:
    return not (frame.loc[frame["statistic"] == statistic, "status"] == "suppressed").any()


HIDDEN = [(9, 30)] * 6 + [(3, 30)] + [(9, 30)] * 7
PAGES = {
    "one small month": HIDDEN,
    "one small month, two events a session": [(w, n, w, n, w + 1) for w, n in HIDDEN],
    "two small months": [(9, 30)] * 10 + [(2, 30), (4, 30), (9, 30), (9, 30)],
    "a month of three sessions": [(9, 30)] * 12 + [(1, 3)],
    "a month of which three had none": [(9, 30)] * 12 + [(27, 30)],
    "hardly any harm": [(0, 30)] * 10 + [(1, 30), (0, 30), (2, 30)],
    "a small quarter": [(1, 30), (1, 30), (0, 30), *[(3, 30)] * 12],
}


@pytest.mark.parametrize("term", [trends.HARM, "milia"])
@pytest.mark.parametrize("name", PAGES)
def test_no_small_month_comes_out_of_a_chart(name: str, term: str) -> None:
    """Not by adding up, not from the chart of events, not from the row among the side effects."""
    page = release(make_page(PAGES[name], term), ORIGIN)
    assert find_leaks(PAGES[name], page.frame) == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 25), st.integers(0, 2)).map(
            lambda cell: (
                (cell[0], cell[0] + cell[1], cell[0], cell[0] + cell[1], cell[0] + cell[2])
                if cell[0]
                else (0, cell[1], 0, cell[1], 0)
            )
        ),
        min_size=3,
        max_size=16,
    )
)
def test_no_small_month_comes_out_of_any_chart(cells: list[tuple[int, ...]]) -> None:
    """And limits stand only beside charts of which every row is shown."""
    frame = release(make_page(cells), ORIGIN).frame
    assert find_leaks(cells, frame) == []
    for statistic in (SHARE, RATE):
        assert is_whole(frame, statistic) or not has_limits(frame, statistic)


def test_one_hidden_point_takes_the_limits_and_signals_along() -> None:
    """The dispersion and the limits rest on it, and so does the run it stands in; an internal page
    has them all."""
    page = make_page(HIDDEN)
    assert has_limits(page, SHARE)
    frame = release(page, ORIGIN).frame
    limits = frame[frame["statistic"].str.endswith(", limits")]
    assert len(limits) == 2 * 14
    assert {*limits["status"]} == {"suppressed"}
    assert {*limits["note"]} == {""}
    assert limits[["value", "low", "high", "se", "total"]].isna().all(axis=None)
    assert has_limits(release(page, ORIGIN, audience="internal").frame, SHARE)


def test_charts_without_a_hidden_point_keep_their_limits() -> None:
    """One chart's hidden point is no reason to hide another's limits."""
    # milia are harm, so there are none where there is little harm
    cells = [(6, 30)] * 6 + [(0, 30)] + [(6, 30)] * 7
    counted = Counted(count_months(FIRST, cells), as_of="2030-01-01")
    page = bind_estimates(make_page(HIDDEN), trends.chart_harms(counted, "milia"))
    frame = release(page, ORIGIN).frame
    assert has_limits(frame[frame["term"] == "milia"], SHARE)
    assert not has_limits(frame[frame["term"] == trends.HARM], SHARE)


def test_a_hidden_mean_of_pain_takes_the_limits_along() -> None:
    """Three patients had pain recorded in a month: neither their number nor their mean is told."""
    months = list_months("2024-03", 14)
    # March is all of its quarter, so that quarters would hide it as well
    pain = dict.fromkeys(months, (4.0, 20, 20))
    pain |= {months[0]: (9.0, 3, 3), months[5]: (5.0, 20, 20)}
    frame = trends.chart_pain(Counted({}, as_of="2030-01-01", pain=pain))
    statistic = "mean pain, over time"
    assert has_limits(frame, statistic)
    shown = release(frame, ORIGIN).frame
    hidden = shown[(shown["statistic"] == statistic) & (shown["status"] == "suppressed")]
    assert months[0] in {*hidden["level"]}
    assert len(hidden) > 1
    assert hidden[["value", "count", "total"]].isna().all(axis=None)
    assert not has_limits(shown, statistic)


def test_a_hidden_clinic_takes_the_funnel_along() -> None:
    """The limits rest on all units, so they would tell of one that is hidden."""
    cells = {f"clinic {n}": (20 + n, 200) for n in range(6)}
    statistic = "sessions with, by unit"
    for small, is_shown in ((2, False), (12, True)):
        counted = Counted(cells | {"small clinic": (small, 100)})
        frame = release(trends.compare_clinics(counted), ORIGIN).frame
        assert has_limits(frame, statistic) == is_shown
        assert is_whole(frame, statistic) == is_shown


def test_what_is_hidden_is_told_nowhere() -> None:
    """Not in a table, a sentence, a figure or its alternative text: two in one month and three in
    the next look as three and two."""

    def show(small: int) -> list[str]:
        cells = [(9, 30)] * 6 + [(small, 30), (5 - small, 30)] + [(9, 30)] * 6
        released: Released = release(make_page(cells), ORIGIN)
        shown: list[Any] = [
            *(figures.plot_chart(released, kind) for kind in ("share", "rate")),
            *(tables.show_chart(released, kind) for kind in ("share", "rate")),
            sentences.describe_trends(released),
        ]
        return [part for each in shown for part in (each.html, repr(each))]

    assert show(2) == show(3)
    assert sentences.HIDDEN_LIMITS in show(2)[-1]


def test_an_alarm_does_not_tell_a_hidden_number() -> None:
    """Whether there are less than half of twenty is told; how many of one to four is not."""

    def check(sessions: int) -> pd.DataFrame:
        months = dict.fromkeys(list_months("2025-06", 12), 20) | {"2026-06": sessions}
        page = trends.check_freshness(Counted({}, filled={"": months | {"2026-Q2": 40}}))
        return release(page, ORIGIN).frame

    assert check(2).equals(check(4))
    assert not check(4).equals(check(5))
    assert check(2).set_index("statistic")["value"].to_dict()["alarm"] == 1


def test_the_same_clinics_among_the_groups_of_harm_are_added_up_too() -> None:
    """There the two clinics with the fewest sessions are one level; the small one is that level
    less the other of them, if the funnel shows it."""
    clinics = {"A": (2, 40), "B": (6, 200), "C": (9, 60)}
    clinics |= {f"D{n}": (20, 200) for n in range(3)}
    page = trends.compare_clinics(Counted(clinics))
    groups = {name: [name] for name in clinics if name not in "AC"} | {"other": ["A", "C"]}
    rows = []
    for level, members in ({"": [*clinics]} | groups).items():
        count, total = (sum(clinics[name][place] for name in members) for place in (0, 1))
        row = share(count, total, question="side effects", statistic="sessions with")
        row |= {"unit": "sessions", "population": "sessions asked", "term": trends.HARM}
        row |= {"patients_count": count, "patients_total": total, "by": "clinic" if level else ""}
        rows.append(row | {"level": level})
    released = release(bind_estimates(page, make_estimates(rows, source="clinic")), ORIGIN).frame
    places = {"": [*clinics]} | {name: [name] for name in clinics} | groups
    clues = [(np.zeros(len(clinics)), 0.0, 0.0)]
    for row in released[~released["statistic"].str.endswith(", limits")].to_dict("records"):
        if not pd.isna(row["count"]):
            wanted = np.array([float(name in places[row["level"]]) for name in clinics])
            clues.append((wanted, row["count"], row["count"]))
    small = np.array([float(name == "A") for name in clinics])
    assert find_range(clues, small) != (2, 2)
