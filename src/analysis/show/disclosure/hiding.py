"""Hides further rows until no hidden number can be worked out from the shown ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from analysis.show.disclosure.outcome_links import link_outcomes
from analysis.show.disclosure.page import GIVEN_UP_LAST, Number, Page, Sum
from analysis.show.disclosure.reader import Reader, collect_known, reach
from analysis.show.disclosure.rows import (
    ANALYSED,
    AVERAGES,
    COUNT,
    EVERYTHING,
    NOT_SHOWN,
    NOTHING,
    Hiding,
    Row,
)

# Details and groups are given up before what a page is about.
_DETAILS: Final = (
    *("shift", "rater", "answer", "responders at visit"),
    *("halves", "half that did better", "responders of a half", "halves that responded"),
    "difference in responders between halves",
)
_GROUPINGS: Final = (
    *("skin type group", "skin type", "needle", "passes", "adjunct", "subtype"),
    *("clinic", "device", "sessions"),
)
Extents = Mapping[int, int]
"""How much of which rows is hidden."""


def hide_linked(rows: Sequence[Row], hiding: Sequence[Hiding], threshold: int) -> list[Hiding]:
    """Return the hiding with as many further rows hidden as keep the hidden ones hidden.

    The simplest complementary rule: while a hidden number can be worked out from the shown ones,
    the next smallest count that helps is hidden too (the patients analysed last); where no count
    helps, a whole population is given up. At the end each of these is taken back if the others
    turn out to be enough.
    """
    if not threshold:
        return [*hiding]
    # In the order of addresses, so that the order of the rows changes nothing.
    order = sorted(range(len(rows)), key=lambda index: rows[index].address)
    page = Page([rows[index] for index in order], threshold)
    link_outcomes(page)
    alone = [hiding[index] for index in order]
    reader = Reader(page)
    result, given_up = alone, list[tuple[Extents, Sum]]()
    while (leak := reader.find_leak(result)) is not None:
        possible = [*_list_sacrifices(page, result, leak)]
        if not possible:
            break
        helping = (each for each in possible if not reader.tells(leak, _hide(result, each)))
        given_up.append((next(helping, possible[0]), leak))
        result = _hide(result, given_up[-1][0])
    for each in [*given_up]:
        fewer = [other for other in given_up if other is not each]
        without = _hide(alone, *(extents for extents, _ in fewer))
        # what it was given up for is most likely to leak again
        if reader.find_leak(without, first=each[1]) is None:
            given_up = fewer
    result = _hide(alone, *(extents for extents, _ in given_up))
    places = {index: place for place, index in enumerate(order)}
    return [result[places[index]] for index in range(len(rows))]


def _hide(hiding: Sequence[Hiding], *further: Extents) -> list[Hiding]:
    """Return the hiding with these rows hidden as well."""
    result = [*hiding]
    for extents in further:
        for index, extent in extents.items():
            if extent > result[index].extent:
                result[index] = replace(
                    result[index], extent=extent, shown_as=NOT_SHOWN, lowest=0, highest=None
                )
    return result


# What else could be hidden


def _list_sacrifices(page: Page, hiding: Sequence[Hiding], leak: Sum) -> Iterator[Extents]:
    """Yield rows that could be hidden against the leak, the smallest loss first."""
    known = collect_known(page, hiding).numbers
    near = {name for sum_ in reach(page, leak, known) for name in sum_}
    counts = [
        index
        for index, row in enumerate(page.rows)
        if page.counts[index] in near and hiding[index].extent == NOTHING
        if row.count and row.total is not None and row.method not in AVERAGES
    ]
    for index in sorted(counts, key=lambda index: _rank_count(page, index)):
        yield {index: COUNT}

    populations: dict[Number, list[int]] = {}
    for index, (count, total) in enumerate(zip(page.counts, page.totals, strict=True)):
        for name in dict.fromkeys((count, total)):
            if name is not None and name[0] == "total" and name in near & known:
                is_group = index in page.strata
                group = _name_group(page.rows[index]) if is_group else name
                populations.setdefault(group, []).append(index)
    for members in sorted(
        populations.values(), key=lambda members: _rank_population(page, members)
    ):
        yield dict.fromkeys(members, EVERYTHING)


def _name_group(row: Row) -> Number:
    """Return the name of a group in all its rows: who is analysed of it tells who was seen."""
    about = (row.source, row.question, row.period, row.concern, row.scale, row.term)
    return ("group", *about, row.by, row.level, row.by2, row.level2)


def _rank_count(page: Page, index: int) -> tuple[Any, ...]:
    row = page.rows[index]
    is_headline = row.statistic == "fate" and row.level == ANALYSED
    is_detail = row.statistic in _DETAILS or row.by in _GROUPINGS
    return (not is_detail, not row.by, is_headline, row.count, index)


def _rank_population(page: Page, members: Sequence[int]) -> tuple[Any, ...]:
    row = page.rows[members[0]]
    names = GIVEN_UP_LAST
    order = names.index(row.population) + 1 if row.population in names else 0
    return (order, members[0] not in page.strata, row.total or row.count, members[0])
