"""What a file may be, checked in plain Python before a compiled reader sees it.

A compiled reader that runs out of memory ends the whole process without a word, so that nothing
it is given may ask for more than a small machine has. The limits are such that a log inside them
is loaded by a process of 1 GB. Each check reads the file in pieces and raises a
:class:`~analysis.errors.SourceError`: one sentence with what was found and what to do.
"""

import csv
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from analysis.errors import SourceError

MEGABYTE: Final = 1_000_000

LONGEST_LINE: Final = MEGABYTE
"""Bytes. The engine sets aside sixteen times this for each thread; a session fills some hundred."""
LONGEST_CELL: Final = MEGABYTE
"""Characters of one cell: a book. More is a quotation mark that was never closed, or an attack."""
MOST_COLUMNS: Final = 2_000
"""An engine that works by column keeps a buffer for each. Wide exports have some hundred."""
LARGEST_FOOTER: Final = 16 * MEGABYTE
"""Bytes of the description at the end of a Parquet file, which is read whole."""
LARGEST_ROW_GROUP: Final = 512 * MEGABYTE
"""Bytes a row group of a Parquet file says it needs; writers make them of 128 MB or less."""

_PIECE: Final = MEGABYTE
_NOT_FOLLOWED: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BYTES: Final = getattr(os, "O_BINARY", 0)
_JUNCTION: Final = 0xA0000003
"""What Windows marks a junction with; a file kept in a cloud has another mark."""
_PARQUET: Final = b"PAR1"
_SQLITE: Final = b"SQLite format 3\0"


# --- where a file lies ------------------------------------------------------------------------


def open_inside(folder: Path, name: str) -> BinaryIO:
    """Open a file that lies in a folder for reading, as it is named there: ``2024/log.csv``.

    What is opened is what was checked: no step of the way below ``folder`` is a link (the folder
    itself may be one), and the file is a regular one. Opening a named pipe does not wait.

    A hard link is read: it is no way to another file but the file itself, under one of its names,
    of which none is the first. Backups that keep what did not change as hard links would otherwise
    make every log unreadable, and nobody can make one of a file they may not write to where the
    system guards them (Linux: ``fs.protected_hardlinks``). A log is only read, and what is written
    beside it replaces a name, never the bytes behind it.

    Raises
    ------
    SourceError
        When the name leads out of the folder, the file is not there, or is a link, folder, pipe or
        device.
    """
    path = Path(name)
    if path.is_absolute() or path.drive or ".." in path.parts or not path.parts:
        raise SourceError(
            f"The log {name!r} lies outside the folder of its source; copy it into that folder."
        )
    try:
        _refuse_links(folder, path, name)
        handle = _open_from(folder, path)
    except (OSError, ValueError) as problem:
        reason = (getattr(problem, "strerror", None) or "no such name").lower()
        raise SourceError(
            f"The log {name!r} cannot be read ({reason}); check that it is there."
        ) from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        kind = "folder" if stat.S_ISDIR(mode) else "pipe or a device"
        raise SourceError(f"The log {name!r} is a {kind}; name a file in source.toml.")
    return os.fdopen(handle, "rb")


def _refuse_links(folder: Path, path: Path, name: str) -> None:
    """Say that a step of the way is a link, or a junction as Windows calls its own."""
    for depth in range(1, len(path.parts) + 1):
        found = os.lstat(folder.joinpath(*path.parts[:depth]))
        if stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION:
            raise SourceError(
                f"The log {name!r} is a link, or lies behind one; copy the file itself into the "
                "folder of its source."
            )


def _open_from(folder: Path, path: Path) -> int:
    """Open step by step, so that no step can be exchanged for a link in the meantime.

    Where the system cannot open from a folder (Windows), the whole way is opened at once.
    """
    if os.open not in os.supports_dir_fd:
        return os.open(folder / path, os.O_RDONLY | _BYTES)
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in path.parts[:-1]:
            inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | _NOT_FOLLOWED, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(path.parts[-1], os.O_RDONLY | _NOT_FOLLOWED, dir_fd=here)
    finally:
        os.close(here)


# --- text -------------------------------------------------------------------------------------


def check_text(file: BinaryIO, name: str, *, encoding: str, delimiter: str) -> None:
    """Check delimited text: not empty, no NUL bytes, no endless line, not too many columns.

    ``file`` is read in pieces and stands at its beginning again. A cell that spans lines is held
    to :data:`LONGEST_CELL` by whoever splits the text into cells.
    """
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "u16", "u32"))
    line = length = 0
    for piece in _read_pieces(file):
        if b"\0" in piece and not wide:
            raise SourceError(
                f"The log {name!r} is not text (it holds NUL bytes); export it as CSV, or correct "
                "kind or encoding in source.toml."
            )
        ends = piece.replace(b"\r", b"\n")
        first = ends.find(b"\n")
        if length + (len(ends) if first < 0 else first) > LONGEST_LINE:
            raise SourceError(
                f"The log {name!r}, line {line + 1}, is longer than {LONGEST_LINE:,} bytes; "
                "shorten its longest cell, or export the log again."
            )
        line += piece.count(b"\n")
        length = length + len(ends) if first < 0 else len(ends) - 1 - ends.rfind(b"\n")
    if not file.tell():
        raise SourceError(f"The log {name!r} is empty (zero bytes); export it again.")
    file.seek(0)
    header = file.readline(LONGEST_LINE).decode(encoding, errors="replace")
    file.seek(0)
    if len(delimiter) == 1 and header.count(delimiter) >= MOST_COLUMNS:
        csv.field_size_limit(LONGEST_LINE)
        # where lines end in a carriage return alone, the header is only the first of them
        lines = io.StringIO(header, newline="")
        check_columns(len(next(csv.reader(lines, delimiter=delimiter))), name)


def check_columns(count: int, name: str) -> None:
    """Check how many columns a table has."""
    if count > MOST_COLUMNS:
        raise SourceError(
            f"The log {name!r} has {count:,} columns and at most {MOST_COLUMNS:,} are read; export "
            "it with fewer, or check the delimiter in source.toml."
        )


def _read_pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece


# --- tables and databases ---------------------------------------------------------------------


def check_parquet(file: BinaryIO, name: str) -> None:
    """Check that a file is Parquet and that its description is whole, small and bearable.

    Only the description at the end is read: the columns it declares and the bytes it declares for
    each row group. ``file`` stands at its beginning again.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(len(_PARQUET))
    file.seek(max(size - 8, 0))
    end = file.read(8)
    file.seek(0)
    footer = int.from_bytes(end[:4], "little")
    if start != _PARQUET or end[4:] != _PARQUET or not 0 < footer <= size - 12:
        raise SourceError(
            f"The log {name!r} is not a Parquet file, or a broken one; export it again, or correct "
            "kind in source.toml."
        )
    if footer > LARGEST_FOOTER:
        raise SourceError(
            f"The log {name!r} has a description of {footer:,} bytes and at most "
            f"{LARGEST_FOOTER:,} are read; write it again with fewer row groups."
        )
    _check_description(file, name)
    file.seek(0)


def _check_description(file: BinaryIO, name: str) -> None:
    from pyarrow import ArrowException, parquet

    try:
        found = parquet.read_metadata(file)
        columns, groups = found.num_columns, found.num_row_groups
        largest = max((found.row_group(n).total_byte_size for n in range(groups)), default=0)
        smallest = min((found.row_group(n).total_byte_size for n in range(groups)), default=0)
    except MemoryError:
        raise
    except (ArrowException, OSError, ValueError):
        raise SourceError(f"The log {name!r} is a broken Parquet file; export it again.") from None
    check_columns(columns, name)
    if largest > LARGEST_ROW_GROUP or smallest < 0:
        raise SourceError(
            f"The log {name!r} has a row group of {largest:,} bytes and at most "
            f"{LARGEST_ROW_GROUP:,} are read; write it again with smaller row groups."
        )


def check_sqlite(file: BinaryIO, name: str) -> None:
    """Check that a file is an SQLite database as long as its header says."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    header = file.read(100)
    file.seek(0)
    page = int.from_bytes(header[16:18], "big")
    page = 65_536 if page == 1 else page
    # an old program leaves the number of pages as it was; then it is not for this state of the file
    is_current = header[24:28] == header[92:96]
    pages = int.from_bytes(header[28:32], "big") if is_current else 0
    if not header.startswith(_SQLITE) or page < 512 or page & (page - 1):
        raise SourceError(
            f"The log {name!r} is not an SQLite database; correct kind in source.toml."
        )
    if pages * page > size:
        raise SourceError(
            f"The log {name!r} is cut short: it should have {pages * page:,} bytes and has "
            f"{size:,}; copy it again while no program writes to it."
        )
