"""Everybody at this moment: what the tables say, in a form that answers in a blink, and the events since then.

`building` writes a compact copy of the tables after a refresh (people as numbers, the log by kind); `view` opens it,
lays the events that the tables do not know yet over it, and asks conditions of all people or of some; `overlay` says
which of a person's columns follow events at once.
"""

from __future__ import annotations

from lianyi.insight.present.view import Present, clear

__all__ = ["Present", "clear"]
