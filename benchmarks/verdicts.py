"""What coverage.csv says of each interval; the table in METHODS.md is written from here."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "coverage.csv"
COLUMNS = (
    *("method", "setting", "truth", "runs", "intervals"),
    *("covered", "coverage", "error", "exact", "seed"),
)
STATED = 0.95
AVERAGE = (0.93, 0.97)
"""What the mean over the settings of an interval that is not exact lies in."""

EXACT = frozenset(
    {
        "clopper_pearson",
        "exact_upper_bound",
        "clustered_ends",
        "clustered_none",
        "kaplan_meier_ends",
        "median_percent",
    }
)
"""Intervals that promise the stated confidence whatever the truth."""
WRONG = frozenset({"wald", "z_for_t", "wilson_on_sessions"})
"""Intervals that are wrong on purpose: a run in which one holds proves nothing."""
WORST = "the worst of all shares"
"""In the name of a setting that was looked for: in the lowest, not in the mean."""

NO_INTERVAL: Mapping[str, str] = {
    "count": "no interval",
    "rate": "no interval",
    "median": "no interval",
    "quartiles": "no interval",
    "sign_test": "a test, no interval",
    "tipping_count": "a limit of the intervals above, turned round",
    "tipping_change": "a limit of the t interval, turned round",
    "p_chart": "control limits, no interval",
    "p_prime_chart": "control limits, no interval",
    "u_chart": "control limits, no interval",
    "u_prime_chart": "control limits, no interval",
    "xmr_chart": "control limits, no interval",
    "t_chart": "control limits, no interval",
    "g_chart": "control limits, no interval",
    "making_data_count": "signals, no interval",
    "funnel_shares": "limits about all units, no interval",
    "funnel_rates": "limits about all units, no interval",
    "log_alarm": "a rule, no interval",
    "turning_points": "limits of the intervals above, turned round",
}
"""Methods that have nothing to be measured, and why."""

_ON_PURPOSE: Mapping[str, str] = {
    "wald": "share with Wald's interval",
    "z_for_t": "mean with the normal in place of t",
    "wilson_on_sessions": "Wilson's interval with sessions counted as people",
}
_EVERYWHERE = "at least 95 % everywhere"
_MOST_NAMED = 3  # settings that are named in a cell of the table


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What all settings of a method say of it."""

    method: str
    settings: int
    mean: float
    """Over all settings but those that were looked for."""
    lowest: float
    error: float
    """Monte-Carlo standard error of the lowest; 0 where it is known without simulation."""
    where: str
    without: float
    """The largest share of runs of a setting that had no interval."""
    says: str
    holds: bool


def judge(rows: Iterable[Mapping[str, str]]) -> list[Verdict]:
    """Return one verdict for each method, in the order of the rows.

    An exact interval holds where no setting falls below the stated confidence by more than three
    Monte-Carlo errors; any other where the mean over the settings is not below 93 %. An interval
    with a mean above 97 % holds and is wider than it need be.
    """
    by_method: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        by_method.setdefault(row["method"], []).append(row)
    return [_judge_method(method, each) for method, each in by_method.items()]


def find_uncaught(verdicts: Iterable[Verdict], wrong: Iterable[str]) -> list[str]:
    """Return which of the intervals that are wrong on purpose hold, or were not tried."""
    caught = {each.method for each in verdicts if not each.holds}
    return sorted(WRONG.intersection(wrong) - caught)


def describe_coverage(path: Path = RESULTS) -> str:
    """Return the verdicts as a Markdown table, and what is not in it with the reason."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    head = [
        "| method | settings | mean | lowest | where | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    seeds = ", ".join(sorted({row["seed"] for row in rows}))
    runs = min(int(row["runs"]) for row in rows)
    error = max(float(row["error"]) for row in rows)
    notes = [
        f"Seed {seeds}; at least {runs:,} runs a setting, so the Monte-Carlo error of one coverage "
        f"is at most {100 * error:.2f} points.",
        "Not measured: " + "; ".join(f"`{key}` ({why})" for key, why in NO_INTERVAL.items()) + ".",
    ]
    table = [*head, *(_describe_verdict(each) for each in judge(rows))]
    return "\n".join([*table, "", notes[0], "", notes[1]]) + "\n"


# ---- one method --------------------------------------------------------------------------------


def _judge_method(method: str, rows: list[Mapping[str, str]]) -> Verdict:
    measured = [(*_read_coverage(row), _name_setting(row, rows)) for row in rows]
    mean = _average([share for share, _, name in measured if WORST not in name])
    lowest, error, where = min(measured)
    is_exact = method in EXACT
    least = STATED if is_exact else AVERAGE[0]
    short = sorted(each for each in measured if each[0] < least - (3 * each[1] if is_exact else 0))
    holds = not short if is_exact else mean >= AVERAGE[0]
    says = _say(holds, is_exact, mean, [name for *_, name in short], len(rows))
    if says == _EVERYWHERE and lowest < STATED:
        says += ", but for the error of the simulation"
    return Verdict(
        method=method,
        settings=len(rows),
        mean=mean,
        lowest=lowest,
        error=error,
        where=where,
        without=max(1 - int(row["intervals"]) / int(row["runs"]) for row in rows),
        says=says,
        holds=holds,
    )


def _read_coverage(row: Mapping[str, str]) -> tuple[float, float]:
    """Return the coverage and its error: what is known goes before what was simulated."""
    if row["exact"]:
        return float(row["exact"]), 0.0
    return float(row["coverage"]), float(row["error"])


def _name_setting(row: Mapping[str, str], rows: list[Mapping[str, str]]) -> str:
    """Return the setting, with the truth where the method was tried with several."""
    several = len({each["truth"] for each in rows}) > 1
    return row["setting"] + (f", truth {float(row['truth']):.3g}" if several else "")


def _average(shares: list[float]) -> float:
    return sum(shares) / len(shares)


def _say(holds: bool, is_exact: bool, mean: float, short: list[str], settings: int) -> str:
    named = "; ".join(short[:_MOST_NAMED])
    if len(short) > _MOST_NAMED:
        named += f"; and {len(short) - _MOST_NAMED} more"
    if is_exact:
        return f"falls short of 95 %: {named}" if short else _EVERYWHERE
    says = (
        "falls short" if not holds else "holds" if mean <= AVERAGE[1] else "wider than it need be"
    )
    if settings == 1:
        return f"{says} in the one setting tried"
    says += " on average"
    if len(short) == settings:
        return f"{says} and in every setting"
    return f"{says}; below 93 % in {len(short)} of {settings} ({named})" if short else says


def _describe_verdict(each: Verdict) -> str:
    name, says = f"`{each.method}`", each.says
    if each.method in WRONG:
        name = f"{_ON_PURPOSE[each.method]} (wrong on purpose)"
        says = f"{'not caught' if each.holds else 'caught'}: {says}"
    if each.without >= 0.01:
        says += f"; no interval in up to {100 * each.without:.0f} % of runs"
    error = f" ± {100 * each.error:.2f}" if each.error else ""
    return (
        f"| {name} | {each.settings} | {100 * each.mean:.1f} % | {100 * each.lowest:.1f}{error} % "
        f"| {each.where} | {says} |"
    )
