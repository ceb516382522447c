"""An audience as plain data, for the doors that hand it out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from lianyi.action.audiences import counting, members
from lianyi.action.audiences.models import Audience

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

FIELDS = (
    "id", "name", "kind", "condition", "version", "about", "count", "as_of", "by", "created_at", "archived", "problem",
)  # fmt: skip
SIZES = 1_000


def described(audience: Audience, *, whole: bool = False) -> dict[str, Any]:
    """One audience; with `whole` its versions and sizes too."""
    told = {name: getattr(audience, name) for name in FIELDS}
    if whole:
        told["versions"] = list(audience.versions.values("number", "condition", "by", "at"))
        told["sizes"] = list(audience.sizes.order_by("-at").values("at", "count", "entered", "left")[:SIZES])[::-1]
    return told


def worked_out(ws: Workspace, audience: Audience, now: datetime) -> Audience:
    """The audience, counted once where nobody has yet: a server that follows the log would in a moment."""
    if audience.live and not audience.archived and audience.built_version != audience.version:
        counting.recount(ws, audience, now, next_due=now)
    return audience


def changes_told(audience: Audience, after: int, limit: int) -> list[dict[str, Any]]:
    """Who entered and left, oldest first; the last `seq` goes on."""
    return [
        {"seq": one.seq, "person_id": one.person_id, "entered": one.entered, "at": one.at}
        for one in members.changes(audience.pk, after, limit)
    ]
