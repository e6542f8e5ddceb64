"""Where two pages differ, in words of a reader: under which heading, in which table and row.

A page has thousands of marks and a tampered one differs in a digit; what is wanted is the place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from html.parser import HTMLParser
from typing import Final

_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_NAMING: Final = (*_HEADINGS, "caption", "th")
"""Elements whose text says where what follows them stands."""
_LONGEST: Final = 60
_MOST_COMPARED: Final = 4_000
"""Pieces beyond which it is only said where the first and the last difference are."""
_UNSEEN: Final = "the file, where no reader sees it"


@dataclass(frozen=True)
class Piece:
    """A text or an element of a page, and where it stands."""

    table: str
    """Heading and caption around it."""
    row: tuple[str, ...]
    """The heads of its row, the last one that of its column; empty outside of tables."""
    text: str


@dataclass(frozen=True)
class PageDifference:
    """One place at which a page is not what it should be."""

    place: str
    was: str = ""
    """What stands there, shortened; empty where nothing does, or nothing that may be told."""
    should_be: str = ""
    beside: tuple[str, ...] = ()
    """What should stand in the same row of the table, this cell included."""
    heads: tuple[str, ...] = ()
    """The heads of the row, whether or not they may be told."""


def find_page_differences(
    published: str, rendered: str, *, may_tell: bool
) -> tuple[PageDifference, ...]:
    """Return the places at which a published page differs from the rendered one, each once.

    ``may_tell`` is for pages anybody may see: of others only heading and caption are told, since
    their rows and cells may be about single patients.
    """
    if published == rendered:
        return ()
    found: dict[str, PageDifference] = {}
    wanted = _read_pieces(rendered)
    for old, new in _pair(_read_pieces(published), wanted):
        piece = new or old
        if piece is None:
            continue
        place = ", ".join((piece.table, *(map(repr, piece.row) if may_tell else ())))
        was, should_be = (_shorten(old, new), _shorten(new, old)) if may_tell else ("", "")
        beside = tuple(
            each.text
            for each in wanted
            if each.table == piece.table and each.row[:-1] == piece.row[:-1] and piece.row
        )
        found.setdefault(
            place, PageDifference(place, was, should_be, beside or (piece.text,), piece.row)
        )
    return tuple(found.values()) or (PageDifference(_UNSEEN),)


def _pair(old: list[Piece], new: list[Piece]) -> Iterator[tuple[Piece | None, Piece | None]]:
    """Yield what stands in one place in the old and in the new page, where that differs."""
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    before, after = old[first : len(old) - last], new[first : len(new) - last]
    if len(before) + len(after) > _MOST_COMPARED:
        before, after = (before[:1] + before[-1:]), (after[:1] + after[-1:])
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for number in range(max(j - i, m - k)):
            yield (
                before[i + number] if i + number < j else None,
                after[k + number] if k + number < m else None,
            )


def _shorten(piece: Piece | None, other: Piece | None) -> str:
    """Return the text, of a long one the part around where it begins to differ."""
    if piece is None:
        return ""
    text, against = piece.text, other.text if other else ""
    if len(text) <= _LONGEST:
        return text
    differs = next(
        (at for at, (a, b) in enumerate(zip(text, against, strict=False)) if a != b),
        min(len(text), len(against)),
    )
    begin = max(0, differs - _LONGEST // 2)
    part = text[begin : begin + _LONGEST]
    return ("…" if begin else "") + part + ("…" if begin + _LONGEST < len(text) else "")


def _read_pieces(page: str) -> list[Piece]:
    reader = _PieceReader()
    reader.feed(page)
    reader.close()
    return reader.pieces


class _PieceReader(HTMLParser):
    """Collects the pieces of a page with the heading, caption, row and column they stand in.

    A cell names the heads of its row and column itself, in its attribute ``headers``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []
        self._around = "the top of the page"
        self._caption = ""
        self._heads: dict[str, str] = {}
        self._row: tuple[str, ...] = ()
        self._open = ""
        self._gathered: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _NAMING:
            self._open, self._gathered = given.get("id", ""), []
        if tag == "td":
            keys = given.get("headers", "").split()
            self._row = tuple(self._heads[key] for key in keys if key in self._heads)
        written = "".join(f' {name}="{value}"' for name, value in given.items())
        self._add(f"<{tag}{written}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if text := data.strip():
            self._gathered.append(text)
            self._add(text)

    def handle_endtag(self, tag: str) -> None:
        told = " ".join(self._gathered)
        if tag in _HEADINGS:
            self._around = f"under {told!r}"
        elif tag == "caption":
            self._caption = f"table {told!r}"
        elif tag == "th" and self._open:
            self._heads[self._open] = told
        elif tag == "table":
            self._caption = ""
        if tag in ("td", "tr", "table"):
            self._row = ()

    def _add(self, text: str) -> None:
        where = f"{self._around}, {self._caption}" if self._caption else self._around
        self.pieces.append(Piece(where, self._row, text))
