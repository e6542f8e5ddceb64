"""The slips of a front desk, in measured doses.

Each slip says what it does to the text of a row and to what a reader can still know. What only
looks odd leaves the row as it is; what destroys something blanks it here, before anything is
written.
``PLANTED`` is the whole list. A slip's rule is the key that intake gives such a problem; where
intake has none (the cell is read as it is meant), the slip's own name stands.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from analysis.intake.example import slips
from analysis.intake.example.drawing import Dice
from analysis.intake.example.rows import Row
from analysis.intake.example.slips import NO_EVENTS, NOT_RECORDED, Plant
from analysis.intake.example.writing import write_day
from analysis.vocabulary import BUILT_IN


@dataclass(frozen=True)
class Slip:
    """One kind of mess."""

    name: str
    rule: str
    dose: float
    """Share of rows of its layouts for which it is tried; it may not fit the row."""
    layouts: tuple[str, ...]
    plant: Plant


CLINICS: Final = ("north", "lakeside", "sur")
LOGS: Final = (*CLINICS, "home")
ENGLISH: Final = ("north", "lakeside")
"""Those whose scores stand beside the name of their scale."""
LAKESIDE: Final = ("lakeside",)
GRADES: Final = ("gb_qual",)
NOTHING: Final = (NOT_RECORDED, NO_EVENTS, ())
# fmt: off
PLANTED: Final = (
    # --- whole rows
    Slip("impossible_day", "impossible_date", 0.003, LOGS, slips.write_impossible_day),
    Slip("future_day", "date_in_the_future", 0.002, CLINICS, slips.write_future_day),
    Slip("buddhist_year", "other_calendar", 0.0015, CLINICS, slips.write_buddhist_year),
    Slip("no_day", "missing_date", 0.002, CLINICS, slips.drop_day),
    Slip("no_patient", "missing_patient", 0.002, CLINICS, slips.drop_patient),
    Slip("name_for_id", "name_in_id_column", 0.0015, CLINICS, slips.write_name_for_id),
    Slip("short_line", "wrong_number_of_cells", 0.002, ENGLISH, slips.shorten_line),
    Slip("row_twice", "duplicate_row", 0.004, LOGS, slips.repeat_row),
    # --- who
    Slip("id_in_other_letters", "patient_id_tidied", 0.004, CLINICS, slips.change_letters_of_id),
    Slip("id_without_its_zeros", "patient_id_tidied", 0.006, LAKESIDE,
         slips.lose_zeros_of_id),
    Slip("impossible_age", "impossible_age", 0.003, ("north", "sur"), slips.write_impossible_age),
    Slip("born_in_1900", "impossible_age", 0.012, LAKESIDE, slips.write_birth_in_1900),
    Slip("unknown_sex", "unknown_sex", 0.003, CLINICS, slips.write_unknown_sex),
    Slip("other_sex", "conflicting_sex", 0.004, CLINICS, slips.write_other_sex),
    Slip("unknown_skin_type", "unknown_skin_type", 0.005, CLINICS, slips.write_other_skin_type),
    Slip("mistyped_skin_type", "unknown_skin_type", 0.03, CLINICS, slips.mistype_skin_type),
    Slip("lower_skin_type", "conflicting_skin_type", 0.005, CLINICS, slips.lower_skin_type),
    # --- what for
    Slip("unknown_concern", "unknown_concern", 0.003, CLINICS, slips.write_unknown_concern),
    Slip("emoji_in_concern", "unknown_concern", 0.003, ENGLISH, slips.add_emoji),
    Slip("line_break_in_concern", "line_break_in_concern", 0.003, CLINICS,
         slips.break_line_in_concern),
    Slip("only_scars", "concern_out_of_scope", 0.05, ENGLISH, slips.write_only_scars),
    Slip("out_of_scope", "concern_out_of_scope", 0.003, CLINICS, slips.add_out_of_scope),
    Slip("word_for_nothing", "word_for_nothing", 0.008, CLINICS, slips.write_word_for_nothing),
    # --- how
    Slip("ambiguous_needle", "ambiguous_needle", 0.003, ENGLISH, slips.write_needle_as(
        ("15", "5", "25"), is_lost=True)),
    Slip("needle_zero", "needle_zero", 0.003, LOGS, slips.write_needle_as(("0",), is_lost=True)),
    Slip("needle_in_words", "unknown_number", 0.003, CLINICS, slips.write_needle_as(
        ("short", "as before", "32G"), is_lost=True)),
    Slip("needle_in_micrometres", "needle_in_micrometres", 0.006, ENGLISH,
         slips.write_micrometres),
    Slip("needle_with_a_word", "needle_with_a_word", 0.003, ENGLISH,
         slips.add_word_to_needle),
    Slip("two_needles", "needle_range", 0.003, ENGLISH, slips.write_two_needles),
    Slip("bare_fraction", "bare_fraction", 0.02, ENGLISH, slips.drop_leading_zero),
    Slip("unknown_contraindication", "unknown_contraindication", 0.006, LAKESIDE,
         slips.write_contraindication_as(("see form", "on medication"))),
    Slip("contraindication_in_doubt", "uncertain_contraindication", 0.006, LAKESIDE,
         slips.write_contraindication_as(("?rosacea", "hx of eczema"))),
    Slip("impossible_passes", "impossible_passes", 0.003, CLINICS, slips.write_impossible_passes),
    Slip("passes_in_words", "unknown_number", 0.003, CLINICS, slips.write_worded_passes),
    Slip("sentinel_pain", "impossible_pain", 0.006, LAKESIDE, slips.write_sentinel_pain),
    Slip("radiofrequency_unnamed", "radiofrequency_unnamed", 0.05, ("lakeside", "sur"),
         slips.hide_radiofrequency),
    # --- scores
    Slip("score_outside_scale", "score_outside_scale", 0.02, ENGLISH, slips.write_score_as(
        ("7", "5", "0.6", "99", "-1"), GRADES)),
    Slip("no_score", "unknown_score", 0.03, ENGLISH, slips.write_score_as(
        ("2-3", "II-III", "moderate", "60 %", ">75%", "50-75 %", "++", "7/10", "same"), GRADES)),
    Slip("unknown_scale", "unknown_scale", 0.005, ENGLISH, slips.write_scale_as(
        ("ours 0-6", "clinic score"), "unknown_scale")),
    Slip("undeclared_scale", "undeclared_scale", 0.005, ENGLISH, slips.write_scale_as(
        ("IGA",), "undeclared_scale")),
    Slip("no_scale", "scale_missing", 0.006, ENGLISH, slips.write_scale_as(("",), "scale_missing")),
    Slip("misfit_scale", "scale_does_not_fit", 0.02, ENGLISH, slips.write_misfit_scale),
    Slip("swapped_scores", "swapped_scores", 0.05, ENGLISH, slips.swap_scores),
    Slip("no_review_day", "score_without_date", 0.06, ENGLISH, slips.drop_review_day),
    Slip("review_before_session", "follow_up_before_session", 0.02, ENGLISH,
         slips.write_early_review),
    Slip("review_in_1900", "missing_date", 0.003, ENGLISH, slips.write_review_in_1900),
    # --- side effects
    Slip("side_effect_in_doubt", "uncertain_side_effect", 0.004, LOGS, slips.say(
        ("?PIH", *NOTHING), ("r/o infection", *NOTHING))),
    Slip("history", "history_not_event", 0.004, CLINICS, slips.say(
        ("hx of cold sores", *NOTHING), ("PIH improved", *NOTHING))),
    Slip("denied_by_name", "denied_by_name", 0.006, LOGS, slips.say(
        ("no PIH", NOT_RECORDED, NO_EVENTS, ("pih",)),
        ("denies itching", NOT_RECORDED, NO_EVENTS, ("pruritus",)))),
    Slip("event_and_denial", "event_and_denial", 0.003, CLINICS, slips.say(
        ("erythema x2d; no PIH", "event", (slips.make_event("erythema", None, 48.0),), ("pih",)))),
    Slip("not_asked", "side_effect_not_asked", 0.006, CLINICS, slips.say(
        ("N/A", *NOTHING), ("not asked", *NOTHING), ("TBC", *NOTHING))),
    Slip("see_photos", "unknown_side_effect", 0.004, CLINICS, slips.say(
        ("see photos", "event", (slips.make_event("other"),), ()))),
    Slip("unknown_side_effect", "unknown_side_effect", 0.004, CLINICS, slips.say(
        ("skin felt odd", "event", (slips.make_event("other"),), ()))),
    Slip("as_expected", "as_expected", 0.02, LOGS, slips.say(
        ("as expected", "event", (slips.make_event("unspecified_expected"),), ()),
        ("usual", "event", (slips.make_event("unspecified_expected"),), ()))),
    # --- what must survive quoting
    Slip("separator_in_cell", "separator_in_cell", 0.003, ENGLISH, slips.comment(
        ("photos taken; next visit booked", "photos taken, next visit booked"))),
    Slip("quotes_in_cell", "quotes_in_cell", 0.003, ENGLISH, slips.comment(
        ('says it feels "smoother"',))),
    Slip("line_break_in_cell", "line_break_in_cell", 0.003, ENGLISH, slips.comment(
        ("short of time\naftercare sheet given",))),
    Slip("formula_as_text", "formula_as_text", 0.002, ENGLISH, slips.comment(
        ("=SUM(Q2:Q9)", "=B2+30"))),
    # --- scores that are read by a rule
    Slip("score_over_maximum", "score_over_maximum", 0.04, ENGLISH,
         slips.write_score_over_maximum),
    Slip("score_with_arrow", "score_with_arrow", 0.03, ENGLISH, slips.write_score_with_arrow),
)
# fmt: on
"""At most one of them is tried on a row; rows with rare harm and reviews of Sur are left alone."""
AGAIN_SHARE: Final = 0.003
"""Share of rows that stand in the log a second time with the day written in another way."""
FEWEST_ROWS: Final = 3
"""Of a patient, one of them from before and unharmed, so that one slip in an id, sex or skin type
cannot be the whole truth."""
_NEEDS_OTHER_ROWS: Final = frozenset(
    {
        *("id_in_other_letters", "id_without_its_zeros", "born_in_1900", "unknown_sex"),
        *("other_sex", "unknown_skin_type", "mistyped_skin_type", "lower_skin_type"),
    }
)


def soil(rows: list[Row], dice: Dice) -> list[Row]:
    """Plant slips in the rows of one patient; return them with the rows that were added."""
    soiled: list[Row] = []
    for row in rows:
        place = dice.uniform()
        if row.survives and not row.is_protected:
            is_told = any(each.survives and each.sex and each.day < row.day for each in soiled)
            _plant_at(row, place, dice, has_others=len(rows) >= FEWEST_ROWS and is_told)
        if row.survives:
            _note_what_is_plain(row)
        soiled.append(row)
        if dice.chance(AGAIN_SHARE) and row.survives and row.layout in CLINICS:
            soiled.append(_write_again(row, dice))
    return soiled


def _plant_at(row: Row, place: float, dice: Dice, *, has_others: bool) -> None:
    limit = 0.0
    for slip in PLANTED:
        if row.layout not in slip.layouts:
            continue
        limit += slip.dose
        if place >= limit:
            continue
        if not has_others and slip.name in _NEEDS_OTHER_ROWS:
            return
        role = slip.plant(row, dice)
        if role is not None:
            # a cell has one slip; of a row that is set aside nothing else is told
            others = [each for each in row.slips if each[0] != role and row.survives]
            row.slips = [*others, (role, slip.rule, slip.name)]
        return


def _note_what_is_plain(row: Row) -> None:
    """Note what intake notes in cells that are written as they are meant."""
    slipped = {role for role, _, _ in row.slips}
    if row.needle is not None and row.needle[0] != row.needle[1] and "needle" not in slipped:
        row.slips.append(("needle", "needle_range", "needle_range"))
    scored = [(f"score:{scale}", scale) for scale in row.scores]
    scored += [("score_before", row.scale)] if row.before is not None else []
    scored += [("score_after", row.scale)] if row.after is not None else []
    for role, scale in scored:
        fitting = sum(BUILT_IN.scales[scale].fits(concern) for concern, _ in row.concerns)
        if fitting > 1:
            row.slips.append((role, "several_concerns_fit", "several_concerns_fit"))
        elif not fitting:
            row.slips.append((role, "scale_does_not_fit", "score_of_unread_concern"))
            slips.drop_score(row, role)


def _write_again(row: Row, dice: Dice) -> Row:
    """Return the session once more, without scores and side effects, its day written as other
    programs do. A reader who can read the day learns nothing new; one who cannot loses nothing."""
    if "date" not in row.texts or row.patient not in row.texts.get("patient", ""):
        kept = row.texts | {"patient": row.patient, "date": write_day(row.day, row.layout)}
    else:
        kept = row.texts
    again = replace(
        row, survives=False, copies=1, slips=[], texts=dict(kept), is_protected=True, scores={}
    )
    serial = str((row.day - date(1899, 12, 30)).days)
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    short = f"{row.day.day}-{months[row.day.month - 1]}-{row.day:%y}"
    timed = write_day(row.day, row.layout) + " 10:30"
    name, rule, text = dice.choose(
        (
            ("excel_serial", "excel_serial_date", serial),
            ("month_by_name", "month_by_name", short),
            ("day_with_time", "day_with_time", timed),
        )
    )
    again.texts["date"] = text
    for role in list(again.texts):
        if role.startswith("score") or role in _RETOLD:
            del again.texts[role]
    copied = [each for each in row.slips if each[0] in again.texts and each[0] not in _OF_KEY]
    again.slips = [*copied, ("date", rule, name)]
    return again


_OF_KEY: Final = ("date", "patient")
_RETOLD: Final = (
    *("scale", "rater", "side_effects", "severity", "resolved", "action", "stopped", "serious"),
    *("contraindications", "_entered"),
)
