"""What was seen at each visit: the mean score of a model, or the share of responders."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from analysis.show.disclosure import NOT_SHOWN, Released
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
    has_marks,
    save,
    settle,
)
from analysis.show.sentences import (
    Prose,
    get_rows,
    name_subject,
    tell_mean,
    write_confidence,
    write_number,
    write_share,
)
from analysis.show.tables import Table, fold, show_visits

_HEIGHT_IN: Final = 3.1
_MODEL: Final = "mean of the model"
_OBSERVED: Final = "mean of those who came"
_SHARE: Final = "share of responders"


def plot_visits(released: Released) -> Figure | Table | Prose:
    """Return the mean score at each visit, of the model and as observed; of grades the share of
    responders. The patients seen at each visit stand below it."""
    means = get_rows(released, "marginal mean", by="visit")
    series = {_MODEL: means, _OBSERVED: get_rows(released, "observed mean", by="visit")}
    if not means:
        series = {_SHARE: get_rows(released, "responders at visit", by="visit")}
    rows = [row for some in series.values() for row in some]
    if not rows:
        return Prose("")
    table = show_visits(released, name="visits-behind")
    if not has_marks(rows):
        return fold(table, NOT_DRAWN)
    title = f"{'Mean score' if means else 'Responders'} by visit: {name_subject(released, rows[0])}"
    told = "; ".join(
        f"{row['level']}, {name}: "
        f"{tell_mean(released, row) if means else write_share(row, 'patients')}"
        for name, some in series.items()
        for row in some
    )
    caption = (
        [
            "The model's mean is what would be expected had all patients continued; beside it "
            "stands the plain mean of those who came."
        ]
        if means
        else ["A mark is the share of those seen at the visit, the line its interval."]
    )
    return frame_figure(
        "figure-visits",
        rows,
        _draw(released, series),
        title=title,
        alt=f"Points with intervals. {title}. {told}.",
        caption=[*caption, "Below each visit stand the patients seen."],
        table=table,
    )


def _draw(released: Released, series: Mapping[str, Sequence[Row]]) -> str:
    counted = series.get(_OBSERVED) or series.get(_SHARE) or []
    visits = [*dict.fromkeys(row["level"] for some in series.values() for row in some)]
    seen = {row["level"]: NOT_SHOWN if pd.isna(row["total"]) else row["total"] for row in counted}
    styles = dict(zip(series, STYLES, strict=False))
    with settle():
        drawing = Drawing(figsize=(WIDTH_IN, _HEIGHT_IN), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={"left": 0.11, "right": 0.97, "top": 0.88, "bottom": 0.27}
        )
        below = [visit.replace("before ", "before\n") for visit in visits]
        labels = [
            f"{label}\nn = {seen.get(visit, NOT_SHOWN)}"
            for visit, label in zip(visits, below, strict=True)
        ]
        axes.set_xlim(-0.5, len(visits) - 0.5)
        axes.set_xticks(range(len(visits)), labels, color=INK)
        axes.set_ylabel(_name_axis(released, series), color=QUIET)
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        draw_axes(axes)
        if _SHARE in series:
            axes.set_ylim(0, 1)
            steps = [0, 0.25, 0.5, 0.75, 1]
            axes.set_yticks(steps, [f"{write_number(step * 100)} %" for step in steps], color=INK)
        for name, rows in series.items():
            shift = 0.0 if len(series) == 1 else -0.07 if name == _MODEL else 0.07
            _draw_series(axes, rows, visits, styles[name], shift)
        if len(series) > 1:
            draw_legend(axes, styles, at=(1.0, 1.0))
        return save(drawing)


def _name_axis(released: Released, series: Mapping[str, Sequence[Row]]) -> str:
    rows = [row for some in series.values() for row in some]
    sure = {write_confidence(row) for row in rows if not pd.isna(row["confidence"])}
    interval = f", {sure.pop()} interval" if len(sure) == 1 else ""
    if _SHARE in series:
        return f"responders{interval}"
    scale = released.origin.vocabulary.scales.get(rows[0]["scale"])
    return f"{scale.unit if scale else 'points'}{interval}"


def _draw_series(
    axes: Axes, rows: Sequence[Row], visits: Sequence[str], style: tuple[str, str], shift: float
) -> None:
    """Draw what is shown; a suppressed visit has no mark."""
    colour, marker = style
    shown: list[Any] = [row for row in rows if not pd.isna(row["value"])]
    places = [visits.index(row["level"]) + shift for row in shown]
    axes.vlines(
        places,
        [row["low"] for row in shown],
        [row["high"] for row in shown],
        colors=colour,
        linewidth=2,
    )
    axes.plot(
        places,
        [row["value"] for row in shown],
        color=colour,
        marker=marker,
        markersize=7,
        linestyle="none",
        zorder=3,
    )
