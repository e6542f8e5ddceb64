"""Harm that was serious or ended a treatment; and single events that may have to be reported.

"Possibly": whom an event has to be reported to, and when, differs from country to country and is
for a person to decide. What is listed is serious by the log's own word, severe or worse, or of a
kind that regulators have named (``possibly_reportable`` in the vocabulary).
"""

from typing import Any, Final

import pandas as pd

from analysis.answers.population import NOT_RECORDED
from analysis.answers.side_effects import list_harm_terms
from analysis.answers.side_effects.rates import ANY_HARM, ASKED, QUESTION
from analysis.estimates import make_estimates
from analysis.individuals import EVENTS, ReportableEvents
from analysis.intake.cohort import Cohort
from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL

SERIOUS: Final = "serious"
STOPPED: Final = "stopped because of harm"
PATIENTS_WITH: Final = "patients with it"
_LEVELS: Final = {
    SERIOUS: ("serious", "not serious"),
    STOPPED: ("treatment stopped", "treatment not stopped"),
}
_COLUMNS: Final = {SERIOUS: "serious", STOPPED: "stopped"}


def estimate_seriousness(cohort: Cohort) -> pd.DataFrame:
    """Return the patients with serious harm, and those whose treatment was stopped because of
    harm, of those asked; and of those with any harm, how many were not, and of how many nobody
    wrote it.

    Both are words of the log. Of whom it was not written whether harm was serious are in the
    denominator of those asked and not in the numerator, so the share is at least that.
    """
    counts = cohort.count_harms(list_harm_terms(cohort))
    asked = counts[counts["sessions_asked"] > 0]
    with_harm = asked.loc[asked["sessions_with"] > 0, "patient"]
    told = cohort.find_seriousness(list_harm_terms(cohort)).set_index("patient")
    rows: list[dict[str, Any]] = []
    for statistic, (yes, no) in _LEVELS.items():
        answers = told[_COLUMNS[statistic]].reindex(with_harm).astype("boolean")
        levels = answers.map({True: yes, False: no}, na_action="ignore")
        found = levels.astype("str").fillna(NOT_RECORDED).value_counts()
        share = estimate_share(int(found.get(yes, 0)), len(asked))
        rows.append({"statistic": statistic, "population": f"patients {ASKED}"} | share)
        rows += [
            {
                "statistic": f"{statistic}, of harm",
                "by": f"{statistic}, of harm",
                "level": level,
                "population": PATIENTS_WITH,
                "count": count,
                "total": len(with_harm),
                "method": "count",
            }
            | ({"value": count / len(with_harm)} if len(with_harm) else {"status": "not estimable"})
            for level in (yes, no, NOT_RECORDED)
            for count in [int(found.get(level, 0))]
        ]
    return make_estimates(
        rows, question=QUESTION, term=ANY_HARM, unit="patients", source=cohort.origin.source
    )


def list_reportable_events(cohort: Cohort) -> ReportableEvents:
    """Return the side effects of the chosen sessions, of every modality, that may have to be
    reported, for an internal page.

    A list adds up nothing, so modalities stand in it side by side.
    """
    effects = cohort.vocabulary.side_effects
    terms = [key for key, each in effects.items() if each.possibly_reportable]
    severity = PROTOCOL["reportable_severity"].whole
    found = cohort.list_grave_events(severity, terms)
    reasons = {
        "serious": found["serious"].fillna(False).astype(bool),
        "severe": (found["severity"] >= severity).fillna(False).astype(bool),
        "named kind": found["term"].isin(terms),
    }
    found["reason"] = [
        "; ".join(reason for reason, is_so in reasons.items() if is_so.iloc[place])
        for place in range(len(found))
    ]
    return ReportableEvents(severity=severity, terms=tuple(terms), events=found[[*EVENTS]])
