"""SOPs as they run: begun by what is heard or by the clock, said step by step, over early when the goal is reached.

What answers somebody goes at once; what comes by the clock waits while the policy's quiet hours last. In a group that
no operator turned live nothing is said: the run ends as dry.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from lianyi.action.operation import rules, saying, seats, sops
from lianyi.action.operation.acts import ActFailed, Acts
from lianyi.action.operation.models import Run, Seat, Sop
from lianyi.action.policy import clock, keeping
from lianyi.insight.listening.folding import fold
from lianyi.insight.listening.words import Finder
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

TRIES = 6
LATE = timedelta(hours=6)
# So long nobody else takes up what is being said.
UNDER_WAY = timedelta(minutes=5)
TALK = frozenset({"message", "reply"})
FILLED = re.compile(r"\{(who|group|rules)\}")


def hear(
    ws: Workspace, account: str, group_key: str, events: Sequence[Event], *, staff: Collection[str],
    held: Collection[str], acts: Acts, now: datetime,
) -> None:  # fmt: skip
    """Begin what words of members and comings start, end what reached its goal, and say what is due at once. held:
    messages with something against them, which begin nothing."""
    members = [event for event in events if event.actor_key and event.actor_key not in staff]
    _goals(group_key, members, now=now)
    mine = Sop.objects.filter(is_on=True, account=account, trigger__in=["word", "new_member"])
    for sop in (sop for sop in mine if group_key in sop.groups):
        if sop.trigger == "new_member":
            joins = [event for event in members if event.kind == "join"]
            lately = _lately(sop, group_key, now=now) if joins else ()
            came = {event.actor_key or "": event.id for event in joins if event.actor_key not in lately}
            if came:
                sops.begin(sop, group_key, occasion=next(iter(came.values())), actors=list(came), now=now)
        else:
            asked = _asked(sop, group_key, [event for event in members if event.id not in held])
            if asked is not None:
                sops.begin(sop, group_key, occasion=asked.id, actors=[asked.actor_key or ""], answers=asked.id, now=now)
    for run in due(now).filter(group_key=group_key, account=account, sop__trigger__in=["word", "new_member"], step=0):
        advance(ws, run, acts, now=now)


def _lately(sop: Sop, group_key: str, *, now: datetime) -> set[str]:
    """For whom it ran in this group since a day: who goes and comes again can't make us talk."""
    runs = Run.objects.filter(sop=sop, group_key=group_key, began_at__gt=now - seats.KNOWN)
    return {actor for actors in runs.values_list("actors", flat=True) for actor in actors}


def _asked(sop: Sop, group_key: str, said: Sequence[Event]) -> Event | None:
    """The first message with one of its words, unless it ran in this group just before."""
    finder = Finder((fold(word), word) for word in sop.words)
    for event in said:
        if event.kind in TALK and finder.find(fold(event.text or "")):
            since = event.at - timedelta(minutes=sop.rest_minutes)
            if not Run.objects.filter(sop=sop, group_key=group_key, began_at__gt=since).exists():
                return event
    return None


def _goals(group_key: str, did: Sequence[Event], *, now: datetime) -> None:
    for run in Run.objects.filter(group_key=group_key, ended_at__isnull=True).select_related("sop"):
        kind = run.sop.goal.get("kind")
        kinds = TALK if kind == "message" else {kind}
        mine = [event for event in did if event.kind in kinds and event.at >= run.began_at
                and event.id != run.answers and (not run.actors or event.actor_key in run.actors)]  # fmt: skip
        if mine:
            _reached(run, run.reached + len(mine), now=now)


def agreed(group_key: str, actors: Collection[str], *, now: datetime) -> None:
    """Members agreed to the rules: the goal of some runs."""
    for run in Run.objects.filter(group_key=group_key, ended_at__isnull=True).select_related("sop"):
        mine = [actor for actor in actors if not run.actors or actor in run.actors]
        if run.sop.goal.get("kind") == "agreed" and mine:
            _reached(run, run.reached + len(mine), now=now)


def _reached(run: Run, count: int, *, now: datetime) -> bool:
    over = count >= int(run.sop.goal.get("count", 1))
    ended = {"ended_at": now, "due_at": None, "why": Run.Why.GOAL} if over else {}
    Run.objects.filter(pk=run.pk, ended_at__isnull=True).update(reached=count, **ended)
    return over


def ordered(ws: Workspace, run: Run) -> int:
    """How many of those whom it is for, or of the group's members, have ordered since it began, by the log."""
    actors = run.actors or list(Seat.objects.filter(group_key=run.group_key).values_list("actor", flat=True))
    if not actors or "keys" not in ws.states():
        return 0
    marks = ", ".join("?" for _one in actors)
    rows = ws.rows(
        "SELECT count(DISTINCT o.person_id) AS n FROM events e JOIN keys o ON o.key = e.actor_key JOIN keys m ON "
        f"m.person_id = o.person_id WHERE e.kind = 'order' AND e.\"at\" >= ? AND m.key IN ({marks})",
        [run.began_at, *actors],
    )
    return int(rows[0]["n"])


def due(now: datetime) -> QuerySet[Run]:
    """Runs with something to say now."""
    return Run.objects.filter(due_at__lte=now, ended_at__isnull=True).select_related("sop").order_by("due_at", "id")


def tick(sop: Sop, zone: str, *, now: datetime) -> None:
    """Start a periodic or festival one whose time has come in all of its groups, and set its next time. What was
    missed by more than LATE is left out."""
    at = sop.next_at
    if at is None:
        return
    after = {"next_at": sops.next_time(sop, zone, after=now)}
    with transaction.atomic():  # an occasion is not over before all its groups have it
        if Sop.objects.filter(pk=sop.pk, next_at=at).update(**after) and at >= now - LATE:
            sops.begin_all(sop, occasion=at.isoformat(), now=now)


def advance(ws: Workspace, run: Run, acts: Acts, *, now: datetime) -> None:
    """Say its next step; what fails is tried again later, six times. Steps that were taken out of the SOP since end
    it."""
    mine = Run.objects.filter(pk=run.pk, step=run.step, ended_at__isnull=True)
    if run.step >= len(run.sop.steps):
        mine.update(ended_at=now, due_at=None, why=Run.Why.DONE)
        return
    if not rules.is_live(run.group_key):
        mine.update(ended_at=now, due_at=None, why=Run.Why.DRY)
        return
    if run.sop.goal.get("kind") == "order" and run.step and _reached(run, ordered(ws, run), now=now):
        return
    quiet = tuple(keeping.current().policy.quiet_hours) if run.step or not run.actors else ()
    opens = clock.open_from(now, ws.settings.timezone, quiet) if quiet else now
    if opens > now:
        mine.update(due_at=opens)
        return
    if not mine.filter(due_at=run.due_at).update(due_at=now + UNDER_WAY):
        return  # another process says it
    key = f"sop/{run.key}/{run.step}"
    try:
        text = _filled(ws, run, acts)
        acts.say(run.group_key, text, key=key, to=run.actors, answers=run.answers if not run.step else "")
    except ActFailed as refused:
        failed(run, refused, now=now)
        return
    event = saying.sent(key, run.group_key, text, purpose=f"sop {run.sop.name}", to=run.actors, now=now)
    ws.inbox.put_now([event], received_at=now)
    step = run.step + 1
    after: dict[str, Any] = {"ended_at": now, "due_at": None, "why": Run.Why.DONE}
    if step < len(run.sop.steps):
        after = {"due_at": now + timedelta(minutes=run.sop.steps[step]["after"])}
    mine.update(step=step, tries=0, error="", **after)


def failed(run: Run, refused: ActFailed, *, now: datetime) -> None:
    """Count a try that failed; the last one ends the run."""
    tries = run.tries + 1
    ended: dict[str, Any] = {"due_at": now + timedelta(seconds=max(refused.wait, 2.0**tries))}
    if refused.permanent or tries >= TRIES:
        ended = {"ended_at": now, "due_at": None, "why": Run.Why.FAILED}
    mine = Run.objects.filter(pk=run.pk, ended_at__isnull=True)
    mine.update(tries=tries, error=str(refused)[:300], **ended)
    log.warning("sop %s in %s failed: %s", run.sop.name, run.group_key, refused, extra={"action": "sop.failed"})


def _filled(ws: Workspace, run: Run, acts: Acts) -> str:
    text = str(run.sop.steps[run.step]["text"])
    ruleset = rules.current(run.group_key)
    values = {
        "who": ", ".join(saying.user_of(actor) for actor in run.actors),
        "group": acts.name(run.group_key) if "{group}" in text else "",
        "rules": rules.text_of(ruleset.says, ws.settings.language) if ruleset else "",
    }
    return FILLED.sub(lambda found: values[found[1]], text).strip()
