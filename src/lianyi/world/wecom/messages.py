"""WeCom's messages: to members at once, to customers as tasks that members confirm, and the greeting of a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Data = dict[str, Any]
OK = {"errcode": 0, "errmsg": "ok"}
MOST = 10_000
MONTH = 31 * 86_400
SENT, NO_CONTACT, OVER_CAP = 1, 2, 3


def bad(what: str) -> Data:
    """A call that the documentation forbids."""
    return {"errcode": 40058, "errmsg": f"invalid Request Parameter: {what}"}


@dataclass(kw_only=True)
class Messages:
    """taken: (what, data) of calls that were carried out, in their order. tasks: id → customer → who must confirm.
    confirmed: member → when. gone, capped: customers who can't be reached any more, or had too many. page: lines of a
    page of results. agent: what the app says of itself."""

    taken: list[tuple[str, Data]] = field(default_factory=list)
    tasks: dict[str, dict[str, str]] = field(default_factory=dict)
    welcomed: set[str] = field(default_factory=set)
    confirmed: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    capped: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=lambda: {"nobody"})
    page: int = 1000
    agent: Data = field(default_factory=lambda: {
        "name": "茶店", "close": 0, "redirect_domain": "", "allow_partys": {"partyid": [1]},
        "allow_userinfos": {"user": []}, "allow_tags": {"tagid": []},
    })  # fmt: skip

    def answer(self, path: str, data: Data, *, now: int, contacts: Sequence[tuple[str, str]]) -> Data:
        """A call below /cgi-bin/. contacts: (member, customer). An interface that is not there is 40066."""
        if path == "externalcontact/add_msg_template":
            return self._task(data, {customer: member for member, customer in reversed(contacts)})
        reader = _CALLS.get(path)
        return reader(self, data) if reader else {"errcode": 40066, "errmsg": f"invalid url {path} at {now}"}

    def confirm(self, member: str, at: int) -> None:
        """A member confirms what waits for them."""
        self.confirmed[member] = at

    def _agent(self, data: Data) -> Data:
        return {**OK, "agentid": int(data.get("agentid", 0)), **self.agent}

    def _message(self, data: Data) -> Data:
        if not data.get(data.get("msgtype", "")) or not isinstance(data.get("agentid"), int):
            return bad("msgtype, agentid")
        if data["touser"] in self.unknown:
            return {**OK, "invaliduser": data["touser"], "msgid": "m0"}
        self.taken.append(("app", data))
        return {**OK, "msgid": f"m-{data['touser']}"}

    def _task(self, data: Data, contacts: dict[str, str]) -> Data:
        customers = data.get("external_userid") or []
        if data.get("chat_type") != "single" or not (data.get("text", {}).get("content") or data.get("attachments")):
            return bad("chat_type, text, attachments")
        if not 1 <= len(customers) <= MOST or len(customers) != len(set(customers)):
            return bad("external_userid")
        number = f"msg{len(self.tasks) + 1}"
        self.tasks[number] = {one: data.get("sender") or contacts[one] for one in customers if one in contacts}
        self.taken.append(("task", {**data, "msgid": number}))
        return {**OK, "msgid": number, "fail_list": sorted(set(customers) - set(contacts))}

    def _members(self, data: Data) -> Data:
        members = sorted(set(self.tasks.get(data.get("msgid", ""), {}).values()))
        lines = [{"userid": one, "status": 2 if one in self.confirmed else 0, "send_time": self.confirmed.get(one, 0)}
                 for one in members]  # fmt: skip
        return {**OK, "next_cursor": "", "task_list": lines}

    def _results(self, data: Data) -> Data:
        member = data["userid"]
        task = self.tasks.get(data["msgid"], {})
        customers = sorted(one for one, who in task.items() if who == member)
        start = int(data.get("cursor") or 0)
        lines = [self._line(one, member) for one in customers[start : start + self.page]]
        more = str(start + self.page) if start + self.page < len(customers) else ""
        return {**OK, "next_cursor": more, "send_list": lines}

    def _line(self, customer: str, member: str) -> Data:
        at = self.confirmed.get(member, 0)
        status = NO_CONTACT if customer in self.gone else OVER_CAP if customer in self.capped else SENT
        status = status if at else 0
        send_time = at if status == SENT else 0
        return {"external_userid": customer, "userid": member, "status": status, "send_time": send_time}

    def _list(self, data: Data) -> Data:
        if data["end_time"] - data["start_time"] > MONTH:
            return bad("start_time, end_time: more than a month")
        return {**OK, "next_cursor": "", "group_msg_list": []}

    def _welcome(self, data: Data) -> Data:
        if not data.get("text", {}).get("content"):
            return bad("text")
        if data["welcome_code"] in self.welcomed:
            return {"errcode": 41051, "errmsg": "externaluser has started chatting"}
        self.welcomed.add(data["welcome_code"])
        self.taken.append(("welcome", data))
        return dict(OK)


_CALLS: dict[str, Callable[[Messages, Data], Data]] = {
    "agent/get": Messages._agent,  # noqa: SLF001
    "message/send": Messages._message,  # noqa: SLF001
    "externalcontact/get_groupmsg_task": Messages._members,  # noqa: SLF001
    "externalcontact/get_groupmsg_send_result": Messages._results,  # noqa: SLF001
    "externalcontact/get_groupmsg_list_v2": Messages._list,  # noqa: SLF001
    "externalcontact/send_welcome_msg": Messages._welcome,  # noqa: SLF001
}
