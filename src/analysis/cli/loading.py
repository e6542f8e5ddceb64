"""From what was asked for to a cohort. Only here is the clock read."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from analysis.cli.telling import say

if TYPE_CHECKING:
    from analysis.intake.cohort import Cohort

_LONG: Final = 20_000_000
"""Bytes from which on a log takes long enough to say what is being done."""


def find_today(source: str) -> str:
    """Return today as an ISO day for a source whose settings tell no day it was extracted on;
    empty for one whose settings do."""
    from analysis.intake.sources import find_project, read_source

    known = read_source(find_project(), source).extracted_on
    return date.today().isoformat() if known is None else ""


def load(source: str, as_of: str = "", **choice: Any) -> "Cohort":
    """Return the cohort; without a day in ``source.toml`` or ``as_of`` it is read as of today.

    ``choice`` are fields of :class:`~analysis.intake.cohort.Selection`; the others mean all.
    """
    from analysis.intake.cohort import load_cohort
    from analysis.intake.sources import find_project, read_source

    project = find_project()
    declared = read_source(project, source)
    as_of = as_of or find_today(source)
    files = [declared.folder / name for name in declared.every_file]
    is_long = sum(each.stat().st_size for each in files if each.is_file()) > _LONG
    tell = _tell if is_long else None
    return load_cohort(source, as_of=as_of, project=project, tell=tell, **choice)


def load_again(source: str, as_of: str) -> "Cohort":
    """Return the cohort as a page that is there asks for it: without a day it is read as of that of
    ``source.toml``, never of today."""
    from analysis.intake.cohort import load_cohort
    from analysis.intake.sources import find_project

    return load_cohort(source, as_of=as_of, project=find_project())


def make_scan(cohort: "Cohort", period: str) -> Callable[[str], Sequence[str]]:
    """Return what finds the identifiers of the log in a text, in which the ends of the period are
    none."""
    from analysis.intake.cohort import parse_period
    from analysis.intake.identifiers import list_identifiers, make_scanner
    from analysis.intake.sources import find_project

    days = parse_period(period) if period else ()
    return make_scanner(list_identifiers(cohort, find_project()), allowed_days=days)


def _tell(step: str) -> None:
    say(f"outcomes: {step} ...", err=True)
