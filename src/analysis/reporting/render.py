"""Makes one edition of a report: runs its notebook and publishes the page and its data.

The files of an edition lie side by side in ``reports/<report>/``: the page (``.html``) and the
released estimates behind it (``.json``). They are written aside and renamed, so that a reader
never opens half a page, and a run that fails leaves the last good page where it is.
"""

import hashlib
import html
import json
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nbformat import NotebookNode

from analysis import errors
from analysis.errors import OutcomesError, PublishingRefusedError, ReportFailedError, UsageError
from analysis.estimates import INTERNAL_MARK, MIME_TYPE, tidy
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
    Parameter,
    Value,
    cast_parameters,
    find_report,
    read_notebook,
    read_parameters,
    read_title,
)
from analysis.reporting.provenance import describe_provenance

FORMAT: Final = 1
"""Version of the data file's form; raised when a reader of the old form would go wrong."""
_AUDIENCES: Final = ("shareable", "internal")
_OF_ONE: Final = " of one concern"
"""A title that ends in this becomes that of the concern."""
_LONGEST_NAME: Final = 120
_HASH_DIGITS: Final = 8
_HITS_NAMED: Final = 5
_NOT_SHAREABLE: Final = {
    INTERNAL_MARK: "single patients",
    'class="dataframe"': "a frame of rows, which nothing has released",
}
"""What stands in a page that shows it, and what it is in words."""
_BUNDLE_KEYS: Final = {"status": str, "audience": str, "origin": dict, "estimates": list}

Scan = Callable[[str], Sequence[str]]
"""Says in words which identifiers a text holds and where, never the identifier itself."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """One edition that was rendered."""

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


def render_report(
    name: str,
    given: Mapping[str, str],
    *,
    project: Path,
    audience: str | None = None,
    scan: Scan | None = None,
    start_limit: float = START_LIMIT,
    run_limit: float = RUN_LIMIT,
) -> Rendered:
    """Run ``notebooks/<name>.ipynb`` and write the page and data of one edition.

    ``project`` holds ``notebooks/``, ``data/`` and ``reports/`` and is the kernel's working
    directory. ``given`` holds parameters as text; ``audience`` goes before the one in ``given``.
    ``scan`` reads page and data before a shareable edition is written. Limits are in seconds.

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
    title = read_title(read_notebook(notebook), otherwise=name)
    try:
        executed = _run(notebook, values, project, start_limit, run_limit)
        bundle = _collect_bundle(executed, allowed_for)
        provenance = describe_provenance(notebook, project=project)
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
            "parameters": values,
            **{key: bundle[key] for key in ("audience", "status", "threshold") if key in bundle},
            "origin": bundle["origin"],
            "provenance": provenance,
            "estimates": _key_by_address(bundle["estimates"]),
        }
        data = _write_json(content)
    except _StepFailedError as failed:
        if not isinstance(failed.error, UsageError):
            _publish_failure(folder, edition, title, failed)
        raise failed.error from None
    except ReportFailedError as error:
        _publish_failure(folder, edition, title, _StepFailedError("the page", error))
        raise
    if allowed_for == "shareable":
        _refuse_single_patients(page)
        if scan is not None:
            _refuse_identifiers(scan, {"page": page, "data file": data})
    paths = (folder / f"{edition}.html", folder / f"{edition}.json")
    _publish({paths[0]: page, paths[1]: data})
    (folder / f"{edition}{FAILED}").unlink(missing_ok=True)
    return Rendered(
        report=name,
        edition=edition,
        page=paths[0],
        data=paths[1],
        sha256=sha256,
        parameters=values,
        audience=allowed_for,
        status=bundle["status"],
        seconds=time.perf_counter() - begun,
        warned=tuple(dict.fromkeys(_find_warned(executed))),
    )


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


# ── the edition's name ───────────────────────────────────────────────────────────────────────


def name_edition(declared: Sequence[Parameter], values: Mapping[str, Value]) -> str:
    """Return the file name, without its ending, of the edition with these values.

    ``example--concern=acne_scars--internal``: the source, every parameter that differs from its
    default, and the audience when it is internal. A name that had to be shortened or cleaned for
    the file system ends in a hash of the values, so that two editions never share a file.
    """
    differing = {
        each.name: values[each.name]
        for each in declared
        if each.name not in ("source", "audience") and values[each.name] != each.default
    }
    source = values.get("source") or "all"
    asked = [("", source), *((f"{name}=", value) for name, value in differing.items())]
    name = "--".join(f"{key}{'+'.join(map(_clean_name, _to_texts(each)))}" for key, each in asked)
    as_given = "--".join(f"{key}{'+'.join(_to_texts(each))}" for key, each in asked)
    if name != as_given or len(name) > _LONGEST_NAME:
        everything = json.dumps([source, differing], ensure_ascii=True).encode()
        digest = hashlib.sha256(everything).hexdigest()[:_HASH_DIGITS]
        name = f"{name[:_LONGEST_NAME].rstrip('-.')}--{digest}"
    return f"{name}--internal" if values["audience"] == "internal" else name


def _to_texts(value: Value) -> list[str]:
    if isinstance(value, list):
        return value or [""]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return ["" if value is None else str(value)]


def _clean_name(text: str) -> str:
    """Keep what every file system takes; what separates parts or ends a name gives way too."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain)
    safe = re.sub(r"\.(?=\.|failed$|$)", "_", re.sub(r"-{2,}", "-", safe))
    return safe.strip("-").lstrip(".") or "_"


# ── what the notebook did ────────────────────────────────────────────────────────────────────


class _StepFailedError(Exception):
    """Carries the error for the caller together with what the failure page may say."""

    def __init__(self, step: str, error: OutcomesError, *, told: str = "") -> None:
        super().__init__(step)
        self.step = step
        self.error = error
        self.told = told or str(error)


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


def _explain(stopped: NotebookStoppedError, report: str) -> _StepFailedError:
    """Turn what stopped the notebook into the error the caller sees.

    An error of our own family keeps its class and sentence, which never hold a patient's value.
    Of any other error only the class is told, because its text may.
    """
    ours = {each.__name__: each for each in _list_classes(OutcomesError)}
    if stopped.error_class in ours and stopped.said:
        return _StepFailedError(stopped.step, ours[stopped.error_class](stopped.said))
    told = stopped.reason or f"The error was of class {stopped.error_class}."
    error = ReportFailedError(
        f"Report {report!r} failed at the step {stopped.step!r}: "
        f"{told[0].lower()}{told[1:]} Run notebooks/{report}.ipynb in JupyterLab to see more."
    )
    return _StepFailedError(stopped.step, error, told=told)


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


# ── files ────────────────────────────────────────────────────────────────────────────────────


def _write_json(content: Mapping[str, Any]) -> str:
    try:
        return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    except ValueError:
        raise ReportFailedError(
            "The released estimates hold a number that is not finite; JSON has none."
        ) from None


def _refuse_identifiers(scan: Scan, texts: Mapping[str, str]) -> None:
    hits = [f"{hit} ({place})" for place, text in texts.items() for hit in scan(text)]
    if hits:
        named = dict.fromkeys(hits)
        more = f" and {len(named) - _HITS_NAMED} more" if len(named) > _HITS_NAMED else ""
        raise PublishingRefusedError(
            f"Nothing was written, because a shareable page may not hold identifiers: "
            f"{'; '.join([*named][:_HITS_NAMED])}{more}. Look there; where it is an ordinary word "
            "that is also somebody's identifier, give that patient another one."
        )


def _refuse_single_patients(page: str) -> None:
    """Refuse what shows single patients, and a frame that was put on the page as it is."""
    plain = html.unescape(page)
    found = [told for mark, told in _NOT_SHAREABLE.items() if mark in plain]
    if found:
        raise PublishingRefusedError(
            f"Nothing was written, because a shareable page may not hold {' nor '.join(found)}: "
            "pass the page's own release on to what is shown, and show nothing else."
        )


def _publish(texts: Mapping[Path, str]) -> None:
    """Write all files aside first, then rename them, so that none is ever half there."""
    aside = {path: path.with_name(f".{path.name}.{os.getpid()}.aside") for path in texts}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            aside[path].write_bytes(text.encode())
        for path in texts:
            os.replace(aside[path], path)
    except OSError as error:
        place = "/".join((REPORTS, *next(iter(texts)).parts[-2:]))
        raise ReportFailedError(f"{place} cannot be written: {error.strerror}.") from None
    finally:
        for path in aside.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _publish_failure(folder: Path, edition: str, title: str, failed: _StepFailedError) -> None:
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
        _publish({folder / f"{edition}{FAILED}": text})
