"""Links by which a person says no without signing in: signed, so that nobody can say it for another."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core import signing

from lianyi.action.content.rendering import LOCAL
from lianyi.errors import NotFound

SALT = "lianyi.unsubscribe"
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
    told = signing.dumps([link.person_id, link.purpose, link.channel, link.contact], salt=SALT)
    return f"{settings.PUBLIC_URL or LOCAL}{PATH}{told}"


def read(token: str) -> Link:
    """What a link says; NotFound where it was not made here, or is not whole."""
    try:
        person, purpose, channel, contact = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise NotFound("this link is not whole; copy all of it from the message") from error
    return Link(person_id=person, purpose=purpose, channel=channel, contact=contact)


def headers(address: str) -> dict[str, str]:
    """Of an e-mail, so that the reader's program shows a button (RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
