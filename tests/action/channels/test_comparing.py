"""Callbacks that are lost, doubled and late, and then a comparison with the lists: the state is the platform's."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from lianyi.action.channels import accounts
from lianyi.action.channels import comparing as door
from lianyi.action.channels.models import Account
from lianyi.action.channels.rounds import Returns
from lianyi.action.channels.wecom_mass.comparing import Refused, Run
from lianyi.action.channels.wecom_mass.progress import Progress
from lianyi.action.team.models import Act
from lianyi.doors.cli.simulate import channel_settings
from lianyi.errors import InputError
from lianyi.memory.events import Event
from lianyi.memory.sources.callbacks import wecom
from lianyi.memory.sources.callbacks.calls import read
from lianyi.memory.sources.wecom.known import known
from lianyi.workspace import Workspace
from lianyi.world.wecom.corp import Corp, Unreliable
from lianyi.world.wecom.server import Platform as MadeUp
from lianyi.world.wecom.server import live, serve

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
State = Mapping[str, Any]


class Platform:
    """Lists of a corporation. breaks: after so many calls it refuses once."""

    def __init__(self, corp: Corp, *, breaks: int = 0) -> None:
        self.corp, self.breaks, self.asked = corp, breaks, 0

    async def ask(self, path: str, data: dict[str, Any]) -> Mapping[str, Any]:
        self.asked += 1
        if self.asked == self.breaks:
            raise Refused("limit", "45009 too often", wait=60.0, errcode=45009)
        said = self.corp.answer(f"externalcontact/{path}", data, now=0)
        if said["errcode"]:
            raise Refused("refused", said["errmsg"], errcode=said["errcode"])
        return said


def compared(workspace: Workspace, platform: Platform, at: datetime, progress: Progress | None = None) -> Progress:
    """A run until it is through; it goes on after each refusal."""
    progress = progress or Progress()
    for _ in range(5):
        run = Run(platform.ask, workspace, progress, corp=platform.corp.corp, keep=lambda _progress: None)
        try:
            assert asyncio.run(run.go(at, lambda: False))
        except Refused:
            continue
        return progress
    raise AssertionError("it never came to its end")


def state(workspace: Workspace) -> State:
    return known(workspace.rows).state()


def lived(corp: Corp, unreliable: Unreliable, callbacks: int) -> tuple[list[str], datetime]:
    """What arrives of so many changes, some of them in the same second; and when it is quiet again."""
    at = int(BEGAN.timestamp())
    arrived: list[str] = []
    for _ in range(callbacks):
        at += corp.dice.choice([0, 1, 1, 7])
        arrived += unreliable.deliver(corp.happen(at))
    return arrived, datetime.fromtimestamp(at, UTC) + timedelta(hours=1)


def made_of(bodies: list[str], now: datetime) -> list[Event]:
    return [event for body in bodies for event in wecom.events(read(body, now=now), "wwcorp")]


def fresh(folder: Path, now: datetime) -> Workspace:
    return Workspace.create(folder, clock=lambda: now)


@pytest.mark.parametrize(("seed", "callbacks"), [(1, 10_000), (2, 400), (3, 400)])
def test_unreliable_callbacks_and_a_comparison_are_a_clean_one(tmp_path: Path, seed: int, callbacks: int) -> None:
    corp = Corp(dice=random.Random(seed))
    unreliable = Unreliable(dice=random.Random(seed + 100))
    arrived, quiet = lived(corp, unreliable, callbacks)
    heard, clean = fresh(tmp_path / "heard", quiet), fresh(tmp_path / "clean", quiet)
    compared(clean, Platform(corp), quiet)
    right = state(clean)
    assert len(right["pairs"]) == len(corp.contacts)
    assert len(right["members"]) == sum(len(chat.members) for chat in corp.chats.values())
    assert len(right["tags"]) == sum(len(one.tags) for one in corp.contacts.values())
    assert set(right["groups"].values()) == {chat.name for chat in corp.chats.values()}

    heard.record(made_of(arrived, quiet))
    assert state(heard) != right, "something was lost on the way"
    compared(heard, Platform(corp), quiet)
    assert state(heard) == right

    heard.record(made_of([*unreliable.rest(), *arrived[::3]], quiet))  # late ones, and many once more
    assert state(heard) == right
    before = heard.rows("SELECT count(*) AS n FROM events")[0]["n"]
    again = compared(heard, Platform(corp), quiet + timedelta(minutes=10))
    assert heard.rows("SELECT count(*) AS n FROM events")[0]["n"] == before, again.counted


def test_a_run_that_is_cut_off_goes_on_and_makes_the_same(tmp_path: Path) -> None:
    corp = Corp(dice=random.Random(5), colleagues=[f"c{number:03}" for number in range(120)])
    _arrived, quiet = lived(corp, Unreliable(dice=random.Random(6)), 900)
    whole, broken = fresh(tmp_path / "whole", quiet), fresh(tmp_path / "broken", quiet)
    compared(whole, Platform(corp), quiet)
    for breaks in (5, 9):  # inside the customers, inside the groups
        progress = Progress()
        compared(broken, Platform(corp, breaks=breaks), quiet, progress)
        assert (progress.began, progress.ended) == ("", quiet.isoformat())
    ids = "SELECT id FROM events ORDER BY id"
    assert broken.rows(ids) == whole.rows(ids)


def test_what_was_learned_a_moment_ago_is_left_to_the_next_run(tmp_path: Path) -> None:
    """The lists lag behind: somebody who has just come is not taken to be gone."""
    now = BEGAN + timedelta(days=1)
    corp = Corp(dice=random.Random(1))
    heard = fresh(tmp_path / "heard", now)
    customer = corp.new_customer()
    add = Event(id="cb1", at=now - timedelta(seconds=20), kind="follow", source="wecom",
                actor_key=f"wecom:{customer}", target_key="wecom_user:zhang")  # fmt: skip
    heard.record([add])
    assert compared(heard, Platform(corp), now).last["doubtful"] == 1
    assert len(state(heard)["pairs"]) == 1
    compared(heard, Platform(corp), now + timedelta(minutes=10))
    assert not state(heard)["pairs"]


def test_a_tag_that_another_colleague_still_holds_stays_with_the_customer(tmp_path: Path) -> None:
    from lianyi.world.wecom.corp import Contact

    now = BEGAN + timedelta(days=1)
    corp = Corp(dice=random.Random(1))
    customer = corp.new_customer()
    for colleague in ("zhang", "li"):
        corp.contacts[colleague, customer] = Contact(since=int(BEGAN.timestamp()), tags={"et1"})
    heard = fresh(tmp_path / "heard", now)
    compared(heard, Platform(corp), now)
    corp.contacts["zhang", customer].tags.clear()
    later = now + timedelta(hours=1)
    compared(heard, Platform(corp), later)
    last = heard.rows("SELECT props, actor_key FROM events WHERE kind = 'tag' ORDER BY events.at DESC LIMIT 1")[0]
    assert (last["actor_key"], "remove" in last["props"]) == ("wecom_user:li", False)
    assert {place[1] for place in state(heard)["tags"]} == {"wecom_user:li"}


# --- the doors, against the made-up platform over HTTP ---------------------------------------------------------------


@pytest.fixture
def corporation() -> Iterator[tuple[Corp, MadeUp, str]]:
    corp = Corp(dice=random.Random(9))
    lived(corp, Unreliable(dice=random.Random(10)), 200)
    platform = MadeUp(corp=corp, secret="s3cret-of-app")
    server = serve(platform, host="127.0.0.1", port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield corp, platform, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_asked_for_at_a_door_the_round_compares_and_says_what_it_mended(
    tmp_path: Path, settings: Settings, corporation: tuple[Corp, MadeUp, str]
) -> None:
    corp, platform, url = corporation
    now = BEGAN + timedelta(days=30)
    ws = fresh(tmp_path / "brand", now)
    settings.WORKSPACE = ws.folder
    printed = channel_settings(url, corp.corp, "s3cret-of-app", "simulated", "A" * 43)
    account = accounts.add("we", "wecom_mass", dict(line.split("=", 1) for line in printed), by="olga", now=now)
    assert not Returns().due(now), "nobody asked, and no hours are set"
    assert door.ask_for(account, by="olga", now=now)["asked"]
    platform.forbidden = frozenset({"externalcontact/groupchat/list"})
    Returns().work(ws, now, lambda: False)
    said = accounts.comparing(Account.objects.get())
    assert said is not None
    assert (said["error"], said["step"], said["running"]) == ("refused", "groups", True)
    assert "48002" in said["error_detail"]
    assert Account.objects.get().failure.startswith("48002")

    platform.forbidden = frozenset()
    shown: list[str] = []
    found = door.compare(account, ws, by="olga", now=now, shown=lambda at: shown.append(at.step))
    assert (found["error"], found["running"], set(shown)) == ("", False, {"groups"}), "it went on where it was"
    assert len(state(ws)["pairs"]) == len(corp.contacts)
    assert found["mended"]["follow"] == len(corp.contacts)
    mail = accounts.add(
        "hook", "webhook", {"url": "https://hook.test/in", "secret": "whsec_" + "QUJD" * 10}, by="olga", now=now
    )
    with pytest.raises(InputError, match="no lists to compare"):
        door.ask_for(mail, by="olga", now=now)
    assert set(Act.objects.filter(what="channel.compare").values_list("on", flat=True)) == {"we"}


def test_the_made_up_platform_calls_back_and_says_what_was_lost() -> None:
    """What `lianyi simulate wecom` does each so many seconds."""
    bodies: list[tuple[str, int, int]] = []
    stop = threading.Event()

    def tell(body: str, arrived: int, failed: int) -> None:
        bodies.append((body, arrived, failed))
        if len(bodies) == 60:
            stop.set()

    platform = MadeUp(corp=Corp(dice=random.Random(3)), secret="s")
    live(platform, Unreliable(dice=random.Random(4)), None, every=0.001, stop=stop, tell=tell)
    assert len(bodies) == 60
    assert all(body.startswith("<xml>") for body, _arrived, _failed in bodies)
    assert {arrived for _body, arrived, _failed in bodies} >= {0, 1, 2}
