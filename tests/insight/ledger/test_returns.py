"""ROI is the effect's interval, moved and stretched; what can't be said is not said."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.insight.ledger.returns import Effect, returns

EFFECT = Effect(estimate=3.0, low=1.0, high=5.0, people=1_000)


def test_a_campaign_by_hand() -> None:
    """1,000 people bring 3 each more than without; goods leave 40 %; 500 were spent on 2,000 messages."""
    kept = Effect(estimate=0.05, low=-0.01, high=0.10, people=1_000)
    made = returns(EFFECT, spent=Decimal(500), margin=0.4, messages=2_000, kept=kept)
    assert (made.incremental.low, made.incremental.estimate, made.incremental.high) == (1_000, 3_000, 5_000)
    assert made.profit is not None
    assert (made.profit.low, made.profit.estimate, made.profit.high) == pytest.approx((-100, 700, 1_500))
    assert made.roi is not None
    assert (made.roi.low, made.roi.estimate, made.roi.high) == pytest.approx((-0.2, 1.4, 3.0))
    assert made.break_even == pytest.approx(1.25)
    assert (made.pays, made.before_goods) == ("open", False)
    assert made.per_message is not None
    assert made.per_message.estimate == pytest.approx(1.5)
    assert made.per_kept is not None
    assert (made.per_kept.low, made.per_kept.estimate) == pytest.approx((5, 10))
    assert made.per_kept.high is None, "it may have kept nobody"


def test_unknown_costs_leave_profit_unknown_and_no_costs_leave_no_ratio() -> None:
    unknown = returns(EFFECT, spent=None)
    assert (unknown.profit, unknown.roi, unknown.break_even, unknown.pays) == (None, None, None, "unknown")
    assert unknown.incremental.estimate == 3_000
    free = returns(EFFECT, spent=Decimal(0))
    assert (free.roi, free.break_even, free.pays, free.before_goods) == (None, 0, "yes", True)


numbers = st.floats(-1e4, 1e4)


@given(st.tuples(numbers, numbers, numbers).map(sorted), st.integers(1, 10**7), st.decimals("0.01", 10**6, places=2),
       st.floats(0.01, 1))  # fmt: skip
def test_profit_is_above_zero_exactly_where_a_person_brings_more_than_break_even(
    ends: list[float], people: int, spent: Decimal, margin: float
) -> None:
    low, estimate, high = ends
    made = returns(Effect(estimate=estimate, low=low, high=high, people=people), spent=spent, margin=margin)
    assert made.profit is not None
    assert made.profit.low is not None
    assert made.profit.high is not None
    assert made.profit.low <= made.profit.high
    assert made.break_even is not None
    far = abs(estimate - made.break_even) > 1e-6 * max(1, abs(estimate), made.break_even)
    assert not far or ((made.profit.estimate or 0) > 0) == (estimate > made.break_even)
    if made.pays != "open":
        assert (made.pays == "yes") == (made.profit.low > 0)
