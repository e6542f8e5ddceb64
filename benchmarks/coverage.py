"""How often each interval holds the truth, and whether wrong ones are caught.

    python benchmarks/coverage.py                         # writes coverage.csv; then: make docs
    python benchmarks/coverage.py --jobs 2
    python benchmarks/coverage.py --methods wilson wald --runs 1000 --out some.csv

Patients are made up by ``simulations.py``, which knows nothing of ``analysis``; from there come
only the methods under test. Every setting has random numbers of its own, from the seed that is
printed and its name, so it gives the same alone as among others. A share of a count is known
without simulation too (by the probabilities of all counts): this stands beside as ``exact``. Runs
whose result has no interval (too few, not estimable) count in ``runs`` and not in ``intervals``.
"""

import argparse
import csv
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import simulations
from scipy import stats
from simulations import Drawn
from verdicts import COLUMNS, RESULTS, WORST, WRONG, find_uncaught, judge

from analysis.statistics.change import (
    estimate_mean_change,
    estimate_mean_change_bootstrap,
    estimate_median_percent,
)
from analysis.statistics.clustered import (
    estimate_difference_clustered,
    estimate_rate_clustered,
    estimate_share_clustered,
)
from analysis.statistics.durations import estimate_median_duration, estimate_share_lasting
from analysis.statistics.models import estimate_by_visit, estimate_responders_by_visit
from analysis.statistics.proportions import (
    estimate_difference,
    estimate_paired_difference,
    estimate_share,
    estimate_upper_bound,
)
from analysis.statistics.standardised import estimate_standardised_difference
from analysis.vocabulary import PROTOCOL

SEED = 20240501
RUNS = 10_000
Z = stats.norm.ppf(0.975)

Estimate = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One setting of one method."""

    method: str
    setting: str
    draw: Callable[[np.random.Generator, int], Drawn]
    estimate: Callable[..., Estimate]
    """Gets what was drawn of one run; ``low`` and ``high`` of what it returns are the interval."""
    exact: Callable[[], float] | None = None
    shares_of_methods: bool = False
    """Whether the rule chooses the method by the numbers of the run, so that the most frequent
    one names the setting."""


# ---- settings ----------------------------------------------------------------------------------

SIZES = (10, 20, 50, 200)
SHARES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5)


def list_cells() -> Iterator[Cell]:
    """Yield every setting of every method, the wrong ones after the right."""
    yield from _list_shares()
    yield from _list_zeros()
    yield from _list_differences()
    yield from _list_means()
    yield from _list_sessions()
    yield from _list_groups_of_sessions()
    yield from _list_durations()
    yield from _list_visits()
    yield from _list_standardised()


def _list_shares() -> Iterator[Cell]:
    for method, function in (
        ("wilson", estimate_share),
        ("clopper_pearson", _estimate_exact),
        ("wald", _estimate_wald),
    ):
        for n in SIZES:
            limits = _tabulate(function, n)
            lowest = _find_worst(limits, n)
            for share in (*SHARES, lowest):
                yield Cell(
                    method,
                    f"n = {n}" + (f", {WORST}" if share is lowest else ""),
                    lambda random, runs, n=n, p=share: simulations.draw_counts(random, runs, n, p),
                    lambda count, limits=limits: limits[int(count)],
                    lambda limits=limits, n=n, p=share: _cover_count(limits, n, p),
                )


def _list_zeros() -> Iterator[Cell]:
    """Methods that are used where nobody has the event: the bound errs if there is none and the
    truth is larger, and anything else is no error of its. A patient's sessions are all alike, the
    worst there can be."""
    functions: dict[str, Callable[[int], float]] = {
        "exact_upper_bound": lambda n: estimate_upper_bound(n)["value"],
        "clustered_ends": lambda n: estimate_share_clustered([0] * n, [4] * n)["high"],
        "clustered_none": lambda n: estimate_rate_clustered([0] * n, [4] * n)["high"],
        "kaplan_meier_ends": lambda n: estimate_share_lasting(
            pd.Series([1.0] * n), pd.Series([True] * n), 7
        )["high"],
    }
    for method, bound in functions.items():
        for n in SIZES:
            high = bound(n)
            for share in (high * 0.99, high * 1.001, high * 1.2):
                yield Cell(
                    method,
                    f"{n} patients",
                    lambda random, runs, n=n, p=share: simulations.draw_counts(random, runs, n, p),
                    lambda count, high=high: {"low": 0, "high": 1 if count else high},
                    lambda n=n, p=share, high=high: 1 - (1 - p) ** n * (p > high),
                )


def _list_differences() -> Iterator[Cell]:
    groups = [((10, 10), (0.2, 0.5)), ((10, 30), (0.1, 0.1)), ((20, 40), (0.6, 0.3))]
    groups += [((30, 30), (0.05, 0.02)), ((50, 50), (0.5, 0.5)), ((100, 60), (0.9, 0.75))]
    for sizes, shares in groups:
        limits = [
            [estimate_difference(x, sizes[0], y, sizes[1]) for y in range(sizes[1] + 1)]
            for x in range(sizes[0] + 1)
        ]
        yield Cell(
            "newcombe",
            f"{sizes[0]} at {shares[0]:g} against {sizes[1]} at {shares[1]:g}",
            lambda random, runs, n=sizes, p=shares: simulations.draw_two_counts(random, runs, n, p),
            lambda x, y, limits=limits: limits[int(x)][int(y)],
            lambda limits=limits, n=sizes, p=shares: _cover_two_counts(limits, n, p),
        )
    pairs = [(10, 0.5, 0.5, 0.5), (10, 0.3, 0.6, 0.2), (20, 0.7, 0.5, 0.4), (20, 0.1, 0.05, 0.3)]
    pairs += [(30, 0.8, 0.8, 0.8), (30, 0.5, 0.5, -0.2), (50, 0.6, 0.4, 0.3), (50, 0.2, 0.1, 0.5)]
    for n, first, second, correlation in pairs:
        shares4 = simulations.list_pair_shares(first, second, correlation)
        yield Cell(
            "newcombe_paired",
            f"{n} twice, {first:g} and {second:g}, correlation {correlation:g}",
            lambda random, runs, n=n, p=shares4: simulations.draw_pairs(random, runs, n, p),
            lambda table: _estimate_pairs(*(int(each) for each in table)),
            lambda n=n, p=shares4: _cover_pairs(n, p),
        )


def _list_means() -> Iterator[Cell]:
    for method, function, shapes, sizes in (
        ("mean_t", estimate_mean_change, ("normal", "grades", "skewed"), (6, 10, 20, 50)),
        ("z_for_t", _estimate_with_z, ("normal", "grades", "skewed"), (6, 10, 20, 50)),
        # 9,999 resamples in each run: few settings, and small numbers, where it is in doubt
        ("mean_bca", _estimate_bootstrap, ("normal", "skewed"), (6, 20)),
    ):
        for shape in shapes:
            for n in sizes:
                yield Cell(
                    method,
                    f"{shape}, n = {n}",
                    lambda random, runs, n=n, shape=shape: simulations.draw_changes(
                        random, runs, n, shape
                    ),
                    lambda changes, function=function: function(pd.Series(changes)),
                )
    for shape in ("normal", "skewed"):
        for n in (6, 8, 10, 20, 50):
            yield Cell(
                "median_percent",
                f"{shape}, n = {n}",
                lambda random, runs, n=n, shape=shape: simulations.draw_percent(
                    random, runs, n, shape
                ),
                lambda base, better: estimate_median_percent(pd.Series(base), pd.Series(better)),
            )


def _list_sessions() -> Iterator[Cell]:
    settings = [
        (patients, share, correlation)
        for patients in (10, 20, 40, 100)
        for share, correlation in ((0.05, 0.1), (0.2, 0.1), (0.2, 0.4), (0.5, 0.3), (0.4, 0.0))
    ]
    # strong clustering of few patients
    settings += [(patients, share, 0.7) for patients in (10, 20, 40) for share in (0.2, 0.5)]
    for patients, share, correlation in settings:

        def draw(
            random: np.random.Generator,
            runs: int,
            patients: int = patients,
            share: float = share,
            correlation: float = correlation,
        ) -> Drawn:
            return simulations.draw_sessions(random, runs, patients, share, correlation)

        setting = f"{patients} patients, correlation {correlation:g}"
        yield Cell("clustered", setting, draw, estimate_share_clustered, shares_of_methods=True)
        if correlation and patients in (10, 40):
            yield Cell("wilson_on_sessions", setting, draw, _estimate_on_sessions)


def _list_groups_of_sessions() -> Iterator[Cell]:
    for patients in (20, 40, 100):
        for rate, spread in ((0.3, 1.0), (0.5, 0.5), (1.2, 0.7)):
            yield Cell(
                "clustered_poisson",
                f"{patients} patients, spread {spread:g}",
                lambda random, runs, n=patients, r=rate, s=spread: simulations.draw_events(
                    random, runs, n, r, s
                ),
                estimate_rate_clustered,
            )
        for shares, spread in (((0.3, 0.2), 0.5), ((0.3, 0.2), 2.0), ((0.5, 0.5), 1.0)):
            yield Cell(
                "clustered_difference",
                f"{patients} patients, {shares[0]:g} and {shares[1]:g}, spread {spread:g}",
                lambda random, runs, n=patients, p=shares, s=spread: (
                    simulations.draw_two_groups_of_sessions(random, runs, n, p, s)
                ),
                estimate_difference_clustered,
            )


def _list_durations() -> Iterator[Cell]:
    for n in (10, 20, 50):
        for seen in ((8.0, 60.0), (3.0, 20.0)):

            def draw(
                random: np.random.Generator,
                runs: int,
                n: int = n,
                seen: tuple[float, float] = seen,
            ) -> Drawn:
                return simulations.draw_durations(random, runs, n, 6.0, seen)

            setting = f"{n} patients, followed {seen[0]:g} to {seen[1]:g} days"
            yield Cell(
                "kaplan_meier_median",
                setting,
                lambda random, runs, draw=draw: replace(
                    draw(random, runs), truth=6 * float(np.log(2))
                ),
                lambda days, ended: _estimate_duration(estimate_median_duration, days, ended),
            )
            yield Cell(
                "kaplan_meier_share",
                setting,
                lambda random, runs, draw=draw: replace(
                    draw(random, runs), truth=float(np.exp(-7 / 6))
                ),
                lambda days, ended: _estimate_duration(estimate_share_lasting, days, ended, 7.0),
            )


def _estimate_duration(
    function: Callable[..., Estimate], days: np.ndarray, ended: np.ndarray, *until: float
) -> Estimate:
    """A limit that cannot be told leaves that side open."""
    found = dict(function(pd.Series(days), pd.Series(ended), *until))
    if found.get("value") is not None and found.get("status", "shown") == "shown":
        found["low"] = 0.0 if found.get("low") is None else found["low"]
        found["high"] = np.inf if found.get("high") is None else found["high"]
    return found


def _list_visits() -> Iterator[Cell]:
    # two minutes each: at the fewest patients, where it is hardest
    n = 10
    for covariance, degrees in (
        ("unstructured", "kenward_roger"),
        ("unstructured", "satterthwaite"),
        ("compound_symmetry", "kenward_roger"),
        ("compound_symmetry", "satterthwaite"),
    ):
        yield Cell(
            f"mixed_{covariance}_{degrees}",
            f"{n} patients, 4 visits, worse ones stay away",
            lambda random, runs, alike=covariance == "compound_symmetry": simulations.draw_visits(
                random, runs, n, alike
            ),
            lambda scores, covariance=covariance, degrees=degrees: _estimate_last_change(
                scores, covariance, degrees
            ),
        )
    for n, correlation in ((30, 0.2), (60, 0.5)):
        yield Cell(
            "responders",
            f"{n} patients, 3 visits, correlation {correlation:g} beneath",
            lambda random, runs, n=n, r=correlation: simulations.draw_responses(random, runs, n, r),
            _estimate_last_share,
            shares_of_methods=True,
        )


def _list_standardised() -> Iterator[Cell]:
    # of shares it takes five minutes a setting, for each resample is a logistic model: not yet here
    yield Cell(
        "standardised_difference",
        "means, n = 40",
        lambda random, runs: simulations.draw_groups(random, runs, 40, False),
        lambda outcome, group, kinds: estimate_standardised_difference(
            pd.Series(outcome),
            pd.Series(group),
            pd.DataFrame({"kind": kinds.astype(str)}),
            SEED,
        ),
    )


# ---- methods, as they are asked ----------------------------------------------------------------


def _estimate_exact(count: int, total: int) -> Estimate:
    """The exact interval as responders by visit fall back on it, here always."""
    never = replace(PROTOCOL["too_small_for_a_subgroup"], value=10**9)
    rows = pd.DataFrame(
        {"patient": range(total), "visit": 0, "value": [1.0] * count + [0.0] * (total - count)}
    )
    (found,) = estimate_responders_by_visit(rows, least=never)
    return {"low": found.low, "high": found.high}


def _estimate_bootstrap(changes: pd.Series) -> Estimate:
    return estimate_mean_change_bootstrap(changes, SEED)


@cache
def _estimate_pairs(*table: int) -> Estimate:
    return estimate_paired_difference(*table)


def _estimate_last_change(scores: np.ndarray, covariance: str, degrees: str) -> Estimate:
    model = estimate_by_visit(_list_rows(scores), covariance, degrees)  # type: ignore[arg-type]
    last = model.changes[-1] if model.changes else None
    if last is None or last.visit != scores.shape[1] - 1 or last.low is None:
        return {}
    return {"low": last.low, "high": last.high}


def _estimate_last_share(responses: np.ndarray) -> Estimate:
    last = estimate_responders_by_visit(_list_rows(responses))[-1]
    return {"low": last.low, "high": last.high, "method": last.method}


def _list_rows(wide: np.ndarray) -> pd.DataFrame:
    patients, visits = np.indices(wide.shape)
    rows = {"patient": patients.ravel(), "visit": visits.ravel(), "value": wide.ravel()}
    return pd.DataFrame(rows)


# Wrong on purpose.


def _estimate_wald(count: int, total: int) -> Estimate:
    share = count / total
    half = Z * (share * (1 - share) / total) ** 0.5
    return {"low": share - half, "high": share + half}


def _estimate_with_z(changes: pd.Series) -> Estimate:
    half = Z * changes.std() / len(changes) ** 0.5
    return {"low": changes.mean() - half, "high": changes.mean() + half}


def _estimate_on_sessions(counts: np.ndarray, totals: np.ndarray) -> Estimate:
    return estimate_share(int(counts.sum()), int(totals.sum()))


# ---- coverage that is known --------------------------------------------------------------------


def _tabulate(function: Callable[[int, int], Estimate], n: int) -> list[Estimate]:
    return [function(count, n) for count in range(n + 1)]


def _cover_count(limits: list[Estimate], n: int, share: float) -> float:
    holds = np.array([each["low"] <= share <= each["high"] for each in limits])
    return float(stats.binom.pmf(np.arange(n + 1), n, share) @ holds)


def _find_worst(limits: list[Estimate], n: int) -> float:
    """Return the share up to one half that is covered least: just beside a limit, for between two
    limits the coverage has no lowest point of its own."""
    ends = np.array([(each["low"], each["high"]) for each in limits])
    beside = np.concatenate([ends * (1 - 1e-6), ends * (1 + 1e-6)]).ravel()
    tried = np.unique(beside[(beside > 0) & (beside <= 0.5)])[:, None]
    holds = (ends[:, 0] <= tried) & (tried <= ends[:, 1])
    covered = (stats.binom.pmf(np.arange(n + 1), n, tried) * holds).sum(axis=1)
    return float(tried[np.argmin(covered), 0])


def _cover_two_counts(
    limits: list[list[Estimate]], sizes: tuple[int, int], shares: tuple[float, float]
) -> float:
    truth = shares[0] - shares[1]
    holds = np.array([[each["low"] <= truth <= each["high"] for each in row] for row in limits])
    first, second = (
        stats.binom.pmf(np.arange(n + 1), n, share) for n, share in zip(sizes, shares, strict=True)
    )
    return float(first @ holds @ second)


@cache
def _cover_pairs(n: int, shares: tuple[float, ...]) -> float:
    tables = [
        (both, first, second, n - both - first - second)
        for both in range(n + 1)
        for first in range(n + 1 - both)
        for second in range(n + 1 - both - first)
    ]
    truth = shares[1] - shares[2]
    found = [_estimate_pairs(*table) for table in tables]
    holds = np.array([each["low"] <= truth <= each["high"] for each in found])
    return float(stats.multinomial.pmf(np.array(tables), n, shares) @ holds)


# ---- runs --------------------------------------------------------------------------------------


def measure(cell: Cell, runs: int) -> dict[str, Any]:
    """Return one row of the results."""
    name = f"{cell.method}: {cell.setting}"
    if cell.exact:  # settings of one name differ in the truth alone
        name += f" {cell.exact():.12f}"
    random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    drawn = cell.draw(random, runs)
    covered = intervals = 0
    methods: Counter[str] = Counter()
    for run in zip(*drawn.runs, strict=True):
        found = cell.estimate(*run)
        if found.get("low") is None:
            continue
        intervals += 1
        methods[found.get("method", cell.method)] += 1
        # a hair's breadth: limits and truth at 0 or 1 must not be told apart by rounding
        covered += found["low"] - 1e-12 <= drawn.truth <= found["high"] + 1e-12
    share = covered / intervals
    method, setting = cell.method, cell.setting
    if cell.shares_of_methods:
        ((method, most),) = methods.most_common(1)
        setting += f" ({100 * most / intervals:.0f} % of runs by this method)"
    return {
        "method": method,
        "setting": setting,
        "truth": f"{drawn.truth:.6g}",
        "runs": runs,
        "intervals": intervals,
        "covered": int(covered),
        "coverage": f"{share:.5f}",
        "error": f"{(share * (1 - share) / intervals) ** 0.5:.5f}",
        "exact": f"{cell.exact():.8f}" if cell.exact else "",
        "seed": SEED,
    }


def write(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the results, the methods in a fixed order and the wrong ones last."""
    rows.sort(
        key=lambda row: (row["method"] in WRONG, [*_ORDER, row["method"]].index(row["method"]))
    )
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


CELLS: list[Cell] = []


def _prepare(methods: list[str] | None) -> None:
    """List the settings, in each process anew: functions cannot be sent from one to another."""
    CELLS[:] = [cell for cell in list_cells() if not methods or cell.method in methods]


def _measure_numbered(asked: tuple[int, int]) -> dict[str, Any]:
    number, runs = asked
    return measure(CELLS[number], runs)


def main() -> None:
    """Measure every setting asked for, write the results and print them with the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="*", help="methods to measure; all by default")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    _prepare(asked.methods)
    started = time.perf_counter()
    tasks = [(number, asked.runs) for number in range(len(CELLS))]
    rows = []
    with Pool(asked.jobs, _prepare, (asked.methods,)) as pool:
        for row in pool.imap(_measure_numbered, tasks):
            rows.append(row)
            exact = f" exact {100 * float(row['exact']):6.2f} %" if row["exact"] else ""
            sys.stdout.write(
                f"{row['method']:40} {row['setting']:60} truth {row['truth']:>9} "
                f"{100 * float(row['coverage']):6.2f} ± {100 * float(row['error']):.2f} %{exact}\n"
            )
            sys.stdout.flush()
    write(rows, asked.out)
    sys.stdout.write(f"\nseed {SEED}, {time.perf_counter() - started:.0f} s\n")
    text = [{key: str(value) for key, value in row.items()} for row in rows]
    for each in judge(text):
        sys.stdout.write(
            f"{each.method:40} mean {100 * each.mean:6.2f} %, lowest {100 * each.lowest:6.2f} % "
            f"({each.where}): {each.says}\n"
        )
    missed = find_uncaught(judge(text), asked.methods or WRONG)
    if missed:
        raise SystemExit(f"a wrong interval was not caught: {', '.join(missed)}")


_ORDER = (
    *("wilson", "clopper_pearson", "exact_upper_bound"),
    *("newcombe", "newcombe_paired", "mean_t", "mean_bca", "median_percent"),
    *("clustered_gee", "clustered_exact", "clustered_ends"),
    *("clustered_difference", "clustered_poisson", "clustered_none"),
    *("kaplan_meier_median", "kaplan_meier_share", "kaplan_meier_ends"),
)


if __name__ == "__main__":
    main()
