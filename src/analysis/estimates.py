"""The estimates frame: the one shape of every number that leaves the estimating floor.

One row is one number with its numerator, denominator, interval, method and population. Tables,
figures, sentences, disclosure control and comparison work on this frame and on nothing else.

Text columns are empty (``""``) where they do not apply; numbers are missing (``<NA>``) where they
are not known. Shares are written from 0 to 1; ``events`` are per 100 sessions.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import pandas as pd
import pandera.pandas as pa

from analysis.vocabulary import METHODS, Vocabulary

MIME_TYPE: Final = "application/vnd.microneedling-outcomes.released+json"
"""Under this type a notebook emits its released estimates and ``render`` collects them."""
INTERNAL_MARK: Final = 'data-audience="internal"'
"""Stands in the HTML of whatever shows single patients; ``render`` refuses a shareable page with
it, by whatever way it came there."""

UNITS: Final = ("patients", "courses", "sessions", "events", "rows")
STATUSES: Final = ("shown", "suppressed", "not estimable", "too few")

_TEXT: Final = {
    "address": "stable key of the number: question/statistic and what it is about",
    "question": "which question of the report it answers",
    "statistic": "what is counted or measured",
    "concern": "key of the concern, empty for all together",
    "scale": "key of the scale",
    "term": "key of the side effect or contraindication",
    "by": "name of the grouping column, empty for the row over all",
    "level": "value of the grouping column",
    "by2": "second grouping column",
    "level2": "value of the second grouping column",
    "period": "calendar period, empty for all time",
    "unit": "what is counted: patients, courses, sessions, events or rows",
    "method": "key of the method in METHODS",
    "population": "who is in the denominator, in words",
    "status": "shown, suppressed, not estimable or too few",
    "note": "what the reader must know beside the number",
    "source": "name of the source",
}
_WHOLE: Final = {
    "count": "numerator",
    "total": "denominator",
    "patients_count": "distinct patients behind the numerator",
    "patients_total": "distinct patients behind the denominator",
}
_REAL: Final = {
    "value": "the estimate; shares from 0 to 1",
    "low": "lower limit of the interval",
    "high": "upper limit of the interval",
    "confidence": "confidence of the interval, missing where there is none",
    "se": "standard error",
    "df": "degrees of freedom",
}
COLUMNS: Final = (
    *("address", "question", "statistic", "concern", "scale", "term"),
    *("by", "level", "by2", "level2", "period", "unit"),
    *("count", "total", "patients_count", "patients_total"),
    *("value", "low", "high", "confidence", "se", "df"),
    *("method", "population", "status", "note", "source"),
)
MEANINGS: Final[Mapping[str, str]] = {name: (_TEXT | _WHOLE | _REAL)[name] for name in COLUMNS}
"""What each column holds, for the data dictionary."""

_ADDRESSED: Final = ("concern", "scale", "term", "period", "unit", "population")
_GROUPED: Final = (("by", "level"), ("by2", "level2"))


def _build_schema() -> pa.DataFrameSchema:
    text = {name: pa.Column(str, required=True) for name in _TEXT}
    text["address"] = pa.Column(str, unique=True)
    text["unit"] = pa.Column(str, pa.Check.isin(UNITS))
    text["status"] = pa.Column(str, pa.Check.isin(STATUSES))
    text["method"] = pa.Column(str, pa.Check.isin([*METHODS]))
    whole = {name: pa.Column("Int64", pa.Check.ge(0), nullable=True) for name in _WHOLE}
    real = {name: pa.Column(float, nullable=True) for name in _REAL}
    columns = text | whole | real

    def is_at_most(small: str, large: str) -> pa.Check:
        def holds(frame: pd.DataFrame) -> pd.Series:
            # a missing number is above nothing (NaN <= NaN is False, hence not "<=")
            return ~(frame[small] > frame[large]).fillna(False).astype(bool)

        return pa.Check(holds, error=f"{small} is above {large}")

    return pa.DataFrameSchema(
        {name: columns[name] for name in COLUMNS},
        checks=[
            is_at_most("patients_count", "patients_total"),
            is_at_most("low", "value"),
            is_at_most("value", "high"),
        ],
        strict=True,
        ordered=True,
    )


SCHEMA: Final = _build_schema()


@dataclass(frozen=True)
class ThresholdProfile:
    """A rule for small numbers on pages that are shared."""

    threshold: int
    """The smallest number of patients a shown number may rest on."""
    multiple: int = 1
    """What counts are rounded to, the nearest multiple of it."""
    rule: str = ""
    """Whose rule it is, as a page names it."""


THRESHOLD_PROFILES: Final[Mapping[str, ThresholdProfile]] = MappingProxyType(
    {
        "clinic": ThresholdProfile(5),
        "ohdsi": ThresholdProfile(5, rule="OHDSI"),
        # counts of seven and fewer go, all others are rounded
        "opensafely": ThresholdProfile(8, 5, "OpenSAFELY"),
        "acro": ThresholdProfile(10, rule="ACRO"),
        "cms": ThresholdProfile(11, rule="CMS"),
    }
)
"""The profiles a source may name in its ``source.toml``."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a page's estimates come from, as its header and provenance tell it."""

    source: str
    title: str
    synthetic: bool
    as_of: str
    """ISO date: what is later is the future."""
    data_until: str
    """Calendar month (``2026-06``) of the last session, empty for a log without sessions."""
    data_hash: str
    """Hash of the log, its ``source.toml``, corrections, vocabularies and ``as_of``."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The hash of each part of these, by its name, so that it can be said what changed."""
    selection: str
    """The period, clinics and so on that were asked for, in words; empty for everything."""
    vocabulary: Vocabulary
    stays_internal: bool = False
    """Whether the choice itself may not be shared, as when an operator was chosen."""
    index_modality: str = "microneedling"
    """What the sessions of a course are."""
    harm_modality: str = "microneedling"
    """What the sessions are whose side effects are counted; the same, unless one was chosen."""
    threshold_profile: str = "clinic"
    """By which of :data:`THRESHOLD_PROFILES` small numbers are hidden on a page that is shared."""


def make_address(row: Mapping[str, Any]) -> str:
    """Return the stable text key of a number, such as
    ``outcomes/responders?concern=acne_scars&scale=gb_qual&skin_type=IV&unit=patients``."""
    parts = [f"{name}={row[name]}" for name in _ADDRESSED[:4] if row.get(name)]
    parts += [f"{row[by]}={row[level]}" for by, level in _GROUPED if row.get(by)]
    parts += [f"{name}={row[name]}" for name in _ADDRESSED[4:] if row.get(name)]
    return f"{row['question']}/{row['statistic']}?{'&'.join(parts)}"


def make_estimates(rows: Iterable[Mapping[str, Any]], **shared: Any) -> pd.DataFrame:
    """Return the estimates frame of these rows.

    ``shared`` holds the columns that are the same in every row. Columns not given are empty or
    missing; ``status`` is ``shown`` unless said otherwise; for patients as the unit, the patients
    behind numerator and denominator are the numerator and denominator.
    """
    complete = []
    for given in rows:
        row = {**dict.fromkeys(_TEXT, ""), "status": "shown", **shared, **given}
        if row.get("unit") in ("patients", "courses"):
            row.setdefault("patients_count", row.get("count"))
            row.setdefault("patients_total", row.get("total"))
        row["address"] = make_address(row)
        complete.append(row)
    return check_estimates(_set_types(pd.DataFrame(complete).reindex(columns=[*COLUMNS])))


def _set_types(frame: pd.DataFrame) -> pd.DataFrame:
    types = dict.fromkeys(_TEXT, "str") | dict.fromkeys(_WHOLE, "Int64")
    typed = frame.astype(types | dict.fromkeys(_REAL, "float64"))
    return typed.reset_index(drop=True)


def check_estimates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame unchanged, or raise :class:`pandera.errors.SchemaError`."""
    return SCHEMA.validate(frame)


def bind_estimates(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return all rows below each other; an address may stand in one of the frames only."""
    return check_estimates(pd.concat(frames, ignore_index=True) if frames else make_estimates([]))


def compare_estimates(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return what moved from ``old`` to ``new``, one row per address and column.

    Columns: address, change (``new`` | ``gone`` | ``changed``), column, old, new. Numbers that
    agree to ten significant digits are the same.
    """
    before, after = old.set_index("address"), new.set_index("address")
    moved: list[dict[str, Any]] = []
    for address in after.index.difference(before.index, sort=False):
        moved.append({"address": address, "change": "new"})
    for address in before.index.difference(after.index, sort=False):
        moved.append({"address": address, "change": "gone"})
    for address in after.index.intersection(before.index, sort=False):
        for column in COLUMNS[1:]:
            left, right = (tidy(each.at[address, column]) for each in (before, after))
            if left != right:
                moved.append(
                    {
                        "address": address,
                        "change": "changed",
                        "column": column,
                        "old": left,
                        "new": right,
                    }
                )
    return pd.DataFrame(moved, columns=["address", "change", "column", "old", "new"])


def tidy(value: Any) -> Any:
    """Return a cell as JSON holds it: missing as None, numbers with ten significant digits."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float):
        return float(f"{value:.10g}")
    return value if isinstance(value, str) else int(value)


def to_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON holds them (see :func:`tidy`), columns in frame order."""
    return [
        {name: tidy(value) for name, value in zip(frame.columns, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def from_records(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the estimates frame that :func:`to_records` wrote."""
    frame = pd.DataFrame([*records]).reindex(columns=[*COLUMNS])
    return _set_types(frame.fillna(dict.fromkeys(_TEXT, "")))
