"""How a number and a name are written, so that sentences, tables, figures and their alternative
texts cannot disagree.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape, unescape
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import NOT_SHOWN, Released, require_released
from analysis.vocabulary import Vocabulary

DECIMALS_FROM: Final = 200
"""From this denominator on, a percentage has one decimal; below, it would feign precision."""
TOO_FEW: Final = "too few for a percentage"
TOO_FEW_FOR_A_RATE: Final = "too few for a rate"
NOT_ESTIMABLE: Final = "cannot be estimated"
PROTECTED: Final = "not shown (to protect small groups)"

ANY_OF_A_CLASS: Final = {
    "any_expected": "any expected reaction",
    "any_harm": "any harm",
    "any_special_interest": "any harm that is always named",
}
"""What stands in place of a side effect where all of a class are meant."""
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MODALITIES: Final = {
    "microneedling": "mechanical microneedling",
    "rf_microneedling": "radiofrequency microneedling",
    "chemical_peel": "chemical peeling",
}
"""Modalities whose keys are not the words for them."""


@dataclass(frozen=True, repr=False)
class Prose:
    """Sentences as HTML; printed, they are plain text."""

    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        lines = re.sub(r"</(p|li|dd|dt|ul)>", "\n", self.html)
        text = unescape(re.sub(r"<[^>]+>", "", lines))
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def write_nothing(what: str) -> Prose:
    """Return the sentence that stands in place of an empty table or figure."""
    return Prose(f'<p class="nothing">There is nothing to show yet about {escape(what)}.</p>')


# --- how numbers and names are written --------------------------------------------------------


def write_number(value: float, decimals: int = 0) -> str:
    """Return a number with these decimals, halves rounded up, and a real minus sign."""
    exact = Decimal(repr(round(float(value), 12)))
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded if rounded else abs(rounded)}".replace("-", "\N{MINUS SIGN}")


def write_percent(share: float, total: float | None) -> str:
    """Return a share from 0 to 1 as "60 %"; with one decimal from 200 in the denominator on."""
    return f"{write_number(share * 100, _get_decimals(total))} %"


def _get_decimals(total: float | None) -> int:
    return 1 if total is not None and not pd.isna(total) and total >= DECIMALS_FROM else 0


def write_interval(row: Mapping[str, Any]) -> str:
    """Return "95 % interval 45 to 74 %" of a share, or nothing where there is no interval."""
    limits = write_limits(row)
    return f"{write_confidence(row)} interval {limits}" if limits else ""


def write_confidence(row: Mapping[str, Any]) -> str:
    """Return "95 %", the confidence of a row's interval."""
    return f"{write_number(row['confidence'] * 100)} %"


def write_limits(row: Mapping[str, Any]) -> str:
    """Return "45 to 74 %", the limits of a share, or nothing where there are none."""
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return ""
    decimals = _get_decimals(row["total"])
    low, high = (write_number(row[name] * 100, decimals) for name in ("low", "high"))
    return f"{low} to {high} %"


def write_count(row: Mapping[str, Any]) -> str:
    """Return "24 of 40", a count alone, or the words in place of a suppressed one."""
    if row["status"] == "suppressed":
        return str(row["shown_as"]) or NOT_SHOWN
    if pd.isna(row["count"]):
        return NOT_SHOWN
    return f"{row['count']}" if pd.isna(row["total"]) else f"{row['count']} of {row['total']}"


def write_events(row: Mapping[str, Any]) -> str:
    """Return "13.2 per 100 sessions (95 % interval 11.9 to 14.7)", or why there is no rate."""
    if row["status"] == "suppressed":
        return NOT_SHOWN
    if row["status"] == "too few":
        return TOO_FEW_FOR_A_RATE
    if pd.isna(row["value"]):
        return NOT_ESTIMABLE
    told = f"{write_number(row['value'], 1)} per 100 sessions"
    limits = write_event_limits(row)
    return f"{told} ({write_confidence(row)} interval {limits})" if limits else told


def write_event_limits(row: Mapping[str, Any]) -> str:
    """Return "11.9 to 14.7", the limits of events in 100 sessions, or nothing."""
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return ""
    return f"{write_number(row['low'], 1)} to {write_number(row['high'], 1)}"


def write_rate(row: Mapping[str, Any]) -> str:
    """Return "60 % (95 % interval 45 to 74 %)", or the word that says why there is no rate."""
    if row["status"] == "suppressed":
        return NOT_SHOWN
    if row["status"] == "too few":
        return TOO_FEW
    if row["status"] == "not estimable" or pd.isna(row["value"]):
        return NOT_ESTIMABLE
    interval = write_interval(row)
    percent = write_percent(row["value"], row["total"])
    return f"{percent} ({interval})" if interval else percent


def write_share(row: Mapping[str, Any], of: str = "") -> str:
    """Return "24 of 40 patients (60 %, 95 % interval 45 to 74 %)", whatever the row's status."""
    noun = f" {of}" if of else ""
    status, count = row["status"], write_count(row)
    if status == "suppressed":
        told = tell_range(row)
        return told if told == PROTECTED else f"{told}{noun}"
    if status == "not estimable":
        return f"{count}{noun} ({NOT_ESTIMABLE})"
    if status == "too few":
        return f"{count}{noun} ({TOO_FEW})"
    if pd.isna(row["value"]):
        return f"{count}{noun}"
    parts = [write_percent(row["value"], row["total"]), write_interval(row)]
    return f"{count}{noun} ({', '.join(part for part in parts if part)})"


def write_month(month: str) -> str:
    """Return "June 2026" for ``2026-06``; anything else as it is."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month)
    return f"{_MONTHS[int(found[2]) - 1]} {found[1]}" if found else month


def name_concern(vocabulary: Vocabulary, key: str) -> str:
    """Return the name of a concern; a key the vocabulary lacks in words."""
    return vocabulary.concerns[key].name if key in vocabulary.concerns else write_words(key)


def name_scale(vocabulary: Vocabulary, key: str) -> str:
    """Return the name of a scale; a key the vocabulary lacks in words."""
    return vocabulary.scales[key].name if key in vocabulary.scales else write_words(key)


def name_term(vocabulary: Vocabulary, key: str) -> str:
    """Return the name of a side effect or of a class; a key the vocabulary lacks in words."""
    if key in ANY_OF_A_CLASS:
        return ANY_OF_A_CLASS[key]
    return vocabulary.side_effects[key].name if key in vocabulary.side_effects else write_words(key)


def name_sessions(released: Released) -> str:
    """Return "mechanical microneedling in the clinic": what the sessions of a course are."""
    modality = released.origin.index_modality
    return f"{name_modality(modality)} in the clinic"


def name_modality_of(released: Released) -> str:
    """Return "mechanical microneedling": what the sessions are whose side effects are counted."""
    return name_modality(released.origin.harm_modality)


def name_subject(released: Released, row: Mapping[str, Any]) -> str:
    """Return "Acne scars, Goodman and Baron qualitative grade": what a row of outcomes is about."""
    vocabulary = released.origin.vocabulary
    concern = capitalise(name_concern(vocabulary, row["concern"])) or "All concerns"
    return f"{concern}, {name_scale(vocabulary, row['scale'])}" if row["scale"] else concern


def capitalise(text: str) -> str:
    """Return the text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def name_modality(modality: str) -> str:
    """Return what a modality is called."""
    return _MODALITIES.get(modality, write_words(modality))


def write_words(key: str) -> str:
    """Return a key in words."""
    return key.replace("_", " ")


# --- finding rows -----------------------------------------------------------------------------


def get_rows(released: Released, statistic: str, *, by: str = "") -> list[dict[str, Any]]:
    """Return the rows of a statistic, over all or by one grouping, as dictionaries."""
    frame = require_released(released).frame
    kept = frame[(frame["statistic"] == statistic) & (frame["by"] == by)]
    return [{str(name): value for name, value in row.items()} for row in kept.to_dict("records")]


def get_asked(released: Released, statistic: str, *, by: str = "") -> list[dict[str, Any]]:
    """Return the rows of side effects of those who were asked, where a blank is no answer; other
    denominators stand in a table of their own."""
    asked = ("patients asked", "sessions asked")
    return [row for row in get_rows(released, statistic, by=by) if row["population"] in asked]


def group_rows(
    rows: Iterable[dict[str, Any]], *names: str
) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Return the rows by what they hold in these columns, in the order they come."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def write_paragraphs(sentences: Iterable[str]) -> Prose:
    """Return each text, HTML already, as a paragraph."""
    return Prose("\n".join(f"<p>{sentence}</p>" for sentence in sentences))


def write_list(intro: str, items: Iterable[str]) -> str:
    """Return a list with a line before it, as HTML; both are HTML already."""
    listed = "\n".join(f"<li>{item}</li>" for item in items)
    lead = f"<p>{intro}</p>\n" if intro else ""
    return f"{lead}<ul>\n{listed}\n</ul>"


def write_plain(value: float) -> str:
    """Return a number with one decimal where it has any."""
    return write_number(value, 0 if math.isclose(value, round(value), abs_tol=0.05) else 1)


def write_count_of(row: Mapping[str, Any]) -> str:
    """Return "too few patients" or "no patient has both scores", why there is no mean."""
    return "too few patients" if row["status"] == "too few" else "no patient has both scores"


def write_change(released: Released, row: Mapping[str, Any]) -> str:
    """Return "+1.2 points (95 % interval +0.9 to +1.5; plus is better)"."""
    told = f"{write_signed(row['value'])} {name_unit(released, row)}"
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return f"{told} (plus is better)"
    limits = f"{write_signed(row['low'])} to {write_signed(row['high'])}"
    return f"{told} ({write_confidence(row)} interval {limits}; plus is better)"


def tell_change(released: Released, row: Mapping[str, Any]) -> str:
    """Return a mean change with its patients, whatever the row's status."""
    return _tell_value(row, lambda: write_change(released, row))


def tell_mean(released: Released, row: Mapping[str, Any]) -> str:
    """Return a mean score with its interval and patients, whatever the row's status."""

    def write() -> str:
        told = f"{write_number(row['value'], 1)} {name_unit(released, row)}"
        if pd.isna(row["low"]) or pd.isna(row["high"]):
            return told
        limits = " to ".join(write_number(row[name], 1) for name in ("low", "high"))
        return f"{told} ({write_confidence(row)} interval {limits})"

    return _tell_value(row, write)


def _tell_value(row: Mapping[str, Any], write: Callable[[], str]) -> str:
    if row["status"] == "suppressed":
        return PROTECTED
    if row["status"] != "shown" or pd.isna(row["value"]):
        return f"{write_count(row)} patients ({NOT_ESTIMABLE})"
    return f"{write()}, {row['total']} patients"


def name_unit(released: Released, row: Mapping[str, Any]) -> str:
    """Return what the scores of a row's scale are counted in."""
    scale = released.origin.vocabulary.scales.get(row["scale"])
    return scale.unit if scale else "points"


def write_signed(value: float) -> str:
    """Return a number with one decimal and its sign."""
    written = write_number(value, 1)
    return f"+{written}" if value > 0 and written != "0.0" else written


def name_side_effect(released: Released, row: Mapping[str, Any]) -> str:
    """Return the name of a row's side effect, with its concern where others stand beside it."""
    vocabulary = released.origin.vocabulary
    name = capitalise(name_term(vocabulary, row["term"]))
    frame = released.frame
    is_one = frame.loc[frame["term"] != "", "concern"].nunique() < 2
    if is_one or not row["concern"]:
        return name
    return f"{name} ({name_concern(vocabulary, row['concern'])})"


def name_concern_of(released: Released, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return ", sessions for acne scars" where all rows are of one concern, otherwise nothing."""
    concerns = {row["concern"] for row in rows}
    if len(concerns) != 1 or concerns == {""}:
        return ""
    return f", sessions for {name_concern(released.origin.vocabulary, concerns.pop())}"


def name_skin_types(level: str) -> str:
    """Return "skin types IV to VI" for ``IV-VI``."""
    if re.fullmatch(r"[IV]+\s*[-\N{EN DASH}]\s*[IV]+", level):
        return f"skin types {re.sub(r'[^IV]+', ' to ', level)}"
    return f"skin type {level}"


def sort_by_rate(released: Released, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the highest share first, then by name; rows without a share last.

    A suppressed row must not stand where its number would put it.
    """

    def rank(row: Mapping[str, Any]) -> tuple[Any, ...]:
        is_hidden = bool(pd.isna(row["value"]))
        return (is_hidden, 0.0 if is_hidden else -row["value"], name_side_effect(released, row))

    return sorted(rows, key=rank)


def tell_range(row: Mapping[str, Any]) -> str:
    """Return a count, or what is told of it where it is hidden."""
    count = write_count(row)
    if row["status"] != "suppressed":
        return count
    return PROTECTED if count == NOT_SHOWN else f"between {count.replace(' to ', ' and ')}"
