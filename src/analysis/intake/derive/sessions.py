"""Sessions, their patients and what they treated, from typed rows."""

from typing import Final

import ibis
from ibis import _

from analysis.intake.clean import find_years, spread_cells
from analysis.intake.engine import Engine, Table
from analysis.intake.schema import COLUMNS, HALVES
from analysis.intake.sources import Source

FIRST_KNOWN: Final = (
    *("clinic", "operator", "device", "device_serial", "cartridge_lot", "serum_lot"),
    *("anaesthetic", "adjunct", "endpoint", "aftercare", "isotretinoin_months"),
)
"""What a session has once; where its rows differ, the first known value counts."""
_AFTER_ALL_DAYS: Final = 1 << 22
_MORE_THAN_ROWS: Final = 1 << 37


def add_told_session(visits: Table, source: Source) -> Table:
    """Add ``told_session``, the session that the row's side effects belong to.

    A "since last visit" column belongs to the patient's previous session; on the first row of a
    patient it then belongs to none.
    """
    if not tells_of_previous(source):
        return visits.mutate(told_session=visits.session)
    days = visits.select("patient", "session", "date").distinct()
    before = days.session.lag().over(group_by=days.patient, order_by=[days.date, days.session])
    earlier = days.mutate(earlier=before).select("session", "earlier")
    placed = visits.inner_join(earlier, "session")
    told = placed.tells_of_previous.ifelse(placed.earlier, placed.session)
    return placed.mutate(told_session=told).drop("earlier")


def part_visits(engine: Engine, visits: Table, source: Source) -> tuple[Table, Table]:
    """Return the rows that are alone in their session, and those that share it with others.

    Nearly all are alone: nothing has to be gathered for them. Where side effects are told at the
    next session, a session is told of by several rows, and none counts as alone.
    """
    if tells_of_previous(source):
        return engine.name("alone", visits.limit(0)), visits
    several = visits.group_by("session").agg(n=_.count()).filter(_.n > 1)
    rows = engine.keep("shared_rows", visits.semi_join(several, "session").select("row"))
    alone, together = visits.anti_join(rows, "row"), visits.semi_join(rows, "row")
    return engine.name("alone", alone), engine.name("together", together)


def tells_of_previous(source: Source) -> bool:
    """Return whether some layout tells of side effects at the next session."""
    layouts = source.every_layout
    return any(each.answers.side_effects_belong_to == "previous session" for each in layouts)


def build_patients(visits: Table, people: Table) -> Table:
    """One row per patient with a session. Sex and age are the earliest known ones, age at the first
    session; the highest skin type counts. ``people`` are rows that tell of a patient alone."""
    columns = ("patient", "date", "row", "sex", "age", "skin_type", "skin_type_is_range")
    first = visits.group_by("patient").agg(first_date=_.date.min())
    told = people.inner_join(first, "patient")
    born = find_years(told.birth_date, told.first_date)
    told = told.mutate(age=ibis.coalesce(told.age, (born >= 0).ifelse(born, None)))
    known = visits.select(*columns).union(told.mutate(date=ibis.null("date")).select(*columns))
    # a row without a day comes last
    days = known.date.delta(ibis.date(1, 1, 1), unit="day").fill_null(_AFTER_ALL_DAYS)
    place = days * _MORE_THAN_ROWS + known.row
    return known.group_by("patient").agg(
        sex=_find_first(known.sex, place),
        age=_find_first(known.age, place),
        skin_type=known.skin_type.max(),
        # a type written alone goes before the same type as the end of a range
        skin_type_is_range=known.skin_type_is_range.argmax(
            known.skin_type * 2 - known.skin_type_is_range.cast("int64")
        ),
    )


def _find_first(value: ibis.Value, place: ibis.Value) -> ibis.Value:
    """Return the known value with the smallest place. Nothing has to be sorted for it, unlike for
    the first value in an order."""
    return value.argmin(value.notnull().ifelse(place, None))


def build_sessions(alone: Table, gathered: Table) -> Table:
    """One row per session, from the rows that are alone in theirs and the gathered others."""
    columns = [*COLUMNS["sessions"]]
    names_half = alone.side.isin(HALVES) & alone.adjunct.notnull()
    alone = alone.mutate(adjunct_side=names_half.ifelse(alone.side, None))
    return alone.select(*columns).union(gathered.select(*columns))


def gather_sessions(together: Table) -> Table:
    """One row per session; where its rows differ, the first known value counts, and of lengths,
    passes and pain the largest."""

    def first(name: str) -> ibis.Value:
        return together[name].first(where=together[name].notnull(), order_by=together.row)

    sessions = together.group_by("session", "patient", "date", "modality", "setting").agg(
        **{name: first(name) for name in FIRST_KNOWN},
        needle_shortest=together.needle_shortest.min(),
        needle_longest=together.needle_longest.max(),
        passes=together.passes.max(),
        minutes=together.minutes.max(),
        pain=together.pain.max(),
        **_gather_adjunct_sides(together),
    )
    sessions = sessions.mutate(adjunct_side=_find_adjunct_side(sessions))
    rank = ibis.cases((together.recorded == "event", 2), (together.recorded == "none", 1), else_=0)
    told = together.group_by(told=together.told_session).agg(
        recorded=together.recorded.argmax(rank)
    )
    sessions = sessions.left_join(told, sessions.session == told.told)
    return sessions.mutate(recorded=sessions.recorded.fill_null("not recorded"))


def _gather_adjunct_sides(together: Table) -> dict[str, ibis.Value]:
    """Return what the rows of a session tell of where its adjunct was put."""
    put_on = together.adjunct.notnull()
    return {
        "names_half": together.side.isin(HALVES).any(),
        "is_untold": (put_on & together.side.isnull()).any(),
        "first_adjunct": together.adjunct.min(),
        "last_adjunct": together.adjunct.max(),
        "first_side": together.side.min(where=put_on),
        "last_side": together.side.max(where=put_on),
    }


def _find_adjunct_side(sessions: Table) -> ibis.Value:
    """Return the side on which the adjunct was put; missing where no row names one half, where a
    row with it names no side, and where the rows name different ones: a session has but one."""
    is_one = sessions.first_adjunct == sessions.last_adjunct
    is_told = sessions.names_half & ~sessions.is_untold & is_one
    side = (sessions.first_side != sessions.last_side).ifelse("both", sessions.first_side)
    return is_told.ifelse(side, None)


def build_targets(alone: Table, concerns: Table, gathered: Table) -> Table:
    """One row per session × concern, from the rows that are alone in theirs and the gathered
    others."""
    names = [*COLUMNS["targets"]]
    single = spread_cells(alone, "concern", concerns).mutate(is_primary=_.is_first)
    return single.select(*names).union(gathered.select(*names))


def gather_targets(together: Table, concerns: Table) -> Table:
    """One row per session × concern; the first concern of the session's first row is primary.

    Rows of one session that name several body areas are one target with all of them, in the order
    of the rows: a row per area would count the session twice.
    """
    placed = spread_cells(together, "concern", concerns)
    order = {"order_by": [placed.row, placed.position]}
    targets = placed.group_by("session", "concern").agg(
        rank=(placed.row * 100 + placed.position).min(),
        subtype=placed.subtype.first(where=placed.subtype.notnull(), **order),
        first_side=placed.side.min(),
        last_side=placed.side.max(),
    )
    targets = targets.mutate(
        is_primary=_.rank == _.rank.min().over(group_by=_.session),
        side=(_.first_side != _.last_side).ifelse("both", _.first_side),
    )
    targets = targets.left_join(_join_areas(placed), ["session", "concern"])
    return targets.select(*COLUMNS["targets"])


def _join_areas(placed: Table) -> Table:
    """Return session × concern → its areas, each once, with a semicolon between them."""
    keys = ["session", "concern"]
    areas = placed.filter(_.area.notnull()).group_by(*keys, "area").agg(row=_.row.min())
    return areas.group_by(keys).agg(area=areas.area.group_concat("; ", order_by=areas.row))
