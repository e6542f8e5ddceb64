"""Brings what stands in rows without a session to the sessions of their record.

An export of REDCap has one row for each event and instance of a record. Some hold a session, with
its day. Others hold what is known of the person, or a score taken at a visit of its own; they have
no day of a session and are called base rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeAlias

import pandas as pd

from analysis.intake.sources.log import name_texts
from analysis.intake.sources.settings import Layout
from analysis.vocabulary import PROTOCOL

Problem: TypeAlias = dict[str, Any]

EVENT: Final = "redcap_event_name"
INSTRUMENT: Final = "redcap_repeat_instrument"
INSTANCE: Final = "redcap_repeat_instance"
_OF_THE_PERSON: Final = ("patient", "birth_date", "age", "sex", "skin_type")
_OF_A_SESSION: Final = (
    *("status", "pain", "passes", "minutes", "endpoint", "isotretinoin_months"),
    *("side_effects", "severity", "serious", "resolved", "action", "stopped"),
)
"""Roles that say what happened on one day: no other day's row may take them over."""
_OF_A_SCORE: Final = ("scale", "score_before", "score_after", "score_after_date", "rater")
_KEYS: Final = (
    *("patient", "date", "status", "concern", "area", "side", "clinic", "modality", "setting"),
)
"""Roles that make a row one of a session."""
_NO_SESSION: Final = "cell_without_session"
_NO_SESSION_OF_SCORE: Final = "score_without_session"
_DATED: Final = "score_dated_by_session"


def join_records(
    headers: Sequence[str], rows: pd.DataFrame, layout: Layout
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the rows, and the cells of base rows that could not be used.

    A base row is one of an event and an instrument that have no day of a session in any record.
    What it says of the person fills the blank cells of its record. What else it says reaches the
    record's sessions only if sessions never say it themselves, and never if it is about one day.
    A base row with a score becomes a row of a session: the last one up to the day of the score. A
    score before the first session belongs to that one and counts on its day, if it is a baseline by
    its age; so does one without a day of its own that stands above all sessions of its record. The
    record is the first column.
    """
    names = dict(zip(reversed(headers), reversed(name_texts(headers)), strict=True))
    if not {EVENT, INSTRUMENT, INSTANCE} & names.keys() or any(
        header not in names for _role, header in layout.headers
    ):
        return rows, []
    given, blank = rows, pd.Series("", index=rows.index)
    event, instrument, instance = (
        given[names[each]].str.strip() if each in names else blank
        for each in (EVENT, INSTRUMENT, INSTANCE)
    )
    # which instance it is does not matter, only whether it is one
    kind = event + "\n" + instrument + (instance != "").map({True: "\n1", False: ""})
    has_day = given[names[layout.columns["date"]]].str.strip() != ""
    record = given["c0"].str.strip()
    is_base = ~kind.isin(kind[has_day]) & (record != "") & (given["kind"] == "")
    if not has_day.any() or not is_base.any():
        return rows, []
    joiner = _Joiner(given, layout, names, record, is_base)
    joiner.fill_person()
    joiner.fill_constants()
    joiner.place_scores()
    return joiner.rows, joiner.problems


class _Joiner:
    """Holds the rows while one kind of cell after the other is brought to the sessions."""

    def __init__(
        self,
        given: pd.DataFrame,
        layout: Layout,
        names: Mapping[str, str],
        record: pd.Series,
        is_base: pd.Series,
    ) -> None:
        self.given = given
        self.record = record
        self.is_base = is_base
        self.rows = given.assign(kind=given["kind"].where(~is_base, "base"))
        self.headers = {names[header]: header for _role, header in layout.headers}
        self.roles = {role: names[header] for role, header in layout.columns.items()}
        self.scores = [self.roles[role] for role in _OF_A_SCORE[1:3] if role in self.roles]
        self.scores += [names[header] for header in layout.scores.values()]
        self.has_session = record.isin(record[~is_base])
        self.problems: list[Problem] = []

    def fill_person(self) -> None:
        """Write what a base row says of the person into the blank cells of its record."""
        for text in self._list_texts(_OF_THE_PERSON):
            self._spread(text, self.rows[text] == "")
            self._list_unused(text)

    def fill_constants(self) -> None:
        """Write what only base rows say into the sessions of their record; list what sessions say
        too, or what is about one day."""
        others = [role for role in self.roles if role not in (*_OF_THE_PERSON, *_OF_A_SCORE)]
        for text in self._list_texts(others):
            is_said = (self.given.loc[~self.is_base, text] != "").any()
            is_of_a_day = text in self._list_texts(_OF_A_SESSION)
            if not is_said and not is_of_a_day:
                self._spread(text, ~self.is_base)
            self._list_unused(text)

    def _list_texts(self, roles: Iterable[str]) -> list[str]:
        return [self.roles[role] for role in roles if role in self.roles]

    def _spread(self, text: str, where: pd.Series) -> None:
        filled = self.given.loc[self.is_base & (self.given[text].str.strip() != "")]
        first = filled.set_index(self.record[filled.index])[text]
        told = self.record.map(first[~first.index.duplicated()].to_dict()).astype("str").fillna("")
        self.rows[text] = self.rows[text].where(~where, told).astype("str")

    def _list_unused(self, text: str) -> None:
        """List the base cells whose text no row of a session of their record has."""
        said = {*zip(self.record[~self.is_base], self.rows.loc[~self.is_base, text], strict=True)}
        where = self.is_base & self.has_session & (self.given[text].str.strip() != "")
        cells = zip(self.record[where], self.given.loc[where, text], strict=True)
        for place, cell in zip(self.given.index[where], cells, strict=True):
            if cell not in said:
                self._list(place, text, _NO_SESSION, "cell blanked")

    def _list(self, place: int, text: str, rule: str, consequence: str) -> None:
        self.problems.append(
            {"line": self.given.at[place, "line"], "column": self.headers[text], "rule": rule}
            | {"consequence": consequence, "suggestion": _HINTS.get(rule)}
        )

    # --- scores -------------------------------------------------------------------------------

    def place_scores(self) -> None:
        """Make rows of sessions of the base rows that hold a score."""
        if not self.scores:
            return
        has_score = (self.given[self.scores].map(str.strip) != "").any(axis=1)
        sessions = self._list_sessions()
        for place in self.given.index[self.is_base & has_score]:
            self._place_score(place, sessions.get(str(self.record.at[place]), []))

    def _list_sessions(self) -> dict[str, list[tuple[str, int]]]:
        """Return record → day and place of its sessions, by day; REDCap writes days as ISO days."""
        days = self.given[self.roles["date"]].str.strip().str[:10]
        where = ~self.is_base & days.map(_is_day)
        found: dict[str, list[tuple[str, int]]] = {}
        rows = zip(self.record[where], days[where], self.given.index[where], strict=True)
        for record, day, place in rows:
            found.setdefault(record, []).append((day, place))
        return {record: sorted(each) for record, each in found.items()}

    def _place_score(self, place: int, sessions: list[tuple[str, int]]) -> None:
        day = self._read(place, "score_after_date")[:10]
        has_before, has_after = (
            self._read(place, role) != "" for role in ("score_before", "score_after")
        )
        if not sessions or (day and not _is_day(day)):
            self._refuse_scores(place, _NO_SESSION_OF_SCORE)
            return
        first, target = sessions[0]
        if not day and place > min(each for _day, each in sessions):
            self._refuse_scores(place, "score_without_date")
            return
        if day >= first and not (has_before and has_after):
            last, target = [each for each in sessions if each[0] <= day][-1]
            if has_before and last != day:
                self._refuse_scores(place, _NO_SESSION_OF_SCORE)
                return
        elif not day or (not has_after and _is_baseline(day, first)):
            if day:
                self.rows.at[place, self.roles["score_after_date"]] = ""
            for text in self._list_scores(place):
                if text != self.roles.get("score_after"):
                    self._list(place, text, _DATED, "repaired" if day else "noted")
        elif has_before and not has_after:
            self._refuse_scores(place, _NO_SESSION_OF_SCORE)
            return
        self.rows.at[place, "kind"] = ""
        for text in self._list_texts(_KEYS):
            if not str(self.rows.at[place, text]).strip():
                self.rows.at[place, text] = str(self.rows.at[target, text])

    def _read(self, place: int, role: str) -> str:
        """Return a cell of a row as it was; empty where no column has the role."""
        return str(self.given.at[place, self.roles[role]]).strip() if role in self.roles else ""

    def _list_scores(self, place: int) -> Iterator[str]:
        yield from (text for text in self.scores if str(self.given.at[place, text]).strip())

    def _refuse_scores(self, place: int, rule: str) -> None:
        for text in self._list_scores(place):
            self._list(place, text, rule, "cell blanked")


_HINTS: Final = {
    _NO_SESSION: "write it into the row of a session",
    _NO_SESSION_OF_SCORE: "give the record a session, and the score an existing day",
    "score_without_date": "map the day of the scores as score_after_date",
    _DATED: "the score counts on the day of the first session",
}


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_baseline(day: str, first: str) -> bool:
    age = date.fromisoformat(first) - date.fromisoformat(day)
    return 0 <= age.days <= PROTOCOL["baseline_window"].whole
