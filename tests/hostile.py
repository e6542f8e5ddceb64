"""Writes files that nobody sane would call a log: each function writes one into a folder."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HEADER = "patient,day,concern,harm,device"
ROW = "P-1,2024-01-03,acne scars,none,pen"
MEGABYTE = 1_000_000

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/package/2006/relationships"
ROOT = (
    f'<Relationships xmlns="{RELATED}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>'
)
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="SHEET" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
PARTS = (
    f'<Relationships xmlns="{RELATED}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    "</Relationships>"
)
SHEET = "xl/worksheets/sheet1.xml"


# --- text ---------------------------------------------------------------------------------


def write_rows(path: Path, *rows: str, header: str = HEADER) -> None:
    """Write a delimited log."""
    path.write_bytes("\n".join([header, *rows, ""]).encode("utf-8", "surrogatepass"))


def write_columns(path: Path, count: int) -> None:
    """Write a log with so many more columns than it needs."""
    header = ",".join([HEADER, *(f"x{n}" for n in range(count))])
    write_rows(path, ROW + "," * count, header=header)


# --- workbooks ----------------------------------------------------------------------------


def write_cell(place: str, text: str) -> str:
    """Return the XML of a cell with a text of its own."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def write_row(line: int, *cells: str) -> str:
    """Return the XML of a row of texts from column A on."""
    letters = "ABCDEFGHIJ"
    written = (write_cell(f"{letters[n]}{line}", cell) for n, cell in enumerate(cells))
    return f'<row r="{line}">{"".join(written)}</row>'


def write_log_rows(row: str = ROW) -> str:
    """Return the XML of a header and one session."""
    return write_row(1, *HEADER.split(",")) + write_row(2, *row.split(","))


def write_workbook(
    path: Path, rows: str, *, shared: str = "", before: str = "", after: str = ""
) -> None:
    """Write a workbook whose one sheet holds this XML."""
    sheet = f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", ROOT)
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", PARTS)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{shared}</sst>')
        archive.writestr(SHEET, sheet)


def write_bomb(path: Path, size: int, *, told: int | None = None) -> None:
    """Write a workbook whose sheet inflates to ``size`` bytes, and says that it has ``told``."""
    write_workbook(path, write_log_rows())
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w") as part,
    ):
        for piece in _list_pieces(size):
            part.write(piece)
    if told is not None:
        _tell(path, size, told)


def _list_pieces(size: int) -> Iterator[bytes]:
    yield b"<worksheet>"
    for _ in range(size // MEGABYTE):
        yield b" " * MEGABYTE
    yield b"</worksheet>"


def _tell(path: Path, size: int, told: int) -> None:
    """Write another size, and the checksum of the beginning, wherever the zip tells the size."""
    whole = size // MEGABYTE * MEGABYTE + len("<worksheet></worksheet>")
    content = path.read_bytes()
    start = b"<worksheet>" + b" " * (told - len("<worksheet>"))
    assert content.count(struct.pack("<L", whole)) >= 1
    written = content.replace(struct.pack("<L", whole), struct.pack("<L", told))
    with zipfile.ZipFile(path) as archive:
        checksum = archive.getinfo("xl/worksheets/sheet2.xml").CRC
    path.write_bytes(
        written.replace(struct.pack("<L", checksum), struct.pack("<L", zlib.crc32(start)))
    )


def write_zip_of_zips(path: Path) -> None:
    """Write a zip of zips of zips, each ten times the one inside."""
    content = b"0" * MEGABYTE
    for _ in range(4):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(10):
                archive.writestr(f"{n}.zip", content)
        content = outer.getvalue()
    path.write_bytes(content)


def write_parts(path: Path, count: int) -> None:
    """Write a workbook with so many empty files in it."""
    write_workbook(path, write_log_rows())
    with zipfile.ZipFile(path, "a") as archive:
        for n in range(count):
            archive.writestr(f"xl/media/{n}", "")


# --- old workbooks ------------------------------------------------------------------------

SECTOR = 512
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
EOF = struct.pack("<2H", 0x000A, 0)


def write_record(kind: int, content: bytes) -> bytes:
    """Return a record of an old workbook."""
    return struct.pack("<2H", kind, len(content)) + content


def write_label(row: int, column: int, text: str) -> bytes:
    """Return the record of a cell with a text of its own."""
    start = struct.pack("<4HB", row, column, 0, len(text), 0)
    return write_record(0x0204, start + text.encode("ascii"))


def write_shared(row: int, column: int, text: int) -> bytes:
    """Return the record of a cell that points at a shared text."""
    return write_record(0x00FD, struct.pack("<3HL", row, column, 0, text))


def write_size(rows: int, columns: int, first: int = 0) -> bytes:
    """Return the record that tells how large a sheet is."""
    return write_record(0x0200, struct.pack("<2L3H", first, rows, 0, columns, 0))


def write_texts(*texts: str, told: int | None = None) -> bytes:
    """Return the record of shared texts, which says that there are ``told``."""
    count = len(texts) if told is None else told
    each = b"".join(struct.pack("<HB", len(text), 0) + text.encode("ascii") for text in texts)
    return write_record(0x00FC, struct.pack("<2L", count, count) + each)


def write_log_records(row: str = ROW) -> bytes:
    """Return the records of a header and one session."""
    rows = (HEADER.split(","), row.split(","))
    cells = (write_label(y, x, text) for y, row in enumerate(rows) for x, text in enumerate(row))
    return b"".join(cells)


def write_book(cells: bytes, *, texts: bytes = b"", sheets: int = 1) -> bytes:
    """Return the stream of a workbook of which every sheet lies at one place."""
    begin = [
        write_record(0x0809, struct.pack("<4H2L", 0x0600, kind, 0, 0, 0, 0)) for kind in (5, 16)
    ]

    def write_globals(place: int) -> bytes:
        named = (
            write_record(0x0085, struct.pack("<LHBB4s", place, 0, 4, 0, b"%04d" % n))
            for n in range(sheets)
        )
        return begin[0] + b"".join(named) + texts + EOF

    place = len(write_globals(0))
    return write_globals(place) + begin[1] + cells + EOF


def write_old_workbook(
    path: Path, book: bytes, *, turn_to: int | None = None, told: int | None = None
) -> None:
    """Write an old workbook; ``turn_to`` is the sector that follows its last one, ``told`` the
    bytes its stream says it has."""
    size = max(len(book), 4096)
    count = -(-size // SECTOR)
    tables = -(-(count + 1) // 127) + 1
    chain = [*range(1, count), END if turn_to is None else turn_to, END, *[TABLE] * tables]
    chain += [FREE] * (tables * 128 - len(chain))
    places = [*range(count + 1, count + 1 + tables), *[FREE] * (109 - tables)]
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9L", 0, tables, count, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109L", *places)
    entries = write_entry("Root Entry", 5, END, 0)
    entries += write_entry("Workbook", 2, 0, size if told is None else told) + bytes(256)
    table = struct.pack(f"<{len(chain)}L", *chain)
    path.write_bytes(header + book.ljust(count * SECTOR, b"\0") + entries + table)


def write_entry(name: str, kind: int, start: int, size: int) -> bytes:
    """Return an entry of the directory of a compound file."""
    letters = name.encode("utf-16-le")
    begin = letters.ljust(64, b"\0") + struct.pack("<HBB", len(letters) + 2, kind, 1)
    return begin.ljust(116, b"\0") + struct.pack("<LQ", start, size)


# --- Parquet ------------------------------------------------------------------------------


def write_parquet(path: Path, *, columns: int = 0, cell: str = "pen") -> None:
    """Write a log as Parquet."""
    names, cells = HEADER.split(","), [*ROW.split(",")[:-1], cell]
    table = {name: [text] for name, text in zip(names, cells, strict=True)}
    table |= {f"x{n}": [""] for n in range(columns)}
    pq.write_table(pa.table(table), path)


def write_pipe(path: Path) -> None:
    """Make a named pipe; reading it would wait for ever."""
    os.mkfifo(path)
