"""WeCom's full lists against the log: a lost callback is mended, a doubled or late one changes nothing.

A run reads the colleagues, their customers in batches, then the groups in pages. After each batch the events land
before the place in the list is kept, so that a run which is cut off goes on there, and what it does twice has the same
ids. What is known comes out of the log, so there is no second memory of customers that could differ from it.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lianyi.action.channels.calling import Broken
from lianyi.action.channels.kinds import Configured
from lianyi.action.channels.models import Account
from lianyi.action.channels.wechat_platform import BUSY, WAIT, Platform, Said
from lianyi.action.channels.wecom_app.channel import platform_of
from lianyi.action.channels.wecom_mass.progress import FOLDER, Progress, load, save
from lianyi.action.codes.carried import through
from lianyi.action.codes.saying import Passed
from lianyi.errors import Busy, LianyiError
from lianyi.memory.sources.wecom.known import known
from lianyi.memory.sources.wecom.lists import Comparison
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

COLLEAGUES, PAGE, GROUPS, AT_ONCE = 50, 100, 200, 4
# Calls a second of one interface: WeCom allows 10,000 a minute for all programs of a corporation together.
PER_SECOND = 100.0
# externalcontact/list and groupchat/get: nobody there; no such group any more, or dismissed.
EMPTY, GONE = 84061, frozenset({40050, 49008})
ROUND_SECONDS = 30.0
Ask = Callable[[str, dict[str, Any]], Awaitable[Mapping[str, Any]]]
Progressed = Callable[[Progress], None]


class Refused(LianyiError):
    """WeCom's answer stops the run for now. code: of progress.ERRORS; wait: seconds."""

    def __init__(self, code: str, says: str, *, wait: float = 0.0, errcode: int = 0) -> None:
        super().__init__(says)
        self.code, self.wait, self.errcode = code, wait, errcode


class Calls:
    """Asks WeCom, each interface not faster than PER_SECOND. An answer that says no is Refused."""

    def __init__(self, platform: Platform, *, per_second: float = PER_SECOND) -> None:
        self._platform = platform
        self._gap = 1 / per_second
        self._next: dict[str, float] = {}

    async def ask(self, path: str, data: dict[str, Any]) -> Mapping[str, Any]:
        """One call below /cgi-bin/externalcontact/."""
        now = time.monotonic()
        at = max(now, self._next.get(path, 0.0))
        self._next[path] = at + self._gap
        await asyncio.sleep(at - now)
        try:
            said = await self._platform.post(f"/cgi-bin/externalcontact/{path}", data)
        except Broken as broken:
            raise Refused("away", str(broken), wait=60.0) from broken
        return _understood(said)


def _understood(said: Said) -> Mapping[str, Any]:
    if not said.code:
        return said.data
    wait = WAIT.get(said.code, 0.0)
    code = "away" if said.code == BUSY else "limit" if wait else "refused"
    raise Refused(code, said.outcome().reason, wait=wait, errcode=said.code)


class Run:
    """One comparison, from where `progress` stands to the end, or until `stop` says so."""

    def __init__(
        self, ask: Ask, workspace: Workspace, progress: Progress, *, corp: str, keep: Progressed,
        codes: Mapping[str, Passed] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """codes: by token, those that may have come back as a state."""
        self.codes = codes
        self.ask, self.workspace, self.progress, self.keep = ask, workspace, progress, keep
        self.corp = corp

    async def go(self, now: datetime, stop: Callable[[], bool]) -> bool:
        """True when it is complete."""
        if not self.progress.began:
            self.progress.began, self.progress.asked = now.replace(microsecond=0).isoformat(), False
            self.progress.step, self.progress.done, self.progress.all = "customers", 0, 0
            self.progress.cursor, self.progress.counted = "", {}
        self.comparison = Comparison(
            corp=self.corp, now=datetime.fromisoformat(self.progress.began), known=known(self.workspace.rows)
        )
        self.comparison.counted.update(self.progress.counted)
        if self.progress.step == "customers" and not await self._customers(stop):
            return False
        if not await self._groups(stop):
            return False
        self.progress.last = dict(self.comparison.counted)
        self.progress.began, self.progress.ended = "", now.isoformat()
        self._land()
        return True

    async def _customers(self, stop: Callable[[], bool]) -> bool:
        colleagues = sorted((await self.ask("get_follow_user_list", {})).get("follow_user") or ())
        listed = (await self.ask("get_corp_tag_list", {})).get("tag_group") or ()
        names = {tag["id"]: tag["name"] for group in listed for tag in group.get("tag") or ()}
        self.progress.all = len(colleagues)
        while self.progress.done < len(colleagues):
            if stop():
                return False
            batch = colleagues[self.progress.done : self.progress.done + COLLEAGUES]
            seen: set[tuple[str, str]] = set()
            async for page in self._pages(
                "batch/get_by_user", "external_contact_list", {"userid_list": batch, "limit": PAGE}
            ):
                seen |= self.comparison.contacts(page, names)
            self.comparison.no_contacts(batch, seen)
            self.progress.done += len(batch)
            self._land()
        self.comparison.restate_tags()
        self.progress.step, self.progress.done, self.progress.all, self.progress.cursor = "groups", 0, 0, ""
        self._land()
        return True

    async def _groups(self, stop: Callable[[], bool]) -> bool:
        """Page by page; a run that is cut off begins its page again. Then the groups that no page named."""
        listed: set[str] = set()
        whole = not self.progress.cursor
        while True:
            if stop():
                return False
            asked = {"status_filter": 0, "limit": GROUPS, "cursor": self.progress.cursor}
            said = await self.ask("groupchat/list", asked)
            chats = [str(one["chat_id"]) for one in said.get("group_chat_list") or ()]
            listed |= {f"group:wecom/{chat}" for chat in chats}
            await self._get(chats)
            self.progress.cursor = str(said.get("next_cursor") or "")
            self.progress.done += len(chats)
            self._land()
            if not self.progress.cursor:
                break
        if whole:
            unlisted = sorted(self._alive() - listed)
            for start in range(0, len(unlisted), GROUPS):
                await self._get([key.removeprefix("group:wecom/") for key in unlisted[start : start + GROUPS]])
                self._land()
        return True

    def _alive(self) -> set[str]:
        """Groups that the log takes to be there still."""
        known = self.comparison.known
        full = {key for key, members in known.members.items() if any(last.holds for last in members.values())}
        return full | {key for key, props in known.groups.items() if not props.get("dismissed")}

    async def _get(self, chats: list[str]) -> None:
        few = asyncio.Semaphore(AT_ONCE)

        async def one(chat: str) -> None:
            async with few:
                try:
                    said = await self.ask("groupchat/get", {"chat_id": chat, "need_name": 1})
                except Refused as refused:
                    if refused.errcode not in GONE:
                        raise
                    self.comparison.no_group(f"group:wecom/{chat}")
                else:
                    self.comparison.group(said["group_chat"])

        await asyncio.gather(*(one(chat) for chat in chats))

    async def _pages(self, path: str, name: str, asked: Mapping[str, Any]) -> Any:
        cursor = ""
        while True:
            try:
                said = await self.ask(path, {**asked, "cursor": cursor})
            except Refused as refused:
                if refused.errcode != EMPTY:
                    raise
                return
            yield said.get(name) or ()
            cursor = str(said.get("next_cursor") or "")
            if not cursor:
                return

    def _land(self) -> None:
        made = self.comparison.taken()
        if made:
            self.workspace.record([*made, *through(made, self.codes.get)])
        self.progress.counted = dict(self.comparison.counted)
        self.keep(self.progress)


def compare(
    account: Configured, workspace: Workspace, now: datetime, *, stop: Callable[[], bool],
    shown: Progressed = lambda _progress: None,
) -> Progress:  # fmt: skip
    """Begin a comparison, or go on with the one that was cut off. Busy while another process does it; what WeCom
    refuses is kept with the account (Progress.error)."""
    with _alone(account.folder, account.name):
        progress = load(account.folder, account.name)

        def keep(progress: Progress) -> None:
            save(account.folder, account.name, progress)
            shown(progress)

        from lianyi.action.codes import at_wecom  # which imports channels

        codes = at_wecom.passed(account.name)
        try:
            asyncio.run(_go(account, workspace, progress, now, stop, keep, codes))
        except Refused as refused:
            progress = load(account.folder, account.name)
            progress.error, progress.error_says = refused.code, str(refused)[:300]
            progress.error_at = now.isoformat()
            progress.wait_until = (now + timedelta(seconds=refused.wait)).isoformat() if refused.wait else ""
            log.warning("channel %s: %s", account.name, refused, extra={"action": "channel.uncompared"})
        else:
            progress.error = progress.error_says = progress.error_at = progress.wait_until = ""
        save(account.folder, account.name, progress)
    return progress


async def _go(
    account: Configured, workspace: Workspace, progress: Progress, now: datetime, stop: Callable[[], bool],
    keep: Progressed, codes: Mapping[str, Passed],
) -> None:  # fmt: skip
    platform = platform_of(account.settings)
    try:
        run = Run(Calls(platform).ask, workspace, progress, corp=account.settings["corp_id"], keep=keep, codes=codes)
        await run.go(now, stop)
    finally:
        await platform.close()


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    (folder / FOLDER).mkdir(exist_ok=True)
    with (folder / FOLDER / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"channel {name} is being compared with WeCom's lists already") from None
        yield


# --- the periodic round ---------------------------------------------------------------------------------------------


def ask_for(account: Account, folder: Path, now: datetime) -> None:
    """Somebody wants a comparison now: the next round, within seconds, begins it."""
    with _alone(folder, account.name):
        progress = load(folder, account.name)
        progress.asked, progress.wait_until = True, ""
        save(folder, account.name, progress)
    Account.objects.filter(pk=account.pk).update(read_next_at=now)


def read(account: Configured, workspace: Workspace, now: datetime) -> None:
    """A portion of a comparison, where one is due: by somebody's wish, by the hours that are set, or cut off before."""
    progress = load(account.folder, account.name)
    every = timedelta(hours=account.settings.get("compare_hours") or 0)
    if progress.wait_until and now < datetime.fromisoformat(progress.wait_until):
        _again(account, datetime.fromisoformat(progress.wait_until))
        return
    late = every and (not progress.ended or now - datetime.fromisoformat(progress.ended) >= every)
    if progress.asked or progress.began or late:
        until = time.monotonic() + ROUND_SECONDS
        try:
            progress = compare(account, workspace, now, stop=lambda: time.monotonic() > until)
        except Busy:  # another process goes on with it
            return
    if progress.error == "refused":  # waits for whoever mends it; the check says what
        progress.asked = False
        save(account.folder, account.name, progress)
        Account.objects.filter(name=account.name).update(failed_at=now, failure=progress.error_says)
        _again(account, now + max(every, timedelta(hours=1)) if every else None)
    elif progress.error:
        wait = datetime.fromisoformat(progress.wait_until) if progress.wait_until else now + timedelta(minutes=1)
        _again(account, wait)
    elif progress.began or progress.asked:
        _again(account, now)
    else:
        _again(account, now + every if every else None)


def _again(account: Configured, at: datetime | None) -> None:
    Account.objects.filter(name=account.name).update(read_next_at=at.astimezone(UTC) if at else None)
