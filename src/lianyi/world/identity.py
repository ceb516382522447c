"""The keys of people: platform ids, phones, e-mails, member numbers, browsers; duplicates, shared ones, and clashes.

Nothing here is anybody's: mobile numbers begin with 154, which is issued to nobody, and e-mail domains are those
reserved for examples (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lianyi.world.people import EMPLOYEE, People
from lianyi.world.rows import hexes, join, scramble, take
from lianyi.world.settings import Bools, Ints, WorldSettings
from lianyi.world.ties import FAMILY, Ties

SPACES = ("wecom", "unionid", "openid", "user", "phone", "email", "anon", "wechat", "matrix", "discord")
WECOM, UNIONID, OPENID, USER, PHONE, EMAIL, ANON, WECHAT, MATRIX, DISCORD = range(len(SPACES))
DOMAINS = pa.array(["mail.example.com", "post.example.org", "example.net", "inbox.example.com"])


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Keys per namespace, and who has several or shares them.

    pools[namespace]: key texts; entry i < people is the first key of person i, later entries are second ones.
    second[namespace]: index of the person's second key in the pool, or -1. has[namespace]: whether the person has one.
    phone_of: whose phone the person gives (oneself, or a relative in a shared family phone). masked: the phone is only
    known masked. clash: another person whose phone was typed by mistake into this one's profile, or -1.
    links: how the second user account is tied to the first: 0 none, 1 the same phone, 2 only by name, city, birthday.
    """

    pools: tuple[pa.Array, ...]
    second: tuple[Ints, ...]
    has: tuple[Bools, ...]
    phone_of: Ints
    masked: Bools
    clash: Ints
    links: Ints

    def keys(self, space: int, person: Ints, *, second: Bools | None = None) -> pa.Array:
        """The key of each person in a namespace; the second one where asked for and there is one."""
        index = person
        if second is not None:
            other = self.second[space][person]
            index = np.where(second & (other >= 0), other, person)
        return take(self.pools[space], index)

    def owners(self, space: int) -> Ints:
        """The person behind each entry of a pool."""
        people = len(self.has[space])
        second = self.second[space]
        extra = np.flatnonzero(second >= 0)
        owners = np.arange(len(self.pools[space]))
        owners[second[extra]] = extra
        return owners[: people + len(extra)]


def make_identity(settings: WorldSettings, people: People, ties: Ties, *, on_wecom: Ints) -> Identity:
    """Hand out keys. `on_wecom`: people in a WeCom group, who are contacts in any case."""
    dice = settings.dice("identity")
    count = people.count
    has = _has(dice, people)
    has[WECOM][on_wecom] = True
    links = dice.choice(3, size=count, p=[0.94, 0.035, 0.025]) * has[USER]
    second: list[Ints] = [np.full(count, -1, dtype=np.int64) for _ in SPACES]
    _number_seconds(second, dice, has, links)
    pools = tuple(_pool(settings, space, people, second[space]) for space in range(len(SPACES)))
    return Identity(
        pools=pools, second=tuple(second), has=tuple(has), phone_of=_family_phones(dice, count, ties),
        masked=dice.random(count) < 0.06, clash=_clashes(dice, count), links=links,
    )  # fmt: skip


def _has(dice: np.random.Generator, people: People) -> list[Bools]:
    count = people.count
    share = {
        WECOM: 0.8,
        UNIONID: 0.88,
        OPENID: 0.88,
        USER: 0.82,
        PHONE: 0.78,
        EMAIL: 0.35,
        ANON: 0.6,
        WECHAT: 1,
        MATRIX: 0.04,
        DISCORD: 0.0,
    }
    has = [dice.random(count) < share[space] for space in range(len(SPACES))]
    has[EMAIL] |= people.english
    has[DISCORD] |= people.english
    has[MATRIX] |= people.english & (dice.random(count) < 0.4)
    has[OPENID] = has[UNIONID]
    has[EMAIL] &= has[USER]  # the shop asks for it
    has[ANON] &= has[USER] | (dice.random(count) < 0.4)
    staff = people.role == EMPLOYEE
    for space in (WECOM, USER, PHONE):
        has[space] |= staff
    has[WECOM] |= ~(has[UNIONID] | has[MATRIX] | has[DISCORD] | has[ANON])  # everybody can be met somewhere
    return has


def _number_seconds(second: list[Ints], dice: np.random.Generator, has: list[Bools], links: Ints) -> None:
    """Second accounts of those who registered twice, second browsers and second phones of some."""
    count = len(links)
    more = {USER: links > 0, ANON: has[ANON] & (dice.random(count) < 0.4), PHONE: has[PHONE] & (links == 2)}
    for space, mask in more.items():
        second[space][mask] = count + np.arange(int(mask.sum()))


def _pool(settings: WorldSettings, space: int, people: People, second: Ints) -> pa.Array:
    count = people.count + int((second >= 0).sum())
    number = np.arange(count)
    mixed = scramble(number, settings.seed * 64 + space)
    if space == USER:
        return join("user:L", 100_000_000 + number * 7 + (mixed % 7).astype(np.int64))
    if space == PHONE:
        return join("phone:86154", join(10_000_000 + _shuffled(settings, count, 80_000_000)))
    if space == EMAIL:
        domain = take(DOMAINS, (mixed % 4).astype(np.int64))
        return join("email:", pa.compute.utf8_slice_codeunits(hexes(mixed), 0, 5), number, "@", domain)
    prefixes = {WECOM: "wecom:wm", UNIONID: "unionid:oU", OPENID: "openid:oA", ANON: "anon:", WECHAT: "wechat:wxid_"}
    if space in prefixes:
        texts = join(prefixes[space], hexes(mixed))
        return _staff_keys(texts, people, number) if space == WECOM else texts
    name = take(
        pa.array(["hill", "tea", "river", "moss", "cloud", "pine", "leaf", "stone"]), (mixed % 8).astype(np.int64)
    )
    return join("matrix:@", name, number, ":example.org") if space == MATRIX else join("discord:", name, number)


def _shuffled(settings: WorldSettings, count: int, span: int) -> Ints:
    """Distinct numbers below the span in no order: multiplication by a number coprime to it."""
    return (np.arange(count, dtype=np.int64) * 48_271_009 + settings.seed % span) % span


def _staff_keys(texts: pa.Array, people: People, number: Ints) -> pa.Array:
    staff = pa.array(np.concatenate([people.role == EMPLOYEE, np.zeros(len(number) - people.count, dtype=bool)]))
    return pa.compute.if_else(staff, join("wecom_user:staff", number), texts)


def _family_phones(dice: np.random.Generator, count: int, ties: Ties) -> Ints:
    """In a fifth of the families the second gives the phone of the first."""
    phone_of = np.arange(count)
    family = np.flatnonzero(ties.kind == FAMILY)
    shared = family[dice.random(len(family)) < 0.2]
    phone_of[ties.b[shared]] = ties.a[shared]
    return phone_of


def _clashes(dice: np.random.Generator, count: int) -> Ints:
    clash = np.full(count, -1, dtype=np.int64)
    some = dice.choice(count, size=max(2, count // 500), replace=False)
    clash[some] = np.roll(some, 1)
    return clash
