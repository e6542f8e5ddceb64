"""How often every side effect was seen: patients, sessions and events, side by side.

Only where it was asked about: a blank is not "none". A late side effect counts where the patient
was seen later as well (:mod:`analysis.intake.cohort.harms`). Counted is what began in a session:
what is written again before it has ended is the same.
"""

from typing import Any, Final

import pandas as pd

from analysis.answers.population import NOT_RECORDED, SKIN_TYPE_GROUPS
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort, find_onset_window, find_window, name_window
from analysis.statistics.clustered import estimate_rate_clustered, estimate_share_clustered
from analysis.statistics.proportions import estimate_share, estimate_upper_bound
from analysis.vocabulary import PROTOCOL, Constant

QUESTION: Final = "side effects"
SPLIT_BY_SKIN_TYPE: Final = "pih"
"""Hyperpigmentation is always shown apart for lighter and darker skin."""
ANY_EXPECTED: Final = "any_expected"
ANY_HARM: Final = "any_harm"
ANY_SPECIAL: Final = "any_special_interest"
"""What stands in place of a side effect where all of a class are meant."""
EVENTS: Final = "events per 100 sessions"
ASKED: Final = "asked"
BLANK_AS_NONE: Final = "all, blank as none"
IN_WINDOW: Final = "asked, seen in the onset window"
_SUBGROUP: Final = PROTOCOL["too_small_for_a_subgroup"]


def estimate_side_effects(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return every side effect in three ways: patients with it, sessions in which it began, and
    events in 100 sessions; of patients and sessions that were asked.

    Every term that was seen, and every term of special interest even at zero, with its upper bound.
    Hyperpigmentation is split by skin type. A session counts under each concern it treated;
    ``concern`` narrows to one.
    """
    rows = [_count_recorded(_get_exposures(cohort, concern))]
    for term in list_terms(cohort, concern):
        counts = count_term(cohort, term, concern)
        of_term = [
            *_estimate_patients(counts),
            _estimate_sessions(counts),
            _estimate_events(counts),
        ]
        if term == SPLIT_BY_SKIN_TYPE:
            of_term += _split_by_skin_type(cohort, counts)
        rows += [{"term": term, **row} for row in of_term]
    return make_estimates(rows, question=QUESTION, concern=concern, source=cohort.origin.source)


def vary_denominators(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return the same with other denominators: blank taken for none, and of what is late only those
    who were seen inside its onset window.

    The first is what is usually quoted, and too low wherever not everything was written down.
    """
    rows: list[dict[str, Any]] = []
    for term in list_terms(cohort, concern):
        counts = count_term(cohort, term, concern)
        blank = counts.assign(sessions_asked=counts["sessions"])
        of_term = [
            *_estimate_patients(blank, BLANK_AS_NONE)[:1],
            _estimate_sessions(blank, BLANK_AS_NONE),
            _estimate_events(blank, BLANK_AS_NONE),
        ]
        if find_onset_window(cohort.vocabulary.side_effects.get(term)):
            inside = counts.assign(sessions_asked=counts["sessions_inside"])
            of_term += _estimate_patients(inside, IN_WINDOW)[:1]
        rows += [{"term": term, **row} for row in of_term]
    return make_estimates(rows, question=QUESTION, concern=concern, source=cohort.origin.source)


def list_terms(cohort: Cohort, concern: str = "") -> list[str]:
    """Return the terms to report, in vocabulary order; promoted terms without a block come last."""
    harms = cohort.harms[cohort.harms["concern"] == concern]
    seen = set(harms.loc[harms["sessions_with"] > 0, "term"])
    effects = cohort.vocabulary.side_effects
    special = {key for key, each in effects.items() if each.severity_class == "special_interest"}
    return [key for key in effects if key in seen | special] + sorted(seen - set(effects))


def list_harm_terms(cohort: Cohort) -> list[str]:
    """Return the keys of all harm, adverse and of special interest, whether it was seen or not; an
    expected reaction that lasted too long is harm."""
    effects = cohort.vocabulary.side_effects
    harm = [key for key, each in effects.items() if each.severity_class != "expected"]
    promoted = {each.promotes_to for each in effects.values() if each.promotes_to}
    return [*harm, *sorted(promoted - {*effects})]


def count_term(cohort: Cohort, term: str, concern: str = "") -> pd.DataFrame:
    """Return one row per patient: sessions, sessions_asked about the term, sessions_inside (after
    which the patient was seen inside its onset window; the same for what has none), sessions_with
    it, and worst (its highest severity recorded).

    A session was asked about where side effects were recorded at all, or this one was denied by
    name. For a late side effect the patient must have been seen later too, or had it.
    """
    harms = cohort.harms
    of_term = harms[(harms["concern"] == concern) & (harms["term"] == term)].set_index("patient")
    exposures = _get_exposures(cohort, concern).set_index("patient")
    of_term = of_term.reindex(exposures.index)
    numbers = of_term[["sessions_with", "sessions_besides"]].fillna(0).astype("int64")
    effect = cohort.vocabulary.side_effects.get(term)
    window, inside = find_window(effect), find_onset_window(effect)
    asked = exposures[name_window(window) if window else "sessions_recorded"]
    asked = asked + numbers["sessions_besides"]
    return pd.DataFrame(
        {
            "sessions": exposures["sessions"],
            "sessions_asked": asked,
            "sessions_inside": exposures[name_window(inside)] if inside else asked,
            "sessions_with": numbers["sessions_with"],
            "worst": of_term["worst"].astype("Int64"),
        }
    )


def find_class_terms(cohort: Cohort) -> dict[str, list[str]]:
    """Return the keys of the side effects behind "any expected reaction", "any harm" and "any harm
    that is always named"."""
    effects, harm = cohort.vocabulary.side_effects, list_harm_terms(cohort)
    special = {key for key, each in effects.items() if each.severity_class == "special_interest"}
    return {
        ANY_EXPECTED: [key for key in effects if key not in harm],
        ANY_HARM: harm,
        ANY_SPECIAL: [key for key in harm if key in special],
    }


def estimate_classes(cohort: Cohort) -> pd.DataFrame:
    """Return any expected reaction, any harm, and any harm that is always named, in the same three
    ways.

    Of sessions at which side effects were recorded in general. Events are all that began, several
    in one session included.
    """
    rows: list[dict[str, Any]] = []
    for name, terms in find_class_terms(cohort).items():
        counts = cohort.count_harms(terms)
        rate = estimate_rate_clustered(counts["onsets"], counts["sessions_asked"])
        events = {"statistic": EVENTS, "unit": "events", "population": f"sessions {ASKED}"}
        of_class = [
            *_estimate_patients(counts),
            _estimate_sessions(counts),
            events | per_hundred(rate),
        ]
        rows += [{"term": name} | row for row in of_class]
    return make_estimates(rows, question=QUESTION, source=cohort.origin.source)


def _get_exposures(cohort: Cohort, concern: str) -> pd.DataFrame:
    exposures = cohort.harm_exposures
    return exposures[exposures["concern"] == concern]


def _estimate_patients(
    counts: pd.DataFrame,
    population: str = ASKED,
    least: Constant = PROTOCOL["too_small_for_a_rate"],
) -> list[dict[str, Any]]:
    """Return the patients with it, and without any the upper bound."""
    asked = counts[counts["sessions_asked"] > 0]
    count = int((asked["sessions_with"] > 0).sum())
    shared = {"unit": "patients", "population": f"patients {population}"}
    rows = [{"statistic": "patients with", **shared, **estimate_share(count, len(asked), least)}]
    if not count:
        rows.append({"statistic": "upper bound", **shared, **estimate_upper_bound(len(asked))})
    return rows


def _estimate_sessions(counts: pd.DataFrame, population: str = ASKED) -> dict[str, Any]:
    share = estimate_share_clustered(counts["sessions_with"], counts["sessions_asked"])
    row = {"statistic": "sessions with", "unit": "sessions"}
    return row | {"population": f"sessions {population}"} | share


def _estimate_events(counts: pd.DataFrame, population: str = ASKED) -> dict[str, Any]:
    rate = estimate_rate_clustered(counts["sessions_with"], counts["sessions_asked"])
    row = {"statistic": EVENTS, "unit": "events"}
    return row | {"population": f"sessions {population}"} | per_hundred(rate)


def per_hundred(rate: dict[str, Any]) -> dict[str, Any]:
    """Return a rate per session as one per 100 sessions."""
    scaled = {key: rate[key] * 100 for key in ("value", "low", "high", "se") if key in rate}
    return rate | scaled


def _split_by_skin_type(cohort: Cohort, counts: pd.DataFrame) -> list[dict[str, Any]]:
    skin_types = cohort.patients.set_index("patient")["skin_type"].reindex(counts.index)
    rows = []
    groups = {
        name: skin_types.between(low, high).fillna(False).astype(bool)
        for name, (low, high) in SKIN_TYPE_GROUPS.items()
    }
    for name, chosen in (groups | {NOT_RECORDED: skin_types.isna()}).items():
        row = _estimate_patients(counts[chosen], least=_SUBGROUP)[0]
        if name != NOT_RECORDED or row["total"]:
            rows.append({"by": "skin type group", "level": name, **row})
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
