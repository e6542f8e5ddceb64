"""Raw exports of REDCap: codes become labels, base rows reach their instances, lines stay."""

from pathlib import Path

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


def test_codes_become_labels(tmp_path: Path) -> None:
    """The dictionary's choices are what the codes mean; a comma in a label is part of it."""
    project = write(tmp_path, RECORDS.replace("P-8,2,-9", "P-8,2,10"))

    assert read_text(project, "sex") == ["Female"] * 3 + ["Male"] * 2 + ["Female"]
    assert read_text(project, "skin") == ["IV"] * 3 + ["I, II or III"] * 2 + ["IV"]
    assert read_text(project, "serious") == ["", "No", "Yes", "", "", ""]


def test_tick_boxes_become_one_cell(tmp_path: Path) -> None:
    """The labels of the ticked ones, in the dictionary's order; none ticked is a blank cell."""
    project = write(tmp_path)

    assert read_text(project, "concern") == [
        *("", "Acne scars; Fine lines", "Acne scars", "", "Fine lines", ""),
    ]
    assert read_text(project, "reasons") == [
        *("", "Diabetes; Keloid tendency", "None", "", "", ""),
    ]
    headers = read_headers(project)
    assert not [header for header in headers if "___" in header]


def test_what_is_known_of_a_person_reaches_every_visit(tmp_path: Path) -> None:
    """Id, sex and skin type stand in the base row alone; the visits have them all the same."""
    found = read_tables(write(tmp_path))

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


def test_base_rows_are_no_sessions(tmp_path: Path) -> None:
    """Three base rows, one of them of a person without a visit, and three visits."""
    assert load(write(tmp_path)).account == Account(read=6, used=3, set_aside=0, not_data=3)


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


def test_labels_in_the_cells_are_read_too(tmp_path: Path) -> None:
    """An export with labels says the same in other words."""
    labels = RECORDS.replace("P-7,1,4", "P-7,Female,IV").replace(
        "1,1,0,0,1,1",
        ",".join(["Checked", "Checked", "Unchecked", "Unchecked", "Checked", "Checked"]),
    )

    assert read_tables(write(tmp_path / "a", labels)) == read_tables(write(tmp_path / "b"))


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
