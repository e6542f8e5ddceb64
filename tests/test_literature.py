"""What others published stands beside a clinic's own figures: found, marked, never mixed in."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.answers.literature import (
    compare_with_literature,
    find_published_results,
    find_regulatory_status,
)
from analysis.errors import UsageError
from analysis.estimates import make_estimates
from analysis.intake.cohort import Cohort
from analysis.show import published
from analysis.show.disclosure import Released, release
from analysis.vocabulary import (
    BUILT_IN,
    PublishedResults,
    RegulatoryStatuses,
    Vocabulary,
    fold_device,
    read_vocabulary,
)
from logs import load
from test_disclosure import ORIGIN, share

# study | kind | percentage and number can both be true | on gb_qual
MARKS = """
dogra_2014        | responders            | -   | no
dogra_2014        | mean before and after | -   | no
dogra_2014        | side effect           | -   | -
dogra_2014        | side effect           | -   | -
majid_2009        | responders            | -   | yes
leheta_2011       | responders            | yes | no
leheta_2011       | mean change           | -   | no
co2_laser_2024    | mean before and after | -   | yes
co2_laser_2024    | side effect           | yes | -
hong_kong_2018    | responders            | no  | yes
dalwig_nolda_2020 | mean change           | -   | no
"""
# percent as printed | patients | both can be true
PERCENTAGES = [
    ("91.8", 36, False),  # 33 of 36 are 91.7 %, 34 of 36 are 94.4 %
    ("91.7", 36, True),
    ("41.38", 29, True),  # 12 of 29
    ("41.38", 30, False),
    ("26.09", 23, True),  # 6 of 23
    ("83.3", 30, True),  # 25 of 30
    ("83.3", 31, False),
    ("0", 5, True),
    ("100.0", 5, True),
]
PERCENTAGE = """
[benchmarks.ours]
name = "our study"
year = ""
design = "a series"
population = "patients"
treatment = "a pen"
reference = "a journal"
[[benchmarks.ours.results]]
concern = "stretch_marks"
kind = "responders"
measure = "better"
"""
# device as written | product | decision on acne scars
DEVICES = """
SkinPen®         | SkinPen Precision  | DEN160029
EXCEED           | Exceed             | K182407
Skin-Stylus™     | SkinStylus SteriLock MicroSystem | not assessed
 pro   pen       | PRO Pen Microneedling System     | K243800
Exceed Unlimited |                    | not assessed
Rejuvapen        |                    | not assessed
skinpens         |                    | not assessed
pen 12 needles   |                    | not assessed
"""
LOG = """
patient | day | concern    | device  | scale   | before | after | reviewed
a       | 0   | acne scars | SkinPen | gb_qual | 3      | 2     | 90
b       | 0   | acne scars | roller  | gb_qual | 2      | 2     | 90
c       | 0   | acne scars |         |         |        |       |
d       | 0   | melasma    | stamp   |         |        |       |
"""


def find_ours(folder: Path, *lines: str) -> Vocabulary:
    overlay = folder / "vocabulary.toml"
    overlay.write_text(PERCENTAGE + "\n".join(lines), encoding="utf-8")
    return read_vocabulary(overlay)


def say(mark: bool | None) -> str:
    return "-" if mark is None else "yes" if mark else "no"


def read_table(table: str) -> list[list[str]]:
    return [[part.strip() for part in line.split("|")] for line in table.strip().splitlines()]


def a_page(*, count: int = 24, audience: str = "shareable") -> Released:
    """The clinic's responders to acne scars, and the same of another population and scale."""
    about: dict[str, Any] = {"statistic": "responders", "concern": "acne_scars"}
    rows = [
        share(count, 40, scale="gb_qual", population="analysed", **about),
        share(count + 1, 41, scale="gb_qual", population="seen again", **about),
        share(7, 13, scale="gb_quant", population="analysed", **about),
    ]
    return release(make_estimates(rows), ORIGIN, audience=audience)


ON_GRADES = find_published_results("acne_scars", "gb_qual")
PAGE = a_page()


def read_rows(shown: Any) -> list[dict[str, str]]:
    """Return the lines of a table as its text has them."""
    _caption, head, *lines = repr(shown).splitlines()
    names = head.split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def find_row(shown: Any, study: str, **cells: str) -> dict[str, str]:
    """Return the one line of a study with these words in these columns."""
    found = [
        row
        for row in read_rows(shown)
        if row["Study"].startswith(study)
        and all(words in row[name.replace("_", " ")] for name, words in cells.items())
    ]
    assert len(found) == 1, (study, cells, found)
    return found[0]


class TestPublishedResults:
    """Rows for a concern, and what is to be said of each."""

    def test_marks(self) -> None:
        """A row is possible or not where it has both numbers, and on our scale or another."""
        studies = {study for study, *_ in read_table(MARKS)}
        found = [
            [row.study.key, row.result.kind, say(row.is_possible), say(row.is_same_scale)]
            for row in ON_GRADES.rows
            if row.study.key in studies
        ]

        assert found == read_table(MARKS)

    def test_one_published_row_is_impossible(self) -> None:
        """Of all concerns, only 91.8 % of 36."""
        found = [
            (row.study.key, f"{row.result.percent}", row.result.total)
            for concern in BUILT_IN.concerns
            for row in find_published_results(concern).rows
            if row.is_possible is False
        ]

        assert found == [("hong_kong_2018", "91.8", 36)]

    @pytest.mark.parametrize(("percent", "total", "possible"), PERCENTAGES)
    def test_percentage_and_number(
        self, tmp_path: Path, percent: str, total: int, possible: bool
    ) -> None:
        """The digits of the percentage are those that were printed."""
        vocabulary = find_ours(tmp_path, f"percent = {percent}", f"total = {total}")

        (row,) = find_published_results("stretch_marks", "", vocabulary).rows

        assert row.is_possible is possible
        assert row.study.local

    @pytest.mark.parametrize("number", ["percent = 91.8", "count = 3", "count = 3\ntotal = 36"])
    def test_one_of_the_two_is_not_enough(self, tmp_path: Path, number: str) -> None:
        """Without percentage or number of patients nothing is said."""
        vocabulary = find_ours(tmp_path, number)

        (row,) = find_published_results("stretch_marks", "", vocabulary).rows

        assert row.is_possible is None

    @pytest.mark.parametrize(
        ("concern", "rows"),
        [("acne_scars", 30), ("pigmentation", 5), ("wrinkles", 3), ("enlarged_pores", 0)],
    )
    def test_rows_of_a_concern(self, concern: str, rows: int) -> None:
        """Only those of the concern; a concern may have none."""
        found = find_published_results(concern)

        assert len(found.rows) == rows
        assert {row.result.concern for row in found.rows} <= {concern}

    def test_without_a_scale_of_its_own_nothing_is_the_same_or_another(self) -> None:
        """A clinic that has no score has no scale to compare with."""
        assert {row.is_same_scale for row in find_published_results("acne_scars").rows} == {None}

    def test_a_cohort_brings_its_scale(self, tmp_path: Path) -> None:
        """The scale is that of the headline, and the rows are the same as without a cohort."""
        cohort = load(tmp_path, LOG)

        assert compare_with_literature(cohort, "acne_scars") == ON_GRADES
        assert compare_with_literature(cohort, "pigmentation").scale == ""
        with pytest.raises(UsageError, match="acne_scars"):
            compare_with_literature(cohort, "acne_scar")


class TestRegulatoryStatus:
    """Decisions on the devices of a log; what is not there was not assessed."""

    @pytest.mark.parametrize(("device", "product", "decision"), read_table(DEVICES))
    def test_a_device_by_its_whole_name(self, device: str, product: str, decision: str) -> None:
        """Case, hyphens, trade marks and spaces do not matter, anything else does."""
        (row,) = find_regulatory_status([device], "acne_scars").rows

        found = row.status.identifier if row.status else "not assessed"
        assert (row.product, found) == (product, decision)

    def test_a_known_device_for_another_concern(self) -> None:
        """A product with a decision has none for what it was not assessed for."""
        for concern in ("pigmentation", "fine_lines", "stretch_marks"):
            (row,) = find_regulatory_status(["SkinPen"], concern).rows
            assert (row.product, row.status) == ("SkinPen Precision", None)

    def test_two_spellings_are_one_device(self) -> None:
        """Each device once, sorted, and nothing for an empty name."""
        found = find_regulatory_status(["skinpen", "SkinPen", " ", "roller"], "wrinkles")

        assert [row.device for row in found.rows] == ["roller", "SkinPen"]

    def test_a_clinic_adds_the_decisions_of_its_country(self, tmp_path: Path) -> None:
        """Both stand there, with their jurisdictions."""
        overlay = tmp_path / "vocabulary.toml"
        overlay.write_text(
            '[regulatory.here]\nname = "Exceed"\nconcern = "acne_scars"\narea = "face"\n'
            'patients = "adults"\nstatus = "registered"\njurisdiction = "here"\n'
            'identifier = "1"\nspellings = ["our pen"]\nreference = "the register"\n',
            encoding="utf-8",
        )
        found = find_regulatory_status(["our pen"], "acne_scars", read_vocabulary(overlay))

        places = [row.status.jurisdiction for row in found.rows if row.status]
        assert places == ["United States (FDA)", "here"]

    def test_devices_of_a_cohort(self, tmp_path: Path) -> None:
        """Those of the sessions that treated the concern, as written."""
        cohort = load(tmp_path, LOG)

        assert cohort.list_devices("acne_scars") == ["SkinPen", "roller"]
        assert cohort.list_devices("pigmentation") == ["stamp"]
        assert cohort.list_devices("wrinkles") == []
        with pytest.raises(UsageError, match="acne_scars"):
            cohort.list_devices("acne")

    def test_folding_twice_is_folding_once(self) -> None:
        """The folded name is its own folded name."""
        for name in (" Skin_Pen® ", "EXCEED™", "Dr. Pen  A6"):
            assert fold_device(fold_device(name)) == fold_device(name)


class TestShowBenchmarks:
    """The table and the sentences around it."""

    shown = published.show_benchmarks(ON_GRADES, PAGE)

    def test_this_log_stands_first_as_it_was_released(self) -> None:
        """The row of the headline: not that of another population or scale."""
        ours = [row for row in read_rows(self.shown) if row["Study"] == "This log"]

        assert [(row["Number"], row["Result"]) for row in ours] == [("24 of 40", "60 %")]
        assert read_rows(self.shown)[0] == ours[0]

    def test_what_is_suppressed_stays_suppressed(self) -> None:
        """A clinic's small number is hidden here as on the rest of the page."""
        shown = published.show_benchmarks(ON_GRADES, a_page(count=38))

        ours = read_rows(shown)[0]
        assert "38" not in ours["Number"]
        assert "95 %" not in ours["Result"]

    def test_a_page_without_responders_has_no_line_of_its_own(self) -> None:
        """Published results do not need a figure of the clinic's."""
        empty = release(make_estimates([]), ORIGIN)

        studies = {row["Study"] for row in read_rows(published.show_benchmarks(ON_GRADES, empty))}

        assert "This log" not in studies
        assert "Majid 2009" in studies

    def test_the_impossible_row_is_marked_and_no_other(self) -> None:
        """91.8 % of 36."""
        marked = [row for row in read_rows(self.shown) if published.IMPOSSIBLE in row["Remarks"]]

        assert [(row["Result"], row["Number"]) for row in marked] == [("91.8 %", "of 36")]

    @pytest.mark.parametrize(
        ("study", "part", "number", "result", "interval", "remark"),
        [
            ("Majid", "grades", "34 of 36", "94 % (calculated)", "none given", ""),
            ("Leheta", "improved", "of 15", "100 %", "none given", "not known to be the same"),
            ("Fabbrocini", "discolouration", "0 of 60", "none of them", "none given", ""),
            (
                "Cachafeiro",
                "hyperpigmentation",
                "0, of how many not given",
                "none of them",
                "none given",
                "",
            ),
            (
                "Al Chalabi",
                "classes",
                "10 (calculated) of 25",
                "40 % (calculated)",
                "none given",
                "another scale; minimal 3",
            ),
            (
                "Dogra",
                "study's own",
                "30",
                "11.73 (SD 3.12) to 6.50 (SD 2.71) points",
                "none given",
                "another scale",
            ),
            (
                "Dalwig",
                "forms",
                "not given",
                "0.91 grades (plus is better)",
                "0.78 to 1.05 (confidence not given)",
                "not known to be the same scale",
            ),
        ],
    )
    def test_cells(
        self, study: str, part: str, number: str, result: str, interval: str, remark: str
    ) -> None:
        """Numbers as printed, what was worked out said, nothing invented where none is given."""
        row = find_row(self.shown, study, What_was_counted=part)

        assert (row["Number"], row["Result"], row["Interval"]) == (number, result, interval)
        assert row["Remarks"].startswith(remark)

    def test_an_adjunct_and_a_mean_of_grades_are_remarks(self) -> None:
        """Needling with PRP is not needling alone, and grades have no distance."""
        row = find_row(self.shown, "Sharma et al., year not seen", Remarks="PRP")

        assert row["Remarks"].startswith("with platelet-rich plasma (PRP); a mean of grades")

    def test_every_study_stands_once_with_who_and_source(self) -> None:
        """Above its numbers stands who was treated how, and where the numbers come from."""
        headings = re.findall(r'gt_group_heading"[^>]*>([^<]*)</th>', self.shown.html)
        studies = {row.study.name: row.study for row in ON_GRADES.rows}

        assert len(headings) == 1 + len(studies)
        for heading in (unescape(each) for each in headings[1:]):
            study = studies[heading.partition(":")[0].removesuffix(", year not seen")]
            assert study.population in heading
            assert study.treatment in heading
            assert heading.endswith(f"Source: {study.reference}.")

    def test_studies_that_can_be_set_beside_it_stand_first(self) -> None:
        """Responders on the scale used here come before all others."""
        names = [*dict.fromkeys(row["Study"] for row in read_rows(self.shown))]

        assert names[:5] == [
            *("This log", "Majid 2009", "Dermaroller study 2016", "Series of 36 patients 2018"),
            "Dogra et al. 2014",
        ]

    def test_nothing_to_show_is_said_once(self) -> None:
        """A concern without published results has a sentence, and no table that repeats it."""
        found = find_published_results("enlarged_pores")

        told = repr(published.describe_benchmarks(found, PAGE))
        assert told == "The vocabulary holds no published result for enlarged pores."
        assert repr(published.show_benchmarks(found, PAGE)) == ""

    def test_how_to_read_it(self) -> None:
        """Other people, no target, how many rows are marked, and that nobody checked them."""
        told = repr(published.describe_benchmarks(ON_GRADES, PAGE))

        for words in (
            "30 published results of 15 studies on acne scars: other patients, other devices, "
            "other rules, seen at other times; not a target.",
            "Marked: 1 result whose",
            "No clinician has checked these numbers",
            "No published number is in any estimate of this page.",
        ):
            assert words in told

    def test_no_number_of_a_study_gets_into_the_release(self) -> None:
        """The page's numbers are the same frame before and after."""
        before = PAGE.frame.copy()
        published.show_benchmarks(ON_GRADES, PAGE)

        pd.testing.assert_frame_equal(PAGE.frame, before)

    @pytest.mark.parametrize("wrong", [PAGE, PAGE.frame, None, RegulatoryStatuses])
    def test_only_published_facts_come_in_as_such(self, wrong: object) -> None:
        """A release or a frame is refused, so no number of a clinic's is shown unreleased."""
        with pytest.raises(TypeError, match="PublishedResults"):
            published.show_benchmarks(wrong, PAGE)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="PublishedResults"):
            published.describe_benchmarks(wrong, PAGE)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="RegulatoryStatuses"):
            published.show_regulatory_status(wrong, PAGE)  # type: ignore[arg-type]

    def test_only_a_release_stands_beside_them(self) -> None:
        """A clinic's unreleased frame is refused."""
        with pytest.raises(TypeError, match="released"):
            published.show_benchmarks(ON_GRADES, PAGE.frame)  # type: ignore[arg-type]

    def test_a_local_study_is_named_and_escaped(self, tmp_path: Path) -> None:
        """What a clinic added says so, and its words are text, never markup."""
        vocabulary = find_ours(tmp_path, 'remark = "<script>x</script>"', "count = 3")
        found = find_published_results("stretch_marks", "", vocabulary)
        row = found.rows[0]
        evil = replace(row, study=replace(row.study, name="<b>us</b>", reference="<script>"))

        shown = published.show_benchmarks(
            PublishedResults(concern="stretch_marks", scale="", rows=(evil,)), PAGE
        )

        assert "added by the clinic itself" in shown.text  # type: ignore[union-attr]
        assert "<script" not in shown.html
        assert "<b>" not in shown.html

    def test_the_same_table_is_the_same_bytes(self) -> None:
        """Its id comes from what is shown."""
        again = published.show_benchmarks(find_published_results("acne_scars", "gb_qual"), PAGE)

        assert again.html == self.shown.html
        assert re.search(r'<table class="gt_table" id="benchmarks-[0-9a-f]{8}">', again.html)


STATUSES = find_regulatory_status(
    ["SkinPen", "Rejuvapen NXT", "Dr. Pen of Anna", "pen 7"], "acne_scars"
)


class TestShowRegulatoryStatus:
    """The table of decisions."""

    def test_decisions_and_what_was_not_assessed(self) -> None:
        """Product, area, number and day; a product without decision for the concern has none."""
        rows = read_rows(published.show_regulatory_status(STATUSES, PAGE))

        columns = ["Device as in the log", "Product", "Area", "Status", "Number", "Decided on"]
        assert [[row[name] for name in columns] for row in rows] == [
            ["Rejuvapen NXT", "Rejuvapen NXT", "", "not assessed", "", ""],
            [
                *("SkinPen", "SkinPen Precision", "face", "marketing authorised (De Novo)"),
                *("DEN160029", "1 March 2018"),
            ],
            ["2 other device names", "", "", "not assessed", "", ""],
        ]

    def test_a_shared_page_counts_names_that_are_no_product(self) -> None:
        """A column of a log can hold anything, also a person's name."""
        for show in (published.show_regulatory_status, published.describe_regulatory_status):
            assert "Anna" not in show(STATUSES, PAGE).html

    def test_an_internal_page_names_them(self) -> None:
        """Inside the clinic each name stands for itself."""
        shown = published.show_regulatory_status(STATUSES, a_page(audience="internal"))

        written = [row["Device as in the log"] for row in read_rows(shown)]
        assert written == ["Rejuvapen NXT", "SkinPen", "Dr. Pen of Anna", "pen 7"]

    def test_a_day_that_was_not_seen(self) -> None:
        """A decision without a known day says so."""
        found = find_regulatory_status(["pro pen"], "acne_scars")

        (row,) = read_rows(published.show_regulatory_status(found, PAGE))
        assert (row["Number"], row["Decided on"]) == ("K243800", "not seen")

    def test_a_log_without_devices(self) -> None:
        """There is a sentence instead of an empty table."""
        none = find_regulatory_status([], "acne_scars")

        told = repr(published.show_regulatory_status(none, PAGE))
        assert told == "The log names no device for these sessions."

    def test_nothing_is_called_off_label(self) -> None:
        """Not assessed is neither allowed nor forbidden, and the page says that."""
        texts = [
            published.describe_regulatory_status(STATUSES, PAGE).html,
            published.show_regulatory_status(STATUSES, PAGE).html,
        ]

        assert not re.search(r"off.?label", " ".join(texts), re.IGNORECASE)
        assert "neither that a use is allowed nor that it is not" in texts[0]


def test_published_facts_need_no_patient() -> None:
    """What is returned holds vocabulary only: no frame, no cohort, nothing to disclose."""
    for found in (ON_GRADES, STATUSES):
        for row in found.rows:
            values = vars(row).values()
            assert not any(isinstance(value, pd.DataFrame | Cohort) for value in values)
