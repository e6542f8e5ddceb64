"""The folders in which prepared cohorts are kept: ``.cache/<source>/<hash>``.

Everything in them is made from the log and is made again when it is missing.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

CACHE: Final = ".cache"
ACCOUNT: Final = "account.json"
"""Written last and removed first: a folder without it is no cohort."""
BUILDING: Final = ".building-"
"""How the name of a folder begins while it is being written."""
COHORTS_KEPT: Final = 4
"""Newest cohorts of a source that stay: of today and of the days some pages are read at."""
HOURS_KEPT: Final = 24
"""A cohort used this shortly before a new one was made stays too: a report may be reading it."""


def list_kept(project: Path, source: str) -> list[Path]:
    """Return the folders of a source's cohorts, those being written included, by name."""
    home = project / CACHE / source
    return sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []


def list_kept_sources(project: Path) -> list[str]:
    """Return the names of the sources that have a folder in the cache, by name."""
    home = project / CACHE
    return sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []


def mark_used(folder: Path) -> None:
    """Note that a cohort was just loaded; where the cache cannot be written, nothing happens."""
    with suppress(OSError):
        os.utime(folder / ACCOUNT)


def remove_older(folder: Path) -> None:
    """Remove the cohorts of the same source that are no longer needed once ``folder`` is written.

    :data:`COHORTS_KEPT` stay, and all that were used in the :data:`HOURS_KEPT` hours before. What
    another process writes at this moment is not that old; what one left behind unfinished is.
    """
    latest = _find_last_use(folder)
    others = [path for path in folder.parent.iterdir() if path.is_dir() and path != folder]
    others.sort(key=_find_last_use, reverse=True)
    finished = [path for path in others if not path.name.startswith(BUILDING)]
    unfinished = [path for path in others if path.name.startswith(BUILDING)]
    for path in (*finished[COHORTS_KEPT - 1 :], *unfinished):
        if _find_last_use(path) < latest - HOURS_KEPT * 3600:
            remove_cohort(path)


def remove_cohort(folder: Path) -> None:
    """Remove one folder; whoever looks meanwhile finds no cohort, never half of one."""
    with suppress(OSError):
        (folder / ACCOUNT).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _find_last_use(folder: Path) -> float:
    """Return when the folder was last written to or its cohort last loaded; 0 when it is gone."""
    return max(_list_times(folder), default=0.0)


def _list_times(folder: Path) -> Iterator[float]:
    for path in (folder, folder / ACCOUNT):
        with suppress(OSError):
            yield path.stat().st_mtime
