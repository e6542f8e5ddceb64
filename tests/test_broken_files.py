"""Files that were broken on the way: cut off, with bytes changed, with quotation marks where none
belong. Each is refused in one sentence, or every row of it is accounted for."""

import csv
import io
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

TOGETHER: Final = 150
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


def break_file(path: Path, dice: Random) -> None:
    """Break a file, half of them only behind their header."""
    raw = path.read_bytes()
    whole = len(raw) // 4 if dice.random() < 0.5 else 0
    path.write_bytes(raw[:whole] + dice.choice(BREAK)(raw[whole:], dice))


def is_readable(project: Path, home: Path, file: File) -> bool:
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
        ids = {row.find("patient").text.strip() for mutant in file.mutants for row in mutant.rows}
        assert not [each for each in ids if len(each) > 3 and each in sentence]
        return False
    return True


def count_records(path: Path, file: File) -> int:
    """Return how many rows stand below the header of a delimited file."""
    encoding = "utf-8-sig" if file.form.encoding == "utf-8" else file.form.encoding
    text = io.StringIO(path.read_bytes().decode(encoding), newline="")
    csv.field_size_limit(10**9)
    return sum(1 for _row in csv.reader(text, delimiter=file.form.delimiter)) - 1


@settings(
    max_examples=2,
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
    for number in range(TOGETHER):
        mutants = [make_mutant(number, bases, seed)]
        files += pack(mutants, seed + number)
        files[-1].name = f"{number}-{files[-1].name}"
        write_file(home, files[-1])
        break_file(home / files[-1].name, dice)
    readable = [file for file in files if is_readable(project, home, file)]
    write_source(home, "mutants", readable)

    cohort = load_cohort("mutants", project=project)

    assert TOGETHER / 3 < len(readable) < TOGETHER
    account, problems = cohort.account, cohort.problems
    aside = problems[problems["consequence"] == "row set aside"]
    text = [file for file in readable if not file.form.sheets]
    assert account.read == account.used + account.set_aside + account.not_data
    assert len(aside[["file", "sheet", "line"]].drop_duplicates()) == account.set_aside
    assert account.read >= sum(count_records(home / file.name, file) for file in text)
    assert {*problems["file"]} <= {file.name for file in readable}
