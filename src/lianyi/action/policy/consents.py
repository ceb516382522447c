"""What people say about consent: told to the log as events, and known to the gate from the same moment.

The tables know a word with the next refresh. Until then it stands in the operational database as well, because between
the two lie seconds, or the minutes of a large import, in which nothing may be sent against it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from lianyi.action.policy.models import Word
from lianyi.errors import InputError
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

# A word stays here so long after the tables were made that every event of its time has been landed.
STAYS = timedelta(days=7)


def say(
    ws: Workspace, *, person_id: str, key: str, purpose: str, channel: str, granted: bool, source: str, now: datetime,
    by: str = "", proof: str = "",
) -> str:  # fmt: skip
    """Keep a word on consent; returns the id of its event. purpose, channel: "" = all. source: where it was said
    (unsubscribe, preferences, operator, api). by: the member of the team who took it down. proof: what shows it, e.g.
    the text that was agreed to. The same word at the same moment is one."""
    if len(purpose) > 60 or len(channel) > 50:
        raise InputError("purpose has at most 60 characters and channel at most 50")
    told = f"{person_id}\n{purpose}\n{channel}\n{granted}\n{now.isoformat()}\n{source}"
    event = f"consent:{source}/{hashlib.sha256(told.encode()).hexdigest()[:32]}"
    props = {"purpose": purpose, "channel": channel, "granted": granted, "by": by, "proof": proof}
    Word.objects.get_or_create(
        event=event, defaults={"person_id": person_id, "purpose": purpose, "channel": channel, "granted": granted,
                               "at": now},
    )  # fmt: skip
    said = Event(
        id=event, at=now, kind="consent", source=source, actor_key=key, channel=channel or None,
        props={name: value for name, value in props.items() if value != "" or name in {"purpose", "channel"}},
    )  # fmt: skip
    ws.inbox.put_now([said], received_at=now)
    return event


def waiting(person_ids: Sequence[str]) -> list[Word]:
    """The words of these people that are kept here."""
    if not Word.objects.exists():
        return []
    return [
        word
        for start in range(0, len(person_ids), 500)
        for word in Word.objects.filter(person_id__in=person_ids[start : start + 500])
    ]


def forget_known(*, as_of: datetime) -> int:
    """Drop the words that the tables of this moment know; returns how many."""
    gone, _ = Word.objects.filter(at__lt=as_of - STAYS).delete()
    return gone
