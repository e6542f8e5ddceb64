"""Reads days: of sessions, of later scores and of birth."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from analysis.intake.cells.found import Found, fold, is_blank, strip_accents
from analysis.intake.sources import DateOrder
from analysis.vocabulary import PROTOCOL


def parse_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the calendar day.

    The declared order says which number is the day; ISO dates and months by name are read whatever
    the order. Two-digit years are this century; a time of day is read over. Five digits are Excel's
    count of days, and repaired; so is the day of a moment with a time zone, because the day as it
    is written there need not be the one the clinic had. A day after ``as_of``, or before
    microneedling was done, is a problem, and so is a year of another calendar: it is never moved
    into ours. While the order is undeclared, a date is read only if it can be read in one way.
    """
    if is_blank(text):
        return Found(rule="missing_date", consequence="row set aside")
    if hint := _suggest_calendar(text, PROTOCOL["earliest_session"].whole, as_of.year):
        return Found(rule="other_calendar", consequence="row set aside", suggestion=hint)
    if order == "undeclared":
        days = {read_day(text, each) for each in DATE_ORDERS} - {None}
        if len(days) > 1:
            hint = "declare date_order in source.toml"
            return Found(rule="ambiguous_date", consequence="row set aside", suggestion=hint)
        order = next((each for each in DATE_ORDERS if read_day(text, each)), DATE_ORDERS[0])
    serial = _read_serial(text)
    day = read_day(text, order) or serial
    if day in _NO_DAYS:
        return Found(rule="missing_date", consequence="row set aside")
    if day is None:
        hint = f"write an existing day as {order}"
        return Found(rule="impossible_date", consequence="row set aside", suggestion=hint)
    if day.year < PROTOCOL["earliest_session"].whole:
        hint = "correct the year"
        return Found(rule="date_too_early", consequence="row set aside", suggestion=hint)
    if day > as_of:
        hint = "correct the day, or extracted_on in source.toml"
        return Found(rule="date_in_the_future", consequence="row set aside", suggestion=hint)
    return _note_zone(text, _note_serial(day) if serial else Found(day))


def _note_zone(text: str, found: Found) -> Found:
    """Return the day as repaired where the text names a time zone beside it."""
    time = _TIME.search(text.strip())
    if not (time and time["zone"]) or found.rule:
        return found
    hint = "write the day alone, as the clinic had it; near midnight it may be another"
    return replace(found, rule="date_with_zone", consequence="repaired", suggestion=hint)


def _note_serial(day: date) -> Found:
    return Found(day, "excel_serial_date", "repaired", "format the column as dates")


def parse_later_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the day of a later score: it may be blank, and a bad one blanks its cell alone."""
    if is_blank(text):
        return Found()
    found = parse_date(text, order, as_of)
    return found if found.value else replace(found, consequence="cell blanked")


def parse_birth_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the day of birth.

    A year of two digits is read if only one century makes a person of a possible age. A day that
    software writes where there is none (:data:`_NO_DAYS`) is not read, though somebody may have
    been born on it.
    """
    if is_blank(text):
        return Found()
    oldest = _add_years(as_of, -PROTOCOL["oldest_age"].whole)
    if hint := _suggest_calendar(text, oldest.year, as_of.year):
        return Found(rule="other_calendar", consequence="cell blanked", suggestion=hint)
    orders = DATE_ORDERS if order == "undeclared" else (order,)
    serial = _read_serial(text)
    days = {serial} if serial else {read_day(text, each) for each in orders} - {None}
    if not re.search(r"\d{3}", text):
        days |= {_add_years(day, -100) for day in days if day}
    possible = sorted(day for day in days - _NO_DAYS if day and oldest < day <= as_of)
    if len(possible) == 1:
        return _note_zone(text, _note_serial(possible[0]) if serial else Found(possible[0]))
    if not possible and any(oldest < day <= as_of for day in days & _NO_DAYS if day):
        hint = "leave it blank, or write the age in a column of ages if it is the day of birth"
        return Found(rule="stand_in_birth_date", consequence="cell blanked", suggestion=hint)
    rule = "ambiguous_date" if possible else "impossible_age" if days else "impossible_date"
    hint = "write the day with a year of four digits; declare date_order in source.toml"
    return Found(rule=rule, consequence="cell blanked", suggestion=hint)


def _add_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def read_day(text: str, order: DateOrder) -> date | None:
    """Return the day a text names in this order, if there is one in the calendar."""
    text = _TIME.sub("", text.strip())
    try:
        if named := _read_month_name(text):
            text = named
            order = "year-month-day" if re.match(r"\d{4}", text) else "day-month-year"
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}|(?:19|20)\d{6}", text):
            return date.fromisoformat(text)
        parts = re.fullmatch(_DAY, text).group(1, 2, 3)  # type: ignore[union-attr]
        day = dict(zip(order.split("-"), parts, strict=True))
        if len(day["year"]) not in (2, 4):
            return None
        year = int(day["year"]) + (2000 if len(day["year"]) == 2 else 0)
        return date(year, int(day["month"]), int(day["day"]))
    except (AttributeError, ValueError):
        return None


def _read_month_name(text: str) -> str:
    """Return "3-4-24" for "3-Apr-24", "3 April 2024" or "Apr 3, 2024"; empty for other texts."""
    parts = [part for part in re.split(r"[\s.,/-]+", strip_accents(fold(text))) if part]
    parts = [part for part in parts if part not in ("de", "del", "of")]
    if len(parts) == 4 and parts[0] in _WEEKDAYS:
        parts = parts[1:]
    if len(parts) == 3 and parts[0].isalpha():
        parts = [parts[1], parts[0], parts[2]]
    if len(parts) != 3 or len(parts[1]) < 3 or not parts[1].isalpha():
        return ""
    months = [n for n, names in enumerate(_MONTHS, 1) if any(m.startswith(parts[1]) for m in names)]
    if len(months) != 1:  # "jui" is June and July in French
        return ""
    return f"{re.sub(r'(?<=[0-9])(st|nd|rd|th|er)$', '', parts[0])}-{months[0]}-{parts[2]}"


def _read_serial(text: str) -> date | None:
    """Return the day of Excel's number of days; the part after the point is the time of day."""
    if match := re.fullmatch(r"\s*(\d{5})(\.\d+)?\s*", text):
        return date(1899, 12, 30) + timedelta(days=int(match[1]))
    return None


DATE_ORDERS: Final[tuple[DateOrder, ...]] = ("day-month-year", "month-day-year", "year-month-day")
_DAY = r"(\d{1,4})[./-] ?(\d{1,2})[./-] ?(\d{1,4})"
_TIME = re.compile(
    r"(?:t|,?\s+)\d{1,2}(?:(?::\d{2}){1,2}(?:[.,]\d+)?|h\d{2})"
    r"\s*(?:[ap]\.?\s?m\.?|uhr|h)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?$",
    re.IGNORECASE,
)
_NO_DAYS: Final = frozenset({date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1)})
"""What spreadsheets and databases write where there is no date."""
_WEEKDAYS: Final = frozenset(
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun"
    " sunday mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag so sonntag"
    " lun lunes mar martes mie miercoles jue jueves vie viernes sab sabado dom domingo"
    " lundi mer mercredi mardi jeu jeudi ven vendredi sam samedi dim dimanche"
    " seg segunda ter terca qua quarta qui quinta sex sexta".split()
)
_MONTHS: Final = (
    ("january", "januar", "janner", "enero", "janvier", "janeiro"),
    ("february", "februar", "febrero", "fevrier", "fevereiro"),
    ("march", "marz", "maerz", "marzo", "mars", "marco"),
    ("april", "abril", "avril"),
    ("may", "mai", "mayo", "maio"),
    ("june", "juni", "junio", "juin", "junho"),
    ("july", "juli", "julio", "juillet", "julho"),
    ("august", "agosto", "aout"),
    ("september", "septiembre", "setiembre", "septembre", "setembro"),
    ("october", "oktober", "octubre", "octobre", "outubro"),
    ("november", "noviembre", "novembre", "novembro"),
    ("december", "dezember", "diciembre", "decembre", "dezembro"),
)
"""In English, German, Spanish, French and Portuguese, without accents."""
_CALENDARS: Final = (
    ("Thai Buddhist", 543, 543),
    ("Persian", -622, -621),
    ("Islamic", -582, -578),
)
"""Calendar, and how far its years lie from ours at the least and at the most, for all whom a log
can name: the Islamic year is shorter than ours and catches up one in 33."""


def _suggest_calendar(text: str, earliest: int, latest: int) -> str:
    """Return what to do about a year of four digits that is none of ours from ``earliest`` to
    ``latest``, but is one of another calendar; empty for all other texts."""
    years = [int(year) for year in re.findall(r"(?<!\d)\d{4}(?!\d)", _TIME.sub("", text.strip()))]
    if len(years) != 1 or earliest <= years[0] <= latest:
        return ""
    fitting = [
        name for name, least, most in _CALENDARS if earliest + least <= years[0] <= latest + most
    ]
    either = " or ".join(fitting)
    return f"write the day in the Gregorian calendar; the year may be {either}" if fitting else ""
