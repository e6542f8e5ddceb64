"""Recognises a file or a folder: which files are read together, and what each of them holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from analysis.errors import SourceError
from analysis.intake import cells
from analysis.intake.recognise.columns import (
    Choice,
    Question,
    choose_columns,
    read_meaning,
)
from analysis.intake.recognise.contents import NEARLY_ALL, Readers, is_day
from analysis.intake.recognise.databases import Database, read_tables
from analysis.intake.recognise.files import (
    PARQUET,
    TEXTS,
    WORKBOOKS,
    Part,
    is_like_redcap,
    read_as_redcap,
    read_parts,
)
from analysis.intake.recognise.formats import find_decimal, prove_common_order
from analysis.intake.recognise.grouping import Group, group_parts, is_numbered
from analysis.intake.recognise.headers import Names, list_names, read_date_pattern
from analysis.intake.recognise.questions import (
    NO_DICTIONARY,
    Answer,
    Spelling,
    UnknownScale,
    answer_side_effects,
    ask_about_copies,
    ask_about_dates,
    ask_about_scores,
    ask_about_unknown_scales,
    list_spellings,
    list_unknown_scales,
    tell_missing,
)
from analysis.intake.schema import has_columns
from analysis.intake.sources import CANONICAL, DateOrder, Format, Rows
from analysis.intake.sources.redcap import is_dictionary
from analysis.vocabulary import BUILT_IN, Vocabulary

_TOLD: Final = 8
"""Tables that a sentence names."""
_DAYS: Final = ("date", "birth_date", "score_after_date")
_NUMBERS: Final = (
    *("needle", "score_before", "score_after", "minutes", "pain", "isotretinoin_months"),
)
_OF_A_SESSION: Final = frozenset(
    "needle passes modality device operator anaesthetic side_effects minutes status pain".split()
)
"""Roles that a file of scores alone has not."""


@dataclass(frozen=True)
class RecognisedLayout:
    """Files that are written in one way, and what was recognised in them."""

    place: str
    files: tuple[str, ...]
    written: Format
    reasons: Mapping[str, str]
    """Setting, role or scale → what it rests on."""
    titles: tuple[str, ...] = ()
    """What is told of files with titles above their header."""
    connection: str = ""
    """The database, of which ``table`` is read in place of files."""
    table: str = ""
    sheets: tuple[str, ...] = ()
    dictionary: str = ""
    rows: Rows = "sessions"
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    scores: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Header → why it has no role."""
    answers: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    questions: tuple[Question, ...] = ()
    unknown_scales: tuple[UnknownScale, ...] = ()
    spellings: tuple[Spelling, ...] = ()
    named_scales: frozenset[str] = frozenset()
    """Every scale of the vocabulary that it has scores on."""


@dataclass(frozen=True)
class Recognition:
    """What was recognised in a log, and what a person still has to answer."""

    name: str
    layouts: tuple[RecognisedLayout, ...]
    unread: Mapping[str, str]
    """File or sheet → why it is not read."""
    vocabulary: Vocabulary

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read, dictionaries and databases included, each once."""
        named = [name for each in self.layouts for name in (*each.files, each.dictionary) if name]
        places = [each.connection.partition("sqlite:")[2] for each in self.layouts]
        return tuple(dict.fromkeys((*named, *filter(None, places))))

    @property
    def undeclared_scales(self) -> list[str]:
        """The scales of the log that clinics write in several orders."""
        named = frozenset().union(*(each.named_scales for each in self.layouts))
        return [
            key for key, each in self.vocabulary.scales.items() if key in named and each.codings
        ]

    @property
    def questions(self) -> list[tuple[str, Question]]:
        """Every open question with the files it is about."""
        listed = [
            (
                "",
                Question(
                    f"Which score is best on {key}? Clinics write it in several orders.",
                    f"Declare {key} under [scales].",
                    "its scores are set aside",
                ),
            )
            for key in self.undeclared_scales
        ]
        return listed + [(each.place, one) for each in self.layouts for one in each.questions]


def recognise_log(path: Path, name: str, vocabulary: Vocabulary = BUILT_IN) -> Recognition:
    """Return what can be recognised in a file, or in the files of a folder.

    Raises
    ------
    SourceError
        When a file cannot be read, or nothing has a column for the patient and the day of the
        session (the columns that are there are listed).
    """
    names, readers = list_names(vocabulary), Readers(vocabulary)
    if not path.is_dir():
        return _recognise_parts(name, path.parent, read_parts(path, names), {}, names, readers)
    parts: list[Part] = []
    unread: dict[str, str] = {}
    paths = list_logs(path)
    if not paths:
        kinds = ", ".join((*TEXTS, *WORKBOOKS, *PARQUET))
        raise SourceError(f"The folder {path.name!r} holds no log; its files must end in {kinds}.")
    for each in paths:
        try:
            parts += read_parts(each, names)
        except SourceError as problem:
            unread[each.name] = str(problem)
    if tables := _find_tables(parts):
        unread |= {
            part.file: "stands beside canonical tables" for part in parts if part not in tables
        }
        layout = _recognise_tables(tables)
        return Recognition(name, (layout,), unread, vocabulary)
    return _recognise_parts(name, path, parts, unread, names, readers)


def recognise_database(
    database: Database, name: str, vocabulary: Vocabulary = BUILT_IN
) -> Recognition:
    """Return what can be recognised in the tables of a database.

    Raises
    ------
    SourceError
        When the database cannot be reached, or no table has a column for the patient and the day of
        the session (the columns that are there are listed).
    """
    names, readers = list_names(vocabulary), Readers(vocabulary)
    parts, unread = read_tables(database, name, names)
    if not parts:
        told = [f"{table!r}: {why.rstrip('.')}" for table, why in unread.items()]
        more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        raise SourceError(
            f"No table of {name!r} can be read as a log: {'; '.join(told[:_TOLD])}{more}. Make a "
            "view with columns such as patient and date, or write source.toml by hand."
        )
    found = _recognise_parts(name, database.folder, parts, unread, names, readers)
    layouts: list[RecognisedLayout] = []
    for each in found.layouts:
        others = [one.table for one in layouts if each.rows == one.rows == "sessions"]
        asked = ask_about_copies(each.table, others)
        layouts.append(replace(each, questions=(*each.questions, *asked)))
    return replace(found, layouts=tuple(layouts))


def list_logs(folder: Path) -> list[Path]:
    """Return the files of a folder that may be logs, by name; links are left alone."""
    suffixes = (*TEXTS, *WORKBOOKS, *PARQUET)
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not path.is_symlink()
        and not path.name.startswith((".", "~$"))
        and path.name != "corrections.csv"
    )


# --- canonical tables -------------------------------------------------------------------------


def _find_tables(parts: Sequence[Part]) -> list[Part]:
    """Return the seven canonical tables, if all are there with their columns."""
    by_name = {PurePosixPath(part.file).stem: part for part in parts if not part.sheet}
    tables = [by_name[name] for name in CANONICAL if name in by_name]
    is_whole = len(tables) == len(CANONICAL) and all(
        has_columns(name, part.headers) for name, part in zip(CANONICAL, tables, strict=True)
    )
    return tables if is_whole else []


def _recognise_tables(tables: Sequence[Part]) -> RecognisedLayout:
    first = tables[0]
    reason = "the seven canonical tables, by their names and columns"
    scales = {*tables[CANONICAL.index("assessments")].read_column("scale")}
    return RecognisedLayout(
        place="canonical tables",
        files=tuple(part.file for part in tables),
        written=replace(first.written, kind="tables"),
        reasons=dict(first.reasons) | {"kind": reason},
        named_scales=frozenset(scales),
    )


# --- layouts ----------------------------------------------------------------------------------


def _recognise_parts(
    name: str,
    folder: Path,
    parts: Sequence[Part],
    unread: Mapping[str, str],
    names: Names,
    readers: Readers,
) -> Recognition:
    left = dict(unread)
    groups = group_parts(_find_redcap(parts, folder))
    chosen = [_choose(group, names, readers) for group in groups]
    has_sessions = any({"patient", "date"} <= each.columns.keys() for _group, each in chosen)
    if not has_sessions:
        raise SourceError(tell_missing([*chosen], left))
    layouts = []
    told = [_tell_rows(group, choice, names) for group, choice in chosen]
    for (group, choice), rows in zip(chosen, told, strict=True):
        if rows == "scores" and "sessions" not in told:
            rows = "sessions"
        if not rows:
            missing = "patient" if "patient" not in choice.columns else "date"
            why = f"no {missing} column was recognised" if group.headers else "no header was found"
            left |= {part.place: why for part in group.parts}
            continue
        if rows == "scores":
            choice = choose_columns(
                group.columns, group.again, _join_labels(group), names, readers, is_scores=True
            )
        for same in _split_by_order(group, choice):
            layouts.append(_recognise_layout(same, choice, rows, parts, readers))
    return Recognition(name, tuple(layouts), left, readers.vocabulary)


def _find_redcap(parts: Sequence[Part], folder: Path) -> list[Part]:
    """Return the parts with REDCap exports read by their data dictionary."""
    dictionaries = [part for part in parts if not part.sheet and is_dictionary(part.headers)]
    found = []
    for part in parts:
        if part in dictionaries:
            continue
        read = (read_as_redcap(part, each, folder) for each in dictionaries if not part.sheet)
        found.append(next(filter(None, read), part))
    return found


def _choose(group: Group, names: Names, readers: Readers) -> tuple[Group, Choice]:
    """Return what the columns of a group are; where a row is a patient with numbered days, the
    group is returned as wide."""
    labels = _join_labels(group)
    choice = choose_columns(group.columns, group.again, labels, names, readers)
    wide = Group(group.parts, is_wide=True)
    days = [
        header
        for header in wide.families
        if read_meaning(header, labels, names).role == "date" or _holds_days(wide, header, names)
    ]
    patient = choice.columns.get("patient")
    is_unique = patient is not None and max(group.columns[patient].texts.values(), default=2) == 1
    if not days or not is_unique:
        return group, choice
    single = {
        header: column
        for header, column in wide.columns.items()
        if is_numbered(header) or names.read(header).role != "date"
    }
    choice = choose_columns(single, group.again, labels, names, readers)
    if "date" not in choice.columns and len(days) == 1:
        choice.columns["date"] = days[0]
        choice.reasons["date"] = "numbered columns that hold days"
        choice.unused.pop(days[0], None)
    why = "the days of the sessions stand in numbered columns"
    choice.unused |= {header: why for header in wide.columns if header not in single}
    return wide, choice


def _holds_days(group: Group, header: str, names: Names) -> bool:
    """Return whether a numbered header that says nothing but "session" holds days."""
    is_bare = names.read(header).known or read_meaning(header, {}, names).known
    return bool(is_bare) and group.columns[header].share(is_day) >= NEARLY_ALL


def _join_labels(group: Group) -> dict[str, str]:
    return {key: label for part in group.parts for key, label in part.labels.items()}


def _tell_rows(group: Group, choice: Choice, names: Names) -> Rows | None:
    """Return what a row of a group is; None where it cannot be read."""
    roles = {names.read(header).role for header in group.headers} | choice.columns.keys()
    if "patient" not in choice.columns:
        return None
    has_scores = bool(
        choice.scores
        or roles & {"scale", "score_before", "score_after"}
        or any(names.read(header).is_score for header in group.headers)
    )
    has_day = "date" in choice.columns or "score_after_date" in choice.columns
    if has_scores and has_day and not roles & _OF_A_SESSION and not group.is_wide:
        return "scores"
    if "date" in choice.columns:
        return "sessions"
    patients = group.columns[choice.columns["patient"]].texts
    is_unique = max(patients.values(), default=2) == 1
    return "patients" if is_unique and not roles & _OF_A_SESSION else None


def _split_by_order(group: Group, choice: Choice) -> list[Group]:
    """Return a group for each order of dates that its parts prove; one where they agree."""
    orders: dict[DateOrder, list[Part]] = {}
    for part in group.parts:
        order, _reason = _prove_order(replace(group, parts=(part,)), choice)
        orders.setdefault(order, []).append(part)
    if len(orders.keys() - {"undeclared", "year-month-day"}) < 2:
        return [group]
    return [replace(group, parts=tuple(parts)) for parts in orders.values()]


def _prove_order(group: Group, choice: Choice) -> tuple[DateOrder, str]:
    headers = [choice.columns[role] for role in _DAYS if role in choice.columns]
    texts = {header: [*group.columns[header].texts] for header in headers}
    return prove_common_order(texts, {each: read_date_pattern(each) for each in headers})


def _recognise_layout(
    group: Group, choice: Choice, rows: Rows, parts: Sequence[Part], readers: Readers
) -> RecognisedLayout:
    first = group.parts[0]
    labels = _join_labels(group)
    order, order_reason = _prove_order(group, choice)
    headers = [choice.columns[role] for role in _NUMBERS if role in choice.columns]
    headers += [*choice.scores.values(), *choice.numbers]
    texts = [text for header in headers for text in group.columns[header].texts]
    decimal, decimal_reason = find_decimal(texts)
    answers, questions = answer_side_effects(choice, group, labels)
    if choice.scale:
        answers["scale"] = Answer(choice.scale, "the headers of the scores name it")
    unknown = list_unknown_scales(choice, group, readers)
    asked = [*ask_about_dates(order, order_reason), *choice.questions]
    asked += [*ask_about_scores(choice), *questions, *ask_about_unknown_scales(unknown)]
    if is_like_redcap(first) and not first.dictionary:
        asked.append(NO_DICTIONARY)
    sheets = tuple(dict.fromkeys(part.sheet for part in group.parts if part.sheet))
    others = [part for part in parts if part.sheet and part.file in group.files]
    named = {*choice.scores, *filter(None, (choice.scale,))}
    if header := choice.columns.get("scale"):
        spelled = readers.scales
        named |= {
            spelled[cells.fold(text)]
            for text in group.columns[header].texts
            if cells.fold(text) in spelled
        }
    written = replace(first.written, decimal=decimal, date_order=order)
    settings = {"decimal": decimal_reason, "date_order": order_reason}
    return RecognisedLayout(
        place=group.place,
        files=() if first.connection else group.files,
        connection=first.connection,
        table=first.file if first.connection else "",
        written=written,
        reasons=dict(first.reasons) | settings | choice.reasons | _tell_why_rows(rows, group),
        titles=tuple(part.reasons["header"] for part in group.parts if "header" in part.reasons),
        sheets=sheets if len(others) > len(group.parts) else (),
        dictionary=first.dictionary,
        rows=rows,
        columns=choice.columns,
        scores=choice.scores,
        unused=choice.unused,
        answers=answers,
        questions=tuple(asked),
        unknown_scales=tuple(unknown),
        spellings=tuple(list_spellings(choice, group, readers)),
        named_scales=frozenset(named),
    )


def _tell_why_rows(rows: str, group: Group) -> dict[str, str]:
    whys = {
        "patients": "one row for each patient and no day of a session",
        "scores": "scores with their day and nothing of a session",
    }
    if group.is_wide:
        return {"rows": "a row is a patient; {n} stands for the number of the session"}
    return {"rows": whys[rows]} if rows in whys else {}
