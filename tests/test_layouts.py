"""Several layouts in one source, and the same clinic in four forms: one cohort."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from analysis.errors import SourceError
from analysis.intake import cells
from analysis.intake.clean import Account
from analysis.intake.engine import Engine
from analysis.intake.sources import read_log, read_source
from analysis.vocabulary import Scale
from forms import list_problems, load, read_tables, write_source, write_workbook

# --- the same clinic in four forms ----------------------------------------------------------

LOG = """
Client;Day;Sex;Born;Skin;For;Side;What;mm;Scale;Pre;Post;Seen;GAIS;Harm;Grade;Stop;Reasons;Iso;Came
A1;03.01.2024;F;01.06.1990;IV;acne scars;L;Dermapen;1,5;GB;III;;;;red 2 days;mild;no;none;;done
A1;03.01.2024;F;01.06.1990;IV;acne scars;R;Dermapen;1500;GB;III;;;;;;;;;done
A1;07.02.2024;f;01.06.1990;4;AS;;Dermapen;1,5;GB;;2;10.05.2024;2;PIH;2;yes;no diabetes;;done
A1;07.03.2024;;;;;;;;;;;;;;;;;;no-show
B2;5-Mar-24;M;;II;wrinkles / fine lines;;fractional RF;2;Lemperle;4;;;;nil;;;diabetes;8 months;done
B2;05.04.2024;M;;II;wrinkles;;home roller;0,3;;;;;;;;;;;
"""
COLUMNS = """
    [columns]
    patient = "Client"
    date = "Day"
    sex = "Sex"
    birth_date = "Born"
    skin_type = "Skin"
    concern = "For"
    side = "Side"
    modality = "What"
    needle = "mm"
    scale = "Scale"
    score_before = "Pre"
    score_after = "Post"
    score_after_date = "Seen"
    side_effects = "Harm"
    severity = "Grade"
    stopped = "Stop"
    contraindications = "Reasons"
    isotretinoin_months = "Iso"
    status = "Came"
    [answers]
    clinic = "North"
"""
SETTINGS = """
    files = ["FILE"]
    scales = {gais = "one_is_best"}
    scores = {gais = "GAIS"}
    format = {KIND, decimal = ",", date_order = "day-month-year"}
"""
# base rows first: what is known of a person; then one row per instance
RECORDS = """
Client,redcap_repeat_instance,Sex,Born,Skin,Day,For,Side,What,mm,Scale,Pre,Post,Seen,GAIS,Harm,\
Grade,Stop,Reasons___0,Reasons___1,Reasons___2,Iso
A1,,2,1990-06-01,4,,,,,,,,,,,,,,0,0,0,
A1,1,,,,2024-01-03,1,1,1,1.5,1,3,,,,red 2 days,1,0,1,0,0,
A1,2,,,,2024-01-03,1,2,1,1.5,1,3,,,,,,,0,0,0,
A1,3,,,,2024-02-07,1,,1,1.5,1,,2,2024-05-10,2,PIH,2,1,0,0,1,
B2,,1,,2,,,,,,,,,,,,,,0,0,0,
B2,1,,,,2024-03-05,2,,2,2.0,2,4,,,,none,,,0,1,0,8
B2,2,,,,2024-04-05,3,,3,0.3,,,,,,,,,0,0,0,
"""
DICTIONARY = """
Variable / Field Name,Field Type,"Choices, Calculations, OR Slider Labels"
Sex,radio,"1, Male | 2, Female"
Born,text,
Skin,dropdown,"1, I | 2, II | 3, III | 4, IV | 5, V | 6, VI"
For,radio,"1, Acne scars | 2, Wrinkles and fine lines | 3, Wrinkles"
Side,radio,"1, Left | 2, Right"
What,radio,"1, Microneedling | 2, RF microneedling | 3, Roller at home"
Scale,radio,"1, Goodman-Baron | 2, Lemperle"
Grade,radio,"1, mild | 2, moderate | 3, severe"
Stop,yesno,
Reasons,checkbox,"0, None | 1, Diabetes | 2, No diabetes"
"""
CANONICAL = {
    "patients.csv": """
        patient,sex,age,skin_type,skin_type_is_range
        A1,female,33,4,false
        B2,male,,2,false""",
    "sessions.csv": """
        session,patient,date,clinic,operator,setting,modality,device,device_serial,cartridge_lot,\
serum_lot,needle_shortest,needle_longest,passes,minutes,anaesthetic,adjunct,endpoint,aftercare,pain,\
isotretinoin_months,recorded
        1,A1,2024-01-03,North,,clinic,microneedling,,,,,1.5,1.5,,,,,,,,,event
        2,A1,2024-02-07,North,,clinic,microneedling,,,,,1.5,1.5,,,,,,,,,event
        3,B2,2024-03-05,North,,clinic,rf_microneedling,,,,,2,2,,,,,,,,8,none
        4,B2,2024-04-05,North,,home,microneedling,,,,,0.3,0.3,,,,,,,,,not recorded""",
    "targets.csv": """
        session,concern,is_primary,subtype,area,side
        1,acne_scars,true,,,both
        2,acne_scars,true,,,
        3,wrinkles,true,,,
        3,fine_lines,false,,,
        4,wrinkles,true,,,""",
    "assessments.csv": """
        patient,concern,scale,date,session,area,side,score,rater
        A1,acne_scars,gb_qual,2024-01-03,1,,left,3,investigator
        A1,acne_scars,gb_qual,2024-01-03,1,,right,3,investigator
        A1,acne_scars,gb_qual,2024-05-10,2,,,2,investigator
        A1,acne_scars,gais,2024-05-10,2,,,2,investigator
        B2,wrinkles,lemperle,2024-03-05,3,,,4,investigator""",
    "side_effects.csv": """
        session,patient,term,written_as,severity,serious,hours,is_resolved,action,led_to_stopping
        1,A1,erythema,erythema,1,,48,,,false
        2,A1,pih,pih,2,,,,,true""",
    "recorded.csv": """
        session,patient,term
        1,A1,*
        2,A1,*
        3,B2,*""",
    "screening.csv": """
        session,patient,contraindication,is_present
        1,A1,*,false
        2,A1,diabetes,false
        3,B2,diabetes,true""",
}


def write_delimited(folder: Path) -> Path:
    settings = SETTINGS.replace("FILE", "log.csv").replace("KIND", "delimiter = ';'")
    return write_source(folder, settings + COLUMNS, {"log.csv": LOG})


def write_xlsx(folder: Path) -> Path:
    rows = [line.split(";") for line in LOG.strip().splitlines()]
    settings = SETTINGS.replace("FILE", "log.xlsx").replace("KIND", "kind = 'workbook'")
    project = write_source(folder, settings + COLUMNS, {})
    sheets = {"Log": [["Visits of the clinic"], [], *rows, ["Total", "", "6 visits"]]}
    write_workbook(project / "data/clinic/log.xlsx", sheets)
    return project


def write_redcap(folder: Path) -> Path:
    settings = SETTINGS.replace("FILE", "records.csv").replace("KIND", "kind = 'redcap'")
    settings = settings.replace('decimal = ","', 'decimal = "."') + 'dictionary = "dictionary.csv"'
    columns = COLUMNS.replace('status = "Came"', "")
    files = {"records.csv": RECORDS, "dictionary.csv": DICTIONARY}
    return write_source(folder, settings + columns, files)


def write_canonical(folder: Path) -> Path:
    settings = "scales = {gais = 'one_is_best'}\nformat = {kind = 'tables'}\n"
    return write_source(folder, settings + f"files = {[*CANONICAL]}", CANONICAL)


FIRST = "clinic/A1 | 2024-01-03 | microneedling | clinic"
SECOND = "clinic/A1 | 2024-02-07 | microneedling | clinic"
THIRD = "clinic/B2 | 2024-03-05 | rf_microneedling | clinic"
HOME = "clinic/B2 | 2024-04-05 | microneedling | home"
FORMS = (write_delimited, write_xlsx, write_redcap, write_canonical)
Write = Callable[[Path], Path]


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Write, Path]:
    """Form → project that has the log in it; what is loaded of it is kept there."""
    return {write: write(tmp_path_factory.mktemp("form")) for write in FORMS}


@pytest.mark.parametrize("write", FORMS)
def test_any_form_gives_what_is_in_the_log(forms: Mapping[Write, Path], write: Write) -> None:
    """What a person reads out of the log above is what each form is read as."""
    found = read_tables(forms[write])

    assert found["patients"] == [
        {"patient": "clinic/A1", "sex": "female", "age": 33, "skin_type": 4}
        | {"skin_type_is_range": False},
        {"patient": "clinic/B2", "sex": "male", "skin_type": 2, "skin_type_is_range": False},
    ]
    assert [each["session"] for each in found["sessions"]] == [FIRST, SECOND, THIRD, HOME]
    assert [each["needle_longest"] for each in found["sessions"]] == [1.5, 1.5, 2.0, 0.3]
    assert [each["recorded"] for each in found["sessions"]] == [
        *("event", "event", "none", "not recorded"),
    ]
    assert {each["clinic"] for each in found["sessions"]} == {"North"}
    assert found["side_effects"] == [
        {"session": FIRST, "patient": "clinic/A1", "term": "erythema", "written_as": "erythema"}
        | {"severity": 1, "hours": 48.0, "led_to_stopping": False},
        {"session": SECOND, "patient": "clinic/A1", "term": "pih", "written_as": "pih"}
        | {"severity": 2, "led_to_stopping": True},
    ]
    scores = [
        (each["scale"], each["date"], each.get("side"), each["score"])
        for each in found["assessments"]
    ]
    assert scores == [
        ("gais", "2024-05-10", None, 2.0),
        ("gb_qual", "2024-01-03", "left", 3.0),
        ("gb_qual", "2024-01-03", "right", 3.0),
        ("gb_qual", "2024-05-10", None, 2.0),
        ("lemperle", "2024-03-05", None, 4.0),
    ]


@pytest.mark.parametrize("write", FORMS[1:])
def test_any_form_gives_the_same_cohort(forms: Mapping[Write, Path], write: Write) -> None:
    """Every table and every course is the same as from delimited text."""
    assert read_tables(forms[write]) == read_tables(forms[write_delimited])


@pytest.mark.parametrize(
    ("write", "rows"),
    [
        (write_delimited, Account(read=6, used=5, set_aside=0, not_data=1)),  # the no-show
        (write_xlsx, Account(read=9, used=5, set_aside=0, not_data=4)),  # title, blank, total
        (write_redcap, Account(read=7, used=5, set_aside=0, not_data=2)),  # the base rows
        (write_canonical, Account(read=24, used=24, set_aside=0, not_data=0)),
    ],
)
def test_every_row_of_a_form_is_accounted_for(
    forms: Mapping[Write, Path], write: Write, rows: Account
) -> None:
    """Rows read = used + set aside + not data, as counted by eye; no cell is a problem."""
    project = forms[write]

    assert load(project).account == rows
    assert list_problems(project) == [
        each for each in list_problems(project) if "several_concerns_fit" in each
    ]


# --- layouts of different habits ------------------------------------------------------------

TWO = """
    [[layouts]]
    files = ["north.csv"]
    format = {delimiter = ";", decimal = ",", date_order = "day-month-year"}
    [layouts.columns]
    patient = "Client"
    date = "Day"
    needle = "mm"
    concern = "For"
    side_effects = "Harm"
    [layouts.answers]
    clinic = "North"

    [[layouts]]
    files = ["lake.csv"]
    format = {date_order = "month-day-year"}
    [layouts.columns]
    patient = "MRN"
    date = "DOS"
    needle = "Depth"
    clinic = "Site"
    side_effects = "Since last visit"
    [layouts.scores]
    gb_qual = "GB"
    [layouts.answers]
    clinic = "Lake"
    concern = "acne_scars"
    side_effects_belong_to = "previous session"
"""
NORTH = """
    Client;Day;For;mm;Harm
    N1;03.04.2024;acne scars;1,5;none
    N1;04.05.2024;acne scars;15;PIH
    ;;;;
"""
LAKE = """
    MRN,DOS,Depth,Since last visit,GB,Site
    L1,04/03/2024,1.5,,3,
    L1,05/03/2024,1.5,PIH,7,Pier
    L1,13/03/2024,1.5,none,2,
    L1,04/03/2024,1.5,,3,
"""


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return write_source(tmp_path, TWO, {"north.csv": NORTH, "lake.csv": LAKE})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project, which nothing changes; what is loaded of it is kept there."""
    return write_source(tmp_path_factory.mktemp("two"), TWO, {"north.csv": NORTH, "lake.csv": LAKE})


def test_each_layout_is_read_in_its_own_way(kept: Path) -> None:
    """Day and month, decimal marks, clinics and "since last visit" are those of the layout."""
    found = read_tables(kept)

    sessions = [
        (each["patient"], each["date"], each["clinic"], each["recorded"])
        for each in found["sessions"]
    ]
    assert sessions == [
        ("clinic/L1", "2024-04-03", "Lake", "event"),  # told at the next visit
        ("clinic/L1", "2024-05-03", "Pier", "not recorded"),
        ("clinic/N1", "2024-04-03", "North", "none"),
        ("clinic/N1", "2024-05-04", "North", "event"),
    ]
    assert [each["concern"] for each in found["targets"]] == ["acne_scars"] * 4


def test_rows_of_all_layouts_are_accounted_for_together(kept: Path) -> None:
    """Seven rows: four used, one of 13 March in month 13, one twice, one blank."""
    assert load(kept).account == Account(read=7, used=4, set_aside=2, not_data=1)


def test_problems_name_file_and_column_of_their_layout(kept: Path) -> None:
    """The header is the one that the file at hand has."""
    assert list_problems(kept) == [
        "lake.csv 3 GB score_outside_scale, cell blanked",
        "lake.csv 4 DOS impossible_date, row set aside",
        "lake.csv 5 duplicate_row, row set aside",
        "north.csv 3 mm ambiguous_needle, cell blanked",
    ]


def test_patient_of_two_layouts_is_one_patient(tmp_path: Path) -> None:
    """An id is unique in its source; written twice in two ways, the commoner one counts."""
    lake = LAKE.replace("L1,", "n1,")
    project = write_source(tmp_path, TWO, {"north.csv": NORTH, "lake.csv": lake})

    assert [each["patient"] for each in read_tables(project)["patients"]] == ["clinic/n1"]


def test_log_keeps_the_place_of_every_row(engine: Engine, two: Path) -> None:
    """All layouts together are one log, each row with its layout, file and line."""
    log = read_log(engine, read_source(two, "clinic"))
    rows = log.rows.order_by("row").execute()

    assert rows[["row", "layout", "file", "line", "width"]].to_numpy().tolist() == [
        [0, 0, "north.csv", 2, 5],
        [1, 0, "north.csv", 3, 5],
        [2, 0, "north.csv", 4, 5],
        [3, 1, "lake.csv", 2, 6],
        [4, 1, "lake.csv", 3, 6],
        [5, 1, "lake.csv", 4, 6],
        [6, 1, "lake.csv", 5, 6],
    ]
    assert rows[log.find_text("MRN")].tolist() == ["", "", "", *["L1"] * 4]


def test_source_with_one_layout_in_a_list_is_the_same_source(
    forms: Mapping[Write, Path], tmp_path: Path
) -> None:
    """``[[layouts]]`` with one entry says what the top of ``source.toml`` says."""
    alone = forms[write_delimited]
    settings = (alone / "data/clinic/source.toml").read_text(encoding="utf-8")
    settings = settings.partition("files")[2]
    layout = re.sub(r"^\s*scales = .*$", "", f"files{settings}", flags=re.MULTILINE)
    for block in ("columns", "answers"):
        layout = layout.replace(f"[{block}]", f"[layouts.{block}]")
    listed = write_source(
        tmp_path,
        f"scales = {{gais = 'one_is_best'}}\n[[layouts]]\n{layout}",
        {"log.csv": LOG},
    )

    assert read_tables(listed) == read_tables(alone)


SLIPS = [
    # what is replaced, by what, what the sentence must hold
    ('date = "DOS"', "", ["No date column is mapped", "layout 2, block [columns]"]),
    ('date = "DOS"', 'date = "Date"', ["'lake.csv'", "no column 'Date'", "names as date", "'DOS'"]),
    ('gb_qual = "GB"', 'gb_qual = "IGA"', ["no column 'IGA'", "the score on gb_qual"]),
    ('gb_qual = "GB"', 'goodman = "GB"', ["Unknown scale 'goodman'", "'scores'"]),
    ('files = ["lake.csv"]', "", ["layout 2 names no files"]),
    ('files = ["lake.csv"]', 'file = "lake.csv"', ["Unknown key 'file'", "layout 2", "'files'"]),
    ('concern = "acne_scars"', 'concern = "acne"', ["Unknown concern 'acne'"]),
    (
        "[[layouts]]",
        "answers = {clinic = 'X'}\n[[layouts]]",
        ["'answers' stands beside [[layouts]]"],
    ),
    ('"month-day-year"', '"month-day-year", kind = "excel"', ["Unknown kind 'excel'", "workbook"]),
    ('"month-day-year"', '"month-day-year", kind = "redcap"', ["no key 'dictionary'"]),
    ('"month-day-year"', '"month-day-year", kind = "tables"', ["missing: patients.csv"]),
]


@pytest.mark.parametrize(("old", "new", "parts"), SLIPS)
def test_slip_in_a_layout(two: Path, old: str, new: str, parts: list[str]) -> None:
    """One sentence names the layout, the key and what is possible."""
    file = two / "data/clinic/source.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(SourceError) as refused:
        load(two)

    sentence = str(refused.value)
    assert [part for part in parts if part not in sentence] == []
    assert "\n" not in sentence


# --- columns named by their scale -----------------------------------------------------------

SCORES = """
    files = ["log.csv"]
    format = {date_order = "year-month-day"}
    SCALES
    [columns]
    patient = "Who"
    date = "Day"
    concern = "For"
    score_after_date = "Seen"
    rater = "By"
    [scores]
    gais = "GAIS"
    mmasi = "mMASI"
"""
SCORED = """
    Who,Day,For,GAIS,mMASI,Seen,By
    A,2024-01-01,melasma,,13.2,,blinded
    A,2024-02-01,melasma,2,6.6,2024-05-01,self
    B,2024-01-01,acne scars,,5,,
    B,2024-02-01,acne scars,3,,2023-12-31,boss
    B,2024-03-01,acne scars / melasma,1,n/a,,
"""
GAIS = 'scales = {gais = "one_is_best"}'


def test_score_is_of_the_later_day_where_there_is_one(tmp_path: Path) -> None:
    """A column that is named by its scale needs no scale cell; its day is that of the row."""
    project = write_source(tmp_path, SCORES.replace("SCALES", GAIS), {"log.csv": SCORED})
    found = read_tables(project)["assessments"]

    assert [(each["scale"], each["date"], each["score"], each["rater"]) for each in found] == [
        ("gais", "2024-05-01", 2.0, "patient"),
        ("mmasi", "2024-01-01", 13.2, "blinded"),
        ("mmasi", "2024-05-01", 6.6, "patient"),
        ("gais", "2024-03-01", 1.0, "investigator"),
    ]
    assert list_problems(project) == [
        "log.csv 4 mMASI scale_does_not_fit, cell blanked",
        "log.csv 5 By unknown_rater, cell blanked",
        "log.csv 5 GAIS follow_up_before_session, cell blanked",
        "log.csv 6 GAIS several_concerns_fit, noted",
    ]


def test_column_of_an_undeclared_scale_is_an_open_question(tmp_path: Path) -> None:
    """GAIS has no default order: its cells are listed, and everything else is read."""
    project = write_source(tmp_path, SCORES.replace("SCALES", ""), {"log.csv": SCORED})

    listed = [each for each in list_problems(project) if "undeclared_scale" in each]
    assert listed == [
        f"log.csv {line} GAIS undeclared_scale, cell blanked" for line in ("3", "5", "6")
    ]


# --- rows -----------------------------------------------------------------------------------

ROWS = """
    files = ["log.csv"]
    format = {date_order = "year-month-day"}
    [columns]
    patient = "Who"
    date = "Day"
    birth_date = "Born"
    status = "Came"
    side_effects = "Harm"
    severity = "Grade"
"""
CAME = """
    Who,Day,Born,Came,Harm,Grade
    0071,2024-01-01,1990-05-01,attended,none,severe
    0071,2024-02-01,1990-05-01,,none,
    71,2024-03-01,2024-04-01,Completed,none,0
    0072,2024-01-01,,cancelled,none,
    0072,,,No Show,,
    0072,2024-01-02,,DNA,,
    0072,2024-01-03,,maybe,PIH,
    Jane Smith,2024-01-01,,attended,none,
"""


def test_bookings_are_not_sessions(tmp_path: Path) -> None:
    """Cancelled and missed bookings are no data, whatever else their row lacks; a word that is not
    understood is neither left out nor counted: the row is set aside."""
    project = write_source(tmp_path, ROWS, {"log.csv": CAME})

    assert load(project).account == Account(read=8, used=3, set_aside=2, not_data=3)
    assert list_problems(project) == [
        "log.csv 2 Grade detail_without_side_effect, noted",
        "log.csv 4 Born session_before_birth, cell blanked",
        "log.csv 4 Who patient_id_tidied, repaired",
        "log.csv 8 Came unknown_status, row set aside",
        "log.csv 9 Who name_in_id_column, row set aside",
    ]
    patient = read_tables(project)["patients"]
    assert patient == [{"patient": "clinic/0071", "age": 33}]


def test_name_is_nowhere_but_in_the_log(tmp_path: Path) -> None:
    """A person's name in the id column reaches no table, no problem and no list of identifiers."""
    project = write_source(tmp_path, ROWS, {"log.csv": CAME})
    cohort = load(project)

    kept = [*map(str, cohort.problems.to_numpy().ravel()), *cohort.list_patients()]
    assert not [each for each in kept if "Jane" in each or "Smith" in each]


# --- cells ----------------------------------------------------------------------------------

AS_OF = date(2026, 6, 30)
PERCENT = Scale(
    key="p", name="p", reference="", concerns=("any",), kind="change", direction="higher", unit="%"
)
GRADED = Scale(
    **{"key": "g", "name": "g", "reference": "", "concerns": ("any",), "kind": "ordinal"},
    direction="lower",
    minimum=0,
    maximum=3,
    grades={"0": "none", "1": "mild", "3": "severe"},
)
CELLS = [
    # parser, arguments after the text, text, value, rule
    (cells.parse_date, ("day-month-year", AS_OF), "45385", date(2024, 4, 3), "excel_serial_date"),
    (
        cells.parse_date,
        ("day-month-year", AS_OF),
        "45385.75",
        date(2024, 4, 3),
        "excel_serial_date",
    ),
    (cells.parse_date, ("day-month-year", AS_OF), "3-Apr-24", date(2024, 4, 3), ""),
    (cells.parse_date, ("undeclared", AS_OF), "Apr 3rd, 2024", date(2024, 4, 3), ""),
    (cells.parse_date, ("undeclared", AS_OF), "Wed 3 April 2024", date(2024, 4, 3), ""),
    (cells.parse_date, ("month-day-year", AS_OF), "3 dez. 2024", date(2024, 12, 3), ""),
    (cells.parse_date, ("day-month-year", AS_OF), "31-Apr-24", None, "impossible_date"),
    (cells.parse_date, ("day-month-year", AS_OF), "3-Foo-24", None, "impossible_date"),
    (cells.parse_date, ("day-month-year", AS_OF), "03.04.1924", None, "date_too_early"),
    (cells.parse_later_date, ("day-month-year", AS_OF), "", None, ""),
    (cells.parse_later_date, ("day-month-year", AS_OF), "1900-01-01", None, "missing_date"),
    (cells.parse_birth_date, ("day-month-year", AS_OF), "01.02.85", date(1985, 2, 1), ""),
    (cells.parse_birth_date, ("day-month-year", AS_OF), "01.02.20", None, "ambiguous_date"),
    (cells.parse_birth_date, ("undeclared", AS_OF), "01/02/1985", None, "ambiguous_date"),
    (cells.parse_birth_date, ("day-month-year", AS_OF), "1900-01-01", None, "impossible_age"),
    (cells.parse_birth_date, ("day-month-year", AS_OF), "spring", None, "impossible_date"),
    (cells.parse_score, (PERCENT, "."), "60 %", 60.0, ""),
    (cells.parse_score, (PERCENT, "."), "60", 60.0, ""),
    (cells.parse_score, (PERCENT, "."), "0.6", None, "ambiguous_percent"),
    (cells.parse_score, (PERCENT, "."), ">75%", None, "unknown_score"),
    (cells.parse_score, (PERCENT, "."), "50-75 %", None, "unknown_score"),
    (cells.parse_score, (GRADED, "."), "Mild", 1.0, ""),
    (cells.parse_score, (GRADED, "."), "moderate", None, "unknown_score"),  # has no word here
    (cells.parse_score, (GRADED, "."), "60 %", None, "unknown_score"),
    (cells.parse_score, (GRADED, "."), "3/4", None, "unknown_score"),
    (cells.parse_score, (GRADED, "."), "3→2", None, "unknown_score"),
    (cells.parse_minutes, (",",), "45", 45.0, ""),
    (cells.parse_minutes, (",",), "45 min", 45.0, ""),
    (cells.parse_minutes, (",",), "1 h", 60.0, ""),
    (cells.parse_minutes, (",",), "1h30", 90.0, ""),
    (cells.parse_minutes, (",",), "0:45", 45.0, ""),
    (cells.parse_minutes, (",",), "0", None, "impossible_minutes"),
    (cells.parse_minutes, (",",), "999", None, "impossible_minutes"),
    (cells.parse_minutes, (",",), "long", None, "unknown_number"),
    (cells.parse_pain, (".",), "4", 4.0, ""),
    (cells.parse_pain, (".",), "4/10", 4.0, ""),
    (cells.parse_pain, (".",), "4/5", None, "unknown_number"),
    (cells.parse_pain, (".",), "40", None, "impossible_pain"),
    (cells.parse_isotretinoin_months, (".",), "8", 8.0, ""),
    (cells.parse_isotretinoin_months, (".",), "8 months ago", 8.0, ""),
    (cells.parse_isotretinoin_months, (".",), "2 yrs", 24.0, ""),
    (cells.parse_isotretinoin_months, (".",), "current", 0.0, ""),
    (cells.parse_isotretinoin_months, (".",), "never", None, ""),
    (cells.parse_isotretinoin_months, (".",), "9999", None, "impossible_months"),
    (cells.parse_isotretinoin_months, (".",), "long ago", None, "unknown_number"),
    (cells.parse_status, (), "Did not attend", False, ""),
    (cells.parse_status, (), "", True, ""),
    (cells.parse_modality, (), "RF", ("rf_microneedling", None), ""),
    (cells.parse_modality, (), "Fractional RF", ("rf_microneedling", None), ""),
    (cells.parse_modality, (), "roller at home", ("microneedling", "home"), ""),
    (cells.parse_modality, (), "CO2 laser", ("laser", None), ""),
    (cells.parse_modality, (), "TCA peel", ("chemical_peel", None), ""),
    (cells.parse_modality, (), "magic", ("other", None), "unknown_modality"),
    (cells.parse_setting, (), "Home use", "home", ""),
    (cells.parse_setting, (), "spa", None, "unknown_setting"),
    (cells.parse_side, (), "L", "left", ""),
    (cells.parse_side, (), "bilateral", "both", ""),
    (cells.parse_side, (), "top", None, "unknown_side"),
    (cells.parse_rater, (), "Dr.", "investigator", ""),
    (cells.parse_rater, (), "self-assessed", "patient", ""),
    (cells.parse_rater, (), "VISIA", "device", ""),
    (cells.parse_severity, (), "Grade 2", 2, ""),
    (cells.parse_severity, (), "severe", 3, ""),
    (cells.parse_severity, (), "none", None, ""),
    (cells.parse_severity, (), "1-2", None, "unknown_severity"),
    (cells.parse_severity, (), "6", None, "unknown_severity"),
    (cells.parse_answer, (), "Yes", True, ""),
    (cells.parse_answer, (), "0", False, ""),
    (cells.parse_answer, (), "perhaps", None, "unknown_answer"),
    (cells.parse_text, (), " SN  4 ", "SN 4", ""),
    (cells.parse_text, (), "--", None, ""),
]


@pytest.mark.parametrize(("parse", "more", "text", "value", "rule"), CELLS)
def test_cell(parse, more: tuple, text: str, value: object, rule: str) -> None:
    """Each text has one value, or none and a rule that the documentation knows."""
    found = parse(text, *more)

    assert (found.value, found.rule) == (value, rule)
    assert not rule or (rule in cells.RULES and found.consequence)


@pytest.mark.parametrize(
    ("ids", "width"),
    [
        (("0012", "0007", "7", "1234"), 4),  # the spreadsheet took zeros from one
        (("12", "7"), 0),  # nothing shows that there were any
        (("0012", "012"), 0),  # two widths show nothing
        (("0012", "12345"), 0),
        (("P-0012", "7"), 0),
        (("0", "12"), 0),
    ],
)
def test_zeros_in_front(ids: tuple[str, ...], width: int) -> None:
    """A short id has lost its zeros only where all other ids have one length."""
    assert cells.find_width(ids) == width


@pytest.mark.parametrize(
    ("text", "is_name"),
    [
        *(("Jane Smith", True), ("SMITH, Jane", True), ("Anne-Marie O'Neill", True)),
        *(("A1", False), ("A 12", False), ("smith", False), ("P-0017", False), ("Smith7 J", False)),
    ],
)
def test_name_in_the_id_column(text: str, is_name: bool) -> None:
    """Words of letters alone are a person; anything with a digit is an id."""
    found = cells.parse_patient(text, {cells.fold(text): text}, "clinic")

    assert (found.rule == "name_in_id_column") == is_name
    assert text not in found.suggestion


DETAILS = """
    Who,Day,Harm,Over,Done
    a,2024-01-01,none,yes,
    a,2024-02-01,none,no,none
    a,2024-03-01,none,,emollient
    a,2024-04-01,,,antibiotic
    a,2024-05-01,PIH,yes,emollient
    a,2024-06-01,none,n/a,nothing
"""


def test_consequence_without_a_side_effect(tmp_path: Path) -> None:
    """What is told of a side effect that is not there is listed; a row that says no is as it
    should be."""
    settings = """
        files = ["log.csv"]
        format = {date_order = "year-month-day"}
        [columns]
        patient = "Who"
        date = "Day"
        side_effects = "Harm"
        resolved = "Over"
        action = "Done"
    """
    project = write_source(tmp_path, settings, {"log.csv": DETAILS})

    assert [each for each in list_problems(project) if "detail" in each] == [
        "log.csv 2 Over detail_without_side_effect, noted",
        "log.csv 4 Done detail_without_side_effect, noted",
        "log.csv 5 Done detail_without_side_effect, noted",
    ]
