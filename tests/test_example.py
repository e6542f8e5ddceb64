"""The example log: the same every time, as realistic as it is said to be, and nobody in it."""

import csv
import io
import re
import tomllib
from collections import Counter, defaultdict
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from analysis.errors import UsageError
from analysis.intake.example import HEADER, PLANTED, draw_log, write_example
from analysis.vocabulary import BUILT_IN

CONCERNS = {
    "acne scars": ("Goodman-Baron", ("acne scars", "acne scarring", "as", "ance scars")),
    "fine lines": ("AFLS", ("fine lines", "fl")),
    "pigmentation": ("mMASI", ("pigmentation", "melasma", "pih")),
}
PIGMENT = ("PIH", "hyperpigmentation, resolved in 6 weeks", "dark patches")
AS_OF = date(2026, 6, 30)
Row = dict[str, str]


@pytest.fixture(scope="module")
def tracked(project: Path) -> str:
    """The text of the tracked log."""
    return (project / "data" / "example" / "session-log.csv").read_bytes().decode()


@pytest.fixture(scope="module")
def visits(tracked: str) -> list[Row]:
    """The visits that can be read, in order, each once."""
    distinct = dict.fromkeys(map(tuple, read(tracked)[1:-1]))
    rows = [dict(zip(HEADER, cells, strict=True)) for cells in distinct if cells != HEADER]
    usable = [row for row in rows if to_day(row, "Date of visit")]
    for row in usable:
        row["Client ID"] = row["Client ID"].strip().upper()
    return usable


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def to_day(row: Row, column: str) -> date | None:
    try:
        return datetime.strptime(row[column], "%d.%m.%Y").date()
    except ValueError:
        return None


def to_score(written: str) -> float:
    roman = {"I": 1, "II": 2, "III": 3, "IV": 4}
    return roman[written] if written in roman else float(written.replace(",", "."))


def split_concerns(row: Row) -> list[str]:
    """Return the concerns of a visit, the first one first."""
    parts = [part.strip().lower() for part in re.split("[/+]", row["Concern"])]
    return [name for part in parts for name, (_, known) in CONCERNS.items() if part in known]


def judge_first_courses(visits: list[Row], concern: str) -> tuple[Counter[str], Counter[str]]:
    """Return what became of each patient's first course, and the direction of those analysed.

    The rules of the estimand once more, told differently from the code that ships.
    """
    treated = defaultdict(list)
    for visit in visits:
        if concern in split_concerns(visit):
            treated[visit["Client ID"]].append(visit)
    fates, directions = Counter(), Counter()
    for rows in treated.values():
        days = [to_day(row, "Date of visit") for row in rows]
        last = next(
            (place for place in range(len(days) - 1) if (days[place + 1] - days[place]).days > 180),
            len(days) - 1,
        )
        is_scored = rows[0]["Scale"] == CONCERNS[concern][0] and rows[0]["Score before"] != ""
        reviewed = to_day(rows[last], "Reviewed on")
        if (AS_OF - days[last]).days <= 180:
            fates["not yet due"] += 1
        elif not is_scored:
            fates["no baseline"] += 1
        elif reviewed is None or not 28 <= (reviewed - days[last]).days <= 180:
            fates["not seen again"] += 1
        else:
            before, after = (to_score(rows[0]["Score before"]), to_score(rows[last]["Score after"]))
            fates["analysed"] += 1
            directions["better" if after < before else "worse" if after > before else "same"] += 1
    return fates, directions


def test_same_seed_writes_the_tracked_bytes(project: Path, tmp_path: Path) -> None:
    """What is in git is what the code writes today, byte for byte."""
    write_example(tmp_path / "new")

    for name in ("session-log.csv", "source.toml"):
        written = (tmp_path / "new" / name).read_bytes()
        assert written == (project / "data" / "example" / name).read_bytes(), name


def test_another_seed_writes_another_log(tracked: str) -> None:
    """The seed matters, and only the seed."""
    assert draw_log(150, 2026) == tracked
    assert draw_log(150, 2027) != tracked


@pytest.mark.parametrize("count", [29, 0, -1, 1501])
def test_too_few_or_too_many_patients_are_refused(tmp_path: Path, count: int) -> None:
    """One sentence says which numbers are possible, and nothing is written."""
    with pytest.raises(UsageError, match="ask for 30 to 1500"):
        write_example(tmp_path / "new", patients=count)

    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("count", "seed"), [(30, 1), (30, 2), (30, 3), (400, 4), (1500, 5)])
def test_any_size_has_every_patient_and_every_slip(count: int, seed: int) -> None:
    """The mess is not a property of one lucky seed."""
    rows = read(draw_log(count, seed))
    ids = {row[0].strip().upper() for row in rows[1:-1]} - {"CLIENT ID"}

    assert len(ids) == count
    assert all(re.fullmatch(r"P-\d{4}", each) for each in ids)
    assert rows[-1][-1] == f"{len(rows) - 3} visits"
    for slip in PLANTED[4:]:
        assert sum(row[HEADER.index(slip.column)] == slip.written for row in rows) == 1, slip


def test_form_is_the_one_the_source_file_declares(tracked: str) -> None:
    """`;`, line feeds, the columns in their order, decimal commas, day first."""
    rows = read(tracked)

    assert "\r" not in tracked
    assert not tracked.startswith("\ufeff")
    assert tuple(rows[0]) == HEADER
    assert {len(row) for row in rows} == {len(HEADER)}
    assert re.search(r";mMASI;\d+,\d;", tracked)
    assert not re.search(r";\d+\.\d;", tracked)
    assert re.search(r"^P-\d{4};\d\d\.\d\d\.202[456];", tracked, re.MULTILINE)


def test_counts_are_those_of_a_clinic(visits: list[Row]) -> None:
    """150 patients, about 600 sessions, over at least 18 months."""
    days = sorted(to_day(row, "Date of visit") for row in visits)
    ids = Counter(row["Client ID"] for row in visits)

    assert len(ids) == 150
    assert 570 <= len(visits) <= 630
    assert days[0] >= date(2024, 5, 1)
    assert days[-1] <= date(2026, 5, 31)
    assert (days[-1] - days[0]).days >= 18 * 31
    assert all(day.weekday() != 6 for day in days)
    assert max(ids.values()) <= 12
    assert len({(row["Client ID"], row["Date of visit"]) for row in visits}) == len(visits)


@pytest.mark.parametrize("concern", CONCERNS)
def test_every_fate_of_a_course_is_there_in_numbers_that_may_be_shown(
    visits: list[Row], concern: str
) -> None:
    """Closed and open courses, with and without scores; nobody who could not respond.

    A shared page hides groups of one to four, so the example has none of these here.
    """
    fates, directions = judge_first_courses(visits, concern)

    assert fates["not yet due"] >= 8
    assert fates["no baseline"] >= 6
    assert fates["not seen again"] >= 8
    assert fates["analysed"] >= 20
    assert all(count >= 5 for count in directions.values()), directions
    assert directions["better"] > directions["same"] + directions["worse"]


@pytest.mark.parametrize(
    ("scale", "lowest", "highest"), [("Goodman-Baron", 2, 4), ("AFLS", 1, 4), ("mMASI", 0.1, 24)]
)
def test_nobody_starts_where_the_scale_cannot_improve(
    visits: list[Row], scale: str, lowest: float, highest: float
) -> None:
    """A flat scar or a face without lines is not treated, and every score fits its scale."""
    first = {}
    for row in visits:
        if row["Scale"] == scale:
            first.setdefault(row["Client ID"], row["Score before"])
    starts = [to_score(written) for written in first.values() if written]

    assert len(starts) >= 30
    assert min(starts) >= lowest
    assert max(starts) <= highest


def test_about_three_of_four_closed_courses_are_reviewed(visits: list[Row]) -> None:
    """Most come back after two to five months, a few outside the window, some never."""
    waits, closed = [], 0
    courses = defaultdict(list)
    for row in visits:
        courses[row["Client ID"]].append(row)
    for rows in courses.values():
        for place, row in enumerate(rows):
            day = to_day(row, "Date of visit")
            following = rows[place + 1 :]
            is_last = not following or (to_day(following[0], "Date of visit") - day).days > 180
            reviewed = to_day(row, "Reviewed on")
            assert (reviewed is None) == (row["Score after"] == "")
            assert reviewed is None or (is_last and day < reviewed <= AS_OF)
            if is_last and (AS_OF - day).days > 180:
                closed += 1
                waits += [(reviewed - day).days] if reviewed else []

    assert 0.70 <= len(waits) / closed <= 0.77
    assert sum(60 <= wait <= 151 for wait in waits) > 0.85 * len(waits)
    assert sum(not 28 <= wait <= 180 for wait in waits) >= 5


def test_side_effects_are_blank_absent_or_recorded(visits: list[Row]) -> None:
    """15 to 20 of 100 cells say nothing; one patient in ten never has anything recorded."""
    recorded = defaultdict(list)
    for row in visits:
        recorded[row["Client ID"]].append(row["Side effects"] not in ("", "N/A"))
    cells = [each for patient in recorded.values() for each in patient]

    assert 0.15 <= 1 - sum(cells) / len(cells) <= 0.20
    assert 12 <= sum(not any(patient) for patient in recorded.values()) <= 19


def test_darkening_follows_the_skin_type(visits: list[Row]) -> None:
    """8 to 12 of 100 patients with types IV to VI, 2 to 4 of 100 with I to III."""
    types, darkened = {}, set()
    for row in visits:
        if row["Skin type"]:
            types[row["Client ID"]] = row["Skin type"].split("-")[-1]
        if row["Side effects"] in PIGMENT:
            darkened.add(row["Client ID"])
    light = {patient for patient, each in types.items() if each in ("I", "II", "III")}
    dark = set(types) - light

    assert set(types.values()) == {"I", "II", "III", "IV", "V", "VI"}
    assert darkened <= set(types)
    assert 0.08 <= len(darkened & dark) / len(dark) <= 0.12
    assert 0.02 <= len(darkened & light) / len(light) <= 0.04


def test_every_concern_written_but_one_is_known(visits: list[Row]) -> None:
    """The spellings are the vocabulary's, except the planted one."""
    known = {
        spelling.casefold()
        for concern in BUILT_IN.analysed_concerns.values()
        for spelling in (*concern.spellings, *concern.short_spellings)
    }
    written = Counter(part.strip() for row in visits for part in re.split("[/+]", row["Concern"]))

    assert [each for each in written if each.casefold() not in known] == ["as discussed"]
    assert sum("/" in row["Concern"] or "+" in row["Concern"] for row in visits) > 0.1 * len(visits)


@pytest.mark.parametrize(
    ("word", "term"),
    [
        ("redness", "erythema"),
        ("erythema", "erythema"),
        ("reddness", "erythema"),
        ("erythma", "erythema"),
        ("swollen", "oedema"),
        ("puffy", "oedema"),
        ("itchy", "pruritus"),
        ("flaky", "peeling"),
        ("pealing", "peeling"),
        ("burning", "burning"),
        ("dry", "dryness"),
        ("tight", "warmth_tightness"),
        ("bruising", "bruising"),
        ("brusing", "bruising"),
        ("breakout", "acne_flare"),
        ("acne flare", "acne_flare"),
        ("as expected", "unspecified_expected"),
        ("pih", "pih"),
        ("hyperpigmentation", "pih"),
        ("dark patches", "pih"),
    ],
)
def test_every_side_effect_written_is_known(tracked: str, word: str, term: str) -> None:
    """The words of the log, misspellings included, stand in the vocabulary."""
    assert word in tracked.lower()
    assert word in BUILT_IN.side_effects[term].spellings


def test_each_slip_is_planted_once(tracked: str) -> None:
    """What PLANTED says is there, once each, and nothing else is twice."""
    rows = [tuple(row) for row in read(tracked)]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(HEADER)}
    counts = Counter(rows)

    assert rows.count(HEADER) == 2
    assert sorted(counts.values())[-3:] == [1, 2, 2]
    assert [row for row, following in pairwise(rows) if row == following] == [
        row for row, count in counts.items() if count == 2 and row != HEADER
    ]
    assert rows[-1] == ("Total", *[""] * 17, f"{len(rows) - 3} visits")
    assert sum(re.fullmatch(r"p-\d{4} ", each) is not None for each in columns["Client ID"]) == 1
    assert columns["Date of visit"].count("31.02.2025") == 1
    assert [age for age in columns["Age"] if age.isdigit() and not 18 <= int(age) < 90] == ["243"]
    assert columns["Concern"].count("as discussed") == 1
    outside = {"1", "2", "3", "4", "I", "II", "III", "IV", ""}
    grades = [row for row in rows if row[HEADER.index("Scale")] == "Goodman-Baron"]
    scores = [row[HEADER.index("Score before")] for row in grades]
    assert [score for score in scores if score not in outside] == ["7"]
    assert sum(";" in each for each in columns["Comments"]) == 1
    assert sum('"' in each for each in columns["Comments"]) == 1
    assert sum("\n" in each for row in rows for each in row) == 1
    assert tracked.count("\n") == len(rows) + 1


def test_nobody_is_named(tracked: str) -> None:
    """Clients and staff are codes, and no two words in a row look like a person's name."""
    rows = read(tracked)[1:-1]
    ids = {row[0] for row in rows} - {"Client ID"}
    operators = {row[HEADER.index("Operator")] for row in rows} - {"Operator"}

    assert all(re.fullmatch(r"[Pp]-\d{4} ?", each) for each in ids)
    assert operators == {"N1", "N2", "D1"}
    for row in rows:
        comment = row[HEADER.index("Comments")]
        assert not re.search(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b", comment)


def test_source_file_calls_the_log_synthetic_and_maps_its_columns(project: Path) -> None:
    """Whoever reads the log through its source file sees that nobody in it exists."""
    text = (project / "data" / "example" / "source.toml").read_text(encoding="utf-8")
    source = tomllib.loads(text)

    assert source["synthetic"] is True
    assert "synthetic" in source["title"]
    assert source["extracted_on"] == AS_OF
    assert list(source["columns"].values()) == [name for name in HEADER if name != "Comments"]
