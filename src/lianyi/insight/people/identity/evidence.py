"""What links two keys, how strong it is as evidence, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.people.identity.components import Ints

# Levels of strength: what is lower never decides against what is higher.
LEVELS: Mapping[str, int] = {"name": 0, "device": 1, "contact": 2, "strong": 3}

# Ranks of links that nobody has checked or that go through what people share, by what must not be on both sides
# (see contested.py): unverified contacts never put two accounts of one kind together; devices neither two addresses;
# names nothing at all.
CONTACT_RANKS, DEVICE_RANKS, NAME_RANK = (5, 6), (7, 8, 9), 10


@dataclass(frozen=True, kw_only=True)
class Class:
    """One class of evidence. confidence orders the classes; it is a judgement, not a measured probability."""

    name: str
    ranks: tuple[int, ...]
    confidence: float
    en: str
    zh: str


CLASSES = (
    Class(name="operator", ranks=(0,), confidence=1.0, en="an operator merged them", zh="运营人员合并"),
    Class(
        name="verified_strong", ranks=(1,), confidence=0.99, en="verified link of two accounts", zh="已验证的账号关联"
    ),
    Class(
        name="verified_contact",
        ranks=(2, 3),
        confidence=0.95,
        en="verified phone or e-mail",
        zh="已验证的手机号或邮箱",
    ),
    Class(name="strong", ranks=(4,), confidence=0.9, en="two accounts stated together", zh="同一资料中的两个账号"),
    Class(name="contact", ranks=(5, 6), confidence=0.8, en="phone or e-mail as stated", zh="填写的手机号或邮箱"),
    Class(name="device", ranks=(7, 8, 9), confidence=0.6, en="same browser or device", zh="同一浏览器或设备"),
    Class(name="name", ranks=(10,), confidence=0.5, en="same name in one room", zh="同一群内昵称"),
)

# Verdicts on a link, as the kernel writes them.
ACCEPTED, CLASH, SEPARATED, TORN, MANY, ROLE, TAKEN_BACK, UNMERGE, UNMERGE_OF_NOTHING, RENAMED = range(10)
# Those that an operator's act can get.
ACT_VERDICTS = (TAKEN_BACK, UNMERGE, UNMERGE_OF_NOTHING)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Why a link does not join its keys. {a}, {b}: two keys that speak against it; {shared}: the shared key."""

    verdict: int
    name: str
    en: str
    zh: str


RULES = (
    Rule(
        verdict=CLASH,
        name="clash",
        en="would put {a} and {b}, two known people, into one",
        zh="会把两个已知的人 {a} 与 {b} 并为一人",
    ),
    Rule(
        verdict=SEPARATED,
        name="separated",
        en="an operator keeps {a} and {b} apart",
        zh="运营人员已将 {a} 与 {b} 分开",
    ),
    Rule(
        verdict=TORN,
        name="torn",
        en="{shared} is shared: {a} and {b} have it with equal right",
        zh="{shared} 为共用标识：{a} 与 {b} 对它的依据相当",
    ),
    Rule(
        verdict=MANY,
        name="many",
        en="{shared} is shared: too many different people have it",
        zh="{shared} 为共用标识：使用它的人过多",
    ),
    Rule(
        verdict=ROLE,
        name="role",
        en="{shared} belongs to an office or to nobody",
        zh="{shared} 属于机构或无主",
    ),
    Rule(
        verdict=RENAMED,
        name="renamed",
        en="two names: either may be somebody else's tomorrow",
        zh="两个昵称：昵称随时可能换人使用，不据此合并",
    ),
    Rule(
        verdict=TAKEN_BACK,
        name="taken_back",
        en="an operator took this merge back",
        zh="运营人员已撤销此次合并",
    ),
    Rule(verdict=UNMERGE, name="unmerge", en="an operator took them apart", zh="运营人员拆分"),
    Rule(
        verdict=UNMERGE_OF_NOTHING,
        name="unmerge",
        en="the unmerge names no two parts, so nothing was separated",
        zh="拆分未指明两部分标识，未作拆分",
    ),
)

# (level of the key, level of its neighbours) -> how many neighbours of ONE namespace it may have. A key with more is
# shared: a family phone, an office address, a till's browser, the account "0" of all guests. Devices are not counted
# against accounts and addresses: people have many browsers.
LIMITS: Mapping[tuple[int, int], int] = {
    (0, 3): 3, (0, 2): 3,
    (1, 3): 3, (1, 2): 3,
    (2, 3): 3, (2, 2): 5,
    (3, 3): 20, (3, 2): 20,
}  # fmt: skip


def rank_sql(level_a: str, level_b: str, verified: str) -> str:
    """SQL for the rank of a link from the levels of its two keys: 0 first (operators), 10 last (names)."""
    weaker, other = f"least({level_a}, {level_b})", f"greatest({level_a}, {level_b})"
    return (
        f"CASE WHEN {weaker} = 0 THEN 10 WHEN {weaker} = 1 THEN 10 - {other} "
        f"WHEN {weaker} = 2 THEN (CASE WHEN {verified} THEN 5 ELSE 8 END) - {other} "
        f"WHEN {verified} THEN 1 ELSE 4 END"
    )


@dataclass(frozen=True, kw_only=True)
class Merge:
    """An operator said at a time (microseconds since 1970) that two keys (node numbers) are of one person."""

    at: int
    id: str
    a: int
    b: int


@dataclass(frozen=True, kw_only=True)
class Unmerge:
    """An operator said at a time (microseconds since 1970) that the parts (node numbers) are different people."""

    at: int
    id: str
    parts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that speaks for and against two keys being of one person, over keys numbered 0 … in the order of their text.

    Per key: namespace (number), level (LEVELS), exclusive (a person has at most one of the namespace), role (never
    evidence). Per link of two keys: a < b, rank, at (of the best event that states it) and first_at (of the first),
    both in microseconds.
    """

    namespace: Ints
    level: Ints
    exclusive: NDArray[np.bool_]
    role: NDArray[np.bool_]
    a: Ints
    b: Ints
    rank: Ints
    at: Ints
    first_at: Ints
    merges: tuple[Merge, ...] = ()
    unmerges: tuple[Unmerge, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """Per link: verdict, and the numbers of the keys that speak against it and of the shared key (-1 where none).

    merges: the verdict on each operator's merge, in the order of Evidence.merges. held: (id of a merge, key, key) for
    each pair of keys that a merge holds together: the two that it names, and the accounts of both people.
    """

    verdict: NDArray[np.int8]
    against_a: Ints
    against_b: Ints
    shared: Ints
    merges: tuple[int, ...]
    held: tuple[tuple[str, int, int], ...]
