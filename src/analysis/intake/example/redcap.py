"""Writes what a correct reader gets as the raw export of a REDCap project.

One record for each patient: a row of its own with what is known of the person, then one row for
each instance of the repeating instrument "session". Raw means that choices are codes, which the
data dictionary explains, and that a checkbox field is one column of 0 and 1 for each choice.
"""

import csv
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

from analysis.intake.example import words
from analysis.intake.example.clinics import SITES
from analysis.intake.example.layouts import SCALES, write_source
from analysis.intake.example.measures import GAIS, MEASURES, PATIENT_OPINIONS, QUARTILE
from analysis.intake.example.people import CONTRAINDICATIONS
from analysis.intake.example.rows import Row
from analysis.intake.example.surviving import Known, group_by_session, place_side_effects
from analysis.vocabulary import BUILT_IN

RECORDS: Final = "records.csv"
DICTIONARY: Final = "dictionary.csv"
DICTIONARY_COLUMNS: Final = (
    *("Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label"),
    *("Choices, Calculations, OR Slider Labels", "Field Note"),
    *("Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max"),
    *("Identifier?", "Branching Logic (Show field only if...)", "Required Field?"),
    *("Custom Alignment", "Question Number (surveys only)", "Matrix Group Name"),
    *("Matrix Ranking?", "Field Annotation"),
)

_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI")
CHOICES: Final[dict[str, dict[str, str]]] = {
    "sex": {"1": "female", "2": "male", "3": "other"},
    "skin_type": {
        **{str(place): name for place, name in enumerate(_ROMAN, start=1)},
        **{f"{n}{n + 1}": f"{_ROMAN[n - 1]}-{_ROMAN[n]}" for n in range(1, 6)},
    },
    "modality": {
        "1": "microneedling",
        "2": "RF microneedling",
        "3": "laser",
        "4": "chemical peel",
        "5": "dermabrasion",
        "6": "other",
    },
    "setting": {"1": "clinic", "2": "home"},
    "clinic": {str(place): site.name for place, site in enumerate(SITES.values(), start=1)},
    "side": {"1": "left", "2": "right"},
    "rater": {"1": "blinded", "2": "investigator", "3": "device", "4": "patient"},
    "severity": {"1": "mild", "2": "moderate", "3": "severe", "4": "4", "5": "5"},
    "resolved": {"1": "yes", "0": "no"},
    "stopped": {"1": "yes", "0": "no"},
    "serious": {"1": "yes", "0": "no"},
}
CONTRAINDICATION_CHOICES: Final = {
    "0": "none",
    **{
        str(place): BUILT_IN.contraindications[key].name
        for place, key in enumerate(CONTRAINDICATIONS, start=1)
    },
}
_CODES: Final = {
    field: {text: code for code, text in each.items()} for field, each in CHOICES.items()
}

PERSON_FIELDS: Final = {
    "record_id": ("text", "Record ID"),
    "sex": ("radio", "Sex"),
    "age": ("text", "Age in years at the first session"),
    "skin_type": ("dropdown", "Fitzpatrick skin type"),
}
SESSION_FIELDS: Final = {
    "session_date": ("text", "Date of session"),
    "clinic": ("radio", "Clinic"),
    "operator": ("text", "Treated by (code)"),
    "modality": ("dropdown", "What was done"),
    "setting": ("radio", "Where"),
    "concern": ("text", "What for"),
    "area": ("text", "Area"),
    "side": ("radio", "Side"),
    "device": ("text", "Device"),
    "device_serial": ("text", "Serial number"),
    "cartridge_lot": ("text", "Cartridge lot"),
    "serum_lot": ("text", "Serum lot"),
    "needle": ("text", "Needle length (mm), or a range"),
    "passes": ("text", "Passes"),
    "minutes": ("text", "Length of the session (minutes)"),
    "anaesthetic": ("text", "Anaesthetic"),
    "adjunct": ("text", "Serum or other adjunct"),
    "endpoint": ("text", "Endpoint"),
    "aftercare": ("text", "Aftercare"),
    "pain": ("text", "Pain, 0 to 10"),
    "contra": ("checkbox", "Reasons not to treat"),
    "isotretinoin_months": ("text", "Months since isotretinoin"),
    "ae": ("notes", "Side effects"),
    "severity": ("dropdown", "Severity of the side effects"),
    "resolved": ("radio", "Side effects resolved?"),
    "action": ("text", "What was done about them"),
    "stopped": ("radio", "Did they end the treatment?"),
    "serious": ("radio", "Serious?"),
    "score_date": ("text", "Date of the scores, if not that of the session"),
    "rater": ("radio", "Scored by"),
}
SCALE_FIELDS: Final = tuple(
    dict.fromkeys(
        [*MEASURES, GAIS.scale, QUARTILE.scale, *(each.scale for each in PATIENT_OPINIONS)]
    )
)
ROLES: Final = {
    "patient": "record_id",
    "date": "session_date",
    "contraindications": "contra",
    "side_effects": "ae",
    "score_after_date": "score_date",
    **{name: name for name in ("sex", "age", "skin_type")},
    **{
        name: name
        for name in SESSION_FIELDS
        if name not in ("session_date", "contra", "ae", "score_date")
    },
}
"""Role → field."""
_REPEAT: Final = ("redcap_repeat_instrument", "redcap_repeat_instance")
_GROUP: Final = "redcap_data_access_group"
_NUMBERS: Final = ("age", "passes", "minutes", "pain", "isotretinoin_months", *SCALE_FIELDS)
_DATES: Final = ("session_date", "score_date")


class RedcapExport:
    """Records and data dictionary."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] = (folder / RECORDS).open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, list_columns(), lineterminator="\n")
        self._writer.writeheader()

    def add(self, known: Known) -> None:
        """Write the record of one patient."""
        for patient, survivors in known.survivors.items():
            person = known.tables[patient]["patients"][0]
            group = {"record_id": patient, _GROUP: survivors[0].clinic.lower()}
            self._writer.writerow(group | _write_person(person))
            instance = 0
            told = place_side_effects(survivors)
            for session, members in group_by_session(survivors).items():
                for cells in _write_session_instances(members, told[session]):
                    instance += 1
                    repeat = dict(zip(_REPEAT, ("session", str(instance)), strict=True))
                    self._writer.writerow(group | repeat | cells | {"session_complete": "2"})

    def close(self) -> None:
        """Finish the records; write data dictionary and ``source.toml``."""
        self._file.close()
        with (self._folder / DICTIONARY).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(DICTIONARY_COLUMNS)
            writer.writerows(write_dictionary())
        layout = {
            "files": (RECORDS,),
            "dictionary": DICTIONARY,
            "format": {"kind": "redcap", "date_order": "year-month-day"},
            "columns": ROLES,
            "scores": {scale: scale for scale in SCALE_FIELDS},
            "answers": {"side_effects_belong_to": "this session"},
        }
        text = write_source(self._folder.name, [layout])
        (self._folder / "source.toml").write_text(text, encoding="utf-8", newline="\n")


def list_columns() -> list[str]:
    """Return the columns of the records."""
    session: list[str] = []
    for name in SESSION_FIELDS:
        if name == "contra":
            session += [f"contra___{code}" for code in CONTRAINDICATION_CHOICES]
        else:
            session.append(name)
    person = [name for name in PERSON_FIELDS if name != "record_id"]
    return [
        *("record_id", *_REPEAT, _GROUP, *person, "person_complete"),
        *(*session, *SCALE_FIELDS, "session_complete"),
    ]


def write_dictionary() -> list[list[str]]:
    """Return the data dictionary, one row for each field."""
    rows = [
        _describe_field(name, form, kind, label)
        for form, fields in (("person", PERSON_FIELDS), ("session", SESSION_FIELDS))
        for name, (kind, label) in fields.items()
    ]
    return rows + [
        _describe_field(scale, "session", "text", BUILT_IN.scales[scale].name)
        for scale in SCALE_FIELDS
    ]


def _describe_field(name: str, form: str, kind: str, label: str) -> list[str]:
    choices = CONTRAINDICATION_CHOICES if name == "contra" else CHOICES.get(name, {})
    validation = "date_ymd" if name in _DATES else "number" if name in _NUMBERS else ""
    known = {
        "Variable / Field Name": name,
        "Form Name": form,
        "Field Type": kind,
        "Field Label": label,
        "Choices, Calculations, OR Slider Labels": " | ".join(
            f"{code}, {text}" for code, text in choices.items()
        ),
        "Text Validation Type OR Show Slider Number": validation,
        "Required Field?": "y" if name in ("record_id", "session_date") else "",
    }
    if name in SCALES:
        known["Field Note"] = f"order: {SCALES[name]}"
    return [known.get(column, "") for column in DICTIONARY_COLUMNS]


def _write_person(person: dict[str, Any]) -> dict[str, str]:
    skin_type = person["skin_type"]
    code = "" if skin_type is None else str(skin_type)
    if person["skin_type_is_range"]:
        code = f"{skin_type - 1}{skin_type}"
    return {
        "sex": _CODES["sex"][person["sex"]] if person["sex"] else "",
        "age": "" if person["age"] is None else str(person["age"]),
        "skin_type": code,
        "person_complete": "2",
    }


def _write_session_instances(rows: list[Row], told: list[Row]) -> list[dict[str, str]]:
    """Return the instances of one session, with what its patient told, also where the clinic
    writes that down at the next visit."""
    instances = [_write_instances(row) for row in rows]
    tellers = [row for row in told if row.recorded != "not recorded" or row.denied]
    for teller, instance in zip(tellers, instances, strict=False):
        instance[0].update(_write_harms(teller))
    return [instance for each in instances for instance in each]


def _write_instances(row: Row) -> list[dict[str, str]]:
    """Return one instance for a row, and a second one where it holds scores of two days."""
    cells = {
        "session_date": row.day.isoformat(),
        "clinic": _CODES["clinic"][row.clinic],
        "modality": _CODES["modality"][_name_modality(row.modality)],
        "setting": _CODES["setting"][row.setting],
        "concern": _write_concerns(row),
        "area": row.area,
        "side": _CODES["side"].get(row.side, ""),
        "operator": row.operator,
    }
    whole = cells | _write_session(row)
    today = {row.scale: row.before} if row.before is not None else {}
    later = {row.scale: row.after} if row.after is not None else {}
    (later if row.reviewed_on else today).update(row.scores)
    if later and not today:
        return [whole | _write_scores(row, later, row.reviewed_on)]
    first = whole | _write_scores(row, today, None)
    return [first, cells | _write_scores(row, later, row.reviewed_on)] if later else [first]


def _name_modality(key: str) -> str:
    return key.replace("rf_", "RF ").replace("_", " ")


def _write_concerns(row: Row) -> str:
    return "; ".join(
        words.CONCERN_WORDS[f"{concern}/{subtype}" if subtype else concern][1][0]
        for concern, subtype in row.concerns
    )


def _write_session(row: Row) -> dict[str, str]:
    texts = ("device", "device_serial", "cartridge_lot", "serum_lot", "anaesthetic", "adjunct")
    numbers = ("passes", "minutes", "pain", "isotretinoin_months")
    cells = {name: getattr(row, name) for name in (*texts, "endpoint", "aftercare")}
    for name in numbers:
        value = getattr(row, name)
        cells[name] = "" if value is None else str(value)
    needle = row.needle or ()
    cells["needle"] = "-".join(dict.fromkeys(f"{length:g}" for length in needle))
    ticked = row.contraindications
    keys = () if ticked is None else ticked or ("none",)
    names = {BUILT_IN.contraindications[key].name if key != "none" else key for key in keys}
    for code, name in CONTRAINDICATION_CHOICES.items():
        cells[f"contra___{code}"] = "1" if name in names else "0"
    return cells


def _write_harms(row: Row) -> dict[str, str]:
    """Return side effects in words, with what holds for all of them in fields of its own."""
    grades = {event.severity for event in row.events}
    grade = next(iter(grades)) if len(grades) == 1 else None
    outcomes = {event.is_resolved for event in row.events}
    outcome = next(iter(outcomes)) if len(outcomes) == 1 else None
    text = words.write_plainly(
        row.events, with_severity=grade is None, with_resolved=outcome is None
    )
    denied = "; ".join(f"no {term.replace('_', ' ')}" for term in row.denied)
    return {
        "ae": "; ".join(filter(None, (text or ("none" if row.recorded == "none" else ""), denied))),
        "severity": "" if grade is None else str(grade),
        "resolved": _code_flag(outcome),
        "action": row.action,
        "stopped": _code_flag(row.stopped),
        "serious": _code_flag(row.serious),
    }


def _code_flag(flag: bool | None) -> str:
    return "" if flag is None else "1" if flag else "0"


def _write_scores(row: Row, scores: dict[str, float], day: date | None) -> dict[str, str]:
    if not scores:
        return {}
    cells = {scale: f"{score:g}" for scale, score in scores.items()}
    rater = _CODES["rater"][row.rater or "investigator"]
    return cells | {"rater": rater, "score_date": day.isoformat() if day else ""}
