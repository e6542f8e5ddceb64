"""Reads scores, and the scales they are on."""

import math
import re
from collections.abc import Mapping
from typing import Final, Literal

from analysis.intake.cells.found import ROMAN, Found, fold, fold_signs, is_blank
from analysis.intake.cells.numbers import parse_number
from analysis.vocabulary import Scale, Vocabulary

Side = Literal["", "before", "after"]
"""Whose column a score stands in: scores before, scores after, or neither."""


def parse_scale(text: str, spellings: Mapping[str, str], declared: frozenset[str]) -> Found:
    """Return the key of the scale; ``declared`` are scales whose order is still to be declared."""
    if is_blank(text):
        return Found()
    key = spellings.get(fold(text))
    if key is None:
        hint = "name a scale of the vocabulary, or add it to vocabulary.toml"
        return Found(rule="unknown_scale", consequence="cell blanked", suggestion=hint)
    if key in declared:
        hint = f"declare scales.{key} in source.toml"
        return Found(rule="undeclared_scale", consequence="cell blanked", suggestion=hint)
    return Found(key)


def parse_score(text: str, scale: Scale | None, decimal: str, side: Side = "") -> Found:
    """Return the score in the unit of its scale.

    Roman numerals count for graded scales only, words where the scale's grades have them, the unit
    of the scale behind the number, "3/4" where 4 is the highest of the scale, and a percentage
    where the bands of the scale leave one grade. Of two scores with an arrow between them, the one
    before it counts in a column of scores before (``side``), the one behind it in a column of
    scores after. Halves between two grades are the mean of two raters and count as written; other
    fractions of a grade count and are noted. A share below 1 on a scale in percent can be read in
    two ways and is not read. Where the scale has no range of its own, a number below zero, 99, 999
    or 9999 stands for "none" and is no score.
    """
    if is_blank(text):
        return Found()
    if scale is None:
        return Found(rule="scale_missing", consequence="cell blanked", suggestion="name the scale")
    plain = _WORD_IN_FRONT.sub("", fold_signs(text))
    if _ARROW.search(plain):
        return _parse_arrow(plain, scale, decimal, side)
    number = _read_number(plain, scale, decimal)
    if number is None:
        grade = _find_grade(plain, scale, decimal)
        if grade is None:
            return Found(rule="unknown_score", consequence="cell blanked", suggestion="a number")
        return Found(grade, "percent_as_grade", "repaired", "write the grade")
    if refused := _refuse_number(number, plain, scale):
        return refused
    if scale.step and scale.kind != "continuous" and (number / scale.step * 2) % 1:
        return Found(number, "score_between_grades", "noted", "confirm the score")
    if "/" in plain and scale.step and number + scale.step == scale.maximum:
        return Found(number, "score_over_maximum", "noted", "write the score alone")
    return Found(number)


def _parse_arrow(plain: str, scale: Scale, decimal: str, side: Side) -> Found:
    """Read two scores with an arrow between them, both of which must be scores of the scale."""
    found = [parse_score(part, scale, decimal) for part in _ARROW.split(plain)]
    if not side or len(found) != 2 or any(each.value is None for each in found):
        hint = "write the score before and the score after into two columns"
        return Found(rule="unknown_score", consequence="cell blanked", suggestion=hint)
    hint = "write the other score into a column of its own"
    score = found[0 if side == "before" else 1].value
    return Found(score, "score_with_arrow", "repaired", hint)


def _read_number(plain: str, scale: Scale, decimal: str) -> float | None:
    """Return the number of a text, in any of the ways scores are written, in its range or not."""
    for unit in (scale.unit, scale.unit.removesuffix("s"), *_POINTS):
        if len(plain) > len(unit) and plain.endswith(unit.casefold()):
            plain = plain[: -len(unit)].rstrip()
            break
    if scale.maximum is not None:
        plain = re.sub(rf"\s*(?:/|\b(?:of|out of)\b)\s*{scale.maximum:g}$", "", plain)
    number = parse_number(plain, decimal).value
    if number is None and scale.kind != "continuous":
        number = ROMAN.get(plain)
    if number is None:
        named = [grade for grade, word in scale.grades.items() if fold(word) == plain]
        number = named[0] if len(named) == 1 else None
    return None if number is None else float(str(number))


def _find_grade(plain: str, scale: Scale, decimal: str) -> float | None:
    """Return the grade whose band of percent holds the percentage or the whole range of a text."""
    match = _PERCENT.fullmatch(plain)
    if match is None:
        return None
    low = parse_number(match["low"], decimal).value
    high = parse_number(match["high"] or match["low"], decimal).value
    if not isinstance(low, float) or not isinstance(high, float):
        return None
    is_span = bool(match["high"] or match["sign"])
    if match["sign"] and not match["high"]:
        low, high = (low, 100.0) if match["sign"] in _MORE else (0.0, high)
    fitting = [
        grade for grade, (least, most) in scale.bands.items() if least <= low <= high <= most
    ]
    # a percentage on the line between two bands belongs to the lower one
    return float(fitting[0]) if fitting and not (is_span and len(fitting) > 1) else None


def _refuse_number(score: float, plain: str, scale: Scale) -> Found | None:
    """Return what is wrong with a number as a score of its scale, if anything is."""
    if not math.isfinite(score) or _is_stand_in(score, scale):
        hint = "leave the cell empty where there is no score"
        return Found(rule="score_outside_scale", consequence="cell blanked", suggestion=hint)
    if (scale.minimum is not None and score < scale.minimum) or (
        scale.maximum is not None and score > scale.maximum
    ):
        low = "" if scale.minimum is None else f"{scale.minimum:g}"
        high = "" if scale.maximum is None else f"{scale.maximum:g}"
        hint = f"a score from {low} to {high}"
        return Found(rule="score_outside_scale", consequence="cell blanked", suggestion=hint)
    if scale.unit == "%" and 0 < score < 1 and "%" not in plain:
        hint = "write percent, from 0 to 100"
        return Found(rule="ambiguous_percent", consequence="cell blanked", suggestion=hint)
    return None


def _is_stand_in(score: float, scale: Scale) -> bool:
    is_below = scale.minimum is None and score < 0
    return is_below or (scale.maximum is None and score in _STAND_INS)


_STAND_INS: Final = (99.0, 999.0, 9999.0)
_WORD_IN_FRONT = re.compile(
    r"^(?:grade|gr|grad|grado|grau|score|stufe|class|klasse|type|typ)\b[ .:]*|^(?:grade|gr)(?=\d)"
)
_ARROW = re.compile(r"\s*(?:[→➔➜⇒]|[-=]+>)\s*")
_POINTS: Final = ("points", "point", "pts", "pt")
_PERCENT = re.compile(
    r"(?P<sign><=|>=|<|>|≤|≥|over|under|more than|less than)?\s*(?P<low>\d+(?:[.,]\d+)?)\s*%?"
    r"(?:\s*(?:-|to)\s*(?P<high>\d+(?:[.,]\d+)?))?\s*%"
)
_MORE: Final = (">", ">=", "≥", "over", "more than")


def spell_scales(vocabulary: Vocabulary) -> dict[str, str]:
    """Return folded spelling → key, for all scales."""
    return {
        fold(spelling): key
        for key, scale in vocabulary.scales.items()
        for spelling in (key, scale.name, *scale.spellings)
    }
