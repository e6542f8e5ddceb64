"""Whose rule for small numbers a source keeps to: what each profile hides, and what it rounds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.answers import outcomes, population, side_effects
from analysis.errors import SourceError
from analysis.estimates import THRESHOLD_PROFILES, bind_estimates, make_estimates
from analysis.intake.cohort import Cohort, load_cohort
from analysis.show import figures, sentences, tables
from analysis.show.disclosure import Released, release
from logs import write_project
from test_disclosure import ORIGIN, read, share

SMALLEST = {"clinic": 5, "ohdsi": 5, "opensafely": 8, "acro": 10, "cms": 11}
"""The smallest count that may be shown: OHDSI's minCellCount; OpenSAFELY redacts seven and fewer;
ten of the ACRO tools; the cell size of CMS."""
LOG = """
    patient | day | concern
    a       | 0   | acne scars
"""


def release_under(profile: str, *rows: dict[str, Any]) -> Released:
    return release(make_estimates(rows), replace(ORIGIN, threshold_profile=profile))


def test_the_profiles_are_those_of_the_test() -> None:
    """No profile without its row here."""
    assert {key: each.threshold for key, each in THRESHOLD_PROFILES.items()} == SMALLEST


@pytest.mark.parametrize("profile", ["clinic", "ohdsi", "acro", "cms"])
def test_the_smallest_count_that_is_shown(profile: str) -> None:
    """One patient fewer and the count is a range, with its percentage and interval gone."""
    smallest = SMALLEST[profile]
    shown = release_under(profile, share(smallest, 200))
    hidden = release_under(profile, share(smallest - 1, 200))

    assert read(shown) == {"responders": f"{smallest} of 200"}
    assert read(hidden) == {"responders": f"1 to {smallest - 1} of 200"}
    assert hidden.frame[["count", "value", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("count", "total", "seen"),
    [
        (0, 200, "0 of 200"),
        (7, 203, "1 to 7 of 205"),
        (8, 203, "10 of 205"),
        (12, 203, "10 of 205"),
        (13, 203, "15 of 205"),
        (190, 203, "190 of 205"),
        # 196 to 202 of 203 would tell the total
        (196, 203, "not shown"),
        (203, 203, "205 of 205"),
        (3, 7, "not shown"),
    ],
)
def test_counts_are_rounded(count: int, total: int, seen: str) -> None:
    """Seven and fewer are hidden, and all others are the nearest multiple of five."""
    assert read(release_under("opensafely", share(count, total))) == {"responders": seen}


def test_a_rounded_share_is_that_of_its_counts() -> None:
    """Two shares with the same rounded counts cannot be told apart by anything of their rows; their
    interval is that of the methods of the other profiles, which statsmodels computes."""
    rows = [
        release_under("opensafely", share(count, total, se=count / 1000, df=total - 1.0)).frame
        for count, total in ((13, 57), (17, 53))
    ]
    none = release_under("opensafely", share(0, 54, method="clopper_pearson")).frame.iloc[0]

    pd.testing.assert_frame_equal(*rows)
    found = rows[0].iloc[0]
    assert (found["count"], found["total"], found["method"]) == (15, 55, "wilson")
    limits = proportion_confint(15, 55, method="wilson")
    assert found[["value", "low", "high"]].to_list() == pytest.approx([15 / 55, *limits])
    limits = proportion_confint(0, 55, method="beta")
    assert none[["value", "low", "high"]].to_list() == pytest.approx([0, *limits])


def test_a_rounded_share_without_an_interval_is_a_quotient_too() -> None:
    """38 of 210 would be 18 %; what stands beside is 40 of 210."""
    plain = {"method": "count", "low": None, "high": None, "confidence": None}
    found = release_under("opensafely", share(38, 210, **plain)).frame.iloc[0]

    assert (found["count"], found["total"], found["value"]) == (40, 210, 40 / 210)


def test_other_numbers_keep_two_digits() -> None:
    """The last digits of a mean would tell that it is that of 21 patients; limits go outwards."""
    mean = share(21, None, method="mean_t", statistic="mean change")
    numbers = {"value": -27 / 21, "low": -1.8731, "high": -0.6982, "se": 0.28, "df": 20.0}
    found = release_under("opensafely", mean | numbers).frame.iloc[0]

    assert found["count"] == 20
    assert found[["value", "low", "high"]].to_list() == [-1.3, -1.9, -0.69]
    assert found[["se", "df"]].isna().all()


def test_a_source_names_its_profile(tmp_path: Path) -> None:
    """`threshold_profile` in source.toml; one that does not exist is a sentence."""
    project = write_project(tmp_path, LOG, more="threshold_profile = 'cms'")
    assert load_cohort("clinic", project=project).origin.threshold_profile == "cms"

    wrong = write_project(tmp_path / "wrong", LOG, more="threshold_profile = 'csm'")
    with pytest.raises(SourceError, match="Did you mean 'cms'"):
        load_cohort("clinic", project=wrong)


# --- a page under each of them ----------------------------------------------------------------


@pytest.fixture(scope="module")
def cohort(small_project: Path) -> Cohort:
    """150 synthetic patients."""
    return load_cohort("example", project=small_project)


@pytest.fixture(scope="module")
def estimates(cohort: Cohort) -> pd.DataFrame:
    """Much of what the page of a concern is about."""
    concern = "acne_scars"
    return bind_estimates(
        population.describe_patients(cohort, concern),
        population.count_fates(cohort, concern),
        outcomes.estimate_outcomes(cohort, concern),
        outcomes.describe_scores(cohort, concern),
        side_effects.estimate_side_effects(cohort, concern),
    )


@pytest.mark.parametrize("profile", SMALLEST)
def test_no_number_of_a_page_rests_on_fewer(
    cohort: Cohort, estimates: pd.DataFrame, profile: str
) -> None:
    """Counts, what is left of them and totals; and all that shows them shows them."""
    origin = replace(cohort.origin, threshold_profile=profile)
    released = release(estimates, origin)
    frame = released.frame
    smallest = SMALLEST[profile]
    people = frame[frame["unit"].isin(["patients", "courses"])]
    left = (people["total"] - people["count"]).dropna()

    assert released.threshold == smallest
    for counts in (people["count"].dropna(), people["total"].dropna()):
        assert not counts.between(1, smallest - 1).any()
    if profile == "opensafely":
        assert (frame[["count", "total"]].fillna(0) % 5 == 0).all(axis=None)
    else:
        assert not left.between(1, smallest - 1).any()
    assert len(frame) > frame["shown_as"].ne("").sum() > 0
    shown = [
        sentences.describe_headline(released),
        sentences.describe_limitations(released),
        tables.show_fate(released),
        tables.show_side_effects(released),
        figures.plot_responders(released),
    ]
    said = " ".join(map(repr, shown))
    assert f"fewer than {smallest} patients" in said
    assert ("to the nearest 5" in said) == (profile == "opensafely")
    rule = THRESHOLD_PROFILES[profile].rule
    assert (f"the rule of {rule}" in said) == bool(rule)
