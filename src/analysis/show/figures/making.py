"""What every figure is made of: its frame in a page, its colours and shapes, its SVG."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from textwrap import fill
from typing import Any, Final

import pandas as pd
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from analysis.show.sentences import Prose
from analysis.show.tables import Table, make_key

Row = Mapping[str, Any]
Styles = Mapping[str, tuple[str, str]]
"""Colour and shape of each kind of mark."""

INK: Final = "#1d1f21"
QUIET: Final = "#5a6067"
GRID: Final = "#e3e1dc"
# Okabe and Ito's colours, which people with any colour vision can tell apart; the mark is the same
# information as a shape. Each has at least 3 to 1 contrast on white.
STYLES: Final = (
    ("#0072b2", "o"),
    ("#d55e00", "s"),
    ("#007a5a", "D"),
    ("#a0487f", "^"),
    ("#5a6067", "v"),
)
WIDTH_IN: Final = 7.2
LINE_IN: Final = 0.165
"""Height of one line of text; a line of the plot is as high as its label and some air."""
AIR_IN: Final = 0.11
TOP_IN: Final = 0.1
BOTTOM_IN: Final = 0.62
LEGEND_IN: Final = 0.32
SETTINGS: Final = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "microneedling-outcomes",
    "text.parse_math": False,
    "hatch.linewidth": 0.8,
}
_LABEL_WIDTH: Final = 36
HEADING_WIDTH: Final = 28
"""Letters after which a label is broken; a heading is bold, so it holds fewer."""
NOT_DRAWN: Final = "The numbers (none of them can be drawn)"
"""What stands over a folded table in place of a figure without a mark."""


@dataclass(frozen=True, repr=False)
class Figure:
    """A figure as HTML; printed, it is its alternative text."""

    html: str
    alt: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.alt


def wrap(label: str, width: int = _LABEL_WIDTH) -> str:
    """Return a label broken into lines that fit beside a plot."""
    return fill(label, width)


def has_marks(rows: Iterable[Row]) -> bool:
    """Return whether anything of these rows can be drawn."""
    return any(not pd.isna(row["value"]) for row in rows)


def settle() -> Any:
    """Return the context to draw in: the reader's own settings must not change the page."""
    return style.context(SETTINGS, after_reset=True)


def save(drawing: Drawing) -> str:
    """Return a drawing as matplotlib writes it, without date and maker."""
    file = StringIO()
    drawing.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def frame_figure(
    name: str,
    rows: Sequence[Row],
    svg: str,
    *,
    title: str,
    alt: str,
    caption: Iterable[str],
    table: Table | Prose,
) -> Figure:
    """Return the drawing with its caption, and the numbers behind it to unfold."""
    key = make_key(name, rows)
    behind = table.unfolded if isinstance(table, Table) else table.html
    told = [f"<strong>{escape(title)}.</strong>", *caption]
    if any(row["status"] == "suppressed" for row in rows):
        told.append("Numbers that would point to a few patients are words without a mark.")
    html = (
        f'<figure id="{key}">\n'
        f'<div class="scroll" role="group" aria-label="Drawing: {escape(title)}" tabindex="0">\n'
        f"{tidy_svg(svg, key, alt)}\n</div>\n"
        f"<figcaption>{' '.join(told)}</figcaption>\n"
        f"<details>\n<summary>The numbers behind this figure</summary>\n{behind}\n</details>\n"
        "</figure>"
    )
    return Figure(html, alt)


def draw_axes(axes: Axes) -> None:
    """Take away what a plot does not need."""
    axes.tick_params(length=0, pad=6)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)


def draw_legend(axes: Axes, styles: Styles, *, at: tuple[float, float] = (1.25, 1.0)) -> None:
    """Draw what each colour and shape is, above the plot."""
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=kind)
        for kind, (colour, marker) in styles.items()
    ]
    axes.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=at,
        ncols=len(handles),
        frameon=False,
        borderpad=0,
        handletextpad=0.2,
        labelcolor=INK,
    )


def tidy_svg(svg: str, key: str, alt: str) -> str:
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
