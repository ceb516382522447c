"""Groups: how each lives, who is who in it, whether it is a community or a crowd, and what to fix first."""

from __future__ import annotations

from lianyi.insight.groups import health, people, summary
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (health.TABLE, people.TABLE, summary.TABLE)
