"""What can happen to a log, one small entry each, with what intake must say of it.

An entry writes one cell, or changes the rows of a file. It returns what it did; the problems it
must cause stand in the cells it wrote or follow from the rows (``mutant_logs.settle``). No entry
asks the product what it would make of a text.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from mutant_bases import Bases
from mutant_logs import (
    AS_OF,
    ASIDE,
    BLANK,
    BLANKED,
    NOTED,
    REPAIRED,
    Cell,
    File,
    Form,
    Habit,
    Mutant,
    Row,
)

SAME: Final = object()
"""The cell means what it meant before."""
Write = Callable[[Row, Habit, Random], Cell | None]


@dataclass(frozen=True)
class Entry:
    """One thing that can happen. ``rule`` is what it is there to raise; empty where intake must
    stay silent, or only count."""

    name: str
    rule: str
    mutate: Callable[[Mutant, int, Random], str | None]
    """Changes a mutant at a row; returns what was done, None where it does not fit."""


ENTRIES: Final[list[Entry]] = []


def add_cell(role: str, rule: str, write: Write, name: str) -> None:
    """Add an entry that writes one cell of a visit."""

    def mutate(mutant: Mutant, place: int, dice: Random) -> str | None:
        row = mutant.rows[place]
        if role not in mutant.habit.headers or row.kind != "visit":
            return None
        cell = write(row, mutant.habit, dice)
        if cell is None:
            return None
        row.cells[role] = cell
        return f"row {place}, {role}: {cell.text[:40]!r} ({rule or 'as meant'})"

    ENTRIES.append(Entry(f"{role}: {name}", rule, mutate))


def add_texts(role: str, rule: str, consequence: str, value: Any, *texts: str) -> None:
    """Add an entry for each text. ``@`` is the decimal mark; ``SAME`` is the value before."""

    def make(text: str) -> Write:
        def write(row: Row, habit: Habit, dice: Random) -> Cell:
            known = row.find(role).value if value is SAME else value
            said = ((rule, consequence),) if rule and consequence else ()
            return Cell(text.replace("@", habit.decimal), known, said)

        return write

    for text in texts:
        add_cell(role, rule, make(text), repr(text[:40]))


def add_days(
    role: str, rule: str, consequence: str, make: Callable[[date, Habit], tuple[str, Any] | None]
) -> None:
    """Add an entry that writes a day made of the day that stood there, or of the session's."""

    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        day = row.find(role).value or row.find("date").value
        made = make(day, habit) if day else None
        if made is None:
            return None
        return Cell(*made, ((rule, consequence),) if rule else ())

    add_cell(role, rule, write, make.__name__)


# --- patients ---------------------------------------------------------------------------------

add_texts("patient", "missing_patient", ASIDE, None, "", "TBC", "#N/A", "0", "-", "none", "#REF!")
add_texts("patient", "name_in_id_column", ASIDE, None, "Jane Example", "Example, Mary-Ann")


def write_id_as(change: Callable[[str], str], *, zeros: bool) -> Write:
    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        cell = row.find("patient")
        if cell.value is None or cell.said or zeros != habit.has_zeros:
            return None
        return replace(cell, text=change(cell.value))

    return write


for _zeros, _change, _name in (
    (False, str.lower, "lower case"),
    (False, lambda text: f" {text}", "space before"),
    (False, lambda text: f"{text}  ", "spaces behind"),
    (True, lambda text: text.lstrip("0"), "zeros gone"),
    (True, lambda text: f"{text} ", "space behind"),
):
    add_cell("patient", "patient_id_tidied", write_id_as(_change, zeros=_zeros), _name)

_LOOKS_LIKE: Final = str.maketrans("MACEPH", "МАСЕРН")
"""Latin capitals → the Cyrillic ones that look like them."""


def write_id_in_other_letters(row: Row, habit: Habit, dice: Random) -> Cell | None:
    """It counts as another patient: nobody but the clinic can know."""
    cell = row.find("patient")
    if cell.value is None or cell.said or habit.has_zeros:
        return None
    other = cell.value.translate(_LOOKS_LIKE)
    return Cell(other, other)


add_cell("patient", "look_alike_id", write_id_in_other_letters, "in letters of another alphabet")

# --- days -------------------------------------------------------------------------------------


def impossible_day(day: date, habit: Habit) -> tuple[str, None]:
    return {
        "month-day-year": f"02/30/{day.year}",
        "year-month-day": f"{day.year}-02-30",
    }.get(habit.order, f"31.02.{day.year}"), None


def day_nought(day: date, habit: Habit) -> tuple[str, None]:
    return f"{day.year}-05-00", None


def month_13(day: date, habit: Habit) -> tuple[str, None]:
    return f"{day.year}-13-{day.day:02}", None


def words(day: date, habit: Habit) -> tuple[str, None]:
    return "last week", None


def only_a_year(day: date, habit: Habit) -> tuple[str, None]:
    return str(day.year), None


def cut_off(day: date, habit: Habit) -> tuple[str, None]:
    return day.strftime(habit.day_format)[:7] + "x", None


def swapped(day: date, habit: Habit) -> tuple[str, None] | None:
    """Day and month in the other order, which the declared one shows to be wrong."""
    other = {"day-month-year": "%m/%d/%Y", "month-day-year": "%d/%m/%Y"}.get(habit.order)
    return (day.strftime(other), None) if other and day.day > 12 else None


def too_early(day: date, habit: Habit) -> tuple[str, None]:
    return day.replace(year=1989, day=28).strftime(habit.day_format), None


def day_after(day: date, habit: Habit) -> tuple[str, None]:
    return (AS_OF + timedelta(1)).isoformat(), None


def far_future(day: date, habit: Habit) -> tuple[str, None]:
    return day.replace(year=2052, day=28).strftime(habit.day_format), None


def buddhist_year(day: date, habit: Habit) -> tuple[str, None]:
    return day.replace(year=day.year + 543, day=28).strftime(habit.day_format), None


def nineteen_hundred(day: date, habit: Habit) -> tuple[str, None]:
    return "1900-01-01", None


def epoch(day: date, habit: Habit) -> tuple[str, None]:
    return "1970-01-01", None


def serial(day: date, habit: Habit) -> tuple[str, date]:
    return str((day - date(1899, 12, 30)).days), day


def serial_with_time(day: date, habit: Habit) -> tuple[str, date]:
    return f"{(day - date(1899, 12, 30)).days}.4375", day


def either_order(day: date, habit: Habit) -> tuple[str, None] | None:
    return (f"03/04/{day.year}", None) if habit.order == "undeclared" else None


def iso(day: date, habit: Habit) -> tuple[str, date]:
    return day.isoformat(), day


def iso_with_time(day: date, habit: Habit) -> tuple[str, date]:
    return f"{day.isoformat()}T10:00:00", day


def in_a_zone(day: date, habit: Habit) -> tuple[str, date]:
    return f"{day.isoformat()}T23:00:00Z", day


def beside_utc(day: date, habit: Habit) -> tuple[str, date]:
    return f"{day.isoformat()} 00:30:00+02:00", day


def with_time(day: date, habit: Habit) -> tuple[str, date]:
    return day.strftime(habit.day_format) + " 10:30", day


_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def named_month(day: date, habit: Habit) -> tuple[str, date]:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day:%y}", day


def american(day: date, habit: Habit) -> tuple[str, date]:
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}", day


def last_possible(day: date, habit: Habit) -> tuple[str, date]:
    return AS_OF.isoformat(), AS_OF


for _role, _how in (("date", ASIDE), ("score_after_date", BLANKED)):
    for _make in (impossible_day, day_nought, month_13, words, only_a_year, cut_off, swapped):
        add_days(_role, "impossible_date", _how, _make)
    add_days(_role, "date_too_early", _how, too_early)
    for _make in (day_after, far_future):
        add_days(_role, "date_in_the_future", _how, _make)
    add_days(_role, "other_calendar", _how, buddhist_year)
    for _make in (nineteen_hundred, epoch):
        add_days(_role, "missing_date", _how, _make)
    for _make in (serial, serial_with_time):
        add_days(_role, "excel_serial_date", REPAIRED, _make)
    for _make in (in_a_zone, beside_utc):
        add_days(_role, "date_with_zone", REPAIRED, _make)
    add_days(_role, "ambiguous_date", _how, either_order)
    for _make in (iso, iso_with_time, with_time, named_month, american, last_possible):
        add_days(_role, "", "", _make)
add_texts("date", "missing_date", ASIDE, None, "", "TBC", "n/a", "?")
add_texts("score_after_date", "", "", None, "TBC", "")


def day_before_session(row: Row, habit: Habit, dice: Random) -> Cell | None:
    visit = row.find("date").value
    day = visit and visit - timedelta(dice.choice([0, 1, 30]))
    return Cell(day.isoformat(), day) if day and row.find("score_after").text else None


def no_review_day(row: Row, habit: Habit, dice: Random) -> Cell | None:
    return BLANK if row.find("score_after").text else None


add_cell("score_after_date", "follow_up_before_session", day_before_session, "before session")
add_cell("score_after_date", "score_without_date", no_review_day, "none for a score")

# --- who --------------------------------------------------------------------------------------

add_texts("status", "unknown_status", ASIDE, None, "perhaps", "see diary", "99")
add_texts(
    "status", "", "", "absent", "no-show", "DNA", "Cancelled", "rescheduled", "did not attend"
)
add_texts("status", "", "", "attended", "", "Completed", "done", "arrived")
add_texts("age", "impossible_age", BLANKED, None, "0", "-1", "111", "340", "thirty", "31 to 40")
add_texts("age", "", "", SAME, "", "n/a", "110", "1")
add_texts("sex", "unknown_sex", BLANKED, None, "k", "2", "fem.", "both")
add_texts("sex", "", "", None, "", "unknown")
add_texts("sex", "conflicting_sex", "", "other", "x")


def write_other_sex(row: Row, habit: Habit, dice: Random) -> Cell:
    other = "female" if row.find("sex").value == "male" else "male"
    return Cell(dice.choice({"female": ["F", "woman"], "male": ["M", "Man"]}[other]), other)


add_cell("sex", "conflicting_sex", write_other_sex, "the other one")


def write_sex_in_spanish(text: str, value: str, *said: tuple[str, str]) -> Write:
    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        return Cell(text, value or None, said) if habit.key == "salon" else None

    return write


for _text, _sex in (("mujer", "female"), ("Hombre", "male"), ("varón", "male"), ("M", "male")):
    # beside these words an M may be any of the two: settled for all files of the habit
    add_cell("sex", "ambiguous_sex", write_sex_in_spanish(_text, _sex), _text)
for _text in ("H", "V"):
    _unknown = write_sex_in_spanish(_text, "", ("unknown_sex", BLANKED))
    add_cell("sex", "unknown_sex", _unknown, _text)


def add_skin(value: int, *texts: str) -> None:
    add_texts("skin_type", "conflicting_skin_type", "", value, *texts)


add_texts("skin_type", "unknown_skin_type", BLANKED, None, "olive", "oily", "VII", "0", "7", "IIII")
add_texts("skin_type", "unknown_skin_type", BLANKED, None, "2@5", "I-II-III", "Normal", "IV?")
add_texts("skin_type", "skin_type_range", NOTED, 4, "III-IV", "3/4", "type III to IV", "IV - III")
add_texts("skin_type", "skin_type_range", NOTED, 6, "V-VI", "5/6")
add_skin(1, "I", "Fitz 1")
add_skin(6, "vi", "type 6", "FST6", "6.0")
add_texts("skin_type", "", "", None, "", "n/a")


def born_later(row: Row, habit: Habit, dice: Random) -> Cell | None:
    visit = row.find("date").value
    day = visit and min(AS_OF, visit + timedelta(dice.choice([1, 300])))
    return Cell(day.isoformat(), day) if day and day > visit else None


add_cell("birth_date", "session_before_birth", born_later, "after the session")
add_texts("birth_date", "impossible_date", BLANKED, None, "1990-02-30", "spring 1990", "1990")
add_texts("birth_date", "impossible_age", BLANKED, None, "1900-01-01", "2027-01-01", "1899-05-05")
add_texts("birth_date", "stand_in_birth_date", BLANKED, None, "1970-01-01", "25569")
add_texts("birth_date", "ambiguous_date", BLANKED, None, "07/07/20")
add_texts("birth_date", "other_calendar", BLANKED, None, "2533-04-03")
add_texts("birth_date", "excel_serial_date", REPAIRED, date(1990, 7, 7), "33061")
add_texts("birth_date", "", "", date(1985, 7, 7), "7-Jul-85", "1985-07-07", "07/07/85")
add_texts("birth_date", "", "", None, "", "unknown")


def born_in_either_order(row: Row, habit: Habit, dice: Random) -> Cell | None:
    if habit.order != "undeclared":
        return None
    return Cell("03/04/1990", None, (("ambiguous_date", BLANKED),))


add_cell("birth_date", "ambiguous_date", born_in_either_order, "either order")

# --- what for ---------------------------------------------------------------------------------

add_texts("concern", "unknown_concern", NOTED, (), "glow up", "\u2728", "xyz")
add_texts("concern", "concern_out_of_scope", NOTED, (), "hair loss", "AGA", "surgical scar")
add_texts("concern", "concern_out_of_scope", NOTED, (), "maintenance", "active acne")
add_texts("concern", "missing_concern", NOTED, (), "", "  ", "TBC", "n/a")


def add_to_concern(more: str, rule: str) -> None:
    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        cell = row.find("concern")
        if not cell.value:
            return None
        text = dice.choice(
            [f"{cell.text} / {more}", f"{cell.text}\n{more}", f"{more}; {cell.text}"]
        )
        return Cell(text, cell.value, (*cell.said, (rule, NOTED)) if rule else cell.said)

    add_cell("concern", rule, write, f"and {more}")


add_to_concern("glow up", "unknown_concern")
add_to_concern("alopecia", "concern_out_of_scope")


def write_concerns(text: str, *keys: str) -> None:
    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        return Cell(text, keys) if habit.is_known else None

    add_cell("concern", "several_concerns_fit", write, text)


write_concerns("acne scars + enlarged pores", "acne_scars", "enlarged_pores")
write_concerns("AS & fine lines", "acne_scars", "fine_lines")
write_concerns("crow's feet and FL, melasma", "wrinkles", "fine_lines", "pigmentation")


def write_subtypes(text: str, rule: str) -> None:
    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        if not habit.is_known:
            return None
        return Cell(text, ("acne_scars",), ((rule, NOTED),) if rule else ())

    add_cell("concern", rule, write, text)


write_subtypes("ice pick + rolling scars", "several_subtypes")
write_subtypes("boxcar, box car; icepick", "several_subtypes")
write_subtypes("rolling scars", "")
add_texts("side", "unknown_side", BLANKED, None, "top", "middle", "3")
add_texts("side", "", "", None, "L", "right cheek", "b/l", "", "?")

# --- how --------------------------------------------------------------------------------------

add_texts("needle", "ambiguous_needle", BLANKED, None, "15", "5", "3@6", "99", "25")
add_texts("needle", "needle_range", NOTED, None, "0@5-1@5", "1/2", "0@5 to 1 mm")
add_texts("needle", "unusual_needle", NOTED, None, "0@05", "3@2", "3500", "50 µm", "0@5-3@1")
add_texts("needle", "unknown_number", BLANKED, None, "32G", "short", "as before", "-1", "1 2 3")
add_texts("needle", "unknown_number", BLANKED, None, "1@5 x 2", "1@5 mm 4 passes")
add_texts("needle", "", "", None, "1@5 mm", "1500 µm", "1500 um", "@5", "0", "", "1@5 roller")
add_texts("passes", "impossible_passes", BLANKED, None, "0", "13", "40", "4@5", "-2")
add_texts("passes", "unknown_number", BLANKED, None, "four", "4x", "4-6", "4 5")


def write_thousands(row: Row, habit: Habit, dice: Random) -> Cell | None:
    """With a decimal comma it may be one and a half or fifteen hundred."""
    said = (("unknown_number", BLANKED),)
    return Cell("1.500", None, said) if habit.decimal == "," else None


add_cell("passes", "unknown_number", write_thousands, "thousands")
add_texts("passes", "", "", None, "1", "12", "", "n/a", "4@0")
add_texts("minutes", "impossible_minutes", BLANKED, None, "0", "601", "-5", "999", "24 h")
add_texts("minutes", "unknown_number", BLANKED, None, "long", "half an hour", "45-60", "2 x 30")
add_texts("minutes", "", "", None, "45 min", "1h30", "0:45", "1 h", "600", "", "30@5")
add_texts("pain", "impossible_pain", BLANKED, None, "11", "-1", "99", "100")
add_texts("pain", "unknown_number", BLANKED, None, "a lot", "4-5", "++", "3 of 5 at most")
add_texts("pain", "", "", None, "0", "10", "4/10", "2@5", "", "n/a")
add_texts("isotretinoin_months", "impossible_months", BLANKED, None, "-1", "2019", "999 years")
add_texts("isotretinoin_months", "unknown_number", BLANKED, None, "long ago", "6-12")
add_texts("isotretinoin_months", "", "", None, "6 months", "2 years", "never", "current", "", "0")
add_texts("setting", "unknown_setting", BLANKED, None, "car", "outside", "3")
add_texts("setting", "", "", None, "In clinic", "", "?")
add_texts("rater", "unknown_rater", BLANKED, "investigator", "committee", "AI", "7")
add_texts("rater", "", "", "blinded", "Blinded", "photo panel")


def write_modality(text: str, rule: str) -> None:
    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        # which of two sessions of a day was first is not for this list to say
        if habit.tells_of_previous:
            return None
        return Cell(text, None, ((rule, NOTED),) if rule else ())

    add_cell("modality", rule, write, repr(text))


for _text in ("dermaplaning", "magic", "rf?? or peel"):
    write_modality(_text, "unknown_modality")
for _text in ("Dermapen", "Fractional RF", "", "home roller", "TCA peel", "?"):
    write_modality(_text, "")

# --- scores -----------------------------------------------------------------------------------

add_texts("scale", "unknown_scale", BLANKED, None, "our scale", "clinic score 0-6")
add_texts("scale", "undeclared_scale", BLANKED, None, "IGA", "investigator's global assessment")


def drop_scale(row: Row, habit: Habit, dice: Random) -> Cell | None:
    return BLANK if row.find("score_before").text or row.find("score_after").text else None


add_cell("scale", "scale_missing", drop_scale, "none for a score")


def write_scale(
    text: str, key: str, score: str, rule: str = "", how: str = "", value: str | None = None
) -> None:
    """Add an entry that writes a scale with a score of it, which counts as ``value``."""

    def mutate(mutant: Mutant, place: int, dice: Random) -> str | None:
        row = mutant.rows[place]
        if not mutant.habit.is_known or row.kind != "visit":
            return None
        score_text = score.replace("@", mutant.habit.decimal)
        row.cells["scale"] = Cell(text, key)
        row.cells["score_before"] = Cell(score_text, value, ((rule, how),) if how else ())
        row.cells["score_after"] = BLANK
        return f"row {place}, scale {text!r} with {score_text!r} ({rule or 'as meant'})"

    ENTRIES.append(Entry(f"scale and score: {text} {score}", rule, mutate))


write_scale("VSS", "vss", "7", "scale_does_not_fit", value="7")
write_scale("VSS", "vss", "99", "score_outside_scale", BLANKED)
write_scale("VSS", "vss", "-1", "score_outside_scale", BLANKED)
write_scale("% improvement", "pct_self", "0@6", "ambiguous_percent", BLANKED)
write_scale("% improvement", "pct_self", "60 %", value="60")
write_scale("% improvement", "pct_self", "101", "score_outside_scale", BLANKED)
write_scale("GAIS", "gais", "2", value="2")
write_scale("GAIS", "gais", "6", "score_outside_scale", BLANKED)
write_scale("GAIS", "gais", "0", "score_outside_scale", BLANKED)
write_scale("Goodman-Baron", "gb_qual", "III", value="3")
write_scale("Goodman-Baron", "gb_qual", "Gr 5", "score_outside_scale", BLANKED)
write_scale("Goodman-Baron", "gb_qual", "3/4", "score_over_maximum", NOTED, "3")
write_scale("Goodman-Baron", "gb_qual", "3→2", "score_with_arrow", REPAIRED, "3")
write_scale("Goodman-Baron", "gb_qual", "3→2→1", "unknown_score", BLANKED)
write_scale("Goodman-Baron", "gb_qual", "3→9", "unknown_score", BLANKED)
write_scale("Goodman-Baron", "gb_qual", "2@5", value="2@5")
write_scale("Goodman-Baron", "gb_qual", "2@3", "score_between_grades", NOTED, "2@3")
write_scale("Goodman-Baron", "gb_qual", "60 %", "unknown_score", BLANKED)
write_scale("quartile", "quartile", "60 %", "percent_as_grade", REPAIRED, "3")
write_scale("quartile", "quartile", ">75%", "percent_as_grade", REPAIRED, "4")
write_scale("quartile", "quartile", "20-60 %", "unknown_score", BLANKED)
write_scale("mMASI", "mmasi", "III", "unknown_score", BLANKED)
write_scale("mMASI", "mmasi", "24@1", "score_outside_scale", BLANKED)
for _slot in ("score_before", "score_after", "score:gais"):
    add_texts(_slot, "unknown_score", BLANKED, None, "same", "++", "x", "worse?")
    add_texts(_slot, "score_outside_scale", BLANKED, None, "-1", "9999")
    add_texts(_slot, "", "", None, "n/a", "", " ")
add_texts("score:gais", "score_outside_scale", BLANKED, None, "6", "0")
add_texts("score:pct_self", "ambiguous_percent", BLANKED, None, "0@6")
add_texts("score:pct_self", "score_outside_scale", BLANKED, None, "101", "-1")

# --- side effects and contraindications ---------------------------------------------------------


def add_effects(rule: str, is_event: bool, *texts: str) -> None:
    add_texts("side_effects", rule, NOTED, is_event, *texts)


add_effects("uncertain_side_effect", False, "?PIH", "r/o infection", "possible infection")
add_effects("uncertain_side_effect", False, "no redness, swelling", "no severe redness")
add_effects("uncertain_side_effect", True, "redness; ?PIH", "swelling 2 days. query infection")
add_effects("history_not_event", False, "hx of cold sores", "PIH improved", "history of keloid")
add_effects("history_not_event", True, "itching; hx of cold sores")
add_effects("side_effect_not_asked", False, "N/A", "not asked", "TBC", "not recorded", "n/k")
add_effects("side_effect_not_asked", False, "not asked about redness", "did not attend")
add_effects("unknown_side_effect", True, "skin felt odd", "see photos", "redness; felt strange")
add_effects("side_effect_not_named", True, "yes", "Y", "ja")
add_effects(
    "", False, "", " ", "none", "NAD", "nil", "-", "no PIH", "denies itching", "sin novedad"
)
add_effects("", True, "redness x2d", "mild erythema 24h", "red/swollen", "as expected")
add_effects("", True, "no PIH; redness 2 days", "erythema\nno PIH", "Rötung")


def write_open_side_effects(text: str, is_event: bool) -> Write:
    """Nobody has answered whose they are, or what the text means: settled with all cells."""

    def write(row: Row, habit: Habit, dice: Random) -> Cell | None:
        return Cell(text, is_event) if habit.is_open else None

    return write


for _text, _is_event in (("redness 2 days", True), ("none", False), ("?PIH", False)):
    _write = write_open_side_effects(_text, _is_event)
    add_cell("side_effects", "undeclared_session", _write, f"{_text} of an undeclared session")
for _text in ("N/A", "n.a."):
    _write = write_open_side_effects(_text, False)
    add_cell("side_effects", "undeclared_not_applicable", _write, f"{_text} without an answer")
add_texts("severity", "unknown_severity", BLANKED, None, "awful", "6", "++")
add_texts("severity", "", "", None, "none", "0", "", "n/a")
add_texts("severity", "detail_without_side_effect", "", 2, "moderate", "Grade 2")
add_texts("serious", "detail_without_side_effect", "", True, "yes", "1")
add_texts("stopped", "detail_without_side_effect", "", True, "yes", "x")
for _role in ("serious", "stopped", "resolved"):
    add_texts(_role, "unknown_answer", BLANKED, None, "maybe", "2", "perhaps not")
    add_texts(_role, "", "", None, "no", "", "?")
add_texts("contraindications", "unknown_contraindication", NOTED, None, "see form", "on medication")
add_texts("contraindications", "uncertain_contraindication", NOTED, None, "?rosacea")
add_texts("contraindications", "uncertain_contraindication", NOTED, None, "hx of eczema")
add_texts("contraindications", "", "", None, "none known", "diabetes", "no diabetes", "", "n/a")

# --- cells without a meaning of their own -------------------------------------------------------

_NASTY: Final = (
    *("=SUM(A1:A9)", "<script>alert(1)</script>", "'; DROP TABLE log; --", "NaN"),
    *(
        'says "smoother"',
        "two\nlines",
        "two\r\nlines",
        "a\rb",
        " ",
        "\\",
        "%s %d {0}",
        "0",
        "\ufeff",
    ),
    *("\U0001f600", "+1", "-cmd", "'", "Total", "patient"),
)
for _role in ("area", "device", "cartridge_lot", "operator", "_note", "_entered"):
    add_texts(_role, "", "", None, *_NASTY)
# something was done, or nothing
_NOTHING: Final = ("NaN", " ", "\ufeff", "0")
add_texts("action", "", "", True, "advice", *(each for each in _NASTY if each not in _NOTHING))
add_texts("action", "", "", None, "none", "no", "n/a", *_NOTHING)
add_texts("action", "invisible_characters", REPAIRED, True, "\u202eabc", "a\u200bb")
for _role in ("area", "device", "cartridge_lot", "operator"):
    add_texts(_role, "invisible_characters", REPAIRED, None, "\u202eabc", "a\u200bb", "\u00adA1")
for _role in ("area", "device", "side_effects", "skin_type", "needle"):
    add_texts(_role, "cell_too_long", BLANKED, None, "x" * 3000, "1 " * 2000)


def write_long_concern(row: Row, habit: Habit, dice: Random) -> Cell:
    return Cell("acne " * 500, (), (("cell_too_long", BLANKED), ("missing_concern", NOTED)))


add_cell("concern", "cell_too_long", write_long_concern, "too long")


def add_detail(slot: str) -> None:
    """Take the side effect away from under a detail."""

    def mutate(mutant: Mutant, place: int, dice: Random) -> str | None:
        row = mutant.rows[place]
        if row.kind != "visit" or not {"side_effects", slot} <= {*mutant.habit.headers}:
            return None
        row.cells["side_effects"] = Cell("none", False)
        said = {"severity": Cell("severe", 3), "action": Cell("emollient", "emollient")}
        row.cells[slot] = said.get(slot, Cell("yes", True))
        return f"row {place}, {slot} without a side effect"

    ENTRIES.append(Entry(f"{slot} without a side effect", "detail_without_side_effect", mutate))


for _slot in ("severity", "serious", "stopped", "resolved", "action"):
    add_detail(_slot)


def write_long_cell_of_lost_row(mutant: Mutant, place: int, dice: Random) -> str | None:
    """A row that is set aside is listed for that alone."""
    row = mutant.rows[place]
    if row.kind != "visit" or "area" not in mutant.habit.headers:
        return None
    row.cells["area"] = Cell("x" * 3000, None, (("cell_too_long", BLANKED),))
    row.cells["date"] = Cell("last week", None, (("impossible_date", ASIDE),))
    return f"row {place} without a day and with a long cell"


ENTRIES.append(Entry("long cell of a lost row", "cell_too_long", write_long_cell_of_lost_row))

# --- rows ---------------------------------------------------------------------------------------


def row_entry(rule: str) -> Callable[[Callable[[Mutant, int, Random], str | None]], None]:
    """Add a function that changes rows as an entry."""

    def add(mutate: Callable[[Mutant, int, Random], str | None]) -> None:
        ENTRIES.append(Entry(mutate.__name__.replace("_", " "), rule, mutate))

    return add


@row_entry("no_previous_session")
def tell_of_previous_session(mutant: Mutant, place: int, dice: Random) -> str | None:
    row = mutant.rows[place]
    if not mutant.habit.tells_of_previous or row.kind != "visit":
        return None
    row.cells["side_effects"] = Cell("redness 2 days", True)
    return f"row {place} tells of a side effect"


@row_entry("duplicate_row")
def repeat_row(mutant: Mutant, place: int, dice: Random) -> str:
    at = dice.randint(place + 1, len(mutant.rows))
    mutant.rows.insert(at, mutant.rows[place].copy())
    return f"row {place} again at {at}"


@row_entry("duplicate_row")
def repeat_all_rows(mutant: Mutant, place: int, dice: Random) -> str:
    mutant.rows += [row.copy() for row in mutant.rows]
    return "all rows again"


@row_entry("two_scores_on_a_day")
def repeat_with_other_score(mutant: Mutant, place: int, dice: Random) -> str | None:
    row = mutant.rows[place]
    scores = {"gb_qual": "1", "afls": "0", "mmasi": "3"}
    scale = row.find("scale").value
    if not mutant.habit.is_known or scale not in scores or not row.find("score_before").value:
        return None
    other = row.copy()
    other.cells["score_before"] = Cell(scores[scale], scores[scale])
    mutant.rows.insert(place + 1, other)
    return f"row {place} again with another score"


@row_entry("")
def repeat_with_other_area(mutant: Mutant, place: int, dice: Random) -> str | None:
    if mutant.rows[place].kind != "visit" or "area" not in mutant.habit.headers:
        return None
    other = mutant.rows[place].copy()
    other.cells["area"] = Cell("another area")
    mutant.rows.insert(place + 1, other)
    return f"row {place} again with another area"


@row_entry("several_subtypes")
def repeat_with_other_subtype(mutant: Mutant, place: int, dice: Random) -> str | None:
    row = mutant.rows[place]
    if not mutant.habit.is_known or row.find("concern").value != ("acne_scars",):
        return None
    other = row.copy()
    row.cells["concern"], other.cells["concern"] = (
        Cell(text, ("acne_scars",)) for text in ("ice pick scars", "boxcar")
    )
    mutant.rows.insert(place + 1, other)
    return f"row {place} again with another subtype"


@row_entry("conflicting_session")
def repeat_with_other_treatment(mutant: Mutant, place: int, dice: Random) -> str | None:
    """What two rows say of one session: the first counts, and the other is noted."""
    if mutant.rows[place].kind != "visit" or not mutant.habit.is_known:
        return None
    other = mutant.rows[place].copy()
    roles = dice.sample(["device", "operator", "clinic", "serum_lot", "anaesthetic", "endpoint"], 2)
    for role in roles:
        other.cells[role] = Cell(f"another {role}", f"another {role}")
    mutant.rows.insert(dice.choice([place, place + 1]), other)
    return f"row {place} again with another {' and '.join(roles)}"


@row_entry("wrong_number_of_cells")
def cut_row(mutant: Mutant, place: int, dice: Random) -> str | None:
    if mutant.in_sheet or mutant.rows[place].kind == "total":
        return None
    mutant.rows[place].lost = dice.randint(1, len(mutant.habit.headers) - 1)
    return f"row {place} short of {mutant.rows[place].lost} cells"


@row_entry("wrong_number_of_cells")
def keep_only_the_id(mutant: Mutant, place: int, dice: Random) -> str | None:
    if mutant.in_sheet or mutant.rows[place].kind != "visit":
        return None
    mutant.rows[place].lost = len(mutant.habit.headers) - 1
    return f"row {place} with its id alone"


@row_entry("wrong_number_of_cells")
def lengthen_row(mutant: Mutant, place: int, dice: Random) -> str | None:
    if mutant.in_sheet or mutant.rows[place].kind != "visit":
        return None
    mutant.rows[place].lost = -dice.randint(1, 3)
    return f"row {place} with {-mutant.rows[place].lost} cells more"


@row_entry("")
def shuffle_rows(mutant: Mutant, place: int, dice: Random) -> str:
    dice.shuffle(mutant.rows)
    return "rows shuffled"


@row_entry("")
def drop_row(mutant: Mutant, place: int, dice: Random) -> str:
    del mutant.rows[place]
    return f"row {place} gone"


def insert_row(name: str, make: Callable[[Mutant], Row]) -> None:
    def mutate(mutant: Mutant, place: int, dice: Random) -> str:
        at = dice.randint(0, len(mutant.rows))
        mutant.rows.insert(at, make(mutant))
        return f"{name} at {at}"

    ENTRIES.append(Entry(f"insert {name}", "", mutate))


insert_row("an empty line", lambda mutant: Row(kind="blank", lost=len(mutant.habit.headers)))
insert_row("a row of empty cells", lambda mutant: Row(kind="blank"))
insert_row("the header again", lambda mutant: Row(kind="header"))
insert_row("a line of totals", lambda mutant: Row(kind="total"))


@row_entry("")
def add_title(mutant: Mutant, place: int, dice: Random) -> str | None:
    if not mutant.in_sheet:
        return None
    mutant.rows.insert(0, Row({"title": Cell("Sessions of the clinic")}, kind="title"))
    return "a title above the header"


# --- mutants and files ----------------------------------------------------------------------------

_SHEETS: Final = 0.12
"""Share of mutants that stand in a workbook."""
_TOGETHER: Final = 25
"""Mutants in one file, on the average."""
_FORMS: Final = (
    *((",", "utf-8", "utf-8"), (";", "utf-8", "utf-8-sig"), ("\t", "utf-16", "utf-16")),
    *(("|", "utf-16", "utf-16-be"), (";", "cp1252", "cp1252"), (",", "latin-1", "latin-1")),
)


def make_mutant(number: int, bases: Bases, seed: int) -> Mutant:
    """Return one mutant: entry after entry has its turn first, others follow by chance."""
    dice = Random(f"{seed} {number}")
    first = ENTRIES[number % len(ENTRIES)]
    keys = [*bases]
    dice.shuffle(keys)
    for key in keys * 3:
        mutant = _start(number, *bases[key], dice)
        if _try(mutant, first, dice):
            break
    for _turn in range(dice.choice([0, 0, 1, 2, 3, 5])):
        _try(mutant, dice.choice(ENTRIES), dice)
    return mutant


def _start(number: int, habit: Habit, base: list[list[Row]], dice: Random) -> Mutant:
    rows: list[Row] = []
    for place, patient in enumerate(dice.sample(base, min(len(base), dice.randint(1, 3)))):
        name = f"0{number:06}{place}" if habit.has_zeros else f"M{number:06}-{'ABC'[place]}"
        for nth, row in enumerate(patient):
            own = row.copy()
            own.cells["patient"] = Cell(name, name)
            own.cells["_note"] = Cell(f"{name} {nth}")
            rows.append(own)
    return Mutant(f"M{number:06}", habit, dice.random() < _SHEETS, rows)


def pack(mutants: Iterable[Mutant], seed: int) -> list[File]:
    """Return the mutants in files, those of one habit together, each file written in a way of its
    own."""
    dice = Random(seed)
    groups: dict[tuple[str, bool], list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        groups[mutant.habit.key, mutant.in_sheet].append(mutant)
    files = []
    for (key, in_sheet), group in groups.items():
        while group:
            some = [group.pop() for _each in range(min(len(group), dice.randint(1, 2 * _TOGETHER)))]
            ending = "xlsx" if in_sheet else dice.choice(["csv", "txt"])
            form = Form(sheets=dice.randint(1, 2)) if in_sheet else _draw_form(dice, some)
            files.append(File(f"{key}-{len(files)}.{ending}", form, some))
    return files


def _draw_form(dice: Random, mutants: list[Mutant]) -> Form:
    """Return how a file is written; in one byte per letter only where that can be done."""
    delimiter, encoding, codec = dice.choice(_FORMS)
    text = "".join(
        text for mutant in mutants for row in mutant.rows for text in mutant.write_row(row)
    )
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        delimiter, encoding, codec = _FORMS[0]
    return Form(
        delimiter=delimiter,
        encoding=encoding,
        codec=codec,
        line_end=dice.choice(["\n", "\r\n", "\r"]),
        quotes_all=dice.random() < 0.3,
        blank_lines=dice.choice([0, 0, 0, 1, 3]),
        ends=dice.random() < 0.7,
    )


def _try(mutant: Mutant, entry: Entry, dice: Random) -> bool:
    """Let an entry happen at one of the rows where it fits."""
    places = [*range(len(mutant.rows))]
    dice.shuffle(places)
    for place in places:
        if done := entry.mutate(mutant, place, dice):
            mutant.touched.append(f"{entry.name}: {done}")
            return True
    return False
