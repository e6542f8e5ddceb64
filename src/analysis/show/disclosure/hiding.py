"""Hides further rows until no hidden number can be worked out from the shown ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.show.disclosure.outcome_links import link_outcomes
from analysis.show.disclosure.page import ANALYSED, GIVEN_UP_LAST, Number, Page, Sum
from analysis.show.disclosure.rows import (
    AVERAGES,
    COUNT,
    EVERYTHING,
    NOT_SHOWN,
    NOTHING,
    Hiding,
    Row,
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
    result, given_up = alone, list[Extents]()
    while (leak := find_leak(page, result)) is not None:
        possible = [*_list_sacrifices(page, result, leak)]
        if not possible:
            break
        helping = (each for each in possible if not _tells(page, leak, _hide(result, each)))
        given_up.append(next(helping, possible[0]))
        result = _hide(result, given_up[-1])
    for each in [*given_up]:
        fewer = [other for other in given_up if other is not each]
        if find_leak(page, _hide(alone, *fewer)) is None:
            given_up = fewer
    result = _hide(alone, *given_up)
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


# What can be worked out


def find_leak(page: Page, hiding: Sequence[Hiding]) -> Sum | None:
    """Return the first secret that can be worked out, or None."""
    secrets: list[Sum] = []
    for count, total, hidden in zip(page.counts, page.totals, hiding, strict=True):
        if "total" in hidden.secret and total is not None:
            secrets.append({total: 1})
        if "count" in hidden.secret and count is not None:
            secrets.append({count: 1})
        if "complement" in hidden.secret and count is not None and total is not None:
            secrets.append({total: 1, count: -1})
    return next((each for each in secrets + page.secrets if _tells(page, each, hiding)), None)


def _tells(page: Page, secret: Sum, hiding: Sequence[Hiding]) -> bool:
    """Return whether what is shown leaves one value only for the secret."""
    known, ranges = _collect_known(page, hiding)
    sums = _reach(page, secret, known)
    unknown = [
        *dict.fromkeys(name for sum_ in (secret, *sums) for name in sum_ if name not in known)
    ]
    aim = np.array([secret.get(name, 0) for name in unknown])
    if not aim.any():
        return True
    matrix = np.array([[sum_.get(name, 0) for name in unknown] for sum_ in sums])
    ends = [
        -sum(factor * page.values[name] for name, factor in sum_.items() if name in known)
        for sum_ in sums
    ]
    beyond = 10 * (1 + max(page.values.values()))
    lowest, highest = zip(*(ranges.get(name, (0, beyond)) for name in unknown), strict=True)
    least, most = (
        milp(
            sign * aim,
            constraints=LinearConstraint(matrix, ends, ends) if sums else None,
            bounds=Bounds(lowest, highest),
            integrality=np.ones(len(unknown)),
        )
        for sign in (1, -1)
    )
    if not (least.success and most.success):
        return True
    return bool(-most.fun - least.fun < 0.5)


def _collect_known(
    page: Page, hiding: Sequence[Hiding]
) -> tuple[set[Number], dict[Number, tuple[int, int]]]:
    """Return the numbers a reader sees, and the range of those he is told a range of."""
    known: set[Number] = set()
    ranges: dict[Number, tuple[int, int]] = {}
    for count, total, hidden in zip(page.counts, page.totals, hiding, strict=True):
        if count is not None and hidden.extent == NOTHING:
            known.add(count)
        if total is not None and hidden.extent != EVERYTHING:
            known.add(total)
        if hidden.highest is None:
            continue
        if count is not None and hidden.extent == COUNT:
            ranges[count] = (hidden.lowest, hidden.highest)
        if total is not None and hidden.extent == EVERYTHING:
            ranges[total] = (1, hidden.highest)
    return known, ranges


def _reach(page: Page, secret: Sum, known: set[Number]) -> list[Sum]:
    """Return the sums that say anything about the secret."""
    wanted = {name for name in secret if name not in known}
    reached, left = list[Sum](), page.sums
    while touching := [sum_ for sum_ in left if not wanted.isdisjoint(sum_)]:
        left = [sum_ for sum_ in left if wanted.isdisjoint(sum_)]
        reached += touching
        wanted |= {name for sum_ in touching for name in sum_ if name not in known}
    return reached


# What else could be hidden


def _list_sacrifices(page: Page, hiding: Sequence[Hiding], leak: Sum) -> Iterator[Extents]:
    """Yield rows that could be hidden against the leak, the smallest loss first."""
    known, _ = _collect_known(page, hiding)
    near = {name for sum_ in _reach(page, leak, known) for name in sum_}
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
                populations.setdefault(name, []).append(index)
    for members in sorted(
        populations.values(), key=lambda members: _rank_population(page, members)
    ):
        yield dict.fromkeys(members, EVERYTHING)


def _rank_count(page: Page, index: int) -> tuple[Any, ...]:
    row = page.rows[index]
    is_headline = row.statistic == "fate" and row.level == ANALYSED
    return (not row.by, is_headline, row.count, index)


def _rank_population(page: Page, members: Sequence[int]) -> tuple[Any, ...]:
    row = page.rows[members[0]]
    names = GIVEN_UP_LAST
    order = names.index(row.population) + 1 if row.population in names else 0
    return (order, members[0] not in page.strata, row.total or row.count, members[0])
