"""The same share counted otherwise: does the answer hang on a choice of ours?"""

from typing import Any

import pandas as pd

from analysis.answers.outcomes.change import find_responders, name_outcome
from analysis.answers.population import SEEN_AGAIN, choose_scale, find_fates
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.clustered import estimate_share_clustered
from analysis.statistics.proportions import estimate_share


def vary_population(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return responders with those who cannot respond counted in, without courses in which
    something else was done besides, and over all courses instead of first ones, the further ones
    also alone (which also says how many patients they are).

    On the headline scale of the concern. No rows where it has no responder rule; a row only where
    its population differs from the one analysed.
    """
    scale = choose_scale(cohort, concern)
    rule = scale.responder if scale is not None else None
    if scale is None or rule is None:
        return make_estimates([])
    first = find_fates(cohort, concern, scale)
    every = find_fates(cohort, concern, scale, first_only=False)
    every = every[every["fate"] == "analysed"]
    seen = first[first["fate"].isin(SEEN_AGAIN)]
    analysed = first[first["fate"] == "analysed"]
    alone = analysed[~analysed["other_procedure"].astype(bool)]

    responded = find_responders(analysed, scale, rule)
    rows: list[dict[str, Any]] = []
    if len(seen) > len(analysed):
        rows.append({"population": "seen again", **estimate_share(int(responded.sum()), len(seen))})
    if len(alone) < len(analysed):
        share = estimate_share(int(responded[alone.index].sum()), len(alone))
        rows.append({"population": "analysed, no other procedure", **share})
    if len(every) > len(analysed):
        later = every[~every["course"].isin(analysed["course"])]
        for population, courses in (
            ("all courses analysed", every),
            ("further courses analysed", later),
        ):
            by_course = find_responders(courses, scale, rule).astype(int)
            by_patient = by_course.groupby(courses["patient"]).agg(["sum", "size"])
            share = estimate_share_clustered(by_patient["sum"], by_patient["size"])
            rows.append({"population": population, "unit": "courses", **share})
    shared = name_outcome(cohort, concern, scale) | {"statistic": "responders, counted otherwise"}
    return make_estimates([shared | row for row in rows])
