"""Which half of a face the sessions of a course treated."""

from typing import Final

from ibis import _

from analysis.intake.engine import Table

_OF_A_COURSE: Final = ("patient", "concern", "modality", "course_no")


def add_sides(courses: Table, chained: Table, sessions: Table, targets: Table) -> Table:
    """Add ``side`` and ``adjunct_side`` to courses, whose words are numbers as those of ``chained``
    and ``targets`` are.

    Few sessions name a half: only they are joined and gathered, so that a log without any costs
    next to nothing.
    """
    sided = targets.filter(_.side.notnull()).select("session", "concern", "side")
    placed = chained.select("session", *_OF_A_COURSE).inner_join(sided, ["session", "concern"])
    needled = placed.group_by(*_OF_A_COURSE).agg(
        told=placed.session.nunique(), first=placed.side.min(), last=placed.side.max()
    )
    joined = courses.left_join(needled, [*_OF_A_COURSE])
    side = (joined["first"] != joined["last"]).ifelse("both", joined["first"])
    is_told = joined.told == joined.sessions
    courses = joined.select(*courses.columns, side=is_told.ifelse(side, None))

    known = sessions.filter(_.adjunct_side.notnull()).select("session", "adjunct_side")
    put_on = chained.filter(_.adjunct.notnull()).select("session", *_OF_A_COURSE)
    placed = put_on.inner_join(known, "session")
    adjuncts = placed.group_by(*_OF_A_COURSE).agg(
        told=placed.count(), first=placed.adjunct_side.min(), last=placed.adjunct_side.max()
    )
    joined = courses.left_join(adjuncts, [*_OF_A_COURSE])
    is_told = (joined.told == joined.with_adjunct) & (joined["first"] == joined["last"])
    return joined.select(*courses.columns, adjunct_side=is_told.ifelse(joined["first"], None))
