"""Scores: each with its concern, its scale, its day, and the session it stands with."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import ibis
import pandas as pd
from ibis import _

from analysis.intake import cells
from analysis.intake.cells import Found
from analysis.intake.clean.parsers import Parse
from analysis.intake.clean.reading import Reading
from analysis.intake.clean.told import CELL, spread_cells, tell_cell
from analysis.intake.clean.visits import Typed, union_measured
from analysis.intake.engine import Table, make_table

_BESIDE_SCORE: Final = ("area", "side", "rater")
_SIDES: Final[Mapping[str, cells.Side]] = {"t_score_before": "before", "t_score_after": "after"}


def read_scores(reading: Reading, typed: Typed, concerns: Table) -> Table:
    """Return one row per score: row, patient, session, concern, scale, score, date, area, side,
    rater.

    ``session`` is the one the score stands with: that of its row, or for a row that is a score
    alone, the patient's last session until then, else the first one after.

    The score belongs to the first concern of its row that its scale fits. A score before counts
    on the day of the session, one after on its own day, one in a column that is named by its
    scale on the later day where there is one.
    """
    written = _gather_scores(reading, union_measured(reading, typed))
    if written is None:
        types = dict.fromkeys(("row", "patient", "session"), "int64")
        types |= {"concern": "string", "scale": "string", "score": "float64", "date": "date"}
        types |= dict.fromkeys(_BESIDE_SCORE, "string")
        return make_table(pd.DataFrame(columns=[*types]), types)
    keys = {"layout": "int64", "slot": "string", "scale": "string", "named": "string"}
    keys |= {"text": "string"}
    distinct = written.select(*keys).distinct().execute()
    read = []
    for n, slot, *key in distinct.sort_values([*keys]).itertuples(index=False, name=None):
        scale, named, text = (each if isinstance(each, str) else None for each in key)
        found = _parse_score(reading, typed.parsers[n], n, slot, scale, named or "", text or "")
        number = reading.number_problem(_head_slot(reading, n, slot), found) if found.rule else None
        read.append((n, slot, scale, named, text, found.value, number))
    types = {f"of_{name}": kind for name, kind in keys.items()}
    types |= {"score": "float64", "problem": "int64"}
    table = make_table(pd.DataFrame(read, columns=[*types]), types)
    # a scale may be missing, and so may the cell that names it
    same = [written[name].identical_to(table[f"of_{name}"]) for name in keys]
    scored = written.inner_join(table, same)
    scored = scored.select(
        *("row", "layout", "slot", "scale", "date", "session_date", "score", "problem"),
        *("patient", "session", "cell", *_BESIDE_SCORE),
    )
    scored = reading.keep("scored", scored)
    reading.add_problems(scored.filter(_.problem.notnull()), scored.problem)
    scored = scored.filter(_.score.notnull())
    fits = _list_fitting(reading)
    # ibis cannot go on from a join to another by what the first one computed
    hosted = reading.engine.name("hosted", _add_host(reading, scored, typed.visits, concerns, fits))
    return _place_scores(reading, hosted, concerns, fits)


def _list_fitting(reading: Reading) -> Table:
    """Return concern × scale, where the scale scores the concern."""
    fitting = [
        {"concern": concern, "scale": key}
        for key, scale in reading.scales.items()
        for concern in reading.vocabulary.analysed_concerns
        if scale.fits(concern)
    ]
    types = {"concern": "string", "scale": "string"}
    return make_table(pd.DataFrame(fitting, columns=[*types]), types)


def _add_host(
    reading: Reading, scored: Table, visits: Table, concerns: Table, fits: Table
) -> Table:
    """Give a score alone its session, and add the cell whose concerns the score may be about.

    A score alone stands with the nearest session whose concerns its scale fits, one until its
    day before one after it.
    """
    if not reading.measures:
        return scored.mutate(of_layout=scored.layout, text=scored.cell)
    alone = scored.filter(scored.layout.isin(reading.measures))
    alone = alone.select("row", "slot", "scale", "patient", day=_.session_date)
    sessions = visits.select(
        *("patient", "session"),
        host=visits.row,
        session_day=visits.date,
        host_layout=visits.layout,
        host_cell=tell_cell(visits, "concern"),
    )
    treated = spread_cells(visits, "concern", concerns).select("concern", host=_.row)
    scales = treated.inner_join(fits, "concern").select("host", "scale")
    pairs = alone.inner_join(sessions, "patient").left_join(
        scales.distinct().mutate(fits=True), ["host", "scale"]
    )
    days = pairs.day.delta(pairs.session_day, unit="day")
    nearest = ibis.row_number().over(
        group_by=[pairs.row, pairs.slot],
        order_by=[pairs.fits.isnull(), days < 0, days.abs(), pairs.host],
    )
    columns = ("row", "slot", "host_layout", "host_cell")
    hosts = pairs.select(*columns, host_session=pairs.session, nth=nearest)
    hosts = reading.keep("hosts", hosts.filter(_.nth == 0).drop("nth"))
    placed = scored.left_join(hosts, ["row", "slot"])
    names_concern = [
        n
        for n, layout in reading.number_layouts()
        if "concern" in layout.columns or layout.answers.concern
    ]
    is_alone = placed.layout.isin(reading.measures)
    has_own = placed.layout.isin(names_concern) if names_concern else ibis.literal(False)
    is_of_host = is_alone & ~has_own
    return placed.select(
        *(name for name in scored.columns if name != "session"),
        session=is_alone.ifelse(placed.host_session, placed.session),
        of_layout=is_of_host.ifelse(placed.host_layout, placed.layout),
        text=is_of_host.ifelse(placed.host_cell, placed.cell),
    )


def _gather_scores(reading: Reading, visits: Table) -> Table | None:
    """Return all score cells that are not blank, one below the other."""
    after, nothing = visits.score_after_date, ibis.null("string")
    named = visits.t_scale if "t_scale" in visits.columns else nothing
    slots = [
        (f"t_{role}", visits.scale, named, day)
        for role, day in (("score_before", visits.date), ("score_after", after))
    ]
    slots += [
        (f"s_{scale}", ibis.literal(scale), nothing, ibis.coalesce(after, visits.date))
        for scale in reading.scale_columns
    ]
    parts = [
        visits.select(
            *("row", "layout", "patient", "session", *_BESIDE_SCORE),
            cell=tell_cell(visits, "concern"),
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
    return reading.keep("written", ibis.union(*parts)) if parts else None


def _parse_score(
    reading: Reading,
    parsers: Mapping[str, Parse],
    n: int,
    slot: str,
    scale: str | None,
    named: str,
    text: str,
) -> Found:
    """Read a score; what is wrong with the name of its scale is what is wrong with it."""
    problem = parsers["scale"](named or scale or "")
    decimal = reading.layouts[n].format.decimal
    found = cells.parse_score(text, reading.scales.get(scale or ""), decimal, _SIDES.get(slot, ""))
    if found.rule != "scale_missing" or not problem.rule:
        return found
    return replace(found, rule=problem.rule, suggestion=problem.suggestion)


def _head_slot(reading: Reading, layout: int, slot: str) -> str:
    declared = reading.layouts[layout]
    return declared.columns[slot[2:]] if slot[:2] == "t_" else declared.scores[slot[2:]]


def _place_scores(reading: Reading, scored: Table, concerns: Table, fits: Table) -> Table:
    # which concern a score is about depends on two cells: it is found once for each pair
    fitting = concerns.inner_join(fits, "concern").group_by(*CELL, "scale")
    chosen = fitting.agg(concern=_.concern.argmin(_.position), fitting=_.count())
    found = scored.left_join(reading.keep("chosen", chosen), [*CELL, "scale"])
    rule = ibis.cases(
        (found.session.isnull(), "score_without_session"),
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
    told = ("row", "patient", "session", "concern", "scale", "score", "date", *_BESIDE_SCORE)
    found = reading.keep("placed", found.select(*told, "layout", "slot", "rule"))
    raised = found.filter(_.rule.notnull())
    rules = raised.select("layout", "slot", "rule").distinct().execute()
    listed = []
    for n, slot, rule in rules.sort_values([*rules]).itertuples(index=False):
        is_note = rule == "several_concerns_fit"
        found_in = Found(None, rule, "noted" if is_note else "cell blanked")
        number = reading.number_problem(_head_slot(reading, n, slot), found_in)
        listed.append((n, slot, rule, number))
    if listed:
        types = {"layout": "int64", "slot": "string", "rule": "string", "problem": "int64"}
        numbers = make_table(pd.DataFrame(listed, columns=[*types]), types)
        joined = raised.inner_join(numbers, ["layout", "slot", "rule"])
        reading.add_problems(joined, joined.problem)
    kept = found.filter(_.rule.isnull() | (_.rule == "several_concerns_fit"))
    return kept.select(*told)
