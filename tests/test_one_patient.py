"""One more patient in a log: which numbers of a page move, and to what."""

import shutil
from fnmatch import fnmatchcase
from math import sqrt
from pathlib import Path

import pandas as pd
import pytest

from analysis.answers import outcomes, population, protocol, side_effects
from analysis.estimates import bind_estimates, compare_estimates
from analysis.intake.cohort import load_cohort

# A woman of 33 with skin type IV: two sessions for acne scars 28 days apart, grade 4 before, grade
# 2 on day 90 after the second, side effects asked about both times, and a hyperpigmentation.
PATIENT = """\
P-9001;10.03.2025;33;F;IV;acne scars;cheeks;D1;pen;A2503;1,5;5;none;Goodman-Baron;4;;;none;
P-9001;07.04.2025;33;F;IV;acne scars;cheeks;D1;pen;A2503;1,5;5;none;Goodman-Baron;;2;06.07.2025;\
hyperpigmentation, 8 weeks;
"""
# address (the first line that fits counts), then what is added to count, total, and to the patients
# behind them. What fits no line must not move.
MOVES = """
population/rows?step=read&*                                     | +2 +2 .  .
population/rows?step=used&*                                     | +2 +2 .  .
population/rows?*                                               | 0  +2 .  .
population/sessions?*                                           | +2 .  +1 .
population/patients?*                                           | +1 .  +1 .
population/characteristic?sex=female&*                          | +1 +1 +1 +1
population/characteristic?skin type=IV&*                        | +1 +1 +1 +1
population/characteristic?age group=30 to 39&*                  | +1 +1 +1 +1
population/characteristic?concern=acne_scars&unit=*             | +1 +1 +1 +1
population/characteristic?concern=acne_scars&sex=female&*       | +1 +1 +1 +1
population/characteristic?concern=acne_scars&skin type=IV&*     | +1 +1 +1 +1
population/characteristic?concern=acne_scars&age group=30 to 39*| +1 +1 +1 +1
population/characteristic?concern=acne_scars&*                  | 0  +1 0  +1
population/characteristic?concern=fine_lines&unit=*             | 0  +1 0  +1
population/characteristic?concern=pigmentation&unit=*           | 0  +1 0  +1
population/characteristic?sex=*                                 | 0  +1 0  +1
population/characteristic?skin type=*                           | 0  +1 0  +1
population/characteristic?age group=*                           | 0  +1 0  +1
population/age?unit=*                                           | +1 +1 +1 +1
population/age?concern=acne_scars&*                             | +1 +1 +1 +1
population/fate?concern=acne_scars&*step=analysed&*             | +1 +1 +1 +1
population/fate?concern=acne_scars&*                            | 0  +1 0  +1
outcomes/responders?concern=acne_scars&*                        | +1 +1 +1 +1
outcomes/direction?concern=acne_scars&*change=better&*          | +1 +1 +1 +1
outcomes/direction?concern=acne_scars&*                         | 0  +1 0  +1
side effects/recorded?unit=*                                    | +2 +2 +1 +1
side effects/patients with?term=pih&unit=*                      | +1 +1 +1 +1
side effects/patients with?term=pih&skin type group=IV-VI&*     | +1 +1 +1 +1
side effects/sessions with?term=pih&*                           | +1 +2 +1 +1
side effects/patients with?term=*&unit=*                        | 0  +1 0  +1
side effects/upper bound?term=*                                 | 0  +1 0  +1
side effects/sessions with?term=*                               | 0  +2 0  +1
side effects/events per 100 sessions?term=pih&*                 | +1 +2 +1 +1
side effects/events per 100 sessions?term=*                     | 0  +2 0  +1
protocol/interval under four weeks?unit=*                       | 0  +1 0  +1
protocol/median interval?unit=*                                 | +1 +1 +1 +1
"""
# The same for the page of her concern.
MOVES += "\n".join(
    line.replace("?", "?concern=acne_scars&", 1)
    for line in MOVES.splitlines()
    if line.startswith(("side effects", "protocol"))
)
NOT_OF_THE_PATIENT = "skin type group=I-III", "skin type group=not recorded"
MEDIANS = {
    "population/age?unit": 36,
    "population/age?concern=acne_scars": 28,
    "protocol/median interval?unit": 32,
    "protocol/median interval?concern=acne_scars": 32.25,
}
"""Of all patients three stay where they were; 51 medians around 32.5 days become 52 with her 28."""
# Two numbers in full: 20 of 25 responders become 21 of 26, 9 of 131 with hyperpigmentation 10 of
# 132. Wilson: (x + z²/2 ± z √(x (n - x) / n + z²/4)) / (n + z²), z = 1.959964.
IN_FULL = {
    "outcomes/responders?concern=acne_scars&scale=gb_qual&unit=patients&population=analysed": (
        (21, 26, 0.807692, 0.621237, 0.914929)
    ),
    "side effects/patients with?term=pih&unit=patients&population=patients asked": (
        (10, 132, 0.075758, 0.041668, 0.133841)
    ),
}
COUNTS = ["count", "total", "patients_count", "patients_total"]


def estimate_all(project: Path) -> pd.DataFrame:
    """Return every estimate there is about the example log."""
    cohort = load_cohort("example", project=project)
    concerns = population.list_concerns(cohort)
    return bind_estimates(
        population.count_flow(cohort),
        *(population.describe_patients(cohort, concern) for concern in ["", *concerns]),
        population.count_all_fates(cohort),
        outcomes.estimate_all_outcomes(cohort),
        *(side_effects.estimate_side_effects(cohort, concern) for concern in ["", *concerns]),
        *(protocol.estimate_intervals(cohort, concern) for concern in ["", *concerns]),
    )


@pytest.fixture(scope="module")
def frames(
    small_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pd.DataFrame, ...]:
    """The estimates before and after."""
    before = estimate_all(small_project)
    folder = tmp_path_factory.mktemp("one")
    shutil.copytree(small_project / "data" / "example", folder / "data" / "example")
    with (folder / "data" / "example" / "session-log.csv").open("a", encoding="utf-8") as log:
        log.write(PATIENT)
    return before, estimate_all(folder)


def find_move(address: str) -> list[int] | None:
    """Return what the table adds to the four counts of an address, None where it must not move."""
    if any(group in address for group in NOT_OF_THE_PATIENT):
        return None
    for line in filter(None, MOVES.splitlines()):
        pattern, _, added = line.partition("|")
        if fnmatchcase(address, pattern.strip()):
            return [int(each.replace(".", "0")) for each in added.split()]
    return None


def expect_values(row: pd.Series) -> tuple[float | None, float | None, float | None]:
    """Return value, low and high of the new counts, by formulas of this test's own."""
    x, n = int(row["count"]), int(row["total"])
    if row["method"] == "wilson":
        square = 1.959963984540054**2
        half = sqrt(square) * sqrt(x * (n - x) / n + square / 4)
        return x / n, (x + square / 2 - half) / (n + square), (x + square / 2 + half) / (n + square)
    if row["method"] in ("clopper_pearson", "clustered_ends", "clustered_none"):
        people = int(row["patients_total"])
        end = 1 - 0.025 ** (1 / people)
        if row["unit"] == "events":
            return 0, 0, 100 * end
        return (0, 0, end) if x == 0 else (1, 1 - end, 1)
    if row["method"] == "exact_upper_bound":
        return 1 - 0.05 ** (1 / n), None, None
    if row["unit"] == "events":
        return 100 * x / n, None, None
    return x / n, None, None


MODELLED = ("clustered_gee", "clustered_exact", "clustered_poisson")
"""Methods whose limits (and of the first the share) no pencil gives; they have references."""


def test_exactly_these_addresses_move(frames: tuple[pd.DataFrame, ...]) -> None:
    """What she is part of moves, every other number of every page stays as it was; none comes or
    goes."""
    before, after = frames
    moved = compare_estimates(before, after)

    expected = {address for address in before["address"] if find_move(address)}

    assert set(moved["change"]) == {"changed"}
    assert set(moved["address"]) == expected
    assert set(moved["column"]) <= {*COUNTS, "value", "low", "high", "se", "df"} | {
        *("method", "confidence", "note")  # nine patients with it have no interval, ten have
    }
    assert len(before) - len(expected) > 100  # the pages of other concerns


def test_counts_move_by_one_patient(frames: tuple[pd.DataFrame, ...]) -> None:
    """Two rows, two sessions, one patient: each count moves by what the table says."""
    before, after = (frame.set_index("address") for frame in frames)

    for address in before.index:
        added = find_move(address) or [0, 0, 0, 0]
        new = (before.loc[address, COUNTS].fillna(0) + added).tolist()
        assert after.loc[address, COUNTS].fillna(0).tolist() == new, address


def test_values_follow_their_counts(frames: tuple[pd.DataFrame, ...]) -> None:
    """Every share, limit and bound that moved is the one of its new counts."""
    after = frames[1]
    moved = after[[bool(find_move(address)) for address in after["address"]]]
    shares = moved[moved["value"].notna() & (moved["method"] != "median")]

    assert len(shares) > 100
    for _, row in shares.iterrows():
        value, low, high = expect_values(row)
        near = 0.05 if row["method"] == "clustered_gee" else 1e-9
        assert row["value"] == pytest.approx(value, rel=near), row["address"]
        if row["method"] in MODELLED:
            assert row["low"] < row["value"] < row["high"], row["address"]
            continue
        for limit, number in ((row["low"], low), (row["high"], high)):
            if number is None:
                assert pd.isna(limit), row["address"]
            else:
                assert limit == pytest.approx(number, rel=1e-6, abs=1e-12), row["address"]
    for pattern, value in MEDIANS.items():
        row = after[after["address"].str.startswith(pattern)].iloc[0]
        assert row["value"] == value, pattern


def test_two_numbers_in_full(frames: tuple[pd.DataFrame, ...]) -> None:
    """The responders of her concern and hyperpigmentation of all, worked out with a pencil."""
    after = frames[1].set_index("address")

    for address, (count, total, value, low, high) in IN_FULL.items():
        row = after.loc[address]
        assert (row["count"], row["total"]) == (count, total)
        numbers = (row["value"], row["low"], row["high"])
        assert numbers == pytest.approx((value, low, high), abs=2e-6)
