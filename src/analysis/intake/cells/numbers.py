"""Reads numbers and the measures of a session: needle, passes, minutes, pain, months."""

import re
from typing import Final

from analysis.intake.cells.found import Found, fold, fold_signs, is_blank
from analysis.vocabulary import PROTOCOL


def parse_number(text: str, decimal: str) -> Found:
    """Return the number, read with the declared decimal mark; blank has no value."""
    if is_blank(text):
        return Found()
    plain = text.strip()
    if decimal == ",":
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", plain):
            # 1.500 may be one and a half or fifteen hundred
            return Found(rule="unknown_number", consequence="cell blanked")
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d+)?|\.\d+)", plain):
        return Found(rule="unknown_number", consequence="cell blanked")
    return Found(float(plain))


_LENGTH = re.compile(r"(?P<number>\d*[.,]?\d+)\s*(?P<unit>mm|µm|um|mcm|micro(?:n|m))?")
_NOT_A_LENGTH = re.compile(
    r"^-|[\"″⁄?<>]|\+\s*$|\d\s*(?:g|cm|in|inch|inches|min|mins|minutes|s|sec|rpm|hz)\b"
    r"|gauge|\bpass|\bpins?\b|needles|\bx\s*\d|\d\s*x\b"
)
"""A negative number, a doubt, a bound, a fraction, another unit, a gauge, a count of passes or
pins: none of them is a length."""
_BETWEEN_LENGTHS = re.compile(r"[-/,;&+]|\b(?:to|and|bis|und|a|y|à|et|e)\b")
"""What joins two lengths; without it, the second number is something else."""


def parse_needle(text: str, decimal: str) -> Found:
    """Return ``(shortest, longest)`` in millimetres.

    0 means missing. Numbers with µm, or from 100 on, are micrometres; between 3.5 and 100 without a
    unit nothing can be known. Neither can a cell with anything else that is a number. Of two
    lengths with a dash, a slash or "and" between them both are kept and noted. A length that is
    shorter or longer than usual counts and is noted.
    """
    if is_blank(text):
        return Found()
    plain = fold_signs(text).replace("\u03bc", "\u00b5")
    found = [*_LENGTH.finditer(plain)]
    numbers = [parse_number(each["number"], decimal).value for each in found]
    lengths = [number for number in numbers if isinstance(number, float)]
    is_length = len(lengths) == len(numbers) in (1, 2) and not _NOT_A_LENGTH.search(plain)
    if len(found) == 2:
        between = plain[found[0].end() : found[1].start()]
        is_length = is_length and bool(_BETWEEN_LENGTHS.search(between))
    if not is_length:
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="length in mm")
    units = {each["unit"] for each in found} - {None}
    in_micrometres = bool(units) and "mm" not in units
    limit = PROTOCOL["needle_micrometre_from"].value
    lengths = [each / 1000 if in_micrometres or each >= limit else each for each in lengths]
    if max(lengths) == 0:
        return Found()
    if max(lengths) > PROTOCOL["needle_longest"].value:
        hint = "write the length in mm"
        return Found(rule="ambiguous_needle", consequence="cell blanked", suggestion=hint)
    span = (min(lengths), max(lengths))
    usual = PROTOCOL["needle_shortest"].value, PROTOCOL["needle_unusual_above"].value
    if span[0] < usual[0] or span[1] > usual[1]:
        hint = "confirm the length and its unit"
        return Found(span, "unusual_needle", "noted", hint)
    return Found(span, "needle_range", "noted") if len(lengths) == 2 else Found(span)


def parse_passes(text: str, decimal: str) -> Found:
    """Return the number of passes."""
    number = parse_number(text, decimal)
    if not isinstance(number.value, float):
        return number
    fewest, most = PROTOCOL["passes_fewest"].value, PROTOCOL["passes_most"].value
    if fewest <= number.value <= most and number.value.is_integer():
        return Found(int(number.value))
    return Found(rule="impossible_passes", consequence="cell blanked")


def parse_minutes(text: str, decimal: str) -> Found:
    """Return the minutes of a session: ``45``, ``45 min``, ``1 h``, ``1h30``, ``0:45``."""
    if is_blank(text):
        return Found()
    plain = fold(text)
    number = parse_number(re.sub(r"\s*(minutes?|mins?|min\.|m|')$", "", plain), decimal).value
    if match := re.fullmatch(r"(\d{1,2})\s*(?:h|hr|hour|hours|:)\s*(\d{1,2})?\s*(?:m|min)?", plain):
        number = float(int(match[1]) * 60 + int(match[2] or 0))
    if not isinstance(number, float):
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="minutes")
    if not 0 < number <= _LONGEST_SESSION:
        return Found(rule="impossible_minutes", consequence="cell blanked", suggestion="minutes")
    return Found(number)


_LONGEST_SESSION: Final = 600
"""Minutes; ten hours are a slip of the pen."""


def parse_pain(text: str, decimal: str) -> Found:
    """Return pain from 0 to 10; ``4/10`` is 4."""
    if is_blank(text):
        return Found()
    plain, most = fold(text), PROTOCOL["pain_most"].value
    number = parse_number(re.sub(rf"\s*/\s*{most:g}$", "", plain), decimal).value
    if not isinstance(number, float):
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="0 to 10")
    if not 0 <= number <= most:
        return Found(rule="impossible_pain", consequence="cell blanked", suggestion="0 to 10")
    return Found(number)


def parse_isotretinoin_months(text: str, decimal: str) -> Found:
    """Return the months since isotretinoin: a number, with its unit or not; 0 is now.

    "never" has no months and is no problem.
    """
    if is_blank(text) or fold(text) in ("never", "none", "no", "nil"):
        return Found()
    plain = fold(text)
    if plain in ("current", "currently", "now", "on it", "ongoing", "yes, current"):
        return Found(0.0)
    years = re.fullmatch(r"(.*?)\s*(?:years?|yrs?|y)(?: ago)?", plain)
    bare = years[1] if years else re.sub(r"\s*(months?|mths?|mo|m)?\.?( ago)?$", "", plain)
    number = parse_number(bare, decimal).value
    if not isinstance(number, float):
        return Found(rule="unknown_number", consequence="cell blanked", suggestion="months")
    months = number * 12 if years else number
    if not 0 <= months <= PROTOCOL["oldest_age"].value * 12:
        return Found(rule="impossible_months", consequence="cell blanked", suggestion="months")
    return Found(months)
