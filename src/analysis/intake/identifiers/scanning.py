"""Finds identifiers in a text that is about to be shared, whatever way they are written there."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from analysis.intake.identifiers.days import find_days
from analysis.intake.identifiers.listing import MACHINE, Identifiers
from analysis.intake.identifiers.own import Own, find_words, read_own
from analysis.intake.identifiers.views import AS_IT_IS, fold, iterate_views

SHORTEST: Final = 5
"""Shorter identifiers, and those of digits only, count only in the form source/ID or in a column
of identifiers."""
FEWEST_DIGITS: Final = 7
"""A telephone number has as many digits, or more."""
_LONG: Final = 8
_RUN: Final = 6
"""Of a text of more words than :data:`_LONG`, as many in a row are enough."""
_FEW: Final = 3
"""Words in a row that the product itself uses may be chance, if they are no more than these."""

_WORD: Final = re.compile(r"[\w/.@+-]+")
_PART: Final = re.compile(r"[^\W_]+")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}")
_PHONE: Final = re.compile(r"(?<![\w.,])[+(]{0,2}\d(?:[\s()/.-]{0,2}\d){6,14}(?![\w]|[.,]\d)")
_PATH: Final = re.compile(r"file://|(?<![\w.<])/(?:home|users)/\w|\b[a-z]:\\+(?:users|windows)\b")
_TABLE: Final = re.compile(r"<table\b.*?</table>", re.DOTALL)
_ROW: Final = re.compile(r"<tr\b.*?(?=<tr\b|</table>)", re.DOTALL)
_CELL: Final = re.compile(r"<t([hd])\b[^<>]*>(.*?)(?=<t[hd]\b|</tr|$)", re.DOTALL)
_TAG: Final = re.compile(r"<[^<>]*>")
_OF_IDENTIFIERS: Final = (
    r"(?:(?:patient|client|subject|staff|operator|lot|serial)(?:[ _](?:id|no|number))?|id|mrn)"
)
_KEYED: Final = re.compile(rf'"{_OF_IDENTIFIERS}"\s*:\s*"?([^",}}\]]+)')

Scan = Callable[[str], list[str]]
Run = tuple[str, ...]
"""The words of a text, folded."""


def make_scanner(identifiers: Identifiers, *, allowed_days: Iterable[date] = ()) -> Scan:
    """Return a function that says which identifiers a text holds, and where.

    The answer names the kind, the column and the position, never what was found. ``allowed_days``
    are the ends of the period that was asked for: a session on such a day makes it no secret.
    """
    own = read_own(identifiers.told)
    marks = {fold(text): kind for text, kind in identifiers.marks.items() if text.strip()}
    words, phrases = _sort_marks(marks, identifiers.source, own)
    texts = [*_list_texts(identifiers.texts, own)]
    phones = {_keep_digits(text): of for text, of in identifiers.texts.items() if _is_phone(text)}
    bare = {_get_bare(text, identifiers.source): kind for text, kind in marks.items()}
    short = {text: kind for text, kind in bare.items() if text and not _is_telling(text)}
    days = identifiers.days - identifiers.told_days - frozenset(allowed_days)
    longest = max((len(_PART.findall(each)) for each in words), default=0)

    def scan_view(view: str) -> Iterator[tuple[int, str]]:
        for match in _WORD.finditer(view):
            if known := _find_known(match[0], words, longest):
                yield match.start(), words[known]
        parts = _PART.findall(view)
        stream, present = f" {' '.join(parts)} ", {*parts}
        for phrase, kind in phrases.items():
            if present.issuperset(_PART.findall(phrase)) and phrase in view:
                yield view.find(phrase), kind
        for words_of_text, column in texts:
            if run := _find_run(words_of_text, present, stream, own):
                yield _find_place(run, view), _name_text(column)
        for match in _PHONE.finditer(view) if phones else ():
            if (digits := _keep_digits(match[0])) in phones:
                yield match.start(), _name_text(phones[digits])
        yield from ((place, "a day of the log") for place, day in find_days(view) if day in days)
        for pattern, kind in ((_MAIL, "an e-mail address"), (_PATH, "a path of a machine")):
            yield from ((match.start(), kind) for match in pattern.finditer(view))
        for place, text in _iterate_keyed(view) if short else ():
            if text in short:
                yield place, short[text]

    def scan(text: str) -> list[str]:
        plain: set[str] = set()
        found: dict[str, None] = {}
        for way, view in iterate_views(text):
            for place, kind in sorted({*scan_view(view)}):
                if way == AS_IT_IS:
                    plain.add(kind)
                    found[f"{kind} at character {place}"] = None
                elif kind not in plain:
                    found[f"{kind}, {way}"] = None
        return [*found]

    return scan


# --- what is looked for -----------------------------------------------------------------------


def _sort_marks(
    marks: Mapping[str, str], source: str, own: Own
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the identifiers that are one word, and those that are more; each with its kind."""
    telling: dict[str, str] = {}
    for text, kind in marks.items():
        if kind in MACHINE:
            is_known = text in own.words or len(text) < SHORTEST
            telling |= {} if is_known else {text: kind}
            continue
        bare = _get_bare(text, source)
        telling |= {text: kind} if text != bare else {}
        telling |= {bare: kind} if _is_telling(bare) else {}
    words = {
        text: kind
        for text, kind in telling.items()
        if _WORD.fullmatch(text) and not text.startswith("/")
    }
    return words, {text: kind for text, kind in telling.items() if text not in words}


def _get_bare(text: str, source: str) -> str:
    """Return the identifier as the log writes it."""
    return text.removeprefix(f"{fold(source)}/")


def _is_telling(text: str) -> bool:
    return len(text) >= SHORTEST and not text.isdigit()


def _list_texts(texts: Mapping[str, str], own: Own) -> Iterator[tuple[Run, str]]:
    """Yield the words of each text that would tell anything, and the header of its column."""
    for text, column in texts.items():
        # of a million notes most words are the same
        run = tuple(map(sys.intern, find_words(text)))
        foreign = [word for word in run if not word.isdigit() and word not in own.words]
        if len(run) == 1:
            foreign = [word for word in foreign if len(word) >= SHORTEST]
        if foreign or (len(run) > _FEW and not all(map(str.isdigit, run))):
            yield run, column


def _is_phone(text: str) -> bool:
    plain = text.strip()
    digits = _keep_digits(plain)
    is_number = plain.isdigit() and len(digits) <= FEWEST_DIGITS + 2
    return bool(
        _PHONE.fullmatch(plain)
        and len(digits) >= FEWEST_DIGITS
        and not is_number
        and not any(True for _ in find_days(plain))
    )


def _keep_digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _name_text(column: str) -> str:
    return f"text of the column {column!r}"


# --- where it stands --------------------------------------------------------------------------


def _find_known(word: str, words: Mapping[str, str], longest: int) -> str:
    """Return the identifier a word is, or holds between marks such as ``-`` and ``/``; empty if
    there is none. ``longest`` is the most parts an identifier has."""
    if word in words:
        return word
    parts = [part.span() for part in _PART.finditer(word)]
    held = (
        word[start : parts[last][1]]
        for first, (start, _end) in enumerate(parts)
        for last in range(first, min(first + longest, len(parts)))
    )
    return next((each for each in held if each in words), "")


def _find_run(text: Run, present: set[str], stream: str, own: Own) -> Run:
    """Return the words of the text that stand in a row in the stream and are not the product's
    own; none if there are none."""
    length = len(text) if len(text) <= _LONG else _RUN
    together = 0
    for place, word in enumerate(text):
        together = together + 1 if word in present else 0
        if together < length:
            continue
        run = text[place + 1 - length : place + 1]
        written = f" {' '.join(run)} "
        if written in stream and written not in own.stream:
            return run
    return ()


def _find_place(run: Run, view: str) -> int:
    found = re.search(r"[\W_]+".join(map(re.escape, run)), view)
    return found.start() if found else 0


def _iterate_keyed(view: str) -> Iterator[tuple[int, str]]:
    """Yield what stands below a header, or behind a key, that says it is an identifier."""
    for match in _KEYED.finditer(view):
        yield match.start(1), match[1].strip()
    for table in _TABLE.finditer(view):
        columns: set[int] = set()
        for row in _ROW.finditer(table[0]):
            cells = [(_TAG.sub("", cell[2]).strip(), cell[1]) for cell in _CELL.finditer(row[0])]
            for place, (text, kind) in enumerate(cells):
                if kind == "h" and re.fullmatch(_OF_IDENTIFIERS, text):
                    columns.add(place)
                elif place in columns:
                    yield table.start() + row.start(), text
