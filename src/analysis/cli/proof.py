"""Commands that prove pages: verify one, compare two."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from analysis.cli.loading import load_again, make_scan
from analysis.cli.telling import Json, count, say, say_json
from analysis.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from analysis.reporting.compare import Change
    from analysis.reporting.editions import Published
    from analysis.reporting.verify import Verification

_LISTED: Final = 20
"""Numbers that are printed one by one; --json has all."""
_WORDS: Final = {
    "new": "new",
    "continued": "with further sessions",
    "late": "with late entries",
    "corrected": "with corrected entries",
    "gone": "with sessions that are gone",
}
"""What became of patients between two logs."""


def verify(
    page: Annotated[Path, typer.Argument(help="The page (.html), or its data file (.json).")],
    as_json: Json = False,
) -> None:
    """Render a page again from the data as they are now, and name every number that differs.

    Nothing is written. Exit code 6 when page or data file are not, byte for byte, what rendering
    them again gives; what changed since, in the data, the vocabulary, the code or the packages, is
    named.
    """
    from analysis.intake.sources import find_project
    from analysis.reporting.editions import read_published
    from analysis.reporting.parameters import find_report
    from analysis.reporting.verify import verify_page

    published = read_published(page, unreadable=VerificationError)
    project = find_project()
    find_report(project, published.report)
    asked = published.content["parameters"]
    cohort = load_again(str(asked.get("source", "")), str(asked.get("as_of", "")))
    scan = make_scan(cohort, str(asked.get("period", "")))
    found = verify_page(published, project=project, inputs=cohort.origin.inputs, scan=scan)
    if as_json:
        say_json(_list_verification(found, may_tell=published.is_shareable))
    else:
        _print_verification(found, page, may_tell=published.is_shareable)
    if not found.is_proved:
        raise VerificationError(f"{page.as_posix()} is not what rendering it again gives.")


def _list_verification(found: "Verification", *, may_tell: bool) -> dict[str, Any]:
    return {
        "report": found.report,
        "edition": found.edition,
        "same": found.is_proved,
        "changed": [*found.made_from],
        "page": [*found.page],
        "data": [*found.data],
        "numbers": [_list_change(each, may_tell=may_tell) for each in found.numbers],
    }


def _list_change(change: "Change", *, may_tell: bool) -> dict[str, Any]:
    told = {"old": change.old, "new": change.new} if may_tell else {}
    return {"address": change.address, "change": change.kind, **told, "columns": [*change.columns]}


def _print_verification(found: "Verification", page: Path, *, may_tell: bool) -> None:
    if found.is_proved:
        say(f"{page.as_posix()}: the same, byte for byte")
        return
    for sentence in found.made_from:
        say(f"changed: {sentence}")
    for sentence in found.page:
        say(f"page: {sentence}")
    for key in found.data:
        say(f"data file: {key}")
    if found.numbers:
        say(f"{count(len(found.numbers), 'number')} of the data file differ from what is rendered:")
    _print_changes(found.numbers, may_tell=may_tell)


def _print_changes(changes: "tuple[Change, ...]", *, may_tell: bool) -> None:
    for change in changes[:_LISTED]:
        words = {"moved": f"{change.old} → {change.new}", "appeared": change.new}
        words |= {"gone": change.old, "reworded": ", ".join(change.columns)}
        told = words.get(change.kind, f"{change.old} → {change.new}")
        if not may_tell:
            told = ", ".join(change.columns)
        say(f"  {change.kind}: {change.address}" + (f": {told}" if told else ""))
    if len(changes) > _LISTED:
        say(f"  and {len(changes) - _LISTED} more; --json lists all")


def compare(
    old: Annotated[Path, typer.Argument(help="The earlier page (.html), or its data file.")],
    new: Annotated[Path, typer.Argument(help="The later page (.html), or its data file.")],
    as_json: Json = False,
) -> None:
    """Say which numbers moved between two editions of a report, and what changed between the two.

    Of the logs of both, as far as they are still kept in .cache/, it is counted how many patients
    are new, late, corrected or gone; of shareable pages a few are "1 to 4".
    """
    from analysis.reporting.compare import compare_editions
    from analysis.reporting.editions import read_published

    before, after = (read_published(each, unreadable=UsageError) for each in (old, new))
    found = compare_editions(before, after)
    patients, unknown = _count_patients(before, after)
    if as_json:
        told = {
            "report": before.report,
            "editions": [str(each.content["edition"]) for each in (before, after)],
            "changed": [*found.made_from],
            "patients": patients or None,
            "patients_unknown": unknown or None,
            "numbers": [_list_change(each, may_tell=True) for each in found.changes],
        }
        say_json(told)
        return
    for sentence in found.made_from:
        say(f"changed: {sentence}")
    if not found.made_from:
        say("changed: nothing they were made from")
    if patients:
        counted = ", ".join(f"{number} {_WORDS[name]}" for name, number in patients.items())
        say(f"patients: {counted}")
    elif unknown:
        say(f"patients: {unknown}")
    kinds = ", ".join(f"{number} {kind}" for kind, number in found.count().items())
    say(f"numbers: {kinds or 'all the same'}")
    _print_changes(found.changes, may_tell=True)


def _count_patients(before: "Published", after: "Published") -> tuple[dict[str, int | str], str]:
    """Return how many patients' entries changed, or why nobody can say; neither for one log."""
    from analysis.intake.changes import find_kept, find_log_changes
    from analysis.intake.sources import find_project

    origins = [each.content["origin"] for each in (before, after)]
    if origins[0].get("source") != origins[1].get("source"):
        return {}, "not counted, since the pages are of two sources"
    hashes = [str(each.get("data_hash", "")) for each in origins]
    if hashes[0] == hashes[1]:
        return {}, ""
    project = find_project()
    folders = [find_kept(project, str(origins[0].get("source", "")), each) for each in hashes]
    gone = [which for which, each in zip(("old", "new"), folders, strict=True) if each is None]
    if folders[0] is None or folders[1] is None:
        which = " and ".join(gone)
        return {}, f"not counted, since the log of the {which} page is not kept in .cache/ any more"
    changes = find_log_changes(folders[0], folders[1])
    threshold = max(int(each.content.get("threshold", 0)) for each in (before, after))
    return {name: _write_few(number, threshold) for name, number in vars(changes).items()}, ""


def _write_few(number: int, threshold: int) -> int | str:
    """Return the number of patients, or the words for a few of them."""
    return f"1 to {threshold - 1}" if 0 < number < threshold else number
