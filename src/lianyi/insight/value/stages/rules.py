"""The stages of a brand: read from YAML, checked, with the shipped ones where the brand has none of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from lianyi.errors import BadRule
from lianyi.memory.events import KIND_PATTERN, KINDS

FILE = "stages.yaml"
ACTIVITY = "activity"
LAPSED = "lapsed"
MOST_STAGES = 12
MOST_DAYS = 400
_LINE = ("kinds", "received", "days", "after", "gap")
_STAGE = ("stage", "zh", "en", "when")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One way to reach a stage. kinds: of what the person did; received: of what was done to them; days: on so many
    different days; after, gap: only so many days after reaching that stage."""

    kinds: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    days: int = 1
    after: str = ""
    gap: int = 0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage: its name in tables and conditions, in both languages, and the lines of which one must hold."""

    stage: str
    zh: str
    en: str
    when: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The way: stages in their order, and the days of silence after which a person has dropped out."""

    stages: tuple[Stage, ...]
    silent: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(stage.stage for stage in self.stages)


def read_stages(folder: Path) -> Stages:
    """The stages of a workspace: its `stages.yaml`, or the shipped ones."""
    path = folder / FILE
    return parse_stages(path.read_text(encoding="utf-8"), origin=str(path)) if path.exists() else shipped()


@cache
def shipped() -> Stages:
    """AIDMA and after."""
    text = resources.files("lianyi.insight.value.stages").joinpath("shipped.yaml").read_text(encoding="utf-8")
    return parse_stages(text, origin="shipped")


def shipped_text() -> str:
    """The YAML of the shipped stages, to start from."""
    return resources.files("lianyi.insight.value.stages").joinpath("shipped.yaml").read_text(encoding="utf-8")


def parse_stages(text: str, *, origin: str) -> Stages:
    """Stages from YAML; BadRule says which stage and field is wrong and what is allowed."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadRule(f"{origin}: is not YAML: {error}") from error
    if not isinstance(found, dict) or set(found) - {"silent", "stages"} or not isinstance(found.get("stages"), list):
        raise BadRule(f"{origin}: must be a mapping of `silent` (days) and `stages` (a list)")
    silent = _number(origin, "silent", found.get("silent", 90), least=1)
    if not 2 <= len(found["stages"]) <= MOST_STAGES:
        raise BadRule(f"{origin}: has {len(found['stages'])} stages; 2 to {MOST_STAGES} are allowed")
    stages: list[Stage] = []
    for item in found["stages"]:
        stages.append(_stage(origin, item, [stage.stage for stage in stages]))
    return Stages(stages=tuple(stages), silent=silent)


def _stage(origin: str, item: Any, before: Sequence[str]) -> Stage:
    _fields(origin, "a stage", item, _STAGE)
    name = str(item.get("stage", ""))
    if not KIND_PATTERN.match(name) or name == LAPSED or name in before:
        raise BadRule(
            f"{origin}: stage {name!r} is no name; write small letters, digits and _, each once, and not {LAPSED!r}"
        )
    lines = item.get("when")
    if not isinstance(lines, list) or not lines:
        raise BadRule(f"{origin}: stage {name}: `when` is a list of lines such as {{kinds: [order]}}")
    when = tuple(_line(f"{origin}: stage {name}", line, before) for line in lines)
    return Stage(stage=name, zh=str(item.get("zh") or name), en=str(item.get("en") or name), when=when)


def _line(place: str, line: Any, before: Sequence[str]) -> Line:
    _fields(place, "a line", line, _LINE)
    kinds, received = (_kinds(place, line.get(name, [])) for name in ("kinds", "received"))
    if not kinds and not received:
        raise BadRule(f"{place}: a line needs `kinds` or `received`")
    if ACTIVITY in received:
        raise BadRule(f"{place}: {ACTIVITY} is what a person does; under `received` name kinds")
    after = str(line.get("after", ""))
    if after and after not in before:
        raise BadRule(f"{place}: `after` names {after!r}; it must be a stage before this one: {', '.join(before)}")
    gap = _number(place, "gap", line.get("gap", 0), least=0)
    if gap and not after:
        raise BadRule(f"{place}: `gap` counts days after a stage; name it under `after`")
    return Line(kinds=kinds, received=received, days=_number(place, "days", line.get("days", 1), least=1),
                after=after, gap=gap)  # fmt: skip


def _fields(place: str, what: str, item: Any, allowed: Sequence[str]) -> None:
    if not isinstance(item, Mapping):
        raise BadRule(f"{place}: {what} is a mapping with {', '.join(allowed)}, not {item!r}")
    unknown = [name for name in item if name not in allowed]
    if unknown:
        raise BadRule(f"{place}: {what} has no field {unknown[0]!r}; there are {', '.join(allowed)}")


def _kinds(place: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadRule(f"{place}: kinds are a list such as [cart, order], not {values!r}")
    for value in values:
        if not KIND_PATTERN.match(value):
            raise BadRule(f"{place}: {value!r} is no kind; there are {ACTIVITY}, {', '.join(KINDS)}")
    return tuple(values)


def _number(place: str, name: str, value: Any, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MOST_DAYS:
        raise BadRule(f"{place}: {name} is {value!r}; a whole number from {least} to {MOST_DAYS} is allowed")
    return value
