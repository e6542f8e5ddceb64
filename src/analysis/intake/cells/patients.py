"""Reads who a row is about: the id, the sex, the age and the type of skin."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from analysis.intake.cells.found import ROMAN, Found, fold, fold_signs, is_blank
from analysis.intake.cells.numbers import parse_number
from analysis.vocabulary import PROTOCOL

_NO_PATIENT = re.compile(
    r"[\W_]*|0+(?:[.,]0+)?|none|nil|missing|no id|pending"
    r"|#(?:ref|value|name|div/0|null|num|n/a|spill|calc)[!?]?"
)


def is_no_patient(text: str | None) -> bool:
    """Return whether a patient cell holds a stand-in for "none": no id, only marks or zeros, or
    the error a formula left."""
    return text is None or is_blank(text) or _NO_PATIENT.fullmatch(fold(text)) is not None


_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?(?:,?\s+[^\W\d_]+(?:['’-][^\W\d_]+)*\.?)+")


def find_width(ids: Iterable[str]) -> int:
    """Return how many digits the ids of a column have, where zeros in front show it; else 0.

    A spreadsheet takes such zeros away; an id that is shorter than all others has lost them.
    """
    digits = [text.strip() for text in ids if text.strip().isdecimal()]
    padded = {len(text) for text in digits if text.startswith("0") and text.strip("0")}
    width = padded.pop() if len(padded) == 1 else 0
    return 0 if any(len(text) > width for text in digits) else width


def fold_patient(text: str, width: int) -> str:
    """Return the id as ids are compared, with the zeros in front that the column has."""
    plain = fold(text)
    return plain.zfill(width) if plain.isdecimal() else plain


_LOOKS_LIKE: Final = str.maketrans(
    "авекмнорстухіѕј" + "αβεζηικμνορτυχ",
    "abekmhopctyxisj" + "abezhikmnoptyx",
)
"""Folded letters of Cyrillic and Greek → the Latin ones that their capitals look like."""


def look_alike(key: str) -> str:
    """Return a folded id with the Latin letters and plain digits that its own look like."""
    return fold_signs(key).translate(_LOOKS_LIKE)


def find_look_alikes(keys: Iterable[str]) -> set[str]:
    """Return the folded ids in other letters or digits that look like another one of them."""
    looks: dict[str, set[str]] = {}
    for key in keys:
        looks.setdefault(look_alike(key), set()).add(key)
    return {key for look, each in looks.items() if len(each) > 1 for key in each - {look}}


def note_look_alike(found: Found) -> Found:
    """Return the patient of an id that looks like another's: it counts as written, and is noted."""
    hint = "if both are one patient, type the id again with the letters of the others"
    return (
        found
        if found.rule
        else replace(found, rule="look_alike_id", consequence="noted", suggestion=hint)
    )


def parse_patient(text: str, chosen: Mapping[str, str], source: str, width: int = 0) -> Found:
    """Return the patient as ``source/ID``.

    ``chosen`` is the form that counts of ids which differ only in case, spaces or zeros that the
    column should have in front, by folded id.
    Words of letters alone, one of them with a capital, are a person's name: it must not go on.
    """
    if is_no_patient(text):
        return Found(rule="missing_patient", consequence="row set aside")
    if _NAME.fullmatch(text.strip()) and text != text.casefold():
        hint = "write the patient's id instead"
        return Found(rule="name_in_id_column", consequence="row set aside", suggestion=hint)
    patient = chosen[fold_patient(text, width)]
    if patient == text:
        return Found(f"{source}/{patient}")
    hint = "write the id the same way everywhere"
    return Found(f"{source}/{patient}", "patient_id_tidied", "repaired", hint)


def parse_skin_type(text: str) -> Found:
    """Return ``(type, is_range)``, Fitzpatrick 1 to 6; a range counts as its higher type."""
    if is_blank(text):
        return Found()
    plain = _SKIN_TYPE_WORD.sub("", fold_signs(text))
    parts = [part.strip() for part in _SKIN_TYPES.split(plain)]
    types = [
        ROMAN.get(part) or (int(part[0]) if re.fullmatch("[1-6]([.,]0)?", part) else 0)
        for part in parts
    ]
    if len(types) > 2 or not all(types):
        hint = "Fitzpatrick I to VI; an l or | is no I"
        return Found(rule="unknown_skin_type", consequence="cell blanked", suggestion=hint)
    if len(types) == 2:
        return Found((max(types), True), "skin_type_range", "noted")
    return Found((types[0], False))


def parse_age(text: str, decimal: str) -> Found:
    """Return the age in whole years; the word for years may stand behind it."""
    number = parse_number(_YEARS.sub("", fold(text)), decimal)
    if isinstance(number.value, float) and 0 < number.value <= PROTOCOL["oldest_age"].value:
        return Found(int(number.value))
    if number.value is None and not number.rule:
        return number
    return Found(rule="impossible_age", consequence="cell blanked", suggestion="age in years")


_YEARS = re.compile(r"(?<=\d) ?(?:years?|yrs?|y|y/?o|jahre|años|anos|ans)\.?(?: (?:old|alt))?$")
_SKIN_TYPE_WORD = re.compile(
    r"^(?:(?:fitzpatrick|fitz|fst|skin|type|typ|tipo|hauttyp|phototype|photo type|phototyp"
    r"|fototipo)[ .:#-]*)+"
)
# between two digits a comma is a decimal mark: "2,5" is no range from II to V
_SKIN_TYPES = re.compile(r"[-/]|,(?!\d)|(?<!\d),|\b(?:to|or|bis|oder|a|o|à|ou)\b")
_SEXES: Final = {
    **dict.fromkeys(
        "f female w woman frau weiblich mujer femenino femme féminin".split(), "female"
    ),
    **dict.fromkeys("mulher feminino".split(), "female"),
    **dict.fromkeys("m male man herr männlich hombre masculino homme masculin".split(), "male"),
    **dict.fromkeys("homem varón varon".split(), "male"),
    **dict.fromkeys("x other diverse d non-binary nonbinary divers".split(), "other"),
}


_MEN: Final = frozenset("hv")
"""H for ``hombre`` or ``homem``, V for ``varón``: letters beside which M may be a woman."""
_MEN_AND_WOMEN: Final = frozenset("hombre varon varón mujer homem mulher".split())


def parse_sex(text: str, beside: Iterable[str] = ()) -> Found:
    """Return ``female``, ``male`` or ``other``.

    ``beside`` are the texts of the column. An M may be ``mujer`` as well as ``masculino`` and is
    not read beside an H or a V, nor beside such words unless an F shows which letters are meant.
    """
    if is_blank(text):
        return Found()
    if fold(text) == "m" and _may_be_woman({fold(each) for each in beside}):
        hint = "write female or male"
        return Found(rule="ambiguous_sex", consequence="cell blanked", suggestion=hint)
    if fold(text) in _SEXES:
        return Found(_SEXES[fold(text)])
    return Found(rule="unknown_sex", consequence="cell blanked", suggestion="female, male or other")


def _may_be_woman(beside: set[str]) -> bool:
    """Return whether an M among these texts may stand for ``mujer`` or ``mulher``."""
    return bool(beside & _MEN) or (bool(beside & _MEN_AND_WOMEN) and "f" not in beside)
