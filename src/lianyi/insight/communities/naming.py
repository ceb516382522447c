"""Automatic names of communities: what is most over-represented in each, said briefly; stable while it stays true."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JOIN = " · "
# In this order: what most tells communities of a brand apart, and reads as a name.
KINDS = ("city", "category", "word", "tag")
LONGEST = 2


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name in both languages, and where it comes from: operator, declared, auto."""

    zh: str
    en: str
    source: str = "auto"


Traits = Mapping[str, Sequence[Mapping[str, Any]]]


def named(traits: Sequence[Mapping[str, Any]], tags: Mapping[str, Mapping[str, str]]) -> Name | None:
    """The name that traits give (rows of community_traits, best first within their kind), or None."""
    best: dict[str, str] = {}
    for row in traits:
        best.setdefault(row["kind"], row["trait"])
    chosen = [kind for kind in KINDS if kind in best][:LONGEST]
    if chosen in (["word"], ["tag"], []) and "room" in best:
        room = room_name(best["room"])
        return Name(zh=room, en=room)
    if not chosen:
        return None
    zh = [tags.get(best[kind], {}).get("zh", best[kind]) if kind == "tag" else best[kind] for kind in chosen]
    en = [tags.get(best[kind], {}).get("en", best[kind]) if kind == "tag" else best[kind] for kind in chosen]
    return Name(zh=JOIN.join(zh), en=JOIN.join(en))


def room_name(key: str) -> str:
    """group:wecom/茶友群 → 茶友群."""
    return key.partition(":")[2].rpartition("/")[2] or key


def still_true(name: Name, traits: Sequence[Mapping[str, Any]], tags: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether all that an automatic name says is still among what is over-represented."""
    true = {row["trait"] for row in traits}
    true |= {room_name(row["trait"]) for row in traits if row["kind"] == "room"}
    true |= {tags[row["trait"]]["zh"] for row in traits if row["kind"] == "tag" and row["trait"] in tags}
    words = [word for word in name.zh.split(JOIN) if not word.isdecimal()]
    return bool(words) and all(word in true for word in words)


def of_field(children: Sequence[tuple[int, Sequence[Mapping[str, Any]]]], tags: Mapping[str, Any]) -> Name | None:
    """The name of a field: traits that its communities have, by people (children: size and traits of each)."""
    people: dict[tuple[str, str], int] = defaultdict(int)
    for size, traits in children:
        first = {row["kind"]: row["trait"] for row in reversed(traits)}
        for kind, trait in first.items():
            if kind in {"city", "category"}:
                people[kind, trait] += size
    whole = sum(size for size, _ in children)
    common = [key for key, count in Counter(people).most_common() if count >= 0.3 * whole]
    return named([{"kind": kind, "trait": trait} for kind, trait in common], tags)


def unique(names: dict[str, Name], order: Sequence[str]) -> dict[str, Name]:
    """The same names with a number behind those that several have; the first in `order` goes without. A name that has
    its number already keeps it."""
    taken: set[str] = {name.zh for name in names.values() if name.source != "auto"}
    for key in order:
        name = names[key]
        if name.source != "auto":
            continue
        number, zh, en = 1, name.zh, name.en
        while zh in taken:
            number += 1
            zh, en = f"{name.zh}{JOIN}{number}", f"{name.en}{JOIN}{number}"
        taken.add(zh)
        names[key] = Name(zh=zh, en=en)
    return names
