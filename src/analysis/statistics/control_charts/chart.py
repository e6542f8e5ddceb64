"""What every control chart is: points in their order, lines where there are enough, signals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.control_charts.signals import LINES, SIGNALS, mark_signals
from analysis.vocabulary import PROTOCOL

Reals = NDArray[np.float64]

_SIDES: Final = {
    "outside": ("above the upper limit", "below the lower limit"),
    "shift": ("a shift upwards", "a shift downwards"),
    "trend": ("a rise", "a fall"),
    "near": ("close to the upper limit again", "close to the lower limit again"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Chart:
    """A control chart, with lines or with the reason why it has none."""

    method: str
    """Key of METHODS."""
    status: str
    """shown, too few, or not estimable; without lines the points still stand."""
    note: str
    """Why there are no lines, or that they are on trial."""
    limits: str
    """none, trial (twelve points or more) or full (twenty or more)."""
    dispersion: float | None = None
    """Laney's sigma z as used, one or more; none where the method has none."""
    points: pd.DataFrame
    """One row for each row given, index and order kept. What was given; value; status (shown, too
    few, not estimable) of the point; the lines at it (centre, low, high, and near_low, near_high
    two thirds of the way there) and se, its standard error with the dispersion in it, all missing
    where there are none; outside, shift, trend and near: 1 high or rising, -1 low or falling, 0
    none."""


def make_chart(
    method: str,
    points: pd.DataFrame,
    lines: Mapping[str, Reals],
    dispersion: float | None = None,
) -> Chart:
    """Return the chart with these lines: one number for each row whose status is shown."""
    shown = (points["status"] == "shown").to_numpy()
    placed = {name: np.full(len(points), np.nan) for name in (*LINES, "se")}
    for name, numbers in lines.items():
        placed[name][shown] = numbers
    enough = int(shown.sum()) >= PROTOCOL["chart_limits_from"].whole
    few = f"trial limits, from fewer than {PROTOCOL['chart_limits_from'].whole} points"
    return Chart(
        method=method,
        status="shown",
        note="" if enough else few,
        limits="full" if enough else "trial",
        dispersion=dispersion,
        points=mark_signals(points.assign(**placed)),
    )


def make_chart_without_lines(
    method: str, points: pd.DataFrame, obstacle: Mapping[str, str]
) -> Chart:
    """Return the chart with points only, and the status and note of why."""
    return Chart(
        method=method,
        status=obstacle["status"],
        note=obstacle["note"],
        limits="none",
        points=mark_signals(points.assign(**dict.fromkeys((*LINES, "se"), np.nan))),
    )


def find_obstacle(points: pd.DataFrame) -> dict[str, str]:
    """Return status and note of why so few points have no lines, or nothing."""
    shown = int((points["status"] == "shown").sum())
    if not shown:
        return {"status": "not estimable", "note": "there is no point"}
    if shown < PROTOCOL["chart_trial_from"].whole:
        least = PROTOCOL["chart_trial_from"].whole
        return {"status": "too few", "note": f"fewer than {least} points have no limits"}
    return {}


def place_lines(
    centre: float, se: ArrayLike, floor: float = -np.inf, ceiling: float = np.inf
) -> dict[str, Reals]:
    """Return the lines of points with these standard errors; none leaves floor or ceiling."""
    each = np.asarray(se, dtype=float)
    far, near = PROTOCOL["chart_sigmas"].value, PROTOCOL["chart_near_sigmas"].value
    reach = {"low": -far, "high": far, "near_low": -near, "near_high": near}
    lines = {name: np.clip(centre + by * each, floor, ceiling) for name, by in reach.items()}
    return {"centre": np.full(each.shape, centre)} | lines | {"se": each}


def estimate_sigma(values: Reals) -> float:
    """Return the standard deviation from one value to the next: the mean of the moving ranges of
    two, over its expectation for a normal variable of unit variance."""
    return float(np.abs(np.diff(values)).mean()) / PROTOCOL["chart_range_divisor"].value


def list_estimates(chart: Chart) -> list[dict[str, Any]]:
    """Return the chart as rows of the estimates frame: two for each point.

    ``statistic`` is ``point`` (the value, with count and total where the chart has them; the note
    says its signals in words) or ``limits`` (the centre as value, the lower and upper limit as low
    and high, no confidence: control limits are no interval of an estimate). ``level`` is the label
    of the point. Without lines there is one row for each point, with the note of the chart. A chart
    knows no patients: ``patients_count`` and ``patients_total`` are the caller's to add.
    """
    rows: list[dict[str, Any]] = []
    for label, point in chart.points.iterrows():
        shared: dict[str, Any] = {"level": str(label), "method": chart.method}
        shared |= {key: int(point[key]) for key in ("count", "total") if _is_known(point, key)}
        note = _describe_signals(point) if chart.limits != "none" else chart.note
        rows.append(shared | {"statistic": "point", "status": point["status"], "note": note})
        if point["status"] == "shown":
            rows[-1]["value"] = float(point["value"])
        if pd.notna(point["centre"]):
            placed = {name: float(point[name]) for name in ("low", "high", "se")}
            placed["value"] = float(point["centre"])
            rows.append(shared | {"statistic": "limits", "note": chart.note} | placed)
    return rows


def _is_known(point: pd.Series, key: str) -> bool:
    """Return whether a point has this count; time at risk with a fraction is none."""
    return key in point.index and bool(pd.notna(point[key])) and float(point[key]).is_integer()


def _describe_signals(point: pd.Series) -> str:
    words = (_SIDES[rule][0 if point[rule] > 0 else 1] for rule in SIGNALS if point[rule])
    return "; ".join(words)
