"""Everything that is shown to a user as one sentence, with its exit code.

Each cause is a class; each class has one exit code, because a scheduled run is judged by its
exit code and nobody reads its logs. A message says what was found, where, and what to do, and
never contains a patient's value.
"""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_HIDDEN: Final = ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")
"""Unicode's categories of what has no shape: control codes, signs that turn the direction of what
follows, line ends, private codes, halves of surrogate pairs."""


def write_out(text: str) -> str:
    """Return the text on one line, with every mark that cannot be seen written as its code.

    Names of files, sheets and columns come from outside; what is printed of them must neither
    command a terminal nor turn round what stands beside it.
    """
    return "".join(map(_write_mark, text))


def _write_mark(mark: str) -> str:
    if unicodedata.category(mark) not in _HIDDEN:
        return mark
    return f"\\u{ord(mark):04X}" if ord(mark) < 0x10000 else f"\\U{ord(mark):08X}"


TOO_LARGE: Final = (
    "The log is larger than the memory this command may use; allow it more, or split the log into "
    "sources of their own."
)


class OutcomesError(Exception):
    """Base of all errors that are shown without a traceback."""

    exit_code = 1


class UsageError(OutcomesError):
    """A report, parameter or term that does not exist or has the wrong type."""

    exit_code = 2

    @classmethod
    def for_unknown(
        cls, kind: str, name: str, possible: Iterable[str], *, where: str = ""
    ) -> "UsageError":
        """Say that a name is not known, offer the nearest one and list the possible ones."""
        return cls(sentence_for_unknown(kind, name, possible, where=where))

    @classmethod
    def for_unknown_among(cls, kind: str, name: str, possible: Iterable[str]) -> "UsageError":
        """Say that a name is not known and offer the nearest ones; there are too many to list."""
        nearest = get_close_matches(name.lower(), sorted(possible), n=3, cutoff=0.5)
        hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
        return cls(f"Unknown {kind} {name!r}.{hint}")


class SourceError(OutcomesError):
    """A source that cannot be read, or whose patient or date column is not mapped."""

    exit_code = 3


class VocabularyError(SourceError):
    """A slip in a vocabulary file: the sentence names file, block and key."""

    @classmethod
    def for_slip(cls, file: str, block: str, key: str, slip: str) -> "VocabularyError":
        place = f"{file}, block [{block}]" + (f", key {key!r}" if key else "")
        return cls(f"{place}: {slip}")


class StrictError(OutcomesError):
    """Something was set aside although ``--strict`` was asked for."""

    exit_code = 4


class ReportFailedError(OutcomesError):
    """A report could not be rendered; the last good page is still in place."""

    exit_code = 5


class VerificationError(OutcomesError):
    """A page is not what rendering it again gives, or cannot be held against that."""

    exit_code = 6


class PublishingRefusedError(OutcomesError):
    """An identifier, or a single patient, was found in a page that was about to be shared."""

    exit_code = 8


def sentence_for_unknown(kind: str, name: str, possible: Iterable[str], *, where: str = "") -> str:
    """Return "unknown KIND 'name'WHERE; did you mean 'x'? Possible: a, b, c."."""
    names = sorted(possible)
    nearest = get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    listed = f" Possible: {', '.join(names)}." if names else " There are none yet."
    return f"Unknown {kind} {name!r}{where}.{hint}{listed}"
