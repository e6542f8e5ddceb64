"""From what truly happened to what each clinic knows: one row for every line of its log.

A row holds what a reader can know from it. Mess that destroys something (``mess``) changes the row
itself, before anything is written, so that all forms of the example tell the same.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from analysis.intake.example.clinics import EXTRACTED_ON, to_working_day
from analysis.intake.example.concerns import Needle
from analysis.intake.example.courses import Course, Session
from analysis.intake.example.drawing import Dice, Odds
from analysis.intake.example.harms import ACTIONS, RARE_COURSE, SERIOUS, Event
from analysis.intake.example.measures import PATIENT_OPINIONS
from analysis.intake.example.people import Person

SKIN_TYPE_UNKNOWN: Final = 0.04
SKIN_TYPE_RANGE: Final = 0.06
"""Shares of patients; conventions."""
HOURS_KNOWN: Final = {"north": 0.6, "lakeside": 0.6, "sur": 0.5, "home": 0.3}
"""Share of side effects with a duration."""
SEVERITY_KNOWN: Final = {"north": 0.35, "lakeside": 0.8, "sur": 0.7, "home": 0.0}
RESOLVED_KNOWN: Final = 0.7
SCREENED: Final = 0.75
"""Share of sessions before which somebody asks for contraindications, where that is done."""
CELL_SKIPPED: Final = 0.03
GAIS_TAKEN: Final = 0.8
"""Share of reviews at Lakeside and Sur with a GAIS score."""
PATIENT_ASKED: Final = 0.5
"""Share of reviews at Sur at which the patient scores too."""
BLINDED: Final = 0.25
"""Share of courses that somebody else scores, where the rater is written down."""
SAYS_RESOLVED: Final = 0.5
BOOKINGS: Final = Odds({"": 0.93, "cancelled": 0.04, "no-show": 0.03})
"""What becomes of a further booking at Lakeside; only bookings that failed have a row."""
BOOKED_AFTER: Final = 10
"""Days after a session."""


@dataclass(slots=True, kw_only=True)
class Row:
    """One line of a log, as it can be known; None and empty are "not known"."""

    layout: str
    patient: str
    day: date
    entered: date
    clinic: str
    modality: str = "microneedling"
    setting: str = "clinic"
    age: int | None = None
    birthday: date | None = None
    sex: str = ""
    skin_type: int | None = None
    skin_type_is_range: bool = False
    concerns: tuple[tuple[str, str], ...] = ()
    """Concern and subtype, the first one first."""
    area: str = ""
    side: str = ""
    operator: str = ""
    desk: str = ""
    """Whose sheet of a workbook the row stands in."""
    device: str = ""
    device_serial: str = ""
    cartridge_lot: str = ""
    serum_lot: str = ""
    needle: Needle | None = None
    passes: int | None = None
    minutes: int | None = None
    anaesthetic: str = ""
    adjunct: str = ""
    endpoint: str = ""
    aftercare: str = ""
    pain: int | None = None
    isotretinoin_months: int | None = None
    contraindications: tuple[str, ...] | None = None
    """Empty: asked, and none; None: not recorded."""
    scale: str = ""
    before: float | None = None
    after: float | None = None
    reviewed_on: date | None = None
    scores: dict[str, float] = field(default_factory=dict)
    """By scale, in columns of their own: of the review where ``reviewed_on`` is known, else of the
    session."""
    rater: str = ""
    recorded: str = "not recorded"
    events: tuple[Event, ...] = ()
    denied: tuple[str, ...] = ()
    action: str = ""
    stopped: bool | None = None
    serious: bool | None = None
    status: str = "attended"
    is_protected: bool = False
    """Holds rare harm: nothing is destroyed in it."""
    is_first: bool = False
    """First session of a course."""
    survives: bool = True
    """A reader can use it."""
    copies: int = 1
    """How often it stands in the log."""
    texts: dict[str, str] = field(default_factory=dict)
    """Role → the cell as the clinic wrote it; roles that start with ``_`` have no meaning."""
    slips: list[tuple[str, str, str]] = field(default_factory=list)
    """Role (empty: the whole row), rule or kind, and what was planted."""


def build_rows(person: Person, courses: list[Course], dice: Dice) -> tuple[list[Row], int]:
    """Return the rows of a patient in the order they were typed in, and how many were not yet."""
    is_unknown = dice.chance(SKIN_TYPE_UNKNOWN)
    is_range = dice.chance(SKIN_TYPE_RANGE) and person.skin_type > 1
    rows: list[Row] = []
    earlier: Session | None = None
    for course in courses:
        rater = "blinded" if dice.chance(BLINDED) else "investigator"
        sessions = sorted([*course.sessions, *course.between], key=lambda each: each.day)
        for session in sessions:
            if session.day > EXTRACTED_ON:
                continue
            told = earlier if person.site.key == "sur" else session
            new = _build_session_rows(person, course, session, told, dice, rater)
            if person.site.key == "lakeside":
                new += _build_booking(person, session, dice)
            rows += new
            earlier = session
    for row in rows:
        if row.layout != "home" and not is_unknown:
            row.skin_type, row.skin_type_is_range = person.skin_type, is_range
    known = [row for row in rows if row.entered <= EXTRACTED_ON]
    known.sort(key=lambda row: (row.entered, row.day))
    return known, len(rows) - len(known)


def _build_session_rows(
    person: Person,
    course: Course,
    session: Session,
    told: Session | None,
    dice: Dice,
    rater: str,
) -> list[Row]:
    site = person.site
    layout = "home" if session.setting == "home" else site.key
    row = _start_row(person, course, session, dice, layout)
    _add_side_effects(row, told, dice)
    if session not in course.sessions:
        row.side = "right" if person.role == "split laser" else ""
        return [row]
    step = course.sessions.index(session)
    row.is_first = step == 0
    is_last = step == len(course.sessions) - 1
    row.side = "left" if person.role.startswith("split") else ""
    rows = [row]
    if person.role == "split serum":
        rows.append(_start_other_half(row))
    if layout == "sur":
        return rows + _add_scores_in_columns(person, course, row, step, is_last, dice, rater)
    for half, each in enumerate(rows):
        _add_scores(person, course, each, half, step, is_last, dice, rater)
    return rows


def _start_row(person: Person, course: Course, session: Session, dice: Dice, layout: str) -> Row:
    columns = person.site.columns if layout != "home" else frozenset()

    def keep(role: str, value: str) -> str:
        return value if role in columns and not dice.chance(CELL_SKIPPED) else ""

    concerns = [(person.concern, person.subtype)]
    if person.second:
        concerns.append((person.second, ""))
    row = Row(
        layout=layout,
        patient=course.patient,
        day=session.day,
        entered=session.entered,
        clinic=person.site.name,
        modality=session.modality,
        setting=session.setting,
        concerns=tuple(concerns),
        needle=session.needle,
        is_protected=bool(session.is_asked and any(e.term in RARE_COURSE for e in session.events)),
    )
    if layout == "home":
        return row
    row.age = person.count_years(session.day)
    row.birthday = person.birthday
    row.sex = person.sex
    row.area = "" if dice.chance(CELL_SKIPPED) else course.area
    row.operator = row.desk = session.operator
    row.device = session.device
    row.device_serial = keep("device_serial", session.device_serial)
    row.cartridge_lot = session.cartridge_lot
    row.serum_lot = keep("serum_lot", session.serum_lot)
    row.passes = session.passes
    row.minutes = session.minutes
    row.anaesthetic = session.anaesthetic
    row.adjunct = session.adjunct
    row.endpoint = keep("endpoint", session.endpoint)
    row.aftercare = keep("aftercare", session.aftercare)
    row.pain = session.pain if "pain" in columns and not dice.chance(CELL_SKIPPED) else None
    if "isotretinoin_months" in columns:
        row.isotretinoin_months = person.isotretinoin_months
    if "contraindications" in columns and dice.chance(SCREENED):
        row.contraindications = (person.contraindication,) if session.has_contraindication else ()
    return row


def _start_other_half(row: Row) -> Row:
    """Return the row of the other half of the face, which repeats what the session has in common;
    the side effects and the serum stand in one of the two rows."""
    other = Row(
        **{
            name: getattr(row, name)
            for name in (
                *("layout", "patient", "day", "entered", "clinic", "modality", "setting", "age"),
                *("birthday", "sex", "concerns", "area", "operator", "desk", "device"),
                "device_serial",
                *("cartridge_lot", "needle", "passes", "minutes", "anaesthetic", "adjunct"),
                *("serum_lot", "is_protected"),
            )
        }
    )
    other.side = "right"
    row.adjunct = row.serum_lot = ""
    return other


# --- side effects ---------------------------------------------------------------------------


def _add_side_effects(row: Row, session: Session | None, dice: Dice) -> None:
    """Write down what is known of the session that the row tells about."""
    if session is None or not session.is_asked:
        return
    if not session.events:
        row.recorded = "none"
        return
    row.recorded = "event"
    row.is_protected |= any(event.term in RARE_COURSE for event in session.events)
    is_single = len(session.events) == 1
    known = [_find_known(event, row.layout, dice, is_single) for event in session.events]
    if row.layout in ("lakeside", "sur"):
        worst = max(event.severity or 1 for event in session.events)
        severity = worst if dice.chance(SEVERITY_KNOWN[row.layout]) else None
        known = [Event(e.term, severity, e.hours, None) for e in known]
    if row.layout == "lakeside":
        over = all(event.is_resolved for event in session.events)
        resolved = over if dice.chance(RESOLVED_KNOWN) else None
        known = [Event(e.term, e.severity, e.hours, resolved) for e in known]
        done = [ACTIONS[event.term] for event in session.events if event.term in ACTIONS]
        row.action = done[0] if done else "advice"
        row.stopped = session.led_to_stopping
        row.serious = any(event.term in SERIOUS for event in session.events)
    row.events = tuple(known)


def _find_known(event: Event, layout: str, dice: Dice, is_single: bool) -> Event:
    """Return what is written of an event. Free text says "resolved" only with a duration."""
    hours = event.hours if dice.chance(HOURS_KNOWN[layout]) else None
    severity = event.severity if dice.chance(SEVERITY_KNOWN[layout]) else None
    if severity is not None and severity > 3:
        severity = None  # no word of a clinic means more than severe
    says = is_single and hours is not None and layout == "north" and dice.chance(SAYS_RESOLVED)
    return Event(event.term, severity, hours, True if says else None)


# --- scores ---------------------------------------------------------------------------------


def _add_scores(
    person: Person,
    course: Course,
    row: Row,
    half: int,
    step: int,
    is_last: bool,
    dice: Dice,
    rater: str,
) -> None:
    """Add the scores of a site that names the scale in a column (North, Lakeside)."""
    measure = person.measure
    review = course.reviewed_on if is_last else None
    if measure is not None:
        row.scale = measure.scale
        row.before = course.before[half][step]
        if review is not None:
            row.after = course.finals[half]
    elif row.layout == "north":
        row.scale = person.opinion
        if review is not None:
            row.after = course.opinions[person.opinion]
    row.reviewed_on = review
    if row.layout != "lakeside":
        return
    row.rater = measure.rater if measure and measure.rater != "investigator" else rater
    if (
        review is not None
        and row.rater != "device"
        and (measure is None or dice.chance(GAIS_TAKEN))
    ):
        row.scores["gais"] = course.opinions["gais"]


def _add_scores_in_columns(
    person: Person, course: Course, row: Row, step: int, is_last: bool, dice: Dice, rater: str
) -> list[Row]:
    """Add the scores of a site that has a column for each scale (Sur).

    The review stands in rows of its own below the last session, one for each rater.
    """
    measure = person.measure
    if measure is not None:
        row.rater = measure.rater if measure.rater != "investigator" else rater
        before = course.before[0][step]
        if before is not None:
            row.scores[measure.scale] = before
    if not is_last or course.reviewed_on is None:
        return []
    by_rater: dict[str, dict[str, float]] = {}
    if measure is not None:
        by_rater[row.rater] = {measure.scale: course.finals[0]}
    if measure is None or dice.chance(GAIS_TAKEN):
        by_rater.setdefault(rater, {})["gais"] = course.opinions["gais"]
    if dice.chance(PATIENT_ASKED):
        opinion = dice.choose(PATIENT_OPINIONS)
        by_rater.setdefault("patient", {})[opinion.scale] = opinion.draw(dice, course.response)
    return [_start_review(row, course.reviewed_on, who, scores) for who, scores in by_rater.items()]


def _start_review(row: Row, day: date, rater: str, scores: dict[str, float]) -> Row:
    names = (
        *("layout", "patient", "day", "clinic", "modality", "setting", "concerns", "area"),
        *("operator", "desk", "sex"),
    )
    review = Row(entered=day, **{name: getattr(row, name) for name in names})
    review.reviewed_on, review.rater, review.scores = day, rater, scores
    review.is_protected = True
    return review


# --- bookings -------------------------------------------------------------------------------


def _build_booking(person: Person, session: Session, dice: Dice) -> list[Row]:
    """Return the row of a booking to which nobody came, if there was one."""
    status = dice.pick(BOOKINGS)
    day = to_working_day(session.day + timedelta(BOOKED_AFTER))
    if not status or day > EXTRACTED_ON:
        return []
    row = Row(
        layout="lakeside",
        patient=person.patient,
        day=day,
        entered=day,
        clinic=person.site.name,
        modality=session.modality,
        concerns=((person.concern, person.subtype),),
        sex=person.sex,
        birthday=person.birthday,
        operator=session.operator,
        desk=session.operator,
        status=status,
        survives=False,
    )
    row.slips.append(("status", "booking_not_attended", status))
    return [row]
