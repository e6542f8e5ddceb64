"""Contraindications that were present at a treatment, and what was seen in these patients.

Who was treated although one was present is not known to be so: it may have been past, mild or
wrongly ticked. Three states: present, absent, not recorded; the last is in neither of the others.
"""

from typing import Any, Final

import pandas as pd

from analysis.answers.population import NOT_RECORDED
from analysis.answers.protocol.levels import QUESTION, count_levels
from analysis.answers.protocol.sessions import BOTH, ONLY_CLINIC, ONLY_HOME, WHERE, find_places
from analysis.answers.side_effects import list_harm_terms
from analysis.answers.side_effects.rates import ANY_HARM, ASKED
from analysis.answers.side_effects.rates import QUESTION as SIDE_EFFECTS
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.intake.schema import ALL_TERMS
from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL

PRESENT, ABSENT = "present", "absent"
ISOTRETINOIN: Final = "isotretinoin"
_WAIT: Final = PROTOCOL["isotretinoin_wait"].whole
NOW, UNDER_ONE, UNDER_WAIT, WAITED, UNTIMED = (
    "now",
    "stopped under 1 month before",
    f"1 to under {_WAIT} months before",
    f"{_WAIT} months and more before",
    "present, months not recorded",
)
TREATED: Final = "patients treated"
_LEAST: Final = PROTOCOL["too_small_for_a_subgroup"]


def count_screening(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return the patients treated with each contraindication present, absent, or not recorded.

    A contraindication that nobody had is left out, and one that was not asked about; isotretinoin
    is told by the fewest months since it was stopped.
    """
    rows = []
    for key, levels in find_screened(cohort, concern).items():
        rows += count_levels(levels, list_levels(key), by=key, population=TREATED)
    return make_estimates(rows, question=QUESTION, concern=concern, source=cohort.origin.source)


def compare_screened_harm(cohort: Cohort) -> pd.DataFrame:
    """Return the patients with any harm, of those asked, by each contraindication and by where they
    were treated.

    Of all chosen sessions of a patient, also those at which it was not present. It is described
    only: who was treated in spite of one differs in more than that.
    """
    counts = cohort.count_harms(list_harm_terms(cohort)).set_index("patient")
    places = find_places(cohort.treat().measure())
    groupings = {key: (each, list_levels(key)) for key, each in find_screened(cohort).items()}
    groupings[WHERE] = (places, [ONLY_CLINIC, ONLY_HOME, BOTH])
    rows: list[dict[str, Any]] = []
    for by, (levels, order) in groupings.items():
        if levels.nunique() < 2:
            continue
        for level in [each for each in order if each in {*levels}]:
            of_level = counts.loc[counts.index.intersection(levels.index[levels == level])]
            asked = of_level[of_level["sessions_asked"] > 0]
            share = estimate_share(int((asked["sessions_with"] > 0).sum()), len(asked), _LEAST)
            rows.append({"by": by, "level": level} | share)
    return make_estimates(
        rows,
        question=SIDE_EFFECTS,
        statistic="patients with",
        term=ANY_HARM,
        unit="patients",
        population=f"patients {ASKED}",
        source=cohort.origin.source,
    )


def list_levels(key: str) -> list[str]:
    """Return the levels of a contraindication, present ones first."""
    present = [NOW, UNDER_ONE, UNDER_WAIT, WAITED, UNTIMED] if key == ISOTRETINOIN else [PRESENT]
    return [*present, ABSENT, NOT_RECORDED]


def find_screened(cohort: Cohort, concern: str = "") -> dict[str, pd.Series]:
    """Return, for each contraindication that somebody had, patient → its level, in vocabulary
    order.

    Present is what was present at one session at least; absent what was denied, by name or with all
    others, and never present.
    """
    treatments = cohort.treat(concern)
    people = pd.Index(treatments.measure()["patient"].unique())
    known = treatments.find_screening()
    denied_all = known.loc[known["contraindication"] == ALL_TERMS, "patient"]
    months = treatments.find_isotretinoin().set_index("patient")["months"]
    found = {}
    for key in cohort.vocabulary.contraindications:
        of_key = known[known["contraindication"] == key].set_index("patient")["is_present"]
        is_present = of_key.astype(bool)
        levels = pd.Series(NOT_RECORDED, index=people, dtype="str")
        levels[denied_all] = ABSENT
        levels[is_present.index[~is_present]] = ABSENT
        levels[is_present.index[is_present]] = UNTIMED if key == ISOTRETINOIN else PRESENT
        if key == ISOTRETINOIN:
            levels[months.index] = months.map(_name_months)
        if (~levels.isin([ABSENT, NOT_RECORDED])).any():
            found[key] = levels
    return found


def _name_months(months: float) -> str:
    if not months:
        return NOW
    return UNDER_ONE if months < 1 else UNDER_WAIT if months < _WAIT else WAITED
