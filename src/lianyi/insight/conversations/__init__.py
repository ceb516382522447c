"""Conversations: who answers whom in chats that do not say so, and the threads that this makes."""

from __future__ import annotations

from lianyi.insight.conversations import links, threads
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (links.TABLE, threads.TABLE)
