"""From a log of 24 visits to every estimate about it, counted by hand."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analysis.answers.outcomes import (
    compute_improvement,
    describe_rule,
    estimate_all_outcomes,
    find_responders,
)
from analysis.answers.population import (
    can_respond,
    choose_scale,
    count_all_fates,
    count_flow,
    describe_patients,
    find_fates,
    name_age_band,
)
from analysis.answers.protocol import estimate_intervals
from analysis.answers.side_effects import estimate_side_effects
from analysis.estimates import bind_estimates, compare_estimates
from analysis.intake.cohort import Cohort, load_cohort
from analysis.vocabulary import BUILT_IN, Responder
from logs import load, read_table, to_csv, write_settings

# Read on day 1000. Acne scars (four grades, a responder is one better): a, e and i get better, b
# stays, c gets worse, d cannot get better than 1, f has no baseline, g was not seen again, h is not
# due. Pigmentation (a score, a responder loses half): b was treated for both.
LOG = """
patient | day | age | sex | skin | concern | scale | before | after | reviewed | harm
a       | 0   | 34  | F   | II   | AS      | gb    | 3      |       |          | none
a       | 28  |     |     |      | AS      | gb    |        | 1     | 118      | redness 2d, no PIH
b       | 0   | 41  | F   | IV   | AS / HP | gb    | 3      | 3     | 90       | PIH
c       | 0   | 52  | M   | V    | AS      | gb    | 2      |       |          |
c       | 27  |     |     |      | AS      | gb    |        | 3     | 117      | no PIH
d       | 0   | 29  | F   | III  | AS      | gb    | 1      |       |          | none
d       | 30  |     |     |      | AS      | gb    |        | 1     | 120      |
e       | 0   | 61  | F   |      | AS      | gb    | 4      |       |          | mild swelling
e       | 20  |     |     |      | AS      |       |        |       |          |
e       | 120 |     |     |      | AS      | gb    |        | 2     | 220      |
f       | 0   |     | M   | VI   | AS      | gb    |        | 2     | 90       | none
g       | 0   | 35  | F   | II   | AS      | gb    | 3      |       |          | denies itching
h       | 900 | 95  | F   | I    | AS      | gb    | 3      |       |          |
i       | 0   | 38  | F   | II   | AS      | gb    | 4      |       |          | redness 10 days
i       | 35  |     |     |      | AS      |       |        |       |          |
i       | 70  |     |     |      | AS      |       |        |       |          |
i       | 105 |     |     |      | AS      | gb    |        | 3     | 195      |
k       | 0   | 17  | F   | III  | HP      | mmasi | 10     | 5     | 90       | none
l       | 0   | 30  | F   | I    | HP      | mmasi | 8      | 4.1   | 90       |
m       | 0   | 39  | M   | II   | HP      | mmasi | 0      | 0     | 90       |
n       | 0   | 40  | F   | IV   | HP      | mmasi | 12     | 12    | 90       |
o       | 0   | 49  |     | III  | HP      | mmasi | 6      | 7     | 90       |
q       | 0   | 50  | F   | II   | HP      | mmasi | 9      | 3     | 90       | none
r       | 0   | 33  | F   | V    | HP      | mmasi | 3.2    | 1.6   | 90       |
r       | 0   | 33  | F   | V    | HP      | mmasi | 3.2    | 1.6   | 90       |
Total   |     |     |     |      |         |       |        |       |          | 25 visits
"""
ZERO = """hypopig tram_track hypertrophic_scar keloid infection_bacterial infection_atypical hsv
granuloma urticaria anaphylaxis burn lipoatrophy nerve_injury device worsening_concern""".split()

# statistic, what it is about, count/total, patients behind both, value, status
POPULATION = """
rows           | read                    | 26/26 |       | -     | shown
rows           | used                    | 24/26 |       | -     | shown
rows           | set aside               | 1/26  |       | -     | shown
rows           | not data                | 1/26  |       | -     | shown
sessions       |                         | 24/-  | 16/-  | -     | shown
patients       |                         | 16/-  | 16/-  | -     | shown
characteristic | female                  | 12/16 | 12/16 | 0.75  | shown
characteristic | male                    | 3/16  | 3/16  | 0.188 | shown
characteristic | not recorded            | 1/16  | 1/16  | 0.062 | shown
characteristic | I                       | 2/16  | 2/16  | 0.125 | shown
characteristic | II                      | 5/16  | 5/16  | 0.312 | shown
characteristic | III                     | 3/16  | 3/16  | 0.188 | shown
characteristic | IV                      | 2/16  | 2/16  | 0.125 | shown
characteristic | V                       | 2/16  | 2/16  | 0.125 | shown
characteristic | VI                      | 1/16  | 1/16  | 0.062 | shown
characteristic | not recorded            | 1/16  | 1/16  | 0.062 | shown
characteristic | under 18                | 1/16  | 1/16  | 0.062 | shown
characteristic | 18 to 29                | 1/16  | 1/16  | 0.062 | shown
characteristic | 30 to 39                | 6/16  | 6/16  | 0.375 | shown
characteristic | 40 to 49                | 3/16  | 3/16  | 0.188 | shown
characteristic | 50 to 59                | 2/16  | 2/16  | 0.125 | shown
characteristic | 60 to 69                | 1/16  | 1/16  | 0.062 | shown
characteristic | 90 and over             | 1/16  | 1/16  | 0.062 | shown
characteristic | not recorded            | 1/16  | 1/16  | 0.062 | shown
characteristic | acne_scars              | 9/16  | 9/16  | 0.562 | shown
characteristic | pigmentation            | 8/16  | 8/16  | 0.5   | shown
age            |                         | 15/15 | 15/15 | 39    | shown
"""
OF_PIGMENTATION = """
characteristic | female                  | 6/8   | 6/8   | 0.75  | shown
characteristic | male                    | 1/8   | 1/8   | 0.125 | shown
characteristic | not recorded            | 1/8   | 1/8   | 0.125 | shown
characteristic | I                       | 1/8   | 1/8   | 0.125 | shown
characteristic | II                      | 2/8   | 2/8   | 0.25  | shown
characteristic | III                     | 2/8   | 2/8   | 0.25  | shown
characteristic | IV                      | 2/8   | 2/8   | 0.25  | shown
characteristic | V                       | 1/8   | 1/8   | 0.125 | shown
characteristic | under 18                | 1/8   | 1/8   | 0.125 | shown
characteristic | 30 to 39                | 3/8   | 3/8   | 0.375 | shown
characteristic | 40 to 49                | 3/8   | 3/8   | 0.375 | shown
characteristic | 50 to 59                | 1/8   | 1/8   | 0.125 | shown
age            |                         | 8/8   | 8/8   | 39.5  | shown
"""
FATES = """
fate           | gb_qual not yet due     | 1/9   | 1/9   | 0.111 | shown
fate           | gb_qual no baseline     | 1/9   | 1/9   | 0.111 | shown
fate           | gb_qual not seen again  | 1/9   | 1/9   | 0.111 | shown
fate           | gb_qual cannot respond  | 1/9   | 1/9   | 0.111 | shown
fate           | gb_qual analysed        | 5/9   | 5/9   | 0.556 | shown
fate           | mmasi not yet due       | 0/8   | 0/8   | 0     | shown
fate           | mmasi no baseline       | 1/8   | 1/8   | 0.125 | shown
fate           | mmasi not seen again    | 0/8   | 0/8   | 0     | shown
fate           | mmasi cannot respond    | 1/8   | 1/8   | 0.125 | shown
fate           | mmasi analysed          | 6/8   | 6/8   | 0.75  | shown
"""
OUTCOMES = """
responders     | gb_qual                 | 3/5   | 3/5   | 0.6   | shown
direction      | gb_qual better          | 3/6   | 3/6   | 0.5   | shown
direction      | gb_qual same            | 2/6   | 2/6   | 0.333 | shown
direction      | gb_qual worse           | 1/6   | 1/6   | 0.167 | shown
responders     | mmasi                   | 3/6   | 3/6   | 0.5   | shown
direction      | mmasi better            | 4/7   | 4/7   | 0.571 | shown
direction      | mmasi same              | 2/7   | 2/7   | 0.286 | shown
direction      | mmasi worse             | 1/7   | 1/7   | 0.143 | shown
mean change    | mmasi                   | 7/7   | 7/7   | 2.214 | shown
"""
# Asked about everything: a twice, b, d, e, f, i, k, q. Asked about PIH alone: c. Blank is in none.
# No rate for fewer than 5 patients, nor for a group of fewer than 10.
SIDE_EFFECTS = """
recorded       |                         | 9/24  | 8/16  | 0.375 | shown
patients with  | erythema                | 1/8   | 1/8   | 0.125 | shown
sessions with  | erythema                | 1/9   | 1/8   | 0.111 | shown
events per 100 sessions | erythema                | 1/9   | 1/8   | 11.111 | shown
patients with  | oedema                  | 1/8   | 1/8   | 0.125 | shown
sessions with  | oedema                  | 1/9   | 1/8   | 0.111 | shown
events per 100 sessions | oedema                  | 1/9   | 1/8   | 11.111 | shown
patients with  | prolonged_erythema      | 1/8   | 1/8   | 0.125 | shown
sessions with  | prolonged_erythema      | 1/9   | 1/8   | 0.111 | shown
events per 100 sessions | prolonged_erythema      | 1/9   | 1/8   | 11.111 | shown
patients with  | pih                     | 1/9   | 1/9   | 0.111 | shown
sessions with  | pih                     | 1/10  | 1/9   | 0.1   | shown
events per 100 sessions | pih                     | 1/10  | 1/9   | 10    | shown
patients with  | pih I-III               | 0/5   | 0/5   | -     | too few
patients with  | pih IV-VI               | 1/3   | 1/3   | -     | too few
patients with  | pih not recorded        | 0/1   | 0/1   | -     | too few
"""
NOT_SEEN = """
patients with  | {term}                  | 0/8   | 0/8   | 0     | shown
upper bound    | {term}                  | 0/8   | 0/8   | 0.312 | shown
sessions with  | {term}                  | 0/9   | 0/8   | 0     | shown
events per 100 sessions | {term}                  | 0/9   | 0/8   | 0     | shown
"""
OF_ACNE_SCARS = """
recorded       |                         | 7/17  | 6/9   | 0.412 | shown
patients with  | erythema                | 1/6   | 1/6   | 0.167 | shown
sessions with  | erythema                | 1/7   | 1/6   | 0.143 | shown
events per 100 sessions | erythema                | 1/7   | 1/6   | 14.286 | shown
patients with  | oedema                  | 1/6   | 1/6   | 0.167 | shown
sessions with  | oedema                  | 1/7   | 1/6   | 0.143 | shown
events per 100 sessions | oedema                  | 1/7   | 1/6   | 14.286 | shown
patients with  | prolonged_erythema      | 1/6   | 1/6   | 0.167 | shown
sessions with  | prolonged_erythema      | 1/7   | 1/6   | 0.143 | shown
events per 100 sessions | prolonged_erythema      | 1/7   | 1/6   | 14.286 | shown
patients with  | pih                     | 1/7   | 1/7   | 0.143 | shown
sessions with  | pih                     | 1/8   | 1/7   | 0.125 | shown
events per 100 sessions | pih                     | 1/8   | 1/7   | 12.5  | shown
patients with  | pih I-III               | 0/3   | 0/3   | -     | too few
patients with  | pih IV-VI               | 1/3   | 1/3   | -     | too few
patients with  | pih not recorded        | 0/1   | 0/1   | -     | too few
"""
ACNE_SCARS_NOT_SEEN = """
patients with  | {term}                  | 0/6   | 0/6   | 0     | shown
upper bound    | {term}                  | 0/6   | 0/6   | 0.393 | shown
sessions with  | {term}                  | 0/7   | 0/6   | 0     | shown
events per 100 sessions | {term}                  | 0/7   | 0/6   | 0     | shown
"""
# Intervals: a 28, c 27, d 30, e 20 and 100, i three of 35 days.
INTERVALS = """
interval under four weeks |              | 2/5   | 2/5   | 0.4   | shown
median interval           |              | 5/5   | 5/5   | 30    | shown
"""
NO_INTERVALS = """
interval under four weeks |              | 0/0   | 0/0   | -     | not estimable
median interval           |              | 0/0   | 0/0   | -     | not estimable
"""

ANSWERS: dict[str, tuple[Callable[[Cohort], pd.DataFrame], str]] = {
    "population": (
        lambda cohort: bind_estimates(count_flow(cohort), describe_patients(cohort)),
        POPULATION,
    ),
    "patients of a concern": (lambda it: describe_patients(it, "pigmentation"), OF_PIGMENTATION),
    "fates": (count_all_fates, FATES),
    "outcomes": (estimate_all_outcomes, OUTCOMES),
    "side effects": (
        estimate_side_effects,
        SIDE_EFFECTS + "".join(NOT_SEEN.format(term=term) for term in ZERO),
    ),
    "side effects of a concern": (
        lambda cohort: estimate_side_effects(cohort, "acne_scars"),
        OF_ACNE_SCARS + "".join(ACNE_SCARS_NOT_SEEN.format(term=term) for term in ZERO),
    ),
    "intervals": (estimate_intervals, INTERVALS),
    "intervals of a concern": (lambda it: estimate_intervals(it, "acne_scars"), INTERVALS),
    "no intervals": (lambda it: estimate_intervals(it, "pigmentation"), NO_INTERVALS),
}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The cohort of the log above."""
    return load(tmp_path_factory.mktemp("answers"), LOG)


def tell(row: dict) -> str:
    def number(value: object) -> str:
        return "-" if pd.isna(value) else f"{round(float(value), 3):g}"  # type: ignore[arg-type]

    def fraction(count: object, total: object) -> str:
        return "" if pd.isna(count) else f"{number(count)}/{number(total)}"

    about = " ".join(filter(None, (row["scale"], row["term"], row["level"])))
    counts = fraction(row["count"], row["total"])
    patients = fraction(row["patients_count"], row["patients_total"])
    return f"{row['statistic']}|{about}|{counts}|{patients}|{number(row['value'])}|{row['status']}"


def read_expected(table: str) -> list[str]:
    lines = [line for line in table.splitlines() if line]
    return ["|".join(cell.strip() for cell in line.split("|")) for line in lines]


@pytest.mark.parametrize("name", ANSWERS)
def test_every_estimate(cohort: Cohort, name: str) -> None:
    """All rows of an answer, and no other, are what a hand counts in the log."""
    ask, table = ANSWERS[name]

    found = [tell(row) for row in ask(cohort).to_dict("records")]

    assert sorted(found) == sorted(read_expected(table))


def estimate_all(cohort: Cohort) -> pd.DataFrame:
    return bind_estimates(*(ask(cohort) for ask, _ in ANSWERS.values()))


def test_addresses_are_unique_over_all_answers(cohort: Cohort) -> None:
    """All estimates of a page stand in one frame, each under its own key."""
    estimates = estimate_all(cohort)

    assert estimates["address"].is_unique
    assert set(estimates["source"]) == {"clinic"}


def test_mean_change_by_hand(cohort: Cohort) -> None:
    """Points lost, above zero for better: 5, 3.9, 0, 0, -1, 6 and 1.6. Their mean is 15.5 / 7, the
    sum of squares 79.77, so sd = 2.7522, se = 1.0402; t of 6 degrees of freedom is 2.4469."""
    row = estimate_all_outcomes(cohort).set_index("statistic").loc["mean change"]

    assert row["value"] == pytest.approx(15.5 / 7)
    assert (row["low"], row["high"]) == pytest.approx((-0.3311, 4.7597), abs=1e-4)
    assert (row["df"], row["note"]) == (6, "in points; above zero is better")


def test_partitions_add_up(cohort: Cohort) -> None:
    """Fates, directions, rows and each characteristic but the concern sum to their total."""
    parts = estimate_all(cohort)
    parts = parts[parts["by"].isin(["step", "change", "sex", "skin type", "age group"])]
    parts = parts[parts["level"] != "read"]

    keys = ["question", "statistic", "concern", "by"]
    sums = parts.groupby(keys).agg(count=("count", "sum"), total=("total", "max"))

    assert len(sums) == 11
    assert (sums["count"] == sums["total"]).all()


def test_what_does_not_add_up_says_so(cohort: Cohort) -> None:
    """A patient with two concerns counts in both: 9 and 8 of 16."""
    rows = describe_patients(cohort)
    rows = rows[rows["by"] == "concern"]

    assert rows["count"].sum() == 17
    assert set(rows["note"]) == {"a patient may have several concerns"}


# --- invariance -------------------------------------------------------------------------------


def test_order_names_and_files_change_nothing(cohort: Cohort, tmp_path: Path) -> None:
    """Rows and columns the other way round, other ids, the log in two files, and another clinic
    beside it: the same estimates, address by address."""
    header, *rows = read_table(LOG)
    *visits, _total = rows
    renamed = [[f"X-{ord(row[0]) * 7919 % 1000:04}", *row[1:]] for row in visits]
    turned = [row[::-1] for row in renamed[::-1]]
    total = ["", *[""] * (len(header) - 2), "Total"]
    home = tmp_path / "data" / "clinic"
    other = tmp_path / "data" / "other"
    for folder in (home, other):
        folder.mkdir(parents=True)
        (folder / "log.csv").write_text(to_csv([header[::-1], *turned[:11]]), encoding="utf-8")
    (home / "rest.csv").write_text(to_csv([header[::-1], *turned[11:], total]), encoding="utf-8")
    clinic = write_settings(header[::-1], files=("rest.csv", "log.csv"))
    (home / "source.toml").write_text(clinic, encoding="utf-8")
    beside = write_settings(header[::-1], name="other")
    (other / "source.toml").write_text(beside, encoding="utf-8")

    turned_round = load_cohort("clinic", project=tmp_path)

    moved = compare_estimates(estimate_all(cohort), estimate_all(turned_round))

    assert moved.empty, moved


# --- responder rules --------------------------------------------------------------------------

SCALE = BUILT_IN.scales["gb_qual"]  # 1 to 4
RULES = [
    # rule, amount, direction, baseline and follow-up that just meets it, and that just does not
    ("points_better", 1, "lower", (3, 2), (3, 2.01)),
    ("points_better", 1, "higher", (3, 4), (3, 3.99)),
    ("points_better", 0.3, "lower", (0.3, 0), (0.3, 0.01)),
    ("points_better", 0.1, "lower", (0.3, 0.2), (0.3, 0.21)),  # binary fractions decide nothing:
    ("percent_better", 20, "lower", (0.5, 0.4), (0.5, 0.41)),  # 19.999999999999996 is 20
    ("percent_better", 50, "lower", (3.2, 1.6), (3.2, 1.61)),
    ("percent_better", 50, "higher", (2, 3), (2, 2.99)),
    ("percent_better", 10, "lower", (1.1, 0.99), (1.1, 1.0)),
    ("at_most", 3, "lower", (None, 3), (None, 3.5)),
    ("at_least", 1, "higher", (None, 1), (None, 0.5)),
]


@pytest.mark.parametrize(("rule", "amount", "direction", "meets", "misses"), RULES)
def test_responder_rule(rule: str, amount: float, direction: str, meets: tuple, misses: tuple):
    """Each rule in each direction, at its edge and a hair's breadth beside it."""
    responder = Responder(rule=rule, amount=amount, basis="convention", text="", reference="")  # type: ignore[arg-type]
    scale = replace(SCALE, direction=direction, responder=responder)
    courses = pd.DataFrame([meets, misses], columns=["baseline", "follow_up"]).astype(float)

    assert find_responders(courses, scale, responder).tolist() == [True, False]


CANNOT = [
    # rule, amount, direction, lowest and highest score, baselines that can and that cannot
    ("points_better", 1, "lower", (1, 4), [2, 4], [1, 1.5]),
    ("points_better", 1, "higher", (0, 4), [0, 3], [3.5, 4]),
    ("points_better", 4, "lower", (0, 30), [4], [3, 0]),
    ("points_better", 1, "lower", (None, None), [0, 1], []),  # no range, no limit
    ("percent_better", 50, "lower", (0, 24), [0.1, 24], [0]),
    ("at_most", 3, "lower", (1, 5), [1, 5], []),
]


@pytest.mark.parametrize(("rule", "amount", "direction", "limits", "can", "cannot"), CANNOT)
def test_cannot_respond(
    rule: str, amount: float, direction: str, limits: tuple, can: list, cannot: list
) -> None:
    """A baseline from which the rule cannot be met is no failure; a missing one is another
    matter."""
    responder = Responder(rule=rule, amount=amount, basis="convention", text="", reference="")  # type: ignore[arg-type]
    scale = replace(
        SCALE, direction=direction, responder=responder, minimum=limits[0], maximum=limits[1]
    )
    baseline = pd.Series([*can, *cannot, None], dtype=float)

    found = can_respond(baseline, scale)

    assert found.tolist() == [True] * len(can) + [False] * len(cannot) + [True]


def test_scale_without_a_rule_refuses_nobody() -> None:
    """Without a responder rule there is nothing that cannot be met."""
    assert can_respond(pd.Series([1.0, None]), replace(SCALE, responder=None)).all()


def test_better_is_above_zero_in_both_directions() -> None:
    """Fewer points on a scale where lower is better, more on one where higher is."""
    courses = pd.DataFrame({"baseline": [3, 3, 3], "follow_up": [1, 3, 4]})

    assert compute_improvement(courses, SCALE).tolist() == [2, 0, -1]
    assert compute_improvement(courses, replace(SCALE, direction="higher")).tolist() == [-2, 0, 1]


def test_convention_is_called_one() -> None:
    """A rule no publication stands behind says so beside every number."""
    convention, published = (BUILT_IN.scales[key].responder for key in ("gb_qual", "afls"))

    assert describe_rule(convention).endswith("(a convention, not a published threshold)")  # type: ignore[arg-type]
    assert describe_rule(published).endswith("(published)")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "under 18"), (17, "under 18"), (18, "18 to 29"), (89, "80 to 89"), (90, "90 and over")],
)
def test_age_bands(age: int, band: str) -> None:
    """Every age has one band; the oldest ones are together."""
    assert name_age_band(age) == band


# --- the scale of the headline ----------------------------------------------------------------

# Of each course of acne scars: on which scales it has a baseline (b) and a follow-up (f). Courses
# in brackets are not closed yet. Vocabulary order: gb_qual, ecca, gb_quant … quartile (a change).
HEADLINES = {
    "the first of the vocabulary": ("gb_qual:bf ecca:bf / gb_qual:b ecca:bf", "", "gb_qual"),
    "half is enough": ("gb_qual:b ecca:b / gb_qual:b ecca:b / ecca:b / .", "", "gb_qual"),
    "less than half is not": ("gb_qual:b / ecca:bf / ecca:bf", "", "ecca"),
    "at baseline, not at follow-up": ("gb_qual:f / gb_qual:f / ecca:b", "", "ecca"),
    "a change scale at follow-up": ("quartile:b / quartile:b / quartile:f ecca:b", "", "ecca"),
    "a change scale that was used": ("quartile:f / quartile:f / ecca:b / . / .", "", "quartile"),
    "courses that are not closed": ("gb_qual:b / (ecca:b) / (ecca:b) / (ecca:b)", "", "gb_qual"),
    "nothing closed, the most frequent": ("(gb_qual:b) / (ecca:b) / (ecca:b)", "", "ecca"),
    "none held by half, a tie": ("ecca:b / gb_quant:b / . / . / .", "", "ecca"),
    "the clinic says": ("gb_qual:bf / gb_qual:bf", "ecca", "ecca"),
    "no score at all": (". / .", "", None),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_scale_of_the_headline(cohort: Cohort, name: str) -> None:
    """primary_scale, else the first held by half of the closed courses, else the most frequent;
    never the one with the best result."""
    told, primary, expected = HEADLINES[name]
    courses, scores = [], []
    for place, course in enumerate(told.split(" / ")):
        key = f"course {place}"
        courses.append((key, "acne_scars", True, not course.startswith("(")))
        for scale, _, ends in (each.partition(":") for each in course.strip("().").split()):
            scores.append((key, scale, *(1.0 if end in ends else None for end in "bf")))
    told_of = replace(cohort, primary_scale={"acne_scars": primary} if primary else {})
    vars(told_of).update(
        courses=pd.DataFrame(courses, columns=["course", "concern", "is_first", "is_closed"]),
        course_scores=pd.DataFrame(scores, columns=["course", "scale", "baseline", "follow_up"]),
    )

    found = choose_scale(told_of, "acne_scars")

    assert (found.key if found else None) == expected


def test_scale_is_asked_for_by_concern(cohort: Cohort) -> None:
    """A scale of another concern is never taken."""
    scales: Iterator = (choose_scale(cohort, each) for each in ("acne_scars", "pigmentation"))

    assert [scale.key for scale in scales] == ["gb_qual", "mmasi"]
    assert choose_scale(cohort, "wrinkles") is None


def test_what_one_question_works_out_is_there_for_the_next(cohort: Cohort) -> None:
    """Once for each concern and scale, and each cohort has its own; a column that one question
    adds or writes over is not seen by the next."""
    fresh = replace(cohort)
    scale = fresh.scales["gb_qual"]
    first = find_fates(fresh, "acne_scars", scale)
    expected = first.copy()

    first["fate"] = "changed"
    first["more"] = 1

    pd.testing.assert_frame_equal(find_fates(fresh, "acne_scars", scale), expected)
    assert len(fresh.remembered["find_fates"]) == 1
    every = find_fates(fresh, "acne_scars", scale, first_only=False)
    other = find_fates(fresh, "acne_scars", replace(scale, minimum=3))
    assert len(fresh.remembered["find_fates"]) == 3
    assert len(every) >= len(expected)
    assert other["fate"].tolist() != expected["fate"].tolist()
    assert replace(fresh).remembered == {}
