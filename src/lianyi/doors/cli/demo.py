"""`lianyi demo`: a brand from the simulated world, with its truth beside it where insight can't read it."""

from __future__ import annotations

import os
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from lianyi.doors.cli import examples
from lianyi.doors.cli.output import ProgressLine, say
from lianyi.settings import Settings
from lianyi.workspace import Workspace

OWNER = "demo"
PASSWORD = "ripple-demo"  # noqa: S105  known to all: good for this machine only
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def build(folder: Path, *, people: int, seed: int) -> None:
    """Make the demo workspace, or say that it is there already."""
    if (folder / "lianyi.toml").exists():
        say(f"{folder} is there already; remove the folder for a new demo brand")
        return
    from lianyi import world
    from lianyi.world.brand import BRANDS

    began = time.perf_counter()
    line = ProgressLine()
    now = datetime.now(UTC)
    life = world.generate(world.WorldSettings.ending(now, people=people, seed=seed, told=True))
    ws = Workspace.create(folder, Settings(name=BRANDS[life.settings.brand].zh))
    with ws.lake.landing(received_at=now, transaction=("demo", 1)) as landing:
        for table in life.events():
            landing.add(table)
            line.show(f"people talk, share and buy … {landing.landed.new:,} events")
    world.write_truth(life.truth(), folder.with_name(folder.name + ".truth"))
    _owner(folder)
    examples.price_book(ws, by=OWNER)
    # The world ends at midnight; a day that has hardly begun would look like a collapse in every chart.
    ws.refresh(
        as_of=life.settings.end - timedelta(seconds=1),
        progress=lambda progress: line.show(f"[{progress.done + 1}/{progress.total}] {progress.table}"),
    )
    line.end()
    examples.make(ws, by=OWNER, now=now)
    seconds = time.perf_counter() - began
    say(f"demo brand of {people:,} people and {ws.lake.rows():,} events in {seconds:.1f} s at {folder}")
    seen = ws.states()["people"].rows
    say(f"people in its log: {seen:,} (somebody seen under keys that nothing joins counts more than once)")


def announce(folder: Path, *, host: str, port: int) -> None:
    """Print the address and the login."""
    set_password(folder, password := password_for(host))
    say("")
    say(f"  console   http://{host}:{port}/")
    say(f"  login     {OWNER} / {password}")
    say(f"  folder    {folder}   (stop with Ctrl-C; start again with: {_program()} -w {folder} serve)")
    say("")


def _program() -> str:
    """`lianyi` as it was called, which in a virtual environment has a path."""
    return sys.argv[0] if Path(sys.argv[0]).name == "lianyi" else "lianyi"


def serve_anew(folder: Path, *, host: str, port: int) -> NoReturn:
    """Become `lianyi serve`: building took 200 MB of libraries and memory that a server does not need."""
    sys.stderr.flush()
    command = ["-m", "lianyi.doors.cli", "-w", str(folder), "serve", "--host", host, "--port", str(port)]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606  no shell is wanted


def password_for(host: str) -> str:
    """The known password where only this machine can reach the server, a random one elsewhere."""
    return PASSWORD if host in LOOPBACK else secrets.token_urlsafe(12)


def set_password(folder: Path, password: str) -> None:
    """Give the demo's owner this password; sessions opened with another one end."""
    from lianyi.doors.console.start import prepare

    prepare(folder)
    from lianyi.action.team.models import User

    for user in User.objects.filter(name=OWNER):
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])


def _owner(folder: Path) -> None:
    """The first user, so that nobody has to set up a demo."""
    from lianyi.doors.console.start import prepare

    prepare(folder)
    from lianyi.action.team.models import User

    User.objects.enrol(OWNER, role="owner", password=PASSWORD)
