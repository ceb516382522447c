"""Giving messages to channels: an event loop in a thread of its own, some tasks for each channel account.

The thread that uses the database hands messages over and takes outcomes back through queues; it never waits for a
provider, and the loop never for the database.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Self

from lianyi.action.channels.contract import Channel, Fate, Limits, Outcome
from lianyi.action.contacts.composing import Ready
from lianyi.action.contacts.lines import Pace

log = logging.getLogger(__name__)
OPEN_SECONDS = 60.0
# How long the thread of the database may keep the interpreter while the loop has something to do. As usual (5 ms), each
# answer of a server would wait that long.
SWITCH_SECONDS = 0.0005


def _loop() -> asyncio.AbstractEventLoop:
    """The event loop in C where there is one; talking to a server takes half the time in it."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@dataclass(frozen=True, kw_only=True)
class Done:
    """One try and what came of it."""

    ready: Ready
    outcome: Outcome


class Deliveries:
    """The loop and its thread. Use it as a context; at its end the loop is gone."""

    def __init__(self) -> None:
        self.loop = _loop()
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
        self.news = threading.Event()
        self._usual = sys.getswitchinterval()

    def __enter__(self) -> Self:
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        sys.setswitchinterval(self._usual)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def lane(self, name: str, opening: AbstractAsyncContextManager[Channel], limits: Limits) -> Lane:
        """Open a channel account for sending. What the opening raises is raised here."""
        lane = Lane(name=name, opening=opening, limits=limits, deliveries=self)
        asyncio.run_coroutine_threadsafe(lane.begin(), self.loop).result(OPEN_SECONDS)
        return lane


@dataclass(kw_only=True, eq=False)
class Lane:
    """One channel account while it is being sent by."""

    name: str
    opening: AbstractAsyncContextManager[Channel]
    limits: Limits
    deliveries: Deliveries
    done: queue.SimpleQueue[Done] = field(default_factory=queue.SimpleQueue)
    under_way: int = 0
    _waiting: asyncio.Queue[Ready] = field(default_factory=asyncio.Queue)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def begin(self) -> None:
        """In the loop: open the channel and start its tasks."""
        channel = await self.opening.__aenter__()
        pace = Pace(per_second=self.limits.per_second)
        self._tasks = [asyncio.create_task(self._work(channel, pace)) for _ in range(self.limits.at_once)]

    async def _work(self, channel: Channel, pace: Pace) -> None:
        while True:
            ready = await self._waiting.get()
            await pace.wait()
            try:
                outcome = await channel.deliver(ready.message)
            except asyncio.CancelledError:
                self._tell(ready, Outcome(fate=Fate.UNKNOWN, reason="stopped while it was being given"))
                raise
            except Exception as error:  # a channel never raises; where one does, nobody knows what has gone out
                log.exception("channel %s broke", self.name, extra={"action": "channel.broken"})
                outcome = Outcome(fate=Fate.UNKNOWN, reason=f"{type(error).__name__}: {error}"[:300])
            self._tell(ready, outcome)

    def _tell(self, ready: Ready, outcome: Outcome) -> None:
        self.done.put(Done(ready=ready, outcome=outcome))
        self.deliveries.news.set()

    # --- for the thread of the database ---------------------------------------------------------------------------

    def give(self, messages: Sequence[Ready]) -> None:
        """Hand messages over, which are written down as being given."""
        self.under_way += len(messages)
        self.deliveries.loop.call_soon_threadsafe(self._take, messages)

    def _take(self, messages: Sequence[Ready]) -> None:
        for ready in messages:
            self._waiting.put_nowait(ready)

    def outcomes(self) -> list[Done]:
        """What came of messages since this was asked last."""
        found: list[Done] = []
        while not self.done.empty():
            found.append(self.done.get())
        self.under_way -= len(found)
        return found

    def take_back(self) -> list[Ready]:
        """Messages that no task has begun with; they are not given any more."""
        back = asyncio.run_coroutine_threadsafe(self._drain(), self.deliveries.loop).result()
        self.under_way -= len(back)
        return back

    async def _drain(self) -> list[Ready]:
        back: list[Ready] = []
        while not self._waiting.empty():
            back.append(self._waiting.get_nowait())
        return back

    def end(self) -> None:
        """Stop the tasks, whatever they are doing, and close the channel."""
        asyncio.run_coroutine_threadsafe(self._close(), self.deliveries.loop).result(OPEN_SECONDS)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.opening.__aexit__(None, None, None)
