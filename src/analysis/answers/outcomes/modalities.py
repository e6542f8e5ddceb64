"""The same outcome of other modalities, each from courses of its own; never pooled."""

from typing import Any, Final

from analysis.answers.outcomes.change import compute_improvement, find_responders
from analysis.answers.population import SEEN_AGAIN, find_fates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_mean_change
from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL, Scale

_LEAST: Final = PROTOCOL["too_small_for_a_subgroup"]
_NOTE: Final = "courses of that modality, other patients or the same ones; the case mix differs"


def describe_other_modalities(cohort: Cohort, concern: str, scale: Scale) -> list[dict[str, Any]]:
    """Return rows of responders, and of the mean change on a continuous scale, one each for every
    other modality with first courses of its own that were seen again.

    By the rules of the index modality and on its headline scale. No modality is in another one's
    numbers, and a patient may be in several: levels are no parts of a whole. A modality with fewer
    patients than the protocol's least number has its count and no share.
    """
    rows: list[dict[str, Any]] = []
    for modality in cohort.list_other_modalities(concern):
        courses = find_fates(cohort.turn_to(modality), concern, scale)
        seen = courses[courses["fate"].isin(SEEN_AGAIN)]
        if seen.empty:
            continue
        shared = {"by": "modality", "level": modality, "note": _NOTE}
        if scale.responder is not None:
            analysed = seen[seen["fate"] == "analysed"]
            responded = int(find_responders(analysed, scale, scale.responder).sum())
            share = estimate_share(responded, len(analysed), _LEAST)
            share |= {"statistic": "responders", "population": "analysed, courses of a modality"}
            rows.append(shared | share)
        if scale.kind == "continuous":
            change = estimate_mean_change(compute_improvement(seen, scale), _LEAST)
            change |= {"statistic": "mean change"}
            rows.append(shared | change | {"population": "seen again, courses of a modality"})
    return rows
