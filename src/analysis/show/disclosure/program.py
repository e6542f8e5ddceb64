"""Which rows to hide for the sake of others, at the least loss: an integer program."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from analysis.show.disclosure.page import GIVEN_UP_LAST, Page
from analysis.show.disclosure.rows import ANALYSED, COUNT, EVERYTHING, Row

Extents = Mapping[int, int]
"""How much of which rows is hidden."""

DETAILS: Final = (
    *("shift", "rater", "answer", "responders at visit"),
    *("halves", "half that did better", "responders of a half", "halves that responded"),
    "difference in responders between halves",
    *("worst grade", "lasted", "resolution recorded"),
    *("serious, of harm", "stopped because of harm, of harm"),
    *("unresolved after 7 days", "unresolved after 30 days"),
)
"""What is given up before what a page is about."""
GROUPINGS: Final = (
    *("skin type group", "skin type", "needle", "passes", "adjunct", "subtype"),
    *("clinic", "device", "sessions", "setting", "concern"),
)
_DETAIL, _GROUP, _WHOLE, _HEADLINE = 1.0, 3.0, 10.0, 100.0
_OF_EVERYTHING: Final = 1.5
"""What a row costs whose total is hidden as well, against its count alone."""
_OF_LATER: Final = 3
"""How much more each population costs than the one that is given up before it."""
_SMALL: Final = 1e-3
"""Of two counts that cost the same, the smaller is hidden."""

Item = tuple[int, int]
"""A row, and how much of it is hidden."""


def is_detail(row: Row) -> bool:
    """Return whether a row is a detail or one group among several."""
    # the events of a class are a sum that tells much, and say least of what the page is about
    return row.statistic in DETAILS or row.by in GROUPINGS or row.unit == "events"


def is_headline(row: Row) -> bool:
    """Return whether a row says how many patients the page is about."""
    return row.statistic == "fate" and row.level == ANALYSED


class Program:
    """Chooses from options, each of which hides some rows, at least one for every demand.

    A row costs once, however many options hide it; more if it is over all, most if the page is
    about it.
    """

    def __init__(self, page: Page) -> None:
        largest = 1 + max(page.values.values(), default=0)
        self._losses = [_measure(row, largest) for row in page.rows]
        self._options: dict[frozenset[Item], int] = {}
        self._demands: dict[frozenset[int], None] = {}

    def demand(self, options: Sequence[Extents]) -> None:
        """Note that one of these options must be chosen."""
        named = (frozenset(each.items()) for each in options)
        numbers = (self._options.setdefault(each, len(self._options)) for each in named)
        self._demands[frozenset(numbers)] = None

    def measure(self, chosen: Sequence[Extents]) -> float:
        """Return the loss of a choice."""
        items = {item for each in chosen for item in each.items()}
        return sum(self._cost(item) for item in sorted(items))

    def solve(self) -> list[Extents]:
        """Return the options of the least loss."""
        options = [*self._options]
        items = sorted({item for option in options for item in option})
        places = {item: len(options) + place for place, item in enumerate(items)}
        size = len(options) + len(items)
        costs = np.zeros(size)
        costs[len(options) :] = [self._cost(item) for item in items]
        whole = np.zeros(size)
        whole[: len(options)] = 1
        cells: list[tuple[int, int, int]] = []
        lowest: list[int] = []
        for demand in self._demands:
            cells += [(len(lowest), option, 1) for option in sorted(demand)]
            lowest.append(1)
        for number, option in enumerate(options):
            for item in sorted(option):
                # an option that is chosen hides its rows
                cells += [(len(lowest), places[item], 1), (len(lowest), number, -1)]
                lowest.append(0)
        rows, columns, factors = zip(*cells, strict=True)
        matrix = coo_array((factors, (rows, columns)), shape=(len(lowest), size)).tocsr()
        solved = milp(
            costs,
            constraints=LinearConstraint(matrix, lowest, np.inf),
            bounds=Bounds(0, 1),
            integrality=whole,
            options={"mip_rel_gap": 0},
        )
        if not solved.success:  # each option alone meets its demands, so this cannot be
            raise RuntimeError(solved.message)
        return [dict(sorted(each)) for each, x in zip(options, solved.x, strict=False) if x > 0.5]

    def _cost(self, item: Item) -> float:
        index, extent = item
        loss = self._losses[index]
        return loss[EVERYTHING] if extent == EVERYTHING else loss[COUNT]


def _measure(row: Row, largest: int) -> dict[int, float]:
    base = _DETAIL if is_detail(row) else _GROUP if row.by else _WHOLE
    small = 1 + _SMALL * (row.count or 0) / largest
    rank = GIVEN_UP_LAST.index(row.population) + 1 if row.population in GIVEN_UP_LAST else 0
    return {
        COUNT: (_HEADLINE if is_headline(row) else base) * small,
        EVERYTHING: base * _OF_EVERYTHING * small * _OF_LATER**rank,
    }
