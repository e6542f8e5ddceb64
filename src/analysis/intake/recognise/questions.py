"""What a log leaves open once its columns are known, and what is offered instead of a guess."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from analysis.intake import cells
from analysis.intake.recognise.columns import Choice, Question
from analysis.intake.recognise.contents import Readers, Reads
from analysis.intake.recognise.grouping import FEWEST_PATIENTS, Group, is_numbered
from analysis.intake.recognise.headers import find_near, find_whose
from analysis.intake.sources import DateOrder

_OFTEN: Final = 0.2
"""Share of blank side-effect cells from which their meaning is asked."""
_LONGEST_SPELLING: Final = 40
_NO_SCALE: Final = "scores are set aside"


@dataclass(frozen=True)
class Answer:
    """A key of ``[answers]`` with its value and what to know about it."""

    value: str
    comment: str


def ask_about_dates(order: DateOrder, reason: str) -> list[Question]:
    """Ask for the order of the dates, where the log does not prove it."""
    if order != "undeclared":
        return []
    why = "" if reason.startswith("not proved") else f" ({reason})"
    return [
        Question(
            f"Is 03/04 the third of April or the fourth of March{why}?",
            "Declare date_order under [format].",
            "rows whose date can be read in two ways are set aside",
        )
    ]


def ask_about_scores(choice: Choice) -> list[Question]:
    """Ask for the scale of scores without one, and for the day of later scores."""
    questions = []
    has_scores = "score_before" in choice.columns or "score_after" in choice.columns
    if has_scores and "scale" not in choice.columns and not choice.scale:
        answer = "Name it as `scale` under [answers]."
        questions.append(Question("On which scale are the scores?", answer, _NO_SCALE))
    if "score_after" in choice.columns and "score_after_date" not in choice.columns:
        text = "When were the later scores taken?"
        answer = "Name the column as score_after_date under [columns]."
        questions.append(Question(text, answer, "they are set aside"))
    return questions


def answer_side_effects(
    choice: Choice, group: Group, labels: Mapping[str, str]
) -> tuple[dict[str, Answer], list[Question]]:
    """Return what is written under ``[answers]`` about the side-effect column, and what is asked.

    Whose session it tells of is taken from its header or asked. What an empty cell means is asked
    where many are empty, what "N/A" means where it stands.
    """
    header = choice.columns.get("side_effects")
    if header is None:
        return {}, []
    answers: dict[str, Answer] = {}
    questions: list[Question] = []
    whose = find_whose(header) or find_whose(labels.get(header, ""))
    if whose:
        answers["side_effects_belong_to"] = Answer(whose, f"the header {header!r} says so")
    else:
        answers["side_effects_belong_to"] = Answer(
            "undeclared", 'answer "this session" or "previous session"'
        )
        questions.append(
            Question(
                f"Does {header!r} tell of the session of its row or of the one before?",
                "Answer side_effects_belong_to.",
                "its cells are set aside",
            )
        )
    written = group.columns[header].written
    empty = sum(n for text, n in written.items() if not text.strip())
    if empty and empty >= _OFTEN * sum(written.values()):
        answers["empty_side_effects"] = Answer("not recorded", 'or "none"')
        questions.append(
            Question(
                f"Many cells of {header!r} are empty: did nobody ask, or was there none?",
                "Answer empty_side_effects.",
                "an empty cell says that nothing was recorded",
            )
        )
    if any(cells.fold(text) in cells.NOT_APPLICABLE_WORDS for text in written):
        answers["not_applicable_side_effects"] = Answer(
            "undeclared", 'answer "not recorded" or "none"'
        )
        questions.append(
            Question(
                f'What does "N/A" in {header!r} mean: did nobody ask, or was there none?',
                "Answer not_applicable_side_effects.",
                "such cells are set aside",
            )
        )
    return answers, questions


NO_DICTIONARY: Final = Question(
    "This looks like a REDCap export without its data dictionary: what do its codes mean?",
    "Put the dictionary into the folder and run init on the folder.",
    "codes are read as they stand",
)


def ask_about_copies(table: str, others: Sequence[str]) -> list[Question]:
    """Ask whether a table of sessions is a copy, where a database has several of them."""
    if not others:
        return []
    return [
        Question(
            f"Does the table {table!r} hold sessions of its own, or those of "
            f"{' and '.join(map(repr, others))} again?",
            "Remove the block of a table that is a copy, an old state or a view of another one.",
            "all of them are read, and what has the same patient, day and procedure is one session",
        )
    ]


# --- what the vocabulary does not know --------------------------------------------------------


@dataclass(frozen=True)
class UnknownScale:
    """A scale of the scale column that the vocabulary does not know.

    ``name`` is empty, and nothing is told of its scores, where fewer than
    :data:`FEWEST_PATIENTS` patients have it.
    """

    name: str
    near: str = ""
    scores: str = ""
    """What its scores look like, in words."""


def list_unknown_scales(choice: Choice, group: Group, readers: Readers) -> list[UnknownScale]:
    """Return the scales of the scale column that the vocabulary does not know."""
    header, patient = choice.columns.get("scale"), choice.columns["patient"]
    if header is None:
        return []
    patients = group.count_patients(patient, header)
    spelled: dict[str, list[str]] = {}
    for text in group.columns[header].texts:
        if cells.fold(text) not in readers.scales:
            spelled.setdefault(cells.fold(text), []).append(text)
    found = []
    for folded, texts in sorted(spelled.items()):
        enough = max(patients.get(text, 0) for text in texts) >= FEWEST_PATIENTS
        if not enough or len(folded) > _LONGEST_SPELLING:
            found.append(UnknownScale(""))
            continue
        near = find_near(folded, readers.scales)
        scores = _describe_scores(choice, group, texts)
        found.append(UnknownScale(texts[0].strip(), readers.scales.get(near, ""), scores))
    return sorted({*found}, key=lambda each: each.name)


def _describe_scores(choice: Choice, group: Group, names: Iterable[str]) -> str:
    """Return how far the scores of a scale reach and how many different ones there are; empty where
    fewer than :data:`FEWEST_PATIENTS` patients have one.

    An end of the range that fewer patients have is told round, away from the scores.
    """
    columns = choice.columns
    slots = [columns[role] for role in ("score_before", "score_after") if role in columns]
    if not slots or any(map(is_numbered, (columns["scale"], *slots))):
        return ""
    rows = group.pair(columns["patient"], columns["scale"], *slots)
    rows = rows[rows[columns["scale"]].isin([*names])]
    long = rows.melt(id_vars=[columns["patient"]], value_vars=slots, value_name="score")
    long["score"] = pd.to_numeric(long["score"].str.strip().str.replace(",", "."), errors="coerce")
    long = long.dropna(subset="score")
    patients = long.groupby("score")[columns["patient"]].nunique()
    if long[columns["patient"]].nunique() < FEWEST_PATIENTS:
        return ""
    low, high = float(patients.index.min()), float(patients.index.max())
    step = 10.0 ** math.floor(math.log10(high - low)) if high > low else 1.0
    few = patients < FEWEST_PATIENTS
    ends = [
        f"below {math.floor(low / step) * step + step:g}" if few[low] else f"{low:g}",
        f"above {math.ceil(high / step) * step - step:g}" if few[high] else f"{high:g}",
    ]
    return f"its scores go from {ends[0]} to {ends[1]}, {len(patients)} different ones"


def ask_about_unknown_scales(unknown: Iterable[UnknownScale]) -> list[Question]:
    """Ask for the range and direction of scales that the vocabulary does not know."""
    listed = [repr(each.name) for each in unknown if each.name]
    few = sum(not each.name for each in unknown)
    if few:
        listed.append("one that fewer than five patients have")
    if not listed:
        return []
    return [
        Question(
            f"What are the range and direction of scales the vocabulary does not know: "
            f"{', '.join(listed)}?",
            "Fill in the block below and put it into vocabulary.toml.",
            "their scores are set aside",
        )
    ]


@dataclass(frozen=True)
class Spelling:
    """A spelling that is not in the vocabulary, with the nearest term that is."""

    kind: str
    """``concerns`` or ``side_effects``."""
    text: str
    near: str


def list_spellings(choice: Choice, group: Group, readers: Readers) -> list[Spelling]:
    """Return spellings of concerns and side effects that resemble one of the vocabulary.

    Only what :data:`FEWEST_PATIENTS` patients or more have in common is told: it is nobody's.
    """
    patient = choice.columns["patient"]
    found: list[Spelling] = []
    if header := choice.columns.get("concern"):
        known = {spelling: target.concern for spelling, target in readers.concerns.items()}
        found += _find_spellings("concerns", group, patient, header, known, readers.is_concern)
    if header := choice.columns.get("side_effects"):
        effects = readers.side_effects.keys
        reads = readers.is_side_effect
        found += _find_spellings("side_effects", group, patient, header, effects, reads)
    return found


def _find_spellings(
    kind: str,
    group: Group,
    patient: str,
    header: str,
    known: Mapping[str, str],
    reads: Reads,
) -> Iterable[Spelling]:
    for text, patients in group.count_patients(patient, header).items():
        folded = cells.fold(text)
        is_short = len(folded) <= _LONGEST_SPELLING
        if patients < FEWEST_PATIENTS or not is_short or cells.is_blank(text) or reads(text):
            continue
        near = find_near(folded, known)
        if near:
            yield Spelling(kind, folded, known[near])


# --- nothing to read --------------------------------------------------------------------------


def tell_missing(chosen: Sequence[tuple[Group, Choice]], unread: Mapping[str, str]) -> str:
    """Return the sentence for a log without a patient or a date column."""
    if not chosen:
        return (
            " ".join(unread.values()) or "No log was found; name a file with one row per session."
        )
    group, choice = max(chosen, key=lambda pair: len(pair[1].columns))
    role = "date" if "patient" in choice.columns else "patient"
    file = group.place
    if (
        any(sum(map(str.isdigit, header)) >= 3 for header in group.headers)
        and len(choice.columns) < 2
    ):
        return (
            f"The first row of {file!r} does not look like a header; add one that names the "
            f"columns, such as {_EXAMPLES[role]!r} for the {role}."
        )
    competing = [str(each) for each in choice.questions if f" {role} (" in each.text]
    listed = ", ".join(repr(header) for header in group.headers if header)
    hint = f" {competing[0]}" if competing else ""
    return (
        f"No {role} column was recognised in {file!r}; its columns are: {listed}.{hint} "
        f"Rename one to {_EXAMPLES[role]!r}, or write source.toml by hand."
    )


_EXAMPLES: Final = {"patient": "patient", "date": "date"}
