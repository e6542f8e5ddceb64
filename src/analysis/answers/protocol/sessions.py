"""What a session was like: how long, how deep, where, numbed or not, and what was seen at the end.

A patient's sessions are summed up first and then the patients, so that many sessions count once.
"""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from analysis.answers.outcomes.groups import OTHERS, keep_frequent
from analysis.answers.population import NOT_RECORDED
from analysis.answers.protocol.levels import QUESTION, count_levels, count_recorded
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort, read_numbing
from analysis.statistics.change import estimate_median, estimate_quartiles
from analysis.statistics.clustered import estimate_share_clustered
from analysis.vocabulary import PROTOCOL

IN_CLINIC: Final = "patients treated in the clinic"
WHERE: Final = "where treated"
ONLY_CLINIC, ONLY_HOME, BOTH = "in the clinic alone", "at home alone", "both"
BOTH_CLINIC, BOTH_HOME = "both, in the clinic", "both, at home"
NUMBED: Final = "numbed"
ALWAYS, SOMETIMES, NEVER = "at every session", "at some sessions", "at no session"
DIFFERS: Final = "differs between sessions"
AGAINST_RANGE: Final = "needle against the usual range"
NO_RANGE: Final = "no sourced range"
RANGE_LEVELS: Final = ("below", "within", "above")


def describe_length(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return the quartiles over patients of their median minutes in the clinic, and at how many
    sessions the length was recorded."""
    treated = _in_clinic(cohort.treat(concern).measure())
    quartiles = estimate_quartiles(treated["minutes"])
    rows = [
        {"statistic": "minutes", "by": "quartile", "level": name, "unit": "patients", **row}
        for name, row in quartiles.items()
    ]
    for row in rows:
        row["population"] = f"{IN_CLINIC}, length recorded"
    rows.append(count_recorded("length", treated["minutes_recorded"], treated["sessions"]))
    return make_estimates(rows, question=QUESTION, concern=concern, source=cohort.origin.source)


def describe_settings(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return patients, sessions and needle length in the clinic and at home.

    Each patient is in one of three groups; the sessions and needles of those treated in both places
    are told apart.
    """
    treated = cohort.treat(concern).measure()
    places = find_places(treated)
    groups = (ONLY_CLINIC, ONLY_HOME, BOTH)
    rows = count_levels(places, groups, by=WHERE, population="patients treated")
    parts = {
        ONLY_CLINIC: (ONLY_CLINIC, "clinic"),
        ONLY_HOME: (ONLY_HOME, "home"),
        BOTH_CLINIC: (BOTH, "clinic"),
        BOTH_HOME: (BOTH, "home"),
    }
    total = int(treated["sessions"].sum())
    for level, (group, setting) in parts.items():
        is_part = (treated["patient"].map(places) == group) & (treated["setting"] == setting)
        part, shared = treated[is_part], {"by": WHERE, "level": level}
        count = int(part["sessions"].sum())
        sessions = {
            "statistic": "sessions by place",
            "unit": "sessions",
            "population": "sessions",
            "count": count,
            "total": total,
            "patients_count": len(part),
            "patients_total": len(places),
            "method": "count",
        } | ({"value": count / total} if total else {"status": "not estimable"})
        needle = {
            "statistic": "median needle",
            "unit": "patients",
            "population": f"patients treated, {level}, needle recorded",
            "note": "mm; the longest of a session, median within each patient, then over patients",
        } | estimate_median(part["needle"])
        rows += [shared | sessions, shared | needle]
    return make_estimates(rows, question=QUESTION, concern=concern, source=cohort.origin.source)


def find_places(treated: pd.DataFrame) -> pd.Series:
    """Return patient → where the sessions were, of the frame of ``Treatments.measure``."""
    settings = treated.groupby("patient")["setting"].agg(frozenset)
    names = {frozenset({"clinic"}): ONLY_CLINIC, frozenset({"home"}): ONLY_HOME}
    return settings.map(lambda each: names.get(each, BOTH)).astype("str")


def describe_comfort(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return numbing with the pain beside it, the endpoint and the aftercare, in the clinic.

    A patient counts by all sessions at which something was written. Texts are as recorded, and only
    frequent ones are told apart.
    """
    treated = _in_clinic(cohort.treat(concern).measure()).set_index("patient")
    numbed = _find_numbing(cohort.treat(concern).count_texts("anaesthetic"))
    order = (ALWAYS, SOMETIMES, NEVER, NOT_RECORDED)
    rows = count_levels(numbed, order, by=NUMBED, population=IN_CLINIC)
    pain = {
        "statistic": "median pain",
        "unit": "patients",
        "population": f"{IN_CLINIC}, pain recorded",
        "note": "0 none to 10 worst; median within each patient, then over patients",
    }
    rows.append(pain | estimate_median(treated["pain"]))
    rows += [
        {**pain, "by": NUMBED, "level": level}
        | estimate_median(treated.loc[numbed.index[numbed == level], "pain"])
        for level in order
    ]
    rows.append(count_recorded("pain", treated["pain_recorded"], treated["sessions"]))
    for column in ("anaesthetic", "endpoint", "aftercare"):
        texts = cohort.treat(concern).count_texts(column)
        known = texts[texts["text"].notna()].groupby("patient")["sessions"].sum()
        recorded = known.reindex(treated.index, fill_value=0)
        rows.append(count_recorded(column, recorded, treated["sessions"]))
        if column != "anaesthetic":
            rows += _count_texts(column, texts)
    return make_estimates(rows, question=QUESTION, concern=concern, source=cohort.origin.source)


def _find_numbing(texts: pd.DataFrame) -> pd.Series:
    """Return patient → whether the skin was numbed at the sessions of which that was written."""
    known = texts.assign(is_numbed=texts["text"].map(read_numbing, na_action="ignore"))
    known = known[known["is_numbed"].notna()]
    each = known["is_numbed"].astype(bool).groupby(known["patient"]).agg(["any", "all"])
    levels = pd.Series(NOT_RECORDED, index=pd.Index(texts["patient"].unique()), dtype="str")
    levels[each.index[each["all"]]] = ALWAYS
    levels[each.index[each["any"] & ~each["all"]]] = SOMETIMES
    levels[each.index[~each["any"]]] = NEVER
    return levels


def _count_texts(column: str, texts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the patients by the text that all their sessions have of which one was written."""
    known = texts[texts["text"].notna()].groupby("patient")["text"]
    of_one = known.first()[known.nunique().eq(1)]
    frequent = keep_frequent(of_one)
    levels = pd.Series(NOT_RECORDED, index=pd.Index(texts["patient"].unique()), dtype="str")
    levels[known.first().index] = DIFFERS
    levels[frequent.index] = frequent
    told = [text for text in sorted({*frequent}) if text != OTHERS]
    order = dict.fromkeys((*told, OTHERS, DIFFERS, NOT_RECORDED))
    return count_levels(levels, order, by=column, population=IN_CLINIC)


def find_range(concern: str, modality: str) -> tuple[float, float] | None:
    """Return the shortest and longest needle in mm that reviewed papers used for a concern, or
    None where no source gives them."""
    names = _RANGES.get((modality, concern)) or _RANGES.get((modality, ""))
    if names is None:
        return None
    low, high = (PROTOCOL[name].value for name in names)
    return low, high


_RANGES: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("microneedling", "acne_scars"): ("needle_shortest_acne_scars", "needle_longest_acne_scars"),
    # one study, one length: nothing shorter or longer was looked at
    ("microneedling", "pigmentation"): (
        "needle_studied_pigmentation",
        "needle_studied_pigmentation",
    ),
    ("rf_microneedling", ""): ("rf_needle_shortest", "rf_needle_longest"),
}
"""Modality and concern (empty: any) → the constants of the shortest and the longest needle."""


def describe_needles(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return the sessions in the clinic with a needle below, within and above the range of the
    reviewed papers, for each concern; where no source gives a range, that is said.

    The longest needle of a session counts. A session counts under each concern it treated.
    """
    needles = cohort.treat(concern).count_needles()
    rows: list[dict[str, Any]] = []
    for key in cohort.vocabulary.analysed_concerns:
        of_concern = needles[needles["concern"] == key]
        if len(of_concern) and concern in ("", key):
            limits = find_range(key, cohort.harm_modality)
            rows += [{"concern": key} | row for row in _describe_range(of_concern, limits)]
    return make_estimates(rows, question=QUESTION, source=cohort.origin.source)


def _describe_range(
    needles: pd.DataFrame, limits: tuple[float, float] | None
) -> list[dict[str, Any]]:
    people = needles.groupby("patient")["sessions"].sum()
    known = needles[needles["needle"].notna()]
    recorded = known.groupby("patient")["sessions"].sum().reindex(people.index, fill_value=0)
    rows = [count_recorded("needle", recorded, people)]
    shared = {
        "statistic": AGAINST_RANGE,
        "unit": "sessions",
        "population": "sessions in the clinic, needle recorded",
    }
    if limits is None:
        total = {"total": int(recorded.sum()), "patients_total": int((recorded > 0).sum())}
        rows.append(
            shared | total | {"method": "count", "status": "not estimable", "note": NO_RANGE}
        )
        return rows
    low, high = limits
    places = known["needle"].astype(float).round(6)
    within = {"below": places < low, "within": places.between(low, high), "above": places > high}
    span = f"{low:g} mm" if low == high else f"{low:g} to {high:g} mm"
    for level in RANGE_LEVELS:
        counts = known[within[level]].groupby("patient")["sessions"].sum()
        share = estimate_share_clustered(counts.reindex(people.index, fill_value=0), recorded)
        note = "; ".join(filter(None, (span, share.get("note", ""))))
        rows.append(shared | {"by": "usual range", "level": level} | share | {"note": note})
    return rows


def _in_clinic(treated: pd.DataFrame) -> pd.DataFrame:
    return treated[treated["setting"] == "clinic"]
