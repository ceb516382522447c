"""What the log knows of a corporation's customers, tags and groups: the last word on each, by the platform's clock.

Every fact is a register that its latest event decides (ties: the one that ends it). So events may come twice, late or
in any order, from callbacks or from lists: the state is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lianyi.memory.sources.callbacks.wecom import SOURCE

Rows = Callable[[str], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Last:
    """The last word on a fact: whether it holds, and when that was said."""

    holds: bool
    at: datetime


@dataclass(kw_only=True)
class Known:
    """pairs: (customer, colleague) → contact or not. tags: (customer, colleague, tag's id). members: group → member →
    in it or not. people: customer → traits. groups: group → props of its last `group` event. Keys are those of the
    log: wecom:…, wecom_user:…, group:wecom/…, wecom_tag:… . names: tag's id → its name when it was set last."""

    pairs: dict[tuple[str, str], Last] = field(default_factory=dict)
    tags: dict[tuple[str, str, str], Last] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    members: dict[str, dict[str, Last]] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """What holds now, without times: equal for equal states of the platform, however they became known. Of people,
        those who are contacts, and by name those who are only in a group."""
        pairs = {key for key, last in self.pairs.items() if last.holds}
        members = {(group, one) for group, all_ in self.members.items() for one, last in all_.items() if last.holds}
        contacts = {customer for customer, _colleague in pairs}
        names = {one: {"name": self.people[one].get("name")} for _group, one in members if one in self.people}
        return {
            "people": {**names, **{one: self.people[one] for one in contacts if one in self.people}},
            "pairs": pairs,
            "tags": {key for key, last in self.tags.items() if last.holds},
            "members": members,
            "groups": {key: props.get("name", "") for key, props in self.groups.items() if not props.get("dismissed")},
        }


def known(rows: Rows) -> Known:
    """From a query over `events` (Workspace.rows). Four aggregates over one source's events."""
    found = Known()
    of = f"FROM events AS e WHERE source = '{SOURCE}'"
    for row in rows(
        "SELECT CASE WHEN starts_with(actor_key, 'wecom:') THEN actor_key ELSE target_key END AS customer, "
        "CASE WHEN starts_with(actor_key, 'wecom:') THEN target_key ELSE actor_key END AS colleague, "
        f"max({{'at': e.at, 'kind': kind}}) AS last {of} AND kind IN ('follow', 'unfollow') GROUP BY 1, 2"
    ):
        found.pairs[row["customer"], row["colleague"]] = _last(row, "follow")
    for row in rows(
        f"SELECT group_key, actor_key, max({{'at': e.at, 'kind': kind}}) AS last {of} AND kind IN ('join', 'leave') "
        "GROUP BY 1, 2"
    ):
        found.members.setdefault(row["group_key"], {})[row["actor_key"]] = _last(row, "join")
    for row in rows(
        "SELECT target_key, actor_key, object_key, max({'at': e.at, 'id': id, 'props': props}) AS last "
        f"{of} AND kind = 'tag' GROUP BY 1, 2, 3"
    ):
        props = json.loads(row["last"]["props"])
        found.tags[row["target_key"], row["actor_key"], row["object_key"]] = Last(
            not props.get("remove"), row["last"]["at"]
        )
        found.names[row["object_key"]] = props["tag"]
    for row in rows(
        "SELECT kind, coalesce(group_key, actor_key) AS key, max({'at': e.at, 'id': id, 'props': props}) AS last "
        f"{of} AND kind IN ('identify', 'group') GROUP BY 1, 2"
    ):
        room: dict[str, dict[str, Any]] = found.groups if row["kind"] == "group" else found.people
        room[row["key"]] = json.loads(row["last"]["props"] or "{}")
    return found


def _last(row: Mapping[str, Any], holds: str) -> Last:
    return Last(row["last"]["kind"] == holds, row["last"]["at"])
