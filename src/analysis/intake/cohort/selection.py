"""Which part of a log is asked about."""

import re
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from analysis.errors import UsageError
from analysis.intake.schema import INDEX_MODALITIES, INDEX_MODALITY, MODALITIES, SETTINGS

_RELATIVE: Final = re.compile(
    r"(this|last)-(month|quarter|year)|last-([1-9][0-9]{0,2})-(month|quarter|year)s"
)
_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which part of a log is asked about; empty means all of it."""

    period: str = ""
    """``2026``, ``2026-Q2``, ``2026-05``, or two ISO days with ``..`` between them; until a log is
    loaded also a period relative to the day it is read at, see :func:`settle_period`."""
    clinic: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    skin_type: tuple[str, ...] = ()
    """Fitzpatrick types in Roman numerals."""
    device: tuple[str, ...] = ()
    needle: str = ""
    """Longest needle in mm, from-to with both ends in, such as ``0.5-1.5``."""
    sessions: str = ""
    """Number of sessions of a course, from-to with both ends in; for outcomes only."""
    modality: tuple[str, ...] = ()
    """Which sessions; what the courses are of is ``index_modality``."""
    setting: tuple[str, ...] = ()
    index_modality: str = INDEX_MODALITY
    """What the sessions of a course are, one and the same modality in the clinic."""

    @property
    def days(self) -> tuple[date, date] | None:
        """First and last day of the period; None for all time."""
        return parse_period(self.period) if self.period else None

    @property
    def skin_types(self) -> list[int]:
        """The chosen skin types as numbers."""
        unknown = [each for each in self.skin_type if each not in _ROMAN]
        if unknown:
            raise UsageError.for_unknown("skin type", unknown[0], _ROMAN)
        return [_ROMAN.index(each) + 1 for each in self.skin_type]

    @property
    def harm_modality(self) -> str:
        """What the sessions are of which side effects are counted: the index modality, unless the
        choice is of one other modality. Modalities are never pooled."""
        return self.modality[0] if len(self.modality) == 1 else self.index_modality

    def describe(self) -> str:
        """Return what was chosen, in words; empty for everything."""
        parts = []
        words = {"sessions": "for outcomes only: sessions in a course"}
        for name, value in asdict(self).items():
            # the usual estimand is no choice: every page says what its courses are of
            if value and (name, value) != ("index_modality", INDEX_MODALITY):
                chosen = value if isinstance(value, str) else ", ".join(value)
                parts.append(f"{words.get(name, name.replace('_', ' '))} {chosen}")
        return "; ".join(parts)


def check_selection(selection: Selection) -> None:
    """Raise UsageError for what cannot be read, before any file is."""
    # any day will do: whether the words can be read does not depend on it
    parse_period(settle_period(selection.period, date.max) or "2026")
    _types = selection.skin_types
    for name, possible in (("modality", MODALITIES), ("setting", SETTINGS)):
        for value in getattr(selection, name):
            if value not in possible:
                raise UsageError.for_unknown(name, value, possible)
    if (index := selection.index_modality) not in INDEX_MODALITIES:
        raise UsageError.for_unknown("index modality", index, INDEX_MODALITIES)
    for name, what in (("needle", "needle length"), ("sessions", "number of sessions")):
        if getattr(selection, name):
            parse_span(getattr(selection, name), what)


def settle_period(text: str, as_of: date) -> str:
    """Return a period that is relative to a day as the calendar period it is; any other as it is.

    ``this-month``, ``this-quarter`` and ``this-year`` are those the day lies in. ``last-month``,
    ``last-quarter`` and ``last-year`` are the whole ones before these, and ``last-12-months`` (or
    any other number, also of quarters or years) as many whole ones before them.
    """
    match = _RELATIVE.fullmatch(text)
    if not match:
        return text
    which, number, unit = match[1], int(match[3] or 1), match[2] or match[4]
    length = {"month": 1, "quarter": 3, "year": 12}[unit]
    # months since the year 0; the unit the day lies in begins at `here`
    here = (as_of.year * 12 + as_of.month - 1) // length * length
    first = here if which == "this" else here - number * length
    if first < 12:
        raise UsageError(f"The period {text!r} begins before the first year of the calendar.")
    year, month = first // 12, first % 12 + 1
    if number > 1:
        end = date(here // 12, here % 12 + 1, 1) - timedelta(days=1)
        return f"{year:04}-{month:02}-01..{end.isoformat()}"
    name = {"month": f"-{month:02}", "quarter": f"-Q{(month + 2) // 3}", "year": ""}[unit]
    return f"{year:04}{name}"


def holds(name: str, wide: Any, narrow: Any) -> bool:
    """Return whether one choice of a parameter of a report holds another: whoever or whatever is
    in the narrow one is in the wide one.

    Empty is everything. Choices of what is no part of a :class:`Selection`, and those that cannot
    be read, hold nothing but themselves.
    """
    if name not in Selection.__dataclass_fields__ or name == "index_modality" or wide == narrow:
        return bool(wide == narrow)
    if not wide or not narrow:
        return not wide
    if isinstance(wide, list | tuple):
        return {*narrow} <= {*wide}
    try:
        outer, inner = _find_ends(name, wide), _find_ends(name, narrow)
    except UsageError:
        return False
    return bool(outer[0] <= inner[0] and inner[1] <= outer[1])


def _find_ends(name: str, text: str) -> tuple[Any, Any]:
    return parse_period(text) if name == "period" else parse_span(text, name)


def parse_period(text: str) -> tuple[date, date]:
    """Return the first and last day of a calendar period."""
    try:
        if match := re.fullmatch(r"([0-9]{4})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?", text):
            year, quarter, month = (int(each) if each else 0 for each in match.groups())
            first, length = (month, 1) if month else (quarter * 3 - 2, 3) if quarter else (1, 12)
            months = year * 12 + first - 1 + length
            return date(year, first, 1), date(months // 12, months % 12 + 1, 1) - timedelta(days=1)
        if not re.fullmatch(r"[0-9-]{10}\.\.[0-9-]{10}", text):
            raise ValueError
        start, _dots, end = text.partition("..")
        days = date.fromisoformat(start), date.fromisoformat(end)
        if days[0] <= days[1]:
            return days
    except ValueError:
        pass
    raise UsageError(
        f"The period {text!r} cannot be read; write a year (2026), a quarter (2026-Q2), a month "
        "(2026-05), two days (2026-01-01..2026-03-31), or a period relative to as_of: last-month, "
        "last-quarter, last-year, last-12-months, this-month, this-quarter, this-year."
    )


def parse_span(text: str, what: str) -> tuple[float, float]:
    """Return both ends of ``from-to``; a single number is both."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:-\s*(\d+(?:\.\d+)?))?\s*", text)
    if not match:
        raise UsageError(f"The {what} {text!r} cannot be read; write one number, or from-to.")
    low = float(match[1])
    high = float(match[2]) if match[2] else low
    if low > high:
        raise UsageError(f"The {what} {text!r} has its larger end first; write {high:g}-{low:g}.")
    return low, high
