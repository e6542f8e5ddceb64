"""Makes one edition of a report: runs its notebook and publishes the page and its data.

The files of an edition lie side by side in ``reports/<report>/``: the page (``.html``) and the
released estimates behind it (``.json``). They are written aside and renamed, so that a reader
never opens half a page, and a run that fails leaves the last good page where it is. What a
shareable edition shows is written down first in ``reports/released.jsonl``.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nbformat import NotebookNode

from analysis import errors
from analysis.errors import OutcomesError, ReportFailedError, UsageError
from analysis.estimates import MIME_TYPE, tidy
from analysis.reporting.editions import FORMAT, name_edition
from analysis.reporting.kernels import (
    RUN_LIMIT,
    START_LIMIT,
    STEP,
    NotebookStoppedError,
    run_notebook,
)
from analysis.reporting.page import make_failure_page, make_page
from analysis.reporting.parameters import (
    FAILED,
    REPORTS,
    Value,
    cast_parameters,
    find_report,
    read_notebook,
    read_parameters,
    read_title,
)
from analysis.reporting.provenance import describe_provenance
from analysis.reporting.publishing import (
    Scan,
    publish,
    refuse_identifiers,
    refuse_single_patients,
    write_json,
)
from analysis.reporting.released import Holds, Remembered, is_same, remember_release

_AUDIENCES: Final = ("shareable", "internal")
_OF_ONE: Final = " of one concern"
"""A title that ends in this becomes that of the concern."""
_RELEASE_KEYS: Final = ("audience", "status", "threshold", "threshold_profile")
_BUNDLE_KEYS: Final = {"status": str, "audience": str, "origin": dict, "estimates": list}


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """One edition that was rendered and published."""

    report: str
    edition: str
    page: Path
    data: Path
    sha256: str
    """Hash of the page."""
    parameters: dict[str, Value]
    audience: str
    status: str
    """``done``, or ``empty`` when there was nothing to report."""
    seconds: float
    warned: tuple[str, ...]
    """The steps of the notebook that wrote to stderr; the page does not show what."""
    remembered: Remembered
    """What this page gives away together with earlier ones."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """One edition as it would be published; no file was written yet."""

    page: str
    data: str
    content: Mapping[str, Any]
    """What ``data`` holds."""
    warned: tuple[str, ...]


class StepFailedError(Exception):
    """Carries the error for the caller together with what the failure page may say."""

    def __init__(self, step: str, error: OutcomesError, *, told: str = "") -> None:
        super().__init__(step)
        self.step = step
        self.error = error
        self.told = told or str(error)


def render_report(
    name: str,
    given: Mapping[str, str],
    *,
    project: Path,
    audience: str | None = None,
    scan: Scan | None = None,
    inputs: Mapping[str, str] | None = None,
    holds: Holds = is_same,
    start_limit: float = START_LIMIT,
    run_limit: float = RUN_LIMIT,
) -> Rendered:
    """Run ``notebooks/<name>.ipynb`` and write the page and data of one edition.

    ``project`` holds ``notebooks/``, ``data/`` and ``reports/`` and is the kernel's working
    directory. ``given`` holds parameters as text; ``audience`` goes before the one in ``given``.
    ``scan`` reads page and data before a shareable edition is written, and what would be told of
    a failed run; ``inputs`` are the hashes
    of what the data are made of, for the provenance; ``holds`` says whether one choice of a
    parameter holds another. Limits are in seconds.

    Raises :class:`UsageError` for an unknown report or parameter; the same subclass of
    :class:`OutcomesError`, with the same sentence, that the notebook raised;
    :class:`ReportFailedError` when it failed in any other way; and
    :class:`PublishingRefusedError` when ``scan`` found something, or when the page shows single
    patients. None of them changes the page
    that is there. A failed run leaves ``<edition>.failed.html`` beside it, except after a
    :class:`UsageError`, which is the caller's slip, and a refusal, which writes nothing.
    """
    begun = time.perf_counter()
    notebook = find_report(project, name)
    declared = read_parameters(notebook)
    asked = {**given} if audience is None else {**given, "audience": audience}
    values = cast_parameters(declared, asked)
    allowed_for = _read_audience(values)
    edition = name_edition(declared, values)
    folder = project / REPORTS / name
    try:
        made = make_edition(
            name,
            values,
            project=project,
            inputs=inputs,
            start_limit=start_limit,
            run_limit=run_limit,
        )
    except StepFailedError as stopped:
        failed = stopped if scan is None else scrub_failure(stopped, scan)
        if not isinstance(failed.error, UsageError):
            title = read_title(read_notebook(notebook), otherwise=name)
            _publish_failure(folder, edition, title, failed)
        raise failed.error from None
    remembered = Remembered()
    if allowed_for == "shareable":
        refuse_single_patients(made.page)
        if scan is not None:
            refuse_identifiers(scan, {"page": made.page, "data file": made.data})
        # before the page: what was released and is not in the record can never be reckoned with
        remembered = remember_release(project, made.content, holds)
    paths = (folder / f"{edition}.html", folder / f"{edition}.json")
    publish({paths[0]: made.page, paths[1]: made.data})
    (folder / f"{edition}{FAILED}").unlink(missing_ok=True)
    return Rendered(
        report=name,
        edition=edition,
        page=paths[0],
        data=paths[1],
        sha256=made.content["page"]["sha256"],
        parameters=values,
        audience=allowed_for,
        status=made.content["status"],
        seconds=time.perf_counter() - begun,
        warned=made.warned,
        remembered=remembered,
    )


def make_edition(
    name: str,
    values: Mapping[str, Value],
    *,
    project: Path,
    inputs: Mapping[str, str] | None = None,
    start_limit: float = START_LIMIT,
    run_limit: float = RUN_LIMIT,
) -> Made:
    """Run ``notebooks/<name>.ipynb`` with these values and return page and data, writing nothing.

    ``values`` has one for each parameter, of its type. Raises :class:`UsageError` for an unknown
    report or audience, and :class:`StepFailedError` for whatever else goes wrong.
    """
    notebook = find_report(project, name)
    declared = read_parameters(notebook)
    allowed_for = _read_audience(values)
    edition = name_edition(declared, values)
    title = read_title(read_notebook(notebook), otherwise=name)
    try:
        executed = _run(notebook, values, project, start_limit, run_limit)
        bundle = _collect_bundle(executed, allowed_for)
        provenance = describe_provenance(notebook, project=project, inputs=inputs)
        page = make_page(
            executed,
            title=name_subject(title, str(bundle.get("subject", ""))),
            status=bundle["status"],
            audience=allowed_for,
            origin=bundle["origin"],
            parameters=[(each, values[each.name]) for each in declared],
            provenance=provenance,
        )
        sha256 = hashlib.sha256(page.encode()).hexdigest()
        content: dict[str, Any] = {
            "format": FORMAT,
            "report": name,
            "edition": edition,
            "page": {"file": f"{edition}.html", "sha256": sha256},
            "parameters": dict(values),
            **{key: bundle[key] for key in _RELEASE_KEYS if key in bundle},
            "origin": bundle["origin"],
            "provenance": provenance,
            "estimates": _key_by_address(bundle["estimates"]),
        }
        data = write_json(content)
    except ReportFailedError as error:
        raise StepFailedError("the page", error) from None
    warned = tuple(dict.fromkeys(_find_warned(executed)))
    return Made(page=page, data=data, content=content, warned=warned)


def name_subject(title: str, subject: str) -> str:
    """Return "Acne scars: outcomes" for "Outcomes of one concern"; other titles as they are."""
    kind = title.removesuffix(_OF_ONE)
    if not subject or kind == title:
        return title
    return f"{subject[0].upper()}{subject[1:]}: {kind[0].lower()}{kind[1:]}"


def _read_audience(values: Mapping[str, Value]) -> str:
    audience = str(values["audience"])
    if audience not in _AUDIENCES:
        raise UsageError.for_unknown("audience", audience, _AUDIENCES)
    return audience


# ── what the notebook did ────────────────────────────────────────────────────────────────────


def _run(
    notebook: Path,
    values: Mapping[str, Value],
    project: Path,
    start_limit: float,
    run_limit: float,
) -> NotebookNode:
    try:
        return run_notebook(
            notebook, values, folder=project, start_limit=start_limit, run_limit=run_limit
        )
    except NotebookStoppedError as stopped:
        raise _explain(stopped, notebook.stem) from None


def _explain(stopped: NotebookStoppedError, report: str) -> StepFailedError:
    """Turn what stopped the notebook into the error the caller sees.

    An error of our own family keeps its class and sentence, which never hold a patient's value.
    Of any other error only the class is told, because its text may.
    """
    ours = {each.__name__: each for each in _list_classes(OutcomesError)}
    if stopped.error_class in ours and stopped.said:
        return StepFailedError(stopped.step, ours[stopped.error_class](stopped.said))
    told = stopped.reason or f"The error was of class {stopped.error_class}."
    error = ReportFailedError(
        f"Report {report!r} failed at the step {stopped.step!r}: "
        f"{told[0].lower()}{told[1:]} Run notebooks/{report}.ipynb in JupyterLab to see more."
    )
    return StepFailedError(stopped.step, error, told=told)


def scrub_failure(failed: StepFailedError, scan: Scan) -> StepFailedError:
    """Return the failure without its words where they hold an identifier: a notebook of the
    clinic's own may raise our errors with any text. A slip in the call is repeated as it is."""
    if isinstance(failed.error, UsageError) or not scan(f"{failed.told} {failed.error}"):
        return failed
    told = "What the error said may name somebody and is not repeated."
    where = f"The report failed at the step {failed.step!r}: {told[0].lower()}{told[1:]}"
    return StepFailedError(failed.step, type(failed.error)(where), told=told)


def _list_classes(base: type[OutcomesError]) -> Iterator[type[OutcomesError]]:
    for each in (base, *base.__subclasses__()):
        if each is not base:
            yield from _list_classes(each)
        elif each.__module__ == errors.__name__:
            yield each


def _find_warned(executed: NotebookNode) -> Iterator[str]:
    for cell in executed.cells:
        if any(output.get("name") == "stderr" for output in cell.get("outputs", [])):
            yield str(cell.metadata.get(STEP, ""))


def _collect_bundle(executed: NotebookNode, audience: str) -> dict[str, Any]:
    """Return the one bundle of released estimates the notebook emitted."""
    bundles = [
        output.data[MIME_TYPE]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if MIME_TYPE in output.get("data", {})
    ]
    if len(bundles) != 1:
        emitted = "none" if not bundles else f"{len(bundles)} sets"
        raise ReportFailedError(
            f"The notebook emitted {emitted} of released estimates, and a page has exactly one: "
            "call release() once, over all estimates together, and show it once."
        )
    bundle = dict(bundles[0])
    for key, kind in _BUNDLE_KEYS.items():
        if not isinstance(bundle.get(key), kind):
            raise ReportFailedError(f"The released estimates have no {key!r}, or not as they must.")
    if bundle["audience"] != audience:
        raise ReportFailedError(
            f"The estimates were released for the audience {bundle['audience']!r} and the page is "
            f"for {audience!r}: pass the parameter on with release(..., audience=audience)."
        )
    return bundle


def _key_by_address(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    keyed: dict[str, dict[str, Any]] = {}
    for record in records:
        address = record.get("address")
        if not isinstance(address, str) or address in keyed:
            raise ReportFailedError(f"The released estimates hold the address {address!r} twice.")
        keyed[address] = {
            name: tidy(value) if isinstance(value, float) else value
            for name, value in record.items()
            if name != "address"
        }
    return keyed


def _publish_failure(folder: Path, edition: str, title: str, failed: StepFailedError) -> None:
    page = folder / f"{edition}.html"
    kept = "The last good page is unchanged." if page.exists() else "There is no earlier page."
    told = (
        failed.told,
        f"{kept} Nothing was published by the run that failed.",
        f"To see more, run notebooks/{folder.name}.ipynb in JupyterLab (outcomes lab).",
    )
    text = make_failure_page(title=title, step=failed.step, paragraphs=told)
    # a folder that cannot be written must not hide why the report failed
    with suppress(ReportFailedError):
        publish({folder / f"{edition}{FAILED}": text})
