"""Canonical tables: typed already, so that only their rows are checked."""

from datetime import date
from typing import Final

from ibis import _

from analysis.intake.clean.cleaned import Account, Cleaned
from analysis.intake.engine import Engine, make_table
from analysis.intake.schema import COLUMNS, name_type
from analysis.intake.sources import CANONICAL, PROBLEM, Log, Source, check_tables
from analysis.vocabulary import Vocabulary

_ENGINE_TYPES: Final = {
    "text": "string",
    "number": "float64",
    "whole number": "int64",
    "yes/no": "boolean",
    "day": "date",
}


def take_tables(
    engine: Engine, log: Log, source: Source, vocabulary: Vocabulary, as_of: date
) -> Cleaned:
    """Return canonical tables as they are, without the rows that break the schema."""
    frames, problems = check_tables(log, source, vocabulary, as_of)
    tables = {}
    for name in CANONICAL:
        types = {key: _ENGINE_TYPES[name_type(item)] for key, item in COLUMNS[name].items()}
        tables[name] = engine.keep(f"given_{name}", make_table(frames[name], types))
    types = dict.fromkeys(PROBLEM, "string") | {"line": "int64"}
    blank = int(log.rows.filter(_.cells == 0).count().execute())
    read = int(log.rows.count().execute())
    bad = problems[["file", "line"]].drop_duplicates()
    account = Account(read, read - blank - len(bad), len(bad), blank)
    account.check()
    listed = engine.keep("problems", make_table(problems, types))
    return Cleaned(problems=listed, account=account, tables=tables)
