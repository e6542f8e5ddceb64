"""What cleaning hands up the stairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.intake.engine import Table


@dataclass(frozen=True)
class Account:
    """Where the rows of a log went; see :meth:`check`."""

    read: int
    used: int
    set_aside: int
    not_data: int

    def check(self) -> None:
        """Assert that nothing is lost."""
        if self.read != self.used + self.set_aside + self.not_data:
            raise AssertionError(f"rows were lost: {self}")


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A log as typed rows.

    ``visits`` has one row per used row of the log, with its place, its session and its typed cells.
    Patients and sessions are numbers; ``names`` has the name of each patient. ``concerns``,
    ``events``, ``denials`` and ``screening`` say what each distinct cell says (see
    :func:`.told.spread_cells`), ``scores`` has one row per score. A source of canonical tables has
    no visits: its ``tables`` are those of the schema, by name.
    """

    problems: Table
    account: Account
    visits: Table = None
    names: Table = None
    people: Table = None
    measured: Table = None
    concerns: Table = None
    events: Table = None
    denials: Table = None
    scores: Table = None
    screening: Table = None
    tables: Mapping[str, Table] = field(default_factory=dict)
