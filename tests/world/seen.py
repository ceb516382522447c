"""The small world that the tests of this folder look at, with its truth and a few ways to look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lianyi import world

SETTINGS = world.WorldSettings(people=2000, seed=11, start=date(2025, 1, 1), days=270)


@dataclass(frozen=True)
class Seen:
    """The events and the truth of one world."""

    settings: world.WorldSettings
    events: pa.Table
    truth: world.Truth

    def kind(self, *names: str) -> pa.Table:
        """The events of some kinds."""
        return self.events.filter(pc.is_in(self.events["kind"], pa.array(names)))

    @cached_property
    def at(self) -> dict[str, Any]:
        """Microseconds by event id."""
        return dict(zip(self.events["id"].to_pylist(), micros(self.events).tolist(), strict=True))

    @cached_property
    def person_of(self) -> dict[str, int]:
        """The true person of each key that stands for one person."""
        keys = self.truth.keys.filter(pc.equal(self.truth.keys["kind"], "own"))
        return dict(zip(keys["key"].to_pylist(), keys["person"].to_pylist(), strict=True))


def micros(table: pa.Table) -> Any:
    """Times as int64 microseconds."""
    return table["at"].combine_chunks().view(pa.int64()).to_numpy()


def day_of(seen: Seen, table: pa.Table) -> Any:
    """Local day numbers."""
    return (micros(table) - seen.settings.origin) // 86_400_000_000


def column(table: pa.Table, name: str) -> Any:
    """A column as NumPy array."""
    return table[name].to_numpy(zero_copy_only=False)
