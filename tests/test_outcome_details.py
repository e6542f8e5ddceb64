"""Outcomes in detail: a visible table of patients in, every count about them out."""

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
from analysis.answers.population import count_fates
from analysis.estimates import bind_estimates
from analysis.intake.cohort import Cohort
from analysis.show.disclosure import release
from logs import load

# Acne scars on four grades, one session each, reviewed on day 90; a blank was not seen again.
PATIENTS = """
patients | skin | needle | before | after
10       | II   | 1.0 mm | 3      | 2
4        | II   | 1.0 mm | 3      | 3
6        | V    | 2.0 mm | 4      | 2
4        | V    | 2.0 mm | 2      | 3
3        | V    | 2.0 mm | 1      | 1
5        | II   | 1.0 mm | 3      |
"""
# 24 could respond and were seen; 10 + 6 of them got better. Grade 1 cannot get better.
SHIFT = {("3", "2"): 10, ("3", "3"): 4, ("4", "2"): 6, ("2", "3"): 4, ("1", "1"): 3}


def write_log() -> str:
    """Return the log of these patients: a row each."""
    lines = ["patient | day | skin | concern | scale | needle | before | after | reviewed"]
    number = 0
    for line in PATIENTS.strip().splitlines()[1:]:
        count, skin, needle, before, after = (cell.strip() for cell in line.split("|"))
        for _ in range(int(count)):
            number += 1
            reviewed = "90" if after else ""
            cells = [f"{number:03}", "0", skin, "AS", "gb", needle, before, after, reviewed]
            lines.append(" | ".join(cells))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the patients above."""
    return load(tmp_path_factory.mktemp("details"), write_log())


def count(frame: pd.DataFrame, statistic: str, by: str = "", level: str = "") -> str:
    """Return "count/total" of the one row this is about."""
    found = frame[
        (frame["statistic"] == statistic) & (frame["by"] == by) & (frame["level"] == level)
    ]
    (row,) = found.to_dict("records")
    return f"{row['count']}/{row['total']}"


def test_the_shift_table_holds_every_pair_of_grades(cohort: Cohort) -> None:
    """Four by four grades; what did not happen is zero, and all patients seen are in it."""
    scores = describe_scores(cohort, "acne_scars")
    cells = scores[scores["statistic"] == "shift"].set_index(["level", "level2"])["count"]
    assert len(cells) == 16
    assert {place: n for place, n in cells.items() if n} == SHIFT
    assert set(scores.loc[scores["statistic"] == "shift", "total"]) == {27}


def test_raters_and_days_are_told(cohort: Cohort) -> None:
    """One rater scored all 27; all were seen on day 90."""
    scores = describe_scores(cohort, "acne_scars")
    assert count(scores, "rater", "rater", "investigator") == "27/27"
    days = scores[scores["statistic"] == "days to follow-up"]
    assert days["value"].tolist() == [90, 90, 90]


@pytest.mark.parametrize(
    ("by", "level", "expected"),
    [
        ("skin type group", "I-III", "10/14"),
        ("skin type group", "IV-VI", "6/10"),
        ("skin type", "V", "6/10"),
        ("needle", "over 0.5 to 1 mm", "10/14"),
        ("needle", "over 1.5 to 2 mm", "6/10"),
    ],
)
def test_responders_are_counted_by_group(
    cohort: Cohort, by: str, level: str, expected: str
) -> None:
    """The groups are parts of the 24 analysed."""
    groups = compare_groups(cohort, "acne_scars")
    assert count(groups, "responders", by, level) == expected


def test_a_difference_between_groups_is_exploratory(cohort: Cohort) -> None:
    """6 of 10 less 10 of 14, with Newcombe's interval, marked as exploratory."""
    groups = compare_groups(cohort, "acne_scars")
    (row,) = groups[
        (groups["statistic"] == "difference in responders")
        & (groups["by"] == "skin type group, difference")
    ].to_dict("records")
    assert row["level"] == "IV-VI less I-III"
    assert row["value"] == pytest.approx(6 / 10 - 10 / 14)
    assert row["low"] < row["value"] < row["high"]
    assert (row["method"], row["note"]) == ("newcombe", "exploratory")


def test_one_level_is_no_grouping(cohort: Cohort) -> None:
    """Everybody had one session: nothing to compare."""
    groups = compare_groups(cohort, "acne_scars")
    assert "sessions" not in set(groups["by"])


@pytest.mark.parametrize(
    ("level", "expected"), [("unchanged", "16/29"), ("worst", "16/29"), ("best", "21/29")]
)
def test_those_not_seen_bound_the_share(cohort: Cohort, level: str, expected: str) -> None:
    """Five were not seen: none of them responded, or all."""
    unseen = bound_unseen(cohort, "acne_scars")
    assert count(unseen, "responders", "unseen", level) == expected


def test_the_tipping_point_is_told_in_patients(cohort: Cohort) -> None:
    """Of 29, 20 have a Wilson limit of 50.8 % and 19 one of 47.3 %: four of the five are needed."""
    assert count(bound_unseen(cohort, "acne_scars"), "tipping point") == "4/5"


def test_who_cannot_respond_is_counted_in_as_a_sensitivity(cohort: Cohort) -> None:
    """16 of 27 instead of 16 of 24; no row where the population would be the same."""
    varied = vary_population(cohort, "acne_scars")
    assert varied["population"].tolist() == ["seen again"]
    assert count(varied, "responders, counted otherwise") == "16/27"


def test_responders_by_visit_rest_on_those_who_can_respond(cohort: Cohort) -> None:
    """One session: baseline and follow-up are all there is."""
    visits = estimate_visits(cohort, "acne_scars")
    assert count(visits, "responders at visit", "visit", "follow-up") == "16/24"


def test_a_shared_page_tells_no_hidden_cell_of_the_shift_table(cohort: Cohort) -> None:
    """The three who cannot respond are a cell, a fate and a difference: none of them is shown."""
    concern = "acne_scars"
    page = bind_estimates(
        count_fates(cohort, concern),
        estimate_outcomes(cohort, concern),
        describe_scores(cohort, concern),
        compare_groups(cohort, concern),
        bound_unseen(cohort, concern),
        vary_population(cohort, concern),
    )
    frame = release(page, cohort.origin).frame
    shown = frame[(frame["statistic"] == "shift") & frame["count"].notna()]
    cells = {(row["level"], row["level2"]): row["count"] for row in shown.to_dict("records")}
    for place in (("1", "1"), ("2", "3"), ("3", "3")):
        assert place not in cells
    again = frame[(frame["population"] == "seen again") & frame["total"].notna()]
    analysed = frame[
        (frame["population"] == "analysed") & frame["total"].notna() & (frame["by"] == "")
    ]
    # 27 less 24 would be the three
    assert again.empty or analysed.empty
