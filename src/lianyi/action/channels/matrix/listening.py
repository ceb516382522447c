"""How far a Matrix account was read: one JSON file per account, replaced whole, and what of it is shown.

It holds rooms and tokens, nothing that people said and none of their ids or names; a direct room is kept
without a name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import state_file

FOLDER = "listening"
# What is wrong, by the code that is kept: what it means and what to do.
ERRORS = {
    "token": _("The homeserver refuses the token. Make a new one for the bot and enter it here."),
    "limit": _("The homeserver asks us to wait; reading goes on by itself."),
    "away": _("The homeserver can't be reached; it is tried again by itself. If it stays so, use the self-check."),
    "answer": _("The homeserver's answer can't be used; it is tried again. Is the address a Matrix homeserver's?"),
}


@dataclass(kw_only=True)
class Gap:
    """A stretch of a room's past that is still to be fetched, the newest first. after: the next page's token. until:
    what was read before; "" for the room's beginning. left: so many events at most."""

    after: str
    until: str
    left: int


@dataclass(kw_only=True)
class RoomRead:
    """A room as the bot sees it. membership: join, invite, leave. events: landed, names and all. unreadable: encrypted
    events that were seen and can't be read. last: milliseconds since 1970 of the newest event. direct: of one person
    with the bot."""

    name: str = ""
    membership: str = "join"
    encrypted: bool = False
    direct: bool = False
    events: int = 0
    unreadable: int = 0
    last: int = 0
    gaps: list[Gap] = field(default_factory=list)


@dataclass(kw_only=True)
class Progress:
    """One account. user: whose token it was. since: where the next sync begins; "" = never synced. at: the last sync
    that worked; wait_until, error_at: ISO times. error: one of ERRORS, "" where the last try worked."""

    user: str = ""
    since: str = ""
    at: str = ""
    wait_until: str = ""
    error: str = ""
    error_at: str = ""
    error_says: str = ""
    bad: int = 0
    rooms: dict[str, RoomRead] = field(default_factory=dict)


def load(folder: Path, name: str) -> Progress:
    """What was kept last; a fresh one where nothing was."""
    kept = state_file.read(_path(folder, name))
    rooms = {
        key: RoomRead(**{**room, "gaps": [Gap(**gap) for gap in room["gaps"]]})
        for key, room in kept.get("rooms", {}).items()
    }
    return Progress(**{**kept, "rooms": rooms})


def save(folder: Path, name: str, progress: Progress) -> None:
    """Durable when it returns; a crash leaves the former one whole."""
    state_file.replace(_path(folder, name), asdict(progress))


def described(folder: Path, name: str) -> dict[str, Any]:
    """For people: state, rooms with the unreadable ones first, the last error with what to do. Times are ISO."""
    kept = load(folder, name)
    rooms: list[dict[str, Any]] = [
        {
            "room": key, "name": room.name, "membership": room.membership, "encrypted": room.encrypted,
            "unreadable": room.unreadable, "events": room.events, "history_left": bool(room.gaps),
            "last_event": room.last or None,
        }
        for key, room in kept.rooms.items()
    ]  # fmt: skip
    rooms.sort(key=lambda room: (not room["encrypted"], room["membership"] != "join", -(room["last_event"] or 0)))
    return {
        "last_read": kept.at or None, "rooms": rooms, "unusable_events": kept.bad, "error": kept.error,
        "error_at": kept.error_at or None, "error_detail": kept.error_says,
        "error_says": gettext(ERRORS[kept.error]) if kept.error else "",
    }  # fmt: skip


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"
