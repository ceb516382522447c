"""Self-checks of the ways in that are ours: the collector and files. What they found is kept with its time in
`connectors/<name>.json` of the workspace; it holds nothing of any person."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from django.conf import settings as django_settings
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import state_file
from lianyi.action.channels.callbacks import NO_PUBLIC_URL, UNREACHED
from lianyi.action.channels.faults import Fault
from lianyi.action.channels.kinds import Finding
from lianyi.action.team.models import WriteKey
from lianyi.action.work.models import Job
from lianyi.memory import rejected
from lianyi.workspace import Workspace

FOLDER = "connectors"
LATE_SECONDS = 120.0
LEAST_FREE = 1_000_000_000
LATELY = timedelta(days=7)
SECONDS = 10.0
OK = 200
NO_KEY = Fault(
    setting="write_keys", says=_("There is no write key, so that no site or server can send events."),
    mend=_("Settings → Write keys: make one, and give it to the site."), certain=False,
)  # fmt: skip
LATE = Fault(
    setting="worker",
    says=_("{n} events have waited for {seconds} seconds to be kept."),
    mend=_("Is lianyi serve running? Its log says why they can't be kept; lianyi doctor looks at log and disk."),
)
ODD = Fault(
    setting="worker",
    says=_("The server at {url} says that it is not well: {error}."),
    mend=_("Look at the server's log; lianyi doctor names what is wrong."),
)
NOT_OURS = Fault(
    setting="public_url",
    says=_("At {url} no collector of Lianyi answers (HTTP {error})."),
    mend=_("Let the proxy lead to lianyi serve, or set LIANYI_URL to the address of this server."),
)
FULL = Fault(
    setting="disk",
    says=_("Only {free} GB are free on the disk of the workspace."),
    mend=_("Free some space, or move the workspace's folder to a larger disk."),
)
UNUSED = Fault(
    setting="rows",
    says=_("{n} rows or events of the last 7 days could not be used."),
    mend=_("Data → What could not be used: each row says why. Mend the file and add it again."),
)
UNREAD = Fault(
    setting="rows",
    says=_("The last file could not be imported: {error}."),
    mend=_("Data → Latest work → the import: mend the file or its mapping and import it again."),
)


def kept(folder: Path, name: str) -> tuple[datetime | None, list[Finding] | None]:
    """When a way of ours was checked last, and what was found; None, None where it never was."""
    said = state_file.read(_path(folder, name))
    if not said:
        return None, None
    return datetime.fromisoformat(said["at"]), [Finding(**one) for one in said["found"]]


def keep(folder: Path, name: str, found: Sequence[Finding], *, now: datetime) -> None:
    """Write down what a check found."""
    data = {"at": now.isoformat(), "found": [asdict(one) for one in found]}
    state_file.replace(_path(folder, name), data)


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name.removeprefix('own:')}.json"


def collector(workspace: Workspace, *, now: datetime) -> list[Finding]:
    """Is there a key, does the public address lead to us, is what came in kept, is there room, was it usable."""
    has_key = WriteKey.objects.filter(revoked_at=None).exists()
    return [
        _right("keys", _("There are write keys.")) if has_key else NO_KEY.finding("keys", {}),
        _answers(), _keeps(workspace, now), _room(workspace.folder),
        _usable(workspace.folder, now, collected=True),
    ]  # fmt: skip


def files(workspace: Workspace, *, now: datetime) -> list[Finding]:
    """Was the last import carried out, were its rows usable, is there room for the next."""
    last = Job.objects.filter(kind="import", state__in=(Job.State.DONE, Job.State.FAILED)).order_by("-ended_at").first()
    found = [_room(workspace.folder), _usable(workspace.folder, now, collected=False)]
    if last is not None and last.state == Job.State.FAILED:
        found.append(UNREAD.finding("import", {"error": last.error[:200]}))
    return found


def _right(step: str, says: str, **values: str) -> Finding:
    return Finding(step=step, ok=True, says=says, values=values)


def _answers() -> Finding:
    base = django_settings.PUBLIC_URL
    if not base:
        return NO_PUBLIC_URL.finding("public_url", {"url": "https://YOUR-SERVER/health"})
    url = f"{base}/health"
    try:
        answer = httpx.get(url, timeout=SECONDS, follow_redirects=False)
        said = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return UNREACHED.finding("public_url", {"url": url, "error": str(error) or type(error).__name__})
    except ValueError:
        said = None
    if not isinstance(said, dict) or "status" not in said:
        return NOT_OURS.finding("public_url", {"url": url, "error": str(answer.status_code)})
    if said["status"] != "good":
        return ODD.finding("public_url", {"url": url, "error": "; ".join(map(str, said.get("reasons", ())))[:300]})
    return _right("public_url", _("The collector answers at {url}."), url=base)


def _keeps(workspace: Workspace, now: datetime) -> Finding:
    waiting = workspace.inbox.waiting()
    late = (now - waiting.since).total_seconds() if waiting.since else 0.0
    if late > LATE_SECONDS:
        return LATE.finding("worker", {"n": str(waiting.events), "seconds": str(round(late))})
    return _right("worker", _("What came in is kept; {n} events wait."), n=str(waiting.events))


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    values = {"free": f"{free / 1e9:.1f}"}
    if free < LEAST_FREE:
        return FULL.finding("disk", values)
    return _right("disk", _("{free} GB are free on the disk."), **values)


def _usable(folder: Path, now: datetime, *, collected: bool) -> Finding:
    """Events of the collector are kept in `inbox-….jsonl`, rows of files in tables."""
    lately = [one for one in rejected.files(folder) if now - one.at < LATELY]
    rows = sum(one.rows for one in lately if one.name.startswith("inbox-") is collected)
    if rows:
        return UNUSED.finding("rows", {"n": str(rows)})
    return _right("rows", _("Everything of the last 7 days could be used."))
