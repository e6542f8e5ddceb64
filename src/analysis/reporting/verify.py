"""Proves a page: renders its edition again from the data as they are now, aside, and names what
differs, or what it was made from and is no longer the same.

Nothing that was published is touched. What is told of an internal page are addresses and places,
never what stands there.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.errors import UsageError, VerificationError
from analysis.reporting.compare import Change, compare_inputs, compare_rows
from analysis.reporting.differences import PageDifference, find_page_differences
from analysis.reporting.editions import Published
from analysis.reporting.parameters import Value, check_values, find_report, read_parameters
from analysis.reporting.publishing import Scan, refuse_identifiers
from analysis.reporting.render import Made, StepFailedError, make_edition, scrub_failure

_SHARE: Final = re.compile(r"\b(\d+) of (\d+)\b")
_COMPARED_APART: Final = ("page", "estimates")
_NAMED_BESIDE: Final = 3


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What rendering an edition again has shown."""

    report: str
    edition: str
    made_from: tuple[str, ...]
    """What is no longer as it was when the page was made, a sentence each."""
    page: tuple[str, ...]
    """Where the page is not what it should be, a sentence each."""
    data: tuple[str, ...]
    """Where the data file is not, beside its numbers: the keys, joined by dots."""
    numbers: tuple[Change, ...]
    """The numbers that are not those of the data file; ``old`` is what stands there."""

    @property
    def is_proved(self) -> bool:
        """Whether page and data file are what rendering again gives, byte for byte."""
        return not (self.made_from or self.page or self.data or self.numbers)


def verify_page(
    published: Published,
    *,
    project: Path,
    inputs: Mapping[str, str] | None = None,
    scan: Scan | None = None,
) -> Verification:
    """Render an edition again and return what differs from what was published.

    ``inputs`` are the hashes of what the data are made of now. ``scan`` reads what was rendered
    before anything of a shareable page is told, and what would be told of a failed run. Raises
    :class:`UsageError` for a report that does not exist, :class:`VerificationError` when there is
    no page or the report can no longer be asked for what the page was,
    :class:`PublishingRefusedError` when ``scan`` found something, and what rendering raises.
    """
    values = _read_values(published, project)
    if published.page is None:
        raise VerificationError(
            f"The page {published.path.name!r} is not there, only its data file; render the report "
            "again."
        )
    try:
        made = make_edition(published.report, values, project=project, inputs=inputs)
    except StepFailedError as stopped:
        failed = stopped if scan is None else scrub_failure(stopped, scan)
        raise failed.error from None
    if scan is not None and published.is_shareable:
        refuse_identifiers(scan, {"page": made.page, "data file": made.data})
    is_page_same = published.page == made.page.encode()
    # a page names its data, code, lock and packages, so one that is the same was made from the same
    changed = () if is_page_same else tuple(compare_inputs(published.content, made.content))
    numbers = tuple(compare_rows(published.estimates, made.content["estimates"]))
    data = () if changed else tuple(_judge_data(published, made))
    if not (changed or data or numbers) and published.data != made.data.encode():
        data = ("white space or order, and nothing that it says",)
    return Verification(
        report=published.report,
        edition=str(published.content["edition"]),
        made_from=changed,
        page=() if is_page_same else tuple(_judge_page(published, made, has_reason=bool(changed))),
        data=data,
        numbers=numbers,
    )


def _read_values(published: Published, project: Path) -> dict[str, Value]:
    """Return a value for each parameter of the report as it is now."""
    declared = read_parameters(find_report(project, published.report))
    written = published.content["parameters"]
    try:
        return check_values(declared, written)
    except UsageError as slip:
        raise VerificationError(
            f"The report {published.report!r} cannot be asked again for what this page was: {slip}"
        ) from None


def _judge_page(published: Published, made: Made, *, has_reason: bool) -> Iterator[str]:
    page = published.page or b""
    if hashlib.sha256(page).hexdigest() != published.content["page"].get("sha256"):
        yield "the page is not the one its data file was written with (sha256)"
    elif has_reason:
        # the page is whole, and that it differs follows from what it was made from
        return
    text = page.decode("utf-8", errors="replace")
    found = find_page_differences(text, made.page, may_tell=published.is_shareable)
    if not has_reason:
        yield from (_describe(each, made) for each in found)


def _describe(found: PageDifference, made: Made) -> str:
    said = found.place
    if found.was or found.should_be:
        said += f": {found.was or 'nothing'!r} where {found.should_be or 'nothing'!r} should stand"
    if addresses := _find_addresses(found, made):
        more = (
            f" and {len(addresses) - _NAMED_BESIDE} more" if len(addresses) > _NAMED_BESIDE else ""
        )
        said += f"; the number is that of {' or '.join(addresses[:_NAMED_BESIDE])}{more}"
    return said


def _find_addresses(found: PageDifference, made: Made) -> list[str]:
    """Return the addresses of the numbers that should stand in a place: in a table, those with a
    numerator and denominator of its row, and of these the ones that name most of its heads."""
    shares = {tuple(map(int, pair)) for text in found.beside for pair in _SHARE.findall(text)}
    rows: Mapping[str, Mapping[str, Any]] = made.content["estimates"]
    named = {
        address: sum(_names(address, head) for head in found.heads)
        for address, row in rows.items()
        if (row.get("count"), row.get("total")) in shares
    }
    return [address for address, heads in named.items() if heads == max(named.values())]


def _names(address: str, head: str) -> bool:
    """Return whether an address has these words, and not only as a part of others."""
    return bool(re.search(rf"(?<!\w){re.escape(head)}(?!\w)", address, re.IGNORECASE))


def _judge_data(published: Published, made: Made) -> Iterator[str]:
    old, new = published.content, made.content
    for key in dict.fromkeys([*old, *new]):
        if key not in _COMPARED_APART and old.get(key) != new.get(key):
            yield from _name_inside(key, old.get(key), new.get(key))
    written = old["page"]
    if written.get("file") != new["page"]["file"]:
        yield "page.file"
    told, should = written.get("sha256"), new["page"]["sha256"]
    if told != should and published.page == made.page.encode():
        yield "page.sha256"


def _name_inside(key: str, old: object, new: object) -> Iterator[str]:
    """Yield the keys that differ, down to the innermost, joined by dots."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*old, *new]):
            if old.get(name) != new.get(name):
                yield from _name_inside(f"{key}.{name}", old.get(name), new.get(name))
    else:
        yield key
