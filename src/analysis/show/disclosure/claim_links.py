"""What a page of claims tells beyond its sums: rows that are made of other rows."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from analysis.show.disclosure.rows import EVERYTHING, NOT_SHOWN, NOTHING, Hiding, Row

_QUESTION: Final = "claims"
_SIZES: Final = {"session length": "session length recorded", "pain": "pain recorded"}
"""What was recorded → the population it makes, whose size its patients tell."""
_OVERLAPPING: Final = "clustered_difference"


def hide_claims(rows: Sequence[Row], hiding: Sequence[Hiding], threshold: int) -> list[Hiding]:
    """Hide what would tell a hidden number of a claim: a difference of two shares with either of
    them, the size of a population with the population, and the median of so few patients that it
    tells how many lie on one side of it."""
    claims = [
        (row, each)
        for row, each in zip(rows, hiding, strict=True)
        if row.question == _QUESTION and each.extent > NOTHING
    ]
    harm = {row.level for row, _each in claims if row.statistic == "sessions with harm"}
    gone = {
        name
        for row, each in claims
        if each.extent == EVERYTHING
        for name in (row.population, row.by and row.statistic)
    }
    few = {
        row.population
        for row, _each in claims
        if row.total is None or row.total <= 2 * (threshold - 1)
    }

    def tells(row: Row) -> bool:
        if row.statistic == "difference in harm":
            return not harm.isdisjoint(row.level.split(" less "))
        if row.statistic == "turning points":
            return row.level in gone
        if row.statistic == "recorded" and row.by == "record":
            return _SIZES.get(row.level) in gone
        return row.method == "median" and row.population in few

    hidden = Hiding(EVERYTHING, NOT_SHOWN, frozenset({"patients"}))
    return [
        hidden if row.question == _QUESTION and each.extent < EVERYTHING and tells(row) else each
        for row, each in zip(rows, hiding, strict=True)
    ]


def blank_overlap(released: pd.DataFrame) -> None:
    """Leave out how many patients had both of two treatments: the distinct patients of a difference
    tell it beside those of each, and so do its degrees of freedom."""
    overlapping = released["method"] == _OVERLAPPING
    for name in ("patients_count", "patients_total"):
        released.loc[overlapping, name] = pd.NA
    for name in ("se", "df"):
        released.loc[overlapping, name] = float("nan")
