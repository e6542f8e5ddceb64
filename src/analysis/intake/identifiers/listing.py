"""What of a source must not leave the clinic: whom it treated, who treated them, and what was
written about them.

The log is read again for this, and nothing of it is kept: a cohort holds what questions are asked
of, and a name is not among it.
"""

import getpass
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import ibis

from analysis.intake import cells
from analysis.intake.engine import open_engine
from analysis.intake.identifiers.days import find_days
from analysis.intake.identifiers.own import read_own
from analysis.intake.sources import (
    ROLES,
    VOCABULARY_FILE,
    Layout,
    Log,
    Source,
    find_numbered,
    read_log,
    read_source,
)
from analysis.vocabulary import PROTOCOL

if TYPE_CHECKING:
    from analysis.intake.cohort import Cohort

_MARKS: Final[Mapping[str, str]] = {
    "patient": "a patient",
    "operator": "a member of staff",
    "device_serial": "a serial number",
    "cartridge_lot": "a lot",
    "serum_lot": "a lot",
}
"""Roles whose every text is an identifier, and what it is."""
MACHINE: Final = ("a path of this machine", "a user of this machine")
"""Kinds of identifiers that are nobody's of the log."""
_TOLD: Final = ("clinic", "device")
"""Roles of which a page may say what is written there. All others are looked at, with a role or
without one: a name can stand in any column, if only by mistake."""
_TOLD_OF_MANY: Final = ("adjunct", "endpoint", "aftercare")
"""Roles of which a page may say what is written of many patients; of few, it may be a remark."""
_VOCABULARY: Final = Path(__file__).parents[2] / "vocabulary"


@dataclass(frozen=True, kw_only=True)
class Identifiers:
    """What a shareable page of a source may not hold."""

    source: str
    marks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Text with the source in front → what it is: patients, staff, lots, serial numbers; and this
    machine's paths and user."""
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Other text of the log → header of its column."""
    days: frozenset[date] = frozenset()
    """Days of the log: of sessions, scores, births and whatever else."""
    told: tuple[str, ...] = ()
    """What pages may say in any case: names of the source and of its clinics and devices, and what
    is written of many patients."""
    told_days: frozenset[date] = frozenset()
    """Days that pages may say in any case: when the log was read, when what the vocabulary cites
    was published or decided."""


def list_identifiers(cohort: "Cohort", project: Path) -> Identifiers:
    """Return the identifiers and free text of a cohort's whole log, whatever was chosen of it."""
    source = read_source(project, cohort.origin.source)
    marks = {**_list_of_machine(project), **dict.fromkeys(cohort.list_patients(), "a patient")}
    texts: dict[str, str] = {}
    own = read_own()
    with open_engine() as engine:
        for role, header, text in _read_texts(read_log(engine, source), source):
            if role in _MARKS:
                # below the patients a sum may stand, which is of nobody
                if not (cells.is_blank(text) or own.holds(text)):
                    marks.setdefault(f"{source.name}/{text}", _MARKS[role])
            else:
                texts.setdefault(text, header)
    written = (day for text in texts for _place, day in find_days(text))
    return Identifiers(
        source=source.name,
        marks=MappingProxyType(marks),
        texts=MappingProxyType(texts),
        days=frozenset([*cohort.list_days(), *written]),
        told=(
            source.name,
            source.title,
            *(name for column in _TOLD for name in cohort.list_names(column)),
            *(
                name
                for column in _TOLD_OF_MANY
                for name in cohort.list_names(column, fewest=PROTOCOL["too_small_for_a_rate"].whole)
            ),
        ),
        told_days=frozenset(_list_told_days(cohort, source)),
    )


def _list_told_days(cohort: "Cohort", source: Source) -> Iterator[date]:
    yield date.fromisoformat(cohort.origin.as_of)
    for path in (*sorted(_VOCABULARY.glob("*.toml")), source.folder / VOCABULARY_FILE):
        if path.is_file():
            yield from (day for _place, day in find_days(path.read_text(encoding="utf-8")))


def _read_texts(log: Log, source: Source) -> Iterator[tuple[str, str, str]]:
    """Yield role (empty without one), header and text of what may identify somebody, each once."""
    roles: dict[tuple[int, str], str] = {}
    for place, layout in enumerate(source.every_layout):
        for header in log.headers:
            roles[place, header] = _find_role(layout, header)
    wanted = {
        name: header
        for name, header in zip(log.texts, log.headers, strict=True)
        if header not in source.public_columns
        if any(roles[place, header] not in _TOLD for place, _ in enumerate(source.every_layout))
    }
    if not wanted:
        return
    rows = log.rows.filter(ibis._.kind == "").select("layout", *wanted)
    long = rows.pivot_longer([*wanted], names_to="name", values_to="text")
    long = long.mutate(text=long.text.strip()).filter(ibis._.text.length() > 0).distinct()
    found = long.order_by("layout", "name", "text").execute()
    for place, name, text in found[["layout", "name", "text"]].itertuples(index=False, name=None):
        if (role := roles[place, wanted[name]]) not in _TOLD:
            yield role, wanted[name], text


def _find_role(layout: Layout, header: str) -> str:
    """Return the role of a column, empty without one."""
    if layout.format.kind == "tables":
        # its columns are named by their roles, and hold nothing beside them
        return header if header in ROLES else "score"
    for role, written in layout.columns.items():
        if header == written or ("{n}" in written and find_numbered([header], written)):
            return role
    return "score" if header in layout.scores.values() else ""


def _list_of_machine(project: Path) -> dict[str, str]:
    """Return what a page could tell of the machine it was made on."""
    path, user = MACHINE
    found = {str(project.resolve()): path}
    home = Path.home()
    if home != Path(home.anchor):
        found[str(home)] = path
    # a container may have no name for its user
    with suppress(OSError, KeyError, ImportError):
        found[getpass.getuser()] = user
    return found
