"""How strongly people are tied, which ties are worth developing, and why we think so."""

from __future__ import annotations

from lianyi.insight.tables import Table
from lianyi.insight.ties import opportunities, table

TABLES: tuple[Table, ...] = (table.TIES, table.PERSON_TIES, table.TIE_MODEL, opportunities.TABLE)
