"""The words around a term in free text: what they deny, date, grade, doubt or tell of the past."""

import math
import re
from typing import Final

NONE_WORDS: Final = frozenset(
    "-|--|ø|0|zero|n|ok|fine|happy|good|all good|all fine|all ok|all well|uneventful"
    "|well tolerated|tolerated well|sin novedad|sin efectos secundarios|sin efectos adversos|keine"
    "|keine nebenwirkungen|aucun|aucune|aucun effet secondaire|pas d'effets secondaires"
    "|sem efeitos adversos|sem efeitos colaterais|sem intercorrências|nada|ninguno|ninguna|nenhum"
    "|nenhuma|ninguno reportado|sin complicaciones|sin reacciones|rien|ras|sans particularité"
    "|aucun effet|aucune complication|o.b.|ohne befund|keine beschwerden|keine reaktion"
    "|gut vertragen|gut toleriert|bien tolerado|bien tolerada|bem tolerado|bien toléré".split("|")
)
"""What stands for "asked, and none", beside the phrases of :data:`NONE`."""
NOT_RECORDED_WORDS: Final = frozenset(
    "n/a|n.a.|na|y/n|not asked|not recorded|dna|lost|k.a.|keine angabe|keine angaben|unbekannt"
    "|no preguntado|no consta|desconocido|não perguntado|desconhecido|non demandé|non renseigné"
    "|inconnu".split("|")
)
NOT_APPLICABLE_WORDS: Final = frozenset("n/a|n.a.|n. a.|na|not applicable".split("|"))
"""What may mean that nobody asked, or that there was none: a person answers which."""
YES_ALONE: Final = frozenset("y|yes|ja|si|sí|oui|sim|positive".split("|"))
NONE = re.compile(
    r"(?:(?:pt|patient|client) (?:is |was )?)?"
    r"(?:happy with (?:the )?(?:results?|outcome|progress|treatment)|no|none|nil"
    r"|nill|nothing|nad|without|happy|fine)(?: (?:any|adverse|side|untoward|other))*"
    r"(?: (?:s/e|se|aes?|ae's|(?:side-)?effects?|events?|reactions?|complications?|complaints?"
    r"|concerns?|issues?|problems?))?(?: (?:reported|noted|seen|observed|of note|to report))?"
)
LABEL = re.compile(
    r"^(?:side[ -]?effects?|s/?e|aes?|adverse (?:events?|effects?)|reactions?|complications?)"
    r"\s*[:=]\s*"
)
_HOURS_PER: Final = {
    **dict.fromkeys("min mins minute minutes minuten minuto minutos".split(), 1 / 60),
    **dict.fromkeys("h hr hrs hour hours std stunde stunden hora horas heure heures".split(), 1.0),
    **dict.fromkeys("d ds day days tag tage tagen día días dia dias jour jours".split(), 24.0),
    **dict.fromkeys("w ws wk wks week weeks woche wochen".split(), 168.0),
    **dict.fromkeys("semana semanas semaine semaines".split(), 168.0),
    **dict.fromkeys("mo mos month months monat monate monaten mes meses mois mês".split(), 730.5),
}
_UNIT = f"(?:{'|'.join(sorted(_HOURS_PER, key=len, reverse=True))})"
NUMBER_WORDS: Final = {
    **{"a couple of": 2, "couple of": 2, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3},
    **{"four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"eleven": 11, "twelve": 12, "fourteen": 14},
}
_REWRITE: Final = tuple(
    (re.compile(pattern), whole)
    for pattern, whole in (
        (r"(?<!\w)o/e(?!\w)", "on"),
        # "redness (no PIH)" and "redness - no PIH" are two sentences
        (r"\s*[(\[]\s*(?=(?:no|nil|without|denies) +\w)|\s+-\s+(?=(?:no|nil) +\w)", "; "),
        (r"^(?:no|none|nil|n)\s+-\s+(?=\w)", "none; "),
        # a question mark belongs to its word
        (r"\?\s+(?=\w)|(?<=\w)\s+\?", "?"),
        (r"(?<!\w)r/o(?!\w)", "rule out"),
        (r"(?<!\w)w/o(?!\w)", "without"),
        (r"(?<!\w)h/o(?!\w)", "history of"),
        (r"(?<!\w)n/a(?!\w)", "not asked"),
        (r"(?<!\w)(?:s/e(?:'?s)?)(?!\w)", "side effects"),
        (r"(?<!\w)n\. ?a\. ?d\b\.?", "nad"),
        (r"\b(did|has|have|had|is|was|were|does|do|are)n'?t\b", r"\1 not"),
        # a score of nought is "zero", the British 3/7 and 2/52 are days and weeks; any other
        # score says that it was there
        (r"(?<![\d/.,])0+(?:[.,]0+)?\s*/\s*\d+(?![\d/])", "zero"),
        (r"(?<![\d/.,])(\d+(?:-\d+)?)\s*/\s*7(?![\d/])", r"\1 days"),
        (r"(?<![\d/.,])(\d+(?:-\d+)?)\s*/\s*52(?![\d/])", r"\1 weeks"),
        (r"(?<![\d/.,])(\d+(?:-\d+)?)\s*/\s*12(?![\d/])", r"\1 months"),
        (r"(?<![\d/.,])\d+(?:[.,]\d+)?\s*/\s*(?:3|4|5|6|10|100)(?![\d/])", " "),
        (rf"(?<!twice )(?<!once )(?<!times )\b({'|'.join(NUMBER_WORDS)}) (?={_UNIT}\b)", ""),
        (r"\b(\d+) or (?=\d)", r"\1-"),
        (r"\bor (?:so|more|less|longer)\b", " "),
        # "7 days+", but not the plus between two side effects
        (rf"(\d)\s*({_UNIT})(?:\+(?!\w)|\s*\+(?=\s*(?:$|[,;.)])))", r"\1+ \2"),
    )
)
"""What is written short or as a word, and how it is read; an empty text stands for the number."""
_DENYING = (
    r"no|nil|without|denies|denied|den(?:y|ying)|free (?:of|from)|negative for|neg for|-ve for"
    r"|absence of|lack of|kein(?:e[nrms]?)?|ohne|sin|pas de|sans|aucune?|sem|zero"
    r"|niega|nega|nie|neither|weder"
)
NEGATION = re.compile(
    rf"(?<!\w)(?:(?:{_DENYING}|not|never)(?!\w)|pas d'|(?<!day )(?<![.,])0(?= *$))"
)
NOTHING = re.compile(rf"(?<!\w)(?:(?:{_DENYING}|none|nothing)(?!\w)|pas d')")
NEGATION_AFTER = re.compile(
    r"[\s:=(\[-]*(?:was |were |is )?(?:no|none|nil|zero|0(?:[.,]0+)?|absent|denied|negative"
    r"|(?:none|nil) (?:noted|seen|reported|present|observed)"
    r"|ruled out|excluded|not (?:noted|seen|reported|present|observed)|keine?|nicht vorhanden"
    r"|ausente|negativo|ninguno|ninguna|nenhum|nenhuma|aucune?)[\s.)\]]*"
)
NEGATION_BETWEEN = re.compile(
    r"\s*(?:(?P<label>[:=])\s*(?:no|nil)\b|[:=-]\s*(?:none|zero|absent|0)\b"
    r"|[(\[]\s*(?:no|none|nil|zero|absent)\s*[)\]]|(?:zero|0|none|absent)\b)"
)
PARTLY = re.compile(
    r"(?:no|not|without|nil) (?:\w+ )?(?:severe|significant|major|marked|excessive|undue|much"
    r"|abnormal|unusual)\b"
)
AFFIRMED = re.compile(r"\b(?:only|just|some|still|now|yes)\b")
STILL_THERE = re.compile(
    r"\bunresolved\b|\bnot (?:(?:yet|fully|completely|quite) )*(?:resolv|settl|gone\b|subsid|improv"
    r"|better\b|heal|fad|clear)\w*"
)
GOES_ON = re.compile(r"\b(?:still|ongoing|persist\w*)\b")
_PAST = (
    r"hx|history|previous|previously|risk of|advised|warned|prone|resolved|no longer|no change"
    r"|no improvement|antecedentes?|antécédents?|anamnese|histórico|früher(?:e[rnms]?)?"
)
PAST_WORDS = re.compile(rf"\b(?:{_PAST})\b")
HISTORY = re.compile(
    rf"\b(?:{_PAST}|discuss\w*|explained|counsel\w*|consent\w*|(?:pre-?)?existing"
    r"|(?<!no )known|prior|prophyla\w*|if|in case of|prevent\w*|avoid\w*|monitor\w*|watch for"
    r"|worried|anxious|concern(?:s|ed)? about)\b|(?<!day )(?<!days )(?<!week )(?<!weeks )\bold\b"
)
HISTORY_AFTER = re.compile(
    r"\b(?:hx|history|risks?|prophyla\w*|discuss\w*|explained|counsel\w*|consent\w*|warn\w*|advice"
    r"|at baseline|(?:from )?before (?:treatment|session)|from before|pre-?existing)\b"
)
BETTER = re.compile(
    r"\b(?:improved|improving|better|lighter|softer|fainter|flatter|smoother|faded|reduced"
    r"|less(?! than)|besser|gebessert|mejor|mejorad[oa]|mejorando|melhor|melhorou|amélioré)\b"
)
NOT_ASKED = re.compile(
    r"\bnot (?:asked|assessed|checked|recorded|reviewed|seen|applicable|known)\b|\bno show\b"
    r"|\bdid not attend\b|\bdna\b"
)
UNCERTAIN = re.compile(
    r"\?|\brule out\b|\bpossible\b|\bquery\b|\bsuspected\b|\bmaybe\b"
    r"|\bverdacht auf\b|\bevtl\b|\bposible\b|\bpossível\b|\bsospecha de\b|\bsuspeita de\b"
)
RESOLVED = re.compile(
    r"\b(?:resolved|settled|gone|subsided|abgeklungen|resuelt[oa]|resolvid[oa]|résolue?|disparu)\b"
)
CLAUSE_END = re.compile(
    r"[;|]|\.(?!\d)|\bbut\b|\bhowever\b|\bexcept(?: for)?\b|\b(?:apart|aside) from\b|\bother than\b"
)
# a comma between digits is a decimal comma, a plus after a digit says "or more"
PIECE_END = re.compile(
    r"((?<!\d),|,(?!\d)|(?<!\d)\+|[/&]|\b(?:and|then|und|y|et|e|or|nor|oder|ou|o|ni|nem|noch)\b)"
)
ALSO_MARKS: Final = frozenset(("and", "&", "und", "y", "et", "e"))
OR_MARKS: Final = frozenset(("or", "nor", "oder", "ou", "o", "ni", "nem", "noch"))
# possessive (*+, ++): terms are blanked out before, and runs of spaces must not be tried again
_DURATION = re.compile(
    r"(?:(?:(?<![^\W\d_])(?P<lead>x|for|in|within|after|by|from|at|on|post|until|till?|up to|to"
    r"|through|lasted|lasting|nach|seit|für|después de|tras|durante|por|após|après|pendant)|@)"
    r"\s*+)?(?:(?:about|approx\.?|ca\.?)\s*+)?"
    r"(?:(?P<over>>|over|more than|longer than|beyond)\s*+)?(?<!\d)"
    rf"(?:\d++(?:[.,]\d++)?\s*+{_UNIT}?\s*+(?:-|to)\s*+)?"
    rf"(?P<number>\d++(?:[.,]\d++)?)\s*+(?P<more>\+)?[\s-]*+(?P<unit>{_UNIT})\b"
    r"(?P<onset>\s*+(?:after|post|later|following|since|ago)\b)?"
)
_DAY_NUMBER = re.compile(
    r"\b(?:until|till?|up to|to|through)\s+(?:day|d)\s?(?P<until>\d+)\b"
    r"|\bdays?\s?\d+\s?(?:-|to|until)\s?(?:day\s?|d)?(?P<last>\d+)\b"
    r"|\b(?:day|d)\s?(?P<on>\d+)\b"
)
_STARTS: Final = frozenset(
    "in|within|after|by|from|at|on|post|nach|seit|después de|tras|após|après".split("|")
)
"""What stands before the time when something began, or ended; not before how long it lasted."""
_SEVERITY: Final = {
    **dict.fromkeys(("mild", "slight", "slightly", "minimal", "light", "little", "minor"), 1),
    **dict.fromkeys("leicht leichte leichter leichtes leichten ligero ligera".split(), 1),
    **dict.fromkeys("ligeros ligeras leve leves léger légère légers légères".split(), 1),
    **dict.fromkeys("moderate moderately mäßig mäßige mäßiger mittel moderado moderada".split(), 2),
    **dict.fromkeys("moderados moderadas modéré modérée".split(), 2),
    **dict.fromkeys("stark starke starker starkes schwer schwere intenso intensa".split(), 3),
    **dict.fromkeys("severo severa grave graves sévère forte".split(), 3),
    **dict.fromkeys(("severe", "severely", "marked", "strong", "intense", "bad"), 3),
}
FILLERS: Final = frozenset(
    "a an the of on in at for after with was is were very bit skin face area treated post day days"
    " x only resolved settled gone subsided still today normal usual mild later around all over by"
    " reported noted seen had has have some cheeks cheek forehead chin nose eyes lip neck left"
    " right both sides ongoing resolving settling fading yes until till til within lasted lasting"
    " through up since ago then more than over few several couple hours weeks months just again"
    " completely fully all together there der die das den im am an auf im gesicht haut nach seit"
    " für tage tag el la los las en del de un una normal por con rostro cara piel do da no na com"
    " le les du des une au visage peau avec".split()
)


def write_out(text: str) -> str:
    """Return the text with short forms, scores and numbers in words written in one way."""
    for pattern, whole in _REWRITE:
        text = pattern.sub(whole or (lambda match: f"{NUMBER_WORDS[match[1]]} "), text)
    return text


def says_none(text: str) -> bool:
    """Return whether a text says that somebody asked and nothing was there."""
    plain = LABEL.sub("", text.strip()).strip(" .!")
    return plain in NONE_WORDS or NONE.fullmatch(plain) is not None


def mask(pattern: re.Pattern[str], text: str) -> str:
    """Return the text with what the pattern finds blanked out."""
    return pattern.sub(lambda match: " " * len(match[0]), text)


def read_severity(text: str) -> int | None:
    """Return the severity of the first word that grades, 1 mild to 3 severe."""
    words = re.findall(r"(?<![\w-])\w+(?![\w-])", text)  # "light-headed" is not light
    return next((_SEVERITY[word] for word in words if word in _SEVERITY), None)


def read_hours(text: str, goes_on: bool, ended: bool) -> float | None:
    """Return how long it lasted; of "2-3 days" the larger end, of "over 7 days", and of what still
    goes on, the least above it.

    "after 10 days", "10 days after" and "on day 10" say how long only of what ended or goes on
    then; otherwise that is when it began.
    """
    hours: float | None = None
    is_longer = goes_on
    for match in _DURATION.finditer(text):
        is_start = match["lead"] in _STARTS or bool(match["onset"] and not match["lead"])
        if not is_start or goes_on or ended:
            hours = float(match["number"].replace(",", ".")) * _HOURS_PER[match["unit"]]
            is_longer = is_longer or bool(match["over"] or match["more"])
            break
    else:
        for match in _DAY_NUMBER.finditer(text):
            if day := match["until"] or match["last"] or (match["on"] if goes_on or ended else ""):
                hours = float(day) * _HOURS_PER["day"]
                break
    return math.nextafter(hours, math.inf) if hours is not None and is_longer else hours


def has_unknown_words(text: str) -> bool:
    """Return whether a text without its terms still says something that is not understood."""
    words = re.findall(r"[^\W\d]+", _DURATION.sub(" ", text))
    return any(
        word not in FILLERS and word not in _SEVERITY and not NEGATION.fullmatch(word)
        for word in words
    )
