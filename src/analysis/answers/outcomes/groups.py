"""For whom: the same outcome by skin type, needle, clinic and so on. Described, and no more."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

import pandas as pd

from analysis.answers.outcomes.change import (
    compute_improvement,
    find_responders,
    name_outcome,
)
from analysis.answers.outcomes.modalities import describe_other_modalities
from analysis.answers.population import (
    NOT_RECORDED,
    SEEN_AGAIN,
    SKIN_TYPE_GROUPS,
    SKIN_TYPES,
    choose_scale,
    find_fates,
)
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_mean_change
from analysis.statistics.proportions import estimate_difference, estimate_share
from analysis.statistics.standardised import estimate_standardised_difference
from analysis.vocabulary import PROTOCOL, Scale

SEED: Final = 2
EXPLORATORY: Final = "exploratory"
_LEAST: Final = PROTOCOL["too_small_for_a_subgroup"]
OTHERS: Final = "other"


def compare_groups(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return responders, and the mean change on a continuous scale, by what was known at the start.

    On the headline scale of the concern. A level with fewer patients than the protocol's least
    number has its count and no share. The differences between skin types I-III and IV-VI and
    between long and short needles come plain and standardised for the first score and age; they are
    exploratory. Nothing where only one level is known. Other modalities stand beside, each with
    courses of its own; all courses are in the clinic, so that there is no level of the setting.
    """
    scale = choose_scale(cohort, concern)
    if scale is None:
        return make_estimates([])
    courses = find_fates(cohort, concern, scale)
    seen = courses[courses["fate"].isin(SEEN_AGAIN)]
    seen = seen.merge(cohort.patients[["patient", "age", "skin_type"]], on="patient", how="left")
    shared = name_outcome(cohort, concern, scale)
    rows: list[dict[str, Any]] = []
    for by, levels in list_groupings(seen).items():
        if levels.nunique() < 2:
            continue
        rows += _describe_levels(seen, scale, by, levels)
    rows += describe_other_modalities(cohort, concern, scale)
    for by, (first, other) in _CONTRASTS.items():
        rows += _compare(seen, scale, by, first, other)
    return make_estimates(rows, **shared)


def list_groupings(courses: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Return the level of each course by the name of the grouping, "not recorded" where unknown.

    ``courses`` has the columns of :func:`find_fates` and skin_type. Text as recorded is a level of
    its own only where it is frequent.
    """
    groupings = {
        "skin type group": courses["skin_type"].map(_group_skin_type, na_action="ignore"),
        "skin type": courses["skin_type"].map(SKIN_TYPES, na_action="ignore"),
        "needle": courses["needle_longest"].map(name_needle_band, na_action="ignore"),
        "passes": courses["passes"].map(name_passes_band, na_action="ignore"),
        "adjunct": keep_frequent(courses["adjunct"]),
        "subtype": courses["subtype"],
        "clinic": keep_frequent(courses["clinic"]),
        "device": keep_frequent(courses["device"]),
        "sessions": courses["sessions"].map(_name_sessions),
    }
    return {
        name: levels.astype("str").fillna(NOT_RECORDED)
        for name, levels in groupings.items()
        if levels.notna().any()
    }


def name_needle_band(longest: float) -> str:
    """Return the band of a needle length in mm, such as "over 0.5 to 1 mm"."""
    width, until = PROTOCOL["needle_band_width"].value, PROTOCOL["needle_bands_until"].value
    if longest > until:
        return f"over {until:g} mm"
    # a length at the end of a band must not fall out of it by a rounding
    high = max(ceil(round(longest / width, 6)), 1) * width
    low = high - width
    return f"over {low:g} to {high:g} mm" if low else f"up to {high:g} mm"


def list_needle_bands() -> list[str]:
    """Return all bands, the shortest needles first."""
    width, until = PROTOCOL["needle_band_width"].value, PROTOCOL["needle_bands_until"].value
    steps = range(1, round(until / width) + 2)
    return [name_needle_band(step * width) for step in steps]


def _group_skin_type(skin_type: int) -> str:
    return next(
        name for name, (low, high) in SKIN_TYPE_GROUPS.items() if low <= int(skin_type) <= high
    )


def name_passes_band(passes: int) -> str:
    """Return the band of a number of passes, such as "5 to 6"."""
    first, width, until = (
        PROTOCOL[key].whole
        for key in ("passes_first_band", "passes_band_width", "passes_bands_until")
    )
    if passes > until:
        return f"{until + 1} and more"
    high = first + max(ceil((passes - first) / width), 0) * width
    return f"{1 if high == first else high - width + 1} to {high}"


def _name_sessions(sessions: int) -> str:
    most = PROTOCOL["sessions_told_apart"].whole
    return f"{most} and more" if sessions >= most else f"{sessions}"


def keep_frequent(levels: pd.Series) -> pd.Series:
    """Call all but the most frequent texts "other", and every text of few patients: a text that
    hardly anybody has may be a remark about one of them."""
    counts = levels.value_counts()
    kept = [
        level
        for level in sorted(counts.index, key=lambda level: (-counts[level], level))[
            : PROTOCOL["groups_told_apart"].whole
        ]
        if counts[level] >= PROTOCOL["too_small_for_a_rate"].whole
    ]
    return levels.where(levels.isin(kept) | levels.isna(), OTHERS)


def _describe_levels(
    seen: pd.DataFrame, scale: Scale, by: str, levels: pd.Series
) -> list[dict[str, Any]]:
    rows = []
    note = _NOTES.get(by, "")
    for level in _order_levels(levels):
        of_level = seen[levels == level]
        shared = {"by": by, "level": level}
        if scale.responder is not None:
            analysed = of_level[of_level["fate"] == "analysed"]
            responded = int(find_responders(analysed, scale, scale.responder).sum())
            share = estimate_share(responded, len(analysed), _LEAST)
            share |= {"statistic": "responders", "population": "analysed"}
            rows.append(shared | share | {"note": share.get("note", note)})
        if scale.kind == "continuous":
            change = estimate_mean_change(compute_improvement(of_level, scale), _LEAST)
            change |= {"statistic": "mean change", "population": "seen again"}
            rows.append(shared | change | {"note": change.get("note", note)})
    return rows


def _order_levels(levels: pd.Series) -> list[str]:
    """Return the levels by their numbers, then by name; "other" and "not recorded" come last."""
    last = [OTHERS, NOT_RECORDED]
    bands = list_needle_bands()
    return sorted(
        levels.unique(),
        key=lambda level: (
            last.index(level) + 1 if level in last else 0,
            bands.index(level) if level in bands else 0,
            level,
        ),
    )


_LONG_NEEDLE: Final = PROTOCOL["needle_median_acne_scars"].value
_CONTRASTS: Final = {
    "skin type group": ("IV-VI", "I-III"),
    "needle": (f"over {_LONG_NEEDLE:g} mm", f"up to {_LONG_NEEDLE:g} mm"),
}
"""The two groups whose outcomes are compared: the first less the other."""
_NOTES: Final = {
    "sessions": "described only: how many sessions somebody has is a consequence of how it goes",
}


def _compare(
    seen: pd.DataFrame, scale: Scale, by: str, first: str, other: str
) -> list[dict[str, Any]]:
    """Return the difference between two groups, plain and standardised."""
    is_first = _split(seen, by)
    known = seen[is_first.notna()]
    level = f"{first} less {other}"
    shared = {"by": f"{by}, difference", "level": level, "note": EXPLORATORY}
    if scale.responder is None:
        return []
    known = known[known["fate"] == "analysed"]
    group = is_first.loc[known.index].astype(bool)
    if min(group.sum(), (~group).sum()) < _LEAST.whole:
        return []
    outcome = find_responders(known, scale, scale.responder).astype(bool)
    sizes = {"count": len(known), "total": len(known), "population": "analysed"}
    plain = estimate_difference(
        int(outcome[group].sum()),
        int(group.sum()),
        int(outcome[~group].sum()),
        int((~group).sum()),
    )
    adjust = known[["baseline", "age"]] if scale.kind != "change" else known[["age"]]
    standardised = estimate_standardised_difference(outcome, group, adjust.astype(float), SEED)
    return [
        shared | plain | sizes | {"statistic": "difference in responders"},
        shared | standardised | sizes | {"statistic": "standardised difference in responders"},
    ]


def _split(seen: pd.DataFrame, by: str) -> pd.Series:
    """Return whether each patient is in the first group; missing where it is not known."""
    if by == "needle":
        values = seen["needle_longest"]
        return (values > _LONG_NEEDLE).astype("boolean").mask(values.isna())
    low, _high = SKIN_TYPE_GROUPS["IV-VI"]
    return (seen["skin_type"] >= low).astype("boolean")
