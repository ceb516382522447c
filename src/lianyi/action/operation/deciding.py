"""What a person decides about a case: do it, or it was fine. Either way the text becomes an example of the filter."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from lianyi.action.operation import measures, rules, saying
from lianyi.action.operation.acts import ActFailed, Opened, opened
from lianyi.action.operation.models import Case, Example
from lianyi.action.team import audit
from lianyi.errors import InputError, NotFound, RefusedError
from lianyi.workspace import Workspace

OPEN = (Case.State.WAITING, Case.State.DRY, Case.State.FAILED)
# So long no other process takes up what is being done.
UNDER_WAY = timedelta(minutes=1)
# What of a verdict hangs on the text; a flood does not.
BY_TEXT = frozenset({"advert", "link", "sensitive", "copied"})


def by_id(case_id: int) -> Case:
    """NotFound where there is none."""
    found = Case.objects.filter(pk=case_id).first()
    if found is None:
        raise NotFound(f"there is no case {case_id}; `lianyi moderation` lists them")
    return found


def do(ws: Workspace, case: Case, *, by: str, now: datetime, measure: str = "", acts: Opened = opened) -> Case:
    """It is noise, and the filter learns: the measure that the rules ask for, or another one, is taken at once where
    the group is live; elsewhere it is only noted. Only of a case that is open."""
    if measure and measure not in rules.LADDER:
        raise InputError(f"measure: {measure!r}; write one of {', '.join(rules.LADDER)}")
    live = rules.is_live(case.group_key)
    state = Case.State.ACTING if live else Case.State.NOTED
    mine = Case.objects.filter(pk=case.pk, state__in=OPEN)
    values = {"dealt_at": None, "next_at": now + UNDER_WAY} if live else {"dealt_at": now, "next_at": None}
    with ExitStack() as stack:
        # First of all: a channel that is off is an error now, and not a measure days later.
        open_acts = stack.enter_context(acts(case.account)) if live else None
        if not mine.update(state=state, measure=measure or case.measure, tries=0, error="", by=by, **values):
            raise RefusedError(f"case {case.pk} is {case.state}; only waiting, dry and failed ones can be decided")
        case.refresh_from_db()
        _learn(case, noise=True, by=by, now=now)
        if open_acts is not None:
            measures.take(ws, case, open_acts, by=by, now=now)
            return case
    ws.inbox.put_now([saying.told(case, "noted", by=by, now=now)], received_at=now)
    audit.note(by, "moderation.noted", case.group_key, case=case.pk)
    return case


def fine(ws: Workspace, case: Case, *, by: str, now: datetime, acts: Opened = opened) -> Case:
    """It was fine: what was done is undone, also where only a part was, and the filter learns. What failed and would be
    tried again is not. RefusedError where the platform does not undo it, and while it is being done."""
    mine = Case.objects.filter(pk=case.pk)
    mine.filter(state=Case.State.ACTING).exclude(error="").update(state=Case.State.FAILED, next_at=None)
    case.refresh_from_db()
    if case.state in {Case.State.FINE, Case.State.ACTING}:
        raise RefusedError(f"case {case.pk} is {case.state}")
    done = measures.done_of(case)
    if done:
        try:
            with acts(case.account) as open_acts:
                measures.undo(ws, case, open_acts, now=now)
        except ActFailed as failed:
            raise RefusedError(f"case {case.pk} can't be undone now: {failed}; try again later") from failed
    case.state, case.by, case.dealt_at, case.error = Case.State.FINE, by, now, ""
    case.save(update_fields=["state", "by", "dealt_at", "error"])
    _learn(case, noise=False, by=by, now=now)
    ws.inbox.put_now([saying.told(case, "fine", by=by, now=now)], received_at=now)
    audit.note(by, "moderation.fine", case.group_key, case=case.pk, undone=sorted(done))
    return case


def _learn(case: Case, *, noise: bool, by: str, now: datetime) -> None:
    if BY_TEXT & {reason["why"] for reason in case.reasons}:
        Example.objects.update_or_create(case=case, defaults={"text": case.text, "noise": noise, "by": by, "at": now})


def listed(*, state: str = "", group_key: str = "") -> QuerySet[Case]:
    """Cases, newest first. state: one of Case.State, `open` for those that wait for a person, "" for all."""
    if state and state != "open" and state not in Case.State.values:
        raise InputError(f"state: {state!r}; write open or one of {', '.join(Case.State.values)}")
    found = Case.objects.all()
    if state:
        found = found.filter(state__in=OPEN if state == "open" else [state])
    return found.filter(group_key=group_key) if group_key else found


def counts() -> dict[str, int]:
    """Cases by state, those without any as 0, and kept examples."""
    made: dict[str, int] = dict.fromkeys(Case.State.values, 0)
    made |= {row["state"]: row["n"] for row in Case.objects.order_by().values("state").annotate(n=Count("id"))}
    return {**made, "examples": Example.objects.count()}


def described(case: Case) -> dict[str, Any]:
    """A case as plain data."""
    names = ("id", "message_id", "account", "group_key", "actor", "said_at", "text", "reasons", "newcomer", "strikes",
             "measure", "state", "by", "dealt_at", "tries", "error")  # fmt: skip
    return {name: getattr(case, name) for name in names}
