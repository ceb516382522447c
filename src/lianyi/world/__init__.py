"""A simulated brand whose truth is known: demo data and test oracle. See docs/methods/world.md."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from lianyi.world.life import make_nature
from lianyi.world.rows import rebatch
from lianyi.world.settings import WorldSettings
from lianyi.world.simulate import Simulation

__all__ = ["WorldSettings", "events"]


def events(settings: WorldSettings) -> Iterator[pa.Table]:
    """All events of the world in order of time, in tables of memory.events.SCHEMA with `batch_rows` rows each."""
    yield from rebatch(Simulation(make_nature(settings)).days(), settings.batch_rows)
