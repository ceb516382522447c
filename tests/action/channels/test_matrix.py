"""Matrix against a real homeserver: direct rooms, rooms, the same message twice, limits, people who leave."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.contract import Fate, Message, Outcome
from lianyi.action.channels.kinds import kind_of
from lianyi.action.channels.matrix import listening, reading
from lianyi.action.channels.models import Account
from lianyi.action.channels.rounds import Returns
from lianyi.action.operation.models import Ruleset
from tests.action.channels.matrix_day import a_day_in_a_group
from tests.action.channels.rounds import landed, read_all, workspace_in
from tests.action.channels.servers import Receiver, delivered
from tests.homeserver import Homeserver, homeserver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.slow
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with homeserver(tmp_path_factory.mktemp("synapse")) as made:
        yield made


@pytest.fixture(scope="module")
def bot(server: Homeserver) -> str:
    return server.register("bot")


def account(server: Homeserver, token: str, **more: Any) -> Account:
    return accounts.add("room", "matrix", {"url": server.url, "token": token, **more}, by="olga", now=NOW)


def to(whom: str, text: str = "你好", **more: Any) -> Message:
    return Message(**{"key": f"spring/{whom}/{text}", "to": whom, "text": text, **more})


def invited(server: Homeserver, token: str) -> list[str]:
    """Rooms that somebody is invited to. The server keeps answers to the same question for a while."""
    fresh = str(next(_numbers))
    return list(server.ask(token, "GET", "sync", timeout=fresh).get("rooms", {}).get("invite", {}))


def said(server: Homeserver, token: str, room: str) -> list[dict[str, Any]]:
    """Contents of the messages in a room, the oldest first."""
    found = server.ask(token, "GET", f"rooms/{room}/messages", dir="b", limit="100")["chunk"]
    return [one["content"] for one in reversed(found) if one["type"] == "m.room.message"]


def test_a_person_gets_a_room_of_their_own_once_and_messages_in_it(server: Homeserver, bot: str) -> None:
    account(server, bot, room_name="Tea")
    ann = server.register("ann")
    who = server.user("ann")
    first = delivered("matrix", "room", to(who, "one"), to(who, "two", html="<b>two</b>", subject="Hi"))
    assert {outcome.fate for outcome in first} == {Fate.SENT}
    rooms = invited(server, ann)
    assert len(rooms) == 1, "two messages at once make one room"
    server.ask(ann, "POST", f"join/{rooms[0]}", {})
    again = delivered("matrix", "room", to(who, "three"))[0]
    assert again.fate is Fate.SENT
    assert again.provider_id.startswith("$")
    bodies = said(server, ann, rooms[0])
    assert {one["body"] for one in bodies} == {"one", "Hi\n\ntwo", "three"}
    assert [one["formatted_body"] for one in bodies if "formatted_body" in one] == ["<b>two</b>"]
    assert invited(server, ann) == [], "the room is remembered by the next opening"
    assert accounts.address_of("room", ["email:a@b.cn", f"matrix:{who}"]) == who
    assert accounts.address_of("room", ["matrix:ann"]) is None


def test_the_same_key_is_the_same_message(server: Homeserver, bot: str) -> None:
    account(server, bot)
    bea = server.register("bea")
    message = to(server.user("bea"), "only once")
    outcomes = [delivered("matrix", "room", message)[0] for _ in range(3)]
    assert len({outcome.provider_id for outcome in outcomes}) == 1
    room = invited(server, bea)[0]
    server.ask(bea, "POST", f"join/{room}", {})
    assert [one["body"] for one in said(server, bea, room)] == ["only once"]
    assert accounts.limits("room").keyed


def test_a_room_whose_making_broke_off_is_found_again(server: Homeserver, bot: str) -> None:
    made = account(server, bot)
    cid = server.register("cid")
    who = server.user("cid")
    delivered("matrix", "room", to(who, "one"))
    server.ask(bot, "PUT", f"user/{server.user('bot')}/account_data/m.direct", {})  # as if it was never remembered
    assert delivered("matrix", "room", to(who, "two"))[0].fate is Fate.SENT
    assert len(invited(server, cid)) == 1
    direct = server.ask(bot, "GET", f"user/{server.user('bot')}/account_data/m.direct")
    assert direct == {who: invited(server, cid)}
    assert made.settings == {
        "url": server.url, "notice": False, "room_name": "", "read": False, "join": False, "history": 1000,
    }  # fmt: skip


def test_who_leaves_is_not_written_to_again(server: Homeserver, bot: str) -> None:
    account(server, bot)
    dan = server.register("dan")
    who = server.user("dan")
    delivered("matrix", "room", to(who, "one"))
    room = invited(server, dan)[0]
    server.ask(dan, "POST", f"rooms/{room}/leave", {})
    outcome = delivered("matrix", "room", to(who, "two"))[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, True)
    assert "left the room" in outcome.reason
    assert invited(server, dan) == []


def test_rooms_that_the_bot_is_in_is_invited_to_or_not(server: Homeserver, bot: str) -> None:
    account(server, bot, notice=True)
    eve = server.register("eve")
    mine = server.ask(eve, "POST", "createRoom", {"invite": [server.user("bot")], "room_alias_name": "teahouse"})
    closed = server.ask(eve, "POST", "createRoom", {"preset": "private_chat"})
    first, second, third, fourth = delivered(
        "matrix", "room", to(mine["room_id"], "by id"), to("#teahouse:tea.test", "by alias"), to(closed["room_id"]),
        to("#nowhere:tea.test"),
    )  # fmt: skip
    assert (first.fate, second.fate) == (Fate.SENT, Fate.SENT)
    assert {(one["body"], one["msgtype"]) for one in said(server, eve, mine["room_id"])} == {
        ("by id", "m.notice"), ("by alias", "m.notice")}  # fmt: skip
    assert [(one.fate, one.permanent) for one in (third, fourth)] == [(Fate.FAILED, True)] * 2
    assert said(server, eve, closed["room_id"]) == []


@pytest.mark.parametrize("whom", ["@nobody:tea.test", "ann", "@ann"])
def test_nobody_of_that_name(server: Homeserver, bot: str, whom: str) -> None:
    account(server, bot)
    outcome = delivered("matrix", "room", to(whom))[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, True), outcome.reason


def test_a_lost_token_and_a_server_that_is_away_are_no_fault_of_the_person(server: Homeserver, bot: str) -> None:
    made = account(server, "not-the-token")
    outcome = delivered("matrix", "room", to(server.user("ann")))[0]
    assert (outcome.fate, outcome.permanent) == (Fate.FAILED, False)
    assert "M_UNKNOWN_TOKEN" in outcome.reason
    assert [(one.step, one.ok) for one in checking.check(made, by="olga", now=NOW)][-1] == ("login", False)
    accounts.change(made, {"token": bot}, by="olga", now=NOW)
    assert all(one.ok for one in checking.check(made, by="olga", now=NOW))
    accounts.change(made, {"url": "http://127.0.0.1:1"}, by="olga", now=NOW)
    away = delivered("matrix", "room", to("@ann:tea.test"))[0]
    assert (away.fate, away.permanent) == (Fate.FAILED, False)


def test_the_check_names_rooms_that_it_is_not_in_and_rooms_that_it_cannot_read(server: Homeserver) -> None:
    warden, gil = server.register("warden"), server.register("gil")
    made = account(server, warden, read=True)
    closed = server.ask(gil, "POST", "createRoom", {})["room_id"]
    secret = server.ask(warden, "POST", "createRoom", {"initial_state": [
        {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    ]})["room_id"]  # fmt: skip
    Ruleset.objects.create(group_key=f"group:matrix/{closed}", version=1, text_version=1, account="room", by="olga")
    found = {one.setting: str(one) for one in checking.check(made, by="olga", now=NOW) if one.ok is False}
    assert set(found) == {"room", "encryption_of_rooms"}
    assert (closed in found["room"], secret in found["encryption_of_rooms"]) == (True, True)
    server.ask(gil, "POST", f"rooms/{closed}/invite", {"user_id": server.user("warden")})
    server.ask(warden, "POST", f"join/{closed}", {})
    accounts.change(made, {"read": False}, by="olga", now=NOW)
    assert all(one.ok for one in checking.check(made, by="olga", now=NOW))


def test_a_limit_of_the_server_says_how_long_to_wait(server: Homeserver) -> None:
    token = server.register("hasty")
    server.slow_down(server.register("boss", admin=True), "hasty", per_second=2, burst=2)
    room = server.ask(token, "POST", "createRoom", {})["room_id"]
    account(server, token)
    given = accounts.configured(accounts.by_name("room"))

    async def go() -> tuple[list[Outcome], list[Outcome]]:
        channel = await kind_of("matrix").door().open(given)
        messages = [to(room, str(number)) for number in range(5)]
        first = list(await asyncio.gather(*(channel.deliver(one) for one in messages)))
        late = [one for one, outcome in zip(messages, first, strict=True) if outcome.fate is Fate.FAILED]
        assert late
        again = []
        for one in late:
            outcome = await channel.deliver(one)
            while outcome.retry_after is not None:
                await asyncio.sleep(outcome.retry_after)
                outcome = await channel.deliver(one)
            again.append(outcome)
        await channel.close()
        return first, again

    first, again = asyncio.run(go())
    refused = [outcome for outcome in first if outcome.fate is Fate.FAILED]
    assert all(outcome.retry_after and not outcome.permanent for outcome in refused)
    assert {outcome.fate for outcome in again} == {Fate.SENT}
    assert sorted(one["body"] for one in said(server, token, room)) == [str(number) for number in range(5)]


# --- reading --------------------------------------------------------------------------------------------------------


def say(server: Homeserver, token: str, room: str, text: str, **more: Any) -> str:
    """A message; its event id."""
    content = {"msgtype": "m.text", "body": text, **more}
    path = f"rooms/{room}/send/m.room.message/{next(_numbers)}"
    return str(server.ask(token, "PUT", path, content)["event_id"])


def test_what_is_said_arrives_once_whatever_breaks(
    server: Homeserver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = workspace_in(folder)
    monkeypatch.setattr(reading, "PAGE", 5)
    token, fay, gus = (server.register(name) for name in ("ears", "fay", "gus"))
    me = server.user("ears")
    made = account(server, token, read=True, join=True, history=1000)
    room = server.ask(fay, "POST", "createRoom", {"preset": "public_chat", "name": "Tea friends"})["room_id"]
    old = [say(server, fay, room, f"old {number}") for number in range(12)]
    server.ask(fay, "POST", f"rooms/{room}/invite", {"user_id": me})
    read_all(workspace, 2)  # joins, then reads a page and its past
    server.ask(gus, "POST", f"join/{room}", {})
    answer = say(server, gus, room, "yes", **{"m.relates_to": {"m.in_reply_to": {"event_id": old[-1]}}})
    thread = {"rel_type": "m.thread", "event_id": old[0]}
    threaded = say(server, gus, room, "in a thread", **{"m.relates_to": thread})
    say(server, token, room, "the bot's own")
    liked = {"m.relates_to": {"rel_type": "m.annotation", "event_id": answer, "key": "\U0001f44d"}}
    server.ask(fay, "PUT", f"rooms/{room}/send/m.reaction/like", liked)
    with monkeypatch.context() as broken:  # dies between the inbox's acknowledgement and the token
        broken.setattr(reading, "save", _dies)
        read_all(workspace)
    assert workspace.inbox.waiting().events
    server.ask(gus, "PUT", f"rooms/{room}/redact/{threaded}/again", {})
    server.ask(gus, "POST", f"rooms/{room}/leave", {})
    read_all(workspace, 2)
    found = landed(workspace)
    prefix = f"matrix:{room}/"
    by_id = {one["id"]: one for one in found}
    assert len(by_id) == len(found)
    assert {prefix + one for one in old} <= set(by_id)
    assert by_id[prefix + answer]["kind"] == "reply"
    assert by_id[prefix + answer]["parent_id"] == prefix + old[-1]
    assert by_id[prefix + threaded]["parent_id"] == prefix + old[0]
    assert {one["group_key"] for one in found if one["kind"] == "reply"} == {f"group:matrix/{room}"}
    kinds = {(one["kind"], one["actor_key"], one["parent_id"]) for one in found}
    who = f"matrix:{server.user('gus')}"
    assert ("reaction", f"matrix:{server.user('fay')}", prefix + answer) in kinds
    assert {("join", who, None), ("leave", who, None), ("recall", who, prefix + threaded)} <= kinds
    assert "the bot's own" not in {one["text"] for one in found}
    assert ("invite", f"matrix:{server.user('fay')}", None) in kinds
    shown = accounts.described(made)["listening"]
    assert [(one["name"], one["history_left"], one["encrypted"]) for one in shown["rooms"]] == [
        ("Tea friends", False, False)
    ]
    assert shown["error"] == ""
    kept = (folder / "listening" / "room.json").read_text()
    assert "fay" not in kept, "what is kept of an account names nobody, so an erasure has nothing to reach"
    assert "gus" not in kept
    read_all(workspace)
    assert landed(workspace) == found


def _dies(*_arguments: Any) -> None:
    raise OSError("the disk is gone")


def test_encrypted_rooms_and_refusals_are_shown(server: Homeserver, folder: Path) -> None:
    workspace = workspace_in(folder)
    token, hal = server.register("reader"), server.register("hal")
    made = account(server, token, read=True)
    state = [{"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
    room = server.ask(hal, "POST", "createRoom", {"initial_state": state, "invite": [server.user("reader")]})["room_id"]
    read_all(workspace)
    assert accounts.described(made)["listening"]["rooms"][0]["membership"] == "invite"
    server.ask(token, "POST", f"join/{room}", {})
    secret = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkL", "session_id": "s"}
    server.ask(hal, "PUT", f"rooms/{room}/send/m.room.encrypted/1", secret)
    read_all(workspace)
    shown = accounts.described(made)["listening"]["rooms"][0]
    assert (shown["encrypted"], shown["unreadable"], shown["membership"]) == (True, 1, "join")
    assert not [one for one in landed(workspace) if one["kind"] == "message"]
    accounts.change(made, {"token": "lost"}, by="olga", now=NOW)
    read_all(workspace)
    made.refresh_from_db()
    told = accounts.described(made)
    assert (told["state"], told["listening"]["error"]) == ("failing", "token")
    assert "new one" in told["listening"]["error_says"]
    assert len(told["listening"]["rooms"]) == 1, "what was known stays"
    accounts.change(made, {"token": token}, by="olga", now=NOW)
    read_all(workspace)
    made.refresh_from_db()
    assert (accounts.described(made)["state"], accounts.described(made)["listening"]["error"]) == ("working", "")


def test_a_homeserver_that_asks_to_wait_is_left_alone_until_then(http: Receiver, folder: Path) -> None:
    workspace = workspace_in(folder)
    url = f"{http.url}/later/120"
    accounts.add("room", "matrix", {"url": url, "token": "t", "read": True}, by="olga", now=NOW)
    for seconds, calls in ((0, 1), (119, 1), (121, 2)):
        Account.objects.update(read_next_at=NOW)
        Returns().work(workspace, NOW + timedelta(seconds=seconds), lambda: False)
        assert len(http.calls()) == calls
    assert listening.load(folder, "room").error == "limit"


def test_a_day_in_a_group(server: Homeserver, folder: Path) -> None:
    a_day_in_a_group(server, folder)
