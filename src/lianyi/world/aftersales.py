"""What orders bring about later: refunds, reviews, and unpaid orders that close."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.world.life import Life
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import HOUR
from lianyi.world.shop import Shop, order_name
from lianyi.world.talk import intent


def plan_aftersales(life: Life, dice: np.random.Generator, lines: dict[str, Any]) -> None:
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


def cancels_of_day(life: Life, shop: Shop) -> None:
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


def refunds_of_day(life: Life, shop: Shop) -> None:
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


def reviews_of_day(life: Life, shop: Shop) -> None:
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
