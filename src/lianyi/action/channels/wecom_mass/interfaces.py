"""What else WeCom lets an app do with customers and groups, as a table: codes (活码), moments, statistics, transfers.

Each interface is a row: where it is, what it needs and within which bounds, where the answer's rows are, whether they
come in pages, and whether it changes something. The doors make their forms, parameters and options of the table.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.calling import Broken
from lianyi.action.channels.faults import WECOM
from lianyi.action.channels.kinds import Configured, Text
from lianyi.action.channels.probing import refused
from lianyi.action.channels.wechat_platform import Platform, Said
from lianyi.action.channels.wecom_app.channel import platform_of
from lianyi.errors import InputError, NotFound, RefusedError

BELOW = "/cgi-bin/externalcontact/"
# 84061: there are none.
EMPTY = 84061
SECONDS, MOST_PAGES = 25.0, 50
BEIJING = timedelta(hours=8)
Body = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that an interface needs. most: characters, or values of a list."""

    name: str
    title: Text
    type: Literal["text", "list", "day", "switch"] = "text"
    required: bool = True
    most: int = 200

    def read(self, given: Any) -> Any:
        """The value as it is sent; InputError says what it may be. A list may be given as text parted by commas."""
        if self.type == "switch":
            return given is True or str(given).lower() in {"true", "on", "yes", "1"}
        if self.type == "list":
            return self._list(given)
        text = str(given or "").strip()
        if self.required and not text:
            raise InputError(f"{self.name}: {gettext('is missing')}; {self.title}")
        if len(text) > self.most:
            raise InputError(f"{self.name}: {gettext('at most {most} characters').format(most=self.most)}")
        return self._day(text) if self.type == "day" else text

    def _list(self, given: Any) -> list[str]:
        words = given if isinstance(given, list) else re.split(r"[,，\s]+", str(given or "").strip())
        values = list(dict.fromkeys(str(word) for word in words if str(word)))
        if (self.required and not values) or len(values) > self.most:
            raise InputError(f"{self.name}: {gettext('1 to {most} values').format(most=self.most)}; {self.title}")
        return values

    def _day(self, text: str) -> int:
        """Midnight in Beijing, by which WeCom counts days."""
        try:
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise InputError(f"{self.name}: {gettext('write a day like 2026-03-01')}") from None
        return int((day - BEIJING).timestamp())


def _same(values: Body) -> Body:
    return {name: value for name, value in values.items() if value not in ("", [])}


@dataclass(frozen=True, kw_only=True)
class Interface:
    """One interface. rows: name of the list in the answer, "" where the answer is one thing. pages: rows come in pages
    of so many, by cursor. changes: it changes something at WeCom, and is not tried twice. days: most of a span."""

    name: str
    title: Text
    path: str
    fields: tuple[Field, ...]
    rows: str = ""
    pages: int = 0
    changes: bool = False
    method: str = "POST"
    days: int = 0
    body: Callable[[Body], Body] = _same

    def read(self, given: Mapping[str, Any]) -> Body:
        """What is sent. InputError names the field that is wrong."""
        known = {each.name: each for each in self.fields}
        for name in given:
            if name not in known:
                raise InputError(f"{name}: {self.name} has {', '.join(known) or 'no fields'}")
        values = {name: each.read(given.get(name)) for name, each in known.items()}
        if self.days:
            span = (values["until"] - values["since"]) / 86_400
            if not 0 <= span < self.days:
                says = gettext("the days must be in order, and at most {days}").format(days=self.days)
                raise InputError(f"until: {says}")
        return self.body(values)


_SINCE = Field(name="since", title=_("First day"), type="day")
_UNTIL = Field(name="until", title=_("Last day"), type="day")
_STATE = Field(name="state", title=_("State: comes back with whoever used the code"), required=False, most=30)
_REMARK = Field(name="remark", title=_("Remark"), required=False, most=30)
_CONFIG = Field(name="config_id", title=_("Number of the code (config_id)"))
_FROM = Field(name="handover_userid", title=_("User id of who had them"))
_TO = Field(name="takeover_userid", title=_("User id of who gets them"))
_CUSTOMERS = Field(name="external_userid", title=_("Customers (wm…)"), type="list", most=100)
_CHATS = Field(name="chat_id_list", title=_("Groups (wr…)"), type="list", most=100)
_OWNER = Field(name="new_owner", title=_("User id of the new owner"))
_TEAM = Field(name="user", title=_("User ids of colleagues"), type="list", most=100)


def _contact_way(values: Body) -> Body:
    return _same({**values, "type": 1 if len(values["user"]) == 1 else 2, "scene": 2})


def _join_way(values: Body) -> Body:
    return _same({**values, "scene": 2, "auto_create_room": int(values["auto_create_room"])})


def _span(values: Body) -> Body:
    return _same({**{name: value for name, value in values.items() if name not in {"since", "until"}},
                  "start_time": values["since"], "end_time": values["until"] + 86_399})  # fmt: skip


def _moment(values: Body) -> Body:
    senders = {"sender_list": {"user_list": values["user"]}}
    tags = {"external_contact_list": {"tag_list": values["tag"]}} if values["tag"] else {}
    return {"text": {"content": values["text"]}, "visible_range": {**senders, **tags}}


def _behaviour(values: Body) -> Body:
    return {"userid": [values["userid"]], "start_time": values["since"], "end_time": values["until"]}


def _of_owners(values: Body) -> Body:
    said = {"day_begin_time": values["since"], "day_end_time": values["until"]}
    return {**said, "owner_filter": {"userid_list": values["user"]}}


INTERFACES: Mapping[str, Interface] = {
    each.name: each
    for each in (
        Interface(
            name="contact-way", title=_("Make a contact code (联系我活码)"), path="add_contact_way", changes=True,
            fields=(_TEAM, _STATE, _REMARK,
                    Field(name="skip_verify", title=_("Without asking"), type="switch", required=False)),
            body=_contact_way,
        ),
        Interface(
            name="contact-ways", title=_("Contact codes"), path="list_contact_way", rows="contact_way", pages=1000,
            fields=(_SINCE, _UNTIL), body=_span, days=90,
        ),
        Interface(name="contact-way-get", title=_("One contact code"), path="get_contact_way", fields=(_CONFIG,)),
        Interface(
            name="contact-way-remove", title=_("Remove a contact code"), path="del_contact_way", fields=(_CONFIG,),
            changes=True,
        ),
        Interface(
            name="join-way", title=_("Make a group code (群活码)"), path="groupchat/add_join_way", changes=True,
            fields=(Field(name="chat_id_list", title=_("Groups (wr…)"), type="list", most=5), _STATE, _REMARK,
                    Field(name="auto_create_room", title=_("A new group when they are full"), type="switch",
                          required=False),
                    Field(name="room_base_name", title=_("Name of new groups"), required=False, most=40)),
            body=_join_way,
        ),
        Interface(name="join-way-get", title=_("One group code"), path="groupchat/get_join_way", fields=(_CONFIG,)),
        Interface(
            name="join-way-remove", title=_("Remove a group code"), path="groupchat/del_join_way", fields=(_CONFIG,),
            changes=True,
        ),
        Interface(
            name="moment", title=_("Make a moment (朋友圈), which staff confirm"), path="add_moment_task", changes=True,
            fields=(Field(name="text", title=_("Text"), most=2000), _TEAM,
                    Field(name="tag", title=_("Only customers with these tags (et…)"), type="list", required=False)),
            body=_moment,
        ),
        Interface(
            name="moment-result", title=_("What became of a moment's task"), path="get_moment_task_result",
            method="GET",
            fields=(Field(name="jobid", title=_("Number of the task (jobid)")),),
        ),
        Interface(
            name="moments", title=_("Moments"), path="get_moment_list", rows="moment_list", pages=20,
            fields=(_SINCE, _UNTIL), body=_span, days=30,
        ),
        Interface(
            name="moment-comments", title=_("Who liked and commented a moment"), path="get_moment_comments",
            fields=(Field(name="moment_id", title=_("Number of the moment")),
                    Field(name="userid", title=_("User id of who published it"))),
        ),
        Interface(
            name="statistics-member", title=_("A colleague's days with customers"), path="get_user_behavior_data",
            rows="behavior_data", fields=(Field(name="userid", title=_("User id")), _SINCE, _UNTIL), body=_behaviour,
            days=30,
        ),
        Interface(
            name="statistics-groups", title=_("Groups by owner"), path="groupchat/statistic", rows="items",
            fields=(_TEAM, _SINCE, _UNTIL), body=_of_owners, days=30,
        ),
        Interface(
            name="statistics-days", title=_("Groups by day"), path="groupchat/statistic_group_by_day", rows="items",
            fields=(_TEAM, _SINCE, _UNTIL), body=_of_owners, days=30,
        ),
        Interface(
            name="unassigned", title=_("Customers of colleagues who left"), path="get_unassigned_list", rows="info",
            pages=1000, fields=(),
        ),
        Interface(
            name="transfer", title=_("Hand customers over"), path="transfer_customer", rows="customer", changes=True,
            fields=(_FROM, _TO, _CUSTOMERS,
                    Field(name="transfer_success_msg", title=_("What customers are told"), required=False)),
        ),
        Interface(
            name="transfer-resigned", title=_("Hand over customers of a colleague who left"),
            path="resigned/transfer_customer", rows="customer", changes=True, fields=(_FROM, _TO, _CUSTOMERS),
        ),
        Interface(
            name="transfer-result", title=_("What became of a hand-over"), path="transfer_result", rows="customer",
            pages=1000, fields=(_FROM, _TO),
        ),
        Interface(
            name="transfer-resigned-result", title=_("What became of a hand-over after leaving"),
            path="resigned/transfer_result", rows="customer", pages=1000, fields=(_FROM, _TO),
        ),
        Interface(
            name="transfer-groups", title=_("Hand over groups (of one who is there)"), path="groupchat/onjob_transfer",
            rows="failed_chat_list", changes=True, fields=(_CHATS, _OWNER),
        ),
        Interface(
            name="transfer-groups-resigned", title=_("Hand over groups of a colleague who left"),
            path="groupchat/transfer", rows="failed_chat_list", changes=True, fields=(_CHATS, _OWNER),
        ),
    )
}  # fmt: skip


def interface_of(name: str) -> Interface:
    """NotFound lists them."""
    if name not in INTERFACES:
        raise NotFound(f"no interface {name!r}; there are {', '.join(INTERFACES)}")
    return INTERFACES[name]


def ask(account: Configured, name: str, given: Mapping[str, Any]) -> Body:
    """Call one: {"rows": […]}, or the answer itself. InputError names the field that is wrong; RefusedError says what
    WeCom refuses and where to mend it."""
    with asking(account) as call:
        return call(name, given)


@contextmanager
def asking(account: Configured) -> Iterator[Callable[[str, Mapping[str, Any]], Body]]:
    """For many calls with one token: ask one after the other, keeping what came of each before the next."""
    with asyncio.Runner() as runner:
        platform = platform_of(account.settings)

        def call(name: str, given: Mapping[str, Any]) -> Body:
            interface = interface_of(name)
            return runner.run(_asked(platform, interface, interface.read(given)))

        try:
            yield call
        finally:
            runner.run(platform.close())


async def _asked(platform: Platform, interface: Interface, body: Body) -> Body:
    try:
        async with asyncio.timeout(SECONDS):
            if not interface.rows:
                return _plain(await _call(platform, interface, body))
            return {"rows": await _rows(platform, interface, body)}
    except TimeoutError:
        raise RefusedError(f"WeCom did not answer within {SECONDS:.0f} seconds") from None
    except Broken as broken:
        raise RefusedError(f"WeCom: {broken}") from broken


async def _rows(platform: Platform, interface: Interface, body: Body) -> list[Any]:
    rows: list[Any] = []
    cursor = ""
    for _page in range(MOST_PAGES):
        paging = {"limit": interface.pages, "cursor": cursor} if interface.pages else {}
        said = await _call(platform, interface, _same({**body, **paging}))
        rows += [one for one in said.get(interface.rows) or () if isinstance(one, dict)]
        cursor = str(said.get("next_cursor") or "")
        if not cursor or not interface.pages:
            break
    return rows


async def _call(platform: Platform, interface: Interface, body: Body) -> Body:
    path = BELOW + interface.path
    if interface.method == "GET":
        path += "?" + urlencode(body)
    said = await platform.ask(interface.method, path, body)
    if said.code == EMPTY:
        return {}
    if said.code:
        raise RefusedError(_why(said))
    return said.data


def _why(said: Said) -> str:
    found = refused(said, "login", WECOM)
    return f"{found} {found.mending}".strip()


def _plain(said: Body) -> Body:
    return {name: value for name, value in said.items() if name not in {"errcode", "errmsg"}}
