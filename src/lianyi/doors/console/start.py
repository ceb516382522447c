"""What must be done once before the console can run: tables of ops.sqlite3, compiled catalogues, the first-run code."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from pathlib import Path

log = logging.getLogger(__name__)


def prepare(folder: Path) -> None:
    """Set Django up for the workspace in `folder` and bring its tables and catalogues up to date. Call it once a
    process, before anything of Django is imported; other processes of the same server only need `configure`."""
    configure(folder)
    from lianyi.doors import schema
    from lianyi.doors.console import catalogues

    keep_to_oneself(folder)
    for name in ("staging", "cache"):
        (folder / name).mkdir(exist_ok=True)
    catalogues.compile_all(folder / "cache" / "locale")
    schema.bring_up_to_date(folder)


def keep_to_oneself(folder: Path) -> None:
    """Take the rights of other accounts of this machine away: a workspace is full of personal data, and whoever reads
    ops.sqlite3 has the sessions of all who are signed in. What this process makes from now on is ours alone as well."""
    os.umask(0o077)
    for path in (folder, *folder.glob("*.sqlite3*")):
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            path.chmod(mode & 0o700)


def configure(folder: Path) -> None:
    """Point Django at the workspace and set it up."""
    os.environ["LIANYI_WORKSPACE"] = str(folder.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lianyi.doors.console.settings")
    import django

    django.setup()
    # Scanners of the internet cause these by the thousand; the answer is a plain 400.
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)


def first_run_code(folder: Path) -> str | None:
    """The code that a browser must show to become the owner; None once there is one.

    Whoever can read the workspace folder or the server's terminal may know it, nobody else.
    """
    from lianyi.action.team.models import User

    path = folder / "first-run.code"
    if User.objects.exists():
        path.unlink(missing_ok=True)
        return None
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(8))
    return path.read_text(encoding="ascii").strip()


def say_first_run(folder: Path, address: str) -> None:
    """While there is no owner, say where one is made: with LIANYI_URL at that address, else at `address`."""
    code = first_run_code(folder)
    if code:
        at = os.environ.get("LIANYI_URL", "").rstrip("/") or address
        log.info("nobody is enrolled yet; make the owner at %s/start?code=%s", at, code, extra={"action": "first_run"})


def warm_up() -> threading.Thread:
    """Behind the server's back: do what only the first visitor would wait for."""
    thread = threading.Thread(target=_warm_up, name="console-warm-up", daemon=True)
    thread.start()
    return thread


def _warm_up() -> None:
    from django.db import connection

    from lianyi.doors.console.brand import workspace
    from lianyi.doors.console.facts import tags_known
    from lianyi.errors import LianyiError

    try:
        tags_known(workspace())
    except LianyiError as error:
        log.warning("the console can't show the workspace yet: %s", error, extra={"action": "console.cold"})
    finally:
        connection.close()
