"""What others published, to stand beside a clinic's own figures and never to be mixed with them.

Nothing here rests on a patient of the clinic, so nothing here is an estimate or needs disclosure
control. How a number of the clinic compares is for the reader: no difference is worked out.
"""

from collections.abc import Sequence

from analysis.answers.population import choose_scale
from analysis.intake.cohort import Cohort
from analysis.statistics.proportions import possible
from analysis.vocabulary import (
    BUILT_IN,
    DeviceStatus,
    PublishedResult,
    PublishedResults,
    RegulatoryStatus,
    RegulatoryStatuses,
    Result,
    Vocabulary,
    fold_device,
)


def compare_with_literature(cohort: Cohort, concern: str) -> PublishedResults:
    """Return the published results for a concern, marked against the scale of its headline.

    Raises
    ------
    UsageError
        For a concern that is not analysed; the possible ones are named.
    """
    scale = choose_scale(cohort, concern)
    return find_published_results(concern, scale.key if scale else "", cohort.vocabulary)


def find_published_results(
    concern: str, scale: str = "", vocabulary: Vocabulary = BUILT_IN
) -> PublishedResults:
    """Return the published results for a concern in file order, none where none is known.

    ``scale`` is the key of the clinic's own scale; empty where it has none, and then no result is
    on the same scale or on another.
    """
    rows = tuple(
        PublishedResult(
            study=study,
            result=result,
            place=place,
            is_same_scale=result.scale == scale if scale and result.kind != "side effect" else None,
            is_possible=_check_percentage(result),
        )
        for study in vocabulary.benchmarks.values()
        for place, result in enumerate(study.results, start=1)
        if result.concern == concern
    )
    return PublishedResults(concern=concern, scale=scale, rows=rows)


def find_regulatory_status(
    devices: Sequence[str], concern: str, vocabulary: Vocabulary = BUILT_IN
) -> RegulatoryStatuses:
    """Return for each device every decision on it for this concern, or one row that says none was
    assessed.

    A device is a product of the table only where its whole name is one of the product's spellings,
    whatever the case, hyphens and trade marks; devices that are the same by that are one. Sorted
    by name.
    """
    products: dict[str, str] = {}
    for status in vocabulary.regulatory.values():
        for spelling in (status.name, *status.spellings):
            products[fold_device(spelling)] = status.name
    written: dict[str, str] = {}
    for device in sorted(devices):
        if folded := fold_device(device):
            written.setdefault(folded, device.strip())
    rows: list[DeviceStatus] = []
    for folded, device in sorted(written.items()):
        product = products.get(folded, "")
        found: list[RegulatoryStatus | None] = [
            status
            for status in vocabulary.regulatory.values()
            if status.name == product and status.concern == concern
        ]
        rows += [
            DeviceStatus(device=device, product=product, status=status)
            for status in found or [None]
        ]
    return RegulatoryStatuses(concern=concern, rows=tuple(rows))


def _check_percentage(result: Result) -> bool | None:
    if result.percent is None or result.total is None:
        return None
    return possible(float(result.percent), result.total, result.decimals)
