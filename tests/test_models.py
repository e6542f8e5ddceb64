"""Models of repeated measures against R and SAS, and what happens where there is nothing to fit.

``tests/reference/SOURCES.md`` says where each file there comes from.
"""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.estimates import make_estimates
from analysis.statistics.change import estimate_mean_change
from analysis.statistics.models import (
    VisitModel,
    estimate_by_visit,
    estimate_responders_by_visit,
)
from analysis.statistics.models.inference import Inference, infer
from analysis.statistics.models.likelihood import (
    adjust_variance,
    evaluate,
    fit_reml,
    list_compound_bases,
    list_unstructured_bases,
)
from analysis.statistics.models.patterns import Patterns, read_scores, summarise_patterns

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "repeated_measures.json").read_text(encoding="utf-8"))
DATA = ("sleep", "chicks", "cows", "fev")
MISSING = float("nan")


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def frame(*patients: list[float]) -> pd.DataFrame:
    """One row for each patient, one column for each visit, the first is baseline."""
    return pd.DataFrame(
        [
            {"patient": f"P{patient}", "visit": visit, "value": value}
            for patient, values in enumerate(patients)
            for visit, value in enumerate(values)
        ],
        columns=["patient", "visit", "value"],
    )


def gather(model: VisitModel, name: str) -> list[Any]:
    return [getattr(each, name) for each in (*model.means, *model.changes)]


def contrast(visits: int) -> np.ndarray:
    """Every visit, then every later visit against the first."""
    means = np.eye(visits)
    return np.vstack([means, means[1:] - means[0]])


# --- against R --------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", ["satterthwaite", "kenward_roger"])
@pytest.mark.parametrize("name", DATA)
def test_unstructured(name: str, degrees: str) -> None:
    """nlme::gls; degrees of freedom and Kenward-Roger patient by patient in R with numerical
    derivatives."""
    expected = R[name]["unstructured"]
    errors = "se" if degrees == "satterthwaite" else "se_kenward_roger"

    found = estimate_by_visit(read(name), "unstructured", degrees)  # type: ignore[arg-type]

    assert (found.patients, found.rows) == (R[name]["patients"], R[name]["rows"])
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-4)
    assert np.array(found.covariance) == pytest.approx(np.array(expected["covariance"]), rel=1e-3)
    assert gather(found, "value") == pytest.approx(expected["estimate"], rel=1e-4)
    assert gather(found, "se") == pytest.approx(expected[errors], rel=1e-4)
    assert gather(found, "df") == pytest.approx(expected[f"df_{degrees}"], rel=1e-4)


@pytest.mark.parametrize("name", DATA)
def test_compound_symmetry(name: str) -> None:
    """lme4 and lmerTest."""
    expected = R[name]["compound_symmetry"]

    found = estimate_by_visit(read(name), "compound_symmetry", "satterthwaite")

    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-4)
    residual, between = expected["parameters"]
    assert found.covariance[0][:2] == pytest.approx((residual + between, between), rel=1e-4)
    assert gather(found, "value") == pytest.approx(expected["estimate"], rel=1e-4)
    assert gather(found, "se") == pytest.approx(expected["se"], rel=1e-4)
    assert gather(found, "df") == pytest.approx(expected["df_satterthwaite"], rel=1e-4)


@pytest.mark.parametrize("name", DATA)
def test_compound_symmetry_as_pbkrtest(name: str) -> None:
    """pbkrtest takes the expected information, which is the one difference from SAS."""
    expected = R[name]["compound_symmetry"]
    scores = read_scores(read(name))
    patterns = summarise_patterns(scores.values, np.eye(len(scores.visits)))
    bases = list_compound_bases(len(scores.visits))
    at = fit_reml(patterns, bases).at

    found = infer(patterns, bases, at, contrast(len(scores.visits)), "kenward_roger", "expected")

    assert found.standard_errors == pytest.approx(expected["se_kenward_roger"], rel=1e-4)
    assert found.degrees_of_freedom == pytest.approx(expected["df_kenward_roger"], rel=1e-4)


def test_the_adjustment_is_more_than_the_tolerance() -> None:
    """The references could not tell a model without Kenward and Roger's adjustment otherwise."""
    for name in DATA:
        expected = R[name]["unstructured"]
        larger = np.array(expected["se_kenward_roger"]) / np.array(expected["se"])
        assert larger.max() > 1.001


# --- against SAS and mmrm ---------------------------------------------------------------------


def summarise_arms(first: np.ndarray, second: np.ndarray) -> tuple[list[Patterns], list[Patterns]]:
    """Patterns of the fev data with these designs in the placebo and the treated arm."""
    rows = read("fev")
    scores = read_scores(rows)
    treated = rows.groupby("patient", sort=False)["arm"].first().to_numpy() == "TRT"
    return (
        summarise_patterns(scores.values[~treated], first),
        summarise_patterns(scores.values[treated], second),
    )


def fit_arms() -> list[Patterns]:
    """The model of the SAS listings: FEV1 ~ arm, the same mean at all visits."""
    ones, zeros = np.ones(4), np.zeros(4)
    placebo, treated = summarise_arms(np.column_stack([ones, zeros]), np.column_stack([ones, ones]))
    return placebo + treated


ARMS = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])  # the difference, treated, placebo


def test_unstructured_as_sas() -> None:
    """SAS MIXED, type=un, ddfm=kr(linear): openpharma/mmrm design/ddfm_covtype/kr1_us.csv and the
    listing design/KR/kr1_us.txt. SAS stopped 7e-6 short of the optimum of minus twice the log
    likelihood, so its degrees of freedom are compared at the covariance it stopped at."""
    printed = [108.39, 45.4113, 40.1721, -2.6971, 0.7771]
    printed += [24.6058, -47.0103, -13.0998, 18.7346, 152.36]
    patterns, bases = fit_arms(), list_unstructured_bases(4)

    ours = fit_reml(patterns, bases).at
    stopped = evaluate(patterns, bases, np.array(printed))
    assert stopped is not None
    found = infer(patterns, bases, stopped, ARMS, "kenward_roger")

    assert ours.minus2 == pytest.approx(3667.96276376, abs=1e-4)
    assert ours.minus2 < 3667.96276376
    assert ours.coefficients[1] == pytest.approx(3.81972492174648, rel=1e-4)
    assert found.values[0] == pytest.approx(3.81972492174648, rel=1e-6)
    assert found.standard_errors[0] == pytest.approx(0.66124382270307, rel=1e-6)
    assert found.degrees_of_freedom[0] == pytest.approx(160.733266403768, rel=1e-5)
    assert [round(each, 4) for each in found.standard_errors] == [0.6612, 0.4801, 0.4547]
    assert [round(each) for each in found.degrees_of_freedom] == [161, 159, 162]


def test_compound_symmetry_as_sas() -> None:
    """SAS MIXED, type=cs, ddfm=kr: openpharma/mmrm design/KR/kr_cs.csv and kr_cs.txt there."""
    patterns, bases = fit_arms(), list_compound_bases(4)

    at = fit_reml(patterns, bases).at
    found = infer(patterns, bases, at, ARMS, "kenward_roger")

    assert at.minus2 == pytest.approx(3890.97896859, abs=1e-5)
    assert [round(each, 4) for each in at.parameters] == [81.4907, 1.1388]
    assert found.values[0] == pytest.approx(4.19663617897035, rel=1e-6)
    assert found.standard_errors[0] == pytest.approx(0.7964696053595, rel=1e-6)
    assert found.degrees_of_freedom[0] == pytest.approx(177.038485931223, rel=1e-5)
    assert [round(each, 4) for each in found.standard_errors] == [0.7965, 0.5703, 0.5560]
    assert [round(each) for each in found.degrees_of_freedom] == [177, 168, 187]


# distance ~ sex * age, R's mmrm 0.3.16 (unstructured) and lme4 with lmerTest and pbkrtest
# (compound symmetry); intercept, girls, age, girls x age
ORTHODONT = {
    "unstructured": (
        (15.84228933, 1.583079162, 0.8268032971, -0.3504385949),
        {
            "satterthwaite": (
                (0.972307963, 1.52331382, 0.0822177863, 0.1288105157),
                (25, 25, 25, 25),
            ),
            "kenward_roger": (
                (1.045739773, 1.638359355, 0.08842713668, 0.1385386981),
                (25, 25, 25, 25),
            ),
        },
    ),
    "compound_symmetry": (
        (16.340625, 1.032102273, 0.784375, -0.3048295455),
        {
            "satterthwaite": (
                (0.9813122366, 1.537420805, 0.07750110504, 0.1214208963),
                (103.9863611, 103.9863611, 79, 79),
            ),
            "kenward_roger": (
                (0.9813122366, 1.537420805, 0.07750110504, 0.1214208963),
                (103.9863611, 103.9863611, 79, 79),
            ),
        },
    ),
}


@pytest.mark.parametrize("covariance", ORTHODONT)
def test_growth_of_children(covariance: str) -> None:
    """A mean that is not free at each visit: the other designs the likelihood is written for."""
    values, by_degrees = ORTHODONT[covariance]
    rows = read("orthodont")
    scores = read_scores(rows)
    girls = rows.groupby("patient", sort=False)["sex"].first().to_numpy() == "Female"
    ages, patterns = np.array([8.0, 10, 12, 14]), []
    for girl in (False, True):
        design = np.column_stack([np.ones(4), np.full(4, girl), ages, girl * ages])
        patterns += summarise_patterns(scores.values[girls == girl], design.astype(float))
    lists = {"unstructured": list_unstructured_bases, "compound_symmetry": list_compound_bases}
    bases = lists[covariance](4)
    at = fit_reml(patterns, bases).at

    for degrees, (errors, df) in by_degrees.items():
        found: Inference = infer(patterns, bases, at, np.eye(4), degrees)  # type: ignore[arg-type]

        assert found.values == pytest.approx(values, rel=1e-6)
        assert found.standard_errors == pytest.approx(errors, rel=1e-6)
        assert found.degrees_of_freedom == pytest.approx(df, rel=1e-6)


# --- what must hold without a reference -------------------------------------------------------

COMPLETE = [[3.1, 2.0, 1.2], [2.4, 2.9, 0.4], [3.9, 1.1, 1.0], [2.2, 2.1, 2.6], [3.0, 0.5, 0.9]]


def test_everybody_seen_is_the_paired_t_test() -> None:
    """With complete data and an unstructured covariance, the change is the mean paired change."""
    found = estimate_by_visit(frame(*COMPLETE))

    for visit, change in enumerate(found.changes, 1):
        pairs = pd.Series([row[visit] - row[0] for row in COMPLETE])
        expected = estimate_mean_change(pairs)
        for name in ("value", "se", "df", "low", "high", "count"):
            assert getattr(change, name) == pytest.approx(expected[name], rel=1e-7)


def test_a_negative_correlation_is_one() -> None:
    """Two visits, complete: the covariance of compound symmetry is that of sums and differences,
    below zero when differences vary more."""
    wide = np.array([[1.0, 9], [3, 8], [4, 6], [6, 4], [8, 3], [9.5, 1]])
    sums, differences = wide.sum(axis=1), wide[:, 1] - wide[:, 0]
    residual = differences.var(ddof=1) / 2
    # the variance of a visit's mean rests on both: of sums, and of differences
    between = (sums.var(ddof=1) / 2 - residual) / 2

    found = estimate_by_visit(frame(*wide.tolist()), "compound_symmetry")

    assert between < 0
    assert found.covariance[0] == pytest.approx((residual + between, between), rel=1e-7)
    assert found.changes[0].se == pytest.approx((differences.var(ddof=1) / 6) ** 0.5, rel=1e-7)
    assert found.changes[0].df == pytest.approx(5, rel=1e-7)


@given(
    seed=st.integers(0, 10_000), covariance=st.sampled_from(["unstructured", "compound_symmetry"])
)
@settings(max_examples=20, deadline=None)
def test_order_and_names_change_no_bit(seed: int, covariance: Any) -> None:
    """Rows in another order, patients under other names: the same numbers to the last bit."""
    random = np.random.default_rng(seed)
    rows = read("cows")
    names = random.permutation(rows["patient"].unique())
    other = rows.sample(frac=1, random_state=seed).replace(
        {"patient": dict(zip(names, range(len(names)), strict=True))}
    )

    assert estimate_by_visit(other, covariance) == estimate_by_visit(rows, covariance)


@given(
    constant=st.sampled_from([-3.0, 100.0, 1e6]),
    factor=st.sampled_from([1e-3, -1.0, 12.5, 1e6]),
    covariance=st.sampled_from(["unstructured", "compound_symmetry"]),
)
@settings(deadline=None)
def test_another_scale(constant: float, factor: float, covariance: Any) -> None:
    """Scores times a factor plus a constant: the estimates follow, the degrees of freedom stay."""
    rows = read("sleep")
    plain = estimate_by_visit(rows, covariance)
    other = estimate_by_visit(rows.assign(value=rows["value"] * factor + constant), covariance)

    for before, after in zip(plain.means + plain.changes, other.means + other.changes, strict=True):
        shift = constant if before.against is None else 0
        assert after.value == pytest.approx(before.value * factor + shift, rel=1e-6)
        assert after.se == pytest.approx(before.se * abs(factor), rel=1e-6)
        assert after.df == pytest.approx(before.df, rel=1e-6)


def test_missing_visits_are_neither_rows_nor_patients() -> None:
    """A row without a value, and a patient without any, change nothing but are no error."""
    rows = read("sleep")
    nobody = pd.DataFrame({"patient": ["none", "308"], "visit": [1, 7], "value": [None, None]})

    assert estimate_by_visit(pd.concat([rows, nobody])) == estimate_by_visit(rows)


def test_sums_are_exact() -> None:
    """Counts, means and scatter of patterns against sums without rounding, at seventy visits of
    which most are missing."""
    random = np.random.default_rng(3)
    wide = random.normal(50, 10, (40, 70))
    twenty = np.where(random.random((20, 70)) < 0.1, 0.0, MISSING)
    wide += np.vstack([twenty, twenty])  # patient 21 misses the visits that patient 1 misses

    patterns = summarise_patterns(wide, np.eye(70))

    seen = {tuple(np.flatnonzero(~np.isnan(row))) for row in wide}
    assert sum(len(each.patients) for each in patterns) == len(seen) == 20
    for each in patterns:
        for visits, count, means, scatter in zip(
            each.visits, each.patients, each.means, each.scatter, strict=True
        ):
            own = [row for row in wide if tuple(np.flatnonzero(~np.isnan(row))) == tuple(visits)]
            assert count == len(own) == 2
            for i, visit in enumerate(visits):
                mean = math.fsum(row[visit] for row in own) / 2
                squares = math.fsum((row[visit] - mean) ** 2 for row in own)
                assert means[i] == pytest.approx(mean, rel=1e-14)
                assert scatter[i, i] == pytest.approx(squares, rel=1e-12)


def test_the_derivatives_are_those_of_the_likelihood() -> None:
    """Gradient and second derivatives against differences of the likelihood."""
    scores = read_scores(read("cows"))
    patterns = summarise_patterns(scores.values, np.eye(4))
    bases = list_unstructured_bases(4)
    here = fit_reml(patterns, bases).at.parameters * 1.1
    at, step = evaluate(patterns, bases, here), 1e-5
    assert at is not None
    sides = [
        (evaluate(patterns, bases, here + move), evaluate(patterns, bases, here - move))
        for move in np.eye(len(here)) * step
    ]
    gradient = [(up.minus2 - down.minus2) / 2 / step for up, down in sides if up and down]
    curvature = [(up.gradient - down.gradient) / 2 / step for up, down in sides if up and down]

    assert at.gradient == pytest.approx(np.array(gradient), rel=1e-5, abs=1e-4)
    assert at.observed == pytest.approx(np.array(curvature), rel=1e-5, abs=1e-2)


def test_the_adjustment_adds_to_the_variance() -> None:
    """Kenward and Roger's covariance is the model's own when the parameters are known."""
    scores = read_scores(read("sleep"))
    patterns, bases = summarise_patterns(scores.values, np.eye(4)), list_unstructured_bases(4)
    at = fit_reml(patterns, bases).at
    nothing = np.zeros_like(at.observed)

    assert adjust_variance(patterns, bases, at, nothing) == pytest.approx(at.variance)


# --- degenerate input -------------------------------------------------------------------------

X, Y = [4.0, 1, 3, 5, 2, 6], [2.5, 2, 1, 4.5, 0.5, 3]
M = MISSING
DEGENERATE = [
    # patients, covariance, status of the model, of the first change, in the note
    ([], "unstructured", "not estimable", None, "nobody has a score"),
    ([[M, M]] * 6, "unstructured", "not estimable", None, "nobody has a score"),
    ([[1, 2]], "unstructured", "too few", "too few", "enough patients"),
    ([[x, y] for x, y in zip(X[:4], Y[:4], strict=True)], "unstructured", "too few", "too few", ""),
    ([[x] for x in X], "unstructured", "not estimable", None, "one visit only"),
    ([[x] for x in X], "compound_symmetry", "not estimable", None, "one visit only"),
    ([[2, 3]] * 6, "unstructured", "not estimable", "not estimable", "visit 0 are the same"),
    ([[2, 3]] * 6, "compound_symmetry", "not estimable", "not estimable", "at every visit"),
    ([[2, y] for y in Y], "unstructured", "not estimable", "not estimable", "visit 0 are"),
    ([[2, y] for y in Y], "compound_symmetry", "shown", "shown", ""),
    ([[x, x + 1] for x in X], "unstructured", "not estimable", "not estimable", "singular"),
    ([[x, x + 1] for x in X], "compound_symmetry", "not estimable", "not estimable", "singular"),
    ([[x, x, x] for x in X], "compound_symmetry", "not estimable", "not estimable", "singular"),
    ([[x, M] for x in X] + [[M, y] for y in Y], "unstructured", "not estimable", "not estimable",
     "both visit 0 and visit 1"),
    ([[x, M] for x in X] + [[M, y] for y in Y], "compound_symmetry", "not estimable",
     "not estimable", "at two visits"),
    ([[x, y, x + y] for x, y in zip(X, Y, strict=True)], "unstructured", "not estimable",
     "not estimable", "singular"),
    ([[x, y, x * y, x**2, y**2, x - y**3] for x, y in zip(X, Y, strict=True)], "unstructured",
     "not estimable", "not estimable", "singular"),
    # differences whose squares are nothing
    ([[x / 1e200, y / 1e200] for x, y in zip(X, Y, strict=True)], "unstructured", "not estimable",
     "not estimable", "did not converge"),
    # four patients at baseline: the others' visits are still a model, but nothing has a baseline
    ([[x if i < 4 else M, y, x + y**2] for i, (x, y) in enumerate(zip(X, Y, strict=True))],
     "unstructured", "shown", "too few", ""),
    ([[x, y] for x, y in zip(X, Y, strict=True)], "unstructured", "shown", "shown", ""),
]  # fmt: skip


@pytest.mark.parametrize(("patients", "covariance", "status", "change", "note"), DEGENERATE)
def test_degenerate_input(
    patients: list[list[float]], covariance: Any, status: str, change: str | None, note: str
) -> None:
    """Nobody, too few, all alike, never together, singular: a status and a reason, no number."""
    found = estimate_by_visit(frame(*patients), covariance)

    assert found.status == status
    assert note in found.note
    assert (found.note == "") == (status == "shown")
    assert (found.log_likelihood is None) == (status != "shown")
    assert [each.status for each in found.changes[:1]] == ([change] if change else [])
    for each in found.means + found.changes:
        shown = each.status == "shown"
        for name in ("value", "low", "high", "confidence", "se", "df"):
            assert (getattr(each, name) is not None) == shown
        if shown:
            assert each.low < each.value < each.high
            assert each.count >= 5
        assert each.note or each.status != "not estimable"


def test_a_covariance_no_patient_could_have() -> None:
    """Pairs of visits seen by different patients can contradict each other: each of three visits
    goes with the next, and the last against the first."""
    random = np.random.default_rng(4)
    first, noise = random.normal(size=30), random.normal(size=30) / 4
    a, b = first + noise, first - noise
    rows = [[x, y, M] for x, y in zip(a, b, strict=True)]
    rows += [[M, x, y] for x, y in zip(a, b, strict=True)]
    rows += [[x, M, -y] for x, y in zip(a, b, strict=True)]

    found = estimate_by_visit(frame(*rows))

    assert found.status == "not estimable"
    assert found.note == "the scores do not tell the covariance of the visits"


def test_a_visit_nobody_has() -> None:
    """A visit that was asked for is among the estimates; the others do not know of it."""
    rows = read("sleep")
    found, plain = estimate_by_visit(rows, visits=[0, 5]), estimate_by_visit(rows)

    assert [each.visit for each in found.means] == [0, 1, 2, 3, 5]
    assert (found.means[-1].status, found.means[-1].count) == ("not estimable", 0)
    assert found.means[-1].note == "nobody was seen at visit 5"
    assert found.changes[-1].note == "nobody was seen at baseline and visit 5"
    assert found.means[:-1] == plain.means
    assert found.changes[:-1] == plain.changes


def test_few_at_a_late_visit_leave_the_model() -> None:
    """Four patients at a fifth visit are too few, and the other visits are as if it had not
    been."""
    rows = read("sleep")
    few = pd.DataFrame({"patient": [308, 309, 310, 330], "visit": 4, "value": [300.0, 310, 290, 5]})

    found = estimate_by_visit(pd.concat([rows, few]))

    assert [each.status for each in found.means] == ["shown"] * 4 + ["too few"]
    assert found.changes[-1].status == "too few"
    assert found.means[:4] == estimate_by_visit(rows).means


def test_mistakes_of_ours_do_not_become_numbers() -> None:
    twice = pd.concat([frame([1.0, 2.0]), frame([3.0, 4.0])])
    with pytest.raises(ValueError, match="two values at one visit"):
        estimate_by_visit(twice)
    with pytest.raises(ValueError, match="infinite"):
        estimate_by_visit(frame([1.0, math.inf]))
    with pytest.raises(ValueError, match="too large to be a score"):
        estimate_by_visit(frame([1.0, -1e200]))
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        estimate_responders_by_visit(frame([1.0, 2.0]))


def test_estimates_are_rows_of_the_estimates_frame() -> None:
    """Every estimate can leave the floor as it is, whatever its status."""
    few = pd.DataFrame({"patient": ["308"], "visit": [4], "value": [300.0]})
    rows = pd.concat([read("sleep"), few])
    shared = {"question": "q", "unit": "patients", "population": "p", "by": "visit"}

    for degrees in ("kenward_roger", "satterthwaite"):
        for covariance in ("unstructured", "compound_symmetry"):
            model = estimate_by_visit(rows, covariance, degrees, visits=[9])  # type: ignore[arg-type]
            each = [
                {"statistic": "mean" if one.against is None else "change", **asdict(one)}
                | {"level": str(one.visit)}
                for one in model.means + model.changes
            ]
            assert len(make_estimates(each, **shared)) == len(each) == 6 + 5
    (alone,) = estimate_by_visit(frame([2.0])).means
    assert len(make_estimates([{"statistic": "mean", **asdict(alone)}], **shared)) == 1
    for share in estimate_responders_by_visit(responses((3, 20), (12, 30)), visits=[9]):
        assert len(make_estimates([{"statistic": "share", **asdict(share)}], **shared)) == 1


# --- responders -------------------------------------------------------------------------------


def test_responders_by_visit() -> None:
    """R's gee (moment estimate of the correlation) with Mancl and DeRouen's covariance summed
    patient by patient: tests/reference/responders.R."""
    expected = json.loads((REFERENCE / "responders.json").read_text(encoding="utf-8"))
    odds, errors = np.array(expected["log_odds"]), np.array(expected["se_mancl_derouen"])
    shares = 1 / (1 + np.exp(-odds))

    found = estimate_responders_by_visit(read("respiratory"))

    assert [(each.visit, each.count, each.total) for each in found] == [
        (1, 53, 95), (2, 52, 95), (3, 57, 95), (4, 39, 77),
    ]  # fmt: skip
    assert [each.value for each in found] == pytest.approx(shares, rel=1e-6)
    assert [each.se for each in found] == pytest.approx(shares * (1 - shares) * errors, rel=1e-6)
    t = 1.981765281  # R: qt(0.975, 110)
    assert [each.low for each in found] == pytest.approx(
        1 / (1 + np.exp(t * errors - odds)), rel=1e-6
    )
    assert {each.df for each in found} == {expected["patients"] - 1}
    assert {each.method for each in found} == {"gee_responders"}
    # a sandwich without Mancl and DeRouen's correction would be outside the tolerance
    assert (errors / np.array(expected["se_sandwich"])).min() > 1.001


@pytest.mark.parametrize("seed", range(8))
def test_responders_as_statsmodels(seed: int) -> None:
    """The equations are those of statsmodels' GEE, which needs a second for a thousand patients."""
    random = np.random.default_rng(seed)
    wide = (random.normal(size=(60, 1)) + random.normal(size=(60, 4)) > 0).astype(float)
    wide[random.random(wide.shape) < 0.2] = MISSING
    rows = frame(*wide.tolist()).dropna()
    exchangeable = sm.cov_struct.Exchangeable()
    model = sm.GEE(
        rows["value"],
        pd.get_dummies(rows["visit"]).astype(float),
        groups=rows["patient"],
        family=sm.families.Binomial(),
        cov_struct=exchangeable,
    )
    result = model.fit(cov_type="bias_reduced", ctol=1e-10, maxiter=200)
    shares = 1 / (1 + np.exp(-result.params.to_numpy()))

    found = estimate_responders_by_visit(rows)

    assert [each.value for each in found] == pytest.approx(shares, rel=1e-8)
    errors = shares * (1 - shares) * result.bse.to_numpy()
    assert [each.se for each in found] == pytest.approx(errors, rel=1e-8)


def responses(*visits: tuple[int, int]) -> pd.DataFrame:
    """Visits with so many responders out of so many patients, the same patients first."""
    return pd.DataFrame(
        [
            {"patient": patient, "visit": visit, "value": float(patient < count)}
            for visit, (count, total) in enumerate(visits, 1)
            for patient in range(total)
        ],
        columns=["patient", "visit", "value"],
    )


RESPONDERS = [
    # responders and patients at each visit; method and status of each
    ([], [], []),
    ([(1, 4)], ["clopper_pearson"], ["too few"]),
    ([(0, 20)], ["clopper_pearson"], ["shown"]),
    ([(20, 20)], ["clopper_pearson"], ["shown"]),
    ([(9, 40)], ["clopper_pearson"], ["shown"]),
    ([(31, 40)], ["clopper_pearson"], ["shown"]),
    ([(10, 40)], ["gee_responders"], ["shown"]),
    ([(0, 40), (15, 40), (20, 40)], ["clopper_pearson"] + ["gee_responders"] * 2, ["shown"] * 3),
    ([(15, 40), (20, 30), (2, 4)], ["gee_responders"] * 2 + ["clopper_pearson"],
     ["shown", "shown", "too few"]),
]  # fmt: skip


@pytest.mark.parametrize(("visits", "methods", "statuses"), RESPONDERS)
def test_responders_where_there_are_few(
    visits: list[tuple[int, int]], methods: list[str], statuses: list[str]
) -> None:
    """Under ten with, or without, the response: the exact interval on the patients of the visit."""
    found = estimate_responders_by_visit(responses(*visits))

    assert [each.method for each in found] == methods
    assert [each.status for each in found] == statuses
    for each, (count, total) in zip(found, visits, strict=True):
        assert (each.count, each.total) == (count, total)
        if each.status == "shown":
            assert 0 <= each.low <= each.value <= each.high <= 1
            assert each.low < each.high
        if each.method == "clopper_pearson" and count == 0 and total == 20:
            assert each.high == pytest.approx(0.168433471, rel=1e-6)  # R: binom.test(0, 20)


FAILING = [
    [[1.0, 1, 1]] * 20 + [[0.0, 0, 0]] * 20,  # the sandwich would have no width
    [[1.0, 1]] * 20 + [[0.0, 0]] * 20,
    [[1.0, 0]] * 20 + [[0.0, 1]] * 20,
    [[1.0, 0, 0]] * 20 + [[0.0, 1, 0]] * 20 + [[0.0, 0, 1]] * 20,  # nothing is a number
]


@pytest.mark.parametrize("patients", FAILING)
def test_responders_when_the_model_fails(patients: list[list[float]]) -> None:
    """All visits alike or opposite: exact intervals with a note, none without width."""
    found = estimate_responders_by_visit(frame(*patients))

    assert {each.method for each in found} == {"clopper_pearson"}
    assert all("cannot be fitted" in each.note for each in found)
    assert all(each.high - each.low > 0.2 for each in found)


def test_responders_in_any_order() -> None:
    rows = read("respiratory")
    other = rows.sample(frac=1, random_state=5).assign(patient=lambda each: -each["patient"])

    assert estimate_responders_by_visit(other) == estimate_responders_by_visit(rows)
    assert estimate_responders_by_visit(rows, visits=[9])[-1].note == "nobody was seen at visit 9"
