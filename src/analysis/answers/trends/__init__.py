"""What changes over time: whether the log is still written, harm and pain by month or quarter, and
how far apart clinics lie.

What is told of single events, operators and lots is for internal pages: :func:`list_events` and
:func:`compare_units` return it closed.
"""

from analysis.answers.trends.charts import HARM, chart_harms, chart_pain
from analysis.answers.trends.events import list_events
from analysis.answers.trends.freshness import check_freshness
from analysis.answers.trends.units import compare_clinics, compare_units

__all__ = [
    "HARM",
    "chart_harms",
    "chart_pain",
    "check_freshness",
    "compare_clinics",
    "compare_units",
    "list_events",
]
