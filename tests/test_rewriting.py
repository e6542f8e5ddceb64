"""A log written in another way is the same log: order, columns, files, headers and encodings change
nothing in any table.

All ways of writing stand side by side in one source, each with patients of its own: the first
letter of an id says which way it is.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import pandas as pd
import pytest

from analysis.intake.cohort import Cohort, load_cohort
from analysis.intake.example import write_example
from analysis.intake.example.layouts import LAYOUTS, SCALES, Layout
from forms import TABLES

PATIENTS, SEED = 60, 4
Table = list[list[str]]


@dataclass(frozen=True)
class Text:
    """Files of one layout as they are to be written: header and rows, without the header."""

    header: list[str]
    files: tuple[Table, ...]
    delimiter: str
    encoding: str
    line_end: str
    columns: Mapping[str, str]
    scores: Mapping[str, str]


def shuffle_rows(text: Text, dice: Random) -> Text:
    files = tuple(dice.sample(rows, len(rows)) for rows in text.files)
    return replace(text, files=files)


def shuffle_columns(text: Text, dice: Random) -> Text:
    order = dice.sample(range(len(text.header)), len(text.header))

    def reorder(row: list[str]) -> list[str]:
        # a row with a wrong number of cells has no columns to change
        return [row[place] for place in order] if len(row) == len(order) else row

    files = tuple([*map(reorder, rows)] for rows in text.files)
    return replace(text, header=reorder(text.header), files=files)


def split_files(text: Text, dice: Random) -> Text:
    files = tuple(rows[start::3] for rows in text.files for start in range(3))
    return replace(text, files=files)


def join_files(text: Text, dice: Random) -> Text:
    return replace(text, files=([row for rows in text.files for row in rows],))


def rename_headers(text: Text, dice: Random) -> Text:
    names = {header: f"Spalte {n} (ü)" for n, header in enumerate(text.header)}
    return replace(
        text,
        header=[names[each] for each in text.header],
        # a header that stands once more changes with the first
        files=tuple(
            [[names[each] for each in row] if row == text.header else row for row in rows]
            for rows in text.files
        ),
        columns={role: names[each] for role, each in text.columns.items()},
        scores={scale: names[each] for scale, each in text.scores.items()},
    )


def write_otherwise(text: Text, dice: Random) -> Text:
    other = {";": "|", ",": "\t", "\t": ";"}[text.delimiter]
    return replace(text, delimiter=other, encoding="utf-16", line_end="\r\n")


def export_again(text: Text, dice: Random) -> Text:
    """The later half of each file stands in another export, too."""
    again = tuple(rows[len(rows) // 2 :] for rows in text.files)
    return replace(text, files=(*text.files, *again))


def write_as_it_is(text: Text, dice: Random) -> Text:
    return text


WAYS: Final[Mapping[str, Callable[[Text, Random], Text]]] = {
    "A": write_as_it_is,
    "B": shuffle_rows,
    "C": shuffle_columns,
    "D": split_files,
    "E": join_files,
    "F": rename_headers,
    "G": write_otherwise,
    "H": export_again,
}


def read_text(folder: Path, layout: Layout) -> Text:
    encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    files = []
    for name in layout.files:
        text = (folder / name).read_bytes().decode(encoding)
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter)
        files.append(rows)
    columns, scores = layout.columns, layout.scores
    return Text(
        header, tuple(files), layout.delimiter, layout.encoding, layout.line_end, columns, scores
    )


def write_layout(home: Path, letter: str, layout: Layout, text: Text) -> list[str]:
    """Write the files of one way and return their block of ``source.toml``."""
    names = []
    for number, rows in enumerate(text.files):
        names.append(f"{letter}-{layout.key}-{number}.txt")
        file = io.StringIO()
        writer = csv.writer(
            file, delimiter=text.delimiter, lineterminator=text.line_end, quoting=csv.QUOTE_ALL
        )
        writer.writerows([text.header, *rows])
        (home / names[-1]).write_bytes(file.getvalue().encode(text.encoding))
    blocks = (("columns", text.columns), ("scores", text.scores), ("answers", layout.answers))
    return [
        "[[layouts]]",
        f"files = {names}",
        f"format = {{delimiter = {json.dumps(text.delimiter)}, encoding = '{text.encoding}',"
        f" decimal = '{layout.decimal}', date_order = '{layout.date_order}'}}",
        *(
            line
            for key, block in blocks
            for line in (f"[layouts.{key}]", *(f"{k} = {json.dumps(v)}" for k, v in block.items()))
        ),
    ]


def name_apart(text: Text, letter: str) -> Text:
    """Return the rows with the letter before every id that is one; a name stays a name."""
    place = text.header.index(text.columns["patient"])

    def rename(row: list[str]) -> list[str]:
        written = row[place] if place < len(row) else ""
        is_id = any(mark.isdigit() for mark in written)
        return [*row[:place], letter + written.strip(), *row[place + 1 :]] if is_id else row

    return replace(text, files=tuple([*map(rename, rows)] for rows in text.files))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The example with its slips, in all ways at once."""
    project = tmp_path_factory.mktemp("ways")
    (project / "notebooks").mkdir()
    home = project / "data" / "ways"
    example = project / "example"
    write_example(example, patients=PATIENTS, seed=SEED)
    home.mkdir(parents=True)
    scales = ", ".join(f"{key} = '{coding}'" for key, coding in SCALES.items())
    lines = ["name = 'ways'", "title = 'Ways (synthetic)'", "extracted_on = 2026-06-30"]
    lines.append(f"scales = {{{scales}}}")
    for letter, rewrite in WAYS.items():
        for layout in LAYOUTS.values():
            text = name_apart(read_text(example, layout), letter)
            lines += write_layout(home, letter, layout, rewrite(text, Random(letter)))
    (home / "source.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_cohort("ways", project=project)


def read_way(cohort: Cohort, letter: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table that belong to one way, its letter taken away, in order."""
    table = pd.read_parquet(cohort.folder / f"{name}.parquet").astype("object")
    key = next(each for each in ("patient", "session", "course") if each in table)
    table = table[table[key].str.startswith(f"ways/{letter}")]
    rows = [
        {
            column: str(value).replace(f"ways/{letter}", "ways/")
            for column, value in row.items()
            if pd.notna(value)
        }
        for row in table.to_dict("records")
    ]
    return sorted(rows, key=str)


@pytest.mark.parametrize("letter", [*WAYS][1:], ids=[way.__name__ for way in WAYS.values()][1:])
@pytest.mark.parametrize("name", [*TABLES, "courses", "course_scores"])
def test_every_way_gives_the_same_tables(cohort: Cohort, letter: str, name: str) -> None:
    """The canonical tables and the courses, row by row."""
    expected = read_way(cohort, "A", name)

    assert len(expected) > PATIENTS / 2
    assert read_way(cohort, letter, name) == expected


@pytest.mark.parametrize("letter", [*WAYS][1:-1], ids=[way.__name__ for way in WAYS.values()][1:-1])
def test_every_way_has_the_same_problems(cohort: Cohort, letter: str) -> None:
    """As many of each rule and consequence; an export that overlaps has its repeated rows beside
    them."""

    def count(way: str) -> Counter[tuple[str, str]]:
        of_way = cohort.problems[cohort.problems["file"].str.startswith(f"{way}-")]
        return Counter(of_way[["rule", "consequence"]].itertuples(index=False, name=None))

    assert count("A").total() > PATIENTS
    assert count(letter) == count("A")
