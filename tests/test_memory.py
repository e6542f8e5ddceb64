"""Where memory is not enough: one sentence with the exit code of a source, wherever it is felt."""

from pathlib import Path

import duckdb
import pytest

from analysis import cli
from analysis.errors import TOO_LARGE, SourceError
from analysis.intake.cohort import keeping, loading
from analysis.intake.sources import limits
from hostile import write_parquet
from logs import load, write_project

LOG = """
patient | day | concern
a       | 3   | acne scars
"""
SHORT = {
    # what is raised by whom
    "Python": MemoryError,
    "DuckDB": duckdb.OutOfMemoryException,
}
STEPS = {
    "hash_inputs": loading,
    "read_kept": loading,
    "read_corrections": keeping,
    "apply_corrections": keeping,
    "clean_log": keeping,
}


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.parametrize("step", STEPS)
def test_load_says_so(
    kind: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever step of a load it is that needs more than there is."""

    def fail(*_given: object) -> None:
        raise SHORT[kind]

    monkeypatch.setattr(STEPS[step], step, fail)

    with pytest.raises(SourceError) as told:
        load(tmp_path, LOG)
    assert str(told.value) == TOO_LARGE


@pytest.mark.parametrize("kind", SHORT)
def test_command_says_so(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also outside of a load: one line, the exit code 3, and no traceback."""

    def fail() -> None:
        raise SHORT[kind]

    monkeypatch.setattr(cli, "app", fail)

    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    assert capsys.readouterr().err == f"outcomes: {TOO_LARGE}\n"


def test_any_other_fault_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours stays a traceback: it is no matter of memory."""

    def fail() -> None:
        raise KeyError("ours")

    monkeypatch.setattr(cli, "app", fail)

    with pytest.raises(KeyError):
        cli.main()


def test_parquet_that_is_too_large_is_not_called_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is as it should be; what is said of it must not send anybody to export it anew."""

    def fail(_file: object) -> None:
        raise MemoryError

    project = write_project(tmp_path, LOG)
    path = project / "data" / "clinic" / "log.parquet"
    write_parquet(path)
    monkeypatch.setattr("pyarrow.parquet.read_metadata", fail)

    with path.open("rb") as file, pytest.raises(MemoryError):
        limits.check_parquet(file, path.name)
