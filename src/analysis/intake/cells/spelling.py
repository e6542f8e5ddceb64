"""Finds the spellings of the vocabulary in free text, the longest first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from analysis.intake.cells.found import fold, strip_accents
from analysis.vocabulary import Contraindication, SideEffect


@dataclass(frozen=True)
class Spellings:
    """The spellings of all terms of one kind, as one search for the longest match."""

    keys: Mapping[str, str]
    """Folded spelling → key of its term."""
    pattern: re.Pattern[str]

    @classmethod
    def spell(cls, terms: Mapping[str, SideEffect] | Mapping[str, Contraindication]) -> Self:
        """Return the spellings of these terms, with and without their accents; key and name of a
        term spell it too."""
        keys = {
            fold(spelling): key
            for key, term in terms.items()
            for spelling in (
                key.replace("_", " "),
                term.name,
                *term.spellings,
                *getattr(term, "short_spellings", ()),
            )
        }
        keys = {strip_accents(spelling): key for spelling, key in keys.items()} | keys
        longest_first = sorted(keys, key=lambda each: (-len(each), each))
        either = "|".join(map(re.escape, longest_first))
        return cls(keys, re.compile(rf"(?<!\w)(?:{either})(?!\w)"))
