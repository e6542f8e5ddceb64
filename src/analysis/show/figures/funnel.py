"""Funnels: units by their size, with the limits within which chance alone leaves them."""

from html import escape
from typing import Final

import pandas as pd
from matplotlib.figure import Figure as Drawing

from analysis.individuals import InternalEstimates
from analysis.show.disclosure import Released, mark_internal, require_released
from analysis.show.figures.making import (
    GRID,
    INK,
    NOT_DRAWN,
    QUIET,
    STYLES,
    WIDTH_IN,
    Figure,
    Row,
    draw_axes,
    draw_legend,
    frame_figure,
    save,
    settle,
)
from analysis.show.sentences import (
    HARM,
    Prose,
    Units,
    find_units,
    list_units,
    tell_beyond,
    write_number,
    write_share,
)
from analysis.show.tables import Table, fold, make_units_table, show_clinics, show_units

_HEIGHT_IN: Final = 3.6
_AIR: Final = 1.15
"""The axis ends so much above the highest of what it must show."""
_WITHIN: Final = "within the limits"
_INNER: Final = "beyond 95 %"
_OUTER: Final = "beyond 99.8 %"
_SHAPES: Final = {_WITHIN: STYLES[0], _INNER: STYLES[3], _OUTER: STYLES[1]}
_LINES: Final = {"95 %": (0, (1, 2)), "99.8 %": (0, (4, 3))}
NOT_RECORDED: Final = "not recorded"


def plot_clinics(released: Released, term: str = HARM) -> Figure | Table | Prose:
    """Return the clinics in a funnel; where there are no limits, their numbers to unfold."""
    frame, vocabulary = require_released(released).frame, released.origin.vocabulary
    units = find_units(frame, vocabulary, "clinic", term)
    if units is None:
        return Prose("")
    table = show_clinics(released, term, name="clinics-behind")
    if not units.has_limits:
        return fold(table, "The numbers (without limits there is no funnel)")
    return _frame(f"figure-clinics-{term}", units, table)


def plot_units(held: InternalEstimates, released: Released) -> Figure | Table | Prose:
    """Return a funnel of operators and one of cartridge lots; nothing on a shareable page."""
    figures = [
        _frame(name, units, make_units_table(f"{name}-behind", units))
        for units in list_units(held, released)
        if units.has_limits
        for name in (f"figure-{units.by.replace(' ', '-')}",)
    ]
    if not figures:
        return fold(show_units(held, released), NOT_DRAWN)
    html = mark_internal("\n".join(figure.html for figure in figures))
    return Figure(html, "A figure for internal pages")


def _frame(name: str, units: Units, table: Table | Prose) -> Figure:
    told = "; ".join(
        f"{row['level']}: {write_share(row, 'sessions')}"
        + (f" ({units.signals[row['level']]})" if row["level"] in units.signals else "")
        for row in units.units
    )
    return frame_figure(
        name,
        [*units.units, *units.curves],
        _draw(units),
        title=units.title,
        alt=f"Funnel. {units.title}. {told}.",
        caption=[
            "A mark is a unit, the line the share of all together, the curves the limits of 95 % "
            "(dotted) and 99.8 % (dashed) within which chance alone leaves a unit of that size.",
            *map(escape, tell_beyond(units)),
            "This is no ranking.",
        ],
        table=table,
    )


def _draw(units: Units) -> str:
    shown = [
        row for row in units.units if not pd.isna(row["value"]) and row["level"] != NOT_RECORDED
    ]
    with settle():
        drawing = Drawing(figsize=(WIDTH_IN, _HEIGHT_IN), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={"left": 0.11, "right": 0.97, "top": 0.9, "bottom": 0.15}
        )
        for words, line in _LINES.items():
            curve = [row for row in units.curves if row["level2"] == words]
            sizes = [_read_size(row) for row in curve]
            for name in ("low", "high"):
                ends = [row[name] for row in curve]
                axes.plot(sizes, ends, color=INK, linewidth=1, linestyle=line, zorder=1)
        axes.axhline(units.curves[0]["value"], color=INK, linewidth=1, zorder=1)
        kinds = [_name_kind(units, row) for row in shown]
        present = [kind for kind in _SHAPES if kind in kinds]
        for kind in present:
            colour, marker = _SHAPES[kind]
            points = [row for row, each in zip(shown, kinds, strict=True) if each == kind]
            axes.plot(
                [row["total"] for row in points],
                [row["value"] for row in points],
                color=colour,
                marker=marker,
                markersize=6,
                linestyle="none",
                zorder=3,
            )
        for row in shown:
            if units.by == "clinic" or row["level"] in units.signals:
                place = (row["total"], row["value"])
                axes.annotate(str(row["level"]), place, (5, 4), textcoords="offset points")
        axes.set_xlabel(f"n = sessions of the {units.by}", color=QUIET)
        axes.set_ylabel("share of sessions", color=QUIET)
        axes.set_ylim(0.0, _find_top(units, shown))
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.yaxis.set_major_formatter(lambda share, _: f"{write_number(share * 100)} %")
        draw_axes(axes)
        draw_legend(axes, {kind: _SHAPES[kind] for kind in present}, at=(1.0, 1.0))
        return save(drawing)


def _find_top(units: Units, shown: list[Row]) -> float:
    """Return where the axis ends: above every unit, and above the limits of one of middle size;
    those of a few sessions would leave no room for the others."""
    middle = float(pd.Series([row["total"] for row in shown]).median())
    reach = [row["high"] for row in units.curves if _read_size(row) >= middle]
    return _AIR * max([*reach, *(row["value"] for row in shown)])


def _read_size(row: Row) -> int:
    return int(str(row["level"]).split(maxsplit=1)[0])


def _name_kind(units: Units, row: Row) -> str:
    told = units.signals.get(row["level"], "")
    return _WITHIN if not told else _OUTER if "99.8" in told else _INNER
