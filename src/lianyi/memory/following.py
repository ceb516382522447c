"""Following the log: which files hold what was landed since somebody last looked.

Only landings count; a compaction or an erasure rewrites events that were there before. The log's own journal tells it
for about an hour; who has slept longer is told so and must look at everything once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from lianyi.memory.lake import Lake


@dataclass(frozen=True, kw_only=True)
class News:
    """What was landed after a version of the log.

    version: look from here next time. files: absolute paths of Parquet files all of whose events are news, oldest
    first. complete: False where the journal no longer reaches back so far, or a file is gone already: `files` are then
    empty, and whoever follows must work everything out anew.
    """

    version: int
    files: tuple[str, ...]
    complete: bool = True


def news(lake: Lake, since: int | None) -> News:
    """What was landed after version `since`. None asks where to begin: nothing is told, and it is not complete."""
    newest = lake.version()
    if since is None or since > newest:  # a version that is not there yet: another log lies here now
        return News(version=newest, files=(), complete=False)
    files: list[str] = []
    for version in range(since + 1, newest + 1):
        added = _added(lake.path, version)
        if added is None:
            return News(version=newest, files=(), complete=False)
        files += added
    if not all(Path(file).exists() for file in files):
        return News(version=newest, files=(), complete=False)
    return News(version=newest, files=tuple(files))


def _added(folder: Path, version: int) -> list[str] | None:
    """Files that this commit added with events of their own; None where the journal has forgotten it."""
    try:
        lines = (folder / "_delta_log" / f"{version:020d}.json").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    actions = (json.loads(line).get("add") for line in lines if line)
    return [str(folder / action["path"]) for action in actions if action and action["dataChange"]]
