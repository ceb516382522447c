"""What operation does by the clock: rules to post, what failed to try again, voices to give back, SOPs, chains."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet

from lianyi.action.channels.models import Account
from lianyi.action.operation import measures, rules, running, saying, seats, signups
from lianyi.action.operation.acts import ActFailed, Acts, Opened, opened
from lianyi.action.operation.models import Case, Ruleset, Said, Seat, Signup, Sop
from lianyi.errors import LianyiError, NotFound
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

KEPT = timedelta(days=1)
AGAIN = timedelta(minutes=5)
PORTION = 20


class Operation:
    """A round, see action.rounds."""

    name = "operation"

    def __init__(self, acts: Opened = opened) -> None:
        self._opened = acts

    def due(self, now: datetime) -> bool:
        """Whether anything waits; small tables, each by an index."""
        return (
            _cases(now).exists()
            or Seat.objects.filter(muted_until__lte=now).exists()
            or Seat.objects.filter(greet_at__lte=now).exists()
            or running.due(now).exists()
            or _signups(now).exists()
            or Sop.objects.filter(is_on=True, next_at__lte=now).exists()
            or Ruleset.objects.filter(post_next_at__lte=now).exists()
            or Said.objects.filter(at__lt=now - 2 * KEPT).exists()
        )

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """A portion of each. What one group refuses holds up no other: each failure is kept where it happened. Nor does
        a fault in one part hold up the others: what broke is raised when all had their turn."""
        by_row = (self._post, self._measures, self._voices, self._welcomes, self._clocks, self._sops, self._chains)
        _all(partial(_unless, stop, part, workspace, now) for part in (*by_row, _tidy))
        return False

    @contextmanager
    def _of(self, account: str, now: datetime) -> Iterator[Acts]:
        """The account's acts. ActFailed also where the account is off or gone (for good), and where something breaks
        that nobody foresaw: that is logged, told at the channel, and tried again as a refusal is."""
        wait = AGAIN.total_seconds()
        try:
            with self._opened(account) as acts:
                yield acts
        except ActFailed:
            raise
        except LianyiError as error:
            raise ActFailed(str(error), permanent=isinstance(error, NotFound), wait=wait) from error
        except Exception as error:  # edge: whatever broke is one group's
            raise ActFailed(_broke(account, error, now), wait=wait) from error

    def _post(self, ws: Workspace, now: datetime) -> None:
        for row in Ruleset.objects.filter(post_next_at__lte=now)[:PORTION]:
            if not rules.is_live(row.group_key) or rules.current(row.group_key) != row:
                Ruleset.objects.filter(pk=row.pk).update(post_next_at=None)  # another version holds by now
                continue
            key = f"rules/{row.group_key}/{row.text_version}"
            try:
                with self._of(row.account, now) as acts:
                    text = rules.text_of(row.says, ws.settings.language)
                    posted = acts.say(row.group_key, text, key=key)
            except ActFailed as failed:
                again = now + (timedelta(days=1) if failed.permanent else AGAIN)
                Ruleset.objects.filter(pk=row.pk).update(post_next_at=again)
                continue
            same = Ruleset.objects.filter(group_key=row.group_key, text_version=row.text_version)
            same.update(posted_id=posted, post_next_at=None)
            event = saying.sent(key, row.group_key, text, purpose="rules", to=(), now=now)
            ws.inbox.put_now([event], received_at=now)

    def _measures(self, ws: Workspace, now: datetime) -> None:
        for case in _cases(now)[:PORTION]:
            try:
                with self._of(case.account, now) as acts:
                    measures.take(ws, case, acts, by=case.by or measures.BOT, now=now)
            except ActFailed as failed:
                measures.failed(case, failed, now=now, wait=AGAIN)

    def _voices(self, _ws: Workspace, now: datetime) -> None:
        for seat in Seat.objects.filter(muted_until__lte=now)[:PORTION]:
            try:
                with self._of(seat.account, now) as acts:
                    measures.unmute_due(acts, seat)
            except ActFailed as failed:
                measures.still_muted(seat, failed, again=now + AGAIN)

    def _welcomes(self, ws: Workspace, now: datetime) -> None:
        waiting = Seat.objects.filter(greet_at__lte=now)
        for group_key in list(waiting.order_by("group_key").values_list("group_key", flat=True).distinct()[:PORTION]):
            ruleset = rules.current(group_key)
            if ruleset is None or ruleset.group_key != group_key or not ruleset.welcome:
                waiting.filter(group_key=group_key).update(greet_at=None)
                continue
            try:
                with self._of(ruleset.account, now) as acts:
                    seats.greet(ws, ruleset, acts, now=now)
            except ActFailed as failed:
                mine = waiting.filter(group_key=group_key)
                mine.filter(joined_at__lt=now - seats.KNOWN).update(greet_at=None)  # a welcome a day late is none
                mine.update(greet_at=None if failed.permanent else now + AGAIN)

    def _clocks(self, ws: Workspace, now: datetime) -> None:
        _all(partial(_tick, sop, ws.settings.timezone, now) for sop in Sop.objects.filter(is_on=True, next_at__lte=now))

    def _sops(self, ws: Workspace, now: datetime) -> None:
        for run in running.due(now)[:PORTION]:
            try:
                with self._of(run.account, now) as acts:
                    running.advance(ws, run, acts, now=now)
            except ActFailed as failed:
                running.failed(run, failed, now=now)

    def _chains(self, ws: Workspace, now: datetime) -> None:
        Signup.objects.filter(closed_at__isnull=True, closes_at__lte=now).update(closed_at=now, tell_next_at=now)
        for signup in Signup.objects.filter(tell_next_at__lte=now)[:PORTION]:
            try:
                with self._of(signup.account, now) as acts:
                    signups.tell(ws, signup, acts, now=now)
            except ActFailed as failed:
                again = None if failed.permanent else now + AGAIN
                Signup.objects.filter(pk=signup.pk).update(tell_next_at=again)


def _unless(
    stop: Callable[[], bool], part: Callable[[Workspace, datetime], None], ws: Workspace, now: datetime
) -> None:
    if not stop():
        part(ws, now)


def _all(steps: Iterable[Callable[[], None]]) -> None:
    """Each of them, whatever another one does. What broke is logged at once and raised in the end, so that who calls
    the round waits longer before the next."""
    broken = []
    for step in steps:
        try:
            step()
        except Exception as error:  # edge: one part's fault is no other's
            log.exception("a part of operation failed; the others go on", extra={"action": "round.error"})
            broken.append(error)
    if broken:
        raise ExceptionGroup("parts of operation failed", broken)


def _tick(sop: Sop, zone: str, now: datetime) -> None:
    try:
        running.tick(sop, zone, now=now)
    except Exception as error:
        _broke(sop.account, error, now)
        raise


def _broke(account: str, error: Exception, now: datetime) -> str:
    """Log what nobody foresaw, and tell it at the channel, whose page shows it; what is told."""
    reason = f"operation failed: {type(error).__name__}: {error}"[:300]
    log.exception("channel %s: %s", account, reason, extra={"action": "operation.failed"})
    Account.objects.filter(name=account).update(failed_at=now, failure=reason)
    return reason


def _tidy(_ws: Workspace, now: datetime) -> None:
    if Said.objects.filter(at__lt=now - 2 * KEPT).exists():
        Said.objects.filter(at__lt=now - KEPT).delete()


def _signups(now: datetime) -> QuerySet[Signup]:
    return Signup.objects.filter(Q(tell_next_at__lte=now) | Q(closed_at__isnull=True, closes_at__lte=now))


def _cases(now: datetime) -> QuerySet[Case]:
    """Cases that are to be acted on and are not under way: those that failed, and those that a crash left behind."""
    left = Q(next_at__isnull=True, said_at__lt=now - AGAIN)
    return Case.objects.filter(Q(next_at__lte=now) | left, state=Case.State.ACTING).order_by("said_at")
