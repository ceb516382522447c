"""A contact as the message that its channel delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from lianyi.action.channels import accounts
from lianyi.action.channels.contract import Message
from lianyi.action.contacts import clicks, unsubscribing
from lianyi.action.contacts.facts import Channels, Known
from lianyi.action.contacts.models import Contact
from lianyi.action.content import rendering
from lianyi.action.policy.deciding import last_word
from lianyi.action.policy.rules import Policy
from lianyi.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A contact that may go: to whom (a key of the person), and what."""

    contact: Contact
    key: str
    message: Message


def address_of(contact: Contact, known: Known) -> tuple[str, str] | None:
    """The address that the channel writes to and the key that it comes from, None where there is none."""
    address = accounts.address_of(contact.channel, known.keys)
    if address is None:
        return None
    own = [key for key in known.keys if key.partition(":")[2] == address]
    return address, (own or list(known.keys))[0]


def compose(contact: Contact, known: Known, policy: Policy, channels: Channels, *, to: tuple[str, str]) -> Ready:
    """The message for one person. InputError: the content is gone, or lacks a value and has no stand-in for it."""
    address, key = to
    word = channels.word(contact.channel)
    body: Mapping[str, Any]
    link = unsubscribing.Link(
        person_id=known.person_id, purpose=contact.purpose, channel=word, contact=str(contact.pk)
    )  # fmt: skip
    # What a person is owed can't be unsubscribed from, so it does not say so.
    away = "" if contact.transactional and contact.purpose in policy.transactional else unsubscribing.url(link)
    if contact.content is None:
        body = contact.body or {}
        headers = dict(body.get("headers") or {})
        if away and word == "email":
            headers |= unsubscribing.headers(away)
    else:
        variables = {**contact.variables, **({"unsubscribe_url": away} if away else {})}
        language = _language(known.row.get("language"))
        links = _links(contact, known, policy, key=key) if away and word == "email" else None
        made = rendering.render(contact.content, person=known.row, variables=variables, language=language, links=links)
        body = {"subject": made.subject, "text": made.text, "html": made.html, "props": made.props}
        headers = dict(made.headers)
    message = Message(
        key=contact.key, to=address, text=str(body.get("text") or ""), subject=str(body.get("subject") or ""),
        html=str(body.get("html") or ""), headers=headers, props=dict(body.get("props") or {}),
    )  # fmt: skip
    if not (message.text or message.html or message.props):
        raise InputError("the message is empty")
    if not away:  # a channel that must say how to refuse more (SMS) leaves that out
        message = replace(message, props={**message.props, "transactional": True})
    return Ready(contact=contact, key=key, message=message)


def _links(contact: Contact, known: Known, policy: Policy, *, key: str) -> Callable[[str], str] | None:
    """Addresses in the e-mail by which we learn that the person opened them; None for who does not want things to be
    chosen by what they do."""
    said = last_word(
        [one for one in known.facts.consents if one.purpose == policy.personalisation], policy.personalisation,
        frozenset({"email"}),
    )  # fmt: skip
    if said is not None and not said.granted:
        return None

    def opened(url: str) -> clicks.Opened:
        return clicks.Opened(
            contact=contact.key, key=key, url=url, campaign=contact.campaign or contact.journey, content=contact.content
        )

    return clicks.changer(_seal(settings.WORKSPACE), rendering.base_url(), opened)


@lru_cache(maxsize=4)
def _seal(folder: Path) -> clicks.Seal:
    return clicks.Seal(folder)


def _language(said: Any) -> str:
    """As contents name languages; "" where it is not known, and the content's fallback is taken."""
    text = str(said or "").lower()
    return "zh-hans" if text.startswith(("zh", "中")) else text[:2]
