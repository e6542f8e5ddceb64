"""The engine of one load: DuckDB through ibis, in a folder of its own.

Rows never pass through Python as objects. What a step computes is kept as a Parquet file, which is
quicker to write and to read again than a table of a database, and a log may be larger than memory;
the folder goes when the load is over.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import duckdb
import ibis
import pandas as pd

from analysis.errors import TOO_LARGE, SourceError

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

Table: TypeAlias = ibis.Table

_MEMORY: Final = 2_400
"""Megabytes that DuckDB may hold at once where the machine has enough; what is more goes to the
folder."""
_ROWS_GATHERED: Final = (2_048, 20_480)
_BYTES_GATHERED: Final = 20_000_000
"""Rows and bytes that each thread gathers before it writes them: the fewest rows and the most, and
between them as many as have so many bytes."""
NUMBER: Final = "file_row_number"
"""Column of a kept table that was asked for its rows' numbers, the first one being 0."""
_NULLABLE: Final = {
    "int64": "Int64",
    "float64": "Float64",
    "boolean": "boolean",
    "string": "str",
    "date": "datetime64[us]",
}


@dataclass(frozen=True)
class Engine:
    """The connection of one load, and the private folder it works in."""

    connection: ibis.BaseBackend
    folder: Path

    def keep(self, name: str, table: Table, *, numbered: bool = False, row_size: int = 1) -> Table:
        """Compute a table once, so that what follows does not compute it again.

        ``numbered`` adds :data:`NUMBER`; ``row_size`` are the bytes of a row where they are known
        to be many.
        """
        path = self.folder / f"{name}.parquet"
        fewest, most = _ROWS_GATHERED
        rows = min(max(_BYTES_GATHERED // max(row_size, 1), fewest), most)
        # text repeats itself: what compression saves here is not worth its time
        self.connection.to_parquet(table, path, compression="snappy", row_group_size=rows)
        return self.connection.read_parquet(path, table_name=name, file_row_number=numbered)

    def move(self, table: Table, path: Path) -> None:
        """Move the file of a kept table to where it stays; the table is gone then."""
        name = table.get_name()
        self.connection.drop_view(name)
        (self.folder / f"{name}.parquet").replace(path)

    def name(self, name: str, table: Table) -> Table:
        """Give a table a name without computing it: what follows is quicker to write for ibis.

        The table must rest on kept tables only, since frames are gone when nobody holds them.
        """
        return self.connection.create_view(name, table)

    def name_part(self) -> str:
        """Return a name that no table of the engine has yet."""
        return f"part_{len(self.connection.list_tables())}"

    def make_path(self, suffix: str) -> Path:
        """Return the path of a new file in the folder."""
        handle, path = tempfile.mkstemp(suffix=suffix, dir=self.folder)
        os.close(handle)
        return Path(path)


def connect(*where: Path, **options: str) -> ibis.BaseBackend:
    """Return DuckDB through ibis, in memory or in a file.

    It keeps silent: after two seconds a query would draw its progress on stdout, which belongs to
    what a command was asked for.
    """
    connection = ibis.duckdb.connect(*where, **options)
    # in a notebook DuckDB draws nothing without ipywidgets, and refuses to be told so
    with suppress(duckdb.InvalidInputException):
        connection.settings["enable_progress_bar"] = False
    return connection


@contextmanager
def open_engine(inside: Path | None = None) -> Iterator[Engine]:
    """Yield an engine in a private folder, in the one given or in that of the system for what is
    temporary, and remove it."""
    with tempfile.TemporaryDirectory(
        prefix="outcomes-", dir=inside, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        connection = connect(
            memory_limit=f"{_find_memory()}MB",
            temp_directory=str(folder),
        )
        try:
            with say_too_large():
                yield Engine(connection, folder)
        finally:
            connection.disconnect()


@contextmanager
def say_too_large() -> Iterator[None]:
    """Say in one sentence that memory was not enough, whoever found it out."""
    try:
        yield
    except (MemoryError, duckdb.OutOfMemoryException):
        raise SourceError(TOO_LARGE) from None


def _find_memory() -> int:
    """Return the megabytes for DuckDB: a quarter of what this process may use, since Python, what
    DuckDB does not count and the rest of the machine need theirs."""
    known = []
    with suppress(AttributeError, ValueError, OSError):  # Windows does not tell
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    if resource is not None:
        limits = (
            resource.getrlimit(each)[0] for each in (resource.RLIMIT_DATA, resource.RLIMIT_AS)
        )
        known += [limit for limit in limits if limit != resource.RLIM_INFINITY]
    return min([_MEMORY, *(size // 4_000_000 for size in known)])


def make_table(frame: pd.DataFrame, types: Mapping[str, str]) -> Table:
    """Return a small frame as a table of the engine; it is read where it is used."""
    frame = frame.astype({key: _NULLABLE[kind] for key, kind in types.items() if kind in _NULLABLE})
    return ibis.memtable(frame[[*types]], schema=ibis.schema(dict(types)))
