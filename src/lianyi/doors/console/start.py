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
    process,
    before anything of Django is imported; other processes of the same server only need `configure`."""
    configure(folder)
    from django.core.management import call_command

    from lianyi.doors.console import catalogues

    for name in ("staging", "cache"):
        (folder / name).mkdir(exist_ok=True)
    catalogues.compile_all(folder / "cache" / "locale")
    call_command("migrate", interactive=False, verbosity=0)


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


def warm_up(folder: Path) -> threading.Thread:
    """Behind the server's back: say how to make the owner, and do what only the first visitor would wait for."""
    thread = threading.Thread(target=_warm_up, args=(folder,), name="console-warm-up", daemon=True)
    thread.start()
    return thread


def _warm_up(folder: Path) -> None:
    from django.db import connection

    from lianyi.doors.console.brand import workspace
    from lianyi.doors.console.facts import tags_known
    from lianyi.errors import LianyiError

    try:
        code = first_run_code(folder)
        if code:
            log.info(
                "nobody is enrolled; make the owner at %s/start?code=%s",
                os.environ.get("LIANYI_URL", "").rstrip("/") or os.environ.get("LIANYI_AT", ""),
                code,
                extra={"action": "first_run"},
            )
        tags_known(workspace())
    except LianyiError as error:
        log.warning("the console can't show the workspace yet: %s", error, extra={"action": "console.cold"})
    finally:
        connection.close()
