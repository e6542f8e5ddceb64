"""Control charts: points over time with their limits, signals told by shape and in words."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from analysis.individuals import InternalEstimates
from analysis.show.disclosure import Released, mark_internal
from analysis.show.figures.making import (
    GRID,
    INK,
    NOT_DRAWN,
    QUIET,
    STYLES,
    WIDTH_IN,
    Figure,
    draw_axes,
    draw_legend,
    frame_figure,
    has_marks,
    save,
    settle,
)
from analysis.show.sentences import (
    HARM,
    ChartRows,
    Prose,
    find_chart,
    list_event_charts,
    name_point,
    name_signal,
    tell_limits,
    tell_whole,
    write_month,
    write_number,
)
from analysis.show.tables import (
    Table,
    fold,
    make_chart_table,
    show_chart,
    show_events,
    write_reason,
)

_HEIGHT_IN: Final = 3.2
_MOST_TICKS: Final = 8
_ONE_DECIMAL_UNTIL: Final = 0.05
"""Where the axis of shares ends before, whole percents would not tell its steps apart."""
_POINT: Final = "no signal"
_UNFINISHED: Final = "not complete"
_SHAPES: Final = {
    _POINT: STYLES[0],
    "beyond a limit": STYLES[1],
    "shift": STYLES[2],
    "trend": STYLES[3],
    "close to a limit again": STYLES[4],
}
"""Colour and shape of a point by its signal."""


def plot_chart(released: Released, kind: str, term: str = HARM) -> Figure | Table | Prose:
    """Return a control chart: ``kind`` is share, rate or pain.

    The centre is a line, limits are steps, and stand only where there are any; a point with a
    signal has a shape of its own. A suppressed point has no mark, and then limits have none either.
    """
    chart = find_chart(released, kind, term)
    if not chart.points:
        return Prose("")
    table = show_chart(released, kind, term, name="chart-behind")
    if not has_marks(row for row, _ in chart.points):
        return fold(table, NOT_DRAWN)
    return _frame(f"figure-chart-{kind}-{chart.term or kind}", chart, table)


def plot_events(held: InternalEstimates, released: Released) -> Figure | Table | Prose:
    """Return a control chart event by event for each harm with enough of them; nothing on a
    shareable page."""
    charts = [chart for chart in list_event_charts(held, released) if chart.has_limits]
    if not charts:
        return fold(show_events(held, released), "Rare harm, event by event")
    figures = [
        _frame(name, chart, make_chart_table(f"{name}-behind", chart))
        for chart in charts
        for name in (f"figure-{chart.measure.statistic.replace(' ', '-')}-{chart.term}",)
    ]
    # printed text has no mark, so it holds no event
    html = mark_internal("\n".join(figure.html for figure in figures))
    return Figure(html, "A figure for internal pages")


def _frame(name: str, chart: ChartRows, table: Table | Prose) -> Figure:
    told = "; ".join(
        f"{name_point(row)}: {_tell_point(chart, row)}{_tell_signal(limits)}"
        for row, limits in chart.points
    )
    caption = [f"All together: {escape(tell_whole(chart))}."] if chart.whole is not None else []
    caption += map(escape, tell_limits(chart))
    if chart.has_limits:
        caption.append("The line is the centre, the dashed steps are the limits.")
    if any(_is_unfinished(row) for row, _ in chart.points):
        caption.append("A hollow mark is a period that is not complete.")
    title = f"{chart.title}, by {chart.by}"
    return frame_figure(
        name,
        chart.rows,
        _draw(chart),
        title=title,
        alt=f"Control chart. {title}. {told}.",
        caption=caption,
        table=table,
    )


def _tell_point(chart: ChartRows, row: Any) -> str:
    return write_reason(row) or chart.measure.write(row["value"], row["total"])


def _tell_signal(limits: Any) -> str:
    kind = name_signal(limits)
    return f" ({kind})" if kind else ""


def _is_unfinished(row: Any) -> bool:
    return _UNFINISHED in str(row["note"])


def _draw(chart: ChartRows) -> str:
    values = [row["value"] for row, _ in chart.points]
    kinds = [name_signal(limits) or _POINT for _, limits in chart.points]
    with settle():
        drawing = Drawing(figsize=(WIDTH_IN, _HEIGHT_IN), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={"left": 0.11, "right": 0.97, "top": 0.88, "bottom": 0.2}
        )
        axes.plot(range(len(values)), values, color=QUIET, linewidth=1, zorder=2)
        _draw_limits(axes, chart)
        present = [kind for kind in _SHAPES if kind in kinds]
        for kind in present:
            _draw_points(axes, chart, kind, kinds)
        _label(axes, chart)
        draw_axes(axes)
        if present != [_POINT]:
            draw_legend(axes, {kind: _SHAPES[kind] for kind in present}, at=(1.0, 1.0))
        return save(drawing)


def _draw_points(axes: Axes, chart: ChartRows, kind: str, kinds: Sequence[str]) -> None:
    """Draw the points of a kind; those of a period that is not complete are hollow."""
    colour, marker = _SHAPES[kind]
    for hollow in (False, True):
        places = [
            place
            for place, (row, _) in enumerate(chart.points)
            if kinds[place] == kind and _is_unfinished(row) == hollow and not pd.isna(row["value"])
        ]
        axes.plot(
            places,
            [chart.points[place][0]["value"] for place in places],
            color=colour,
            marker=marker,
            markersize=6,
            markerfacecolor="white" if hollow else colour,
            linestyle="none",
            zorder=3,
        )


def _draw_limits(axes: Axes, chart: ChartRows) -> None:
    if not chart.has_limits:
        return
    styles = {"value": "-", "low": (0, (4, 3)), "high": (0, (4, 3))}
    for name, style in styles.items():
        # each limit is as wide as its point, also beside a period that has none
        for place, (_, limits) in enumerate(chart.points):
            if limits is None or pd.isna(limits[name]):
                continue
            ends = [place - 0.5, place + 0.5]
            axes.plot(ends, [limits[name]] * 2, color=INK, linewidth=1, linestyle=style, zorder=1)


def _label(axes: Axes, chart: ChartRows) -> None:
    names = [_name_tick(row) for row, _ in chart.points]
    every = -(-len(names) // _MOST_TICKS)
    places = range(0, len(names), every)
    labels = [_break(names[place]) for place in places]
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xticks([*places], labels, color=INK)
    axes.set_ylabel(chart.measure.axis, color=QUIET)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    lowest, highest = axes.get_ylim()
    is_share = chart.measure.statistic.startswith("sessions with")
    axes.set_ylim(min(0.0, lowest) if chart.by == "event" or is_share else lowest, highest)
    if is_share:
        axes.set_ylim(0.0, None)
        decimals = 0 if axes.get_ylim()[1] > _ONE_DECIMAL_UNTIL else 1
        axes.yaxis.set_major_formatter(lambda share, _: f"{write_number(share * 100, decimals)} %")
    totals = [int(row["total"]) for row, _ in chart.points if not pd.isna(row["total"])]
    if totals:
        axes.set_xlabel(f"n = {_tell_span(totals)} sessions a {chart.by}", color=QUIET)


def _tell_span(totals: Iterable[int]) -> str:
    least, most = min(totals), max(totals)
    return f"{least}" if least == most else f"{least} to {most}"


def _name_tick(row: Any) -> str:
    """Return the label of a point; of an event its month, the day stands in the table."""
    return write_month(row["level"][: len("2024-10")]) if row["by"] == "event" else name_point(row)


def _break(name: str) -> str:
    """Return a label in two lines: the month above its year."""
    return "\n".join(name.rsplit(" ", 1))
