"""Finds a source's own identifiers in a text that is about to be shared."""

import re
from collections.abc import Callable, Iterable
from typing import Final

SHORTEST: Final = 5
"""Shorter identifiers, and those of digits only, count only in the form source/ID."""


def make_scanner(identifiers: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a function that says where a text holds one of these identifiers.

    ``identifiers`` are patients as source/ID and any other text that must not leave the clinic. The
    answer names the kind and the position, never the identifier.
    """
    whole = {each.casefold() for each in identifiers if each}
    bare = {each.rpartition("/")[2] for each in whole}
    telling = {each for each in bare if len(each) >= SHORTEST and not each.isdigit()} | {
        each for each in whole if "/" in each
    }
    words = {each for each in telling if _WORD.fullmatch(each)}
    phrases = telling - words

    def scan(text: str) -> list[str]:
        folded = text.casefold()
        hits = [match.start() for match in _WORD.finditer(folded) if _is_known(match[0], words)]
        hits += [folded.find(phrase) for phrase in phrases if phrase in folded]
        return [f"an identifier at character {place}" for place in sorted(hits)]

    return scan


_WORD = re.compile(r"[\w/.@+-]+")


def _is_known(word: str, words: set[str]) -> bool:
    """Return whether the word, or a part of it between slashes and stops, is an identifier."""
    if word in words or word.strip(".-+@/") in words:
        return True
    return any(part in words for part in re.split(r"[/.@+]", word))
