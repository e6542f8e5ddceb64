"""The example without its ``source.toml``: what `outcomes init` writes, once a person has answered
its questions, gives the same cohort as the original, in each of the four forms."""

import re
from pathlib import Path

import pandas as pd
import pytest

from analysis.intake.cells import ask_questions
from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.example import write_example
from analysis.intake.recognise import recognise_log, write_source

PATIENTS, SEED = 90, 11
FRAMES = ("patients", "patient_concerns", "courses", "course_scores", "exposures", "harms")

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


@pytest.fixture(scope="module", params=["csv", "xlsx", "redcap", "tables"])
def cohorts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Cohort, Cohort, Cohort]:
    """The example under its own ``source.toml``, under the one `init` wrote, and answered."""
    form = request.param
    project: Path = tmp_path_factory.mktemp(form)
    (project / "notebooks").mkdir()
    home = project / "data" / "clinics"
    write_example(home, form=form, patients=PATIENTS, seed=SEED)
    original = load_cohort("clinics", project=project)
    (home / "source.toml").unlink()
    text = write_source(recognise_log(home, "clinics"))
    (home / "source.toml").write_text(text, encoding="utf-8")
    unanswered = load_cohort("clinics", as_of="2026-06-30", project=project)
    (home / "source.toml").write_text(answer(text), encoding="utf-8")
    return original, unanswered, load_cohort("clinics", project=project)


def test_open_questions_stop_nothing(cohorts: tuple[Cohort, Cohort, Cohort]) -> None:
    """Every session and every patient is there before anything is answered; the questions are what
    `check` lists."""
    original, unanswered, answered = cohorts

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
def test_answered_questions_give_the_same_cohort(
    cohorts: tuple[Cohort, Cohort, Cohort], name: str
) -> None:
    """Patients, courses, scores, side effects: as under the file that was written by hand."""
    original, _unanswered, answered = cohorts

    assert len(getattr(original, name)) > PATIENTS / 2
    pd.testing.assert_frame_equal(getattr(answered, name), getattr(original, name))


def test_answered_questions_give_the_same_account(
    cohorts: tuple[Cohort, Cohort, Cohort],
) -> None:
    """Rows read, used, set aside, and every problem by rule."""
    original, _unanswered, answered = cohorts

    assert answered.account == original.account
    assert (
        answered.problems["rule"].value_counts().to_dict()
        == original.problems["rule"].value_counts().to_dict()
    )
