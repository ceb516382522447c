"""Small facts that several pages ask for (tags and their counts, channels), worked out once for each state of the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, TypeVar

from lianyi.workspace import Workspace

T = TypeVar("T")


def once_per_state(work: Callable[[Workspace], T]) -> Callable[[Workspace], T]:
    """Keep the answer until a refresh switches the tables. Holds the last few workspaces' answers."""

    @lru_cache(maxsize=4)
    def kept(ws: Workspace, _stamp: int) -> T:
        return work(ws)

    @wraps(work)
    def asked(ws: Workspace) -> T:
        return kept(ws, ws.store.stamp)

    return asked


def rows(ws: Workspace, query: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    found: list[dict[str, Any]] = ws.sql(query, values).to_arrow_table().to_pylist()
    return found


@once_per_state
def tag_counts(ws: Workspace) -> Mapping[str, int]:
    """How many people have each tag, most first."""
    if "person_tags" not in ws.states():
        return {}
    found = rows(ws, "SELECT tag, count(DISTINCT person_id) AS n FROM person_tags GROUP BY tag ORDER BY n DESC, tag")
    return {row["tag"]: row["n"] for row in found}


@once_per_state
def channels(ws: Workspace) -> tuple[str, ...]:
    """The channels on which people were seen."""
    found = rows(ws, "SELECT DISTINCT unnest(channels) AS channel FROM people ORDER BY channel")
    return tuple(row["channel"] for row in found if row["channel"])
