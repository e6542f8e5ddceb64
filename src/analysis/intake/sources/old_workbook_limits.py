"""What an old workbook (``.xls``) adds up to, counted in plain Python before calamine sees it.

It is a file system in a file: chains of sectors, one of which holds the records of all sheets. A
chain that bites its own tail fills the memory, a record that says more than it holds ends the
process, and a sheet is given a place for each cell up to its last one. So the chains are followed
and the records counted; what a record means is left to calamine.

Source: MS-CFB and MS-XLS, the open specifications of Microsoft.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LARGEST_MACROS: Final = 500_000
"""Bytes of a workbook's own programs, which calamine inflates up to seven hundred times."""

_HEADER: Final = struct.Struct("<26xH2x2H6x3L4x5L")
_IN_HEADER: Final = slice(76, 512)
"""Where the header lists the first sectors of the table of sectors."""
_ENTRY: Final = struct.Struct("<64s52x3L")
_ENTRY_SIZE: Final = 128
_SMALL: Final = 64
_SMALLER_THAN: Final = 4_096
"""Bytes below which a stream lies in small sectors."""
_NO_SECTOR: Final = 0xFFFFFFFA
_END: Final = 0xFFFFFFFE
_BOOKS: Final = ("Workbook", "Book")
_MACROS: Final = "_VBA_PROJECT_CUR"

_TWO: Final = struct.Struct("<2H")
_THREE: Final = struct.Struct("<HBx")
_LONG: Final = struct.Struct("<L")
_END_OF_SHEET, _SHEET, _TEXTS, _MORE, _SIZE = 0x000A, 0x0085, 0x00FC, 0x003C, 0x0200
_SHARED_TEXT, _NUMBERS, _BLANKS = 0x00FD, 0x00BD, 0x00BE
_CELLS: Final = frozenset(
    (0x0006, 0x00D6, 0x0201, 0x0203, 0x0204, 0x0205, 0x0206, 0x027E, 0x0406, 0x00FD, 0x00BD, 0x00BE)
)
"""Kinds of records that hold a cell, or several."""


class BrokenWorkbookError(Exception):
    """The file says something of itself that is not so."""


@dataclass
class Counted:
    """What the sheets of an old workbook add up to."""

    cells: int = 0
    """Empty ones up to the last row and column of each sheet included."""
    columns: int = 0
    """Of the widest sheet."""
    text: int = 0
    """Characters that cells share, counted for each of them."""
    macros: int = 0
    """Bytes of programs."""


def count_old_workbook(content: bytes) -> Counted:
    """Return what the sheets add up to.

    Raises
    ------
    BrokenWorkbookError
        When a chain of sectors leaves the file or meets another one, a record is longer than what
        is left, or sheets lie one in another.
    """
    try:
        files = _Files(content)
        counted = Counted(macros=files.macros)
        _count_sheets(files.book, counted)
    except (struct.error, LookupError, UnicodeError, ValueError):
        raise BrokenWorkbookError from None
    return counted


# --- the file system --------------------------------------------------------------------------


class _Files:
    """A compound file: the stream with the workbook, and how much its programs hold."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        major, shift, small, *counts = _HEADER.unpack_from(content)
        directories, tables, first, cutoff, first_small, smalls, first_more, mores = counts
        if (major, shift, small, cutoff) not in ((3, 9, 6, 4096), (4, 12, 6, 4096)):
            raise BrokenWorkbookError
        self.size = 1 << shift
        self.taken = bytearray(len(content) // self.size)
        if max(directories, tables, smalls, mores) > len(self.taken):
            raise BrokenWorkbookError
        self.table = self._read_table(tables, first_more)
        directory = self._join(first)
        taken = self.taken
        # some programs name sectors of the workbook where there are no small ones
        self.taken = bytearray(len(taken))
        self.small_table = _read_numbers(self._join(first_small)) if smalls else []
        self.taken = taken
        self.streams: dict[str, bytes] = {}
        self._read_streams([*_list_entries(directory, major == 4)])

    @property
    def book(self) -> bytes:
        """The records of all sheets."""
        return self.streams[next((name for name in _BOOKS if name in self.streams), "")]

    @property
    def macros(self) -> int:
        """Bytes of all other streams where the workbook has programs; 0 where it has none."""
        others = (len(each) for name, each in self.streams.items() if name not in _BOOKS)
        return sum(others) if self.has_macros else 0

    def _read_table(self, count: int, more: int) -> list[int]:
        """Return sector → the next one of its chain."""
        places = _read_numbers(self.content[_IN_HEADER])
        while more < _NO_SECTOR:
            *listed, more = _read_numbers(self._take(more))
            places += listed
        # behind as many as there are, some programs write zeros
        taken = (self._take(place) for place in places[:count] if place < _NO_SECTOR)
        return [number for sector in taken for number in _read_numbers(sector)]

    def _take(self, place: int) -> bytes:
        """Return a sector, which must be whole and not taken before."""
        start = (place + 1) * self.size
        if start + self.size > len(self.content) or self.taken[place]:
            raise BrokenWorkbookError
        self.taken[place] = 1
        return self.content[start : start + self.size]

    def _join(self, place: int) -> bytes:
        """Return the bytes of a chain of sectors."""
        found = []
        while place != _END:
            found.append(self._take(place))
            place = self.table[place]
        return b"".join(found)

    def _read_streams(self, entries: Sequence[tuple[str, int, int]]) -> None:
        """Read every stream; the first entry is the root, whose stream holds the small ones."""
        _root, start, size = entries[0]
        small = self._join(start) if size else b""
        taken = bytearray(len(small) // _SMALL)

        def join_small(place: int) -> Iterator[bytes]:
            while place != _END:
                if taken[place]:
                    raise BrokenWorkbookError
                taken[place] = 1
                yield small[place * _SMALL : (place + 1) * _SMALL]
                place = self.small_table[place]

        self.has_macros = any(name == _MACROS for name, _start, _size in entries)
        for name, start, size in entries[1:]:
            # of two streams with one name calamine reads the first; what it never reads may be odd
            if not size or not (self.has_macros or (name in _BOOKS and name not in self.streams)):
                continue
            is_small = size < _SMALLER_THAN
            content = b"".join(join_small(start)) if is_small else self._join(start)
            if len(content) < size:
                raise BrokenWorkbookError
            key = name if name not in self.streams else f"{name} {len(self.streams)}"
            self.streams[key] = content[:size]
        if len(small) < entries[0][2]:
            raise BrokenWorkbookError


def _list_entries(directory: bytes, is_large: bool) -> Iterator[tuple[str, int, int]]:
    """Yield the name, the first sector and the bytes of each entry."""
    for at in range(0, len(directory), _ENTRY_SIZE):
        name, start, size, over = _ENTRY.unpack_from(directory, at)
        # files of small sectors may have anything in the upper half of the size
        size += over << 32 if is_large else 0
        yield name.decode("utf-16-le").partition("\0")[0], start, size


def _read_numbers(content: bytes) -> list[int]:
    return [*struct.unpack(f"<{len(content) // 4}L", content)]


# --- the records ------------------------------------------------------------------------------


def _list_records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the content of each record up to the end of the part."""
    while at + _TWO.size <= len(book):
        kind, length = _TWO.unpack_from(book, at)
        at += _TWO.size
        if at + length > len(book):
            raise BrokenWorkbookError
        yield kind, book[at : at + length]
        at += length
        if kind == _END_OF_SHEET:
            return


def _count_sheets(book: bytes, counted: Counted) -> None:
    places: list[int] = []
    texts: list[bytes] = []
    last = 0
    for kind, record in _list_records(book, 0):
        if kind == _SHEET:
            places += _LONG.unpack_from(record)
        elif kind == _TEXTS or (kind == _MORE and last == _TEXTS):
            texts.append(record)
            kind = _TEXTS
        last = kind
    lengths = [*_list_lengths(texts)] if texts else []
    seen = 0
    for place in places:
        seen += _count_sheet(book, place, lengths, counted)
        if place >= len(book) or seen > len(book):
            raise BrokenWorkbookError


def _count_sheet(book: bytes, place: int, lengths: Sequence[int], counted: Counted) -> int:
    """Add up one sheet, and return the bytes it takes."""
    rows = columns = cells = size = 0
    for kind, record in _list_records(book, place):
        size += len(record) + _TWO.size
        if kind in _CELLS:
            row, column = _TWO.unpack_from(record)
            if kind in (_NUMBERS, _BLANKS):
                column += len(record) // 6
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if kind == _SHARED_TEXT:
                (text,) = _LONG.unpack_from(record, 6)
                counted.text += lengths[text]
        elif kind == _SIZE:
            wide = len(record) >= 14
            first, end, left, right = struct.unpack_from("<2L2H" if wide else "<4H", record)
            if first > max(end - 1, 0) or left > max(right - 1, 0):
                raise BrokenWorkbookError  # calamine counts the cells between, below zero
            cells = max(cells, end * right)
    counted.cells += max(cells, rows * columns)
    counted.columns = max(counted.columns, columns)
    return size


def _list_lengths(records: Sequence[bytes]) -> Iterator[int]:
    """Yield the length of each shared text; a text may run on in the next record, which begins with
    how its letters are written."""
    (count,) = _LONG.unpack_from(records[0], 4)
    nth, at = 0, 8
    for _text in range(count):
        if at >= len(records[nth]):
            nth, at = nth + 1, at - len(records[nth])
        length, flags = _THREE.unpack_from(records[nth] + b"\0", at)
        at += 3
        skipped = 0
        if flags & 8:
            skipped += 4 * int.from_bytes(records[nth][at : at + 2], "little")
            at += 2
        if flags & 4:
            skipped += int.from_bytes(records[nth][at : at + 4], "little")
            at += 4
        left = length
        while left:
            width = 2 if flags & 1 else 1
            taken = min(left, max(len(records[nth]) - at, 0) // width)
            left, at = left - taken, at + taken * width
            if left:
                nth, at = nth + 1, 1
                flags = records[nth][0]
        at += skipped
        while at > len(records[nth]):
            nth, at = nth + 1, at - len(records[nth])
        yield length
