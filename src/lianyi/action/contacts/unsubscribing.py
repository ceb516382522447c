"""Links by which a person says no without signing in: signed, so that nobody can say it for another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from lianyi.action.content.rendering import LOCAL
from lianyi.errors import NotFound

BROKEN = "this link is not whole; copy all of it from the message"
PATH = "/unsubscribe/"


@dataclass(frozen=True, kw_only=True)
class Link:
    """Whose it is, and what one click on it takes back: a purpose by a channel."""

    person_id: str
    purpose: str
    channel: str
    contact: str = ""


def url(link: Link) -> str:
    """The address that goes into a message. It holds for good: people read old mail."""
    told = json.dumps([link.person_id, link.purpose, link.channel, link.contact], separators=(",", ":")).encode()
    return f"{settings.PUBLIC_URL or LOCAL}{PATH}{_text(told)}.{_text(_seal(told))}"


def read(token: str) -> Link:
    """What a link says; NotFound where it was not made here, or is not whole."""
    try:
        told, seal = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    except ValueError as error:
        raise NotFound(BROKEN) from error
    if not hmac.compare_digest(seal, _seal(told)):
        raise NotFound(BROKEN)
    person, purpose, channel, contact = json.loads(told)
    return Link(person_id=person, purpose=purpose, channel=channel, contact=contact)


def _seal(told: bytes) -> bytes:
    # Django's own signing takes as long as rendering the message.
    return hmac.digest(_key(settings.SECRET_KEY), told, "sha256")


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return hashlib.sha256(b"lianyi.unsubscribe\n" + secret.encode()).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def headers(address: str) -> dict[str, str]:
    """Of an e-mail, so that the reader's program shows a button (RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
