"""The log along the calendar: how much was done and written down, and when harm was seen.

Periods are ``month`` (``2025-03``) or ``quarter`` (``2025-Q1``).
"""

from collections.abc import Mapping
from typing import Final, Literal

import ibis
import pandas as pd
from ibis import _

from analysis.intake.cohort.harms import PERIODS

Period = Literal["month", "quarter"]

_COLUMNS: Final = {
    "pain": "pain",
    "needle length": "needle_longest",
    "passes": "passes",
    "device": "device",
    "operator": "operator",
    "cartridge lot": "cartridge_lot",
}
"""What a log may write of a session, and the column it goes to."""
FILLED: Final = ("side effects", "scores", "skin type", *_COLUMNS)
"""What is watched for not being written down any more."""


def count_filled(
    sessions: ibis.Table, patients: ibis.Table, assessments: ibis.Table, by: Period
) -> pd.DataFrame:
    """Return how many sessions have what was written down, and of how many patients.

    Columns: level (the period), column (one of :data:`FILLED`, empty for all sessions), sessions,
    patients. A row for each period with a session and each column, zeros too. Side effects are
    written down also as none; a score is one of the day of the session or before, in its row.
    """
    scored = assessments.inner_join(sessions.select("session", day="date"), "session")
    scored = scored.filter(_.date <= _.day).select("session", is_scored=True).distinct()
    known = patients.filter(_.skin_type.notnull()).select("patient", has_skin=True)
    rows = sessions.left_join(scored, "session").left_join(known, "patient")
    tests = {
        "": rows.session.notnull(),
        "side effects": rows.recorded != "not recorded",
        "scores": rows.is_scored.fill_null(False),
        "skin type": rows.has_skin.fill_null(False),
    }
    tests |= {name: rows[column].notnull() for name, column in _COLUMNS.items()}
    marked = rows.select("patient", level=PERIODS[by](rows), **_number(tests))
    counts = marked.group_by("level").agg(
        **{f"sessions{n}": marked[f"test{n}"].sum() for n in range(len(tests))},
        **{
            f"patients{n}": marked.patient.nunique(where=marked[f"test{n}"])
            for n in range(len(tests))
        },
    )
    wide = counts.order_by("level").execute()
    parts = [
        pd.DataFrame(
            {
                "level": wide["level"],
                "column": name,
                "sessions": wide[f"sessions{n}"].astype("int64"),
                "patients": wide[f"patients{n}"].astype("int64"),
            }
        )
        for n, name in enumerate(tests)
    ]
    return pd.concat(parts, ignore_index=True)


def _number(tests: Mapping[str, ibis.Value]) -> dict[str, ibis.Value]:
    return {f"test{n}": test for n, test in enumerate(tests.values())}


def measure_pain(sessions: ibis.Table, by: Period | Literal[""]) -> pd.DataFrame:
    """Return the mean pain of each period, without ``by`` of all together.

    Columns: level, value (0 to 10), sessions and patients with pain recorded. No row for a period
    without.
    """
    scored = sessions.filter(_.pain.notnull())
    level = PERIODS[by](scored) if by else ibis.literal("")
    means = (
        scored.mutate(level=level)
        .group_by("level")
        .agg(value=_.pain.mean(), sessions=_.count(), patients=_.patient.nunique())
    )
    return means.order_by("level").execute()


def list_days_of_harm(sessions: ibis.Table, asked: ibis.Table, events: ibis.Table) -> pd.DataFrame:
    """Return the days of the sessions that were asked, and whether one of the events began there:
    columns date and event, a row for each session, no patient.

    For charts of internal pages. ``asked`` and ``events`` have a column session.
    """
    began = events.select("session").distinct().mutate(event=True)
    rows = sessions.semi_join(asked, "session").left_join(began, "session")
    rows = rows.select("date", event=_.event.fill_null(False))
    return rows.order_by("date", "event").execute()
