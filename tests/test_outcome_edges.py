"""Outcomes in detail at the edges: bands, visits, answers, further courses, other procedures."""

import pandas as pd
import pytest

from analysis.answers.outcomes import (
    bound_unseen,
    compare_groups,
    describe_scores,
    estimate_outcomes,
    estimate_visits,
    vary_population,
)
from analysis.intake.cohort import Cohort
from analysis.vocabulary import PROTOCOL
from logs import Clinics
from test_outcome_details import count

LEAST = PROTOCOL["too_small_for_a_subgroup"].whole


def write(table: str) -> str:
    """Return a log of a visible table whose first column says how many patients a line is.

    A cell with ``/`` holds one value for each session, 30 days apart; the follow-up stands in the
    last one, 90 days after it.
    """
    header, *lines = [
        [cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()
    ]
    rows, number = [["patient", "day", *header[1:], "reviewed"]], 0
    for line in lines:
        sessions = max(cell.count("/") for cell in line) + 1
        for _ in range(int(line[0])):
            number += 1
            for place in range(sessions):
                values = dict(zip(header[1:], line[1:], strict=True))
                cells = {
                    name: cell.split("/")[place].strip() if "/" in cell else cell
                    for name, cell in values.items()
                }
                is_last = place == sessions - 1
                cells["after"] = cells["after"] if is_last else ""
                reviewed = f"{30 * place + 90}" if cells["after"] else ""
                rows.append([f"{number:03}", f"{30 * place}", *cells.values(), reviewed])
    return "\n".join(" | ".join(row) for row in rows)


# Both ends of every band: the upper end is in it.
BANDS = """
patients | skin | needle | passes | concern | scale | before | after
1        | III  | 0.5 mm | 4      | AS      | gb    | 3      | 2
2        | IV   | 1.5 mm | 5      | AS      | gb    | 3      | 2
3        | VI   | 1.6 mm | 6      | AS      | gb    | 3      | 3
4        | I    | 2.5 mm | 8      | AS      | gb    | 3      | 2
5        | II   | 2.6 mm | 9      | AS      | gb    | 3      | 3
"""


@pytest.fixture(scope="module")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> Clinics:
    """The logs of this module, each a clinic of one log."""
    tables = {
        "bands": write(BANDS),
        "visits": write(VISITS),
        "areas": write(AREA),
        "answers": write(ANSWERS),
        "between": write(BETWEEN),
        "further courses": write_further_courses(),
        "not seen": write_not_seen(),
        "clear": write(CLEAR),
        "modalities": write_modalities(),
    }
    tables |= {f"visit of {patients}": write_visit(patients) for patients in (LEAST, LEAST - 1)}
    folder = tmp_path_factory.mktemp("clinics")
    return Clinics(folder, tables, more="[scales]\ngais = 'one_is_best'")


@pytest.fixture(scope="module")
def bands(clinics: Clinics) -> pd.DataFrame:
    """The groups of the patients above."""
    return compare_groups(clinics["bands"], "acne_scars")


@pytest.mark.parametrize(
    ("by", "level", "expected"),
    [
        ("skin type group", "I-III", "5/10"),
        ("skin type group", "IV-VI", "2/5"),
        ("needle", "up to 0.5 mm", "1/1"),
        ("needle", "over 1 to 1.5 mm", "2/2"),
        ("needle", "over 1.5 to 2 mm", "0/3"),
        ("needle", "over 2 to 2.5 mm", "4/4"),
        ("needle", "over 2.5 mm", "0/5"),
        ("passes", "1 to 4", "1/1"),
        ("passes", "5 to 6", "2/5"),
        ("passes", "7 to 8", "4/4"),
        ("passes", "9 and more", "0/5"),
    ],
)
def test_the_upper_end_is_in_a_band(
    bands: pd.DataFrame, by: str, level: str, expected: str
) -> None:
    """Who has just as much as the end of a band is in it."""
    assert count(bands, "responders", by, level) == expected


# Two sessions and scores before each: 12 who got better by the second, 11 who never did with a
# longer needle, 4 without a first score, 3 who cannot respond; and three with five to seven.
VISITS = """
patients | needle | adjunct | concern | scale | before        | after
12       | 1.5 mm | PRP     | AS      | gb    | 3/2           | 2
11       | 2.0 mm |         | AS      | gb    | 3/3           | 3
3        | 1.0 mm |         | AS      | gb    | 1/1           | 1
1        | 1.0 mm |         | AS      | gb    | 3/3/3/3/3     | 3
2        | 1.0 mm |         | AS      | gb    | 3/3/3/3/3/3   | 2
3        | 1.0 mm |         | AS      | gb    | 3/3/3/3/3/3/3 | 2
5        | 1.0 mm | vitamin | AS      | gb    | /             |
"""


@pytest.fixture(scope="module")
def visited(clinics: Clinics) -> Cohort:
    """The cohort of the patients above."""
    return clinics["visits"]


@pytest.mark.parametrize(("level", "expected"), [("5", "0/1"), ("6 and more", "5/5")])
def test_six_sessions_are_six_and_more(visited: Cohort, level: str, expected: str) -> None:
    """Courses of six and of seven sessions are one level."""
    assert count(compare_groups(visited, "acne_scars"), "responders", "sessions", level) == expected


@pytest.mark.parametrize(
    ("level", "expected"), [("before session 2", "12/29"), ("follow-up", "17/29")]
)
def test_responders_by_visit_are_those_who_have_a_first_score_and_can(
    visited: Cohort, level: str, expected: str
) -> None:
    """The second visit is the one before session 2."""
    visits = estimate_visits(visited, "acne_scars")
    assert count(visits, "responders at visit", "visit", level) == expected
    assert set(visits["level"]) == {"before session 2", "follow-up"}


def test_a_needle_as_long_as_the_limit_is_not_a_long_one(visited: Cohort) -> None:
    """The limit of the contrast is 1.5 mm: none of 11 above it less 17 of 18 up to it."""
    groups = compare_groups(visited, "acne_scars")
    (row,) = groups[
        (groups["statistic"] == "difference in responders") & (groups["by"] == "needle, difference")
    ].to_dict("records")
    assert row["level"] == "over 1.5 mm less up to 1.5 mm"
    assert row["value"] == pytest.approx(-17 / 18)
    assert (row["count"], row["total"]) == (29, 29)


AREA = """
patients | concern      | scale | before | after
10       | pigmentation | mmasi | 12/10  | 6
4        | pigmentation | mmasi | 8/8    | 10
3        | pigmentation | mmasi | /6     | 2
5        | pigmentation | mmasi | 9/9    |
"""


@pytest.fixture(scope="module")
def areas(clinics: Clinics) -> Cohort:
    """Melasma scores from 0 to 24, where less is better: three have no first score."""
    return clinics["areas"]


def test_means_by_visit_are_of_those_with_a_first_score(areas: Cohort) -> None:
    """19 begin with a score and 14 come back; who has none is in no visit."""
    visits = estimate_visits(areas, "pigmentation")
    observed = visits[visits["statistic"] == "observed mean"].set_index("level")
    expected = {"baseline": 19, "before session 2": 19, "follow-up": 14}
    assert observed["total"].to_dict() == expected
    assert observed.loc["baseline", "value"] == pytest.approx((120 + 32 + 45) / 19)
    assert set(visits.loc[visits["statistic"] == "marginal mean", "total"]) == {19}


def test_a_change_above_zero_is_better_in_the_model_too(areas: Cohort) -> None:
    """Scores fell, on a scale where less is better."""
    visits = estimate_visits(areas, "pigmentation")
    (row,) = visits[
        (visits["statistic"] == "change at visit") & (visits["level"] == "follow-up")
    ].to_dict("records")
    assert 0 < row["low"] < row["value"] < row["high"]


def test_the_median_percentage_is_of_the_first_score(areas: Cohort) -> None:
    """Ten fell from 12 to 6, which is 50 percent of 12 (and 100 of 6)."""
    scores = describe_scores(areas, "pigmentation")
    (row,) = scores[scores["statistic"] == "median percent change"].to_dict("records")
    assert (row["value"], row["count"], row["total"]) == (50, 14, 14)


@pytest.mark.parametrize(("level", "change"), [("unchanged", 0), ("worst", -(24 - 9)), ("best", 9)])
def test_the_worst_and_best_change_end_with_the_scale(
    areas: Cohort, level: str, change: int
) -> None:
    """Five who started at 9 of 24 could fall to none or rise to 24."""
    unseen = bound_unseen(areas, "pigmentation")
    (row,) = unseen[(unseen["statistic"] == "mean change") & (unseen["level"] == level)].to_dict(
        "records"
    )
    assert row["value"] == pytest.approx((10 * 6 - 4 * 2 + 5 * change) / 19)


ANSWERS = """
patients | concern  | scale | before | after
4        | wrinkles | gais  |        | 1
5        | wrinkles | gais  |        | 3
2        | wrinkles | gais  |        | 4
"""


BETWEEN = f"{ANSWERS}3        | wrinkles | gais  |        | 2.5\n"


def test_answers_come_best_first_and_the_good_ones_meet_the_rule(clinics: Clinics) -> None:
    """One is optimal and four is unchanged, where the source says that one is best."""
    scores = describe_scores(clinics["answers"], "wrinkles")
    answers = scores[scores["statistic"] == "answer"]
    assert [level[0] for level in answers["level"]] == ["1", "2", "3", "4", "5"]
    assert answers["count"].tolist() == [4, 0, 5, 2, 0]
    assert answers["level2"].tolist() == ["good"] * 3 + ["not good"] * 2
    assert set(answers["total"]) == {11}


def test_an_answer_between_two_stands_between_them(clinics: Clinics) -> None:
    """What was given between two answers is told apart, and the rule decides whether it is good."""
    scores = describe_scores(clinics["between"], "wrinkles")
    answers = scores[scores["statistic"] == "answer"]
    assert [level.split()[0] for level in answers["level"]] == ["1", "2", "2.5", "3", "4", "5"]
    assert answers["count"].tolist() == [4, 0, 3, 5, 2, 0]
    assert answers["level2"].tolist() == ["good"] * 4 + ["not good"] * 2
    assert set(answers["total"]) == {14}


def write_further_courses() -> str:
    """Return eight first courses, six of them good, two with a laser inside; five further ones, one
    good, and one more of a patient who cannot respond the second time."""
    lines = ["patient | day | concern | scale | before | after | reviewed | modality"]
    for number in range(8):
        after = 2 if number < 6 else 3
        lines.append(f"P{number} | 0 | AS | gb | 3 | {after} | 90 | microneedling")
        if number in (0, 7):
            lines.append(f"P{number} | 20 | AS | gb |  |  |  | laser")
    for number in range(6):
        before, after = (1, 1) if number == 5 else (3, 2 if number == 0 else 3)
        lines.append(f"P{number} | 400 | AS | gb | {before} | {after} | 490 | microneedling")
    return "\n".join(lines)


def test_all_courses_are_the_first_ones_and_the_further_ones(clinics: Clinics) -> None:
    """Who had a laser inside is left out of the one, further courses stand by themselves."""
    varied = vary_population(clinics["further courses"], "acne_scars").set_index("population")
    counts = {population: f"{row['count']}/{row['total']}" for population, row in varied.iterrows()}
    assert counts == {
        "analysed, no other procedure": "5/6",
        "all courses analysed": "7/13",
        "further courses analysed": "1/5",
    }
    assert varied.loc["further courses analysed", "patients_total"] == 5
    assert varied.loc["all courses analysed", "patients_total"] == 8


# Day 950 is 50 days before the log ends: whoever came then is not due yet. Grade 1 cannot improve.
NOT_SEEN = """
patients | day | before | after
12       | 0   | 3      | 2
3        | 0   | 3      | 3
2        | 0   | 1      | 1
6        | 0   | 3      |
4        | 0   | 1      |
5        | 950 | 3      |
7        | 0   |        |
"""


def write_not_seen() -> str:
    """Return the log of the patients above."""
    header, *lines = [
        [cell.strip() for cell in line.split("|")] for line in NOT_SEEN.strip().splitlines()
    ]
    assert header == ["patients", "day", "before", "after"]
    rows = ["patient | day | concern | scale | before | after | reviewed"]
    for place, (patients, day, before, after) in enumerate(lines):
        for number in range(int(patients)):
            reviewed = "90" if after else ""
            rows.append(f"{place}-{number} | {day} | AS | gb | {before} | {after} | {reviewed}")
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("level", "expected"), [("unchanged", "12/21"), ("worst", "12/21"), ("best", "18/21")]
)
def test_only_those_who_are_due_and_could_respond_are_unseen(
    clinics: Clinics, level: str, expected: str
) -> None:
    """Six of 22 without a follow-up: four could not respond, five are not due, and of seven nobody
    knows where they began."""
    unseen = bound_unseen(clinics["not seen"], "acne_scars")

    assert count(unseen, "responders", "unseen", level) == expected
    assert count(unseen, "tipping point").endswith("/6")


CLEAR = """
patients | concern      | scale | before | after
10       | pigmentation | mmasi | 12     | 6
2        | pigmentation | mmasi | 0      | 1
3        | pigmentation | mmasi | 9      |
"""


def test_who_began_with_none_counts_in_the_mean(clinics: Clinics) -> None:
    """A share of nothing cannot be better, but a mean change knows them: two got worse by one."""
    unseen = bound_unseen(clinics["clear"], "pigmentation").set_index("level")
    mean = unseen[unseen["statistic"] == "mean change"]
    share = unseen[unseen["statistic"] == "responders"]
    assert mean.loc["unchanged", "value"] == pytest.approx((10 * 6 - 2 * 1 + 3 * 0) / 15)
    assert (share.loc["unchanged", "count"], share.loc["unchanged", "total"]) == (10, 13)


def write_visit(patients: int) -> str:
    """Return a log in which so many were scored before the second session, and 20 were not."""
    table = f"patients | concern | scale | before | after\n{patients} | AS | gb | 3/2 | 2\n"
    return write(f"{table}20 | AS | gb | 3/ | 2\n")


@pytest.mark.parametrize(("patients", "is_told"), [(LEAST, True), (LEAST - 1, False)])
def test_a_visit_of_few_patients_is_left_out(
    clinics: Clinics, patients: int, is_told: bool
) -> None:
    """As many as a subgroup needs are told, one fewer are not."""
    levels = set(estimate_visits(clinics[f"visit of {patients}"], "acne_scars")["level"])
    assert ("before session 2" in levels) == is_told
    assert "follow-up" in levels


# Patients of each modality, and how the first course of each went.
OF_MODALITIES = """
patients | modality         | setting | before | after
12       | microneedling    | clinic  | 3      | 2
3        | microneedling    | clinic  | 3      | 3
10       | rf_microneedling | clinic  | 3      | 3
2        | rf_microneedling | clinic  | 3      | 2
4        | laser            | clinic  | 3      | 2
5        | microneedling    | home    | 3      | 2
2        | chemical_peel    | clinic  | 3      |
"""


def write_modalities() -> str:
    """Return the log of the patients above."""
    header, *lines = [
        [cell.strip() for cell in line.split("|")] for line in OF_MODALITIES.strip().splitlines()
    ]
    rows = [f"patient | day | concern | scale | {' | '.join(header[1:])} | reviewed"]
    for place, (patients, *cells) in enumerate(lines):
        reviewed = "90" if cells[-1] else ""
        rows += [
            f"{place}-{number} | 0 | AS | gb | {' | '.join(cells)} | {reviewed}"
            for number in range(int(patients))
        ]
    return "\n".join(rows)


def test_modalities_stand_beside_each_other(clinics: Clinics) -> None:
    """Each from courses of its own: nobody of another modality is in the headline, home sessions
    are of none, and a modality nobody was seen after has no line."""
    cohort = clinics["modalities"]
    groups = compare_groups(cohort, "acne_scars")

    assert count(estimate_outcomes(cohort, "acne_scars"), "responders") == "12/15"
    modalities = groups[groups["by"] == "modality"]
    assert modalities["level"].tolist() == ["rf_microneedling", "laser"]
    assert count(groups, "responders", "modality", "rf_microneedling") == "2/12"
    assert count(groups, "responders", "modality", "laser") == "4/4"
    # four are too few for a share, twelve are not
    assert modalities["value"].isna().tolist() == [False, True]
    turned = cohort.turn_to("laser")
    assert (turned.origin.index_modality, turned.origin.selection) == (
        *("laser", "clinic modalities; index modality laser"),
    )
    of_laser = compare_groups(turned, "acne_scars")
    assert count(of_laser, "responders", "modality", "microneedling") == "12/15"
