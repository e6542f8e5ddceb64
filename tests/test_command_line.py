"""The command line as a user meets it: what it prints, its exit codes, and that nothing is lost."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from analysis.cli import main
from analysis.intake.cohort import load_cohort
from analysis.reporting.released import Remembered
from analysis.reporting.render import Rendered
from commands import Shell

HEADER = "Client ID;Date of visit;Concern;Scale;Score before;Side effects\n"
ROW = "P-0001;03.04.2025;acne scars;Goodman-Baron;3;none\n"
SETTINGS = """
name = "mine"
title = "My clinic"
extracted_on = 2026-01-31
files = ["log.csv"]
[format]
delimiter = ";"
date_order = "day-month-year"
[columns]
patient = "Client ID"
date = "Date of visit"
concern = "Concern"
scale = "Scale"
score_before = "Score before"
side_effects = "Side effects"
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


TERMINAL = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """The process the commands run in."""
    with Shell(**TERMINAL) as opened:
        yield opened


@pytest.fixture(scope="module")
def prepared(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, and the cohort of its log."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(project / "notebooks", folder / "notebooks")
    (folder / "data" / "mine").mkdir(parents=True)
    (folder / "data/mine/source.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "data/mine/log.csv").write_text(HEADER + ROW, encoding="utf-8")
    load_cohort("mine", project=folder)
    return folder


@pytest.fixture
def run(shell: Shell, prepared: Path, tmp_path: Path) -> Run:
    """Run `outcomes` in a small project of its own, as a user would."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return partial(shell.run, tmp_path)


def test_a_command_in_a_process_of_its_own(run: Run, tmp_path: Path) -> None:
    """Its exit code and what it prints are what the other tests of this module are told."""
    for words in (["check", "mine", "--json"], ["check", "mnie"]):
        alone = subprocess.run(
            [sys.executable, "-c", "from analysis.cli import main; main()", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | TERMINAL,
        )
        told = run(*words)

        assert (told.returncode, told.stdout, told.stderr) == (
            *(alone.returncode, alone.stdout, alone.stderr),
        )


def list_files(folder: Path) -> dict[str, bytes]:
    """Return every file outside the cache with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }


def damage(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / "data" / "mine" / file
    text = path.read_text(encoding="utf-8")

    assert old in text

    path.write_text(text.replace(old, new), encoding="utf-8")


# what is damaged (file, old, new)  | command | exit code | what the sentence says
BAD_INPUT = {
    "a source that is not there": (
        None,
        ["check", "mnie"],
        3,
        ["Unknown source 'mnie'", "Did you mean 'mine'?"],
    ),
    "a log that is not there": (
        ("source.toml", '["log.csv"]', '["gone.csv"]'),
        ["check", "mine"],
        3,
        ["'gone.csv' cannot be read", "no such file"],
    ),
    "a column that is not there": (
        ("source.toml", '"Concern"', '"Indication"'),
        ["check", "mine"],
        3,
        ["no column 'Indication'", "concern", "'Client ID', 'Date of visit', 'Concern'"],
    ),
    "no patient column": (
        ("source.toml", 'patient = "Client ID"\n', ""),
        ["check", "mine"],
        3,
        ["No patient column is mapped", "source.toml"],
    ),
    "no date column": (
        ("source.toml", 'date = "Date of visit"\n', ""),
        ["check", "mine"],
        3,
        ["No date column is mapped", "source.toml"],
    ),
    "zero bytes": (
        ("log.csv", HEADER + ROW, ""),
        ["check", "mine"],
        3,
        ["'log.csv' is empty (zero bytes)"],
    ),
    "settings that are not TOML": (
        ("source.toml", "files = [", "files = "),
        ["check", "mine"],
        3,
        ["data/mine/source.toml is not valid TOML"],
    ),
    "a misspelt setting": (
        ("source.toml", "extracted_on", "extracted_at"),
        ["check", "mine"],
        3,
        ["Unknown key 'extracted_at'", "Did you mean 'extracted_on'?"],
    ),
    "a report that is not there": (
        None,
        ["report", "concren"],
        2,
        [
            "Unknown report 'concren'",
            "Did you mean 'concern'?",
            "claims, concern, overview, side_effects",
        ],
    ),
    "a misspelt parameter": (
        None,
        ["report", "concern", "-p", "concren=acne_scars"],
        2,
        ["Unknown parameter 'concren'", "Did you mean 'concern'?"],
    ),
    "a parameter without a value": (
        None,
        ["report", "concern", "-p", "concern"],
        2,
        ["'concern' cannot be read", "name=value"],
    ),
    "an audience that does not exist": (
        None,
        ["report", "concern", "-p", "source=mine", "--audience", "public"],
        2,
        ["'public'", "internal, shareable"],
    ),
    "a concern that does not exist": (
        None,
        ["report", "concern", "-p", "source=mine", "-p", "concern=acne_scar"],
        2,
        ["Unknown concern 'acne_scar'", "Did you mean 'acne_scars'?"],
    ),
    "a period that cannot be read": (
        None,
        ["report", "concern", "-p", "source=mine", "-p", "period=last year"],
        2,
        ["'last year' cannot be read", "2026-Q2"],
    ),
    "a day that cannot be read": (
        None,
        ["report", "concern", "-p", "source=mine", "-p", "as_of=31.01.2026"],
        2,
        ["'31.01.2026'", "ISO day"],
    ),
    "an operator on a page that is shared": (
        None,
        ["report", "concern", "-p", "source=mine", "-p", "operator=N1"],
        2,
        ["internal"],
    ),
    "a log that init cannot find": (None, ["init", "gone.csv"], 3, ["'gone.csv' cannot be read"]),
    "a source that init would overwrite": (
        None,
        ["init", "data/mine/log.csv", "--name", "mine"],
        2,
        ["data/mine/source.toml exists already"],
    ),
    "a term that does not exist": (None, ["vocabulary", "wsrz"], 2, ["Nearest: wsrs"]),
    "a row that was set aside, strictly": (
        ("log.csv", "03.04.2025", "31.02.2025"),
        ["check", "mine", "--strict"],
        4,
        ["1 of 1 rows were set aside", "corrections.csv"],
    ),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_sentence_with_its_exit_code(case: str, run: Run, tmp_path: Path) -> None:
    """Bad input says what was found, where and what to do, and changes nothing."""
    slip, words, code, expected = BAD_INPUT[case]
    if slip:
        damage(tmp_path, *slip)
    before = list_files(tmp_path)

    found = run(*words)

    after = {
        name: content
        for name, content in list_files(tmp_path).items()
        if not name.endswith("corrections.csv")
    }
    assert found.returncode == code, found.stderr
    assert [each for each in expected if each not in found.stderr] == []
    assert "Traceback" not in found.stderr + found.stdout
    assert len([line for line in found.stderr.splitlines() if line]) == 1
    assert after == before


def test_a_log_with_a_header_only_is_an_empty_page(run: Run, tmp_path: Path) -> None:
    """Nothing to report is not a failure: exit 0, status empty, and a page that says so."""
    damage(tmp_path, "log.csv", ROW, "")

    found = run("report", "concern", "-p", "source=mine", "--json")

    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["status"] == "empty"
    assert (tmp_path / told["page"]).exists()
    assert told["pdf"] is None


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(("option", "names"), [([], ["x.html"]), (["--pdf"], ["x.html", "x.pdf"])])
def test_a_pdf_is_printed_where_it_is_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: list[str],
    names: list[str],
) -> None:
    """Beside the page that was made, and told below it; of an earlier page none stays. Without a
    Chromium it is exit code 5 and one sentence, and the page stays."""
    page = tmp_path / "reports" / "concern" / "x.html"
    page.parent.mkdir(parents=True)
    shared = {"report": "concern", "edition": "x", "audience": "shareable", "warned": ()}
    kept = {"page": page, "data": page, "sha256": "", "parameters": {}, "remembered": Remembered()}
    made = Rendered(**shared, **kept, status="done", seconds=1.0)
    browser = tmp_path / "browser"
    print_it = 'case "$each" in --print-to-pdf=*) printf "%%PDF-%%%%EOF" >"${each#*=}";; esac'
    browser.write_text(f"#!/bin/sh\nfor each; do {print_it}; done\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setattr("analysis.reporting.render.render_report", lambda *_, **__: made)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["outcomes", "report", "concern", "-p", "source=mine", *option])
    for program in (str(browser), "no-such-browser"):
        page.write_text("<!DOCTYPE html>", encoding="utf-8")
        page.with_suffix(".pdf").write_bytes(b"of an earlier page")
        monkeypatch.setenv("CHROMIUM", program)

        with pytest.raises(SystemExit) as ended:
            main()

        told = capsys.readouterr()
        is_refused = bool(option) and program != str(browser)
        assert ended.value.code == (5 if is_refused else 0)
        assert told.out.split() == ([] if is_refused else [f"reports/concern/{n}" for n in names])
        assert told.err.count("\n") == ("no Chromium" in told.err) == is_refused
        left = sorted(path.name for path in page.parent.iterdir())
        assert left == (["x.html"] if is_refused else names)


def test_check_tells_where_every_row_went(run: Run, tmp_path: Path) -> None:
    """`check --json` accounts for all rows and lists every problem with its place; what a cell
    holds is written to the local corrections file and nowhere else."""
    more = "P-0001;31.02.2025;acne scars;;;\n;;;;;\n"
    more += "P-0002;05.04.2025;Jane Doe 555-0199;;;redness 2 days\n"
    damage(tmp_path, "log.csv", ROW, ROW + more)

    found = run("check", "mine", "--json")

    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["rows"] == {"read": 4, "used": 2, "set_aside": 1, "not_data": 1}
    assert (told["patients"], told["sessions"]) == (2, 2)
    assert told["concerns"] == {"acne_scars": 1}
    assert told["side_effects"] == {"erythema": 1}
    assert told["recorded"] == {"event": 1, "none": 1, "not_recorded": 0}
    places = [(each["line"], each["column"], each["rule"]) for each in told["problems"]]
    assert places == [
        (3, "Date of visit", "impossible_date"),
        (5, "Concern", "unknown_concern"),
    ]
    corrections = tmp_path / "data/mine/corrections.csv"
    assert "Jane" not in found.stdout + found.stderr
    assert "Jane Doe 555-0199" in corrections.read_text(encoding="utf-8")
    assert corrections.stat().st_mode & 0o777 == 0o600


def test_init_writes_a_source_that_check_reads(run: Run, tmp_path: Path) -> None:
    """A log from elsewhere is copied in, recognised, and can be checked at once."""
    export = tmp_path / "Export May.csv"
    export.write_text(HEADER + ROW.replace("03.04", "23.04"), encoding="utf-8")

    written = run("init", "Export May.csv")
    checked = run("check", "export-may", "--json")

    assert written.returncode == 0, written.stderr
    assert written.stdout.startswith("data/export-may/source.toml\n")
    assert export.exists()
    assert json.loads(checked.stdout)["rows"]["used"] == 1


def test_init_reads_a_folder_and_prints_what_it_wrote(run: Run, tmp_path: Path) -> None:
    """Every file is copied for its owner alone; what is printed is what stands in the file."""
    export = tmp_path / "Exports"
    export.mkdir()
    (export / "May.csv").write_text(HEADER + ROW.replace("03.04", "23.04"), encoding="utf-8")
    (export / "people.csv").write_text("Client ID,Sex\nP-0001,F\n", encoding="utf-8")

    found = run("init", "Exports", "--name", "two")

    assert found.returncode == 0, found.stderr
    home = tmp_path / "data" / "two"
    assert {path.name: path.stat().st_mode & 0o777 for path in home.iterdir()} == dict.fromkeys(
        ("May.csv", "people.csv", "source.toml"), 0o600
    )
    written = (home / "source.toml").read_text(encoding="utf-8")
    questions = [line for line in found.stdout.splitlines() if line.startswith("question: ")]
    assert questions == [
        line.replace("# OPEN QUESTION", "question")
        for line in written.splitlines()
        if line.startswith("# OPEN QUESTION")
    ]
    assert "  recognised: 'Client ID' as patient: its header" in found.stdout
    assert found.stdout.endswith("next: outcomes check two\n")


def test_open_questions_are_listed_first_by_check(run: Run, tmp_path: Path) -> None:
    """Until they are answered only their own cells are set aside."""
    log = HEADER + ROW + "P-0002;23.04.2025;acne scars;GAIS;2;N/A\n"
    (tmp_path / "log.csv").write_text(log, encoding="utf-8")
    run("init", "log.csv", "--name", "open")

    found = run("check", "open")

    assert found.returncode == 0, found.stderr
    first = [line.partition(":")[0] for line in found.stdout.splitlines()[:4]]
    assert first == ["question"] * 3 + ["open, as of " + found.stdout.split("as of ")[1][:10]]
    assert "2 rows read = 2 used" in found.stdout
    for told in (
        "2 × undeclared_scale",
        "1 × undeclared_session",
        "1 × undeclared_not_applicable",
    ):
        assert f"{told} (cell blanked)" in found.stdout


NOTHING_TO_READ = {
    "no patient": ("a.csv", "Name;Date\n", ["No patient column", "'Name', 'Date'"]),
    "no date": ("a.csv", "Client ID;When\n", ["No date column", "'Client ID', 'When'"]),
    "no log in it": ("a.md", "nothing", ["holds no log"]),
}


@pytest.mark.parametrize("case", NOTHING_TO_READ)
def test_init_of_a_folder_without_a_log(case: str, run: Run, tmp_path: Path) -> None:
    """Exit 3 with the columns listed, and nothing is written."""
    name, text, expected = NOTHING_TO_READ[case]
    (tmp_path / "Exports").mkdir()
    (tmp_path / "Exports" / name).write_text(text, encoding="utf-8")

    found = run("init", "Exports")

    assert found.returncode == 3, found.stderr
    assert [each for each in expected if each not in found.stderr] == []
    assert not (tmp_path / "data" / "exports").exists()


def test_list_tells_reports_and_pages(run: Run) -> None:
    """`list --json` has the sources and each report with its parameters."""
    told = json.loads(run("list", "--json").stdout)

    assert told["sources"] == ["mine"]
    assert [each["name"] for each in told["reports"]] == [
        "claims",
        "concern",
        "overview",
        "side_effects",
    ]
    assert "concern" in [each["name"] for each in told["reports"][1]["parameters"]]


def test_outside_a_project_the_sentence_says_so(run: Run, tmp_path: Path) -> None:
    """Run elsewhere, the command says where it belongs."""
    shutil.rmtree(tmp_path / "notebooks")

    found = run("list")

    assert found.returncode == 3
    assert "data/ and notebooks/" in found.stderr
