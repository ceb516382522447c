"""Moderation's filter: harmless talk is left alone, adverts are seen behind their tricks, undo trains; no crash."""

from __future__ import annotations

import random

import pytest
from benchmarks.moderation import MEMBER, NEWCOMER, bursts, judged, world_talk
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.insight.listening.folding import bared, fold, joined, mark_of, pieces_of, shape_of
from lianyi.insight.listening.grams import READ
from lianyi.insight.listening.judging import ACT_SIGNS, CROWD, Example, Filter, Limits, Message, Reason
from lianyi.insight.listening.words import shipped_words

ADVERT = "兼职日结300元 加微信 vx88888888 名额有限 急招 扫码进群领取"
HIDDEN = (
    "兼 职 日 结 3 0 0 元 加 微 信 vx88888888 名 额 有 限 急 招 扫 码 进 群 领 取",
    "".join(f"{letter}\u200b" for letter in ADVERT),
    "\u202e" + ADVERT + "\u202c",
    "兼职日结３００元 加微信 ｖｘ８８８８８８８８ 名额有限 急招 扫码进群领取",
    "\u0301".join(ADVERT),
    "好" * 100_000 + ADVERT,
    ADVERT.replace(" ", "\n"),
)


@pytest.fixture(scope="module")
def judge() -> Filter:
    return Filter(shipped_words())


def whys(found: list[Reason]) -> list[str]:
    return [reason.why for reason in found]


def of(text: str, limits: Limits = MEMBER, **more: int) -> Message:
    return Message(text=text, limits=limits, **more)


def test_harmless_talk_of_the_world_is_left_alone_and_its_adverts_are_seen() -> None:
    """On 30,000 texts .00 % of members' and .01 % of newcomers' are asked about; docs/methods/moderation.md."""
    harmless, adverts = world_talk(people=200, days=45, seed=5)
    assert len(harmless) > 1_500
    for limits in (MEMBER, NEWCOMER):
        asked, acted = judged(harmless, limits)
        assert asked <= len(harmless) * 0.001
        assert acted == 0
    asked, _acted = judged(adverts, NEWCOMER)
    assert asked >= len(adverts) * 0.5 > 0


def test_many_members_who_ask_the_same_with_other_numbers_are_no_advertisers(judge: Filter) -> None:
    texts = bursts()
    assert judged(texts, MEMBER) == (0, 0)
    asked, acted = judged(texts, NEWCOMER)
    assert asked <= len(texts) * 0.05
    assert acted == 0
    for text in (f"抢到了吗 {number} 号链接开了没" for number in range(1, 200)):
        assert judge.judge([of(text, NEWCOMER)]) == [[]]
    coupon = [of(f"抢到 {number} 元的优惠券了吗", NEWCOMER, alike=CROWD) for number in range(10, 60)]
    assert judge.judge(coupon) == [[]] * 50


def test_what_is_written_around_numbers_says_nothing() -> None:
    assert bared(fold("抢到了吗 12 号链接")) == bared(fold("抢到了吗 7号链接")) == "抢到了吗0号链接"
    assert shape_of("is 12 still there") == shape_of("is 345 still  there")
    assert bared("call 09061701461") == "call 00000000000", "who can be called is no number of a burst"
    assert bared("看 https://a.cn/free/win 这里") == "看这里"
    assert mark_of("抢到了吗 12 号链接开了没") != mark_of("抢到了吗 13 号链接开了没"), "that is no copy"
    assert mark_of("好的谢谢") == ""


@pytest.mark.parametrize("text", HIDDEN)
def test_adverts_are_seen_behind_their_tricks(judge: Filter, text: str) -> None:
    (found,) = judge.judge([of(text)])
    assert "advert" in whys(found)


def test_a_score_alone_is_no_advert_and_one_sign_is_only_asked_about(judge: Filter) -> None:
    limits = Limits(act_from=0.05, ask_from=0.05, flood=8, copies=3, links=True)
    no_sign, one_sign = "亲们在的扣个一呀呀呀", "有兼职的吗大家"
    assert [advert.signs for advert in judge.adverts([no_sign, one_sign, ADVERT])] == [0, 1, 7]
    found = judge.judge([of(no_sign, limits), of(one_sign, limits), of(ADVERT, limits)])
    assert [[one.sure for one in reasons if one.why == "advert"] for reasons in found] == [[], [False], [True]]
    (crowd,) = judge.judge([of(ADVERT, limits, alike=CROWD)])
    assert [one.sure for one in crowd] == [False], "what members of long standing say is left to a person"


def test_words_of_lists_are_found_parted_but_not_across_what_belongs_to_two_words(judge: Filter) -> None:
    found = judge.judge(
        [of("刷单"), of("有没有人一起刷*单的"), of("刷 单 了"), of("我要牙刷,单买一支"), of("牙刷 单买")]
    )
    assert [[(one.why, one.sure) for one in reasons] for reasons in found] == [
        [("sensitive", True)], [("sensitive", False)], [("sensitive", False)], [], [],
    ]  # fmt: skip
    assert joined("v-x 是 我") == "vx 是我"


def test_floods_copies_and_links_by_the_limits_of_who_speaks(judge: Filter) -> None:
    strict = Limits(act_from=0.9, ask_from=0.45, flood=8, copies=3, links=False)
    long = "今天天气真不错我们去公园走走吧"
    found = judge.judge([
        of(long, dense=8), of(long, dense=7), of(long, copies=3), of("好的", copies=9),
        of("看 https://a.cn/b 这个", strict), of("看 https://a.cn/b 这个"),
    ])  # fmt: skip
    assert [whys(reasons) for reasons in found] == [["flood"], [], ["copied"], [], ["link"], []]


def test_what_a_person_decides_holds_for_the_text_and_moves_what_is_like_it() -> None:
    offer = "老地方水果到货，要的私聊我，十块一斤"
    like = "老地方水果到货，要的私聊我，八块一斤"
    before = Filter(shipped_words())
    noise = Filter(shipped_words(), [Example(text=offer, noise=True)])
    fine = Filter(shipped_words(), [Example(text=ADVERT, noise=False)])
    chances = [one.adverts([like])[0].chance for one in (before, noise)]
    assert chances[1] > chances[0]
    (found,) = noise.judge([of(offer)])
    assert [(one.why, one.sure) for one in found] == [("advert", True)]
    assert fine.judge([of(ADVERT)]) == [[]]
    assert fine.adverts([ADVERT + "了"])[0].chance < before.adverts([ADVERT + "了"])[0].chance
    both = Filter(shipped_words(), [Example(text=ADVERT, noise=True), Example(text=ADVERT, noise=False)])
    assert both.judge([of(ADVERT)]) == [[]], "the last word holds"
    plain = "早上好呀大家吃了吗"
    assert noise.judge([of(plain)]) == [[]]


LETTERS = "\x00\x1b\u202e\u202d\u2066\u200b\u200d\ufeff\ud800\U0001f9d1ａ中1<>&\"'\n\t\u0301\u0489شלا가がﷺ_-*. 微信加vx"


def test_ten_thousand_hostile_texts_are_judged_twice_alike_and_without_harm(judge: Filter) -> None:
    dice = random.Random(7)
    texts = ["".join(dice.choices(LETTERS, k=dice.randint(0, 40))) for _ in range(9_000)]
    texts += ["<b>" * dice.randint(1, 9) + dice.choice(HIDDEN)[:300] + "</b>" for _ in range(990)]
    long = ["刷 ", "_", "_ ", "a*", "\u0301", "ﷺ", "9", "http://", "\U0001f468\u200d", "．"]
    texts += [one * (100_000 // len(one)) for one in long]
    messages = [of(text, dice.choice([MEMBER, NEWCOMER])) for text in texts]
    first = judge.judge(messages)
    assert Filter(shipped_words()).judge(messages[:-1_000:-1]) == first[:-1_000:-1]
    assert len(first) == 10_000
    for reasons in first:
        assert all(one.chance is None or 0 <= one.chance <= 1 for one in reasons)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_a_folded_text_is_folded_already_and_hidden_letters_change_nothing(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold("\u200b".join(once)) == once
    assert all(len(piece) <= READ for piece in pieces_of(once * 40))
    assert ACT_SIGNS > 1
