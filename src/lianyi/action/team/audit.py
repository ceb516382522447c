"""Writing down who did what. One function, called by whatever changes something."""

from __future__ import annotations

import logging
from typing import Any

from lianyi.action.team.models import Act, User

log = logging.getLogger(__name__)


def note(by: User | str, what: str, on: str = "", **detail: Any) -> Act:
    """Keep one act. `what` is noun.verb such as `person.tag`; `detail` must be JSON and hold no secret."""
    name = by.name if isinstance(by, User) else by
    log.info("%s did %s on %s", name, what, on, extra={"action": what})
    return Act.objects.create(by=name, what=what, on=on[:200], detail=detail)
