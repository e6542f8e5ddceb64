"""What a column proves of how a log is written: the order of its dates, its decimal mark."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from analysis.intake import cells
from analysis.intake.sources import DateOrder, Decimal

PROOFS: Final[Mapping[DateOrder, str]] = {
    "day-month-year": "proved by the column: the first number goes above 12",
    "month-day-year": "proved by the column: the second number goes above 12",
    "year-month-day": "the first number is always a year",
}
UNPROVED: Final = "not proved by the column"
_NO_DATE: Final = "no date with three numbers was found"


def prove_date_order(dates: Iterable[str]) -> tuple[DateOrder, str]:
    """Return the order that the column proves, and the reason; otherwise ``undeclared``.

    An order is proved where it is the only one in which every date exists. With two-digit years
    none is: 13.04.24 may be a day in 2013.
    """
    read = _read_in_each_order(dates)
    readable = set().union(*read.values())
    if not readable:
        return "undeclared", _NO_DATE
    if all(re.match(r"\s*\d{4}", text) for text in readable):
        return "year-month-day", PROOFS["year-month-day"]
    possible = [order for order in cells.DATE_ORDERS if read[order] == readable]
    if len(possible) == 1:
        return possible[0], PROOFS[possible[0]]
    return "undeclared", UNPROVED


def prove_common_order(
    columns: Mapping[str, Iterable[str]], declared: Mapping[str, str]
) -> tuple[DateOrder, str]:
    """Return the order of all date columns of a layout, and the reason.

    ``columns`` is header → texts, the day of the session first; ``declared`` is header → the order
    the header itself names. Days that read alike in every order prove nothing and fit any. An
    order counts where one column proves or names it and every date of the others exists in it.
    """
    texts = {header: {*each} for header, each in columns.items()}
    open_texts = {header: _drop_plain(each) for header, each in texts.items()}
    if not any(open_texts.values()):
        return prove_date_order(set().union(*texts.values()))
    found: dict[DateOrder, str] = {}
    for header, each in open_texts.items():
        order, reason = prove_date_order(each)
        if order == "undeclared" and (named := declared.get(header)) in cells.DATE_ORDERS:
            order, reason = named, "named by the header"
        if order != "undeclared":
            found.setdefault(order, f"{header!r}: {reason}" if len(columns) > 1 else reason)
    if len(found) != 1:
        return "undeclared", "the columns prove different orders" if found else UNPROVED
    order, reason = next(iter(found.items()))
    for header, each in open_texts.items():
        in_each = _read_in_each_order(each)
        if in_each[order] != set().union(*in_each.values()):
            return "undeclared", f"{reason}, but {header!r} has dates that do not exist in it"
    return order, reason


def _drop_plain(texts: Iterable[str]) -> set[str]:
    """Return the texts that name different days in different orders, or a day in some alone."""
    return {
        text
        for text in texts
        if len({cells.read_day(text, each) for each in cells.DATE_ORDERS}) > 1
    }


def _read_in_each_order(texts: Iterable[str]) -> dict[DateOrder, set[str]]:
    distinct = {*texts}
    return {
        order: {text for text in distinct if cells.read_day(text, order)}
        for order in cells.DATE_ORDERS
    }


def find_decimal(numbers: Iterable[str]) -> tuple[Decimal, str]:
    """Return the decimal mark of columns of numbers, and the reason.

    With the comma declared, a point is read as well; ``1,500`` may be fifteen hundred and proves
    nothing.
    """
    texts = [*numbers]
    if any(re.search(r"\d,\d{1,2}(?!\d)", text) for text in texts):
        has_points = any(re.search(r"\d\.\d", text) for text in texts)
        both = "; those with a point are read as well" if has_points else ""
        return ",", f"there are numbers with a comma{both}"
    return ".", "no number is written with a decimal comma"
