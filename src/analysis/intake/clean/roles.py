"""The roles a column can have, and the typed columns that their cells become."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from analysis.intake.cells import Found
from analysis.intake.clean.reading import Reading, Row
from analysis.intake.engine import Table, make_table

TYPED: Final[Mapping[str, Mapping[str, str]]] = {
    "patient": {"patient": "string"},
    "date": {"date": "date"},
    "status": {"is_attended": "boolean"},
    "age": {"age": "int64"},
    "birth_date": {"birth_date": "date"},
    "sex": {"sex": "string"},
    "skin_type": {"skin_type": "int64", "skin_type_is_range": "boolean"},
    "side": {"side": "string"},
    "modality": {"modality": "string", "modality_setting": "string"},
    "setting": {"setting": "string"},
    "needle": {"needle_shortest": "float64", "needle_longest": "float64"},
    "passes": {"passes": "int64"},
    "minutes": {"minutes": "float64"},
    "pain": {"pain": "float64"},
    "isotretinoin_months": {"isotretinoin_months": "float64"},
    "scale": {"scale": "string"},
    "score_after_date": {"score_after_date": "date"},
    "rater": {"rater": "string"},
    "side_effects": {"recorded": "string"},
    "severity": {"severity": "int64"},
    "serious": {"serious": "boolean"},
    "resolved": {"resolved": "boolean"},
    "stopped": {"stopped": "boolean"},
    **{
        role: {role: "string"}
        for role in (
            *("area", "clinic", "operator", "device", "device_serial", "cartridge_lot"),
            *("serum_lot", "anaesthetic", "adjunct", "endpoint", "aftercare", "action"),
        )
    },
}
"""Role → the typed columns of a visit that its cell becomes."""
SPREAD: Final = ("concern", "side_effects", "contraindications")
"""Roles whose cell becomes rows of a table of its own."""
SCORES: Final = ("score_before", "score_after")


def make_look_up(
    reading: Reading,
    role: str,
    found: Mapping[tuple[int, str], Found],
    columns: Mapping[str, str],
) -> Table:
    """Return layout (``l_``) and text (``k_``) → the typed columns and the problem (``p_``)."""
    names = [*columns]
    read = []
    for (n, text), each in found.items():
        values = each.value if isinstance(each.value, tuple) else (each.value,)
        row: Row = {f"l_{role}": n, f"k_{role}": text}
        row |= dict(zip(names, values, strict=False))
        header = reading.layouts[n].columns[role]
        row[f"p_{role}"] = reading.number_problem(header, each) if each.rule else None
        read.append(row)
    types = {f"l_{role}": "int64", f"k_{role}": "string"} | dict(columns)
    types[f"p_{role}"] = "int64"
    return make_table(pd.DataFrame(read, columns=[*types]), types)
