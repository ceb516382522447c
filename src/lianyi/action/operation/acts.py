"""What a platform must be able to do in a group, and how it says that it could not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, cast

from lianyi.action.channels import accounts
from lianyi.action.channels.kinds import kind_of
from lianyi.errors import RefusedError


class ActFailed(Exception):
    """The platform said no, or nothing. permanent: trying again is useless. wait: seconds that it asks us to wait."""

    def __init__(self, reason: str, *, permanent: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.permanent, self.wait = permanent, wait


class Acts(Protocol):
    """Groups and people are named by our keys, messages by the ids of their events. `key` is the same for every try of
    the same act: the platform does it once. Each raises ActFailed."""

    def staff(self, group_key: str) -> Collection[str]:
        """Keys of those who may moderate there, the account itself among them."""

    def name(self, group_key: str) -> str:
        """What the group is called, "" where it has no name."""

    def say(self, group_key: str, text: str, *, key: str, to: Sequence[str] = (), answers: str = "") -> str:
        """Write into the group, naming people; the id that the message's event would have."""

    def remove(self, group_key: str, message_id: str, *, key: str, reason: str) -> None:
        """Take a message away."""

    def mute(self, group_key: str, actor: str, *, on: bool) -> None:
        """Let a person speak no more, or again."""

    def expel(self, group_key: str, actor: str, *, reason: str) -> None:
        """Remove from the group; they can be invited again."""

    def invite(self, group_key: str, actor: str) -> None:
        """Ask back in."""


Opened = Callable[[str], AbstractContextManager[Acts]]


def opened(name: str) -> AbstractContextManager[Acts]:
    """The acts of an account: `with opened(name) as acts`. RefusedError where its kind can't act in groups."""
    account = accounts.by_name(name)
    door = kind_of(account.kind).door()
    if not account.is_on or not hasattr(door, "acting"):
        raise RefusedError(f"channel {name} can't act in groups: it is turned off, or {account.kind} can't")
    return cast("AbstractContextManager[Acts]", door.acting(accounts.configured(account)))
