"""The vocabulary files: complete, sourced, and every slip refused by file, block and key."""

from pathlib import Path

import pytest

from analysis.errors import VocabularyError
from analysis.vocabulary import BUILT_IN, Vocabulary, read_vocabulary
from analysis.vocabulary.describing import describe_term

NINE_CONCERNS = [
    "acne_scars",
    "uneven_texture",
    "fine_lines",
    "enlarged_pores",
    "pigmentation",
    "wrinkles",
    "lost_elasticity",
    "stretch_marks",
    "uneven_tone",
]
SIX_GROUPS = [
    "active acne or infection",
    "skin cancer",
    "allergy to steel or titanium",
    "bleeding disorder",
    "irritated skin or open wound",
    "isotretinoin and similar drugs",
]
FIRST_CHOICE = {
    "acne_scars": "gb_qual",
    "uneven_texture": "aa_laxity",
    "fine_lines": "afls",
    "enlarged_pores": "pore_iga",
    "pigmentation": "mmasi",
    "wrinkles": "lemperle",
    "lost_elasticity": "cutometer_r2",
    "stretch_marks": "striae_width",
    "uneven_tone": "melanin_index",
}
NOT_SIDE_EFFECTS = ["none", "nil", "no", "nad", "-", "none reported", "n/a", "unknown", "not asked"]
WEAK_SOURCES = ["droracle", "scribd", "acne.org", "reptileknowledge", "[S"]
DOUBTFUL_COPIES = ["doczz", "abcdocz", "revivetrainings", "rhustr", "grokipedia", "researcher.life"]
NOT_CHECKED = ["1.5 mm", "2.5 mm", "[mem]", "lidocaine"]
"""What the notes behind the benchmarks hold as general knowledge only."""
PUBLISHED = """
dogra_2014         | responders            | 26/30 |       |
dogra_2014         | mean before and after | -/30  |       | 11.73 3.12 6.50 2.71
dogra_2014         | side effect pih       | 5/30  |       |
dogra_2014         | side effect tram_track| 2/30  |       |
majid_2009         | responders            | 34/36 |       |
alam_2014          | mean change           | -/15  |       | 3.4 0.2 6.5 95
alam_2014          | mean change           | -/15  |       | 2.4 -0.01 4.8 95
alam_2014          | mean change           | -/15  |       | 0.4
alam_2014          | mean change           | -/15  |       | 1.0 -1.4 3.4 95
alam_2014          | side effect           | 0/20  |       |
cachafeiro_2016    | side effect pih       | 0/-   |       |
leheta_2011        | responders            | -/15  | 100   |
leheta_2011        | mean change           | -/15  |       | 68.3
fabbrocini_2014    | side effect           | 0/60  |       |
al_chalabi_2020    | responders            | 10/25 |       |
al_chalabi_2020    | mean before and after | -/25  |       | 16.39 3.43 7.78 2.79
co2_laser_2024     | mean before and after | -/30  |       | 3.53 3.20
co2_laser_2024     | side effect pih       | 2/30  | 6.67  |
sharma             | mean before and after | -/40  |       | 3.20 0.40 2.36 0.56
sharma             | mean before and after | -/40  |       | 3.20 0.40 2.13 0.56
polish_trial_2021  | mean before and after | -/-   |       | 2.87 0.83 2.03 1.16
dermaroller_2016   | responders            | 20/28 |       |
dermaroller_2016   | responders            | 27/28 |       |
hong_kong_2018     | responders            | -/36  | 91.8  |
krithika_2025      | responders            | 0/25  |       |
dalwig_nolda_2020  | mean change           | -/-   |       | 0.91 0.78 1.05
pen_2021           | mean change           | -/-   |       | 1.41
pen_2021           | mean change           | -/-   |       | 1.46
pen_2021           | mean change           | -/-   |       | 1.35
pen_2021           | mean change           | -/-   |       | 1.66
ablon_2018         | mean change           | -/-   |       | 1.23 1.11 1.34 99
ablon_2018         | mean change           | -/-   |       | 1.09 0.93 1.26 99
ablon_2018         | mean change           | -/-   |       | 1.54 1.33 1.75 99
alqam_2022         | responders            | -/32  | 50    |
alqam_2022         | mean change           | -/32  |       | -0.86 0.66
budamakuntla_2013  | responders            | 12/29 | 41.38 |
ismail_2019        | mean before and after | -/30  |       | 8.61 4.45 5.75 4.16
gul_2023           | mean before and after | -/60  |       | 13.17 1.09 8.10 1.11
hydroquinone_2021  | mean before and after | -/25  |       | 6.348 3.84 3.712 1.19
hydroquinone_2021  | mean change           | -/25  |       | 57.4 23.4
"""
"""The printed numbers, entered a second time from the sources: n of N, percentage, the others."""
WORKED_OUT = """
dogra_2014 count | al_chalabi_2020 count | co2_laser_2024 count | dermaroller_2016 count
krithika_2025 count | budamakuntla_2013 total
"""
DECIDED = """
SkinPen Precision                 | acne_scars  | face    | DEN160029 | 2018-03-01
SkinPen Precision                 | wrinkles    | neck    | K202243   |
Exceed                            | wrinkles    | face    | K180778   | 2018-09-07
Exceed                            | acne_scars  | face    | K182407   | 2019-07-19
Rejuvapen NXT                     | wrinkles    | face    | K192138   |
SkinStylus SteriLock MicroSystem  | scars_other | abdomen | K200044   | 2020-04-10
PRO Pen Microneedling System      | acne_scars  | face    | K243800   |
"""

SCALE = """
[scales.ours]
name = "our scale"
concerns = ["acne_scars"]
kind = "ordinal"
direction = "lower"
minimum = 0
maximum = 6
reference = "the clinic"
"""
RESPONDER = (
    'responder = {{rule = "{rule}", amount = {amount}, basis = "convention", '
    'text = "better", reference = "the clinic"}}\n'
)
SIDE_EFFECT = """
[side_effects.ours]
name = "our term"
severity_class = "expected"
reference = "the clinic"
"""
STUDY = """
[benchmarks.ours]
name = "our study"
year = "2020"
design = "a series"
population = "ten patients"
treatment = "a pen"
reference = "a journal"
[[benchmarks.ours.results]]
concern = "acne_scars"
kind = "responders"
measure = "better"
scale = "gb_qual"
count = 6
total = 10
percent = 60.0
"""
MEAN_CHANGE = STUDY.partition("kind")[0] + (
    'kind = "mean change"\nmeasure = "score"\nchange = 1.5\nunit = "points"\nbetter = "plus"\n'
)
DECISION = """
[regulatory.ours]
name = "our pen"
concern = "acne_scars"
area = "face"
patients = "adults"
status = "registered"
jurisdiction = "elsewhere"
identifier = "X1"
reference = "the register"
"""


def read_with(folder: Path, text: str) -> Vocabulary:
    overlay = folder / "vocabulary.toml"
    overlay.write_text(text, encoding="utf-8")
    return read_vocabulary(overlay)


def blocks_of(vocabulary: Vocabulary) -> list:
    return [
        *vocabulary.concerns.values(),
        *vocabulary.scales.values(),
        *vocabulary.side_effects.values(),
        *vocabulary.contraindications.values(),
    ]


def published_blocks_of(vocabulary: Vocabulary) -> list:
    return [*vocabulary.benchmarks.values(), *vocabulary.regulatory.values()]


def list_printed(vocabulary: Vocabulary) -> list[str]:
    """Return the benchmarks in the form of PUBLISHED."""
    names = ("before", "before_sd", "after", "after_sd", "change", "change_sd")
    names = (*names, "low", "high", "confidence")
    lines = []
    for key, study in vocabulary.benchmarks.items():
        for each in study.results:
            others = [f"{value}" for name in names if (value := getattr(each, name)) is not None]
            of = "/".join("-" if n is None else f"{n}" for n in (each.count, each.total))
            percent = "" if each.percent is None else f"{each.percent}"
            parts = [key, f"{each.kind} {each.term}".strip(), of, percent, " ".join(others)]
            lines.append("|".join(parts))
    return lines


def read_lines(table: str) -> list[str]:
    return [
        "|".join(part.strip() for part in line.split("|")) for line in table.strip().splitlines()
    ]


class TestBuiltIn:
    """What the files that come with the project must hold."""

    def test_nine_concerns_are_analysed_in_the_order_of_the_article(self):
        """All nine concerns of the patient article, in its order, and no other."""
        assert list(BUILT_IN.analysed_concerns) == NINE_CONCERNS

    def test_other_reasons_to_come_are_known_but_not_analysed(self):
        """Hair, other scars, active acne and maintenance are understood, not reported on."""
        beyond = set(BUILT_IN.concerns) - set(BUILT_IN.analysed_concerns)
        assert beyond == {"scars_other", "hair", "acne_active", "unspecified"}

    def test_six_groups_of_contraindications(self):
        """Each group of the patient article has at least one block; the further ones have none."""
        groups = [each.group for each in BUILT_IN.contraindications.values() if each.group]
        assert list(dict.fromkeys(groups)) == SIX_GROUPS
        assert len(BUILT_IN.contraindications) > len(groups)
        assert BUILT_IN.contraindications["isotretinoin"].group == SIX_GROUPS[-1]

    @pytest.mark.parametrize(("concern", "scale"), FIRST_CHOICE.items())
    def test_first_scale_of_a_concern_is_its_first_choice(self, concern, scale):
        """The order of the file decides which scale carries a headline."""
        assert BUILT_IN.get_scales_of(concern)[0].key == scale

    def test_scales_for_any_concern_stand_last(self):
        """A scale made for a concern is preferred to one that fits all."""
        for concern in NINE_CONCERNS:
            keys = [scale.key for scale in BUILT_IN.get_scales_of(concern)]
            made_for_it = keys[: keys.index("gais")]
            assert made_for_it, concern
            assert not any("any" in BUILT_IN.scales[key].concerns for key in made_for_it)
            beyond = keys[len(made_for_it) :]
            assert all("any" in BUILT_IN.scales[key].concerns for key in beyond if key != "faceq")

    def test_every_block_names_its_source(self):
        """No block without a reference, and none that rests on a weak source or our own codes."""
        for block in blocks_of(BUILT_IN):
            assert block.reference, block.key
            for weak in WEAK_SOURCES:
                assert weak not in block.reference, block.key
        for constant in BUILT_IN.protocol.values():
            assert constant.reference, constant.key

    def test_a_signature_has_a_name_and_a_day(self):
        """A block is signed with both or with neither, and one unsigned block leaves all open."""
        for block in blocks_of(BUILT_IN):
            assert bool(block.checked_by) == bool(block.reviewed_on), block.key
            assert not block.local
        assert BUILT_IN.is_reviewed == all(block.checked_by for block in blocks_of(BUILT_IN))

    def test_a_spelling_is_never_the_name_of_another_block(self):
        """A word leads to one block, whether it is a spelling, a name or a key."""
        for blocks in (
            BUILT_IN.concerns,
            BUILT_IN.scales,
            BUILT_IN.side_effects,
            BUILT_IN.contraindications,
        ):
            owner = {}
            for key, block in blocks.items():
                words = {key, key.replace("_", " "), block.name, *block.spellings}
                for word in {word.casefold() for word in words}:
                    assert owner.setdefault(word, key) == key, word

    def test_subtypes_use_spellings_of_their_concern(self):
        """A word that tells the subtype must first lead to the concern."""
        for concern in BUILT_IN.concerns.values():
            for words in concern.subtypes.values():
                assert set(words) <= set(concern.spellings), concern.key

    def test_responder_rules_say_what_stands_behind_them(self):
        """A published rule names a publication; a convention says that it is one."""
        for scale in BUILT_IN.scales.values():
            rules = [scale.responder, *(each.responder for each in scale.codings.values())]
            for rule in filter(None, rules):
                is_convention = rule.reference.startswith("convention")
                assert is_convention == (rule.basis == "convention"), scale.key

    def test_only_three_responder_rules_are_published(self):
        """No established smallest important difference exists for the other scales."""
        published = {
            key
            for key, scale in BUILT_IN.scales.items()
            if scale.responder and scale.responder.basis == "published"
        }
        assert published == {"afls", "dlqi", "vas_scar"}

    def test_no_measurement_error_is_claimed(self):
        """Agreement between raters is not a smallest detectable change."""
        for scale in BUILT_IN.scales.values():
            assert scale.measurement_error is None, scale.key
            assert scale.measurement_error_reference.startswith("none published"), scale.key

    def test_promotion_is_a_convention_and_not_shorter_than_the_usual_course(self):
        """Only expected reactions are promoted, and only beyond what is usual."""
        for effect in BUILT_IN.side_effects.values():
            if effect.promote_after_hours is None:
                continue
            assert effect.severity_class == "expected", effect.key
            assert "convention" in effect.reference, effect.key
            if effect.usual_hours:
                assert effect.promote_after_hours >= effect.usual_hours[1], effect.key

    def test_prolonged_redness_is_its_own_term(self):
        """Redness beyond a week becomes prolonged redness, which is harm."""
        redness = BUILT_IN.side_effects["erythema"]
        assert redness.promotes_to == "prolonged_erythema"
        assert BUILT_IN.side_effects["prolonged_erythema"].severity_class == "adverse"

    @pytest.mark.parametrize(
        "key",
        [
            "pih",
            "hypopig",
            "tram_track",
            "hypertrophic_scar",
            "keloid",
            "granuloma",
            "infection_bacterial",
            "infection_atypical",
            "hsv",
            "urticaria",
            "anaphylaxis",
            "burn",
            "lipoatrophy",
            "nerve_injury",
            "device",
            "worsening_concern",
        ],
    )
    def test_harm_of_special_interest(self, key):
        """The harms that a report always names."""
        assert BUILT_IN.side_effects[key].severity_class == "special_interest"

    def test_words_for_none_are_not_side_effects(self):
        """Asked and none, and not asked, are told apart by intake, not by a term."""
        for effect in BUILT_IN.side_effects.values():
            words = {word.casefold() for word in effect.spellings + effect.short_spellings}
            assert not words & set(NOT_SIDE_EFFECTS), effect.key

    @pytest.mark.parametrize(
        ("word", "key"),
        [
            ("burning", "burning"),
            ("burn", "burn"),
            ("sensitive to touch", "tenderness"),
            ("as expected", "unspecified_expected"),
            ("normal redness", "erythema"),
            ("puritus", "pruritus"),
            ("Rötung", "erythema"),
            ("tram-trek", "tram_track"),
        ],
    )
    def test_words_that_are_easily_confused(self, word, key):
        """A burn is not burning, and "as expected" is not redness."""
        found = [
            effect.key
            for effect in BUILT_IN.side_effects.values()
            if word.casefold() in effect.spellings
        ]
        assert found == [key]

    def test_two_letter_words_are_short_spellings(self):
        """Two letters count only in their own column."""
        for blocks in (BUILT_IN.concerns, BUILT_IN.side_effects):
            for block in blocks.values():
                assert all(len(word) > 2 for word in block.spellings), block.key

    def test_protocol_numbers_that_code_relies_on(self):
        """The estimand's numbers are there under their names."""
        assert BUILT_IN.protocol["follow_up_earliest"].whole == 28
        assert BUILT_IN.protocol["interval_floor"].whole == 5
        assert BUILT_IN.protocol["needle_shortest"].value == pytest.approx(0.1)
        assert BUILT_IN.protocol["article_session_longest"].unit == "minutes"


class TestPublished:
    """Results of studies and decisions of regulators."""

    def test_every_printed_number(self):
        """Nothing is there that was not entered twice, digit by digit as printed."""
        assert list_printed(BUILT_IN) == read_lines(PUBLISHED)

    def test_what_was_worked_out_says_so(self):
        """A number that a study did not print is named."""
        found = {
            f"{key} {name}"
            for key, study in BUILT_IN.benchmarks.items()
            for result in study.results
            for name in result.calculated
        }
        assert found == {part.strip() for part in WORKED_OUT.replace("\n", "|").split("|")} - {""}

    def test_every_decision(self):
        """Product, concern, area, number and day, as in the public database."""
        found = [
            "|".join(
                [
                    *(each.name, each.concern, each.area.partition(":")[0]),
                    *(each.identifier, each.decided_on),
                ]
            )
            for each in BUILT_IN.regulatory.values()
        ]
        assert found == read_lines(DECIDED)

    def test_every_block_names_its_source_and_is_unsigned(self):
        """No block without a reference, none on a weak source or a doubtful copy."""
        for block in published_blocks_of(BUILT_IN):
            assert block.reference, block.key
            assert not any(weak in block.reference for weak in WEAK_SOURCES + DOUBTFUL_COPIES)
            assert (block.checked_by, block.reviewed_on, block.local) == ("", "", False)

    @pytest.mark.parametrize("name", ["benchmarks", "regulatory"])
    def test_nothing_unchecked_is_in_the_file(self, name, project):
        """What the notes hold as general knowledge is in no block, nor are their codes."""
        text = (project / f"src/analysis/vocabulary/{name}.toml").read_text(encoding="utf-8")
        assert [word for word in (*NOT_CHECKED, "[S", "off_label") if word in text] == []

    @pytest.mark.parametrize(
        ("printed", "decimals"), [("40", 0), ("40.0", 1), ("41.38", 2), ("6.50", 2)]
    )
    def test_digits_of_a_percentage_are_those_printed(self, tmp_path, printed, decimals):
        """A zero at the end is a digit."""
        vocabulary = read_with(tmp_path, STUDY.replace("60.0", printed))
        assert vocabulary.benchmarks["ours"].results[0].decimals == decimals

    def test_a_clinic_adds_and_is_named(self, tmp_path):
        """An overlay's study and decision stand behind the built-in ones, marked local."""
        vocabulary = read_with(tmp_path, STUDY + DECISION)
        assert [*vocabulary.benchmarks] == [*BUILT_IN.benchmarks, "ours"]
        assert vocabulary.benchmarks["ours"].local
        assert [*vocabulary.regulatory] == [*BUILT_IN.regulatory, "ours"]
        assert vocabulary.regulatory["ours"].local

    def test_a_spelling_leads_to_one_product(self, tmp_path):
        """A clinic may name a built-in product anew, not give its name to another."""
        again = DECISION.replace('"our pen"', '"SkinPen Precision"')
        assert read_with(tmp_path, again).regulatory["ours"].local
        with pytest.raises(VocabularyError, match=r"\[ours\].*'Skin-Pen' leads to .*SkinPen Prec"):
            read_with(tmp_path, DECISION + 'spellings = ["Skin-Pen"]\n')

    def test_a_block_is_told_in_words(self):
        """`outcomes vocabulary` tells every result, without what is not there."""
        told = describe_term(BUILT_IN, "alqam_2022")
        assert "results 2:" in told
        assert "    change: -0.86\n" in told
        assert "term:" not in told
        assert "K202243" in describe_term(BUILT_IN, "skin pen")


class TestDeclaredScales:
    """Scales that clinics number in opposite orders."""

    def test_gais_has_no_default_order(self):
        """Without a declaration GAIS has neither direction, range nor responder rule."""
        gais = BUILT_IN.scales["gais"]
        assert gais.direction == "declared"
        assert gais.minimum is None
        assert gais.maximum is None
        assert gais.responder is None

    @pytest.mark.parametrize(
        ("coding", "direction", "low", "high", "rule", "amount"),
        [
            ("one_is_best", "lower", 1, 5, "at_most", 3),
            ("three_is_best", "higher", -1, 3, "at_least", 1),
            ("four_is_best", "higher", 0, 4, "at_least", 2),
        ],
    )
    def test_declare_gives_the_order_of_the_coding(
        self, coding, direction, low, high, rule, amount
    ):
        """A declared scale has the range, direction and rule of its coding, and no codings."""
        declared = BUILT_IN.scales["gais"].declare(coding)
        assert declared.direction == direction
        assert (declared.minimum, declared.maximum) == (low, high)
        assert declared.responder is not None
        assert (declared.responder.rule, declared.responder.amount) == (rule, amount)
        assert not declared.codings
        assert declared.kind == "change"

    def test_only_the_label_of_a_device_stands_behind_a_coding_of_gais(self):
        """The other orders are the clinic's declaration and say so."""
        for name, coding in BUILT_IN.scales["gais"].codings.items():
            is_declaration = coding.reference.startswith("coding declared by the clinic")
            assert is_declaration == (name != "one_is_best")


class TestOverlay:
    """A clinic's own vocabulary.toml."""

    def test_a_missing_overlay_changes_nothing(self, tmp_path):
        """A clinic without its own file has the built-in vocabulary."""
        assert read_vocabulary(tmp_path / "vocabulary.toml") == BUILT_IN

    def test_a_new_block_is_added_and_marked_local(self, tmp_path):
        """A clinic's own scale stands beside the built-in ones."""
        vocabulary = read_with(tmp_path, SCALE)
        assert vocabulary.scales["ours"].local
        assert vocabulary.scales["ours"].maximum == 6
        assert not vocabulary.scales["gb_qual"].local
        assert list(vocabulary.scales)[:-1] == list(BUILT_IN.scales)

    def test_a_block_of_the_same_key_is_replaced_whole(self, tmp_path):
        """Nothing of the built-in block shines through, and its place in the file stays."""
        vocabulary = read_with(tmp_path, SCALE.replace("ours", "gb_qual"))
        replaced = vocabulary.scales["gb_qual"]
        assert replaced.local
        assert replaced.maximum == 6
        assert replaced.responder is None
        assert replaced.spellings == ()
        assert list(vocabulary.scales) == list(BUILT_IN.scales)

    def test_a_range_left_empty_can_be_declared(self, tmp_path):
        """A number without a primary source is the clinic's to give."""
        assert BUILT_IN.scales["ecca"].maximum is None
        vocabulary = read_with(tmp_path, SCALE.replace("ours", "ecca"))
        assert vocabulary.scales["ecca"].maximum == 6


SLIPS = {
    "unknown group": ("[scale.ours]\nname = 'x'\n", ["vocabulary.toml", "[scale]", "'scales'"]),
    "group is a value": ("scales = 3\n", ["vocabulary.toml", "[scales]"]),
    "block is a value": ("[scales]\nours = 3\n", ["vocabulary.toml (scales)", "[ours]"]),
    "unknown key": (
        SCALE + "maxmum = 4\n",
        ["vocabulary.toml (scales)", "[ours]", "'maxmum'", "'maximum'"],
    ),
    "key that is ours to set": (SCALE + "local = true\n", ["[ours]", "'local'"]),
    "missing key": (
        SCALE.replace('kind = "ordinal"\n', ""),
        ["vocabulary.toml (scales)", "[ours]", "'kind'", "is missing"],
    ),
    "wrong type": (
        SCALE.replace("maximum = 6", 'maximum = "6"'),
        ["[ours]", "'maximum'", "str", "float"],
    ),
    "a truth value is no number": (
        SCALE.replace("maximum = 6", "maximum = true"),
        ["[ours]", "'maximum'", "bool"],
    ),
    "unknown direction": (
        SCALE.replace('"lower"', '"down"'),
        ["[ours]", "'direction'", "'down'", "'lower'"],
    ),
    "declared without codings": (
        SCALE.replace('"lower"', '"declared"'),
        ["[ours]", "'codings'"],
    ),
    "fits no concern": (
        SCALE.replace('["acne_scars"]', "[]"),
        ["vocabulary.toml (scales)", "[ours]", "'concerns'"],
    ),
    "unknown concern": (
        SCALE.replace("acne_scars", "acne_scar"),
        ["[ours]", "'concerns'", "'acne_scar'", "'acne_scars'"],
    ),
    "maximum below minimum": (
        SCALE.replace("maximum = 6", "maximum = -1"),
        ["[ours]", "'maximum'", "-1"],
    ),
    "points outside the range": (
        SCALE + RESPONDER.format(rule="points_better", amount=7),
        ["vocabulary.toml (scales)", "[ours]", "'responder'", "7", "0 to 6"],
    ),
    "no points at all": (
        SCALE + RESPONDER.format(rule="points_better", amount=0),
        ["[ours]", "'responder'"],
    ),
    "percent out of range": (
        SCALE + RESPONDER.format(rule="percent_better", amount=120),
        ["[ours]", "'responder'", "120"],
    ),
    "a score outside the range": (
        SCALE.replace('"ordinal"', '"change"') + RESPONDER.format(rule="at_most", amount=9),
        ["[ours]", "'responder'", "9"],
    ),
    "a rule of change scales": (
        SCALE + RESPONDER.format(rule="at_most", amount=2),
        ["[ours]", "'responder'", "'at_most'", "ordinal"],
    ),
    "a band of no grade": (
        SCALE + "bands = {1 = [0, 25]}\n",
        ["vocabulary.toml (scales)", "[ours]", "'bands'", "'1'"],
    ),
    "a band beyond all": (
        SCALE + "grades = {1 = 'little'}\nbands = {1 = [75, 125]}\n",
        ["[ours]", "'bands'", "125"],
    ),
    "unknown key inside a rule": (
        SCALE + RESPONDER.format(rule="points_better", amount=1).replace("basis", "bases"),
        ["[ours.responder]", "'bases'", "'basis'"],
    ),
    "doubled spelling": (
        SCALE + 'spellings = ["MMASI"]\n',
        ["vocabulary.toml (scales)", "[ours]", "'spellings'", "'MMASI'", "[mmasi]"],
    ),
    "spelling doubled in one block": (
        SCALE + 'spellings = ["our", "OUR"]\n',
        ["[ours]", "'spellings'", "'OUR'"],
    ),
    "short spelling doubled": (
        SIDE_EFFECT + 'short_spellings = ["hp"]\n',
        ["vocabulary.toml (side_effects)", "[ours]", "'short_spellings'", "[pih]"],
    ),
    "unknown promotes_to": (
        SIDE_EFFECT + 'promote_after_hours = 9\npromotes_to = "milla"\n',
        ["vocabulary.toml (side_effects)", "[ours]", "'promotes_to'", "'milla'", "'milia'"],
    ),
    "promotes_to without hours": (
        SIDE_EFFECT + 'promotes_to = "milia"\n',
        ["[ours]", "'promote_after_hours'", "is missing"],
    ),
    "unknown class": (
        SIDE_EFFECT.replace("expected", "harmless"),
        ["[ours]", "'severity_class'", "'harmless'"],
    ),
    "window of one number": (SIDE_EFFECT + "onset_days = [1]\n", ["[ours]", "'onset_days'"]),
    "window backwards": (SIDE_EFFECT + "usual_hours = [9, 3]\n", ["[ours]", "'usual_hours'"]),
    "a study is not rewritten": (
        STUDY.replace("ours", "majid_2009"),
        ["vocabulary.toml (benchmarks)", "[majid_2009]", "not rewritten"],
    ),
    "a decision is not rewritten": (
        DECISION.replace("ours", "exceed_wrinkles"),
        ["vocabulary.toml (regulatory)", "[exceed_wrinkles]", "not rewritten"],
    ),
    "a year that is none": (STUDY.replace('"2020"', '"20"'), ["[ours]", "'year'", "'20'"]),
    "a study without a source": (
        STUDY.replace('"a journal"', '""'),
        ["[ours]", "'reference'", "is empty"],
    ),
    "a study without results": (
        STUDY.partition("[[")[0] + "results = []\n",
        ["[ours]", "'results'", "is empty"],
    ),
    "percentage above 100": (
        STUDY.replace("60.0", "100.1"),
        ["vocabulary.toml (benchmarks)", "[ours.results 1]", "'percent'", "100.1", "0 to 100"],
    ),
    "percentage below 0": (STUDY.replace("60.0", "-0.1"), ["[ours.results 1]", "'percent'"]),
    "percentage that is none": (STUDY.replace("60.0", "nan"), ["'percent'", "a number"]),
    "percentage without end": (STUDY.replace("60.0", "inf"), ["'percent'", "a number"]),
    "percentage in words": (STUDY.replace("60.0", '"60"'), ["'percent'", "str", "a number"]),
    "more counted than there are": (STUDY.replace("= 6\n", "= 11\n"), ["'count'", "11 of 10"]),
    "half a patient": (STUDY.replace("= 6\n", "= 6.5\n"), ["'count'", "float", "int"]),
    "fewer than nobody": (STUDY.replace("= 6\n", "= -1\n"), ["'count'", "-1", "0 or more"]),
    "a study's unknown concern": (
        STUDY.replace("acne_scars", "acne_scar"),
        ["[ours.results 1]", "'concern'", "'acne_scars'"],
    ),
    "a study's unknown scale": (
        STUDY.replace("gb_qual", "gb_kual"),
        ["[ours.results 1]", "'scale'", "'gb_qual'"],
    ),
    "a scale of another concern": (
        STUDY.replace("gb_qual", "masi"),
        ["[ours.results 1]", "'scale'", "'masi'", "'acne_scars'"],
    ),
    "a responder of no rule": (STUDY.replace('"better"', '""'), ["'measure'", "is empty"]),
    "a responder of no number": (
        STUDY.replace("count = 6\n", "").replace("percent = 60.0\n", ""),
        ["'count'", "count or percent"],
    ),
    "a side effect where none is": (STUDY + 'term = "pih"\n', ["'term'", "'responders'"]),
    "an unknown side effect": (
        STUDY.replace('"responders"', '"side effect"') + 'term = "pjh"\n',
        ["[ours.results 1]", "'term'", "'pih'"],
    ),
    "a mean among responders": (STUDY + "change = 1.5\n", ["'change'", "'responders'"]),
    "a change of no sign": (
        MEAN_CHANGE.replace('better = "plus"\n', ""),
        ["'better'", "is missing"],
    ),
    "an interval beside its change": (
        MEAN_CHANGE + "low = 1.6\nhigh = 2\n",
        ["'low'", "1.6 to 2", "1.5"],
    ),
    "half an interval": (MEAN_CHANGE + "low = 1\n", ["'low'", "'high'"]),
    "the confidence of nothing": (MEAN_CHANGE + "confidence = 95\n", ["'confidence'"]),
    "confidence of all": (
        MEAN_CHANGE + "low = 1\nhigh = 2\nconfidence = 100\n",
        ["'confidence'", "100"],
    ),
    "a negative spread": (MEAN_CHANGE + "change_sd = -0.1\n", ["'change_sd'", "-0.1"]),
    "worked out, but not there": (
        MEAN_CHANGE + 'calculated = ["total"]\n',
        ["'calculated'", "'total'"],
    ),
    "the slip of a second result": (
        STUDY + STUDY.partition("[[")[1] + STUDY.partition("[[")[2].replace("60.0", "600"),
        ["[ours.results 2]", "'percent'"],
    ),
    "a decision on no concern": (
        DECISION.replace("acne_scars", "acne_scar"),
        ["vocabulary.toml (regulatory)", "[ours]", "'concern'", "'acne_scars'"],
    ),
    "a decision without number": (DECISION.replace('"X1"', '""'), ["'identifier'", "is empty"]),
    "a decision on no day": (
        DECISION + 'decided_on = "2018-02-30"\n',
        ["[ours]", "'decided_on'", "2018-02-30"],
    ),
    "invalid TOML": ("[scales.ours\n", ["vocabulary.toml", "not valid TOML"]),
}


class TestSlips:
    """A slip is refused, and its sentence says where to look."""

    @pytest.mark.parametrize(("text", "parts"), SLIPS.values(), ids=SLIPS.keys())
    def test_refused_with_file_block_and_key(self, tmp_path, text, parts):
        """The sentence names file, block and key, and the nearest right word if there is one."""
        with pytest.raises(VocabularyError) as refusal:
            read_with(tmp_path, text)
        for part in parts:
            assert part in str(refusal.value)

    def test_not_utf_8(self, tmp_path):
        """A file in another encoding is refused in the same way."""
        overlay = tmp_path / "vocabulary.toml"
        overlay.write_bytes(b'[scales.ours]\nname = "\xe9"\n')
        with pytest.raises(VocabularyError, match=r"vocabulary\.toml is not valid TOML"):
            read_vocabulary(overlay)

    def test_a_coding_is_checked_as_well(self, tmp_path):
        """A rule outside the range of its own coding is refused."""
        text = SCALE.replace('"lower"', '"declared"') + (
            "[scales.ours.codings.upside]\n"
            'text = "x"\ndirection = "higher"\nminimum = 0\nmaximum = 4\nreference = "x"\n'
            + RESPONDER.format(rule="points_better", amount=5)
        )
        with pytest.raises(VocabularyError, match=r"\[ours\].*'responder'.*outside the range"):
            read_with(tmp_path, text)


@pytest.mark.parametrize("kind", ["concerns", "scales", "side_effects", "contraindications"])
def test_every_term_is_documented(kind: str) -> None:
    """Each block says what it means and where that comes from."""
    blocks = getattr(BUILT_IN, kind).values()

    assert [each.key for each in blocks if not (each.meaning and each.reference)] == []
