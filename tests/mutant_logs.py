"""Logs that know what is wrong with them: the rows of a file, and what intake must say of it.

Every cell carries, beside its text, what is known of it and which problems it alone must raise;
both are told by whoever wrote the cell (``mutation`` or ``mutant_bases``), never asked of the
product. :func:`settle` works out the rest from the written rules: which row is set aside for what,
and what follows from several cells or rows together.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import xlsxwriter

AS_OF: Final = date(2026, 6, 30)
"""The day the mutants were extracted; what is later is in the future."""
ASIDE, BLANKED, REPAIRED, NOTED = "row set aside", "cell blanked", "repaired", "noted"
ANY: Final = "any"
"""A concern or scale of a base row that fits whatever stands beside it."""
FITS: Final[Mapping[str, set[str]]] = {
    "gb_qual": {"acne_scars"},
    "afls": {"fine_lines"},
    "lemperle": {"wrinkles", "fine_lines"},
    "mmasi": {"pigmentation"},
    "vss": set(),
}
"""Scale → the concerns it scores; those that are not here score any."""
SUBTYPES: Final[Mapping[str, str]] = {
    "ice pick scars": "ice_pick",
    "boxcar": "boxcar",
    "rolling scars": "rolling",
    "ice pick + rolling scars": "ice_pick",
    "boxcar, box car; icepick": "boxcar",
}
"""What a concern cell says → the subtype of the acne scars that counts."""
SCORES: Final = ("score_before", "score_after")
_DETAILS: Final = ("severity", "serious", "stopped", "resolved", "action")
_HAD_ONCE: Final = (
    *("clinic", "operator", "device", "device_serial", "cartridge_lot", "serum_lot"),
    *("anaesthetic", "adjunct", "endpoint", "aftercare", "isotretinoin_months"),
)
"""What a session has once, whatever several rows say of it."""
_WHICH_SESSION: Final = ("modality", "setting")
_NOT_APPLICABLE: Final = ("n/a", "na", "n.a.")
_LATIN: Final = str.maketrans("МАСЕРН", "MACEPH")
"""Cyrillic capitals → the Latin ones they look like."""

Said = tuple[str, str]
"""A rule and its consequence."""
Problem = tuple[int, str | None, str, str]
"""Place of the row in its file, role of the column (None: the whole row), rule, consequence."""


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, what can be known from it (None: nothing), and its own problems."""

    text: str
    value: Any = None
    said: tuple[Said, ...] = ()


BLANK: Final = Cell("")


@dataclass
class Row:
    """One row: a visit, or ``blank``, ``header``, ``total``, ``title``."""

    cells: dict[str, Cell] = field(default_factory=dict)
    kind: str = "visit"
    lost: int = 0
    """Cells missing at its end; negative: cells too many."""

    def find(self, role: str) -> Cell:
        return self.cells.get(role, BLANK)

    def copy(self) -> "Row":
        return Row(dict(self.cells), self.kind, self.lost)


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How a clinic writes: which columns, decimal mark, order of days. ``score:`` and a scale stand
    for a column that is named by its scale; ``_`` begins a column without a role."""

    key: str
    headers: Mapping[str, str]
    decimal: str
    order: str
    answers: Mapping[str, str] = field(default_factory=dict)
    is_known: bool = False
    """Whether concerns and scales of its rows are known by key; else they are ANY."""
    has_zeros: bool = False
    """Whether its ids are numbers with zeros in front."""

    @property
    def day_format(self) -> str:
        formats = {"month-day-year": "%m/%d/%Y", "year-month-day": "%Y-%m-%d"}
        return formats.get(self.order, "%d.%m.%Y")

    @property
    def tells_of_previous(self) -> bool:
        return self.answers.get("side_effects_belong_to") == "previous session"

    @property
    def is_open(self) -> bool:
        """Whether nobody has said whose session its side effects are of."""
        return self.answers.get("side_effects_belong_to") == "undeclared"


@dataclass(frozen=True)
class Form:
    """How a file is written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    codec: str = "utf-8"
    """What Python calls the encoding with its mark; ``encoding`` is what is declared."""
    line_end: str = "\n"
    quotes_all: bool = False
    blank_lines: int = 0
    """Behind the last row."""
    ends: bool = True
    """With a line end."""
    sheets: int = 0
    """Of a workbook; 0 is delimited text."""

    @property
    def layout(self) -> tuple[str, str, bool]:
        """Files with the same one can stand in one layout."""
        return (self.delimiter, self.encoding, bool(self.sheets))


@dataclass
class Mutant:
    """Some rows of a file with the list of what was done to them."""

    name: str
    """How its patients are called, too: no two mutants share one."""
    habit: Habit
    in_sheet: bool
    rows: list[Row]
    touched: list[str] = field(default_factory=list)

    def write_row(self, row: Row) -> list[str]:
        """Return the cells of a row as they are written."""
        roles = [*self.habit.headers]
        if row.kind == "header":
            return [*self.habit.headers.values()]
        texts = [row.find(role).text for role in roles]
        if row.kind == "total":
            texts = ["Total", *[""] * (len(roles) - 2), f"{len(self.rows)} visits"]
        if row.kind == "title":
            texts = [row.cells["title"].text]
        if row.lost < 0:
            return [*texts, *["more"] * -row.lost]
        return texts[: len(texts) - row.lost]


# --- what must be said ------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What intake must say of a file."""

    problems: Counter[Problem]
    fates: Counter[str]
    """used, set aside, not data → rows."""
    patients: Mapping[str, tuple[str | None, int | None]]
    """Patient → sex and skin type that count."""
    unsettled: frozenset[tuple[int, str | None]]
    """Places and roles of which it is not told whether they differ from others of their session."""


def settle(mutant: Mutant, sexes: Collection[str] = ()) -> Verdict:
    """Return the problems and the account that follow from the rows of a file.

    ``sexes`` are the texts of the column of sexes, in all files that are written in one way.
    """
    mutant = _read_sexes(mutant, sexes)
    found: list[Problem] = []
    fates: Counter[str] = Counter()
    data = [*_keep_data(mutant, found, fates)]
    used = []
    for place in data:
        row = mutant.rows[place]
        if row.find("status").value == "absent":
            fates["not data"] += 1
            continue
        aside = [
            (place, role, *said)
            for role in ("patient", "date", "status")
            for said in row.find(role).said
            if said[1] == ASIDE
        ]
        fates["set aside" if aside else "used"] += 1
        found += aside
        if not aside:
            used.append(place)
    found += _list_cells(mutant, used)
    found += _list_tidied(mutant, data, used)
    found += _list_conflicts(mutant, used)
    scores = [*_read_scores(mutant, used)]
    found += [(place, slot, *each) for place, slot, said, _key in scores for each in said]
    found += _list_doubled(scores)
    if mutant.habit.tells_of_previous:
        found += _list_unplaced(mutant, used)
    differing, unsettled = _list_differing(mutant, used)
    found += differing
    return Verdict(Counter(found), fates, _find_chosen(mutant, used), frozenset(unsettled))


def _read_sexes(mutant: Mutant, sexes: Collection[str]) -> Mutant:
    """Return the mutant with no sex in a cell that says M, where M may stand for a woman: beside an
    H or a V, or beside words of Spanish or Portuguese without an F."""
    beside = {text.strip().casefold() for text in sexes}
    words = {"hombre", "varon", "varón", "mujer", "homem", "mulher"}
    if not beside & {"h", "v"} and (not beside & words or "f" in beside):
        return mutant
    open_sex = (("ambiguous_sex", BLANKED),)
    rows = [row.copy() for row in mutant.rows]
    for row in rows:
        if row.find("sex").text.strip().casefold() == "m":
            row.cells["sex"] = Cell(row.find("sex").text, None, open_sex)
    return replace(mutant, rows=rows)


def _keep_data(mutant: Mutant, found: list[Problem], fates: Counter[str]) -> Iterator[int]:
    seen = set()
    for place, row in enumerate(mutant.rows):
        texts = mutant.write_row(row)
        if row.kind in ("header", "total", "title") or not any(text.strip() for text in texts):
            fates["not data"] += 1
            continue
        rule = ""
        if len(texts) != len(mutant.habit.headers):
            rule = "wrong_number_of_cells"
        elif tuple(texts) in seen:
            rule = "duplicate_row"
        if rule:
            fates["set aside"] += 1
            found.append((place, None, rule, ASIDE))
        else:
            seen.add(tuple(texts))
            yield place


def _list_cells(mutant: Mutant, used: Iterable[int]) -> Iterator[Problem]:
    """Yield what the cells of used rows say alone, and severity without a side effect."""
    for place in used:
        row = mutant.rows[place]
        for role, cell in row.cells.items():
            if role in SCORES or role.startswith("score:"):
                continue
            said = cell.said
            if role == "side_effects" and mutant.habit.is_open:
                said = _judge_open_side_effects(cell)
            yield from ((place, role, *each) for each in said)
        for role in _DETAILS:
            if mutant.habit.is_open and _tells_detail(role, row.find(role)):
                yield place, role, "undeclared_session", BLANKED
            elif mutant.habit.is_open:
                continue
            elif row.find(role).value and not row.find("side_effects").value:
                yield place, role, "detail_without_side_effect", NOTED
        born = row.find("birth_date").value
        if born and born > row.find("date").value:
            yield place, "birth_date", "session_before_birth", BLANKED


def _judge_open_side_effects(cell: Cell) -> tuple[Said, ...]:
    """Return what is said of side effects while nobody has said whose session they are of."""
    plain = cell.text.strip().casefold()
    if not plain or ("cell_too_long", BLANKED) in cell.said:
        return cell.said
    rule = "undeclared_not_applicable" if plain in _NOT_APPLICABLE else "undeclared_session"
    return ((rule, BLANKED),)


def _tells_detail(role: str, cell: Cell) -> bool:
    """Return whether a cell tells more of a side effect, be it no."""
    plain = cell.text.strip("\ufeff \t").casefold()
    nothing = ("", "?", "n/a", "nan") + (("none", "0") if role == "severity" else ())
    return plain not in nothing and all(how != BLANKED for _rule, how in cell.said)


def _list_tidied(mutant: Mutant, data: Iterable[int], used: list[int]) -> Iterator[Problem]:
    """Yield the ids that are not written in the commonest form of their patient, where one that has
    lost its zeros never is that form, and those in letters that look like another's."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for place in data:
        cell = mutant.rows[place].find("patient")
        if cell.value is not None:
            forms[cell.value][cell.text] += 1
    for place in used:
        cell = mutant.rows[place].find("patient")
        best = min(
            forms[cell.value].items(),
            key=lambda each: (_is_short(mutant.habit, cell.value, each[0]), -each[1], each[0]),
        )[0]
        best = cell.value if _is_short(mutant.habit, cell.value, best) else " ".join(best.split())
        if cell.text != best:
            yield place, "patient", "patient_id_tidied", REPAIRED
        elif cell.value != (latin := cell.value.translate(_LATIN)) and latin in forms:
            yield place, "patient", "look_alike_id", NOTED


def _is_short(habit: Habit, patient: str, text: str) -> bool:
    return habit.has_zeros and text.strip() != patient


def _find_chosen(mutant: Mutant, used: Iterable[int]) -> dict[str, tuple[str | None, int | None]]:
    """Return patient → the earliest sex and the highest skin type of its used rows."""
    rows = mutant.rows
    chosen: dict[str, tuple[str | None, int | None]] = {}
    for place in sorted(used, key=lambda place: (rows[place].find("date").value, place)):
        patient = rows[place].find("patient").value
        sex, skin = chosen.get(patient, (None, None))
        types = [skin, rows[place].find("skin_type").value]
        highest = max(filter(None, types), default=None)
        chosen[patient] = (sex or rows[place].find("sex").value, highest)
    return chosen


def _list_conflicts(mutant: Mutant, used: list[int]) -> Iterator[Problem]:
    """Yield the rows whose sex or skin type is not the one that counts."""
    chosen = _find_chosen(mutant, used)
    for place in used:
        row = mutant.rows[place]
        sex, skin = chosen[row.find("patient").value]
        if row.find("sex").value not in (None, sex):
            yield place, "sex", "conflicting_sex", NOTED
        if row.find("skin_type").value not in (None, skin):
            yield place, "skin_type", "conflicting_skin_type", NOTED


def _list_differing(
    mutant: Mutant, used: Iterable[int]
) -> tuple[list[Problem], set[tuple[int, str | None]]]:
    """Return the cells that say something else than the first known ones of their session, and
    those of which it is not known here what they say."""
    by_day: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place in used:
        row = mutant.rows[place]
        by_day[row.find("patient").value, row.find("date").value].append(place)
    found: list[Problem] = []
    unsettled: set[tuple[int, str | None]] = set()
    for places in by_day.values():
        rows = [mutant.rows[place] for place in places]
        sessions = {tuple(row.find(role).text for role in _WHICH_SESSION) for row in rows}
        subtypes = [SUBTYPES.get(row.find("concern").text, "") for row in rows]
        for role, rule, said in (
            *((role, "conflicting_session", _read_texts(role, rows)) for role in _HAD_ONCE),
            ("concern", "several_subtypes", subtypes),
        ):
            if said is None or len(sessions) > 1 or not mutant.habit.is_known:
                unsettled |= {(place, role) for place in places} if len(places) > 1 else set()
                continue
            first = next(filter(None, said), "")
            found += [
                (place, role, rule, NOTED)
                for place, each in zip(places, said, strict=True)
                if each not in ("", first)
            ]
    return found, unsettled


def _read_texts(role: str, rows: Iterable[Row]) -> list[str] | None:
    """Return what the cells of a role say; None where a text is not known to be said as it is."""
    cells = [row.find(role) for row in rows]
    if any(cell.text.strip() and cell.value is None for cell in cells):
        return None
    return [str(cell.value or "") for cell in cells]


_Score = tuple[int, str, tuple[Said, ...], tuple[Any, ...] | None]


def _read_scores(mutant: Mutant, used: Iterable[int]) -> Iterator[_Score]:
    """Yield place, slot, what is said of the score, and who, what and when it scores, if it
    counts."""
    for place in used:
        row = mutant.rows[place]
        for slot, cell in row.cells.items():
            is_named = slot.startswith("score:")
            if slot not in SCORES and not is_named:
                continue
            if cell.value is None and not cell.said:
                continue
            scale = Cell(slot, slot.removeprefix("score:")) if is_named else row.find("scale")
            said, concern = _judge_score(row, slot, cell, scale)
            if any(how == BLANKED for _rule, how in said):
                yield place, slot, said, None
                continue
            day = _find_day(row, slot)
            patient, rater = row.find("patient").value, row.find("rater").value
            what = mutant.habit.key if scale.value != ANY else scale.text.casefold()
            yield place, slot, said, ((patient, concern, scale.value, what, rater, day), cell.value)


def _find_day(row: Row, slot: str) -> date | None:
    later = row.find("score_after_date").value
    if slot == "score_after":
        return later
    return row.find("date").value if slot == "score_before" or later is None else later


def _judge_score(row: Row, slot: str, cell: Cell, scale: Cell) -> tuple[tuple[Said, ...], object]:
    """Return what is said of a score, and the concern it counts for."""
    if scale.said:
        return ((scale.said[0][0], BLANKED),), None
    if scale.value is None:
        return (("scale_missing", BLANKED),), None
    if cell.value is None:
        return cell.said, None
    named = row.find("concern").value or ()
    fitting = [
        each
        for each in named
        if ANY in (each, scale.value) or scale.value not in FITS or each in FITS[scale.value]
    ]
    day, visit = _find_day(row, slot), row.find("date").value
    rule = ""
    if not fitting:
        rule = "scale_does_not_fit"
    elif day is None:
        rule = "score_without_date"
    elif day < visit or (slot == "score_after" and day == visit):
        rule = "follow_up_before_session"
    if rule:
        return (*cell.said, (rule, BLANKED)), None
    concern = row.find("concern").text.casefold() if fitting[0] == ANY else fitting[0]
    several = (("several_concerns_fit", NOTED),) if len(fitting) > 1 else ()
    return (*cell.said, *several), concern


def _list_doubled(scores: Iterable[_Score]) -> Iterator[Problem]:
    """Yield, once each, the rows with one of several differing scores of one day."""
    days: dict[tuple[Any, ...], set[tuple[int, Any]]] = defaultdict(set)
    for place, _slot, _said, key in scores:
        if key:
            days[key[0]].add((place, key[1]))
    several = [each for each in days.values() if len({value for _place, value in each}) > 1]
    for place in {place for each in several for place, _value in each}:
        yield place, None, "two_scores_on_a_day", NOTED


def _list_unplaced(mutant: Mutant, used: Iterable[int]) -> Iterator[Problem]:
    """Yield the rows of a patient's first session that tell of a session before it."""
    by_patient: dict[str, list[int]] = defaultdict(list)
    for place in used:
        by_patient[mutant.rows[place].find("patient").value].append(place)
    for places in by_patient.values():
        first = min(mutant.rows[place].find("date").value for place in places)
        for place in places:
            row = mutant.rows[place]
            if row.find("date").value == first and row.find("side_effects").value:
                yield place, "side_effects", "no_previous_session", BLANKED


# --- files ------------------------------------------------------------------------------------


@dataclass
class File:
    """Mutants of one habit, one below the other, as they are written."""

    name: str
    form: Form
    mutants: list[Mutant]

    @property
    def habit(self) -> Habit:
        return self.mutants[0].habit

    @property
    def more_rows(self) -> int:
        """Rows that are no mutant's and no data: blank lines at its end, totals of its sheets."""
        return self.form.sheets or self.form.blank_lines


Place = tuple[str | None, int]
"""Sheet and line."""


def write_file(folder: Path, file: File) -> list[list[Place]]:
    """Write a file and return, mutant by mutant, the place of each of its rows."""
    written = [(mutant, row) for mutant in file.mutants for row in mutant.rows]
    write = _write_workbook if file.form.sheets else _write_delimited
    places = iter(write(folder / file.name, file, written))
    return [[next(places) for _row in mutant.rows] for mutant in file.mutants]


def _write_delimited(path: Path, file: File, rows: list[tuple[Mutant, Row]]) -> list[Place]:
    form = file.form
    text = io.StringIO()
    plain, quoting = (
        csv.writer(text, delimiter=form.delimiter, lineterminator=form.line_end, quoting=how)
        for how in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    starts = []
    for texts in [[*file.habit.headers.values()], *(mutant.write_row(row) for mutant, row in rows)]:
        # Python's writer quotes a line break only since 3.13
        is_broken = any("\r" in each or "\n" in each for each in texts)
        (quoting if form.quotes_all or is_broken else plain).writerow(texts)
        starts.append(text.tell())
    whole = text.getvalue()
    is_last_empty = starts[-1] - starts[-2] <= len(form.line_end)
    if form.blank_lines == 0 and not form.ends and not is_last_empty:
        whole = whole.removesuffix(form.line_end)
    lines = [1 + len(re.findall("\r\n|\r|\n", whole[:start])) for start in starts[:-1]]
    # Python writes the mark of UTF-16 itself, but not where the order of bytes is named
    mark = "\ufeff" if form.codec == "utf-16-be" else ""
    path.write_bytes((mark + whole + form.line_end * form.blank_lines).encode(form.codec))
    return [(None, line) for line in lines]


def _write_workbook(path: Path, file: File, rows: list[tuple[Mutant, Row]]) -> list[Place]:
    places: list[Place] = []
    share = -(-len(rows) // file.form.sheets)
    with xlsxwriter.Workbook(path) as book:
        for number in range(file.form.sheets):
            name = f"Sheet {number}"
            here = rows[number * share : (number + 1) * share]
            titles = [each for each in here if each[1].kind == "title"]
            below = [each for each in here if each[1].kind != "title"]
            mutant = file.mutants[0]
            # the totals keep the last row of a sheet from being an empty one, which is none
            order = [*titles, (mutant, Row(kind="header")), *below, (mutant, Row(kind="total"))]
            sheet = book.add_worksheet(name)
            for line, (owner, row) in enumerate(order):
                for column, text in enumerate(owner.write_row(row)):
                    if text:
                        sheet.write_string(line, column, text)
            lines = {id(row): line for line, (_owner, row) in enumerate(order, 1)}
            places += [(name, lines[id(row)]) for _owner, row in here]
    return places


def write_source(folder: Path, name: str, files: Iterable[File]) -> None:
    """Write ``source.toml``: a layout for the files of one habit and form each."""
    layouts: dict[tuple[Any, ...], list[File]] = defaultdict(list)
    for file in files:
        layouts[(file.habit.key, *file.form.layout)].append(file)
    lines = [
        f"name = '{name}'",
        "title = 'Mutants (synthetic)'",
        f"extracted_on = {AS_OF}",
        "scales = {gais = 'one_is_best', pore_iga = 'zero_to_five', likert_sat = 'five_is_best'}",
    ]
    for group in layouts.values():
        habit, form = group[0].habit, group[0].form
        kind = "workbook" if form.sheets else "delimited"
        mark = "\\t" if form.delimiter == "\t" else form.delimiter
        columns = {k: v for k, v in habit.headers.items() if k[0] != "_" and k[:6] != "score:"}
        scores = {k[6:]: v for k, v in habit.headers.items() if k[:6] == "score:"}
        lines += [
            "[[layouts]]",
            f"files = {[file.name for file in group]}",
            f"format = {{kind = '{kind}', delimiter = \"{mark}\", encoding = '{form.encoding}',"
            f" decimal = '{habit.decimal}', date_order = '{habit.order}'}}",
        ]
        for key, block in (("columns", columns), ("scores", scores), ("answers", habit.answers)):
            lines += [f"[layouts.{key}]", *(f'{role} = "{text}"' for role, text in block.items())]
    (folder / "source.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
