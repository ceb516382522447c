"""What was just said in groups with rules: judged, acted on in the same round where a group is live; agreements noted.

Called with live events after they are safe in the inbox and before the platform's token moves on. A crash in between
calls it again with the same events: cases, seats and acts are keyed by them, so nothing happens twice.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import F

from lianyi.action.operation import measures, rules, running, saying, seats, signups
from lianyi.action.operation.acts import ActFailed, Acts
from lianyi.action.operation.models import Case, Example, Ruleset, Said, Seat
from lianyi.insight.listening.folding import mark_of, shape_of
from lianyi.insight.listening.judging import Example as Known
from lianyi.insight.listening.judging import Filter, Limits, Message, Reason
from lianyi.insight.listening.words import Words, read_words
from lianyi.memory.events import Event
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

SAYS = frozenset({"message", "reply", "edit"})
EXAMPLES, KEPT_TEXT = 2_000, 20_000
LEADS = re.compile(r"\]\([^()\s]*\)")  # of a link in Markdown
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# A member needs so long to see the notice of a measure; what was written before is no next step's reason.
SEEN = timedelta(seconds=10)


def listens() -> bool:
    """Whether any group has rules; a quick query."""
    return Ruleset.objects.exists()


def hear(
    ws: Workspace, account: str, events: Sequence[Event], acts: Acts, *, now: datetime, also: Mapping[str, str]
) -> None:
    """Judge live events of one account, in order, and act where an operator turned that on. also: by id of a message,
    what else its readers see than the text of its event (formatted text)."""
    by_group: dict[str, list[Event]] = {}
    for event in events:
        if event.group_key:
            by_group.setdefault(event.group_key, []).append(event)
    staff: set[str] | None = None
    for group_key, mine in by_group.items():
        ruleset = rules.current(group_key)
        if ruleset is None or (ruleset.group_key and ruleset.account != account):
            continue
        there = rules.rules_of(ruleset)
        if there.mode == "off":
            continue
        staff = measures.known_staff(ws) if staff is None else staff
        exempt = _exempt(group_key, there, acts, staff)
        group = Group(ws=ws, account=account, key=group_key, ruleset=ruleset, rules=there, acts=acts, now=now,
                      live=rules.is_live(group_key), exempt=exempt)  # fmt: skip
        group.hear(mine, also)


def _exempt(group_key: str, held: rules.Rules, acts: Acts, staff: Collection[str]) -> set[str] | None:
    try:
        return measures.spared_of(group_key, held, acts, staff)
    except ActFailed as failed:  # without knowing who moderates, nobody is judged
        log.warning("group %s: moderators are not known: %s", group_key, failed, extra={"action": "unheard"})
        return None


def filter_of(ws: Workspace) -> Filter:
    """The filter with the newest kept examples."""
    kept = list(Example.objects.order_by("-at", "-id").values_list("text", "noise")[:EXAMPLES])
    return _filter(read_words(ws.folder), tuple(Known(text=text, noise=noise) for text, noise in reversed(kept)))


@lru_cache(maxsize=4)
def _filter(words: Words, examples: tuple[Known, ...]) -> Filter:
    return Filter(words, examples)


def limits_of(held: rules.Rules, *, newcomer: bool) -> Limits:
    """What holds for somebody who speaks."""
    return Limits(
        act_from=held.newcomer_act_from if newcomer else held.act_from,
        ask_from=held.newcomer_ask_from if newcomer else held.ask_from,
        flood=held.flood, copies=held.copies, links=held.newcomer_links or not newcomer,
    )  # fmt: skip


@dataclass(kw_only=True)
class Group:
    """One group while it is heard. exempt: who is never judged; None = not known now, so nobody is."""

    ws: Workspace
    account: str
    key: str
    ruleset: Ruleset
    rules: rules.Rules
    live: bool
    exempt: set[str] | None
    acts: Acts
    now: datetime
    told: list[Event] = field(default_factory=list)

    def hear(self, events: Sequence[Event], also: Mapping[str, str]) -> None:
        """All of it."""
        greets = self.live and bool(self.ruleset.welcome)
        seats.come(self.account, self.key, events, greet_at=self.now if greets else None, but=self.exempt or ())
        agreed = seats.agree(self.account, self.ruleset, self.key, events)
        self.told += agreed
        said = [event for event in events if event.kind in SAYS and event.actor_key and event.text]
        cases = self._judged(said, also) if said and self.exempt is not None else []
        if self.told:
            self.ws.inbox.put_now(self.told, received_at=self.now)
        for case in cases:
            if case.state == Case.State.ACTING:
                measures.take(self.ws, case, self.acts, by=measures.BOT, now=self.now, spared=self.exempt)
        if greets:
            seats.greet(self.ws, self.ruleset, self.acts, now=self.now)
        if self.exempt is not None:
            held = {case.message_id for case in cases}
            signups.hear(self.key, events, team=self.exempt, held=held)
            running.agreed(self.key, {event.actor_key or "" for event in agreed}, now=self.now)
            running.hear(self.ws, self.account, self.key, events, staff=self.exempt, held=held, acts=self.acts,
                         now=self.now)  # fmt: skip

    def _judged(self, said: Sequence[Event], also: Mapping[str, str]) -> list[Case]:
        """Cases of what has something against it and has no case yet."""
        fresh = self._noted(said)
        ids = [event.id for event in said]
        judged = set(Case.objects.filter(message_id__in=ids).values_list("message_id", flat=True))
        exempt = self.exempt or ()
        mine = [event for event in said if event.id not in judged and event.actor_key not in exempt]
        messages = [self._message(event, also) for event in mine]
        found = filter_of(self.ws).judge(messages) if mine else []
        cases = []
        for event, message, against in zip(mine, messages, found, strict=True):
            if reasons := self._once(event, against):
                cases.append(self._case(event, message.text, reasons))
        for actor, count in Counter(event.actor_key for event in said if event.id in fresh).items():
            Seat.objects.filter(group_key=self.key, actor=actor).update(said=F("said") + count)
        return cases

    def _noted(self, said: Sequence[Event]) -> set[str]:
        """Keep what is new for a day; ids of that."""
        ids = [event.id for event in said]
        known = set(Said.objects.filter(message_id__in=ids).values_list("message_id", flat=True))
        new = [event for event in said if event.id not in known]
        seats.fill(self.account, self.key, {event.actor_key or "" for event in new})
        rows = [
            Said(message_id=event.id, group_key=self.key, actor=event.actor_key or "", at=event.at,
                 mark=mark_of(event.text or ""), shape=shape_of(event.text or ""),
                 settled=not self._newcomer(event.actor_key or "", event.at))
            for event in new
        ]  # fmt: skip
        Said.objects.bulk_create(rows, ignore_conflicts=True)
        return {event.id for event in new}

    def _message(self, event: Event, also: Mapping[str, str]) -> Message:
        text = event.text or ""
        more = also.get(event.id, "")
        before = Said.objects.filter(actor=event.actor_key, at__lte=event.at)
        dense = before.filter(group_key=self.key, at__gt=event.at - MINUTE).count()
        mark, shape = mark_of(text), shape_of(text)
        copies = before.filter(mark=mark, at__gt=event.at - DAY).count() if mark else 0
        others = Said.objects.filter(group_key=self.key, shape=shape, at__gt=event.at - HOUR, at__lte=event.at)
        talk = others.filter(settled=True).exclude(actor=event.actor_key).values("actor").distinct()
        limits = limits_of(self.rules, newcomer=self._newcomer(event.actor_key or "", event.at))
        return Message(
            text=text if _shows(text, more) else f"{text}\n{more}", dense=dense, copies=copies, limits=limits,
            alike=talk.count() if shape else 0,
        )  # fmt: skip

    def _newcomer(self, actor: str, at: datetime) -> bool:
        """Came lately, or said little since. Who was there before us is no newcomer."""
        seat = Seat.objects.filter(group_key=self.key, actor=actor).first()
        if seat is None or seat.joined_at is None:
            return False
        lately = at - seat.joined_at < timedelta(hours=self.rules.newcomer_hours)
        return lately or seat.said < self.rules.newcomer_messages

    def _once(self, event: Event, reasons: Sequence[Reason]) -> Sequence[Reason]:
        """The reasons without a flood for which there is a case of the same minute: one burst is one."""
        if not any(reason.why == "flood" for reason in reasons):
            return reasons
        lately = Case.objects.filter(group_key=self.key, actor=event.actor_key, said_at__gt=event.at - MINUTE)
        held = lately.filter(said_at__lte=event.at).values_list("reasons", flat=True)
        if any(reason["why"] == "flood" for row in held for reason in row):
            return [reason for reason in reasons if reason.why != "flood"]
        return reasons

    def _strikes(self, event: Event) -> int:
        """How often something was done against who speaks, in time for them to have seen it; in a group that is not
        live, how often it would have been."""
        since = event.at - timedelta(days=self.rules.strike_days)
        mine = Case.objects.filter(group_key=self.key, actor=event.actor_key, said_at__gte=since)
        if self.live:
            return mine.filter(state=Case.State.DONE, dealt_at__lt=event.at - SEEN).count()
        return mine.filter(state__in=[Case.State.DRY, Case.State.NOTED], said_at__lt=event.at - MINUTE).count()

    def _case(self, event: Event, text: str, reasons: Sequence[Reason]) -> Case:
        actor = event.actor_key or ""
        strikes = self._strikes(event)
        sure = any(reason.sure for reason in reasons)
        live = Case.State.ACTING if sure else Case.State.WAITING
        case, new = Case.objects.get_or_create(
            message_id=event.id,
            defaults={
                "account": self.account, "group_key": self.key, "actor": actor, "said_at": event.at,
                "text": text[:KEPT_TEXT], "reasons": [_plain(reason) for reason in reasons],
                "newcomer": self._newcomer(actor, event.at), "strikes": strikes,
                "measure": self.rules.step({reason.why for reason in reasons}, strikes),
                "state": live if self.live else Case.State.DRY,
            },
        )  # fmt: skip
        if new:
            self.told.append(saying.told(case, "found", by=measures.BOT, now=self.now))
        return case


def _shows(text: str, more: str) -> bool:
    """Whether a text has all of what its formatted twin shows, but for marks, spaces and where links lead."""
    shown = _bare(more)
    return shown in _bare(text) or shown in _bare(LEADS.sub("]", text))


def _bare(text: str) -> str:
    return "".join(one for one in text if one.isalnum())


def _plain(reason: Reason) -> dict[str, Any]:
    return {"why": reason.why, "sure": reason.sure, "chance": reason.chance, "word": reason.word}
