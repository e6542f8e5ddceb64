"""Tables made from released estimates: each number with its denominator, interval and method.

A table is rendered by great_tables without its style sheet, which would be repeated in every table
and load nothing useful offline. A page can rely on these names:

- ``div.scroll`` around each table: focusable, labelled by the caption, scrolls sideways;
- ``table.gt_table`` with ``caption``; ``th.gt_col_heading``; ``span.gt_column_spanner``;
  ``th.gt_group_heading`` over a group of rows; ``th.gt_stub`` and ``td.gt_row`` in a row;
  ``gt_left`` and ``gt_right`` for the alignment; ``td.gt_sourcenote`` for the footnotes.

Ids begin with the table's name and a hash of the addresses it shows, so that two tables of a page
do not collide and the same table is the same bytes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any, Final

import pandas as pd
from great_tables import GT

from analysis.show.disclosure import NOT_SHOWN
from analysis.show.sentences import (
    NOT_ESTIMABLE,
    TOO_FEW,
    Prose,
    write_confidence,
    write_count,
    write_limits,
    write_number,
    write_percent,
)
from analysis.vocabulary import METHODS

Row = Mapping[str, Any]

NO_INTERVAL: Final = "none given"
POPULATIONS: Final = {
    "analysed": "patients of a first course with the scores the scale needs who could respond",
    "patients with a further session": "patients with a session at most 180 days after another",
    "seen again": "patients of a first course with the scores the scale needs",
    "due": "patients who were due, seen again or not, and who could respond",
    "due, any first score": "patients who were due, seen again or not",
    "not seen again": "patients who were due and were not seen again",
    "analysed, no other procedure": "those of them without another procedure on the same concern",
    "all courses analysed": "all courses with the scores the scale needs that could respond",
    "further courses analysed": "of these, the courses after the first one",
    "could respond, seen at the visit": "patients who could respond, seen at the visit",
    "both halves scored": "patients of a first course of which both halves have the scores the "
    "scale needs, by the same kind of rater",
    "pairs of halves": "those of them whose halves were treated differently",
    "pairs of halves that could respond": "of these, patients both of whose halves could respond",
    "analysed, courses of a modality": "the same of first courses of another modality",
    "seen again, courses of a modality": "the same of first courses of another modality",
    "first courses": "the first course of every patient",
    "patients asked": "patients with a session at which side effects were recorded",
    "sessions asked": "sessions at which side effects were recorded",
}


@dataclass(frozen=True, repr=False)
class Table:
    """A table as HTML; printed, it is plain text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def get_key(row: Row) -> tuple[Any, ...]:
    """Return what a row of side effects is about."""
    return (row["concern"], row["term"])


def write_reason(row: Row) -> str:
    """Return the words that stand in place of a number, or nothing where there is one."""
    if row["status"] == "suppressed":
        return NOT_SHOWN
    if row["status"] == "too few":
        return TOO_FEW
    return NOT_ESTIMABLE if pd.isna(row["value"]) else ""


def write_value(row: Row) -> str:
    """Return a share in percent, or the words in its place."""
    return write_reason(row) or write_percent(row["value"], row["total"])


def write_cells(row: Row) -> dict[str, str]:
    """Return number, share and interval of a row."""
    interval = write_reason(row) or write_limits(row) or NO_INTERVAL
    return {"count": write_count(row), "share": write_value(row), "interval": interval}


def name_cells(rows: Sequence[Row]) -> dict[str, str]:
    """Return the headings of :func:`write_cells`."""
    written = {write_confidence(row) for row in rows if not pd.isna(row["confidence"])}
    interval = f"{written.pop()} interval" if len(written) == 1 else "Interval"
    return {"count": "Number", "share": "Share", "interval": interval}


def cite(rows: Iterable[Row]) -> list[str]:
    """Return who was counted and how, for the foot of a table."""
    several = [*rows]
    populations = dict.fromkeys(row["population"] for row in several)
    named = "; ".join(
        f"{each}: {POPULATIONS[each]}" if each in POPULATIONS else each
        for each in populations
        if each
    )
    used = {row["method"] for row in several}
    methods = "; ".join(method.name for key, method in METHODS.items() if key in used)
    sure = sorted({row["confidence"] for row in several if not pd.isna(row["confidence"])})
    levels = ", ".join(f"{write_number(each * 100)} %" for each in sure)
    told = [f"Population: {named}."] if named else []
    told.append(f"Method: {methods}" + (f"; confidence {levels}." if levels else "."))
    if any(row["status"] == "suppressed" for row in several):
        told.append("Numbers that would point to a few patients are not shown.")
    return told


# --- rendering --------------------------------------------------------------------------------


def make_table(
    name: str,
    caption: str,
    lines: Sequence[Mapping[str, str]],
    columns: Mapping[str, str],
    *,
    shown: Iterable[Row],
    notes: Iterable[str] = (),
    groups: Sequence[str] = (),
    spanners: Mapping[str, Sequence[str]] | None = None,
    left: Sequence[str] = (),
) -> Table:
    """Return the table of these lines; the first column names the line."""
    stub, *others = columns
    frame = pd.DataFrame([*lines], columns=[*columns])
    # Group labels become ids in great_tables, so it sees numbers and the words come in later.
    labels = [*dict.fromkeys(groups)]
    if labels:
        frame["group"] = [f"group{labels.index(label)}" for label in groups]
    key = make_key(name, shown)
    table = GT(frame, rowname_col=stub, groupname_col="group" if labels else None, id=key)
    heads: dict[str, Any] = {column: columns[column] for column in others}
    table = table.tab_stubhead(columns[stub]).cols_label(**heads)
    table = table.cols_align("right", [column for column in others if column not in left])
    table = table.cols_align("left", [column for column in others if column in left])
    for label, spanned in (spanners or {}).items():
        table = table.tab_spanner(label, [*spanned])
    for note in notes:
        table = table.tab_source_note(note)
    rendered = _tidy(table.as_raw_html(), key, caption)
    for number, label in enumerate(labels):
        rendered = rendered.replace(f">group{number}</th>", f">{escape(label)}</th>")
    text = "\n".join(
        [caption, "\t".join(columns.values()), *("\t".join(line.values()) for line in lines)]
    )
    return Table(rendered, text)


def fold(shown: Table | Prose, summary: str) -> Table | Prose:
    """Return a table that a reader unfolds; sentences that stand in its place as they are."""
    if not isinstance(shown, Table):
        return shown
    folded = f"<details>\n<summary>{escape(summary)}</summary>\n{shown.html}\n</details>"
    return Table(folded, shown.text)


def make_key(name: str, rows: Iterable[Row]) -> str:
    """Return an id for a table or figure: its name and a hash of what it is about."""
    addresses = "\n".join(row["address"] for row in rows)
    return f"{name}-{sha256(addresses.encode()).hexdigest()[:8]}"


def _tidy(rendered: str, key: str, caption: str) -> str:
    """Return only the table, captioned, in a container that scrolls and can be focused."""
    found = re.search(r"<table\b[^>]*>(.*)</table>", rendered, re.DOTALL)
    body = found[1] if found else rendered
    body = re.sub(r"\n\s*\n", "\n", body).strip()
    return (
        f'<div class="scroll" role="region" aria-labelledby="{key}-caption" tabindex="0">\n'
        f'<table class="gt_table" id="{key}">\n'
        f'<caption id="{key}-caption">{escape(caption)}</caption>\n'
        f"{body}\n</table>\n</div>"
    )
