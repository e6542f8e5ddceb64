"""What was seen in real logs, as tables a clinician can read: every row of them is a case."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from analysis.intake import cells
from analysis.intake.cells import Found, Target
from analysis.vocabulary import BUILT_IN
from forms import list_problems, read_tables, write_source

HERE = Path(__file__).parent
SEEN = HERE / "data" / "seen-in-logs"
AS_OF = date(2026, 6, 30)
EFFECTS = cells.SideEffectSpellings.of(BUILT_IN)
ITEMS = [*range(1, 12)]
"""The kinds of mess that were seen; 5 and 7 have a file of their own."""


@dataclass(frozen=True)
class Case:
    """One spelling of a row of a table, or one row that names its test."""

    file: str
    line: int
    heading: str
    text: str
    row: dict[str, str]

    @property
    def name(self) -> str:
        """What pytest calls it."""
        return f"{self.file}:{self.line}:{self.text.strip()[:30]}"


def read_cases(path: Path) -> Iterator[Case]:
    """Yield the cases of a file in order; what is neither a table nor a heading is prose."""
    heading, header = "", []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            heading, header = line[3:], []
        if not line.startswith("|") or set(line) <= set("|- "):
            continue
        values = [each.strip() for each in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not header:
            header = values
            continue
        row = dict(zip(header, values, strict=True))
        written = row.get("written", row.get("seen", ""))
        texts = ["" if written == "(blank)" else each for each in list_texts(written)]
        assert texts, f"{path.name}:{number} has no case"
        for text in texts:
            yield Case(path.name, number, heading, text, row)


def list_texts(written: str) -> list[str]:
    """Return the texts between the backticks; a text without them is one."""
    quoted = re.findall(r"`([^`]*)`", written)
    if not quoted:
        return [written]
    assert not re.sub(r"`[^`]*`", "", written).strip("; "), f"not all in backticks: {written}"
    return [each.replace("\\|", "|").replace("⏎", "\n") for each in quoted]


CASES = [case for path in sorted(SEEN.glob("*.md")) for case in read_cases(path)]


def list_cases(file: str) -> list[object]:
    """Return the cases of one file as parameters."""
    return [pytest.param(case, id=case.name) for case in CASES if case.file == file]


# --- the tables are whole ---------------------------------------------------------------------


def test_every_file_is_read_by_a_test() -> None:
    """A table that nobody runs proves nothing."""
    assert {case.file for case in CASES} == {
        "cells.md",
        "concerns.md",
        "files-and-rows.md",
        "side-effects.md",
    }


def test_every_kind_of_mess_has_a_case() -> None:
    """The eleven kinds: nine here by their number, concerns and side effects in their own files."""
    numbered = {int(case.heading.split()[0]) for case in CASES if case.heading[:1].isdigit()}

    assert sorted(numbered | {7}) == ITEMS


def test_no_spelling_stands_twice() -> None:
    """A spelling of one kind of column has one reading."""
    for file in ("side-effects.md", "concerns.md"):
        texts = [case.text.casefold() for case in CASES if case.file == file]
        assert sorted({text for text in texts if texts.count(text) > 1}) == []


# --- side effects and concerns ----------------------------------------------------------------


@pytest.mark.parametrize("case", list_cases("side-effects.md"))
def test_side_effect(case: Case) -> None:
    """Each spelling is read as its row says, in any case."""
    for text in (case.text, case.text.upper()):
        cell = cells.parse_side_effects(text, EFFECTS)

        assert tell_side_effects(cell) == case.row["read as"]
        assert [each.rule for each in cell.problems] == case.row["rule"].split(", ") * bool(
            case.row["rule"]
        )


def tell_side_effects(cell: cells.SideEffectsCell) -> str:
    """Return what is denied, then the events with all that is known, or what is recorded."""
    told = [f"-{term}" for term in cell.denied]
    for event in cell.events:
        severity = {None: "", 1: " mild", 2: " moderate", 3: " severe"}[event.severity]
        hours = "" if event.hours is None else f" {event.hours:g} h"
        told.append(event.term + severity + hours + " resolved" * bool(event.resolved))
    return ", ".join(told) or cell.recorded


@pytest.mark.parametrize("case", list_cases("concerns.md"))
def test_concern(case: Case) -> None:
    """Each spelling is read as its row says, in any case."""
    for text in (case.text, case.text.upper()):
        found = cells.parse_concerns(text, BUILT_IN)
        named = [each.value for each in found if isinstance(each.value, Target)]
        told = [":".join(filter(None, (each.concern, each.subtype))) for each in named]

        assert ", ".join(told or ["nothing"]) == case.row["read as"]
        assert ", ".join(each.rule for each in found if each.rule) == case.row["rule"]


def test_concern_and_side_effect_are_told_apart_by_their_column() -> None:
    """PIH, acne, redness, scars and dryness can be either: only the column decides."""
    for text in ("PIH", "redness", "scars", "breakouts", "rough"):
        assert cells.parse_side_effects(text, EFFECTS).events, text
        assert [each.value for each in cells.parse_concerns(text, BUILT_IN) if each.value], text


# --- single cells -----------------------------------------------------------------------------


def parse_score(text: str, declared: str, side: cells.Side) -> Found:
    return cells.parse_score(text, BUILT_IN.scales[declared.removeprefix("scale ")], ".", side)


def parse_scale(text: str, declared: str) -> Found:
    undeclared = frozenset({declared.removeprefix("undeclared ")} - {""})
    return cells.parse_scale(text, cells.spell_scales(BUILT_IN), undeclared)


PARSERS: dict[str, Callable[[str, str], Found]] = {
    "age": lambda text, declared: cells.parse_age(text, "."),
    "birth_date": lambda text, declared: cells.parse_birth_date(text, declared, AS_OF),
    "date": lambda text, declared: cells.parse_date(text, declared, AS_OF),
    "device": lambda text, declared: cells.parse_text(text),
    "minutes": lambda text, declared: cells.parse_minutes(text, "."),
    "modality": lambda text, declared: cells.parse_modality(text),
    "needle": lambda text, declared: cells.parse_needle(text, "," if declared else "."),
    "pain": lambda text, declared: cells.parse_pain(text, "."),
    "passes": lambda text, declared: cells.parse_passes(text, "."),
    "scale": parse_scale,
    "score_after": lambda text, declared: parse_score(text, declared, "after"),
    "score_after_date": lambda text, declared: cells.parse_later_date(text, declared, AS_OF),
    "score_before": lambda text, declared: parse_score(text, declared, "before"),
    "score of a scale": lambda text, declared: parse_score(text, declared, ""),
    "side": lambda text, declared: cells.parse_side(text),
    "skin_type": lambda text, declared: cells.parse_skin_type(text),
}


@pytest.mark.parametrize(
    "case", [each for each in list_cases("cells.md") if each.values[0].row["column"] != "patient"]
)
def test_cell(case: Case) -> None:
    """Each cell is read as its row says, under the rule that stands there and no other."""
    column = case.row["column"]
    found = PARSERS[column](case.text, case.row["declared"])

    assert (tell_value(column, found.value), found.rule) == (case.row["read as"], case.row["rule"])


def tell_value(column: str, value: object) -> str:
    """Return a value as the tables write it."""
    if value is None:
        return "nothing"
    if isinstance(value, tuple) and column == "needle":
        return " to ".join(f"{each:g}" for each in dict.fromkeys(value)) + " mm"
    if isinstance(value, tuple) and column == "skin_type":
        return f"{value[0]}" + " of a range" * value[1]
    if isinstance(value, tuple):
        return str(value[0])
    return f"{value:g}" if isinstance(value, float | int) else str(value)


@pytest.mark.parametrize(
    "case", [each for each in list_cases("cells.md") if each.values[0].row["column"] == "patient"]
)
def test_id(case: Case) -> None:
    """An id is read beside the other ids of its column, the first form being the commonest."""
    others = re.findall(r"`([^`]*)`", case.row["declared"])
    width = cells.find_width([*others, case.text])
    chosen: dict[str, str] = {}
    for each in (*others, case.text):
        chosen.setdefault(cells.fold_patient(each, width), each)
    found = cells.parse_patient(case.text, chosen, "clinic", width)

    read = "nothing" if found.value is None else str(found.value).removeprefix("clinic/")
    assert (read, found.rule) == (case.row["read as"], case.row["rule"])


# --- files and rows ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", list_cases("files-and-rows.md"))
def test_file_or_row_has_its_test(case: Case) -> None:
    """The test that a row names is there, under that name."""
    file, function = case.row["test"].split()
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))

    assert function in {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


SETTINGS = """
    files = ["until-may.csv", "from-may.csv"]
    format = {delimiter = ";", decimal = ",", date_order = "day-month-year"}
    [columns]
    patient = "Who"
    date = "Day"
    concern = "For"
    area = "Where"
    side = "Side"
    modality = "Service"
    device = "Device"
    needle = "Needle"
    score_before = "Before"
    score_after = "After"
    score_after_date = "Seen"
    [answers]
    scale = "gb_qual"
"""
UNTIL_MAY = """
    Who;Day;For;Where;Side;Service;Device;Needle;Before;After;Seen
    007;01.01.2024;pores;;;;;;;;
    007 ;02.01.2024;pores;;;;;;;;
    7;03.01.2024;pores;;;;;;;;
    012;01.01.2024;pores;;;;;;;;
    F1;01.01.2024;acne scars + PIH;;;;;;;;
    F2;01.01.2024;PIH, acne scars;;;;;;;;
    SWAP;01.01.2024;acne scars;;;;;;2;3;01.06.2024
    ARROW;01.01.2024;acne scars;;;;;;3→2;3→2;01.06.2024
    COMMA;01.01.2024;acne scars;;;;;1,5 mm;2,5;;
    SUM;01.01.2024;acne scars;=SUM(A1:A9);;;=1+1;;;;
    SPLIT;01.01.2024;acne scars;face;L;;;;3;;
    SPLIT;01.01.2024;acne scars;face;R;;;;2;;
    AREAS;01.01.2024;acne scars;cheeks;;;;;;;
    AREAS;01.01.2024;acne scars + pores;forehead;;;;;;;
    AREAS;01.01.2024;acne scars;back;;;;;;;
    AREAS;01.01.2024;acne scars;cheeks;;;;;3;;
    RF;01.01.2024;acne scars;;;Microneedling;;;;;
    RF;01.02.2024;acne scars;;;RF microneedling;;;;;
    TWICE;01.05.2024;acne scars;;;;;;;;
"""
FROM_MAY = """
    Who;Day;For;Where;Side;Service;Device;Needle;Before;After;Seen
    TWICE;01.05.2024;acne scars;;;;;;;;
    TWICE;01.06.2024;acne scars;;;;;;;;
"""


class Seen:
    """The tables and problems of a source."""

    def __init__(self, project: Path) -> None:
        self.tables = read_tables(project)
        self.problems = list_problems(project)

    def tell(self, table: str, patient: str, column: str) -> list[object]:
        """Return a column of a table, of one patient."""
        keys = {
            each["session"]
            for each in self.tables["sessions"]
            if each["patient"] == f"clinic/{patient}"
        }
        return [each.get(column) for each in self.tables[table] if each["session"] in keys]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The log above."""
    files = {"until-may.csv": UNTIL_MAY, "from-may.csv": FROM_MAY}
    return Seen(write_source(tmp_path_factory.mktemp("seen"), SETTINGS, files))


def test_what_is_listed_of_the_log(seen: Seen) -> None:
    """These problems and no others: what is read as meant is none."""
    assert seen.problems == [
        "from-may.csv 2 duplicate_row, row set aside",
        "until-may.csv 12 two_scores_on_a_day, noted",
        "until-may.csv 13 two_scores_on_a_day, noted",
        "until-may.csv 3 Day short_interval, noted",
        "until-may.csv 3 Who patient_id_tidied, repaired",
        "until-may.csv 4 Day short_interval, noted",
        "until-may.csv 4 Who patient_id_tidied, repaired",
        "until-may.csv 9 After score_with_arrow, repaired",
        "until-may.csv 9 Before score_with_arrow, repaired",
    ]


def test_one_person_in_several_ways(seen: Seen) -> None:
    """Letters, spaces and lost zeros do not make another patient."""
    ids = [str(each["patient"]) for each in seen.tables["patients"]]

    assert [each for each in ids if each[-1:].isdigit() and "F" not in each] == [
        "clinic/007",
        "clinic/012",
    ]
    assert len(seen.tell("sessions", "007", "date")) == 3


def test_first_concern_is_the_primary_one(seen: Seen) -> None:
    """The order of the cell is kept."""
    primary = {
        who: dict(
            zip(
                seen.tell("targets", who, "concern"),
                seen.tell("targets", who, "is_primary"),
                strict=True,
            )
        )
        for who in ("F1", "F2")
    }

    assert primary == {
        "F1": {"acne_scars": True, "pigmentation": False},
        "F2": {"acne_scars": False, "pigmentation": True},
    }


def test_scores_that_changed_places_are_read_as_written(seen: Seen) -> None:
    """A worse score after than before is a result; that two cells were swapped cannot be seen."""
    assert seen.tell("assessments", "SWAP", "score") == [2.0, 3.0]


def test_arrow_is_read_by_its_column(seen: Seen) -> None:
    """Of "3→2" the column of scores before takes 3, that of scores after takes 2."""
    assert seen.tell("assessments", "ARROW", "score") == [3.0, 2.0]


def test_semicolons_with_a_decimal_comma(seen: Seen) -> None:
    """A comma divides no cells and is the mark of a fraction."""
    assert seen.tell("sessions", "COMMA", "needle_longest") == [1.5]
    assert seen.tell("assessments", "COMMA", "score") == [2.5]


def test_formula_as_text_is_text(seen: Seen) -> None:
    """What a spreadsheet would run is kept as the text it is."""
    assert seen.tell("sessions", "SUM", "device") == ["=1+1"]


def test_split_face_is_one_session(seen: Seen) -> None:
    """Left and right of one day are one session; a score keeps the side of its row."""
    assert seen.tell("targets", "SPLIT", "side") == ["both"]
    assert seen.tell("assessments", "SPLIT", "side") == ["left", "right"]


def test_two_areas_on_a_day_are_one_session(seen: Seen) -> None:
    """Another area is no duplicate, and none is lost: each concern has its areas in order."""
    assert len(seen.tell("sessions", "AREAS", "date")) == 1
    concerns, areas = (seen.tell("targets", "AREAS", each) for each in ("concern", "area"))
    assert dict(zip(concerns, areas, strict=True)) == {
        "acne_scars": "cheeks; forehead; back",
        "enlarged_pores": "forehead",
    }


def test_exports_that_overlap(seen: Seen) -> None:
    """A row that stands in two exports counts once."""
    assert seen.tell("sessions", "TWICE", "date") == ["2024-05-01", "2024-06-01"]


def test_service_is_what_its_name_says(seen: Seen) -> None:
    """Radiofrequency under the name of plain needling is plain needling: nothing else is known."""
    assert seen.tell("sessions", "RF", "modality") == ["microneedling", "rf_microneedling"]


BOOK = """
    files = ["log.xlsx"]
    format = {kind = "workbook", date_order = "year-month-day"}
    [columns]
    patient = "Who"
    date = "Day"
    needle = "Needle"
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A protected sheet with a hidden column of needles."""
    project = write_source(tmp_path_factory.mktemp("book"), BOOK, {})
    with xlsxwriter.Workbook(project / "data/clinic/log.xlsx") as workbook:
        sheet = workbook.add_worksheet("Log")
        sheet.write_row(0, 0, ["Who", "Day", "Needle"])
        sheet.write_row(1, 0, ["P1", "2024-01-01", "1.5"])
        sheet.set_column(2, 2, None, None, {"hidden": True})
        sheet.protect("secret")
    return Seen(project)


def test_hidden_column_is_read_like_any_other(book: Seen) -> None:
    """What a person does not see in the sheet is in the log all the same."""
    assert book.tell("sessions", "P1", "needle_longest") == [1.5]


def test_protected_sheet_can_be_read(book: Seen) -> None:
    """Protection of a sheet is against changes; the file itself is not encrypted."""
    assert book.tell("sessions", "P1", "date") == ["2024-01-01"]
