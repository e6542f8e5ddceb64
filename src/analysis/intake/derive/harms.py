"""What was asked and told at a session: side effects, denials, contraindications."""

from typing import Final

import ibis
from ibis import _

from analysis.intake.clean import spread_cells
from analysis.intake.engine import Table
from analysis.intake.schema import ALL_TERMS, COLUMNS
from analysis.vocabulary import Vocabulary

_OF_SIDE_EFFECTS: Final = (
    *("row", "patient", "recorded", "severity", "serious", "stopped", "resolved", "action"),
)


def build_side_effects(alone: Table, together: Table, events: Table) -> Table:
    """One row per event, at the session it belongs to; the same term twice in a session is one, the
    graver of the two."""
    single, placed = _place_events(alone, events), _place_events(together, events)
    first = placed.action.first(where=placed.action.notnull(), order_by=placed.row)
    gathered = placed.group_by("session", "patient", "term").agg(
        severity=placed.severity.max(),
        hours=placed.hours.max(),
        is_resolved=placed.is_resolved.any(),
        serious=placed.serious.any(),
        action=first,
        led_to_stopping=placed.led_to_stopping.any(),
    )
    return single.select(*gathered.columns).union(gathered)


def _place_events(visits: Table, events: Table) -> Table:
    """Return the events of the rows. What the text says of one goes before what its row says."""
    told = spread_cells(_place_side_effects(visits), "side_effects", events)
    return told.mutate(
        severity=ibis.coalesce(told.text_severity, told.severity),
        is_resolved=ibis.coalesce(told.is_resolved, told.resolved),
        led_to_stopping=told.stopped,
    )


def build_recorded(alone: Table, together: Table, denials: Table) -> Table:
    """One row per session × term that was asked about; ``*`` stands for all terms."""
    return _list_asked(alone, denials).union(_list_asked(together, denials).distinct())


def _list_asked(visits: Table, denials: Table) -> Table:
    placed = _place_side_effects(visits)
    asked = placed.filter(_.recorded != "not recorded").mutate(term=ibis.literal(ALL_TERMS))
    denied = spread_cells(placed, "side_effects", denials)
    columns = ("session", "patient", "term")
    return asked.select(*columns).union(denied.select(*columns))


def _place_side_effects(visits: Table) -> Table:
    """Return the rows with the session their side-effect cell belongs to, and what they say of
    side effects."""
    # ibis takes its time over every column that nobody asks for
    columns = [name for name in ("layout", "t_side_effects") if name in visits.columns]
    placed = visits.filter(visits.told_session.notnull())
    return placed.select(*_OF_SIDE_EFFECTS, *columns, session=placed.told_session)


def build_screening(alone: Table, together: Table, screening: Table) -> Table:
    """One row per session × contraindication that is known; present in one row is present.

    "None" (``*`` absent) does not stand beside one that is present in the same session.
    """
    single, placed = (
        spread_cells(_take_contraindications(each), "contraindications", screening)
        for each in (alone, together)
    )
    known = placed.group_by("session", "patient", "contraindication").agg(
        is_present=placed.is_present.any()
    )
    some = known.is_present.any().over(group_by=known.session)
    known = known.mutate(some=some).filter((_.contraindication != ALL_TERMS) | ~_.some)
    names = [*COLUMNS["screening"]]
    return single.select(*names).union(known.select(*names))


def _take_contraindications(visits: Table) -> Table:
    """Return the rows with nothing but their session and its contraindications."""
    columns = ("session", "patient", "layout", "t_contraindications")
    return visits.select(*(name for name in columns if name in visits.columns))


def add_promoted_term(side_effects: Table, vocabulary: Vocabulary) -> Table:
    """Replace an expected reaction that lasted longer than its limit by its adverse term."""
    limits = {
        key: (effect.promote_after_hours, effect.promotes_to)
        for key, effect in vocabulary.side_effects.items()
        if effect.promote_after_hours is not None
    }
    branches = [
        ((side_effects.term == key) & (side_effects.hours > hours), adverse)
        for key, (hours, adverse) in limits.items()
    ]
    promoted = ibis.cases(*branches, else_=side_effects.term) if branches else side_effects.term
    return side_effects.mutate(written_as=_.term, term=promoted)


# --- words -----------------------------------------------------------------------------------
