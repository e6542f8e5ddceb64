"""Rounds the counts of a release, where the threshold profile asks for it.

A share is then that of the rounded counts, with the interval that these have, and all other numbers
keep two digits: written out to the last one, a mean or a share tells how many it rests on.
"""

import math
import re
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd

from analysis.show.disclosure.rows import NOT_SHOWN

_COUNTS: Final = ("count", "total", "patients_count", "patients_total")
_NUMBERS: Final = ("value", "low", "high")
_OF_COUNTS: Final = ("wilson", "clopper_pearson")
"""Methods whose interval follows from numerator and denominator alone."""
_DIGITS: Final = 2
_NO_MORE: Final = 1e-9


def round_counts(released: pd.DataFrame, multiple: int) -> pd.DataFrame:
    """Return the release with every count as the nearest multiple, and no number that tells more.

    The rows of the log are counted no more exactly than patients are. A quotient is that of the
    rounded numerator and denominator, with Wilson's interval, or the exact one where none or all
    count, if it had one of these before; the limits of all others are rounded outwards. Standard
    errors and degrees of freedom are left out, and so is a range that would tell the total.
    """
    rounded = released.copy()
    quotient = (rounded["count"] / rounded["total"]).astype("float64")
    is_quotient = (rounded["value"] - quotient).abs() < _NO_MORE
    for name in _COUNTS:
        rounded[name] = (rounded[name] + multiple // 2) // multiple * multiple
    told = zip(rounded["shown_as"], rounded["total"], strict=True)
    rounded["shown_as"] = [_reword(words, total) for words, total in told]
    is_share = rounded["method"].isin(_OF_COUNTS) & rounded["value"].notna()
    shares = rounded.loc[is_share, ["count", "total", "confidence"]].itertuples(index=False)
    found = [_estimate_share(*map(float, share)) for share in shares]
    for place, name in enumerate(("method", *_NUMBERS)):
        rounded.loc[is_share, name] = [each[place] for each in found]
    for name, end in zip(_NUMBERS, (np.rint, np.floor, np.ceil), strict=True):
        rounded.loc[~is_share, name] = _shorten(rounded.loc[~is_share, name], end)
    is_quotient &= ~is_share
    quotient = (rounded["count"] / rounded["total"]).astype("float64")
    rounded.loc[is_quotient, "value"] = quotient[is_quotient]
    rounded["low"] = rounded["low"].clip(upper=rounded["value"])
    rounded["high"] = rounded["high"].clip(lower=rounded["value"])
    rounded[["se", "df"]] = float("nan")
    return rounded


def _reword(words: str, total: int) -> str:
    """Return the words for a hidden number without what they tell of the total before it was
    rounded; a range that ends below the total has no others."""
    if found := re.fullmatch(r"(1 to \d+) of \d+", words):
        return f"{found[1]} of {total}"
    return NOT_SHOWN if words else ""


def _estimate_share(
    count: float, total: float, confidence: float
) -> tuple[str, float, float, float]:
    """Return method, share and limits, as :mod:`analysis.statistics.proportions` has them."""
    share, both = count / total, 1 - confidence
    if count in (0, total):
        end = (both / 2) ** (1 / total)
        return ("clopper_pearson", share, *((0.0, 1 - end) if not count else (end, 1.0)))
    z = NormalDist().inv_cdf(1 - both / 2)
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total)
    half *= math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return ("wilson", share, middle - half, middle + half)


def _shorten(numbers: pd.Series, end: np.ufunc) -> list[float]:
    """Return the numbers with two digits, to the nearest or to one end."""
    shortened = []
    for number in map(float, numbers):
        if math.isnan(number) or number == 0:
            shortened.append(number)
            continue
        place = _DIGITS - 1 - math.floor(math.log10(abs(number)))
        # what a float holds of 0.29 is less, and its floor is not to be 0.28
        scaled = round(number * 10.0**place, 9)
        shortened.append(round(float(end(scaled)) / 10.0**place, max(place, 0)))
    return shortened
