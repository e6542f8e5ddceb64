"""Whether the log is still written as it was, in sentences: the alarm first."""

from collections.abc import Iterator
from html import escape
from typing import Any

import pandas as pd

from analysis.individuals import InternalEstimates
from analysis.show.disclosure import Released, admit
from analysis.show.sentences.writing import (
    PROTECTED,
    Prose,
    get_rows,
    write_count,
    write_month,
    write_nothing,
    write_paragraphs,
    write_percent,
    write_plain,
    write_share,
)
from analysis.vocabulary import PROTOCOL


def describe_freshness(released: Released, held: InternalEstimates | None = None) -> Prose:
    """Return until when the log goes, and first of all, as sentences of their own, what is alarming
    about it. With ``held`` an internal page tells the days too."""
    since = get_rows(released, "months since the last session")
    if not since:
        return write_nothing("the log over time")
    sentences = [f"<strong>Alarm:</strong> {escape(told)}" for told in _list_alarms(released)]
    origin = released.origin
    if pd.isna(since[0]["value"]):
        return write_paragraphs([*sentences, "The log has no session that was asked for."])
    known = None if held is None else admit(held, released)
    days = None if known is None else known.days_since
    ago = _tell_months(int(since[0]["value"])) if days is None else _tell_days(days)
    told = [f"The log was read on {escape(origin.as_of)}; its last session was {ago}."]
    if origin.data_until:
        told.insert(0, f"Data until {write_month(origin.data_until)}.")
    told += _tell_volume(released)
    if not sentences:
        judged = [row for row in _get_alarms(released) if not pd.isna(row["value"])]
        told.append(
            "No alarm: what is usual goes on."
            if judged
            else "Whether that is less than usual cannot be told yet."
        )
    return write_paragraphs([*sentences, " ".join(told)])


def _tell_months(months: int) -> str:
    if months < 2:
        return "in the month before" if months else "in the same month"
    return f"{months} calendar months before"


def _tell_days(days: int) -> str:
    if days < 2:
        return "on the day before" if days else "on the same day"
    return f"{days} days before"


def _get_alarms(released: Released) -> list[dict[str, Any]]:
    return get_rows(released, "alarm", by="alarm")


def _list_alarms(released: Released) -> Iterator[str]:
    part = write_percent(PROTOCOL["alarm_part"].value, None)
    usually = {row["level"]: row for row in get_rows(released, "usually recorded", by="column")}
    of_late = {row["level"]: row for row in get_rows(released, "recorded of late", by="column")}
    for row in _get_alarms(released):
        if pd.isna(row["value"]) or not row["value"]:
            continue
        if row["level"] == "sessions":
            yield (
                f"in {write_month(row['period'])} the log has less than {part} of the usual number "
                "of sessions."
            )
            continue
        told = f"{row['level']} were written down at less than {part} of the usual share of "
        told += f"sessions in {row['period']}"
        late, usual = of_late.get(row["level"]), usually.get(row["level"])
        if late is not None and usual is not None and not pd.isna(usual["value"]):
            told += f" ({write_share(late)}; usual {write_percent(usual['value'], None)})"
        yield f"{told}."


def _tell_volume(released: Released) -> list[str]:
    late = get_rows(released, "sessions of late")
    usual = get_rows(released, "usual sessions")
    if not late or not usual:
        return []
    count = write_count(late[0]) if late[0]["status"] != "suppressed" else PROTECTED
    told = f"Sessions in the last full month, {write_month(late[0]['period'])}: {count}"
    if pd.isna(usual[0]["value"]):
        return [f"{told} ({usual[0]['note']})."]
    return [f"{told} (usual {write_plain(usual[0]['value'])}, the median of the year before)."]
