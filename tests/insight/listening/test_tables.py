"""What was said, as tables: held to figures counted by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from lianyi.insight.listening.rising import Heard, rising
from tests.insight.log import AS_OF, Log, Row

ROOM, OTHER = "group:wecom/茶友群", "group:wecom/潜水群"
STAFF = "wecom_user:rui"
Tables = dict[str, list[Row]]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """A room in which people complain, praise and advertise; a review; staff answer one complaint."""
    log = Log({STAFF: "p9"})
    at = AS_OF - timedelta(days=2)
    log.add("order", "user:1", at, value="9.90", object_key="item:T1", category="茶饮", props={"title": "晨雾白茶"})

    def said(person: str, text: str, minutes: int, answers: Any = None, room: str = ROOM) -> Any:
        more = {"parent_id": answers.id, "target": answers.actor_key} if answers else {}
        return log.add("reply" if answers else "message", person, at + timedelta(minutes=minutes), group_key=room,
                       text=text, id=f"m{minutes}", **more)  # fmt: skip

    one = said("user:1", "晨雾白茶收到时压坏了，很失望", 0)
    said(STAFF, "您好，马上补发", 10, one)
    two = said("user:2", "等了一周还没发货，差评", 20)
    said("user:3", "我上次也是", 26, two)
    said("user:3", "晨雾白茶很好喝，非常喜欢", 30, room=OTHER)
    said("user:4", "兼职日结三百，加微信 abc88888 详聊", 40)
    said("user:4", "本店世界第一", 41)
    said(STAFF, "兼职日结三百，加微信 abc88888 详聊", 42)
    for number in range(8):
        log.add("message", "user:5", at + timedelta(minutes=60, seconds=number), group_key=OTHER, text=f"哈{number}",
                id=f"f{number}")  # fmt: skip
    for number in range(3):
        log.add("message", "user:6", at + timedelta(hours=2 + number), group_key=ROOM, text="大家快来看看我的新照片吧",
                id=f"c{number}")  # fmt: skip
    log.add("review", "user:2", at, object_key="item:T1", text="味道奇怪，非常失望，不推荐", id="r1")
    log.add("message", "user:1", AS_OF - timedelta(days=100), group_key=ROOM, text="发货了吗", id="old")
    return log.build("complaints")


def test_flagged_are_adverts_copies_floods_and_words_of_lists_but_never_staff(tables: Tables) -> None:
    found = {(row["message_id"], row["why"]) for row in tables["flagged"]}
    assert found == {("m40", "advert"), ("m41", "sensitive"), ("f7", "flood"),
                     *((f"c{number}", "copied") for number in range(3))}  # fmt: skip
    (advert,) = [row for row in tables["flagged"] if row["why"] == "advert"]
    assert advert["chance"] > 0.6
    assert (advert["group_key"], advert["person_id"]) == (ROOM, "p4")


def test_complaints_say_whether_anybody_and_whether_staff_answered(tables: Tables) -> None:
    rows = {row["message_id"]: row for row in tables["complaints"]}
    assert set(rows) == {"m0", "m20", "r1"}
    assert (rows["m0"]["answered"], rows["m0"]["answered_by_staff"], rows["m0"]["answer_minutes"]) == (True, True, 10)
    assert (rows["m20"]["answered"], rows["m20"]["answered_by_staff"], rows["m20"]["answer_minutes"]) == (
        True, False, 6,
    )  # fmt: skip
    assert (rows["r1"]["answered"], rows["r1"]["answered_by_staff"]) == (None, None)
    assert (rows["m20"]["theme"], rows["m0"]["object_key"], rows["r1"]["object_key"]) == (
        "delivery", "item:T1", "item:T1",
    )  # fmt: skip


def test_topics_count_people_tone_and_rooms_without_staff_and_adverts(tables: Tables) -> None:
    rows = {(row["kind"], row["topic"]): row for row in tables["topics"]}
    good = rows["good", "item:T1"]
    assert (good["messages"], good["people"], good["groups"], good["good"], good["bad"]) == (3, 3, 2, 1, 2)
    assert rows["category", "茶饮"]["messages"] == 3
    assert rows["theme", "delivery"]["complaints"] == 1
    everything = rows["all", ""]
    # 19 messages and a review, without two of staff, the advert and the one of long ago
    assert everything["messages"] == 17
    assert everything["top_share"] == pytest.approx(8 / 17)
    assert {row["topic"] for row in tables["listening"] if row["kind"] == "theme"} >= {"delivery", "taste"}
    assert sum(row["messages"] for row in tables["listening"] if row["kind"] == "all") == 17


def test_who_talks_of_a_topic(tables: Tables) -> None:
    rows = {row["person_id"]: row for row in tables["topic_people"] if row["topic"] == "item:T1"}
    assert set(rows) == {"p1", "p2", "p3"}
    assert (rows["p3"]["good"], rows["p1"]["bad"], rows["p1"]["complaints"]) == (1, 1, 1)


def test_words_rise_where_many_people_say_what_few_said_before() -> None:
    old = [Heard(text=f"今天天气不错{number % 7}", person=f"p{number % 40}", age=30 + number % 50)
           for number in range(300)]  # fmt: skip
    new = [Heard(text="辅食新国标怎么看", person=f"p{number}", age=2) for number in range(12)]
    same = [Heard(text=f"今天天气不错{number % 7}", person=f"p{number % 40}", age=number % 28) for number in range(110)]
    found = rising([*old, *same, *new], 91)
    assert any("新国标" in word for word in found)
    assert not any("天气" in word for word in found)
    assert rising(new, 91) == []


def test_theme_fit_drift_and_noise_of_a_group() -> None:
    log = Log()
    for number, category in enumerate(("茶饮", "零食")):
        log.add("order", "user:1", AS_OF - timedelta(days=90), value="9.90", object_key=f"item:{number}",
                category=category, props={"title": f"某商品{number}号"})  # fmt: skip
    for number in range(24):
        for age, topic in ((5, "茶饮" if number % 4 else "零食"), (40, "茶饮")):
            log.add("message", f"user:{number}", AS_OF - timedelta(days=age, minutes=number), group_key=ROOM,
                    text=f"说说{topic}{number}", id=f"g{age}-{number}")  # fmt: skip
    log.add("message", "user:9", AS_OF - timedelta(days=3), group_key=ROOM, text="兼职日结三百，加微信 abc88888 详聊")
    log.add("message", "user:9", AS_OF - timedelta(days=3), group_key=OTHER, text="茶饮")
    rows = {row["group_key"]: row for row in log.build("group_themes")["group_themes"]}
    row = rows[ROOM]
    assert (row["messages"], row["flagged"], row["theme"]) == (25, 1, "茶饮")
    assert (row["noise"], row["fit"]) == (pytest.approx(1 / 25), pytest.approx(18 / 24))
    p, q = np.array([0.75, 0.25]), np.array([1.0, 0.0])
    assert row["drift"] == pytest.approx(float(jensenshannon(p, q, base=2)), abs=1e-9)
    assert (rows[OTHER]["noise"], rows[OTHER]["fit"], rows[OTHER]["drift"]) == (None, None, None)


def test_nothing_said_no_rows() -> None:
    log = Log()
    log.add("view")
    built = log.build("complaints")
    assert all(built[name] == [] for name in ("flagged", "listening", "topics", "topic_people", "complaints"))


def test_the_talk_of_a_group_turns_to_what_many_say_much_more_than_usual() -> None:
    log = Log()
    at = AS_OF - timedelta(days=80)
    for number, category in enumerate(("茶饮", "零食")):
        log.add("order", "user:1", at, value="9.90", object_key=f"item:{number}", category=category)

    def said(day: int, number: int, text: str, people: int) -> None:
        for one in range(number):
            log.add("message", f"user:{one % people}", at + timedelta(days=day, minutes=7 * one), group_key=ROOM,
                    text=f"{text}，第{one}次说", source="wechat")  # fmt: skip

    said(0, 6, "茶饮怎么样", 4)
    said(3, 6, "零食怎么样", 2)  # many messages, of two people
    said(6, 4, "零食怎么样", 4)  # too few
    for day in range(10, 20):
        said(day, 4, "零食怎么样", 4)
    said(25, 5, "零食怎么样", 3)  # not three times the usual
    (row,) = log.build("group_topics")["group_topics"]
    assert (row["group_key"], row["kind"], row["topic"]) == (ROOM, "category", "茶饮")
    assert (row["messages"], row["people"], row["usual"]) == (6, 4, 0.0)
