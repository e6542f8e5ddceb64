"""Claims on a shared page: what is hidden stays hidden, from sums and from verdicts.

The pages are made by the answers from patients that a test counts out by kind. The attacker is that
of the outcomes: every number shown is a sum of kinds of patients, and an integer program tells
whether a hidden one could be another than it is.
"""

import re
from itertools import product
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.answers.claims import (
    compare_modalities,
    estimate_lasting_harm,
    estimate_length,
    estimate_pain,
)
from analysis.show.disclosure import Released, release
from analysis.show.sentences import describe_claim, name_verdict
from analysis.show.tables import show_claim
from test_disclosure import ORIGIN
from test_outcome_disclosure import find_range

SHAPED: Final = {
    "\N{BLACK SQUARE} disagrees": "disagrees",
    "\N{BLACK CIRCLE} agrees": "agrees",
    "\N{WHITE DIAMOND} too little data": "too little data",
    "\N{WHITE SQUARE} not shown": "not shown",
    "\N{WHITE CIRCLE} cannot be answered": "cannot be answered",
}
Clue = tuple[np.ndarray, float, float]


def judge(released: Released, claim: str) -> str:
    return SHAPED[name_verdict(released, claim)]


def make_cohort(**parts: Any) -> Any:
    """Return what the answers ask of a cohort."""
    selection = SimpleNamespace(index_modality="microneedling")
    return SimpleNamespace(
        origin=ORIGIN, selection=selection, vocabulary=ORIGIN.vocabulary, **parts
    )


def add_clues(row: dict[str, Any], count: np.ndarray, total: np.ndarray) -> list[Clue]:
    """Return what one released row tells of the kinds in its numerator and denominator."""
    clues = []
    for name, cells in (("count", count), ("total", total)):
        if not pd.isna(row[name]):
            clues.append((cells, float(row[name]), float(row[name])))
    if pd.isna(row["count"]) and (found := re.match(r"(\d+) to (\d+)", row["shown_as"])):
        clues.append((count, float(found[1]), float(found[2])))
    return clues


def find_leaks(clues: list[Clue], secrets: dict[str, np.ndarray], counts: np.ndarray) -> list[str]:
    """Return the small groups that come out of the clues."""
    leaks = []
    for name, cells in secrets.items():
        true = int(cells @ counts)
        if 0 < true < 5 and clues and find_range(clues, cells) == (true, true):
            leaks.append(f"{name}: {true}")
    return leaks


# --- pain: populations that overlap -------------------------------------------------------------

KINDS: Final = [
    *product((None, True, False), (None, True, False), (True, False)),
]
"""Little pain with numbing, without it, and in all; None is no such session with pain recorded."""
NUMBED = np.array([float(numbed is not None) for numbed, _bare, _all in KINDS])
BARE = np.array([float(bare is not None) for _numbed, bare, _all in KINDS])
GROUPS: Final = {
    "pain recorded": (np.array([float(each) for *_, each in KINDS]), np.ones(len(KINDS))),
    "pain recorded, numbed": (np.array([float(bool(each[0])) for each in KINDS]), NUMBED),
    "pain recorded, not numbed": (np.array([float(bool(each[1])) for each in KINDS]), BARE),
}
PAIN_SECRETS: Final = {
    "numbed and not": NUMBED * BARE,
    "never numbed": 1 - NUMBED,
    "never without": 1 - BARE,
    **{f"{name}, little": little for name, (little, _all) in GROUPS.items()},
    **{f"{name}, more": every - little for name, (little, every) in GROUPS.items()},
    **{f"{name}, all": every for name, (_little, every) in GROUPS.items()},
}


def release_pain(counts: np.ndarray) -> Released:
    level = {True: 2.0, False: 6.0, None: None}
    patients = [kind for kind, number in zip(KINDS, counts, strict=True) for _ in range(number)]
    columns = ["pain_numbed", "pain_not_numbed", "pain"]
    sessions = pd.DataFrame(
        [[level[each] for each in kind] for kind in patients], columns=columns
    ).astype(float)
    sessions = sessions.assign(sessions_felt=1, sessions=1)
    return release(estimate_pain(make_cohort(sessions_felt=sessions)), ORIGIN)


def list_pain_leaks(counts: np.ndarray) -> list[str]:
    clues = [(np.eye(len(KINDS))[0], 0.0, 400.0)]
    everybody = np.ones(len(KINDS))
    for row in release_pain(counts).frame.to_dict("records"):
        if row["statistic"] == "little pain":
            clues += add_clues(row, *GROUPS[row["population"]])
        elif row["statistic"] == "median pain":
            whole = GROUPS[row["population"]][1]
            clues += add_clues(row, whole, whole)
        elif row["statistic"] == "turning points":
            clues += add_clues(row | {"count": None}, everybody, GROUPS[row["level"]][1])
        else:
            clues += add_clues(row, everybody, everybody)
            clues += add_clues(
                row | {"count": row["patients_count"], "total": row["patients_total"]},
                everybody,
                everybody,
            )
    return find_leaks(clues, PAIN_SECRETS, counts)


def count_kinds(**numbers: int) -> np.ndarray:
    """Return the kinds: ``yn_y=3`` are three with little pain with numbing, more without it, and
    little in all; ``x`` is no such session."""
    letters = {"x": None, "y": True, "n": False}
    counts = dict.fromkeys(KINDS, 0)
    for name, number in numbers.items():
        counts[tuple(letters[each] for each in name.replace("_", ""))] = number  # type: ignore[index]
    return np.array([*counts.values()])


PAGES: Final = {
    "two had it both ways": {"yx_y": 20, "xy_y": 9, "nx_n": 12, "xn_n": 9, "yn_y": 2},
    "three were never numbed": {"yx_y": 20, "nx_n": 12, "xn_n": 1, "xy_y": 2, "yy_y": 20},
    "two of eleven without numbing felt little": {"yx_y": 30, "nx_n": 12, "yn_n": 9, "ny_n": 2},
    "hardly anybody without numbing": {"yx_y": 20, "nx_n": 12, "nn_n": 2, "yn_n": 1},
    "three were always numbed": {"yy_y": 37, "yx_y": 3},
    "two felt little without numbing, three were always numbed": {"xn_n": 30, "ny_y": 2, "nx_n": 3},
    "all but one felt little": {"yx_y": 30, "yy_y": 20, "nn_n": 1},
}


@pytest.mark.parametrize("name", PAGES)
def test_no_small_group_comes_out_of_pain(name: str) -> None:
    """Neither who felt little, nor how many had it with numbing and without."""
    assert list_pain_leaks(count_kinds(**PAGES[name])) == []


def test_a_well_filled_page_shows_pain() -> None:
    """Twenty of every kind hide nothing."""
    frame = release_pain(np.full(len(KINDS), 20)).frame
    assert (frame["status"] == "shown").all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 6, 12, 30]), min_size=18, max_size=18))
def test_no_page_of_pain_leaks(counts: list[int]) -> None:
    """Whatever the numbers of the kinds."""
    assert list_pain_leaks(np.array(counts)) == []


@pytest.mark.parametrize(("patients", "is_shown"), [(8, False), (9, True)])
def test_a_median_of_few_does_not_tell_who_lies_below(patients: int, is_shown: bool) -> None:
    """Of eight with one, two or more above 3, a median between two scores told how many: four."""
    counts = count_kinds(yx_y=patients // 2, nx_n=patients - patients // 2)
    frame = release_pain(counts).frame
    (median,) = frame[(frame["statistic"] == "median pain")].to_dict("records")[:1]
    assert bool(pd.notna(median["value"])) == is_shown


# --- what lasted --------------------------------------------------------------------------------

FATES: Final = ("lasting harm", "not known whether it lasted", "no lasting harm", "not followed")
PLACES: Final = {fate: np.eye(4)[place] for place, fate in enumerate(FATES)}
FOLLOWED: Final = 1 - PLACES["not followed"]


def release_lasting(*counts: int) -> Released:
    """Return the page of so many patients of each fate."""
    rows = []
    for fate, number in zip(FATES, counts, strict=True):
        row = {"days": 100 if fate == "not followed" else 200, "is_lasting": fate == FATES[0]}
        rows += [row | {"is_open": fate == FATES[1]}] * number
    people = pd.DataFrame(rows, columns=["days", "is_lasting", "is_open"])
    types = {"days": "int64", "is_lasting": bool, "is_open": bool}
    return release(estimate_lasting_harm(make_cohort(harms_followed=people.astype(types))), ORIGIN)


def list_lasting_leaks(counts: tuple[int, ...]) -> list[str]:
    clues = [(PLACES["not followed"], 0.0, 400.0)]
    for row in release_lasting(*counts).frame.to_dict("records"):
        if row["statistic"] == "patients asked":
            clues += add_clues(row, np.ones(4), np.ones(4))
        elif row["statistic"] == "patients followed":
            clues += add_clues(row, FOLLOWED, FOLLOWED)
        elif row["statistic"] == "upper bound":
            clues += add_clues(row, PLACES["lasting harm"], FOLLOWED)
        else:
            clues += add_clues(row, PLACES[row["level"]], FOLLOWED)
    secrets = PLACES | {"followed": FOLLOWED}
    return find_leaks(clues, secrets, np.array(counts))


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.sampled_from([0, 0, 1, 2, 4, 5, 9, 40, 300])] * 4))
def test_no_page_of_lasting_harm_leaks(counts: tuple[int, ...]) -> None:
    """Neither a fate, nor how few were followed or not."""
    assert list_lasting_leaks(counts) == []


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        # the range that is told rules nobody out, so does the verdict
        ((1, 0, 300, 50), "disagrees"),
        ((4, 0, 300, 50), "disagrees"),
        ((0, 0, 300, 50), "agrees"),
        ((0, 3, 300, 50), "too little data"),
        # not followed: so few that the number is hidden, and who was followed with it
        ((0, 0, 3, 300), "not shown"),
        ((1, 0, 2, 300), "not shown"),
    ],
)
def test_a_verdict_tells_no_more_than_the_numbers(counts: tuple[int, ...], verdict: str) -> None:
    """It is found from what is shown."""
    assert judge(release_lasting(*counts), "lasting_harm") == verdict


@pytest.mark.parametrize(
    ("one", "other"),
    [((1, 3, 300, 50), (3, 1, 300, 50)), ((1, 2, 301, 50), (3, 1, 300, 50))],
)
def test_pages_with_other_hidden_numbers_look_alike(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    """The same patients followed, other fates: verdict, sentences and table are the same."""
    pages = [
        [show(released, "lasting_harm") for show in (judge, tell, tabulate)]
        for released in (release_lasting(*one), release_lasting(*other))
    ]
    assert pages[0] == pages[1]


def tell(released: Released, claim: str) -> str:
    return describe_claim(released, claim).html


def tabulate(released: Released, claim: str) -> str:
    return show_claim(released, claim).html


# --- shares with a range ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("within", "beyond", "shown", "verdict"),
    [
        # 26 to 29 of 30: whichever it is, the lower limit is above one half (26/30 from 70 %)
        (28, 2, "26 to 29 of 30", "agrees"),
        (2, 28, "1 to 4 of 30", "disagrees"),
        # 1 to 7 of 8 holds all three verdicts
        (6, 2, "1 to 7 of 8", "not shown"),
        (2, 6, "1 to 7 of 8", "not shown"),
        (3, 1, "not shown", "not shown"),
        (30, 0, "", "agrees"),
    ],
)
def test_a_verdict_on_a_range_holds_for_all_of_it(
    within: int, beyond: int, shown: str, verdict: str
) -> None:
    """Where every number in the range has the same verdict it is told, and else it is not."""
    minutes = pd.DataFrame({"minutes": [30.0] * within + [90.0] * beyond})
    sessions = minutes.assign(sessions_timed=1, sessions=1)
    released = release(estimate_length(make_cohort(sessions_felt=sessions)), ORIGIN)
    levels = released.frame[released.frame["statistic"] == "session length"]
    assert levels["shown_as"].to_list()[1] == shown
    assert judge(released, "session_length") == verdict


# --- other treatments ---------------------------------------------------------------------------


def release_modalities(harmed: int, free: int, audience: str = "shareable") -> Released:
    """Return the page of 60 needled patients, ten of them with harm, and of laser patients; three
    had both."""
    needled = [(f"n{each}", "microneedling", each < 10) for each in range(60)]
    lasered = [(f"n{57 + each}", "laser", each < harmed) for each in range(harmed + free)]
    counts = pd.DataFrame([*needled, *lasered], columns=["patient", "level", "is_harmed"])
    counts = counts.assign(sessions=2, sessions_asked=2, sessions_with=counts["is_harmed"] * 1)
    people = pd.DataFrame({"patient": counts["patient"].unique(), "skin_type": 2})
    cohort = make_cohort(
        count_harms=lambda _terms, by: counts,
        patients=people,
        sessions_felt=pd.DataFrame({"needle": [1.5] * 60}),
    )
    return release(compare_modalities(cohort), ORIGIN, audience=audience)


@pytest.mark.parametrize(
    ("harmed", "free", "verdict"),
    [
        (12, 8, "agrees"),
        # three with harm, three without, three in all: each is hidden, and so is what tells it
        (3, 17, "not shown"),
        (17, 3, "not shown"),
        (3, 0, "not shown"),
        (0, 20, "too little data"),
        (0, 0, "cannot be answered"),
    ],
)
def test_a_difference_is_hidden_with_its_shares(harmed: int, free: int, verdict: str) -> None:
    """One share and the difference would tell the other."""
    released = release_modalities(harmed, free)
    assert judge(released, "safer_than_laser") == verdict
    frame = released.frame
    (difference,) = frame[frame["level"] == "microneedling less laser"].to_dict("records")
    if verdict == "not shown":
        names = ["count", "total", "value", "low", "high", "patients_count", "patients_total"]
        assert all(pd.isna(difference[name]) for name in names)
        assert difference["note"] == ""


def test_nobody_learns_how_many_had_both() -> None:
    """Three patients had both: their number is the sum of both groups less the distinct patients,
    which neither the row nor its degrees of freedom tell."""
    names = ["patients_count", "patients_total", "se", "df"]
    for audience, is_told in (("shareable", False), ("internal", True)):
        frame = release_modalities(12, 8, audience).frame
        (row,) = frame[frame["level"] == "microneedling less laser"].to_dict("records")
        assert [bool(pd.notna(row[name])) for name in names] == [is_told] * 4
        assert pd.notna(row["low"])
