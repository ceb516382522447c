"""The server: one process that takes events in and shows the console, and its worker process."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from lianyi import settings as settings_file
from lianyi.action.contacts.clicks import Seal
from lianyi.doors.collector.answers import App, Receive, Scope, Send
from lianyi.doors.collector.app import Collector, utc_now
from lianyi.doors.collector.callbacks import Callbacks
from lianyi.doors.collector.greeting import Greeter
from lianyi.doors.collector.health import Health
from lianyi.doors.collector.hooks import TableOfHooks
from lianyi.doors.collector.limits import limits_from
from lianyi.doors.collector.links import TableOfLinks
from lianyi.doors.collector.visits import Visits, issuing_of
from lianyi.doors.collector.writekeys import TableOfKeys
from lianyi.doors.logs import log_to_stderr
from lianyi.doors.supervisor import Supervisor
from lianyi.memory.inbox import Inbox

log = logging.getLogger("lianyi.serve")

GRACE_SECONDS = 20
# Open connections; further ones are told to come back. A browser keeps its own for five seconds.
CONNECTIONS = 4_000
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# The writer thread of the inbox needs the interpreter for a moment after each fsync; by default it might wait 5 ms.
SWITCH_SECONDS = 0.001
# A batch makes thousands of objects and no cycles; looking for cycles after every 700 would cost a tenth of all.
GARBAGE = (20_000, 20, 20)


def run(folder: Path, *, host: str = "127.0.0.1", port: int = 8765, console: bool = True) -> None:
    """Serve a workspace until SIGTERM or Ctrl-C: requests under way are finished, what came in is landed.

    console=False serves the collector only. Limits come from the environment, see doors.collector.limits.
    """
    import uvicorn

    os.umask(0o077)  # what is written is personal data
    folder = folder.absolute()
    if console:
        from lianyi.doors.console.start import prepare, say_first_run

        prepare(folder)
    log_to_stderr()  # after Django, which sets logging up in its own way
    if console:
        say_first_run(folder, f"http://{host}:{port}")
        _warn_of_names(host)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*GARBAGE)
    config = uvicorn.Config(
        server_of(folder, console=console, address=f"http://{host}:{port}"),
        host=host,
        port=port,
        http="httptools",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        lifespan="on",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        limit_concurrency=CONNECTIONS,
    )
    # uvicorn raises the signal again once it has shut down; it has done its work by then.
    signal.signal(signal.SIGTERM, lambda *_: None)
    log.info("serving %s at http://%s:%d/", folder, host, port, extra={"action": "serve.started"})
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
    log.info("stopped", extra={"action": "serve.stopped"})


def _warn_of_names(host: str) -> None:
    if host not in LOOPBACK and not (os.environ.get("LIANYI_HOSTS") or os.environ.get("LIANYI_URL")):
        log.warning(
            "listening on %s, but browsers reach the console under the names localhost and 127.0.0.1 only; set "
            "LIANYI_URL (behind https) or LIANYI_HOSTS to the name or address that people use",
            host,
            extra={"action": "serve.names"},
        )


def server_of(folder: Path, *, console: bool, address: str = "http://127.0.0.1:8765") -> Server:
    """The ASGI app of a workspace. address: where it is reached, unless LIANYI_URL says so."""
    settings = settings_file.read(folder)
    inbox = Inbox(folder / "inbox")
    supervisor = Supervisor(folder, options=() if console else ("--no-jobs",))
    keys = TableOfKeys(folder)
    health = Health(inbox, worker_problem=supervisor.problem, keys_problem=lambda: keys.problem)
    visits = Visits(
        links=TableOfLinks(folder), inbox=inbox, pictures=folder / "pictures",
        brand=lambda: settings_file.read(folder).name, base=os.environ.get("LIANYI_URL", "").rstrip("/") or address,
        issue=issuing_of(folder), clock=utc_now, seal=Seal(folder),
    )  # fmt: skip
    callbacks = Callbacks(
        hooks=TableOfHooks(folder),
        inbox=inbox,
        folder=folder,
        clock=utc_now,
        greeter=Greeter(utc_now),
        links=TableOfLinks(folder),
    )
    collector = Collector(
        inbox=inbox, keys=keys, health=health, currency=settings.currency, visits=visits, callbacks=callbacks,
        limits=limits_from(),
    )  # fmt: skip
    return Server(
        collector=collector, inbox=inbox, supervisor=supervisor, load_console=_load_console if console else None
    )


def _load_console() -> App:
    from lianyi.doors.console.asgi import application

    return cast("App", application)  # the same protocol, in other words


@dataclass(kw_only=True)
class Server:
    """The ASGI app: the collector's paths to the collector, the others to the console, which is loaded when idle."""

    collector: Collector
    inbox: Inbox
    supervisor: Supervisor
    load_console: Callable[[], App] | None
    _console: App | None = None
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through one lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            if self.load_console is None or self.collector.serves(scope["path"]):
                await self.collector(scope, receive, send)
            else:
                console = await self._loaded(self.load_console)
                await console(scope, receive, send)

    async def _loaded(self, load: Callable[[], App]) -> App:
        """The console; loading it takes a second, in which events are taken in all the same."""
        async with self._loading:
            if self._console is None:
                self._console = await asyncio.to_thread(load)
        return self._console

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        self.supervisor.start()
        warming = asyncio.create_task(self._loaded(self.load_console)) if self.load_console else None
        try:
            yield
        finally:
            if warming is not None:
                await asyncio.gather(warming, return_exceptions=True)
            if self.collector.visits is not None:
                await self.collector.visits.finish()
            if self.collector.callbacks is not None:
                await self.collector.callbacks.finish()
            await asyncio.to_thread(self.inbox.close)
            await self.supervisor.stop()
