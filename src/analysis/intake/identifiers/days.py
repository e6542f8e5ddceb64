"""Finds days in a text, in whatever order and language they are written."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from analysis.intake.cells import DATE_ORDERS, read_day

_NUMBERS: Final = re.compile(
    r"(?<![^\W_])(?<!\d[.,/-])(?:"
    r"\d{4}([./-]) ?\d{1,2}\1 ?\d{1,2}"
    r"|\d{1,2}([./-]) ?\d{1,2}\2 ?\d{4}"
    # of two digits each: a version number looks like a day otherwise
    r"|\d\d([./-])\d\d\3\d\d"
    r"|(?:19|20)\d{6}"
    r")(?!(?!t\d)[^\W_]|[.,/-]\d)"
)
_WORDS: Final = re.compile(
    r"(?<!\w)(?:"
    r"\d{1,2}(?:st|nd|rd|th|er|º|\.)?[ -]+(?:de |del |of )?[^\W\d_]{3,10}\.?,?[ -]+(?:de |del )?"
    r"|[^\W\d_]{3,10}\.? +\d{1,2}(?:st|nd|rd|th)?,? +"
    r"|\d{4}[ -][^\W\d_]{3,10}[ -](?=\d{1,2}(?!\d))"
    r")(?:\d{4}|\d{2})(?!\w)",
    re.IGNORECASE,
)


def find_days(text: str) -> Iterator[tuple[int, date]]:
    """Yield where a day is written, and the day; one that can be read in two ways twice."""
    for pattern in (_NUMBERS, _WORDS):
        for match in pattern.finditer(text):
            written = match[0].replace("º", "")
            for day in {read_day(written, order) for order in DATE_ORDERS} - {None}:
                yield match.start(), day  # type: ignore[misc]
