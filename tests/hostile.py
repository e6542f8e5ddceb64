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


def write_log_rows() -> str:
    """Return the XML of a header and one session."""
    return write_row(1, *HEADER.split(",")) + write_row(2, *ROW.split(","))


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
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
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
