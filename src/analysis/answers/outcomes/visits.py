"""Repeated measures: the score before each session and at follow-up."""

from typing import Any, Final

import pandas as pd

from analysis.answers.outcomes.change import find_responders, name_outcome
from analysis.answers.population import can_respond, choose_scale
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_mean_change
from analysis.statistics.models import (
    VisitEstimate,
    estimate_by_visit,
    estimate_responders_by_visit,
)
from analysis.vocabulary import PROTOCOL, Scale

LAST: Final = 99
"""Stands for the follow-up among the visits of a model, whatever the number of sessions."""
POPULATION: Final = "due, any first score"


def estimate_visits(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return the score before each session and at follow-up, and responders by visit.

    On the headline scale of the concern, from closed first courses with a first score, as all of
    the page; a visit that fewer patients have than a subgroup needs is left out. Of a continuous
    scale the marginal mean of a mixed model (unstructured, or compound symmetry where that cannot
    be fitted) with its change from baseline, the observed mean beside; of every scale with a
    responder rule and a baseline the share of responders. No rows for change scales.
    """
    scale = choose_scale(cohort, concern)
    if scale is None or scale.kind == "change":
        return make_estimates([])
    scores = find_scores_by_visit(cohort, concern, scale)
    counts = scores["visit"].value_counts()
    least = PROTOCOL["too_small_for_a_subgroup"].whole
    kept = sorted(int(visit) for visit in counts.index[counts >= least])
    scores = scores[scores["visit"].isin(kept)]
    if 0 not in kept or len(kept) < 2:
        return make_estimates([])
    rows: list[dict[str, Any]] = []
    if scale.kind == "continuous":
        rows += _model_scores(scores, scale) + _describe_visits(scores)
    if scale.responder is not None:
        rows += _model_responders(scores, scale)
    return make_estimates(rows, by="visit", **name_outcome(cohort, concern, scale))


def find_scores_by_visit(cohort: Cohort, concern: str, scale: Scale) -> pd.DataFrame:
    """Return the scores of closed first courses with a first score: course, patient, visit, score.

    The follow-up is the visit LAST, whatever the number of sessions.
    """
    scores = cohort.find_visit_scores(concern, scale.key)
    begun = scores.loc[(scores["visit"] == 0) & ~scores["is_follow_up"].astype(bool), "course"]
    scores = scores[scores["course"].isin(begun)].copy()
    scores["visit"] = scores["visit"].mask(scores["is_follow_up"], LAST).astype("int64")
    return scores


def name_visit(visit: int) -> str:
    """Return what a visit is called: baseline, before session 2, ..., follow-up."""
    if visit == 0:
        return "baseline"
    return "follow-up" if visit == LAST else f"before session {visit + 1}"


def _model_scores(scores: pd.DataFrame, scale: Scale) -> list[dict[str, Any]]:
    values = scores.rename(columns={"score": "value"})[["patient", "visit", "value"]]
    model = estimate_by_visit(values)
    if model.status != "shown":
        model = estimate_by_visit(values, covariance="compound_symmetry")
    rows = [_tell("marginal mean", each) for each in model.means]
    changes = [_tell("change at visit", each) for each in model.changes]
    return rows + [_turn(row) if scale.direction == "lower" else row for row in changes]


def _turn(row: dict[str, Any]) -> dict[str, Any]:
    """Return a change with above zero for better, on a scale where a lower score is better."""
    turned = {"value": row["value"], "low": row["high"], "high": row["low"]}
    return row | {name: None if each is None else -each for name, each in turned.items()}


def _tell(statistic: str, estimate: VisitEstimate) -> dict[str, Any]:
    """Return an estimate of the model; it rests on all patients in it, whoever came that day."""
    names = ("method", "status", "note", "value", "low", "high", "confidence", "se", "df")
    row = {name: getattr(estimate, name) for name in names}
    row |= {"statistic": statistic, "level": name_visit(estimate.visit), "population": POPULATION}
    return row | {"count": estimate.total, "total": estimate.total}


def _describe_visits(scores: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "statistic": "observed mean",
            "level": name_visit(int(str(visit))),
            "population": POPULATION,
            **estimate_mean_change(of_visit["score"]),
        }
        for visit, of_visit in scores.groupby("visit")
    ]


def _model_responders(scores: pd.DataFrame, scale: Scale) -> list[dict[str, Any]]:
    """Return responders at each visit after baseline, among those who have a baseline and can."""
    assert scale.responder is not None
    first = scores[scores["visit"] == 0].set_index("patient")["score"]
    first = first[can_respond(first, scale)]
    later = scores[(scores["visit"] > 0) & scores["patient"].isin(first.index)]
    later = later.assign(
        baseline=first.reindex(later["patient"]).to_numpy(), follow_up=later["score"]
    )
    responded = find_responders(later, scale, scale.responder).astype(float)
    rows = later[["patient", "visit"]].assign(value=responded)
    told = []
    for estimate in estimate_responders_by_visit(rows):
        names = ("method", "status", "note", "value", "low", "high", "confidence", "se", "df")
        row = {name: getattr(estimate, name) for name in names}
        row |= {"statistic": "responders at visit", "level": name_visit(estimate.visit)}
        row |= {"population": "could respond, seen at the visit"}
        told.append(row | {"count": estimate.count, "total": estimate.total})
    return told
