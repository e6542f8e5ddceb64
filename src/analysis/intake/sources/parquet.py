"""Reads Parquet files, every cell as text."""

from typing import Final

import duckdb

from analysis.errors import SourceError
from analysis.intake.engine import Engine
from analysis.intake.sources.limits import check_parquet, open_inside
from analysis.intake.sources.log import Log
from analysis.intake.sources.settings import SETTINGS_FILE, Layout, Source
from analysis.intake.sources.typed import cast_to_text, make_typed_log, spell

_NUMBER: Final = "file_row_number"


def read_parquet(engine: Engine, source: Source, layout: Layout, name: str) -> Log:
    """Return the log of one file; ``line`` is the number of the row, the first one being 1.

    Raises
    ------
    SourceError
        When the file is missing, is no Parquet or a broken one, or a mapped column is not there or
        cannot be read as text (see :func:`make_typed_log`).
    """
    with open_inside(source.folder, name) as file:
        check_parquet(file, name)
    try:
        rows = engine.connection.read_parquet(source.folder / name, file_row_number=True)
        types = {key: kind for key, kind in rows.schema().items() if key != _NUMBER}
        texts = cast_to_text(rows, types, line=rows[_NUMBER] + 1)
        return make_typed_log(source, layout, name, spell(texts, types), types)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise SourceError(
            f"The log {name!r} is not a Parquet file, or a broken one; write it again, or correct "
            f"kind in {SETTINGS_FILE}."
        ) from None
