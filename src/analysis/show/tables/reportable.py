"""How serious harm was; and, on internal pages, single events that may have to be reported."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from analysis.individuals import ReportableEvents
from analysis.show.disclosure import Released, admit, mark_internal
from analysis.show.sentences import Prose, get_rows, name_modality, name_term, write_nothing
from analysis.show.tables.making import Row, Table, cite, make_table, name_cells, write_cells

_STATISTICS: Final = {
    "serious": "Serious harm",
    "stopped because of harm": "Treatment stopped because of harm",
}
_HEADINGS: Final = {
    "patient": "Patient",
    "date": "Session",
    "modality": "Modality",
    "term": "Side effect",
    "severity": "Severity",
    "serious": "Serious",
    "stopped": "Stopped",
    "resolved": "Resolved",
    "device": "Device",
    "device_serial": "Serial",
    "cartridge_lot": "Cartridge lot",
    "serum_lot": "Serum lot",
    "reason": "Listed as",
}
_ANSWERS: Final = ("serious", "stopped", "resolved")


def show_seriousness(released: Released, *, name: str = "seriousness") -> Table | Prose:
    """Return the patients with serious harm and with a treatment stopped because of harm, of those
    asked, and of those with any harm."""
    lines, groups = [], []
    shown: list[Row] = []
    for statistic, title in _STATISTICS.items():
        rows = get_rows(released, statistic)
        parts = get_rows(released, f"{statistic}, of harm", by=f"{statistic}, of harm")
        for row in (*rows, *parts):
            label = f"of those with any harm: {row['level']}" if row["level"] else "of those asked"
            lines.append({"label": label, **write_cells(row)})
            groups.append(title)
            shown.append(row)
    if not lines:
        return write_nothing("how serious harm was")
    return make_table(
        name,
        "How serious harm was",
        lines,
        {"label": "Patients", **name_cells(shown)},
        groups=groups,
        shown=shown,
        notes=[
            "Both are words of the log. Where nobody wrote whether harm was serious, it may have "
            "been: the share of those asked is at least so large.",
            *cite(shown),
        ],
    )


def show_reportable_events(
    events: ReportableEvents, released: Released, *, name: str = "reportable-events"
) -> Table | Prose:
    """Return the events that may have to be reported, one a line; nothing on a shareable page."""
    known = admit(events, released)
    if known is None or known.events.empty:
        return Prose("")
    lines = [_write_event(row, released) for row in known.events.to_dict("records")]
    # the same address for any events: an id must not tell them apart
    about = [{"address": "individuals/reportable events"}]
    caption = "Events that may have to be reported"
    made = make_table(
        name,
        caption,
        lines,
        _HEADINGS,
        shown=about,
        left=[each for each in _HEADINGS if each != "severity"],
        notes=["Single patients: for internal use."],
    )
    # printed text has no mark, so it holds no event
    return Table(mark_internal(made.html), f"{caption}: a table for internal pages")


def _write_event(row: Mapping[Any, Any], released: Released) -> dict[str, str]:
    write = {
        "date": lambda day: f"{pd.Timestamp(day):%Y-%m-%d}",
        "term": lambda term: name_term(released.origin.vocabulary, term),
        "modality": name_modality,
        **dict.fromkeys(_ANSWERS, _answer),
    }
    return {name: write.get(name, _write)(row[name]) for name in _HEADINGS}


def _write(value: Any) -> str:
    """Return a text or a grade as recorded."""
    if pd.isna(value):
        return "not recorded"
    return value if isinstance(value, str) else f"{int(value)}"


def _answer(value: Any) -> str:
    return "not recorded" if pd.isna(value) else "yes" if value else "no"
