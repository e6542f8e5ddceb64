"""From typed rows to the tables of the schema, and from sessions to courses.

Each step takes tables and returns a table: the same rows with more columns (``add_*``), or the next
table of the schema (``build_*``). The rules are those of ``vocabulary/protocol.toml``.
"""

from analysis.intake.derive.courses import add_course, keep_of_courses
from analysis.intake.derive.halves import build_halves
from analysis.intake.derive.harms import add_promoted_term
from analysis.intake.derive.scores import build_course_scores, place_scores
from analysis.intake.derive.tables import derive_tables

__all__ = [
    "add_course",
    "add_promoted_term",
    "build_course_scores",
    "build_halves",
    "derive_tables",
    "keep_of_courses",
    "place_scores",
]
