"""Taking things in and seeing them answered: each is one row by its ref, however often it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from lianyi.action.inbox.duty import Rota
from lianyi.action.inbox.models import Item, Step
from lianyi.action.operation import deciding
from lianyi.action.operation.models import Case, Run
from lianyi.action.paging import in_pages

Kind, How, What = Item.Kind, Item.How, Step.What
KEPT_TEXT = 2_000
# An SOP says its answer within this; what is older was seen by then.
SOPS = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Found:
    """Something that needs a person, see Item."""

    ref: str
    kind: str
    said_at: datetime
    text: str = ""
    channel: str = ""
    account: str = ""
    group_key: str = ""
    direct: bool = False
    actor: str = ""
    person_id: str = ""
    message_id: str = ""
    case_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def take(found: Iterable[Found], rota: Rota, *, now: datetime) -> int:
    """Keep what is new; how many. What is known already, open or over, is left as it is."""
    wanted = {one.ref[:600]: one for one in found}
    made = 0
    for page in in_pages(list(wanted)):
        known = set(Item.objects.filter(ref__in=page).values_list("ref", flat=True))
        fresh = [_row(ref, wanted[ref], rota, now) for ref in page if ref not in known]
        made += len(Item.objects.bulk_create(fresh, ignore_conflicts=True))
    return made


def _row(ref: str, one: Found, rota: Rota, now: datetime) -> Item:
    return Item(
        ref=ref, kind=one.kind, said_at=one.said_at, seen_at=now, text=one.text[:KEPT_TEXT], channel=one.channel,
        account=one.account, group_key=one.group_key, direct=one.direct, actor=one.actor, person_id=one.person_id,
        message_id=one.message_id, case_id=one.case_id, facts=one.facts,
        due_at=rota.due_at(one.kind, one.said_at, one.group_key),
    )  # fmt: skip


def said(found: Sequence[Found], rota: Rota, *, now: datetime) -> None:
    """What people write to the brand alone, in order: what follows something of theirs that waits is added to it,
    and brings back what was put off."""
    for one in found:
        if Step.objects.filter(key=one.ref).exists() or Item.objects.filter(ref=one.ref).exists():
            continue
        mine = Item.objects.filter(kind=Kind.MESSAGE, actor=one.actor, group_key=one.group_key, account=one.account)
        waits = mine.filter(closed_at__isnull=True).order_by("-said_at").first()
        if waits is None:
            take([one], rota, now=now)
            continue
        Step.objects.get_or_create(
            key=one.ref,
            defaults={"item": waits, "what": What.SAID, "by": one.actor, "at": one.said_at,
                      "text": one.text[:KEPT_TEXT]},
        )  # fmt: skip
        Item.objects.filter(pk=waits.pk).update(message_id=one.message_id, snoozed_until=None)


def answered(items: QuerySet[Item], *, at: datetime, by: str, now: datetime) -> int:
    """Somebody answered these; of how many it was not known."""
    open_ones = items.filter(closed_at__isnull=True)
    open_ones.filter(answered_at__isnull=True).update(answered_at=at, answered_by=by[:512])
    return open_ones.update(closed_at=now, how=How.ANSWERED)


def gone(message_ids: Sequence[str], *, now: datetime) -> None:
    """What was taken back needs nobody, and its words are not kept."""
    for page in in_pages(list(message_ids)):
        mine = Item.objects.filter(message_id__in=page, direct=False)
        mine.filter(closed_at__isnull=True).update(closed_at=now, how=How.GONE)
        mine.update(text="")
        Step.objects.filter(key__in=[f"direct:{one}" for one in page]).update(text="")
        Item.objects.filter(ref__in=[f"direct:{one}" for one in page]).update(text="")


def new_cases() -> QuerySet[Case]:
    """Cases of moderation that wait for a person and are not here."""
    return Case.objects.filter(state__in=deciding.OPEN, inbox_item__isnull=True)


def old_cases() -> QuerySet[Item]:
    """Things that wait for a decision that was made elsewhere."""
    return Item.objects.filter(case__isnull=False, closed_at__isnull=True).exclude(case__state__in=deciding.OPEN)


def cases(rota: Rota, *, now: datetime) -> None:
    """Bring the queue of moderation and this one together."""
    take(
        [
            Found(ref=f"case:{case.pk}", kind=Kind.MODERATION, said_at=case.said_at, text=case.text,
                  channel=case.group_key.partition(":")[2].partition("/")[0], account=case.account,
                  group_key=case.group_key, actor=case.actor, message_id=case.message_id, case_id=case.pk)
            for case in new_cases()[:500]
        ],
        rota, now=now,
    )  # fmt: skip
    for item in old_cases().select_related("case")[:500]:
        case = item.case
        at = case.dealt_at if case and case.dealt_at else now
        by = case.by if case else ""
        mine = Item.objects.filter(pk=item.pk, closed_at__isnull=True)
        mine.update(closed_at=now, closed_by=by, how=How.DECIDED, answered_at=at, answered_by=by)


def by_sops(*, now: datetime) -> None:
    """Questions that an SOP answered."""
    waiting = Item.objects.filter(closed_at__isnull=True, kind=Kind.QUESTION, said_at__gt=now - SOPS)
    ids = list(waiting.exclude(message_id="").values_list("message_id", flat=True)[:1_000])
    runs = Run.objects.filter(answers__in=ids, step__gt=0).select_related("sop") if ids else Run.objects.none()
    for run in runs:
        mine = waiting.filter(message_id=run.answers)
        answered(mine, at=run.ended_at or run.began_at, by=f"sop {run.sop.name}", now=now)
