"""How grave a side effect was at its worst, and how long it lasted."""

from typing import Any, Final

import pandas as pd

from analysis.answers.population import NOT_RECORDED
from analysis.answers.side_effects.rates import (
    ANY_HARM,
    QUESTION,
    count_term,
    list_harm_terms,
    list_terms,
)
from analysis.estimates import make_estimates
from analysis.intake.cohort import LASTED, Cohort
from analysis.statistics.durations import estimate_median_duration, estimate_share_lasting
from analysis.vocabulary import PROTOCOL

GRADES: Final = {1: "1 mild", 2: "2 moderate", 3: "3 severe", 4: "4 life-threatening", 5: "5 fatal"}
"""The clinic's own grades; they are not those of CTCAE, whose areas of skin a face never fills."""
PATIENTS_WITH: Final = "patients with it"
"""Whom the worst grade and the duration are of."""
LASTING_DAYS: Final = tuple(PROTOCOL[key].whole for key in ("unresolved_early", "unresolved_late"))


def estimate_grades(cohort: Cohort) -> pd.DataFrame:
    """Return the patients with any harm, and with each side effect, by the worst grade that was
    written of it.

    A patient counts once for each; of whom no grade was written is a level too.
    """
    rows: list[dict[str, Any]] = []
    for term in (ANY_HARM, *list_terms(cohort)):
        worst = _find_worst(cohort, term)
        levels = worst.map(GRADES, na_action="ignore").astype("str").fillna(NOT_RECORDED)
        found = levels.value_counts()
        rows += [
            {
                "term": term,
                "by": "worst grade",
                "level": level,
                "count": int(found[level]),
                "total": len(levels),
                "value": int(found[level]) / len(levels),
            }
            for level in [*GRADES.values(), NOT_RECORDED]
            if level in found
        ]
    return make_estimates(
        rows,
        question=QUESTION,
        statistic="worst grade",
        unit="patients",
        population=PATIENTS_WITH,
        method="count",
        source=cohort.origin.source,
    )


def _find_worst(cohort: Cohort, term: str) -> pd.Series:
    """Return the highest grade of each patient with a side effect, or with any harm."""
    if term != ANY_HARM:
        counts = count_term(cohort, term)
        return counts.loc[counts["sessions_with"] > 0, "worst"]
    harms = cohort.harms[cohort.harms["concern"] == ""]
    harms = harms[harms["term"].isin(list_harm_terms(cohort)) & (harms["sessions_with"] > 0)]
    return harms.groupby("patient")["worst"].max().astype("Int64")


def count_lasting(cohort: Cohort) -> pd.DataFrame:
    """Return how many expected reactions ended within their limit, lasted longer and so became
    harm, and of how many nobody wrote how long they lasted."""
    found = cohort.lasting
    rows: list[dict[str, Any]] = []
    for term in cohort.vocabulary.side_effects:
        of_term = found[found["term"] == term]
        total, patients = int(of_term["events"].sum()), of_term["patient"].nunique()
        for state in LASTED if total else ():
            of_state = of_term[of_term["state"] == state]
            count = int(of_state["events"].sum())
            rows.append(
                {
                    "term": term,
                    "by": "lasted",
                    "level": state,
                    "count": count,
                    "total": total,
                    "patients_count": of_state["patient"].nunique(),
                    "patients_total": patients,
                    "value": count / total,
                }
            )
    return make_estimates(
        rows,
        question=QUESTION,
        statistic="lasted",
        unit="events",
        population="expected reactions",
        method="count",
        source=cohort.origin.source,
    )


def estimate_resolution(cohort: Cohort) -> pd.DataFrame:
    """Return how long each side effect took to resolve: the median, and the share unresolved after
    the protocol's numbers of days; the first event of a patient only, and as it was written: an
    expected reaction that lasted so long that it became harm is still one of its kind.

    Whose had not resolved when last seen count for as long as they were followed; of whom nobody
    wrote how long it lasted, nor that it had not resolved, are counted apart and in no estimate.
    ``count`` of a share are those known to have lasted longer.
    """
    ends = cohort.harm_ends
    rows: list[dict[str, Any]] = []
    written = set(ends["term"])
    effects = cohort.vocabulary.side_effects
    for term in [key for key in effects if key in written] + sorted(written - {*effects}):
        of_term = ends[ends["term"] == term]
        known = of_term[of_term["days"].notna()]
        days, ended = known["days"].astype("float64"), known["has_ended"].astype("boolean")
        told = {
            "statistic": "resolution recorded",
            "population": PATIENTS_WITH,
            "count": len(known),
            "total": len(of_term),
            "value": len(known) / len(of_term),
            "method": "count",
        }
        of_term_rows = [told]
        measured = {"statistic": "median days", **estimate_median_duration(days, ended)}
        of_term_rows.append(measured)
        of_term_rows += [
            {"statistic": f"unresolved after {until} days"}
            | estimate_share_lasting(days, ended, until)
            | {"count": int((days > until).sum())}
            for until in LASTING_DAYS
        ]
        rows += [{"term": term, **row} for row in of_term_rows]
    return make_estimates(
        ({"population": "patients with it, resolution recorded"} | row for row in rows),
        question=QUESTION,
        unit="patients",
        source=cohort.origin.source,
    )
