"""Reads days: of sessions, of later scores and of birth."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from analysis.intake.cells.found import Found, fold, is_blank
from analysis.intake.sources import DateOrder
from analysis.vocabulary import PROTOCOL


def parse_date(text: str, order: DateOrder, as_of: date) -> Found:
    """Return the calendar day.

    The declared order says which number is the day; ISO dates and months by name are read whatever
    the order. Two-digit years are this century; a time of day is read over. Five digits are Excel's
    count of days, and repaired. A day after ``as_of``, or before microneedling was done, is a
    problem. While the order is undeclared,
    a date is read only if it can be read in one way.
    """
    if is_blank(text):
        return Found(rule="missing_date", consequence="row set aside")
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
    return _note_serial(day) if serial else Found(day)


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

    A year of two digits is read if only one century makes a person of a possible age.
    """
    if is_blank(text):
        return Found()
    orders = DATE_ORDERS if order == "undeclared" else (order,)
    serial = _read_serial(text)
    days = {serial} if serial else {read_day(text, each) for each in orders} - {None}
    if not re.search(r"\d{3}", text):
        days |= {_add_years(day, -100) for day in days if day}
    oldest = _add_years(as_of, -PROTOCOL["oldest_age"].whole)
    possible = sorted(day for day in days - _NO_DAYS if day and oldest < day <= as_of)
    if len(possible) == 1:
        return _note_serial(possible[0]) if serial else Found(possible[0])
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
    text = text.strip()
    try:
        if named := _read_month_name(text):
            text = named
            order = "year-month-day" if re.match(r"\d{4}", text) else "day-month-year"
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-]\d{2}:?\d{2})?)?", text):
            return datetime.fromisoformat(text[:10]).date()
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
    parts = [part for part in re.split(r"[\s.,/-]+", fold(text)) if part]
    if parts and parts[0][:3] in _WEEKDAYS:
        parts = parts[1:]
    if len(parts) == 3 and parts[0].isalpha():
        parts = [parts[1], parts[0], parts[2]]
    if len(parts) != 3 or len(parts[1]) < 3 or not parts[1].isalpha():
        return ""
    month = next(
        (n for n, names in enumerate(_MONTHS, 1) if any(m.startswith(parts[1]) for m in names)), 0
    )
    return f"{re.sub(r'(?<=[0-9])(st|nd|rd|th)$', '', parts[0])}-{month}-{parts[2]}"


def _read_serial(text: str) -> date | None:
    """Return the day of Excel's number of days; the part after the point is the time of day."""
    if match := re.fullmatch(r"\s*(\d{5})(\.\d+)?\s*", text):
        return date(1899, 12, 30) + timedelta(days=int(match[1]))
    return None


DATE_ORDERS: Final[tuple[DateOrder, ...]] = ("day-month-year", "month-day-year", "year-month-day")
_DAY = r"(\d{1,4})[./-] ?(\d{1,2})[./-] ?(\d{1,4})(?: \d{1,2}:\d{2}(?::\d{2})?)?"
_NO_DAYS: Final = frozenset({date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1)})
"""What spreadsheets and databases write where there is no date."""
_WEEKDAYS: Final = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
_MONTHS: Final = (
    *(("january", "januar", "enero", "janvier"), ("february", "februar", "febrero", "février")),
    *(("march", "märz", "marzo", "mars"), ("april", "abril", "avril")),
    *(("may", "mai", "mayo"), ("june", "juni", "junio", "juin")),
    *(("july", "juli", "julio", "juillet"), ("august", "agosto", "août")),
    *(("september", "septiembre", "septembre"), ("october", "oktober", "octubre", "octobre")),
    *(("november", "noviembre", "novembre"), ("december", "dezember", "diciembre", "décembre")),
)
