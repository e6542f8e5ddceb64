"""Side effects in detail, in sentences: what was asked, how long it lasted, what goes with it."""

from html import escape

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences.writing import (
    ANY_OF_A_CLASS,
    Prose,
    capitalise,
    get_asked,
    get_rows,
    name_modality_of,
    name_term,
    write_confidence,
    write_events,
    write_nothing,
    write_paragraphs,
    write_plain,
    write_share,
    write_signed,
)


def describe_harm(released: Released) -> Prose:
    """Return any harm and any expected reaction in three ways: patients, sessions and events."""
    told = []
    for key, name in ANY_OF_A_CLASS.items():
        rows = {
            statistic: next(
                (row for row in get_asked(released, statistic) if row["term"] == key), None
            )
            for statistic in ("patients with", "sessions with", "events per 100 sessions")
        }
        patients, sessions, events = rows.values()
        if patients is None or sessions is None or events is None:
            continue
        told.append(
            f"<strong>{escape(capitalise(name))}:</strong> "
            f"{escape(write_share(patients, 'patients'))}; {escape(write_share(sessions))} of "
            f"sessions; {escape(write_events(events))}."
            if sessions["status"] != "suppressed"
            else f"<strong>{escape(capitalise(name))}:</strong> "
            f"{escape(write_share(patients, 'patients'))}."
        )
    if not told:
        return write_nothing("side effects")
    told.append(
        f"Counted are sessions of {escape(name_modality_of(released))}, in the clinic and at home, "
        "at which side effects were recorded, also as none. Each way of counting answers another "
        "question: how many people had it, how often a session was followed by it, and how much "
        "of it there was."
    )
    return write_paragraphs(told)


def describe_resolution(released: Released) -> Prose:
    """Return how long side effects lasted where that was recorded, and of how many it was not."""
    vocabulary = released.origin.vocabulary
    middle = [
        row
        for row in get_rows(released, "median days")
        if row["status"] == "shown" and not pd.isna(row["value"])
    ]
    if not middle:
        return write_nothing("how long side effects lasted")
    known = {row["term"]: row for row in get_rows(released, "resolution recorded")}
    longest = sorted(middle, key=lambda row: (-row["value"], row["term"]))[:3]
    items = "; ".join(
        f"{name_term(vocabulary, row['term'])} {write_plain(row['value'])} days"
        + (
            f" (recorded of {known[row['term']]['count']} of {known[row['term']]['total']})"
            if row["term"] in known and not pd.isna(known[row["term"]]["count"])
            else ""
        )
        for row in longest
    )
    return write_paragraphs(
        [
            f"Half had resolved after, the slowest first: {escape(items)}. What was not written "
            "down is in none of these; it may have lasted longer or shorter."
        ]
    )


def describe_harm_groups(released: Released) -> Prose:
    """Return what the groups may be read for, and the differences between two of them."""
    frame = released.frame
    if not frame["by"].isin(["needle", "skin type group", "concern", "setting"]).any():
        return write_nothing("what goes with harm")
    told = [
        "Described, not compared: who was treated how was not decided by chance, deeper needles go "
        "with worse skin, and with so many groups some differ by luck. Other modalities stand "
        "beside, each with its own sessions; they are never added to these."
    ]
    for by in ("needle", "skin type group", "setting"):
        for row in get_rows(released, "difference in sessions with", by=f"{by}, difference"):
            if row["status"] != "shown" or pd.isna(row["low"]):
                continue
            low, high = (write_signed(row[name] * 100) for name in ("low", "high"))
            what = "skin types " if by.startswith("skin") else ""
            told.append(
                f"Exploratory: {what}{row['level']}, {write_signed(row['value'] * 100)} percentage "
                f"points of sessions ({write_confidence(row)} interval {low} to {high})."
            )
    return write_paragraphs([" ".join(escape(each) for each in told)])
