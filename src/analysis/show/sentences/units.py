"""Clinics, operators and lots beside each other, in sentences; none is ranked.

Also which rows make a funnel (:func:`find_units`), for tables and figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import pandas as pd

from analysis.individuals import InternalEstimates
from analysis.show.disclosure import Released, admit, require_released
from analysis.show.sentences.charts import HARM, HIDDEN_LIMITS, LIMITS, Row, tell_obstacle
from analysis.show.sentences.writing import Prose, name_term, write_nothing, write_paragraphs
from analysis.vocabulary import Vocabulary

FUNNEL: Final = "sessions with, by unit"


@dataclass(frozen=True)
class Units:
    """The rows of a funnel: its units, all of them together, limits at each size, signals."""

    by: str
    title: str
    whole: Row | None
    units: Sequence[Row]
    curves: Sequence[Row]
    signals: Mapping[str, str]
    """Unit → how far beyond; empty where limits may not be seen."""

    @property
    def is_hidden(self) -> bool:
        """Whether limits are there and may not be seen."""
        return any(row["status"] == "suppressed" for row in self.curves)

    @property
    def has_limits(self) -> bool:
        """Whether any limits can be seen."""
        return bool(self.curves) and not self.is_hidden


def find_units(
    frame: pd.DataFrame, vocabulary: Vocabulary, by: str, term: str = HARM
) -> Units | None:
    """Return the rows of a funnel in a frame, or None where there are no units."""
    kept = frame[(frame["term"] == term) & frame["statistic"].isin([FUNNEL, FUNNEL + LIMITS])]
    records: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in kept.to_dict("records")
    ]
    units = [row for row in records if (row["statistic"], row["by"]) == (FUNNEL, by)]
    if not units:
        return None
    limits = [row for row in records if (row["statistic"], row["by"]) == (FUNNEL + LIMITS, by)]
    wholes = [row for row in records if not row["by"]]
    return Units(
        by=by,
        title=f"Sessions with {name_term(vocabulary, term)}, by {by}",
        whole=wholes[0] if wholes else None,
        units=units,
        curves=[row for row in limits if row["by2"] == "limits"],
        signals={
            row["level"]: row["level2"]
            for row in limits
            if row["by2"] == "signal" and row["status"] != "suppressed"
        },
    )


def list_units(held: InternalEstimates, released: Released) -> list[Units]:
    """Return the funnels of operators and lots; none on a shareable page."""
    known = admit(held, released)
    if known is None:
        return []
    frame = known.frame.assign(shown_as="")
    vocabulary = released.origin.vocabulary
    found = (
        find_units(frame, vocabulary, by, term)
        for term in frame["term"].drop_duplicates()
        for by in frame.loc[frame["by"] != "", "by"].drop_duplicates()
    )
    return [each for each in found if each is not None]


def describe_clinics(released: Released, term: str = HARM) -> Prose:
    """Return which clinics lie beyond the limits of the funnel, without a ranking."""
    frame, vocabulary = require_released(released).frame, released.origin.vocabulary
    units = find_units(frame, vocabulary, "clinic", term)
    if units is None:
        return write_paragraphs(["All sessions are of one clinic, so there is nothing to compare."])
    return write_paragraphs([_tell_units(units)])


def describe_units(held: InternalEstimates, released: Released) -> Prose:
    """Return which operators and lots lie beyond; on a shareable page, where they are."""
    if admit(held, released) is None:
        return write_paragraphs(
            ["Operators and cartridge lots are compared on internal pages only."]
        )
    found = list_units(held, released)
    if not found:
        return write_nothing("operators and cartridge lots")
    return write_paragraphs([_tell_units(units) for units in found])


def _tell_units(units: Units) -> str:
    head = f"<strong>{escape(units.title)}.</strong> "
    return head + escape(
        f"{' '.join(tell_beyond(units))} Units differ in their patients too; this is no ranking."
    )


def tell_beyond(units: Units) -> list[str]:
    """Return which units lie beyond the limits, or why that is not told."""
    if units.is_hidden:
        return [HIDDEN_LIMITS]
    if not units.curves:
        notes = [row["note"] for row in units.units if row["note"]]
        return [tell_obstacle(notes[0] if notes else "")]
    if not units.signals:
        return ["None lies beyond the limits of 95 %."]
    return [f"{level}: {told}." for level, told in units.signals.items()]
