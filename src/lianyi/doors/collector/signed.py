"""Webhooks of bots and forums at `/callbacks/<channel>`: JSON, held to the secret of the account.

Telegram sends the secret itself in a header; Discourse signs the body with it (HMAC-SHA256). Both are compared in
constant time, before anything of the body is read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from lianyi.memory.events import Event
from lianyi.memory.sources.callbacks.calls import BadCallback
from lianyi.memory.sources.callbacks.cipher import Forged
from lianyi.memory.sources.discourse.webhook import Webhooks
from lianyi.memory.sources.source import Options
from lianyi.memory.sources.telegram.updates import Updates

Headers = Mapping[bytes, bytes]


def events(kind: str, secret: str, headers: Headers, body: bytes, *, now: datetime) -> list[Event]:
    """What a call tells. Forged where it is not signed as it must be, BadCallback where it can't be read."""
    verify, made = KINDS[kind]
    if not secret or not hmac.compare_digest(*verify(secret.encode(), headers, body)):
        raise Forged("secret", "the secret is wrong: the one here and the one given to the platform differ")
    try:
        data = msgspec.json.decode(body)
        return made(headers, data, now) if isinstance(data, dict) else []
    # msgspec's errors and BadMessage are ValueErrors.
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BadCallback(f"{kind}: {getattr(error, 'field', type(error).__name__)} can't be used") from error


def _word(headers: Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("ascii", "replace")[:100]


def _telegram(secret: bytes, headers: Headers, _body: bytes) -> tuple[bytes, bytes]:
    return headers.get(b"x-telegram-bot-api-secret-token", b""), secret


def _discourse(secret: bytes, headers: Headers, body: bytes) -> tuple[bytes, bytes]:
    right = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return headers.get(b"x-discourse-event-signature", b""), right.encode()


def _updates(_headers: Headers, data: Mapping[str, Any], now: datetime) -> list[Event]:
    return Updates(Options(received_at=now)).events(data)


def _posts(headers: Headers, data: Mapping[str, Any], now: datetime) -> list[Event]:
    kind, what = _word(headers, b"x-discourse-event-type"), _word(headers, b"x-discourse-event")
    return Webhooks(Options(received_at=now)).events(kind, what, data)


Verify = Callable[[bytes, Headers, bytes], tuple[bytes, bytes]]
Made = Callable[[Headers, Mapping[str, Any], datetime], list[Event]]
KINDS: Mapping[str, tuple[Verify, Made]] = {"telegram": (_telegram, _updates), "discourse": (_discourse, _posts)}
