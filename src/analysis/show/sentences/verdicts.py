"""Whether a log agrees with a claim of the patient article: a word, from what is shown and nothing
else.

A verdict that was worked out from a hidden number would tell it. So it is worked out here, from the
released rows: where a count is hidden in a range, the verdict stands only if it is the same for
every number in the range, and a reader could have found it too.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import NOT_SHOWN, Released
from analysis.show.sentences.writing import get_rows
from analysis.vocabulary import PROTOCOL

Row = Mapping[str, Any]

AGREES: Final = "agrees"
DISAGREES: Final = "disagrees"
TOO_LITTLE: Final = "too little data"
UNANSWERABLE: Final = "cannot be answered"
SHAPES: Final[Mapping[str, str]] = {
    AGREES: "\N{BLACK CIRCLE}",
    DISAGREES: "\N{BLACK SQUARE}",
    TOO_LITTLE: "\N{WHITE DIAMOND}",
    UNANSWERABLE: "\N{WHITE CIRCLE}",
    NOT_SHOWN: "\N{WHITE SQUARE}",
}
"""Verdict → its shape, so that no colour is needed; in the order in which they are explained."""
USUAL: Final[Mapping[str, tuple[str, str]]] = {
    "session_length": ("session length", "session length"),
    "pain": ("little pain", "pain recorded"),
    "pain_without_numbing": ("little pain", "pain recorded, not numbed"),
    "interval": ("time between sessions", "time between sessions"),
}
"""Claims on the usual share of patients: the statistic, and what the turning points are called."""
SAFER: Final = "safer_than_"
"""Before the modality in the key of a claim."""


def judge_claim(released: Released, claim: str) -> str:
    """Return the verdict on a claim, or the words for a verdict that would tell a hidden number."""
    if claim in USUAL:
        return _judge_share(find_usual(released, claim), find_turning_points(released, claim))
    if claim == "reactions":
        return _judge_reactions(get_rows(released, "sessions with reaction"))
    if claim == "lasting_harm":
        return _judge_lasting(released)
    return _judge_safer(released, claim.removeprefix(SAFER))


# --- finding rows -------------------------------------------------------------------------------


def find_usual(released: Released, claim: str) -> Row | None:
    """Return the share of patients that a claim on the usual share is about."""
    statistic, name = USUAL[claim]
    if statistic == "little pain":
        rows = [row for row in get_rows(released, statistic) if row["population"] == name]
    else:
        levels = get_rows(released, statistic, by=statistic)
        # the level that the article names lies between the two others
        rows = levels[1:2]
    return rows[0] if rows else None


def find_turning_points(released: Released, claim: str) -> Row | None:
    """Return from and up to which share of patients a log would agree and disagree."""
    rows = get_rows(released, "turning points", by="rule")
    return next((row for row in rows if row["level"] == USUAL[claim][1]), None)


def find_level(released: Released, statistic: str, by: str, level: str) -> Row | None:
    """Return the row of one level of a grouping."""
    return next(
        (row for row in get_rows(released, statistic, by=by) if row["level"] == level), None
    )


def find_size(released: Released, statistic: str) -> Row | None:
    """Return the only row of a statistic over all."""
    return next(iter(get_rows(released, statistic)), None)


def read_range(row: Row) -> tuple[int, int] | None:
    """Return the smallest and largest that a count can be for a reader; None where nothing is told
    of it."""
    if row["status"] != "suppressed":
        return None if pd.isna(row["count"]) else (int(row["count"]), int(row["count"]))
    found = re.fullmatch(r"(\d+) to (\d+)(?: of \d+)?", str(row["shown_as"]))
    return (int(found[1]), int(found[2])) if found else None


# --- the rules ----------------------------------------------------------------------------------


def _judge_share(row: Row | None, turning: Row | None) -> str:
    """Agrees where the lower limit is above the usual share of patients, disagrees where the upper
    limit is below it."""
    if row is None or turning is None:
        return UNANSWERABLE
    if pd.isna(row["total"]) or turning["status"] == "suppressed":
        return NOT_SHOWN
    if not row["total"]:
        return UNANSWERABLE
    if row["status"] == "too few" or turning["status"] == "too few":
        return TOO_LITTLE
    ends = read_range(row)
    if ends is None:
        return NOT_SHOWN
    total = int(row["total"])
    agrees_from = math.inf if pd.isna(turning["high"]) else round(turning["high"] * total)
    disagrees_to = -1 if pd.isna(turning["low"]) else round(turning["low"] * total)
    verdicts = {
        AGREES if count >= agrees_from else DISAGREES if count <= disagrees_to else TOO_LITTLE
        for count in ends
    }
    # whatever lies between two counts with the same verdict has it too
    return verdicts.pop() if len(verdicts) == 1 else NOT_SHOWN


def _judge_reactions(rows: Sequence[Row]) -> str:
    """Disagrees where one of the reactions disagrees, agrees where all of them agree."""
    cut = PROTOCOL["claim_reaction_share"].value
    verdicts = [judge_reaction(row, cut) for row in rows]
    for verdict in (DISAGREES, NOT_SHOWN, TOO_LITTLE, UNANSWERABLE):
        if verdict in verdicts:
            return verdict
    return AGREES if verdicts else UNANSWERABLE


def judge_reaction(row: Row, cut: float) -> str:
    """Agrees where the lower limit is above the stated share of sessions, disagrees where the upper
    limit is below it."""
    if row["status"] == "suppressed":
        return NOT_SHOWN
    if not row["total"]:
        return UNANSWERABLE
    if pd.isna(row["low"]):
        return TOO_LITTLE
    return AGREES if row["low"] > cut else DISAGREES if row["high"] < cut else TOO_LITTLE


def _judge_lasting(released: Released) -> str:
    """Disagrees with one lasting harm; agrees with none, nothing open and an upper bound below the
    stated share. That nothing was seen never agrees by itself."""
    asked = find_size(released, "patients asked")
    lasting, unknown = (
        find_level(released, "harm at last contact", "harm at last contact", level)
        for level in ("lasting harm", "not known whether it lasted")
    )
    if asked is None or lasting is None or unknown is None or read_range(asked) == (0, 0):
        return UNANSWERABLE
    if pd.isna(lasting["total"]):
        return NOT_SHOWN
    ends = read_range(lasting)
    if ends is None:
        return NOT_SHOWN
    if ends != (0, 0):
        return DISAGREES
    bound = find_size(released, "upper bound")
    most = PROTOCOL["claim_lasting_most"].value
    if bound is None or pd.isna(bound["value"]) or bound["value"] >= most:
        return TOO_LITTLE
    left_open = read_range(unknown)
    if left_open is None:
        return NOT_SHOWN
    return AGREES if left_open == (0, 0) else TOO_LITTLE


def _judge_safer(released: Released, modality: str) -> str:
    """Agrees where the whole interval of the difference is below minus the stated margin, disagrees
    where it is above that."""
    index = released.origin.index_modality
    if modality == index:
        return UNANSWERABLE
    for each in (index, modality):
        row = find_level(released, "sessions with harm", "modality", each)
        if row is None or (not pd.isna(row["total"]) and not row["total"]):
            return UNANSWERABLE
    row = find_level(released, "difference in harm", "difference", f"{index} less {modality}")
    if row is None or row["status"] == "suppressed":
        return NOT_SHOWN
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return TOO_LITTLE
    margin = PROTOCOL["claim_safer_by"].value
    return AGREES if row["high"] < -margin else DISAGREES if row["low"] > -margin else TOO_LITTLE
