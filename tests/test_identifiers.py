"""The leak scanner: it finds a clinic's own identifiers, and only those."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intake.identifiers import SHORTEST, make_scanner

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
    assert make_scanner(KNOWN)(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_is_no_identifier_is_let_through(text: str) -> None:
    """Part of a longer word, a plain number, a short word, another clinic's id."""
    assert make_scanner(KNOWN)(text) == []


@pytest.mark.parametrize(
    ("identifier", "is_found"),
    [("abcd", False), ("abcde", True), ("1234", False), ("123456789", False), ("1234a", True)],
)
def test_shortest_identifier_that_counts_alone(identifier: str, is_found: bool) -> None:
    """Five signs, and not digits only."""
    assert SHORTEST == 5
    assert bool(make_scanner([f"north/{identifier}"])(f"x {identifier} y")) == is_found
    assert make_scanner([f"north/{identifier}"])(f"x north/{identifier} y")


def test_answer_names_the_place_and_never_the_identifier() -> None:
    """What is told goes to a log line: where to look, not what was there."""
    page = "<p>Session of P-0417, then of P-0417</p>"

    hits = make_scanner(KNOWN)(page)

    assert hits == [
        f"an identifier at character {page.index('P-0417')}",
        f"an identifier at character {page.rindex('P-0417')}",
    ]


def test_nothing_known_finds_nothing() -> None:
    """A clinic without patients has nothing to give away."""
    assert make_scanner([])("P-0417") == []
    assert make_scanner(["", "north/"])("north / anything") == []


@given(
    st.from_regex(r"[A-Za-z][A-Za-z0-9-]{4,9}[A-Za-z0-9]", fullmatch=True),
    st.sampled_from(["<td>{}</td>", '"{}"', "{}, {}", "a {} b", "[{}]", "{};", "={}", "'{}'"]),
)
def test_any_long_identifier_is_found(identifier: str, around: str) -> None:
    """Whatever the clinic's ids look like, in whatever a page puts around them."""
    assert make_scanner([f"north/{identifier}"])(around.format(identifier, identifier))
