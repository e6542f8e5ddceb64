"""Who the patients are. None of them exists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from analysis.intake.example.clinics import (
    FIRST_VISIT,
    LAST_ARRIVAL,
    SITE_KEYS,
    SITES,
    Site,
    to_working_day,
)
from analysis.intake.example.concerns import (
    CONCERNS,
    INDICATIONS,
    SECOND_SHARE,
    SKIN_TYPES,
    Indication,
)
from analysis.intake.example.drawing import DEALT_AT_ONCE, Dice, deal_quotas
from analysis.intake.example.measures import MEASURES, Measure

# --- Special courses ----------------------------------------------------------------------------
# So many of each site's patients in 900 (405, 315, 180), by their rank within the site.

ROLES: Final[Mapping[str, tuple[tuple[str, int], ...]]] = {
    "north": (("home roller", 34), ("split serum", 16)),
    "lakeside": (
        *(("rf_microneedling", 36), ("laser", 14), ("chemical_peel", 18), ("split laser", 12)),
    ),
    "sur": (("rf_microneedling", 18), ("chemical_peel", 8), ("laser", 6)),
}
"""Radiofrequency, or a laser or peel instead of or between the needling; rollers at home; two
halves of a face treated differently. Mechanical needling in the clinic for all others."""
RARE_FROM: Final = 100
RARE: Final[Mapping[str, tuple[tuple[str, int], ...]]] = {
    "north": (
        *(("hypopig", 1), ("tram_track", 3), ("hypertrophic_scar", 2), ("keloid", 1)),
        *(("infection_bacterial", 3), ("infection_atypical", 1), ("hsv", 3), ("granuloma", 1)),
        *(("urticaria", 2), ("device", 2), ("worsening_concern", 3), ("telangiectasia", 2)),
        ("lymphadenopathy", 1),
    ),
    "lakeside": (
        *(("hypopig", 1), ("tram_track", 2), ("hypertrophic_scar", 1), ("keloid", 1)),
        *(("infection_bacterial", 2), ("hsv", 2), ("granuloma", 1), ("urticaria", 1)),
        *(("anaphylaxis", 1), ("device", 2), ("worsening_concern", 2), ("telangiectasia", 1)),
    ),
}
"""Serious harm that is too rare for a rate to be published: so many patients in each 900, by their
rank from ``RARE_FROM`` on. Tram tracks: 2 of 30 (Dogra 2014) and none elsewhere; granulomas: 15
patients in 13 reports (Friedmann 2024); infection: none in 18 studies (Harris 2015). The numbers
are conventions, chosen so that each is there."""
RARE_RF: Final = ("burn", "burn", "lipoatrophy", "nerve_injury")
"""Known from radiofrequency (FDA safety communication, 15 October 2025): the first patients with
radiofrequency at Lakeside in each 900."""
NEVER_ASKED: Final = 0.07
"""Share of patients in whose rows nobody ever wrote down side effects; a convention."""
CONTRAINDICATED: Final = 216
"""Of 900 patients; only two of the three clinics ask. A convention."""
CONTRAINDICATIONS: Final = (
    *("active_acne", "active_infection", "skin_cancer", "metal_allergy", "bleeding_disorder"),
    *("irritated_skin", "open_wound", "isotretinoin", "eczema_psoriasis", "actinic_keratosis"),
    *("keloid_tendency", "immunosuppression", "autoimmune", "diabetes", "rosacea"),
    *("anticoagulants", "pregnancy", "recent_procedure", "sunburn", "radiation_field"),
)
TOOK_ISOTRETINOIN: Final = 0.06
"""Share with isotretinoin in the past; a convention."""
REGISTERED_TWICE: Final = 0.05
"""Share of those who come for a second course that get a new number by mistake; a convention."""
FAMILY_LETTER: Final = 0.03
"""Share at North whose number has a letter behind it; a convention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who does not exist."""

    number: int
    site: Site
    patient: str
    """The id that the clinic's software gave."""
    second_patient: str
    """The id of the second course: the same, unless somebody registered the patient again."""
    arrival: date
    birthday: date
    sex: str
    skin_type: int
    """Fitzpatrick 1 to 6."""
    indication: Indication
    subtype: str
    second: str
    role: str
    rare: str
    never_asked: bool
    contraindication: str
    isotretinoin_months: int | None
    measure: Measure | None
    """None where only an opinion is asked, without a baseline."""
    opinion: str
    """The scale of that opinion."""

    @property
    def concern(self) -> str:
        return self.indication.concern

    def count_years(self, day: date) -> int:
        """Return the age on a day."""
        had_birthday = (day.month, day.day) >= (self.birthday.month, self.birthday.day)
        return day.year - self.birthday.year - (not had_birthday)


def draw_people(seed: int, first: int, last: int, of: int) -> Iterator[tuple[Person, Dice]]:
    """Yield the patients from number ``first`` up to ``last`` (not included), with their streams.

    ``of`` is how many there are in all: they arrive evenly over the two years.
    """
    for number in range(first, last):
        block, place = divmod(number, DEALT_AT_ONCE)
        dice = Dice(block, place, 0, seed=seed)
        yield _draw_person(dice, seed, number, of), dice


def _draw_person(dice: Dice, seed: int, number: int, of: int) -> Person:
    block, place = divmod(number, DEALT_AT_ONCE)
    quotas = deal_quotas(seed, block)
    key, rank = _rank_in_sites(seed, block)[place]
    indication = INDICATIONS[CONCERNS.at(quotas.place("concern", place))]
    days = (LAST_ARRIVAL - FIRST_VISIT).days
    arrival = to_working_day(FIRST_VISIT + timedelta(int(days * (number + dice.uniform()) / of)))
    age = dice.within(*indication.age, *indication.age_limits)
    patient = _write_id(dice, key, number)
    twice = _write_id(dice, key, number + of) if dice.chance(REGISTERED_TWICE) else patient
    scale = dice.pick(indication.scales[key])
    role = _find(ROLES[key], rank)
    rare = _find(RARE.get(key, ()), rank - RARE_FROM)
    if key == "lakeside" and rank < len(RARE_RF):
        rare = RARE_RF[rank]
    contraindicated = int(quotas.place("contraindication", place) * DEALT_AT_ONCE)
    term = (
        CONTRAINDICATIONS[contraindicated % len(CONTRAINDICATIONS)]
        if contraindicated < CONTRAINDICATED
        else ""
    )
    months = dice.whole(1, 30) if dice.chance(TOOK_ISOTRETINOIN) else None
    return Person(
        number=number,
        site=SITES[key],
        patient=patient,
        second_patient=twice,
        arrival=arrival,
        birthday=arrival - timedelta(int(365.25 * age) + 1),
        sex="female" if dice.chance(indication.female) else "male",
        skin_type=SKIN_TYPES[indication.concern].at(quotas.place("skin_type", place)),
        indication=indication,
        subtype=dice.pick(indication.subtypes),
        second=dice.pick(indication.second) if quotas.place("second", place) < SECOND_SHARE else "",
        role=role,
        rare=rare,
        never_asked=dice.chance(NEVER_ASKED) and not rare,
        contraindication=term,
        isotretinoin_months=dice.whole(1, 5) if term == "isotretinoin" else months,
        measure=MEASURES.get(scale),
        opinion="" if scale in MEASURES else scale,
    )


@lru_cache(maxsize=2)
def _rank_in_sites(seed: int, block: int) -> list[tuple[str, int]]:
    """Return the site of each patient of a block, and the patient's rank within it."""
    quotas = deal_quotas(seed, block)
    keys = [SITE_KEYS.at(quotas.place("site", place)) for place in range(DEALT_AT_ONCE)]
    ranks = [0] * DEALT_AT_ONCE
    seen = dict.fromkeys(SITES, 0)
    for place in sorted(range(DEALT_AT_ONCE), key=lambda each: quotas.place("rank", each)):
        ranks[place] = seen[keys[place]]
        seen[keys[place]] += 1
    return list(zip(keys, ranks, strict=True))


def _find(table: tuple[tuple[str, int], ...], rank: int) -> str:
    for name, count in table:
        if 0 <= rank < count:
            return name
        rank -= count
    return ""


def _write_id(dice: Dice, site: str, number: int) -> str:
    """Return an id in the site's way; other clients have numbers too, so ours have gaps."""
    client = 101 + 4 * number + dice.whole(0, 3)
    if site == "north":
        return f"P-{client:05d}" + ("a" if dice.chance(FAMILY_LETTER) else "")
    return f"{client:07d}" if site == "lakeside" else f"SUR/{client:05d}"
