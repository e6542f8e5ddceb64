"""How each clinic's log looks: its columns in their order, and the format they are written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from analysis.intake.example.clinics import EXTRACTED_ON


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One habit of writing a log.

    ``headers`` names each column by its role; ``score:`` and a scale stand for a column with the
    scores of that scale, and a role that starts with ``_`` is a column without one.
    """

    key: str
    files: tuple[str, ...]
    delimiter: str
    encoding: str
    decimal: str
    date_order: str
    line_end: str = "\n"
    has_mark: bool = False
    """Begins with a byte order mark."""
    headers: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Text of a merged cell above → the roles below it, in the workbook; each header is that text,
    a space, and the rest."""
    sheets: tuple[str, ...] = ()
    """In the workbook."""
    workbook: str = ""
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def columns(self) -> dict[str, str]:
        """Role → header, of the columns that mean something."""
        return {
            role: header
            for role, header in self.headers.items()
            if not role.startswith(("_", "score:"))
        }

    @property
    def scores(self) -> dict[str, str]:
        """Scale → header."""
        return {
            role.removeprefix("score:"): header
            for role, header in self.headers.items()
            if role.startswith("score:")
        }


LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        each.key: each
        for each in (
            Layout(
                key="north",
                files=("north.csv",),
                delimiter=";",
                encoding="utf-8",
                has_mark=True,
                decimal=",",
                date_order="day-month-year",
                headers={
                    "patient": "Client ID",
                    "date": "Date of visit",
                    "_entered": "Entered",
                    "age": "Age",
                    "sex": "Sex",
                    "skin_type": "Skin type",
                    "concern": "Concern",
                    "area": "Area",
                    "side": "Side",
                    "operator": "Operator",
                    "device": "Device",
                    "device_serial": "Serial no.",
                    "cartridge_lot": "Lot cartridge",
                    "serum_lot": "Lot serum",
                    "needle": "Needle (mm)",
                    "passes": "Passes",
                    "minutes": "Minutes",
                    "anaesthetic": "Numbing",
                    "adjunct": "Serum",
                    "scale": "Scale",
                    "score_before": "Score before",
                    "score_after": "Score after",
                    "score_after_date": "Reviewed on",
                    "side_effects": "Side effects",
                    "_comments": "Comments",
                    "_comments_again": "Comments",
                },
                groups={
                    "Lot": ("cartridge_lot", "serum_lot"),
                    "Score": ("score_before", "score_after"),
                },
                sheets=("N1", "N2", "N3", "N4", "N5"),
                workbook="north.xlsx",
                answers={"clinic": "North"},
            ),
            Layout(
                key="home",
                files=("north-home.txt",),
                delimiter="\t",
                encoding="utf-16",
                has_mark=True,
                decimal=",",
                date_order="day-month-year",
                headers={
                    "patient": "Client ID",
                    "date": "Day",
                    "needle": "Roller (mm)",
                    "concern": "What for",
                    "side_effects": "Skin afterwards",
                },
                sheets=("Home diary",),
                workbook="north.xlsx",
                answers={"clinic": "North", "default_setting": "home"},
            ),
            Layout(
                key="lakeside",
                files=("lakeside-until-june-2025.csv", "lakeside-from-may-2025.csv"),
                delimiter=",",
                encoding="utf-8",
                line_end="\r\n",
                decimal=".",
                date_order="month-day-year",
                headers={
                    "patient": "MRN",
                    "date": "DOS",
                    "status": "Status",
                    "birth_date": "DOB",
                    "sex": "Gender",
                    "skin_type": "Fitzpatrick",
                    "concern": "Indication",
                    "area": "Site",
                    "side": "Side",
                    "operator": "Provider",
                    "modality": "Procedure",
                    "device": "Device",
                    "device_serial": "Device SN",
                    "cartridge_lot": "Cartridge lot",
                    "serum_lot": "Serum lot",
                    "needle": "Depth",
                    "passes": "Passes",
                    "minutes": "Duration (min)",
                    "anaesthetic": "Anesthesia",
                    "adjunct": "Topical",
                    "endpoint": "Endpoint",
                    "aftercare": "Aftercare",
                    "pain": "Pain (0-10)",
                    "scale": "Scale",
                    "score_before": "Score pre",
                    "score_after": "Score post",
                    "score_after_date": "Score date",
                    "rater": "Rater",
                    "score:gais": "GAIS",
                    "side_effects": "AE",
                    "severity": "AE severity",
                    "resolved": "AE resolved",
                    "action": "AE action",
                    "stopped": "AE stopped",
                    "serious": "AE serious",
                    "contraindications": "Contraindications",
                    "isotretinoin_months": "Isotretinoin (months since)",
                    "_comments": "Notes",
                },
                groups={
                    "Score": ("score_before", "score_after", "score_after_date"),
                    "AE": ("severity", "resolved", "action", "stopped", "serious"),
                },
                sheets=("L1", "L2", "L3", "L4"),
                workbook="lakeside.xlsx",
                answers={"clinic": "Lakeside"},
            ),
            Layout(
                key="sur",
                files=("sur.txt",),
                delimiter="\t",
                encoding="cp1252",
                decimal=",",
                date_order="year-month-day",
                headers={
                    "patient": "Paciente",
                    "date": "Fecha",
                    "age": "Edad",
                    "sex": "Sexo",
                    "skin_type": "Fototipo",
                    "concern": "Motivo",
                    "area": "Zona",
                    "operator": "Profesional",
                    "modality": "Técnica",
                    "device": "Equipo",
                    "cartridge_lot": "Lote",
                    "needle": "Profundidad (µm)",
                    "passes": "Pasadas",
                    "minutes": "Minutos",
                    "anaesthetic": "Anestesia",
                    "adjunct": "Suero",
                    "_pain": "Dolor (0-100)",
                    "score_after_date": "Fecha control",
                    "rater": "Evaluador",
                    "score:gb_qual": "GB",
                    "score:ecca": "ECCA",
                    "score:scars_pro": "SCARS",
                    "score:afls": "AFLS",
                    "score:lemperle": "Lemperle",
                    "score:glogau": "Glogau",
                    "score:mmasi": "mMASI",
                    "score:masi": "MASI",
                    "score:hemi_mmasi": "hemi-mMASI",
                    "score:melanin_index": "Mexameter",
                    "score:pore_iga": "Poros IGA",
                    "score:cutometer_r2": "R2",
                    "score:aa_laxity": "Alexiades",
                    "score:striae_width": "Estría (mm)",
                    "score:faceq": "FACE-Q",
                    "score:dlqi": "DLQI",
                    "score:gais": "GAIS",
                    "score:likert_sat": "Satisfacción (1-5)",
                    "score:pct_self": "Mejoría (%)",
                    "score:vas_improve": "EVA (0-10)",
                    "side_effects": "Desde la última visita",
                    "severity": "Gravedad",
                    "contraindications": "Contraindicaciones",
                },
                sheets=("S1", "S2", "S3"),
                workbook="sur.xlsx",
                answers={
                    "clinic": "Sur",
                    "side_effects_belong_to": "previous session",
                },
            ),
        )
    }
)
LAKESIDE_SPLIT: Final = (2025, 5), (2025, 6)
"""Months that stand in both of Lakeside's exports."""

# What a person had to declare, because the log does not say it.
SCALES: Final = {
    "gais": "one_is_best",
    "pore_iga": "zero_to_five",
    "likert_sat": "five_is_best",
}
TITLE: Final = "Example clinics (synthetic)"
_NOTE: Final = "# How to read the example. Everything in it is synthetic: no patient, no clinic.\n"


def write_source(name: str, layouts: list[dict[str, Any]]) -> str:
    """Return the text of ``source.toml``: the head, and one ``[[layouts]]`` block each.

    A layout maps keys to text, to a list of texts, or to a block of texts.
    """
    lines = [_NOTE + f"name = {_quote(name)}", f"title = {_quote(TITLE)}", "synthetic = true"]
    lines += [f"extracted_on = {EXTRACTED_ON.isoformat()}", "", "[scales]"]
    lines += [f"{key} = {_quote(value)}" for key, value in SCALES.items()]
    for layout in layouts:
        lines += ["", "[[layouts]]"]
        plain = {key: value for key, value in layout.items() if not isinstance(value, Mapping)}
        lines += [f"{key} = {_quote_any(value)}" for key, value in plain.items()]
        for key, block in layout.items():
            if key not in plain and block:
                lines += ["", f"[layouts.{key}]"]
                lines += [f"{role} = {_quote(text)}" for role, text in block.items()]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


def _quote_any(value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return _quote(value)
    return "[" + ", ".join(map(_quote, value)) + "]"
