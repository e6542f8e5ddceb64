"""How many got better, and by how much, in sentences."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences.writing import (
    NOT_ESTIMABLE,
    PROTECTED,
    Prose,
    get_rows,
    group_rows,
    name_sessions,
    name_subject,
    write_change,
    write_count_of,
    write_nothing,
    write_paragraphs,
    write_percent,
    write_share,
)

_NO_RULE: Final = (
    "no share of responders, since nothing is published that says from when on this scale a "
    "patient is one."
)


def describe_headline(released: Released) -> Prose:
    """Return one paragraph per concern: responders, what a responder is, the mean change where the
    scale has one, and how many were seen; and one on what the courses are of."""
    responders = get_rows(released, "responders")
    told = {(row["concern"], row["scale"]) for row in responders}
    paragraphs = [_tell_headline(released, row) for row in responders]
    fates = group_rows(get_rows(released, "fate", by="step"), "concern", "scale")
    for (concern, scale), rows in fates.items():
        if (concern, scale) not in told:
            subject = escape(name_subject(released, rows[0]))
            paragraphs.append(
                f"<strong>{subject}:</strong> {_tell_no_responders(released, scale)} "
                f"{_tell_means(released, concern, scale)}"
                f"{_tell_completeness(released, concern, scale)}"
            )
    if not paragraphs:
        return write_nothing("outcomes")
    return write_paragraphs([*paragraphs, _tell_courses(released)])


def describe_no_responders(released: Released) -> Prose:
    """Return why there is no share of responders: no course has a score, nobody can be analysed
    yet, or the scale has no rule."""
    scales = [row["scale"] for row in get_rows(released, "fate", by="step") if row["scale"]]
    if not scales:
        return write_nothing("responders")
    return write_paragraphs([f"There is {_tell_no_responders(released, scales[0])}"])


def _tell_no_responders(released: Released, scale: str) -> str:
    known = released.origin.vocabulary.scales.get(scale)
    has_rule = known is None or known.responder is not None
    return "no share of responders." if has_rule else _NO_RULE


def _tell_courses(released: Released) -> str:
    """Say what these numbers are about, for a log holds more than that."""
    return (
        f"These are first courses of {escape(name_sessions(released))}; sessions of anything else, "
        "and at home, are part of none."
    )


def _tell_headline(released: Released, row: Mapping[str, Any]) -> str:
    subject = escape(name_subject(released, row))
    scale = released.origin.vocabulary.scales.get(row["scale"])
    rule = scale.responder if scale else None
    share = write_share(row, "patients")
    if share == PROTECTED:
        told = f"<strong>{subject}:</strong> responders are {share}"
    else:
        told = f"<strong>{subject}:</strong> {escape(share)} responded"
    if rule is not None:
        told += f" (responder: {escape(rule.text)})"
    place = row["concern"], row["scale"]
    return f"{told}. {_tell_means(released, *place)}{_tell_completeness(released, *place)}"


def _tell_means(released: Released, concern: str, scale: str) -> str:
    """Return the sentence of the mean change with a space behind it; nothing on scales that have
    none."""
    rows = get_rows(released, "mean change")
    found = (row for row in rows if (row["concern"], row["scale"]) == (concern, scale))
    return "".join(f"{escape(_tell_mean(released, row))} " for row in found)


def _tell_completeness(released: Released, concern: str, scale: str) -> str:
    """Say how many of the courses that were due were seen again, if what is shown tells it."""
    steps = {
        row["level"]: row["count"]
        for row in get_rows(released, "fate", by="step")
        if (row["concern"], row["scale"]) == (concern, scale)
    }
    again = [steps.get("cannot respond"), steps.get("analysed")]
    missed = steps.get("not seen again")
    sizes = {
        row["total"]
        for row in released.frame.to_dict("records")
        if (row["concern"], row["scale"], row["population"]) == (concern, scale, "seen again")
        and row["by"] in ("", "change")
        and not pd.isna(row["total"])
    }
    if len(sizes) == 1:
        seen = sizes.pop()
    elif all(each is not None and not pd.isna(each) for each in again):
        seen = sum(each for each in again if each is not None)
    else:
        return f"How many were seen again is {PROTECTED}."
    if missed is None or pd.isna(missed):
        return f"How many were not seen again is {PROTECTED}."
    due = seen + missed
    if not due:
        return "No course with a baseline is past its follow-up window yet."
    percent = write_percent(seen / due, due)
    known = released.origin.vocabulary.scales.get(scale)
    first = "" if known is not None and known.kind == "change" else "with a first score "
    return (
        f"Follow-up: {seen} of {due} patients {first}who were due were seen again "
        f"({percent}); of {missed} the outcome is not known."
    )


def describe_change(released: Released) -> Prose:
    """Return better, same and worse per concern and scale, and the mean change if there is one."""
    directions = group_rows(get_rows(released, "direction", by="change"), "concern", "scale")
    means = group_rows(get_rows(released, "mean change"), "concern", "scale")
    paragraphs = []
    for key in dict.fromkeys([*directions, *means]):
        rows = [*directions.get(key, []), *means.get(key, [])]
        told = [f"<strong>{escape(name_subject(released, rows[0]))}:</strong>"]
        listed = "; ".join(
            f"{row['level']} {write_share(row, 'patients')}" for row in directions.get(key, [])
        )
        if listed:
            told.append(f"after the course, {escape(listed)}.")
        told += [escape(_tell_mean(released, row)) for row in means.get(key, [])]
        paragraphs.append(" ".join(told))
    if not paragraphs and get_rows(released, "responders"):
        return write_paragraphs(
            ["The scale asks for the change itself, so there is no first score to set it against."]
        )
    if not paragraphs:
        return write_nothing("change")
    paragraphs.append(
        "This is change after treatment. Without untreated patients to compare with, nobody can "
        "tell how much of it the treatment made."
    )
    return write_paragraphs(paragraphs)


def _tell_mean(released: Released, row: Mapping[str, Any]) -> str:
    if row["status"] == "suppressed":
        return f"The mean change is {PROTECTED}."
    if row["status"] != "shown" or pd.isna(row["value"]):
        return f"The mean change {NOT_ESTIMABLE}: {write_count_of(row)}."
    return f"The mean change was {write_change(released, row)}, in {row['total']} patients."
