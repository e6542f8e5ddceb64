"""How a cohort is built once and kept in ``.cache/``."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from analysis.errors import SourceError
from analysis.intake.cache import ACCOUNT, BUILDING, CACHE, remove_older
from analysis.intake.clean import clean_log
from analysis.intake.corrections import apply_corrections, read_corrections
from analysis.intake.derive import derive_tables
from analysis.intake.engine import Engine, make_table, open_engine
from analysis.intake.schema import COLUMNS, check_rows
from analysis.intake.sources import (
    SETTINGS_FILE,
    VOCABULARY_FILE,
    Source,
    hash_queries,
    read_log,
    spread_wide,
)
from analysis.vocabulary import Vocabulary

_CODE: Final = (Path(__file__).parents[1], Path(__file__).parents[2] / "vocabulary")


def hash_data(source: Source, as_of: date) -> str:
    """Return the hash of what goes in: log, ``source.toml``, corrections, vocabularies, as_of."""
    return join_hashes(hash_inputs(source, as_of))


def hash_inputs(source: Source, as_of: date) -> dict[str, str]:
    """Return the hash of each part of what goes in, by its name.

    The log of a database is its rows as they are now, so they are read each time. Log and
    corrections share one hash: of a correction alone somebody could try out what it says.
    """
    log = [read_corrections(source).to_csv(index=False).encode()]
    for name in source.every_file:
        log += [name.encode(), _hash_file(source.folder / name)]
    settings = (SETTINGS_FILE, VOCABULARY_FILE)
    return {
        "as_of": hash_parts([as_of.isoformat().encode()]),
        "log": hash_parts([*log, *hash_queries(source)]),
        **{name: hash_parts([_hash_file(source.folder / name)]) for name in settings},
        "vocabulary": hash_parts(path.read_bytes() for path in sorted(_CODE[1].glob("*.toml"))),
    }


def join_hashes(inputs: Mapping[str, str]) -> str:
    """Return the one hash of what :func:`hash_inputs` returned."""
    return hash_parts(f"{name}={each}".encode() for name, each in inputs.items())


def _hash_file(path: Path) -> bytes:
    """Return the digest of a file, read piece by piece; empty where there is none."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def read_code() -> list[bytes]:
    """Return the code and the words that decide what becomes of a log."""
    return [path.read_bytes() for folder in _CODE for path in sorted(folder.rglob("*.py"))]


def hash_parts(parts: Iterable[bytes]) -> str:
    """Return the first 16 hex digits of a hash in which the parts cannot run into each other."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()[:16]


def read_kept(folder: Path) -> dict[str, Any] | None:
    """Return what is kept beside the tables; None when the folder is not there or not whole."""
    try:
        kept = json.loads((folder / ACCOUNT).read_text(encoding="utf-8"))
        sizes = {name: (folder / f"{name}.parquet").stat().st_size for name in COLUMNS}
        return dict(kept) if kept["sizes"] == sizes else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def build_tables(
    folder: Path,
    source: Source,
    vocabulary: Vocabulary,
    as_of: date,
    data_hash: str,
    tell: Callable[[str], None],
) -> None:
    """Write the tables aside and rename the folder; of two builders at once, the first one
    stays. Nothing is kept of a database whose rows are no longer those of ``data_hash``."""
    try:
        folder.parent.parent.mkdir(mode=0o700, exist_ok=True)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=BUILDING, dir=folder.parent))
    except OSError as problem:
        reason = (problem.strerror or "unwritable").lower()
        raise SourceError(f"The cohort cannot be kept in {CACHE}/ ({reason}).") from None
    try:
        with open_engine(aside) as engine:
            _write_tables(engine, aside, source, vocabulary, as_of, data_hash, tell)
        if source.reads_database and hash_data(source, as_of) != data_hash:
            raise SourceError(
                f"The rows of {source.name!r} changed while they were read: run it again, and "
                "leave out of a query what is different each time it is asked."
            )
        if read_kept(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
        # of two builders at once the first one stays; the other's rename fails
        with suppress(OSError):
            os.replace(aside, folder)
        remove_older(folder)
    except OSError as problem:
        reason = (problem.strerror or "unwritable").lower()
        raise SourceError(f"The cohort cannot be kept in {CACHE}/ ({reason}).") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_tables(
    engine: Engine,
    folder: Path,
    source: Source,
    vocabulary: Vocabulary,
    as_of: date,
    data_hash: str,
    tell: Callable[[str], None],
) -> None:
    """Climb the stairs from the log to the tables of the schema, and move them to the folder."""
    tell(f"reading the log of {source.name!r}")
    log, stale = apply_corrections(engine, read_log(engine, source), read_corrections(source))
    log = spread_wide(engine, log, source)
    tell("reading its cells")
    cleaned = clean_log(engine, log, source, vocabulary, as_of)
    tell(f"building sessions and courses of {cleaned.account.used:,} rows")
    tables = derive_tables(engine, cleaned, source, vocabulary, as_of)
    tell("writing the cohort")
    for name, table in tables.items():
        if name == "problems" and len(stale):
            types = {key: "int64" if key == "line" else "string" for key in COLUMNS[name]}
            table = engine.keep("all_problems", table.union(make_table(stale, types)))
        check_rows(name, table)
        if name == "sessions":
            last = table.date.max().execute()
        engine.move(table, folder / f"{name}.parquet")
    kept: dict[str, Any] = {
        # by this, two pages of before are held against each other
        "data_hash": data_hash,
        "rows": asdict(cleaned.account),
        "data_until": "" if pd.isna(last) else f"{pd.Timestamp(last):%Y-%m}",
        "sizes": {name: (folder / f"{name}.parquet").stat().st_size for name in COLUMNS},
    }
    (folder / ACCOUNT).write_text(json.dumps(kept), encoding="utf-8")
