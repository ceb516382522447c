"""What an experiment says of the money: incremental revenue, profit, ROI, break-even, cost per person kept.

The effect a person (treated less control, intention to treat) times the people of the treatment arm is what the whole
brought. What was spent is taken as known, so each interval is that of the effect, moved and stretched. A ratio whose
denominator may be 0 or below has no upper end, and says so with None.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with its bounds of 95 %; None: without end, or not to be said."""

    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """An effect a person, and the people of the treatment arm."""

    estimate: float
    low: float
    high: float
    people: int

    @property
    def whole(self) -> Interval:
        """The effect on all of them."""
        return Interval(estimate=self.estimate * self.people, low=self.low * self.people, high=self.high * self.people)


@dataclass(frozen=True, kw_only=True)
class Returns:
    """incremental: revenue that would not have come. profit: incremental revenue × margin − spent; roi: profit ÷ spent.
    break_even: incremental revenue a treated person at which profit is 0; a_person: what it was. pays: yes or no where
    the interval says so, else open. per_message: incremental revenue a message. kept: people kept who would have gone;
    per_kept: spent for each. before_goods: no margin is known, so goods are taken to cost nothing."""

    incremental: Interval
    profit: Interval | None
    roi: Interval | None
    break_even: float | None
    a_person: Interval
    pays: str
    per_message: Interval | None
    kept: Interval | None
    per_kept: Interval | None
    before_goods: bool
    people: int


def returns(
    effect: Effect, *, spent: Decimal | None, margin: float | None = None, messages: int = 0, kept: Effect | None = None
) -> Returns:
    """spent: costs as a number above 0, None: unknown. margin: part of revenue that goods leave, None: unknown."""
    share = 1.0 if margin is None else margin
    incremental = effect.whole
    profit = None if spent is None else _moved(incremental, share, -float(spent))
    paid = spent is not None and spent > 0
    return Returns(
        incremental=incremental,
        profit=profit,
        roi=_moved(profit, 1 / float(spent), 0.0) if profit and spent is not None and paid else None,
        break_even=(
            float(spent) / (share * effect.people) if spent is not None and share > 0 and effect.people else None
        ),
        a_person=Interval(estimate=effect.estimate, low=effect.low, high=effect.high),
        pays=_pays(profit),
        per_message=_moved(incremental, 1 / messages, 0.0) if messages else None,
        kept=kept.whole if kept else None,
        per_kept=_per(float(spent), kept.whole) if kept and spent is not None and paid else None,
        before_goods=margin is None,
        people=effect.people,
    )


def _moved(interval: Interval, times: float, plus: float) -> Interval:
    """times is not below 0, so the bounds stay in order."""
    ends = (interval.estimate, interval.low, interval.high)
    estimate, low, high = (None if end is None else end * times + plus for end in ends)
    return Interval(estimate=estimate, low=low, high=high)


def _per(cost: float, number: Interval) -> Interval:
    """cost ÷ number, for numbers above 0."""

    def over(value: float | None) -> float | None:
        return cost / value if value is not None and value > 0 else None

    return Interval(estimate=over(number.estimate), low=over(number.high), high=over(number.low))


def _pays(profit: Interval | None) -> str:
    if profit is None or profit.low is None or profit.high is None:
        return "unknown"
    return "yes" if profit.low > 0 else "no" if profit.high < 0 else "open"
