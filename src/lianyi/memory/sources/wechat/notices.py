"""WeChat's grey lines: who invited, joined, left, removed, recalled, patted; as text and as template, zh and en."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lianyi.memory.sources.wechat.xml import Node, parse

Act = Literal["invite", "join", "remove", "leave", "recall", "pat", "add"]

# What stands for the account that exported the chat.
SELF = frozenset({"你", "我", "you", "i", "me", "myself", "yourself"})


@dataclass(frozen=True, kw_only=True)
class Name:
    """A person as a line names them: shown name, and id where the line gives it. `me`: the account's owner."""

    name: str
    id: str | None = None
    me: bool = False


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What one line says. by: who did it (None: nobody is named); who: to whom it was done, or who did it alone.

    how: "invited", "qr code" …; message_id: of a recalled message, where it is given.
    """

    act: Act
    who: tuple[Name, ...]
    by: Name | None = None
    how: str = ""
    message_id: str | None = None
    others: tuple[Name, ...] = field(default=())


_Q = '["“”]'


def _zh(name: str) -> str:
    return f"(?:{_Q} ?(?P<{name}>.+?) ?{_Q}|(?P<{name}_me>你|我))"


def _en(name: str, me: str = "You|I") -> str:
    return f"(?:(?P<{name}_me>{me})|{_Q}? ?(?P<{name}>.+?){_Q}?)"


_GROUP = "加入了?(?:外部)?群聊"
_CHAT = "(?:the |a )?group chat"
_MY_CODE = "(?:the QR code (?P<by_me>you) shared|(?P<by_me2>your) shared QR code)"
_WHOM = f"(?:(?P<self>himself|herself|themselves)|{_en('who', 'you|me|myself|yourself')})"
_REST = "(?:[，,。]? *群聊参与人还有[：:](?P<others>.+))?"

# (act, how, pattern); the first that fits counts, so narrower ones stand first.
_LINES: tuple[tuple[Act, str, str], ...] = (
    ("invite", "invited", f"{_zh('by')}邀请(?P<also_me>你)和{_Q}(?P<who>.+?){_Q}{_GROUP}"),
    ("invite", "invited", f"{_zh('by')}邀请(?P<who_me>你){_GROUP}{_REST}"),
    ("invite", "invited", f"{_zh('by')}邀请{_Q}(?P<who>.+?){_Q}{_GROUP}"),
    ("invite", "qr code", f"{_zh('who')}通过扫描{_zh('by')}分享的(?:群)?二维码{_GROUP}{_REST}"),
    ("join", "qr code", f"{_zh('who')}通过扫描(?:群)?二维码{_GROUP}{_REST}"),
    ("join", "link", f"{_zh('who')}通过(?:群)?(?:邀请)?(?:链接|卡片){_GROUP}"),
    ("join", "", f'{_zh("who")}(?:通过[^"“”]{{1,20}})?{_GROUP}'),
    ("remove", "removed", f"{_zh('by')}将{_Q}(?P<who>.+?){_Q}移出了?(?:本)?群聊"),
    ("remove", "removed", f"{_zh('who')}被{_zh('by')}移出了?(?:本)?群聊"),
    ("remove", "removed", f"{_zh('who')}(?:已)?被移出了?(?:本)?群聊"),
    ("leave", "left", f"{_zh('who')}(?:已|主动)?退出了?(?:本)?群聊"),
    ("recall", "recalled by admin", f"{_zh('by')} ?撤回了成员 ?{_Q}(?P<who>.+?){_Q} ?的一条消息"),
    ("recall", "recalled", f"{_zh('who')} ?撤回了一条消息"),
    ("pat", "pat", f"{_zh('by')} ?拍了拍 ?(?:(?P<self>自己)|{_zh('who')})"),
    ("add", "added", "(?P<by_me>你)已添加了 ?(?P<who>.+?) ?[，,] ?现在可以开始聊天了"),
    ("add", "added", f"{_Q}?(?P<by>.+?){_Q}? ?刚刚把(?P<who_me>你)添加到通讯录"),
    ("invite", "invited", f"{_en('by')} invited (?P<also_me>you) and {_Q}?(?P<who>.+?){_Q}? to {_CHAT}"),
    ("invite", "invited", f"{_en('by')} invited (?P<who_me>you) to {_CHAT}(?: with (?P<others>.+?))?\\.?\\Z"),
    ("invite", "invited", f"{_en('by')} invited {_Q}?(?P<who>.+?){_Q}? to {_CHAT}"),
    ("invite", "qr code", f"{_en('who')} joined {_CHAT} via {_MY_CODE}"),
    ("invite", "qr code", f"{_en('who')} joined {_CHAT} via the QR code shared by {_Q}(?P<by>.+?){_Q}"),
    ("join", "qr code", f"{_en('who')} joined {_CHAT} via (?:the |a )?QR code"),
    ("join", "", f"{_en('who')} joined {_CHAT}"),
    ("remove", "removed", f"(?P<who_me>You) were removed from {_CHAT} by {_Q}(?P<by>.+?){_Q}"),
    ("remove", "removed", f"{_en('by')} removed {_Q}?(?P<who>.+?){_Q}? from {_CHAT}"),
    ("leave", "left", f"{_en('who')} (?:has )?left {_CHAT}"),
    ("recall", "recalled", f"{_en('who')} (?:has |have )?recalled a message"),
    ("pat", "pat", f"{_en('by')} (?:tickled|nudged|patted) {_WHOM}\\s*\\Z"),
    ("add", "added", "(?P<by_me>You)(?: have|'ve) added (?P<who>.+?) as your (?:WeChat|Weixin) contact"),
)
_PATTERNS = tuple((act, how, re.compile(pattern, re.DOTALL)) for act, how, pattern in _LINES)

# No line without one of these says anything about people; saves thirty patterns on all others.
_WORDS = re.compile("群聊|撤回|拍了拍|添加|group chat|QR code|recalled|tickled|nudged|patted| added ", re.IGNORECASE)


def read_notice(text: str, *, names_with_ids: bool = False) -> Notice | None:
    """What a grey line says; None where it says nothing about people.

    names_with_ids: names are written `nickname(id)`, as chatlog does.
    """
    line = text.strip()
    if _WORDS.search(line) is None:
        return None
    line = re.sub(r"QR Code", "QR code", line)
    for act, how, pattern in _PATTERNS:
        match = pattern.match(line)
        if match:
            return _notice(act, how, match.groupdict(), ids=names_with_ids)
    return None


def _notice(act: Act, how: str, found: Mapping[str, str | None], *, ids: bool) -> Notice:
    me = Name(name="你", me=True)
    by_me = found.get("by_me") or found.get("by_me2")
    by_names = _names(found.get("by"), act="", ids=ids)
    by = me if by_me else (by_names[0] if by_names else None)
    who = list(_names(found.get("who"), act=act if how != "qr code" else "", ids=ids))
    if found.get("who_me") or found.get("also_me"):
        who.append(me)
    if found.get("self") and by:
        who.append(by)
    others = _names(found.get("others"), act="invite", ids=ids)
    return Notice(act=act, who=tuple(who), by=by, how=how, others=tuple(others))


def _names(text: str | None, *, act: str, ids: bool) -> list[Name]:
    """The names in one place of a line. Only invited and removed people come several in one place."""
    if not text:
        return []
    if ids and ")" in text:
        return [_with_id(part) for part in re.split(r"(?<=\))[、,] ?", text)]
    parts = re.split("、|, ", text) if act in {"invite", "remove"} else [text]
    return [Name(name=part.strip(), me=part.strip().lower() in SELF) for part in parts if part.strip()]


_WITH_ID = re.compile(r"(?P<name>.*)\((?P<id>[\w@.\-]{3,64})\)\s*\Z", re.DOTALL)


def _with_id(text: str) -> Name:
    match = _WITH_ID.match(text.strip())
    return Name(name=match["name"].strip(), id=match["id"]) if match else Name(name=text.strip())


def read_template(text: str) -> tuple[Notice | None, str]:
    """What a raw `<sysmsg>` says, and its line as people see it. BadXml where it can't be read.

    The line's template names people by placeholders ($username$, $names$, $adder$, $from$ …); the list of links
    gives the ids behind each.
    """
    root = parse(text)
    if root.tag == "revokemsg" or next(root.all("revokemsg"), None):
        return _recall(root)
    template = root.value("template") or root.value("plain") or root.value("text")
    template = re.sub(r"\$revoke\$", "", template).strip()
    links = {link.attributes.get("name", ""): list(_members(link)) for link in root.all("link")}
    line = re.sub(r"\$(\w+)\$", lambda found: "、".join(name.name for name in links.get(found[1], ())), template)
    notice = read_notice(template)
    if notice is None:
        return None, line
    filled = Notice(
        act=notice.act,
        how=notice.how,
        who=tuple(person for name in notice.who for person in _filled(name, links)),
        by=next(_filled(notice.by, links), None) if notice.by else None,
        others=tuple(person for name in notice.others for person in _filled(name, links)),
    )
    return filled, line


def _members(link: Node) -> Iterator[Name]:
    for member in link.all("member"):
        username, nickname = member.value("username"), member.value("nickname")
        if username or nickname:
            yield Name(name=nickname or username, id=username or None)


def _filled(name: Name, links: Mapping[str, list[Name]]) -> Iterator[Name]:
    match = re.fullmatch(r"\$(\w+)\$", name.name)
    if match is None:
        yield name
    else:
        yield from links.get(match[1], ())


def _recall(root: Node) -> tuple[Notice | None, str]:
    line = root.value("replacemsg") or root.value("content") or root.value("revokemsg")
    notice = read_notice(line)
    if notice is None:
        return None, line
    message_id = root.value("newmsgid") or None
    return Notice(act="recall", who=notice.who, by=notice.by, how=notice.how, message_id=message_id), line
