"""Who they are: keys resolved to people, profiles, tags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.people import identity
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (*identity.TABLES,)


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read beside other tables, from a workspace's folder: the brand's own tag rules."""
    return {}
