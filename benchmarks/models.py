"""How long the mixed model takes, beside statsmodels' MixedLM and R's lme4 where it is installed.

    python benchmarks/models.py                              # 1 k, 10 k, 100 k patients, 4 visits
    python benchmarks/models.py --patients 1000000 --programs ours
    python benchmarks/models.py --runs 5                     # the shortest of five is printed

Every program gets the same scores in memory (a sixth of them missing, rows in no order) and a
process of its own; what is timed is from that frame to the estimates, reading and importing not.
"ours" is compound symmetry with Kenward and Roger's degrees of freedom, "unstructured" the same
with every covariance free; lme4 and MixedLM fit a random intercept, which is compound symmetry,
and have no degrees of freedom. The last column is the change at the last visit: the first, third
and fourth program estimate the same number. "responders" and "gee" are the share of scores below
zero at the last visit, by us and by statsmodels' GEE with Mancl and DeRouen's covariance.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = (1_000, 10_000, 100_000)
PROGRAMS = ("ours", "unstructured", "lme4", "statsmodels", "responders", "gee")
VISITS = 4

LME4 = """
suppressPackageStartupMessages(library(lme4))
asked <- commandArgs(trailingOnly = TRUE)
d <- read.csv(asked[1]); d$visit <- factor(d$visit)
seconds <- min(sapply(seq_len(as.integer(asked[2])), function(run) {
  started <- proc.time()[["elapsed"]]
  fit <<- lmer(value ~ visit + (1 | patient), d)
  proc.time()[["elapsed"]] - started
}))
found <- summary(fit)$coefficients
cat(seconds, found[nrow(found), 1], found[nrow(found), 2])
"""


def simulate_scores(patients: int) -> pd.DataFrame:
    """Return scores of so many patients: a random intercept, and visits missing at random."""
    random = np.random.default_rng(20240501)
    wide = random.normal(0, 1.5, (patients, 1)) + random.normal(0, 1, (patients, VISITS))
    wide -= 0.5 * np.arange(VISITS)
    wide[random.random(wide.shape) < 1 / 6] = np.nan
    rows = pd.DataFrame(wide).melt(ignore_index=False, var_name="visit", value_name="value")
    rows = rows.rename_axis("patient").reset_index().dropna()
    return rows.astype({"visit": int}).sample(frac=1, random_state=1, ignore_index=True)


def fit_ours(rows: pd.DataFrame, covariance: str) -> tuple[float, float]:
    """Return the change at the last visit and its standard error."""
    from analysis.statistics.models import estimate_by_visit

    last = estimate_by_visit(rows, covariance).changes[-1]  # type: ignore[arg-type]
    assert last.value is not None
    assert last.se is not None
    return last.value, last.se


def fit_statsmodels(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the same from a random intercept in statsmodels."""
    import statsmodels.formula.api as smf

    model = smf.mixedlm("value ~ C(visit)", rows, groups=rows["patient"])
    result = model.fit(reml=True)
    name = f"C(visit)[T.{VISITS - 1}]"
    return float(result.fe_params[name]), float(result.bse_fe[name])


def fit_responders(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the share below zero at the last visit and its standard error."""
    from analysis.statistics.models import estimate_responders_by_visit

    below = rows.assign(value=(rows["value"] < 0).astype(float))
    last = estimate_responders_by_visit(below)[-1]
    assert last.value is not None
    assert last.se is not None
    return last.value, last.se


def fit_gee(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the same from statsmodels."""
    import statsmodels.api as sm

    model = sm.GEE(
        (rows["value"] < 0).to_numpy(float),
        np.eye(VISITS)[rows["visit"]],
        groups=rows["patient"].to_numpy(),
        family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Exchangeable(),
    )
    result = model.fit(cov_type="bias_reduced")
    share = float(1 / (1 + np.exp(-result.params[-1])))
    return share, share * (1 - share) * float(result.bse[-1])


FITS: dict[str, Callable[[pd.DataFrame], tuple[float, float]]] = {
    "ours": lambda rows: fit_ours(rows, "compound_symmetry"),
    "unstructured": lambda rows: fit_ours(rows, "unstructured"),
    "statsmodels": fit_statsmodels,
    "responders": fit_responders,
    "gee": fit_gee,
}


def measure(program: str, patients: int, runs: int) -> str:
    """Return one line: the shortest of the runs, and what was estimated."""
    rows = simulate_scores(patients)
    if program == "lme4":
        seconds, value, se = time_lme4(rows, runs)
    else:
        shortest = []
        for _ in range(runs):
            started = time.perf_counter()
            value, se = FITS[program](rows)
            shortest.append(time.perf_counter() - started)
        seconds = min(shortest)
    return f"{program:13}{patients:>10,} patients {seconds:9.3f} s  {value:10.6f} ({se:.6f})"


def time_lme4(rows: pd.DataFrame, runs: int) -> tuple[float, float, float]:
    """Return the shortest run of lme4, in R, and what it estimated."""
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "scores.csv", Path(folder) / "lme4.R"
        rows.to_csv(data, index=False)
        script.write_text(LME4, encoding="utf-8")
        asked = ["Rscript", str(script), str(data), str(runs)]
        done = subprocess.run(asked, check=True, capture_output=True, text=True)
    seconds, value, se = (float(each) for each in done.stdout.split())
    return seconds, value, se


def main() -> None:
    """Measure each program at each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, nargs="*", default=SIZES)
    parser.add_argument("--programs", choices=PROGRAMS, nargs="*", default=PROGRAMS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    for patients in asked.patients:
        for program in asked.programs:
            if program == "lme4" and not shutil.which("Rscript"):
                sys.stdout.write("lme4         is not here (Debian: r-cran-lme4)\n")
                continue
            if asked.here:
                sys.stdout.write(measure(program, patients, asked.runs) + "\n")
                continue
            again = [sys.executable, __file__, "--here", "--runs", str(asked.runs)]
            again += ["--patients", str(patients), "--programs", program]
            subprocess.run(again, check=True)


if __name__ == "__main__":
    main()
