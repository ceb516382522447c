"""A stable coin: the same number for a name and a person whenever and wherever it is asked for."""

from __future__ import annotations

import hashlib

_SPACE = 1 << 64


def chance(name: str, unit: str) -> float:
    """A number from 0 to 1 that is always the same for a unit (person, community) and a name, and even over units."""
    digest = hashlib.blake2b(f"{name}\0{unit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / _SPACE
