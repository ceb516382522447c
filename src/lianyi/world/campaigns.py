"""Campaigns with known effects: who was assigned, who was reached, what it did directly and through neighbours.

While a campaign lives,
the hazard of a demand in its topic is multiplied by 1 + direct_i · reached_i + spill · exposure_i,
where exposure is the strength-weighted share of one's ties that were reached. The effect is linear on purpose: truth
can then be summed exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.world.identity import EMAIL, WECOM
from lianyi.world.life import Life, Nature
from lianyi.world.people import EMPLOYEE, KOC, KOL
from lianyi.world.ripples import Stones, campaign_name, throw
from lianyi.world.rows import join, rows
from lianyi.world.settings import DAY, HOUR, MINUTE, Bools, Floats, Ints
from lianyi.world.shop import Shop
from lianyi.world.telling import COUPON, assigned_to, issue

EVERY, LASTS = 45, 12  # days between two starts, days a campaign works
RESPONSES = ("steady", "persuadable", "annoyed")
DIRECT = np.array([0.25, 1.4, -0.3])  # per response
RESPONSE_SHARE = (0.55, 0.35, 0.10)
SPILL = 0.5
CHANNELS = ("email", "wecom")
DESIGNS = ("person", "community")
SECOND = 4  # days until the reminder


@dataclass(kw_only=True)
class Campaign:
    """One campaign while it lives. Arrays have one entry per person."""

    number: int
    start: int
    topic: int
    incentive: int
    channel: int
    design: int
    eligible: Bools
    assigned: Bools
    reached: Bools
    exposure: Floats
    known: Bools


class Campaigns:
    """The plan of all campaigns, and the one that lives."""

    def __init__(self, life: Life, shop: Shop) -> None:
        settings = life.nature.settings
        dice = settings.dice("campaigns")
        count = max(1, (settings.days - 20) // EVERY) if settings.days > 35 else 0
        self.starts = {int(20 + EVERY * number + dice.integers(0, 10)): number for number in range(count)}
        self.topics = dice.permutation(np.arange(count) % len(settings.plan.categories))
        self.response = dice.choice(3, size=life.nature.people.count, p=RESPONSE_SHARE).astype(np.int8)
        self.live: Campaign | None = None
        shop.watches.append(lambda hazard: _account(self, life, shop, hazard))


def campaigns_of_day(life: Life, shop: Shop, campaigns: Campaigns) -> None:
    """Start what is due, send and remind, and end what has worked long enough."""
    live = campaigns.live
    if live is not None and life.day >= live.start + LASTS:
        shop.boost[:] = 1
        campaigns.live = live = None
    if life.day in campaigns.starts:
        live = campaigns.live = _start(life, campaigns, campaigns.starts[life.day])
        _seed(life, shop, live)
        _send(life, live, reminder=False)
        _boost(shop, campaigns, live)
        _describe(life, live)
        if life.nature.settings.told:
            _tell(life, shop, live)
    elif live is not None and life.day == live.start + SECOND:
        _send(life, live, reminder=True)


def _start(life: Life, campaigns: Campaigns, number: int) -> Campaign:
    """Draw the arms: by person, or whole communities of which one is the main one of each person."""
    dice = life.dice("assign")
    nature = life.nature
    channel, design = number % 2, (number // 2) % 2
    space = (EMAIL, WECOM)[channel]
    eligible = life.here(np.arange(nature.people.count)) & (nature.people.role != EMPLOYEE)
    coin = dice.random(nature.communities.count + nature.people.count) < 0.5
    assigned = eligible & (coin[main_community(nature)] if design else coin[: nature.people.count])
    can = nature.identity.has[space] & (
        dice.random(nature.people.count) < (0.8, 0.85)[channel]
    )  # consent, staff confirms
    reached = assigned & can & (dice.random(nature.people.count) < 0.97)
    return Campaign(
        number=number, start=life.day, topic=int(campaigns.topics[number]), incentive=number % 3, channel=channel,
        design=design,
        eligible=eligible, assigned=assigned, reached=reached, exposure=exposure_of(nature, reached),
        known=can & assigned,
    )  # fmt: skip


def main_community(nature: Nature) -> Ints:
    """A cluster per person: the community of the first membership, or one of one's own (numbered on)."""
    cluster = nature.communities.count + np.arange(nature.people.count)
    person, first = np.unique(nature.communities.person, return_index=True)
    cluster[person] = nature.communities.community[first]
    return cluster


def exposure_of(nature: Nature, reached: Bools) -> Floats:
    """Strength-weighted share of each person's ties that were reached (0 where there are no ties)."""
    ties, count = nature.ties, nature.people.count
    weight = ties.strength.astype(np.float64)
    total = np.bincount(ties.a, weight, count) + np.bincount(ties.b, weight, count)
    hit = np.bincount(ties.a, weight * reached[ties.b], count) + np.bincount(ties.b, weight * reached[ties.a], count)
    return np.asarray(np.divide(hit, total, out=np.zeros(count), where=total > 0))


def _boost(shop: Shop, campaigns: Campaigns, live: Campaign) -> None:
    demands = shop.demands
    factor = 1 + DIRECT[campaigns.response] * live.reached + SPILL * live.exposure * live.eligible
    shop.boost[:] = np.where(demands.category == live.topic, factor[demands.person], 1)


def _account(campaigns: Campaigns, life: Life, shop: Shop, hazard: Floats) -> None:
    """Expected orders of the day by cause: what would have been anyway, what came directly, what by spill-over."""
    live = campaigns.live
    if live is None:
        return
    demands = shop.demands
    mine = (demands.category == live.topic) & live.eligible[demands.person]
    person, base = demands.person[mine], hazard[mine]
    direct = base * DIRECT[campaigns.response[person]]
    tied = np.diff(life.nature.arc_begin)[person] > 0
    arm = live.assigned[person]
    sums = {
        "base_treated": base[arm].sum(), "base_control": base[~arm].sum(),
        "direct": (direct * live.reached[person]).sum(),
        "spill_treated": (base * SPILL * live.exposure[person])[arm].sum(),
        "spill_control": (base * SPILL * live.exposure[person])[~arm].sum(), "direct_all": direct.sum(),
        "spill_all": (base * SPILL * tied).sum(),
    }  # fmt: skip
    record = {"campaign": np.array([live.number]), **{name: np.array([value]) for name, value in sums.items()}}
    life.record.note("campaign_days", record)


def _describe(life: Life, live: Campaign) -> None:
    person = np.flatnonzero(live.eligible)
    life.record.note(
        "assignments",
        {"campaign": np.full(len(person), live.number), "person": person, "assigned": live.assigned[person],
         "reached": live.reached[person], "exposure": live.exposure[person],
         "cluster": main_community(life.nature)[person]},
    )  # fmt: skip
    life.record.note(
        "campaigns",
        {"campaign": np.array([live.number]), "start": np.array([live.start]), "topic": np.array([live.topic]),
         "incentive": np.array([live.incentive]), "channel": np.array([live.channel]),
         "design": np.array([live.design])},
    )  # fmt: skip


def _tell(life: Life, shop: Shop, live: Campaign) -> None:
    """What the brand would have told itself; see `telling`. Whole communities are a design of their own."""
    if live.design == 0:
        campaign = f"{life.nature.settings.plan.slug}-c{live.number}"
        people = assigned_to(life, shop, campaign, live.eligible, live.assigned)
        if live.incentive == COUPON:
            issue(life, shop, campaign, people & live.assigned)


def _seed(life: Life, shop: Shop, live: Campaign) -> None:
    """KOLs, KOCs and staff are given the stone; six in ten pass it on, within two days."""
    dice = life.dice("stone")
    role = life.nature.people.role
    asked = np.flatnonzero(((role == KOL) | (role == KOC) | (role == EMPLOYEE)) & life.here(np.arange(len(role))))
    person = asked[dice.random(len(asked)) < 0.6]
    goods = shop.per_category
    same = np.ones(len(person), dtype=np.int64)
    throw(
        life, dice,
        Stones(
            person=person, topic=same * live.topic, incentive=same * live.incentive, campaign=same * live.number,
            item=live.topic * goods + dice.integers(0, goods, len(person)),
            at=life.midnight + 9 * HOUR + (dice.random(len(person)) ** 2 * 1.5 * DAY).astype(np.int64),
        ),
    )  # fmt: skip
    _costs(life, live, len(asked))


def _costs(life: Life, live: Campaign, asked: int) -> None:
    """Media, design, and the team's time, as cost events of the day."""
    fen = np.array([80_000 + 40 * int(live.eligible.sum()), 60_000, 12_000 + 300 * asked])
    what = pa.array(["media", "design", "labour"])
    minutes = np.array([0, 0, 120 + 3 * asked])
    life.emit(
        rows(
            3, id=join("ledger:", life.numbers("cost", 3)), at=life.midnight + 8 * HOUR + np.arange(3) * MINUTE,
            kind="cost",
            source="ledger", channel=CHANNELS[live.channel], value=fen, campaign=_name(life, live, 3),
            props=join('{"minutes":', minutes, ',"what":"', what, '"}'),
        )
    )  # fmt: skip


def _name(life: Life, live: Campaign, count: int) -> pa.Array:
    return campaign_name(life, np.full(count, live.number))


def _send(life: Life, live: Campaign, *, reminder: bool) -> None:
    """Messages to all who may get them, and what comes back: delivered or bounced, opened, clicked, complained."""
    dice = life.dice("send")
    space, channel = (EMAIL, WECOM)[live.channel], CHANNELS[live.channel]
    person = np.flatnonzero(live.known & life.here(np.arange(len(live.known))))
    at = life.midnight + 10 * HOUR + np.arange(len(person)) * 1_000
    got = live.reached[person]
    _answer(life, live, "sent", person, at, space)
    _answer(life, live, "delivered", person[got], at[got] + MINUTE, space)
    if channel == "email":
        _answer(life, live, "bounced", person[~got], at[~got] + 2 * MINUTE, space)
    keen = 0.15 + 0.5 * life.nature.people.interest[person, live.topic]
    opened = got & (dice.random(len(person)) < keen)
    when = at + (dice.exponential(3.5, len(person)) * HOUR).astype(np.int64) + 2 * MINUTE
    _answer(life, live, "opened", person[opened], when[opened], space)
    clicked = opened & (dice.random(len(person)) < 0.3)
    _answer(life, live, "click", person[clicked], when[clicked] + MINUTE, space)
    angry = got & (dice.random(len(person)) < (0.006 if reminder else 0.002))
    _answer(life, live, "complained", person[angry], when[angry] + 5 * MINUTE, space)
    _message_cost(life, live, len(person))


def _message_cost(life: Life, live: Campaign, count: int) -> None:
    life.emit(
        rows(
            1, id=join("ledger:", life.numbers("cost", 1)), at=np.array([life.midnight + 11 * HOUR]), kind="cost",
            source="ledger",
            channel=CHANNELS[live.channel], value=np.array([max(1, count * (2, 5)[live.channel])]),
            campaign=_name(life, live, 1),
            props=f'{{"count":{count},"what":"messages"}}',
        )
    )  # fmt: skip


def _answer(life: Life, live: Campaign, kind: str, person: Ints, at: Ints, space: int) -> None:
    """Events of one kind between us and people; for what we do the person is the target, for what they do the actor."""
    ours = kind in {"sent", "delivered", "bounced"}
    keys = life.nature.identity.keys(space, person)
    channel = CHANNELS[live.channel]
    number = join(f"{life.nature.settings.plan.slug}-c{live.number}/{life.day}/", person)
    life.emit(
        rows(
            len(person), id=join(f"{channel}:", number, f"/{kind}"), at=at, kind=kind, source=channel, channel=channel,
            actor_key=None if ours else keys, target_key=keys if ours else None,
            campaign=_name(life, live, len(person)),
            parent_id=None if kind == "sent" else join(f"{channel}:", number, "/sent"),
            object_key=f"content:{life.nature.settings.plan.slug}-c{live.number}",
        )
    )  # fmt: skip
