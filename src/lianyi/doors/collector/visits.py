"""Links that people open: `/r/<token>` leads to the target, `/s/<token>` to the campaign's page, where a visitor gets a
link of their own, so that the chain is kept from one to the next; `/m/<token>` is a link in an e-mail (see
action.contacts.clicks) and leads on, without asking who objects to being followed.

A visitor is a random number. It is kept in a first-party cookie: for this visit where the browser does not object
(Do Not Track, Global Privacy Control) and the campaign does not ask first; for a year once the visitor has asked for a
link of their own. Where nothing may be kept, the number stands in the page's form alone, so that whoever presses the
button is the one who arrived.

Nobody waits for our disk: an answer goes out once the arrival is durable, or after WAIT seconds.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from lianyi.action.codes import saying
from lianyi.action.codes.robots import Crowds, robot
from lianyi.action.codes.same import same_name
from lianyi.action.codes.tokens import VISITOR, as_token, new_visitor
from lianyi.action.contacts import clicks
from lianyi.doors.collector import pages
from lianyi.doors.collector.answers import Answer, Headers, Receive, Scope
from lianyi.doors.collector.bodies import read_body
from lianyi.doors.collector.limits import Buckets
from lianyi.doors.collector.links import Link, TableOfLinks
from lianyi.doors.collector.pages import Bare, Shown
from lianyi.errors import InboxFailed, InboxFull
from lianyi.memory.events import Event
from lianyi.memory.inbox import Inbox

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
COOKIE = "lianyi_v"
YEAR = 365 * 24 * 3600
WAIT = 0.002
MAX_FORM = 4_096
FILES = {"/s/page.css": "text/css; charset=utf-8", "/s/page.js": "text/javascript; charset=utf-8"}
ACTS = ("mine", "shared", "seen", "forget")
PICTURES = {"png": b"image/png", "jpg": b"image/jpeg", "gif": b"image/gif"}
Issue = Callable[[str, str, datetime], Awaitable[str | None]]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who asks. known: the number came from a cookie. objects: the browser asks not to be followed."""

    method: str
    headers: Mapping[bytes, bytes]
    address: str
    visitor: str
    known: bool
    objects: bool

    @property
    def key(self) -> str:
        """The key of the visitor in the log."""
        return f"anon:{self.visitor}"

    @property
    def language(self) -> str:
        """zh-hans or en."""
        return pages.language_of(self.headers.get(b"accept-language", b""))


@dataclass(kw_only=True)
class Visits:
    """Answers what people open. issue: gives a visitor's code for a token (token, visitor, now → its token)."""

    links: TableOfLinks
    inbox: Inbox
    pictures: Path
    brand: Callable[[], str]
    base: str
    issue: Issue
    clock: Callable[[], datetime]
    seal: clicks.Seal | None = None
    _crowds: Crowds = field(default_factory=Crowds)
    _issuing: Buckets = field(default_factory=lambda: Buckets(20, burst=200))
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    @staticmethod
    def serves(path: str) -> bool:
        """Whether the path is one of these."""
        return path.startswith(("/r/", "/s/", clicks.PATH, "/pictures/"))

    async def answer(self, path: str, scope: Scope, receive: Receive) -> Answer:
        """Answer one request."""
        method = scope["method"]
        _, place, name, *rest = path.split("/")
        act = rest[0] if len(rest) == 1 else "" if not rest else None
        if method not in ({"POST"} if act else {"GET", "HEAD"}) or act is None or (act and act not in ACTS):
            return pages.notice(404 if act is None else 405, "unknown", "en")
        if path in FILES or place == "pictures":
            return await asyncio.to_thread(self._file, path)
        visit = _visit(scope)
        if place == "m":
            return await self._message_link(name, visit)
        token = as_token(name)
        link = self.links.link(token) if token else None
        if link is None or link.retired:
            missing = link is None
            return pages.notice(404 if missing else 410, "unknown" if missing else "gone", visit.language)
        if act:
            return await self._act(act, link, visit, receive)
        return await (self._redirect if place == "r" else self._page)(link, visit)

    async def _message_link(self, token: str, visit: Visit) -> Answer:
        opened = self.seal.open(token) if self.seal is not None else None
        if opened is None:
            return pages.notice(404, "unknown", visit.language)
        # A scanner in front of a mailbox opens every link of a mail: that is no person, and says nothing of one.
        crowd = self._crowds.too_many(visit.address, visit.headers.get(b"user-agent", b""), token[-32:])
        if not (visit.objects or crowd or robot(visit.method, visit.headers)):
            await self._keep(clicks.event(opened, at=self.clock()))
        return _to(302, opened.url)

    # --- coming -------------------------------------------------------------------------------------------------

    async def _redirect(self, link: Link, visit: Visit) -> Answer:
        if link.landing:
            return _to(302, f"/s/{link.token}")
        if reason := self._robot(link, visit):
            await self._keep(self._robot_event(link, visit, reason))
            return _to(302, link.target)
        await self._keep(saying.arrival(link, visit.key, at=self.clock(), known=visit.known))
        target = (
            with_parameter(link.target, "ajs_aid", visit.visitor) if link.carry and not visit.objects else link.target
        )
        return _to(302, target, () if visit.known or visit.objects else (self._cookie(visit.visitor),))

    async def _page(self, link: Link, visit: Visit) -> Answer:
        page = self.links.page(link.campaign)
        address = f"{self.base}/s/{link.token}"
        language = visit.language
        if reason := self._robot(link, visit):
            await self._keep(self._robot_event(link, visit, reason))
            return pages.campaign_page(
                Shown(brand=self.brand(), token=link.token, target=link.target, page=page, language=language,
                      address=address, robot=True)
            )  # fmt: skip
        own = self._own(link, visit)
        if own is not link and visit.headers.get(b"sec-fetch-site") != b"same-origin":
            await self._keep(saying.arrival(link, visit.key, at=self.clock(), known=visit.known))
        kept = visit.known or not (visit.objects or page.asks_first)
        target = with_parameter(link.target, "ajs_aid", visit.visitor) if link.carry and kept else link.target
        shown = Shown(
            brand=self.brand(), token=link.token, target=target, page=page, language=language, address=address,
            own=f"{self.base}/s/{own.token}" if own else "", visitor="" if kept else visit.visitor, kept=kept,
        )  # fmt: skip
        return pages.campaign_page(shown, (self._cookie(visit.visitor),) if kept and not visit.known else ())

    def _own(self, link: Link, visit: Visit) -> Link | None:
        """The visitor's own code for what this link leads to."""
        if link.sharer_key == visit.key:
            return link
        if not visit.known:
            return None
        return self.links.same(
            same_name(campaign=link.campaign, channel=link.channel, sharer_key=visit.key, target=link.target,
                      landing=True, carry=link.carry)
        )  # fmt: skip

    def _robot(self, link: Link, visit: Visit) -> str | None:
        reason = robot(visit.method, visit.headers)
        if reason is None and self._crowds.too_many(visit.address, visit.headers.get(b"user-agent", b""), link.token):
            return "many codes"
        return reason

    def _robot_event(self, link: Link, visit: Visit, reason: str) -> Event:
        agent = visit.headers.get(b"user-agent", b"").decode("latin-1").replace("\x00", "")
        return saying.robot_arrival(link, at=self.clock(), reason=reason, agent=agent, number=secrets.token_hex(12))

    # --- acts ---------------------------------------------------------------------------------------------------

    async def _act(self, act: str, link: Link, visit: Visit, receive: Receive) -> Answer:
        if visit.headers.get(b"sec-fetch-site", b"same-origin") not in {b"same-origin", b"none"}:
            return pages.notice(403, "browser", visit.language)
        if robot(visit.method, {b"accept": b"*/*", **visit.headers}):
            return pages.notice(403, "browser", visit.language)
        if act == "forget":
            gone = (b"set-cookie", f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{self._secure}".encode())
            return pages.notice(200, "forgotten", visit.language, (gone,))
        number = await _number(visit.headers, receive)
        who = visit.visitor if visit.known else number or visit.visitor
        if act == "mine":
            return await self._mine(link, visit, who)
        key = f"anon:{who}"
        if act == "seen" and (visit.known or number):
            await self._keep(saying.look(link, key, at=self.clock()))
        elif act == "shared" and link.sharer_key == key:
            await self._keep(saying.share(link, at=self.clock(), how="button"))
        return Bare(204, ((b"cache-control", b"no-store"),))

    async def _mine(self, link: Link, visit: Visit, who: str) -> Answer:
        if not link.landing or self._issuing.wait(visit.address):
            return pages.notice(429, "often", visit.language, ((b"retry-after", b"5"),))
        token = await self.issue(link.token, who, self.clock())
        if token is None:
            return pages.notice(410, "gone", visit.language)
        return _to(303, f"/s/{token}", (self._cookie(who, seconds=YEAR),))

    def _cookie(self, visitor: str, *, seconds: int = 0) -> tuple[bytes, bytes]:
        age = f"; Max-Age={seconds}" if seconds else ""
        return b"set-cookie", f"{COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Lax{age}{self._secure}".encode()

    @property
    def _secure(self) -> str:
        return "; Secure" if self.base.startswith("https:") else ""

    # --- keeping ------------------------------------------------------------------------------------------------

    async def _keep(self, event: Event) -> None:
        """Put an event into the inbox; returns once it is durable, or after WAIT seconds while that goes on."""
        task = asyncio.create_task(self._put(event))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task}, timeout=WAIT)

    async def _put(self, event: Event) -> None:
        try:
            await self.inbox.put([event], received_at=self.clock())
        except (InboxFull, InboxFailed) as error:  # the visitor goes on all the same; health reports the inbox
            log.warning("an arrival was not kept: %s", error, extra={"action": "links.lost"})

    async def finish(self) -> None:
        """Wait for what is still being kept."""
        await asyncio.gather(*self._under_way)

    def _file(self, path: str) -> Answer:
        lasting: Headers = ((b"cache-control", b"public, max-age=31536000, immutable"),)
        if path in FILES:
            body = (HERE / path.rsplit("/", 1)[-1]).read_bytes()
            kind = (b"content-type", FILES[path].encode())
            return Bare(
                200, (kind, (b"cache-control", b"public, max-age=3600"), (b"x-content-type-options", b"nosniff")), body
            )
        name = path.removeprefix("/pictures/")
        from lianyi.action.content.picture_names import NAME

        if not NAME.match(name) or not (file := self.pictures / name).is_file():
            return pages.notice(404, "unknown", "en")
        kind = (b"content-type", PICTURES[name.rsplit(".", 1)[-1]])
        sniff = (b"x-content-type-options", b"nosniff")
        return Bare(200, (kind, *lasting, sniff, (b"cross-origin-resource-policy", b"cross-origin")), file.read_bytes())


def with_parameter(url: str, name: str, value: str) -> str:
    """The address with one parameter more."""
    parts = urlsplit(url)
    query = f"{parts.query}&{urlencode({name: value})}" if parts.query else urlencode({name: value})
    return urlunsplit(parts._replace(query=query))


def _visit(scope: Scope) -> Visit:
    headers = dict(scope["headers"])
    client = scope.get("client")
    kept = _kept(headers.get(b"cookie", b""))
    objects = headers.get(b"dnt") == b"1" or headers.get(b"sec-gpc") == b"1"
    return Visit(
        method=scope["method"], headers=headers, address=client[0] if client else "", visitor=kept or new_visitor(),
        known=kept is not None, objects=objects,
    )  # fmt: skip


def _kept(cookie: bytes) -> str | None:
    if COOKIE.encode() not in cookie:
        return None
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookie.decode("latin-1"))
    except CookieError:
        return None
    value = jar[COOKIE].value if COOKIE in jar else ""
    return value if VISITOR.match(value) else None


async def _number(headers: Mapping[bytes, bytes], receive: Receive) -> str | None:
    """The visitor's number in a form, for browsers in which nothing is kept."""
    body = await read_body(dict(headers), receive, limit=MAX_FORM)
    values = parse_qs(body.decode("latin-1"), max_num_fields=5).get("v", [""])
    return values[0] if VISITOR.match(values[0]) else None


def _to(status: int, url: str, headers: Headers = ()) -> Answer:
    places: Headers = ((b"location", url.encode("ascii", "ignore")), (b"cache-control", b"no-store"))
    return Bare(status, (*places, (b"referrer-policy", b"no-referrer"), *headers))


def issuing_of(folder: Path) -> Issue:
    """Codes of visitors through Django, which is loaded with the first of them, in a thread of its own."""

    def make(token: str, visitor: str, now: datetime) -> str | None:
        from lianyi.doors.console.start import configure

        configure(folder)
        from django.db import connection

        from lianyi.action.codes import issuing
        from lianyi.action.codes.models import Code

        try:
            parent = Code.objects.filter(token=token, retired_at__isnull=True).first()
            return issuing.for_visitor(parent, visitor, now=now).token if parent else None
        finally:
            connection.close()

    async def issue(token: str, visitor: str, now: datetime) -> str | None:
        return await asyncio.to_thread(make, token, visitor, now)

    return issue


__all__: list[Any] = ["Visits", "issuing_of", "with_parameter"]
