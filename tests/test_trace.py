"""A recall: who was exposed to a lot, a serial number or a device, in a file that stays here."""

import csv
import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

import analysis.intake.trace as room
from analysis.errors import UsageError, write_out
from analysis.intake.cohort import load_cohort
from analysis.intake.example import write_example
from analysis.intake.forget import forget_patient, forget_source
from analysis.intake.trace import Traced, trace
from commands import Done, Shell
from logs import load, write_project

# Day, lots and harm. a had the lot twice and a scar later, b in the second row of a session, c by
# another spelling, d in a cell with two; e's row has no such day, f did not come, g had another.
LOG = """
patient | day        | concern    | cartridge lot | serum lot | device serial | device | harm
a       | 2024-01-03 | acne scars | LOT-7         |           | S1            | Pen    | redness
a       | 2024-02-03 | acne scars | LOT-7         |           | S1            | Pen    |
a       | 2024-03-03 | acne scars | LOT-8         |           | S1            | Pen    | keloid
b       | 2024-01-04 | acne scars | LOT-8         | X         | S1            | Pen    | none
b       | 2024-01-04 | wrinkles   | LOT-7         | X         | S1            | Pen    | none
c       | 2024-01-05 | wrinkles   |  lot-7        |           |               |        |
d       | 2024-01-06 | wrinkles   | LOT-6, LOT-7  |           | S2            | Roller | none
e       | 2024-02-31 | wrinkles   | LOT-7         |           | S2            | Roller | none
g       | 2024-01-07 | wrinkles   | LOT 7         | LOT-9     | S2            | Roller | none
h       | 2024-01-08 | wrinkles   |               |           | S2            | Roller | none
"""
FILE = Path("data/clinic/trace-lot-7.csv")
# patient, day, lots, side effects since, harm since, last contact
EXPOSED = """
clinic/a | 2024-01-03 | LOT-7        | keloid; redness | keloid       | 2024-03-03
clinic/a | 2024-02-03 | LOT-7        | keloid          | keloid       | 2024-03-03
clinic/b | 2024-01-04 | LOT-7; LOT-8 | none            | none         | 2024-01-04
clinic/c | 2024-01-05 | lot-7        | not recorded    | not recorded | 2024-01-05
clinic/d | 2024-01-06 | LOT-6, LOT-7 | none            | none         | 2024-01-06
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the log above, and its cohort."""
    folder = tmp_path_factory.mktemp("traced")
    load(folder, LOG)
    return folder


@pytest.fixture
def root(checked: Path, tmp_path: Path) -> Path:
    """A project of its own."""
    return shutil.copytree(checked, tmp_path / "project")


def find(root: Path, kind: str, wanted: str) -> Traced:
    """Trace without the command around it."""
    return trace(load_cohort("clinic", project=root), root, kind=kind, wanted=wanted)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def tell(path: Path) -> list[list[str]]:
    names = ("patient", "session_date", "cartridge_lot")
    names += ("side_effects_since", "harm_since", "last_contact")
    return [[row[name] for name in names] for row in read(path)]


def read_lines(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


# --- who is found -----------------------------------------------------------------------------


def test_everybody_who_was_exposed_is_in_the_file(root: Path) -> None:
    """Whatever the case, in whichever row of a session, and in a cell with several lots."""
    assert tell(find(root, "lot", " Lot-7 ").path) == read_lines(EXPOSED)


# what is written to a terminal by a log: renames it, turns round what follows
HIDDEN = "LOT 7\x1b]0;x\x07\u202e"


def test_a_lot_does_not_command_the_terminal(checked: Path, tmp_path: Path) -> None:
    """A lot of the log is told as it is, and what prints a sentence writes out its marks."""
    root = write_project(tmp_path, LOG.replace("LOT 7 ", HIDDEN))

    with pytest.raises(UsageError) as refused:
        trace(load_cohort("clinic", project=checked), root, kind="lot", wanted="LOT-7x")

    printed = write_out(str(refused.value))
    assert "LOT 7\\u001B" in printed
    assert all(each.isprintable() for each in printed)


# the words of the command
COMMANDS = {
    "traced": ["--lot", "LOT-7"],
    "in JSON": ["--lot", "LOT-7", "--json"],
    "nothing": [],
    "two things": ["--lot", "LOT-7", "--serial", "S1"],
    "two lines": ["--lot", "a\nb"],
}


@pytest.fixture(scope="module")
def ended(checked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """The commands above, as a user would run them."""
    root = shutil.copytree(checked, tmp_path_factory.mktemp("printed") / "project")
    with Shell() as shell:
        return {
            name: shell.run(root, "trace", "clinic", *words) for name, words in COMMANDS.items()
        }


def test_what_is_printed_names_no_patient(ended: dict[str, Done]) -> None:
    """The path, how many, which rows of the log are not in it, and how else the lot is written."""
    done = ended["traced"]

    assert done.stdout.splitlines() == [
        "data/clinic/trace-lot-7.csv",
        "4 patients, 5 sessions",
        "1 row of the log name it, were not used and are not in it: log.csv lines 9",
        "written otherwise in the log, and not in it: LOT 7",
        "no lot is recorded at 1 session; they are not in it",
    ]
    assert "clinic/" not in done.stdout.replace("data/clinic/", "") + done.stderr


def test_json_says_the_same(ended: dict[str, Done]) -> None:
    """One document, without a patient."""
    assert json.loads(ended["in JSON"].stdout) == {
        "source": "clinic",
        "lot": "LOT-7",
        "path": "data/clinic/trace-lot-7.csv",
        "patients": 4,
        "sessions": 5,
        "unknown": 1,
        "left_out": [{"file": "log.csv", "sheet": "", "line": 9}],
        "near": ["LOT 7"],
    }


# what is traced, the file, and who was exposed to it
OTHERS = {
    "lot": ("lot-9", "trace-lot-9.csv", ["g"]),
    "serial": ("s2", "trace-serial-s2.csv", ["d", "g", "h"]),
    "device": ("PEN", "trace-device-pen.csv", ["a", "a", "a", "b"]),
}


@pytest.fixture(scope="module")
def traced(checked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Traced]:
    """What was found of each of them."""
    root = shutil.copytree(checked, tmp_path_factory.mktemp("found") / "project")
    return {kind: find(root, kind, wanted) for kind, (wanted, *_rest) in OTHERS.items()}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_things_that_can_be_traced(traced: dict[str, Traced], kind: str) -> None:
    """A serum is looked for like a cartridge; serial number and device in their own columns."""
    _wanted, file, expected = OTHERS[kind]

    found = traced[kind]
    assert found.path.parts[-3:] == ("data", "clinic", file)
    assert [row["patient"].removeprefix("clinic/") for row in read(found.path)] == expected


def test_the_rest_of_a_line(traced: dict[str, Traced]) -> None:
    """Where, with what, and for what the patient was treated."""
    (row,) = read(traced["lot"].path)
    assert row == {
        "patient": "clinic/g",
        "session_date": "2024-01-07",
        "clinic": "",
        "operator": "",
        "setting": "clinic",
        "modality": "microneedling",
        "device": "Roller",
        "device_serial": "S2",
        "cartridge_lot": "LOT 7",
        "serum_lot": "LOT-9",
        "concerns": "wrinkles",
        "side_effects_since": "none",
        "harm_since": "none",
        "last_contact": "2024-01-07",
    }


def test_canonical_tables_are_traced_too(tmp_path: Path) -> None:
    """Where sessions are given as such, they are looked for in them."""
    (tmp_path / "notebooks").mkdir()
    write_example(tmp_path / "data/given", form="tables", patients=30, seed=1)
    sessions = read(tmp_path / "data/given/sessions.csv")
    lot = next(row["cartridge_lot"] for row in sessions if row["cartridge_lot"])
    expected = sum(row["cartridge_lot"] == lot for row in sessions)

    found = trace(load_cohort("given", project=tmp_path), tmp_path, kind="lot", wanted=lot)

    assert found.sessions == expected > 0


# --- what is refused --------------------------------------------------------------------------

REFUSED = {
    "a lot nobody had": ("LOT-77", "the lot 'LOT-77'. Nearest: LOT-7, "),
    "a blank": ("  ", "Say which lot is looked for."),
    "a way out": ("../../x", "No row of the log names the lot '../../x'."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused(root: Path, name: str) -> None:
    """Before any file is written."""
    wanted, sentence = REFUSED[name]

    with pytest.raises(UsageError, match=re.escape(sentence)):
        find(root, "lot", wanted)
    assert not [*root.rglob("trace-*")]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nothing", "by one of --lot, --serial and --device"),
        ("two things", "by one of"),
        ("two lines", "names the lot 'a\\nb'"),
    ],
)
def test_what_is_refused_is_one_sentence(ended: dict[str, Done], name: str, sentence: str) -> None:
    """Exit code 2, on one line."""
    done = ended[name]

    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_log_without_lots_says_so(checked: Path, tmp_path: Path) -> None:
    """It has no such column."""
    root = write_project(tmp_path, "patient | day | concern\na | 0 | acne scars\n")
    cohort = load_cohort("clinic", project=checked)

    with pytest.raises(UsageError, match="names no lot in any row"):
        trace(cohort, root, kind="lot", wanted="LOT-7")


def test_a_file_of_the_log_is_not_written_over(checked: Path, tmp_path: Path) -> None:
    """A log may be called what a trace would be."""
    cohort = load_cohort("clinic", project=checked)
    root = write_project(tmp_path, LOG, files=("trace-lot-7.csv",))
    (root / "data/clinic/log.csv").rename(root / FILE)
    before = (root / FILE).read_bytes()

    with pytest.raises(UsageError, match="is a file of the log"):
        trace(cohort, root, kind="lot", wanted="LOT-7")
    assert (root / FILE).read_bytes() == before


# --- the file ---------------------------------------------------------------------------------


def test_its_owner_alone_reads_the_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever rights new files have, also where one is there already."""
    (root / FILE).write_text("old", encoding="utf-8")
    (root / FILE).chmod(0o644)
    rights: list[int] = []
    # the folders of the engine are made under the usual umask, the file under each of these
    write = room.write_privately

    def write_under_each(path: Path, content: Any) -> None:
        for umask in (0o000, 0o277):
            usual = os.umask(umask)
            try:
                write(path, content)
            finally:
                os.umask(usual)
            rights.append(stat.S_IMODE(path.stat().st_mode))

    monkeypatch.setattr(room, "write_privately", write_under_each)
    find(root, "lot", "LOT-7")

    assert rights == [0o600, 0o600]
    assert len(read(root / FILE)) == 5


def test_a_link_is_replaced_and_not_followed(root: Path, tmp_path: Path) -> None:
    """Who may write beside the log cannot make us write elsewhere."""
    target = tmp_path / "elsewhere.csv"
    target.write_text("untouched", encoding="utf-8")
    (root / FILE).symlink_to(target)
    (root / "data/clinic/trace-lot-7.csv.part").symlink_to(target)

    find(root, "lot", "LOT-7")
    assert target.read_text(encoding="utf-8") == "untouched"
    assert not (root / FILE).is_symlink()
    assert len(read(root / FILE)) == 5
    assert not [*root.rglob("*.part")]


HOSTILE = [
    "../x",
    "=1+1",
    "a\nb",
    "/etc/passwd",
    "\N{CJK UNIFIED IDEOGRAPH-4E2D}",
    "con",
    "A/1",
    "A-1",
]


def test_no_lot_leads_out_of_the_folder() -> None:
    """Each lot has a file of its own, of letters that any system takes for a name."""
    names = [room._name_file("lot", lot) for lot in HOSTILE]

    assert len({*names}) == len(HOSTILE)
    assert [name for name in names if not re.fullmatch(r"trace-[a-z0-9-]+\.csv", name)] == []


def test_no_cell_runs_in_a_spreadsheet(tmp_path: Path) -> None:
    """Formulas are marked, in the lot that was looked for and in what stands beside it; the file
    lies beside the log."""
    header = "patient | day | concern | cartridge lot | operator"
    root = write_project(tmp_path, f"{header}\nx | 0 | wrinkles | =1+1 | @SUM(A1)\n")

    path = find(root, "lot", "=1+1").path

    assert path.parent == root / "data/clinic"
    (row,) = read(path)
    assert row["operator"] == "'@SUM(A1)"
    assert row["cartridge_lot"] == "'=1+1"


def test_a_forgotten_patient_is_in_no_file(root: Path) -> None:
    """Forgetting one removes the files that name them, forgetting a source all; a log stays that is
    called like one."""
    files = [find(root, "lot", lot).path for lot in ("LOT-7", "LOT-9")]
    log = root / "data/clinic/trace-log.csv"
    log.write_text("patient,day\nc,1\n", encoding="utf-8")

    assert forget_patient(root, "clinic", "C").traces == 1
    assert [path.exists() for path in files] == [False, True]
    assert forget_source(root, "clinic").traces == 1
    assert [path.exists() for path in (*files, log)] == [False, False, True]


def test_the_file_is_git_ignored(project: Path) -> None:
    """For any source, the example too."""
    for source in ("clinic", "example"):
        path = f"data/{source}/trace-lot-7.csv"
        done = subprocess.run(["git", "check-ignore", "-q", path], cwd=project, check=False)
        assert done.returncode == 0


def test_the_choice_of_a_page_narrows_no_recall(root: Path) -> None:
    """A cohort of one period traces the whole log."""
    cohort = load_cohort("clinic", project=root, period="2024-01", modality=["laser"])

    assert trace(cohort, root, kind="lot", wanted="LOT-7").sessions == 5
