"""A workspace made from a backup: verified first, whole before it bears its name, with nobody in it who was erased
since, with its channels off, and sending nothing until somebody has looked at what waits."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lianyi.doors import operational, postgres_dump
from lianyi.doors.backup import DATA, DUMP, KEYS, SECRET, Manifest, checked, remember
from lianyi.doors.sealing import opened
from lianyi.errors import InputError, NotFound
from lianyi.memory.erased import LIST, Erasures, together

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore did. erased: people taken out again, who had been erased after the backup; landed: events that had
    waited in its inbox."""

    at: datetime
    events: int
    landed: int
    erased: int
    keys: bool


def restore(
    backup: Path, folder: Path, *, passphrase: str | None, without_keys: bool, by: str, erased: Path | None = None,
    say: Callable[[str], None] = lambda _text: None,
) -> Restored:  # fmt: skip
    """Make the workspace `folder`, which must not be there or be empty. erased: a newer list of erasures than the one
    beside the backup."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not an empty folder; move what is there away, or name a new one with -w DIR")
    say("verifying")
    manifest = checked(backup)
    _same_database(manifest)
    newest = erased or backup.parent / manifest.erased
    if not newest.exists():
        raise InputError(
            f"{newest} is missing: without the list of erasures people who were erased since would come back; copy it "
            "from where the backup lay, or from the workspace (erased.jsonl), and name it: --erased FILE"
        )
    keys = _keys(backup, manifest, passphrase=passphrase, without_keys=without_keys)
    draft = folder.with_name(folder.name + ".part")
    if draft.exists():
        shutil.rmtree(draft)
    say("copying")
    shutil.copytree(backup / DATA, draft, copy_function=shutil.copyfile)
    draft.chmod(0o700)
    for name, text in keys.items():
        handle = os.open(draft / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
    (draft / LIST).write_text(together(draft / LIST, newest), encoding="ascii")  # also those after the backup
    if manifest.database == "postgresql":
        postgres_dump.restore(operational.address(), backup / DUMP)
    done = _waken(draft, manifest, by=by, say=say)
    remember(draft, backup.absolute().parent, backup, manifest)  # erasures to come are told there too
    if folder.exists():
        folder.rmdir()
    draft.rename(folder)
    return done


def _same_database(manifest: Manifest) -> None:
    """A restore must not touch a database that has nothing to do with the backup."""
    if manifest.database == "postgresql" and not operational.address():
        raise InputError("this backup was made on PostgreSQL; set LIANYI_DATABASE to an empty database")
    if manifest.database != "postgresql" and operational.address():
        raise InputError(
            "this backup was made on SQLite and LIANYI_DATABASE names a PostgreSQL database, which it would change; "
            "unset LIANYI_DATABASE for the restore"
        )


def _keys(backup: Path, manifest: Manifest, *, passphrase: str | None, without_keys: bool) -> dict[str, str]:
    if without_keys or not manifest.keys:
        return {}
    if not passphrase:
        raise InputError("the backup's keys need its passphrase; or go on without them: --without-keys")
    found: dict[str, str] = json.loads(opened((backup / KEYS).read_bytes(), passphrase))
    if not found.keys() <= SECRET:
        raise InputError(f"{backup / KEYS} holds more than keys; use another backup")
    return found


def _waken(draft: Path, manifest: Manifest, *, by: str, say: Callable[[str], None]) -> Restored:
    """Bring the restored folder to life: nobody signed in, channels off, nothing sent, tables there, erased gone."""
    import lianyi
    from lianyi.doors.console.start import prepare
    from lianyi.memory.draining import land

    prepare(draft)
    from django.contrib.sessions.models import Session
    from django.db import connections

    from lianyi.action.channels.models import Account
    from lianyi.action.contacts import steering
    from lianyi.action.team import audit

    ws = lianyi.open(draft)
    now = ws.clock()
    Session.objects.all().delete()
    # A copy that is tried beside the original would take a bot's messages from it, and answer in its groups.
    Account.objects.update(is_on=False)
    steering.pause("all", by=by, now=now, why=f"restored from a backup of {manifest.at:%Y-%m-%d %H:%M} UTC")
    audit.note(by, "workspace.restore", "", backup=manifest.at.isoformat(), keys=manifest.keys)
    landed = 0
    while done := land(ws.inbox, ws.lake, now).events:
        landed += done
    gone = 0
    if ws.lake.rows():
        say("building tables")
        ws.refresh()
        gone = _erase_again(ws, manifest.at, say)
    ws.inbox.close()
    connections.close_all()
    return Restored(at=manifest.at, events=ws.lake.rows(), landed=landed, erased=gone, keys=manifest.keys)


def _erase_again(ws: Workspace, since: datetime, say: Callable[[str], None]) -> int:
    """Erase those whose erasure the backup does not know."""
    from lianyi.action import forgetting

    erasures = Erasures(ws.folder)
    wanted = erasures.since(since)
    if not wanted:
        return 0
    known = erasures.hashed(ws.sql("SELECT DISTINCT key FROM keys").to_arrow_table()["key"].to_pylist())
    gone = 0
    for one in sorted(wanted & set(known)):
        try:
            ws.person(known[one])
        except NotFound:
            continue  # went with another key of the same person
        say(f"erasing again ({gone + 1})")
        forgetting.erase(ws, known[one])
        gone += 1
    return gone
