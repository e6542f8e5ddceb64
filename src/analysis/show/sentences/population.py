"""Who came, in sentences."""

from html import escape

import pandas as pd

from analysis.show.disclosure import Released
from analysis.show.sentences.writing import (
    Prose,
    get_rows,
    name_concern,
    tell_range,
    write_count,
    write_nothing,
    write_paragraphs,
    write_plain,
)


def describe_population(released: Released) -> Prose:
    """Return who came: patients, sessions, age and concerns."""
    sentences = []
    patients, sessions = get_rows(released, "patients"), get_rows(released, "sessions")
    for row in patients:
        told = f"Patients treated: {tell_range(row)}"
        for other in sessions:
            told += f", in {tell_range(other)} sessions"
        sentences.append(f"{escape(told)}.")
    for row in get_rows(released, "age"):
        if row["status"] == "shown" and not pd.isna(row["value"]):
            sentences.append(f"Their median age was {escape(write_plain(row['value']))} years.")
    concerns = get_rows(released, "characteristic", by="concern")
    if concerns:
        vocabulary = released.origin.vocabulary
        listed = "; ".join(
            f"{name_concern(vocabulary, row['level'])} {write_count(row)}" for row in concerns
        )
        sentences.append(f"They came for (a patient may have several concerns): {escape(listed)}.")
    if not sentences:
        return write_nothing("patients")
    origin = released.origin
    if origin.synthetic:
        sentences.append("<strong>These are synthetic patients; nobody was treated.</strong>")
    if origin.selection:
        sentences.append(f"Selected: {escape(origin.selection)}.")
    return write_paragraphs([" ".join(sentences)])
