"""Shares of sessions, clustered by patient, against R and statsmodels."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.estimates import make_estimates
from analysis.statistics.clustered import (
    estimate_difference_clustered,
    estimate_rate_clustered,
    estimate_share_clustered,
)
from analysis.statistics.proportions import estimate_share

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "estimates.json").read_text(encoding="utf-8"))["clustered"]
VISITS = pd.read_csv(REFERENCE / "respiratory.csv")


def count(rows: pd.DataFrame, value: int = 1) -> tuple[np.ndarray, np.ndarray]:
    by_patient = (rows["value"] == value).groupby(rows["patient"])
    return by_patient.sum().to_numpy(), by_patient.size().to_numpy()


FIRST_VISITS = VISITS.drop_duplicates("patient")
FEW = VISITS[VISITS["patient"].between(50, 63)]


@pytest.mark.parametrize(
    ("name", "rows", "value"),
    [("all", VISITS, 1), ("good", VISITS, 0), ("one_visit", FIRST_VISITS, 1)],
)
def test_model(name: str, rows: pd.DataFrame, value: int) -> None:
    """gee::gee with an exchangeable correlation; Mancl and DeRouen patient by patient in R."""
    expected = R[name]

    found = estimate_share_clustered(*count(rows, value))

    assert found["method"] == "clustered_gee"
    assert found["value"] == pytest.approx(expected["value"], rel=1e-4)
    assert found["se"] == pytest.approx(expected["se"], rel=1e-4)
    assert (found["low"], found["high"]) == pytest.approx(tuple(expected["limits"]), rel=1e-4)
    assert found["df"] == rows["patient"].nunique() - 1
    assert found["total"] == len(rows)
    assert found["count"] == (rows["value"] == value).sum()
    assert found["patients_total"] == rows["patient"].nunique()
    assert found["patients_count"] == rows.loc[rows["value"] == value, "patient"].nunique()


def test_model_as_statsmodels() -> None:
    """The same from statsmodels, to more digits."""
    model = sm.GEE(
        VISITS["value"].to_numpy(float),
        np.ones((len(VISITS), 1)),
        groups=VISITS["patient"].to_numpy(),
        family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Exchangeable(),
    )
    fitted = model.fit(cov_type="bias_reduced", maxiter=500, ctol=1e-12)
    share = 1 / (1 + np.exp(-fitted.params[0]))

    found = estimate_share_clustered(*count(VISITS))

    assert found["value"] == pytest.approx(share, rel=1e-6)
    assert found["se"] == pytest.approx(share * (1 - share) * fitted.bse[0], rel=1e-6)


def test_the_references_tell_the_methods_apart() -> None:
    """Wilson's interval on visits taken for people is far narrower, so it could not pass."""
    found, plain = R["all"]["limits"], estimate_share(int(VISITS["value"].sum()), len(VISITS))

    assert found[1] - found[0] > 1.4 * (plain["high"] - plain["low"])


@pytest.mark.parametrize(
    ("name", "rows", "value"),
    [
        ("few", FEW, 1),
        ("few_mirrored", FEW, 0),
        ("one_visit_few", FEW.drop_duplicates("patient"), 1),
    ],
)
def test_few_patients_with_it(name: str, rows: pd.DataFrame, value: int) -> None:
    """Fourteen patients, under ten of whom ever did not have it: beta quantiles on the visits
    divided by their design effect, from R; with one visit each, Clopper and Pearson's own."""
    expected = R[name]

    found = estimate_share_clustered(*count(rows, value))

    assert found["method"] == "clustered_exact"
    assert found["value"] == pytest.approx(expected["value"], rel=1e-6)
    assert (found["low"], found["high"]) == pytest.approx(tuple(expected["limits"]), rel=1e-6)


# Of sixty sessions of twenty patients six had it. If two patients had three each, the interval is
# wide; were they spread as evenly as can be, it is that of sixty independent ones and no narrower.
def test_design_effect_is_never_below_one() -> None:
    """Sessions that are less alike than chance gain nothing."""
    totals = [3] * 20
    crowded = estimate_share_clustered([3, 3] + [0] * 18, totals)
    even = estimate_share_clustered([1] * 6 + [0] * 14, totals)

    # Clopper and Pearson's interval of 6 of 60: binom.test(6, 60) in R 4.2.2
    assert (even["low"], even["high"]) == pytest.approx(
        (0.0375912691086, 0.2050577367081), rel=1e-6
    )
    assert crowded["high"] > 1.4 * even["high"]
    assert crowded["value"] == even["value"] == 0.1


DEGENERATE = [
    # with the event, in all, method, status, value, low, high
    ([], [], "clustered_gee", "not estimable", None, None, None),
    ([0, 0], [0, 0], "clustered_gee", "not estimable", None, None, None),
    ([5], [40], "clustered_gee", "too few", None, None, None),  # one cluster
    ([1, 2, 1, 0], [9, 9, 9, 9], "clustered_gee", "too few", None, None, None),
    ([0] * 20, [10] * 20, "clustered_ends", "shown", 0.0, 0.0, 0.168433471),  # 0 of 20, not of 200
    ([10] * 20, [10] * 20, "clustered_ends", "shown", 1.0, 1 - 0.168433471, 1.0),
    ([0] * 5 + [0], [3] * 5 + [0], "clustered_ends", "shown", 0.0, 0.0, 0.5218238),  # 0 of 5
]


@pytest.mark.parametrize(
    ("counts", "totals", "method", "status", "value", "low", "high"), DEGENERATE
)
def test_degenerate_input(
    counts: list[int],
    totals: list[int],
    method: str,
    status: str,
    value: float | None,
    low: float | None,
    high: float | None,
) -> None:
    """Nobody, one patient, no event, nothing but events: on patients, or not at all."""
    found = estimate_share_clustered(counts, totals)
    shared = {"question": "q", "statistic": "s", "unit": "sessions", "population": "p"}
    (row,) = make_estimates([found], **shared).to_dict("records")

    assert (row["status"], row["method"]) == (status, method)
    for name, expected in (("value", value), ("low", low), ("high", high)):
        assert pd.isna(row[name]) if expected is None else row[name] == pytest.approx(expected)
    assert row["note"] or status != "not estimable"


def test_all_or_nothing_within_patients() -> None:
    """Every patient has it always or never, so sessions say no more than patients do."""
    found, on_patients = estimate_share_clustered([4] * 12 + [0] * 18, [4] * 30), (12, 30)
    wilson = estimate_share(*on_patients)

    assert found["value"] == pytest.approx(12 / 30)
    assert found["high"] - found["low"] > wilson["high"] - wilson["low"]


def test_no_solution() -> None:
    """Ten of twenty patients with two sessions had it twice, the others never: with twenty more who
    came once, the working correlation is over one. The exact interval stands, which is said."""
    found = estimate_share_clustered([2, 0] * 10 + [1, 0] * 10, [2] * 20 + [1] * 20)

    assert found["method"] == "clustered_exact"
    assert "model cannot be fitted" in found["note"]
    assert found["value"] == 0.5


@pytest.mark.parametrize(
    ("counts", "totals"),
    [([3], [2]), ([-1], [2]), ([0.5], [2]), ([1, 1], [2]), ([float("nan")], [2])],
)
def test_counts_that_cannot_be(counts: list[float], totals: list[int]) -> None:
    """A mistake of ours and no number."""
    with pytest.raises(ValueError, match=r"cannot be|no whole number"):
        estimate_share_clustered(counts, totals)  # type: ignore[arg-type]


PATIENTS = st.lists(
    st.integers(0, 8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=60,
)


@settings(max_examples=200)
@given(PATIENTS, st.randoms(use_true_random=False))
def test_whatever_the_patients(patients: list[tuple[int, int]], random: Any) -> None:
    """Their order does not show; an interval holds its estimate and has a width; what did not
    happen mirrors what did."""
    found = estimate_share_clustered(*zip(*patients, strict=True))
    random.shuffle(patients)

    assert estimate_share_clustered(*zip(*patients, strict=True)) == found
    assume("low" in found)
    assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1
    assert found["low"] < found["high"]
    counts, totals = zip(*patients, strict=True)
    turned = estimate_share_clustered([n - x for x, n in patients], totals)
    assert turned["method"] == found["method"]
    assert turned["high"] == pytest.approx(1 - found["low"], abs=1e-6)
    assert sum(counts) == found["count"]


@pytest.mark.parametrize("seed", range(20))
def test_model_whatever_the_patients(seed: int) -> None:
    """Made-up patients with one to nine sessions, alike or not: statsmodels has the same."""
    random = np.random.default_rng(seed)
    totals = random.integers(1, 10, 50)
    counts = random.binomial(totals, random.beta(1, 1 + seed / 10, 50))
    values = np.concatenate(
        [[1.0] * x + [0.0] * (n - x) for x, n in zip(counts, totals, strict=True)]
    )
    model = sm.GEE(
        values,
        np.ones((len(values), 1)),
        groups=np.repeat(np.arange(50), totals),
        family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Exchangeable(),
    )
    fitted = model.fit(cov_type="bias_reduced", maxiter=500, ctol=1e-12)
    share = 1 / (1 + np.exp(-fitted.params[0]))

    found = estimate_share_clustered(counts, totals)

    assert found["method"] == "clustered_gee"
    assert found["value"] == pytest.approx(share, rel=1e-6)
    assert found["se"] == pytest.approx(share * (1 - share) * fitted.bse[0], rel=1e-6)


# --- events, and two groups of sessions -------------------------------------------------------


def fit(columns: np.ndarray, family: object) -> Any:
    """The same equations by statsmodels, visit by visit, without a correlation to work with."""
    model = sm.GEE(
        VISITS["value"].to_numpy(float),
        columns,
        groups=VISITS["patient"].to_numpy(),
        family=family,
        cov_struct=sm.cov_struct.Independence(),
    )
    return model.fit(cov_type="bias_reduced")


def test_rate_as_statsmodels() -> None:
    """A Poisson model with Mancl and DeRouen's covariance."""
    fitted = fit(np.ones((len(VISITS), 1)), sm.families.Poisson())
    rate = np.exp(fitted.params[0])

    found = estimate_rate_clustered(*count(VISITS))

    assert found["method"] == "clustered_poisson"
    assert found["value"] == pytest.approx(rate, rel=1e-6)
    assert found["se"] == pytest.approx(rate * fitted.bse[0], rel=1e-6)
    assert found["df"] == VISITS["patient"].nunique() - 1


def test_difference_as_statsmodels() -> None:
    """Late visits less early ones, of the same patients: a mean for each group."""
    late = (VISITS["visit"] >= 2).to_numpy()
    fitted = fit(np.column_stack([late, ~late]).astype(float), sm.families.Gaussian())
    contrast = fitted.t_test([1, -1])
    patients = VISITS["patient"].unique()

    def of(rows: pd.DataFrame) -> list[np.ndarray]:
        by_patient = rows.groupby("patient")["value"]
        return [
            each.reindex(patients, fill_value=0) for each in (by_patient.sum(), by_patient.size())
        ]

    found = estimate_difference_clustered(*of(VISITS[late]), *of(VISITS[~late]))

    assert found["method"] == "clustered_difference"
    assert found["value"] == pytest.approx(contrast.effect[0], rel=1e-6)
    assert found["se"] == pytest.approx(contrast.sd.item(), rel=1e-6)
    assert found["patients_total"] == len(patients)


# patients with so many events in so many sessions; events in 100 sessions, limits, method or status
RATES = [
    ("", None, "not estimable"),
    ("0/3 0/3 0/3 0/3", None, "too few"),
    ("0/0 0/0 0/0 0/0 0/0", None, "not estimable"),
    ("0/3 0/3 0/3 0/3 0/3", 0, "clustered_none"),
    ("6/3 0/3 0/3 0/3 0/3", 40, "rate"),  # one patient may have several in one session
    ("1/1 " * 10, 100, "rate"),  # all alike: no chance to be seen in it
    ("1/1 " * 9 + "2/1", 110, "clustered_poisson"),
]


@pytest.mark.parametrize(("cells", "value", "told"), RATES)
def test_degenerate_rates(cells: str, value: float | None, told: str) -> None:
    """No events, few patients with any, nobody: each has its answer."""
    pairs = [[int(part) for part in cell.split("/")] for cell in cells.split()]

    found = estimate_rate_clustered([a for a, _ in pairs], [b for _, b in pairs])

    assert (None if value is None else found["value"] * 100) == pytest.approx(value)
    assert told in (found["method"], found.get("status"))
    assert ("low" in found) == (told.startswith("clustered"))
    if value == 0:
        assert found["high"] == estimate_share(0, 5)["high"]


# sessions of each patient in the first group, then in the other
DIFFERENCES = [
    ("1/2 " * 12, "0/2 " * 12, "not estimable"),  # none of the other group has it
    ("1/2 " * 12, "0/0 " * 12, "not estimable"),
    ("1/2 " * 9 + "0/0 " * 3, "1/2 " * 12, "too few"),  # nine patients in the first
    ("1/2 " * 9 + "0/2 " * 6, "0/2 " * 14 + "1/2", "shown"),  # ten with it, of both groups
    ("1/2 " * 8 + "0/2 " * 7, "0/2 " * 14 + "1/2", "too few"),
    ("1/2 " * 12, "1/2 " * 12, "not estimable"),  # all alike
]


@pytest.mark.parametrize(("first", "other", "status"), DIFFERENCES)
def test_degenerate_differences(first: str, other: str, status: str) -> None:
    """A difference without enough behind it is none."""
    columns = [
        [int(cell.split("/")[place]) for cell in cells.split()]
        for cells in (first, other)
        for place in (0, 1)
    ]

    found = estimate_difference_clustered(*columns)

    assert found.get("status", "shown") == status
    assert ("low" in found) == (status == "shown")


def test_what_cannot_be_counted() -> None:
    """Events without a session, and parts of events, are errors."""
    for counts, totals in (([1.0] * 5, [0] * 5), ([0.5] * 5, [1] * 5), ([-1] * 5, [1] * 5)):
        with pytest.raises(ValueError, match=r"cannot be|no whole number"):
            estimate_rate_clustered(counts, totals)
