"""How soon things were answered, against their targets: by kind, by group, by member of the team.

What came in after its time was over, and what was finished without a known answer, says nothing: it is counted as
unknown and stands in no share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from lianyi.action.inbox.models import Item
from lianyi.action.team.models import User
from lianyi.listening import wilson

DAYS, MOST = 28, 20_000
FIELDS = ("kind", "group_key", "assignee", "said_at", "seen_at", "due_at", "answered_at", "answered_by", "closed_at",
          "how")  # fmt: skip


@dataclass(kw_only=True)
class Sum:
    """in_time, late: of what is known; late holds what waits beyond its time. waits: still has time. unknown: see
    above. minutes: from said to answered."""

    in_time: int = 0
    late: int = 0
    waits: int = 0
    unknown: int = 0
    minutes: list[float] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """With the share in time, its 95 % interval (Wilson), and the median of minutes; None = not known."""
        known = self.in_time + self.late
        low, high = wilson(self.in_time, known) if known else (None, None)
        return {
            "in_time": self.in_time, "late": self.late, "waits": self.waits, "unknown": self.unknown,
            "share": self.in_time / known if known else None, "low": low, "high": high,
            "median_minutes": median(self.minutes) if self.minutes else None,
        }  # fmt: skip


def figures(now: datetime, *, days: int = DAYS) -> dict[str, Any]:
    """Of what was said in so many days and has a target, by kind, group and member. all: of the newest MOST only where
    there is more. A member is who answered it, or has it while it waits beyond its time."""
    rows = Item.objects.filter(said_at__gt=now - timedelta(days=days), due_at__isnull=False).exclude(how=Item.How.GONE)
    found = list(rows.order_by("-said_at").values(*FIELDS)[: MOST + 1])
    team = set(User.objects.values_list("name", flat=True))
    sums: dict[str, dict[str, Sum]] = {"kind": defaultdict(Sum), "group": defaultdict(Sum), "member": defaultdict(Sum)}
    for row in found[:MOST]:
        state = _state(row, now)
        who = (
            row["answered_by"] if row["answered_by"] in team else row["assignee"] if row["answered_at"] is None else ""
        )
        for by, name in (("kind", row["kind"]), ("group", row["group_key"]), ("member", who)):
            if name:
                _add(sums[by][name], row, state)
    return {
        "as_of": now, "days": days, "all": len(found) <= MOST,
        **{f"by_{by}": {name: one.data() for name, one in sorted(mine.items())} for by, mine in sums.items()},
    }  # fmt: skip


def _state(row: Mapping[str, Any], now: datetime) -> str:
    if row["seen_at"] > row["due_at"]:
        return "unknown"
    if row["answered_at"] is not None:
        return "in_time" if row["answered_at"] <= row["due_at"] else "late"
    if row["closed_at"] is not None:
        return "unknown"
    return "late" if row["due_at"] < now else "waits"


def _add(one: Sum, row: Mapping[str, Any], state: str) -> None:
    setattr(one, state, getattr(one, state) + 1)
    if row["answered_at"] is not None and state != "unknown":
        one.minutes.append((row["answered_at"] - row["said_at"]).total_seconds() / 60)
