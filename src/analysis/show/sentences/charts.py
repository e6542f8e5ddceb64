"""Harm and pain over time, in sentences.

Also which rows make a chart (:func:`find_chart`) and how its numbers are written, for tables and
figures.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import pandas as pd

from analysis.errors import UsageError
from analysis.individuals import InternalEstimates
from analysis.show.disclosure import Released, admit, require_released
from analysis.show.sentences.writing import (
    Prose,
    capitalise,
    name_term,
    write_list,
    write_month,
    write_nothing,
    write_number,
    write_paragraphs,
    write_percent,
    write_plain,
    write_share,
)
from analysis.vocabulary import PROTOCOL, Vocabulary

Row = Mapping[str, Any]

HARM: Final = "any_harm"
"""In place of a term: any harm."""
LIMITS: Final = ", limits"
NOT_COMPLETE: Final = "not complete"
NOT_FINAL: Final = (
    "The last points are not final: what shows weeks after a session may not be written down yet."
)
HIDDEN_LIMITS: Final = (
    "Limits and signals are not shown: beside them a point that protects a small group could be "
    "worked out."
)
SIGNAL: Final = (
    "A signal says that chance alone is an unlikely reason; it does not say what the reason is."
)
RULES: Final = (
    "Signals by the rules of Making Data Count: a point beyond the limits; "
    f"{PROTOCOL['chart_shift'].whole} or more in a row on one side of the centre; "
    f"{PROTOCOL['chart_trend'].whole} or more in a row that all rise or all fall; "
    f"{PROTOCOL['chart_near_least'].whole} of {PROTOCOL['chart_near_of'].whole} in a row close to "
    "a limit."
)
_KINDS: Final = {
    "again": "close to a limit again",
    "limit": "beyond a limit",
    "shift": "shift",
    "rise": "trend",
    "fall": "trend",
}
"""A word in the note of limits, and the signal it tells; the first that fits."""


@dataclass(frozen=True)
class Measure:
    """What a chart is of, and how its numbers are written."""

    statistic: str
    title: str
    axis: str
    is_of_term: bool = True

    def write(self, value: float, total: Any = None) -> str:
        """Return a value of the chart in words."""
        if self.statistic.startswith("sessions with"):
            return write_percent(value, total)
        unit = {"events, over time": "per 100 sessions", "mean pain, over time": "points"}
        other = {"days between": "days", "sessions between": "sessions"}
        words = (unit | other)[self.statistic]
        return f"{write_number(value, 1) if self.statistic in unit else write_plain(value)} {words}"

    def write_span(self, low: float, high: float) -> str:
        """Return "0 to 33 %": limits of the chart, without the unit of other numbers."""
        if self.statistic.startswith("sessions with"):
            return f"{write_number(low * 100)} to {write_number(high * 100)} %"
        return f"{write_number(low, 1)} to {write_number(high, 1)}"


CHARTS: Final = {
    "share": Measure("sessions with, over time", "Sessions with {}", "share of sessions"),
    "rate": Measure("events, over time", "Events of {}", "events per 100 sessions"),
    "pain": Measure(
        "mean pain, over time", "Pain from 0 to 10", "mean pain in points", is_of_term=False
    ),
}
EVENT_CHARTS: Final = (
    Measure("days between", "Days from one {} to the next", "days between"),
    Measure("sessions between", "Sessions without {} from one to the next", "sessions between"),
)


@dataclass(frozen=True)
class ChartRows:
    """The rows of one chart or funnel."""

    measure: Measure
    term: str
    title: str
    whole: Row | None
    points: Sequence[tuple[Row, Row | None]]
    """Each point, and its limits where it has some."""

    @property
    def rows(self) -> list[Row]:
        """All rows, those of limits too."""
        found = [each for pair in self.points for each in pair if each is not None]
        return found if self.whole is None else [self.whole, *found]

    @property
    def has_limits(self) -> bool:
        """Whether any limits can be seen."""
        return any(limits is not None and not pd.isna(limits["value"]) for _, limits in self.points)

    @property
    def is_hidden(self) -> bool:
        """Whether limits are there and may not be seen."""
        return any(
            limits is not None and limits["status"] == "suppressed" for _, limits in self.points
        )

    @property
    def by(self) -> str:
        """What a point is: a month, a quarter, an event."""
        return str(self.points[0][0]["by"]) if self.points else ""


def find_chart(released: Released, kind: str, term: str = HARM) -> ChartRows:
    """Return the rows of a chart: ``kind`` is one of :data:`CHARTS`, ``term`` a side effect or any
    harm.

    Raises
    ------
    UsageError
        For another kind.
    """
    if kind not in CHARTS:
        raise UsageError.for_unknown("chart", kind, CHARTS)
    measure = CHARTS[kind]
    frame, vocabulary = require_released(released).frame, released.origin.vocabulary
    return collect_chart(frame, vocabulary, measure, term if measure.is_of_term else "")


def collect_chart(
    frame: pd.DataFrame, vocabulary: Vocabulary, measure: Measure, term: str
) -> ChartRows:
    """Return the rows of a chart in a frame, its points in their order."""
    kept = frame[frame["term"] == term]
    records: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in kept.to_dict("records")
    ]
    named = [row for row in records if row["statistic"] == measure.statistic]
    limits = {
        row["level"]: row for row in records if row["statistic"] == measure.statistic + LIMITS
    }
    wholes = [row for row in named if not row["by"]]
    points = [(row, limits.get(row["level"])) for row in named if row["by"]]
    title = measure.title.format(name_term(vocabulary, term))
    return ChartRows(measure, term, title, wholes[0] if wholes else None, points)


def list_event_charts(held: InternalEstimates, released: Released) -> list[ChartRows]:
    """Return the charts event by event; none on a shareable page."""
    known = admit(held, released)
    if known is None:
        return []
    frame = known.frame.assign(shown_as="")
    terms = frame["term"].drop_duplicates()
    vocabulary = released.origin.vocabulary
    found = (
        collect_chart(frame, vocabulary, measure, term)
        for term in terms
        for measure in EVENT_CHARTS
    )
    return [chart for chart in found if chart.points]


def name_point(row: Row) -> str:
    """Return "June 2026" or "2026-Q2": what a point is called."""
    return write_month(row["level"]) if row["by"] == "month" else str(row["level"])


def read_signals(limits: Row | None) -> list[str]:
    """Return the signals of a point in words, as its limits tell them."""
    if limits is None or not isinstance(limits["note"], str):
        return []
    parts = limits["note"].split("; ")
    return [part for part in parts if part and not part.startswith("trial limits")]


def name_signal(limits: Row | None) -> str:
    """Return the first signal of a point by its kind, for a shape; empty for none."""
    for told in read_signals(limits):
        for word, kind in _KINDS.items():
            if word in told:
                return kind
    return ""


def describe_trends(released: Released) -> Prose:
    """Return what each chart over time says: how many in all, its signals, or why it has none."""
    frame, vocabulary = require_released(released).frame, released.origin.vocabulary
    told = []
    for measure in CHARTS.values():
        for term in frame.loc[frame["statistic"] == measure.statistic, "term"].drop_duplicates():
            told.append(_tell_chart(collect_chart(frame, vocabulary, measure, term)))
    if not told:
        return write_nothing("what changes over time")
    closing = f"<p>{escape(RULES)} {escape(SIGNAL)} {escape(NOT_FINAL)}</p>"
    return Prose("\n".join([write_list("", told), closing]))


def describe_events(held: InternalEstimates, released: Released) -> Prose:
    """Return the signals of rare harm event by event; on a shareable page, where they are."""
    if admit(held, released) is None:
        return write_paragraphs(
            [
                "Harm too rare for a chart by month is watched event by event, on internal pages "
                "only: a point there is one patient."
            ]
        )
    charts = list_event_charts(held, released)
    drawn = [chart for chart in charts if chart.has_limits]
    if not charts:
        return write_nothing("rare harm event by event")
    few = sorted({chart.term for chart in charts} - {chart.term for chart in drawn})
    items = [_tell_chart(chart) for chart in drawn]
    names = ", ".join(name_term(released.origin.vocabulary, term) for term in few)
    least = PROTOCOL["chart_trial_from"].whole
    if few:
        items.append(escape(f"Without limits, as there are fewer than {least} gaps: {names}."))
    return Prose("\n".join([write_list("", items), f"<p>{escape(RULES)} {escape(SIGNAL)}</p>"]))


def _tell_chart(chart: ChartRows) -> str:
    """Return what one chart says, as HTML."""
    head = f"<strong>{escape(chart.title)}</strong>"
    if not chart.points:
        return f"{head}: nothing recorded."
    first, last = (name_point(chart.points[place][0]) for place in (0, -1))
    told = f"{head}, by {chart.by}, {escape(first)} to {escape(last)}"
    if chart.whole is not None:
        told += f": {escape(tell_whole(chart))}"
    return f"{told}. {escape(' '.join(tell_limits(chart)))}"


def tell_whole(chart: ChartRows) -> str:
    """Return all points together: "346 of 2854 sessions (12.1 %)"."""
    row = chart.whole
    if row is None:
        return ""
    if row["status"] == "suppressed" or pd.isna(row["value"]):
        return write_share(row, "sessions")
    value = chart.measure.write(row["value"], row["total"])
    if chart.measure.statistic.startswith("mean"):
        return f"{value} on average, {row['total']} sessions"
    if chart.measure.statistic.startswith("events"):
        return f"{row['count']} in {row['total']} sessions ({value})"
    return f"{row['count']} of {row['total']} sessions ({value})"


def tell_limits(chart: ChartRows) -> list[str]:
    """Return the signals of a chart, or why there are none, one sentence each."""
    if chart.is_hidden:
        return [HIDDEN_LIMITS]
    if not chart.has_limits:
        notes = (row["note"] for row, _ in chart.points if row["status"] != "suppressed")
        obstacle = next((_find_obstacle(note) for note in notes if _find_obstacle(note)), "")
        return [tell_obstacle(obstacle)]
    trial = next(limits for _, limits in chart.points if limits is not None)["note"]
    told = []
    if "trial limits" in trial:
        told.append(f"{capitalise(trial[trial.index('trial limits') :])}.")
    signals = [*list_signals(chart.points)]
    if not signals:
        return [*told, "No signal."]
    return [*told, f"Signals: {'; '.join(signals)}."]


def list_signals(points: Iterable[tuple[Row, Row | None]]) -> Iterator[str]:
    """Yield each signal with its points: "above the upper limit: March 2025"."""
    found: dict[str, list[str]] = {}
    for row, limits in points:
        for told in read_signals(limits):
            found.setdefault(told, []).append(name_point(row))
    for told, names in found.items():
        span = names if len(names) < 4 else [f"{len(names)} points, {names[0]} to {names[-1]}"]
        yield f"{told} ({', '.join(span)})"


def tell_obstacle(told: str) -> str:
    """Return why there are no limits, as a sentence."""
    if told.endswith("have no limits"):
        return f"{capitalise(told)}."
    return f"No limits: {told}." if told else "No limits."


def _find_obstacle(note: str) -> str:
    return next((part for part in note.split("; ") if part and part != NOT_COMPLETE), "")
