"""SOPs: begun by words, comings and the clock, said in steps, over at a goal, never in a group that is not live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.signals import post_init

from lianyi.action.channels.models import Account
from lianyi.action.operation import forgetting, running, signups, sops
from lianyi.action.operation.acts import ActFailed
from lianyi.action.operation.models import Ruleset, Run, Seat, Signup, Sop
from lianyi.action.operation.rounds import AGAIN, Operation
from lianyi.errors import InputError
from lianyi.memory.draining import land
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.action.group_platform import GROUP, Platform
from tests.action.test_operation import ADVERT, NOW, event, hear, publish, work
from tests.doors.standing import ANNA, BO, copy_brand


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "tea")


@pytest.fixture(autouse=True)
def room() -> Account:
    """The channel that speaks."""
    return Account.objects.create(name="room", kind="matrix")


@pytest.fixture
def there() -> Platform:
    return Platform()


def keep(ws: Workspace, **more: Any) -> Sop:
    plain: dict[str, Any] = {"name": "x", "trigger": "word", "account": "room", "words": ["多久发货"],
                             "steps": [{"text": "{who} 48 小时内"}, {"text": "还有疑问吗?", "after": 60}],
                             "groups": [GROUP]}  # fmt: skip
    return sops.keep(ws, sops.Wanted(**{**plain, **more}), by="olga", now=NOW)


def order(ws: Workspace, who: str, minutes: int) -> None:
    made = Event(id=f"o{who}{minutes}", at=NOW + timedelta(minutes=minutes), kind="order", source="shop",
                 actor_key=who)  # fmt: skip
    ws.inbox.put_now([made], received_at=NOW)
    land(ws.inbox, ws.lake, NOW)


def texts(there: Platform) -> list[str]:
    return [text for key, text in there.said.items() if key.startswith("sop/")]


def test_a_word_is_answered_once_and_thanks_end_it(ws: Workspace, there: Platform) -> None:
    publish("live")
    keep(ws, goal={"kind": "message"})
    asked = [event("ann", "请问 多久发货呀", 1), event("bob", "多久发货", 2), event("mod", "多久发货", 3)]
    hear(ws, there, *asked)
    hear(ws, there, *asked)
    assert texts(there) == ["@ann:tea.test 48 小时内"]
    hear(ws, there, event("bob", "我也想知道", 30))
    run = Run.objects.get()
    assert (run.why, run.answers, run.actors) == ("", "mann1", ["matrix:@ann:tea.test"])
    hear(ws, there, event("ann", "谢谢", 40))
    run.refresh_from_db()
    assert (run.why, run.reached) == ("goal", 1)
    work(ws, there, 99)
    assert len(texts(there)) == 1
    hear(ws, there, event("eve", ADVERT + " 多久发货", 700))
    assert Run.objects.count() == 1, "what has something against it is not answered"


def test_steps_wait_for_their_time_and_for_quiet_hours(ws: Workspace, there: Platform) -> None:
    publish("live")
    keep(ws, steps=[{"text": "1"}, {"text": "2", "after": 60 * 12}])
    hear(ws, there, event("ann", "多久发货", 1))  # noon in Shanghai
    work(ws, there, 60 * 12 - 1)
    assert texts(there) == ["1"]
    work(ws, there, 60 * 12 + 1)  # midnight
    run = Run.objects.get()
    assert (texts(there), run.due_at and run.due_at > NOW + timedelta(hours=13)) == (["1"], True)
    work(ws, there, 60 * 23)
    run.refresh_from_db()
    assert (texts(there), run.why) == (["1", "2"], "done")
    work(ws, there, 60 * 48)
    assert len(texts(there)) == 2


def test_in_a_group_that_is_not_live_nothing_is_said(ws: Workspace, there: Platform) -> None:
    publish("dry")
    keep(ws)
    keep(ws, name="new", trigger="new_group", words=[])
    keep(ws, name="daily", trigger="periodic", words=[], clock="20:00")
    hear(ws, there, event("ann", "多久发货", 1), event("new", None, 2, "join"))
    work(ws, there, 60 * 8 + 1)
    assert {run.why for run in Run.objects.all()} == {"dry"}
    assert Run.objects.count() == 3
    assert there.untouched
    publish("live")
    keep(ws, name="stop", trigger="new_group", words=[])
    publish("dry")  # turned back between two steps
    work(ws, there, 60 * 24)
    assert there.untouched


def test_comings_new_groups_and_the_clock(ws: Workspace, there: Platform) -> None:
    publish("live")
    keep(ws, name="hi", trigger="new_member", words=[], steps=[{"text": "{who} 来了 {group}"}])
    hear(ws, there, event("new", None, 1, "join"), event("kim", None, 1, "join"), event("mod", None, 1, "join"))
    assert texts(there) == ["@new:tea.test, @kim:tea.test 来了 Tea friends"]
    new = keep(ws, name="group", trigger="new_group", words=[], steps=[{"text": "{rules}"}])
    assert sops.copy(new, [GROUP, "group:matrix/!b:tea.test"], now=NOW) == 1
    daily = keep(ws, name="daily", trigger="periodic", words=[], days=[6], clock="20:00", steps=[{"text": "八点了"}])
    feast = keep(ws, name="feast", trigger="festival", words=[], days=["christmas"], clock="09:30",
                 steps=[{"text": "快乐"}])  # fmt: skip
    assert daily.next_at == datetime(2026, 11, 28, 12, tzinfo=UTC), "Saturday, eight in Shanghai"
    assert feast.next_at == datetime(2026, 12, 25, 1, 30, tzinfo=UTC)
    work(ws, there, 60 * 8 + 1)
    assert texts(there)[1:] == ["Be kind.", "八点了"]
    daily.refresh_from_db()
    assert daily.next_at == datetime(2026, 12, 5, 12, tzinfo=UTC)
    work(ws, there, 60 * 24 * 8)  # nobody worked for a week: what is hours late is left out
    assert texts(there)[3:] == []
    sops.turn(daily, on=False, now=NOW)
    work(ws, there, 60 * 24 * 14)
    assert texts(there)[3:] == []


def test_an_order_by_those_whom_it_is_for_ends_it(brand_template: Path, tmp_path: Path, there: Platform) -> None:
    ws = copy_brand(brand_template, tmp_path / "brand")
    publish("live")
    sop = keep(ws, goal={"kind": "order"})
    run = Run.objects.create(sop=sop, key="k", account="room", group_key=GROUP, actors=[ANNA], step=1, began_at=NOW,
                             due_at=NOW)  # fmt: skip
    order(ws, BO, 5)
    order(ws, ANNA, -5)
    assert running.ordered(ws, run) == 0, "another's order, and one from before"
    order(ws, ANNA, 6)
    work(ws, there, 90)
    run.refresh_from_db()
    assert (run.why, run.reached, texts(there)) == ("goal", 1, [])


def test_what_fails_is_tried_six_times(ws: Workspace, there: Platform) -> None:
    publish("live")
    work(ws, there)
    keep(ws)
    run = Run.objects.create(sop=Sop.objects.get(), key="k", account="room", group_key=GROUP, actors=["matrix:@a:b"],
                             began_at=NOW, due_at=NOW)  # fmt: skip
    for turn in range(6):
        there.fails = [ActFailed("502")]
        work(ws, there, 10 * turn)
    run.refresh_from_db()
    assert (run.why, run.tries, run.error) == ("failed", 6, "502")
    assert forgetting.forget({"matrix:@a:b"}) == 1
    assert not Run.objects.exists()


def test_steps_taken_out_end_a_run_and_hold_up_nothing(ws: Workspace, there: Platform) -> None:
    publish("live")
    keep(ws)
    hear(ws, there, event("ann", "多久发货", 1))
    keep(ws, steps=[{"text": "48 小时内"}])
    keep(ws, name="daily", trigger="periodic", words=[], clock="20:00", steps=[{"text": "八点了"}])
    work(ws, there, 60 * 8 + 1)
    assert texts(there) == ["@ann:tea.test 48 小时内", "八点了"]
    assert {run.why for run in Run.objects.all()} == {"done"}


def test_what_breaks_is_one_groups_and_told(ws: Workspace, there: Platform, room: Account) -> None:
    publish("live")
    sop = keep(ws, name="daily", trigger="periodic", words=[], clock="20:00", steps=[{"text": "八点了"}])
    plain = {"sop": sop, "account": "room", "group_key": GROUP, "began_at": NOW, "due_at": NOW}
    odd = keep(ws, name="odd")
    Sop.objects.filter(pk=odd.pk).update(steps=[{"words": "a hand wrote this into the table"}])
    broken = Run.objects.create(key="a", **{**plain, "sop": odd})
    Run.objects.create(key="b", **plain)
    signups.begin(GROUP, title="Tea", closes_at=NOW + timedelta(hours=1), most=None, by="olga", now=NOW)
    work(ws, there, 1)
    assert texts(there) == ["八点了"]
    assert [key for key in there.said if key.startswith("signup/")]
    broken.refresh_from_db()
    room.refresh_from_db()
    assert (broken.why, broken.tries, broken.error) == ("", 1, room.failure)
    assert room.failure == "operation failed: KeyError: 'text'"
    for turn in range(1, 7):
        work(ws, there, 6 * turn)
    broken.refresh_from_db()
    assert (broken.why, broken.tries) == ("failed", 6)


def test_an_occasion_is_begun_in_all_groups_or_waits(ws: Workspace, there: Platform) -> None:
    publish("live")
    sop = keep(ws, name="daily", trigger="periodic", words=[], clock="20:00", steps=[{"text": "八点了"}],
               groups=["group:matrix/!a:b", "group:matrix/!c:d", GROUP])  # fmt: skip

    def killed(instance: Run, **_more: Any) -> None:
        if instance.group_key == GROUP:
            raise KeyboardInterrupt

    post_init.connect(killed, sender=Run)
    try:
        with pytest.raises(KeyboardInterrupt):
            work(ws, there, 60 * 8 + 1)
    finally:
        post_init.disconnect(killed, sender=Run)
    sop.refresh_from_db()
    assert sop.next_at == NOW + timedelta(hours=8), "not over before all groups have it"
    work(ws, there, 60 * 8 + 2)
    assert (Run.objects.count(), texts(there)) == (3, ["八点了"])


def test_who_goes_and_comes_again_is_answered_once_a_day(ws: Workspace, there: Platform) -> None:
    publish("live")
    keep(ws, name="hi", trigger="new_member", words=[], steps=[{"text": "{who} 来了"}])
    for number in range(3):
        hear(ws, there, event("new", None, 2 * number, "join"), event("new", None, 2 * number + 1, "leave"))
    hear(ws, there, event("new", None, 9, "join"), event("kim", None, 9, "join"))
    assert texts(there) == ["@new:tea.test 来了", "@kim:tea.test 来了"]


def test_what_one_process_says_no_other_does(ws: Workspace, there: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    publish("live")
    work(ws, there)
    keep(ws)
    keys: list[str] = []
    plain = there.say

    def say(group_key: str, text: str, *, key: str, **more: Any) -> str:
        keys.append(key)
        if len(keys) == 1:  # while it is said, another process does its round, and somebody comes
            work(ws, there)
            hear(ws, there, event("lee", None, 9, "join"))
        return plain(group_key, text, key=key, **more)

    monkeypatch.setattr(there, "say", say)
    hear(ws, there, event("ann", None, 1, "join"), event("bob", None, 1, "join"))
    welcomes = [text for key, text in there.said.items() if key.startswith("welcome/")]
    assert sorted(text.split(", this")[0] for text in welcomes) == [
        "Hello @ann:tea.test, @bob:tea.test", "Hello @lee:tea.test",
    ]  # fmt: skip
    keys.clear()
    hear(ws, there, event("ann", "多久发货", 20))
    assert [key.partition("/")[0] for key in keys] == ["sop"]
    assert texts(there) == ["@ann:tea.test 48 小时内"]


def test_a_part_that_breaks_stops_no_other(
    ws: Workspace, there: Platform, room: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish("live")
    keep(ws, name="daily", trigger="periodic", words=[], clock="20:00")
    signups.begin(GROUP, title="Tea", closes_at=NOW + timedelta(hours=9), most=None, by="olga", now=NOW)

    def torn(*_args: Any, **_more: Any) -> None:
        raise ZeroDivisionError("torn")

    monkeypatch.setattr(running, "tick", torn)
    with pytest.raises(ExceptionGroup, match="parts of operation"):
        work(ws, there, 60 * 8 + 1)
    assert [key for key in there.said if key.startswith("signup/")]
    room.refresh_from_db()
    assert room.failure == "operation failed: ZeroDivisionError: torn"
    assert any(one.exc_info for one in caplog.records)


def test_a_channel_that_is_off_is_tried_six_times_and_one_that_is_gone_never_again(
    ws: Workspace, there: Platform, room: Account
) -> None:
    publish("live")
    sop = keep(ws)
    plain = {"sop": sop, "group_key": GROUP, "began_at": NOW, "due_at": NOW}
    off = Run.objects.create(key="a", account="room", **plain)
    gone = Run.objects.create(key="b", account="gone", **plain)
    Account.objects.filter(pk=room.pk).update(is_on=False)
    for turn in range(6):
        Operation().work(ws, NOW + timedelta(minutes=6 * turn), lambda: False)
    off.refresh_from_db()
    gone.refresh_from_db()
    assert (off.why, off.tries) == ("failed", 6)
    assert "turned off" in off.error
    assert (gone.why, gone.tries) == ("failed", 1)


def test_where_the_channel_is_gone_nothing_is_tried_for_ever(ws: Workspace, room: Account) -> None:
    publish("live")
    Ruleset.objects.update(post_next_at=None)
    signups.begin(GROUP, title="Tea", closes_at=NOW + timedelta(hours=9), most=None, by="olga", now=NOW)
    seat = Seat.objects.create(account="room", group_key=GROUP, actor="matrix:@a:b", joined_at=NOW, greet_at=NOW)
    Account.objects.update(is_on=False)
    Operation().work(ws, NOW, lambda: False)
    seat.refresh_from_db()
    assert (seat.greet_at, Signup.objects.get().tell_next_at) == (NOW + AGAIN, NOW + AGAIN), "turned off: tried again"
    room.delete()
    Operation().work(ws, NOW + AGAIN, lambda: False)
    assert not Operation().due(NOW + timedelta(hours=2))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_template_can_be_kept(ws: Workspace, language: str) -> None:
    assert list(sops.templates()[language]) == ["new_group", "new_member", "festival", "conversion", "periodic"]
    for name, made in sops.templates()[language].items():
        kept = sops.keep(ws, sops.Wanted(name=name, account="room", **made), by="olga", now=NOW)
        assert (kept.next_at is not None) == (kept.trigger in sops.TIMED)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"trigger": "moon"}, "one of word"), ({"words": ["a"]}, "two characters"), ({"steps": []}, "1 to 10"),
        ({"steps": [{"text": " "}]}, "needs a text"), ({"steps": [{"text": "a", "after": -1}]}, "must be minutes"),
        ({"trigger": "periodic", "clock": "24:00"}, "like 09:30"), ({"goal": {"kind": "luck"}}, "one of message"),
        ({"trigger": "periodic", "clock": "09:00", "days": [8]}, "some of 1"), ({"groups": ["tea"]}, "keys like"),
        ({"trigger": "festival", "clock": "09:00"}, "at least one festival"), ({"name": " "}, "a name"),
        ({"trigger": "festival", "clock": "09:00", "days": [["x"]]}, "some of new_year"),
        ({"account": "gone"}, "write one of room"), ({"account": "mail"}, "no channel that can speak in groups"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(ws: Workspace, change: dict[str, Any], says: str) -> None:
    Account.objects.create(name="mail", kind="email")
    with pytest.raises(InputError, match=says):
        keep(ws, **change)
    assert not Sop.objects.exists()
