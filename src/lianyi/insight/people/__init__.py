"""Who they are: keys resolved to people, profiles, tags."""

from __future__ import annotations

from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = ()
