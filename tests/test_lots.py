"""The study of a bad lot: its example, what counts as found, and the table made from it."""

import json
import sys
from pathlib import Path

import pandas as pd

from analysis.intake.example import write_example
from analysis.statistics.control_charts import chart_days_between, list_days_between

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
# appended, so that a benchmark never stands in for a package of the same name
sys.path.append(str(BENCHMARKS))
import lots  # noqa: E402

RESULTS = """\
patients,seed,lot,chart,view,points,limits,signals,found,sessions
900,1,bad,days between events,looking back,40,1,3,1,50
900,1,like any other,days between events,looking back,30,1,2,0,
900,2,bad,days between events,looking back,40,1,0,0,
900,2,like any other,days between events,looking back,10,0,0,1,
900,1,bad,share by month,as it went,10,0,0,0,
900,1,like any other,share by month,as it went,10,0,0,0,
"""
TABLE = """
| 900 | days between events | looking back | 2 of 2 | 1 of 2 | 50 | 1 of 2 | 1 of 2 | 1.00 |
| 900 | share by month | as it went | 0 of 1 | 0 of 1 |  | 0 of 1 |  |  |
"""


def test_the_table_counts_seeds(tmp_path: Path) -> None:
    """Found of the bad ones, cried wolf of the others; 2 signals in 40 points are 1 in 20."""
    path = tmp_path / "lots.csv"
    path.write_text(RESULTS, encoding="utf-8")
    assert lots.describe_lots(path).splitlines()[2:] == TABLE.strip().splitlines()


def test_the_tracked_results_are_all_there() -> None:
    """Both kinds of lot for each seed, each chart and view."""
    rows = pd.read_csv(lots.RESULTS)
    sizes = rows.groupby(["patients", "chart", "view", "lot"])["seed"].nunique()
    assert sizes.xs(900).eq(lots.SEEDS).all()
    assert sizes.groupby("patients").nunique().eq(1).all()
    assert len(sizes.xs(900)) == 2 * 2 * 6


def find(days: list[str]) -> int:
    """Return whether the charts of these days of events find the lot."""
    events = pd.to_datetime(pd.Series(days))
    chart = chart_days_between(list_days_between(events))
    assert chart.limits != "none"
    sessions = pd.DataFrame({"date": events, "event": True})
    points = lots._mark("days between events", chart)
    row = lots._describe("days between events", lots.BACK, points, True, sessions)
    return int(row["found"])


def test_found_is_a_signal_while_the_lot_was_used_or_soon_after() -> None:
    """Eight events within a week: in April they are the lot's, in January they are not."""
    monthly = [f"{year}-{month:02}-20" for year in (2024, 2025) for month in range(1, 13)]
    burst = ["01", "01", "02", "02", "03", "03", "04", "04"]
    assert find([*monthly, *(f"2025-04-{day}" for day in burst)]) == 1
    assert find([*monthly, *(f"2025-01-{day}" for day in burst)]) == 0
    assert find(monthly) == 0


def test_the_example_says_how_bad_its_lot_is(tmp_path: Path) -> None:
    """Nine times as bad unless asked otherwise; a lot like any other changes nothing else."""
    for name, more in {
        "usual": {},
        "nine": {"bad_lot_factor": 9.0},
        "one": {"bad_lot_factor": 1.0},
    }.items():
        write_example(tmp_path / name, patients=60, seed=3, **more)
    factors = {}
    for name in ("usual", "nine", "one"):
        truth = json.loads((tmp_path / name / "truth.json").read_text(encoding="utf-8"))
        factors[name] = truth["bad_lot"]["factor"]
    assert factors == {"usual": 9.0, "nine": 9.0, "one": 1.0}
    logs = {name: (tmp_path / name / "north.csv").read_bytes() for name in factors}
    assert logs["usual"] == logs["nine"]
