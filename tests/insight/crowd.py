"""Many people in one log, each with few kinds, orders, things and times, so that what rules tell apart does meet.

One build then holds as many cases as there are people; the seed makes it repeatable.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from lianyi.memory.events import Event
from tests.insight.log import AS_OF

KINDS = ("order", "refund", "view", "cart", "message", "reply", "review", "join", "leave", "identify",
         "invite", "arrive",          "sent", "consent", "own_kind")  # fmt: skip
TEXTS = ("my Dog", "dogs", "敏感肌怎么办", "母婴", 'say "hi" now', "a\\b", "it's x y", None)


def crowd(seed: int, *, people: int = 40) -> tuple[list[Event], dict[str, str]]:
    """Events, and key -> person id."""
    random = Random(seed)
    keys = {f"{space}:{number}": f"p{number:02}" for number in range(people) for space in ("user", "anon")}
    events: list[Event] = []
    for person in sorted(set(keys.values())):
        events += _life(random, person, keys, len(events))
    random.shuffle(events)
    return events, keys


def _life(random: Random, person: str, keys: dict[str, str], first: int) -> list[Event]:
    mine: list[str | None] = [key for key, who in keys.items() if who == person]
    if random.random() < 0.2:
        mine.append(None)  # some of their events are nobody's
    kinds = random.sample(KINDS, random.randint(1, 3))
    halves = [random.randint(-2, 2 * random.choice((3, 30, 100))) for _ in range(random.randint(1, 6))]
    own = {
        "parent_id": [f"{person}/o{number}" for number in range(random.randint(1, 3))],
        "object_key": random.choice((["item:1"], ["item:1", "母婴"])),
        "group_key": ["母婴", "dog"],
        "category": random.choice((["母婴"], ["母婴", "a\\b", "dog > x"])),
    }
    return [
        _event(random, f"e{first + number}", random.choice(kinds), mine, list(keys), halves, own)
        for number in range(random.randint(1, 14))
    ]


def _event(
    random: Random,
    number: str,
    kind: str,
    mine: list[str | None],
    others: list[str],
    halves: list[int],
    own: dict[str, list[str]],
) -> Event:
    paid = kind in {"order", "refund", "cart"}
    fields: dict[str, Any] = {name: random.choice((*values, *values, None)) for name, values in own.items()}
    return Event(
        id=number,
        at=AS_OF - timedelta(hours=12 * random.choice(halves) + random.choice((0, 0, 5))),
        kind=kind,
        source=random.choice(("shop", "web", "operator")),
        actor_key=random.choice(mine),
        target_key=random.choice((random.choice(others), random.choice(others), None)),
        channel=random.choice(("dog", "x y", None)),
        value=Decimal(random.choice(("3", "5", "12.25", "0.5", "0.0001"))) if paid else None,
        currency=random.choice(("CNY", "CNY", "USD")) if paid else None,
        text=random.choice(TEXTS),
        props=_props(random, kind),
        **fields,
    )


def _props(random: Random, kind: str) -> dict[str, Any] | None:
    if kind == "refund":
        return random.choice(({"cumulative": True}, {"cumulative": True}, {"cumulative": False}, None))
    if kind == "identify":
        names = random.sample(("name", "city", "dog", "x y"), random.randint(1, 3))
        return {name: random.choice(("甲", "dog", '"q\\', "母婴")) for name in names}
    if kind == "consent":
        return {"purpose": random.choice(("a", "b")), "channel": "sms", "granted": random.choice((True, False))}
    return random.choice(({"quantity": random.choice((1, 2, 5)), "price": random.choice((1, 12.25, 3)),
                           "title": random.choice(("母婴", "Dog food")), "dog": random.choice(("母婴", "x y"))},
                          {"dog": 5}, None))  # fmt: skip
