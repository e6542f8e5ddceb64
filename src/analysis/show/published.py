"""Published facts as tables and sentences, beside the clinic's own figure and never mixed with it.

These functions take two kinds of things, and check both: what was published
(:class:`PublishedResults`, :class:`RegulatoryStatuses`), which is about no patient of the clinic,
and the release, which is the only way a number of the clinic gets in here.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any, Final, TypeVar

from analysis.show.disclosure import SHAREABLE, Released, require_released
from analysis.show.sentences import (
    Prose,
    capitalise,
    get_rows,
    name_concern,
    name_scale,
    write_confidence,
    write_count,
    write_limits,
    write_month,
    write_percent,
    write_rate,
)
from analysis.show.tables import NO_INTERVAL, POPULATIONS, Table, make_table
from analysis.vocabulary import (
    DeviceStatus,
    PublishedResult,
    PublishedResults,
    RegulatoryStatuses,
    Result,
)

Published = TypeVar("Published", PublishedResults, RegulatoryStatuses)

NOT_ASSESSED: Final = "not assessed"
NOT_GIVEN: Final = "not given"
IMPOSSIBLE: Final = "percentage and number cannot both be true"
OTHER_SCALE: Final = "another scale"
UNKNOWN_SCALE: Final = "not known to be the same scale"
_HEADLINE: Final = "analysed"
_COLUMNS: Final = {
    "study": "Study",
    "measure": "What was counted",
    "count": "Number",
    "result": "Result",
    "interval": "Interval",
    "remarks": "Remarks",
}
_STATUS_COLUMNS: Final = {
    "device": "Device as in the log",
    "product": "Product",
    "area": "Area",
    "patients": "Patients",
    "status": "Status",
    "jurisdiction": "Where",
    "identifier": "Number",
    "decided": "Decided on",
    "source": "Source",
}


def require_published(found: object, kind: type[Published]) -> Published:
    """Return what was given, or raise TypeError: a clinic's numbers never come in as published."""
    if isinstance(found, kind):
        return found
    raise TypeError(
        f"Only published facts ({kind.__name__}) can be shown here, not a {type(found).__name__}."
    )


# --- results of studies -----------------------------------------------------------------------


def show_benchmarks(
    published: PublishedResults, released: Released, *, name: str = "benchmarks"
) -> Table | Prose:
    """Return the published results for a concern below the clinic's own share of responders.

    The clinic's line is a released number of the page, suppressed where it is suppressed there.
    Published numbers are as printed; what was worked out here says so.
    """
    require_published(published, PublishedResults)
    require_released(released)
    if not published.rows:
        return Prose("")  # the sentences have said it
    ours, rows = _get_ours(published, released), _sort_by_study(published.rows)
    return make_table(
        name,
        f"Published results for {_name(published, released)}, of other patients, beside this log",
        [
            *(_write_ours(row, released) for row in ours),
            *(_write_row(row, released) for row in rows),
        ],
        _COLUMNS,
        groups=[*(_tell_ours(row, released) for row in ours), *(_tell_study(row) for row in rows)],
        shown=[*ours, *({"address": _make_address(row)} for row in rows)],
        notes=[
            "Published numbers are as printed; (calculated) was worked out here from what is "
            "printed. Intervals are those of the studies; none is worked out for them here.",
            f"{capitalise(IMPOSSIBLE)}: no whole number of that many patients is that percentage.",
        ],
        left=["measure", "result", "interval", "remarks"],
    )


def describe_benchmarks(published: PublishedResults, released: Released) -> Prose:
    """Return how to read published results beside the clinic's own."""
    require_published(published, PublishedResults)
    require_released(released)
    rows = published.rows
    if not rows:
        name = escape(_name(published, released))
        return Prose(f'<p class="nothing">The vocabulary holds no published result for {name}.</p>')
    studies = {row.study.key: row.study for row in rows}
    told = [
        f"{_count(len(rows), 'published result')} of {_count(len(studies), 'study', 'studies')} on "
        f"{escape(_name(published, released))}: other patients, other devices, other rules, seen "
        "at other times; not a target.",
        "A higher or lower figure here does not say that a clinic is better or worse, and studies "
        "with good results are published more readily. No published number is in any estimate of "
        "this page.",
    ]
    impossible = sum(row.is_possible is False for row in rows)
    if impossible:
        told.append(
            f"Marked: {_count(impossible, 'result')} whose percentage no whole number of its "
            "patients gives."
        )
    others = sum(row.is_same_scale is False for row in rows)
    if others:
        scale = name_scale(released.origin.vocabulary, published.scale)
        told.append(
            f"Marked as well: {_count(others, 'result')} on a scale that is another one than used "
            f"here ({escape(scale)}), or not known to be the same; they cannot be set against it."
        )
    if not all(study.checked_by for study in studies.values()):
        told.append("No clinician has checked these numbers against the papers.")
    return Prose(f"<p>{' '.join(told)}</p>")


def _get_ours(published: PublishedResults, released: Released) -> list[dict[str, Any]]:
    """Return the row of the page's headline, of none of its other populations."""
    wanted = (published.concern, published.scale, _HEADLINE)
    return [
        row
        for row in get_rows(released, "responders")
        if (row["concern"], row["scale"], row["population"]) == wanted
    ]


def _sort_by_study(rows: Sequence[PublishedResult]) -> list[PublishedResult]:
    """Return the rows study by study, first those with responders on the scale used here."""
    near = {row.study.key for row in rows if row.result.kind == "responders" and row.is_same_scale}
    return sorted(rows, key=lambda row: row.study.key not in near)


def _tell_ours(row: Mapping[str, Any], released: Released) -> str:
    population = POPULATIONS.get(row["population"], row["population"])
    return f"This log: {population}. Source: {released.origin.title or released.origin.source}."


def _tell_study(row: PublishedResult) -> str:
    study = row.study
    who = _join(study.population, study.treatment, study.design)
    return f"{_name_study(row)}: {who}. Source: {study.reference}."


def _name_study(row: PublishedResult) -> str:
    return row.study.name if row.study.year else f"{row.study.name}, year not seen"


def _write_ours(row: Mapping[str, Any], released: Released) -> dict[str, str]:
    scale = released.origin.vocabulary.scales.get(row["scale"])
    rule = scale.responder.text if scale and scale.responder else ""
    name, limits = name_scale(released.origin.vocabulary, row["scale"]), write_limits(row)
    return {
        "study": "This log",
        "measure": f"responders: {_join(name, rule)}",
        "count": write_count(row),
        "result": write_rate({**row, "low": None, "high": None}),
        "interval": f"{limits} ({write_confidence(row)})" if limits else NO_INTERVAL,
        "remarks": "synthetic patients" if released.origin.synthetic else "",
    }


def _write_row(row: PublishedResult, released: Released) -> dict[str, str]:
    result = row.result
    return {
        "study": _name_study(row),
        "measure": f"{result.kind}: {_join(result.measure, result.patients, result.follow_up)}",
        "count": _write_number(result),
        "result": _write_result(result),
        "interval": _write_interval(result),
        "remarks": "; ".join(_list_remarks(row, released)),
    }


def _write_number(result: Result) -> str:
    total = None if result.total is None else _mark(f"{result.total}", result, "total")
    if result.kind in ("mean before and after", "mean change"):
        return total or NOT_GIVEN
    if result.count is None:
        return f"of {total}" if total else NOT_GIVEN
    count = _mark(f"{result.count}", result, "count")
    return f"{count} of {total}" if total else f"{count}, of how many {NOT_GIVEN}"


def _write_result(result: Result) -> str:
    if result.kind == "mean before and after":
        before = _write_mean(result.before, result.before_sd)
        return f"{before} to {_write_mean(result.after, result.after_sd)} {result.unit}"
    if result.kind == "mean change":
        change = _write_mean(result.change, result.change_sd)
        return f"{change} {result.unit} ({result.better} is better)"
    if result.percent is not None:
        return f"{_write_printed(result.percent)} %"
    if result.count == 0:
        return "none of them"  # a percentage of nobody would look like a promise
    if result.count is None or not result.total:
        return NOT_GIVEN
    return f"{write_percent(result.count / result.total, result.total)} (calculated)"


def _write_mean(mean: Decimal | None, deviation: Decimal | None) -> str:
    if mean is None:
        return NOT_GIVEN
    spread = "" if deviation is None else f" (SD {_write_printed(deviation)})"
    return f"{_write_printed(mean)}{spread}"


def _write_interval(result: Result) -> str:
    if result.low is None or result.high is None:
        return NO_INTERVAL
    sure = f"{_write_printed(result.confidence)} %" if result.confidence else "confidence not given"
    return f"{_write_printed(result.low)} to {_write_printed(result.high)} ({sure})"


def _write_printed(value: Decimal) -> str:
    return f"{value:f}".replace("-", "\N{MINUS SIGN}")


def _mark(text: str, result: Result, name: str) -> str:
    return f"{text} (calculated)" if name in result.calculated else text


def _list_remarks(row: PublishedResult, released: Released) -> list[str]:
    scale = released.origin.vocabulary.scales.get(row.result.scale)
    is_mean = row.result.kind in ("mean before and after", "mean change")
    remarks = {
        IMPOSSIBLE: row.is_possible is False,
        OTHER_SCALE if row.result.scale else UNKNOWN_SCALE: row.is_same_scale is False,
        f"with {row.result.adjunct}": bool(row.result.adjunct),
        "a mean of grades, whose distances are not known": is_mean
        and scale is not None
        and scale.kind == "ordinal",
        row.result.remark: bool(row.result.remark),
        "added by the clinic itself": row.study.local,
    }
    return [remark for remark, holds in remarks.items() if holds]


def _make_address(row: PublishedResult) -> str:
    return f"published/{row.study.key}?result={row.place}"


# --- decisions of regulators ------------------------------------------------------------------


def show_regulatory_status(
    statuses: RegulatoryStatuses, released: Released, *, name: str = "regulatory"
) -> Table | Prose:
    """Return what regulators decided on the devices of the log for a concern; else not assessed.

    A device that is no product of the table stands with its name on internal pages only: a column
    of a log can hold anything. A page that is shared counts such names.
    """
    require_published(statuses, RegulatoryStatuses)
    require_released(released)
    known = [row for row in statuses.rows if row.product]
    unknown = [row for row in statuses.rows if not row.product]
    lines = [_write_status(row) for row in known]
    if released.audience == SHAREABLE and unknown:
        lines.append(_write_nothing_known(_count(len(unknown), "other device name")))
    elif unknown:
        lines += [_write_nothing_known(row.device) for row in unknown]
    if not lines:
        return Prose('<p class="nothing">The log names no device for these sessions.</p>')
    return make_table(
        name,
        f"Regulatory status of the devices, for {_name(statuses, released)}",
        lines,
        _STATUS_COLUMNS,
        shown=[{"address": f"regulatory/{line['device']}?{line['identifier']}"} for line in lines],
        notes=["Not assessed: the vocabulary has no decision on this device for this concern."],
        left=[*_STATUS_COLUMNS],
    )


def describe_regulatory_status(statuses: RegulatoryStatuses, released: Released) -> Prose:
    """Return how to read the table of decisions."""
    require_published(statuses, RegulatoryStatuses)
    require_released(released)
    told = [
        "A row is one decision on one product for one concern, holding for the area and the "
        "patients it names and nowhere else. Not assessed means that nobody has looked it up: it "
        "says neither that a use is allowed nor that it is not.",
        "A device of the log is matched by its whole name alone; model, version and cartridge are "
        "not known. Whether an area or a patient of this log falls under a decision is not "
        "checked. What was put on the skin beside the needling is in no row.",
    ]
    decisions = [row.status for row in statuses.rows if row.status]
    if not all(status.checked_by for status in decisions):
        told.append("No clinician or lawyer has checked these rows.")
    if any(status.local for status in decisions):
        told.append("Rows marked so were added by the clinic itself.")
    return Prose(f"<p>{' '.join(told)}</p>")


def _write_status(row: DeviceStatus) -> dict[str, str]:
    status = row.status
    if status is None:
        return _write_nothing_known(row.device, row.product)
    return {
        "device": row.device,
        "product": row.product,
        "area": status.area,
        "patients": status.patients,
        "status": status.status,
        "jurisdiction": status.jurisdiction,
        "identifier": status.identifier,
        "decided": _write_day(status.decided_on) if status.decided_on else "not seen",
        "source": f"{status.reference} (added by the clinic)" if status.local else status.reference,
    }


def _write_nothing_known(device: str, product: str = "") -> dict[str, str]:
    known = {"device": device, "product": product, "status": NOT_ASSESSED}
    return dict.fromkeys(_STATUS_COLUMNS, "") | known


def _write_day(day: str) -> str:
    return f"{date.fromisoformat(day).day} {write_month(day[:7])}"


# --- words ------------------------------------------------------------------------------------


def _name(found: PublishedResults | RegulatoryStatuses, released: Released) -> str:
    return name_concern(released.origin.vocabulary, found.concern)


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
