"""Serious harm in numbers; single events that may have to be reported, for the clinic alone."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.answers.reportable import estimate_seriousness, list_reportable_events
from analysis.errors import PublishingRefusedError
from analysis.estimates import make_estimates
from analysis.individuals import ReportableEvents
from analysis.intake.cohort import Cohort
from analysis.reporting import publishing
from analysis.show import sentences, tables
from analysis.show.disclosure import Released, admit, release
from analysis.vocabulary import BUILT_IN
from logs import load
from test_disclosure import ORIGIN, share
from test_outcome_disclosure import find_range

# a: serious; b: severe; c: a device fault, later the same laser day; d: mild PIH, not serious;
# e: redness that somebody called serious; f: asked, none; g: nobody asked.
LOG = """
patient | day | concern | modality | harm         | severity | serious | stopped | resolved | device | cartridge lot
a       | 0   | pores   | mn       | infection    | 2        | yes     | yes     | no       | Pen    | L1
b       | 1   | pores   | mn       | PIH          | 3        |         | no      | yes      | Pen    | L2
c       | 2   | pores   | mn       | device fault |          |         |         |          |        |
c       | 3   | pores   | laser    | burn         | 1        | no      |         |          | CO2    |
d       | 4   | pores   | mn       | PIH          | 1        | no      | no      |          | Pen    | L1
e       | 5   | pores   | mn       | redness      | 1        | yes     |         |          | Pen    | L1
f       | 6   | pores   | mn       | none         |          |         |         |          | Pen    | L1
g       | 7   | pores   | mn       |              |          |         |         |          | Pen    | L1
"""  # noqa: E501
# patient, term, severity, serious, stopped, resolved, device, lot, why
EVENTS = """
clinic/a | infection_bacterial | 2 | yes | yes | no  | Pen | L1 | serious
clinic/b | pih                 | 3 | .   | no  | yes | Pen | L2 | severe
clinic/c | device              | . | .   | .   | .   | .   | .  | named kind
clinic/c | burn                | 1 | no  | .   | .   | CO2 | .  | named kind
clinic/e | erythema            | 1 | yes | .   | .   | Pen | L1 | serious
"""
# Of those asked: a, b, c, d, e, f; harm in a, b, c, d, for redness is none.
SERIOUSNESS = """
serious                         |                       | 1/6 | 0.167
serious, of harm                | serious               | 1/4 | 0.25
serious, of harm                | not serious           | 1/4 | 0.25
serious, of harm                | not recorded          | 2/4 | 0.5
stopped because of harm         |                       | 1/6 | 0.167
stopped because of harm, of harm| treatment stopped     | 1/4 | 0.25
stopped because of harm, of harm| treatment not stopped | 2/4 | 0.5
stopped because of harm, of harm| not recorded          | 1/4 | 0.25
"""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above."""
    return load(tmp_path_factory.mktemp("reportable"), LOG)


def read(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def make_release(cohort: Cohort, audience: str) -> Released:
    return release(estimate_seriousness(cohort), cohort.origin, audience=audience)


# --- what is listed ---------------------------------------------------------------------------


def test_events_are_listed_by_the_rule(cohort: Cohort) -> None:
    """Serious, severe, or of a named kind; of every modality, and nothing else."""
    found = list_reportable_events(cohort).events
    told = [
        [
            *(row["patient"], row["term"]),
            "." if pd.isna(row["severity"]) else f"{row['severity']:.0f}",
            *("." if pd.isna(row[name]) else "yes" if row[name] else "no" for name in ANSWERS),
            *("." if pd.isna(row[name]) else row[name] for name in ("device", "cartridge_lot")),
            row["reason"],
        ]
        for row in found.to_dict("records")
    ]

    assert told == read(EVENTS)


ANSWERS = ("serious", "stopped", "resolved")


def test_the_rule_is_that_of_the_vocabulary() -> None:
    """A device fault, what threatens life, and what regulators named; 3 is severe."""
    named = {key for key, each in BUILT_IN.side_effects.items() if each.possibly_reportable}

    assert named == {
        *("device", "anaphylaxis", "infection_atypical", "granuloma"),
        *("burn", "lipoatrophy", "nerve_injury"),
    }
    assert BUILT_IN.protocol["reportable_severity"].whole == 3


def test_seriousness_by_hand(cohort: Cohort) -> None:
    """Of those asked, and of those with any harm; what nobody wrote is a level of its own."""
    rows = estimate_seriousness(cohort).to_dict("records")
    told = [
        [
            *(row["statistic"], row["level"], f"{row['count']}/{row['total']}"),
            f"{round(row['value'], 3):g}",
        ]
        for row in rows
    ]

    assert told == read(SERIOUSNESS)


def test_a_log_without_harm(tmp_path: Path) -> None:
    """Nobody had any: zero of those asked, and nothing to list."""
    cohort = load(tmp_path, "patient | day | concern | harm\na | 0 | pores | none\n")
    rows = estimate_seriousness(cohort)

    assert rows.loc[rows["by"] == "", "count"].tolist() == [0, 0]
    assert set(rows.loc[rows["by"] != "", "status"]) == {"not estimable"}
    events = list_reportable_events(cohort)
    released = make_release(cohort, "internal")
    assert events.events.empty
    assert "No event is listed" in repr(sentences.describe_reportable_events(events, released))


# --- who sees it ------------------------------------------------------------------------------


def show_events(events: ReportableEvents, released: Released) -> str:
    """Return all that a notebook would keep of what is shown: HTML and print."""
    table = tables.show_reportable_events(events, released)
    told = sentences.describe_reportable_events(events, released)
    return "\n".join(
        [table._repr_html_(), repr(table), told._repr_html_(), repr(told), repr(events)]
    )


def test_an_internal_page_lists_every_event(cohort: Cohort) -> None:
    """With the patient, the grade and the lot, and by which rule; marked as internal."""
    shown = show_events(list_reportable_events(cohort), make_release(cohort, "internal"))

    for text in ("clinic/a", "bacterial infection", "L2", "CO2", "5 events are listed"):
        assert text in shown
    assert "a person decides" in shown
    assert 'data-audience="internal"' in shown


def test_a_shareable_page_lists_none(cohort: Cohort) -> None:
    """Neither in a table, nor printed, nor by its own name."""
    shown = show_events(list_reportable_events(cohort), make_release(cohort, "shareable"))

    assert "on internal pages only" in shown
    for text in ("clinic/", "infection", "L1", "L2", "CO2", "data-audience", "5"):
        assert text not in shown
    assert admit(list_reportable_events(cohort), make_release(cohort, "shareable")) is None


def test_a_list_that_came_to_a_shareable_page_refuses_it(cohort: Cohort) -> None:
    """By whatever way: the mark in its HTML is found, and nothing is written."""
    events = list_reportable_events(cohort)
    page = tables.show_reportable_events(events, make_release(cohort, "internal"))._repr_html_()

    with pytest.raises(PublishingRefusedError):
        publishing.refuse_single_patients(f"<main>{page}</main>")
    with pytest.raises(PublishingRefusedError):
        publishing.refuse_single_patients(events.events._repr_html_())
    assert not hasattr(events, "_repr_html_")


def test_nothing_else_passes_the_door(cohort: Cohort) -> None:
    """The frame of the events by itself is no list that was made for showing."""
    events = list_reportable_events(cohort)
    for audience in ("internal", "shareable"):
        with pytest.raises(
            TypeError, match="an answer holds for internal pages can be shown here, not a DataFrame"
        ):
            tables.show_reportable_events(events.events, make_release(cohort, audience))  # type: ignore[arg-type]


# --- what a shareable page tells of serious harm ----------------------------------------------

CELLS = [
    ("none", "", ""),
    *(
        ("harm", serious, stopped)
        for serious in ("serious", "not serious", "not recorded")
        for stopped in ("treatment stopped", "treatment not stopped", "not recorded")
    ),
]


def pick(place: int, value: str) -> np.ndarray:
    return np.array([float(cell[place] == value) for cell in CELLS])


def list_lines() -> list[tuple[dict[str, Any], np.ndarray, np.ndarray]]:
    """Return the rows on any harm and how serious it was, as they stand on one page."""
    everybody, harm = np.ones(len(CELLS)), pick(0, "harm")
    about = {"question": "side effects", "term": "any_harm", "concern": ""}
    asked = about | {"population": "patients asked"}
    lines = [(asked | {"statistic": "patients with"}, harm, everybody)]
    for place, statistic, levels in (
        (1, "serious", ("serious", "not serious", "not recorded")),
        (
            2,
            "stopped because of harm",
            ("treatment stopped", "treatment not stopped", "not recorded"),
        ),
    ):
        lines.append((asked | {"statistic": statistic}, pick(place, levels[0]), everybody))
        name = f"{statistic}, of harm"
        of_harm = about | {"population": "patients with it", "statistic": name, "by": name}
        of_harm |= {"method": "count"}
        lines += [(of_harm | {"level": level}, pick(place, level), harm) for level in levels]
    return lines


LINES = list_lines()


def find_leaks(counts: np.ndarray) -> list[str]:
    """Return the small groups that somebody can work out of the released page."""
    rows = [share(int(count @ counts), int(of @ counts)) | about for about, count, of in LINES]
    frame = release(make_estimates(rows), ORIGIN).frame
    clues, wanted = [], {}
    for row, (about, count, total) in zip(frame.to_dict("records"), LINES, strict=True):
        name = f"{about['statistic']} {about.get('level', '')}"
        wanted |= {f"{name}: count": count, f"{name}: rest": total - count}
        if not pd.isna(row["total"]):
            clues.append((total, row["total"], row["total"]))
        if not pd.isna(row["count"]):
            clues.append((count, row["count"], row["count"]))
        elif found := re.match(r"(\d+) to (\d+)", row["shown_as"]):
            clues.append((count, float(found[1]), float(found[2])))
    return [
        name
        for name, cells in wanted.items()
        if 0 < int(cells @ counts) < 5
        and clues
        and find_range(clues, cells) == (int(cells @ counts), int(cells @ counts))
    ]


PAGES = {
    "two serious": [200, 0, 0, 2, 10, 20, 9, 0, 12, 8],
    "all but one serious": [200, 9, 12, 8, 1, 0, 0, 0, 0, 0],
    "three with harm": [60, 1, 0, 0, 0, 2, 0, 0, 0, 0],
    "stopped in four": [100, 0, 9, 0, 4, 8, 0, 0, 0, 11],
}


@pytest.mark.parametrize("name", PAGES)
def test_no_small_group_comes_out_of_how_serious_harm_was(name: str) -> None:
    """Of those asked and of those with harm: the same few patients stand in both."""
    assert find_leaks(np.array(PAGES[name])) == []


def test_a_few_serious_ones_are_told_as_a_range() -> None:
    """Never as none: "1 to 4 of 261"."""
    counts = np.array(PAGES["two serious"])
    rows = [share(int(count @ counts), int(of @ counts)) | about for about, count, of in LINES]
    frame = release(make_estimates(rows), ORIGIN).frame
    row = frame[(frame["statistic"] == "serious")].iloc[0]

    assert (row["status"], row["shown_as"]) == ("suppressed", "1 to 4 of 261")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(st.just(0), st.integers(0, 6), st.integers(0, 30)),
        min_size=len(CELLS),
        max_size=len(CELLS),
    )
)
def test_no_page_tells_how_few_were_serious(numbers: list[int]) -> None:
    """Whoever the patients are."""
    assert find_leaks(np.array(numbers)) == []
