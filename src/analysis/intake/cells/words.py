"""Reads words that stand for one of a few: status, modality, setting, side, rater and the like."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from analysis.intake.cells.found import Found, drop_invisible, fold, is_blank


def _spell(**spellings: str) -> dict[str, str]:
    """Return spelling → key from ``key="one spelling|another"``; the key spells itself."""
    return {
        spelling: key
        for key, words in spellings.items()
        for spelling in (key, key.replace("_", " "), *words.split("|"))
    }


_STATUSES: Final = _spell(
    attended="attend|completed|complete|done|arrived|seen|checked out|checked in|closed|finished"
    "|yes|y|ok|show|showed|treated|erschienen|erledigt|asistió|asistio|atendido|atendida|realizada"
    "|realizado|compareceu|venu|effectué",
    absent="cancelled|canceled|cancellation|cancel|late cancel|late cancellation|no-show|no show"
    "|noshow|no_show|dna|did not attend|didn't attend|missed|not attended|rescheduled|postponed"
    "|booked|scheduled|pending|fta|failed to attend|abgesagt"
    "|storniert|ausgefallen|nicht erschienen|cancelada|cancelado|no asistió|no asistio"
    "|não compareceu|faltou|annulé|absent|non venu",
)
_MODALITIES: Final = _spell(
    microneedling="micro-needling|micro needling|needling|medical needling|skin needling|mn|cit|pci"
    "|mnt|collagen induction|collagen induction therapy|dermapen|pen|skinpen|mechanical needling"
    "|automated microneedling|roller|dermaroller|derma roller|derma-roller|stamp|micorneedling"
    "|micronileng|microneedeling|mesoneedling|microagulhamento|microagujas|nadelung",
    rf_microneedling="rf|rf needling|rf micro-needling|rf micro needling|microneedling rf|mn rf"
    "|mnrf|rfmn|fractional rf|fractional rf microneedling|frf|fmr|fractional radiofrequency"
    "|radiofrequency|radiofrequency microneedling|radio-frequency microneedling|needle rf"
    "|rf-microneedling|microneedling with rf|microneedle rf|morpheus8|morpheus|secret rf|infini"
    "|vivace|potenza|genius",
    laser="co2|co2 laser|fractional laser|fractional co2|fractional co2 laser|ablative laser|erbium"
    "|er:yag|er:yag laser|erbium laser|fraxel|pico|pico laser|nd:yag|q-switched|laser resurfacing"
    "|non-ablative laser",
    chemical_peel="peel|peeling|chem peel|tca|tca peel|tca cross|glycolic|glycolic peel|salicylic"
    "|salicylic peel|jessner|jessner peel|mandelic peel",
    dermabrasion="derm-abrasion",
    other="other|prp|mesotherapy|microdermabrasion|hydrafacial|ipl|botox|botulinum toxin|filler|led"
    "|subcision|facial|consultation",
)
_SETTINGS: Final = _spell(
    clinic="in clinic|in-clinic|office|in office|practice|surgery|salon|praxis",
    home="at home|home use|home roller|self|self-treatment|self treatment|zuhause",
)
_AT_HOME = re.compile(r"(?<![\s(,/-])[\s(,/-]*+\b(?:at[ -])?home\b(?:[ -]use)?[\s),/-]*")
_SIDES: Final = _spell(
    left="l|lt|lhs|left side|left half|left cheek|left face|l side|links|izquierda|gauche",
    right="r|rt|rhs|right side|right half|right cheek|right face|r side|rechts|derecha|droite",
    both="bilateral|b/l|l+r|l & r|l/r|left and right|both sides|whole|beidseits",
)
_RATERS: Final = _spell(
    blinded="blind|blinded investigator|blinded rater|independent|independent rater"
    "|blinded physician|photo panel|photographs blinded|blinded photo",
    investigator="physician|doctor|dr|clinician|treating physician|operator|therapist|nurse|staff"
    "|dermatologist|treating clinician|provider|practitioner|unblinded",
    device="instrument|camera|visia|antera|mexameter|cutometer|colorimeter|machine",
    patient="self|self-assessed|self assessed|self-assessment|client|subject|pt|patient reported"
    "|patient-reported",
)
_SEVERITIES: Final = _spell(
    **{
        "1": "mild|slight|minimal|light|minor|i|leicht",
        "2": "moderate|mod|ii|mittel",
        "3": "severe|marked|strong|iii|schwer",
        "4": "life-threatening|life threatening|iv",
        "5": "fatal|death|v",
    }
)
_YES: Final = frozenset(
    "yes|y|true|t|1|x|✓|ja|sí|si|oui|sim|resolved|gone|settled|serious|sae|stopped".split("|")
)
_NO: Final = frozenset(
    "no|n|false|f|0|nein|non|não|nao|not resolved|ongoing|unresolved|persisting|not serious"
    "|continued|none".split("|")
)


def _parse_word(text: str, spellings: Mapping[str, str], rule: str, hint: str) -> Found:
    if is_blank(text):
        return Found()
    if key := spellings.get(fold(text).strip(" .")):
        return Found(key)
    return Found(rule=rule, consequence="cell blanked", suggestion=hint)


def parse_status(text: str) -> Found:
    """Return whether a booking became a session; a blank cell says so.

    What is not understood sets its row aside: it is neither counted as a session nor left out as a
    booking.
    """
    if is_blank(text):
        return Found(True)
    found = _parse_word(text, _STATUSES, "unknown_status", "attended, cancelled or no-show")
    if found.value is None:
        return replace(found, consequence="row set aside")
    return Found(found.value == "attended")


def parse_modality(text: str) -> Found:
    """Return ``(modality, setting)``; the setting only where the text says "at home".

    What is not understood is ``other``: it is not counted as microneedling.
    """
    if is_blank(text):
        return Found()
    plain = fold(text).strip(" .")
    bare = _AT_HOME.sub(" ", plain).strip()
    setting = "home" if bare != plain else None
    key = _MODALITIES.get(bare)
    if key:
        return Found((key, setting))
    hint = "name one of: " + ", ".join(dict.fromkeys(_MODALITIES.values()))
    return Found(("other", setting), "unknown_modality", "noted", hint)


def parse_setting(text: str) -> Found:
    """Return ``clinic`` or ``home``."""
    return _parse_word(text, _SETTINGS, "unknown_setting", "clinic or home")


def parse_side(text: str) -> Found:
    """Return ``left``, ``right`` or ``both``."""
    return _parse_word(text, _SIDES, "unknown_side", "left, right or both")


def parse_rater(text: str) -> Found:
    """Return ``blinded``, ``investigator``, ``device`` or ``patient``."""
    return _parse_word(
        text,
        _RATERS,
        "unknown_rater",
        "blinded, investigator, device or patient; until then default_rater counts",
    )


def parse_severity(text: str) -> Found:
    """Return the severity from 1 mild to 5 fatal; "none" and 0 are none."""
    if is_blank(text) or fold(text) in ("0", "none", "nil", "no"):
        return Found()
    plain = re.sub(r"^(ctcae|grade|gr|g)[ .:]*", "", fold(text))
    hint = "mild, moderate, severe, or 1 to 5"
    found = _parse_word(plain, _SEVERITIES, "unknown_severity", hint)
    return found if found.value is None else Found(int(str(found.value)))


def parse_answer(text: str) -> Found:
    """Return yes or no."""
    if is_blank(text):
        return Found()
    plain = fold(text).strip(" .")
    if plain in _YES or plain in _NO:
        return Found(plain in _YES)
    return Found(rule="unknown_answer", consequence="cell blanked", suggestion="yes or no")


def parse_text(text: str) -> Found:
    """Return the text without spaces around it, for names of devices, lots, staff and areas.

    Such a name is shown on pages, so that marks nobody sees are taken out of it.
    """
    plain = " ".join(drop_invisible(text).split())
    if is_blank(plain) or not plain.strip(" -"):
        return Found()
    if drop_invisible(text) == text:
        return Found(plain)
    hint = "type the name again; it holds marks that nobody sees"
    return Found(plain, "invisible_characters", "repaired", hint)
