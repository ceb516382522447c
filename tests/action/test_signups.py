"""Sign-up chains: who signed up wrote it themselves, once; the team and invented names count for nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi import world
from lianyi.action.channels.matrix import listening
from lianyi.action.channels.models import Account
from lianyi.action.operation import forgetting, signups
from lianyi.action.operation.models import Entry, Signup
from lianyi.errors import InputError, NotFound, RefusedError
from lianyi.insight.listening.signups import MOST, entry_of
from lianyi.workspace import Workspace
from tests.action.group_platform import GROUP, Platform
from tests.action.test_operation import ADVERT, NOW, event, hear, publish, work


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "tea")


@pytest.fixture
def there() -> Platform:
    return Platform()


def begin(**more: Any) -> Signup:
    plain: dict[str, Any] = {
        "title": "Tea",
        "closes_at": NOW + timedelta(hours=2),
        "most": None,
        "by": "olga",
        "now": NOW,
    }
    return signups.begin(GROUP, **{**plain, **more})


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("+1", 1), ("＋2", 2), ("+12 谢谢", 12), ("-1", 0), ("取消报名", 0), ("接龙", 1), ("我报名！", 1),
        ("接两份", 2), ("我要3盒", 3), ("3. 接一份龙井", 1), ("12. +1", 1), ("2、王五 两份", 2), ("count me in", 1),
        ("1. one cup for me", 1), ("#接龙 周五团购\n1. 张三 一份\n2. 李四 5份\n3. 王五", 1), ("4. 两 份", 2),
        ("1. 张三\n2. 李四 3份", 3), ("今天 +1 度", None), ("我要说两句", None), ("-18 度好冷", None), ("", None),
        ("抢到了吗 12 号链接开了没", None),
        ("接下来怎么办", None), ("1. 这个怎么用呢？", None), ("报名多少钱", None), ("+100", None),
        ("好的，两份怎么算", None),
        ("1. 先把开水倒进去，等三分钟以后再把茶叶放进去，然后盖上盖子", None),
    ],
)  # fmt: skip
def test_what_a_message_says(text: str, places: int | None) -> None:
    assert entry_of(text) == places


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\A(\d{1,4}[.、] ?.{0,9}\n){1,4}\Z"))
def test_no_text_is_too_strange(text: str) -> None:
    found = entry_of(text)
    assert found is None or 0 <= found <= MOST


def test_entries_of_the_world_are_found_and_its_other_talk_is_none() -> None:
    made = world.generate(world.WorldSettings(people=200, days=45, seed=5))
    events = pa.concat_tables(list(made.events()))
    said = events.filter(pc.is_in(events["kind"], pa.array(["message", "reply"])))
    truth = made.truth().messages
    meant = dict(zip(truth["number"].to_pylist(), truth["intent"].to_pylist(), strict=True))
    texts: dict[bool, set[str]] = {True: set(), False: set()}
    for name, text in zip(said["id"].to_pylist(), said["text"].to_pylist(), strict=True):
        texts[meant[int(name.rpartition("/")[2])] == "chain_entry"].add(text)
    assert len(texts[True]) > 20
    assert sum(entry_of(text) is not None for text in texts[True]) >= 0.95 * len(texts[True])
    assert sum(entry_of(text) is not None for text in texts[False]) <= 0.001 * len(texts[False])


def test_each_is_counted_once_and_only_by_their_own_words(ws: Workspace, there: Platform) -> None:
    publish("live")
    made = begin(most=5)
    hear(ws, there, event("ann", "+1", 0))
    assert not Entry.objects.exists(), "it does not stand in the group yet"
    work(ws, there)
    assert there.said[f"signup/{made.pk}/open"].startswith("Sign-up: Tea. Write +1")
    first = [
        event("ann", "+1", 1), event("bob", "接龙\n1. 安\n2. 假人甲\n3. 假人乙\n4. bob 两份", 2), event("ann", "+2", 3),
        event("mod", "+9", 4), event("cat", "+1", 5), event("cat", "取消", 6), event("eve", f"+1\n{ADVERT}", 7),
        event("dan", "+3", 8), event("lee", "+1", 9), event("lee", None, 10, "recall", parent_id="mlee9"),
    ]  # fmt: skip
    hear(ws, there, *first)
    hear(ws, there, *first)
    told = signups.described(made)
    assert [(one["actor"][8:11], one["places"], one["counts"], one["waits"]) for one in told["entries"]] == [
        ("ann", 2, True, False), ("bob", 2, True, False), ("mod", 9, False, False), ("cat", 0, False, False),
        ("dan", 3, True, True), ("lee", 0, False, False),
    ]  # fmt: skip
    assert (told["people"], told["places"], told["waiting"], told["team"], told["back"]) == (3, 4, 3, 1, 2)
    signups.strike(made, "matrix:@bob:tea.test", why="asked me to", by="olga")
    hear(ws, there, event("bob", "+9", 20))
    assert (signups.described(made)["places"], signups.described(made)["struck"]) == (5, 1)
    work(ws, there, 121)
    assert there.said[f"signup/{made.pk}/list"] == (
        "Tea: 2 people signed up, 5 places.\n1. @ann:tea.test ×2\n2. @dan:tea.test ×3"
    )
    hear(ws, there, event("kim", "+1", 130 * 60))
    assert Entry.objects.count() == 6
    work(ws, there, 300)
    assert len(there.said) == 4, "rules, opening, list, and the notice of the advert"
    assert forgetting.held({"matrix:@ann:tea.test"})["signups"][0]["places"] == 2
    forgetting.forget({"matrix:@ann:tea.test"})
    assert signups.described(made)["people"] == 1


def test_the_list_waits_for_what_was_written_before_the_end(ws: Workspace, there: Platform, settings: Any) -> None:
    settings.WORKSPACE = ws.folder
    Account.objects.create(name="room", kind="matrix", settings={"read": True})
    publish("live")
    made = begin()
    work(ws, there)

    def read(seconds: int) -> None:
        at = made.closes_at + timedelta(seconds=seconds)
        listening.save(ws.folder, "room", listening.Progress(at=at.isoformat()))

    last, end = f"signup/{made.pk}/list", 120 * 60
    read(-10)
    work(ws, there, 120)  # eight o'clock; the room was read ten seconds before
    assert last not in there.said
    hear(ws, there, event("ann", "+1", end - 5), event("bob", "+1", end))
    work(ws, there, 121)
    assert last not in there.said
    read(0)
    work(ws, there, 122)
    assert there.said[last] == "Tea: 1 people signed up, 1 places.\n1. @ann:tea.test ×1"
    hear(ws, there, event("cat", "+1", end - 4))
    assert Entry.objects.count() == 1, "what was told is told"
    later = begin(title="More", closes_at=NOW + timedelta(hours=3))
    work(ws, there, 123)
    work(ws, there, 180)
    work(ws, there, 239)
    assert f"signup/{later.pk}/list" not in there.said
    work(ws, there, 240)  # nobody could read for an hour
    assert f"signup/{later.pk}/list" in there.said


def test_a_chain_closed_by_hand_counts_what_was_written_before(ws: Workspace, there: Platform) -> None:
    publish("live")
    made = begin()
    work(ws, there)
    signups.close(made, now=NOW + timedelta(minutes=1))
    next_one = begin(title="More", now=NOW + timedelta(minutes=1))
    Signup.objects.filter(pk=next_one.pk).update(posted_id="x")
    hear(ws, there, event("ann", "+1", 59), event("bob", "+2", 61))
    assert {one.signup_id: one.places for one in Entry.objects.all()} == {made.pk: 1, next_one.pk: 2}


def test_what_can_not_be_opened_closed_or_struck(ws: Workspace, there: Platform) -> None:
    publish("dry")
    with pytest.raises(RefusedError, match="not live"):
        begin()
    publish("live")
    for wrong, says in (({"title": " "}, "title"), ({"closes_at": NOW}, "future"), ({"most": 0}, "most")):
        with pytest.raises(InputError, match=says):
            begin(**wrong)
    made = begin()
    with pytest.raises(RefusedError, match="is open in this group"):
        begin()
    with pytest.raises(NotFound, match="no entry"):
        signups.strike(made, "x", why="y", by="olga")
    with pytest.raises(InputError, match="say why"):
        signups.strike(made, "x", why=" ", by="olga")
    publish("dry")
    work(ws, there)
    made.refresh_from_db()
    assert made.closed_at == NOW
    assert there.untouched
    with pytest.raises(RefusedError, match="is closed"):
        signups.close(made, now=NOW)
