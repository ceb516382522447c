"""Who gets the report and when: read, changed; a month sent by hand, one tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from lianyi.action.channels.kinds import is_mail
from lianyi.action.channels.models import Account
from lianyi.action.reports.models import Delivery, Recipient, Schedule
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError, NotFound
from lianyi.report import Month
from lianyi.workspace import Workspace

LAST_DAY = 28  # every month has it
EMAIL = "email"
State = Delivery.State
# A claim this old belongs to a process that is gone.
STALE = timedelta(minutes=15)


def schedule() -> Schedule:
    """As it is set; the usual where nobody has set it yet."""
    return Schedule.objects.filter(pk=1).first() or Schedule(pk=1)


def accounts() -> list[str]:
    """The channels through which it could be sent."""
    return list(Account.objects.filter(kind=EMAIL).values_list("name", flat=True))


def next_time(day: int, hour: int, zone: str, now: datetime) -> datetime:
    """The next moment after now that is this hour of this day of a month."""
    local = now.astimezone(ZoneInfo(zone))
    then = local.replace(day=day, hour=hour, minute=0, second=0, microsecond=0)
    if then <= local:
        then = (then.replace(day=1) + timedelta(days=32)).replace(day=day)
    return then


def over(month: Month, zone: str, now: datetime) -> bool:
    """Whether its last day is past in that zone."""
    return now.astimezone(ZoneInfo(zone)).date() > month.ends


def _due(day: int, hour: int, zone: str, now: datetime) -> datetime:
    """When the next one goes out by a new day and hour. One that is owed stays owed: its date moves within its month,
    and where that leaves it in the past it goes out at once."""
    made = schedule()
    if not made.is_on or made.due_at is None:
        return next_time(day, hour, zone, now)
    return made.due_at.astimezone(ZoneInfo(zone)).replace(day=day, hour=hour, minute=0, second=0, microsecond=0)


def change(
    ws: Workspace, *, on: bool, day: int, hour: int, channel: str, to: Mapping[str, str], by: User | str, now: datetime
) -> Schedule:
    """Set it. to: sign-in names of members with the address of each, "" = the name itself is one. InputError says what
    can't be. The first report goes out at the next such day; one that is due already, or still to come, is not lost."""
    if not 1 <= day <= LAST_DAY or not 0 <= hour <= 23:
        raise InputError(f"day {day}, hour {hour}: write a day from 1 to {LAST_DAY} and an hour from 0 to 23")
    if channel and channel not in accounts():
        raise InputError(f"channel: {channel[:40]!r} is no e-mail channel; there are {', '.join(accounts()) or 'none'}")
    people = {_member(name): address.strip() for name, address in to.items()}
    for user, address in people.items():
        _check(user, address)
    if on and not (channel and people):
        raise InputError("a schedule that is on needs an e-mail channel and at least one member who gets it")
    with transaction.atomic():
        made, _new = Schedule.objects.update_or_create(pk=1, defaults={
            "is_on": on, "day": day, "hour": hour, "channel": channel, "changed_at": now,
            "due_at": _due(day, hour, ws.settings.timezone, now) if on else None,
            "by": by.name if isinstance(by, User) else by,
        })  # fmt: skip
        Recipient.objects.exclude(user__in=list(people)).delete()
        for user, address in people.items():
            Recipient.objects.update_or_create(user=user, defaults={"address": address})
        audit.note(by, "report.schedule", "on" if on else "off", day=day, hour=hour, channel=channel,
                   to={user.name: address for user, address in people.items()})  # fmt: skip
    return made


def parted(texts: Sequence[str]) -> dict[str, str]:
    """olga@brand.cn, ann=ann@brand.cn as names with addresses."""
    return {name.strip(): address.strip() for name, _equals, address in (text.partition("=") for text in texts)}


def kept() -> dict[str, str]:
    """Who gets it now, as `change` takes it; who has left the team does not."""
    found = Recipient.objects.select_related("user").filter(user__is_active=True)
    return {one.user.name: one.address for one in found}


def _member(name: str) -> User:
    user = User.objects.filter(name=name, is_active=True).first()
    if user is None:
        raise InputError(f"to: nobody in the team signs in as {name[:60]!r}")
    return user


def _check(user: User, address: str) -> None:
    """The report holds the brand's figures: where a name is an address, it goes nowhere else."""
    if not is_mail(user.name):
        if address not in {"", user.name}:
            raise InputError(f"to: {user.name} is an e-mail address itself; the report goes there and nowhere else")
    elif not address:
        raise InputError(f"to: {user.name} is no e-mail address; give one, like {user.name}={user.name}@brand.cn")
    elif is_mail(address):
        raise InputError(f"to: {address[:80]!r} of {user.name} is no e-mail address")


def wanted(month: Month, now: datetime) -> int:
    """A delivery for every recipient who has none of this month; how many were made. Two at once make each once."""
    made = 0
    for one in Recipient.objects.filter(user__is_active=True):
        _row, new = Delivery.objects.get_or_create(month=month.begins, user=one.user, defaults={"next_at": now})
        made += new
    return made


def send_now(ws: Workspace, month: Month, *, by: User | str, now: datetime) -> int:
    """Have a month sent to all recipients who did not get it yet, also where it was refused; how many. Of whom nobody
    knows whether they got it is not among them: see `again`."""
    zone = ws.settings.timezone
    if not over(month, zone, now):
        raise InputError(
            f"{month} is not over yet in {zone}; send it from {month.next.begins} on, or read it meanwhile"
        )
    if not Recipient.objects.exists() or not schedule().channel:
        raise InputError("nobody gets it yet: choose an e-mail channel and members first")
    made = wanted(month, now)
    gets = Recipient.objects.filter(user__is_active=True).values("user")
    refused = Delivery.objects.filter(month=month.begins, state=State.FAILED, user__in=gets)
    made += refused.update(state=State.WAITING, next_at=now, ended_at=None, tries=0, reason="")
    audit.note(by, "report.send", str(month), recipients=made)
    return made


def again(pk: int, *, by: User | str, now: datetime) -> Delivery:
    """Have one that failed, or of which nobody knows, tried again: who asks says that a second mail does no harm."""
    over = Delivery.objects.filter(pk=pk, state__in=(State.FAILED, State.UNKNOWN))
    lost = Delivery.objects.filter(pk=pk, state=State.SENDING, claimed_at__lt=now - STALE)
    if not (over | lost).update(state=State.WAITING, next_at=now, ended_at=None, tries=0, reason=""):
        raise NotFound(f"delivery {pk} does not wait for a word: it is sent, waits, or is being sent at this moment")
    found = Delivery.objects.select_related("user").get(pk=pk)
    audit.note(by, "report.again", f"{found.month:%Y-%m}", to=found.user.name)
    return found


def described(ws: Workspace) -> dict[str, Any]:
    """Schedule and recipients as plain data."""
    made = schedule()
    return {
        "on": made.is_on, "day": made.day, "hour": made.hour, "channel": made.channel, "due_at": made.due_at,
        "timezone": ws.settings.timezone, "by": made.by, "changed_at": made.changed_at,
        "to": [{"member": one.user.name, "address": one.mail, "active": one.user.is_active}
               for one in Recipient.objects.select_related("user")],
    }  # fmt: skip


def deliveries(now: datetime, *, limit: int = 50) -> list[dict[str, Any]]:
    """The last ones, newest month first. stuck: claimed by a process that is gone, so nobody knows whether it went."""
    return [
        {"id": one.pk, "month": f"{one.month:%Y-%m}", "member": one.user.name, "state": one.state,
         "stuck": one.state == State.SENDING and one.claimed_at is not None and one.claimed_at < now - STALE,
         "tries": one.tries, "reason": one.reason, "claimed_at": one.claimed_at, "ended_at": one.ended_at,
         "next_at": one.next_at if one.state == State.WAITING else None}
        for one in Delivery.objects.select_related("user")[:limit]
    ]  # fmt: skip
