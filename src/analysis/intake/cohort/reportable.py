"""How serious harm was, by patient; and single events that may have to be reported, row by row."""

from collections.abc import Sequence

import ibis
from ibis import _


def find_seriousness(events: ibis.Table, sessions: ibis.Table, terms: Sequence[str]) -> ibis.Table:
    """Return one row per patient with one of these side effects at one of the sessions: patient,
    serious and stopped.

    Yes where it was said of one of them, no where it was denied of one and said of none, missing
    where nothing was written. ``events`` are side effects of the schema.
    """
    told = events.filter(_.term.isin([*terms])).semi_join(sessions, "session")
    counts = told.group_by("patient").agg(
        serious=told.serious.any(), stopped=told.led_to_stopping.any()
    )
    return counts.order_by("patient")


def list_grave_events(
    events: ibis.Table, sessions: ibis.Table, severity: int, terms: Sequence[str]
) -> ibis.Table:
    """Return the side effects of these sessions that were serious, as severe as that or more, or
    one of these terms; by date.

    Columns: patient, date, modality, term, severity, serious, stopped, resolved, device,
    device_serial, cartridge_lot and serum_lot. ``events`` have ``is_onset`` too: what is listed for
    its term alone is listed where it began, and not each time it is written again.
    """
    columns = ("modality", "device", "device_serial", "cartridge_lot", "serum_lot")
    is_grave = (events.serious | (events.severity >= severity)).fill_null(False)
    grave = events.filter(is_grave | (events.is_onset & events.term.isin([*terms])))
    placed = grave.inner_join(sessions.select("session", *columns), "session")
    found = placed.select(
        *("patient", "date", "modality", "term", "severity", "serious"),
        stopped=placed.led_to_stopping,
        resolved=placed.is_resolved,
        **{name: placed[name] for name in columns[1:]},
    )
    return found.order_by("date", "patient", "term")
