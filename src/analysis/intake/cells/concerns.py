"""Reads the concerns a cell names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.intake.cells.found import Found, fold, is_blank
from analysis.vocabulary import Vocabulary

LIST_SPLIT = re.compile(r"\s*(?:[/+&,;|\n]|\band\b|\by\b|\bund\b|\bet\b)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """One concern named in a cell, with its subtype where the spelling tells it."""

    concern: str
    subtype: str


def parse_concerns(
    text: str, vocabulary: Vocabulary, known: Mapping[str, Target] | None = None
) -> list[Found]:
    """Return one entry per concern named in the cell, in order, each once.

    The value is a :class:`Target`; what the vocabulary does not know comes back as a problem.
    ``known`` are its spellings, for whoever reads many cells.
    """
    if is_blank(text):
        return []
    known = spell_concerns(vocabulary) if known is None else known
    whole = fold(text)
    parts = [whole] if whole in known else [fold(each) for each in LIST_SPLIT.split(text)]
    found: dict[object, Found] = {}
    for part in filter(None, parts):
        target = known.get(part)
        if target is None:
            hint = "name a concern of the vocabulary, or add the spelling to vocabulary.toml"
            found[part] = Found(rule="unknown_concern", consequence="noted", suggestion=hint)
        elif vocabulary.concerns[target.concern].out_of_scope:
            found[target.concern] = Found(target, "concern_out_of_scope", "noted")
        else:
            found.setdefault(target.concern, Found(target))
    return list(found.values())


def spell_concerns(vocabulary: Vocabulary) -> dict[str, Target]:
    """Return folded spelling → target, for all concerns."""
    known: dict[str, Target] = {}
    for key, concern in vocabulary.concerns.items():
        for spelling in (key, concern.name, *concern.spellings, *concern.short_spellings):
            known[fold(spelling)] = Target(key, "")
        for subtype, spellings in concern.subtypes.items():
            known |= {fold(spelling): Target(key, subtype) for spelling in spellings}
    return known
