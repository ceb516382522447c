"""Laws of reply links and threads, and how well links are found on annotated chats."""

from __future__ import annotations

import dataclasses
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lianyi.insight.conversations.linking import link
from lianyi.insight.conversations.talk import AFTER, Talk, read, split
from lianyi.insight.conversations.threads import roots
from lianyi.insight.conversations.trees import provenance, shipped
from tests.insight.log import Log
from tests.real_data import real

PEOPLE = ("安娜", "小北", "老陈", "阿梅")
ROOM = "group:wechat/茶友群"
BEGAN = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)


def chat(*said: tuple[int, str], room: str = ROOM, **fields: str) -> Log:
    """A room in which these people say these things, one a minute."""
    log = Log()
    for number, (person, text) in enumerate(said):
        actor = f"name:wechat/茶友群/{PEOPLE[person]}"
        log.add("message", actor, BEGAN + timedelta(minutes=number), group_key=room, text=text, id=f"m{number}")
    return log


def test_words_are_latin_words_and_pairs_of_chinese_characters() -> None:
    assert list(split("乌龙茶 ok, see http")) == ["乌龙", "龙茶", "ok", "see", "http"]


def test_whoever_is_named_is_found_by_name_in_chinese_and_in_nicks() -> None:
    talk = read([0, 0, 0], [0, 1, 2], ["hi", "@安娜 在吗", "老陈 看这里"], names={"安娜": 0, "老陈": 1})
    assert [talk.named[talk.named_at[i] : talk.named_at[i + 1]].tolist() for i in range(3)] == [[], [0], [1]]


def test_two_conversations_at_once_are_told_apart_by_who_is_named() -> None:
    log = chat(
        (0, "请问乌龙茶怎么保存"), (2, "周末的茶会几点开始"), (1, "@安娜 乌龙茶放阴凉处"), (3, "@老陈 茶会两点开始"),
        (0, "@小北 谢谢，乌龙茶放冰箱可以吗"), (2, "@阿梅 好的，茶会见"),
    )  # fmt: skip
    rows = {row["message_id"]: row for row in log.build("reply_links")["reply_links"]}
    assert [rows[f"m{n}"]["answers_id"] for n in (2, 3, 4, 5)] == ["m0", "m1", "m2", "m3"]
    assert {rows[f"m{n}"]["how"] for n in (2, 3, 4, 5)} == {"guessed"}
    assert rows["m0"]["how"] == "opens"
    assert all(0 < row["probability"] <= 1 for row in rows.values())
    assert rows["m0"]["question"]
    assert rows["m2"]["seconds"] == 120


def test_threads_hold_what_follows_from_what_opened_them_and_when_it_was_answered() -> None:
    log = chat((0, "请问乌龙茶怎么保存"), (1, "@安娜 乌龙茶放阴凉处就行"), (0, "@小北 谢谢，乌龙茶收到"))
    (row,) = log.build("threads")["threads"]
    assert (row["thread_id"], row["messages"], row["people"], row["question"]) == ("m0", 3, 2, True)
    assert (row["first_answer_minutes"], row["guessed"], row["by_staff"]) == (1, 1, False)


def test_what_the_platform_declares_is_taken_and_nothing_is_guessed_where_people_use_it() -> None:
    log = Log()
    first = log.add("message", "user:1", BEGAN, group_key="group:matrix/a", text="does it come in green?")
    log.add("message", "user:2", BEGAN + timedelta(minutes=1), group_key="group:matrix/a", text="user:1 yes it does")
    log.add(
        "reply", "user:3", BEGAN + timedelta(minutes=2), group_key="group:matrix/a", text="it does",
        parent_id=first.id, target="user:1",
    )  # fmt: skip
    rows = log.build("reply_links")["reply_links"]
    assert [row["how"] for row in rows] == ["opens", "opens", "declared"]
    assert (rows[2]["answers_id"], rows[2]["other_id"], rows[2]["probability"]) == (first.id, "p1", 1)
    assert rows[1]["probability"] is None


def test_a_declared_answer_stands_beside_guessed_ones() -> None:
    log = chat(*[(number % 4, f"第{number}句话") for number in range(20)])
    log.add("reply", "name:wechat/茶友群/阿梅", BEGAN + timedelta(minutes=21), group_key=ROOM, text="这个好",
            parent_id="m3", target="name:wechat/茶友群/阿梅")  # fmt: skip
    rows = log.build("reply_links")["reply_links"]
    assert len(rows) == 21
    assert [(row["answers_id"], row["probability"]) for row in rows if row["how"] == "declared"] == [("m3", 1)]
    order = {row["message_id"]: place for place, row in enumerate(rows)}
    assert all(order[row["answers_id"]] < order[row["message_id"]] for row in rows if row["answers_id"])


def random_talk(count: int, seed: int) -> Talk:
    dice = random.Random(seed)
    words = ["茶", "乌龙", "快递", "发货", "好喝", "周末", "价格", "收到", "谢谢", "请问", "ok", "where"]
    people = [f"nick{number}" for number in range(9)]
    author = [dice.randrange(9) for _ in range(count)]
    texts = [
        " ".join([*([f"@{dice.choice(people)}"] if dice.random() < 0.3 else []), *dice.choices(words, k=4)])
        for _ in range(count)
    ]
    micros = np.cumsum([dice.randrange(0, 300) * 1_000_000 for _ in range(count)])
    return read(micros, author, texts, names={name: place for place, name in enumerate(people)})


def test_what_is_said_later_than_the_look_ahead_changes_nothing() -> None:
    talk = random_talk(700, 3)
    whole = link(talk, 100, 300)
    cut = 300 + AFTER
    shorter = dataclasses.replace(
        talk, minute=talk.minute[:cut], author=talk.author[:cut], named_at=talk.named_at[: cut + 1],
        words_at=talk.words_at[: cut + 1], cues=talk.cues[:cut], length=talk.length[:cut],
    )  # fmt: skip
    again = link(shorter, 100, 240)
    assert np.array_equal(whole.earlier[:140], again.earlier)


def test_trees_give_the_sum_of_the_leaves_that_a_walk_by_hand_reaches() -> None:
    trees = shipped()["first"]
    x = np.random.default_rng(1).normal(3, 5, (20, 62)).astype(np.float32)
    for row, total in zip(x, trees.scores(x), strict=True):
        by_hand = 0.0
        for root in trees.root:
            node = int(root)
            while node >= 0:
                node = int((trees.left if row[trees.feature[node]] <= trees.threshold[node] else trees.right)[node])
            by_hand += float(trees.leaf[-node - 1])
        assert total == pytest.approx(by_hand, abs=1e-4)


def test_the_trees_say_where_they_come_from() -> None:
    made = provenance()
    assert made["licence"] == "CC BY 4.0"
    assert "Kummerfeld" in made["source"]


def test_a_thread_is_as_long_as_its_chain_and_nothing_answers_what_comes_later() -> None:
    assert roots(np.array([-1, 0, 1, 2, -1, 4, 6, 8])).tolist() == [0, 0, 0, 0, 4, 4, 6, 7]


def test_no_talk_no_rows() -> None:
    log = Log()
    log.add("view")
    assert log.build("threads")["threads"] == []


@pytest.mark.data
@pytest.mark.slow
def test_links_on_annotated_irc_are_better_than_the_published_ones() -> None:
    """Dev part of Kummerfeld et al. 2019, which nothing was learned from. Published (on its test part): 72.3."""
    from benchmarks.irc_logs import logs
    from benchmarks.replies import addressed, lianyi, links

    folder = real("irc_threads") / "dev"
    some = logs(folder)
    firsts = [next(place for place, line in enumerate(log.line) if line >= 1000) for log in some]
    told = [lianyi(log, first) for log, first in zip(some, firsts, strict=True)]
    assert links(some, told)[2] >= 74
    rule = [addressed(log, first) for log, first in zip(some, firsts, strict=True)]
    assert links(some, rule)[2] < 55
