"""Callbacks asked over HTTP of a real server: what is acknowledged is in the log, what is forged leaves a reason."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from lianyi.action.channels import heard
from lianyi.action.channels.callbacks import findings
from lianyi.action.channels.keyring import Keyring
from lianyi.action.channels.kinds import Configured
from lianyi.memory.sources.callbacks.cipher import Cipher
from tests.action.channels.platforms import APP_SECRET, CORP
from tests.action.channels.servers import Simulated, simulated
from tests.doors.collector.server import Running, landed, serving, wait_for, workspace

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRET = "secret-of-webhooks"
ANN = "wmAnn" + "A" * 27
CIPHER = Cipher.of("tok", KEY, CORP)
OFFICIAL = Cipher.of("tok", KEY, "wxapp")


@dataclass
class House:
    """A server with one account of each kind, and WeCom played."""

    running: Running
    platforms: Simulated

    def call(self, body: str, *, channel: str = "we", cipher: Cipher = CIPHER, sign: Cipher | None = None) -> int:
        """One callback as the platform makes it; the status of the answer."""
        sealed = cipher.seal(f"<xml><CreateTime>1700000000</CreateTime>{body}</xml>".encode(), b"0123456789abcdef")
        stamp = str(int(time.time()))
        query = {"msg_signature": (sign or cipher).signed(stamp, "n", sealed), "timestamp": stamp, "nonce": "n"}
        envelope = f"<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        return httpx.post(f"{self.running.url}/callbacks/{channel}", params=query, content=envelope).status_code

    def kept(self, kind: str) -> list[dict[str, Any]]:
        """Events of the log."""
        return [row for row in landed(self.running.folder) if row["kind"] == kind]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = workspace(tmp_path_factory.mktemp("callbacks") / "tea")
    with simulated(tmp_path_factory.mktemp("platforms")) as platforms:
        _account(folder, "we", "wecom_mass", {"corp_id": CORP, "url": platforms.url.rstrip("/"), "welcome": "欢迎"})
        _account(folder, "gh", "wechat_service", {"app_id": "wxapp", "url": platforms.url})
        _account(folder, "tg", "telegram", {"url": platforms.url})
        _account(folder, "forum", "discourse", {"url": platforms.url})
        _account(folder, "off", "wecom_mass", {"corp_id": CORP, "url": platforms.url}, on=False)
        _account(folder, "deaf", "wecom_mass", {"corp_id": CORP, "url": platforms.url}, token="")
        with serving(folder, environment={"NO_PROXY": "*"}) as running:
            yield House(running, platforms)
        said = running.said()
        assert "Traceback" not in said, said
        assert APP_SECRET not in said
        assert "access_token=" not in said
        assert KEY not in said


def _account(
    folder: Path, name: str, kind: str, settings: dict[str, Any], *, on: bool = True, token: str = "tok"
) -> None:
    """As action.channels keeps it."""
    secrets = {
        "secret": APP_SECRET,
        "callback_token": token,
        "callback_key": KEY,
        "webhook_secret": SECRET,
        "_seal": "00",
    }
    with closing(sqlite3.connect(folder / "ops.sqlite3")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS channels_account "
                         "(name TEXT, kind TEXT, settings TEXT, sealed TEXT, is_on BOOL)")  # fmt: skip
        database.execute(
            "INSERT INTO channels_account VALUES (?, ?, ?, ?, ?)",
            (name, kind, json.dumps(settings), Keyring(folder).seal(secrets), on),
        )


def test_an_address_is_confirmed_as_the_platform_wants(house: House) -> None:
    url = f"{house.running.url}/callbacks/"
    echo = CIPHER.seal(b"8374", b"0123456789abcdef")
    query = {"msg_signature": CIPHER.signed("1", "n", echo), "timestamp": "1", "nonce": "n", "echostr": echo}
    answer = httpx.get(url + "we", params=query)
    assert (answer.status_code, answer.content) == (200, b"8374")
    assert httpx.get(url + "we", params={**query, "nonce": "m"}).status_code == 403
    query = {"signature": OFFICIAL.signed("1", "n"), "timestamp": "1", "nonce": "n", "echostr": "8374"}
    assert httpx.get(url + "gh", params=query).content == b"8374"
    assert httpx.get(url + "gh", params={**query, "signature": "0" * 40}).status_code == 403
    assert httpx.get(url + "we?" + "&".join(f"a{number}=1" for number in range(30))).status_code == 400
    for nobody in ("off", "deaf", "none", "../ops.sqlite3", "We"):
        assert httpx.get(url + nobody, params=query).status_code == 404


def test_a_customer_is_welcomed_once_and_every_call_is_one_event(house: House) -> None:
    body = (f"<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>"
            f"<UserID>zhang</UserID><ExternalUserID>{ANN}</ExternalUserID><WelcomeCode>C1</WelcomeCode>")  # fmt: skip
    assert [house.call(body) for _ in range(3)] == [200, 200, 200]
    wait_for(lambda: house.kept("sent"), what="the greeting to be in the log")
    assert house.platforms.kept("welcome") == [{"welcome_code": "C1", "text": {"content": "欢迎"}}]
    (follow,) = house.kept("follow")
    (sent,) = house.kept("sent")
    assert (follow["actor_key"], sent["target_key"]) == (f"wecom:{ANN}", f"wecom:{ANN}")
    assert "C1" not in json.dumps([follow, sent], default=str)


def test_what_people_write_to_an_official_account_comes_in(house: House) -> None:
    wrote = "<FromUserName>oAnn</FromUserName><MsgType>text</MsgType><Content>在吗</Content><MsgId>5</MsgId>"
    assert house.call(wrote, channel="gh", cipher=OFFICIAL) == 200
    wait_for(lambda: house.kept("message"), what="the message to be in the log")
    assert [(row["actor_key"], row["text"], row["channel"]) for row in house.kept("message")] == [
        ("openid:oAnn", "在吗", "wechat")
    ]


def test_what_is_forged_is_refused_and_says_why_to_us_alone(house: House) -> None:
    body = "<Event>change_external_tag</Event>"
    other = Cipher.of("other", KEY, CORP)
    assert house.call(body, sign=other) == 403
    wait_for(lambda: heard.read(house.running.folder, "we").get("step") == "signature", what="the reason")
    assert house.call(body, cipher=Cipher.of("tok", KEY, "wwother")) == 403
    answers = [
        httpx.post(f"{house.running.url}/callbacks/we", content=content)
        for content in (b"", b"<xml>", b'<!DOCTYPE a [<!ENTITY b "c">]><xml><Encrypt>&b;</Encrypt></xml>')
    ]
    assert [one.status_code for one in answers] == [400, 400, 400]
    assert "Token" not in answers[0].text
    assert httpx.post(f"{house.running.url}/callbacks/we", content=b"x" * 300_000).status_code == 413
    assert not house.kept("notice")


def test_our_own_address_is_called_as_the_platform_calls_it(house: House, settings: Settings) -> None:
    def broken(name: str = "we", kind: str = "wecom_mass", token: str = "tok", corp: str = CORP) -> list[str]:
        given = {"callback_token": token, "callback_key": KEY, "corp_id": corp, "app_id": "wxapp"}
        account = Configured(name=name, kind=kind, settings=given, seal="00", folder=house.running.folder)
        found = asyncio.run(findings(account))
        assert all("tok" not in str(one) + one.mending for one in found)
        return [one.setting for one in found if one.ok is False]

    settings.PUBLIC_URL = house.running.url
    tag, other = "<Event>change_external_tag</Event>", Cipher.of("other", KEY, CORP)
    # What came is noted once a second, and so is what was refused: the call is made until it is.
    wait_for(lambda: house.call(tag) == 200 and not broken(), what="an account that is right")
    assert broken("gh", "wechat_service") == []
    assert broken("deaf") == broken("off") == ["callback_url"], "nobody takes callbacks there"
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    assert broken() == ["callback_url"]
    settings.PUBLIC_URL = ""
    assert broken() == []
    wait_for(lambda: house.call(tag, sign=other) == 403 and broken() == ["callback_token"], what="the reason")
    settings.PUBLIC_URL = house.running.url
    assert broken(token="other") == ["callback_url", "callback_token"], "it answers by other secrets"


def test_webhooks_of_bots_and_forums_are_held_to_their_secret(house: House) -> None:
    chat = {"id": -1001234567890, "type": "supergroup", "title": "茶友"}
    message = {"message_id": 5, "date": 1_772_000_000, "from": {"id": 101, "first_name": "Ann"}, "chat": chat}
    told = json.dumps({"update_id": 1, "message": {**message, "text": "好茶"}}).encode()
    post = {"username": "Ann", "created_at": "2026-02-25T06:13:20.000Z", "post_number": 1, "topic_id": 12,
            "category_slug": "tea", "raw": "Which tea?"}  # fmt: skip
    written = json.dumps({"post": post}).encode()
    signed = "sha256=" + hmac.new(SECRET.encode(), written, hashlib.sha256).hexdigest()
    kind = {"X-Discourse-Event-Type": "post", "X-Discourse-Event": "post_created"}

    def call(channel: str, body: bytes, headers: dict[str, str]) -> int:
        return httpx.post(f"{house.running.url}/callbacks/{channel}", content=body, headers=headers).status_code

    header = "X-Telegram-Bot-Api-Secret-Token"
    assert [call("tg", told, one) for one in ({}, {header: "other"}, {header: SECRET}, {header: SECRET})] == [
        403, 403, 200, 200]  # fmt: skip
    assert call("forum", written, kind) == 403
    assert call("forum", written + b" ", {**kind, "X-Discourse-Event-Signature": signed}) == 403
    assert call("forum", written, {**kind, "X-Discourse-Event-Signature": signed}) == 200
    wait_for(lambda: {row["channel"] for row in house.kept("message")} >= {"telegram", "discourse"}, what="both")
    by = {row["channel"]: row for row in house.kept("message")}
    assert (by["telegram"]["actor_key"], by["telegram"]["text"]) == ("telegram:101", "好茶")
    assert (by["discourse"]["actor_key"], by["discourse"]["text"]) == ("discourse:ann", "Which tea?")
    odd = [b"", b"[]", b'{"message": {"chat": 1}}', b'{"message": ' + b"[" * 9000, told.replace(b"1772000000", b"9e99")]
    assert [call("tg", body, {header: SECRET}) for body in odd] == [200] * 5, "or it would be sent for ever"
    wait_for(lambda: call("tg", b"{", {header: SECRET}) == 200
             and heard.read(house.running.folder, "tg").get("step") == "callback", what="the reason")  # fmt: skip
    assert httpx.get(f"{house.running.url}/callbacks/tg").status_code in {403, 405}


def test_who_comes_with_the_state_of_a_code_came_through_its_sharer(house: House) -> None:
    with closing(sqlite3.connect(house.running.folder / "ops.sqlite3")) as database, database:
        columns = "token, campaign, channel, sharer_key, target, landing, carry, retired_at, same"
        database.execute(f"CREATE TABLE IF NOT EXISTS codes_code ({columns})")
        row = ("abcdefghjkmnp", "spring", "wecom", "user:7", "", 0, 0, None, "s")
        database.execute(f"INSERT INTO codes_code VALUES ({','.join('?' * len(row))})", row)
    body = (f"<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>"
            f"<UserID>li</UserID><ExternalUserID>{ANN}</ExternalUserID><State>abcdefghjkmnp</State>")  # fmt: skip
    assert [house.call(body) for _ in range(2)] == [200, 200]
    wait_for(lambda: house.kept("arrive"), what="the arrival to be in the log")
    (came,) = house.kept("arrive")
    assert (came["actor_key"], came["target_key"], came["campaign"]) == (f"wecom:{ANN}", "user:7", "spring")
