"""The global control group: a share of all people whom no campaign and no journey writes to, to see what all of it
together brings. The contact policy asks at every contact; what people are owed goes to them as to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from lianyi.action.experiments.models import Group
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError
from lianyi.insight.chance import chance
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

MOST = 0.5
SOURCE = "lianyi"


@dataclass(frozen=True, kw_only=True)
class Control:
    """The group that holds. number: 0 = there never was one."""

    number: int = 0
    share: float = 0.0
    salt: str = ""
    by: str = ""
    at: datetime | None = None

    def holds(self, person_id: str) -> bool:
        """Whether this person is in it. Always the same for one salt."""
        return self.share > 0 and chance(self.salt, person_id) < self.share


NONE = Control()


def current() -> Control:
    """The group that holds now."""
    row = Group.objects.order_by("-number").first()
    if row is None:
        return NONE
    return Control(number=row.number, share=row.share, salt=row.salt, by=row.by, at=row.at)


def set_share(ws: Workspace, share: float, *, by: User | str, now: datetime, fresh: bool = False) -> Control:
    """Hold out this share of all people from now on; 0 ends it. fresh: draw other people than before, e.g. after half a
    year, so that nobody misses everything for ever. Told to the log, since effects are reckoned from there."""
    if not 0 <= share <= MOST:
        raise InputError(f"share: {share} is not from 0 to {MOST}; write e.g. 0.05 for one of twenty")
    before = current()
    if share == before.share and not fresh:
        return before
    number = before.number + 1
    salt = before.salt if before.salt and not fresh else f"control/{number}"
    name = by.name if isinstance(by, User) else by
    # The event goes first: it is named by its number, so that telling it twice is telling it once.
    ws.inbox.put_now([event(number, share, salt, now)], received_at=now)
    try:
        with transaction.atomic():
            Group.objects.create(number=number, share=share, salt=salt, by=name, at=now)
            audit.note(by, "control.set", str(number), share=share, fresh=fresh)
    except IntegrityError as error:
        raise InputError("somebody set another share at this moment; look at it, then set yours again") from error
    return current()


def event(number: int, share: float, salt: str, at: datetime) -> Event:
    """What the log is told of it."""
    props = {"share": share, "salt": salt, "number": number}
    return Event(id=f"control_group:{number}", at=at, kind="control_group", source=SOURCE, props=props)
