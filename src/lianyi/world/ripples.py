"""Sharing: independent cascades on the ties, with true parents.

A person who has something passes it on along each of his ties once; the other end arrives with the probability of that
arc, which depends on the tie's strength, on how gladly the one shares, on how much the other cares for the topic and on
the incentive (independent cascade model; Kempe, Kleinberg, Tardos, KDD 2003).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.world.comings import arrive
from lianyi.world.life import Life, Nature, pick_weighted
from lianyi.world.people import NEVER
from lianyi.world.rhythm import day_factor
from lianyi.world.rows import hexes, join, only, rows, scramble, take
from lianyi.world.settings import DAY, HOUR, MINUTE, Bools, Floats, Ints
from lianyi.world.shop import Shop, view
from lianyi.world.shopping import place_orders

INCENTIVES = ("none", "coupon", "gift")
INCENTIVE_FACTOR = np.array([1.0, 1.25, 1.5])
BASE = 0.066
MOST = 0.75
ORGANIC = 0.0035  # things passed on per person and day without anybody's asking
GENERATIONS = 40
SHOWN = 0.85  # of the arrivals carry the code of the share they came through


@dataclass(frozen=True, kw_only=True)
class Stones:
    """What starts ripples: one entry per cascade. campaign: number or -1."""

    person: Ints
    topic: Ints
    incentive: Ints
    campaign: Ints
    item: Ints
    at: Ints


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Everybody reached. cascade: entry of the stones; parent: entry of this tree, -1 for the stone itself."""

    cascade: Ints
    person: Ints
    parent: Ints
    generation: Ints
    at: Ints


def probabilities(nature: Nature, source: Ints, target: Ints, tie: Ints, topic: Ints, incentive: Ints) -> Floats:
    """The chance that `target` arrives through `source`, per arc."""
    people = nature.people
    trust = 0.25 + 1.5 * nature.ties.strength[tie]
    care = 0.2 + 1.6 * people.interest[target, topic]
    chance = BASE * trust * people.sharing[source] * care * INCENTIVE_FACTOR[incentive]
    return np.asarray(np.minimum(chance, MOST), dtype=np.float64)


def spread(nature: Nature, dice: np.random.Generator, stones: Stones, open_to: Bools) -> Tree:
    """One independent cascade per stone among the people that are open to it, generation by generation.

    Where several reach the same person in one generation, the first in time is the parent.
    """
    count = len(stones.person)
    codes = np.arange(count, dtype=np.int64) * nature.people.count + stones.person
    seen = np.sort(codes)
    parts: list[tuple[Ints, ...]] = [
        (np.arange(count), stones.person, np.full(count, -1), np.zeros(count, dtype=np.int64), stones.at)
    ]
    first = 0
    for generation in range(1, GENERATIONS):
        cascade, person, parent, at = _next(nature, dice, stones, parts[-1], first)
        codes = cascade * nature.people.count + person
        fresh = open_to[person] & (seen[np.minimum(np.searchsorted(seen, codes), len(seen) - 1)] != codes)
        order = np.lexsort((at[fresh], codes[fresh]))
        kept = np.flatnonzero(fresh)[order]
        kept = kept[np.flatnonzero(np.diff(codes[kept], prepend=-1))]
        if not len(kept):
            break
        first += len(parts[-1][0])
        parts.append((cascade[kept], person[kept], parent[kept], np.full(len(kept), generation), at[kept]))
        seen = np.sort(np.concatenate([seen, codes[kept]]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Tree(cascade=columns[0], person=columns[1], parent=columns[2], generation=columns[3], at=columns[4])


def _next(
    nature: Nature, dice: np.random.Generator, stones: Stones, front: tuple[Ints, ...], first: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """(cascade, person, parent, at) of every successful attempt of the front; `first`: entry of its first node."""
    cascade, person, _, _, at = front
    begin = nature.arc_begin[person]
    size = nature.arc_begin[person + 1] - begin
    node = np.repeat(np.arange(len(person)), size)
    arc = np.repeat(begin - (np.cumsum(size) - size), size) + np.arange(int(size.sum()))
    which = cascade[node]
    target = nature.arc_other[arc].astype(np.int64)
    chance = probabilities(
        nature, person[node], target, nature.arc_tie[arc], stones.topic[which], stones.incentive[which]
    )
    hit = dice.random(len(chance)) < chance
    node, target, which = node[hit], target[hit], which[hit]
    delay = np.minimum(dice.lognormal(np.log(4.5), 1.2, len(node)) + 0.05, 24 * 12)
    return which, target, first + node, at[node] + (delay * HOUR).astype(np.int64)


def organic(life: Life, dice: np.random.Generator, edges: Floats) -> Stones:
    """People who pass something on today because they like it. `edges`: running sum of willingness to share."""
    lively = day_factor(life.nature.settings, life.day) * life.nature.settings.activity
    person = pick_weighted(dice, edges, ORGANIC * len(edges) * lively)
    person = person[life.here(person)]
    interest = np.cumsum(life.nature.people.interest[person], axis=1, dtype=np.float64)
    topic = (interest < dice.random((len(person), 1)) * interest[:, -1:]).sum(axis=1)
    nothing = np.zeros(len(person), dtype=np.int64)
    goods = len(life.nature.settings.plan.categories[0].products)
    return Stones(
        person=person, topic=topic, incentive=nothing, campaign=nothing - 1,
        item=topic * goods + dice.integers(0, goods, len(person)), at=life.moments(dice, person),
    )  # fmt: skip


def throw(life: Life, dice: np.random.Generator, stones: Stones) -> None:
    """Let the stones' ripples run, and write what will be seen of them into the diary and the record."""
    if not len(stones.person):
        return
    tree = spread(life.nature, dice, stones, life.left > life.day)
    number = life.numbers("cascade", len(stones.person))[tree.cascade]
    shares, share_at = _shares(dice, tree)
    share = np.full(len(tree.person), -1, dtype=np.int64)
    share[shares] = life.numbers("share", len(shares))
    shown = (tree.parent >= 0) & (dice.random(len(tree.person)) < SHOWN)
    columns = {
        "cascade": number, "person": tree.person, "generation": tree.generation, "at": tree.at, "share": share,
        "parent": np.where(tree.parent >= 0, tree.person[tree.parent], -1),
        "through": np.where(tree.parent >= 0, share[tree.parent], -1), "shown": shown,
        "topic": stones.topic[tree.cascade], "incentive": stones.incentive[tree.cascade],
        "campaign": stones.campaign[tree.cascade], "item": stones.item[tree.cascade],
    }  # fmt: skip
    reached = np.flatnonzero(tree.parent >= 0)
    _write(life, "arrive", tree.at[reached], {name: column[reached] for name, column in columns.items()})
    passed = {name: column[shares] for name, column in columns.items()}
    _write(life, "share", share_at, {**passed, "at": share_at})
    life.record.note("spread", columns)


def _write(life: Life, name: str, at: Ints, columns: dict[str, Ints | Floats]) -> None:
    life.diary.put(name, (at - life.nature.settings.origin) // DAY, columns)


def _shares(dice: np.random.Generator, tree: Tree) -> tuple[Ints, Ints]:
    """Who is seen sharing, and when: stones, all who brought somebody, and some who brought nobody."""
    first = np.full(len(tree.person), np.iinfo(np.int64).max)
    np.minimum.at(first, tree.parent[tree.parent >= 0], tree.at[tree.parent >= 0])
    brought = first < np.iinfo(np.int64).max
    seen = np.flatnonzero(brought | (tree.parent < 0) | (dice.random(len(tree.person)) < 0.1))
    wait = np.where(brought[seen], (first[seen] - tree.at[seen]) * 0.3, 30 * MINUTE * dice.random(len(seen)))
    return seen, tree.at[seen] + np.where(tree.parent[seen] < 0, 0, wait).astype(np.int64)


def ripples_of_day(life: Life, shop: Shop, edges: Floats) -> None:
    """New organic shares; then the shares and arrivals whose day it is."""
    dice = life.dice("ripples")
    throw(life, dice, organic(life, dice, edges))
    shares = life.diary.take("share", life.day)
    if shares is not None:
        _emit_shares(life, shop, dice, {name: column.astype(np.int64) for name, column in shares.items()})
    arrivals = life.diary.take("arrive", life.day)
    if arrivals is not None:
        _emit_arrivals(life, shop, dice, {name: column.astype(np.int64) for name, column in arrivals.items()})


def campaign_name(life: Life, campaign: Ints) -> pa.Array:
    """`<brand>-c<number>`, null where there is none."""
    name = join(f"{life.nature.settings.plan.slug}-c", campaign)
    return only(name, campaign >= 0)


def _emit_shares(life: Life, shop: Shop, dice: np.random.Generator, due: dict[str, Ints]) -> None:
    person = due["person"]
    life.emit(
        rows(
            len(person), id=join("ripple:s", due["share"]), at=due["at"], kind="share", source="miniprogram",
            channel="wechat",
            actor_key=take(shop.keys[0], shop.keys[1][person]), object_key=take(shop.item, due["item"]),
            category=take(shop.category, due["topic"]), campaign=campaign_name(life, due["campaign"]),
            props=join('{"incentive":"', take(pa.array(INCENTIVES), due["incentive"]), '"}'),
        )
    )  # fmt: skip
    _emit_bots(life, shop, due, dice.random(len(person)) < 0.04)
    _emit_self(life, shop, due, (dice.random(len(person)) < 0.04) & (due["incentive"] > 0))


def _emit_bots(life: Life, shop: Shop, due: dict[str, Ints], some: Bools) -> None:
    """Link scanners follow a link within seconds; they are nobody."""
    share, at = due["share"][some], due["at"][some]
    number = life.numbers("bot", len(share))
    life.emit(
        rows(
            len(share), id=join("ripple:b", number), at=at + 3_000_000, kind="arrive", source="web", channel="web",
            actor_key=join("anon:", hexes(scramble(number, life.nature.settings.seed + 77))),
            parent_id=join("ripple:s", share),
            target_key=take(shop.keys[0], shop.keys[1][due["person"][some]]),
            object_key=take(shop.item, due["item"][some]),
            campaign=campaign_name(life, due["campaign"][some]), props='{"agent":"LinkScanner/1.0"}',
        )
    )  # fmt: skip
    life.record.note("false_arrivals", {"number": number, "share": share, "kind": np.zeros(len(share), dtype=np.int64)})


def _emit_self(life: Life, shop: Shop, due: dict[str, Ints], some: Bools) -> None:
    """A few sharers open their own link in another browser for the reward."""
    person, share = due["person"][some], due["share"][some]
    number = life.numbers("bot", len(share))
    life.emit(
        rows(
            len(share), id=join("ripple:b", number), at=due["at"][some] + 4 * MINUTE, kind="arrive", source="web",
            channel="web",
            actor_key=take(shop.keys[0], shop.keys[3][person]), parent_id=join("ripple:s", share),
            target_key=take(shop.keys[0], shop.keys[1][person]), object_key=take(shop.item, due["item"][some]),
            campaign=campaign_name(life, due["campaign"][some]),
        )
    )  # fmt: skip
    life.record.note("false_arrivals", {"number": number, "share": share, "kind": np.ones(len(share), dtype=np.int64)})


def _emit_arrivals(life: Life, shop: Shop, dice: np.random.Generator, due: dict[str, Ints]) -> None:
    """Arrivals; who was not known yet becomes known, and some buy."""
    person, shown = due["person"], due["shown"].astype(bool)
    number = life.numbers("arrive", len(person))
    pool, base, _, _ = shop.keys
    life.emit(
        rows(
            len(person), id=join("ripple:a", number), at=due["at"], kind="arrive", source="miniprogram",
            channel="wechat",
            actor_key=take(pool, base[person]), object_key=take(shop.item, due["item"]),
            category=take(shop.category, due["topic"]),
            target_key=only(take(pool, base[np.maximum(due["parent"], 0)]), shown),
            campaign=campaign_name(life, due["campaign"]),
            parent_id=only(join("ripple:s", due["through"]), shown),
        )
    )  # fmt: skip
    life.record.note("arrive_ids", {"cascade": due["cascade"], "person": person, "number": number})
    view(life, shop, person, due["item"], due["at"] + MINUTE, web=np.zeros(len(person), dtype=bool))
    order = np.lexsort((due["at"], person))
    first = order[np.flatnonzero(np.diff(person[order], prepend=-1))]
    new = first[life.arrived[person[first]] == NEVER]
    arrive(life, dice, person[new], due["at"][new] + 2 * MINUTE, how="share")
    _convert(life, shop, dice, due, first, np.isin(np.arange(len(person)), new))


def _convert(life: Life, shop: Shop, dice: np.random.Generator, due: dict[str, Ints], first: Ints, new: Bools) -> None:
    """Those who care may buy at once, newcomers more often; whoever brought a buyer under an incentive is rewarded."""
    person, topic = due["person"][first], due["topic"][first]
    chance = (
        0.25
        * life.nature.people.interest[person, topic]
        * np.where(new[first], 1.5, 0.6)
        * INCENTIVE_FACTOR[due["incentive"][first]]
    )
    buys = first[(dice.random(len(first)) < chance) & (life.day < shop.demands.gone[person])]
    at = due["at"][buys] + ((5 + dice.random(len(buys)) * 40) * MINUTE).astype(np.int64)
    campaign = campaign_name(life, due["campaign"][buys])
    place_orders(life, shop, dice, due["person"][buys], due["topic"][buys], at, cause=1, campaign=campaign)
    paid = buys[(due["incentive"][buys] > 0) & new[buys]]
    day = life.day + 15 + np.zeros(len(paid), dtype=np.int64)
    life.diary.put("reward", day, {name: due[name][paid] for name in ("parent", "incentive", "campaign", "person")})


def rewards_of_day(life: Life, shop: Shop) -> None:
    """Rewards, held back for two weeks so that refunds show first."""
    due = life.diary.take("reward", life.day)
    if due is None:
        return
    to, incentive, campaign = (due[name].astype(np.int64) for name in ("parent", "incentive", "campaign"))
    life.emit(
        rows(
            len(to), id=join("ripple:r", life.numbers("reward", len(to))), kind="reward", source="ripple",
            channel="wechat",
            at=life.midnight + 10 * HOUR + np.arange(len(to), dtype=np.int64),
            value=np.array([0, 1000, 2000])[incentive],
            target_key=take(shop.keys[0], shop.keys[1][to]), campaign=campaign_name(life, campaign),
            props=join('{"form":"', take(pa.array(INCENTIVES), incentive),
            '","why":"first order of an invited person"}'),
        )
    )  # fmt: skip
