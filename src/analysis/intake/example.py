"""Writes a synthetic session log the way a clinic's software would export it.

Nobody in it exists. How people differ and what the skin does follows published figures, named
beside each constant; where none was found the constant is called a convention. Patients are drawn
first, then their courses, the scores, the side effects; only then is it all written down as a
front desk would, and a known set of slips is planted (``PLANTED``).

Each stage has a random stream of its own, so that a change in one leaves the others as they were.
"""

import csv
import io
from bisect import bisect
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from numpy.random import PCG64, Generator

from analysis.errors import UsageError

Item = TypeVar("Item")

LOG: Final = "session-log.csv"
SOURCE: Final = "source.toml"
FEWEST_PATIENTS: Final = 30
"""With fewer there may be no place for every slip."""
MOST_PATIENTS: Final = 1500
"""With more the numbers of the clients would need a fifth digit."""

HEADER: Final = (
    *("Client ID", "Date of visit", "Age", "Sex", "Skin type", "Concern", "Area", "Operator"),
    *("Device", "Cartridge lot", "Needle (mm)", "Passes", "Numbing"),
    *("Scale", "Score before", "Score after", "Reviewed on", "Side effects", "Comments"),
)

# --- Calendar -----------------------------------------------------------------------------------

FIRST_VISIT: Final = date(2024, 5, 2)
LAST_ARRIVAL: Final = date(2026, 2, 21)
LAST_VISIT: Final = date(2026, 5, 30)
EXTRACTED_ON: Final = date(2026, 6, 30)
SUNDAY: Final = 6
HOLIDAYS: Final = ((1, 1), (12, 25), (12, 26))
"""Month and day."""

# --- Courses ------------------------------------------------------------------------------------

SESSIONS: Final = {1: 0.08, 2: 0.12, 3: 0.25, 4: 0.29, 5: 0.15, 6: 0.11}
"""Three (Cachafeiro 2016, Dermatol Surg), four (Al Chalabi 2020) or five (Dogra 2014, J Cosmet
Dermatol) in trials; 1 to 6 in practice (Alster and Li 2020, Dermatol Surg)."""
DAYS_BETWEEN: Final = (32.0, 5.5)
"""Mean and spread; monthly in most trials (median 4 weeks in 18 papers: Harris 2015)."""
DAYS_BETWEEN_LIMITS: Final = (21, 48)
SECOND_COURSE: Final = 0.25
"""Share of those whose first course is long enough ago; a convention."""
DAYS_TO_SECOND_COURSE: Final = (205, 320)
"""After the last session; more than the 180 days that end a course."""

# --- Reviews ------------------------------------------------------------------------------------

BASELINE_MISSING: Final = 0.15
SCORED_LATER: Final = 0.35
"""Share of later sessions with a score before treatment; both are conventions."""
REVIEWED: Final = {"better": 0.76, "same": 0.62, "worse": 0.85}
"""Share of patients seen again, by what became of them: those who see nothing return less, those
who got worse come to ask. 27 of 30 were seen again in one trial (Chawla), 29 and 23 of 30 in
another (Budamakuntla 2013, J Cutan Aesthet Surg); fewer in practice is a convention."""
REVIEW_DAYS: Final = (95.0, 22.0)
REVIEW_LIMITS: Final = (60, 150)
"""Two and six months (Cachafeiro 2016), three and six (Alam 2014) after the last session."""
REVIEW_TOO_EARLY: Final = (14, 26)
REVIEW_TOO_LATE: Final = (182, 199)
REVIEW_WHEN: Final = {"in time": 0.91, "too early": 0.04, "too late": 0.05}
"""A follow-up counts from 28 to 180 days after the last session; a convention."""
FOLLOW_UP_OVER: Final = timedelta(180)

# --- Side effects -------------------------------------------------------------------------------

NEVER_RECORDED: Final = 0.10
"""Share of patients in whose rows the cell is always empty; a convention."""
NOT_RECORDED: Final = {"": 0.94, "N/A": 0.06}
BLANK: Final = 0.08
"""Share of the other patients' sessions with an empty cell; a convention."""
PIH_SHARE: Final = {"I-III": 0.03, "IV-VI": 0.10}
"""Share of patients. Darker skin: 5 of 30 (Dogra 2014, J Cosmet Dermatol), 2 of 30 (Indian
Dermatol Online J 2024); all types: 0 of 60 (Fabbrocini 2014), 0 of 39 (Al Qarqaz 2018)."""
PIH_TEXTS: Final = {
    "PIH": 0.6,
    "hyperpigmentation, resolved in 6 weeks": 0.25,
    "dark patches": 0.15,
}
SIDE_EFFECT_TEXTS: Final = {
    # redness and swelling in nearly everybody, gone in days (Chu 2021, Dermatol Surg)
    "redness 2 days": 0.13,
    "mild erythema 24h": 0.10,
    "redness": 0.05,
    "Redness 3 days": 0.04,
    "reddness 1 day": 0.03,
    "erythma 2d": 0.02,
    "red/swollen": 0.07,
    "puffy x2d": 0.03,
    "as expected": 0.06,
    # the rest of the ordinary course (Chu 2021; Gowda 2021, J Clin Aesthet Dermatol)
    "itchy, flaky x3d": 0.04,
    "pealing day 3": 0.02,
    "burning then peeling": 0.03,
    "dry, tight 4 days": 0.03,
    # about 3 in 100 in a compilation with mixed denominators, so a convention
    "slight bruising": 0.02,
    "brusing": 0.01,
    # harm: conventions
    "redness for 9 days": 0.017,
    "breakout day 5": 0.012,
    "acne flare": 0.008,
    # asked, and nothing seen
    "none": 0.14,
    "nil": 0.08,
    "-": 0.05,
    "none reported": 0.02,
    "no PIH": 0.02,
}
"""What is written after a session, with its share among recorded sessions."""

# --- The front desk -----------------------------------------------------------------------------

ROMAN: Final = ("", "I", "II", "III", "IV", "V", "VI")
SKIN_TYPE_UNKNOWN: Final = 0.05
SKIN_TYPE_RANGE: Final = 0.06
SKIN_TYPE_SKIPPED: Final = 0.04
SEX_WRITTEN: Final = {
    True: {"F": 0.88, "f": 0.06, "female": 0.06},
    False: {"M": 0.88, "m": 0.06, "male": 0.06},
}
OPERATORS: Final = {"N1": 0.45, "N2": 0.35, "D1": 0.20}
"""Codes, because staff are people too."""
DEVICES: Final = {"pen 12 needles": 0.55, "pen 36 needles": 0.30, "roller": 0.15}
"""Kinds, not brands: an invented log must say nothing about a real product."""
PASSES: Final = {4: 0.25, 5: 0.15, 6: 0.35, 8: 0.25}
"""4 to 10 (Juhasz and Cohen 2020, Clin Cosmet Investig Dermatol, table 1)."""
NUMBING: Final = {"lidocaine 5 %": 0.6, "EMLA 45 min": 0.25, "none": 0.09, "": 0.06}
CELL_SKIPPED: Final = 0.04
COMMENT_SHARE: Final = 0.18
COMMENTS: Final = (
    *("tolerated well", "aftercare sheet given", "SPF 50 discussed", "photos taken"),
    *("next visit booked", "came without make-up", "cooling mask after", "asked about price"),
)


# --- Scales -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GradedScale:
    """A scale of few grades, lower is better."""

    written: str
    baseline: Mapping[float, float]
    drop: Mapping[float, float]
    """By how many grades a course lowers the score, with the share of patients."""
    best: int
    roman: float = 0.0
    """Share of scores written as Roman numerals."""

    def draw_baselines(self, generator: Generator, count: int) -> list[float]:
        return list(deal(generator, self.baseline, count))

    def draw_finals(self, generator: Generator, baselines: Sequence[float]) -> list[float]:
        drops = deal(generator, self.drop, len(baselines))
        return [max(self.best, each - drop) for each, drop in zip(baselines, drops, strict=True)]

    def draw_between(
        self, generator: Generator, baseline: float, final: float, progress: float
    ) -> float:
        """Return the score when the given share of the course is done."""
        return baseline - int((baseline - final) * progress)

    def treat_again(self, final: float) -> float:
        """Return the score a further course starts from: nobody is treated for nothing."""
        return max(final, min(self.baseline))

    def write(self, generator: Generator, score: float) -> str:
        return ROMAN[int(score)] if generator.random() < self.roman else str(int(score))


@dataclass(frozen=True)
class ContinuousScale:
    """A scale with one decimal, lower is better."""

    written: str
    baseline: tuple[float, float]
    """Mean and spread."""
    baseline_limits: tuple[float, float]
    change: tuple[float, float]
    """Mean and spread of the relative change in those who do not relapse."""
    change_limits: tuple[float, float]
    relapse: float
    """Share of patients who end worse than they began."""
    relapse_limits: tuple[float, float]
    noise: float

    def draw_baselines(self, generator: Generator, count: int) -> list[float]:
        return [
            round(draw_within(generator, self.baseline, self.baseline_limits), 1)
            for _ in range(count)
        ]

    def draw_finals(self, generator: Generator, baselines: Sequence[float]) -> list[float]:
        relapses = deal(generator, {True: self.relapse, False: 1 - self.relapse}, len(baselines))
        return [
            round(each * (1 + self._draw_change(generator, relapsed)), 1)
            for each, relapsed in zip(baselines, relapses, strict=True)
        ]

    def _draw_change(self, generator: Generator, relapsed: bool) -> float:
        if relapsed:
            return float(generator.uniform(*self.relapse_limits))
        return draw_within(generator, self.change, self.change_limits)

    def draw_between(
        self, generator: Generator, baseline: float, final: float, progress: float
    ) -> float:
        """Return the score when the given share of the course is done."""
        expected = baseline + (final - baseline) * progress
        return round(max(0.0, generator.normal(expected, self.noise)), 1)

    def treat_again(self, final: float) -> float:
        """Return the score a further course starts from: nobody is treated for nothing."""
        return max(final, self.baseline_limits[0])

    def write(self, generator: Generator, score: float) -> str:
        return f"{score:.1f}".replace(".", ",")


# --- Concerns -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Indication:
    """One concern as this clinic sees it: who comes with it, how it is written, scored, treated."""

    share: float
    """Of the patients, by main concern."""
    spellings: Mapping[str, float]
    second: Mapping[str, float]
    """What some come with besides; it is written but not scored."""
    second_share: float
    joined_by: str
    age: tuple[float, float]
    age_limits: tuple[int, int]
    female: float
    skin_types: tuple[float, ...]
    """Shares of Fitzpatrick I to VI."""
    scale: GradedScale | ContinuousScale
    needles: Mapping[str, float]
    areas: Mapping[str, float]


INDICATIONS: Final = {
    "acne scars": Indication(
        share=0.37,
        spellings={"acne scars": 0.5, "Acne scarring": 0.27, "AS": 0.13, "ance scars": 0.10},
        second={"pigmentation": 0.5, "PIH": 0.4, "melasma": 0.1},
        second_share=0.25,
        joined_by=" / ",
        # 30.9 ± 6.2 years (Tirmizi 2021, Cureus), 26.8 (Al Qarqaz 2018)
        age=(29, 6.5),
        age_limits=(18, 52),
        # 26 of 36 (Dogra 2014), 36 of 50 (Tirmizi 2021)
        female=0.72,
        skin_types=(0.05, 0.20, 0.30, 0.25, 0.13, 0.07),
        scale=GradedScale(
            written="Goodman-Baron",
            # grades 3 and 4 as 45 to 38 (JAMDC 2019); grade 1 is not treated as a scar
            baseline={2: 0.22, 3: 0.44, 4: 0.34},
            # at least one grade: 34 of 36 (Majid 2009), 23 of 30 (Chawla)
            drop={0: 0.22, 1: 0.55, 2: 0.23},
            best=1,
            roman=0.2,
        ),
        # needle lengths are conventions, inside the 0.5 to 3.5 mm of Juhasz and Cohen 2020
        needles={"1,5": 0.55, "1,5 mm": 0.15, "2,0": 0.18, "1,0-2,0": 0.07, "1500 µm": 0.05},
        areas={"cheeks": 0.6, "full face": 0.25, "temples": 0.15},
    ),
    "fine lines": Indication(
        share=0.32,
        spellings={"fine lines": 0.8, "Fine lines": 0.12, "FL": 0.08},
        second={"pigmentation": 0.7, "melasma": 0.3},
        second_share=0.20,
        joined_by=" + ",
        # 51.9 ± 12.1 years and 300 of 350 women (Aust 2008, Plast Reconstr Surg)
        age=(52, 9.5),
        age_limits=(34, 69),
        female=0.86,
        # II in 24, III in 4, IV in 4 of 32 (Alqam 2022), lighter than the clinic's other patients
        skin_types=(0.12, 0.38, 0.28, 0.15, 0.05, 0.02),
        scale=GradedScale(
            written="AFLS",
            baseline={1: 0.15, 2: 0.40, 3: 0.33, 4: 0.12},
            # 16 of 32 improved and none worsened (neck lines, Alqam 2022); 1.2 grades on average
            # in another trial (Ablon 2018, J Clin Aesthet Dermatol)
            drop={0: 0.44, 1: 0.44, 2: 0.12},
            best=0,
        ),
        needles={"0,5": 0.35, "1,0": 0.30, "0,5-1,0": 0.20, "1,0 mm": 0.10, "500 µm": 0.05},
        areas={"full face": 0.55, "perioral": 0.25, "around the eyes": 0.20},
    ),
    "pigmentation": Indication(
        share=0.31,
        spellings={"pigmentation": 0.35, "melasma": 0.47, "PIH": 0.18},
        second={"fine lines": 1.0},
        second_share=0.12,
        joined_by=" / ",
        # 33.5 ± 4.3 (Gul 2023), 33.2 ± 5.8 (Ismail 2019), 44.2 ± 8.4 years (mesoneedling trial)
        age=(37, 7.5),
        age_limits=(20, 62),
        # nearly all women in the melasma trials; 18 of 22 (Lima 2015, An Bras Dermatol)
        female=0.87,
        # III in 7 and IV in 53 of 60 (Gul 2023)
        skin_types=(0.03, 0.10, 0.31, 0.37, 0.13, 0.06),
        scale=ContinuousScale(
            written="mMASI",
            # 13.2 ± 1.1 (Gul 2023), 6.3 ± 3.8 (hydroquinone trial 2021)
            baseline=(9.5, 3.8),
            baseline_limits=(3.0, 22.0),
            # -44 % and 12 of 29 by half or more (Budamakuntla 2013), -38 ± 8 % (Gul 2023), both
            # with a topical; that some relapse is a convention
            change=(-0.52, 0.17),
            change_limits=(-0.90, -0.08),
            relapse=0.23,
            relapse_limits=(0.06, 0.25),
            noise=0.4,
        ),
        needles={"0,5": 0.50, "1,0": 0.22, "0,5-1,0": 0.18, "0,5 mm": 0.10},
        areas={"full face": 0.5, "cheeks": 0.3, "upper lip": 0.2},
    ),
}

# --- Planted mess -------------------------------------------------------------------------------


class Planted(NamedTuple):
    """A slip that stands in the log exactly once."""

    slip: str
    column: str
    """Where it is; empty when it is a line of its own."""
    written: str


PLANTED: Final = (
    Planted("a row that stands there twice", "", "the same cells as the line before"),
    Planted("the header again in the middle", "", ";".join(HEADER)),
    Planted("a line that counts the visits at the end", "", "Total"),
    Planted("a client in lower case with a space behind", "Client ID", "p-0000 "),
    Planted("a day that does not exist", "Date of visit", "31.02.2025"),
    Planted("an age nobody reaches", "Age", "243"),
    Planted("a concern nobody knows", "Concern", "as discussed"),
    Planted("a score outside the scale", "Score before", "7"),
    Planted("the separator inside a cell", "Comments", "photos taken; next visit booked"),
    Planted("quotation marks inside a cell", "Comments", 'says it feels "smoother"'),
    Planted("a line break inside a cell", "Comments", "short of time\naftercare sheet given"),
)
"""Every slip of the log. Those in a cell stand on a row from the middle of a course that carries
no lasting side effect, so that no count of courses hangs on how a slip is resolved. In the id,
0000 stands for the client's number."""

SOURCE_TEXT: Final = """\
# How to read the example log. Everything in it is synthetic: no patient, no clinic.
name = "example"
title = "Example clinic (synthetic)"
synthetic = true
extracted_on = 2026-06-30
files = ["session-log.csv"]

[format]
delimiter = ";"
encoding = "utf-8"
decimal = ","
date_order = "day-month-year"

[columns]            # role = "header in the log"
patient = "Client ID"
date = "Date of visit"
age = "Age"
sex = "Sex"
skin_type = "Skin type"
concern = "Concern"
area = "Area"
operator = "Operator"
device = "Device"
cartridge_lot = "Cartridge lot"
needle = "Needle (mm)"
passes = "Passes"
anaesthetic = "Numbing"
scale = "Scale"
score_before = "Score before"
score_after = "Score after"
score_after_date = "Reviewed on"
side_effects = "Side effects"

[answers]
side_effects_belong_to = "this session"   # or "previous session"
default_modality = "microneedling"
default_setting = "clinic"
default_rater = "investigator"
"""


# --- What is drawn ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Patient:
    """Somebody who does not exist."""

    number: int
    arrival: date
    birthday: date
    female: bool
    skin_type: int
    """Fitzpatrick 1 to 6, or 0 where the clinic never asked."""
    skin_type_written: str
    concern: str
    concern_written: str
    """With the second concern, if there is one."""

    @property
    def indication(self) -> Indication:
        return INDICATIONS[self.concern]

    @property
    def written(self) -> str:
        """The id as the clinic's software writes it."""
        return f"P-{self.number:04d}"

    def count_years(self, day: date) -> int:
        """Return the age on a day."""
        had_birthday = (day.month, day.day) >= (self.birthday.month, self.birthday.day)
        return day.year - self.birthday.year - (not had_birthday)


@dataclass(frozen=True)
class Course:
    """Sessions of one patient that belong together, with what they have in common."""

    patient: Patient
    number: int
    days: tuple[date, ...]
    operator: str
    device: str
    needle: str
    area: str

    @property
    def scale(self) -> GradedScale | ContinuousScale:
        return self.patient.indication.scale


class Ending(NamedTuple):
    """Where a course began and what became of it, whether or not anybody scored it."""

    baseline: float
    final: float

    @property
    def direction(self) -> str:
        if self.final == self.baseline:
            return "same"
        return "better" if self.final < self.baseline else "worse"


@dataclass(frozen=True)
class Scores:
    """The scores of one course; None where nobody scored."""

    before: tuple[float | None, ...]
    """Before each session, on its day."""
    after: float | None
    reviewed_on: date | None


class Row(NamedTuple):
    """One visit as written, and whether a slip may be planted on it."""

    day: date
    cells: dict[str, str]
    is_ordinary: bool


# --- Public -------------------------------------------------------------------------------------


def write_example(folder: Path, *, patients: int = 150, seed: int = 2026) -> None:
    """Write ``session-log.csv`` and its ``source.toml`` into a folder.

    The folder is made when missing; the two files are written over. The same seed and number of
    patients give the same bytes (with the numpy of the lock: its distributions may change between
    versions). 150 patients have about 600 sessions.

    Raises
    ------
    UsageError
        For a number of patients outside 30 to 1500.
    """
    if not FEWEST_PATIENTS <= patients <= MOST_PATIENTS:
        raise UsageError(
            f"An example of {patients} patients cannot be written: "
            f"ask for {FEWEST_PATIENTS} to {MOST_PATIENTS}."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOG).write_bytes(draw_log(patients, seed).encode())
    (folder / SOURCE).write_bytes(SOURCE_TEXT.encode())


def draw_log(count: int, seed: int) -> str:
    """Return the text of the log."""
    streams = Generator(PCG64(seed)).spawn(6)
    patients = draw_patients(streams[0], count)
    courses = draw_courses(streams[1], patients)
    scores = draw_scores(streams[2], courses)
    side_effects = draw_side_effects(streams[3], patients, courses)
    rows = write_rows(streams[4], courses, scores, side_effects)
    return write_lines(plant_slips(streams[5], rows))


# --- Patients -----------------------------------------------------------------------------------


def draw_patients(generator: Generator, count: int) -> list[Patient]:
    """Return the patients in order of arrival; those of each concern arrive evenly over time."""
    wanted = {concern: round(each.share * count) for concern, each in INDICATIONS.items()}
    wanted["pigmentation"] += count - sum(wanted.values())
    arrived = [
        patient for concern, each in wanted.items() for patient in _arrive(generator, concern, each)
    ]
    arrived.sort(key=lambda patient: patient.arrival)
    # Other clients have numbers too, so ours have gaps.
    numbers = sorted(101 + generator.choice(6 * count, size=count, replace=False))
    return [
        replace(patient, number=int(number))
        for patient, number in zip(arrived, numbers, strict=True)
    ]


def _arrive(generator: Generator, concern: str, count: int) -> list[Patient]:
    indication = INDICATIONS[concern]
    days = (LAST_ARRIVAL - FIRST_VISIT).days
    has_second = pick_share(generator, range(count), indication.second_share)
    is_unknown = pick_share(generator, range(count), SKIN_TYPE_UNKNOWN)
    is_range = pick_share(generator, range(count), SKIN_TYPE_RANGE)
    skin_types = deal(generator, dict(enumerate(indication.skin_types, start=1)), count)
    female = deal(generator, {True: indication.female, False: 1 - indication.female}, count)
    patients = []
    for index in range(count):
        arrival = to_working_day(
            FIRST_VISIT + timedelta(int(days * (index + generator.random()) / count))
        )
        age = draw_within(generator, indication.age, indication.age_limits)
        skin_type = skin_types[index]
        concern_written = pick(generator, indication.spellings)
        if index in has_second:
            concern_written += indication.joined_by + pick(generator, indication.second)
        if index in is_unknown:
            skin_type, skin_type_written = 0, ""
        elif index in is_range and skin_type > 1:
            skin_type_written = f"{ROMAN[skin_type - 1]}-{ROMAN[skin_type]}"
        else:
            skin_type_written = ROMAN[skin_type]
        patients.append(
            Patient(
                number=0,
                arrival=arrival,
                birthday=arrival - timedelta(int(365.25 * age) + 1),
                female=female[index],
                skin_type=skin_type,
                skin_type_written=skin_type_written,
                concern=concern,
                concern_written=concern_written,
            )
        )
    return patients


# --- Courses ------------------------------------------------------------------------------------


def draw_courses(generator: Generator, patients: Sequence[Patient]) -> list[Course]:
    """Return one course for every patient, and a second one for some."""
    sessions = deal(generator, SESSIONS, len(patients))
    first = [
        _draw_course(generator, patient, 1, patient.arrival, count)
        for patient, count in zip(patients, sessions, strict=True)
    ]
    long_ago = LAST_ARRIVAL - timedelta(DAYS_TO_SECOND_COURSE[1])
    eligible = [course for course in first if course.days[-1] < long_ago]
    second = []
    for course in pick_share(generator, eligible, SECOND_COURSE):
        wait = int(generator.integers(*DAYS_TO_SECOND_COURSE))
        start = to_working_day(course.days[-1] + timedelta(wait))
        count = pick(generator, SESSIONS)
        second.append(_draw_course(generator, course.patient, 2, start, count))
    return first + second


def _draw_course(
    generator: Generator, patient: Patient, number: int, start: date, sessions: int
) -> Course:
    days = [start]
    for _ in range(sessions - 1):
        wait = round(draw_within(generator, DAYS_BETWEEN, DAYS_BETWEEN_LIMITS))
        days.append(to_working_day(days[-1] + timedelta(wait)))
    return Course(
        patient=patient,
        number=number,
        days=tuple(day for day in days if day <= LAST_VISIT),
        operator=pick(generator, OPERATORS),
        device=pick(generator, DEVICES),
        needle=pick(generator, patient.indication.needles),
        area=pick(generator, patient.indication.areas),
    )


# --- Scores -------------------------------------------------------------------------------------


def draw_scores(generator: Generator, courses: Sequence[Course]) -> list[Scores]:
    """Return the scores of each course."""
    endings = _draw_endings(generator, courses)
    unscored = {
        index
        for indexes in group([(each.number, each.patient.concern) for each in courses])
        if courses[indexes[0]].number == 1
        for index in pick_share(generator, indexes, BASELINE_MISSING)
    }
    reviews = _draw_reviews(generator, courses, endings, unscored)
    scores = []
    for index, (course, ending) in enumerate(zip(courses, endings, strict=True)):
        before: list[float | None] = [None if index in unscored else ending.baseline]
        for session in range(1, len(course.days)):
            progress = session / len(course.days)
            score = course.scale.draw_between(generator, ending.baseline, ending.final, progress)
            before.append(score if generator.random() < SCORED_LATER else None)
        reviewed_on = reviews[index]
        after = None if reviewed_on is None else ending.final
        scores.append(Scores(before=tuple(before), after=after, reviewed_on=reviewed_on))
    return scores


def _draw_endings(generator: Generator, courses: Sequence[Course]) -> list[Ending]:
    """Return what became of each course; a second one begins where the first one ended."""
    endings: dict[int, Ending] = {}
    ended: dict[int, float] = {}
    for indexes in group([(each.number, each.patient.concern) for each in courses]):
        scale = courses[indexes[0]].scale
        patients = [courses[index].patient.number for index in indexes]
        baselines = [
            scale.treat_again(ended[patient]) if patient in ended else drawn
            for patient, drawn in zip(
                patients, scale.draw_baselines(generator, len(patients)), strict=True
            )
        ]
        finals = scale.draw_finals(generator, baselines)
        ended |= dict(zip(patients, finals, strict=True))
        endings |= dict(zip(indexes, map(Ending, baselines, finals), strict=True))
    return [endings[index] for index in range(len(courses))]


def _draw_reviews(
    generator: Generator,
    courses: Sequence[Course],
    endings: Sequence[Ending],
    unscored: Container[int],
) -> dict[int, date | None]:
    """Return the day of each course's review; None for who did not come back, or has not yet."""
    reviews: dict[int, date | None] = {}
    kinds = [
        (
            course.patient.concern,
            ending.direction,
            index in unscored,
            course.days[-1] + FOLLOW_UP_OVER < EXTRACTED_ON,
        )
        for index, (course, ending) in enumerate(zip(courses, endings, strict=True))
    ]
    for indexes in group(kinds):
        share = REVIEWED[endings[indexes[0]].direction]
        chances = {when: share * chance for when, chance in REVIEW_WHEN.items()}
        whens = deal(generator, {**chances, "never": 1 - share}, len(indexes))
        for index, when in zip(indexes, whens, strict=True):
            reviews[index] = _draw_review_day(generator, courses[index].days[-1], when)
    return reviews


def _draw_review_day(generator: Generator, last_session: date, when: str) -> date | None:
    match when:
        case "never":
            return None
        case "too early":
            wait = int(generator.integers(*REVIEW_TOO_EARLY))
        case "too late":
            wait = int(generator.integers(*REVIEW_TOO_LATE))
        case _:
            wait = round(draw_within(generator, REVIEW_DAYS, REVIEW_LIMITS))
    day = to_working_day(last_session + timedelta(wait))
    return day if day <= EXTRACTED_ON else None


# --- Side effects -------------------------------------------------------------------------------


def draw_side_effects(
    generator: Generator, patients: Sequence[Patient], courses: Sequence[Course]
) -> dict[tuple[int, date], str]:
    """Return what is written about each session, by the patient's number and the day."""
    lasting = draw_pigment(generator, patients)
    others = [patient.number for patient in patients if patient.number not in lasting]
    silent = set(pick_share(generator, others, NEVER_RECORDED * len(patients) / len(others)))
    written: dict[tuple[int, date], str] = {}
    for course in courses:
        patient = course.patient.number
        for day in course.days:
            if patient in silent or generator.random() < BLANK:
                written[patient, day] = pick(generator, NOT_RECORDED)
            else:
                written[patient, day] = pick(generator, SIDE_EFFECT_TEXTS)
        if course.number == 1 and patient in lasting:
            day = course.days[generator.integers(len(course.days))]
            written[patient, day] = lasting[patient]
    return written


def draw_pigment(generator: Generator, patients: Sequence[Patient]) -> dict[int, str]:
    """Return the patients whose skin darkened after a session, and how that was written."""
    groups = {
        "I-III": [each.number for each in patients if 1 <= each.skin_type <= 3],
        "IV-VI": [each.number for each in patients if 4 <= each.skin_type <= 6],
    }
    return {
        number: pick(generator, PIH_TEXTS)
        for group, numbers in groups.items()
        for number in pick_share(generator, numbers, PIH_SHARE[group])
    }


# --- Writing it down ----------------------------------------------------------------------------


def write_rows(
    generator: Generator,
    courses: Sequence[Course],
    scores: Sequence[Scores],
    side_effects: Mapping[tuple[int, date], str],
) -> list[Row]:
    """Return one row for every session, by day and client, as the front desk wrote it."""
    rows = [
        _write_row(generator, course, session, score, side_effects)
        for course, score in zip(courses, scores, strict=True)
        for session in range(len(course.days))
    ]
    return sorted(rows, key=lambda row: (row.day, row.cells["Client ID"]))


def _write_row(
    generator: Generator,
    course: Course,
    session: int,
    scores: Scores,
    side_effects: Mapping[tuple[int, date], str],
) -> Row:
    patient, day = course.patient, course.days[session]
    scale = patient.indication.scale
    is_last = session == len(course.days) - 1
    before, after = scores.before[session], scores.after if is_last else None
    side_effect = side_effects[patient.number, day]
    has_comment = generator.random() < COMMENT_SHARE
    cells = {
        "Client ID": patient.written,
        "Date of visit": write_day(day),
        "Age": str(patient.count_years(day)),
        "Sex": pick(generator, SEX_WRITTEN[patient.female]),
        "Skin type": skip(generator, patient.skin_type_written, SKIN_TYPE_SKIPPED),
        "Concern": patient.concern_written,
        "Area": skip(generator, course.area, CELL_SKIPPED),
        "Operator": course.operator,
        "Device": course.device,
        "Cartridge lot": skip(generator, write_lot(course.device, day), CELL_SKIPPED),
        "Needle (mm)": skip(generator, course.needle, CELL_SKIPPED),
        "Passes": skip(generator, str(pick(generator, PASSES)), CELL_SKIPPED),
        "Numbing": pick(generator, NUMBING),
        "Scale": scale.written,
        "Score before": "" if before is None else scale.write(generator, before),
        "Score after": "" if after is None else scale.write(generator, after),
        "Reviewed on": write_day(scores.reviewed_on) if is_last and scores.reviewed_on else "",
        "Side effects": side_effect,
        "Comments": COMMENTS[generator.integers(len(COMMENTS))] if has_comment else "",
    }
    is_inner = session > 0 and not is_last
    return Row(day, cells, is_ordinary=is_inner and side_effect not in PIH_TEXTS)


def write_day(day: date) -> str:
    """Return a date as the clinic writes it, day first."""
    return f"{day.day:02d}.{day.month:02d}.{day.year}"


def write_lot(device: str, day: date) -> str:
    """Return the lot in use: each kind of device has a new one every second month."""
    letter = "ABC"[list(DEVICES).index(device)]
    return f"{letter}{day.year % 100}{(day.month + 1) // 2 * 2:02d}"


def plant_slips(generator: Generator, rows: Sequence[Row]) -> list[list[str]]:
    """Return header, rows and totals line with every slip of ``PLANTED`` in its place."""
    cells = [dict(row.cells) for row in rows]
    free = [index for index, row in enumerate(rows) if row.is_ordinary]
    free = [free[index] for index in generator.permutation(len(free))]
    in_cell = {slip.column: slip.written for slip in PLANTED if slip.column}
    places = {
        "Client ID": take(free),
        "Date of visit": take(
            free, key=lambda index: abs((rows[index].day - date(2025, 3, 1)).days)
        ),
        "Age": take(free),
        "Concern": take(free),
        "Score before": take(free, key=lambda index: cells[index]["Scale"] != "Goodman-Baron"),
    }
    for column, index in places.items():
        cells[index][column] = in_cell[column]
    client = places["Client ID"]
    cells[client]["Client ID"] = rows[client].cells["Client ID"].lower() + " "
    for slip in PLANTED:
        if slip.column == "Comments":
            cells[take(free)]["Comments"] = slip.written

    lines = [[row[column] for column in HEADER] for row in cells]
    twice = take(free)
    lines.insert(twice + 1, list(lines[twice]))
    visits = len(lines)
    lines.insert(visits // 2, list(HEADER))
    total = ["Total", *[""] * (len(HEADER) - 2), f"{visits} visits"]
    return [list(HEADER), *lines, total]


def write_lines(lines: Iterable[Sequence[str]]) -> str:
    """Return delimited text; a cell is quoted only where it must be."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(lines)
    return text.getvalue()


# --- Drawing ------------------------------------------------------------------------------------


def pick(generator: Generator, weights: Mapping[Item, float]) -> Item:
    """Return one of the keys, drawn by its weight."""
    total = sum(weights.values())
    chances = [weight / total for weight in weights.values()]
    return list(weights)[int(generator.choice(len(chances), p=chances))]


def deal(generator: Generator, weights: Mapping[Item, float], count: int) -> list[Item]:
    """Return that many keys in the proportions of the weights, shuffled.

    Dealt, not drawn one by one, so that a small group has the make-up it should.
    """
    kinds, total = list(weights), sum(weights.values())
    limits = [limit / total for limit in accumulate(weights.values())]
    offset = generator.random()
    dealt = [
        kinds[min(bisect(limits, (place + offset) / count), len(kinds) - 1)]
        for place in range(count)
    ]
    return [dealt[index] for index in generator.permutation(count)]


def group(kinds: Sequence[Any]) -> list[list[int]]:
    """Return the places of each kind; kinds sorted, places in order."""
    return [
        [place for place, kind in enumerate(kinds) if kind == wanted]
        for wanted in sorted(set(kinds))
    ]


def pick_share(generator: Generator, items: Sequence[Item], share: float) -> list[Item]:
    """Return that share of the items, rounded, in their order."""
    wanted = round(share * len(items))
    return [items[index] for index in sorted(generator.permutation(len(items))[:wanted])]


def skip(generator: Generator, written: str, chance: float) -> str:
    """Return the cell, or an empty one by the given chance."""
    return "" if generator.random() < chance else written


def take(places: list[int], *, key: Callable[[int], float] = lambda place: 0) -> int:
    """Remove the place with the smallest key (the first of equals) and return it."""
    place = min(places, key=key)
    places.remove(place)
    return place


def draw_within(
    generator: Generator, mean_and_spread: tuple[float, float], limits: tuple[float, float]
) -> float:
    """Return a normal value; one outside the limits is drawn again."""
    while not limits[0] <= (value := generator.normal(*mean_and_spread)) <= limits[1]:
        pass
    return value


def to_working_day(day: date) -> date:
    """Return the day itself, or the next one on which the clinic is open."""
    while day.weekday() == SUNDAY or (day.month, day.day) in HOLIDAYS:
        day += timedelta(1)
    return day
