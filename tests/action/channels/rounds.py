"""The worker's rounds of channels that read, and what landed of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lianyi.action.channels.models import Account
from lianyi.action.channels.rounds import Returns
from lianyi.memory.draining import land
from lianyi.workspace import Workspace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read_all(workspace: Workspace, rounds: int = 1) -> None:
    """The worker's rounds, each when it is due."""
    for _round in range(rounds):
        Account.objects.update(read_next_at=NOW)
        Returns().work(workspace, datetime.now(UTC), lambda: False)


def landed(workspace: Workspace) -> list[dict[str, Any]]:
    """All events, after what waits has landed."""
    while land(workspace.inbox, workspace.lake, datetime.now(UTC)).events:
        pass
    query = "SELECT * FROM events ORDER BY id"
    return list(workspace.sql(query).to_arrow_table().to_pylist())


def workspace_in(folder: Path) -> Workspace:
    """A whole workspace in the place of the empty folder."""
    folder.rmdir()
    return Workspace.create(folder)
