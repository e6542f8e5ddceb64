"""What ties numbers over time, and between units, to each other and to the rows about side effects.

The same sessions stand in several rows of a page: over all and by month in a chart, over all and by
clinic in a funnel, over all again among the side effects. Limits are computed from all points of a
chart, and signals compare points with limits: where one point is hidden, both are.
"""

from collections.abc import Sequence
from typing import Final

from analysis.show.disclosure.harm_links import equate, nest
from analysis.show.disclosure.page import Number, Page
from analysis.show.disclosure.rows import AVERAGES, EVERYTHING, NOT_SHOWN, Hiding, Row

LIMITS: Final = ", limits"
_QUESTIONS: Final = ("trends", "side effects")
_HARM: Final = "any_harm"
_EXPECTED, _ADVERSE, _ANY_EXPECTED = "expected", "adverse", "any_expected"

_Place = tuple[str, ...]


def hide_limits(rows: Sequence[Row], hiding: Sequence[Hiding]) -> list[Hiding]:
    """Hide the limits and signals of a chart or funnel of which any row is hidden."""
    hidden = {
        (_name_chart(row), row.by)
        for row, each in zip(rows, hiding, strict=True)
        if each.extent and row.question == "trends"
    }
    whole = Hiding(EVERYTHING, NOT_SHOWN)
    result = []
    for row, each in zip(rows, hiding, strict=True):
        chart = _name_chart(row)
        is_told = row.statistic.endswith(LIMITS) and not hidden.isdisjoint(
            {(chart, row.by), (chart, "")}
        )
        result.append(whole if is_told and each.extent < EVERYTHING else each)
    return result


def _name_chart(row: Row) -> _Place:
    about = (row.source, row.period, row.concern, row.term, row.unit, row.population)
    return (row.statistic.removesuffix(LIMITS), *about)


def link_trends(page: Page) -> None:
    """Note which counts of sessions and events are the same, and which are no more than others."""
    places: dict[_Place, dict[str, list[int]]] = {}
    for index, row in enumerate(page.rows):
        if row.question not in _QUESTIONS or row.unit not in ("sessions", "events"):
            continue
        if page.counts[index] is not None and row.method not in AVERAGES:
            place = (
                *(row.source, row.period, row.concern, row.population),
                *(row.by, row.level, row.by2, row.level2),
            )
            places.setdefault(place, {}).setdefault(row.term, []).append(index)
    for terms in places.values():
        sessions: dict[str, Number | None] = {}
        for term, members in terms.items():
            firsts = _link_same(page, members)
            sessions[term] = firsts.get("sessions")
            if term != _HARM:  # one side effect is one event of a session
                equate(page, firsts.get("sessions"), firsts.get("events"))
            nest(page, firsts.get("events"), firsts.get("sessions"))
        for term, count in sessions.items():
            if page.classes.get(term, _ADVERSE) != _EXPECTED and term not in (_HARM, _ANY_EXPECTED):
                nest(page, sessions.get(_HARM), count)


def _link_same(page: Page, members: Sequence[int]) -> dict[str, Number | None]:
    """Link rows of the same unit that have the same numbers; return the first count of each."""
    firsts: dict[str, int] = {}
    for index in members:
        row = page.rows[index]
        first = firsts.setdefault(row.unit, index)
        if (row.count, row.total) == (page.rows[first].count, page.rows[first].total):
            equate(page, page.counts[first], page.counts[index])
            equate(page, page.totals[first], page.totals[index])
    return {unit: page.counts[index] for unit, index in firsts.items()}
