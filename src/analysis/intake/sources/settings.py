"""What ``source.toml`` declares: the layouts of a source's files, and the answers of a person."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from analysis.errors import SourceError, sentence_for_unknown
from analysis.estimates import THRESHOLD_PROFILES
from analysis.intake.schema import Modality, Rater, Setting
from analysis.vocabulary import Scale, Vocabulary, read_vocabulary

ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "patient": "who was treated",
        "date": "day of the session",
        "status": "whether the booking became a session",
        "age": "age in years",
        "birth_date": "day of birth",
        "sex": "sex",
        "skin_type": "Fitzpatrick skin type",
        "concern": "what was treated",
        "area": "body area",
        "side": "side of the body or face",
        "clinic": "clinic",
        "operator": "who treated",
        "modality": "what was done",
        "setting": "in the clinic or at home",
        "device": "device",
        "device_serial": "serial number of the device",
        "cartridge_lot": "lot of the needle cartridge",
        "serum_lot": "lot of the serum",
        "needle": "needle length",
        "passes": "passes over the skin",
        "minutes": "length of the session in minutes",
        "anaesthetic": "numbing",
        "adjunct": "what was put on or into the skin besides",
        "endpoint": "what was seen at the end of needling",
        "aftercare": "care afterwards",
        "pain": "pain from 0 to 10",
        "contraindications": "reasons not to treat, in free text",
        "isotretinoin_months": "months since isotretinoin",
        "scale": "name of the scale of the scores in this row",
        "score_before": "score on the day of the session, before it",
        "score_after": "score at a later visit",
        "score_after_date": "day of the later score",
        "rater": "who scored",
        "side_effects": "side effects in free text",
        "severity": "severity of the side effects of this row",
        "serious": "whether a side effect of this row was serious",
        "resolved": "whether the side effects of this row have resolved",
        "action": "what was done about the side effects of this row",
        "stopped": "whether the side effects of this row ended the treatment",
    }
)
"""What a column can be; a column without a role is read and not used. Score columns that are named
by their scale stand under ``[scores]``."""
REQUIRED_ROLES: Final = ("patient", "date")
SETTINGS_FILE: Final = "source.toml"
VOCABULARY_FILE: Final = "vocabulary.toml"
CANONICAL: Final = (
    *("patients", "sessions", "targets", "assessments", "side_effects", "recorded", "screening"),
)
"""The tables a source of the kind ``tables`` consists of, one file each."""

Block = TypeVar("Block")
DateOrder = Literal["day-month-year", "month-day-year", "year-month-day", "undeclared"]
Kind = Literal["delimited", "workbook", "redcap", "tables", "parquet", "query"]
Decimal = Literal[".", ","]
Session = Literal["this session", "previous session", "undeclared"]
Empty = Literal["not recorded", "none"]
NotApplicable = Literal["not recorded", "none", "undeclared"]
Rows = Literal["sessions", "patients", "scores"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How the files are written."""

    kind: Kind = "delimited"
    """``delimited`` text, Excel ``workbook``, ``redcap`` export, canonical ``tables``, ``parquet``
    files, or a table or ``query`` of a database."""
    delimiter: str = ","
    quote: str = '"'
    """The mark around a cell that holds a delimiter, doubled where the cell holds it; empty where
    no mark is one."""
    encoding: str = "utf-8"
    decimal: Decimal = "."
    date_order: DateOrder = "undeclared"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the log does not say of itself and a person had to answer."""

    side_effects_belong_to: Session = "this session"
    """Whose session the side-effect column tells of; ``undeclared`` sets its cells aside."""
    empty_side_effects: Empty = "not recorded"
    """What a blank side-effect cell means: nothing is known, or that somebody asked and there was
    none."""
    not_applicable_side_effects: NotApplicable = "not recorded"
    """The same for "N/A"; ``undeclared`` makes each such cell an open question."""
    default_modality: Modality = "microneedling"
    default_setting: Setting = "clinic"
    default_rater: Rater = "investigator"
    clinic: str = ""
    """Clinic of all rows, for a log without a clinic column."""
    scale: str = ""
    """Scale of all scores, for a log without a scale column."""
    concern: str = ""
    """Concern of all sessions, for a log without a concern column."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Files that are written in one way: of one site, or of one habit."""

    files: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Role → header."""
    scores: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Scale → header of the column with its scores."""
    sheets: tuple[str, ...] = ()
    """Sheets of a workbook; empty for all of them."""
    dictionary: str = ""
    """Data dictionary of a REDCap export."""
    rows: Rows = "sessions"
    """What a row is: a session, a patient without a day, or a score with its day."""
    connection: str = ""
    """Database: ``sqlite:`` and a file of the source's folder, or ``env:`` and the environment
    variable that holds its address."""
    table: str = ""
    """Table of the database, as ``name`` or ``schema.name``."""
    query: str = ""
    """Query of the database, where a table is not enough."""
    format: Format = Format()
    answers: Answers = Answers()

    @property
    def is_wide(self) -> bool:
        """Whether the sessions of a patient stand side by side, in columns with ``{n}``."""
        return "{n}" in self.columns.get("date", "")

    @property
    def headers(self) -> Iterator[tuple[str, str]]:
        """What each mapped header is for, and the header."""
        yield from self.columns.items()
        yield from ((f"the score on {scale}", header) for scale, header in self.scores.items())

    @property
    def every_file(self) -> tuple[str, ...]:
        """The files that are read, the dictionary of a REDCap export included."""
        return (*self.files, *filter(None, (self.dictionary,)))

    @property
    def log_names(self) -> tuple[str, ...]:
        """What stands as the file beside a row: a file, a table of a database, or ``query``."""
        if self.format.kind == "query":
            return (self.table or "query",)
        return self.files


@dataclass(frozen=True, kw_only=True)
class Source(Layout):
    """One clinic's log as ``source.toml`` declares it.

    A source with one layout declares it at the top; one with several declares each under
    ``[[layouts]]``. See :attr:`every_layout`.
    """

    name: str
    title: str
    synthetic: bool = False
    extracted_on: date | None = None
    primary_scale: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Concern → key of the scale of its headline."""
    scales: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Scale → coding, for scales whose order clinics write in several ways."""
    public_columns: tuple[str, ...] = ()
    """Headers of columns whose texts name nobody, though nothing says what they hold: a page that
    is shared may hold the same words."""
    threshold_profile: str = "clinic"
    """By which of :data:`~analysis.estimates.THRESHOLD_PROFILES` small numbers are hidden."""
    layouts: tuple[Layout, ...] = ()
    folder: Path = Path()

    @property
    def every_layout(self) -> tuple[Layout, ...]:
        """The layouts, one or more."""
        return self.layouts or (self,)

    @property
    def every_file(self) -> tuple[str, ...]:
        """The files of all layouts, in the order they are read."""
        if not self.layouts:
            return super().every_file
        return tuple(name for layout in self.layouts for name in layout.every_file)

    @property
    def reads_database(self) -> bool:
        """Whether a layout reads a table or a query, whose rows may change at any time."""
        return any(layout.format.kind == "query" for layout in self.every_layout)

    def read_vocabulary(self) -> Vocabulary:
        """Return the built-in vocabulary with this source's own laid over it.

        Raises
        ------
        SourceError
            When ``source.toml`` names a scale, a coding or a concern that it does not hold.
        """
        vocabulary = read_vocabulary(self.folder / VOCABULARY_FILE)
        usable = self.find_scales(vocabulary)
        named = [("primary_scale", *pair) for pair in self.primary_scale.items()]
        for layout in self.every_layout:
            named.append(("answers", layout.answers.concern, layout.answers.scale))
        for key, concern, scale in named:
            if concern and concern not in vocabulary.analysed_concerns:
                known = vocabulary.analysed_concerns
                self._refuse(key, sentence_for_unknown("concern", concern, known))
            if scale and scale not in vocabulary.scales:
                self._refuse(key, sentence_for_unknown("scale", scale, vocabulary.scales))
            if scale and scale not in usable:
                self._refuse(key, f"declare the order of {scale!r} under [scales] first.")
        for concern, scale in self.primary_scale.items():
            if not vocabulary.scales[scale].fits(concern):
                self._refuse("primary_scale", f"{scale!r} does not score {concern!r}.")
        return vocabulary

    def find_scales(self, vocabulary: Vocabulary) -> dict[str, Scale]:
        """Return the scales that can be read: those with a fixed order, and the declared ones."""
        usable = {key: each for key, each in vocabulary.scales.items() if not each.codings}
        for key, coding in self.scales.items():
            scale = vocabulary.scales.get(key)
            if scale is None:
                self._refuse("scales", sentence_for_unknown("scale", key, vocabulary.scales))
            elif coding not in scale.codings:
                self._refuse(
                    "scales", sentence_for_unknown(f"coding of {key}", coding, scale.codings)
                )
            else:
                usable[key] = scale.declare(coding)
        for key in (key for layout in self.every_layout for key in layout.scores):
            if key not in vocabulary.scales:
                self._refuse("scores", sentence_for_unknown("scale", key, vocabulary.scales))
        return usable

    def _refuse(self, key: str, slip: str) -> None:
        raise SourceError(f"{SETTINGS_FILE} of {self.name!r}, key {key!r}: {slip}")


def find_project(start: Path | None = None) -> Path:
    """Return the nearest folder from ``start`` upwards that holds ``data/`` and ``notebooks/``.

    A notebook may be run from the project's root or from ``notebooks/``.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "data").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise SourceError(
        "No project found here: run this inside the folder that holds data/ and notebooks/."
    )


def list_sources(project: Path) -> list[str]:
    """Return the names of the sources that have a ``source.toml``."""
    return sorted(path.parent.name for path in (project / "data").glob(f"*/{SETTINGS_FILE}"))


def read_source(project: Path, name: str) -> Source:
    """Return what ``data/<name>/source.toml`` declares.

    Raises
    ------
    SourceError
        When there is no such source, or the file has an unknown key, a value of the wrong type, an
        unknown role, or no patient or date column.
    """
    names = list_sources(project)
    if name not in names:
        hint = " Write one with `outcomes init FILE`." if not names else ""
        raise SourceError(sentence_for_unknown("source", name, names, where=" in data/") + hint)
    folder = project / "data" / name
    try:
        declared = tomllib.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
    except OSError as problem:
        reason = (problem.strerror or "unreadable").lower()
        raise SourceError(f"data/{name}/{SETTINGS_FILE} cannot be read ({reason}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SourceError(f"data/{name}/{SETTINGS_FILE} is not valid TOML: {problem}.") from None
    source = _read_block(f"data/{name}/{SETTINGS_FILE}", declared, Source, {"folder": folder})
    _check_source(source, declared)
    return source


def _read_block(
    where: str, declared: Mapping[str, Any], kind: type[Block], given: Mapping[str, Any]
) -> Block:
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind) if item.name not in given}  # type: ignore[arg-type]
    for key in declared:
        if key not in known:
            raise SourceError(sentence_for_unknown("key", key, known, where=f" in {where}"))
    for key, item in known.items():
        needed = item.default is MISSING and item.default_factory is MISSING
        if needed and key not in declared:
            raise SourceError(f"{where} has no key {key!r}; add it.")
    values = {key: _read_value(where, key, value, hints[key]) for key, value in declared.items()}
    return kind(**values, **given)


def _read_value(where: str, key: str, value: Any, hint: Any) -> Any:
    if hint in (Format, Answers):
        if isinstance(value, dict):
            return _read_block(f"{where}, block [{key}]", value, hint, {})
    elif hint == tuple[Layout, ...]:
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            return tuple(
                _read_block(f"{where}, layout {place}", each, Layout, {})
                for place, each in enumerate(value, 1)
            )
    elif hint == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
    elif hint == Mapping[str, str]:
        if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
            return MappingProxyType(value)
    elif get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        raise SourceError(
            sentence_for_unknown(key, str(value), get_args(hint), where=f" in {where}")
        )
    elif isinstance(value, hint) and not isinstance(value, datetime):
        return value
    raise SourceError(f"{where}, key {key!r}: a {type(value).__name__} is not what it can hold.")


def _check_source(source: Source, declared: Mapping[str, Any]) -> None:
    where = f"data/{source.name}/{SETTINGS_FILE}"
    if source.folder.name != source.name:
        raise SourceError(
            f"data/{source.folder.name}/{SETTINGS_FILE} is named {source.name!r}; "
            "the name must be that of its folder."
        )
    if source.threshold_profile not in THRESHOLD_PROFILES:
        raise SourceError(
            sentence_for_unknown(
                "threshold_profile",
                source.threshold_profile,
                THRESHOLD_PROFILES,
                where=f" in {where}",
            )
        )
    for item in fields(Layout):
        if source.layouts and item.name in declared:
            raise SourceError(
                f"{where}: {item.name!r} stands beside [[layouts]]; write it into each layout."
            )
    for place, layout in enumerate(source.every_layout, 1):
        named = f"{where}, layout {place}" if source.layouts else where
        _check_layout(source, layout, named)
    names = [name for layout in source.every_layout for name in layout.log_names]
    tables = [each.log_names[0] for each in source.every_layout if each.format.kind == "query"]
    for name in tables:
        if names.count(name) > 1:
            raise SourceError(
                f"{where}: two layouts read a {name!r}, and their rows could not be told apart; "
                "make one of them a source of its own."
            )
    if len(source.every_layout) > 1 and any(
        layout.format.kind == "tables" for layout in source.every_layout
    ):
        raise SourceError(
            f"{where}: a layout of the kind 'tables' stands alone; make it a source of its own."
        )


def _check_layout(source: Source, layout: Layout, where: str) -> None:
    for name in layout.every_file:
        _check_inside(source, name)
    if layout.format.kind == "tables":
        _check_table_files(layout, where)
        return
    if layout.format.kind == "query":
        _check_connection(source, layout, where)
    elif not layout.files:
        raise SourceError(f"{where} names no files; list the files of the log in files.")
    block = f" in {where}, block [columns]"
    for role in layout.columns:
        if role not in ROLES:
            raise SourceError(sentence_for_unknown("role", role, ROLES, where=block))
    for role in REQUIRED_ROLES[:1] if layout.rows == "patients" else REQUIRED_ROLES:
        if role not in layout.columns:
            raise SourceError(
                f'No {role} column is mapped{block}: add `{role} = "header in the log"`.'
            )
    mark = layout.format.quote
    if len(mark) > 1 or mark in ("\r", "\n", layout.format.delimiter):
        raise SourceError(
            f"{where}, block [format], key 'quote': {mark!r} is not what it can hold; write the "
            'one mark that stands around cells, such as "\'", or "" for none.'
        )
    numbered = [header for _role, header in layout.headers if "{n}" in header]
    if numbered and not (layout.is_wide and layout.rows == "sessions"):
        raise SourceError(
            f"The column {numbered[0]!r}{block} has {{n}} for the number of a session; the date "
            "column must have it too, and rows must be sessions."
        )
    if layout.format.kind == "redcap" and not layout.dictionary:
        raise SourceError(
            f"{where} has no key 'dictionary': name the data dictionary of the REDCap project, "
            'such as `dictionary = "dictionary.csv"`.'
        )


def _check_inside(source: Source, name: str) -> None:
    try:
        is_inside = (source.folder / name).resolve().is_relative_to(source.folder.resolve())
    except (OSError, ValueError, RuntimeError):  # no name a file can have, or links in a circle
        is_inside = False
    if not is_inside:
        raise SourceError(f"The file {name!r} of {source.name!r} lies outside its folder.")


def _check_connection(source: Source, layout: Layout, where: str) -> None:
    if layout.files:
        raise SourceError(f"{where}: a layout of the kind 'query' reads no files; remove files.")
    if (layout.table != "") == (layout.query != ""):
        raise SourceError(f"{where}: name either the table or the query that is to be read.")
    kind, _colon, place = layout.connection.partition(":")
    if kind not in ("sqlite", "env") or not place or "://" in place:
        # the address itself is not repeated: it may hold a password
        raise SourceError(
            f'{where}, key \'connection\': write "sqlite:" and a file of the folder, or "env:" and '
            "the name of an environment variable that holds the address of the database, so that "
            "no password stands in a file."
        )
    if kind == "sqlite":
        _check_inside(source, place)


def _check_table_files(layout: Layout, where: str) -> None:
    names = [PurePosixPath(name).stem for name in layout.files]
    missing = [f"{name}.csv" for name in CANONICAL if name not in names]
    unknown = [name for name in names if name not in CANONICAL]
    if missing or unknown:
        raise SourceError(
            f"{where}: the kind 'tables' needs the files "
            f"{', '.join(f'{name}.csv' for name in CANONICAL)}; "
            + (f"missing: {', '.join(missing)}." if missing else f"unknown: {', '.join(unknown)}.")
        )
