"""How each clinic writes what it knows: numbers, days, skin types, sexes, codes."""

from datetime import date
from typing import Final

from analysis.intake.example import words
from analysis.intake.example.concerns import Needle
from analysis.intake.example.drawing import Dice, Odds
from analysis.intake.example.layouts import LAYOUTS
from analysis.intake.example.rows import Row
from analysis.vocabulary import BUILT_IN

ROMAN: Final = ("", "I", "II", "III", "IV", "V", "VI")
_SEX: Final = {
    "north": {
        "female": Odds({"F": 0.85, "f": 0.08, "female": 0.07}),
        "male": Odds({"M": 0.85, "m": 0.08, "male": 0.07}),
    },
    "lakeside": {"female": Odds({"Female": 1.0}), "male": Odds({"Male": 1.0})},
    "sur": {"female": Odds({"mujer": 0.9, "F": 0.1}), "male": Odds({"hombre": 0.9, "M": 0.1})},
}
_SKIN_TYPE: Final = {
    "north": Odds({"{roman}": 0.86, "{low}": 0.07, "type {plain}": 0.07}),
    "lakeside": Odds({"{plain}": 0.6, "FST{plain}": 0.25, "Fitz {plain}": 0.15}),
    "sur": Odds({"{plain}": 0.7, "{roman}": 0.3}),
}
_SKIN_RANGE: Final = {"north": "{roman_low}-{roman}", "lakeside": "{low_plain}/{plain}"}
_SIDE: Final = {"north": {"left": "L", "right": "R"}}
_MODALITY: Final = {
    "microneedling": "Microneedling",
    "rf_microneedling": "RF microneedling",
    "laser": "Laser",
    "chemical_peel": "Chemical peel",
}
_SEVERITY: Final = ("", "mild", "moderate", "severe", "4", "5")
_YES: Final = {True: "yes", False: "no", None: ""}
_WITH_UNIT: Final = {"north": 0.2, "lakeside": 0.25, "sur": 0.3}
_TIME: Final = Odds({"": 0.85, "T10:00:00": 0.1, " 16:30:00": 0.05})
"""Sur's software adds the time of day now and then."""
_ROMAN_GRADE: Final = 0.15
_PREFIXED_GRADE: Final = 0.04
"""Shares of grades written as Roman numerals, or as "Gr 3", at North."""
_SCALE_CELL: Final = 0.9
"""Share of North's rows without a score that name the scale all the same."""
COMMENT_SHARE: Final = 0.15
COMMENTS: Final = (
    *("tolerated well", "aftercare sheet given", "SPF 50 discussed", "photos taken"),
    *("next visit booked", "came without make-up", "cooling mask after", "asked about price"),
)


def write_row(row: Row, dice: Dice) -> None:
    """Fill in the texts of a row: one for each column of its layout that is not empty."""
    texts = _write_common(row, dice)
    if row.layout == "north":
        _write_north(row, texts, dice)
    elif row.layout == "lakeside":
        _write_lakeside(row, texts, dice)
    elif row.layout == "sur":
        _write_sur(row, texts, dice)
    row.texts = {role: text for role, text in texts.items() if text}


def _write_common(row: Row, dice: Dice) -> dict[str, str]:
    site = row.layout
    texts = {
        "patient": row.patient,
        "date": write_day(row.day, site),
        "concern": words.write_concerns(dice, row.concerns, site),
        "needle": write_needle(row.needle, site, dice),
        "side_effects": _write_side_effects(row, dice),
    }
    if site == "home":
        return texts
    return texts | {
        "age": _number(row.age),
        "sex": dice.pick(_SEX[site][row.sex]) if row.sex else "",
        "skin_type": _write_skin_type(row, dice),
        "area": row.area,
        "side": _SIDE.get(site, {}).get(row.side, row.side),
        "operator": row.operator,
        "device": row.device,
        "device_serial": row.device_serial,
        "cartridge_lot": row.cartridge_lot,
        "serum_lot": row.serum_lot,
        "passes": _number(row.passes),
        "minutes": _number(row.minutes),
        "anaesthetic": row.anaesthetic,
        "adjunct": row.adjunct,
        "score_after_date": write_day(row.reviewed_on, site) if row.reviewed_on else "",
    }


def _write_north(row: Row, texts: dict[str, str], dice: Dice) -> None:
    texts["_entered"] = write_day(row.entered, "north")
    has_score = row.before is not None or row.after is not None
    if has_score or dice.chance(_SCALE_CELL):
        texts["scale"] = words.SCALE_WORDS.get(row.scale, "")
    texts["score_before"] = write_score(row.before, row.scale, "north", dice)
    texts["score_after"] = write_score(row.after, row.scale, "north", dice)
    if dice.chance(COMMENT_SHARE):
        texts["_comments"] = dice.choose(COMMENTS)


def _write_lakeside(row: Row, texts: dict[str, str], dice: Dice) -> None:
    texts["status"] = row.status
    texts["birth_date"] = write_day(row.birthday, "lakeside") if row.birthday else ""
    texts["modality"] = _MODALITY[row.modality]
    texts |= {"endpoint": row.endpoint, "aftercare": row.aftercare, "pain": _number(row.pain)}
    has_score = row.before is not None or row.after is not None
    texts["scale"] = words.SCALE_WORDS[row.scale] if has_score else ""
    texts["score_before"] = write_score(row.before, row.scale, "lakeside", dice)
    texts["score_after"] = write_score(row.after, row.scale, "lakeside", dice)
    texts["rater"] = row.rater if has_score or row.scores else ""
    texts |= _write_score_columns(row, dice)
    if row.recorded == "event":
        texts["severity"] = _SEVERITY[row.events[0].severity or 0]
        texts["resolved"] = _YES[row.events[0].is_resolved]
        texts |= {"action": row.action, "stopped": _YES[row.stopped], "serious": _YES[row.serious]}
    texts["contraindications"] = words.write_contraindications(row.contraindications, "lakeside")
    texts["isotretinoin_months"] = _number(row.isotretinoin_months)


def _write_sur(row: Row, texts: dict[str, str], dice: Dice) -> None:
    texts["date"] += dice.pick(_TIME)
    texts["modality"] = _MODALITY[row.modality]
    texts["_pain"] = _number(dice.whole(1, 9) * 10 if row.minutes else None)
    texts["rater"] = row.rater if row.scores else ""
    texts |= _write_score_columns(row, dice)
    if row.recorded == "event":
        texts["severity"] = _number(row.events[0].severity)
    texts["contraindications"] = words.write_contraindications(row.contraindications, "sur")


def _write_score_columns(row: Row, dice: Dice) -> dict[str, str]:
    return {
        f"score:{scale}": write_score(score, scale, row.layout, dice)
        for scale, score in row.scores.items()
    }


# --- single cells ---------------------------------------------------------------------------


def write_day(day: date, layout: str) -> str:
    """Return a day in the order of its layout."""
    match LAYOUTS[layout].date_order:
        case "day-month-year":
            return f"{day.day:02d}.{day.month:02d}.{day.year}"
        case "month-day-year":
            return f"{day.month:02d}/{day.day:02d}/{day.year}"
        case _:
            return day.isoformat()


def write_needle(needle: Needle | None, layout: str, dice: Dice) -> str:
    """Return a needle length or a range of lengths: mm, or µm at Sur."""
    if needle is None:
        return ""
    if layout == "sur":
        span = "-".join(dict.fromkeys(f"{length * 1000:.0f}" for length in needle))
        unit = dice.choose((" µm", " um")) if dice.chance(_WITH_UNIT["sur"]) else ""
        return span + unit
    span = "-".join(dict.fromkeys(f"{length:g}" for length in needle))
    unit = dice.choose((" mm", "mm")) if dice.chance(_WITH_UNIT.get(layout, 0)) else ""
    return span.replace(".", LAYOUTS[layout].decimal) + unit


def write_score(score: float | None, scale: str, layout: str, dice: Dice) -> str:
    """Return a score; grades may be Roman at North."""
    if score is None:
        return ""
    if BUILT_IN.scales[scale].kind == "continuous":
        digits = 0 if score == int(score) and score > 30 else 2 if score < 1 else 1
        return f"{score:.{digits}f}".replace(".", LAYOUTS[layout].decimal)
    is_grade = layout == "north" and score == int(score) and 1 <= score <= 4
    if is_grade and BUILT_IN.scales[scale].kind == "ordinal":
        place = dice.uniform()
        if place < _ROMAN_GRADE:
            return ROMAN[int(score)]
        if place < _ROMAN_GRADE + _PREFIXED_GRADE:
            return f"Gr {score:g}"
    return f"{score:g}".replace(".", LAYOUTS[layout].decimal)


def _write_side_effects(row: Row, dice: Dice) -> str:
    if row.recorded == "none":
        return dice.pick(words.NONE[row.layout])
    return words.write_side_effects(dice, row.events, row.layout) if row.events else ""


def _write_skin_type(row: Row, dice: Dice) -> str:
    if row.skin_type is None:
        return ""
    skin_type = row.skin_type
    form = dice.pick(_SKIN_TYPE[row.layout])
    if row.skin_type_is_range:
        if row.survives:
            row.slips.append(("skin_type", "skin_type_range", "skin_type_range"))
        form = _SKIN_RANGE.get(row.layout, "{low_plain}-{plain}")
    return form.format(
        roman=ROMAN[skin_type],
        low=ROMAN[skin_type].lower(),
        plain=skin_type,
        roman_low=ROMAN[skin_type - 1],
        low_plain=skin_type - 1,
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
