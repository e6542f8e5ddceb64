"""What the patient article tells patients, held against the log: the numbers behind each claim.

Which numbers a claim rests on is said here; what they must be for the log to agree is said where
they are shown, because a verdict may rest on nothing but the numbers that are shown.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import pandas as pd

from analysis.answers.population import NOT_RECORDED, SKIN_TYPE_GROUPS
from analysis.answers.side_effects import list_harm_terms
from analysis.estimates import bind_estimates, make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_median
from analysis.statistics.clustered import estimate_difference_clustered, estimate_share_clustered
from analysis.statistics.proportions import estimate_share, estimate_upper_bound
from analysis.vocabulary import PROTOCOL, Constant

QUESTION: Final = "claims"
LENGTH_RECORDED: Final = "session length recorded"
PAIN_RECORDED: Final = "pain recorded"
PAIN_NUMBED: Final = "pain recorded, numbed"
PAIN_NOT_NUMBED: Final = "pain recorded, not numbed"
FURTHER_SESSION: Final = "patients with a further session"
FOLLOWED: Final = "patients followed"
RULE: Final = "rule of a claim"
"""Population of what follows from a rule and a number of patients, and says nothing of any; each
claim has one of its own, for their sizes have nothing to do with each other."""
REACTIONS: Final = {
    "erythema": ("erythema",),
    "sensitivity": ("sensitivity", "burning"),
    "dryness": ("dryness",),
}
"""Side effect → the side effects that count as what the article names; what has lasted so long that
it counts as harm was there on the day as well."""
COMPARED: Final = ("laser", "chemical_peel", "dermabrasion")
_SUBGROUP: Final = PROTOCOL["too_small_for_a_subgroup"]
_RATE: Final = PROTOCOL["too_small_for_a_rate"]
Row = dict[str, Any]


def estimate_claims(cohort: Cohort) -> pd.DataFrame:
    """Return the numbers behind every claim of the article, by sessions of the index modality.

    Shares of patients for how long a session takes, pain and intervals (the median within each
    patient first), of sessions for reactions and harm, with intervals clustered by patient. Beside
    the shares of patients stand turning points: from how many patients on the log would agree, and
    up to how many it would disagree.
    """
    parts = (estimate_length, estimate_pain, estimate_intervals, estimate_reactions)
    further = (estimate_lasting_harm, compare_modalities)
    return bind_estimates(*(estimate(cohort) for estimate in (*parts, *further)))


def _make(cohort: Cohort, rows: Iterable[Row]) -> pd.DataFrame:
    return make_estimates(rows, question=QUESTION, source=cohort.origin.source)


# --- shares of patients -------------------------------------------------------------------------


def estimate_length(cohort: Cohort) -> pd.DataFrame:
    """Return how long sessions took, the median within each patient."""
    sessions = cohort.sessions_felt
    minutes = sessions["minutes"].dropna()
    low, high = (PROTOCOL[f"article_session_{end}"].value for end in ("shortest", "longest"))
    levels = {
        f"under {low:g} minutes": minutes < low,
        f"{low:g} to {high:g} minutes": minutes.between(low, high),
        f"over {high:g} minutes": minutes > high,
    }
    rows = [
        *_share_levels("session length", levels, len(minutes), LENGTH_RECORDED),
        _describe_median("median session length", minutes, LENGTH_RECORDED, "minutes"),
        _find_turning_points("session length", len(minutes)),
        _count_recorded("session length", sessions["sessions_timed"], sessions["sessions"]),
    ]
    return _make(cohort, rows)


def estimate_pain(cohort: Cohort) -> pd.DataFrame:
    """Return the patients with little pain: all, at sessions with numbing, and without it."""
    sessions = cohort.sessions_felt
    rows = [_count_recorded("pain", sessions["sessions_felt"], sessions["sessions"])]
    columns = {
        PAIN_RECORDED: ("pain", _RATE),
        PAIN_NUMBED: ("pain_numbed", _SUBGROUP),
        PAIN_NOT_NUMBED: ("pain_not_numbed", _SUBGROUP),
    }
    most = PROTOCOL["claim_pain_most"].value
    for population, (column, least) in columns.items():
        pain = sessions[column].dropna()
        share = estimate_share(int((pain <= most).sum()), len(pain), least)
        about = {"statistic": "little pain", "unit": "patients", "population": population}
        rows += [
            about | share,
            _describe_median("median pain", pain, population, "points of 10"),
        ]
        if population != PAIN_NUMBED:
            rows.append(_find_turning_points(population, len(pain), least))
    return _make(cohort, rows)


def estimate_intervals(cohort: Cohort) -> pd.DataFrame:
    """Return how long patients waited between sessions, the median within each patient."""
    intervals = cohort.intervals[cohort.intervals["concern"] == ""]
    days = intervals["median_days"]
    low, high = (PROTOCOL[f"article_repeat_{end}"].value for end in ("from", "to"))
    levels = {
        f"under {low:g} days": days < low,
        f"{low:g} to {high:g} days": days.between(low, high),
        f"over {high:g} days": days > high,
    }
    rows = [
        *_share_levels("time between sessions", levels, len(days), FURTHER_SESSION),
        _describe_median("median time between sessions", days, FURTHER_SESSION, "days"),
        _find_turning_points("time between sessions", len(days)),
    ]
    return _make(cohort, rows)


def _share_levels(by: str, levels: dict[str, pd.Series], total: int, population: str) -> list[Row]:
    """Return the share of patients in each of several levels that together are all of them."""
    about = {"statistic": by, "by": by, "unit": "patients", "population": population}
    return [
        about | {"level": level} | estimate_share(int(is_in.sum()), total)
        for level, is_in in levels.items()
    ]


def _describe_median(statistic: str, values: pd.Series, population: str, unit: str) -> Row:
    row = {"statistic": statistic, "unit": "patients", "population": population}
    median = estimate_median(values)
    return row | median | {"note": median.get("note", f"{unit}; median within each patient first")}


def _count_recorded(what: str, recorded: pd.Series, sessions: pd.Series) -> Row:
    row: Row = {"statistic": "recorded", "by": "record", "level": what, "unit": "sessions"}
    row |= {
        "count": int(recorded.sum()),
        "total": int(sessions.sum()),
        "patients_count": int((recorded > 0).sum()),
        "patients_total": len(sessions),
        "method": "count",
        "population": "sessions selected",
    }
    if not row["total"]:
        return row | {"status": "not estimable"}
    return row | {"value": row["count"] / row["total"]}


def _find_turning_points(what: str, total: int, least: Constant = _RATE) -> Row:
    """Return from which share of so many patients on the log agrees with a claim on the usual share
    (``high``), and up to which it disagrees (``low``).

    They follow from the number of patients and the rule, whatever the patients had, so they tell
    nothing of anybody.
    """
    usual = PROTOCOL["claim_usual_share"].value
    row: Row = {
        **{"statistic": "turning points", "by": "rule", "level": what, "unit": "patients"},
        **{"total": total, "value": usual, "method": "turning_points"},
        "population": f"{RULE}, {what}",
    }
    if total < least.whole:
        return row | {"value": None, "status": "too few" if total else "not estimable"}

    def agrees(count: int) -> bool:
        return bool(estimate_share(count, total)["low"] > usual)

    def disagrees(count: int) -> bool:
        return bool(estimate_share(count, total)["high"] < usual)

    if agrees(total):
        row["high"] = _find_first(agrees, total) / total
    if disagrees(0):
        row["low"] = (_find_first(lambda count: not disagrees(count), total) - 1) / total
    return row


def _find_first(holds: Callable[[int], bool], last: int) -> int:
    """Return the first number from 0 to ``last`` from which on it holds; at ``last`` it does."""
    low, high = 0, last
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


# --- reactions and harm -------------------------------------------------------------------------


def estimate_reactions(cohort: Cohort) -> pd.DataFrame:
    """Return the sessions with each reaction that the article names, of those asked."""
    about = {"statistic": "sessions with reaction", "unit": "sessions"}
    effects = cohort.vocabulary.side_effects
    rows = []
    for name, terms in REACTIONS.items():
        lasted = [effects[term].promotes_to for term in terms if term in effects]
        named = [*terms, *(term for term in lasted if term)]
        counts = cohort.count_harms(named, modality=cohort.selection.index_modality)
        share = estimate_share_clustered(counts["sessions_with"], counts["sessions_asked"])
        rows.append(about | {"term": name, "population": "sessions asked"} | share)
    return _make(cohort, rows)


def estimate_lasting_harm(cohort: Cohort) -> pd.DataFrame:
    """Return what is known of harm at the last contact of the patients who were followed."""
    people = cohort.harms_followed
    is_long = people["days"] >= PROTOCOL["claim_follow_up"].whole
    followed = people[is_long | people["is_lasting"]]
    total = len(followed)
    levels = {
        "lasting harm": followed["is_lasting"],
        "not known whether it lasted": followed["is_open"] & ~followed["is_lasting"],
        "no lasting harm": ~followed["is_open"] & ~followed["is_lasting"],
    }
    sizes = {"patients asked": len(people), FOLLOWED: total}
    rows: list[Row] = [
        {"statistic": name, "unit": "patients", "count": size, "method": "count"}
        | {"population": name}
        for name, size in sizes.items()
    ]
    rows += _share_levels("harm at last contact", levels, total, FOLLOWED)
    if not levels["lasting harm"].any():
        about = {"statistic": "upper bound", "unit": "patients", "population": FOLLOWED}
        rows.append(about | estimate_upper_bound(total))
    return _make(cohort, rows)


# --- other treatments ---------------------------------------------------------------------------


def compare_modalities(cohort: Cohort) -> pd.DataFrame:
    """Return sessions with any harm by modality, the differences between the index modality and the
    three the article names, and who was treated with each; nothing is pooled.

    Harm is what is adverse or of special interest, whatever its grade. The same patient may have
    had several modalities, so the differences are clustered by patient; they are not adjusted.
    """
    index = cohort.selection.index_modality
    counts = cohort.count_harms(list_harm_terms(cohort), by="modality")
    rows: list[Row] = []
    groups = {}
    for modality in (index, *(each for each in COMPARED if each != index)):
        group = counts[counts["level"] == modality]
        groups[modality] = group[group["sessions_asked"] > 0]
        rows += _describe_modality(cohort, modality, group)
        if modality != index:
            rows.append(_compare(groups[index], groups[modality], index, modality))
    rows.append(_describe_needle(cohort, index))
    return _make(cohort, rows)


def _write(modality: str) -> str:
    return modality.replace("_", " ")


def _describe_modality(cohort: Cohort, modality: str, group: pd.DataFrame) -> list[Row]:
    about: Row = {"by": "modality", "level": modality, "unit": "sessions"}
    recorded = _count_recorded("side effects", group["sessions_asked"], group["sessions"])
    recorded |= {**about, "statistic": "recorded", "population": f"sessions, {_write(modality)}"}
    share = estimate_share_clustered(group["sessions_with"], group["sessions_asked"])
    harm = {"statistic": "sessions with harm", "population": f"sessions asked, {_write(modality)}"}
    return [recorded, about | harm | share, *_describe_case_mix(cohort, modality, group)]


def _describe_case_mix(cohort: Cohort, modality: str, group: pd.DataFrame) -> list[Row]:
    """Return the skin types of the patients asked, as the case mix behind a share of harm."""
    asked = group.loc[group["sessions_asked"] > 0, "patient"]
    types = cohort.patients.set_index("patient")["skin_type"].reindex(asked)
    levels = {
        name: types.between(low, high).fillna(False)
        for name, (low, high) in SKIN_TYPE_GROUPS.items()
    }
    levels[NOT_RECORDED] = types.isna()
    about: Row = {"statistic": "case mix", "by": "skin type group", "unit": "patients"}
    about |= {
        "by2": "modality",
        "level2": modality,
        "population": f"patients asked, {_write(modality)}",
    }
    about |= {"total": len(asked), "method": "count"}
    return [
        about
        | {"level": level, "count": int(is_in.sum())}
        | ({"value": int(is_in.sum()) / len(asked)} if len(asked) else {"status": "not estimable"})
        for level, is_in in levels.items()
    ]


def _describe_needle(cohort: Cohort, index: str) -> Row:
    """Return the median of the longest needle; the modalities it is compared with have none."""
    needle = cohort.sessions_felt["needle"].dropna()
    row = _describe_median("median needle", needle, "needle length recorded", "mm")
    return row | {"by2": "modality", "level2": index}


def _compare(first: pd.DataFrame, other: pd.DataFrame, index: str, modality: str) -> Row:
    """Return the share of sessions with harm of the first less that of the other."""
    columns = ["sessions_with", "sessions_asked"]
    groups = [group.set_index("patient")[columns] for group in (first, other)]
    patients = groups[0].index.union(groups[1].index)
    numbers = [
        group[column].reindex(patients, fill_value=0) for group in groups for column in columns
    ]
    row: Row = {
        **{"statistic": "difference in harm", "by": "difference", "unit": "sessions"},
        **{"level": f"{index} less {modality}", "note": "exploratory"},
        "population": f"sessions asked, {_write(index)} and {_write(modality)}",
    }
    return row | estimate_difference_clustered(*numbers)
