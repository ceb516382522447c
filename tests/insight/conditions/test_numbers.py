"""Numbers that the engines can't hold are refused where they stand, not by an engine's error later."""

from __future__ import annotations

import pytest

from lianyi.errors import BadRule
from lianyi.insight.conditions import parse

HUGE = ["9" * 40, "9" * 16, "1" + "0" * 3000, "1." + "1" * 10, "0." + "0" * 50 + "1"]

SOURCES = [
    "orders > {}",
    "net_spend between 1 and {}",
    "orders in (1, {})",
    "orders > -{}",
    "sum(order.value, value > {}) > 1",
]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("source", SOURCES)
def test_a_number_beyond_the_engines_is_refused_at_its_place(source: str, number: str) -> None:
    place = source.index("{}") + 1
    with pytest.raises(BadRule, match=rf"^column {place}: the number [\d.]+…? is too large or too long; at most 15"):
        parse(source.format(number))


@pytest.mark.parametrize("number", ["9" * 15, "9" * 15 + "." + "9" * 9, "0" * 30 + "7", "0.5"])
def test_any_number_of_real_life_is_taken(number: str) -> None:
    parse(f"net_spend > {number}")


def test_a_window_of_huge_length_is_refused_at_its_place() -> None:
    with pytest.raises(BadRule, match=r"^column \d+: a window is at least"):
        parse(f"any(order, within {'9' * 3000} days)")
