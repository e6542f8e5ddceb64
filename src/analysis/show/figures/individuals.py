"""Patient by patient: figures for pages that stay in the clinic."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from analysis.individuals import Individuals
from analysis.show.disclosure import Released, admit, mark_internal
from analysis.show.figures.making import (
    GRID,
    INK,
    QUIET,
    STYLES,
    WIDTH_IN,
    Figure,
    draw_axes,
    frame_figure,
    save,
    settle,
)
from analysis.show.sentences import Prose, write_number
from analysis.show.tables import (
    Table,
    make_rows,
    name_scores,
    show_individual_changes,
    show_trajectories,
)

_HEIGHT_IN: Final = 3.4
_FIRST: Final = "first score"
_BEYOND: Final = "better by more than the measurement error"
_WITHIN: Final = "better, within the measurement error"
_KINDS: Final = (_BEYOND, _WITHIN, "better", "same", "worse")
_MEAN: Final = "mean of those scored"
_MOST_GRADES: Final = 10
"""Of more grades not each one has a line of its own."""
_SPREAD: Final = 0.5
"""Of the distance between two grades: how far lines of the same grade are drawn apart."""


def plot_individual_changes(individuals: Individuals, released: Released) -> Figure | Table | Prose:
    """Return a line from first to later score for each patient, the one who got better the most
    first; nothing on a shareable page."""
    known = admit(individuals, released)
    if known is None or known.changes.empty:
        return Prose("")
    changes = known.changes
    kinds = [_name_kind(better, beyond) for better, beyond in _list_pairs(changes)]
    present = [kind for kind in _KINDS if kind in kinds]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in present)
    title = f"First and later score, patient by patient: {name_scores(known, released)}"
    return _frame(
        "figure-individual-changes",
        known,
        _draw_changes(
            changes, kinds, present, _find_step(known, released), _name_axis(known, released)
        ),
        title=title,
        alt=f"A line for each of {len(changes)} patients, from the first score to that at "
        f"follow-up, sorted by change. {title}. {counted}.",
        caption=[
            f"n = {len(changes)} patients seen again, numbered as in the table; a hollow mark is "
            "the first score, a filled one that at follow-up."
        ],
        table=show_individual_changes(known, released, name="individual-changes-behind"),
    )


def plot_trajectories(individuals: Individuals, released: Released) -> Figure | Table | Prose:
    """Return the scores of each patient visit by visit as a thin line, with the mean over them;
    nothing on a shareable page."""
    known = admit(individuals, released)
    if known is None or known.trajectories.empty:
        return Prose("")
    step = _find_step(known, released)
    told = "; ".join(
        f"{row['visit']}, {row['patients']} patients"
        + ("" if pd.isna(row["score"]) else f", mean {write_number(row['score'], 1)}")
        for row in known.means.to_dict("records")
    )
    title = f"Scores visit by visit, patient by patient: {name_scores(known, released)}"
    caption = ["A thin line is a patient; below each visit stand the patients scored."]
    if step:
        caption.append("Lines of the same grade are drawn side by side, not over each other.")
    return _frame(
        "figure-trajectories",
        known,
        _draw_trajectories(known, step, _name_axis(known, released)),
        title=title,
        alt=f"A thin line for each of {known.patients} patients over the visits, with the mean "
        f"over them. {title}. {told}.",
        caption=caption,
        table=show_trajectories(known, released, name="trajectories-behind"),
    )


def _frame(
    name: str,
    individuals: Individuals,
    svg: str,
    *,
    title: str,
    alt: str,
    caption: Sequence[str],
    table: Table | Prose,
) -> Figure:
    rows = make_rows(individuals, name)
    made = frame_figure(name, rows, svg, title=title, alt=alt, caption=caption, table=table)
    # printed text has no mark, so it holds no number
    return Figure(mark_internal(made.html), "A figure for internal pages")


def _list_pairs(changes: pd.DataFrame) -> list[tuple[float, bool | None]]:
    """Return each change, and whether it is beyond the measurement error; None: not published."""
    return [
        (float(better), None if pd.isna(beyond) else bool(beyond))
        for better, beyond in zip(changes["better"], changes["is_beyond"], strict=True)
    ]


def _name_kind(better: float, is_beyond: bool | None) -> str:
    if better <= 0:
        return "worse" if better < 0 else "same"
    return "better" if is_beyond is None else _BEYOND if is_beyond else _WITHIN


def _find_step(individuals: Individuals, released: Released) -> float:
    """Return the distance between two grades; 0 on a scale without grades."""
    scale = released.origin.vocabulary.scales.get(individuals.scale)
    return (scale.step or 1.0) if scale is not None and scale.kind == "ordinal" else 0.0


def _name_axis(individuals: Individuals, released: Released) -> str:
    scale = released.origin.vocabulary.scales.get(individuals.scale)
    if scale is None:
        return "score"
    better = {"lower": ", lower is better", "higher": ", higher is better"}
    return f"{scale.unit}{better.get(scale.direction, '')}"


def _draw_changes(
    changes: pd.DataFrame, kinds: Sequence[str], present: Sequence[str], step: float, axis: str
) -> str:
    styles = dict(zip(present, STYLES, strict=False))
    places = list(range(1, len(changes) + 1))
    first, later = changes["baseline"].tolist(), changes["follow_up"].tolist()
    # the more patients, the less room for a mark
    size = 6.0 if len(places) <= 40 else 4.0 if len(places) <= 120 else 2.5
    with settle():
        drawing = Drawing(figsize=(WIDTH_IN, _HEIGHT_IN), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={"left": 0.11, "right": 0.97, "top": 0.86, "bottom": 0.16}
        )
        for kind, (colour, marker) in styles.items():
            chosen = [place - 1 for place, each in zip(places, kinds, strict=True) if each == kind]
            at = [places[each] for each in chosen]
            before, after = ([some[each] for each in chosen] for some in (first, later))
            axes.vlines(at, before, after, colors=colour, linewidth=1)
            axes.plot(
                *(at, before),
                marker="o",
                markersize=size,
                markerfacecolor="white",
                markeredgecolor=QUIET,
                linestyle="none",
            )
            axes.plot(at, after, color=colour, marker=marker, markersize=size, linestyle="none")
        axes.set_xlim(0.25, len(places) + 0.75)
        axes.set_xlabel(f"patient, sorted by change (n = {len(places)})", color=QUIET)
        axes.set_ylabel(axis, color=QUIET)
        _finish(axes, step)
        _draw_marks(axes, styles)
        return save(drawing)


def _draw_marks(axes: Axes, styles: Mapping[str, tuple[str, str]]) -> None:
    """Draw what each mark is, above the plot."""
    handles = [Line2D([], [], color=QUIET, marker="o", linestyle="none", label=_FIRST, mfc="white")]
    handles += [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=f"at follow-up: {kind}")
        for kind, (colour, marker) in styles.items()
    ]
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=2 if len(handles) > 4 else len(handles),
        frameon=False,
        borderpad=0,
        handletextpad=0.2,
        fontsize="small",
        labelcolor=INK,
    )


def _draw_trajectories(individuals: Individuals, step: float, axis: str) -> str:
    means = individuals.means
    by_patient = individuals.trajectories.groupby("patient")
    colour, marker = STYLES[0]
    with settle():
        drawing = Drawing(figsize=(WIDTH_IN, _HEIGHT_IN), facecolor="white")
        axes = drawing.subplots(
            gridspec_kw={"left": 0.11, "right": 0.97, "top": 0.9, "bottom": 0.25}
        )
        for rank, (_patient, line) in enumerate(by_patient):
            shift = step * _SPREAD * ((rank + 0.5) / len(by_patient) - 0.5)
            axes.plot(
                line["place"].tolist(),
                [score + shift for score in line["score"]],
                color=QUIET,
                alpha=0.55,
                linewidth=0.7,
                marker=".",
                markersize=2.5,
            )
        drawn = means[means["score"].notna()]
        axes.plot(
            drawn["place"].tolist(),
            drawn["score"].tolist(),
            color=colour,
            marker=marker,
            markersize=7,
            linewidth=2.2,
            zorder=3,
            label=_MEAN,
        )
        below = [visit.replace("before ", "before\n") for visit in means["visit"]]
        labels = [
            f"{visit}\nn = {patients}"
            for visit, patients in zip(below, means["patients"], strict=True)
        ]
        axes.set_xlim(-0.4, len(means) - 0.6)
        axes.set_xticks(means["place"].tolist(), labels, color=INK)
        axes.set_ylabel(axis, color=QUIET)
        _finish(axes, step)
        if len(drawn):
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, borderpad=0)
        return save(drawing)


def _finish(axes: Axes, step: float) -> None:
    low, high = axes.get_ylim()
    if step and high - low <= _MOST_GRADES * step:
        # nobody can have half a grade
        axes.yaxis.set_major_locator(MultipleLocator(step))
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    draw_axes(axes)
