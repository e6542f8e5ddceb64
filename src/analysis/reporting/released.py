"""The record of what was released: ``reports/released.jsonl``, one line for each publication.

A page is safe alone. Two pages together may not be: of 30 patients this month and 31 the next,
everybody with both files knows one patient's answer. So each shareable edition is set against
those before it, and where two rows of the same meaning are about all patients but a few, that is
said. The record holds what the pages show and nothing else.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.errors import ReportFailedError
from analysis.estimates import THRESHOLD_PROFILES
from analysis.reporting.parameters import REPORTS

PLACE: Final = f"{REPORTS}/released.jsonl"
"""The record, seen from the project's folder."""

Holds = Callable[[str, Any, Any], bool]
"""Says of a parameter whether its first value chooses all that its second one does."""

_NO_CHOICE: Final = ("source", "as_of", "audience", "concern")
"""Parameters that choose no patients, or that stand in the address of a row."""
_COUNTS: Final = ("count", "total", "patients_count", "patients_total")
_HIDDEN: Final = "suppressed"
_KEYS: Final[Mapping[str, type]] = {
    **{"report": str, "edition": str, "parameters": dict, "data_hash": str, "as_of": str},
    **{"page": str, "threshold": int, "rows": dict},
}

_MULTIPLE: Final = "multiple"
"""Key of a record whose counts are rounded; missing in all others."""

FEW: Final = "a few patients"
SHOWN_BEFORE: Final = "shown before"
HIDDEN_BEFORE: Final = "hidden before"
REASONS: Final[Mapping[str, str]] = {
    FEW: "the two differ by a small group of patients",
    SHOWN_BEFORE: "it is hidden now, and was shown there",
    HIDDEN_BEFORE: "it is shown now, and was hidden there",
}
"""Why a row gives something away together with another page, in words."""


@dataclass(frozen=True)
class ReleaseWarning:
    """A row that gives something away together with an earlier page."""

    row: str
    """Address of the row."""
    report: str
    edition: str
    """The earlier page."""
    reason: str
    """A key of :data:`REASONS`."""


@dataclass(frozen=True)
class Remembered:
    """What came of writing an edition into the record."""

    warnings: tuple[ReleaseWarning, ...] = ()
    damaged: tuple[int, ...] = ()
    """Lines of the record that cannot be read; they stay where they are."""


def is_same(_name: str, wide: Any, narrow: Any) -> bool:
    """Return whether two choices are the same: what is known where nobody can say more."""
    return bool(wide == narrow)


def remember_release(project: Path, content: Mapping[str, Any], holds: Holds) -> Remembered:
    """Write what a shareable edition shows into the record, unless it is there word for word.

    ``content`` is what its data file holds. What this page gives away together with earlier ones
    is returned, and no reason not to publish it.

    Raises :class:`ReportFailedError` when the record cannot be written.
    """
    path = project / PLACE
    record = make_record(content)
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    earlier, damaged = read_record(path)
    # whoever publishes the same again has been warned already
    if record in earlier:
        return Remembered(damaged=damaged)
    _append(path, line)
    return Remembered(tuple(find_warnings(earlier, record, holds)), damaged)


def make_record(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the line of an edition: what it is of, and what each row shows of how many patients.

    Rows about lines of the log are about nobody and are left out.
    """
    return {
        **{key: content[key] for key in ("report", "edition", "parameters")},
        "data_hash": str(content["origin"].get("data_hash", "")),
        "as_of": str(content["origin"].get("as_of", "")),
        "page": content["page"]["sha256"],
        "threshold": int(content.get("threshold", 0)),
        **_tell_rounding(str(content.get("threshold_profile", ""))),
        "rows": {
            address: _shorten(row)
            for address, row in content["estimates"].items()
            if row.get("unit") != "rows"
        },
    }


def _tell_rounding(profile: str) -> dict[str, int]:
    """Return what counts were rounded to; nothing where they were not."""
    known = THRESHOLD_PROFILES.get(profile)
    return {_MULTIPLE: known.multiple} if known and known.multiple > 1 else {}


def _shorten(row: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {"hidden": True} if row.get("status") == _HIDDEN else {}
    known = {name: row[name] for name in _COUNTS if row.get(name) is not None}
    return {"unit": row.get("unit", ""), **hidden, **known}


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def read_record(path: Path) -> tuple[list[dict[str, Any]], tuple[int, ...]]:
    """Return the records in the order of their lines, and the numbers of lines that are none."""
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return [], ()
    except OSError as error:
        raise _fail("read", error) from None
    records, damaged = [], []
    for number, line in enumerate(written.split(b"\n"), start=1):
        if not line.strip():
            continue
        record = _read_line(line)
        if record is None:
            damaged.append(number)
        else:
            records.append(record)
    return records, tuple(damaged)


def _read_line(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    is_whole = isinstance(record, dict) and all(
        isinstance(record.get(key), kind) for key, kind in _KEYS.items()
    )
    return record if is_whole and all(map(_is_row, record["rows"].values())) else None


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and all(type(row.get(name, 0)) is int for name in _COUNTS)


def _append(path: Path, line: str) -> None:
    """Add one line in one write, on a line of its own whatever an interrupted write left."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(place).st_size
            os.lseek(place, max(size - 1, 0), os.SEEK_SET)
            begun = b"\n" if size and os.read(place, 1) != b"\n" else b""
            rest = begun + line.encode() + b"\n"
            while rest:
                rest = rest[os.write(place, rest) :]
            os.fsync(place)
        finally:
            os.close(place)
    except OSError as error:
        raise _fail("written", error) from None


def _fail(what: str, error: OSError) -> ReportFailedError:
    return ReportFailedError(
        f"{PLACE} cannot be {what}: {error.strerror}. Nothing was published, because what "
        "is shared must be on record."
    )


# ── one page beside another ──────────────────────────────────────────────────────────────────


def find_warnings(
    earlier: Sequence[Mapping[str, Any]], new: Mapping[str, Any], holds: Holds
) -> Iterator[ReleaseWarning]:
    """Yield each row of a new page that gives something away together with an earlier one.

    Rows of one address mean the same where all choices do. Where exactly one thing differs, and
    one of the two holds the other (the log at a later day, or a choice inside a wider one), what
    is in one and not in the other is a group of its own. The latest page comes first, and a row
    is named once; one that stood there already, word for word, tells nothing new.
    """
    settled: set[str] = set()
    for old in reversed(earlier):
        relation = _relate(old, new, holds)
        if not relation:
            continue
        threshold = max(old["threshold"], new["threshold"])
        for address in new["rows"]:
            if address in settled or address not in old["rows"]:
                continue
            rows = old["rows"][address], new["rows"][address]
            if relation == "same":
                reason = _judge_same(*rows)
            else:
                # what lies between two rounded counts may be any group, or nobody
                is_rounded = _MULTIPLE in old or _MULTIPLE in new
                reason = "" if is_rounded else _judge_part(*rows, threshold)
            if reason or (relation != "part" and rows[0] == rows[1]):
                settled.add(address)
            if reason:
                yield ReleaseWarning(address, old["report"], old["edition"], reason)


def _relate(old: Mapping[str, Any], new: Mapping[str, Any], holds: Holds) -> str:
    """Return "same", "later" for the same choice of another log, "part" where one choice holds the
    other, or nothing."""
    before, after = old["parameters"], new["parameters"]
    if before.get("source") != after.get("source"):
        return ""
    names = sorted({*before, *after} - {*_NO_CHOICE})
    choices = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    # a report without a parameter chooses as one that has it and leaves it empty
    differing = [each for each in choices if (each[1] or "") != (each[2] or "")]
    if old["data_hash"] != new["data_hash"]:
        return "" if differing else "later"
    if not differing:
        return "same"
    if len(differing) > 1:
        return ""
    name, one, other = differing[0]
    return "part" if holds(name, one, other) or holds(name, other, one) else ""


def _judge_same(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if bool(old.get("hidden")) == bool(new.get("hidden")):
        return ""
    return SHOWN_BEFORE if new.get("hidden") else HIDDEN_BEFORE


def _judge_part(old: Mapping[str, Any], new: Mapping[str, Any], threshold: int) -> str:
    pairs = [("count", "total"), ("patients_count", "patients_total")]
    is_few = any(_differ_by_few(old, new, *names, threshold) for names in pairs)
    return FEW if is_few else ""


def _differ_by_few(
    old: Mapping[str, Any], new: Mapping[str, Any], count: str, total: str, threshold: int
) -> bool:
    """Return whether numerator, complement or, where only that is shown, the whole differ by a
    group that may not be shown."""
    counts = _subtract(old.get(count), new.get(count))
    totals = _subtract(old.get(total), new.get(total))
    others = None if counts is None or totals is None else totals - counts
    differences = [totals] if counts is None else [counts, others]
    return any(each is not None and 0 < abs(each) < threshold for each in differences)


def _subtract(old: int | None, new: int | None) -> int | None:
    return None if old is None or new is None else new - old
