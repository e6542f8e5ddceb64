"""Reads raw exports of REDCap with the project's data dictionary."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import ibis
import pandas as pd

from analysis.errors import SourceError
from analysis.intake.engine import Engine
from analysis.intake.sources.delimited import read_delimited
from analysis.intake.sources.log import Log, list_problems, name_texts, place_rows
from analysis.intake.sources.settings import Format, Layout, Source

_DICTIONARY: Final = {
    "field": ("Variable / Field Name", "field_name"),
    "type": ("Field Type", "field_type"),
    "choices": (
        *("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
        "Choices OR Calculations",
    ),
}
"""Headers of a data dictionary as downloaded, and as the interface for programs calls them."""
_FIXED: Final = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
_REPEAT: Final = "redcap_repeat_instance"
_EVENT: Final = "redcap_event_name"
_TICKED: Final = {"1": True, "checked": True, "0": False, "unchecked": False, "": False}
UNDEFINED: Final = "undefined_code"


@dataclass(frozen=True)
class Choice:
    """A field whose cells are codes: code → label."""

    labels: Mapping[str, str]
    is_checkbox: bool


def read_redcap(engine: Engine, source: Source, layout: Layout, name: str) -> Log:
    """Return the log of one export, with labels where codes stood.

    The checkbox columns ``field___code`` become one column ``field`` with the labels of the ticked
    ones. What stands only in the base row of a record is written into each of its other rows. A
    code that the dictionary does not define leaves its cell empty and is a problem.

    Raises
    ------
    SourceError
        When the export or the dictionary is missing or cannot be read.
    """
    log = read_delimited(engine, source.folder / name, layout.format, name)
    choices = read_dictionary(engine, source, layout)
    headers, rows, problems = _decode(log, choices)
    rows = _join_base_rows(headers, rows, layout)
    return replace(place_rows(ibis.memtable(rows), headers, file=name), problems=problems)


def read_dictionary(engine: Engine, source: Source, layout: Layout) -> dict[str, Choice]:
    """Return field → choices, for the fields that have choices."""
    written = Format(delimiter=layout.format.delimiter, encoding=layout.format.encoding)
    log = read_delimited(engine, source.folder / layout.dictionary, written)
    names = {}
    for key, possible in _DICTIONARY.items():
        names[key] = next((header for header in possible if header in log.headers), "")
        if not names[key]:
            listed = ", ".join(map(repr, log.headers))
            raise SourceError(
                f"{layout.dictionary!r} of {source.name!r} is no REDCap data dictionary: it has no "
                f"column {possible[0]!r}. Its columns are: {listed}."
            )
    rows = pd.DataFrame({key: log.read_column(names[key]) for key in _DICTIONARY})
    fields = {}
    for field, kind, choices in rows.itertuples(index=False, name=None):
        if kind in _FIXED:
            fields[field] = Choice(_FIXED[kind], is_checkbox=False)
        elif kind in ("radio", "dropdown", "checkbox"):
            pairs = (part.partition(",") for part in choices.split("|") if part.strip())
            labels = {code.strip(): label.strip() for code, _comma, label in pairs}
            fields[field] = Choice(labels, is_checkbox=kind == "checkbox")
    return fields


def _decode(
    log: Log, choices: Mapping[str, Choice]
) -> tuple[tuple[str, ...], pd.DataFrame, pd.DataFrame]:
    """Return the headers, the rows with labels where codes stood, and the problems."""
    given = log.rows.order_by("row").execute()
    columns: dict[str, pd.Series] = {}
    problems: list[dict[str, Any]] = []
    boxes = {
        _name_box(field, code): (field, label)
        for field, choice in choices.items()
        if choice.is_checkbox
        for code, label in choice.labels.items()
    }
    for header, text in zip(log.headers, log.texts, strict=True):
        cells = given[text]
        column, label = boxes.get(header, (header, ""))
        if label:
            ticked = cells.str.strip().str.lower().map(_TICKED)
            labels = ticked.eq(True).map({True: label, False: ""})
            read = _join_labels(columns[column], labels) if column in columns else labels
            undefined = ticked.isna()
        elif header in choices and not choices[header].is_checkbox:
            known = choices[header].labels
            # an export with labels holds the label where the raw one holds the code
            known = {label: label for label in known.values()} | dict(known) | {"": ""}
            read = cells.str.strip().map(known)
            undefined = read.isna()
            read = read.fillna("")
        else:
            columns[header] = cells
            continue
        columns[column] = read.astype("str")
        for file, line in given.loc[undefined, ["file", "line"]].itertuples(index=False):
            hint = "add the code to the data dictionary, or correct the cell"
            where = {"file": file, "line": line, "column": column, "suggestion": hint}
            problems.append(where | {"rule": UNDEFINED, "consequence": "cell blanked"})
    texts = pd.DataFrame({f"c{place}": each for place, each in enumerate(columns.values())})
    # a short or long row keeps its shortfall although ticks were gathered into one column
    lost = len(log.headers) - len(columns)
    place = given[["row", "line", "cells", "kind"]].assign(cells=given["cells"] - lost)
    return tuple(columns), pd.concat([place, texts], axis=1), list_problems(problems)


def _name_box(field: str, code: str) -> str:
    """Return the column of one tick box; REDCap writes a code's minus as an underscore."""
    return f"{field}___{re.sub(r'[^a-z0-9_]', '_', code.lower())}"


def _join_labels(first: pd.Series, second: pd.Series) -> pd.Series:
    both = (first != "") & (second != "")
    return first + both.map({True: "; ", False: ""}) + second


def _join_base_rows(headers: tuple[str, ...], rows: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Write into every row what only the base rows of its record hold.

    A base row has no day and, in a project with repeating instruments, no instance; in one with
    events alone, its event has no day in any record. The record is the first column.
    """
    names = dict(zip(headers, name_texts(headers), strict=True))
    if layout.columns["date"] not in names:
        return rows
    rows = rows.copy()
    date = rows[names[layout.columns["date"]]]
    if _REPEAT in names:
        is_base = (date == "") & (rows[names[_REPEAT]] == "")
    elif _EVENT in names:
        event = rows[names[_EVENT]]
        is_base = ~event.isin(event[date != ""])
    else:
        return rows
    record = rows["c0"].str.strip()
    is_base &= (record != "") & (rows["kind"] == "")
    for text in [*names.values()][1:]:
        filled = rows.loc[is_base & (rows[text] != "")]
        if len(filled) and (rows.loc[~is_base, text] == "").all():
            base = filled.set_index(record[filled.index])[text]
            base = base[~base.index.duplicated()]
            rows[text] = rows[text].where(is_base, record.map(base).fillna("")).astype("str")
    return rows.assign(kind=rows["kind"].where(~is_base, "base"))
