"""Self-checks on demand: of one way, or of all at once within the time that the slowest is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lianyi.action.channels import checking as channels
from lianyi.action.channels.models import Account
from lianyi.action.connectors import intake
from lianyi.action.connectors.ways import COLLECTOR, FILES, Way, named, ways
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.workspace import Workspace

_OURS = {COLLECTOR: intake.collector, FILES: intake.files}


def check(workspace: Workspace, names: Sequence[str], *, by: User | str, now: datetime) -> list[Way]:
    """Check some ways, all of them where none is named; what was found is kept with its time. NotFound lists them."""
    there = ways(workspace, now=now)
    wanted = [named(there, name).name for name in names] or [one.name for one in there]
    for name in wanted:
        if name in _OURS:
            found = _OURS[name](workspace, now=now)
            intake.keep(workspace.folder, name, found, now=now)
            audit.note(by, "connector.check", name, ok=channels.worked(found))
    channels.check_all(list(Account.objects.filter(name__in=wanted)), by=by, now=now)
    return [one for one in ways(workspace, now=now) if one.name in wanted]
