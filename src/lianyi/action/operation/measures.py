"""Taking measures, and taking them back. Every act is keyed by its case, so that a second try is the same act."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from lianyi.action.operation import rules, saying
from lianyi.action.operation.acts import ActFailed, Acts
from lianyi.action.operation.models import Case, Seat
from lianyi.action.team import audit
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

TRIES = 6
BOT = "lianyi"
# What each measure does before the group is told, in order. The voice goes before the message: where it can't be taken,
# as of a member with a level of their own, nothing was done yet.
PARTS: Mapping[str, tuple[str, ...]] = {
    "warn": (), "remove": ("remove",), "mute": ("mute", "remove"), "expel": ("remove", "expel"),
}  # fmt: skip


def take(
    ws: Workspace, case: Case, acts: Acts, *, by: str, now: datetime, spared: Collection[str] | None = None
) -> bool:
    """Do what a case in the state ACTING asks for; whether it is done. What fails is tried again later, six times, and
    what of it was done is told and kept. In a group that is not live (any more) nothing is done, nor to those who are
    spared: None = look now who that is, for since a case was queued somebody may have become a moderator."""
    if not rules.is_live(case.group_key):
        _keep(case, state=Case.State.DRY, next_at=None, error="")
        return False
    ruleset = rules.current(case.group_key)
    held = rules.rules_of(ruleset) if ruleset else rules.Rules()
    before = list(case.done)
    try:
        _may(case, spared_of(case.group_key, held, acts, known_staff(ws)) if spared is None else spared)
        with saying.spoken(ws.settings.language):
            _do(case, acts, minutes=held.mute_minutes, now=now)
            text = saying.notice(case, minutes=held.mute_minutes)
            acts.say(case.group_key, text, key=f"{case.message_id}/notice", to=[case.actor])
    except ActFailed as why:
        _tell(ws, case, [part for part in case.done if part not in before], by=by, now=now)
        failed(case, why, now=now)
        return False
    done = _keep(case, state=Case.State.DONE, by=by, dealt_at=now, error="", next_at=None)
    key = f"{case.message_id}/notice"
    event = saying.sent(key, case.group_key, text, purpose="moderation", to=[case.actor], now=now)
    ws.inbox.put_now([event], received_at=now)
    _tell(ws, case, [] if case.measure in before else [case.measure], by=by, now=now)
    return done


def spared_of(group_key: str, held: rules.Rules, acts: Acts, staff: Collection[str]) -> set[str]:
    """Keys of those who are never judged in a group: its moderators, people of the brand (`staff`), the exempt.
    ActFailed where the platform does not say who moderates."""
    return {*acts.staff(group_key), *held.exempt, *staff}


def known_staff(ws: Workspace) -> set[str]:
    """Keys of people who work for the brand, by the tables."""
    if "keys" not in ws.states():
        return set()
    rows = ws.rows(
        "SELECT DISTINCT k.key FROM keys k JOIN keys s ON s.person_id = k.person_id WHERE s.key LIKE 'wecom_user:%'"
    )
    return {row["key"] for row in rows}


def failed(case: Case, why: ActFailed, *, now: datetime, wait: timedelta = timedelta(0)) -> None:
    """Try a case in the state ACTING again later, after `wait` at least; or give it up."""
    tries = case.tries + 1
    over = why.permanent or tries >= TRIES
    again = now + max(wait, timedelta(seconds=max(why.wait, 2.0**tries)))
    _keep(case, tries=tries, error=str(why)[:300], next_at=None if over else again,
          state=Case.State.FAILED if over else Case.State.ACTING)  # fmt: skip
    log.warning("case %s: %s failed: %s", case.pk, case.measure, why, extra={"action": "moderation.failed"})


def _may(case: Case, spared: Collection[str]) -> None:
    if case.actor in spared:
        raise ActFailed(f"{case.actor} moderates there, works for the brand or is exempt", permanent=True)


def _do(case: Case, acts: Acts, *, minutes: int, now: datetime) -> None:
    """The parts that were not done yet; each is kept as soon as it is."""
    reason = saying.why(case)
    for part in PARTS[case.measure]:
        if part in case.done:
            continue
        if part == "remove":
            acts.remove(case.group_key, case.message_id, key=f"{case.message_id}/remove", reason=reason)
        elif part == "mute":
            acts.mute(case.group_key, case.actor, on=True)
            seat = Seat.objects.filter(group_key=case.group_key, actor=case.actor)
            seat.update(muted_until=now + timedelta(minutes=minutes))
        else:
            acts.expel(case.group_key, case.actor, reason=reason)
        case.done = [*case.done, part]
        Case.objects.filter(pk=case.pk).update(done=case.done)


def _tell(ws: Workspace, case: Case, whats: Sequence[str], *, by: str, now: datetime) -> None:
    """The log and the audit log know what was done."""
    if whats:
        ws.inbox.put_now([saying.told(case, what, by=by, now=now) for what in whats], received_at=now)
    for what in whats:
        audit.note(by, f"moderation.{what}", case.group_key, case=case.pk,
                   why=[reason["why"] for reason in case.reasons])  # fmt: skip


def done_of(case: Case) -> set[str]:
    """What stands against somebody by a case: parts that were done, `notice` where the group was told."""
    return {*case.done, *PARTS[case.measure], "notice"} if case.state == Case.State.DONE else set(case.done)


def undo(ws: Workspace, case: Case, acts: Acts, *, now: datetime) -> None:
    """Take back what was done: the voice, the place in the group; a removed message can't come back on most platforms,
    so its words are written anew. Raises ActFailed, and can be called again."""
    done = done_of(case)
    with saying.spoken(ws.settings.language):
        if "mute" in done:
            acts.mute(case.group_key, case.actor, on=False)
            Seat.objects.filter(group_key=case.group_key, actor=case.actor).update(muted_until=None)
        if "expel" in done:
            acts.invite(case.group_key, case.actor)
        text = saying.restored(case, with_text="remove" in done)
        acts.say(case.group_key, text, key=f"{case.message_id}/restored", to=[case.actor])
        text = saying.restored(case, with_text="remove" in done, quoted=False)
    event = saying.sent(
        f"{case.message_id}/restored", case.group_key, text, purpose="moderation", to=[case.actor], now=now
    )
    ws.inbox.put_now([event], received_at=now)


def unmute_due(acts: Acts, seat: Seat) -> None:
    """Give the voice back when the time is over; ActFailed where the platform does not. A seat that says nothing else
    goes with it: such a one is all that is left of somebody who was erased while they were muted."""
    acts.mute(seat.group_key, seat.actor, on=False)
    _bare(seat).delete()
    Seat.objects.filter(pk=seat.pk, muted_until=seat.muted_until).update(muted_until=None)


def still_muted(seat: Seat, why: ActFailed, *, again: datetime) -> None:
    """The voice could not be given back: try again then. Where we never can, as the channel is gone or may not, nothing
    is kept of who was erased."""
    if why.permanent:
        _bare(seat).delete()
    Seat.objects.filter(pk=seat.pk).update(muted_until=again)


def _bare(seat: Seat) -> QuerySet[Seat]:
    rows = Seat.objects.filter(pk=seat.pk, muted_until=seat.muted_until)
    return rows.filter(joined_at=None, said=0, agreed=0, greeted=0, greet_at=None)


def _keep(case: Case, **values: object) -> bool:
    """Of a case that is still ACTING: what a person decided meanwhile stands. Whether it was kept."""
    if not Case.objects.filter(pk=case.pk, state=Case.State.ACTING).update(**values):
        return False
    for name, value in values.items():
        setattr(case, name, value)
    return True
