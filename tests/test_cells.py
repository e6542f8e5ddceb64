"""What every cell of a log is read as: text in, a value or a problem out."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intake import cells
from analysis.intake.cells import Event, SideEffectsCell, Target
from analysis.vocabulary import BUILT_IN

AS_OF = date(2026, 6, 30)
DMY, MDY, YMD, UNDECLARED = "day-month-year", "month-day-year", "year-month-day", "undeclared"
SPELLINGS = cells.SideEffectSpellings.of(BUILT_IN)


def read(text: str) -> SideEffectsCell:
    return cells.parse_side_effects(text, SPELLINGS)


def rules_of(cell: SideEffectsCell) -> list[str]:
    return [problem.rule for problem in cell.problems]


# --- dates ----------------------------------------------------------------------------------

DATES = [
    # text, order, day read or rule
    ("03/04/2024", DMY, "2024-04-03"),
    ("03/04/2024", MDY, "2024-03-04"),
    ("03/04/2024", YMD, "impossible_date"),
    ("03/04/2024", UNDECLARED, "ambiguous_date"),
    ("13/04/2024", UNDECLARED, "2024-04-13"),  # there is no month 13
    ("04/13/2024", UNDECLARED, "2024-04-13"),
    ("04/04/2024", UNDECLARED, "2024-04-04"),  # the same day in both orders
    ("2024/04/03", UNDECLARED, "2024-04-03"),
    ("2024/04/03", YMD, "2024-04-03"),
    ("2024-04-03", DMY, "2024-04-03"),  # ISO is read whatever the order
    ("2024-04-03", MDY, "2024-04-03"),
    ("2024-04-03", UNDECLARED, "2024-04-03"),
    ("2024-04-03T10:00:00", DMY, "2024-04-03"),
    ("2024-04-03 23:59", DMY, "2024-04-03"),
    ("03.04.2024 10:30", DMY, "2024-04-03"),
    (" 03-04-2024 ", DMY, "2024-04-03"),
    ("3. 4. 2024", DMY, "2024-04-03"),
    ("3.4.24", DMY, "2024-04-03"),
    ("24-04-03", YMD, "2024-04-03"),
    ("13.04.24", UNDECLARED, "ambiguous_date"),  # or 24 April 2013
    ("03.04.202", DMY, "impossible_date"),  # not the year 202
    ("03.04.024", DMY, "impossible_date"),
    ("31.02.2024", DMY, "impossible_date"),
    ("29.02.2023", DMY, "impossible_date"),
    ("29.02.2024", DMY, "2024-02-29"),
    ("13/13/2024", UNDECLARED, "impossible_date"),
    ("3-Apr-24", DMY, "2024-04-03"),  # a name leaves no doubt about the order
    ("31.12.1989", DMY, "date_too_early"),
    ("1924-04-03", DMY, "date_too_early"),
    ("20000", DMY, "date_too_early"),  # Excel's number of a day in 1954
    ("01.01.1990", DMY, "1990-01-01"),
    ("3 Apr 2024", UNDECLARED, "2024-04-03"),
    ("31-Apr-24", DMY, "impossible_date"),
    ("3-Apr-24", MDY, "2024-04-03"),  # a month by name is itself in any order
    ("spring", DMY, "impossible_date"),
    ("30.06.2026", DMY, "2026-06-30"),  # the day of the export
    ("01.07.2026", DMY, "date_in_the_future"),
    ("03.04.99", DMY, "date_in_the_future"),  # two digits are this century
    ("01/01/2567", DMY, "other_calendar"),  # a Thai year
    ("01/01/2567", UNDECLARED, "other_calendar"),
    ("31/02/1403", DMY, "other_calendar"),  # a Persian year, whose second month has 31 days
    ("03/04/1445", DMY, "other_calendar"),  # an Islamic year
    ("03/04/1600", DMY, "date_too_early"),  # a slip of the pen
    ("20240403", DMY, "2024-04-03"),
    ("20241301", DMY, "impossible_date"),
    ("03/04/2024 10:30 AM", DMY, "2024-04-03"),
    ("2024-04-03T10:00:00.000", MDY, "2024-04-03"),
    ("Mi, 3. April 2024", UNDECLARED, "2024-04-03"),
    ("3 de março de 2024", UNDECLARED, "2024-03-03"),
    ("mar 3 abril 2024", UNDECLARED, "2024-04-03"),  # Tuesday, in Spanish
    ("Mar 3, 2024", UNDECLARED, "2024-03-03"),  # and March
    ("1er fevrier 2024", UNDECLARED, "2024-02-01"),
    ("3 jui 2024", DMY, "impossible_date"),  # June or July
    ("", DMY, "missing_date"),
    ("  ", DMY, "missing_date"),
    ("NULL", DMY, "missing_date"),
    ("TBC", DMY, "missing_date"),
    ("1900-01-01", DMY, "missing_date"),  # what spreadsheets write for none
    ("01.01.1970", DMY, "missing_date"),
]


@pytest.mark.parametrize(("text", "order", "expected"), DATES)
def test_date(text: str, order, expected: str) -> None:
    """A day is read where exactly one can be meant; otherwise the row is set aside with a rule."""
    found = cells.parse_date(text, order, AS_OF)

    if "_" in expected:
        assert (found.value, found.rule) == (None, expected)
        assert found.consequence == "row set aside"
    else:
        assert (found.value, found.rule) == (date.fromisoformat(expected), "")


ZONES = [
    "T10:00:00Z",
    "T00:00:00Z",
    "T23:00:00.000+0000",
    " 23:00:00+00",
    " 00:30 UTC",
    "T01:00-05:00",
]


@pytest.mark.parametrize("moment", ZONES)
@pytest.mark.parametrize(
    "parse", [cells.parse_date, cells.parse_later_date, cells.parse_birth_date]
)
def test_day_of_a_moment_with_a_zone_is_never_silent(parse, moment: str) -> None:
    """The day as written counts and is listed: in the clinic's own time it may be another."""
    found = parse(f"2024-04-03{moment}", MDY, AS_OF)

    assert (found.value, found.rule) == (date(2024, 4, 3), "date_with_zone")
    assert found.consequence == "repaired"
    assert "as the clinic had it" in found.suggestion


def test_day_number_of_a_spreadsheet_is_repaired() -> None:
    """45385 is a day, and not what anybody wrote: it is read and listed."""
    found = cells.parse_date("45385", DMY, AS_OF)

    assert (found.value, found.rule) == (date(2024, 4, 3), "excel_serial_date")
    assert found.consequence == "repaired"


# --- numbers of a patient -------------------------------------------------------------------

SKIN_TYPES = [
    ("IV", (4, False)),
    ("iv", (4, False)),
    ("4", (4, False)),
    ("4.0", (4, False)),
    ("type 4", (4, False)),
    ("FST4", (4, False)),
    ("Fitz 4", (4, False)),
    ("Fitzpatrick type IV", (4, False)),
    ("Fitzpatrick skin type: 4", (4, False)),
    ("III-IV", (4, True)),
    ("III–IV", (4, True)),
    ("3/4", (4, True)),
    ("5-4", (5, True)),
    ("II to III", (3, True)),
]
SKIN_TYPES += [("Ⅳ", (4, False)), ("Hauttyp III", (3, False)), ("fototipo 2-3", (3, True))]
NOT_SKIN_TYPES = [
    "4 olive",
    "lV",
    "|V",
    "V1",
    "VII",
    "0",
    "7",
    "olive",
    "oily",
    "Normal",
    "I-III-IV",
    "4.5",
    "4,5",
]


@pytest.mark.parametrize(("text", "expected"), SKIN_TYPES)
def test_skin_type(text: str, expected: tuple[int, bool]) -> None:
    """Fitzpatrick 1 to 6; a range counts as its higher type and is noted."""
    found = cells.parse_skin_type(text)

    assert found.value == expected
    assert found.rule == ("skin_type_range" if expected[1] else "")


@pytest.mark.parametrize("text", NOT_SKIN_TYPES)
def test_what_is_no_skin_type_is_not_guessed(text: str) -> None:
    """A complexion, a skin condition or a misread numeral is a question, not a type."""
    found = cells.parse_skin_type(text)

    assert (found.value, found.rule) == (None, "unknown_skin_type")


NEEDLES = [
    # text, decimal, (shortest, longest) or rule
    ("1.5", ".", (1.5, 1.5)),
    ("1.5mm", ".", (1.5, 1.5)),
    (".5", ".", (0.5, 0.5)),
    ("1,5 mm", ",", (1.5, 1.5)),
    ("1.5", ",", (1.5, 1.5)),
    ("1,5 mm", ".", "unknown_number"),  # not the declared mark
    ("1.500", ",", "unknown_number"),  # one and a half, or fifteen hundred
    ("1.5 roller", ".", (1.5, 1.5)),
    ("1500", ".", (1.5, 1.5)),
    ("1500 µm", ".", (1.5, 1.5)),
    ("1500 μm", ".", (1.5, 1.5)),  # the Greek letter
    ("1500um", ".", (1.5, 1.5)),
    ("500-1000 µm", ".", (0.5, 1.0)),
    ("500 µm - 1.5 mm", ".", (0.5, 1.5)),
    ("0.5-1.0", ".", (0.5, 1.0)),
    ("1,0-0,5", ",", (0.5, 1.0)),
    ("0.5/1.5 (forehead/cheeks)", ".", (0.5, 1.5)),
    ("cheeks 1.5, forehead 0.5", ".", (0.5, 1.5)),
    ("1.5 mm 2 areas", ".", "unknown_number"),  # nothing joins the two numbers
    ("1½", ".", "unknown_number"),
    ("1.5?", ".", "unknown_number"),
    ("<1.5", ".", "unknown_number"),
    ("1.5+", ".", "unknown_number"),
    ("0.5 + 1.5", ".", (0.5, 1.5)),
    ("1.5mm/2 min", ".", "unknown_number"),
    ("1.5 cm", ".", "unknown_number"),
    ('1.5"', ".", "unknown_number"),
    ("1500 micrometres", ".", (1.5, 1.5)),
    ("3.0", ".", (3.0, 3.0)),
    ("3.6", ".", "ambiguous_needle"),
    ("15", ".", "ambiguous_needle"),  # 1.5 mm or 15 µm
    ("50 mm", ".", "ambiguous_needle"),
    ("99", ".", "ambiguous_needle"),
    ("100", ".", (0.1, 0.1)),
    ("0", ".", None),  # nothing entered
    ("0 mm", ".", None),
    ("", ".", None),
    ("32G", ".", "unknown_number"),  # a gauge
    ("30 gauge", ".", "unknown_number"),
    ("-1", ".", "unknown_number"),  # a stand-in for none
    ("1.5 mm x 3 passes", ".", "unknown_number"),  # not a range up to 3 mm
    ("1.5 mm 12 pins", ".", "unknown_number"),
    ("1.0-1.5-2.0", ".", "unknown_number"),
    ("deep", ".", "unknown_number"),
]


@pytest.mark.parametrize(("text", "decimal", "expected"), NEEDLES)
def test_needle(text: str, decimal: str, expected: object) -> None:
    """Millimetres; from 100 on micrometres; above 3.5 and below 100 nothing can be known."""
    found = cells.parse_needle(text, decimal)

    if isinstance(expected, str):
        assert (found.value, found.rule, found.consequence) == (None, expected, "cell blanked")
    elif expected is None:
        assert (found.value, found.rule) == (None, "")
    else:
        assert found.value == pytest.approx(expected)
        assert found.rule == ("needle_range" if expected[0] != expected[1] else "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3.5", (3.5, 3.5)), ("50 microns", (0.05, 0.05)), ("50-500 µm", (0.05, 0.5))],
)
def test_unusual_needle_counts_and_is_noted(text: str, expected: tuple[float, float]) -> None:
    """Below 0.1 mm and above 3 mm a length is read and a person is asked to look at it."""
    found = cells.parse_needle(text, ".")

    assert found.value == pytest.approx(expected)
    assert (found.rule, found.consequence) == ("unusual_needle", "noted")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "n/a",
        "NA",
        "-",
        "--",
        "none",
        "0",
        "000",
        "0.0",
        "#REF!",
        "#N/A",
        "TBC",
        "unknown",
        "?",
    ],
)
def test_stand_in_is_no_patient(text: str) -> None:
    """A placeholder in the patient column joins no rows into one patient."""
    assert cells.is_no_patient(text)
    found = cells.parse_patient(text, {}, "clinic")
    assert (found.value, found.rule, found.consequence) == (
        None,
        "missing_patient",
        "row set aside",
    )


@pytest.mark.parametrize("text", ["1", "007", "P-1", "A0", "10", "none-1"])
def test_id_is_a_patient(text: str) -> None:
    """An id with zeros, or with a stand-in inside, is an id."""
    assert not cells.is_no_patient(text)


LOOK_ALIKES = [
    # ids of a column | those that look like another one
    (["A-1", "\u0410-1"], {"\u0430-1"}),  # Cyrillic
    (["a-1", "\u0391-1", "\u0410-1"], {"\u0430-1", "\u03b1-1"}),  # and Greek
    (["P12", "\uff3012", "P\uff11\uff12"], {"\uff5012", "p\uff11\uff12"}),  # wide ones
    (["12", "\u0661\u0662"], set()),  # Arabic digits do not look like 1 and 2
    (["A-1", "A-2", "\u0410-3"], set()),
    (["\u041c\u0410\u0425-1", "\u041c\u0410\u0425-2"], set()),  # a clinic that writes Cyrillic
]


@pytest.mark.parametrize(("ids", "expected"), LOOK_ALIKES)
def test_ids_that_look_alike(ids: list[str], expected: set[str]) -> None:
    """An id in other letters stays another patient, and is noted beside the one it looks like."""
    keys = [cells.fold_patient(each, 0) for each in ids]

    assert cells.find_look_alikes(keys) == expected
    assert len({*keys}) == len({each.casefold() for each in ids})


OTHERS = [
    # parser, text, value, rule
    (cells.parse_age, "35", 35, ""),
    (cells.parse_age, "35.0", 35, ""),
    (cells.parse_age, "110", 110, ""),
    (cells.parse_age, "111", None, "impossible_age"),
    (cells.parse_age, "0", None, "impossible_age"),
    (cells.parse_age, "-1", None, "impossible_age"),
    (cells.parse_age, "35 years", 35, ""),
    (cells.parse_age, "35y/o", 35, ""),
    (cells.parse_age, "35 Jahre alt", 35, ""),
    (cells.parse_age, "8 months", None, "impossible_age"),
    (cells.parse_age, "35-40", None, "impossible_age"),
    (cells.parse_age, "unknown", None, ""),
    (cells.parse_passes, "4", 4, ""),
    (cells.parse_passes, "4.0", 4, ""),
    (cells.parse_passes, "12", 12, ""),
    (cells.parse_passes, "13", None, "impossible_passes"),
    (cells.parse_passes, "0", None, "impossible_passes"),
    (cells.parse_passes, "4.5", None, "impossible_passes"),
    (cells.parse_passes, "4-6", None, "unknown_number"),
    (cells.parse_number, "1e5", None, "unknown_number"),
    (cells.parse_number, "1_000", None, "unknown_number"),
    (cells.parse_number, "inf", None, "unknown_number"),
    (cells.parse_number, "nan", None, ""),
    (cells.parse_number, "0012", 12.0, ""),
    (cells.parse_number, "1,5", None, "unknown_number"),
]


@pytest.mark.parametrize(("parse", "text", "value", "rule"), OTHERS)
def test_ages_passes_and_numbers(parse, text: str, value: object, rule: str) -> None:
    """What is not plainly a number in its range has no value and says why."""
    found = parse(text, ".")

    assert (found.value, found.rule) == (value, rule)


SEXES = {
    "female": ["F", "f", " Female ", "woman", "w", "Frau"],
    "male": ["M", "male", "Herr", "hombre", "varón"],
    "other": ["X", "diverse", "non-binary"],
}


@pytest.mark.parametrize(("sex", "spellings"), SEXES.items())
def test_sex(sex: str, spellings: list[str]) -> None:
    """Known spellings in several languages; anything else is a problem, a blank is none."""
    assert [cells.parse_sex(text).value for text in spellings] == [sex] * len(spellings)
    assert cells.parse_sex("v").rule == "unknown_sex"
    assert (cells.parse_sex(" ").value, cells.parse_sex(" ").rule) == (None, "")


COLUMNS_OF_SEX = {
    # the texts of the column | what an M there is
    "M F": "male",
    "M W": "male",
    "M": "male",
    "M H": "ambiguous_sex",  # mujer and hombre, or masculino and hembra
    "m h F": "ambiguous_sex",
    "M V": "ambiguous_sex",  # mujer and varón
    "M Mujer": "ambiguous_sex",
    "M Homem": "ambiguous_sex",
    "M F mujer hombre": "male",  # F shows that the letters are those of femenino and masculino
}


@pytest.mark.parametrize("column", COLUMNS_OF_SEX)
def test_m_may_be_a_woman_in_spanish(column: str) -> None:
    """An M is a man only where the rest of its column leaves no other reading."""
    found = cells.parse_sex(column.split()[0], column.split())

    assert (found.value or found.rule) == COLUMNS_OF_SEX[column]
    assert found.consequence == ("cell blanked" if found.rule else "")


# --- scores ---------------------------------------------------------------------------------

GAIS = BUILT_IN.scales["gais"].declare("three_is_best")
SCALES = {**BUILT_IN.scales, "gais": GAIS}
SCORES = [
    # scale, text, decimal, score or rule
    ("gb_qual", "3", ".", 3.0),
    ("gb_qual", "III", ".", 3.0),
    ("gb_qual", "Gr 3", ".", 3.0),
    ("gb_qual", "grade: IV", ".", 4.0),
    ("gb_qual", "2.5", ".", 2.5),  # the mean of two raters
    ("gb_qual", "2,5", ",", 2.5),
    ("gb_qual", "2,5", ".", "unknown_score"),
    ("gb_qual", "5", ".", "score_outside_scale"),
    ("gb_qual", "0", ".", "score_outside_scale"),
    ("gb_qual", "V", ".", "score_outside_scale"),
    ("gb_qual", "2/4", ".", 2.0),  # of the highest of the scale
    ("gb_qual", "3/5", ".", "unknown_score"),
    ("gb_qual", "Ⅲ", ".", 3.0),
    ("gb_qual", "3½", ".", "unknown_score"),
    ("gb_qual", "3→2", ".", "unknown_score"),
    ("gb_qual", "2 to 3", ".", "unknown_score"),
    ("striae_width", "12 mm", ".", 12.0),  # the unit of its scale
    ("striae_width", "1.2 cm", ".", "unknown_score"),
    ("gb_qual", "moderate", ".", "unknown_score"),
    ("gb_qual", "same", ".", "unknown_score"),
    ("gb_qual", "", ".", None),
    ("gb_qual", "NULL", ".", None),
    ("mmasi", "13,2", ",", 13.2),
    ("mmasi", "0", ",", 0.0),
    ("mmasi", "24", ",", 24.0),
    ("mmasi", "24,1", ",", "score_outside_scale"),
    ("mmasi", "II", ",", "unknown_score"),  # no numerals on a continuous scale
    ("ecca", "540", ".", 540.0),  # no range is published, so none is enforced
    ("ecca", "99", ".", "score_outside_scale"),  # but these stand for "none"
    ("ecca", "999", ".", "score_outside_scale"),
    ("ecca", "9999", ".", "score_outside_scale"),
    ("ecca", "-1", ".", "score_outside_scale"),
    ("ecca", "-0.5", ".", "score_outside_scale"),
    ("ecca", "9" * 400, ".", "score_outside_scale"),  # more than a number can hold
    ("ecca", "inf", ".", "unknown_score"),
    ("pct_self", "99", ".", 99.0),  # inside the range of its scale
    ("pct_self", "60 %", ".", 60.0),
    ("gb_qual", "60 %", ".", "unknown_score"),
    ("pct_self", "0.6", ".", "ambiguous_percent"),
    ("pct_self", "60", ".", 60.0),
    ("vas_improve", "7/10", ".", 7.0),
    ("vas_improve", "70/100", ".", "unknown_score"),
    ("quartile", ">50%", ".", "unknown_score"),  # two bands
    ("quartile", "40-60 %", ".", "unknown_score"),
    ("quartile", "120 %", ".", "unknown_score"),
    ("pct_self", ">75%", ".", "unknown_score"),  # no one number
    ("gais", "-1", ".", -1.0),
    ("gais", "-2", ".", "score_outside_scale"),
]


@pytest.mark.parametrize(("scale", "text", "decimal", "expected"), SCORES)
def test_score(scale: str, text: str, decimal: str, expected: object) -> None:
    """A score is a number in the range of its scale; Roman numerals count on graded scales."""
    found = cells.parse_score(text, SCALES[scale], decimal)

    if isinstance(expected, str):
        assert (found.value, found.rule, found.consequence) == (None, expected, "cell blanked")
    else:
        assert (found.value, found.rule) == (expected, "")


NOTED_SCORES = [
    # scale, text, column, score, rule
    ("gb_qual", "3/4", "", 3.0, "score_over_maximum"),  # or between 3 and 4
    ("gb_qual", "2.7", "", 2.7, "score_between_grades"),  # no mean of two raters
    ("gb_qual", "3→2", "before", 3.0, "score_with_arrow"),
    ("gb_qual", "3→2", "after", 2.0, "score_with_arrow"),
    ("gb_qual", "III -> II", "after", 2.0, "score_with_arrow"),
    ("gb_qual", "3→7", "before", None, "unknown_score"),  # both must be scores
    ("gb_qual", "4→3→2", "after", None, "unknown_score"),
    ("quartile", ">75%", "", 4.0, "percent_as_grade"),
    ("quartile", "50-75 %", "", 3.0, "percent_as_grade"),
    ("quartile", "<25 %", "", 1.0, "percent_as_grade"),
    ("quartile", "60 %", "", 3.0, "percent_as_grade"),
    ("quartile", "50 %", "", 2.0, "percent_as_grade"),  # 26 to 50 %
]


@pytest.mark.parametrize(("scale", "text", "side", "score", "rule"), NOTED_SCORES)
def test_score_that_is_read_by_a_rule(
    scale: str, text: str, side, score: float | None, rule: str
) -> None:
    """Where one reading is certain or decided, the score counts and its cell is listed."""
    found = cells.parse_score(text, SCALES[scale], ".", side)

    assert (found.value, found.rule) == (score, rule)


def test_score_without_a_scale_is_a_problem() -> None:
    """A number alone says nothing; a blank says nothing wrong."""
    assert cells.parse_score("3", None, ".").rule == "scale_missing"
    assert cells.parse_score("", None, ".").rule == ""


@pytest.mark.parametrize(
    ("text", "key", "rule"),
    [
        ("Goodman-Baron", "gb_qual", ""),
        ("  goodman &  baron ", "gb_qual", ""),
        ("GOODMAN–BARON", "gb_qual", ""),
        ("gb_qual", "gb_qual", ""),
        ("mMASI", "mmasi", ""),
        ("MASI", "masi", ""),
        ("AFLS", "afls", ""),
        ("GAIS", None, "undeclared_scale"),
        ("our own scale", None, "unknown_scale"),
        ("", None, ""),
    ],
)
def test_scale(text: str, key: str | None, rule: str) -> None:
    """Spellings of the vocabulary; a scale whose order is not declared is asked about."""
    found = cells.parse_scale(text, cells.spell_scales(BUILT_IN), frozenset({"gais"}))

    assert (found.value, found.rule) == (key, rule)


# --- concerns -------------------------------------------------------------------------------

CONCERNS = [
    # text, concerns in order (with subtype after a colon), rules
    ("acne scars", ["acne_scars"], []),
    ("Ance Scars", ["acne_scars"], []),
    ("AS", ["acne_scars"], []),
    ("FL", ["fine_lines"], []),
    ("HP", ["pigmentation"], []),
    ("ice pick", ["acne_scars:ice_pick"], []),
    ("melasma", ["pigmentation:melasma"], []),
    ("crow’s feet", ["wrinkles"], []),
    ("post-acne hyperpigmentation", ["pigmentation:pih"], []),  # not acne scars
    ("acne scars + PIH", ["acne_scars", "pigmentation:pih"], []),
    ("PIH / acne scars", ["pigmentation:pih", "acne_scars"], []),  # first one first
    ("fine lines & pores", ["fine_lines", "enlarged_pores"], []),
    ("wrinkles; fine lines", ["wrinkles", "fine_lines"], []),
    ("fine lines and wrinkles", ["fine_lines", "wrinkles"], []),
    ("tone and texture", ["uneven_tone", "uneven_texture"], []),
    ("fine lines\nacne scars", ["fine_lines", "acne_scars"], []),
    ("poros y estrías", ["enlarged_pores", "stretch_marks"], []),
    ("acne scars, scars acne", ["acne_scars"], ["unknown_concern"]),
    ("melasma, hyperpigmentation", ["pigmentation:melasma"], []),  # once
    ("hyperpigmentation, melasma", ["pigmentation:melasma"], []),
    ("melasma, PIH", ["pigmentation:melasma"], ["several_subtypes"]),  # the first one counts
    ("ice pick / boxcar / rolling", ["acne_scars:ice_pick"], ["several_subtypes"]),
    ("melasma, chloasma", ["pigmentation:melasma"], []),
    ("hair loss", ["hair"], ["concern_out_of_scope"]),
    ("active acne / acne scars", ["acne_active", "acne_scars"], ["concern_out_of_scope"]),
    ("maintenance", ["unspecified"], ["concern_out_of_scope"]),
    ("glowing up", [], ["unknown_concern"]),
    ("fine\nlines", ["fine_lines"], []),  # a cell that is wrapped
    ("- pores\r\n- acne scars", ["enlarged_pores", "acne_scars"], []),
    ("1) pores 2) acne scars", [], ["unknown_concern"]),
    ("pores ✨, 👍🏽acne scars", ["enlarged_pores", "acne_scars"], []),
    ("pores / ✨", ["enlarged_pores"], ["unknown_concern"]),  # a picture alone is no word
    ("pores / striae alba/rubra", ["enlarged_pores", "stretch_marks"], []),
    ("pores, acne scars (primary)", ["acne_scars", "enlarged_pores"], []),
    ("Fältchen und Poren", ["fine_lines", "enlarged_pores"], []),
    ("estrias e flacidez", ["stretch_marks", "lost_elasticity"], []),
    ("", [], []),
    ("NULL", [], []),
]


@pytest.mark.parametrize(("text", "expected", "rules"), CONCERNS)
def test_concerns(text: str, expected: list[str], rules: list[str]) -> None:
    """Several concerns in a cell are read one by one, compounds whole, each concern once."""
    found = cells.parse_concerns(text, BUILT_IN)
    named = [each.value for each in found if isinstance(each.value, Target)]

    assert [":".join(filter(None, (it.concern, it.subtype))) for it in named] == expected
    assert [each.rule for each in found if each.rule] == rules


# --- side effects ---------------------------------------------------------------------------

ASKED_AND_NONE = """none|nil|nill|-|NAD|ok|no|0|ø|None.|no s/e|no AE|No AEs|no ae's|none reported
|none noted|nil of note|nothing to report|no side effects|no adverse events|no reactions
|no complications|no issues|uneventful|well tolerated|well tolerated, no issues|tolerated well
|SE: none|sin novedad|keine|aucun|none; hx of cold sores|N|n|no.|N.A.D.|nad|happy|all fine|fine
|all good|nil s/e|pt happy|happy with results|keine Nebenwirkungen|SE: nil""".replace(
    "\n", ""
).split("|")
NOT_RECORDED = ["n/a", "N/A", "unknown", "not asked", "TBC", "DNA", "NULL", "?PIH", "Y/N"]
NOT_RECORDED += ["n.a.", "no show"]


@pytest.mark.parametrize("text", ASKED_AND_NONE)
def test_asked_and_none(text: str) -> None:
    """Words for "nothing seen" say that somebody asked: the session is in every denominator."""
    cell = read(text)

    assert (cell.recorded, cell.events) == ("none", ())


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_blank_is_not_none(text: str) -> None:
    """A blank cell says nothing, and is no problem."""
    assert read(text) == SideEffectsCell("not recorded")


@pytest.mark.parametrize("text", NOT_RECORDED)
def test_not_asked(text: str) -> None:
    """Words for "nobody asked", and mere suspicions, count in no denominator and are listed."""
    cell = read(text)

    assert (cell.recorded, cell.events, cell.denied) == ("not recorded", (), ())
    assert cell.problems


EVENTS = [
    # text, events as term severity hours resolved, terms denied
    ("redness x2d", ["erythema - 48 -"], ""),
    ("mild erythema 24h", ["erythema 1 24 -"], ""),
    ("mild redness", ["erythema 1 - -"], ""),
    ("severe pain", ["pain 3 - -"], ""),
    ("some redness", ["erythema - - -"], ""),  # "some" is no grade
    ("light-headed", ["vasovagal - - -"], ""),  # nor is "light" here
    ("red/swollen", ["erythema - - -", "oedema - - -"], ""),
    ("red\nswollen", ["erythema - - -", "oedema - - -"], ""),
    ("burning then peeling", ["burning - - -", "peeling - - -"], ""),
    ("redness with swelling", ["erythema - - -", "oedema - - -"], ""),
    ("as expected", ["unspecified_expected - - -"], ""),
    ("usual", ["unspecified_expected - - -"], ""),
    ("normal response", ["unspecified_expected - - -"], ""),
    ("PIH", ["pih - - -"], ""),
    ("P.I.H. 6 weeks", ["pih - 1008 -"], ""),
    ("HP", ["pih - - -"], ""),
    ("burn", ["burn - - -"], ""),  # not burning
    ("tender to touch", ["tenderness - - -"], ""),
    ("swollen glands", ["lymphadenopathy - - -"], ""),  # not swelling
    ("still red", ["prolonged_erythema - - -"], ""),
    ("cold sore day 3", ["hsv - - -"], ""),
    # durations
    ("redness 2 days, mild swelling", ["erythema - 48 -", "oedema 1 - -"], ""),
    ("redness 1,5 days", ["erythema - 36 -"], ""),  # a decimal comma divides nothing
    ("redness 1.5 days", ["erythema - 36 -"], ""),
    ("redness 2-3 days", ["erythema - 72 -"], ""),  # the larger end
    ("redness 24h - 48h", ["erythema - 48 -"], ""),
    ("Redness 2d.", ["erythema - 48 -"], ""),
    ("redness about 1 week", ["erythema - 168 -"], ""),
    ("fainted 30 min", ["vasovagal - 0.5 -"], ""),
    ("PIH 2 months", ["pih - 1461 -"], ""),
    ("redness for a few days", ["erythema - - -"], ""),
    ("redness day 1, redness 10 days", ["erythema - 240 -"], ""),  # the longer mention counts
    ("redness, resolved in 2 days", ["erythema - 48 yes"], ""),
    ("redness, settled", ["erythema - - yes"], ""),
    ("Mild redness post-procedure, resolved within 2 hours", ["erythema 1 2 yes"], ""),
    ("resolved in 2 days", ["other - 48 yes"], ""),  # something was there
    ("redness and swelling for 10 days", ["erythema - 240 -", "oedema - 240 -"], ""),
    ("redness, swelling and pain 3 days", ["erythema - 72 -", "oedema - 72 -", "pain - 72 -"], ""),
    ("redness, swelling, resolved after 10 days", ["erythema - 240 yes", "oedema - 240 yes"], ""),
    ("redness. Resolved after 10 days", ["erythema - 240 yes"], ""),
    ("redness 2 days and swelling 3 days", ["erythema - 48 -", "oedema - 72 -"], ""),
    ("redness 1 day, swelling, gone in 3 days", ["erythema - 24 -", "oedema - 72 yes"], ""),
    ("redness 10 days after session", ["erythema - - -"], ""),  # when it began
    ("redness after 10 days", ["erythema - - -"], ""),
    ("redness on day 10", ["erythema - - -"], ""),
    ("redness for 10 days after session", ["erythema - 240 -"], ""),
    ("redness still on day 10", ["erythema - 240 -"], ""),
    ("redness two weeks", ["erythema - 336 -"], ""),
    ("redness for a week", ["erythema - 168 -"], ""),
    ("redness 2/52", ["erythema - 336 -"], ""),
    ("redness 3/7, swelling 1/7", ["erythema - 72 -", "oedema - 24 -"], ""),
    ("redness 2 or 3 days", ["erythema - 72 -"], ""),
    ("redness till day 12", ["erythema - 288 -"], ""),
    ("redness until day 12", ["erythema - 288 -"], ""),
    ("redness days 1-10", ["erythema - 240 -"], ""),
    ("redness 7 days + swelling", ["erythema - 168 -", "oedema - - -"], ""),
    ("redness better after 2 days", ["erythema - 48 yes"], ""),
    ("swelling improved by day 3", ["oedema - 72 yes"], ""),
    ("redness, better after 2 days", ["erythema - 48 yes"], ""),
    # negation
    ("no PIH", [], "pih"),
    ("denies itching", [], "pruritus"),
    ("swelling, no bruising, PIH", ["oedema - - -", "pih - - -"], "bruising"),
    ("no redness, swelling or pain", [], "erythema oedema pain"),
    ("no redness, swelling, or pain", [], "erythema oedema pain"),
    ("no redness, swelling and pain", [], "erythema"),  # one is denied, or three
    ("no redness and swelling", [], "erythema"),
    ("no PIH, redness and swelling", [], "pih"),
    ("no PIH, redness and swelling or pain", [], "pih erythema oedema pain"),
    ("sans rougeur ni œdème", [], "erythema oedema"),
    ("leichte Rötung 2 Tage", ["erythema 1 48 -"], ""),
    ("enrojecimiento leve 3 días", ["erythema 1 72 -"], ""),
    ("rougeur et gonflement 2 jours", ["erythema - 48 -", "oedema - 48 -"], ""),
    ("vermelhidao 1 semana", ["erythema - 168 -"], ""),
    ("antecedentes de herpes", [], ""),
    ("neither redness nor swelling", [], "erythema oedema"),
    ("redness (no PIH)", ["erythema - - -"], "pih"),
    ("redness (no PIH, no pain)", ["erythema - - -"], "pih pain"),
    ("redness - no PIH", ["erythema - - -"], "pih"),
    ("redness (no) swelling", ["oedema - - -"], "erythema"),
    ("redness: no swelling: yes", ["oedema - - -"], "erythema"),
    ("redness: no swelling", [], ""),  # which of the two is denied?
    ("pain: 0 redness: 1", ["erythema - - -"], "pain"),
    ("pain none noted; red", ["erythema - - -"], "pain"),
    ("No - slight redness", ["erythema 1 - -"], ""),
    ("? PIH or bruise", [], ""),
    ("PIH ?", [], ""),
    ("call if blistering or infection", [], ""),
    ("avoid sun to prevent PIH", [], ""),
    ("will monitor for PIH", [], ""),
    ("worried about PIH", [], ""),
    ("PIH from before", [], ""),
    ("light patches", ["hypopig - - -"], ""),  # not a light reaction
    ("o/e redness", ["erythema - - -"], ""),
    ("no redness, swelling or pain for 10 days", [], "erythema oedema pain"),
    ("no redness nor swelling", [], "erythema oedema"),
    ("redness, no swelling or pain", ["erythema - - -"], "oedema pain"),
    ("no redness, swelling", [], "erythema"),  # it may be there or not
    ("no redness/swelling", [], "erythema"),
    ("no PIH, redness", [], "pih"),
    ("denies pain, redness", [], "pain"),
    ("no bruising redness 2 days", [], "bruising"),
    ("swelling, no bruising and PIH", ["oedema - - -"], "bruising"),
    ("no severe redness", [], ""),
    ("no redness, no swelling", [], "erythema oedema"),
    ("no pain, only redness", ["erythema - - -"], "pain"),
    ("no pain, some redness", ["erythema - - -"], "pain"),
    ("no PIH, redness and swelling 2 days", ["erythema - 48 -", "oedema - 48 -"], "pih"),
    ("redness and swelling: none", [], "erythema oedema"),
    ("not asked about PIH, redness", [], ""),
    # grades and other words that deny
    ("pain 0/10", [], "pain"),
    ("pain 0", [], "pain"),
    ("pain 3/10", ["pain - - -"], ""),
    ("pain 10/10", ["pain - - -"], ""),
    ("erythema 0, oedema 0", [], "erythema oedema"),
    ("erythema 0 oedema 1", ["oedema - - -"], "erythema"),
    ("redness none swelling none", [], "erythema oedema"),
    ("no known PIH", [], "pih"),
    ("redness, swelling and pain 0/10", ["erythema - - -", "oedema - - -"], "pain"),
    ("redness 0/4", [], "erythema"),
    ("0 redness", [], "erythema"),
    ("day 0 redness", ["erythema - - -"], ""),
    ("zero redness", [], "erythema"),
    ("redness (none)", [], "erythema"),
    ("redness: no", [], "erythema"),
    ("redness: y", ["erythema - - -"], ""),
    ("didn't have redness", [], "erythema"),
    ("didnt have any swelling", [], "oedema"),
    ("hasn't had any redness", [], "erythema"),
    ("haven’t noticed redness", [], "erythema"),
    ("free from redness", [], "erythema"),
    ("negative for PIH", [], "pih"),
    ("absence of PIH", [], "pih"),
    ("keine Rötung", [], "erythema"),
    ("kein PIH", [], "pih"),
    ("ohne Schwellung", [], "oedema"),
    ("sin enrojecimiento", [], "erythema"),
    ("pas de rougeur", [], "erythema"),
    ("pas d'edema", [], "oedema"),
    ("aucune rougeur", [], "erythema"),
    ("sem vermelhidão", [], "erythema"),
    ("enrojecimiento y hinchazón", ["erythema - - -", "oedema - - -"], ""),
    ("no redness or swelling", [], "erythema oedema"),
    ("no signs of infection", [], "infection_bacterial"),
    ("no redness, mild swelling", ["oedema 1 - -"], "erythema"),
    ("no PIH, redness 2 days", ["erythema - 48 -"], "pih"),
    ("no redness but swelling", ["oedema - - -"], "erythema"),
    ("no redness; swelling", ["oedema - - -"], "erythema"),
    ("no redness. swelling", ["oedema - - -"], "erythema"),
    ("no redness\nswelling", ["oedema - - -"], "erythema"),  # a new line is a new sentence
    ("swelling, no redness", ["oedema - - -"], "erythema"),
    ("redness without swelling", ["erythema - - -"], "oedema"),  # reaches forward only
    ("redness 2 days no swelling", ["erythema - 48 -"], "oedema"),
    ("redness: none, swelling: yes", ["oedema - - -"], "erythema"),
    ("redness no, swelling", ["oedema - - -"], "erythema"),  # and not over the next piece
    ("infection ruled out", [], "infection_bacterial"),
    ("redness not seen", [], "erythema"),
    ("PIH not resolved", ["pih - - no"], ""),  # that is no denial
    ("swelling not gone after 5 days", ["oedema - 120 no"], ""),
    ("redness, not settled", ["erythema - - no"], ""),
    # history, improvement, doubt, unknown words
    ("hx of cold sores", [], ""),
    ("previous PIH", [], ""),
    ("warned of PIH", [], ""),
    ("PIH improved", [], ""),
    ("no change in PIH", [], ""),
    ("HSV prophylaxis", [], ""),
    ("HSV prophylaxis, redness", ["erythema - - -"], ""),
    ("cold sore hx", [], ""),
    ("hx of cold sores, PIH", [], ""),
    ("discussed PIH", [], ""),
    ("PIH risk explained", [], ""),
    ("pre-existing PIH", [], ""),
    ("old PIH on chin", [], ""),
    ("acne scars softer", [], ""),
    ("pigmentation lighter", [], ""),
    ("warned about PIH", [], ""),
    ("not asked about PIH", [], ""),
    ("hx cold sores, redness 2 days", ["erythema - 48 -"], ""),
    ("redness 2 days, advised SPF", ["erythema - 48 -"], ""),
    ("redness, improving", ["erythema - - -"], ""),
    ("r/o infection", [], ""),
    ("possible PIH, redness", ["erythema - - -"], ""),
    ("?PIH/infection", [], ""),
    ("no adverse events, redness 1 day", ["erythema - 24 -"], ""),
    ("no side effects except redness", ["erythema - - -"], ""),
    ("N, slight redness", ["erythema 1 - -"], ""),
    ("N.A.D., slight redness", ["erythema 1 - -"], ""),
    ("happy, slight redness", ["erythema 1 - -"], ""),
    ("all fine, slight redness", ["erythema 1 - -"], ""),
    ("nil s/e, slight redness", ["erythema 1 - -"], ""),
    ("Y", ["other - - -"], ""),  # something was seen, nobody says what
    ("Yes.", ["other - - -"], ""),
    ("SE: yes", ["other - - -"], ""),
    ("see photos", ["other - - -"], ""),
    ("?", ["other - - -"], ""),
    ("blotchy", ["other - - -"], ""),
    ("redness, blotchy", ["erythema - - -", "other - - -"], ""),
]
LISTED = {
    "unknown_side_effect": ["resolved in 2 days", "see photos", "?", "blotchy", "redness, blotchy"],
    "history_not_event": [
        *("hx of cold sores", "previous PIH", "warned of PIH", "PIH improved", "no change in PIH"),
        *("hx cold sores, redness 2 days", "hx of cold sores, PIH", "HSV prophylaxis"),
        *("HSV prophylaxis, redness", "cold sore hx", "discussed PIH", "PIH risk explained"),
        *("pre-existing PIH", "old PIH on chin", "acne scars softer", "pigmentation lighter"),
        *("warned about PIH", "antecedentes de herpes", "call if blistering or infection"),
        *("avoid sun to prevent PIH", "will monitor for PIH", "worried about PIH"),
        "PIH from before",
    ],
    "uncertain_side_effect": [
        *("r/o infection", "possible PIH, redness", "?PIH/infection", "no redness, swelling"),
        *("no redness/swelling", "no PIH, redness", "denies pain, redness", "no severe redness"),
        *("no bruising redness 2 days", "swelling, no bruising and PIH", "hx of cold sores, PIH"),
        "not asked about PIH, redness",
        *("no redness, swelling and pain", "no redness and swelling"),
        *("no PIH, redness and swelling", "redness: no swelling", "? PIH or bruise", "PIH ?"),
    ],
    "side_effect_not_asked": ["not asked about PIH", "not asked about PIH, redness"],
    "side_effect_not_named": ["Y", "Yes.", "SE: yes"],
}


def tell(event: Event) -> str:
    hours = "-" if event.hours is None else f"{event.hours:g}"
    resolved = {None: "-", True: "yes", False: "no"}[event.resolved]
    return f"{event.term} {event.severity or '-'} {hours} {resolved}"


@pytest.mark.parametrize(("text", "events", "denied"), EVENTS)
def test_side_effects(text: str, events: list[str], denied: str) -> None:
    """Terms with severity, hours and whether resolved; a denial is one for its own terms only."""
    cell = read(text)

    assert [tell(event) for event in cell.events] == events
    assert cell.denied == tuple(denied.split())
    assert cell.recorded == ("event" if events else "not recorded")


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in LISTED.items() for text in texts]
)
def test_what_was_not_used_is_listed(rule: str, text: str) -> None:
    """History, doubt and unknown words are problems for a person to read."""
    assert rule in rules_of(read(text))


@pytest.mark.parametrize(
    "text",
    [text for text, _, _ in EVENTS if not any(text in texts for texts in LISTED.values())],
)
def test_what_was_used_is_no_problem(text: str) -> None:
    """A cell that was understood is not listed, but for advice that follows it."""
    assert rules_of(read(text)) in ([], ["unknown_side_effect"] if "advised" in text else [])


def test_longer_than_a_time_is_longer() -> None:
    """ "Over 7 days" must be promoted where 7 days is the limit, and "7 days" must not."""
    assert read("redness 7 days").events[0].hours == 168
    longer = "redness > 7 days|redness over 7 days|redness 7+ days|redness 7 days+|redness >1/52"
    longer += "|redness more than 7 days|redness not gone after 7 days|redness 7 days+ swelling"
    for text in longer.split("|"):
        assert 168 < read(text).events[0].hours < 168.001


SYNONYMS = """
erythema: red, Reddness, rednes, rd, pink, sunburn look, erythma, eritema, Rötung, rougeur
oedema: swollen, puffy eyes, edema, odema, hinchazón, Schwellung
pruritus: itchy, itchyness, pruritis, puritus, Juckreiz
burning: stinging, tingling, burn sensation
peeling: flaky, pealing, scaling
crusting: scabs, micro-crusts, MEND
bruising: brusing, haematoma, black eye
pih: hyper pigmentation, dark patches, tanning, manchas
hypopig: white spots, lost freckles
acne_flare: breakout, spots, zits, acniform
milia: millia, whiteheads
hsv: cold sore, coldsores, fever blister, HSV1 flare
tram_track: tram tracks, tram-trek, train track, linear marks
textural_change: grazes, drag lines
keloid: keliod, cheloid
contact_dermatitis: rash, eczema, allergic reaction to cream
granuloma: nodules, bumps that won't go, papules >4 wk
urticaria: hives, welts
lymphadenopathy: swollen glands
vasovagal: fainted, dizzy, lightheaded
lidocaine: numbing reaction, EMLA blanching
telangiectasia: broken capillaries, thread veins
infection_bacterial: pus, impetigo, staph
infection_atypical: tinea, NTM
device: needle broke, cartridge fault
worsening_concern: melasma worse, scars look worse
"""


@pytest.mark.parametrize("line", SYNONYMS.strip().splitlines())
def test_spellings_and_misspellings(line: str) -> None:
    """The words that clinics write lead to the term, in any case, alone and with a duration."""
    term, _, words = line.partition(": ")
    for word in words.split(", "):
        assert [event.term for event in read(word).events] == [term], word
        assert [event.term for event in read(f"{word.upper()}, 3 days").events] == [term], word


@pytest.mark.parametrize("key", BUILT_IN.side_effects)
def test_every_side_effect_is_read_by_its_name_and_spellings(key: str) -> None:
    """Whatever the vocabulary knows is found in a cell: in any case, graded, timed and denied."""
    block = BUILT_IN.side_effects[key]
    for text in (block.name, *block.spellings, *block.short_spellings):
        for written in (text, text.upper(), f"{text}, 3 days"):
            assert [event.term for event in read(written).events] == [key], written
        if key != cells.OTHER:  # a bare "?" may be denied and graded by nobody
            assert [event.term for event in read(f"mild {text}").events] == [key], text
            assert read(f"no {text}").denied == (key,), text


@pytest.mark.parametrize("key", BUILT_IN.concerns)
def test_every_concern_is_read_by_its_name_and_spellings(key: str) -> None:
    """The same for concerns: alone and first in a list."""
    block = BUILT_IN.concerns[key]
    for text in (block.name, *block.spellings, *block.short_spellings):
        for written in (text, text.upper(), f"{text} / melasma"):
            found = cells.parse_concerns(written, BUILT_IN)[0].value
            assert isinstance(found, Target), written
            assert found.concern == key, written


def test_decomposed_accents_are_the_same_letter() -> None:
    """A file written on a Mac holds o and two dots apart."""
    assert [event.term for event in read("Ro\u0308tung").events] == ["erythema"]


def test_questions_come_once_and_in_order() -> None:
    """Problems that only a person can settle raise one question each, whatever their number."""
    questions = cells.ask_questions(
        ["unknown_scale", "duplicate_row", "ambiguous_date", "ambiguous_date", "unknown_sex"]
    )

    assert [question.split("?")[0] for question in questions] == [
        "In which order are the dates written",
        "What are the range and direction of the scales the vocabulary does not know",
    ]


WORDS = st.sampled_from(
    "no not none redness PIH swelling 2 days 1,5 hx of ? , ; . / and but mild resolved ok see x"
    " blotchy without n/a 7+ weeks since : or nor y 0/10 3/7 still after day better s/e"
    " some".split()
)


@given(st.lists(WORDS, min_size=1, max_size=8).map(" ".join) | st.text(max_size=40))
def test_no_text_is_lost_in_silence(text: str) -> None:
    """Whatever is written is an event, a denial, "none", or a problem; only a blank is nothing."""
    cell = read(text)

    assert cell.recorded == "event" if cell.events else cell.recorded != "event"
    assert not {event.term for event in cell.events} & {*cell.denied}
    if text.strip():
        assert cell.events or cell.denied or cell.problems or cell.recorded == "none"


PARSERS = {
    "age": lambda text: cells.parse_age(text, "."),
    "answer": cells.parse_answer,
    "birth date": lambda text: cells.parse_birth_date(text, UNDECLARED, AS_OF),
    "date": lambda text: cells.parse_date(text, UNDECLARED, AS_OF),
    "later date": lambda text: cells.parse_later_date(text, DMY, AS_OF),
    "minutes": lambda text: cells.parse_minutes(text, ","),
    "modality": cells.parse_modality,
    "months": lambda text: cells.parse_isotretinoin_months(text, "."),
    "needle": lambda text: cells.parse_needle(text, "."),
    "needle with commas": lambda text: cells.parse_needle(text, ","),
    "pain": lambda text: cells.parse_pain(text, "."),
    "passes": lambda text: cells.parse_passes(text, "."),
    "rater": cells.parse_rater,
    "scale": lambda text: cells.parse_scale(text, {}, frozenset()),
    "score": lambda text: cells.parse_score(text, SCALES["gb_qual"], ".", "before"),
    "score in percent": lambda text: cells.parse_score(text, SCALES["pct_self"], ","),
    "score in quarters": lambda text: cells.parse_score(text, SCALES["quartile"], ".", "after"),
    "score without a range": lambda text: cells.parse_score(text, SCALES["ecca"], "."),
    "setting": cells.parse_setting,
    "severity": cells.parse_severity,
    "sex": cells.parse_sex,
    "side": cells.parse_side,
    "skin type": cells.parse_skin_type,
    "status": cells.parse_status,
}
MARKS = st.sampled_from(
    "1 3 4 10 45385 2567 1403 0.5 1,5 IV → -> / % > < - mm µm g ½ Ⅳ ٣ ² Apr mar 2024 : T10:00 Z x"
    " grade yes + ? type".split()
)
TEXTS = st.lists(MARKS, max_size=6).map("".join) | st.lists(MARKS, max_size=6).map(" ".join)


@pytest.mark.parametrize("name", PARSERS)
@given(TEXTS | st.text(max_size=30))
def test_any_text_is_a_value_a_blank_or_a_problem(name: str, text: str) -> None:
    """No parser raises; what has no value says why, unless the cell is blank or says "none"; and a
    rule always says what becomes of the cell."""
    found = PARSERS[name](text)

    assert bool(found.rule) == bool(found.consequence)
    assert not found.rule or found.rule in cells.RULES
    if found.consequence in ("cell blanked", "row set aside"):
        assert found.value is None


@given(TEXTS | st.text(max_size=40))
def test_any_text_is_a_list_of_concerns_and_problems(text: str) -> None:
    """Nothing that is written in a concern cell is lost in silence."""
    found = cells.parse_concerns(text, BUILT_IN)

    assert all(each.value or each.rule in cells.RULES for each in found)
    assert found or cells.is_blank(text)


@given(st.floats(0.1, 3.5).map(lambda length: round(length, 2)))
def test_needle_that_was_read_is_read_again(length: float) -> None:
    """A length written as it was read is the same length."""
    found = cells.parse_needle(f"{length:g} mm", ".").value

    assert found == cells.parse_needle(f"{found[0]:g}", ".").value == (length, length)


@given(st.dates(date(1990, 1, 1), AS_OF))
def test_day_that_was_read_is_read_again(day: date) -> None:
    """A day is read alike in ISO, in each order as declared, with its time and by its name."""
    for text, order in (
        (f"{day:%Y-%m-%d}", MDY),
        (f"{day:%d.%m.%Y}", DMY),
        (f"{day:%m/%d/%Y}", MDY),
        (f"{day:%Y/%m/%d} 10:30", YMD),
        (f"{day:%Y%m%d}", DMY),
        (f"{day:%d} {MONTHS[day.month - 1]} {day:%Y}", MDY),
    ):
        assert cells.parse_date(text, order, AS_OF).value == day, text


MONTHS = "Jan Feb März Apr mayo juin Juli août Sept out Nov Dez".split()
