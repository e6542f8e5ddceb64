"""Clean rows that mutants are made of: a small log of all roles, and the example's clean patients.

What a base cell means is read here, from spellings that are listed here; a patient of the example
with any other spelling, with a planted slip or with two scores of a day is left out.
"""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from analysis.intake.example import write_example
from analysis.intake.example.layouts import LAYOUTS
from mutant_logs import ANY, Cell, Habit, Row

Base = list[list[Row]]
"""The rows of each patient."""

_SEXES: Final = {"f": "female", "female": "female", "mujer": "female"} | dict.fromkeys(
    ("m", "male", "hombre"), "male"
)
_TYPES: Final = ("", "i", "ii", "iii", "iv", "v", "vi")
_ROLES: Final = (
    *("patient", "date", "status", "age", "birth_date", "sex", "skin_type", "concern", "area"),
    *("side", "clinic", "operator", "modality", "setting", "device", "device_serial"),
    *("cartridge_lot", "serum_lot", "needle", "passes", "minutes", "anaesthetic", "adjunct"),
    *("endpoint", "aftercare", "pain", "contraindications", "isotretinoin_months", "scale"),
    *("score_before", "score_after", "score_after_date", "rater", "side_effects", "severity"),
    *("serious", "resolved", "action", "stopped"),
)
_HEADERS: Final = {role: role.replace("_", " ").capitalize() for role in _ROLES}
_HEADERS_OF_ALL: Final = {**_HEADERS, "score:gais": "GAIS", "_note": "Note", "_entered": "Entered"}
_CONCERNS: Final = {
    "acne scars": ("acne_scars",),
    "fine lines / wrinkles": ("fine_lines", "wrinkles"),
    "melasma": ("pigmentation",),
}
_SCALES: Final = {"gb": "gb_qual", "afls": "afls", "mmasi": "mmasi"}
# day|sex|born|skin|concern|scale|before|after|reviewed|side effects|severity|serious|GAIS
_VISITS: Final = """
A|14.01.2024|F|21.05.1990|IV|acne scars|gb|3||||||
A|17.02.2024|F|21.05.1990|4|acne scars|gb||||redness 2 days|mild|no|
A|23.03.2024|F|21.05.1990|IV|acne scars|gb||2|24.06.2024|none||no|2
A|27.04.2024|F|21.05.1990|IV|acne scars||||||||
B|15.05.2024|M|13.11.1971|II|fine lines / wrinkles|afls|2||||||
B|18.06.2024|male|13.11.1971|II|fine lines / wrinkles|afls||1|25.09.2024|swelling|2|no|
B|20.07.2024|M|13.11.1971|II|fine lines / wrinkles|||||||
C|16.08.2025||||melasma|mmasi|11@2||||||
C|19.09.2025|female|30.08.2000|type 3|melasma|mmasi||6@5|28.01.2026|PIH|severe|yes|
C|24.10.2025|female|30.08.2000|III|melasma|mmasi|||||||3
"""
_COLUMNS: Final = (
    *("patient", "date", "sex", "birth_date", "skin_type", "concern", "scale", "score_before"),
    *("score_after", "score_after_date", "side_effects", "severity", "serious", "score:gais"),
)
_SAME_FOR_ALL: Final = {
    **{"status": "attended", "age": "34", "area": "cheeks", "side": "both", "clinic": "North"},
    **{"operator": "N1", "modality": "Microneedling", "setting": "clinic", "device": "pen 12"},
    **{"device_serial": "SN-1", "cartridge_lot": "A2401", "serum_lot": "HA-1", "needle": "1@5"},
    **{"passes": "4", "minutes": "30", "anaesthetic": "lidocaine", "adjunct": "none", "pain": "3"},
    **{"endpoint": "pinpoint bleeding", "aftercare": "sheet given", "contraindications": "none"},
    **{"isotretinoin_months": "12", "rater": "investigator", "resolved": "", "action": ""},
    **{"stopped": "no"},
}

DESK: Final = Habit(
    key="desk",
    headers=_HEADERS_OF_ALL,
    decimal=",",
    order="day-month-year",
    is_known=True,
)
OPEN: Final = Habit(
    key="open", headers=_HEADERS_OF_ALL, decimal=".", order="undeclared", is_known=True
)

SALON: Final = Habit(
    key="salon",
    headers=_HEADERS_OF_ALL,
    decimal=",",
    order="day-month-year",
    is_known=True,
    answers={
        "side_effects_belong_to": "undeclared",
        "not_applicable_side_effects": "undeclared",
    },
)
"""A log whose questions nobody has answered, of a clinic that may write in Spanish."""


class Bases(dict[str, tuple[Habit, Base]]):
    """Habit → the clean rows of each of its patients."""

    def __repr__(self) -> str:
        return "the clean rows"  # hypothesis prints them with every failure


def read_bases(folder: Path) -> Bases:
    """Return the small log of all roles in three habits, and the clean rows of the example, which
    is written into the folder."""
    found = {habit.key: (habit, write_desk(habit)) for habit in (DESK, OPEN, SALON)}
    return Bases(found | read_example(folder, patients=400, seed=3))


def write_desk(habit: Habit) -> Base:
    """Return the small log of all roles, with the decimal mark of the habit."""
    patients: dict[str, list[Row]] = defaultdict(list)
    for place, line in enumerate(_VISITS.strip().splitlines()):
        texts = dict(zip(_COLUMNS, line.split("|"), strict=False)) | _SAME_FOR_ALL
        texts["_note"] = f"visit {place}"
        cells = {
            role: _read_cell(habit, role, texts.get(role, "").replace("@", habit.decimal))
            for role in habit.headers
        }
        patients[texts["patient"]].append(Row(cells))
    return [*patients.values()]


def _read_cell(habit: Habit, role: str, text: str) -> Cell:
    if not text.strip():
        return Cell(text)
    value: Any = text
    if role in ("date", "birth_date", "score_after_date"):
        value = datetime.strptime(text, habit.day_format).date()
    elif role == "sex":
        value = _SEXES[text.casefold()]
    elif role == "skin_type":
        value = _read_type(text)
    elif role == "status":
        value = {"attended": "attended", "completed": "attended"}[text]
    elif role in ("serious", "stopped"):
        value = {"yes": True, "no": False}[text]
    elif role == "side_effects":
        value = not _says_none(text)
    elif role == "concern":
        value = _CONCERNS[text] if habit.is_known else (ANY,)
    elif role == "scale":
        value = _SCALES[text] if habit.is_known else ANY
    elif role == "score_before" or role == "score_after" or role.startswith("score:"):
        value = text.strip()
    return Cell(text, value)


def _read_type(text: str) -> int:
    written = re.fullmatch(r"(?:type |fst|fitz )?(i|ii|iii|iv|v|vi|[1-6])", text.casefold())
    if not written:
        raise KeyError(text)
    return _TYPES.index(written[1]) if written[1] in _TYPES else int(written[1])


_NONE: Final = (
    *("none", "nil", "no", "-", "nad", "n", "ok", "no ae", "no s/e", "no se", "uneventful", "0"),
    *("well tolerated", "none reported", "no complications", "sin novedad", "keine", "aucun"),
)


def _says_none(text: str) -> bool:
    """Return whether a base cell says "none"; one that denies single terms is not understood."""
    plain = text.casefold().strip()
    if plain in _NONE:
        return True
    if re.match(r"(no|nil|denies|without|not|n/a|tbc|\?)\b", plain):
        raise KeyError(text)
    return False


# --- the example ------------------------------------------------------------------------------


def read_example(folder: Path, *, patients: int, seed: int) -> dict[str, tuple[Habit, Base]]:
    """Return habit → its rows, of the example's patients without a slip and with two rows or
    more."""
    write_example(folder, patients=patients, seed=seed)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    planted: dict[str, set[int]] = defaultdict(set)
    for each in truth["planted"]:
        planted[each["file"]].add(each["line"])
    found = {}
    for layout in LAYOUTS.values():
        habit = Habit(
            key=layout.key,
            headers=dict(layout.headers) | {"_note": "Mutant note"},
            decimal=layout.decimal,
            order=layout.date_order,
            answers=layout.answers,
            has_zeros=layout.key == "lakeside",
        )
        habit = _name_apart(habit)
        base: Base = []
        for name in layout.files:
            encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
            text = (folder / name).read_bytes().decode(encoding)
            rows = _read_rows(text, layout.delimiter, [*layout.headers])
            base += _keep_clean(habit, rows, planted[name])
        found[layout.key] = habit, base
    return found


def _name_apart(habit: Habit) -> Habit:
    """Return the habit with its unmapped columns named once each."""
    headers = {
        role: f"{header} {role}" if role.startswith("_") else header
        for role, header in habit.headers.items()
    }
    return Habit(**{**vars(habit), "headers": headers})


def _read_rows(text: str, delimiter: str, roles: list[str]) -> Iterable[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    next(reader)
    line = reader.line_num + 1
    for texts in reader:
        if len(texts) == len(roles):
            yield line, dict(zip(roles, texts, strict=True))
        line = reader.line_num + 1


def _keep_clean(
    habit: Habit, rows: Iterable[tuple[int, Mapping[str, str]]], planted: set[int]
) -> Base:
    patients: dict[str, list[Row]] = defaultdict(list)
    dirty = set()
    for line, texts in rows:
        patient = texts["patient"].strip()
        try:
            cells = {role: _read_cell(habit, role, text) for role, text in texts.items()}
        except (KeyError, ValueError):
            dirty.add(patient)
            continue
        is_bare = not texts["concern"].strip() or not texts["date"].strip()
        if line in planted or is_bare or not texts["patient"]:
            dirty.add(patient)
        cells["_note"] = Cell(f"line {line}")
        patients[patient].append(Row(cells))
    return [
        rows
        for patient, rows in patients.items()
        if patient not in dirty and len(rows) > 1 and not _has_doubled_day(rows)
    ]


def _has_doubled_day(rows: list[Row]) -> bool:
    """Return whether two scores could be of one scale and day, or the first visit tells of one
    before it."""
    days: list[tuple[Any, ...]] = []
    for row in rows:
        for slot, cell in row.cells.items():
            if cell.text.strip() and (
                slot in ("score_before", "score_after") or slot[:6] == "score:"
            ):
                later = row.find("score_after_date").value
                day: date | None = row.find("date").value
                if slot != "score_before" and later:
                    day = later
                scale = slot if slot[:6] == "score:" else "scale"
                days.append((scale, day, row.find("rater").text))
    return len(days) != len(set(days))
