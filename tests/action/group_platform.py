"""A platform with one group, in memory: what was done there, and refusals when asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from lianyi.action.operation.acts import ActFailed

GROUP = "group:matrix/!tea:tea.test"


@dataclass
class Platform:
    """said: by key, once each, as a real one keeps them. fails: what the next acts are refused with."""

    moderators: set[str] = field(default_factory=lambda: {"matrix:@mod:tea.test"})
    said: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    muted: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    fails: list[ActFailed] = field(default_factory=list)

    def _may(self) -> None:
        if self.fails:
            raise self.fails.pop(0)

    def staff(self, group_key: str) -> Collection[str]:
        self._may()
        return self.moderators

    def name(self, group_key: str) -> str:
        return "Tea friends"

    def say(self, group_key: str, text: str, *, key: str, to: Sequence[str] = (), answers: str = "") -> str:
        self._may()
        self.said.setdefault(key, text)
        return f"matrix:{group_key}/{key}"

    def remove(self, group_key: str, message_id: str, *, key: str, reason: str) -> None:
        self._may()
        if message_id not in self.removed:
            self.removed.append(message_id)

    def mute(self, group_key: str, actor: str, *, on: bool) -> None:
        self._may()
        (self.muted.add if on else self.muted.discard)(actor)

    def expel(self, group_key: str, actor: str, *, reason: str) -> None:
        self._may()
        self.gone.add(actor)

    def invite(self, group_key: str, actor: str) -> None:
        self._may()
        self.gone.discard(actor)

    @property
    def untouched(self) -> bool:
        """Whether nobody in the group could tell that we are there."""
        return not (self.said or self.removed or self.muted or self.gone)

    @contextmanager
    def opened(self, _name: str) -> Iterator[Platform]:
        """Its acts."""
        yield self
