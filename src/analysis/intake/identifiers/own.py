"""The words that the product itself writes: on a page they tell of nobody."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from analysis.intake.identifiers.views import fold

_CODE: Final = (".py", ".toml", ".j2")
_PACKAGE: Final = Path(__file__).parents[2]
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Own:
    """Words that stand on pages of any clinic, alone and in a row."""

    words: frozenset[str]
    stream: str

    def holds(self, text: str) -> bool:
        """Return whether a text is of such words alone, without any number."""
        return {*find_words(text)} <= self.words and not any(map(str.isdigit, text))


def find_words(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _WORD.findall(fold(text))


def read_own(told: Sequence[str] = ()) -> Own:
    """Return the words of the product; ``told`` are names that may stand on pages as well."""
    words, stream = _read_package()
    more = [find_words(each) for each in told]
    return Own(
        words | {word for each in more for word in each},
        stream + "".join(f" {' '.join(each)} " for each in more),
    )


@lru_cache(maxsize=1)
def _read_package() -> tuple[frozenset[str], str]:
    """Return the words of the package's own files, and these words in a row. The synthetic log
    is left out: what it makes up is what others write."""
    files = sorted(
        path
        for path in _PACKAGE.rglob("*")
        if path.suffix in _CODE and "example" not in path.relative_to(_PACKAGE).parts
    )
    words = find_words("\n".join(path.read_text(encoding="utf-8") for path in files))
    return frozenset(words), f" {' '.join(words)} "
