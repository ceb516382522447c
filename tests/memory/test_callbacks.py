"""Callbacks of WeCom and official accounts: envelope and events, against vectors that other programs made."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from lianyi.memory.events import Event, check
from lianyi.memory.sources.callbacks import wechat, wecom
from lianyi.memory.sources.callbacks.calls import BadCallback, read, sealed_in
from lianyi.memory.sources.callbacks.cipher import Cipher, Forged

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
# By `openssl enc -aes-256-cbc -nopad` and `sha1sum`, from the layout that the platform documents.
SEALED = "Q3stYC6hdFzMh9T8HCvyDAcqi/xNKk7gzZBpcJg8uZ+Mv9zrS9cwmAoWBAg8h6Is10AAehwpJD/5F/fTTjo2eA=="
SIGNATURE = "42182ff3dd629db3d5e27f7fff720f1f31a376dd"
MESSAGE = b"<xml><Event>subscribe</Event></xml>"
CIPHER = Cipher.of("token-x", KEY, "wwcorp")
ANN, BOB = "wmAnn" + "A" * 27, "woBob" + "B" * 27


def said(body: str, *, at: int = 1_700_000_000) -> list[Event]:
    """The events of one callback of WeCom, as the log would take them."""
    text = (f"<xml><ToUserName>wwcorp</ToUserName><FromUserName>sys</FromUserName><CreateTime>{at}</CreateTime>"
            f"<MsgType>event</MsgType>{body}</xml>")  # fmt: skip
    return [check(event, now=NOW) for event in wecom.events(read(text, now=NOW), "wwcorp")]


def contact(change: str, more: str = "") -> str:
    return (f"<Event>change_external_contact</Event><ChangeType>{change}</ChangeType><UserID>zhang</UserID>"
            f"<ExternalUserID>{ANN}</ExternalUserID>{more}")  # fmt: skip


def chat(detail: str, more: str = "") -> str:
    return (f"<Event>change_external_chat</Event><ChangeType>update</ChangeType><ChatId>wrChat</ChatId>"
            f"<UpdateDetail>{detail}</UpdateDetail>{more}")  # fmt: skip


# --- the envelope -------------------------------------------------------------------------------------------------


def test_what_openssl_sealed_is_opened_and_sealed_the_same() -> None:
    CIPHER.verify(SIGNATURE, "1700000000", "n0nce", SEALED)
    assert CIPHER.open(SEALED) == MESSAGE
    assert CIPHER.seal(MESSAGE, b"0123456789abcdef") == SEALED


def test_a_forged_call_says_which_setting_differs() -> None:
    with pytest.raises(Forged, match="Token") as token:
        Cipher.of("other", KEY, "wwcorp").verify(SIGNATURE, "1700000000", "n0nce", SEALED)
    with pytest.raises(Forged, match="EncodingAESKey") as key:
        Cipher.of("token-x", KEY[::-1], "wwcorp").open(SEALED)
    with pytest.raises(Forged, match="look at the id") as receiver:
        Cipher.of("token-x", KEY, "wwother").open(SEALED)
    assert [one.value.step for one in (token, key, receiver)] == ["signature", "key", "receiver"]


def test_no_damage_of_an_envelope_does_more_than_be_refused() -> None:
    dice = random.Random(7)
    raw = bytearray(SEALED.encode())
    for _ in range(500):
        damaged = bytearray(raw)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        text = bytes(damaged[: dice.randint(0, len(damaged))]).decode("latin-1")
        with pytest.raises(Forged):
            CIPHER.open(text)
    assert CIPHER.open(SEALED) == MESSAGE


@pytest.mark.parametrize("text", [
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Encrypt>&e;</Encrypt></xml>',
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>',
    "<xml>" + "<a>" * 100 + "</a>" * 100 + "</xml>", "<xml><Encrypt>", "", "\ud800", "<xml></xml>",
])  # fmt: skip
def test_entities_depth_and_damage_are_refused(text: str) -> None:
    with pytest.raises(BadCallback):
        sealed_in(text.encode("utf-8", "surrogatepass"))


# --- WeCom --------------------------------------------------------------------------------------------------------


def test_every_change_of_a_contact() -> None:
    (added,) = said(contact("add_external_contact", "<State>fis-7</State><WelcomeCode>CODE</WelcomeCode>"))
    assert (added.kind, added.actor_key, added.target_key) == ("follow", f"wecom:{ANN}", "wecom_user:zhang")
    assert added.props == {"change": "add_external_contact", "state": "fis-7"}
    assert added.at == datetime.fromtimestamp(1_700_000_000, UTC)
    (half,) = said(contact("add_half_external_contact"))
    assert (half.kind, half.props) == ("follow", {"change": "add_half_external_contact", "half": True})
    (lost,) = said(contact("del_follow_user"))
    assert (lost.kind, lost.actor_key, lost.target_key) == ("unfollow", f"wecom:{ANN}", "wecom_user:zhang")
    (dropped,) = said(contact("del_external_contact", "<Source>DELETE_BY_TRANSFER</Source>"))
    assert (dropped.kind, dropped.actor_key) == ("unfollow", "wecom_user:zhang")
    assert dropped.props == {"change": "del_external_contact", "why": "DELETE_BY_TRANSFER"}
    (failed,) = said(contact("transfer_fail", "<FailReason>customer_refused</FailReason>"))
    assert (failed.kind, failed.props) == ("notice", {"change": "transfer_fail", "why": "customer_refused"})
    assert said(contact("edit_external_contact"))[0].kind == "notice"


@pytest.mark.parametrize("members", [
    f"<MemChangeList><![CDATA[{ANN},{BOB},zhang]]></MemChangeList>",
    f"<MemChangeList><Item>{ANN}</Item><Item>{BOB}</Item><Item>zhang</Item></MemChangeList>",
])  # fmt: skip
def test_members_come_in_two_forms(members: str) -> None:
    more = f"<JoinScene>3</JoinScene><LastMemVer>v1</LastMemVer><CurMemVer>v2</CurMemVer>{members}"
    joined = said(chat("add_member", more))
    assert [event.kind for event in joined] == ["join"] * 3
    assert [event.actor_key for event in joined] == [f"wecom:{ANN}", f"wecom:{BOB}", "wecom_user:zhang"]
    assert {event.group_key for event in joined} == {"group:wecom/wrChat"}
    assert len({event.id for event in joined}) == 3
    assert joined[0].props is not None
    assert (joined[0].props["join_scene"], joined[0].props["version"]) == (3, "v2")
    left = said(chat("del_member", f"<QuitScene>1</QuitScene>{members}"))
    assert {(event.kind, (event.props or {})["how"]) for event in left} == {("leave", "removed")}
    assert ((said(chat("del_member", f"<QuitScene>0</QuitScene>{members}"))[0].props or {})["how"]) == "left"


def test_a_change_without_its_members_is_kept_as_a_notice() -> None:
    for more in ("<MemChangeCnt>2</MemChangeCnt>", "<MemChangeCnt>2</MemChangeCnt><MemChangeList></MemChangeList>"):
        (event,) = said(chat("add_member", more))
        assert (event.kind, event.group_key) == ("notice", "group:wecom/wrChat")
        assert event.props == {"change": "update", "detail": "add_member", "count": 2}
    for detail in ("change_owner", "change_name", "change_notice"):
        assert said(chat(detail))[0].props == {"change": "update", "detail": detail}


def test_what_is_unknown_is_kept_without_its_secrets() -> None:
    (event,) = said(
        "<Event>customer_acquisition</Event><ChangeType>balance_low</ChangeType><WelcomeCode>S</WelcomeCode>"
    )
    assert event.kind == "notice"
    assert "balance_low" in str(event.props)
    assert "WelcomeCode" not in str(event.props)
    (tag,) = said("<Event>change_external_tag</Event><ChangeType>create</ChangeType><Id>t1</Id><TagType>tag</TagType>")
    assert (tag.kind, tag.object_key) == ("notice", "wecom_tag:t1")


def test_calls_doubled_and_out_of_order_say_the_same() -> None:
    dice = random.Random(3)
    bodies = [(chat("add_member", f"<MemChangeList>wm{n:030}</MemChangeList>"), 1_700_000_000 + n) for n in range(500)]
    once = {event for body, at in bodies for event in map(_plain, said(body, at=at))}
    twice = bodies * 2
    dice.shuffle(twice)
    assert {event for body, at in twice for event in map(_plain, said(body, at=at))} == once
    assert len({event[0] for event in once}) == 500


def _plain(event: Event) -> tuple[str, str, str | None, datetime]:
    return event.id, event.kind, event.actor_key, event.at


# --- official account -----------------------------------------------------------------------------------------------


def heard(body: str, kind: str = "event") -> Event:
    text = (f"<xml><ToUserName>gh_1</ToUserName><FromUserName>oAnn</FromUserName>"
            f"<CreateTime>1700000000</CreateTime><MsgType>{kind}</MsgType>{body}</xml>")  # fmt: skip
    (event,) = wechat.events(read(text, now=NOW), "wxapp")
    return check(event, now=NOW)


def test_what_people_do_with_an_official_account() -> None:
    came = heard("<Event>subscribe</Event><EventKey>qrscene_c42</EventKey><Ticket>T</Ticket>")
    assert (came.kind, came.actor_key, came.object_key) == ("follow", "openid:oAnn", "account:wxapp")
    assert came.props == {"scene": "c42"}
    assert heard("<Event>unsubscribe</Event>").kind == "unfollow"
    scanned = heard("<Event>SCAN</Event><EventKey>c42</EventKey>")
    assert (scanned.kind, scanned.props) == ("arrive", {"scene": "c42"})
    clicked = heard("<Event>CLICK</Event><EventKey>MENU_1</EventKey>")
    assert (clicked.kind, clicked.object_key) == ("click", "menu:MENU_1")
    assert heard("<Event>VIEW</Event><EventKey>https://a.example/b</EventKey>").kind == "view"
    where = heard("<Event>LOCATION</Event><Latitude>23.1</Latitude>")
    assert (where.kind, where.props) == ("notice", {"change": "location"})
    wrote = heard("<Content>你好</Content><MsgId>77</MsgId>", "text")
    assert (wrote.id, wrote.kind, wrote.text) == ("wechat_account:wxapp/message/77", "message", "你好")
    assert heard("<MediaId>m1</MediaId><MsgId>78</MsgId>", "image").props == {"type": "image", "MediaId": "m1"}
    revoked = heard("<Event>user_authorization_revoke</Event><RevokeInfo>301</RevokeInfo>")
    assert revoked.kind == "notice"
