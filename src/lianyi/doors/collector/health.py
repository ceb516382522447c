"""Is the server well? Reasons in words, for people and for load balancers."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lianyi.errors import InboxFailed, InboxFull
from lianyi.memory.inbox import Inbox

log = logging.getLogger(__name__)

# Events that wait longer than this show that landing does not work or can't keep up.
SEE = "; see the server's log"
LATE = timedelta(minutes=2)


class Health:
    """What is known of inbox, worker and write keys. Strangers may ask: where things lie on the disk goes to the
    server's log only."""

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
        self._said = ""

    def look(self, now: datetime) -> tuple[int, dict[str, Any]]:
        """HTTP status and body. 200 `good` or `odd` (events are taken, something needs a look), 503 `bad`."""
        try:
            waiting = self._inbox.waiting()
        except (InboxFailed, InboxFull) as error:
            self._say(str(error))
            return 503, {"status": "bad", "reasons": ["the inbox can't be read" + SEE]}
        bad = ["events can't be kept" + SEE] if self.inbox_problem else []
        if not os.access(self._inbox.path, os.W_OK):
            self._say(f"{self._inbox.path} can't be written")
            bad.append("the inbox can't be written" + SEE)
        worker, keys = self._worker_problem(), self._keys_problem()
        odd = [problem for problem in (worker, keys and "write keys can't be read" + SEE) if problem]
        if waiting.since is not None and now - waiting.since > LATE:
            odd.append(f"events wait since {waiting.since:%Y-%m-%d %H:%M:%S} UTC; see the worker's log")
        status = "bad" if bad else "odd" if odd else "good"
        body = {"status": status, "reasons": [*bad, *odd], "waiting": waiting.events}
        return (503 if bad else 200), body

    def _say(self, problem: str) -> None:
        """Into the log, once: /health is asked every few seconds."""
        if problem != self._said:
            log.warning(problem, extra={"action": "health"})
            self._said = problem
