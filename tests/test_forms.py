"""The four forms of the example are one cohort, every slip that was planted is found, and what
`outcomes init` writes, once a person has answered its questions, gives the same cohort again."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.intake.cells import RULES, ask_questions
from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.example import write_example
from analysis.intake.recognise import recognise_log, write_source

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


def find_home(cohort: Cohort) -> Path:
    """Return the folder of the log."""
    home: Path = cohort.folder.parents[2] / "data" / "clinics"
    return home


def read_planted(cohort: Cohort) -> list[dict[str, Any]]:
    path = find_home(cohort) / "truth.json"
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


# --- without source.toml ------------------------------------------------------------------------

# what a person answers in the file that `init` wrote: in all of it,
EVERYWHERE = {
    "# extracted_on = 2026-01-31": "extracted_on = 2026-06-30",
    'side_effects_belong_to = "undeclared"': 'side_effects_belong_to = "this session"',
    'not_applicable_side_effects = "undeclared"': 'not_applicable_side_effects = "not recorded"',
}
ORDERS = 'gais = "one_is_best"\npore_iga = "zero_to_five"\nlikert_sat = "five_is_best"'
# and in the layout of each clinic, by what its files line holds
CLINICS = {
    '"north': {'# clinic = ""': 'clinic = "North"', '"undeclared"  # not': '"day-month-year"  #'},
    '"north-home': {'default_setting = "clinic"': 'default_setting = "home"'},
    '"Home diary"': {'default_setting = "clinic"': 'default_setting = "home"'},
    '"lakeside': {
        '# clinic = ""': 'clinic = "Lakeside"',
        '"undeclared"  # not': '"month-day-year"  #',
    },
    '"sur': {
        '# clinic = ""': 'clinic = "Sur"',
        "[layouts.scores]": """[layouts.scores]
scars_pro = "SCARS"
pore_iga = "Poros IGA"
cutometer_r2 = "R2"
striae_width = "Estría (mm)"
likert_sat = "Satisfacción (1-5)"
pct_self = "Mejoría (%)"
vas_improve = "EVA (0-10)"
#""",
    },
}


def answer(text: str) -> str:
    """Return the file with its questions answered."""
    for old, new in EVERYWHERE.items():
        text = text.replace(old, new)
    text = re.sub(r"(?m)^\[scales\].*$", f"[scales]\n{ORDERS}", text)
    blocks = text.split("[[layouts]]")
    for place, block in enumerate(blocks[1:], 1):
        head = block.partition("[layouts.format]")[0]
        for name, answers in CLINICS.items():
            for old, new in answers.items() if name in head else ():
                blocks[place] = blocks[place].replace(old, new)
    return "[[layouts]]".join(blocks)


Recognised = tuple[Cohort, Cohort, Cohort]


@pytest.fixture(scope="module", params=FORMS)
def recognised(
    request: pytest.FixtureRequest,
    cohorts: dict[str, Cohort],
    tmp_path_factory: pytest.TempPathFactory,
) -> Recognised:
    """The example under its own ``source.toml``, under the one `init` wrote, and answered."""
    form = request.param
    project: Path = tmp_path_factory.mktemp(form)
    (project / "notebooks").mkdir()
    home = project / "data" / "clinics"
    shutil.copytree(find_home(cohorts[form]), home)
    (home / "source.toml").unlink()
    text = write_source(recognise_log(home, "clinics"))
    (home / "source.toml").write_text(text, encoding="utf-8")
    unanswered = load_cohort("clinics", as_of="2026-06-30", project=project)
    (home / "source.toml").write_text(answer(text), encoding="utf-8")
    return cohorts[form], unanswered, load_cohort("clinics", project=project)


def test_open_questions_stop_nothing(recognised: Recognised) -> None:
    """Every session and every patient is there before anything is answered; the questions are what
    `check` lists."""
    original, unanswered, answered = recognised

    for name in ("patients", "patient_concerns"):
        pd.testing.assert_frame_equal(getattr(unanswered, name), getattr(original, name))
    sessions = unanswered.exposures["sessions"].tolist()
    assert sessions == original.exposures["sessions"].tolist()
    open_rules = {*unanswered.problems["rule"]} - {*answered.problems["rule"]}
    if original.problems.empty:  # canonical tables say whose session a side effect belongs to
        assert open_rules == {"unknown_scale"}
    else:
        assert "undeclared_session" in open_rules
        assert any("side_effects_belong_to" in each for each in ask_questions(open_rules))


@pytest.mark.parametrize("name", FRAMES)
def test_answered_questions_give_the_same_cohort(recognised: Recognised, name: str) -> None:
    """Patients, courses, scores, side effects: as under the file that was written by hand."""
    original, _unanswered, answered = recognised

    assert len(getattr(original, name)) > PATIENTS / 2
    pd.testing.assert_frame_equal(getattr(answered, name), getattr(original, name))


def test_answered_questions_give_the_same_account(
    recognised: Recognised,
) -> None:
    """Rows read, used, set aside, and every problem by rule."""
    original, _unanswered, answered = recognised

    assert answered.account == original.account
    assert (
        answered.problems["rule"].value_counts().to_dict()
        == original.problems["rule"].value_counts().to_dict()
    )
