"""Harm counted from visible logs: three denominators, what is late, what lasts, what goes with it.

The header of a log names roles; a number in a date column is a day (see ``logs``).
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.answers.side_effects import (
    compare_harm,
    count_lasting,
    count_term,
    estimate_classes,
    estimate_grades,
    estimate_resolution,
    estimate_side_effects,
    vary_denominators,
)
from analysis.errors import UsageError
from analysis.estimates import bind_estimates
from analysis.intake.cohort import load_cohort
from analysis.show import figures, sentences, tables
from analysis.show.disclosure import release
from logs import Clinics, write_project

ALL_QUESTIONS = (
    estimate_side_effects,
    estimate_classes,
    vary_denominators,
    estimate_grades,
    count_lasting,
    estimate_resolution,
    compare_harm,
)


def find(frame: pd.DataFrame, statistic: str, term: str, **place: str) -> dict[str, Any]:
    """Return the one row of a statistic and side effect."""
    kept = frame[(frame["statistic"] == statistic) & (frame["term"] == term)]
    for name, value in ({"by": ""} | place).items():
        kept = kept[kept[name] == value]
    (row,) = kept.to_dict("records")
    return row


def fraction(frame: pd.DataFrame, statistic: str, term: str, **place: str) -> str:
    row = find(frame, statistic, term, **place)
    return f"{row['count']}/{row['total']}"


# --- three denominators -----------------------------------------------------------------------

# Six patients; a has redness three times, one of which nobody wrote down anything about.
THREE = """
patient | day | concern | harm
a       | 0   | AS      | redness, itching
a       | 30  | AS      | redness
a       | 60  | AS      |
b       | 0   | AS      | none
b       | 30  | AS      | redness
c       | 0   | AS      | none
d       | 0   | AS      | none
e       | 0   | AS      | acne flare, milia
f       | 0   | AS      |
"""


def test_three_denominators(clinics: Clinics) -> None:
    """Patients, sessions and events; a blank is in none of them, and taken for none beside."""
    cohort = clinics["three"]
    asked, blank = estimate_side_effects(cohort), vary_denominators(cohort)

    patients = {"population": "patients asked"}
    assert fraction(asked, "patients with", "erythema", **patients) == "2/5"
    assert fraction(asked, "sessions with", "erythema") == "3/7"
    assert fraction(asked, "events per 100 sessions", "erythema") == "3/7"
    assert find(asked, "events per 100 sessions", "erythema")["value"] == pytest.approx(300 / 7)
    assert fraction(blank, "patients with", "erythema") == "2/6"
    assert fraction(blank, "sessions with", "erythema") == "3/9"
    assert fraction(asked, "recorded", "") == "7/9"


def test_classes(clinics: Clinics) -> None:
    """Several in one session are several events, and one session and one patient with any."""
    found = estimate_classes(clinics["three"])

    assert fraction(found, "patients with", "any_expected") == "2/5"
    assert fraction(found, "sessions with", "any_expected") == "3/7"
    assert fraction(found, "events per 100 sessions", "any_expected") == "4/7"
    assert fraction(found, "patients with", "any_harm") == "1/5"
    assert fraction(found, "events per 100 sessions", "any_harm") == "2/7"
    assert fraction(found, "patients with", "any_special_interest") == "0/5"
    assert find(found, "upper bound", "any_special_interest")["value"] == pytest.approx(
        1 - 0.05 ** (1 / 5)
    )


# Whatever else is done, its sessions are not those of mechanical needling.
MODALITIES = "patient | day | concern | modality | harm\n" + "\n".join(
    f"p{number} | 0 | AS | {modality} | {harm}"
    for number, (modality, harm) in enumerate(
        [("needling", "acne flare")] * 3
        + [("needling", "none")] * 9
        + [("RF microneedling", "acne flare")] * 6
        + [("RF microneedling", "none")] * 6
    )
)


def test_modalities_are_never_pooled(tmp_path: Path) -> None:
    """Those of the page alone are counted, and the other stands beside."""
    write_project(tmp_path, MODALITIES)
    both = load_cohort("clinic", project=tmp_path)
    chosen = load_cohort("clinic", project=tmp_path, modality=["rf_microneedling"])
    turned = load_cohort("clinic", project=tmp_path, index_modality="rf_microneedling")

    assert fraction(estimate_classes(both), "patients with", "any_harm") == "3/12"
    beside = {"by": "modality", "level": "rf_microneedling"}
    assert fraction(compare_harm(both), "patients with", "any_harm", **beside) == "6/12"
    for cohort in (chosen, turned):
        assert fraction(estimate_classes(cohort), "patients with", "any_harm") == "6/12"
        assert cohort.origin.harm_modality == "rf_microneedling"


# --- what shows late --------------------------------------------------------------------------

# day of the next contact after a session at which there was no hyperpigmentation; whether the
# session counts, and whether inside weeks 1 to 4
LATE = [
    ("6", False, False),
    ("7", True, True),
    ("28", True, True),
    ("29", True, False),  # darkening that lasts would still be there
    ("180", True, False),
    ("181", False, False),
    ("", False, False),  # never seen again
]


SEEN_LATER = "patient | day | concern | harm\n" + "".join(
    f"p{number} | 0 | AS | none\n" + (f"p{number} | {day} | AS | \n" if day else "")
    for number, (day, _, _) in enumerate(LATE)
)
REVIEWED = """
patient | day | concern | scale | before | after | reviewed | harm
a       | 0   | AS      | gb    | 3      | 2     | 90       | none
"""
NOT_SEEN_AGAIN = "patient | day | concern | harm\na | 0 | AS | PIH\nb | 0 | AS | none\n"


def test_late_harm_counts_where_the_patient_was_seen_later(clinics: Clinics) -> None:
    """Hyperpigmentation shows from day 7: nobody can know of it who was not there then."""
    cohort = clinics["seen later"]

    late = count_term(cohort, "pih")

    assert late["sessions_asked"].tolist() == [int(counts) for _, counts, _ in LATE]
    assert late["sessions_inside"].tolist() == [int(inside) for _, _, inside in LATE]
    # what shows at once needs nobody to come again
    assert count_term(cohort, "hsv")["sessions_asked"].tolist() == [1] * len(LATE)
    found = pd.concat([estimate_side_effects(cohort), vary_denominators(cohort)])
    asked = {"population": "patients asked"}
    assert fraction(found, "patients with", "pih", **asked) == "0/4"
    window = {"population": "patients asked, seen in the onset window"}
    assert fraction(found, "patients with", "pih", **window) == "0/2"


def test_a_review_is_a_contact_too(clinics: Clinics) -> None:
    """A score taken on day 90 means that somebody saw the skin."""
    found = estimate_side_effects(clinics["reviewed"])

    assert fraction(found, "patients with", "pih") == "0/1"
    assert fraction(found, "patients with", "keloid") == "0/1"


def test_late_harm_that_was_seen_counts_in_any_case(clinics: Clinics) -> None:
    """Who had it and did not come again is in numerator and denominator."""
    found = estimate_side_effects(clinics["not seen again"])
    assert fraction(found, "patients with", "pih") == "1/1"


# --- one event until it has ended -------------------------------------------------------------

# what is written at the sessions of days 0, 30 and 60; how many events that is
EVENTS = [
    ("PIH | PIH | PIH", "pih", 1),  # it persists
    ("PIH for 2 weeks | PIH | ", "pih", 2),  # it had ended
    ("PIH for 6 weeks | PIH for 1 week | PIH", "pih", 2),  # on day 42
    ("PIH for 6 weeks | PIH | PIH", "pih", 1),  # of what was there on day 30, no end is known
    ("PIH for 30 days | PIH | ", "pih", 2),  # on the very day of the session
    ("PIH | | PIH", "pih", 1),
    ("redness | redness | redness", "erythema", 3),  # it goes away
    ("acne flare for 5 weeks | acne flare | acne flare", "acne_flare", 2),
]


WRITTEN_AGAIN = "patient | day | concern | harm\n" + "".join(
    f"p{number} | {day} | AS | {cell.strip() or 'none'}\n"
    for number, (cells, _, _) in enumerate(EVENTS)
    for day, cell in zip((0, 30, 60), cells.split("|"), strict=True)
)


def test_an_event_is_one_until_it_has_ended(clinics: Clinics) -> None:
    """Written again before that, it is the same; rates count what began."""
    cohort = clinics["written again"]

    began = {
        term: count_term(cohort, term).rename(index=lambda patient: patient.partition("-")[2])
        for term in {term for _, term, _ in EVENTS}
    }

    found = [
        began[term].loc[f"p{number}", "sessions_with"] for number, (_, term, _) in enumerate(EVENTS)
    ]
    assert found == [events for _, _, events in EVENTS]
    rates = estimate_side_effects(cohort)
    darkened = sum(events for _, term, events in EVENTS if term == "pih")
    assert find(rates, "events per 100 sessions", "pih")["count"] == darkened


def test_an_event_that_began_before_the_period_is_not_in_it(tmp_path: Path) -> None:
    """History before the period is used: the darkening of January is no event of February."""
    write_project(tmp_path, "patient | day | concern | harm\na | 0 | AS | PIH\na | 40 | AS | PIH\n")

    year = load_cohort("clinic", project=tmp_path)
    february = load_cohort("clinic", project=tmp_path, period="2024-02")

    assert year.harms.query("concern == ''")["sessions_with"].tolist() == [1]
    assert february.harms.query("concern == ''")["sessions_with"].tolist() == [0]


# --- expected, or too long --------------------------------------------------------------------

# redness counts as harm after 168 hours, and only then
LIMITS = [
    ("redness 167 hours", "", "erythema", "within its limit"),
    ("redness 168 hours", "", "erythema", "within its limit"),
    ("redness 169 hours", "", "prolonged_erythema", "longer"),
    ("redness", "", "erythema", "not recorded"),
    ("redness", "no", "erythema", "not recorded"),  # unresolved: how long is not known
    ("redness 169 hours", "no", "prolonged_erythema", "longer"),
]


AT_THE_LIMIT = "patient | day | concern | harm | resolved\n" + "".join(
    f"p{number} | 0 | AS | {harm} | {resolved}\n"
    for number, (harm, resolved, _, _) in enumerate(LIMITS)
)


def test_longer_than_its_limit_is_harm(clinics: Clinics) -> None:
    """An hour less, as long, an hour more, nobody knows: of these, more alone is harm."""
    cohort = clinics["at the limit"]

    seen = cohort.harms.query("concern == '' and sessions_with > 0")
    states = cohort.lasting

    assert seen["term"].tolist() == [term for _, _, term, _ in LIMITS]
    assert states["state"].tolist() == [state for *_, state in LIMITS]
    lasted = count_lasting(cohort)
    assert dict(zip(lasted["level"], lasted["count"], strict=True)) == {
        "within its limit": 2,
        "longer": 2,
        "not recorded": 2,
    }


# --- how grave, how long ----------------------------------------------------------------------

GRAVE = """
patient | day | concern | harm       | severity
a       | 0   | AS      | acne flare | mild
a       | 30  | AS      | acne flare | severe
a       | 60  | AS      | acne flare | moderate
b       | 0   | AS      | acne flare |
b       | 30  | AS      | milia      | moderate
c       | 0   | AS      | milia      | mild
d       | 0   | AS      | none       |
"""


def test_worst_grade_of_a_patient(clinics: Clinics) -> None:
    """The gravest of a patient and side effect; a grade that nobody wrote is a level."""
    found = estimate_grades(clinics["grave"])

    told = {
        (row.term, row.level): f"{row.count}/{row.total}"
        for row in found[["term", "level", "count", "total"]].itertuples(index=False, name="Row")
    }
    assert {key: value for key, value in told.items() if key[0] != "any_harm"} == {
        ("acne_flare", "3 severe"): "1/2",
        ("acne_flare", "not recorded"): "1/2",
        ("milia", "1 mild"): "1/2",
        ("milia", "2 moderate"): "1/2",
    }
    assert told["any_harm", "3 severe"] == "1/3"  # a
    assert told["any_harm", "2 moderate"] == "1/3"  # b
    assert told["any_harm", "1 mild"] == "1/3"  # c


LONG = """
patient | day | concern | harm                | resolved
a       | 0   | AS      | acne flare 3 days   |
b       | 0   | AS      | acne flare 5 days   | yes
c       | 0   | AS      | acne flare 10 days  |
d       | 0   | AS      | acne flare 14 days  |
e       | 0   | AS      | acne flare          | no
e       | 40  | AS      | none                |
f       | 0   | AS      | acne flare          | yes
g       | 0   | AS      | acne flare          |
a       | 60  | AS      | acne flare 100 days |
"""


def test_days_until_it_had_resolved(clinics: Clinics) -> None:
    """Five of seven: e's had not when last seen on day 40; of f and g nobody can say how long."""
    found = estimate_resolution(clinics["long"])

    assert fraction(found, "resolution recorded", "acne_flare") == "5/7"
    # 3, 5, 10, 14, 40+: half had by day 10; the second flare of a does not count
    assert find(found, "median days", "acne_flare")["value"] == 10
    assert find(found, "unresolved after 7 days", "acne_flare")["value"] == pytest.approx(0.6)
    assert find(found, "unresolved after 30 days", "acne_flare")["value"] == pytest.approx(0.2)


# --- what goes with it ------------------------------------------------------------------------


def write_groups(first: str, other: str) -> str:
    """Return a log of patients with a session with a short needle and one with a long one: as many
    as ``first`` and ``other`` have letters, h for harm and . for none."""
    rows = [
        f"p{number} | {day} | AS | {needle} mm | {'acne flare' if letter == 'h' else 'none'}"
        for number, letters in enumerate(zip(first, other, strict=True))
        for day, needle, letter in zip((0, 30), ("1", "2"), letters, strict=True)
    ]
    return "patient | day | concern | needle | harm\n" + "\n".join(rows)


def test_groups_of_sessions_in_which_patients_recur(clinics: Clinics) -> None:
    """The same twenty patients with short and long needles: one difference, by patient."""
    found = compare_harm(clinics["groups"])

    short, long = (
        {"by": "needle", "level": f"over {span} mm"} for span in ("0.5 to 1", "1.5 to 2")
    )
    assert fraction(found, "sessions with", "any_harm", **short) == "6/20"
    assert fraction(found, "sessions with", "any_harm", **long) == "12/20"
    apart = {"by": "needle, difference"}
    difference = find(found, "difference in sessions with", "any_harm", **apart)
    assert difference["value"] == pytest.approx(0.3)
    assert (difference["patients_count"], difference["patients_total"]) == (12, 20)
    # six of twenty changed, all one way: far narrower than if they were forty people
    assert difference["low"] > 0
    assert "exploratory" in difference["note"]


def test_a_side_effect_alone_can_be_compared(clinics: Clinics) -> None:
    """A key of the vocabulary, or a class; anything else is asked about."""
    cohort = clinics["unlike groups"]
    level = {"by": "needle", "level": "over 0.5 to 1 mm"}

    assert fraction(compare_harm(cohort, "acne_flare"), "sessions with", "acne_flare", **level) == (
        "10/10"
    )
    assert fraction(compare_harm(cohort, "milia"), "sessions with", "milia", **level) == "0/10"
    with pytest.raises(UsageError, match="sunburn"):
        compare_harm(cohort, "sunburn")


# --- at the edges -----------------------------------------------------------------------------

HEAD = "patient | day | concern | skin | harm\n"


def write_log(patients: int, sessions: int, harm: str) -> str:
    rows = [
        f"p{number} | {30 * place} | AS | II | {harm}"
        for number in range(patients)
        for place in range(sessions)
    ]
    return HEAD + "\n".join(rows)


# patients, sessions of each, what is written; acne flare in the three ways, and the page's word
EDGES = [
    ((12, 2, "none"), "0/12 0", "0/24 0", "0/24 0", "shown"),
    ((12, 2, "acne flare"), "12/12 1", "24/24 1", "24/24 100", "shown"),
    ((1, 1, "acne flare"), "1/1 -", "1/1 -", "1/1 -", "too few"),
    ((1, 3, "acne flare"), "1/1 -", "3/3 -", "3/3 -", "too few"),
    ((4, 1, "none"), "0/4 -", "0/4 -", "0/4 -", "too few"),
    ((5, 1, "none"), "0/5 0", "0/5 0", "0/5 0", "shown"),
    ((12, 2, ""), "0/0 -", "0/0 -", "0/0 -", "not estimable"),
]


@pytest.fixture(scope="module")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> Clinics:
    """The logs above, each a clinic of one log."""
    tables = {
        "three": THREE,
        "seen later": SEEN_LATER,
        "reviewed": REVIEWED,
        "not seen again": NOT_SEEN_AGAIN,
        "written again": WRITTEN_AGAIN,
        "at the limit": AT_THE_LIMIT,
        "grave": GRAVE,
        "long": LONG,
        "groups": write_groups("hhhhhh" + "." * 14, "hhhhhh" + "hhhhhh" + "." * 8),
        "unlike groups": write_groups("h" * 10, "." * 10),
    }
    tables |= {str(log): write_log(*log) for log, *_expected in EDGES}
    return Clinics(tmp_path_factory.mktemp("clinics"), tables)


@pytest.mark.parametrize(("log", "patients", "sessions", "events", "status"), EDGES)
def test_degenerate_logs(
    clinics: Clinics,
    log: tuple[int, int, str],
    patients: str,
    sessions: str,
    events: str,
    status: str,
) -> None:
    """No events, all events, one patient, one session, nothing recorded: a row and its status."""
    found = estimate_classes(clinics[str(log)])

    expected = {
        "patients with": patients,
        "sessions with": sessions,
        "events per 100 sessions": events,
    }
    for statistic, told in expected.items():
        row = find(found, statistic, "any_harm")
        value = "-" if pd.isna(row["value"]) else f"{row['value']:g}"
        assert f"{row['count']}/{row['total']} {value}" == told
        assert row["status"] == status
        if not pd.isna(row["low"]):  # where all are alike there is none, but never an empty one
            assert row["low"] < row["high"]


@pytest.mark.parametrize(
    ("log", "audience"),
    [
        ((12, 2, "none"), "shareable"),
        ((12, 2, "acne flare"), "shareable"),
        ((1, 1, "acne flare"), "shareable"),
        ((12, 2, ""), "shareable"),
        ((1, 3, "acne flare"), "internal"),
    ],
)
def test_pages_of_degenerate_logs(
    clinics: Clinics, log: tuple[int, int, str], audience: str
) -> None:
    """Every part of the page has words, and none of them is "nan"."""
    cohort = clinics[str(log)]
    estimates = bind_estimates(*(question(cohort) for question in ALL_QUESTIONS))
    released = release(estimates, cohort.origin, audience=audience)

    parts = [
        sentences.describe_harm(released),
        sentences.describe_not_seen(released),
        sentences.describe_resolution(released),
        sentences.describe_harm_groups(released),
        figures.plot_side_effects(released),
        figures.plot_harm_groups(released),
        tables.show_side_effects(released),
        tables.show_other_denominators(released),
        tables.show_grades(released),
        tables.show_lasting(released),
        tables.show_resolution(released),
        tables.show_harm_differences(released),
    ]

    for part in parts:
        assert "nan" not in f"{part!r}".lower().split()
        assert "<NA>" not in repr(part)
    rare = repr(tables.show_side_effects(released))
    if log == (12, 2, "none"):
        assert "Anaphylaxis\t0 of 12, 0 %, 0 to 26 %, bound 22 %" in rare
    if log == (12, 2, ""):
        assert "0 of 0" in rare


def test_a_name_of_every_question(clinics: Clinics) -> None:
    """All of them fit on one page: no number has the address of another."""
    cohort = clinics["long"]

    frame = bind_estimates(*(question(cohort) for question in ALL_QUESTIONS))

    assert frame["address"].is_unique
    assert {"side effects"} == {*frame["question"]}
