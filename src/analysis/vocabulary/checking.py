"""Checks published results and regulatory decisions: every slip names file, block and key.

A percentage that does not fit its number of patients is no slip here: studies print such, and it
is shown with a mark.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NoReturn

from analysis.errors import VocabularyError, sentence_for_unknown
from analysis.vocabulary.published import fold_device
from analysis.vocabulary.terms import RegulatoryStatus, Result, Study, Vocabulary

_NUMBERS: Final = (
    *("count", "total", "percent", "before", "before_sd", "after", "after_sd"),
    *("change", "change_sd", "low", "high", "confidence"),
)
_ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "responders": frozenset({"count", "total", "percent"}),
    "side effect": frozenset({"count", "total", "percent"}),
    "mean before and after": frozenset({"total", "before", "before_sd", "after", "after_sd"}),
    "mean change": frozenset({"total", "change", "change_sd", "low", "high", "confidence"}),
}
_NEEDED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "responders": (("count", "percent"),),
    "side effect": (("count", "percent"),),
    "mean before and after": (("before",), ("after",), ("unit",)),
    "mean change": (("change",), ("unit",), ("better",)),
}


def check_study(vocabulary: Vocabulary, study: Study, file: str) -> None:
    """Raise VocabularyError for a year that is none, a study without results, or a result whose
    concern, scale, side effect or numbers cannot be."""
    if study.year and not (study.year.isdecimal() and len(study.year) == 4):
        slip = f"is {study.year!r}; expected four digits, or nothing where it is not known"
        raise VocabularyError.for_slip(file, study.key, "year", slip)
    if not study.reference:
        raise VocabularyError.for_slip(file, study.key, "reference", "is empty")
    if not study.results:
        raise VocabularyError.for_slip(file, study.key, "results", "is empty")
    for place, result in enumerate(study.results, start=1):
        _check_result(vocabulary, result, file, f"{study.key}.results {place}")


def check_status(vocabulary: Vocabulary, status: RegulatoryStatus, file: str) -> None:
    """Raise VocabularyError for an unknown concern, a day that is none, or what is left empty."""

    def refuse(key: str, slip: str) -> NoReturn:
        raise VocabularyError.for_slip(file, status.key, key, slip)

    if status.concern not in vocabulary.concerns:
        refuse("concern", sentence_for_unknown("concern", status.concern, vocabulary.concerns))
    for name in ("name", "area", "status", "jurisdiction", "identifier", "reference"):
        if not getattr(status, name):
            refuse(name, "is empty")
    if status.decided_on:
        try:
            date.fromisoformat(status.decided_on)
        except ValueError:
            refuse("decided_on", f"is {status.decided_on!r}; expected a day such as 2018-03-01")


def check_products(statuses: Mapping[str, RegulatoryStatus], places: Mapping[str, str]) -> None:
    """Raise VocabularyError where one spelling would lead to two products."""
    owners: dict[str, str] = {}
    for key, status in statuses.items():
        for spelling in (status.name, *status.spellings):
            owner = owners.setdefault(fold_device(spelling), status.name)
            if owner != status.name:
                slip = f"the spelling {spelling!r} leads to the product {owner!r} already"
                raise VocabularyError.for_slip(places[key], key, "spellings", slip)


def _check_result(vocabulary: Vocabulary, result: Result, file: str, block: str) -> None:
    def refuse(key: str, slip: str) -> NoReturn:
        raise VocabularyError.for_slip(file, block, key, slip)

    if result.concern not in vocabulary.concerns:
        refuse("concern", sentence_for_unknown("concern", result.concern, vocabulary.concerns))
    if not result.measure:
        refuse("measure", "is empty")
    if result.scale and result.scale not in vocabulary.scales:
        refuse("scale", sentence_for_unknown("scale", result.scale, vocabulary.scales))
    if result.scale and not vocabulary.scales[result.scale].fits(result.concern):
        refuse("scale", f"{result.scale!r} does not score {result.concern!r}")
    if result.term and result.term not in vocabulary.side_effects:
        refuse("term", sentence_for_unknown("side effect", result.term, vocabulary.side_effects))
    if result.term and result.kind != "side effect":
        refuse("term", f"does not go with the kind {result.kind!r}")
    for key, slip in (*_find_misplaced(result), *_find_impossible(result)):
        refuse(key, slip)


def _find_misplaced(result: Result) -> list[tuple[str, str]]:
    """Return what a kind of result lacks, and what it has but cannot have."""
    given = [name for name in _NUMBERS if getattr(result, name) is not None]
    slips = [
        (name, f"does not go with the kind {result.kind!r}")
        for name in given
        if name not in _ALLOWED[result.kind]
    ]
    for names in _NEEDED[result.kind]:
        if all(getattr(result, name) in (None, "") for name in names):
            slips.append((names[0], f"is missing ({' or '.join(names)} is needed)"))
    slips += [
        ("calculated", f"names {name!r}, which is not among the numbers of this result")
        for name in result.calculated
        if name not in given
    ]
    return slips


def _find_impossible(result: Result) -> list[tuple[str, str]]:
    """Return numbers that no study can have found."""
    slips = [
        (name, f"is {value}; expected 0 or more")
        for name in ("count", "total", "before_sd", "after_sd", "change_sd")
        if (value := getattr(result, name)) is not None and value < 0
    ]
    if result.count is not None and result.total is not None and result.count > result.total:
        slips.append(("count", f"is {result.count} of {result.total}"))
    if result.percent is not None and not 0 <= result.percent <= 100:
        slips.append(("percent", f"is {result.percent}; expected 0 to 100"))
    if result.confidence is not None and not 0 < result.confidence < 100:
        slips.append(("confidence", f"is {result.confidence}; expected between 0 and 100"))
    if (result.low is None) != (result.high is None):
        slips.append(("low", "and 'high' go together"))
    if result.low is not None and result.high is not None and result.change is not None:
        if not result.low <= result.change <= result.high:
            slip = f"{result.low} to {result.high} does not hold the change {result.change}"
            slips.append(("low", slip))
    elif result.confidence is not None:
        slips.append(("confidence", "goes with an interval only"))
    return slips
