"""The ledger: every movement of money as an entry, split by whatever the money can be split by, held to the log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lianyi.insight.ledger import book, channels, checks, entries, parts, splits
from lianyi.insight.ledger.attribution import table as attribution
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (
    entries.TABLE, splits.SPLITS, splits.PEOPLE, checks.TABLE, parts.TABLE, attribution.TABLE,
    channels.TABLE,
)  # fmt: skip


def parameters(folder: Path) -> Mapping[str, Any]:
    """What the tables of this room read from a workspace's folder: the price book."""
    return {"ledger": book.read(folder)}
