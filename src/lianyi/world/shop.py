"""The shop: its goods, who stands before it under which key, and the events of looking and carting."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lianyi.world.demands import make_demands
from lianyi.world.identity import ANON, OPENID, USER, WECOM
from lianyi.world.life import Life, Nature
from lianyi.world.rhythm import HOURS, hour_lifts
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import Bools, Floats, Ints

if TYPE_CHECKING:
    from lianyi.world.telling import Issued


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
        self.bought = np.zeros(nature.people.count, dtype=np.bool_)
        self.issued: Issued | None = None


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


def order_name(life: Life, number: Ints, *, day: Ints | None = None) -> pa.Array:
    """Order numbers: the date and a running number, e.g. 20250314-0000123."""
    first = np.datetime64(life.nature.settings.start)
    days = first + (np.full(len(number), life.day) if day is None else day).astype("timedelta64[D]")
    text = pa.array(np.datetime_as_string(days, unit="D").astype(object), pa.string())
    text = pa.compute.replace_substring(text, "-", "")
    return join(text, "-", pa.compute.utf8_lpad(join(number), 7, "0"))


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
