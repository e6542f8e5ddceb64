"""What a page was made of: code, vocabulary, inputs, lock file, packages and Python. No clock, no
paths, no commit.

A commit says nothing about a changed working copy, so the code's version is a hash of the code.
The vocabulary has a hash for each of its files, because whoever holds two pages against each other
wants to know whether the medicine changed, and where, or the program.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from analysis.reporting.parameters import read_notebook

LIBRARIES: Final = (
    *("duckdb", "great-tables", "ibis-framework", "matplotlib", "nbconvert", "numpy", "pandas"),
    *("pandera", "papermill", "scipy", "seaborn", "statsmodels"),
)
"""The libraries whose version can change a number, a picture or the page around them."""

_PACKAGE: Final = Path(__file__).parent.parent
_CODE: Final = (".py", ".toml", ".j2", ".css", ".json")
_LOCK: Final = "requirements.txt"
_VOCABULARY: Final = "vocabulary"
_DIGITS: Final = 16


def describe_provenance(
    notebook: Path, *, project: Path, inputs: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return ``code``, ``vocabulary`` (file to hash), ``lock`` (hashes; ``lock`` is empty without a
    lock file), ``python`` ("3.11"), ``packages`` (name to version, those not installed left out)
    and ``inputs`` as given: the hash of each part of the data, by its name."""
    return {
        "code": hash_code(notebook),
        "vocabulary": hash_vocabulary(),
        "inputs": dict(inputs or {}),
        "lock": _hash_lock(project / _LOCK),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "packages": _find_versions(LIBRARIES),
    }


def hash_code(notebook: Path, *, package: Path = _PACKAGE) -> str:
    """Return the hash of the package's files (code, template, spellings of columns) and the
    notebook; the vocabulary has hashes of its own.

    It depends on names relative to the package and on content, not on where a copy lies or on
    how its lines end. Of the notebook only the cells' text and tags count, because opening and
    running it changes everything else.
    """
    files = {
        path.relative_to(package).as_posix(): path
        for path in package.rglob("*")
        if path.suffix in _CODE
        and "__pycache__" not in path.parts
        and path.is_file()
        and not (path.parent == package / _VOCABULARY and path.suffix == ".toml")
    }
    contents = {name: _read(path) for name, path in files.items()}
    contents[f"notebooks/{notebook.name}"] = _read_cells(notebook)
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def hash_vocabulary(*, package: Path = _PACKAGE) -> dict[str, str]:
    """Return the first digits of the hash of each built-in vocabulary file, by its name."""
    return {
        path.name: hashlib.sha256(_read(path)).hexdigest()[:_DIGITS]
        for path in sorted((package / _VOCABULARY).glob("*.toml"))
    }


def _hash_lock(lock: Path) -> str:
    return hashlib.sha256(_read(lock)).hexdigest() if lock.is_file() else ""


def _read_cells(notebook: Path) -> bytes:
    cells = [
        [each["cell_type"], "".join(each["source"]), each["metadata"].get("tags", [])]
        for each in read_notebook(notebook)["cells"]
    ]
    return json.dumps(cells, ensure_ascii=False).encode()


def _read(path: Path) -> bytes:
    return path.read_bytes().replace(b"\r\n", b"\n")


def _find_versions(names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
