"""The tables a log becomes: every column with its type, unit, meaning and limits.

The data dictionary in ``data/README.md`` is written from here. Text is empty-free: what is not
known is missing (``<NA>``), never ``""`` or 0.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_
from typing import Any, Final, Literal, get_args

import ibis
import pandas as pd
import pandera.pandas as pa

from analysis.vocabulary import PROTOCOL

CONSEQUENCES: Final = ("row set aside", "cell blanked", "repaired", "noted")
RECORDED: Final = ("event", "none", "not recorded")
Modality = Literal[
    "microneedling", "rf_microneedling", "laser", "chemical_peel", "dermabrasion", "other"
]
MODALITIES: Final[tuple[str, ...]] = get_args(Modality)
INDEX_MODALITIES: Final = tuple(each for each in MODALITIES if each != "other")
"""What courses are of, one each; what is only known to be something else has no course."""
INDEX_MODALITY: Final = "microneedling"
"""What courses are of where a report asks for no other."""
Setting = Literal["clinic", "home"]
SETTINGS: Final[tuple[str, ...]] = get_args(Setting)
Rater = Literal["blinded", "investigator", "device", "patient"]
"""In the order of preference."""
RATERS: Final[tuple[str, ...]] = get_args(Rater)
SIDES: Final = ("left", "right", "both")
HALVES: Final = SIDES[:2]
FATES: Final = ("not yet due", "no baseline", "not seen again", "cannot respond", "analysed")
ALL_TERMS: Final = "*"


def _column(
    kind: Any, meaning: str, *checks: pa.Check, known: bool = False, unique: bool = False
) -> pa.Column:
    return pa.Column(
        kind, [*checks], nullable=not known, unique=unique, coerce=True, description=meaning
    )


def _text(meaning: str, *allowed: str, known: bool = False, unique: bool = False) -> pa.Column:
    checks = [pa.Check.isin(allowed)] if allowed else []
    return _column("str", meaning, *checks, known=known, unique=unique)


def _whole(meaning: str, low: int | None = None, high: int | None = None) -> pa.Column:
    return _column("Int64", meaning, *_limits(low, high))


def _real(meaning: str, low: float | None = None, high: float | None = None) -> pa.Column:
    return _column("float64", meaning, *_limits(low, high))


def _limits(low: float | None, high: float | None) -> list[pa.Check]:
    checks = [] if low is None else [pa.Check.ge(low)]
    return checks if high is None else [*checks, pa.Check.le(high)]


def _flag(meaning: str) -> pa.Column:
    return _column("boolean", meaning)


def _day(meaning: str, *, known: bool = False) -> pa.Column:
    return _column("datetime64[us]", meaning, known=known)


_PATIENT = "patient, as source/ID, unique across clinics"
_SESSION = "key of the session: patient, day, modality and setting"
_CONCERN = "key of the concern in the vocabulary"
_SCALE = "key of the scale in the vocabulary"

COLUMNS: Final[Mapping[str, Mapping[str, pa.Column]]] = {
    "patients": {
        "patient": _text(_PATIENT, known=True, unique=True),
        "sex": _text("sex as recorded", "female", "male", "other"),
        "age": _whole("age in years at the first session", 0, PROTOCOL["oldest_age"].whole),
        "skin_type": _whole("Fitzpatrick skin type; a range counts as its higher type", 1, 6),
        "skin_type_is_range": _flag("whether the skin type was written as a range"),
    },
    "sessions": {
        "session": _text(_SESSION, known=True, unique=True),
        "patient": _text(_PATIENT, known=True),
        "date": _day("day of the session", known=True),
        "clinic": _text("clinic as recorded"),
        "operator": _text("operator as recorded"),
        "setting": _text("where it was done", *SETTINGS, known=True),
        "modality": _text("what was done", *MODALITIES, known=True),
        "device": _text("device as recorded"),
        "device_serial": _text("serial number of the device as recorded"),
        "cartridge_lot": _text("lot of the needle cartridge as recorded"),
        "serum_lot": _text("lot of the serum as recorded"),
        "needle_shortest": _real("shortest needle length in mm", 0),
        "needle_longest": _real("longest needle length in mm", 0),
        "passes": _whole("passes over the skin", 1, PROTOCOL["passes_most"].whole),
        "minutes": _real("length of the session in minutes", 0),
        "anaesthetic": _text("numbing as recorded"),
        "adjunct": _text("what was put on or into the skin besides, as recorded"),
        "adjunct_side": _text(
            "side on which that was; only where a row of the session names one half", *SIDES
        ),
        "endpoint": _text("what was seen at the end of needling, as recorded"),
        "aftercare": _text("care afterwards, as recorded"),
        "pain": _real("pain during the session", 0, PROTOCOL["pain_most"].value),
        "isotretinoin_months": _real("months since isotretinoin; 0 is now", 0),
        "recorded": _text("whether side effects were recorded at all", *RECORDED, known=True),
    },
    "targets": {
        "session": _text(_SESSION, known=True),
        "concern": _text(_CONCERN, known=True),
        "is_primary": _flag("first concern named in its cell"),
        "subtype": _text("subtype where the spelling tells it"),
        "area": _text("body area as recorded; of several, all with a semicolon between them"),
        "side": _text("side; both where the session's rows name both", *SIDES),
    },
    "assessments": {
        "patient": _text(_PATIENT, known=True),
        "concern": _text(_CONCERN, known=True),
        "scale": _text(_SCALE, known=True),
        "date": _day("day of the score", known=True),
        "session": _text("session in whose row the score stands", known=True),
        "area": _text("body area as recorded in the row"),
        "side": _text("side as recorded in the row", *SIDES),
        "score": _column("float64", "score in the unit of its scale", known=True),
        "rater": _text("who scored", *RATERS, known=True),
    },
    "side_effects": {
        "session": _text(_SESSION, known=True),
        "patient": _text(_PATIENT, known=True),
        "term": _text(
            "key of the side effect; an expected reaction that lasts becomes its adverse term",
            known=True,
        ),
        "written_as": _text("key of the side effect before promotion", known=True),
        "severity": _whole("1 mild to 5 fatal; not CTCAE", 1, 5),
        "serious": _flag("whether it was serious (hospital, disability, danger to life)"),
        "hours": _real("how long it lasted, in hours", 0),
        "is_resolved": _flag("whether the log says that it has resolved"),
        "action": _text("what was done about it, as recorded"),
        "led_to_stopping": _flag("whether the treatment was stopped because of it"),
    },
    "recorded": {
        "session": _text(_SESSION, known=True),
        "patient": _text(_PATIENT, known=True),
        "term": _text(f"key of the side effect, or {ALL_TERMS} for all of them", known=True),
    },
    "screening": {
        "session": _text(_SESSION, known=True),
        "patient": _text(_PATIENT, known=True),
        "contraindication": _text(
            f"key of the contraindication, or {ALL_TERMS} where all were asked about", known=True
        ),
        "is_present": _column("boolean", "whether it was present at the session", known=True),
    },
    "courses": {
        "course": _text(
            "key of the course: patient, concern, modality, first day", known=True, unique=True
        ),
        "patient": _text(_PATIENT, known=True),
        "concern": _text(_CONCERN, known=True),
        "modality": _text("what its sessions are, in the clinic", *INDEX_MODALITIES, known=True),
        "is_first": _flag("first course of the patient for this concern and of this modality"),
        "first_date": _day("day of the first session", known=True),
        "last_date": _day("day of the last session", known=True),
        "sessions": _whole("number of sessions", 1),
        "longest_gap": _whole("longest gap between two sessions in days", 0),
        "shortest_gap": _whole("shortest gap between two sessions in days", 0),
        "needle_longest": _real("longest needle length used in the course, in mm", 0),
        "passes": _whole("most passes over the skin in a session", 1),
        "adjunct": _text("what was put on besides, as recorded; several where that changed"),
        "side": _text(
            "side that was needled; both where the sessions differ, missing where one does not "
            "tell",
            *SIDES,
        ),
        "adjunct_side": _text(
            "side on which that was put; missing where the sessions with it differ or one does "
            "not tell",
            *SIDES,
        ),
        "subtype": _text("subtype of the concern; several where the sessions differ"),
        "clinic": _text("clinic of the first session"),
        "operator": _text("operator of the first session"),
        "device": _text("device of the first session"),
        "other_procedure": _flag(
            "whether anything of another modality was done for the concern from the first session "
            "until the follow-up window is over"
        ),
        "closed_on": _day("first day on which the follow-up window is over", known=True),
        "is_closed": _flag("whether the follow-up window was over at as_of"),
    },
    "course_scores": {
        "course": _text("key of the course", known=True),
        "scale": _text(_SCALE, known=True),
        "rater": _text("rater of both scores; the preferred kind that has both", known=True),
        "baseline": _real("score at baseline"),
        "baseline_date": _day("day of the baseline"),
        "follow_up": _real("score at follow-up"),
        "follow_up_date": _day("day of the follow-up"),
        "follow_up_days": _whole("days from the last session to the follow-up", 0),
    },
    "problems": {
        "file": _text("file below the source's folder", known=True),
        "sheet": _text("sheet of a workbook"),
        "line": _whole("physical line, or row of a sheet", 1),
        "column": _text("header as written in the log; missing for a whole row"),
        "rule": _text("key of the rule", known=True),
        "consequence": _text("what was done about it", *CONSEQUENCES, known=True),
        "suggestion": _text("what would settle it"),
    },
}

LATER: Final[Mapping[str, tuple[str, ...]]] = {"sessions": ("adjunct_side",)}
"""Columns that canonical tables of before do not have; they are missing there."""


def has_columns(name: str, headers: Iterable[str]) -> bool:
    """Return whether the headers are the columns of a table, in any order and each once; those of
    :data:`LATER` may be left out."""
    found, declared = [*headers], COLUMNS[name]
    needed = {*declared} - {*LATER.get(name, ())}
    return len(found) == len({*found}) and needed <= {*found} <= {*declared}


def check_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the declared columns and types.

    Raises
    ------
    pandera.errors.SchemaErrors
        When a value breaks a declared limit; intake has then a defect, because every cell was
        range-checked before.
    """
    schema = pa.DataFrameSchema(dict(COLUMNS[name]), strict=True, ordered=True)
    return schema.validate(frame.reset_index(drop=True), lazy=True)


def check_rows(name: str, table: ibis.Table) -> None:
    """Assert that a table of the engine has the declared columns and that its values keep to the
    declared limits; intake has otherwise a defect, because every cell was range-checked before."""
    columns = COLUMNS[name]
    if [*table.columns] != [*columns]:
        raise AssertionError(f"{name} has other columns than declared")
    broken: dict[str, ibis.Value] = {}
    for key, item in columns.items():
        value = table[key]
        breaches = [] if item.nullable else [value.isnull().sum()]
        breaches += [(value.count() - value.nunique())] if item.unique else []
        breaches += [
            (~_keeps(value, check.statistics or {})).fill_null(False).sum() for check in item.checks
        ]
        broken |= {f"{key}, limit {n}": each for n, each in enumerate(breaches)}
    found = table.aggregate(**broken).execute().iloc[0] if broken else pd.Series(dtype="int64")
    if (found.fillna(0) > 0).any():
        raise AssertionError(f"{name} breaks its limits: {[*found.index[found.fillna(0) > 0]]}")


def _keeps(value: ibis.Value, limits: Mapping[str, Any]) -> ibis.Value:
    """Return whether a value keeps to the limits of one check."""
    tests = {"allowed_values": value.isin, "min_value": value.__ge__, "max_value": value.__le__}
    return reduce(and_, (tests[limit](given) for limit, given in limits.items()))


def describe_tables() -> str:
    """Return the data dictionary as Markdown, one table per table."""
    parts = []
    for name, columns in COLUMNS.items():
        rows = [
            f"| {column} | {name_type(item)} | {item.description} | {_describe_limits(item)} |"
            for column, item in columns.items()
        ]
        head = "| column | type | meaning | limits |\n| --- | --- | --- | --- |"
        parts.append("\n".join([f"### {name}", "", head, *rows]))
    return "\n\n".join(parts) + "\n"


def name_type(column: pa.Column) -> str:
    """Return the type of a column in words: text, number, whole number, yes/no or day."""
    kind = str(column.dtype).lower()
    names = {"int64": "whole number", "float64": "number", "boolean": "yes/no", "str": "text"}
    return next((word for key, word in names.items() if key in kind), "day")


def _describe_limits(column: pa.Column) -> str:
    words = [] if column.nullable else ["always there"]
    words += ["unique"] if column.unique else []
    for check in column.checks:
        statistics = check.statistics or {}
        if "allowed_values" in statistics:
            words.append("one of " + ", ".join(statistics["allowed_values"]))
        if "min_value" in statistics:
            words.append(f"from {statistics['min_value']}")
        if "max_value" in statistics:
            words.append(f"to {statistics['max_value']}")
    return "; ".join(words)
