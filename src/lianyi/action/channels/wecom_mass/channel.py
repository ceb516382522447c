"""Mass messages by task: create → staff confirm by hand → ask what became of it.

Messages with the same text that are given within a moment become one task (at most 10,000 people), so that staff
confirm once. Until WeCom says that a message went out its fate is UNKNOWN with a provider_id: who was meant to get it
and did not, because nobody confirmed, must stay visible in every figure (intention to treat).

A provider_id is `<task>/<seconds since 1970>/<mark of the customer>`: nobody can read from it who the customer is.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lianyi.action.channels import callbacks
from lianyi.action.channels.calling import Broken, failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.faults import NO_COLLEAGUE, NO_SENDER, WECOM
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.probing import Probe, examined
from lianyi.action.channels.wechat_platform import Said, card, unsendable
from lianyi.action.channels.wecom_app.channel import platform_of
from lianyi.action.channels.wecom_mass.comparing import read as read  # noqa: PLC0414  the door's word

MOST = 10_000
# Bytes that a text may have, and attachments beside it.
LONGEST, ATTACHMENTS = 4000, 9
# A task is made so many seconds after the last message for it came.
GATHER = 0.5
PAGE = 1000
# get_groupmsg_send_result: 0 not sent yet, 1 sent, 2 no contact any more, 3 the customer has had as many as allowed.
SENT, NO_CONTACT, OVER_CAP = 1, 2, 3


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """A token is fetched by the first message."""
    return Mass(account)


@dataclass(eq=False)
class _Task:
    """What is gathered for one task: by customer, whom to tell."""

    asked: Mapping[str, Any]
    waiting: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    last: float = 0.0


class Mass:
    """One corporation. Of a message's props: attachments as WeCom wants them, sender."""

    keyed = False

    def __init__(self, account: Configured) -> None:
        self.account = account
        self.platform = platform_of(account.settings)
        self._tasks: dict[str, _Task] = {}
        self._making: set[asyncio.Task[None]] = set()

    async def deliver(self, message: Message) -> Outcome:
        """Wait until the task is made; its fate is UNKNOWN then, with a provider_id."""
        if why := unsendable(message):
            return failed(why, permanent=True)
        attachments = list(message.props.get("attachments") or [])
        link = card(message)
        if link:
            shown = {"title": link["title"], "picurl": link["picture"], "desc": link["text"], "url": link["url"]}
            attachments.append({"msgtype": "link", "link": {name: value for name, value in shown.items() if value}})
        if len(message.text.encode()) > LONGEST or len(attachments) > ATTACHMENTS:
            return failed(f"WeCom allows {LONGEST} bytes of text and {ATTACHMENTS} attachments", permanent=True)
        asked: dict[str, Any] = {"attachments": attachments}
        if not link:
            asked["text"] = {"content": message.text}
        sender = message.props.get("sender") or self.account.settings["sender"]
        if sender:
            asked["sender"] = sender
        task = self._task(asked, message.to)
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        task.waiting[message.to] = outcome
        task.last = time.monotonic()
        return await outcome

    async def close(self) -> None:
        """Make what is gathered first."""
        while self._making:
            await asyncio.gather(*self._making)
        await self.platform.close()

    def _task(self, asked: Mapping[str, Any], to: str) -> _Task:
        """The one that gathers this text now; a full one, or one that has this customer already, is left to go."""
        name = json.dumps(asked, sort_keys=True)
        task = self._tasks.get(name)
        if task is None or len(task.waiting) >= MOST or to in task.waiting:
            task = self._tasks[name] = _Task(asked)
            making = asyncio.create_task(self._make(name, task))
            self._making.add(making)
            making.add_done_callback(self._making.discard)
        return task

    async def _make(self, name: str, task: _Task) -> None:
        task.last = time.monotonic()
        while (rest := task.last + GATHER - time.monotonic()) > 0 and len(task.waiting) < MOST:
            await asyncio.sleep(rest)
        if self._tasks.get(name) is task:
            del self._tasks[name]
        customers = list(task.waiting)
        asked = {"chat_type": "single", "external_userid": customers, **task.asked}
        try:
            said = await self.platform.post("/cgi-bin/externalcontact/add_msg_template", asked)
        except Broken as broken:
            for waiting in task.waiting.values():
                _tell(waiting, broken.outcome())
            return
        at = int(time.time())
        unreached = set(said.data.get("fail_list") or ())
        for customer, waiting in task.waiting.items():
            _tell(waiting, self._outcome(said, customer, at, unreached))

    def _outcome(self, said: Said, customer: str, at: int, unreached: set[str]) -> Outcome:
        if said.code:
            return said.outcome()
        if customer in unreached:
            return failed("no member of staff has this customer as a contact", permanent=True)
        return Outcome(
            fate=Fate.UNKNOWN, provider_id=f"{said.data.get('msgid', '')}/{at}/{self._mark(customer)}",
            reason="waits for a member of staff to confirm it in WeCom",
        )  # fmt: skip

    def _mark(self, customer: str) -> str:
        return hmac.new(bytes.fromhex(self.account.seal), customer.encode(), hashlib.sha256).hexdigest()[:20]

    # --- what became of it --------------------------------------------------------------------------------------

    async def results(self, provider_ids: Sequence[str]) -> Mapping[str, Outcome]:
        """See contract.Reporting."""
        by_task: dict[str, list[str]] = {}
        for one in provider_ids:
            by_task.setdefault(one.partition("/")[0], []).append(one)
        found: dict[str, Outcome] = {}
        for task, ids in by_task.items():
            with contextlib.suppress(Broken):  # no news; it is asked again later
                found |= self._settled(ids, await self._said_of(task))
        return found

    def _settled(self, ids: Sequence[str], said: Mapping[str, Outcome]) -> dict[str, Outcome]:
        settled: dict[str, Outcome] = {}
        late = time.time() - self.account.settings["days"] * 86400
        for one in ids:
            _task, at, mark = one.split("/")
            if mark in said:
                settled[one] = said[mark]
            elif int(at) < late:
                reason = f"nobody confirmed it in WeCom within {self.account.settings['days']} days"
                settled[one] = failed(reason, permanent=True)
        return settled

    async def _said_of(self, task: str) -> dict[str, Outcome]:
        """What is final about one task, by the customers' marks."""
        found: dict[str, Outcome] = {}
        members = [one["userid"] async for one in self._pages("get_groupmsg_task", {"msgid": task}, "task_list")]
        for member in members:
            asked = {"msgid": task, "userid": member}
            async for one in self._pages("get_groupmsg_send_result", asked, "send_list"):
                outcome = _final(one)
                mark = self._mark(str(one.get("external_userid", "")))
                # Where several members were asked, one of them may have sent it though another could not.
                if outcome is not None and (outcome.fate is Fate.SENT or mark not in found):
                    found[mark] = outcome
        return found

    async def _pages(self, what: str, asked: Mapping[str, Any], name: str) -> Any:
        cursor = ""
        while True:
            said = await self.platform.post(
                f"/cgi-bin/externalcontact/{what}", {**asked, "limit": PAGE, "cursor": cursor}
            )
            if said.code:
                raise Broken(f"{said.code} {said.text}", given=False)
            for one in said.data.get(name) or ():
                yield one
            cursor = str(said.data.get("next_cursor") or "")
            if not cursor:
                return


def _tell(waiting: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not waiting.done():
        waiting.set_result(outcome)


def _final(one: Mapping[str, Any]) -> Outcome | None:
    """One line of the results; None where nothing is final."""
    status = one.get("status")
    if status == SENT:
        at = one.get("send_time")
        return Outcome(fate=Fate.SENT, at=datetime.fromtimestamp(at, UTC) if isinstance(at, int) and at else None)
    if status == NO_CONTACT:
        return failed("the customer is no contact of the member of staff any more", permanent=True)
    if status == OVER_CAP:
        return failed("the customer has had as many mass messages as WeCom allows", permanent=True)
    return None


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, secret, trusted address; who may work with customers; the rights to mass messages and groups."""
    day = {"start_time": int(time.time()) - 86400, "end_time": int(time.time())}
    below = "/cgi-bin/externalcontact/"

    def colleagues(said: Mapping[str, Any]) -> list[Finding]:
        listed, sender = said.get("follow_user") or [], account.settings["sender"]
        if not listed:
            return [NO_COLLEAGUE.finding("range", {})]
        return [NO_SENDER.finding("range", {"sender": sender})] if sender and sender not in listed else []

    probes = (
        Probe(path=f"{below}get_follow_user_list", method="GET", judge=colleagues),
        Probe(path=f"{below}get_groupmsg_list_v2", data={"chat_type": "single", **day, "limit": 1}, step="mass"),
        Probe(path=f"{below}groupchat/list", data={"status_filter": 0, "limit": 1}, step="groups"),
    )
    found = await examined(platform_of(account.settings), probes, WECOM)
    return [*found, *await callbacks.findings(account)]
