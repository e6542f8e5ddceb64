"""What the claims of the patient article are held against: one row per patient each."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from ibis import _

from analysis.intake.cohort.treatments import read_numbing
from analysis.intake.engine import Table
from analysis.intake.schema import ALL_TERMS
from analysis.vocabulary import PROTOCOL


def summarise_sessions(sessions: Table) -> pd.DataFrame:
    """Return the length, pain and needle of these sessions, one row per patient.

    Columns: patient, sessions; sessions_timed and minutes (median of those); sessions_felt (pain
    was recorded) and pain (median of those, from 0 to 10); pain_numbed, pain_not_numbed and
    pain_unknown (the same of the sessions with, without and with no word of numbing; missing where
    the patient had none of them with pain recorded); needle (median of the longest needle, in mm).
    """
    text = sessions.anaesthetic
    is_bare = text.isin(_list_texts(sessions, reading=False))
    is_told = text.notnull() & ~text.isin(_list_texts(sessions, reading=None))
    summarised = sessions.group_by("patient").agg(
        sessions=sessions.count(),
        sessions_timed=sessions.minutes.count(),
        minutes=sessions.minutes.median().cast("float64"),
        sessions_felt=sessions.pain.count(),
        pain=sessions.pain.median().cast("float64"),
        pain_numbed=sessions.pain.median(where=is_told & ~is_bare).cast("float64"),
        pain_not_numbed=sessions.pain.median(where=is_told & is_bare).cast("float64"),
        pain_unknown=sessions.pain.median(where=~is_told).cast("float64"),
        needle=sessions.needle_longest.median().cast("float64"),
    )
    return summarised.order_by("patient").execute()


def _list_texts(sessions: Table, reading: bool | None) -> list[str]:
    """Return the texts on numbing that are read as this."""
    texts: Iterable[Any] = sessions.select("anaesthetic").distinct().anaesthetic.execute()
    # ibis takes no empty list
    return [
        "",
        *(each for each in texts if isinstance(each, str) and read_numbing(each) is reading),
    ]


def follow_harms(
    sessions: Table,
    every_session: Table,
    assessments: Table,
    recorded: Table,
    side_effects: Table,
    *,
    harms: Iterable[str],
    persistent: Iterable[str],
) -> pd.DataFrame:
    """Return how long patients were followed and what is known of their harms, one row per patient
    who was asked about side effects at one of ``sessions`` or more.

    Columns: patient; days from the last of ``sessions`` to the last contact, which is the last
    session or score of the log, whatever it was of; is_lasting: a harm that the log says has not
    resolved, of a patient seen at least ``claim_follow_up`` days after the session it began with;
    is_open: of a harm it is not known whether it lasted. That is one said to be unresolved of a
    patient not seen for so long, and one of a kind that can last (``persistent``) where the log
    says neither that it has resolved nor that it was shorter.
    """
    asked = recorded.filter(_.term == ALL_TERMS).semi_join(sessions, "session")
    seen = every_session.select("patient", "date").union(assessments.select("patient", "date"))
    contacts = seen.group_by("patient").agg(last_contact=_.date.max())
    ends = sessions.semi_join(asked, "patient").group_by("patient").agg(last_session=_.date.max())
    people = ends.inner_join(contacts, "patient").select(
        "patient", "last_contact", days=_.last_contact.delta(_.last_session, unit="day")
    )
    found = _find_lasting(
        side_effects.filter(_.term.isin([*harms])).inner_join(
            sessions.select("session", "date"), "session"
        ),
        contacts,
        can_last=[*persistent],
    )
    joined = people.left_join(found, "patient").select(
        "patient",
        "days",
        is_lasting=_.is_lasting.fill_null(False),
        is_open=_.is_open.fill_null(False),
    )
    return joined.order_by("patient").execute()


def _find_lasting(events: Table, contacts: Table, *, can_last: list[str]) -> Table:
    """Return is_lasting and is_open of every patient with a harm: patient, is_lasting, is_open.

    What is written again is the same harm: it began where it is first written after it had last
    resolved, and it goes on as long as no later session says that it has resolved.
    """
    least = PROTOCOL["claim_follow_up"].whole
    resolved = events.filter(_.is_resolved).group_by("patient", "term")
    ended = resolved.agg(ended=_.date.max())
    later = events.left_join(ended, ["patient", "term"])
    later = later.filter(later.ended.isnull() | (later.date > later.ended))
    is_short = later.hours.fill_null(float(least * 24)) < least * 24
    kept = later.select(
        "patient",
        "term",
        "date",
        goes_on=later.is_resolved.notnull(),
        is_unknown=later.is_resolved.isnull() & later.term.isin(can_last) & ~is_short,
    )
    harms = kept.group_by("patient", "term").agg(
        began=kept.date.min(), goes_on=kept.goes_on.any(), is_unknown=kept.is_unknown.any()
    )
    harms = harms.inner_join(contacts, "patient")
    waited = harms.last_contact.delta(harms.began, unit="day") >= least
    is_lasting = harms.goes_on & waited
    judged = harms.mutate(is_lasting=is_lasting, is_open=~is_lasting & (_.goes_on | _.is_unknown))
    return judged.group_by("patient").agg(
        is_lasting=judged.is_lasting.any(), is_open=judged.is_open.any()
    )
