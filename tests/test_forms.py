"""The four forms of the example are one cohort, and every slip that was planted is found."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.intake.cells import RULES
from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.example import write_example

FORMS = ("csv", "xlsx", "redcap", "tables")
PATIENTS, SEED = 90, 11
FRAMES = ("patients", "patient_concerns", "courses", "course_scores", "exposures", "harms")
# Rules about several rows together, which the generator does not plant by name.
NOT_PLANTED = {
    *("two_scores_on_a_day", "missing_concern", "no_previous_session", "short_interval"),
}


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cohort]:
    """The same clinics, written and loaded in each form."""
    found = {}
    for form in FORMS:
        project = tmp_path_factory.mktemp(form)
        (project / "notebooks").mkdir()
        write_example(project / "data" / "clinics", form=form, patients=PATIENTS, seed=SEED)
        found[form] = load_cohort("clinics", project=project)
    return found


@pytest.mark.parametrize("form", FORMS[1:])
@pytest.mark.parametrize("name", FRAMES)
def test_every_form_gives_the_same_cohort(cohorts: dict[str, Cohort], form: str, name: str) -> None:
    """Delimited text, workbooks, a REDCap export and canonical tables: one and the same."""
    expected, found = getattr(cohorts["csv"], name), getattr(cohorts[form], name)

    assert len(expected) > PATIENTS / 2
    pd.testing.assert_frame_equal(found, expected)


def read_planted(cohort: Cohort) -> list[dict[str, Any]]:
    path: Path = cohort.folder.parents[2] / "data" / "clinics" / "truth.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["planted"])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_planted_slip_is_found_and_nothing_else(
    cohorts: dict[str, Cohort], form: str
) -> None:
    """The problems equal the generator's list: file, sheet, line, column and rule."""
    columns = ["file", "sheet", "line", "column", "rule"]
    problems = cohorts[form].problems[columns].astype("object")
    problems = problems.where(problems.notna(), None)
    found = {tuple(row) for row in problems.to_numpy() if row[4] not in NOT_PLANTED}
    planted = {
        (each["file"], each["sheet"], each["line"], each["column"], each["kind"])
        for each in read_planted(cohorts[form])
        if each["kind"] in RULES
    }

    assert len(planted) > PATIENTS
    assert sorted(map(str, planted - found)) == []
    assert sorted(map(str, found - planted)) == []
