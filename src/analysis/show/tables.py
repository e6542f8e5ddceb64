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

from analysis.show.disclosure import NOT_SHOWN, Released, require_released
from analysis.show.sentences import (
    NOT_ESTIMABLE,
    TOO_FEW,
    Prose,
    get_rows,
    name_concern,
    name_concern_of,
    name_side_effect,
    name_skin_types,
    name_subject,
    sort_by_rate,
    write_change,
    write_confidence,
    write_count,
    write_limits,
    write_nothing,
    write_number,
    write_percent,
    write_plain,
    write_share,
)
from analysis.vocabulary import METHODS

_Row = Mapping[str, Any]

NO_INTERVAL: Final = "none given"
STEPS: Final = {
    "not yet due": "follow-up not yet due",
    "no baseline": "no score before treatment",
    "not seen again": "not seen again",
    "cannot respond": "seen again, but could not respond",
    "analysed": "analysed",
}
"""What became of a first course, in words."""
_CLASSES: Final = {
    "expected": "Expected reactions",
    "adverse": "Harm",
    "special_interest": "Harm that is always named",
}
_OTHER_CLASS: Final = "Other"
_CHARACTERISTICS: Final = {
    "sex": "Sex",
    "skin type": "Skin type (Fitzpatrick)",
    "age group": "Age in years",
    "concern": "Concern (a patient may have several)",
}
POPULATIONS: Final = {
    "analysed": "patients of a first course with the scores the scale needs who could respond",
    "patients with a further session": "patients with a session at most 180 days after another",
    "seen again": "patients of a first course with the scores the scale needs",
    "first courses": "the first course of every patient",
    "patients asked": "patients with a session at which side effects were recorded",
    "sessions asked": "sessions at which side effects were recorded",
}
"""Who is in a denominator, in the words of a footnote."""


@dataclass(frozen=True, repr=False)
class Table:
    """A table as HTML; printed, it is plain text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


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
            lines.append({"level": level, "count": write_count(row), "share": _write_value(row)})
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
        notes=[*notes, *_cite(shown)],
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
            "share": _write_value(row),
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
            "Not yet due is not lost: the follow-up window of these courses is still open. Could "
            "not respond: the first score was so good that the rule for responders cannot be met.",
            *_cite(rows),
        ],
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
        lines.append({"subject": name_subject(released, row), **_write_cells(row), "rule": told})
    return make_table(
        name,
        "Patients who responded",
        lines,
        {"subject": "Concern and scale", **_name_cells(rows), "rule": "Responder"},
        shown=rows,
        notes=_cite(rows),
        left=["rule"],
    )


def show_direction(released: Released, *, name: str = "direction") -> Table | Prose:
    """Return how many were better, the same and worse after the course."""
    rows = get_rows(released, "direction", by="change")
    if not rows:
        return write_nothing("change")
    return make_table(
        name,
        "Better, the same or worse after the course",
        [{"level": row["level"], **_write_cells(row)} for row in rows],
        {"level": "Score", **_name_cells(rows)},
        groups=[name_subject(released, row) for row in rows],
        shown=rows,
        notes=_cite(rows),
    )


def show_mean_change(released: Released, *, name: str = "mean-change") -> Table | Prose:
    """Return the mean change on continuous scales; plus is better whatever the direction."""
    rows = get_rows(released, "mean change")
    if not rows:
        if get_rows(released, "direction", by="change"):
            # grades have no mean worth showing: the table of directions has said it all
            return Prose("")
        return write_nothing("the mean change")
    lines = []
    for row in rows:
        told = _explain(row)
        count = write_count(row) if pd.isna(row["count"]) else f"{row['count']}"
        change = told or write_change(released, row)
        lines.append({"subject": name_subject(released, row), "count": count, "change": change})
    return make_table(
        name,
        "Mean change after the course",
        lines,
        {"subject": "Concern and scale", "count": "Patients", "change": "Mean change"},
        shown=rows,
        notes=["Plus is better, also on scales where a lower score is better.", *_cite(rows)],
    )


def show_side_effects(released: Released, *, name: str = "side-effects") -> Table | Prose:
    """Return side effects on patients and on sessions, side by side, and how they were counted."""
    rows = get_rows(released, "patients with")
    if not rows:
        return write_nothing("side effects")
    sessions = {_get_key(row): row for row in get_rows(released, "sessions with")}
    bounds = {_get_key(row): row for row in get_rows(released, "upper bound")}
    parts = get_rows(released, "patients with", by="skin type group")
    effects = released.origin.vocabulary.side_effects
    lines, groups = [], []
    shown: list[_Row] = []

    def add(
        row: _Row, label: str, title: str, bound: _Row | None, of_sessions: _Row | None
    ) -> None:
        cells = _write_cells(row)
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
        key = _get_key(row)
        add(row, name_side_effect(released, row), title, bounds.get(key), sessions.get(key))
        for part in parts:
            if _get_key(part) == key:
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
        {"label": "Side effect", **_name_cells(rows), "sessions": "Sessions"},
        groups=groups,
        spanners={"Patients": ["count", "share", "interval"]},
        shown=shown,
        notes=[*counted, *_cite(shown)],
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
        found = _explain(row) or f"{write_plain(row['value'])} days{known}"
        lines.append({"measure": "median interval", "found": found})
    return make_table(
        name,
        "Intervals between sessions",
        lines,
        {"measure": "Measure", "found": "Found"},
        shown=shown,
        notes=_cite(shown),
        left=["found"],
    )


# --- cells ------------------------------------------------------------------------------------


def _get_key(row: _Row) -> tuple[Any, ...]:
    return (row["concern"], row["term"])


def _explain(row: _Row) -> str:
    """Return the words that stand in place of a number, or nothing where there is one."""
    if row["status"] == "suppressed":
        return NOT_SHOWN
    if row["status"] == "too few":
        return TOO_FEW
    return NOT_ESTIMABLE if pd.isna(row["value"]) else ""


def _write_value(row: _Row) -> str:
    return _explain(row) or write_percent(row["value"], row["total"])


def _write_sessions(row: _Row) -> str:
    told = _explain(row)
    if told == NOT_SHOWN:
        return told
    return f"{write_count(row)}, {told or write_percent(row['value'], row['total'])}"


def _write_cells(row: _Row) -> dict[str, str]:
    interval = _explain(row) or write_limits(row) or NO_INTERVAL
    return {"count": write_count(row), "share": _write_value(row), "interval": interval}


def _name_cells(rows: Sequence[_Row]) -> dict[str, str]:
    written = {write_confidence(row) for row in rows if not pd.isna(row["confidence"])}
    interval = f"{written.pop()} interval" if len(written) == 1 else "Interval"
    return {"count": "Number", "share": "Share", "interval": interval}


def _cite(rows: Iterable[_Row]) -> list[str]:
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
    shown: Iterable[_Row],
    notes: Iterable[str] = (),
    groups: Sequence[str] = (),
    spanners: Mapping[str, Sequence[str]] | None = None,
    left: Sequence[str] = (),
) -> Table:
    """Return the table of these lines; the first column names the line.

    ``lines`` have a text for each of ``columns``; ``shown`` are the rows behind them, whose
    addresses make the id; ``groups`` has a title for each line; ``left`` names the columns that
    are aligned to the left.
    """
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


def make_key(name: str, rows: Iterable[_Row]) -> str:
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
