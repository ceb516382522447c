"""What every command needs: the workspace, who acts, and what the console keeps (team, keys, plans, jobs)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


def workspace(ctx: click.Context) -> Workspace:
    """The workspace named with -w; NoWorkspace says how to make one."""
    import lianyi

    return lianyi.open(ctx.find_root().obj)


def backstage(ctx: click.Context) -> Workspace:
    """The workspace, with its operational database ready. Words are English, as everywhere on the command line; days
    and hours are the brand's.

    Nobody signs in here: who can read the folder can read all of it, so the rights of roles would be a show.
    """
    from lianyi.doors.console.start import prepare

    ws = workspace(ctx)
    prepare(ws.folder)
    from django.utils import timezone, translation

    translation.activate("en")
    timezone.activate(ZoneInfo(ws.settings.timezone))
    return ws


def user() -> str:
    """Who acts: the login name of this machine's user."""
    return f"user:{os.environ.get('USER') or os.environ.get('LOGNAME') or 'cli'}"


def log_act(what: str, on: str = "", **detail: object) -> None:
    """In the log of acts, as the other doors do. Only backstage."""
    from lianyi.action.team import audit

    audit.note(user(), what, on, **detail)
