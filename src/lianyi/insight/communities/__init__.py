"""Communities: who belongs together, under a name that lasts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.communities import (
    acts,
    changes,
    health,
    members,
    memberships,
    neighbours,
    people,
    summary,
    tie_rooms,
    traits,
)
from lianyi.insight.communities.declared import read_declared
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    tie_rooms.TABLE,
    people.TABLE,
    acts.TABLE,
    health.TABLE,
    traits.TABLE,
    neighbours.TABLE,
    members.MEMBERS,
    memberships.LIKELY,
    memberships.TABLE,
    summary.TABLE,
    changes.TABLE,
)


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read from a workspace's folder: the communities that the brand declares."""
    return {"communities": read_declared(folder / "communities")}
