"""The condition language: one readable line about a person, for tags and audiences.

    orders >= 2 and days_since(last_order) <= 60
    count(order, category ~ "母婴", within 60 days) >= 3

`parse` reads it, `text` writes it back, `sql` compiles many conditions into one scan of the log, `evidence` says in
Chinese and English why it holds. The language is described in docs/reference/conditions.md.
"""

from __future__ import annotations

from lianyi.insight.conditions.parser import parse
from lianyi.insight.conditions.text import text

__all__ = ["parse", "text"]
