"""How long things last, against R's survival package."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.durations import estimate_median_duration, estimate_share_lasting
from analysis.statistics.proportions import estimate_share

R = json.loads((Path(__file__).parent / "reference" / "durations.json").read_text())


def read(name: str) -> tuple[pd.Series, pd.Series]:
    return pd.Series(R[name]["time"]), pd.Series(R[name]["end"]).astype(bool)


def tell(limit: float | None) -> float | None:
    return None if limit is None else pytest.approx(limit, rel=1e-6)


@pytest.mark.parametrize("name", R)
def test_median(name: str) -> None:
    """As survfit with conf.type = "log-log"; a limit that R has not, is missing here too."""
    value, low, high = R[name]["median"]

    found = estimate_median_duration(*read(name))

    assert (found["value"], found["low"], found["high"]) == (tell(value), tell(low), tell(high))
    assert found["method"] == "kaplan_meier_median"


@pytest.mark.parametrize("until", [3, 10])
@pytest.mark.parametrize("name", R)
def test_share_lasting(name: str, until: int) -> None:
    """As summary(survfit, times); at 0 and 1 R has no interval, and the exact one stands."""
    value, low, high = R[name][f"at_{until}"]
    days, ended = read(name)

    found = estimate_share_lasting(days, ended, until)

    assert found["value"] == pytest.approx(value, rel=1e-6, abs=1e-12)
    if value in (0, 1):
        assert found["method"] == "kaplan_meier_ends"
        exact = estimate_share(len(days) if value else 0, len(days))
        assert (found["low"], found["high"]) == (exact["low"], exact["high"])
    else:
        assert (found["low"], found["high"]) == pytest.approx((low, high), rel=1e-6)


def test_whoever_had_not_ended_is_not_ended() -> None:
    """Taking the last contact for the end would make it shorter: six of twelve had not ended."""
    days = pd.Series([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
    ended = pd.Series([True] * 6 + [False] * 6)

    assert estimate_median_duration(days, ended)["value"] == 5
    assert estimate_median_duration(days, pd.Series([True] * 12))["value"] == 3.5


# days, with + where it had not ended; median and share lasting longer than 7, with their status
SPECS = [
    ("", "not estimable", "not estimable"),
    ("1 1 1 1", "too few", "too few"),
    ("2 2 2 2 2", 2, 0),
    ("9 9 9 9 9", 9, 1),
    ("9+ 9+ 9+ 9+ 9+", "not estimable", 1),  # nobody's had ended
    ("3+ 3+ 3+ 3+ 3+", "not estimable", "not estimable"),  # nobody was followed so long
    ("1 1 1 1 3+", 1, "not estimable"),
    ("1 1 1 9 9", 1, 0.4),
    ("1 1 9 9", "too few", "too few"),
]


@pytest.mark.parametrize(("cells", "median", "lasting"), SPECS)
def test_degenerate(cells: str, median: float | str, lasting: float | str) -> None:
    """Every log has an answer: a number, or the reason why there is none."""
    days = pd.Series([float(cell.strip("+")) for cell in cells.split()], dtype=float)
    ended = pd.Series([not cell.endswith("+") for cell in cells.split()], dtype=bool)

    found = estimate_median_duration(days, ended), estimate_share_lasting(days, ended, 7)

    assert [each.get("value", each.get("status")) for each in found] == [median, lasting]
    for each in found:
        if "value" in each and each["value"] in (0, 1) and "share" in each["method"]:
            assert each["low"] < each["high"]


@given(
    each=st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=5, max_size=60),
    until=st.integers(0, 40),
)
def test_limits_hold_the_estimate_in_any_order(each: list[tuple[int, bool]], until: int) -> None:
    """Whoever comes first changes nothing, and no limit is on the wrong side."""

    def estimate(patients: list[tuple[int, bool]]) -> list[dict]:
        days = pd.Series([day for day, _ in patients], dtype=float)
        ended = pd.Series([end for _, end in patients], dtype=bool)
        return [
            estimate_median_duration(days, ended),
            estimate_share_lasting(days, ended, until),
        ]

    found = estimate(each)

    assert found == estimate(sorted(each))
    for one in found:
        for low, high in (("low", "value"), ("value", "high")):
            if one.get(low) is not None and one.get(high) is not None:
                assert one[low] <= one[high]


@pytest.mark.parametrize("days", [[-1.0] * 5, [float("nan")] * 5, [float("inf")] * 5])
def test_what_cannot_be(days: list[float]) -> None:
    """A duration below zero, missing or without end is an error, not a number."""
    with pytest.raises(ValueError, match="cannot be"):
        estimate_median_duration(pd.Series(days), pd.Series([True] * 5))
