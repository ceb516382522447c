"""What must be done once before the console can run: tables of ops.sqlite3, compiled catalogues, the first-run code."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


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


def first_run_code(folder: Path) -> str | None:
    """The code that a browser on another machine must show to become the owner; None once there is one.

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
