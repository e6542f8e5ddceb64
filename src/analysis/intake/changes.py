"""How a log changed between two cohorts that are kept: whose entries are new, late, corrected or
gone.

Patients are counted and never named. A kept cohort is found by the hash of its data, which every
page of it tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final

import ibis
import pandas as pd

from analysis.intake.cache import ACCOUNT, list_kept
from analysis.intake.cohort.keeping import read_kept
from analysis.intake.engine import Table, connect

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "patients": ("patient",),
    "sessions": ("session",),
    "targets": ("session", "concern"),
    "assessments": ("patient", "concern", "scale", "date", "area", "side", "rater"),
    "side_effects": ("session", "written_as"),
    "recorded": ("session", "term"),
    "screening": ("session", "contraindication"),
}
"""What makes two rows of a table the same entry."""
_DERIVED: Final[Mapping[str, tuple[str, ...]]] = {
    "patients": ("age",),
    "sessions": ("recorded",),
    "assessments": ("session",),
    "side_effects": ("term",),
}
"""Columns that follow from other entries; those are compared."""
_TOLD_AT_NEXT_VISIT: Final = ("side_effects", "recorded")
"""What some logs write down at the next session, for the one before."""
_MISSING: Final = "\x1e"
_APART: Final = "\x1f"


@dataclass(frozen=True, kw_only=True)
class LogChanges:
    """How many patients' entries changed from one cohort to another; one can be in several."""

    new: int
    """First seen after the last day of the old data."""
    continued: int
    """Known before, with a session after the last day of the old data."""
    late: int
    """With a session, a score or another entry of a day inside the old data that was not there."""
    corrected: int
    """With an entry that both have and that differs, or that is gone from a session of both."""
    gone: int
    """With a session that is no longer there."""


def find_kept(project: Path, source: str, data_hash: str) -> Path | None:
    """Return the folder of a kept cohort of these data, the one used last; None if none is left."""
    found = []
    for folder in list_kept(project, source):
        kept = read_kept(folder)
        if kept is not None and kept.get("data_hash") == data_hash:
            found.append(((folder / ACCOUNT).stat().st_mtime, folder))
    return max(found)[1] if found else None


def find_log_changes(old: Path, new: Path) -> LogChanges:
    """Return how the log changed between two kept cohorts, given by their folders.

    The old data reach until their last session. A session whose day was corrected is one that is
    gone and one that came late, because nothing in a log says that they are the same.
    """
    connection = connect()
    try:
        before, after = (
            _read_tables(connection, folder, which)
            for which, folder in (("old", old), ("new", new))
        )
        last = before["sessions"].date.max().execute()
        return _count_changes(before, after, None if pd.isna(last) else last)
    finally:
        connection.disconnect()


def _read_tables(connection: ibis.BaseBackend, folder: Path, which: str) -> dict[str, Table]:
    """Return the tables with a patient in each, and key and rest of a row as one text each."""
    tables: dict[str, Table] = {}
    for name, keys in _KEYS.items():
        table = connection.read_parquet(folder / f"{name}.parquet", table_name=f"{which}_{name}")
        others = [each for each in table.columns if each not in (*keys, *_DERIVED.get(name, ()))]
        table = table.mutate(key=_spell(table, keys), rest=_spell(table, others))
        if "patient" not in table.columns:
            table = table.inner_join(tables["sessions"].select("session", "patient"), "session")
        tables[name] = table
    return tables


def _spell(table: Table, columns: Sequence[str]) -> ibis.Value:
    texts = [table[each].cast("string").fill_null(_MISSING) + _APART for each in columns]
    return reduce(lambda one, other: one + other, texts, ibis.literal(""))


def _count_changes(before: dict[str, Table], after: dict[str, Table], last: Any) -> LogChanges:
    sessions = after["sessions"]
    both = sessions.semi_join(before["sessions"], "session").select("session")
    known = before["patients"].select("patient")
    added = sessions.anti_join(before["sessions"], "session")
    is_inside = ibis.literal(False) if last is None else added.date <= last
    later, inside = added.filter(~is_inside), added.filter(is_inside)
    seen_earlier = known.union(inside.select("patient"))
    return LogChanges(
        new=_count(later.anti_join(seen_earlier, "patient")),
        continued=_count(later.semi_join(known, "patient")),
        late=_count(inside, *_find_late(before, after, both, later, last)),
        corrected=_count(*_find_corrected(before, after, both)),
        gone=_count(before["sessions"].anti_join(sessions, "session")),
    )


def _count(*parts: Table) -> int:
    patients = ibis.union(*(part.select("patient") for part in parts)) if parts[1:] else parts[0]
    return int(patients.patient.nunique().execute())


def _find_late(
    before: dict[str, Table], after: dict[str, Table], both: Table, later: Table, last: Any
) -> list[Table]:
    """Return entries in sessions of both cohorts that only the new one has, a table each."""
    found = []
    for name in _KEYS:
        if name in ("patients", "sessions"):
            continue
        entries = after[name].semi_join(both, "session").anti_join(before[name], "key")
        if name in _TOLD_AT_NEXT_VISIT:
            entries = entries.anti_join(later, "patient")
        if name == "assessments" and last is not None:
            entries = entries.filter(entries.date <= last)
        found.append(entries)
    return found


def _find_corrected(before: dict[str, Table], after: dict[str, Table], both: Table) -> list[Table]:
    """Return entries that differ, and those gone from sessions of both cohorts, a table each."""
    found = []
    for name in _KEYS:
        old, new = before[name], after[name]
        same_key = old.semi_join(new, "key")
        found.append(same_key.anti_join(new, ["key", "rest"]))
        if name not in ("patients", "sessions"):
            found.append(old.semi_join(both, "session").anti_join(new, "key"))
    return found
