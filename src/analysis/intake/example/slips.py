"""What each slip of a front desk does to a row: to its text, and to what can still be known."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from analysis.intake.example import words
from analysis.intake.example.clinics import FIRST_VISIT
from analysis.intake.example.drawing import Dice
from analysis.intake.example.harms import Event
from analysis.intake.example.layouts import LAYOUTS
from analysis.intake.example.rows import Row
from analysis.intake.example.writing import ROMAN, write_day

Plant = Callable[[Row, Dice], str | None]
"""Changes a row; returns the role it changed (empty: the whole row), None where it does not fit."""


# --- whole rows -----------------------------------------------------------------------------


def _set_aside(row: Row, role: str, text: str) -> str:
    row.survives = False
    row.texts[role] = text
    if not text:
        del row.texts[role]
    return role


def write_impossible_day(row: Row, dice: Dice) -> str:
    """A day that is not in the calendar."""
    year = row.day.year
    text = {
        "day-month-year": dice.choose((f"31.02.{year}", f"31.11.{year}", f"00.05.{year}")),
        "month-day-year": dice.choose((f"02/30/{year}", f"13/14/{year}", f"06/31/{year}")),
        "year-month-day": dice.choose((f"{year}-02-30", f"{year}-13-14")),
    }[LAYOUTS[row.layout].date_order]
    return _set_aside(row, "date", text)


def write_future_day(row: Row, dice: Dice) -> str:
    """Two digits of the year changed places."""
    return _set_aside(row, "date", write_day(row.day.replace(year=2052, day=1), row.layout))


def write_buddhist_year(row: Row, dice: Dice) -> str:
    """A year of the Thai calendar, 543 later."""
    day = row.day.replace(day=min(row.day.day, 28))
    return _set_aside(row, "date", write_day(day.replace(year=day.year + 543), row.layout))


def drop_day(row: Row, dice: Dice) -> str:
    """No day, or a word for none."""
    return _set_aside(row, "date", dice.choose(("", "", "TBC")))


def drop_patient(row: Row, dice: Dice) -> str:
    """No patient, or a word for none."""
    return _set_aside(row, "patient", dice.choose(("", "#N/A")))


def write_name_for_id(row: Row, dice: Dice) -> str:
    """A name where the id belongs; these are nobody's."""
    return _set_aside(row, "patient", dice.choose(("Example Person", "Nobody Inparticular")))


def shorten_line(row: Row, dice: Dice) -> str:
    """Some cells are missing at the end; the writer leaves them out."""
    row.survives = False
    return ""


def repeat_row(row: Row, dice: Dice) -> str:
    """The same line again."""
    row.copies = 2
    return ""


# --- who ------------------------------------------------------------------------------------


def change_letters_of_id(row: Row, dice: Dice) -> str:
    """Small letters and spaces around an id."""
    text = row.texts["patient"]
    variants = [text + " ", " " + text] if row.layout == "lakeside" else [text.lower() + " "]
    row.texts["patient"] = dice.choose(variants)
    return "patient"


def lose_zeros_of_id(row: Row, dice: Dice) -> str:
    """A spreadsheet took the id for a number."""
    row.texts["patient"] = row.texts["patient"].lstrip("0")
    return "patient"


def write_impossible_age(row: Row, dice: Dice) -> str | None:
    """An age that nobody reaches, or 0 for none."""
    if row.age is None:
        return None
    row.age = None
    row.texts["age"] = dice.choose(("243", "999", "0", "199"))
    return "age"


def write_birth_in_1900(row: Row, dice: Dice) -> str | None:
    """The first day a spreadsheet knows, for none."""
    if row.birthday is None or row.is_first:
        return None
    row.texts["birth_date"], row.birthday, row.age = "01/01/1900", None, None
    return "birth_date"


def write_unknown_sex(row: Row, dice: Dice) -> str | None:
    """Something else in the column for sex."""
    if not row.sex:
        return None
    row.sex, row.texts["sex"] = "", dice.choose(("n", "1", "see form"))
    return "sex"


def write_other_sex(row: Row, dice: Dice) -> str | None:
    """Another sex than in the earlier rows."""
    if not row.sex or row.is_first:
        return None
    row.sex = "male" if row.sex == "female" else "female"
    row.texts["sex"] = {"north": "FM", "lakeside": ("Female", "Male"), "sur": "FM"}[row.layout][
        row.sex == "male"
    ]
    return "sex"


def write_other_skin_type(row: Row, dice: Dice) -> str | None:
    """Not a Fitzpatrick type: a colour, a cosmetic type, 99."""
    if row.skin_type is None or row.is_first:
        return None
    row.skin_type, row.skin_type_is_range = None, False
    row.texts["skin_type"] = dice.choose(("olive", "Normal", "oily", "combination", "99", "lV"))
    return "skin_type"


def mistype_skin_type(row: Row, dice: Dice) -> str | None:
    """A bar or a small L for the Roman I, a 1 in V1."""
    # whether a reader blanks it or sees through it: the patient's other rows say the same
    if row.skin_type not in (4, 6) or row.skin_type_is_range or row.is_first:
        return None
    row.texts["skin_type"] = dice.choose(("|V", "lV")) if row.skin_type == 4 else "V1"
    row.skin_type = None
    return "skin_type"


def lower_skin_type(row: Row, dice: Dice) -> str | None:
    """A lower type than in the other rows: the highest counts."""
    if row.skin_type is None or row.skin_type < 3 or row.is_first:
        return None
    row.skin_type -= 2
    row.skin_type_is_range = False
    row.texts["skin_type"] = ROMAN[row.skin_type]
    return "skin_type"


# --- what for -------------------------------------------------------------------------------


def write_unknown_concern(row: Row, dice: Dice) -> str:
    """Nothing that the vocabulary knows."""
    row.concerns = ()
    row.texts["concern"] = dice.choose(("as discussed", "see form", "micronileng"))
    return "concern"


def add_emoji(row: Row, dice: Dice) -> str:
    """A picture behind the concern."""
    row.texts["concern"] += " / ✨"
    return "concern"


def break_line_in_concern(row: Row, dice: Dice) -> str | None:
    """Two concerns, one below the other."""
    if len(row.concerns) != 1:
        return None
    extra = "uneven_tone" if row.concerns[0][0] != "uneven_tone" else "enlarged_pores"
    row.concerns = (*row.concerns, (extra, ""))
    row.texts["concern"] += "\n" + {"uneven_tone": "dull", "enlarged_pores": "pores"}[extra]
    return "concern"


def write_only_scars(row: Row, dice: Dice) -> str | None:
    """ "Scars", which are not said to come from acne."""
    if row.concerns[0] != ("acne_scars", ""):
        return None
    row.concerns = row.concerns[1:]
    second = words.write_concerns(dice, row.concerns, row.layout) if row.concerns else ""
    row.texts["concern"] = "/".join(filter(None, ("scars", second)))
    return "concern"


def add_out_of_scope(row: Row, dice: Dice) -> str:
    """Something that is known and not analysed, behind the concern."""
    # the treated concern stays; what is known and not analysed comes behind it
    row.texts["concern"] += dice.choose((", facial", ", acne", ", hair loss", ", maintenance"))
    return "concern"


def write_word_for_nothing(row: Row, dice: Dice) -> str | None:
    """NULL and the like in a column of names."""
    role = dice.choose(("area", "device", "operator", "anaesthetic"))
    if not getattr(row, role):
        return None
    setattr(row, role, "")
    row.texts[role] = dice.choose(("NULL", "nan", "#N/A", "n/k", "TBC"))
    return role


# --- how ------------------------------------------------------------------------------------


def write_needle_as(texts: tuple[str, ...], *, is_lost: bool) -> Plant:
    """Return a slip that writes one of these in place of the needle length."""

    def plant(row: Row, dice: Dice) -> str | None:
        if row.needle is None:
            return None
        row.texts["needle"] = dice.choose(texts)
        if is_lost:
            row.needle = None
        return "needle"

    return plant


def write_micrometres(row: Row, dice: Dice) -> str | None:
    """Thousandths of a millimetre, with and without the unit."""
    if row.needle is None or row.needle[0] != row.needle[1]:
        return None
    thousandths = f"{row.needle[1] * 1000:.0f}"
    row.texts["needle"] = thousandths + dice.choose(("", " µm", " um", " micron"))
    return "needle"


def add_word_to_needle(row: Row, dice: Dice) -> str | None:
    """A word behind the length."""
    if row.needle is None or row.needle[0] != row.needle[1]:
        return None
    length = f"{row.needle[1]:g}".replace(".", LAYOUTS[row.layout].decimal)
    row.texts["needle"] = f"{length} roller"
    return "needle"


def write_two_needles(row: Row, dice: Dice) -> str | None:
    """One length for the forehead, one for the cheeks."""
    if row.needle is None:
        return None
    row.needle = (0.5, 1.5)
    half, one_half = (each.replace(".", LAYOUTS[row.layout].decimal) for each in ("0.5", "1.5"))
    row.texts["needle"] = f"{half}/{one_half} (forehead/cheeks)"
    return "needle"


def drop_leading_zero(row: Row, dice: Dice) -> str | None:
    """.5 for 0.5."""
    if row.needle != (0.5, 0.5):
        return None
    row.texts["needle"] = LAYOUTS[row.layout].decimal + "5"
    return "needle"


def write_impossible_passes(row: Row, dice: Dice) -> str | None:
    """More passes than can be, or 0 for none."""
    if row.passes is None:
        return None
    row.passes, row.texts["passes"] = None, dice.choose(("0", "60", "99"))
    return "passes"


def write_worded_passes(row: Row, dice: Dice) -> str | None:
    """Not a number of passes."""
    if row.passes is None:
        return None
    row.passes, row.texts["passes"] = None, dice.choose(("6-8", "a few"))
    return "passes"


def write_contraindication_as(texts: tuple[str, ...]) -> Plant:
    """Return a slip that writes one of these as contraindication: nothing can be known from it."""

    def plant(row: Row, dice: Dice) -> str | None:
        if row.contraindications is None:
            return None
        row.contraindications, row.texts["contraindications"] = None, dice.choose(texts)
        return "contraindications"

    return plant


def write_sentinel_pain(row: Row, dice: Dice) -> str | None:
    """99 or -1 for none."""
    if row.pain is None:
        return None
    row.pain, row.texts["pain"] = None, dice.choose(("99", "-1"))
    return "pain"


def hide_radiofrequency(row: Row, dice: Dice) -> str | None:
    """Radiofrequency under the name of plain needling."""
    if row.modality != "rf_microneedling":
        return None
    row.modality, row.texts["modality"] = "microneedling", "Microneedling"
    return "modality"


# --- scores ---------------------------------------------------------------------------------


def drop_score(row: Row, role: str) -> None:
    """Blank the score of a role in what can be known."""
    if role == "score_before":
        row.before = None
    elif role == "score_after":
        row.after = None
    else:
        del row.scores[role.removeprefix("score:")]


def write_score_as(texts: tuple[str, ...], scales: tuple[str, ...]) -> Plant:
    """Return a slip that writes one of these, no score of the scale or outside its range."""

    def plant(row: Row, dice: Dice) -> str | None:
        role = "score_before" if row.before is not None else "score_after"
        if row.scale not in scales or getattr(row, role.removeprefix("score_")) is None:
            return None
        row.texts[role] = dice.choose(texts)
        drop_score(row, role)
        return role

    return plant


def write_score_over_maximum(row: Row, dice: Dice) -> str | None:
    """The third of four grades over the fourth."""
    if row.scale != "gb_qual" or row.before != 3:
        return None
    row.texts["score_before"] = "3/4"
    return "score_before"


def write_score_with_arrow(row: Row, dice: Dice) -> str | None:
    """The score before and the one that is hoped for, with an arrow between them."""
    if row.scale != "gb_qual" or row.before is None or not 1 < row.before == int(row.before):
        return None
    row.texts["score_before"] = f"{row.before:g}→{row.before - 1:g}"
    return "score_before"


def write_scale_as(texts: tuple[str, ...], rule: str) -> Plant:
    """Return a slip that writes one of these as the scale: the scores of the row are lost, each of
    them a problem of that rule."""

    def plant(row: Row, dice: Dice) -> str | None:
        scored = [role for role in ("score_before", "score_after") if role in row.texts]
        if not scored:
            return None
        text = dice.choose(texts)
        row.texts.pop("scale", None)
        if text:
            row.texts["scale"] = text
        row.slips += [(role, rule, "score_of_unread_scale") for role in scored[not text :]]
        row.scale, row.before, row.after = "", None, None
        return "scale" if text else scored[0]

    return plant


def write_misfit_scale(row: Row, dice: Dice) -> str | None:
    """A scale made for something else: MASI for scars is in print."""
    if row.before is None or row.after is not None or row.concerns[0][0] == "pigmentation":
        return None
    if any(concern in ("pigmentation", "uneven_tone") for concern, _ in row.concerns):
        return None
    scale, score = dice.choose(
        (("MASI", "9"), ("VSS", "7"), ("POSAS", "24"), ("POSAS patient", "30"), ("scar VAS", "40"))
    )
    row.texts["scale"], row.texts["score_before"] = scale, score
    row.scale, row.before = "", None
    return "score_before"


def swap_scores(row: Row, dice: Dice) -> str | None:
    """Before and after have changed places, which nobody can see."""
    if row.before is None or row.after is None or row.before == row.after:
        return None
    row.before, row.after = row.after, row.before
    texts = row.texts
    texts["score_before"], texts["score_after"] = texts["score_after"], texts["score_before"]
    return "score_after"


def drop_review_day(row: Row, dice: Dice) -> str | None:
    """A later score without its day."""
    if row.after is None or row.scores:
        return None
    row.after = row.reviewed_on = None
    del row.texts["score_after_date"]
    return "score_after"


def write_early_review(row: Row, dice: Dice) -> str | None:
    """A later score from before the session."""
    if row.after is None or row.scores or row.reviewed_on is None:
        return None
    early = max(row.day - timedelta(dice.whole(20, 60)), FIRST_VISIT - timedelta(90))
    row.texts["score_after_date"] = write_day(early, row.layout)
    row.after = row.reviewed_on = None
    return "score_after"


def write_review_in_1900(row: Row, dice: Dice) -> str | None:
    """A day in 1900 for none."""
    if row.reviewed_on is not None or row.scores:
        return None
    row.texts["score_after_date"] = write_day(date(1900, 1, 1), row.layout)
    return "score_after_date"


# --- side effects ---------------------------------------------------------------------------


def say(*cells: tuple[str, str, tuple[Event, ...], tuple[str, ...]]) -> Plant:
    """Return a slip that writes one of these cells.

    Each is a text and what a reader can know from it: recorded, events, terms denied.
    """

    def plant(row: Row, dice: Dice) -> str | None:
        if row.layout == "sur" and "side_effects" not in row.texts:
            return None  # a first visit has nothing to tell
        text, row.recorded, row.events, row.denied = dice.choose(cells)
        row.action, row.stopped, row.serious = "", None, None
        for role in ("severity", "resolved", "action", "stopped", "serious"):
            row.texts.pop(role, None)
        row.texts["side_effects"] = text
        return "side_effects"

    return plant


def make_event(term: str, severity: int | None = None, hours: float | None = None) -> Event:
    """Return an event as a reader can know it."""
    return Event(term, severity, hours, None)


NOT_RECORDED: Final = "not recorded"
NO_EVENTS: Final[tuple[Event, ...]] = ()


# --- comments -------------------------------------------------------------------------------


def comment(texts: tuple[str, ...]) -> Plant:
    """Return a slip that writes one of these as a comment."""

    def plant(row: Row, dice: Dice) -> str:
        row.texts["_comments"] = dice.choose(texts)
        return "_comments"

    return plant
