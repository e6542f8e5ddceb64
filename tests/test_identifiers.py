"""The leak scanner: it finds a clinic's own identifiers and free text, and only those."""

import base64
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intake.cohort import load_cohort
from analysis.intake.identifiers import SHORTEST, Identifiers, list_identifiers, make_scanner
from logs import write_project


def know(*ids: str, **more: object) -> Identifiers:
    """Return what a source called north holds: patients by their ids, and more."""
    patients = dict.fromkeys(ids, "a patient")
    return Identifiers(source="north", marks=patients, **more)  # type: ignore[arg-type]


KNOWN = ["north/P-0417", "north/12345", "north/p7", "north/007", "B2406"]
KNOWN += ["north/Anna Maria Muster", "north/A&B-77", "north/MÜLLER-1", 'north/O"B-77']
FOUND = [
    "P-0417",
    "p-0417",
    "north/P-0417",
    "<td>P-0417</td>",
    '"patient": "P-0417",',
    "see P-0417.",
    "(P-0417)",
    "P-0417's second session",
    "p-0417/2",
    "P-0417@clinic",
    '<tr id="row-P-0417">',
    "P-0417_2.csv",
    "<td>A&amp;B-77</td>",
    "müller-1",
    """ "O\\"B-77" """,
    "anna maria muster came",
    "lot b2406",
    "north/12345",
    "north/007",
    "NORTH/p7 ",
]
NOT_FOUND = [
    "",
    "P-04170",
    "XP-0417",
    "12345",  # all digits: also a count
    "007",
    "p7",  # four letters and fewer: also a term
    "south/12345",
    "P 0417",
    "B24060",
    "Anna Maria",
    "the north",
]


@pytest.mark.parametrize("text", FOUND)
def test_identifier_is_found(text: str) -> None:
    """In any case, in markup and beside stops; a short or all-digit id with its source."""
    assert make_scanner(know(*KNOWN))(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_is_no_identifier_is_let_through(text: str) -> None:
    """Part of a longer word, a plain number, a short word, another clinic's id."""
    assert make_scanner(know(*KNOWN))(text) == []


@pytest.mark.parametrize(
    ("identifier", "is_found"),
    [("abcd", False), ("abcde", True), ("1234", False), ("123456789", False), ("1234a", True)],
)
def test_shortest_identifier_that_counts_alone(identifier: str, is_found: bool) -> None:
    """Five signs, and not digits only."""
    assert SHORTEST == 5
    assert bool(make_scanner(know(f"north/{identifier}"))(f"x {identifier} y")) == is_found
    assert make_scanner(know(f"north/{identifier}"))(f"x north/{identifier} y")


def test_answer_names_the_place_and_never_the_identifier() -> None:
    """What is told goes to a log line: where to look, not what was there."""
    page = "<p>Session of P-0417, then of P-0417</p>"

    hits = make_scanner(know(*KNOWN))(page)

    assert hits == [
        f"a patient at character {page.index('P-0417')}",
        f"a patient at character {page.rindex('P-0417')}",
    ]


def test_nothing_known_finds_nothing() -> None:
    """A clinic without patients has nothing to give away."""
    assert make_scanner(know())("P-0417") == []
    assert make_scanner(know("", "north/"))("north / anything") == []


@given(
    st.from_regex(r"[A-Za-z][A-Za-z0-9-]{4,9}[A-Za-z0-9]", fullmatch=True),
    st.sampled_from(["<td>{}</td>", '"{}"', "{}, {}", "a {} b", "[{}]", "{};", "={}", "'{}'"]),
)
def test_any_long_identifier_is_found(identifier: str, around: str) -> None:
    """Whatever the clinic's ids look like, in whatever a page puts around them."""
    assert make_scanner(know(f"north/{identifier}"))(around.format(identifier, identifier))


# --- however it is written --------------------------------------------------------------------

HIDDEN_IN = {
    "split by a tag": "<p>P-0<b>4</b>17</p>",
    "split by cells": "<td>P-</td><td>0417</td>",
    "split by a comment": "P-04<!-- -->17",
    "split by a soft hyphen": "P-0\u00ad417",
    "as entities": "&#80;&#x2d;&#48;&#52;&#49;&#55;",
    "in the text of a figure": "<svg><text><tspan>P-</tspan><tspan>0417</tspan></text></svg>",
    "in a title of a figure": "<svg><title>P-0417</title></svg>",
    "in an attribute": '<img alt="course of P-0417">',
    "wide letters": "\uff30\uff0d\uff10\uff14\uff11\uff17",
    "in other case": "p-0417",
    "in an address": "<a href='#see%20P%2D0417'>",
    "in the escapes of a data file": '{"note": "\\u0050-0417"}',
    "in base64": "data:;base64," + base64.b64encode(b"the course of P-0417 in text").decode(),
    "in base64 alone": base64.b64encode(b"P-0417").decode(),
    "inside a picture": "data:image/png;base64,"
    + base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\x0dtEXtComment\0of P-0417\0\xff\xfe").decode(),
}


@pytest.mark.parametrize("text", HIDDEN_IN.values(), ids=HIDDEN_IN.keys())
def test_an_identifier_is_found_however_it_is_written(text: str) -> None:
    """What a reader, a screen reader or the source of the page could tell."""
    assert make_scanner(know("north/P-0417"))(text)
    assert make_scanner(know("north/P-0418"))(text) == []


DAYS = [
    *("2024-03-09", "20240309", "09.03.2024", "9.3.2024", "09/03/2024", "03/09/2024", "3-9-2024"),
    *("9 March 2024", "March 9, 2024", "9th March 2024", "9 Mar 2024", "09-Mar-24", "09.03.24"),
    *("9. März 2024", "9 de marzo de 2024", "9 mars 2024", "2024-03-09T10:15:00"),
]


@pytest.mark.parametrize("written", DAYS)
def test_a_day_of_the_log_is_found_in_any_form(written: str) -> None:
    """Order, month's name and language do not matter; ends of the period are no secret."""
    known = know(days=frozenset({date(2024, 3, 9)}))

    assert make_scanner(known)(f"<td>seen {written}, well</td>")
    assert make_scanner(know(days=frozenset({date(2024, 3, 10)})))(f"<td>{written}</td>") == []
    assert make_scanner(known, allowed_days=[date(2024, 3, 9)])(written) == []


@pytest.mark.parametrize(
    "text", ["2.3.9", "scipy 1.24.03", "3 of 9, 2024", "M 3.9 20.24", "v24.3.9"]
)
def test_a_number_is_no_day(text: str) -> None:
    """Versions, counts and the lines of a figure."""
    assert make_scanner(know(days=frozenset({date(2024, 3, 9), date(2009, 3, 2)})))(text) == []


SHORT = [
    ("<table><tr><th>Patient</th><th>n</th></tr><tr><td>007</td><td>12</td></tr></table>", True),
    ("<table><tr><th>Patients</th><th>n</th></tr><tr><td>007</td><td>12</td></tr></table>", False),
    ("<table><tr><th>n</th><th>Patient ID</th></tr><tr><td>007</td><td>8</td></tr></table>", False),
    ('{"patient": "007"}', True),
    ('{"patients": "007"}', False),
    ('{"count": 7, "lot": "p7"}', True),
]


@pytest.mark.parametrize(("text", "is_found"), SHORT)
def test_a_short_identifier_counts_in_a_column_of_identifiers(text: str, is_found: bool) -> None:
    """Elsewhere it is a number or a word like any other."""
    assert bool(make_scanner(know("north/007", "north/p7"))(text)) == is_found


TEXTS = [
    # text of the log, a page, whether it leaks
    ("Muster", "<p>Ms Muster came</p>", True),
    ("Muster", "<p>Mustering</p>", False),
    ("Anna Muster", "anna  muster", True),
    ("Anna Muster", "Muster, Anna", False),
    ("anna.muster@example.org", "write to Anna.Muster@example.org", True),
    ("+49 (0)170 123-4567", "call +49 0170 1234567", True),
    ("acne scars", "acne scars of 3 patients", False),  # the product's own words
    ("microneedling", "microneedling", False),
    ("2 of 3", "2 of 3", False),
    ("12.5", "12.5", False),
    ("not recorded", "not recorded", False),
    ("x", "x", False),
    ("North", "North", False),
    (
        "cried when the needle came near her left eye, will ask her sister",
        "her left eye, will ask her dog",
        True,
    ),
    ("cried when the needle came near her left eye, will ask her sister", "her left eye", False),
]


@pytest.mark.parametrize(("text", "page", "is_found"), TEXTS)
def test_free_text_of_the_log_is_found(text: str, page: str, is_found: bool) -> None:
    """Names, addresses and notes; not the words that stand on any clinic's page."""
    hits = make_scanner(know(texts={text: "Notes"}, told=("north", "Clinic North")))(page)

    assert bool(hits) == is_found
    assert all("'Notes'" in hit or "e-mail" in hit for hit in hits)


@pytest.mark.parametrize(
    "page", ["/home/anna/log", "C:\\Users\\anna", "file:///srv/x", "someone@clinic.example"]
)
def test_what_no_page_may_hold_whatever_the_log(page: str) -> None:
    """Paths of a machine and addresses of mail need not be known."""
    assert make_scanner(know())(page)
    assert make_scanner(know())(page.replace("/", " ").replace("\\", " ").replace("@", " ")) == []


# --- of a real log ----------------------------------------------------------------------------

LOG = """
patient | day | concern | harm    | operator  | cartridge_lot | device_serial | (note)
PX-0001 | 0   | AS      | redness | Dr Quiros | LOT-77A       | SN-9X1        | Anna Muster
PX-0002 | 0   | Wibbly  | wobbled | Dr Quiros | LOT-77A       | SN-9X1        | a@muster.exampl
PX-0002 | 30  | AS      |         |           |               |               | 0170 1234 567
PX-0002 | 60  | AS      |         |           |               |               | born 04.07.1981
PX-0002 | 90  | AS      |         |           |               |               | likes her cat Mimi
PX-0002 | 120 | AS      |         |           |               |               | Zwickau
"""
SECRETS = [
    *("PX-0001", "px-0002", "Dr Quiros", "LOT-77A", "SN-9X1", "Anna Muster", "a@muster.exampl"),
    *("0170-1234-567", "4 July 1981", "1981-07-04", "likes her cat Mimi", "Zwickau", "Wibbly"),
    *("wobbled", "2024-01-01", "1 January 2024"),
]


def test_every_column_of_a_log_is_looked_at(tmp_path: Path) -> None:
    """Mapped or not; what a page says of any log is let through."""
    project = write_project(tmp_path, LOG)
    scan = make_scanner(list_identifiers(load_cohort("clinic", project=project), project))

    assert [secret for secret in SECRETS if not scan(f"<p>of {secret} too</p>")] == []
    assert scan(f"made in {tmp_path}")
    for harmless in ("acne scars, redness, 1 of 2 patients", "A clinic (synthetic)", "2026-09-27"):
        assert scan(f"<p>{harmless}</p>") == []


def test_a_column_can_be_declared_public(tmp_path: Path) -> None:
    """Where it names nobody, its words may stand on a page; the others still may not."""
    project = write_project(tmp_path, LOG, more="public_columns = ['(note)']")
    scan = make_scanner(list_identifiers(load_cohort("clinic", project=project), project))

    assert scan("Zwickau, Anna Muster") == []
    assert scan("Wibbly")
