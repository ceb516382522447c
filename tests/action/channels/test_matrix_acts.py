"""Who moderates a room of Matrix, as homeservers say it: levels as text, levels of all, those who made the room."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from lianyi.action.channels.kinds import Configured
from lianyi.action.channels.matrix.acting import MatrixActs
from lianyi.action.operation.acts import ActFailed

GROUP = "group:matrix/!r:tea.test"
CREATE = {"type": "m.room.create", "sender": "@maker:tea.test", "content": {"room_version": "10"}}


class Room:
    """A room of a homeserver in memory. knows_format: whether it gives whole events where asked for them."""

    def __init__(self, *, version: str = "10", knows_format: bool = True, **levels: Any) -> None:
        content = {"room_version": version, "additional_creators": ["@second:tea.test"]}
        self.create: dict[str, Any] = {**CREATE, "content": content}
        self.levels, self.knows_format, self.put = levels, knows_format, []  # type: ignore[var-annotated]
        account = Configured(name="room", kind="matrix", settings={"url": "https://m.tea.test", "token": "t"}, seal="s",
                             folder=Path())  # fmt: skip
        self.acts = MatrixActs(account, httpx.Client(transport=httpx.MockTransport(self.answer)))

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.rpartition("/_matrix/client/v3/")[2]
        if request.method == "PUT":
            self.put.append(json.loads(request.content))
            return httpx.Response(200, json={"event_id": "$1"})
        whole = self.knows_format and request.url.params.get("format") == "event"
        joined: dict[str, Any] = {user: {} for user in ("@ann:tea.test", "@low:tea.test", "@maker:tea.test")}
        said: dict[str, Any] = {
            "account/whoami": {"user_id": "@bot:tea.test"},
            "rooms/!r:tea.test/state/m.room.power_levels": self.levels,
            "rooms/!r:tea.test/state/m.room.create": self.create if whole else self.create["content"],
            "rooms/!r:tea.test/state": [{"type": "m.room.topic", "sender": "@ann:tea.test"}, self.create],
            "rooms/!r:tea.test/joined_members": {"joined": joined},
        }
        return httpx.Response(200, json=said[path])

    def staff(self) -> set[str]:
        return {one.removeprefix("matrix:@").partition(":")[0] for one in self.acts.staff(GROUP)}


def test_levels_as_text_count() -> None:
    users = {"@mod:tea.test": "50", "@owner:tea.test": 100.0, "@ann:tea.test": " 0 ", "@low:tea.test": "x",
             "@odd:tea.test": True}  # fmt: skip
    room = Room(users=users)
    assert room.staff() == {"bot", "mod", "owner"}
    with pytest.raises(ActFailed, match="level of their own"):
        room.acts.mute(GROUP, "matrix:@mod:tea.test", on=True)
    assert room.put == []


def test_where_all_have_the_level_all_moderate() -> None:
    room = Room(users={"@low:tea.test": 0}, users_default=50)
    assert room.staff() == {"bot", "ann", "maker"}
    with pytest.raises(ActFailed):
        room.acts.mute(GROUP, "matrix:@ann:tea.test", on=True)


@pytest.mark.parametrize("knows_format", [True, False])
def test_who_made_the_room_moderates_it_from_version_12_on(knows_format: bool) -> None:
    room = Room(version="12", knows_format=knows_format, users={"@mod:tea.test": 50})
    assert room.staff() == {"bot", "mod", "maker", "second"}
    with pytest.raises(ActFailed):
        room.acts.mute(GROUP, "matrix:@second:tea.test", on=True)
    assert Room(version="11", knows_format=knows_format, users={}).staff() == {"bot"}
    assert Room(version="org.matrix.hydra.11", users={}).staff() == {"bot", "maker", "second"}


def test_a_voice_is_taken_and_given_back_below_the_usual_level_too() -> None:
    room = Room(users={"@mod:tea.test": 50})
    room.acts.mute(GROUP, "matrix:@ann:tea.test", on=True)
    assert room.put[-1]["users"] == {"@mod:tea.test": 50, "@ann:tea.test": -1}
    room.levels = {"users": {"@ann:tea.test": "-1"}}
    room.acts.mute(GROUP, "matrix:@ann:tea.test", on=False)
    assert room.put[-1]["users"] == {}
