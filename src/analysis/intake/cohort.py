"""The cohort: what the questions are asked of, loaded once and kept in ``.cache/``.

Above the cohort there are people, below it rows. Patients, courses and patient × stratum counts are
pandas frames; the session table itself is never handed out.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import ibis
import pandas as pd
from ibis import _

from analysis.errors import SourceError, UsageError
from analysis.estimates import Origin
from analysis.intake.cache import ACCOUNT, BUILDING, CACHE, mark_used, remove_older
from analysis.intake.clean import Account, clean_log
from analysis.intake.corrections import apply_corrections, read_corrections
from analysis.intake.derive import derive_tables, reduce_to_days
from analysis.intake.engine import Engine, connect, make_table, open_engine, say_too_large
from analysis.intake.schema import (
    ALL_TERMS,
    COLUMNS,
    MODALITIES,
    SETTINGS,
    check_rows,
    check_table,
)
from analysis.intake.sources import (
    SETTINGS_FILE,
    VOCABULARY_FILE,
    Source,
    find_project,
    hash_queries,
    read_log,
    read_source,
    spread_wide,
)
from analysis.vocabulary import PROTOCOL, Scale, Vocabulary

_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI")
_CODE: Final = (Path(__file__).parent, Path(__file__).parents[1] / "vocabulary")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which part of a log is asked about; empty means all of it."""

    period: str = ""
    """``2026``, ``2026-Q2``, ``2026-05``, or two ISO days with ``..`` between them."""
    clinic: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    skin_type: tuple[str, ...] = ()
    """Fitzpatrick types in Roman numerals."""
    device: tuple[str, ...] = ()
    needle: str = ""
    """Longest needle in mm, from-to with both ends in, such as ``0.5-1.5``."""
    sessions: str = ""
    """Number of sessions of a course, from-to with both ends in; for outcomes only."""
    modality: tuple[str, ...] = ()
    setting: tuple[str, ...] = ()

    @property
    def days(self) -> tuple[date, date] | None:
        """First and last day of the period; None for all time."""
        return parse_period(self.period) if self.period else None

    @property
    def skin_types(self) -> list[int]:
        """The chosen skin types as numbers."""
        unknown = [each for each in self.skin_type if each not in _ROMAN]
        if unknown:
            raise UsageError.for_unknown("skin type", unknown[0], _ROMAN)
        return [_ROMAN.index(each) + 1 for each in self.skin_type]

    def describe(self) -> str:
        """Return what was chosen, in words; empty for everything."""
        parts = []
        for name, value in asdict(self).items():
            if value:
                chosen = value if isinstance(value, str) else ", ".join(value)
                words = {"sessions": "for outcomes only: sessions in a course"}
                parts.append(f"{words.get(name, name.replace('_', ' '))} {chosen}")
        return "; ".join(parts)


def parse_period(text: str) -> tuple[date, date]:
    """Return the first and last day of a calendar period."""
    try:
        if match := re.fullmatch(r"([0-9]{4})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?", text):
            year, quarter, month = (int(each) if each else 0 for each in match.groups())
            first, length = (month, 1) if month else (quarter * 3 - 2, 3) if quarter else (1, 12)
            months = year * 12 + first - 1 + length
            return date(year, first, 1), date(months // 12, months % 12 + 1, 1) - timedelta(days=1)
        if not re.fullmatch(r"[0-9-]{10}\.\.[0-9-]{10}", text):
            raise ValueError
        start, _dots, end = text.partition("..")
        days = date.fromisoformat(start), date.fromisoformat(end)
        if days[0] <= days[1]:
            return days
    except ValueError:
        pass
    raise UsageError(
        f"The period {text!r} cannot be read; write a year (2026), a quarter (2026-Q2), a month "
        "(2026-05) or two days (2026-01-01..2026-03-31)."
    )


def parse_span(text: str, what: str) -> tuple[float, float]:
    """Return both ends of ``from-to``; a single number is both."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:-\s*(\d+(?:\.\d+)?))?\s*", text)
    if not match:
        raise UsageError(f"The {what} {text!r} cannot be read; write one number, or from-to.")
    low = float(match[1])
    high = float(match[2]) if match[2] else low
    if low > high:
        raise UsageError(f"The {what} {text!r} has its larger end first; write {high:g}-{low:g}.")
    return low, high


@dataclass(frozen=True)
class Cohort:
    """One log, or the chosen part of it, ready for questions.

    A session counts when it lies in the period and matches the choice; a course counts when its
    follow-up window closes in the period and it matches the choice. History before the period
    always serves to build courses.
    """

    origin: Origin
    account: Account
    selection: Selection
    scales: Mapping[str, Scale]
    """The scales of the vocabulary, with the order of those that had to be declared."""
    primary_scale: Mapping[str, str]
    """Concern → scale of its headline, where the source names one."""
    files: tuple[str, ...]
    folder: Path = field(repr=False)

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary the log was read with."""
        return self.origin.vocabulary

    def check_concern(self, concern: str) -> str:
        """Return the key of a concern, or raise UsageError with the possible ones."""
        if concern not in self.vocabulary.analysed_concerns:
            raise UsageError.for_unknown("concern", concern, self.vocabulary.analysed_concerns)
        return concern

    @cached_property
    def patients(self) -> pd.DataFrame:
        """One row per patient with a chosen session: patient, sex, age, skin_type,
        skin_type_is_range."""
        chosen = self._table("patients").semi_join(self._sessions, "patient")
        return check_table("patients", chosen.order_by("patient").execute())

    @cached_property
    def patient_concerns(self) -> pd.DataFrame:
        """One row per patient × concern treated in a chosen session: patient, concern."""
        pairs = self._sessions.inner_join(self._table("targets"), "session")
        return (
            pairs.select("patient", "concern").distinct().order_by("patient", "concern").execute()
        )

    @cached_property
    def courses(self) -> pd.DataFrame:
        """One row per chosen course, with the columns of the schema."""
        return check_table("courses", self._courses.order_by("course").execute())

    @cached_property
    def course_scores(self) -> pd.DataFrame:
        """One row per chosen course × scale, with the columns of the schema."""
        chosen = self._table("course_scores").semi_join(self._courses, "course")
        return check_table("course_scores", chosen.order_by("course", "scale").execute())

    def find_visit_scores(self, concern: str, scale: str) -> pd.DataFrame:
        """Return the scores of closed first courses by visit, on one scale.

        Columns: course, patient, visit (0 is the baseline, k the score before session k + 1), score
        and is_follow_up. One row for each course and visit with a score; the follow-up has the
        number of sessions as its visit. The score before a session is the last one after the day of
        the session before, up to and including its own day, by the rater of the course.
        """
        courses = self._courses.filter((_.concern == concern) & _.is_first & _.is_closed)
        ends = courses.inner_join(
            self._table("course_scores").filter(_.scale == scale), "course"
        ).select(
            *("course", "patient", "concern", "scale", "rater", "first_date", "last_date"),
            *("sessions", "baseline", "follow_up"),
        )
        between = self._find_scores_before_sessions(ends)
        parts = [
            ends.filter(_.baseline.notnull()).select(
                "course", "patient", visit=ibis.literal(0, "int64"), score="baseline"
            ),
            between.select("course", "patient", "visit", "score"),
            ends.filter(_.follow_up.notnull()).select(
                "course", "patient", visit=_.sessions.cast("int64"), score="follow_up"
            ),
        ]
        is_last = [False, False, True]
        marked = [part.mutate(is_follow_up=last) for part, last in zip(parts, is_last, strict=True)]
        return ibis.union(*marked).order_by("course", "visit").execute()

    def _find_scores_before_sessions(self, ends: ibis.Table) -> ibis.Table:
        """Return the last score between two sessions of a course: course, patient, visit, score."""
        index = self._table("sessions").filter(
            (_.modality == "microneedling") & (_.setting == "clinic")
        )
        treated = index.inner_join(self._table("targets"), "session").select(
            "patient", "concern", "date"
        )
        days = (
            ends.inner_join(treated.distinct(), ["patient", "concern"])
            .filter(_.date.between(_.first_date, _.last_date))
            .select("course", "patient", "concern", "scale", "rater", day=_.date)
        )
        order = {"group_by": "course", "order_by": "day"}
        days = days.mutate(visit=ibis.row_number().over(**order), earlier=_.day.lag().over(**order))
        scored = days.filter(_.visit > 0).inner_join(
            reduce_to_days(self._table("assessments"), self.scales),
            ["patient", "concern", "scale", "rater"],
        )
        inside = scored.filter((_.date > _.earlier) & (_.date <= _.day))
        return inside.group_by("course", "patient", "visit").agg(score=_.score.argmax(_.date))

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """Chosen sessions, one row per patient × concern (empty: all concerns together).

        Columns: patient, concern, sessions, sessions_recorded (side effects were asked about). A
        session counts under each concern it treated.
        """
        asked = self._table("recorded").filter(_.term == ALL_TERMS).select("session", is_asked=True)
        sessions = self._with_concerns(self._sessions.left_join(asked, "session"))
        counts = sessions.group_by("patient", "concern").agg(
            sessions=_.session.nunique(),
            sessions_recorded=_.session.nunique(where=_.is_asked.fill_null(False)),
        )
        return counts.order_by("patient", "concern").execute()

    @cached_property
    def harms(self) -> pd.DataFrame:
        """One row per patient × concern (empty: all) × side effect that was seen or denied by name.

        Columns: patient, concern, term, sessions_with, sessions_denied (asked about this term only,
        in sessions where nothing else was asked).
        """
        recorded = self._table("recorded")
        asked = recorded.filter(_.term == ALL_TERMS)
        denied = recorded.filter(_.term != ALL_TERMS).anti_join(asked, "session")
        seen = self._table("side_effects").select("session", "term", is_seen=True)
        either = seen.union(denied.select("session", "term", is_seen=False))
        rows = self._with_concerns(self._sessions.inner_join(either, "session"))
        counts = rows.group_by("patient", "concern", "term").agg(
            sessions_with=_.session.nunique(where=_.is_seen),
            sessions_denied=_.session.nunique(where=~_.is_seen),
        )
        return counts.order_by("patient", "concern", "term").execute()

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """One row per patient × concern (empty: all) with a session soon enough after another.

        Columns: patient, concern, intervals, short_intervals (under the usual interval),
        median_days. Only mechanical needling in the clinic; a gap over the course limit is not an
        interval. An interval belongs to the session that ends it, and all sessions of the log begin
        one, whatever was chosen.
        """
        index = self._table("sessions").filter(
            (_.modality == "microneedling") & (_.setting == "clinic")
        )
        chosen = self._sessions.select("session", is_chosen=True)
        index = self._with_concerns(index.left_join(chosen, "session"))
        days = index.group_by("patient", "concern", "date").agg(is_chosen=_.is_chosen.any())
        earlier = days.date.lag().over(group_by=["patient", "concern"], order_by="date")
        gaps = days.mutate(days=days.date.delta(earlier, unit="day"))
        gaps = gaps.filter(_.is_chosen & (_.days <= PROTOCOL["course_gap"].whole))
        counts = gaps.group_by("patient", "concern").agg(
            intervals=_.count(),
            short_intervals=(_.days < PROTOCOL["usual_interval"].whole).sum(),
            median_days=_.days.median().cast("float64"),
        )
        return counts.order_by("patient", "concern").execute()

    @cached_property
    def problems(self) -> pd.DataFrame:
        """Every row or cell of the log that was not used as written; not narrowed by the choice."""
        columns = ["file", "line", "column", "rule"]
        return check_table("problems", self._table("problems").order_by(columns).execute())

    def list_identifiers(self) -> list[str]:
        """Return what must not leave the clinic: patients as source/ID, lots and serials."""
        patients = self._table("patients").patient.execute()
        columns = ["cartridge_lot", "serum_lot", "device_serial"]
        marks = self._table("sessions").select(*columns).distinct().execute()
        return sorted({*patients, *(mark for name in columns for mark in marks[name].dropna())})

    def list_devices(self, concern: str) -> list[str]:
        """Return the devices as written in the chosen sessions that treated a concern, sorted;
        sessions without one are in none."""
        treated = self._table("targets").filter(_.concern == self.check_concern(concern))
        devices = self._sessions.semi_join(treated, "session").select("device").distinct()
        return sorted(devices.filter(_.device.notnull()).device.execute())

    def count_sessions(self) -> dict[str, dict[str, int]]:
        """Return sessions by concern, by side effect and by what was recorded, for ``check``."""

        def count(table: ibis.Table, column: str) -> dict[str, int]:
            found = table.group_by(column).agg(n=_.session.nunique()).order_by(column).execute()
            return dict(zip(found[column], found["n"].map(int), strict=True))

        found = count(self._sessions, "recorded")
        return {
            "concerns": count(
                self._table("targets").semi_join(self._sessions, "session"), "concern"
            ),
            "side_effects": count(
                self._table("side_effects").semi_join(self._sessions, "session"), "term"
            ),
            "recorded": {
                "event": found.get("event", 0),
                "none": found.get("none", 0),
                "not_recorded": found.get("not recorded", 0),
            },
        }

    # --- the engine ---------------------------------------------------------------------------

    @cached_property
    def _connection(self) -> ibis.BaseBackend:
        return connect()

    def _table(self, name: str) -> ibis.Table:
        if name not in self._connection.list_tables():
            self._connection.read_parquet(self.folder / f"{name}.parquet", table_name=name)
        return self._connection.table(name)

    @cached_property
    def _sessions(self) -> ibis.Table:
        """The chosen sessions."""
        sessions, chosen = self._table("sessions"), self.selection
        for name in ("clinic", "operator", "device", "modality", "setting"):
            if allowed := getattr(chosen, name):
                sessions = sessions.filter(_[name].isin(allowed))
        if chosen.needle:
            low, high = parse_span(chosen.needle, "needle length")
            sessions = sessions.filter(_.needle_longest.between(low, high))
        if chosen.days:
            sessions = sessions.filter(_.date.between(*chosen.days))
        return self._of_chosen_patients(sessions)

    @cached_property
    def _courses(self) -> ibis.Table:
        courses, chosen = self._table("courses"), self.selection
        for name in ("clinic", "operator", "device"):
            if allowed := getattr(chosen, name):
                courses = courses.filter(_[name].isin(allowed))
        if chosen.needle:
            low, high = parse_span(chosen.needle, "needle length")
            courses = courses.filter(_.needle_longest.between(low, high))
        if chosen.sessions:
            fewest, most = parse_span(chosen.sessions, "number of sessions")
            courses = courses.filter(_.sessions.between(fewest, most))
        # the index modality of a course is mechanical needling in the clinic
        if (chosen.modality and "microneedling" not in chosen.modality) or (
            chosen.setting and "clinic" not in chosen.setting
        ):
            courses = courses.filter(ibis.literal(False))
        if chosen.days:
            courses = courses.filter(_.closed_on.between(*chosen.days))
        return self._of_chosen_patients(courses)

    def _of_chosen_patients(self, table: ibis.Table) -> ibis.Table:
        if not self.selection.skin_type:
            return table
        patients = self._table("patients")
        chosen = patients.filter(patients.skin_type.isin(self.selection.skin_types))
        return table.semi_join(chosen, "patient")

    def _with_concerns(self, sessions: ibis.Table) -> ibis.Table:
        """Repeat each session for every concern it treated, and once for all together."""
        together = sessions.mutate(concern=ibis.literal(""))
        targets = self._table("targets").select("session", "concern")
        return together.union(sessions.inner_join(targets, "session").select(*together.columns))


@say_too_large()
def load_cohort(
    source: str,
    *,
    as_of: str = "",
    project: Path | None = None,
    period: str = "",
    clinic: Sequence[str] = (),
    operator: Sequence[str] = (),
    skin_type: Sequence[str] = (),
    device: Sequence[str] = (),
    needle: str = "",
    sessions: str = "",
    modality: Sequence[str] = (),
    setting: Sequence[str] = (),
    tell: Callable[[str], None] | None = None,
) -> Cohort:
    """Return the cohort of a source, built if it is not in ``.cache/`` yet.

    Parameters
    ----------
    source
        Name of the folder below ``data/``.
    as_of
        ISO day; what is later in the log is a problem, and courses are closed or not yet due at it.
        Empty: ``extracted_on`` of ``source.toml``.
    project
        Folder that holds ``data/``; found from the working directory upwards when not given.
    period, clinic, operator, skin_type, device, needle, sessions, modality, setting
        See :class:`Selection`; empty means all.
    tell
        Is told, in a few words each, the steps of a load that is not in the cache.

    Raises
    ------
    SourceError
        When the source cannot be read.
    UsageError
        When the day, the period or a range cannot be read, or a skin type, modality or setting does
        not exist.
    """
    selection = Selection(
        period=period,
        clinic=tuple(clinic),
        operator=tuple(operator),
        skin_type=tuple(skin_type),
        device=tuple(device),
        needle=needle,
        sessions=sessions,
        modality=tuple(modality),
        setting=tuple(setting),
    )
    _check_selection(selection)
    root = find_project() if project is None else project
    declared = read_source(root, source)
    day = find_as_of(declared, as_of)
    vocabulary = declared.read_vocabulary()
    scales = declared.find_scales(vocabulary)
    data_hash = hash_data(declared, day)
    folder = root / CACHE / source / _hash([data_hash.encode(), *_read_code()])
    kept = _read_kept(folder)
    if kept is None:
        _build(folder, declared, vocabulary, day, data_hash, tell or _keep_silent)
        kept = _read_kept(folder)
    if kept is None:
        raise SourceError(f"The cohort cannot be kept in {CACHE}/: remove that folder, then retry.")
    mark_used(folder)
    origin = Origin(
        source=declared.name,
        title=declared.title,
        synthetic=declared.synthetic,
        as_of=day.isoformat(),
        data_until=kept["data_until"],
        data_hash=data_hash,
        selection=selection.describe(),
        vocabulary=replace(vocabulary, scales=MappingProxyType({**vocabulary.scales, **scales})),
        stays_internal=bool(selection.operator),
    )
    return Cohort(
        origin,
        Account(**kept["rows"]),
        selection,
        scales,
        declared.primary_scale,
        tuple(
            dict.fromkeys(
                name
                for layout in declared.every_layout
                for name in (*layout.log_names, *layout.every_file)
            )
        ),
        folder,
    )


def _check_selection(selection: Selection) -> None:
    """Raise for what cannot be read, before any file is."""
    _days, _types = selection.days, selection.skin_types
    for name, possible in (("modality", MODALITIES), ("setting", SETTINGS)):
        for value in getattr(selection, name):
            if value not in possible:
                raise UsageError.for_unknown(name, value, possible)
    for name, what in (("needle", "needle length"), ("sessions", "number of sessions")):
        if getattr(selection, name):
            parse_span(getattr(selection, name), what)


def find_as_of(source: Source, as_of: str) -> date:
    """Return the day a log is read at: the one given, else ``extracted_on`` of the source."""
    if not as_of:
        if source.extracted_on is None:
            raise SourceError(
                f"No day is known at which the log of {source.name!r} was extracted: "
                f"give as_of, or write extracted_on in data/{source.name}/{SETTINGS_FILE}."
            )
        return source.extracted_on
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        raise UsageError(f"as_of is {as_of!r}; write an ISO day such as 2026-06-30.") from None


def hash_data(source: Source, as_of: date) -> str:
    """Return the hash of what goes in: log, ``source.toml``, corrections, vocabularies, as_of.

    The log of a database is its rows as they are now, so they are read each time.
    """
    parts = [as_of.isoformat().encode(), read_corrections(source).to_csv(index=False).encode()]
    for name in (SETTINGS_FILE, VOCABULARY_FILE, *source.every_file):
        parts += [name.encode(), _hash_file(source.folder / name)]
    parts += hash_queries(source)
    parts += [path.read_bytes() for path in sorted(_CODE[1].glob("*.toml"))]
    return _hash(parts)


def _hash_file(path: Path) -> bytes:
    """Return the digest of a file, read piece by piece; empty where there is none."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _read_code() -> list[bytes]:
    return [path.read_bytes() for folder in _CODE for path in sorted(folder.rglob("*.py"))]


def _hash(parts: Iterable[bytes]) -> str:
    """Return the first 16 hex digits of a hash in which the parts cannot run into each other."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()[:16]


def _read_kept(folder: Path) -> dict[str, Any] | None:
    """Return what is kept beside the tables; None when the folder is not there or not whole."""
    try:
        kept = json.loads((folder / ACCOUNT).read_text(encoding="utf-8"))
        sizes = {name: (folder / f"{name}.parquet").stat().st_size for name in COLUMNS}
        return dict(kept) if kept["sizes"] == sizes else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep_silent(step: str) -> None:
    """Tell nobody."""


def _build(
    folder: Path,
    source: Source,
    vocabulary: Vocabulary,
    as_of: date,
    data_hash: str,
    tell: Callable[[str], None],
) -> None:
    """Write the tables aside and rename the folder; of two builders at once, the first one
    stays. Nothing is kept of a database whose rows are no longer those of ``data_hash``."""
    try:
        folder.parent.parent.mkdir(mode=0o700, exist_ok=True)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=BUILDING, dir=folder.parent))
    except OSError as problem:
        reason = (problem.strerror or "unwritable").lower()
        raise SourceError(f"The cohort cannot be kept in {CACHE}/ ({reason}).") from None
    try:
        with open_engine(aside) as engine:
            _write_tables(engine, aside, source, vocabulary, as_of, tell)
        if source.reads_database and hash_data(source, as_of) != data_hash:
            raise SourceError(
                f"The rows of {source.name!r} changed while they were read: run it again, and "
                "leave out of a query what is different each time it is asked."
            )
        if _read_kept(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
        # of two builders at once the first one stays; the other's rename fails
        with suppress(OSError):
            os.replace(aside, folder)
        remove_older(folder)
    except OSError as problem:
        reason = (problem.strerror or "unwritable").lower()
        raise SourceError(f"The cohort cannot be kept in {CACHE}/ ({reason}).") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_tables(
    engine: Engine,
    folder: Path,
    source: Source,
    vocabulary: Vocabulary,
    as_of: date,
    tell: Callable[[str], None],
) -> None:
    tell(f"reading the log of {source.name!r}")
    log, stale = apply_corrections(engine, read_log(engine, source), read_corrections(source))
    log = spread_wide(engine, log, source)
    tell("reading its cells")
    cleaned = clean_log(engine, log, source, vocabulary, as_of)
    tell(f"building sessions and courses of {cleaned.account.used:,} rows")
    tables = derive_tables(engine, cleaned, source, vocabulary, as_of)
    tell("writing the cohort")
    for name, table in tables.items():
        if name == "problems" and len(stale):
            types = {key: "int64" if key == "line" else "string" for key in COLUMNS[name]}
            table = table.union(make_table(stale, types))
        check_rows(name, table)
        engine.connection.to_parquet(table, folder / f"{name}.parquet")
    last = tables["sessions"].date.max().execute()
    kept: dict[str, Any] = {
        "rows": asdict(cleaned.account),
        "data_until": "" if pd.isna(last) else f"{pd.Timestamp(last):%Y-%m}",
        "sizes": {name: (folder / f"{name}.parquet").stat().st_size for name in COLUMNS},
    }
    (folder / ACCOUNT).write_text(json.dumps(kept), encoding="utf-8")
