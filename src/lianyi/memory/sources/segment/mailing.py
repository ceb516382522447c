"""The specification's e-mail and push events: what became of a message that somebody else's system sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.sources.segment.frame import Frame, key_text, text_of

Say = Callable[[Frame, Mapping[str, Any]], list[Event]]


def happened(kind: str, channel: str, frame: Frame, properties: Mapping[str, Any]) -> list[Event]:
    """What happened to one message; the object is the message's campaign or template where it is named."""
    text = text_of(properties, "campaign_id", "email_id", "template_id", "campaign_name")
    return [frame.event(kind, properties, channel=channel, object_key=f"content:{key_text(text)}" if text else None)]


def unsubscribed(frame: Frame, properties: Mapping[str, Any]) -> list[Event]:
    """The person takes the consent to e-mails back."""
    props = {"purpose": "marketing", "granted": False, **properties, "channel": "email"}
    return [frame.event("consent", {**props, "granted": False}, channel="email")]


SAYINGS: Mapping[str, Say] = {
    "email_delivered": partial(happened, "delivered", "email"),
    "email_opened": partial(happened, "opened", "email"),
    "email_link_clicked": partial(happened, "click", "email"),
    "email_bounced": partial(happened, "bounced", "email"),
    "email_marked_as_spam": partial(happened, "complained", "email"),
    "unsubscribed": unsubscribed,
    "push_notification_received": partial(happened, "delivered", "push"),
    "push_notification_tapped": partial(happened, "opened", "push"),
    "push_notification_bounced": partial(happened, "bounced", "push"),
}
