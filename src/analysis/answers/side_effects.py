"""Which side effects were seen, in how many of the patients and sessions that were asked about."""

from typing import Any, Final

import pandas as pd

from analysis.answers.population import SKIN_TYPE_GROUPS
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.proportions import (
    estimate_session_share,
    estimate_share,
    estimate_upper_bound,
)
from analysis.vocabulary import PROTOCOL, Constant

QUESTION: Final = "side effects"
SPLIT_BY_SKIN_TYPE: Final = "pih"
"""Hyperpigmentation is always shown apart for lighter and darker skin."""
_SUBGROUP: Final = PROTOCOL["too_small_for_a_subgroup"]


def estimate_side_effects(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return side effects per patient and per session, only where they were asked about.

    Every term that was seen, and every term of special interest even at zero, with its upper bound.
    A session counts under each concern it treated; ``concern`` narrows to one.
    """
    exposures = cohort.exposures[cohort.exposures["concern"] == concern]
    harms = cohort.harms[cohort.harms["concern"] == concern]
    shared = {"question": QUESTION, "concern": concern, "source": cohort.origin.source}
    rows = [_count_recorded(exposures)]
    for term in list_terms(cohort, concern):
        counts = count_term(exposures, harms, term)
        of_term = _estimate_term(counts)
        if term == SPLIT_BY_SKIN_TYPE:
            of_term += _split_by_skin_type(cohort, counts)
        rows += [{"term": term, **row} for row in of_term]
    return make_estimates(rows, **shared)


def list_terms(cohort: Cohort, concern: str = "") -> list[str]:
    """Return the terms to report, in vocabulary order; promoted terms without a block come last."""
    harms = cohort.harms[cohort.harms["concern"] == concern]
    seen = set(harms.loc[harms["sessions_with"] > 0, "term"])
    effects = cohort.vocabulary.side_effects
    special = {key for key, each in effects.items() if each.severity_class == "special_interest"}
    return [key for key in effects if key in seen | special] + sorted(seen - set(effects))


def count_term(exposures: pd.DataFrame, harms: pd.DataFrame, term: str) -> pd.DataFrame:
    """Return one row per patient: sessions_asked about the term, and sessions_with it.

    A session was asked about where side effects were recorded at all, or this one was denied by
    name.
    """
    of_term = harms[harms["term"] == term].set_index("patient")
    counts = exposures.set_index("patient")
    with_term = of_term["sessions_with"].reindex(counts.index, fill_value=0)
    denied = of_term["sessions_denied"].reindex(counts.index, fill_value=0)
    return pd.DataFrame(
        {"sessions_asked": counts["sessions_recorded"] + denied, "sessions_with": with_term}
    )


def _estimate_term(counts: pd.DataFrame) -> list[dict[str, Any]]:
    asked = counts[counts["sessions_asked"] > 0]
    with_term = int((asked["sessions_with"] > 0).sum())
    rows = [_estimate_patients(asked)]
    if with_term == 0:
        rows.append(
            {"statistic": "upper bound", "unit": "patients", "population": "patients asked"}
            | estimate_upper_bound(len(asked))
        )
    rows.append(
        {"statistic": "sessions with", "unit": "sessions", "population": "sessions asked"}
        | estimate_session_share(
            int(asked["sessions_with"].sum()),
            int(asked["sessions_asked"].sum()),
            with_term,
            len(asked),
        )
    )
    return rows


def _estimate_patients(
    asked: pd.DataFrame, least: Constant = PROTOCOL["too_small_for_a_rate"]
) -> dict[str, Any]:
    row = {"statistic": "patients with", "unit": "patients", "population": "patients asked"}
    return row | estimate_share(int((asked["sessions_with"] > 0).sum()), len(asked), least)


def _split_by_skin_type(cohort: Cohort, counts: pd.DataFrame) -> list[dict[str, Any]]:
    skin_types = cohort.patients.set_index("patient")["skin_type"].reindex(counts.index)
    asked = counts["sessions_asked"] > 0
    rows = []
    for name, (low, high) in SKIN_TYPE_GROUPS.items():
        group = counts[asked & skin_types.between(low, high).fillna(False).astype(bool)]
        rows.append(
            {"by": "skin type group", "level": name, **_estimate_patients(group, _SUBGROUP)}
        )
    unknown = counts[asked & skin_types.isna()]
    if len(unknown):
        rows.append(
            {
                "by": "skin type group",
                "level": "not recorded",
                **_estimate_patients(unknown, _SUBGROUP),
            }
        )
    return rows


def _count_recorded(exposures: pd.DataFrame) -> dict[str, Any]:
    recorded, sessions = exposures["sessions_recorded"], int(exposures["sessions"].sum())
    row = {
        "statistic": "recorded",
        "unit": "sessions",
        "count": int(recorded.sum()),
        "total": sessions,
        "patients_count": int((recorded > 0).sum()),
        "patients_total": len(exposures),
        "method": "count",
        "population": "sessions selected",
    }
    if not sessions:
        return row | {"status": "not estimable"}
    return row | {"value": int(recorded.sum()) / sessions}
