"""The claims of the patient article in sentences: quote, verdict, what the log holds, the rule."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import pandas as pd

from analysis.errors import UsageError
from analysis.show.disclosure import NOT_SHOWN, Released, require_released
from analysis.show.sentences.verdicts import (
    AGREES,
    DISAGREES,
    SAFER,
    SHAPES,
    TOO_LITTLE,
    UNANSWERABLE,
    find_level,
    find_size,
    find_turning_points,
    find_usual,
    judge_claim,
)
from analysis.show.sentences.writing import (
    NOT_ESTIMABLE,
    PROTECTED,
    TOO_FEW,
    Prose,
    capitalise,
    get_rows,
    name_modality,
    name_term,
    tell_range,
    write_confidence,
    write_list,
    write_number,
    write_paragraphs,
    write_percent,
    write_plain,
    write_share,
    write_signed,
)
from analysis.vocabulary import PROTOCOL, Claim

Row = Mapping[str, Any]

_MEANINGS: Final = {
    AGREES: "the whole interval lies where the claim puts it",
    DISAGREES: "the whole interval lies elsewhere, or what is said never to be was recorded",
    TOO_LITTLE: "the interval holds both",
    UNANSWERABLE: "what it takes was not recorded, or not done",
    NOT_SHOWN: "the verdict would tell of a small group",
}
_OF_THE_ARTICLE: Final = "microneedling"
_PAIN: Final = ("pain recorded", "pain recorded, numbed", "pain recorded, not numbed")
_ABSENCE: Final = "That something was not recorded never agrees by itself."


def describe_verdicts(released: Released) -> Prose:
    """Return what the verdicts on this page mean, and what none of them means."""
    claims = require_released(released).origin.vocabulary.claims
    used = {judge_claim(released, key) for key in claims}
    items = [
        f"<strong>{_mark(verdict)} {verdict}</strong>: {meaning}"
        for verdict, meaning in _MEANINGS.items()
        if verdict in used
    ]
    told = write_list("", items)
    caution = (
        f"{_ABSENCE} A verdict is about this log: it proves nothing of microneedling, and says "
        "nothing of one patient."
    )
    index = released.origin.index_modality
    if index != _OF_THE_ARTICLE:
        caution += (
            f" The article is about {name_modality(_OF_THE_ARTICLE)}; this page is about "
            f"{name_modality(index)}."
        )
    return Prose(f"{told}\n<p>{escape(caution)}</p>")


def describe_claim(released: Released, claim: str) -> Prose:
    """Return one claim: what the article says, the verdict, what the log holds, and the rule.

    Raises
    ------
    UsageError
        For a claim that the article does not make.
    """
    block = find_claim(released, claim)
    told, rule = _TELL[claim.split(SAFER)[0] or SAFER](released, claim)
    head = f"The article: {write_quote(block)}<br>This log: {write_verdict(released, claim)}."
    return write_paragraphs([head, escape(" ".join(told)), f"Rule: {escape(rule)}"])


def find_claim(released: Released, claim: str) -> Claim:
    """Return the claim with this key, or raise UsageError with the possible ones."""
    claims = require_released(released).origin.vocabulary.claims
    if claim not in claims:
        raise UsageError.for_unknown("claim", claim, claims)
    return claims[claim]


def write_quote(claim: Claim) -> str:
    """Return the article's words in quotation marks, as HTML."""
    return f"\N{LEFT DOUBLE QUOTATION MARK}{escape(claim.quote)}\N{RIGHT DOUBLE QUOTATION MARK}"


def write_verdict(released: Released, claim: str) -> str:
    """Return the verdict as shape and word, as HTML."""
    verdict = judge_claim(released, claim)
    return f"<strong>{_mark(verdict)}\N{NO-BREAK SPACE}{verdict}</strong>"


def name_verdict(released: Released, claim: str) -> str:
    """Return the verdict as shape and word, as plain text."""
    verdict = judge_claim(released, claim)
    return f"{SHAPES[verdict]} {verdict}"


def _mark(verdict: str) -> str:
    return f'<span aria-hidden="true">{SHAPES[verdict]}</span>'


# --- shares of patients -------------------------------------------------------------------------


def _tell_length(released: Released, claim: str) -> tuple[list[str], str]:
    row, told = find_usual(released, claim), list[str]()
    if row is not None and _has_patients(row):
        told.append(f"A session took {row['level']} for {write_share(row, 'patients')}.")
        told[-1] += _tell_median(released, "median session length", "minutes")
    else:
        told.append("No session has its length recorded.")
    return [*told, *_tell_recorded(released, "session length")], _write_rule(released, claim)


def _tell_interval(released: Released, claim: str) -> tuple[list[str], str]:
    row, told = find_usual(released, claim), list[str]()
    if row is not None and _has_patients(row):
        told.append(
            f"{capitalise(row['level'])} lay between sessions for "
            f"{write_share(row, 'patients with a further session')}."
        )
        told[-1] += _tell_median(released, "median time between sessions", "days")
        told.append("That is how long patients waited; the log does not hold what they were told.")
    else:
        told.append("No patient has a further session.")
    return told, _write_rule(released, claim)


def _tell_pain(released: Released, claim: str) -> tuple[list[str], str]:
    most = PROTOCOL["claim_pain_most"].value
    rule = (
        f"pain up to {most:g} of 10 counts as not that painful, a convention of this project; "
        f"{_write_rule(released, claim)}"
    )
    shares = {row["population"]: row for row in get_rows(released, "little pain")}
    whole, numbed, bare = (shares.get(each) for each in _PAIN)
    if whole is None or not _has_patients(whole):
        return ["No session has its pain recorded."], rule
    if claim == "pain_without_numbing":
        told = [f"At sessions without numbing, pain was at most {most:g} of 10 for"]
        told[0] += f" {_write_of_patients(bare)}."
        return told, rule
    told = [f"Pain was at most {most:g} of 10 for {_write_of_patients(whole)}."]
    told[0] += _tell_median(released, "median pain", "of 10")
    told.append(f"At sessions with numbing it was for {_write_of_patients(numbed)}.")
    told += _tell_numbed(whole, numbed)
    return [*told, *_tell_recorded(released, "pain")], rule


def _tell_numbed(whole: Row, numbed: Row | None) -> list[str]:
    """Say that pain was mostly recorded under numbing, where that is shown to be so."""
    if numbed is None or pd.isna(whole["total"]) or pd.isna(numbed["total"]):
        return []
    if 2 * numbed["total"] <= whole["total"]:
        return []
    return [
        f"Most were numbed: {numbed['total']} of the {whole['total']} patients had pain recorded "
        "at a session with numbing. What all of them felt says little about needling without it."
    ]


def _has_patients(row: Row) -> bool:
    """Return whether anybody is in the denominator, as far as is shown."""
    return pd.isna(row["total"]) or bool(row["total"])


def _write_of_patients(row: Row | None) -> str:
    if row is None or not _has_patients(row):
        return "no patient: there is no such session with its pain recorded"
    return write_share(row, "patients")


def _tell_median(released: Released, statistic: str, unit: str) -> str:
    row = find_size(released, statistic)
    if row is None or pd.isna(row["value"]):
        return ""
    return f" The median was {write_plain(row['value'])} {unit}."


def _tell_recorded(released: Released, what: str) -> list[str]:
    row = find_level(released, "recorded", "record", what)
    if row is None or not _has_patients(row):
        return []
    return [f"{capitalise(what)} was recorded at {write_share(row, 'sessions')}."]


def _write_rule(released: Released, claim: str) -> str:
    """Return the rule of a claim on the usual share of patients, with its turning points."""
    share = write_percent(PROTOCOL["claim_usual_share"].value, None)
    sure = write_percent(PROTOCOL["confidence"].value, None)
    rule = (
        "the median within each patient counts, so that everybody counts once. The log agrees "
        f"where the whole {sure} interval of the share of patients lies above {share} (it holds "
        "for most), and disagrees where it lies below; between, there is too little data. "
        f"{share} is a convention of this project."
    )
    turning, row = find_turning_points(released, claim), find_usual(released, claim)
    if turning is None or row is None or turning["status"] != "shown" or pd.isna(turning["total"]):
        return rule
    total = int(turning["total"])
    ends = {"would agree from {} on": turning["high"], "would disagree up to {}": turning["low"]}
    told = [
        words.format(round(share * total)) for words, share in ends.items() if not pd.isna(share)
    ]
    return f"{rule} Of {total} patients it {' and '.join(told)}." if told else rule


# --- reactions and harm -------------------------------------------------------------------------


def _tell_reactions(released: Released, claim: str) -> tuple[list[str], str]:
    rows = get_rows(released, "sessions with reaction")
    vocabulary = released.origin.vocabulary
    cut = write_percent(PROTOCOL["claim_reaction_share"].value, None)
    listed = "; ".join(
        f"{name_term(vocabulary, row['term'])}: {write_share(row, 'sessions')}" for row in rows
    )
    told = [f"Recorded of a session, of those asked about: {listed}."]
    told.append(
        "Burning and stinging count as irritation. The log tells which session a reaction belongs "
        "to and not at which hour it was seen."
    )
    rule = (
        "each of the three is to be seen after at least one session in a hundred. The log agrees "
        f"where all three intervals lie above {cut}, disagrees where one lies below it, and has "
        f"too little data otherwise; {cut} is a convention of this project."
    )
    return told, rule


def _tell_lasting(released: Released, claim: str) -> tuple[list[str], str]:
    days = PROTOCOL["claim_follow_up"].whole
    most = write_percent(PROTOCOL["claim_lasting_most"].value, None)
    rows = get_rows(released, "harm at last contact", by="harm at last contact")
    asked, followed = (
        find_size(released, each) for each in ("patients asked", "patients followed")
    )
    told = []
    if asked is None or followed is None or asked["count"] is pd.NA:
        told.append(f"How many patients were asked about side effects is {PROTECTED}.")
    elif not asked["count"]:
        told.append("No patient was asked about side effects.")
    else:
        told.append(
            f"Of {tell_range(asked)} patients asked about side effects, {tell_range(followed)} "
            f"were seen {days} days or more after their last session, or have a harm that had not "
            "resolved as long after theirs."
        )
    if rows and rows[0]["status"] != "not estimable":
        listed = "; ".join(f"{row['level']}: {write_share(row, 'patients')}" for row in rows)
        told.append(f"Of these: {listed}.")
    bound = find_size(released, "upper bound")
    if bound is not None and not pd.isna(bound["value"]):
        told.append(
            f"None seen does not mean never: up to {write_percent(bound['value'], bound['total'])} "
            f"of patients could still have one (one-sided {write_confidence(bound)} upper bound)."
        )
    told.append("That somebody was seen does not mean that somebody looked for it.")
    rule = (
        "one is enough to disagree: a harm that the log says has not resolved, of a patient last "
        f"seen at least {days} days after the session it began with. The log agrees where there is "
        "none, where it is known of every harm whether it lasted, and where the upper bound for "
        f"the patients followed is below {most}; else there is too little data. {days} days and "
        f"{most} are conventions of this project. {_ABSENCE}"
    )
    return told, rule


def _tell_safer(released: Released, claim: str) -> tuple[list[str], str]:
    index, modality = released.origin.index_modality, claim.removeprefix(SAFER)
    margin = write_number(PROTOCOL["claim_safer_by"].value * 100)
    rule = (
        "safer is fewer sessions with harm, at least one in a hundred fewer. The log agrees where "
        f"the whole interval of the difference lies below \N{MINUS SIGN}{margin} percentage point, "
        "disagrees where it lies above that, and has too little data otherwise; the margin is a "
        "convention of this project."
    )
    if modality == index:
        return ["The courses of this page are of that treatment itself."], rule
    told = [
        f"{capitalise(name_modality(each))}: {_tell_harm(released, each)}."
        for each in (index, modality)
    ]
    row = find_level(released, "difference in harm", "difference", f"{index} less {modality}")
    if row is not None and row["status"] != "not estimable":
        told[-1] += f" {_tell_difference(row)}"
    told.append(
        "Sessions at home count too. Who gets which treatment depends on what they came with and "
        "how bad it was (confounding by indication), and nothing is adjusted for it: harm of "
        "another treatment is no measure of how these patients would have fared with it."
    )
    return told, rule


def _tell_harm(released: Released, modality: str) -> str:
    recorded = find_level(released, "recorded", "modality", modality)
    harm = find_level(released, "sessions with harm", "modality", modality)
    if recorded is None or harm is None or (_is_known(recorded) and not recorded["total"]):
        return "no session in this log"
    if _is_known(harm) and not harm["total"]:
        return f"side effects were recorded at none of {tell_range(recorded)} sessions"
    return f"harm after {write_share(harm, 'sessions asked about side effects')}"


def _is_known(row: Row) -> bool:
    return not pd.isna(row["total"])


def _tell_difference(row: Row) -> str:
    if row["status"] == "suppressed":
        return f"The difference is {PROTECTED}."
    if pd.isna(row["value"]):
        reason = TOO_FEW if row["status"] == "too few" else NOT_ESTIMABLE
        return f"The difference: {reason}."
    told = f"The difference is {write_signed(row['value'] * 100)} percentage points"
    if pd.isna(row["low"]):
        return f"{told}, without an interval."
    low, high = (write_signed(row[name] * 100) for name in ("low", "high"))
    return f"{told} ({write_confidence(row)} interval {low} to {high}; minus: less harm)."


_TELL: Final[Mapping[str, Callable[[Released, str], tuple[list[str], str]]]] = {
    "session_length": _tell_length,
    "pain": _tell_pain,
    "pain_without_numbing": _tell_pain,
    "reactions": _tell_reactions,
    "lasting_harm": _tell_lasting,
    "interval": _tell_interval,
    SAFER: _tell_safer,
}
