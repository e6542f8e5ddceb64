"""Two editions of one report beside each other: which numbers moved, and what differs in what they
were made from.

Works on the data files alone; nothing is rendered and no log is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from analysis.errors import UsageError
from analysis.reporting.editions import Published

Row = Mapping[str, Any]

KINDS: Final = ("moved", "appeared", "gone", "hidden", "shown", "reworded")
"""What can have become of a number, in the order it is told."""
_NUMBERS: Final = ("count", "total", "patients_count", "patients_total", "value", "low", "high")
_HIDDEN: Final = "suppressed"
_OF_DATA: Final[Mapping[str, str]] = {
    "log": "the data changed: the log, or its corrections",
    "source.toml": "the source.toml of the source changed",
    "vocabulary.toml": "the vocabulary.toml of the source changed",
}
_ALMOST: Final = 1e-9


@dataclass(frozen=True)
class Change:
    """One number that is not the same in two editions."""

    address: str
    kind: str
    """One of :data:`KINDS`."""
    old: str
    new: str
    """The number in words, as each edition has it; empty where it has none."""
    columns: tuple[str, ...]
    """The columns that differ, where both have it."""


@dataclass(frozen=True)
class Comparison:
    """What differs between two editions of one report."""

    made_from: tuple[str, ...]
    """What they were made from, a sentence each."""
    changes: tuple[Change, ...]

    def count(self) -> dict[str, int]:
        """Return how many numbers there are of each kind of change that occurs."""
        counts = {kind: sum(each.kind == kind for each in self.changes) for kind in KINDS}
        return {kind: number for kind, number in counts.items() if number}


def compare_editions(old: Published, new: Published) -> Comparison:
    """Return what differs between two editions of one report for one audience.

    Raises :class:`UsageError` for editions of two reports, or for two audiences: beside the one,
    the other would tell what it hides.
    """
    if old.report != new.report:
        raise UsageError(
            f"Editions of one report can be compared, and these are of {old.report!r} and "
            f"{new.report!r}."
        )
    if old.content["audience"] != new.content["audience"]:
        raise UsageError(
            "One of the two is an internal page and shows what the other hides; compare two pages "
            "for the same audience."
        )
    made_from = (
        *compare_parameters(old.content["parameters"], new.content["parameters"]),
        *compare_inputs(old.content, new.content),
    )
    return Comparison(made_from, tuple(compare_rows(old.estimates, new.estimates)))


# ── what they were made from ─────────────────────────────────────────────────────────────────


def compare_parameters(old: Row, new: Row) -> Iterator[str]:
    """Yield a sentence for each parameter that differs."""
    for name in dict.fromkeys([*old, *new]):
        before, after = (_write_value(each[name]) if name in each else "" for each in (old, new))
        if name not in old:
            yield f"the parameter {name} is new: {after}"
        elif name not in new:
            yield f"the parameter {name} is gone, it was {before}"
        elif before != after:
            yield f"the parameter {name} was {before} and is {after}"


def compare_inputs(old: Row, new: Row) -> Iterator[str]:
    """Yield a sentence for each thing beside the parameters that two editions, as their data files
    describe them, were not both made from."""
    then, now = old["provenance"], new["provenance"]
    for name, words in (("as_of", "the log was read as of"), ("data_until", "data until")):
        before, after = (each["origin"].get(name, "") for each in (old, new))
        if before != after:
            yield f"{words} {before or 'no day'}, and {after or 'no day'} now"
    yield from _compare_data(old, new)
    for file in _find_differing(then.get("vocabulary"), now.get("vocabulary")):
        yield f"the vocabulary changed: {file}"
    if then.get("code") != now.get("code"):
        yield "the code changed: the package, or the notebook of the report"
    if then.get("lock") != now.get("lock"):
        yield "the lock file changed: requirements.txt"
    if then.get("python") != now.get("python"):
        yield f"Python was {then.get('python')} and is {now.get('python')}"
    packages = then.get("packages") or {}, now.get("packages") or {}
    for name in _find_differing(*packages):
        before, after = (each.get(name, "not installed") for each in packages)
        yield f"the package {name} was {before} and is {after}"


def _compare_data(old: Row, new: Row) -> Iterator[str]:
    """Say which part of the data changed; where that was not written down, that something did."""
    if old["origin"].get("data_hash") == new["origin"].get("data_hash"):
        return
    parts = [each["provenance"].get("inputs") or {} for each in (old, new)]
    if all(parts):
        yield from (_OF_DATA[name] for name in _find_differing(*parts) if name in _OF_DATA)
        return
    yield "the data changed: the log, its corrections, its settings, or a vocabulary"


def _find_differing(old: Row | None, new: Row | None) -> list[str]:
    before, after = old or {}, new or {}
    return [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def _write_value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "empty" if value in ("", None) else str(value)


# ── which numbers moved ──────────────────────────────────────────────────────────────────────


def compare_rows(old: Mapping[str, Row], new: Mapping[str, Row]) -> Iterator[Change]:
    """Yield each number of two editions, by address, that is not the same in both."""
    for address in dict.fromkeys([*old, *new]):
        before, after = old.get(address), new.get(address)
        if before is None or after is None:
            words = [write_row(each) if each else "" for each in (before, after)]
            yield Change(address, "appeared" if before is None else "gone", words[0], words[1], ())
        elif columns := _find_differing(before, after):
            kind = _name_kind(before, after, columns)
            yield Change(address, kind, write_row(before), write_row(after), tuple(columns))


def _name_kind(before: Row, after: Row, columns: list[str]) -> str:
    was, now = (each.get("status") == _HIDDEN for each in (before, after))
    if was != now:
        return "hidden" if now else "shown"
    return "moved" if {*columns} & {*_NUMBERS, "status", "shown_as"} else "reworded"


def write_row(row: Row) -> str:
    """Return a number in words: "20 of 25 (80.0 %, 60.9 to 91.1 %)", or why there is none."""
    count, total, value = row.get("count"), row.get("total"), row.get("value")
    if row.get("status") == _HIDDEN:
        return f"hidden ({row.get('shown_as') or 'not shown'})"
    of = "" if count is None else f"{count}" if total is None else f"{count} of {total}"
    if value is None:
        return of or str(row.get("status") or "no number")
    is_share = bool(total) and count is not None and abs(value - count / total) < _ALMOST
    limits = _write_limits(row, is_share=is_share)
    if is_share:
        return f"{of} ({100 * value:.1f} %{limits})"
    return f"{value:.4g}{limits}" + (f" ({of})" if of else "")


def _write_limits(row: Row, *, is_share: bool) -> str:
    low, high = row.get("low"), row.get("high")
    if low is None or high is None:
        return ""
    return f", {100 * low:.1f} to {100 * high:.1f} %" if is_share else f", {low:.4g} to {high:.4g}"
