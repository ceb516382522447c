"""A definition as a map: where each step stands, and which step comes next by which way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lianyi.action.journeys.document import Definition, Step, inner, walk

END = ""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One step on the map. ways: by the name of a way, the id of the first step on it ("" = the end); `next` is the way
    straight on. ways[0], arms[1], otherwise, happened, timeout lead into the steps inside."""

    step: Step
    path: str
    ways: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """All steps by id, and the first one."""

    definition: Definition
    first: str
    stops: Mapping[str, Stop]


@lru_cache(maxsize=256)
def _flow_of(text: bytes) -> Flow:
    import msgspec

    return flow(msgspec.json.decode(text, type=Definition))


def flow_of(text: bytes) -> Flow:
    """The map of a definition kept as JSON; the last ones asked for are kept."""
    return _flow_of(text)


def flow(definition: Definition) -> Flow:
    """The map of a definition whose ids are all different."""
    places = {step.id: path for path, step in walk(definition.steps)}
    stops: dict[str, Stop] = {}

    def lay(steps: tuple[Step, ...], after: str) -> str:
        """Put these steps on the map, `after` behind them; the id of the first."""
        for number, step in enumerate(steps):
            behind = steps[number + 1].id if number + 1 < len(steps) else after
            ways = {name: lay(below, behind) for name, below in inner(step)}
            stops[step.id] = Stop(step=step, path=places[step.id], ways={"next": behind, **ways})
        return steps[0].id if steps else after

    first = lay(definition.steps, END)
    return Flow(definition=definition, first=first, stops={name: stops[name] for name in places})
