"""Split faces: two halves of the same patients, treated differently, side by side.

The patient is the unit: every number about a difference is one of pairs, never of halves counted as
people. What is compared is what the log says was done on each half; what it says nothing of may
have been done all the same.
"""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from analysis.answers.outcomes.change import (
    compute_improvement,
    describe_rule,
    find_responders,
    name_outcome,
)
from analysis.answers.outcomes.groups import OTHERS, keep_frequent
from analysis.answers.population import can_respond, choose_scale
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.statistics.change import estimate_mean_change
from analysis.statistics.proportions import estimate_paired_difference, estimate_share
from analysis.vocabulary import Responder, Scale

_BETWEEN: Final = " | "
"""Stands in the name of a contrast between what was done on the first half and on the other."""
_ALIKE, _UNEVEN, _NOT_TOLD = "treated alike", "another number of sessions", "not told apart"
_LEFT_OUT: Final = (_ALIKE, _UNEVEN, _NOT_TOLD)
_HALVES: Final = ("first half", "other half")
_PUT_ON: Final = {"": "", OTHERS: "an adjunct", "several": "several adjuncts"}


def compare_halves(cohort: Cohort, concern: str) -> pd.DataFrame:
    """Return what became of both halves of split faces, contrast by contrast.

    On the headline scale of the concern, or where no half is scored on it, on the one on which most
    faces have scores of both halves (ties by vocabulary order); among closed first courses of which
    both halves have the scores it needs by the same kind of rater. The first half is the one that
    was needled, or on which more was done besides. Halves that were treated alike or another number
    of times, or whose treatment the log does not tell apart, are counted and not compared. Of a
    continuous scale the mean change of each half and the mean difference of the pairs; of a scale
    with a responder rule the responders of each half and their paired difference, among patients
    both of whose halves could respond; of grades and answers the half that did better. No rows
    where no patient has both halves scored.
    """
    scale = _choose_scale(cohort, concern)
    pairs = cohort.find_halves(concern, scale.key) if scale is not None else pd.DataFrame()
    if scale is None or pairs.empty:
        return make_estimates([])
    pairs = _add_contrast(pairs, cohort.selection.index_modality)
    found = pairs["contrast"].value_counts()
    compared = sorted({*found.index} - {*_LEFT_OUT}, key=lambda name: (-found[name], name))
    rows: list[dict[str, Any]] = [
        {"statistic": "halves", "by": "what was done", "level": name, "method": "count"}
        | {"count": count, "total": len(pairs), "value": count / len(pairs)}
        | {"population": "both halves scored"}
        for name in (*compared, *_LEFT_OUT)
        for count in [int(found.get(name, 0))]
    ]
    for name in compared:
        first, other = _take_halves(pairs[pairs["contrast"] == name])
        told = [*_compare_changes(first, other, scale), *_compare_responders(first, other, scale)]
        rows += [{"by": "halves", "level": name, **row} for row in told]
    return make_estimates(rows, **name_outcome(cohort, concern, scale))


def _choose_scale(cohort: Cohort, concern: str) -> Scale | None:
    """Return the scale on which halves are compared, never chosen by result."""
    found = cohort.count_split_faces(concern)
    known = [key for key in cohort.scales if key in found]
    if not known:
        return None
    headline = choose_scale(cohort, concern)
    if headline is not None and headline.key in found:
        return headline
    return cohort.scales[max(known, key=lambda key: found[key])]


# --- what was done on each half -----------------------------------------------------------------


@dataclass(frozen=True, order=True)
class _Treatment:
    """What the log says was done on a half; the one with more of it comes first in order."""

    is_without_needling: bool
    is_without_adjunct: bool
    others_missing: int
    words: str


def _add_contrast(pairs: pd.DataFrame, modality: str) -> pd.DataFrame:
    """Add ``contrast``, what is compared in a pair or why nothing is, and ``is_right_first``."""
    known = pairs.fillna(dict.fromkeys(("others_left", "others_right"), ""))
    adjuncts = keep_frequent(known["adjunct_left"].fillna(known["adjunct_right"]))
    for half in ("left", "right"):
        known[f"adjunct_{half}"] = adjuncts.where(known[f"adjunct_{half}"].notna()).fillna("")
    contrasts, is_right_first = [], []
    for pair in known.to_dict("records"):
        left, right = (
            _describe_half(
                modality if pair[f"sessions_{half}"] else "",
                pair[f"adjunct_{half}"],
                pair[f"others_{half}"],
            )
            for half in ("left", "right")
        )
        fewest, most = sorted([pair["sessions_left"], pair["sessions_right"]])
        name = _BETWEEN.join(each.words for each in sorted([left, right]))
        if not pair["is_told"]:
            name = _NOT_TOLD
        elif 0 < fewest < most:
            name = _UNEVEN
        elif left == right:
            name = _ALIKE
        contrasts.append(name)
        is_right_first.append(right < left)
    return pairs.assign(contrast=contrasts, is_right_first=is_right_first)


def _describe_half(modality: str, adjunct: str, others: str) -> _Treatment:
    """Return what was done on a half; ``modality`` is that of the course, empty where the half had
    none of its sessions."""
    put_on = _PUT_ON.get(adjunct, adjunct)
    besides = f" with {put_on}" if put_on else ""
    done = [f"{_name(modality)}{besides}"] if modality else [put_on] if put_on else []
    done += [_name(each) for each in others.split("; ") if each]
    words = " and ".join(done) or "no treatment recorded"
    return _Treatment(not modality, not adjunct, -len(done), words.replace(_BETWEEN, " / "))


def _name(modality: str) -> str:
    return modality.replace("_", " ")


def _take_halves(pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return baseline and follow_up of the first halves and of the other ones, pair by pair."""
    is_right_first = pairs["is_right_first"].astype(bool)
    first, other = (
        pd.DataFrame(
            {
                name: pairs[f"{name}_left"].where(is_left, pairs[f"{name}_right"])
                for name in ("baseline", "follow_up")
            }
        )
        for is_left in (~is_right_first, is_right_first)
    )
    return first, other


# --- the halves side by side --------------------------------------------------------------------


def _compare_changes(
    first: pd.DataFrame, other: pd.DataFrame, scale: Scale
) -> list[dict[str, Any]]:
    """Return how much each half changed, or on grades and answers which half did better."""
    shared = {"population": "pairs of halves"}
    if scale.kind != "continuous":
        better = _find_advantage(first, other, scale)
        counts = {
            _HALVES[0]: int((better > 0).sum()),
            "neither half": int((better == 0).sum()),
            _HALVES[1]: int((better < 0).sum()),
        }
        return [
            {"statistic": "half that did better", "by2": "half", "level2": half, **shared}
            | estimate_share(count, len(better))
            for half, count in counts.items()
        ]
    changes = [compute_improvement(half, scale) for half in (first, other)]
    rows: list[dict[str, Any]] = []
    for half, change in zip(_HALVES, changes, strict=True):
        row = shared | {"statistic": "mean change of a half", "by2": "half", "level2": half}
        row |= estimate_mean_change(change)
        row.setdefault("note", f"in {scale.unit}; above zero is better")
        rows.append(row)
    difference = shared | {"statistic": "difference in change between halves"}
    difference |= estimate_mean_change((changes[0] - changes[1]).round(9))
    difference.setdefault(
        "note", f"in {scale.unit}; above zero the first half changed more for the better"
    )
    return [*rows, difference]


def _find_advantage(first: pd.DataFrame, other: pd.DataFrame, scale: Scale) -> pd.Series:
    """Return by how much more the first half got better: by grades, or by the answer alone on a
    scale of change."""
    if scale.kind == "change":
        sign = -1 if scale.direction == "lower" else 1
        return sign * (first["follow_up"] - other["follow_up"]).astype("float64").round(9)
    return (compute_improvement(first, scale) - compute_improvement(other, scale)).round(9)


def _compare_responders(
    first: pd.DataFrame, other: pd.DataFrame, scale: Scale
) -> list[dict[str, Any]]:
    """Return the responders of each half, those of both, one or none, and the paired difference."""
    if scale.responder is None:
        return []
    if scale.kind != "change":
        could = can_respond(first["baseline"], scale) & can_respond(other["baseline"], scale)
        first, other = first[could], other[could]
    responded = [_list_responders(half, scale, scale.responder) for half in (first, other)]
    is_first, is_other = responded
    table = {
        "both halves": int((is_first & is_other).sum()),
        "first half only": int((is_first & ~is_other).sum()),
        "other half only": int((~is_first & is_other).sum()),
        "neither half": int((~is_first & ~is_other).sum()),
    }
    shared = {"population": "pairs of halves that could respond"}
    total = len(first)
    rows: list[dict[str, Any]] = [
        {"statistic": "responders of a half", "by2": "half", "level2": half, **shared}
        | {"note": describe_rule(scale.responder)}
        | estimate_share(int(of_half.sum()), total)
        for half, of_half in zip(_HALVES, responded, strict=True)
    ]
    rows += [
        {"statistic": "halves that responded", "by2": "which", "level2": which, **shared}
        | {"count": count, "total": total, "method": "count"}
        | ({"value": count / total} if total else {"status": "not estimable"})
        for which, count in table.items()
    ]
    difference = {"statistic": "difference in responders between halves", **shared}
    rows.append(difference | estimate_paired_difference(*table.values()))
    return rows


def _list_responders(half: pd.DataFrame, scale: Scale, rule: Responder) -> pd.Series:
    return find_responders(half, scale, rule).astype(bool)
