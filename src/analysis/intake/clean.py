"""From text to typed tables, cell by cell, and every cell or row that was not used as written.

A column is read once per *distinct* text and joined back, so a slow rule costs nothing. All layouts
of a source go up the stairs together: each text is looked up with the number of its layout, because
the layout decides how it is read. Nothing is dropped: rows read = used + set aside + not data,
which is asserted on every load.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial, reduce
from operator import and_, or_
from pathlib import Path
from typing import Any, Final, TypeAlias

import ibis
import pandas as pd
from ibis import _, selectors

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.engine import Engine, make_table
from analysis.intake.schema import COLUMNS, name_type
from analysis.intake.sources import (
    CANONICAL,
    PLACE,
    PROBLEM,
    Layout,
    Log,
    Rows,
    Source,
    check_tables,
    list_problems,
)
from analysis.vocabulary import Scale, Vocabulary

Row = dict[str, Any]
Table: TypeAlias = ibis.Table
Parse: TypeAlias = Callable[[str], Found]
ReadEffects: TypeAlias = Callable[[Layout, str], cells.SideEffectsCell]

TYPED: Final[Mapping[str, Mapping[str, str]]] = {
    "patient": {"patient": "string"},
    "date": {"date": "date"},
    "status": {"is_attended": "boolean"},
    "age": {"age": "int64"},
    "birth_date": {"birth_date": "date"},
    "sex": {"sex": "string"},
    "skin_type": {"skin_type": "int64", "skin_type_is_range": "boolean"},
    "side": {"side": "string"},
    "modality": {"modality": "string", "modality_setting": "string"},
    "setting": {"setting": "string"},
    "needle": {"needle_shortest": "float64", "needle_longest": "float64"},
    "passes": {"passes": "int64"},
    "minutes": {"minutes": "float64"},
    "pain": {"pain": "float64"},
    "isotretinoin_months": {"isotretinoin_months": "float64"},
    "scale": {"scale": "string"},
    "score_after_date": {"score_after_date": "date"},
    "rater": {"rater": "string"},
    "side_effects": {"recorded": "string"},
    "severity": {"severity": "int64"},
    "serious": {"serious": "boolean"},
    "resolved": {"resolved": "boolean"},
    "stopped": {"stopped": "boolean"},
    **{
        role: {role: "string"}
        for role in (
            *("area", "clinic", "operator", "device", "device_serial", "cartridge_lot"),
            *("serum_lot", "anaesthetic", "adjunct", "endpoint", "aftercare", "action"),
        )
    },
}
"""Role → the typed columns of a visit that its cell becomes."""
_SPREAD: Final = ("concern", "side_effects", "contraindications")
"""Roles whose cell becomes rows of a table of its own."""
_SCORES: Final = ("score_before", "score_after")
_SIDES: Final[Mapping[str, cells.Side]] = {"t_score_before": "before", "t_score_after": "after"}
_PROBLEM: Final = {"column": "string"} | dict.fromkeys(PROBLEM[4:], "string")
_TOTALS: Final = ("total", "totals", "sum", "summe", "gesamt", "subtotal", "grand total")
_PLAIN_ID: Final = r"^([A-Za-z]{1,4}[-_]?)?[0-9]*[1-9][0-9]*$"
_PLAIN_ID_WITH_LETTERS: Final = r"^[A-Za-z]{1,4}[-_]?[0-9]*[1-9][0-9]*$"
"""Ids that need no closer look; digits alone only where all such ids have one length."""
_NO_PROBLEM: Final = Found()
LONGEST_READ: Final = 2_000
"""Characters of a cell, about a page. Free text is looked through for some hundred spellings, each
with what stands around it; a longer cell is emptied and listed."""
_ENGINE_TYPES: Final = {
    "text": "string",
    "number": "float64",
    "whole number": "int64",
    "yes/no": "boolean",
    "day": "date",
}


@dataclass(frozen=True)
class Account:
    """Where the rows of a log went; see :meth:`check`."""

    read: int
    used: int
    set_aside: int
    not_data: int

    def check(self) -> None:
        """Assert that nothing is lost."""
        if self.read != self.used + self.set_aside + self.not_data:
            raise AssertionError(f"rows were lost: {self}")


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A log as typed rows.

    ``visits`` has one row per used row of the log, with its place, its session and its typed cells;
    ``concerns``, ``events``, ``denials``, ``scores`` and ``screening`` are keyed by its ``row``. A
    source of canonical tables has no visits: its ``tables`` are those of the schema, by name.
    """

    problems: Table
    account: Account
    visits: Table = None
    people: Table = None
    measured: Table = None
    concerns: Table = None
    events: Table = None
    denials: Table = None
    scores: Table = None
    screening: Table = None
    tables: Mapping[str, Table] = field(default_factory=dict)


def clean_log(
    engine: Engine, log: Log, source: Source, vocabulary: Vocabulary, as_of: date
) -> Cleaned:
    """Return the typed rows of a log and its problems.

    ``as_of`` is the last day that can be in the log. Raises nothing for bad cells: they are
    problems.
    """
    if source.every_layout[0].format.kind == "tables":
        return _take_tables(engine, log, source, vocabulary, as_of)
    reader = _Reader(engine, log, source, vocabulary, as_of)
    visits = reader.read_visits()
    concerns = reader.read_concerns(reader.union_measured(visits))
    scores = reader.read_scores(visits, concerns)
    events, denials = reader.read_side_effects(visits)
    screening = reader.read_contraindications(visits)
    return Cleaned(
        problems=reader.bind_problems(),
        account=reader.count_rows(),
        visits=visits,
        people=reader.people,
        measured=reader.measured,
        concerns=concerns,
        events=events,
        denials=denials,
        scores=scores,
        screening=screening,
    )


def _take_tables(
    engine: Engine, log: Log, source: Source, vocabulary: Vocabulary, as_of: date
) -> Cleaned:
    """Return canonical tables as they are, without the rows that break the schema."""
    frames, refused = check_tables(log, source, vocabulary, as_of)
    problems = pd.concat([refused, _note_look_alikes(log, source)], ignore_index=True)
    tables = {}
    for name in CANONICAL:
        types = {key: _ENGINE_TYPES[name_type(item)] for key, item in COLUMNS[name].items()}
        tables[name] = engine.keep(f"given_{name}", make_table(frames[name], types))
    types = dict.fromkeys(PROBLEM, "string") | {"line": "int64"}
    blank = int(log.rows.filter(_.cells == 0).count().execute())
    read = int(log.rows.count().execute())
    bad = refused[["file", "line"]].drop_duplicates()
    account = Account(read, read - blank - len(bad), len(bad), blank)
    account.check()
    listed = engine.keep("problems", make_table(problems, types))
    return Cleaned(problems=listed, account=account, tables=tables)


def _note_look_alikes(log: Log, source: Source) -> pd.DataFrame:
    """Return the notes on patients of canonical tables whose id looks like that of another one;
    they count as written."""
    file = next(each for each in source.every_layout[0].files if Path(each).stem == CANONICAL[0])
    rows = log.rows.filter(_.file == file).order_by("row")
    ids = rows.select("file", "line", text=rows[log.find_text("patient")]).execute()
    folded = ids["text"].map(lambda text: cells.fold_patient(text, 0))
    noted = cells.note_look_alike(Found())
    return list_problems(
        {"file": file, "line": line, "column": "patient", "rule": noted.rule}
        | {"consequence": noted.consequence, "suggestion": noted.suggestion}
        for line in ids["line"][folded.isin(cells.find_look_alikes(folded))]
    )


def name_column(source: Source, role: str, rows: Table) -> ibis.Value:
    """Return the header that each row has for a role."""
    headers = [
        (rows.layout == place, each.columns[role])
        for place, each in enumerate(source.every_layout)
        if role in each.columns
    ]
    name = ibis.cases(*headers, else_=None) if headers else ibis.null("string")
    return write_number(name, rows.slot)


def find_years(born: ibis.Value, day: ibis.Value) -> ibis.Value:
    """Return the whole years from one day to another."""

    def as_number(each: ibis.Value) -> ibis.Value:
        return each.year() * 10000 + each.month() * 100 + each.day()

    return (as_number(day) - as_number(born)) // 10000


def write_number(header: ibis.Value, slot: ibis.Value) -> ibis.Value:
    """Return the header of a numbered column with the number of the session."""
    return header.replace("{n}", slot.cast("string"))


def _make_parsers(
    layout: Layout,
    vocabulary: Vocabulary,
    scales: Mapping[str, Scale],
    as_of: date,
    read_effects: ReadEffects,
) -> dict[str, Parse]:
    """Return role → how one of its cells is read in this layout; patients are read apart."""
    decimal, order = layout.format.decimal, layout.format.date_order
    spelled = cells.spell_scales(vocabulary)
    undeclared = frozenset(vocabulary.scales) - frozenset(scales)
    parsers: dict[str, Parse] = {
        "date": lambda text: cells.parse_date(text, order, as_of),
        "status": cells.parse_status,
        "age": lambda text: cells.parse_age(text, decimal),
        "birth_date": lambda text: cells.parse_birth_date(text, order, as_of),
        "sex": cells.parse_sex,
        "skin_type": cells.parse_skin_type,
        "side": cells.parse_side,
        "modality": cells.parse_modality,
        "setting": cells.parse_setting,
        "needle": lambda text: cells.parse_needle(text, decimal),
        "passes": lambda text: cells.parse_passes(text, decimal),
        "minutes": lambda text: cells.parse_minutes(text, decimal),
        "pain": lambda text: cells.parse_pain(text, decimal),
        "isotretinoin_months": lambda text: cells.parse_isotretinoin_months(text, decimal),
        "scale": lambda text: cells.parse_scale(text, spelled, undeclared),
        "score_after_date": lambda text: cells.parse_later_date(text, order, as_of),
        "rater": cells.parse_rater,
        "side_effects": lambda text: Found(read_effects(layout, text).recorded),
        "severity": cells.parse_severity,
        "serious": cells.parse_answer,
        "resolved": cells.parse_answer,
        "stopped": cells.parse_answer,
    }
    return {role: parsers.get(role, cells.parse_text) for role in TYPED if role != "patient"}


def _is_as_written(found: Mapping[tuple[int, str], Found]) -> bool:
    """Return whether each text is its own value, and blank where it is none."""
    return all(each == Found(text or None) for (_n, text), each in found.items())


class _Reader:
    """Holds what is known of one load while it is read role by role."""

    def __init__(
        self,
        engine: Engine,
        log: Log,
        source: Source,
        vocabulary: Vocabulary,
        as_of: date,
    ) -> None:
        self.engine = engine
        self.log = log
        self.source = source
        self.layouts = source.every_layout
        self.vocabulary = vocabulary
        self.scales = source.find_scales(vocabulary)
        effects = cells.SideEffectSpellings.of(vocabulary)
        self._parse_effects = cache(lambda text: cells.parse_side_effects(text, effects))
        self.parsers = [
            _make_parsers(layout, vocabulary, self.scales, as_of, self._read_effects)
            for layout in self.layouts
        ]
        self.numbers: dict[tuple[str | None, str, str, str | None], int] = {}
        self.problems: list[Table] = []
        self.long: list[Table] = []
        """Row and number of the problem of cells that are too long."""
        self.rows = self._read_rows()
        self.texts = self._list_distinct()
        for n, parsers in enumerate(self.parsers):
            beside = self.texts.get((n, "t_sex"), [])
            parsers["sex"] = partial(cells.parse_sex, beside=beside)

    # --- rows ---------------------------------------------------------------------------------

    def _read_rows(self) -> Table:
        """Return the rows with ``kind`` (data, or why not) and the text of each role that is mapped
        (``t_``) and of each score column that is named by its scale (``s_``)."""
        texts = self._map_texts(self.log.rows)
        kind = self._find_kind(self.log.rows, texts["t_date"], texts["t_patient"])
        placed = self.engine.name("placed", self.log.rows.mutate(kind=kind))
        joined = placed.left_join(self._find_again(placed), "row")
        columns = {name: joined[name] for name in PLACE} | self._map_texts(joined)
        columns["kind"] = joined.is_again.fill_null(False).ifelse("duplicate_row", joined.kind)
        kept = self.engine.name("rows", joined.select(**columns))
        kept = self._blank_long(kept, [name for name in columns if name[:2] in ("t_", "s_")])
        refused = {
            rule: self._number_problem(None, Found(rule=rule, consequence="row set aside"))
            for rule in ("duplicate_row", "wrong_number_of_cells")
        }
        number = ibis.cases(*((kept.kind == rule, n) for rule, n in refused.items()), else_=None)
        self._add_problems(kept.filter(kept.kind.isin([*refused])), number)
        return kept

    def _map_texts(self, rows: Table) -> dict[str, ibis.Value]:
        """Return the text of each role that is mapped, and of each scale with a column."""
        headers: dict[str, dict[int, str | None]] = {
            f"t_{role}": {n: each.columns.get(role) for n, each in self._number()}
            for role in (*TYPED, *_SPREAD, *_SCORES)
            if any(role in layout.columns for layout in self.layouts)
        }
        headers |= {
            f"s_{scale}": {n: each.scores.get(scale) for n, each in self._number()}
            for scale in self.scale_columns
        }
        return {name: self._pick(rows, each) for name, each in headers.items()}

    def _blank_long(self, rows: Table, names: Sequence[str]) -> Table:
        """Empty the cells that are longer than :data:`LONGEST_READ`, and list them."""
        lengths = {name: rows[name].length().max() for name in names}
        longest = rows.agg(**lengths).fill_null(0).execute().iloc[0]
        blanked: dict[str, ibis.Value] = {}
        hint = "shorten the cell; what matters of it may stand in a column of its own"
        found = Found(rule="cell_too_long", consequence="cell blanked", suggestion=hint)
        for name in names:
            if longest[name] > LONGEST_READ:
                is_long = rows[name].length() > LONGEST_READ
                blanked[name] = is_long.ifelse("", rows[name])
                long = rows.filter((rows.kind == "data") & is_long)
                headers = {n: self._find_header(layout, name) for n, layout in self._number()}
                numbers = [
                    (long.layout == n, self._number_problem(header, found))
                    for n, header in headers.items()
                    if header
                ]
                number = ibis.cases(*numbers, else_=None).cast("int64")
                if name in ("t_patient", "t_date"):
                    self._add_problems(long, number)  # says why the row is set aside
                else:
                    self.long.append(long.select("row", problem=number))
        return self._keep("short", rows.mutate(**blanked)) if blanked else rows

    @staticmethod
    def _find_header(layout: Layout, name: str) -> str | None:
        """Return the header of a role (``t_``) or of the scores on a scale (``s_``)."""
        return (layout.columns if name[:2] == "t_" else layout.scores).get(name[2:])

    def _find_kind(self, rows: Table, day: ibis.Value, patient: ibis.Value) -> ibis.Value:
        """Return what a row is: data, or why not. Only rows without a day are looked at closely."""
        texts = [rows[name] for name in self.log.texts]
        has_day = ~day.strip().lower().isin(["", *_TOTALS])
        is_whole = rows.cells == rows.width
        is_blank = reduce(and_, (~text.re_search(r"\S") for text in texts))
        words = ibis.literal(" ").join(texts).lower().strip()
        is_total = words.re_search(rf"^({'|'.join(_TOTALS)})\s*:?(\s|$)") | (
            patient.lower().strip().isin(_TOTALS)
        )
        return ibis.cases(
            (rows.kind != "", rows.kind),
            (has_day & is_whole, "data"),
            (has_day, "wrong_number_of_cells"),
            (is_blank, "blank"),
            (is_total, "total"),
            (~is_whole, "wrong_number_of_cells"),
            else_="data",
        )

    def _find_again(self, rows: Table) -> Table:
        """Return the rows that stand further up already, word for word, as ``row``, ``is_again``.

        Rows with the same hash are few; only they are compared.
        """
        data = rows.filter(_.kind == "data")
        texts = {name: data[name] for name in self.log.texts}
        hashed = data.mutate(hashed=ibis.struct(texts).hash())
        several = hashed.group_by("layout", "hashed").agg(n=_.count()).filter(_.n > 1)
        alike = hashed.semi_join(several, ["layout", "hashed"])
        nth = ibis.row_number().over(group_by=["layout", *texts], order_by="row")
        again = alike.select("row", nth=nth).filter(_.nth > 0)
        return self._keep("again", again.select("row", is_again=True))

    @property
    def scale_columns(self) -> list[str]:
        """The scales that have a column of their own in some layout."""
        return list(dict.fromkeys(scale for each in self.layouts for scale in each.scores))

    def _number(self) -> Iterable[tuple[int, Layout]]:
        return enumerate(self.layouts)

    def _pick(self, rows: Table, headers: Mapping[int, str | None]) -> ibis.Value:
        """Return the text under the header that each layout has for it."""
        names = {n: self.log.find_text(each) for n, each in headers.items() if each is not None}
        if len(names) == len(self.layouts) and len(set(names.values())) == 1:
            return rows[names[0]]
        return ibis.cases(
            *((rows.layout == n, rows[name]) for n, name in names.items()), else_=None
        )

    def _list_distinct(self) -> dict[tuple[int, str], list[str]]:
        """Return the distinct texts by layout and text column, sorted, of all columns at once."""
        data = self.rows.filter(_.kind == "data")
        names = [name for name in data.columns if name[:2] in ("t_", "s_")]
        names.remove("t_patient")  # nearly every text is another; see _look_up_patients
        found = data.group_by("layout").agg(
            **{name: data[name].collect(distinct=True) for name in names}
        )
        return {
            (int(row["layout"]), name): sorted(row[name])
            for row in found.execute().to_dict("records")
            for name in names
            if row[name] is not None and not isinstance(row[name], float)
        }

    def count_rows(self) -> Account:
        """Return the account, with its sum checked."""
        rows = self.rows.select("row", "record", "kind").left_join(
            self.typed.select("row", "is_used", "is_attended"), "row"
        )
        is_used = rows.is_used.fill_null(False)
        is_refused = rows.kind.isin(["duplicate_row", "wrong_number_of_cells"])
        is_absent = (~rows.is_attended).fill_null(False)
        state = ibis.cases(
            (is_used, 2), (is_refused | ((rows.kind == "data") & ~is_absent), 1), else_=0
        )
        states = rows.select("record", state=state)
        if any(layout.is_wide for layout in self.layouts):
            states = states.group_by("record").agg(state=_.state.max())
        counted = states.group_by("state").agg(n=_.count()).execute()
        count = Counter(dict(zip(counted["state"], counted["n"].map(int), strict=True)))
        account = Account(count.total(), count[2], count[1], count[0])
        account.check()
        return account

    # --- columns ------------------------------------------------------------------------------

    def read_visits(self) -> Table:
        """Return the used rows with their typed cells, all roles joined at once.

        A row without a patient or a day is set aside; a booking that was not attended is no data.
        """
        data = self.rows.filter(_.kind == "data")
        joined = self._look_up_patients(data)
        columns: dict[str, ibis.Value] = {}
        for role, typed in TYPED.items():
            if role == "patient":
                continue
            if f"t_{role}" not in data.columns:
                columns |= {name: ibis.null(kind) for name, kind in typed.items()}
                continue
            found = {
                (n, text): self.parsers[n][role](text)
                for n, layout in self._number()
                if role in layout.columns
                for text in self.texts.get((n, f"t_{role}"), ())
            }
            if typed == {role: "string"} and _is_as_written(found):
                columns[role] = data[f"t_{role}"].nullif("")
                continue
            looked_up = self._make_look_up(role, found, typed)
            joined = joined.left_join(
                looked_up,
                [
                    data.layout == looked_up[f"l_{role}"],
                    data[f"t_{role}"] == looked_up[f"k_{role}"],
                ],
            )
            columns |= {name: looked_up[name] for name in typed}
            if any(each.rule for each in found.values()):
                columns[f"p_{role}"] = looked_up[f"p_{role}"]
        kept = [
            name
            for name in data.columns
            if name[:2] != "t_" or name[2:] in (*_SPREAD, *_SCORES, "scale")
        ]
        typed = joined.select(*kept, "patient", "p_patient", **columns)
        self.typed = self._keep("typed", self._complete(typed))
        self._list_problems_of_roles()
        used = self._keep_rows("sessions", "visits")
        self.people = self._keep_rows("patients", "people")
        self.measured = self._keep_rows("scores", "measured")
        for long in self.long:
            listed = long.semi_join(self.typed.filter(_.is_used), "row")
            self._add_problems(listed, listed.problem)
        return used

    def _keep_rows(self, what: Rows, name: str) -> Table:
        """Return the used rows that are sessions, patients or scores."""
        layouts = [n for n, layout in self._number() if layout.rows == what]
        rows = self.typed.filter(_.is_used).drop(selectors.startswith("p_"))
        if len(layouts) < len(self.layouts):
            rows = rows.filter(rows.layout.isin(layouts) if layouts else ibis.literal(False))
        return self.engine.name(name, rows)

    def _look_up_patients(self, data: Table) -> Table:
        """Add ``patient`` and ``p_patient``.

        Ids that differ only in case, spaces or zeros in front are one, in the commonest form. Most
        ids are plain and written in one way; they do not pass through Python.
        """
        ids = data.group_by("layout", text=_.t_patient).agg(n=_.count())
        ids = self._keep("ids", ids.mutate(key=ids.text.lower()))
        digits = ids.filter(ids.text.re_search(r"^[0-9]+$")).group_by("layout")
        widths = digits.agg(low=_.text.length().min(), high=_.text.length().max())
        uneven = [int(n) for n in widths.filter(_.low < _.high).layout.execute()]
        pattern = ids.layout.isin(uneven).ifelse(
            ids.text.re_search(_PLAIN_ID_WITH_LETTERS), ids.text.re_search(_PLAIN_ID)
        )
        forms = ids.group_by("key").agg(forms=_.text.nunique())
        told = self._keep("told", ids.mutate(is_plain=pattern).inner_join(forms, "key"))
        mixed = told.filter(~_.is_plain | (_.forms > 1)).execute()
        widest = {n: cells.find_width(mixed["text"][mixed["layout"] == n]) for n in uneven}
        mixed["key"] = [
            cells.fold_patient(text, widest.get(n, 0))
            for n, text in zip(mixed["layout"], mixed["text"], strict=True)
        ]
        looks = pd.DataFrame({"key": mixed["key"].map(cells.look_alike)}, dtype="str")
        keys = pd.concat([mixed[["key"]], looks]).drop_duplicates()
        keys = make_table(keys, {"key": "string"})
        alike = told.filter(_.is_plain & (_.forms == 1)).semi_join(keys, "key").execute()
        looked_up = self._parse_patients(pd.concat([mixed, alike]), widest)
        joined = data.left_join(
            looked_up,
            [data.layout == looked_up.l_patient, data.t_patient == looked_up.k_patient],
        )
        plain = ibis.literal(f"{self.source.name}/") + joined.t_patient
        is_plain = joined.k_patient.isnull()
        return joined.select(
            *data.columns, patient=is_plain.ifelse(plain, joined.patient), p_patient=_.p_patient
        )

    def _parse_patients(self, forms: pd.DataFrame, widths: Mapping[int, int]) -> Table:
        """Return the look-up of these ids: columns layout, text, n and key."""
        # the commonest form counts; a form without its zeros never does
        forms = forms.assign(short=forms["text"].map(cells.fold) != forms["key"])
        in_order = forms.groupby(["key", "short", "text"])["n"].sum().reset_index()
        in_order = in_order.sort_values(["short", "n", "text"], ascending=[True, False, True])
        chosen: dict[str, str] = {}
        written = in_order[["key", "text", "short"]].itertuples(index=False, name=None)
        for key, text, is_short in written:
            chosen.setdefault(key, key if is_short else " ".join(text.split()))
        found = {
            (int(n), text): cells.parse_patient(text, chosen, self.source.name, widths.get(n, 0))
            for n, text in zip(forms["layout"], forms["text"], strict=True)
        }
        looked_like = cells.find_look_alikes(chosen)
        for n, text in [*found]:
            if cells.fold_patient(text, widths.get(n, 0)) in looked_like:
                found[n, text] = cells.note_look_alike(found[n, text])
        return self._make_look_up("patient", found, TYPED["patient"])

    def _make_look_up(
        self, role: str, found: Mapping[tuple[int, str], Found], columns: Mapping[str, str]
    ) -> Table:
        """Return layout (``l_``) and text (``k_``) → the typed columns and the problem (``p_``)."""
        names = [*columns]
        read = []
        for (n, text), each in found.items():
            values = each.value if isinstance(each.value, tuple) else (each.value,)
            row: Row = {f"l_{role}": n, f"k_{role}": text}
            row |= dict(zip(names, values, strict=False))
            header = self.layouts[n].columns[role]
            row[f"p_{role}"] = self._number_problem(header, each) if each.rule else None
            read.append(row)
        types = {f"l_{role}": "int64", f"k_{role}": "string"} | dict(columns)
        types[f"p_{role}"] = "int64"
        return make_table(pd.DataFrame(read, columns=[*types]), types)

    def _complete(self, typed: Table) -> Table:
        """Fill in what the answers of each layout say, and what follows from several cells."""

        def answer(key: str) -> ibis.Value:
            values = {getattr(each.answers, key) or None for each in self.layouts}
            if len(values) == 1:
                return ibis.literal(*values, type="string")
            return ibis.cases(
                *(
                    (typed.layout == n, ibis.literal(getattr(each.answers, key) or None, "string"))
                    for n, each in self._number()
                ),
                else_=None,
            )

        rows_are = ibis.cases(
            *((typed.layout == n, layout.rows) for n, layout in self._number()), else_=""
        )

        def problem_of(role: str) -> ibis.Value:
            return typed[f"p_{role}"] if f"p_{role}" in typed.columns else ibis.null("int64")

        is_unborn = (typed.birth_date > typed.date).fill_null(False)
        years = find_years(typed.birth_date, typed.date)
        recorded = typed.recorded.fill_null("not recorded")
        is_open = answer("side_effects_belong_to") == "undeclared"
        is_attended = typed.is_attended.fill_null(True)
        modality = typed.modality.fill_null(answer("default_modality"))
        setting = ibis.coalesce(typed.setting, typed.modality_setting, answer("default_setting"))
        return typed.mutate(
            clinic=typed.clinic.fill_null(answer("clinic")),
            modality=modality,
            setting=setting,
            rater=typed.rater.fill_null(answer("default_rater")),
            # a scale that is named and not understood is not the assumed one
            scale=problem_of("scale")
            .isnull()
            .ifelse(typed.scale.fill_null(answer("scale")), typed.scale),
            age=typed.age.fill_null(is_unborn.ifelse(None, years).cast("int64")),
            session=reduce(
                lambda so_far, part: so_far + ibis.literal(" | ") + part,
                (typed.patient, typed.date.cast("string"), modality, setting),
            ),
            recorded=recorded,
            tells_of_previous=answer("side_effects_belong_to") == "previous session",
            is_attended=problem_of("status").isnull().ifelse(is_attended, None),
            p_status=problem_of("status"),
            is_used=typed.patient.notnull()
            & (typed.date.notnull() | (rows_are == "patients"))
            & problem_of("status").isnull()
            & is_attended,
            **{
                f"p_{role}": is_unborn.ifelse(
                    self._name_problem(
                        typed,
                        role,
                        Found(rule="session_before_birth", consequence="cell blanked"),
                    ),
                    problem_of(role),
                )
                for role in ("birth_date",)
                if f"t_{role}" in self.rows.columns
            },
            **{
                f"p_detail_{role}": ibis.cases(
                    (
                        is_open & typed[role].notnull(),
                        self._name_problem(typed, role, cells.UNDECLARED_SESSION),
                    ),
                    (
                        is_there.fill_null(False) & (recorded != "event"),
                        self._name_problem(
                            typed,
                            role,
                            Found(rule="detail_without_side_effect", consequence="noted"),
                        ),
                    ),
                    else_=None,
                )
                for role, is_there in (
                    ("severity", typed.severity.notnull()),
                    ("serious", typed.serious),
                    ("stopped", typed.stopped),
                    ("resolved", typed.resolved),
                    ("action", typed.action.notnull() & ~typed.action.isin(self._list_denials())),
                )
                if f"t_{role}" in self.rows.columns
            },
        )

    def _list_denials(self) -> list[str]:
        """Return the texts that say that nothing was done about side effects."""
        columns = (self.texts.get((n, "t_action"), ()) for n, _layout in self._number())
        read = {str(cells.parse_text(text).value or "") for each in columns for text in each}
        return [text for text in sorted(read) if self._parse_effects(text).recorded == "none"]

    def _list_problems_of_roles(self) -> None:
        """List the problems of single cells. A row that is set aside is listed for that alone, its
        other cells were not used; a booking that was not attended has none."""
        numbers = selectors.startswith("p_")
        typed = self.typed.filter(_.is_attended | _.p_status.notnull())
        place = typed.select("row", "is_used", numbers)
        any_problem = [place[name].notnull() for name in place.columns if name[:2] == "p_"]
        place = place.filter(reduce(or_, any_problem))
        long = place.pivot_longer(numbers, names_to="role", values_to="problem")
        long = long.filter(_.problem.notnull())
        whole = [n for key, n in self.numbers.items() if key[2] == "row set aside"]
        counts = long.is_used | long.problem.isin(whole) if whole else long.is_used
        self._add_problems(long.filter(counts), long.problem)

    # --- rows of their own --------------------------------------------------------------------

    def read_concerns(self, visits: Table) -> Table:
        """Return row × concern: row, position, concern, subtype, is_first. Only analysed concerns
        count."""
        known = cells.spell_concerns(self.vocabulary)
        hint = "name what was treated; until then the session counts for no concern"
        missing = Found(None, "missing_concern", "noted", hint)

        def spread(layout: Layout, text: str) -> Iterable[tuple[Row, Found]]:
            if cells.is_blank(text) and layout.rows == "sessions":
                yield {}, missing
            is_first = True
            for place, each in enumerate(cells.parse_concerns(text, self.vocabulary, known)):
                target = each.value if isinstance(each.value, cells.Target) else None
                is_analysed = target is not None and each.rule != "concern_out_of_scope"
                yield (
                    {
                        "position": place,
                        "concern": target.concern if target and is_analysed else None,
                        "subtype": (target.subtype or None) if target else None,
                        "is_first": is_first and is_analysed,
                    },
                    each,
                )
                is_first = is_first and not is_analysed

        kinds = {"position": "int64", "concern": "string", "subtype": "string"}
        kinds["is_first"] = "boolean"
        read = self._spread("concern", visits, spread, kinds)
        assumed = [
            visits.filter(visits.layout == n).select(
                "row",
                position=ibis.literal(0, "int64"),
                concern=ibis.literal(layout.answers.concern, "string"),
                subtype=ibis.null("string"),
                is_first=ibis.literal(True),
            )
            for n, layout in self._number()
            if "concern" not in layout.columns and layout.answers.concern
        ]
        named = read.filter(_.concern.notnull()).select("row", *kinds)
        return self._keep("concerns", ibis.union(named, *assumed) if assumed else named)

    def _read_effects(self, layout: Layout, text: str) -> cells.SideEffectsCell:
        return cells.answer_side_effects(self._parse_effects(text), text, layout.answers)

    def read_side_effects(self, visits: Table) -> tuple[Table, Table]:
        """Return events (row, term, severity, hours, is_resolved, serious, action, led_to_stopping)
        and denials (row, term). What the text says of an event goes before what its row says."""

        def spread(layout: Layout, text: str) -> Iterable[tuple[Row, Found]]:
            cell = self._read_effects(layout, text)
            for event in cell.events:
                yield (
                    {
                        "term": event.term,
                        "text_severity": event.severity,
                        "hours": event.hours,
                        "is_resolved": event.resolved,
                        "is_event": True,
                    },
                    _NO_PROBLEM,
                )
            for term in cell.denied:
                yield {"term": term, "is_event": False}, _NO_PROBLEM
            for found in cell.problems:
                yield {}, found

        kinds = {
            "term": "string",
            "text_severity": "int64",
            "hours": "float64",
            "is_resolved": "boolean",
            "is_event": "boolean",
        }
        read = self._spread("side_effects", visits, spread, kinds)
        of_row = visits.select("row", "severity", "serious", "action", "stopped", "resolved")
        events = read.filter(_.is_event).inner_join(of_row, "row")
        events = events.select(
            "row",
            "term",
            severity=ibis.coalesce(events.text_severity, events.severity),
            hours=events.hours,
            is_resolved=ibis.coalesce(events.is_resolved, events.resolved),
            serious=events.serious,
            action=events.action,
            led_to_stopping=events.stopped,
        )
        return events, read.filter(~_.is_event).select("row", "term")

    def read_contraindications(self, visits: Table) -> Table:
        """Return row × contraindication: row, contraindication, is_present."""
        spellings = cells.ContraindicationSpellings.of(self.vocabulary)

        def spread(layout: Layout, text: str) -> Iterable[tuple[Row, Found]]:
            cell = cells.parse_contraindications(text, spellings)
            for key, is_present in cell.known.items():
                yield {"contraindication": key, "is_present": is_present}, _NO_PROBLEM
            for found in cell.problems:
                yield {}, found

        kinds = {"contraindication": "string", "is_present": "boolean"}
        read = self._spread("contraindications", visits, spread, kinds)
        return read.filter(_.contraindication.notnull()).select("row", *kinds)

    def _spread(
        self,
        role: str,
        visits: Table,
        spread: Callable[[Layout, str], Iterable[tuple[Row, Found]]],
        kinds: Mapping[str, str],
    ) -> Table:
        """Return row, the columns of ``kinds``, problem: any number of rows per visit."""
        types = {"of_layout": "int64", "text": "string"} | dict(kinds) | {"problem": "int64"}
        read = [
            {"of_layout": n, "text": text}
            | row
            | {"problem": self._number_problem(layout.columns[role], each) if each.rule else None}
            for n, layout in self._number()
            if role in layout.columns
            for text in self.texts.get((n, f"t_{role}"), ())
            for row, each in spread(layout, text)
        ]
        table = make_table(pd.DataFrame(read, columns=[*types]), types)
        if f"t_{role}" not in visits.columns:
            nothing = table.mutate(row=ibis.null("int64")).filter(ibis.literal(False))
            return nothing.select("row", *kinds, "problem")
        joined = visits.inner_join(
            table, [visits.layout == table.of_layout, visits[f"t_{role}"] == table.text]
        )
        found = self._keep(f"spread_{role}", joined.select("row", *kinds, "problem"))
        self._add_problems(found.filter(_.problem.notnull()), found.problem)
        return found

    # --- scores -------------------------------------------------------------------------------

    def read_scores(self, visits: Table, concerns: Table) -> Table:
        """Return one row per score: row, host, concern, scale, score, date.

        ``host`` is the row of the session the score stands with: its own, or for a row that is a
        score alone, that of the patient's last session until then, else the first one after.

        The score belongs to the first concern of its row that its scale fits. A score before counts
        on the day of the session, one after on its own day, one in a column that is named by its
        scale on the later day where there is one.
        """
        written = self._gather_scores(self.union_measured(visits))
        if written is None:
            types = {"row": "int64", "host": "int64", "concern": "string", "scale": "string"}
            types |= {"score": "float64", "date": "date"}
            return make_table(pd.DataFrame(columns=[*types]), types)
        keys = {"layout": "int64", "slot": "string", "scale": "string", "named": "string"}
        keys |= {"text": "string"}
        distinct = written.select(*keys).distinct().execute()
        read = []
        for n, slot, *key in distinct.sort_values([*keys]).itertuples(index=False, name=None):
            scale, named, text = (each if isinstance(each, str) else None for each in key)
            found = self._parse_score(n, slot, scale, named or "", text or "")
            number = self._number_problem(self._head_slot(n, slot), found) if found.rule else None
            read.append((n, slot, scale, named, text, found.value, number))
        types = {f"of_{name}": kind for name, kind in keys.items()}
        types |= {"score": "float64", "problem": "int64"}
        table = make_table(pd.DataFrame(read, columns=[*types]), types)
        # a scale may be missing, and so may the cell that names it
        same = [written[name].identical_to(table[f"of_{name}"]) for name in keys]
        scored = written.inner_join(table, same)
        columns = ("row", "layout", "slot", "scale", "date", "session_date", "score", "problem")
        scored = self._keep("scored", scored.select(*columns))
        self._add_problems(scored.filter(_.problem.notnull()), scored.problem)
        scored = scored.filter(_.score.notnull())
        fits = self._list_fitting()
        return self._place_scores(self._add_host(scored, visits, concerns, fits), concerns, fits)

    def union_measured(self, visits: Table) -> Table:
        """Return the visits, and the rows that are scores alone."""
        return visits.union(self.measured) if self.measures else visits

    @property
    def measures(self) -> list[int]:
        """The layouts whose rows are scores alone."""
        return [n for n, layout in self._number() if layout.rows == "scores"]

    def _list_fitting(self) -> Table:
        """Return concern × scale, where the scale scores the concern."""
        fitting = [
            {"concern": concern, "scale": key}
            for key, scale in self.scales.items()
            for concern in self.vocabulary.analysed_concerns
            if scale.fits(concern)
        ]
        types = {"concern": "string", "scale": "string"}
        return make_table(pd.DataFrame(fitting, columns=[*types]), types)

    def _add_host(self, scored: Table, visits: Table, concerns: Table, fits: Table) -> Table:
        """Add ``host``, and ``of``: the row whose concerns the score may be about.

        A score alone stands with the nearest session whose concerns its scale fits, one until its
        day before one after it.
        """
        if not self.measures:
            return scored.mutate(host=scored.row, of=scored.row)
        alone = scored.filter(scored.layout.isin(self.measures)).select("row", "slot", "scale")
        alone = alone.inner_join(self.measured.select("row", "patient", day=_.date), "row")
        sessions = visits.select("patient", host=visits.row, session_day=visits.date)
        scales = concerns.inner_join(fits, "concern").select(host=_.row, scale=_.scale)
        pairs = alone.inner_join(sessions, "patient").left_join(
            scales.distinct().mutate(fits=True), ["host", "scale"]
        )
        days = pairs.day.delta(pairs.session_day, unit="day")
        nearest = ibis.row_number().over(
            group_by=[pairs.row, pairs.slot],
            order_by=[pairs.fits.isnull(), days < 0, days.abs(), pairs.host],
        )
        hosts = pairs.select("row", "slot", "host", nth=nearest).filter(_.nth == 0)
        placed = scored.left_join(self._keep("hosts", hosts.drop("nth")), ["row", "slot"])
        names_concern = [
            n
            for n, layout in self._number()
            if "concern" in layout.columns or layout.answers.concern
        ]
        is_alone = placed.layout.isin(self.measures)
        has_own = placed.layout.isin(names_concern) if names_concern else ibis.literal(False)
        return placed.select(
            *scored.columns,
            host=is_alone.ifelse(placed.host, placed.row),
            of=(is_alone & ~has_own).ifelse(placed.host, placed.row),
        )

    def _gather_scores(self, visits: Table) -> Table | None:
        """Return all score cells that are not blank, one below the other."""
        after, nothing = visits.score_after_date, ibis.null("string")
        named = visits.t_scale if "t_scale" in visits.columns else nothing
        slots = [
            (f"t_{role}", visits.scale, named, day)
            for role, day in (("score_before", visits.date), ("score_after", after))
        ]
        slots += [
            (f"s_{scale}", ibis.literal(scale), nothing, ibis.coalesce(after, visits.date))
            for scale in self.scale_columns
        ]
        parts = [
            visits.select(
                "row",
                "layout",
                slot=ibis.literal(slot),
                scale=scale,
                named=named,
                text=visits[slot],
                date=day,
                session_date=visits.date,
            ).filter(_.text.strip() != "")
            for slot, scale, named, day in slots
            if slot in visits.columns
        ]
        return self._keep("written", ibis.union(*parts)) if parts else None

    def _parse_score(self, n: int, slot: str, scale: str | None, named: str, text: str) -> Found:
        """Read a score; what is wrong with the name of its scale is what is wrong with it."""
        problem = self.parsers[n]["scale"](named or scale or "")
        found = cells.parse_score(
            text, self.scales.get(scale or ""), self.layouts[n].format.decimal, _SIDES.get(slot, "")
        )
        if found.rule != "scale_missing" or not problem.rule:
            return found
        return replace(found, rule=problem.rule, suggestion=problem.suggestion)

    def _head_slot(self, layout: int, slot: str) -> str:
        declared = self.layouts[layout]
        return declared.columns[slot[2:]] if slot[:2] == "t_" else declared.scores[slot[2:]]

    def _place_scores(self, scored: Table, concerns: Table, fits: Table) -> Table:
        named = concerns.select("concern", "position", of=concerns.row)
        chosen = (
            scored.select("row", "slot", "scale", "of")
            .inner_join(named, "of")
            .semi_join(fits, ["concern", "scale"])
            .group_by("row", "slot")
            .agg(concern=_.concern.argmin(_.position), fitting=_.count())
        )
        found = scored.left_join(chosen, ["row", "slot"])
        rule = ibis.cases(
            (found.host.isnull(), "score_without_session"),
            (found.concern.isnull(), "scale_does_not_fit"),
            (found.date.isnull(), "score_without_date"),
            (
                (found.date < found.session_date)
                | ((found.slot == "t_score_after") & (found.date == found.session_date)),
                "follow_up_before_session",
            ),
            (found.fitting > 1, "several_concerns_fit"),
            else_=None,
        )
        found = found.mutate(rule=rule)
        names = ("row", "host", "layout", "slot", "concern", "scale", "score", "date", "rule")
        found = self._keep("placed", found.select(*names))
        raised = found.filter(_.rule.notnull())
        rules = raised.select("layout", "slot", "rule").distinct().execute()
        listed = [
            (n, slot, rule, self._number_problem(self._head_slot(n, slot), Found(None, rule, how)))
            for n, slot, rule in rules.sort_values([*rules]).itertuples(index=False)
            for how in (("noted" if rule == "several_concerns_fit" else "cell blanked"),)
        ]
        if listed:
            types = {"layout": "int64", "slot": "string", "rule": "string", "problem": "int64"}
            numbers = make_table(pd.DataFrame(listed, columns=[*types]), types)
            joined = raised.inner_join(numbers, ["layout", "slot", "rule"])
            self._add_problems(joined, joined.problem)
        kept = found.filter(_.rule.isnull() | (_.rule == "several_concerns_fit"))
        return kept.select("row", "host", "concern", "scale", "score", "date")

    # --- problems -----------------------------------------------------------------------------

    def _number_problem(self, column: str | None, found: Found) -> int:
        """Return the number of a kind of problem in a column."""
        key = (column, found.rule, found.consequence, found.suggestion or None)
        return self.numbers.setdefault(key, len(self.numbers))

    def _name_problem(self, rows: Table, role: str, found: Found) -> ibis.Value:
        """Return the number of this problem in the column that each layout has for a role."""
        numbers = [
            (rows.layout == n, self._number_problem(layout.columns[role], found))
            for n, layout in self._number()
            if role in layout.columns
        ]
        return (ibis.cases(*numbers, else_=None) if numbers else ibis.null()).cast("int64")

    def _add_problems(self, rows: Table, number: ibis.Value) -> None:
        self.problems.append(rows.select("row", problem=number.cast("int64")))

    def bind_problems(self) -> Table:
        """Return all problems so far, one row per cell or row and rule."""
        listed = [(n, *key) for key, n in self.numbers.items()]
        types = {"problem": "int64"} | _PROBLEM
        kinds = make_table(pd.DataFrame(listed, columns=[*types]), types)
        numbered = self._keep("numbered", ibis.union(*self.problems))
        place = self.rows.select("row", "record", "slot", "file", "sheet", "line")
        place = place.semi_join(numbered, "row")
        found = numbered.inner_join(place, "row").inner_join(kinds, "problem")
        if any(layout.is_wide for layout in self.layouts):
            found = self._gather_sessions(found)
        found = found.select(*PROBLEM)
        if len(self.log.problems):
            types = dict.fromkeys(PROBLEM, "string") | {"line": "int64"}
            found = found.union(make_table(self.log.problems, types).select(*PROBLEM))
        return self._keep("problems", found)

    def _gather_sessions(self, found: Table) -> Table:
        """Name the numbered columns of wide rows, and list once what was found once.

        A session that cannot be used is a cell that was blanked where its row has another one.
        """
        used = self.typed.filter(_.is_used).select("record").distinct()
        found = found.left_join(used, "record")
        is_kept = found.record_right.notnull() & (found.consequence == "row set aside")
        return found.select(
            "file",
            "sheet",
            "line",
            "rule",
            "suggestion",
            column=write_number(found.column, found.slot),
            consequence=is_kept.ifelse("cell blanked", found.consequence),
        ).distinct()

    # --- the engine ---------------------------------------------------------------------------

    def _keep(self, name: str, table: Table) -> Table:
        return self.engine.keep(f"kept_{name}", table)
