"""The round that sends reports: makes a row for each recipient when the day comes, claims it, and gives it to the mail
server. What was claimed is never claimed again by itself (decision 0009: at most once where nobody can know)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.contract import Fate, Message, Outcome
from lianyi.action.channels.models import Account
from lianyi.action.reports import composing, scheduling
from lianyi.action.reports.models import Delivery, Recipient, Schedule
from lianyi.action.work import queue
from lianyi.errors import LianyiError, RefusedError
from lianyi.report import Month, report
from lianyi.report.months import day_of
from lianyi.report.parts import midnight
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)
State = Delivery.State
TRIES, PAUSE = 5, timedelta(minutes=10)
# How long a report waits for tables that know the whole month, before it asks again.
REFRESHING = timedelta(minutes=15)


class Reports:
    """A round, see action.rounds."""

    name = "reports"

    def due(self, now: datetime) -> bool:
        """Whether the day has come, or one waits."""
        waiting = Delivery.objects.filter(state=State.WAITING, next_at__lte=now)
        return Schedule.objects.filter(is_on=True, due_at__lte=now).exists() or waiting.exists()

    def work(self, workspace: Workspace, now: datetime, stop: Callable[[], bool]) -> bool:
        """Turn a day that has come into rows; then send one that waits."""
        self._turn(workspace, now)
        waiting = Delivery.objects.filter(state=State.WAITING, next_at__lte=now).order_by("next_at", "pk").first()
        if waiting is None or stop():
            return False
        send(workspace, waiting, now)
        return True

    def _turn(self, workspace: Workspace, now: datetime) -> None:
        """The rows come first: a crash before the next date is set makes them again, which makes none. Date by date up
        to now: after an outage of months none of them is left out."""
        made = Schedule.objects.filter(is_on=True, due_at__lte=now).first()
        if made is None or made.due_at is None:
            return
        zone = workspace.settings.timezone
        due = made.due_at
        while due <= now:
            scheduling.wanted(Month(begins=due.astimezone(ZoneInfo(zone)).date().replace(day=1)).before, now)
            due = scheduling.next_time(made.day, made.hour, zone, due)
        Schedule.objects.filter(pk=made.pk, due_at=made.due_at).update(due_at=due)


def send(workspace: Workspace, delivery: Delivery, now: datetime) -> None:
    """Write one, claim it, and give it to the mail server. Nothing happens where somebody else was faster."""
    month = Month(begins=delivery.month)
    if not scheduling.over(month, workspace.settings.timezone, now):
        # no refresh can make it whole: nothing to do before its end
        waiting = Delivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        waiting.update(next_at=midnight(workspace, month.next.begins), reason="waits for the end of the month")
        return
    if not _ready(workspace, month):
        # it was not over when the tables were made: have them made anew, and come back
        queue.add("refresh", {}, by="lianyi")
        waiting = Delivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        waiting.update(next_at=now + REFRESHING, reason="waits for a refresh of the tables")
        return
    written = _written(workspace, delivery, month)
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.WAITING, next_at=delivery.next_at)
    if not mine.update(state=State.SENDING, claimed_at=now, tries=F("tries") + 1, reason=""):
        return
    delivery.refresh_from_db()
    end(delivery, written if isinstance(written, Outcome) else checking.send_one(*written, now=now), now)


def _ready(workspace: Workspace, month: Month) -> bool:
    state = workspace.states().get("days")
    return state is not None and day_of(workspace, state.as_of) > month.ends


def _written(workspace: Workspace, delivery: Delivery, month: Month) -> tuple[Account, Message] | Outcome:
    """The account and the mail; or why there is none."""
    to = Recipient.objects.select_related("user").filter(user=delivery.user, user__is_active=True).first()
    if to is None:
        return Outcome(fate=Fate.FAILED, permanent=True, reason="does not get reports any more")
    language = to.user.language or workspace.settings.language
    try:
        account = accounts.by_name(scheduling.schedule().channel)
        if not account.is_on:
            raise RefusedError(f"channel {account.name} is turned off; turn it on again under Settings, Channels")
        return account, composing.message(
            report(workspace, month), to=to.mail, language=language, key=f"report-{delivery.pk}-{delivery.tries}",
            settings=workspace.settings,
        )  # fmt: skip
    except LianyiError as error:
        return Outcome(fate=Fate.FAILED, reason=str(error)[:300])


def end(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Write down what became of it. Temporary refusals are tried again, a few times; what nobody knows is not."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, tries=delivery.tries)
    reason = outcome.reason[:300]
    if outcome.fate is Fate.FAILED and not outcome.permanent and delivery.tries < TRIES:
        mine.update(state=State.WAITING, next_at=now + PAUSE * 2 ** (delivery.tries - 1), reason=reason)
        return
    states = {Fate.SENT: State.SENT, Fate.FAILED: State.FAILED, Fate.UNKNOWN: State.UNKNOWN}
    mine.update(state=states[outcome.fate], ended_at=now, reason=reason)
    log.info("report %s for %s: %s", delivery, delivery.user.pk, outcome.fate, extra={"action": "report.sent"})
