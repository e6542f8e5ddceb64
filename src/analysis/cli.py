"""The command line: ``outcomes``.

The roof of the house: it asks the clock, finds the project, prepares the cohort before a kernel
starts, and hands ``reporting`` a scanner for the log's own identifiers. Everything heavy is
imported by the command that needs it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from analysis.errors import (
    TOO_LARGE,
    OutcomesError,
    SourceError,
    StrictError,
    UsageError,
    write_out,
)

if TYPE_CHECKING:
    from analysis.intake.cohort import Cohort

app = typer.Typer(
    name="outcomes",
    help="Turn a clinic's microneedling session log into repeatable outcome reports.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_LISTED_PROBLEMS: Final = 8
_OUT_OF_MEMORY: Final = "OutOfMemoryException"
_LONG: Final = 20_000_000
"""Bytes from which on a log takes long enough to say what is being done."""


def main() -> None:
    """Run the command; an expected error is one sentence on stderr and its exit code."""
    try:
        app()
    except OutcomesError as error:
        _say(f"outcomes: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:
        # DuckDB's own is no MemoryError, and is known below this roof only
        if not isinstance(error, MemoryError) and type(error).__name__ != _OUT_OF_MEMORY:
            raise
        _say(f"outcomes: {TOO_LARGE}", err=True)
        sys.exit(SourceError.exit_code)


def _say(line: str, *, err: bool = False) -> None:
    """Print one line, whatever stands in the names it repeats."""
    typer.echo(write_out(line), err=err)


def _say_json(found: object) -> None:
    """Print one JSON document; a mark that cannot be seen is written as JSON writes its code."""
    text = json.dumps(found, ensure_ascii=False, indent=1)
    typer.echo(re.sub(r"[^\n -~]", _write_as_json, text))


def _write_as_json(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1]


@app.command()
def init(
    log: Annotated[
        str,
        typer.Argument(
            help="The log: a file, a folder of files, an SQLite database, or env:VARIABLE for the "
            "PostgreSQL database whose address stands in that environment variable."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the source; else the log's name.")] = "",
) -> None:
    """Write data/SOURCE/source.toml: what was recognised in a log and why, and what is still open.

    The log is copied into data/SOURCE/ unless it is there already. Nothing is overwritten.
    """
    from analysis.intake.corrections import FILE as CORRECTIONS_FILE
    from analysis.intake.recognise import (
        describe_recognition,
        find_database,
        recognise_database,
        recognise_log,
        write_source,
    )
    from analysis.intake.sources import SETTINGS_FILE, VOCABULARY_FILE, find_project
    from analysis.vocabulary import read_vocabulary

    database = find_database(log)
    path = Path(log)
    title = path.resolve().name if path.is_dir() else path.stem
    source = name or re.sub(
        r"[^a-z0-9]+", "-", (database.title if database else title).lower()
    ).strip("-")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", source):
        raise UsageError(
            f"{source!r} cannot name a source; use lower-case letters, digits, - and _."
        )
    if path.name in (SETTINGS_FILE, VOCABULARY_FILE, CORRECTIONS_FILE):
        raise UsageError(f"{path.name!r} is a name of our own; rename the log.")
    folder = find_project() / "data" / source
    settings = folder / SETTINGS_FILE
    if settings.exists():
        raise UsageError(
            f"data/{source}/{SETTINGS_FILE} exists already and was not touched; "
            "edit it, remove it, or choose another --name."
        )
    known = read_vocabulary(folder / VOCABULARY_FILE)
    if database:
        here = database.folder
        if database.journals and here.resolve() != folder:
            raise SourceError(
                f"{database.journals[0].name!r} beside the database holds what is not in it yet; "
                "close the program that writes to it, then run init again."
            )
        recognised = recognise_database(database, source, known)
    else:
        here = path if path.is_dir() else path.parent
        recognised = recognise_log(path, source, known)
    text = write_source(recognised).encode("utf-8")
    _copy_logs(here, recognised.files, folder)
    with os.fdopen(os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    _say(f"data/{source}/{SETTINGS_FILE}")
    for line in describe_recognition(recognised):
        _say(line)
    _say(f"next: outcomes check {source}")


def _copy_logs(here: Path, files: Iterable[str], folder: Path) -> None:
    """Copy the files into the folder of the source, for its owner alone, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    copies = {here / file: folder / file for file in files}
    for log, copy in copies.items():
        if copy.exists() and not copy.samefile(log):
            raise UsageError(f"data/{folder.name}/{copy.name} exists already and was not touched.")
    for log, copy in copies.items():
        if not copy.exists():
            shutil.copyfile(log, copy)
            copy.chmod(0o600)


@app.command()
def check(
    source: Annotated[str, typer.Argument(help="Name of the folder below data/.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 when a row was set aside.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read a log and account for every row: used, set aside, not data; problems by rule.

    Every problem is written to data/SOURCE/corrections.csv with its place.
    """
    from analysis.intake.corrections import write_corrections
    from analysis.intake.engine import open_engine
    from analysis.intake.sources import find_project, read_log, read_source

    cohort = _load(source)
    declared = read_source(find_project(), source)
    with open_engine() as engine:
        written = write_corrections(declared, read_log(engine, declared), cohort.problems)
    found = _account(cohort)
    if as_json:
        _say_json(found)
    else:
        _print_account(found, f"data/{source}/{written.name}")
    if strict and found["rows"]["set_aside"]:
        raise StrictError(
            f"{found['rows']['set_aside']} of {found['rows']['read']} rows were set aside; "
            f"see data/{source}/{written.name}."
        )


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="Name of a report; `outcomes list` shows them.")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="A parameter of the notebook, as name=value."),
    ] = None,
    audience: Annotated[
        str | None, typer.Option(help="Who may see the page: shareable or internal.")
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Render one report and print the path of its page."""
    from analysis.intake.identifiers import make_scanner
    from analysis.intake.sources import find_project, read_source
    from analysis.reporting.parameters import cast_parameters, find_report, read_parameters

    project = find_project()
    declared = read_parameters(find_report(project, name))
    given = _split_parameters(parameters or [])
    if audience is not None:
        given["audience"] = audience
    values = cast_parameters(declared, given)
    source = str(values["source"])
    if not values["as_of"] and read_source(project, source).extracted_on is None:
        given["as_of"] = date.today().isoformat()
    cohort = _load(source, str(given.get("as_of", "")))

    from analysis.reporting.render import render_report

    rendered = render_report(
        name, given, project=project, scan=make_scanner(cohort.list_identifiers())
    )
    page = _shorten(rendered.page, project)
    for step in rendered.warned:
        _say(f"outcomes: the step {step!r} of the notebook gave a warning", err=True)
    if as_json:
        found = {
            "report": rendered.report,
            "edition": rendered.edition,
            "page": page,
            "data": _shorten(rendered.data, project),
            "sha256": rendered.sha256,
            "parameters": rendered.parameters,
            "audience": rendered.audience,
            "status": rendered.status,
            "seconds": round(rendered.seconds, 3),
        }
        _say_json(found)
    else:
        _say(page)
        if rendered.status == "empty":
            _say("outcomes: nothing to report for this choice", err=True)
    if open_page:
        webbrowser.open(rendered.page.resolve().as_uri())


@app.command("list")
def list_everything(as_json: Json = False) -> None:
    """List the sources, the reports with their parameters, and the pages that exist."""
    from analysis.intake.sources import find_project, list_sources
    from analysis.reporting.catalogue import list_reports

    project = find_project()
    sources, reports = list_sources(project), list_reports(project)
    if as_json:
        found = {
            "sources": sources,
            "reports": [
                {
                    "name": each.name,
                    "title": each.title,
                    "parameters": [
                        {
                            "name": parameter.name,
                            "type": parameter.kind,
                            "default": parameter.default,
                            "help": parameter.help,
                        }
                        for parameter in each.parameters
                    ],
                    "editions": [vars(edition) for edition in each.editions],
                }
                for each in reports
            ],
        }
        _say_json(found)
        return
    _say(f"sources: {', '.join(sources) or 'none yet; see outcomes init'}")
    for each in reports:
        _say("")
        _say(f"{each.name}: {each.title}")
        for parameter in each.parameters:
            default = json.dumps(parameter.default, ensure_ascii=False)
            _say(f"  -p {parameter.name}={default}  {parameter.help}")
        for edition in each.editions:
            _say(f"  {edition.page}  {edition.status}, data until {edition.data_until}")


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="Where to write; its name names the source.")],
    patients: Annotated[int, typer.Option(help="How many patients.")] = 900,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 2026,
    form: Annotated[str, typer.Option("--format", help="csv, xlsx, redcap or tables.")] = "csv",
) -> None:
    """Write synthetic logs of three clinics, with their source.toml and their truth.

    Written into data/NAME, they are a source like any other. A folder that holds anything but an
    earlier example is not touched.
    """
    from analysis.intake.example import FORMS, write_example

    if form not in FORMS:
        raise UsageError.for_unknown("format", form, FORMS)
    if folder.is_file() or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / "truth.json").exists()
    ):
        raise UsageError(f"{folder.name!r} exists and is no example; choose another folder.")
    write_example(folder, form=form, patients=patients, seed=seed)  # type: ignore[arg-type]
    _say(f"{folder.as_posix()}: {_count(patients, 'synthetic patient')}, format {form}")


@app.command()
def forget(
    source: Annotated[str, typer.Argument(help="Name of the folder below data/.")],
    patient: Annotated[
        str, typer.Option(help="Only this patient's: the id as the log writes it.")
    ] = "",
) -> None:
    """Remove what is kept of a source, or of one patient of it: cached cohorts, corrections.csv.

    The log and source.toml are never changed: what stands there only the clinic can delete. Pages
    are not touched either; those made from the source are listed.
    """
    from analysis.intake.corrections import FILE as CORRECTIONS_FILE
    from analysis.intake.forget import forget_patient, forget_source
    from analysis.intake.sources import SETTINGS_FILE, find_project
    from analysis.reporting.catalogue import list_reports

    project = find_project()
    gone = forget_patient(project, source, patient) if patient else forget_source(project, source)
    _say(f"removed: {_count(gone.cohorts, 'cached cohort')} of {source}")
    _say(
        f"removed: {_count(gone.corrections, 'row')} of data/{source}/{CORRECTIONS_FILE}"
        + ("" if patient else ", and the file")
    )
    pages = [
        (edition.page, edition.audience)
        for each in list_reports(project)
        for edition in each.editions
        if edition.parameters.get("source") == source
    ]
    _say(f"not touched: {_count(len(pages), 'page')} made from {source}")
    for page, audience in pages:
        can_show = "; may show single patients, delete it or render it again"
        _say(f"  {page} ({audience}{can_show if audience == 'internal' else ''})")
    _say(f"not changed: the log and data/{source}/{SETTINGS_FILE}")
    if gone.unread:
        _say(f"the log could not be searched, nor the corrections: {gone.unread}")
    if gone.unfitting:
        places = _list_places(gone.unfitting)
        _say(f"corrections that fit no cell any more may be of the patient: {places}")
    if gone.in_log:
        _say(f"the log still holds the patient: {_list_places(gone.in_log)}")
        _say("delete these rows there; until then every check and report reads them again")


def _list_places(places: Iterable[tuple[str, str, int]]) -> str:
    """Return "log.csv lines 2, 5; book.xlsx, sheet Anna, lines 3"."""
    lines: dict[tuple[str, str], list[int]] = {}
    for file, sheet, line in places:
        lines.setdefault((file, sheet), []).append(line)
    return "; ".join(
        file + (f", sheet {sheet}," if sheet else "") + f" lines {', '.join(map(str, found))}"
        for (file, sheet), found in lines.items()
    )


@app.command()
def vocabulary(
    term: Annotated[str, typer.Argument(help="A key, name or spelling; else all keys.")] = "",
    source: Annotated[str, typer.Option(help="Lay this source's own vocabulary over it.")] = "",
) -> None:
    """Print what the vocabulary says of a term, with its source; without a term, all keys."""
    from analysis.intake.sources import find_project, read_source
    from analysis.vocabulary import BUILT_IN
    from analysis.vocabulary.describing import describe_term, list_terms

    known = read_source(find_project(), source).read_vocabulary() if source else BUILT_IN
    for line in (describe_term(known, term) if term else list_terms(known)).splitlines():
        _say(line)


@app.command()
def lab() -> None:
    """Open JupyterLab on the notebooks."""
    from analysis.intake.sources import find_project

    notebooks = find_project() / "notebooks"
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={notebooks}"]
    raise typer.Exit(subprocess.call(command))


def _load(source: str, as_of: str = "") -> "Cohort":
    """Return the cohort; without a day in ``source.toml`` or ``as_of`` it is read as of today."""
    from analysis.intake.cohort import load_cohort
    from analysis.intake.sources import find_project, read_source

    project = find_project()
    declared = read_source(project, source)
    if not as_of and declared.extracted_on is None:
        as_of = date.today().isoformat()
    files = [declared.folder / name for name in declared.every_file]
    is_long = sum(each.stat().st_size for each in files if each.is_file()) > _LONG
    return load_cohort(source, as_of=as_of, project=project, tell=_tell if is_long else None)


def _tell(step: str) -> None:
    _say(f"outcomes: {step} ...", err=True)


def _split_parameters(pairs: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"The parameter {pair!r} cannot be read; write it as name=value.")
        if name.strip() in given:
            raise UsageError(f"The parameter {name.strip()!r} is given twice; give it once.")
        given[name.strip()] = value
    return given


def _account(cohort: "Cohort") -> dict[str, Any]:
    """Return what ``check`` tells, without a patient's value."""
    from analysis.intake.cells import ask_questions

    problems = cohort.problems
    columns = ["file", "sheet", "line", "column", "rule", "consequence"]
    listed = problems[columns].astype("object").where(problems[columns].notna(), None)
    repaired = problems[problems["consequence"] == "repaired"]
    account = cohort.account
    return {
        "source": cohort.origin.source,
        "as_of": cohort.origin.as_of,
        "files": list(cohort.files),
        "rows": {
            "read": account.read,
            "used": account.used,
            "set_aside": account.set_aside,
            "not_data": account.not_data,
        },
        "patients": len(cohort.patients),
        "sessions": int(cohort.exposures.query("concern == ''")["sessions"].sum()),
        **cohort.count_sessions(),
        "problems": listed.to_dict("records"),
        "questions": ask_questions(problems["rule"]),
        "repairs": {rule: int(n) for rule, n in repaired["rule"].value_counts().items()},
    }


def _print_account(found: dict[str, Any], corrections: str) -> None:
    from analysis.intake.cells import RULES

    for question in found["questions"]:
        _say(f"question: {question}")
    rows = found["rows"]
    _say(
        f"{found['source']}, as of {found['as_of']}: "
        f"{rows['read']} rows read = {rows['used']} used "
        f"+ {rows['set_aside']} set aside + {rows['not_data']} not data"
    )
    recorded = found["recorded"]
    _say(
        f"{_count(found['patients'], 'patient')}, {_count(found['sessions'], 'session')}; "
        "side effects: "
        f"{recorded['event']} with, {recorded['none']} asked and none, "
        f"{recorded['not_recorded']} not recorded"
    )
    for concern, sessions in found["concerns"].items():
        _say(f"  {concern}: {_count(sessions, 'session')}")
    if not found["problems"]:
        _say("no problems")
        return
    told = _count(len(found["problems"]), "problem")
    _say(f"{told}, each with its place in {corrections}:")
    kinds: dict[tuple[str, str], list[str]] = {}
    several = len(found["files"]) > 1
    where = "at" if several else "line"
    for problem in found["problems"]:
        place = ":".join(
            str(problem[key])
            for key in (*(("file",) if several else ()), "sheet", "line")
            if problem[key] is not None
        )
        kinds.setdefault((problem["rule"], problem["consequence"]), []).append(place)
    for (rule, consequence), lines in sorted(kinds.items()):
        more = f" and {len(lines) - _LISTED_PROBLEMS} more" if len(lines) > _LISTED_PROBLEMS else ""
        places = ", ".join(lines[:_LISTED_PROBLEMS])
        _say(f"  {len(lines)} × {rule} ({consequence}): {RULES[rule]}; {where} {places}{more}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shorten(path: Path, project: Path) -> str:
    return path.resolve().relative_to(project).as_posix()
