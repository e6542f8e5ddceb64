"""Scores of single patients: what leaves the estimating floor beside the estimates.

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


@dataclass(frozen=True, eq=False, repr=False)
class Individuals:
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

    def __repr__(self) -> str:
        return "Individuals (scores of single patients; an internal page can show them)"
