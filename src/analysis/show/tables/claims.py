"""The claims of the patient article as tables: each with its verdict, and the numbers behind it."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import NOT_SHOWN, Released, require_released
from analysis.show.sentences import (
    Prose,
    capitalise,
    find_claim,
    get_rows,
    name_modality,
    name_skin_types,
    name_term,
    name_verdict,
    write_count,
    write_nothing,
    write_plain,
    write_signed,
)
from analysis.show.tables.making import (
    NO_INTERVAL,
    Table,
    cite,
    make_table,
    name_cells,
    write_cells,
    write_reason,
)

_SAFER: Final = "safer_than_"
_PAIN: Final = {
    "pain recorded": "all sessions",
    "pain recorded, numbed": "with numbing",
    "pain recorded, not numbed": "without numbing",
}
_UNITS: Final = {
    "median session length": "minutes",
    "median pain": "of 10",
    "median time between sessions": "days",
    "median needle": "mm",
}
_Line = tuple[str, dict[str, Any]]


def show_verdicts(released: Released, *, name: str = "verdicts") -> Table:
    """Return every claim of the article in its own words, with the verdict as shape and word."""
    claims = require_released(released).origin.vocabulary.claims
    lines = [
        {
            "claim": capitalise(claim.name),
            "quote": f"\N{LEFT DOUBLE QUOTATION MARK}{claim.quote}\N{RIGHT DOUBLE QUOTATION MARK}",
            "verdict": name_verdict(released, key),
        }
        for key, claim in claims.items()
    ]
    rows = [row for key in claims for _label, row in _list_lines(released, key)]
    source = next(iter(claims.values())).reference
    return make_table(
        name,
        "What the article tells patients, held against this log",
        lines,
        {"claim": "About", "quote": "The article", "verdict": "This log"},
        shown=rows,
        # the verdicts are words; the numbers behind each stand with it
        defined=(),
        notes=[f"The article: {source}. The verdicts are explained below."],
        left=["quote", "verdict"],
    )


def show_claim(released: Released, claim: str, *, name: str = "claim") -> Table | Prose:
    """Return the numbers behind one claim, each with its denominator, interval and method.

    Raises
    ------
    UsageError
        For a claim that the article does not make.
    """
    block = find_claim(released, claim)
    found = _list_lines(released, claim)
    if not found:
        return write_nothing(block.name)
    rows = [row for _label, row in found]
    return make_table(
        f"{name}-{claim.replace('_', '-')}",
        f"Numbers behind the claim: {block.name}",
        [{"label": label, **_write_cells(row)} for label, row in found],
        {"label": "Measure", **name_cells(rows), "share": "Estimate"},
        shown=rows,
        notes=cite(rows),
    )


def _list_lines(released: Released, claim: str) -> list[_Line]:
    """Return the rows behind a claim, each with what it is called."""
    if claim == "session_length":
        return [
            *_list_levels(released, "session length"),
            *_list_whole(released, "median session length", "median length"),
            *_list_recorded(released, "session length", "record"),
        ]
    if claim == "interval":
        return [
            *_list_levels(released, "time between sessions"),
            *_list_whole(released, "median time between sessions", "median"),
        ]
    if claim in ("pain", "pain_without_numbing"):
        wanted = [each for each in _PAIN if claim == "pain" or each.endswith("not numbed")]
        return _list_pain(released, wanted)
    if claim == "reactions":
        vocabulary = released.origin.vocabulary
        return [
            (f"sessions with {name_term(vocabulary, row['term'])}", row)
            for row in get_rows(released, "sessions with reaction")
        ]
    if claim == "lasting_harm":
        return [
            *_list_whole(released, "patients asked", "patients asked about side effects"),
            *_list_whole(released, "patients followed", "of these, patients followed"),
            *_list_levels(released, "harm at last contact"),
            *_list_whole(released, "upper bound", "upper bound of a lasting harm"),
        ]
    return _list_modalities(released, claim.removeprefix(_SAFER))


def _list_levels(released: Released, statistic: str) -> list[_Line]:
    return [(row["level"], row) for row in get_rows(released, statistic, by=statistic)]


def _list_whole(released: Released, statistic: str, label: str) -> list[_Line]:
    return [(label, row) for row in get_rows(released, statistic)]


def _list_recorded(released: Released, level: str, by: str, where: str = "") -> list[_Line]:
    rows = get_rows(released, "recorded", by=by)
    label = f"recorded{where}, sessions"
    return [(label, row) for row in rows if row["level"] == level]


def _list_pain(released: Released, wanted: list[str]) -> list[_Line]:
    lines = []
    for population in wanted:
        for statistic, what in (("little pain", "little pain"), ("median pain", "median pain")):
            rows = get_rows(released, statistic)
            lines += [
                (f"{what}, {_PAIN[population]}", row)
                for row in rows
                if row["population"] == population
            ]
    return lines if len(wanted) == 1 else [*lines, *_list_recorded(released, "pain", "record")]


def _list_modalities(released: Released, modality: str) -> list[_Line]:
    """Return harm of both treatments, their difference, and who was treated with each."""
    index = released.origin.index_modality
    lines: list[_Line] = []
    for each in dict.fromkeys((index, modality)):
        name = name_modality(each)
        lines += [
            (f"sessions with harm, {name}", row)
            for row in get_rows(released, "sessions with harm", by="modality")
            if row["level"] == each
        ]
        lines += _list_recorded(released, each, "modality", f", {name}")
    lines += [
        ("difference, in percentage points (minus: less harm)", row)
        for row in get_rows(released, "difference in harm", by="difference")
        if row["level"] == f"{index} less {modality}"
    ]
    for each in dict.fromkeys((index, modality)):
        lines += [
            (f"{name_modality(each)}: {_name_skin(row['level'])}", row)
            for row in get_rows(released, "case mix", by="skin type group")
            if row["level2"] == each
        ]
    return [
        *lines,
        *_list_whole(released, "median needle", f"{name_modality(index)}: median needle"),
    ]


def _name_skin(level: str) -> str:
    return "skin type not recorded" if level == "not recorded" else name_skin_types(level)


def _write_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """Return number, estimate and interval of a row: a share, a median, a size or a difference."""
    told, statistic = write_reason(row), row["statistic"]
    if statistic in _UNITS:
        estimate = told or f"{write_plain(row['value'])} {_UNITS[statistic]}"
        count = NOT_SHOWN if pd.isna(row["count"]) else f"{row['count']}"
        return {"count": count, "share": estimate, "interval": NO_INTERVAL}
    if statistic == "difference in harm":
        limits = [row[name] for name in ("low", "high") if not pd.isna(row[name])]
        interval = " to ".join(write_signed(limit * 100) for limit in limits)
        return {
            "count": write_count(row),
            "share": told or write_signed(row["value"] * 100),
            "interval": told or interval or NO_INTERVAL,
        }
    if pd.isna(row["total"]) and row["status"] == "shown":
        return {"count": write_count(row), "share": "", "interval": ""}
    return write_cells(row)
