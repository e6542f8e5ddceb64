"""Whether the log is still written as it was: the last session, the volume, the columns."""

from typing import Any, Final

import pandas as pd

from analysis.answers.trends.calendar import find_last_full, list_before
from analysis.answers.trends.charts import QUESTION
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort, Period
from analysis.vocabulary import PROTOCOL

SINCE: Final = "months since the last session"
OF_LATE: Final = "sessions of late"
USUAL: Final = "usual sessions"
RECORDED: Final = "recorded of late"
USUALLY: Final = "usually recorded"
ALARM: Final = "alarm"
VOLUME: Final = "sessions"
"""The level of the alarm that there are fewer sessions than usual; the others are columns."""

_PART: Final = PROTOCOL["alarm_part"].value
_LEAST: Final = PROTOCOL["alarm_least"].whole
_TOO_FEW: Final = f"fewer than {_LEAST} sessions are usual"
_TOO_SHORT: Final = "the log is too short to tell what is usual"


def check_freshness(cohort: Cohort) -> pd.DataFrame:
    """Return how long ago the last session was, sessions and what is written down of late against
    what is usual, and the alarms.

    All chosen sessions, of every modality. Volume: the last full month against the median of the
    twelve before. Columns: the share of sessions of the last full quarter with something in it
    against the median share of the four before; columns that were never filled have no rows. An
    ``alarm`` row has the value 1 where the alarm is raised and 0 where it is not; it is about the
    log and not about patients, as is what is usual.
    """
    last = cohort.find_last_day()
    since: dict[str, Any] = {
        "statistic": SINCE,
        "unit": "rows",
        "method": "count",
    }
    if last is None:
        rows = [since | {"status": "not estimable", "note": "no session"}]
    else:
        read_at = pd.Timestamp(cohort.origin.as_of)
        months = 12 * (read_at.year - last.year) + read_at.month - last.month
        rows = [since | {"value": float(months)}, *_check_volume(cohort), *_check_columns(cohort)]
    return make_estimates(rows, question=QUESTION, source=cohort.origin.source)


def _check_volume(cohort: Cohort) -> list[dict[str, Any]]:
    by: Period = "month"
    periods = PROTOCOL["alarm_months"].whole
    filled = cohort.count_filled(by)
    counts = filled[filled["column"] == ""].set_index("level")[["sessions", "patients"]]
    level = find_last_full(cohort, by)
    before = list_before(level, by, periods)
    now = counts.reindex([level], fill_value=0).iloc[0]
    usual: dict[str, Any] = {"statistic": USUAL, "unit": "rows", "method": "median"}
    alarm: dict[str, Any] = {"level": VOLUME}
    # the first month of a log has no full month before it
    if counts.index.min() > before[0]:
        obstacle = {"status": "not estimable", "note": _TOO_SHORT}
    else:
        middle = float(counts["sessions"].reindex(before, fill_value=0).median())
        obstacle = {} if middle >= _LEAST else {"status": "too few", "note": _TOO_FEW}
        if not obstacle:
            usual["value"] = middle
            alarm["value"] = float(now["sessions"] < _PART * middle)
    span = f"{before[0]}..{before[-1]}"
    of_late: dict[str, Any] = {"statistic": OF_LATE, "unit": "sessions", "method": "count"}
    of_late["period"] = level
    of_late |= {"count": int(now["sessions"]), "patients_count": int(now["patients"])}
    return [
        {**of_late, "population": "sessions selected"},
        {**usual, **obstacle, "period": span},
        _raise_alarm(**alarm, **obstacle, period=level),
    ]


def _check_columns(cohort: Cohort) -> list[dict[str, Any]]:
    by: Period = "quarter"
    filled = cohort.count_filled(by)
    level = find_last_full(cohort, by)
    before = list_before(level, by, PROTOCOL["alarm_quarters"].whole)
    sessions, patients = (
        filled.pivot_table(index="level", columns="column", values=name, aggfunc="sum")
        for name in ("sessions", "patients")
    )
    empty = dict.fromkeys(sessions.columns, 0)
    now, people = (
        dict(each.loc[level]) if level in each.index else empty for each in (sessions, patients)
    )
    rows: list[dict[str, Any]] = []
    for column in filled["column"].drop_duplicates():
        if not column or not sessions[column].sum():
            continue
        about = {
            "by": "column",
            "level": column,
            "period": level,
            "population": "sessions selected",
        }
        count, total = int(now[column]), int(now[""])
        of_late: dict[str, Any] = {"statistic": RECORDED, "unit": "sessions", "method": "count"}
        of_late |= {"count": count, "total": total}
        of_late |= {"patients_count": int(people[column]), "patients_total": int(people[""])}
        of_late |= {"value": count / total} if total else {"status": "not estimable"}
        shares = (sessions[column] / sessions[""]).reindex(before)
        usual: dict[str, Any] = {"statistic": USUALLY, "unit": "rows", "method": "median"}
        alarm: dict[str, Any] = {"level": column}
        obstacle = {"status": "not estimable", "note": _TOO_SHORT}
        if shares.notna().all():
            usual["value"] = middle = float(shares.median())
            obstacle = {"status": "too few", "note": _TOO_FEW}
            if middle * total >= _LEAST:
                obstacle = {}
                alarm["value"] = float(count < _PART * middle * total)
        unknown = {} if "value" in usual else obstacle
        rows += [
            about | of_late,
            about | {"population": ""} | usual | unknown,
            _raise_alarm(**alarm, **obstacle, period=level),
        ]
    return rows


def _raise_alarm(**alarm: Any) -> dict[str, Any]:
    row = {"statistic": ALARM, "by": "alarm", "unit": "rows", "method": "log_alarm"}
    return row | alarm
