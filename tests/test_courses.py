"""The default estimand, rule by rule: visits in, courses with their scores out."""

from pathlib import Path

import ibis
import pandas as pd
import pytest

from analysis.errors import UsageError
from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.derive import (
    add_course,
    add_promoted_term,
    build_course_scores,
    keep_of_courses,
)
from analysis.vocabulary import BUILT_IN
from logs import DAY_0, load, to_day

AS_OF = 1000
CONCERN_OF = {
    "gb": "acne scars",
    "mmasi": "pigmentation",
    "gais": "wrinkles",
    "cutometer": "laxity",
}

# Visits are "day before after reviewed", a point for a blank; courses are
# "first-last xsessions: baseline > follow-up @days after the last session".
SPECS = {
    # a course is a chain of sessions with no gap over 180 days; the first one is flagged
    "gap of 180 days": ("0 3 . . / 180 . 2 270", ["0-180 x2: 3 > 2 @90"]),
    "gap of 181 days": ("0 3 . . / 181 4 2 271", ["0-0 x1: 3 > - @-", "181-181 x1: 4 > 2 @90"]),
    "order of rows": ("180 . 2 270 / 0 3 . . / 90 . . .", ["0-180 x3: 3 > 2 @90"]),
    "two rows of a day": ("0 3 . . / 0 . 2 90", ["0-0 x1: 3 > 2 @90"]),
    # baseline: the last score in the 90 days up to and including the first session's day
    "baseline on the day": ("0 3 . .", ["0-0 x1: 3 > - @-"]),
    "baseline 90 days before": (
        "0 . 3 200 / 290 . . .",
        ["0-0 x1: - > - @-", "290-290 x1: 3 > - @-"],
    ),
    "baseline 91 days before": (
        "0 . 3 199 / 290 . . .",
        ["0-0 x1: - > - @-", "290-290 x1: - > - @-"],
    ),
    "last of two baselines": (
        "0 . 4 200 / 9 . 2 250 / 290 . . .",
        ["0-9 x2: - > - @-", "290-290 x1: 2 > - @-"],
    ),
    "baseline on the day wins": (
        "0 . 4 200 / 290 3 . .",
        ["0-0 x1: - > - @-", "290-290 x1: 3 > - @-"],
    ),
    "score at the second session": ("0 . . . / 40 3 . .", ["0-40 x2: - > - @-"]),
    # follow-up: nearest to day 90 within days 28 to 180 after the last session
    "follow-up on day 27": ("0 3 2 27", ["0-0 x1: 3 > - @-"]),
    "follow-up on day 28": ("0 3 2 28", ["0-0 x1: 3 > 2 @28"]),
    "follow-up on day 90": ("0 3 2 90", ["0-0 x1: 3 > 2 @90"]),
    "follow-up on day 180": ("0 3 2 180", ["0-0 x1: 3 > 2 @180"]),
    "follow-up on day 181": ("0 3 2 181", ["0-0 x1: 3 > - @-"]),
    "counted from the last session": ("0 3 1 60 / 33 . . .", ["0-33 x2: 3 > - @-"]),
    "nearest, the later": ("0 3 1 60 / 5 . 2 105", ["0-5 x2: 3 > 2 @100"]),
    "nearest, the earlier": ("0 3 1 90 / 5 . 2 180", ["0-5 x2: 3 > 1 @85"]),
    "tie goes to the later": ("0 3 1 85 / 5 . 2 105", ["0-5 x2: 3 > 2 @100"]),
    "between two sessions": ("0 3 2 40 / 60 . . .", ["0-60 x2: 3 > - @-"]),
    # two scores on a day: their mean if continuous, the worse one if graded
    "mean of two": ("mmasi 0 10 4 90 / 0 12 7 90", ["0-0 x1: 11 > 5.5 @90"]),
    "mean where higher is better": ("cutometer 0 .2 .5 90 / 0 .4 .7 90", ["0-0 x1: 0.3 > 0.6 @90"]),
    "worse of two where lower is better": ("0 2 1 90 / 0 3 2 90", ["0-0 x1: 3 > 2 @90"]),
    "worse of two where higher is better": ("gais 0 . 3 90 / 0 . -1 90", ["0-0 x1: - > -1 @90"]),
    # a change scale needs no baseline
    "change scale": ("gais 0 . 2 90", ["0-0 x1: - > 2 @90"]),
}


def write_visits() -> str:
    """Return all visits as one log; every rule is a patient of its own."""
    rows = ["patient | day | concern | scale | before | after | reviewed | clinic | needle"]
    for name, (visits, _) in SPECS.items():
        scale = "gb"
        for place, visit in enumerate(visits.split(" / ")):
            cells = visit.split()
            scale = cells.pop(0) if len(cells) == 5 else scale
            day, before, after, reviewed = ("" if cell == "." else cell for cell in cells)
            row = [name, day, CONCERN_OF[scale], scale, before, after, reviewed]
            rows.append(" | ".join([*row, f"clinic {place}", f"{place + 1}"]))
    rows += [
        # closed when the 180 days of the follow-up window are over
        "ends 179 days ago | 821 | acne scars | gb | 3 | | | |",
        "ends 180 days ago | 820 | acne scars | gb | 3 | | | |",
        # a course per concern: lines at every second session only
        "two concerns | 0 | acne scars / fine lines | gb | 3 | | | |",
        "two concerns | 150 | acne scars | gb | | | | |",
        "two concerns | 300 | acne scars + fine lines | afls | 2 | 1 | 390 | |",
    ]
    return "\n".join(rows)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above."""
    more = "[scales]\ngais = 'three_is_best'"
    return load(tmp_path_factory.mktemp("courses"), write_visits(), as_of=AS_OF, more=more)


def tell(cohort: Cohort, patient: str, concern: str | None = None) -> list[str]:
    """Return the courses of a patient in words, first one first."""
    courses = cohort.courses.merge(cohort.course_scores, on="course", how="left")
    courses = courses[courses["patient"] == f"clinic/{patient}"].sort_values("first_date")
    if concern:
        courses = courses[courses["concern"] == concern]

    def day(moment: pd.Timestamp) -> int:
        return (moment.date() - DAY_0).days

    def number(value: object) -> str:
        return "-" if pd.isna(value) else f"{round(float(value), 9):g}"  # type: ignore[arg-type]

    return [
        f"{day(it.first_date)}-{day(it.last_date)} x{it.sessions}: "
        f"{number(it.baseline)} > {number(it.follow_up)} @{number(it.follow_up_days)}"
        for it in courses.itertuples()
    ]


@pytest.mark.parametrize("name", SPECS)
def test_rule(cohort: Cohort, name: str) -> None:
    """Each rule of the estimand on visits that only it decides."""
    assert tell(cohort, name) == SPECS[name][1]


def test_first_course_is_flagged(cohort: Cohort) -> None:
    """One course of a patient and concern is the first one, and it is the earliest."""
    courses = cohort.courses[cohort.courses["patient"] == "clinic/gap of 181 days"]

    assert courses.sort_values("first_date")["is_first"].tolist() == [True, False]
    assert (cohort.courses.groupby(["patient", "concern"])["is_first"].sum() == 1).all()


def test_course_is_closed_when_its_window_is_over(cohort: Cohort) -> None:
    """After 180 days nobody can be seen in the window any more; after 179 somebody can."""
    courses = cohort.courses.set_index("patient")
    found = courses.loc[["clinic/ends 179 days ago", "clinic/ends 180 days ago"]]

    assert found["is_closed"].tolist() == [False, True]
    assert [str(day.date()) for day in found["closed_on"]] == [to_day(1001), to_day(1000)]


def test_courses_of_two_concerns_are_apart(cohort: Cohort) -> None:
    """A session belongs to the course of each concern it treated, and to no other."""
    assert tell(cohort, "two concerns", "acne_scars") == ["0-300 x3: 3 > - @-"]
    assert tell(cohort, "two concerns", "fine_lines") == [
        "0-0 x1: - > - @-",
        "300-300 x1: 2 > 1 @90",
    ]


def test_course_is_described_by_its_sessions(cohort: Cohort) -> None:
    """Gaps within the course, its deepest needle, and the clinic of its first session."""
    course = cohort.courses.set_index("patient").loc["clinic/order of rows"]
    of_one = cohort.courses.set_index("patient").loc["clinic/baseline on the day"]

    assert (course["longest_gap"], course["shortest_gap"]) == (90, 90)
    assert (course["needle_longest"], course["clinic"]) == (3.0, "clinic 1")
    assert pd.isna(of_one["longest_gap"])


# --- courses of two modalities ----------------------------------------------------------------

MODALITIES = """
patient | day | concern    | modality | setting | scale | before | after | reviewed
beside  | 0   | acne scars | RF       | clinic  | gb    | 4      |       |
beside  | 40  | acne scars | RF       | clinic  | gb    | 4      | 2     | 130
beside  | 400 | acne scars | needling | clinic  | gb    | 3      | 1     | 490
between | 0   | acne scars | needling | clinic  | gb    | 4      |       |
between | 30  | acne scars | RF       | clinic  | gb    | 3      |       |
between | 60  | acne scars | needling | clinic  | gb    | 3      | 2     | 150
over    | 0   | acne scars | needling | clinic  | gb    | 4      |       |
over    | 100 | acne scars | RF       | clinic  | gb    |        |       |
over    | 190 | acne scars | needling | clinic  | gb    | 3      | 2     | 280
at 27   | 0   | acne scars | needling | clinic  | gb    | 4      | 2     | 90
at 27   | 63  | acne scars | RF       | clinic  | gb    |        |       |
at 28   | 0   | acne scars | needling | clinic  | gb    | 4      | 2     | 90
at 28   | 62  | acne scars | RF       | clinic  | gb    |        |       |
at home | 0   | acne scars | RF       | clinic  | gb    | 4      | 2     | 90
at home | 150 | acne scars | RF       | home    | gb    |        |       |
at home | 200 | acne scars | RF       | clinic  | gb    | 3      | 1     | 290
closed  | 0   | acne scars | needling | clinic  | gb    | 4      | 2     | 90
closed  | 180 | acne scars | RF       | clinic  | gb    |        |       |
after   | 0   | acne scars | needling | clinic  | gb    | 4      | 2     | 90
after   | 181 | acne scars | RF       | clinic  | gb    |        |       |
soon    | 0   | acne scars | RF       | clinic  | gb    | 4      |       |
soon    | 3   | acne scars | RF       | clinic  | gb    |        | 2     | 90
strange | 0   | acne scars | mystery  | clinic  | gb    | 4      | 2     | 90
"""
# patient → courses of mechanical needling, courses of radiofrequency; a star where anything of
# another modality was done from the first session until the follow-up window is over
OF_EACH = {
    # radiofrequency first: the needling later is a first course too, and no other is in its window
    "beside": (["400-400 x1: 3 > 1 @90"], ["0-40 x2: 4 > 2 @90"]),
    # between two needling sessions: no session of the course, but flagged; both follow-ups count
    "between": (["0-60 x2: 4 > 2 @90 *"], ["30-30 x1: 3 > 2 @120 *"]),
    # it does not bridge a gap either
    "over": (["0-0 x1: 4 > - @- *", "190-190 x1: 3 > 2 @90"], ["100-100 x1: - > 2 @180 *"]),
    # a score 27 days after it is no follow-up, one 28 days after it is
    "at 27": (["0-0 x1: 4 > - @- *"], ["63-63 x1: 4 > - @-"]),
    "at 28": (["0-0 x1: 4 > 2 @90 *"], ["62-62 x1: 4 > 2 @28"]),
    # at home never extends a course; of the same modality it is nothing else
    "at home": ([], ["0-0 x1: 4 > 2 @90", "200-200 x1: 3 > 1 @90"]),
    # the last day of the follow-up window, and the day after it
    "closed": (["0-0 x1: 4 > 2 @90 *"], ["180-180 x1: 2 > - @-"]),
    "after": (["0-0 x1: 4 > 2 @90"], ["181-181 x1: - > - @-"]),
    "soon": ([], ["0-3 x2: 4 > 2 @87"]),
    # what is only known to be something else makes no course
    "strange": ([], []),
}


@pytest.fixture(scope="module")
def of_each(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cohort, Cohort]:
    """The cohort of the log above for mechanical needling and for radiofrequency."""
    folder = tmp_path_factory.mktemp("modalities")
    needling = load(folder, MODALITIES, as_of=AS_OF)
    return needling, load_cohort("clinic", project=folder, index_modality="rf_microneedling")


@pytest.mark.parametrize("name", OF_EACH)
def test_courses_of_the_index_modality(of_each: tuple[Cohort, Cohort], name: str) -> None:
    """A report is about the courses of one modality; the others of the patient are only noticed."""
    for cohort, expected in zip(of_each, OF_EACH[name], strict=True):
        courses = cohort.courses.set_index("patient")
        flags = courses.loc[courses.index == f"clinic/{name}"].sort_values("first_date")

        stars = [" *" if each else "" for each in flags["other_procedure"]]
        told = [f"{text}{star}" for text, star in zip(tell(cohort, name), stars, strict=True)]

        assert told == expected


def test_first_course_and_key_are_of_each_modality(of_each: tuple[Cohort, Cohort]) -> None:
    """Whoever had both has a first course of both, under keys of their own, and the two frames
    have no course in common."""
    needling, radiofrequency = (cohort.courses for cohort in of_each)

    for courses, modality in ((needling, "microneedling"), (radiofrequency, "rf_microneedling")):
        assert set(courses["modality"]) == {modality}
        beside = courses[courses["patient"] == "clinic/beside"]
        assert beside["is_first"].tolist() == [True]
        assert beside["course"].tolist()[0].split(" | ")[:3] == [
            *("clinic/beside", "acne_scars", modality)
        ]
    assert not {*needling["course"]} & {*radiofrequency["course"]}
    assert {*of_each[0].course_scores["course"]} <= {*needling["course"]}
    assert {*of_each[1].course_scores["course"]} <= {*radiofrequency["course"]}


def test_what_hangs_on_the_index_modality(of_each: tuple[Cohort, Cohort]) -> None:
    """Intervals and the scores between sessions are those of the index modality; who was treated
    does not hang on it."""
    found = []
    for cohort in of_each:
        intervals = cohort.intervals[cohort.intervals["concern"] == ""]
        visits = cohort.find_visit_scores("acne_scars", "gb_qual")
        between = visits[(visits["visit"] == 1) & ~visits["is_follow_up"].astype(bool)]
        found.append(
            (
                {name.split("/")[1] for name in intervals["patient"]},
                {name.split("/")[1] for name in between["patient"]},
                len(cohort.patients),
            )
        )

    assert found == [
        # "over" has two courses, so the 190 days are no interval
        ({"between"}, {"between"}, 10),
        ({"beside", "soon"}, {"beside"}, 10),
    ]


def test_short_intervals_are_noted_of_needling_only(of_each: tuple[Cohort, Cohort]) -> None:
    """How soon is too soon is known of needling."""
    assert "short_interval" not in {*of_each[0].problems["rule"]}
    assert {"unknown_modality"} <= {*of_each[0].problems["rule"]}


def test_index_modality_and_the_sessions_chosen(of_each: tuple[Cohort, Cohort]) -> None:
    """Sessions that are not chosen make no course; a modality that does not exist is named with
    those that do, and what is only known to be something else is none of them."""
    project = of_each[0].folder.parents[2]

    def count(**chosen: object) -> int:
        return len(load_cohort("clinic", project=project, **chosen).courses)  # type: ignore[arg-type]

    assert count(modality=["rf_microneedling"]) == 0
    assert count(modality=["rf_microneedling"], index_modality="rf_microneedling") == 10
    assert count(modality=["microneedling", "laser"]) == 8
    assert count(setting=["home"], index_modality="rf_microneedling") == 0
    for unknown in ("radio", "other"):
        with pytest.raises(UsageError, match=f"index modality '{unknown}'.* Possible: .*laser"):
            count(index_modality=unknown)


def test_selection_tells_the_index_modality_where_it_is_not_the_usual(
    of_each: tuple[Cohort, Cohort],
) -> None:
    """Every page says what its courses are of; only a choice is told as one."""
    assert [each.origin.selection for each in of_each] == ["", "index modality rf_microneedling"]
    assert [each.origin.index_modality for each in of_each] == [
        *("microneedling", "rf_microneedling")
    ]


# --- what no log can say yet: several raters ---------------------------------------------------


def days_of(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(
        **{name: pd.to_datetime([to_day(day) for day in frame[name]]) for name in columns}
    )


def make_sessions(visits: list[tuple[int, str, str, str]]) -> tuple[ibis.Table, ibis.Table]:
    """Return sessions and targets of one patient from (day, modality, setting, concern)."""
    frame = pd.DataFrame(visits, columns=["date", "modality", "setting", "concern"])
    frame = days_of(frame, "date").assign(
        patient="p", session=[str(n) for n in range(len(frame))], needle_longest=1.0
    )
    sessions = ibis.memtable(frame.drop(columns="concern")).mutate(
        date=ibis._.date.cast("date"), clinic=ibis.null("string")
    )
    targets = frame[["session", "concern"]].assign(subtype=pd.Series(pd.NA, dtype="str"))
    return sessions, ibis.memtable(targets)


def test_a_course_is_of_one_modality_in_the_clinic() -> None:
    """A home session does not bridge a gap, and radiofrequency is not pooled with needling: it is
    a course of its own. What is only known to be something else is none."""
    sessions, targets = make_sessions(
        [
            (0, "microneedling", "clinic", "acne_scars"),
            (100, "microneedling", "home", "acne_scars"),
            (150, "rf_microneedling", "clinic", "acne_scars"),
            (200, "microneedling", "clinic", "acne_scars"),
            (230, "rf_microneedling", "clinic", "acne_scars"),
            (240, "other", "clinic", "acne_scars"),
        ]
    )

    chained = add_course(keep_of_courses(sessions), targets)
    chained = chained.order_by("modality", "date").execute()

    assert chained["session"].tolist() == ["0", "3", "2", "4"]
    assert chained["course_no"].tolist() == [1, 2, 1, 1]
    assert chained["gap"].fillna(0).tolist() == [0, 0, 0, 80]


def score_course(
    scores: list[tuple[str, int, float]],
    others: list[tuple[int, str, str, str]] = (),
    modality: str = "microneedling",
) -> tuple[str, float, float]:
    """Return (rater, baseline, follow-up) of a course of one session on day 0.

    ``scores`` are (rater, day, score); ``others`` further sessions of the patient.
    """
    course = pd.DataFrame(
        {"course": ["c"], "patient": ["p"], "concern": ["acne_scars"], "modality": [modality]}
        | {"first_date": [0], "last_date": [0], "side": [None]}
    ).astype({"side": "str"})
    rated = pd.DataFrame(scores, columns=["rater", "date", "score"])
    rated = rated.assign(patient="p", concern="acne_scars", scale="gb_qual", session="0")
    rated["side"] = pd.Series(pd.NA, rated.index, dtype="str")
    sessions, targets = make_sessions([(0, modality, "clinic", "acne_scars"), *others])

    def at(frame: pd.DataFrame, *columns: str) -> ibis.Table:
        table = ibis.memtable(days_of(frame, *columns))
        return table.mutate(**{name: table[name].cast("date") for name in columns})

    found = build_course_scores(
        at(course, "first_date", "last_date"),
        sessions,
        targets,
        at(rated, "date"),
        BUILT_IN.scales,
    ).execute()
    assert len(found) == 1
    rater, before, after = found.loc[0, ["rater", "baseline", "follow_up"]]
    return rater, before, after


RATERS = {
    "the preferred one that has both": (
        [("patient", 0, 4), ("patient", 90, 1), ("investigator", 0, 3), ("investigator", 90, 2)],
        ("investigator", 3, 2),
    ),
    "a pair goes before half of a better one": (
        [("blinded", 90, 1), ("patient", 0, 4), ("patient", 90, 3)],
        ("patient", 4, 3),
    ),
    "blinded before the treating clinician": (
        [("investigator", 0, 4), ("investigator", 90, 1), ("blinded", 0, 3), ("blinded", 90, 3)],
        ("blinded", 3, 3),
    ),
    "never one kind before and another after": (
        [("investigator", 0, 4), ("patient", 90, 1)],
        ("investigator", 4, None),
    ),
}


@pytest.mark.parametrize("name", RATERS)
def test_rater(name: str) -> None:
    """Both scores come from the same kind of rater: blinded, investigator, device, patient."""
    scores, (rater, before, after) = RATERS[name]

    found = score_course(scores)

    assert found[:2] == (rater, before)
    assert found[2] == after or (after is None and pd.isna(found[2]))


OTHER_PROCEDURES = {
    # a further session (day, modality, setting, concern) → does the score of day 90 count?
    "laser 27 days before the score": ((63, "laser", "clinic", "acne_scars"), False),
    "laser 28 days before the score": ((62, "laser", "clinic", "acne_scars"), True),
    "laser on the day of the score": ((90, "laser", "clinic", "acne_scars"), False),
    "laser after the score": ((91, "laser", "clinic", "acne_scars"), True),
    "laser on another concern": ((80, "laser", "clinic", "fine_lines"), True),
    "needling at home": ((80, "microneedling", "home", "acne_scars"), False),
    "radiofrequency": ((80, "rf_microneedling", "clinic", "acne_scars"), False),
}


@pytest.mark.parametrize("name", OTHER_PROCEDURES)
def test_score_soon_after_another_procedure(name: str) -> None:
    """A score under 28 days after any other procedure on the concern is no follow-up; the next
    nearest one counts."""
    other, counts = OTHER_PROCEDURES[name]
    scores = [("investigator", 0, 4), ("investigator", 90, 1), ("investigator", 170, 2)]

    _, before, after = score_course(scores, [other])

    assert (before, after) == (4, 1 if counts else 2)


AFTER_RADIOFREQUENCY = {
    # the same for a course of radiofrequency: needling is the other procedure
    "needling 27 days before the score": ((63, "microneedling", "clinic", "acne_scars"), False),
    "needling 28 days before the score": ((62, "microneedling", "clinic", "acne_scars"), True),
    "needling of another concern": ((80, "microneedling", "clinic", "fine_lines"), True),
    "its own modality, long before the score": (
        (1, "rf_microneedling", "clinic", "fine_lines"),
        False,
    ),
    "its own modality on the day of the score": (
        (90, "rf_microneedling", "clinic", "acne_scars"),
        True,
    ),
    "its own modality at home, long before": ((1, "rf_microneedling", "home", "acne_scars"), True),
}


@pytest.mark.parametrize("name", AFTER_RADIOFREQUENCY)
def test_score_after_another_session_of_a_course_of_radiofrequency(name: str) -> None:
    """The rules of a follow-up hold for every modality with its own sessions as the index."""
    other, counts = AFTER_RADIOFREQUENCY[name]
    scores = [("investigator", 0, 4), ("investigator", 90, 1)]

    _, before, after = score_course(scores, [other], "rf_microneedling")

    assert before == 4
    assert after == 1 if counts else pd.isna(after)


PROMOTIONS = [
    # term, hours, term that counts
    ("erythema", 167, "erythema"),
    ("erythema", 168, "erythema"),
    ("erythema", 169, "prolonged_erythema"),
    ("erythema", None, "erythema"),  # nobody knows: a third state, not a promotion
    ("oedema", 168, "oedema"),
    ("oedema", 169, "prolonged_oedema"),
    ("bleeding", 0.5, "bleeding"),
    ("bleeding", 0.6, "prolonged_bleeding"),
    ("sensitivity", 5000, "sensitivity"),  # has no limit
    ("pih", 5000, "pih"),  # is harm at any length
]


def test_promotion_of_what_lasts() -> None:
    """Longer than its limit, and only then, an expected reaction becomes its adverse term."""
    frame = pd.DataFrame(PROMOTIONS, columns=["term", "hours", "expected"])

    found = add_promoted_term(ibis.memtable(frame), BUILT_IN).execute()

    assert found["term"].tolist() == [expected for _, _, expected in PROMOTIONS]
    assert found["written_as"].tolist() == [term for term, _, _ in PROMOTIONS]


# --- what a person has answered in source.toml ------------------------------------------------

ANSWERED = """
patient | day | concern    | scale     | before | harm
a       | 0   | acne scars |           | 3      | PIH
a       | 30  | acne scars |           |        | redness 2 days
a       | 60  | acne scars |           |        | none
b       | 0   | acne scars | our scale | 3      |
b       | 30  | acne scars |           |        | no PIH
c       | 0   | acne scars | ecca      | 3      | none
"""
ANSWERS = """
[answers]
side_effects_belong_to = 'previous session'
scale = 'gb_qual'
default_rater = 'blinded'
"""


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above, with these answers."""
    return load(tmp_path_factory.mktemp("answered"), ANSWERED, more=ANSWERS)


def test_scale_of_all_scores(answered: Cohort) -> None:
    """It counts where a row names none; a scale that is named and not known stays a question."""
    scores = answered.course_scores[["course", "scale", "baseline", "rater"]]
    problems = answered.problems[["line", "column", "rule"]]

    assert scores.to_numpy().tolist() == [
        ["clinic/a | acne_scars | microneedling | 2024-01-01", "gb_qual", 3, "blinded"],
        ["clinic/c | acne_scars | microneedling | 2024-01-01", "ecca", 3, "blinded"],
    ]
    assert problems.to_numpy().tolist() == [
        [2, "harm", "no_previous_session"],
        [5, "before", "unknown_scale"],
        [5, "scale", "unknown_scale"],
    ]


def test_side_effects_since_the_last_visit(answered: Cohort) -> None:
    """They belong to the session before: what is told at the first visit belongs to none, and of
    the last session nothing is known yet."""
    cohort = answered

    exposures = cohort.exposures[cohort.exposures["concern"] == ""].set_index("patient")
    harms = cohort.harms[cohort.harms["concern"] == ""].drop(columns="concern")

    assert exposures["sessions"].tolist() == [3, 2, 1]
    assert exposures["sessions_recorded"].tolist() == [2, 0, 0]  # days 0 and 30 of a
    assert harms.drop(columns="worst").to_numpy().tolist() == [
        ["clinic/a", "erythema", 1, 0],
        ["clinic/b", "pih", 0, 1],
    ]
    assert cohort.count_sessions()["recorded"] == {"event": 1, "none": 1, "not_recorded": 4}


SHORT = """
patient | day | concern                | modality     | setting
a       | 0   | acne scars             | needling     | clinic
a       | 13  | acne scars             | needling     | clinic
a       | 27  | acne scars             | needling     | clinic
b       | 0   | acne scars             | needling     | clinic
b       | 3   | fine lines             | needling     | clinic
c       | 0   | acne scars             | needling     | clinic
c       | 3   | acne scars             | peel         | clinic
c       | 5   | acne scars             | needling     | home
"""


def test_short_interval_is_a_note(tmp_path: Path) -> None:
    """Under 14 days after another session for the same concern is noted; the session counts."""
    cohort = load(tmp_path, SHORT)

    problems = cohort.problems[["line", "column", "rule", "consequence"]]
    assert problems.to_numpy().tolist() == [[3, "day", "short_interval", "noted"]]
    assert cohort.account.used == 8
    assert cohort.courses[["sessions", "shortest_gap"]].to_numpy().tolist()[0] == [3, 13]


TWO_ROWS = """
patient | day | concern        | device | adjunct | cartridge_lot
a       | 0   | rolling scars  | pen    | PRP     | L1
a       | 0   | boxcar scars   | roller |         | L2
a       | 40  | rolling scars  | pen    |         | L3
a       | 40  | acne scars     | pen    | PRP     | L3
"""


def test_what_is_said_otherwise_in_a_row_of_the_session_is_noted(tmp_path: Path) -> None:
    """The first known value counts; a row that leaves a cell empty says nothing against it."""
    cohort = load(tmp_path, TWO_ROWS)

    problems = cohort.problems.sort_values(["line", "column"])
    assert problems[["line", "column", "rule", "consequence"]].to_numpy().tolist() == [
        [3, "cartridge_lot", "conflicting_session", "noted"],
        [3, "concern", "several_subtypes", "noted"],
        [3, "device", "conflicting_session", "noted"],
    ]
    assert cohort.account.used == 4
    assert cohort.courses[["sessions", "subtype", "adjunct"]].to_numpy().tolist() == [
        [2, "rolling", "PRP"]
    ]
