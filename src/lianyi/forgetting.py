"""Erasure of a person from every file of a workspace, and the copy of everything held on a person.

The person leaves the log, the inbox, the insight tables, the rejected rows and the files waiting for import. What
stays: salted hashes of event ids (so that the same file imported again does not bring the person back), and the
statement that somebody was erased, without saying who.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianyi import persons
from lianyi.memory.erasure import Erased, patterns
from lianyi.memory.erasure import erase as erase_from_log

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What an erasure did: events removed and cleaned in the log, rows in rejects, tables rebuilt."""

    log: Erased
    inbox: int
    rejects: int
    tables: tuple[str, ...]


def export(ws: Workspace, key_or_id: str) -> dict[str, Any]:
    """Everything held on a person, readable by people and machines: profile, keys, tags, every event."""
    person = persons.person(ws, key_or_id)
    events = persons.timeline(ws, person.person_id, limit=1_000_000)
    return {
        "person_id": person.person_id,
        "as_of": person.as_of,
        "profile": person.profile,
        "keys": person.keys,
        "tags": person.tags,
        "events": events,
    }


def erase(ws: Workspace, key_or_id: str) -> Certificate:
    """Erase a person by right; the insight tables are rebuilt without them before this returns."""
    person = persons.person(ws, key_or_id)
    keys, names = person.key_names, _names(ws, person)
    tables = tuple(ws.states())
    found = re.compile(patterns(keys, names))
    inbox = ws.inbox.purge(keys)
    log = erase_from_log(ws.lake, keys=keys, names=names)
    rejects = sum(_clean(path, found) for path in sorted((ws.folder / "rejects").glob("*")))
    shutil.rmtree(ws.folder / "staging", ignore_errors=True)
    if ws.lake.rows():
        ws.refresh(*tables)
        ws.store.sweep(keep=0)
    else:
        ws.store.clear()
    return Certificate(log=log, inbox=inbox, rejects=rejects, tables=tables)


def _names(ws: Workspace, person: persons.Person) -> list[str]:
    """Every name the person ever had in a trait, and the display names among the keys."""
    marks = ", ".join("?" for _ in person.keys)
    rows = ws.sql(
        f"SELECT DISTINCT e.props FROM events e WHERE e.kind = 'identify' AND e.actor_key IN ({marks})",
        person.key_names,
    ).fetchall()
    names: set[str] = set()
    for (props,) in rows:
        traits = json.loads(props or "{}")
        names |= {str(traits[trait]) for trait in persons.NAME_TRAITS if traits.get(trait)}
    return sorted(names | _display_names(person.key_names))


def _display_names(keys: Sequence[str]) -> set[str]:
    """`name:<room>/<nick>` keys carry the nick behind the last slash."""
    return {key.rsplit("/", 1)[-1] for key in keys if key.startswith("name:")}


def _clean(path: Path, found: re.Pattern[str]) -> int:
    """Drop the lines of a text file that name the person; returns how many."""
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    kept = [line for line in lines if not found.search(line)]
    if len(kept) < len(lines):
        path.write_text("".join(kept), encoding="utf-8", errors="surrogateescape")
    return len(lines) - len(kept)
