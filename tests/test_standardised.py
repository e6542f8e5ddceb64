"""Standardised differences against R and statsmodels, and where there is none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.estimates import make_estimates
from analysis.statistics.standardised import estimate_standardised_difference

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "estimates.json").read_text(encoding="utf-8"))["standardised"]
PATIENTS = pd.read_csv(REFERENCE / "respiratory_patients.csv")
TREATED = PATIENTS["treated"] == 1
NOTHING = pd.DataFrame(index=PATIENTS.index)


def estimate(
    outcome: Any, group: Any, adjust: pd.DataFrame | None = None, seed: int = 1
) -> dict[str, Any]:
    outcome, group = pd.Series(outcome), pd.Series(group)
    adjust = pd.DataFrame(index=outcome.index) if adjust is None else adjust
    return estimate_standardised_difference(outcome, group, adjust, seed)


# --- against R --------------------------------------------------------------------------------

ADJUSTED = [
    # in R's script, outcome, adjusted for
    ("share", "outcome", ["center", "sex", "age", "baseline"]),
    ("number", "age", ["center", "sex", "baseline"]),
]


@pytest.mark.parametrize(("name", "outcome", "adjust"), ADJUSTED)
def test_standardised_difference(name: str, outcome: str, adjust: list[str]) -> None:
    """glm and predict in R; the limits from R's boot with 20,000 resamples, up to the noise of
    two thousand of ours."""
    expected = R[name]
    low, high = expected["limits"]

    found = estimate(PATIENTS[outcome], TREATED, PATIENTS[adjust])

    assert found["value"] == pytest.approx(expected["value"], rel=1e-6)
    assert found["se"] == pytest.approx(expected["se"], rel=0.06)
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=0.05 * (high - low))
    assert (found["count"], found["total"]) == (111, 111)
    assert (found["method"], found["confidence"]) == ("standardised_difference", 0.95)


def test_without_anything_to_adjust_for() -> None:
    """The plain difference of two shares, as R's glm has it and as counting does."""
    found = estimate(PATIENTS["outcome"], TREATED, NOTHING)
    shares = PATIENTS.groupby("treated")["outcome"].mean()

    assert found["value"] == pytest.approx(R["share_plain"]["value"], rel=1e-6)
    assert found["value"] == pytest.approx(shares[1] - shares[0], rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_as_statsmodels(seed: int) -> None:
    """Logit and OLS on made-up patients: predicted with everybody in the group and with nobody."""
    random = np.random.default_rng(seed)
    n = 300
    group = random.random(n) < 0.4
    adjust = pd.DataFrame(
        {"type": random.choice([*"abcd"], n), "age": random.normal(45 + 8 * group, 12)}
    )
    design = np.column_stack(
        [np.ones(n), group, *(adjust["type"] == each for each in "bcd"), adjust["age"]]
    ).astype(float)
    odds = -2.5 + 0.8 * group + 0.04 * adjust["age"] - 0.5 * (adjust["type"] == "c")
    responded = (random.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    score = odds + random.normal(0, 2, n)
    supposed = [
        np.column_stack([design[:, :1], np.full(n, each), design[:, 2:]]) for each in (1, 0)
    ]
    logit = sm.Logit(responded, design).fit(disp=0, tol=1e-12)
    linear = sm.OLS(np.asarray(score), design).fit()

    shares = estimate(responded, group, adjust)
    means = estimate(score, group, adjust)

    expected = logit.predict(supposed[0]).mean() - logit.predict(supposed[1]).mean()
    assert shares["value"] == pytest.approx(expected, rel=1e-6)
    assert means["value"] == pytest.approx(np.asarray(linear.params)[1], rel=1e-6)


def test_confounding_is_taken_out() -> None:
    """patients   type  in the group  responded
         40         I        yes         36
         10         I        no           9
         10        IV        yes          2
         40        IV        no           8
    Plainly the group is ahead by 42 percent (38 of 50 against 17 of 50); within each type there is
    no difference."""
    rows = [("I", True, 40, 36), ("I", False, 10, 9), ("IV", True, 10, 2), ("IV", False, 40, 8)]
    table = pd.DataFrame(
        [
            (skin, group, number < responded)
            for skin, group, patients, responded in rows
            for number in range(patients)
        ],
        columns=["skin", "group", "responded"],
    )

    plain = estimate(table["responded"], table["group"])
    found = estimate(table["responded"], table["group"], table[["skin"]])

    assert plain["value"] == pytest.approx(38 / 50 - 17 / 50)
    assert found["value"] == pytest.approx(0, abs=1e-7)
    assert found["low"] < -0.1 < 0.1 < found["high"]
    assert plain["low"] > 0.2


@pytest.mark.parametrize("seed", [1, 15, 18])
def test_resamples_that_are_told_apart(seed: int) -> None:
    """patients   type  in the group  responded
          7         I        no           5
          1        II        no           1
          3       III        no           1
          6         I        yes          5
          5        II        yes          3
          2       III        yes          1
    No column tells the outcome without error, but in some of the patients drawn anew all do: such
    a resample counts with shares of zero and one, it does not end the report."""
    rows = [("I", False, 7, 5), ("II", False, 1, 1), ("III", False, 3, 1)]
    rows += [("I", True, 6, 5), ("II", True, 5, 3), ("III", True, 2, 1)]
    table = pd.DataFrame(
        [
            (skin, group, number < responded)
            for skin, group, patients, responded in rows
            for number in range(patients)
        ],
        columns=["skin", "group", "responded"],
    )

    found = estimate(table["responded"], table["group"], table[["skin"]], seed=seed)

    assert -1 <= found["low"] < found["value"] < found["high"] <= 1
    assert found["value"] == pytest.approx(0.0485606, abs=1e-6)  # logistic regression, statsmodels


def test_what_is_not_known_is_left_out() -> None:
    """A patient without an outcome, a group or what is adjusted for does not count, and is told."""
    gaps = PATIENTS.astype({"outcome": float, "age": float})
    group = TREATED.astype("boolean")
    gaps.loc[0, "outcome"] = None
    gaps.loc[[1, 2], "age"] = None
    group[3] = pd.NA
    kept = PATIENTS.index[4:]

    found = estimate(gaps["outcome"], group, gaps[["age"]])
    known = estimate(PATIENTS["outcome"][kept], TREATED[kept], PATIENTS.loc[kept, ["age"]])

    assert (found["count"], found["total"]) == (107, 111)
    assert "left out" in found["note"]
    assert {**found, "total": 107} == {**known, "note": found["note"]}


def test_order_does_not_show() -> None:
    """Patients or columns in another order give the same to the last bit; another seed does not."""
    adjust = ["center", "sex", "baseline"]
    rows = PATIENTS.sample(frac=1, random_state=5)
    found = estimate(PATIENTS["outcome"], TREATED, PATIENTS[adjust])

    assert estimate(rows["outcome"], rows["treated"] == 1, rows[adjust[::-1]]) == found
    assert estimate(PATIENTS["outcome"], TREATED, PATIENTS[adjust], seed=2)["low"] != found["low"]


# --- where there is none ----------------------------------------------------------------------

HALF = [True] * 10 + [False] * 10
MIXED = [1, 0] * 10


def frame(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


NONE = [
    # outcome, group, adjusted for, status, word of the note
    ([], [], None, "not estimable", "nobody in one"),
    ([1], [True], None, "not estimable", "nobody in one"),
    (MIXED, [True] * 20, None, "not estimable", "nobody in one"),
    (MIXED, [True] * 9 + [False] * 11, None, "too few", ""),
    ([0] * 20, HALF, None, "not estimable", "same for everybody"),  # zero events
    ([1] * 20, HALF, None, "not estimable", "same for everybody"),  # all responders
    ([2.5] * 20, HALF, None, "not estimable", "same for everybody"),
    ([1] * 10 + [0] * 10, HALF, None, "not estimable", "without error"),  # separation
    ([1] * 10 + [1, 0] * 5, HALF, None, "not estimable", "without error"),  # in one group only
    (MIXED, HALF, frame(side=["left"] * 10 + ["right"] * 10), "not estimable", "tells one"),
    (MIXED, HALF, frame(a=[*range(20)], b=[*range(0, 40, 2)]), "not estimable", "tells one"),
    (
        [0.5 * each for each in range(20)],
        HALF,
        frame(name=[f"n{each}" for each in range(20)]),
        "not estimable",
        "tells one",
    ),
    (MIXED, HALF, None, "shown", ""),
    ([0.1, 0.4] * 10, HALF, frame(same=["x"] * 20), "shown", ""),
]


@pytest.mark.parametrize(("outcome", "group", "adjust", "status", "word"), NONE)
def test_degenerate_input(
    outcome: list[float], group: list[bool], adjust: Any, status: str, word: str
) -> None:
    """An empty or small group, nothing that differs, separation, singular designs: a status and a
    note, no exception and no interval of width zero."""
    found = estimate(pd.Series(outcome, dtype=float), pd.Series(group, dtype=bool), adjust)
    shared = {"question": "q", "statistic": "s", "unit": "patients", "population": "p"}
    (row,) = make_estimates([found], **shared).to_dict("records")

    assert row["status"] == status
    assert word in row["note"]
    assert pd.notna(row["value"]) == pd.notna(row["low"]) == (status == "shown")
    if status == "shown":
        assert row["low"] < row["high"]


def test_other_patients() -> None:
    """Columns of unequal length are a mistake of ours."""
    with pytest.raises(ValueError, match="not of the same patients"):
        estimate([1, 0, 1], [True, False], None)
