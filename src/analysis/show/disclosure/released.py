"""What an audience may see: :func:`release` makes it, once per page."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, replace
from typing import Any, Final

import pandas as pd

from analysis.errors import UsageError
from analysis.estimates import (
    MIME_TYPE,
    THRESHOLD_PROFILES,
    Origin,
    check_estimates,
    to_records,
)
from analysis.show.disclosure.claim_links import blank_overlap, hide_claims
from analysis.show.disclosure.hiding import hide_linked
from analysis.show.disclosure.page import Number
from analysis.show.disclosure.rounding import round_counts
from analysis.show.disclosure.rows import (
    EVERYTHING,
    METHOD_ELSEWHERE,
    NOTHING,
    PROTOCOL,
    WITHOUT_SIZES,
    Hiding,
    Row,
    hide_derived,
    hide_pairs_of_few,
    hide_rows_of_few,
    hide_what_levels_had,
    iterate_rows,
    judge_row,
)
from analysis.show.disclosure.trend_links import hide_limits

SHAREABLE: Final = "shareable"
INTERNAL: Final = "internal"
AUDIENCES: Final = (SHAREABLE, INTERNAL)

NOT_YET_DUE: Final = "not yet due"
"""The fate of a course that is not closed."""
_SEAL: Final = object()


@dataclass(frozen=True, eq=False)
class Released:
    """Estimates that an audience may see; made by :func:`release` only.

    ``frame`` has the columns of the estimates frame and ``shown_as``: the words that stand in
    place of a suppressed number, empty for all others. Suppressed numbers are missing in it.
    """

    frame: pd.DataFrame
    audience: str
    threshold: int
    """Smallest number of patients a shown number rests on; 0 where nothing is hidden."""
    origin: Origin
    status: str
    """``done``, or ``empty`` when no number rests on any patient, or when the page is about one
    concern and none of its courses is closed."""
    is_whole: bool = True
    """False for a part made by :meth:`keep`; the page's numbers are collected from the whole."""
    seal: InitVar[object] = None
    """Keeps frames that were not released from being passed off as such."""

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("Released is made by release(estimates, origin), not by hand.")

    def keep(self, **columns: Any) -> "Released":
        """Return only the rows whose columns have these values; a value may be a list.

        Raises
        ------
        UsageError
            For a column that estimates do not have.
        """
        kept = pd.Series(data=True, index=self.frame.index)
        for name, wanted in columns.items():
            if name not in self.frame.columns:
                raise UsageError.for_unknown("column of estimates", name, self.frame.columns)
            several = isinstance(wanted, list | tuple | set | frozenset)
            kept &= self.frame[name].isin([*wanted] if several else [wanted])
        part = self.frame[kept].reset_index(drop=True)
        return replace(self, frame=part, is_whole=False, seal=_SEAL)

    @property
    def profile(self) -> str:
        """The threshold profile by which it was released; empty where nothing is hidden."""
        return self.origin.threshold_profile if self.threshold else ""

    @property
    def subject(self) -> str:
        """The name of the concern the page is about, empty if it is about several."""
        concern = _find_concern(self.frame)
        concerns = self.origin.vocabulary.concerns
        return concerns[concern].name if concern in concerns else concern.replace("_", " ")

    def __repr__(self) -> str:
        hidden = int((self.frame["status"] == "suppressed").sum())
        shown = len(self.frame) - hidden
        numbers = f"{shown} number{'' if shown == 1 else 's'} released"
        if not self.threshold:
            return f"{numbers} for internal use, nothing suppressed"
        return f"{numbers} for sharing, {hidden} suppressed (threshold {self.threshold})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if self.is_whole:
            bundle[MIME_TYPE] = {
                "status": self.status,
                "audience": self.audience,
                "threshold": self.threshold,
                "threshold_profile": self.profile,
                "subject": self.subject,
                "origin": _describe_origin(self.origin),
                "estimates": to_records(self.frame),
            }
        return bundle


def require_released(released: object) -> Released:
    """Return what was given, or raise TypeError: unreleased numbers are never shown."""
    if isinstance(released, Released):
        return released
    raise TypeError(
        f"Only released estimates can be shown, not a {type(released).__name__}: "
        "pass what release(estimates, origin) returned."
    )


def release(estimates: pd.DataFrame, origin: Origin, *, audience: str = SHAREABLE) -> Released:
    """Return the estimates of a page as this audience may see them.

    Call it once per page and with all its estimates: a number is safe or not only beside the
    others. For ``shareable`` the numbers that rest on too few patients are suppressed, by the
    threshold profile of the source; for ``internal`` nothing is hidden. Rows keep their order; an
    upper bound that would tell a hidden zero is left out.

    Raises
    ------
    UsageError
        For an audience that does not exist, or a choice that may be shown internally only.
    """
    if audience not in AUDIENCES:
        raise UsageError.for_unknown("audience", audience, AUDIENCES)
    if audience == SHAREABLE and origin.stays_internal:
        raise UsageError(
            "The choice of an operator is for internal pages only: leave it out, or ask for the "
            "audience internal."
        )
    frame = check_estimates(estimates)
    status = _find_status(frame)
    profile = THRESHOLD_PROFILES[origin.threshold_profile]
    threshold = profile.threshold if audience == SHAREABLE else 0
    rows = [Row(**row) for row in iterate_rows(frame)]
    alone = hide_rows_of_few(rows, [judge_row(row, threshold) for row in rows])
    alone = hide_pairs_of_few(rows, alone)
    effects = origin.vocabulary.side_effects
    classes = {key: each.severity_class for key, each in effects.items()}
    linked = hide_linked(rows, alone, threshold, classes)
    hiding = hide_what_levels_had(rows, hide_derived(rows, linked))
    hiding = hide_limits(rows, hiding)
    hiding = hide_claims(rows, hiding, threshold)
    shown = blank_hidden(frame, rows, hiding, is_shared=bool(threshold))
    return Released(
        frame=round_counts(shown, profile.multiple)
        if threshold and profile.multiple > 1
        else shown,
        audience=audience,
        threshold=threshold,
        origin=origin,
        status=status,
        seal=_SEAL,
    )


def _find_status(frame: pd.DataFrame) -> str:
    people = frame[["patients_count", "patients_total"]].max().max()
    if pd.isna(people) or not people:
        return "empty"
    closed = (frame["statistic"] == "fate") & (frame["level"] != NOT_YET_DUE)
    is_of_one = bool(_find_concern(frame)) and bool(closed.any())
    return "empty" if is_of_one and not frame.loc[closed, "count"].sum() else "done"


def _find_concern(frame: pd.DataFrame) -> str:
    """Return the concern of a page that counts the patients of one concern only."""
    concerns = frame.loc[frame["statistic"] == "patients", "concern"].unique()
    return str(concerns[0]) if len(concerns) == 1 else ""


def _describe_origin(origin: Origin) -> dict[str, Any]:
    names = (
        *("source", "title", "synthetic", "as_of", "data_until", "data_hash"),
        *("selection", "index_modality"),
    )
    return {name: getattr(origin, name) for name in names} | {
        "vocabulary_reviewed": origin.vocabulary.is_reviewed
    }


def blank_hidden(
    frame: pd.DataFrame, rows: Sequence[Row], hiding: Sequence[Hiding], *, is_shared: bool
) -> pd.DataFrame:
    """Return the frame with ``shown_as``, and nothing of what is hidden."""
    released = frame.copy()
    released["shown_as"] = pd.Series([each.shown_as for each in hiding], index=frame.index).astype(
        "str"
    )
    extent = pd.Series([each.extent for each in hiding], index=frame.index, dtype="int64")
    hidden, wholly = extent > NOTHING, extent == EVERYTHING
    # A median says nothing of how many it rests on, so it may stay where only that is given up.
    is_given_up = pd.Series([not each.secret for each in hiding], index=frame.index)
    is_median = wholly & is_given_up & (released["method"] == "median")
    for name in ("count", "patients_count"):
        released.loc[hidden, name] = pd.NA
    for name in ("value", "low", "high", "confidence", "se", "df"):
        released.loc[hidden & ~is_median, name] = float("nan")
    for name in ("total", "patients_total"):
        released.loc[wholly, name] = pd.NA
    # A note, or a method used at the ends only, may tell what the number was.
    released.loc[hidden & ~is_median, "note"] = ""
    released.loc[hidden, "method"] = released.loc[hidden, "method"].replace(METHOD_ELSEWHERE)
    # a model is fitted where enough have the outcome and enough have not
    at_visit = released["statistic"] == "responders at visit"
    released.loc[hidden & at_visit, "method"] = "gee_responders"
    released.loc[hidden & ~is_median, "status"] = "suppressed"
    released.loc[is_median, "shown_as"] = ""

    # The patients behind sessions are the count of the row on patients.
    secret = {_get_twin(row) for row, gone in zip(rows, hidden, strict=True) if gone}
    twins = [row.unit in ("sessions", "events") and _get_twin(row) in secret for row in rows]
    released.loc[twins, "patients_count"] = pd.NA

    # An upper bound exists only where nobody had the event.
    if is_shared:
        _blank_patients_of_courses(released)
        blank_overlap(released)
        _blank_patients_of_sessions(released)
        without = released["statistic"].isin(WITHOUT_SIZES)
        for name in ("count", "total", "patients_count", "patients_total"):
            released.loc[without, name] = pd.NA
        released.loc[without, ["se", "df"]] = float("nan")
    kept = ~(wholly & (released["statistic"] == "upper bound"))
    return released[kept].reset_index(drop=True)


def _blank_patients_of_courses(released: pd.DataFrame) -> None:
    """Leave out what tells how many patients have several courses, or came to any visit.

    No row of the page is about them, so they are beyond the sums that were checked; degrees of
    freedom tell them, and so does a standard error beside its interval.
    """
    several = (released["unit"] == "courses") & (
        (released["total"] != released["patients_total"])
        | (released["count"] != released["patients_count"])
    ).fillna(False).astype(bool)
    for name in ("patients_count", "patients_total"):
        released.loc[several, name] = pd.NA
    modelled = several | (released["method"] == "gee_responders")
    for name in ("se", "df"):
        released.loc[modelled, name] = float("nan")


def _blank_patients_of_sessions(released: pd.DataFrame) -> None:
    """Leave out how many patients had sessions of one kind: of two kinds with 50 and 23 of 70
    patients, three had both."""
    kinds = (released["unit"] == "sessions") & (released["question"] == PROTOCOL)
    released.loc[kinds, "patients_count"] = pd.NA
    for name in ("se", "df"):
        released.loc[kinds, name] = float("nan")


def _get_twin(row: Row) -> Number:
    return (
        *(row.source, row.question, row.concern, row.term, row.period),
        *(row.by, row.level, row.by2, row.level2),
    )
