"""What people do with the inbox: take, answer, note, put off, finish, open again. Each is a step, and audited."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from lianyi.action.channels import accounts, checking
from lianyi.action.channels.contract import Fate, Message, Outcome
from lianyi.action.channels.models import Account
from lianyi.action.inbox.models import Item, Step
from lianyi.action.operation import rules, saying
from lianyi.action.operation.acts import ActFailed, Opened, opened
from lianyi.action.policy import suppressing
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError, LianyiError, NotFound, RefusedError
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

Kind, How, What = Item.Kind, Item.How, Step.What
STATES = ("open", "snoozed", "closed", "all")
LONGEST, LONGEST_SNOOZE = 4_000, timedelta(days=90)
# A reply that is still being given after so long was left behind by a process that died.
LEFT = timedelta(minutes=5)
Send = Callable[..., Outcome]


@dataclass(frozen=True, kw_only=True)
class Route:
    """How an answer goes out. by: group (said there), direct (to the person), none. live: False = it is kept and
    nothing is said, as no operator turned that group live. account: the channel."""

    by: str
    account: str = ""
    to: str = ""
    live: bool = True


def by_id(item_id: int) -> Item:
    """NotFound where there is none."""
    found = Item.objects.filter(pk=item_id).first()
    if found is None:
        raise NotFound(f"there is nothing number {item_id} in the inbox; `lianyi inbox` lists what waits")
    return found


def route(item: Item) -> Route:
    """Through which channel it can be answered now."""
    if item.direct:
        return _direct(item)
    ruleset = rules.current(item.group_key) if item.group_key else None
    if ruleset is None or ruleset.group_key != item.group_key or not ruleset.account:
        return Route(by="none")
    return Route(by="group", account=ruleset.account, live=rules.is_live(item.group_key))


def _direct(item: Item) -> Route:
    account = Account.objects.filter(name=item.account, is_on=True).first()
    if account is None:
        return Route(by="none")
    room = item.group_key.partition("/")[2] if item.group_key else ""
    to = room or accounts.address_of(account.name, [item.actor]) or ""
    return Route(by="direct", account=account.name, to=to) if to else Route(by="none")


def reply(
    ws: Workspace, item: Item, text: str, *, by: str, now: datetime, once: str = "", acts: Opened = opened,
    send: Send = checking.send_one,
) -> Step:  # fmt: skip
    """Answer through the channel that can. once: the same is the same answer, given once. What goes out closes the
    item; in a group that is not live the answer is kept and nothing is said. RefusedError: no channel of ours can, or
    the person asked to be left alone."""
    text = _text("text", text)
    way = route(item)
    if way.by == "none":
        raise RefusedError("no channel of ours can answer there; answer by hand and mark it as done")
    if way.by == "direct":
        _may(ws, item, way)
    step, new = Step.objects.get_or_create(
        key=f"reply/{item.pk}/{once or secrets.token_hex(8)}"[:600],
        defaults={"item": item, "what": What.REPLY, "by": by, "at": now, "text": text, "fate": "sending"},
    )
    if not new:
        return step
    outcome = _give(item, way, step, acts=acts, send=send, now=now)
    _keep(step, str(outcome.fate) if way.live else "dry", outcome.reason)
    if outcome.fate is Fate.SENT and way.live:
        ws.inbox.put_now([_told(item, step, now)], received_at=now)
        mine = Item.objects.filter(pk=item.pk)
        mine.filter(answered_at__isnull=True).update(answered_at=now, answered_by=by)
        mine.filter(assignee="").update(assignee=by)
        mine.filter(closed_at__isnull=True).update(closed_at=now, closed_by=by, how=How.ANSWERED, snoozed_until=None)
        item.refresh_from_db()
    audit.note(by, "inbox.reply", f"item {item.pk}", fate=step.fate, channel=way.account)
    return step


def _may(ws: Workspace, item: Item, way: Route) -> None:
    """An answer to who wrote needs no consent; who is on the suppression list for everything is left alone."""
    word = accounts.word_of(way.account)
    listed = suppressing.of_people(ws, {"": [item.actor]}).get("", [])
    if any(one.everything and one.channel in {"", word} for one in listed):
        raise RefusedError("the person is on the suppression list for everything; nothing is sent to them")


def _give(item: Item, way: Route, step: Step, *, acts: Opened, send: Send, now: datetime) -> Outcome:
    if not way.live:
        return Outcome(fate=Fate.FAILED, reason="")
    try:
        if way.by == "group":
            with acts(way.account) as open_acts:
                to = [item.actor] if item.actor else []
                open_acts.say(item.group_key, step.text, key=f"inbox/{step.key}", to=to, answers=item.message_id)
            return Outcome(fate=Fate.SENT)
        account = accounts.by_name(way.account)
        subject = str(item.facts.get("subject", ""))
        headers = {"In-Reply-To": str(item.facts["mail_id"])} if item.facts.get("mail_id") else {}
        message = Message(key=f"inbox-{item.pk}-{step.pk}", to=way.to, text=step.text, headers=headers,
                          subject=f"Re: {subject}" if account.kind == "email" else "")  # fmt: skip
        return send(account, message, now=now)
    except (ActFailed, LianyiError) as failed:
        return Outcome(fate=Fate.FAILED, reason=str(failed))


def _keep(step: Step, fate: str, reason: str) -> None:
    step.fate, step.reason = fate, reason[:300]
    step.save(update_fields=["fate", "reason"])


def _told(item: Item, step: Step, now: datetime) -> Event:
    if not item.direct:
        to = [item.actor] if item.actor else []
        return saying.sent(step.key, item.group_key, step.text, purpose="inbox", to=to, now=now)
    return Event(
        id=f"inbox:{step.key}/sent", at=now, kind="sent", source="inbox", target_key=item.actor or None,
        group_key=item.group_key or None, channel=item.channel or None, text=step.text, props={"purpose": "inbox"},
    )  # fmt: skip


def note(item: Item, text: str, *, by: str, now: datetime) -> Step:
    """For the team only."""
    step = _step(item, What.NOTE, by=by, now=now, text=_text("text", text))
    audit.note(by, "inbox.note", f"item {item.pk}")
    return step


def assign(item: Item, to: str, *, by: str, now: datetime) -> None:
    """Give it to a member; "" = to nobody. InputError where nobody signs in so."""
    if to and not User.objects.filter(name=to, is_active=True).exists():
        raise InputError(f"to: nobody in the team signs in as {to[:60]!r}")
    Item.objects.filter(pk=item.pk).update(assignee=to)
    item.assignee = to
    _step(item, What.ASSIGN, by=by, now=now, text=to)
    audit.note(by, "inbox.assign", f"item {item.pk}", to=to)


def snooze(item: Item, until: datetime, *, by: str, now: datetime) -> None:
    """Put it off; its target stays what it was."""
    if until.tzinfo is None or not now < until <= now + LONGEST_SNOOZE:
        raise InputError("until: must lie in the future, at most 90 days, with its zone")
    if not _open(item).update(snoozed_until=until):
        raise RefusedError(f"item {item.pk} does not wait any more")
    _step(item, What.SNOOZE, by=by, now=now, text=until.isoformat())
    audit.note(by, "inbox.snooze", f"item {item.pk}", until=until.isoformat())


def done(item: Item, *, by: str, now: datetime, answered: bool = False) -> None:
    """It needs nobody any more. answered: the member says that they answered it elsewhere, now at the latest; else
    nothing is known of an answer. What waits for a decision is decided instead."""
    if item.case_id is not None:
        raise RefusedError("this waits for a decision: do what the rules ask for, or say that it was fine")
    if not _open(item).update(closed_at=now, closed_by=by, how=How.DONE, snoozed_until=None):
        raise RefusedError(f"item {item.pk} does not wait any more")
    if answered:
        Item.objects.filter(pk=item.pk, answered_at__isnull=True).update(answered_at=now, answered_by=by)
    _step(item, What.CLOSE, by=by, now=now)
    audit.note(by, "inbox.done", f"item {item.pk}", answered=answered)


def reopen(item: Item, *, by: str, now: datetime) -> None:
    """It waits again; when it was answered first stays known."""
    if item.case_id is not None:
        raise RefusedError("what was decided is changed in the moderation queue")
    waits_again = {"closed_at": None, "closed_by": "", "how": "", "snoozed_until": None}
    if not Item.objects.filter(pk=item.pk, closed_at__isnull=False).update(**waits_again):
        raise RefusedError(f"item {item.pk} waits already")
    _step(item, What.REOPEN, by=by, now=now)
    audit.note(by, "inbox.reopen", f"item {item.pk}")


def _open(item: Item) -> QuerySet[Item]:
    return Item.objects.filter(pk=item.pk, closed_at__isnull=True)


def _step(item: Item, what: str, *, by: str, now: datetime, text: str = "") -> Step:
    key = f"{what}/{item.pk}/{secrets.token_hex(8)}"
    return Step.objects.create(item=item, key=key, what=what, by=by, at=now, text=text)


def _text(name: str, text: str) -> str:
    if not text.strip() or len(text) > LONGEST:
        raise InputError(f"{name}: write 1 to {LONGEST} characters")
    return text.strip()


def listed(
    now: datetime, *, state: str = "open", kind: str = "", whose: str | None = None, group_key: str = ""
) -> QuerySet[Item]:
    """Items in a state, those whose time is over first, then those that are due next; closed ones the newest first.
    whose: of this member, "" = of nobody, None = all."""
    if state not in STATES:
        raise InputError(f"state: {state[:40]!r}; write one of {', '.join(STATES)}")
    if kind and kind not in Kind.values:
        raise InputError(f"kind: {kind[:40]!r}; write one of {', '.join(Kind.values)}")
    found = Item.objects.all()
    later = Q(snoozed_until__gt=now)
    if state in {"open", "snoozed"}:
        found = found.filter(closed_at__isnull=True)
        found = found.filter(later) if state == "snoozed" else found.exclude(later)
    elif state == "closed":
        found = found.filter(closed_at__isnull=False)
    for name, value in (("kind", kind), ("group_key", group_key)):
        found = found.filter(**{name: value}) if value else found
    found = found if whose is None else found.filter(assignee=whose)
    if state in {"closed", "all"}:
        return found.order_by(F("closed_at").desc(nulls_last=True), "-said_at", "-id")
    return found.order_by(F("due_at").asc(nulls_last=True), "said_at", "id")


def counts(now: datetime) -> dict[str, Any]:
    """How many wait, by kind; late: whose time is over; unassigned; snoozed."""
    waits = listed(now)
    kinds: dict[str, int] = dict.fromkeys(Kind.values, 0)
    kinds |= {row["kind"]: row["n"] for row in waits.order_by().values("kind").annotate(n=Count("id"))}
    return {
        "open": sum(kinds.values()), "late": waits.filter(due_at__lt=now).count(),
        "unassigned": waits.filter(assignee="").count(), "snoozed": listed(now, state="snoozed").count(),
        "kinds": kinds,
    }  # fmt: skip


def described(item: Item, now: datetime, *, whole: bool = False) -> dict[str, Any]:
    """An item as plain data. late: its time is over and nobody answered in time. minutes_left: until then, negative
    when it is over; None where it waits no more or has no target. whole: with its steps and how it can be answered."""
    names = ("id", "ref", "kind", "account", "channel", "group_key", "direct", "actor", "person_id", "message_id",
             "text", "facts", "said_at", "seen_at", "due_at", "assignee", "snoozed_until", "answered_at", "answered_by",
             "closed_at", "closed_by", "how", "case_id")  # fmt: skip
    waits = item.closed_at is None
    left = round((item.due_at - now).total_seconds() / 60) if waits and item.due_at else None
    told: dict[str, Any] = {
        **{name: getattr(item, name) for name in names}, "minutes_left": left,
        "late": bool(item.due_at and (item.answered_at or (now if waits else item.due_at)) > item.due_at),
    }  # fmt: skip
    if whole:
        way = route(item)
        told["route"] = {"by": way.by, "account": way.account, "live": way.live}
        told["steps"] = [step_data(one, now) for one in item.steps.all()]
    return told


def step_data(step: Step, now: datetime) -> Mapping[str, Any]:
    """A step as plain data; a reply that a dead process left behind is `unknown`."""
    lost = step.fate == "sending" and step.at < now - LEFT
    return {
        "what": step.what, "by": step.by, "at": step.at, "text": step.text, "fate": "unknown" if lost else step.fate,
        "reason": step.reason,
    }  # fmt: skip
