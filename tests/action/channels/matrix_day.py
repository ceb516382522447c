"""A day in a group on a real homeserver: dry, then live: welcome, advert, measures, undo; asserted on its state."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lianyi.action.channels import accounts
from lianyi.action.operation import deciding, rules
from lianyi.action.operation.models import Case, Example, Seat
from lianyi.action.operation.rounds import Operation
from lianyi.action.team.models import Act
from tests.action.channels.rounds import landed, read_all, workspace_in
from tests.homeserver import Homeserver

MEMBERS = 12
ADVERT = "兼职日结300元 加微信 vx88888888 名额有限 急招 扫码进群领取"
SAYS = {"zh": "请友善,不发广告。回复“同意”。"}
WELCOME = {"zh": "欢迎 {who} 来到 {group}!\n{rules}"}
_numbers = itertools.count()


def say(server: Homeserver, token: str, room: str, text: str, **more: Any) -> str:
    content = {"msgtype": "m.text", "body": text, **more}
    path = f"rooms/{room}/send/m.room.message/day{next(_numbers)}"
    return str(server.ask(token, "PUT", path, content)["event_id"])


def timeline(server: Homeserver, token: str, room: str) -> list[dict[str, Any]]:
    """Events of a room, the oldest first."""
    found = server.ask(token, "GET", f"rooms/{room}/messages", dir="b", limit="500")["chunk"]
    return list(reversed(found))


def bodies(events: list[dict[str, Any]], sender: str) -> list[str]:
    return [one["content"].get("body", "") for one in events
            if one["type"] == "m.room.message" and one["sender"] == sender]  # fmt: skip


def by_id(events: list[dict[str, Any]], event_id: str) -> dict[str, Any]:
    return next(one for one in events if one["event_id"] == event_id)


def a_day_in_a_group(server: Homeserver, folder: Path) -> None:
    workspace = workspace_in(folder)
    token, me = server.register("keeper"), server.user("keeper")
    names = [f"m{number:02d}" for number in range(MEMBERS)]
    with ThreadPoolExecutor(4) as many:
        people = dict(zip(names, many.map(server.register, names), strict=True))
        room = server.ask(token, "POST", "createRoom", {"preset": "public_chat", "name": "Tea friends"})["room_id"]
        list(many.map(lambda name: server.ask(people[name], "POST", f"join/{room}", {}), names[:-1]))
    key, newcomer = f"group:matrix/{room}", people[names[-1]]

    def publish(mode: str) -> None:
        rules.publish(key, says=SAYS, welcome=WELCOME, measures={"mode": mode}, account="keeper", by="olga",
                      now=datetime.now(UTC))  # fmt: skip
        Operation().work(workspace, datetime.now(UTC), lambda: False)

    accounts.add(
        "keeper", "matrix", {"url": server.url, "token": token, "read": True}, by="olga", now=datetime.now(UTC)
    )
    read_all(workspace, 2)  # who is here before there are rules is no newcomer

    # dry: it is seen, and nobody in the room can tell
    publish("dry")
    say(server, people["m01"], room, ADVERT)
    read_all(workspace)
    assert bodies(timeline(server, token, room), me) == []
    dry = Case.objects.get()
    assert (dry.state, dry.measure) == (Case.State.DRY, "remove")
    Case.objects.all().delete()

    # live: rules are posted, a newcomer is welcomed, twice an advert costs the message and then the voice
    publish("live")
    server.ask(newcomer, "POST", f"join/{room}", {})
    for number, name in enumerate(names[:8]):
        say(server, people[name], room, f"抢到了吗 {number + 10} 号链接开了没")
    asked = say(server, people["m02"], room, "请问多久发货呀")
    advert = say(server, newcomer, room, ADVERT)
    read_all(workspace)
    Case.objects.update(dealt_at=datetime.now(UTC) - timedelta(minutes=1))  # the member had time to read the notice
    hidden = say(server, newcomer, room, "早上好", format="org.matrix.custom.html", formatted_body=f"<b>{ADVERT}</b>")
    say(server, people["m04"], room, "同意")
    read_all(workspace)
    seen = timeline(server, token, room)
    ours = bodies(seen, me)
    assert ours[0] == SAYS["zh"]
    assert f"欢迎 {server.user('m11')} 来到 Tea friends!\n{SAYS['zh']}" in ours
    assert by_id(seen, advert)["content"] == {}, "the homeserver shows nothing of the advert"
    assert by_id(seen, hidden)["content"] == {}, "what clients show counts, not what the event says beside it"
    assert by_id(seen, asked)["content"]["body"] == "请问多久发货呀"
    levels = server.ask(token, "GET", f"rooms/{room}/state/m.room.power_levels")
    assert levels["users"][server.user("m11")] == -1, "the second advert costs the voice"
    with pytest.raises(Exception, match="403"):
        say(server, newcomer, room, "hello?")
    assert [case.measure for case in Case.objects.order_by("id")] == ["remove", "mute"]
    assert {act.what for act in Act.objects.all()} >= {"moderation.remove", "moderation.mute"}
    assert Seat.objects.get(agreed=1).actor == f"matrix:{server.user('m04')}"

    # it was a member's honest offer, says the owner: voice and words come back, and the filter has learned
    for case in Case.objects.order_by("-id"):
        deciding.fine(workspace, case, by="olga", now=datetime.now(UTC))
    levels = server.ask(token, "GET", f"rooms/{room}/state/m.room.power_levels")
    assert server.user("m11") not in levels["users"]
    again = say(server, newcomer, room, ADVERT)
    read_all(workspace)
    seen = timeline(server, token, room)
    assert by_id(seen, again)["content"]["body"] == ADVERT
    assert any(ADVERT in body for body in bodies(seen, me)), "what was removed is shown anew"
    assert Example.objects.filter(noise=False).count() == 2

    events = landed(workspace)
    moderated = [one["target_key"] for one in events if one["kind"] == "moderated"]
    assert moderated.count(f"matrix:{server.user('m11')}") == 6, "found, done and fine of two cases"
    assert [one["actor_key"] for one in events if one["kind"] == "agreed"] == [f"matrix:{server.user('m04')}"]
    assert len({one["id"] for one in events}) == len(events)
    later = datetime.now(UTC) + timedelta(hours=2)
    Operation().work(workspace, later, lambda: False)
    assert timeline(server, token, room)[-1]["event_id"] == seen[-1]["event_id"], "what is over says nothing more"
