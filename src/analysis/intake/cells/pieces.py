"""The pieces of a clause about side effects: what each says of its terms, and of the next ones."""

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from analysis.intake.cells.phrases import (
    AFFIRMED,
    ALSO_MARKS,
    BETTER,
    GOES_ON,
    HISTORY,
    HISTORY_AFTER,
    NEGATION,
    NEGATION_AFTER,
    NEGATION_BETWEEN,
    NOT_ASKED,
    OR_MARKS,
    PARTLY,
    RESOLVED,
    STILL_THERE,
    UNCERTAIN,
    mask,
    read_hours,
    read_severity,
)
from analysis.intake.cells.spelling import Spellings

Verdict = Literal["", "denied", "history", "not asked", "uncertain", "unclear"]
"""What the words around a term say of it; empty is "it happened"."""


@dataclass
class Piece:
    """What stands between two marks of division, read on its own."""

    mark: str
    """The mark before it that says most: "or" before "and" before a comma."""
    around: str
    """The text with its terms blanked out; lengths stay, so that places can be looked at."""
    found: list[re.Match[str]]
    severity: int | None
    hours: float | None
    resolved: bool | None
    scope: Verdict
    """What its own words say that may reach over to the next piece."""
    is_denied: bool
    """A word behind its last term denies it."""
    inherited: Verdict = ""
    """What a neighbour says of it."""

    @classmethod
    def read(cls, mark: str, text: str, spellings: Spellings) -> "Piece":
        """Return the piece that a text makes."""
        found = [*spellings.pattern.finditer(text)]
        around = mask(spellings.pattern, text)
        is_there = STILL_THERE.search(around) is not None
        goes_on = is_there or GOES_ON.search(around) is not None
        around = mask(STILL_THERE, around)
        ended = RESOLVED.search(around) is not None
        hours = read_hours(around, goes_on, ended or BETTER.search(around) is not None)
        ended = ended or (hours is not None and BETTER.search(around) is not None)
        ahead = around[: found[-1].start()] if found else mask(RESOLVED, around)
        is_denied = bool(found and NEGATION_AFTER.fullmatch(around[found[-1].end() :]))
        return cls(
            mark,
            around,
            found,
            read_severity(around),
            hours,
            False if is_there else True if ended else None,
            _find_scope(ahead),
            is_denied,
        )

    @property
    def is_bare(self) -> bool:
        """Whether nothing but its neighbours can say what becomes of its terms."""
        ahead = self.around[: self.found[0].start()] if self.found else ""
        is_open = bool(self.found) and not self.scope and not self.is_denied and not self.inherited
        has_time = self.hours is not None and self.mark not in OR_MARKS
        is_open = is_open and self.severity is None and not has_time
        return is_open and not AFFIRMED.search(ahead)

    def _is_label(self, said: re.Match[str] | None, place: int) -> bool:
        """Return whether "no" stands between a label and a term that is none itself: "redness: no
        swelling" denies the one or the other, "redness: no swelling: yes" the first."""
        if said is None or not said["label"]:
            return False
        return re.match(r"\s*[:=]", self.around[self.found[place].end() :]) is None

    def judge(self, place: int) -> Verdict:
        """Return what the words around one of its terms say of it."""
        match, term = self.found[place], self.found[place][0]
        start = self.found[place - 1].end() if place else 0
        is_last = place + 1 == len(self.found)
        end = len(self.around) if is_last else self.found[place + 1].start()
        ahead, before = self.around[: match.start()], self.around[start : match.start()]
        after = self.around[match.end() : end]
        said_before = NEGATION_BETWEEN.match(before) if place else None
        said_after = None if is_last else NEGATION_BETWEEN.match(after)
        if self._is_label(said_before, place) or self._is_label(said_after, place + 1):
            return "unclear"
        if said_before:
            ahead = before = before[said_before.end() :]
        if UNCERTAIN.search(ahead):
            return "uncertain"
        if NOT_ASKED.search(ahead):
            return "not asked"
        if (self.is_denied and is_last) or said_after:
            return "denied"
        is_better = BETTER.search(self.around) and self.hours is None
        if HISTORY.search(ahead) or HISTORY_AFTER.search(after) or is_better:
            return "history"
        if negations := [*NEGATION.finditer(before)]:
            if AFFIRMED.search(before[negations[-1].end() :]):
                return ""
            return "unclear" if PARTLY.search(before) else "denied"
        if NEGATION.search(ahead):
            is_same = term in (each[0] for each in self.found[:place])
            is_seen = AFFIRMED.search(before) or read_severity(before) is not None
            return "denied" if is_same else "" if is_seen else "unclear"
        return self.inherited


def _find_scope(ahead: str) -> Verdict:
    if NOT_ASKED.search(ahead):
        return "not asked"
    if HISTORY.search(ahead):
        return "history"
    negations = [*NEGATION.finditer(ahead)]
    if not negations or AFFIRMED.search(ahead[negations[-1].end() :]):
        return ""
    return "denied"


def share_backwards(pieces: list[Piece]) -> None:
    """Let what stands behind the last term of a list count for the whole list: a duration behind
    "redness and swelling", and the "none" of "redness/swelling: none"."""
    for at in range(len(pieces) - 1, 0, -1):
        last = pieces[at]
        is_number = re.search(r"\b(?:0|zero)\b", last.around)
        shares_time = last.hours is not None and not last.scope and not last.is_denied
        shares_denial = last.is_denied and not last.scope and not is_number
        if not last.found or not (shares_time or shares_denial):
            continue
        joining = {*ALSO_MARKS, "/", "+"} | (OR_MARKS if shares_denial else set())
        is_joined = False
        for before in range(at - 1, -1, -1):
            mark, piece = pieces[before + 1].mark, pieces[before]
            is_joined = is_joined or mark in joining
            is_free = piece.found and not piece.scope and not piece.is_denied
            if not is_free or not is_joined or mark not in (*joining, ",") or piece.hours:
                break
            if shares_time:
                piece.hours = last.hours
                piece.resolved = last.resolved if piece.resolved is None else piece.resolved
            elif piece.severity is None:
                piece.inherited = "unclear" if mark == "," else "denied"


def reach(pieces: list[Piece]) -> None:
    """Decide over which of the next pieces a negation or a word of history reaches."""
    scope: Verdict = ""
    has_events = names_events = False
    for at, piece in enumerate(pieces):
        if piece.scope:
            scope, has_events = piece.scope, names_events
        elif piece.is_bare and scope:
            piece.inherited = _judge_bare(pieces[at:], scope, has_events)
            scope = scope if piece.inherited else ""
        elif piece.found and not piece.is_denied and not piece.inherited:
            scope = ""
        verdicts = [piece.judge(place) for place in range(len(piece.found))]
        names_events = names_events or "" in verdicts


def _judge_bare(pieces: list[Piece], scope: Verdict, has_events: bool) -> Verdict:
    """Return what a scope makes of the first of these pieces, which says nothing of its own.

    "Or" and "nor" carry a scope to the end of their list. "And" carries history, but not a denial:
    "no PIH, redness and swelling" may deny one or three.
    """
    run = [*takewhile(lambda piece: piece is pieces[0] or piece.is_bare, pieces)]
    if any(piece.mark in OR_MARKS for piece in run):
        return scope
    is_joined = any(piece.mark in ALSO_MARKS for piece in (run[:1] if has_events else run))
    if has_events:
        return "unclear" if is_joined else ""
    return scope if is_joined and scope != "denied" else "unclear"
