"""The example: the same every time, the same in every form, and nobody in it.

What the files hold is read here with the standard library (and calamine), not with intake: the two
must not be wrong in the same way.
"""

import csv
import io
import json
import re
import tomllib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from analysis.errors import UsageError
from analysis.intake import example
from analysis.intake.example import layouts, mess, words, workbook
from analysis.intake.example import write_example as write
from analysis.intake.example.measures import MEASURES, REGRESSION
from analysis.intake.example.people import CONTRAINDICATIONS
from analysis.vocabulary import BUILT_IN

AS_OF = date(2026, 6, 30)
FORMS = ("csv", "xlsx", "redcap", "tables")
FEW = 60
Row = dict[str, str]
Tables = dict[str, list[Row]]


@pytest.fixture(scope="module")
def tracked(project: Path) -> Path:
    """The folder in git."""
    return project / "data" / "example"


@pytest.fixture(scope="module")
def truth(tracked: Path) -> dict[str, Any]:
    """What is true of the example in git."""
    return json.loads((tracked / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The canonical tables of the default example."""
    folder = tmp_path_factory.mktemp("tables") / "example"
    write(folder, form="tables")
    return {path.stem: read_csv(path) for path in folder.glob("*.csv")}


@pytest.fixture(scope="module")
def logs(tracked: Path) -> dict[str, dict[int, list[str]]]:
    """File → line → cells, for every log in git, read as its layout says."""
    source = tomllib.loads((tracked / "source.toml").read_text(encoding="utf-8"))
    return {
        name: read_lines(tracked / name, layout["format"])
        for layout in source["layouts"]
        for name in layout["files"]
    }


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small example in each form."""
    folder = tmp_path_factory.mktemp("few")
    for form in FORMS:
        write(folder / form / "example", form=form, patients=FEW, seed=11)
    return {form: folder / form / "example" for form in FORMS}


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_lines(path: Path, written: Row) -> dict[int, list[str]]:
    text = path.read_bytes().decode(written["encoding"].replace("utf-8", "utf-8-sig"))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=written["delimiter"], strict=True)
    lines, first = {}, 1
    for cells in reader:
        lines[first] = cells
        first = reader.line_num + 1
    return lines


def read_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# --- the same every time --------------------------------------------------------------------


def test_the_files_in_git_are_what_the_code_writes_today(tracked: Path, tmp_path: Path) -> None:
    """Byte for byte, and not too much of it."""
    write(tmp_path / "example")

    written = read_bytes(tmp_path / "example")
    assert written == {
        name: content for name, content in read_bytes(tracked).items() if name != "corrections.csv"
    }
    assert sum(map(len, written.values())) < 1_500_000


@pytest.mark.parametrize("form", FORMS)
def test_a_seed_writes_the_same_bytes_and_another_seed_others(
    few: dict[str, Path], tmp_path: Path, form: str
) -> None:
    """The seed matters, and only the seed."""
    write(tmp_path / "again" / "example", form=form, patients=FEW, seed=11)
    write(tmp_path / "other" / "example", form=form, patients=FEW, seed=12)

    again, other = (read_bytes(tmp_path / each / "example") for each in ("again", "other"))
    assert again == read_bytes(few[form])
    assert again.keys() == other.keys()
    fixed = {"source.toml", "dictionary.csv"}
    assert all(again[name] != other[name] for name in again.keys() - fixed)


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_how_many_patients_are_drawn_at_once_changes_nothing(
    few: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Every patient has a stream of their own."""
    monkeypatch.setattr(example, "BLOCK", block)
    write(tmp_path / "example", patients=FEW, seed=11)

    assert read_bytes(tmp_path / "example") == read_bytes(few["csv"])


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"form": "xls"}, "'xls'"),
        ({"patients": 0}, "at least one patient"),
        ({"seed": -1}, "not negative"),
        ({"form": "xlsx", "patients": 300_000}, "at most 209,715 patients"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, wrong: dict[str, Any], part: str
) -> None:
    """One sentence says what is possible, and nothing is written."""
    with pytest.raises(UsageError, match=part):
        write(tmp_path / "example", **wrong)

    assert not (tmp_path / "example").exists()


def test_a_full_sheet_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one clinician treated more than the average says."""
    monkeypatch.setattr(workbook, "ROWS_PER_PATIENT", 0)
    monkeypatch.setattr(workbook, "MOST_ROWS", 40)

    with pytest.raises(UsageError, match=r"The sheet '..' is full"):
        write(tmp_path / "example", form="xlsx", patients=100)


# --- what a clinic looks like -----------------------------------------------------------------


def test_counts_are_those_that_were_asked_for(tables: Tables) -> None:
    """Three clinics, 12 operators, two years, about 900 patients and 4,000 sessions."""
    sessions = tables["sessions"]
    days = sorted(each["date"] for each in sessions)

    assert 880 <= len(tables["patients"]) <= 920
    assert 3_800 <= len(sessions) <= 4_200
    assert {each["clinic"] for each in sessions} == {"North", "Lakeside", "Sur"}
    assert len({each["operator"] for each in sessions} - {""}) == 12
    assert days[0] >= "2024-07-01"
    assert days[-1] <= AS_OF.isoformat()
    assert days[0][:7] == "2024-07"
    assert days[-1][:7] == "2026-06"


def chain_courses(tables: Tables) -> Counter[str]:
    """Return how many courses are closed, by concern: the rules of the estimand once more."""
    concerns = defaultdict(set)
    for target in tables["targets"]:
        concerns[target["session"]].add(target["concern"])
    days = defaultdict(list)
    for each in tables["sessions"]:
        if (each["modality"], each["setting"]) == ("microneedling", "clinic"):
            for concern in concerns[each["session"]]:
                days[each["patient"], concern].append(date.fromisoformat(each["date"]))
    closed: Counter[str] = Counter()
    for (_, concern), found in days.items():
        last = None
        for day in sorted(found):
            if last is not None and (day - last).days > 180:
                closed[concern] += 1  # the next course has begun, so this one is long over
            last = day
        closed[concern] += last is not None and (AS_OF - last).days >= 180
    return closed


def test_each_concern_has_enough_closed_courses(tables: Tables, truth: dict[str, Any]) -> None:
    """At least 20 of each of the nine, and the truth says how many."""
    closed = chain_courses(tables)

    assert set(closed) == set(BUILT_IN.analysed_concerns)
    assert min(closed.values()) >= 20
    assert truth["surviving"]["closed courses of microneedling by concern"] == dict(closed)


def test_mechanical_needling_is_most_and_the_rest_is_there(tables: Tables) -> None:
    """Radiofrequency, laser, peels and rollers at home in smaller numbers."""
    modality = Counter(each["modality"] for each in tables["sessions"])
    setting = Counter(each["setting"] for each in tables["sessions"])

    assert modality["microneedling"] > 0.85 * modality.total()
    assert set(modality) == {"microneedling", "rf_microneedling", "laser", "chemical_peel"}
    assert all(50 <= n <= 300 for name, n in modality.items() if name != "microneedling")
    assert 100 <= setting["home"] <= 300


def test_faces_are_split(tables: Tables) -> None:
    """The two halves of one face, by one session or by two modalities on one day."""
    sides = Counter(each["side"] for each in tables["targets"])

    assert min(sides["left"], sides["right"], sides["both"]) >= 20
    assert {each["side"] for each in tables["assessments"]} == {"", "left", "right"}


def test_serums_and_lots_are_written_down(tables: Tables) -> None:
    """Four serums, many lots, and the bad lot among them."""
    sessions = tables["sessions"]

    assert len({each["adjunct"] for each in sessions} - {""}) == 4
    assert len({each["cartridge_lot"] for each in sessions}) > 30
    assert sum(each["cartridge_lot"] == "B2504" for each in sessions) > 60
    assert any(each["serum_lot"] for each in sessions)


def test_the_bad_lot_darkens_skin(tables: Tables, truth: dict[str, Any]) -> None:
    """Among the sessions with it, lasting hyperpigmentation is several times as frequent."""
    lots = {each["session"]: each["cartridge_lot"] for each in tables["sessions"]}
    dark = {each["session"] for each in tables["side_effects"] if each["term"] == "pih"}
    bad = [session in dark for session, lot in lots.items() if lot == "B2504"]
    good = [session in dark for session, lot in lots.items() if lot != "B2504"]

    assert sum(bad) / len(bad) > 4 * sum(good) / len(good)
    lot = truth["bad_lot"]
    share = lot["of them with pih"] / lot["patients with it"]
    assert share > 2 * lot["of those with pih"] / lot["patients without it"]


def test_darkening_follows_the_skin_type(truth: dict[str, Any]) -> None:
    """About 3 of 100 patients with types I to III, 9 of 100 with IV to VI, the bad lot besides."""
    pih = truth["rates"]["pih"]

    assert 0.02 <= pih["patients I-III"] / pih["of patients I-III"] <= 0.07
    assert 0.07 <= pih["patients IV-VI"] / pih["of patients IV-VI"] <= 0.16


def test_side_effects_are_blank_absent_or_recorded(tables: Tables) -> None:
    """A fifth of the sessions says nothing, and that is not the same as none."""
    recorded = Counter(each["recorded"] for each in tables["sessions"])

    assert 0.12 <= recorded["not recorded"] / recorded.total() <= 0.25
    assert min(recorded["none"], recorded["event"]) > 500


def test_some_expected_reactions_last_too_long(tables: Tables) -> None:
    """They count as their adverse term and keep what was written."""
    changed = [each for each in tables["side_effects"] if each["term"] != each["written_as"]]

    assert len(changed) >= 50
    for each in changed:
        effect = BUILT_IN.side_effects[each["written_as"]]
        assert float(each["hours"]) > effect.promote_after_hours
        assert each["term"] == (effect.promotes_to or f"prolonged_{effect.key}")


def test_serious_harm_is_rare(tables: Tables) -> None:
    """It is there, in fewer than one session in 500."""
    serious = [each for each in tables["side_effects"] if each["serious"] == "true"]

    assert 1 <= len(serious) <= len(tables["sessions"]) / 500
    assert any(each["led_to_stopping"] == "true" for each in tables["side_effects"])


def test_scores_get_better_by_treatment_and_by_regression(truth: dict[str, Any]) -> None:
    """What is seen is more than what treatment does: people come at a bad moment."""
    for concern, scale in (
        ("acne_scars", "gb_qual"),
        ("fine_lines", "afls"),
        ("pigmentation", "mmasi"),
        ("wrinkles", "lemperle"),
    ):
        effect = truth["effects"][concern][scale]
        treated = effect["better by treatment"]["mean"]
        regression, count, spread = (
            effect["better by regression to the mean"][name] for name in ("mean", "count", "spread")
        )
        assert count == effect["courses"] >= 45
        assert treated > 0
        error = spread / count**0.5
        assert regression > 0
        assert regression == pytest.approx(MEASURES[scale].waver * REGRESSION, abs=4 * error)
        seen = effect["better as scored, had all been seen"]["mean"]
        assert seen == pytest.approx(treated + regression, rel=0.25)


def test_truth_counts_what_survives(tables: Tables, truth: dict[str, Any]) -> None:
    """The truth is told by the generator, the tables are counted here."""
    for name in ("patients", "sessions", "targets", "assessments", "side_effects", "screening"):
        assert truth["surviving"][name] == len(tables[name]), name
    assert truth["clean"]["patients"] == 900
    assert truth["clean"]["sessions"] > truth["surviving"]["sessions"]
    assert truth["clean"]["rows not yet typed in"] > 0


def test_nobody_is_named(tables: Tables) -> None:
    """Patients and staff are codes; devices are kinds."""
    for each in tables["patients"]:
        assert re.fullmatch(r"P-\d{5}a?|\d{7}|SUR/\d{5}", each["patient"])
    for each in tables["sessions"]:
        assert re.fullmatch(r"[NLS]\d|", each["operator"])


# --- the vocabulary ---------------------------------------------------------------------------

WITHOUT_A_CASE = {
    **dict.fromkeys(
        ("scars_other", "hair", "acne_active", "unspecified"),
        "known and not analysed: stands in the logs as a slip, in no table",
    ),
    **dict.fromkeys(
        ("vas_scar", "vss", "posas_o", "posas_p"),
        "fits only other scars, which are not analysed: stands in the logs as a misfit",
    ),
    "iga": "two codings are in use and this source declares none, so that the question is asked",
}


def test_every_term_of_the_vocabulary_has_a_case(tables: Tables) -> None:
    """Concerns, scales, side effects, contraindications; what has none says why."""
    found = {each["concern"] for each in tables["targets"]}
    found |= {each["scale"] for each in tables["assessments"]}
    found |= {each["written_as"] for each in tables["side_effects"]}
    found |= {each["contraindication"] for each in tables["screening"]}
    known = {
        *BUILT_IN.concerns,
        *BUILT_IN.scales,
        *BUILT_IN.side_effects,
        *BUILT_IN.contraindications,
    }
    # what a reaction becomes when it lasts too long has its case in the reaction
    known -= {each.promotes_to for each in BUILT_IN.side_effects.values()}

    assert known - found == set(WITHOUT_A_CASE)
    assert set(CONTRAINDICATIONS) == set(BUILT_IN.contraindications)


def test_every_subtype_has_a_case(tables: Tables) -> None:
    """The subtypes that a spelling can tell."""
    found = {(each["concern"], each["subtype"]) for each in tables["targets"]} - {(None, "")}

    for concern in BUILT_IN.analysed_concerns.values():
        assert {(concern.key, subtype) for subtype in concern.subtypes} <= found


def test_every_word_stands_in_the_vocabulary() -> None:
    """Misspellings included, each under the term it is written for."""
    for term, clinics in words.SIDE_EFFECTS.items():
        effect = BUILT_IN.side_effects[term]
        known = spell(effect.key, effect.name, *effect.spellings, *effect.short_spellings)
        assert spell(*sum(clinics, ())) <= known, term
    for target, clinics in words.CONCERN_WORDS.items():
        key, _, subtype = target.partition("/")
        concern = BUILT_IN.concerns[key]
        all_words = spell(concern.name, *concern.spellings, *concern.short_spellings)
        of_subtypes = spell(*sum(concern.subtypes.values(), ()))
        known = spell(*concern.subtypes[subtype]) if subtype else all_words - of_subtypes
        assert spell(*sum(clinics, ())) <= known, target
    for key, word in words.SCALE_WORDS.items():
        assert spell(word) <= spell(*BUILT_IN.scales[key].spellings), key
    for key, pair in words.CONTRAINDICATION_WORDS.items():
        block = BUILT_IN.contraindications[key]
        assert spell(*pair) <= spell(block.name, *block.spellings), key


def spell(*texts: str) -> set[str]:
    return {text.casefold().replace("_", " ") for text in texts}


# --- the mess ---------------------------------------------------------------------------------

NEVER_PLANTED = {
    "a real name in the id column": "the example names nobody; a made-up one is planted",
    "pain from 0 to 5, satisfaction with 1 as best, GAIS in another order": (
        "a source declares one order; Sur's pain from 0 to 100 is a column without a role"
    ),
    "one row for each patient": "every layout has one row for each session",
}
"""From the catalogue of mess, with the reason."""

Check = Callable[[str], Any]
IS: dict[str, Check] = {
    "impossible_day": lambda text: not is_day(text),
    "future_day": lambda text: "2052" in text,
    "buddhist_year": lambda text: re.search("256[789]", text),
    "no_day": lambda text: text in ("", "TBC"),
    "no_patient": lambda text: text in ("", "#N/A"),
    "name_for_id": lambda text: re.fullmatch("[A-Z][a-z]+ [A-Z][a-z]+", text),
    "id_in_other_letters": lambda text: text != text.strip() or text.islower(),
    "id_without_its_zeros": lambda text: re.fullmatch(r"[1-9]\d{,5}", text),
    "impossible_age": lambda text: text == "0" or int(text) > 110,
    "born_in_1900": lambda text: text == "01/01/1900",
    "unknown_sex": lambda text: text in ("n", "1", "see form"),
    "other_sex": lambda text: text in ("F", "M", "Female", "Male"),
    "unknown_skin_type": lambda text: text in "olive Normal oily combination 99 lV".split(),
    "mistyped_skin_type": lambda text: text in ("|V", "lV", "V1"),
    "lower_skin_type": lambda text: text in ("I", "II", "III", "IV"),
    "skin_type_range": lambda text: re.search("[-/]", text),
    "unknown_concern": lambda text: text in ("as discussed", "see form", "micronileng"),
    "emoji_in_concern": lambda text: "✨" in text,
    "line_break_in_concern": lambda text: "\n" in text,
    "only_scars": lambda text: text.startswith("scars"),
    "out_of_scope": lambda text: re.search("(facial|acne|hair loss|maintenance)$", text),
    "word_for_nothing": lambda text: text in ("NULL", "nan", "#N/A", "n/k", "TBC"),
    "ambiguous_needle": lambda text: 3.5 < float(text) < 100,
    "needle_zero": lambda text: text == "0",
    "needle_in_words": lambda text: text in ("short", "as before", "32G"),
    "needle_in_micrometres": lambda text: re.fullmatch(r"\d{3,4}( µm| um| micron)?", text),
    "needle_with_a_word": lambda text: text.endswith(" roller"),
    "two_needles": lambda text: text.endswith("(forehead/cheeks)"),
    "needle_range": lambda text: "-" in text,
    "bare_fraction": lambda text: text in (",5", ".5"),
    "impossible_passes": lambda text: text in ("0", "60", "99"),
    "passes_in_words": lambda text: text in ("6-8", "a few"),
    "sentinel_pain": lambda text: text in ("99", "-1"),
    "radiofrequency_unnamed": lambda text: text == "Microneedling",
    "unknown_contraindication": lambda text: text in ("see form", "on medication"),
    "contraindication_in_doubt": lambda text: text in ("?rosacea", "hx of eczema"),
    "score_outside_scale": lambda text: not 1 <= float(text) <= 4,
    "no_score": lambda text: not re.fullmatch(r"[\d,.IV]+", text),
    "unknown_scale": lambda text: text in ("ours 0-6", "clinic score"),
    "undeclared_scale": lambda text: text == "IGA",
    "score_of_unread_scale": bool,
    "score_of_unread_concern": bool,
    "no_scale": bool,
    "misfit_scale": lambda text: text in ("9", "7", "24", "30", "40"),
    "several_concerns_fit": bool,
    "swapped_scores": bool,
    "score_over_maximum": lambda text: text == "3/4",
    "score_with_arrow": lambda text: re.fullmatch("[234]→[123]", text),
    "no_review_day": bool,
    "review_before_session": bool,
    "review_in_1900": lambda text: "1900" in text,
    "side_effect_in_doubt": lambda text: text in ("?PIH", "r/o infection"),
    "history": lambda text: text in ("hx of cold sores", "PIH improved"),
    "denied_by_name": lambda text: text in ("no PIH", "denies itching"),
    "event_and_denial": lambda text: text == "erythema x2d; no PIH",
    "not_asked": lambda text: text in ("N/A", "not asked", "TBC"),
    "see_photos": lambda text: text == "see photos",
    "unknown_side_effect": lambda text: text == "skin felt odd",
    "as_expected": lambda text: text in ("as expected", "usual"),
    "separator_in_cell": lambda text: re.search("[;,]", text),
    "quotes_in_cell": lambda text: '"' in text,
    "line_break_in_cell": lambda text: "\n" in text,
    "formula_as_text": lambda text: text.startswith("="),
    "excel_serial": lambda text: re.fullmatch(r"4[56]\d{3}", text),
    "month_by_name": lambda text: re.fullmatch(r"\d{1,2}-[A-Z][a-z]{2}-\d\d", text),
    "day_with_time": lambda text: text.endswith(" 10:30"),
    "cancelled": lambda text: text == "cancelled",
    "no-show": lambda text: text == "no-show",
}
"""What a planted cell must look like."""
WHOLE_ROWS = {"short_line", "row_twice", "blank_line", "header_again", "line_of_totals"}


def is_day(text: str) -> bool:
    parts = [int(part) for part in re.split(r"\D", text[:10])]
    year = next(part for part in parts if part > 31)
    first, second = (part for part in parts if part <= 31)
    orders = {"-": (first, second), ".": (second, first), "/": (first, second)}
    month, day = orders[next(mark for mark in text if not mark.isdigit())]
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


def test_every_kind_of_slip_is_planted(truth: dict[str, Any]) -> None:
    """At least once each, and the list of what to look for is complete."""
    planted = set(truth["planted_counts"])

    assert {slip.name for slip in mess.PLANTED} <= planted
    assert planted == set(IS) | WHOLE_ROWS
    assert sum(truth["planted_counts"].values()) == len(truth["planted"])


def test_every_planted_cell_stands_where_the_truth_says(
    truth: dict[str, Any], logs: dict[str, dict[int, list[str]]]
) -> None:
    """File, physical line and column lead to a cell that looks like its slip."""
    for slip in truth["planted"]:
        lines = logs[slip["file"]]
        cells, headers = lines[slip["line"]], lines[1]
        if slip["slip"] not in WHOLE_ROWS:
            text = cells[headers.index(slip["column"])]
            assert IS[slip["slip"]](text), slip


def test_every_planted_row_stands_where_the_truth_says(
    truth: dict[str, Any], logs: dict[str, dict[int, list[str]]]
) -> None:
    """Repeated, short and empty lines, headers and totals: those that are listed, and no others."""
    listed = defaultdict(set)
    for slip in truth["planted"]:
        if slip["slip"] in WHOLE_ROWS:
            listed[slip["slip"]].add((slip["file"], slip["line"]))
    found = defaultdict(set)
    seen: set[tuple[str, ...]] = set()
    for name, lines in logs.items():
        for line, cells in lines.items():
            kind = ""
            if line > 1 and cells == lines[1]:
                kind = "header_again"
            elif not any(cells):
                kind = "blank_line"
            elif cells[0] == "Total":
                kind = "line_of_totals"
            elif len(cells) != len(lines[1]):
                kind = "short_line"
            elif line > 1 and tuple(cells) in seen:
                kind = "row_twice"
            seen.add(tuple(cells))
            if kind:
                found[kind].add((name, line))

    assert found == listed


def test_the_two_exports_of_lakeside_overlap(logs: dict[str, dict[int, list[str]]]) -> None:
    """Rows of two months stand in both."""
    early, late = (
        {tuple(cells) for line, cells in logs[name].items() if line > 1 and any(cells)}
        for name in layouts.LAYOUTS["lakeside"].files
    )
    days = [row[1] for row in early & late if re.fullmatch(r"[\d/]{10}", row[1])]
    months = {day[:2] for day in days if is_day(day)}

    assert months == {"05", "06"}
    assert len(early & late) > 60


def test_each_site_writes_in_its_own_way(tracked: Path) -> None:
    """Encodings, line ends, marks, separators and decimal marks differ, as source.toml says."""
    north, home, lakeside, sur = (
        (tracked / name).read_bytes()
        for name in ("north.csv", "north-home.txt", "lakeside-from-may-2025.csv", "sur.txt")
    )

    assert north.startswith(b"\xef\xbb\xbf")
    assert home.startswith((b"\xff\xfe", b"\xfe\xff"))
    assert b"\r\n" in lakeside
    assert b"\r" not in north
    with pytest.raises(UnicodeDecodeError):
        sur.decode("utf-8")
    assert "Técnica" in sur.decode("cp1252")


# --- workbooks --------------------------------------------------------------------------------


def test_workbooks_are_as_people_keep_them(few: dict[str, Path]) -> None:
    """A title, merged cells over the header, columns in another order on every sheet, totals."""
    book = CalamineWorkbook.from_path(few["xlsx"] / "north.xlsx")
    orders = []
    for name in ("N1", "N2", "N3", "N4", "N5"):
        sheet = book.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
        assert "synthetic" in str(rows[0][0])
        assert "Score" in rows[3]
        assert rows[-1][0] == "Total"
        assert ((3, rows[3].index("Score")), (3, rows[3].index("Score") + 1)) in (
            sheet.merged_cell_ranges
        )
        orders.append(tuple(rows[4]))
        assert Counter(rows[4]) == Counter(orders[0])

    assert len(set(orders)) == 5
    assert book.sheet_names == ["N1", "N2", "N3", "N4", "N5", "Home diary", "Remarks"]


def test_workbooks_hold_what_the_truth_says(few: dict[str, Path]) -> None:
    """Workbook, sheet, row and column lead to the planted cell."""
    truth = json.loads((few["xlsx"] / "truth.json").read_text(encoding="utf-8"))
    books: dict[str, CalamineWorkbook] = {}
    checked = 0
    for slip in truth["planted"]:
        if slip["file"] not in books:
            books[slip["file"]] = CalamineWorkbook.from_path(few["xlsx"] / slip["file"])
        rows = books[slip["file"]].get_sheet_by_name(slip["sheet"]).to_python(skip_empty_area=False)
        if slip["column"] in rows[4] and slip["slip"] not in WHOLE_ROWS:
            cell = rows[slip["line"] - 1][rows[4].index(slip["column"])]
            text = f"{cell:g}" if isinstance(cell, float) else str(cell)
            assert IS[slip["slip"]](text), slip
            checked += 1

    assert checked > 50


def test_a_workbook_says_no_time(few: dict[str, Path]) -> None:
    """Its day of creation is the day of extraction, whenever it was made."""
    with zipfile.ZipFile(few["xlsx"] / "sur.xlsx") as archive:
        properties = archive.read("docProps/core.xml").decode()
        assert "2026-06-30T00:00:00Z</dcterms:created>" in properties
        assert {each.date_time[0] for each in archive.infolist()} == {1980}
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert 'hidden="1"' in sheet
        assert "<sheetProtection" in sheet


# --- REDCap -----------------------------------------------------------------------------------


def test_the_data_dictionary_explains_every_code(few: dict[str, Path]) -> None:
    """18 columns; every code of the records is one of its choices."""
    dictionary = read_csv(few["redcap"] / "dictionary.csv")
    records = read_csv(few["redcap"] / "records.csv")
    choices = {
        field["Variable / Field Name"]: dict(
            part.strip().split(", ", 1)
            for part in field["Choices, Calculations, OR Slider Labels"].split("|")
        )
        for field in dictionary
        if field["Field Type"] in ("radio", "dropdown", "checkbox")
    }

    assert len(dictionary[0]) == 18
    for field, labels in choices.items():
        boxes = [f"{field}___{code}" for code in labels]
        for record in records:
            if boxes[0] in record:
                assert {record[box] for box in boxes} <= {"", "0", "1"}
            else:
                assert record[field] in {"", *labels}, field


def test_records_repeat_their_instances_in_order(few: dict[str, Path]) -> None:
    """One row for the person, then instances 1, 2, 3 of the session; complete is 2."""
    by_record = defaultdict(list)
    for record in read_csv(few["redcap"] / "records.csv"):
        by_record[record["record_id"]].append(record)

    for first, *rest in by_record.values():
        assert first["redcap_repeat_instance"] == ""
        assert first["session_date"] == ""
        assert first["person_complete"] == "2"
        assert [each["redcap_repeat_instance"] for each in rest] == [
            str(n) for n in range(1, len(rest) + 1)
        ]
        assert {each["session_complete"] for each in rest} == {"2"}
        assert {each["sex"] for each in rest} == {""}


def test_records_hold_the_sessions_of_the_tables(few: dict[str, Path]) -> None:
    """Patients, days and scores are those of the canonical tables."""
    records = read_csv(few["redcap"] / "records.csv")
    sessions = read_csv(few["tables"] / "sessions.csv")
    scores = read_csv(few["tables"] / "assessments.csv")
    written = Counter(
        (each["record_id"], each["score_date"] or each["session_date"], scale, each[scale])
        for each in records
        for scale in MEASURES
        if each[scale]
    )

    assert {(each["record_id"], each["session_date"]) for each in records if each["session_date"]} \
        == {(each["patient"], each["date"]) for each in sessions}  # fmt: skip
    assert written == Counter(
        (each["patient"], each["date"], each["scale"], each["score"])
        for each in scores
        if each["scale"] in MEASURES
    )


# --- source.toml ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_source_file_calls_it_synthetic_and_names_its_files(
    few: dict[str, Path], form: str
) -> None:
    """Whoever reads it through source.toml sees that nobody in it exists."""
    source = tomllib.loads((few[form] / "source.toml").read_text(encoding="utf-8"))
    named = {name for layout in source["layouts"] for name in layout["files"]}
    named |= {layout["dictionary"] for layout in source["layouts"] if "dictionary" in layout}

    assert source["synthetic"] is True
    assert "synthetic" in source["title"]
    assert source["name"] == few[form].name
    assert source["extracted_on"] == AS_OF
    assert named | {"source.toml", "truth.json"} == set(read_bytes(few[form]))


def test_the_source_file_maps_columns_that_are_there(tracked: Path) -> None:
    """Every mapped header stands once in the header of each file of its layout."""
    source = tomllib.loads((tracked / "source.toml").read_text(encoding="utf-8"))
    for layout in source["layouts"]:
        for name in layout["files"]:
            header = read_lines(tracked / name, layout["format"])[1]
            for text in (*layout["columns"].values(), *layout.get("scores", {}).values()):
                assert header.count(text) == 1, (name, text)
