"""The estimates of the example beside what is true of it, concern by concern.

    python benchmarks/truth.py

The truth is that of the clean state, had everybody been seen (``data/example/truth.json``); ours
comes from the log as it was typed, of those who came back. Prints whether the interval holds the
truth; of twenty 95 % intervals about one should not. Below, the same of side effects.

A log can hold less than the truth: a reaction that somebody wrote as "as expected" has no name, and
one that nobody noticed is not there. The truth of side effects is of all modalities together, ours
of mechanical needling alone.
"""

import json
from pathlib import Path
from typing import Any

import typer

from analysis import load_cohort, outcomes, population, side_effects
from analysis.answers.population import choose_scale
from analysis.statistics.clustered import estimate_share_clustered

EXAMPLE = Path("data/example")
LEAST = 20
"""Sessions a side effect must have had in truth to be told."""


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
    tell_harms(cohort)


def tell_harms(cohort: Any) -> None:
    """Print the share of sessions with each side effect, and of patients with hyperpigmentation."""
    rates = json.loads((EXAMPLE / "truth.json").read_text(encoding="utf-8"))["rates"]
    typer.echo(f"\n{'side effect, of sessions':58} {'true':>8}           ours (95 % interval)")
    effects = cohort.vocabulary.side_effects
    verdicts = []
    for term, true in rates.items():
        effect = effects.get(term)
        if true["sessions"] < LEAST or effect is None:
            continue
        # an expected reaction that lasted is harm with us, and what it was at first in the truth
        terms = [term, effect.promotes_to or f"prolonged_{term}"]
        counts = cohort.count_harms(terms if effect.promote_after_hours else [term])
        row = estimate_share_clustered(counts["sessions_with"], counts["sessions_asked"])
        line = write_line(term, true["sessions"] / true["of sessions"], true["of sessions"], row)
        verdicts.append(line.split()[-1])
        typer.echo(line)
    frame = side_effects.estimate_side_effects(cohort)
    for group in ("I-III", "IV-VI"):
        found = frame[(frame["term"] == "pih") & (frame["level"] == group)].to_dict("records")
        true, of = (rates["pih"][f"{what} {group}"] for what in ("patients", "of patients"))
        line = write_line(f"pih, patients, skin types {group}", true / of, of, found[0])
        verdicts.append(line.split()[-1])
        typer.echo(line)
    typer.echo(f"{verdicts.count('holds')} of {len(verdicts)} intervals hold the truth")


if __name__ == "__main__":
    typer.run(main)
