"""The canonical tables that a correct reader gets from the rows of one patient.

The rules are those of intake (``design.md``, section 4), told once more: this module does not use
intake's code, so that the two can be held against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from analysis.intake.example.rows import Row
from analysis.vocabulary import BUILT_IN

TABLES: Final = {
    "patients": ("patient", "sex", "age", "skin_type", "skin_type_is_range"),
    "sessions": (
        *("session", "patient", "date", "clinic", "operator", "setting", "modality", "device"),
        *("device_serial", "cartridge_lot", "serum_lot", "needle_shortest", "needle_longest"),
        *("passes", "minutes", "anaesthetic", "adjunct", "adjunct_side", "endpoint", "aftercare"),
        *("pain", "isotretinoin_months", "recorded"),
    ),
    "targets": ("session", "concern", "is_primary", "subtype", "area", "side"),
    "assessments": (
        *("patient", "concern", "scale", "date", "session", "area", "side", "score", "rater"),
    ),
    "side_effects": (
        *("session", "patient", "term", "written_as", "severity", "hours", "is_resolved"),
        *("serious", "action", "led_to_stopping"),
    ),
    "recorded": ("session", "patient", "term"),
    "screening": ("session", "patient", "contraindication", "is_present"),
}
ALL: Final = "*"
Record = dict[str, Any]
Tables = dict[str, list[Record]]


@dataclass(frozen=True)
class Known:
    """One patient as written, and what can be known of them."""

    rows: list[Row]
    """All lines of the logs, in the order they were typed in."""
    survivors: dict[str, list[Row]]
    """Id → the rows a reader can use."""
    tables: dict[str, Tables]
    """Id → the canonical tables."""


COURSE_GAP: Final = timedelta(BUILT_IN.protocol["course_gap"].whole)
WINDOW: Final = timedelta(BUILT_IN.protocol["follow_up_latest"].whole)
_RANK: Final = {"not recorded": 0, "none": 1, "event": 2}
_FITS: Final = {
    (scale.key, concern): scale.fits(concern)
    for scale in BUILT_IN.scales.values()
    for concern in BUILT_IN.analysed_concerns
}
_PROMOTED: Final = {
    key: (effect.promote_after_hours, effect.promotes_to)
    for key, effect in BUILT_IN.side_effects.items()
    if effect.promote_after_hours is not None
}


def find_known(rows: list[Row]) -> Known:
    """Return what can be known of the patient whose rows these are."""
    survivors = split_by_patient(rows)
    return Known(rows, survivors, {key: fold_rows(each) for key, each in survivors.items()})


def fold_rows(rows: Sequence[Row]) -> Tables:
    """Return the tables of one patient id from its surviving rows, in the order of the log."""
    in_time = sorted(rows, key=lambda row: row.day)
    by_session = group_by_session(rows)
    tables: Tables = {name: [] for name in TABLES}
    tables["patients"].append(_fold_patient(in_time))
    told = place_side_effects(rows)
    for session, members in by_session.items():
        tables["sessions"].append(_fold_session(session, members, told[session]))
        tables["targets"] += _fold_targets(session, members)
        tables["side_effects"] += _fold_side_effects(session, told[session])
        tables["recorded"] += _fold_recorded(session, told[session])
        tables["screening"] += _fold_screening(session, members)
    for row in rows:
        tables["assessments"] += _list_assessments(row)
    return tables


def split_by_patient(rows: list[Row]) -> dict[str, list[Row]]:
    """Return id → the rows a reader can use: who was registered twice is two patients."""
    patients: dict[str, list[Row]] = {}
    for row in rows:
        if row.survives:
            patients.setdefault(row.patient, []).append(row)
    # the diary of rolling at home is a file of its own, read after the clinic's log
    return {
        key: sorted(each, key=lambda row: row.layout == "home") for key, each in patients.items()
    }


def group_by_session(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return session → its rows, both in the order of the log."""
    by_session: dict[str, list[Row]] = {}
    for row in rows:
        by_session.setdefault(name_session(row), []).append(row)
    return by_session


def name_session(row: Row) -> str:
    """Return the key of a row's session."""
    return f"{row.patient} | {row.day.isoformat()} | {row.modality} | {row.setting}"


def _first(rows: Sequence[Row], name: str) -> Any:
    """Return the first value that is known."""
    return next((value for row in rows if (value := getattr(row, name)) not in ("", None)), None)


def _fold_patient(in_time: Sequence[Row]) -> Record:
    types = [row.skin_type for row in in_time if row.skin_type is not None]
    highest = max(types, default=None)
    is_range = next((row.skin_type_is_range for row in in_time if row.skin_type == highest), False)
    return {
        "patient": in_time[0].patient,
        "sex": _first(in_time, "sex"),
        "age": _first(in_time, "age"),
        "skin_type": highest,
        "skin_type_is_range": None if highest is None else is_range,
    }


def _fold_session(session: str, rows: Sequence[Row], told: Sequence[Row]) -> Record:
    needles = [row.needle for row in rows if row.needle is not None]
    names = TABLES["sessions"]
    record: Record = {name: _first(rows, name) for name in names if hasattr(rows[0], name)}
    return record | {
        "session": session,
        "date": rows[0].day,
        "needle_shortest": min((each[0] for each in needles), default=None),
        "needle_longest": max((each[1] for each in needles), default=None),
        "adjunct_side": _find_adjunct_side(rows),
        "passes": max((row.passes for row in rows if row.passes is not None), default=None),
        "recorded": max((row.recorded for row in told), key=_RANK.__getitem__, default="")
        or "not recorded",
    }


def _find_adjunct_side(rows: Sequence[Row]) -> str | None:
    """Return where the one adjunct was put, if the rows tell the halves of a face apart."""
    put_on = [row for row in rows if row.adjunct]
    sides = {row.side for row in put_on}
    is_told = any(row.side in ("left", "right") for row in rows) and "" not in sides
    if not is_told or len({row.adjunct for row in put_on}) != 1:
        return None
    return sides.pop() if len(sides) == 1 else "both"


def _fold_targets(session: str, rows: Sequence[Row]) -> list[Record]:
    targets: dict[str, Record] = {}
    for row in rows:
        for concern, subtype in row.concerns:
            is_first = not targets
            known = targets.setdefault(
                concern,
                {
                    "session": session,
                    "concern": concern,
                    "is_primary": is_first,
                    "subtype": None,
                    "area": None,
                    "side": None,
                },
            )
            for name, value in (("subtype", subtype), ("area", row.area)):
                known[name] = known[name] or value or None
            if row.side and known["side"] not in (None, row.side):
                known["side"] = "both"
            known["side"] = known["side"] or row.side or None
    return list(targets.values())


def _list_assessments(row: Row) -> list[Record]:
    later = row.reviewed_on
    found = [(row.scale, row.before, row.day), (row.scale, row.after, later)]
    found += [(scale, score, later or row.day) for scale, score in row.scores.items()]
    records = []
    for scale, score, day in found:
        concern = next((each for each, _ in row.concerns if _FITS.get((scale, each))), None)
        if score is None or day is None or concern is None:
            continue
        records.append(
            {
                "patient": row.patient,
                "concern": concern,
                "scale": scale,
                "date": day,
                "session": name_session(row),
                "area": row.area or None,
                "side": row.side or None,
                "score": float(score),
                "rater": row.rater or "investigator",
            }
        )
    return records


def place_side_effects(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return session → the rows of a patient that tell of its side effects.

    Sur asks "since your last visit": its rows tell of the session before.
    """
    by_session = group_by_session(rows)
    if rows[0].layout != "sur":
        return by_session
    told: dict[str, list[Row]] = {session: [] for session in by_session}
    in_time = sorted(by_session, key=lambda session: (by_session[session][0].day, session))
    for earlier, session in pairwise(in_time):
        told[earlier] = by_session[session]
    return told


def _fold_side_effects(session: str, told: Sequence[Row]) -> list[Record]:
    events: dict[str, Record] = {}
    for row in told:
        for event in row.events:
            limit, promoted = _PROMOTED.get(event.term, (None, ""))
            lasts = limit is not None and event.hours is not None and event.hours > limit
            events[event.term] = {
                "session": session,
                "patient": row.patient,
                "term": promoted if lasts else event.term,
                "written_as": event.term,
                "severity": event.severity,
                "hours": event.hours,
                "is_resolved": event.is_resolved,
                "serious": row.serious,
                "action": row.action or None,
                "led_to_stopping": row.stopped,
            }
    return list(events.values())


def _fold_recorded(session: str, told: Sequence[Row]) -> list[Record]:
    terms: dict[str, None] = {}
    for row in told:
        if row.recorded != "not recorded":
            terms[ALL] = None
        terms |= dict.fromkeys(row.denied)
    patient = told[0].patient if told else ""
    return [{"session": session, "patient": patient, "term": term} for term in terms]


def _fold_screening(session: str, rows: Sequence[Row]) -> list[Record]:
    records = []
    for row in rows:
        if row.contraindications is None:
            continue
        for key in row.contraindications or (ALL,):
            records.append(
                {
                    "session": session,
                    "patient": row.patient,
                    "contraindication": key,
                    "is_present": key != ALL,
                }
            )
    return records


# --- courses --------------------------------------------------------------------------------


def count_closed_courses(tables: Tables, as_of: date) -> dict[str, int]:
    """Return how many courses of mechanical needling in the clinic are closed, by concern."""
    treated = {each["session"]: set[str]() for each in tables["sessions"]}
    for target in tables["targets"]:
        treated[target["session"]].add(target["concern"])
    days: dict[str, list[date]] = {}
    for session in tables["sessions"]:
        if session["modality"] == "microneedling" and session["setting"] == "clinic":
            for concern in treated[session["session"]]:
                days.setdefault(concern, []).append(session["date"])
    closed = {}
    for concern, dates in days.items():
        dates.sort()
        last = [
            day
            for day, following in zip(dates, [*dates[1:], date.max], strict=True)
            if following - day > COURSE_GAP
        ]
        closed[concern] = sum(day + WINDOW <= as_of for day in last)
    return closed
