"""Side effects in detail: other denominators, how grave, how long, and what goes with them."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences import (
    Prose,
    capitalise,
    get_asked,
    get_rows,
    group_rows,
    name_concern,
    name_modality,
    name_modality_of,
    name_side_effect,
    name_term,
    write_confidence,
    write_count,
    write_limits,
    write_nothing,
    write_number,
    write_percent,
    write_plain,
    write_signed,
    write_words,
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
from analysis.show.tables.side_effects import (
    EVENTS,
    NOTHING_HERE,
    write_short,
)

HARM_GROUPINGS: Final = {
    "needle": "Longest needle of the session",
    "passes": "Passes",
    "skin type group": "Skin types together",
    "concern": "Concern (a session counts under each it treated)",
    "adjunct": "Put on besides",
    "setting": "In the clinic or at home",
    "modality": "Another modality, sessions of its own",
}
"""What side effects are told apart by, in words."""
BLANK_AS_NONE: Final = "all, blank as none"
IN_WINDOW: Final = "asked, seen in the onset window"
_LASTED: Final = ("within its limit", "longer", "not recorded")
_UNRESOLVED: Final = ("unresolved after 7 days", "unresolved after 30 days")


def show_other_denominators(
    released: Released, *, name: str = "other-denominators"
) -> Table | Prose:
    """Return the same side effects with a blank taken for none, and of what is late those alone who
    were seen inside its onset window."""
    columns = {
        "asked": ("patients with", "patients asked", "of those asked"),
        "all": ("patients with", f"patients {BLANK_AS_NONE}", "blank as none"),
        "window": ("patients with", f"patients {IN_WINDOW}", "seen in the onset window"),
        "sessions_asked": ("sessions with", "sessions asked", "of those asked"),
        "sessions_all": ("sessions with", f"sessions {BLANK_AS_NONE}", "blank as none"),
        "events_asked": (EVENTS, "sessions asked", "of those asked"),
        "events_all": (EVENTS, f"sessions {BLANK_AS_NONE}", "blank as none"),
    }
    found = {
        column: {
            get_key(row): row
            for row in get_rows(released, statistic)
            if row["population"] == population
        }
        for column, (statistic, population, _) in columns.items()
    }
    if not found["all"]:
        return write_nothing("other denominators")
    lines, shown = [], list[Row]()
    for key, row in found["all"].items():
        rows = {column: of_column.get(key) for column, of_column in found.items()}
        cells = {column: _write_otherwise(each) for column, each in rows.items()}
        lines.append({"label": name_side_effect(released, row), **cells})
        shown.extend(each for each in rows.values() if each is not None)
    return make_table(
        name,
        "Side effects, counted otherwise",
        lines,
        {"label": "Side effect", **{column: told for column, (_, _, told) in columns.items()}},
        spanners={
            "Patients": ["asked", "all", "window"],
            "Sessions": ["sessions_asked", "sessions_all"],
            "Events per 100 sessions": ["events_asked", "events_all"],
        },
        shown=shown,
        notes=[
            "Blank as none: as if nothing written down meant that nothing was there. That is how "
            "such numbers are usually quoted, and it makes them too low.",
            *cite(shown),
        ],
    )


def _write_otherwise(row: Row | None) -> str:
    if row is None:
        return NOTHING_HERE
    if row["unit"] == "events":
        return write_reason(row) or write_number(row["value"], 1)
    told = write_reason(row)
    count = write_count(row)
    return count if row["status"] == "suppressed" else f"{count}\n{told or _write_share(row)}"


def _write_share(row: Row) -> str:
    return write_percent(row["value"], row["total"])


def show_grades(released: Released, *, name: str = "grades") -> Table | Prose:
    """Return the patients with each side effect by the worst grade that was written of it."""
    rows = get_rows(released, "worst grade", by="worst grade")
    if not rows:
        return write_nothing("grades of side effects")
    grades = sorted(
        {row["level"] for row in rows}, key=lambda level: (not level[0].isdigit(), level)
    )
    lines, shown = [], list[Row]()
    left_out = 0
    for (_concern, _term), several in group_rows(rows, "concern", "term").items():
        if all(row["status"] == "suppressed" for row in several):
            left_out += 1
            continue
        cells = {row["level"]: write_count(row).split(" of ")[0] for row in several}
        total = next((row["total"] for row in several if not pd.isna(row["total"])), pd.NA)
        lines.append(
            {
                "label": name_side_effect(released, several[0]),
                **{f"grade{place}": cells.get(level, "0") for place, level in enumerate(grades)},
                "total": NOTHING_HERE if pd.isna(total) else str(total),
            }
        )
        shown += several
    if not lines:
        return write_nothing("grades of side effects that may be shown")
    heads = {f"grade{place}": level.split()[0] for place, level in enumerate(grades)}
    heads = {key: "none written" if head == "not" else head for key, head in heads.items()}
    named = ", ".join(level for level in grades if level[0].isdigit())
    notes = [
        "A patient counts once for a side effect, by its worst grade. The grades are the clinic's "
        "own; they are not those of CTCAE."
    ]
    if named:
        notes.insert(0, f"Grades: {named}.")
    if left_out:
        notes.append(f"Not in the table: {left_out} side effects of too few patients.")
    return make_table(
        name,
        "Worst grade",
        lines,
        {"label": "Side effect", **heads, "total": "Patients with it"},
        spanners={"Patients by worst grade": [*heads]},
        shown=shown,
        notes=[*notes, *cite(shown)],
    )


def show_lasting(released: Released, *, name: str = "lasting") -> Table | Prose:
    """Return how many expected reactions lasted longer than their limit and so became harm."""
    rows = get_rows(released, "lasted", by="lasted")
    if not rows:
        return write_nothing("how long expected reactions lasted")
    effects = released.origin.vocabulary.side_effects
    lines = []
    for several in group_rows(rows, "concern", "term").values():
        cells = {row["level"]: write_count(row).split(" of ")[0] for row in several}
        term = several[0]["term"]
        effect = effects.get(term)
        limit = effect.promote_after_hours if effect else None
        becomes = f"prolonged {effect.name}" if effect else ""
        if effect and effect.promotes_to:
            becomes = name_term(released.origin.vocabulary, effect.promotes_to)
        lines.append(
            {
                "label": name_side_effect(released, several[0]),
                "limit": _write_hours(limit) if limit is not None else "none",
                **{state: cells.get(state, "0") for state in _LASTED},
                "becomes": becomes if limit is not None else NOTHING_HERE,
            }
        )
    return make_table(
        name,
        "Expected, or too long",
        lines,
        {
            "label": "Expected reaction",
            "limit": "Limit",
            **{state: state for state in _LASTED},
            "becomes": "Longer counts as",
        },
        spanners={"Events that lasted": [*_LASTED]},
        shown=rows,
        notes=[
            "Longer than its limit, and only then, an expected reaction counts as harm and no "
            "longer as expected. Of how many nobody wrote how long they lasted is a third state: "
            "they stay expected. The limits are conventions of this project.",
            *cite(rows),
        ],
        left=["becomes"],
    )


def _write_hours(hours: float) -> str:
    if hours < 1:
        return f"{write_number(hours * 60)} minutes"
    return f"{write_plain(hours)} hours" if hours % 24 or hours < 72 else f"{hours / 24:g} days"


def show_resolution(released: Released, *, name: str = "resolution") -> Table | Prose:
    """Return how long side effects took to resolve, of those of which that was recorded."""
    known = {get_key(row): row for row in get_rows(released, "resolution recorded")}
    if not known:
        return write_nothing("how long side effects took to resolve")
    middle = {get_key(row): row for row in get_rows(released, "median days")}
    late = [{get_key(row): row for row in get_rows(released, each)} for each in _UNRESOLVED]
    lines, shown, left_out = [], list[Row](), 0
    for key, row in known.items():
        others = [each[key] for each in (middle, *late) if key in each]
        if all(each["status"] != "shown" for each in others):
            left_out += 1
            continue
        lines.append(
            {
                "label": name_side_effect(released, row),
                "known": write_count(row),
                "median": _write_days(middle.get(key)),
                "early": _write_unresolved(late[0].get(key)),
                "late": _write_unresolved(late[1].get(key)),
            }
        )
        shown += [row, *others]
    if not lines:
        return write_nothing("how long side effects took to resolve: too few were followed up")
    notes = [
        "The first event of a patient. Whose had not resolved when last seen counts for as long as "
        "the patient was followed; of whom nobody wrote how long it lasted, nor that it had not "
        "resolved, is in no estimate."
    ]
    if left_out:
        notes.append(f"Not in the table: {left_out} side effects of too few patients.")
    sure = next((write_confidence(row) for row in shown if not pd.isna(row["confidence"])), "")
    return make_table(
        name,
        "Days until it had resolved",
        lines,
        {
            "label": "Side effect",
            "known": "Recorded",
            "median": "Median days",
            "early": "Unresolved after 7 days",
            "late": "Unresolved after 30 days",
        },
        shown=shown,
        notes=[*notes, f"In brackets the {sure} interval." if sure else "", *cite(shown)],
        left=["median", "early", "late"],
    )


def _write_days(row: Row | None) -> str:
    if row is None:
        return NOTHING_HERE
    told = write_reason(row)
    if told:
        return told
    ends = row["low"], row["high"]
    if all(pd.isna(end) for end in ends):
        return write_plain(row["value"])
    low, high = map(_write_end, ends)
    return f"{write_plain(row['value'])} ({low} to {high})"


def _write_end(days: float) -> str:
    return "not known" if pd.isna(days) else write_plain(days)


def _write_unresolved(row: Row | None) -> str:
    if row is None:
        return NOTHING_HERE
    told = write_reason(row)
    if told:
        return told
    limits = write_limits(row)
    return f"{_write_share(row)} ({limits})" if limits else _write_share(row)


# ---- what goes with it -------------------------------------------------------------------------


def list_harm_groups(released: Released, statistic: str = "sessions with") -> list[dict[str, Any]]:
    """Return the rows of all groupings of the harm the page compares."""
    return [
        row
        for by in HARM_GROUPINGS
        for row in get_asked(released, statistic, by=by)
        if _is_compared(released, row)
    ]


def _is_compared(released: Released, row: Row) -> bool:
    """Return whether a row is of the harm that is compared; hyperpigmentation by skin type stands
    with the other side effects."""
    frame = released.frame
    compared = frame.loc[frame["statistic"] == "sessions with", ["by", "term"]]
    return row["term"] in {*compared.loc[compared["by"].isin([*HARM_GROUPINGS]), "term"]}


def name_harm_level(released: Released, row: Row) -> str:
    """Return the level of a group as a reader knows it."""
    if row["by"] == "modality":
        return name_modality(row["level"])
    if row["by"] == "concern":
        return name_concern(released.origin.vocabulary, row["level"])
    return write_words(row["level"])


def show_harm_groups(released: Released, *, name: str = "harm-groups") -> Table | Prose:
    """Return the harm that is compared by what was done and who was treated."""
    sessions = list_harm_groups(released)
    if not sessions:
        return write_nothing("what goes with harm")
    patients = {
        (row["by"], row["level"]): row for row in list_harm_groups(released, "patients with")
    }
    whole: Mapping[str, Row] = {
        row["unit"]: row
        for statistic in ("patients with", "sessions with")
        for row in get_asked(released, statistic)
        if row["term"] == sessions[0]["term"]
    }
    lines, groups, shown = [], [], list[Row]()

    def add(label: str, title: str, of_patients: Row | None, of_sessions: Row) -> None:
        told = {"patients": write_short(of_patients), "sessions": write_short(of_sessions)}
        lines.append({"label": label, **told})
        groups.append(title)
        shown.extend(each for each in (of_patients, of_sessions) if each is not None)

    if "sessions" in whole:
        title = f"All sessions of {name_modality_of(released)}"
        add("all", title, whole.get("patients"), whole["sessions"])
    for row in sessions:
        label = name_harm_level(released, row)
        add(label, HARM_GROUPINGS[row["by"]], patients.get((row["by"], row["level"])), row)
    harm = name_term(released.origin.vocabulary, sessions[0]["term"])
    return make_table(
        name,
        f"{capitalise(harm)}, by group",
        lines,
        {"label": "Group", "patients": "Patients", "sessions": "Sessions"},
        groups=groups,
        shown=shown,
        notes=[
            "Described, not compared: the groups were not made by chance. Below a number is its "
            "interval. A patient may be in "
            "several groups, so patients do not add up.",
            *_tell_case_mix(released),
            *cite(shown),
        ],
    )


def _tell_case_mix(released: Released) -> list[str]:
    """Return who is treated with each modality, which differs before anything is done."""
    told = [
        f"{name_modality(row['level'])} {write_count(row)}"
        for row in get_rows(released, "darker skin", by="modality")
    ]
    if not told:
        return []
    listed = "; ".join(told)
    return [f"Patients with skin types IV to VI, of those whose type is known: {listed}."]


def show_harm_differences(released: Released, *, name: str = "harm-differences") -> Table | Prose:
    """Return the differences between two groups of sessions, plain and standardised."""
    kinds = {
        "difference in sessions with": "plain",
        "standardised difference in sessions with": "standardised",
    }
    rows = [
        row
        for by in HARM_GROUPINGS
        for statistic in kinds
        for row in get_rows(released, statistic, by=f"{by}, difference")
    ]
    if not rows:
        return Prose("")
    lines = []
    for row in rows:
        told = write_reason(row)
        limits = ""
        if not told and not pd.isna(row["low"]):
            low, high = (write_signed(row[end] * 100) for end in ("low", "high"))
            limits = f"{low} to {high}"
        lines.append(
            {
                "groups": row["level"],
                "kind": kinds[row["statistic"]],
                "difference": told or write_signed(row["value"] * 100),
                "interval": told or limits or NO_INTERVAL,
            }
        )
    return make_table(
        name,
        "Differences between two groups of sessions",
        lines,
        {
            "groups": "Groups",
            "kind": "Kind",
            "difference": "Percentage points",
            "interval": "Interval",
        },
        shown=rows,
        notes=[
            "Exploratory. Plus is more in the first group. Standardised: as if both groups had the "
            "same skin types and ages (needles), or the same needles and ages (skin types); what "
            "is not recorded may still differ. A patient may have sessions in both groups, and the "
            "intervals reckon with it.",
            *cite(rows),
        ],
        left=["kind"],
    )
