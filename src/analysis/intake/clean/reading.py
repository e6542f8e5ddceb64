"""What is known of one load while it is read, and the problems that were found so far.

A problem is a number beside a row: what is wrong, in which column, and what becomes of the cell is
said once for each number, because a column of millions of cells has a few kinds of mistakes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeAlias

import ibis
import pandas as pd

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.engine import Engine, Table, make_table
from analysis.intake.sources import PROBLEM, Layout, Log, Source
from analysis.vocabulary import Scale, Vocabulary

Row: TypeAlias = dict[str, Any]
PROBLEM_OF_COLUMN: Final = {"column": "string"} | dict.fromkeys(PROBLEM[4:], "string")


@dataclass(frozen=True)
class Reading:
    """One load: the log, how it is to be read, and the problems so far."""

    engine: Engine
    log: Log
    source: Source
    vocabulary: Vocabulary
    as_of: date
    """The last day that can be in the log."""
    problems: list[Table] = field(default_factory=list)
    """Row and number of what is wrong with it."""
    numbers: dict[tuple[str | None, str, str, str | None], int] = field(default_factory=dict)
    """Column, rule, consequence and suggestion of a kind of problem → its number."""
    effects_read: dict[str, cells.SideEffectsCell] = field(default_factory=dict)

    @property
    def layouts(self) -> Sequence[Layout]:
        """The layouts of the source; a row has the place of its own."""
        return self.source.every_layout

    def number_layouts(self) -> Iterable[tuple[int, Layout]]:
        """Return each layout with its place."""
        return enumerate(self.layouts)

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """The scales of the vocabulary, with the order of those that had to be declared."""
        return self.source.find_scales(self.vocabulary)

    @cached_property
    def _effects(self) -> cells.SideEffectSpellings:
        return cells.SideEffectSpellings.of(self.vocabulary)

    @property
    def scale_columns(self) -> list[str]:
        """The scales that have a column of their own in some layout."""
        return list(dict.fromkeys(scale for each in self.layouts for scale in each.scores))

    @property
    def measures(self) -> list[int]:
        """The layouts whose rows are scores alone."""
        return [n for n, layout in self.number_layouts() if layout.rows == "scores"]

    def maps(self, role: str) -> bool:
        """Return whether some layout has a column for a role."""
        return any(role in layout.columns for layout in self.layouts)

    @property
    def has_wide(self) -> bool:
        """Whether a row of the log can hold several sessions."""
        return any(layout.is_wide for layout in self.layouts)

    def parse_effects(self, text: str) -> cells.SideEffectsCell:
        """Return what a text says of side effects; it is read once."""
        if text not in self.effects_read:
            self.effects_read[text] = cells.parse_side_effects(text, self._effects)
        return self.effects_read[text]

    def read_effects(self, layout: Layout, text: str) -> cells.SideEffectsCell:
        """Return what a cell of side effects says where the layout answers its questions."""
        return cells.answer_side_effects(self.parse_effects(text), text, layout.answers)

    def keep(self, name: str, table: Table) -> Table:
        """Compute a table once; see :meth:`.Engine.keep`."""
        return self.engine.keep(f"kept_{name}", table)

    # --- problems -----------------------------------------------------------------------------

    def number_problem(self, column: str | None, found: Found) -> int:
        """Return the number of a kind of problem in a column."""
        key = (column, found.rule, found.consequence, found.suggestion or None)
        return self.numbers.setdefault(key, len(self.numbers))

    def name_problem(self, rows: Table, role: str, found: Found) -> ibis.Value:
        """Return the number of this problem in the column that each layout has for a role."""
        numbers = [
            (rows.layout == n, self.number_problem(layout.columns[role], found))
            for n, layout in self.number_layouts()
            if role in layout.columns
        ]
        return (ibis.cases(*numbers, else_=None) if numbers else ibis.null()).cast("int64")

    def add_problems(self, rows: Table, number: ibis.Value) -> None:
        """Add the problem with this number to each of the rows."""
        self.problems.append(rows.select("row", problem=number.cast("int64")))

    def list_kinds(self) -> Table:
        """Return number → column, rule, consequence and suggestion."""
        listed = [(n, *key) for key, n in self.numbers.items()]
        types = {"problem": "int64"} | PROBLEM_OF_COLUMN
        return make_table(pd.DataFrame(listed, columns=[*types]), types)
