"""Patient by patient: what an internal page shows of single patients, and a shareable one never."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.answers import outcomes
from analysis.answers.population import find_fates
from analysis.individuals import Individuals
from analysis.intake.cohort import Cohort
from analysis.show import figures, sentences, tables
from analysis.show.disclosure import Released, admit, release
from analysis.vocabulary import BUILT_IN
from logs import load

# Acne scars: first score, sessions, later score. m was not seen again, n is not due, o has no first
# score, p could not respond.
LOG = """
patient | day | concern     | scale | before | after | reviewed
a       | 0   | acne scars  | gb    | 3      |       |
a       | 30  | acne scars  | gb    | 2      | 1     | 120
b       | 0   | acne scars  | gb    | 2      | 3     | 90
c       | 0   | acne scars  | gb    | 4      | 1     | 90
d       | 0   | acne scars  | gb    | 3      | 3     | 90
m       | 0   | acne scars  | gb    | 4      |       |
m       | 40  | acne scars  | gb    | 3      |       |
n       | 950 | acne scars  | gb    | 4      | 1     | 990
o       | 0   | acne scars  | gb    |        | 1     | 90
p       | 0   | acne scars  | gb    | 1      | 1     | 90
q       | 0   | pigmentation| mmasi | 13.71  | 5.29  | 90
r       | 0   | pigmentation| mmasi | 9.43   | 9.43  | 90
s       | 0   | pigmentation| mmasi | 6.17   | 7.83  | 90
t       | 0   | wrinkles    | gais  |        | 2     | 90
"""
# patient number, first score, later score, change above zero for better, responded
CHANGES = """
1 | 4 | 1 | 3  | yes
2 | 3 | 1 | 2  | yes
3 | 1 | 1 | 0  | could not
4 | 3 | 3 | 0  | no
5 | 2 | 3 | -1 | no
"""
# patient number, then the scores at baseline, before session 2 and at follow-up
TRAJECTORIES = """
1 | 4 | . | 1
2 | 3 | 2 | 1
3 | 1 | . | 1
4 | 3 | . | 3
5 | 2 | . | 3
6 | 4 | 3 | .
"""
OTHER = LOG.replace("13.71  | 5.29", "14.93  | 3.37").replace("9.43   | 9.43", "8.61   | 2.19")
SHOWS: list[Callable[[Individuals, Released], Any]] = [
    sentences.describe_individuals,
    figures.plot_individual_changes,
    figures.plot_trajectories,
    tables.show_individual_changes,
    tables.show_trajectories,
]
MORE = "[scales]\ngais = 'three_is_best'"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above, read on day 1000."""
    return load(tmp_path_factory.mktemp("individuals"), LOG, more=MORE)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The same with other scores of pigmentation."""
    return load(tmp_path_factory.mktemp("other"), OTHER, more=MORE)


def make_release(cohort: Cohort, concern: str, audience: str) -> Released:
    return release(outcomes.estimate_outcomes(cohort, concern), cohort.origin, audience=audience)


def read_lines(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def write(value: float) -> str:
    return "." if pd.isna(value) else f"{value:g}"


def show_all(individuals: Individuals, released: Released) -> str:
    """Return all that a notebook would keep of what is shown: HTML, alternative text, print."""
    parts = []
    for show in SHOWS:
        shown = show(individuals, released)
        parts += [shown._repr_html_(), repr(shown), str(vars(shown))]
        parts.append(tables.fold(shown, "more").html if isinstance(shown, tables.Table) else "")
    return "\n".join(parts)


# --- what is listed ---------------------------------------------------------------------------


def test_changes_are_of_those_seen_again_and_sorted(cohort: Cohort) -> None:
    """One line a patient, the one who got better the most first; who could not respond is told."""
    found = outcomes.list_individuals(cohort, "acne_scars").changes

    told = [
        [f"{row.patient}", *map(write, (row.baseline, row.follow_up, row.better)), row.responded]
        for row in found.itertuples()
    ]
    assert told == read_lines(CHANGES)
    assert found["is_beyond"].isna().all()


def test_trajectories_are_of_all_with_a_first_score_who_were_due(cohort: Cohort) -> None:
    """The same numbers; who was not seen again comes last; a visit nobody scored is a gap."""
    found = outcomes.list_individuals(cohort, "acne_scars")
    wide = found.trajectories.pivot_table(index="patient", columns="place", values="score")

    told = [[f"{number}", *map(write, scores)] for number, scores in wide.iterrows()]
    assert told == read_lines(TRAJECTORIES)
    assert found.means["visit"].tolist() == ["baseline", "before session 2", "follow-up"]
    assert found.means["patients"].tolist() == [6, 2, 5]
    assert found.means["score"].isna().all()  # under ten patients
    assert found.patients == 6


def test_no_id_goes_along(cohort: Cohort) -> None:
    """Nothing that is handed on holds the id of a patient or the key of a course."""
    found = outcomes.list_individuals(cohort, "acne_scars")

    for frame in (found.changes, found.trajectories, found.means):
        assert "clinic/" not in frame.to_csv()
        assert not {"course", "session"} & {*frame.columns}


def test_beyond_measurement_error_where_it_is_published(cohort: Cohort) -> None:
    """A change of exactly the error is within it; on other scales nobody is marked."""
    scales = {**cohort.scales, "mmasi": replace(cohort.scales["mmasi"], measurement_error=8.42)}
    exact = replace(cohort, scales=scales)
    smaller = {**scales, "mmasi": replace(scales["mmasi"], measurement_error=8.41)}

    def list_beyond(one: Cohort) -> list[Any]:
        return outcomes.list_individuals(one, "pigmentation").changes["is_beyond"].tolist()

    assert list_beyond(exact) == [False, False, False]
    assert list_beyond(replace(cohort, scales=smaller)) == [True, False, False]


def test_a_scale_of_change_and_a_concern_without_scores_have_nothing(cohort: Cohort) -> None:
    """No first score, no change of a patient; an internal page says so."""
    for concern in ("wrinkles", "stretch_marks"):
        found = outcomes.list_individuals(cohort, concern)
        released = make_release(cohort, concern, "internal")

        assert found.changes.empty
        assert found.trajectories.empty
        assert "nothing to show yet" in sentences.describe_individuals(found, released).html
        assert figures.plot_trajectories(found, released).html == ""


def test_of_too_many_patients_none_is_shown(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more than the protocol's number nobody is listed, and the page says how to get fewer."""
    singly = BUILT_IN.protocol["patients_shown_singly"]
    assert singly.whole == 300

    def list_of(most: int) -> Individuals:
        from analysis.answers.outcomes import individuals

        protocol = {**BUILT_IN.protocol, "patients_shown_singly": replace(singly, value=most)}
        monkeypatch.setattr(individuals, "PROTOCOL", protocol)
        return outcomes.list_individuals(cohort, "acne_scars")

    released = make_release(cohort, "acne_scars", "internal")
    assert len(list_of(6).changes) == 5
    assert list_of(5).changes.empty
    told = sentences.describe_individuals(list_of(5), released).html
    assert "6 patients are too many to be shown one by one (at most 5)" in told


MEAN = "patient | day | concern | scale | before | after | reviewed\n" + "\n".join(
    f"p{n} | 0 | pigmentation | mmasi | {10 + n} | {n} | 90" for n in range(12)
)


def test_the_mean_over_the_lines_is_that_of_the_page(tmp_path: Path) -> None:
    """The mean is the observed one of the page, with its patients."""
    cohort = load(tmp_path, MEAN)
    found = outcomes.list_individuals(cohort, "pigmentation")
    estimates = outcomes.estimate_visits(cohort, "pigmentation")
    observed = estimates[estimates["statistic"] == "observed mean"]

    assert found.means["score"].tolist() == [15.5, 5.5]
    assert found.means["score"].tolist() == observed["value"].tolist()
    assert found.means["patients"].tolist() == observed["total"].tolist() == [12, 12]


# --- what is shown ----------------------------------------------------------------------------


def test_an_internal_page_shows_each_patient(cohort: Cohort) -> None:
    """Every score stands in the tables, the figures have n, and all of it is marked."""
    individuals = outcomes.list_individuals(cohort, "pigmentation")
    released = make_release(cohort, "pigmentation", "internal")

    for show in SHOWS[1:]:
        html = show(individuals, released).html
        assert 'data-audience="internal"' in html
        for score in ("13.71", "5.29", "9.43", "6.17", "7.83"):
            assert score in html
    figure = figures.plot_individual_changes(individuals, released).html
    assert "n = 3" in figure
    assert "1 better, 1 same, 1 worse" in figure
    assert "+8.42" in figure
    assert "\N{MINUS SIGN}1.66" in figure
    assert "n = 3" in figures.plot_trajectories(individuals, released).html
    assert re.findall(r"<svg", show_all(individuals, released))


def test_measurement_error_stands_on_the_page_where_it_is_published(cohort: Cohort) -> None:
    """Otherwise neither the column nor the kind is there, and a sentence says why."""
    released = make_release(cohort, "pigmentation", "internal")
    without = outcomes.list_individuals(cohort, "pigmentation")
    scale = replace(cohort.scales["mmasi"], measurement_error=5.0)
    known = replace(cohort, scales={**cohort.scales, "mmasi": scale})
    within = outcomes.list_individuals(known, "pigmentation")

    assert "eyond" not in tables.show_individual_changes(without, released).html
    assert "not published" in sentences.describe_individuals(without, released).html
    assert "Beyond measurement error" in tables.show_individual_changes(within, released).html
    figure = figures.plot_individual_changes(within, released).html
    assert "better by more than the measurement error" in figure


def test_the_same_scores_are_the_same_bytes(cohort: Cohort) -> None:
    """No clock and no random id."""
    released = make_release(cohort, "acne_scars", "internal")
    twice = [show_all(outcomes.list_individuals(cohort, "acne_scars"), released) for _ in range(2)]

    assert twice[0] == twice[1]


# --- what a shareable page shows --------------------------------------------------------------


def test_a_shareable_page_shows_nothing_of_single_patients(cohort: Cohort, other: Cohort) -> None:
    """Values, alternative text and what is kept beside them are the same whoever the patients
    are; the internal page shows that they could differ."""

    def show(one: Cohort, audience: str) -> str:
        individuals = outcomes.list_individuals(one, "pigmentation")
        # one release for both: what is compared hangs on the single patients alone
        return show_all(individuals, make_release(cohort, "pigmentation", audience))

    assert show(cohort, "internal") != show(other, "internal")
    assert show(cohort, "shareable") == show(other, "shareable")
    assert "shown on internal pages only" in show(cohort, "shareable")
    assert "data-audience" not in show(cohort, "shareable")
    assert not re.search(r"<(svg|table)", show(cohort, "shareable"))


def test_what_holds_single_patients_tells_nothing_by_itself(cohort: Cohort, other: Cohort) -> None:
    """Named as the last line of a cell, it shows the same whoever the patients are."""
    pair = [outcomes.list_individuals(one, "pigmentation") for one in (cohort, other)]

    assert repr(pair[0]) == repr(pair[1])
    assert not hasattr(pair[0], "_repr_html_")


@pytest.mark.parametrize("audience", ["shareable", "internal"])
def test_nothing_else_passes_the_door(cohort: Cohort, audience: str) -> None:
    """A frame of the log, and an estimate that was not released, are refused."""
    released = make_release(cohort, "acne_scars", audience)
    individuals = outcomes.list_individuals(cohort, "acne_scars")
    scale = cohort.scales["gb_qual"]

    for show in SHOWS:
        with pytest.raises(TypeError, match="Only what an answer holds for internal pages"):
            show(find_fates(cohort, "acne_scars", scale), released)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="Only released estimates"):
            show(individuals, released.frame)  # type: ignore[arg-type]
    assert (admit(individuals, released) is None) == (audience == "shareable")
