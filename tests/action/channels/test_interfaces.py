"""WeCom's codes, moments, statistics and hand-overs against the made-up platform, over HTTP."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lianyi.action.channels import accounts, asking, comparing
from lianyi.action.channels.models import Account
from lianyi.action.channels.wecom_mass.interfaces import INTERFACES
from lianyi.action.codes import at_wecom
from lianyi.action.codes.models import Code
from lianyi.action.codes.tokens import new_token
from lianyi.action.team.models import Act
from lianyi.errors import InputError, NotFound, RefusedError
from lianyi.workspace import Workspace
from lianyi.world.wecom.corp import Contact, Corp
from lianyi.world.wecom.server import Platform, serve
from tests.action.channels.rounds import workspace_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = f"{datetime.fromtimestamp(time.time() + 8 * 3600, UTC):%Y-%m-%d}"
TO = {"handover_userid": "zhang", "takeover_userid": "li"}
SPAN = {"since": TODAY, "until": TODAY}


@pytest.fixture
def ws(folder: Path) -> Workspace:
    return workspace_in(folder)


@pytest.fixture
def platform() -> Iterator[Platform]:
    made = Platform(corp=Corp(dice=random.Random(4)), secret="s")
    for second in range(300):
        made.corp.happen(int(time.time()) - 300 + second)
    server = serve(made, host="127.0.0.1", port=0)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    accounts.add("we", "wecom_mass", {"corp_id": "wwcorp", "secret": "s", "url": url}, by="olga", now=NOW)
    yield made
    server.shutdown()
    server.server_close()


def ask(name: str, **given: Any) -> Any:
    return asking.asked(Account.objects.get(), name, given, by="olga")


def test_contact_codes_and_group_codes_carry_a_state(platform: Platform) -> None:
    made = ask("contact-way", user="zhang, li", state="abc1234567890", remark="spring", skip_verify="on")
    assert set(made) == {"config_id", "qr_code"}
    kept = ask("contact-way-get", config_id=made["config_id"])["contact_way"]
    assert (kept["type"], kept["user"], kept["state"], kept["skip_verify"]) == (
        2,
        ["zhang", "li"],
        "abc1234567890",
        True,
    )
    assert ask("contact-ways", **SPAN) == {"rows": [{"config_id": made["config_id"]}]}
    chat = next(iter(platform.corp.chats))
    group = ask("join-way", chat_id_list=chat, state="s1", auto_create_room="on", room_base_name="茶友")
    kept = ask("join-way-get", config_id=group["config_id"])["join_way"]
    assert (kept["chat_id_list"], kept["auto_create_room"], kept["state"]) == ([chat], 1, "s1")
    assert ask("contact-way-remove", config_id=made["config_id"]) == {}
    assert ask("join-way-remove", config_id=group["config_id"]) == {}
    with pytest.raises(RefusedError, match="41044"):
        ask("contact-way-get", config_id=made["config_id"])
    asked = list(Act.objects.filter(what="channel.ask").values_list("detail", flat=True))
    assert {"interface": "contact-way", "changes": True} in asked


def test_many_codes_come_in_pages(platform: Platform) -> None:
    for _ in range(2500):
        platform.corp.desk._made(platform.corp.desk.ways, "cw", {}, int(time.time()))
    assert len(ask("contact-ways", **SPAN)["rows"]) == 2500


def test_moments_are_made_listed_and_liked(platform: Platform) -> None:
    job = ask("moment", text="新茶上市", user=["zhang"], tag="et1")
    done = ask("moment-result", jobid=job["jobid"])
    assert (done["status"], done["result"]["moment_id"]) == (3, "mo1")
    (listed,) = ask("moments", **SPAN)["rows"]
    assert (listed["moment_id"], listed["creator"]) == ("mo1", "zhang")
    likes = ask("moment-comments", moment_id="mo1", userid="zhang")["like_list"]
    assert all(one["external_userid"].startswith("wm") for one in likes)
    with pytest.raises(RefusedError, match="41078"):
        ask("moment-result", jobid="none")


def test_statistics_of_colleagues_and_groups(platform: Platform) -> None:
    (day,) = ask("statistics-member", userid="zhang", **SPAN)["rows"]
    assert day["new_contact_cnt"] == sum(who == "zhang" for who, _customer in platform.corp.contacts)
    owners = ask("statistics-groups", user="zhang,li,wang,zhao", **SPAN)["rows"]
    assert sum(one["data"]["chat_total"] for one in owners) == len(platform.corp.chats)
    (whole,) = ask("statistics-days", user="zhang,li,wang,zhao", **SPAN)["rows"]
    assert whole["data"]["chat_total"] == len(platform.corp.chats)


def test_customers_and_groups_of_who_leaves_are_handed_over(platform: Platform) -> None:
    corp = platform.corp
    mine = next(customer for who, customer in corp.contacts if who == "zhang")
    handed = ask("transfer", **TO, external_userid=f"{mine} wmnobody")["rows"]
    assert {one["external_userid"]: one["errcode"] for one in handed} == {mine: 0, "wmnobody": 40096}
    (waits,) = ask("transfer-result", handover_userid="zhang", takeover_userid="li")["rows"]
    assert (waits["external_userid"], waits["status"]) == (mine, 2)
    corp.desk.leave(corp, "wang", 1_772_000_000)
    left = [one["external_userid"] for one in ask("unassigned")["rows"]]
    assert left
    ask("transfer-resigned", handover_userid="wang", takeover_userid="zhao", external_userid=left[:100])
    assert ask("unassigned")["rows"] == []
    done = ask("transfer-resigned-result", handover_userid="wang", takeover_userid="zhao")["rows"]
    assert len(done) == len(left)
    chats = [chat for chat, said in corp.chats.items() if said.owner == "wang"]
    assert ask("transfer-groups-resigned", chat_id_list=[*chats, "wrnone"], new_owner="li")["rows"] == [
        {"chat_id": "wrnone", "errcode": 90500, "errmsg": "the owner of the chat is right"}]  # fmt: skip
    assert {corp.chats[chat].owner for chat in chats} == {"li"}


def test_what_is_wrong_is_named_before_anything_is_asked(platform: Platform) -> None:
    for name, given, field in (
        ("contact-way", {"state": "x"}, "user"), ("contact-way", {"user": "li", "state": "x" * 31}, "state"),
        ("contact-way", {"user": "li", "colour": "red"}, "colour"),
        ("join-way", {"chat_id_list": "a,b,c,d,e,f"}, "chat"),
        ("moments", {"since": "soon", "until": TODAY}, "since"),
        ("moments", {"since": "2026-01-01", "until": "2026-02-28"}, "until"),
        ("transfer", {**TO, "external_userid": [f"wm{number}" for number in range(101)]}, "external_userid"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=f"^{field}"):
            ask(name, **given)
    with pytest.raises(NotFound, match="contact-way"):
        ask("none")
    platform.forbidden = frozenset({"externalcontact/get_unassigned_list"})
    with pytest.raises(RefusedError, match="可调用接口的应用"):
        ask("unassigned")
    accounts.add("hook", "discord", {"token": "t"}, by="olga", now=NOW)
    with pytest.raises(InputError, match="wecom_mass"):
        asking.asked(Account.objects.get(name="hook"), "unassigned", {}, by="olga")
    assert len(asking.interfaces()) == len(INTERFACES)


def test_each_sharer_has_a_code_at_wecom_and_who_comes_through_it_is_known(ws: Workspace, platform: Platform) -> None:
    account, corp = Account.objects.get(), platform.corp
    with pytest.raises(InputError, match="campaign"):
        at_wecom.make(account, "spring", users=["zhang"], by="olga", now=NOW)
    tokens = [
        Code.objects.create(token=new_token(), campaign="spring", channel="wecom", sharer_key=f"user:{number}",
                            target="https://tea.example.cn", same=f"{number}", by="olga").token
        for number in range(3)
    ]  # fmt: skip
    platform.forbidden = frozenset({"externalcontact/add_contact_way"})
    with pytest.raises(RefusedError, match="48002"):
        at_wecom.make(account, "spring", users=["zhang"], by="olga", now=NOW)
    platform.forbidden = frozenset()
    made = at_wecom.make(account, "spring", users=["zhang"], by="olga", now=NOW)
    assert ({row.token for row in made.rows}, made.left) == (set(tokens), 0)
    assert {one["state"] for one in corp.desk.ways.values()} == set(tokens)
    assert at_wecom.make(account, "spring", users=["zhang"], by="olga", now=NOW).rows == [], "they are there"
    chat = next(iter(corp.chats))
    groups = at_wecom.make(account, "spring", groups=[chat], by="olga", now=NOW)
    assert len(groups.rows) == len(corp.desk.joins) == 3
    # Somebody adds a colleague by the first sharer's code, somebody joins by the second's; the lists tell both.
    ann, bo = corp.new_customer(), corp.new_customer()
    corp.contacts["zhang", ann] = Contact(since=1_772_000_000, state=tokens[0])
    member = {"userid": bo, "type": 2, "join_time": 1_772_000_000, "join_scene": 3, "state": tokens[1], "name": "Bo"}
    corp.chats[chat].members[bo] = member
    comparing.compare(account, ws, by="olga", now=datetime.now(UTC), shown=lambda _progress: None)
    found = {row["actor_key"]: row for row in ws.rows("SELECT * FROM events WHERE kind = 'arrive'")}
    assert {one: (row["target_key"], row["campaign"]) for one, row in found.items()} == {
        f"wecom:{ann}": ("user:0", "spring"), f"wecom:{bo}": ("user:1", "spring")}  # fmt: skip
    comparing.compare(account, ws, by="olga", now=datetime.now(UTC), shown=lambda _progress: None)
    assert len(ws.rows("SELECT id FROM events WHERE kind = 'arrive'")) == 2
    gone = at_wecom.remove(account, "spring", by="olga", now=NOW)
    assert (len(gone.rows), gone.left, corp.desk.ways, corp.desk.joins) == (6, 0, {}, {})
    with pytest.raises(InputError, match="users, groups"):
        at_wecom.make(account, "spring", by="olga", now=NOW)
