"""Whether control charts and funnels find a bad lot of cartridges, and how often they cry wolf.

    python benchmarks/lots.py                    # writes lots.csv; then: make docs
    python benchmarks/lots.py --seeds 5 --patients 2700 --add

Of each seed two examples are written and read: with the bad lot of the example (lasting
hyperpigmentation nine times as often, in March and April 2025, in one of four kinds of cartridges)
and with a lot of that name like any other. Sought are signals of *more* hyperpigmentation.

Looking back, the charts are of the whole log (24 months). A chart over time finds the lot where a
signal lies in a period, or at an event, from the first day of its use until 90 days after the last;
the funnel where the unit beyond a limit is the lot. As it went, the same is asked at the end of
each month of that span, of the sessions until then. What was known of these sessions is what the
log knew at its end: in truth hyperpigmentation shows, and is written down, weeks later.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.example import write_example
from analysis.intake.example.clinics import BAD_LOT, FIRST_VISIT
from analysis.intake.example.harms import BAD_LOT_FACTOR
from analysis.statistics.control_charts import (
    SIGNALS,
    Chart,
    chart_days_between,
    chart_sessions_between,
    chart_shares,
    funnel_shares,
    list_days_between,
    list_sessions_between,
)

RESULTS = Path(__file__).parent / "lots.csv"
COLUMNS = (
    "patients",
    "seed",
    "lot",
    "chart",
    "view",
    "points",
    "limits",
    "signals",
    "found",
    "sessions",
)
TERM = "pih"
FIRST_USE, LAST_USE = date(2025, 3, 1), date(2025, 4, 30)
UNTIL = pd.Timestamp(LAST_USE) + pd.Timedelta(days=90)
ENDS = pd.date_range("2025-03-31", "2025-07-31", freq="ME")
SEEDS = 20
PATIENTS = 900
BACK, WENT = "looking back", "as it went"
FUNNELS = {"funnel of lots, 99.8 %": 2, "funnel of lots, 95 %": 1}


def main() -> None:
    """Write the table."""
    arguments = _read_arguments()
    rows = []
    for seed in range(1, arguments.seeds + 1):
        for lot, factor in (("bad", BAD_LOT_FACTOR), ("like any other", 1.0)):
            started = time.perf_counter()
            about = {"patients": arguments.patients, "seed": seed, "lot": lot}
            rows += [about | row for row in try_log(seed, factor, arguments.patients)]
            sys.stdout.write(f"seed {seed}, lot {lot}: {time.perf_counter() - started:.1f} s\n")
            sys.stdout.flush()
            _write(arguments.out, rows, add=arguments.add)
    sys.stdout.write(describe_lots(arguments.out))


def try_log(seed: int, factor: float, patients: int) -> Iterator[dict[str, Any]]:
    """Yield what each chart finds in one example."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "notebooks").mkdir()
        write_example(
            project / "data" / "example",
            form="tables",
            patients=patients,
            seed=seed,
            bad_lot_factor=factor,
        )
        cohort = load_cohort("example", project=project)
        sessions = cohort.list_days_of_harm([TERM])
        sessions["date"] = pd.to_datetime(sessions["date"])
        yield from _look_back(cohort, sessions)
        yield from _go_along(project, sessions)


def _look_back(cohort: Cohort, sessions: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for name, chart in _draw_charts(sessions).items():
        points = _mark(name, chart)
        yield _describe(name, BACK, points, chart.limits != "none", sessions)
    units = _draw_lots(cohort)
    for name, least in FUNNELS.items():
        outside = units["outside"] >= least
        yield {
            "chart": name,
            "view": BACK,
            "points": len(units),
            "limits": int(units["outer_high"].notna().any()),
            "signals": int(outside.sum()),
            "found": int(outside.get(BAD_LOT, default=False)),
        }


def _go_along(project: Path, sessions: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the same for the first end of a month at which the lot is found, else for the last."""
    found: dict[str, dict[str, Any]] = {}
    for end in ENDS:
        known = sessions[sessions["date"] <= end]
        since = int(known["date"].between(pd.Timestamp(FIRST_USE), end).sum())
        rows = []
        for name, chart in _draw_charts(known).items():
            points = _mark(name, chart)
            rows.append(_describe(name, WENT, points, chart.limits != "none", known))
        period = f"{FIRST_VISIT}..{end:%Y-%m-%d}"
        units = _draw_lots(load_cohort("example", project=project, period=period))
        for name, least in FUNNELS.items():
            outside = units["outside"] >= least
            row = {"chart": name, "view": WENT, "points": len(units)}
            row |= {"limits": int(units["outer_high"].notna().any())}
            row |= {"signals": int(outside.sum())}
            rows.append(row | {"found": int(outside.get(BAD_LOT, default=False))})
        for row in rows:
            if not found.get(row["chart"], {}).get("found"):
                found[row["chart"]] = row | {"sessions": since if row["found"] else ""}
    yield from found.values()


def _draw_charts(sessions: pd.DataFrame) -> dict[str, Chart]:
    charts = {}
    for name, frequency in (("share by month", "M"), ("share by quarter", "Q")):
        periods = sessions["date"].dt.to_period(frequency)
        counts = sessions.groupby(periods)["event"].agg(count="sum", total="size")
        charts[name] = chart_shares(counts)
    days = sessions.loc[sessions["event"], "date"]
    charts["days between events"] = chart_days_between(list_days_between(days))
    charts["sessions between events"] = chart_sessions_between(list_sessions_between(sessions))
    return charts


def _mark(name: str, chart: Chart) -> pd.DataFrame:
    """Return begin and end of each point, and whether it has a signal of more events."""
    sign = 1 if name.startswith("share") else -1
    points, labels = chart.points, chart.points.index
    is_period = isinstance(labels, pd.PeriodIndex)
    return pd.DataFrame(
        {
            "begin": labels.start_time if is_period else labels,
            "end": labels.end_time.normalize() if is_period else labels,
            "signal": (points[[*SIGNALS]] * sign > 0).any(axis=1).to_numpy(),
        }
    )


def _describe(
    name: str, view: str, points: pd.DataFrame, has_limits: bool, sessions: pd.DataFrame
) -> dict[str, Any]:
    first = pd.Timestamp(FIRST_USE)
    hits = points[points["signal"] & (points["end"] >= first) & (points["begin"] <= UNTIL)]
    row = {"chart": name, "view": view, "points": len(points), "limits": int(has_limits)}
    row |= {"signals": int(points["signal"].sum()), "found": int(len(hits) > 0)}
    if len(hits):
        row["sessions"] = int(sessions["date"].between(first, hits["end"].min()).sum())
    return row


def _draw_lots(cohort: Cohort) -> pd.DataFrame:
    counts = cohort.count_harms([TERM], by="cartridge lot").dropna(subset=["level"])
    units = counts.groupby("level").agg(
        count=("sessions_with", "sum"), total=("sessions_asked", "sum")
    )
    return funnel_shares(units).units


# ---- the table ---------------------------------------------------------------------------------


def describe_lots(path: Path = RESULTS) -> str:
    """Return the results as a Markdown table, one row for each chart and view."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    head = [
        "| patients | chart | view | had limits | found the bad lot | sessions until then, median "
        "| cried wolf in the same span | with any signal | signals per 20 points |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    table, done = [], set()
    for row in rows:
        key = (row["patients"], row["chart"], row["view"])
        if key in done:
            continue
        done.add(key)
        same = [each for each in rows if key == (each["patients"], each["chart"], each["view"])]
        table.append(_describe_chart(key, same))
    return "\n".join([*head, *table]) + "\n"


def _describe_chart(key: tuple[str, str, str], rows: list[dict[str, str]]) -> str:
    bad, other = ([row for row in rows if row["lot"] == lot] for lot in ("bad", "like any other"))
    until = [int(row["sessions"]) for row in bad if row["found"] == "1" and row["sessions"]]
    points = sum(int(row["points"]) for row in other)
    back = key[2] == BACK
    signals = 20 * sum(int(row["signals"]) for row in other) / points if points and back else None
    cells = [
        *key,
        _count(bad, "limits"),
        _count(bad, "found"),
        f"{median(until):.0f}" if until else "",
        _count(other, "found"),
        _count(other, "signals") if back else "",
        "" if signals is None else f"{signals:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _count(rows: list[dict[str, str]], column: str) -> str:
    return f"{sum(int(row[column]) > 0 for row in rows)} of {len(rows)}"


def _write(path: Path, rows: list[dict[str, Any]], *, add: bool) -> None:
    """Write the rows; with ``add`` those of other sizes stay."""
    kept: list[dict[str, Any]] = []
    if add and path.exists():
        sizes = {str(row["patients"]) for row in rows}
        with path.open(encoding="utf-8", newline="") as lines:
            kept = [row for row in csv.DictReader(lines) if row["patients"] not in sizes]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *rows])


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--add", action="store_true", help="keep the rows of other sizes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
