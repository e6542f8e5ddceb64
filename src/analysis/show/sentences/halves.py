"""Split faces in sentences: how many there are, and how far the halves lie apart."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences.writing import (
    NOT_ESTIMABLE,
    PROTECTED,
    Prose,
    capitalise,
    get_rows,
    name_scale,
    name_unit,
    write_confidence,
    write_nothing,
    write_paragraphs,
    write_share,
    write_signed,
)

_CAUTION = (
    "The first half is the one that was treated in the course, or on which more was done besides. "
    "Both halves "
    "are of the same patient, so the interval is that of pairs. The log does not say how it was "
    "chosen which half got what, nor whether whoever scored knew it; what is put on one half may "
    "reach the other; and what is not recorded of a half may have been done all the same."
)


def describe_halves(released: Released) -> Prose:
    """Return how many split faces have both halves scored, and the difference between the halves,
    contrast by contrast."""
    rows = get_rows(released, "halves", by="what was done")
    if not rows:
        return write_nothing("both halves of a face")
    scale = name_scale(released.origin.vocabulary, rows[0]["scale"])
    if all(pd.isna(row["total"]) for row in rows):
        whole = f"What became of both halves of a face ({scale}) is {PROTECTED}."
        return write_paragraphs([escape(whole)])
    present = [row for row in rows if row["status"] == "suppressed" or row["count"]]
    listed = "; ".join(f"{name_contrast(row['level'])}: {write_share(row)}" for row in present)
    told = [f"Patients with scores of both halves of a face ({scale}), by what was done: {listed}."]
    told += [_tell_change(released, row) for row in _get(released, "difference in change")]
    told += [_tell_responders(row) for row in _get(released, "difference in responders")]
    return write_paragraphs([escape(" ".join(told)), escape(_CAUTION)])


def name_contrast(level: str) -> str:
    """Return "microneedling with PRP against microneedling" for a contrast; why pairs are not
    compared stays as it is."""
    return " against ".join(level.split(" | "))


def name_half(row: Mapping[str, Any]) -> str:
    """Return what was done on the half that a row is about."""
    first, _bar, other = str(row["level"]).partition(" | ")
    return other if str(row["level2"]).startswith("other half") else first


def _get(released: Released, statistic: str) -> list[dict[str, Any]]:
    return get_rows(released, f"{statistic} between halves", by="halves")


def _tell_change(released: Released, row: Mapping[str, Any]) -> str:
    """Return the mean difference of the pairs, whatever the row's status."""
    contrast = capitalise(name_contrast(str(row["level"])))
    if row["status"] == "suppressed":
        return f"{contrast}: the mean difference between halves is {PROTECTED}."
    if pd.isna(row["value"]):
        return f"{contrast}: the mean difference between halves {NOT_ESTIMABLE}: too few pairs."
    difference = f"{write_signed(row['value'])} {name_unit(released, row)}"
    if pd.isna(row["low"]):
        return f"{contrast}: mean difference between halves {difference}; {row['note']}."
    limits = f"{write_signed(row['low'])} to {write_signed(row['high'])}"
    return (
        f"{contrast}: mean difference between halves {difference} ({write_confidence(row)} "
        f"interval {limits}; plus: the first half changed more for the better), {row['total']} "
        "pairs."
    )


def _tell_responders(row: Mapping[str, Any]) -> str:
    """Return the paired difference in responders, whatever the row's status."""
    contrast = capitalise(name_contrast(str(row["level"])))
    what = "the difference between halves in responders"
    if row["status"] == "suppressed":
        return f"{contrast}: {what} is {PROTECTED}."
    if pd.isna(row["value"]):
        return f"{contrast}: {what} {NOT_ESTIMABLE}: too few pairs."
    low, high = (write_signed(row[name] * 100) for name in ("low", "high"))
    return (
        f"{contrast}: {what} is {write_signed(row['value'] * 100)} percentage points "
        f"({write_confidence(row)} interval {low} to {high}; plus: more on the first half), "
        f"{row['total']} pairs."
    )
