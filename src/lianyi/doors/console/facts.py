"""Small facts that several pages ask for (tags and their counts, channels), worked out once for each state of the
tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

from django.utils import translation

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


@once_per_state
def tags_known(ws: Workspace) -> Sequence[Mapping[str, Any]]:
    """All tags with their names, sources, rules and how many people have them, most first (rows of table `tags`)."""
    return ws.rows("SELECT * FROM tags ORDER BY people DESC, tag") if "tags" in ws.states() else []


def tag_counts(ws: Workspace) -> Mapping[str, int]:
    """How many people have each tag, most first; tags that nobody has are left out."""
    counts: dict[str, int] = {}
    for row in tags_known(ws):
        if row["people"]:
            counts[row["tag"]] = counts.get(row["tag"], 0) + row["people"]
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def tag_titles(ws: Workspace) -> Mapping[str, str]:
    """Tag → what it is called in the language of the page."""
    language = "zh" if (translation.get_language() or "").startswith("zh") else "en"
    return {row["tag"]: row[language] for row in tags_known(ws)}


@once_per_state
def stages_known(ws: Workspace) -> Sequence[Mapping[str, Any]]:
    """The stages with their names, in their order (rows of table `stage_ways`)."""
    return ws.rows("SELECT * FROM stage_ways ORDER BY place") if "stage_ways" in ws.states() else []


def stage_titles(ws: Workspace) -> Mapping[str, str]:
    """Stage → what it is called in the language of the page."""
    language = "zh" if (translation.get_language() or "").startswith("zh") else "en"
    return {row["stage"]: row[language] for row in stages_known(ws)}


@once_per_state
def channels(ws: Workspace) -> tuple[str, ...]:
    """The channels on which people were seen."""
    found = ws.rows("SELECT DISTINCT unnest(channels) AS channel FROM people ORDER BY channel")
    return tuple(row["channel"] for row in found if row["channel"])


@once_per_state
def sources(ws: Workspace) -> list[dict[str, Any]]:
    """Each source with its events, first and last day, as the table `daily` knows them."""
    if "daily" not in ws.states():
        return []
    return ws.rows(
        "SELECT source, CAST(sum(events) AS BIGINT) AS events, min(day) AS first, max(day) AS last FROM daily "
        "GROUP BY source ORDER BY last DESC, events DESC",
    )
