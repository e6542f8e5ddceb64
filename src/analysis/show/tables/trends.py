"""What changes over time and differs between units, point by point."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from analysis.individuals import InternalEstimates
from analysis.show.disclosure import NOT_SHOWN, Released, mark_internal, require_released
from analysis.show.sentences import (
    HARM,
    ChartRows,
    Prose,
    Units,
    capitalise,
    find_chart,
    find_units,
    get_rows,
    list_event_charts,
    list_units,
    name_point,
    name_sessions,
    read_signals,
    tell_beyond,
    tell_limits,
    tell_whole,
    write_count,
    write_month,
    write_nothing,
    write_percent,
    write_plain,
)
from analysis.show.tables.making import (
    NO_INTERVAL,
    Row,
    Table,
    cite,
    make_table,
    write_reason,
    write_value,
)

_ALL: Final = "all"
_INTERNAL: Final = "For internal use."


def show_chart(
    released: Released, kind: str, term: str = HARM, *, name: str = "chart"
) -> Table | Prose:
    """Return a chart as a table: what was counted, the limits and the signals of each point.

    ``kind`` is share, rate or pain.
    """
    chart = find_chart(released, kind, term)
    if not chart.points:
        return write_nothing(f"{chart.title[:1].lower()}{chart.title[1:]} over time")
    sessions = f"Sessions of {name_sessions(released).removesuffix(' in the clinic')}."
    return make_chart_table(f"{name}-{kind}-{chart.term or kind}", chart, [sessions])


def make_chart_table(name: str, chart: ChartRows, notes: Sequence[str] = ()) -> Table:
    """Return the points of a chart, and all of them together in the last line."""
    lines = [_write_point(chart, row, limits) for row, limits in chart.points]
    if chart.whole is not None:
        line = dict.fromkeys(lines[0], "")
        lines.append(line | {"point": _ALL, "count": tell_whole(chart), "value": ""})
    columns = {"point": capitalise(chart.by), "count": "Number", "value": "Value"}
    columns |= {"limits": "Limits", "signal": "Signal"}
    if not any(line["count"] for line in lines):
        del columns["count"]
    shown = chart.rows
    told = ["Limits are not an interval of an estimate: chance alone hardly ever passes them."]
    return make_table(
        name,
        f"{chart.title}, by {chart.by}",
        [{key: line[key] for key in columns} for line in lines],
        columns,
        shown=shown,
        notes=[*notes, *tell_limits(chart), *(told if chart.has_limits else []), *cite(shown)],
        left=["signal"],
    )


def _write_point(chart: ChartRows, row: Row, limits: Row | None) -> dict[str, str]:
    write = chart.measure.write
    told = write_reason(row)
    if limits is None:
        reach = NO_INTERVAL
    elif pd.isna(limits["value"]):
        reach = NOT_SHOWN
    else:
        reach = chart.measure.write_span(limits["low"], limits["high"])
    is_counted = row["status"] == "suppressed" or not pd.isna(row["total"])
    partly = " (not complete)" if "not complete" in str(row["note"]) else ""
    return {
        "point": f"{name_point(row)}{partly}",
        "count": _write_number(chart, row) if is_counted else "",
        "value": told or write(row["value"], row["total"]),
        "limits": reach,
        "signal": ", ".join(read_signals(limits)),
    }


def _write_number(chart: ChartRows, row: Row) -> str:
    if chart.measure.statistic.startswith("sessions"):
        return write_count(row)
    if row["status"] == "suppressed":
        return NOT_SHOWN
    if chart.measure.statistic.startswith("events"):
        return f"{row['count']} in {row['total']}"
    return str(row["total"])


def show_events(
    held: InternalEstimates, released: Released, *, name: str = "events"
) -> Table | Prose:
    """Return rare harm event by event; nothing on a shareable page."""
    charts = list_event_charts(held, released)
    if not charts:
        return Prose("")
    lines, groups = [], []
    for chart in charts:
        for row, limits in chart.points:
            line = _write_point(chart, row, limits)
            lines.append({key: line[key] for key in ("point", "value", "limits", "signal")})
            groups.append(chart.title)
    columns = {"point": "Day", "value": "Before it", "limits": "Limits", "signal": "Signal"}
    shown = [row for chart in charts for row in chart.rows]
    made = make_table(
        name,
        "Rare harm, event by event",
        lines,
        columns,
        shown=shown,
        groups=groups,
        notes=[_INTERNAL, *cite(shown)],
        left=["signal"],
    )
    # printed text has no mark, so it holds no event
    return Table(mark_internal(made.html), "Rare harm: a table for internal pages", made.meaning)


def show_clinics(released: Released, term: str = HARM, *, name: str = "clinics") -> Table | Prose:
    """Return each clinic's share of sessions with a harm, by name and not by rank."""
    frame, vocabulary = require_released(released).frame, released.origin.vocabulary
    units = find_units(frame, vocabulary, "clinic", term)
    return Prose("") if units is None else make_units_table(f"{name}-{term}", units)


def show_units(
    held: InternalEstimates, released: Released, *, name: str = "units"
) -> Table | Prose:
    """Return the same of operators and cartridge lots; nothing on a shareable page."""
    tables = [
        make_units_table(f"{name}-{units.by.replace(' ', '-')}", units, [_INTERNAL])
        for units in list_units(held, released)
    ]
    if not tables:
        return Prose("")
    html = mark_internal("\n".join(table.html for table in tables))
    told = "Operators and cartridge lots: tables for internal pages"
    return Table(html, told, tables[0].meaning)


def make_units_table(name: str, units: Units, notes: Sequence[str] = ()) -> Table:
    """Return the units of a funnel, and all together in the last line."""
    rows = [*units.units, *([] if units.whole is None else [units.whole])]
    lines = [
        {
            "unit": str(row["level"]) or _ALL,
            "count": write_count(row),
            "share": write_value(row),
            "signal": units.signals.get(row["level"], ""),
        }
        for row in rows
    ]
    columns = {"unit": capitalise(units.by), "count": "Sessions", "share": "Share"}
    columns |= {"signal": "Beyond the limits"}
    told = [*notes, *tell_beyond(units), "In the order of their names; this is no ranking."]
    return make_table(
        name,
        units.title,
        lines,
        columns,
        shown=[*rows, *units.curves],
        defined=rows,
        notes=[*told, *cite(rows)],
        left=["signal"],
    )


def show_freshness(released: Released, *, name: str = "freshness") -> Table | Prose:
    """Return sessions and what is written down of late, against what is usual."""
    late, usual = get_rows(released, "sessions of late"), get_rows(released, "usual sessions")
    if not late or not usual:
        return write_nothing("the log over time")
    alarms = {row["level"]: row for row in get_rows(released, "alarm", by="alarm")}
    lines = [
        {
            "what": "sessions",
            "period": write_month(late[0]["period"]),
            "late": write_count(late[0]),
            "usual": _write_usual(usual[0], write_plain),
            "alarm": _write_alarm(alarms.get("sessions")),
        }
    ]
    columns = get_rows(released, "recorded of late", by="column")
    usually = {row["level"]: row for row in get_rows(released, "usually recorded", by="column")}
    for row in columns:
        share = write_value(row)
        lines.append(
            {
                "what": f"{row['level']} written down",
                "period": row["period"],
                "late": f"{write_count(row)}, {share}" if row["status"] == "shown" else share,
                "usual": _write_usual(
                    usually[row["level"]], lambda value: write_percent(value, None)
                ),
                "alarm": _write_alarm(alarms.get(row["level"])),
            }
        )
    shown = [*late, *usual, *columns, *usually.values(), *alarms.values()]
    heads = {"what": "What", "period": "Period", "late": "Then", "usual": "Usual", "alarm": "Alarm"}
    return make_table(
        name,
        "Whether the log is still written as it was",
        lines,
        heads,
        shown=shown,
        notes=["Sessions of every modality that were chosen.", *cite(shown)],
        left=["alarm"],
    )


def _write_usual(row: Row, write: Any) -> str:
    return str(row["note"]) if pd.isna(row["value"]) else str(write(row["value"]))


def _write_alarm(row: Row | None) -> str:
    if row is None or pd.isna(row["value"]):
        return "cannot be told"
    return "alarm" if row["value"] else "none"
