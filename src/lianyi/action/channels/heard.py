"""When a platform last called an account, and why its last call was refused: what no self-check can ask.

One small file for each account, `callbacks/<account>.json` in the workspace. It holds nothing of any person. Read and
written without Django, because whoever takes callbacks must not wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lianyi.action.channels import state_file

FOLDER = "callbacks"


def read(folder: Path, account: str) -> Mapping[str, Any]:
    """at, skew (seconds by which the platform's clock is ahead), refused_at, step, why; empty where nobody called."""
    try:
        return state_file.read(folder / FOLDER / f"{account}.json")
    except ValueError:
        return {}


def note(folder: Path, account: str, *, now: datetime, said_at: str = "", step: str = "", why: str = "") -> None:
    """Write down a call that was taken, or with `step` one that was refused. said_at: the call's timestamp."""
    kept = dict(read(folder, account))
    if step:
        kept |= {"refused_at": now.isoformat(), "step": step, "why": why}
    else:
        kept["at"] = now.isoformat()
        if said_at.isascii() and said_at.isdigit() and len(said_at) <= len("9999999999"):
            kept["skew"] = round((datetime.fromtimestamp(int(said_at), UTC) - now).total_seconds())
    state_file.replace(folder / FOLDER / f"{account}.json", kept)
