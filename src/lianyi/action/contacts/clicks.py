"""Links in e-mails: sealed, so that we know who opened one and nobody else can read or make them.

`/m/<token>` leads on to the address that stood in the content, and the log learns that the person opened it. The token
is encrypted with keys in `links.key` beside the database; nothing is stored for each link, so a million messages cost
no row. Not for channels where addresses are read by eye: there a code is short (action.codes). This module knows no
Django: the collector answers what people open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from lianyi.action.channels.keyring import Keyring
from lianyi.errors import WorkspaceError
from lianyi.memory.events import Event

FILE_NAME = "links.key"
SOURCE = "links"
PATH = "/m/"
AGAIN = 1_800  # seconds within which opening the same link again is the same opening
LONGEST = 2_000
# Names in tokens, which should not be longer than they must.
SHORT = {"contact": "c", "key": "k", "url": "u", "campaign": "g", "content": "v"}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a link knows: the contact by its key, by which key of the person it went, and where it leads."""

    contact: str
    key: str
    url: str
    campaign: str = ""
    content: int | None = None


class Seal:
    """Makes and reads the tokens of one workspace."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _keys(self) -> Keyring:
        return Keyring(self._folder, FILE_NAME).read()

    def close(self, opened: Opened) -> str:
        """The token of a link."""
        return self._keys.seal({SHORT[name]: value for name, value in asdict(opened).items() if value})

    def open(self, token: str) -> Opened | None:
        """What a token says; None where it was not made here, or is not whole."""
        if not token:
            return None
        try:
            told = self._keys.unseal(token)
        except (WorkspaceError, ValueError):
            return None
        return Opened(**{name: told[short] for name, short in SHORT.items() if short in told})


def event(opened: Opened, *, at: datetime) -> Event:
    """The person opened the link. The same link again within half an hour is the same event, by its id."""
    name = hashlib.sha256(f"{opened.contact} {opened.url} {int(at.timestamp()) // AGAIN}".encode()).hexdigest()[:24]
    return Event(
        id=f"click:{name}", at=at, kind="click", source=SOURCE, actor_key=opened.key,
        object_key=f"content:{opened.content}" if opened.content else None, parent_id=f"contact:{opened.contact}/sent",
        campaign=opened.campaign or None, channel="email", props={"contact": opened.contact, "url": opened.url},
    )  # fmt: skip


def changer(seal: Seal, base: str, opened: Callable[[str], Opened]) -> Callable[[str], str]:
    """What addresses in a message become. Our own (codes, the way to say no) stay: they know what they must."""

    def changed(url: str) -> str:
        if url.startswith((f"{base}/", "mailto:", "tel:")) or url == base or len(url) > LONGEST:
            return url
        return f"{base}{PATH}{seal.close(opened(url))}"

    return changed
