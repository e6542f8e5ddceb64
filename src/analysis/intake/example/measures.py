"""How each scale behaves: where patients begin, what a full course does, how much a score wavers.

Numbers follow published trials, named beside them; "convention" says that none was found. They are
drawn from when the example is made and stand behind no number that a report shows as published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from analysis.intake.example.drawing import Dice


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A scale that compares two days.

    Behind every score stands a severity that treatment changes, and a passing waver. Patients come
    at a bad moment: the waver of the baseline is the worse of two, so that scores get better by
    ``REGRESSION`` times the waver even where treatment does nothing.
    """

    scale: str
    baseline: tuple[float, float]
    """Mean and spread of the severity."""
    limits: tuple[float, float]
    """Of the scores."""
    treated_from: float
    """Nobody is treated who scores better than this: nothing could improve."""
    change: tuple[float, float]
    """Mean and spread of what a full course does, better being positive; in points, or as a share
    of the severity where ``is_share``."""
    waver: float
    is_share: bool = False
    step: float = 1.0
    higher_is_better: bool = False
    rater: str = "investigator"

    @property
    def sign(self) -> int:
        """What a change for the better does to the score."""
        return 1 if self.higher_is_better else -1

    def score(self, severity: float) -> float:
        """Return the score of a severity: on the steps of the scale and within its range."""
        low, high = self.limits
        on_step = round(severity / self.step) * self.step
        return round(min(max(on_step, low), high), 4)

    def draw_severity(self, dice: Dice) -> tuple[float, float]:
        """Return the severity and the waver of the day on which the patient comes."""
        while True:
            severity = self.baseline[0] + self.baseline[1] * dice.normal()
            waver = max(dice.normal(), dice.normal()) * self.waver * -self.sign
            scored = self.score(severity + waver)
            is_bad_enough = self.sign * scored <= self.sign * self.treated_from
            if is_bad_enough and self.limits[0] < severity < self.limits[1] * 1.05:
                return severity, waver

    def find_change(self, severity: float, response: float) -> float:
        """Return what a full course does to the severity; ``response`` is how well the patient
        responds, standard normal."""
        change = self.change[0] + self.change[1] * response
        return self.sign * (change * severity if self.is_share else change)


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """A change scale: how much better somebody finds it, without a baseline."""

    scale: str
    limits: tuple[float, float]
    usual: tuple[float, float]
    """Mean of the score, and by how much it moves with the response."""
    doubt: float
    step: float = 1.0
    rater: str = "investigator"

    def draw(self, dice: Dice, response: float) -> float:
        """Return the score of somebody who responds so well (standard normal)."""
        score = self.usual[0] + self.usual[1] * response + self.doubt * dice.normal()
        on_step = round(score / self.step) * self.step
        return round(min(max(on_step, self.limits[0]), self.limits[1]), 4)


REGRESSION: Final = 0.564
"""Mean of the larger of two standard normal values: 1 over the square root of pi."""


def _grades(
    scale: str,
    baseline: tuple[float, float],
    change: tuple[float, float],
    limits: tuple[float, float],
    treated_from: float,
    *,
    step: float = 1.0,
    waver: float = 0.25,
) -> Measure:
    return Measure(
        scale=scale,
        baseline=baseline,
        change=change,
        limits=limits,
        treated_from=treated_from,
        step=step,
        waver=waver,
    )


def _share(
    scale: str,
    baseline: tuple[float, float],
    change: tuple[float, float],
    limits: tuple[float, float],
    *,
    waver: float,
    step: float = 0.1,
    rater: str = "investigator",
) -> Measure:
    return Measure(
        scale=scale,
        baseline=baseline,
        change=change,
        limits=limits,
        treated_from=limits[0] + baseline[1] / 2,
        waver=waver,
        is_share=True,
        step=step,
        rater=rater,
    )


_ALL: Final = (
    # --- acne scars
    # grades 3 and 4 as 45 to 38 (JAMDC 2019); 34 of 36 (Majid 2009) and 23 of 30 (Chawla) one
    # grade better or more; 0.91 grades on average (Dalwig-Nolda and Ablon 2020)
    _grades("gb_qual", (3.0, 0.62), (0.9, 0.55), (1, 4), 2),
    # spread and change: convention
    _share("ecca", (110, 35), (0.42, 0.18), (0, 540), waver=8, step=5),
    # 16.39 ± 3.43 to 7.78 ± 2.79 (Al Chalabi 2020)
    _share("gb_quant", (16.4, 3.4), (0.52, 0.13), (0, 84), waver=1.5, step=1),
    # 1.41 grades after two sessions, by investigators (4MD 2021)
    _grades("asas", (2.8, 0.6), (1.3, 0.5), (0, 4), 1),
    # 11.73 ± 3.12 to 6.50 ± 2.71 (Dogra 2014)
    _share("ass_dogra", (11.7, 3.1), (0.45, 0.15), (0, 30), waver=0.8, step=1),
    _grades("scar_s", (3.0, 0.8), (0.9, 0.5), (0, 5), 1),  # convention
    _share("scars_pro", (45, 12), (0.35, 0.15), (0, 100), waver=4, step=1, rater="patient"),
    # --- lines
    # 16 of 32 improved and none worsened on the neck (Alqam 2022); 1.2 grades on another scale
    # (Ablon 2018)
    _grades("afls", (2.4, 0.8), (0.75, 0.55), (0, 4), 1),
    # 0.86 ± 0.66 grades (Alqam 2022), 1.23 (Ablon 2018)
    _grades("lemperle", (3.0, 0.8), (0.9, 0.6), (0, 5), 1),
    # the change of the next four: convention
    _grades("fitz_wrinkle", (5.0, 1.3), (1.2, 0.8), (1, 9), 2, waver=0.4),
    _grades("wsrs", (3.2, 0.7), (0.7, 0.55), (1, 5), 2),
    _grades("fws", (2.1, 0.6), (0.6, 0.5), (0, 3), 1),
    _grades("glogau", (2.7, 0.6), (0.3, 0.4), (1, 4), 2),
    # --- pigment
    # baseline 13.2 ± 1.1 (Gul 2023), 6.3 ± 3.8 (hydroquinone trial 2021); -44 % and 12 of 29 by
    # half or more (Budamakuntla 2013), -38 ± 8 % (Gul 2023), all with a topical; that some relapse
    # is a convention
    _share("mmasi", (9.5, 3.2), (0.42, 0.24), (0, 24), waver=0.7),
    # 8.61 ± 4.45 to 5.75 ± 4.16 (Ismail 2019)
    _share("masi", (9.5, 3.5), (0.33, 0.2), (0, 48), waver=0.8),
    # better after one session, 39 patients (Al Qarqaz 2018), without numbers: convention
    _share("pahpi", (14, 2.5), (0.2, 0.14), (6, 22), waver=0.8, step=1),
    _share("hemi_masi", (4.7, 1.6), (0.33, 0.2), (0, 24), waver=0.4),  # half of MASI
    _share("hemi_mmasi", (4.7, 1.6), (0.42, 0.24), (0, 12), waver=0.35),  # half of mMASI
    _share("msi", (12, 4), (0.35, 0.2), (0, 60), waver=0.8),  # convention
    _share("pihasi", (8, 2.5), (0.35, 0.2), (0, 40), waver=0.6),  # convention
    _share("melanin_index", (65, 18), (0.24, 0.15), (0, 999), waver=4, step=1, rater="device"),
    # 43.7 ± 20.1 to 28.05 ± 13.8 (Farshi 2020)
    _share("dermacatch", (43.7, 15), (0.36, 0.15), (0, 100), waver=2.5, rater="device"),
    Measure(  # +13 % (Lima 2017, with a triple cream)
        scale="l_star",
        baseline=(56, 4),
        change=(4.5, 3.0),
        limits=(20, 90),
        treated_from=70,
        waver=0.8,
        step=0.1,
        higher_is_better=True,
        rater="device",
    ),
    # --- pores, elasticity, texture
    # more than 70 % of 30 one grade better (Cho 2012, radiofrequency)
    _grades("pore_iga", (3.1, 0.7), (0.9, 0.6), (0, 5), 1),
    _share("pore_count", (620, 150), (0.18, 0.12), (0, 9000), waver=25, step=1, rater="device"),
    Measure(  # facial elasticity +28.2 % by another device (Alqam 2021); less is a convention
        scale="cutometer_r2",
        baseline=(0.6, 0.06),
        change=(0.08, 0.05),
        limits=(0.05, 0.99),
        treated_from=0.8,
        waver=0.02,
        step=0.01,
        higher_is_better=True,
        rater="device",
    ),
    # laxity 1.09, texture 1.54 grades (Ablon 2018)
    _grades("aa_laxity", (2.6, 0.6), (1.1, 0.55), (0, 4), 1, step=0.5, waver=0.2),
    # -31 % (Fabbrocini 2014)
    _share("roughness", (28, 6), (0.31, 0.12), (0, 200), waver=1.5, rater="device"),
    # --- stretch marks
    # 5 to 32 % narrower (trial of 40 patients, 2022)
    _share("striae_width", (5.5, 1.5), (0.2, 0.12), (0, 30), waver=0.3),
    _share("striae_sev", (18, 5), (0.2, 0.15), (0, 60), waver=1.2, step=1),  # convention
    _share("mss", (14, 2.5), (0.15, 0.12), (5, 28), waver=0.6, step=1),  # convention
    # --- quality of life
    Measure(  # 8.4 to 3.17 to 2.64 in a trial of stretch marks
        scale="dlqi",
        baseline=(8.4, 3.0),
        change=(0.6, 0.25),
        limits=(0, 30),
        treated_from=2,
        waver=1.0,
        is_share=True,
        rater="patient",
    ),
    Measure(  # convention
        scale="faceq",
        baseline=(48, 10),
        change=(12, 9),
        limits=(0, 100),
        treated_from=90,
        waver=3,
        higher_is_better=True,
        rater="patient",
    ),
)
MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({each.scale: each for each in _ALL})

# 3.06 ± 0.74 by investigators, 3.16 ± 0.72 by patients (Alqam 2022); half points are the mean of
# two raters
GAIS: Final = Opinion(scale="gais", limits=(1, 5), usual=(2.95, -0.65), doubt=0.4)
# most 50 to 75 % better (Dogra 2014)
QUARTILE: Final = Opinion(scale="quartile", limits=(1, 4), usual=(2.7, 0.6), doubt=0.5)
# 60 to 80 % better in their own view (Aust 2008); less is a convention
PERCENT: Final = Opinion(
    scale="pct_self", limits=(0, 100), usual=(56, 16), doubt=8, step=5, rater="patient"
)
# good in 22 and excellent in 4 of 30 (Dogra 2014)
VAS: Final = Opinion(
    scale="vas_improve", limits=(0, 10), usual=(6.4, 1.3), doubt=0.8, rater="patient"
)
# 25 of 30 satisfied (Vietnam series)
SATISFACTION: Final = Opinion(
    scale="likert_sat", limits=(1, 5), usual=(3.9, 0.7), doubt=0.5, rater="patient"
)
PATIENT_OPINIONS: Final = (SATISFACTION, PERCENT, VAS)
