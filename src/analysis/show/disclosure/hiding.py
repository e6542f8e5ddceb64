"""Hides further rows until no hidden number can be worked out from the shown ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from analysis.show.disclosure.harm_links import link_harms
from analysis.show.disclosure.outcome_links import link_outcomes
from analysis.show.disclosure.page import GIVEN_UP_LAST, Number, Page
from analysis.show.disclosure.program import Extents, Program, is_detail, is_headline
from analysis.show.disclosure.reader import Reader, Secret
from analysis.show.disclosure.rows import (
    AVERAGES,
    COUNT,
    EVERYTHING,
    NOT_SHOWN,
    NOTHING,
    Hiding,
    Row,
)
from analysis.show.disclosure.trend_links import link_trends

_PROGRAMS: Final = 200
"""As many more programs are solved in search of a cheaper solution; what was found by then is used.
A page of one concern takes some 1,500 until nothing cheaper can be, and hides as many rows."""
_LEAKS_AT_ONCE: Final = 4
"""Leaks looked into at once: the first of a page are often of one kind."""
_NO_MORE: Final = 1e-6


def hide_linked(
    rows: Sequence[Row],
    hiding: Sequence[Hiding],
    threshold: int,
    classes: Mapping[str, str] = MappingProxyType({}),
) -> list[Hiding]:
    """Return the hiding with as many further rows hidden as keep the hidden ones hidden."""
    if not threshold:
        return [*hiding]
    # In the order of addresses, so that the order of the rows changes nothing.
    order = sorted(range(len(rows)), key=lambda index: rows[index].address)
    page = Page([rows[index] for index in order], threshold, classes)
    link_outcomes(page)
    link_trends(page)
    link_harms(page)
    alone = [hiding[index] for index in order]
    result = _hide(alone, *_choose(page, alone))
    places = {index: place for place, index in enumerate(order)}
    return [result[places[index]] for index in range(len(rows))]


def _choose(page: Page, alone: Sequence[Hiding]) -> list[Extents]:
    """Return what else to hide, with the least loss that was found.

    A leak tells which rows it was worked out from: of these, any solution hides one at least. An
    integer program finds the least loss that does so for every leak known by then; where that still
    leaks, there is one leak more to know of. It starts with the leaks met on the way to a first
    solution, and ends when what it finds tells nothing, or is no better than that solution.
    """
    reader = Reader(page)
    best, leaks = _choose_in_turn(page, alone, reader)
    program = Program(page)
    for met in leaks:
        program.demand(met)
    least = program.measure(best)
    end = reader.solved + _PROGRAMS
    while leaks and reader.solved < end:
        chosen = program.solve()
        if program.measure(chosen) >= least - _NO_MORE:
            break
        result = _hide(alone, *chosen)
        leaky = islice(reader.find_leaks(result), _LEAKS_AT_ONCE)
        options = [_list_needed(page, reader, result, leak) for leak in leaky]
        if not options:
            return chosen
        if not all(options):
            break
        for each in options:
            program.demand(each)
    return best


def _list_needed(
    page: Page, reader: Reader, hiding: Sequence[Hiding], leak: Secret
) -> list[Extents]:
    """Return what could be hidden against a leak, without what makes no difference to it: the leak
    stays while all that was left out is hidden together."""
    needed = [*_list_sacrifices(page, reader, hiding, leak)]
    without = [*hiding]
    size = len(needed)
    while size := size // 2:
        place = 0
        while place < len(needed):
            further = _hide(without, *needed[place : place + size])
            if reader.tells(leak, further):
                without = further
                del needed[place : place + size]
            else:
                place += size
    return needed


def _choose_in_turn(
    page: Page, alone: Sequence[Hiding], reader: Reader
) -> tuple[list[Extents], list[list[Extents]]]:
    """Return a first solution, leak by leak, and what could have been hidden against each.

    While a hidden number can be worked out from the shown ones, the next smallest count that helps
    is hidden too (the patients analysed last); where no count helps, a whole population is given
    up. At the end each of these is taken back if the others turn out to be enough.
    """
    result, given_up = [*alone], list[tuple[Extents, Secret]]()
    leaks: list[list[Extents]] = []
    while (leak := reader.find_leak(result)) is not None:
        further = _list_sacrifices(page, reader, result, leak)
        # what hides nothing more would be tried for ever
        possible = [each for each in further if _hide(result, each) != result]
        if not possible:
            break
        leaks.append(possible)
        helping = (each for each in possible if not reader.tells(leak, _hide(result, each)))
        given_up.append((next(helping, possible[0]), leak))
        result = _hide(result, given_up[-1][0])
    for each in [*given_up]:
        fewer = [other for other in given_up if other is not each]
        without = _hide(alone, *(extents for extents, _ in fewer))
        # what it was given up for is most likely to leak again
        if reader.find_leak(without, first=each[1]) is None:
            given_up = fewer
    return [extents for extents, _ in given_up], leaks


def _hide(hiding: Sequence[Hiding], *further: Extents) -> list[Hiding]:
    """Return the hiding with these rows hidden as well."""
    result = [*hiding]
    for extents in further:
        for index, extent in extents.items():
            # a range is given up as well, that of a count or, with it, that of a total
            is_told = extent == result[index].extent and result[index].highest is not None
            if extent > result[index].extent or is_told:
                result[index] = replace(
                    result[index], extent=extent, shown_as=NOT_SHOWN, lowest=0, highest=None
                )
    return result


# What else could be hidden


def _list_sacrifices(
    page: Page, reader: Reader, hiding: Sequence[Hiding], leak: Secret
) -> Iterator[Extents]:
    """Yield rows that could be hidden against the leak, the smallest loss first."""
    near = reader.list_near(leak, hiding)
    counts = [
        index
        for index, row in enumerate(page.rows)
        if page.counts[index] in near and _says_of_count(hiding[index])
        if row.count and row.total is not None and row.method not in AVERAGES
    ]
    for index in sorted(counts, key=lambda index: _rank_count(page, index)):
        yield {index: COUNT}

    populations: dict[Number, list[int]] = {}
    for index, (count, total) in enumerate(zip(page.counts, page.totals, strict=True)):
        for name in dict.fromkeys((count, total)):
            if name is not None and name[0] == "total" and name in near:
                is_group = index in page.strata
                group = _name_group(page.rows[index]) if is_group else name
                populations.setdefault(group, []).append(index)
    for members in sorted(
        populations.values(), key=lambda members: _rank_population(page, members)
    ):
        yield dict.fromkeys(members, EVERYTHING)


def _says_of_count(hidden: Hiding) -> bool:
    """Return whether the count is shown, or a range of it."""
    return hidden.extent == NOTHING or (hidden.extent == COUNT and hidden.highest is not None)


def _name_group(row: Row) -> Number:
    """Return the name of a group in all its rows: who is analysed of it tells who was seen."""
    about = (row.source, row.question, row.period, row.concern, row.scale, row.term)
    return ("group", *about, row.by, row.level, row.by2, row.level2)


def _rank_count(page: Page, index: int) -> tuple[Any, ...]:
    row = page.rows[index]
    return (not is_detail(row), not row.by, is_headline(row), row.count, index)


def _rank_population(page: Page, members: Sequence[int]) -> tuple[Any, ...]:
    row = page.rows[members[0]]
    names = GIVEN_UP_LAST
    order = names.index(row.population) + 1 if row.population in names else 0
    return (order, members[0] not in page.strata, row.total or row.count, members[0])
