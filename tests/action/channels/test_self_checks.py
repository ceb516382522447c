"""Each thing that may be set wrong is set wrong, and the self-check names it and says where to mend it."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import translation
from pytest_django import Settings

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.kinds import Finding
from lianyi.action.channels.models import Account
from lianyi.action.operation.models import Ruleset, Signup, Sop
from lianyi.world.wecom.breaking import BREAKS
from lianyi.world.wecom.corp import Corp
from lianyi.world.wecom.server import Platform, serve
from tests.action.channels.servers import Receiver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# What is broken -> the setting that is named, for the app and for mass messages (None: it can't be seen there).
NAMED = {
    "secret": ("secret", "secret"), "corp": ("corp_id", "corp_id"), "ip": ("trusted_ip", "trusted_ip"),
    "permission": ("permission", "permission"), "range": ("visible_range", "visible_range"),
    "domain": ("domain", None), "app": ("app_state", None), "clock": ("clock", "clock"),
}  # fmt: skip


@pytest.fixture
def corporation() -> Iterator[tuple[Platform, str]]:
    platform = Platform(corp=Corp(dice=random.Random(1)), secret="s")
    server = serve(platform, host="127.0.0.1", port=0)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield platform, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def wecom(url: str, kind: str, **more: Any) -> Account:
    said: dict[str, Any] = {"corp_id": "wwcorp", "secret": "s", "url": url}
    if kind == "wecom_app":
        said["agent_id"] = 1000002
    return accounts.add("we", kind, {**said, **more}, by="olga", now=NOW)


def wrong(account: Account) -> list[Finding]:
    return [one for one in checking.check(account, by="olga", now=NOW) if one.ok is False]


@pytest.mark.parametrize("broken", ["", *BREAKS])
@pytest.mark.parametrize("kind", ["wecom_app", "wecom_mass"])
def test_what_is_broken_at_wecom_is_named(
    corporation: tuple[Platform, str], kind: str, broken: str, settings: Settings
) -> None:
    platform, url = corporation
    settings.PUBLIC_URL = "https://tea.example.cn"
    if broken:
        BREAKS[broken](platform)
    account = wecom(url, kind)
    found = wrong(account)
    name = NAMED[broken][kind == "wecom_mass"] if broken else None
    assert {one.setting for one in found} == ({name} if name else set())
    assert all(str(one) and one.mending for one in found)
    with translation.override("zh-hans"):
        assert all("{" not in str(one) + one.mending for one in found)
    if broken == "ip":
        assert "127.0.0.1" in found[0].mending, "which address is to be added"
    account.refresh_from_db()
    kept = accounts.described(account)
    assert kept["checked_at"] == NOW
    assert [one["setting"] for one in kept["check"] if one["ok"] is False] == [one.setting for one in found]
    assert "access_token" not in json.dumps(kept, default=str)


def test_a_sender_who_may_not_work_with_customers_is_named(corporation: tuple[Platform, str]) -> None:
    account = wecom(corporation[1], "wecom_mass", sender="qian")
    assert [(one.setting, "qian" in str(one)) for one in wrong(account)] == [("sender", True)]
    accounts.change(account, {"sender": "zhang"}, by="olga", now=NOW)
    assert wrong(account) == []


# --- Matrix: what it says, by a stand-in; the same of a real homeserver is in test_matrix.py --------------------------

API = "/_matrix/client/"


@pytest.fixture
def homeserver(http: Receiver) -> Receiver:
    http.answer(f"{API}versions", {"versions": ["v1.11"]})
    http.answer(f"{API}v3/account/whoami", {"user_id": "@bot:tea.test"})
    http.answer(f"{API}v3/joined_rooms", {"joined_rooms": ["!a:tea.test", "!b:tea.test"]})
    return http


def bot(url: str, **more: Any) -> Account:
    return accounts.add("room", "matrix", {"url": url, "token": "t", **more}, by="olga", now=NOW)


def acts_in(room: str, account: str = "room") -> None:
    Ruleset.objects.create(group_key=f"group:matrix/{room}", version=1, text_version=1, account=account, by="olga")


def test_a_bot_that_is_right(homeserver: Receiver) -> None:
    account = bot(homeserver.url, read=True)
    acts_in("!a:tea.test")
    acts_in("!elsewhere:tea.test", "another")
    found = checking.check(account, by="olga", now=NOW)
    assert [(one.step, one.ok) for one in found] == [
        ("dns", True), ("connection", True), ("login", True), ("rooms", True)]  # fmt: skip


def test_what_is_no_homeserver_or_away_is_named(http: Receiver) -> None:
    account = bot(http.url)
    assert [one.setting for one in wrong(account)] == ["url"]
    accounts.change(account, {"url": "http://127.0.0.1:1"}, by="olga", now=NOW)
    assert [(one.step, one.setting) for one in wrong(account)] == [("connection", "url")]


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        ("M_UNKNOWN_TOKEN", "token"),
        ("M_USER_DEACTIVATED", "token"),
        ("M_USER_LOCKED", "permission"),
        ("M_ODD", "token"),
    ],
)
def test_what_the_homeserver_says_of_the_token_is_named(homeserver: Receiver, code: str, setting: str) -> None:
    homeserver.answer(f"{API}v3/account/whoami", {"errcode": code, "error": "no"})
    found = wrong(bot(homeserver.url))
    assert [one.setting for one in found] == [setting]
    assert code in str(found[0])


def test_rooms_in_which_it_is_to_act_and_is_not_are_named(homeserver: Receiver) -> None:
    account = bot(homeserver.url)
    acts_in("!gone:tea.test")
    Sop.objects.create(name="s", trigger="periodic", steps=[], account="room", by="o", groups=["group:matrix/!sop:t"])
    Signup.objects.create(account="room", group_key="group:matrix/!b:tea.test", title="s", opened_at=NOW, closes_at=NOW)
    found = wrong(account)
    assert [one.setting for one in found] == ["room"]
    assert ("!gone:tea.test, !sop:t" in str(found[0]), "@bot:tea.test" in found[0].mending) == (True, True)


def test_encrypted_rooms_are_named_where_it_reads(homeserver: Receiver) -> None:
    account = bot(homeserver.url)
    homeserver.answer(f"{API}v3/rooms/%21b%3Atea.test/state/m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    assert wrong(account) == [], "an account that only writes can do so in encrypted rooms"
    accounts.change(account, {"read": True}, by="olga", now=NOW)
    found = wrong(account)
    assert [(one.setting, "!b:tea.test" in str(one)) for one in found] == [("encryption_of_rooms", True)]


def test_several_are_checked_at_once(http: Receiver, corporation: tuple[Platform, str]) -> None:
    bot(http.url)
    wecom(corporation[1], "wecom_app")
    found = checking.check_all(list(Account.objects.all()), by="olga", now=NOW)
    assert {name: checking.worked(one) for name, one in found.items()} == {"room": False, "we": True}
    assert Account.objects.get(name="we").checked_at == NOW
