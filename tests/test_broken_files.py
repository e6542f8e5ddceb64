"""Files that were broken on the way: cut off, with bytes changed, with quotation marks where none
belong. Each is refused in one sentence, or every row of it is accounted for."""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.errors import SourceError
from analysis.intake.cohort import load_cohort
from analysis.intake.engine import open_engine
from analysis.intake.sources import read_log, read_source
from mutant_bases import Bases, read_bases
from mutant_logs import File, write_file, write_source
from mutation import make_mutant, pack

TOGETHER: Final = 75
"""Files in one source that is loaded whole."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """Clean rows of six habits."""
    return read_bases(tmp_path_factory.mktemp("example"))


def cut_off(raw: bytes, dice: Random) -> bytes:
    return raw[: dice.randrange(len(raw) + 1)]


def cut_out(raw: bytes, dice: Random) -> bytes:
    start = dice.randrange(len(raw))
    return raw[:start] + raw[start + dice.randint(1, 200) :]


def flip_bits(raw: bytes, dice: Random) -> bytes:
    changed = bytearray(raw)
    for _each in range(dice.randint(1, 8)):
        changed[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def insert_marks(raw: bytes, dice: Random) -> bytes:
    changed = bytearray(raw)
    for _each in range(dice.randint(1, 5)):
        mark = dice.choice([b'"', b"'", b"\\", b",", b";", b"\t", b"\n", b"\r", b"\0", b"\x1a"])
        changed[(at := dice.randrange(len(changed))) : at] = mark
    return bytes(changed)


def repeat_part(raw: bytes, dice: Random) -> bytes:
    start, end = sorted(dice.randrange(len(raw)) for _each in range(2))
    return raw[:end] + raw[start:]


BREAK: Final = (cut_off, cut_out, flip_bits, insert_marks, repeat_part)


def break_file(path: Path, dice: Random) -> bool:
    """Break a file, and return whether that was behind its header, as in every second text."""
    raw = path.read_bytes()
    header = re.search(rb"[\r\n]\0?", raw)
    is_behind = path.suffix != ".xlsx" and header is not None and dice.random() < 0.5
    kept = header.end() if header and is_behind else 0
    path.write_bytes(raw[:kept] + dice.choice(BREAK)(raw[kept:] or b"\n", dice))
    return is_behind


def is_readable(project: Path, home: Path, file: File, has_header: bool) -> bool:
    """Return whether a file can be read alone; where not, check what is said of it."""
    write_source(home, "mutants", [file])
    source = read_source(project, "mutants")
    try:
        with open_engine() as engine:
            read_log(engine, source)
    except SourceError as refused:
        sentence = str(refused)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert file.name in sentence
        # a header that runs on into a visit cannot be told from one with more columns
        ids = {row.find("patient").text.strip() for mutant in file.mutants for row in mutant.rows}
        assert not [each for each in ids if has_header and len(each) > 3 and each in sentence]
        return False
    return True


def read_records(path: Path, file: File) -> list[list[str]]:
    """Return the header and the rows of a delimited file."""
    encoding = "utf-8-sig" if file.form.encoding == "utf-8" else file.form.encoding
    text = io.StringIO(path.read_bytes().decode(encoding), newline="")
    csv.field_size_limit(10**9)
    return [*csv.reader(text, delimiter=file.form.delimiter)]


@settings(
    max_examples=1,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_broken_file_is_refused_or_accounted_for(
    bases: Bases, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """No traceback, no patient in a sentence, no row lost."""
    project = tmp_path_factory.mktemp("broken")
    home = project / "data" / "mutants"
    home.mkdir(parents=True)
    (project / "notebooks").mkdir()
    dice = Random(seed)
    files: list[File] = []
    is_whole: list[bool] = []
    for number in range(TOGETHER):
        mutants = [make_mutant(number, bases, seed)]
        files += pack(mutants, seed + number)
        files[-1].name = f"{number}-{files[-1].name}"
        write_file(home, files[-1])
        is_whole.append(break_file(home / files[-1].name, dice))
    readable = [
        file
        for file, has_header in zip(files, is_whole, strict=True)
        if is_readable(project, home, file, has_header)
    ]
    # a column without a role may have changed its name; such a file stands in no layout with others
    texts = {file.name: read_records(home / file.name, file) for file in readable if is_text(file)}
    alike = [file for file in readable if has_its_headers(file, texts)]
    write_source(home, "mutants", alike)

    cohort = load_cohort("mutants", project=project)

    assert TOGETHER / 4 < len(alike) < TOGETHER
    account, problems = cohort.account, cohort.problems
    aside = problems[problems["consequence"] == "row set aside"]
    assert account.read == account.used + account.set_aside + account.not_data
    assert len(aside[["file", "sheet", "line"]].drop_duplicates()) == account.set_aside
    assert account.read >= sum(len(texts[file.name]) - 1 for file in alike if is_text(file))
    assert {*problems["file"]} <= {file.name for file in alike}


def is_text(file: File) -> bool:
    return not file.form.sheets


def has_its_headers(file: File, texts: Mapping[str, list[list[str]]]) -> bool:
    if not is_text(file):
        return True
    return [each.strip() for each in texts[file.name][0]] == [*file.habit.headers.values()]
