"""Which sessions each patient has, what they do, and when somebody looks at the result."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from analysis.intake.example import clinics
from analysis.intake.example.clinics import EXTRACTED_ON, FIRST_VISIT, to_working_day
from analysis.intake.example.concerns import Needle
from analysis.intake.example.drawing import DEALT_AT_ONCE, Dice, Odds, deal_quotas
from analysis.intake.example.harms import (
    BAD_LOT_FACTOR,
    LASTING,
    Event,
    draw_events,
    draw_rare_event,
)
from analysis.intake.example.measures import GAIS, QUARTILE, Measure
from analysis.intake.example.people import Person

SESSIONS: Final = Odds({1: 0.06, 2: 0.09, 3: 0.22, 4: 0.29, 5: 0.19, 6: 0.15})
"""Three (Cachafeiro 2016, Dermatol Surg), four (Al Chalabi 2020) or five (Dogra 2014, J Cosmet
Dermatol) in trials; 1 to 6 in practice (Alster and Li 2020, Dermatol Surg)."""
DAYS_BETWEEN: Final = (32.0, 5.5, 21.0, 48.0)
"""Mean, spread and limits; monthly in most trials (median 4 weeks in 18 papers: Harris 2015)."""
FORTNIGHTLY: Final = (15.0, 1.5, 13.0, 20.0)
FORTNIGHTLY_SHARE: Final = 0.25
"""Of those with pigmentation: 6 sessions every 2 weeks (Ismail 2019, Gul 2023)."""
SECOND_COURSE: Final = 0.4
"""Share of those whose first course is long enough ago; a convention."""
DAYS_TO_SECOND_COURSE: Final = (205, 300)
"""After the last session; more than the 180 days that end a course."""
STOPS: Final = 0.025
"""Chance after any session that the patient does not go on, for reasons of their own."""
STOPS_WITHOUT_EFFECT: Final = 0.14
"""Chance besides, from the second session on, for those who respond badly."""
STOPS_WITH_HARM: Final = 0.5
"""Chance after lasting harm; all three are conventions."""
RESPONDS_BADLY: Final = -0.7
"""In standard deviations of the response."""
BETWEEN_DAYS: Final = (13, 16)
"""After a session of needling, when a laser or peel comes between."""
HOME_WEEKS: Final = (5, 9)
"""Rolling at home once a week before the first session."""
HOME_LAST: Final = 14
"""Days between the last rolling at home and the first session."""

ASKED: Final = 0.91
"""Share of sessions about which side effects are asked, of patients who are asked at all."""
ENTERED: Final = Odds({(0, 0): 0.86, (1, 9): 0.09, (10, 45): 0.05})
"""Days until a session is typed in; a convention. What is typed in after the day of extraction is
not in the log."""

BASELINE_MISSING: Final = 0.13
SCORED_LATER: Final = 0.35
"""Share of later sessions with a score before treatment; both are conventions."""
REVIEWED: Final = {"better": 0.78, "same": 0.62, "worse": 0.86}
"""Share of patients seen again, by what became of them: those who see nothing return less, those
who got worse come to ask. 27 of 30 were seen again in one trial (Chawla), 29 and 23 of 30 in
another (Budamakuntla 2013, J Cutan Aesthet Surg); fewer in practice is a convention."""
REVIEW_DAYS: Final = (95.0, 22.0, 60.0, 150.0)
"""Two and six months (Cachafeiro 2016), three and six (Alam 2014) after the last session."""
REVIEW_WHEN: Final = Odds({"in time": 0.91, "too early": 0.04, "too late": 0.05})
REVIEW_TOO_EARLY: Final = (14, 26)
REVIEW_TOO_LATE: Final = (182, 199)
"""A follow-up counts from 28 to 180 days after the last session; a convention."""
HALF_POINTS: Final = 0.05
"""Share of GAIS scores that lie between two grades: the mean of two raters (Alqam 2022)."""
OTHER_SIDE: Final = 0.3
"""By how much more the other half of a split face responds, in standard deviations."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One treatment as it truly was."""

    day: date
    entered: date
    modality: str
    setting: str
    operator: str
    device: str
    device_serial: str
    cartridge_lot: str
    serum_lot: str
    needle: Needle | None
    passes: int | None
    minutes: int
    anaesthetic: str
    adjunct: str
    endpoint: str
    aftercare: str
    pain: int
    events: list[Event]
    is_asked: bool
    has_contraindication: bool = False
    led_to_stopping: bool = False


@dataclass(slots=True)
class Path:
    """How the severity of one patient (or one half of a face) goes through a course."""

    measure: Measure
    severity: float
    waver: float
    """Of the day on which the patient came."""
    change: float
    """What the whole course would do to the severity."""
    planned: int

    def score_before(self, dice: Dice, step: int) -> float:
        """Return the score on the day of a session, before it."""
        waver = self.waver if step == 0 else self.measure.waver * dice.normal()
        return self.measure.score(self.find_severity(step) + waver)

    def find_severity(self, done: int) -> float:
        """Return the severity after so many sessions."""
        return self.severity + self.change * done / self.planned


@dataclass(slots=True, kw_only=True)
class Course:
    """Sessions of one patient that belong together, and the scores of their concern."""

    number: int
    patient: str
    area: str
    sessions: list[Session]
    between: list[Session] = field(default_factory=list)
    """Of another modality, on the same concern."""
    response: float
    """How well the patient responds, standard normal."""
    paths: list[Path] = field(default_factory=list)
    """One, or one for each half of a split face; none where only an opinion is asked."""
    before: list[list[float | None]] = field(default_factory=list)
    """By path and session; None where nobody scored."""
    finals: list[float] = field(default_factory=list)
    """By path: what the score would be at the review, whether or not anybody took it."""
    opinions: dict[str, float] = field(default_factory=dict)
    """By change scale, likewise."""
    reviewed_on: date | None = None

    @property
    def last_day(self) -> date:
        return self.sessions[-1].day


def draw_courses(
    person: Person, dice: Dice, seed: int, bad_lot_factor: float = BAD_LOT_FACTOR
) -> list[Course]:
    """Return the courses of a patient, with what is typed in too late left in."""
    block, place = divmod(person.number, DEALT_AT_ONCE)
    planned = SESSIONS.at(deal_quotas(seed, block).place("sessions", place))
    first = _draw_course(person, dice, 1, person.arrival, planned, None, bad_lot_factor)
    courses = [first]
    wait = dice.whole(*DAYS_TO_SECOND_COURSE)
    again = to_working_day(first.last_day + timedelta(wait))
    if dice.chance(SECOND_COURSE) and again < EXTRACTED_ON and not person.role:
        planned = dice.pick(SESSIONS)
        courses.append(_draw_course(person, dice, 2, again, planned, first, bad_lot_factor))
    if person.rare:
        _give_rare_harm(person, dice, first)
    return courses


def _draw_course(
    person: Person,
    dice: Dice,
    number: int,
    start: date,
    planned: int,
    earlier: Course | None,
    bad_lot_factor: float,
) -> Course:
    response = dice.normal()
    modality = _find_modality(person, dice)
    kind = clinics.OTHER_DEVICES.get(modality, dice.pick(person.site.devices))
    operator = dice.pick(person.site.operators)
    needle = dice.pick(
        clinics.RF_NEEDLES if modality == "rf_microneedling" else person.indication.needles
    )
    adjunct = dice.pick(clinics.ADJUNCTS.get(person.concern, clinics.ADJUNCTS[""]))
    if person.role == "split serum":
        adjunct = "PRP"
    is_fortnightly = person.concern == "pigmentation" and dice.chance(FORTNIGHTLY_SHARE)
    course = Course(
        number=number,
        patient=person.patient if number == 1 else person.second_patient,
        area=dice.pick(person.indication.areas),
        sessions=[],
        response=response,
    )
    day = start
    had_pih = False
    while day <= EXTRACTED_ON and len(course.sessions) < planned:
        course.sessions.append(
            _draw_session(
                *(person, dice, day, modality, kind, operator, needle, adjunct),
                had_pih=had_pih,
                bad_lot_factor=bad_lot_factor,
            )
        )
        had_pih = had_pih or any(each.term == "pih" for each in course.sessions[-1].events)
        if len(course.sessions) < planned and _stops(dice, course):
            break
        gap = FORTNIGHTLY if is_fortnightly else DAYS_BETWEEN
        day = to_working_day(day + timedelta(round(dice.within(*gap))))
    _add_between(person, dice, course, modality)
    _add_scores(person, dice, course, planned, earlier)
    return course


def _find_modality(person: Person, dice: Dice) -> str:
    if person.role == "rf_microneedling":
        return person.role
    if person.role in ("laser", "chemical_peel"):
        return person.role if dice.chance(0.5) else "microneedling"
    return "microneedling"


def _stops(dice: Dice, course: Course) -> bool:
    chance = STOPS
    if len(course.sessions) > 1 and course.response < RESPONDS_BADLY:
        chance += STOPS_WITHOUT_EFFECT
    is_harmed = any(each.term in LASTING for each in course.sessions[-1].events)
    if is_harmed:
        chance += STOPS_WITH_HARM
    stops = dice.chance(chance)
    course.sessions[-1].led_to_stopping = stops and is_harmed
    return stops


def _draw_session(
    person: Person,
    dice: Dice,
    day: date,
    modality: str,
    kind: str,
    operator: str,
    needle: Needle | None,
    adjunct: str,
    *,
    setting: str = "clinic",
    had_pih: bool = False,
    bad_lot_factor: float = BAD_LOT_FACTOR,
) -> Session:
    if dice.chance(0.1):
        operator = dice.pick(person.site.operators)
    is_needled = modality in ("microneedling", "rf_microneedling")
    lot = clinics.find_cartridge_lot(kind, day)
    passes = clinics.RF_PASSES if modality == "rf_microneedling" else clinics.PASSES
    asked = dice.chance(ASKED) and not person.never_asked
    events = draw_events(dice, person.skin_type, lot, modality, setting, had_pih, bad_lot_factor)
    return Session(
        day=day,
        entered=day + timedelta(dice.whole(*dice.pick(ENTERED))),
        modality=modality,
        setting=setting,
        operator=operator,
        device=kind,
        device_serial=clinics.find_serial(kind, operator),
        cartridge_lot=lot,
        serum_lot=clinics.find_serum_lot(adjunct, day),
        needle=needle if is_needled else None,
        passes=dice.pick(passes) if is_needled else None,
        minutes=dice.pick(clinics.MINUTES),
        anaesthetic=dice.pick(clinics.NUMBING),
        adjunct=adjunct,
        endpoint=dice.pick(clinics.ENDPOINTS) if is_needled else "",
        aftercare=dice.pick(clinics.AFTERCARE),
        pain=round(dice.within(*clinics.PAIN, 0, 10)),
        events=events,
        is_asked=asked,
        has_contraindication=bool(person.contraindication) and dice.chance(0.4),
    )


def _add_between(person: Person, dice: Dice, course: Course, modality: str) -> None:
    """Add sessions of another modality: a laser or peel between, the other half of a face, or
    rolling at home before."""
    sessions = course.sessions

    def draw(day: date, other: str) -> Session:
        kind = clinics.OTHER_DEVICES[other]
        return _draw_session(person, dice, day, other, kind, sessions[0].operator, None, "")

    if person.role in ("laser", "chemical_peel") and modality == "microneedling":
        after = sessions[len(sessions) // 2].day + timedelta(dice.whole(*BETWEEN_DAYS))
        course.between.append(draw(to_working_day(after), person.role))
    elif person.role == "split laser":
        course.between += [draw(session.day, "laser") for session in sessions]
    elif person.role == "home roller" and course.number == 1:
        last = sessions[0].day - timedelta(HOME_LAST)
        for week in range(dice.whole(*HOME_WEEKS)):
            day = last - timedelta(7 * week + dice.whole(0, 2))
            home = _draw_session(
                person,
                dice,
                day,
                "microneedling",
                clinics.OTHER_DEVICES["home"],
                "",
                dice.pick(clinics.HOME_NEEDLES),
                "",
                setting="home",
            )
            if day >= FIRST_VISIT:
                course.between.append(home)


def _give_rare_harm(person: Person, dice: Dice, course: Course) -> None:
    """Add the rare harm to a session, and have somebody ask: such things are noticed."""
    session = dice.choose(course.sessions)
    session.events.append(draw_rare_event(person.rare))
    session.is_asked = True
    session.entered = session.day


# --- scores ---------------------------------------------------------------------------------


def _add_scores(
    person: Person, dice: Dice, course: Course, planned: int, earlier: Course | None
) -> None:
    done = len(course.sessions)
    course.opinions = {each.scale: each.draw(dice, course.response) for each in (GAIS, QUARTILE)}
    gais = course.opinions["gais"]
    if dice.chance(HALF_POINTS) and 1 < gais < 5:
        course.opinions["gais"] = gais - 0.5
    direction = "better" if course.response > RESPONDS_BADLY else "same"
    if person.measure is not None:
        halves = 2 if person.role.startswith("split") else 1
        for half in range(halves):
            response = course.response + half * OTHER_SIDE
            path = _start_path(dice, person.measure, response, planned, course, earlier)
            course.paths.append(path)
            course.before.append(_draw_before(dice, path, done))
            final = path.find_severity(done) + path.measure.waver * dice.normal()
            course.finals.append(path.measure.score(final))
        direction = find_direction(course.paths[0], dice, course.finals[0])
        if dice.chance(BASELINE_MISSING):
            for scores in course.before:
                scores[0] = None
    course.reviewed_on = _draw_review(dice, course.last_day, REVIEWED[direction])


def _start_path(
    dice: Dice,
    measure: Measure,
    response: float,
    planned: int,
    course: Course,
    earlier: Course | None,
) -> Path:
    if course.paths:  # the other half of the same face is as bad
        severity, waver = course.paths[0].severity, course.paths[0].waver
    else:
        severity, waver = measure.draw_severity(dice)
        if earlier is not None and earlier.paths:
            # a further course begins where the first one ended, if that is worth treating
            ended = earlier.paths[0].find_severity(len(earlier.sessions))
            worse = min if measure.higher_is_better else max
            severity = worse(ended, measure.treated_from + 0.2 * measure.sign * -1)
            waver = abs(measure.waver * dice.normal()) * -measure.sign
    return Path(measure, severity, waver, measure.find_change(severity, response), planned)


def _draw_before(dice: Dice, path: Path, done: int) -> list[float | None]:
    scores: list[float | None] = [path.score_before(dice, 0)]
    for step in range(1, done):
        score = path.score_before(dice, step)
        scores.append(score if dice.chance(SCORED_LATER) else None)
    return scores


def find_direction(path: Path, dice: Dice, final: float) -> str:
    """Return what became of a patient: better, same or worse than on the day they came."""
    change = (final - path.score_before(dice, 0)) * path.measure.sign
    return "same" if change == 0 else "better" if change > 0 else "worse"


def _draw_review(dice: Dice, last_session: date, share: float) -> date | None:
    """Return the day of the review; None for who does not come back, or has not yet."""
    when = dice.pick(REVIEW_WHEN)
    if when == "too early":
        wait = dice.whole(*REVIEW_TOO_EARLY)
    elif when == "too late":
        wait = dice.whole(*REVIEW_TOO_LATE)
    else:
        wait = round(dice.within(*REVIEW_DAYS))
    day = to_working_day(last_session + timedelta(wait))
    return day if dice.chance(share) and day <= EXTRACTED_ON else None
