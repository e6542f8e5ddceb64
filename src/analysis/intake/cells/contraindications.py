"""Reads contraindications in a free list, with negation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analysis.intake.cells.concerns import LIST_SPLIT
from analysis.intake.cells.found import Found, fold, is_blank
from analysis.intake.cells.phrases import (
    CLAUSE_END,
    NEGATION,
    PAST_WORDS,
    UNCERTAIN,
    has_unknown_words,
    says_none,
)
from analysis.intake.cells.spelling import Spellings
from analysis.intake.schema import ALL_TERMS
from analysis.vocabulary import Vocabulary


@dataclass(frozen=True)
class ContraindicationsCell:
    """What a contraindications cell says: key → present or absent; ``*`` absent is "none"."""

    known: Mapping[str, bool]
    problems: tuple[Found, ...] = ()


class ContraindicationSpellings(Spellings):
    """The spellings of all contraindications."""

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "ContraindicationSpellings":
        """Return the spellings of the contraindications of a vocabulary."""
        return cls.spell(vocabulary.contraindications)


def parse_contraindications(
    text: str, spellings: ContraindicationSpellings
) -> ContraindicationsCell:
    """Read a free list of contraindications with negation.

    A blank cell says nothing; "none" says that all were asked about and none was present. A
    negation reaches to the end of its clause. What is named as past counts only where the spelling
    itself is about the past.
    """
    if is_blank(text):
        return ContraindicationsCell({})
    plain = fold(re.sub(r"\s*[\r\n]+\s*", "; ", text.strip()))
    plain = re.sub(r"\b(hx|h/o|history)( of)?\b", "history of", plain)
    if says_none(plain) or plain.strip(" .!") in _NO_CONTRAINDICATION:
        return ContraindicationsCell({ALL_TERMS: False})
    known: dict[str, bool] = {}
    problems: dict[str, Found] = {}
    for clause in CLAUSE_END.split(plain):
        is_negated = False
        for piece in LIST_SPLIT.split(clause):
            terms = [spellings.keys[match] for match in spellings.pattern.findall(piece)]
            rest = spellings.pattern.sub(" ", piece)
            is_negated = is_negated or bool(NEGATION.search(rest))
            if terms and (UNCERTAIN.search(rest) or PAST_WORDS.search(rest)):
                rule, hint = "uncertain_contraindication", "confirm or remove"
                problems[rule] = Found(None, rule, "noted", hint)
            elif terms:
                for term in terms:
                    known[term] = known.get(term, False) or not is_negated
            elif has_unknown_words(rest):
                rule = "unknown_contraindication"
                hint = "name a contraindication of the vocabulary, or add the spelling to it"
                problems[rule] = Found(None, rule, "noted", hint)
    return ContraindicationsCell(known, tuple(problems.values()))


_NO_CONTRAINDICATION: Final = frozenset(
    "none known|no contraindications|no contraindication|no known contraindications|none of these"
    "|none of the above|all clear|clear|cleared|denies|denies all".split("|")
)
