"""Reads what is said where the bot is: /sync from a kept token, then a room's past in pages.

The token moves on only after the inbox has acknowledged the events, so that a crash between the two reads them again;
their ids are the homeserver's, the same as an export of the room gives, so that they land once. What the bot itself
writes is left out: who sent it has recorded it. Encrypted events are counted, never guessed.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx

from lianyi.action.channels.calling import TIMEOUT, Answer
from lianyi.action.channels.kinds import Configured
from lianyi.action.channels.matrix.acting import acting
from lianyi.action.channels.matrix.listening import Gap, Progress, RoomRead, load, save
from lianyi.action.channels.models import Account
from lianyi.action.operation import hearing
from lianyi.errors import LianyiError
from lianyi.memory.events import Event
from lianyi.memory.sources.chats.json_elements import Element
from lianyi.memory.sources.chats.reading import BadMessage
from lianyi.memory.sources.matrix.export import RoomEvents
from lianyi.memory.sources.source import Options
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

LARGEST = 64 << 20
SYNCS, PAGES = 20, 20  # of one round; the next one goes on
PAGE = 100
# Where the homeserver left something out between two syncs, so much of it is fetched at most.
LONGEST_GAP = 100_000
WAIT_SECONDS = 30.0
# What is said in groups with rules is held to them if it is not older than this: a past that is fetched is not.
FRESH = timedelta(hours=1)
TAG, LONGEST_HTML = re.compile(r"<[^<>]*>"), 20_000
_WANTED: dict[str, dict[str, Any]] = {
    "presence": {"types": []}, "account_data": {"types": ["m.direct"]},
    "room": {
        "ephemeral": {"types": []}, "account_data": {"types": []},
        "state": {"types": ["m.room.member", "m.room.name", "m.room.encryption"]},
    },
}  # fmt: skip


class _Failed(Exception):
    """Reading can't go on now. code: of listening.ERRORS."""

    def __init__(self, code: str, says: str, *, wait: float = 0.0, status: int = 0) -> None:
        super().__init__(says)
        self.code, self.wait, self.status = code, wait, status


def read(account: Configured, workspace: Workspace, now: datetime) -> None:
    """One round. What goes wrong is kept with the account for people to see; the next round tries again."""
    progress = load(account.folder, account.name)
    if progress.wait_until and now < datetime.fromisoformat(progress.wait_until):
        return
    before = progress.error
    reader = _Reader(account=account, workspace=workspace, now=now, progress=progress)
    try:
        reader.go()
    except _Failed as failed:
        progress = reader.progress
        progress.error, progress.error_at, progress.error_says = failed.code, now.isoformat(), str(failed)[:300]
        progress.wait_until = (now + timedelta(seconds=failed.wait)).isoformat() if failed.wait else ""
        log.warning("channel %s can't be read: %s", account.name, failed, extra={"action": "channel.unread"})
        if failed.code != "limit":
            Account.objects.filter(name=account.name).update(failed_at=now, failure=str(failed)[:300])
    else:
        progress = reader.progress
        progress.error = progress.error_at = progress.error_says = progress.wait_until = ""
        if before:
            Account.objects.filter(name=account.name).update(heard_at=now)
    save(account.folder, account.name, progress)


@dataclass(kw_only=True)
class _Reader:
    account: Configured
    workspace: Workspace
    now: datetime
    progress: Progress
    made: list[Event] = field(default_factory=list)
    direct: set[str] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mapper = RoomEvents(Options(received_at=self.now), room="?")

    def go(self) -> None:
        """Sync until nothing is new, then fetch what is missing of the past."""
        headers = {"Authorization": f"Bearer {self.account.settings['token']}"}
        with httpx.Client(timeout=TIMEOUT, headers=headers, follow_redirects=False) as self.http:
            me = str(self._ask("GET", "account/whoami").get("user_id", ""))
            if me != self.progress.user:  # another bot's token: its tokens and rooms mean nothing to this one
                self.progress = Progress(user=me)
            for _turn in range(SYNCS):
                if not self._sync():
                    break
            self._join()
            for _turn in range(PAGES):
                if not self._page():
                    break

    def _sync(self) -> bool:
        since = self.progress.since
        wanted = {**_WANTED, "room": {**_WANTED["room"], "timeline": {"limit": PAGE}}}
        asked = {"timeout": "0", "filter": json.dumps(wanted)} | ({"since": since} if since else {})
        answer = self._ask("GET", "sync", **asked)
        if not isinstance(answer.get("next_batch"), str):
            raise _Failed("answer", "an answer to sync does not say where the next one begins")
        for event in _list(answer.get("account_data"), "events"):
            if event.get("type") == "m.direct":
                self.direct = {room for rooms in event.get("content", {}).values() for room in rooms}
        rooms = answer.get("rooms") or {}
        for membership in ("join", "leave"):
            for key, room in (rooms.get(membership) or {}).items():
                self._room(key, membership, room, since)
        for key, invited in (rooms.get("invite") or {}).items():
            room = self.progress.rooms.setdefault(key, RoomRead())
            room.membership, room.direct = "invite", room.direct or self._is_direct(invited)
        live = self.made if since else []
        self._keep()
        self._act(live)
        self.progress.since, self.progress.at = answer["next_batch"], self.now.isoformat()
        save(self.account.folder, self.account.name, self.progress)
        return bool(rooms)

    def _room(self, key: str, membership: str, said: Mapping[str, Any], since: str) -> None:
        known = key in self.progress.rooms and self.progress.rooms[key].membership == "join"
        room = self.progress.rooms.setdefault(key, RoomRead())
        room.direct = room.direct or key in self.direct
        room.membership = membership
        timeline = said.get("timeline") or {}
        self._take(key, room, [*_list(said.get("state"), "events"), *_list(timeline, "events")])
        if timeline.get("limited") and timeline.get("prev_batch"):
            left = LONGEST_GAP if known else int(self.account.settings["history"])
            if left:
                until = since if known else ""
                room.gaps.append(Gap(after=str(timeline["prev_batch"]), until=until, left=left))

    def _is_direct(self, invited: Mapping[str, Any]) -> bool:
        """Whether who invites the bot says that the room is for the two of them."""
        state = _list(invited.get("invite_state"), "events")
        said = [event.get("content") for event in state if event.get("state_key") == self.progress.user]
        return any(isinstance(content, dict) and content.get("is_direct") is True for content in said)

    def _join(self) -> None:
        invited = [key for key, room in self.progress.rooms.items() if room.membership == "invite"]
        for key in invited if self.account.settings["join"] else ():
            try:
                self._ask("POST", f"join/{quote(key)}")
            except _Failed as failed:
                if failed.status not in {403, 404}:
                    raise
                self.progress.rooms[key].membership = "leave"  # withdrawn meanwhile, or banned

    def _page(self) -> bool:
        """One page of one room's past; whether there is more to fetch."""
        waiting = [(key, room) for key, room in self.progress.rooms.items() if room.gaps]
        if not waiting:
            return False
        key, room = waiting[0]
        gap = room.gaps[0]
        asked = {"dir": "b", "from": gap.after, "limit": str(min(PAGE, gap.left))}
        try:
            answer = self._ask(
                "GET", f"rooms/{quote(key)}/messages", **asked, **({"to": gap.until} if gap.until else {})
            )
        except _Failed as failed:
            if failed.status not in {403, 404}:
                raise
            room.gaps.clear()  # the bot is not in the room any more, so its past is closed
            return True
        chunk = _list(answer, "chunk")
        self._take(key, room, list(reversed(chunk)))
        self._keep()
        gap.after, gap.left = str(answer.get("end") or ""), gap.left - len(chunk)
        if not chunk or not gap.after or gap.left <= 0:
            room.gaps.pop(0)
        save(self.account.folder, self.account.name, self.progress)
        return True

    def _take(self, key: str, room: RoomRead, events: Sequence[Any]) -> None:
        for event in events:
            kind, content = event.get("type"), event.get("content")
            content = content if isinstance(content, dict) else {}
            if kind == "m.room.encryption":
                room.encrypted = True
            elif kind == "m.room.name" and key not in self.direct:
                room.name = str(content.get("name") or "")[:200]
            if kind == "m.room.encrypted":
                room.encrypted, room.unreadable = True, room.unreadable + 1
            elif event.get("sender") != self.progress.user or kind == "m.room.member":
                self._make(key, room, event)
            when = event.get("origin_server_ts")
            room.last = max(room.last, when) if isinstance(when, int) else room.last

    def _make(self, key: str, room: RoomRead, event: Mapping[str, Any]) -> None:
        element = Element(line=0, number=0, value={**event, "room_id": key}, around={})
        try:
            made = self.mapper.event(element)
        except BadMessage as error:
            self.progress.bad += 1
            log.warning("channel %s: an event of %s: %s is wrong", self.account.name, key, error.field)
            return
        self.made += made
        room.events += 1
        html = (event.get("content") or {}).get("formatted_body")
        if isinstance(html, str):
            self.shown[f"matrix:{key}/{event.get('event_id')}"] = unescape(TAG.sub(" ", html[:LONGEST_HTML]))

    def _keep(self) -> None:
        if self.made:
            self.workspace.inbox.put_now(self.made, received_at=self.now)
        self.made = []

    def _act(self, live: Sequence[Event]) -> None:
        """Hold what was just said to the rules of its groups. What fails is tried again later."""
        fresh = [event for event in live if event.at > self.now - FRESH]
        shown, self.shown = self.shown, {}
        if not fresh or not hearing.listens():
            return
        try:
            with acting(self.account) as acts:
                hearing.hear(self.workspace, self.account.name, fresh, acts, now=self.now, also=shown)
        except LianyiError:  # such as a broken list of words: reading goes on
            log.exception("channel %s: what was said is not held to rules", self.account.name)

    def _ask(self, method: str, path: str, **query: str) -> dict[str, Any]:
        url = f"{self.account.settings['url'].rstrip('/')}/_matrix/client/v3/{path}"
        try:
            with self.http.stream(method, url, params=query, json={} if method == "POST" else None) as response:
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise _Failed("answer", f"an answer to {path.partition('/')[0]} is longer than 64 MB")
                answer = Answer(status=response.status_code, headers=response.headers, body=bytes(body))
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise _Failed("away", f"no answer: {error or type(error).__name__}") from error
        return _object(answer)


def _object(answer: Answer) -> dict[str, Any]:
    """The answer's object; _Failed where it is a refusal or none. Of a refusal the code is kept, not its text: that may
    name people."""
    data = answer.fields
    code = f"{answer.status} {str(data.get('errcode', ''))[:100]}".strip()
    if answer.status == 200 and isinstance(answer.data, dict):
        return data
    if answer.status == 429:
        said = data.get("retry_after_ms")
        wait = answer.retry_after or (said / 1000 if isinstance(said, int | float) else WAIT_SECONDS)
        raise _Failed("limit", code, wait=wait, status=429)
    if answer.status == 401:
        raise _Failed("token", code, status=401)
    raise _Failed("away" if answer.status >= 500 else "answer", code, status=answer.status)


def _list(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
