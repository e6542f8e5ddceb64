"""Exports of REDCap, raw and with labels: codes become labels, base rows reach the sessions of
their record, lines stay."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import SourceError
from analysis.intake.clean import Account
from forms import list_problems, load, read_headers, read_tables, read_text, write_source

SETTINGS = """
    files = ["records.csv"]
    dictionary = "dictionary.csv"
    format = {kind = "redcap"}
    [columns]
    patient = "study_id"
    date = "day"
    sex = "sex"
    skin_type = "skin"
    concern = "concern"
    contraindications = "reasons"
    side_effects = "harm"
    serious = "serious"
"""
DICTIONARY = """
Variable / Field Name,Form Name,Field Type,"Choices, Calculations, OR Slider Labels"
record_id,person,text,
study_id,person,text,
sex,person,radio,"1, Female | 2, Male"
skin,person,dropdown,"10, I, II or III | 4, IV | -9, Unknown"
day,visit,text,
concern,visit,checkbox,"1, Acne scars | 2, Fine lines | -9, None of these"
reasons,visit,checkbox,"0, None | dm, Diabetes | kel, Keloid tendency"
harm,visit,notes,
serious,visit,yesno,
"""
RECORDS = """
record_id,redcap_repeat_instrument,redcap_repeat_instance,study_id,sex,skin,day,\
concern___1,concern___2,concern____9,reasons___0,reasons___dm,reasons___kel,harm,serious,visit_complete
1,,,P-7,1,4,,,,,,,,,,
1,visit,1,,,,2024-01-03,1,1,0,0,1,1,"red
swollen",0,2
1,visit,2,,,,2024-02-07,1,0,0,1,0,0,PIH,1,2
2,,,P-8,2,-9,,,,,,,,,,
2,visit,1,,,,2024-01-04,0,1,0,0,0,0,none,,2
3,,,P-9,1,4,,,,,,,,,,
"""


def write(
    folder: Path, records: str = RECORDS, dictionary: str = DICTIONARY, settings: str = SETTINGS
) -> Path:
    return write_source(folder, settings, {"records.csv": records, "dictionary.csv": dictionary})


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export above, which nothing changes; what is loaded of it is kept there."""
    return write(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same export with labels."""
    return write_labels(tmp_path_factory.mktemp("labels"))


def test_codes_become_labels(tmp_path: Path) -> None:
    """The dictionary's choices are what the codes mean; a comma in a label is part of it."""
    project = write(tmp_path, RECORDS.replace("P-8,2,-9", "P-8,2,10"))

    assert read_text(project, "sex") == ["Female"] * 3 + ["Male"] * 2 + ["Female"]
    assert read_text(project, "skin") == ["IV"] * 3 + ["I, II or III"] * 2 + ["IV"]
    assert read_text(project, "serious") == ["", "No", "Yes", "", "", ""]


def test_tick_boxes_become_one_cell(raw: Path) -> None:
    """The labels of the ticked ones, in the dictionary's order; none ticked is a blank cell."""
    assert read_text(raw, "concern") == [
        *("", "Acne scars; Fine lines", "Acne scars", "", "Fine lines", ""),
    ]
    assert read_text(raw, "reasons") == [
        *("", "Diabetes; Keloid tendency", "None", "", "", ""),
    ]
    headers = read_headers(raw)
    assert not [header for header in headers if "___" in header]


def test_what_is_known_of_a_person_reaches_every_visit(raw: Path) -> None:
    """Id, sex and skin type stand in the base row alone; the visits have them all the same."""
    found = read_tables(raw)

    assert found["patients"] == [
        {"patient": "clinic/P-7", "sex": "female", "skin_type": 4, "skin_type_is_range": False},
        {"patient": "clinic/P-8", "sex": "male"},
    ]
    assert [(each["patient"], each["date"]) for each in found["sessions"]] == [
        ("clinic/P-7", "2024-01-03"),
        ("clinic/P-7", "2024-02-07"),
        ("clinic/P-8", "2024-01-04"),
    ]
    assert found["screening"] == [
        {"session": "clinic/P-7 | 2024-01-03 | microneedling | clinic", "patient": "clinic/P-7"}
        | {"contraindication": "diabetes", "is_present": True},
        {"session": "clinic/P-7 | 2024-01-03 | microneedling | clinic", "patient": "clinic/P-7"}
        | {"contraindication": "keloid_tendency", "is_present": True},
        {"session": "clinic/P-7 | 2024-02-07 | microneedling | clinic", "patient": "clinic/P-7"}
        | {"contraindication": "*", "is_present": False},
    ]


def test_base_rows_are_no_sessions(raw: Path) -> None:
    """Three base rows, one of them of a person without a visit, and three visits."""
    assert load(raw).account == Account(read=6, used=3, set_aside=0, not_data=3)


def test_lines_are_those_of_the_export(tmp_path: Path) -> None:
    """A quoted line break moves the rows below; a problem says where its visit stands."""
    records = RECORDS.replace("2024-02-07", "2024-02-30").replace("none,,2", "glow,,2")
    project = write(tmp_path, records)

    assert list_problems(project) == [
        "records.csv 5 day impossible_date, row set aside",
        "records.csv 7 harm unknown_side_effect, noted",
    ]


def test_undefined_code_is_a_problem(tmp_path: Path) -> None:
    """A code that is not in the dictionary is not taken for its own meaning: skin type 3 here is
    some choice that was deleted."""
    project = write(tmp_path, RECORDS.replace("P-7,1,4", "P-7,1,3").replace("PIH,1", "PIH,7"))

    assert list_problems(project) == [
        "records.csv 2 skin undefined_code, cell blanked",
        "records.csv 5 serious undefined_code, cell blanked",
    ]
    assert "skin_type" not in read_tables(project)["patients"][0]


def test_labels_in_the_cells_are_read_too(raw: Path, tmp_path: Path) -> None:
    """An export with labels says the same in other words."""
    labels = RECORDS.replace("P-7,1,4", "P-7,Female,IV").replace(
        "1,1,0,0,1,1",
        ",".join(["Checked", "Checked", "Unchecked", "Unchecked", "Checked", "Checked"]),
    )

    assert read_tables(write(tmp_path, labels)) == read_tables(raw)


def test_project_without_repeats_is_read_row_by_row(tmp_path: Path) -> None:
    """Then there is no base row: a row without a day is one that lacks it."""
    records = """
        record_id,study_id,sex,skin,day,concern___1,harm,serious
        1,P-7,1,4,2024-01-03,1,none,
        2,P-8,2,4,,1,none,
    """
    settings = SETTINGS.replace('contraindications = "reasons"', "")
    project = write(tmp_path, records, settings=settings)

    assert list_problems(project) == ["records.csv 3 day missing_date, row set aside"]


def test_events_without_a_day_are_base_rows(tmp_path: Path) -> None:
    """In a project with events, enrolment has no day in any record; visits do."""
    records = """
        record_id,redcap_event_name,study_id,sex,skin,day,concern___1,harm,serious
        1,enrolment_arm_1,P-7,1,4,,,,
        1,visit_1_arm_1,,,,2024-01-03,1,none,
        1,visit_2_arm_1,,,,,1,none,
        2,enrolment_arm_1,P-8,2,4,,,,
        2,visit_2_arm_1,,,,2024-02-03,1,none,
    """
    settings = SETTINGS.replace('contraindications = "reasons"', "")
    project = write(tmp_path, records, settings=settings)

    assert load(project).account == Account(read=5, used=2, set_aside=1, not_data=2)
    assert list_problems(project) == ["records.csv 4 day missing_date, row set aside"]


# --- exports with labels --------------------------------------------------------------------

LABELLED = """
Variable / Field Name,Form Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels"
record_id,person,text,Record ID,
study_id,person,text,Study number,
sex,person,radio,Sex,"1, Female | 2, Male"
skin,person,dropdown,<b>Skin type</b> (Fitzpatrick),"10, I, II or III | 4, IV | -9, Unknown"
day,visit,text,Day,
concern,visit,checkbox,Treated for,"1, Acne scars | 2, Fine lines | -9, None of these"
reasons,visit,checkbox,Reasons not to treat,"0, None | dm, <i>Diabetes</i> | kel, Keloid tendency"
harm,visit,notes,Side effects,
serious,visit,yesno,Serious?,
"""
LABELS = """
Record ID,Event Name,Repeat Instrument,Repeat Instance,Data Access Group,Study number,Sex,\
Skin type (Fitzpatrick),Complete?,Day,Treated for (choice=Acne scars),\
Treated for (choice=Fine lines),Treated for (choice=None of these),\
Reasons not to treat (choice=None),Reasons not to treat (choice=Diabetes),\
Reasons not to treat (choice=Keloid tendency),Side effects,Serious?,Complete?
1,Start,,,North,P-7,Female,IV,Complete,,,,,,,,,,
1,Visits,Visit,1,North,,,,,2024-01-03,Checked,Checked,Unchecked,Unchecked,Checked,Checked,"red
swollen",No,Complete
1,Visits,Visit,2,North,,,,,2024-02-07,Checked,Unchecked,Unchecked,Checked,Unchecked,Unchecked,PIH,Yes,Complete
2,Start,,,South,P-8,Male,Unknown,Complete,,,,,,,,,,
2,Visits,Visit,1,South,,,,,2024-01-04,Unchecked,Checked,Unchecked,Unchecked,Unchecked,Unchecked,none,,Complete
3,Start,,,South,P-9,Female,IV,Incomplete,,,,,,,,,,
"""


def write_labels(folder: Path, old: str = "", new: str = "", **files: str) -> Path:
    settings = files.get("settings", SETTINGS)
    dictionary = files.get("dictionary", LABELLED)
    return write(folder, files.get("records", LABELS).replace(old, new), dictionary, settings)


def test_export_with_labels_says_the_same(raw: Path, labelled: Path) -> None:
    """Columns are mapped by the names of their fields in both kinds; tags in a label are none of
    its words."""
    assert read_tables(labelled) == read_tables(raw)
    assert list_problems(labelled) == list_problems(raw) == []
    assert read_headers(labelled) == (
        *("record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"),
        *("redcap_data_access_group", "study_id", "sex", "skin", "person_complete", "day"),
        *("concern", "reasons", "harm", "serious", "visit_complete"),
    )


def test_columns_may_be_mapped_by_their_labels(raw: Path, tmp_path: Path) -> None:
    """Those of tick boxes too, by the label of their field."""
    settings = (
        SETTINGS.replace('"day"', '"Day"')
        .replace('"reasons"', '"Reasons not to treat"')
        .replace('"skin"', '"Skin type (Fitzpatrick)"')
    )
    labelled = write_labels(tmp_path, settings=settings)

    assert read_tables(labelled) == read_tables(raw)
    assert read_text(labelled, "Reasons not to treat")[1] == "Diabetes; Keloid tendency"


def test_group_may_be_the_clinic(tmp_path: Path) -> None:
    """The data access group stands in every row of a record."""
    settings = SETTINGS.replace('sex = "sex"', 'sex = "sex"\nclinic = "redcap_data_access_group"')
    project = write_labels(tmp_path, settings=settings)

    assert [each["clinic"] for each in read_tables(project)["sessions"]] == ["North"] * 2 + [
        "South"
    ]
    assert list_problems(project) == []


def test_ticked_box_may_hold_its_label(tmp_path: Path) -> None:
    """The interface for programs can write the label of the choice where it is ticked."""
    project = write_labels(
        tmp_path,
        "Checked,Checked,Unchecked,Unchecked,Checked,Checked",
        "Acne scars,Fine lines,,,Diabetes,Keloid tendency",
    )

    assert read_text(project, "concern")[1] == "Acne scars; Fine lines"
    assert read_text(project, "reasons")[1] == "Diabetes; Keloid tendency"


TWO_DAYS = (
    LABELLED + "seen,review,text,Day,\nnote,review,text,Remarks,\nmore,person,text,Remarks,\n"
)


def test_labels_of_two_fields_are_an_error_where_they_are_mapped(tmp_path: Path) -> None:
    """``Day`` is two fields; ``Remarks`` is two as well, and nobody asked for them."""
    project = write_labels(tmp_path / "a", dictionary=TWO_DAYS)

    with pytest.raises(SourceError) as refused:
        load(project)

    assert "'Day' is the label of the fields 'day' and 'seen'" in str(refused.value)
    assert "one of them mapped as date" in str(refused.value)

    other = TWO_DAYS.replace("seen,review,text,Day", "seen,review,text,Seen")
    records = LABELS.replace("Serious?,Complete?", "Serious?,Remarks")
    assert load(write_labels(tmp_path / "b", dictionary=other, records=records)).account.used == 3


CODES_AND_LABELS = [
    # cells of grade for two records, header, what is read; the labels of 0, 1, 2 are 1, 2, 3
    (("0", "2"), "grade", ["1", "3"], []),
    (("0", "1"), "Grade", ["1", "2"], []),
    (("1", "3"), "grade", ["1", "3"], []),
    (("1", "2"), "grade", ["2", "3"], []),
    (("1", "2"), "Grade", ["1", "2"], []),
    (("0", "3"), "grade", ["1", "3"], []),
    (("7", "2"), "Grade", ["", "2"], ["undefined_code"]),
]


GRADE = """
    Variable / Field Name,Form Name,Field Type,Field Label,Choices OR Calculations
    record_id,visit,text,Record ID,
    day,visit,text,Day,
    grade,visit,radio,Grade,"0, 1 | 1, 2 | 2, 3"
"""
GRADED = """
    [[layouts]]
    files = ["NUMBER.csv"]
    dictionary = "dictionary.csv"
    format = {kind = "redcap"}
    [layouts.columns]
    patient = "record_id"
    date = "day"
    severity = "grade"
    side_effects = "day"
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """The cells of all cases above, each an export of its own in one source, and the problems."""
    files = {"dictionary.csv": GRADE}
    for number, (cells, header, *_expected) in enumerate(CODES_AND_LABELS):
        names = "Record ID,Day" if header == "Grade" else "record_id,day"
        rows = [f"{number}A,2024-01-03,{cells[0]}", f"{number}B,2024-01-04,{cells[1]}"]
        files[f"{number}.csv"] = "\n".join([f"{names},{header}", *rows])
    settings = (GRADED.replace("NUMBER", str(number)) for number in range(len(CODES_AND_LABELS)))
    project = write_source(tmp_path_factory.mktemp("graded"), "".join(settings), files)
    return read_text(project, "grade"), list_problems(project)


@pytest.mark.parametrize("number", range(len(CODES_AND_LABELS)))
def test_labels_that_look_like_codes(graded: tuple[list[str], list[str]], number: int) -> None:
    """Cells that can only be one of the two tell what the others are; then the headers do."""
    _cells, _header, read, rules = CODES_AND_LABELS[number]
    texts, problems = graded

    assert texts[2 * number : 2 * number + 2] == read
    found = [each.split() for each in problems if each.startswith(f"{number}.csv ")]
    listed = [rule.strip(",") for _file, _line, column, rule, *_how in found if column == "grade"]
    assert [rule for rule in listed if rule.endswith("_code")] == rules


def test_codes_among_labels_are_not_guessed(tmp_path: Path) -> None:
    """A file that was put together from both kinds: 1 and 2 could be either, 0 and 3 could not."""
    dictionary = """
        Variable / Field Name,Field Type,Choices OR Calculations
        record_id,text,
        day,text,
        grade,radio,"0, 1 | 1, 2 | 2, 3"
    """
    records = """
        record_id,day,grade
        A,2024-01-03,0
        B,2024-01-03,3
        C,2024-01-03,1
    """
    settings = """
        files = ["records.csv"]
        dictionary = "dictionary.csv"
        format = {kind = "redcap"}
        columns = {patient = "record_id", date = "day", action = "grade"}
    """
    project = write(tmp_path, records, dictionary, settings)

    assert read_text(project, "grade") == ["1", "3", ""]
    assert "records.csv 4 grade ambiguous_code, cell blanked" in list_problems(project)


# --- what stands in rows without a session --------------------------------------------------

EVENTS = """
    files = ["records.csv"]
    dictionary = "dictionary.csv"
    format = {kind = "redcap"}
    [columns]
    patient = "record_id"
    date = "day"
    skin_type = "skin"
    concern = "concern"
    side_effects = "harm"
    score_after_date = "scored"
    [scores]
    gb_qual = "gb"
"""
FIELDS = """
    Variable / Field Name,Field Type,Choices OR Calculations
    record_id,text,
    skin,text,
    day,text,
    concern,text,
    harm,text,
    scored,text,
    gb,text,
"""
HEAD = "record_id,redcap_event_name,skin,day,concern,harm,scored,gb"
SCORED = [
    # what it shows, rows, scores as (day, score), problems
    (
        "score of a baseline without a day counts on the first session's",
        ["1,start,IV,,,,,4", "1,visit,,2024-01-03,acne scars,none,,"],
        [("2024-01-03", 4.0)],
        ["records.csv 2 gb score_dated_by_session, noted"],
    ),
    (
        "so does one of the weeks before; later scores keep their days",
        [
            "1,start,IV,,,,2023-12-20,4",
            "1,visit,,2024-01-03,acne scars,none,,",
            "1,visit,,2024-02-07,acne scars,none,,",
            "1,review,,,,,2024-05-10,2",
            "1,review,,,,,2024-08-10,1",
        ],
        [("2024-01-03", 4.0), ("2024-05-10", 2.0), ("2024-08-10", 1.0)],
        ["records.csv 2 gb score_dated_by_session, repaired"],
    ),
    (
        "one of the year before is no baseline",
        ["1,start,IV,,,,2023-01-03,4", "1,visit,,2024-01-03,acne scars,none,,"],
        [],
        ["records.csv 2 gb follow_up_before_session, cell blanked"],
    ),
    (
        "a review between two sessions keeps its day, wherever its row stands",
        [
            "1,visit,IV,2024-01-03,acne scars,none,,3",
            "1,visit,,2024-02-07,acne scars,none,,",
            "1,review,,,,,2024-01-20,2",
        ],
        [("2024-01-03", 3.0), ("2024-01-20", 2.0)],
        [],
    ),
    (
        "a review without a day cannot be placed",
        ["1,visit,IV,2024-01-03,acne scars,none,,", "1,review,,,,,,2"],
        [],
        ["records.csv 3 gb score_without_date, cell blanked"],
    ),
    (
        "a person without a session has no course to score",
        ["1,start,IV,,,,2024-01-03,4", "2,visit,IV,2024-01-03,acne scars,none,,"],
        [],
        ["records.csv 2 gb score_without_session, cell blanked"],
    ),
    (
        "a day that is none is not guessed",
        ["1,start,IV,,,,spring,4", "1,visit,,2024-01-03,acne scars,none,,"],
        [],
        ["records.csv 2 gb score_without_session, cell blanked"],
    ),
]


def place_together(cases: Mapping[int, Sequence[str]]) -> tuple[list[str], dict[int, range]]:
    """Return the rows of all cases as one export, and the lines of each case in it; the records of
    a case have its number in front."""
    rows, lines = [], {}
    for number, case in cases.items():
        lines[number] = range(len(rows) + 2, len(rows) + 2 + len(case))
        rows += [f"{number}-{row}" for row in case]
    return rows, lines


def find_place(problem: str, lines: Mapping[int, range]) -> tuple[int, str]:
    """Return the case that a problem is of, and the problem as if the case stood alone."""
    file, line, rest = problem.split(" ", 2)
    (number,) = (number for number, each in lines.items() if int(line) in each)
    return number, f"{file} {int(line) - lines[number].start + 2} {rest}"


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[Any]]:
    """The tables of all cases above, and the problems with the case each is of."""
    rows, lines = place_together({n: case[1] for n, case in enumerate(SCORED)})
    project = write(tmp_path_factory.mktemp("scored"), "\n".join([HEAD, *rows]), FIELDS, EVENTS)
    return read_tables(project), [find_place(each, lines) for each in list_problems(project)]


@pytest.mark.parametrize("number", range(len(SCORED)), ids=[case[0] for case in SCORED])
def test_score_in_an_event_of_its_own(
    scored: tuple[dict[str, Any], list[Any]], number: int
) -> None:
    """The baseline stands in one event, sessions in another, reviews in a third."""
    _shown, rows, scores, problems = SCORED[number]
    tables, listed = scored
    patients = f"clinic/{number}-"

    found = [each for each in tables["assessments"] if each["patient"].startswith(patients)]
    assert [(each["date"], each["score"]) for each in found] == scores
    assert [problem for place, problem in listed if place == number] == problems
    sessions = {row.split(",")[3] for row in rows} - {""}
    kept = [each for each in tables["sessions"] if each["patient"].startswith(patients)]
    assert len(kept) == len(sessions)


def test_scores_before_and_after_of_a_base_row(tmp_path: Path) -> None:
    """The score before is of the first session, the one after of its own day."""
    settings = EVENTS.replace("[scores]", '[answers]\nscale = "gb_qual"').replace(
        'gb_qual = "gb"', ""
    )
    settings = settings.replace('skin_type = "skin"', 'score_before = "skin"\nscore_after = "gb"')
    rows = [
        *("1,start,4,,,,2024-05-10,2", "1,visit,,2024-01-03,acne scars,none,,"),
        "1,visit,,2024-02-07,acne scars,none,,",
    ]
    project = write(tmp_path, "\n".join([HEAD, *rows]), FIELDS, settings)

    scores = [(each["date"], each["score"]) for each in read_tables(project)["assessments"]]
    assert scores == [("2024-01-03", 4.0), ("2024-05-10", 2.0)]


BASE_CELLS = [
    # what it shows, rows, skin type, concerns, recorded, problems
    (
        "skin type reaches a record although another one repeats it at a visit",
        [
            *("1,start,IV,,,,,", "1,visit,,2024-01-03,acne scars,none,,"),
            *("2,start,V,,,,,", "2,visit,V,2024-01-03,acne scars,none,,"),
        ],
        {"1": 4, "2": 5},
        [],
    ),
    (
        "a side effect without a session is nobody's",
        ["1,visit,IV,2024-01-03,acne scars,,,", "1,end,,,,PIH,,"],
        {"1": 4},
        ["records.csv 3 harm cell_without_session, cell blanked"],
    ),
    (
        "a concern of the enrolment counts where visits say none",
        ["1,start,IV,,acne scars,,,", "1,visit,,2024-01-03,,none,,"],
        {"1": 4},
        [],
    ),
    (
        "and is listed where they say another",
        ["1,start,IV,,fine lines,,,", "1,visit,,2024-01-03,acne scars,none,,"],
        {"1": 4},
        ["records.csv 2 concern cell_without_session, cell blanked"],
    ),
    (
        "two enrolments that differ: the first counts",
        ["1,start,IV,,,,,", "1,again,V,,,,,", "1,visit,,2024-01-03,acne scars,none,,"],
        {"1": 4},
        ["records.csv 3 skin cell_without_session, cell blanked"],
    ),
]


@pytest.fixture(scope="module")
def based(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[Any]], list[Any]]:
    """The tables of all cases above, and the problems with the case each is of.

    Whether visits say a concern is judged by the whole column: the case in which none does is an
    export of its own.
    """
    tables: dict[str, list[Any]] = {"patients": [], "targets": [], "side_effects": []}
    listed: list[Any] = []
    for is_alone in (False, True):
        rows, lines = place_together(
            {
                number: case[1]
                for number, case in enumerate(BASE_CELLS)
                if ("where visits say none" in case[0]) == is_alone
            }
        )
        folder = tmp_path_factory.mktemp("based")
        project = write(folder, "\n".join([HEAD, *rows]), FIELDS, EVENTS)
        found = read_tables(project)
        for name, kept in tables.items():
            kept += found[name]
        listed += [find_place(each, lines) for each in list_problems(project)]
    return tables, listed


@pytest.mark.parametrize("number", range(len(BASE_CELLS)), ids=[case[0] for case in BASE_CELLS])
def test_cell_of_a_base_row(based: tuple[dict[str, Any], list[Any]], number: int) -> None:
    """It is used, or it is listed."""
    _shown, _rows, skin_types, problems = BASE_CELLS[number]
    tables, listed = based
    found = {
        name: [
            each
            for each in rows
            if f"clinic/{number}-" in str(each.get("session", each.get("patient")))
        ]
        for name, rows in tables.items()
        if name in ("patients", "targets", "side_effects")
    }

    assert {each["patient"][-1]: each["skin_type"] for each in found["patients"]} == skin_types
    assert [each["concern"] for each in found["targets"]] == ["acne_scars"] * len(skin_types)
    assert found["side_effects"] == []
    assert [problem for place, problem in listed if place == number] == problems


def test_rows_of_another_instrument_are_no_sessions(tmp_path: Path) -> None:
    """Sessions are events here, and remedies are kept in a repeating instrument."""
    records = """
        record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,skin,day,concern,\
harm,scored,gb,remedy
        1,start,,,IV,,,,,,
        1,visit_1,,,,2024-01-03,acne scars,none,,,
        1,visit_1,remedies,1,,,,,,,a cream
        1,visit_1,remedies,2,,,,,,,another
        2,start,,,V,,,,,,
        2,visit_1,,,,,acne scars,none,,,
    """
    project = write(tmp_path, records, FIELDS, EVENTS)

    assert load(project).account == Account(read=6, used=1, set_aside=1, not_data=4)
    assert list_problems(project) == ["records.csv 7 day missing_date, row set aside"]


def test_log_without_a_single_day_is_set_aside(tmp_path: Path) -> None:
    """Where no row has a day, the wrong column is mapped: nothing is taken for a base row."""
    project = write(tmp_path, HEAD + "\n1,start,IV,,acne scars,none,,", FIELDS, EVENTS)

    assert load(project).account == Account(read=1, used=0, set_aside=1, not_data=0)


# --- slips ----------------------------------------------------------------------------------

SLIPS = [
    # change of the settings, of the dictionary, what the sentence must hold
    (("dictionary.csv", "fields.csv"), None, "'fields.csv' cannot be read (no such file"),
    (('dictionary = "dictionary.csv"', ""), None, "no key 'dictionary': name the data dictionary"),
    (("dictionary.csv", "../secrets.csv"), None, "lies outside its folder"),
    (None, ("Field Type", "Type"), "it has no column 'Field Type'. Its columns are: 'Variable"),
    (('skin_type = "skin"', 'skin_type = "fst"'), None, "no column 'fst'"),
    (('"reasons"', '"reasons___dm"'), None, "no column 'reasons___dm'"),
]


@pytest.mark.parametrize(("settings", "dictionary", "part"), SLIPS)
def test_slip_in_the_settings_or_the_dictionary(tmp_path: Path, settings, dictionary, part) -> None:
    """One sentence says what is missing and what is there."""
    project = write(
        tmp_path,
        dictionary=DICTIONARY.replace(*dictionary) if dictionary else DICTIONARY,
        settings=SETTINGS.replace(*settings) if settings else SETTINGS,
    )

    with pytest.raises(SourceError) as refused:
        load(project)

    assert part in str(refused.value)
    assert "\n" not in str(refused.value)
