"""The two halves of a split face: their scores, and what was done on each."""

import ibis
from ibis import _

from analysis.intake.derive.scores import find_ends
from analysis.intake.engine import Table
from analysis.intake.schema import HALVES, RATERS
from analysis.vocabulary import Scale

_OF_A_HALF = ("sessions", "adjunct", "others", "baseline", "follow_up")


def build_halves(
    courses: Table, sessions: Table, targets: Table, assessments: Table, scale: Scale
) -> Table:
    """One row per course of which both halves have a follow-up, and a baseline where the scale
    needs one, by one kind of rater; the preferred one of several.

    Each half has the rules of a course (see :func:`.scores.build_course_scores`), with the scores
    that name this half and no others. Columns: course, patient, rater, is_told (every session and
    the adjunct tell their halves), and for both halves (``_left``, ``_right``) the number of
    sessions of the course, the adjunct, the other modalities used until the follow-up, with
    semicolons, and the two scores.
    """
    scored = assessments.filter((_.scale == scale.key) & _.side.isin(HALVES))
    courses = courses.semi_join(scored, ["patient", "concern"])
    sessions = sessions.semi_join(courses, "patient")
    left, right = (
        _find_ends_of_half(courses, sessions, targets, scored, scale, half) for half in HALVES
    )
    both = left.inner_join(right, ["course", "rater"])
    preference = ibis.cases(*[(both.rater == rater, n) for n, rater in enumerate(RATERS)], else_=9)
    place = ibis.row_number().over(group_by=both.course, order_by=preference)
    both = both.mutate(place=place).filter(_.place == 0)
    until = ibis.greatest(both.follow_up_date_left, both.follow_up_date_right)
    ends = both.mutate(until=until).inner_join(
        courses.select(
            *("course", "patient", "concern", "first_date", "last_date"),
            *("adjunct", "adjunct_side"),
            own_modality=courses.modality,
        ),
        "course",
    )
    done = _gather_sessions(ends, sessions, targets)
    joined = ends.inner_join(done, "course")
    is_told = ~joined.is_untold & (joined.adjunct.isnull() | joined.adjunct_side.notnull())
    adjuncts = {
        f"adjunct_{half}": joined.adjunct_side.isin([half, "both"]).ifelse(joined.adjunct, None)
        for half in HALVES
    }
    names = [f"{name}_{half}" for half in HALVES for name in _OF_A_HALF]
    return joined.mutate(is_told=is_told, **adjuncts).select(
        "course", "patient", "rater", "is_told", *names
    )


def _find_ends_of_half(
    courses: Table, sessions: Table, targets: Table, scored: Table, scale: Scale, half: str
) -> Table:
    """Return course, rater, and the two scores of one half, where it has what the scale needs."""
    of_half = courses.mutate(side=ibis.literal(half))
    own = scored.filter(_.side == half)
    ends = find_ends(of_half, sessions, targets, own, {scale.key: scale})
    needed = ends.follow_up.notnull()
    if scale.kind != "change":
        needed = needed & ends.baseline.notnull()
    names = ("baseline", "follow_up", "follow_up_date")
    return ends.filter(needed).select(
        "course", "rater", **{f"{name}_{half}": ends[name] for name in names}
    )


def _gather_sessions(ends: Table, sessions: Table, targets: Table) -> Table:
    """Return by course how often each half was needled, what else was done on it until the
    follow-up, and whether a session does not tell which half it treated."""
    treated = sessions.inner_join(targets.select("session", "concern", "side"), "session")
    treated = treated.select(
        *("patient", "concern", "side", "modality", "setting"), done_on=treated.date
    )
    pairs = ends.select(
        *("course", "patient", "concern", "own_modality", "first_date", "last_date", "until")
    )
    pairs = pairs.inner_join(treated, ["patient", "concern"])
    is_own = pairs.modality == pairs.own_modality
    in_the_course = (pairs.setting == "clinic") & (pairs.done_on <= pairs.last_date)
    pairs = pairs.mutate(is_index=is_own & in_the_course, is_other=~is_own)
    pairs = pairs.filter((_.is_index | _.is_other) & _.done_on.between(_.first_date, _.until))
    columns: dict[str, ibis.Value] = {"is_untold": pairs.side.isnull().any()}
    for half in HALVES:
        is_on = pairs.side.isin([half, "both"]).fill_null(False)
        others = pairs.modality.collect(where=pairs.is_other & is_on).unique().sort()
        columns[f"sessions_{half}"] = (pairs.is_index & is_on).sum()
        columns[f"others_{half}"] = ibis.literal("; ").join(others)
    return pairs.group_by("course").agg(**columns)
