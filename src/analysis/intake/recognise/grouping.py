"""Files and sheets that are written in one way: what becomes a layout of ``source.toml``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

import pandas as pd

from analysis.intake.recognise.columns import NUMBER, find_families
from analysis.intake.recognise.contents import Column
from analysis.intake.recognise.files import Part

FEWEST_PATIENTS: Final = 5
"""Patients that must stand behind whatever of the cells is written into ``source.toml``."""


@dataclass(frozen=True)
class Group:
    """Parts with the same columns."""

    parts: tuple[Part, ...]
    is_wide: bool = False
    """Whether a row is a patient, with numbered columns for each session."""

    @property
    def place(self) -> str:
        """Its files, with the sheets of a workbook."""
        if not self.parts[0].sheet:
            return ", ".join(part.file for part in self.parts)
        sheets = ", ".join(dict.fromkeys(part.sheet for part in self.parts))
        return f"{', '.join(self.files)}, sheet {sheets}"

    @property
    def files(self) -> tuple[str, ...]:
        """Its files, each once."""
        return tuple(dict.fromkeys(part.file for part in self.parts))

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers in the order of the first part."""
        return self.parts[0].headers

    @property
    def again(self) -> list[str]:
        """The headers that stand more than once."""
        return [header for header in self.headers if header and self.headers.count(header) > 1]

    @cached_property
    def families(self) -> Mapping[str, Mapping[int, str]]:
        """The numbered headers; see :func:`find_families`."""
        return find_families(self._single) if self.is_wide else {}

    @property
    def _single(self) -> list[str]:
        return [header for header in self.headers if header and self.headers.count(header) == 1]

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns whose header stands once, those of a numbered family as one."""
        numbered = {*chain.from_iterable(each.values() for each in self.families.values())}
        names = [*self.families, *(each for each in self._single if each not in numbered)]
        return {name: Column.of(name, self._read(name)) for name in names}

    def _read(self, name: str) -> Iterable[pd.Series]:
        members = self.families.get(name, {0: name}).values()
        return [part.read_column(header) for part in self.parts for header in members]

    def pair(self, *names: str) -> pd.DataFrame:
        """Return the cells of columns side by side, one row for each row of the log; a numbered
        column stands below itself, once for each number."""
        numbers = {n for name in names for n in self.families.get(name, ())} or {0}
        return pd.concat(
            [
                pd.DataFrame(
                    {
                        name: part.read_column(self.families.get(name, {n: name}).get(n, ""))
                        for name in names
                        if n in self.families.get(name, {n: name})
                    },
                    columns=[*names],
                )
                for part in self.parts
                for n in sorted(numbers)
            ],
            ignore_index=True,
        ).fillna("")

    def count_patients(self, patient: str, name: str) -> Mapping[str, int]:
        """Return text → distinct patients that have it in a column."""
        pairs = self.pair(patient, name)
        pairs = pairs[pairs[patient].str.strip() != ""]
        counted = pairs.groupby(name)[patient].nunique()
        return {str(text): int(n) for text, n in counted.items()}


def group_parts(parts: Sequence[Part]) -> list[Group]:
    """Return the parts by how they are written: kind, delimiter, quotes, encoding and columns.

    The columns of text stand in one order; those of a sheet in any. Each table of a database stands
    alone. Sheets of one workbook are a
    group; so are workbooks whose sheets have the same names and columns.
    """
    by_key: dict[tuple[object, ...], list[Part]] = {}
    for part in parts:
        columns = tuple(sorted(part.headers)) if part.sheet else part.headers
        book = part.file if part.sheet else ""
        written = part.written
        table = part.file if part.connection else ""
        marks = (written.delimiter, written.quote, table)
        key = (written.kind, marks, written.encoding, part.dictionary, book, columns)
        by_key.setdefault(key, []).append(part)
    books: dict[tuple[object, ...], list[Part]] = {}
    for group, found in by_key.items():
        sheets = tuple(part.sheet for part in found)
        books.setdefault((*group[:4], sheets if group[4] else "", group[5]), []).extend(found)
    return [Group(tuple(found)) for found in books.values()]


def is_numbered(header: str) -> bool:
    """Return whether a header stands for one column of each session."""
    return NUMBER in header
