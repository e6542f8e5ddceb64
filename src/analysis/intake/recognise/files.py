"""Reads files nobody has described yet, as text: every cell of every sheet, and how it is written.

Nothing is decided here but what a file itself shows: its kind, delimiter and encoding, and which
row of a sheet is its header.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import ibis
import pandas as pd
from charset_normalizer import from_bytes

from analysis.errors import SourceError
from analysis.intake import cells
from analysis.intake.recognise.headers import Names
from analysis.intake.sources import Format, Layout, Source, read_delimited, read_sheets
from analysis.intake.sources.redcap import Choice, find_dictionary_columns, read_dictionary

WORKBOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PARQUET: Final = (".parquet", ".pq")
TEXTS: Final = (".csv", ".tsv", ".txt", ".tab", ".dat", ".asc", ".psv")
ROWS_LOOKED_AT: Final = 200_000
"""Rows of a file that are looked at; ``check`` reads all of them."""
_DELIMITERS: Final = (";", ",", "\t", "|", "^", "~", ":", "\x1f", "\x01")
_RECORDS_LOOKED_AT: Final = 100
_START: Final = 200_000
"""Bytes at the start of a file that its encoding and delimiter are found in."""
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
_FEWEST_KNOWN: Final = 2
"""Names of columns that a row of a sheet must hold to be its header."""
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
    return [_read_parquet(path) if kind in PARQUET else _read_text(path)]


def _read_text(path: Path) -> Part:
    encoding, encoding_reason = detect_encoding(path)
    delimiter = detect_delimiter(path, encoding)
    written = Format(delimiter=delimiter, encoding=encoding)
    log = read_delimited(path, written)
    rows = log.rows[[*log.texts]].head(ROWS_LOOKED_AT)
    reasons = {
        "delimiter": "cuts the rows into the most columns of the same number",
        "encoding": encoding_reason,
    }
    return Part(
        path.name, log.headers, rows.set_axis(range(rows.shape[1]), axis=1), written, reasons
    )


def _read_workbook(path: Path, names: Names) -> Iterator[Part]:
    """Yield every sheet with a cell in it. Its header is the row that holds the most names of
    columns, alone or together with the row above; of equals, the one below a merged cell."""
    for sheet in read_sheets(path):
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
        headers = best.cells if known >= _FEWEST_KNOWN else ()
        below = [row[: len(headers)] for row in sheet.rows[best.last + 1 :] if any(row)]
        rows = pd.DataFrame(below[:ROWS_LOOKED_AT], columns=range(len(headers)), dtype="str")
        reasons = {"kind": f"a workbook; the header of sheet {sheet.name!r} is row {best.last + 1}"}
        written = Format(kind="workbook")
        yield Part(path.name, tuple(headers), rows, written, reasons, sheet.name)


def _read_parquet(path: Path) -> Part:
    connection = ibis.duckdb.connect()
    try:
        table = connection.read_parquet(path)
        texts = {name: table[name].cast("string").fill_null("") for name in table.columns}
        rows = table.select(**texts).limit(ROWS_LOOKED_AT).execute().astype("str")
    except Exception:
        raise SourceError(
            f"The log {path.name!r} is not a Parquet file, or a broken one; export it again."
        ) from None
    finally:
        connection.disconnect()
    headers = tuple(map(str, rows.columns))
    rows = rows.set_axis(range(len(headers)), axis=1)
    return Part(path.name, headers, rows, Format(kind="parquet"), {"kind": "a Parquet file"})


# --- text -------------------------------------------------------------------------------------


def detect_encoding(path: Path) -> tuple[str, str]:
    """Return the encoding of a text file, and what it rests on."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        reason = (problem.strerror or "unreadable").lower()
        raise SourceError(f"The log {path.name!r} cannot be read ({reason}).") from None
    if not raw:
        raise SourceError(f"The log {path.name!r} is empty (zero bytes); export it again.")
    try:
        raw.decode("utf-8")
        if b"\0" not in raw:
            mark = ", after a byte order mark" if raw.startswith(b"\xef\xbb\xbf") else ""
            return "utf-8", f"every byte is valid UTF-8{mark}"
    except UnicodeDecodeError:
        pass
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "begins with the byte order mark of UTF-16"
    # single bytes with accents look alike in many code pages: all such lines are the witness
    accented = b"\n".join(line for line in raw.splitlines() if not line.isascii())
    found = from_bytes(raw[:_START] if b"\0" in raw else accented[:_START]).best()
    if found is None:
        raise SourceError(f"The log {path.name!r} is not text; export it as CSV.")
    best = found.encoding
    if best in _LATIN_PAGES and _is_western(accented):
        best = "cp1252"
    return best, "detected from its bytes; check letters with accents"


def _is_western(raw: bytes) -> bool:
    """Return whether bytes read as cp1252 hold no other marks than western texts do."""
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return all(mark.isascii() or mark in _WESTERN for mark in text)


def detect_delimiter(path: Path, encoding: str) -> str:
    """Return the mark that cuts most rows into as many cells as the header, and into the most."""
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        lines = [line for line, _n in zip(file, range(_RECORDS_LOOKED_AT), strict=False)]

    def judge(mark: str) -> tuple[float, int]:
        try:
            counts = [len(record) for record in csv.reader(lines, delimiter=mark) if record]
        except csv.Error:
            return 0.0, 0
        width = counts[0] if counts else 0
        alike = sum(count == width for count in counts) / max(len(counts), 1)
        return (round(alike, 1), width) if width > 1 else (0.0, width)

    def weigh(mark: str) -> tuple[float, int]:
        alike, width = judge(mark)
        return alike * width, width

    return max(_DELIMITERS, key=weigh)


# --- REDCap -----------------------------------------------------------------------------------


def is_dictionary(part: Part) -> bool:
    """Return whether a file is the data dictionary of a REDCap project."""
    return all(find_dictionary_columns(part.headers).values())


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
    choices = read_dictionary(source, layout)
    columns = find_dictionary_columns(dictionary.headers)
    fields = dictionary.read_column(columns["field"]).str.strip()
    label = next((each for each in dictionary.headers if each in _LABEL_HEADERS), "")
    texts = dictionary.read_column(label).str.strip() if label else fields
    labels = dict(zip(fields, texts, strict=True))
    by_label = {text: name for name, text in labels.items() if [*texts].count(text) == 1}

    found: dict[str, pd.Series] = {}
    known = 0
    for place, header in enumerate(part.headers):
        bare = header.partition("___")[0] if "___" in header else header.partition(" (choice=")[0]
        name = bare if bare in labels else by_label.get(bare, "")
        if name and bare != header:  # a tick box: what it holds is read by its label later
            found.setdefault(name, pd.Series("", index=part.rows.index))
        elif name:
            found[name] = _read_labels(part.rows[place], choices.get(name))
        known += bool(name) or is_redcap_own(header)
    if len(found) < _FEWEST_KNOWN or known < len(part.headers) / 2:
        return None
    rows = pd.DataFrame(dict(enumerate(found.values())))
    reasons = dict(part.reasons) | {"kind": f"its columns are the fields of {dictionary.file!r}"}
    told = {name: labels[name] for name in found}
    return Part(part.file, tuple(found), rows, written, reasons, "", dictionary.file, told)


_LABEL_HEADERS: Final = ("Field Label", "field_label")


def is_redcap_own(header: str) -> bool:
    """Return whether REDCap itself added the column."""
    plain = cells.fold(header)
    return plain.startswith(_REDCAP_OWN) or plain.endswith(("_complete", "complete?"))


def _read_labels(texts: pd.Series, choice: Choice | None) -> pd.Series:
    if choice is None:
        return texts
    return texts.map(lambda text: choice.labels.get(text.strip(), text))
