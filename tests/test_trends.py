"""Over time: a visible log and its points, which charts have limits, when an alarm is raised."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.answers import trends
from analysis.individuals import InternalEstimates
from analysis.intake.cohort import Cohort, Selection
from counted import Counted, count_months, list_months
from logs import load

# Day 0 is 1 January 2024. Nobody came in March; in May somebody did, and nobody asked.
LOG = """
patient | day | clinic | operator | cartridge_lot | pain | modality         | harm
a       | 0   | north  | D1       | L1            | 4    | microneedling    | milia
a       | 10  | north  | D1       | L1            | 6    | microneedling    | none
a       | 40  | north  | D1       | L2            |      | microneedling    | none
b       | 5   | south  | D2       | L1            | 2    | microneedling    | milia, acne flare
b       | 45  | south  | D2       | L2            | 3    | microneedling    | milia
c       | 100 |        | D2       |               | 1    | microneedling    | none
c       | 125 |        | D2       |               |      | microneedling    |
d       | 12  | north  | D1       | L9            | 9    | rf microneedling | milia
"""
# level, sessions with any harm, sessions asked, patients with, patients asked, events
HARM = """
     | 3 | 6 | 2 | 3 | 4
2024-Q1 | 3 | 5 | 2 | 2 | 4
2024-Q2 | 0 | 1 | 0 | 1 | 0
"""
NUMBERS = ["count", "total", "patients_count", "patients_total"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above, read on 9 May 2024."""
    return load(tmp_path_factory.mktemp("trends"), LOG, as_of=129)


def read(table: str) -> dict[str, list[str]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip("\n").splitlines()]
    return {line[0]: line[1:] for line in lines}


def get(frame: pd.DataFrame, statistic: str) -> dict[str, dict[str, Any]]:
    """The rows of a statistic by their level."""
    found = frame[frame["statistic"] == statistic].to_dict("records")
    return {row["level"]: {str(name): value for name, value in row.items()} for row in found}


def count(frame: pd.DataFrame, statistic: str) -> dict[str, list[int]]:
    return {level: [row[name] for name in NUMBERS] for level, row in get(frame, statistic).items()}


def chart(*cells: tuple[int, ...], first: str = "2024-01", **more: Any) -> pd.DataFrame:
    """The chart of a harm with these counts by month."""
    return trends.chart_harms(Counted(count_months(first, cells), **more), "milia")


SHARE, RATE, PAIN = "sessions with, over time", "events, over time", "mean pain, over time"


# --- a visible log ------------------------------------------------------------------------------


def test_a_visible_log(cohort: Cohort) -> None:
    """Any harm, asked about, of mechanical needling; too few for months, so by quarter."""
    frame = trends.chart_harms(cohort)
    expected = read(HARM)

    assert count(frame, SHARE) == {
        level: [int(n) for n in numbers[:4]] for level, numbers in expected.items()
    }
    assert {level: row["count"] for level, row in get(frame, RATE).items()} == {
        level: int(numbers[4]) for level, numbers in expected.items()
    }
    assert get(frame, SHARE)[""]["value"] == pytest.approx(3 / 6)
    assert get(frame, RATE)[""]["value"] == pytest.approx(100 * 4 / 6)
    assert {*frame["by"]} == {"", "quarter"}
    assert {*frame["unit"]} == {"sessions", "events"}
    assert not frame["statistic"].str.endswith("limits").any()
    assert get(frame, SHARE)["2024-Q1"]["note"] == "fewer than 12 points have no limits"
    assert get(frame, SHARE)["2024-Q2"]["status"] == "too few"
    assert get(frame, SHARE)["2024-Q2"]["note"].endswith("; not complete")


def test_one_side_effect_is_charted_alone(cohort: Cohort) -> None:
    """Milia came at three sessions; each is one event."""
    frame = trends.chart_harms(cohort, "milia")
    assert {*frame["term"]} == {"milia"}
    assert count(frame, SHARE)[""] == [3, 6, 2, 3]
    assert count(frame, RATE)[""] == [3, 6, 2, 3]


def test_pain_is_a_mean_over_the_sessions_that_have_it(cohort: Cohort) -> None:
    """Blank is not zero; radiofrequency is not in it."""
    frame = trends.chart_pain(cohort)
    assert count(frame, PAIN)[""] == [5, 5, 3, 3]
    assert get(frame, PAIN)[""]["value"] == pytest.approx((4 + 6 + 2 + 3 + 1) / 5)
    points = {level: (row["value"], row["total"]) for level, row in get(frame, PAIN).items()}
    assert points["2024-02"][1] == 1
    # every month from the first to the last, also the one without
    assert [*points][1:] == list_months("2024-01", 4)
    assert points["2024-03"][1] == 0


def test_clinics_add_up_with_those_not_recorded(cohort: Cohort) -> None:
    """A session without a clinic is a row and no unit."""
    frame = trends.compare_clinics(cohort)
    counts = count(frame, "sessions with, by unit")
    assert counts == {
        "": [3, 6, 2, 3],
        "north": [1, 3, 1, 1],
        "south": [2, 2, 1, 1],
        "not recorded": [0, 1, 0, 1],
    }
    rows = get(frame, "sessions with, by unit")
    assert rows["north"]["note"] == "fewer than 5 units have no limits"
    assert rows["not recorded"]["method"] == "count"


def test_operators_and_lots_are_held_closed(cohort: Cohort) -> None:
    """For internal pages; printed, they tell nothing."""
    held = trends.compare_units(cohort)
    assert isinstance(held, InternalEstimates)
    assert {*held.frame["by"]} == {"", "operator", "cartridge lot"}
    assert count(held.frame, "sessions with, by unit")["D2"] == [2, 3, 1, 2]
    assert "D2" not in repr(held)


EVENTS = """
patient | day | concern    | harm
a       | 0   | acne scars | keloid
b       | 3   | acne scars | none
c       | 3   | acne scars |
d       | 9   | acne scars | keloid
e       | 9   | acne scars | keloid
f       | 9   | acne scars | none
g       | 30  | acne scars | none
"""


def test_rare_harm_is_charted_event_by_event(tmp_path: Path) -> None:
    """Of one day the session without the event comes first; the one that was not asked is none."""
    more = "".join(f"{patient} | 120 | acne scars | none\n" for patient in "abcdefg")
    held = trends.list_events(load(tmp_path, EVENTS + more))
    assert isinstance(held, InternalEstimates)
    assert held.days_since == 880
    gaps = {
        statistic: {level: row["value"] for level, row in get(held.frame, statistic).items()}
        for statistic in ("days between", "sessions between")
    }
    assert gaps == {
        "days between": {"2024-01-10": 9, "2024-01-10 (2)": 0},
        "sessions between": {"2024-01-10": 2, "2024-01-10 (2)": 0},
    }
    assert "2024-01-10" not in repr(held)


# --- which charts have limits -------------------------------------------------------------------


def test_months_have_limits_and_signals() -> None:
    """Fourteen months are on trial; the signal stands with the limits, not with the point."""
    frame = chart(*[(6, 60)] * 6, (30, 60), *[(6, 60)] * 7)
    assert {*frame["by"]} == {"", "month"}
    limits = get(frame, f"{SHARE}, limits")
    assert len(limits) == 14
    assert limits["2024-07"]["note"].split("; ") == [
        "above the upper limit",
        "trial limits, from fewer than 20 points",
    ]
    row = limits["2024-01"]
    assert row["value"] == pytest.approx(108 / 840)
    assert (row["total"], row["patients_total"], pd.isna(row["count"])) == (840, 840, True)
    assert {row["note"] for row in get(frame, SHARE).values()} == {""}
    rate = get(frame, f"{RATE}, limits")["2024-01"]
    assert rate["value"] == pytest.approx(100 * 108 / 840)


@pytest.mark.parametrize(
    ("cells", "by", "has_limits"),
    [
        pytest.param([(5, 50)] * 12, "month", True, id="as many as are asked for"),
        pytest.param([(5, 50)] * 11, "month", False, id="a month too short"),
        pytest.param([(2, 50)] * 12, "quarter", False, id="too few a month, and four quarters"),
        pytest.param([(2, 50)] * 36, "quarter", True, id="twelve quarters"),
        pytest.param([(1, 50)] * 36, "quarter", False, id="too few a quarter"),
        pytest.param([(9, 50)] * 35 + [(4, 50)], "quarter", True, id="one month of four patients"),
        pytest.param([(9, 50)] * 12 + [(4, 50)], "month", True, id="and too few quarters"),
        pytest.param([(9, 50)] * 12 + [(0, 50)], "month", True, id="none is not few"),
        pytest.param([(0, 50)] * 12, "quarter", False, id="no event"),
        pytest.param([(50, 50)] * 12, "month", False, id="all have it"),
        pytest.param([(1, 1)], "quarter", False, id="one patient"),
        pytest.param([(0, 0)] * 12, "quarter", False, id="nobody was asked"),
        pytest.param([(9, 50, 1, 1)] * 12, "month", True, id="one patient each month"),
    ],
)
def test_month_or_quarter(cells: list[tuple[int, ...]], by: str, has_limits: bool) -> None:
    """Months where they have limits and rest on enough patients, else quarters."""
    frame = chart(*cells, as_of="2030-01-01")
    assert {*frame["by"]} - {""} == ({by} if sum(cell[1] for cell in cells) else set()) - {""}
    assert (frame["statistic"] == f"{SHARE}, limits").any() == has_limits


def test_nothing_at_all_is_a_row_that_says_so() -> None:
    """No session: a whole that cannot be estimated, and no point."""
    frame = chart()
    assert [*frame["status"]] == ["not estimable"] * 2
    empty = trends.chart_pain(Counted({}))
    assert [*empty["status"]] == ["not estimable"]
    assert trends.compare_clinics(Counted({})).empty


def test_a_month_without_sessions_is_a_point_without_a_value() -> None:
    """Between the first month and the last none is left out, and limits step over it."""
    cells = count_months("2024-01", [(6, 60)] * 14)
    del cells["2024-05"]
    frame = trends.chart_harms(Counted(cells), "milia")
    row = get(frame, SHARE)["2024-05"]
    assert (row["status"], row["count"], row["total"]) == ("not estimable", 0, 0)
    assert "2024-05" not in get(frame, f"{SHARE}, limits")


@pytest.mark.parametrize(
    ("as_of", "period", "unfinished"),
    [
        ("2025-02-28", "", []),
        ("2025-02-27", "", ["2025-02"]),
        ("2025-06-01", "2024-01-15..2025-02-28", ["2024-01"]),
    ],
)
def test_a_period_that_is_not_over_is_marked(
    as_of: str, period: str, unfinished: list[str]
) -> None:
    """By the day the log was read, or by the days that were chosen."""
    frame = chart(*[(6, 60)] * 14, as_of=as_of, selection=Selection(period=period))
    rows = get(frame, SHARE)
    assert [level for level, row in rows.items() if row["note"] == "not complete"] == unfinished


def test_a_clinic_far_out_lies_beyond_the_funnel() -> None:
    """Six clinics; the signal stands with the limits."""
    cells = {f"clinic {n}": (10 + n, 200) for n in range(7)} | {"clinic 7": (90, 200)}
    frame = trends.compare_clinics(Counted(cells), "milia")
    signals = frame[(frame["by2"] == "signal")]
    assert dict(zip(signals["level"], signals["level2"], strict=True)) == {
        "clinic 7": "above the 99.8 % limit"
    }
    curves = frame[frame["by2"] == "limits"]
    assert {*curves["level2"]} == {"95 %", "99.8 %"}
    assert (curves["low"] <= curves["value"]).all()
    units = frame[(frame["statistic"] == "sessions with, by unit") & (frame["by"] == "clinic")]
    assert [*units["level"]] == sorted(units["level"])
    assert (units["note"] == "").all()


# --- alarms -------------------------------------------------------------------------------------

YEAR = list_months("2025-06", 12)
QUARTERS = ["2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]


def fill(
    last: int, *, usual: int = 20, recorded: int = 0, column: str = "", **more: Any
) -> Counted:
    """A log with so many sessions each month and in the last one; 40 a quarter, all with a column
    filled but for the last."""
    counts: dict[str, Mapping[str, int]] = {
        "": dict.fromkeys(YEAR, usual) | {"2026-06": last} | dict.fromkeys(QUARTERS, 40)
    }
    if column:
        counts[column] = dict.fromkeys(QUARTERS, 40) | {"2026-Q2": recorded}
    return Counted({}, filled=counts, **more)


def get_alarms(cohort: Any) -> dict[str, Any]:
    """Each alarm: raised, not raised, or why it cannot be told."""
    rows = get(trends.check_freshness(cohort), "alarm")
    return {
        level: row["status"] if pd.isna(row["value"]) else bool(row["value"])
        for level, row in rows.items()
    }


@pytest.mark.parametrize(
    ("last", "raised"), [(11, False), (10, False), (9, True), (0, True), (40, False)]
)
def test_half_the_volume_is_no_alarm_and_less_is(last: int, raised: bool) -> None:
    """Twenty sessions a month are usual."""
    assert get_alarms(fill(last))["sessions"] is raised


@pytest.mark.parametrize(
    ("recorded", "raised"), [(21, False), (20, False), (19, True), (0, True), (40, False)]
)
def test_a_column_that_is_filled_half_as_often_is_no_alarm_and_less_is(
    recorded: int, raised: bool
) -> None:
    """It used to be filled at all of forty sessions."""
    assert get_alarms(fill(20, recorded=recorded, column="pain"))["pain"] is raised


def test_no_alarm_where_few_are_usual() -> None:
    """Of ten a month less than half is more than chance; of nine it cannot be told."""
    assert get_alarms(fill(4, usual=10))["sessions"] is True
    assert get_alarms(fill(0, usual=9))["sessions"] == "too few"


def test_no_alarm_in_a_young_log() -> None:
    """Eleven months before the last are no year, three quarters neither."""
    young = fill(0, recorded=0, column="pain")
    for counts in young.filled.values():
        for level in ("2025-06", "2025-Q2"):
            dict.pop(counts, level, None)  # type: ignore[arg-type]
    assert get_alarms(young) == {"sessions": "not estimable", "pain": "not estimable"}


def test_what_was_never_written_down_is_not_missed() -> None:
    """A column of zeros has no rows."""
    cohort = fill(20, recorded=0, column="pain")
    cohort.filled["pain"].update(dict.fromkeys(QUARTERS, 0))  # type: ignore[attr-defined]
    assert [*get_alarms(cohort)] == ["sessions"]


def test_the_last_month_is_the_last_that_is_over() -> None:
    """On 29 June it is May, of which there are as many as usual; on the 30th June is over."""
    assert get_alarms(fill(0, as_of="2026-06-29"))["sessions"] == "not estimable"
    longer = fill(0, as_of="2026-06-29")
    longer.filled[""]["2025-05"] = 20  # type: ignore[index]
    assert get_alarms(longer)["sessions"] is False
    assert get_alarms(fill(0))["sessions"] is True


def test_a_chosen_period_ends_where_it_was_chosen_to() -> None:
    """What lies after it was not asked for, and is not missing."""
    chosen = Selection(period="2025-06-01..2026-05-31")
    assert get_alarms(fill(0, selection=chosen))["sessions"] == "not estimable"


def test_the_last_session_is_told_in_months() -> None:
    """Days would be for internal pages."""
    rows = get(
        trends.check_freshness(fill(20, as_of="2026-09-01")), "months since the last session"
    )
    assert rows[""]["value"] == 3
    empty = trends.check_freshness(Counted({}))
    assert [*empty["status"]] == ["not estimable"]


def test_what_is_written_down_is_counted_in_the_log(cohort: Cohort) -> None:
    """All sessions of all modalities; side effects count also as none."""
    filled = cohort.count_filled("quarter")
    found = filled[filled["level"] == "2024-Q1"].set_index("column")[["sessions", "patients"]]
    assert {column: [*row] for column, row in zip(found.index, found.to_numpy(), strict=True)} == {
        "": [6, 3],
        "side effects": [6, 3],
        "scores": [0, 0],
        "skin type": [0, 0],
        "pain": [5, 3],
        "needle length": [0, 0],
        "passes": [0, 0],
        "device": [0, 0],
        "operator": [6, 3],
        "cartridge lot": [6, 3],
    }


BARE = """
patient | day
a       | 0
"""


def test_one_session_with_nothing_recorded(tmp_path: Path) -> None:
    """Every answer has its rows, none a value but for the months since, and nothing fails."""
    bare = load(tmp_path, BARE, as_of=10)
    harms, pain = trends.chart_harms(bare), trends.chart_pain(bare)
    # nobody was asked: a quarter without a point, and a whole that cannot be estimated
    assert {*harms["status"]} == {"not estimable"}
    assert count(harms, SHARE) == {"": [0, 0, 0, 0], "2024-Q1": [0, 0, 0, 0]}
    assert [*pain["status"]] == ["not estimable"]
    assert trends.compare_clinics(bare).empty
    assert trends.list_events(bare).frame.empty
    assert trends.compare_units(bare).frame.empty
    log = trends.check_freshness(bare)
    assert get(log, "months since the last session")[""]["value"] == 0
    assert {*log.loc[log["statistic"] == "alarm", "status"]} == {"not estimable"}
