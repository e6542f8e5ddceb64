"""The scores behind an outcome: which became which, who took them, and when."""

from math import ceil, floor
from typing import Any, Final

import pandas as pd

from analysis.answers.outcomes.change import compute_improvement, find_responders, name_outcome
from analysis.answers.population import SEEN_AGAIN, choose_scale, find_fates
from analysis.estimates import bind_estimates, make_estimates
from analysis.intake.cohort import Cohort
from analysis.intake.schema import RATERS
from analysis.statistics.change import (
    estimate_beyond,
    estimate_mean_change_bootstrap,
    estimate_median_percent,
    estimate_quartiles,
)
from analysis.statistics.proportions import estimate_share
from analysis.vocabulary import PROTOCOL, Scale

SEED: Final = 1
"""Of every bootstrap: the same cohort has the same interval."""
ANSWER_KIND: Final = "answer kind"


def describe_scores(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return what became of each grade, each answer on a change scale, who scored and when.

    On the headline scale of the concern, among closed first courses that were seen again: a shift
    table of an ordinal scale, the bootstrap and the median individual percentage of a continuous
    one, the share beyond measurement error where that is published, the rater of both scores and
    the days from the last session to the follow-up. Answers also of the other change scales that
    enough patients gave. No rows where no course of the concern has a score.
    """
    scale = choose_scale(cohort, concern)
    if scale is None:
        return make_estimates([])
    seen = _find_seen(cohort, concern, scale)
    shared = name_outcome(cohort, concern, scale) | {"population": "seen again"}
    rows = [*_count_raters(seen), *_describe_days(seen)]
    if scale.kind == "change":
        rows += _count_answers(seen, scale)
    else:
        rows += _describe_change(seen, scale)
    return bind_estimates(make_estimates(rows, **shared), _count_other_answers(cohort, concern))


def _find_seen(cohort: Cohort, concern: str, scale: Scale) -> pd.DataFrame:
    courses = find_fates(cohort, concern, scale)
    return courses[courses["fate"].isin(SEEN_AGAIN)]


def _count(statistic: str, by: str, level: str, count: int, total: int) -> dict[str, Any]:
    row: dict[str, Any] = {"statistic": statistic, "by": by, "level": level, "method": "count"}
    row |= {"count": count, "total": total}
    return row | ({"value": count / total} if total else {"status": "not estimable"})


def _count_raters(seen: pd.DataFrame) -> list[dict[str, Any]]:
    found = seen["rater"].value_counts()
    return [
        _count("rater", "rater", rater, int(found[rater]), len(seen))
        for rater in RATERS
        if rater in found
    ]


def _describe_days(seen: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"statistic": "days to follow-up", "by": "quartile", "level": level, **estimate}
        for level, estimate in estimate_quartiles(seen["follow_up_days"]).items()
    ]


def _describe_change(seen: pd.DataFrame, scale: Scale) -> list[dict[str, Any]]:
    better = compute_improvement(seen, scale)
    rows = []
    if scale.kind == "ordinal":
        rows += _count_shifts(seen, scale)
    else:
        bootstrap = estimate_mean_change_bootstrap(better, SEED)
        bootstrap.setdefault("note", f"in {scale.unit}; above zero is better")
        rows.append({"statistic": "mean change, bootstrap", **bootstrap})
        percent = estimate_median_percent(seen["baseline"], better)
        rows.append({"statistic": "median percent change", **percent})
    if scale.measurement_error is not None:
        beyond = estimate_beyond(better, scale.measurement_error)
        beyond.setdefault("note", f"more than {scale.measurement_error:g} {scale.unit} better")
        rows.append({"statistic": "beyond measurement error", **beyond})
    return rows


def _count_shifts(seen: pd.DataFrame, scale: Scale) -> list[dict[str, Any]]:
    """Return a row for every pair of grades between the lowest and the highest that was given.

    None where they are too many for a table.
    """
    grades = _list_grades(pd.concat([seen["baseline"], seen["follow_up"]]), scale)
    pairs = seen.groupby(["baseline", "follow_up"]).size()
    return [
        _count("shift", "baseline", _name_grade(before), int(pairs.get((before, after), 0)), n)
        | {"by2": "follow-up", "level2": _name_grade(after)}
        for n in [len(seen)]
        for before in grades
        for after in grades
    ]


def _list_grades(given: pd.Series, scale: Scale) -> list[float]:
    """Return the grades of the scale from the lowest to the highest that was given, and what was
    given between two of them. None where they are too many for a table."""
    if given.empty:
        return []
    step, most = scale.step or 1.0, PROTOCOL["grades_told_apart"].whole
    first, last = floor(given.min() / step), ceil(given.max() / step)
    grades = [round(place * step, 6) for place in range(first, last + 1)]
    between = {*given} - {*grades}
    is_readable = len(grades) <= most and len(between) < most
    return sorted([*grades, *between]) if is_readable else []


def _name_grade(grade: float) -> str:
    return f"{grade:g}"


def _count_answers(seen: pd.DataFrame, scale: Scale) -> list[dict[str, Any]]:
    """Return how many gave each answer on a change scale of few grades, the best one first.

    The answers that meet the scale's rule are marked as good.
    """
    if scale.minimum is None or scale.maximum is None or scale.direction == "declared":
        return []
    ends = pd.Series([scale.minimum, scale.maximum])
    grades = pd.Series(_list_grades(pd.concat([seen["follow_up"], ends]), scale))
    found = seen["follow_up"].value_counts()
    rows = []
    for grade in grades.sort_values(ascending=scale.direction == "lower"):
        name = f"{_name_grade(grade)} {scale.grades.get(_name_grade(grade), '')}".strip()
        row = _count("answer", "answer", name, int(found.get(grade, 0)), len(seen))
        if scale.responder is not None:
            answer = pd.DataFrame({"follow_up": [grade]})
            is_good = find_responders(answer, scale, scale.responder).iloc[0]
            row |= {"by2": ANSWER_KIND, "level2": "good" if is_good else "not good"}
        rows.append(row)
    return rows


def _count_other_answers(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return the answers on change scales besides the headline, where enough patients gave one."""
    headline = choose_scale(cohort, concern)
    parts = []
    for scale in cohort.scales.values():
        if scale.kind != "change" or scale == headline or not scale.fits(concern):
            continue
        seen = _find_seen(cohort, concern, scale)
        if len(seen) < PROTOCOL["too_small_for_a_subgroup"].whole:
            continue
        rows = _count_answers(seen, scale)
        if rows and scale.responder is not None:
            good = int(find_responders(seen, scale, scale.responder).sum())
            rows.append({"statistic": "good answers", **estimate_share(good, len(seen))})
        shared = name_outcome(cohort, concern, scale) | {"population": "seen again"}
        parts.append(make_estimates(rows, **shared))
    return bind_estimates(*parts)
