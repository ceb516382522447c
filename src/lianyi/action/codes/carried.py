"""Codes that come back: who came to a colleague or into a group with the token of a sharer as `state`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from lianyi.action.codes import saying
from lianyi.action.codes.carriers import token_in
from lianyi.memory.events import Event

# By the kind of event: by which kind of code they came.
CARRIED: Mapping[str, str] = {"follow": "wecom_contact", "join": "wecom_group"}
Find = Callable[[str], saying.Passed | None]


def through(events: Iterable[Event], find: Find) -> Iterator[Event]:
    """An arrival for each event that carries the token of a code. The same event again is the same arrival."""
    for event in events:
        carrier = CARRIED.get(event.kind)
        token = token_in(str((event.props or {}).get("state") or "")) if carrier else None
        code = find(token) if token else None
        if carrier and code and event.actor_key:
            yield saying.arrival(code, event.actor_key, at=event.at, carrier=carrier)
