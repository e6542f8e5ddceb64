"""What each clinic calls things: side effects, concerns, scales, contraindications.

Every word stands in the vocabulary, misspellings included; a test looks each of them up.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from analysis.intake.example.drawing import Dice, Odds
from analysis.intake.example.harms import Event

SIDE_EFFECTS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        # term: as North and its diaries, Lakeside, and Sur write it
        "erythema": (
            ("redness", "redness", "red", "reddness", "pink"),
            ("erythema", "erythema", "erythma", "flushing"),
            ("eritema", "enrojecimiento", "rougeur", "vermelhidão"),
        ),
        "oedema": (
            ("swelling", "puffy", "swollen"),
            ("edema", "oedema", "oedma"),
            ("hinchazón", "edema", "inchaço"),
        ),
        "pain": (("sore", "soreness"), ("pain", "discomfort"), ("dolor", "douleur")),
        "burning": (("burning", "stings"), ("burning sensation", "tingling"), ("ardor",)),
        "warmth_tightness": (("tight", "hot"), ("tightness", "warmth"), ("tightness",)),
        "tenderness": (("tender", "sensitive to touch"), ("tenderness",), ("tenderness",)),
        "pruritus": (("itchy", "itching"), ("pruritus", "puritus"), ("picor", "démangeaison")),
        "dryness": (("dry", "sandpaper"), ("dryness", "dry skin"), ("sequedad",)),
        "peeling": (("flaky", "pealing", "peeling"), ("desquamation",), ("exfoliation",)),
        "bleeding": (("spot bleeding",), ("pinpoint bleeding", "PPB"), ("bleeding",)),
        "oozing": (("weepy", "oozing"), ("serous ooze",), ("oozing",)),
        "crusting": (("scabs", "crusts"), ("crusting", "MEND"), ("crusting",)),
        "bruising": (("bruise", "brusing"), ("ecchymosis", "bruising"), ("moretón",)),
        "sensitivity": (("sensitive", "irritated"), ("irritation",), ("photosensitivity",)),
        "acne_flare": (("breakout", "spots"), ("acneiform eruption",), ("acne flare",)),
        "milia": (("whiteheads", "millia"), ("milia",), ("milia",)),
        "folliculitis": (("pus spots",), ("folliculitis", "pustules"), ("folliculitis",)),
        "contact_dermatitis": (("rash",), ("contact dermatitis",), ("dermatitis",)),
        "lymphadenopathy": (("swollen glands",), ("lymphadenopathy",), ("lymphadenopathy",)),
        "textural_change": (("scratches", "drag lines"), ("abrasion",), ("abrasions",)),
        "vasovagal": (("fainted", "dizzy"), ("presyncope", "vasovagal"), ("syncope",)),
        "lidocaine": (("numbing reaction",), ("lidocaine reaction",), ("lidocaine reaction",)),
        "prolonged_erythema": (("still red",), ("persistent erythema",), ("persistent redness",)),
        "pih": (
            ("PIH", "dark patches", "dark spots"),
            ("post-inflammatory hyperpigmentation", "PIH", "hyperpig"),
            ("manchas", "PIH"),
        ),
        "hypopig": (("white patches", "lost freckles"), ("hypopigmentation",), ("white spots",)),
        "tram_track": (("tramlines", "train tracks"), ("tram-track scar",), ("tram-trek",)),
        "hypertrophic_scar": (("raised scar",), ("hypertrophic scar",), ("scar",)),
        "keloid": (("keliod",), ("keloid",), ("keloid",)),
        "infection_bacterial": (("infected", "impetigo"), ("cellulitis", "impetigo"), ("pus",)),
        "infection_atypical": (("fungal infection",), ("atypical mycobacteria",), ("tinea",)),
        "hsv": (("cold sore", "cold sores"), ("HSV flare", "herpes simplex"), ("herpes",)),
        "granuloma": (("nodules",), ("granulomatous reaction",), ("granuloma",)),
        "urticaria": (("hives",), ("urticaria",), ("urticaria",)),
        "anaphylaxis": (("throat tight",), ("anaphylaxis",), ("anaphylaxis",)),
        "burn": (("blisters",), ("thermal burn", "burn"), ("burn",)),
        "lipoatrophy": (("dent",), ("lipoatrophy",), ("fat loss",)),
        "nerve_injury": (("droop",), ("numbness",), ("numbness",)),
        "device": (("needle broke",), ("cartridge fault", "motor stopped"), ("leak",)),
        "worsening_concern": (("worsening",), ("worsening",), ("worsening",)),
        "telangiectasia": (("thread veins",), ("telangiectasia",), ("telangiectasia",)),
        "other": (("other",), ("other",), ("other",)),
        "unspecified_expected": (("as expected",), ("expected response",), ("as expected",)),
    }
)
_CLINIC: Final = {"north": 0, "home": 0, "lakeside": 1, "sur": 2}
NONE: Final = {
    "north": Odds({"none": 0.5, "nil": 0.25, "-": 0.15, "none reported": 0.06, "ok": 0.04}),
    "home": Odds({"none": 0.6, "-": 0.4}),
    "lakeside": Odds({"none": 0.4, "no AE": 0.25, "uneventful": 0.2, "NAD": 0.15}),
    "sur": Odds({"sin novedad": 0.6, "no": 0.25, "ø": 0.1, "aucun": 0.05}),
}
"""Asked, and nothing seen."""
_SEVERITY: Final = {1: ("mild", "slight"), 2: ("moderate",), 3: ("severe", "marked")}
_JOINED: Final = {
    "north": (", ", ", ", " + ", "/"),
    "home": (", ",),
    "lakeside": (", ", "; ", " and "),
    "sur": (", ", " y ", " + "),
}


def write_side_effects(dice: Dice, events: tuple[Event, ...], layout: str) -> str:
    """Return what a clinic writes of these events, each with what is known of it."""
    with_column = layout in ("lakeside", "sur")
    joint = dice.choose(_JOINED[layout])
    if any(event.hours is not None for event in events):
        joint = ", " if joint == "/" else joint
    return joint.join(
        _write_event(dice, event, layout, with_severity=not with_column) for event in events
    )


def _write_event(dice: Dice, event: Event, layout: str, *, with_severity: bool) -> str:
    parts = [dice.choose(SIDE_EFFECTS[event.term][_CLINIC[layout]])]
    if with_severity and event.severity is not None:
        parts.insert(0, dice.choose(_SEVERITY[event.severity]))
    if event.hours is not None:
        says = layout == "north" and event.is_resolved is True
        plain = _write_plain_duration(event.hours)
        parts.append(f"resolved in {plain}" if says else _write_duration(dice, event.hours))
    return " ".join(parts)


def _write_duration(dice: Dice, hours: float) -> str:
    plain = _write_plain_duration(hours)
    if not plain.endswith("days"):
        return plain
    number = plain.removesuffix(" days")
    written = [plain, f"x{number}d", f"for {plain}"]
    return dice.choose([*written, f"{hours:g}h"] if hours <= 72 else written)


def _write_plain_duration(hours: float) -> str:
    if hours % 168 == 0 and hours >= 336:
        return f"{hours / 168:g} weeks"
    if hours < 1:
        return f"{hours * 60:g} min"
    return f"{hours / 24:g} days" if hours % 24 == 0 else f"{hours:g} hrs"


def write_plainly(events: tuple[Event, ...], *, with_severity: bool, with_resolved: bool) -> str:
    """Return the events by the keys of the vocabulary, for a database export."""
    parts = []
    for event in events:
        words = [event.term.replace("_", " ")]
        if with_severity and event.severity is not None:
            words.insert(0, _SEVERITY[event.severity][0])
        if with_resolved and event.is_resolved:
            words.append("resolved")
        if event.hours is not None:
            words.append(f"{event.hours:g} h")
        parts.append(" ".join(words))
    return "; ".join(parts)


# --- concerns -------------------------------------------------------------------------------

CONCERN_WORDS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        # as North, Lakeside and Sur write a concern (without, then with its subtype)
        "acne_scars": (
            ("acne scars", "acne scars", "AS", "ance scars"),
            ("acne scarring", "atrophic scars", "post-acne scars"),
            ("cicatrices", "acne scars", "Aknenarben"),
        ),
        "acne_scars/ice_pick": (("ice pick",), ("icepick",), ("ice pick scars",)),
        "acne_scars/boxcar": (("box car",), ("boxcar scars",), ("boxcar",)),
        "acne_scars/rolling": (("rolling",), ("rolling scars",), ("rolling scars",)),
        "uneven_texture": (("texture", "texure"), ("uneven texture",), ("skin texture",)),
        "fine_lines": (("fine lines", "FL"), ("fine lines", "crepey"), ("líneas finas",)),
        "enlarged_pores": (("pores", "large pores"), ("enlarged pores",), ("poros",)),
        "pigmentation": (
            ("pigmentation", "dark spots"),
            ("hyperpigmentation", "dyschromia"),
            ("pigmentation", "HP"),
        ),
        "pigmentation/melasma": (("melasma", "malasma"), ("melasma", "chloasma"), ("melasma",)),
        "pigmentation/pih": (("PIH",), ("post-acne hyperpigmentation", "PIH"), ("PIH",)),
        "pigmentation/lentigo": (("sun spots", "age spots"), ("lentigines",), ("lentigo",)),
        "wrinkles": (
            ("wrinkles", "wrinkels", "crow's feet"),
            ("rhytides", "photoaging", "NLF"),
            ("wrinkles", "rejuvenation"),
        ),
        "lost_elasticity": (("sagging", "loose skin"), ("laxity", "skin laxity"), ("firmness",)),
        "stretch_marks": (
            ("stretch marks", "strech marks"),
            ("striae distensae", "striae"),
            ("estrías", "vergetures"),
        ),
        "stretch_marks/alba": (("striae alba",), ("striae alba",), ("striae alba",)),
        "stretch_marks/rubra": (("striae rubra",), ("striae rubra",), ("striae rubra",)),
        "uneven_tone": (("dull", "uneven tone", "glow"), ("uneven skin tone",), ("skin tone",)),
    }
)
_BETWEEN: Final = {
    "north": (" / ", " + ", ", "),
    "home": (", ",),
    "lakeside": ("; ", " and ", " & "),
    "sur": (" y ", " / ", " et "),
}


def write_concerns(dice: Dice, concerns: tuple[tuple[str, str], ...], layout: str) -> str:
    """Return what a clinic writes of these concerns, the first one first."""
    words = [
        dice.choose(CONCERN_WORDS[f"{concern}/{subtype}" if subtype else concern][_CLINIC[layout]])
        for concern, subtype in concerns
    ]
    return dice.choose(_BETWEEN[layout]).join(words)


# --- scales, contraindications ----------------------------------------------------------------

SCALE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gb_qual": "Goodman-Baron",
        "ecca": "ECCA",
        "gb_quant": "GB quantitative",
        "asas": "ASAS",
        "ass_dogra": "Dogra score",
        "scar_s": "SCAR-S",
        "afls": "AFLS",
        "lemperle": "Lemperle",
        "fitz_wrinkle": "Fitzpatrick-Goldman",
        "wsrs": "WSRS",
        "fws": "FWS",
        "glogau": "Glogau",
        "mmasi": "mMASI",
        "masi": "MASI",
        "pahpi": "PAHPI",
        "hemi_masi": "hemi-MASI",
        "msi": "MSI",
        "pihasi": "PIHASI",
        "melanin_index": "Mexameter",
        "dermacatch": "Dermacatch",
        "l_star": "L*",
        "pore_iga": "Pore IGA",
        "pore_count": "Pore count",
        "cutometer_r2": "Cutometer R2",
        "aa_laxity": "Alexiades-Armenakas",
        "roughness": "Antera roughness",
        "striae_width": "Striae width",
        "striae_sev": "Striae severity",
        "mss": "Manchester",
        "gais": "GAIS",
        "quartile": "Quartile",
    }
)
CONTRAINDICATION_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # as Lakeside and Sur write it
        "active_acne": ("active acne", "cystic acne"),
        "active_infection": ("active cold sore", "skin infection"),
        "skin_cancer": ("BCC", "melanoma"),
        "metal_allergy": ("nickel allergy", "nickel allergy"),
        "bleeding_disorder": ("von Willebrand", "bleeding disorder"),
        "irritated_skin": ("skin irritation", "rash"),
        "open_wound": ("open sore", "open wound"),
        "isotretinoin": ("Accutane", "Roaccutane"),
        "eczema_psoriasis": ("eczema flare", "psoriasis"),
        "actinic_keratosis": ("actinic keratosis", "actinic keratosis"),
        "keloid_tendency": ("prone to keloids", "keloid history"),
        "immunosuppression": ("chemotherapy", "immunosuppressed"),
        "autoimmune": ("lupus", "scleroderma"),
        "diabetes": ("uncontrolled diabetes", "diabetes"),
        "rosacea": ("rosacea", "rosacea"),
        "anticoagulants": ("warfarin", "heparin"),
        "pregnancy": ("breastfeeding", "lactation"),
        "recent_procedure": ("recent peel", "recent laser"),
        "sunburn": ("sunburn", "recent tan"),
        "radiation_field": ("radiotherapy", "radiotherapy"),
    }
)


def write_contraindications(found: tuple[str, ...] | None, layout: str) -> str:
    """Return what a clinic writes; empty where it did not ask."""
    if found is None:
        return ""
    place = 0 if layout == "lakeside" else 1
    return "; ".join(CONTRAINDICATION_WORDS[each][place] for each in found) or "none"
