"""Control charts over time and funnels between units: limits, signals, and when there are none."""

from analysis.statistics.control_charts.chart import Chart, list_estimates
from analysis.statistics.control_charts.funnel import (
    Funnel,
    draw_funnel,
    funnel_rates,
    funnel_shares,
)
from analysis.statistics.control_charts.gaps import (
    chart_days_between,
    chart_sessions_between,
    list_days_between,
    list_sessions_between,
)
from analysis.statistics.control_charts.periods import (
    chart_means,
    chart_rates,
    chart_shares,
    choose_chart,
)
from analysis.statistics.control_charts.signals import SIGNALS, mark_signals

__all__ = [
    "SIGNALS",
    "Chart",
    "Funnel",
    "chart_days_between",
    "chart_means",
    "chart_rates",
    "chart_sessions_between",
    "chart_shares",
    "choose_chart",
    "draw_funnel",
    "funnel_rates",
    "funnel_shares",
    "list_days_between",
    "list_estimates",
    "list_sessions_between",
    "mark_signals",
]
