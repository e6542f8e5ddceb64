"""Outcomes by concern and scale: responders, direction, the mean change."""

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences import (
    Prose,
    get_rows,
    name_subject,
    write_change,
    write_count,
    write_nothing,
)
from analysis.show.tables.making import (
    Table,
    cite,
    make_table,
    name_cells,
    write_cells,
    write_reason,
)


def show_responders(released: Released, *, name: str = "responders") -> Table | Prose:
    """Return the share of responders by concern and scale, and the rule that makes a responder."""
    rows = get_rows(released, "responders")
    if not rows:
        return write_nothing("responders")
    scales = released.origin.vocabulary.scales
    lines = []
    for row in rows:
        scale = scales.get(row["scale"])
        rule = scale.responder if scale else None
        told = f"{rule.text} ({rule.basis})" if rule else "no rule in the vocabulary"
        lines.append({"subject": name_subject(released, row), **write_cells(row), "rule": told})
    return make_table(
        name,
        "Patients who responded",
        lines,
        {"subject": "Concern and scale", **name_cells(rows), "rule": "Responder"},
        shown=rows,
        notes=cite(rows),
        left=["rule"],
    )


def show_direction(released: Released, *, name: str = "direction") -> Table | Prose:
    """Return how many were better, the same and worse after the course."""
    rows = get_rows(released, "direction", by="change")
    if not rows and get_rows(released, "responders"):
        # a scale of change has no directions: the sentences have said so
        return Prose("")
    if not rows:
        return write_nothing("change")
    return make_table(
        name,
        "Better, the same or worse after the course",
        [{"level": row["level"], **write_cells(row)} for row in rows],
        {"level": "Score", **name_cells(rows)},
        groups=[name_subject(released, row) for row in rows],
        shown=rows,
        notes=cite(rows),
    )


def show_mean_change(released: Released, *, name: str = "mean-change") -> Table | Prose:
    """Return the mean change on continuous scales; plus is better whatever the direction."""
    rows = get_rows(released, "mean change")
    if not rows:
        if get_rows(released, "direction", by="change") or get_rows(released, "responders"):
            # grades have no mean worth showing: the table of directions has said it all
            return Prose("")
        return write_nothing("the mean change")
    lines = []
    for row in rows:
        told = write_reason(row)
        count = write_count(row) if pd.isna(row["count"]) else f"{row['count']}"
        change = told or write_change(released, row)
        lines.append({"subject": name_subject(released, row), "count": count, "change": change})
    return make_table(
        name,
        "Mean change after the course",
        lines,
        {"subject": "Concern and scale", "count": "Patients", "change": "Mean change"},
        shown=rows,
        notes=["Plus is better, also on scales where a lower score is better.", *cite(rows)],
    )
