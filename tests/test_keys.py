"""Patients and sessions are numbers while the tables are built, and texts again in the tables."""

from datetime import date, timedelta

import ibis
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.intake.engine import connect
from analysis.intake.keys import number_session, spell_keys
from analysis.intake.schema import MODALITIES, SETTINGS

CONNECTION = connect()
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
SESSIONS = st.lists(
    st.tuples(
        st.integers(0, 3),
        DAYS,
        st.sampled_from(sorted(MODALITIES)),
        st.sampled_from(["home", "clinic"]),
    ),
    min_size=1,
    max_size=20,
)
NAMES = {0: "clinic/P-1", 1: "clinic/P-10", 2: "clinic/Ü | 7", (1 << 37) - 1: "clinic/last"}
NUMBERS = [*NAMES]


def spell(sessions: list[tuple[int, date | None, str | None, str]]) -> list[dict[str, object]]:
    """Number sessions, spell them, and return the rows in the order of the numbers."""
    columns = ["patient", "day", "modality", "setting"]
    frame = pd.DataFrame(sessions, columns=columns).assign(row=range(len(sessions)))
    frame["day"] = [None if day is None else day.isoformat() for day in frame["day"]]
    types = {"patient": "int64", "day": "string", "modality": "string", "setting": "string"}
    rows = ibis.memtable(frame, schema=ibis.schema(types | {"row": "int64"}))
    day = rows.day.cast("date")
    numbered = rows.select(
        "row", "patient", session=number_session(rows.patient, day, rows.modality, rows.setting)
    )
    names = ibis.memtable(pd.DataFrame({"number": NUMBERS, "name": [*NAMES.values()]}))
    place = numbered.mutate(number=numbered.session)
    spelled = spell_keys(place, names)
    frame = CONNECTION.execute(spelled.order_by("number"))
    return [*frame.to_dict("records")]


def test_a_session_is_spelled_from_its_number() -> None:
    """Patient, day, modality and setting come out as they went in."""
    told = spell(
        [
            (NUMBERS[0], date(2026, 2, 28), "microneedling", "clinic"),
            (NUMBERS[3], date(9999, 12, 31), "rf_microneedling", "home"),
            (NUMBERS[2], date(1, 1, 1), "chemical_peel", "clinic"),
        ]
    )

    assert {(each["row"], each["patient"], each["session"]) for each in told} == {
        (0, "clinic/P-1", "clinic/P-1 | 2026-02-28 | microneedling | clinic"),
        (1, "clinic/last", "clinic/last | 9999-12-31 | rf_microneedling | home"),
        (2, "clinic/Ü | 7", "clinic/Ü | 7 | 0001-01-01 | chemical_peel | clinic"),
    }


def test_a_session_without_a_day_has_no_number() -> None:
    """Missing where one of its parts is."""
    (told,) = spell([(NUMBERS[0], None, "laser", "clinic")])

    assert pd.isna(told["session"])


@settings(max_examples=30)
@given(SESSIONS)
def test_sessions_of_a_patient_sort_by_number_as_by_text(
    sessions: list[tuple[int, date, str, str]],
) -> None:
    """And no two sessions have one number."""
    told = spell([(NUMBERS[each], *rest) for each, *rest in sessions])

    for patient in NAMES.values():
        texts = [each["session"] for each in told if each["patient"] == patient]
        assert texts == sorted(texts)
    pairs = {(each["number"], each["session"]) for each in told}
    assert len({number for number, _text in pairs}) == len(pairs)
    assert len({text for _number, text in pairs}) == len(pairs)


def test_every_way_has_a_number() -> None:
    """A modality that is added gets one too."""
    ways = [(modality, setting) for modality in MODALITIES for setting in SETTINGS]
    day = date(2026, 1, 1)
    told = spell([(NUMBERS[0], day + timedelta(n), *way) for n, way in enumerate(ways)])

    assert len({each["session"] for each in told}) == len(ways)
    assert all(
        f" | {modality} | {setting}" in " ".join(str(each["session"]) for each in told)
        for modality, setting in ways
    )
