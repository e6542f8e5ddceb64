"""How many got better, and by how much, after a first course."""

from typing import Final

import pandas as pd

from analysis.answers.population import SEEN_AGAIN, choose_scale, find_fates, list_concerns
from analysis.estimates import bind_estimates, make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_mean_change
from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import Responder, Scale

QUESTION: Final = "outcomes"


def estimate_outcomes(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return responders, better / same / worse, and the mean change on a continuous scale.

    On the headline scale of the concern, among closed first courses that were seen again. No rows
    where no course of the concern has a score.
    """
    scale = choose_scale(cohort, concern)
    if scale is None:
        return make_estimates([])
    courses = find_fates(cohort, concern, scale)
    seen = courses[courses["fate"].isin(SEEN_AGAIN)]
    shared = name_outcome(cohort, concern, scale)
    parts = []
    if scale.responder is not None:
        analysed = courses[courses["fate"] == "analysed"]
        responded = int(find_responders(analysed, scale, scale.responder).sum())
        responders = estimate_share(responded, len(analysed))
        responders |= {"statistic": "responders", "population": "analysed"}
        responders.setdefault("note", describe_rule(scale.responder))
        parts.append(make_estimates([responders], **shared))
    if scale.kind != "change":
        better = compute_improvement(seen, scale)
        parts.append(_count_directions(better, shared))
        if scale.kind == "continuous":
            change = estimate_mean_change(better)
            change |= {"statistic": "mean change", "population": "seen again"}
            change.setdefault("note", f"in {scale.unit}; above zero is better")
            parts.append(make_estimates([change], **shared))
    return bind_estimates(*parts)


def estimate_all_outcomes(cohort: Cohort) -> pd.DataFrame:
    """Return :func:`estimate_outcomes` of every concern of the log, in vocabulary order."""
    return bind_estimates(*(estimate_outcomes(cohort, each) for each in list_concerns(cohort)))


def name_outcome(cohort: Cohort, concern: str, scale: Scale) -> dict[str, str]:
    """Return the columns that all rows about one outcome of patients share."""
    return {
        "question": QUESTION,
        "concern": concern,
        "scale": scale.key,
        "unit": "patients",
        "source": cohort.origin.source,
    }


def compute_improvement(courses: pd.DataFrame, scale: Scale) -> pd.Series:
    """Return the change from baseline to follow-up, above zero for better.

    The direction of a scale flips a sign here, and of what a model estimates in ``visits``.
    Rounded to a billionth of a point: binary fractions must not decide whether a score is the same.
    """
    change = (courses["follow_up"] - courses["baseline"]).astype("float64").round(9)
    return -change if scale.direction == "lower" else change


def find_responders(courses: pd.DataFrame, scale: Scale, rule: Responder) -> pd.Series:
    """Return whether each course meets the responder rule of its scale."""
    if rule.rule == "at_most":
        return courses["follow_up"] <= rule.amount
    if rule.rule == "at_least":
        return courses["follow_up"] >= rule.amount
    better = compute_improvement(courses, scale)
    if rule.rule == "percent_better":
        better = better * 100 / courses["baseline"].astype("float64")
    # binary fractions must not decide whether a fall from 3.2 to 1.6 is one of 50 percent
    return better.round(9) >= rule.amount


def describe_rule(rule: Responder) -> str:
    """Return the responder rule with what stands behind it."""
    basis = "published" if rule.basis == "published" else "a convention, not a published threshold"
    return f"responder: {rule.text} ({basis})"


def _count_directions(better: pd.Series, shared: dict[str, str]) -> pd.DataFrame:
    counts = {
        "better": int((better > 0).sum()),
        "same": int((better == 0).sum()),
        "worse": int((better < 0).sum()),
    }
    rows = [
        {"level": level, **estimate_share(count, len(better))} for level, count in counts.items()
    ]
    return make_estimates(
        rows, statistic="direction", by="change", population="seen again", **shared
    )
