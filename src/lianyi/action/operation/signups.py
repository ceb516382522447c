"""Sign-up chains (接龙) with honest counts: who signed up wrote it themselves, once each; nobody can be added.

There is no way to write an entry for somebody: not for the team, not by API. Entries of the team are kept and shown,
and never counted. An operator may strike one, with a reason that is kept and shown.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from lianyi.action.channels import accounts
from lianyi.action.channels.models import Account
from lianyi.action.operation import rules, saying
from lianyi.action.operation.acts import ActFailed, Acts
from lianyi.action.operation.models import Entry, Signup
from lianyi.errors import InputError, NotFound, RefusedError
from lianyi.insight.listening.signups import entry_of
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

TALK = frozenset({"message", "reply"})
AGAIN, LISTED = timedelta(minutes=5), 100
# A list waits for what was written before it closed and is not read yet: looked for every LOOK, for UNREAD at most.
LOOK, UNREAD = timedelta(seconds=5), timedelta(hours=1)


def by_id(signup_id: int) -> Signup:
    """NotFound where there is none."""
    found = Signup.objects.filter(pk=signup_id).first()
    if found is None:
        raise NotFound(f"there is no sign-up chain {signup_id}; `lianyi signups` lists them")
    return found


def begin(group_key: str, *, title: str, closes_at: datetime, most: int | None, by: str, now: datetime) -> Signup:
    """Open one; it is posted by the next round. Only in a group that is live, one at a time."""
    ruleset = rules.current(group_key)
    if not title.strip() or len(title) > 200:
        raise InputError("title: write one of at most 200 characters")
    if closes_at <= now:
        raise InputError("closes_at: must lie in the future")
    if most is not None and not 1 <= most <= 100_000:
        raise InputError("most: write 1 to 100000 places, or nothing")
    if ruleset is None or not rules.is_live(group_key):
        raise RefusedError(f"the rules of {group_key} are not live: nothing is said there; publish them live first")
    if Signup.objects.filter(group_key=group_key, closed_at__isnull=True).exists():
        raise RefusedError("a sign-up chain is open in this group; close it first, or nobody knows which one is meant")
    return Signup.objects.create(
        account=ruleset.account, group_key=group_key, title=title.strip(), most=most, opened_at=now,
        closes_at=closes_at, tell_next_at=now, by=by,
    )  # fmt: skip


def close(signup: Signup, *, now: datetime) -> None:
    """Nobody signs up any more; the next round posts the list."""
    if not Signup.objects.filter(pk=signup.pk, closed_at__isnull=True).update(closed_at=now, tell_next_at=now):
        raise RefusedError(f"sign-up chain {signup.pk} is closed")
    signup.refresh_from_db()


def strike(signup: Signup, actor: str, *, why: str, by: str) -> None:
    """Take somebody's entry out, with a reason that stays beside it."""
    if not why.strip() or len(why) > 300:
        raise InputError("why: say why, in at most 300 characters")
    if not signup.entries.filter(actor=actor, struck_by="").update(struck_by=by, struck_why=why.strip()):
        raise NotFound(f"{actor} has no entry in sign-up chain {signup.pk}")


def hear(group_key: str, events: Sequence[Event], *, team: Collection[str], held: Collection[str]) -> None:
    """Note who signs up or takes it back in the group's chains whose list is not told yet: what was written before one
    closed may be read after. held: messages with something against them."""
    waits = Q(closed_at__isnull=True) | Q(told_at__isnull=True, tell_next_at__isnull=False)
    for signup in Signup.objects.filter(waits, group_key=group_key, posted_id__gt=""):
        _hear(signup, events, team=team, held=held)


def _hear(signup: Signup, events: Sequence[Event], *, team: Collection[str], held: Collection[str]) -> None:
    for event in events:
        if not event.actor_key or event.id in held or not signup.opened_at <= event.at < _end(signup):
            continue
        if event.kind == "recall" and event.parent_id:
            signup.entries.filter(message_id=event.parent_id).update(places=0)
        elif event.kind in TALK and (places := entry_of(event.text or "")) is not None:
            _note(signup, event, places, team=event.actor_key in team)


def _end(signup: Signup) -> datetime:
    """What is written from then on does not count."""
    return min(signup.closes_at, signup.closed_at or signup.closes_at)


def _all_read(signup: Signup, now: datetime) -> bool:
    """Whether a read of its channel that began after its end is over, or none is to be waited for."""
    account = Account.objects.filter(name=signup.account).first()
    reads = accounts.listening(account) if account else None
    if reads is None or now >= _end(signup) + UNREAD:
        return True
    last = reads["last_read"]
    return last is not None and datetime.fromisoformat(last) >= _end(signup)


def _note(signup: Signup, event: Event, places: int, *, team: bool) -> None:
    known = signup.entries.filter(actor=event.actor_key).first()
    if known is None:
        if places:
            Entry.objects.create(signup=signup, actor=event.actor_key or "", places=places, message_id=event.id,
                                 first_at=event.at, at=event.at, team=team)  # fmt: skip
    elif event.at >= known.at and event.id != known.message_id:
        first = known.first_at if known.places else event.at  # who comes back stands at the end
        signup.entries.filter(pk=known.pk).update(places=places, message_id=event.id, at=event.at, first_at=first)


def tell(ws: Workspace, signup: Signup, acts: Acts, *, now: datetime) -> None:
    """Post what is due: how to sign up, or the list. A group that is not live any more is told nothing."""
    mine = Signup.objects.filter(pk=signup.pk)
    if not rules.is_live(signup.group_key):
        mine.update(tell_next_at=None, closed_at=signup.closed_at or now)
        return
    opening = not signup.posted_id and signup.closed_at is None
    claimed = now + (AGAIN if opening or _all_read(signup, now) else LOOK)
    if not mine.filter(tell_next_at=signup.tell_next_at).update(tell_next_at=claimed) or claimed == now + LOOK:
        return  # another process posts it, or what was written before the end is not read yet
    key = f"signup/{signup.pk}/{'open' if opening else 'list'}"
    try:
        with saying.spoken(ws.settings.language):
            text = _opening(signup) if opening else listed(signup)
        posted = acts.say(signup.group_key, text, key=key)
    except ActFailed as failed:
        again = None if failed.permanent else now + max(AGAIN, timedelta(seconds=failed.wait))
        mine.update(tell_next_at=again)
        log.warning("sign-up chain %s was not posted: %s", signup.pk, failed, extra={"action": "signup.failed"})
        return
    done = {"posted_id": posted, "tell_next_at": None} if opening else {"told_at": now, "tell_next_at": None}
    mine.update(**done)
    event = saying.sent(key, signup.group_key, text, purpose="signup", to=(), now=now)
    ws.inbox.put_now([event], received_at=now)


def _opening(signup: Signup) -> str:
    text = _("Sign-up: %(title)s. Write +1 (or +2 …) to sign up, -1 to take it back.") % {"title": signup.title}
    return text if signup.most is None else f"{text} " + _("Places: %(most)s.") % {"most": signup.most}


def listed(signup: Signup) -> str:
    """The list as the group reads it: those counted, in the order in which they came."""
    told = described(signup)
    head = _("%(title)s: %(people)s people signed up, %(places)s places.") % {"title": signup.title, **told}
    counted = [one for one in told["entries"] if one["counts"]]
    waits = " " + _("(waiting)")
    rows = [f"{number}. {saying.user_of(one['actor'])} ×{one['places']}{waits if one['waits'] else ''}"
            for number, one in enumerate(counted, 1)]  # fmt: skip
    more = [f"… +{len(rows) - LISTED}"] if len(rows) > LISTED else []
    return "\n".join([head, *rows[:LISTED], *more])


def described(signup: Signup) -> dict[str, Any]:
    """A chain as plain data. people, places: of members who wrote it themselves and did not take it back; the team and
    struck entries stand in the list and are not counted. waiting: places beyond `most`."""
    names = ("id", "account", "group_key", "title", "most", "opened_at", "closes_at", "closed_at", "told_at", "by")
    taken, entries = 0, []
    for entry in signup.entries.all():
        counts = bool(entry.places) and not entry.team and not entry.struck_by
        waits = counts and signup.most is not None and taken + entry.places > signup.most
        taken += entry.places if counts and not waits else 0
        fields = ("actor", "places", "first_at", "message_id", "team", "struck_by", "struck_why")
        entries.append({**{name: getattr(entry, name) for name in fields}, "counts": counts, "waits": waits})
    counted = [one for one in entries if one["counts"]]
    return {
        **{name: getattr(signup, name) for name in names}, "people": len(counted), "places": taken,
        "waiting": sum(one["places"] for one in counted) - taken, "team": sum(1 for one in entries if one["team"]),
        "struck": sum(1 for one in entries if one["struck_by"]), "back": sum(1 for one in entries if not one["places"]),
        "entries": entries,
    }  # fmt: skip
