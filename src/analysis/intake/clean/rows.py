"""Rows as they are written: which are data, and the text that each has for a role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Final

import ibis
import ibis.expr.datatypes as dt
from ibis import _

from analysis.intake.cells import Found
from analysis.intake.clean.reading import Reading
from analysis.intake.clean.roles import SCORES, SPREAD, TYPED
from analysis.intake.engine import Table
from analysis.intake.sources import PLACE, Layout

_TOTALS: Final = ("total", "totals", "sum", "summe", "gesamt", "subtotal", "grand total")
LONGEST_READ: Final = 2_000
"""Characters of a cell, about a page. Free text is looked through for some hundred spellings, each
with what stands around it; a longer cell is emptied and listed."""


@dataclass(frozen=True)
class Written:
    """The rows of a log as they are written.

    ``rows`` has ``kind`` (data, or why not), the text of each role that is mapped (``t_``) and of
    each score column that is named by its scale (``s_``). ``texts`` has the distinct texts of each
    layout and column, sorted. ``long`` are row and problem of cells that were too long to be read.
    """

    rows: Table
    texts: Mapping[tuple[int, str], Sequence[str]]
    long: Sequence[Table]


def read_rows(reading: Reading) -> Written:
    """Return the rows of the log as written; lists those that cannot be used, and long cells."""
    odd = _find_odd_rows(reading)
    joined = reading.log.rows.drop("kind").left_join(odd, "row")
    columns = {name: joined[name] for name in PLACE} | _map_texts(reading, joined)
    columns["kind"] = joined.kind.fill_null("data")
    kept = reading.engine.name("rows", joined.select(**columns))
    names = [name for name in columns if name[:2] in ("t_", "s_")]
    kept, long = _blank_long(reading, kept, names)
    refused = {
        rule: reading.number_problem(None, Found(rule=rule, consequence="row set aside"))
        for rule in ("duplicate_row", "wrong_number_of_cells")
    }
    number = ibis.cases(*((kept.kind == rule, n) for rule, n in refused.items()), else_=None)
    reading.add_problems(kept.filter(kept.kind.isin([*refused])), number)
    return Written(kept, _list_distinct(kept), long)


def _find_odd_rows(reading: Reading) -> Table:
    """Return row and ``kind`` of the rows that are no data, or stand further up already.

    Each row is looked at once for that; all that follows looks up the few that are found.
    """
    rows = reading.log.rows
    texts = _map_texts(reading, rows)
    kind = _find_kind(reading, rows, texts["t_date"], texts["t_patient"])
    kinds = rows.select("row", "layout", kind=kind, hashed=_hash_texts(rows, reading.log.texts))
    kinds = reading.keep("kinds", kinds)
    no_data = kinds.filter(_.kind != "data").select("row", "kind")
    return reading.keep("odd", no_data.union(_find_again(reading, kinds)))


def _map_texts(reading: Reading, rows: Table) -> dict[str, ibis.Value]:
    """Return the text of each role that is mapped, and of each scale with a column."""
    headers: dict[str, dict[int, str | None]] = {
        f"t_{role}": {n: each.columns.get(role) for n, each in reading.number_layouts()}
        for role in (*TYPED, *SPREAD, *SCORES)
        if reading.maps(role)
    }
    headers |= {
        f"s_{scale}": {n: each.scores.get(scale) for n, each in reading.number_layouts()}
        for scale in reading.scale_columns
    }
    return {name: _pick(reading, rows, each) for name, each in headers.items()}


def _blank_long(reading: Reading, rows: Table, names: Sequence[str]) -> tuple[Table, list[Table]]:
    """Return the rows with cells over :data:`LONGEST_READ` emptied, and the problems of these."""
    listed: list[Table] = []
    lengths = {name: rows[name].length().max() for name in names}
    longest = rows.agg(**lengths).fill_null(0).execute().iloc[0]
    blanked: dict[str, ibis.Value] = {}
    hint = "shorten the cell; what matters of it may stand in a column of its own"
    found = Found(rule="cell_too_long", consequence="cell blanked", suggestion=hint)
    for name in names:
        if longest[name] > LONGEST_READ:
            is_long = rows[name].length() > LONGEST_READ
            blanked[name] = is_long.ifelse("", rows[name])
            long = rows.filter((rows.kind == "data") & is_long)
            headers = {n: _find_header(layout, name) for n, layout in reading.number_layouts()}
            numbers = [
                (long.layout == n, reading.number_problem(header, found))
                for n, header in headers.items()
                if header
            ]
            number = ibis.cases(*numbers, else_=None).cast("int64")
            if name in ("t_patient", "t_date"):
                reading.add_problems(long, number)  # says why the row is set aside
            else:
                listed.append(long.select("row", problem=number))
    return (reading.keep("short", rows.mutate(**blanked)) if blanked else rows), listed


def _find_header(layout: Layout, name: str) -> str | None:
    """Return the header of a role (``t_``) or of the scores on a scale (``s_``)."""
    return (layout.columns if name[:2] == "t_" else layout.scores).get(name[2:])


def _find_kind(reading: Reading, rows: Table, day: ibis.Value, patient: ibis.Value) -> ibis.Value:
    """Return what a row is: data, or why not. Only rows without a day are looked at closely."""
    texts = [rows[name] for name in reading.log.texts]
    # nearly every day starts with a digit, and then there is no word to look for
    has_day = ((day >= "0") & (day < ":")) | ~_is_one_of(day, ("", *_TOTALS))
    is_whole = rows.cells == rows.width
    is_blank = reduce(and_, (~text.re_search(r"\S") for text in texts))
    words = ibis.literal(" ").join(texts).lower().strip()
    is_total = words.re_search(rf"^({'|'.join(_TOTALS)})\s*:?(\s|$)") | (
        _is_one_of(patient, _TOTALS)
    )
    return ibis.cases(
        (rows.kind != "", rows.kind),
        (has_day & is_whole, "data"),
        (has_day, "wrong_number_of_cells"),
        (is_blank, "blank"),
        (is_total, "total"),
        (~is_whole, "wrong_number_of_cells"),
        else_="data",
    )


def _find_again(reading: Reading, kinds: Table) -> Table:
    """Return row and ``kind`` of the rows that stand further up already, word for word.

    Rows with the same hash are few; only they are compared.
    """
    data = kinds.filter(_.kind == "data")
    several = data.group_by("layout", "hashed").agg(n=_.count()).filter(_.n > 1)
    alike = data.semi_join(several, ["layout", "hashed"]).select("row")
    rows = reading.log.rows.semi_join(reading.keep("alike", alike), "row")
    nth = ibis.row_number().over(group_by=["layout", *reading.log.texts], order_by="row")
    again = rows.select("row", nth=nth).filter(_.nth > 0)
    return again.select("row", kind=ibis.literal("duplicate_row"))


def _pick(reading: Reading, rows: Table, headers: Mapping[int, str | None]) -> ibis.Value:
    """Return the text under the header that each layout has for it."""
    names = {n: reading.log.find_text(each) for n, each in headers.items() if each is not None}
    if len(names) == len(reading.layouts) and len(set(names.values())) == 1:
        return rows[names[0]]
    return ibis.cases(*((rows.layout == n, rows[name]) for n, name in names.items()), else_=None)


def _list_distinct(rows: Table) -> dict[tuple[int, str], list[str]]:
    """Return the distinct texts by layout and text column, sorted, of all columns at once."""
    data = rows.filter(_.kind == "data")
    names = [name for name in data.columns if name[:2] in ("t_", "s_")]
    names.remove("t_patient")  # nearly every text is another; see .patients
    found = data.group_by("layout").agg(
        **{name: data[name].collect(distinct=True) for name in names}
    )
    return {
        (int(row["layout"]), name): sorted(row[name])
        for row in found.execute().to_dict("records")
        for name in names
        if row[name] is not None and not isinstance(row[name], float)
    }


def _is_one_of(text: ibis.Value, words: Sequence[str]) -> ibis.Value:
    """Return whether a text is one of some words, whatever its case and the spaces around it."""
    bare = text.strip().lower()
    # DuckDB makes a join of an IN, and then looks every text up, wanted or not
    return reduce(or_, (bare == word for word in words))


def _hash_texts(rows: Table, names: Sequence[str]) -> ibis.Value:
    """Return a hash of several texts; ibis's own hash would go through a text of bits."""
    texts = ibis.struct({name: rows[name] for name in names})
    hash_of = ibis.udf.scalar.builtin(name="hash", signature=((texts.type(),), dt.uint64))

    def hashed(texts: Any) -> Any: ...

    return hash_of(hashed)(texts)
