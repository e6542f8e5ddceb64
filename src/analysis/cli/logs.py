"""Commands about a log: init, check, trace, forget, example."""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from analysis.cli.loading import load
from analysis.cli.telling import Json, count, list_places, say, say_json
from analysis.errors import SourceError, StrictError, UsageError

if TYPE_CHECKING:
    from analysis.intake.cohort import Cohort

_LISTED_PROBLEMS: Final = 8


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
    say(f"data/{source}/{SETTINGS_FILE}")
    for line in describe_recognition(recognised):
        say(line)
    say(f"next: outcomes check {source}")


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

    cohort = load(source)
    declared = read_source(find_project(), source)
    with open_engine() as engine:
        written = write_corrections(declared, read_log(engine, declared), cohort.problems)
    found = _account(cohort)
    if as_json:
        say_json(found)
    else:
        _print_account(found, f"data/{source}/{written.name}")
    if strict and found["rows"]["set_aside"]:
        raise StrictError(
            f"{found['rows']['set_aside']} of {found['rows']['read']} rows were set aside; "
            f"see data/{source}/{written.name}."
        )


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
        say(f"question: {question}")
    rows = found["rows"]
    say(
        f"{found['source']}, as of {found['as_of']}: "
        f"{rows['read']} rows read = {rows['used']} used "
        f"+ {rows['set_aside']} set aside + {rows['not_data']} not data"
    )
    recorded = found["recorded"]
    say(
        f"{count(found['patients'], 'patient')}, {count(found['sessions'], 'session')}; "
        "side effects: "
        f"{recorded['event']} with, {recorded['none']} asked and none, "
        f"{recorded['not_recorded']} not recorded"
    )
    for concern, sessions in found["concerns"].items():
        say(f"  {concern}: {count(sessions, 'session')}")
    if not found["problems"]:
        say("no problems")
        return
    told = count(len(found["problems"]), "problem")
    say(f"{told}, each with its place in {corrections}:")
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
        say(f"  {len(lines)} × {rule} ({consequence}): {RULES[rule]}; {where} {places}{more}")


def trace(
    source: Annotated[str, typer.Argument(help="Name of the folder below data/.")],
    lot: Annotated[str, typer.Option(help="Lot of a needle cartridge or a serum.")] = "",
    serial: Annotated[str, typer.Option(help="Serial number of a device.")] = "",
    device: Annotated[str, typer.Option(help="Device, as the log names it.")] = "",
    as_json: Json = False,
) -> None:
    """List the patients exposed to a lot, a serial number or a device, for a recall.

    They are written to data/SOURCE/trace-LOT.csv, which its owner alone can read; none is printed.
    """
    from analysis.intake.sources import find_project
    from analysis.intake.trace import trace as find_exposed

    given = {"lot": lot, "serial": serial, "device": device}
    asked = {kind: text for kind, text in given.items() if text}
    if len(asked) != 1:
        raise UsageError("Say what to trace by one of --lot, --serial and --device.")
    ((kind, text),) = asked.items()
    found = find_exposed(load(source), find_project(), kind=kind, wanted=text)
    path = f"data/{source}/{found.path.name}"
    if as_json:
        left_out = [dict(zip(("file", "sheet", "line"), at, strict=True)) for at in found.left_out]
        counts = {name: getattr(found, name) for name in ("patients", "sessions", "unknown")}
        listed = {"left_out": left_out, "near": [*found.near]}
        say_json({"source": source, kind: text, "path": path, **counts, **listed})
        return
    say(path)
    say(f"{count(found.patients, 'patient')}, {count(found.sessions, 'session')}")
    if found.left_out:
        say(
            f"{count(len(found.left_out), 'row')} of the log name it, were not used and are not "
            f"in it: {list_places(found.left_out)}"
        )
    if found.near:
        say(f"written otherwise in the log, and not in it: {', '.join(found.near)}")
    if found.unknown:
        say(f"no {kind} is recorded at {count(found.unknown, 'session')}; they are not in it")


def forget(
    source: Annotated[str, typer.Argument(help="Name of the folder below data/.")],
    patient: Annotated[
        str, typer.Option(help="Only this patient's: the id as the log writes it.")
    ] = "",
) -> None:
    """Remove what is kept of a source, or of one patient of it: cached cohorts, corrections.csv,
    traces.

    The log and source.toml are never changed: what stands there only the clinic can delete. Pages
    are not touched either; those made from the source are listed.
    """
    from analysis.intake.corrections import FILE as CORRECTIONS_FILE
    from analysis.intake.forget import forget_patient, forget_source
    from analysis.intake.sources import SETTINGS_FILE, find_project
    from analysis.reporting.catalogue import list_reports

    project = find_project()
    gone = forget_patient(project, source, patient) if patient else forget_source(project, source)
    say(f"removed: {count(gone.cohorts, 'cached cohort')} of {source}")
    say(
        f"removed: {count(gone.corrections, 'row')} of data/{source}/{CORRECTIONS_FILE}"
        + ("" if patient else ", and the file")
    )
    if gone.traces:
        say(f"removed: {count(gone.traces, 'trace')} of data/{source}/")
    pages = [
        (edition.page, edition.audience)
        for each in list_reports(project)
        for edition in each.editions
        if edition.parameters.get("source") == source
    ]
    say(f"not touched: {count(len(pages), 'page')} made from {source}")
    for page, audience in pages:
        can_show = "; may show single patients, delete it or render it again"
        say(f"  {page} ({audience}{can_show if audience == 'internal' else ''})")
    say(f"not changed: the log and data/{source}/{SETTINGS_FILE}")
    if gone.unread:
        say(f"the log could not be searched, nor the corrections: {gone.unread}")
    if gone.unfitting:
        places = list_places(gone.unfitting)
        say(f"corrections that fit no cell any more may be of the patient: {places}")
    if gone.in_log:
        say(f"the log still holds the patient: {list_places(gone.in_log)}")
        say("delete these rows there; until then every check and report reads them again")


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
    say(f"{folder.as_posix()}: {count(patients, 'synthetic patient')}, format {form}")
