"""Side effects, and the time between sessions."""

from typing import Final

import pandas as pd

from analysis.show.disclosure import NOT_SHOWN, Released
from analysis.show.sentences import (
    Prose,
    get_rows,
    name_concern_of,
    name_sessions,
    name_side_effect,
    name_skin_types,
    sort_by_rate,
    write_count,
    write_nothing,
    write_percent,
    write_plain,
    write_share,
)
from analysis.show.tables.making import (
    Row,
    Table,
    cite,
    get_key,
    make_table,
    name_cells,
    write_cells,
    write_reason,
)

_CLASSES: Final = {
    "expected": "Expected reactions",
    "adverse": "Harm",
    "special_interest": "Harm that is always named",
}
_OTHER_CLASS: Final = "Other"


def show_side_effects(released: Released, *, name: str = "side-effects") -> Table | Prose:
    """Return side effects on patients and on sessions, side by side, and how they were counted."""
    rows = get_rows(released, "patients with")
    if not rows:
        return write_nothing("side effects")
    sessions = {get_key(row): row for row in get_rows(released, "sessions with")}
    bounds = {get_key(row): row for row in get_rows(released, "upper bound")}
    parts = get_rows(released, "patients with", by="skin type group")
    effects = released.origin.vocabulary.side_effects
    lines, groups = [], []
    shown: list[Row] = []

    def add(row: Row, label: str, title: str, bound: Row | None, of_sessions: Row | None) -> None:
        cells = write_cells(row)
        if bound is not None and not pd.isna(bound["value"]):
            cells["interval"] += f" (bound {write_percent(bound['value'], row['total'])})"
        lines.append(
            {
                "label": label,
                **cells,
                "sessions": _write_sessions(of_sessions) if of_sessions else "not counted",
            }
        )
        groups.append(title)
        shown.extend(each for each in (row, bound, of_sessions) if each is not None)

    titles = [*_CLASSES.values(), _OTHER_CLASS]
    placed = [
        (
            _CLASSES[effects[row["term"]].severity_class]
            if row["term"] in effects
            else _OTHER_CLASS,
            row,
        )
        for row in sort_by_rate(released, rows)
    ]
    for title, row in sorted(placed, key=lambda each: titles.index(each[0])):
        key = get_key(row)
        add(row, name_side_effect(released, row), title, bounds.get(key), sessions.get(key))
        for part in parts:
            if get_key(part) == key:
                label = f"{name_side_effect(released, row)}, {name_skin_types(part['level'])}"
                add(part, label, title, None, None)

    counted = [
        "A patient or session counts once per side effect, and only where side effects were "
        "recorded, also as none; where nothing was written down, it is in no number."
    ]
    if any(not pd.isna(bound["value"]) for bound in bounds.values()):
        counted.append(
            "Bound: where nobody had it, the largest share that is still compatible with that "
            "(exact, one-sided)."
        )
    for row in get_rows(released, "recorded"):
        counted.append(f"Side effects were recorded at {write_share(row, 'sessions')}.")
        shown.append(row)
    return make_table(
        name,
        f"Side effects{name_concern_of(released, rows)}",
        lines,
        {"label": "Side effect", **name_cells(rows), "sessions": "Sessions"},
        groups=groups,
        spanners={"Patients": ["count", "share", "interval"]},
        shown=shown,
        notes=[*counted, *cite(shown)],
    )


def show_intervals(released: Released, *, name: str = "intervals") -> Table | Prose:
    """Return the intervals between sessions against four weeks."""
    short = get_rows(released, "interval under four weeks")
    middle = get_rows(released, "median interval")
    shown = [*short, *middle]
    if not shown:
        return write_nothing("intervals")
    lines = [
        {"measure": "at least one interval under four weeks", "found": write_share(row, "patients")}
        for row in short
    ]
    for row in middle:
        known = "" if pd.isna(row["total"]) else f" ({row['total']} patients)"
        found = write_reason(row) or f"{write_plain(row['value'])} days{known}"
        lines.append({"measure": "median interval", "found": found})
    return make_table(
        name,
        "Intervals between sessions",
        lines,
        {"measure": "Measure", "found": "Found"},
        shown=shown,
        notes=[f"Sessions of {name_sessions(released)}.", *cite(shown)],
        left=["found"],
    )


def _write_sessions(row: Row) -> str:
    told = write_reason(row)
    if told == NOT_SHOWN:
        return told
    return f"{write_count(row)}, {told or write_percent(row['value'], row['total'])}"
