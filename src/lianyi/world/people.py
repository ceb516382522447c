"""Who lives in the world: fixed traits of each person, drawn once. Person i is row i everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.world.names import city_index, names, nicknames
from lianyi.world.settings import Bools, Floats, Ints, WorldSettings

ROLES = ("member", "employee", "kol", "koc", "advertiser")
MEMBER, EMPLOYEE, KOL, KOC, ADVERTISER = range(len(ROLES))
NEVER = 1 << 30  # a day that never comes


@dataclass(frozen=True, kw_only=True)
class People:
    """Arrays with one entry per person.

    role: index in ROLES. talk: own messages per day. sharing: factor on passing things on. interest (people, topics):
    0..1 how much one cares. money: factor on what one spends. arrives: day of coming without being asked.
    stays: days until social life with the brand ends. clock: row of calendar.HOURS. birth: year.
    """

    role: Ints
    city: Ints
    male: Bools
    english: Bools
    birth: Ints
    name: pa.Array
    nickname: pa.Array
    interest: Floats
    talk: Floats
    sharing: Floats
    money: Floats
    arrives: Ints
    stays: Floats
    clock: Ints

    @property
    def count(self) -> int:
        return len(self.role)


def make_people(settings: WorldSettings) -> People:
    """Draw everybody."""
    dice = settings.dice("people")
    count = settings.people
    male = dice.random(count) < 0.42
    english = dice.random(count) < 0.08
    role = _roles(dice, count)
    name = names(dice, male=male, english=english)
    arrives = _arrivals(dice, count, settings.days)
    arrives[role == EMPLOYEE] = 0
    arrives[role == KOL] //= 3
    return People(
        role=role, city=city_index(dice, count), male=male, english=english,
        birth=dice.integers(1962, 2006, count).astype(np.int16), name=name,
        nickname=nicknames(dice, name, english=english), interest=_interests(dice, settings, count),
        talk=_talk(dice, role), sharing=_sharing(dice, role), money=dice.lognormal(0, 0.45, count).astype(np.float32),
        arrives=arrives, stays=_stays(dice, role),
        clock=dice.choice(3, size=count, p=[0.6, 0.25, 0.15]).astype(np.int8),
    )  # fmt: skip


def _roles(dice: np.random.Generator, count: int) -> Ints:
    role = np.full(count, MEMBER, dtype=np.int8)
    order = dice.permutation(count)
    begin = 0
    for kind, share, least in ((EMPLOYEE, 0.004, 6), (KOL, 0.003, 4), (KOC, 0.03, 12), (ADVERTISER, 0.003, 4)):
        size = max(least, round(share * count))
        role[order[begin : begin + size]] = kind
        begin += size
    return role


def _interests(dice: np.random.Generator, settings: WorldSettings, count: int) -> Floats:
    """Most people care for one or two topics; a sparse Dirichlet, scaled so that the top one is near 1."""
    weights = np.array([category.weight for category in settings.plan.categories])
    draws = dice.gamma(0.45 * weights, size=(count, len(weights))) + 1e-6
    share = draws / draws.sum(axis=1, keepdims=True)
    keen = dice.beta(5, 2, count)
    return np.asarray(np.minimum(1, share * 1.25) * keen[:, None], dtype=np.float32)


def _talk(dice: np.random.Generator, role: Ints) -> Floats:
    """Own messages a day: a third are lurkers, a few carry the conversation."""
    count = len(role)
    talk = dice.lognormal(-4.1, 1.1, count)
    talk[dice.random(count) < 0.35] *= 0.05
    talk[role == KOL] = talk[role == KOL] * 2 + 0.08
    talk[role == KOC] = talk[role == KOC] * 2 + 0.04
    talk[role == EMPLOYEE] = 0.25
    talk[role == ADVERTISER] = 0.05
    return np.asarray(np.minimum(talk, 0.6), dtype=np.float32)


def _sharing(dice: np.random.Generator, role: Ints) -> Floats:
    sharing = dice.lognormal(-0.25, 0.7, len(role))
    sharing[role == KOL] *= 1.3
    sharing[role == KOC] *= 1.8
    return np.asarray(sharing, dtype=np.float32)


def _arrivals(dice: np.random.Generator, count: int, days: int) -> Ints:
    """A third come in the first ten days (the brand moves its customers in), the rest at a slowly growing rate."""
    first = dice.random(count) < 0.35
    later = days * np.sqrt(dice.random(count) * 0.96 + 0.04)
    return np.where(first, dice.integers(0, 10, count), np.minimum(later, days - 1)).astype(np.int32)


def _stays(dice: np.random.Generator, role: Ints) -> Floats:
    """Days of social life: gamma-mixed exponential (some leave at once, some never); staff and KOLs stay."""
    rate = dice.gamma(0.9, 1 / 420, len(role))
    stays = dice.exponential(1, len(role)) / np.maximum(rate, 1e-9)
    stays[(role == EMPLOYEE) | (role == KOL)] = NEVER
    return np.asarray(np.minimum(np.maximum(stays, 0.5), NEVER), dtype=np.float32)
