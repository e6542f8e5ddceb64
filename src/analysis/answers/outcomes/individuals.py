"""Each patient's change and course of scores, for pages that stay in the clinic."""

import pandas as pd

from analysis.answers.outcomes.change import compute_improvement, find_responders
from analysis.answers.outcomes.visits import find_scores_by_visit, name_visit
from analysis.answers.population import SEEN_AGAIN, choose_scale, find_fates
from analysis.individuals import CHANGES, MEANS, TRAJECTORIES, Individuals
from analysis.intake.cohort import Cohort
from analysis.vocabulary import PROTOCOL, Scale


def list_individuals(cohort: Cohort, concern: str) -> Individuals:
    """Return first and later score of each patient, and the scores visit by visit.

    On the headline scale of the concern, from closed first courses: the change of those seen
    again, as ``estimate_outcomes`` counts them, and the scores of all who had a first one, as
    ``estimate_visits`` does. Patients are numbered by their change; ids do not go along. Nothing
    of change scales, which have no first score, nor of more patients than the protocol's number.
    """
    scale = choose_scale(cohort, concern)
    most = PROTOCOL["patients_shown_singly"].whole
    if scale is None or scale.kind == "change":
        return _make(concern, scale, 0, most)
    scores = find_scores_by_visit(cohort, concern, scale)
    patients = scores["patient"].nunique()
    if patients > most:
        return _make(concern, scale, patients, most)
    courses = find_fates(cohort, concern, scale)
    changes = _list_changes(courses[courses["fate"].isin(SEEN_AGAIN)], scale)
    numbers = _number_patients(changes, scores)
    return _make(
        concern,
        scale,
        patients,
        most,
        changes.assign(patient=changes["patient"].map(numbers)),
        _list_trajectories(scores, numbers),
        _list_means(scores),
    )


def _make(
    concern: str, scale: Scale | None, patients: int, most: int, *frames: pd.DataFrame
) -> Individuals:
    columns = (CHANGES, TRAJECTORIES, MEANS)
    changes, trajectories, means = (
        frame[[*names]].reset_index(drop=True)
        for frame, names in zip(
            frames or [pd.DataFrame(columns=[*names]) for names in columns], columns, strict=True
        )
    )
    return Individuals(
        concern=concern,
        scale=scale.key if scale else "",
        patients=patients,
        most=most,
        changes=changes,
        trajectories=trajectories,
        means=means,
    )


def _list_changes(seen: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Return the patients seen again, the one who got better the most first.

    Equal changes are in the order of their scores, and not of an id.
    """
    # no change is zero and not minus zero
    better = compute_improvement(seen, scale) + 0.0
    changes = seen[["patient", "baseline", "follow_up"]].assign(
        better=better,
        is_beyond=pd.Series(pd.NA, index=seen.index, dtype="boolean"),
        responded="",
    )
    if scale.measurement_error is not None:
        changes["is_beyond"] = (better > scale.measurement_error).astype("boolean")
    if scale.responder is not None:
        responded = find_responders(seen, scale, scale.responder)
        changes["responded"] = responded.map({True: "yes", False: "no"})
        changes.loc[seen["fate"] == "cannot respond", "responded"] = "could not"
    order = ["better", "baseline", "follow_up"]
    return changes.sort_values(order, ascending=[False, True, True], kind="stable")


def _number_patients(changes: pd.DataFrame, scores: pd.DataFrame) -> dict[str, int]:
    """Return patient → number: those seen again as they stand, then the others by their scores."""
    others = scores[~scores["patient"].isin(changes["patient"])].sort_values(["patient", "visit"])
    kept = others.groupby("patient")["score"].agg(tuple).sort_values(kind="stable")
    return {patient: place for place, patient in enumerate([*changes["patient"], *kept.index], 1)}


def _list_trajectories(scores: pd.DataFrame, numbers: dict[str, int]) -> pd.DataFrame:
    lines = scores.assign(patient=scores["patient"].map(numbers), place=_place(scores))
    lines["visit"] = scores["visit"].map(name_visit)
    return lines.sort_values(["patient", "place"])


def _list_means(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the patients and the mean at each visit; no mean of fewer than a subgroup needs."""
    means = (
        scores.assign(place=_place(scores))
        .groupby(["place", "visit"], as_index=False)["score"]
        .agg(patients="size", score="mean")
    )
    means["visit"] = means["visit"].map(name_visit)
    least = PROTOCOL["too_small_for_a_subgroup"].whole
    return means.assign(score=means["score"].where(means["patients"] >= least))


def _place(scores: pd.DataFrame) -> pd.Series:
    """Return the place of each visit among those that anybody has; the follow-up is the last."""
    return scores["visit"].rank(method="dense").astype("int64") - 1
