"""WeCom and the official account against a simulator that checks what the documentation says."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import lianyi
from lianyi.action.channels import accounts, checking, heard
from lianyi.action.channels.contract import Fate, Message, Outcome, Reporting
from lianyi.action.channels.kinds import kind_of
from lianyi.action.channels.models import Account
from lianyi.action.channels.wechat_service.channel import open_until
from lianyi.errors import InputError
from lianyi.memory.events import Event
from tests.action.channels.platforms import APP_ID, APP_SECRET, CORP
from tests.action.channels.servers import Simulated, delivered

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def wecom(platforms: Simulated, kind: str, **more: Any) -> Account:
    said: dict[str, Any] = {"corp_id": CORP, "secret": APP_SECRET, "url": platforms.url}
    if kind == "wecom_app":
        said["agent_id"] = 1000002
    return accounts.add("we", kind, {**said, **more}, by="olga", now=NOW)


def to(whom: str, text: str = "你好", **more: Any) -> Message:
    return Message(**{"key": f"k/{whom}/{text}", "to": whom, "text": text, **more})


# --- application messages ---------------------------------------------------------------------------------------------


def test_an_application_message_reaches_one_member(platforms: Simulated) -> None:
    wecom(platforms, "wecom_app")
    good, nobody, many, long = delivered(
        "wecom_app", "we", to("zhang", subject="Call Ann"), to("nobody"), to("zhang|li"), to("zhang", "长" * 700)
    )
    assert (good.fate, good.provider_id) == (Fate.SENT, "m-zhang")
    assert [one.permanent for one in (nobody, many, long)] == [True, True, True]
    assert platforms.kept("app") == [
        {"touser": "zhang", "msgtype": "text", "agentid": 1000002, "text": {"content": "Call Ann\n你好"}}
    ]
    assert platforms.fetched() == 1, "one token for all messages, though they came at once"
    assert accounts.address_of("we", ["wecom:wm1", "wecom_user:zhang"]) == "zhang"


def test_a_token_that_dies_early_is_replaced_once(platforms: Simulated) -> None:
    wecom(platforms, "wecom_app")
    platforms.set(die=1)
    assert delivered("wecom_app", "we", to("zhang"))[0].fate is Fate.SENT
    assert platforms.fetched() == 2
    platforms.set(die=2)
    refused = delivered("wecom_app", "we", to("li"))[0]
    assert (refused.fate, refused.permanent, refused.reason[:5]) == (Fate.FAILED, False, "42001")


def test_a_busy_platform_is_asked_again(platforms: Simulated) -> None:
    wecom(platforms, "wecom_app")
    platforms.set(busy=2)
    assert delivered("wecom_app", "we", to("zhang"))[0].fate is Fate.SENT


@pytest.mark.parametrize(
    ("code", "permanent", "waits", "says"),
    [(45009, False, 60.0, "45009"), (45033, False, 5.0, "45033"), (60020, False, None, "企业可信IP"),
     (48002, False, None, "right to this interface"), (40003, True, None, "40003")],
)  # fmt: skip
def test_what_codes_mean(platforms: Simulated, code: int, permanent: bool, waits: float | None, says: str) -> None:
    made = wecom(platforms, "wecom_app")
    platforms.set(errcode=code)
    outcome = delivered("wecom_app", "we", to("zhang"))[0]
    assert (outcome.fate, outcome.permanent, outcome.retry_after) == (Fate.FAILED, permanent, waits)
    assert says in outcome.reason
    assert "hint" not in outcome.reason
    found = checking.check(made, by="olga", now=NOW)
    passes = None if waits else False  # a limit may pass by itself
    assert [one.ok for one in found] == [True, True, passes]
    assert says in str(found[-1]) + found[-1].mending + outcome.reason


def test_the_check_of_an_account_that_is_right(platforms: Simulated) -> None:
    made = wecom(platforms, "wecom_app")
    assert all(one.ok for one in checking.check(made, by="olga", now=NOW))
    accounts.change(made, {"secret": "wrong"}, by="olga", now=NOW)
    assert "40001" in str(checking.check(made, by="olga", now=NOW)[-1])


def test_a_call_that_breaks_off(platforms: Simulated) -> None:
    wecom(platforms, "wecom_app")
    platforms.set(broken=1)
    outcome = delivered("wecom_app", "we", to("zhang"))[0]
    assert (outcome.fate, outcome.provider_id) == (Fate.UNKNOWN, "")


# --- mass messages ----------------------------------------------------------------------------------------------------

CONTACTS = {"wm1": "zhang", "wm2": "zhang", "wm3": "zhang", "wm4": "li", "wm5": "li"}


def news(ids: list[str]) -> dict[str, Outcome]:
    """What the channel tells of messages, in a process that has not sent them."""
    import asyncio

    given = accounts.configured(accounts.by_name("we"))

    async def ask() -> dict[str, Outcome]:
        channel = await kind_of("wecom_mass").door().open(given)
        assert isinstance(channel, Reporting)
        try:
            return dict(await channel.results(ids))
        finally:
            await channel.close()

    return asyncio.run(ask())


def test_nothing_counts_as_sent_before_staff_have_confirmed_it(platforms: Simulated) -> None:
    wecom(platforms, "wecom_mass")
    platforms.set(contacts=CONTACTS)
    customers = [*CONTACTS, "stranger"]
    outcomes = delivered("wecom_mass", "we", *map(to, customers))
    assert len(platforms.kept("task")) == 1, "one task, so that each member confirms once"
    *meant, stranger = outcomes
    assert {(one.fate, bool(one.provider_id)) for one in meant} == {(Fate.UNKNOWN, True)}
    assert (stranger.fate, stranger.permanent) == (Fate.FAILED, True)
    ids = [one.provider_id for one in meant]
    assert all("wm" not in one for one in ids), "who it is stays with us"
    assert news(ids) == {}
    at = int(time.time()) - 60
    platforms.set(confirmed={"zhang": at}, gone=["wm2"], capped=["wm3"])
    found = news(ids)
    assert found[ids[0]] == Outcome(fate=Fate.SENT, at=datetime.fromtimestamp(at, UTC))
    assert (found[ids[1]].fate, found[ids[1]].permanent) == (Fate.FAILED, True)
    assert "as many mass messages as WeCom allows" in found[ids[2]].reason
    assert set(found) == set(ids[:3]), "li has not confirmed; nobody knows yet"


def test_what_nobody_confirmed_in_time_was_not_sent(platforms: Simulated) -> None:
    wecom(platforms, "wecom_mass", days=2)
    platforms.set(contacts=CONTACTS)
    first = delivered("wecom_mass", "we", to("wm1"))[0]
    task, _at, mark = first.provider_id.split("/")
    old = f"{task}/{int(time.time()) - 3 * 86400}/{mark}"
    found = news([first.provider_id, old])
    assert set(found) == {old}
    assert "nobody confirmed it in WeCom within 2 days" in found[old].reason


def test_each_text_is_a_task_of_its_own_and_nobody_is_twice_in_one(platforms: Simulated) -> None:
    wecom(platforms, "wecom_mass", sender="wang")
    platforms.set(contacts=CONTACTS)
    delivered("wecom_mass", "we", to("wm1", "a"), to("wm2", "a"), to("wm1", "b"), to("wm1", "a"))
    tasks = platforms.kept("task")
    assert sorted((one["text"]["content"], *sorted(one["external_userid"])) for one in tasks) == [
        ("a", "wm1"), ("a", "wm1", "wm2"), ("b", "wm1")]  # fmt: skip
    assert {one["sender"] for one in tasks} == {"wang"}


def test_a_task_that_may_have_been_made_is_not_made_again(platforms: Simulated) -> None:
    made = wecom(platforms, "wecom_mass")
    platforms.set(contacts=CONTACTS, broken=1)
    outcomes = delivered("wecom_mass", "we", to("wm1"), to("wm2"))
    assert [(one.fate, one.provider_id) for one in outcomes] == [(Fate.UNKNOWN, "")] * 2
    platforms.set(errcode=45009)
    assert delivered("wecom_mass", "we", to("wm1"))[0].retry_after == 60.0
    platforms.set(errcode=0)
    assert all(one.ok for one in checking.check(made, by="olga", now=NOW))
    assert delivered("wecom_mass", "we", to("wm1", "长" * 1400))[0].permanent


# --- customer service of the official account -------------------------------------------------------------------------


def test_the_window_is_of_the_last_thing_that_the_person_did() -> None:
    assert open_until([]) is None
    assert open_until([("view", NOW)]) is None
    assert open_until([("message", NOW), ("click", NOW + timedelta(hours=1))]) == NOW + timedelta(hours=48)
    assert open_until([("follow", NOW)]) == NOW + timedelta(minutes=1)


def test_messages_outside_the_48_hours_are_refused_with_the_reason(platforms: Simulated, folder: Path) -> None:
    folder.rmdir()
    now = datetime.now(UTC)
    workspace = lianyi.open(folder, create=True)

    def event(openid: str, hours: float, channel: str = "wechat", kind: str = "message") -> Event:
        return Event(id=f"{openid}/{hours}/{channel}", at=now - timedelta(hours=hours), kind=kind, source="t",
                     actor_key=f"openid:{openid}", channel=channel)  # fmt: skip

    workspace.record([
        event("o1", 47), event("o2", 49), event("o3", 1, "web"), event(f"{APP_ID}/o4", 1), event("o6", 1),
        event("o5", 0.5, kind="click"),
    ])  # fmt: skip
    said = {"app_id": APP_ID, "secret": APP_SECRET, "url": platforms.url}
    made = accounts.add("gzh", "wechat_service", said, by="olga", now=NOW)
    platforms.set(closed=["o6"])
    outcomes = delivered("wechat_service", "gzh", *(to(f"o{number}") for number in range(1, 7)))
    assert [one.fate is Fate.SENT for one in outcomes] == [True, False, False, True, False, False]
    assert sorted(one["touser"] for one in platforms.kept("custom")) == ["o1", "o4"]
    assert all(one.permanent for one in outcomes if one.fate is Fate.FAILED)
    assert "outside the 48 hours after the person's last message: it closed at" in outcomes[1].reason
    assert "never wrote" in outcomes[2].reason
    assert outcomes[5].reason.startswith("45015"), "the platform has the last word"
    assert platforms.fetched() == 1
    assert all(one.ok for one in checking.check(made, by="olga", now=NOW))
    assert accounts.address_of("gzh", [f"openid:{APP_ID}/o4", "openid:o1"]) == "o4"
    assert accounts.address_of("gzh", ["openid:other/o9", "openid:o1"]) == "o1"


# --- contents that are more than text ---------------------------------------------------------------------------------

LINK = {"kind": "link", "title": "春茶", "text": "今年的新茶", "url": "https://tea.test/r/abc", "picture": ""}


def test_a_link_goes_out_as_a_card_and_what_needs_an_upload_is_refused(platforms: Simulated) -> None:
    wecom(platforms, "wecom_app")
    link, poster = delivered("wecom_app", "we", to("zhang", props=LINK), to("zhang", props={"kind": "poster"}))
    assert (link.fate, poster.permanent) == (Fate.SENT, True)
    assert "needs a picture uploaded" in poster.reason
    assert platforms.kept("app")[0]["textcard"] == {
        "title": "春茶", "description": "今年的新茶", "url": "https://tea.test/r/abc"}  # fmt: skip


def test_a_link_in_a_mass_message_is_an_attachment(platforms: Simulated) -> None:
    wecom(platforms, "wecom_mass")
    platforms.set(contacts=CONTACTS)
    outcome = delivered("wecom_mass", "we", to("wm1", props=LINK))[0]
    assert outcome.fate is Fate.UNKNOWN
    task = platforms.kept("task")[0]
    assert "text" not in task
    assert task["attachments"] == [
        {"msgtype": "link", "link": {"title": "春茶", "desc": "今年的新茶", "url": "https://tea.test/r/abc"}}
    ]


# --- callbacks --------------------------------------------------------------------------------------------------------


def test_a_check_says_what_callbacks_came_and_why_one_was_refused(platforms: Simulated, folder: Path) -> None:
    key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    made = wecom(platforms, "wecom_app", callback_token="t", callback_key=key)
    assert "t" not in accounts.described(made)["settings"]["callback_token"].split()

    def found() -> list[tuple[str, bool | None]]:
        return [(one.step, one.ok) for one in checking.check(made, by="olga", now=NOW)[4:]]

    assert found() == [("callback", None)]
    heard.note(folder, "we", now=NOW, said_at=str(int(NOW.timestamp())))
    assert found() == [("callback", True)]
    heard.note(folder, "we", now=NOW, said_at=str(int(NOW.timestamp()) + 900))
    assert found() == [("callback", True), ("clock", False)]
    heard.note(folder, "we", now=NOW + timedelta(seconds=1), step="signature", why="the Token differs")
    assert found() == [("callback", False)]
    assert "Token" in str(checking.check(made, by="olga", now=NOW)[4])
    with pytest.raises(InputError, match="43"):
        accounts.change(made, {"callback_key": "short"}, by="olga", now=NOW)
