"""What became of patients after sessions that are named: for a recall, row by row.

The whole log counts here, whatever was chosen: a lot does not keep to a period.
"""

from collections.abc import Callable, Sequence

import pandas as pd
from ibis import _

from analysis.intake.engine import Table, make_table

FindTable = Callable[[str], Table]
"""Returns a table of the schema by its name."""


def find_exposed(find: FindTable, sessions: Sequence[str]) -> pd.DataFrame:
    """Return one row for each of these sessions, by patient and date.

    Columns: session, patient, date, clinic, operator, setting, modality, concerns (keys, with
    semicolons between them), last_contact (day of the patient's last session or score), and
    asked_since (sessions from this one on at which side effects were recorded, also as none).
    """
    wanted = make_table(pd.DataFrame({"session": [*sessions]}), {"session": "string"})
    exposed = find("sessions").semi_join(wanted, "session")
    targets = find("targets").semi_join(wanted, "session").group_by("session")
    concerns = targets.agg(concerns=_.concern.group_concat("; ", order_by=_.concern))
    contacts = find("sessions").select("patient", "date")
    contacts = contacts.union(find("assessments").select("patient", "date"))
    contacts = contacts.semi_join(exposed, "patient").group_by("patient")
    asked = _find_later(find, exposed).filter(_.recorded != "not recorded").group_by("session")
    found = (
        exposed.left_join(concerns, "session")
        .left_join(contacts.agg(last_contact=_.date.max()), "patient")
        .left_join(asked.agg(asked_since=_.count()), "session")
    )
    names = ("session", "patient", "date", "clinic", "operator", "setting", "modality", "concerns")
    told = found.select(*names, "last_contact", asked_since=_.asked_since.fill_null(0))
    return told.order_by("patient", "date", "session").execute()


def find_side_effects_since(find: FindTable, sessions: Sequence[str]) -> pd.DataFrame:
    """Return the side effects of each session's patient from that session on: session (the named
    one) and term, each once."""
    wanted = make_table(pd.DataFrame({"session": [*sessions]}), {"session": "string"})
    exposed = find("sessions").semi_join(wanted, "session")
    effects = find("side_effects").select("term", later="session")
    since = _find_later(find, exposed).inner_join(effects, "later").select("session", "term")
    return since.distinct().order_by("session", "term").execute()


def _find_later(find: FindTable, exposed: Table) -> Table:
    """Return each exposed session with the patient's sessions from its day on: session, later,
    recorded."""
    visits = find("sessions").select("patient", "recorded", later="session", day="date")
    pairs = exposed.select("session", "patient", "date").inner_join(visits, "patient")
    return pairs.filter(_.day >= _.date).select("session", "later", "recorded")
