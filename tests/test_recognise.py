"""A log nobody has described yet: what is recognised, and what is asked instead of guessed."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import SourceError, VocabularyError
from analysis.intake.engine import Engine
from analysis.intake.recognise import (
    RecognisedLayout,
    describe_recognition,
    find_decimal,
    prove_date_order,
    recognise_log,
    write_source,
)
from analysis.intake.recognise.headers import list_names, read_headers, squeeze
from analysis.intake.recognise.writing import quote
from analysis.intake.sources import ROLES, Format, read_log, read_source
from analysis.vocabulary import BUILT_IN, read_vocabulary
from forms import write_workbook

HEADER = "Client ID;Date of visit;Concern;Needle (mm);Score before;Side effects;Comments\n"
NAMES = list_names(BUILT_IN)


def write_log(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "log.csv"
    path.write_bytes(text.encode(encoding))
    return path


def recognise(folder: Path, text: str, encoding: str = "utf-8") -> RecognisedLayout:
    """Return the one layout of a log that is visible in the test."""
    (layout,) = recognise_log(write_log(folder, text, encoding), "north").layouts
    return layout


def ask(layout: RecognisedLayout) -> str:
    """Return all questions of a layout."""
    return "\n".join(map(str, layout.questions))


def write_rows(header: str, row: str, rows: int = 12) -> str:
    """Return a log whose rows differ in their number and in a day that proves the order."""
    days = [f"{13 + n % 15}.04.2024" for n in range(rows)]
    return f"{header}\n" + "".join(
        row.replace("#", str(n)).replace("@", day) + "\n" for n, day in enumerate(days)
    )


# --- the small log of the tests ---------------------------------------------------------------


def test_small_log_is_recognised_whole(project: Path) -> None:
    """Every column but the comments, the mark, the decimal comma and the order of the dates: what
    its own ``source.toml`` says, without having read it."""
    home = project / "tests" / "data" / "small-clinic"
    declared = tomllib.loads((home / "source.toml").read_text(encoding="utf-8"))

    (found,) = recognise_log(home / "session-log.csv", "example").layouts

    assert dict(found.columns) == declared["columns"]
    assert dict(found.unused) == {"Comments": "free remarks"}
    assert found.written == Format(**declared["format"])
    assert "side_effects_belong_to" in ask(found)
    assert "date_order" not in ask(found)


def test_written_source_can_be_read(engine: Engine, project: Path, tmp_path: Path) -> None:
    """What is written beside the log is a valid ``source.toml`` for the same columns and format."""
    text = (project / "tests" / "data" / "small-clinic" / "session-log.csv").read_bytes()
    home = tmp_path / "data" / "north"
    home.mkdir(parents=True)
    (home / "log.csv").write_bytes(text)
    found = recognise_log(home / "log.csv", "north")

    (home / "source.toml").write_text(write_source(found), encoding="utf-8")

    source = read_source(tmp_path, "north")
    assert (source.name, source.files) == ("north", ("log.csv",))
    assert source.format == found.layouts[0].written
    assert dict(source.columns) == dict(found.layouts[0].columns)
    assert source.extracted_on is None
    assert source.answers.side_effects_belong_to == "undeclared"
    assert read_log(engine, source).rows.count().execute() == 602


def test_written_source_says_why_and_what_is_open(tmp_path: Path) -> None:
    """Each setting and column has its reason beside it, each open question is at the top."""
    path = write_log(tmp_path, HEADER + 'a;03.04.2024;AS;0,5;3;none;"see ""notes"""\n')

    text = write_source(recognise_log(path, 'north "one"'))

    assert 'name = "north \\"one\\""' in text
    assert 'decimal = ","  # there are numbers with a comma' in text
    assert 'date_order = "undeclared"  # not proved by the column' in text
    assert 'needle = "Needle (mm)"  # its header' in text
    assert '# not used: "Comments": free remarks' in text
    assert text.count("# OPEN QUESTION: ") == 3
    assert text.index("# OPEN QUESTION: ") < text.index("name = ")
    assert tomllib.loads(text)["name"] == 'north "one"'


# --- headers ----------------------------------------------------------------------------------

HEADERS = {
    "patient": [
        *("Client ID", "client id", "File no.", "MRN", "Chart #", "customer_id", "ID", "Pt"),
        *("PatientID", "Patienten-Nr.", "Paciente", "N° dossier", "Prontuário", "\u200fPatient ID"),
    ],
    "date": [
        *("Date", "Visit date", "tx_date", "DOS", "Appointment", "fecha", "Datum", "SESSION DATE"),
        *("Behandlungsdatum", "Fecha de sesión", "Date de séance", "Data da sessão"),
    ],
    "concern": ["Indication", "Skin concern", "Goal", "Dx", "Treatment for", "Motivo", "Queixa"],
    "skin_type": ["Skin type", "FST", "Phototype", "Fitz", "Hauttyp", "Fototipo"],
    "needle": ["Needle (mm)", "Depth [mm]", "needle_size", "mm", "needle_mm", "Nadellänge in mm"],
    "minutes": ["Duration (min)", "duration_min", "Behandlungsdauer", "Duración (minutos)"],
    "side_effects": ["Side effects", "AE", "Nebenwirkungen", "Efectos secundarios", "Effets 2"],
    "anaesthetic": ["Numbing", "LA", "Betäubung", "Anestesia"],
    "score_after_date": ["Reviewed on", "Score date", "Kontrolldatum", "Fecha control"],
    "score_before": ["score_pre", "Pre score", "Baseline score", "Ausgangswert"],
    "birth_date": ["DOB", "Geburtsdatum", "Fecha de nacimiento", "Date de naissance"],
    "sex": ["Sex", "Geschlecht", "Sexo", "Sexe"],
    "age": ["Age", "Alter (Jahre)", "Edad", "Age (years)", "age_years"],
    "pain": ["Pain", "Pain (0-10)", "Schmerzen", "Dolor", "VAS pain"],
    "cartridge_lot": ["Cartridge lot", "Lot", "Lote"],
    "isotretinoin_months": ["Isotretinoin (months since)", "prior_isotretinoin"],
    "severity": ["AE severity", "ae_severity", "Gravedad", "Schweregrad"],
    "serious": ["SAE", "AE serious"],
    "status": ["Status", "Appointment status"],
    "modality": ["Procedure", "Técnica", "Behandlung"],
    "side": ["Side", "Lado", "Seite"],
    "stopped": ["AE stopped", "Abbruch"],
    "action": ["ae_action", "Action taken"],
    "rater": ["Rater", "Evaluador"],
}
HEADERS["side_effects"].remove("Effets 2")


@pytest.mark.parametrize(
    ("role", "header"), [(role, each) for role, headers in HEADERS.items() for each in headers]
)
def test_header(role: str, header: str) -> None:
    """The names clinics give their columns, in five languages, with units, stops, underscores and
    marks that cannot be seen."""
    assert NAMES.read(header).role == role


SCALE_HEADERS = [
    ("GAIS", "gais"),
    ("GAIS score", "gais"),
    ("hemi-mMASI", "hemi_mmasi"),
    ("Satisfaction (1-5)", "likert_sat"),
    ("SCAR-S", "scar_s"),
    ("SCARS", ""),  # the patient form, or SCAR-S without its hyphen
    ("Satisfacción", ""),  # not in the vocabulary
]


@pytest.mark.parametrize(("header", "scale"), SCALE_HEADERS)
def test_header_that_names_a_scale(header: str, scale: str) -> None:
    """The vocabulary's spellings and nothing that resembles them."""
    assert NAMES.read(header).scale == scale


def test_names_belong_to_one_role_each() -> None:
    """No header can mean two things, and every role has names of its own."""
    declared = read_headers()
    blocks = [(*each["headers"], *each.get("vague", ())) for each in declared["roles"].values()]
    blocks += [*declared["known"].values(), declared["score"]["headers"]]
    names = [name for block in blocks for name in {squeeze(each) for each in block}]

    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert set(declared["roles"]) == set(ROLES)
    assert sorted(set(names) & {squeeze(text) for text in NAMES.scales}) == []


CHOICES = [
    # header, what each role is, what is asked
    ("ID,Date,Concern,Indication", {}, "Which column is concern"),
    ("ID,Date,Concern,Goal", {"concern": "Concern"}, ""),  # "goal" is vague
    ("Patient,Patient ID,Date", {"patient": "Patient ID"}, ""),
    ("ID,Date,Visit date", {"date": "Visit date"}, ""),
    ("ID,Date,Concern,Concern,Goal", {"concern": "Goal"}, ""),
    ("ID,Date,Concern,Concern", {}, "stands twice"),
    ("ID,Date,Patience,Update,Notes", {}, ""),
    ("ID,Date,Pain (0-100)", {}, "'0-100'"),
    ("ID,Date,Needle (inch)", {}, "'inch'"),
    ("ID,Date,Scale,Pre score,Baseline score", {"scale": "Scale"}, "baseline"),
    ("ID,Date,Scale,Consult score,Pre score", {"scale": "Scale"}, "'Consult score', 'Pre score'"),
    ("ID,Date,Scale,Pre score,Score", {"scale": "Scale"}, "'Pre score', 'Score'"),
    ("ID,Date,VAS satisfaction (0-100)", {}, "0 to 100"),
    (
        "ID,Date,mMASI pre,mMASI post,Score date",
        {
            "score_before": "mMASI pre",
            "score_after": "mMASI post",
            "score_after_date": "Score date",
        },
        "",
    ),
    ("ID,Date,mMASI pre,ECCA pre", {}, "'mMASI pre', 'ECCA pre'"),
]


@pytest.mark.parametrize(("header", "columns", "asked"), CHOICES)
def test_columns_that_compete(
    tmp_path: Path, header: str, columns: dict[str, str], asked: str
) -> None:
    """Of two columns for one role neither is taken; a vague name stands back behind a clear one."""
    cells = ",".join("13.04.2024" if "ate" in each else "" for each in header.split(","))
    found = recognise(tmp_path, f"{header}\n{cells.replace(',', 'a,', 0)}\n")

    chosen = {role: each for role, each in found.columns.items() if role not in ("patient", "date")}
    expected = {role: each for role, each in columns.items() if role not in ("patient", "date")}
    assert chosen == expected
    assert {role: found.columns[role] for role in columns} == columns
    assert asked in ask(found)
    assert bool(found.questions) == bool(asked)


def test_bare_vas_is_asked_about(tmp_path: Path) -> None:
    """A line of ten centimetres may be pain, a scar or an improvement: its column is a question."""
    found = recognise(tmp_path, "ID,Date,VAS\na,13.04.2024,7\nb,14.04.2024,3\n")

    assert (dict(found.scores), found.columns.keys()) == ({}, {"patient", "date"})
    assert "What are the numbers in 'VAS'?" in ask(found)


def test_near_header_is_a_suggestion(tmp_path: Path) -> None:
    """A slip of the pen is offered in a comment and not used."""
    found = recognise(tmp_path, "ID;Date;Fitzpatrik;Indicaton\na;13.04.2024;;\n")

    assert set(found.columns) == {"patient", "date"}
    assert "did you mean skin_type?" in found.unused["Fitzpatrik"]
    assert "did you mean concern?" in found.unused["Indicaton"]


def test_log_without_a_header(tmp_path: Path) -> None:
    """A first row of values is not listed as columns: it may name a patient."""
    path = write_log(tmp_path, "P-0417;03.04.2024;acne scars\nP-0418;04.04.2024;acne scars\n")

    with pytest.raises(SourceError, match="does not look like a header") as no:
        recognise_log(path, "north")
    assert "'log.csv'" in str(no.value)
    assert "0417" not in str(no.value)


@pytest.mark.parametrize(
    ("header", "role", "alias"),
    [("Name;Date;Concern", "patient", "patient"), ("Client;When;Concern", "date", "date")],
)
def test_without_patient_or_date_there_is_no_source(
    tmp_path: Path, header: str, role: str, alias: str
) -> None:
    """The columns there are stand in the sentence, with what one of them should be called."""
    with pytest.raises(SourceError, match=f"No {role} column was recognised in 'log.csv'") as no:
        recognise_log(write_log(tmp_path, header + "\n"), "north")

    assert ", ".join(map(repr, header.split(";"))) in str(no.value)
    assert f"Rename one to {alias!r}" in str(no.value)
    assert no.value.exit_code == 3


# --- content ----------------------------------------------------------------------------------

CONTENTS = [
    # texts of a column whose header says nothing, its role, what is asked
    (["FST II", "III-IV", "type 3", "Fitz 4"], "skin_type", ""),
    (["II", "III", "IV", "V"], "", "skin_type"),  # or grades of severity
    (["1", "2", "3", "4"], "", "numbers"),
    (["acne scars", "fine lines / pores", "melasma"], "concern", ""),
    (["redness", "PIH", "dark spots"], "", "concern"),  # or a side effect
    (["none", "red 2 days", "swelling, itchy", "no PIH"], "side_effects", ""),
    (["F", "M", "female"], "sex", ""),
    (["H", "M"], "", ""),  # hombre and mujer
    (["yes", "no", "y"], "", ""),
    (["asked about price", "photos taken", "none"], "", ""),
]


@pytest.mark.parametrize(("texts", "role", "asked"), CONTENTS)
def test_content_names_a_role(tmp_path: Path, texts: list[str], role: str, asked: str) -> None:
    """Where nearly all texts are read as one role and no other; otherwise it is asked or left."""
    rows = "".join(f"P{n};{13 + n}.04.2024;{texts[n % len(texts)]}\n" for n in range(15))
    found = recognise(tmp_path, "ID;Date;Xyz\n" + rows)

    named = [key for key, header in found.columns.items() if header == "Xyz"]
    assert named == [role] * bool(role)
    if role:
        assert "its content" in found.reasons[role]
    assert asked in ask(found)


def test_two_columns_with_one_content(tmp_path: Path) -> None:
    """Both are concerns: neither is taken."""
    row = "P#;@;{0};{1}"
    texts = ["acne scars", "pores", "melasma"]
    lines = [
        row.format(texts[n % 3], texts[(n + 1) % 3]).replace("#", str(n)).replace("@", "13.04.2024")
        for n in range(12)
    ]
    found = recognise(tmp_path, "ID;Date;First;Second\n" + "\n".join(lines) + "\n")

    assert "concern" not in found.columns
    assert "Which of 'First', 'Second' is concern" in ask(found)


def test_days_by_content(tmp_path: Path) -> None:
    """A column of days is the day of the session where no other is; two of them are a question
    with the sentence that nothing can be read."""
    one = write_rows("ID;When;Concern", "P#;@;pores")
    two = write_rows("ID;When;Then;Concern", "P#;@;@;pores")

    assert recognise(tmp_path, one).columns["date"] == "When"
    with pytest.raises(SourceError, match="No date column") as no:
        recognise_log(write_log(tmp_path, two), "north")
    assert "Which of 'When', 'Then' is date" in str(no.value)


CONTRADICTIONS = [
    ("Skin type", ["Normal", "Dry", "Oily", "Combination"]),
    ("Sexo", ["H", "M"]),
    ("Age", ["yes", "no", "maybe"]),
    ("Prior isotretinoin", ["yes", "no"]),
    ("Pain", ["none", "a little", "bad"]),
]


@pytest.mark.parametrize(("header", "texts"), CONTRADICTIONS)
def test_content_contradicts_the_header(tmp_path: Path, header: str, texts: list[str]) -> None:
    """ "Skin type" that holds oily and dry is not Fitzpatrick: it is asked about, not read."""
    rows = "".join(f"P{n};13.04.2024;{texts[n % len(texts)]}\n" for n in range(12))
    found = recognise(tmp_path, f"ID;Date;{header}\n" + rows)

    assert set(found.columns) == {"patient", "date"}
    assert f"{header!r} is called" in ask(found)
    assert "its header says" in found.unused[header]


# --- formats ----------------------------------------------------------------------------------

ORDERS = [
    (["03.04.2024", "13.04.2024"], "day-month-year"),
    (["03/04/2024", "04/13/2024"], "month-day-year"),
    (["2024-04-03", "2024-04-13"], "year-month-day"),
    (["2024/04/03", "2024/13/04", "2024/05/01"], "year-month-day"),  # a slip proves nothing
    (["2024-04-03", "13.04.2024"], "day-month-year"),  # ISO is read in any order
    (["03.04.2024", "04.05.2024"], "undeclared"),
    (["13.04.2024", "04/13/2024"], "undeclared"),  # two people, two habits
    (["31.02.2024", "03.04.2024"], "undeclared"),  # 31 February is no day in any order
    (["13.04.24", "03.04.24"], "undeclared"),  # or 24 April 2013
    (["24-04-03", "24-05-13"], "undeclared"),
    (["spring", "", "45385"], "undeclared"),
    ([], "undeclared"),
]


@pytest.mark.parametrize(("dates", "order"), ORDERS)
def test_order_of_dates(dates: list[str], order: str) -> None:
    """Declared only where the column proves it: in no other order does every date exist."""
    assert prove_date_order(pd.Series(dates, dtype="str"))[0] == order


COMMON_ORDERS = [
    # day of the session, day of birth, day of the later score, header of the first, the order
    ("13.04.2024", "01.02.1980", "03.04.2024", "Date", "day-month-year"),
    ("03.04.2024", "13.02.1980", "03.04.2024", "Date", "day-month-year"),
    ("2024-04-03", "02/13/1980", "2024-05-03", "Date", "month-day-year"),  # ISO fits any
    ("13.04.2024", "02/13/1980", "", "Date", "undeclared"),
    ("03.04.2024", "01.02.1980", "", "Date", "undeclared"),
    ("03/04/2024", "01/02/1980", "", "Date (MM/DD/YYYY)", "month-day-year"),
    ("03/04/2024", "01/02/1980", "", "Datum (TT.MM.JJJJ)", "day-month-year"),
    ("13/04/2024", "01/02/1980", "", "Date (MM/DD/YYYY)", "day-month-year"),  # the log proves it
]


@pytest.mark.parametrize(("day", "born", "reviewed", "header", "order"), COMMON_ORDERS)
def test_order_of_all_dates_of_a_log(
    tmp_path: Path, day: str, born: str, reviewed: str, header: str, order: str
) -> None:
    """One column proves it or names it, and the others must fit."""
    found = recognise(tmp_path, f"ID;{header};DOB;Score date\na;{day};{born};{reviewed}\n")

    assert found.written.date_order == order
    assert ("date_order" in ask(found)) == (order == "undeclared")


@pytest.mark.parametrize(
    ("numbers", "mark"),
    [
        (["0,5", "1,5 mm", "2"], ","),
        (["0.5", "1"], "."),
        (["1", "2"], "."),
        (["0.5", "0,5"], ","),  # with the comma declared, a point is read as well
        (["1,500", "1,000"], "."),  # fifteen hundred, perhaps
    ],
)
def test_decimal_mark(numbers: list[str], mark: str) -> None:
    """A comma counts where it can be nothing else."""
    assert find_decimal(numbers)[0] == mark


QUESTIONS = [
    # header, first row, what is asked
    ("id,date,ae", "a,13.04.2024,none", ["side_effects_belong_to"]),
    ("id,date,ae", "a,03.04.2024,none", ["date_order", "side_effects_belong_to"]),
    ("id,date,ae since last visit", "a,13.04.2024,none", []),
    ("id,date,ae today", "a,13.04.2024,none", []),
    ("id,date,ae today", "a,13.04.2024,N/A", ["not_applicable_side_effects"]),
    ("id,date,ae today", "a,13.04.2024,", ["empty_side_effects"]),
    ("id,date,before", "a,13.04.2024,3", ["`scale`"]),
    ("id,date,scale,before,after", "a,13.04.2024,gb,3,2", ["score_after_date"]),
    ("id,date,scale,before,after,reviewed", "a,13.04.2024,gb,3,2,1.6.2024", []),
    ("id,date,scale,before", "a,13.04.2024,our own,3", ["fewer than five patients"]),
    ("id,date", "a,13.04.2024", []),
]


@pytest.mark.parametrize(("header", "row", "asked"), QUESTIONS)
def test_open_questions(tmp_path: Path, header: str, row: str, asked: list[str]) -> None:
    """What the log cannot prove is asked, and nothing else."""
    found = recognise(tmp_path, f"{header}\n{row}\n")

    assert len(found.questions) == len(asked)
    for question, words in zip(found.questions, asked, strict=True):
        assert words in str(question)


def test_whose_session_is_written_down(tmp_path: Path) -> None:
    """As the header says it, in its own language, with the reason."""
    log = write_log(tmp_path, "ID;Fecha;Desde la última visita\na;13.04.2024;rojo\n")

    text = write_source(recognise_log(log, "north"))

    assert tomllib.loads(text)["answers"]["side_effects_belong_to"] == "previous session"
    assert "the header 'Desde la última visita' says so" in text


def test_scale_whose_order_is_open(tmp_path: Path) -> None:
    """Every order in use stands ready in a comment; none is chosen."""
    log = write_log(tmp_path, "ID;Date;GAIS\na;13.04.2024;2\n")

    text = write_source(recognise_log(log, "north"))

    assert "# OPEN QUESTION: Which score is best on gais?" in text
    for coding in BUILT_IN.scales["gais"].codings:
        assert f'# gais = "{coding}"' in text
    assert tomllib.loads(text)["scales"] == {}
    assert tomllib.loads(text)["scores"] == {"gais": "GAIS"}


@pytest.mark.parametrize("mark", [";", ",", "\t", "|", "^", "~", ":"])
def test_delimiter(tmp_path: Path, mark: str) -> None:
    """The mark that cuts the rows into the most columns of the same number."""
    text = HEADER.replace(";", mark) + mark.join(["a", "13.04.2024", "AS", "1", "3", "none", ""])

    found = recognise(tmp_path, text + "\n")

    assert found.written.delimiter == mark
    assert len(found.columns) == 6


def test_delimiter_beside_commas_in_every_cell(tmp_path: Path) -> None:
    """Decimal commas and lists of side effects are more than the semicolons."""
    text = write_rows("ID;Date;Needle, depth;Ae", "P#;@;0,5;red, sore, dry, tight")

    assert recognise(tmp_path, text).written.delimiter == ";"


ROWS = "".join(
    f"P-{n};13.04.2024;Pigmentflecken für große Flächen;0,5;3;Rötung, Schwellung – später;geprüft\n"
    for n in range(20)
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_encoding(engine: Engine, tmp_path: Path, encoding: str) -> None:
    """What a spreadsheet saves is read letter by letter, with its encoding written down."""
    path = write_log(tmp_path, HEADER + ROWS, encoding)
    found = recognise_log(path, "north")
    home = tmp_path / "data" / "north"
    home.mkdir(parents=True)
    path.rename(home / "log.csv")
    (home / "source.toml").write_text(write_source(found), encoding="utf-8")

    log = read_log(engine, read_source(tmp_path, "north"))

    assert log.read_column("Side effects").tolist() == ["Rötung, Schwellung – später"] * 20


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "'log.csv' is empty (zero bytes)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "'log.csv'"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0b\xee\x9dh", "'log.csv'"),
    ],
)
def test_file_that_is_no_log(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A picture or a workbook under the wrong name is refused in one sentence."""
    (tmp_path / "log.csv").write_bytes(content)

    with pytest.raises(SourceError) as refused:
        recognise_log(tmp_path / "log.csv", "north")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """The file's name, not the way to it."""
    with pytest.raises(SourceError, match=r"The log 'log.csv' cannot be read \(no such file"):
        recognise_log(tmp_path / "log.csv", "north")


# --- what is written --------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_header_is_quoted_and_comes_back(header: str) -> None:
    """Quotes, line breaks, marks that turn the reading order, emoji: one line, the same text."""
    quoted = quote(header)

    assert tomllib.loads(f"a = {quoted}\n# {quoted}\n")["a"] == header
    assert len(quoted.splitlines()) == 1
    assert not any(mark in quoted for mark in "\u202e\u2066\u200f\u2028\x00")


HOSTILE = [
    'a "quoted" one',
    "two\nlines",
    "\u202etxet",
    "🙂 smile",
    "back\\slash",
    "# no",
    "]]\t[[",
]


def test_hostile_headers_leave_a_valid_file(tmp_path: Path) -> None:
    """Columns without a role are listed whatever they are called."""
    header = ";".join('"' + each.replace('"', '""') + '"' for each in HOSTILE)
    path = write_log(tmp_path, f"ID;Date;{header}\na;13.04.2024{';x' * len(HOSTILE)}\n")
    found = recognise_log(path, "north")

    text = write_source(found)

    assert set(found.layouts[0].unused) == set(HOSTILE)
    assert tomllib.loads(text)["columns"] == {"patient": "ID", "date": "Date"}
    assert "\u202e" not in text + "\n".join(describe_recognition(found))


def write_scale_log(patients: int) -> str:
    lines = [f"P{n};13.04.2024;our own grade;{n % 4};acne scarz" for n in range(patients)]
    return "ID;Date;Scale;Score before;Concern\n" + "\n".join(lines) + "\n"


def test_unknown_scale_is_asked_with_what_its_scores_look_like(tmp_path: Path) -> None:
    """A block for ``vocabulary.toml`` stands ready, its range and its direction left open."""
    path = write_log(tmp_path, write_scale_log(20))

    text = write_source(recognise_log(path, "north"))

    assert "scales the vocabulary does not know: 'our own grade'?" in text
    assert "# # minimum =  # its scores go from 0 to 3, 4 different ones" in text
    assert '# "acne scarz" resembles acne_scars' in text
    block = text[text.index("# [scales.our_own_grade]") :]
    bare = "\n".join(line.removeprefix("# ") for line in block.splitlines())
    (tmp_path / "vocabulary.toml").write_text(bare, encoding="utf-8")
    with pytest.raises(VocabularyError, match="direction"):
        read_vocabulary(tmp_path / "vocabulary.toml")
    filled = bare.replace('direction = ""', 'direction = "lower"')
    (tmp_path / "vocabulary.toml").write_text(filled, encoding="utf-8")
    own = read_vocabulary(tmp_path / "vocabulary.toml").scales["our_own_grade"]
    assert (own.direction, own.minimum, own.maximum) == ("lower", None, None)


def test_nothing_is_told_of_fewer_than_five_patients(tmp_path: Path) -> None:
    """Neither the spelling, nor a score, nor how many there are."""
    path = write_log(tmp_path, write_scale_log(4))
    found = recognise_log(path, "north")

    told = write_source(found) + "\n".join(describe_recognition(found))

    assert "our own" not in told
    assert "its scores" not in told
    assert "scarz" not in told
    assert "fewer than five patients" in told


def test_ends_of_the_range_that_few_have_are_round(tmp_path: Path) -> None:
    """A score that one patient has is not told."""
    lines = [f"P{n};13.04.2024;our own;{17 + 3.7 * n:.1f}" for n in range(20)]
    path = write_log(tmp_path, "ID;Date;Scale;Score before\n" + "\n".join(lines) + "\n")

    text = write_source(recognise_log(path, "north"))

    assert "its scores go from below 20 to above 80, 20 different ones" in text
    assert "87.3" not in text
    assert "17" not in text


# --- workbooks --------------------------------------------------------------------------------


def test_workbook_with_titles_and_two_sheets(engine: Engine, tmp_path: Path) -> None:
    """The header is found below the titles and under a merged cell; sheets whose columns stand in
    another order are one layout, a sheet with other columns is another, remarks are not read."""
    title = ["Praxis Nord", None, None, None, None, None]
    rows = [["P1", "13.04.2024", "1,5", 3, 2, "none"], ["P2", "14.04.2024", "1", 2, 1, "red"]]
    home = tmp_path / "data" / "book"
    home.mkdir(parents=True)
    write_workbook(
        home / "book.xlsx",
        {
            "Anna": [
                title,
                [None, None, None, "Score", None, None],
                ["ID", "Date", "Needle (mm)", "before", "after", "AE"],
                *rows,
            ],
            "Ben": [
                title,
                ["AE", "ID", "Date", "Needle (mm)", "Score before", "Score after"],
                *[[row[5], *row[:5]] for row in rows],
            ],
            "Home": [["ID", "Date", "Roller (mm)"], ["P1", "15.04.2024", 0.25]],
            "Remarks": [["all checked"]],
            "Empty": [],
        },
        {"Anna": (1, 3, 4)},
    )

    found = recognise_log(home / "book.xlsx", "book")

    assert [layout.sheets for layout in found.layouts] == [("Anna", "Ben"), ("Home",)]
    assert dict(found.layouts[0].columns) == {
        "patient": "ID",
        "date": "Date",
        "needle": "Needle (mm)",
        "score_before": "Score before",
        "score_after": "Score after",
        "side_effects": "AE",
    }
    assert [layout.written.date_order for layout in found.layouts] == ["day-month-year"] * 2
    assert dict(found.unread) == {"book.xlsx, sheet Remarks": "no header was found"}
    (home / "source.toml").write_text(write_source(found), encoding="utf-8")
    rows = read_log(engine, read_source(tmp_path, "book")).rows.order_by("row").execute()
    assert rows.loc[rows["kind"] == "", "sheet"].tolist() == ["Anna"] * 2 + ["Ben"] * 2 + ["Home"]


def test_workbook_of_one_kind_of_sheet_names_no_sheets(tmp_path: Path) -> None:
    """So that next month's sheet is read too."""
    rows = [["ID", "Date"], ["P1", "13.04.2024"]]
    write_workbook(tmp_path / "book.xlsx", {"Jan": rows, "Feb": rows})

    (layout,) = recognise_log(tmp_path / "book.xlsx", "book").layouts

    assert layout.sheets == ()
