"""Patient by patient: tables for pages that stay in the clinic."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from analysis.individuals import Individuals
from analysis.show.disclosure import Released, admit, mark_internal
from analysis.show.sentences import Prose, name_subject, write_number
from analysis.show.tables.making import Table, make_table
from analysis.vocabulary import PROTOCOL

_NOT_SCORED: Final = "not scored"
_LEAST: Final = PROTOCOL["too_small_for_a_subgroup"].whole
_INTERNAL: Final = "Single patients: for internal use."


def show_individual_changes(
    individuals: Individuals, released: Released, *, name: str = "individual-changes"
) -> Table | Prose:
    """Return the first and later score of each patient, the one who got better the most first.

    Nothing on a shareable page.
    """
    known = admit(individuals, released)
    if known is None or known.changes.empty:
        return Prose("")
    columns = {"patient": "Patient", "baseline": "First score", "follow_up": "At follow-up"}
    columns |= {"better": "Change"}
    if known.changes["is_beyond"].notna().any():
        columns["is_beyond"] = "Beyond measurement error"
    if known.changes["responded"].ne("").any():
        columns["responded"] = "Responded"
    lines = [_write_change(row, [*columns]) for row in known.changes.to_dict("records")]
    notes = [
        "Plus is better, also on scales where a lower score is better. A patient who could not "
        "respond began so well that the rule for responders cannot be met.",
        _INTERNAL,
    ]
    return _make(name, "First and later score, patient by patient", lines, columns, notes, known)


def show_trajectories(
    individuals: Individuals, released: Released, *, name: str = "trajectories"
) -> Table | Prose:
    """Return the scores of each patient visit by visit, and their mean; nothing on a shareable
    page."""
    known = admit(individuals, released)
    if known is None or known.trajectories.empty:
        return Prose("")
    means = known.means.to_dict("records")
    visits = {f"visit{row['place']}": str(row["visit"]) for row in means}
    wide = known.trajectories.pivot_table(index="patient", columns="place", values="score")
    lines = [
        {"patient": f"{patient}"}
        | {f"visit{place}": _write_score(score) for place, score in scores.items()}
        for patient, scores in wide.iterrows()
    ]
    lines += [
        {"patient": label} | {f"visit{row['place']}": write(row[name]) for row in means}
        for label, name, write in (
            ("patients scored", "patients", str),
            ("mean", "score", _write_mean),
        )
    ]
    return _make(
        name,
        "Scores visit by visit, patient by patient",
        lines,
        {"patient": "Patient", **visits},
        [f"No mean is given for fewer than {_LEAST} patients.", _INTERNAL],
        known,
    )


def name_scores(individuals: Individuals, released: Released) -> str:
    """Return what the scores are of: concern and scale."""
    row = {"concern": individuals.concern, "scale": individuals.scale}
    return name_subject(released, row)


def make_rows(individuals: Individuals, what: str) -> list[dict[str, str]]:
    """Return what a table or figure of single patients is about, as rows its id is made from."""
    about = f"concern={individuals.concern}&scale={individuals.scale}"
    return [{"address": f"individuals/{what}?{about}", "status": "shown"}]


def _make(
    name: str,
    caption: str,
    lines: list[dict[str, str]],
    columns: Mapping[str, str],
    notes: list[str],
    individuals: Individuals,
) -> Table:
    made = make_table(
        name, caption, lines, columns, shown=make_rows(individuals, name), notes=notes
    )
    # printed text has no mark, so it holds no score
    return Table(mark_internal(made.html), f"{caption}: a table for internal pages")


def _write_change(row: Mapping[Any, Any], names: list[str]) -> dict[str, str]:
    written = {
        "patient": f"{row['patient']}",
        "baseline": _write_score(row["baseline"]),
        "follow_up": _write_score(row["follow_up"]),
        "better": _write_exactly(row["better"], "+"),
        "is_beyond": "" if pd.isna(row["is_beyond"]) else "yes" if row["is_beyond"] else "no",
        "responded": row["responded"],
    }
    return {name: written[name] for name in names}


def _write_score(score: float) -> str:
    return _NOT_SCORED if pd.isna(score) else _write_exactly(score)


def _write_exactly(value: float, sign: str = "") -> str:
    """Return a score as it was given, and not rounded as an estimate is."""
    return f"{value:{sign if value else ''}g}".replace("-", "\N{MINUS SIGN}")


def _write_mean(score: float) -> str:
    return "none given" if pd.isna(score) else write_number(score, 1)
