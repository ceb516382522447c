"""Who is likely next in a ripple."""

from __future__ import annotations

from lianyi.insight.ripples.next_people.model import Next, learn_next

__all__ = ["Next", "learn_next"]
