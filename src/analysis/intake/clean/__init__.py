"""From text to typed tables, cell by cell, and every cell or row that was not used as written.

A column is read once per *distinct* text and joined back, so a slow rule costs nothing. All layouts
of a source go up the stairs together: each text is looked up with the number of its layout, because
the layout decides how it is read. Nothing is dropped: rows read = used + set aside + not data,
which is asserted on every load.
"""

from datetime import date

from analysis.intake.clean.account import bind_problems, count_rows, name_column
from analysis.intake.clean.cleaned import Account, Cleaned
from analysis.intake.clean.reading import Reading
from analysis.intake.clean.rows import read_rows
from analysis.intake.clean.scores import read_scores
from analysis.intake.clean.tables import take_tables
from analysis.intake.clean.told import (
    read_concerns,
    read_contraindications,
    read_side_effects,
    spread_cells,
)
from analysis.intake.clean.visits import find_years, read_visits, union_measured
from analysis.intake.engine import Engine
from analysis.intake.sources import Log, Source
from analysis.vocabulary import Vocabulary

__all__ = ["Account", "Cleaned", "clean_log", "find_years", "name_column", "spread_cells"]


def clean_log(
    engine: Engine, log: Log, source: Source, vocabulary: Vocabulary, as_of: date
) -> Cleaned:
    """Return the typed rows of a log and its problems.

    ``as_of`` is the last day that can be in the log. Raises nothing for bad cells: they are
    problems.
    """
    if source.every_layout[0].format.kind == "tables":
        return take_tables(engine, log, source, vocabulary, as_of)
    reading = Reading(engine, log, source, vocabulary, as_of)
    written = read_rows(reading)
    typed = read_visits(reading, written)
    concerns = read_concerns(reading, written, union_measured(reading, typed))
    scores = read_scores(reading, typed, concerns)
    events, denials = read_side_effects(reading, written, typed.visits)
    screening = read_contraindications(reading, written, typed.visits)
    return Cleaned(
        problems=bind_problems(reading, written, typed.rows),
        account=count_rows(reading, written, typed.rows),
        visits=typed.visits,
        names=typed.names,
        people=typed.people,
        measured=typed.measured,
        concerns=concerns,
        events=events,
        denials=denials,
        scores=scores,
        screening=screening,
    )
