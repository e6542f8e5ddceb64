"""Numbers for the few texts that tell courses apart or describe them.

Sorting and grouping by numbers takes a fraction of what texts take; see :mod:`analysis.intake.keys`
for patients and sessions.
"""

from typing import Final

import ibis
import pandas as pd
from ibis import _

from analysis.intake.engine import Table, make_table

_WORDS: Final = (
    *(("concern", "targets"), ("subtype", "targets"), ("modality", "sessions")),
    *(("adjunct", "sessions"), ("clinic", "sessions"), ("operator", "sessions")),
    ("device", "sessions"),
)
"""Columns that tell the courses apart or describe them, and whose few texts are numbers for them;
with the tables they are in."""
SEVERAL: Final = "several"
"""Stands for the adjunct or subtype of a course that had more than one."""
MOST_WORDS: Final = 1 << 32
"""No log has as many of them."""


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
