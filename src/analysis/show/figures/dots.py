"""Figures made from released estimates: SVG inside the page, with the numbers behind it.

Text is text, shape tells what colour tells, n stands on the figure, and the alternative text is
made from the same numbers. A suppressed number is words without a mark, at the same place whatever
the number. Drawn on a white card, so that it reads the same in a dark page and on paper.

The same numbers are the same bytes: no clock, no random ids, and all ids begin with the figure's
own, so that two figures of a page do not collide.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from textwrap import fill
from typing import Any, Final

import pandas as pd
import seaborn as sns
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from analysis.show.disclosure import Released
from analysis.show.sentences import (
    Prose,
    capitalise,
    get_rows,
    name_concern,
    name_concern_of,
    name_scale,
    name_side_effect,
    name_subject,
    sort_by_rate,
    write_confidence,
    write_count,
    write_nothing,
    write_number,
    write_share,
)
from analysis.show.tables import Table, make_key, show_responders, show_side_effects

_Row = Mapping[str, Any]
_Styles = Mapping[str, tuple[str, str]]
"""Colour and shape of each kind of mark."""

_INK: Final = "#1d1f21"
_QUIET: Final = "#5a6067"
_GRID: Final = "#e3e1dc"
# Okabe and Ito's colours, which people with any colour vision can tell apart; the mark is the same
# information as a shape. Each has at least 3 to 1 contrast on white.
_STYLES: Final = (
    ("#0072b2", "o"),
    ("#d55e00", "s"),
    ("#007a5a", "D"),
    ("#a0487f", "^"),
    ("#5a6067", "v"),
)
_CLASSES: Final = {
    "expected": "expected reaction",
    "adverse": "harm",
    "special_interest": "harm that is always named",
    "": "other",
}
_WIDTH_IN: Final = 7.2
_LINE_IN: Final = 0.165
"""Height of one line of text; a line of the plot is as high as its label and some air."""
_AIR_IN: Final = 0.11
_TOP_IN: Final = 0.1
_BOTTOM_IN: Final = 0.62
_LEGEND_IN: Final = 0.32
_LABEL_WIDTH: Final = 36
"""Letters after which a label is broken."""
_AXIS_ENDS: Final = (0.1, 0.2, 0.4, 0.6)
_SETTINGS: Final = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "microneedling-outcomes",
    "text.parse_math": False,
}


@dataclass(frozen=True, repr=False)
class Figure:
    """A figure as HTML; printed, it is its alternative text."""

    html: str
    alt: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.alt


@dataclass(frozen=True)
class _Line:
    """One line of a dot plot: its label, what it is about in words, its kind and its number."""

    label: str
    subject: str
    kind: str
    row: _Row


def plot_responders(released: Released) -> Figure | Prose:
    """Return the share of responders with its interval, a line per concern and scale."""
    rows = get_rows(released, "responders")
    if not rows:
        return write_nothing("responders")
    vocabulary = released.origin.vocabulary
    lines = []
    for row in rows:
        concern = name_concern(vocabulary, row["concern"])
        scale = _wrap(name_scale(vocabulary, row["scale"]))
        label = f"{_wrap(capitalise(concern))}\n{scale}"
        lines.append(_Line(label, name_subject(released, row), concern, row))
    return _make_figure(
        "figure-responders",
        lines,
        title="Patients who responded",
        axis="share of patients analysed",
        axis_end=1.0,
        kinds=[],
        table=show_responders(released, name="responders-behind"),
    )


def plot_side_effects(released: Released) -> Figure | Prose:
    """Return the share of patients with each side effect, the most frequent first.

    Side effects that were not seen are hollow marks with their interval; suppressed numbers come
    last, by name, because their place would tell them.
    """
    rows = get_rows(released, "patients with")
    if not rows:
        return write_nothing("side effects")
    effects = released.origin.vocabulary.side_effects
    lines = []
    for row in sort_by_rate(released, rows):
        effect = effects.get(row["term"])
        name = name_side_effect(released, row)
        kind = _CLASSES[effect.severity_class if effect else ""]
        lines.append(_Line(_wrap(name), name, kind, row))
    highest = max([row["high"] for row in rows if not pd.isna(row["high"])], default=0.0)
    return _make_figure(
        "figure-side-effects",
        lines,
        title=f"Patients with a side effect{name_concern_of(released, rows)}",
        axis="share of patients asked",
        axis_end=next((end for end in _AXIS_ENDS if highest <= end), 1.0),
        kinds=[*_CLASSES.values()],
        table=show_side_effects(released, name="side-effects-behind"),
    )


def _wrap(label: str) -> str:
    return fill(label, _LABEL_WIDTH)


def _make_figure(
    name: str,
    lines: Sequence[_Line],
    *,
    title: str,
    axis: str,
    axis_end: float,
    kinds: Sequence[str],
    table: Table | Prose,
) -> Figure:
    """Return the dot plot of these lines; ``kinds`` fixes the styles, and calls for a legend."""
    key = make_key(name, [line.row for line in lines])
    told = "; ".join(f"{line.subject}: {write_share(line.row, 'patients')}" for line in lines)
    alt = f"Dot plot. {title}. {told}."
    sure = {write_confidence(line.row) for line in lines if not pd.isna(line.row["confidence"])}
    axis += f", with {sure.pop()} interval" if len(sure) == 1 else ""
    svg = _tidy(_draw(lines, axis, axis_end, kinds), key, alt)
    caption = [f"<strong>{escape(title)}.</strong>"]
    caption.append("A mark is the share, the line its interval; beside it stand the patients.")
    if any(line.row["value"] == 0 for line in lines):
        caption.append("A hollow mark is nobody.")
    if any(line.row["status"] == "suppressed" for line in lines):
        caption.append("Numbers that would point to a few patients are words without a mark.")
    html = (
        f'<figure id="{key}">\n{svg}\n<figcaption>{" ".join(caption)}</figcaption>\n'
        f"<details>\n<summary>The numbers behind this figure</summary>\n{table.html}\n</details>\n"
        "</figure>"
    )
    return Figure(html, alt)


# --- drawing ----------------------------------------------------------------------------------


def _draw(lines: Sequence[_Line], axis: str, axis_end: float, kinds: Sequence[str]) -> str:
    """Return the SVG of a dot plot, first line on top."""
    present = {line.kind for line in lines}
    order = kinds or [*dict.fromkeys(line.kind for line in lines)]
    styles = {kind: _STYLES[index % len(_STYLES)] for index, kind in enumerate(order)}
    styles = {kind: style for kind, style in styles.items() if kind in present}
    tallest = max(line.label.count("\n") + 1 for line in lines)
    top = _TOP_IN + (_LEGEND_IN if kinds else 0)
    height = top + len(lines) * (tallest * _LINE_IN + _AIR_IN) + _BOTTOM_IN
    # after_reset: the reader's own settings must not change the page.
    with style.context(_SETTINGS, after_reset=True):
        drawing = Drawing(figsize=(_WIDTH_IN, height), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={
                **{"left": 0.38, "right": 0.85},
                **{"top": 1 - top / height, "bottom": _BOTTOM_IN / height},
            }
        )
        _draw_frame(axes, lines, axis, axis_end)
        _draw_marks(axes, lines, styles)
        if kinds:
            _draw_legend(axes, styles)
        file = StringIO()
        drawing.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _draw_frame(axes: Axes, lines: Sequence[_Line], axis: str, axis_end: float) -> None:
    places = range(len(lines))
    # a mark at zero must not touch the labels
    axes.set_xlim(-0.02 * axis_end, axis_end)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_yticks(places, [line.label for line in lines], color=_INK)
    steps = [axis_end * step / 4 for step in range(5)]
    axes.set_xticks(steps, [f"{write_number(step * 100)} %" for step in steps], color=_INK)
    axes.set_xlabel(axis, color=_QUIET)
    axes.tick_params(length=0, pad=6)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_QUIET)
    beside = axes.get_yaxis_transform()
    for place, line in enumerate(lines):
        words = write_count(line.row)
        axes.text(1.03, place, words, transform=beside, va="center_baseline", color=_INK)


def _draw_marks(axes: Axes, lines: Sequence[_Line], styles: _Styles) -> None:
    """Draw what is shown; a suppressed number is not in the drawing at all."""
    drawn = pd.DataFrame(
        [
            {
                "place": place,
                "share": line.row["value"],
                "low": line.row["low"],
                "high": line.row["high"],
                "kind": line.kind,
            }
            for place, line in enumerate(lines)
            if not pd.isna(line.row["value"])
        ],
        columns=["place", "share", "low", "high", "kind"],
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
    draw(drawn[drawn["share"] == 0], dict.fromkeys(colours, "white"), 20)
    axes.set(xlabel=label_x, ylabel=label_y)


def _draw_legend(axes: Axes, styles: _Styles) -> None:
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=kind)
        for kind, (colour, marker) in styles.items()
    ]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.25, 1.0),
        ncols=len(handles),
        frameon=False,
        borderpad=0,
        handletextpad=0.2,
        labelcolor=_INK,
    )


# --- making it part of a page -----------------------------------------------------------------


def _tidy(svg: str, key: str, alt: str) -> str:
    """Return the drawing as an element of a page: no header, no style sheet, its own ids."""
    found = re.search(r"<svg\b[^>]*?viewBox=\"([^\"]*)\"[^>]*>(.*)</svg>", svg, re.DOTALL)
    if found is None:
        raise ValueError("matplotlib wrote no svg element")
    box, body = found[1], found[2]
    for cargo in (r"<metadata\b.*?</metadata>", r"<style\b.*?</style>", r"<!--.*?-->"):
        body = re.sub(cargo, "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    body = body.replace("xlink:href=", "href=")
    body = re.sub(r'\bid="', f'id="{key}-', body)
    body = re.sub(r'\bhref="#', f'href="#{key}-', body)
    body = re.sub(r"url\(#", f"url(#{key}-", body)
    body = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", body)
    body = re.sub(r"\n\s*", "\n", body).strip()
    # matplotlib draws in points, a page in pixels
    width, height = (round(float(each) * 4 / 3) for each in box.split()[2:])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(alt)}" '
        f'viewBox="{box}" width="{width}" height="{height}" stroke-linejoin="round">\n'
        f"{body}\n</svg>"
    )
