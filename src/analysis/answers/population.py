"""Who came: rows, sessions, patients, and what became of every first course."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

import pandas as pd

from analysis.estimates import bind_estimates, make_estimates
from analysis.intake.cohort import Cohort
from analysis.intake.schema import FATES
from analysis.statistics.change import estimate_median
from analysis.vocabulary import PROTOCOL, Scale

About = ParamSpec("About")
Found = TypeVar("Found")

QUESTION: Final = "population"
NOT_RECORDED: Final = "not recorded"
SEEN_AGAIN: Final = ("cannot respond", "analysed")
"""The fates of courses that have the scores the scale needs."""
SKIN_TYPES: Final = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI"}
SKIN_TYPE_GROUPS: Final = {"I-III": (1, 3), "IV-VI": (4, 6)}
AGE_BANDS: Final = ((0, 17), (18, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 79), (80, 89))


def count_flow(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return rows of the log, and the sessions and patients that were chosen.

    With a concern, only the sessions that treated it.
    """
    account = cohort.account
    chosen = cohort.exposures[cohort.exposures["concern"] == concern]
    steps = {
        "read": account.read,
        "used": account.used,
        "set aside": account.set_aside,
        "not data": account.not_data,
    }
    rows: list[dict[str, Any]] = [
        {
            "statistic": "rows",
            "by": "step",
            "level": step,
            "unit": "rows",
            "count": count,
            "total": account.read,
            "population": "rows of the log",
        }
        for step, count in steps.items()
    ]
    rows += [
        {
            "statistic": "sessions",
            "concern": concern,
            "unit": "sessions",
            "count": int(chosen["sessions"].sum()),
            "patients_count": len(chosen),
            "population": "sessions selected",
        },
        {
            "statistic": "patients",
            "concern": concern,
            "unit": "patients",
            "count": len(chosen),
            "population": "patients treated",
        },
    ]
    return make_estimates(rows, question=QUESTION, method="count", source=cohort.origin.source)


def describe_patients(cohort: Cohort, concern: str = "") -> pd.DataFrame:
    """Return Table 1: sex, skin type, age and concerns of patients, missing values as a level.

    With a concern, only the patients treated for it. A patient may have several concerns, so these
    do not add up; the other characteristics do.
    """
    patients, pairs = cohort.patients, cohort.patient_concerns
    if concern:
        treated = pairs.loc[pairs["concern"] == cohort.check_concern(concern), "patient"]
        patients = patients[patients["patient"].isin(treated)]
    total = len(patients)
    groups = {
        "sex": patients["sex"],
        "skin type": patients["skin_type"].map(SKIN_TYPES, na_action="ignore"),
        "age group": patients["age"].map(name_age_band, na_action="ignore"),
    }
    rows = [
        _count_level(name, level, int(count), total)
        for name, values in groups.items()
        for level, count in _count_levels(name, values)
    ]
    if not concern:
        present = pairs["concern"].value_counts()
        rows += [
            _count_level("concern", key, int(present[key]), total)
            | {"note": "a patient may have several concerns"}
            for key in cohort.vocabulary.concerns
            if key in present
        ]
    top = PROTOCOL["age_top"].whole
    age = estimate_median(patients["age"].clip(upper=top))
    age.setdefault("note", f"in years; {top} and over count as {top}")
    rows.append({"statistic": "age", "unit": "patients", **age})
    return make_estimates(
        rows,
        question=QUESTION,
        concern=concern,
        population="patients treated",
        source=cohort.origin.source,
    )


def _count_level(by: str, level: str, count: int, total: int) -> dict[str, Any]:
    row = {"statistic": "characteristic", "by": by, "level": level, "unit": "patients"}
    return row | {"count": count, "total": total, "method": "count"} | _describe_share(count, total)


def _describe_share(count: int, total: int) -> dict[str, Any]:
    """Return the share of a description, which needs no interval: everybody was counted."""
    return {"value": count / total} if total else {"status": "not estimable"}


def _count_levels(name: str, values: pd.Series) -> list[tuple[str, int]]:
    found = values.astype("str").fillna(NOT_RECORDED).value_counts()
    order = {
        "sex": ["female", "male", "other"],
        "skin type": [*SKIN_TYPES.values()],
        "age group": [*dict.fromkeys(name_age_band(age) for age in range(200))],
    }[name]
    return [(level, int(found[level])) for level in [*order, NOT_RECORDED] if level in found]


def name_age_band(age: int) -> str:
    """Return the age group of an age in years; the oldest ages are one group."""
    if age >= PROTOCOL["age_top"].whole:
        return f"{PROTOCOL['age_top'].whole} and over"
    low, high = next(band for band in AGE_BANDS if band[0] <= age <= band[1])
    return f"{low} to {high}" if low else f"under {high + 1}"


def _remember(
    answer: Callable[Concatenate[Cohort, About], Found],
) -> Callable[Concatenate[Cohort, About], Found]:
    """Work out an answer once per cohort: every question of a page builds on it."""

    @wraps(answer)
    def recall(cohort: Cohort, /, *about: About.args, **options: About.kwargs) -> Found:
        known = cohort.remembered.setdefault(answer.__name__, [])
        kept = [found for asked, found in known if asked == (about, options)]
        if not kept:
            kept = [answer(cohort, *about, **options)]
            known.append(((about, options), kept[0]))
        found = kept[0]
        # a column that one question adds must not be there for the next
        return cast(Found, found.copy(deep=False)) if isinstance(found, pd.DataFrame) else found

    return recall


@_remember
def choose_scale(cohort: Cohort, concern: str) -> Scale | None:
    """Return the scale of a concern's headline, never chosen by result.

    The one ``source.toml`` names; else the first in vocabulary order that at least half of the
    closed courses have a score of (at baseline; at follow-up for change scales); else the most
    frequent one, ties by vocabulary order. None where no course of the concern has a score.
    """
    courses = find_first_courses(cohort, concern)
    scores = cohort.course_scores[cohort.course_scores["course"].isin(courses["course"])]
    scales = cohort.scales
    if chosen := cohort.primary_scale.get(concern):
        return scales[chosen]
    held = {}
    for key, scale in scales.items():
        column = "follow_up" if scale.kind == "change" else "baseline"
        known = scores.loc[(scores["scale"] == key) & scores[column].notna(), "course"]
        if scale.fits(concern) and len(known):
            held[key] = known
    closed = set(courses.loc[courses["is_closed"].astype(bool), "course"])
    for key, known in held.items():
        if closed and 2 * len(closed.intersection(known)) >= len(closed):
            return scales[key]
    return scales[max(held, key=lambda key: len(held[key]))] if held else None


def find_first_courses(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return the first course of every patient for a concern, with the columns of ``courses``."""
    courses = cohort.courses
    cohort.check_concern(concern)
    return courses[(courses["concern"] == concern) & courses["is_first"].astype(bool)]


@_remember
def find_fates(
    cohort: Cohort, concern: str, scale: Scale, *, first_only: bool = True
) -> pd.DataFrame:
    """Return first courses, or all, with their scores on one scale and what became of them.

    Columns of ``courses``, then baseline, follow_up, follow_up_days, rater, and fate (one of
    FATES). A change scale needs no baseline.
    """
    courses = find_first_courses(cohort, concern)
    if not first_only:
        courses = cohort.courses[cohort.courses["concern"] == concern]
    scores = cohort.course_scores[cohort.course_scores["scale"] == scale.key]
    columns = ["course", "baseline", "follow_up", "follow_up_days", "rater"]
    found = courses.merge(scores[columns], on="course", how="left", validate="one_to_one")
    needs_baseline = scale.kind != "change"
    fate = pd.Series("analysed", index=found.index, dtype="str")
    # the last condition that holds must win, so they are written in reverse order
    if needs_baseline:
        fate[~can_respond(found["baseline"], scale)] = "cannot respond"
    fate[found["follow_up"].isna()] = "not seen again"
    if needs_baseline:
        fate[found["baseline"].isna()] = "no baseline"
    fate[~found["is_closed"].astype(bool)] = "not yet due"
    return found.assign(fate=fate)


def can_respond(baseline: pd.Series, scale: Scale) -> pd.Series:
    """Return whether the responder rule can be met from each baseline; missing ones can."""
    rule = scale.responder
    if rule is None:
        return pd.Series(True, index=baseline.index)
    if rule.rule == "percent_better":
        possible = baseline > 0
    elif rule.rule == "points_better" and scale.direction == "lower" and scale.minimum is not None:
        possible = baseline - rule.amount >= scale.minimum
    elif rule.rule == "points_better" and scale.direction == "higher" and scale.maximum is not None:
        possible = baseline + rule.amount <= scale.maximum
    else:
        possible = pd.Series(True, index=baseline.index)
    return possible | baseline.isna()


def count_fates(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return what became of every first course of a concern on its headline scale."""
    scale = choose_scale(cohort, concern)
    if scale is None:
        courses = find_first_courses(cohort, concern)
        closed = int(courses["is_closed"].astype(bool).sum())
        found = {"not yet due": len(courses) - closed, "no baseline": closed}
    else:
        fates = find_fates(cohort, concern, scale)["fate"]
        found = {fate: int((fates == fate).sum()) for fate in FATES}
    total = sum(found.values())
    rows = [
        {"level": fate, "count": count, "total": total} | _describe_share(count, total)
        for fate in FATES
        for count in [found.get(fate, 0)]
    ]
    return make_estimates(
        rows,
        question=QUESTION,
        statistic="fate",
        concern=concern,
        scale=scale.key if scale else "",
        by="step",
        unit="courses",
        method="count",
        population="first courses",
        source=cohort.origin.source,
    )


def count_all_fates(cohort: Cohort) -> pd.DataFrame:
    """Return :func:`count_fates` of every concern of the log, in vocabulary order."""
    return bind_estimates(*(count_fates(cohort, concern) for concern in list_concerns(cohort)))


def list_concerns(cohort: Cohort) -> list[str]:
    """Return the concerns of the chosen courses, in vocabulary order."""
    present = set(cohort.courses["concern"])
    return [concern for concern in cohort.vocabulary.concerns if concern in present]
