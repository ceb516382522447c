"""Who they are: keys resolved to people, profiles, tags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.people import identity, people, received
from lianyi.insight.people.profile import table as profile
from lianyi.insight.people.tags import read_rules
from lianyi.insight.people.tags import table as person_tags
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    *identity.TABLES,
    received.TABLE,
    profile.TABLE,
    person_tags.TABLE,
    people.PEOPLE,
    people.TAGS,
)


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read beside other tables, from a workspace's folder: the brand's own tag rules."""
    return {"tags": read_rules(folder / "tags")}
