"""Rules that the brand writes in the console: the file tags/console.yaml, checked as a whole before it is written."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml

from lianyi.errors import NotFound
from lianyi.insight.people.tags import read_rules, shipped_rules

FILE = "console.yaml"


def entries(folder: Path) -> list[dict[str, Any]]:
    """The entries written here, in the order of their making."""
    path = folder / "tags" / FILE
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8")) or [] if path.exists() else []
    return found


def put(folder: Path, entry: dict[str, Any]) -> None:
    """Add an entry or replace that of the same tag. BadRule or SensitiveTag says what is wrong; then nothing
    changes."""
    kept = [one for one in entries(folder) if one.get("tag") != entry["tag"]]
    _write(folder, [*kept, entry])


def off(folder: Path, tag: str) -> None:
    """Turn a shipped rule off. NotFound where none is shipped by that name."""
    if tag not in {rule.tag for rule in shipped_rules()}:
        raise NotFound(f"no rule {tag!r} is shipped with Lianyi; one of the brand's own is removed, not turned off")
    put(folder, {"tag": tag, "disabled": True})


def remove(folder: Path, tag: str) -> None:
    """Take an entry out: a rule of one's own is gone, a shipped one is as shipped again. NotFound where there is
    none."""
    if tag not in {entry.get("tag") for entry in entries(folder)}:
        raise NotFound(f"the brand has no rule {tag!r} of its own")
    _write(folder, [one for one in entries(folder) if one.get("tag") != tag])


def _write(folder: Path, all_entries: list[dict[str, Any]]) -> None:
    content = yaml.safe_dump(all_entries, allow_unicode=True, sort_keys=False, width=120)
    target = folder / "tags"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as trial:
        for path in target.glob("*.y*ml"):
            shutil.copy(path, trial)
        (Path(trial) / FILE).write_text(content, encoding="utf-8")
        read_rules(Path(trial))
    draft = target / (FILE + ".new")
    draft.write_text(content, encoding="utf-8")
    draft.replace(target / FILE)
