"""What somebody may read out of a page: its text is one thing, what its bytes hold another.

An identifier is as readable when a tag stands in its middle, when its letters are written as
entities, or when it lies in an encoded picture; so a page is looked at in all these ways.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

AS_IT_IS: Final = "as it is"
_TAG: Final = re.compile(r"<!--.*?-->|<[/!?]?[a-zA-Z][^<>]*>", re.DOTALL)
_BLOCK: Final = re.compile(
    r"<(?!/?(?:a|abbr|b|bdi|bdo|cite|code|data|del|em|font|i|ins|kbd|mark|q|s|samp|small|span"
    r"|strong|sub|sup|time|tspan|u|var|wbr)\b|!--)[/!?]?[a-zA-Z][^<>]*>",
    re.IGNORECASE,
)
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\([\"/\\])")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_SHARE_OF_TEXT: Final = 0.9


def iterate_views(text: str) -> Iterator[tuple[str, str]]:
    """Yield each way of reading a text, in words, and what is read; letters are folded, so that
    case and width do not matter."""
    yield AS_IT_IS, _fold(text)
    plain = _unescape(text)
    if plain != text:
        yield "behind entities or escapes", _fold(plain)
    if _TAG.search(text):
        # in the one, words of neighbouring cells stay apart; in the other, nothing stays apart
        yield "split by tags", _fold(_unescape(_TAG.sub("", _BLOCK.sub(" ", text))))
        yield "split by tags", _fold(_unescape(_TAG.sub("", text)))
    decoded = "\n".join(_decode(text))
    if decoded:
        yield "encoded in base64", _fold(decoded)


def _unescape(text: str) -> str:
    plain = html.unescape(text)
    if "%" in plain:
        plain = unquote(plain)
    return _ESCAPED.sub(lambda found: _read_escape(*found.groups()), plain)


def _read_escape(unit: str | None, byte: str | None, other: str | None) -> str:
    return chr(int(unit or byte or "", 16)) if unit or byte else other or ""


def _decode(text: str) -> Iterator[str]:
    """Yield what runs of base64 hold: text, or the text inside a picture."""
    for match in _ENCODED.finditer(text):
        letters = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        try:
            raw = base64.b64decode(letters + "=" * (-len(letters) % 4))
        except binascii.Error:
            continue
        try:
            found = raw.decode()
        except UnicodeDecodeError:
            found = raw.decode("latin-1")
            if raw[:4] not in (b"\x89PNG", b"\xff\xd8\xff\xe0", b"%PDF", b"GIF8") and not (
                _is_text(found)
            ):
                continue
        yield found


def _is_text(found: str) -> bool:
    return sum(map(str.isprintable, found)) >= _SHARE_OF_TEXT * len(found)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()


def fold(text: str) -> str:
    """Return a text as :func:`iterate_views` writes it."""
    return _fold(text)
