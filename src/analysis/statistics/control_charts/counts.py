"""Reading what is charted: counts, totals and values of periods or units, and which are points."""

import numpy as np
import pandas as pd

from analysis.vocabulary import Constant


def read_counts(rows: pd.DataFrame, measure: str, least: Constant) -> pd.DataFrame:
    """Return count, total, value (their quotient) and status of each row, index and order kept.

    ``status`` is ``not estimable`` where a number is missing or the total is zero, ``too few``
    where it is below the least number, else ``shown``; only there is a value.

    Raises
    ------
    ValueError
        When the counts cannot be: negative, not whole, of a share more than the total or a total
        that is not whole, events without anything they could be of.
    """
    frame = rows[["count", "total"]].astype("float64")
    counts, totals = frame["count"], frame["total"]
    _check((counts < 0) | np.isinf(counts), "fewer events than none, or endless ones, cannot be")
    _check((totals < 0) | np.isinf(totals), "a total below zero or without end cannot be")
    _check((counts % 1 != 0) & counts.notna(), "events that are no whole number cannot be")
    _check((counts > 0) & (totals == 0), "events without a session cannot be")
    if measure == "share":
        _check(counts > totals, "more with the event than there are cannot be")
        _check((totals % 1 != 0) & totals.notna(), "a total that is no whole number cannot be")
    status = _judge(counts.notna(), totals, least)
    value = (counts / totals.where(totals > 0)).where(status == "shown")
    return frame.assign(value=value, status=status)


def read_totals(rows: pd.DataFrame, least: Constant) -> pd.DataFrame:
    """Return value, total and status of each row, index and order kept.

    Raises
    ------
    ValueError
        When a total is negative or a value infinite.
    """
    frame = rows[["value", "total"]].astype("float64")
    values, totals = frame["value"], frame["total"]
    _check((totals < 0) | np.isinf(totals), "a total below zero or without end cannot be")
    _check(values.abs() == np.inf, "a value without end cannot be")
    status = _judge(values.notna(), totals, least)
    return frame.assign(value=values.where(status == "shown"), status=status)


def _judge(known: pd.Series, totals: pd.Series, least: Constant) -> pd.Series:
    words = np.where(totals >= least.value, "shown", "too few")
    judged = np.where(known & (totals > 0), words, "not estimable")
    return pd.Series(judged, index=totals.index, dtype="str")


def _check(wrong: pd.Series, sentence: str) -> None:
    if wrong.any():
        raise ValueError(sentence)
