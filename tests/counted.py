"""A cohort of which nothing is known but counts, for answers that ask for nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd

from analysis.intake.cohort import Selection
from test_disclosure import ORIGIN

Cell = tuple[int, ...]
"""Sessions with the harm, sessions asked, and, where they differ, patients with it, patients asked
and onsets."""


@dataclass(frozen=True)
class Counted:
    """Counts by month, or by any other level, in place of a log."""

    levels: Mapping[str, Cell]
    as_of: str = "2026-06-30"
    pain: Mapping[str, tuple[float, int, int]] = field(default_factory=dict)
    """Month → mean, sessions and patients."""
    filled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Column (empty for all) → month or quarter → sessions; each of a patient of its own."""
    selection: Selection = field(default_factory=Selection)

    @property
    def origin(self) -> Any:
        return replace(ORIGIN, as_of=self.as_of)

    @property
    def vocabulary(self) -> Any:
        return ORIGIN.vocabulary

    def count_harms(self, _terms: Sequence[str], by: str = "") -> pd.DataFrame:
        """Patients of a month come in no other one."""
        rows = [
            {"patient": f"{level} {number}", "level": name_level(level, by)} | counts
            for level, cell in self.levels.items()
            for number, counts in enumerate(deal(cell))
        ]
        names = ["patient", "level", "sessions", "sessions_asked", "sessions_with", "onsets"]
        return pd.DataFrame(rows, columns=names)

    def measure_pain(self, by: str = "") -> pd.DataFrame:
        rows = [
            {"level": name_level(level, by), "value": mean, "sessions": n, "patients": people}
            for level, (mean, n, people) in self.pain.items()
        ]
        frame = pd.DataFrame(rows, columns=["level", "value", "sessions", "patients"])
        weighted = frame.assign(value=frame["value"] * frame["sessions"])
        sums = weighted.groupby("level", as_index=False).sum()
        return sums.assign(value=sums["value"] / sums["sessions"])

    def count_filled(self, by: str) -> pd.DataFrame:
        rows = [
            {"level": level, "column": column, "sessions": n, "patients": n}
            for column, counts in self.filled.items()
            for level, n in counts.items()
            if ("Q" in level) == (by == "quarter")
        ]
        return pd.DataFrame(rows, columns=["level", "column", "sessions", "patients"])

    def find_last_day(self) -> date | None:
        months = [level for level in self.filled.get("", {}) if "Q" not in level]
        return date.fromisoformat(f"{max(months)}-15") if months else None


def deal(cell: Cell) -> list[dict[str, int]]:
    """Return the counts of single patients: one session each, what is left over to the first."""
    sessions_with, asked = cell[:2]
    people_with, people, onsets = (
        *cell[2:],
        *(sessions_with, asked, sessions_with)[len(cell) - 2 :],
    )
    rows = [{"sessions_asked": 1, "sessions_with": 0, "onsets": 0} for _ in range(people)]
    for row in rows[:people_with]:
        row |= {"sessions_with": 1, "onsets": 1}
    if rows:
        rows[0]["sessions_asked"] += asked - people
        rows[0]["sessions_with"] += sessions_with - people_with
        rows[0]["onsets"] += onsets - people_with
    return [row | {"sessions": row["sessions_asked"]} for row in rows]


def name_level(level: str, by: str) -> str:
    """Return the quarter of a month where it is asked for; any other level as it is."""
    if not by:
        return ""
    if by != "quarter":
        return level
    year, month = level.split("-")
    return f"{year}-Q{(int(month) + 2) // 3}"


def list_months(first: str, how_many: int) -> list[str]:
    """Return so many months from the first."""
    return [str(each) for each in pd.period_range(first, periods=how_many, freq="M")]


def count_months(first: str, cells: Sequence[Cell]) -> dict[str, Cell]:
    """Return these counts of the months from the first on."""
    return dict(zip(list_months(first, len(cells)), cells, strict=True))
