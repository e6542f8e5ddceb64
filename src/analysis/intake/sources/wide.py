"""Spreads rows that tell of a whole patient into one row for each session.

In a wide log a patient's sessions stand side by side: ``s1_date``, ``s2_date`` … ``source.toml``
names such columns once, with ``{n}`` for the number of the session.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Final

import ibis

from analysis.intake.engine import Engine, Table
from analysis.intake.sources.log import PLACE, Log, find_numbered, name_texts
from analysis.intake.sources.settings import Layout, Source

_OF_THE_FIRST: Final = ("score_before",)
_OF_THE_LAST: Final = (
    *("score_after", "score_after_date", "side_effects", "severity", "serious", "resolved"),
    *("action", "stopped"),
)
"""What a column without a number tells of; other such columns hold for every session."""


def spread_wide(engine: Engine, log: Log, source: Source) -> Log:
    """Return the log with one row for each session of a wide row; other rows stay as they are.

    A session is there where one of its numbered cells is not blank; a row without any keeps one
    row. The score before stands at the first session, what was seen or scored at the end at the
    last one. ``slot`` is the number of the session, ``record`` the row it stands in.
    """
    layouts = [*enumerate(source.every_layout)]
    templates = [
        header
        for _n, layout in layouts
        if layout.is_wide
        for _role, header in layout.headers
        if "{n}" in header
    ]
    if not templates:
        return log
    headers = (*log.headers, *dict.fromkeys(templates))
    most = max(
        len(find_numbered(log.headers, layout.columns["date"]))
        for _n, layout in layouts
        if layout.is_wide
    )
    parts = []
    for n, layout in layouts:
        rows = log.rows.filter(log.rows.layout == n)
        spread = _spread(rows, log, layout, headers) if layout.is_wide else []
        for place, part in enumerate(spread or [_add_empty(rows, log, headers)]):
            parts.append(part.mutate(row=part.row * most + place))
    return replace(log, rows=engine.keep("by_session", ibis.union(*parts)), headers=headers)


def _add_empty(rows: Table, log: Log, headers: Sequence[str]) -> Table:
    added = name_texts(headers)[len(log.headers) :]
    return rows.select(*PLACE, *log.texts, **dict.fromkeys(added, ibis.literal("")))


def _spread(rows: Table, log: Log, layout: Layout, headers: Sequence[str]) -> list[Table]:
    """Return one table for each number, with the rows that have such a session."""
    numbered = {
        header: find_numbered(log.headers, header)
        for _role, header in layout.headers
        if "{n}" in header
    }
    numbers = sorted(numbered[layout.columns["date"]])
    whole = dict(zip(headers, name_texts(headers), strict=True))

    def find_cells(number: int) -> dict[str, ibis.Value]:
        return {
            whole[template]: rows[log.find_text(found[number])]
            if number in found
            else ibis.literal("")
            for template, found in numbered.items()
        }

    is_there = [
        reduce(or_, (cell.strip() != "" for cell in find_cells(number).values()))
        for number in numbers
    ]
    parts = []
    for place, number in enumerate(numbers):
        is_first = ~_is_any(is_there[:place])
        is_last = ~_is_any(is_there[place + 1 :])
        texts = {name: ibis.literal("") for name in name_texts(headers)}
        texts |= {name: rows[name] for name in log.texts} | find_cells(number)
        for role, header in layout.headers:
            if "{n}" in header:
                continue
            is_of_last = role in _OF_THE_LAST or header in layout.scores.values()
            if role in _OF_THE_FIRST or is_of_last:
                is_here = is_last if is_of_last else is_first
                texts[whole[header]] = is_here.ifelse(rows[log.find_text(header)], "")
        part = rows.select(
            **{name: rows[name] for name in PLACE}
            | {"slot": ibis.literal(number, "int64")}
            | texts,
            is_there=is_there[place],
            is_only=~_is_any(is_there),
        )
        is_kept = (part.kind == "") & part.is_there
        if not place:
            is_kept |= (part.kind != "") | part.is_only
        parts.append(part.filter(is_kept).drop("is_there", "is_only"))
    return parts


def _is_any(values: Sequence[ibis.Value]) -> ibis.Value:
    return reduce(or_, values, ibis.literal(False))
