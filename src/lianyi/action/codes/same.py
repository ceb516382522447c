"""What makes two codes the same one."""

from __future__ import annotations

import hashlib


def same_name(*, campaign: str, channel: str, sharer_key: str, target: str, landing: bool, carry: bool) -> str:
    """A hash of all that a code is for."""
    parts = (campaign, channel, sharer_key, target, str(landing), str(carry))
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()
