"""Who comes with which concern, how it is treated, and on which scales each clinic scores it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from analysis.intake.example.drawing import Odds

Needle = tuple[float, float]
"""Shortest and longest length in mm."""


@dataclass(frozen=True, kw_only=True)
class Indication:
    """One concern as these clinics see it."""

    concern: str
    share: float
    """Of the patients, by main concern."""
    second: Odds[str]
    """What a quarter come with besides; it is treated but not scored."""
    age: tuple[float, float]
    age_limits: tuple[int, int]
    female: float
    skin_types: tuple[float, ...]
    """Shares of Fitzpatrick I to VI."""
    subtypes: Odds[str]
    needles: Odds[Needle]
    areas: Odds[str]
    scales: Mapping[str, Odds[str]]
    """By site. The first one is the site's usual scale; the others keep every scale in use."""


_MIXED: Final = (0.10, 0.27, 0.28, 0.21, 0.09, 0.05)
"""Shares of skin types where no trial says more; a convention."""
_FACE: Final = Odds({"full face": 0.55, "cheeks": 0.3, "forehead": 0.15})
_SHALLOW: Final = Odds({(0.5, 0.5): 0.4, (1.0, 1.0): 0.4, (0.5, 1.0): 0.2})
"""Needle lengths are conventions, inside the 0.5 to 3.5 mm of Juhasz and Cohen 2020."""
_DEEP: Final = Odds({(1.5, 1.5): 0.7, (2.0, 2.0): 0.2, (1.0, 2.0): 0.1})
_ANY: Final = Odds({"": 1.0})
_NORTH, _LAKESIDE, _SUR = "north", "lakeside", "sur"


def _usually(usual: str, *others: str, others_share: float = 0.2) -> Odds[str]:
    """Return a usual scale and some others, alike."""
    shares = {each: others_share / len(others) for each in others}
    return Odds({usual: 1 - sum(shares.values()), **shares})


_LIST: Final = (
    Indication(
        concern="acne_scars",
        share=0.23,
        second=Odds({"pigmentation": 0.4, "enlarged_pores": 0.35, "uneven_texture": 0.25}),
        # 30.9 ± 6.2 years (Tirmizi 2021, Cureus), 26.8 (Al Qarqaz 2018)
        age=(29, 6.5),
        age_limits=(18, 52),
        # 26 of 36 (Dogra 2014), 36 of 50 (Tirmizi 2021)
        female=0.72,
        skin_types=(0.05, 0.20, 0.30, 0.25, 0.13, 0.07),
        subtypes=Odds({"": 0.76, "ice_pick": 0.06, "boxcar": 0.08, "rolling": 0.10}),
        needles=_DEEP,
        areas=Odds({"cheeks": 0.6, "full face": 0.25, "temples": 0.15}),
        scales={
            _NORTH: _usually("gb_qual", "ecca", "ass_dogra", "scar_s"),
            _LAKESIDE: _usually("gb_qual", "gb_quant", "asas"),
            _SUR: _usually("gb_qual", "ecca", "scars_pro"),
        },
    ),
    Indication(
        concern="uneven_texture",
        share=0.08,
        second=Odds({"enlarged_pores": 0.5, "uneven_tone": 0.5}),
        age=(38, 9),
        age_limits=(20, 68),
        female=0.85,
        skin_types=_MIXED,
        subtypes=_ANY,
        needles=_SHALLOW,
        areas=_FACE,
        scales={
            _NORTH: Odds({"aa_laxity": 1.0}),
            _LAKESIDE: _usually("aa_laxity", "roughness", others_share=0.3),
            _SUR: _usually("aa_laxity", "faceq"),
        },
    ),
    Indication(
        concern="fine_lines",
        share=0.13,
        second=Odds({"pigmentation": 0.4, "wrinkles": 0.3, "uneven_tone": 0.3}),
        # 51.9 ± 12.1 years and 300 of 350 women (Aust 2008, Plast Reconstr Surg)
        age=(52, 9.5),
        age_limits=(34, 69),
        female=0.86,
        # II in 24, III in 4, IV in 4 of 32 (Alqam 2022), lighter than the clinics' other patients
        skin_types=(0.12, 0.38, 0.28, 0.15, 0.05, 0.02),
        subtypes=_ANY,
        needles=_SHALLOW,
        areas=Odds({"full face": 0.55, "perioral": 0.25, "around the eyes": 0.20}),
        scales={
            _NORTH: _usually("afls", "lemperle", "fitz_wrinkle"),
            _LAKESIDE: _usually("afls", "lemperle"),
            _SUR: _usually("afls", "lemperle"),
        },
    ),
    Indication(
        concern="enlarged_pores",
        share=0.08,
        second=Odds({"uneven_texture": 0.7, "acne_scars": 0.3}),
        age=(31, 7),
        age_limits=(18, 55),
        female=0.78,
        skin_types=_MIXED,
        subtypes=_ANY,
        needles=_SHALLOW,
        areas=Odds({"nose and cheeks": 0.6, "cheeks": 0.25, "full face": 0.15}),
        scales={
            _NORTH: Odds({"pore_iga": 1.0}),
            _LAKESIDE: _usually("pore_iga", "pore_count", others_share=0.25),
            _SUR: _usually("pore_iga", "dlqi"),
        },
    ),
    Indication(
        concern="pigmentation",
        share=0.14,
        second=Odds({"uneven_tone": 0.6, "fine_lines": 0.4}),
        # 33.5 ± 4.3 (Gul 2023), 33.2 ± 5.8 (Ismail 2019), 44.2 ± 8.4 years (mesoneedling trial)
        age=(37, 7.5),
        age_limits=(20, 62),
        # nearly all women in the melasma trials; 18 of 22 (Lima 2015, An Bras Dermatol)
        female=0.87,
        # III in 7 and IV in 53 of 60 (Gul 2023)
        skin_types=(0.03, 0.10, 0.31, 0.37, 0.13, 0.06),
        subtypes=Odds({"": 0.4, "melasma": 0.36, "pih": 0.14, "lentigo": 0.10}),
        # 1.5 mm (Lima 2017, BMC Dermatology) is the deepest
        needles=Odds({(0.5, 0.5): 0.5, (1.0, 1.0): 0.25, (0.5, 1.0): 0.15, (1.5, 1.5): 0.10}),
        areas=Odds({"full face": 0.5, "cheeks": 0.3, "upper lip": 0.2}),
        scales={
            _NORTH: _usually("mmasi", "masi", "pahpi", "msi", others_share=0.24),
            _LAKESIDE: _usually("mmasi", "pihasi", "dermacatch", "hemi_masi", others_share=0.28),
            _SUR: _usually("mmasi", "masi", "hemi_mmasi", others_share=0.24),
        },
    ),
    Indication(
        concern="wrinkles",
        share=0.11,
        second=Odds({"lost_elasticity": 0.5, "fine_lines": 0.5}),
        # 56.3 ± 5.0 years and 30 of 32 women (Alqam 2022)
        age=(56, 8),
        age_limits=(36, 78),
        female=0.88,
        skin_types=(0.12, 0.38, 0.28, 0.15, 0.05, 0.02),
        subtypes=_ANY,
        needles=Odds({(1.0, 1.0): 0.4, (1.5, 1.5): 0.4, (0.5, 1.5): 0.2}),
        areas=Odds({"full face": 0.5, "perioral": 0.3, "neck": 0.2}),
        scales={
            _NORTH: _usually("lemperle", "wsrs", "fws", "glogau"),
            _LAKESIDE: _usually("lemperle", "wsrs", "fws"),
            _SUR: _usually("lemperle", "glogau"),
        },
    ),
    Indication(
        concern="lost_elasticity",
        share=0.08,
        second=Odds({"wrinkles": 0.6, "fine_lines": 0.4}),
        # 49.7 ± 10.1 years (Aust 2008)
        age=(52, 8.5),
        age_limits=(32, 76),
        female=0.9,
        skin_types=_MIXED,
        subtypes=_ANY,
        needles=Odds({(1.0, 1.0): 0.5, (1.5, 1.5): 0.4, (1.0, 1.5): 0.1}),
        areas=Odds({"lower face": 0.5, "neck": 0.3, "full face": 0.2}),
        scales={
            _NORTH: Odds({"aa_laxity": 1.0}),
            _LAKESIDE: _usually("aa_laxity", "cutometer_r2", others_share=0.35),
            _SUR: _usually("aa_laxity", "cutometer_r2", others_share=0.3),
        },
    ),
    Indication(
        concern="stretch_marks",
        share=0.08,
        second=Odds({"lost_elasticity": 1.0}),
        # 28.1 years (trial of 40 patients, 2022)
        age=(30, 6.5),
        age_limits=(18, 52),
        female=0.93,
        # III and IV (trial of 20 patients, 2018); the rest is a convention
        skin_types=(0.05, 0.17, 0.36, 0.29, 0.09, 0.04),
        subtypes=Odds({"": 0.7, "alba": 0.18, "rubra": 0.12}),
        needles=Odds({(1.5, 1.5): 0.5, (2.0, 2.0): 0.3, (1.5, 2.5): 0.2}),
        areas=Odds({"abdomen": 0.5, "thighs": 0.3, "hips": 0.2}),
        scales={
            _NORTH: _usually("striae_width", "striae_sev", "mss", others_share=0.24),
            _LAKESIDE: _usually("striae_width", "striae_sev"),
            _SUR: _usually("striae_width", "dlqi"),
        },
    ),
    Indication(
        concern="uneven_tone",
        share=0.07,
        second=Odds({"pigmentation": 0.5, "uneven_texture": 0.5}),
        age=(36, 8.5),
        age_limits=(19, 64),
        female=0.88,
        skin_types=_MIXED,
        subtypes=_ANY,
        needles=_SHALLOW,
        areas=_FACE,
        scales={
            # a change scale: nothing is scored before treatment
            _NORTH: _usually("gais", "quartile", others_share=0.15),
            _LAKESIDE: _usually("gais", "melanin_index", "l_star", others_share=0.3),
            _SUR: _usually("gais", "melanin_index"),
        },
    ),
)
INDICATIONS: Final[Mapping[str, Indication]] = MappingProxyType(
    {each.concern: each for each in _LIST}
)
CONCERNS: Final = Odds({each.concern: each.share for each in _LIST})
SECOND_SHARE: Final = 0.25
"""Share of patients with a second concern; a convention."""
SKIN_TYPES: Final[Mapping[str, Odds[int]]] = MappingProxyType(
    {each.concern: Odds(dict(enumerate(each.skin_types, start=1))) for each in _LIST}
)
