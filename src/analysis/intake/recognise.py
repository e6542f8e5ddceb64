"""Recognises a log it has not seen before and writes a first ``source.toml``.

Columns are recognised by their header; what the log does not prove becomes an open question, never
a guess. Fuzzy matches are not used: a header is known or it is listed as not used.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
from charset_normalizer import from_bytes

from analysis.errors import SourceError
from analysis.intake import cells
from analysis.intake.engine import open_engine
from analysis.intake.sources import (
    REQUIRED_ROLES,
    ROLES,
    DateOrder,
    Decimal,
    Format,
    Log,
    read_delimited,
)

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "patient": (
        *("patient", "patient id", "client id", "client", "file no", "mrn", "chart #", "chart"),
        *("customer id", "id", "pt", "patient no", "patient number", "record id"),
    ),
    "date": (
        *("date", "session date", "visit date", "tx date", "treatment date", "dos", "appointment"),
        *("date of visit", "date of session", "date of treatment", "fecha", "datum"),
    ),
    "age": ("age", "age years", "alter", "edad"),
    "sex": ("sex", "gender", "geschlecht", "sexo"),
    "skin_type": ("skin type", "fitzpatrick", "fst", "phototype", "fitz", "fitzpatrick type"),
    "concern": (
        *("concern", "indication", "skin concern", "complaint", "goal", "dx", "treatment for"),
        *("area of concern", "concerns"),
    ),
    "area": ("area", "body area", "treated area", "site"),
    "clinic": ("clinic", "location", "practice", "branch"),
    "operator": ("operator", "therapist", "provider", "practitioner", "treated by", "staff"),
    "device": ("device", "device name", "device type", "pen", "machine"),
    "cartridge_lot": ("cartridge lot", "lot", "lot no", "lot number", "batch"),
    "needle": (
        *("needle", "needle mm", "depth", "length", "needle size", "mm", "needle depth"),
        *("needle length",),
    ),
    "passes": ("passes", "no of passes", "number of passes"),
    "anaesthetic": ("anaesthetic", "anesthetic", "numbing", "la", "topical anaesthetic"),
    "scale": ("scale", "score scale", "scale used", "grading"),
    "score_before": ("score before", "score pre", "pre score", "baseline score", "before"),
    "score_after": ("score after", "score post", "post score", "final score", "after"),
    "score_after_date": ("reviewed on", "score date", "review date", "follow up date", "reviewed"),
    "side_effects": (
        *("side effects", "side effect", "ae", "aes", "adverse events", "adverse event"),
        *("reactions", "reaction", "complications"),
    ),
}
"""Headers seen in real logs, folded, without units."""
_DELIMITERS: Final = (";", ",", "\t", "|")
_UNCERTAIN_BYTES: Final = 200_000


@dataclass(frozen=True)
class Recognition:
    """What was recognised in a log, and what a person still has to answer."""

    name: str
    file: str
    format: Format
    columns: Mapping[str, str]
    unused: tuple[str, ...]
    reasons: Mapping[str, str]
    """What the format settings rest on, by setting."""
    questions: tuple[str, ...]


def recognise_log(path: Path, name: str) -> Recognition:
    """Return what can be recognised in one delimited text file.

    Raises
    ------
    SourceError
        When the file cannot be read, or has no column for the patient or the date (the columns that
        are there are listed).
    """
    encoding, encoding_reason = _detect_encoding(path)
    delimiter = _detect_delimiter(path, encoding)
    with open_engine() as engine:
        log = read_delimited(engine, path, Format(delimiter=delimiter, encoding=encoding))
        return _recognise(path, name, log, delimiter, encoding, encoding_reason)


def _recognise(
    path: Path, name: str, log: Log, delimiter: str, encoding: str, encoding_reason: str
) -> Recognition:
    columns = recognise_columns(log.headers)
    for role in REQUIRED_ROLES:
        if role not in columns:
            if any(re.search(r"\d{3}|\d[./-]\d", header) for header in log.headers):
                raise SourceError(
                    f"The first row of {path.name!r} does not look like a header; add one that "
                    f"names the columns, such as {ALIASES[role][0]!r} for the {role}."
                )
            listed = ", ".join(repr(header) for header in log.headers)
            raise SourceError(
                f"No {role} column was recognised in {path.name!r}; its columns are: {listed}. "
                f"Rename one to {ALIASES[role][0]!r}, or write source.toml by hand."
            )
    order, order_reason = prove_date_order(_read_column(log, columns, "date"))
    numbers = [
        _read_column(log, columns, role) for role in ("needle", "score_before", "score_after")
    ]
    decimal, decimal_reason = find_decimal(pd.concat(numbers))
    unused = tuple(header for header in log.headers if header not in columns.values())
    return Recognition(
        name,
        path.name,
        Format(delimiter=delimiter, encoding=encoding, decimal=decimal, date_order=order),
        columns,
        unused,
        {
            "delimiter": "splits the header into the most columns",
            "encoding": encoding_reason,
            "decimal": decimal_reason,
            "date_order": order_reason,
        },
        tuple(_ask(columns, order)),
    )


def recognise_columns(headers: Iterable[str]) -> dict[str, str]:
    """Return role → header; the first header that is a known name of a role is taken."""
    known = {alias: role for role, aliases in ALIASES.items() for alias in aliases}
    columns: dict[str, str] = {}
    written = [*headers]
    for header in written:
        role = known.get(_fold_header(header))
        if role and role not in columns and written.count(header) == 1:
            columns[role] = header
    return {role: columns[role] for role in ROLES if role in columns}


def _fold_header(header: str) -> str:
    """Return a header without units in brackets, underscores and stops."""
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", cells.fold(header))
    return " ".join(re.sub(r"[_.:/-]+", " ", plain).split())


def prove_date_order(dates: pd.Series) -> tuple[DateOrder, str]:
    """Return the order that the column proves, and the reason; otherwise ``undeclared``.

    An order is proved where it is the only one in which every date exists. With two-digit years
    none is: 13.04.24 may be a day in 2013.
    """
    texts = {*dates}
    read = {
        order: {text for text in texts if cells.read_day(text, order)}
        for order in cells.DATE_ORDERS
    }
    readable = set().union(*read.values())
    if not readable:
        return "undeclared", "no date with three numbers was found"
    if all(re.match(r"\s*\d{4}", text) for text in readable):
        return "year-month-day", _PROOFS["year-month-day"]
    possible = [order for order in cells.DATE_ORDERS if read[order] == readable]
    if len(possible) == 1:
        return possible[0], _PROOFS[possible[0]]
    return "undeclared", "not proved by the column"


_PROOFS: Final[Mapping[DateOrder, str]] = {
    "day-month-year": "proved by the column: the first number goes above 12",
    "month-day-year": "proved by the column: the second number goes above 12",
    "year-month-day": "the first number is always a year",
}


def find_decimal(numbers: pd.Series) -> tuple[Decimal, str]:
    """Return the decimal mark of a column of numbers, and the reason."""
    commas = numbers.str.contains(r"\d,\d", regex=True).sum()
    points = numbers.str.contains(r"\d\.\d", regex=True).sum()
    if commas > points:
        return ",", "more numbers are written with a comma than with a point"
    return ".", "no number is written with a comma" if not commas else "points outnumber commas"


def write_source(recognition: Recognition) -> str:
    """Return the text of a first ``source.toml``, commented with what was recognised and why."""
    written, reasons = recognition.format, recognition.reasons
    lines = [
        f"# What `outcomes init` recognised in {recognition.file}. Correct it where it is wrong.",
        *(f"# OPEN QUESTION: {question}" for question in recognition.questions),
        f"name = {_quote(recognition.name)}",
        f"title = {_quote(recognition.name)}  # as the pages call it",
        "# extracted_on = 2026-01-31  # the day of the export; without it, the day of the report",
        f"files = [{_quote(recognition.file)}]",
        "",
        "[format]",
        *(
            f"{key} = {_quote(getattr(written, key))}  # {reasons[key]}"
            for key in ("delimiter", "encoding", "decimal", "date_order")
        ),
        "",
        '[columns]  # role = "header in the log"',
        *(f"{role} = {_quote(header)}" for role, header in recognition.columns.items()),
    ]
    if recognition.unused:
        lines.append(f"# not used: {', '.join(map(_quote, recognition.unused))}")
    missing = [role for role in ROLES if role not in recognition.columns]
    if missing:
        lines.append(f"# roles without a column: {', '.join(missing)}")
    lines += [
        "",
        "[answers]",
        'side_effects_belong_to = "this session"  # or "previous session"',
        'default_modality = "microneedling"',
        'default_setting = "clinic"',
        'default_rater = "investigator"  # or "blinded", "patient", "device"',
        "",
    ]
    return "\n".join(lines)


def _quote(text: str) -> str:
    """Return the text as a TOML string on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _ask(columns: Mapping[str, str], order: DateOrder) -> list[str]:
    questions = []
    if order == "undeclared":
        questions.append(
            "Is 03/04 the third of April or the fourth of March? Declare date_order; until then "
            "rows whose date can be read in two ways are set aside."
        )
    if "scale" not in columns and ("score_before" in columns or "score_after" in columns):
        questions.append(
            "On which scale are the scores? Name it as `scale` under [answers]; until then scores "
            "are set aside."
        )
    if "score_after" in columns and "score_after_date" not in columns:
        questions.append(
            "When were the later scores taken? Name the column as score_after_date; until then "
            "they are set aside."
        )
    if "side_effects" in columns:
        questions.append(
            "Does the side-effect column tell of this session or of the one before? "
            "See side_effects_belong_to."
        )
    return questions


def _read_column(log: Log, columns: Mapping[str, str], role: str) -> pd.Series:
    if role not in columns:
        return pd.Series([], dtype="str")
    return log.read_column(columns[role])


def _detect_encoding(path: Path) -> tuple[str, str]:
    try:
        raw = path.read_bytes()
    except OSError as problem:
        reason = (problem.strerror or "unreadable").lower()
        raise SourceError(f"The log {path.name!r} cannot be read ({reason}).") from None
    if not raw:
        raise SourceError(f"The log {path.name!r} is empty (zero bytes); export it again.")
    try:
        raw.decode("utf-8")
        return "utf-8", "every byte is valid UTF-8"
    except UnicodeDecodeError:
        best = from_bytes(raw[:_UNCERTAIN_BYTES]).best()
    if best is None:
        raise SourceError(f"The log {path.name!r} is not text; export it as CSV.")
    return best.encoding, "detected from its bytes; check letters with accents"


def _detect_delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline()
    counts = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in _DELIMITERS}
    return max(counts, key=lambda mark: counts[mark])
