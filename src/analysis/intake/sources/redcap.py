"""Reads exports of REDCap, raw or with labels, with the project's data dictionary."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, Final

import ibis
import pandas as pd

from analysis.errors import SourceError
from analysis.intake.engine import Engine
from analysis.intake.sources.delimited import read_delimited
from analysis.intake.sources.log import Log, list_problems, name_texts, place_rows
from analysis.intake.sources.records import EVENT, INSTANCE, INSTRUMENT, join_records
from analysis.intake.sources.settings import Format, Layout, Source

_DICTIONARY: Final = {
    "field": ("Variable / Field Name", "field_name"),
    "type": ("Field Type", "field_type"),
    "choices": (
        *("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
        "Choices OR Calculations",
    ),
    "label": ("Field Label", "field_label"),
    "form": ("Form Name", "form_name"),
}
"""Headers of a data dictionary as downloaded, and as the interface for programs calls them."""
_NEEDED: Final = ("field", "type", "choices")
_OF_EVERY_PROJECT: Final = {
    "Event Name": EVENT,
    "Repeat Instrument": INSTRUMENT,
    "Repeat Instance": INSTANCE,
    "Data Access Group": "redcap_data_access_group",
    "Survey Identifier": "redcap_survey_identifier",
}
"""Header in an export with labels → header in a raw one."""
_COMPLETE: Final = "Complete?"
_STATES: Final = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
_YES_NO: Final = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
_TICKS: Final = {"1": True, "checked": True, "0": False, "unchecked": False, "": False}
UNDEFINED: Final = "undefined_code"
AMBIGUOUS: Final = "ambiguous_code"


@dataclass(frozen=True)
class Field:
    """A field of the project; ``choices`` is code → label, empty where the cells are no codes."""

    label: str
    form: str
    choices: Mapping[str, str]
    is_checkbox: bool


@dataclass(frozen=True)
class _Column:
    """A column as it will be called, and the text columns it is read from: one, or one for each
    tick box with its label."""

    name: str
    choices: Mapping[str, str]
    texts: tuple[str, ...]
    boxes: tuple[str, ...] = ()


def read_redcap(engine: Engine, source: Source, layout: Layout, name: str) -> Log:
    """Return the log of one export, its columns named by their fields, with labels where codes
    stood.

    An export with labels is understood by the labels of the dictionary; a column may be mapped by
    its label too. The tick boxes of a field become one column with the labels of the ticked ones.
    A code that the dictionary does not define leaves its cell empty and is a problem. What stands
    in rows without a session is brought to the sessions of its record; see :func:`join_records`.

    Raises
    ------
    SourceError
        When the export or the dictionary is missing or cannot be read, or a mapped field shares its
        label with another in an export with labels.
    """
    log = read_delimited(engine, source.folder / name, layout.format, name)
    fields = read_dictionary(engine, source, layout)
    variables = _name_variables(source, layout, name, log.headers, fields)
    columns = _gather_columns(layout, variables, log.texts, fields)
    has_labels = variables != log.headers
    rows, undefined = _decode(log, columns, has_labels)
    headers = tuple(column.name for column in columns)
    rows, unplaced = join_records(headers, rows, layout)
    problems = list_problems({"file": name, **each} for each in (*undefined, *unplaced))
    part = engine.keep(engine.name_part(), ibis.memtable(rows))
    return replace(place_rows(part, headers, file=name), problems=problems)


def read_dictionary(engine: Engine, source: Source, layout: Layout) -> dict[str, Field]:
    """Return the fields of the project by name, with one for the state of each form."""
    written = Format(delimiter=layout.format.delimiter, encoding=layout.format.encoding)
    log = read_delimited(engine, source.folder / layout.dictionary, written)
    columns = {}
    found = find_dictionary_columns(log.headers)
    for key, possible in _DICTIONARY.items():
        header = found[key]
        if not header and key in _NEEDED:
            listed = ", ".join(map(repr, log.headers))
            raise SourceError(
                f"{layout.dictionary!r} of {source.name!r} is no REDCap data dictionary: it has no "
                f"column {possible[0]!r}. Its columns are: {listed}."
            )
        columns[key] = log.read_column(header) if header else ""
    fields = {}
    for row in pd.DataFrame(columns).to_dict("records"):
        choices = _YES_NO.get(row["type"], {})
        if row["type"] in ("radio", "dropdown", "checkbox"):
            pairs = (part.partition(",") for part in row["choices"].split("|") if part.strip())
            choices = {code.strip(): _tidy(label) for code, _comma, label in pairs}
        is_checkbox = row["type"] == "checkbox"
        fields[row["field"]] = Field(_tidy(row["label"]), row["form"], choices, is_checkbox)
    for form in dict.fromkeys(field.form for field in fields.values() if field.form):
        fields.setdefault(f"{form}_complete", Field("", "", _STATES, is_checkbox=False))
    return fields


def is_dictionary(headers: Sequence[str]) -> bool:
    """Return whether these are the headers of a data dictionary."""
    found = find_dictionary_columns(headers)
    return all(found[key] for key in _NEEDED)


def find_dictionary_columns(headers: Sequence[str]) -> dict[str, str]:
    """Return ``field``, ``type``, ``choices``, ``label``, ``form`` → header in a data dictionary;
    empty where it is not there."""
    return {
        key: next((header for header in possible if header in headers), "")
        for key, possible in _DICTIONARY.items()
    }


def _tidy(label: str) -> str:
    """Return a label as an export writes it: without the tags that format it, in one line."""
    return " ".join(re.sub(r"</?[a-zA-Z][^<>]*>", " ", label).split())


# --- headers ----------------------------------------------------------------------------------


def _name_variables(
    source: Source,
    layout: Layout,
    name: str,
    headers: tuple[str, ...],
    fields: Mapping[str, Field],
) -> tuple[str, ...]:
    """Return the headers a raw export would have; one that is not understood stays."""
    boxes = {box: field for field, box, _label in _list_boxes(fields)}
    raw = {*fields, *boxes, *_OF_EVERY_PROJECT.values()}
    labelled: dict[str, list[str]] = {label: [key] for label, key in _OF_EVERY_PROJECT.items()}
    for key, field in fields.items():
        if field.label and not field.is_checkbox:
            labelled.setdefault(field.label, []).append(key)
    for key, box, label in _list_boxes(fields):
        labelled.setdefault(f"{fields[key].label} (choice={label})", []).append(box)
    tidy = [_tidy(header) for header in headers]
    if sum(header in labelled for header in tidy) <= sum(header in raw for header in headers):
        return headers
    mapped = {header: role for role, header in layout.headers}
    for label in dict.fromkeys(tidy):
        keys = [boxes.get(key, key) for key in labelled.get(label, ())]
        asked = next((mapped[key] for key in (*keys, label) if key in mapped), "")
        if len(keys) > 1 and asked:
            listed = " and ".join(map(repr, keys))
            raise SourceError(
                f"The log {name!r} of {source.name!r}: {label!r} is the label of the fields "
                f"{listed}, one of them mapped as {asked}, and the export does not tell them "
                "apart; export it with raw headers, or give the fields labels of their own."
            )
    states = [f"{form}_complete" for form in dict.fromkeys(each.form for each in fields.values())]
    states = [state for state in states if state in fields]
    if tidy.count(_COMPLETE) == len(states):
        rest = iter(states)
        tidy = [next(rest) if header == _COMPLETE else header for header in tidy]
    return tuple(
        keys[0] if len(keys := labelled.get(header, [])) == 1 else header for header in tidy
    )


def _list_boxes(fields: Mapping[str, Field]) -> Iterator[tuple[str, str, str]]:
    """Yield field, column and label of every tick box; REDCap writes a minus as an underscore."""
    for key, field in fields.items():
        if field.is_checkbox:
            for code, label in field.choices.items():
                yield key, f"{key}___{re.sub(r'[^a-z0-9_]', '_', code.lower())}", label


def _gather_columns(
    layout: Layout,
    variables: Sequence[str],
    texts: Sequence[str],
    fields: Mapping[str, Field],
) -> list[_Column]:
    """Return the columns in their order, all tick boxes of a field as one, where its first is."""
    boxes = {box: (field, label) for field, box, label in _list_boxes(fields)}
    mapped = {header for _role, header in layout.headers}
    found: dict[tuple[str, int], _Column] = {}
    for place, (variable, text) in enumerate(zip(variables, texts, strict=True)):
        key, label = boxes.get(variable, (variable, ""))
        field = fields.get(key)
        name = key
        if field and field.label in mapped and key not in mapped:
            name = field.label
        choices = field.choices if field else {}
        if not label:
            found[key, place] = _Column(name, choices, (text,))
        else:
            known = found.get((key, -1), _Column(name, choices, ()))
            found[key, -1] = replace(known, texts=(*known.texts, text), boxes=(*known.boxes, label))
    return [*found.values()]


# --- cells ------------------------------------------------------------------------------------


def _decode(
    log: Log, columns: Sequence[_Column], has_labels: bool
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the rows with labels where codes stood, and the cells that are neither."""
    given = log.rows.order_by("row").execute()
    holds_labels = _find_kind(given, columns, has_labels)
    problems: list[dict[str, Any]] = []
    read: dict[str, pd.Series] = {}
    for text, column in zip(name_texts([each.name for each in columns]), columns, strict=True):
        cells = [given[each].str.strip() for each in column.texts]
        refused: dict[str, pd.Series] = {}
        if column.boxes:
            ticks = [_read_ticks(*each) for each in zip(cells, column.boxes, strict=True)]
            refused[UNDEFINED] = reduce(or_, (tick.isna() for tick in ticks))
            labels = zip(ticks, column.boxes, strict=True)
            named = (tick.eq(True).map({True: label, False: ""}) for tick, label in labels)
            read[text] = reduce(_join_labels, named).astype("str")
        elif column.choices:
            read[text], refused = _read_codes(cells[0], column.choices, holds_labels)
        else:
            read[text] = given[column.texts[0]]
        for rule, where in refused.items():
            for line in given.loc[where, "line"]:
                problems.append(
                    {"line": line, "column": column.name, "rule": rule}
                    | {"consequence": "cell blanked", "suggestion": _HINTS[rule]}
                )
    # a short or long row keeps its shortfall although ticks were gathered into one column
    lost = len(log.headers) - len(columns)
    place = given[["row", "line", "cells", "kind"]].assign(cells=given["cells"] - lost)
    return pd.concat([place, pd.DataFrame(read)], axis=1), problems


_HINTS: Final = {
    UNDEFINED: "add the code to the data dictionary, or correct the cell",
    AMBIGUOUS: "export all fields raw, or all with labels",
}


def _find_kind(given: pd.DataFrame, columns: Sequence[_Column], has_labels: bool) -> bool | None:
    """Return whether the cells hold labels: by those that can be only one of the two, else like the
    headers. None where some hold labels and some codes."""
    is_label = is_code = False
    for column in columns:
        for text, box in zip(column.texts, column.boxes or ("",), strict=True):
            codes = {"0", "1"} if box else {*column.choices}
            labels = {"Checked", "Unchecked", box} if box else {*column.choices.values()}
            cells = {*map(str.strip, given[text].unique())} - {""}
            is_code |= not cells.isdisjoint(codes - labels)
            is_label |= not cells.isdisjoint(labels - codes)
    if is_label and is_code:
        return None
    return is_label if is_label or is_code else has_labels


def _read_ticks(cells: pd.Series, label: str) -> pd.Series:
    """Return whether a box is ticked; missing where the cell does not say."""
    return cells.str.lower().map(_TICKS | {label.lower(): True})


def _read_codes(
    cells: pd.Series, choices: Mapping[str, str], holds_labels: bool | None
) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Return the labels, and where there is none by the rule that says why."""
    labels = {label: label for label in choices.values()}
    both = {key for key, label in choices.items() if key in labels and key != label}
    known = {**choices, **labels} if holds_labels else {**labels, **choices}
    unclear = cells.isin(both) & (holds_labels is None)
    read = cells.map({**known, "": ""})
    refused = {UNDEFINED: read.isna(), AMBIGUOUS: unclear}
    return read.where(~unclear).fillna("").astype("str"), refused


def _join_labels(first: pd.Series, second: pd.Series) -> pd.Series:
    both = (first != "") & (second != "")
    return first + both.map({True: "; ", False: ""}) + second
