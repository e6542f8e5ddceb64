"""Traces a device, its serial number, or a lot of needle cartridges or serum: who was exposed.

Patients are looked for in the rows of the log and not in the sessions made of them: a session keeps
one lot where its rows name two, and a recall must find both. What is found is written to a file
beside the log that its owner alone may read; nothing of a patient is printed.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import reduce
from hashlib import sha256
from operator import or_
from pathlib import Path
from typing import Any, Final, TextIO

import ibis
import pandas as pd
from ibis import _

from analysis.errors import SourceError, UsageError
from analysis.intake.clean import Cleaned, clean_log
from analysis.intake.cohort import Cohort
from analysis.intake.corrections import (
    apply_corrections,
    guard,
    read_corrections,
    write_privately,
)
from analysis.intake.engine import Engine, Table, open_engine
from analysis.intake.keys import spell_keys
from analysis.intake.sources import Log, Source, read_log, read_source, spread_wide
from analysis.vocabulary import Vocabulary

Place = tuple[str, str, int]
"""File, sheet (empty in a text file) and line."""

MARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "lot": ("cartridge_lot", "serum_lot"),
    "serial": ("device_serial",),
    "device": ("device",),
}
"""What can be traced, and the columns it may stand in."""
TRACES: Final = "trace-*.csv"
"""The names of the files written here."""
COLUMNS: Final = (
    *("patient", "session_date", "clinic", "operator", "setting", "modality"),
    *("device", "device_serial", "cartridge_lot", "serum_lot", "concerns"),
    *("side_effects_since", "harm_since", "last_contact"),
)
"""``since`` is from the session on, that one included; "not recorded" where nobody asked since."""
_OF_DEVICE: Final = ("device", "device_serial", "cartridge_lot", "serum_lot")
_SEVERAL: Final = re.compile(r"\s*[;,|+&\r\n]\s*|\s+/\s+")
"""What stands between the lots of a cell that names several."""
_MOST_NEAR: Final = 5
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, kw_only=True)
class Traced:
    """What was found; the patients stand in the file alone."""

    path: Path
    patients: int
    sessions: int
    unknown: int
    """Sessions of the log at which nothing was written in any of the columns."""
    left_out: tuple[Place, ...]
    """Where rows name it and are in no session: set aside, or a booking that was not kept."""
    near: tuple[str, ...]
    """What the log has besides that differs in marks and blanks only, and is not in the file."""


def trace(cohort: Cohort, project: Path, *, kind: str, wanted: str) -> Traced:
    """Write who was exposed to a device, serial number or lot, one session a line.

    Case, and blanks around it, make no difference; of a cell that names several each counts.

    Parameters
    ----------
    cohort
        Of the source, whole: what was chosen of it makes no difference here.
    project
        Folder that holds ``data/``.
    kind
        One of :data:`MARKS`.
    wanted
        What is looked for.

    Raises
    ------
    UsageError
        When nothing is looked for, the log does not know it, or the file to write is one of the
        log's own.
    SourceError
        When the log cannot be read, or the file not be written.
    """
    if not _fold(wanted):
        raise UsageError(f"Say which {kind} is looked for.")
    source = read_source(project, cohort.origin.source)
    path = source.folder / _name_file(kind, wanted)
    if path.name in source.every_file:
        raise UsageError(f"{path.name!r} is a file of the log and was not touched; rename it.")
    with open_engine() as engine:
        log, cleaned = _climb(engine, source, cohort)
        rows = _take_rows(cleaned)
        texts = _list_texts(rows, log, source, MARKS[kind])
        meant = [text for text in texts if _fold(wanted) in _split(text)]
        if not meant:
            raise _refuse(kind, wanted, texts)
        exposed = _gather(rows, cleaned, MARKS[kind], meant)
        unknown = _count_unknown(rows, MARKS[kind])
        left_out = _find_left_out(rows, log, source, MARKS[kind], meant)
    told = _tell(cohort, exposed)
    try:
        write_privately(path, lambda file: _write(file, told))
    except OSError as problem:
        reason = (problem.strerror or "unwritable").lower()
        raise SourceError(f"data/{source.name}/{path.name} cannot be written ({reason}).") from None
    return Traced(
        path=path,
        patients=told["patient"].nunique(),
        sessions=len(told),
        unknown=unknown,
        left_out=tuple(left_out),
        near=tuple(_find_alike(wanted, texts, meant)),
    )


def list_traces(folder: Path) -> list[Path]:
    """Return the files in a source's folder that were written here, by name; a log that is called
    like one has another header."""
    return [path for path in sorted(folder.glob(TRACES)) if _read_header(path) == [*COLUMNS]]


def _read_header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file), [])
    except (OSError, ValueError, csv.Error):
        return []


def list_patients(path: Path) -> set[str]:
    """Return the patients of a file that was written here, as source/ID."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["patient"] for row in csv.DictReader(file)}


# --- the log ----------------------------------------------------------------------------------


def _climb(engine: Engine, source: Source, cohort: Cohort) -> tuple[Log, Cleaned]:
    """Return the log with its corrections, and its typed rows, as the cohort was built."""
    corrections = read_corrections(source)
    log, _stale = apply_corrections(engine, read_log(engine, source), corrections)
    log = spread_wide(engine, log, source)
    vocabulary: Vocabulary = source.read_vocabulary()
    as_of = date.fromisoformat(cohort.origin.as_of)
    return log, clean_log(engine, log, source, vocabulary, as_of)


def _take_rows(cleaned: Cleaned) -> Table:
    """Return the used rows that are sessions; canonical tables have one for each session."""
    return cleaned.tables["sessions"] if cleaned.tables else cleaned.visits


def _list_texts(rows: Table, log: Log, source: Source, columns: Sequence[str]) -> list[str]:
    """Return the distinct texts of the columns, in used rows and in the log as it is written."""
    found = [rows.select(text=rows[name]) for name in columns]
    found += [each.select("text") for each in _list_cells(log, source, columns)]
    texts = ibis.union(*found).distinct().text.execute().dropna()
    return sorted(text for text in texts if _fold(text))


def _list_cells(log: Log, source: Source, columns: Sequence[str]) -> list[Table]:
    """Return place and text of the cells of these columns, as the log has them."""
    found = []
    for number, layout in enumerate(source.every_layout):
        is_canonical = layout.format.kind == "tables"
        for name in columns:
            header = name if is_canonical else layout.columns.get(name)
            if header in log.headers:
                rows = log.rows.filter(log.rows.layout == number)
                text = rows[log.find_text(str(header))]
                found.append(rows.select("row", "file", "sheet", "line", text=text))
    return found


def _gather(
    rows: Table, cleaned: Cleaned, columns: Sequence[str], meant: Sequence[str]
) -> pd.DataFrame:
    """Return the sessions of which a row names it: session, and all that its rows have of each of
    device, serial number and lots."""
    is_meant = reduce(or_, (rows[name].isin(meant) for name in columns))
    some = rows.semi_join(rows.filter(is_meant), "session").select("session", *_OF_DEVICE)
    if cleaned.names is not None:
        some = spell_keys(some, cleaned.names)
    found = some.distinct().execute()
    return found.groupby("session", as_index=False)[[*_OF_DEVICE]].agg(_join)


def _join(texts: Iterable[Any]) -> str:
    return "; ".join(sorted({text for text in texts if not pd.isna(text)}))


def _count_unknown(rows: Table, columns: Sequence[str]) -> int:
    """Return the sessions at which no row has anything in the columns."""
    is_known = reduce(or_, (rows[name].notnull() for name in columns))
    sessions = rows.group_by("session").agg(is_known=is_known.any())
    return int(sessions.filter(~_.is_known).count().execute())


def _find_left_out(
    rows: Table, log: Log, source: Source, columns: Sequence[str], meant: Sequence[str]
) -> list[Place]:
    """Return where rows of the log name it that are in no session."""
    cells = _list_cells(log, source, columns)
    if not cells:
        return []
    naming = ibis.union(*cells).filter(_.text.isin(meant))
    if "row" in rows.columns:
        naming = naming.anti_join(rows, "row")
    else:
        naming = naming.anti_join(_find_used_lines(rows, log), ["file", "line"])
    places = naming.select("file", "line", sheet=_.sheet.fill_null("")).distinct()
    frame = places.order_by("file", "sheet", "line").select("file", "sheet", "line").execute()
    return [(file, sheet, int(line)) for file, sheet, line in frame.itertuples(index=False)]


def _find_used_lines(sessions: Table, log: Log) -> Table:
    """Return file and line of the rows of canonical tables whose session is there."""
    text = log.find_text("session")
    return log.rows.semi_join(sessions, log.rows[text] == sessions.session).select("file", "line")


# --- what is told -----------------------------------------------------------------------------


def _tell(cohort: Cohort, exposed: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of the file, by patient and date.

    Raises
    ------
    SourceError
        When the rows of a database are no longer those of the cohort.
    """
    sessions = exposed["session"].to_list()
    found = cohort.find_exposed(sessions)
    if len(found) != len(sessions):
        raise SourceError(
            f"The rows of {cohort.origin.source!r} changed while they were read: run it again."
        )
    effects = cohort.find_side_effects_since(sessions)
    known = cohort.vocabulary.side_effects
    expected = [key for key, each in known.items() if each.severity_class == "expected"]
    harm = effects[~effects["term"].isin(expected)]
    told = found.merge(exposed, on="session", validate="one_to_one")
    for name, some in (("side_effects_since", effects), ("harm_since", harm)):
        named = [known[term].name if term in known else term for term in some["term"]]
        listed = pd.Series(named, dtype="str").groupby(some["session"].to_numpy()).agg(_join)
        told[name] = [
            listed.get(session, "none" if asked else "not recorded")
            for session, asked in zip(told["session"], told["asked_since"], strict=True)
        ]
    concerns = cohort.vocabulary.concerns
    told["concerns"] = [
        "; ".join(concerns[key].name if key in concerns else key for key in keys.split("; "))
        for keys in told["concerns"].fillna("")
    ]
    for name in ("date", "last_contact"):
        told[name] = pd.to_datetime(told[name]).dt.strftime("%Y-%m-%d")
    return told.rename(columns={"date": "session_date"})[[*COLUMNS]].fillna("")


def _write(file: TextIO, told: pd.DataFrame) -> None:
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in told.itertuples(index=False, name=None):
        writer.writerow([guard(str(text)) for text in row])


def _name_file(kind: str, wanted: str) -> str:
    """Return a name that no text can lead out of the folder, and that two lots do not share."""
    folded = _fold(wanted)
    safe = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:_LONGEST_NAME]
    parts = ["trace", *([kind] if kind != "lot" else []), *([safe] if safe else [])]
    if safe != folded:
        parts.append(sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:8])
    return f"{'-'.join(parts)}.csv"


# --- how a lot is written ---------------------------------------------------------------------


def _fold(text: str) -> str:
    """Return a text without case and hidden marks, and with one blank for several."""
    seen = "".join(mark for mark in text if mark.isprintable() or mark.isspace())
    return " ".join(seen.split()).casefold()


def _split(text: str) -> set[str]:
    """Return what a cell names, folded: all of it, and each of several."""
    return {_fold(text), *map(_fold, _SEVERAL.split(text))}


def _strip_marks(text: str) -> str:
    return "".join(mark for mark in _fold(text) if mark.isalnum())


def _find_alike(wanted: str, texts: Iterable[str], meant: Sequence[str]) -> list[str]:
    """Return what else the log has that is the same but for marks and blanks."""
    bare = _strip_marks(wanted)
    return [text for text in texts if text not in meant and bare and _strip_marks(text) == bare]


def _refuse(kind: str, wanted: str, texts: Sequence[str]) -> UsageError:
    if not texts:
        return UsageError(f"The log names no {kind} in any row.")
    # of several spellings, the first
    folded = {_fold(text): text for text in reversed(texts)}
    near = get_close_matches(_fold(wanted), sorted(folded), n=_MOST_NEAR, cutoff=0.5)
    hint = f" Nearest: {', '.join(folded[each] for each in near)}." if near else ""
    return UsageError(f"No row of the log names the {kind} {wanted!r}.{hint}")
