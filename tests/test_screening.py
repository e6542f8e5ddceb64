"""Contraindications: free text in, present, absent or not recorded out."""

from pathlib import Path

import pytest

from analysis.intake import cells
from analysis.vocabulary import BUILT_IN
from forms import list_problems, read_tables, write_source

SPELLINGS = cells.ContraindicationSpellings.of(BUILT_IN)

TEXTS = [
    # text, present, absent, rules
    ("", "", "", []),
    ("N/A", "", "", []),
    ("unknown", "", "", []),
    ("none", "", "*", []),
    ("None.", "", "*", []),
    ("-", "", "*", []),
    ("denies", "", "*", []),
    ("no contraindications", "", "*", []),
    ("none of the above", "", "*", []),
    ("diabetes", "diabetes", "", []),
    ("diabetes; keloid tendency", "diabetes keloid_tendency", "", []),
    ("Warfarin, cold sore", "anticoagulants active_infection", "", []),
    ("active acne and rosacea", "active_acne rosacea", "", []),
    ("pregnant\nhx of keloids", "pregnancy keloid_tendency", "", []),  # the past is what counts
    ("prone to keloids", "keloid_tendency", "", []),
    ("allergy to nickel", "metal_allergy", "", []),
    ("roaccutane 3 months ago", "isotretinoin", "", []),
    ("no keloid, no diabetes", "", "keloid_tendency diabetes", []),
    ("denies keloid, diabetes", "", "keloid_tendency diabetes", []),  # to the end of its clause
    ("no keloid; diabetes", "diabetes", "keloid_tendency", []),
    ("no keloid but diabetic", "diabetes", "keloid_tendency", []),
    ("?pregnant", "", "", ["uncertain_contraindication"]),
    ("previous melanoma", "", "", ["uncertain_contraindication"]),
    ("vegetarian", "", "", ["unknown_contraindication"]),
    ("vegetarian, lupus", "autoimmune", "", ["unknown_contraindication"]),
]


@pytest.mark.parametrize(("text", "present", "absent", "rules"), TEXTS)
def test_contraindications(text: str, present: str, absent: str, rules: list[str]) -> None:
    """What is named is present, what is denied is absent, what is not named is not known."""
    cell = cells.parse_contraindications(text, SPELLINGS)

    assert [key for key, is_present in cell.known.items() if is_present] == present.split()
    assert [key for key, is_present in cell.known.items() if not is_present] == absent.split()
    assert [problem.rule for problem in cell.problems] == rules


@pytest.mark.parametrize("key", BUILT_IN.contraindications)
def test_every_contraindication_is_read_by_its_name_and_spellings(key: str) -> None:
    """Whatever the vocabulary knows is found in a cell, alone and in a list."""
    block = BUILT_IN.contraindications[key]
    for text in (block.name, *block.spellings):
        assert cells.parse_contraindications(text, SPELLINGS).known == {key: True}, text
        assert cells.parse_contraindications(f"{text.upper()}; x", SPELLINGS).known == {key: True}


LOG = """
    Who,Day,Reasons,Iso
    A,2024-01-01,none,6
    A,2024-01-01,diabetes,
    A,2024-02-01,none,7 months
    A,2024-03-01,,
    B,2024-01-01,no diabetes,long ago
    B,2024-01-01,,
    B,2024-02-01,green hair,
"""
SETTINGS = """
    files = ["log.csv"]
    format = {date_order = "year-month-day"}
    [columns]
    patient = "Who"
    date = "Day"
    contraindications = "Reasons"
    isotretinoin_months = "Iso"
"""


def test_screening_of_a_session(tmp_path: Path) -> None:
    """Two rows of a day are one session: what one of them names is present, and "none" in the
    other does not stand beside it. A blank cell makes no row."""
    project = write_source(tmp_path, SETTINGS, {"log.csv": LOG})
    found = read_tables(project)

    rows = [
        (each["session"].split(" | ")[:2], each["contraindication"], each["is_present"])
        for each in found["screening"]
    ]
    assert rows == [
        (["clinic/A", "2024-01-01"], "diabetes", True),
        (["clinic/A", "2024-02-01"], "*", False),
        (["clinic/B", "2024-01-01"], "diabetes", False),
    ]
    assert [each.get("isotretinoin_months") for each in found["sessions"]] == [
        *(6.0, 7.0, None, None, None),
    ]
    assert list_problems(project) == [
        "log.csv 6 Iso unknown_number, cell blanked",
        "log.csv 8 Reasons unknown_contraindication, noted",
    ]
