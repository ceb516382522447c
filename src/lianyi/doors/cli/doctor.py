"""`lianyi doctor`: what is wrong with a workspace, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from lianyi import settings
from lianyi.errors import LianyiError

Finding = dict[str, str]


def examine(folder: Path) -> list[Finding]:
    """One finding per check: check, state (good / odd / bad), what was found, what to do."""
    if not (folder / settings.FILE_NAME).exists():
        return [_finding("workspace", "bad", f"no workspace at {folder}", f"lianyi -w {folder} new")]
    return [
        _run(check, folder) for check in (_settings, _disk, _log, _ids, _inbox, _tables, _rejects, _database, _backup)
    ]


def _run(check: Callable[[Path], Finding], folder: Path) -> Finding:
    name = check.__name__.strip("_")
    try:
        return check(folder)
    except (LianyiError, OSError, ValueError) as error:
        return _finding(name, "bad", str(error), "mend what is named, then run lianyi doctor again")


def _finding(check: str, state: str, what: str, do: str = "") -> Finding:
    return {"check": check, "state": state, "what": what, "do": do}


def _settings(folder: Path) -> Finding:
    read = settings.read(folder)
    return _finding("settings", "good", f"{read.name}, {read.currency}, {read.timezone}, {read.language}")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free / 1e9
    state = "good" if free > 5 else "odd" if free > 1 else "bad"
    return _finding(
        "disk", state, f"{free:.1f} GB free", "" if state == "good" else "free some space; a refresh may spill"
    )


def _log(folder: Path) -> Finding:
    from lianyi.memory.lake import Lake

    files = Lake(folder).data_files()
    missing = [file.path for file in files if not (folder / "lake" / file.path).exists()]
    if missing:
        return _finding("log", "bad", f"{len(missing)} files of the log are missing, e.g. {missing[0]}",
                        "put them back from a backup; without them these events are lost")  # fmt: skip
    rows, size = sum(file.rows for file in files), sum(file.size for file in files) / 1e6
    loose = sum(1 for file in files if file.rows < 100_000)
    state = "odd" if loose > 200 else "good"
    return _finding("log", state, f"{rows:,} events in {len(files)} files, {size:,.0f} MB",
                    "lianyi serve compacts in the background" if state == "odd" else "")  # fmt: skip


def _ids(folder: Path) -> Finding:
    from lianyi.memory.lake import Lake

    lake = Lake(folder)
    with lake.lock(wait=5):
        seen = lake.seen()
    state = "good" if len(seen) >= lake.rows() else "bad"
    mend = "" if state == "good" else f"delete {folder / 'index' / 'current.json'}; it is rebuilt"
    return _finding("ids", state, f"{len(seen):,} event ids known for {lake.rows():,} events", mend)


def _inbox(folder: Path) -> Finding:
    from lianyi.memory.inbox import Inbox

    if not (folder / "inbox").exists():
        return _finding("inbox", "good", "never used")
    waiting = Inbox(folder / "inbox").backlog()
    state = "good" if waiting < 1_000_000 else "odd"
    return _finding(
        "inbox", state, f"{waiting:,} events wait", "" if state == "good" else "start lianyi serve to land them"
    )


def _tables(folder: Path) -> Finding:
    import lianyi

    ws = lianyi.open(folder)
    if not ws.lake.files():
        return _finding("tables", "good", "no events yet", "lianyi add FILE")
    missing = [name for name in ws.tables() if name not in ws.states()]
    if missing:
        return _finding("tables", "odd", f"never built: {', '.join(missing)}", "lianyi refresh")
    return _finding("tables", "odd" if ws.stale() else "good", "older than the log" if ws.stale() else "up to date",
                    "lianyi refresh" if ws.stale() else "")  # fmt: skip


def _rejects(folder: Path) -> Finding:
    files = sorted((folder / "rejects").glob("*.csv"))
    if not files:
        return _finding("rejects", "good", "no rejected rows")
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    return _finding("rejects", "odd", f"{count} with rejected rows, newest {files[-1]}",
                    "mend the rows and add the file again")  # fmt: skip


def _database(folder: Path) -> Finding:
    """The operational database: reachable, as its migrations should have made it, none of them missing, guarded."""
    from django.db import Error

    from lianyi.doors import operational
    from lianyi.doors.console.start import configure

    if not operational.address() and not (folder / "ops.sqlite3").exists():
        return _finding("database", "good", "not there yet; made when it is first needed")
    configure(folder)
    try:
        return _compared()
    except Error as error:
        return _finding("database", "bad", str(error).strip(), "start the database, or mend LIANYI_DATABASE")


def _compared() -> Finding:
    """The database beside what this version expects."""
    from django.db import connection

    from lianyi.doors import schema

    wrong = {
        "it comes from a newer version: ": (schema.newer(), "install that version, or restore a backup from before"),
        "not there: ": (list(map(str, schema.lacking())), "back up, then lianyi doctor --mend"),
        "not known here, but each new row would have to fill them: ": (
            schema.surplus(), "restore a backup from before, or move the database away and set up anew",
        ),
        "rows that nobody may change are not guarded in: ": (schema.unguarded(), "restore a backup from before"),
    }  # fmt: skip
    for what, (names, do) in wrong.items():
        if names:
            return _finding("database", "bad", what + ", ".join(names), do)
    if waiting := schema.pending():
        return _finding("database", "odd", f"{len(waiting)} migrations wait", "start lianyi serve, which runs them")
    return _finding("database", "good", f"{connection.vendor}, as this version expects it")


def _backup(folder: Path) -> Finding:
    from datetime import UTC, datetime, timedelta

    from lianyi.doors.backup import last

    found = last(folder)
    if found is None:
        return _finding("backup", "odd", "never made", "lianyi backup PLACE, best on another disk and once a day")
    old = datetime.now(UTC) - found["at"] > timedelta(days=7)
    what = f"{found['at']:%Y-%m-%d %H:%M} UTC, {found['events']:,} events, {found['place']}"
    return _finding("backup", "odd" if old else "good", what, "lianyi backup PLACE" if old else "")


def mend(folder: Path) -> list[str]:
    """Mend what can be mended without losing anything: tables and columns that an earlier state of the program did not
    make, and missing migrations. What was made, in words."""
    from lianyi.doors import operational, schema
    from lianyi.doors.console.start import configure

    if not operational.address() and not (folder / "ops.sqlite3").exists():
        return []
    configure(folder)
    return [str(gap) for gap in schema.mend(folder)]
