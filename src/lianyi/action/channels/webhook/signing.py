"""Signatures of Standard Webhooks (v1, symmetric): HMAC-SHA-256 over `id.timestamp.body`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from lianyi.action.channels.kinds import Text

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64


def is_secret(value: str) -> Text:
    """Check of a secret."""
    try:
        length = len(base64.b64decode(value.removeprefix(PREFIX), validate=True))
    except (binascii.Error, ValueError):
        length = 0
    return "" if SHORTEST <= length <= LONGEST else _("write whsec_ and 24 to 64 bytes in Base64")


def headers(secrets: Sequence[str], *, key: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret that is in use."""
    signed = f"{key}.{timestamp}.".encode() + body
    signatures = [
        base64.b64encode(hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest())
        for secret in secrets
    ]
    return {
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature.decode('ascii')}" for signature in signatures),
    }
