"""The tables of the schema, one built from the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import ibis

from analysis.intake.clean import Cleaned
from analysis.intake.derive.conflicts import (
    list_conflicts,
    list_differing_rows,
    list_differing_subtypes,
    list_doubled_scores,
    list_patients_without_session,
    list_short_intervals,
    list_unplaced_side_effects,
)
from analysis.intake.derive.courses import (
    add_course,
    add_other_procedure,
    build_courses,
    keep_of_courses,
    name_course,
    spell_course,
)
from analysis.intake.derive.harms import (
    add_promoted_term,
    build_recorded,
    build_screening,
    build_side_effects,
)
from analysis.intake.derive.scores import build_course_scores
from analysis.intake.derive.sessions import (
    add_told_session,
    build_patients,
    build_sessions,
    build_targets,
    gather_sessions,
    gather_targets,
    part_visits,
    tells_of_previous,
)
from analysis.intake.derive.sides import add_sides
from analysis.intake.derive.words import list_words, number_words, spell_words
from analysis.intake.engine import Engine, Table
from analysis.intake.keys import spell_keys
from analysis.intake.schema import COLUMNS
from analysis.intake.sources import Source
from analysis.vocabulary import Scale, Vocabulary


def derive_tables(
    engine: Engine,
    cleaned: Cleaned,
    source: Source,
    vocabulary: Vocabulary,
    as_of: date,
) -> dict[str, Table]:
    """Return the tables of the schema by name; ``as_of`` decides which courses are closed."""
    stairs = Staircase(engine, cleaned, source)
    if cleaned.tables:
        stairs.take_tables()
    else:
        stairs.build_tables(vocabulary)
    stairs.build_courses(source.find_scales(vocabulary), as_of)
    stairs.write_problems()
    return {name: stairs.tables[name] for name in COLUMNS}


@dataclass
class Staircase:
    """The tables of one log while they are built; those of the schema are in ``tables``.

    They are worked on by the numbers of their patients and sessions. The texts are put back when a
    table of the schema is written; canonical tables have texts from the start.
    """

    engine: Engine
    cleaned: Cleaned
    source: Source
    tables: dict[str, Table] = field(default_factory=dict)
    problems: list[Table] = field(default_factory=list)
    visits: Table = None
    sessions: Table = None
    targets: Table = None
    assessments: Table = None

    def write(self, name: str, table: Table) -> None:
        """Write a table of the schema, with its columns and their order."""
        self.tables[name] = self.engine.keep(f"of_schema_{name}", table.select(*COLUMNS[name]))

    def spell(self, table: Table) -> Table:
        """Return a table with the texts of its patients and sessions."""
        names = self.cleaned.names
        return table if names is None else spell_keys(table, names)

    def take_tables(self) -> None:
        """Write the tables that were given."""
        for name, table in self.cleaned.tables.items():
            self.write(name, table)
        self.sessions, self.targets, self.assessments = (
            self.cleaned.tables[name] for name in ("sessions", "targets", "assessments")
        )

    def build_tables(self, vocabulary: Vocabulary) -> None:
        """Build the tables of patients and sessions from typed rows, and write them."""
        engine, cleaned, source = self.engine, self.cleaned, self.source
        visits = add_told_session(cleaned.visits, source)
        name_or_keep = engine.keep if tells_of_previous(source) else engine.name
        visits = name_or_keep("told_visits", visits)
        alone, together = part_visits(engine, visits, source)
        people = cleaned.people.semi_join(visits, "patient")
        patients = engine.keep("patients", build_patients(visits, people))
        shared = engine.keep("shared", gather_sessions(together))
        sessions = engine.name("sessions", build_sessions(alone, shared))
        gathered = engine.keep("shared_targets", gather_targets(together, cleaned.concerns))
        targets = engine.name("targets", build_targets(alone, cleaned.concerns, gathered))
        side_effects = build_side_effects(alone, together, cleaned.events)
        built = {
            "patients": patients,
            "sessions": sessions,
            "targets": targets,
            "assessments": cleaned.scores,
            "side_effects": add_promoted_term(side_effects, vocabulary),
            "recorded": build_recorded(alone, together, cleaned.denials),
            "screening": build_screening(alone, together, cleaned.screening),
        }
        for name, table in built.items():
            self.write(name, self.spell(table.select(*COLUMNS[name])))
        self.visits, self.sessions, self.targets = visits, sessions, targets
        self.assessments = cleaned.scores
        self.problems += [
            list_conflicts(visits, people, patients, source),
            list_patients_without_session(visits, cleaned.people, source),
            list_unplaced_side_effects(visits, source),
            list_doubled_scores(visits, cleaned),
        ]
        # most logs have a row for each session, and to ask is far quicker than to find nothing
        if shared.count().execute():
            self.problems += [
                list_differing_rows(together, shared, source),
                list_differing_subtypes(together, cleaned.concerns, gathered, source),
            ]

    def build_courses(self, scales: Mapping[str, Scale], as_of: date) -> None:
        """Build courses and their scores from sessions, targets and assessments, and write them."""
        engine, sessions, targets = self.engine, self.sessions, self.targets
        words = engine.keep("words", list_words(sessions, targets))
        chained = add_course(
            number_words(keep_of_courses(sessions), words),
            number_words(targets.select("session", "concern", "subtype"), words),
        )
        chained = engine.keep("chained", chained)
        if self.visits is not None:
            self.problems.append(list_short_intervals(self.visits, chained, self.source))
        sided = number_words(targets.select("session", "concern", "side"), words)
        courses = add_sides(build_courses(chained, as_of), chained, sessions, sided)
        courses = engine.keep("courses_of_numbers", courses)
        courses = add_other_procedure(spell_words(courses, words), sessions, targets)
        courses = engine.keep("courses", courses)
        scores = build_course_scores(courses, sessions, targets, self.assessments, scales)
        named = engine.keep("named_courses", name_course(self.spell(courses)))
        self.write("courses", named)
        scores = spell_course(scores, named).select(*COLUMNS["course_scores"])
        self.write("course_scores", self.spell(scores))

    def write_problems(self) -> None:
        """Write the problems of the cells, and those that show between rows."""
        found = (each.select(*COLUMNS["problems"]) for each in self.problems)
        problems = self.cleaned.problems.select(*COLUMNS["problems"])
        self.write("problems", ibis.union(problems, *found) if self.problems else problems)
