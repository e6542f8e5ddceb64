"""How patients were treated: counted and averaged within each patient, never session by session."""

from dataclasses import dataclass
from typing import Final

import ibis
import pandas as pd
from ibis import _

from analysis.errors import UsageError
from analysis.intake.cells import fold

MEASURED: Final = {"minutes": "minutes", "needle": "needle_longest", "pain": "pain"}
"""What sessions are measured by, and the column that holds it."""
TEXTS: Final = ("anaesthetic", "endpoint", "aftercare")
_NOT_NUMBED: Final = frozenset(
    "-|--|ø|0|no|n|none|nil|not used|not needed|without|no anaesthetic|no anesthetic|no anaesthesia"
    "|no anesthesia|no numbing|no numbing cream|declined|nein|keine|ohne|aucun|aucune|non|sans"
    "|ninguno|ninguna|nada|sin|nenhum|nenhuma|não|nao|sem|not numbed|sin anestesia|sem anestesia"
    "|sans anesthésie".split("|")
)
_NOT_TOLD: Final = frozenset(
    "n/a|n.a.|na|y/n|?|unknown|not recorded|not known|n/k|nk|see notes|tbc|k.a.|keine angabe"
    "|unbekannt|no consta|desconocido|desconhecido|inconnu".split("|")
)


def read_numbing(text: str) -> bool | None:
    """Return whether a text on numbing says that the skin was numbed; None where it tells nothing.

    Whatever names something is a "yes": which cream it was is not looked up.
    """
    plain = fold(text).strip(" .!")
    return None if plain in _NOT_TOLD or not plain else plain not in _NOT_NUMBED


@dataclass(frozen=True)
class Treatments:
    """Sessions of one modality, for what is asked about them by patient.

    ``sessions``, ``targets`` and ``screening`` are tables of the schema; only those targets and
    answers count whose session is among the sessions.
    """

    sessions: ibis.Table
    targets: ibis.Table
    screening: ibis.Table

    def measure(self) -> pd.DataFrame:
        """Return one row per patient × setting: patient, setting, sessions, and for each of
        :data:`MEASURED` the sessions at which it was recorded (ending in ``_recorded``) and the
        patient's median of it, missing where it never was."""
        aggregates: dict[str, ibis.Value] = {"sessions": self.sessions.count()}
        for name, column in MEASURED.items():
            aggregates[f"{name}_recorded"] = self.sessions[column].count()
            aggregates[name] = self.sessions[column].median().cast("float64")
        counts = self.sessions.group_by("patient", "setting").agg(**aggregates)
        return counts.order_by("patient", "setting").execute()

    def count_texts(self, column: str) -> pd.DataFrame:
        """Return one row per patient × text of one of :data:`TEXTS` in the clinic: patient, text
        (missing where nothing was written), sessions.

        Raises
        ------
        UsageError
            For another column.
        """
        if column not in TEXTS:
            raise UsageError.for_unknown("text of a session", column, TEXTS)
        told = self._in_clinic.select("patient", text=self.sessions[column])
        counts = told.group_by("patient", "text").agg(sessions=told.count())
        return counts.order_by("patient", "text").execute()

    def count_needles(self) -> pd.DataFrame:
        """Return one row per patient × concern × longest needle in the clinic: patient, concern,
        needle (missing where it was not recorded), sessions. A session counts under each concern it
        treated."""
        treated = self._in_clinic.inner_join(self.targets.select("session", "concern"), "session")
        told = treated.select("patient", "concern", "session", needle="needle_longest")
        counts = told.group_by("patient", "concern", "needle").agg(sessions=told.session.nunique())
        return counts.order_by("patient", "concern", "needle").execute()

    def find_screening(self) -> pd.DataFrame:
        """Return one row per patient × contraindication that was asked about at a session: patient,
        contraindication (``*`` where all were asked about and none was present) and is_present (at
        one session at least)."""
        asked = self.screening.semi_join(self.sessions, "session")
        known = asked.group_by("patient", "contraindication").agg(is_present=_.is_present.any())
        return known.order_by("patient", "contraindication").execute()

    def find_isotretinoin(self) -> pd.DataFrame:
        """Return the fewest months since isotretinoin of each patient of whom they were recorded:
        patient, months (0 is now)."""
        known = self.sessions.filter(_.isotretinoin_months.notnull()).group_by("patient")
        return known.agg(months=_.isotretinoin_months.min()).order_by("patient").execute()

    @property
    def _in_clinic(self) -> ibis.Table:
        return self.sessions.filter(_.setting == "clinic")
