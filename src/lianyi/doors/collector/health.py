"""Is the server well? Reasons in words, for people and for load balancers."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lianyi.errors import InboxFailed, InboxFull
from lianyi.memory.inbox import Inbox

# Events that wait longer than this show that landing does not work or can't keep up.
LATE = timedelta(minutes=2)


class Health:
    """What is known of inbox, worker and write keys."""

    def __init__(
        self,
        inbox: Inbox,
        *,
        worker_problem: Callable[[], str | None] = lambda: None,
        keys_problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._inbox = inbox
        self._worker_problem = worker_problem
        self._keys_problem = keys_problem
        self.inbox_problem: str | None = None

    def look(self, now: datetime) -> tuple[int, dict[str, Any]]:
        """HTTP status and body. 200 `good` or `odd` (events are taken, something needs a look), 503 `bad`."""
        try:
            waiting = self._inbox.waiting()
        except (InboxFailed, InboxFull) as error:
            return 503, {"status": "bad", "reasons": [str(error)]}
        bad = [self.inbox_problem] if self.inbox_problem else []
        if not os.access(self._inbox.path, os.W_OK):
            bad.append(f"{self._inbox.path} can't be written")
        odd = [problem for problem in (self._worker_problem(), self._keys_problem()) if problem]
        if waiting.since is not None and now - waiting.since > LATE:
            odd.append(f"events wait since {waiting.since:%Y-%m-%d %H:%M:%S} UTC; see the worker's log")
        status = "bad" if bad else "odd" if odd else "good"
        body = {"status": status, "reasons": [*bad, *odd], "waiting": waiting.events}
        return (503 if bad else 200), body
