"""When the scores were taken and by whom, those not seen again, and for whom, in sentences."""

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
    name_unit,
    write_confidence,
    write_nothing,
    write_number,
    write_paragraphs,
    write_percent,
    write_share,
    write_signed,
)
from analysis.vocabulary import PROTOCOL

_BENCHMARK: Final = write_percent(PROTOCOL["responder_benchmark"].value, None)
_REGRESSION: Final = (
    "Patients come when their skin is at its worst, and what is at its worst is often better later "
    "by itself (regression to the mean): a later score is better than the first one even where "
    "nothing was done."
)


def describe_scoring(released: Released) -> Prose:
    """Return who scored, how many days after the last session, and what time alone does."""
    told = []
    listed = "; ".join(
        f"{row['level']} {write_share(row, 'patients')}"
        for row in get_rows(released, "rater", by="rater")
    )
    if listed:
        told.append(f"Who scored, in the order preferred: {escape(listed)}.")
    days = {row["level"]: row for row in get_rows(released, "days to follow-up", by="quartile")}
    if "median" in days:
        told.append(_tell_days(days))
    if told:
        told.append(_REGRESSION)
    return write_paragraphs([" ".join(told)]) if told else Prose("")


def _tell_days(days: Mapping[str, Mapping[str, Any]]) -> str:
    middle = days["median"]
    if middle["status"] == "suppressed":
        return f"How long after the last session is {PROTECTED}."
    if pd.isna(middle["value"]):
        return f"How long after the last session {NOT_ESTIMABLE}: too few patients."
    first, third = (
        write_number(days[name]["value"]) for name in ("first quartile", "third quartile")
    )
    return (
        f"The follow-up was taken {write_number(middle['value'])} days after the last session "
        f"(median of {middle['total']} patients; the middle half between day {first} and day "
        f"{third})."
    )


def describe_unseen(released: Released) -> Prose:
    """Return how bad those not seen again must have done for the claim of the page to fall."""
    told = [_tell_tipping_count(row) for row in get_rows(released, "tipping point")]
    told += [_tell_tipping_change(released, row) for row in get_rows(released, "tipping change")]
    if not told:
        return _tell_all_seen(released)
    told.append(
        "Nobody knows how those not seen again did; the table counts them as unchanged, as badly "
        "and as well as can be."
    )
    return write_paragraphs([" ".join(escape(each) for each in told)])


def _tell_all_seen(released: Released) -> Prose:
    missed = {
        row["level"]: row["count"]
        for row in get_rows(released, "fate", by="step")
        if not pd.isna(row["count"])
    }
    if missed.get("not seen again") != 0 or not missed.get("analysed"):
        return Prose("")
    return write_paragraphs(["Everybody whose follow-up was due was seen again."])


def _tell_tipping_count(row: Mapping[str, Any]) -> str:
    claim = f"that more than {_BENCHMARK} respond"
    if row["status"] == "suppressed":
        return (
            f"Whether it can be said {claim}, whatever became of those not seen again, is "
            f"{PROTECTED}."
        )
    if row["status"] == "too few":
        return f"Too few were seen again to say {claim}."
    total = row["total"]
    if row["status"] != "shown" or pd.isna(row["count"]):
        if total:
            return (
                f"It cannot be said {claim}, not even if all of the {total} patients not seen "
                "again responded."
            )
        return f"Whether it can be said {claim} {NOT_ESTIMABLE}: {row['note']}."
    if row["count"] == 0:
        return (
            f"It can be said {claim} (lower limit of the interval), even if none of the {total} "
            "patients not seen again did."
        )
    return (
        f"It can be said {claim} (lower limit of the interval) unless fewer than {row['count']} of "
        f"the {total} patients not seen again did."
    )


def _tell_tipping_change(released: Released, row: Mapping[str, Any]) -> str:
    if row["status"] == "suppressed":
        return f"How bad those not seen again must have done to undo the change is {PROTECTED}."
    if row["status"] == "too few":
        return "Too few were seen again to say that the mean change is above zero."
    if row["status"] != "shown" or pd.isna(row["value"]):
        return f"Whether the mean change is above zero {NOT_ESTIMABLE}: {row['note']}."
    return (
        f"That the mean change is above zero (lower limit of the interval) holds unless the mean "
        f"change of the {row['total']} patients not seen again was worse than "
        f"{write_signed(row['value'])} {name_unit(released, row)} (plus is better)."
    )


def describe_visits(released: Released) -> Prose:
    """Return how to read the scores visit by visit; nothing where there are none."""
    means = get_rows(released, "marginal mean", by="visit")
    shares = get_rows(released, "responders at visit", by="visit")
    told = []
    if means:
        told.append(
            "The model holds all scores of a patient together (a mixed model for repeated "
            "measures, with the first score as a visit): its means are those that would be "
            "expected had all patients continued. Who stops early may differ from who goes on."
        )
    elif shares:
        told.append(
            "Responders at a visit are counted among those scored there, so the visits are not the "
            "same patients: who had fewer sessions is missing from the later ones."
        )
    return write_paragraphs(told) if told else write_nothing("scores at several visits")


def describe_groups(released: Released) -> Prose:
    """Return what the groups may be read for, and the differences between two of them."""
    plain = get_rows(released, "difference in responders", by="skin type group, difference")
    plain += get_rows(released, "difference in responders", by="needle, difference")
    frame = released.frame
    if (
        not frame["by"]
        .isin(["needle", "sessions", "clinic", "skin type", "device", "modality"])
        .any()
    ):
        return write_nothing("groups of patients")
    told = [
        "Described, not compared: the groups were not made by chance, they overlap in what they "
        "are, and with so many of them some differ by luck."
    ]
    told += [_tell_difference(row) for row in plain if row["status"] == "shown"]
    return write_paragraphs([" ".join(escape(each) for each in told)])


def _tell_difference(row: Mapping[str, Any]) -> str:
    what = "skin types" if row["by"].startswith("skin") else "needles"
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return ""
    low, high = (write_signed(row[name] * 100) for name in ("low", "high"))
    return (
        f"Exploratory: responders among {what} {row['level']}, {write_signed(row['value'] * 100)} "
        f"percentage points ({write_confidence(row)} interval {low} to {high})."
    )
