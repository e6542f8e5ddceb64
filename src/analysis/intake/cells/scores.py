"""Reads scores, and the scales they are on."""

import math
import re
from collections.abc import Mapping
from typing import Final

from analysis.intake.cells.found import ROMAN, Found, fold, is_blank
from analysis.intake.cells.numbers import parse_number
from analysis.vocabulary import Scale, Vocabulary


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


def parse_score(text: str, scale: Scale | None, decimal: str) -> Found:
    """Return the score in the unit of its scale.

    Roman numerals count for ordinal scales only, words where the scale's grades have them, and "%"
    on scales in percent. A fraction, an arrow or a share below 1 on a scale in percent can be read
    in two ways and is not read. Where the scale has no range of its own, a number below zero, 99,
    999 or 9999 stands for "none" and is no score.
    """
    if is_blank(text):
        return Found()
    if scale is None:
        return Found(rule="scale_missing", consequence="cell blanked", suggestion="name the scale")
    plain = re.sub(r"^(grade|gr|score)[ .:]*", "", fold(text))
    is_percent = scale.unit == "%"
    number = parse_number(re.sub(r"\s*%$", "", plain) if is_percent else plain, decimal).value
    if number is None and scale.kind != "continuous":
        number = ROMAN.get(plain)
    if number is None:
        named = [grade for grade, word in scale.grades.items() if fold(word) == plain]
        number = float(named[0]) if len(named) == 1 else None
    if number is None:
        hint = "a number"
        if re.search(r"→|➔|->|=>", plain):
            hint = "write the score before and the score after into two columns"
        return Found(rule="unknown_score", consequence="cell blanked", suggestion=hint)
    score = float(number)  # type: ignore[arg-type]
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
    if is_percent and 0 < score < 1 and "%" not in plain:
        hint = "write percent, from 0 to 100"
        return Found(rule="ambiguous_percent", consequence="cell blanked", suggestion=hint)
    return Found(score)


def _is_stand_in(score: float, scale: Scale) -> bool:
    is_below = scale.minimum is None and score < 0
    return is_below or (scale.maximum is None and score in _STAND_INS)


_STAND_INS: Final = (99.0, 999.0, 9999.0)


def spell_scales(vocabulary: Vocabulary) -> dict[str, str]:
    """Return folded spelling → key, for all scales."""
    return {
        fold(spelling): key
        for key, scale in vocabulary.scales.items()
        for spelling in (key, scale.name, *scale.spellings)
    }
