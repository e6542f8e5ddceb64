"""What the rows of a log say against each other."""

from typing import Final

import ibis
from ibis import _

from analysis.intake.clean import Cleaned, name_column, spread_cells
from analysis.intake.derive.sessions import FIRST_KNOWN
from analysis.intake.engine import Table
from analysis.intake.schema import INDEX_MODALITY
from analysis.intake.sources import Source
from analysis.vocabulary import PROTOCOL

_PLACE: Final = ("file", "sheet", "line", "layout", "slot")


def list_conflicts(visits: Table, people: Table, patients: Table, source: Source) -> Table:
    """Return a problem for every row whose sex or skin type is not the one that counts."""
    chosen = patients.select("patient", chosen_sex=_.sex, chosen_skin_type=_.skin_type)
    columns = (*_PLACE, "patient", "sex", "skin_type")
    rows = visits.select(*columns).union(people.select(*columns)).inner_join(chosen, "patient")
    parts = []
    for role, which in (("sex", "earliest"), ("skin_type", "highest")):
        differs = rows.filter(_[role].notnull() & (_[role] != _[f"chosen_{role}"]))
        column = name_column(source, role, differs)
        hint = f"the {which} one counts; correct the others"
        parts.append(_list_rows(differs, column, f"conflicting_{role}", hint))
    return ibis.union(*parts).distinct()


def list_differing_rows(together: Table, gathered: Table, source: Source) -> Table:
    """Return a note for every row that says something else of its session than what counts."""
    chosen = gathered.select(
        "session", **{f"chosen_{name}": gathered[name] for name in FIRST_KNOWN}
    )
    rows = together.inner_join(chosen, "session")
    parts = []
    for role in FIRST_KNOWN:
        differs = rows.filter(rows[role] != rows[f"chosen_{role}"])
        column = name_column(source, role, differs)
        hint = "the first one of the session counts; write both into one cell if both are meant"
        parts.append(_list_rows(differs, column, "conflicting_session", hint))
    return ibis.union(*parts).distinct()


def list_differing_subtypes(
    together: Table, concerns: Table, gathered: Table, source: Source
) -> Table:
    """Return a note for every row that names another subtype of a concern than what counts."""
    columns = ("session", "concern")
    chosen = gathered.select(*columns, chosen_subtype=_.subtype)
    rows = spread_cells(together, "concern", concerns).inner_join(chosen, [*columns])
    differs = rows.filter(rows.subtype != rows.chosen_subtype)
    hint = "the first one of the session counts"
    column = name_column(source, "concern", differs)
    return _list_rows(differs, column, "several_subtypes", hint).distinct()


def list_patients_without_session(visits: Table, people: Table, source: Source) -> Table:
    """Return a problem for every row that tells of a patient whose session is not in the log."""
    rows = people.anti_join(visits, "patient")
    column = name_column(source, "patient", rows)
    hint = "write the id as in the sessions, or add their file"
    return _list_rows(rows, column, "patient_without_session", hint)


def list_unplaced_side_effects(visits: Table, source: Source) -> Table:
    """Return a problem for every row that tells of a session before the patient's first one."""
    rows = visits.filter(_.told_session.isnull() & (_.recorded == "event"))
    column = name_column(source, "side_effects", rows)
    hint = "add the session before, or answer side_effects_belong_to"
    return _list_rows(rows, column, "no_previous_session", hint, "cell blanked")


def list_short_intervals(visits: Table, chained: Table, source: Source) -> Table:
    """Return a note for every row of a session of needling soon after another one for the same
    concern; how soon is too soon is not known of other modalities."""
    short = chained.filter(_.gap < PROTOCOL["interval_short"].whole)
    rows = visits.filter(_.modality == INDEX_MODALITY).semi_join(short, "session")
    hint = "check the day of this session and of the one before"
    return _list_rows(rows, name_column(source, "date", rows), "short_interval", hint)


def list_doubled_scores(visits: Table, cleaned: Cleaned) -> Table:
    """Return a problem for every row with one of several scores of one day that differ."""
    scores = cleaned.scores
    keys = ["patient", "concern", "scale", "rater", "date"]
    days = scores.group_by(keys).agg(lowest=_.score.min(), highest=_.score.max())
    doubled = scores.semi_join(days.filter(_.lowest < _.highest), keys).select("row")
    columns = ("row", "file", "sheet", "line")
    rows = visits.select(*columns).union(cleaned.measured.select(*columns))
    doubled = rows.semi_join(doubled, "row")
    hint = "the worse one counts, or their mean on a continuous scale"
    return _list_rows(doubled, ibis.null("string"), "two_scores_on_a_day", hint).distinct()


def _list_rows(
    rows: Table, column: ibis.Value, rule: str, suggestion: str, consequence: str = "noted"
) -> Table:
    """Return a problem for every row."""
    said = {"rule": rule, "consequence": consequence, "suggestion": suggestion}
    words = {name: ibis.literal(text) for name, text in said.items()}
    return rows.select("file", "sheet", "line", column=column, **words)
