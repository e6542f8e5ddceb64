"""Forgets a source, or one patient of it: what we keep of them beside the log.

The log and ``source.toml`` are the clinic's and are never changed. What was made from them is
removed: prepared cohorts, rows of the corrections file, and lists of who was exposed to a lot.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.errors import SourceError, UsageError, sentence_for_unknown
from analysis.intake import cells
from analysis.intake.cache import CACHE, list_kept, list_kept_sources, remove_cohort
from analysis.intake.corrections import (
    FILE,
    Row,
    apply_corrections,
    read_all_rows,
    read_corrections,
    write_all_rows,
)
from analysis.intake.engine import open_engine
from analysis.intake.sources import Log, Source, list_sources, read_log, read_source
from analysis.intake.trace import list_patients, list_traces

Place = tuple[str, str, int]
"""File, sheet (empty in a text file) and line."""


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What was removed, and what only the clinic can remove."""

    cohorts: int
    """Cohorts removed from the cache."""
    corrections: int
    """Rows removed from the corrections file."""
    traces: int = 0
    """Files of `outcomes trace` removed: all of a source, of a patient those that name one."""
    in_log: tuple[Place, ...] = ()
    """Where the log still holds the patient."""
    unfitting: tuple[Place, ...] = ()
    """Where corrections stand that fit no cell any more; whose they are is not known."""
    unread: str = ""
    """Why the log could not be searched; empty when it was."""


def check_source_name(project: Path, name: str) -> None:
    """Raise SourceError with the possible ones for a source that we keep nothing of."""
    known = {*list_sources(project), *list_kept_sources(project)}
    if name not in known:
        raise SourceError(
            sentence_for_unknown("source", name, known, where=f" in data/ or {CACHE}/")
        )


def forget_source(project: Path, name: str) -> Forgotten:
    """Remove all cached cohorts of a source, its corrections file and its traces.

    Raises
    ------
    SourceError
        When neither ``data/`` nor the cache knows the source.
    """
    check_source_name(project, name)
    kept = list_kept(project, name)
    for folder in kept:
        remove_cohort(folder)
    shutil.rmtree(project / CACHE / name, ignore_errors=True)
    path = project / "data" / name / FILE
    removed = _count_rows(path)
    for each in (path, path.with_suffix(".csv.part")):
        each.unlink(missing_ok=True)
    traces = list_traces(path.parent)
    for trace in traces:
        trace.unlink(missing_ok=True)
    return Forgotten(cohorts=len(kept), corrections=removed, traces=len(traces))


def forget_patient(project: Path, name: str, patient: str) -> Forgotten:
    """Remove one patient's rows from the corrections file, and every cohort and trace that holds
    them.

    ``patient`` is the id as the log writes it, also in another case or as ``source/ID``. A cached
    folder that cannot be read is removed too.

    Raises
    ------
    SourceError
        When there is no such source, or its ``source.toml`` or corrections file cannot be read.
    UsageError
        When neither log nor cache knows the patient.
    """
    source = read_source(project, name)
    written = patient.strip().removeprefix(f"{name}/")
    corrections = read_corrections(source)
    in_log, unfitting, unread, width = [], [], "", 0
    try:
        with open_engine() as engine:
            log = read_log(engine, source)
            corrected, stale = apply_corrections(engine, log, corrections)
            ids, after = _list_ids(log, source), _list_ids(corrected, source)
        width = cells.find_width(text for _place, text, _session in ids)
        in_log = sorted({*_find_places(ids, written, width), *_find_places(after, written, width)})
        unfitting = [*stale[["file", "sheet", "line"]].itertuples(index=False, name=None)]
    except SourceError as problem:
        unread = str(problem)
    held = [folder for folder in list_kept(project, name) if _holds(folder, written, width)]
    traces = [
        path for path in list_traces(source.folder) if _names(list_patients(path), written, width)
    ]
    if not (in_log or held or traces or unread):
        raise UsageError(
            f"No row of the log and no cached cohort of {name!r} holds this patient, and nothing "
            "was removed; check how the log writes the id."
        )
    for folder in held:
        remove_cohort(folder)
    for path in traces:
        path.unlink(missing_ok=True)
    theirs = {*in_log}
    corrected_rows = sum(_find_place(row) in theirs for row in read_all_rows(source))
    if corrected_rows:
        others = (row for row in read_all_rows(source) if _find_place(row) not in theirs)
        write_all_rows(source, others)
    return Forgotten(
        cohorts=len(held),
        corrections=corrected_rows,
        traces=len(traces),
        in_log=tuple(in_log),
        unfitting=tuple(unfitting),
        unread=unread,
    )


def _count_rows(path: Path) -> int:
    try:
        return len(pd.read_csv(path, dtype="str"))
    except (OSError, ValueError):
        return 0


def _find_place(row: Row) -> Place:
    return row["file"], row["sheet"], row["line"]


def _list_places(rows: pd.DataFrame) -> Iterator[Place]:
    return zip(rows["file"], rows["sheet"].fillna(""), rows["line"], strict=True)


def _find_places(ids: Sequence[tuple[Place, str, str]], patient: str, width: int) -> list[Place]:
    """Return where rows of the patient stand, and rows that name one of their sessions."""
    wanted = cells.fold_patient(patient, width)
    is_theirs = {text: cells.fold_patient(text, width) == wanted for _place, text, _s in ids}
    sessions = {session for _place, text, session in ids if is_theirs[text]} - {""}
    return [place for place, text, session in ids if is_theirs[text] or session in sessions]


def _list_ids(log: Log, source: Source) -> list[tuple[Place, str, str]]:
    """Return place, patient and, in canonical tables, session of every row."""
    found: list[tuple[Place, str, str]] = []
    for number, layout in enumerate(source.every_layout):
        is_canonical = layout.format.kind == "tables"
        texts = {
            "patient": log.find_text("patient" if is_canonical else layout.columns["patient"]),
            **({"session": log.find_text("session")} if is_canonical else {}),
        }
        rows = log.rows.filter(log.rows.layout == number).order_by("row")
        frame = rows.select("file", "sheet", "line", **texts).execute()
        sessions = frame["session"] if is_canonical else [""] * len(frame)
        found += zip(_list_places(frame), frame["patient"], sessions, strict=True)
    return found


def _holds(folder: Path, patient: str, width: int) -> bool:
    try:
        kept = pd.read_parquet(folder / "patients.parquet", columns=["patient"])["patient"]
    except (OSError, ValueError, KeyError):
        return True
    return _names(kept.unique(), patient, width)


def _names(patients: Iterable[str], patient: str, width: int) -> bool:
    """Return whether the patient is among these, which are written as source/ID."""
    wanted = cells.fold_patient(patient, width)
    return any(cells.fold_patient(each.partition("/")[2], width) == wanted for each in patients)
