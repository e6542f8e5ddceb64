"""Published facts as a page shows them: what anybody can look up, about no patient of the clinic.

They are a kind of their own beside the released estimates. Nothing of a clinic's patients is in
them, so they need no disclosure control, and nothing of them goes into an estimate.
"""

import re
from dataclasses import dataclass
from typing import Final

from analysis.vocabulary.terms import RegulatoryStatus, Result, Study

_MARKS: Final = re.compile("[\N{REGISTERED SIGN}\N{TRADE MARK SIGN}\N{COPYRIGHT SIGN}]")
_GAPS: Final = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, kw_only=True)
class PublishedResult:
    """One number of a study, and what there is to say of it beside the clinic's own."""

    study: Study
    result: Result
    place: int
    """Where the number stands among the results of its study, from 1."""
    is_same_scale: bool | None
    """None where there is nothing to compare: a side effect, or no scale of the clinic's."""
    is_possible: bool | None
    """Whether percentage and number of patients can both be true; None where one is missing."""


@dataclass(frozen=True, kw_only=True)
class PublishedResults:
    """The published numbers for one concern, and the scale of the clinic's own headline."""

    concern: str
    scale: str
    """Key; empty where the clinic has no score of the concern."""
    rows: tuple[PublishedResult, ...]


@dataclass(frozen=True, kw_only=True)
class DeviceStatus:
    """A device as a log writes it, and one decision on it; None where none was assessed."""

    device: str
    product: str
    """The product of the table that the device is, by its spelling; empty where it is none."""
    status: RegulatoryStatus | None


@dataclass(frozen=True, kw_only=True)
class RegulatoryStatuses:
    """What is known of the regulatory status of devices for one concern."""

    concern: str
    rows: tuple[DeviceStatus, ...]


def fold_device(name: str) -> str:
    """Return a device's name without case, trade marks, hyphens and extra spaces; two names are
    the same device only when these are equal."""
    return _GAPS.sub(" ", _MARKS.sub(" ", name)).strip().casefold()
