"""Recognises a log it has not seen before and writes a first ``source.toml``.

Columns are recognised by their header and, where a header says nothing, by their content; what the
log does not prove becomes an open question, never a guess. What only resembles something known is a
suggestion in a comment and is not used.

``files`` and ``databases`` read what is there, ``headers`` and ``contents`` say what a column may
be, ``columns`` decides, ``recognition`` puts files together into layouts, ``writing`` writes it
down.
"""

from analysis.intake.recognise.columns import Question, choose_columns
from analysis.intake.recognise.databases import Database, find_database
from analysis.intake.recognise.formats import find_decimal, prove_date_order
from analysis.intake.recognise.recognition import (
    RecognisedLayout,
    Recognition,
    list_logs,
    recognise_database,
    recognise_log,
)
from analysis.intake.recognise.writing import describe_recognition, write_source

__all__ = [
    "Database",
    "Question",
    "RecognisedLayout",
    "Recognition",
    "choose_columns",
    "describe_recognition",
    "find_database",
    "find_decimal",
    "list_logs",
    "prove_date_order",
    "recognise_database",
    "recognise_log",
    "write_source",
]
