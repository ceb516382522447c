"""Reading by asking again and again: how far an account was read, what went wrong, when to go on.

A place is kept after the inbox has acknowledged what was read up to there, so that a crash between the two reads it
again; events have the platform's ids, so that they land once. The file `listening/<account>.json` holds places and
names of rooms, nothing of any person.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import state_file
from lianyi.action.channels.calling import TIMEOUT, Answer
from lianyi.action.channels.kinds import Configured
from lianyi.action.channels.models import Account
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

FOLDER = "listening"
LARGEST = 64 << 20
WAIT_SECONDS = 30.0
# What is wrong, by the code that is kept: what it means and what to do.
ERRORS = {
    "token": _("The platform refuses the token. Make a new one for the bot and enter it here."),
    "limit": _("The platform asks us to wait; reading goes on by itself."),
    "away": _("The platform can't be reached; it is tried again by itself. If it stays so, use the self-check."),
    "answer": _("The platform's answer can't be used; it is tried again. The self-check says more."),
    "conflict": _("Somebody else reads this bot, or it has a webhook. The self-check says what to do."),
    "access": _("A room can't be read: the bot is not in it or lacks the right. The self-check names it."),
}


@dataclass(kw_only=True)
class Read:
    """One room. last: milliseconds since 1970 of the newest event."""

    name: str = ""
    events: int = 0
    last: int = 0


@dataclass(kw_only=True)
class Progress:
    """One account. places: how far, by room or by "" for all of them. at: the last round that worked. error: one of
    ERRORS, "" where the last try worked. bad: what could not be used. Times are ISO."""

    places: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, Read] = field(default_factory=dict)
    at: str = ""
    wait_until: str = ""
    error: str = ""
    error_at: str = ""
    error_says: str = ""
    bad: int = 0

    def saw(self, room: str, events: list[Event], *, name: str = "") -> None:
        """Count what was read in a room."""
        one = self.rooms.setdefault(room, Read())
        one.name = name[:200] or one.name
        one.events += len(events)
        one.last = max([one.last, *(round(event.at.timestamp() * 1000) for event in events)])


class Failed(Exception):
    """Reading can't go on now. code: of ERRORS; wait: seconds."""

    def __init__(self, code: str, says: str, *, wait: float = 0.0) -> None:
        super().__init__(says)
        self.code, self.wait = code, wait


def load(folder: Path, name: str) -> Progress:
    """What was kept last; a fresh one where nothing was."""
    kept = state_file.read(_path(folder, name))
    return Progress(**{**kept, "rooms": {key: Read(**room) for key, room in kept.get("rooms", {}).items()}})


def save(folder: Path, name: str, progress: Progress) -> None:
    """Durable when it returns; a crash leaves the former one whole."""
    state_file.replace(_path(folder, name), asdict(progress))


def described(folder: Path, name: str) -> dict[str, Any]:
    """For people and programs, in the form that all kinds that read have."""
    kept = load(folder, name)
    rooms = [
        {"room": key, "name": room.name, "membership": "join", "encrypted": False, "unreadable": 0,
         "events": room.events, "history_left": False, "last_event": room.last or None}
        for key, room in sorted(kept.rooms.items(), key=lambda pair: -pair[1].last)
    ]  # fmt: skip
    return {
        "last_read": kept.at or None, "rooms": rooms, "unusable_events": kept.bad, "error": kept.error,
        "error_at": kept.error_at or None, "error_detail": kept.error_says,
        "error_says": gettext(ERRORS[kept.error]) if kept.error else "",
    }  # fmt: skip


class Reading:
    """One round of one account."""

    def __init__(self, account: Configured, workspace: Workspace, now: datetime, http: httpx.Client) -> None:
        self.account, self.workspace, self.now, self.http = account, workspace, now, http
        self.progress = load(account.folder, account.name)

    def ask(self, url: str, query: Mapping[str, Any] | None = None) -> Answer:
        """One GET. Failed where no answer came, or a longer one than can be right."""
        try:
            with self.http.stream("GET", url, params=dict(query or {})) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise Failed("answer", "an answer is longer than 64 MB")
                return Answer(status=response.status_code, headers=response.headers, body=bytes(body))
        except (httpx.RequestError, httpx.InvalidURL) as error:
            # The address may hold the token: only the kind of error is said.
            raise Failed("away", f"no answer: {type(error).__name__}") from error

    def keep(self, events: list[Event], places: Mapping[str, str]) -> None:
        """Events into the inbox, then the place."""
        if events:
            self.workspace.inbox.put_now(events, received_at=self.now)
        self.progress.places.update(places)
        save(self.account.folder, self.account.name, self.progress)

    def unusable(self, what: object) -> None:
        """Count something that can't be used; its place is known to the log alone."""
        self.progress.bad += 1
        log.warning("channel %s: something can't be used: %s", self.account.name, what)


def read_round(
    account: Configured, workspace: Workspace, now: datetime, go: Callable[[Reading], None],
    headers: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """One round of reading. What goes wrong is kept with the account for people to see; the next one tries again."""
    kept = load(account.folder, account.name)
    if kept.wait_until and now < datetime.fromisoformat(kept.wait_until):
        return
    with httpx.Client(timeout=TIMEOUT, headers=headers, follow_redirects=False) as http:
        reading = Reading(account, workspace, now, http)
        progress, row = reading.progress, Account.objects.filter(name=account.name)
        try:
            go(reading)
        except Failed as failed:
            progress.error, progress.error_at, progress.error_says = failed.code, now.isoformat(), str(failed)[:300]
            progress.wait_until = (now + timedelta(seconds=failed.wait)).isoformat() if failed.wait else ""
            log.warning("channel %s can't be read: %s", account.name, failed, extra={"action": "channel.unread"})
            if failed.code != "limit":
                row.update(failed_at=now, failure=str(failed)[:300])
        else:
            if progress.error:
                row.update(heard_at=now)
            progress.at = now.isoformat()
            progress.error = progress.error_at = progress.error_says = progress.wait_until = ""
        save(account.folder, account.name, progress)


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"
