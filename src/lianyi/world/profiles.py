"""How people become known under their keys: identify events and the alias events that follow from them.

The same ids and meaning as memory.identify.identify_events, made column-wise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.world.identity import ANON, DISCORD, EMAIL, MATRIX, OPENID, PHONE, SPACES, UNIONID, USER, WECHAT, WECOM
from lianyi.world.life import Life
from lianyi.world.names import CITY_EN, CITY_ZH, PROVINCE_ZH
from lianyi.world.rows import join, rows, scramble, take
from lianyi.world.settings import Bools, Ints

GENDERS = pa.array(["female", "male"])


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One way of becoming known. space: namespace of the actor. days: from, to after arrival. share: of those who have
    the key. traits: plain traits told. keys: namespaces of the keys told. verified: those that the source checked."""

    name: str
    source: str
    space: int
    days: tuple[int, int]
    share: float
    traits: tuple[str, ...] = ()
    keys: tuple[int, ...] = ()
    verified: tuple[int, ...] = ()
    second: bool = False


SHEETS = (
    Sheet(
        name="contact", source="wecom", space=WECOM, days=(0, 1), share=1, traits=("gender", "name"),
        keys=(UNIONID, PHONE, WECHAT), verified=(UNIONID,),
    ),
    Sheet(
        name="mini", source="miniprogram", space=OPENID, days=(0, 21), share=0.95, traits=("gender", "name"),
        keys=(UNIONID, USER), verified=(UNIONID, USER),
    ),
    Sheet(
        name="member", source="shop", space=USER, days=(0, 14), share=1, keys=(PHONE, EMAIL, MATRIX, DISCORD),
        verified=(PHONE,), traits=("birthday", "city", "full", "gender", "language", "province"),
    ),
    Sheet(name="login", source="web", space=ANON, days=(3, 60), share=0.88, keys=(USER,), verified=(USER,)),
    Sheet(
        name="login2", source="web", space=ANON, days=(10, 120), share=0.85, keys=(USER,), verified=(USER,),
        second=True,
    ),
    Sheet(
        name="again", source="shop", space=USER, days=(20, 150), share=1, keys=(PHONE,), second=True,
        traits=("birthday", "city", "full"),
    ),
)  # fmt: skip
TRAIT_OF = {
    UNIONID: "unionid", USER: "user_id", PHONE: "phone", EMAIL: "email", WECHAT: "wechat", MATRIX: "matrix",
    DISCORD: "discord",
}  # fmt: skip
# Of a hundred who have such a key, so many tell it; who tells is the same on every sheet of one kind.
TOLD = {("contact", PHONE): 45, ("contact", WECHAT): 88, ("member", MATRIX): 80, ("member", DISCORD): 80}


def plan_profiles(life: Life, dice: np.random.Generator, person: Ints, at: Ints) -> None:
    """Write down on which day each newcomer becomes known in which way; what falls on today is told at once."""
    identity = life.nature.identity
    for sheet in SHEETS:
        has = identity.has[sheet.space][person] & (dice.random(len(person)) < sheet.share)
        if not sheet.traits:  # a login tells nothing but who it is
            has &= identity.has[USER][person]
        if sheet.second:
            has &= identity.second[sheet.space][person] >= 0
        day = life.day + dice.integers(sheet.days[0], sheet.days[1], int(has.sum()))
        later = np.maximum(day - life.day, 0) * 86_400_000_000
        life.diary.put(sheet.name, day, {"person": person[has], "at": at[has] + later})


def profiles_of_day(life: Life) -> None:
    """All identify and alias events of the day."""
    for sheet in SHEETS:
        due = life.diary.take(sheet.name, life.day)
        if due is not None:
            _tell(life, sheet, due["person"].astype(np.int64), due["at"].astype(np.int64))


def _tell(life: Life, sheet: Sheet, person: Ints, at: Ints) -> None:
    identity = life.nature.identity
    actor = identity.keys(sheet.space, person, second=np.full(len(person), sheet.second))
    told = {space: _told(life, sheet, space, person) for space in sheet.keys}
    traits = [*((name, text, everyone(person)) for name, text in _plain(life, sheet, person))]
    traits += [(TRAIT_OF[space], text, mask) for space, (text, mask, _) in told.items()]
    ids = join(f"{sheet.source}:{sheet.name}/", life.numbers("identify", len(person)))
    channel = {"wecom": "wecom", "miniprogram": "wechat", "shop": "shop", "web": "web"}[sheet.source]
    life.emit(
        rows(
            len(person),
            id=ids,
            at=at,
            kind="identify",
            source=sheet.source,
            channel=channel,
            actor_key=actor,
            props=_json(traits),
        )
    )
    for space, (text, _, mask) in told.items():
        some = pa.array(mask)
        words = f'{{"how":"trait {TRAIT_OF[space]}","verified":{"true" if space in sheet.verified else "false"}}}'
        head = "phone:86" if space == PHONE else f"{SPACES[space]}:"
        life.emit(
            rows(
                int(mask.sum()), id=join(ids.filter(some), f"/alias/{SPACES[space]}"), at=at[mask], kind="alias",
                source=sheet.source, channel=channel, actor_key=actor.filter(some),
                target_key=join(head, text.filter(some)), props=words,
            )
        )  # fmt: skip


def everyone(person: Ints) -> Bools:
    """True for each."""
    return np.ones(len(person), dtype=bool)


def _told(life: Life, sheet: Sheet, space: int, person: Ints) -> tuple[pa.Array, Bools, Bools]:
    """The key's bare value, who tells it, and for whom it is usable (a masked phone is told but is no key)."""
    identity = life.nature.identity
    has = identity.has[space][person] & (scramble(person, 64 + space) % 100 < TOLD.get((sheet.name, space), 100))
    if space != PHONE:
        return _bare(identity.keys(space, person)), has, has
    other = identity.clash[person]
    whose = np.where((other >= 0) & ~np.bool_(sheet.second), other, identity.phone_of[person])
    own = sheet.second & (identity.links[person] == 2)
    text = pc.utf8_slice_codeunits(_bare(identity.keys(PHONE, whose, second=own)), 2)
    masked = identity.masked[person] & ~np.bool_(sheet.second)
    hidden = join(pc.utf8_slice_codeunits(text, 0, 3), "****", pc.utf8_slice_codeunits(text, 7))
    return pc.if_else(pa.array(masked), hidden, text), has, has & ~masked


def _bare(keys: pa.Array) -> pa.Array:
    """Keys without their namespace."""
    return pc.replace_substring_regex(keys, pattern="^[a-z]+:", replacement="")


def _plain(life: Life, sheet: Sheet, person: Ints) -> list[tuple[str, pa.Array]]:
    people = life.nature.people
    english = pa.array(people.english[person])
    makers = {
        "birthday": lambda: join(people.birth[person], "-", _two(person % 12 + 1), "-", _two(person % 28 + 1)),
        "city": lambda: pc.if_else(english, take(CITY_EN, people.city[person]), take(CITY_ZH, people.city[person])),
        "province": lambda: take(PROVINCE_ZH, people.city[person]),
        "gender": lambda: take(GENDERS, people.male[person].astype(np.int64)),
        "language": lambda: take(pa.array(["zh-hans", "en"]), people.english[person].astype(np.int64)),
        "name": lambda: take(people.nickname, person),
        "full": lambda: take(people.name, person),
    }
    return [("name" if trait == "full" else trait, makers[trait]()) for trait in sheet.traits]


def _two(numbers: Ints) -> pa.Array:
    return pc.utf8_lpad(join(numbers), 2, "0")


def _json(traits: list[tuple[str, pa.Array, Bools]]) -> pa.Array:
    """JSON object text with sorted names; values hold no quotes by construction."""
    parts = [
        pc.if_else(pa.array(mask), join(f',"{name}":"', text, '"'), "")
        for name, text, mask in sorted(traits, key=lambda trait: trait[0])
    ]
    return join("{", pc.utf8_slice_codeunits(join(*parts), 1), "}")
