"""Baseline and follow-up of each course on each scale."""

from collections.abc import Mapping, Sequence
from typing import Final

import ibis
from ibis import _

from analysis.intake.engine import Table
from analysis.intake.schema import HALVES, MODALITIES, RATERS
from analysis.vocabulary import PROTOCOL, Scale

_SCORE_OF_COURSE: Final = ("course", "scale", "rater", "date")
_DAY: Final = ("patient", "concern", "scale", "rater", "date")


def build_course_scores(
    courses: Table, sessions: Table, targets: Table, assessments: Table, scales: Mapping[str, Scale]
) -> Table:
    """One row per course × scale: baseline and follow-up by the same kind of rater.

    See :func:`find_ends`. Of several kinds of rater, the preferred one that has both scores counts,
    then the preferred one that has any.
    """
    both = find_ends(courses, sessions, targets, assessments, scales)
    preference = ibis.cases(*[(both.rater == rater, n) for n, rater in enumerate(RATERS)], else_=9)
    is_half = (both.baseline.isnull() | both.follow_up.isnull()).cast("int64")
    both = both.mutate(preference=is_half * 10 + preference)
    first = ibis.row_number().over(group_by=["course", "scale"], order_by="preference")
    return both.mutate(place=first).filter(_.place == 0)


def find_ends(
    courses: Table, sessions: Table, targets: Table, assessments: Table, scales: Mapping[str, Scale]
) -> Table:
    """One row per course × scale × kind of rater, with the baseline, the follow-up or both.

    Baseline: the last score in the window up to and including the first session's day. Follow-up:
    the score nearest to the target day within its window after the last session, and far enough
    from any other procedure on the same concern; ties to the later. Two scores on a day: their mean
    on a continuous scale, the worse one otherwise. A course of one half takes no score of the other
    half, see :func:`place_scores`.
    """
    needed = courses.select(
        *("course", "patient", "concern", "side", "first_date", "last_date"),
        own_modality=_number_modality(courses.modality),
    )
    scored = place_scores(needed, assessments, scales, ["patient", "concern"])
    keys = ["course", "scale", "rater"]
    earliest = PROTOCOL["baseline_window"].whole
    before = scored.first_date.delta(scored.date, unit="day")
    baseline = scored.filter((before >= 0) & (before <= earliest))
    baseline = baseline.group_by(keys).agg(
        baseline=baseline.score.argmax(baseline.date), baseline_date=baseline.date.max()
    )
    after = scored.date.delta(scored.last_date, unit="day")
    low, high = PROTOCOL["follow_up_earliest"].whole, PROTOCOL["follow_up_latest"].whole
    late = scored.mutate(days=after).filter((_.days >= low) & (_.days <= high))
    late = late.anti_join(_find_disturbed(late, sessions, targets), [*_SCORE_OF_COURSE])
    far = (late.days - PROTOCOL["follow_up_target"].whole).abs()
    # the later of two equally near days has the smaller key
    nearness = far * 2 + (late.days < PROTOCOL["follow_up_target"].whole).cast("int64")
    late = late.mutate(nearness=nearness)
    follow_up = late.group_by(keys).agg(
        follow_up=late.score.argmin(late.nearness),
        follow_up_date=late.date.argmin(late.nearness),
        follow_up_days=late.days.argmin(late.nearness),
    )
    both = baseline.outer_join(follow_up, keys)
    return both.mutate(**{key: ibis.coalesce(both[key], both[f"{key}_right"]) for key in keys})


def place_scores(
    rows: Table, assessments: Table, scales: Mapping[str, Scale], by: Sequence[str]
) -> Table:
    """Return the rows with each day's score, joined by the columns ``by``.

    A row whose ``side`` is one half does not take the scores of the other half; a score of both
    halves, or without a side, counts for either.
    """
    is_half = rows.side.isin(HALVES).fill_null(False)
    whole = rows.filter(~is_half).inner_join(reduce_to_days(assessments, scales), [*by])
    half = rows.filter(is_half)
    owners = half.select("patient", "concern", "side").distinct()
    scores = assessments.select(*_DAY, "score", scored=assessments.side)
    owned = scores.inner_join(owners, ["patient", "concern"])
    is_other = owned.scored.isin(HALVES) & (owned.scored != owned.side)
    days = reduce_to_days(owned.filter(~is_other.fill_null(False)), scales, [*_DAY, "side"])
    return whole.union(half.inner_join(days, [*by, "side"]).select(*whole.columns))


def reduce_to_days(
    assessments: Table, scales: Mapping[str, Scale], keys: Sequence[str] = _DAY
) -> Table:
    """Return one score per patient, concern, scale, rater and day."""
    of_kind = {
        "mean": [key for key, scale in scales.items() if scale.kind == "continuous"],
        "highest": [key for key, scale in scales.items() if scale.direction == "lower"],
    }
    days = assessments.group_by([*keys]).agg(
        mean=_.score.mean(), highest=_.score.max(), lowest=_.score.min()
    )
    worse = days.scale.isin(of_kind["highest"]).ifelse(days.highest, days.lowest)
    score = days.scale.isin(of_kind["mean"]).ifelse(days["mean"], worse)
    return days.select(*keys, score=score)


def _find_disturbed(late: Table, sessions: Table, targets: Table) -> Table:
    """Return the scores that cannot be a follow-up because of what was done before them.

    A session of the course's own modality in the clinic between the last session of the course and
    the score, whatever it treated; or another procedure on the same concern too soon before the
    score. A session whose concern is not known may have treated any.
    """
    in_the_clinic = sessions.setting == "clinic"
    others = sessions.select(
        "session",
        "patient",
        other_date=sessions.date,
        # a session at home is of no course's modality
        other_modality=in_the_clinic.ifelse(_number_modality(sessions.modality), 0),
    )
    paired = late.inner_join(others, "patient")
    days = paired.date.delta(paired.other_date, unit="day")
    is_own = paired.other_modality == paired.own_modality
    is_between = is_own & (paired.other_date > paired.last_date) & (days > 0)
    is_too_soon = (days >= 0) & (days < PROTOCOL["follow_up_earliest"].whole)
    paired = paired.mutate(is_between=is_between).filter(is_between | (~is_own & is_too_soon))
    treated = targets.select("session", other_concern=targets.concern)
    near = paired.left_join(treated, "session")
    is_same = near.other_concern.isnull() | (near.other_concern == near.concern)
    return near.filter(near.is_between | is_same).select(*_SCORE_OF_COURSE).distinct()


def _number_modality(modality: ibis.Value) -> ibis.Value:
    """Return a number from 1 for each modality: a join carries it more easily than the text."""
    return ibis.cases(*[(modality == name, n) for n, name in enumerate(MODALITIES, 1)], else_=0)
