"""Reads a source: its ``source.toml``, and its files as text with file and line.

Only files named by ``source.toml`` are read, and they are never changed.
"""

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import pandas as pd

from analysis.errors import SourceError, sentence_for_unknown
from analysis.intake.schema import Modality, Rater, Setting
from analysis.vocabulary import Scale, Vocabulary, read_vocabulary

ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "patient": "who was treated",
        "date": "day of the session",
        "age": "age in years",
        "sex": "sex",
        "skin_type": "Fitzpatrick skin type",
        "concern": "what was treated",
        "area": "body area",
        "clinic": "clinic",
        "operator": "who treated",
        "device": "device",
        "cartridge_lot": "lot of the needle cartridge",
        "needle": "needle length",
        "passes": "passes over the skin",
        "anaesthetic": "numbing",
        "scale": "name of the scale of the scores in this row",
        "score_before": "score on the day of the session, before it",
        "score_after": "score at a later visit",
        "score_after_date": "day of the later score",
        "side_effects": "side effects in free text",
    }
)
"""What a column can be; a column without a role is read and not used."""
REQUIRED_ROLES: Final = ("patient", "date")
SETTINGS_FILE: Final = "source.toml"
VOCABULARY_FILE: Final = "vocabulary.toml"
_LONGEST_CELL: Final = 1_000_000

Block = TypeVar("Block")
DateOrder = Literal["day-month-year", "month-day-year", "year-month-day", "undeclared"]
Decimal = Literal[".", ","]
Session = Literal["this session", "previous session"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How the files are written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: Decimal = "."
    date_order: DateOrder = "undeclared"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the log does not say of itself and a person had to answer."""

    side_effects_belong_to: Session = "this session"
    default_modality: Modality = "microneedling"
    default_setting: Setting = "clinic"
    default_rater: Rater = "investigator"
    scale: str = ""
    """Scale of all scores, for a log without a scale column."""
    concern: str = ""
    """Concern of all sessions, for a log without a concern column."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One clinic's log as ``source.toml`` declares it."""

    name: str
    title: str
    files: tuple[str, ...]
    columns: Mapping[str, str]
    synthetic: bool = False
    extracted_on: date | None = None
    primary_scale: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Concern → key of the scale of its headline."""
    scales: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Scale → coding, for scales whose order clinics write in several ways."""
    format: Format = Format()
    answers: Answers = Answers()
    folder: Path = Path()

    def read_vocabulary(self) -> Vocabulary:
        """Return the built-in vocabulary with this source's own laid over it.

        Raises
        ------
        SourceError
            When ``source.toml`` names a scale, a coding or a concern that it does not hold.
        """
        vocabulary = read_vocabulary(self.folder / VOCABULARY_FILE)
        usable = self.find_scales(vocabulary)
        concerns = vocabulary.analysed_concerns
        for concern in (*self.primary_scale, *filter(None, [self.answers.concern])):
            if concern not in concerns:
                key = "primary_scale" if concern in self.primary_scale else "concern"
                self._refuse(key, sentence_for_unknown("concern", concern, concerns))
        for scale in filter(None, [*self.primary_scale.values(), self.answers.scale]):
            key = "scale" if scale == self.answers.scale else "primary_scale"
            if scale not in vocabulary.scales:
                self._refuse(key, sentence_for_unknown("scale", scale, vocabulary.scales))
            if scale not in usable:
                self._refuse(key, f"declare the order of {scale!r} under [scales] first.")
        for concern, scale in self.primary_scale.items():
            if not vocabulary.scales[scale].fits(concern):
                self._refuse("primary_scale", f"{scale!r} does not score {concern!r}.")
        return vocabulary

    def find_scales(self, vocabulary: Vocabulary) -> dict[str, Scale]:
        """Return the scales that can be read: those with a fixed order, and the declared ones."""
        usable = {key: each for key, each in vocabulary.scales.items() if not each.codings}
        for key, coding in self.scales.items():
            scale = vocabulary.scales.get(key)
            if scale is None:
                self._refuse("scales", sentence_for_unknown("scale", key, vocabulary.scales))
            elif coding not in scale.codings:
                self._refuse(
                    "scales", sentence_for_unknown(f"coding of {key}", coding, scale.codings)
                )
            else:
                usable[key] = scale.declare(coding)
        return usable

    def _refuse(self, key: str, slip: str) -> None:
        raise SourceError(f"{SETTINGS_FILE} of {self.name!r}, key {key!r}: {slip}")


def find_project(start: Path | None = None) -> Path:
    """Return the nearest folder from ``start`` upwards that holds ``data/`` and ``notebooks/``.

    A notebook may be run from the project's root or from ``notebooks/``.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "data").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise SourceError(
        "No project found here: run this inside the folder that holds data/ and notebooks/."
    )


def list_sources(project: Path) -> list[str]:
    """Return the names of the sources that have a ``source.toml``."""
    return sorted(path.parent.name for path in (project / "data").glob(f"*/{SETTINGS_FILE}"))


def read_source(project: Path, name: str) -> Source:
    """Return what ``data/<name>/source.toml`` declares.

    Raises
    ------
    SourceError
        When there is no such source, or the file has an unknown key, a value of the wrong type, an
        unknown role, or no patient or date column.
    """
    names = list_sources(project)
    if name not in names:
        hint = " Write one with `outcomes init FILE`." if not names else ""
        raise SourceError(sentence_for_unknown("source", name, names, where=" in data/") + hint)
    folder = project / "data" / name
    try:
        declared = tomllib.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
    except OSError as problem:
        reason = (problem.strerror or "unreadable").lower()
        raise SourceError(f"data/{name}/{SETTINGS_FILE} cannot be read ({reason}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SourceError(f"data/{name}/{SETTINGS_FILE} is not valid TOML: {problem}.") from None
    source = _read_block(f"data/{name}/{SETTINGS_FILE}", declared, Source, {"folder": folder})
    _check_source(source)
    return source


def _read_block(
    where: str, declared: Mapping[str, Any], kind: type[Block], given: Mapping[str, Any]
) -> Block:
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind) if item.name not in given}  # type: ignore[arg-type]
    for key in declared:
        if key not in known:
            raise SourceError(sentence_for_unknown("key", key, known, where=f" in {where}"))
    for key, item in known.items():
        needed = item.default is MISSING and item.default_factory is MISSING
        if needed and key not in declared:
            raise SourceError(f"{where} has no key {key!r}; add it.")
    values = {key: _read_value(where, key, value, hints[key]) for key, value in declared.items()}
    return kind(**values, **given)


def _read_value(where: str, key: str, value: Any, hint: Any) -> Any:
    if hint in (Format, Answers):
        if isinstance(value, dict):
            return _read_block(f"{where}, block [{key}]", value, hint, {})
    elif hint == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
    elif hint == Mapping[str, str]:
        if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
            return MappingProxyType(value)
    elif get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        raise SourceError(
            sentence_for_unknown(key, str(value), get_args(hint), where=f" in {where}")
        )
    elif isinstance(value, hint) and not isinstance(value, datetime):
        return value
    raise SourceError(f"{where}, key {key!r}: a {type(value).__name__} is not what it can hold.")


def _check_source(source: Source) -> None:
    where = f" in data/{source.name}/{SETTINGS_FILE}, block [columns]"
    for role in source.columns:
        if role not in ROLES:
            raise SourceError(sentence_for_unknown("role", role, ROLES, where=where))
    for role in REQUIRED_ROLES:
        if role not in source.columns:
            raise SourceError(
                f'No {role} column is mapped{where}: add `{role} = "header in the log"`.'
            )
    if source.folder.name != source.name:
        raise SourceError(
            f"data/{source.folder.name}/{SETTINGS_FILE} is named {source.name!r}; "
            "the name must be that of its folder."
        )
    for name in source.files:
        path = (source.folder / name).resolve()
        if not path.is_relative_to(source.folder.resolve()):
            raise SourceError(f"The file {name!r} of {source.name!r} lies outside its folder.")


@dataclass(frozen=True)
class Log:
    """The text of a source.

    ``rows`` has one row per row of the log: ``row`` (0, 1, … in reading order), ``file``,
    ``sheet``, ``line``, ``cells`` (how many there were), and one text column per header, named
    ``c0``, ``c1`` … by position; a cell that is not there is empty.
    """

    rows: pd.DataFrame
    headers: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the text columns."""
        return tuple(f"c{place}" for place in range(len(self.headers)))

    def find_text(self, header: str) -> str:
        """Return the name of the text column with this header."""
        return self.texts[self.headers.index(header)]


def read_log(source: Source) -> Log:
    """Return every row of the source's files as text.

    Raises
    ------
    SourceError
        When a file is missing, empty, not in the declared encoding, not delimited text, or lacks a
        column that ``source.toml`` names (the columns that are there are listed).
    """
    if not source.files:
        raise SourceError(f"{SETTINGS_FILE} of {source.name!r} names no files; list them in files.")
    parts = [read_delimited(source.folder / name, source.format) for name in source.files]
    for part, name in zip(parts, source.files, strict=True):
        part.rows["file"] = name  # two folders may hold files of the same name
        _check_headers(source, name, part.headers)
        if part.headers != parts[0].headers:
            raise SourceError(
                f"{name} of {source.name!r} has other columns than {source.files[0]}."
            )
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    rows["row"] = range(len(rows))
    return Log(rows, parts[0].headers)


def read_delimited(path: Path, written: Format) -> Log:
    """Return the header and the rows of one delimited text file.

    Lines are counted as an editor counts them, so that a quoted cell with a line break in it does
    not shift the rows below. A blank line is a row without a cell.
    """
    records = _read_records(path, _read_text(path, written.encoding), written.delimiter)
    _, header = next(records, (0, []))
    headers = tuple(cell.strip() for cell in header)
    lines, counts, cells = [], [], []
    for line, record in records:
        lines.append(line)
        counts.append(len(record))
        cells.append((record + [""] * len(headers))[: len(headers)])
    place = pd.DataFrame({"row": range(len(lines)), "file": path.name, "sheet": None})
    place = place.assign(line=lines, cells=counts)
    types = {"row": "int64", "file": "str", "sheet": "str", "line": "int64", "cells": "int64"}
    texts = pd.DataFrame(cells, columns=[f"c{n}" for n in range(len(headers))], dtype="str")
    return Log(pd.concat([place.astype(types), texts], axis=1), headers)


def _read_text(path: Path, encoding: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as problem:
        reason = (problem.strerror or "unreadable").lower()
        raise SourceError(
            f"The log {path.name!r} cannot be read ({reason}); check that it is there."
        ) from None
    if not raw:
        raise SourceError(f"The log {path.name!r} is empty (zero bytes); export it again.")
    if b"\0" in raw and not encoding.lower().replace("_", "-").startswith("utf-16"):
        raise SourceError(f"The log {path.name!r} is not text (it holds NUL bytes).")
    try:
        return raw.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError:
        raise SourceError(
            f"There is no encoding {encoding!r}; correct encoding in {SETTINGS_FILE}."
        ) from None
    except UnicodeDecodeError as problem:
        raise SourceError(
            f"The log {path.name!r} is not {encoding} (byte {problem.start}); "
            f"declare its encoding in {SETTINGS_FILE}, for instance cp1252."
        ) from None


def _read_records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST_CELL)
    first = 1
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for record in reader:
            yield first, record
            first = reader.line_num + 1
    except (csv.Error, TypeError, ValueError) as problem:
        raise SourceError(
            f"The log {path.name!r}, line {first}, is not readable as delimited text ({problem})."
        ) from None


def _check_headers(source: Source, name: str, headers: tuple[str, ...]) -> None:
    for role, header in source.columns.items():
        if headers.count(header) != 1:
            found = "two columns" if header in headers else "no column"
            listed = ", ".join(repr(each) for each in headers)
            raise SourceError(
                f"The log {name!r} of {source.name!r} has {found} {header!r}, which "
                f"{SETTINGS_FILE} names as {role}. Its columns are: {listed}."
            )
