"""Courses: chains of sessions of one patient for one concern, all of one modality."""

from datetime import date
from typing import Final

import ibis
from ibis import _

from analysis.intake.derive.words import MOST_WORDS
from analysis.intake.engine import Table
from analysis.intake.schema import INDEX_MODALITIES, INDEX_MODALITY
from analysis.vocabulary import PROTOCOL

_OF_A_COURSE: Final = (
    *("session", "patient", "date", "modality", "needle_longest", "passes"),
    *("adjunct", "clinic", "operator", "device"),
)
"""Columns of a session that a course is built from."""


def keep_of_courses(sessions: Table) -> Table:
    """Return the sessions that courses are made of: in the clinic, of a modality that has a name.

    With the columns of a course only: the rows are sorted, and more would only take memory.
    """
    kept = sessions.filter((_.setting == "clinic") & _.modality.isin(INDEX_MODALITIES))
    return kept.select(*(name for name in _OF_A_COURSE if name in kept.columns))


def add_course(sessions: Table, targets: Table) -> Table:
    """Return session × concern with ``gap`` (days since the session before) and ``course_no``.

    A course is a chain of sessions of one modality with no gap over the limit; those of other
    modalities never extend it, and begin or end none. ``sessions`` are those of
    :func:`keep_of_courses`.
    """
    treated = sessions.inner_join(targets.select("session", "concern", "subtype"), "session")
    order = {"group_by": ["patient", "concern", "modality"], "order_by": ["date", "session"]}
    gap = treated.date.delta(treated.date.lag().over(**order), unit="day")
    treated = treated.mutate(gap=gap)
    starts = (treated.gap.isnull() | (treated.gap > PROTOCOL["course_gap"].whole)).cast("int64")
    treated = treated.mutate(starts=starts)
    treated = treated.mutate(course_no=treated.starts.cumsum(**order))
    return treated.mutate(gap=(treated.starts == 1).ifelse(ibis.null("int64"), treated.gap))


def build_courses(chained: Table, as_of: date) -> Table:
    """One row per course, which has a number; closed when the follow-up window is over at
    ``as_of``.

    No two sessions of a course are of one day. Words are numbers, see :func:`number_words`.
    ``with_adjunct`` is the number of sessions with an adjunct.
    """
    day = chained.date.delta(ibis.date(1, 1, 1), unit="day").cast("int64")

    def first(name: str) -> ibis.Value:
        # day and word in one number: the least of them needs no memory for anything else
        return (day * MOST_WORDS + chained[name]).min() % MOST_WORDS

    def only(name: str) -> ibis.Value:
        least, most = chained[name].min(), chained[name].max()
        return (least != most).ifelse(0, most)

    courses = chained.group_by("patient", "concern", "modality", "course_no").agg(
        first_date=chained.date.min(),
        last_date=chained.date.max(),
        sessions=chained.session.nunique(),
        longest_gap=chained.gap.max(),
        shortest_gap=chained.gap.min(),
        needle_longest=chained.needle_longest.max(),
        passes=chained.passes.max(),
        adjunct=only("adjunct"),
        with_adjunct=chained.adjunct.count(),
        subtype=only("subtype"),
        clinic=first("clinic"),
        operator=first("operator"),
        device=first("device"),
    )
    window = ibis.interval(days=PROTOCOL["follow_up_latest"].whole)
    courses = courses.mutate(
        course=ibis.row_number().cast("int64"),
        is_first=_.course_no == 1,
        # to ibis a day and an interval are a day, to DuckDB they are a moment
        closed_on=(_.last_date.cast("timestamp") + window).cast("date"),
    )
    return courses.mutate(is_closed=_.closed_on <= ibis.literal(as_of))


def name_course(courses: Table) -> Table:
    """Put the text of each course in the place of its number, which is kept as ``number``."""
    first_day = courses.first_date.cast("string")
    course = _join(courses.patient, courses.concern, courses.modality, first_day)
    return courses.mutate(number=courses.course, course=course)


def spell_course(scores: Table, named: Table) -> Table:
    """Put the text of each course in the place of its number."""
    texts = named.select("number", text=named.course)
    joined = scores.inner_join(texts, scores.course == texts.number)
    return joined.mutate(course=joined.text)


def add_other_procedure(courses: Table, sessions: Table, targets: Table) -> Table:
    """Add ``other_procedure``: whether anything of another modality than the course's own was done
    for the same concern between the first session and the end of the follow-up window."""
    columns = ("course", "patient", "concern", "modality", "first_date", "closed_on")
    spans = courses.select(*columns)
    done = sessions.select("session", "patient", "date", other_modality=_.modality)

    def pair(some_courses: Table, some_sessions: Table) -> Table:
        treated = some_sessions.inner_join(targets.select("session", "concern"), "session")
        return some_courses.inner_join(treated.drop("session"), ["patient", "concern"])

    # most of a log is of one modality: all pairs of that would only be thrown away again
    is_usual = done.other_modality == INDEX_MODALITY
    pairs = pair(spans, done.filter(~is_usual)).union(
        pair(spans.filter(_.modality != INDEX_MODALITY), done.filter(is_usual))
    )
    inside = pairs.filter(
        (pairs.modality != pairs.other_modality)
        & pairs.date.between(pairs.first_date, pairs.closed_on)
    )
    found = inside.select("course").distinct().mutate(other_procedure=True)
    joined = courses.left_join(found, "course")
    return joined.mutate(other_procedure=joined.other_procedure.fill_null(False))


def _join(first: ibis.Value, *others: ibis.Value) -> ibis.Value:
    """Return the texts with a bar between them, as a key."""
    key = first
    for other in others:
        key = key + ibis.literal(" | ") + other
    return key
