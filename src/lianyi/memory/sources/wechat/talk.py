"""One WeChat message, whatever exporter wrote it, as events: said, quoted, shared, named, invited, recalled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.sources.chats.reading import BadMessage
from lianyi.memory.sources.chats.room import Person, Room
from lianyi.memory.sources.wechat.notices import Name, Notice, read_notice, read_template
from lianyi.memory.sources.wechat.types import OTHER, MessageType
from lianyi.memory.sources.wechat.xml import BadXml, Node, looks_like_xml, parse

# WeChat ends an @name with this four-per-em space; hand-written ones end at any space.
_MENTION_MARKED = re.compile("@([^@\u2005\n]{1,64})\u2005")
_MENTION_PLAIN = re.compile(r"(?<![\w.])@([^\s@,，。.!！?？:：;；、()（）]{1,64})")
EVERYONE = frozenset({"所有人", "全体成员", "all", "everyone"})
# The quoted part of a reply, as the exporters put it into the text.
_QUOTE_BELOW = re.compile(
    r"\n\s*(?:引用|被引用的消息|引用消息|Quote)\s*[:：]?\s*[\"“]?(?P<name>[^:：\n]{1,64}?)\s*[:：]\s*(?P<quoted>.*)\Z",
    re.DOTALL,
)
_QUOTE_ABOVE = re.compile(
    r"(?:> (?P<name>[^\n]*?)(?:\((?P<id>[\w@.\-]+)\))? (?:\d{4}-)?\d{2}-\d{2} \d{2}:\d{2}:\d{2}\n)"
    r"(?P<quoted>(?:> [^\n]*\n)*)(?P<reply>.*)\Z",
    re.DOTALL,
)
_SHARED = re.compile(
    r"[\[【](?P<word>[^|\]】]{1,10})(?:\|(?P<title>.*?))?[\]】](?:\((?P<url>[^)]*)\))?\s*\Z", re.DOTALL
)
_URL = re.compile(r"https?://\S+")
# Content that tells where an exporter put a file, not what somebody said.
MAX_PLACEHOLDER = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """The message that another one quotes: its author, text, and id where the export has it."""

    author: Person | None = None
    text: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One message. id: within the room. by: who said it (None: the system). named_with_ids: see read_notice.

    server_ids: the ids are the server's numbers, by which quotes name what they answer.
    """

    id: str
    at: datetime
    by: Person | None
    type: MessageType
    text: str
    quote: Quote | None = None
    title: str | None = None
    url: str | None = None
    target: str | None = None
    named_with_ids: bool = False
    server_ids: bool = False
    props: dict[str, Any] = field(default_factory=dict)


def events_of(room: Room, said: Said) -> list[Event]:
    """All events of one message. BadXml where a system line is XML that can't be read."""
    treatment = said.type.treatment
    if treatment in {"system", "pat"}:
        return _system(room, said)
    if treatment == "text" and said.type is not OTHER:
        return _plain(room, said)
    return _special(room, said)


def events_in(room: Room, said: Said, column: str) -> list[Event]:
    """All events of one message that stands in a column of a file; BadMessage where they can't be read."""
    try:
        return events_of(room, said)
    except BadXml as error:
        raise BadMessage(column, said.text, str(error)) from None


def type_props(kind: MessageType, number: int, subtype: int) -> dict[str, int]:
    """The numbers of a type that we do not know, so that nothing of the row is lost."""
    return {"wechat_type": number, "wechat_subtype": subtype} if kind is OTHER else {}


def _plain(room: Room, said: Said) -> list[Event]:
    props = dict(said.props)
    if said.type.name != "text":
        props["type"] = said.type.name
    message = room.message(said.id, said.at, said.by, said.text, target=said.target, props=props)
    if "@" not in said.text:
        return [message]
    return [message, *_mentions(room, said, said.text)]


def _mentions(room: Room, said: Said, text: str) -> list[Event]:
    names = _MENTION_MARKED.findall(text) or _MENTION_PLAIN.findall(text)
    people = (room.called(name) for name in names if name.strip() and name.strip().casefold() not in EVERYONE)
    return room.mentions(said.id, said.at, said.by, people)


def _special(room: Room, said: Said) -> list[Event]:
    said = _unpacked(room, said)
    props = {"type": said.type.name, **said.props}
    if said.type.treatment == "quote":
        return _reply(room, said, props)
    if said.type.treatment == "share":
        title, url = said.title, said.url
        props |= {name: value for name, value in (("title", title), ("url", url)) if value}
        thing = f"page:{url}" if url else f"content:{title or said.type.name}"
        return [
            room.message(
                said.id, said.at, said.by, title or said.text, object_key=thing, target=said.target, props=props
            )
        ]
    if said.type is OTHER and not looks_like_xml(said.text):
        return [room.message(said.id, said.at, said.by, said.text, target=said.target, props=props)]
    if said.title:
        props["title"] = said.title
    placeholder = said.text.strip()
    if placeholder and not looks_like_xml(placeholder):
        props["content"] = placeholder[:MAX_PLACEHOLDER]
    return [room.message(said.id, said.at, said.by, None, target=said.target, props=props)]


def _reply(room: Room, said: Said, props: dict[str, Any]) -> list[Event]:
    quote = said.quote or Quote()
    if quote.text:
        props["quoted"] = quote.text[:MAX_PLACEHOLDER]
    reply = room.message(
        said.id,
        said.at,
        said.by,
        said.text,
        answers=quote.message_id,
        quotes=True,
        target=quote.author.key if quote.author else said.target,
        props={name: value for name, value in props.items() if name != "type"},
    )
    return [reply, *(_mentions(room, said, said.text) if "@" in said.text else ())]


def _unpacked(room: Room, said: Said) -> Said:
    """The message with title, link and quote taken out of its text, where the export did not part them."""
    if looks_like_xml(said.text):
        try:
            root = parse(said.text)
        except BadXml:
            return said
        return _from_app_message(room, said, root)
    if said.type.treatment == "quote" and said.quote is None:
        return _from_quote_text(room, said)
    if said.type.treatment == "share" and said.url is None and (match := _SHARED.match(said.text.strip())):
        title = (match["title"] or said.title or "").split("|")[0]
        return replace(said, title=title or None, url=match["url"] or None)
    if said.type.treatment == "share" and said.url is None:
        url = _URL.search(said.text)
        title = said.text[: url.start()].strip() if url else said.text.strip()
        return replace(said, title=said.title or title[:MAX_PLACEHOLDER] or None, url=url.group() if url else None)
    return said


def _from_app_message(room: Room, said: Said, root: Node) -> Said:
    title = root.value("appmsg", "title") or root.value("title")
    refer = next(root.all("refermsg"), None)
    if refer is not None and said.type.treatment == "quote":
        author_id = refer.value("chatusr") or refer.value("fromusr")
        name = refer.value("displayname")
        author = Person(f"wechat:{author_id}", name or None) if author_id and "@chatroom" not in author_id else None
        author = author or (room.called(name) if name else None)
        quoted = refer.value("content")
        quote = Quote(
            author=author,
            text=None if looks_like_xml(quoted) else quoted or None,
            message_id=(refer.value("svrid") or None) if said.server_ids else None,
        )
        return replace(said, text=title, quote=quote)
    name = root.value("sourcedisplayname") if said.type.name == "mini_program" else ""
    return replace(said, text="", title=title or name or None, url=root.value("appmsg", "url") or None)


def _from_quote_text(room: Room, said: Said) -> Said:
    if match := _QUOTE_ABOVE.match(said.text):
        quoted = "\n".join(line[2:] for line in match["quoted"].splitlines())
        author = Person(f"wechat:{match['id']}", match["name"]) if match["id"] and match["id"] != "我" else None
        author = author or (room.me if match["id"] == "我" else room.called(match["name"]) if match["name"] else None)
        return replace(said, text=match["reply"], quote=Quote(author=author, text=quoted or None))
    if match := _QUOTE_BELOW.search(said.text):
        author = room.called(match["name"])
        return replace(
            said, text=said.text[: match.start()], quote=Quote(author=author, text=match["quoted"].strip(' "”\t'))
        )
    return said


def looks_like_quote(text: str) -> bool:
    """Whether a text without a type is a reply with what it quotes."""
    return (text.startswith("> ") and _QUOTE_ABOVE.match(text) is not None) or (
        "引用" in text and _QUOTE_BELOW.search(text) is not None
    )


def placeholder_word(text: str) -> str | None:
    """The word of a text that only names a type: `[图片]` -> 图片, `[小程序|标题](链接)` -> 小程序."""
    text = text.strip()
    if text[:1] == "!":
        text = text[1:]
    if text[:1] not in {"[", "【"} or len(text) > 4_000:
        return None
    match = _SHARED.match(text)
    return match["word"] if match else None


def _system(room: Room, said: Said) -> list[Event]:
    if looks_like_xml(said.text):
        notice, line = read_template(said.text)
    else:
        line = said.text.strip().removesuffix("$revoke$").strip()
        notice = read_notice(line, names_with_ids=said.named_with_ids)
    if notice is None:
        return [room.act("notice", said.id, said.at, None, text=line, props={"type": said.type.name, **said.props})]
    events = list(_noticed(room, said, notice, line))
    for name in (notice.by, *notice.who):
        if name is not None and name.id:
            events += room.seen(said.at, _person(room, name))
    return events


def _person(room: Room, name: Name) -> Person:
    if name.me:
        return room.me
    return Person(f"wechat:{name.id}", name.name) if name.id else room.called(name.name)


def _noticed(room: Room, said: Said, notice: Notice, line: str) -> Iterator[Event]:
    by = _person(room, notice.by) if notice.by else None
    who = [_person(room, name) for name in notice.who]
    people = [name for name in (notice.by, *notice.who) if name is not None]
    props: dict[str, Any] = {"line": line[:MAX_PLACEHOLDER], "how": notice.how}
    if not all(name.id or name.me for name in people):
        # who that is must be guessed from a name that anybody in the room may bear
        props["certain"] = False
    if notice.act == "recall":
        author = who[0] if who else None
        yield room.act(
            "recall", said.id, said.at, by or author, author if by else None, parent=notice.message_id, props=props
        )
    elif notice.act == "pat":
        yield room.act("reaction", said.id, said.at, by, who[0] if who else None, props={**props, "emoji": "拍一拍"})
    elif notice.act == "add":
        yield room.act("follow", said.id, said.at, by, who[0] if who else None, props=props)
    else:
        yield from _came_or_went(room, said, notice, by, who, props)


def _came_or_went(
    room: Room, said: Said, notice: Notice, by: Person | None, who: list[Person], props: dict[str, Any]
) -> Iterator[Event]:
    if notice.others:
        props["members"] = [name.name for name in notice.others]
    for number, person in enumerate(who, 1):
        if notice.act == "invite" and by:
            yield room.act("invite", f"{said.id}/invite/{number}", said.at, by, person, props=props)
        kind = "join" if notice.act in {"invite", "join"} else "leave"
        other = by if kind == "leave" else None
        yield room.act(kind, f"{said.id}/{kind}/{number}", said.at, person, other, props=props)
