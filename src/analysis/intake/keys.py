"""Numbers that stand for patients and sessions while the tables are built.

Joining, grouping and sorting by whole numbers takes a fraction of the time and the memory that
texts take. A patient is the number of the first row with its id. A session is its patient, day,
modality and setting in one number: it needs no look-up, and those of a patient sort as their texts
do. Columns keep their names meanwhile; the last step puts the texts of the schema back.
"""

from itertools import product
from typing import Final

import ibis

from analysis.intake.engine import Table
from analysis.intake.schema import MODALITIES, SETTINGS

_WAYS: Final = [*product(sorted(MODALITIES), sorted(SETTINGS))]
_BITS_OF_WAY: Final = (len(_WAYS) - 1).bit_length()
_BITS_OF_DAY: Final = 22
"""Days since the year 1; the last day of 9999 has number 3,652,058. What is left of a whole number
of 63 bits is for the row of the patient: 37 of them."""
_BITS: Final = _BITS_OF_WAY + _BITS_OF_DAY


def number_session(
    patient: ibis.Value, day: ibis.Value, modality: ibis.Value, setting: ibis.Value
) -> ibis.Value:
    """Return the number of a session; missing where one of its parts is."""
    ways = [
        ((modality == done) & (setting == where), place)
        for place, (done, where) in enumerate(_WAYS)
    ]
    way = ibis.cases(*ways, else_=None).cast("int64")
    days = day.delta(ibis.date(1, 1, 1), unit="day").cast("int64")
    return patient * (1 << _BITS) + days * (1 << _BITS_OF_WAY) + way


def spell_session(session: ibis.Value, patient: ibis.Value) -> ibis.Value:
    """Return the text of a session from its number and the text of its patient."""
    days = (session >> _BITS_OF_WAY) & ((1 << _BITS_OF_DAY) - 1)
    # to ibis a day and an interval are a day, to DuckDB they are a moment
    day = (ibis.timestamp(1, 1, 1, 0, 0, 0) + days.cast("int32").as_interval("D")).cast("date")
    way = session & ((1 << _BITS_OF_WAY) - 1)
    words = [(way == place, f" | {done} | {where}") for place, (done, where) in enumerate(_WAYS)]
    bar = ibis.literal(" | ")
    return patient + bar + day.cast("string") + ibis.cases(*words, else_=None)


def spell_keys(table: Table, names: Table) -> Table:
    """Return a table with the texts of its ``session`` and its ``patient``, where it has them.

    ``names`` has one row per patient: number and name.
    """
    known = {"session", "patient"} & {*table.columns}
    if not known:
        return table
    patient = table.patient if "patient" in known else table.session >> _BITS
    joined = table.inner_join(names, patient == names.number)
    texts = {}
    if "session" in known:
        texts["session"] = spell_session(joined.session, joined.name)
    if "patient" in known:
        texts["patient"] = joined.name
    return joined.mutate(**texts).select(*table.columns)
