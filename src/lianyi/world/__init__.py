"""A simulated brand whose truth is known: demo data and test oracle. See docs/methods/world.md.

world = generate(WorldSettings.ending(as_of, people=3000, seed=7))
for table in world.events():  # Arrow tables of memory.events.SCHEMA, in order of time
    landing.add(table)
write_truth(world.truth(), folder)  # beside the data, never where insight looks
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from lianyi.world.life import make_nature
from lianyi.world.meanings import MEANINGS
from lianyi.world.reveal import reveal
from lianyi.world.rows import rebatch
from lianyi.world.settings import WorldSettings
from lianyi.world.simulate import Simulation
from lianyi.world.trials import Effects, Trials, trials
from lianyi.world.truth import Truth, read_truth, write_truth

__all__ = [
    "MEANINGS",
    "Effects",
    "Trials",
    "Truth",
    "World",
    "WorldSettings",
    "events",
    "generate",
    "read_truth",
    "trials",
    "truth",
    "write_truth",
]


class World:
    """A world that can be read as events and as truth; one pass through its days gives both."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        self._ended: Simulation | None = None

    def events(self) -> Iterator[pa.Table]:
        """All events in order of time, in tables of memory.events.SCHEMA with `batch_rows` rows (the last: fewer)."""
        simulation = Simulation(make_nature(self.settings))
        yield from rebatch(simulation.days(), self.settings.batch_rows)
        self._ended = simulation

    def truth(self) -> Truth:
        """The truth of the world; runs through its days first where `events` was not read to the end."""
        if self._ended is None:
            for _ in self.events():
                pass
        assert self._ended is not None  # noqa: S101  events() has just set it
        return reveal(self._ended)


def generate(settings: WorldSettings) -> World:
    """The world of these settings; nothing is drawn before it is read."""
    return World(settings)


def events(settings: WorldSettings) -> Iterator[pa.Table]:
    """All events of the world; see World.events."""
    return World(settings).events()


def truth(settings: WorldSettings) -> Truth:
    """The truth of the world; see World.truth."""
    return World(settings).truth()
