"""Side effects, and the time between sessions."""

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import NOT_SHOWN, Released
from analysis.show.sentences import (
    ANY_OF_A_CLASS,
    Prose,
    get_asked,
    get_rows,
    name_concern_of,
    name_modality_of,
    name_sessions,
    name_side_effect,
    name_skin_types,
    sort_by_rate,
    write_count,
    write_event_limits,
    write_limits,
    write_nothing,
    write_number,
    write_percent,
    write_plain,
    write_share,
)
from analysis.show.tables.making import (
    NO_INTERVAL,
    Row,
    Table,
    cite,
    get_key,
    make_table,
    write_reason,
)

EVENTS: Final = "events per 100 sessions"
NOTHING_HERE: Final = "\N{EN DASH}"
_CLASSES: Final = {
    "expected": "Expected reactions",
    "adverse": "Harm",
    "special_interest": "Harm that is always named",
}
_ANY: Final = "Any of a class"
_OTHER_CLASS: Final = "Other"
_TITLES: Final = (_ANY, *_CLASSES.values(), _OTHER_CLASS)
COUNTING_RULE: Final = (
    "A patient or session counts once per side effect, and only where side effects were recorded, "
    "also as none; where nothing was written down, it is in no number. A session counts where the "
    "side effect began; written again before it had ended, it is the same one. Harm that shows "
    "late counts where the patient was seen late enough, or had it."
)
_MODEL: Final = (
    "The share of sessions is that of a model in which sessions of one patient are alike, so it "
    "may differ a little from the plain quotient."
)


def show_side_effects(released: Released, *, name: str = "side-effects") -> Table | Prose:
    """Return side effects on patients, on sessions and as events in 100 sessions, side by side, and
    how they were counted."""
    rows = get_asked(released, "patients with")
    if not rows:
        return write_nothing("side effects")
    sessions, events, bounds = (
        {get_key(row): row for row in get_asked(released, statistic)}
        for statistic in ("sessions with", EVENTS, "upper bound")
    )
    parts = [
        row
        for row in get_asked(released, "patients with", by="skin type group")
        if row["term"] not in ANY_OF_A_CLASS
    ]
    lines, groups = [], []
    shown: list[Row] = []
    for title, row in _sort_by_class(released, rows):
        key = get_key(row)
        bound, of_sessions, of_events = (each.get(key) for each in (bounds, sessions, events))
        patients = write_short(row)
        if bound is not None and not pd.isna(bound["value"]):
            patients += f"\nbound {write_percent(bound['value'], row['total'])}"
        lines.append(
            {
                "label": name_side_effect(released, row),
                "patients": patients,
                "sessions": write_short(of_sessions),
                "events": _write_events(of_events),
            }
        )
        groups.append(title)
        shown.extend(each for each in (row, bound, of_sessions, of_events) if each is not None)
        for part in parts:
            if get_key(part) == key:
                label = f"{name_side_effect(released, row)}, {name_skin_types(part['level'])}"
                empty = {"sessions": NOTHING_HERE, "events": NOTHING_HERE}
                lines.append({"label": label, "patients": write_short(part), **empty})
                groups.append(title)
                shown.append(part)

    counted = [COUNTING_RULE]
    if any(not pd.isna(bound["value"]) for bound in bounds.values()):
        counted.append(
            "Bound: where nobody had it, the largest share that is still compatible with that "
            "(exact, one-sided)."
        )
    if any(row["method"] == "clustered_gee" for row in shown):
        counted.append(_MODEL)
    for row in get_rows(released, "recorded"):
        counted.append(f"Side effects were recorded at {write_share(row, 'sessions')}.")
        shown.append(row)
    return make_table(
        name,
        f"Side effects{name_concern_of(released, rows)}",
        lines,
        {
            "label": "Side effect",
            "patients": "Patients",
            "sessions": "Sessions",
            "events": "Events in 100 sessions",
        },
        groups=groups,
        shown=shown,
        notes=[
            f"Sessions of {name_modality_of(released)}. Below a number stands its interval.",
            *counted,
            *cite(shown),
        ],
    )


def _sort_by_class(released: Released, rows: Iterable[dict[str, Any]]) -> list[tuple[str, Row]]:
    """Return rows below the title of their class, the most frequent first."""
    effects = released.origin.vocabulary.side_effects

    def find_title(term: str) -> str:
        if term in ANY_OF_A_CLASS:
            return _ANY
        known = term in effects
        return _CLASSES[effects[term].severity_class] if known else _OTHER_CLASS

    placed = [(find_title(row["term"]), row) for row in sort_by_rate(released, rows)]
    return sorted(placed, key=lambda each: _TITLES.index(each[0]))


def write_short(row: Row | None) -> str:
    """Return "24 of 40, 60 %" and the interval below; a dash for no row."""
    if row is None:
        return NOTHING_HERE
    told = write_reason(row)
    if told:
        count = write_count(row)
        return count if told == NOT_SHOWN else f"{count}\n{told}"
    limits = write_limits(row)
    share = f"{write_count(row)}, {write_percent(row['value'], row['total'])}"
    return f"{share}\n{limits}" if limits else share


def _write_events(row: Row | None) -> str:
    if row is None:
        return NOTHING_HERE
    told = write_reason(row)
    if told:
        return told
    return f"{write_number(row['value'], 1)}\n{write_event_limits(row) or NO_INTERVAL}"


def show_intervals(released: Released, *, name: str = "intervals") -> Table | Prose:
    """Return the intervals between sessions against four weeks."""
    short = get_rows(released, "interval under four weeks")
    middle = get_rows(released, "median interval")
    shown = [*short, *middle]
    if not shown:
        return write_nothing("intervals")
    lines = [
        {"measure": "at least one interval under four weeks", "found": write_share(row, "patients")}
        for row in short
    ]
    for row in middle:
        known = "" if pd.isna(row["total"]) else f" ({row['total']} patients)"
        found = write_reason(row) or f"{write_plain(row['value'])} days{known}"
        lines.append({"measure": "median interval", "found": found})
    return make_table(
        name,
        "Intervals between sessions",
        lines,
        {"measure": "Measure", "found": "Found"},
        shown=shown,
        notes=[f"Sessions of {name_sessions(released)}.", *cite(shown)],
        left=["found"],
    )
