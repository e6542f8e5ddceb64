"""Split faces: a visible table of patients in, the halves side by side out."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import forms
from analysis.answers.outcomes import compare_halves
from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.example import write_example
from logs import Clinics, to_day

HEADER = "patient | day | modality | side | adjunct | concern | scale | before | after | reviewed"


def write_faces(table: str, concern: str = "acne scars", scale: str = "gb") -> str:
    """Return the log of a table: how many patients, what was done on each half, and the scores of
    the halves before and after, with a slash between them. A row for each half, one session; the
    review is on day 90."""
    rows, number = [HEADER], 0
    for line in table.strip().splitlines():
        count, *halves, before, after = (cell.strip() for cell in line.split("|"))
        for _ in range(int(count)):
            number += 1
            scores = zip(before.split("/"), after.split("/"), strict=True)
            for side, done, (first, later) in zip(("left", "right"), halves, scores, strict=True):
                if not done:
                    continue
                modality, _space, adjunct = done.partition(" ")
                cells = [f"{number:03}", "0", modality, side, adjunct, concern, scale, first]
                rows.append(" | ".join([*cells, later, "90" if later else ""]))
    return "\n".join(rows)


def list_rows(frame: pd.DataFrame, statistic: str) -> list[dict[str, Any]]:
    """Return the rows of a statistic."""
    found = frame[frame["statistic"] == statistic].to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in found]


def count(frame: pd.DataFrame, statistic: str) -> dict[str, str]:
    """Return half → "count/total" of a statistic."""
    rows = list_rows(frame, statistic)
    return {row["level2"] or row["level"]: f"{row['count']}/{row['total']}" for row in rows}


# --- what is compared ---------------------------------------------------------------------------

DONE = """
6 | needling PRP | needling     | 3/3 | 2/2
5 | needling     | needling PRP | 3/3 | 2/3
3 | needling     | needling     | 3/3 | 2/2
2 | needling PRP | needling PRP | 3/3 | 2/2
2 | needling     | laser        | 3/3 | 2/2
1 | laser        | needling     | 3/3 | 2/2
1 | needling HA  | needling     | 3/3 | 2/2
4 | needling PRP | needling     | 3/3 | 2/
2 | needling PRP | needling     | 3/  | 2/2
"""
CONTRASTS = {
    "microneedling with PRP | microneedling": "11/20",
    "microneedling | laser": "3/20",
    "microneedling with an adjunct | microneedling": "1/20",
    "treated alike": "5/20",
    "another number of sessions": "0/20",
    "not told apart": "0/20",
}


@pytest.fixture(scope="module")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> Clinics:
    """The logs of this module, each a clinic of one log."""
    done = write_faces(DONE)
    tables = {
        "done": done,
        "turned": done.replace("left", "?").replace("right", "left").replace("?", "right"),
        "graded": write_faces(GRADES),
        "asleep": write_faces(write_changes(SECOND_DRUG, FIRST_DRUG), "pigmentation", "hemi-mMASI"),
        "printed": write_faces(PRINTED),
        "none responded": write_faces("6 | needling PRP | needling | 3/3 | 3/3"),
        "none can respond": write_faces("6 | needling PRP | needling | 1/1 | 1/1"),
        "nobody": NOBODY,
        "other scale": OTHER_SCALE,
        "two raters": write_two_raters(),
        "answers": write_faces(ANSWERS, "wrinkles", "gais"),
        "windows": write_windows(),
    }
    for name, (first, other, *_expected) in FEW.items():
        tables[name] = write_faces(write_changes(first, other), "pigmentation", "hemi-mMASI")
    folder = tmp_path_factory.mktemp("clinics")
    return Clinics(folder, tables, more="[scales]\ngais = 'one_is_best'")


@pytest.fixture(scope="module")
def done(clinics: Clinics) -> Cohort:
    """The cohort of the faces above."""
    return clinics["done"]


def test_halves_are_told_apart_by_what_was_done(done: Cohort) -> None:
    """Whichever side it was on; a rare adjunct is not named; six patients have a half without a
    score and are in none."""
    assert count(compare_halves(done, "acne_scars"), "halves") == CONTRASTS


def test_sides_make_no_difference(done: Cohort, clinics: Clinics) -> None:
    """With left and right exchanged every number is the same."""
    other = compare_halves(clinics["turned"], "acne_scars")
    pd.testing.assert_frame_equal(other, compare_halves(done, "acne_scars"))


# Sessions are "day modality side adjunct"; all faces are scored on days 0 and 120, after the last
# session on day 30.
WHOLE = {
    "sessions that differ in number": (
        "0 needling both . / 30 needling left .",
        "another number of sessions",
    ),
    "a session without a side": ("0 needling left . / 30 needling . .", "not told apart"),
    "an adjunct without a side": ("0 needling both PRP / 30 needling both .", "not told apart"),
    "an adjunct that changed sides": (
        "0 needling left . / 0 needling right PRP / 30 needling left PRP / 30 needling right .",
        "not told apart",
    ),
    "a laser on an unknown half": ("0 needling left . / 30 laser . .", "not told apart"),
    "a laser on both": ("0 needling left . / 30 laser both .", "microneedling and laser | laser"),
    "one half only": (
        "0 needling left . / 30 needling left .",
        "microneedling | no treatment recorded",
    ),
    "one half with an adjunct": (
        "0 needling left PRP / 30 needling left PRP",
        "microneedling with an adjunct | no treatment recorded",
    ),
    "a laser after the follow-up": (
        "0 needling both . / 30 needling both . / 130 laser left .",
        "treated alike",
    ),
    "at home": ("0 needling both . / 30 needling both . / 40 home left .", "treated alike"),
}


SCORED_APART = """
[[layouts]]
files = ["visits.csv"]
format = {date_order = "year-month-day"}
[layouts.columns]
clinic = "Clinic"
patient = "ID"
date = "Day"
setting = "Where"
modality = "How"
side = "Side"
adjunct = "Serum"
concern = "For"
[[layouts]]
files = ["scores.csv"]
rows = "scores"
format = {date_order = "year-month-day"}
[layouts.columns]
patient = "ID"
date = "Day"
side = "Side"
scale = "Scale"
score_before = "Score"
"""


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with these faces, each in a clinic of its own, whose halves are scored apart from
    the sessions."""
    rows, scores = ["Clinic,ID,Day,Where,How,Side,Serum,For"], ["ID,Day,Side,Scale,Score"]
    for name, (sessions, _expected) in WHOLE.items():
        for session in sessions.split(" / "):
            day, modality, side, adjunct = ("" if cell == "." else cell for cell in session.split())
            where, modality = ("home", "needling") if modality == "home" else ("clinic", modality)
            cells = [name, name, to_day(day), where, modality, side, adjunct, "acne scars"]
            rows.append(",".join(cells))
        for day in (0, 120):
            scores += [f"{name},{to_day(day)},{side},gb,3" for side in ("left", "right")]
    files = {"visits.csv": "\n".join(rows), "scores.csv": "\n".join(scores)}
    return forms.write_source(tmp_path_factory.mktemp("faces"), SCORED_APART, files)


@pytest.mark.parametrize("name", WHOLE)
def test_what_a_course_did_on_each_half(faces: Path, name: str) -> None:
    """Each rule on one face."""
    cohort = load_cohort("clinic", project=faces, clinic=[name])
    frame = compare_halves(cohort, "acne_scars")

    told = [row["level"] for row in list_rows(frame, "halves") if row["count"]]
    assert told == [WHOLE[name][1]]


# --- grades: responders and the half that did better --------------------------------------------

GRADES = """
8 | needling PRP | needling | 4/4 | 2/2
7 | needling PRP | needling | 4/4 | 2/4
5 | needling     | needling PRP | 3/4 | 2/4
9 | needling PRP | needling | 3/3 | 3/3
3 | needling PRP | needling | 4/4 | 2/3
2 | needling PRP | needling | 1/3 | 1/2
"""
# 32 of 34 could respond on both halves; grade 1 cannot get better.
WITH_PRP = "microneedling with PRP | microneedling"


@pytest.fixture(scope="module")
def graded(clinics: Clinics) -> pd.DataFrame:
    """The answers about the faces above."""
    return compare_halves(clinics["graded"], "acne_scars")


def test_responders_of_each_half(graded: pd.DataFrame) -> None:
    """8 + 7 + 3 on the half with PRP, 8 + 5 + 3 on the other."""
    found = count(graded, "responders of a half")
    assert found == {"first half": "18/32", "other half": "16/32"}


def test_halves_that_responded(graded: pd.DataFrame) -> None:
    """The four cells of the pairs."""
    assert count(graded, "halves that responded") == {
        "both halves": "11/32",
        "first half only": "7/32",
        "other half only": "5/32",
        "neither half": "9/32",
    }


def test_difference_in_responders_is_paired(graded: pd.DataFrame) -> None:
    """12 pairs differ; the interval is that of pairs."""
    (row,) = list_rows(graded, "difference in responders between halves")

    assert (row["count"], row["total"], row["method"]) == (12, 32, "newcombe_paired")
    assert row["value"] == pytest.approx(2 / 32)
    assert row["low"] < 0 < row["high"]


def test_half_that_did_better(graded: pd.DataFrame) -> None:
    """Grades are not averaged: two grades are better than one, 7 + 3 and 5 + 2."""
    assert count(graded, "half that did better") == {
        "first half": "10/34",
        "neither half": "17/34",
        "other half": "7/34",
    }
    assert not list_rows(graded, "mean change of a half")
    assert not list_rows(graded, "difference in change between halves")


# --- published pairs ----------------------------------------------------------------------------

# Hours of sleep by two drugs, the same ten patients (Student 1908, Biometrika 6:1-25; `sleep` of
# R). R 4.2.2: with(sleep, t.test(extra[group == 2], extra[group == 1], paired = TRUE)).
FIRST_DRUG = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND_DRUG = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
SLEEP = (1.58, 0.7001142, 2.4598858)


def write_changes(first: tuple[float, ...], other: tuple[float, ...]) -> str:
    """Return faces on a continuous scale, better by these numbers; the first half has PRP."""
    return "\n".join(
        f"1 | needling PRP | needling | 10/10 | {10 - one:g}/{10 - another:g}"
        for one, another in zip(first, other, strict=True)
    )


def test_mean_difference_is_that_of_the_paired_t_test(clinics: Clinics) -> None:
    """As R has it; as two groups the interval would hold zero."""
    frame = compare_halves(clinics["asleep"], "pigmentation")

    (row,) = list_rows(frame, "difference in change between halves")
    found = tuple(row[name] for name in ("value", "low", "high"))
    assert found == pytest.approx(SLEEP, rel=1e-6)
    assert (row["count"], row["total"], row["df"], row["method"]) == (10, 10, 9, "mean_t")
    changes = {row["level2"]: row["value"] for row in list_rows(frame, "mean change of a half")}
    assert changes == {"first half": pytest.approx(2.33), "other half": pytest.approx(0.75)}


# Altman DG et al. 2000, Statistics with Confidence, p. 52: 14, 5, 0 and 22 pairs.
PRINTED = """
14 | needling PRP | needling | 3/3 | 2/2
5  | needling PRP | needling | 3/3 | 2/3
22 | needling PRP | needling | 3/3 | 3/3
"""


def test_paired_difference_in_print(clinics: Clinics) -> None:
    """The same pairs as patients of a log."""
    frame = compare_halves(clinics["printed"], "acne_scars")

    (row,) = list_rows(frame, "difference in responders between halves")
    found = [round(row[name], 3) for name in ("value", "low", "high")]
    assert found == [0.122, 0.011, 0.226]


# --- at the edges -------------------------------------------------------------------------------

FEW = {
    # improvements of the first halves and the other ones → status, value and why no interval
    "one pair": ((2,), (1,), "too few", None, ""),
    "two pairs": ((2, 1), (1, 1), "too few", None, ""),
    "all the same": ((2,) * 6, (1,) * 6, "shown", 1.0, "all changes are the same"),
    "halves alike": ((2, 1, 3, 2, 1), (2, 1, 3, 2, 1), "shown", 0.0, "all changes are the same"),
}


@pytest.mark.parametrize("name", FEW)
def test_few_pairs_or_all_the_same(clinics: Clinics, name: str) -> None:
    """A row that says why there is no number, or no interval; never one of width zero."""
    first, _other, status, value, note = FEW[name]
    frame = compare_halves(clinics[name], "pigmentation")

    (row,) = list_rows(frame, "difference in change between halves")
    assert (row["status"], row["total"]) == (status, len(first))
    assert row["value"] == value or (value is None and pd.isna(row["value"]))
    assert pd.isna(row["low"])
    assert pd.isna(row["high"])
    assert row["note"].startswith(note)


def test_no_half_that_responded(clinics: Clinics) -> None:
    """Zero on both: the difference is zero with an interval that is not."""
    frame = compare_halves(clinics["none responded"], "acne_scars")
    (row,) = list_rows(frame, "difference in responders between halves")
    assert (row["value"], row["count"], row["total"]) == (0, 0, 6)
    assert row["low"] < 0 < row["high"]


def test_no_pair_that_could_respond(clinics: Clinics) -> None:
    """All halves begin at the best grade: nobody is in the denominator."""
    frame = compare_halves(clinics["none can respond"], "acne_scars")

    statistics = ("responders of a half", "halves that responded")
    rows = [row for each in statistics for row in list_rows(frame, each)]
    rows += list_rows(frame, "difference in responders between halves")
    assert len(rows) == 7
    assert {(row["status"], row["total"]) for row in rows} == {("not estimable", 0)}


NOBODY = """
patient          | day | modality | side | adjunct | concern    | scale | before | after | reviewed
no sides         | 0   | needling |      | PRP     | acne scars | gb    | 3      | 2     | 90
one half scored  | 0   | needling | left | PRP     | acne scars | gb    | 3      | 2     | 90
no scores        | 0   | needling | left | PRP     | acne scars |       |        |       |
no second score  | 0   | needling | left |         | acne scars | gb    | 3      | 2     | 90
no second score  | 0   | needling | right|         | acne scars | gb    | 3      |       |
"""


def test_without_both_halves_there_are_no_rows(clinics: Clinics) -> None:
    """Most logs have none."""
    cohort = clinics["nobody"]

    assert len(cohort.courses) == 4
    assert compare_halves(cohort, "acne_scars").empty


OTHER_SCALE = """
patient | day | side  | concern | scale     | before | after | reviewed
a       | 0   |       | melasma | mMASI     | 9      | 5     | 90
b       | 0   |       | melasma | mMASI     | 9      | 5     | 90
c       | 0   | left  | melasma | hemi-mMASI | 6     | 2     | 90
c       | 0   | right | melasma | hemi-mMASI | 6     | 4     | 90
"""


def test_halves_are_compared_on_the_scale_they_are_scored_on(clinics: Clinics) -> None:
    """The headline has no halves: the scale of most faces with both."""
    cohort = clinics["other scale"]

    assert cohort.count_split_faces("pigmentation") == {"hemi_mmasi": 1}
    assert {*compare_halves(cohort, "pigmentation")["scale"]} == {"hemi_mmasi"}


def write_two_raters() -> str:
    """Return a face with one half by each rater, and one of which a rater scored both."""
    rows = [f"{HEADER} | rater"]
    for patient, side, rater, after in (
        *(("a", "left", "blinded", 1), ("a", "right", "patient", 1)),
        *(("b", "left", "blinded", 1), ("b", "left", "patient", 3), ("b", "right", "patient", 2)),
    ):
        cells = [patient, "0", "needling", side, "", "acne scars", "gb", "3", str(after), "90"]
        rows.append(" | ".join([*cells, rater]))
    return "\n".join(rows)


def test_halves_are_scored_by_one_kind_of_rater(clinics: Clinics) -> None:
    """The preferred one that scored all four; one half by each is no pair."""
    halves = clinics["two raters"].find_halves("acne_scars", "gb_qual")

    columns = ["patient", "rater", "follow_up_left", "follow_up_right"]
    (found,) = halves[columns].to_numpy().tolist()
    assert (found[0].partition("-")[2], *found[1:]) == ("b", "patient", 3, 2)


ANSWERS = """
6 | needling PRP | needling | / | 1/3
5 | needling PRP | needling | / | 2/4
4 | needling PRP | needling | / | 4/3
"""


def test_answers_on_a_scale_of_change(clinics: Clinics) -> None:
    """They need no score before, and are compared as they are: 1 is the best answer."""
    frame = compare_halves(clinics["answers"], "wrinkles")

    assert count(frame, "half that did better") == {
        "first half": "11/15",
        "neither half": "0/15",
        "other half": "4/15",
    }
    assert count(frame, "responders of a half") == {"first half": "11/15", "other half": "10/15"}


def write_windows() -> str:
    """Return faces that were seen a day early, on the day, and 20 days after a laser."""
    rows = [HEADER]
    for patient, day in (("a", "27"), ("b", "28")):
        rows += [
            f"{patient} | 0 | needling | {side} | | acne scars | gb | 3 | 2 | {day}"
            for side in ("left", "right")
        ]
    rows.append("c | 70 | laser | left | | acne scars | | | |")
    rows += [
        f"c | 0 | needling | {side} | | acne scars | gb | 3 | 2 | 90" for side in ("left", "right")
    ]
    return "\n".join(rows)


def test_follow_up_of_a_half_keeps_to_the_window(clinics: Clinics) -> None:
    """Day 27 is no follow-up on either half, nor is a score soon after a laser."""
    halves = clinics["windows"].find_halves("acne_scars", "gb_qual")

    assert [patient.partition("-")[2] for patient in halves["patient"]] == ["b"]


# --- the example --------------------------------------------------------------------------------

AS_OF = pd.Timestamp("2026-06-30")


def list_planted(folder: Path) -> pd.DataFrame:
    """Return the faces that were split by a serum and can be compared, from tables that were not
    read by intake: patient, concern, scale, and the four scores."""
    sessions, targets, scores = (
        pd.read_csv(folder / f"{name}.csv", parse_dates=["date"] if name != "targets" else None)
        for name in ("sessions", "targets", "assessments")
    )
    serum = sessions[sessions["adjunct_side"].isin(["left", "right"])]
    needled = sessions[
        sessions["patient"].isin(serum["patient"]) & (sessions["modality"] == "microneedling")
    ]
    course = needled.merge(targets[targets["side"] == "both"], on="session")
    ends = course.groupby(["patient", "concern"])["date"].agg(["min", "max"]).reset_index()
    ends = ends[ends["max"] + pd.Timedelta(days=180) <= AS_OF]
    placed = scores.merge(ends, on=["patient", "concern"])
    after = (placed["date"] - placed["max"]).dt.days
    placed["when"] = ""
    placed.loc[placed["date"] == placed["min"], "when"] = "baseline"
    placed.loc[(after >= 28) & (after <= 180), "when"] = "follow_up"
    placed["column"] = placed["when"] + "_" + placed["side"]
    wide = placed[placed["when"] != ""].pivot_table(
        index=["patient", "concern", "scale"], columns="column", values="score", aggfunc="mean"
    )
    return wide.dropna().reset_index().sort_values("patient", ignore_index=True)


def test_planted_split_faces_are_found(example_project: Path, tmp_path: Path) -> None:
    """Every face of the example that was split by a serum and has all four scores, with the same
    scores, although the log was typed by three front desks."""
    write_example(tmp_path / "example", form="tables")
    planted = list_planted(tmp_path / "example")
    cohort = load_cohort("example", project=example_project)

    subjects = planted[["concern", "scale"]].drop_duplicates().itertuples(index=False)
    found = pd.concat(
        cohort.find_halves(concern, scale).assign(concern=concern, scale=scale)
        for concern, scale in subjects
    )
    found = found[found["adjunct_left"].isna() != found["adjunct_right"].isna()]
    assert len(planted) > 1
    assert found["is_told"].all()
    assert (found["sessions_left"] == found["sessions_right"]).all()
    found["patient"] = found["patient"].str.removeprefix("example/")
    found = found.sort_values("patient", ignore_index=True)
    columns = ["patient", "concern", "scale", "baseline_left", "baseline_right"]
    columns += ["follow_up_left", "follow_up_right"]
    pd.testing.assert_frame_equal(
        found[columns].astype(dict.fromkeys(columns[:3], "str")),
        planted[columns].rename_axis(columns=None).astype(dict.fromkeys(columns[:3], "str")),
    )
