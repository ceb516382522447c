"""Reading a chat file in a test: all its events as plain rows, and its rejects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lianyi.memory.events import KIND_PATTERN, SCHEMA
from lianyi.memory.sources.registry import source_named
from lianyi.memory.sources.source import Options, Reject

NOW = datetime(2027, 1, 1, tzinfo=UTC)
# Kinds that tell of people and rooms rather than of what was done; most expectations leave them out.
ABOUT = frozenset({"identify", "alias", "group"})


@dataclass(frozen=True)
class Chat:
    """What came of a file. rows: lines or messages that were read, rejects included."""

    events: list[dict[str, Any]]
    rejects: list[Reject]
    rows: int

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """The events of these kinds."""
        return [event for event in self.events if event["kind"] in kinds]

    def acts(self) -> list[dict[str, Any]]:
        """All events but those about people and rooms."""
        return [event for event in self.events if event["kind"] not in ABOUT]

    def one(self, kind: str) -> dict[str, Any]:
        """The only event of a kind."""
        (event,) = self.of(kind)
        return event

    def ids(self, *kinds: str) -> list[str]:
        """Ids of the events (of these kinds), in order."""
        return [event["id"] for event in self.events if not kinds or event["kind"] in kinds]

    def edges(self, kind: str) -> list[tuple[str | None, str | None]]:
        """(actor, target) of the events of a kind."""
        return [(event["actor_key"], event["target_key"]) for event in self.of(kind)]


def read(folder: Path, source: str, content: str | bytes, name: str, **options: Any) -> Chat:
    """Write a file and read it with one source."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, source, **options)


def read_file(path: Path, source: str, **options: Any) -> Chat:
    """Read a file with one source, checking what every batch must hold."""
    events: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    rows = 0
    for batch in source_named(source).read(path, Options(received_at=NOW, **options)):
        assert set(batch.events.column_names) <= set(SCHEMA.names)
        assert batch.rows >= len(batch.rejects)
        events += batch.events.to_pylist()
        rejects += batch.rejects
        rows += batch.rows
    for event in events:
        assert KIND_PATTERN.match(event["kind"])
        assert event["source"].partition("/")[0] == source
        event["props"] = json.loads(event["props"]) if event["props"] else {}
    for reject in rejects:
        assert reject.reason
        assert reject.line >= 1
    return Chat(events, rejects, rows)
