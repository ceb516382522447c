"""What a request asks for, read so that nothing odd in it can break a page."""

from __future__ import annotations

DIGITS = 9  # more than any number of ours has, and every database takes them


def whole(text: str) -> int | None:
    """The whole number from 0 that the text is; None where it is none, or has more than DIGITS digits."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS else None
