"""Three clinics that do not exist: their staff, devices, lots and calendar.

Staff and devices are codes and kinds, not names and brands: staff are people too, and an invented
log must say nothing about a real product.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from analysis.intake.example.drawing import Odds

# --- Calendar -----------------------------------------------------------------------------------

FIRST_VISIT: Final = date(2024, 7, 1)
LAST_ARRIVAL: Final = date(2026, 4, 20)
EXTRACTED_ON: Final = date(2026, 6, 30)
SUNDAY: Final = 6
HOLIDAYS: Final = ((1, 1), (12, 25), (12, 26))
"""Month and day."""


def to_working_day(day: date) -> date:
    """Return the day itself, or the next one on which the clinics are open."""
    while day.weekday() == SUNDAY or (day.month, day.day) in HOLIDAYS:
        day += timedelta(1)
    return day


# --- Clinics ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Site:
    """One clinic, and what it writes down at all."""

    key: str
    name: str
    share: float
    operators: Odds[str]
    devices: Odds[str]
    columns: frozenset[str]
    """What it writes down beyond the columns that all three have."""


_N, _L, _S = "NLS"
SITES: Final[Mapping[str, Site]] = MappingProxyType(
    {
        site.key: site
        for site in (
            Site(
                key="north",
                name="North",
                share=0.45,
                operators=Odds({"N1": 0.3, "N2": 0.25, "N3": 0.2, "N4": 0.15, "N5": 0.1}),
                devices=Odds({"pen 12 needles": 0.6, "pen 36 needles": 0.4}),
                columns=frozenset({"serum_lot", "device_serial"}),
            ),
            Site(
                key="lakeside",
                name="Lakeside",
                share=0.35,
                operators=Odds({"L1": 0.4, "L2": 0.25, "L3": 0.2, "L4": 0.15}),
                devices=Odds({"pen 12 needles": 0.5, "pen 36 needles": 0.35, "stamp": 0.15}),
                columns=frozenset(
                    {
                        *("modality", "device_serial", "serum_lot", "endpoint", "aftercare"),
                        *("pain", "rater", "severity", "resolved", "action", "stopped"),
                        *("serious", "contraindications", "isotretinoin_months"),
                    }
                ),
            ),
            Site(
                key="sur",
                name="Sur",
                share=0.20,
                operators=Odds({"S1": 0.5, "S2": 0.3, "S3": 0.2}),
                devices=Odds({"pen 36 needles": 0.6, "roller 192 needles": 0.4}),
                columns=frozenset({"modality", "rater", "severity", "contraindications"}),
            ),
        )
    }
)
SITE_KEYS: Final = Odds({site.key: site.share for site in SITES.values()})

OTHER_DEVICES: Final = {
    "rf_microneedling": "RF needle array",
    "laser": "fractional laser",
    "chemical_peel": "",
    "dermabrasion": "",
    "home": "home roller",
}

# --- Lots ---------------------------------------------------------------------------------------

_LETTERS: Final = {
    "pen 12 needles": "A",
    "pen 36 needles": "B",
    "stamp": "C",
    "roller 192 needles": "D",
    "RF needle array": "R",
    "home roller": "H",
}
BAD_LOT: Final = "B2504"
"""Cartridges for the pen with 36 needles, in use in March and April 2025 in all three clinics.
Lasting hyperpigmentation is several times as frequent with it; see ``harms``."""
SERUMS: Final = {
    "hyaluronic acid": "HA",
    "vitamin C": "VC",
    "tranexamic acid": "TX",
    "PRP": "",
}
"""What is put on besides; platelets are the patient's own and have no lot."""
ADJUNCTS: Final = {
    "pigmentation": Odds({"": 0.45, "tranexamic acid": 0.35, "vitamin C": 0.2}),
    "uneven_tone": Odds({"": 0.5, "vitamin C": 0.3, "tranexamic acid": 0.2}),
    "acne_scars": Odds({"": 0.7, "PRP": 0.18, "hyaluronic acid": 0.12}),
    "": Odds({"": 0.75, "hyaluronic acid": 0.25}),
}
"""By concern, else by the last line; conventions. An adjunct changes nothing in this world."""


def find_cartridge_lot(device: str, day: date) -> str:
    """Return the lot in use: each kind of device has a new one every second month."""
    letter = _LETTERS.get(device)
    return f"{letter}{day.year % 100}{(day.month + 1) // 2 * 2:02d}" if letter else ""


def find_serum_lot(adjunct: str, day: date) -> str:
    """Return the lot of the serum: a new one every quarter."""
    letters = SERUMS.get(adjunct)
    return f"{letters}-{day.year % 100}Q{(day.month + 2) // 3}" if letters else ""


def find_serial(device: str, operator: str) -> str:
    """Return the serial number of the device that stands in the operator's room."""
    letter = _LETTERS.get(device)
    return f"SN-{letter}-{operator}" if letter and operator else ""


# --- What is done in every session --------------------------------------------------------------

PASSES: Final = Odds({4: 0.25, 5: 0.15, 6: 0.35, 8: 0.25})
"""4 to 10 (Juhasz and Cohen 2020, Clin Cosmet Investig Dermatol, table 1)."""
RF_PASSES: Final = Odds({2: 0.3, 3: 0.4, 4: 0.3})
"""2 to 8 (same table)."""
RF_NEEDLES: Final = Odds({(1.5, 1.5): 0.4, (2.0, 2.0): 0.3, (1.0, 2.0): 0.2, (2.5, 2.5): 0.1})
"""0.8 to 3.5 mm (same table)."""
HOME_NEEDLES: Final = Odds({(0.2, 0.2): 0.6, (0.25, 0.25): 0.3, (0.3, 0.3): 0.1})
"""A convention."""
MINUTES: Final = Odds({20: 0.1, 25: 0.1, 30: 0.3, 40: 0.2, 45: 0.2, 60: 0.1})
"""Conventions, inside the 5 to 60 of the patient article."""
NUMBING: Final = Odds({"lidocaine 5 %": 0.6, "lidocaine + prilocaine": 0.28, "none": 0.12})
ENDPOINTS: Final = Odds({"pinpoint bleeding": 0.5, "uniform redness": 0.5})
AFTERCARE: Final = Odds({"sheet given": 0.6, "sheet and SPF 50": 0.3, "told": 0.1})
PAIN: Final = (4.0, 1.8)
"""5.2 in stretch marks, standard error 0.3 (trial of 20 patients, 2018); less is a convention."""
