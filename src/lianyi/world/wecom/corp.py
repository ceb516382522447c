"""A corporation that lives: customers come and go, are tagged, join groups and leave them; its lists can be asked.

Every change tells what the platform would call back with, as XML. Whoever delivers it may lose, double or delay it
(`Unreliable`): the documents say that callbacks are not to be relied upon.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lianyi.world.wecom.desk import Desk
from lianyi.world.wecom.messages import OK, Data, Messages

MOST_LISTED, MOST_MEMBERS_ASKED = 1000, 100


def refused(code: int, text: str) -> Data:
    """An answer that says no. Texts of WeCom change, so nobody may read more than the code."""
    return {"errcode": code, "errmsg": f"{text}, hint: [1700000000], more info at the documentation"}


@dataclass(kw_only=True)
class Contact:
    """One colleague's one customer."""

    since: int
    state: str = ""
    way: int = 1
    tags: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class Chat:
    """One customer group; members by id with what groupchat/get says of each."""

    name: str
    owner: str
    since: int
    members: dict[str, Data] = field(default_factory=dict)
    number: int = 1

    @property
    def version(self) -> str:
        """member_version: another one after each coming and going."""
        return f"v{self.number:06}"


@dataclass(kw_only=True)
class Corp:
    """corp: its id. dice: whatever happens by chance. colleagues, tags: by id (tags with their names)."""

    corp: str = "wwcorp"
    dice: random.Random
    colleagues: list[str] = field(default_factory=lambda: ["zhang", "li", "wang", "zhao"])
    tags: dict[str, str] = field(default_factory=lambda: {f"et{n}": f"标签{n}" for n in range(1, 7)})
    people: dict[str, str] = field(default_factory=dict)
    contacts: dict[tuple[str, str], Contact] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)
    messages: Messages = field(default_factory=Messages)
    desk: Desk = field(default_factory=Desk)
    _made: int = 0

    # --- what happens -------------------------------------------------------------------------------------------

    def happen(self, at: int) -> str:
        """One change at a second; returns its callback."""
        change: Callable[[int], str] = self.dice.choices(
            [self._come, self._go, self._tag, self._open, self._join, self._leave, self._rename, self._dismiss],
            [24, 8, 14, 3, 30, 16, 3, 1],
        )[0]
        return change(at)

    def new_customer(self) -> str:
        """Somebody nobody knew; the id is spelt as WeCom's are."""
        self._made += 1
        customer = f"wm{self._made:06}{''.join(self.dice.choices('abcdefghij', k=24))}"
        self.people[customer] = f"客户{self._made}"
        return customer

    def _customer(self) -> str:
        known = len(self.people)
        return self.new_customer() if known < 5 or self.dice.random() < 0.4 else self.dice.choice(list(self.people))

    def _come(self, at: int) -> str:
        place = (self.dice.choice(self.colleagues), self._customer())
        if place in self.contacts:
            return self._tag(at)
        half = self.dice.random() < 0.1
        self.contacts[place] = Contact(since=at, state=f"s{self.dice.randrange(20)}", way=self.dice.choice([1, 3, 4]))
        code = f"<WelcomeCode>code{at}{self._made}</WelcomeCode>"
        change = "add_half_external_contact" if half else "add_external_contact"
        return self._contact(change, place, at, f"<State>{self.contacts[place].state}</State>{code}")

    def _go(self, at: int) -> str:
        if not self.contacts:
            return self._come(at)
        place = self.dice.choice(list(self.contacts))
        del self.contacts[place]
        return self._contact(self.dice.choice(["del_follow_user", "del_external_contact"]), place, at)

    def _tag(self, at: int) -> str:
        if not self.contacts:
            return self._come(at)
        place = self.dice.choice(list(self.contacts))
        self.contacts[place].tags ^= {self.dice.choice(list(self.tags))}
        return self._contact("edit_external_contact", place, at)

    def _open(self, at: int) -> str:
        chat = f"wr{len(self.chats):06}Chat{at}"
        owner = self.dice.choice(self.colleagues)
        self.chats[chat] = Chat(name=f"群{len(self.chats) + 1}", owner=owner, since=at)
        self.chats[chat].members[owner] = {"userid": owner, "type": 1, "join_time": at, "join_scene": 1}
        return self._chat("create", chat, at)

    def _join(self, at: int) -> str:
        if not self.chats:
            return self._open(at)
        chat, customer = self.dice.choice(list(self.chats)), self._customer()
        room = self.chats[chat]
        if customer in room.members:
            return self._leave(at)
        last = room.version
        room.members[customer] = {"userid": customer, "type": 2, "join_time": at, "join_scene": 3, "state": "way1",
                                  "name": self.people[customer], "group_nickname": ""}  # fmt: skip
        room.number += 1
        return self._moved("add_member", chat, [customer], last, at, "<JoinScene>3</JoinScene>")

    def _leave(self, at: int) -> str:
        full = [chat for chat, room in self.chats.items() if len(room.members) > 1]
        if not full:
            return self._come(at)
        chat = self.dice.choice(full)
        room = self.chats[chat]
        customer = self.dice.choice([one for one, said in room.members.items() if said["type"] == 2])
        last = room.version
        del room.members[customer]
        room.number += 1
        how = self.dice.randrange(2)
        return self._moved("del_member", chat, [customer], last, at, f"<QuitScene>{how}</QuitScene>")

    def _rename(self, at: int) -> str:
        if not self.chats:
            return self._open(at)
        chat = self.dice.choice(list(self.chats))
        self.chats[chat].name = f"新群{at}"
        return self._chat("update", chat, at, "<UpdateDetail>change_name</UpdateDetail>")

    def _dismiss(self, at: int) -> str:
        if not self.chats:
            return self._open(at)
        chat = self.dice.choice(list(self.chats))
        del self.chats[chat]
        return self._chat("dismiss", chat, at)

    # --- what is called back ------------------------------------------------------------------------------------

    def _xml(self, event: str, at: int, more: str) -> str:
        return (f"<xml><ToUserName>{self.corp}</ToUserName><FromUserName>sys</FromUserName>"
                f"<CreateTime>{at}</CreateTime><MsgType>event</MsgType><Event>{event}</Event>{more}</xml>")  # fmt: skip

    def _contact(self, change: str, place: tuple[str, str], at: int, more: str = "") -> str:
        who = f"<UserID>{place[0]}</UserID><ExternalUserID>{place[1]}</ExternalUserID>"
        return self._xml("change_external_contact", at, f"<ChangeType>{change}</ChangeType>{who}{more}")

    def _chat(self, change: str, chat: str, at: int, more: str = "") -> str:
        said = f"<ChangeType>{change}</ChangeType><ChatId>{chat}</ChatId>{more}"
        return self._xml("change_external_chat", at, said)

    def _moved(self, detail: str, chat: str, members: Sequence[str], last: str, at: int, more: str) -> str:
        """The list of members in one of the three forms that are seen: nested, joined by commas, not there."""
        listed = self.dice.choice(
            ["".join(f"<Item>{one}</Item>" for one in members), f"<![CDATA[{','.join(members)}]]>", ""]
        )
        listed = f"<MemChangeList>{listed}</MemChangeList>" if listed else ""
        versions = f"<LastMemVer>{last}</LastMemVer><CurMemVer>{self.chats[chat].version}</CurMemVer>"
        count = f"<MemChangeCnt>{len(members)}</MemChangeCnt>"
        more = f"<UpdateDetail>{detail}</UpdateDetail>{more}{count}{listed}{versions}"
        return self._chat("update", chat, at, more)

    # --- what its lists say -------------------------------------------------------------------------------------

    def answer(self, path: str, data: Data, *, now: int) -> Data:
        """A call below /cgi-bin/ with a good token."""
        reader = _LISTS.get(path)
        if reader is not None:
            return reader(self, data)
        said = self.desk.answer(path.removeprefix("externalcontact/"), data, corp=self, now=now)
        if said is not None:
            return said
        return self.messages.answer(path, data, now=now, contacts=list(self.contacts))

    def _colleagues(self, _data: Data) -> Data:
        return {**OK, "follow_user": list(self.colleagues)}

    def _corp_tags(self, _data: Data) -> Data:
        tags = [{"id": one, "name": name, "create_time": 1, "order": 0} for one, name in self.tags.items()]
        return {**OK, "tag_group": [{"group_id": "tg1", "group_name": "标签组", "tag": tags}]}

    def _by_user(self, data: Data) -> Data:
        asked = data.get("userid_list") or []
        if not 1 <= len(asked) <= MOST_MEMBERS_ASKED or data.get("limit", 50) > MOST_MEMBERS_ASKED:
            return refused(40058, "invalid Request Parameter: userid_list")
        if unknown := set(asked) - set(self.colleagues):
            return refused(40003, f"invalid userid {len(unknown)}")
        pairs = sorted(place for place in self.contacts if place[0] in asked)
        page, cursor = _page(pairs, data, 50)
        if not pairs:
            return refused(84061, "not external contact")
        return {**OK, "next_cursor": cursor, "external_contact_list": [self._entry(*place) for place in page]}

    def _entry(self, colleague: str, customer: str) -> Data:
        one = self.contacts[colleague, customer]
        contact = {"external_userid": customer, "name": self.people[customer], "type": 1, "gender": 0,
                   "avatar": f"https://wx.example.com/{customer}", "unionid": f"oU{customer}"}  # fmt: skip
        info = {"userid": colleague, "remark": "", "description": "", "createtime": one.since, "add_way": one.way,
                "state": one.state, "tag_id": sorted(one.tags), "oper_userid": customer}  # fmt: skip
        return {"external_contact": contact, "follow_info": info}

    def _chat_list(self, data: Data) -> Data:
        if not 1 <= data.get("limit", 0) <= MOST_LISTED:
            return refused(40058, "invalid Request Parameter: limit")
        page, cursor = _page(sorted(self.chats), data, MOST_LISTED)
        return {**OK, "next_cursor": cursor, "group_chat_list": [{"chat_id": one, "status": 0} for one in page]}

    def _chat_get(self, data: Data) -> Data:
        chat = self.chats.get(data.get("chat_id", ""))
        if chat is None:
            return refused(40050, "chatid not exists")
        members = list(chat.members.values())
        said = {"chat_id": data["chat_id"], "name": chat.name, "owner": chat.owner, "create_time": chat.since,
                "member_list": members, "admin_list": [], "member_version": chat.version}  # fmt: skip
        return {**OK, "group_chat": said}


def _page(of: Sequence[Any], data: Data, most: int) -> tuple[Sequence[Any], str]:
    """A page from a cursor, which is a place in the list here and opaque on the platform."""
    cursor = str(data.get("cursor") or "0")
    start = int(cursor) if cursor.isdigit() else 0
    end = start + min(int(data.get("limit") or most), most)
    return of[start:end], str(end) if end < len(of) else ""


_LISTS: dict[str, Callable[[Corp, Data], Data]] = {
    "externalcontact/get_follow_user_list": Corp._colleagues,  # noqa: SLF001
    "externalcontact/get_corp_tag_list": Corp._corp_tags,  # noqa: SLF001
    "externalcontact/batch/get_by_user": Corp._by_user,  # noqa: SLF001
    "externalcontact/groupchat/list": Corp._chat_list,  # noqa: SLF001
    "externalcontact/groupchat/get": Corp._chat_get,  # noqa: SLF001
}


@dataclass(kw_only=True)
class Unreliable:
    """How callbacks arrive. lost, doubled, late: chances. A late one comes up to `most_late` callbacks later."""

    dice: random.Random
    lost: float = 0.1
    doubled: float = 0.1
    late: float = 0.2
    most_late: int = 50
    _waiting: list[tuple[int, str]] = field(default_factory=list)
    _number: int = 0

    def deliver(self, body: str) -> Iterator[str]:
        """What arrives when this one is sent: nothing, this one, it twice, others that were late."""
        self._number += 1
        if self.dice.random() >= self.lost:
            for _ in range(1 + (self.dice.random() < self.doubled)):
                wait = self.dice.randint(1, self.most_late) if self.dice.random() < self.late else 0
                self._waiting.append((self._number + wait, body))
        yield from self._due(self._number)

    def rest(self) -> Iterator[str]:
        """What is still on its way."""
        yield from self._due(self._number + self.most_late + 1)

    def _due(self, until: int) -> list[str]:
        due = [body for number, body in self._waiting if number <= until]
        self._waiting = [one for one in self._waiting if one[0] > until]
        return due
