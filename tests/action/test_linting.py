"""The linter of contents: what breaks a rule is found, with its place; plain words are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from lianyi.action.content.linting import lint

KNOWN = ("person.name", "person.orders")


def rules(kind: str, body: dict[str, Any], language: str = "zh-hans", **more: Any) -> dict[str, str]:
    """Rule → place of what is found."""
    found = lint(kind, {language: body}, more.pop("variables", {}), known=KNOWN, **more)
    return {one.rule: one.place for one in found}


@pytest.mark.parametrize(
    "text",
    ["分享到3个群，即可领券", "转发到三个微信群", "集满38个赞送茶", "集赞有礼", "不转不是中国人", "转发领红包",
     "分享后领取优惠",
     "邀请好友助力", "帮我砍价", "邀请3位好友免费领",
     "分享再得一次抽奖机会", "Share this with 5 friends", "share to unlock",
     "Get a coupon when you share", "Tag 3 friends"],
)  # fmt: skip
def test_induced_sharing_is_stopped(text: str) -> None:
    found = lint("text", {"zh-hans": {"text": text}}, {}, known=KNOWN)
    assert found[0].level == "stop"
    assert found[0].rule in {"induced_sharing", "forced_sharing"}
    assert found[0].found in text
    assert found[0].place == "zh-hans: text"


@pytest.mark.parametrize(
    "text",
    ["新茶上市，欢迎品尝。", "把这杯茶分享给家人。", "谢谢您的分享，我们很受启发。",
     "您邀请的好友下单后，您将获得 20 元。", "群里的朋友都在聊龙井。",
     "点赞最多的三条评论", "We share your joy.",
     "Thank you for sharing your photos."],
)  # fmt: skip
def test_plain_words_are_left_alone(text: str) -> None:
    assert [one for one in lint("text", {"zh-hans": {"text": text}}, {}, known=KNOWN) if one.level == "stop"] == []


def test_variables_are_known_filled_in_or_named() -> None:
    assert "unknown_variable" in rules("text", {"text": "{{ person.nme }}"})
    assert rules("text", {"text": "{{ person.name }}"}) == {"no_fallback": "zh-hans: text"}
    assert rules("text", {"text": "{{ person.name | default('朋友') }}"}) == {}
    assert rules("text", {"text": "{% if person.name %}{{ person.name }}{% endif %}"}) == {}
    assert rules("text", {"text": "{{ person.name }}"}, variables={"person.name": {"": "x"}}) == {}
    assert rules("text", {"text": "{{ person.attributes.city | default('x') }} {{ share_link }}"}) == {}


@pytest.mark.parametrize(
    ("url", "rule"),
    [("https://tea.cn/a", None), ("https://", "broken_link"),
     ("tea.cn", "broken_link"), ("http://tea.cn", "broken_link"),
     ("https://localhost/x", "broken_link"), ("https://www.example.com", "broken_link"), ("{{ share_link }}", None)],
)  # fmt: skip
def test_addresses_that_lead_nowhere_are_named(url: str, rule: str | None) -> None:
    assert rules("link", {"title": "t", "url": url}) == ({rule: "zh-hans: url"} if rule else {})
    in_text = rules(
        "email", {"subject": "广告 a", "preheader": "p", "blocks": [{"type": "text", "text": f"[a]({url})"}]}
    )
    assert in_text == ({rule: "zh-hans: blocks[0].text"} if rule else {})


def test_an_email_says_that_it_is_one_and_how_to_stop() -> None:
    block = {"type": "text", "text": "茶"}
    assert "subject_ad" in rules("email", {"subject": "新茶", "blocks": [block]})
    for begin in ("广告", "【广告】", "AD ", "(AD) "):
        assert "subject_ad" not in rules("email", {"subject": f"{begin}新茶", "blocks": [block]})
    assert "subject_ad" not in rules("email", {"subject": "您的订单", "footer": "transactional", "blocks": [block]})
    offer = {"subject": "您的订单", "footer": "transactional", "blocks": [{"type": "text", "text": "全场八折优惠"}]}
    assert rules("email", offer)["no_unsubscribe"] == "zh-hans: footer"


def test_a_commercial_sms_says_how_to_refuse_it() -> None:
    assert "sms_refusal" in rules("text", {"text": "新品八折"}, channel="sms")
    assert "sms_refusal" not in rules("text", {"text": "新品八折，回T退订"}, channel="sms")
    assert "sms_refusal" not in rules("text", {"text": "新品八折"})


def test_a_picture_that_is_not_there_and_one_that_says_nothing() -> None:
    found = rules("image", {"picture": "a.png"}, pictures=lambda _name: False)
    assert found == {"missing_picture": "zh-hans: picture", "no_alt": "zh-hans: alt"}
