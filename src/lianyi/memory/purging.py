"""What an erasure does to events that still wait in the inbox: the same as memory.erasure does in the log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from lianyi.memory.parcel import is_columns, json_in, table_in
from lianyi.memory.traces import Traces


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What is left of a row of the inbox: its JSON, how many events it holds, how many were removed."""

    body: bytes
    count: int
    removed: int


def purged(body: bytes, traces: Traces) -> Rest | None:
    """The row without the person, as JSON; None where the person does not occur in it."""
    with suppress(pa.ArrowException, OSError):  # a broken one falls through, as broken JSON does
        body = json_in(table_in(body)) if is_columns(body) else body
    try:
        events: list[dict[str, Any]] = msgspec.json.decode(body, type=list[dict[str, Any]])
    except msgspec.DecodeError:
        text = body.decode("utf-8", errors="replace")  # a broken row is kept for people to look at, without the person
        return Rest(body=traces.without(text).encode(), count=1, removed=0) if traces.found_in(text) else None
    kept = [_without_nothing(traces.cleaned(event), event) for event in events if not traces.owns(event)]
    if kept == events:
        return None
    return Rest(body=msgspec.json.encode(kept, order="sorted"), count=len(kept), removed=len(events) - len(kept))


def _without_nothing(cleaned: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The cleaned event; a target that was emptied leaves its field, as events in the inbox have no empty fields."""
    return {name: value for name, value in cleaned.items() if value is not None or event.get(name) is None}
