"""The estimates of the example beside what is true of it, concern by concern.

    python benchmarks/truth.py

The truth is that of the clean state, had everybody been seen (``data/example/truth.json``); ours
comes from the log as it was typed, of those who came back. Prints whether the interval holds the
truth; of ten 95 % intervals about one should not.
"""

import json
from pathlib import Path
from typing import Any

import typer

from analysis import load_cohort, outcomes, population
from analysis.answers.population import choose_scale

EXAMPLE = Path("data/example")


def find_row(frame: Any, statistic: str) -> dict[str, Any] | None:
    """Return the row of a statistic over all patients."""
    found = frame[(frame["statistic"] == statistic) & (frame["by"] == "")]
    return found.to_dict("records")[0] if len(found) else None


def write_line(label: str, true: float, of: int, row: dict[str, Any]) -> str:
    """Return one line: what, the truth and of how many, ours with its interval, and the verdict."""
    low, high = row["low"], row["high"]
    holds = "holds" if low <= true <= high else "misses" if low == low else "no interval"
    ours = f"{row['value']:.3f} ({low:.3f} to {high:.3f}) of {row['total']}"
    return f"{label:58} {true:8.3f} of {of:4}   {ours:38} {holds}"


def main() -> None:
    """Print the table."""
    truth = json.loads((EXAMPLE / "truth.json").read_text(encoding="utf-8"))["effects"]
    cohort = load_cohort("example")
    typer.echo(f"{'concern, scale, estimate':58} {'true':>8}           ours (95 % interval)")
    for concern in population.list_concerns(cohort):
        scale = choose_scale(cohort, concern)
        known = truth.get(concern, {}).get(scale.key) if scale else None
        if scale is None or known is None:
            typer.echo(f"{concern}: no truth on this scale")
            continue
        frame = outcomes.estimate_outcomes(cohort, concern)
        responders = find_row(frame, "responders")
        if responders:
            share = known["responders"] / known["courses"]
            label = f"{concern}, {scale.key}, responders"
            typer.echo(write_line(label, share, known["courses"], responders))
        change = find_row(frame, "mean change")
        if change:
            true = known["better as scored, had all been seen"]
            label = f"{concern}, {scale.key}, mean change"
            typer.echo(write_line(label, true["mean"], true["count"], change))


if __name__ == "__main__":
    typer.run(main)
