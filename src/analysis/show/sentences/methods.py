"""What stands behind the numbers, and what they cannot tell."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from analysis.estimates import THRESHOLD_PROFILES
from analysis.show.disclosure import Released, require_released
from analysis.show.sentences.writing import (
    Prose,
    capitalise,
    name_sessions,
    write_list,
    write_month,
    write_nothing,
    write_words,
)
from analysis.vocabulary import METHODS, Scale

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
        else f"<strong>{escape(write_words(key))}:</strong> not in the vocabulary."
        for key in frame["scale"].unique()
        if key
    ]
    return Prose(write_list("", items)) if items else write_nothing("scales")


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
        "Contraindications": (vocabulary.contraindications, {*frame["by"]}),
    }
    parts = []
    for title, (blocks, used) in groups.items():
        items = [_tell_term(block) for key, block in blocks.items() if key in used]
        if items:
            parts.append(f"<h4>{title}</h4>\n{write_list('', items)}")
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
        profile = THRESHOLD_PROFILES[released.profile]
        by_rule = f" (the rule of {profile.rule})" if profile.rule else ""
        items.append(
            f"<strong>Small numbers are hidden:</strong> what rests on fewer than "
            f"{released.threshold} patients{by_rule} is not shown, nor what would give it away. "
            "That lowers the risk that somebody is recognised; it does not end it."
        )
        if profile.multiple > 1:
            items.append(
                f"<strong>Counts are rounded:</strong> each to the nearest {profile.multiple}, so "
                "they need not add up. Shares and their intervals are those of the rounded counts, "
                "where they follow from these alone; all other numbers have two digits."
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
    return Prose(write_list("", items))


_WITH_SIGNALS: Final = {"p_prime_chart", "u_prime_chart", "xmr_chart"}
"""Charts whose points are held to the rules for signals, which no number of its own names."""


def describe_methods(released: Released) -> Prose:
    """Return the methods behind the numbers of the page, with their sources."""
    used = {*require_released(released).frame["method"]}
    if used & _WITH_SIGNALS:
        used.add("making_data_count")
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
    return Prose(write_list("", items)) if items else write_nothing("methods")


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
        "Courses of": name_sessions(released),
        "Audience": rule,
        "Hash of the data": origin.data_hash,
    }
    listed = "\n".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return Prose(f'<dl class="origin">\n{listed}\n</dl>')
