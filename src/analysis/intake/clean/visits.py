"""Typed rows: what each cell of a row says, and what follows from several of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
from ibis import _, selectors

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.clean.parsers import Parse, make_parsers
from analysis.intake.clean.patients import look_up_patients
from analysis.intake.clean.reading import Reading
from analysis.intake.clean.roles import SCORES, SPREAD, TYPED, make_look_up
from analysis.intake.clean.rows import Written
from analysis.intake.engine import Table
from analysis.intake.keys import number_session
from analysis.intake.sources import Rows


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The rows that are data with their typed cells, and those that are used by what they are.

    ``visits`` are sessions, ``people`` tell of a patient alone, ``measured`` are scores alone.
    ``names`` has the name of each patient by its number; ``parsers`` those of each layout by role.
    """

    rows: Table
    visits: Table
    people: Table
    measured: Table
    names: Table
    parsers: Sequence[Mapping[str, Parse]]


def read_visits(reading: Reading, written: Written) -> Typed:
    """Return the rows with their typed cells, all roles joined at once.

    A row without a patient or a day is set aside; a booking that was not attended is no data.
    """
    data = written.rows.filter(_.kind == "data")
    parsers = [
        make_parsers(reading, layout, written.texts.get((n, "t_sex"), ()))
        for n, layout in reading.number_layouts()
    ]
    placed, names = look_up_patients(reading, data)
    looked_up = _look_up_cells(reading, written, placed, parsers)
    rows = reading.keep("typed", _complete(reading, written, looked_up))
    _list_problems_of_roles(reading, rows)
    for long in written.long:
        listed = long.semi_join(rows.filter(_.is_used), "row")
        reading.add_problems(listed, listed.problem)
    return Typed(
        rows=rows,
        visits=_name_rows(reading, rows, "sessions", "visits"),
        people=_name_rows(reading, rows, "patients", "people"),
        measured=_name_rows(reading, rows, "scores", "measured"),
        names=names,
        parsers=parsers,
    )


def _look_up_cells(
    reading: Reading, written: Written, rows: Table, parsers: Sequence[Mapping[str, Parse]]
) -> Table:
    """Return the rows with the typed columns of every role in the place of their texts, and the
    number of each cell's problem (``p_``)."""
    joined = rows
    columns: dict[str, ibis.Value] = {}
    for role, typed in TYPED.items():
        if role == "patient":
            continue
        if f"t_{role}" not in rows.columns:
            columns |= {name: ibis.null(kind) for name, kind in typed.items()}
            continue
        found = {
            (n, text): parsers[n][role](text)
            for n, layout in reading.number_layouts()
            if role in layout.columns
            for text in written.texts.get((n, f"t_{role}"), ())
        }
        if typed == {role: "string"} and _is_as_written(found):
            columns[role] = rows[f"t_{role}"].nullif("")
            continue
        known = make_look_up(reading, role, found, typed)
        is_same = [rows.layout == known[f"l_{role}"], rows[f"t_{role}"] == known[f"k_{role}"]]
        joined = joined.left_join(known, is_same)
        columns |= {name: known[name] for name in typed}
        if any(each.rule for each in found.values()):
            columns[f"p_{role}"] = known[f"p_{role}"]
    still_read = {f"t_{role}" for role in (*SPREAD, *SCORES, "scale")}
    kept = [name for name in rows.columns if name[:2] != "t_" or name in still_read]
    return joined.select(*kept, **columns)


def _name_rows(reading: Reading, typed: Table, what: Rows, name: str) -> Table:
    """Return the used rows that are sessions, patients or scores."""
    layouts = [n for n, layout in reading.number_layouts() if layout.rows == what]
    rows = typed.filter(_.is_used).drop(selectors.startswith("p_"))
    if len(layouts) < len(reading.layouts):
        rows = rows.filter(rows.layout.isin(layouts) if layouts else ibis.literal(False))
    return reading.engine.name(name, rows)


def _complete(reading: Reading, written: Written, typed: Table) -> Table:
    """Fill in what the answers of each layout say, and what follows from several cells."""

    def answer(key: str) -> ibis.Value:
        return _answer(reading, typed, key)

    is_unborn = (typed.birth_date > typed.date).fill_null(False)
    years = find_years(typed.birth_date, typed.date)
    modality = typed.modality.fill_null(answer("default_modality"))
    setting = ibis.coalesce(typed.setting, typed.modality_setting, answer("default_setting"))
    scale_problem, status_problem = (_get_problem(typed, role) for role in ("scale", "status"))
    is_attended = typed.is_attended.fill_null(True)
    is_understood = status_problem.isnull()
    rows_are = ibis.cases(
        *((typed.layout == n, layout.rows) for n, layout in reading.number_layouts()), else_=""
    )
    has_day = typed.date.notnull() | (rows_are == "patients")
    return typed.mutate(
        clinic=typed.clinic.fill_null(answer("clinic")),
        modality=modality,
        setting=setting,
        rater=typed.rater.fill_null(answer("default_rater")),
        # a scale that is named and not understood is not the assumed one
        scale=scale_problem.isnull().ifelse(typed.scale.fill_null(answer("scale")), typed.scale),
        age=typed.age.fill_null(is_unborn.ifelse(None, years).cast("int64")),
        session=number_session(typed.patient, typed.date, modality, setting),
        recorded=typed.recorded.fill_null("not recorded"),
        tells_of_previous=answer("side_effects_belong_to") == "previous session",
        is_attended=is_understood.ifelse(is_attended, None),
        p_status=status_problem,
        is_used=typed.patient.notnull() & has_day & is_understood & is_attended,
        **_find_problems_of_birth(reading, typed, is_unborn),
        **_find_problems_of_details(reading, written, typed),
    )


def _answer(reading: Reading, typed: Table, key: str) -> ibis.Value:
    """Return what the layout of each row answers; missing where it does not."""
    answers = [getattr(layout.answers, key) or None for layout in reading.layouts]
    if len({*answers}) == 1:
        return ibis.literal(answers[0], type="string")
    each = ((typed.layout == n, ibis.literal(said, "string")) for n, said in enumerate(answers))
    return ibis.cases(*each, else_=None)


def _get_problem(typed: Table, role: str) -> ibis.Value:
    """Return the number of the problem that the cell of a role has; missing where it has none."""
    return typed[f"p_{role}"] if f"p_{role}" in typed.columns else ibis.null("int64")


def _find_problems_of_birth(
    reading: Reading, typed: Table, is_unborn: ibis.Value
) -> dict[str, ibis.Value]:
    """Return the problem of birth dates after the session, beside those they have already."""
    if not reading.maps("birth_date"):
        return {}
    found = Found(rule="session_before_birth", consequence="cell blanked")
    number = reading.name_problem(typed, "birth_date", found)
    return {"p_birth_date": is_unborn.ifelse(number, _get_problem(typed, "birth_date"))}


def _find_problems_of_details(
    reading: Reading, written: Written, typed: Table
) -> dict[str, ibis.Value]:
    """Return the problems of cells that tell more of a side effect: none is told of in the row, or
    it is not known whose session the cell belongs to."""
    is_open = _answer(reading, typed, "side_effects_belong_to") == "undeclared"
    is_without = typed.recorded.fill_null("not recorded") != "event"
    lonely = Found(rule="detail_without_side_effect", consequence="noted")
    says_something = {
        "severity": typed.severity.notnull(),
        "serious": typed.serious,
        "stopped": typed.stopped,
        "resolved": typed.resolved,
        "action": typed.action.notnull() & ~typed.action.isin(_list_denials(reading, written)),
    }
    problems = {}
    for role, says in says_something.items():
        if reading.maps(role):
            undeclared = reading.name_problem(typed, role, cells.UNDECLARED_SESSION)
            problems[f"p_detail_{role}"] = ibis.cases(
                (is_open & typed[role].notnull(), undeclared),
                (says.fill_null(False) & is_without, reading.name_problem(typed, role, lonely)),
                else_=None,
            )
    return problems


def _list_denials(reading: Reading, written: Written) -> list[str]:
    """Return the texts that say that nothing was done about side effects."""
    columns = (written.texts.get((n, "t_action"), ()) for n, _layout in reading.number_layouts())
    read = {str(cells.parse_text(text).value or "") for each in columns for text in each}
    return [text for text in sorted(read) if reading.parse_effects(text).recorded == "none"]


def _list_problems_of_roles(reading: Reading, rows: Table) -> None:
    """List the problems of single cells. A row that is set aside is listed for that alone, its
    other cells were not used; a booking that was not attended has none."""
    typed = rows.filter(_.is_attended | _.p_status.notnull())
    names = [name for name in typed.columns if name[:2] == "p_"]
    parts = (typed.select("row", "is_used", problem=typed[name]) for name in names)
    long = ibis.union(*(part.filter(_.problem.notnull()) for part in parts), distinct=False)
    whole = [n for key, n in reading.numbers.items() if key[2] == "row set aside"]
    counts = long.is_used | long.problem.isin(whole) if whole else long.is_used
    reading.add_problems(long.filter(counts), long.problem)


def _is_as_written(found: Mapping[tuple[int, str], Found]) -> bool:
    """Return whether each text is its own value, and blank where it is none."""
    return all(each == Found(text or None) for (_n, text), each in found.items())


def find_years(born: ibis.Value, day: ibis.Value) -> ibis.Value:
    """Return the whole years from one day to another."""

    def as_number(each: ibis.Value) -> ibis.Value:
        return each.year() * 10000 + each.month() * 100 + each.day()

    return (as_number(day) - as_number(born)) // 10000


def union_measured(reading: Reading, typed: Typed) -> Table:
    """Return the visits, and the rows that are scores alone."""
    return typed.visits.union(typed.measured) if reading.measures else typed.visits
