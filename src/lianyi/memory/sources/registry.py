"""Which sources there are: whatever the folders beside this file declare."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from lianyi.errors import NotFound
from lianyi.memory.sources.source import Source


@cache
def sources() -> Mapping[str, Source]:
    """All sources by name, in alphabetical order. Two sources of one name are a mistake of ours: ValueError."""
    package = importlib.import_module("lianyi.memory.sources")
    found: dict[str, Source] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if not info.ispkg:
            continue
        module = importlib.import_module(f"lianyi.memory.sources.{info.name}")
        for source in getattr(module, "SOURCES", ()):
            if source.name in found:
                raise ValueError(f"two sources are called {source.name}; the second is in {module.__name__}")
            found[source.name] = source
    return dict(sorted(found.items()))


def source_named(name: str) -> Source:
    """The source of that name; NotFound lists what there is."""
    try:
        return sources()[name]
    except KeyError:
        raise NotFound(f"no format {name!r}; there are {', '.join(sources())}") from None
