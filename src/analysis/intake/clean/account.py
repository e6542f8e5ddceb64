"""Where the rows of a log went, and what was wrong with which."""

from collections import Counter

import ibis
from ibis import _

from analysis.intake.clean.cleaned import Account
from analysis.intake.clean.reading import Reading
from analysis.intake.clean.rows import Written
from analysis.intake.engine import Table, make_table
from analysis.intake.sources import PROBLEM, Source


def count_rows(reading: Reading, written: Written, typed: Table) -> Account:
    """Return the account, with its sum checked."""
    is_refused = written.rows.kind.isin(["duplicate_row", "wrong_number_of_cells"])
    other = written.rows.filter(written.rows.kind != "data")
    other = other.select("record", state=is_refused.cast("int64"))
    is_absent = (~typed.is_attended).fill_null(False)
    state = ibis.cases((typed.is_used, 2), (is_absent, 0), else_=1).cast("int64")
    states = typed.select("record", state=state).union(other)
    if reading.has_wide:
        states = states.group_by("record").agg(state=_.state.max())
    counted = states.group_by("state").agg(n=_.count()).execute()
    count = Counter(dict(zip(counted["state"], counted["n"].map(int), strict=True)))
    account = Account(count.total(), count[2], count[1], count[0])
    account.check()
    return account


def bind_problems(reading: Reading, written: Written, typed: Table) -> Table:
    """Return all problems so far, one row per cell or row and rule."""
    numbered = reading.keep("numbered", ibis.union(*reading.problems))
    place = written.rows.select("row", "record", "slot", "file", "sheet", "line")
    found = numbered.inner_join(place, "row").inner_join(reading.list_kinds(), "problem")
    if reading.has_wide:
        found = _gather_sessions(found, typed)
    found = found.select(*PROBLEM)
    if len(reading.log.problems):
        types = dict.fromkeys(PROBLEM, "string") | {"line": "int64"}
        found = found.union(make_table(reading.log.problems, types).select(*PROBLEM))
    return reading.keep("problems", found)


def _gather_sessions(found: Table, typed: Table) -> Table:
    """Name the numbered columns of wide rows, and list once what was found once.

    A session that cannot be used is a cell that was blanked where its row has another one.
    """
    used = typed.filter(_.is_used).select("record").distinct()
    found = found.left_join(used, "record")
    is_kept = found.record_right.notnull() & (found.consequence == "row set aside")
    return found.select(
        "file",
        "sheet",
        "line",
        "rule",
        "suggestion",
        column=number_header(found.column, found.slot),
        consequence=is_kept.ifelse("cell blanked", found.consequence),
    ).distinct()


def name_column(source: Source, role: str, rows: Table) -> ibis.Value:
    """Return the header that each row has for a role."""
    headers = [
        (rows.layout == place, each.columns[role])
        for place, each in enumerate(source.every_layout)
        if role in each.columns
    ]
    name = ibis.cases(*headers, else_=None) if headers else ibis.null("string")
    return number_header(name, rows.slot)


def number_header(header: ibis.Value, slot: ibis.Value) -> ibis.Value:
    """Return the header of a numbered column with the number of the session."""
    return header.replace("{n}", slot.cast("string"))
