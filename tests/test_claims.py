"""The claims of the patient article: a visible log in, a visible verdict out.

Every verdict is flipped by one number. The limits beside the cases were worked out with R 4.2:
``prop.test(x, n, correct = FALSE)`` for Wilson's, ``binom.test(x, n)`` and ``1 - 0.05^(1/n)`` for
the exact ones.

All cases are one log, which is read once: each case is a clinic of its own.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pandas as pd
import pytest

from analysis.answers.claims import (
    compare_modalities,
    estimate_claims,
    estimate_intervals,
    estimate_lasting_harm,
    estimate_length,
    estimate_pain,
    estimate_reactions,
)
from analysis.errors import UsageError
from analysis.intake.cohort import Cohort
from analysis.show.disclosure import Released, release
from analysis.show.sentences import describe_claim, describe_verdicts, name_verdict
from analysis.show.tables import show_claim, show_verdicts
from analysis.vocabulary import BUILT_IN
from logs import load, read_table

AGREES, DISAGREES = "\N{BLACK CIRCLE} agrees", "\N{BLACK SQUARE} disagrees"
TOO_LITTLE = "\N{WHITE DIAMOND} too little data"
UNANSWERABLE = "\N{WHITE CIRCLE} cannot be answered"
NOT_SHOWN = "\N{WHITE SQUARE} not shown"

# In these logs the first column says how many patients have such a row. Values with > between them
# are those of one session after the other.
LENGTH = """
times | day | minutes
{0}   | 0   | {1}
{2}   | 0   | 70
"""
PAIN = """
times | day | pain | anaesthetic
{0}   | 0   | {1}  | lidocaine
{2}   | 0   | 7    | lidocaine
{3}   | 0   | 3    | {4}
"""
REACTIONS = """
times | day | harm
{0}   | 0   | redness, burning, dryness
{1}   | 0   | {2}
{3}   | 0   | none
"""
LASTING = """
times | day | scale | after | reviewed | harm | resolved
{0}   | 0   | gb    | 2     | {1}      | none |
{2}   | 0   | gb    | 2     | {3}      | {4}  | {5}
"""
TWICE = """
times | day     | scale | after | reviewed | harm            | resolved
1     | 0 > 100 | gb    | 2     | 200      | keloid > keloid | {0} > {1}
"""
INTERVAL = """
times | day
{0}   | 0 > {1}
{2}   | 0 > 50
"""
SAFER = """
times | day | modality      | harm
{0}   | 0   | microneedling | milia
{1}   | 0   | microneedling | none
{2}   | 0   | {3}           | milia
{4}   | 0   | {3}           | {5}
"""
HAD_BOTH = """
times | day    | modality              | harm
{0}   | 0 > 50 | microneedling > laser | none > milia
{1}   | 0 > 50 | microneedling > laser | milia > none
"""
"""How often which row, and what is in it, with the verdict."""
Cases = list[tuple[tuple[object, ...], str]]
CASES: Final[list[tuple[str, str, Cases]]] = [
    (
        "session_length",
        LENGTH,
        [
            # 15/20 from 53.1 %, 14/20 from 48.1; 6/20 to 51.9, 5/20 to 46.9
            ((15, 60, 5), AGREES),
            ((14, 60, 6), TOO_LITTLE),
            ((6, 60, 14), TOO_LITTLE),
            ((5, 60, 15), DISAGREES),
            # both ends are within
            ((15, 5, 5), AGREES),
            ((15, 4, 5), DISAGREES),
            ((15, 61, 5), DISAGREES),
            # 5/5 from 47.8 %, 6/6 from 54.1; under five patients there is no rate
            ((6, 30, 0), AGREES),
            ((5, 30, 0), TOO_LITTLE),
            ((4, 30, 0), TOO_LITTLE),
            ((1, 30, 0), TOO_LITTLE),
            # recorded of nobody
            ((15, "", 0), UNANSWERABLE),
        ],
    ),
    (
        "pain",
        PAIN,
        [
            ((15, 3, 5, 0, ""), AGREES),
            ((14, 3, 6, 0, ""), TOO_LITTLE),
            ((5, 3, 15, 0, ""), DISAGREES),
            ((15, 4, 5, 0, ""), DISAGREES),
            ((15, "", 0, 0, ""), UNANSWERABLE),
        ],
    ),
    (
        "pain_without_numbing",
        PAIN,
        [
            # those with numbing do not count; ten patients are the fewest of a part
            ((15, 3, 5, 10, "none"), AGREES),
            ((15, 3, 5, 9, "none"), TOO_LITTLE),
            ((15, 3, 5, 10, "sin anestesia"), AGREES),
            ((15, 3, 5, 0, ""), UNANSWERABLE),
            # a blank cell is not "none", and a cream is numbing
            ((15, 3, 5, 10, ""), UNANSWERABLE),
            ((15, 3, 5, 10, "cream"), UNANSWERABLE),
        ],
    ),
    (
        "reactions",
        REACTIONS,
        [
            # 4/40 from 2.8 %, 3/40 from 1.6, 2/40 from 0.6; 0/368 to 0.9974, 0/367 to 1.0001
            ((4, 0, "", 36), AGREES),
            ((2, 0, "", 38), TOO_LITTLE),
            ((0, 100, "redness, stinging", 268), DISAGREES),
            ((0, 100, "redness, stinging", 267), TOO_LITTLE),
            # one of the three decides
            ((2, 2, "redness, sensitive skin", 36), TOO_LITTLE),
            ((2, 1, "redness, sensitive skin, dryness", 37), AGREES),
            # redness that became harm was there on the day
            ((0, 4, "redness 10 days, burning, dryness", 36), AGREES),
            ((40, 0, "", 0), AGREES),
            # asked of nobody: a blank cell is not "none"
            ((0, 40, "", 0), UNANSWERABLE),
        ],
    ),
    (
        "lasting_harm",
        LASTING,
        [
            # upper bounds: 0/299 0.9969 %, 0/298 1.0002 %
            ((299, 180, 0, 0, "", ""), AGREES),
            ((298, 180, 0, 0, "", ""), TOO_LITTLE),
            ((299, 179, 0, 0, "", ""), TOO_LITTLE),
            # one that had not resolved contradicts "not any"
            ((300, 180, 1, 180, "keloid", "no"), DISAGREES),
            ((0, 180, 1, 180, "keloid", "no"), DISAGREES),
            ((300, 180, 1, 180, "keloid", "yes"), AGREES),
            # seen for too short a time after it, so not followed
            ((300, 180, 1, 179, "keloid", "no"), AGREES),
            # the log does not say whether it went, or does by telling how long it was
            ((300, 180, 1, 180, "keloid", ""), TOO_LITTLE),
            ((300, 180, 1, 180, "PIH 3 weeks", ""), AGREES),
            # what goes by its kind, and what is no harm
            ((300, 180, 1, 180, "milia", ""), AGREES),
            ((300, 180, 1, 180, "milia", "no"), DISAGREES),
            ((300, 180, 1, 180, "redness", "no"), AGREES),
            # asked of nobody; followed nobody
            ((0, 180, 1, 180, "", ""), UNANSWERABLE),
            ((0, 180, 1, 10, "none", ""), TOO_LITTLE),
        ],
    ),
    (
        "lasting_harm",
        TWICE,
        [
            # it began where it is first written, and ended where it is last said to have
            (("no", "no"), DISAGREES),
            (("no", "yes"), TOO_LITTLE),
            (("yes", "no"), TOO_LITTLE),
        ],
    ),
    (
        "interval",
        INTERVAL,
        [
            ((15, 28, 5), AGREES),
            ((15, 35, 5), AGREES),
            ((15, 27, 5), DISAGREES),
            ((15, 36, 5), DISAGREES),
            ((14, 30, 6), TOO_LITTLE),
            ((5, 30, 15), DISAGREES),
            # a gap over 180 days is no interval
            ((15, 181, 0), UNANSWERABLE),
        ],
    ),
    (
        "safer_than_laser",
        SAFER,
        [
            # in percentage points: 6/60 less 12/20 is -50, less 4/20 is -10; 30/60 less 2/20 is 40
            ((6, 54, 12, "laser", 8, "none"), AGREES),
            ((6, 54, 4, "laser", 16, "none"), TOO_LITTLE),
            ((30, 30, 2, "laser", 18, "none"), DISAGREES),
            # ten patients are the fewest of a part; without any there is no interval
            ((6, 54, 8, "laser", 2, "none"), AGREES),
            ((6, 54, 8, "laser", 1, "none"), TOO_LITTLE),
            ((12, 48, 0, "laser", 20, "none"), TOO_LITTLE),
            # nobody had it, nobody was asked, nobody was needled
            ((6, 54, 0, "laser", 0, "none"), UNANSWERABLE),
            ((6, 54, 0, "laser", 20, ""), UNANSWERABLE),
            ((0, 0, 12, "laser", 8, "none"), UNANSWERABLE),
            # radiofrequency is another treatment than both
            ((6, 54, 12, "rf", 8, "none"), UNANSWERABLE),
        ],
    ),
    (
        "safer_than_laser",
        HAD_BOTH,
        [
            # by pairs (t.test of the differences) -69 to +3 and -80 to -13; were they different
            # patients, 10/30 less 20/30 would be -53 to -8
            ((20, 10), TOO_LITTLE),
            ((22, 8), AGREES),
        ],
    ),
    ("safer_than_chemical_peel", SAFER, [((6, 54, 12, "peel", 8, "none"), AGREES)]),
    ("safer_than_dermabrasion", SAFER, [((6, 54, 12, "dermabrasion", 8, "none"), AGREES)]),
]
EVERY_CASE: Final = [
    (f"{claim} {place} {template.count('{')} {numbers}", claim, template, numbers, verdict)
    for claim, template, cases in CASES
    for place, (numbers, verdict) in enumerate(cases)
]
ESTIMATES: Final = {
    "session_length": estimate_length,
    "pain": estimate_pain,
    "pain_without_numbing": estimate_pain,
    "reactions": estimate_reactions,
    "lasting_harm": estimate_lasting_harm,
    "interval": estimate_intervals,
}
"""The part of a page that a claim rests on; the others are compared modalities."""
COLUMNS: Final = (
    *("patient", "day", "clinic", "concern", "modality", "minutes", "pain", "anaesthetic"),
    *("scale", "after", "reviewed", "harm", "resolved"),
)


def write_log(cases: dict[str, str]) -> str:
    """Return one log of the logs of several clinics, by the clinic's name."""
    lines = [" | ".join(COLUMNS)]
    for clinic, table in cases.items():
        header, *rows = read_table(table.replace("day", "_day").replace("reviewed", "_reviewed"))
        for place, row in enumerate(rows):
            cells = {name.removeprefix("_"): cell for name, cell in zip(header, row, strict=True)}
            for number in range(int(cells.pop("times"))):
                who = {"patient": f"{clinic} {place} {number}", "clinic": clinic, "concern": "AS"}
                lines += [" | ".join(each) for each in _list_sessions(cells | who)]
    return "\n".join(lines)


def _list_sessions(cells: dict[str, str]) -> list[list[str]]:
    parts = {name: [part.strip() for part in cell.split(">")] for name, cell in cells.items()}
    return [
        [(parts.get(name, [""]) * 2)[session] for name in COLUMNS]
        for session in range(len(parts["day"]))
    ]


@pytest.fixture(scope="module")
def every_clinic(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of all cases."""
    logs = {case: table.format(*numbers) for case, _claim, table, numbers, _verdict in EVERY_CASE}
    return load(tmp_path_factory.mktemp("claims"), write_log(logs))


def choose(cohort: Cohort, clinic: str) -> Cohort:
    """Return the cohort of one clinic."""
    return replace(cohort, selection=replace(cohort.selection, clinic=(clinic,)))


def show(
    cohort: Cohort,
    audience: str = "internal",
    estimate: Callable[[Cohort], pd.DataFrame] = estimate_claims,
) -> Released:
    return release(estimate(cohort), cohort.origin, audience=audience)


@pytest.mark.parametrize(
    ("case", "claim", "verdict"),
    [(case, claim, verdict) for case, claim, _table, _numbers, verdict in EVERY_CASE],
    ids=[case for case, *_ in EVERY_CASE],
)
def test_one_number_flips_the_verdict(
    every_clinic: Cohort, case: str, claim: str, verdict: str
) -> None:
    """The log of the case agrees, disagrees, or does neither."""
    estimate = ESTIMATES.get(claim, compare_modalities)
    released = show(choose(every_clinic, case), estimate=estimate)
    assert name_verdict(released, claim) == verdict


# --- what the page says -------------------------------------------------------------------------


def read_page(released: Released) -> str:
    """Return all that the page says of the claims."""
    told = [describe_verdicts(released), show_verdicts(released)]
    told += [
        show(released, key) for key in BUILT_IN.claims for show in (describe_claim, show_claim)
    ]
    return "\n".join(each.html for each in told)


EMPTY = dict.fromkeys(BUILT_IN.claims, UNANSWERABLE)
DEGENERATE = {
    # nobody; one patient, with nothing recorded and with all of it; all had harm
    "nobody": ("0 | 0", EMPTY),
    "one patient": ("1 | 0", EMPTY),
    "one patient, all recorded": (
        "1 | 0 > 30 | microneedling | 30 | 5 | none | redness",
        dict.fromkeys(
            ("session_length", "pain", "pain_without_numbing", "reactions", "lasting_harm"),
            TOO_LITTLE,
        )
        | {"interval": TOO_LITTLE},
    ),
    "all had harm": (
        "30 | 0 > 50 | microneedling > laser | 70 | 9 | none | keloid",
        {"session_length": DISAGREES, "pain": DISAGREES, "pain_without_numbing": DISAGREES}
        | {"reactions": TOO_LITTLE, "lasting_harm": TOO_LITTLE, "safer_than_laser": TOO_LITTLE},
    ),
}
HEADER = ("times", "day", "modality", "minutes", "pain", "anaesthetic", "harm")


@pytest.fixture(scope="module")
def degenerate(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of all degenerate logs."""
    logs = {"somebody": "times | day\n6 | 0"}
    for name, (row, _verdicts) in DEGENERATE.items():
        logs[name] = f"{' | '.join(HEADER[: row.count('|') + 1])}\n{row}"
    return load(tmp_path_factory.mktemp("degenerate"), write_log(logs))


@pytest.mark.parametrize("audience", ["internal", "shareable"])
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_logs_have_a_page(degenerate: Cohort, name: str, audience: str) -> None:
    """Nobody, one patient, nothing recorded, harm of all: every claim has a verdict in words, and
    no number is missing from a sentence."""
    released = show(choose(degenerate, name), audience)
    _row, verdicts = DEGENERATE[name]
    found = {key: name_verdict(released, key) for key in BUILT_IN.claims}
    page = read_page(released)
    if audience == "internal" or name != "one patient, all recorded":
        assert found == EMPTY | verdicts
    else:
        # what one patient had is not told by a verdict
        assert not {AGREES, DISAGREES} & {*found.values()}
    assert not re.search(r"\b(nan|None|NA)\b", page)


def test_a_claim_that_the_article_does_not_make(degenerate: Cohort) -> None:
    """The possible ones are named."""
    released = show(choose(degenerate, "nobody"), estimate=estimate_length)
    with pytest.raises(UsageError, match="reactions"):
        describe_claim(released, "reaction")
    with pytest.raises(UsageError, match="reactions"):
        show_claim(released, "reaction")
