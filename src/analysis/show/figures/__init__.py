"""Figures made from released estimates: SVG inside the page, with the numbers behind it.

Text is text, shape tells what colour tells, n stands on the figure, and the alternative text is
made from the same numbers. A suppressed number is words without a mark, at the same place whatever
the number. Drawn on a white card, so that it reads the same in a dark page and on paper.

The same numbers are the same bytes: no clock, no random ids, and all ids begin with the figure's
own, so that two figures of a page do not collide.

``making`` makes every figure; ``dots`` has shares with their intervals, a line each, ``bars`` the
answers on change scales, ``visits`` what was seen at each visit, ``charts`` what changes over
time, ``funnel`` units beside each other, ``individuals`` what is for internal pages only.
"""

from analysis.show.figures.bars import plot_answers
from analysis.show.figures.charts import plot_chart, plot_events
from analysis.show.figures.dots import (
    plot_groups,
    plot_harm_groups,
    plot_responders,
    plot_side_effects,
)
from analysis.show.figures.funnel import plot_clinics, plot_units
from analysis.show.figures.individuals import plot_individual_changes, plot_trajectories
from analysis.show.figures.making import Figure
from analysis.show.figures.visits import plot_visits

__all__ = [
    "Figure",
    "plot_answers",
    "plot_chart",
    "plot_clinics",
    "plot_events",
    "plot_groups",
    "plot_harm_groups",
    "plot_individual_changes",
    "plot_responders",
    "plot_side_effects",
    "plot_trajectories",
    "plot_units",
    "plot_visits",
]
