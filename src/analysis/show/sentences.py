"""Sentences made from released estimates: nothing a reader is told is typed into a notebook.

Also how a number is written (:func:`write_share`, :func:`write_percent`, ...), so that sentences,
tables, figures and their alternative texts cannot disagree.

Each ``describe_...`` takes a release, or a part of it made by :meth:`Released.keep`, and returns
:class:`Prose`, which a notebook and our page both render.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape, unescape
from typing import Any, Final

import pandas as pd

from analysis.show.disclosure import NOT_SHOWN, Released, require_released
from analysis.vocabulary import METHODS, Scale, Vocabulary

DECIMALS_FROM: Final = 200
"""From this denominator on, a percentage has one decimal; below, it would feign precision."""
TOO_FEW: Final = "too few for a percentage"
NOT_ESTIMABLE: Final = "cannot be estimated"
PROTECTED: Final = "not shown (to protect small groups)"

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


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
        told = _tell_range(row)
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
    return vocabulary.concerns[key].name if key in vocabulary.concerns else _to_words(key)


def name_scale(vocabulary: Vocabulary, key: str) -> str:
    """Return the name of a scale; a key the vocabulary lacks in words."""
    return vocabulary.scales[key].name if key in vocabulary.scales else _to_words(key)


def name_term(vocabulary: Vocabulary, key: str) -> str:
    """Return the name of a side effect; a key the vocabulary lacks in words."""
    return vocabulary.side_effects[key].name if key in vocabulary.side_effects else _to_words(key)


def name_subject(released: Released, row: Mapping[str, Any]) -> str:
    """Return "Acne scars, Goodman and Baron qualitative grade": what a row of outcomes is about."""
    vocabulary = released.origin.vocabulary
    concern = capitalise(name_concern(vocabulary, row["concern"])) or "All concerns"
    return f"{concern}, {name_scale(vocabulary, row['scale'])}" if row["scale"] else concern


def capitalise(text: str) -> str:
    """Return the text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def _to_words(key: str) -> str:
    return key.replace("_", " ")


# --- finding rows -----------------------------------------------------------------------------


def get_rows(released: Released, statistic: str, *, by: str = "") -> list[dict[str, Any]]:
    """Return the rows of a statistic, over all or by one grouping, as dictionaries."""
    frame = require_released(released).frame
    kept = frame[(frame["statistic"] == statistic) & (frame["by"] == by)]
    return [{str(name): value for name, value in row.items()} for row in kept.to_dict("records")]


def _group(
    rows: Iterable[dict[str, Any]], *names: str
) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def _paragraphs(sentences: Iterable[str]) -> Prose:
    return Prose("\n".join(f"<p>{sentence}</p>" for sentence in sentences))


def _list(intro: str, items: Iterable[str]) -> str:
    listed = "\n".join(f"<li>{item}</li>" for item in items)
    lead = f"<p>{intro}</p>\n" if intro else ""
    return f"{lead}<ul>\n{listed}\n</ul>"


# --- the story --------------------------------------------------------------------------------


def describe_headline(released: Released) -> Prose:
    """Return one paragraph per concern: responders, what a responder is, and how many were seen."""
    responders = get_rows(released, "responders")
    told = {(row["concern"], row["scale"]) for row in responders}
    paragraphs = [_tell_headline(released, row) for row in responders]
    fates = _group(get_rows(released, "fate", by="step"), "concern", "scale")
    for (concern, scale), rows in fates.items():
        if (concern, scale) not in told:
            subject = escape(name_subject(released, rows[0]))
            paragraphs.append(
                f"<strong>{subject}:</strong> no share of responders. "
                f"{_tell_completeness(released, concern, scale)}"
            )
    return _paragraphs(paragraphs) if paragraphs else write_nothing("outcomes")


def _tell_headline(released: Released, row: Mapping[str, Any]) -> str:
    subject = escape(name_subject(released, row))
    scale = released.origin.vocabulary.scales.get(row["scale"])
    rule = scale.responder if scale else None
    share = write_share(row, "patients")
    if share == PROTECTED:
        told = f"<strong>{subject}:</strong> responders are {share}"
    else:
        told = f"<strong>{subject}:</strong> {escape(share)} responded"
    if rule is not None:
        told += f" (responder: {escape(rule.text)})"
    return f"{told}. {_tell_completeness(released, row['concern'], row['scale'])}"


def _tell_completeness(released: Released, concern: str, scale: str) -> str:
    """Say how many of the courses that were due were seen again, if what is shown tells it."""
    steps = {
        row["level"]: row["count"]
        for row in get_rows(released, "fate", by="step")
        if (row["concern"], row["scale"]) == (concern, scale)
    }
    again = [steps.get("cannot respond"), steps.get("analysed")]
    missed = steps.get("not seen again")
    sizes = {
        row["total"]
        for row in released.frame.to_dict("records")
        if (row["concern"], row["scale"], row["population"]) == (concern, scale, "seen again")
        and not pd.isna(row["total"])
    }
    if len(sizes) == 1:
        seen = sizes.pop()
    elif all(each is not None and not pd.isna(each) for each in again):
        seen = sum(each for each in again if each is not None)
    else:
        return f"How many were seen again is {PROTECTED}."
    if missed is None or pd.isna(missed):
        return f"How many were not seen again is {PROTECTED}."
    due = seen + missed
    if not due:
        return "No course with a baseline is past its follow-up window yet."
    percent = write_percent(seen / due, due)
    known = released.origin.vocabulary.scales.get(scale)
    first = "" if known is not None and known.kind == "change" else "with a first score "
    return (
        f"Follow-up: {seen} of {due} patients {first}who were due were seen again "
        f"({percent}); of {missed} the outcome is not known."
    )


def describe_population(released: Released) -> Prose:
    """Return who came: patients, sessions, age and concerns."""
    sentences = []
    patients, sessions = get_rows(released, "patients"), get_rows(released, "sessions")
    for row in patients:
        told = f"Patients treated: {_tell_range(row)}"
        for other in sessions:
            told += f", in {_tell_range(other)} sessions"
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
    return _paragraphs([" ".join(sentences)])


def _tell_range(row: Mapping[str, Any]) -> str:
    count = write_count(row)
    if row["status"] != "suppressed":
        return count
    return PROTECTED if count == NOT_SHOWN else f"between {count.replace(' to ', ' and ')}"


def write_plain(value: float) -> str:
    """Return a number with one decimal where it has any."""
    return write_number(value, 0 if math.isclose(value, round(value), abs_tol=0.05) else 1)


def describe_change(released: Released) -> Prose:
    """Return better, same and worse per concern and scale, and the mean change if there is one."""
    directions = _group(get_rows(released, "direction", by="change"), "concern", "scale")
    means = _group(get_rows(released, "mean change"), "concern", "scale")
    paragraphs = []
    for key in dict.fromkeys([*directions, *means]):
        rows = [*directions.get(key, []), *means.get(key, [])]
        told = [f"<strong>{escape(name_subject(released, rows[0]))}:</strong>"]
        listed = "; ".join(
            f"{row['level']} {write_share(row, 'patients')}" for row in directions.get(key, [])
        )
        if listed:
            told.append(f"after the course, {escape(listed)}.")
        told += [escape(_tell_mean(released, row)) for row in means.get(key, [])]
        paragraphs.append(" ".join(told))
    if not paragraphs:
        return write_nothing("change")
    paragraphs.append(
        "This is change after treatment. Without untreated patients to compare with, nobody can "
        "tell how much of it the treatment made."
    )
    return _paragraphs(paragraphs)


def _tell_mean(released: Released, row: Mapping[str, Any]) -> str:
    if row["status"] == "suppressed":
        return f"The mean change is {PROTECTED}."
    if row["status"] != "shown" or pd.isna(row["value"]):
        return f"The mean change {NOT_ESTIMABLE}: {write_count_of(row)}."
    return f"The mean change was {write_change(released, row)}, in {row['total']} patients."


def write_count_of(row: Mapping[str, Any]) -> str:
    """Return "too few patients" or "no patient has both scores", why there is no mean."""
    return "too few patients" if row["status"] == "too few" else "no patient has both scores"


def write_change(released: Released, row: Mapping[str, Any]) -> str:
    """Return "+1.2 points (95 % interval +0.9 to +1.5; plus is better)"."""
    scale = released.origin.vocabulary.scales.get(row["scale"])
    unit = scale.unit if scale else "points"
    told = f"{_write_signed(row['value'])} {unit}"
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return f"{told} (plus is better)"
    limits = f"{_write_signed(row['low'])} to {_write_signed(row['high'])}"
    return f"{told} ({write_confidence(row)} interval {limits}; plus is better)"


def _write_signed(value: float) -> str:
    written = write_number(value, 1)
    return f"+{written}" if value > 0 and written != "0.0" else written


def describe_side_effects(released: Released) -> Prose:
    """Return side effects, patients first, harm that was not seen with its upper bound."""
    rows = get_rows(released, "patients with")
    if not rows:
        return write_nothing("side effects")
    vocabulary = released.origin.vocabulary
    sessions = {(row["concern"], row["term"]): row for row in get_rows(released, "sessions with")}
    seen = [row for row in rows if not _is_none(row)]
    groups = _group(get_rows(released, "patients with", by="skin type group"), "concern", "term")
    items = []
    for row in sort_by_rate(released, seen):
        key = (row["concern"], row["term"])
        told = f"<strong>{escape(name_side_effect(released, row))}:</strong> "
        told += escape(write_share(row, "patients"))
        if key in sessions:
            told += f"; sessions: {escape(write_share(sessions[key]))}"
        for group in groups.get(key, []):
            told += escape(f"; {name_skin_types(group['level'])}: {write_share(group, 'patients')}")
        items.append(told)
    parts = []
    if items:
        parts.append(
            _list(
                f"Patients with at least one, of those who were asked"
                f"{escape(name_concern_of(released, rows))}:",
                items,
            )
        )
    bounds = _group(
        (row for row in get_rows(released, "upper bound") if not pd.isna(row["value"])),
        *("total", "value", "confidence"),
    )
    for (total, value, confidence), same in bounds.items():
        names = ", ".join(name_term(vocabulary, row["term"]) for row in same)
        sure = write_number(confidence * 100) if not pd.isna(confidence) else "95"
        parts.append(
            f"<p>Not seen in any of {total} patients who were asked: {escape(names)}. "
            f"That does not mean never: up to {write_percent(value, total)} of patients could "
            f"still have each of them (one-sided {sure} % upper bound).</p>"
        )
    for row in get_rows(released, "recorded"):
        told = write_share(row, "sessions")
        parts.append(
            f"<p>Side effects were recorded (also as none) at {escape(told)}; "
            "sessions without a record are in none of these numbers.</p>"
        )
    return Prose("\n".join(parts))


def _is_none(row: Mapping[str, Any]) -> bool:
    return row["status"] == "shown" and not pd.isna(row["count"]) and row["count"] == 0


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


def describe_intervals(released: Released) -> Prose:
    """Return how long patients waited between sessions, against four weeks."""
    sentences = []
    for row in get_rows(released, "interval under four weeks"):
        told = write_share(row, "patients with a further session")
        sentences.append(f"At least one interval under four weeks: {escape(told)}.")
    for row in get_rows(released, "median interval"):
        if row["status"] == "shown" and not pd.isna(row["value"]):
            sentences.append(
                f"The median interval between sessions was {write_plain(row['value'])} days."
            )
        elif row["status"] == "suppressed":
            sentences.append(f"The median interval between sessions is {PROTECTED}.")
    return _paragraphs([" ".join(sentences)]) if sentences else write_nothing("intervals")


# --- how to read it ---------------------------------------------------------------------------

_BETTER: Final = {
    "lower": "lower is better",
    "higher": "higher is better",
    "declared": "clinics number it in both orders; the source says which one it uses",
}


def describe_scales(released: Released) -> Prose:
    """Return for each scale on the page which direction is better and who says who responds."""
    frame = require_released(released).frame
    scales = released.origin.vocabulary.scales
    items = [
        _tell_scale(scales[key])
        if key in scales
        else f"<strong>{escape(_to_words(key))}:</strong> not in the vocabulary."
        for key in frame["scale"].unique()
        if key
    ]
    return Prose(_list("", items)) if items else write_nothing("scales")


def _tell_scale(scale: Scale) -> str:
    told = f"<strong>{escape(capitalise(scale.name))}:</strong> {_BETTER[scale.direction]}"
    if scale.minimum is not None and scale.maximum is not None:
        told += f" ({scale.minimum:g} to {scale.maximum:g} {escape(scale.unit)})"
    told += "."
    rule = scale.responder
    if rule is None:
        told += " No rule says who is a responder."
    elif rule.basis == "published":
        told += f" Responder: {escape(rule.text)}; published: {escape(rule.reference)}."
    else:
        told += f" Responder: {escape(rule.text)}; a convention, not a published threshold."
    if scale.kind == "change":
        told += " It is a judgement of change, given once; it has no baseline."
    elif scale.measurement_error is None:
        told += " How much of a change could be measurement error is not published."
    if scale.local:
        told += " Defined by the clinic itself."
    return told


def describe_terms(released: Released) -> Prose:
    """Return the concerns, scales and side effects on the page, each with its source."""
    frame = require_released(released).frame
    vocabulary = released.origin.vocabulary
    by_concern = frame.loc[frame["by"] == "concern", "level"]
    groups: dict[str, tuple[Mapping[str, Any], Iterable[str]]] = {
        "Concerns": (vocabulary.concerns, {*frame["concern"], *by_concern}),
        "Scales": (vocabulary.scales, {*frame["scale"]}),
        "Side effects": (vocabulary.side_effects, {*frame["term"]}),
    }
    parts = []
    for title, (blocks, used) in groups.items():
        items = [_tell_term(block) for key, block in blocks.items() if key in used]
        if items:
            parts.append(f"<h4>{title}</h4>\n{_list('', items)}")
    if not parts:
        return write_nothing("terms")
    inside = "\n".join(parts)
    return Prose(f"<details>\n<summary>The terms on this page</summary>\n{inside}\n</details>")


def _tell_term(block: Any) -> str:
    told = f"<strong>{escape(capitalise(block.name))}:</strong> "
    told += f"{escape(block.meaning)} " if block.meaning else ""
    told += f"Source: {escape(block.reference)}."
    if block.local:
        told += " Defined by the clinic itself."
    signed = f"Checked by {escape(block.checked_by)}, {escape(block.reviewed_on)}."
    return f"{told} {signed if block.checked_by else 'Not reviewed by a clinician.'}"


def describe_limitations(released: Released) -> Prose:
    """Return what the page cannot tell."""
    origin = require_released(released).origin
    items = [
        "<strong>Retrospective:</strong> it counts what a clinic wrote down, after the fact.",
        "<strong>No control group:</strong> it shows change after treatment and cannot tell what "
        "would have happened without it.",
        "<strong>Regression to the mean:</strong> people come when it is at its worst, and on "
        "average a second look is then better, treated or not.",
        "<strong>Missing follow-up:</strong> patients who did not come back may have done better "
        "or worse than those who did.",
        "<strong>Not a prediction for one person:</strong> shares of a group do not say what will "
        "happen to anybody in it.",
        "<strong>Not for advertising, and not a medical device:</strong> it is meant for the "
        "clinic's own quality review and must not guide the treatment of one patient.",
    ]
    if released.threshold:
        items.append(
            f"<strong>Small numbers are hidden:</strong> what rests on fewer than "
            f"{released.threshold} patients is not shown, nor what would give it away. That "
            "lowers the risk that somebody is recognised; it does not end it."
        )
    if not origin.vocabulary.is_reviewed:
        items.append(
            "<strong>The vocabulary is unreviewed:</strong> no clinician has signed all of the "
            "definitions of concerns, scales and side effects used here."
        )
    if origin.synthetic:
        items.insert(
            0,
            "<strong>Synthetic data:</strong> these patients were invented to show the report. "
            "The numbers say nothing about microneedling.",
        )
    return Prose(_list("", items))


def describe_methods(released: Released) -> Prose:
    """Return the methods behind the numbers of the page, with their sources."""
    used = {*require_released(released).frame["method"]}
    items = []
    for key, method in METHODS.items():
        if key not in used:
            continue
        told = f"<strong>{escape(capitalise(method.name))}:</strong> {escape(method.text)}"
        if method.reference not in ("", "none needed"):
            told += f" {escape(method.reference)}."
        if method.deviation:
            told += f" Our deviation: {escape(method.deviation)}."
        items.append(told)
    return Prose(_list("", items)) if items else write_nothing("methods")


def describe_provenance(released: Released) -> Prose:
    """Return where the data come from and which of them are on the page."""
    origin = require_released(released).origin
    until = write_month(origin.data_until) if origin.data_until else "no session"
    rule = (
        f"{released.audience}; numbers on fewer than {released.threshold} patients are hidden"
        if released.threshold
        else f"{released.audience}; nothing is hidden"
    )
    facts = {
        "Source": f"{origin.title} ({origin.source})" if origin.title else origin.source,
        "Kind": "synthetic data, invented" if origin.synthetic else "a clinic's log",
        "As of": origin.as_of,
        "Data until": until,
        "Selection": origin.selection or "everything",
        "Audience": rule,
        "Hash of the data": origin.data_hash,
    }
    listed = "\n".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return Prose(f'<dl class="origin">\n{listed}\n</dl>')
