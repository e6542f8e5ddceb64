"""More than a thousand broken logs: every row is accounted for, and the problems are exactly the
list that the mutator kept.

``MUTANTS=20000 pytest tests/test_mutants.py`` tries that many, others every time.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.intake.cells import RULES
from analysis.intake.clean import Account
from analysis.intake.cohort import Cohort, load_cohort
from mutant_bases import Bases, read_bases
from mutant_logs import File, Mutant, Place, Verdict, settle, write_file, write_source
from mutation import ENTRIES, make_mutant, pack

TOGETHER: Final = 1_050
"""Mutants in one source; loading one takes seconds however small it is."""
FEWEST: Final = 1_050
ASKED: Final = int(os.environ.get("MUTANTS", FEWEST))
Listed = Counter[tuple[Place, str | None, str, str]]
"""Place, header, rule and consequence of problems."""
Patients = dict[str, tuple[str | None, int | None]]
"""Patient → sex and skin type."""

NOT_MUTATED: Final = {
    "unknown_patient": "rows of canonical tables: test_tables",
    "unknown_session": "rows of canonical tables: test_tables",
    "not_canonical": "rows of canonical tables: test_tables",
    "undefined_code": "codes of a REDCap export: test_redcap",
    "ambiguous_code": "codes of a REDCap export: test_redcap",
    "cell_without_session": "rows of a REDCap record beside its sessions: test_redcap",
    "score_without_session": "rows of a REDCap record beside its sessions: test_redcap",
    "score_dated_by_session": "rows of a REDCap record beside its sessions: test_redcap",
    "patient_without_session": "several files joined by patient: test_wide",
    "short_interval": "a note on two rows that are both as they should be: test_courses",
    "correction_does_not_match": "a line of corrections.csv, not of a log: test_corrections",
}
"""Rules that no log of sessions with all its answers can raise, and where they are tested."""


BETWEEN_ROWS: Final = ("short_interval",)
"""Notes on two rows that are both as they should be, which the mutator keeps no list of."""
OF_A_SESSION: Final = ("conflicting_session", "several_subtypes")
"""Rules about several rows of one session, of which the mutator does not know all cells."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """Clean rows of seven habits."""
    return read_bases(tmp_path_factory.mktemp("example"))


def make_home(folder: Path) -> Path:
    home = folder / "data" / "mutants"
    home.mkdir(parents=True)
    (folder / "notebooks").mkdir()
    return home


def count_problems(cohort: Cohort) -> dict[str, Listed]:
    """Return file → its problems."""
    problems = cohort.problems[~cohort.problems["rule"].isin(BETWEEN_ROWS)].astype("object")
    found: dict[str, Listed] = defaultdict(Counter)
    for row in problems.where(problems.notna(), None).itertuples():
        found[row.file][(row.sheet, row.line), row.column, row.rule, row.consequence] += 1
    return found


def tell_problems(mutant: Mutant, verdict: Verdict, places: list[Place]) -> Listed:
    """Return the problems of a verdict at their places in the file."""
    return Counter(
        {
            (places[place], mutant.habit.headers[role] if role else None, rule, how): count
            for (place, role, rule, how), count in verdict.problems.items()
        }
    )


def find_unsettled(mutant: Mutant, verdict: Verdict, places: list[Place], more: Listed) -> Listed:
    """Return those of the problems that may be there, for all the mutator knows."""
    cells = {
        (places[place], mutant.habit.headers[role])
        for place, role in verdict.unsettled
        if role in mutant.habit.headers
    }
    return Counter(
        {
            key: count
            for key, count in more.items()
            if (key[0], key[1]) in cells and key[2] in OF_A_SESSION
        }
    )


def gather_sexes(files: Iterable[File]) -> dict[tuple[str, tuple[str, str, bool]], set[str]]:
    """Return habit and form → the texts of the column of sexes in all their files."""
    texts: dict[tuple[str, tuple[str, str, bool]], set[str]] = defaultdict(set)
    for file in files:
        rows = (row for mutant in file.mutants for row in mutant.rows if row.kind == "visit")
        texts[file.habit.key, file.form.layout] |= {row.find("sex").text for row in rows}
    return texts


def add_fates(fates: Counter[str]) -> Account:
    used, aside, no_data = (fates[each] for each in ("used", "set aside", "not data"))
    return Account(used + aside + no_data, used, aside, no_data)


@dataclass(frozen=True)
class Comparison:
    """What intake says of some mutants, beside what they say of themselves."""

    differences: list[tuple[list[str], Listed, Listed]]
    """What was done to a mutant, the problems that are missing, and those too many."""
    strays: Listed
    """Problems of no mutant's row."""
    accounts: tuple[Account, Account]
    patients: tuple[Patients, Patients]
    """As intake says, as the mutants say."""
    rules: Counter[str]
    """How often each rule had to be raised."""


def compare_mutants(project: Path, mutants: list[Mutant], seed: int) -> Comparison:
    """Write the mutants as one source and load it."""
    home = make_home(project)
    files = pack(mutants, seed)
    sexes = gather_sexes(files)
    places = {file.name: write_file(home, file) for file in files}
    write_source(home, "mutants", files)

    cohort = load_cohort("mutants", project=project)

    found = count_problems(cohort)
    fates = Counter({"not data": sum(file.more_rows for file in files)})
    known: Patients = {}
    rules: Counter[str] = Counter()
    differences = []
    for file in files:
        for mutant, own in zip(file.mutants, places[file.name], strict=True):
            verdict = settle(mutant, sexes[file.habit.key, file.form.layout])
            expected = tell_problems(mutant, verdict, own)
            listed = Counter({key: n for key, n in found[file.name].items() if key[0] in own})
            found[file.name] -= listed
            listed -= find_unsettled(mutant, verdict, own, listed - expected)
            if listed != expected:
                done = [f"{file.name}, {file.form}", *mutant.touched]
                differences.append((done, expected - listed, listed - expected))
            fates.update(verdict.fates)
            known |= verdict.patients
            rules.update(rule for _place, _column, rule, _how in expected.elements())
    return Comparison(
        differences,
        +sum(found.values(), Counter()),
        (cohort.account, add_fates(fates)),
        (read_patients(cohort), known),
        rules,
    )


def read_patients(cohort: Cohort) -> Patients:
    """Return patient → sex and skin type."""
    patients = cohort.patients[["patient", "sex", "skin_type"]].astype("object")
    patients = patients.where(patients.notna(), None)
    return {
        row.patient.partition("/")[2]: (row.sex, row.skin_type) for row in patients.itertuples()
    }


seen: Counter[str] = Counter()
"""Mutants tried, and problems found by rule."""


@settings(
    max_examples=-(-ASKED // TOGETHER),
    deadline=None,
    database=None,
    derandomize="MUTANTS" not in os.environ,
    # a batch cannot be made smaller in useful time, and says itself which mutant it is about
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_problems_are_those_of_the_list(
    bases: Bases, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Not merely among them: place, column, rule, consequence, and how often."""
    first = seen["mutants"]
    mutants = [make_mutant(number, bases, seed) for number in range(first, first + TOGETHER)]

    found = compare_mutants(tmp_path_factory.mktemp("mutants"), mutants, seed)

    assert found.differences == []
    assert not found.strays
    assert found.accounts[0] == found.accounts[1]
    assert found.patients[0] == found.patients[1]
    seen.update(found.rules)
    seen["mutants"] += TOGETHER


def test_there_were_many_and_every_entry_had_its_turn() -> None:
    """The counts of the run before; each entry is the first of some mutant."""
    print(dict(seen.most_common()))
    if not seen:
        pytest.skip("the mutants were not run")

    assert seen["mutants"] >= FEWEST
    assert seen["mutants"] >= len(ENTRIES)
    assert {*RULES} - {*seen} == {*NOT_MUTATED}


def test_every_rule_has_an_entry_or_a_reason() -> None:
    """A rule that is new must be given to the mutator, or to the list of those it cannot raise."""
    raised = {entry.rule for entry in ENTRIES if entry.rule}

    assert {*RULES} - raised == {*NOT_MUTATED}
    assert raised <= {*RULES}
