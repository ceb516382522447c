"""The ways in and out of a workspace: the collector, files, and every account at a platform, with their state.

Nothing of the log is read: what is shown lies in small files, in the operational database and in the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from django.conf import settings as django_settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from lianyi.action.channels import accounts, checking, heard
from lianyi.action.channels.faults import TITLES
from lianyi.action.channels.kinds import Finding, Kind, kind_of
from lianyi.action.channels.models import Account
from lianyi.action.connectors import intake
from lianyi.action.work.models import Job
from lianyi.errors import NotFound
from lianyi.workspace import Workspace

COLLECTOR, FILES = "own:collector", "own:files"


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way. name: by which a self-check is asked for; those that begin with own: are ours, the others are accounts.
    state: new, working, failing or off. last_in, last_out: when something came or went by it last, None = never. lag:
    seconds by which what came in waits to be kept, None where nobody can know. errors: what is wrong now, in words.
    found: the last self-check, None = never checked."""

    name: str
    title: str | Promise
    direction: Literal["in", "out", "both"]
    state: str
    last_in: datetime | None = None
    last_out: datetime | None = None
    lag: float | None = None
    errors: tuple[str, ...] = ()
    checked_at: datetime | None = None
    found: Sequence[Finding] | None = None
    kind: Kind | None = field(default=None, compare=False)

    @property
    def broken(self) -> list[Finding]:
        """What the last self-check found wrong."""
        return [one for one in self.found or () if one.ok is False]

    def setting_title(self, finding: Finding) -> str:
        """What the setting of a finding is called; "" where it names none."""
        if not finding.setting:
            return ""
        return checking.setting_title(self.kind, finding) if self.kind else str(TITLES[finding.setting])

    def data(self) -> dict[str, Any]:
        """For API and command line."""
        found = None if self.found is None else [one.data() for one in self.found]
        return {
            "name": self.name, "title": str(self.title), "direction": self.direction, "state": self.state,
            "last_in": self.last_in, "last_out": self.last_out, "lag_seconds": self.lag, "errors": list(self.errors),
            "broken": [one.setting or one.step for one in self.broken], "checked_at": self.checked_at, "check": found,
        }  # fmt: skip


def ways(workspace: Workspace, *, now: datetime) -> list[Way]:
    """All of them, ours first, then accounts by name."""
    return [_collector(workspace, now), _files(workspace), *(_account(one, now) for one in Account.objects.all())]


def way(workspace: Workspace, name: str, *, now: datetime) -> Way:
    """One of them; NotFound lists what there is."""
    return named(ways(workspace, now=now), name)


def named(some: Sequence[Way], name: str) -> Way:
    """That of a name; NotFound lists what there is."""
    found = {one.name: one for one in some}
    if name not in found:
        raise NotFound(f"no way in or out {name!r}; there are {', '.join(found)}")
    return found[name]


def _collector(workspace: Workspace, now: datetime) -> Way:
    waiting, done = workspace.inbox.waiting(), workspace.inbox.done()
    lag = (now - waiting.since).total_seconds() if waiting.since else 0.0
    at, found = intake.kept(workspace.folder, COLLECTOR)
    errors = (_("Events wait to be kept; is lianyi serve running?"),) if lag > intake.LATE_SECONDS else ()
    return Way(
        name=COLLECTOR, title=_("Collector (sites, apps, servers)"), direction="in", lag=lag,
        state=_state(found, wrong=bool(errors), heard=done.landed_at is not None), last_in=done.landed_at,
        errors=errors, checked_at=at, found=found,
    )  # fmt: skip


def _files(workspace: Workspace) -> Way:
    jobs = Job.objects.filter(kind="import")
    done = jobs.filter(state=Job.State.DONE).order_by("-ended_at").values_list("ended_at", flat=True).first()
    failed = jobs.filter(state=Job.State.FAILED).order_by("-ended_at").values_list("ended_at", "error").first()
    wrong = bool(failed and failed[0] and (done is None or failed[0] > done))
    at, found = intake.kept(workspace.folder, FILES)
    errors = (str(failed[1])[:300],) if failed and wrong else ()
    return Way(
        name=FILES, title=_("Files"), direction="in", state=_state(found, wrong=wrong, heard=done is not None),
        last_in=done, errors=errors, checked_at=at, found=found,
    )  # fmt: skip


def _state(found: Sequence[Finding] | None, *, wrong: bool, heard: bool) -> str:
    if wrong or any(one.ok is False for one in found or ()):
        return "failing"
    return "working" if heard else "new"


def _account(account: Account, now: datetime) -> Way:
    kind, folder = kind_of(account.kind), Path(django_settings.WORKSPACE)
    listening, comparing = accounts.listening(account), accounts.comparing(account)
    last_in = _last_in(heard.read(folder, account.name), listening, comparing)
    errors = [said["error_says"] for said in (listening, comparing) if said and said["error"]]
    if account.failed_at and (account.heard_at is None or account.failed_at > account.heard_at):
        errors.append(account.failure)
    into = listening is not None or comparing is not None or last_in is not None or account.read_next_at is not None
    return Way(
        name=account.name, title=kind.title, kind=kind, direction="both" if into else "out",
        state=accounts.state(account, now), last_in=last_in, last_out=account.heard_at, lag=_lag(listening, now),
        errors=tuple(errors), checked_at=account.checked_at, found=accounts.check_of(account),
    )  # fmt: skip


def _last_in(
    called: Mapping[str, Any], listening: Mapping[str, Any] | None, comparing: Mapping[str, Any] | None
) -> datetime | None:
    """The last callback, the newest thing read in a room, or the end of the last comparison with the lists."""
    times = [datetime.fromisoformat(said) for said in (called.get("at"), (comparing or {}).get("ended")) if said]
    rooms = (listening or {}).get("rooms", ())
    times += [datetime.fromtimestamp(room["last_event"] / 1000, UTC) for room in rooms if room["last_event"]]
    return max(times, default=None)


def _lag(listening: Mapping[str, Any] | None, now: datetime) -> float | None:
    """Of an account that reads: seconds since it was last read through."""
    if listening is None or not listening["last_read"]:
        return None
    return max(0.0, (now - datetime.fromisoformat(listening["last_read"])).total_seconds())
