"""What a block of each vocabulary file holds.

One frozen dataclass for each kind of block. A field without a default must be there; a field
that may be ``None`` is one that no primary source gives, and then nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

Direction = Literal["lower", "higher", "declared"]
ScaleKind = Literal["ordinal", "continuous", "change"]
SideEffectClass = Literal["expected", "adverse", "special_interest"]
ResponderRule = Literal["points_better", "percent_better", "at_most", "at_least"]
Basis = Literal["published", "convention"]
ResultKind = Literal["responders", "mean before and after", "mean change", "side effect"]

_EMPTY: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """Who stands behind a block: its source and, once a clinician has signed, who and when."""

    key: str
    name: str
    reference: str
    checked_by: str = ""
    reviewed_on: str = ""
    local: bool = False
    """Laid over the built-in vocabulary by a clinic's own file."""


@dataclass(frozen=True, kw_only=True)
class Concern(Reviewed):
    """What a patient comes with."""

    meaning: str
    spellings: tuple[str, ...]
    short_spellings: tuple[str, ...] = ()
    """Two-letter forms and the like: they count only in a concern column of their own."""
    subtypes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _EMPTY)
    out_of_scope: bool = False
    """Known, so that a log that names it is understood, but not analysed."""


@dataclass(frozen=True, kw_only=True)
class Responder:
    """When a patient counts as a responder, and whether a publication or a habit says so.

    ``points_better`` and ``percent_better`` compare follow-up with baseline in the direction of
    the scale; ``at_most`` and ``at_least`` look at the score of a change scale alone.
    """

    rule: ResponderRule
    amount: float
    basis: Basis
    text: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Coding:
    """One of several ways clinics number the same scale; ``source.toml`` says which is used."""

    text: str
    direction: Literal["lower", "higher"]
    minimum: float
    maximum: float
    reference: str
    step: float | None = None
    responder: Responder | None = None
    grades: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Scale(Reviewed):
    """How a concern is scored.

    ``direction`` says which scores are better; ``declared`` means that clinics use both orders and
    ``source.toml`` must say which. A ``change`` scale (GAIS, satisfaction) has no baseline and is
    never subtracted. Scores are in the unit of the scale.
    """

    concerns: tuple[str, ...]
    """Keys of the concerns it fits; ``("any",)`` fits all."""
    kind: ScaleKind
    direction: Direction
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = "points"
    raters: tuple[str, ...] = ("investigator",)
    responder: Responder | None = None
    measurement_error: float | None = None
    """Smallest detectable change in the scale's unit; None is "none published"."""
    measurement_error_reference: str = "none published"
    meaning: str = ""
    grades: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    bands: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    """The percent each grade stands for, where a grade is a band of percent; a percentage on the
    line between two bands belongs to the lower one."""
    spellings: tuple[str, ...] = ()
    codings: Mapping[str, Coding] = field(default_factory=lambda: MappingProxyType({}))
    """The orders in use, for a scale whose direction must be declared; empty for all others."""

    def declare(self, coding: str) -> "Scale":
        """Return the scale with the range, direction and responder rule of one coding."""
        chosen = self.codings[coding]
        return replace(
            self,
            direction=chosen.direction,
            minimum=chosen.minimum,
            maximum=chosen.maximum,
            step=chosen.step,
            responder=chosen.responder,
            grades=chosen.grades,
            codings=MappingProxyType({}),
        )

    def fits(self, concern: str) -> bool:
        """Return whether the scale scores this concern."""
        return "any" in self.concerns or concern in self.concerns


@dataclass(frozen=True, kw_only=True)
class SideEffect(Reviewed):
    """What may be seen after a session; times as published, in days after the session and hours."""

    severity_class: SideEffectClass
    meaning: str = ""
    onset_days: tuple[float, float] | None = None
    usual_hours: tuple[float, float] | None = None
    promote_after_hours: float | None = None
    """An expected reaction that lasts longer becomes ``promotes_to``."""
    promotes_to: str = ""
    persistent: bool = False
    late: bool = False
    """Appears weeks later: counts only where somebody looked inside its onset window."""
    possibly_reportable: bool = False
    """Listed for the clinic whatever was written of it: it may have to be reported."""
    spellings: tuple[str, ...] = ()
    short_spellings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contraindication(Reviewed):
    """A reason not to treat, or to ask first."""

    meaning: str
    group: str = ""
    """One of the six groups of the project's patient article; empty for the further ones."""
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Constant:
    """One number of a rule, with its unit and source."""

    key: str
    value: float
    unit: str
    meaning: str
    reference: str

    @property
    def whole(self) -> int:
        """The value as a whole number, for days and counts."""
        return int(self.value)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the patient article tells patients, in its own words."""

    key: str
    name: str
    quote: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method that may stand behind a number, as footnotes and METHODS.md tell it."""

    key: str
    name: str
    text: str
    reference: str
    deviation: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One number of a published study, as printed; what the study did not print is missing.

    Printed numbers are decimals, so that 6.50 stays 6.50 and 41.38 is known to have two digits.
    """

    concern: str
    kind: ResultKind
    measure: str
    """What was counted or measured, in the study's words; for responders the study's own rule."""
    scale: str = ""
    """Key of the scale, empty where it is none of ours or the study's form of it is not known."""
    term: str = ""
    """Key of the side effect, empty where it is none of ours."""
    patients: str = ""
    """Which of the study's patients, or which side of their faces; empty for all."""
    adjunct: str = ""
    """What was given with the needling; empty for needling alone."""
    follow_up: str = ""
    count: int | None = None
    total: int | None = None
    """Patients behind this number, not those who were enrolled."""
    percent: Decimal | None = None
    before: Decimal | None = None
    before_sd: Decimal | None = None
    """A standard deviation, as the others; a study that prints standard errors has none here."""
    after: Decimal | None = None
    after_sd: Decimal | None = None
    change: Decimal | None = None
    change_sd: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    confidence: Decimal | None = None
    """Of the interval, in percent; missing where the study does not say."""
    unit: str = ""
    better: Literal["plus", "minus", ""] = ""
    """Which sign of a change is the better one, as the study writes it."""
    calculated: tuple[str, ...] = ()
    """Names of the numbers above that were worked out here and not printed by the study."""
    remark: str = ""

    @property
    def decimals(self) -> int:
        """Digits behind the point of the printed percentage."""
        exponent = 0 if self.percent is None else self.percent.as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0


@dataclass(frozen=True, kw_only=True)
class Study(Reviewed):
    """A published study: who was treated how, and the numbers it printed."""

    year: str
    """Empty where the source that was seen does not give it."""
    design: str
    population: str
    treatment: str
    results: tuple[Result, ...]


@dataclass(frozen=True, kw_only=True)
class RegulatoryStatus(Reviewed):
    """What a regulator decided on one product, for one concern in one area; ``name`` is the
    product. What no block names was not assessed, which is neither allowed nor forbidden."""

    concern: str
    area: str
    patients: str
    status: str
    jurisdiction: str
    identifier: str
    decided_on: str = ""
    """ISO day, empty where no source was seen."""
    spellings: tuple[str, ...] = ()
    """The product as logs write it; compared whole, never by likeness."""


@dataclass(frozen=True)
class Vocabulary:
    """All vocabulary files, by key, in file order."""

    concerns: Mapping[str, Concern]
    scales: Mapping[str, Scale]
    side_effects: Mapping[str, SideEffect]
    contraindications: Mapping[str, Contraindication]
    protocol: Mapping[str, Constant]
    methods: Mapping[str, Method]
    benchmarks: Mapping[str, Study]
    regulatory: Mapping[str, RegulatoryStatus]
    claims: Mapping[str, Claim]

    @property
    def analysed_concerns(self) -> Mapping[str, Concern]:
        """The concerns a report may be about, in file order."""
        return MappingProxyType(
            {key: each for key, each in self.concerns.items() if not each.out_of_scope}
        )

    @property
    def is_reviewed(self) -> bool:
        """Whether a clinician has signed every definition; published facts are told apart."""
        blocks = [
            *self.concerns.values(),
            *self.scales.values(),
            *self.side_effects.values(),
            *self.contraindications.values(),
        ]
        return all(block.checked_by and block.reviewed_on for block in blocks)

    def get_scales_of(self, concern: str) -> tuple[Scale, ...]:
        """Return the scales that fit a concern, in vocabulary order."""
        return tuple(scale for scale in self.scales.values() if scale.fits(concern))
