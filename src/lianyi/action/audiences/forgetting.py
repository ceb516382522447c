"""What audiences hold on a person, for those who have a right to see it, and its erasure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from lianyi.action.audiences import members
from lianyi.action.audiences.models import Audience, Change
from lianyi.insight import present
from lianyi.workspace import Workspace


def forget(workspace: Workspace, person_ids: Collection[str]) -> int:
    """Delete people from the log of changes, from every file of members, and the compact copies of the tables; how
    many rows and entries went. Sizes, which name nobody, stay."""
    gone = pa.array(sorted(set(person_ids)), pa.string())
    found = 0
    for audience in Audience.objects.all():
        with transaction.atomic():
            found += Change.objects.filter(audience=audience, person_id__in=gone.to_pylist()).delete()[0]
            if audience.build:
                ids = members.read(workspace.folder, audience)
                kept = ids.filter(pc.invert(pc.is_in(ids, value_set=gone)))
                if len(kept) < len(ids):
                    found += len(ids) - len(kept)
                    build = audience.build + 1
                    members.write(workspace.folder, audience.pk, build, kept)
                    now = members.after_changes(kept, audience.changes.filter(id__gt=audience.base))
                    Audience.objects.filter(pk=audience.pk).update(build=build, count=len(now))
        audience.refresh_from_db()
        # older builds too, kept or not: none may name the person
        members.sweep(workspace.folder, audience.pk, keep=audience.build)
    present.clear(workspace.folder)
    return found


def held(person_ids: Collection[str]) -> dict[str, Any]:
    """The times at which the person entered audiences or left them."""
    rows = Change.objects.filter(person_id__in=list(person_ids)).select_related("audience")
    said = [{"audience": row.audience.name, "entered": row.entered, "why": row.why, "at": row.at} for row in rows]
    return {"audiences": said}
