"""The mark of a message: in its Message-ID and in the address to which bounces go (VERP).

29 letters: a hash of the message's key, and a seal over it and the recipient. Whoever never got the message can't make
one up, so that nobody can have others suppressed by forged bounces.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

_HASH, _SEAL = 10, 8
MARK = re.compile(r"[a-z2-7]{29}")


def mark(seal: str, key: str, to: str) -> str:
    """The same for every try of the same message."""
    said = hashlib.sha256(key.encode()).digest()[:_HASH]
    return _text(said + _sealed(seal, said, to))


def is_of(seal: str, token: str, to: str) -> bool:
    """Whether the mark is on a message of ours to this address."""
    if not MARK.fullmatch(token):
        return False
    raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    return hmac.compare_digest(raw[_HASH:], _sealed(seal, raw[:_HASH], to))


def verp(address: str, token: str) -> str:
    """bounces@example.cn → bounces+<token>@example.cn; "" where there is none."""
    local, _at, domain = address.partition("@")
    return f"{local}+{token}@{domain}" if domain else ""


def _sealed(seal: str, said: bytes, to: str) -> bytes:
    return hmac.digest(bytes.fromhex(seal), said + to.strip().lower().encode(), "sha256")[:_SEAL]


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()
