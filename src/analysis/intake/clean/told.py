"""What one cell says of several things: concerns, side effects, contraindications.

Each distinct cell is read once; :func:`spread_cells` puts what it says beside the rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import ibis
import pandas as pd
from ibis import _

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.clean.reading import Reading, Row
from analysis.intake.clean.rows import Written
from analysis.intake.engine import Table, make_table
from analysis.intake.sources import Layout

_NO_PROBLEM: Final = Found()
CELL: Final = {"of_layout": "int64", "text": "string"}
"""What tells a distinct cell of a role from the others."""


def spread_cells(visits: Table, role: str, told: Table) -> Table:
    """Return the visits with what their cell of a role says: any number of rows per visit.

    ``told`` has the layout and the text of each distinct cell. It is small, so that the visits
    stream past it and no table of their rows has to be built.
    """
    # of two columns of one name ibis would go on with the first, and the told one be lost
    if doubled := {*visits.columns} & {*told.columns}:
        raise ValueError(f"both tables have {', '.join(sorted(doubled))}")
    cell = tell_cell(visits, role)
    joined = visits.inner_join(told, [visits.layout == told.of_layout, cell == told.text])
    return joined.drop(*CELL)


def tell_cell(visits: Table, role: str) -> ibis.Value:
    """Return the text of a role; empty where the layout has no column for it."""
    name = f"t_{role}"
    return visits[name].fill_null("") if name in visits.columns else ibis.literal("")


def read_concerns(reading: Reading, written: Written, visits: Table) -> Table:
    """Return cell × concern: position, concern, subtype, is_first. Only analysed concerns
    count."""
    known = cells.spell_concerns(reading.vocabulary)
    hint = "name what was treated; until then the session counts for no concern"
    missing = Found(None, "missing_concern", "noted", hint)

    def spread(layout: Layout, text: str) -> Iterable[tuple[Row, Found]]:
        if cells.is_blank(text) and layout.rows == "sessions":
            yield {}, missing
        is_first = True
        for place, each in enumerate(cells.parse_concerns(text, reading.vocabulary, known)):
            target = each.value if isinstance(each.value, cells.Target) else None
            is_analysed = target is not None and each.rule != "concern_out_of_scope"
            yield (
                {
                    "position": place,
                    "concern": target.concern if target and is_analysed else None,
                    "subtype": (target.subtype or None) if target else None,
                    "is_first": is_first and is_analysed,
                },
                each,
            )
            is_first = is_first and not is_analysed

    kinds = {"position": "int64", "concern": "string", "subtype": "string"}
    kinds["is_first"] = "boolean"
    assumed = [
        {"of_layout": n, "text": "", "position": 0, "is_first": True}
        | {"concern": layout.answers.concern}
        for n, layout in reading.number_layouts()
        if "concern" not in layout.columns and layout.answers.concern
    ]
    read = _spread(reading, written, "concern", visits, spread, kinds, assumed)
    return reading.engine.name("concerns_told", read.filter(_.concern.notnull()))


def read_side_effects(reading: Reading, written: Written, visits: Table) -> tuple[Table, Table]:
    """Return events (cell × term, text_severity, hours, is_resolved) and the terms
    that each cell denies."""

    def spread(layout: Layout, text: str) -> Iterable[tuple[Row, Found]]:
        cell = reading.read_effects(layout, text)
        for event in cell.events:
            yield (
                {
                    "term": event.term,
                    "text_severity": event.severity,
                    "hours": event.hours,
                    "is_resolved": event.resolved,
                    "is_event": True,
                },
                _NO_PROBLEM,
            )
        for term in cell.denied:
            yield {"term": term, "is_event": False}, _NO_PROBLEM
        for found in cell.problems:
            yield {}, found

    kinds = {
        "term": "string",
        "text_severity": "int64",
        "hours": "float64",
        "is_resolved": "boolean",
        "is_event": "boolean",
    }
    read = _spread(reading, written, "side_effects", visits, spread, kinds)
    return (
        reading.engine.name("events_told", read.filter(_.is_event).drop("is_event")),
        reading.engine.name("denials_told", read.filter(~_.is_event).select(*CELL, "term")),
    )


def read_contraindications(reading: Reading, written: Written, visits: Table) -> Table:
    """Return cell × contraindication: contraindication, is_present."""
    spellings = cells.ContraindicationSpellings.of(reading.vocabulary)

    def spread(layout: Layout, text: str) -> Iterable[tuple[Row, Found]]:
        cell = cells.parse_contraindications(text, spellings)
        for key, is_present in cell.known.items():
            yield {"contraindication": key, "is_present": is_present}, _NO_PROBLEM
        for found in cell.problems:
            yield {}, found

    kinds = {"contraindication": "string", "is_present": "boolean"}
    read = _spread(reading, written, "contraindications", visits, spread, kinds)
    return reading.engine.name("screening_told", read.filter(_.contraindication.notnull()))


def _spread(
    reading: Reading,
    written: Written,
    role: str,
    visits: Table,
    spread: Callable[[Layout, str], Iterable[tuple[Row, Found]]],
    kinds: Mapping[str, str],
    assumed: Sequence[Row] = (),
) -> Table:
    """Return what each distinct cell says: layout and text of the cell, the columns of
    ``kinds``; any number of rows per cell. See :func:`spread_cells`."""
    types = CELL | dict(kinds) | {"problem": "int64"}
    read = [
        {"of_layout": n, "text": text}
        | row
        | {"problem": reading.number_problem(layout.columns[role], each) if each.rule else None}
        for n, layout in reading.number_layouts()
        if role in layout.columns
        for text in written.texts.get((n, f"t_{role}"), ())
        for row, each in spread(layout, text)
    ]
    table = make_table(pd.DataFrame([*read, *assumed], columns=[*types]), types)
    table = reading.keep(f"spread_{role}", table)
    found = spread_cells(visits, role, table.filter(_.problem.notnull()))
    reading.add_problems(found, found.problem)
    return table.select(*CELL, *kinds)
