"""The cohort: what the questions are asked of.

Above the cohort there are people, below it rows. Patients, courses and patient × stratum counts are
pandas frames; the session table itself is never handed out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import ibis
import pandas as pd
from ibis import _

from analysis.errors import UsageError
from analysis.estimates import Origin
from analysis.intake.clean import Account
from analysis.intake.cohort.claims import follow_harms, summarise_sessions
from analysis.intake.cohort.exposed import find_exposed, find_side_effects_since
from analysis.intake.cohort.harms import (
    GROUPINGS,
    PERIODS,
    add_onset,
    count_by_level,
    count_lasting,
    find_ends,
    find_seen_later,
    find_window,
    list_asked_besides,
    list_windows,
    name_levels,
    name_window,
)
from analysis.intake.cohort.reportable import find_seriousness, list_grave_events
from analysis.intake.cohort.selection import Selection, parse_span
from analysis.intake.cohort.timeline import (
    Period,
    count_filled,
    list_days_of_harm,
    measure_pain,
)
from analysis.intake.cohort.treatments import Treatments
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
        selection = replace(self.selection, index_modality=index_modality)
        origin = replace(self.origin, index_modality=index_modality, selection=selection.describe())
        return replace(self, selection=selection, origin=origin)

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
    def harm_exposures(self) -> pd.DataFrame:
        """Chosen sessions of :attr:`harm_modality`, one row per patient × concern (empty: all).

        Columns: patient, concern, sessions, sessions_recorded (side effects were asked about), and
        for each window of a late side effect (:func:`.harms.name_window`) those of them after which
        the patient was seen inside it.
        """
        asked = self._table("recorded").filter(_.term == ALL_TERMS)
        asked = asked.select("session").distinct().mutate(is_asked=True)
        windows = [*map(name_window, list_windows(self.vocabulary.side_effects.values()))]
        sessions = self._with_concerns(self._harm_sessions).select("session", "patient", "concern")
        sessions = sessions.left_join(asked, "session").drop("session_right")
        sessions = sessions.left_join(self._seen_later, "session").drop("session_right")
        is_asked = sessions.is_asked.fill_null(False)
        flags = {name: is_asked & sessions[name].fill_null(False) for name in windows}
        counts = sessions.group_by("patient", "concern").agg(
            sessions=sessions.session.nunique(),
            sessions_recorded=sessions.session.nunique(where=is_asked),
            **{name: sessions.session.nunique(where=flag) for name, flag in flags.items()},
        )
        return counts.order_by("patient", "concern").execute()

    @cached_property
    def harms(self) -> pd.DataFrame:
        """One row per patient × concern (empty: all) × side effect that was seen, or asked about
        besides the general question.

        Columns: patient, concern, term, sessions_with (in which it began), sessions_besides (that
        were asked about this term though not in general; see :func:`.harms.list_asked_besides`) and
        worst (the highest severity recorded, missing without one).
        """
        events, besides = self._events, self._asked_besides
        seen = events.select("session", "term", "severity", is_onset="is_onset", is_besides=False)
        none = ibis.null("int64")
        more = besides.select("session", "term", severity=none, is_onset=False, is_besides=True)
        rows = self._with_concerns(self._harm_sessions).select("session", "patient", "concern")
        rows = rows.inner_join(seen.union(more), "session")
        counts = rows.group_by("patient", "concern", "term").agg(
            sessions_with=rows.session.nunique(where=rows.is_onset),
            sessions_besides=rows.session.nunique(where=rows.is_besides),
            worst=rows.severity.max(),
        )
        return counts.order_by("patient", "concern", "term").execute()

    @cached_property
    def harm_ends(self) -> pd.DataFrame:
        """How long the first event of a patient × side effect lasted; see :func:`.harms.find_ends`.

        Columns: patient, term, days and has_ended, both missing where nobody can say.
        """
        ends = find_ends(self._began, self._table("assessments"), self._table("sessions"))
        return ends.order_by("patient", "term").execute()

    @cached_property
    def lasting(self) -> pd.DataFrame:
        """How many expected reactions lasted as long: patient, term as written, state, events; see
        :func:`.harms.count_lasting`."""
        effects = self.vocabulary.side_effects
        expected = [key for key, each in effects.items() if each.severity_class == "expected"]
        events = self._began.filter(_.written_as.isin(expected))
        return count_lasting(events).order_by("patient", "term", "state").execute()

    def count_harms(
        self, terms: Sequence[str], by: str = "", *, modality: str = ""
    ) -> pd.DataFrame:
        """Return chosen sessions and those with any of these side effects, by patient and level.

        Columns: patient, level (empty without ``by``, missing where not recorded; numbers as they
        are), sessions, sessions_asked, sessions_with (in which one of them began) and onsets. Of
        one term, the sessions asked about it are those of :attr:`harms`; of several, those where
        side effects were recorded in general.

        Parameters
        ----------
        terms
            Keys of side effects.
        by
            Empty, or one of "modality" (all of them, each for itself), "setting", "needle",
            "passes", "adjunct", "clinic", "operator", "device", "cartridge lot", "serum lot",
            "month", "quarter", "concern" (a session counts under each it treated).
        modality
            What the sessions are; :attr:`harm_modality` if empty.

        Raises
        ------
        UsageError
            For another ``by``.
        """
        possible = ("", *GROUPINGS, *PERIODS, "concern")
        if by not in possible:
            raise UsageError.for_unknown("grouping", by, possible)
        sessions = self._sessions
        if by != "modality":
            sessions = sessions.filter(_.modality == (modality or self.harm_modality))
        events = self._events.filter(_.is_onset & _.term.isin([*terms]))
        levelled = name_levels(sessions, self._table("targets"), by)
        asked = self._list_asked(terms)
        return count_by_level(levelled, asked, events.select("session", "term")).execute()

    def _list_asked(self, terms: Sequence[str]) -> ibis.Table:
        """Return the sessions that were asked about these side effects: session."""
        recorded = self._table("recorded")
        general = recorded.filter(_.term == ALL_TERMS).select("session")
        if len(terms) != 1:
            return general
        effects, (term,) = self.vocabulary.side_effects, terms
        if window := find_window(effects.get(term)):
            later = self._seen_later
            general = general.semi_join(later.filter(later[name_window(window)]), "session")
        return general.union(self._asked_besides.filter(_.term == term).select("session"))

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """One row per patient × concern (empty: all) with a session soon enough after another.

        Columns: patient, concern, intervals, short_intervals (under the usual interval),
        median_days, shortest_days. Only the index modality in the clinic; a gap over the course
        limit is not an interval. An interval belongs to the session that ends it, and all sessions
        of the log begin one, whatever was chosen.
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
            shortest_days=_.days.min().cast("float64"),
        )
        return counts.order_by("patient", "concern").execute()

    def count_filled(self, by: Period) -> pd.DataFrame:
        """Return how many chosen sessions have what was written down, period by period; see
        :func:`.timeline.count_filled`."""
        patients, assessments = self._table("patients"), self._table("assessments")
        return count_filled(self._sessions, patients, assessments, by)

    def measure_pain(self, by: Period | Literal[""] = "") -> pd.DataFrame:
        """Return the mean pain of chosen sessions of :attr:`harm_modality`; see
        :func:`.timeline.measure_pain`."""
        return measure_pain(self._harm_sessions, by)

    def list_days_of_harm(self, terms: Sequence[str]) -> pd.DataFrame:
        """Return the days of chosen sessions of :attr:`harm_modality` that were asked about any of
        the terms, and whether one began there; see :func:`.timeline.list_days_of_harm`."""
        events = self._events.filter(_.is_onset & _.term.isin([*terms]))
        return list_days_of_harm(self._harm_sessions, self._list_asked(terms), events)

    def find_last_day(self) -> date | None:
        """Return the day of the last chosen session; None where there is none."""
        last = self._sessions.date.max().execute()
        return None if pd.isna(last) else pd.Timestamp(last).date()

    @cached_property
    def sessions_felt(self) -> pd.DataFrame:
        """Length, pain, numbing and needle of the chosen sessions of the index modality, one row
        per patient: see :func:`~analysis.intake.cohort.claims.summarise_sessions`."""
        return summarise_sessions(self._chosen_of_index)

    @cached_property
    def harms_followed(self) -> pd.DataFrame:
        """How long patients were followed after the chosen sessions of the index modality, and
        whether a harm lasted: see :func:`~analysis.intake.cohort.claims.follow_harms`."""
        effects = self.vocabulary.side_effects.items()
        return follow_harms(
            self._chosen_of_index,
            *(self._table(name) for name in ("sessions", "assessments")),
            *(self._table(name) for name in ("recorded", "side_effects")),
            harms=[key for key, each in effects if each.severity_class != "expected"],
            persistent=[key for key, each in effects if each.persistent],
        )

    @property
    def _chosen_of_index(self) -> ibis.Table:
        """The chosen sessions of the index modality, in the clinic and at home."""
        return self._sessions.filter(_.modality == self.selection.index_modality)

    @cached_property
    def remembered(self) -> dict[str, list[tuple[Any, Any]]]:
        """What the questions of a page have worked out of this cohort, for the next of them."""
        return {}

    @cached_property
    def problems(self) -> pd.DataFrame:
        """Every row or cell of the log that was not used as written; not narrowed by the choice."""
        columns = ["file", "line", "column", "rule"]
        return check_table("problems", self._table("problems").order_by(columns).execute())

    def treat(self, concern: str = "") -> Treatments:
        """Return the chosen sessions of :attr:`harm_modality`, in the clinic and at home, for what
        is asked about them by patient; ``concern`` narrows to those that treated it."""
        sessions, targets = self._harm_sessions, self._table("targets")
        if concern:
            targets = targets.filter(_.concern == self.check_concern(concern))
            sessions = sessions.semi_join(targets, "session")
        return Treatments(sessions, targets, self._table("screening"))

    def find_seriousness(self, terms: Sequence[str]) -> pd.DataFrame:
        """Return whether harm was serious or ended the treatment, by patient; see
        :func:`.reportable.find_seriousness`."""
        found = find_seriousness(self._table("side_effects"), self._harm_sessions, terms)
        return found.execute()

    def list_grave_events(self, severity: int, terms: Sequence[str]) -> pd.DataFrame:
        """Return single side effects of the chosen sessions, for internal pages; see
        :func:`.reportable.list_grave_events`."""
        return list_grave_events(self._events, self._sessions, severity, terms).execute()

    def find_exposed(self, sessions: Sequence[str]) -> pd.DataFrame:
        """Return these sessions of the whole log, one a row; see :func:`.exposed.find_exposed`."""
        return find_exposed(self._table, sessions)

    def find_side_effects_since(self, sessions: Sequence[str]) -> pd.DataFrame:
        """Return session and term of what the patients of these sessions had from them on."""
        return find_side_effects_since(self._table, sessions)

    def list_patients(self) -> list[str]:
        """Return the patients of the whole log, as source/ID, sorted."""
        return sorted(self._table("patients").patient.execute())

    def list_names(self, column: str, *, fewest: int = 1) -> list[str]:
        """Return the texts of a column of the sessions, of the whole log, sorted: those of so many
        patients, or more."""
        names = self._table("sessions").select("patient", name=column).filter(_.name.notnull())
        people = names.group_by("name").agg(patients=_.patient.nunique())
        return sorted(people.filter(_.patients >= fewest).name.execute())

    def list_days(self) -> list[date]:
        """Return the days of all sessions and scores of the log, sorted."""
        tables = (self._table(name).select("date") for name in ("sessions", "assessments"))
        days = ibis.union(*tables, distinct=True).filter(_.date.notnull()).date.execute()
        return sorted(pd.Timestamp(day).date() for day in days)

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

    @cached_property
    def _opened(self) -> dict[str, ibis.Table]:
        return {}

    def _table(self, name: str) -> ibis.Table:
        if name not in self._opened:
            path = self.folder / f"{name}.parquet"
            self._opened[name] = self._connection.read_parquet(path, table_name=name)
        return self._opened[name]

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

    @property
    def harm_modality(self) -> str:
        """What the sessions are of which side effects are counted; modalities are never pooled."""
        return self.selection.harm_modality

    @cached_property
    def _harm_sessions(self) -> ibis.Table:
        return self._sessions.filter(_.modality == self.harm_modality)

    @cached_property
    def _events(self) -> ibis.Table:
        """All side effects of the log, with the date of their session and whether they began."""
        effects = self.vocabulary.side_effects
        persistent = [key for key, each in effects.items() if each.persistent]
        return self._keep(
            "events", add_onset(self._table("side_effects"), self._table("sessions"), persistent)
        )

    @property
    def _began(self) -> ibis.Table:
        """The side effects that began in the chosen sessions."""
        return self._events.filter(_.is_onset).semi_join(self._harm_sessions, "session")

    @cached_property
    def _seen_later(self) -> ibis.Table:
        """Sessions after which the patient was seen when a late side effect would show."""
        sessions, scores = self._table("sessions"), self._table("assessments")
        windows = list_windows(self.vocabulary.side_effects.values())
        return self._keep("seen_later", find_seen_later(sessions, scores, windows))

    @cached_property
    def _asked_besides(self) -> ibis.Table:
        """Sessions and the terms they were asked about besides the general question."""
        effects, recorded = self.vocabulary.side_effects, self._table("recorded")
        asked = list_asked_besides(recorded, self._events, self._seen_later, effects)
        return self._keep("asked_besides", asked)

    def _keep(self, name: str, table: ibis.Table) -> ibis.Table:
        """Return a table that is worked out once."""
        return self._connection.create_table(name, table, temp=True, overwrite=True)

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
