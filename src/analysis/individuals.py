"""Scores of single patients, single events, operators and lots: what leaves the estimating floor
beside the estimates of a page.

They are for pages that stay in the clinic. What holds them tells nothing of them by itself, so that
a page on which it stands by mistake shows none; ``show.disclosure.admit`` opens it, for internal
pages only.
"""

from dataclasses import dataclass
from typing import Final

import pandas as pd

CHANGES: Final = {
    "patient": "number of the patient, 1 for the one who got better the most; no id",
    "baseline": "score before the first session",
    "follow_up": "score at follow-up",
    "better": "change in points of the scale, above zero for better",
    "is_beyond": "better by more than the measurement error; missing where none is published",
    "responded": "yes, no, or could not; empty where the scale has no rule",
}
TRAJECTORIES: Final = {
    "patient": "the same number; those not seen again come after those who were",
    "place": "number of the visit, from 0",
    "visit": "name of the visit",
    "score": "score at the visit",
}
MEANS: Final = {
    "place": "number of the visit, from 0",
    "visit": "name of the visit",
    "patients": "patients scored at the visit",
    "score": "their mean; missing where they are too few",
}
EVENTS: Final = {
    "patient": "patient, as source/ID: whoever reports an event must find it in the log",
    "date": "day of the session",
    "modality": "what was done",
    "term": "key of the side effect",
    "severity": "1 mild to 5 fatal, as recorded; missing where it was not",
    "serious": "whether the log calls it serious",
    "stopped": "whether the treatment was stopped because of it",
    "resolved": "whether the log says that it has resolved",
    "device": "device as recorded",
    "device_serial": "its serial number",
    "cartridge_lot": "lot of the needle cartridge",
    "serum_lot": "lot of the serum",
    "reason": "why it is listed: serious, severe, named kind; with semicolons",
}


class ForInternalPages:
    """What only ``show.disclosure.admit`` opens; printed, it tells what it is and nothing more."""

    _holds = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__} ({self._holds}; an internal page can show them)"


@dataclass(frozen=True, eq=False, repr=False)
class Individuals(ForInternalPages):
    """Scores of single patients on one scale, first courses only; for internal pages.

    Empty frames where no course has a score, where the scale asks for the change itself, and
    where there are more than ``most`` patients, who could not be told apart in a figure.
    """

    concern: str
    scale: str
    """Key of the scale; empty where no course of the concern has a score."""
    patients: int
    """Patients with a first score whose follow-up was due."""
    most: int
    """So many patients can be shown one by one."""
    changes: pd.DataFrame
    """Columns CHANGES: patients with both scores, the one who got better the most first."""
    trajectories: pd.DataFrame
    """Columns TRAJECTORIES: a row for each patient and visit with a score."""
    means: pd.DataFrame
    """Columns MEANS: a row for each visit."""

    _holds = "scores of single patients"


@dataclass(frozen=True, eq=False, repr=False)
class InternalEstimates(ForInternalPages):
    """Numbers that a shareable page never has: events one by one, operators, lots."""

    frame: pd.DataFrame
    """The estimates frame; levels are days, or operators and lots as recorded."""
    days_since: int | None = None
    """Days from the last session to the day the log was read; None where there is none."""

    _holds = "events one by one, operators or lots"


@dataclass(frozen=True, eq=False, repr=False)
class ReportableEvents(ForInternalPages):
    """Single side effects that may have to be reported; for internal pages."""

    severity: int
    """So severe, or more, are listed."""
    terms: tuple[str, ...]
    """Side effects that are listed whatever was written of them."""
    events: pd.DataFrame
    """Columns EVENTS, by date."""

    _holds = "events of single patients"
