"""From text to typed rows: nothing is lost, and everything not used as written is listed."""

import csv
import io
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.intake.cells import RULES
from analysis.intake.clean import Account, clean_log
from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.engine import open_engine
from analysis.intake.schema import COLUMNS
from analysis.intake.sources import read_log, read_source
from logs import load, write_settings

ROLES = ("patient", "date", "age", "skin_type", "concern", "needle", "scale", "score_before")
HEADER = [*ROLES, "score_after", "score_after_date", "side_effects"]
# the number in front is the line an editor shows; quoted cells hold commas and line breaks
DIRTY = """\
1|patient,date,age,sex,skin_type,concern,needle,passes,scale,score_before,score_after,\
score_after_date,side_effects
2|P-1,03.01.2024,34,F,IV,acne scars,"1,5",4,gb,3,,,none
3|P-1,03.02.2024,34,F,III-IV,acne scars,"0,5-1,5",4,gb,7,2,01.06.2024,redness 2 days
4|p-1 ,02.03.2024,34,M,V,acne scars,15,4,gb,2,1,01.02.2024,?PIH
5|
6|P-2,04.01.2024,34,F,II,fine lines,"0,5",4,afls,2,,,"red,
7|swollen"
8|P-2,04.02.2024,340,F,olive,glow up,32G,40,afls,2,1,,
9|patient,date,age,sex,skin_type,concern,needle,passes,scale,score_before,score_after,\
score_after_date,side_effects
10|P-3,31.02.2024,34,F,olive,acne scars,"1,5",4,gb,9,,,PIH
11|P-3,,34,F,II,acne scars,"1,5",4,gb,3,,,none
12|,05.01.2024,34,F,II,acne scars,"1,5",4,gb,3,,,none
13|P-3,01.01.2027,34,F,II,acne scars,"1,5",4,gb,3,,,none
14|P-1,03.01.2024,34,F,IV,acne scars,"1,5",4,gb,3,,,none
15|P-4,05.01.2024,34,F,II
16|P-4,05.01.2024,34,k,II,hair loss,"1,5",4,gb,3,,,hx of cold sores
17|P-4,06.02.2024,34,F,II,acne scars,"1,5",4,our scale,3,,,blotchy
18|P-4,06.03.2024,34,F,II,acne scars,"1,5",4,gais,3,,,n/a
19|P-4,06.04.2024,34,F,II,acne scars,"1,5",4,,3,,,none
20|P-5,06.04.2024,34,F,II,acne scars / fine lines,"1,5",4,lemperle,mild,4,31.04.2024,none
21|,,,,,,,,,,,,
22|Total,,,,,,,,,,,,18 visits
"""
# what `outcomes check` must list of it, and nothing else: line, column, rule, consequence
PROBLEMS = """
3  | skin_type        | skin_type_range          | noted
3  | skin_type        | conflicting_skin_type    | noted
3  | needle           | needle_range             | noted
3  | score_before     | score_outside_scale      | cell blanked
2  | skin_type        | conflicting_skin_type    | noted
4  | patient          | patient_id_tidied        | repaired
4  | sex              | conflicting_sex          | noted
4  | needle           | ambiguous_needle         | cell blanked
4  | score_after      | follow_up_before_session | cell blanked
4  | side_effects     | uncertain_side_effect    | noted
8  | age              | impossible_age           | cell blanked
8  | skin_type        | unknown_skin_type        | cell blanked
8  | concern          | unknown_concern          | noted
8  | needle           | unknown_number           | cell blanked
8  | passes           | impossible_passes        | cell blanked
8  | score_before     | scale_does_not_fit       | cell blanked
8  | score_after      | scale_does_not_fit       | cell blanked
10 | date             | impossible_date          | row set aside
11 | date             | missing_date             | row set aside
12 | patient          | missing_patient          | row set aside
13 | date             | date_in_the_future       | row set aside
14 |                  | duplicate_row            | row set aside
15 |                  | wrong_number_of_cells    | row set aside
16 | sex              | unknown_sex              | cell blanked
16 | concern          | concern_out_of_scope     | noted
16 | score_before     | scale_does_not_fit       | cell blanked
16 | side_effects     | history_not_event        | noted
17 | scale            | unknown_scale            | cell blanked
17 | score_before     | unknown_scale            | cell blanked
17 | side_effects     | unknown_side_effect      | noted
18 | scale            | undeclared_scale         | cell blanked
18 | score_before     | undeclared_scale         | cell blanked
18 | side_effects     | side_effect_not_asked    | noted
19 | score_before     | scale_missing            | cell blanked
20 | score_before     | unknown_score            | cell blanked
20 | score_after_date | impossible_date          | cell blanked
20 | score_after      | score_without_date       | cell blanked
"""
USED = [2, 3, 4, 6, 8, 16, 17, 18, 19, 20]
SET_ASIDE = [10, 11, 12, 13, 14, 15]
NOT_DATA = [5, 9, 21, 22]  # blank, the header again, blank cells, the totals


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above."""
    project = tmp_path_factory.mktemp("dirty")
    home = project / "data" / "clinic"
    home.mkdir(parents=True)
    lines = [re.sub(r"^\d+\|", "", line) for line in DIRTY.splitlines()]
    (home / "log.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    header = lines[0].split(",")
    text = write_settings(header, as_of="2026-06-30", decimal=",", date_order="day-month-year")
    (home / "source.toml").write_text(text, encoding="utf-8")
    return load_cohort("clinic", project=project)


def test_every_row_is_accounted_for(dirty: Cohort) -> None:
    """Rows read = used + set aside + not data, as counted by eye above."""
    assert dirty.account == Account(
        read=len(USED) + len(SET_ASIDE) + len(NOT_DATA),
        used=len(USED),
        set_aside=len(SET_ASIDE),
        not_data=len(NOT_DATA),
    )


def test_every_problem_is_listed_and_nothing_else(dirty: Cohort) -> None:
    """Each cell not used as written stands with its line, column, rule and consequence."""
    expected = Counter(
        tuple(cell.strip() for cell in line.split("|")) for line in PROBLEMS.strip().splitlines()
    )
    listed = dirty.problems.astype({"line": "str"}).fillna({"column": ""})
    found = Counter(listed[["line", "column", "rule", "consequence"]].itertuples(index=False))

    assert {tuple(each): count for each, count in found.items()} == expected


def test_problems_name_the_file_and_a_rule_with_a_meaning(dirty: Cohort) -> None:
    """A clinic with several files must know which one to open, and what the rule means."""
    assert set(dirty.problems["file"]) == {"log.csv"}
    assert set(dirty.problems["rule"]) <= set(RULES)


def test_row_set_aside_is_listed_for_that_alone(dirty: Cohort) -> None:
    """Line 10 also holds an impossible skin type and score, which nobody used."""
    of_line = dirty.problems[dirty.problems["line"] == 10]

    assert of_line["rule"].tolist() == ["impossible_date"]


def test_what_was_read_is_what_can_be_used(dirty: Cohort) -> None:
    """The patients of the used rows with the values the problems promise."""
    patients = dirty.patients.set_index("patient")

    assert [*patients.index] == [f"clinic/P-{n}" for n in (1, 2, 4, 5)]
    assert patients["skin_type"].to_dict() == {  # V beats IV; olive is unknown
        "clinic/P-1": 5,
        "clinic/P-2": 2,
        "clinic/P-4": 2,
        "clinic/P-5": 2,
    }
    assert patients["sex"].to_dict()["clinic/P-1"] == "female"  # the earliest
    assert patients["age"].isna().sum() == 0


def test_lost_rows_would_be_noticed() -> None:
    """The account refuses a sum that does not hold, in either direction."""
    Account(10, 7, 2, 1).check()
    for used in (6, 8):
        with pytest.raises(AssertionError, match="rows were lost"):
            Account(10, used, 2, 1).check()


# --- any log --------------------------------------------------------------------------------

HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
NASTY = st.sampled_from(
    ['"', '""', "a\nb", "a\r\nb", "'; DROP TABLE log; --", "=1+1", "\u202e", "%", "\\", "NaN", " "]
)
CELLS = {
    "patient": st.sampled_from(["P-1", "p-1", "P-2 ", "Total", "patient", "", "007", "7"]),
    "date": st.sampled_from(["2024-01-03", "03.01.2024", "31.02.2024", "", "1900-01-01", "date"]),
    "concern": st.sampled_from(["acne scars", "AS/FL", "hair", "fine lines", ""]),
    "scale": st.sampled_from(["gb", "afls", "gais", "?", ""]),
    "score_before": st.sampled_from(["3", "III", "2,5", "99", ""]),
    "score_after": st.sampled_from(["2", "x", ""]),
    "score_after_date": st.sampled_from(["2024-05-01", "2020-01-01", ""]),
    "side_effects": st.sampled_from(["none", "redness 2d", "no PIH", "?", "sore, red", ""]),
}
ROWS = st.lists(
    st.one_of(
        st.tuples(*(CELLS[name] for name in CELLS)).map(list),
        st.tuples(*(CELLS[name] | HOSTILE | NASTY for name in CELLS)).map(list),
        st.lists(HOSTILE | NASTY, max_size=10),
        st.just([]),
        st.just([*CELLS]),
    ),
    max_size=25,
)


def write_log(home: Path, rows: list[list[str]]) -> list[int]:
    """Write the rows, some of them twice, and return the lines that hold a row."""
    file, lines, line = io.StringIO(), [], 2
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([*CELLS])
    for row in [*rows, *rows[:3]]:
        before = file.tell()
        writer.writerow(row)
        lines.append(line)
        line += len(re.findall("\r\n|\r|\n", file.getvalue()[before:]))
    (home / "log.csv").write_bytes(file.getvalue().encode("utf-8"))
    return lines


@settings(max_examples=5)
@given(ROWS)
def test_conservation(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Any table is read whole: used + set aside + not data = read, every row set aside is listed
    with its line and rule, and no text makes it fail."""
    home = tmp_path_factory.getbasetemp() / "any" / "data" / "clinic"
    home.mkdir(parents=True, exist_ok=True)
    lines = write_log(home, rows)
    (home / "source.toml").write_text(write_settings([*CELLS]), encoding="utf-8")
    source = read_source(home.parents[1], "clinic")

    with open_engine() as engine:
        log, vocabulary = read_log(engine, source), source.read_vocabulary()
        cleaned = clean_log(engine, log, source, vocabulary, date(2026, 6, 30))
        account, problems = cleaned.account, cleaned.problems.execute()
        visits = cleaned.visits.select("line", "patient", "date", "recorded").execute()

    assert account.read == len(lines)
    assert account.used == len(visits)
    assert account.read == account.used + account.set_aside + account.not_data
    assert visits["patient"].notna().all()
    assert visits["date"].notna().all()
    assert {*visits["recorded"]} <= {"event", "none", "not recorded"}
    listed = {*problems.loc[problems["consequence"] == "row set aside", "line"]}
    assert len(listed) == account.set_aside
    assert listed.isdisjoint(visits["line"])
    assert {*problems["line"]} <= {*lines}
    assert {*problems["file"]} <= {"log.csv"}
    assert problems["rule"].notna().all()
    assert [*problems.columns] == [*COLUMNS["problems"]]


def test_problems_hold_no_text_of_a_cell(dirty: Cohort) -> None:
    """Places, rules and suggestions travel further than the log; what patients said does not."""
    cells = {"P-1", "340", "olive", "glow up", "hx of cold sores", "blotchy", "our scale"}

    found = {str(value) for value in dirty.problems.to_numpy().ravel()}

    assert found.isdisjoint(cells)


def test_word_for_nothing_is_no_concern(tmp_path: Path) -> None:
    """The session counts for no concern whether the cell is blank or says so; both are listed."""
    problems = load(
        tmp_path,
        """
        patient | day | concern
        P-1     | 0   |
        P-2     | 0   | TBC
        P-3     | 0   | n/a
        P-4     | 0   | acne scars
        """,
    ).problems

    assert problems[["line", "column", "rule", "consequence"]].to_numpy().tolist() == [
        [line, "concern", "missing_concern", "noted"] for line in (2, 3, 4)
    ]
