"""Tokens: 13 characters of 32, drawn by chance: 65 bits, so that ten million codes are met by one guess in 10^12.

Small letters and digits without i, l, o, u (Crockford), because people read them from posters; they fit into every
carrier: WeCom `state` (30), scene of a mini-program code (32), `scene_str` of an official account (64),
`customer_channel` of a 获客 link (64 bytes).
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 13
TOKEN = re.compile(f"[{ALPHABET}]{{{LENGTH}}}\\Z")
VISITOR = re.compile(r"[0-9a-f]{32}\Z")
_TYPED = str.maketrans("ilo", "110")


def new_token() -> str:
    """A token that nobody has."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def new_visitor() -> str:
    """The number of a visitor: the value of an `anon:` key."""
    return secrets.token_hex(16)


def as_token(text: str) -> str | None:
    """The token that was typed or read; None where it can be none."""
    token = text.strip().lower().translate(_TYPED)
    return token if TOKEN.match(token) else None


def share_id(token: str) -> str:
    """Id of the event that says that this code was passed on; arrivals name it as their parent."""
    return f"share:{token}"
