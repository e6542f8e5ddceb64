"""What the cells of a column can be read as.

Content serves twice: it may contradict a header, and where a header says nothing it may name the
role. A column becomes a role by content only if nearly all its distinct texts are read as that role
and as nothing else.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pandas as pd

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.vocabulary import PROTOCOL, Scale, Vocabulary

NEARLY_ALL: Final = 0.9
"""Share of the distinct texts that must be read as a role for content alone to name it."""
MORE_THAN: Final = 0.5
"""A header counts where more than this share of the distinct texts is read as its role."""
FEWEST_CELLS: Final = 10
FEWEST_TEXTS: Final = 3
"""Cells and distinct texts a column needs for content alone to name its role."""
_TEXTS_LOOKED_AT: Final = 2_000
BY_CONTENT: Final = ("date", "birth_date", "sex", "skin_type", "concern", "side_effects")
"""Roles that content alone can name."""
_WORDS: Final = ("status", "modality", "setting", "side", "rater")
"""Roles whose unknown words are problems that say so: their header counts where any cell is read,
because a booking that was not attended must not become a session."""

Reads = Callable[[str], bool]


@dataclass(frozen=True)
class Column:
    """The distinct texts of one column, the commonest first."""

    header: str
    written: Mapping[str, int]
    """Every text → cells, the blank ones included."""

    @classmethod
    def of(cls, header: str, rows: Iterable[pd.Series]) -> "Column":
        """Return the column that several files have in common."""
        counted: Counter[str] = Counter()
        for each in rows:
            counted.update(map(str, each))
        return cls(header, dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))))

    @cached_property
    def texts(self) -> Mapping[str, int]:
        """Text → cells, without what stands for nothing."""
        return {text: n for text, n in self.written.items() if not cells.is_blank(text)}

    @property
    def cells(self) -> int:
        """How many cells hold something."""
        return sum(self.texts.values())

    def share(self, reads: Reads) -> float:
        """Return the share of its distinct texts that are read."""
        texts = [*self.texts][:_TEXTS_LOOKED_AT]
        return sum(map(reads, texts)) / len(texts) if texts else 0.0


class Readers:
    """How a cell of each role is read, with everything the vocabulary knows."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.concerns = cells.spell_concerns(vocabulary)
        self.scales = cells.spell_scales(vocabulary)

    @cached_property
    def side_effects(self) -> cells.SideEffectSpellings:
        """The spellings of all side effects."""
        return cells.SideEffectSpellings.of(self.vocabulary)

    def reads(self, role: str) -> Reads:
        """Return whether a text is read as this role; any text is, of a role of free text."""
        return self._readers.get(role, lambda _text: True)

    @cached_property
    def _readers(self) -> Mapping[str, Reads]:
        plain: Mapping[str, Callable[[str], Found]] = {
            "status": cells.parse_status,
            "sex": cells.parse_sex,
            "skin_type": cells.parse_skin_type,
            "modality": cells.parse_modality,
            "setting": cells.parse_setting,
            "side": cells.parse_side,
            "rater": cells.parse_rater,
            "severity": cells.parse_severity,
            "serious": cells.parse_answer,
            "resolved": cells.parse_answer,
            "stopped": cells.parse_answer,
        }
        decimal: Mapping[str, Callable[[str, str], Found]] = {
            "age": cells.parse_age,
            "needle": cells.parse_needle,
            "passes": cells.parse_passes,
            "minutes": cells.parse_minutes,
            "pain": cells.parse_pain,
            "isotretinoin_months": cells.parse_isotretinoin_months,
            "number": cells.parse_number,
        }
        return {
            **{role: _read_plain(parse) for role, parse in plain.items()},
            **{role: _read_decimal(parse) for role, parse in decimal.items()},
            **dict.fromkeys(("birth_date", "score_after_date"), is_day),
            "concern": self.is_concern,
            "side_effects": self.is_side_effect,
            "scale": lambda text: cells.fold(text) in self.scales,
        }

    def is_concern(self, text: str) -> bool:
        """Return whether every part of a text is a concern the vocabulary knows."""
        found = cells.parse_concerns(text, self.vocabulary, self.concerns)
        return bool(found) and all(each.value is not None for each in found)

    def is_side_effect(self, text: str) -> bool:
        """Return whether a text is read as side effects with nothing left over, or as none."""
        cell = cells.parse_side_effects(text, self.side_effects)
        rules = {each.rule for each in cell.problems}
        return not rules & {"unknown_side_effect"} and (
            cell.recorded != "not recorded" or bool(cell.denied or cell.problems)
        )

    def names_side_effect(self, text: str) -> bool:
        """Return whether a text names a side effect of the vocabulary."""
        events = cells.parse_side_effects(text, self.side_effects).events
        return any(event.term != cells.OTHER for event in events)

    def is_score(self, scale: Scale) -> Reads:
        """Return whether a text can be a score of a scale."""

        def reads(text: str) -> bool:
            return any(cells.parse_score(text, scale, mark).value is not None for mark in ".,")

        return reads


def _read_plain(parse: Callable[[str], Found]) -> Reads:
    def reads(text: str) -> bool:
        found = parse(text)
        return found.value is not None and found.rule != "unknown_modality"

    return reads


def _read_decimal(parse: Callable[[str, str], Found]) -> Reads:
    return lambda text: any(not _is_refused(parse(text, mark)) for mark in ".,")


def _is_refused(found: Found) -> bool:
    return found.value is None and bool(found.rule)


def is_day(text: str) -> bool:
    """Return whether a text is a day in some order; a bare number is none."""
    return any(cells.read_day(text, order) for order in cells.DATE_ORDERS)


def find_contradiction(role: str, column: Column, readers: Readers) -> str:
    """Return how the content of a column contradicts its header; empty where it does not."""
    if not column.texts or role in ("patient", "date", "concern", "side_effects", "scale"):
        return ""
    if role == "sex" and _is_hombre_mujer(column):
        return "M stands for a woman (mujer) or for a man, and the column has H beside it"
    share = column.share(readers.reads(role))
    if share > (0 if role in _WORDS else MORE_THAN):
        return ""
    return f"of its {len(column.texts)} different texts {round(share * 100)} % can be read as that"


def _is_hombre_mujer(column: Column) -> bool:
    """Return whether the letters of a column of sexes are those of two languages: ``m`` is read as
    male, and beside ``h`` or ``v`` it may be the other."""
    letters = {cells.fold(text) for text in column.texts}
    return "m" in letters and bool(letters & {"h", "v"}) and not letters & {"f", "w"}


def name_by_content(column: Column, readers: Readers) -> list[str]:
    """Return the roles that the content of a column may have: one where it is plain, several where
    it is not, none where nothing is known."""
    if column.cells < FEWEST_CELLS:
        return []
    if column.share(is_day) >= NEARLY_ALL:
        return _name_days(column)
    found = [
        role
        for role in ("sex", "skin_type", "concern", "side_effects")
        if column.share(readers.reads(role)) >= NEARLY_ALL
    ]
    if "side_effects" in found and not any(map(readers.names_side_effect, column.texts)):
        found.remove("side_effects")
    if len(column.texts) < FEWEST_TEXTS and found != ["sex"]:
        return []
    if not found or (found == ["sex"] and _is_hombre_mujer(column)):
        return []
    others = [
        role
        for role in ("number", "severity", "serious")
        if column.share(readers.reads(role)) >= NEARLY_ALL
    ]
    return [*found, *others]


def _name_days(column: Column) -> list[str]:
    if len(column.texts) < FEWEST_TEXTS:
        return []
    earliest = PROTOCOL["earliest_session"].whole
    years = [
        max(day.year for order in cells.DATE_ORDERS if (day := cells.read_day(text, order)))
        for text in column.texts
        if is_day(text)
    ]
    if not all(re.search(r"\d{4}|\d{1,2}[ ./-]*[^\W\d]", text) for text in column.texts):
        return ["date", "birth_date"]  # a year of two digits has no century
    early = sum(year < earliest for year in years) / len(years)
    if not early:
        return ["date"]
    return ["birth_date"] if early > MORE_THAN else ["date", "birth_date"]


def describe_content(column: Column, readers: Readers) -> str:
    """Return in a word or two what a column without a role holds."""
    if not column.texts:
        return "nothing"
    for role, words in (("number", "numbers"), ("serious", "yes and no")):
        if column.share(readers.reads(role)) >= NEARLY_ALL:
            return words
    return "days" if column.share(is_day) >= NEARLY_ALL else "words"
