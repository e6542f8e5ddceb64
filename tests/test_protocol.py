"""How patients were treated, counted by hand, and what a shared page tells of it."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.answers.protocol import (
    compare_screened_harm,
    describe_protocol,
    estimate_intervals,
)
from analysis.answers.protocol.sessions import find_range
from analysis.estimates import bind_estimates, make_estimates
from analysis.intake.cohort import Cohort, read_numbing
from analysis.show import sentences, tables
from analysis.show.disclosure import Released, release
from logs import Clinics, load
from test_disclosure import ORIGIN, share
from test_outcome_disclosure import find_range as find_possible

# a: 28 and 32 days apart; b: 4 days, then 10; c at home alone, d in both places, e laser alone.
LOG = """
patient|day|concern    |how  |setting|needle|minutes|numbed|pain|endpoint|after|contra  |iso|harm
a      | 0 | scars     |mn   |       |1.5   |30     |EMLA  | 3  |pinpoint| SPF |none     |   |none
a      |28 | scars     |mn   |       |3     |40     |EMLA  | 5  |pinpoint| SPF |none     |   |PIH
a      |60 | scars     |mn   |       |3.1   |       |none  |    |erythema| SPF |         |   |
b      | 0 |scars/pores|mn   |       |1.4   |20     |no    | 6  |pinpoint|     |iso      | 0 |red
b      | 4 | pores     |mn   |       |      |       |      |    |        |     |         |   |
b      |14 | pores     |mn   |       |0.5   |       |      |    |        |     |no iso   |   |
c      | 0 | pores     |mn   | home  |0.2   |       |      |    |        |     |metal    |   |none
d      | 0 | pores     |mn   |       |0.5   |25     |n/a   | 2  |        | SPF |no metal | 3 |none
d      |10 | pores     |mn   | home  |0.3   |       |      |    |        |     |         |   |
e      | 0 | scars     |laser|       |      |99     |EMLA  | 9  |white   |balm |metal    |   |burn
"""
for short, word in {
    "|how  |": "|modality|",
    "numbed|": "anaesthetic|",
    "|after|": "|aftercare|",
    "|contra  |": "|contraindications|",
    "|iso|": "|isotretinoin months|",
    "|iso ": "|isotretinoin ",
    "|no iso ": "|no isotretinoin ",
    "metal ": "metal allergy ",
    "scars": "acne scars",
}.items():
    LOG = LOG.replace(short, word)
# statistic, what it is about, count/total, patients behind both, value, status
LEVELS = """
median interval of the patient | under 4 weeks                | 1/2 | 1/2 | 0.5   | shown
median interval of the patient | 4 to under 5 weeks           | 1/2 | 1/2 | 0.5   | shown
median interval of the patient | 5 to 8 weeks                 | 0/2 | 0/2 | 0     | shown
median interval of the patient | over 8 weeks                 | 0/2 | 0/2 | 0     | shown
shortest interval              | under 5 days                 | 1/2 | 1/2 | 0.5   | shown
shortest interval              | 5 to 13 days                 | 0/2 | 0/2 | 0     | shown
shortest interval              | 14 to 27 days                | 0/2 | 0/2 | 0     | shown
shortest interval              | 28 days and more             | 1/2 | 1/2 | 0.5   | shown
minutes                        | first quartile               | 3/3 | 3/3 | -     | too few
minutes                        | median                       | 3/3 | 3/3 | -     | too few
minutes                        | third quartile               | 3/3 | 3/3 | -     | too few
length recorded                |                              | 4/7 | 3/3 | 0.571 | shown
where treated                  | in the clinic alone          | 2/4 | 2/4 | 0.5   | shown
where treated                  | at home alone                | 1/4 | 1/4 | 0.25  | shown
where treated                  | both                         | 1/4 | 1/4 | 0.25  | shown
sessions by place              | in the clinic alone          | 6/9 | 2/4 | 0.667 | shown
sessions by place              | at home alone                | 1/9 | 1/4 | 0.111 | shown
sessions by place              | both, in the clinic          | 1/9 | 1/4 | 0.111 | shown
sessions by place              | both, at home                | 1/9 | 1/4 | 0.111 | shown
median needle                  | in the clinic alone          | 2/2 | 2/2 | -     | too few
median needle                  | at home alone                | 1/1 | 1/1 | -     | too few
median needle                  | both, in the clinic          | 1/1 | 1/1 | -     | too few
median needle                  | both, at home                | 1/1 | 1/1 | -     | too few
numbed                         | at every session             | 0/3 | 0/3 | 0     | shown
numbed                         | at some sessions             | 1/3 | 1/3 | 0.333 | shown
numbed                         | at no session                | 1/3 | 1/3 | 0.333 | shown
numbed                         | not recorded                 | 1/3 | 1/3 | 0.333 | shown
median pain                    |                              | 3/3 | 3/3 | -     | too few
median pain                    | at every session             | 0/0 | 0/0 | -     | not estimable
median pain                    | at some sessions             | 1/1 | 1/1 | -     | too few
median pain                    | at no session                | 1/1 | 1/1 | -     | too few
median pain                    | not recorded                 | 1/1 | 1/1 | -     | too few
pain recorded                  |                              | 4/7 | 3/3 | 0.571 | shown
anaesthetic recorded           |                              | 4/7 | 2/3 | 0.571 | shown
endpoint recorded              |                              | 4/7 | 2/3 | 0.571 | shown
endpoint                       | other                        | 1/3 | 1/3 | 0.333 | shown
endpoint                       | differs between sessions     | 1/3 | 1/3 | 0.333 | shown
endpoint                       | not recorded                 | 1/3 | 1/3 | 0.333 | shown
aftercare recorded             |                              | 4/7 | 2/3 | 0.571 | shown
aftercare                      | other                        | 2/3 | 2/3 | 0.667 | shown
aftercare                      | differs between sessions     | 0/3 | 0/3 | 0     | shown
aftercare                      | not recorded                 | 1/3 | 1/3 | 0.333 | shown
needle recorded                | acne_scars                   | 4/4 | 2/2 | 1     | shown
needle against the usual range | acne_scars below             | 1/4 | 1/2 | -     | too few
needle against the usual range | acne_scars within            | 2/4 | 1/2 | -     | too few
needle against the usual range | acne_scars above             | 1/4 | 1/2 | -     | too few
needle recorded                | enlarged_pores               | 3/4 | 2/2 | 0.75  | shown
needle against the usual range | enlarged_pores               | -/3 | -/2 | -     | not estimable
metal_allergy                  | present                      | 1/4 | 1/4 | 0.25  | shown
metal_allergy                  | absent                       | 2/4 | 2/4 | 0.5   | shown
metal_allergy                  | not recorded                 | 1/4 | 1/4 | 0.25  | shown
isotretinoin                   | now                          | 1/4 | 1/4 | 0.25  | shown
isotretinoin                   | stopped under 1 month before | 0/4 | 0/4 | 0     | shown
isotretinoin                   | 1 to under 6 months before   | 1/4 | 1/4 | 0.25  | shown
isotretinoin                   | 6 months and more before     | 0/4 | 0/4 | 0     | shown
isotretinoin                   | present, months not recorded | 0/4 | 0/4 | 0     | shown
isotretinoin                   | absent                       | 1/4 | 1/4 | 0.25  | shown
isotretinoin                   | not recorded                 | 1/4 | 1/4 | 0.25  | shown
"""
# Any harm of those asked: a had a late one; redness is none.
HARM = """
patients with | any_harm metal_allergy present                   | 0/1 | 0/1 | - | too few
patients with | any_harm metal_allergy absent                    | 1/2 | 1/2 | - | too few
patients with | any_harm metal_allergy not recorded              | 0/1 | 0/1 | - | too few
patients with | any_harm isotretinoin now                        | 0/1 | 0/1 | - | too few
patients with | any_harm isotretinoin 1 to under 6 months before | 0/1 | 0/1 | - | too few
patients with | any_harm isotretinoin absent                     | 1/1 | 1/1 | - | too few
patients with | any_harm isotretinoin not recorded               | 0/1 | 0/1 | - | too few
patients with | any_harm where treated in the clinic alone       | 1/2 | 1/2 | - | too few
patients with | any_harm where treated at home alone             | 0/1 | 0/1 | - | too few
patients with | any_harm where treated both                      | 0/1 | 0/1 | - | too few
"""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above."""
    return load(tmp_path_factory.mktemp("protocol"), LOG)


def tell(row: dict[Any, Any], *names: str) -> str:
    def number(value: Any) -> str:
        return "-" if pd.isna(value) else f"{round(float(value), 3):g}"

    about = " ".join(filter(None, (row[name] for name in names)))
    counts = f"{number(row['count'])}/{number(row['total'])}"
    patients = f"{number(row['patients_count'])}/{number(row['patients_total'])}"
    value = number(row["value"])
    return "|".join([row["statistic"], about, counts, patients, value, row["status"]])


def read(table: str) -> list[str]:
    lines = [line for line in table.splitlines() if line]
    return sorted("|".join(cell.strip() for cell in line.split("|")) for line in lines)


# --- what is counted --------------------------------------------------------------------------


def test_every_number_of_the_protocol(cohort: Cohort) -> None:
    """All rows, and no other, are what a hand counts in the log; the laser is in none."""
    rows = describe_protocol(cohort).to_dict("records")

    assert sorted(tell(row, "concern", "level") for row in rows) == read(LEVELS)


def test_harm_beside_what_was_screened(cohort: Cohort) -> None:
    """Patients with any harm of those asked, by contraindication and place."""
    rows = compare_screened_harm(cohort).to_dict("records")

    assert sorted(tell(row, "term", "by", "level") for row in rows) == read(HARM)


def test_one_concern_narrows_all_but_the_range_of_others(cohort: Cohort) -> None:
    """Sessions for acne scars: three of a and one of b, who has no interval there."""
    rows = describe_protocol(cohort, "acne_scars")
    found = rows.set_index(["statistic", "level"])["total"]

    assert set(rows["concern"]) == {"acne_scars"}
    assert found["where treated", "both"] == 2
    assert found["length recorded", ""] == 4
    assert found["shortest interval", "under 5 days"] == 1


def test_the_levels_of_every_grouping_add_up(cohort: Cohort) -> None:
    """Each patient is in one level, so nothing is counted twice and nobody is lost."""
    rows = describe_protocol(cohort)
    parts = rows[(rows["by"] == rows["statistic"]) & (rows["unit"] == "patients")]
    sums = parts.groupby("by").agg(count=("count", "sum"), total=("total", "max"))

    assert len(sums) == 8
    assert (sums["count"] == sums["total"]).all()


EVERYBODY = "patient | day | concern | minutes | pain | anaesthetic\n" + "\n".join(
    f"p{n} | 0 | acne scars | {30 + n} | {n % 3} | EMLA" for n in range(12)
)


def test_values_of_enough_patients(clinics: Clinics) -> None:
    """Twelve patients: minutes 30 to 41, pain 0, 1 and 2 by turns; all of them numbed."""
    rows = describe_protocol(clinics["everybody"])
    value = rows.set_index(["statistic", "level"])["value"]

    assert value["minutes", "first quartile"] == 32.75
    assert value["minutes", "median"] == 35.5
    assert value["median pain", ""] == value["median pain", "at every session"] == 1


# what the log is like, the log, and what is told of it
DEGENERATE = {
    "nothing but patients": ("patient | day | concern\na | 0 | pores\n", {"where treated": 1}),
    "one session": (
        "patient | day | concern | minutes\na | 0 | pores | 30\n",
        {"where treated": 1, "length recorded": 1},
    ),
    "all at home": (
        "patient | day | concern | setting | pain\na | 0 | pores | home | 3\n"
        "b | 0 | pores | home | 3\n",
        {"where treated": 2, "numbed": 0, "length recorded": 0},
    ),
    "all by laser": (
        "patient | day | concern | modality\na | 0 | pores | laser\n",
        {"where treated": 0, "numbed": 0},
    ),
}


@pytest.fixture(scope="module")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> Clinics:
    """The small logs of this module, each a clinic of one log."""
    tables = {name: log for name, (log, _totals) in DEGENERATE.items()}
    tables |= {"everybody": EVERYBODY, "two kinds": TWO_KINDS}
    return Clinics(tmp_path_factory.mktemp("clinics"), tables)


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_logs_have_a_defined_answer(clinics: Clinics, name: str) -> None:
    """Rows with a status, sentences and tables; no exception and no share of nobody."""
    _log, totals = DEGENERATE[name]
    cohort = clinics[name]
    rows = bind_estimates(describe_protocol(cohort), compare_screened_harm(cohort))
    found = rows.groupby("statistic")["total"].max()

    assert {key: int(found[key]) for key in totals} == totals
    assert (rows.loc[rows["total"] == 0, "status"] == "not estimable").all()
    assert rows.loc[rows["total"] == 0, "value"].isna().all()
    for audience in ("internal", "shareable"):
        for shown in show_all(release(rows, cohort.origin, audience=audience)):
            assert "nan" not in shown._repr_html_().lower().replace("nanno", "")


NUMBINGS = {
    "EMLA": True,
    "yes": True,
    "lidocaine 30 min": True,
    "None": False,
    "no.": False,
    "keine": False,
    "n/a": None,
    "?": None,
    "": None,
}


@pytest.mark.parametrize("text", NUMBINGS)
def test_whether_a_text_says_numbed(text: str) -> None:
    """A text that tells nothing is not "no"."""
    assert read_numbing(text) is NUMBINGS[text]


def test_ranges_are_sourced_or_missing() -> None:
    """Of papers on that concern and modality; none is made up for another."""
    assert find_range("acne_scars", "microneedling") == (1.5, 3.0)
    assert find_range("pigmentation", "microneedling") == (1.5, 1.5)
    assert find_range("stretch_marks", "microneedling") is None
    assert find_range("acne_scars", "rf_microneedling") == (0.8, 3.5)
    assert find_range("acne_scars", "laser") is None


# --- what is shown ----------------------------------------------------------------------------


def show_all(released: Released) -> list[Any]:
    shows = (
        *(tables.show_protocol, tables.show_needle_ranges, tables.show_screening),
        *(sentences.describe_protocol, sentences.describe_screening),
    )
    return [show(released) for show in shows]


def test_what_an_internal_page_says(cohort: Cohort) -> None:
    """Numbers with their denominators, and where no range is known, that."""
    rows = bind_estimates(describe_protocol(cohort), compare_screened_harm(cohort))
    released = release(rows, cohort.origin, audience="internal")
    protocol, needles, screening, told, screened = map(repr, show_all(released))

    assert "at some sessions\t1 of 3\t33 %" in protocol
    assert "within\t2 of 4\ttoo few for a percentage" in needles
    assert "no sourced range\t3 sessions\tnot compared" in needles
    assert "absent\t2 of 4\t1 of 2\ttoo few for a percentage" in screening
    assert "under 4 weeks: 1 of 2 patients; 4 to under 5 weeks: 1 of 2 patients" in told
    assert "No source gives a range for enlarged pores." in told
    assert (
        "Isotretinoin, now: 1 of 4 patients; 1 to under 6 months before: 1 of 4 patients"
        in screened
    )
    assert not re.search(r"\b(because|due to|caused|leads to)\b", told + screened)


def test_a_shareable_page_of_few_tells_none_of_them(cohort: Cohort) -> None:
    """Four patients are too few for any number but zero and the ranges."""
    rows = bind_estimates(describe_protocol(cohort), compare_screened_harm(cohort))
    released = release(rows, cohort.origin)
    shown = released.frame[released.frame["status"] == "shown"]

    assert (shown["count"].fillna(0) == 0).all()
    assert "1 of 4" not in " ".join(map(repr, show_all(released)))


# --- who adds up what is shared ---------------------------------------------------------------

# A patient: where treated, numbed (in the clinic), contraindication, harm (asked or not), interval.
PLACES = ("in the clinic alone", "at home alone", "both")
NUMBED = ("at every session", "not recorded")
SCREENED = ("present", "absent", "not recorded")
HARMS = ("asked, none", "asked, harm")
EARLY = ("none", "mostly", "once")
CELLS = [
    (place, numbed, screened, harm, early)
    for place in PLACES
    for numbed in (NUMBED if place != "at home alone" else NUMBED[1:])
    for screened in SCREENED
    for harm in HARMS
    for early in EARLY
]


def pick(**wanted: Any) -> np.ndarray:
    """Return which cells have these values; a value may be a tuple of several."""
    names = ("place", "numbed", "screened", "harm", "early")
    return np.array(
        [
            all(
                dict(zip(names, cell, strict=True))[name]
                in (value if isinstance(value, tuple) else (value,))
                for name, value in wanted.items()
            )
            for cell in CELLS
        ],
        dtype=float,
    )


def list_lines() -> list[tuple[dict[str, Any], np.ndarray, np.ndarray]]:
    """Return the rows of a page on which everything was recorded: the worst that can be."""
    everybody, clinic = pick(), pick(place=("in the clinic alone", "both"))
    protocol = {"question": "protocol", "method": "count"}
    lines = []
    treated = {"population": "patients treated"}
    there = {"population": "patients treated in the clinic"}
    for by, name, levels, who, of in (
        ("where treated", "place", PLACES, treated, everybody),
        ("metal_allergy", "screened", SCREENED, treated, everybody),
        ("numbed", "numbed", NUMBED, there, clinic),
    ):
        for level in levels:
            about = protocol | who | {"statistic": by, "by": by, "level": level}
            lines.append((about, pick(**{name: level}) * of, of))
    further = protocol | {"population": "patients with a further session"}
    by = "median interval of the patient"
    mostly = pick(early="mostly")
    levels = {"under 4 weeks": mostly, "over 8 weeks": everybody - mostly}
    lines += [
        (further | {"statistic": by, "by": by, "level": level}, count, everybody)
        for level, count in levels.items()
    ]
    too_early = pick(early=("mostly", "once"))
    early = further | {"statistic": "interval under four weeks"}
    lines.append((early | {"method": "wilson"}, too_early, everybody))
    harm = {"question": "side effects", "statistic": "patients with", "term": "any_harm"}
    harm |= {"population": "patients asked"}
    lines.append((harm, pick(harm="asked, harm"), everybody))
    for by, name, levels in (
        ("where treated", "place", PLACES),
        ("metal_allergy", "screened", SCREENED),
    ):
        lines += [
            (
                harm | {"by": by, "level": level},
                pick(harm="asked, harm", **{name: level}),
                pick(**{name: level}),
            )
            for level in levels
        ]
    needle = {"question": "protocol", "statistic": "median needle", "by": "where treated"}
    needle |= {"method": "median"}
    lines += [
        (
            needle | {"level": level, "population": f"patients treated, {level}, needle recorded"},
            pick(place=level),
            pick(place=level),
        )
        for level in PLACES[:2]
    ]
    return lines


LINES = list_lines()


def find_leaks(counts: np.ndarray) -> list[str]:
    """Return the small groups that somebody can work out of the released page."""
    rows = [
        share(int(count @ counts), int(total @ counts), concern="") | about
        for about, count, total in LINES
    ]
    frame = release(make_estimates(rows), ORIGIN).frame
    clues, wanted = [], {"once, not mostly": pick(early="once")}
    for row, (about, count, total) in zip(frame.to_dict("records"), LINES, strict=True):
        name = f"{about['statistic']} {about.get('by', '')} {about.get('level', '')}"
        wanted |= {f"{name}: count": count, f"{name}: total": total, f"{name}: rest": total - count}
        if not pd.isna(row["total"]):
            clues.append((total, row["total"], row["total"]))
        if not pd.isna(row["count"]):
            clues.append((count, row["count"], row["count"]))
        elif found := re.match(r"(\d+) to (\d+)", row["shown_as"]):
            clues.append((count, float(found[1]), float(found[2])))
    leaks = []
    for name, cells in wanted.items():
        true = int(cells @ counts)
        if 0 < true < 5 and clues and find_possible(clues, cells) == (true, true):
            leaks.append(f"{name}: {true}")
    return leaks


def fill(*patients: tuple[int, tuple[str, ...]]) -> np.ndarray:
    counts = dict.fromkeys(CELLS, 0)
    for number, cell in patients:
        counts[cell] = number  # type: ignore[index]
    return np.array([counts[cell] for cell in CELLS])


CLINIC, HOME, BOTH = PLACES
MANY = (
    (40, (CLINIC, NUMBED[0], "absent", HARMS[0], "none")),
    (12, (CLINIC, NUMBED[0], "absent", HARMS[1], "mostly")),
    (11, (CLINIC, NUMBED[1], "not recorded", HARMS[0], "once")),
    (20, (HOME, NUMBED[1], "absent", HARMS[0], "none")),
    (9, (HOME, NUMBED[1], "present", HARMS[1], "mostly")),
    (10, (BOTH, NUMBED[0], "present", HARMS[0], "none")),
)
PAGES = {
    "nothing small": (),
    "three in both places": ((3, (BOTH, NUMBED[0], "present", HARMS[0], "none")),),
    "two treated with it": (
        (0, (HOME, NUMBED[1], "present", HARMS[1], "mostly")),
        (2, (BOTH, NUMBED[0], "present", HARMS[0], "none")),
    ),
    "three without an entry": ((3, (CLINIC, NUMBED[1], "not recorded", HARMS[0], "once")),),
    "four at home": (
        (4, (HOME, NUMBED[1], "absent", HARMS[0], "none")),
        (0, (HOME, NUMBED[1], "present", HARMS[1], "mostly")),
    ),
    "harm in three": (
        (3, (CLINIC, NUMBED[0], "absent", HARMS[1], "mostly")),
        (0, (HOME, NUMBED[1], "present", HARMS[1], "mostly")),
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_small_group_comes_out_of_the_protocol(name: str) -> None:
    """Levels, who was in the clinic, who came too early, and harm beside: all of it is one sum."""
    assert find_leaks(fill(*MANY, *PAGES[name])) == []


def test_groups_that_are_large_are_shown() -> None:
    """Where no group is small, nothing is hidden."""
    counts = fill(*MANY)
    rows = [
        share(int(count @ counts), int(total @ counts), concern="") | about
        for about, count, total in LINES
    ]
    assert (release(make_estimates(rows), ORIGIN).frame["status"] == "shown").all()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(st.just(0), st.integers(0, 6), st.integers(0, 20)),
        min_size=len(CELLS),
        max_size=len(CELLS),
    )
)
def test_no_page_of_the_protocol_tells_a_small_group(numbers: list[int]) -> None:
    """Whoever the patients are."""
    assert find_leaks(np.array(numbers)) == []


TWO_KINDS = "\n".join(
    ["patient | day | concern | needle"]
    + [f"p{n} | 0 | acne scars | {'1' if n < 8 else '2'}" for n in range(20)]
    + [f"p{n} | 40 | acne scars | 2" for n in range(3)]
)


def test_patients_of_two_kinds_of_sessions_are_not_told(clinics: Clinics) -> None:
    """Of 8 patients with a short needle and 15 with a usual one, of 20, three had both."""
    cohort = clinics["two kinds"]
    estimates = describe_protocol(cohort)
    frame = release(estimates, cohort.origin).frame

    def list_patients(found: pd.DataFrame) -> list[Any]:
        return found.loc[found["by"] == "usual range", "patients_count"].tolist()

    assert list_patients(estimates) == [8, 15, 0]
    assert all(pd.isna(each) for each in list_patients(frame))


def test_the_protocol_stands_beside_the_intervals_of_before(cohort: Cohort) -> None:
    """On one page, each under its own address."""
    assert len(bind_estimates(describe_protocol(cohort), estimate_intervals(cohort))) == 60
