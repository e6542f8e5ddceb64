"""Dot plots: a number with its interval on each line, its patients beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

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
    Row,
    Styles,
    draw_axes,
    draw_legend,
    frame_figure,
    has_marks,
    save,
    settle,
    wrap,
)
from analysis.show.sentences import (
    ANY_OF_A_CLASS,
    Prose,
    capitalise,
    describe_no_responders,
    get_asked,
    get_rows,
    name_concern,
    name_concern_of,
    name_scale,
    name_side_effect,
    name_subject,
    name_term,
    sort_by_rate,
    tell_change,
    write_confidence,
    write_count,
    write_nothing,
    write_number,
    write_share,
    write_signed,
)
from analysis.show.tables import (
    GROUPINGS,
    HARM_GROUPINGS,
    Table,
    fold,
    list_groups,
    list_harm_groups,
    name_harm_level,
    name_level,
    show_groups,
    show_harm_groups,
    show_responders,
    show_side_effects,
)

_CLASSES: Final = {
    "expected": "expected reaction",
    "adverse": "harm",
    "special_interest": "harm that is always named",
    "": "other",
}
_AXIS_ENDS: Final = (0.1, 0.2, 0.4, 0.6)


@dataclass(frozen=True)
class _Line:
    """One line of a dot plot: its label, what it is about in words, its kind and its number.

    Without a number it is a heading.
    """

    label: str
    subject: str = ""
    kind: str = ""
    row: Row | None = None


@dataclass(frozen=True)
class _Axis:
    """What the horizontal axis is, its ends, and how a place on it is written."""

    label: str
    low: float
    high: float
    write: Callable[[float], str]
    reference: float | None = None


def _share_axis(label: str, end: float, reference: float | None = None) -> _Axis:
    return _Axis(label, 0.0, end, lambda share: f"{write_number(share * 100)} %", reference)


def plot_responders(released: Released) -> Figure | Prose:
    """Return the share of responders with its interval, a line per concern and scale."""
    rows = get_rows(released, "responders")
    if not rows:
        return describe_no_responders(released)
    vocabulary = released.origin.vocabulary
    lines = []
    for row in rows:
        concern = name_concern(vocabulary, row["concern"])
        scale = wrap(name_scale(vocabulary, row["scale"]))
        label = f"{wrap(capitalise(concern))}\n{scale}"
        lines.append(_Line(label, name_subject(released, row), concern, row))
    return _make_figure(
        "figure-responders",
        lines,
        title="Patients who responded",
        axis=_share_axis("share of patients analysed", 1.0),
        kinds=[],
        table=show_responders(released, name="responders-behind"),
    )


def plot_side_effects(released: Released) -> Figure | Prose:
    """Return the share of patients with each side effect, the most frequent first.

    Side effects that were not seen are hollow marks with their interval; suppressed numbers come
    last, by name, because their place would tell them.
    """
    rows = [
        row for row in get_asked(released, "patients with") if row["term"] not in ANY_OF_A_CLASS
    ]
    if not rows:
        return write_nothing("side effects")
    effects = released.origin.vocabulary.side_effects
    lines = []
    for row in sort_by_rate(released, rows):
        effect = effects.get(row["term"])
        name = name_side_effect(released, row)
        kind = _CLASSES[effect.severity_class if effect else ""]
        lines.append(_Line(wrap(name), name, kind, row))
    highest = max([row["high"] for row in rows if not pd.isna(row["high"])], default=0.0)
    return _make_figure(
        "figure-side-effects",
        lines,
        title=f"Patients with a side effect{name_concern_of(released, rows)}",
        axis=_share_axis(
            "share of patients asked", next((end for end in _AXIS_ENDS if highest <= end), 1.0)
        ),
        kinds=[*_CLASSES.values()],
        table=show_side_effects(released, name="side-effects-behind"),
    )


def plot_groups(released: Released) -> Figure | Table | Prose:
    """Return the outcome by what was known at the start, a line per group, all patients on top.

    Responders; the mean change on a scale without a responder rule.
    """
    groups = list_groups(released)
    if not groups:
        return Prose("")
    table = show_groups(released, name="groups-behind")
    if not has_marks(groups):
        return fold(table, NOT_DRAWN)
    is_share = groups[0]["statistic"] == "responders"
    (whole,) = get_rows(released, groups[0]["statistic"])[:1] or (None,)
    lines = [_Line("All patients", "all patients", "all", whole)] if whole else []
    for by, title in GROUPINGS.items():
        rows = [row for row in groups if row["by"] == by]
        if rows:
            lines.append(_Line(wrap(title, HEADING_WIDTH)))
        lines += [
            _Line(wrap(name_level(row)), f"{title}, {name_level(row)}", "group", row)
            for row in rows
        ]
    middle = None if whole is None or pd.isna(whole["value"]) else whole["value"]
    subject = name_subject(released, groups[0])
    return _make_figure(
        "figure-groups",
        lines,
        title=f"Outcome by group: {subject}",
        axis=_share_axis("share of patients who responded", 1.0, middle)
        if is_share
        else _make_change_axis(released, lines, middle),
        kinds=["all", "group"],
        table=table,
        released=released,
        has_legend=False,
    )


def plot_harm_groups(released: Released) -> Figure | Table | Prose:
    """Return the share of sessions with the harm that is compared, a line per group."""
    groups = list_harm_groups(released)
    if not groups:
        return Prose("")
    table = show_harm_groups(released, name="harm-groups-behind")
    if not has_marks(groups):
        return fold(table, NOT_DRAWN)
    term = groups[0]["term"]
    (whole,) = [row for row in get_asked(released, "sessions with") if row["term"] == term][:1] or (
        None,
    )
    lines = [_Line("All sessions", "all sessions", "all", whole)] if whole else []
    for by, title in HARM_GROUPINGS.items():
        rows = [row for row in groups if row["by"] == by]
        if rows:
            lines.append(_Line(wrap(title, HEADING_WIDTH)))
        for row in rows:
            level = name_harm_level(released, row)
            lines.append(_Line(wrap(level), f"{title}, {level}", "group", row))
    middle = None if whole is None or pd.isna(whole["value"]) else whole["value"]
    highest = max(row["high"] for row in groups if not pd.isna(row["high"]))
    harm = name_term(released.origin.vocabulary, term)
    return _make_figure(
        "figure-harm-groups",
        lines,
        title=f"{capitalise(harm)}, by group",
        axis=_share_axis(
            "share of sessions asked",
            next((end for end in _AXIS_ENDS if highest <= end), 1.0),
            middle,
        ),
        kinds=["all", "group"],
        table=table,
        has_legend=False,
        unit="sessions",
    )


def _make_change_axis(released: Released, lines: Sequence[_Line], reference: float | None) -> _Axis:
    ends = [
        line.row[name]
        for line in lines
        if line.row is not None
        for name in ("low", "value", "high")
        if not pd.isna(line.row[name])
    ]
    rows = [line.row for line in lines if line.row is not None]
    scale = released.origin.vocabulary.scales.get(rows[0]["scale"])
    unit = scale.unit if scale else "points"
    low, high = min([0.0, *ends]), max([0.0, *ends]) or 1.0
    return _Axis(f"mean change in {unit}, plus is better", low, high, write_signed, reference)


def _make_figure(
    name: str,
    lines: Sequence[_Line],
    *,
    title: str,
    axis: _Axis,
    kinds: Sequence[str],
    table: Table | Prose,
    released: Released | None = None,
    has_legend: bool = True,
    unit: str = "patients",
) -> Figure:
    """Return the dot plot of these lines; ``kinds`` fixes the styles, and calls for a legend."""
    rows = [line.row for line in lines if line.row is not None]
    told = "; ".join(
        f"{line.subject}: {_tell(line.row, released, unit)}"
        for line in lines
        if line.row is not None
    )
    sure = {write_confidence(row) for row in rows if not pd.isna(row["confidence"])}
    label = axis.label + (f", with {sure.pop()} interval" if len(sure) == 1 else "")
    caption = [f"A mark is the share, the line its interval; beside it stand the {unit}."]
    if rows and rows[0]["statistic"] == "mean change":
        caption = ["A mark is the mean, the line its interval; beside it stand the patients."]
    if axis.reference is not None:
        caption.append(f"The dotted line is that of all {unit}.")
    if any(row["value"] == 0 for row in rows):
        caption.append("A hollow mark is nobody.")
    if any(row["status"] == "too few" for row in rows):
        caption.append("A line of too few patients has their number and no mark.")
    return frame_figure(
        name,
        rows,
        _draw(lines, axis, label, kinds, has_legend=has_legend and bool(kinds)),
        title=title,
        alt=f"Dot plot. {title}. {told}.",
        caption=caption,
        table=table,
    )


def _tell(row: Row, released: Released | None, unit: str) -> str:
    if released is not None and row["statistic"] == "mean change":
        return tell_change(released, row)
    return write_share(row, unit)


# --- drawing ----------------------------------------------------------------------------------


def _draw(
    lines: Sequence[_Line], axis: _Axis, label: str, kinds: Sequence[str], *, has_legend: bool
) -> str:
    """Return the SVG of a dot plot, first line on top."""
    present = {line.kind for line in lines}
    order = kinds or [*dict.fromkeys(line.kind for line in lines)]
    styles = {kind: STYLES[index % len(STYLES)] for index, kind in enumerate(order)}
    styles = {kind: style for kind, style in styles.items() if kind in present}
    tallest = max(line.label.count("\n") + 1 for line in lines)
    top = TOP_IN + (LEGEND_IN if has_legend else 0)
    height = top + len(lines) * (tallest * LINE_IN + AIR_IN) + BOTTOM_IN
    with settle():
        drawing = Drawing(figsize=(WIDTH_IN, height), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={
                **{"left": 0.38, "right": 0.85},
                **{"top": 1 - top / height, "bottom": BOTTOM_IN / height},
            }
        )
        _draw_frame(axes, lines, axis, label)
        _draw_marks(axes, lines, styles)
        if has_legend:
            draw_legend(axes, styles)
        return save(drawing)


def _draw_frame(axes: Axes, lines: Sequence[_Line], axis: _Axis, label: str) -> None:
    # a mark at the end must not touch the labels
    axes.set_xlim(axis.low - 0.02 * (axis.high - axis.low), axis.high)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_yticks(range(len(lines)), [line.label for line in lines], color=INK)
    steps = [axis.low + (axis.high - axis.low) * step / 4 for step in range(5)]
    axes.set_xticks(steps, [axis.write(step) for step in steps], color=INK)
    axes.set_xlabel(label, color=QUIET)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    draw_axes(axes)
    if axis.reference is not None:
        axes.axvline(axis.reference, color=QUIET, linestyle=":", linewidth=1.2, zorder=1)
    beside = axes.get_yaxis_transform()
    for place, (line, tick) in enumerate(zip(lines, axes.get_yticklabels(), strict=True)):
        if line.row is None:
            tick.set_fontweight("bold")
            continue
        words = write_count(line.row)
        axes.text(1.03, place, words, transform=beside, va="center_baseline", color=INK)


def _draw_marks(axes: Axes, lines: Sequence[_Line], styles: Styles) -> None:
    """Draw what is shown; a suppressed number is not in the drawing at all."""
    numbered = [(place, line.kind, line.row) for place, line in enumerate(lines) if line.row]
    drawn = pd.DataFrame(
        [
            {
                "place": place,
                "share": row["value"],
                "low": row["low"],
                "high": row["high"],
                "kind": kind,
                "is_share": "change" not in row["statistic"],
            }
            for place, kind, row in numbered
            if not pd.isna(row["value"])
        ],
        columns=["place", "share", "low", "high", "kind", "is_share"],
    )
    colours = {kind: colour for kind, (colour, _) in styles.items()}
    markers = {kind: marker for kind, (_, marker) in styles.items()}
    for kind, some in drawn.groupby("kind", sort=True):
        axes.hlines(some["place"], some["low"], some["high"], colors=colours[str(kind)], lw=2)

    def draw(some: pd.DataFrame, palette: Mapping[str, str], size: float) -> None:
        if some.empty:
            return
        used = {kind: palette[kind] for kind in some["kind"].unique()}
        sns.scatterplot(
            some,
            x="share",
            y="place",
            hue="kind",
            hue_order=[*used],
            palette=used,
            style="kind",
            style_order=[*used],
            markers={kind: markers[kind] for kind in used},
            s=size,
            linewidth=0,
            legend=False,
            clip_on=False,
            zorder=3,
            ax=axes,
        )

    label_x, label_y = axes.get_xlabel(), axes.get_ylabel()
    draw(drawn, colours, 58)
    is_nobody = (drawn["share"] == 0) & drawn["is_share"]
    draw(drawn[is_nobody], dict.fromkeys(colours, "white"), 20)
    axes.set(xlabel=label_x, ylabel=label_y)
