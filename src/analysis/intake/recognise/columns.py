"""Decides which column has which role: by its header, by its content, or not at all.

Where two columns or two roles compete nothing is decided: the columns stay out and a question names
them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from analysis.intake.recognise.contents import (
    BY_CONTENT,
    Column,
    Readers,
    describe_content,
    find_contradiction,
    name_by_content,
)
from analysis.intake.recognise.headers import (
    Meaning,
    Names,
    find_foreign_unit,
    fold_header,
    read_headers,
    read_range,
)
from analysis.intake.sources import ROLES
from analysis.vocabulary import Scale

NUMBER: Final = "{n}"
"""Stands for the number of the session in a header, where a row is a patient."""
_BASELINE: Final = "score_before"


@dataclass(frozen=True)
class Question:
    """Something the log does not prove, and how a person answers it."""

    text: str
    answer: str
    """The key of ``source.toml`` that answers it, or what else to do."""
    until: str = ""
    """What happens until then."""

    def __str__(self) -> str:
        """The question in one line."""
        until = f" Until then {self.until}." if self.until else ""
        return f"{self.text} {self.answer}{until}"


@dataclass
class Choice:
    """What has been decided of the columns of a layout so far."""

    columns: dict[str, str] = field(default_factory=dict)
    """Role → header."""
    scores: dict[str, str] = field(default_factory=dict)
    """Scale → header."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Role or scale → why."""
    unused: dict[str, str] = field(default_factory=dict)
    """Header → why it has no role."""
    questions: list[Question] = field(default_factory=list)
    scale: str = ""
    """The scale of all scores, where their headers name it."""
    left: list[str] = field(default_factory=list)
    """Headers that say nothing known."""
    numbers: list[str] = field(default_factory=list)
    """Those of them that hold numbers."""
    asked: set[str] = field(default_factory=set)
    """Roles and scales whose column is a question."""

    def ask(self, about: str, headers: Iterable[str], question: Question, why: str) -> None:
        """Leave columns out and ask about them."""
        self.asked.add(about)
        self.questions.append(question)
        self.unused |= dict.fromkeys(headers, why)


def choose_columns(
    columns: Mapping[str, Column],
    again: Iterable[str],
    labels: Mapping[str, str],
    names: Names,
    readers: Readers,
    *,
    is_scores: bool = False,
) -> Choice:
    """Return what the columns are.

    ``columns`` are those whose header stands once; ``again`` are the headers that stand twice;
    ``labels`` are longer names of columns, as a data dictionary has them. In a file of scores
    alone a row is a score of its day: that day is the ``date``, and a column called "score" needs
    no before or after.
    """
    choice = Choice()
    meanings = {header: read_meaning(header, labels, names) for header in columns}
    if is_scores:
        meanings = _read_as_scores(meanings)
    _choose_roles(choice, columns, meanings, readers)
    _choose_scales(choice, columns, meanings, readers)
    _choose_scales_in_time(choice, columns, meanings)
    _ask_about_scores(choice, meanings)
    for header in dict.fromkeys(again):
        choice.unused[header] = "the header stands twice, and either column may be meant"
        role = names.read(header).role
        if role and role not in choice.columns:
            choice.questions.append(
                Question(
                    f"The header {header!r} stands twice: which column is {_tell(role)}?",
                    "Rename one of them in the log and name it under [columns].",
                    "neither is read",
                )
            )
    for header, meaning in meanings.items():
        if meaning.known:
            choice.unused[header] = meaning.known
    choice.left = [header for header, meaning in meanings.items() if not meaning.is_known]
    _choose_by_content(choice, columns, readers)
    contents = {header: describe_content(columns[header], readers) for header in choice.left}
    for header, content in contents.items():
        near = names.suggest(header)
        choice.unused[header] = f"holds {content}{f'; did you mean {near}?' if near else ''}"
    choice.numbers = [header for header, content in contents.items() if content == "numbers"]
    if choice.numbers:
        question = Question(
            f"What are the numbers in {', '.join(map(repr, choice.numbers))}?",
            "If they are scores, name the scale of each under [scores].",
            "they are not read",
        )
        choice.questions.append(question)
    return choice


def read_meaning(header: str, labels: Mapping[str, str], names: Names) -> Meaning:
    """Return what a header names, or else its label."""
    meaning = names.read(_drop_number(header) if NUMBER in header else header)
    return meaning if meaning.is_known else names.read(labels.get(header, header))


def _read_as_scores(meanings: Mapping[str, Meaning]) -> dict[str, Meaning]:
    reviewed = [header for header, each in meanings.items() if each.role == "score_after_date"]
    roles = dict.fromkeys(reviewed[:1], "date")
    roles |= {header: _BASELINE for header, each in meanings.items() if each.is_score}
    return {
        header: replace(each, role=roles[header], is_score=False) if header in roles else each
        for header, each in meanings.items()
    }


def _tell(role: str) -> str:
    return f"{role} ({ROLES[role]})"


# --- roles ------------------------------------------------------------------------------------


def _choose_roles(
    choice: Choice,
    columns: Mapping[str, Column],
    meanings: Mapping[str, Meaning],
    readers: Readers,
) -> None:
    candidates: dict[str, list[str]] = {}
    for header, meaning in meanings.items():
        if not meaning.role:
            continue
        against = _find_against(meaning, columns[header], readers)
        if against:
            choice.unused[header] = f"its header says {meaning.role}, but {against}"
            choice.questions.append(
                Question(
                    f"{header!r} is called {_tell(meaning.role)}, but {against}: what is it?",
                    f"If it is that all the same, name it as {meaning.role} under [columns].",
                    "it is not read",
                )
            )
        else:
            candidates.setdefault(meaning.role, []).append(header)
    for role in (role for role in ROLES if role in candidates):
        headers = candidates[role]
        plain = [header for header in headers if meanings[header].strength == "plain"]
        chosen = plain or headers
        if len(chosen) == 1:
            choice.columns[role] = chosen[0]
            choice.reasons[role] = "its header"
            choice.unused |= {
                header: f"{chosen[0]!r} is {role} by a clearer header"
                for header in headers
                if header != chosen[0]
            }
        else:
            _ask_which(choice, role, chosen)


def _find_against(meaning: Meaning, column: Column, readers: Readers) -> str:
    foreign = find_foreign_unit(meaning.role, meaning.unit)
    if foreign:
        return f"the header has {foreign!r} in it"
    return find_contradiction(meaning.role, column, readers)


def _ask_which(choice: Choice, role: str, headers: list[str]) -> None:
    listed = ", ".join(map(repr, headers))
    text = f"Which column is {_tell(role)}: {listed}?"
    if role == _BASELINE:
        text = f"Which score is the baseline (score_before): {listed}?"
    until = "the scores before are not read" if role == _BASELINE else "none of them is read"
    question = Question(text, f"Name one as {role} under [columns].", until)
    choice.ask(role, headers, question, f"may be {role}, and so may another column")


def _choose_by_content(choice: Choice, columns: Mapping[str, Column], readers: Readers) -> None:
    """Give a role to columns whose header says nothing and whose content is one role's alone."""
    possible = {header: name_by_content(columns[header], readers) for header in choice.left}
    for role in BY_CONTENT:
        if role in choice.columns or role in choice.asked:
            continue
        headers = [header for header, roles in possible.items() if role in roles]
        alone = [header for header in headers if possible[header] == [role]]
        if len(headers) == 1 and alone:
            (header,) = headers
            choice.columns[role] = header
            known = len(columns[header].texts)
            choice.reasons[role] = (
                f"its content: nearly all of its {known} different texts are read as {role} "
                "and as nothing else"
            )
            choice.left.remove(header)
        elif headers and all(_is_open(choice, possible[header]) for header in headers):
            listed = ", ".join(map(repr, headers))
            several = len(headers) > 1
            roles = [each for each in possible[headers[0]] if each in ROLES]
            text = (
                f"Which of {listed} is {_tell(role)}? All of them can be read as that."
                if several
                else f"Is {listed} {' or '.join(map(_tell, roles))}? Its cells can be read as each."
            )
            answer = f"Name one as {role} under [columns]." if several else "Name it in [columns]."
            why = f"may be {role}, and so may another column" if several else "may be several roles"
            choice.ask(role, headers, Question(text, answer, "it is not read"), why)
            choice.left = [header for header in choice.left if header not in headers]


def _is_open(choice: Choice, roles: list[str]) -> bool:
    """Return whether a column may still be any of these roles and is none of a plain number."""
    taken = choice.columns.keys() | choice.asked
    return "number" not in roles and not any(role in taken for role in roles)


# --- scores -----------------------------------------------------------------------------------


def _choose_scales(
    choice: Choice,
    columns: Mapping[str, Column],
    meanings: Mapping[str, Meaning],
    readers: Readers,
) -> None:
    """Give the columns that are named by a scale alone to that scale."""
    named: dict[str, list[str]] = {}
    for header, meaning in meanings.items():
        if meaning.scale and not meaning.slot:
            named.setdefault(meaning.scale, []).append(header)
    for key, headers in named.items():
        scale = readers.vocabulary.scales[key]
        if len(headers) > 1:
            listed = ", ".join(map(repr, headers))
            text = f"Which column has the scores on {key}: {listed}?"
            question = Question(text, f"Name one as {key} under [scores].", "none is read")
            choice.ask(key, headers, question, f"may be the score on {key}, as another may")
            continue
        (header,) = headers
        against = _find_against_scale(scale, meanings[header], columns[header], readers)
        if against:
            text = f"{header!r} is called like the scale {key}, but {against}: which scale is it?"
            answer = "Name its scale and the header under [scores]."
            choice.ask(key, headers, Question(text, answer, "it is not read"), against)
            continue
        choice.scores[key] = header
        choice.reasons[key] = f"its header is a spelling of {scale.name}"


def _find_against_scale(scale: Scale, meaning: Meaning, column: Column, readers: Readers) -> str:
    span = read_range(meaning.unit)
    own = (scale.minimum, scale.maximum)
    codings = [(each.minimum, each.maximum) for each in scale.codings.values()]
    if span and None not in own and span != own:
        return f"the header has the range {span[0]:g} to {span[1]:g}"
    if span and codings and span not in codings:
        return f"no order of it has the range {span[0]:g} to {span[1]:g}"
    if column.texts and column.share(readers.is_score(scale)) <= 0.5:
        return "fewer than half of its different texts can be a score of it"
    return ""


def _choose_scales_in_time(
    choice: Choice, columns: Mapping[str, Column], meanings: Mapping[str, Meaning]
) -> None:
    """Take "mMASI pre" and "mMASI post" as the scores before and after on that scale, where they
    are the only such columns."""
    timed = {header: meaning for header, meaning in meanings.items() if meaning.slot}
    if not timed:
        return
    scales = {meaning.scale for meaning in timed.values()}
    slots = [meaning.slot for meaning in timed.values()]
    taken = {"scale", *slots} & (choice.columns.keys() | choice.asked)
    if len(scales) == 1 and len({*slots}) == len(slots) and not taken:
        (choice.scale,) = scales
        for header, meaning in timed.items():
            choice.columns[meaning.slot] = header
            choice.reasons[meaning.slot] = f"its header, which names the scale {choice.scale}"
        return
    listed = ", ".join(map(repr, timed))
    question = Question(
        f"Which of {listed} are the scores of the log? A row has one scale before and after.",
        "Name score_before and score_after under [columns] and their scale under [answers].",
        "they are not read",
    )
    choice.ask(_BASELINE, timed, question, "one of several scores before and after")


def _ask_about_scores(choice: Choice, meanings: Mapping[str, Meaning]) -> None:
    """Ask whether a column called "score" was taken before or after."""
    for header in (each for each, meaning in meanings.items() if meaning.is_score):
        others = [choice.columns[_BASELINE]] if _BASELINE in choice.columns else []
        listed = ", ".join(map(repr, [*others, header]))
        question = Question(
            f"Which score is the baseline (score_before): {listed}? "
            f"{header!r} does not say whether it was taken before or after the session.",
            f"Name {header!r} as score_before or score_after under [columns], or leave it out.",
            "neither is read" if others else "it is not read",
        )
        choice.ask(_BASELINE, [header], question, "a score of which the time is not known")
        for other in others:
            del choice.columns[_BASELINE], choice.reasons[_BASELINE]
            choice.unused[other] = "may be the baseline, and so may another column"


# --- a row for each patient -------------------------------------------------------------------


def find_families(headers: Iterable[str]) -> dict[str, dict[int, str]]:
    """Return header with ``{n}`` → number of the session → header, for headers that differ in one
    number alone and count from 0 or 1 on: ``s1_date``, ``s2_date``."""
    families: dict[str, dict[int, str]] = {}
    for header in headers:
        if "{" in header or "}" in header:
            continue
        for match in re.finditer(r"\d+", header):
            template = header[: match.start()] + NUMBER + header[match.end() :]
            families.setdefault(template, {})[int(match[0])] = header
    return {
        template: dict(sorted(members.items()))
        for template, members in families.items()
        if len(members) > 1 and sorted(members) in (list(range(len(members))), _count(len(members)))
    }


def _count(last: int) -> list[int]:
    return list(range(1, last + 1))


def _drop_number(template: str) -> str:
    """Return what a numbered header says beside the number and the word for a session; the word
    alone where it says nothing else."""
    words = re.findall(r"[^\W\d_]+", fold_header(template.replace(NUMBER, " ")))
    rest = [word for word in words if word not in read_headers()["numbered"]["words"]]
    return " ".join(rest or words)
