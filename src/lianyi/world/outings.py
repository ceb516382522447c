"""Offline events in the cities and daily check-ins in the mini-program."""

from __future__ import annotations

from typing import Any

import numpy as np

from lianyi.world.life import Life
from lianyi.world.names import CITIES
from lianyi.world.rows import join, rows, take
from lianyi.world.settings import HOUR, MINUTE, Ints
from lianyi.world.shop import Shop

EVENTS_PER_1000 = 0.35  # offline events a week per thousand people
DAILY = 0.012  # of those who are there check in on a day for points


def outings_of_day(life: Life, shop: Shop) -> None:
    """Meetings take place on Saturdays; points are collected every day."""
    dice = life.dice("outings")
    if life.nature.settings.date_of(life.day).weekday() == 5:
        _meetings(life, shop, dice)
    count = life.nature.people.count
    person = np.unique(dice.integers(0, count, dice.poisson(DAILY * count * life.nature.settings.activity)))
    person = person[life.here(person)]
    _check_in(
        life,
        shop,
        person,
        life.moments(dice, person),
        join("task:daily/", np.full(len(person), life.day)),
        how="points",
    )


def _meetings(life: Life, shop: Shop, dice: np.random.Generator) -> None:
    """Local communities meet; about a third of the members come, and some never tell."""
    communities = life.nature.communities
    local = np.flatnonzero(communities.city >= 0)
    expected = max(0.5, EVENTS_PER_1000 * life.nature.people.count / 1000)
    hosts = np.unique(local[dice.integers(0, len(local), dice.poisson(expected))]) if len(local) else local
    for host in hosts:
        rows_of_host = slice(*np.searchsorted(communities.community, [host, host + 1]))
        person = communities.person[rows_of_host].astype(np.int64)
        there = (communities.since[rows_of_host] <= life.day) & (life.day < communities.until[rows_of_host])
        person = np.unique(person[there & life.here(person) & (dice.random(len(person)) < 0.35)])
        if len(person) < 4:
            continue
        at = life.midnight + 14 * HOUR + (dice.random(len(person)) * 40 * MINUTE).astype(np.int64)
        name = f"event:{CITIES[int(communities.city[host])][2].lower().replace(chr(39), '')}-{life.day}-{host}"
        _check_in(life, shop, person, at, name, how="offline")
        life.record.note(
            "outings",
            {"day": np.full(len(person), life.day), "community": np.full(len(person), host), "person": person},
        )


def _check_in(life: Life, shop: Shop, person: Ints, at: Ints, thing: Any, *, how: str) -> None:
    life.emit(
        rows(
            len(person), id=join("miniprogram:k", life.numbers("check_in", len(person))), at=at, kind="check_in",
            source="miniprogram", channel="offline" if how == "offline" else "wechat",
            actor_key=take(shop.keys[0], shop.keys[1][person]), object_key=thing, props=f'{{"how":"{how}"}}',
        )
    )  # fmt: skip
