"""The text of a source as it was written, with its place: what every kind of file is read as."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pandas as pd

from analysis.errors import SourceError
from analysis.intake.sources.settings import SETTINGS_FILE, Layout, Source

PLACE: Final[Mapping[str, str]] = {
    "row": "int64",
    "file": "str",
    "sheet": "str",
    "line": "int64",
    "cells": "int64",
}
"""Where a row stands and how many cells it has."""
JOINED: Final[Mapping[str, str]] = {"layout": "int64", "width": "int64", "kind": "str"}
"""What is known of a row when several logs have become one."""
PROBLEM: Final = ("file", "sheet", "line", "column", "rule", "consequence", "suggestion")


@dataclass(frozen=True)
class Log:
    """The text of a source.

    ``rows`` has one row per row of the log: ``row`` (0, 1, … in reading order), ``file``,
    ``sheet``, ``line``, ``cells`` (how many there were), and one text column per header, named
    ``c0``, ``c1`` … by position; a cell that is not there is empty. The log of a whole source has
    also ``layout`` (0, 1, … as declared), ``width`` (how many cells its header has) and ``kind``
    (empty, or why the reader knows that it is no data, as in ``kinds``).
    """

    rows: pd.DataFrame
    headers: tuple[str, ...]
    kinds: Mapping[int, str] = field(default_factory=dict)
    """Line → why it is no data: a ``title`` above the header, the ``header`` again, the ``base``
    row of a REDCap record."""
    problems: pd.DataFrame = field(default_factory=lambda: list_problems([]))
    """What could not be read as it is written before any cell was looked at."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the text columns."""
        return tuple(f"c{place}" for place in range(len(self.headers)))

    def find_text(self, header: str) -> str:
        """Return the name of the text column with this header."""
        return self.texts[self.headers.index(header)]


def make_log(
    headers: Sequence[str],
    records: Iterable[tuple[int, Sequence[str]]],
    *,
    file: str,
    sheet: str | None = None,
    kinds: Mapping[int, str] | None = None,
) -> Log:
    """Return the log of one file or sheet from ``(line, cells)``; ``kinds`` are by line."""
    names = tuple(header.strip() for header in headers)
    known = dict(kinds or {})
    lines, counts, cells = [], [], []
    for line, record in records:
        if names and record and record[0].strip() == names[0] and _is_header(record, names):
            known[line] = "header"
        lines.append(line)
        counts.append(len(record))
        cells.append(([*record] + [""] * len(names))[: len(names)])
    place: dict[str, Any] = {"row": range(len(lines)), "file": file, "sheet": sheet}
    place |= {"line": lines, "cells": counts}
    texts = pd.DataFrame(cells, columns=[f"c{n}" for n in range(len(names))], dtype="str")
    rows = pd.concat([pd.DataFrame(place).astype(dict(PLACE)), texts], axis=1)
    return Log(rows, names, known)


def _is_header(record: Sequence[str], names: tuple[str, ...]) -> bool:
    return tuple(map(str.strip, record)) == names


def replace_file(log: Log, name: str) -> Log:
    """Return the log with its file named as ``source.toml`` names it."""
    problems = log.problems.assign(file=name)
    return replace(log, rows=log.rows.assign(file=name), problems=problems)


def list_problems(problems: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return problems as a frame with the columns of the schema."""
    types = dict.fromkeys(PROBLEM, "str") | {"line": "int64"}
    return pd.DataFrame([*problems], columns=[*PROBLEM]).astype(types)


def join_logs(parts: Sequence[tuple[int, Log]]) -> Log:
    """Return several logs, each with the number of its layout, as one: a column for every header,
    rows in the order of the parts.

    Of columns without a mapped header, those with the same name are one; so are the first, the
    second and so on of several columns with one name in a file.
    """
    keys: dict[tuple[str, int], str] = {}
    frames = []
    for layout, part in parts:
        names: dict[str, str] = {}
        for place, header in enumerate(part.headers):
            key = (header, part.headers[:place].count(header))
            names[f"c{place}"] = keys.setdefault(key, f"c{len(keys)}")
        kind = pd.array([part.kinds.get(line, "") for line in part.rows["line"]], dtype="str")
        rows = part.rows.rename(columns=names)
        frames.append(rows.assign(layout=layout, width=len(part.headers), kind=kind))
    rows = pd.concat(frames, ignore_index=True)
    rows["row"] = range(len(rows))
    rows = rows[[*PLACE, *JOINED, *keys.values()]].fillna(dict.fromkeys(keys.values(), ""))
    problems = pd.concat([part.problems for _layout, part in parts], ignore_index=True)
    return Log(rows, tuple(header for header, _nth in keys), problems=problems)


def check_headers(
    source: Source, layout: Layout, place: str, headers: Sequence[str], needed: bool = True
) -> bool:
    """Return whether every mapped header stands exactly once among the headers of ``place``.

    Raises
    ------
    SourceError
        When one does not and is ``needed``; the headers that are there are listed.
    """
    for role, header in layout.headers:
        if (count := [*headers].count(header)) != 1:
            if not needed:
                return False
            found = "two columns" if count else "no column"
            listed = ", ".join(repr(each) for each in headers)
            raise SourceError(
                f"The log {place} of {source.name!r} has {found} {header!r}, which "
                f"{SETTINGS_FILE} names as {role}. Its columns are: {listed}."
            )
    return True
