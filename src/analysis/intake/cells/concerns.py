"""Reads the concerns a cell names."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.intake.cells.found import Found, fold, is_blank, strip_accents
from analysis.vocabulary import Vocabulary

LIST_SPLIT = re.compile(r"\s*(?:[/+&,;|\r\n•]|\b(?:and|y|und|et|e)\b)\s*", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[-*·]|\d[.)])\s*(?=\D)")
_SAYS_FIRST = re.compile(r"^(?:primary|main) ?[:-] ?| ?\((?:primary|main)\)$")
_SAYS_LATER = re.compile(r"^(?:secondary|also) ?[:-] ?| ?\(secondary\)$")
_SIGNS = ("So", "Sk", "Cf", "Co", "Cn")
"""Unicode's categories of pictures, of their shades of skin, and of what joins them."""
_PRIVATE_USE = 0xE000


@dataclass(frozen=True)
class Target:
    """One concern named in a cell, with its subtype where the spelling tells it."""

    concern: str
    subtype: str


def parse_concerns(
    text: str, vocabulary: Vocabulary, known: Mapping[str, Target] | None = None
) -> list[Found]:
    """Return one entry per concern named in the cell, each once, in order: the first one is the
    primary one, unless another is called so.

    The value is a :class:`Target`; what the vocabulary does not know comes back as a problem.
    ``known`` are its spellings, for whoever reads many cells. Pictures and marks of a list beside a
    spelling are read over; alone they are a problem.
    """
    if is_blank(text):
        return []
    known = spell_concerns(vocabulary) if known is None else known
    found: dict[object, Found] = {}
    for part in _list_parts(text, known) or [fold(text)]:
        target = known.get(part)
        if target is None:
            hint = "name a concern of the vocabulary, or add the spelling to vocabulary.toml"
            found[part] = Found(rule="unknown_concern", consequence="noted", suggestion=hint)
        elif vocabulary.concerns[target.concern].out_of_scope:
            found[target.concern] = Found(target, "concern_out_of_scope", "noted")
        else:
            found[target.concern] = _join_subtypes(found.get(target.concern), target)
    return list(found.values())


def _join_subtypes(before: Found | None, target: Target) -> Found:
    """Return a concern that a cell names again: the first subtype it tells counts."""
    known = before.value if before else None
    if before is None or not isinstance(known, Target) or not known.subtype:
        return Found(target)
    if before.rule or target.subtype in ("", known.subtype):
        return before
    hint = "write a row for each subtype, or the one that was treated"
    return Found(known, "several_subtypes", "noted", hint)


def _list_parts(text: str, known: Mapping[str, Target]) -> list[str]:
    """Return what stands between the marks of division, folded, the primary concern first; a
    spelling that holds such a mark stays whole."""
    if fold(text) in known:
        return [fold(text)]
    whole = fold(re.sub(r"[\r\n]+", ";", text))
    compounds = [each for each in known if each in whole and LIST_SPLIT.search(each)]
    held = {chr(_PRIVATE_USE + number): each for number, each in enumerate(compounds)}
    for sign, spelling in held.items():
        whole = whole.replace(spelling, sign)
    parts = [held.get(part, _drop_signs(part)) for part in LIST_SPLIT.split(whole) if part]
    later = [_SAYS_LATER.sub("", part) for part in parts if not _SAYS_FIRST.search(part)]
    return [_SAYS_FIRST.sub("", part) for part in parts if _SAYS_FIRST.search(part)] + later


def _drop_signs(text: str) -> str:
    """Return the text without pictures and the mark of a list in front, if a word remains."""
    words = "".join(
        each for each in text if unicodedata.category(each) not in _SIGNS and each != "\ufe0f"
    )
    words = _BULLET.sub("", " ".join(words.split()))
    return words or text


def spell_concerns(vocabulary: Vocabulary) -> dict[str, Target]:
    """Return folded spelling → target, for all concerns."""
    known: dict[str, Target] = {}
    for key, concern in vocabulary.concerns.items():
        for spelling in (key, concern.name, *concern.spellings, *concern.short_spellings):
            known[fold(spelling)] = Target(key, "")
        for subtype, spellings in concern.subtypes.items():
            known |= {fold(spelling): Target(key, subtype) for spelling in spellings}
    return {strip_accents(spelling): target for spelling, target in known.items()} | known
