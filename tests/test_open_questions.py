"""What a person answers in ``source.toml``; an open question sets aside its cells alone."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import SourceError
from analysis.intake.cells import ask_questions
from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.sources import read_source
from forms import write_source
from logs import load, read_table, to_csv, write_project

LOG = """
patient | day | concern    | harm     | severity
P1      | 0   | acne scars | redness  | mild
P1      | 30  | acne scars | none     |
P1      | 60  | acne scars | N/A      |
P1      | 90  | acne scars |          |
P1      | 120 | acne scars | no itch  |
"""


def list_problems(cohort: Cohort) -> list[tuple[int, str, str, str]]:
    return list_places(cohort.problems)


def list_places(problems: pd.DataFrame) -> list[tuple[int, str, str, str]]:
    columns = ["line", "column", "rule", "consequence"]
    return [tuple(row) for row in problems[columns].sort_values("line").to_numpy()]


ANSWERS = [
    # answers, sessions with an event, with "none", where one term alone was denied, the problems
    ("", 1, 1, 1, [(4, "harm", "side_effect_not_asked", "noted")]),
    ("empty_side_effects = 'none'", 1, 2, 1, [(4, "harm", "side_effect_not_asked", "noted")]),
    ("not_applicable_side_effects = 'none'", 1, 2, 1, []),
    (
        "not_applicable_side_effects = 'not recorded'",
        *(1, 1, 1),
        [(4, "harm", "side_effect_not_asked", "noted")],
    ),
    (
        "not_applicable_side_effects = 'undeclared'",
        *(1, 1, 1),
        [(4, "harm", "undeclared_not_applicable", "cell blanked")],
    ),
    (
        "side_effects_belong_to = 'undeclared'",
        *(0, 0, 0),
        [
            (2, "harm", "undeclared_session", "cell blanked"),
            (2, "severity", "undeclared_session", "cell blanked"),
            (3, "harm", "undeclared_session", "cell blanked"),
            (4, "harm", "undeclared_session", "cell blanked"),
            (6, "harm", "undeclared_session", "cell blanked"),
        ],
    ),
]


LAYOUT = """
[[layouts]]
files = ["NUMBER.csv"]
format = {date_order = "year-month-day"}
columns = {patient = "patient", date = "day", concern = "concern", side_effects = "harm", \
severity = "severity"}
answers = {clinic = "NUMBER"ANSWERS}
"""


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log with each of the answers above, each a clinic of one source."""
    settings, files = "", {}
    header, *rows = read_table(LOG)
    for number, (answers, *_expected) in enumerate(ANSWERS):
        settings += LAYOUT.replace("NUMBER", f"{number}").replace(
            "ANSWERS", answers and f", {answers}"
        )
        of_case = [[f"{number}-{patient}", *cells] for patient, *cells in rows]
        files[f"{number}.csv"] = to_csv([header, *of_case])
    return write_source(tmp_path_factory.mktemp("answered"), settings, files)


@pytest.mark.parametrize("number", range(len(ANSWERS)), ids=[each[0] for each in ANSWERS])
def test_answers_about_side_effects(answered: Path, number: int) -> None:
    """A blank cell and "N/A" are what they are declared to be; no session is lost meanwhile."""
    _answers, event, none, denied, problems = ANSWERS[number]
    cohort = load_cohort("clinic", project=answered, clinic=[f"{number}"])

    counts = cohort.count_sessions()["recorded"]
    assert (counts["event"], counts["none"]) == (event, none)
    assert sum(counts.values()) == 5
    harms = cohort.harms.query("concern == ''")
    assert int(harms["sessions_besides"].sum()) == denied
    listed = cohort.problems[cohort.problems["file"] == f"{number}.csv"]
    assert sorted(list_places(listed)) == sorted(problems)


DETAILS = """
patient | day | concern    | harm    | severity | serious | stopped | resolved | action
P1      | 0   | acne scars | redness | mild     | no      | no      | yes      | cold compress
P1      | 30  | acne scars | redness |          |         |         |          |
P1      | 60  | acne scars |         | none     | yes     | yes     | no       | none
"""


def test_every_cell_an_open_question_sets_aside_is_listed(tmp_path: Path) -> None:
    """While nobody says whose session they are of, no detail of a side effect goes unlisted."""
    cohort = load(tmp_path, DETAILS, more="answers = {side_effects_belong_to = 'undeclared'}")

    listed = list_problems(cohort)
    assert {(rule, how) for _line, _column, rule, how in listed} == {
        ("undeclared_session", "cell blanked")
    }
    details = ["severity", "serious", "stopped", "resolved", "action"]
    assert sorted((line, column) for line, column, _rule, _how in listed) == sorted(
        [(2, "harm"), (3, "harm"), *((2, each) for each in details)]
        + [(4, each) for each in details[1:]]
    )


SEXES = """
patient | day | sex | concern
P1      | 0   | M   | acne scars
P2      | 0   | H   | acne scars
P3      | 0   | F   | acne scars
"""


def test_m_beside_h_is_asked(tmp_path: Path) -> None:
    """In Spanish M is mujer and H is hombre: nobody becomes a man by a guess."""
    cohort = load(tmp_path, SEXES)

    assert cohort.patients["sex"].fillna("").tolist() == ["", "", "female"]
    assert list_problems(cohort) == [
        (2, "sex", "ambiguous_sex", "cell blanked"),
        (3, "sex", "unknown_sex", "cell blanked"),
    ]
    (asked,) = ask_questions(cohort.problems["rule"])
    assert "Does M stand for mujer" in asked


def test_each_question_names_its_key() -> None:
    """What is open is asked with the key that answers it."""
    asked = ask_questions(["undeclared_session", "undeclared_not_applicable"])

    assert len(asked) == 2
    assert "side_effects_belong_to" in asked[0]
    assert "not_applicable_side_effects" in asked[1]


KEYS = [
    ("answers = {empty_side_effects = 'undeclared'}", "not recorded"),
    ("answers = {not_applicable_side_effects = 'maybe'}", "undeclared"),
    ("rows = 'visits'", "patients, scores, sessions"),
]


@pytest.mark.parametrize(("more", "possible"), KEYS)
def test_word_that_is_no_answer(tmp_path: Path, more: str, possible: str) -> None:
    """It is refused with the possible ones."""
    project = write_project(tmp_path, LOG, more=more)

    with pytest.raises(SourceError, match="Unknown") as no:
        read_source(project, "clinic")
    assert possible in str(no.value)


def test_patients_need_no_day(tmp_path: Path) -> None:
    """A layout of patients is mapped without a date; sessions and scores are not."""
    project = write_project(tmp_path, "patient | sex\nP1 | F\n", more="rows = 'patients'")

    assert read_source(project, "clinic").rows == "patients"
    settings = project / "data" / "clinic" / "source.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("'patients'", "'scores'"), encoding="utf-8")
    with pytest.raises(SourceError, match="No date column is mapped"):
        read_source(project, "clinic")
