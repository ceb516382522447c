"""Plans in money: what each was to cost and to bring beside what it did, and what its last thousand was to bring.

A plan is told in money where its goal is revenue. Its curve says what the first 1, 2, 3 … seeds reach; each seed after
the first adds less than those before (spread is submodular), so what the last 1,000 of a plan were to bring is the
most that the next 1,000 can be expected to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lianyi.action.plans.models import Plan
from lianyi.insight.ledger.returns import Interval
from lianyi.insight.ripples.planning import SeedPlan
from lianyi.roi import of_campaign
from lianyi.workspace import Workspace

STEP = 1_000.0
MOST = 50


@dataclass(frozen=True, kw_only=True)
class Money:
    """One plan. cost, spent: planned and booked. forecast: revenue that was to come, None: it was planned in people.
    booked: net revenue that the ledger books on the campaign. incremental: what its experiment says. within: booked
    revenue lies in the forecast's bounds. next_step: revenue that the next `step` of money bring at most, None: unknown
    (planned in people, or the plan costs less than that). None: unknown or not yet."""

    plan: int
    name: str
    campaign: str
    status: str
    cost: float
    spent: Decimal | None
    forecast: Interval | None
    booked: Decimal | None
    incremental: Interval | None
    within: bool | None
    step: float
    next_step: float | None


def plans(ws: Workspace, *, limit: int = MOST) -> list[Money]:
    """The newest plans that are worked out."""
    found = Plan.objects.filter(made__isnull=False).order_by("-id")[:limit]
    return [_told(ws, plan) for plan in found]


def _told(ws: Workspace, plan: Plan) -> Money:
    made = plan.plan
    assert made is not None  # noqa: S101  those that are not worked out were left out
    forecast = None
    if made.request.goal == "revenue":
        forecast = Interval(estimate=made.forecast.reach, low=made.forecast.low, high=made.forecast.high)
    row = of_campaign(ws, plan.campaign) if plan.campaign and "ledger_splits" in ws.states() else None
    booked = row.booked if row else None
    within = None
    if forecast and booked is not None and forecast.low is not None and forecast.high is not None:
        within = forecast.low <= booked <= forecast.high
    return Money(
        plan=plan.pk, name=plan.name, campaign=plan.campaign, status=str(plan.status), cost=made.cost,
        spent=row.spent if row else None, forecast=forecast, booked=booked,
        incremental=row.returns.incremental if row and row.returns else None, within=within, step=STEP,
        next_step=at_the_margin(made) if forecast else None,
    )  # fmt: skip


def at_the_margin(made: SeedPlan, step: float = STEP) -> float | None:
    """What the last `step` of a plan's money were to bring; None where it costs less than that."""
    reach, costs = made.curve.reach, [seed.cost for seed in made.seeds]
    if sum(costs) < step or len(reach) != len(costs) + 1:
        return None
    return reach[-1] - _at(reach, costs, sum(costs) - step)


def _at(reach: Sequence[float], costs: Sequence[float], money: float) -> float:
    """Reach at an amount of money, straight between one seed and the next."""
    for place, cost in enumerate(costs):
        if cost > money:
            return reach[place] + (reach[place + 1] - reach[place]) * money / cost
        money -= cost
    return reach[-1]
