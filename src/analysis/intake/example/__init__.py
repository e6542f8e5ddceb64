"""Writes a synthetic example: three clinics as they would export their logs, with known truth.

Nobody in it exists. How people differ and what the skin does follows published figures, named
beside each constant; where none was found the constant is called a convention. Patients are drawn
one after the other (``people``), with their courses and scores (``courses``) and side effects
(``harms``); then each clinic knows a part of it (``rows``), writes it in its own way (``writing``)
and makes its slips (``mess``). What is true before the slips goes to ``truth.json``; what a reader
can still know is the same in each of the four forms.

Memory does not grow with the number of patients: each has a random stream of their own, and is
written before the next ones are drawn.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, Protocol, get_args

from analysis.errors import UsageError
from analysis.intake.example.clinics import EXTRACTED_ON
from analysis.intake.example.courses import draw_courses
from analysis.intake.example.delimited import DelimitedLogs
from analysis.intake.example.drawing import DEALT_AT_ONCE, Dice
from analysis.intake.example.harms import BAD_LOT_FACTOR
from analysis.intake.example.mess import soil
from analysis.intake.example.people import draw_people
from analysis.intake.example.redcap import RedcapExport
from analysis.intake.example.rows import build_rows
from analysis.intake.example.surviving import Known, find_known
from analysis.intake.example.tables import CanonicalTables
from analysis.intake.example.truth import Truth
from analysis.intake.example.workbook import Workbooks, check_size
from analysis.intake.example.writing import write_row

Form = Literal["csv", "xlsx", "redcap", "tables"]
FORMS: Final = get_args(Form)
FEWEST_PATIENTS: Final = 1
BLOCK: Final = 300
"""Patients drawn at once. It changes nothing in what is written."""


class Writer(Protocol):
    """One form of the example, written patient by patient."""

    def add(self, known: Known) -> None:
        """Write one patient."""

    def close(self) -> None:
        """Finish all files."""


def write_example(
    folder: Path,
    *,
    form: Form = "csv",
    patients: int = 900,
    seed: int = 2026,
    bad_lot_factor: float = BAD_LOT_FACTOR,
) -> None:
    """Write the example in one form, with its ``source.toml`` and ``truth.json``.

    The folder is made when missing; its files are written over, and its name is the name of the
    source. The same seed and number of patients give the same bytes (with the numpy of the lock:
    its distributions may change between versions), and the same cohort in every form. 900 patients
    have about 4,000 sessions. ``bad_lot_factor`` is how many times as often lasting
    hyperpigmentation comes with one lot of cartridges; with 1 no lot is bad.

    Raises
    ------
    UsageError
        For an unknown form, no patients, a negative seed, or more rows than a workbook holds.
    """
    if form not in FORMS:
        raise UsageError.for_unknown("form", form, FORMS)
    if patients < FEWEST_PATIENTS or seed < 0:
        raise UsageError(
            f"An example of {patients} patients from seed {seed} cannot be written: "
            "ask for at least one patient, and for a seed that is not negative."
        )
    if form == "xlsx":
        check_size(patients)
    folder.mkdir(parents=True, exist_ok=True)
    with Truth(
        folder, patients=patients, seed=seed, form=form, bad_lot_factor=bad_lot_factor
    ) as truth:
        writer = _open_writer(folder, form, truth)
        for known in draw_patients(patients, seed, truth, bad_lot_factor):
            writer.add(known)
        writer.close()


def _open_writer(folder: Path, form: Form, truth: Truth) -> Writer:
    if form == "tables":
        return CanonicalTables(folder)
    if form == "redcap":
        return RedcapExport(folder)
    if form == "xlsx":
        return Workbooks(folder, truth)
    return DelimitedLogs(folder, truth)


def draw_patients(
    patients: int, seed: int, truth: Truth, bad_lot_factor: float = BAD_LOT_FACTOR
) -> Iterator[Known]:
    """Yield one patient after the other, slips included; tell ``truth`` about each."""
    for first in range(0, patients, BLOCK):
        for person, dice in draw_people(seed, first, min(first + BLOCK, patients), patients):
            block, place = divmod(person.number, DEALT_AT_ONCE)
            courses = draw_courses(person, dice, seed, bad_lot_factor)
            clean, not_typed_in = build_rows(person, courses, dice)
            truth.add_person(person, courses, not_typed_in)
            hand = Dice(block, place, 1, seed=seed)
            for row in clean:
                write_row(row, hand)
            known = find_known(soil(clean, Dice(block, place, 2, seed=seed)))
            for patient, tables in known.tables.items():
                truth.add_surviving(tables, known.survivors[patient])
            yield known


__all__ = ["EXTRACTED_ON", "Form", "draw_patients", "write_example"]
