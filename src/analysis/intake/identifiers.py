"""Finds a source's own identifiers in a text that is about to be shared."""

import html
import json
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
    # as a page and its .json would write what is more than a word
    phrases = {write(each).casefold() for each in telling for write in _WRITTEN} - words
    longest = max((len(_PART.findall(each)) for each in words), default=0)

    def scan(text: str) -> list[str]:
        folded = text.casefold()
        hits = [
            match.start() for match in _WORD.finditer(folded) if _is_known(match[0], words, longest)
        ]
        hits += [folded.find(phrase) for phrase in phrases if phrase in folded]
        return [f"an identifier at character {place}" for place in sorted(hits)]

    return scan


_WORD = re.compile(r"[\w/.@+-]+")
_PART = re.compile(r"[^\W_]+")
_WRITTEN: Final[tuple[Callable[[str], str], ...]] = (
    str,
    html.escape,
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
)


def _is_known(word: str, words: set[str], longest: int) -> bool:
    """Return whether the word is an identifier, or holds one between marks such as ``-`` and
    ``/``; ``longest`` is the most parts an identifier has."""
    parts = [part.span() for part in _PART.finditer(word)]
    return word in words or any(
        word[start : parts[last][1]] in words
        for first, (start, _) in enumerate(parts)
        for last in range(first, min(first + longest, len(parts)))
    )
