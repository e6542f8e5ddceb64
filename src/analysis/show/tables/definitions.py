"""What each kind of number means: what is counted, of whom, and by which method.

Written from the rows a table shows, so that a table cannot show a number without its definition.
The methods' names and sources are those of ``methods.toml``.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

import pandas as pd

from analysis.show.sentences import capitalise, write_list, write_number
from analysis.vocabulary import METHODS

Row = Mapping[str, Any]

POPULATIONS: Final = {
    "analysed": "patients of a first course with the scores the scale needs who could respond",
    "patients with a further session": "patients with a session at most 180 days after another",
    "seen again": "patients of a first course with the scores the scale needs",
    "due": "patients who were due, seen again or not, and who could respond",
    "due, any first score": "patients who were due, seen again or not",
    "not seen again": "patients who were due and were not seen again",
    "analysed, no other procedure": "those of them without another procedure on the same concern",
    "all courses analysed": "all courses with the scores the scale needs that could respond",
    "further courses analysed": "of these, the courses after the first one",
    "could respond, seen at the visit": "patients who could respond, seen at the visit",
    "both halves scored": "patients of a first course of which both halves have the scores the "
    "scale needs, by the same kind of rater",
    "pairs of halves": "those of them whose halves were treated differently",
    "pairs of halves that could respond": "of these, patients both of whose halves could respond",
    "analysed, courses of a modality": "the same of first courses of another modality",
    "seen again, courses of a modality": "the same of first courses of another modality",
    "first courses": "the first course of every patient",
    "patients treated in the clinic": "patients with a session in the clinic",
    "sessions in the clinic, needle recorded": "sessions in the clinic with a needle length",
    "patients asked": "patients with a session at which side effects were recorded",
    "sessions asked": "sessions at which side effects were recorded",
    "session length recorded": "patients with a session whose length was recorded",
    "pain recorded": "patients with a session at which pain was recorded",
    "pain recorded, numbed": "patients with a session with numbing at which pain was recorded",
    "pain recorded, not numbed": "patients with a session at which pain was recorded, and that "
    "nothing was used for numbing",
    "patients followed": "patients asked about side effects and seen long enough after their last "
    "session, or with a harm that had not resolved as long after it began",
    "patients all, blank as none": "all patients with a session",
    "sessions all, blank as none": "all sessions",
    "patients asked, seen in the onset window": "those of them who were seen inside the onset "
    "window of the side effect",
    "patients with it": "patients with the side effect",
    "patients with it, resolution recorded": "those of them of whom it is recorded how long it "
    "lasted, or that it had not resolved",
    "expected reactions": "all that began",
    "patients with such a session, skin type known": "patients with such a session",
}
"""Who is in the denominator, where the name of a population does not say it all."""

MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    # who came
    "rows": ("Rows", "rows of the log that were read, used, set aside, or no data"),
    "sessions": ("Sessions", "sessions that were chosen"),
    "patients": ("Patients", "patients with a session that was chosen"),
    "characteristic": ("Characteristics", "patients at each level, “not recorded” being one"),
    "age": ("Median age", "the median age of the patients whose age is known"),
    "fate": (
        "What became of first courses",
        "first courses by how far they came: not yet due, without a first score, not seen again, "
        "seen again but not able to respond, analysed",
    ),
    # how many got better
    "responders": ("Responders", "patients whose scores meet the responder rule of the scale"),
    "direction": (
        "Better, same, worse",
        "patients whose later score is better than the first one, the same, or worse",
    ),
    "mean change": (
        "Mean change",
        "the later score less the first one, with plus for better; the mean over patients",
    ),
    "mean change, bootstrap": ("Mean change, bootstrap", "the same mean, with another interval"),
    "median percent change": (
        "Median percentage",
        "each patient's improvement in percent of the first score; the median",
    ),
    "beyond measurement error": (
        "Beyond measurement error",
        "patients who got better by more than the published measurement error of the scale",
    ),
    "rater": ("Who scored", "patients by the kind of person who gave both scores"),
    "days to follow-up": (
        "Days to follow-up",
        "days from the last session of the course to the later score; the quartiles over patients",
    ),
    "shift": ("Grades", "patients by their first and their later grade"),
    "answer": ("Answers", "patients by the answer given at follow-up"),
    "good answers": ("Good answers", "patients whose answer meets the responder rule of the scale"),
    "marginal mean": (
        "Mean score of the model",
        "the mean score at a visit, had all continued, as a model of all visits puts it",
    ),
    "change at visit": (
        "Change in the model",
        "that mean less the one at baseline, with plus for better",
    ),
    "observed mean": ("Mean score seen", "the mean score of those who came to the visit"),
    "responders at visit": (
        "Responders at a visit",
        "patients whose score at the visit meets the responder rule of the scale",
    ),
    "difference in responders": (
        "Difference",
        "the share of responders of the first group less that of the second",
    ),
    "standardised difference in responders": (
        "Standardised difference",
        "the same, had both groups had the same first scores and ages",
    ),
    "tipping point": (
        "Tipping point",
        "how many of those not seen again must have responded for the claim to hold",
    ),
    "tipping change": (
        "Tipping point",
        "the mean change of those not seen again at which the claim no longer holds",
    ),
    "responders, counted otherwise": (
        "Responders, counted otherwise",
        "patients, or courses, whose scores meet the responder rule of the scale",
    ),
    "halves": ("What was done on the halves", "patients by what was done on each half"),
    "mean change of a half": (
        "Mean change of a half",
        "the later score of the half less its first one, with plus for better; the mean",
    ),
    "difference in change between halves": (
        "Mean difference between halves",
        "the change of the first half less that of the other one of the same patient; the mean",
    ),
    "half that did better": ("Half that did better", "patients by the half that got better more"),
    "responders of a half": (
        "Responders of a half",
        "patients in whom the scores of the half meet the responder rule of the scale",
    ),
    "halves that responded": (
        "Halves that responded",
        "patients by which of their halves meet the responder rule of the scale",
    ),
    "difference in responders between halves": (
        "Difference between halves",
        "the share of patients whose first half responded less that of those whose other half did",
    ),
    # side effects
    "patients with": (
        "Patients with it",
        "patients with the side effect, or any of its class, at one session at least",
    ),
    "sessions with": (
        "Sessions with it",
        "sessions at which the side effect, or any of its class, began",
    ),
    "events per 100 sessions": ("Events", "how often it began in 100 sessions"),
    "upper bound": (
        "Bound",
        "the largest share that is still compatible with nobody having had it, one-sided",
    ),
    "recorded": ("Recorded", "sessions at which it was written down; of side effects, also “none”"),
    "worst grade": ("Worst grade", "patients with it by the highest grade that was written of it"),
    "lasted": (
        "How long it lasted",
        "reactions that ended within their limit, lasted longer, or of which nobody wrote it",
    ),
    "resolution recorded": (
        "Resolution recorded",
        "patients of whose first event it is written how long it lasted, or that it had not "
        "resolved",
    ),
    "median days": (
        "Median days",
        "days until the first event had resolved, by which it had in half of the patients",
    ),
    "unresolved after 7 days": ("Unresolved", "patients whose first event lasted longer than that"),
    "unresolved after 30 days": (
        "Unresolved",
        "patients whose first event lasted longer than that",
    ),
    "difference in sessions with": (
        "Difference",
        "the share of sessions with it of the first group less that of the second",
    ),
    "standardised difference in sessions with": (
        "Standardised difference",
        "the same, had both groups had the same mixture of what is recorded of them",
    ),
    "darker skin": ("Darker skin", "patients with skin types IV to VI"),
    "serious": ("Serious harm", "patients with harm that the log calls serious"),
    "serious, of harm": ("Serious, of harm", "patients by whether the log calls it serious"),
    "stopped because of harm": (
        "Treatment stopped",
        "patients whose treatment was stopped because of harm, as the log says",
    ),
    "stopped because of harm, of harm": (
        "Stopped, of harm",
        "patients by whether their treatment was stopped because of it",
    ),
    # how patients were treated
    "interval under four weeks": (
        "Under four weeks",
        "patients with at least one interval between sessions under four weeks",
    ),
    "median interval": (
        "Median interval",
        "the median of each patient's intervals in days; of these the median over patients",
    ),
    "median interval of the patient": (
        "Patients by median interval",
        "patients by the median of their intervals",
    ),
    "shortest interval": ("Patients by shortest interval", "patients by their shortest interval"),
    "minutes": (
        "Minutes",
        "the median of each patient's minutes a session; of these the quartiles over patients",
    ),
    "where treated": ("Where treated", "patients by where their sessions were"),
    "sessions by place": ("Sessions by place", "sessions by where they were"),
    "median needle": (
        "Median needle",
        "the median of each patient's longest needles in mm; of these the median",
    ),
    "numbed": (
        "Numbing",
        "patients by whether the skin was numbed at the sessions of which that was written",
    ),
    "median pain": (
        "Median pain",
        "the median of each patient's pain from 0 to 10; of these the median",
    ),
    "endpoint": ("Endpoint", "patients by the endpoint written at their sessions"),
    "aftercare": ("Aftercare", "patients by the aftercare written at their sessions"),
    "needle against the usual range": (
        "Needle against reviewed papers",
        "sessions by their longest needle, against the lengths that reviewed papers used",
    ),
    # the patient article
    "session length": ("Length of a session", "patients by the median length of their sessions"),
    "median session length": (
        "Median length",
        "the median of each patient's minutes a session; of these the median",
    ),
    "turning points": (
        "Turning points",
        "from which share on the log would agree, and up to which it would disagree",
    ),
    "little pain": ("Little pain", "patients whose median pain is little by the rule of the claim"),
    "time between sessions": (
        "Time between sessions",
        "patients by the median of the days between their sessions",
    ),
    "median time between sessions": (
        "Median time",
        "the median of each patient's days between sessions; of these the median",
    ),
    "sessions with reaction": ("Sessions with it", "sessions at which the reaction began"),
    "patients asked": (
        "Patients asked",
        "patients with a session at which side effects were recorded, also as none",
    ),
    "patients followed": (
        "Patients followed",
        "patients seen long enough after their last session, or with a harm that had not resolved",
    ),
    "harm at last contact": (
        "Harm at last contact",
        "patients by what is known of their harm when last seen",
    ),
    "sessions with harm": ("Sessions with harm", "sessions at which any harm began"),
    "case mix": ("Skin types", "patients by their skin types"),
    "difference in harm": (
        "Difference",
        "the share of sessions with harm of the first modality less that of the other",
    ),
    # over time
    "months since the last session": (
        "Months",
        "months from the last session to the day of reading",
    ),
    "sessions of late": ("Of late", "sessions of the last full month"),
    "usual sessions": ("Usual", "sessions a month; the median of the twelve months before"),
    "recorded of late": (
        "Recorded of late",
        "sessions of the last full quarter at which it was written down",
    ),
    "usually recorded": (
        "Usually recorded",
        "the share of sessions at which it was written down; the median of four quarters before",
    ),
    "alarm": ("Alarm", "whether what is usual has fallen to less than half"),
    "sessions with, over time": ("Sessions with it", "sessions of the period at which it began"),
    "events, over time": ("Events", "how often it began in 100 sessions of the period"),
    "mean pain, over time": (
        "Mean pain",
        "pain from 0 to 10; the mean over sessions of the period",
    ),
    "days between": ("Days between", "days from one event to the next"),
    "sessions between": ("Sessions between", "sessions without the event from one to the next"),
    "sessions with, by unit": ("Sessions with it", "sessions at which it began, unit by unit"),
}
"""Of each statistic: its name, and what is counted (the numerator) or measured, in words."""

_LIMITS: Final = ", limits"
_RECORDED: Final = " recorded"
_OF_LIMITS: Final = (
    "Limits",
    "the centre of a chart, and how far chance alone lets a point lie from it",
)
_OF_RECORDED: Final = ("Recorded", "sessions at which it was written down")
_OF_SCREENING: Final = (
    "Contraindications",
    "patients with it present at one session at least, absent (denied and never present), or not "
    "recorded",
)
_NO_SOURCE: Final = ("", "none needed")


def name_measure(row: Row) -> tuple[str, str]:
    """Return what kind of number a row is, and what is counted or measured, in words.

    Empty words where neither this module nor the form of the row tells it.
    """
    statistic = row["statistic"]
    if statistic in MEASURES:
        return MEASURES[statistic]
    if statistic.endswith(_LIMITS):
        return _OF_LIMITS
    if statistic.endswith(_RECORDED):
        return _OF_RECORDED
    # a contraindication is a statistic that is its own grouping
    return _OF_SCREENING if statistic == row["by"] else (capitalise(statistic), "")


def define(rows: Iterable[Row]) -> str:
    """Return a list of the kinds of numbers in these rows, as HTML: what is counted, of whom, by
    which method with its source, and how sure its intervals are. Empty for rows that are no
    estimates."""
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if "statistic" in row:
            kinds.setdefault(name_measure(row), []).append(row)
    return (
        write_list("", [_tell(*kind, of_kind) for kind, of_kind in kinds.items()]) if kinds else ""
    )


def _tell(name: str, counted: str, rows: list[Row]) -> str:
    whom = dict.fromkeys(row["population"] for row in rows if row["population"])
    used = {row["method"] for row in rows}
    parts = [escape(counted)] if counted else []
    if whom:
        parts.append(f"<em>of</em> {'; '.join(escape(_tell_population(each)) for each in whom)}")
    methods = [_cite_method(key) for key in METHODS if key in used and key != "count"]
    if methods:
        parts.append(f"<em>by</em> {'; '.join(methods)}")
    levels = sorted({row["confidence"] for row in rows if not pd.isna(row["confidence"])})
    if levels:
        parts.append(f"confidence {', '.join(f'{write_number(each * 100)} %' for each in levels)}")
    return f"<strong>{escape(name)}:</strong> {', '.join(parts)}."


def _tell_population(name: str) -> str:
    return f"{POPULATIONS[name]} (“{name}”)" if name in POPULATIONS else name


def _cite_method(key: str) -> str:
    method = METHODS[key]
    name = escape(method.name)
    return name if method.reference in _NO_SOURCE else f"{name} ({escape(method.reference)})"
