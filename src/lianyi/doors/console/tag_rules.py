"""The tag rules in force, read once for each state of the brand's tag files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lianyi.insight.people.tags import Rule, read_rules


def rules(folder: Path) -> tuple[Rule, ...]:
    """The rules in force: shipped ones and the brand's own. BadRule where a file of the brand can't be read."""
    files = sorted((folder / "tags").glob("*.y*ml"))
    return _read(folder / "tags", tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


@lru_cache(maxsize=4)
def _read(folder: Path, _files: tuple[tuple[str, int, int], ...]) -> tuple[Rule, ...]:
    return tuple(read_rules(folder))
