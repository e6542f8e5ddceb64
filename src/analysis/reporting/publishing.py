"""The last step before a reader: what may be written, and how it is.

Files are written aside and renamed, so that a reader never opens half a page.
"""

import html
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from analysis.errors import PublishingRefusedError, ReportFailedError
from analysis.estimates import INTERNAL_MARK
from analysis.reporting.parameters import REPORTS

_HITS_NAMED: Final = 5
_NOT_SHAREABLE: Final = {
    INTERNAL_MARK: "single patients",
    'class="dataframe"': "a frame of rows, which nothing has released",
}
"""What stands in a page that shows it, and what it is in words."""

Scan = Callable[[str], Sequence[str]]
"""Says in words which identifiers a text holds and where, never the identifier itself."""


def write_json(content: Mapping[str, Any]) -> str:
    """Return the text of a data file."""
    try:
        return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    except ValueError:
        raise ReportFailedError(
            "The released estimates hold a number that is not finite; JSON has none."
        ) from None


def refuse_identifiers(scan: Scan, texts: Mapping[str, str]) -> None:
    """Raise :class:`PublishingRefusedError` saying where a text holds identifiers, never which."""
    hits = [f"{hit} ({place})" for place, text in texts.items() for hit in scan(text)]
    if hits:
        named = dict.fromkeys(hits)
        more = f" and {len(named) - _HITS_NAMED} more" if len(named) > _HITS_NAMED else ""
        raise PublishingRefusedError(
            f"Nothing was written, because a shareable page may not hold identifiers: "
            f"{'; '.join([*named][:_HITS_NAMED])}{more}. Look there. Where it is an ordinary "
            "word that is also somebody's identifier, give that patient another one; where a "
            "column without a role names nobody, list it under public_columns in source.toml."
        )


def refuse_single_patients(page: str) -> None:
    """Refuse what shows single patients, and a frame that was put on the page as it is."""
    plain = html.unescape(page)
    found = [told for mark, told in _NOT_SHAREABLE.items() if mark in plain]
    if found:
        raise PublishingRefusedError(
            f"Nothing was written, because a shareable page may not hold {' nor '.join(found)}: "
            "pass the page's own release on to what is shown, and show nothing else."
        )


def publish(texts: Mapping[Path, str]) -> None:
    """Write all files aside first, then rename them, so that none is ever half there."""
    aside = {path: path.with_name(f".{path.name}.{os.getpid()}.aside") for path in texts}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            aside[path].write_bytes(text.encode())
        for path in texts:
            os.replace(aside[path], path)
    except OSError as error:
        place = "/".join((REPORTS, *next(iter(texts)).parts[-2:]))
        raise ReportFailedError(f"{place} cannot be written: {error.strerror}.") from None
    finally:
        for path in aside.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)
