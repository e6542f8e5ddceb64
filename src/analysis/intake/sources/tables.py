"""Reads canonical tables: nothing is parsed for mess, everything is checked."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import reduce
from pathlib import PurePosixPath
from typing import Any, Final

import pandas as pd

from analysis.errors import SourceError
from analysis.intake.engine import Engine
from analysis.intake.schema import ALL_TERMS, COLUMNS, has_columns, name_type
from analysis.intake.sources.delimited import read_delimited
from analysis.intake.sources.log import Log, list_problems
from analysis.intake.sources.settings import CANONICAL, Layout, Source
from analysis.vocabulary import Scale, Vocabulary

_FLAGS: Final = {"true": True, "false": False}
NOT_CANONICAL: Final = "not_canonical"


def read_tables(engine: Engine, source: Source, layout: Layout) -> list[Log]:
    """Return one log per table, in the order of the schema.

    Raises
    ------
    SourceError
        When a file is missing or empty, or has other columns than its table (they are listed).
    """
    files = {PurePosixPath(name).stem: name for name in layout.files}
    parts = []
    for name in CANONICAL:
        log = read_delimited(engine, source.folder / files[name], layout.format, files[name])
        expected = [*COLUMNS[name]]
        if not has_columns(name, log.headers):
            raise SourceError(
                f"The log {files[name]!r} of {source.name!r} has not the columns of its table. "
                f"Its columns are: {', '.join(map(repr, log.headers))}. "
                f"Expected: {', '.join(map(repr, expected))}."
            )
        parts.append(log)
    return parts


def check_tables(
    log: Log, source: Source, vocabulary: Vocabulary, as_of: date
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables with their types, and the problems of the rows that are left out.

    A row is left out when one of its cells breaks the schema or the vocabulary, or when the session
    or patient it belongs to is not there. Ids get the source's name in front, sessions their own
    key.
    """
    layout = source.every_layout[0]
    files = {PurePosixPath(name).stem: name for name in layout.files}
    scales = source.find_scales(vocabulary)
    check = _Checker(log, vocabulary, scales, as_of)
    tables = {name: check.read_table(name, files[name]) for name in CANONICAL}

    patients = tables["patients"]
    sessions = check.keep_known(tables["sessions"], "patient", patients["patient"])
    sessions = check.keep_first(sessions, ["patient", "date", "modality", "setting"])
    tables["sessions"] = sessions
    for name in CANONICAL[2:]:
        tables[name] = check.keep_known(tables[name], "session", sessions["session"])
        if "patient" in tables[name]:
            tables[name] = check.keep_own(tables[name], sessions)
    tables["assessments"] = check.keep_scores(tables["assessments"])

    prefix = f"{source.name}/"
    days = sessions["date"].dt.strftime("%Y-%m-%d")
    parts = (sessions["patient"], days, sessions["modality"], sessions["setting"])
    keys = prefix + reduce(lambda first, second: first + " | " + second, parts)
    key = pd.Series(keys.to_numpy(), index=sessions["session"].to_numpy(), dtype="str")
    for table in tables.values():
        if "patient" in table:
            table["patient"] = prefix + table["patient"]
        if "session" in table:
            table["session"] = table["session"].map(key).astype("str")
    return {name: table[[*COLUMNS[name]]] for name, table in tables.items()}, list_problems(
        check.problems
    )


class _Checker:
    """Holds the problems while one table after the other is checked."""

    def __init__(
        self, log: Log, vocabulary: Vocabulary, scales: Mapping[str, Scale], as_of: date
    ) -> None:
        self.log = log
        self.rows = log.rows.order_by("row").execute()
        self.scales = scales
        self.as_of = as_of
        self.problems: list[dict[str, Any]] = []
        self.known: Mapping[str, Iterable[str]] = {
            "concern": vocabulary.analysed_concerns,
            "scale": scales,
            "term": [*vocabulary.side_effects, ALL_TERMS],
            "written_as": vocabulary.side_effects,
            "contraindication": [*vocabulary.contraindications, ALL_TERMS],
        }

    def read_table(self, name: str, file: str) -> pd.DataFrame:
        """Return the rows of a table that keep to the schema and the vocabulary."""
        rows = self.rows[self.rows["file"] == file]
        rows = rows[rows["cells"] > 0]
        whole = rows["cells"] == rows["width"]
        self._refuse(rows[~whole], None, "wrong_number_of_cells", "")
        rows = rows[whole]
        table = rows[["file", "line"]].copy()
        is_good = pd.Series(True, index=rows.index)
        for column, item in COLUMNS[name].items():
            text = self._read_text(rows, column)
            values = _read_cells(text, name_type(item))
            bad = values.isna() & ((text != "") | (not item.nullable))
            for check in item.checks:
                bad |= values.notna() & ~_passes(values, check.statistics or {})
            if item.unique:
                bad |= values.notna() & values.duplicated()
            if column in self.known:
                unknown = values.notna() & ~values.isin([*self.known[column]])
                self._refuse(rows[unknown & is_good], column, _RULES[column], "")
                is_good &= ~unknown
            hint = f"{item.description}; see data/README.md"
            self._refuse(rows[bad & is_good], column, NOT_CANONICAL, hint)
            is_good &= ~bad
            if column == "date":
                late = values > pd.Timestamp(self.as_of)
                hint = "correct the day, or extracted_on in source.toml"
                self._refuse(rows[late & is_good], column, "date_in_the_future", hint)
                is_good &= ~late
            table[column] = values
        return table[is_good].copy()

    def _read_text(self, rows: pd.DataFrame, column: str) -> pd.Series:
        """Return the cells of a column; blank ones where the files do not have it."""
        if column not in self.log.headers:
            return pd.Series("", index=rows.index, dtype="str")
        return rows[self.log.find_text(column)].str.strip()

    def keep_known(self, table: pd.DataFrame, key: str, known: pd.Series) -> pd.DataFrame:
        """Return the rows whose session or patient is there."""
        missing = ~table[key].isin(known)
        hint = f"no used row of {key}s.csv has this key"
        self._refuse(table[missing], key, _RULES[key], hint)
        return table[~missing].copy()

    def keep_own(self, table: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
        """Return the rows whose patient is that of their session."""
        patient = table["session"].map(sessions.set_index("session")["patient"])
        strange = table["patient"] != patient
        self._refuse(table[strange], "patient", _RULES["patient"], "the session is another's")
        return table[~strange].copy()

    def keep_first(self, sessions: pd.DataFrame, key: list[str]) -> pd.DataFrame:
        """Return the first session of each patient, day, modality and setting."""
        again = sessions.duplicated(key)
        hint = "one session per patient, day, modality and setting"
        self._refuse(sessions[again], None, "duplicate_row", hint)
        return sessions[~again].copy()

    def keep_scores(self, assessments: pd.DataFrame) -> pd.DataFrame:
        """Return the scores that lie within their scale."""
        low = assessments["scale"].map({key: each.minimum for key, each in self.scales.items()})
        high = assessments["scale"].map({key: each.maximum for key, each in self.scales.items()})
        outside = (assessments["score"] < low.astype("float64")) | (
            assessments["score"] > high.astype("float64")
        )
        self._refuse(assessments[outside], "score", "score_outside_scale", "")
        return assessments[~outside].copy()

    def _refuse(self, rows: pd.DataFrame, column: str | None, rule: str, hint: str) -> None:
        for file, line in rows[["file", "line"]].itertuples(index=False, name=None):
            self.problems.append(
                {"file": file, "line": line, "column": column, "rule": rule}
                | {"consequence": "row set aside", "suggestion": hint or None}
            )


_RULES: Final = {
    "patient": "unknown_patient",
    "session": "unknown_session",
    "concern": "unknown_concern",
    "scale": "unknown_scale",
    "term": "unknown_side_effect",
    "written_as": "unknown_side_effect",
    "contraindication": "unknown_contraindication",
}


def _read_cells(text: pd.Series, kind: str) -> pd.Series:
    """Return the values; missing where the cell is blank or not written as its kind is."""
    written = text.where(text != "")
    if kind == "day":
        return pd.to_datetime(written, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    if kind == "yes/no":
        return written.str.lower().map(_FLAGS).astype("boolean")
    if kind == "whole number":
        whole = written.where(written.str.fullmatch(r"-?\d+").fillna(False))
        return pd.to_numeric(whole, errors="coerce").astype("Int64")
    if kind == "number":
        return pd.to_numeric(written, errors="coerce").astype("float64")
    return written.astype("str")


def _passes(values: pd.Series, limits: Mapping[str, Any]) -> pd.Series:
    tests: dict[str, Callable[[Any], Any]] = {
        "allowed_values": values.isin,
        "min_value": values.ge,
        "max_value": values.le,
    }
    passed = pd.Series(True, index=values.index)
    for name, limit in limits.items():
        passed &= tests[name](limit).fillna(False).astype(bool)
    return passed
