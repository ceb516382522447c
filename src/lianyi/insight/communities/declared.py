"""What operators say of communities: names, positioning, and communities that they declare from rooms.

Their words are events (kind `community`), so they outlast any rebuild; a file `communities/*.yaml` in the workspace
declares communities as well. The last word on each matter counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from lianyi.errors import InputError
from lianyi.insight.communities.heights import COMMUNITY
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build

WORDS, ROOMS_SAID = "community_words", "community_declared_rooms"
PREFIX = "community:"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One community that the brand declares: its id, names, and the rooms whose people are its members."""

    id: str
    zh: str
    en: str
    groups: tuple[str, ...]


def read_declared(folder: Path) -> tuple[Declared, ...]:
    """Every `*.yaml` of the folder: a list of {id, zh, en, groups}. InputError names file and entry."""
    found: list[Declared] = []
    for path in sorted(folder.glob("*.yaml")) if folder.exists() else ():
        for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or (), 1):
            found.append(_entry(path, number, entry))
    return tuple(found)


def _entry(path: Path, number: int, entry: Any) -> Declared:
    where = f"{path.name}, entry {number}"
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: write a mapping with id, zh, en, groups")
    groups = entry.get("groups")
    names = {name: str(entry.get(name) or "").strip() for name in ("id", "zh", "en")}
    if not names["id"].isidentifier() or not (names["zh"] or names["en"]):
        raise InputError(f"{where}: id must be a word of letters, digits and _, and zh or en a name")
    if not isinstance(groups, Sequence) or isinstance(groups, str) or not groups:
        raise InputError(f"{where}: groups must be a list of group keys, e.g. [group:wecom/茶友群]")
    return Declared(
        id=f"c_{names['id']}",
        zh=names["zh"] or names["en"],
        en=names["en"] or names["zh"],
        groups=tuple(str(group) for group in groups),
    )


def words(scope: Scope) -> str:
    """One row = one community of which an operator said something: the last word on each matter, NULL where none."""
    d = scope.dialect

    def last(name: str) -> str:
        value = d.json_text("e.props", name)
        told = d.struct(moment='e."at"', id="e.id", said=value)
        return f"max({told}) FILTER (WHERE {value} IS NOT NULL)"

    said = ("zh", "en", "aim", "side", "declared")
    return f"""
    SELECT community_id, group_key, {", ".join(f"{name}.said AS {name}" for name in said)} FROM (
        SELECT substr(e.object_key, {len(PREFIX) + 1}) AS community_id, max(e.group_key) AS group_key,
            {", ".join(f"{last(name)} AS {name}" for name in said)}
        FROM {EVENTS} e
        WHERE e.kind = 'community' AND e.object_key LIKE '{PREFIX}%' AND e.props IS NOT NULL AND {scope.happened()}
        GROUP BY 1
    ) AS w
    """


def declared_people(build: Build, scope: Scope) -> str:
    """One row = one person in one declared community: somebody who is in one of its rooms."""
    build.make(WORDS, words(scope))
    listed: tuple[Declared, ...] = build.parameters.get("communities", ())
    pairs = [(one.id, group) for one in listed for group in one.groups]
    build.engine.register(
        ROOMS_SAID,
        pa.table(
            {
                "community_id": pa.array([one for one, _ in pairs], pa.string()),
                "group_key": pa.array([group for _, group in pairs], pa.string()),
            }
        ),
    )
    build.made.append(ROOMS_SAID)
    text = "CAST(NULL AS STRING)"
    return f"""
    SELECT p.person_id, r.community_id, {COMMUNITY} AS height, {text} AS parent_id, CAST(1.0 AS DOUBLE) AS weight,
        CAST(NULL AS DOUBLE) AS was, 'declared' AS how, {text} AS origin_id, {text} AS heir_id
    FROM community_in_rooms p JOIN (
        SELECT community_id, group_key FROM {ROOMS_SAID}
        UNION SELECT community_id, group_key FROM {WORDS} WHERE declared = 'true' AND group_key IS NOT NULL
    ) AS r ON r.group_key = p.group_key
    GROUP BY p.person_id, r.community_id
    """
