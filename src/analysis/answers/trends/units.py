"""How far clinics lie apart; operators and lots, for pages that stay in the clinic."""

from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.answers.population import NOT_RECORDED
from analysis.answers.trends.charts import (
    HARM,
    LIMITS,
    QUESTION,
    count_all,
    count_levels,
    describe_whole,
    list_terms,
)
from analysis.estimates import check_estimates, make_estimates
from analysis.individuals import InternalEstimates
from analysis.intake.cohort import Cohort
from analysis.statistics.control_charts import Funnel, draw_funnel, funnel_shares
from analysis.vocabulary import PROTOCOL

FUNNEL: Final = "sessions with, by unit"
INTERNAL_UNITS: Final = ("operator", "cartridge lot")
SIZES: Final = 40
"""At so many totals the limits of a funnel are given, to draw them."""
_BEYOND: Final = {
    2: "above the 99.8 % limit",
    1: "above the 95 % limit",
    -1: "below the 95 % limit",
    -2: "below the 99.8 % limit",
}


def compare_clinics(cohort: Cohort, term: str = HARM) -> pd.DataFrame:
    """Return the share of sessions with a harm in each clinic, and the funnel they should lie in.

    ``term`` as in :func:`chart_harms`. Clinics come by name; there is no ranking. Sessions without
    a clinic are a row of their own and no unit of the funnel. Nothing where all sessions are of one
    clinic.
    """
    return _compare(cohort, term, "clinic")


def compare_units(cohort: Cohort, term: str = HARM) -> InternalEstimates:
    """Return the same of operators and of cartridge lots, for internal pages."""
    frames = [_compare(cohort, term, by) for by in INTERNAL_UNITS]
    # the row over all is the same in both
    found = pd.concat(frames, ignore_index=True).drop_duplicates("address")
    return InternalEstimates(check_estimates(found.reset_index(drop=True)))


def _compare(cohort: Cohort, term: str, by: str) -> pd.DataFrame:
    counts = cohort.count_harms(list_terms(cohort, term), by=by)
    counts["level"] = counts["level"].fillna(NOT_RECORDED)
    levels = sorted({*counts["level"]} - {NOT_RECORDED})
    shared = {"question": QUESTION, "term": term, "unit": "sessions"}
    shared |= {"population": "sessions asked", "source": cohort.origin.source}
    if len({*counts["level"]}) < 2:
        return make_estimates([], **shared)
    whole = count_all(counts, "sessions_with")
    points = count_levels(counts, "sessions_with", levels)
    funnel = funnel_shares(points)
    rows = [{"statistic": FUNNEL, **describe_whole(whole)}]
    rows += [_describe_unit(by, str(level), row, funnel) for level, row in points.iterrows()]
    if NOT_RECORDED in {*counts["level"]}:
        rest = count_levels(counts, "sessions_with", [NOT_RECORDED]).iloc[0]
        about = {"statistic": FUNNEL, "by": by, "level": NOT_RECORDED}
        rows.append(about | describe_whole({str(name): int(n) for name, n in rest.items()}))
    return make_estimates([*rows, *_list_limits(by, points, whole, funnel)], **shared)


def _describe_unit(by: str, level: str, counts: pd.Series, funnel: Funnel) -> dict[str, Any]:
    unit: dict[Any, Any] = dict(funnel.units.loc[level])
    row: dict[str, Any] = {str(name): int(number) for name, number in counts.items()}
    row |= {"statistic": FUNNEL, "by": by, "level": level, "method": funnel.method}
    row |= {"status": unit["status"], "note": funnel.note}
    if unit["status"] == "shown":
        row["value"] = float(unit["value"])
    return row


def _list_limits(
    by: str, points: pd.DataFrame, whole: dict[str, int], funnel: Funnel
) -> list[dict[str, Any]]:
    """Return rows of two kinds: the limits at each size, to draw them; the units beyond them."""
    shared: dict[str, Any] = {"statistic": FUNNEL + LIMITS, "by": by, "method": funnel.method}
    shared |= {name: whole[name] for name in ("total", "patients_total")}
    if funnel.target is None:
        return []
    least, largest = PROTOCOL["too_small_for_a_rate"].whole, points["total"].max()
    sizes = np.unique(np.linspace(least, largest * 1.05, SIZES).round())
    rows = []
    for line in draw_funnel(funnel, sizes).to_dict("records"):
        for name, words in (("inner", "95 %"), ("outer", "99.8 %")):
            place = {"level": f"{line['total']:.0f} sessions", "by2": "limits", "level2": words}
            ends = {"low": line[f"{name}_low"], "high": line[f"{name}_high"]}
            rows.append({**shared, **place, "value": line["target"], **ends})
    outside = funnel.units.loc[funnel.units["outside"] != 0, "outside"]
    for level, beyond in outside.items():
        place = {"level": str(level), "by2": "signal", "level2": _BEYOND[int(beyond)]}
        rows.append({**shared, **place, "value": funnel.target})
    return rows
