"""Decisions and rules as sentences, in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lianyi.action.policy.rules import (
    DAYS,
    DAYS_IN_MONTH,
    Cap,
    Confirm,
    Consent,
    Count,
    Needs,
    Policy,
    Quiet,
    Rule,
    Spacing,
    Then,
    Window,
)

Pair = tuple[str, str]  # Chinese, English
ALL = ("全部渠道", "all channels")
PER: Mapping[str, Pair] = {"day": ("今天", "today"), "week": ("本周", "this week"), "month": ("本月", "this month")}
A_PER: Mapping[str, Pair] = {"day": ("每天", "a day"), "week": ("每周", "a week"), "month": ("每月", "a month")}
REASONS: Mapping[str, Pair] = {
    "asked": ("本人要求不再联系", "asked not to be written to"), "complained": ("曾投诉", "complained"),
    "bounced": ("地址退信", "the address does not work"), "imported": ("导入的名单", "from an imported list"),
    "law": ("法律要求", "for a legal reason"), "other": ("其他原因", "another reason"),
}  # fmt: skip
DAY_NAMES: Mapping[str, Pair] = {
    day: (f"周{zh}", en)
    for day, zh, en in zip(DAYS, "一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True)
}
SECTION_NAMES: Mapping[str, Pair] = {
    "expired": ("已过期", "expired"), "consent": ("授权", "consent"), "suppression": ("禁发名单", "suppression list"),
    "non_personal": ("非个性化选择", "non-personal choice"), "control": ("全局对照组", "global control group"),
    "quiet_hours": ("免打扰时段", "quiet hours"),
    "caps": ("频次上限", "cap"), "windows": ("会话窗口", "answer window"), "spacing": ("间隔", "spacing"),
    "priority": ("优先级", "priority"), "confirm": ("人工确认", "confirmation"), "address": ("地址", "address"),
    "content": ("内容", "content"), "person": ("用户", "person"), "channel": ("渠道", "channel"),
}  # fmt: skip


def reason(rule: str, values: Mapping[str, Any], *, zone: str, language: str) -> str:
    """Why a contact was not sent, waits or is held, as a sentence without its end; "" where nothing stood in its way.
    zone: in which moments are told."""
    say = _REASONS.get(rule)
    if say is None:
        return rule
    return say(values, zone)[_index(language)]


def section(name: str, language: str) -> str:
    """What a section of the policy is called."""
    return SECTION_NAMES.get(name, (name, name))[_index(language)]


def _index(language: str) -> int:
    return 0 if language.startswith("zh") else 1


def _when(text: str | None, zone: str) -> str:
    return datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") if text else "?"


def _named(values: Mapping[str, Any]) -> Pair:
    name = values.get("name")
    return (f"（{name}）", f" ({name})") if name else ("", "")


def _expired(values: Mapping[str, Any], zone: str) -> Pair:
    at = _when(values.get("expired"), zone)
    return f"已于 {at} 过期", f"expired at {at}"


def _consent(values: Mapping[str, Any], zone: str) -> Pair:
    purpose, channel = values["purpose"], values["channel"]
    if "withdrawn" not in values:
        return f"没有“{purpose}”在 {channel} 上的授权", f"no consent to {purpose} by {channel}"
    at = _when(values["withdrawn"], zone)
    of = values.get("of_purpose") or purpose
    return f"已于 {at} 撤回“{of}”的授权", f"consent to {of} withdrawn at {at}"


def _suppression(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    zh, en = REASONS.get(values["reason"], (values["reason"], values["reason"]))
    return f"在禁发名单上：{zh}", f"on the suppression list: {en}"


def _non_personal(values: Mapping[str, Any], zone: str) -> Pair:
    at = _when(values["chosen"], zone)
    return f"本人于 {at} 选择不接收个性化内容", f"chose at {at} to get nothing personal"


def _control(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    share = f"{values['share']:.1%}"
    return f"属于全局对照组（全部用户的 {share}，用于衡量效果）", f"in the global control group ({share} of all people)"


def _quiet_hours(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    zh, en = _named(values)
    span = f"{values['from']}–{values['until']}"
    return f"免打扰时段{zh} {span}（{values['zone']}）", f"quiet hours{en} {span} in {values['zone']}"


def _caps(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    number, most = values["had"] + 1, values["most"]
    zh, en = PER[values["per"]]
    by_zh, by_en = (f"{values['channel']} ", f" by {values['channel']}") if values["count"] == Count.EACH else ("", "")
    name_zh, name_en = _named(values)
    return (
        f"{zh}第 {number} 条{by_zh and '（' + by_zh.strip() + '）'}，上限 {most}{name_zh}",
        f"{ordinal(number)} message{by_en} {en}, cap {most}{name_en}",
    )


def _windows(values: Mapping[str, Any], zone: str) -> Pair:
    zh, en = _named(values)
    if "most" in values:
        return (
            f"对方上次发言后已发 {values['had']} 条，上限 {values['most']}{zh}",
            f"{values['had']} messages since the person last wrote, at most {values['most']}{en}",
        )
    hours = f"{values['hours']:g}"
    last = _when(values.get("heard"), zone)
    return (
        f"对方在最近 {hours} 小时内没有在 {values['channel']} 发言（上次：{last}）{zh}",
        f"the person has not written by {values['channel']} within {hours} hours (last: {last}){en}",
    )


def _spacing(values: Mapping[str, Any], zone: str) -> Pair:
    zh, en = _named(values)
    last, hours = _when(values["last"], zone), f"{values['hours']:g}"
    return f"距上次触达（{last}）不足 {hours} 小时{zh}", f"less than {hours} hours after the last one at {last}{en}"


def _priority(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    first = values["first"]
    return (
        f"“{first}”优先级更高（{values['of_priority']} 对 {values['priority']}），先发",
        f"{first} goes first, priority {values['of_priority']} against {values['priority']}",
    )


def _confirm(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    zh, en = _named(values)
    return f"等待人工确认{zh}", f"waits for a human to confirm it{en}"


def _address(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    channel = values["channel"]
    return f"没有可用于 {channel} 的地址", f"no address that {channel} can write to"


def _person(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    return "用户已不存在", "the person is not there any more"


def _content(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    return f"内容无法生成：{values['error']}", f"the content can't be made: {values['error']}"


def _channel(values: Mapping[str, Any], zone: str) -> Pair:  # noqa: ARG001
    return f"没有渠道 {values['channel']}", f"there is no channel {values['channel']}"


_REASONS: Mapping[str, Callable[[Mapping[str, Any], str], Pair]] = {
    "": lambda _values, _zone: ("", ""), "expired": _expired, "consent": _consent, "suppression": _suppression,
    "non_personal": _non_personal, "control": _control, "quiet_hours": _quiet_hours, "caps": _caps, "windows": _windows,
    "spacing": _spacing, "priority": _priority, "confirm": _confirm, "address": _address, "person": _person,
    "content": _content, "channel": _channel,
}  # fmt: skip


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th …"""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


# --- rules --------------------------------------------------------------------------------------------------------


def rules_in_words(policy: Policy, language: str) -> dict[str, list[str]]:
    """Each section of the policy as sentences, in the order in which the gate asks."""
    index = _index(language)
    sections: dict[str, Sequence[Rule]] = {
        "consent": policy.consent, "quiet_hours": policy.quiet_hours, "caps": policy.caps, "windows": policy.windows,
        "spacing": policy.spacing, "confirm": policy.confirm,
    }  # fmt: skip
    said = {name: [_rule(rule)[index] for rule in rules] for name, rules in sections.items()}
    if not policy.consent or policy.consent[-1].channels or policy.consent[-1].purposes:
        said["consent"].append(("其余：未拒绝即可", "Everything else: who has not refused")[index])
    said["non_personal"] = [
        (
            f"拒绝用途“{policy.personalisation}”的人只收到非个性化的内容",
            f"Who refused {policy.personalisation} gets nothing that was chosen or worded for them",
        )[index]
    ]
    owed = "、".join(policy.transactional) if index == 0 else ", ".join(policy.transactional)
    said["transactional"] = [_owed(owed)[index]]
    order = ("consent", "non_personal", "quiet_hours", "caps", "windows", "spacing", "confirm", "transactional")
    return {name: said[name] for name in order}


def _owed(purposes: str) -> Pair:
    zh = f"交易类消息（{purposes}）只受禁发名单中的“全部停止”、注明 transactional 的规则和要求的人工确认约束"
    held = "suppression of everything, rules that say transactional, and a confirmation that was asked for"
    return zh, f"Messages that people are owed ({purposes}) are held back only by {held}"


def _rule(rule: Rule) -> Pair:
    zh, en = _RULES[type(rule)](rule)
    of_zh, of_en = _of(rule)
    name_zh, name_en = (f"{rule.name}：", f"{rule.name}: ") if rule.name else ("", "")
    owed = ("，交易类消息也算", ", also for what people are owed") if rule.transactional else ("", "")
    return f"{name_zh}{of_zh}{zh}{owed[0]}", f"{name_en}{en}{of_en}{owed[1]}"


def _of(rule: Rule) -> Pair:
    zh, en = "", ""
    if rule.purposes:
        zh += f"用途 {'、'.join(rule.purposes)} "
        en += f" for {', '.join(rule.purposes)}"
    if rule.channels:
        zh += f"渠道 {'、'.join(rule.channels)} "
        en += f" by {', '.join(rule.channels)}"
    return zh, en


def _consent_rule(rule: Consent) -> Pair:
    return {
        Needs.GRANTED: ("须先同意", "Only who has agreed"), Needs.NOT_REFUSED: ("未拒绝即可", "Who has not refused"),
        Needs.NOTHING: ("无需授权", "No consent needed"),
    }[rule.needs]  # fmt: skip


def _quiet_rule(rule: Quiet) -> Pair:
    span = f"{rule.start:%H:%M}–{rule.until:%H:%M}"
    zh = "、".join(DAY_NAMES[day][0] for day in rule.days) if rule.days else "每天"
    en = ", ".join(DAY_NAMES[day][1] for day in rule.days) if rule.days else "every day"
    return f"{zh} {span}（本人时区）不发送", f"Nothing from {span} of the person's clock, {en}"


def _cap_rule(rule: Cap) -> Pair:
    zh, en = A_PER[rule.per]
    if rule.most is None:
        return f"{zh}不限", f"No limit {en}"
    most = ("当月天数", "as many as the month has days") if rule.most == DAYS_IN_MONTH else (f"{rule.most}",) * 2
    each = ("（各渠道分别计）", ", each channel for itself") if rule.count is Count.EACH else ("", "")
    then = ("，超出的等到下一周期", "; more waits for the next") if rule.then is Then.WAIT else ("", "")
    return f"{zh}最多 {most[0]} 条{each[0]}{then[0]}", f"At most {most[1]} {en}{each[1]}{then[1]}"


def _window_rule(rule: Window) -> Pair:
    hours = f"{rule.hours:g}"
    zh, en = (f"，最多 {rule.most} 条", f", at most {rule.most}") if rule.most is not None else ("", "")
    return f"仅在对方发言后 {hours} 小时内{zh}", f"Only within {hours} hours after the person wrote{en}"


def _spacing_rule(rule: Spacing) -> Pair:
    hours = f"{rule.hours:g}"
    then = ("，否则不发", "; else it is not sent") if rule.then is Then.REFUSE else ("", "")
    return f"两次之间至少 {hours} 小时{then[0]}", f"At least {hours} hours between two{then[1]}"


def _confirm_rule(_rule: Confirm) -> Pair:
    return "须人工确认", "A human lets it go"


_RULES: Mapping[type[Rule], Callable[[Any], Pair]] = {
    Consent: _consent_rule, Quiet: _quiet_rule, Cap: _cap_rule, Window: _window_rule, Spacing: _spacing_rule,
    Confirm: _confirm_rule,
}  # fmt: skip
