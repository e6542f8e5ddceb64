"""Those not seen again: how far the answer depends on what nobody knows about them."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.answers.outcomes.change import compute_improvement, find_responders, name_outcome
from analysis.answers.population import SEEN_AGAIN, can_respond, choose_scale, find_fates
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.unseen import (
    bound_mean_change,
    bound_responders,
    find_tipping_change,
    find_tipping_count,
)
from analysis.vocabulary import PROTOCOL, Responder, Scale


def bound_unseen(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return the outcome had those not seen again stayed unchanged, done worst or done best, and
    how bad they would have to be before the claim fails.

    On the headline scale of the concern, over closed first courses with the scores a course begins
    with. The claim is that more than the benchmark of the protocol respond, and on a continuous
    scale that the mean change is above zero. No rows where everybody was seen.
    """
    scale = choose_scale(cohort, concern)
    if scale is None:
        return make_estimates([])
    courses = find_fates(cohort, concern, scale)
    shared = name_outcome(cohort, concern, scale) | {"population": "due"}
    rows: list[dict[str, Any]] = []
    if scale.responder is not None:
        rows += _bound_share(courses, scale, scale.responder)
    if scale.kind == "continuous":
        rows += _bound_mean(courses, scale)
    return make_estimates(rows, **shared)


def _bound_share(courses: pd.DataFrame, scale: Scale, rule: Responder) -> list[dict[str, Any]]:
    analysed = courses[courses["fate"] == "analysed"]
    unseen = courses[courses["fate"] == "not seen again"]
    if scale.kind != "change":
        # whoever cannot respond is in no denominator, seen or not
        unseen = unseen[can_respond(unseen["baseline"], scale)]
    if unseen.empty:
        return []
    responded = int(find_responders(analysed, scale, rule).sum())
    numbers = responded, len(analysed), len(unseen)
    rows: list[dict[str, Any]] = [
        {"statistic": "responders", "by": "unseen", "level": level, **estimate}
        for level, estimate in bound_responders(*numbers).items()
    ]
    benchmark = PROTOCOL["responder_benchmark"].value
    tipping = find_tipping_count(*numbers, benchmark)
    rows.append({"statistic": "tipping point", "population": "not seen again", **tipping})
    return rows


def _bound_mean(courses: pd.DataFrame, scale: Scale) -> list[dict[str, Any]]:
    seen = courses[courses["fate"].isin(SEEN_AGAIN)]
    unseen = courses[courses["fate"] == "not seen again"]
    if unseen.empty:
        return []
    better = compute_improvement(seen, scale)
    lowest, highest = _find_extremes(unseen["baseline"], scale)
    shared = {"population": "due, any first score"}
    rows: list[dict[str, Any]] = [
        {"statistic": "mean change", "by": "unseen", "level": level, **estimate, **shared}
        for level, estimate in bound_mean_change(better, len(unseen), lowest, highest).items()
    ]
    tipping = find_tipping_change(better, len(unseen))
    rows.append({"statistic": "tipping change", **tipping, **shared})
    return rows


def _find_extremes(baseline: pd.Series, scale: Scale) -> tuple[Any, Any]:
    """Return the worst and the best change from each first score; None on an open end."""
    first = baseline.astype("float64").to_numpy()
    ends = {
        "to lowest": None if scale.minimum is None else first - scale.minimum,
        "to highest": None if scale.maximum is None else scale.maximum - first,
    }
    if scale.direction == "lower":
        worst, best = ends["to highest"], ends["to lowest"]
    else:
        worst, best = ends["to lowest"], ends["to highest"]
    return None if worst is None else np.negative(worst), best
