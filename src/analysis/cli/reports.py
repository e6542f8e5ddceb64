"""Commands about reports and their pages: report, list; and lab and vocabulary beside them."""

import json
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Final

import typer

from analysis.cli.loading import find_today, load, make_scan
from analysis.cli.telling import Json, count, say, say_json, shorten
from analysis.errors import UsageError

if TYPE_CHECKING:
    from analysis.reporting.released import Remembered

_LISTED_ROWS: Final = 5
"""Rows that are named in a warning; --json has all."""


def report(
    name: Annotated[str, typer.Argument(help="Name of a report; `outcomes list` shows them.")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="A parameter of the notebook, as name=value."),
    ] = None,
    audience: Annotated[
        str | None, typer.Option(help="Who may see the page: shareable or internal.")
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print it to a PDF too, with the Chromium found here.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Render one report and print the path of its page."""
    from analysis.intake.cohort import Selection, find_as_of, holds, settle_period
    from analysis.intake.sources import find_project, read_source
    from analysis.reporting.parameters import cast_parameters, find_report, read_parameters

    project = find_project()
    declared = read_parameters(find_report(project, name))
    given = _split_parameters(parameters or [])
    if audience is not None:
        given["audience"] = audience
    values = cast_parameters(declared, given)
    if missing := [each for each in ("source", "as_of") if each not in values]:
        raise UsageError(
            f"The report {name!r} has no parameter {' and no parameter '.join(missing)}; every "
            "report takes both: add it to the cell of parameters."
        )
    source = str(values["source"])
    if not values["as_of"] and (today := find_today(source)):
        given["as_of"] = today
    as_of = str(given.get("as_of") or values["as_of"])
    # settled before the edition is named: the next quarter is another edition
    if period := str(values.get("period", "")):
        given["period"] = settle_period(period, find_as_of(read_source(project, source), as_of))
    # a choice that cannot be read is found here, and not when a kernel has come so far
    names = [each.name for each in fields(Selection)]
    cohort = load(source, as_of, **{name: values[name] for name in names if name in values})
    if concern := str(values.get("concern", "")):
        cohort.check_concern(concern)
    scan = make_scan(cohort, given.get("period", ""))

    from analysis.reporting.pdf import renew_pdf
    from analysis.reporting.render import render_report

    rendered = render_report(
        name,
        given,
        project=project,
        scan=scan,
        inputs=cohort.origin.inputs,
        holds=holds,
    )
    printed = renew_pdf(rendered.page, wanted=pdf)
    page = shorten(rendered.page, project)
    for step in rendered.warned:
        say(f"outcomes: the step {step!r} of the notebook gave a warning", err=True)
    for told in _describe_remembered(rendered.remembered):
        say(f"outcomes: {told}", err=True)
    if as_json:
        found = {
            "report": rendered.report,
            "edition": rendered.edition,
            "page": page,
            "data": shorten(rendered.data, project),
            "pdf": shorten(printed, project) if printed else None,
            "sha256": rendered.sha256,
            "parameters": rendered.parameters,
            "audience": rendered.audience,
            "status": rendered.status,
            "seconds": round(rendered.seconds, 3),
            "warnings": [vars(each) for each in rendered.remembered.warnings],
        }
        say_json(found)
    else:
        say(page)
        if printed:
            say(shorten(printed, project))
        if rendered.status == "empty":
            say("outcomes: nothing to report for this choice", err=True)
    if open_page:
        webbrowser.open(rendered.page.resolve().as_uri())


def _describe_remembered(remembered: "Remembered") -> Iterator[str]:
    """Yield a sentence for each earlier page that, together with the new one, gives something
    away, and one for each line of the record that cannot be read."""
    from analysis.reporting.released import PLACE, REASONS

    for number in remembered.damaged:
        yield f"{PLACE}, line {number}, cannot be read and was left out; do not delete it"
    together: dict[tuple[str, str, str], list[str]] = {}
    for each in remembered.warnings:
        together.setdefault((each.report, each.edition, each.reason), []).append(each.row)
    for (report_name, edition, reason), rows in together.items():
        more = f" and {len(rows) - _LISTED_ROWS} more" if len(rows) > _LISTED_ROWS else ""
        yield (
            f"whoever also has {report_name}/{edition} can learn more than this page shows, in "
            f"{count(len(rows), 'row')}, since {REASONS[reason]}: "
            f"{'; '.join(rows[:_LISTED_ROWS])}{more}"
        )


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
        say_json(found)
        return
    say(f"sources: {', '.join(sources) or 'none yet; see outcomes init'}")
    for each in reports:
        say("")
        say(f"{each.name}: {each.title}")
        for parameter in each.parameters:
            default = json.dumps(parameter.default, ensure_ascii=False)
            say(f"  -p {parameter.name}={default}  {parameter.help}")
        for edition in each.editions:
            say(f"  {edition.page}  {edition.status}, data until {edition.data_until}")


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
        say(line)


def lab() -> None:
    """Open JupyterLab on the notebooks."""
    from analysis.intake.sources import find_project

    notebooks = find_project() / "notebooks"
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={notebooks}"]
    raise typer.Exit(subprocess.call(command))
