"""Editions of reports as files: how they are named, and what was published of one."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.errors import OutcomesError, UsageError
from analysis.reporting.parameters import FAILED, Parameter, Value

FORMAT: Final = 1
"""Version of the data file's form; raised when a reader of the old form would go wrong."""
_LONGEST_NAME: Final = 120
_HASH_DIGITS: Final = 8
_PAGE: Final = ".html"
_DATA: Final = ".json"
_KEYS: Final[Mapping[str, type]] = {
    **{"report": str, "edition": str, "audience": str, "status": str},
    **{"page": dict, "parameters": dict, "origin": dict, "provenance": dict, "estimates": dict},
}


@dataclass(frozen=True, kw_only=True)
class Published:
    """One edition that was published, as its two files hold it."""

    path: Path
    """The page; its data file lies beside it."""
    page: bytes | None
    """None where only the data file is left."""
    data: bytes
    content: Mapping[str, Any]
    """What the data file holds."""

    @property
    def report(self) -> str:
        """Name of the report."""
        return str(self.content["report"])

    @property
    def is_shareable(self) -> bool:
        """Whether anybody may see it."""
        return bool(self.content["audience"] == "shareable")

    @property
    def estimates(self) -> Mapping[str, Mapping[str, Any]]:
        """Address to row."""
        return dict(self.content["estimates"])


def read_published(path: Path, *, unreadable: type[OutcomesError]) -> Published:
    """Return what was published of the edition that a page, or its data file, belongs to.

    Raises :class:`UsageError` where there is neither, and an error of the class ``unreadable``
    where there is a page and its data file is not there or cannot be read as one.
    """
    if path.name.endswith(FAILED) or path.suffix not in (_PAGE, _DATA):
        raise UsageError(
            f"{path.name!r} is neither a page (.html) nor its data file (.json); give one of them."
        )
    page, data = path.with_suffix(_PAGE), path.with_suffix(_DATA)
    there = page.read_bytes() if page.is_file() else None
    try:
        written = data.read_bytes()
        content = _read_content(written)
    except FileNotFoundError:
        if there is None:
            raise UsageError(
                f"There is no page {page.as_posix()!r}; `outcomes list` shows those that exist."
            ) from None
        raise unreadable(
            f"The data file of the page is not there ({data.name!r}), and nothing can be said of a "
            "page without it; render the report again."
        ) from None
    except (OSError, ValueError):
        raise unreadable(
            f"{data.name!r} cannot be read as the data file of a page; render the report again."
        ) from None
    if content["format"] != FORMAT:
        raise unreadable(f"{data.name!r} has another form than this version writes and reads.")
    return Published(path=page, page=there, data=written, content=content)


def _read_content(written: bytes) -> dict[str, Any]:
    content = json.loads(written.decode("utf-8"))
    if not isinstance(content, dict) or "format" not in content:
        raise ValueError
    if content["format"] == FORMAT and not _is_whole(content):
        raise ValueError
    return content


def _is_whole(content: Mapping[str, Any]) -> bool:
    return all(isinstance(content.get(key), kind) for key, kind in _KEYS.items()) and all(
        isinstance(row, dict) for row in content["estimates"].values()
    )


# ── the edition's name ───────────────────────────────────────────────────────────────────────


def name_edition(declared: Sequence[Parameter], values: Mapping[str, Value]) -> str:
    """Return the file name, without its ending, of the edition with these values.

    ``example--concern=acne_scars--internal``: the source, every parameter that differs from its
    default, and the audience when it is internal. A name that had to be shortened or cleaned for
    the file system ends in a hash of the values, so that two editions never share a file.
    """
    differing = {
        each.name: values[each.name]
        for each in declared
        if each.name not in ("source", "audience") and values[each.name] != each.default
    }
    source = values.get("source") or "all"
    asked = [("", source), *((f"{name}=", value) for name, value in differing.items())]
    name = "--".join(f"{key}{'+'.join(map(_clean_name, _to_texts(each)))}" for key, each in asked)
    as_given = "--".join(f"{key}{'+'.join(_to_texts(each))}" for key, each in asked)
    if name != as_given or len(name) > _LONGEST_NAME:
        everything = json.dumps([source, differing], ensure_ascii=True).encode()
        digest = hashlib.sha256(everything).hexdigest()[:_HASH_DIGITS]
        name = f"{name[:_LONGEST_NAME].rstrip('-.')}--{digest}"
    return f"{name}--internal" if values["audience"] == "internal" else name


def _to_texts(value: Value) -> list[str]:
    if isinstance(value, list):
        return value or [""]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return ["" if value is None else str(value)]


def _clean_name(text: str) -> str:
    """Keep what every file system takes; what separates parts or ends a name gives way too."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain)
    safe = re.sub(r"\.(?=\.|failed$|$)", "_", re.sub(r"-{2,}", "-", safe))
    return safe.strip("-").lstrip(".") or "_"
