"""Which role, scale or known other thing the header of a column names.

The names are data: ``headers.toml`` beside this module, and the spellings of the scales in the
vocabulary. A header either is one of them or it is not; what only resembles one is offered as a
suggestion.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from rapidfuzz import fuzz, process

from analysis.vocabulary import Vocabulary

Strength = Literal["plain", "vague"]

_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^][]*)\]")
_RANGE = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*(?:-|\u2013|to|bis|a)\s*(\d+(?:[.,]\d+)?)")
_UNIT_WORDS: Final = frozenset(
    "mm cm um micron microns micrometre micrometres micrometer micrometers inch inches min mins"
    " minute minutes minuten minutos h hr hrs hour hours stunden horas heures s sec secs seconds"
    " days day tage dias jours weeks week wochen semanas semaines months month monate meses mois"
    " years year yrs yr y jahre jahren anos ans %".split()
)
_SHORT_UNITS: Final = frozenset("h s y d %".split())
"""Units that only brackets make one: ``session s`` is not in seconds."""
_DATE_PATTERN = re.compile(
    r"(?<![a-z])(dd?|tt?|jj|mm?|yyyy|jjjj|aaaa|yy)[ ./-]+(dd?|tt?|jj|mm?)[ ./-]+"
    r"(yyyy|jjjj|aaaa|yy|aa|dd?|tt?)(?![a-z])"
)
_NEAR: Final = 85.0
"""Of 100: how alike two spellings must be for one to be suggested for the other."""
_SHORTEST: Final = 4
"""Letters of a name that something else may resemble; of shorter ones everything is near."""


@dataclass(frozen=True)
class Meaning:
    """What a header names. At most one of ``role``, ``scale``, ``is_score`` and ``known`` says
    something."""

    role: str = ""
    strength: Strength = "plain"
    scale: str = ""
    slot: str = ""
    """``score_before`` or ``score_after``, where the header names a scale and one of them."""
    is_score: bool = False
    """A score that does not say whether it was taken before or after the session."""
    known: str = ""
    """Why a known column is not used."""
    unit: str = ""
    """What stands in brackets, or the unit behind the name."""

    @property
    def is_known(self) -> bool:
        """Whether the header is one of the names."""
        return bool(self.role or self.scale or self.is_score or self.known)


@dataclass(frozen=True)
class Names:
    """All names of columns: those of roles and known things squeezed, those of scales with one
    space where anything stands between letters, because SCAR-S and SCARS are two scales."""

    plain: Mapping[str, Meaning]
    scales: Mapping[str, str]
    slots: Mapping[str, re.Pattern[str]]
    """``score_before`` and ``score_after`` → the words that say so beside the name of a scale."""
    _seen: dict[str, Meaning] = field(default_factory=dict)

    def read(self, header: str) -> Meaning:
        """Return what a header names: whole, or without its brackets and unit."""
        if header not in self._seen:
            self._seen[header] = self._read(header)
        return self._seen[header]

    def _read(self, header: str) -> Meaning:
        bare, unit = split_unit(header)
        for text in (header, bare):
            if meaning := self.plain.get(squeeze(text)):
                return replace(meaning, unit=unit)
            if scale := self.scales.get(_separate(text)):
                return Meaning(scale=scale, unit=unit)
        plain = _separate(bare)
        for slot, words in self.slots.items():
            rest, count = words.subn(" ", plain)
            if count and (scale := self.scales.get(" ".join(rest.split()))):
                return Meaning(scale=scale, slot=slot, unit=unit)
        without = self.plain.get(squeeze(_compile_whose().sub(" ", plain)), Meaning())
        return replace(without if without.role == "side_effects" else Meaning(), unit=unit)

    def suggest(self, header: str) -> str:
        """Return the role or scale whose name a header resembles; empty where none is near."""
        known = {key: each.role for key, each in self.plain.items() if each.role}
        known |= {squeeze(key): scale for key, scale in self.scales.items()}
        near = find_near(squeeze(split_unit(header)[0]), known)
        return known[near] if near else ""


@cache
def read_headers() -> Mapping[str, Any]:
    """Return ``headers.toml``."""
    return tomllib.loads(Path(__file__).with_name("headers.toml").read_text(encoding="utf-8"))


def list_names(vocabulary: Vocabulary) -> Names:
    """Return every name a column may have. What two scales are called is the name of neither."""
    declared = read_headers()
    plain: dict[str, Meaning] = {}
    for reason, headers in declared["known"].items():
        plain |= {squeeze(header): Meaning(known=reason) for header in headers}
    plain |= {squeeze(header): Meaning(is_score=True) for header in declared["score"]["headers"]}
    for role, block in declared["roles"].items():
        for header in (role.replace("_", " "), *block["headers"]):
            plain[squeeze(header)] = Meaning(role=role)
        for header in block.get("vague", ()):
            plain[squeeze(header)] = Meaning(role=role, strength="vague")
    called: dict[str, set[str]] = {}
    for key, scale in vocabulary.scales.items():
        for spelling in (key, scale.name, *scale.spellings):
            for text in (spelling, f"{spelling} score"):
                called.setdefault(_separate(text), set()).add(key)
    scales = {text: keys.pop() for text, keys in called.items() if len(keys) == 1}
    slots = {
        slot: re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?: score| grade)?(?!\w)")
        for slot, words in declared["slots"].items()
    }
    return Names(plain, scales, slots)


def _separate(text: str) -> str:
    """Return a header with one space where anything but a letter, digit or sign stands."""
    return " ".join(re.sub(r"[^\w%*&]|_", " ", fold_header(text)).split())


def fold_header(header: str) -> str:
    """Return a header in lower case, without accents and marks that cannot be seen."""
    plain = re.sub(r"[#№]|\bn[°º]", " no ", header, flags=re.IGNORECASE).replace("°", " ")
    if plain.isascii():
        return " ".join(plain.casefold().split())
    apart = unicodedata.normalize("NFKD", plain.replace("\u00b5", "u").replace("\u03bc", "u"))
    kept = "".join(each for each in apart if unicodedata.category(each) not in ("Mn", "Cf", "Cc"))
    return " ".join(kept.casefold().split())


def squeeze(text: str) -> str:
    """Return a header as headers are compared: letters, digits, ``%``, ``*`` and ``&`` alone."""
    return re.sub(r"[^\w%*&]|_", "", fold_header(text))


def split_unit(header: str) -> tuple[str, str]:
    """Return a header without what stands in brackets and without the unit behind its name, and
    these: ``("needle", "mm")`` of ``needle_mm`` and of ``Needle (mm)``."""
    inside = " ".join(first or second for first, second in _BRACKETS.findall(header)).strip()
    bare = _BRACKETS.sub(" ", header).strip()
    if not inside and (match := re.fullmatch(r"(.*[^\W_])[\s_.,/-]+([^\W\d_]+)\.?", bare)):
        word = fold_header(match[2])
        if word in _UNIT_WORDS - _SHORT_UNITS:
            return re.sub(r"[\s_]+(in|en|em)$", "", match[1]), word
    return bare, fold_header(inside)


def find_foreign_unit(role: str, unit: str) -> str:
    """Return the unit or range of a header that its role cannot have; empty where there is none."""
    allowed = read_headers()["roles"][role].get("units")
    if not unit or allowed is None or unit in allowed:
        return ""
    if any(f"{low}-{high}" not in allowed for low, high in _RANGE.findall(unit)):
        return unit
    words = [word for word in re.findall(r"[^\W\d_]+|%", unit) if word in _UNIT_WORDS]
    return unit if words and not any(word in allowed for word in words) else ""


def read_range(unit: str) -> tuple[float, float] | None:
    """Return the range that stands in a header, such as ``(0-10)``."""
    match = _RANGE.search(unit)
    if not match:
        return None
    low, high = (float(each.replace(",", ".")) for each in match.groups())
    return low, high


def read_date_pattern(header: str) -> str:
    """Return the order that a header such as ``Date (dd/mm/yyyy)`` declares; empty for others."""
    match = _DATE_PATTERN.search(fold_header(header))
    if not match:
        return ""
    order = []
    for part in match.groups():
        is_year = len(part) == 4 or part in ("yy", "aa")
        order.append("year" if is_year else "month" if part.startswith("m") else "day")
    return "-".join(order) if len({*order}) == 3 else ""


@cache
def _compile_whose() -> re.Pattern[str]:
    words = [re.escape(word) for each in read_headers()["whose"].values() for word in each]
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(words, key=len, reverse=True))})\w*")


def find_whose(header: str) -> str:
    """Return whose session the words of a side-effect header name; empty where they do not."""
    plain = fold_header(re.sub(r"[_.]+", " ", header))
    said = {
        session
        for session, words in read_headers()["whose"].items()
        if any(re.search(rf"(?<!\w){re.escape(word)}", plain) for word in words)
    }
    return said.pop() if len(said) == 1 else ""


def find_near(text: str, known: Iterable[str]) -> str:
    """Return the nearest of known spellings; empty where none is near. Never a decision."""
    if len(text) < _SHORTEST:
        return ""
    possible = [each for each in known if len(each) >= _SHORTEST]
    found = process.extractOne(text, possible, scorer=fuzz.ratio, score_cutoff=_NEAR)
    return str(found[0]) if found else ""
