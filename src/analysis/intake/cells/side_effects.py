"""Reads side effects in free text, with negation, history, severity and duration."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from analysis.intake.cells.found import SENTINELS, Found, fold
from analysis.intake.cells.phrases import (
    ALSO_MARKS,
    BETTER,
    CLAUSE_END,
    GOES_ON,
    LABEL,
    NOT_APPLICABLE_WORDS,
    NOT_ASKED,
    NOT_RECORDED_WORDS,
    NOTHING,
    OR_MARKS,
    PIECE_END,
    YES_ALONE,
    has_unknown_words,
    mask,
    says_none,
    write_out,
)
from analysis.intake.cells.pieces import Piece, Verdict, reach, share_backwards
from analysis.intake.cells.spelling import Spellings
from analysis.intake.sources import Answers
from analysis.vocabulary import Vocabulary

_UNKNOWN: Final = Found(
    None,
    "unknown_side_effect",
    "noted",
    "name a side effect of the vocabulary, or add the spelling to vocabulary.toml",
)
OTHER: Final = "other"
"""The term of what is written and not in the vocabulary."""


@dataclass(frozen=True)
class Event:
    """One side effect read from a cell. Hours and severity are None where the text says neither."""

    term: str
    severity: int | None = None
    hours: float | None = None
    resolved: bool | None = None

    def join(self, later: "Event") -> "Event":
        """Return the event with what a later mention of it adds: the worse and the longer count."""
        return Event(
            self.term,
            max(filter(None, (self.severity, later.severity)), default=None),
            max(filter(None, (self.hours, later.hours)), default=None),
            self.resolved if later.resolved is None else later.resolved,
        )


@dataclass(frozen=True)
class SideEffectsCell:
    """What a side-effect cell says.

    ``recorded`` is ``event``, ``none`` (asked, none), or ``not recorded``; ``denied`` are the terms
    the text denies one by one ("no PIH"): for them alone, none is recorded.
    """

    recorded: Literal["event", "none", "not recorded"]
    events: tuple[Event, ...] = ()
    denied: tuple[str, ...] = ()
    problems: tuple[Found, ...] = ()


@dataclass(frozen=True)
class SideEffectSpellings(Spellings):
    """The spellings of all side effects."""

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "SideEffectSpellings":
        """Return the spellings of the side effects of a vocabulary."""
        return cls.spell(vocabulary.side_effects)

    def protect(self, text: str) -> str:
        """Return the text with every spelling that holds a mark of division replaced by one that
        holds none, so that it is not cut in two."""

        def plain(match: re.Match[str]) -> str:
            spelling = match[0]
            is_cut = PIECE_END.search(spelling) or CLAUSE_END.search(spelling)
            return self.keys[spelling].replace("_", " ") if is_cut else spelling

        return self.pattern.sub(plain, text)


_LISTED: Final[Mapping[str, tuple[str, str]]] = {
    "history": ("history_not_event", ""),
    "not asked": ("side_effect_not_asked", ""),
    "uncertain": ("uncertain_side_effect", "confirm or remove"),
    "unclear": (
        "uncertain_side_effect",
        'write "no" before each side effect that is denied, and a semicolon before those seen',
    ),
}


@dataclass
class _Reading:
    """What has been read of a cell so far."""

    events: dict[str, Event] = field(default_factory=dict)
    denied: dict[str, None] = field(default_factory=dict)
    problems: dict[str, Found] = field(default_factory=dict)
    says_none: bool = False
    listed: list[str] = field(default_factory=list)
    """The terms of the list that was read last: what "resolved after 10 days" is about."""
    latest: list[str] = field(default_factory=list)

    def add_event(self, event: Event) -> None:
        known = self.events.get(event.term)
        self.events[event.term] = known.join(event) if known else event
        if event.term == OTHER:
            self.add_problem(_UNKNOWN)

    def add_problem(self, problem: Found) -> None:
        self.problems.setdefault(problem.rule, problem)

    def add_verdict(self, term: str, verdict: "Verdict", event: Event) -> None:
        """Take down one term as what its words make of it: an event, where they say nothing."""
        if verdict == "denied":
            self.denied[term] = None
        elif verdict:
            rule, hint = _LISTED[verdict]
            self.add_problem(Found(None, rule, "noted", hint))
        else:
            self.add_event(event)

    def add_to_last(self, hours: float | None, resolved: bool | None) -> None:
        """Let a time that stands alone count for the terms of the list that have none."""
        without = [term for term in self.listed if self.events[term].hours is None]
        for term in without or self.latest:
            self.add_event(Event(term, None, hours, resolved))

    def close(self) -> SideEffectsCell:
        for term in self.events:
            self.denied.pop(term, None)
        if not (self.events or self.denied or self.problems or self.says_none):
            self.add_problem(_UNKNOWN)
        return SideEffectsCell(
            "event" if self.events else "none" if self.says_none else "not recorded",
            tuple(self.events.values()),
            tuple(self.denied),
            tuple(self.problems.values()),
        )


def parse_side_effects(text: str, spellings: SideEffectSpellings) -> SideEffectsCell:
    """Read free text with negation, history, severity and duration.

    A negation or a word of history reaches forward inside its clause (to ``;``, ``.``, a new line,
    "but") over "or" and "nor", and over the commas of a list that ends with one of them. Over "and"
    reaches history, but no denial: "no PIH, redness and swelling" may deny one or three, and what
    follows is listed. A bare term behind another comma is an event where the clause named one
    before the negation; otherwise nothing can be known and it is listed. "redness: none" and "pain
    0/10" deny what stands before them. "resolved in 2 days" is an event with a duration; "after 10
    days" alone is its onset, which is not kept. A duration behind "redness and swelling" counts for
    both. A text that says nothing that can be used is a problem, never silence.
    """
    if text is None or not text.strip():
        return SideEffectsCell("not recorded")
    plain = fold(re.sub(r"\s*[\r\n]+\s*", "; ", text.strip()))
    reading = _Reading()
    if plain in spellings.keys:
        reading.add_event(Event(spellings.keys[plain]))
        return reading.close()
    if plain in NOT_RECORDED_WORDS or plain in SENTINELS:
        reading.add_problem(Found(None, "side_effect_not_asked", "noted"))
        return reading.close()
    if LABEL.sub("", plain).strip(" .!") in YES_ALONE:
        # somebody saw something: no known term can be counted, and leaving it out would hide it
        reading.events[OTHER] = Event(OTHER)
        hint = "name what was seen"
        reading.add_problem(Found(None, "side_effect_not_named", "noted", hint))
        return reading.close()
    for clause in CLAUSE_END.split(spellings.protect(write_out(plain))):
        _read_clause(clause, spellings, reading)
    return reading.close()


def _cut(clause: str, spellings: SideEffectSpellings, reading: _Reading) -> list[Piece]:
    """Return the pieces of a clause; those that say "none" are taken down here."""
    pieces: list[Piece] = []
    parts = PIECE_END.split(clause)
    marks: list[str] = []
    for mark, text in zip(["", *parts[1::2]], parts[0::2], strict=True):
        marks.append(mark)
        if not text.strip():
            continue
        if says_none(text):
            reading.says_none = True
            marks = []
            continue
        telling = [each for each in marks if each in OR_MARKS]
        telling += [each for each in marks if each in ALSO_MARKS]
        pieces.append(Piece.read((telling or marks)[0 if telling else -1], text, spellings))
        marks = []
    return pieces


def _read_clause(clause: str, spellings: SideEffectSpellings, reading: _Reading) -> None:
    if says_none(clause):
        reading.says_none = True
        return
    pieces = _cut(clause, spellings, reading)
    share_backwards(pieces)
    reach(pieces)
    is_uncertain = is_history = False
    is_first = True
    for piece in pieces:
        is_uncertain = "?" in piece.around or (is_uncertain and piece.mark not in (",", "then"))
        happened = []
        for place, match in enumerate(piece.found):
            term = spellings.keys[match[0]]
            verdict = "uncertain" if is_uncertain else piece.judge(place)
            is_uncertain = verdict == "uncertain"
            reading.add_verdict(
                term, verdict, Event(term, piece.severity, piece.hours, piece.resolved)
            )
            if not verdict:
                happened.append(term)
        if not piece.found:
            _read_words(piece, is_history, reading)
        is_history = is_history or piece.scope == "history"
        if happened:
            reading.listed = happened if is_first else [*reading.listed, *happened]
            reading.latest, is_first = happened, False


def _read_words(piece: Piece, is_history: bool, reading: _Reading) -> None:
    """Read a piece that names no side effect: more about the last one, or unknown words."""
    around = piece.around
    if reading.latest and not has_unknown_words(mask(GOES_ON, mask(BETTER, around))):
        reading.add_to_last(piece.hours, piece.resolved)
    elif NOT_ASKED.search(around):
        reading.add_problem(Found(None, "side_effect_not_asked", "noted"))
    elif has_unknown_words(around) or piece.hours is not None:
        if is_history or piece.scope == "history" or NOTHING.search(around):
            reading.add_problem(_UNKNOWN)
        else:
            reading.add_event(Event(OTHER, piece.severity, piece.hours, piece.resolved))


UNDECLARED_SESSION: Final = Found(
    None, "undeclared_session", "cell blanked", "answer side_effects_belong_to in source.toml"
)


def answer_side_effects(cell: SideEffectsCell, text: str, answers: Answers) -> SideEffectsCell:
    """Return what a side-effect cell says once a person has answered what its text leaves open.

    While it is not known whose session it tells of, nothing of it is used and it is a problem.
    """
    plain = fold(text)
    meaning: str = answers.empty_side_effects if not plain else ""
    if plain in NOT_APPLICABLE_WORDS:
        meaning = answers.not_applicable_side_effects
    if meaning == "none":
        cell = SideEffectsCell("none")
    elif meaning == "undeclared":
        hint = "answer not_applicable_side_effects in source.toml"
        problem = Found(None, "undeclared_not_applicable", "cell blanked", hint)
        return SideEffectsCell("not recorded", problems=(problem,))
    says_something = cell.recorded != "not recorded" or cell.denied or cell.problems
    if answers.side_effects_belong_to == "undeclared" and says_something:
        return SideEffectsCell("not recorded", problems=(UNDECLARED_SESSION,))
    return cell
