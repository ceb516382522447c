"""Browsing, buying, returning, reviewing. Each demand (one person × one category) is a clock of its own.

A demand's hazard on a day is rate × lifts of the day × lift of the hours × effect of campaigns. Clocks with shape k
tick k times per purchase (Erlang gaps: replenishment); after each order the person drops out with a fixed chance (as in
BG/NBD, Fader, Hardie and Lee 2005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.world.identity import ANON, OPENID, USER, WECOM
from lianyi.world.life import Life, Nature, clock_times, rising
from lianyi.world.people import ADVERTISER, EMPLOYEE, NEVER
from lianyi.world.rhythm import HOURS, day_lifts, hour_lifts
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import DAY, HOUR, MINUTE, Bools, Floats, Ints
from lianyi.world.talk import intent

BROWSE = 0.05  # sessions a day of one who is fully interested


@dataclass(kw_only=True)
class Demands:
    """One entry per person and category that the person may buy, sorted by person.

    rate: purchases a day on an ordinary day. shape: ticks per purchase. ticks: state of the clock. drop: chance per
    order that the person never buys again (per person). gone: day of dropping out per person. latent: the need sleeps
    (its rate is a fifth) unless a scene of the category holds.
    """

    person: Ints
    category: Ints
    rate: Floats
    shape: Ints
    latent: Bools
    ticks: Ints
    drop: Floats
    gone: Ints
    browse: Floats

    @property
    def count(self) -> int:
        return len(self.person)


def make_demands(nature: Nature) -> Demands:
    """Draw everybody's demands: gamma-mixed rates, beta-mixed drop-out."""
    dice = nature.settings.dice("demands")
    people, plan = nature.people, nature.settings.plan.categories
    person, category = np.nonzero(people.interest > 0.12)
    cycle = np.array([item.cycle for item in plan])
    eager = dice.gamma(1.1, 1 / 1.1, people.count)
    eager[(dice.random(people.count) < 0.15) | (people.role == ADVERTISER) | (people.role == EMPLOYEE)] = 0
    interest = people.interest[person, category].astype(np.float64)
    return Demands(
        person=person, category=category, rate=eager[person] * interest * 1.3 / cycle[category],
        shape=np.array([item.regularity for item in plan])[category], latent=dice.random(len(person)) < 0.12,
        ticks=(dice.random(len(person)) * np.array([item.regularity for item in plan])[category]).astype(np.int64),
        drop=dice.beta(0.8, 7, people.count), gone=np.full(people.count, NEVER, dtype=np.int64),
        browse=np.cumsum(BROWSE * interest * np.minimum(eager[person] + 0.3, 2.5)),
    )  # fmt: skip


class Shop:
    """Demands, and the tables of goods, that shopping needs every day."""

    def __init__(self, life: Life) -> None:
        nature = life.nature
        plan = nature.settings.plan
        self.demands = make_demands(nature)
        self.hour_lifts = hour_lifts(tuple(category.code for category in plan.categories))
        # (clock, category): a day's demand relative to one without hour scenes; and hours of demand per clock, category
        self.hour_mass = HOURS @ self.hour_lifts.T
        self.hours = (HOURS[:, None, :] * self.hour_lifts[None]).reshape(-1, 24)
        products = [(p, category) for category in plan.categories for p in category.products]
        self.per_category = len(plan.categories[0].products)
        self.fen = np.array([product.fen for product, _ in products])
        self.item = pa.array([f"item:{product.sku}" for product, _ in products])
        self.title = pa.array([product.zh for product, _ in products])
        self.category = pa.array([f"{category.zh}" for category in plan.categories])
        self.keys = _shop_keys(nature)
        self.watches: list[Callable[[Floats], None]] = []
        self.boost = np.ones(self.demands.count)


def _shop_keys(nature: Nature) -> tuple[pa.Array, Ints, Ints, Ints]:
    """A pool of all shop keys and per person the entries for orders, for orders on the second account, for browsing."""
    identity, count = nature.identity, nature.people.count
    user = identity.pools[USER]
    anon = identity.pools[ANON]
    pool = pa.concat_arrays([user, identity.pools[OPENID].slice(0, count), identity.pools[WECOM].slice(0, count), anon])
    me = np.arange(count)
    base = np.where(identity.has[USER], me, np.where(identity.has[OPENID], len(user) + me, len(user) + count + me))
    second = np.where(identity.second[USER] >= 0, identity.second[USER], base)
    other = np.where(identity.second[ANON] >= 0, identity.second[ANON], me)
    web = np.where(identity.has[ANON], len(user) + 2 * count + np.where(me % 3 == 0, other, me), base)
    return pool, base, second, web


def shopping_of_day(life: Life, shop: Shop) -> None:
    """Sessions that lead to nothing, orders, then what earlier orders bring about today."""
    dice = life.dice("shopping")
    lifts = day_lifts(life.nature.settings, life.day)
    _browse(life, shop, dice, lifts)
    _buy(life, shop, dice, lifts)
    _refunds(life, shop)
    _reviews(life, shop)
    _cancels(life, shop)


def _moments(life: Life, shop: Shop, dice: np.random.Generator, person: Ints, category: Ints) -> Ints:
    row = life.nature.people.clock[person] * len(shop.hour_lifts) + category
    return life.midnight + clock_times(dice, shop.hours, row)


def _browse(life: Life, shop: Shop, dice: np.random.Generator, lifts: Floats) -> None:
    """Sessions of 1 to 5 views; some search first, some put things into the cart, a few order without paying."""
    demands = shop.demands
    mass = lifts[None, :] * shop.hour_mass
    most = float(mass.max())
    count = dice.poisson(demands.browse[-1] * most * life.nature.settings.activity)
    pick = np.minimum(np.searchsorted(demands.browse, rising(dice, count) * demands.browse[-1]), demands.count - 1)
    person, category = demands.person[pick], demands.category[pick]
    keep = dice.random(count) * most < mass[life.nature.people.clock[person], category]
    keep &= life.here(person) & (life.day < demands.gone[person])
    person, category = person[keep], category[keep]
    at = _moments(life, shop, dice, person, category)
    _search(life, shop, dice, person, category, at)
    views = dice.integers(1, 6, len(person))
    again = np.repeat(np.arange(len(person)), views)
    nth = np.arange(len(again)) - np.repeat(np.cumsum(views) - views, views)
    item = _items(shop, dice, category[again])
    view(life, shop, person[again], item, at[again] + nth * MINUTE, web=dice.random(len(person))[again] < 0.5)
    carted = dice.random(len(again)) < 0.05
    cart(life, shop, person[again][carted], item[carted], at[again][carted] + nth[carted] * MINUTE + MINUTE // 2)
    _checkout(life, shop, dice, person, category, at + 6 * MINUTE)


def _items(shop: Shop, dice: np.random.Generator, category: Ints) -> Ints:
    """A product of each category; the first ones sell best."""
    rank = (dice.random(len(category)) ** 1.6 * shop.per_category).astype(np.int64)
    return category * shop.per_category + rank


def _search(life: Life, shop: Shop, dice: np.random.Generator, person: Ints, category: Ints, at: Ints) -> None:
    some = dice.random(len(person)) < 0.12
    person, category, at = person[some], category[some], at[some]
    life.emit(
        rows(
            len(person), id=join("miniprogram:s", life.numbers("search", len(person))), kind="search",
            at=life.today(at - MINUTE), source="miniprogram", channel="wechat", actor_key=take(shop.keys[0], shop.keys[1][person]),
            category=take(shop.category, category), text=take(shop.category, category),
        )
    )  # fmt: skip


def view(life: Life, shop: Shop, person: Ints, item: Ints, at: Ints, *, web: Bools) -> None:
    """View events, in the mini-program or (often before login) on the web."""
    pool, base, _, browser = shop.keys
    names = take(pa.array(["miniprogram", "web"]), web.astype(np.int64))
    life.emit(
        rows(
            len(person), id=join(names, ":v", life.numbers("view", len(person))), kind="view", source=names,
            at=life.today(at), channel=take(pa.array(["wechat", "web"]), web.astype(np.int64)),
            actor_key=take(pool, np.where(web, browser[person], base[person])), object_key=take(shop.item, item),
            category=take(shop.category, item // shop.per_category),
            props=join('{"title":"', take(shop.title, item), '"}'),
        )
    )  # fmt: skip


def cart(life: Life, shop: Shop, person: Ints, item: Ints, at: Ints) -> None:
    """Cart events."""
    life.emit(
        rows(
            len(person), id=join("miniprogram:c", life.numbers("cart", len(person))), at=life.today(at), kind="cart",
            source="miniprogram",
            channel="wechat", actor_key=take(shop.keys[0], shop.keys[1][person]), object_key=take(shop.item, item),
            category=take(shop.category, item // shop.per_category), value=shop.fen[item],
        )
    )  # fmt: skip


def _checkout(life: Life, shop: Shop, dice: np.random.Generator, person: Ints, category: Ints, at: Ints) -> None:
    """Orders that are never paid and close after half an hour."""
    some = dice.random(len(person)) < 0.015
    person, at = person[some], at[some]
    item = _items(shop, dice, category[some])
    number = life.numbers("order", len(person))
    life.emit(
        rows(
            len(person), id=join("shop:", order_name(life, number), "/placed"), at=at, kind="checkout", source="shop",
            channel="shop", actor_key=take(shop.keys[0], shop.keys[1][person]), object_key=take(shop.item, item),
            category=take(shop.category, category[some]), value=shop.fen[item],
        )
    )  # fmt: skip
    closes = at + 30 * MINUTE
    day = (closes - life.nature.settings.origin) // DAY
    life.diary.put(
        "close",
        np.maximum(day, life.day),
        {"number": number, "person": person, "at": closes, "made": np.full(len(at), life.day)},
    )


def _cancels(life: Life, shop: Shop) -> None:
    due = life.diary.take("close", life.day)
    if due is None:
        return
    made, number = due["made"].astype(np.int64), due["number"].astype(np.int64)
    order = join("shop:", order_name(life, number, day=made))
    life.emit(
        rows(
            len(number), id=join(order, "/closed"), at=due["at"], kind="cancel", source="shop", channel="shop",
            actor_key=take(shop.keys[0], shop.keys[1][due["person"].astype(np.int64)]), parent_id=order,
        )
    )  # fmt: skip


def order_name(life: Life, number: Ints, *, day: Ints | None = None) -> pa.Array:
    """Order numbers: the date and a running number, e.g. 20250314-0000123."""
    first = np.datetime64(life.nature.settings.start)
    days = first + (np.full(len(number), life.day) if day is None else day).astype("timedelta64[D]")
    text = pa.array(np.datetime_as_string(days, unit="D").astype(object), pa.string())
    text = pa.compute.replace_substring(text, "-", "")
    return join(text, "-", pa.compute.utf8_lpad(join(number), 7, "0"))


def hazards(life: Life, shop: Shop, lifts: Floats) -> Floats:
    """Purchases per day of each demand today, 0 for those who are not there; campaigns are in shop.boost."""
    demands, people = shop.demands, life.nature.people
    mass = (lifts[None, :] * shop.hour_mass)[people.clock[demands.person], demands.category]
    asleep = demands.latent & (lifts[demands.category] <= 1)
    there = (life.arrived[demands.person] < life.day) & (life.day < demands.gone[demands.person])
    return np.asarray(demands.rate * mass * np.where(asleep, 0.2, 1) * there)


def _buy(life: Life, shop: Shop, dice: np.random.Generator, lifts: Floats) -> None:
    """Clocks tick; those that come round make an order."""
    demands = shop.demands
    hazard = hazards(life, shop, lifts)
    for watch in shop.watches:
        watch(hazard)
    hazard = hazard * shop.boost
    tick = dice.random(demands.count) < -np.expm1(-hazard * demands.shape)
    demands.ticks[tick] += 1
    due = np.flatnonzero(demands.ticks >= demands.shape)
    demands.ticks[due] = 0
    person, category = demands.person[due], demands.category[due]
    place_orders(life, shop, dice, person, category, _moments(life, shop, dice, person, category))
    ends = person[dice.random(len(person)) < demands.drop[person]]
    demands.gone[ends] = life.day + 1


def place_orders(
    life: Life,
    shop: Shop,
    dice: np.random.Generator,
    person: Ints,
    category: Ints,
    at: Ints,
    *,
    cause: int = 0,
    campaign: pa.Array | None = None,
) -> Ints:
    """One order per entry with 1 to 4 lines, seen and mostly carted before; returns the order numbers.

    cause (for the record): 0 the person's own demand, 1 a share that the person followed.
    """
    number = life.numbers("order", len(person))
    lines = np.minimum(1 + dice.poisson(0.45, len(person)), 4)
    again = np.repeat(np.arange(len(person)), lines)
    nth = np.arange(len(again)) - np.repeat(np.cumsum(lines) - lines, lines) + 1
    item = _items(shop, dice, category[again])
    quantity = 1 + dice.poisson(np.minimum(0.35 * life.nature.people.money[person[again]], 4))
    second = (
        (life.nature.identity.links[person] > 0)
        & (life.day > life.arrived[person] + 60)
        & (dice.random(len(person)) < 0.4)
    )
    pool, base, other, _ = shop.keys
    actor = take(pool, np.where(second, other[person], base[person])[again])
    order = join("shop:", order_name(life, number[again]))
    fen = shop.fen[item] * quantity
    life.emit(
        rows(
            len(again), id=join(order, "/", nth), at=at[again], kind="order", source="shop", channel="shop",
            actor_key=actor,
            parent_id=order, campaign=None if campaign is None else take(campaign, again),
            object_key=take(shop.item, item), category=take(shop.category, category[again]), value=fen,
            props=join('{"price":', _price(shop.fen[item]), ',"quantity":', quantity, ',"status":"paid","title":"',
            take(shop.title, item), '"}'),
        )
    )  # fmt: skip
    view(life, shop, person[again], item, at[again] - 12 * MINUTE, web=dice.random(len(person))[again] < 0.3)
    carted = dice.random(len(again)) < 0.7
    cart(life, shop, person[again][carted], item[carted], at[again][carted] - 4 * MINUTE)
    _afterwards(
        life,
        dice,
        {
            "number": number[again],
            "line": nth,
            "person": person[again],
            "item": item,
            "fen": fen,
            "second": second[again],
        },
    )
    life.record.note(
        "orders", {"number": number, "person": person, "category": category, "at": at, "cause": np.full(len(at), cause)}
    )
    return number


def _price(fen: Ints) -> pa.Array:
    return join(fen // 100, ".", fen % 100 // 10)


def _afterwards(life: Life, dice: np.random.Generator, lines: dict[str, Any]) -> None:
    """Four of a hundred lines are sent back, one of seven is reviewed (unhappy ones more often sent back)."""
    count = len(lines["number"])
    made = np.full(count, life.day)
    back = dice.random(count) < 0.04
    partly = np.where(dice.random(count) < 0.25, 0.5, 1.0)
    refund = {**lines, "made": made, "fen": np.maximum((lines["fen"] * partly).astype(np.int64), 1)}
    life.diary.put(
        "refund", life.day + dice.integers(2, 16, count)[back], {key: column[back] for key, column in refund.items()}
    )
    said = dice.random(count) < np.where(back, 0.5, 0.13)
    stars = np.where(back, dice.integers(1, 4, count), dice.choice([3, 4, 5], size=count, p=[0.08, 0.22, 0.7]))
    review = {**lines, "stars": stars}
    life.diary.put(
        "review", life.day + dice.integers(3, 21, count)[said], {key: column[said] for key, column in review.items()}
    )


def _refunds(life: Life, shop: Shop) -> None:
    due = life.diary.take("refund", life.day)
    if due is None:
        return
    number, fen = due["number"].astype(np.int64), due["fen"].astype(np.int64)
    order = join("shop:", order_name(life, number, day=due["made"].astype(np.int64)))
    item = due["item"].astype(np.int64)
    at = life.midnight + 9 * HOUR + (life.dice("refund").random(len(number)) * 9 * HOUR).astype(np.int64)
    amount = join(fen // 100, ".", pa.compute.utf8_lpad(join(fen % 100), 2, "0"))
    life.emit(
        rows(
            len(number), id=join(order, "/", due["line"], "/refund/", amount), at=at, kind="refund", source="shop",
            channel="shop",
            actor_key=_order_key(shop, due), parent_id=order, object_key=take(shop.item, item),
            category=take(shop.category, item // shop.per_category), value=fen,
        )
    )  # fmt: skip


def _order_key(shop: Shop, due: dict[str, Any]) -> pa.Array:
    pool, base, other, _ = shop.keys
    person = due["person"].astype(np.int64)
    return take(pool, np.where(due["second"].astype(bool), other[person], base[person]))


def _reviews(life: Life, shop: Shop) -> None:
    due = life.diary.take("review", life.day)
    if due is None:
        return
    dice = life.dice("review")
    person, item, stars = (due[name].astype(np.int64) for name in ("person", "item", "stars"))
    good = np.where(stars >= 4, intent("review_good"), intent("review_bad"))
    topic = item // shop.per_category
    life.emit(
        rows(
            len(person), id=join("shop:r", life.numbers("review", len(person))), at=life.moments(dice, person),
            kind="review",
            source="shop", channel="shop", actor_key=_order_key(shop, due), object_key=take(shop.item, item),
            category=take(shop.category, topic), props=join('{"rating":', stars, "}"),
            text=life.nature.grammar.say(dice, good, topic, life.nature.people.english[person]),
        )
    )  # fmt: skip
