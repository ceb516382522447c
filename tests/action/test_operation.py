"""Rules held to what is said: dry until turned live, newcomers harder, staff never, steps, undo that trains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lianyi.action.operation import deciding, forgetting, hearing, rules, saying
from lianyi.action.operation.acts import ActFailed
from lianyi.action.operation.models import Case, Example, Ruleset, Said, Seat
from lianyi.action.operation.rounds import Operation
from lianyi.action.team.models import Act
from lianyi.errors import InputError, NotFound, RefusedError
from lianyi.memory.draining import land
from lianyi.memory.erasure import erase
from lianyi.memory.events import Event
from lianyi.memory.traces import Traces
from lianyi.workspace import Workspace
from tests.action.group_platform import GROUP, Platform
from tests.memory.test_erasure import everything

NOW = datetime(2026, 11, 28, 4, tzinfo=UTC)
ADVERT = "兼职日结300元 加微信 vx88888888 名额有限 急招 扫码进群领取"
SAYS, WELCOME = {"en": "Be kind."}, {"en": "Hello {who}, this is {group}: {rules} {other}"}


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "tea")


@pytest.fixture
def there() -> Platform:
    return Platform()


def publish(mode: str, group: str = GROUP, **measures: Any) -> Ruleset:
    return rules.publish(group, says=SAYS, welcome=WELCOME, measures={"mode": mode, **measures}, account="room",
                         by="olga", now=NOW)  # fmt: skip


def event(who: str, text: str | None, number: int = 0, kind: str = "message", **more: Any) -> Event:
    return Event(id=f"m{who}{number}", at=NOW + timedelta(seconds=number), kind=kind, source="matrix",
                 actor_key=f"matrix:@{who}:tea.test", group_key=GROUP, text=text, **more)  # fmt: skip


def hear(ws: Workspace, there: Platform, *events: Event, account: str = "room", second: int = 0, **also: str) -> None:
    hearing.hear(ws, account, events, there, now=NOW + timedelta(seconds=second), also=also)


def work(ws: Workspace, there: Platform, minutes: int = 0) -> None:
    Operation(there.opened).work(ws, NOW + timedelta(minutes=minutes), lambda: False)


def test_nothing_is_done_before_an_operator_turns_on_that_very_group(ws: Workspace, there: Platform) -> None:
    hear(ws, there, event("ann", ADVERT))
    assert not Case.objects.exists(), "no rules, nothing is judged"
    publish("dry", group="")
    with pytest.raises(InputError, match="live is for one group"):
        publish("live", group="")
    publish("dry")
    hear(ws, there, event("eve", None, 1, "join"), event("eve", ADVERT, 2), event("ann", ADVERT, 3))
    work(ws, there)
    assert {case.state for case in Case.objects.all()} == {"dry"}
    for case in Case.objects.all():
        deciding.do(ws, case, by="olga", now=NOW, acts=there.opened)
    work(ws, there, 99)
    assert {case.state for case in Case.objects.all()} == {"noted"}
    assert there.untouched
    assert {act.what for act in Act.objects.all()} == {"moderation.noted"}
    publish("live")
    case = Case.objects.create(message_id="x", account="room", group_key=GROUP, actor="a", said_at=NOW, measure="mute",
                               state="acting", text="x")  # fmt: skip
    publish("dry")
    work(ws, there, 99)  # what was under way when the group was turned back is not done either
    case.refresh_from_db()
    assert (case.state, there.untouched) == ("dry", True)
    publish("off")
    hear(ws, there, event("kim", ADVERT, 4))
    assert Case.objects.count() == 3


def test_steps_rise_with_reasons_and_each_can_be_undone(ws: Workspace, there: Platform) -> None:
    publish("live")
    for number in range(3):
        hear(ws, there, event("eve", f"{ADVERT}{number}", number * 60), second=number * 60)
    assert [case.measure for case in Case.objects.order_by("id")] == ["remove", "mute", "expel"]
    assert len(there.removed) == 3
    assert (there.muted, there.gone) == ({"matrix:@eve:tea.test"}, {"matrix:@eve:tea.test"})
    assert all("it reads like an advert" in text for key, text in there.said.items() if key.endswith("/notice"))
    mute, expel = Case.objects.order_by("id")[1:]
    deciding.fine(ws, expel, by="olga", now=NOW, acts=there.opened)
    deciding.fine(ws, mute, by="olga", now=NOW, acts=there.opened)
    assert (there.muted, there.gone) == (set(), set())
    assert f"{ADVERT}1" in there.said["meve60/restored"]
    hear(ws, there, event("kim", f"{ADVERT}1", 9))
    assert Case.objects.count() == 3, "the filter has learned that it is fine"
    with pytest.raises(RefusedError, match="is fine"):
        deciding.fine(ws, mute, by="olga", now=NOW, acts=there.opened)
    flood = [event("lee", f"好的{number}", number) for number in range(9)]
    hear(ws, there, *flood)
    assert [case.measure for case in Case.objects.filter(actor__contains="lee")] == ["warn"], "one burst, one warning"
    land(ws.inbox, ws.lake, NOW)
    what = "SELECT json_extract_string(props, '$.what') AS what, count(*) AS n FROM events WHERE kind = 'moderated'"
    told = {row["what"]: row["n"] for row in ws.rows(f"{what} GROUP BY 1")}
    assert told == {"found": 4, "remove": 1, "mute": 1, "expel": 1, "warn": 1, "fine": 2}
    audited = list(Act.objects.order_by("id").values_list("what", flat=True))
    assert audited.count("moderation.fine") == 2
    assert Act.objects.filter(what="moderation.expel").get().by == "lianyi"


@pytest.mark.parametrize("mode", ["live", "dry"])
def test_nobody_climbs_before_they_could_see_the_warning(ws: Workspace, there: Platform, mode: str) -> None:
    publish(mode)
    burst = [event("lee", f"好的{number}", number) for number in range(14)]
    hear(ws, there, *burst, second=14)
    hear(ws, there, *burst, second=14)  # a crash hears them again
    hear(ws, there, *(event("lee", f"行的{number}", number) for number in range(15, 25)), second=25)
    hear(ws, there, *(event("eve", f"{ADVERT}{number}", number) for number in range(3)), second=4)
    hear(ws, there, event("eve", f"{ADVERT}9", 13), second=14)
    assert [case.measure for case in Case.objects.filter(actor__contains="lee")] == ["warn"]
    assert {case.measure for case in Case.objects.filter(actor__contains="eve")} == {"remove"}
    hear(ws, there, *(event("lee", f"嗯嗯{number}", 90 + number) for number in range(9)), second=99)
    assert [case.measure for case in Case.objects.filter(actor__contains="lee").order_by("id")] == ["warn", "remove"]
    assert there.gone == there.muted == set()


def test_newcomers_are_screened_harder_and_staff_never(ws: Workspace, there: Platform) -> None:
    publish("live", exempt=["matrix:@shop:tea.test"])
    hear(ws, there, event("new", None, 0, "join"))
    link = "看看这个 https://tea.example.cn/a"
    hear(ws, there, event("new", link, 1), event("old", link, 1), event("mod", ADVERT, 2), event("shop", ADVERT, 2))
    assert [(case.actor, case.newcomer, case.measure) for case in Case.objects.all()] == [
        ("matrix:@new:tea.test", True, "warn")
    ]
    there.fails = [ActFailed("504")]
    hear(ws, there, event("old", ADVERT, 5))
    assert Case.objects.count() == 1, "without knowing who moderates, nobody is judged"


def test_what_many_members_ask_is_no_case_and_no_copy(ws: Workspace, there: Platform) -> None:
    publish("live")
    asked = [event(f"p{number}", f"抢到 {number} 元的优惠券了吗 加微信领", number) for number in range(10, 40)]
    hear(ws, there, *asked)
    hear(ws, there, *(event("ann", f"抢到了吗 {number} 号链接开了没", number * 30) for number in range(2, 8)))
    acted = Case.objects.exclude(state="waiting")
    assert not acted.exists()
    assert Case.objects.count() <= 3, "only before three others had said it"


def test_newcomers_are_welcomed_once_with_what_is_expected_and_members_agree(ws: Workspace, there: Platform) -> None:
    publish("live")
    work(ws, there)
    first = Ruleset.objects.get()
    came = [event("new", None, 1, "join"), event("kim", None, 1, "join"), event("mod", None, 1, "join")]
    there.fails = []
    hear(ws, there, *came)
    hear(ws, there, *came)
    hear(ws, there, event("new", None, 2, "leave"), event("new", None, 3, "join"))
    hello = [text for key, text in there.said.items() if key.startswith("welcome/")]
    assert hello == ["Hello @new:tea.test, @kim:tea.test, this is Tea friends: Be kind. {other}"]
    nod = event("kim", None, 4, "reaction", parent_id=first.posted_id, props={"emoji": "\U0001f44d\U0001f3fd"})
    hear(ws, there, nod, event("new", " Agree. ", 5), event("lee", "agree to what", 5))
    agreed = set(Seat.objects.filter(agreed=1).values_list("actor", flat=True))
    assert agreed == {"matrix:@kim:tea.test", "matrix:@new:tea.test"}
    publish("live", flood=20)
    assert rules.current(GROUP).text_version == 1, "another limit asks nobody anew"  # type: ignore[union-attr]
    rules.publish(GROUP, says={"en": "Be kinder."}, measures={"mode": "live"}, account="room", by="olga", now=NOW)
    work(ws, there)
    assert [text for key, text in there.said.items() if key.startswith("rules/")] == ["Be kind.", "Be kinder."]
    assert not Seat.objects.filter(agreed=3).exists()
    hear(ws, there, event("new", "同意", 8))
    assert Seat.objects.get(agreed=3).actor == "matrix:@new:tea.test"


def test_a_formatted_twin_is_kept_once_and_a_hidden_text_is_judged(ws: Workspace, there: Platform) -> None:
    publish("live")
    hear(ws, there, event("eve", ADVERT), meve0=f" {ADVERT.replace(' ', '  ')} ")
    hear(ws, there, event("kim", f"**{ADVERT}** [看](https://a.example.cn/x) 吧"), mkim0=f" {ADVERT} 看 吧")
    hear(ws, there, event("lee", "早上好"), mlee0=f" {ADVERT} ")
    texts = list(Case.objects.order_by("id").values_list("text", flat=True))
    assert texts == [ADVERT, f"**{ADVERT}** [看](https://a.example.cn/x) 吧", f"早上好\n {ADVERT} "]
    deciding.fine(ws, Case.objects.get(message_id="meve0"), by="olga", now=NOW, acts=there.opened)
    assert there.said["meve0/restored"].count(ADVERT) == 1
    hear(ws, there, event("ann", ADVERT))
    assert not Case.objects.filter(actor="matrix:@ann:tea.test").exists(), "the plain one is fine as well"


def test_what_fails_is_tried_again_and_given_up_where_it_is_useless(ws: Workspace, there: Platform) -> None:
    publish("live")
    work(ws, there)
    hear(ws, there, event("eve", "早", 0))
    there.fails = []
    broken = [event("eve", ADVERT, 1)]

    def failing(*_args: Any, **_more: Any) -> None:
        raise ActFailed("502")

    there.remove, remove = failing, there.remove  # type: ignore[method-assign]
    hear(ws, there, *broken)
    case = Case.objects.get()
    assert (case.state, case.tries, case.error) == ("acting", 1, "502")
    there.remove = remove  # type: ignore[method-assign]
    work(ws, there, 5)
    case.refresh_from_db()
    assert (case.state, there.removed) == ("done", ["meve1"])
    hear(ws, there, *broken)  # a crash hears the same events again
    assert (Case.objects.count(), len(there.removed), Said.objects.count()) == (1, 1, 2)
    there.fails = [ActFailed("403", permanent=True)]
    other = Case.objects.create(message_id="y", account="room", group_key=GROUP, actor="a", said_at=NOW, text="y",
                                measure="remove", state="waiting", reasons=[{"why": "advert"}])  # fmt: skip
    deciding.do(ws, other, by="olga", now=NOW, acts=there.opened)
    assert (other.state, other.error) == ("failed", "403")


def case_of(measure: str, state: str = "waiting", number: int = 0, who: str = "eve") -> Case:
    return Case.objects.create(
        message_id=f"c{number}", account="room", group_key=GROUP, actor=f"matrix:@{who}:tea.test", said_at=NOW,
        text=ADVERT, measure=measure, state=state, reasons=[{"why": "advert"}],
    )  # fmt: skip


def test_what_was_done_halfway_is_known_and_undone(ws: Workspace, there: Platform) -> None:
    publish("live")
    expelled, muted = case_of("expel"), case_of("mute", number=1)

    def refused(*_args: Any, **_more: Any) -> str:
        raise ActFailed("403", permanent=True)

    there.mute, mute = refused, there.mute  # type: ignore[method-assign,assignment]
    deciding.do(ws, muted, by="olga", now=NOW, acts=there.opened)
    assert (muted.state, muted.done, there.removed) == ("failed", [], []), "no voice to take: nothing is done"
    deciding.fine(ws, muted, by="olga", now=NOW, acts=there.opened)
    assert there.said == {}, "and nothing to excuse"
    there.mute = mute  # type: ignore[method-assign]
    there.say, say = refused, there.say  # type: ignore[method-assign]
    deciding.do(ws, expelled, by="olga", now=NOW, acts=there.opened)
    assert (expelled.state, expelled.done, there.gone) == ("failed", ["remove", "expel"], {expelled.actor})
    assert {act.what for act in Act.objects.all()} >= {"moderation.remove", "moderation.expel"}
    there.say = say  # type: ignore[method-assign]
    deciding.fine(ws, expelled, by="olga", now=NOW, acts=there.opened)
    assert (expelled.state, there.gone) == ("fine", set())
    assert ADVERT in there.said["c0/restored"]
    assert Act.objects.filter(what="moderation.fine").latest("id").detail["undone"] == ["expel", "remove"]
    land(ws.inbox, ws.lake, NOW)
    told = ws.rows("SELECT json_extract_string(props, '$.what') AS what FROM events WHERE kind = 'moderated'")
    assert sorted(row["what"] for row in told) == ["expel", "fine", "fine", "remove"]


def test_a_second_try_does_what_is_left(ws: Workspace, there: Platform) -> None:
    publish("live")
    case = case_of("expel")

    def failing(*_args: Any, **_more: Any) -> str:
        raise ActFailed("502")

    there.say, say = failing, there.say  # type: ignore[method-assign]
    deciding.do(ws, case, by="olga", now=NOW, acts=there.opened)
    assert (case.state, there.gone) == ("acting", {case.actor})
    there.gone.clear()  # somebody asked them back in
    there.say = say  # type: ignore[method-assign]
    work(ws, there, 5)
    case.refresh_from_db()
    assert (case.state, there.gone) == ("done", set())
    assert Act.objects.filter(what="moderation.expel").count() == 1


def test_a_channel_that_is_off_is_an_error_now_and_no_kick_later(ws: Workspace, there: Platform) -> None:
    publish("live")
    case, queued = case_of("expel"), case_of("expel", "acting", 1)

    def off(name: str) -> Any:
        raise RefusedError(f"channel {name} can't act in groups: it is turned off")

    with pytest.raises(RefusedError, match="turned off"):
        deciding.do(ws, case, by="olga", now=NOW, acts=off)
    case.refresh_from_db()
    assert (case.state, Example.objects.count()) == ("waiting", 0)
    with pytest.raises(RefusedError, match="is acting"):
        deciding.fine(ws, queued, by="olga", now=NOW, acts=off)
    for turn in range(1, 4):
        Operation(off).work(ws, NOW + timedelta(minutes=6 * turn), lambda: False)
    queued.refresh_from_db()
    assert (queued.state, queued.tries) == ("acting", 3)
    deciding.fine(ws, queued, by="olga", now=NOW, acts=off)
    work(ws, there, 99)
    assert (queued.state, there.gone) == ("fine", set())
    last = case_of("expel", "acting", 2)
    for turn in range(1, 8):
        Operation(off).work(ws, NOW + timedelta(hours=turn), lambda: False)
    last.refresh_from_db()
    assert (last.state, last.tries) == ("failed", 6)


def test_who_became_a_moderator_meanwhile_is_spared(ws: Workspace, there: Platform) -> None:
    publish("live", exempt=["matrix:@shop:tea.test"])
    for number, who in enumerate(("mod", "shop", "eve")):
        case_of("expel", "acting", number, who)
    work(ws, there, 9)
    assert there.gone == {"matrix:@eve:tea.test"}
    assert [case.state for case in Case.objects.order_by("message_id")] == ["failed", "failed", "done"]


def test_a_voice_comes_back_when_the_time_is_over(ws: Workspace, there: Platform) -> None:
    publish("live", mute_minutes=30)
    hear(ws, there, event("eve", ADVERT, 1))
    hear(ws, there, event("eve", ADVERT + "!", 30), second=30)
    assert there.muted
    work(ws, there, 29)
    assert there.muted
    publish("off")
    work(ws, there, 31)
    assert not there.muted, "also where rules were turned off since"


def test_another_channel_in_the_same_group_does_nothing(ws: Workspace, there: Platform) -> None:
    publish("live")
    hear(ws, there, event("eve", ADVERT, 1), account="other")
    assert not Case.objects.exists()


def test_a_forgotten_person_leaves_nothing_behind(ws: Workspace, there: Platform) -> None:
    publish("dry")
    hear(ws, there, event("eve", ADVERT, 1))
    deciding.do(ws, Case.objects.get(), by="olga", now=NOW, acts=there.opened)
    held = forgetting.held({"matrix:@eve:tea.test"})
    assert held["moderation"][0]["text"] == ADVERT
    assert forgetting.forget({"matrix:@eve:tea.test"}) == 4
    assert [model.objects.count() for model in (Case, Example, Seat, Said)] == [0, 0, 0, 0]


def test_what_we_said_to_somebody_is_erased_from_the_log(ws: Workspace, there: Platform) -> None:
    publish("live")
    hear(ws, there, event("eve", None, 0, "join"), event("eve", ADVERT, 1))
    deciding.fine(ws, Case.objects.get(), by="olga", now=NOW, acts=there.opened)
    event_of_chain = saying.sent("signup/1/list", GROUP, "1. @eve:tea.test ×1\n2. @evelyn:tea.test ×2",
                                 purpose="signup", to=(), now=NOW)  # fmt: skip
    ws.inbox.put_now([event_of_chain], received_at=NOW)
    land(ws.inbox, ws.lake, NOW)
    assert ADVERT in there.said["meve1/restored"], "the group reads the words"
    assert ADVERT.encode() not in everything(ws.lake.path), "the log never has them"
    assert b"@eve:tea.test" in everything(ws.lake.path)
    erase(ws.lake, Traces(keys=frozenset({"matrix:@eve:tea.test"}), salt="x"))
    assert b"@eve:tea.test" not in everything(ws.lake.path)
    assert b"@evelyn:tea.test" in everything(ws.lake.path), "others stay"


def test_who_is_erased_while_muted_gets_the_voice_back(ws: Workspace, there: Platform) -> None:
    eve = "matrix:@eve:tea.test"
    publish("live")
    Seat.objects.create(account="room", group_key=GROUP, actor=eve, said=5, joined_at=NOW,
                        muted_until=NOW + timedelta(hours=1))  # fmt: skip
    there.muted = {eve}
    forgetting.forget({eve})
    work(ws, there, 59)
    left = Seat.objects.values("group_key", "actor", "said", "joined_at").get()
    assert left == {"group_key": GROUP, "actor": eve, "said": 0, "joined_at": None}
    work(ws, there, 61)
    assert not there.muted
    assert not Seat.objects.exists(), "then nothing of them is left"


def test_where_the_channel_is_gone_nothing_is_kept_of_who_was_erased(ws: Workspace, there: Platform) -> None:
    for who in ("eve", "kim"):
        Seat.objects.create(account="room", group_key=GROUP, actor=f"matrix:@{who}:tea.test", said=5, muted_until=NOW)
    forgetting.forget({"matrix:@eve:tea.test"})

    def gone(name: str) -> Any:
        raise NotFound(f"there is no channel {name}")

    Operation(gone).work(ws, NOW, lambda: False)
    assert Seat.objects.get().actor == "matrix:@kim:tea.test", "of others it is tried again"


@pytest.mark.parametrize(
    ("measures", "says"),
    [
        ({"mode": "loud"}, "one of off, dry, live"), ({"act_from": 2}, "0.05 to 1"), ({"flood": 0}, "whole number"),
        ({"ask_from": 0.99}, "must not lie above act_from"), ({"newcomer_links": 1}, "true or false"),
        ({"exempt": ["ann"]}, "keys like"), ({"loud": 1}, "no such rule"),
        ({"newcomer_act_from": 1.0}, "screened harder"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rules_is_said(measures: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        rules.read(measures)
    assert rules.read({"mode": False}).mode == "off", "YAML reads off as false"
