"""Diverging bars: the answers on change scales, good ones to the right and others to the left."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch

from analysis.show.disclosure import Released
from analysis.show.figures.making import (
    AIR_IN,
    BOTTOM_IN,
    GRID,
    HEADING_WIDTH,
    INK,
    LEGEND_IN,
    LINE_IN,
    NOT_DRAWN,
    QUIET,
    STYLES,
    TOP_IN,
    WIDTH_IN,
    Figure,
    draw_axes,
    frame_figure,
    save,
    settle,
    wrap,
)
from analysis.show.sentences import (
    Prose,
    capitalise,
    get_rows,
    group_rows,
    name_scale,
    name_subject,
    write_count,
    write_number,
    write_share,
)
from analysis.show.tables import Table, fold, show_answers

_GOOD: Final = "good"
_KINDS: Final = {"good": ("meets the responder rule", ""), "not good": ("does not", "////")}
"""What each kind of answer is called, and its hatching."""
_ENDS: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
_Line = tuple[str, dict[str, Any] | None]
"""A label and its number; a heading has none."""


def plot_answers(released: Released) -> Figure | Table | Prose:
    """Return how many gave each answer on the change scales, the best one on top.

    The numbers alone where none can be drawn.
    """
    rows = get_rows(released, "answer", by="answer")
    if not rows:
        return Prose("")
    table = show_answers(released, name="answers-behind")
    if not any(not pd.isna(row["value"]) and row["value"] for row in rows):
        return fold(table, NOT_DRAWN)
    vocabulary = released.origin.vocabulary
    lines: list[_Line] = []
    told = []
    for (key,), answers in group_rows(rows, "scale").items():
        scale = name_scale(vocabulary, key)
        lines.append((wrap(capitalise(scale), HEADING_WIDTH), None))
        lines += [(wrap(row["level"]), row) for row in answers]
        told += [f"{scale}, {row['level']}: {write_share(row, 'patients')}" for row in answers]
    concern = name_subject(released, {**rows[0], "scale": ""})
    title = f"Answers on scales of change: {concern}"
    return frame_figure(
        "figure-answers",
        rows,
        _draw(lines),
        title=title,
        alt=f"Diverging bars. {title}. {'; '.join(told)}.",
        caption=[
            "Answers that meet the responder rule of their scale go to the right, the others to "
            "the left; beside each stand the patients."
        ],
        table=table,
    )


def _draw(lines: Sequence[_Line]) -> str:
    tallest = max(label.count("\n") + 1 for label, _ in lines)
    top = TOP_IN + LEGEND_IN
    height = top + len(lines) * (tallest * LINE_IN + AIR_IN) + BOTTOM_IN
    with settle():
        drawing = Drawing(figsize=(WIDTH_IN, height), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={
                **{"left": 0.38, "right": 0.85},
                **{"top": 1 - top / height, "bottom": BOTTOM_IN / height},
            }
        )
        _draw_frame(axes, lines)
        _draw_bars(axes, lines)
        return save(drawing)


def _draw_frame(axes: Axes, lines: Sequence[_Line]) -> None:
    rows = [row for _, row in lines if row is not None]
    shares = [row["value"] for row in rows if not pd.isna(row["value"])]
    end = next(step for step in _ENDS if max(shares) <= step)
    axes.set_xlim(-end, end)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_yticks(range(len(lines)), [label for label, _ in lines], color=INK)
    steps = [end * step / 2 for step in range(-2, 3)]
    # a share to the left is no less than nothing
    axes.set_xticks(steps, [f"{write_number(abs(step) * 100)} %" for step in steps], color=INK)
    axes.set_xlabel("share of patients who answered", color=QUIET)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    draw_axes(axes)
    beside = axes.get_yaxis_transform()
    for place, ((_, row), tick) in enumerate(zip(lines, axes.get_yticklabels(), strict=True)):
        if row is None:
            tick.set_fontweight("bold")
            continue
        axes.text(1.03, place, write_count(row), transform=beside, va="center_baseline", color=INK)


def _draw_bars(axes: Axes, lines: Sequence[_Line]) -> None:
    """Draw what is shown; a suppressed answer has no bar."""
    styles = dict(zip(_KINDS, STYLES, strict=False))
    for place, (_, row) in enumerate(lines):
        if row is None or pd.isna(row["value"]):
            continue
        kind = _GOOD if row["level2"] == _GOOD else "not good"
        colour, _ = styles[kind]
        axes.barh(
            place,
            row["value"] if kind == _GOOD else -row["value"],
            height=0.62,
            color=colour if kind == _GOOD else "white",
            edgecolor=colour,
            hatch=_KINDS[kind][1],
        )
    axes.axvline(0, color=INK, linewidth=0.9)
    handles = [
        Patch(
            facecolor=styles[kind][0] if kind == _GOOD else "white",
            edgecolor=styles[kind][0],
            hatch=hatch,
            label=label,
        )
        for kind, (label, hatch) in _KINDS.items()
    ]
    axes.legend(
        handles=handles[::-1],
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        frameon=False,
        borderpad=0,
        labelcolor=INK,
    )
