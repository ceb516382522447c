"""Who sits in a group: comings, welcomes with what is expected, agreement to the rules."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F

from lianyi.action.operation import rules, saying
from lianyi.action.operation.acts import ActFailed, Acts
from lianyi.action.operation.models import Ruleset, Seat
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

AGREES = frozenset({"同意", "我同意", "已阅读并同意", "agree", "i agree", "agreed"})
NODS = ("\U0001f44d", "✅", "☑", "✔", "\U0001f44c")
# Who comes again within it is not welcomed again; a welcome that failed is tried again after AGAIN, for so long.
KNOWN, AGAIN = timedelta(days=1), timedelta(minutes=5)
NAMED = 20
FILLED = re.compile(r"\{(who|group|rules)\}")


def come(
    account: str, group_key: str, events: Sequence[Event], *, greet_at: datetime | None, but: Collection[str]
) -> None:
    """Note who came; those are welcomed from greet_at on, None = not at all. but: staff."""
    for event in events:
        if event.kind == "leave" and event.actor_key:
            Seat.objects.filter(group_key=group_key, actor=event.actor_key).update(greet_at=None)
        if event.kind != "join" or not event.actor_key:
            continue
        greeted = None if event.actor_key in but else greet_at
        seat, new = Seat.objects.get_or_create(
            group_key=group_key, actor=event.actor_key,
            defaults={"account": account, "joined_at": event.at, "greet_at": greeted},
        )  # fmt: skip
        if not new and (seat.joined_at is None or seat.joined_at < event.at):
            again = seat.joined_at is not None and event.at - seat.joined_at < KNOWN
            Seat.objects.filter(pk=seat.pk).update(
                joined_at=event.at, said=0, greet_at=seat.greet_at if again else greeted
            )


def fill(account: str, group_key: str, actors: Iterable[str]) -> None:
    """Seats for those who speak and were never seen to come: they were there before us."""
    wanted = set(actors)
    there = set(Seat.objects.filter(group_key=group_key, actor__in=wanted).values_list("actor", flat=True))
    Seat.objects.bulk_create(
        [Seat(account=account, group_key=group_key, actor=actor) for actor in sorted(wanted - there)],
        ignore_conflicts=True,
    )


def agree(account: str, ruleset: Ruleset, group_key: str, events: Sequence[Event]) -> list[Event]:
    """Note who agrees to the text that holds, by a word or by a nod to its message; what the log is told."""
    told = []
    for event in events:
        if event.actor_key and _agrees(event, ruleset.posted_id):
            fill(account, group_key, [event.actor_key])
            seat = Seat.objects.filter(group_key=group_key, actor=event.actor_key, agreed__lt=ruleset.text_version)
            if seat.update(agreed=ruleset.text_version, agreed_at=event.at):
                told.append(saying.agreed(event.actor_key, group_key, ruleset.text_version, at=event.at))
    return told


def _agrees(event: Event, posted_id: str) -> bool:
    if not posted_id:  # nobody has seen the text
        return False
    if event.kind == "reaction":
        return event.parent_id == posted_id and str((event.props or {}).get("emoji", "")).startswith(NODS)
    return event.kind in {"message", "reply"} and (event.text or "").strip(" .!。！").lower() in AGREES


def greet(ws: Workspace, ruleset: Ruleset, acts: Acts, *, now: datetime) -> None:
    """Welcome those who wait the longest in a live group, in one message; what fails is tried again for a day. Each is
    claimed first, so that no two processes welcome anybody. Whom one claimed is not put together with others: what a
    crash left behind is then the same message with the same key, which the platform says once."""
    waiting = Seat.objects.filter(group_key=ruleset.group_key, greet_at__lte=now).order_by("joined_at", "id")
    if not rules.is_live(ruleset.group_key):
        waiting.update(greet_at=None)
        return
    longest = waiting.order_by("greet_at").values_list("greet_at", flat=True).first()
    if longest is None:
        return
    claimed = {"greet_at": now + AGAIN}
    mine = [seat for seat in waiting.filter(greet_at=longest)[:NAMED]
            if Seat.objects.filter(pk=seat.pk, greet_at=longest).update(**claimed)]  # fmt: skip
    if not mine:
        return
    rows = Seat.objects.filter(pk__in=[seat.pk for seat in mine])
    actors = [seat.actor for seat in mine]
    moment = max(seat.joined_at for seat in mine if seat.joined_at)
    key = f"welcome/{ruleset.group_key}/{mine[0].pk}/{moment.isoformat()}"
    try:
        text = welcome(ws, ruleset, actors, acts)
        acts.say(ruleset.group_key, text, key=key, to=actors)
    except ActFailed as failed:
        log.warning("welcome in %s failed: %s", ruleset.group_key, failed, extra={"action": "welcome.failed"})
        late = failed.permanent or moment < now - KNOWN
        rows.update(greet_at=None if late else now + max(AGAIN, timedelta(seconds=failed.wait)))
        return
    rows.update(greet_at=None, greeted=F("greeted") + 1)
    event = saying.sent(key, ruleset.group_key, text, purpose="welcome", to=actors, now=now)
    ws.inbox.put_now([event], received_at=now)


def welcome(ws: Workspace, ruleset: Ruleset, actors: Sequence[str], acts: Acts) -> str:
    """The text with names, the group and its rules filled in."""
    text = rules.text_of(ruleset.welcome, ws.settings.language)
    values = {
        "who": ", ".join(saying.user_of(actor) for actor in actors),
        "group": acts.name(ruleset.group_key) if "{group}" in text else "",
        "rules": rules.text_of(ruleset.says, ws.settings.language),
    }
    return FILLED.sub(lambda found: values[found[1]], text)
