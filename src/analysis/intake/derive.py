"""From typed rows to the tables of the schema, and from sessions to courses.

Each step takes tables and returns a table: the same rows with more columns (``add_*``), or the next
table of the schema (``build_*``). The rules are those of ``vocabulary/protocol.toml``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import ibis
import pandas as pd
from ibis import _

from analysis.intake.clean import Cleaned, find_years, name_column, spread_cells
from analysis.intake.engine import Engine, make_table
from analysis.intake.keys import spell_keys
from analysis.intake.schema import ALL_TERMS, COLUMNS, RATERS
from analysis.intake.sources import Source
from analysis.vocabulary import PROTOCOL, Scale, Vocabulary

Table: TypeAlias = ibis.Table


_OF_A_COURSE = (
    *("session", "patient", "date", "needle_longest", "passes", "adjunct"),
    *("clinic", "operator", "device"),
)
_WORDS = (
    *(("concern", "targets"), ("subtype", "targets"), ("adjunct", "sessions")),
    *(("clinic", "sessions"), ("operator", "sessions"), ("device", "sessions")),
)
"""Columns that tell the courses apart or describe them, and whose few texts are numbers for them;
with the tables they are in."""
_MOST_WORDS = 1 << 32
SEVERAL = "several"
"""Stands for the adjunct or subtype of a course that had more than one."""
_PLACE = ("file", "sheet", "line", "layout", "slot")
_SCORE_OF_COURSE = ("course", "scale", "rater", "date")
_AFTER_ALL_DAYS = 1 << 22
_MORE_THAN_ROWS = 1 << 37


@dataclass
class Staircase:
    """The tables of one log, named as in the schema.

    They are worked on by the numbers of their patients and sessions; where ``names`` has the names
    of the patients, the texts are put back when a table is written.
    """

    engine: Engine
    names: Table | None
    tables: dict[str, Table] = field(default_factory=dict)

    def write(self, name: str, table: Table, *, is_spelled: bool = False) -> None:
        """Write a table of the schema, with its columns and their order."""
        table = table.select(*COLUMNS[name])
        if self.names is not None and not is_spelled:
            table = spell_keys(table, self.names)
        self.tables[name] = self.engine.keep(f"of_schema_{name}", table)


def derive_tables(
    engine: Engine,
    cleaned: Cleaned,
    source: Source,
    vocabulary: Vocabulary,
    as_of: date,
) -> dict[str, Table]:
    """Return the tables of the schema by name; ``as_of`` decides which courses are closed."""
    stairs = Staircase(engine, cleaned.names)
    problems = cleaned.problems
    if cleaned.tables:
        for name, table in cleaned.tables.items():
            stairs.write(name, table)
        sessions, targets, assessments = (
            cleaned.tables[name] for name in ("sessions", "targets", "assessments")
        )
    else:
        visits = add_told_session(cleaned.visits, source)
        name_or_keep = engine.keep if _tells_of_previous(source) else engine.name
        visits = name_or_keep("told_visits", visits)
        alone, together = _part_visits(engine, visits, source)
        people = cleaned.people.semi_join(visits, "patient")
        patients = engine.keep("patients", build_patients(visits, people))
        sessions = build_sessions(alone, engine.keep("shared", gather_sessions(together)))
        sessions = engine.name("sessions", sessions)
        gathered = engine.keep("shared_targets", gather_targets(together, cleaned.concerns))
        targets = engine.name("targets", build_targets(alone, cleaned.concerns, gathered))
        assessments = cleaned.scores
        side_effects = build_side_effects(alone, together, cleaned.events)
        stairs.write("patients", patients)
        stairs.write("sessions", sessions)
        stairs.write("targets", targets)
        stairs.write("assessments", assessments)
        stairs.write("side_effects", add_promoted_term(side_effects, vocabulary))
        stairs.write("recorded", build_recorded(alone, together, cleaned.denials))
        stairs.write("screening", build_screening(alone, together, cleaned.screening))
        problems = problems.union(
            list_conflicts(visits, people, patients, source),
            list_patients_without_session(visits, cleaned.people, source),
            list_unplaced_side_effects(visits, source),
            list_doubled_scores(visits, cleaned),
        )
    words = engine.keep("words", list_words(sessions, targets))
    treated = sessions.select("modality", "setting", *_OF_A_COURSE)
    chained = add_course(
        number_words(treated, words),
        number_words(targets.select("session", "concern", "subtype"), words),
    )
    chained = engine.keep("chained", chained)
    if not cleaned.tables:
        problems = problems.union(list_short_intervals(visits, chained, source))
    courses = engine.keep("courses_of_numbers", build_courses(chained, as_of))
    courses = add_other_procedure(spell_words(courses, words), sessions, targets)
    courses = engine.keep("courses", courses)
    scores = build_course_scores(
        courses, sessions, targets, assessments, source.find_scales(vocabulary)
    )
    named = courses if cleaned.names is None else spell_keys(courses, cleaned.names)
    named = engine.keep("named_courses", name_course(named))
    stairs.write("courses", named, is_spelled=True)
    stairs.write("course_scores", spell_course(scores, named))
    stairs.tables["problems"] = engine.keep(
        "of_schema_problems", problems.select(*COLUMNS["problems"])
    )
    return {name: stairs.tables[name] for name in COLUMNS}


# --- sessions --------------------------------------------------------------------------------


def add_told_session(visits: Table, source: Source) -> Table:
    """Add ``told_session``, the session that the row's side effects belong to.

    A "since last visit" column belongs to the patient's previous session; on the first row of a
    patient it then belongs to none.
    """
    if not _tells_of_previous(source):
        return visits.mutate(told_session=visits.session)
    days = visits.select("patient", "session", "date").distinct()
    before = days.session.lag().over(group_by=days.patient, order_by=[days.date, days.session])
    earlier = days.mutate(earlier=before).select("session", "earlier")
    placed = visits.inner_join(earlier, "session")
    told = placed.tells_of_previous.ifelse(placed.earlier, placed.session)
    return placed.mutate(told_session=told).drop("earlier")


def _part_visits(engine: Engine, visits: Table, source: Source) -> tuple[Table, Table]:
    """Return the rows that are alone in their session, and those that share it with others.

    Nearly all are alone: nothing has to be gathered for them. Where side effects are told at the
    next session, a session is told of by several rows, and none counts as alone.
    """
    if _tells_of_previous(source):
        return engine.name("alone", visits.limit(0)), visits
    several = visits.group_by("session").agg(n=_.count()).filter(_.n > 1)
    rows = engine.keep("shared_rows", visits.semi_join(several, "session").select("row"))
    alone, together = visits.anti_join(rows, "row"), visits.semi_join(rows, "row")
    return engine.name("alone", alone), engine.name("together", together)


def _tells_of_previous(source: Source) -> bool:
    layouts = source.every_layout
    return any(each.answers.side_effects_belong_to == "previous session" for each in layouts)


def _join(first: ibis.Value, *others: ibis.Value) -> ibis.Value:
    """Return the texts with a bar between them, as a key."""
    key = first
    for other in others:
        key = key + ibis.literal(" | ") + other
    return key


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
    return alone.select(*columns).union(gathered.select(*columns))


def gather_sessions(together: Table) -> Table:
    """One row per session; where its rows differ, the first known value counts, and of lengths,
    passes and pain the largest."""

    def first(name: str) -> ibis.Value:
        return together[name].first(where=together[name].notnull(), order_by=together.row)

    names = (
        *("clinic", "operator", "device", "device_serial", "cartridge_lot", "serum_lot"),
        *("anaesthetic", "adjunct", "endpoint", "aftercare", "isotretinoin_months"),
    )
    sessions = together.group_by("session", "patient", "date", "modality", "setting").agg(
        **{name: first(name) for name in names},
        needle_shortest=together.needle_shortest.min(),
        needle_longest=together.needle_longest.max(),
        passes=together.passes.max(),
        minutes=together.minutes.max(),
        pain=together.pain.max(),
    )
    rank = ibis.cases((together.recorded == "event", 2), (together.recorded == "none", 1), else_=0)
    told = together.group_by(told=together.told_session).agg(
        recorded=together.recorded.argmax(rank)
    )
    sessions = sessions.left_join(told, sessions.session == told.told)
    return sessions.mutate(recorded=sessions.recorded.fill_null("not recorded"))


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
    """Return the rows with the session their side-effect cell belongs to."""
    placed = visits.filter(visits.told_session.notnull())
    return placed.mutate(session=placed.told_session)


def build_screening(alone: Table, together: Table, screening: Table) -> Table:
    """One row per session × contraindication that is known; present in one row is present.

    "None" (``*`` absent) does not stand beside one that is present in the same session.
    """
    single = spread_cells(alone, "contraindications", screening)
    placed = spread_cells(together, "contraindications", screening)
    known = placed.group_by("session", "patient", "contraindication").agg(
        is_present=placed.is_present.any()
    )
    some = known.is_present.any().over(group_by=known.session)
    known = known.mutate(some=some).filter((_.contraindication != ALL_TERMS) | ~_.some)
    names = [*COLUMNS["screening"]]
    return single.select(*names).union(known.select(*names))


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


def list_words(sessions: Table, targets: Table) -> Table:
    """Return the distinct texts that describe courses, each with its number; 0 is "several"."""
    tables = {"sessions": sessions, "targets": targets}
    texts = [tables[name].select(word=tables[name][column]).distinct() for column, name in _WORDS]
    words = ibis.union(*texts, distinct=True).filter(_.word.notnull())
    words = words.select("word", number=ibis.row_number().cast("int64") + 1)
    several = {"word": "string", "number": "int64"}
    frame = pd.DataFrame([(SEVERAL, 0)], columns=[*several])
    return words.union(make_table(frame, several))


def number_words(table: Table, words: Table) -> Table:
    """Put the numbers of words in the place of their texts."""
    return _replace_words(table, words.filter(_.number > 0), "word", "number")


def spell_words(table: Table, words: Table) -> Table:
    """Put the texts of words in the place of their numbers."""
    return _replace_words(table, words, "number", "word")


def _replace_words(table: Table, words: Table, old: str, new: str) -> Table:
    columns = table.columns
    for name in (column for column, _table in _WORDS if column in columns):
        known = words.select(old=words[old], new=words[new])
        joined = table.left_join(known, table[name] == known.old)
        table = joined.mutate(**{name: joined.new}).select(*columns)
    return table


# --- courses ---------------------------------------------------------------------------------


def add_course(sessions: Table, targets: Table) -> Table:
    """Return session × concern with ``gap`` (days since the session before) and ``course_no``.

    A course is a chain of sessions of the index modality in the clinic with no gap over the limit;
    home sessions and other modalities never extend it.
    """
    index = sessions.filter((_.modality == "microneedling") & (_.setting == "clinic"))
    # the rows are sorted: what a course does not need would only take memory
    index = index.drop(*(each for each in index.columns if each not in _OF_A_COURSE))
    treated = index.inner_join(targets.select("session", "concern", "subtype"), "session")
    order = {"group_by": ["patient", "concern"], "order_by": ["date", "session"]}
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
    """
    day = chained.date.delta(ibis.date(1, 1, 1), unit="day").cast("int64")

    def first(name: str) -> ibis.Value:
        # day and word in one number: the least of them needs no memory for anything else
        return (day * _MOST_WORDS + chained[name]).min() % _MOST_WORDS

    def only(name: str) -> ibis.Value:
        least, most = chained[name].min(), chained[name].max()
        return (least != most).ifelse(0, most)

    courses = chained.group_by("patient", "concern", "course_no").agg(
        first_date=chained.date.min(),
        last_date=chained.date.max(),
        sessions=chained.session.nunique(),
        longest_gap=chained.gap.max(),
        shortest_gap=chained.gap.min(),
        needle_longest=chained.needle_longest.max(),
        passes=chained.passes.max(),
        adjunct=only("adjunct"),
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
    course = _join(courses.patient, courses.concern, courses.first_date.cast("string"))
    return courses.mutate(number=courses.course, course=course)


def spell_course(scores: Table, named: Table) -> Table:
    """Put the text of each course in the place of its number."""
    texts = named.select("number", text=named.course)
    joined = scores.inner_join(texts, scores.course == texts.number)
    return joined.mutate(course=joined.text)


def add_other_procedure(courses: Table, sessions: Table, targets: Table) -> Table:
    """Add ``other_procedure``: whether anything else than needling was done for the same concern
    between the first session and the end of the follow-up window."""
    others = sessions.filter(_.modality != "microneedling").select("session", "patient", "date")
    others = others.inner_join(targets.select("session", "concern"), "session").drop("session")
    pairs = courses.select("course", "patient", "concern", "first_date", "closed_on").inner_join(
        others, ["patient", "concern"]
    )
    inside = pairs.filter(pairs.date.between(pairs.first_date, pairs.closed_on))
    found = inside.select("course").distinct().mutate(other_procedure=True)
    joined = courses.left_join(found, "course")
    return joined.mutate(other_procedure=joined.other_procedure.fill_null(False))


def build_course_scores(
    courses: Table, sessions: Table, targets: Table, assessments: Table, scales: Mapping[str, Scale]
) -> Table:
    """One row per course × scale: baseline and follow-up by the same kind of rater.

    Baseline: the last score in the window up to and including the first session's day. Follow-up:
    the score nearest to the target day within its window after the last session, and far enough
    from any other procedure on the same concern; ties to the later. Two scores on a day: their mean
    on a continuous scale, the worse one otherwise. Of several kinds of rater, the preferred one
    that has both scores counts, then the preferred one that has any.
    """
    scored = courses.select("course", "patient", "concern", "first_date", "last_date").inner_join(
        reduce_to_days(assessments, scales), ["patient", "concern"]
    )
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
    both = both.mutate(**{key: ibis.coalesce(both[key], both[f"{key}_right"]) for key in keys})
    preference = ibis.cases(*[(both.rater == rater, n) for n, rater in enumerate(RATERS)], else_=9)
    is_half = (both.baseline.isnull() | both.follow_up.isnull()).cast("int64")
    both = both.mutate(preference=is_half * 10 + preference)
    first = ibis.row_number().over(group_by=["course", "scale"], order_by="preference")
    return both.mutate(place=first).filter(_.place == 0)


def reduce_to_days(assessments: Table, scales: Mapping[str, Scale]) -> Table:
    """Return one score per patient, concern, scale, rater and day."""
    keys = ["patient", "concern", "scale", "rater", "date"]
    of_kind = {
        "mean": [key for key, scale in scales.items() if scale.kind == "continuous"],
        "highest": [key for key, scale in scales.items() if scale.direction == "lower"],
    }
    days = assessments.group_by(keys).agg(
        mean=_.score.mean(), highest=_.score.max(), lowest=_.score.min()
    )
    worse = days.scale.isin(of_kind["highest"]).ifelse(days.highest, days.lowest)
    score = days.scale.isin(of_kind["mean"]).ifelse(days["mean"], worse)
    return days.select(*keys, score=score)


def _find_disturbed(late: Table, sessions: Table, targets: Table) -> Table:
    """Return the scores that cannot be a follow-up because of what was done before them.

    A session of the index modality between the last session of the course and the score, whatever
    it treated; or another procedure on the same concern too soon before the score. A session whose
    concern is not known may have treated any.
    """
    others = sessions.select(
        "session",
        "patient",
        other_date=_.date,
        is_index=(_.modality == "microneedling") & (_.setting == "clinic"),
    )
    paired = late.inner_join(others, "patient")
    days = paired.date.delta(paired.other_date, unit="day")
    is_between = paired.is_index & (paired.other_date > paired.last_date) & (days > 0)
    is_too_soon = (days >= 0) & (days < PROTOCOL["follow_up_earliest"].whole)
    paired = paired.mutate(is_between=is_between).filter(
        is_between | (~paired.is_index & is_too_soon)
    )
    treated = targets.select("session", other_concern=targets.concern)
    near = paired.left_join(treated, "session")
    is_same = near.other_concern.isnull() | (near.other_concern == near.concern)
    return near.filter(near.is_between | is_same).select(*_SCORE_OF_COURSE).distinct()


# --- conflicts -------------------------------------------------------------------------------


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
    """Return a note for every row of a session soon after another one for the same concern."""
    short = chained.filter(_.gap < PROTOCOL["interval_short"].whole)
    rows = visits.semi_join(short, "session")
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
