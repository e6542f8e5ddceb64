"""From text to typed tables, cell by cell, and every cell or row that was not used as written.

A column is read once per *distinct* text and joined back, so a slow rule costs nothing. Nothing is
dropped: rows read = used + set aside + not data, which is asserted on every load.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import and_
from typing import Any, Final, TypeAlias

import ibis
import pandas as pd
from ibis import _

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.sources import Log, Source
from analysis.vocabulary import Scale, Vocabulary

Row = dict[str, Any]
Table: TypeAlias = ibis.Table

_PROBLEM: Final = {"rule": "string", "consequence": "string", "suggestion": "string"}
_TOTALS: Final = ("total", "totals", "sum", "summe", "gesamt", "subtotal", "grand total")
_NO_PROBLEM: Final = Found()


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


@dataclass(frozen=True)
class Cleaned:
    """A log as typed rows.

    ``visits`` has one row per used row of the log, with its place and typed cells; ``concerns``,
    ``events``, ``denials`` and ``scores`` are keyed by its ``row``.
    """

    visits: Table
    concerns: Table
    events: Table
    denials: Table
    scores: Table
    problems: Table
    account: Account


def clean_log(
    connection: ibis.BaseBackend, log: Log, source: Source, vocabulary: Vocabulary, as_of: date
) -> Cleaned:
    """Return the typed rows of a log and its problems.

    ``as_of`` is the last day that can be in the log. Raises nothing for bad cells: they are
    problems.
    """
    scales = source.find_scales(vocabulary)
    spellings = cells.spell_scales(vocabulary)
    undeclared = frozenset(vocabulary.scales) - frozenset(scales)

    def read_scale(text: str) -> Found:
        found = cells.parse_scale(text, spellings, undeclared)
        return found if found.value or found.rule else Found(source.answers.scale or None)

    reader = _Reader(connection, log, source)
    decimal, order = source.format.decimal, source.format.date_order
    parsers: dict[str, tuple[Callable[[str], Found], dict[str, str]]] = {
        "date": (lambda text: cells.parse_date(text, order, as_of), {"date": "date"}),
        "age": (lambda text: cells.parse_age(text, decimal), {"age": "int64"}),
        "sex": (cells.parse_sex, {"sex": "string"}),
        "skin_type": (
            cells.parse_skin_type,
            {"skin_type": "int64", "skin_type_is_range": "boolean"},
        ),
        "needle": (
            lambda text: cells.parse_needle(text, decimal),
            {"needle_shortest": "float64", "needle_longest": "float64"},
        ),
        "passes": (lambda text: cells.parse_passes(text, decimal), {"passes": "int64"}),
        "score_after_date": (
            lambda text: _as_later_day(cells.parse_date(text, order, as_of)),
            {"score_after_date": "date"},
        ),
        "scale": (read_scale, {"scale": "string"}),
    }
    for role in ("area", "clinic", "operator", "device", "cartridge_lot", "anaesthetic"):
        parsers[role] = (cells.parse_text, {role: "string"})
    reader.read_patients()
    for role, (parse, columns) in parsers.items():
        reader.read_role(role, parse, columns)
    visits = reader.keep_used()
    concerns = reader.read_concerns(visits, vocabulary)
    scores = reader.read_scores(visits, concerns, scales, read_scale)
    events, denials, visits = reader.read_side_effects(visits, vocabulary)
    return Cleaned(
        visits, concerns, events, denials, scores, reader.bind_problems(), reader.count_rows()
    )


def _as_later_day(found: Found) -> Found:
    """A later score's day may be blank, and a bad one blanks the cell, not the row."""
    if found.rule == "missing_date":
        return _NO_PROBLEM
    return replace(found, consequence="cell blanked") if found.rule else found


class _Reader:
    """Holds the typed columns of one load while they are read one after the other."""

    def __init__(self, connection: ibis.BaseBackend, log: Log, source: Source) -> None:
        self.connection = connection
        self.log = log
        self.source = source
        self.rows = self._classify(self._store("log", log.rows, self._log_types()))
        self.typed = self.rows.filter(_.kind == "data")
        self.problems: list[Table] = [
            self._list_problems(self.rows, None, _.kind, "row set aside").filter(
                _.rule.isin(["duplicate_row", "wrong_number_of_cells"])
            )
        ]

    # --- rows ---------------------------------------------------------------------------------

    def _log_types(self) -> dict[str, str]:
        place = {"row": "int64", "file": "string", "sheet": "string", "line": "int64"}
        return place | {"cells": "int64"} | dict.fromkeys(self.log.texts, "string")

    def _classify(self, rows: Table) -> Table:
        """Add ``kind``: data, or why the row is not data or set aside."""
        texts = [rows[name].strip() for name in self.log.texts]
        headers = zip(texts, self.log.headers, strict=True)
        is_blank = reduce(and_, (text == "" for text in texts))
        is_header = reduce(and_, (text == header for text, header in headers))
        others = [rows[self._text(role)].strip() for role in ("date",)]
        is_total = texts[0].lower().isin(_TOTALS) | rows[
            self._text("patient")
        ].lower().strip().isin(_TOTALS)
        is_total &= reduce(and_, (text == "" for text in others))
        first = ibis.cases(
            (is_blank, "blank"),
            (is_header, "header"),
            (is_total, "total"),
            (rows.cells != len(texts), "wrong_number_of_cells"),
            else_="data",
        )
        rows = rows.mutate(kind=first)
        nth = ibis.row_number().over(
            ibis.window(group_by=["kind", *self.log.texts], order_by="row")
        )
        is_again = (rows.kind == "data") & (nth > 0)
        return self._keep("rows", rows.mutate(kind=is_again.ifelse("duplicate_row", rows.kind)))

    def keep_used(self) -> Table:
        """Return the rows with a patient and a day; the others are set aside with their problem."""
        is_used = self.typed.patient.notnull() & self.typed.date.notnull()
        self.used = self._keep("used", self.typed.filter(is_used))
        self._blank_problems_of_rows_set_aside()
        return self.used

    def _blank_problems_of_rows_set_aside(self) -> None:
        """A row that is set aside is listed for that alone: its other cells were not used."""
        used = self.used.select("file", "line")
        for place, table in enumerate(self.problems):
            whole = table.filter(_.consequence == "row set aside")
            single = table.filter(_.consequence != "row set aside").semi_join(
                used, ["file", "line"]
            )
            self.problems[place] = whole.union(single)

    def count_rows(self) -> Account:
        """Return the account, with its sum checked."""
        kinds = self.rows.group_by("kind").agg(n=_.count()).execute()
        count = Counter(dict(zip(kinds["kind"], kinds["n"].map(int), strict=True)))
        used = int(self.used.count().execute())
        not_data = count["blank"] + count["header"] + count["total"]
        again = count["duplicate_row"] + count["wrong_number_of_cells"]
        account = Account(len(self.log.rows), used, again + count["data"] - used, not_data)
        account.check()
        return account

    # --- columns ------------------------------------------------------------------------------

    def read_patients(self) -> None:
        """Add ``patient``; ids that differ only in case or spaces are one, in the commonest
        form."""
        column = self._text("patient")
        forms = self.typed.group_by(text=self.typed[column]).agg(n=_.count()).execute()
        forms = forms.sort_values(["n", "text"], ascending=[False, True])
        chosen: dict[str, str] = {}
        for text in forms["text"]:
            chosen.setdefault(cells.fold(text), " ".join(text.split()))

        def parse(text: str) -> Found:
            if cells.is_blank(text):
                return Found(rule="missing_patient", consequence="row set aside")
            patient = chosen[cells.fold(text)]
            if patient == text:
                return Found(f"{self.source.name}/{patient}")
            hint = "write the id the same way everywhere"
            return Found(f"{self.source.name}/{patient}", "patient_id_tidied", "repaired", hint)

        self.read_role("patient", parse, {"patient": "string"})

    def read_role(
        self, role: str, parse: Callable[[str], Found], columns: Mapping[str, str]
    ) -> None:
        """Add the typed columns of one role, missing throughout where the log has no such
        column."""
        if role not in self.source.columns:
            empty = {name: ibis.null().cast(kind) for name, kind in columns.items()}
            self.typed = self.typed.mutate(**empty)
            return
        names = [*columns]

        def spread(text: str) -> list[Row]:
            found = parse(text)
            values = found.value if isinstance(found.value, tuple) else (found.value,)
            return [dict(zip(names, values, strict=False)) | _as_row(found)]

        table = self._look_up(f"read_{role}", self.typed, self._text(role), spread, columns)
        joined = self.typed.left_join(table, self.typed[self._text(role)] == table.text)
        self._add_problems(role, joined)
        self.typed = self._keep(f"typed_{role}", joined.drop("text", *_PROBLEM))

    def read_concerns(self, visits: Table, vocabulary: Vocabulary) -> Table:
        """Return row × concern: row, position, concern, subtype. Only analysed concerns count."""
        columns = {"position": "int64", "concern": "string", "subtype": "string"}
        if "concern" not in self.source.columns:
            assumed = self.source.answers.concern
            known = visits.select("row", position=0, concern=ibis.literal(assumed or None))
            known = known.mutate(concern=_.concern.cast("string"), subtype=ibis.null("string"))
            return self._keep("concerns", known.filter(_.concern.notnull()))

        def spread(text: str) -> list[Row]:
            found = cells.parse_concerns(text, vocabulary)
            return [
                {
                    "position": place,
                    "concern": each.value.concern
                    if isinstance(each.value, cells.Target) and each.rule != "concern_out_of_scope"
                    else None,
                    "subtype": (each.value.subtype or None)
                    if isinstance(each.value, cells.Target)
                    else None,
                }
                | _as_row(each)
                for place, each in enumerate(found)
            ]

        text = self._text("concern")
        table = self._look_up("read_concern", visits, text, spread, columns)
        joined = visits.inner_join(table, visits[text] == table.text)
        self._add_problems("concern", joined)
        known = joined.filter(_.concern.notnull()).select("row", *columns)
        return self._keep("concerns", known)

    def read_scores(
        self,
        visits: Table,
        concerns: Table,
        scales: Mapping[str, Scale],
        read_scale: Callable[[str], Found],
    ) -> Table:
        """Return row × moment: row, moment (before | after), concern, scale, score, date.

        The score belongs to the first concern of its row that its scale fits.
        """
        if "scale" not in self.source.columns:
            visits = visits.mutate(scale=ibis.literal(self.source.answers.scale or None, "string"))
        parts = [
            self._read_scores_of(visits, concerns, scales, read_scale, moment, day)
            for moment, day in (("before", "date"), ("after", "score_after_date"))
            if f"score_{moment}" in self.source.columns
        ]
        kinds = {"row": "int64", "moment": "string", "concern": "string", "scale": "string"}
        kinds |= {"score": "float64", "date": "date"}
        empty = self._store("no_scores", pd.DataFrame(columns=[*kinds]), kinds)
        return self._keep("scores", ibis.union(empty, *parts) if parts else empty)

    def _read_scores_of(
        self,
        visits: Table,
        concerns: Table,
        scales: Mapping[str, Scale],
        read_scale: Callable[[str], Found],
        moment: str,
        day: str,
    ) -> Table:
        role = f"score_{moment}"
        text = self._text(role)
        named = visits[self._text("scale")] if "scale" in self.source.columns else ibis.literal("")
        visits = visits.mutate(named=named)

        def read_score(scale: str | None, named: str, written: str) -> Found:
            of_scale = scales.get(scale) if isinstance(scale, str) else None
            found = cells.parse_score(written, of_scale, self.source.format.decimal)
            if found.rule != "scale_missing" or not (problem := read_scale(named)).rule:
                return found
            # the scale is named: what is wrong with it is what is wrong with its score
            return replace(found, rule=problem.rule, suggestion=problem.suggestion)

        keys = ["scale", "named", "text"]
        distinct = visits.select("scale", "named", text=visits[text]).distinct().execute()
        read = [
            {"of_scale": key[0], "of_named": key[1], "text": key[2], "score": found.value}
            | _as_row(found)
            for key in distinct.sort_values(keys).itertuples(index=False, name=None)
            for found in [read_score(*key)]
        ]
        kinds = {"of_scale": "string", "of_named": "string", "text": "string", "score": "float64"}
        table = self._store(
            f"read_{role}", pd.DataFrame(read, columns=[*kinds, *_PROBLEM]), kinds | _PROBLEM
        )
        joined = visits.left_join(
            table,
            (visits[text] == table.text)
            & (visits.named == table.of_named)
            & visits.scale.identical_to(table.of_scale),
        ).drop("text", "named", "of_scale", "of_named")
        self._add_problems(role, joined)
        fitting = [
            {"concern": concern, "scale": key}
            for key, scale in scales.items()
            for concern in self._concerns_of(scale, concerns)
        ]
        fits = self._store(
            f"fits_{moment}",
            pd.DataFrame(fitting, columns=["concern", "scale"]),
            {"concern": "string", "scale": "string"},
        )
        scored = self._keep(f"scored_{moment}", joined.drop(*_PROBLEM).filter(_.score.notnull()))
        candidates = concerns.inner_join(scored.select("row", "scale"), "row").semi_join(
            fits, ["concern", "scale"]
        )
        chosen = candidates.group_by("row").agg(
            concern=_.concern.argmin(_.position), fitting=_.count()
        )
        found = scored.left_join(chosen, "row").drop("row_right")
        later = found[day] < found.date if moment == "after" else ibis.literal(False)
        rule = ibis.cases(
            (found.concern.isnull(), "scale_does_not_fit"),
            (found[day].isnull(), "score_without_date"),
            (later.fill_null(False), "follow_up_before_session"),
            else_=ibis.null("string"),
        )
        found = self._keep(f"placed_{moment}", found.mutate(rule=rule))
        self.problems.append(
            self._list_problems(found.filter(_.rule.notnull()), role, _.rule, "cell blanked")
        )
        kept = found.filter(_.rule.isnull())
        self.problems.append(
            self._list_problems(
                kept.filter(_.fitting > 1), role, ibis.literal("several_concerns_fit"), "noted"
            )
        )
        return kept.select(
            "row",
            moment=ibis.literal(moment),
            concern=_.concern,
            scale=_.scale,
            score=_.score,
            date=_[day],
        )

    def _concerns_of(self, scale: Scale, concerns: Table) -> Iterable[str]:
        if not hasattr(self, "_present"):
            self._present = sorted(concerns.concern.topk(1000).execute()["concern"])
        return [concern for concern in self._present if scale.fits(concern)]

    def read_side_effects(
        self, visits: Table, vocabulary: Vocabulary
    ) -> tuple[Table, Table, Table]:
        """Return events (row, term, severity, hours, is_resolved), denials (row, term), and the
        visits with ``recorded``."""
        kinds = {
            "term": "string",
            "severity": "int64",
            "hours": "float64",
            "is_resolved": "boolean",
        }
        if "side_effects" not in self.source.columns:
            nothing = {"row": "int64"} | kinds
            events = self._store("no_events", pd.DataFrame(columns=[*nothing]), nothing)
            return (
                events,
                events.select("row", "term"),
                visits.mutate(recorded=ibis.literal("not recorded")),
            )
        text = self._text("side_effects")
        spellings = cells.SideEffectSpellings.of(vocabulary)
        written = self._list_distinct(visits, text)
        read = {each: cells.parse_side_effects(each, spellings) for each in written}
        events = self._spread(
            "events",
            visits,
            text,
            kinds,
            {
                each: [
                    {
                        "term": event.term,
                        "severity": event.severity,
                        "hours": event.hours,
                        "is_resolved": event.resolved,
                    }
                    for event in cell.events
                ]
                for each, cell in read.items()
            },
        )
        denials = self._spread(
            "denials",
            visits,
            text,
            {"term": "string"},
            {each: [{"term": term} for term in cell.denied] for each, cell in read.items()},
        )
        asked = self._store(
            "read_recorded",
            pd.DataFrame(
                [{"text": each, "recorded": cell.recorded} for each, cell in read.items()],
                columns=["text", "recorded"],
            ),
            {"text": "string", "recorded": "string"},
        )
        problems = self._look_up(
            "read_side_effects",
            visits,
            text,
            lambda each: [_as_row(found) for found in read[each].problems],
            {},
        )
        self._add_problems(
            "side_effects", visits.inner_join(problems, visits[text] == problems.text)
        )
        visits = visits.inner_join(asked, visits[text] == asked.text).drop("text")
        return events, denials, self._keep("visits", visits)

    def _spread(
        self,
        name: str,
        visits: Table,
        text: str,
        kinds: Mapping[str, str],
        read: Mapping[str, list[Row]],
    ) -> Table:
        rows = [{"text": each} | row for each, found in read.items() for row in found]
        types = {"text": "string"} | dict(kinds)
        table = self._store(f"read_{name}", pd.DataFrame(rows, columns=[*types]), types)
        joined = visits.inner_join(table, visits[text] == table.text)
        return self._keep(name, joined.select("row", *kinds))

    # --- problems -----------------------------------------------------------------------------

    def _add_problems(self, role: str, joined: Table) -> None:
        self.problems.append(
            self._keep(
                f"problems_{len(self.problems)}_{role}",
                self._list_problems(
                    joined.filter(_.rule.notnull()), role, _.rule, _.consequence, _.suggestion
                ),
            )
        )

    def _list_problems(
        self, rows: Table, role: str | None, rule: Any, consequence: Any, suggestion: Any = None
    ) -> Table:
        header = self.source.columns[role] if role else None
        return rows.select(
            "file",
            "sheet",
            "line",
            column=ibis.literal(header, type="string"),
            rule=rule,
            consequence=consequence
            if not isinstance(consequence, str)
            else ibis.literal(consequence),
            suggestion=ibis.null("string") if suggestion is None else suggestion,
        )

    def bind_problems(self) -> Table:
        """Return all problems so far, one row per cell or row and rule."""
        return self._keep("problems", ibis.union(*self.problems))

    # --- the engine ---------------------------------------------------------------------------

    def _text(self, role: str) -> str:
        return self.log.find_text(self.source.columns[role])

    def _list_distinct(self, rows: Table, column: str) -> list[str]:
        return sorted(rows.select(column).distinct().execute()[column])

    def _look_up(
        self,
        name: str,
        rows: Table,
        column: str,
        spread: Callable[[str], list[Row]],
        kinds: Mapping[str, str],
    ) -> Table:
        """Return text → the typed columns and the problem, one or more rows per distinct text."""
        types = {"text": "string"} | dict(kinds) | _PROBLEM
        read = [
            {"text": text} | row
            for text in self._list_distinct(rows, column)
            for row in spread(text)
        ]
        return self._store(name, pd.DataFrame(read, columns=[*types]), types)

    def _store(self, name: str, frame: pd.DataFrame, types: Mapping[str, str]) -> Table:
        """Put a small frame on the engine."""
        nullable = {"int64": "Int64", "float64": "Float64", "boolean": "boolean", "string": "str"}
        frame = frame.astype(
            {key: nullable[kind] for key, kind in types.items() if kind in nullable}
        )
        return self.connection.create_table(
            name, ibis.memtable(frame, schema=ibis.schema(dict(types))), temp=True, overwrite=True
        )

    def _keep(self, name: str, table: Table) -> Table:
        """Compute a table once, so that what follows does not compute it again."""
        return self.connection.create_table(f"kept_{name}", table, temp=True, overwrite=True)


def _as_row(found: Found) -> Row:
    return {
        "rule": found.rule or None,
        "consequence": found.consequence or None,
        "suggestion": found.suggestion or None,
    }
