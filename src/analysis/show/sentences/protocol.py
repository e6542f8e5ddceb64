"""How patients were treated, in sentences."""

from html import escape
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences.writing import (
    PROTECTED,
    Prose,
    capitalise,
    get_rows,
    name_concern,
    name_sessions,
    tell_range,
    write_list,
    write_nothing,
    write_paragraphs,
    write_percent,
    write_plain,
    write_share,
)

_AGAINST_RANGE: Final = "needle against the usual range"
_NOT_PRESENT: Final = ("absent", "not recorded")


def describe_protocol(released: Released) -> Prose:
    """Return what a reader wants first: how far apart, how long, how deep, and who was counted."""
    told = [*_tell_intervals(released), *_tell_length(released), *_tell_needles(released)]
    if not told:
        return write_nothing("how patients were treated")
    told.append(
        f"Counted are sessions of {name_sessions(released)}, the patient first: many sessions of "
        "one patient count once in a median. None of this says what comes of what."
    )
    return write_paragraphs([" ".join(escape(each) for each in told)])


def describe_screening(released: Released) -> Prose:
    """Return who was treated with a contraindication present, and how often that was recorded."""
    items = []
    for key, block in released.origin.vocabulary.contraindications.items():
        rows = [row for row in get_rows(released, key, by=key) if row["question"] == "protocol"]
        if rows:
            levels = [row for row in rows if row["level"] not in _NOT_PRESENT]
            parts = [f"{row['level']}: {_tell_count(row)}" for row in levels if _is_some(row)]
            parts += [f"{row['level']}: {_tell_count(row)}" for row in rows[-2:]]
            name = f"<strong>{escape(capitalise(block.name))}</strong>, "
            items.append(name + escape("; ".join(parts)))
    if not items:
        return write_nothing("contraindications present at a treatment")
    intro = "Patients who were treated, by what was recorded of contraindications at a session:"
    note = (
        "<p>A contraindication that was recorded is not a mistake of its own: it may have been "
        "past or mild, or treated with care. Not recorded is not absent.</p>"
    )
    return Prose(f"{write_list(intro, items)}\n{note}")


def _tell_intervals(released: Released) -> list[str]:
    by = "median interval of the patient"
    rows = get_rows(released, by, by=by)
    parts = [f"{row['level']}: {_tell_count(row)}" for row in rows if _is_some(row)]
    if not rows or not rows[0]["total"] or not parts:
        return []
    return [f"Median time of a patient between sessions, {'; '.join(parts)}."]


def _tell_length(released: Released) -> list[str]:
    quartiles = {row["level"]: row for row in get_rows(released, "minutes", by="quartile")}
    if not quartiles or any(pd.isna(row["value"]) for row in quartiles.values()):
        return []
    first, middle, third = (
        write_plain(quartiles[name]["value"])
        for name in ("first quartile", "median", "third quartile")
    )
    told = f"A session in the clinic took {middle} minutes (median; half of the patients {first} to"
    recorded = get_rows(released, "length recorded")
    where = f"; recorded at {write_share(recorded[0], 'sessions')}" if recorded else ""
    return [f"{told} {third}{where})."]


def _tell_needles(released: Released) -> list[str]:
    told = []
    vocabulary = released.origin.vocabulary
    for row in get_rows(released, _AGAINST_RANGE, by="usual range"):
        if row["level"] == "within" and not pd.isna(row["value"]):
            span = row["note"].partition(";")[0]
            told.append(
                f"For {name_concern(vocabulary, row['concern'])}, the needle was within the "
                f"reviewed lengths ({span}) at {write_percent(row['value'], row['total'])} of "
                f"{row['total']} sessions with a length."
            )
    missing = [
        name_concern(vocabulary, row["concern"]) for row in get_rows(released, _AGAINST_RANGE)
    ]
    if missing:
        told.append(f"No source gives a range for {', '.join(missing)}.")
    return told


def _tell_count(row: dict[str, Any]) -> str:
    """Return "12 of 40 patients", or what may be said of it."""
    told = tell_range(row)
    return told if told == PROTECTED else f"{told} patients"


def _is_some(row: dict[str, Any]) -> bool:
    """Return whether a level is worth a word: somebody is in it, or that may not be told."""
    return bool(pd.isna(row["count"]) or row["count"])
