"""Canonical tables: typed already, so that only their rows are checked."""

from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd
from ibis import _

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.clean.cleaned import Account, Cleaned
from analysis.intake.engine import Engine, make_table
from analysis.intake.schema import COLUMNS, name_type
from analysis.intake.sources import CANONICAL, PROBLEM, Log, Source, check_tables, list_problems
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
    frames, refused = check_tables(log, source, vocabulary, as_of)
    problems = pd.concat([refused, _note_look_alikes(log, source)], ignore_index=True)
    tables = {}
    for name in CANONICAL:
        types = {key: _ENGINE_TYPES[name_type(item)] for key, item in COLUMNS[name].items()}
        tables[name] = engine.keep(f"given_{name}", make_table(frames[name], types))
    types = dict.fromkeys(PROBLEM, "string") | {"line": "int64"}
    blank = int(log.rows.filter(_.cells == 0).count().execute())
    read = int(log.rows.count().execute())
    bad = refused[["file", "line"]].drop_duplicates()
    account = Account(read, read - blank - len(bad), len(bad), blank)
    account.check()
    listed = engine.keep("problems", make_table(problems, types))
    return Cleaned(problems=listed, account=account, tables=tables)


def _note_look_alikes(log: Log, source: Source) -> pd.DataFrame:
    """Return the notes on patients of canonical tables whose id looks like that of another one;
    they count as written."""
    file = next(each for each in source.every_layout[0].files if Path(each).stem == CANONICAL[0])
    rows = log.rows.filter(_.file == file).order_by("row")
    ids = rows.select("file", "line", text=rows[log.find_text("patient")]).execute()
    folded = ids["text"].map(lambda text: cells.fold_patient(text, 0))
    noted = cells.note_look_alike(Found())
    return list_problems(
        {"file": file, "line": line, "column": "patient", "rule": noted.rule}
        | {"consequence": noted.consequence, "suggestion": noted.suggestion}
        for line in ids["line"][folded.isin(cells.find_look_alikes(folded))]
    )
