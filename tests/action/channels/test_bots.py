"""Telegram, Discord and Discourse over HTTP against peers that answer as their documentation says."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_django import Settings

from lianyi.action.channels import accounts, checking, heard, polling
from lianyi.action.channels.contract import Fate, Message, Outcome
from lianyi.action.channels.kinds import kind_of
from lianyi.action.channels.models import Account
from lianyi.workspace import Workspace
from tests.action.channels.rounds import landed, read_all, workspace_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKEN = "123456:ABC-DEF1234ghIkl"
Answer = tuple[int, Any]


@dataclass
class Peer:
    """A platform: answers by a function of method, path, query and body, and keeps what was asked."""

    answer: Callable[[str, str, dict[str, str], Any], Answer]
    url: str = ""
    calls: list[tuple[str, str, dict[str, str], Any, dict[str, str]]] = field(default_factory=list)


@contextmanager
def serving(peer: Peer) -> Iterator[Peer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query, data = dict(parse_qsl(parts.query)), json.loads(raw) if raw else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            peer.calls.append((self.command, parts.path, query, data, headers))
            status, said = peer.answer(self.command, parts.path, query, data)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    peer.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()


def sent(account: Account, to: str, text: str = "你好", **more: Any) -> Outcome:
    async def go() -> Outcome:
        channel = await kind_of(account.kind).door().open(accounts.configured(account))
        try:
            return await channel.deliver(Message(key=f"k/{to}/{text}", to=to, text=text, **more))
        finally:
            await channel.close()

    return asyncio.run(go())


def broken(account: Account) -> list[str]:
    found = checking.check(account, by="olga", now=NOW)
    assert all(TOKEN not in str(one) + one.mending for one in found)
    return [one.setting for one in found if one.ok is False]


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    return workspace_in(folder)


# --- Telegram ---------------------------------------------------------------------------------------------------------


@dataclass
class Telegram:
    """Bot API: updates until they are acknowledged, and what a test sets."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    hook: dict[str, Any] = field(default_factory=lambda: {"url": ""})
    reads_all: bool = True
    busy: int = 0

    def answer(self, _method: str, path: str, query: dict[str, str], data: Any) -> Answer:
        token, _slash, call = path.removeprefix("/bot").partition("/")
        if token != TOKEN:
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if self.busy:
            self.busy -= 1
            return 429, {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7",
                         "parameters": {"retry_after": 7}}  # fmt: skip
        return getattr(self, f"_{call}")(query, data)  # type: ignore[no-any-return]

    def _getMe(self, _query: Any, _data: Any) -> Answer:  # noqa: N802
        me = {"id": 1, "is_bot": True, "username": "teabot", "can_read_all_group_messages": self.reads_all}
        return 200, {"ok": True, "result": me}

    def _getWebhookInfo(self, _query: Any, _data: Any) -> Answer:  # noqa: N802
        return 200, {"ok": True, "result": self.hook}

    def _getUpdates(self, query: dict[str, str], _data: Any) -> Answer:  # noqa: N802
        if self.hook["url"]:
            return 409, {"ok": False, "error_code": 409, "description": "Conflict: can't use getUpdates"}
        offset = int(query.get("offset", 0))
        self.updates = [one for one in self.updates if one["update_id"] >= offset]
        return 200, {"ok": True, "result": self.updates[: int(query["limit"])]}

    def _sendMessage(self, _query: Any, data: Any) -> Answer:  # noqa: N802
        errors = {"1": (403, "Forbidden: bot was blocked by the user"), "2": (400, "Bad Request: chat not found")}
        if data["chat_id"] in errors:
            status, says = errors[data["chat_id"]]
            return status, {"ok": False, "error_code": status, "description": says}
        if data["chat_id"] == "-5":
            return 400, {"ok": False, "error_code": 400, "description": "upgraded",
                         "parameters": {"migrate_to_chat_id": -1005}}  # fmt: skip
        return 200, {"ok": True, "result": {"message_id": 77, "chat": {"id": data["chat_id"]}}}


def update(number: int, text: str = "茶") -> dict[str, Any]:
    who = {"id": 101, "is_bot": False, "first_name": "Ann"}
    chat = {"id": -1001234567890, "type": "supergroup", "title": "茶友"}
    message = {"message_id": number, "from": who, "chat": chat, "date": 1_772_000_000 + number, "text": text}
    return {"update_id": 1000 + number, "message": message}


@pytest.fixture
def telegram() -> Iterator[tuple[Telegram, Peer]]:
    platform = Telegram()
    with serving(Peer(platform.answer)) as peer:
        yield platform, peer


def bot(peer: Peer, **more: Any) -> Account:
    return accounts.add("tg", "telegram", {"token": TOKEN, "url": peer.url, **more}, by="olga", now=NOW)


def test_a_telegram_bot_writes_and_says_what_refusals_mean(telegram: tuple[Telegram, Peer]) -> None:
    platform, peer = telegram
    account = bot(peer)
    good = sent(account, "101", subject="Hi")
    assert (good.fate, good.provider_id) == (Fate.SENT, "77")
    assert peer.calls[-1][3] == {"chat_id": "101", "text": "Hi\n\n你好"}
    assert sent(account, "-5").fate is Fate.SENT
    assert peer.calls[-1][3]["chat_id"] == -1005, "a group that became a supergroup is followed"
    assert [sent(account, to).permanent for to in ("1", "2")] == [True, True]
    assert sent(account, "101", "长" * 4097).permanent
    platform.busy = 1
    busy = sent(account, "101")
    assert (busy.fate, busy.permanent, busy.retry_after) == (Fate.FAILED, False, 7.0)
    assert accounts.address_of("tg", ["telegram:channel9", "telegram:101"]) == "101"
    accounts.change(account, {"url": "http://127.0.0.1:1"}, by="olga", now=NOW)
    away = sent(account, "101")
    assert (away.fate, TOKEN in away.reason) == (Fate.FAILED, False), "the address holds the token"


def test_a_telegram_bot_reads_each_update_once(telegram: tuple[Telegram, Peer], workspace: Workspace) -> None:
    platform, peer = telegram
    account = bot(peer, read="poll")
    platform.updates = [update(number) for number in range(250)]
    platform.updates.insert(3, {"update_id": 999, "message": {"message_id": "x"}})
    read_all(workspace, 2)
    events = [row for row in landed(workspace) if row["kind"] == "message"]
    assert len(events) == 250
    assert platform.updates == [], "what is in the inbox is acknowledged"
    kept = polling.load(workspace.folder, "tg")
    assert (kept.places, kept.bad, kept.rooms["1234567890"].name) == ({"": "1250"}, 1, "茶友")
    platform.updates = [update(300)]
    platform.busy = 1
    read_all(workspace)
    assert polling.load(workspace.folder, "tg").error == "limit"
    read_all(workspace)
    assert platform.updates, "the pause that was asked for is kept"
    progress = polling.load(workspace.folder, "tg")
    progress.wait_until = ""
    polling.save(workspace.folder, "tg", progress)
    read_all(workspace, 2)
    assert len([row for row in landed(workspace) if row["kind"] == "message"]) == 251
    account.refresh_from_db()
    described = accounts.described(account)["listening"]
    assert (described["error"], described["rooms"][0]["events"] > 250) == ("", True)


def test_what_is_broken_at_telegram_is_named(telegram: tuple[Telegram, Peer], settings: Settings) -> None:
    platform, peer = telegram
    account = bot(peer, read="poll")
    assert broken(account) == []
    platform.reads_all = False
    assert broken(account) == ["permission"]
    platform.reads_all, platform.hook = True, {"url": "https://elsewhere.example/hook"}
    assert broken(account) == ["read"]
    accounts.change(account, {"read": "webhook", "webhook_secret": "s" * 20}, by="olga", now=NOW)
    settings.PUBLIC_URL = "https://tea.example.cn"
    assert broken(account) == ["callback_url"]
    ours = "https://tea.example.cn/callbacks/tg"
    platform.hook = {"url": ours, "pending_update_count": 4, "last_error_message": "SSL error"}
    assert broken(account) == ["callback_url"]
    platform.hook = {"url": ours, "pending_update_count": 0}
    assert broken(account) == []
    accounts.change(account, {"token": "999999:" + "A" * 20}, by="olga", now=NOW)
    assert broken(account) == ["token"]


# --- Discord ----------------------------------------------------------------------------------------------------------

CHANNEL, LOCKED = "800000000000000001", "800000000000000002"


@dataclass
class Discord:
    """REST API v10: one channel that may be read, one that may not."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 1 << 19
    busy: int = 0

    def answer(self, _method: str, path: str, query: dict[str, str], data: Any) -> Answer:
        if self.busy:
            self.busy -= 1
            return 429, {"message": "You are being rate limited.", "retry_after": 0.65, "global": False}
        match path.strip("/").split("/"):
            case ["users", "@me"]:
                return 200, {"id": "9", "username": "teabot"}
            case ["applications", "@me"]:
                return 200, {"id": "9", "flags": self.flags}
            case ["users", "@me", "channels"]:
                return (200, {"id": "555"}) if data["recipient_id"] != "2" else (
                    400, {"message": "Cannot send messages to this user", "code": 50007})  # fmt: skip
            case ["channels", "800000000000000002", *_]:
                return 403, {"message": "Missing Access", "code": 50001}
            case ["channels", channel, "messages"] if data is not None:
                return 200, {"id": "700", "channel_id": channel}
            case ["channels", _channel, "messages"]:
                return 200, self._page(query)
        return 200, {"id": CHANNEL, "name": "tea", "last_message_id": None}

    def _page(self, query: dict[str, str]) -> list[dict[str, Any]]:
        found = sorted(self.messages, key=lambda one: int(one["id"]))
        if "after" in query:
            found = [one for one in found if int(one["id"]) > int(query["after"])][: int(query["limit"])]
        else:
            found = [one for one in found if int(one["id"]) < int(query.get("before", 1 << 62))][-int(query["limit"]) :]
        return found[::-1]


def posted(number: int, author: str = "901") -> dict[str, Any]:
    return {"id": str(700_000_000_000_000_000 + number), "type": 0, "timestamp": "2026-02-25T06:13:20+00:00",
            "author": {"id": author, "username": "ann"}, "content": f"tea {number}", "mentions": []}  # fmt: skip


@pytest.fixture
def discord() -> Iterator[tuple[Discord, Peer]]:
    platform = Discord()
    with serving(Peer(platform.answer)) as peer:
        yield platform, peer


def test_a_discord_bot_writes_and_pings_nobody(discord: tuple[Discord, Peer]) -> None:
    platform, peer = discord
    account = accounts.add("dc", "discord", {"token": TOKEN, "url": peer.url}, by="olga", now=NOW)
    assert (sent(account, "1").fate, peer.calls[-1][1]) == (Fate.SENT, "/channels/555/messages")
    said = peer.calls[-1][3]
    assert (said["allowed_mentions"], said["enforce_nonce"], len(said["nonce"]) <= 25) == ({"parse": []}, True, True)
    assert peer.calls[-1][4]["authorization"] == f"Bot {TOKEN}"
    assert (sent(account, f"#{CHANNEL}").fate, peer.calls[-1][1]) == (Fate.SENT, f"/channels/{CHANNEL}/messages")
    assert [sent(account, to).permanent for to in ("2", f"#{LOCKED}")] == [True, True]
    assert sent(account, "1", "x" * 2001).permanent
    platform.busy = 1
    assert sent(account, "1").retry_after == 0.65


def test_a_discord_bot_reads_past_and_present_once(discord: tuple[Discord, Peer], workspace: Workspace) -> None:
    platform, peer = discord
    given = {"token": TOKEN, "url": peer.url, "channels": f"{CHANNEL}, {LOCKED}", "history": 150}
    account = accounts.add("dc", "discord", given, by="olga", now=NOW)
    platform.messages = [posted(number) for number in range(400)]
    read_all(workspace)
    assert len([row for row in landed(workspace) if row["kind"] == "message"]) == 150
    assert polling.load(workspace.folder, "dc").error == "access", "the other channel is named by the check"
    platform.messages += [posted(number) for number in range(400, 630)] + [posted(630, author="9")]
    read_all(workspace, 2)
    events = [row for row in landed(workspace) if row["kind"] == "message"]
    assert len(events) == 380, "what the bot wrote itself is recorded by who sent it"
    assert {row["group_key"] for row in events} == {f"group:discord/{CHANNEL}"}
    assert broken(account) == ["channels"]
    platform.flags = 0
    assert broken(account) == ["permission", "channels"]
    accounts.change(account, {"channels": CHANNEL}, by="olga", now=NOW)
    read_all(workspace)
    assert polling.load(workspace.folder, "dc").error == ""


# --- Discourse --------------------------------------------------------------------------------------------------------


def test_a_forum_takes_messages_and_answers_and_its_faults_are_named(folder: Path) -> None:
    said: dict[str, Any] = {"status": 200, "user": "tea"}

    def answer(method: str, _path: str, _query: dict[str, str], _data: Any) -> Answer:
        if said["status"] == 429:
            return 429, {"errors": ["too often"], "extras": {"wait_seconds": 12}}
        if said["status"] != 200:
            return said["status"], {"errors": ["no"]}
        return 200, {"id": 9} if method == "POST" else {"current_user": {"username": said["user"]}}

    with serving(Peer(answer)) as peer:
        given = {"url": peer.url, "key": TOKEN, "user": "tea", "webhook_secret": "w" * 20}
        account = accounts.add("forum", "discourse", given, by="olga", now=NOW)
        assert sent(account, "ann", "Hello\nthere").provider_id == "9"
        assert peer.calls[-1][3] == {"raw": "Hello\nthere", "title": "Hello", "target_recipients": "ann",
                                     "archetype": "private_message"}  # fmt: skip
        assert peer.calls[-1][4]["api-key"] == TOKEN
        sent(account, "#12")
        assert peer.calls[-1][3] == {"raw": "你好", "topic_id": "12"}
        assert broken(account) == []
        heard.note(folder, "forum", now=NOW, step="secret", why="the secret is wrong")
        assert broken(account) == ["webhook_secret"]
        heard.note(folder, "forum", now=datetime.now(UTC))
        said["user"] = "other"
        assert broken(account) == ["user"]
        said["status"] = 403
        assert (broken(account), sent(account, "ann").permanent) == (["key"], False)
        said["status"] = 422
        assert sent(account, "ann").permanent
        said["status"] = 429
        assert sent(account, "ann").retry_after == 12.0
