"""The coverage of the intervals: verdicts, patients made up, and what METHODS.md says of it."""

import csv
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.vocabulary import METHODS

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
# appended, so that a benchmark never stands in for a package of the same name
sys.path.append(str(BENCHMARKS))
import simulations  # noqa: E402
from verdicts import (  # noqa: E402
    EXACT,
    NO_INTERVAL,
    RESULTS,
    WRONG,
    Verdict,
    describe_coverage,
    find_uncaught,
    judge,
)

PATIENTS = 200_000


@pytest.fixture
def random() -> np.random.Generator:
    """Always the same patients: a truth that is off by more than chance allows always fails."""
    return np.random.default_rng(7)


# --- verdicts -----------------------------------------------------------------------------------

MADE_UP = """
method          | setting                      | intervals | coverage | error  | exact
clopper_pearson | n = 10                       | 10000     | 0.9490   | 0.0022 | 0.9513
clopper_pearson | n = 20                       | 10000     | 0.9700   | 0.0017 | 0.9702
median_percent  | n = 6                        | 10000     | 0.9440   | 0.0023 |
clustered_ends  | n = 10                       | 10000     | 0.9430   | 0.0023 |
clustered_ends  | n = 20                       | 10000     | 0.9910   | 0.0009 |
wilson          | n = 10                       | 10000     | 0.9500   | 0.0022 | 0.9400
wilson          | n = 10, the worst of all shares | 10000  | 0.8400   | 0.0037 | 0.8350
mean_t          | normal                       | 10000     | 0.9510   | 0.0022 |
mean_t          | skewed                       | 9700      | 0.9200   | 0.0027 |
mean_bca        | n = 6                        | 10000     | 0.8500   | 0.0036 |
mean_bca        | n = 50                       | 10000     | 0.9400   | 0.0024 |
newcombe        | n = 10                       | 10000     | 0.9800   | 0.0014 |
wald            | n = 10                       | 10000     | 0.6500   | 0.0048 |
z_for_t         | n = 50                       | 10000     | 0.9440   | 0.0023 |
"""
VERDICTS = """
method          | mean  | lowest | where                           | holds | says
clopper_pearson | 96.1  | 95.1   | n = 10                          | yes   | at least 95 % everywhere
median_percent  | 94.4  | 94.4   | n = 6                           | yes   | at least 95 % everywhere, but for the error of the simulation
clustered_ends  | 96.7  | 94.3   | n = 10                          | no    | falls short of 95 %: n = 10
wilson          | 94.0  | 83.5   | n = 10, the worst of all shares | yes   | holds on average; below 93 % in 1 of 2 (n = 10, the worst of all shares)
mean_t          | 93.5  | 92.0   | skewed                          | yes   | holds on average; below 93 % in 1 of 2 (skewed)
mean_bca        | 89.5  | 85.0   | n = 6                           | no    | falls short on average; below 93 % in 1 of 2 (n = 6)
newcombe        | 98.0  | 98.0   | n = 10                          | yes   | wider than it need be in the one setting tried
wald            | 65.0  | 65.0   | n = 10                          | no    | falls short in the one setting tried
z_for_t         | 94.4  | 94.4   | n = 50                          | yes   | holds in the one setting tried
"""  # noqa: E501


def read(table: str) -> list[dict[str, str]]:
    """Return the rows of a table whose cells are parted by bars."""
    head, *lines = ([cell.strip() for cell in line.split("|")] for line in table.split("\n")[1:-1])
    return [dict(zip(head, line, strict=True)) for line in lines]


def make_rows(table: str) -> list[dict[str, str]]:
    return [{"truth": "0.5", "runs": "10000", "seed": "1"} | row for row in read(table)]


def tell(verdict: Verdict) -> dict[str, str]:
    return {
        "method": verdict.method,
        "mean": f"{100 * verdict.mean:.1f}",
        "lowest": f"{100 * verdict.lowest:.1f}",
        "where": verdict.where,
        "holds": "yes" if verdict.holds else "no",
        "says": verdict.says,
    }


def test_verdicts() -> None:
    """What is known goes before what was simulated; an exact interval holds at every setting, by
    three errors of the simulation (94.4 ± 0.23 may be 95, 94.3 ± 0.23 may not); any other on
    average, without the settings that were looked for; where it falls short is named."""
    found = [tell(verdict) for verdict in judge(make_rows(MADE_UP))]

    assert found == read(VERDICTS)


def test_a_wrong_interval_that_passes_is_told() -> None:
    """The normal in place of t was let through, and Wilson's on sessions was not even tried."""
    verdicts = judge(make_rows(MADE_UP))

    assert find_uncaught(verdicts, WRONG) == ["wilson_on_sessions", "z_for_t"]
    assert find_uncaught(verdicts, {"wald", "mean_t"}) == []


def test_the_table(tmp_path: Path) -> None:
    """A row of METHODS.md: simulated with its error, known without, wrong ones told as such."""
    path = tmp_path / "coverage.csv"
    rows = make_rows(MADE_UP)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)

    table = describe_coverage(path)

    assert (
        "| `clopper_pearson` | 2 | 96.1 % | 95.1 % | n = 10 | at least 95 % everywhere |" in table
    )
    assert "| 92.0 ± 0.27 % | skewed | holds on average; below 93 % in 1 of 2 (skewed); " in table
    assert "no interval in up to 3 % of runs |" in table
    assert "| share with Wald's interval (wrong on purpose) | 1 |" in table
    assert "caught: falls short in the one" in table
    assert "not caught: holds in the one" in table
    assert "at least 10,000 runs a setting" in table


# --- patients made up, against theory -----------------------------------------------------------


def test_sessions(random: np.random.Generator) -> None:
    """A beta-binomial: the mean share, and the correlation of two sessions of one patient."""
    for share, correlation in [(0.2, 0.4), (0.5, 0.1), (0.4, 0.0)]:
        drawn = simulations.draw_sessions(random, 1, PATIENTS, share, correlation)
        counts, totals = (each[0].astype(float) for each in drawn.runs)

        pairs = totals * (totals - 1) / 2
        both = counts * (counts - 1) / 2

        assert drawn.truth == share
        assert counts.sum() / totals.sum() == pytest.approx(share, abs=0.005)
        found = (both.sum() / pairs.sum() - share**2) / (share * (1 - share))
        assert found == pytest.approx(correlation, abs=0.01)
        # how many sessions there are says nothing of the event
        assert np.corrcoef(totals, counts / totals)[0, 1] == pytest.approx(0, abs=0.01)
        assert {*totals} == {1, 2, 3, 4, 5, 6}


def test_pairs(random: np.random.Generator) -> None:
    """0.6 and 0.4, correlation 0.25: 0.24 + 0.25 x 0.24 = 0.3 have both."""
    shares = simulations.list_pair_shares(0.6, 0.4, 0.25)

    drawn = simulations.draw_pairs(random, 1, PATIENTS, shares)

    assert shares == pytest.approx((0.3, 0.3, 0.1, 0.3))
    assert drawn.truth == pytest.approx(0.2)
    assert drawn.runs[0][0] / PATIENTS == pytest.approx(shares, abs=0.005)
    with pytest.raises(ValueError, match="cannot be correlated"):
        simulations.list_pair_shares(0.9, 0.1, 0.9)


def test_two_counts(random: np.random.Generator) -> None:
    """The first less the second, each of its own size."""
    drawn = simulations.draw_two_counts(random, 20_000, (10, 40), (0.2, 0.5))
    first, second = (each.mean() for each in drawn.runs)

    assert (first, second) == pytest.approx((2, 20), abs=0.1)
    assert drawn.truth == pytest.approx(-0.3)


@pytest.mark.parametrize(
    ("shape", "mean", "spread", "skewness"),
    [("normal", 1, 2, 0), ("grades", 0.9, 0.943398, 0.141), ("skewed", 1, 1, 2)],
)
def test_changes(
    shape: Any, mean: float, spread: float, skewness: float, random: np.random.Generator
) -> None:
    """Mean, standard deviation and skewness are those of the distribution; grades by hand:
    E x² = 0.05 + 0.4 + 0.8 + 0.45 = 1.7 and E x³ = -0.05 + 0.4 + 1.6 + 1.35 = 3.3."""
    drawn = simulations.draw_changes(random, 1, PATIENTS, shape)
    changes = drawn.runs[0][0]

    assert drawn.truth == pytest.approx(mean)
    assert changes.mean() == pytest.approx(mean, abs=0.02)
    assert changes.std() == pytest.approx(spread, rel=0.01)
    assert stats.skew(changes) == pytest.approx(skewness, abs=0.1)


@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_percent(shape: Any, random: np.random.Generator) -> None:
    """Half of the patients improve by 30 percent or more, whatever they start from."""
    drawn = simulations.draw_percent(random, 1, PATIENTS, shape)
    baseline, better = (each[0] for each in drawn.runs)
    low = baseline < np.median(baseline)

    assert drawn.truth == 30
    assert baseline.min() > 0
    for group in (low, ~low):
        assert (100 * better / baseline)[group].mean() < 31
        assert np.median((100 * better / baseline)[group]) == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize("alike", [True, False])
def test_visits(alike: bool, random: np.random.Generator) -> None:
    """Worse patients stay away, so the mean of those seen is too good; the regression on what was
    recorded before is not touched, and leads back to the mean of all."""
    drawn = simulations.draw_visits(random, 1, PATIENTS, alike)
    scores = drawn.runs[0][0]
    seen = ~np.isnan(scores)
    complete = scores[seen.all(axis=1)]

    before = np.column_stack([np.ones(len(complete)), complete[:, :-1]])
    weights = np.linalg.lstsq(before, complete[:, -1], rcond=None)[0]
    means = np.array(simulations.SCORES)

    assert drawn.truth == pytest.approx(means[3] - means[0])
    assert seen[:, 0].all()
    assert (seen[:, 1:] <= seen[:, :-1]).all()  # who stays away stays away
    assert 0.6 < seen[:, -1].mean() < 0.85
    assert scores[:, 0].mean() == pytest.approx(means[0], abs=0.02)
    assert complete[:, -1].mean() < means[3] - 0.1
    assert weights @ [1, *means[:3]] == pytest.approx(means[3], abs=0.02)
    # of 1.5 and 1.5 with 0.5 in common, or of 1 and 1.2 with 0.7
    slope = np.polyfit(scores[seen[:, 1], 0], scores[seen[:, 1], 1], 1)[0]
    assert slope == pytest.approx(0.5 if alike else 0.7 * 1.2, abs=0.02)


def test_responses(random: np.random.Generator) -> None:
    """The share at each visit, and the share who responded at the last two: the distribution
    function of two normal numbers at their bounds."""
    drawn = simulations.draw_responses(random, 1, PATIENTS, 0.5)
    responses = drawn.runs[0][0]
    shares = simulations.RESPONDING
    both = stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).cdf(stats.norm.ppf(shares[1:]))

    assert drawn.truth == shares[-1]
    assert np.nanmean(responses, axis=0) == pytest.approx(shares, abs=0.006)
    assert np.nanmean(responses[:, 1] * responses[:, 2]) == pytest.approx(both, abs=0.006)
    assert np.isnan(responses).mean(axis=0) == pytest.approx([0, 0.1, 0.1], abs=0.005)


@pytest.mark.parametrize("is_share", [True, False])
def test_groups(is_share: bool, random: np.random.Generator) -> None:
    """The difference within each kind, weighed by the kinds among all, is the truth; the plain
    difference is not."""
    drawn = simulations.draw_groups(random, 1, PATIENTS, is_share)
    outcome, group, kinds = (each[0] for each in drawn.runs)

    def subtract(among: np.ndarray) -> float:
        return float(outcome[among & group].mean() - outcome[among & ~group].mean())

    within = [subtract(kinds == kind) for kind in range(3)]
    everybody = np.full(PATIENTS, True)

    assert np.bincount(kinds) / PATIENTS == pytest.approx(simulations.KINDS, abs=0.005)
    assert np.dot(simulations.KINDS, within) == pytest.approx(drawn.truth, abs=0.04)
    assert abs(subtract(everybody) - drawn.truth) > 0.08


# --- what is tracked ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tracked() -> list[dict[str, str]]:
    """The rows of benchmarks/coverage.csv."""
    with RESULTS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def command() -> Any:
    """benchmarks/coverage.py as a module, by a name that no package has."""
    spec = importlib.util.spec_from_file_location(
        "coverage_of_intervals", BENCHMARKS / "coverage.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_method_is_measured_or_says_why_not() -> None:
    """Each method of methods.toml has a row of the table, or a reason not to have one."""
    table = describe_coverage()
    in_a_row = {key for key in METHODS if f"\n| `{key}` | " in table}
    with_a_reason = {key for key, why in NO_INTERVAL.items() if f"`{key}` ({why})" in table}

    assert in_a_row | with_a_reason == {*METHODS}
    assert not in_a_row & with_a_reason
    assert with_a_reason == {*NO_INTERVAL}


def test_the_tracked_results_hold_what_is_promised(tracked: list[dict[str, str]]) -> None:
    """Exact intervals keep 95 % everywhere, every wrong one was caught, 10,000 runs or more."""
    verdicts = judge(tracked)

    assert [each.method for each in verdicts if each.method in EXACT and not each.holds] == []
    assert find_uncaught(verdicts, WRONG) == []
    assert min(int(row["runs"]) for row in tracked) >= 10_000
    assert {each.method for each in verdicts} >= EXACT


def test_the_tracked_results_are_of_the_settings_there_are(
    tracked: list[dict[str, str]], command: Any
) -> None:
    """No setting was added, dropped or renamed since; which method a rule chose is in brackets."""
    settings = [row["setting"].split(" (")[0] for row in tracked]

    assert sorted(settings) == sorted(cell.setting for cell in command.list_cells())
    assert {row["seed"] for row in tracked} == {str(command.SEED)}


def test_a_setting_is_measured_again_as_it_is_tracked(
    tracked: list[dict[str, str]], command: Any
) -> None:
    """The random numbers of a setting are its own: run alone it gives the tracked numbers."""
    cell = next(each for each in command.list_cells() if each.method == "newcombe")

    row = {key: str(value) for key, value in command.measure(cell, command.RUNS).items()}

    assert row in tracked
