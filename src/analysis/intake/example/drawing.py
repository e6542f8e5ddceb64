"""How everything that is random is drawn: one stream for each patient, and quotas that are dealt.

A patient's stream hangs on the seed and on the patient's number alone, so that it does not matter
how many patients are drawn at once. Quotas (who comes to which clinic, with which concern) are
dealt within ``DEALT_AT_ONCE`` patients, so that a small group has the make-up it should.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final, Generic, TypeVar

from numpy.random import PCG64, Generator, SeedSequence

Item = TypeVar("Item")

DEALT_AT_ONCE: Final = 900
QUOTAS: Final = ("site", "rank", "concern", "second", "sessions", "skin_type", "contraindication")
_UNIFORMS_AT_ONCE: Final = 64


class Odds(Generic[Item]):
    """What may be drawn, each with its weight."""

    def __init__(self, weights: Mapping[Item, float]) -> None:
        total = sum(weights.values())
        self.items = tuple(weights)
        self._limits = [limit / total for limit in accumulate(weights.values())]

    def at(self, place: float) -> Item:
        """Return the item at a place from 0 to 1."""
        return self.items[min(bisect(self._limits, place), len(self.items) - 1)]


class Dice:
    """One stream of random numbers."""

    def __init__(self, *key: int, seed: int) -> None:
        self._generator = Generator(PCG64(SeedSequence(seed, spawn_key=key)))
        self._uniforms: list[float] = []

    def uniform(self) -> float:
        """Return a number from 0 up to, but not including, 1."""
        if not self._uniforms:
            self._uniforms = self._generator.random(_UNIFORMS_AT_ONCE).tolist()
        return self._uniforms.pop()

    def chance(self, share: float) -> bool:
        """Return True in that share of draws."""
        return self.uniform() < share

    def pick(self, odds: Odds[Item]) -> Item:
        """Return an item by its weight."""
        return odds.at(self.uniform())

    def choose(self, items: Sequence[Item]) -> Item:
        """Return one of the items, all alike."""
        return items[int(self.uniform() * len(items))]

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int(self.uniform() * (high - low + 1))

    def normal(self) -> float:
        """Return a standard normal value."""
        return float(self._generator.standard_normal())

    def within(self, mean: float, spread: float, low: float, high: float) -> float:
        """Return a normal value; one outside the limits is drawn again."""
        while not low <= (value := mean + spread * self.normal()) <= high:
            pass
        return value


@dataclass(frozen=True)
class Quotas:
    """The dealt places (0 to 1) of the patients of one block, by quota."""

    places: Mapping[str, Sequence[float]]

    def place(self, quota: str, patient: int) -> float:
        """Return the place of the patient with this number within the block."""
        return self.places[quota][patient]


@lru_cache(maxsize=2)
def deal_quotas(seed: int, block: int) -> Quotas:
    """Return the quotas of a block of ``DEALT_AT_ONCE`` patients."""
    generator = Generator(PCG64(SeedSequence(seed, spawn_key=(block,))))
    return Quotas(
        {
            quota: ((generator.permutation(DEALT_AT_ONCE) + 0.5) / DEALT_AT_ONCE).tolist()
            for quota in QUOTAS
        }
    )
