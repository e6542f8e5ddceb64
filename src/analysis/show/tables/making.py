"""Tables made from released estimates: each number with its denominator, interval and method.

A table is rendered by great_tables without its style sheet, which would be repeated in every table
and load nothing useful offline. A page can rely on these names:

- ``div.scroll`` around each table: focusable, labelled by the caption, scrolls sideways;
- ``table.gt_table`` with ``caption``; ``th.gt_col_heading``; ``span.gt_column_spanner``; a
  ``tbody`` with ``th.gt_group_heading`` for each group of rows; ``th.gt_stub`` before each row;
  ``gt_right`` where a cell is not aligned left; ``td.gt_sourcenote`` for the footnotes;
- ``details.meaning`` below: what each kind of number is, of whom, and how it was made.

Headings are tied to their cells by ``scope`` alone: with groups that are bodies of their own it
says all that ``headers`` would, which names every heading in every cell and is half of the page.

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

from analysis.show.disclosure import NOT_SHOWN, Released
from analysis.show.sentences import (
    NOT_ESTIMABLE,
    TOO_FEW,
    Prose,
    get_asked,
    get_rows,
    write_confidence,
    write_count,
    write_limits,
    write_percent,
)
from analysis.show.tables.definitions import define

Row = Mapping[str, Any]

NO_INTERVAL: Final = "none given"
MEANING: Final = "What each number means"
_STYLED: Final = {
    *("gt_col_heading", "gt_column_spanner_outer", "gt_group_heading", "gt_stub"),
    *("gt_right", "gt_center", "gt_sourcenote"),
}
"""Classes of great_tables that the page's style sheet knows."""


@dataclass(frozen=True, repr=False)
class Table:
    """A table as HTML; printed, it is plain text."""

    html: str
    text: str
    meaning: str = ""
    """What each kind of number in it means, as HTML; empty where it holds no estimate."""

    @property
    def unfolded(self) -> str:
        """The table with the meaning of its numbers in sight, for a place that is folded itself."""
        told = f'<div class="meaning">\n<p>{MEANING}:</p>\n{self.meaning}\n</div>'
        return f"{self.html}\n{told}" if self.meaning else self.html

    def _repr_html_(self) -> str:
        told = fold_meaning(self.meaning)
        return f"{self.html}\n{told}" if told else self.html

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
    """Return what the foot of a table says where numbers are hidden; who was counted, and how,
    stands below the table."""
    if any(row["status"] == "suppressed" for row in rows):
        return ["Numbers that would point to a few patients are not shown."]
    return []


# --- rendering --------------------------------------------------------------------------------


def make_table(
    name: str,
    caption: str,
    lines: Sequence[Mapping[str, str]],
    columns: Mapping[str, str],
    *,
    shown: Sequence[Row],
    defined: Iterable[Row] | None = None,
    notes: Iterable[str] = (),
    groups: Sequence[str] = (),
    spanners: Mapping[str, Sequence[str]] | None = None,
    left: Sequence[str] = (),
) -> Table:
    """Return the table of these lines; the first column names the line, and a cell may have two
    lines of its own.

    ``shown`` are the rows it is made from, ``defined`` those whose meaning is told
    below it: all of them, unless said otherwise.
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
    told = ("\t".join(cell.replace("\n", ", ") for cell in line.values()) for line in lines)
    text = "\n".join([caption, "\t".join(columns.values()), *told])
    return Table(rendered, text, define(shown if defined is None else defined))


def fold(shown: Table | Prose, summary: str) -> Table | Prose:
    """Return a table that a reader unfolds; sentences that stand in its place as they are."""
    if not isinstance(shown, Table):
        return shown
    folded = f"<details>\n<summary>{escape(summary)}</summary>\n{shown.unfolded}\n</details>"
    return Table(folded, shown.text)


def fold_meaning(meaning: str) -> str:
    """Return what numbers mean as something to unfold; nothing for nothing."""
    if not meaning:
        return ""
    return f'<details class="meaning">\n<summary>{MEANING}</summary>\n{meaning}\n</details>'


def explain(released: Released, *statistics: str) -> Prose:
    """Return what these numbers mean, for a reader to unfold below the sentences that tell them.

    Meant are those over all, not by group, where there are such; of side effects those of who was
    asked.
    """
    rows = [row for each in statistics for row in _find_told(released, each)]
    return Prose(fold_meaning(define(rows)))


def _find_told(released: Released, statistic: str) -> list[dict[str, Any]]:
    groupings = released.keep(statistic=statistic).frame["by"].unique()
    whole = get_asked(released, statistic) or get_rows(released, statistic)
    return whole or [row for by in groupings for row in get_rows(released, statistic, by=by)]


def make_key(name: str, rows: Iterable[Row]) -> str:
    """Return an id for a table or figure: its name and a hash of what it is about."""
    addresses = "\n".join(row["address"] for row in rows)
    return f"{name}-{sha256(addresses.encode()).hexdigest()[:8]}"


def _tidy(rendered: str, key: str, caption: str) -> str:
    """Return only the table, captioned, in a container that scrolls and can be focused."""
    found = re.search(r"<table\b[^>]*>(.*)</table>", rendered, re.DOTALL)
    body = found[1] if found else rendered
    body = re.sub(r"<(t[hd])\b([^>]*)>", _tidy_cell, body)
    body = body.replace('<tbody class="gt_table_body">', "<tbody>")
    body = body.replace('<tr class="gt_group_heading_row">', "</tbody>\n<tbody>\n<tr>")
    body = re.sub(r"<tbody>\s*</tbody>", "", body)
    body = _list_column_groups(body) + body
    # of a cell's own two lines the second may begin with anything but a tag
    body = re.sub(r"\s*\n\s*(?=<)", "\n", body).strip()
    return (
        f'<div class="scroll" role="region" aria-labelledby="{key}-caption" tabindex="0">\n'
        f'<table class="gt_table" id="{key}">\n'
        f'<caption id="{key}-caption">{escape(caption)}</caption>\n'
        f"{body}\n</table>\n</div>"
    )


def _list_column_groups(body: str) -> str:
    """Return the groups of columns that a heading over several belongs to; nothing without one."""
    first = body.partition("</tr>")[0]
    if 'scope="colgroup"' not in first:
        return ""
    spans = [re.search(r'colspan="(\d+)"', cell) for cell in re.findall(r"<th\b[^>]*>", first)]
    groups = (f'<colgroup span="{span[1] if span else 1}"></colgroup>' for span in spans)
    return f"{''.join(groups)}\n"


def _tidy_cell(cell: re.Match[str]) -> str:
    """Return the tag of a cell with what styles it and ties it to others, and nothing else."""
    attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', cell[2]))
    classes = [each for each in attributes.get("class", "").split() if each in _STYLED]
    if "gt_group_heading" in classes:
        attributes["scope"] = "rowgroup"
    kept = {"class": " ".join(classes)}
    kept |= {
        name: attributes[name] for name in ("scope", "rowspan", "colspan") if name in attributes
    }
    told = "".join(
        f' {name}="{value}"'
        for name, value in kept.items()
        if value and not (name.endswith("span") and value == "1")
    )
    return f"<{cell[1]}{told}>"
