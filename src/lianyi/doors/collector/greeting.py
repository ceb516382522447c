"""Greetings straight from the collector: one connection and token for each account, kept between customers."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from lianyi.doors.collector.hooks import Hook
from lianyi.memory.events import Event
from lianyi.memory.sources.callbacks.wecom import Welcome

if TYPE_CHECKING:
    from lianyi.action.channels.wechat_platform import Platform


@dataclass
class Greeter:
    """Sends greetings. Changed settings (another secret, another address) make a new connection."""

    clock: Callable[[], datetime]
    _platforms: dict[str, tuple[tuple[str, ...], Platform]] = field(default_factory=dict)
    _former: list[Platform] = field(default_factory=list)

    async def greet(self, hook: Hook, waits: Welcome) -> Event:
        """See action.channels.welcoming."""
        # Loading takes a moment in which others are answered.
        await asyncio.to_thread(importlib.import_module, "lianyi.action.channels.wecom_app.channel")
        from lianyi.action.channels.welcoming import greet

        platform = self._platform(hook)
        return await greet(platform, waits, account=hook.account, settings=hook.settings, now=self.clock())

    async def close(self) -> None:
        """Give all connections back."""
        for platform in [*self._former, *(platform for _mark, platform in self._platforms.values())]:
            await platform.close()

    def _platform(self, hook: Hook) -> Platform:
        from lianyi.action.channels.wecom_app.channel import platform_of

        mark = tuple(str(hook.settings[name]) for name in ("corp_id", "secret", "url"))
        found = self._platforms.get(hook.account)
        if found is not None and found[0] == mark:
            return found[1]
        if found is not None:
            self._former.append(found[1])
        platform = platform_of(hook.settings)
        self._platforms[hook.account] = mark, platform
        return platform
