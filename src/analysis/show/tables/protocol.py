"""How patients were treated, as tables."""

from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import NOT_SHOWN, Released
from analysis.show.sentences import (
    Prose,
    capitalise,
    get_rows,
    name_concern,
    name_sessions,
    write_count,
    write_nothing,
    write_number,
    write_plain,
)
from analysis.show.tables.making import (
    Row,
    Table,
    cite,
    make_table,
    name_cells,
    write_cells,
    write_reason,
    write_value,
)

_QUESTION: Final = "protocol"
_GROUPINGS: Final = {
    "median interval of the patient": "Patients by their median interval between sessions",
    "shortest interval": "Patients by their shortest interval between sessions",
    "where treated": "Patients by where they were treated",
    "numbed": "Patients treated in the clinic by numbing, of sessions where that was written",
    "endpoint": "Patients treated in the clinic by the endpoint recorded",
    "aftercare": "Patients treated in the clinic by the aftercare recorded",
}
_MEASURES: Final = {
    ("minutes", "quartile"): ("Length of a session in the clinic", "minutes", 0),
    ("median pain", ""): ("Pain in the clinic, 0 to 10 (median)", "points", 1),
    ("median pain", "numbed"): ("Pain in the clinic, 0 to 10 (median)", "points", 1),
    ("median needle", "where treated"): ("Needle length (median)", "mm", 2),
}
_RECORDED: Final = ("length", "pain", "anaesthetic", "endpoint", "aftercare")
_AGAINST_RANGE: Final = "needle against the usual range"


def show_protocol(released: Released, *, name: str = "protocol") -> Table | Prose:
    """Return intervals, length of sessions, places, numbing with pain, endpoint and aftercare."""
    lines: list[dict[str, str]] = []
    groups: list[str] = []
    shown: list[Row] = []

    def add(row: Row, group: str, label: str, cells: dict[str, str]) -> None:
        lines.append({"label": label, **cells})
        groups.append(group)
        shown.append(row)

    for by, title in _GROUPINGS.items():
        for row in _get(released, by, by):
            cells = {"count": write_count(row), "found": write_value(row)}
            add(row, title, row["level"], cells)
    for (statistic, by), (title, unit, decimals) in _MEASURES.items():
        for row in _get(released, statistic, by):
            label = row["level"] or "all together"
            add(row, title, label, _write_measure(row, unit, decimals))
    for row in _get(released, "sessions by place", "where treated"):
        cells = {"count": write_count(row), "found": write_value(row)}
        add(row, "Sessions by place", row["level"], cells)
    for what in _RECORDED:
        for row in _get(released, f"{what} recorded", ""):
            cells = {"count": write_count(row), "found": write_value(row)}
            add(row, "Recorded at sessions in the clinic", what, cells)
    if not lines:
        return write_nothing("how patients were treated")
    return make_table(
        name,
        "How patients were treated",
        lines,
        {"label": "Measure", "count": "Number", "found": "Found"},
        groups=groups,
        shown=shown,
        notes=[
            f"Sessions of {name_sessions(released)}, and of the same kind at home where that is "
            "said. Medians are taken within each patient first.",
            *cite(shown),
        ],
    )


def show_needle_ranges(released: Released, *, name: str = "needle-ranges") -> Table | Prose:
    """Return the sessions below, within and above the needle lengths of reviewed papers, concern by
    concern; where no source gives a range, that."""
    rows = [*_get(released, _AGAINST_RANGE, "usual range"), *_get(released, _AGAINST_RANGE, "")]
    if not rows:
        return write_nothing("needle lengths")
    vocabulary = released.origin.vocabulary
    order = [*vocabulary.concerns]
    lines, groups = [], []
    rows.sort(key=lambda row: order.index(row["concern"]) if row["concern"] in order else 0)
    for row in rows:
        if row["by"]:
            label, cells = row["level"], write_cells(row)
        else:
            label = "no sourced range"
            cells = {"count": _count_known(row), "share": "not compared", "interval": ""}
        lines.append({"label": label, **cells})
        groups.append(capitalise(name_concern(vocabulary, row["concern"])))
    spans = dict.fromkeys(
        f"{name_concern(vocabulary, row['concern'])} {row['note'].partition(';')[0]}"
        for row in rows
        if row["by"] and row["note"]
    )
    notes = [
        "The longest needle of a session counts, and a session under each concern it treated. "
        "Below or above is not wrong: nobody reviewed it."
    ]
    if spans:
        notes.append(f"Reviewed: {', '.join(spans)}.")
    return make_table(
        name,
        "Needle length against the lengths of reviewed papers",
        lines,
        {"label": "Needle", **name_cells(rows)},
        groups=groups,
        shown=rows,
        notes=[*notes, *cite(rows)],
    )


def show_screening(released: Released, *, name: str = "contraindications") -> Table | Prose:
    """Return the patients treated with a contraindication present, absent or not recorded, and
    beside them those with any harm, of those asked."""
    known = released.origin.vocabulary.contraindications
    lines, groups = [], []
    shown: list[Row] = []
    for key, block in known.items():
        harm = {row["level"]: row for row in get_rows(released, "patients with", by=key)}
        for row in _get(released, key, key):
            beside = harm.get(row["level"])
            cells = {"count": NOT_SHOWN, "share": "not counted", "interval": ""}
            lines.append(
                {
                    "label": row["level"],
                    "treated": write_count(row),
                    **(write_cells(beside) if beside else cells | {"count": ""}),
                }
            )
            groups.append(capitalise(block.name))
            shown += [row, *([beside] if beside else [])]
    if not lines:
        return write_nothing("contraindications present at a treatment")
    return make_table(
        name,
        "Contraindications at treatment, and any harm in the same patients",
        lines,
        {"label": "At treatment", "treated": "Patients treated", **name_cells(shown)},
        groups=groups,
        spanners={"With any harm, of those asked": ["count", "share", "interval"]},
        shown=shown,
        notes=[
            "Contraindications that nobody treated had are left out. Present is what was recorded "
            "as present at one session at least; what was not recorded is in neither of the "
            "others. Harm is that of all sessions of these patients. The groups differ in more "
            "than what they are named for.",
            *cite(shown),
        ],
    )


def _get(released: Released, statistic: str, by: str) -> list[dict[str, Any]]:
    rows = get_rows(released, statistic, by=by)
    return [row for row in rows if row["question"] == _QUESTION]


def _write_measure(row: Row, unit: str, decimals: int) -> dict[str, str]:
    """Return of how many patients a median is, and the median, or the words in its place."""
    of: str = NOT_SHOWN if pd.isna(row["total"]) else f"{row['total']}"
    told = write_reason(row)
    number = write_plain(row["value"]) if decimals == 0 and not told else ""
    found = told or f"{number or write_number(row['value'], decimals)} {unit}"
    return {"count": of, "found": found}


def _count_known(row: Row) -> str:
    return NOT_SHOWN if pd.isna(row["total"]) else f"{row['total']} sessions"
