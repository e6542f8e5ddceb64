"""Who came, and what became of them: rows, characteristics, fates of courses."""

from typing import Final

import pandas as pd

from analysis.show.disclosure import Released, require_released
from analysis.show.sentences import (
    Prose,
    get_rows,
    name_concern,
    name_sessions,
    name_subject,
    write_count,
    write_nothing,
    write_plain,
)
from analysis.show.tables.making import (
    Table,
    cite,
    make_table,
    write_value,
)

STEPS: Final = {
    "not yet due": "follow-up not yet due",
    "no baseline": "no score before treatment",
    "not seen again": "not seen again",
    "cannot respond": "seen again, but could not respond",
    "analysed": "analysed",
}
"""What became of a first course, in words."""
_CHARACTERISTICS: Final = {
    "sex": "Sex",
    "skin type": "Skin type (Fitzpatrick)",
    "age group": "Age in years",
    "concern": "Concern (a patient may have several)",
}


def show_rows(released: Released, *, name: str = "rows") -> Table | Prose:
    """Return how many rows of the log were read, used, set aside, or no data.

    In this and all other tables ``name`` begins the table's id; a page that shows the same table
    twice must give the second one another name.
    """
    rows = get_rows(released, "rows", by="step")
    if not rows:
        return write_nothing("the rows of the log")
    lines = [{"step": row["level"], "count": write_count(row).split(" of ")[0]} for row in rows]
    return make_table(
        name,
        "Rows of the log",
        lines,
        {"step": "Rows", "count": "Number"},
        shown=rows,
        notes=[
            "Rows read are rows used, set aside (with the reason in the corrections file) and rows "
            "that are no data: blank lines, titles, repeated headers, totals."
        ],
    )


def show_characteristics(released: Released, *, name: str = "characteristics") -> Table | Prose:
    """Return Table 1: who the patients were, missing values as a level of their own."""
    vocabulary = require_released(released).origin.vocabulary
    shown, lines, groups = [], [], []
    for by, title in _CHARACTERISTICS.items():
        for row in get_rows(released, "characteristic", by=by):
            level = row["level"]
            if by == "concern":
                level = name_concern(vocabulary, level)
            lines.append({"level": level, "count": write_count(row), "share": write_value(row)})
            groups.append(title)
            shown.append(row)
    if not lines:
        return write_nothing("the patients")
    notes = []
    for row in get_rows(released, "age"):
        if row["status"] == "shown" and not pd.isna(row["value"]):
            known = "" if pd.isna(row["total"]) else f" ({row['total']} patients of known age)"
            notes.append(f"Median age: {write_plain(row['value'])} years{known}.")
    return make_table(
        name,
        "Who the patients were",
        lines,
        {"level": "Patients", "count": "Number", "share": "Share"},
        groups=groups,
        shown=shown,
        notes=[*notes, *cite(shown)],
    )


def show_fate(released: Released, *, name: str = "fate") -> Table | Prose:
    """Return what became of every first course, by concern and scale."""
    rows = get_rows(released, "fate", by="step")
    if not rows:
        return write_nothing("what became of the courses")
    lines = [
        {
            "step": STEPS.get(row["level"], row["level"]),
            "count": write_count(row),
            "share": write_value(row),
        }
        for row in rows
    ]
    return make_table(
        name,
        "What became of every first course",
        lines,
        {"step": "First courses", "count": "Number", "share": "Share"},
        groups=[name_subject(released, row) for row in rows],
        shown=rows,
        notes=[
            f"First courses of {name_sessions(released)}.",
            "Not yet due is not lost: the follow-up window of these courses is still open. Could "
            "not respond: the first score was so good that the rule for responders cannot be met.",
            *cite(rows),
        ],
    )
