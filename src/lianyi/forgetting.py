"""Erasure of a person from every file of a workspace, and the copy of everything held on a person.

The person leaves the log, the inbox, the insight tables, the rejected rows, the files waiting for import and mails
that came back. Files that wait and are packed (XLSX, ZIP, Parquet) go as a whole, since nobody can look into them line
by line. What stays: salted hashes of event ids (so that the same file imported again does not bring the person back),
and keyed hashes of the person's keys (so that a backup brought back does not either; memory.erased).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianyi import persons
from lianyi.memory.draining import land
from lianyi.memory.duckdb import sweep_spills
from lianyi.memory.erased import Erasures
from lianyi.memory.erasure import Erased, rooms_of
from lianyi.memory.erasure import erase as erase_from_log
from lianyi.memory.traces import Traces

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What an erasure did: events removed and cleaned in the log, removed in the inbox, rows of rejects and uploads
    that went, tables rebuilt."""

    log: Erased
    inbox: int
    rejects: int
    staged: int
    tables: tuple[str, ...]


def export(ws: Workspace, key_or_id: str) -> dict[str, Any]:
    """Everything held on a person, readable by people and machines: profile, keys, tags, every event."""
    person = persons.person(ws, key_or_id)
    events = persons.timeline(ws, person, limit=1_000_000)
    return {
        "person_id": person.person_id,
        "as_of": person.as_of,
        "profile": person.profile,
        "keys": person.keys,
        "tags": person.tags,
        "events": events,
    }


def erase(ws: Workspace, key_or_id: str) -> Certificate:
    """Erase a person by right; the insight tables are rebuilt without them before this returns.

    What waits in the inbox lands first and the tables are brought up to date, so that every key of the person is
    known. No refresh runs meanwhile (Busy before anything is done). Stopped anywhere, it can be called again: the old
    tables name the person until the new ones are there.
    """
    with ws.refreshing():
        while land(ws.inbox, ws.lake, ws.clock()).events:
            pass
        if ws.stale():
            ws.refresh_now()
        person = persons.person(ws, key_or_id)
        keys = frozenset(person.key_names)
        traces = Traces(
            keys=keys, names=frozenset(_names(ws, person)), rooms=rooms_of(ws.lake, keys), salt=ws.lake.seen().salt
        )
        erasures = Erasures(ws.folder)
        erasures.note(keys, at=ws.clock())
        inbox = ws.inbox.purge(traces)
        log = erase_from_log(ws.lake, traces)
        rejects = sum(_clean(path, traces) for path in sorted((ws.folder / "rejects").glob("*")))
        # Mails that came back and were no reports (action.channels.email) are files of people as well.
        staged = sum(_clear_staging(ws.folder / name, traces) for name in ("staging", "mail"))
        tables = tuple(ws.states())
        if ws.lake.rows():
            ws.refresh_now()
            ws.store.sweep(keep=0)
        else:
            ws.store.clear()
        sweep_spills(ws.folder / "spill")
        erasures.note(keys, at=ws.clock())  # a backup that began in between still holds the person
    return Certificate(log=log, inbox=inbox, rejects=rejects, staged=staged, tables=tables)


def _clear_staging(folder: Path, traces: Traces) -> int:
    """Delete uploads that name the person, and packed ones into which nobody can look; returns how many."""
    gone = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        packed = path.suffix.lower() in {".zip", ".gz", ".xlsx", ".xls", ".parquet"}
        if packed or traces.found_in(path.read_text(encoding="utf-8", errors="replace")):
            path.unlink()
            gone += 1
    return gone


def _names(ws: Workspace, person: persons.Person) -> list[str]:
    """Every name the person ever had in a trait, and the display names among the keys."""
    marks = ", ".join("?" for _ in person.keys)
    rows = ws.sql(
        f"SELECT DISTINCT e.props FROM events e WHERE e.kind = 'identify' AND e.actor_key IN ({marks})",
        person.key_names,
    ).to_arrow_table()
    names: set[str] = set()
    for props in rows["props"].to_pylist():
        traits = json.loads(props or "{}")
        names |= {str(traits[trait]) for trait in persons.NAME_TRAITS if traits.get(trait)}
    return sorted(names | _display_names(person.key_names))


def _display_names(keys: Sequence[str]) -> set[str]:
    """`name:<room>/<nick>` and `irc:<nick>` keys carry the nick behind the last slash or the colon."""
    return {key.partition(":")[2].rsplit("/", 1)[-1] for key in keys if key.startswith(("name:", "irc:"))}


def _clean(path: Path, traces: Traces) -> int:
    """Drop the lines of a text file that name the person; returns how many."""
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    kept = [line for line in lines if not traces.found_in(line)]
    if len(kept) < len(lines):
        path.write_text("".join(kept), encoding="utf-8", errors="surrogateescape")
    return len(lines) - len(kept)
