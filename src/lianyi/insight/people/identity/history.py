"""How a person came to be: which key joined by which link, and where to take the person apart again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One key's joining: to which key of the person, by which event, and why. The first key has no link."""

    at: datetime
    key: str
    joined_to: str | None = None
    rule: str = ""
    confidence: float = 1.0
    reason_en: str = ""
    reason_zh: str = ""
    source: str | None = None
    event_id: str | None = None


def history(keys: Sequence[Row], links: Iterable[Row]) -> list[Step]:
    """The steps by which one person's keys came together, oldest first.

    keys: the person's rows of table `keys`. links: rows of `identity_links` that name any of these keys; only accepted
    ones between them count. Where several links would do, the one of most confidence is told, then the oldest.
    """
    if not keys:
        return []
    anchor = min(keys, key=lambda row: (row["first_at"], row["key"]))
    near: dict[str, list[tuple[str, Row]]] = {}
    for link in _spanning(keys, links):
        near.setdefault(link["key_a"], []).append((link["key_b"], link))
        near.setdefault(link["key_b"], []).append((link["key_a"], link))
    steps, reached = [Step(at=anchor["first_at"], key=anchor["key"])], [anchor["key"]]
    seen = {anchor["key"]}
    for here in reached:
        for there, link in near.get(here, ()):
            if there not in seen:
                seen.add(there)
                reached.append(there)
                steps.append(_step(here, there, link))
    return [steps[0], *sorted(steps[1:], key=lambda step: (step.at, step.key))]


def parting(keys: Sequence[Row], links: Iterable[Row]) -> list[list[str]]:
    """The two parts into which a person falls most naturally: where the last merge of an operator joined them, else
    where the weakest link does (the latest of several). A person of one key gives one part.
    """
    tree = _spanning(keys, links)
    if not tree:
        return [sorted(row["key"] for row in keys)]
    # all merges are of one confidence, so of several the latest is taken
    cut = max(tree, key=lambda link: (link["rule"] == "operator", -link["confidence"], link["at"], link["event_id"]))
    home = {row["key"]: row["key"] for row in keys}
    for link in tree:
        if link is not cut:
            _join(home, link["key_a"], link["key_b"])
    parts: dict[str, list[str]] = {}
    for key in sorted(home):
        parts.setdefault(_root(home, key), []).append(key)
    return sorted(parts.values())


def _spanning(keys: Sequence[Row], links: Iterable[Row]) -> list[Row]:
    """The accepted links that hold the keys together, without those that are not needed (Kruskal)."""
    home = {row["key"]: row["key"] for row in keys}
    inner = [link for link in links if link["accepted"] and link["key_a"] in home and link["key_b"] in home]
    # what an operator joined is told by other links where they do; his merge is the last resort, and so can be found
    inner.sort(key=lambda link: (link["rule"] == "operator", -link["confidence"], link["at"], link["event_id"]))
    return [link for link in inner if _join(home, link["key_a"], link["key_b"])]


def _step(here: str, there: str, link: Row) -> Step:
    return Step(
        at=link["at"],
        key=there,
        joined_to=here,
        rule=link["rule"],
        confidence=link["confidence"],
        reason_en=link["reason_en"],
        reason_zh=link["reason_zh"],
        source=link["source"],
        event_id=link["event_id"],
    )


def _root(home: dict[str, str], key: str) -> str:
    while home[key] != key:
        key = home[key]
    return key


def _join(home: dict[str, str], a: str, b: str) -> bool:
    """Join two sets; False where they are one already."""
    root_a, root_b = _root(home, a), _root(home, b)
    home[max(root_a, root_b)] = min(root_a, root_b)
    return root_a != root_b
