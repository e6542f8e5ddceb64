"""What goes with harm: the same rates by needle, skin type, concern and so on. Described, no more.

Groups differ in more than what they are named for: deeper needles go with worse scars, and who has
many sessions has many chances. Every difference is exploratory.
"""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from analysis.answers.outcomes.groups import (
    EXPLORATORY,
    keep_frequent,
    list_needle_bands,
    name_needle_band,
    name_passes_band,
)
from analysis.answers.population import NOT_RECORDED, SKIN_TYPE_GROUPS
from analysis.answers.side_effects.rates import (
    ANY_HARM,
    ASKED,
    QUESTION,
    find_class_terms,
)
from analysis.errors import UsageError
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.clustered import (
    estimate_difference_clustered,
    estimate_share_clustered,
)
from analysis.statistics.proportions import estimate_share
from analysis.statistics.standardised import estimate_standardised_difference
from analysis.vocabulary import PROTOCOL

SEED: Final = 3
GROUPINGS: Final = (
    *("needle", "passes", "skin type group", "concern", "adjunct", "setting", "modality"),
)
NOT_ADDED: Final = "a session counts under each concern it treated, so these do not add up"
_LEAST: Final = PROTOCOL["too_small_for_a_subgroup"]
_LONG_NEEDLE: Final = PROTOCOL["needle_median_acne_scars"].value
_CONTRASTS: Final[Mapping[str, tuple[str, str]]] = {
    "needle": (f"over {_LONG_NEEDLE:g} mm", f"up to {_LONG_NEEDLE:g} mm"),
    "skin type group": ("IV-VI", "I-III"),
    "setting": ("home", "clinic"),
}
"""The two groups whose rates are compared: the first less the other."""
_ADJUSTED_FOR: Final = {"needle": ("skin type", "age"), "skin type group": ("needle", "age")}


def compare_harm(cohort: Cohort, term: str = ANY_HARM) -> pd.DataFrame:
    """Return the patients and sessions with any harm (or with one side effect), by what was done
    and who was treated; with the differences between two groups, plain and standardised.

    A level of fewer patients than the protocol's least number for a subgroup has its counts and no
    rate. Other modalities stand beside, each with its own sessions and never pooled; how they
    differ in whom they treat stands with them.

    Raises
    ------
    UsageError
        For a term that is neither a class nor a side effect of the vocabulary.
    """
    terms = _find_terms(cohort, term)
    rows: list[dict[str, Any]] = []
    for by in GROUPINGS:
        counts = count_by(cohort, terms, by)
        if by == "modality":
            # the sessions of the page itself are the row over all
            counts = counts[counts["level"] != cohort.harm_modality]
            rows += _describe_case_mix(cohort, counts)
        elif counts["level"].nunique() < 2:
            continue
        for level in _order_levels(counts["level"]):
            of_level = counts[counts["level"] == level]
            shared = {"by": by, "level": level, "note": NOT_ADDED if by == "concern" else ""}
            rows += [shared | {"term": term} | row for row in _estimate_level(of_level)]
        if by in _CONTRASTS:
            rows += [{"term": term} | row for row in _compare(cohort, terms, by, counts)]
    return make_estimates(rows, question=QUESTION, source=cohort.origin.source)


def count_by(cohort: Cohort, terms: list[str], by: str) -> pd.DataFrame:
    """Return one row per patient × level: sessions, sessions_asked, sessions_with, onsets; numbers
    in their bands, texts that few patients have together, what is not recorded a level."""
    if by == "skin type group":
        counts = cohort.count_harms(terms)
        skin_types = cohort.patients.set_index("patient")["skin_type"].reindex(counts["patient"])
        counts = counts.assign(level=skin_types.map(_group_skin_type, na_action="ignore").array)
    else:
        counts = cohort.count_harms(terms, by)
    name = {"needle": name_needle_band, "passes": name_passes_band}.get(by)
    levels = counts["level"].map(name, na_action="ignore") if name else counts["level"]
    if by == "adjunct":
        levels = keep_frequent(levels)
    counts = counts.assign(level=levels.astype("str").fillna(NOT_RECORDED))
    return counts.groupby(["patient", "level"], as_index=False).sum()


def _group_skin_type(skin_type: int) -> str:
    return next(
        name for name, (low, high) in SKIN_TYPE_GROUPS.items() if low <= int(skin_type) <= high
    )


def _find_terms(cohort: Cohort, term: str) -> list[str]:
    classes = find_class_terms(cohort)
    if term in classes:
        return classes[term]
    possible = [*cohort.vocabulary.side_effects]
    if term not in possible:
        raise UsageError.for_unknown("side effect", term, [*classes, *possible])
    return [term]


def _order_levels(levels: pd.Series) -> list[str]:
    """Return the levels by their numbers, then by name; "other" and "not recorded" come last."""
    last, bands = ["other", NOT_RECORDED], list_needle_bands()
    return sorted(
        levels.unique(),
        key=lambda level: (
            last.index(level) + 1 if level in last else 0,
            bands.index(level) if level in bands else 0,
            level,
        ),
    )


def _estimate_level(counts: pd.DataFrame) -> list[dict[str, Any]]:
    asked = counts[counts["sessions_asked"] > 0]
    with_it = int((asked["sessions_with"] > 0).sum())
    patients = {"statistic": "patients with", "unit": "patients", "population": f"patients {ASKED}"}
    sessions = {"statistic": "sessions with", "unit": "sessions", "population": f"sessions {ASKED}"}
    share = estimate_share_clustered(counts["sessions_with"], counts["sessions_asked"])
    if len(asked) < _LEAST.whole and "status" not in share:
        kept = ("count", "total", "patients_count", "patients_total")
        share = {key: share[key] for key in kept}
        share |= {"method": "clustered_gee", "status": "too few"}
    return [patients | estimate_share(with_it, len(asked), _LEAST), sessions | share]


# ---- differences -------------------------------------------------------------------------------


def _compare(
    cohort: Cohort, terms: list[str], by: str, counts: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the difference between two groups of sessions, plain and standardised."""
    first, other = _CONTRASTS[by]
    if by == "needle":
        counts = cohort.count_harms(terms, "needle").dropna(subset="level")
        is_first = counts["level"].astype(float) > _LONG_NEEDLE
    else:
        counts = counts[counts["level"].isin([first, other])]
        is_first = counts["level"] == first
    sides = [
        counts[side].groupby("patient")[["sessions_with", "sessions_asked"]].sum()
        for side in (is_first, ~is_first)
    ]
    patients = sides[0].index.union(sides[1].index)
    columns = [
        side[name].reindex(patients, fill_value=0)
        for side in sides
        for name in ("sessions_with", "sessions_asked")
    ]
    shared = {
        "by": f"{by}, difference",
        "level": f"{first} less {other}",
        "unit": "sessions",
        "population": f"sessions {ASKED}",
        "note": EXPLORATORY,
    }
    plain = estimate_difference_clustered(*columns)
    rows = [shared | {"statistic": "difference in sessions with"} | plain]
    if by in _ADJUSTED_FOR and plain.get("status", "shown") == "shown":
        standardised = _standardise(cohort, terms, by)
        told = "; ".join(filter(None, (EXPLORATORY, standardised.get("note", ""))))
        rows.append(
            shared
            | {"statistic": "standardised difference in sessions with"}
            | standardised
            | {"note": told}
        )
    return rows


def _standardise(cohort: Cohort, terms: list[str], by: str) -> dict[str, Any]:
    """Return the difference as if both groups had the same mixture of what is recorded of them."""
    counts = cohort.count_harms(terms, "needle").merge(
        cohort.patients[["patient", "skin_type", "age"]], on="patient", how="left"
    )
    without = counts["sessions_asked"] - counts["sessions_with"]
    sessions = pd.concat(
        [
            counts.loc[counts.index.repeat(number)].assign(has_it=has_it)
            for has_it, number in ((1, counts["sessions_with"]), (0, without))
        ],
        ignore_index=True,
    )
    columns = {
        "needle": sessions["level"].astype("Float64"),
        "skin type": sessions["skin_type"].astype("Float64"),
        "age": sessions["age"].astype("Float64"),
    }
    if by == "needle":
        group = (columns["needle"] > _LONG_NEEDLE).astype("boolean")
    else:
        low, _high = SKIN_TYPE_GROUPS["IV-VI"]
        group = (columns["skin type"] >= low).astype("boolean")
    adjust = pd.DataFrame({name: columns[name] for name in _ADJUSTED_FOR[by]})
    return estimate_standardised_difference(
        sessions["has_it"], group, adjust, SEED, sessions["patient"]
    )


# ---- who has another modality ------------------------------------------------------------------


def _describe_case_mix(cohort: Cohort, others: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how many patients of each modality have darker skin, of those whose type is known:
    who is treated differs before anything is done."""
    skin_types = cohort.patients.set_index("patient")["skin_type"].dropna()
    low, _high = SKIN_TYPE_GROUPS["IV-VI"]
    own = cohort.harm_exposures.query("concern == ''")["patient"]
    people = {cohort.harm_modality: set(own)}
    people |= {str(level): set(of["patient"]) for level, of in others.groupby("level")}
    rows = []
    for level, patients in people.items():
        known = skin_types[skin_types.index.isin(patients)]
        rows.append(
            {
                "statistic": "darker skin",
                "by": "modality",
                "level": level,
                "unit": "patients",
                "population": "patients with such a session, skin type known",
                **estimate_share(int((known >= low).sum()), len(known), _LEAST),
            }
        )
    return rows if others["level"].nunique() else []
