"""What may be shared: visible tables of estimates in, what the reader sees out."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import UsageError
from analysis.estimates import COLUMNS, MIME_TYPE, Origin, bind_estimates, make_estimates
from analysis.show.disclosure import Released, release
from analysis.vocabulary import BUILT_IN

ORIGIN = Origin(
    source="clinic",
    title="A clinic",
    synthetic=True,
    as_of="2026-07-01",
    data_until="2026-06",
    data_hash="0123456789abcdef",
    selection="",
    vocabulary=BUILT_IN,
)
LEVELS = ("not yet due", "no baseline", "not seen again", "cannot respond", "analysed")


def share(count: int | None, total: int | None, **columns: Any) -> dict[str, Any]:
    """One share of patients, as an answer would give it."""
    value = count / total if count is not None and total else None
    return {
        "question": "outcomes",
        "statistic": "responders",
        "unit": "patients",
        "method": "wilson",
        "population": "analysed",
        "count": count,
        "total": total,
        "value": value,
        "low": None if value is None else value / 2,
        "high": None if value is None else (1 + value) / 2,
        "confidence": 0.95,
    } | columns


def read(released: Released) -> dict[str, str]:
    """What the reader sees of each number: "count of total", or the words instead."""
    seen = {}
    for row in released.frame.itertuples():
        name = row.level or row.term or row.statistic
        count, total = ("?" if pd.isna(each) else str(each) for each in (row.count, row.total))
        seen[name] = row.shown_as or f"{count} of {total}"
    return seen


def see(*rows: dict[str, Any], audience: str = "shareable") -> dict[str, str]:
    return read(release(make_estimates(rows), ORIGIN, audience=audience))


@pytest.mark.parametrize(
    ("count", "total", "seen"),
    [
        # nobody: shown
        (0, 200, "0 of 200"),
        (0, 5, "0 of 5"),
        # a small numerator
        (1, 200, "1 to 4 of 200"),
        (4, 200, "1 to 4 of 200"),
        (5, 200, "5 of 200"),
        # a small complement
        (195, 200, "195 of 200"),
        (196, 200, "196 to 199 of 200"),
        (199, 200, "196 to 199 of 200"),
        (200, 200, "200 of 200"),
        # both, or so few that naming one would rule out the other
        (5, 9, "5 to 8 of 9"),
        (4, 9, "1 to 4 of 9"),
        (5, 8, "1 to 7 of 8"),
        (1, 8, "1 to 7 of 8"),
        (5, 6, "1 to 5 of 6"),
        (4, 5, "1 to 4 of 5"),
        # so few patients that not even their number is shown
        (0, 4, "not shown"),
        (2, 4, "not shown"),
        (4, 4, "not shown"),
        (1, 1, "not shown"),
        (0, 0, "0 of 0"),
    ],
)
def test_a_share_of_patients_is_hidden_when_it_rests_on_few(
    count: int, total: int, seen: str
) -> None:
    """Numerator or complement of 1 to 4 patients become words; a total of 1 to 4 is hidden too."""
    assert see(share(count, total)) == {"responders": seen}


@pytest.mark.parametrize(("count", "total"), [(3, 200), (198, 200), (2, 3)])
def test_internal_pages_hide_nothing(count: int, total: int) -> None:
    """The audience "internal" sees every number."""
    assert see(share(count, total), audience="internal") == {"responders": f"{count} of {total}"}


def test_everything_that_tells_a_hidden_number_is_missing() -> None:
    """Value, interval and patients go with the count; so do a note and a method for the ends."""
    rows = [
        share(3, 200, term="milia", note="3 of them early"),
        share(4, 4, term="bruising", method="clopper_pearson"),
    ]
    frame = release(make_estimates(rows), ORIGIN).frame

    hidden = ["count", "patients_count", "value", "low", "high", "confidence", "se", "df"]
    assert frame[hidden].isna().all(axis=None)
    assert frame["total"].to_list()[:1] == [200]
    assert frame[["total", "patients_total"]].iloc[1].isna().all()
    assert frame["note"].to_list() == ["", ""]
    assert frame["method"].to_list() == ["wilson", "wilson"]
    assert frame["status"].to_list() == ["suppressed", "suppressed"]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        # sessions, and the distinct patients behind them
        ({"count": 40, "total": 600, "patients_count": 30, "patients_total": 150}, "40 of 600"),
        ({"count": 40, "total": 600, "patients_count": 4, "patients_total": 150}, "not shown"),
        ({"count": 560, "total": 600, "patients_count": 148, "patients_total": 150}, "not shown"),
        ({"count": 597, "total": 600, "patients_count": 150, "patients_total": 150}, "not shown"),
        ({"count": 0, "total": 600, "patients_count": 0, "patients_total": 150}, "0 of 600"),
        ({"count": 9, "total": 12, "patients_count": 3, "patients_total": 3}, "not shown"),
        # nobody said how many patients they are
        ({"count": 40, "total": 600}, "not shown"),
    ],
)
def test_sessions_are_judged_by_the_patients_behind_them(given: dict[str, int], seen: str) -> None:
    """Forty sessions of four patients are four patients."""
    row = share(None, None) | {"unit": "sessions", "method": "clustered_gee"} | given
    assert see(row) == {"responders": seen}


def test_how_complete_the_log_is_may_be_told() -> None:
    """Sessions without an entry say something about the clinic, even if two patients have none."""
    row = share(570, 600, question="side effects", statistic="recorded", unit="sessions")
    row |= {"patients_count": 148, "patients_total": 150, "population": "sessions selected"}
    assert see(row) == {"recorded": "570 of 600"}


@pytest.mark.parametrize(("patients", "is_shown"), [(4, False), (5, True)])
def test_an_average_is_hidden_when_it_rests_on_few(patients: int, is_shown: bool) -> None:
    """A mean or median of four patients is hidden with its n."""
    row = share(patients, patients, statistic="mean change", method="mean_t", value=1.5)
    frame = release(make_estimates([row | {"low": 1.0, "high": 2.0, "se": 0.2}]), ORIGIN).frame
    names = ["count", "total", "patients_total", "value", "low", "high", "se"]
    assert frame[names].notna().all(axis=None) == is_shown


def test_a_number_without_patients_behind_it_is_hidden() -> None:
    """A median that does not say of how many could be of one."""
    assert see(share(None, None, statistic="age", method="median", value=31.0)) == {
        "age": "not shown"
    }


def test_rows_of_the_log_are_not_patients() -> None:
    """Three rows set aside are no group of patients."""
    row = share(3, None, question="population", statistic="rows", unit="rows", method="count")
    assert see(row) == {"rows": "3 of ?"}


def test_an_upper_bound_stays_but_not_where_it_tells_a_hidden_zero() -> None:
    """The bound stands beside 0 of 200; beside a hidden total it would say "nobody"."""
    bound = {"statistic": "upper bound", "method": "exact_upper_bound", "low": None, "high": None}
    rows = [
        share(0, 200, statistic="patients with", term="milia"),
        share(0, 200, term="milia", value=0.015, **bound),
        share(0, 3, statistic="patients with", term="keloid"),
        share(0, 3, term="keloid", value=0.6, **bound),
    ]
    frame = release(make_estimates(rows), ORIGIN).frame
    shown = frame[frame["statistic"] == "upper bound"]
    assert shown["term"].to_list() == ["milia"]
    assert shown["value"].to_list() == [0.015]


# --- levels and their total -------------------------------------------------------------------


def levels(total: int, **counts: int) -> list[dict[str, Any]]:
    return [
        share(count, total, statistic="direction", by="change", level=level)
        for level, count in counts.items()
    ]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (
            {"better": 60, "same": 30, "worse": 10},
            {"better": "60 of 100", "same": "30 of 100", "worse": "10 of 100"},
        ),
        (  # one hidden row in a group with a total hides the next smallest
            {"better": 60, "same": 38, "worse": 2},
            {"better": "60 of 100", "same": "not shown", "worse": "1 to 4 of 100"},
        ),
        (  # not a zero: its number is known anyway
            {"better": 98, "same": 0, "worse": 2},
            {"better": "96 to 99 of 100", "same": "0 of 100", "worse": "1 to 4 of 100"},
        ),
        (  # two hidden rows keep each other hidden when either may be 1, 2, 3 and 4 ...
            {"better": 95, "same": 2, "worse": 3},
            {"better": "95 of 100", "same": "1 to 4 of 100", "worse": "1 to 4 of 100"},
        ),
        (  # ... but not when together they are six, so that neither is 1
            {"better": 94, "same": 3, "worse": 3},
            {"better": "not shown", "same": "1 to 4 of 100", "worse": "1 to 4 of 100"},
        ),
        (  # ... nor when together they are four at most, so that neither is 4
            {"better": 98, "same": 1, "worse": 1},
            {"better": "not shown", "same": "1 to 4 of 100", "worse": "1 to 4 of 100"},
        ),
        (
            {"better": 92, "same": 4, "worse": 4},
            {"better": "not shown", "same": "1 to 4 of 100", "worse": "1 to 4 of 100"},
        ),
    ],
)
def test_a_level_cannot_be_found_by_subtraction(
    given: dict[str, int], seen: dict[str, str]
) -> None:
    """Levels add up to their total, so a hidden one needs company."""
    assert see(*levels(100, **given)) == seen


def test_levels_that_do_not_add_up_to_the_total_need_no_company() -> None:
    """A patient may have several concerns: nothing can be subtracted."""
    rows = [
        share(count, 100, statistic="characteristic", by="concern", level=level)
        for level, count in {"acne_scars": 60, "fine_lines": 55, "pigmentation": 3}.items()
    ]
    assert see(*rows) == {
        "acne_scars": "60 of 100",
        "fine_lines": "55 of 100",
        "pigmentation": "1 to 4 of 100",
    }


def by_skin_type(whole: tuple[int, int], **groups: tuple[int, int]) -> list[dict[str, Any]]:
    about = {"question": "side effects", "statistic": "patients with", "term": "pih"}
    rows = [share(*whole, population="patients asked", **about)]
    for level, (count, total) in groups.items():
        group = {"by": "skin type group", "level": level, "population": "patients asked"}
        rows.append(share(count, total, **about, **group))
    return rows


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (
            {"whole": (12, 150), "light": (6, 80), "dark": (6, 70)},
            {"pih": "12 of 150", "light": "6 of 80", "dark": "6 of 70"},
        ),
        (  # the other group would give it away against the row over all
            {"whole": (9, 150), "light": (1, 80), "dark": (8, 70)},
            {"pih": "9 of 150", "light": "1 to 4 of 80", "dark": "not shown"},
        ),
        (  # a group so small that its size is hidden: the other's size would tell it
            {"whole": (20, 83), "light": (20, 80), "dark": (0, 3)},
            {"pih": "20 of 83", "light": "not shown", "dark": "not shown"},
        ),
        (  # two patients of no known skin type are a group too
            {"whole": (20, 152), "light": (10, 80), "dark": (10, 70)},
            {"pih": "20 of 152", "light": "10 of 80", "dark": "not shown"},
        ),
    ],
)
def test_a_group_cannot_be_found_by_subtracting_from_the_row_over_all(
    given: dict[str, tuple[int, int]], seen: dict[str, str]
) -> None:
    """Groups and the patients of no group add up to the ungrouped row, in count and total."""
    assert see(*by_skin_type(**given)) == seen


def test_a_group_of_skin_types_does_not_tell_one_of_its_types() -> None:
    """IV to VI are 35 asked, IV 20 and V 12: without hiding one more, VI would be three."""
    kinds = {"I": 8, "II": 30, "III": 40, "IV": 20, "V": 12, "VI": 3}
    described = {"statistic": "characteristic", "by": "skin type", "population": "patients treated"}
    rows = [share(count, 113, level=level, **described) for level, count in kinds.items()]
    rows += by_skin_type((20, 113), **{"I-III": (10, 78), "IV-VI": (10, 35)})
    seen = see(*rows)
    assert seen["VI"] == "1 to 4 of 113"
    assert seen["V"] == "not shown"
    assert [seen[level] for level in ("I", "II", "III", "IV")] == [
        f"{kinds[level]} of 113" for level in ("I", "II", "III", "IV")
    ]


# --- the steps of a course --------------------------------------------------------------------


def course(*steps: int, responders: int = 20, treated: int | None = None) -> pd.DataFrame:
    """Fate, responders, direction and mean change of one concern, as the answers give them."""
    due, baseline, lost, cannot, analysed = steps
    total, seen = sum(steps), cannot + analysed
    about = {"concern": "acne_scars", "scale": "gb_qual"}
    fate = {"question": "population", "statistic": "fate", "by": "step", "unit": "courses"}
    counts = {"population": "first courses", "method": "count", "value": None, "low": None}
    rows = [
        share(count, total, level=level, **fate, **about, **(counts | {"high": None}))
        for level, count in zip(LEVELS, (due, baseline, lost, cannot, analysed), strict=True)
    ]
    rows.append(share(responders, analysed, **about))
    again = {"population": "seen again", "statistic": "direction", "by": "change"}
    for level, count in {"better": seen - 10, "same": 5, "worse": 5}.items():
        rows.append(share(count, seen, level=level, **again, **about))
    if treated is not None:
        common = {"question": "population", "population": "patients treated", "method": "count"}
        rows.append(
            share(
                *(total, treated),
                **common,
                statistic="characteristic",
                by="concern",
                level="acne_scars",
            )
        )
    return make_estimates(rows)


TABLES = {
    # not yet due · no baseline · not seen again · cannot respond · analysed
    "nothing small": (
        course(12, 6, 8, 5, 40),
        "12 of 71 · 6 of 71 · 8 of 71 · 5 of 71 · 40 of 71",
        "20 of 40",
        "35 of 45",
    ),
    "one small step hides the next smallest": (
        course(6, 3, 8, 10, 40),
        "not shown · 1 to 4 of 67 · 8 of 67 · 10 of 67 · 40 of 67",
        "20 of 40",
        "40 of 50",
    ),
    "but not one that comes out as seen again minus analysed": (
        course(12, 3, 8, 5, 40),
        "12 of 68 · 1 to 4 of 68 · not shown · 5 of 68 · 40 of 68",
        "20 of 40",
        "35 of 45",
    ),
    "who cannot respond is seen again minus analysed": (
        course(12, 6, 8, 2, 40),
        "12 of 68 · not shown · 8 of 68 · 1 to 4 of 68 · 40 of 68",
        "20 of 40",
        "not shown",
    ),
    "the patients analysed are hidden last": (
        course(12, 0, 50, 3, 40),
        "not shown · 0 of 105 · 50 of 105 · 1 to 4 of 105 · 40 of 105",
        "20 of 40",
        "not shown",
    ),
    "a small complement of the analysed gives up the flow, not the headline": (
        course(0, 0, 3, 0, 60),
        "not shown · not shown · not shown · not shown · not shown",
        "20 of 60",
        "50 of 60",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_step_cannot_be_found_from_the_populations_made_of_it(name: str) -> None:
    """First courses, seen again and analysed are sums of the steps; their totals stand in rows."""
    estimates, steps, responders, better = TABLES[name]
    seen = read(release(estimates, ORIGIN))
    assert " · ".join(seen[level] for level in LEVELS) == steps
    assert seen["responders"] == responders
    assert seen["better"] == better


def test_a_given_up_population_leaves_no_trace() -> None:
    """Every row whose total would give the step away loses count, total and everything."""
    frame = release(course(12, 6, 8, 2, 40), ORIGIN).frame
    again = frame[frame["population"] == "seen again"]
    names = ["count", "total", "patients_count", "patients_total", "value", "low", "high"]
    assert len(again) == 3
    assert again[names].isna().all(axis=None)


def test_the_concerns_of_the_patients_do_not_give_the_first_courses_away() -> None:
    """Patients with a concern and first courses of it are the same people."""
    seen = read(release(course(0, 0, 3, 0, 60, treated=150), ORIGIN))
    assert seen["acne_scars"] == "not shown"
    assert seen["responders"] == "20 of 60"


def test_a_population_inside_another_leaves_no_small_rest() -> None:
    """150 treated of whom 148 came twice: two came once, and they are a group."""
    rows = [
        share(150, None, statistic="patients", population="patients treated", method="count"),
        share(
            60,
            148,
            statistic="interval under four weeks",
            population="patients with a further session",
        ),
    ]
    assert see(*rows) == {"patients": "150 of ?", "interval under four weeks": "not shown"}
    rows[1] |= {"count": 60, "total": 140}
    assert see(*rows)["interval under four weeks"] == "60 of 140"


def test_the_n_of_a_median_does_not_tell_who_is_missing() -> None:
    """A median over 148 of 150 patients would tell that two have no age; the median itself not."""
    rows = [
        share(150, None, statistic="patients", population="patients treated", method="count"),
        share(148, 148, statistic="age", population="patients treated", method="median", value=31),
    ]
    rows[1] |= {"low": None, "high": None}
    frame = release(make_estimates(rows), ORIGIN).frame
    median = frame[frame["statistic"] == "age"].iloc[0]
    assert (median["value"], median["status"]) == (31, "shown")
    assert median[["count", "total", "patients_count", "patients_total"]].isna().all()


def test_the_patients_behind_sessions_do_not_tell_a_hidden_row_of_patients() -> None:
    """Sessions and patients with the same side effect share the number of patients."""
    about = {"question": "side effects", "term": "pih"}
    rows = by_skin_type((9, 150), light=(1, 80), dark=(8, 70))
    rows.append(
        share(
            *(20, 300),
            **about,
            statistic="sessions with",
            unit="sessions",
            by="skin type group",
            level="dark",
            population="sessions asked",
            patients_count=8,
            patients_total=70,
        )
    )
    frame = release(make_estimates(rows), ORIGIN).frame
    assert frame["count"].iloc[-1] == 20
    assert pd.isna(frame["patients_count"].iloc[-1])


STEP = st.one_of(st.integers(0, 6), st.integers(0, 12))


@settings(max_examples=60)
@given(st.tuples(STEP, STEP, STEP, STEP, st.integers(10, 14)))
def test_no_reader_can_work_out_a_hidden_step(steps: tuple[int, ...]) -> None:
    """Somebody who tries every possible course against all that is shown is left with a choice."""
    released = release(course(*steps, responders=5, treated=90), ORIGIN)
    possible = np.array([each.ravel() for each in np.indices((17,) * 5)])
    sums = {
        "first courses": possible.sum(axis=0),
        "seen again": possible[3] + possible[4],
        "analysed": possible[4],
        "patients treated": 90,
    }
    fits = np.full(possible.shape[1], fill_value=True)
    for row in released.frame.to_dict("records"):
        if not pd.isna(row["total"]):
            fits &= sums[row["population"]] == row["total"]
        counts = possible[LEVELS.index(row["level"])] if row["level"] in LEVELS else None
        if row["level"] == "acne_scars":
            counts = sums["first courses"]
        if counts is None:
            continue
        if not pd.isna(row["count"]):
            fits &= counts == row["count"]
        elif found := re.match(r"(\d+) to (\d+)", row["shown_as"]):
            fits &= (counts >= int(found[1])) & (counts <= int(found[2]))

    assert fits[np.ravel_multi_index(steps, (17,) * 5)], "what is shown is not what happened"
    for count, values in zip(steps, possible, strict=True):
        for true, guesses in (
            (count, values[fits]),
            (sum(steps) - count, (sums["first courses"] - values)[fits]),
        ):
            assert not 0 < true < 5 or len({*guesses.tolist()}) > 1


def test_the_order_of_rows_changes_nothing() -> None:
    """Shuffled estimates hide the same numbers."""
    estimates = course(12, 3, 8, 2, 40, treated=150)
    backwards = estimates.iloc[::-1].reset_index(drop=True)
    assert read(release(estimates, ORIGIN)) == read(release(backwards, ORIGIN))


# --- what is released -------------------------------------------------------------------------


def test_the_bundle_holds_the_released_numbers_and_no_hidden_one() -> None:
    """What a notebook emits for the .json has nulls where a number is hidden."""
    estimates = bind_estimates(
        make_estimates([share(137, 998, concern="fine_lines"), share(3, 997, concern="acne_scars")])
    )
    released = release(estimates, ORIGIN)
    bundle = released._repr_mimebundle_()
    content = bundle[MIME_TYPE]

    assert bundle["text/plain"] == "1 number released for sharing, 1 suppressed (threshold 5)"
    assert [content[name] for name in ("status", "audience", "threshold")] == [
        "done",
        "shareable",
        5,
    ]
    assert content["origin"] == {
        "source": "clinic",
        "title": "A clinic",
        "synthetic": True,
        "as_of": "2026-07-01",
        "data_until": "2026-06",
        "data_hash": "0123456789abcdef",
        "selection": "",
        "index_modality": "microneedling",
        "vocabulary_reviewed": BUILT_IN.is_reviewed,
    }
    shown, hidden = content["estimates"]
    assert [*shown] == [*COLUMNS, "shown_as"]
    assert (shown["count"], shown["total"], shown["shown_as"]) == (137, 998, "")
    assert (hidden["count"], hidden["total"]) == (None, 997)
    assert (hidden["value"], hidden["low"], hidden["high"]) == (None, None, None)
    assert hidden["shown_as"] == "1 to 4 of 997"
    text = json.dumps(bundle, allow_nan=False)
    assert "0.003" not in text
    assert "0.0015" not in text


def test_a_part_is_not_collected_a_second_time() -> None:
    """Only the whole release carries the page's numbers; a part of it is for one table."""
    released = release(course(12, 6, 8, 5, 40), ORIGIN)
    part = released.keep(statistic="fate", level=["analysed", "no baseline"])
    assert part.frame["level"].to_list() == ["no baseline", "analysed"]
    assert MIME_TYPE not in part._repr_mimebundle_()
    with pytest.raises(UsageError, match="Did you mean 'level'"):
        released.keep(levle="analysed")


def test_released_cannot_be_made_by_hand() -> None:
    """Only release() makes what show accepts."""
    frame = make_estimates([share(3, 200)])
    with pytest.raises(TypeError, match="made by release"):
        Released(frame=frame, audience="shareable", threshold=5, origin=ORIGIN, status="done")


def test_an_unknown_audience_is_a_sentence() -> None:
    """A misspelt audience must not fall back to one that shows more."""
    with pytest.raises(UsageError, match=r"Unknown audience 'sharable'.*Did you mean 'shareable'"):
        release(make_estimates([]), ORIGIN, audience="sharable")


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], "empty"),
        ([share(0, 0)], "empty"),
        ([share(40, None, unit="rows", statistic="rows", method="count")], "empty"),
        ([share(0, 1)], "done"),
    ],
)
def test_the_status_is_empty_when_no_number_rests_on_a_patient(
    rows: list[dict[str, Any]], status: str
) -> None:
    """A log of no patient gives a page that says so."""
    assert release(make_estimates(rows), ORIGIN).status == status


def test_release_does_not_change_the_estimates() -> None:
    """The raw frame is as it was."""
    estimates = make_estimates([share(3, 200)])
    before = estimates.copy()
    release(estimates, ORIGIN)
    pd.testing.assert_frame_equal(estimates, before)


def test_release_does_not_depend_on_the_hash_seed() -> None:
    """Another process with another hash seed hides the same rows."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_disclosure as t; import json;"
        "r = t.release(t.course(12, 3, 8, 2, 40, treated=150), t.ORIGIN);"
        "print(json.dumps(r._repr_mimebundle_()))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
