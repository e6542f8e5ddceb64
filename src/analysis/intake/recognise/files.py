"""Reads files nobody has described yet, as text: every cell of every sheet, and how it is written.

Nothing is decided here but what a file itself shows: its kind, delimiter and encoding, and which
row of a sheet is its header.
"""

import codecs
import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

import pandas as pd
from charset_normalizer import from_bytes

from analysis.errors import SourceError
from analysis.intake import cells
from analysis.intake.engine import open_engine
from analysis.intake.recognise.headers import Names
from analysis.intake.sources import Format, Layout, Log, Source, read_delimited, read_sheets
from analysis.intake.sources.parquet import read_parquet
from analysis.intake.sources.redcap import read_dictionary

WORKBOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PARQUET: Final = (".parquet", ".pq")
TEXTS: Final = (".csv", ".tsv", ".txt", ".tab", ".dat", ".asc", ".psv")
ROWS_LOOKED_AT: Final = 200_000
"""Rows of a file that are looked at; ``check`` reads all of them."""
_DELIMITERS: Final = (";", ",", "\t", "|", "^", "~", ":", "\x1f", "\x01")
_USUAL_QUOTE: Final = '"'
_OTHER_QUOTES: Final = ("'",)
"""Marks around cells that hold a delimiter."""
_RECORDS_LOOKED_AT: Final = 200
"""Lines; the header is among the first hundred."""
_START: Final = 200_000
"""Bytes at the start of a file that its encoding is found in, and characters of a line."""
_PIECE: Final = 1 << 20
_LATIN_PAGES: Final = frozenset(
    "cp1252 latin_1 hp_roman8 mac_roman mac_iceland mac_latin2 mac_turkish cp437 cp775 cp850 cp852"
    " cp857 cp858 cp860 cp861 cp863 cp865 cp1250 cp1254 cp1257 cp1258 cp037 cp273 cp500 cp1140"
    " iso8859_2 iso8859_3 iso8859_4 iso8859_9 iso8859_10 iso8859_13 iso8859_14 iso8859_15"
    " iso8859_16".split()
)
"""Code pages of Latin letters, which a short text in one may be taken for another."""
_WESTERN: Final = frozenset(
    "ÄÖÜäöüßÁÉÍÓÚáéíóúÀÈÌÒÙàèìòùÂÊÎÔÛâêîôûËÏëïÃÕãõÑñÇçÅåÆæØøŒœÿ\u00a0°ºªµ²½±×´§€·–—‘’“”„…•«»¡¿"
)
"""What stands in western texts of cp1252 beside ASCII."""
FEWEST_KNOWN: Final = 2
"""Names of columns that a row must hold to be the header, and a table of a database to be a log."""
_REDCAP_OWN: Final = ("redcap_", "event name", "repeat instrument", "repeat instance")
_LIKE_REDCAP: Final = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")


@dataclass(frozen=True)
class Part:
    """One file, or one sheet of a workbook.

    ``rows`` has one text column per header, named by its position; a cell that is not there is
    empty.
    """

    file: str
    headers: tuple[str, ...]
    rows: pd.DataFrame
    written: Format
    reasons: Mapping[str, str]
    """What the settings of ``written`` rest on."""
    sheet: str = ""
    dictionary: str = ""
    """The data dictionary of a REDCap export."""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Field of a REDCap export → its label."""
    connection: str = ""
    """The database, of which ``file`` is a table."""

    @property
    def place(self) -> str:
        """The file, with its sheet."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file

    def read_column(self, header: str) -> pd.Series:
        """Return the cells below a header that stands once."""
        return self.rows[self.headers.index(header)]


def read_parts(path: Path, names: Names) -> list[Part]:
    """Return the sheets of a workbook, or the one part of any other file.

    Raises
    ------
    SourceError
        When the file is missing, empty, protected, or not what it seems.
    """
    kind = path.suffix.lower()
    if not path.exists():
        raise SourceError(f"The log {path.name!r} cannot be read (no such file or directory).")
    if kind in WORKBOOKS:
        return [*_read_workbook(path, names)]
    return [_read_parquet(path) if kind in PARQUET else _read_text(path, names)]


def _read_text(path: Path, names: Names) -> Part:
    encoding, encoding_reason = detect_encoding(path)
    delimiter, quote, quote_reason = detect_marks(path, encoding, names)
    written = Format(delimiter=delimiter, quote=quote, encoding=encoding)
    with open_engine() as engine:
        log = read_delimited(engine, path, written, "", partial(_find_header, names))
        rows = take_rows(log)
        titles = log.rows.filter(log.rows.kind == "title").line.execute()
    reasons = {
        "delimiter": "cuts the rows into the most columns of the same number",
        "quote": quote_reason,
        "encoding": encoding_reason,
    }
    if len(titles):
        told = f"{len(titles)} rows" if len(titles) > 1 else "one row"
        reasons["header"] = f"the header of {path.name!r} is found below {told} of titles"
    return Part(path.name, log.headers, rows, written, reasons)


def _find_header(names: Names, records: Iterable[Sequence[str]]) -> int:
    """Return the position of the record that holds the most names of columns.

    That is the first one, unless another one holds two or more, and more than it, and each record
    above is a title: less than half as many of its cells are filled.
    """
    looked_at = [*records]
    known = [count_known(names, row) for row in looked_at]
    filled = [sum(bool(cell.strip()) for cell in row) for row in looked_at]
    best = max(range(len(looked_at)), key=lambda place: (known[place], -place))
    is_below_titles = all(above <= filled[best] / 2 for above in filled[:best])
    is_header = known[best] >= FEWEST_KNOWN and known[best] > known[0] and is_below_titles
    return best if is_header else 0


def take_rows(log: Log) -> pd.DataFrame:
    """Return the texts of the first rows below the header, by the position of their column."""
    below = log.rows.filter((log.rows.kind != "title") & (log.rows.cells > 0))
    first = below.order_by("row").limit(ROWS_LOOKED_AT).select(*log.texts).execute()
    return first.astype("str").set_axis(range(len(log.texts)), axis=1)


def _read_workbook(path: Path, names: Names) -> Iterator[Part]:
    """Yield every sheet with a cell in it. Its header is the row that holds the most names of
    columns, alone or together with the row above; of equals, the one below a merged cell."""
    for sheet in read_sheets(path.parent, path.name):
        best = max(
            sheet.headers,
            key=lambda each: (
                len({squeezed for h in each.cells if (squeezed := names.read(h)).is_known}),
                each.is_below_merged,
                -each.last,
            ),
            default=None,
        )
        if best is None:
            continue
        known = sum(names.read(header).is_known for header in best.cells)
        headers = best.cells if known >= FEWEST_KNOWN else ()
        below = [row[: len(headers)] for row in sheet.rows[best.last + 1 :] if any(row)]
        rows = pd.DataFrame(below[:ROWS_LOOKED_AT], columns=range(len(headers)), dtype="str")
        reasons = {"kind": f"a workbook; the header of sheet {sheet.name!r} is row {best.last + 1}"}
        written = Format(kind="workbook")
        yield Part(path.name, tuple(headers), rows, written, reasons, sheet.name)


def _read_parquet(path: Path) -> Part:
    written = Format(kind="parquet")
    with open_engine() as engine:
        source = Source(name=path.parent.name, title="", folder=path.parent)
        log = read_parquet(engine, source, Layout(files=(path.name,), format=written), path.name)
        return Part(path.name, log.headers, take_rows(log), written, {"kind": "a Parquet file"})


# --- text -------------------------------------------------------------------------------------


def detect_encoding(path: Path) -> tuple[str, str]:
    """Return the encoding of a text file, and what it rests on."""
    try:
        with path.open("rb") as file:
            start, is_utf_8, accented = _look_at_bytes(file)
    except OSError as problem:
        reason = (problem.strerror or "unreadable").lower()
        raise SourceError(f"The log {path.name!r} cannot be read ({reason}).") from None
    if not start:
        raise SourceError(f"The log {path.name!r} is empty (zero bytes); export it again.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "begins with the byte order mark of UTF-16"
    if is_utf_8 and b"\0" not in start:
        mark = ", after a byte order mark" if start.startswith(b"\xef\xbb\xbf") else ""
        return "utf-8", f"every byte is valid UTF-8{mark}"
    found = from_bytes(start if b"\0" in start else accented).best()
    if found is None:
        raise SourceError(f"The log {path.name!r} is not text; export it as CSV.")
    best = found.encoding
    if best in _LATIN_PAGES and _is_western(accented):
        best = "cp1252"
    return best, "detected from its bytes; check letters with accents"


def _look_at_bytes(file: IO[bytes]) -> tuple[bytes, bool, bytes]:
    """Return the start of a file, whether all of it is UTF-8, and lines that are not ASCII: single
    bytes with accents look alike in many code pages, so that those lines are the witness."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    start = accented = b""
    is_utf_8 = True
    while piece := file.read(_PIECE):
        start = start or piece[:_START]
        if is_utf_8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                is_utf_8 = False
        if not is_utf_8 and len(accented) < _START:
            accented += b"\n".join(line for line in piece.splitlines() if not line.isascii())
            accented = accented[:_START]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        is_utf_8 = False
    return start, is_utf_8, accented or start


def _is_western(raw: bytes) -> bool:
    """Return whether bytes read as cp1252 hold no other marks than western texts do."""
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return all(mark.isascii() or mark in _WESTERN for mark in text)


def detect_marks(path: Path, encoding: str, names: Names) -> tuple[str, str, str]:
    """Return the delimiter, the mark around cells, and what the second rests on.

    The delimiter is the one that cuts most rows into as many cells as the header, and into the
    most. A mark other than ``"`` stands around cells where it is needed to cut the rows alike, or
    where it stands around every cell of the header.
    """
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        read = (file.readline(_START) for _record in range(_RECORDS_LOOKED_AT))
        lines = [line for line in read if line]
    plain, alike = _find_delimiter(lines, _USUAL_QUOTE, names)
    bare = [*chain.from_iterable(_cut(lines, plain, ""))]
    for quote in _OTHER_QUOTES if not any(cell[:1] == _USUAL_QUOTE for cell in bare) else ():
        delimiter, quoted_alike = _find_delimiter(lines, quote, names)
        if quoted_alike > alike:
            return delimiter, quote, "without it the rows are not cut alike"
        header = _find_first_of_width(_cut(lines, plain, ""))
        if header and all(_is_around(quote, cell.strip()) for cell in header):
            return plain, quote, "stands around every cell of the header"
    return plain, _USUAL_QUOTE, "no other mark stands around cells"


def _is_around(quote: str, cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == quote


def _find_delimiter(lines: Sequence[str], quote: str, names: Names) -> tuple[str, float]:
    """Return the delimiter that cuts the lines best, and how many cells it cuts alike.

    The first record is the header, unless no delimiter cuts half of the records as it cuts the
    first: then that is a title, and the header one that holds names of columns.
    """
    cut = {mark: _cut(lines, mark, quote) for mark in _DELIMITERS}
    weighed = {mark: (*_weigh(records, records[:1]), 0) for mark, records in cut.items()}
    if all(alike < width / 2 or width < 2 for alike, width, _known in weighed.values()):
        for mark, records in cut.items():
            header = _find_first_of_width(records)
            above = next((n for n, each in enumerate(records) if each is header), 0)
            weighed[mark] = (*_weigh(records[above:], [header]), count_known(names, header))
    is_header = {mark: known >= FEWEST_KNOWN for mark, (_a, _w, known) in weighed.items()}
    best = max(weighed, key=lambda mark: (is_header[mark], *weighed[mark][:2]))
    return best, weighed[best][0]


def _cut(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    """Return the records; none where the lines cannot be cut so.

    Of a mark that is not the usual one it is asked that every line is a record by itself: what
    runs over several lines may have been opened by an apostrophe.
    """
    is_unusual = quote in _OTHER_QUOTES
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=is_unusual,
    )
    try:
        records = [*reader]
    except csv.Error:
        return []
    is_whole = not is_unusual or len(records) == len(lines)
    return [record for record in records if record] if is_whole else []


def _find_first_of_width(records: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return the first of the records with the number of cells that most have; what stands above
    it are titles."""
    counts = Counter(len(record) for record in records if len(record) > 1)
    width = max(counts, key=lambda each: (counts[each], each), default=0)
    return next((record for record in records if len(record) == width), [])


def _weigh(records: Sequence[Sequence[str]], first: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Return how well a delimiter cuts: the share of records that are as wide as the first one,
    times that width; and the width."""
    width = len(first[0]) if first else 0
    alike = sum(len(record) == width for record in records) / max(len(records), 1)
    # a record or two that are cut otherwise are no sign of another delimiter
    return (round(alike, 1) * width if width > 1 else 0.0), width


def count_known(names: Names, cells: Iterable[str]) -> int:
    """Return how many names of columns a row holds."""
    return len({name for cell in cells if (name := names.read(cell)).is_known})


# --- REDCap -----------------------------------------------------------------------------------


def is_like_redcap(part: Part) -> bool:
    """Return whether the headers of a file are those of a raw REDCap export."""
    return any(header in _LIKE_REDCAP for header in part.headers)


def read_as_redcap(part: Part, dictionary: Part, folder: Path) -> Part | None:
    """Return a REDCap export by the fields of its data dictionary, with labels where codes stood;
    None where the dictionary does not know most of its columns.

    A raw export names fields, one with labels the labels of the fields; the columns of a checkbox
    are one.
    """
    written = replace(part.written, kind="redcap")
    layout = Layout(files=(part.file,), dictionary=dictionary.file, format=dictionary.written)
    source = Source(name="", title="", folder=folder)
    with open_engine() as engine:
        fields = read_dictionary(engine, source, layout)
    labels = {name: each.label for name, each in fields.items()}
    by_label = {each: name for name, each in labels.items() if [*labels.values()].count(each) == 1}

    found: dict[str, pd.Series] = {}
    known = 0
    for place, header in enumerate(part.headers):
        plain = " ".join(header.split())
        bare = header.partition("___")[0] if "___" in header else plain.partition(" (choice=")[0]
        name = bare if bare in labels else by_label.get(bare, "")
        if is_redcap_own(name or header):
            known += 1
            continue
        if name and bare != plain:  # a tick box: what it holds is read by its label later
            found.setdefault(name, pd.Series("", index=part.rows.index))
        elif name:
            found[name] = part.rows[place].str.strip().replace(fields[name].choices)
        known += bool(name)
    if len(found) < FEWEST_KNOWN or known < len(part.headers) / 2:
        return None
    rows = pd.DataFrame(dict(enumerate(found.values())))
    reasons = dict(part.reasons) | {"kind": f"its columns are the fields of {dictionary.file!r}"}
    told = {name: labels[name] for name in found}
    return Part(part.file, tuple(found), rows, written, reasons, "", dictionary.file, told)


def is_redcap_own(header: str) -> bool:
    """Return whether REDCap itself added the column."""
    plain = cells.fold(header)
    return plain.startswith(_REDCAP_OWN) or plain.endswith(("_complete", "complete?"))
