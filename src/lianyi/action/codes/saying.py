"""What codes tell the log: an arrival, a share, a look at the page. Exact: each names its code, and through whom.

An arrival's parent is the share of its code (which is in the log once the sharer pressed the button) and its target is
the sharer, so that `insight.ripples` knows the sharer either way. One visitor's arrivals through one code within half
an hour are one event, by its id. What scanners do is kept without a visitor: nobody came.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Protocol

from lianyi.action.codes.tokens import share_id
from lianyi.memory.events import Event

SOURCE = "links"
AGAIN = 1_800  # seconds within which a visitor who comes again through the same code is still there


class Passed(Protocol):
    """What an event needs to know of a code."""

    @property
    def token(self) -> str: ...
    @property
    def campaign(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def sharer_key(self) -> str: ...


def arrival(code: Passed, key: str, *, at: datetime, known: bool = False, carrier: str = "link", id: str = "") -> Event:  # noqa: A002
    """Somebody came through a code. known: the browser had been here before. carrier: see carriers."""
    stretch = int(at.timestamp()) // AGAIN
    name = hashlib.sha256(f"{code.token} {key} {stretch}".encode()).hexdigest()[:24]
    props: dict[str, Any] = {"code": code.token, "carrier": carrier}
    if known:
        props["known"] = True
    return Event(
        id=id or f"arrive:{name}", at=at, kind="arrive", source=SOURCE, actor_key=key,
        target_key=code.sharer_key or None, parent_id=share_id(code.token) if code.sharer_key else None,
        campaign=code.campaign, channel=code.channel, props=props,
    )  # fmt: skip


def robot_arrival(code: Passed, *, at: datetime, reason: str, agent: str, number: str) -> Event:
    """A program came. It names no visitor, so it counts for nobody; its name is kept to be looked at."""
    props = {"code": code.token, "carrier": "link", "bot": reason, "agent": f"bot ({reason}) {agent[:200]}".strip()}
    return Event(
        id=f"arrive:bot:{number}", at=at, kind="arrive", source=SOURCE, parent_id=share_id(code.token),
        campaign=code.campaign, channel=code.channel, props=props,
    )  # fmt: skip


def share(code: Passed, *, at: datetime, how: str) -> Event:
    """The sharer of a code passes it on; the first time counts, by the event's id."""
    return Event(
        id=share_id(code.token), at=at, kind="share", source=SOURCE, actor_key=code.sharer_key, campaign=code.campaign,
        channel=code.channel, props={"code": code.token, "how": how},
    )  # fmt: skip


def look(code: Passed, key: str, *, at: datetime) -> Event:
    """The page was really shown in a browser: a sign of life beside the arrival."""
    name = hashlib.sha256(f"{code.token} {key} {int(at.timestamp()) // AGAIN}".encode()).hexdigest()[:24]
    return Event(
        id=f"view:{name}", at=at, kind="view", source=SOURCE, actor_key=key, campaign=code.campaign,
        channel=code.channel, props={"code": code.token},
    )  # fmt: skip
