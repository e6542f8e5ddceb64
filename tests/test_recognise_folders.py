"""Folders, wide logs, REDCap exports, Parquet: which files are read together, and as what."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import SourceError
from analysis.intake.recognise import Recognition, recognise_log, write_source
from analysis.intake.sources import Source, read_source


def recognise(folder: Path, files: dict[str, str], encoding: str = "utf-8") -> Recognition:
    """Write the files into ``data/clinic/`` and return what is recognised in the folder."""
    home = folder / "data" / "clinic"
    home.mkdir(parents=True)
    for name, text in files.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (home / name).write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return recognise_log(home, "clinic")


def write(folder: Path, found: Recognition) -> Source:
    """Write ``source.toml`` and return how it is read."""
    text = write_source(found)
    (folder / "data" / "clinic" / "source.toml").write_text(text, encoding="utf-8")
    return read_source(folder, "clinic")


# --- logs in other languages ------------------------------------------------------------------

GERMAN = """
Patienten-Nr.;Datum;Geschlecht;Hauttyp;Nadellänge (mm);Übergänge;Betäubung;Nebenwirkungen
A1;13.04.2024;w;III;1,5;4;Creme;Rötung
A2;03.05.2024;m;II;0,75;6;keine;keine
"""
SPANISH = """
Historia clínica\tFecha de sesión\tEdad\tMotivo\tProfundidad (µm)\tAnestesia\tReacciones hoy
7\t13/04/2024\t34\tcicatrices\t1500\tsí\tenrojecimiento
8\t03/05/2024\t41\testrías\t1000\tno\tsin novedad
"""


def test_german_log_in_cp1252(tmp_path: Path) -> None:
    """Semicolons, decimal commas, umlauts in single bytes."""
    (found,) = recognise(tmp_path, {"log.csv": GERMAN}, "cp1252").layouts

    assert (found.written.delimiter, found.written.encoding) == (";", "cp1252")
    assert (found.written.decimal, found.written.date_order) == (",", "day-month-year")
    assert [*found.columns] == [
        *("patient", "date", "sex", "skin_type", "needle", "passes", "anaesthetic"),
        "side_effects",
    ]


def test_spanish_log_in_utf_16(tmp_path: Path) -> None:
    """Tabs, a byte order mark, micrometres in the header, "hoy" for this session."""
    (found,) = recognise(tmp_path, {"log.txt": SPANISH}, "utf-16").layouts

    assert (found.written.delimiter, found.written.encoding) == ("\t", "utf-16")
    assert found.written.date_order == "day-month-year"
    assert dict(found.columns) == {
        "patient": "Historia clínica",
        "date": "Fecha de sesión",
        "age": "Edad",
        "concern": "Motivo",
        "needle": "Profundidad (µm)",
        "anaesthetic": "Anestesia",
        "side_effects": "Reacciones hoy",
    }
    assert found.answers["side_effects_belong_to"].value == "this session"


# --- a row for each patient -------------------------------------------------------------------

WIDE = """
ID,Concern,Pre score,s1_date,s1_ae,s2_date,s2_ae,s3_date,s3_ae,Post score
P1,acne scars,4,13.04.2024,red,11.05.2024,none,,,2
P2,pores,3,14.04.2024,none,12.05.2024,none,09.06.2024,sore,1
"""


def test_wide_log(tmp_path: Path) -> None:
    """Numbered columns are one, with ``{n}`` for the number; the others stay as they are."""
    found = recognise(tmp_path, {"log.csv": WIDE})

    source = write(tmp_path, found)

    assert dict(source.columns) == {
        "patient": "ID",
        "date": "s{n}_date",
        "concern": "Concern",
        "score_before": "Pre score",
        "score_after": "Post score",
        "side_effects": "s{n}_ae",
    }
    assert source.rows == "sessions"
    assert source.format.date_order == "day-month-year"
    assert "{n} stands for the number of the session" in write_source(found)


FAMILIES = [
    ("Session 1 date,Session 2 date", "Session {n} date"),
    ("Date 1,Date 2", "Date {n}"),
    ("visit1_date,visit2_date", "visit{n}_date"),
    ("Session 1,Session 2", "Session {n}"),  # its cells are days
    ("fecha_sesion_1,fecha_sesion_2", "fecha_sesion_{n}"),
]


@pytest.mark.parametrize(("headers", "template"), FAMILIES)
def test_numbered_days(tmp_path: Path, headers: str, template: str) -> None:
    """However the number and the word for a session stand."""
    rows = "P1,13.04.2024,11.05.2024\nP2,14.04.2024,12.05.2024\n"

    (found,) = recognise(tmp_path, {"log.csv": f"ID,{headers}\n{rows}"}).layouts

    assert found.columns["date"] == template


def test_numbered_columns_beside_the_day_of_a_session(tmp_path: Path) -> None:
    """Patients with several rows have a session on each: the numbered days are not theirs."""
    rows = "P1,01.04.2024,13.04.2024,11.05.2024\nP1,02.04.2024,14.04.2024,12.05.2024\n"

    (found,) = recognise(tmp_path, {"log.csv": f"ID,Visit date,Date 1,Date 2\n{rows}"}).layouts

    assert found.columns["date"] == "Visit date"


# --- several files ----------------------------------------------------------------------------

PATIENTS = """
Patient ID;Sex;DOB;Fitzpatrick
P1;F;1980-02-13;III
P2;M;1975-05-01;IV
"""
SESSIONS = """
Patient ID,Visit date,Concern,Needle (mm),Reactions today
P1,2024-04-13,acne scars,1.5,red
P1,2024-05-11,acne scars,1.5,none
P2,2024-04-14,pores,1,none
"""
SCORES = """
Patient ID,Assessment date,Scale,Score,Rater
P1,2024-04-13,gb,3,blinded
P1,2024-09-13,gb,2,blinded
"""


def test_folder_of_patients_sessions_and_scores(tmp_path: Path) -> None:
    """Each file is a layout of its own kind of row, joined by the patient."""
    files = {"patients.csv": PATIENTS, "visits.csv": SESSIONS, "scores.csv": SCORES}
    found = recognise(tmp_path, files | {"readme.md": "no log", "letter.txt": "Dear all"})

    source = write(tmp_path, found)

    rows = {layout.files[0]: (layout.rows, dict(layout.columns)) for layout in source.layouts}
    assert rows == {
        "patients.csv": (
            "patients",
            {
                "patient": "Patient ID",
                "birth_date": "DOB",
                "sex": "Sex",
                "skin_type": "Fitzpatrick",
            },
        ),
        "scores.csv": (
            "scores",
            {
                "patient": "Patient ID",
                "date": "Assessment date",
                "scale": "Scale",
                "score_before": "Score",
                "rater": "Rater",
            },
        ),
        "visits.csv": (
            "sessions",
            {
                "patient": "Patient ID",
                "date": "Visit date",
                "concern": "Concern",
                "needle": "Needle (mm)",
                "side_effects": "Reactions today",
            },
        ),
    }
    assert dict(found.unread) == {"letter.txt": "no patient column was recognised"}


def test_files_with_the_same_columns_are_one_layout(tmp_path: Path) -> None:
    """Two exports of one clinic; with another order of dates they are two."""
    header = "ID,Visit date\n"
    files = {
        "a.csv": header + "P1,13.04.2024",
        "b.csv": header + "P1,03.05.2024",
        "c.csv": header + "P2,04/13/2024",
    }
    found = recognise(tmp_path, files)

    assert [(layout.files, layout.written.date_order) for layout in found.layouts] == [
        (("a.csv",), "day-month-year"),
        (("b.csv",), "undeclared"),
        (("c.csv",), "month-day-year"),
    ]
    (tmp_path / "data/clinic/c.csv").unlink()
    (one,) = recognise_log(tmp_path / "data/clinic", "clinic").layouts
    assert (one.files, one.written.date_order) == (("a.csv", "b.csv"), "day-month-year")


def test_broken_file_in_a_folder_is_named(tmp_path: Path) -> None:
    """The others are read; links are left alone."""
    found = recognise(tmp_path, {"log.csv": SESSIONS})
    home = tmp_path / "data" / "clinic"
    (home / "empty.csv").write_bytes(b"")
    (home / "book.xlsx").write_bytes(b"no workbook")
    (home / "link.csv").symlink_to(home / "log.csv")

    found = recognise_log(home, "clinic")

    assert found.files == ("log.csv",)
    assert sorted(found.unread) == ["book.xlsx", "empty.csv"]
    assert "zero bytes" in found.unread["empty.csv"]


def test_folder_without_a_log(tmp_path: Path) -> None:
    """The sentence says which files would be read."""
    with pytest.raises(SourceError, match=r"'clinic' holds no log; its files must end in \.csv"):
        recognise(tmp_path, {"notes.md": "nothing"})


def test_folder_of_patients_alone(tmp_path: Path) -> None:
    """Without a day there is no session."""
    with pytest.raises(SourceError, match=r"No date column was recognised in 'patients\.csv'"):
        recognise(tmp_path, {"patients.csv": PATIENTS})


# --- REDCap and Parquet -----------------------------------------------------------------------

DICTIONARY = """
Variable / Field Name,Form Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels"
study_id,person,text,Study number,
gender,person,radio,Gender,"1, Female | 2, Male"
fst,person,dropdown,Fitzpatrick type,"1, I | 2, II | 3, III"
vdate,visit,text,Visit date,
why,visit,checkbox,Indication,"1, Acne scars | 2, Fine lines"
harm,visit,notes,Side effects today,
"""
RAW = """
study_id,redcap_event_name,gender,fst,vdate,why___1,why___2,harm,visit_complete
1,base_arm_1,1,3,,,,,
1,visit_arm_1,,,2024-04-13,1,0,red,2
1,visit_arm_1,,,2024-05-11,1,1,none,2
"""
LABELS = """
Study number,Event Name,Gender,Fitzpatrick type,Visit date,Indication (choice=Acne scars),\
Indication (choice=Fine lines),Side effects today,Complete?
1,Base,Female,III,,,,,
1,Visit,,,2024-04-13,Checked,Unchecked,red,Complete
"""


@pytest.mark.parametrize("export", [RAW, LABELS])
def test_redcap_export_with_its_dictionary(tmp_path: Path, export: str) -> None:
    """Raw or with labels, its columns are the fields of the dictionary; a field whose name says
    nothing is recognised by its label."""
    found = recognise(tmp_path, {"export.csv": export, "dict.csv": DICTIONARY})

    source = write(tmp_path, found)

    assert (source.format.kind, source.dictionary) == ("redcap", "dict.csv")
    assert dict(source.columns) == {
        "patient": "study_id",
        "date": "vdate",
        "sex": "gender",
        "skin_type": "fst",
        "concern": "why",
        "side_effects": "harm",
    }
    assert source.answers.side_effects_belong_to == "this session"
    assert found.files == ("export.csv", "dict.csv")
    assert dict(found.layouts[0].unused) == {}


def test_redcap_export_without_its_dictionary(tmp_path: Path) -> None:
    """Its codes mean nothing alone: it is asked for."""
    text = RAW.replace("study_id", "record_id").replace("vdate", "visit_date")

    found = recognise(tmp_path, {"export.csv": text})

    assert any("data dictionary" in str(question) for _place, question in found.questions)


def test_parquet(tmp_path: Path) -> None:
    """Columns of any type are looked at as text."""
    home = tmp_path / "data" / "clinic"
    home.mkdir(parents=True)
    days = pd.to_datetime(["2024-04-13", "2024-05-11"])
    frame = pd.DataFrame({"ID": [1, 2], "Visit date": days, "Needle (mm)": [1.5, None]})
    frame.to_parquet(home / "log.parquet")

    found = recognise_log(home / "log.parquet", "clinic")

    source = write(tmp_path, found)
    assert source.format.kind == "parquet"
    assert source.format.date_order == "year-month-day"
    assert dict(source.columns) == {"patient": "ID", "date": "Visit date", "needle": "Needle (mm)"}
    assert tomllib.loads(write_source(found))["files"] == ["log.parquet"]


def test_file_that_is_no_parquet(tmp_path: Path) -> None:
    """One sentence, without what the engine says."""
    (tmp_path / "log.parquet").write_bytes(b"nothing")

    with pytest.raises(SourceError, match=r"'log.parquet' is not a Parquet file"):
        recognise_log(tmp_path / "log.parquet", "clinic")
