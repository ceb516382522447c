"""The sender: a round that takes contacts from the outbox through the gate to their channels.

It claims a page of contacts of a channel account, asks the gate about all of them at once, and hands those that may go
over in small portions, each written down as being given before it is. What was being given when a process died is
tried again where the channel drops a second message with the same key; elsewhere nobody can say whether it went out,
so it is UNKNOWN and never sent again by itself: at most once.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from lianyi.action.channels import accounts
from lianyi.action.contacts import claiming, gate, lines, settling, telling
from lianyi.action.contacts.composing import Ready, compose
from lianyi.action.contacts.delivering import Deliveries, Lane
from lianyi.action.contacts.facts import Channels
from lianyi.action.contacts.models import Contact, State
from lianyi.action.policy import keeping
from lianyi.action.policy.deciding import Decision, Verdict
from lianyi.errors import LianyiError
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

# How long one call works at most, so that the process sees that it is alive.
PORTION_SECONDS = 15.0
# How long it waits at the end for what is under way.
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.01
# Outcomes are written down together; no longer than this after the first of them.
SETTLE_SECONDS = 0.1


@dataclass(kw_only=True, eq=False)
class _Line:
    """A channel account while it is sent by: its lane, what has passed the gate, and what is under way."""

    lane: Lane
    word: str
    doubtful: bool
    passed: deque[gate.Passed] = field(default_factory=deque)
    empty: bool = False
    closed: bool = False
    settled_at: float = 0.0

    @property
    def portion(self) -> int:
        """How many are written down as being given at a time: enough to keep every task at work, and no more than go
        in two seconds, because after a crash nobody can say of these whether they went out."""
        limits = self.lane.limits
        if limits.per_second is None:
            return max(64, 8 * limits.at_once)
        return max(1, min(2 * limits.at_once, int(limits.per_second)))


def worker_name() -> str:
    """A name that no other worker has."""
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(6)}"


@dataclass(kw_only=True)
class Sending:
    """A round, see action.rounds. lease: how long after its death a worker's contacts are taken over."""

    name: str = "contacts"
    clock: Callable[[], datetime] = timezone.now
    chance: random.Random = field(default_factory=random.Random)
    lease: timedelta = claiming.LEASE
    portion_seconds: float = PORTION_SECONDS
    worker: str = field(default_factory=worker_name)

    def due(self, now: datetime) -> bool:
        """Whether any contact waits to be looked at."""
        from lianyi.action.contacts import results

        return claiming.due(now) or results.due(now)

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """Send for some seconds, or until nothing is left."""
        from lianyi.action.contacts import results

        _make_durable()
        results.ask(workspace, now=now)
        claiming.recover(now, keyed=_keyed())
        telling.tell_rest(workspace, now=now)
        if claiming.all_paused():
            return False
        while claiming.promote(now) and not stop():
            pass
        channels = Channels.read()
        shut = claiming.shut(now)
        wanted = [channel for channel in claiming.ready_channels() if channel not in shut]
        if not wanted:
            return False
        policy = keeping.current()
        with Deliveries() as deliveries:
            run = _Run(sending=self, workspace=workspace, channels=channels, policy=policy, deliveries=deliveries)
            return run.go(wanted, stop)


@dataclass(kw_only=True)
class _Run:
    """One call of Sending.work."""

    sending: Sending
    workspace: Workspace
    channels: Channels
    policy: keeping.Current
    deliveries: Deliveries
    lines: list[_Line] = field(default_factory=list)
    _renewed: float = field(default_factory=time.monotonic)

    def go(self, wanted: list[str], stop: Callable[[], bool]) -> bool:
        ends = time.monotonic() + self.sending.portion_seconds
        for channel in wanted:
            self._open(channel)
        try:
            while not stop() and time.monotonic() < ends and any(not line.empty for line in self.lines):
                self._turn()
            more = any(not line.empty for line in self.lines)
            self._wind_down()
        finally:
            for line in self.lines:
                line.lane.end()
            self._settle_all()
        return more

    def _open(self, channel: str) -> None:
        """Open the account; where that fails it rests a little, and the others go on."""
        now = self.sending.clock()
        if channel not in self.channels.words:  # gone: the gate says so of each
            self._refuse_all(channel)
            return
        try:
            lane = self.deliveries.lane(channel, accounts.opened(channel), accounts.limits(channel))
        except (LianyiError, OSError, TimeoutError) as error:
            log.warning("channel %s can't be opened: %s", channel, error, extra={"action": "channel.closed"})
            lines.failed(channel, lines.BREAKS_AFTER, now=now, reason=str(error))
            return
        line = _Line(lane=lane, word=self.channels.word(channel), doubtful=lines.is_probing(channel))
        self.lines.append(line)

    def _refuse_all(self, channel: str) -> None:
        while mine := self._claim(channel, claiming.PAGE):
            self._pass(mine)

    def _turn(self) -> None:
        """One look at every line: write down what came back, claim where little is left, hand over where there is
        room."""
        acted = False
        for line in self.lines:
            acted |= self._settle(line)
            acted |= self._fill(line)
            acted |= self._hand_over(line)
        self._renew()
        if not acted:
            self.deliveries.news.wait(PAUSE_SECONDS)
            self.deliveries.news.clear()

    def _renew(self) -> None:
        if time.monotonic() - self._renewed > self.sending.lease.total_seconds() / 4:
            claiming.renew(self.sending.worker, now=self.sending.clock(), lease=self.sending.lease)
            self._renewed = time.monotonic()

    def _fill(self, line: _Line) -> bool:
        """Claim a page where what has passed the gate runs out."""
        if line.empty or len(line.passed) >= line.portion:
            return False
        mine = self._claim(line.lane.name, self._page(line))
        if not mine:
            # Nobody ready, or only people to whom another contact is being given: once nothing is under way we know.
            line.empty = not line.passed and line.lane.under_way == 0
            return False
        line.passed.extend(self._pass(mine))
        return True

    def _page(self, line: _Line) -> int:
        if line.doubtful:
            return line.lane.limits.at_once
        slow = line.lane.limits.per_second
        return claiming.PAGE if slow is None else max(8, min(claiming.PAGE, int(5 * slow)))

    def _claim(self, channel: str, most: int) -> list[Contact]:
        now = self.sending.clock()
        return claiming.claim(channel, self.sending.worker, now=now, lease=self.sending.lease, most=most)

    def _pass(self, mine: list[Contact]) -> list[gate.Passed]:
        now = self.sending.clock()
        return gate.pass_through(self.workspace, mine, self.policy, self.channels, self.sending.worker, now=now)

    def _hand_over(self, line: _Line) -> bool:
        """Compose a portion, write down that it is being given, give it."""
        if not line.passed or line.lane.under_way > line.portion:
            return False
        portion = [line.passed.popleft() for _ in range(min(line.portion, len(line.passed)))]
        ready = self._composed(portion)
        pks = [each.contact.pk for each in ready]
        mine = claiming.mark_given(
            pks, self.sending.worker, now=self.sending.clock(), policy=self.policy.number, lease=self.sending.lease
        )
        line.lane.give([each for each in ready if each.contact.pk in mine])
        return True

    def _composed(self, portion: list[gate.Passed]) -> list[Ready]:
        ready: list[Ready] = []
        broken: dict[int, tuple[Contact, Decision]] = {}
        for each in portion:
            try:
                made = compose(each.contact, each.known, self.policy.policy, self.channels, to=each.to)
            except LianyiError as error:
                values = {"error": str(error)[:300]}
                decision = Decision(verdict=Verdict.REFUSE, rule="content", values=values)
                broken[each.contact.pk] = each.contact, decision
            else:
                ready.append(made)
        people = {each.contact.person_id: each.known for each in portion}
        gate.keep(
            self.workspace, broken, people, self.channels, self.sending.worker, now=self.sending.clock(),
            policy=self.policy.number,
        )  # fmt: skip
        return ready

    def _settle(self, line: _Line, *, at_once: bool = False) -> bool:
        if line.lane.done.empty():
            return False
        full = line.lane.done.qsize() >= line.portion
        if not (at_once or full or time.monotonic() - line.settled_at > SETTLE_SECONDS):
            return False
        line.settled_at = time.monotonic()
        done = line.lane.outcomes()
        now = self.sending.clock()
        settling.settle(
            self.workspace, done, self.sending.worker, word=line.word, keyed=line.lane.limits.keyed, now=now,
            chance=self.sending.chance,
        )  # fmt: skip
        rests = settling.judge(line.lane.name, done, now=now, doubtful=line.doubtful)
        line.doubtful = rests or any(lines.is_fault_of_account(each.outcome) for each in done)
        if rests:
            self._close(line)
        return True

    def _close(self, line: _Line) -> None:
        """Give back what was not begun with; the account rests."""
        back = [each.contact.pk for each in line.lane.take_back()] + [each.contact.pk for each in line.passed]
        line.passed.clear()
        line.empty = True
        claiming.give_back(back, self.sending.worker)

    def _wind_down(self) -> None:
        """Give back what was not begun with and wait for the rest."""
        for line in self.lines:
            more = line.empty
            self._close(line)
            line.empty = more
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends and any(line.lane.under_way for line in self.lines):
            self._settle_all()
            self._renew()
            self.deliveries.news.wait(PAUSE_SECONDS)
            self.deliveries.news.clear()

    def _settle_all(self) -> None:
        for line in self.lines:
            self._settle(line, at_once=True)


def _keyed() -> list[str]:
    """Channel accounts by which a second message with the same key does nothing."""
    left = Contact.objects.filter(state=State.DELIVERING, lease__isnull=False).order_by()
    there = set(accounts.names(on=False))
    names = left.values_list("channel", flat=True).distinct()
    return [name for name in names if name in there and accounts.limits(name).keyed]


def _make_durable() -> None:
    """Let SQLite wait for the disk at each commit of this connection: what is written down as being given must still
    stand there after the power has failed. (PostgreSQL does so by itself.)"""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = FULL")
