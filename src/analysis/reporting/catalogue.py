"""Which reports there are, what they can be asked, and which of their editions exist.

Reads notebooks and data files and runs nothing, so that ``outcomes list`` answers at once.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.reporting.parameters import (
    FAILED,
    REPORTS,
    Parameter,
    find_reports,
    read_notebook,
    read_parameters,
    read_title,
)


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One edition of a report that exists."""

    edition: str
    page: str
    """Path of the page, relative to the project; of the failure page when there is no other."""
    status: str
    """``done``, ``empty``, or ``failed`` when the last run failed."""
    audience: str
    data_until: str
    """Calendar month (``2026-06``), empty when it is not known."""
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Report:
    """One notebook that makes pages."""

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    editions: tuple[Edition, ...]


def list_reports(project: Path) -> tuple[Report, ...]:
    """Return the reports of a project by name, each with its editions by name."""
    return tuple(
        Report(
            name=name,
            title=read_title(read_notebook(path), otherwise=name),
            parameters=read_parameters(path),
            editions=_list_editions(project, name),
        )
        for name, path in find_reports(project).items()
    )


def _list_editions(project: Path, report: str) -> tuple[Edition, ...]:
    folder = project / REPORTS / report
    names = {path.name.removesuffix(FAILED) for path in folder.glob(f"*{FAILED}")}
    names |= {path.stem for path in folder.glob("*.json")}
    return tuple(_read_edition(folder, name) for name in sorted(names))


def _read_edition(folder: Path, edition: str) -> Edition:
    content = _read_data(folder / f"{edition}.json")
    has_failed = (folder / f"{edition}{FAILED}").exists()
    has_page = (folder / f"{edition}.html").exists()
    page = f"{edition}.html" if has_page else f"{edition}{FAILED}"
    guessed = "internal" if edition.endswith("--internal") else "shareable"
    return Edition(
        edition=edition,
        page=f"{REPORTS}/{folder.name}/{page}",
        status="failed" if has_failed or not has_page else content.get("status", "failed"),
        audience=content.get("audience", guessed),
        data_until=content.get("origin", {}).get("data_until", ""),
        parameters=content.get("parameters", {}),
    )


def _read_data(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
