"""Touches: what one more contact with the brand adds, by how many there were and how long ago the last one was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lianyi.insight.effects.touches import stops, table
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (table.TABLE, stops.TABLE)


def audiences(folder: Path) -> Mapping[str, str]:
    """By number of audience the newest file of its members, sorted person ids, that lies in a workspace's folder."""
    found = {}
    for one in sorted((folder / "audiences").glob("*/members-*.parquet"), key=lambda path: _build(path.stem)):
        found[one.parent.name] = str(one)
    return found


def _build(stem: str) -> int:
    number = stem.rpartition("-")[2]
    return int(number) if number.isdigit() else 0
