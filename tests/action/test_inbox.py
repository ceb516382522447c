"""The inbox: what needs a person is there once, however it comes; answers go by the channel that can; time on duty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lianyi.action.channels import accounts
from lianyi.action.channels.contract import Fate, Message, Outcome
from lianyi.action.channels.matrix import listening
from lianyi.action.inbox import derived, duty, forgetting, live, measuring, working
from lianyi.action.inbox.models import Item, Step
from lianyi.action.inbox.rounds import Inbox
from lianyi.action.operation import deciding, rules
from lianyi.action.operation.models import Case, Run, Sop
from lianyi.action.team.models import Act, User
from lianyi.errors import InputError, RefusedError
from lianyi.memory.draining import land
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.action.group_platform import GROUP, Platform

NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)  # a Friday, noon in Shanghai
ZONE = "Asia/Shanghai"
DIRECT = "group:matrix/!alone:tea.test"


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "tea", clock=lambda: NOW)


@pytest.fixture
def olga() -> User:
    return User.objects.enrol("olga", role="owner", password="wade-in-calm-water")


def said(who: str, text: str, number: int = 0, kind: str = "message", **more: Any) -> Event:
    values = {"source": "matrix", "channel": "matrix", "group_key": GROUP, **more}
    return Event(id=f"m:{who}{number}", at=NOW - timedelta(hours=1) + timedelta(minutes=number), kind=kind,
                 actor_key=f"matrix:@{who}:tea.test", text=text, **values)  # fmt: skip


def come(ws: Workspace, *events: Event, minutes: int = 0) -> None:
    now = NOW + timedelta(minutes=minutes)
    ws.inbox.put_now(list(events), received_at=now)
    land(ws.inbox, ws.lake, now)
    Inbox(ws.folder).work(ws, now, lambda: False)


def live_group(mode: str = "live") -> None:
    rules.publish(GROUP, says={"en": "Be kind."}, measures={"mode": mode}, account="room", by="olga", now=NOW)


def test_what_needs_a_person_is_there_once_and_closed_by_an_answer(ws: Workspace) -> None:
    come(ws, said("ann", "请问多久发货呀"), said("bo", "太差了,坏了还不给退款!", 1), said("kim", "天气真好", 2),
         said("lee", "怎么泡好喝?", 3), said("eve", "我有发票吗", 4))  # fmt: skip
    kinds = dict(Item.objects.values_list("message_id", "kind"))
    assert kinds == {"m:ann0": "question", "m:bo1": "complaint", "m:lee3": "question", "m:eve4": "question"}
    Item.objects.filter(message_id="m:lee3").update(text="")
    answers = [
        said("ann", "有人吗", 5, "reply", parent_id="m:ann0"),
        said("kim", "三天", 6, "reply", parent_id="m:ann0"),
    ]
    come(
        ws,
        *answers,
        said("kim", "抱歉", 7, "reply", parent_id="m:bo1"),
        said("eve", "", 8, "recall", parent_id="m:eve4"),
    )
    ann, bo, eve = (Item.objects.get(message_id=one) for one in ("m:ann0", "m:bo1", "m:eve4"))
    assert (ann.how, ann.answered_by) == ("answered", "matrix:@kim:tea.test")
    assert ann.answered_at == NOW - timedelta(minutes=54)
    assert bo.closed_at is None, "a member's word answers no complaint"
    assert (eve.how, eve.text) == ("gone", "")
    Inbox(ws.folder).work(ws, NOW, lambda: False)
    assert Item.objects.count() == 4, "the words that came again are the same"
    come(ws, said("old", "请问有货吗", -60 * 48))
    assert Item.objects.count() == 4, "a past that is imported is no news"
    assert not Inbox(ws.folder).due(NOW)


def test_sops_answer_questions_and_cases_are_decided_in_either_place(ws: Workspace, olga: User) -> None:
    sop = Sop.objects.create(name="delivery", trigger="word", steps=[], account="room", by="olga")
    Run.objects.create(sop=sop, key="k", account="room", group_key=GROUP, answers="m:ann0", step=1, began_at=NOW,
                       ended_at=NOW)  # fmt: skip
    live_group("dry")
    case = Case.objects.create(message_id="m:x", account="room", group_key=GROUP, actor="matrix:@x:t", said_at=NOW,
                               text="advert", measure="remove", state="dry")  # fmt: skip
    come(ws, said("ann", "请问多久发货呀"))
    asked, judged = Item.objects.get(kind="question"), Item.objects.get(kind="moderation")
    assert (asked.how, asked.answered_by) == ("answered", "sop delivery")
    with pytest.raises(RefusedError, match="waits for a decision"):
        working.done(judged, by="olga", now=NOW)
    deciding.fine(ws, case, by="olga", now=NOW)
    assert Inbox(ws.folder).due(NOW)
    Inbox(ws.folder).work(ws, NOW, lambda: False)
    judged.refresh_from_db()
    assert (judged.how, judged.closed_by) == ("decided", "olga")


def test_messages_to_the_brand_alone_are_one_conversation(ws: Workspace, settings: Any, olga: User) -> None:
    settings.WORKSPACE = ws.folder
    accounts.add("room", "matrix", {"url": "https://m.tea.test", "token": "t"}, by="olga", now=NOW)
    rooms = {"!alone:tea.test": listening.RoomRead(direct=True)}
    listening.save(ws.folder, "room", listening.Progress(rooms=rooms))
    come(ws, said("ann", "在吗", group_key=DIRECT), said("ann", "想换货", 1, group_key=DIRECT))
    come(ws, Event(id="wechat_account:wx1/message/7", at=NOW, kind="message", source="wechat_account", channel="wechat",
                   actor_key="openid:o1", text="hello"))  # fmt: skip
    one, other = Item.objects.order_by("said_at")
    working.snooze(one, NOW + timedelta(days=1), by="olga", now=NOW)
    come(ws, said("ann", "在吗?", 2, group_key=DIRECT))
    one.refresh_from_db()
    assert one.snoozed_until is None, "who writes again is not put off"
    one.steps.exclude(what="said", text="想换货").delete()
    assert (one.account, one.direct, list(one.steps.values_list("text", flat=True))) == ("room", True, ["想换货"])
    assert working.route(other).by == "none", "no account of that app"
    with pytest.raises(RefusedError, match="no channel"):
        working.reply(ws, other, "hi", by="olga", now=NOW)
    given: list[Message] = []

    def send(_account: Any, message: Message, *, now: datetime) -> Outcome:
        given.append(message)
        return Outcome(fate=Fate.UNKNOWN if len(given) == 1 else Fate.SENT)

    assert working.reply(ws, one, "可以", by="olga", now=NOW, once="a", send=send).fate == "unknown"
    assert Item.objects.get(pk=one.pk).closed_at is None, "nobody knows whether it went"
    working.reply(ws, one, "可以", by="olga", now=NOW, once="a", send=send)
    assert len(given) == 1, "the same answer is given once"
    assert working.reply(ws, one, "可以的", by="olga", now=NOW, once="b", send=send).fate == "sent"
    assert (given[-1].to, given[-1].text) == ("!alone:tea.test", "可以的")
    assert (one.how, one.answered_by, one.assignee) == ("answered", "olga", "olga")
    come(ws, said("ann", "谢谢", 9, group_key=DIRECT))
    assert Item.objects.filter(direct=True, closed_at__isnull=True, channel="matrix").count() == 1
    sent = ws.rows("SELECT kind, target_key, text FROM events WHERE kind = 'sent'")
    assert sent == [{"kind": "sent", "target_key": "matrix:@ann:tea.test", "text": "可以的"}]


def test_a_group_reads_an_answer_only_where_it_is_live(ws: Workspace, olga: User) -> None:
    there = Platform()
    come(ws, said("ann", "请问多久发货呀"))
    item = Item.objects.get()
    assert working.route(item).by == "none"
    live_group("dry")
    assert working.reply(ws, item, "三天", by="olga", now=NOW, acts=there.opened).fate == "dry"
    item.refresh_from_db()
    assert (item.closed_at, there.said) == (None, {}), "nothing was said, so it still waits"
    live_group()
    assert working.reply(ws, item, "三天", by="olga", now=NOW, acts=there.opened).fate == "sent"
    assert (list(there.said.values()), item.how) == (["三天"], "answered")
    working.reopen(item, by="olga", now=NOW)
    working.assign(item, "olga", by="olga", now=NOW)
    working.note(item, "asked the warehouse", by="olga", now=NOW)
    working.snooze(item, NOW + timedelta(hours=1), by="olga", now=NOW)
    assert (working.counts(NOW)["open"], working.counts(NOW)["snoozed"]) == (0, 1)
    assert working.listed(NOW + timedelta(hours=2)).get() == item
    working.done(item, by="olga", now=NOW)
    told = working.described(Item.objects.get(), NOW, whole=True)
    assert [step["what"] for step in told["steps"]] == ["reply", "reply", "reopen", "assign", "note", "snooze", "close"]
    with pytest.raises(InputError, match="nobody in the team"):
        working.assign(item, "eve", by="olga", now=NOW)
    with pytest.raises(InputError, match="90 days"):
        working.snooze(item, NOW, by="olga", now=NOW)
    whats = set(Act.objects.values_list("what", flat=True))
    assert whats >= {f"inbox.{one}" for one in ("reply", "reopen", "assign", "note", "snooze", "done")}
    assert "matrix:" not in str(list(Act.objects.values())), "acts are kept for ever, and name no person"


def test_time_counts_while_somebody_is_on_duty(ws: Workspace, olga: User) -> None:
    days = duty.Wanted(member="olga", days=[1, 2, 3, 4, 5], begins="09:00", ends="18:00")
    night = duty.Wanted(member="olga", days=[5], begins="22:00", ends="02:00", group_key=GROUP)
    duty.set_shifts([days, night], by="olga")
    duty.set_targets({"question": 90, "burst": None}, by="olga")
    kept = duty.rota(ZONE)
    assert kept.on_duty(NOW) == ["olga"]
    assert kept.on_duty(NOW, GROUP) == [], "a group with shifts of its own is theirs"
    assert kept.on_duty(datetime(2026, 11, 27, 17, tzinfo=UTC), GROUP) == ["olga"], "one at night, into Saturday"
    late = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)  # 17:30 on Friday
    assert kept.due_at("question", late) == datetime(2026, 11, 30, 2, 0, tzinfo=UTC), "an hour is left for Monday"
    assert kept.due_at("burst", late) is None
    assert duty.Rota(zone=ZONE, shifts=(), targets={"question": 90}).due_at("question", late) == late + timedelta(
        minutes=90
    )
    for wrong, says in ((duty.Wanted(member="eve", days=[1], begins="09:00", ends="18:00"), "nobody in the team"),
                        (duty.Wanted(member="olga", days=[8], begins="09:00", ends="18:00"), "weekdays"),
                        (duty.Wanted(member="olga", days=[1], begins="9", ends="18:00"), "like 09:30")):  # fmt: skip
        with pytest.raises(InputError, match=says):
            duty.set_shifts([wrong], by="olga")
    with pytest.raises(InputError, match="minutes, 1 to"):
        duty.set_targets({"question": 0}, by="olga")
    assert len(duty.described(ZONE, NOW)["shifts"]) == 2, "a rota that is wrong replaces none"


def test_the_late_stand_first_and_what_is_not_known_is_not_counted(olga: User) -> None:
    def item(number: int, *, said: int, due: int, answered: int | None = None, **more: Any) -> Item:
        at = NOW - timedelta(minutes=said)
        values = {"seen_at": at, "group_key": GROUP, **more}
        return Item.objects.create(
            ref=str(number), kind="question", said_at=at, due_at=at + timedelta(minutes=due),
            answered_at=None if answered is None else at + timedelta(minutes=answered),
            closed_at=None if answered is None and "how" not in more else NOW, **values,
        )  # fmt: skip

    item(1, said=100, due=60, answered=20, answered_by="olga")
    item(2, said=100, due=60, answered=90, answered_by="matrix:@kim:tea.test")
    item(3, said=100, due=60, assignee="olga")
    item(4, said=10, due=60)
    item(5, said=100, due=60, how="done")
    item(6, said=100, due=60, how="gone")
    item(7, said=9_000, due=60, seen_at=NOW, answered=30, answered_by="olga")
    found = measuring.figures(NOW)
    kind = found["by_kind"]["question"]
    assert [kind[name] for name in ("in_time", "late", "waits", "unknown")] == [1, 2, 1, 2]
    assert (kind["share"], kind["median_minutes"]) == (1 / 3, 55)
    assert kind["low"] < 1 / 3 < kind["high"]
    member = found["by_member"]["olga"]
    assert list(found["by_member"]) == ["olga"], "who answers in the group is no member of the team"
    assert [member[name] for name in ("in_time", "late", "unknown")] == [1, 1, 1]
    assert [one.ref for one in working.listed(NOW)] == ["3", "4"]
    assert [working.described(one, NOW)["late"] for one in working.listed(NOW)] == [True, False]


@pytest.mark.slow
def test_the_tables_tell_what_waits_and_what_was_answered(ws: Workspace) -> None:
    events = [said("ann", "请问多久发货呀"), said("kim", "三天", 1, "reply", parent_id="m:ann0"),
              said("lee", "请问有没有小份的", 2), said("bo", "太差了,坏了还不给退款,骗子!", 3)]  # fmt: skip
    events += [said(f"p{number}", "早上好呀", number) for number in range(4, 12)]
    events += [said("old", "早", -1_440 * day) for day in range(1, 22)]
    ws.record(events)
    ws.refresh()
    Item.objects.create(ref="said:m:ann0", kind="question", said_at=NOW, seen_at=NOW, message_id="m:ann0", actor="x:y")
    known = live.Around(direct={}, staff=(), accounts={})
    for _again in range(2):
        derived.take_in(ws, known, duty.rota(ZONE), now=NOW)
    ann = Item.objects.get(message_id="m:ann0")
    assert (ann.how, ann.answered_at) == ("answered", NOW - timedelta(minutes=59))
    burst = Item.objects.get(kind="burst")
    assert (burst.group_key, burst.how, burst.facts["people"] >= 8) == (GROUP, "", True)
    waits = {one.message_id: (one.kind, one.actor, bool(one.person_id)) for one in working.listed(NOW) if one != burst}
    assert waits == {"m:lee2": ("question", "matrix:@lee:tea.test", True),
                     "m:bo3": ("complaint", "matrix:@bo:tea.test", True)}  # fmt: skip
    working.done(Item.objects.get(message_id="m:lee2"), by="olga", now=NOW)
    derived.take_in(ws, known, duty.rota(ZONE), now=NOW)
    assert Item.objects.get(message_id="m:lee2").how == "done", "what was closed here stays closed"


def test_a_forgotten_person_leaves_nothing_behind(ws: Workspace) -> None:
    come(
        ws, said("ann", "请问多久发货呀"), said("kim", "哪里买", 1), said("ann", "网店", 2, "reply", parent_id="m:kim1")
    )
    ann = {"matrix:@ann:tea.test"}
    working.note(Item.objects.get(message_id="m:ann0"), "asked", by="olga", now=NOW)
    held = forgetting.held(set(), ann)
    assert (held["inbox"][0]["text"], held["inbox_steps"][0]["text"]) == ("请问多久发货呀", "asked")
    forgetting.forget(set(), ann)
    kim = Item.objects.get()
    assert (kim.answered_by, kim.how, Step.objects.count()) == ("", "answered", 0)
