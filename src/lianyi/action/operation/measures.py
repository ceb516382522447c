"""Taking measures, and taking them back. Every act is keyed by its case, so that a second try is the same act."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from lianyi.action.operation import rules, saying
from lianyi.action.operation.acts import ActFailed, Acts
from lianyi.action.operation.models import Case, Seat
from lianyi.action.team import audit
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

TRIES = 6
BOT = "lianyi"


def take(ws: Workspace, case: Case, acts: Acts, *, by: str, now: datetime) -> bool:
    """Do what a case in the state ACTING asks for; whether it is done. What fails is tried again later, six times. In a
    group that is not live (any more) nothing is done."""
    if not rules.is_live(case.group_key):
        _keep(case, state=Case.State.DRY, next_at=None, error="")
        return False
    ruleset = rules.current(case.group_key)
    minutes = rules.rules_of(ruleset).mute_minutes if ruleset else rules.Rules().mute_minutes
    try:
        with saying.spoken(ws.settings.language):
            _do(case, acts, minutes=minutes, now=now)
            text = saying.notice(case, minutes=minutes)
            acts.say(case.group_key, text, key=f"{case.message_id}/notice", to=[case.actor])
    except ActFailed as failed:
        tries = case.tries + 1
        over = failed.permanent or tries >= TRIES
        wait = timedelta(seconds=max(failed.wait, 2.0**tries))
        _keep(case, tries=tries, error=str(failed)[:300], next_at=None if over else now + wait,
              state=Case.State.FAILED if over else Case.State.ACTING)  # fmt: skip
        log.warning("case %s: %s failed: %s", case.pk, case.measure, failed, extra={"action": "moderation.failed"})
        return False
    _keep(case, state=Case.State.DONE, by=by, dealt_at=now, error="", next_at=None)
    key = f"{case.message_id}/notice"
    ws.inbox.put_now(
        [saying.told(case, case.measure, by=by, now=now),
         saying.sent(key, case.group_key, text, purpose="moderation", to=[case.actor], now=now)],
        received_at=now,
    )  # fmt: skip
    audit.note(by, f"moderation.{case.measure}", case.group_key, case=case.pk,
               why=[reason["why"] for reason in case.reasons])  # fmt: skip
    return True


def _do(case: Case, acts: Acts, *, minutes: int, now: datetime) -> None:
    reason = saying.why(case)
    if case.measure != "warn":
        acts.remove(case.group_key, case.message_id, key=f"{case.message_id}/remove", reason=reason)
    if case.measure == "mute":
        acts.mute(case.group_key, case.actor, on=True)
        seat = Seat.objects.filter(group_key=case.group_key, actor=case.actor)
        seat.update(muted_until=now + timedelta(minutes=minutes))
    elif case.measure == "expel":
        acts.expel(case.group_key, case.actor, reason=reason)


def undo(ws: Workspace, case: Case, acts: Acts, *, now: datetime) -> None:
    """Take back what was done: the voice, the place in the group; a removed message can't come back on most platforms,
    so its words are written anew. Raises ActFailed, and can be called again."""
    with saying.spoken(ws.settings.language):
        if case.measure == "mute":
            acts.mute(case.group_key, case.actor, on=False)
            Seat.objects.filter(group_key=case.group_key, actor=case.actor).update(muted_until=None)
        elif case.measure == "expel":
            acts.invite(case.group_key, case.actor)
        text = saying.restored(case, with_text=case.measure != "warn")
        acts.say(case.group_key, text, key=f"{case.message_id}/restored", to=[case.actor])
        text = saying.restored(case, with_text=case.measure != "warn", quoted=False)
    event = saying.sent(
        f"{case.message_id}/restored", case.group_key, text, purpose="moderation", to=[case.actor], now=now
    )
    ws.inbox.put_now([event], received_at=now)


def unmute_due(acts: Acts, seat: Seat) -> None:
    """Give the voice back when the time is over; ActFailed where the platform does not. A seat that says nothing else
    goes with it: such a one is all that is left of somebody who was erased while they were muted."""
    mine = Seat.objects.filter(pk=seat.pk, muted_until=seat.muted_until)
    bare = mine.filter(joined_at=None, said=0, agreed=0, greeted=0, greet_at=None)
    try:
        acts.mute(seat.group_key, seat.actor, on=False)
    except ActFailed as failed:
        if failed.permanent:  # it never will be given back by us, so there is nothing to keep the key for
            bare.delete()
        raise
    bare.delete()
    mine.update(muted_until=None)


def _keep(case: Case, **values: object) -> None:
    for name, value in values.items():
        setattr(case, name, value)
    case.save(update_fields=list(values))
