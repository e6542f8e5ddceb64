"""Outcomes in detail: which grade became which, for whom, when, and had all been seen again."""

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences import (
    Prose,
    get_rows,
    name_modality,
    name_subject,
    name_unit,
    write_count,
    write_number,
    write_signed,
    write_words,
)
from analysis.show.tables.making import (
    NO_INTERVAL,
    Row,
    Table,
    cite,
    make_table,
    name_cells,
    write_cells,
    write_reason,
)

GROUPINGS: Final = {
    "skin type group": "Skin types together",
    "skin type": "Skin type (Fitzpatrick)",
    "needle": "Longest needle of the course",
    "passes": "Most passes in a session",
    "adjunct": "Put on besides",
    "subtype": "Subtype",
    "clinic": "Clinic",
    "device": "Device of the first session",
    "sessions": "Number of sessions",
    "modality": "Another modality, courses of its own",
}
"""What outcomes are told apart by, in words."""
_UNSEEN: Final = {
    "unchanged": "had all of them stayed as they were",
    "worst": "had all of them done as badly as can be",
    "best": "had all of them done as well as can be",
}
_OTHERWISE: Final = {
    "seen again": "those who could not respond counted in",
    "analysed, no other procedure": "without courses in which something else was done besides",
    "all courses analysed": "all courses instead of first ones, clustered by patient",
    "further courses analysed": "the further courses alone, clustered by patient",
}
_AMONG_THE_SEEN: Final = "among those seen"


def name_level(row: Row) -> str:
    """Return the level of a group as a reader knows it."""
    return name_modality(row["level"]) if row["by"] == "modality" else write_words(row["level"])


def list_groups(released: Released) -> list[dict[str, Any]]:
    """Return the rows of all groupings: responders, or the mean change where there is no rule."""
    for statistic in ("responders", "mean change"):
        rows = [row for by in GROUPINGS for row in get_rows(released, statistic, by=by)]
        if rows:
            return rows
    return []


def show_shift(released: Released, *, name: str = "shift") -> Table | Prose:
    """Return how many patients went from which grade to which; nothing on scales without grades."""
    rows = get_rows(released, "shift", by="baseline")
    if not rows:
        return Prose("")
    scale = released.origin.vocabulary.scales.get(rows[0]["scale"])
    later = [*dict.fromkeys(row["level2"] for row in rows)]
    cells = {(row["level"], row["level2"]): write_count(row).split(" of ")[0] for row in rows}
    lines = [
        {"before": before} | {f"to{number}": cells[before, to] for number, to in enumerate(later)}
        for before in dict.fromkeys(row["level"] for row in rows)
    ]
    heads = {f"to{number}": to for number, to in enumerate(later)}
    total = "" if pd.isna(rows[0]["total"]) else f" of {rows[0]['total']}"
    better = f"A {scale.direction} grade is better. " if scale else ""
    return make_table(
        name,
        f"First and later grade: {name_subject(released, rows[0])}",
        lines,
        {"before": "First grade", **heads},
        spanners={"Grade at follow-up": [*heads]},
        shown=rows,
        notes=[f"{better}Numbers of patients{total}; a line is a first grade.", *cite(rows)],
    )


def show_answers(released: Released, *, name: str = "answers") -> Table | Prose:
    """Return how many gave each answer on the scales of change."""
    rows = get_rows(released, "answer", by="answer")
    if not rows:
        return Prose("")
    good = get_rows(released, "good answers")
    lines, groups = [], []
    shown: list[Row] = []
    for row in [*rows, *good]:
        label = row["level"] or "answers that meet the responder rule"
        lines.append({"answer": label, **write_cells(row)})
        groups.append(name_subject(released, row))
        shown.append(row)
    # the answers of a scale, and below them those that meet its rule
    order = sorted(range(len(lines)), key=lambda place: groups.index(groups[place]))
    return make_table(
        name,
        "Answers on scales of change",
        [lines[place] for place in order],
        {"answer": "Answer", **name_cells(shown)},
        groups=[groups[place] for place in order],
        shown=shown,
        notes=cite(shown),
    )


def show_visits(released: Released, *, name: str = "visits") -> Table | Prose:
    """Return what was seen at each visit: the model's mean and the plain one, or responders."""
    series = {
        "Mean score of the model, had all continued": "marginal mean",
        "Change since baseline in the model": "change at visit",
        "Mean score of those who came": "observed mean",
        "Responders among those seen at the visit": "responders at visit",
    }
    lines, groups = [], []
    shown: list[Row] = []
    for title, statistic in series.items():
        for row in get_rows(released, statistic, by="visit"):
            lines.append({"visit": row["level"], **_write_cells(released, row)})
            groups.append(title)
            shown.append(row)
    if not lines:
        return Prose("")
    return make_table(
        name,
        f"Visit by visit: {name_subject(released, shown[0])}",
        lines,
        {"visit": "Visit", **_name_cells(shown)},
        groups=groups,
        shown=shown,
        notes=["A visit with fewer than 10 patients is left out.", *cite(shown)],
    )


def show_groups(released: Released, *, name: str = "groups") -> Table | Prose:
    """Return responders by what was known at the start; described, not compared."""
    rows = list_groups(released)
    if not rows:
        return Prose("")
    return make_table(
        name,
        f"Outcome by group: {name_subject(released, rows[0])}",
        [{"level": name_level(row), **_write_cells(released, row)} for row in rows],
        {"level": "Group", **_name_cells(rows)},
        groups=[GROUPINGS[row["by"]] for row in rows],
        shown=rows,
        notes=[
            "Exploratory: the groups differ in more than what names them. Under 10 patients no "
            "share and no mean is given. How many sessions somebody has is a consequence of how "
            "it goes, so that is described only. Courses of another modality are of other "
            "patients, or of the same ones; they are in no other line. All courses are in the "
            "clinic.",
            *cite(rows),
        ],
    )


def show_differences(released: Released, *, name: str = "differences") -> Table | Prose:
    """Return the differences between two groups, plain and standardised; exploratory."""
    lines, groups = [], []
    shown: list[Row] = []
    for by in GROUPINGS:
        for statistic, label in (
            ("difference in responders", "as it is"),
            ("standardised difference in responders", "standardised for first score and age"),
        ):
            for row in get_rows(released, statistic, by=f"{by}, difference"):
                told = write_reason(row)
                count = write_count(row).split(" of ")[0]
                lines.append(
                    {
                        "label": label,
                        "count": count,
                        "share": told or write_signed(row["value"] * 100),
                        "interval": told or _write_point_limits(row),
                    }
                )
                groups.append(f"{GROUPINGS[by]}: {row['level']}")
                shown.append(row)
    if not lines:
        return Prose("")
    return make_table(
        name,
        "Differences between two groups, in percentage points of responders (exploratory)",
        lines,
        {"label": "Difference", **name_cells(shown), "share": "Percentage points"},
        groups=groups,
        shown=shown,
        notes=[
            "Patients were not given one or the other by chance: who has a longer needle or "
            "another skin type differs in other things too, and standardising takes out the "
            "named ones only.",
            *cite(shown),
        ],
    )


def show_unseen(released: Released, *, name: str = "unseen") -> Table | Prose:
    """Return the outcome had those not seen again been counted, and counted otherwise."""
    lines, groups = [], []
    shown: list[Row] = []

    def add(title: str, rows: Iterable[dict[str, Any]], labels: dict[str, str], key: str) -> None:
        for row in rows:
            label = labels.get(row[key], row[key]) or _AMONG_THE_SEEN
            lines.append({"label": label, **_write_cells(released, row)})
            groups.append(title)
            shown.append(row)

    for statistic, title in (("responders", "Responders"), ("mean change", "Mean change")):
        unseen = get_rows(released, statistic, by="unseen")
        if unseen:
            title = f"{title}, with those not seen again"
            add(title, get_rows(released, statistic), {}, "level")
            add(title, unseen, _UNSEEN, "level")
    otherwise = get_rows(released, "responders, counted otherwise")
    add("Responders, counted otherwise", otherwise, _OTHERWISE, "population")
    if not lines:
        return Prose("")
    return make_table(
        name,
        f"Does the answer hang on who was seen and counted? {name_subject(released, shown[0])}",
        lines,
        {"label": "Counted", **_name_cells(shown)},
        groups=groups,
        shown=shown,
        notes=cite(shown),
    )


def show_other_estimates(released: Released, *, name: str = "other-estimates") -> Table | Prose:
    """Return the change of a continuous scale estimated in other ways; nothing for grades."""
    kinds = {
        "mean change": "mean",
        "mean change, bootstrap": "mean, interval by bootstrap",
        "median percent change": "median of each patient's percentage",
        "beyond measurement error": "better by more than the measurement error",
    }
    rows = [(label, row) for kind, label in kinds.items() for row in get_rows(released, kind)]
    if len(rows) < 2:
        return Prose("")
    shown = [row for _, row in rows]
    return make_table(
        name,
        f"The change, estimated in several ways: {name_subject(released, shown[0])}",
        [{"label": label, **_write_cells(released, row)} for label, row in rows],
        {"label": "Change", **_name_cells(shown)},
        shown=shown,
        notes=["Plus is better, also on scales where a lower score is better.", *cite(shown)],
    )


# --- cells of rows that are shares, means or percentages ----------------------------------------


def _write_cells(released: Released, row: Row) -> dict[str, str]:
    """Return number, estimate and interval of a row, whatever it measures."""
    told, statistic = write_reason(row), row["statistic"]
    if statistic.startswith(("responders", "beyond")):
        return write_cells(row)
    count = write_count(row)
    if not pd.isna(row["count"]) and row["count"] == row["total"]:
        count = f"{row['count']}"
    is_percent = statistic == "median percent change"
    write = write_signed if "change" in statistic else _write_score
    unit = "%" if is_percent else name_unit(released, row)
    limits = [row["low"], row["high"]]
    interval = NO_INTERVAL if pd.isna(limits).any() else " to ".join(map(write, limits))
    estimate = told or f"{write(row['value'])} {unit}"
    return {"count": count, "share": estimate, "interval": told or interval}


def _write_point_limits(row: Row) -> str:
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return NO_INTERVAL
    return f"{write_signed(row['low'] * 100)} to {write_signed(row['high'] * 100)}"


def _write_score(value: float) -> str:
    return write_number(value, 1)


def _name_cells(rows: list[Any]) -> dict[str, str]:
    return name_cells(rows) | {"share": "Estimate"}
