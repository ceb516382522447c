"""A backup of a workspace, made while it is served: the log, what waits in the inbox, the operational database, files
of rules and people. What can be derived is left out; keys go in under a passphrase only.

The order is what makes it whole. While nobody may write to the log (a second or so; events are taken in meanwhile) the
list of its files, the ids seen, the inbox and the operational database are copied. The log's data files are never
changed, and while they are copied nobody merges or erases, so that each is still there. What is in both inbox and log
is known by its transaction and landed once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lianyi.doors import operational, postgres_dump
from lianyi.doors.sealing import sealed
from lianyi.errors import InputError, NotFound
from lianyi.memory.datafile import sync
from lianyi.memory.erased import LAST, Erasures
from lianyi.memory.lake import Lake

MANIFEST = "manifest.json"
DATA = "workspace"
KEYS = "keys.sealed"
DUMP = "operational.dump"
# Made anew from the rest, or of this machine and moment only.
DERIVED = {"tables", "cache", "spill", "lake", "index", "inbox", LAST, "first-run.code"}
SECRET = {"secret.key", "channels.key", "links.key"}


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds. files: path → SHA-256; keys: whether it holds the keys; at: from when (what was acknowledged
    before is in it)."""

    at: datetime
    version: str
    brand: str
    events: int
    waiting: int
    bytes: int
    database: str
    keys: bool
    erased: str
    files: dict[str, str]


def back_up(folder: Path, place: Path, *, now: datetime, passphrase: str | None) -> tuple[Path, Manifest]:
    """Write a backup into a new folder below `place`; it bears its name once it is whole."""
    place = place.absolute()
    if place == folder.absolute() or folder.absolute() in place.parents:
        raise InputError(f"{place} lies in the workspace; a backup belongs elsewhere, best on another disk")
    target = place / f"{folder.absolute().name}-{now:%Y%m%dT%H%M%SZ}"
    if target.exists():
        raise InputError(f"{target} is there already; try again in a second")
    draft = target.with_name(target.name + ".part")
    if draft.exists():
        shutil.rmtree(draft)
    place.mkdir(parents=True, exist_ok=True)
    draft.mkdir(mode=0o700)  # the keys and, on PostgreSQL, all rows lie in it
    (draft / DATA).mkdir(mode=0o700)
    erasures = Erasures(folder)
    erasures.key()  # the hashes of erasures to come must be made by the key that this backup holds
    try:
        made = _copy(folder, draft, now=now, passphrase=passphrase, erased=erasures.name())
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)  # half a backup is none, and as large
        raise
    (draft / MANIFEST).write_text(_json(made), encoding="utf-8")
    for path in (draft / MANIFEST, draft):
        sync(path)
    draft.replace(target)
    sync(place)
    remember(folder, place, target, made)
    erasures.copy_beside_backups()
    return target, made


def _copy(folder: Path, draft: Path, *, now: datetime, passphrase: str | None, erased: str) -> Manifest:
    from lianyi import settings

    lake, data = Lake(folder), draft / DATA
    # Places up to which platforms were read come first: what is read twice is landed once, what is skipped is lost.
    _copy_others(folder, data)
    with lake.merging():
        with lake.lock():
            files = lake.data_files()
            shutil.copytree(lake.path / "_delta_log", data / "lake" / "_delta_log")
            if files:
                lake.seen()  # completes it
            if (folder / "index").exists():
                shutil.copytree(folder / "index", data / "index")
            _copy_sqlite(folder / "inbox" / "inbox.sqlite3", data / "inbox" / "inbox.sqlite3")
            _copy_sqlite(folder / "ops.sqlite3", data / "ops.sqlite3")
            if operational.address():
                postgres_dump.dump(operational.address(), draft / DUMP)
        for file in files:
            shutil.copyfile(lake.path / file.path, data / "lake" / file.path)
    if passphrase:
        keys = {name: (folder / name).read_text("ascii") for name in SECRET if (folder / name).exists()}
        (draft / KEYS).write_bytes(sealed(json.dumps(keys).encode(), passphrase))
    copied = sorted(path for path in draft.rglob("*") if path.is_file())
    for path in copied:
        sync(path)
    return Manifest(
        at=now, version=version("lianyi"), brand=settings.read(folder).name, events=sum(file.rows for file in files),
        waiting=_waiting(data / "inbox" / "inbox.sqlite3"), bytes=sum(path.stat().st_size for path in copied),
        database="postgresql" if operational.address() else "sqlite", keys=passphrase is not None, erased=erased,
        files={str(path.relative_to(draft)): digest(path) for path in copied},
    )  # fmt: skip


def _copy_others(folder: Path, data: Path) -> None:
    for path in _others(folder):
        into = data / path.relative_to(folder)
        into.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, into)
        except FileNotFoundError:
            into.unlink(missing_ok=True)  # finished with meanwhile: a file of an import, a mail


def _others(folder: Path) -> Iterator[Path]:
    """The other files of a workspace that nothing else could make again."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if parts[0] in DERIVED | SECRET or parts[0].startswith("ops.sqlite3") or not path.is_file():
            continue
        if path.suffix not in {".lock", ".new"} and not path.is_symlink():
            yield path


def _copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a database that others write to; nothing where there is none."""
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _waiting(inbox: Path) -> int:
    if not inbox.exists():
        return 0
    with closing(sqlite3.connect(inbox)) as connection:
        return int(connection.execute("SELECT coalesce(sum(events), 0) FROM parcel").fetchone()[0])


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(manifest: Manifest) -> str:
    return json.dumps({**asdict(manifest), "at": manifest.at.isoformat()}, indent=1, ensure_ascii=False)


def remember(folder: Path, place: Path, target: Path, manifest: Manifest) -> None:
    """Write down in the workspace that there is a backup, and where."""
    before = last(folder) or {}
    places = [*dict.fromkeys([*before.get("places", [before["place"]] if before else []), str(place)])]
    said: dict[str, Any] = {**json.loads(_json(manifest)), "place": str(place), "places": places, "name": target.name}
    del said["files"]
    draft = folder / (LAST + ".new")
    draft.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    os.replace(draft, folder / LAST)  # noqa: PTH105


def last(folder: Path) -> dict[str, Any] | None:
    """What is known of the last backup of a workspace: at, place, name, events, bytes …, and places, of all backups;
    None where none was made."""
    path = folder / LAST
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {**found, "at": datetime.fromisoformat(found["at"])}


def checked(backup: Path) -> Manifest:
    """The manifest of a backup each file of which is as it was written; InputError names what is not."""
    try:
        said = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(f"{backup} is no whole backup: it has no {MANIFEST}") from error
    except ValueError as error:
        raise InputError(f"{backup / MANIFEST} can't be read: {error}; use another backup") from error
    try:
        manifest = Manifest(**{**said, "at": datetime.fromisoformat(said["at"])})
        _plain(backup, manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{backup / MANIFEST} is not one of this program: {error}; use another backup") from error
    for name, wanted in manifest.files.items():
        path = backup / name
        if not path.exists():
            raise InputError(f"{path} is missing; use another backup")
        if digest(path) != wanted:
            raise InputError(f"{path} is not as it was written; use another backup")
    return manifest


def _plain(backup: Path, manifest: Manifest) -> None:
    """Nothing but the files of the manifest, by names that lead nowhere else."""
    there = list(backup.rglob("*"))
    if links := [path for path in there if path.is_symlink()]:
        raise InputError(f"{links[0]} leads elsewhere; a backup holds no links")
    files = {str(path.relative_to(backup)) for path in there if path.is_file()}
    if more := sorted(files - {MANIFEST} - manifest.files.keys()):
        raise InputError(f"{backup / more[0]} is not of this backup; use another one")
    if odd := [name for name in manifest.files if Path(name).is_absolute() or ".." in Path(name).parts]:
        raise InputError(f"{MANIFEST}: {odd[0]!r} lies outside of the backup; use another one")
    if keys := [name for name in sorted(files) if Path(name).name in SECRET and Path(name).parent == Path(DATA)]:
        raise InputError(f"{backup / keys[0]}: keys lie in a backup sealed only; use another one")
    if Path(manifest.erased).name != manifest.erased:
        raise InputError(f"{MANIFEST}: {manifest.erased!r} is no name of a list; use another backup")
