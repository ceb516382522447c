"""Browsing and buying."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.world.aftersales import cancels_of_day, plan_aftersales, refunds_of_day, reviews_of_day
from lianyi.world.life import Life, clock_times, rising
from lianyi.world.rhythm import day_lifts
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import DAY, MINUTE, Bools, Floats, Ints
from lianyi.world.shop import Shop, cart, order_name, view
from lianyi.world.telling import code, taken_off
from lianyi.world.turns import turn_lifts


def shopping_of_day(life: Life, shop: Shop) -> None:
    """Sessions that lead to nothing, orders, then what earlier orders bring about today."""
    dice = life.dice("shopping")
    lifts = day_lifts(life.nature.settings, life.day)
    _browse(life, shop, dice, lifts)
    _buy(life, shop, dice, lifts)
    refunds_of_day(life, shop)
    reviews_of_day(life, shop)
    cancels_of_day(life, shop)


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
            at=life.today(at - MINUTE), source="miniprogram", channel="wechat",
            actor_key=take(shop.keys[0], shop.keys[1][person]),
            category=take(shop.category, category), text=take(shop.category, category),
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


def hazards(life: Life, shop: Shop, lifts: Floats) -> Floats:
    """Purchases per day of each demand today, 0 for those who are not there; campaigns are in shop.boost."""
    demands, people = shop.demands, life.nature.people
    mass = (lifts[None, :] * shop.hour_mass)[people.clock[demands.person], demands.category]
    asleep = demands.latent & (lifts[demands.category] <= 1)
    there = (life.arrived[demands.person] < life.day) & (life.day < demands.gone[demands.person])
    return np.asarray(demands.rate * mass * np.where(asleep, 0.2, 1) * there * turn_lifts(life, demands))


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
    percent, uses = taken_off(life, shop, person, cause=cause)
    fen = shop.fen[item] * quantity * (100 - percent[again]) // 100
    life.emit(
        rows(
            len(again), id=join(order, "/", nth), at=at[again], kind="order", source="shop", channel="shop",
            actor_key=actor,
            parent_id=order, campaign=None if campaign is None else take(campaign, again),
            object_key=take(shop.item, item), category=take(shop.category, category[again]), value=fen,
            props=join('{"price":', _price(shop.fen[item]), ',"quantity":', quantity, ',"status":"paid","title":"',
            take(shop.title, item), _coupon(life, uses[again]), '"}'),
        )
    )  # fmt: skip
    shop.bought[person] = True
    view(life, shop, person[again], item, at[again] - 12 * MINUTE, web=dice.random(len(person))[again] < 0.3)
    carted = dice.random(len(again)) < 0.7
    cart(life, shop, person[again][carted], item[carted], at[again][carted] - 4 * MINUTE)
    plan_aftersales(
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


def _coupon(life: Life, uses: Bools) -> pa.Array:
    """The end of an order's properties: the code that it names, or nothing."""
    return take(pa.array(["", f'","coupon":"{code(life.nature.settings)}']), uses.astype(np.int64))


def _price(fen: Ints) -> pa.Array:
    return join(fen // 100, ".", fen % 100 // 10)
