"""Harm by patient: where it was asked about, where it began, and how grave it was.

Sessions are those of one modality, for radiofrequency and mechanical needling are never pooled, in
the clinic and at home. Everything is counted per patient, so that no session is taken for a person.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import ibis
from ibis import _

from analysis.intake.schema import ALL_TERMS
from analysis.vocabulary import PROTOCOL, SideEffect

Window = tuple[int, int]
"""First and last day after a session on which the patient must have been seen, both inclusive."""

GROUPINGS: Final[Mapping[str, str]] = {
    "modality": "modality",
    "setting": "setting",
    "needle": "needle_longest",
    "passes": "passes",
    "adjunct": "adjunct",
    "clinic": "clinic",
    "operator": "operator",
    "device": "device",
    "cartridge lot": "cartridge_lot",
    "serum lot": "serum_lot",
}
"""What sessions may be grouped by, and the column that holds it; further "concern", "month" and
"quarter"."""
PERIODS: Final[Mapping[str, Callable[[ibis.Table], ibis.Value]]] = {
    "month": lambda sessions: sessions.date.strftime("%Y-%m"),
    "quarter": lambda sessions: ibis.literal("").concat(
        sessions.date.strftime("%Y"), "-Q", sessions.date.quarter().cast("string")
    ),
}
LASTED: Final = ("within its limit", "longer", "not recorded")
"""How long an expected reaction lasted; of which nobody wrote how long is a third state."""
_SECONDS_OF_A_DAY: Final = 86_400
_NEVER: Final = 1e9


def find_window(effect: SideEffect | None) -> Window | None:
    """Return when a patient must have been seen for a late side effect to be known, or None for all
    others.

    From the first day of its onset window; one that persists is still there long after, so for it a
    later contact counts as well, until the end of the follow-up window.
    """
    if effect is None or not effect.late:
        return None
    until = PROTOCOL["late_look_until"].whole
    if effect.onset_days is None:
        return PROTOCOL["late_look_from"].whole, until
    first, last = (int(day) for day in effect.onset_days)
    return first, until if effect.persistent else last


def find_onset_window(effect: SideEffect | None) -> Window | None:
    """Return the onset window alone of a late side effect that may be seen later as well."""
    if effect is None or effect.onset_days is None or find_window(effect) is None:
        return None
    first, last = (int(day) for day in effect.onset_days)
    return (first, last) if effect.persistent else None


def list_windows(effects: Iterable[SideEffect]) -> list[Window]:
    """Return every window of these side effects once, ascending."""
    found = {find(effect) for effect in effects for find in (find_window, find_onset_window)}
    return sorted(window for window in found if window is not None)


def name_window(window: Window) -> str:
    """Return the name of a window: of the flag of a session, and of the column that counts them."""
    return f"seen_{window[0]}_to_{window[1]}"


def add_onset(
    side_effects: ibis.Table, sessions: ibis.Table, persistent: Sequence[str]
) -> ibis.Table:
    """Add the date of the session and ``is_onset``: whether the side effect began with it.

    Written again before it has ended, it is the same one. It ends after its hours; of unknown
    length, it ends when the log says so, and otherwise only if it does not persist.
    """
    dated = side_effects.inner_join(sessions.select("session", "date"), "session")
    day = dated.date.cast("timestamp").epoch_seconds() / _SECONDS_OF_A_DAY
    stays = dated.term.isin([*persistent]) & ~dated.is_resolved.fill_null(False)
    ends = dated.hours.notnull().ifelse(
        day + dated.hours / 24, stays.ifelse(ibis.literal(_NEVER), day)
    )
    order = {"group_by": ["patient", "term"], "order_by": ["date", "session"]}
    dated = dated.mutate(day=day, ends=ends)
    dated = dated.mutate(latest=dated.ends.max().over(ibis.cumulative_window(**order)))
    earlier = dated.latest.lag().over(**order)
    return dated.mutate(is_onset=(earlier <= dated.day).fill_null(True)).drop("ends", "latest")


def find_seen_later(
    sessions: ibis.Table, assessments: ibis.Table, windows: Sequence[Window]
) -> ibis.Table:
    """Return sessions after which the patient was seen inside some window: session, and a flag for
    each window (:func:`name_window`). A contact is a session or a score, of whatever kind."""
    contacts = sessions.select("patient", seen_on="date")
    contacts = contacts.union(assessments.select("patient", seen_on="date")).distinct()
    pairs = sessions.select("session", "patient", "date").inner_join(contacts, "patient")
    pairs = pairs.mutate(after=pairs.seen_on.delta(pairs.date, unit="day"))
    pairs = pairs.filter(_.after.between(1, max(last for _first, last in windows)))
    flags = {name_window(window): pairs.after.between(*window).any() for window in windows}
    return pairs.group_by("session").agg(**flags)


def list_asked_besides(
    recorded: ibis.Table,
    events: ibis.Table,
    seen_later: ibis.Table,
    effects: Mapping[str, SideEffect],
) -> ibis.Table:
    """Return session × term that counts as asked about though the general question does not make
    it so: the term was denied by name, or seen where the patient did not come again. Columns:
    session, term."""
    late = {key: window for key, each in effects.items() if (window := find_window(each))}
    asked = recorded.filter(_.term == ALL_TERMS).select("session").distinct()
    denied = recorded.filter(_.term != ALL_TERMS).select("session", "term")
    parts = [denied.filter(~_.term.isin([*late])).anti_join(asked, "session")]
    for window in sorted({*late.values()}):
        keys = [key for key in late if late[key] == window]
        later = seen_later.filter(seen_later[name_window(window)]).select("session")
        by_name = denied.filter(_.term.isin(keys)).semi_join(later, "session")
        seen = events.filter(events.term.isin(keys) & events.is_onset).select("session", "term")
        general = asked.semi_join(later, "session")
        parts.append(by_name.union(seen).distinct().anti_join(general, "session"))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def name_levels(sessions: ibis.Table, targets: ibis.Table, by: str) -> ibis.Table:
    """Add ``level``: the value by which sessions are grouped, missing where it is not recorded; a
    session has a row for each concern it treated."""
    if not by:
        return sessions.mutate(level=ibis.literal(""))
    if by in PERIODS:
        return sessions.mutate(level=PERIODS[by](sessions))
    if by == "concern":
        return sessions.inner_join(targets.select("session", level="concern"), "session")
    return sessions.mutate(level=sessions[GROUPINGS[by]])


def count_by_level(levelled: ibis.Table, asked: ibis.Table, events: ibis.Table) -> ibis.Table:
    """Return one row per patient × level: sessions, sessions_asked, sessions_with, onsets.

    ``asked`` are the sessions that count (session), ``events`` what began with them (session,
    term).
    """
    began = events.group_by("session").agg(onsets=events.count())
    rows = levelled.select("session", "patient", "level")
    rows = rows.left_join(asked.distinct().mutate(is_asked=True), "session").drop("session_right")
    rows = rows.left_join(began, "session").drop("session_right")
    is_asked = rows.is_asked.fill_null(False)
    counts = rows.group_by("patient", "level").agg(
        sessions=rows.session.nunique(),
        sessions_asked=rows.session.nunique(where=is_asked),
        sessions_with=rows.session.nunique(where=is_asked & rows.onsets.notnull()),
        onsets=rows.onsets.sum(where=is_asked).fill_null(0),
    )
    return counts.order_by("patient", "level")


def find_ends(events: ibis.Table, assessments: ibis.Table, sessions: ibis.Table) -> ibis.Table:
    """Return how long the first event of each patient × term lasted: patient, term (as written),
    days, has_ended.

    ``events`` are those that began in chosen sessions, with their date. An expected reaction that
    became harm because it lasted is one of its own kind here: without the long ones all would be
    short. Where the log says that it
    had not ended, days are those until the last contact, or as many as are written if that is more.
    What says neither how long it lasted nor that it had not ended has nothing in both columns, and
    so has what ended nobody knows when.
    """
    contacts = sessions.select("patient", "date").union(assessments.select("patient", "date"))
    last = contacts.group_by("patient").agg(last_contact=contacts.date.max())
    order = {"group_by": ["patient", "written_as"], "order_by": ["date", "session"]}
    first = events.mutate(place=ibis.row_number().over(**order)).filter(_.place == 0)
    first = first.inner_join(last, "patient")
    seen = first.last_contact.delta(first.date, unit="day").cast("float64")
    written = first.hours / 24
    lasts = first.is_resolved.notnull() & ~first.is_resolved
    days = lasts.ifelse(ibis.greatest(seen, written.fill_null(0.0)), written)
    return first.select(
        *("patient",),
        term=first.written_as,
        days=days,
        has_ended=days.notnull().ifelse(~lasts, ibis.null("boolean")),
    )


def count_lasting(events: ibis.Table) -> ibis.Table:
    """Return how many events of what is expected lasted as long: patient, term (as written), state
    ("within its limit", "longer", "not recorded"), events."""
    state = ibis.cases(
        (events.term != events.written_as, LASTED[1]),
        (events.hours.isnull(), LASTED[2]),
        else_=LASTED[0],
    )
    told = events.select("patient", term=events.written_as, state=state)
    return told.group_by("patient", "term", "state").agg(events=told.count())
