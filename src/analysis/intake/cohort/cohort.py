"""The cohort: what the questions are asked of.

Above the cohort there are people, below it rows. Patients, courses and patient × stratum counts are
pandas frames; the session table itself is never handed out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from ibis import _

from analysis.errors import UsageError
from analysis.estimates import Origin
from analysis.intake.clean import Account
from analysis.intake.cohort.selection import Selection, parse_span
from analysis.intake.derive import build_halves, place_scores
from analysis.intake.engine import connect
from analysis.intake.schema import ALL_TERMS, HALVES, INDEX_MODALITIES, check_table
from analysis.vocabulary import PROTOCOL, Scale, Vocabulary


@dataclass(frozen=True)
class Cohort:
    """One log, or the chosen part of it, ready for questions.

    A session counts when it lies in the period and matches the choice; a course counts when it is
    of the index modality, its follow-up window closes in the period and it matches the choice.
    History before the period always serves to build courses.
    """

    origin: Origin
    account: Account
    selection: Selection
    scales: Mapping[str, Scale]
    """The scales of the vocabulary, with the order of those that had to be declared."""
    primary_scale: Mapping[str, str]
    """Concern → scale of its headline, where the source names one."""
    files: tuple[str, ...]
    folder: Path = field(repr=False)

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary the log was read with."""
        return self.origin.vocabulary

    def check_concern(self, concern: str) -> str:
        """Return the key of a concern, or raise UsageError with the possible ones."""
        if concern not in self.vocabulary.analysed_concerns:
            raise UsageError.for_unknown("concern", concern, self.vocabulary.analysed_concerns)
        return concern

    def turn_to(self, index_modality: str) -> "Cohort":
        """Return the same log, chosen in the same way, with courses of another modality."""
        return replace(self, selection=replace(self.selection, index_modality=index_modality))

    def list_other_modalities(self, concern: str) -> list[str]:
        """Return the modalities with courses for a concern beside the index modality, in the order
        of the schema."""
        courses = self._table("courses").filter(_.concern == self.check_concern(concern))
        found = set(courses.select("modality").distinct().modality.execute())
        found.discard(self.selection.index_modality)
        return [each for each in INDEX_MODALITIES if each in found]

    @cached_property
    def patients(self) -> pd.DataFrame:
        """One row per patient with a chosen session: patient, sex, age, skin_type,
        skin_type_is_range."""
        chosen = self._table("patients").semi_join(self._sessions, "patient")
        return check_table("patients", chosen.order_by("patient").execute())

    @cached_property
    def patient_concerns(self) -> pd.DataFrame:
        """One row per patient × concern treated in a chosen session: patient, concern."""
        pairs = self._sessions.inner_join(self._table("targets"), "session")
        return (
            pairs.select("patient", "concern").distinct().order_by("patient", "concern").execute()
        )

    @cached_property
    def courses(self) -> pd.DataFrame:
        """One row per chosen course, with the columns of the schema."""
        return check_table("courses", self._courses.order_by("course").execute())

    @cached_property
    def course_scores(self) -> pd.DataFrame:
        """One row per chosen course × scale, with the columns of the schema."""
        chosen = self._table("course_scores").semi_join(self._courses, "course")
        return check_table("course_scores", chosen.order_by("course", "scale").execute())

    def find_visit_scores(self, concern: str, scale: str) -> pd.DataFrame:
        """Return the scores of closed first courses by visit, on one scale.

        Columns: course, patient, visit (0 is the baseline, k the score before session k + 1), score
        and is_follow_up. One row for each course and visit with a score; the follow-up has the
        number of sessions as its visit. The score before a session is the last one after the day of
        the session before, up to and including its own day, by the rater of the course.
        """
        courses = self._courses.filter((_.concern == concern) & _.is_first & _.is_closed)
        ends = courses.inner_join(
            self._table("course_scores").filter(_.scale == scale), "course"
        ).select(
            *("course", "patient", "concern", "scale", "rater", "first_date", "last_date"),
            *("sessions", "side", "baseline", "follow_up"),
        )
        between = self._find_scores_before_sessions(ends)
        parts = [
            ends.filter(_.baseline.notnull()).select(
                "course", "patient", visit=ibis.literal(0, "int64"), score="baseline"
            ),
            between.select("course", "patient", "visit", "score"),
            ends.filter(_.follow_up.notnull()).select(
                "course", "patient", visit=_.sessions.cast("int64"), score="follow_up"
            ),
        ]
        is_last = [False, False, True]
        marked = [part.mutate(is_follow_up=last) for part, last in zip(parts, is_last, strict=True)]
        return ibis.union(*marked).order_by("course", "visit").execute()

    def _find_scores_before_sessions(self, ends: ibis.Table) -> ibis.Table:
        """Return the last score between two sessions of a course: course, patient, visit, score."""
        index = self._index_sessions
        treated = index.inner_join(self._table("targets"), "session").select(
            "patient", "concern", "date"
        )
        days = (
            ends.inner_join(treated.distinct(), ["patient", "concern"])
            .filter(_.date.between(_.first_date, _.last_date))
            .select("course", "patient", "concern", "scale", "rater", "side", day=_.date)
        )
        order = {"group_by": "course", "order_by": "day"}
        days = days.mutate(visit=ibis.row_number().over(**order), earlier=_.day.lag().over(**order))
        scored = place_scores(
            days.filter(_.visit > 0),
            self._table("assessments"),
            self.scales,
            ["patient", "concern", "scale", "rater"],
        )
        inside = scored.filter((_.date > _.earlier) & (_.date <= _.day))
        return inside.group_by("course", "patient", "visit").agg(score=_.score.argmax(_.date))

    def count_split_faces(self, concern: str) -> dict[str, int]:
        """Return scale → patients of closed first courses with a score of either half on it,
        whenever that was; a scale nobody has so is not in it."""
        courses = self._courses.filter((_.concern == concern) & _.is_first & _.is_closed)
        scores = self._table("assessments").filter((_.concern == concern) & _.side.isin(HALVES))
        scores = scores.semi_join(courses, "patient").group_by("scale", "patient")
        people = scores.agg(halves=_.side.nunique()).filter(_.halves == len(HALVES))
        counts = people.group_by("scale").agg(n=_.count()).order_by("scale").execute()
        return dict(zip(counts["scale"], counts["n"].map(int), strict=True))

    def find_halves(self, concern: str, scale: str) -> pd.DataFrame:
        """Return closed first courses of which both halves have the scores that a scale needs.

        Columns: course, patient, rater (of all scores), is_told (whether every session and the
        adjunct tell their half), and for each half, ending in ``_left`` and ``_right``: sessions
        (of the course), adjunct, others (further modalities until the follow-up, with semicolons),
        baseline and follow_up. One row per course, by the rules of a course for each half.
        """
        courses = self._courses.filter((_.concern == concern) & _.is_first & _.is_closed)
        sessions, targets = self._table("sessions"), self._table("targets")
        scored = self._table("assessments")
        halves = build_halves(courses, sessions, targets, scored, self.scales[scale])
        return halves.order_by("course").execute()

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """Chosen sessions, one row per patient × concern (empty: all concerns together).

        Columns: patient, concern, sessions, sessions_recorded (side effects were asked about). A
        session counts under each concern it treated.
        """
        asked = self._table("recorded").filter(_.term == ALL_TERMS).select("session", is_asked=True)
        sessions = self._with_concerns(self._sessions.left_join(asked, "session"))
        counts = sessions.group_by("patient", "concern").agg(
            sessions=_.session.nunique(),
            sessions_recorded=_.session.nunique(where=_.is_asked.fill_null(False)),
        )
        return counts.order_by("patient", "concern").execute()

    @cached_property
    def harms(self) -> pd.DataFrame:
        """One row per patient × concern (empty: all) × side effect that was seen or denied by name.

        Columns: patient, concern, term, sessions_with, sessions_denied (asked about this term only,
        in sessions where nothing else was asked).
        """
        recorded = self._table("recorded")
        asked = recorded.filter(_.term == ALL_TERMS)
        denied = recorded.filter(_.term != ALL_TERMS).anti_join(asked, "session")
        seen = self._table("side_effects").select("session", "term", is_seen=True)
        either = seen.union(denied.select("session", "term", is_seen=False))
        rows = self._with_concerns(self._sessions.inner_join(either, "session"))
        counts = rows.group_by("patient", "concern", "term").agg(
            sessions_with=_.session.nunique(where=_.is_seen),
            sessions_denied=_.session.nunique(where=~_.is_seen),
        )
        return counts.order_by("patient", "concern", "term").execute()

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """One row per patient × concern (empty: all) with a session soon enough after another.

        Columns: patient, concern, intervals, short_intervals (under the usual interval),
        median_days. Only the index modality in the clinic; a gap over the course limit is not an
        interval. An interval belongs to the session that ends it, and all sessions of the log begin
        one, whatever was chosen.
        """
        chosen = self._sessions.select("session", is_chosen=True)
        index = self._with_concerns(self._index_sessions.left_join(chosen, "session"))
        days = index.group_by("patient", "concern", "date").agg(is_chosen=_.is_chosen.any())
        earlier = days.date.lag().over(group_by=["patient", "concern"], order_by="date")
        gaps = days.mutate(days=days.date.delta(earlier, unit="day"))
        gaps = gaps.filter(_.is_chosen & (_.days <= PROTOCOL["course_gap"].whole))
        counts = gaps.group_by("patient", "concern").agg(
            intervals=_.count(),
            short_intervals=(_.days < PROTOCOL["usual_interval"].whole).sum(),
            median_days=_.days.median().cast("float64"),
        )
        return counts.order_by("patient", "concern").execute()

    @cached_property
    def remembered(self) -> dict[str, list[tuple[Any, Any]]]:
        """What the questions of a page have worked out of this cohort, for the next of them."""
        return {}

    @cached_property
    def problems(self) -> pd.DataFrame:
        """Every row or cell of the log that was not used as written; not narrowed by the choice."""
        columns = ["file", "line", "column", "rule"]
        return check_table("problems", self._table("problems").order_by(columns).execute())

    def list_identifiers(self) -> list[str]:
        """Return what must not leave the clinic: patients as source/ID, lots and serials."""
        patients = self._table("patients").patient.execute()
        columns = ["cartridge_lot", "serum_lot", "device_serial"]
        marks = self._table("sessions").select(*columns).distinct().execute()
        return sorted({*patients, *(mark for name in columns for mark in marks[name].dropna())})

    def list_devices(self, concern: str) -> list[str]:
        """Return the devices as written in the chosen sessions that treated a concern, sorted;
        sessions without one are in none."""
        treated = self._table("targets").filter(_.concern == self.check_concern(concern))
        devices = self._sessions.semi_join(treated, "session").select("device").distinct()
        return sorted(devices.filter(_.device.notnull()).device.execute())

    def count_sessions(self) -> dict[str, dict[str, int]]:
        """Return sessions by concern, by side effect and by what was recorded, for ``check``."""

        def count(table: ibis.Table, column: str) -> dict[str, int]:
            found = table.group_by(column).agg(n=_.session.nunique()).order_by(column).execute()
            return dict(zip(found[column], found["n"].map(int), strict=True))

        found = count(self._sessions, "recorded")
        return {
            "concerns": count(
                self._table("targets").semi_join(self._sessions, "session"), "concern"
            ),
            "side_effects": count(
                self._table("side_effects").semi_join(self._sessions, "session"), "term"
            ),
            "recorded": {
                "event": found.get("event", 0),
                "none": found.get("none", 0),
                "not_recorded": found.get("not recorded", 0),
            },
        }

    # --- the engine ---------------------------------------------------------------------------

    @cached_property
    def _connection(self) -> ibis.BaseBackend:
        return connect()

    def _table(self, name: str) -> ibis.Table:
        if name not in self._connection.list_tables():
            self._connection.read_parquet(self.folder / f"{name}.parquet", table_name=name)
        return self._connection.table(name)

    @cached_property
    def _sessions(self) -> ibis.Table:
        """The chosen sessions."""
        sessions, chosen = self._table("sessions"), self.selection
        for name in ("clinic", "operator", "device", "modality", "setting"):
            if allowed := getattr(chosen, name):
                sessions = sessions.filter(_[name].isin(allowed))
        if chosen.needle:
            low, high = parse_span(chosen.needle, "needle length")
            sessions = sessions.filter(_.needle_longest.between(low, high))
        if chosen.days:
            sessions = sessions.filter(_.date.between(*chosen.days))
        return self._of_chosen_patients(sessions)

    @cached_property
    def _index_sessions(self) -> ibis.Table:
        """Sessions of the index modality in the clinic, whatever else was chosen."""
        index = self.selection.index_modality
        return self._table("sessions").filter((_.modality == index) & (_.setting == "clinic"))

    @cached_property
    def _courses(self) -> ibis.Table:
        """The chosen courses, all of the index modality."""
        courses, chosen = self._table("courses"), self.selection
        courses = courses.filter(_.modality == chosen.index_modality)
        for name in ("clinic", "operator", "device"):
            if allowed := getattr(chosen, name):
                courses = courses.filter(_[name].isin(allowed))
        if chosen.needle:
            low, high = parse_span(chosen.needle, "needle length")
            courses = courses.filter(_.needle_longest.between(low, high))
        if chosen.sessions:
            fewest, most = parse_span(chosen.sessions, "number of sessions")
            courses = courses.filter(_.sessions.between(fewest, most))
        # sessions that are not chosen make no course
        if (chosen.modality and chosen.index_modality not in chosen.modality) or (
            chosen.setting and "clinic" not in chosen.setting
        ):
            courses = courses.filter(ibis.literal(False))
        if chosen.days:
            courses = courses.filter(_.closed_on.between(*chosen.days))
        return self._of_chosen_patients(courses)

    def _of_chosen_patients(self, table: ibis.Table) -> ibis.Table:
        if not self.selection.skin_type:
            return table
        patients = self._table("patients")
        chosen = patients.filter(patients.skin_type.isin(self.selection.skin_types))
        return table.semi_join(chosen, "patient")

    def _with_concerns(self, sessions: ibis.Table) -> ibis.Table:
        """Repeat each session for every concern it treated, and once for all together."""
        together = sessions.mutate(concern=ibis.literal(""))
        targets = self._table("targets").select("session", "concern")
        return together.union(sessions.inner_join(targets, "session").select(*together.columns))
