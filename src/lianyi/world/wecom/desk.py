"""WeCom's codes, moments, statistics and hand-overs, as its documentation describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lianyi.world.wecom.messages import OK, Data, bad

if TYPE_CHECKING:
    from lianyi.world.wecom.corp import Corp

DAY = 86_400
LONGEST_STATE, MOST_CUSTOMERS, MOST_CHATS, MOST_SPAN = 30, 100, 100, 30 * DAY
NO_CODE, NO_MOMENT, WAITS, NOT_THEIRS, TWICE = 41044, 41078, 2, 40096, 40128


@dataclass(kw_only=True)
class Desk:
    """ways, joins: codes by config_id. moments: tasks by jobid. left: colleagues who left → (customer, when). given:
    (from, customer) → to. handed: how often a customer was handed over."""

    ways: dict[str, Data] = field(default_factory=dict)
    joins: dict[str, Data] = field(default_factory=dict)
    moments: dict[str, Data] = field(default_factory=dict)
    left: dict[str, dict[str, int]] = field(default_factory=dict)
    given: dict[tuple[str, str], str] = field(default_factory=dict)
    handed: dict[str, int] = field(default_factory=dict)

    def answer(self, path: str, data: Data, *, corp: Corp, now: int) -> Data | None:
        """A call below /cgi-bin/externalcontact/; None for one that is not here."""
        reader = _CALLS.get(path)
        return reader(self, data, corp, now) if reader else None

    # --- codes --------------------------------------------------------------------------------------------------

    def _add_way(self, data: Data, corp: Corp, now: int) -> Data:
        users = data.get("user") or []
        if data.get("type") not in {1, 2} or data.get("scene") not in {1, 2} or not users:
            return bad("type, scene, user")
        if (data["type"] == 1) != (len(users) == 1) or len(str(data.get("state", ""))) > LONGEST_STATE:
            return bad("user, state")
        if set(users) - set(corp.colleagues):
            return {"errcode": 40003, "errmsg": "invalid userid"}
        return self._made(self.ways, "cw", data, now)

    def _add_join(self, data: Data, corp: Corp, now: int) -> Data:
        chats = data.get("chat_id_list") or []
        if not 1 <= len(chats) <= 5 or len(str(data.get("state", ""))) > LONGEST_STATE:
            return bad("chat_id_list, state")
        if set(chats) - set(corp.chats):
            return {"errcode": 40050, "errmsg": "chatid not exists"}
        made = self._made(self.joins, "jw", data, now)
        return {name: value for name, value in made.items() if name != "qr_code"}  # get_join_way tells it

    def _made(self, kept: dict[str, Data], kind: str, data: Data, now: int) -> Data:
        number = f"{kind}{len(self.ways) + len(self.joins) + 1:08}"
        kept[number] = {**data, "config_id": number, "create_time": now,
                        "qr_code": f"https://wework.example.com/{number}"}  # fmt: skip
        return {**OK, "config_id": number, "qr_code": kept[number]["qr_code"]}

    def _ways(self, data: Data, _corp: Corp, _now: int) -> Data:
        span = range(data.get("start_time", 0), data.get("end_time", 0) + 1)
        found = sorted(one for one, said in self.ways.items() if said["create_time"] in span)
        start = int(data.get("cursor") or 0)
        page = found[start : start + min(int(data.get("limit", 100)), 1000)]
        more = str(start + len(page)) if start + len(page) < len(found) else ""
        return {**OK, "contact_way": [{"config_id": one} for one in page], "next_cursor": more}

    def _way(self, data: Data, _corp: Corp, _now: int) -> Data:
        found = self.ways.get(data.get("config_id", ""))
        return {**OK, "contact_way": found} if found else {"errcode": NO_CODE, "errmsg": "invalid config_id"}

    def _join(self, data: Data, _corp: Corp, _now: int) -> Data:
        found = self.joins.get(data.get("config_id", ""))
        return {**OK, "join_way": found} if found else {"errcode": NO_CODE, "errmsg": "invalid config_id"}

    def _remove(self, data: Data, _corp: Corp, _now: int) -> Data:
        for kept in (self.ways, self.joins):
            if kept.pop(data.get("config_id", ""), None):
                return dict(OK)
        return {"errcode": NO_CODE, "errmsg": "invalid config_id"}

    # --- moments ------------------------------------------------------------------------------------------------

    def _moment(self, data: Data, corp: Corp, now: int) -> Data:
        text = data.get("text", {}).get("content", "")
        users = data.get("visible_range", {}).get("sender_list", {}).get("user_list") or []
        if not 1 <= len(text) <= 2000 or set(users) - set(corp.colleagues):
            return bad("text, visible_range")
        number = f"job{len(self.moments) + 1}"
        self.moments[number] = {"moment_id": f"mo{len(self.moments) + 1}", "creator": users[0], "create_time": now,
                                "create_type": 0, "visible_type": 0, "text": {"content": text}}  # fmt: skip
        return {**OK, "jobid": number}

    def _moment_result(self, data: Data, _corp: Corp, _now: int) -> Data:
        found = self.moments.get(data.get("jobid", ""))
        if not found:
            return {"errcode": NO_MOMENT, "errmsg": "invalid jobid"}
        result = {"errcode": 0, "moment_id": found["moment_id"], "invalid_sender_list": {}}
        return {**OK, "status": 3, "type": "add_moment_task", "result": result}

    def _moments(self, data: Data, _corp: Corp, _now: int) -> Data:
        if data["end_time"] - data["start_time"] >= MOST_SPAN or data.get("limit", 20) > 20:
            return bad("start_time, end_time, limit")
        found = [said for said in self.moments.values()
                 if data["start_time"] <= said["create_time"] <= data["end_time"]]  # fmt: skip
        start = int(data.get("cursor") or 0)
        page = found[start : start + 20]
        more = str(start + 20) if start + 20 < len(found) else ""
        return {**OK, "moment_list": page, "next_cursor": more}

    def _comments(self, data: Data, corp: Corp, now: int) -> Data:
        if data.get("moment_id") not in {one["moment_id"] for one in self.moments.values()}:
            return {"errcode": NO_MOMENT, "errmsg": "invalid moment_id"}
        fans = [customer for colleague, customer in corp.contacts if colleague == data.get("userid")][:2]
        return {**OK, "comment_list": [], "like_list": [{"external_userid": one, "create_time": now} for one in fans]}

    # --- statistics ---------------------------------------------------------------------------------------------

    def _behaviour(self, data: Data, corp: Corp, _now: int) -> Data:
        users, since, until = data.get("userid") or [], data.get("start_time", 0), data.get("end_time", 0)
        if len(users) != 1 or not 0 <= until - since < MOST_SPAN:
            return bad("userid, start_time, end_time")
        days = range(since, until + 1, DAY)
        return {**OK, "behavior_data": [{
            "stat_time": day, "chat_cnt": 3, "message_cnt": 9, "reply_percentage": 80.5, "avg_reply_time": 4,
            "negative_feedback_cnt": 0, "new_apply_cnt": 1,
            "new_contact_cnt": sum(who == users[0] and day <= one.since < day + DAY
                                   for (who, _customer), one in corp.contacts.items()),
        } for day in days]}  # fmt: skip

    def _owners(self, data: Data, corp: Corp, _now: int) -> Data:
        owners = data.get("owner_filter", {}).get("userid_list") or []
        if not 1 <= len(owners) <= 100:
            return bad("owner_filter")
        items = [{"owner": one, "data": _counted(corp, {one})} for one in owners]
        return {**OK, "total": len(items), "next_offset": len(items), "items": items}

    def _days(self, data: Data, corp: Corp, _now: int) -> Data:
        owners = set(data.get("owner_filter", {}).get("userid_list") or [])
        days = range(data["day_begin_time"], data["day_end_time"] + 1, DAY)
        return {**OK, "items": [{"stat_time": day, "data": _counted(corp, owners)} for day in days]}

    # --- hand-overs ---------------------------------------------------------------------------------------------

    def leave(self, corp: Corp, colleague: str, at: int) -> None:
        """A colleague resigns: their customers wait to be handed over."""
        corp.colleagues.remove(colleague)
        theirs = [customer for who, customer in corp.contacts if who == colleague]
        self.left[colleague] = dict.fromkeys(theirs, at)

    def _unassigned(self, _data: Data, _corp: Corp, _now: int) -> Data:
        waiting = [{"handover_userid": who, "external_userid": customer, "dimission_time": at}
                   for who, all_ in self.left.items() for customer, at in all_.items()]  # fmt: skip
        return {**OK, "info": waiting, "is_last": True, "next_cursor": ""}

    def _transfer(self, data: Data, corp: Corp, _now: int) -> Data:
        return self._give(data, corp, [one for who, one in corp.contacts if who == data.get("handover_userid")])

    def _transfer_left(self, data: Data, corp: Corp, _now: int) -> Data:
        return self._give(data, corp, list(self.left.get(data.get("handover_userid", ""), {})))

    def _give(self, data: Data, corp: Corp, theirs: list[str]) -> Data:
        asked, taker = data.get("external_userid") or [], data.get("takeover_userid", "")
        if not 1 <= len(asked) <= MOST_CUSTOMERS or taker not in corp.colleagues:
            return bad("external_userid, takeover_userid")
        said = []
        for customer in asked:
            code = NOT_THEIRS if customer not in theirs else TWICE if self.handed.get(customer, 0) >= 2 else 0
            if not code:
                self.handed[customer] = self.handed.get(customer, 0) + 1
                self.given[data["handover_userid"], customer] = taker
                self.left.get(data["handover_userid"], {}).pop(customer, None)
            said.append({"external_userid": customer, "errcode": code})
        return {**OK, "customer": said}

    def _given(self, data: Data, _corp: Corp, _now: int) -> Data:
        mine = (data.get("handover_userid"), data.get("takeover_userid"))
        found = [{"external_userid": customer, "status": WAITS, "takeover_time": 0}
                 for (who, customer), to in self.given.items() if (who, to) == mine]  # fmt: skip
        return {**OK, "customer": found, "next_cursor": ""}

    def _chats(self, data: Data, corp: Corp, _now: int) -> Data:
        chats = data.get("chat_id_list") or []
        if not 1 <= len(chats) <= MOST_CHATS or data.get("new_owner") not in corp.colleagues:
            return bad("chat_id_list, new_owner")
        failed = [{"chat_id": one, "errcode": 90500, "errmsg": "the owner of the chat is right"}
                  for one in chats if one not in corp.chats]  # fmt: skip
        for one in set(chats) & set(corp.chats):
            corp.chats[one].owner = data["new_owner"]
        return {**OK, "failed_chat_list": failed}


def _counted(corp: Corp, owners: set[str]) -> Data:
    chats = [chat for chat in corp.chats.values() if chat.owner in owners]
    members = sum(len(chat.members) for chat in chats)
    return {"new_chat_cnt": 0, "chat_total": len(chats), "chat_has_msg": 0, "new_member_cnt": 0,
            "member_total": members, "member_has_msg": 0, "msg_total": 0, "migrate_trainee_chat_cnt": 0}  # fmt: skip


Reader = Callable[[Desk, dict[str, Any], "Corp", int], Data]
_CALLS: Mapping[str, Reader] = {
    "add_contact_way": Desk._add_way,  # noqa: SLF001
    "list_contact_way": Desk._ways,  # noqa: SLF001
    "get_contact_way": Desk._way,  # noqa: SLF001
    "del_contact_way": Desk._remove,  # noqa: SLF001
    "groupchat/add_join_way": Desk._add_join,  # noqa: SLF001
    "groupchat/get_join_way": Desk._join,  # noqa: SLF001
    "groupchat/del_join_way": Desk._remove,  # noqa: SLF001
    "add_moment_task": Desk._moment,  # noqa: SLF001
    "get_moment_task_result": Desk._moment_result,  # noqa: SLF001
    "get_moment_list": Desk._moments,  # noqa: SLF001
    "get_moment_comments": Desk._comments,  # noqa: SLF001
    "get_user_behavior_data": Desk._behaviour,  # noqa: SLF001
    "groupchat/statistic": Desk._owners,  # noqa: SLF001
    "groupchat/statistic_group_by_day": Desk._days,  # noqa: SLF001
    "get_unassigned_list": Desk._unassigned,  # noqa: SLF001
    "transfer_customer": Desk._transfer,  # noqa: SLF001
    "resigned/transfer_customer": Desk._transfer_left,  # noqa: SLF001
    "transfer_result": Desk._given,  # noqa: SLF001
    "resigned/transfer_result": Desk._given,  # noqa: SLF001
    "groupchat/onjob_transfer": Desk._chats,  # noqa: SLF001
    "groupchat/transfer": Desk._chats,  # noqa: SLF001
}
