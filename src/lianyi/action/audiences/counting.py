"""Working an audience out in full: after its condition was written, after the tables were refreshed, or because the
log can't be followed from where somebody last looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from lianyi.action.audiences import members
from lianyi.action.audiences.conditions import asked
from lianyi.action.audiences.models import Audience, Change, Size
from lianyi.errors import LianyiError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

BATCH = 2_000
KEPT_DAYS = 90


def recount(ws: Workspace, audience: Audience, now: datetime, *, next_due: datetime | None = None) -> bool:
    """Work out who is in, write it, and log who entered and left since before. False where the condition was changed
    meanwhile; then nothing is written. What can't be worked out is said on the audience."""
    try:
        one = asked(ws, audience.condition, name=audience.name)
        ids = ws.present(now).chosen(one.whole, now, lists=one.lists)
    except LianyiError as error:
        Audience.objects.filter(pk=audience.pk, version=audience.version).update(problem=str(error), next_due=None)
        audience.refresh_from_db()
        return False
    first = not audience.build
    before = pa.array([], pa.string()) if first else members.of(ws, audience).ids()
    build = audience.build + 1
    members.write(ws.folder, audience.pk, build, ids)
    why = Change.Why.RECOUNT if audience.built_version == audience.version else Change.Why.VERSION
    entered, left = (difference(ids, before), difference(before, ids)) if not first else ([], [])
    with transaction.atomic():
        log_changes(audience, entered, left, why, now)
        last = audience.changes.order_by("-id").values_list("id", flat=True).first() or 0
        changed = Audience.objects.filter(pk=audience.pk, version=audience.version, build=audience.build).update(
            build=build, built_version=audience.version, base=last, count=len(ids), as_of=now, problem="",
            next_due=next_due,
        )  # fmt: skip
        if not changed:
            transaction.set_rollback(True)
            return False
        note_size(audience, len(ids), len(entered), len(left), now)
    audience.refresh_from_db()
    members.sweep(ws.folder, audience.pk, keep=build)
    return True


def difference(one: pa.Array, other: pa.Array) -> list[str]:
    """The ids of one that are not in the other."""
    if not len(one):
        return []
    found: list[str] = one.filter(pc.invert(pc.is_in(one, value_set=other))).to_pylist()
    return found


def log_changes(
    audience: Audience, entered: Sequence[str], left: Sequence[str], why: Change.Why, now: datetime
) -> None:
    """Append to the log of changes."""
    rows = (
        Change(audience=audience, person_id=person_id, entered=way, why=why, at=now)
        for way, people in ((True, entered), (False, left))
        for person_id in people
    )
    while batch := [row for _, row in zip(range(BATCH), rows, strict=False)]:
        Change.objects.bulk_create(batch)


def note_size(audience: Audience, count: int, entered: int, left: int, now: datetime) -> None:
    """Keep the size of this hour: the newest count, and how many came and went in it."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    row, made = Size.objects.get_or_create(
        audience=audience, at=hour, defaults={"count": count, "entered": entered, "left": left}
    )
    if not made:
        row.count, row.entered, row.left = count, row.entered + entered, row.left + left
        row.save(update_fields=["count", "entered", "left"])


def forget_old(now: datetime) -> int:
    """Delete changes that are older than three months and stand in the files; how many."""
    gone = 0
    for audience in Audience.objects.all():
        old = audience.changes.filter(id__lte=audience.base, at__lt=now - timedelta(days=KEPT_DAYS))
        gone += old.delete()[0]
    return gone
