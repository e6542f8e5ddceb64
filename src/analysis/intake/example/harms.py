"""What the skin does after a session: what is expected, what lasts too long, and harm.

These are the true events; whether anybody asked and wrote them down is decided in ``rows``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from analysis.intake.example.clinics import BAD_LOT
from analysis.intake.example.drawing import Dice, Odds

_DAY: Final = 24.0
_WEEK: Final = 168.0


@dataclass(frozen=True, slots=True)
class Event:
    """One side effect. None is what is not known: of a true event everything is."""

    term: str
    severity: int | None
    hours: float | None
    is_resolved: bool | None


@dataclass(frozen=True)
class Reaction:
    """An expected reaction: in which share of sessions it is noticed, and for how many days."""

    share: float
    days: Odds[float]


EXPECTED: Final[Mapping[str, Reaction]] = MappingProxyType(
    {
        # Redness and swelling in nearly everybody, gone within a week (Chu 2021, Dermatol Surg);
        # the shares that are worth a note, and of those that last too long, are conventions. 3
        # days on average (striae trial of 20, 2018).
        "erythema": Reaction(0.50, Odds({1: 0.36, 2: 0.34, 3: 0.17, 5: 0.08, 9: 0.03, 12: 0.02})),
        "oedema": Reaction(0.15, Odds({1: 0.50, 2: 0.33, 3: 0.12, 9: 0.05})),
        # The rest of the ordinary course (Chu 2021; Gowda 2021, J Clin Aesthet Dermatol); shares
        # and days are conventions.
        "pain": Reaction(0.08, Odds({0.25: 0.6, 1: 0.3, 3: 0.1})),
        "burning": Reaction(0.07, Odds({0.25: 0.55, 1: 0.35, 4: 0.1})),
        "warmth_tightness": Reaction(0.08, Odds({0.5: 0.4, 1: 0.35, 2: 0.2, 6: 0.05})),
        "tenderness": Reaction(0.05, Odds({1: 0.5, 3: 0.45, 6: 0.05})),
        "pruritus": Reaction(0.06, Odds({0.5: 0.4, 2: 0.5, 6: 0.1})),
        "dryness": Reaction(0.08, Odds({3: 0.4, 5: 0.35, 7: 0.2, 12: 0.05})),
        "peeling": Reaction(0.09, Odds({3: 0.45, 5: 0.35, 7: 0.15, 12: 0.05})),
        "bleeding": Reaction(0.05, Odds({1 / 96: 0.95, 0.125: 0.05})),
        "oozing": Reaction(0.03, Odds({0.5: 0.6, 1: 0.3, 3: 0.1})),
        "crusting": Reaction(0.03, Odds({3: 0.5, 6: 0.4, 12: 0.1})),
        "bruising": Reaction(0.03, Odds({6: 0.6, 9: 0.3, 16: 0.1})),
        "sensitivity": Reaction(0.03, Odds({2: 0.5, 5: 0.5})),
    }
)
ADVERSE: Final[Mapping[str, Reaction]] = MappingProxyType(
    {
        # shares of sessions; all are conventions, small beside the 13 % of patients with a flare
        # of acne in a compilation with mixed denominators
        "acne_flare": Reaction(0.018, Odds({7: 0.5, 14: 0.4, 21: 0.1})),
        "milia": Reaction(0.006, Odds({21: 0.5, 42: 0.5})),
        "folliculitis": Reaction(0.005, Odds({7: 0.6, 14: 0.4})),
        "contact_dermatitis": Reaction(0.005, Odds({7: 0.6, 14: 0.4})),
        "lymphadenopathy": Reaction(0.002, Odds({4: 0.5, 7: 0.5})),
        "textural_change": Reaction(0.005, Odds({4: 0.6, 10: 0.4})),
        "vasovagal": Reaction(0.005, Odds({0.125: 1.0})),
        "lidocaine": Reaction(0.004, Odds({0.25: 0.7, 1: 0.3})),
        "prolonged_erythema": Reaction(0.005, Odds({14: 0.6, 21: 0.4})),
    }
)
PIH_PER_SESSION: Final = {"I-III": 0.007, "IV-VI": 0.026}
"""About 3 and 9 in 100 patients over a course. Darker skin: 5 of 30 (Dogra 2014, J Cosmet
Dermatol), 2 of 30 (Indian Dermatol Online J 2024); all types: 0 of 60 (Fabbrocini 2014), 0 of 39
(Al Qarqaz 2018)."""
BAD_LOT_FACTOR: Final = 9.0
"""With the bad lot; a convention. One is a lot like any other."""
LASER_FACTOR: Final = 3.0
"""With the laser: 9 of 30 against 2 of 30 (Indian Dermatol Online J 2024)."""
PIH_WEEKS: Final = Odds({6: 0.3, 8: 0.3, 12: 0.25, 24: 0.15})
HOME_FACTOR: Final = 0.4
"""Short needles at home do less of everything; a convention."""
SEVERITY: Final = Odds({1: 0.72, 2: 0.24, 3: 0.04})
RARE_COURSE: Final[Mapping[str, tuple[int, float | None]]] = MappingProxyType(
    {
        # severity, weeks (None: it stays)
        "hypopig": (2, None),
        "tram_track": (3, None),
        "hypertrophic_scar": (3, None),
        "keloid": (3, None),
        "infection_bacterial": (2, 2),
        "infection_atypical": (3, 12),
        "hsv": (2, 1),
        "granuloma": (3, None),
        "urticaria": (2, 1),
        "anaphylaxis": (4, 1),
        "burn": (3, 3),
        "lipoatrophy": (3, None),
        "nerve_injury": (3, None),
        "device": (2, None),
        "worsening_concern": (2, None),
        "telangiectasia": (2, None),
        "lymphadenopathy": (1, 1),
    }
)
SERIOUS: Final = frozenset({"anaphylaxis", "infection_atypical", "nerve_injury"})
"""Disabling or threatening; the rest is not serious in that sense."""
LASTING: Final = frozenset({"pih", *(key for key, each in RARE_COURSE.items() if each[1] is None)})
ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pih": "sun protection, topical",
        "infection_bacterial": "oral antibiotic",
        "infection_atypical": "referred",
        "hsv": "oral antiviral",
        "granuloma": "topical steroid",
        "urticaria": "antihistamine",
        "anaphylaxis": "emergency care",
        "contact_dermatitis": "topical steroid",
        "burn": "wound care",
        "nerve_injury": "referred",
        "keloid": "referred",
    }
)
"""What is done about it, where anything is; expected reactions get "none"."""


def find_skin_group(skin_type: int) -> str:
    """Return the group of skin types by which darkening is told."""
    return "I-III" if skin_type <= 3 else "IV-VI"


def find_pih_chance(
    skin_type: int, lot: str, modality: str, bad_lot_factor: float = BAD_LOT_FACTOR
) -> float:
    """Return the chance of lasting hyperpigmentation from one session."""
    chance = PIH_PER_SESSION[find_skin_group(skin_type)]
    if lot == BAD_LOT:
        chance *= bad_lot_factor
    return chance * (LASER_FACTOR if modality == "laser" else 1)


def draw_events(
    dice: Dice,
    skin_type: int,
    lot: str,
    modality: str,
    setting: str,
    had_pih: bool,
    bad_lot_factor: float = BAD_LOT_FACTOR,
) -> list[Event]:
    """Return what happens after one session; darkening happens once to a patient."""
    factor = HOME_FACTOR if setting == "home" else 1.0
    events = [
        _draw_event(dice, term, reaction)
        for table in (EXPECTED, ADVERSE)
        for term, reaction in table.items()
        if dice.chance(reaction.share * factor)
    ]
    if any(event.term == "prolonged_erythema" for event in events):
        events = [event for event in events if event.term != "erythema"]
    chance = find_pih_chance(skin_type, lot, modality, bad_lot_factor) * factor
    if dice.chance(chance) and not had_pih:
        weeks = dice.pick(PIH_WEEKS)
        resolved = dice.chance(0.6)
        severity = dice.whole(1, 3)
        events.append(Event("pih", severity, weeks * _WEEK if resolved else None, resolved))
    return events


def _draw_event(dice: Dice, term: str, reaction: Reaction) -> Event:
    return Event(term, dice.pick(SEVERITY), dice.pick(reaction.days) * _DAY, True)


def draw_rare_event(term: str) -> Event:
    """Return the rare harm of a patient who has it."""
    severity, weeks = RARE_COURSE[term]
    return Event(term, severity, None if weeks is None else weeks * _WEEK, weeks is not None)
