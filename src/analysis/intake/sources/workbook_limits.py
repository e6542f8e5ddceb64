"""What a workbook may be, checked in plain Python before calamine sees it.

A workbook is a zip of XML, and both can say one thing and hold another. So every part that is read
is inflated here first, as far as its bytes go and not as far as the zip's directory says, and
parsed: a sheet with one cell in its last corner is given a place for each of seventeen billion
cells, and a text that is kept once and pointed at from a million cells is copied a million times.
"""

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final
from xml.parsers import expat

from analysis.errors import SourceError
from analysis.intake.sources.limits import LONGEST_CELL, MEGABYTE, check_columns
from analysis.intake.sources.old_workbook_limits import (
    LARGEST_MACROS,
    BrokenWorkbookError,
    count_old_workbook,
)

LARGEST_FILE: Final = 100 * MEGABYTE
"""Bytes on disk: calamine is handed the file whole. Pictures alone make a log larger."""
LARGEST_CONTENT: Final = 200 * MEGABYTE
"""Bytes of XML, inflated: about five million plain cells."""
MOST_PARTS: Final = 10_000
"""Files in the zip; a workbook has some twenty, and one per picture."""
MOST_CELLS: Final = 2_000_000
"""Cells of all sheets, empty ones up to the last row and column with them: 50,000 sessions of 40
columns take half a GB once they are text in Python."""
MOST_TEXT: Final = 100 * MEGABYTE
"""Characters of all cells, a text that several cells share counted for each."""

_PIECE: Final = 8 * MEGABYTE
"""Large, because the XML parser starts over on a token that a piece has cut."""
_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""How an old workbook begins; it is also the envelope of an encrypted one."""
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_DIRECTORY_END: Final = struct.Struct("<4s4H2LH")
_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_SHARED: Final = "sharedstrings"
_LETTERS: Final = re.compile("[A-Za-z]{1,3}")
_LAST_ROW: Final = 1_048_576
_CSV: Final = "save its sheets as CSV"


def check_workbook(file: BinaryIO, name: str) -> None:
    """Check an Excel workbook of either kind; ``file`` stands at its beginning again.

    Raises
    ------
    SourceError
        When it is protected by a password, no workbook, broken, or asks for more than the limits.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(len(_COMPOUND))
    if not size:
        raise SourceError(f"The log {name!r} is empty (zero bytes); export it again.")
    if size > LARGEST_FILE:
        raise _too_much(name, f"{size:,} bytes", LARGEST_FILE, f"remove its pictures, or {_CSV}")
    if start == _COMPOUND:
        file.seek(0)
        content = file.read()
        if _ENCRYPTED in content:
            raise SourceError(f"The log {name!r} is protected by a password; save it without one.")
        _check_old_workbook(content, name)
    elif start.startswith(_ZIP):
        try:
            _check_package(file, name, size)
        except (zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError):
            raise _broken(name) from None
        except (NotImplementedError, UnicodeError, ValueError, MemoryError):
            raise _broken(name) from None
    else:
        raise _broken(name)
    file.seek(0)


def _check_old_workbook(content: bytes, name: str) -> None:
    try:
        counted = count_old_workbook(content)
    except BrokenWorkbookError:
        raise _broken(name) from None
    if counted.macros > LARGEST_MACROS:
        found = f"programs of {counted.macros:,} bytes"
        raise _too_much(name, found, LARGEST_MACROS, "save it without its macros")
    check_columns(counted.columns, name)
    if counted.cells > MOST_CELLS:
        raise _too_many_cells(name, counted.cells)
    if counted.text > MOST_TEXT:
        raise _too_much(name, f"{counted.text:,} characters", MOST_TEXT, _CSV)


def _check_package(file: BinaryIO, name: str, size: int) -> None:
    _check_directory(file, name, size)
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
    names = [part.filename.casefold() for part in parts]
    if "xl/workbook.xml" not in names or "xl/workbook.bin" in names or "content.xml" in names:
        raise SourceError(
            f"The log {name!r} is not an .xlsx workbook inside; save it as .xlsx, or {_CSV}."
        )
    content = _Content(name)
    # shared texts first: cells point at them
    parts.sort(key=lambda part: _SHARED not in part.filename.casefold())
    for part in parts:
        if part.filename.casefold().endswith((".xml", ".rels")):
            content.read_part(part.filename, _inflate(file, part))


def _check_directory(file: BinaryIO, name: str, size: int) -> None:
    """Check that the zip has one directory, at its very end, and a bearable one.

    Two programs that look for the directory in different places would read different files.
    """
    file.seek(max(size - _DIRECTORY_END.size, 0))
    end = _DIRECTORY_END.unpack(file.read(_DIRECTORY_END.size))
    mark, _disk, _first_disk, _here, parts, length, offset, comment = end
    if mark != b"PK\x05\x06" or comment or offset + length + _DIRECTORY_END.size != size:
        raise _broken(name)
    if parts > MOST_PARTS or length > MOST_PARTS * 1_000:
        raise _too_much(name, f"{parts:,} parts", MOST_PARTS, f"save it again, or {_CSV}")


def _inflate(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what a part holds, whatever the directory says of its size."""
    file.seek(part.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    mark, _version, flags, method, *_other, names, extra = header
    if mark != _ZIP or flags & 1 or method != part.compress_type:
        raise zipfile.BadZipFile
    if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    file.seek(names + extra, os.SEEK_CUR)
    packed = file.read(part.compress_size)
    if method == zipfile.ZIP_STORED:
        yield packed
        return
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflating.eof:
        piece = inflating.decompress(packed, _PIECE)
        packed = inflating.unconsumed_tail
        if not piece and not packed:
            raise EOFError
        yield piece


class _Content:
    """Counts what the parts of a workbook add up to while one after the other is parsed.

    The parser calls back some million times, so that what is called looks no further than it must.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = self.cells = self.text = 0
        self.lengths: list[int] = []
        """Length of each shared text."""
        self.columns = {"": 0}
        """Letters of a column → its number, for the letters met so far."""

    def read_part(self, part: str, pieces: Iterator[bytes]) -> None:
        """Parse one part, and stop at the first limit it goes beyond."""
        self.row = self.column = self.last_row = self.last_column = self.length = 0
        self.is_shared = self.is_text = False
        self.holds_texts = _SHARED in part.casefold()
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._read_text
        parser.StartDoctypeDeclHandler = self._refuse_declarations
        for piece in pieces:
            self.size += len(piece)
            if self.size > LARGEST_CONTENT:
                raise _too_much(self.name, f"over {self.size:,} bytes", LARGEST_CONTENT, _CSV)
            parser.Parse(piece, False)
        parser.Parse(b"", True)
        check_columns(self.last_column, self.name)
        self.cells += self.last_row * self.last_column
        if self.cells > MOST_CELLS:
            raise _too_many_cells(self.name, self.cells)

    def _start(self, tag: str, written: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "v" or tag == "is":
            self.is_text = True
            self.length = 0
            if self.row > self.last_row:
                self.last_row = self.row
            if self.column > self.last_column:
                self.last_column = self.column
            return
        self.is_text = tag == "t"
        if tag == "c":
            self._place_cell(written.get("r", ""))
            self.is_shared = written.get("t") == "s"
        elif tag == "row":
            digits = written.get("r", "")
            self.row = self._read_row(digits) if digits else self.row + 1
            self.column = 0
        elif tag == "si":
            if not self.holds_texts:
                raise _broken(self.name)
            self.lengths.append(0)
        elif tag == "Relationship":
            self._check_target(written)

    def _place_cell(self, place: str) -> None:
        if not place:
            self.column += 1
            return
        letters = place.rstrip("0123456789")
        column = self.columns.get(letters)
        if column is None:
            if not _LETTERS.fullmatch(letters):
                raise _broken(self.name)
            column = self.columns[letters] = _count_columns(letters)
        self.column = column
        self.row = self._read_row(place[len(letters) :])

    def _read_row(self, digits: str) -> int:
        if not digits.isdecimal() or len(digits) > len(str(_LAST_ROW)):
            raise _broken(self.name)
        return int(digits)

    def _check_target(self, written: dict[str, str]) -> None:
        """Refuse a sheet under a name that is not parsed here."""
        kind = written.get("Type", "").rpartition("/")[2]
        target = written.get("Target", "").casefold()
        if kind in ("worksheet", "sharedStrings", "officeDocument") and not target.endswith(".xml"):
            raise _broken(self.name)

    def _read_text(self, text: str) -> None:
        if not self.is_text:
            return
        length = len(text)
        if self.holds_texts:
            if self.lengths:
                self.lengths[-1] += length
                self.length = self.lengths[-1]
        elif self.is_shared:
            known = length < 9 and text.isdecimal() and int(text) < len(self.lengths)
            self.text += self.lengths[int(text)] if known else length
        else:
            self.text += length
            self.length += length
        if self.length > LONGEST_CELL:
            advice, unit = "shorten it", " characters"
            raise _too_much(self.name, "a longer cell", LONGEST_CELL, advice, unit=unit)
        if self.text > MOST_TEXT:
            raise _too_much(self.name, f"{self.text:,} characters", MOST_TEXT, _CSV)

    def _refuse_declarations(self, *_declared: object) -> None:
        """Excel never writes any; with them a text can be made to unfold without end."""
        raise _broken(self.name)


def _count_columns(letters: str) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _broken(name: str) -> SourceError:
    return SourceError(
        f"The log {name!r} is not an Excel workbook, or a broken one; save it again as .xlsx, or "
        "correct kind in source.toml."
    )


def _too_many_cells(name: str, cells: int) -> SourceError:
    return _too_much(
        name,
        f"{cells:,} cells (empty ones up to the last used row and column included)",
        MOST_CELLS,
        f"delete what stands far from the table, or {_CSV}",
    )


def _too_much(name: str, found: str, limit: int, advice: str, *, unit: str = "") -> SourceError:
    return SourceError(f"The log {name!r} has {found}; at most {limit:,}{unit} are read: {advice}.")
