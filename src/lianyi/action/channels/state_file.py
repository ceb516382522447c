"""Small JSON files in a workspace that say how an account stands: replaced whole, without Django."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any]:
    """What was written last; {} where nothing was."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found


def replace(path: Path, data: Mapping[str, Any]) -> None:
    """Durable when it returns; a crash leaves the former file whole."""
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
