"""Offers as the log tells them: who got one, which orders used it, what that cost, which groups it served."""

from __future__ import annotations

from lianyi.insight.offers import holders, redemptions, results
from lianyi.insight.tables import Table

TABLES: tuple[Table, ...] = (redemptions.TABLE, holders.TABLE, results.TABLE)
