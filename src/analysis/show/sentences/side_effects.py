"""Side effects and intervals, in sentences."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences.writing import (
    ANY_OF_A_CLASS,
    PROTECTED,
    Prose,
    get_asked,
    get_rows,
    group_rows,
    name_concern_of,
    name_sessions,
    name_side_effect,
    name_skin_types,
    name_term,
    sort_by_rate,
    write_list,
    write_nothing,
    write_number,
    write_paragraphs,
    write_percent,
    write_plain,
    write_share,
)


def describe_side_effects(released: Released) -> Prose:
    """Return side effects, patients first, harm that was not seen with its upper bound."""
    rows = [
        row for row in get_asked(released, "patients with") if row["term"] not in ANY_OF_A_CLASS
    ]
    if not rows:
        return write_nothing("side effects")
    sessions = {(row["concern"], row["term"]): row for row in get_asked(released, "sessions with")}
    seen = [row for row in rows if not _is_none(row)]
    groups = group_rows(
        get_asked(released, "patients with", by="skin type group"), "concern", "term"
    )
    items = []
    for row in sort_by_rate(released, seen):
        key = (row["concern"], row["term"])
        told = f"<strong>{escape(name_side_effect(released, row))}:</strong> "
        told += escape(write_share(row, "patients"))
        if key in sessions:
            told += f"; sessions: {escape(write_share(sessions[key]))}"
        for group in groups.get(key, []):
            told += escape(f"; {name_skin_types(group['level'])}: {write_share(group, 'patients')}")
        items.append(told)
    parts = []
    if items:
        parts.append(
            write_list(
                f"Patients with at least one, of those who were asked"
                f"{escape(name_concern_of(released, rows))}:",
                items,
            )
        )
    parts.append(describe_not_seen(released).html)
    return Prose("\n".join(parts))


def describe_not_seen(released: Released) -> Prose:
    """Return the harm that nobody had, with its upper bound, and how much was recorded at all."""
    vocabulary = released.origin.vocabulary
    parts = []
    bounds = group_rows(
        (row for row in get_asked(released, "upper bound") if not pd.isna(row["value"])),
        *("total", "value", "confidence"),
    )
    for (total, value, confidence), same in bounds.items():
        names = ", ".join(name_term(vocabulary, row["term"]) for row in same)
        sure = write_number(confidence * 100) if not pd.isna(confidence) else "95"
        parts.append(
            f"<p>Not seen in any of {total} patients who were asked: {escape(names)}. "
            f"That does not mean never: up to {write_percent(value, total)} of patients could "
            f"still have each of them (one-sided {sure} % upper bound).</p>"
        )
    for row in get_rows(released, "recorded"):
        told = write_share(row, "sessions")
        parts.append(
            f"<p>Side effects were recorded (also as none) at {escape(told)}; "
            "sessions without a record are in none of these numbers.</p>"
        )
    return Prose("\n".join(parts))


def _is_none(row: Mapping[str, Any]) -> bool:
    return row["status"] == "shown" and not pd.isna(row["count"]) and row["count"] == 0


def describe_intervals(released: Released) -> Prose:
    """Return how long patients waited between sessions, against four weeks."""
    sentences = []
    for row in get_rows(released, "interval under four weeks"):
        told = write_share(row, "patients with a further session")
        sentences.append(f"At least one interval under four weeks: {escape(told)}.")
    for row in get_rows(released, "median interval"):
        if row["status"] == "shown" and not pd.isna(row["value"]):
            sentences.append(
                f"The median interval between sessions was {write_plain(row['value'])} days."
            )
        elif row["status"] == "suppressed":
            sentences.append(f"The median interval between sessions is {PROTECTED}.")
    if not sentences:
        return write_nothing("intervals")
    sentences.append(f"Counted are sessions of {escape(name_sessions(released))}.")
    return write_paragraphs([" ".join(sentences)])


_BETTER: Final = {
    "lower": "lower is better",
    "higher": "higher is better",
    "declared": "clinics number it in both orders; the source says which one it uses",
}
