"""SMS: signatures as the providers print them, definitions that are checked, rules of the mainland."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.contract import Fate, Message
from lianyi.action.channels.models import Account
from lianyi.action.channels.sms import rules, signing
from lianyi.action.channels.sms.definition import filled, found, parsed, shipped
from lianyi.errors import InputError
from tests.action.channels.platforms import KEY, SECRET
from tests.action.channels.servers import Simulated, delivered

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHONE = "8613912345678"
ALIYUN = {"provider": "aliyun", "access_key": KEY, "secret": SECRET, "sign_name": "茶店"}
TENCENT = {**ALIYUN, "provider": "tencent", "app": "1400787878"}


def account(platforms: Simulated, **settings: Any) -> Account:
    return accounts.add("sms", "sms", {"url": platforms.url, **settings}, by="olga", now=NOW)


def to(phone: str = PHONE, **more: Any) -> Message:
    said = {"template": "SMS_1", "variables": {"name": "安娜", "code": "A 1&2"}}
    return Message(**{"key": "spring/ann", "to": phone, "text": "", "props": said, **more})


def test_aliyuns_printed_example_of_a_signature() -> None:
    headers = signing.acs3(
        access_key="YourAccessKeyId", secret="YourAccessKeySecret", method="POST",
        host="ecs.cn-shanghai.aliyuncs.com", path="/", body=b"", action="RunInstances", version="2014-05-26",
        query={"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC), nonce="3156853299f313e23d1673dc12e1703d",
    )  # fmt: skip
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencents_printed_example_of_a_signature() -> None:
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    headers = signing.tc3(
        access_key="AKID" + "*" * 32, secret="*" * 32, method="POST", host="cvm.tencentcloudapi.com", path="/",
        query={}, body=body, action="DescribeInstances", version="2017-03-12", service="cvm", region="ap-guangzhou",
        at=datetime.fromtimestamp(1551113065, UTC),
    )  # fmt: skip
    assert headers["Authorization"].endswith(
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def test_aliyun_takes_what_we_sign(platforms: Simulated) -> None:
    account(platforms, **ALIYUN)
    outcome = delivered("sms", "sms", to())[0]
    assert (outcome.fate, outcome.provider_id) == (Fate.SENT, "9006197469364984400")
    assert platforms.kept("aliyun") == [{
        "PhoneNumbers": "13912345678", "SignName": "茶店", "TemplateCode": "SMS_1", "OutId": "spring/ann",
        "TemplateParam": '{"name": "安娜", "code": "A 1&2"}',
    }]  # fmt: skip


def test_tencent_takes_what_we_sign(platforms: Simulated) -> None:
    account(platforms, **TENCENT)
    outcome = delivered("sms", "sms", to())[0]
    assert (outcome.fate, outcome.provider_id) == (Fate.SENT, "5000:1045")
    assert platforms.kept("tencent") == [{
        "PhoneNumberSet": ["+8613912345678"], "SmsSdkAppId": "1400787878", "SignName": "茶店", "TemplateId": "SMS_1",
        "TemplateParamSet": ["安娜", "A 1&2"], "SessionContext": "spring/ann",
    }]  # fmt: skip


def test_a_wrong_secret_is_refused_and_no_fault_of_the_person(platforms: Simulated) -> None:
    made = account(platforms, **{**ALIYUN, "secret": "wrong"})
    first = delivered("sms", "sms", to())[0]
    accounts.change(made, {**TENCENT, "secret": "wrong"}, by="olga", now=NOW)
    second = delivered("sms", "sms", to())[0]
    assert [(one.fate, one.permanent) for one in (first, second)] == [(Fate.FAILED, False)] * 2
    assert "SignatureDoesNotMatch" in first.reason
    assert "AuthFailure.SignatureFailure" in second.reason
    assert platforms.kept("aliyun") == platforms.kept("tencent") == []


@pytest.mark.parametrize(
    ("provider", "code", "permanent", "waits"),
    [
        ("aliyun", "isv.MOBILE_NUMBER_ILLEGAL", True, False),
        ("aliyun", "isv.BUSINESS_LIMIT_CONTROL", False, False),
        ("aliyun", "isv.AMOUNT_NOT_ENOUGH", False, False),
        ("aliyun", "Throttling.User", False, True),
        ("tencent", "FailedOperation.PhoneNumberInBlacklist", True, False),
        ("tencent", "LimitExceeded.PhoneNumberDailyLimit", False, False),
        ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", False, False),
        ("tencent", "RequestLimitExceeded", False, True),
    ],
)
def test_what_the_providers_codes_mean(
    platforms: Simulated, provider: str, code: str, permanent: bool, waits: bool
) -> None:
    account(platforms, **(ALIYUN if provider == "aliyun" else TENCENT))
    platforms.set(sms={"13912345678": code, "+8613912345678": code})
    outcome = delivered("sms", "sms", to())[0]
    assert (outcome.fate, outcome.permanent, outcome.retry_after is not None) == (Fate.FAILED, permanent, waits)
    assert code in outcome.reason
    assert "13912345678" not in outcome.reason


def test_a_call_that_breaks_off_leaves_the_fate_unknown(platforms: Simulated) -> None:
    account(platforms, **ALIYUN)
    platforms.set(sms={"13912345678": "cut"})
    assert delivered("sms", "sms", to())[0].fate is Fate.UNKNOWN
    assert not accounts.limits("sms").keyed, "so it is not tried again"


def test_where_no_template_is_named_the_accounts_takes_the_text(platforms: Simulated) -> None:
    made = account(platforms, **ALIYUN)
    bare = to(props={}, text="春茶到了")
    outcome = delivered("sms", "sms", bare)[0]
    assert (outcome.permanent, "approved templates only" in outcome.reason) == (True, True)
    accounts.change(made, {"template": "SMS_9", "variable": "content"}, by="olga", now=NOW)
    assert delivered("sms", "sms", bare)[0].fate is Fate.SENT
    assert platforms.kept("aliyun")[0]["TemplateParam"] == '{"content": "春茶到了"}'


OWN = """
url: https://sms.example.cn/send
sign: basic
text: plain
needs: [access_key, secret]
form: {mobile: "{phone}", content: "{text}", ref: "{key}", channel: 3}
read: {code: [code], ok: ["0"], reason: [msg], id: id, permanent: ["1*"]}
"""


def test_a_provider_of_ones_own_is_declared(platforms: Simulated) -> None:
    account(platforms, provider="own", definition=OWN, access_key="me", secret="it", sign_name="茶店",
            url=platforms.url + "send")  # fmt: skip
    outcome = delivered("sms", "sms", to(text="春茶到了"), to(text="验证码 1234", props={"transactional": True}))
    assert [(one.fate, one.provider_id) for one in outcome] == [(Fate.SENT, "own-1")] * 2
    bodies = {one["body"] for one in platforms.kept("/send")}
    assert any("content=%E3%80%90%E8%8C%B6%E5%BA%97%E3%80%91" in body for body in bodies)
    assert sum("%E6%8B%92%E6%94%B6%E8%AF%B7%E5%9B%9E%E5%A4%8DR" in body for body in bodies) == 1
    assert platforms.kept("/send")[0]["headers"]["Authorization"] == "Basic bWU6aXQ="
    platforms.set(**{"/send": {"code": 17, "msg": "no"}})
    assert delivered("sms", "sms", to(text="x"))[0].permanent
    platforms.set(**{"/send": {"code": 2, "msg": "later"}})
    assert not delivered("sms", "sms", to(text="x"))[0].permanent
    platforms.set(**{"/send": {"strange": 1}})
    assert delivered("sms", "sms", to(text="x"))[0].fate is Fate.UNKNOWN, "taken, perhaps"
    assert delivered("sms", "sms", to(text="长" * 600))[0].permanent


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        ("url: ftp://x", "url: write an address"),
        ("url: https://x.cn\nsign: magic", "sign: 'magic' is none of none, basic, acs3, tc3"),
        ("url: https://x.cn\njson: {to: '{fax}'}", r"\{fax\} is not known; there are"),
        ("url: https://x.cn\ncolour: red", "'colour' is not known"),
        ("url: https://x.cn\nread: {codes: [a]}", "read: 'codes' is not known"),
        ("- a", "must be a mapping"),
        ("url: [", "definition: while parsing"),
    ],
)
def test_a_definition_that_cannot_be_used_says_why(definition: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parsed(definition)


def test_what_a_provider_needs_must_be_set(platforms: Simulated) -> None:
    with pytest.raises(InputError, match="app: is missing; tencent needs access_key, secret, sign_name, app, region"):
        account(platforms, **{**TENCENT, "app": ""})
    with pytest.raises(InputError, match="definition: write how"):
        account(platforms, provider="own")
    made = account(platforms, **ALIYUN)
    assert [(one.step, one.ok) for one in checking.check(made, by="olga", now=NOW)] == [
        ("dns", True), ("connection", True), ("login", None)]  # fmt: skip
    assert accounts.address_of("sms", ["email:a@b.cn", "phone:8613912345678"]) == PHONE
    assert accounts.address_of("sms", ["phone:hello"]) is None


def test_senders_and_the_way_to_refuse_are_said_once() -> None:
    assert rules.signed("hello", "茶店") == "【茶店】hello"
    assert rules.signed("【茶】hello", "茶店") == "【茶】hello"
    assert rules.refusable("hello") == "hello 拒收请回复R"
    for said in ("hello 回T退订", "hello，退订回T", "hello 拒收请回复R", "hello TD退订"):
        assert rules.refusable(said) == said
    assert [rules.parts("字" * length) for length in (1, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]


@given(st.text(max_size=200))
def test_the_rules_are_kept_whatever_the_text(text: str) -> None:
    done = rules.refusable(rules.signed(text, "茶店"))
    assert done.startswith("【")
    assert rules.refusable(done) == done


def test_words_are_filled_in_and_found() -> None:
    words = {"a": [1, 2], "b": "x", "c": ""}
    assert filled({"one": "{a}", "two": "-{b}-", "three": "{c}", "four": ["{b}", 3]}, words) == {
        "one": [1, 2], "two": "-x-", "four": ["x", 3]}  # fmt: skip
    assert found({"a": [{"b": 3}]}, "a.0.b") == 3
    assert found({"a": [{"b": 3}]}, "a.1.b") is None
    assert set(shipped()) == {"aliyun", "tencent"}
