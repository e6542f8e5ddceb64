"""Split faces as a table: both halves of the same patients, side by side."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences import (
    Prose,
    capitalise,
    get_rows,
    group_rows,
    name_contrast,
    name_half,
    name_subject,
    name_unit,
    write_count,
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

_STATISTICS: Final = (
    "mean change of a half",
    "difference in change between halves",
    "half that did better",
    "responders of a half",
    "halves that responded",
    "difference in responders between halves",
)
"""In the order in which a contrast shows them."""


def show_halves(released: Released, *, name: str = "halves") -> Table | Prose:
    """Return what became of each half and the difference of the pairs, contrast by contrast, and
    what was done on the halves; nothing where no patient has both halves scored, or so few that all
    of it is hidden."""
    done = get_rows(released, "halves", by="what was done")
    if all(pd.isna(row["total"]) for row in done):
        return Prose("")
    rows = [row for each in _STATISTICS for row in get_rows(released, each, by="halves")]
    lines, groups, shown = [], [], list[dict[str, Any]]()
    for (contrast,), members in group_rows(rows, "level").items():
        for row in members:
            lines.append({"label": _name_line(row), **_write_cells(released, row)})
            groups.append(capitalise(name_contrast(contrast)))
            shown.append(row)
    for row in done:
        lines.append({"label": name_contrast(row["level"]), **write_cells(row)})
        groups.append("Patients with both halves scored, by what was done on them")
        shown.append(row)
    return make_table(
        name,
        f"Both halves of a face: {name_subject(released, done[0])}",
        lines,
        {"label": "Half", **name_cells(shown), "share": "Estimate"},
        groups=groups,
        shown=shown,
        notes=[
            "Plus is better, and in a difference it is in favour of the first half. Patients are "
            "counted, not halves. Halves treated alike or another number of times, or not told "
            "apart by the log, are not compared.",
            *cite(shown),
        ],
    )


def _name_line(row: Mapping[str, Any]) -> str:
    statistic, half = row["statistic"], name_half(row)
    if statistic == "half that did better":
        return "neither did better" if row["level2"] == "neither half" else f"better: {half}"
    if statistic == "halves that responded":
        is_one = row["level2"].endswith(" only")
        return f"responded only: {half}" if is_one else f"responded: {row['level2']}"
    names = {
        "mean change of a half": f"mean change: {half}",
        "responders of a half": f"responders: {half}",
        "difference in change between halves": "mean difference between halves",
        "difference in responders between halves": "difference in responders between halves, in "
        "percentage points (number: pairs whose halves differ)",
    }
    return names[statistic]


def _write_cells(released: Released, row: Mapping[str, Any]) -> dict[str, str]:
    """Return number, estimate and interval of a row: a share, a change, or points of percent."""
    statistic = row["statistic"]
    if not ("change" in statistic or statistic.startswith("difference")):
        return write_cells(row)
    told, factor, unit = write_reason(row), 1, f" {name_unit(released, row)}"
    count = write_count(row)
    if "change" not in statistic:
        factor, unit = 100, ""
    elif not pd.isna(row["count"]):
        count = f"{row['count']}"
    limits = [row["low"], row["high"]]
    interval = " to ".join(write_signed(limit * factor) for limit in limits if not pd.isna(limit))
    return {
        "count": count,
        "share": told or f"{write_signed(row['value'] * factor)}{unit}",
        "interval": told or interval or NO_INTERVAL,
    }
